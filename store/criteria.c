/* Criteria of line items: one blob each, and beside it an index with the counts of all of them. */
#include <string.h>
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "store/internal.h"
#include "store/journal.h"
#include "store/snapshot.h"

/* The number of an id that is a number to the base of 36, as ids of X are: those that were made one
 * after another then lie side by side in the index. 0: it is none. */
static int64_t number_of_id(const char *id)
{
	int64_t v = 0;
	size_t n = 0;

	for (; id[n]; n++) {
		char c = id[n];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'z' ? c - 'a' + 10
						   : -1;

		if (digit < 0 || n == 12) /* 37^12 < 2^63 */
			return 0;
		v = v * 37 + digit + 1;
	}
	return v;
}

/* Line items are found by that number, others by a hash of their id, which is negative: 63 bits of it
 * do not collide in practice, and a blob names its line item, so that a collision would be seen. */
static int64_t line_item_key(const char *id)
{
	int64_t number = number_of_id(id);

	return number ? number : (int64_t)(pack_hash(0, id, strlen(id)) | (uint64_t)1 << 63);
}

static int64_t owner_of(struct store *s, const char *account)
{
	return db_int(&s->cache, "SELECT id FROM owner WHERE realm=? AND account=?",
	    BIND(INT(s->cache_realm), TEXT(account)), NULL);
}

int64_t criteria_owner(
    struct store *s, const char *account, bool make, enum err *err, struct errinfo *ei)
{
	*err = ERR_OK;
	if (make)
		*err = db_run(&s->cache, "INSERT OR IGNORE INTO owner(realm, account) VALUES(?,?)",
		    BIND(INT(s->cache_realm), TEXT(account)), ei);
	return *err ? 0 : owner_of(s, account);
}

/* --- putting: criteria in any order, sorted into their line items by counting --- */

void criteria_sorted_done(struct criteria_sorted *b)
{
	mem_free(b->start);
	mem_free(b->records);
	*b = (struct criteria_sorted){0};
}

static bool belongs(const struct map *index, const struct criterion *c, uint64_t *at)
{
	return !c->deleted && c->line_item_id && map_get(index, c->line_item_id, at);
}

static size_t sets_of(const struct snapshot_criteria *c)
{
	return c->n_sets ? c->n_sets : 1;
}

/* Where each criterion belongs, NOWHERE for those that are left out. Neighbours are mostly of the
 * same line item, so that few have to be looked up. */
#define NOWHERE SIZE_MAX

static void assign(const struct snapshot_criteria *c, const struct map *index, size_t *place)
{
	const char *last = NULL;
	uint64_t at = 0;

	for (size_t k = 0, r = 0; k < sets_of(c); k++)
		for (size_t i = 0; i < c->criteria[k].n; i++, r++) {
			const struct criterion *cr = &c->criteria[k].v[i];
			bool same = last && cr->line_item_id && strcmp(last, cr->line_item_id) == 0;

			place[r] = NOWHERE;
			if (cr->deleted || (!same && !belongs(index, cr, &at)))
				continue;
			last = cr->line_item_id;
			place[r] = at;
		}
}

static void fill(
    struct criteria_sorted *b, const struct snapshot_criteria *c, const size_t *place, size_t *next)
{
	for (size_t k = 0, r = 0; k < sets_of(c); k++)
		for (size_t i = 0; i < c->criteria[k].n; i++, r++)
			if (place[r] != NOWHERE)
				b->records[next[place[r]]++] = &c->criteria[k].v[i];
}

static enum err sort_in(
    struct criteria_sorted *b, const struct snapshot_criteria *c, const struct map *index)
{
	size_t n = c->n_line_items, all = 0, *next, *place;
	enum err err;

	for (size_t k = 0; k < sets_of(c); k++)
		all += c->criteria[k].n;
	b->start = mem_array(n + 1, sizeof *b->start);
	b->records = mem_array(all, sizeof *b->records);
	next = mem_array(n + 1, sizeof *next);
	place = mem_array(all + 1, sizeof *place);
	if (b->start && b->records && next && place) {
		assign(c, index, place);
		for (size_t r = 0; r < all; r++)
			if (place[r] != NOWHERE)
				b->start[place[r] + 1]++;
		for (size_t i = 0; i < n; i++) {
			b->start[i + 1] += b->start[i];
			next[i] = b->start[i];
		}
		fill(b, c, place, next);
	}
	err = b->start && b->records && next && place ? ERR_OK : ERR_NOMEM;
	mem_free(place);
	mem_free(next);
	return err;
}

