/* Lists of records as chunks of blobs: the catalogue and the entities of the snapshot. A list that is
 * fetched again grows as a pending generation beside the current one, which readers keep until the
 * new one is complete. */
#include "store/internal.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"

#define CHUNK_BITS 24

static int64_t chunk_id(int64_t generation, int64_t number)
{
	return generation << CHUNK_BITS | number;
}

/* --- beginning --- */

static int64_t listing_id(
    struct store *s, const struct listing_key *k, enum err *err, struct errinfo *ei)
{
	static const char find[] =
	    "SELECT id FROM listing WHERE realm=? AND account=? AND kind=? AND scope=?";
	bool found;
	int64_t id = db_int(&s->cache, find,
	    BIND(INT(s->cache_realm), TEXT(k->account), TEXT(k->kind), TEXT(k->scope)), &found);

	*err = ERR_OK;
	if (found)
		return id;
	*err = db_run(&s->cache, "INSERT INTO listing(realm, account, kind, scope) VALUES(?,?,?,?)",
	    BIND(INT(s->cache_realm), TEXT(k->account), TEXT(k->kind), TEXT(k->scope)), ei);
	return db_last_id(&s->cache);
}

static enum err drop_generation(struct store *s, int64_t generation, struct errinfo *ei)
{
	enum err err = db_run(&s->cache, "DELETE FROM chunk WHERE id >= ? AND id < ?",
	    BIND(INT(chunk_id(generation, 0)), INT(chunk_id(generation + 1, 0))), ei);

	if (!err)
		err = db_run(&s->cache, "DELETE FROM record_key WHERE generation = ?",
		    BIND(INT(generation)), ei);
	if (!err)
		err = db_run(
		    &s->cache, "DELETE FROM generation WHERE id = ?", BIND(INT(generation)), ei);
	return err;
}

/* Take an interrupted fetch over when there is one that is young enough. */
static bool take_over(struct store *s, int64_t pending, struct store_fetch *f)
{
	sqlite3_stmt *st = db_query(&s->cache,
	    "SELECT n, cursor, started_at FROM generation WHERE id=? AND cursor<>'' AND "
	    "started_at>=?",
	    BIND(INT(pending), INT(clock_wall_s() - LISTING_RESUME_S)));
	bool ok = db_row(st);

	if (ok) {
		f->n = sqlite3_column_int64(st, 0);
		snprintf(
		    f->cursor, sizeof f->cursor, "%s", (const char *)sqlite3_column_text(st, 1));
		f->began = sqlite3_column_int64(st, 2);
	}
	if (db_done(&s->cache, st, NULL) || !ok)
		return false;
	f->generation = pending;
	return db_run(&s->cache, "UPDATE generation SET owner=? WHERE id=?",
		   BIND(INT(f->owner), INT(pending)), NULL) == ERR_OK;
}

static enum err new_generation(
    struct store *s, int64_t listing, struct store_fetch *f, struct errinfo *ei)
{
	enum err err;

	f->began = clock_wall_s();
	err = db_run(&s->cache,
	    "INSERT INTO generation(listing, owner, n, chunks, complete, started_at,"
	    " fetched_at, cursor) VALUES(?,?,0,0,0,?,0,'')",
	    BIND(INT(listing), INT(f->owner), INT(f->began)), ei);
	f->generation = err ? 0 : db_last_id(&s->cache);
	return err;
}

static enum err begin_in(struct store *s, const struct listing_key *key, bool resume,
    struct store_fetch *f, struct errinfo *ei)
{
	int64_t id, pending;
	enum err err;

	id = listing_id(s, key, &err, ei);
	if (err)
		return err;
	pending = db_int(&s->cache, "SELECT pending FROM listing WHERE id=?", BIND(INT(id)), NULL);
	if (pending && resume && take_over(s, pending, f))
		return ERR_OK;
	if (pending)
		err = drop_generation(s, pending, ei);
	if (!err)
		err = new_generation(s, id, f, ei);
	if (err)
		return err;
	return db_run(&s->cache, "UPDATE listing SET pending=? WHERE id=?",
	    BIND(INT(f->generation), INT(id)), ei);
}

enum err listing_begin(struct store *s, const struct listing_key *key, bool resume,
    struct store_fetch *f, struct errinfo *ei)
{
	enum err err = cache_ready(s, ei);
	int kind = f->kind;

