/* The account as it was last read: entities as pages of compact blobs, criteria as one blob per
 * line item. A start paints from it; nothing here is ever the only copy of anything.
 *
 * A list arrives page by page: snapshot_begin, then snapshot_put_... per page; the last page makes
 * it complete and replaces the older version in one transaction. Reading is by range, in the order
 * in which the records were put. Reads append to the caller's set and return ERR_NOTFOUND when the
 * list was never fetched. Records marked deleted are stored as they come; the caller filters. */
#ifndef RETICLE_STORE_SNAPSHOT_H
#define RETICLE_STORE_SNAPSHOT_H

#include "base/buf.h"
#include "store/store.h"
#include "targeting/model.h"

enum snapshot_kind {
	SNAPSHOT_ACCOUNTS, /* of the realm: account is "" */
	SNAPSHOT_CAMPAIGNS,
	SNAPSHOT_LINE_ITEMS,
	SNAPSHOT_PROMOTABLE_USERS,
	SNAPSHOT_AUDIENCES,
	SNAPSHOT_KINDS
};

struct snapshot_info {
	size_t n;
	int64_t fetched_at; /* 0: never */
	int64_t as_of; /* when its reading began, by the server's clock; 0: not known */
	bool complete;
};

/* --- lists of entities --- */

enum err snapshot_begin(struct store *s, const char *account, enum snapshot_kind kind, bool resume,
    struct store_fetch *f, struct errinfo *ei);
struct snapshot_info snapshot_info(struct store *s, const char *account, enum snapshot_kind kind);

/* What changed since a complete list was read: asked with sort_by=updated_at-desc and
 * with_deleted=true, put page by page with snapshot_merge_..., ended (next_cursor NULL) by the first
 * page that reaches back before `since`. A reading that was stopped goes on at `cursor`, and counts
 * from its own beginning: what changed behind it meanwhile is in the next one. Plain data. */
struct snapshot_changes {
	char account[65];
	const char *kind; /* internal */
	int64_t since, began; /* by the server's clock */
	char cursor[256]; /* where to go on, "" from the start */
	size_t changed; /* records so far that differed from what was stored */
};
/* ERR_NOTFOUND: there is no complete list, or it is not known since when; read it whole. */
enum err snapshot_changes_begin(struct store *s, const char *account, enum snapshot_kind kind,
    int64_t clock_skew_s, struct snapshot_changes *c, struct errinfo *ei);

/* put: one page, durable as a whole; next_cursor NULL or "" ends the list (see catalog_put).
 * get: records first .. first+max-1 are appended to out (max SIZE_MAX: to the end).
 * merge: one page of changes, durable as a whole: records replace those of the same id, new ones come
 * first, deleted ones go. ERR_NOTFOUND when the list went away meanwhile (the cache was made anew). */
#define SNAPSHOT_LIST(kind, plural)                                                                \
	enum err snapshot_put_##plural(struct store *s, struct store_fetch *f,                     \
	    const struct kind##_set *page, const char *next_cursor, struct errinfo *ei);           \
	enum err snapshot_get_##plural(struct store *s, const char *account, size_t first,         \
	    size_t max, struct kind##_set *out);                                                   \
	enum err snapshot_merge_##plural(struct store *s, struct snapshot_changes *c,              \
	    const struct kind##_set *page, const char *next_cursor, struct errinfo *ei);

SNAPSHOT_LIST(account, accounts)
SNAPSHOT_LIST(campaign, campaigns)
SNAPSHOT_LIST(line_item, line_items)
SNAPSHOT_LIST(promotable_user, promotable_users)
SNAPSHOT_LIST(audience, audiences)
#undef SNAPSHOT_LIST

/* One line item by its id, appended to out. */
enum err snapshot_find_line_item(
    struct store *s, const char *account, const char *id, struct line_item_set *out);

/* --- access --- */

enum err snapshot_put_access(
    struct store *s, const char *account, const struct access *a, struct errinfo *ei);
/* Strings of out go into arena. */
enum err snapshot_get_access(
    struct store *s, const char *account, struct arena *arena, struct access *out);

/* --- criteria --- */

