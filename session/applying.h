/* Posting a reviewed plan: journal, apply engine, and what a screen shows of it. One at a time per
 * session. Batches of an earlier run whose outcome is unknown are settled first. */
#ifndef RETICLE_SESSION_APPLYING_H
#define RETICLE_SESSION_APPLYING_H

#include "api/apply.h"
#include "targeting/plan.h"
#include "session/session.h"

/* The note of an operation that was not sent because the account was so already. */
#define APPLYING_WAS_SO "was so already, not sent"

enum applying_phase {
	APPLYING_IDLE, /* nothing was posted in this run */
	APPLYING_RUNNING,
	APPLYING_SETTLING, /* an answer was lost: reading back, never sending again */
	APPLYING_DONE,
};

struct applying_op { /* one operation, for the screen */
	const struct change *change; /* lives until the next posting, or while it is shared */
	size_t batch;
	enum apply_outcome outcome;
	char why[160]; /* what the API said of it; "" when nothing */
};

struct applying_status {
	enum applying_phase phase;
	size_t n_batches, batches_done, batch; /* batch: the one under way, from 0 */
	const struct applying_op *ops;
	size_t n_ops, by_outcome[OUTCOME_CONFLICT + 1];
	unsigned round, rounds; /* while settling */
	int64_t next_read_at_ms; /* clock_mono_ms of the next settling read; 0: none planned */
	size_t foreign; /* changes by others that were met and left alone */
	bool partial, stopping;
	bool
	    drifted; /* stopped before sending, since others changed something: session/merge_model.h */
	struct errinfo ei; /* why it ended badly; code ERR_OK otherwise */
	enum apply_outcome worst;
};

/* Post this plan (of the open account, live sets as in `live`). Everything needed is copied. */
struct applying_plan {
	const struct plan *plan;
	const struct criterion_set *live; /* of all touched line items together */
	const char *digest; /* of the plan that was reviewed */
	bool ask_foreign; /* stop for any change by others, so that it can be confirmed again */
};
enum err applying_start(struct session *s, const struct applying_plan *p, struct errinfo *ei);
/* Would it be posted without a lock, since the user allowed that? What whoever posts has to know then;
 * "" otherwise. */
void applying_lock_text(struct session *s, char *out, size_t cap);
/* Finish the batch in flight, then stop; one that waits to be sent is not sent. */
void applying_stop(struct session *s);
/* As apply_waits; DATA_APPLY tells every second of the wait. */
enum apply_wait applying_waits(const struct session *s, int64_t *ms);
/* Read back again now instead of waiting for the next turn of settling. */
enum err applying_settle(struct session *s, struct errinfo *ei);
bool applying_busy(const struct session *s); /* running, or settling with a read under way */
const struct applying_status *applying_status(const struct session *s); /* never NULL */
/* Batches of the account whose outcome nobody knows yet. */
size_t applying_unknown(const struct session *s);
/* The same, also while they are being settled. */
size_t applying_unsettled(const struct session *s);
/* "1 of 5 batches unknown", "" when none is: of the posting that they are in. */
void applying_unknown_text(const struct session *s, char *out, size_t cap);

/* A screen that keeps pointers to the operations shares them: they stay while the next posting
 * takes their place. NULL when nothing was posted; releasing NULL is allowed. */
struct posted;
struct posted *applying_share(struct session *s);
void applying_release(struct posted *p);

/* Were the line items of a posting read after it? When not, they are asked for now. */
bool applying_read_since(struct session *s, uint64_t changeset);
/* So long after it that a reading that was behind cannot have missed it? Asks for nothing. */
bool applying_read_late(struct session *s, uint64_t changeset);

/* parts, called by the session */
void applying_resume(struct session *s);
/* Edits are being sent, not by this terminal: if the one that does is gone, what it left is recovered
 * here. Cheap while it is still there. */
void applying_take_over(struct session *s);
void applying_leave(struct session *s);
void applying_recount(struct session *s); /* another terminal wrote to the journal */
/* The criteria of these line items were read, from `at` on, and are in the snapshot. */
void applying_saw(
    struct session *s, const char *const *ids, size_t n, const struct journal_point *at);
void applying_done(struct session *s);
void applying_look(struct session *s); /* requests began or ended: does the posting wait now? */

#endif
