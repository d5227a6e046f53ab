/* A complete list is brought up to date by what changed since it was read: pages of records, newest
 * change first, merged one by one. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "store/internal.h"
#include "store/snapshot.h"

static struct listing_key key_of(const struct snapshot_changes *c)
{
	return (struct listing_key){c->account, c->kind, ""};
}

enum err changes_begin(
    struct store *s, int64_t clock_skew_s, struct snapshot_changes *c, struct errinfo *ei)
{
	static const char sql[] = "SELECT changes_at, changes_cursor FROM listing WHERE realm=?"
				  " AND account=? AND kind=? AND scope='' AND changes_at>=?";
	int64_t now = clock_wall_s() + clock_skew_s;
	struct listing_key key = key_of(c);
	struct listing_info info;
	sqlite3_stmt *st;
	enum err err = listing_info(s, &key, &info);

	if (!err && (!info.complete || !info.as_of))
		err = err_set(ei, ERR_NOTFOUND, "there is no complete list to bring up to date");
	if (err)
		return err;
	c->since = info.as_of;
	c->began = now;
	st = db_query(&s->cache, sql,
	    BIND(INT(s->cache_realm), TEXT(key.account), TEXT(key.kind),
		INT(now - LISTING_RESUME_S)));
	if (db_row(st)) {
		c->began = sqlite3_column_int64(st, 0);
		snprintf(
		    c->cursor, sizeof c->cursor, "%s", (const char *)sqlite3_column_text(st, 1));
	}
	return cache_guard(s, db_done(&s->cache, st, ei));
}

/* --- merging --- */

static const char *id_of(const struct raw_set *set, size_t i)
{
	const char *id;

	memcpy(&id, raw_at(set, i) + set->kind->fields[0].offset, sizeof id);
	return id ? id : "";
}

static bool same_text(const char *a, const char *b)
{
	const char *x, *y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return x && y ? strcmp(x, y) == 0 : x == y;
}

static bool same_field(const struct pack_field *f, const char *a, const char *b)
{
	switch (f->kind) {
	case PACK_STRING:
	case PACK_SHARED:
		return same_text(a + f->offset, b + f->offset);
	case PACK_FLAG:
		return a[f->offset] == b[f->offset];
	case PACK_OP:
		return memcmp(a + f->offset, b + f->offset, sizeof(enum operator_type)) == 0;
	case PACK_MONEY:
	case PACK_NUMBER:
	case PACK_TIME:
		break;
	}
	return memcmp(a + f->offset, b + f->offset, sizeof(int64_t)) == 0;
}

static bool same_record(const struct pack_kind *kind, const char *a, const char *b)
{
	for (size_t i = 0; i < kind->n_fields; i++)
		if (!same_field(&kind->fields[i], a, b))
			return false;
	return true;
}

struct merge {
	const struct raw_set *old, *page;
	size_t deleted_offset;
	struct raw_set all; /* shallow copies of records of both */
	size_t changed;
};

#define NOT_IN_PAGE UINT64_MAX

static bool is_deleted(const struct merge *m, size_t i)
{
	return raw_at(m->page, i)[m->deleted_offset] != 0;
}

static void take(struct merge *m, const struct raw_set *from, size_t i)
{
	memcpy(raw_at(&m->all, m->all.n++), raw_at(from, i), from->kind->size);
}

/* Old records in their order with the changed ones in their place. */
static void take_old(struct merge *m, const struct map *place)
{
	for (size_t i = 0; i < m->old->n; i++) {
		uint64_t at = NOT_IN_PAGE;

		map_get(place, id_of(m->old, i), &at);
		if (at == NOT_IN_PAGE) {
			take(m, m->old, i);
		} else if (is_deleted(m, at)) {
			m->changed++;
		} else {
			m->changed +=
			    !same_record(m->old->kind, raw_at(m->old, i), raw_at(m->page, at));
			take(m, m->page, at);
		}
	}
}

