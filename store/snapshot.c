#include "store/snapshot.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "store/internal.h"

static const char *const kind_names[SNAPSHOT_KINDS] = {
    [SNAPSHOT_ACCOUNTS] = "account",
    [SNAPSHOT_CAMPAIGNS] = "campaign",
    [SNAPSHOT_LINE_ITEMS] = "line_item",
    [SNAPSHOT_PROMOTABLE_USERS] = "promotable_user",
    [SNAPSHOT_AUDIENCES] = "audience",
};

/* --- lists of entities --- */

enum err snapshot_begin(struct store *s, const char *account, enum snapshot_kind kind, bool resume,
    struct store_fetch *f, struct errinfo *ei)
{
	f->kind = (int)kind;
	return listing_begin(
	    s, &(struct listing_key){account, kind_names[kind], ""}, resume, f, ei);
}

struct snapshot_info snapshot_info(struct store *s, const char *account, enum snapshot_kind kind)
{
	struct listing_info info;

	if (listing_info(s, &(struct listing_key){account, kind_names[kind], ""}, &info))
		return (struct snapshot_info){0};
	return (struct snapshot_info){(size_t)info.n, info.fetched_at, info.as_of, info.complete};
}

enum err snapshot_changes_begin(struct store *s, const char *account, enum snapshot_kind kind,
    int64_t clock_skew_s, struct snapshot_changes *c, struct errinfo *ei)
{
	memset(c, 0, sizeof *c);
	snprintf(c->account, sizeof c->account, "%s", account);
	c->kind = kind_names[kind];
	return changes_begin(s, clock_skew_s, c, ei);
}

static enum err get_range(
    struct store *s, const struct listing_key *key, size_t first, size_t max, struct raw_set *out)
{
	struct listing_info info;
	enum err err = listing_info(s, key, &info);

	if (err)
		return err;
	return info.generation ? listing_read(s, &info, first, max, out, NULL) : ERR_NOTFOUND;
}

#define SNAPSHOT_LIST(record, plural, name)                                                        \
	enum err snapshot_put_##plural(struct store *s, struct store_fetch *f,                     \
	    const struct record##_set *page, const char *next_cursor, struct errinfo *ei)          \
	{                                                                                          \
		struct raw_set raw = {.v = page->v, .n = page->n, .kind = &pack_##record};         \
                                                                                                   \
		return listing_put(s, f, &raw, next_cursor, ei);                                   \
	}                                                                                          \
	enum err snapshot_get_##plural(struct store *s, const char *account, size_t first,         \
	    size_t max, struct record##_set *out)                                                  \
	{                                                                                          \
		struct raw_set raw = RAW_SET(out, &pack_##record);                                 \
		enum err err = get_range(                                                          \
		    s, &(struct listing_key){account, kind_names[name], ""}, first, max, &raw);    \
                                                                                                   \
		out->v = raw.v;                                                                    \
		out->n = raw.n;                                                                    \
		out->cap = raw.cap;                                                                \
		return err;                                                                        \
	}                                                                                          \
	enum err snapshot_merge_##plural(struct store *s, struct snapshot_changes *c,              \
	    const struct record##_set *page, const char *next_cursor, struct errinfo *ei)          \
	{                                                                                          \
		struct raw_set raw = {.v = page->v, .n = page->n, .kind = &pack_##record};         \
                                                                                                   \
		return changes_merge(                                                              \
		    s, c, &raw, offsetof(struct record, deleted), next_cursor, ei);                \
	}

SNAPSHOT_LIST(account, accounts, SNAPSHOT_ACCOUNTS)
SNAPSHOT_LIST(campaign, campaigns, SNAPSHOT_CAMPAIGNS)
SNAPSHOT_LIST(line_item, line_items, SNAPSHOT_LINE_ITEMS)
SNAPSHOT_LIST(promotable_user, promotable_users, SNAPSHOT_PROMOTABLE_USERS)
SNAPSHOT_LIST(audience, audiences, SNAPSHOT_AUDIENCES)

enum err snapshot_find_line_item(
    struct store *s, const char *account, const char *id, struct line_item_set *out)
{
	struct listing_key key = {account, kind_names[SNAPSHOT_LINE_ITEMS], ""};
	struct line_item_set found; /* with the whole chunk in its arena */
	struct raw_set raw;
	enum err err;

	line_item_set_init(&found);
	raw = RAW_SET(&found, &pack_line_item);
	err = listing_find(s, &key, id, &raw, NULL);
	found.v = raw.v;
	found.n = raw.n;
	if (!err && !line_item_set_copy(out, &found.v[0]))
		err = ERR_NOMEM;
	line_item_set_done(&found);
	return err;
}

/* --- access --- */

enum err snapshot_put_access(
    struct store *s, const char *account, const struct access *a, struct errinfo *ei)
{
	enum err err = cache_ready(s, ei);

	if (err)
		return err;
	err = db_run(&s->cache,
	    "INSERT OR REPLACE INTO access(realm, account, user_id, permissions, fetched_at)"
	    " VALUES(?,?,?,?,?)",
	    BIND(INT(s->cache_realm), TEXT(account), TEXT(a->user_id), TEXT(a->permissions),
		INT(clock_wall_s())),
	    ei);
	return cache_guard(s, err);
}

static const char *column_text(struct arena *arena, sqlite3_stmt *st, int i, enum err *err)
{
	const char *s = (const char *)sqlite3_column_text(st, i);
	const char *copy = arena_strdup(arena, s);

	if (s && !copy)
		*err = ERR_NOMEM;
	return copy;
}

enum err snapshot_get_access(
    struct store *s, const char *account, struct arena *arena, struct access *out)
{
	enum err err = cache_ready(s, NULL), done;
	sqlite3_stmt *st;
	bool any;

	memset(out, 0, sizeof *out);
	if (err)
		return err;
	st = db_query(&s->cache,
	    "SELECT user_id, permissions FROM access WHERE realm=? AND account=?",
	    BIND(INT(s->cache_realm), TEXT(account)));
	any = db_row(st);
	if (any) {
		out->user_id = column_text(arena, st, 0, &err);
		out->permissions = column_text(arena, st, 1, &err);
	}
	done = cache_guard(s, db_done(&s->cache, st, NULL));
	if (err || done)
		return err ? err : done;
	return any ? ERR_OK : ERR_NOTFOUND;
}