struct putter {
	struct store *s;
	int64_t owner;
	struct criteria_began began;
	struct packer packer;
	struct buf blob;
};

struct line_item_criteria {
	const char *line_item;
	int64_t version;
	const void *const *records;
	size_t n;
};

/* Is there a row whose reading began after more of the journal? One of a journal that is not there any
 * more goes: its number says nothing. */
static enum err is_newer(struct putter *p, int64_t key, bool *newer, struct errinfo *ei)
{
	struct db *d = &p->s->cache;
	struct journal_point there = {0};
	sqlite3_stmt *st =
	    db_query(d, "SELECT at_seq, at_hash FROM criteria WHERE owner=? AND line_item=?",
		BIND(INT(p->owner), INT(key)));
	enum err err;

	*newer = false;
	if (db_row(st)) {
		there.seq = sqlite3_column_int64(st, 0);
		there.hash = (uint64_t)sqlite3_column_int64(st, 1);
	}
	err = db_done(d, st, ei);
	if (err || !there.seq)
		return err;
	*newer = journal_is_after(p->s, &there, &there);
	return *newer ? ERR_OK
		      : db_run(d, "DELETE FROM criteria WHERE owner=? AND line_item=?",
			    BIND(INT(p->owner), INT(key)), ei);
}

static enum err put_one(struct putter *p, const struct line_item_criteria *one, struct errinfo *ei)
{
	int64_t key = line_item_key(one->line_item);
	struct db *d = &p->s->cache;
	const struct journal_point *at = &p->began.at;
	bool newer;
	enum err err;

	buf_clear(&p->blob);
	err = buf_add(&p->blob, one->line_item, strlen(one->line_item) + 1);
	if (!err)
		err = pack_write(&p->packer, &pack_near_criterion, one->records, one->n, &p->blob);
	if (err)
		return err_set(
		    ei, err, "the criteria of line item %.64s are too large", one->line_item);
	/* in its place, if it is there */
	err = db_run(d,
	    "UPDATE criteria SET n=?, fetched_at=?, version=?, data=?, at_seq=?, at_hash=?,"
	    " at_mono=? WHERE owner=? AND line_item=? AND at_seq <= ?5",
	    BIND(INT(one->n), INT(p->began.wall_s), INT(one->version), BLOB(p->blob.p, p->blob.len),
		INT(at->seq), INT(at->hash), INT(at->mono_ms), INT(p->owner), INT(key)),
	    ei);
	if (err || db_changes(d))
		return err;
	err = is_newer(p, key, &newer, ei);
	if (err || newer)
		return err;
	return db_run(d,
	    "INSERT INTO criteria(owner, line_item, n, fetched_at, version, data, at_seq, at_hash,"
	    " at_mono) VALUES(?,?,?,?,?,?,?,?,?)",
	    BIND(INT(p->owner), INT(key), INT(one->n), INT(p->began.wall_s), INT(one->version),
		BLOB(p->blob.p, p->blob.len), INT(at->seq), INT(at->hash), INT(at->mono_ms)),
	    ei);
}

enum err criteria_sort(
    const struct snapshot_criteria *c, struct criteria_sorted *b, struct errinfo *ei)
{
	struct map index;
	enum err err = ERR_OK;

	*b = (struct criteria_sorted){0};
	map_init(&index);
	/* an id that was given twice counts once, at its last place */
	for (size_t i = 0; i < c->n_line_items && !err; i++)
		err = map_put(&index, c->line_items[i], i);
	if (!err)
		err = sort_in(b, c, &index);
	map_done(&index);
	if (err)
		criteria_sorted_done(b);
	return err ? err_set(ei, err, "out of memory") : ERR_OK;
}

enum err criteria_put_range(struct store *s, const struct snapshot_criteria *c,
    const struct criteria_sorted *b, const struct criteria_range *range, struct errinfo *ei)
{
	struct putter p = {.s = s, .began = range->began};
	enum err err;

	p.owner = criteria_owner(s, c->account, true, &err, ei);
	packer_init(&p.packer);
	buf_init(&p.blob, PACK_BYTES);
	for (size_t i = range->first; i < range->end && !err; i++)
		err = put_one(&p,
		    &(struct line_item_criteria){c->line_items[i], c->versions ? c->versions[i] : 0,
			b->records + b->start[i], b->start[i + 1] - b->start[i]},
		    ei);
	packer_done(&p.packer);
	buf_done(&p.blob);
	return err;
}

