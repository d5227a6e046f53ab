/* The parts of the apply engine, for each other: reading back (apply_read.c), judging what was read
 * (apply_judge.c), and the sequence of steps (apply.c). */
#ifndef RETICLE_API_APPLY_INT_H
#define RETICLE_API_APPLY_INT_H

#include "api/apply.h"
#include "api/request.h"
#include "base/map.h"

struct op_state {
	enum apply_outcome outcome;
	char *result_id; /* owned */
	struct errinfo *ei; /* owned; what the API said of this operation */
};

/* --- reading back --- */

struct reader {
	struct api *api;
	const char *account_id;
	const char **line_items; /* of the batch, each once; borrowed strings */
	size_t n_line_items;
	struct criterion_set criteria; /* with deleted ones */
	struct line_item_set items; /* with want_parents: of the batch, deleted ones too */
	struct campaign_set campaigns; /* ... and theirs */
	bool want_parents, paged;
	unsigned pending, passes;
	uint64_t digest; /* of the previous pass */
	struct owner_id owner;
	struct errinfo ei; /* first failure of this reading */
	void (*done)(struct reader *rd, void *user);
	void *user;
};

void reader_init(struct reader *rd, struct api *a, const char *account_id);
void reader_done(struct reader *rd);
/* Which line items to read: those of the batch. ERR_NOMEM. */
enum err reader_target(struct reader *rd, const struct apply_batch *b);
/* Read them; done runs from the loop. More than one page is read until two passes agree (at most
 * four); if they do not, rd->ei is ERR_CONFLICT. */
void reader_start(struct reader *rd, bool parents);
void reader_cancel(struct reader *rd);

/* --- judging --- */

enum seen { SEEN_UNCLEAR, SEEN_ABSENT, SEEN_PRESENT };

struct judge {
	const struct apply_batch *batch;
	const struct criterion_set *now;
	const struct map *pre_ids; /* criteria that were there before: 1 when live */
	int64_t sent_at; /* server time, 0: not sent yet */
};
/* Has the effect of operation i taken place? *result_id (borrowed) is the created criterion. */
enum seen judge_op(const struct judge *j, size_t i, const char **result_id);

struct drift {
	size_t added, removed; /* foreign and disjoint */
	size_t conflicts;
	size_t moved; /* line items that were paused or ended since, or whose campaign was */
	char why[256]; /* of the first conflict, else of the first that moved */
};
/* Compare base with what is there: sets ops to NOOP or CONFLICT, leaves the others PENDING.
 * ERR_NOMEM. */
enum err judge_drift(const struct apply_job *job, const struct apply_batch *batch,
    const struct reader *rd, struct op_state *ops, struct drift *out);

/* Does the answer to a batch confirm operation `op` with the record `c`? */
bool judge_confirms(const struct apply_op *op, const struct criterion *c);

/* The body that sends the ops of the batch that are PENDING. */
enum err apply_body(const struct apply_batch *batch, const struct op_state *ops, struct buf *out);

/* --- the sequence --- */

enum reading { READ_CHECK, READ_VERIFY, READ_SETTLE, READ_REFUSED };

struct flight { /* outlives an apply that is freed while its write is under way */
	struct apply *ap;
};

struct apply {
	struct api *api;
	const struct apply_job *job;
	struct apply_journal journal;
	int64_t delays[8];
	unsigned n_delays;
	bool stopping, done, started, ask_foreign;
	apply_fn *fn;
	void *user;

	struct op_state **ops; /* for each batch */
	size_t batch;
	struct reader reader;
	enum reading reading;
	struct map pre_ids;
	struct flight *flight;
	struct req_id write; /* of the flight */
	struct timer_id timer;
	bool waiting;
	bool called_back; /* by apply_stop, before it was sent */
	bool sent, recovering;
	struct kept_answer { /* to the batch, until the journal was told; its body is owned */
		int status;
		char *body;
		size_t n;
	} answer;
	bool undone; /* operations changed since the journal was told */
	int64_t sent_mono_ms; /* on our monotonic clock: the others may be set meanwhile */
	int64_t sent_earlier_ms; /* it may have been so much earlier (recovering) */
	unsigned round;
	struct errinfo why; /* of the current batch */
	struct errinfo first_why;
	enum apply_outcome worst;
};

const struct apply_batch *apply_current(const struct apply *ap);
struct apply_event apply_event(const struct apply *ap, enum apply_event_kind kind);
void apply_tell(struct apply *ap, const struct apply_event *ev);
void apply_note(struct apply *ap, const char *why); /* for the audit chain */
/* Foreign changes that did not stop anything; `when` is for the audit chain. */
void apply_tell_drift(struct apply *ap, size_t added, size_t removed, const char *when);
void apply_set_op(struct apply *ap, size_t i, enum apply_outcome outcome, const char *result_id);
/* Operations that are under way get the outcome; what is decided already stays. */
void apply_set_open(struct apply *ap, enum apply_outcome outcome);
/* The batch is over. A batch that did not go well ends the apply: the user decides what is next.
 * ap may be gone afterwards, as after apply_finish. */
void apply_after_batch(struct apply *ap, bool go_on);
void apply_finish(struct apply *ap);
void apply_checked(struct apply *ap); /* the drift reading is there */

/* apply_settle.c */
void apply_read(struct apply *ap, enum reading what);
/* Wait for the next reading; false when none is left. Delays count from the sending, so those that
 * have passed already are one reading. */
bool apply_wait_round(struct apply *ap, enum reading what);
void apply_round_due(struct loop *l, void *user);
void apply_on_read(struct reader *rd, void *user);

#endif
