/* Staged edits. Everything is on disk (synchronous=FULL, and in edits.log) before a function
 * returns, so that the effect of a key is never drawn before it is safe. Several terminals may stage
 * at once: each call is one transaction.
 *
 * Drafts belong to the realm of store_bind() (host and API version) and to an account. An edit is in
 * exactly one state: STAGED, then SENDING and UNKNOWN while a batch of the journal has it, then
 * APPLIED, or GONE when it was unstaged or undone. Undo and redo work on whole actions (a group that
 * was staged, an unstaging, a hold) without limit and survive a restart. All functions work on the
 * selected draft of the account (draft_names.h). */
#ifndef RETICLE_STORE_DRAFTS_H
#define RETICLE_STORE_DRAFTS_H

#include "store/store.h"
#include "targeting/change.h"

enum draft_state { DRAFT_STAGED, DRAFT_SENDING, DRAFT_UNKNOWN, DRAFT_APPLIED, DRAFT_GONE };

struct draft_counts {
	size_t staged, held, sending, unknown; /* held ones are staged too */
};

struct draft_step { /* what an undo or redo did, for the message line */
	char title[160];
	size_t n; /* edits concerned */
};

/* Stage all of v as one action with one new group; v[i].id and v[i].group are filled. title is for
 * the undo message ("add 3 keywords"). ERR_STORE when the store cannot stage. */
enum err drafts_stage(struct store *s, const char *account, struct change_set *v, const char *title,
    struct errinfo *ei);
/* Take edits off the stage and put others on it, as one action. */
struct draft_change {
	const uint64_t *off; /* ids; those that are not STAGED any more are passed over */
	size_t n_off;
	struct change_set *on; /* as drafts_stage */
	const char *title;
};
enum err drafts_change(
    struct store *s, const char *account, const struct draft_change *c, struct errinfo *ei);
/* Ids that are not STAGED any more are passed over; *done (may be NULL) counts the others. */
enum err drafts_unstage(struct store *s, const char *account, const uint64_t *ids, size_t n,
    size_t *done, struct errinfo *ei);
struct draft_hold {
	const uint64_t *ids;
	size_t n;
	bool held;
};
enum err drafts_hold(struct store *s, const char *account, const struct draft_hold *h, size_t *done,
    struct errinfo *ei);

/* Undo the last action, redo the last undone one. ERR_NOTFOUND when there is none. Edits that a
 * batch has taken meanwhile are left alone (step.n does not count them). */
enum err drafts_undo(
    struct store *s, const char *account, struct draft_step *step, struct errinfo *ei);
enum err drafts_redo(
    struct store *s, const char *account, struct draft_step *step, struct errinfo *ei);

/* Append the edits of one state to out, oldest first. */
enum err drafts_list(struct store *s, const char *account, enum draft_state state,
    struct change_set *out, struct errinfo *ei);
struct draft_counts drafts_count(struct store *s, const char *account);
/* The same of all drafts of the account together. */
struct draft_counts drafts_count_all(struct store *s, const char *account);
/* Changes whenever any terminal changed state.db: compare with the last one before a reload. */
uint64_t drafts_version(struct store *s);

#endif
