/* The apply engine: the only sender of writes. It takes a reviewed plan, batch after batch:
 * drift re-read, intent journalled, sent (mark journalled inside libcurl's PREREQ callback, just
 * before the first byte), outcome journalled, read back; an unknown outcome is settled by reading,
 * never by sending again (docs/api.md "Writes"; the algebra is that of apply_outcome).
 *
 * The engine runs from the event loop. One apply at a time for one struct api. The plan, the base
 * state and the journal must live until the apply is freed. */
#ifndef RETICLE_API_APPLY_H
#define RETICLE_API_APPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "api/api.h"
#include "base/err.h"
#include "targeting/model.h"

struct apply;

enum apply_op_kind { APPLY_CREATE, APPLY_DELETE };

/* One operation as it will be sent. Strings are borrowed. */
struct apply_op {
	uint64_t change_id; /* row of the draft; 0: none */
	enum apply_op_kind kind;
	const char *line_item_id;
	const char *type_name, *value; /* of a delete: the pre-image, for matching and for people */
	enum operator_type op;
	const char *criterion_id; /* of a delete */
};

struct apply_batch {
	const struct apply_op *ops; /* 1 to 500, sent in this order */
	size_t n;
};

/* What a line item looked like when its changes were reviewed: the base of the drift check. */
struct apply_base {
	const char *line_item_id;
	const struct criterion *criteria; /* live ones */
	size_t n;
	/* apply_line_item_state() and the campaign's entity_status; NULL: not known, not compared */
	const char *line_item_state, *campaign_state;
};
/* "ACTIVE", "PAUSED", ..., or "ENDED" when its end has passed. Never NULL. */
const char *apply_line_item_state(const struct line_item *li);

struct apply_job {
	const char *account_id;
	const struct apply_batch *batches;
	size_t n_batches;
	const struct apply_base
	    *base; /* one for each touched line item; a missing one is not checked */
	size_t n_base;
};

enum apply_outcome {
	OUTCOME_PENDING, /* not looked at yet */
	OUTCOME_NOT_SENT, /* proven: nothing left this machine, or stopped before its batch */
	OUTCOME_REFUSED, /* the API said no; nothing of its batch was applied */
	OUTCOME_UNKNOWN, /* no usable answer; only settlement may change this */
	OUTCOME_APPLIED, /* a complete answer said so; not read back yet */
	OUTCOME_VERIFIED, /* a later read shows it */
	OUTCOME_ABSENT, /* settled: did not take effect */
	OUTCOME_NOOP, /* drift check: already there, or already gone; not sent */
	OUTCOME_CONFLICT, /* drift check: somebody else changed the same thing; not sent */
};
const char *apply_outcome_name(enum apply_outcome o); /* "verified" */

struct apply_op_end {
	enum apply_outcome outcome;
	const char *result_id; /* of the created criterion when known, else NULL */
	const struct errinfo *ei; /* what the API said of this operation, else NULL */
};
struct apply_end {
	enum apply_outcome outcome; /* of the batch: the worst of its operations */
	const struct apply_op_end *ops; /* one for each operation of the batch */
	size_t n;
	const struct errinfo *ei; /* why; NULL when it went well */
	bool partial; /* part of an atomic batch took effect, against the documents */
	/* The answer to the request, with the first end after it; status 0: none came, or told before */
	int http_status;
	const char *reply; /* the bytes of its body, as they came; NULL: none */
	size_t reply_len;
};

/* Steps of the journal. Each must be durable when it returns; an error stops the apply before
 * anything more is sent. `batch` counts from 0 within the job. Any pointer may be NULL (tests). */
struct apply_journal {
	void *ctx;
	/* The exact body, before connecting. sha256 is lower-case hex. pre_ids: ids of all criteria
	 * of the touched line items, deleted ones too, comma-joined. */
	enum err (*intent)(
	    void *ctx, size_t batch, const char *body, const char *sha256, const char *pre_ids);
	/* Called inside PREREQ: connected, TLS done, no byte of the request sent yet. An error
	 * aborts and proves that nothing was sent. Again for a further attempt, which is only ever
	 * made after a refusal that proves that nothing took effect. */
	enum err (*sent)(void *ctx, size_t batch, const char *nonce, int64_t oauth_timestamp);
	/* The batch came to something: NOT_SENT, NOOP or CONFLICT (also without intent), REFUSED,
	 * APPLIED, UNKNOWN. Once more when APPLIED was read back (VERIFIED) and when UNKNOWN was
	 * settled (VERIFIED, ABSENT, or partial: each operation says which). */
	enum err (*end)(void *ctx, size_t batch, const struct apply_end *end);
	/* One line for the audit chain. */
	enum err (*event)(void *ctx, size_t batch, const char *why);
};