	memset(f, 0, sizeof *f);
	f->kind = kind;
	/* the owner tells two terminals that fetch the same list apart */
	if (getrandom(&f->owner, sizeof f->owner, 0) != sizeof f->owner)
		f->owner = (int64_t)clock_mono_ns();
	if (!err)
		err = db_begin(&s->cache, ei);
	if (!err)
		err = db_end(&s->cache, begin_in(s, key, resume, f, ei), ei);
	return cache_guard(s, err);
}

/* --- adding pages --- */

static int64_t key_hash(int64_t realm, const char *account, const char *kind, const char *value)
{
	uint64_t h = pack_hash((uint64_t)realm, account, strlen(account));

	h = pack_hash(h, kind, strlen(kind));
	return (int64_t)pack_hash(h, value, strlen(value));
}

struct chunk {
	int64_t id, first;
	const void *const *records;
	size_t n;
};

static enum err put_chunk(struct store *s, const struct pack_kind *kind, const struct chunk *c,
    struct packer *packer, struct errinfo *ei)
{
	struct buf b;
	enum err err;

	buf_init(&b, PACK_BYTES);
	err = pack_write(packer, kind, c->records, c->n, &b);
	if (err)
		err_set(ei, err, "a page of records is too large to be kept");
	else
		err = db_run(&s->cache, "INSERT INTO chunk(id, first, n, data) VALUES(?,?,?,?)",
		    BIND(INT(c->id), INT(c->first), INT(c->n), BLOB(b.p, b.len)), ei);
	buf_done(&b);
	return err;
}

struct place { /* where the next record of a generation goes */
	int64_t n, chunks;
	int64_t realm;
	char account[65], kind[65];
};

static const char *first_field(const struct raw_set *page, size_t i)
{
	const char *v;

	memcpy(&v, raw_at(page, i) + page->kind->fields[0].offset, sizeof v);
	return v;
}

static enum err put_keys(struct store *s, const struct store_fetch *f, const struct place *at,
    const struct raw_set *page, struct errinfo *ei)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < page->n && !err; i++) {
		const char *value = first_field(page, i);

		if (!value)
			continue;
		err = db_run(&s->cache, "INSERT OR IGNORE INTO record_key VALUES(?,?,?)",
		    BIND(INT(key_hash(at->realm, at->account, at->kind, value)), INT(f->generation),
			INT(at->n + (int64_t)i)),
		    ei);
	}
	return err;
}

static enum err put_records(struct store *s, struct store_fetch *f, struct place *at,
    const struct raw_set *page, struct errinfo *ei)
{
	size_t per = page->kind->chunk;
	const void **records;
	struct packer packer;
	enum err err;

	err = put_keys(s, f, at, page, ei);
	packer_init(&packer);
	records = mem_array(page->n, sizeof *records);
	if (!records)
		err = err_set(ei, ERR_NOMEM, "out of memory");
	for (size_t i = 0; records && i < page->n; i++)
		records[i] = raw_at(page, i);
	for (size_t i = 0; i < page->n && !err; i += per) {
		size_t n = page->n - i < per ? page->n - i : per;

		if (at->chunks >> CHUNK_BITS)
			err = err_set(ei, ERR_LIMIT, "the list is too long to be kept");
		else
			err = put_chunk(s, page->kind,
			    &(struct chunk){chunk_id(f->generation, at->chunks++),
				at->n + (int64_t)i, records + i, n},
			    &packer, ei);
	}
	at->n += (int64_t)page->n;
	packer_done(&packer);
	mem_free(records);
	return err;
}

/* Where this fetch stands; ERR_CANCELLED when it is not ours any more. */
static enum err place_of(
    struct store *s, const struct store_fetch *f, struct place *at, struct errinfo *ei)
{
	sqlite3_stmt *st = db_query(&s->cache,
	    "SELECT g.n, g.chunks, l.realm, l.account, l.kind FROM generation g JOIN listing l"
	    " ON l.id = g.listing AND l.pending = g.id WHERE g.id=? AND g.owner=?",
	    BIND(INT(f->generation), INT(f->owner)));
	bool ok = db_row(st);
	enum err err;

	if (ok) {
		at->n = sqlite3_column_int64(st, 0);
		at->chunks = sqlite3_column_int64(st, 1);
		at->realm = sqlite3_column_int64(st, 2);
		snprintf(at->account, sizeof at->account, "%s",
		    (const char *)sqlite3_column_text(st, 3));
		snprintf(at->kind, sizeof at->kind, "%s", (const char *)sqlite3_column_text(st, 4));
	}
	err = db_done(&s->cache, st, ei);
	if (!err && !ok)
		err = err_set(ei, ERR_CANCELLED, "another terminal fetches this list");
	return err;
}