struct snapshot_criteria {
	const char *account;
	const char *const *line_items; /* all that were asked for, those without criteria too */
	size_t n_line_items; /* any number; one transaction */
	const struct criterion_set *criteria; /* any order; deleted ones are left out */
	size_t n_sets; /* criteria is an array of so many sets; 0 means 1 */
	const int64_t *versions; /* updated_at of each line item as it was known; NULL: not known */
};

/* The criteria of whole line items, as just read from the API. Here and in snapshot_group_finish: what
 * began to be read before a posting does not replace what began after it. */
enum err snapshot_put_criteria(
    struct store *s, const struct snapshot_criteria *c, struct errinfo *ei);
/* Where the journal was when the criteria of a line item were asked for; all 0: never, or not known. */
struct journal_point snapshot_criteria_point(
    struct store *s, const char *account, const char *line_item);
/* Append those of one line item. ERR_NOTFOUND when they were never read. */
enum err snapshot_get_criteria(struct store *s, const char *account, const char *line_item,
    struct criterion_set *out, struct errinfo *ei);

/* The criteria of a group of line items come in pages, in any order, and count only together. Pages
 * before the last are kept, so that a reading that was stopped goes on where it was. Plain data. */
struct snapshot_group {
	int64_t id; /* 0: nothing is kept */
	int64_t began; /* by our clock; the criteria count as read then */
	struct journal_point at; /* where the journal was then */
	int64_t pages;
	char cursor[256];
};
/* Its reading begins now, unless it did already. */
void snapshot_group_begin(struct store *s, struct snapshot_group *g);
/* A page that is not the last; c names the group (its criteria are not used), page the new ones. */
enum err snapshot_group_keep(struct store *s, struct snapshot_group *g,
    const struct snapshot_criteria *c, const struct criterion_set *page, const char *next_cursor,
    struct errinfo *ei);
/* All of them, with those that were kept: into the snapshot, and the group is over. */
enum err snapshot_group_finish(struct store *s, struct snapshot_group *g,
    const struct snapshot_criteria *c, struct errinfo *ei);
/* The same in pieces of a millisecond, so that keys come in between: called with the same c (no line
 * item named twice) until `over`. Each piece holds whole line items, and the group is over with the
 * last one: a program that is stopped between two goes on with the group's last page. */
struct snapshot_finish;
struct snapshot_finish *snapshot_finish_new(const struct snapshot_criteria *c, struct errinfo *ei);
enum err snapshot_finish_step(struct store *s, struct snapshot_finish *f, struct snapshot_group *g,
    const struct snapshot_criteria *c, struct errinfo *ei);
bool snapshot_finish_over(const struct snapshot_finish *f);
void snapshot_finish_free(struct snapshot_finish *f); /* NULL is fine */
void snapshot_group_drop(struct store *s, struct snapshot_group *g); /* start it anew */
/* Groups of the account that were stopped in the last 24 hours; i from 0, false: the end. line_items
 * gets "id=version,id=version". */
bool snapshot_group_at(struct store *s, const char *account, size_t i, struct snapshot_group *g,
    struct buf *line_items);
/* Append the criteria that were kept. */
enum err snapshot_group_load(
    struct store *s, const struct snapshot_group *g, struct criterion_set *out, struct errinfo *ei);

struct snapshot_count {
	int32_t n; /* -1: not read yet */
	int64_t fetched_at; /* 0 then */
	int64_t
	    version; /* updated_at of the line item as known when they were read; 0: not known */
};
/* out[i] for each of the n line items */
enum err snapshot_counts(struct store *s, const char *account, const struct line_item_set *items,
    struct snapshot_count *out, struct errinfo *ei);

struct use {
	const char *line_item_id, *criterion_id;
	enum operator_type op;
};
struct use_set {
	struct arena arena;
	struct use *v;
	size_t n, cap;
};
void use_set_init(struct use_set *u);
void use_set_done(struct use_set *u);

/* Every stored criterion of this type (as the API spells it) and value. */
enum err snapshot_where_used(struct store *s, const char *account, const char *type_name,
    const char *value, struct use_set *out);

#endif