static enum err put_all(struct store *s, const struct snapshot_criteria *c, struct errinfo *ei)
{
	struct criteria_range all = {0, c->n_line_items, {clock_wall_s(), journal_now(s)}};
	struct criteria_sorted sorted;
	enum err err = criteria_sort(c, &sorted, ei);

	if (!err)
		err = criteria_put_range(s, c, &sorted, &all, ei);
	criteria_sorted_done(&sorted);
	return err;
}

enum err snapshot_put_criteria(
    struct store *s, const struct snapshot_criteria *c, struct errinfo *ei)
{
	enum err err = cache_ready(s, ei);

	if (!err)
		err = db_begin(&s->cache, ei);
	if (!err)
		err = db_end(&s->cache, put_all(s, c, ei), ei);
	return cache_guard(s, err);
}

/* --- reading --- */

/* The blob of a row, behind the name of the line item. */
static enum err blob_of(struct store *s, sqlite3_stmt *st, const char **name, struct pack_reader *r)
{
	const char *p = sqlite3_column_blob(st, 0);
	size_t n = (size_t)sqlite3_column_bytes(st, 0);

	if (!p)
		p = "";
	*r = (struct pack_reader){(const unsigned char *)p, (const unsigned char *)p + n, false};
	*name = pack_get_string(r);
	if (r->bad)
		s->cache.damaged = true;
	return r->bad ? ERR_CORRUPT : ERR_OK;
}

static enum err unpack(
    struct store *s, sqlite3_stmt *st, const char *line_item, struct criterion_set *out)
{
	struct raw_set raw = RAW_SET(out, &pack_criterion);
	struct pack_reader r;
	const char *name, *copy;
	enum err err = blob_of(s, st, &name, &r);
	size_t before = out->n, n;

	if (err)
		return err;
	if (strcmp(name, line_item) != 0)
		return ERR_NOTFOUND;
	n = (size_t)(r.end - r.p);
	copy = arena_strndup(&out->arena, (const char *)r.p, n);
	if (!copy)
		return ERR_NOMEM;
	err = pack_read(copy, n, 0, SIZE_MAX, &raw);
	out->v = raw.v;
	out->n = raw.n;
	out->cap = raw.cap;
	if (err == ERR_CORRUPT)
		s->cache.damaged = true;
	if (!err && out->n > before)
		pack_finish_criteria(out, before);
	return err;
}

enum err snapshot_get_criteria(struct store *s, const char *account, const char *line_item,
    struct criterion_set *out, struct errinfo *ei)
{
	enum err err = cache_ready(s, ei), done;
	sqlite3_stmt *st;

	if (err)
		return err;
	st = db_query(&s->cache, "SELECT data FROM criteria WHERE owner=? AND line_item=?",
	    BIND(INT(owner_of(s, account)), INT(line_item_key(line_item))));
	err = db_row(st) ? unpack(s, st, line_item, out) : ERR_NOTFOUND;
	done = db_done(&s->cache, st, ei);
	if (done)
		err = done;
	else if (err)
		err_set(ei, err, "the criteria of line item %.64s are %s", line_item,
		    err == ERR_NOTFOUND ? "not read yet" : "damaged");
	return cache_guard(s, err);
}

struct journal_point snapshot_criteria_point(
    struct store *s, const char *account, const char *line_item)
{
	struct journal_point p = {0};
	sqlite3_stmt *st;

	if (cache_ready(s, NULL))
		return p;
	st = db_query(&s->cache,
	    "SELECT at_seq, at_hash, at_mono FROM criteria WHERE owner=? AND line_item=?",
	    BIND(INT(owner_of(s, account)), INT(line_item_key(line_item))));
	if (db_row(st))
		p = (struct journal_point){sqlite3_column_int64(st, 0),
		    (uint64_t)sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 2)};
	if (cache_guard(s, db_done(&s->cache, st, NULL)))
		p = (struct journal_point){0};
	return p;
}

/* --- counts --- */

struct slot { /* open addressing: line item key to its place in the caller's set */
	int64_t key;
	size_t i; /* + 1; 0: free */
};

static size_t probe(const struct slot *slots, size_t mask, int64_t key)
{
	/* keys may be numbers side by side, or far apart with the same low bits */
	size_t at = (size_t)((uint64_t)key * 0x9e3779b97f4a7c15u >> 20) & mask;

	while (slots[at].i && slots[at].key != key)
		at = (at + 1) & mask;
	return at;
}