static enum err finish(struct store *s, const struct store_fetch *f, struct errinfo *ei)
{
	int64_t listing = db_int(
	    &s->cache, "SELECT listing FROM generation WHERE id=?", BIND(INT(f->generation)), NULL);
	int64_t old =
	    db_int(&s->cache, "SELECT current FROM listing WHERE id=?", BIND(INT(listing)), NULL);
	enum err err = old ? drop_generation(s, old, ei) : ERR_OK;

	if (!err)
		err = db_run(&s->cache,
		    "UPDATE listing SET current=?, pending=NULL, as_of=?, changes_at=0,"
		    " changes_cursor='' WHERE id=?",
		    BIND(INT(f->generation), INT(f->began + f->clock_skew_s), INT(listing)), ei);
	return err;
}

static enum err put_in(struct store *s, struct store_fetch *f, const struct raw_set *page,
    const char *next_cursor, struct errinfo *ei)
{
	bool last = !next_cursor || !next_cursor[0];
	struct place at = {0};
	enum err err = place_of(s, f, &at, ei);

	if (!err)
		err = put_records(s, f, &at, page, ei);
	if (err)
		return err;
	/* a cursor that would not come back whole is as good as none: the fetch cannot be resumed */
	snprintf(f->cursor, sizeof f->cursor, "%s",
	    last || strlen(next_cursor) >= sizeof f->cursor ? "" : next_cursor);
	f->n = at.n;
	err = db_run(&s->cache,
	    "UPDATE generation SET n=?, chunks=?, complete=?, fetched_at=?, cursor=? WHERE id=?",
	    BIND(INT(at.n), INT(at.chunks), INT(last), INT(clock_wall_s()), TEXT(f->cursor),
		INT(f->generation)),
	    ei);
	return err || !last ? err : finish(s, f, ei);
}

enum err listing_put(struct store *s, struct store_fetch *f, const struct raw_set *page,
    const char *next_cursor, struct errinfo *ei)
{
	enum err err = cache_ready(s, ei);

	if (!err)
		err = db_begin(&s->cache, ei);
	if (!err)
		err = db_end(&s->cache, put_in(s, f, page, next_cursor, ei), ei);
	return cache_guard(s, err);
}

enum err listing_replace(
    struct store *s, const struct listing_key *key, const struct raw_set *all, struct errinfo *ei)
{
	struct store_fetch f = {0};
	struct place at = {.realm = s->cache_realm};
	enum err err;
	int64_t id = listing_id(s, key, &err, ei), old;

	if (err)
		return err;
	old = db_int(&s->cache, "SELECT current FROM listing WHERE id=?", BIND(INT(id)), NULL);
	snprintf(at.account, sizeof at.account, "%s", key->account);
	snprintf(at.kind, sizeof at.kind, "%s", key->kind);
	err = new_generation(s, id, &f, ei);
	if (!err)
		err = put_records(s, &f, &at, all, ei);
	if (!err)
		err = db_run(&s->cache,
		    "UPDATE generation SET n=?, chunks=?, complete=1, fetched_at=? WHERE id=?",
		    BIND(INT(at.n), INT(at.chunks), INT(clock_wall_s()), INT(f.generation)), ei);
	if (!err && old)
		err = drop_generation(s, old, ei);
	return err ? err
		   : db_run(&s->cache, "UPDATE listing SET current=? WHERE id=?",
			 BIND(INT(f.generation), INT(id)), ei);
}

/* --- reading --- */

enum err listing_info(struct store *s, const struct listing_key *k, struct listing_info *out)
{
	/* the complete one, else what has come so far; an empty unfinished one counts as nothing */
	static const char sql[] =
	    "SELECT g.id, g.n, g.fetched_at, g.complete, l.as_of FROM listing l JOIN generation g"
	    " ON g.id = coalesce(l.current, l.pending)"
	    " WHERE l.realm=? AND l.account=? AND l.kind=? AND l.scope=? AND g.fetched_at > 0";
	sqlite3_stmt *st;
	enum err err = cache_ready(s, NULL);

	memset(out, 0, sizeof *out);
	if (err)
		return err;
	st = db_query(&s->cache, sql,
	    BIND(INT(s->cache_realm), TEXT(k->account), TEXT(k->kind), TEXT(k->scope)));
	if (db_row(st)) {
		out->generation = sqlite3_column_int64(st, 0);
		out->n = sqlite3_column_int64(st, 1);
		out->fetched_at = sqlite3_column_int64(st, 2);
		out->complete = sqlite3_column_int(st, 3) != 0;
		out->as_of = sqlite3_column_int64(st, 4);
	}
	err = db_done(&s->cache, st, NULL);
	return cache_guard(s, err);
}

