/* Several drafts per account, each with its own edits and its own undo. "" is the first one, which
 * is always there. Names: 1..64 bytes of valid UTF-8 without control characters. Everything here is
 * one durable transaction, and other terminals see it by drafts_version(). */
#ifndef RETICLE_STORE_DRAFT_NAMES_H
#define RETICLE_STORE_DRAFT_NAMES_H

#include "store/drafts.h"

/* Work on this draft from now on; an unknown name is made, a deleted one is there again (its edits
 * come back with undo). The selection holds for this handle. */
enum err drafts_select(struct store *s, const char *account, const char *name, struct errinfo *ei);
const char *drafts_selected(const struct store *s);
/* Another terminal may have renamed or deleted the selected draft: follow the new name, or go back
 * to the first draft, then *gone is set. */
enum err drafts_follow(struct store *s, const char *account, bool *gone, struct errinfo *ei);

/* Edits of all drafts of the account that a batch has taken and whose end nobody knows yet. */
size_t drafts_sending(struct store *s, const char *account);

struct draft_name {
	const char *name;
	struct draft_counts n;
	size_t line_items; /* that have staged edits */
	int64_t changed_at; /* last action in it, else when it was made; 0: not known */
	int64_t deleted_at; /* 0: it is there */
};
struct draft_names {
	struct arena arena;
	struct draft_name *v;
	size_t n, cap;
};
void draft_names_done(struct draft_names *d);
/* Those that are there by name, then the deleted ones, last deleted first. d need not be
 * initialised; release it with draft_names_done, after an error too. */
enum err drafts_names(
    struct store *s, const char *account, struct draft_names *d, struct errinfo *ei);

/* ERR_NOTFOUND when `from` is not there, ERR_REFUSED when `to` is (also as a deleted one). The first
 * draft may be renamed: its edits and its undo go along, and an empty first one takes its place. */
enum err drafts_rename(
    struct store *s, const char *account, const char *from, const char *to, struct errinfo *ei);
/* The staged edits of `from` once more, in a new draft. *n (may be NULL) counts them. */
enum err drafts_copy(struct store *s, const char *account, const char *from, const char *to,
    size_t *n, struct errinfo *ei);
/* Take its edits off the stage and hide it. ERR_REFUSED for the first draft, and while edits of it
 * are being posted or have an unknown outcome. */
enum err drafts_delete(struct store *s, const char *account, const char *name, struct errinfo *ei);
/* Bring a deleted draft back with the edits that it had. */
enum err drafts_restore(struct store *s, const char *account, const char *name, struct errinfo *ei);

#endif
