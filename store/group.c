/* Groups of line items whose criteria are being fetched: the pages that came before the last one. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "store/internal.h"
#include "store/journal.h"
#include "store/snapshot.h"

#define PAGE_BITS 24
#define STEP_ROWS 1000 /* packed and written within a millisecond */
#define STEP_LINE_ITEMS 50

static int64_t page_id(int64_t group, int64_t number)
{
	return group << PAGE_BITS | number;
}

static enum err drop_in(struct store *s, int64_t group, struct errinfo *ei)
{
	enum err err = db_run(&s->cache, "DELETE FROM criteria_page WHERE id >= ? AND id < ?",
	    BIND(INT(page_id(group, 0)), INT(page_id(group + 1, 0))), ei);

	return err ? err
		   : db_run(
			 &s->cache, "DELETE FROM criteria_group WHERE id=?", BIND(INT(group)), ei);
}

static enum err name_line_items(struct buf *out, const struct snapshot_criteria *c)
{
	for (size_t i = 0; i < c->n_line_items; i++)
		buf_addf(out, "%s%s=%lld", i ? "," : "", c->line_items[i],
		    c->versions ? (long long)c->versions[i] : 0LL);
	return out->failed;
}

/* The row of the group, and room: groups that are too old to go on with end here. */
static enum err make_in(struct store *s, struct snapshot_group *g,
    const struct snapshot_criteria *c, struct errinfo *ei)
{
	struct buf names;
	enum err err;
	int64_t owner = criteria_owner(s, c->account, true, &err, ei), old;

	if (err)
		return err;
	while (!err && (old = db_int(&s->cache, "SELECT id FROM criteria_group WHERE began < ?",
			    BIND(INT(clock_wall_s() - LISTING_RESUME_S)), NULL)))
		err = drop_in(s, old, ei);
	buf_init(&names, PACK_BYTES);
	if (!err && name_line_items(&names, c))
		err = err_set(ei, ERR_NOMEM, "out of memory");
	if (!err)
		err = db_run(&s->cache,
		    "INSERT INTO criteria_group(owner, line_items, began, pages, cursor, at_seq,"
		    " at_hash, at_mono) VALUES(?,?,?,0,'',?,?,?)",
		    BIND(INT(owner), TEXT(buf_str(&names)), INT(g->began), INT(g->at.seq),
			INT(g->at.hash), INT(g->at.mono_ms)),
		    ei);
	if (!err)
		g->id = db_last_id(&s->cache);
	buf_done(&names);
	return err;
}

static enum err put_page(
    struct store *s, int64_t id, const struct criterion_set *page, struct errinfo *ei)
{
	const void **records = mem_array(page->n, sizeof *records);
	struct packer packer;
	struct buf blob;
	enum err err = ERR_NOMEM;

	packer_init(&packer);
	buf_init(&blob, PACK_BYTES);
	for (size_t i = 0; records && i < page->n; i++)
		records[i] = &page->v[i];
	if (records)
		err = pack_write(&packer, &pack_near_criterion, records, page->n, &blob);
	if (err)
		err_set(ei, err, "a page of criteria is too large to be kept");
	else
		err = db_run(&s->cache, "INSERT INTO criteria_page(id, data) VALUES(?,?)",
		    BIND(INT(id), BLOB(blob.p, blob.len)), ei);
	packer_done(&packer);
	buf_done(&blob);
	mem_free(records);
	return err;
}

static enum err keep_in(struct store *s, struct snapshot_group *g,
    const struct snapshot_criteria *c, const struct criterion_set *page, const char *cursor,
    struct errinfo *ei)
{
	enum err err = g->id ? ERR_OK : make_in(s, g, c, ei);

	if (!err)
		err = put_page(s, page_id(g->id, g->pages), page, ei);
	if (!err)
		err = db_run(&s->cache, "UPDATE criteria_group SET pages=?, cursor=? WHERE id=?",
		    BIND(INT(g->pages + 1), TEXT(cursor), INT(g->id)), ei);
	/* another terminal finished this very group, or the cache was made anew */
	if (!err && !db_changes(&s->cache))
		err = err_set(ei, ERR_CANCELLED, "another terminal reads these criteria");
	return err;
}

void snapshot_group_begin(struct store *s, struct snapshot_group *g)
{
	if (!g->began)
		g->began = clock_wall_s();
	if (!g->at.mono_ms)
		g->at = journal_now(s);
}

enum err snapshot_group_keep(struct store *s, struct snapshot_group *g,
    const struct snapshot_criteria *c, const struct criterion_set *page, const char *next_cursor,
    struct errinfo *ei)
{
	struct snapshot_group next = *g;
	enum err err = cache_ready(s, ei);

	snapshot_group_begin(s, &next);
	if (!err)
		err = db_begin(&s->cache, ei);
	if (!err)
		err = db_end(&s->cache, keep_in(s, &next, c, page, next_cursor, ei), ei);
	if (!err) {
		*g = next;
		g->pages++;
		snprintf(g->cursor, sizeof g->cursor, "%s", next_cursor);
	}
	return cache_guard(s, err);
}

struct snapshot_finish {
	struct criteria_sorted sorted;
	size_t n, next; /* line items */
	bool over;
};

struct snapshot_finish *snapshot_finish_new(const struct snapshot_criteria *c, struct errinfo *ei)
{
	struct snapshot_finish *f = mem_zalloc(sizeof *f);

	if (!f) {
		err_set(ei, ERR_NOMEM, "out of memory");
		return NULL;
	}
	f->n = c->n_line_items;
	if (!criteria_sort(c, &f->sorted, ei))
		return f;
	mem_free(f);
	return NULL;
}

