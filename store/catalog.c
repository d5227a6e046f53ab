#include "store/catalog.h"

#include <stddef.h>
#include "base/clock.h"
#include "base/mem.h"
#include "store/internal.h"

enum err catalog_begin(struct store *s, const char *kind, const char *scope, bool resume,
    struct store_fetch *f, struct errinfo *ei)
{
	return listing_begin(s, &(struct listing_key){"", kind, scope}, resume, f, ei);
}

enum err catalog_put(struct store *s, struct store_fetch *f, const struct option_set *page,
    const char *next_cursor, struct errinfo *ei)
{
	struct raw_set raw = {.v = page->v, .n = page->n, .kind = &pack_option};

	return listing_put(s, f, &raw, next_cursor, ei);
}

bool catalog_stopped(struct store *s, size_t i, struct buf *kind, struct buf *scope)
{
	/* the one list without an account that is not a look-up is that of the accounts */
	static const char sql[] =
	    "SELECT l.kind, l.scope FROM listing l JOIN generation g ON g.id = l.pending"
	    " WHERE l.realm=? AND l.account='' AND l.kind<>'account' AND g.cursor<>''"
	    " AND g.started_at>=? ORDER BY l.id LIMIT 1 OFFSET ?";
	sqlite3_stmt *st;
	bool any;

	buf_clear(kind);
	buf_clear(scope);
	if (cache_ready(s, NULL))
		return false;
	st = db_query(&s->cache, sql,
	    BIND(INT(s->cache_realm), INT(clock_wall_s() - LISTING_RESUME_S), INT(i)));
	any = db_row(st);
	if (any) {
		buf_adds(kind, (const char *)sqlite3_column_text(st, 0));
		buf_adds(scope, (const char *)sqlite3_column_text(st, 1));
	}
	return !cache_guard(s, db_done(&s->cache, st, NULL)) && any && !kind->failed &&
	       !scope->failed;
}

struct catalog_info catalog_info(struct store *s, const char *kind, const char *scope)
{
	struct listing_info info;

	if (listing_info(s, &(struct listing_key){"", kind, scope}, &info))
		return (struct catalog_info){0};
	return (struct catalog_info){(size_t)info.n, info.fetched_at, info.complete};
}

bool catalog_is_fresh(struct store *s, const char *kind, const char *scope, int64_t days)
{
	struct catalog_info info = catalog_info(s, kind, scope);

	return info.complete && clock_wall_s() - info.fetched_at <= days * 86400;
}

const struct catalog_set *catalog_get(
    struct store *s, const char *kind, const char *scope, struct errinfo *ei)
{
	struct listing_info info;
	struct catalog_set *set;
	struct raw_set raw;
	enum err err = listing_info(s, &(struct listing_key){"", kind, scope}, &info);

	if (err || !info.generation) {
		err_set(ei, err ? err : ERR_NOTFOUND, "%s are not fetched yet", kind);
		return NULL;
	}
	set = mem_zalloc(sizeof *set);
	if (!set) {
		err_set(ei, ERR_NOMEM, "out of memory");
		return NULL;
	}
	option_set_init(&set->options);
	raw = RAW_SET(&set->options, &pack_option);
	err = raw_reserve(&raw, (size_t)info.n);
	if (!err)
		err = listing_read(s, &info, 0, SIZE_MAX, &raw, ei);
	set->options.v = raw.v;
	set->options.n = raw.n;
	set->options.cap = raw.cap;
	set->fetched_at = info.fetched_at;
	set->complete = info.complete;
	if (err) {
		catalog_release(set);
		return NULL;
	}
	if (!s->catalog_oldest || set->fetched_at < s->catalog_oldest)
		s->catalog_oldest = set->fetched_at;
	return set;
}

void catalog_release(const struct catalog_set *set)
{
	/* const is for the readers; here is where it ends */
	struct catalog_set *own = (struct catalog_set *)(uintptr_t)set;

	if (!own)
		return;
	option_set_done(&own->options);
	mem_free(own);
}

enum err catalog_find(struct store *s, const char *kind, const char *value, struct option_set *out,
    struct errinfo *ei)
{
	struct option_set found; /* with the whole chunk in its arena */
	struct raw_set raw;
	enum err err;

	option_set_init(&found);
	raw = RAW_SET(&found, &pack_option);
	err = listing_find(s, &(struct listing_key){"", kind, ""}, value, &raw, ei);
	found.v = raw.v;
	found.n = raw.n;
	found.cap = raw.cap;
	if (!err && !option_set_copy(out, &found.v[0]))
		err = err_set(ei, ERR_NOMEM, "out of memory");
	option_set_done(&found);
	return err;
}

int64_t catalog_oldest_used(const struct store *s)
{
	return s->catalog_oldest;
}