enum apply_event_kind {
	APPLY_BATCH_CHECK, /* re-reading the line items of the batch */
	APPLY_DRIFT_PASSED, /* foreign changes that stop nothing, ev->drift counts them: seen by the
	                     * check before the batch, or by the reading after it */
	APPLY_DRIFT_STOPPED, /* an overlapping foreign change, a parent that was deleted, paused or
	                      * ended, or with ask_foreign any: the apply stops before this batch */
	APPLY_BATCH_SENDING, /* intent is journalled */
	APPLY_OP_OUTCOME, /* ev->op changed to ev->outcome; ei is filled when refused */
	APPLY_BATCH_OUTCOME, /* the batch as a whole */
	APPLY_SETTLE_WAIT, /* next reading in ev->wait_ms (round ev->round of ev->rounds) */
	APPLY_DONE, /* the last event: ev->outcome is the worst of all, ei says why */
};

/* How the lines of the audit chain begin that say what a reading of a settlement showed. */
#define APPLY_READING "reading back: "

struct apply_drift {
	size_t added,
	    removed; /* by others, on line items of this batch, apart from our operations */
};

struct apply_event {
	enum apply_event_kind kind;
	size_t batch, n_batches;
	size_t op; /* index in the batch */
	const struct apply_op *what;
	enum apply_outcome outcome;
	const char *result_id;
	const struct errinfo *ei; /* NULL when there is nothing to tell */
	struct apply_drift drift;
	unsigned round, rounds;
	int64_t wait_ms;
	bool partial; /* part of an atomic batch took effect, against the documents */
};

typedef void apply_fn(struct apply *ap, const struct apply_event *ev, void *user);

struct apply_options {
	const int64_t
	    *settle_ms; /* delays of the settling reads, counted from the unknown outcome */
	unsigned n_settle; /* 0: the defaults 2, 10, 30, 120 s */
	/* A foreign change that stops nothing by itself was not shown to whoever confirmed: stop, so
	 * that it can be shown and confirmed again. */
	bool ask_foreign;
};

struct apply_watch { /* who is told; copied, the journal's functions too */
	const struct apply_journal *journal; /* NULL: nothing is kept */
	apply_fn *fn;
	void *user;
};
/* Events never come from inside this call. NULL without memory or for a job that cannot be sent
 * (no operations, more than 500 in a batch, an id that may not be used): ei says which.
 * The job stays the caller's until APPLY_DONE; opt NULL: the defaults. */
struct apply *apply_start(struct api *a, const struct apply_job *job,
    const struct apply_options *opt, const struct apply_watch *watch, struct errinfo *ei);
struct apply_recovery { /* of a batch that an earlier run left as sent without an end */
	const struct apply_job *job; /* that one batch, no base */
	int64_t sent_at; /* our wall clock */
	int64_t age_ms; /* it was sent at least so long ago, whatever the wall clock was set to
			 * since: readings whose delay has passed are done at once */
	const char *pre_ids; /* as they were handed to the journal's intent */
	const struct apply_options *opt; /* NULL: the defaults */
	struct apply_watch watch;
};
/* Settle such a batch: read, never send. Otherwise as apply_start. */
struct apply *apply_recover(struct api *a, const struct apply_recovery *r, struct errinfo *ei);
/* Finish the batch in flight, then stop; the rest is NOT_SENT. A wait ends at once: one of the settlement
 * leaves its batch UNKNOWN, one before the sending (a rate limit, no connection) leaves it NOT_SENT, or
 * REFUSED when X had refused it for its rate limit. */
void apply_stop(struct apply *ap);

enum apply_wait {
	APPLY_WAITS_NOT,
	APPLY_WAITS_UNSENT, /* until the batch may be checked or sent: nothing of it took effect */
	APPLY_WAITS_TO_READ, /* until what was sent may be read back */
};
/* Does X's rate limit (or a connection that does not come about) hold the apply up, and for how long? */
enum apply_wait apply_waits(const struct apply *ap, int64_t *ms);
/* While the next reading of a settlement is waited for: read at once. It does not take the place of the
 * one that is waited for, since only the late ones may say "did not take effect". False: nothing waits. */
bool apply_read_now(struct apply *ap);
bool apply_is_done(const struct apply *ap);
/* Outcome of one operation so far. */
enum apply_outcome apply_outcome(const struct apply *ap, size_t batch, size_t op);
/* Allowed in the APPLY_DONE event and outside events, and before api_free. Before APPLY_DONE this
 * leaves a write under way as it is in the journal (sent, no end). */
void apply_free(struct apply *ap);

#endif