void snapshot_finish_free(struct snapshot_finish *f)
{
	if (f)
		criteria_sorted_done(&f->sorted);
	mem_free(f);
}

bool snapshot_finish_over(const struct snapshot_finish *f)
{
	return f->over;
}

/* Line items of about STEP_ROWS criteria, and one at least. */
static struct criteria_range next_range(
    const struct snapshot_finish *f, const struct snapshot_group *g)
{
	const size_t *start = f->sorted.start;
	struct criteria_range r = {f->next, f->next, {g->began, g->at}};

	while (
	    r.end < f->n && (r.end == r.first || (start[r.end + 1] - start[r.first] <= STEP_ROWS &&
						     r.end - r.first < STEP_LINE_ITEMS)))
		r.end++;
	return r;
}

enum err snapshot_finish_step(struct store *s, struct snapshot_finish *f, struct snapshot_group *g,
    const struct snapshot_criteria *c, struct errinfo *ei)
{
	struct criteria_range range;
	enum err err = cache_ready(s, ei);
	bool over;

	snapshot_group_begin(s, g);
	range = next_range(f, g);
	over = range.end == f->n;
	if (!err)
		err = db_begin(&s->cache, ei);
	if (!err) {
		err = criteria_put_range(s, c, &f->sorted, &range, ei);
		if (!err && over && g->id)
			err = drop_in(s, g->id, ei);
		err = db_end(&s->cache, err, ei);
	}
	if (err)
		return cache_guard(s, err);
	f->next = range.end;
	f->over = over;
	if (over)
		*g = (struct snapshot_group){0};
	return ERR_OK;
}

enum err snapshot_group_finish(struct store *s, struct snapshot_group *g,
    const struct snapshot_criteria *c, struct errinfo *ei)
{
	struct snapshot_finish *f = snapshot_finish_new(c, ei);
	enum err err = f ? ERR_OK : ERR_NOMEM;

	while (!err && !f->over)
		err = snapshot_finish_step(s, f, g, c, ei);
	snapshot_finish_free(f);
	return err;
}

void snapshot_group_drop(struct store *s, struct snapshot_group *g)
{
	if (g->id && !cache_ready(s, NULL) && !db_begin(&s->cache, NULL))
		cache_guard(s, db_end(&s->cache, drop_in(s, g->id, NULL), NULL));
	*g = (struct snapshot_group){0};
}

bool snapshot_group_at(struct store *s, const char *account, size_t i, struct snapshot_group *g,
    struct buf *line_items)
{
	enum err err = cache_ready(s, NULL);
	int64_t owner = err ? 0 : criteria_owner(s, account, false, &err, NULL);
	sqlite3_stmt *st;
	bool any;

	*g = (struct snapshot_group){0};
	buf_clear(line_items);
	if (err || !owner)
		return false;
	st = db_query(&s->cache,
	    "SELECT id, began, pages, cursor, line_items, at_seq, at_hash, at_mono"
	    " FROM criteria_group"
	    " WHERE owner=? AND began >= ? ORDER BY id LIMIT 1 OFFSET ?",
	    BIND(INT(owner), INT(clock_wall_s() - LISTING_RESUME_S), INT(i)));
	any = db_row(st);
	if (any) {
		g->id = sqlite3_column_int64(st, 0);
		g->began = sqlite3_column_int64(st, 1);
		g->pages = sqlite3_column_int64(st, 2);
		snprintf(
		    g->cursor, sizeof g->cursor, "%s", (const char *)sqlite3_column_text(st, 3));
		buf_adds(line_items, (const char *)sqlite3_column_text(st, 4));
		g->at = (struct journal_point){sqlite3_column_int64(st, 5),
		    (uint64_t)sqlite3_column_int64(st, 6), sqlite3_column_int64(st, 7)};
	}
	err = cache_guard(s, db_done(&s->cache, st, NULL));
	return any && !err && !line_items->failed;
}

static enum err load_page(struct store *s, sqlite3_stmt *st, struct criterion_set *out)
{
	struct raw_set raw = RAW_SET(out, &pack_criterion);
	const void *data = sqlite3_column_blob(st, 0);
	size_t n = (size_t)sqlite3_column_bytes(st, 0), before = out->n;
	const char *copy = arena_strndup(&out->arena, data ? data : "", n);
	enum err err = copy ? pack_read(copy, n, 0, SIZE_MAX, &raw) : ERR_NOMEM;

	out->v = raw.v;
	out->n = raw.n;
	out->cap = raw.cap;
	if (err == ERR_CORRUPT)
		s->cache.damaged = true;
	if (!err && out->n > before)
		pack_finish_criteria(out, before);
	return err;
}

enum err snapshot_group_load(
    struct store *s, const struct snapshot_group *g, struct criterion_set *out, struct errinfo *ei)
{
	enum err err = cache_ready(s, ei), done;
	int64_t pages = 0;
	sqlite3_stmt *st;

	if (err)
		return err;
	st = db_query(&s->cache,
	    "SELECT data FROM criteria_page WHERE id >= ? AND id < ? ORDER BY id",
	    BIND(INT(page_id(g->id, 0)), INT(page_id(g->id + 1, 0))));
	for (; !err && db_row(st); pages++)
		err = load_page(s, st, out);
	done = db_done(&s->cache, st, ei);
	if (done)
		err = done;
	else if (!err && pages != g->pages)
		err = err_set(ei, ERR_NOTFOUND, "the criteria that were kept are gone");
	return cache_guard(s, err);
}