/* Copy the blob of the row into the set's arena and unpack records skip .. skip+max-1 of it. */
static enum err take_chunk(
    struct store *s, sqlite3_stmt *st, size_t skip, size_t max, struct raw_set *out)
{
	const void *data = sqlite3_column_blob(st, 2);
	size_t n = (size_t)sqlite3_column_bytes(st, 2), before = out->n;
	int64_t records = sqlite3_column_int64(st, 1);
	const char *copy;
	enum err err;

	copy = arena_strndup(out->arena, data ? data : "", n);
	if (!copy)
		return ERR_NOMEM;
	err = pack_read(copy, n, skip, max, out);
	if (!err && skip == 0 && max >= (size_t)records && out->n - before != (size_t)records)
		err = ERR_CORRUPT;
	if (err == ERR_CORRUPT)
		s->cache.damaged = true;
	return err;
}

enum err listing_read(struct store *s, const struct listing_info *info, size_t first, size_t max,
    struct raw_set *out, struct errinfo *ei)
{
	size_t total = info->n > 0 ? (size_t)info->n : 0;
	size_t stop = first >= total ? first : (max < total - first ? first + max : total);
	enum err err = cache_ready(s, ei), done;
	sqlite3_stmt *st;

	if (err || stop == first)
		return err;
	st = db_query(&s->cache,
	    "SELECT first, n, data FROM chunk WHERE id >= ? AND id < ?"
	    " AND first + n > ? AND first < ? ORDER BY id",
	    BIND(INT(chunk_id(info->generation, 0)), INT(chunk_id(info->generation + 1, 0)),
		INT(first), INT(stop)));
	while (!err && db_row(st)) {
		size_t at = (size_t)sqlite3_column_int64(st, 0);
		size_t skip = first > at ? first - at : 0;

		err = take_chunk(s, st, skip, stop - at - skip, out);
	}
	done = db_done(&s->cache, st, ei);
	if (err == ERR_CORRUPT)
		err_set(ei, err, "cache.db is damaged");
	else if (err)
		err_set(ei, err, "out of memory");
	return cache_guard(s, err ? err : done);
}

static enum err read_if_same(struct store *s, const struct listing_info *info, size_t position,
    const char *value, struct raw_set *out)
{
	size_t before = out->n;
	enum err err = listing_read(s, info, position, 1, out, NULL);
	const char *got;

	if (err || out->n == before)
		return err ? err : ERR_NOTFOUND;
	got = first_field(out, before);
	if (got && strcmp(got, value) == 0)
		return ERR_OK;
	out->n = before;
	return ERR_NOTFOUND;
}

enum err listing_find(struct store *s, const struct listing_key *k, const char *value,
    struct raw_set *out, struct errinfo *ei)
{
	/* candidates are few: the same value in several scopes, or a collision of the hash */
	struct listing_info hits[8];
	size_t position[8], n = 0;
	enum err err = cache_ready(s, ei);
	sqlite3_stmt *st;

	if (err)
		return err;
	st = db_query(&s->cache,
	    "SELECT k.position, g.id, g.n FROM record_key k JOIN generation g ON g.id=k.generation"
	    " JOIN listing l ON l.id=g.listing AND coalesce(l.current, l.pending)=g.id"
	    " WHERE k.hash=? AND l.realm=? AND l.account=? AND l.kind=? ORDER BY g.id DESC LIMIT 8",
	    BIND(INT(key_hash(s->cache_realm, k->account, k->kind, value)), INT(s->cache_realm),
		TEXT(k->account), TEXT(k->kind)));
	while (n < 8 && db_row(st)) {
		position[n] = (size_t)sqlite3_column_int64(st, 0);
		hits[n] = (struct listing_info){
		    .generation = sqlite3_column_int64(st, 1), .n = sqlite3_column_int64(st, 2)};
		n++;
	}
	err = cache_guard(s, db_done(&s->cache, st, ei));
	for (size_t i = 0; i < n && !err; i++) {
		err = read_if_same(s, &hits[i], position[i], value, out);
		if (err != ERR_NOTFOUND)
			return err;
		err = ERR_OK;
	}
	return err ? err : err_set(ei, ERR_NOTFOUND, "%.64s is not known", value);
}
