/* The inside of posting, shared by its files: starting and settling (applying.c), the journal as the
 * engine calls it (applying_journal.c), the images of what was there (applying_images.c). */
#ifndef RETICLE_SESSION_APPLYING_INT_H
#define RETICLE_SESSION_APPLYING_INT_H

#include "store/journal.h"
#include "session/applying.h"
#include "session/internal.h"

/* What is posted, in the order of the operations. Shared with the screens that show it. */
struct posted {
	unsigned holders;
	struct change_set changes;
	struct applying_op *rows;
};

struct applying {
	struct session *session;
	struct applying_status status;
	bool uncounted; /* status.by_outcome is older than the rows */
	struct posted *posted;
	struct apply_op *ops;
	struct apply_batch *batches;
	size_t *first; /* per batch: its first row */
	uint64_t *batch_ids; /* of the journal */
	enum batch_state *at; /* per batch: where the journal has it */
	uint64_t changeset;
	struct criterion_set live;
	struct apply_base *bases;
	struct apply_job job; /* the engine keeps a pointer to it */
	struct apply *engine;
	char account[65];
	struct errinfo journal_ei; /* why the journal failed; the engine only knows that it did */
	size_t unknown; /* operations of unknown outcome in the journal */
	size_t unknown_batches, of_batches; /* and their batches, of so many in that posting */
	struct map image_due; /* line items whose next reading is the image after the posting */
	uint64_t image_changeset;
	struct timer_id tick; /* while it waits; gen 0: not set */
};

/* applying.c */
enum err applying_make(struct session *s); /* s->applying is there afterwards */
void applying_forget(struct applying *a); /* the last posting; what is due stays */
void applying_count_unknown(struct session *s);
enum err applying_alloc(struct applying *a, size_t n_ops, size_t n_batches);
void applying_fill_op(struct applying *a, size_t i, size_t batch); /* of posted->changes.v[i] */
void applying_on_event(struct apply *ap, const struct apply_event *ev, void *user);

/* applying_journal.c */
struct apply_journal applying_journal(struct applying *a);
/* Who posts, for the audit chain. */
enum err applying_sign(struct applying *a, struct errinfo *ei);

/* applying_images.c */
enum err applying_images_before(struct applying *a, struct errinfo *ei);
void applying_images_due(struct applying *a, const char *const *ids, size_t n);

#endif
