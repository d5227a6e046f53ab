/* The write-ahead journal of applies. A changeset is one reviewed plan, a batch one request, an op
 * one element of it. Every function is one durable transaction (SQLite FULL plus edits.log), and
 * every transition needs the lock of the account (lock.h): it fails with ERR_CONFLICT when another
 * terminal took over.
 *
 *   PLANNED -intent-> INTENT -wire-> WIRE -> OK -> VERIFIED
 *      ^                 |            |  \-> REJECTED (its edits are staged again)
 *      \-- not sent -----+            \--> UNKNOWN -settle-> VERIFIED | ABSENT | PARTIAL
 *
 * Only settling resolves UNKNOWN. A WIRE without an end, found when the lock is taken, becomes
 * UNKNOWN. The edits of a batch follow it: STAGED until INTENT, SENDING, UNKNOWN, then APPLIED, or
 * STAGED again when they are not in the account. */
#ifndef RETICLE_STORE_JOURNAL_H
#define RETICLE_STORE_JOURNAL_H

#include "base/buf.h"
#include "store/lock.h"
#include "store/store.h"
#include "targeting/change.h"

enum batch_state {
	BATCH_PLANNED,
	BATCH_INTENT,
	BATCH_WIRE,
	BATCH_OK,
	BATCH_VERIFIED,
	BATCH_REJECTED,
	BATCH_UNKNOWN,
	BATCH_ABSENT,
	BATCH_PARTIAL,
	BATCH_STATES
};
const char *batch_state_name(enum batch_state st); /* "planned", "wire", ... */

/* --- writing: what the apply engine calls, in this order --- */

struct journal_batch_plan {
	const struct change *const *ops; /* stored edits (id not 0), in the order of the request */
	size_t n;
};
struct journal_plan {
	const char *account, *title, *digest; /* digest: of the plan that was reviewed */
	const struct journal_batch_plan *batches;
	size_t n;
};
/* Store the plan; batch_ids has room for p->n ids. ERR_CONFLICT when an edit is not STAGED any
 * more (another terminal undid or applied it) or is held back. */
enum err journal_begin(struct store *s, const struct journal_plan *p, uint64_t *changeset,
    uint64_t *batch_ids, struct errinfo *ei);

struct journal_intent {
	const char *body; /* exact bytes of the request */
	size_t n;
	const char *body_sha256; /* lower-case hex */
	const char
	    *pre_ids; /* comma-joined ids of the criteria that were there before; may be "" */
};
enum err journal_intent(
    struct store *s, uint64_t batch, const struct journal_intent *in, struct errinfo *ei);
/* Just before the first byte of the request (libcurl's PREREQ callback). When this fails nothing
 * may be sent. nonce may be "". Again for each further attempt: the last one counts. */
enum err journal_wire(
    struct store *s, uint64_t batch, const char *nonce, int64_t oauth_ts, struct errinfo *ei);
/* From INTENT back to PLANNED: proven that nothing was sent. The edits are staged again. */
enum err journal_not_sent(struct store *s, uint64_t batch, const char *why, struct errinfo *ei);

enum op_state { OP_STATE_OPEN, OP_STATE_PRESENT, OP_STATE_ABSENT, OP_STATE_REFUSED, OP_STATES };
/* PRESENT: its effect is in the account (created, or gone for a delete); REFUSED: the API said no */
const char *op_state_name(enum op_state st);

struct journal_op_end {
	const char *result_id; /* id of what was created or deleted; NULL when not known */
	const char *note; /* what the API said of it; NULL when nothing */
	enum op_state state; /* OPEN: leave it as it is */
};
#define JOURNAL_REPLY_MAX (64u * 1024)
struct journal_end {
	enum batch_state state; /* OK, VERIFIED, REJECTED, UNKNOWN, ABSENT, PARTIAL */
	int curl_code, http_status;
	const char *reply_sha256, *verdict; /* text for people; may be NULL */
	const char
	    *reply; /* body of the answer, any bytes; NULL: none. Kept up to JOURNAL_REPLY_MAX */
	size_t reply_len;
	const struct journal_op_end *ops; /* one an op of the batch, in its order; NULL: none */
	size_t n_ops;
};
/* Every later step: the answer (from WIRE), the read-back (OK to VERIFIED), the settlement (from
 * UNKNOWN). Steps that the diagram above does not have are refused with ERR_CONFLICT. With PARTIAL
 * each op must be PRESENT or ABSENT: those present become APPLIED, the others are staged again. */
enum err journal_end(
    struct store *s, uint64_t batch, const struct journal_end *end, struct errinfo *ei);
/* A line for the audit chain that changes no state ("2 foreign changes, disjoint"). */
enum err journal_note(struct store *s, uint64_t batch, const char *why, struct errinfo *ei);

/* The criteria of a line item as they were just before (after = false) or after an apply: for
 * revert and for time travel. */
struct journal_image {
	uint64_t changeset;
	const char *line_item;
	const struct criterion_set *criteria;
	bool after;
};
/* Several, as one transaction. */
enum err journal_put_images(
    struct store *s, const struct journal_image *v, size_t n, struct errinfo *ei);
/* The image of line_item that was current at a wall-clock time: the last one not after it, else
 * ERR_NOTFOUND. *at (may be NULL) is when it was taken. */