static enum err merge_records(struct merge *m)
{
	struct map place; /* of an id in the page */
	enum err err;
	uint64_t at;

	map_init(&place);
	err = raw_reserve(&m->all, m->old->n + m->page->n);
	for (size_t i = 0; i < m->old->n && !err; i++)
		err = map_put(&place, id_of(m->old, i), NOT_IN_PAGE);
	for (size_t i = 0; i < m->page->n && !err; i++) {
		if (!map_get(&place, id_of(m->page, i), &at) && !is_deleted(m, i)) {
			take(m, m->page, i);
			m->changed++;
		}
		/* from here on: the last record of this id is the one that counts */
		err = map_put(&place, id_of(m->page, i), i);
	}
	if (!err)
		take_old(m, &place);
	map_done(&place);
	return err;
}

/* cursor NULL: it was the last page */
static enum err note_progress(struct store *s, const struct listing_key *key,
    const struct snapshot_changes *c, const char *cursor, struct errinfo *ei)
{
	static const char more[] = "UPDATE listing SET changes_at=?, changes_cursor=? WHERE realm=?"
				   " AND account=? AND kind=? AND scope=''";
	static const char over[] = "UPDATE listing SET as_of=?, changes_at=0, changes_cursor=''"
				   " WHERE realm=? AND account=? AND kind=? AND scope=''";
	static const char read_now[] = "UPDATE generation SET fetched_at=? WHERE id=(SELECT current"
				       " FROM listing WHERE realm=? AND account=? AND kind=?"
				       " AND scope='')";
	enum err err;

	if (cursor)
		return db_run(&s->cache, more,
		    BIND(INT(c->began), TEXT(cursor), INT(s->cache_realm), TEXT(key->account),
			TEXT(key->kind)),
		    ei);
	err = db_run(&s->cache, over,
	    BIND(INT(c->began), INT(s->cache_realm), TEXT(key->account), TEXT(key->kind)), ei);
	return err ? err
		   : db_run(&s->cache, read_now,
			 BIND(INT(clock_wall_s()), INT(s->cache_realm), TEXT(key->account),
			     TEXT(key->kind)),
			 ei);
}

static enum err merge_in(struct store *s, const struct snapshot_changes *c, struct merge *m,
    struct raw_set *old, struct errinfo *ei)
{
	struct listing_key key = key_of(c);
	struct listing_info info;
	enum err err = listing_info(s, &key, &info);

	if (!err && !info.complete)
		err = err_set(ei, ERR_NOTFOUND, "the list to bring up to date is gone");
	if (!err)
		err = listing_read(s, &info, 0, SIZE_MAX, old, ei);
	if (!err)
		err = merge_records(m);
	if (!err && m->changed)
		err = listing_replace(s, &key, &m->all, ei);
	return err;
}

enum err changes_merge(struct store *s, struct snapshot_changes *c, const struct raw_set *page,
    size_t deleted_offset, const char *next_cursor, struct errinfo *ei)
{
	struct arena arena;
	struct raw_set old = {.arena = &arena, .kind = page->kind};
	struct merge m = {&old, page, deleted_offset, {.kind = page->kind}, 0};
	struct listing_key key = key_of(c);
	enum err err = cache_ready(s, ei);

	if (err)
		return err;
	if (next_cursor && !next_cursor[0])
		next_cursor = NULL;
	/* one that would not come back whole is as good as none: a stopped reading starts anew then */
	if (next_cursor && strlen(next_cursor) >= sizeof c->cursor)
		next_cursor = "";
	arena_init(&arena);
	err = db_begin(&s->cache, ei);
	if (!err) {
		err = merge_in(s, c, &m, &old, ei);
		if (!err)
			err = note_progress(s, &key, c, next_cursor, ei);
		err = db_end(&s->cache, err, ei);
	}
	if (!err)
		c->changed += m.changed;
	mem_free(m.all.v);
	mem_free(old.v);
	arena_done(&arena);
	return cache_guard(s, err);
}
