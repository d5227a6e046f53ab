/* What nobody knows yet: the batches whose outcome is unknown, change by change, why, and what was read of
 * them since. For the screen and for `reticle recover`. A batch that was unknown once stays in the model,
 * so that what it came to is seen where it was waited for. */
#ifndef RETICLE_SESSION_UNKNOWN_MODEL_H
#define RETICLE_SESSION_UNKNOWN_MODEL_H

#include "base/buf.h"
#include "store/journal.h"
#include "session/session.h"

struct unknown_batch {
	uint64_t id, changeset;
	size_t of_batches; /* of its posting */
	struct journal_batch_list siblings; /* the batches of its posting */
	const struct journal_batch *journal; /* one of them */
	struct journal_op_list ops;
	struct journal_event_list events; /* of its posting */
	const struct journal_event *lost; /* when and why it became unknown; NULL: not journalled */
	const struct journal_event *reading; /* the last one; NULL: none yet */
	size_t readings;
};

struct unknown_row {
	const struct unknown_batch *batch;
	const struct journal_op *op;
};

struct unknown_model {
	struct session *session;
	struct unknown_batch *batches;
	size_t n_batches;
	struct unknown_row *rows; /* batch after batch */
	size_t n_rows, n_open, n_done, n_absent; /* changes: unknown, in the account, not in it */
};

void unknown_model_init(struct unknown_model *m, struct session *s);
void unknown_model_done(struct unknown_model *m);
/* Read the journal anew: what is unknown now, and what was before. What was there stays on an error. */
enum err unknown_model_build(struct unknown_model *m, struct errinfo *ei);

/* "unknown", "in the account", ... */
const char *unknown_row_state(const struct unknown_row *r);
bool unknown_row_is_open(const struct unknown_row *r);
/* "Batch 3 of 5 was sent 2026-01-31 12:00:00: no answer came" */
void unknown_batch_text(const struct unknown_batch *b, char *out, size_t cap);
/* "2 readings, the last 2026-01-31 12:00:10: 0 of 2 in the account", or that there was none. */
void unknown_reading_text(const struct unknown_batch *b, char *out, size_t cap);
/* What is unknown, for `reticle recover`: lines of text, or JSON objects with commas between them. Nothing
 * when nothing is. */
void unknown_model_text(const struct unknown_model *m, struct buf *out);
void unknown_model_json(const struct unknown_model *m, struct buf *out);
/* What is being done about it, and when: "the next reading in 7 s". */
void unknown_next_text(struct session *s, char *out, size_t cap);

#endif