static enum err fill_counts(struct store *s, const char *account, const struct slot *slots,
    size_t mask, struct snapshot_count *out)
{
	sqlite3_stmt *st = db_query(&s->cache,
	    "SELECT line_item, n, fetched_at, version FROM criteria INDEXED BY criteria_head WHERE "
	    "owner=?",
	    BIND(INT(owner_of(s, account))));

	while (db_row(st)) {
		size_t at = probe(slots, mask, sqlite3_column_int64(st, 0));

		if (slots[at].i)
			out[slots[at].i - 1] = (struct snapshot_count){sqlite3_column_int(st, 1),
			    sqlite3_column_int64(st, 2), sqlite3_column_int64(st, 3)};
	}
	return db_done(&s->cache, st, NULL);
}

/* A few are looked up one by one; many take one walk over the index. */
#define FEW 200

static enum err count_few(struct store *s, const char *account, const struct line_item_set *items,
    struct snapshot_count *out)
{
	int64_t owner = owner_of(s, account);
	/* one read transaction: else every look-up takes and drops SQLite's locks */
	enum err err = db_begin_read(&s->cache, NULL);

	if (err)
		return err;
	for (size_t i = 0; i < items->n && !err; i++) {
		sqlite3_stmt *st = db_query(&s->cache,
		    "SELECT n, fetched_at, version FROM criteria INDEXED BY criteria_head"
		    " WHERE owner=? AND line_item=?",
		    BIND(INT(owner), INT(line_item_key(items->v[i].id))));

		if (db_row(st))
			out[i] = (struct snapshot_count){sqlite3_column_int(st, 0),
			    sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 2)};
		err = db_done(&s->cache, st, NULL);
	}
	return db_end(&s->cache, err, NULL);
}

enum err snapshot_counts(struct store *s, const char *account, const struct line_item_set *items,
    struct snapshot_count *out, struct errinfo *ei)
{
	enum err err = cache_ready(s, ei);
	size_t cap = 16;
	struct slot *slots;

	for (size_t i = 0; i < items->n; i++)
		out[i] = (struct snapshot_count){.n = -1};
	if (err)
		return err;
	if (items->n <= FEW)
		return cache_guard(s, count_few(s, account, items, out));
	while (cap < items->n * 2)
		cap *= 2;
	slots = mem_array(cap, sizeof *slots);
	if (!slots)
		return err_set(ei, ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < items->n; i++) {
		int64_t key = line_item_key(items->v[i].id);

		slots[probe(slots, cap - 1, key)] = (struct slot){key, i + 1};
	}
	err = fill_counts(s, account, slots, cap - 1, out);
	mem_free(slots);
	return cache_guard(s, err);
}

/* --- where used --- */

void use_set_init(struct use_set *u)
{
	memset(u, 0, sizeof *u);
	arena_init(&u->arena);
}

void use_set_done(struct use_set *u)
{
	arena_done(&u->arena);
	mem_free(u->v);
	use_set_init(u);
}

struct search {
	struct use_set *out;
	const char *line_item; /* in the blob at hand */
	const char *copy; /* in the arena, once there was a hit */
};

static bool on_match(void *user, const char *id, enum operator_type op)
{
	struct search *find = user;
	struct use_set *out = find->out;

	if (out->n == out->cap) {
		size_t cap = out->cap ? out->cap * 2 : 64;
		void *v = mem_realloc_array(out->v, cap, sizeof *out->v);

		if (!v)
			return false;
		out->v = v;
		out->cap = cap;
	}
	if (!find->copy)
		find->copy = arena_strdup(&out->arena, find->line_item);
	out->v[out->n] = (struct use){find->copy, arena_strdup(&out->arena, id), op};
	if (!find->copy || (id && !out->v[out->n].criterion_id))
		return false;
	out->n++;
	return true;
}

enum err snapshot_where_used(struct store *s, const char *account, const char *type_name,
    const char *value, struct use_set *out)
{
	struct search find = {.out = out};
	struct pack_match m = {type_name, value, on_match, &find};
	enum err err = cache_ready(s, NULL), done;
	sqlite3_stmt *st;

	if (err)
		return err;
	st = db_query(&s->cache, "SELECT data FROM criteria WHERE owner=? ORDER BY id",
	    BIND(INT(owner_of(s, account))));
	while (!err && db_row(st)) {
		struct pack_reader r;

		find.copy = NULL;
		err = blob_of(s, st, &find.line_item, &r);
		if (!err)
			err = pack_match_criteria((const char *)r.p, (size_t)(r.end - r.p), &m);
		if (err == ERR_CORRUPT)
			s->cache.damaged = true;
	}
	done = db_done(&s->cache, st, NULL);
	return cache_guard(s, err ? err : done);
}