enum err journal_image_at(
    struct store *s, const char *line_item, int64_t when, struct criterion_set *out, int64_t *at);

/* The criteria of a line item as they were just before, or after, this apply. ERR_NOTFOUND. */
enum err journal_image_of(
    struct store *s, const struct journal_image *which, struct criterion_set *out, int64_t *at);

/* Called by lock_take: INTENT becomes PLANNED (edits staged again), WIRE becomes UNKNOWN. The lock
 * must be held. *unknown counts the batches of the account that wait for settlement. */
enum err journal_recover(struct store *s, const char *account, size_t *unknown, struct errinfo *ei);

/* --- the order of postings and of what was read --- */

struct journal_point journal_now(struct store *s);
/* The last step of a posting; all 0 when it has none. */
struct journal_point journal_last_step(struct store *s, uint64_t changeset);
/* Did what began at `p` begin after the step? False also for a point of another journal: state.db may
 * have been made again from edits.log, or come from a backup. */
bool journal_is_after(
    struct store *s, const struct journal_point *p, const struct journal_point *step);
/* At least so long after it. */
int64_t journal_ms_after(const struct journal_point *p, const struct journal_point *step);

/* --- reading: the journal view, settling, revert. Strings are in out->arena. --- */

struct journal_changeset {
	uint64_t id;
	const char *account, *title, *digest;
	int64_t created_at;
	size_t batches, ops, by_state[BATCH_STATES]; /* batches in each state */
};
struct journal_batch {
	uint64_t id, changeset;
	size_t seq, n_ops;
	enum batch_state state;
	int attempt, curl_code, http_status;
	int64_t epoch, intent_at, wire_at, end_at; /* wall clock, 0: not yet */
	const char *body, *body_sha256, *nonce, *reply_sha256, *verdict; /* "" when not known */
	const char *pre_ids; /* as given with the intent */
	const char
	    *reply; /* body of the answer, reply_kept bytes of reply_len; "" when there was none */
	size_t reply_len, reply_kept;
};
struct journal_op {
	uint64_t batch;
	size_t seq;
	enum op_state state;
	const char *result_id, *note; /* NULL when none */
	struct change change; /* as it was planned; for a delete the pre-image */
};
struct journal_event {
	int64_t at;
	uint64_t batch; /* 0: of the changeset */
	const char *from, *to, *why;
};

#define JOURNAL_LIST(kind)                                                                         \
	struct journal_##kind##_list {                                                             \
		struct arena arena;                                                                \
		struct journal_##kind *v;                                                          \
		size_t n, cap;                                                                     \
	};                                                                                         \
	void journal_##kind##_list_init(struct journal_##kind##_list *l);                          \
	void journal_##kind##_list_done(struct journal_##kind##_list *l);
JOURNAL_LIST(changeset)
JOURNAL_LIST(batch)
JOURNAL_LIST(op)
/* A moment of which the criteria of a line item are known: an image, without its criteria. */
struct journal_moment {
	uint64_t id, changeset;
	int64_t at; /* wall clock */
	const char *line_item, *title; /* title: of the changeset */
	bool after; /* read after the posting; else as it was reviewed before it */
};

JOURNAL_LIST(event)
JOURNAL_LIST(moment)
#undef JOURNAL_LIST

/* Newest first; before 0: from the newest, else those with a smaller id; at most max. */
struct journal_page {
	const char *account;
	uint64_t before;
	size_t max;
};
enum err journal_changesets(struct store *s, const struct journal_page *p,
    struct journal_changeset_list *out, struct errinfo *ei);
enum err journal_batches(
    struct store *s, uint64_t changeset, struct journal_batch_list *out, struct errinfo *ei);
/* Ops of one batch, or of all batches of the changeset when batch is 0. */
enum err journal_ops(struct store *s, uint64_t changeset, uint64_t batch,
    struct journal_op_list *out, struct errinfo *ei);
enum err journal_events(
    struct store *s, uint64_t changeset, struct journal_event_list *out, struct errinfo *ei);
/* The moments of one line item, newest first, or of one posting (line_item NULL), by line item. */
enum err journal_moments(struct store *s, const char *line_item, uint64_t changeset,
    struct journal_moment_list *out, struct errinfo *ei);
/* The image of a moment. ERR_NOTFOUND. */
enum err journal_image(struct store *s, uint64_t moment, struct criterion_set *out);
/* Batches of the account in UNKNOWN, oldest first: nothing else may be sent before they are settled. */
enum err journal_unknown(
    struct store *s, const char *account, struct journal_batch_list *out, struct errinfo *ei);
/* The batch was last sent at least so long ago, whatever the wall clock was set to since and however
 * often the machine was started; 0 when that is not known. */
int64_t journal_sent_ago_ms(struct store *s, const struct journal_batch *b);
/* Grows with everything that is written to the journal, by any terminal: compare before a reload. */
uint64_t journal_version(struct store *s);
/* Did a posting from here make this criterion? Did one remove it? */
bool journal_made(struct store *s, const char *criterion_id);
bool journal_removed(struct store *s, const char *criterion_id);
/* What the API said when it last refused a staged edit, appended to out; false when it never did. */
bool journal_refusal(struct store *s, uint64_t change, struct buf *out);

#endif
