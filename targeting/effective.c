#include "targeting/effective.h"

#include <string.h>
#include "base/mem.h"
#include "targeting/record.h"

#define NOWHERE SIZE_MAX

static const char *const why_text[] = {
    [NOOP_NONE] = "",
    [NOOP_THERE] = "already there",
    [NOOP_GONE] = "already gone",
    [NOOP_TWICE] = "staged twice",
    [NOOP_UNDONE] = "added and removed again",
    [NOOP_HELD] = "held",
};

const char *effective_why_text(enum effective_why why)
{
	return why_text[why];
}

bool effective_is_before(const struct effective_row *r)
{
	return r->state != EFFECTIVE_ADDED;
}

bool effective_is_after(const struct effective_row *r)
{
	return r->state == EFFECTIVE_LIVE || (r->state == EFFECTIVE_ADDED) != r->held;
}

void effective_init(struct effective *e)
{
	*e = (struct effective){0};
	arena_init(&e->arena);
	set_index_init(&e->index);
}

void effective_done(struct effective *e)
{
	arena_done(&e->arena);
	set_index_done(&e->index);
	mem_free(e->v);
	mem_free(e->noop);
	mem_free(e->keys);
	mem_free(e->before);
	mem_free(e->after);
	effective_init(e);
}

static void clear(struct effective *e)
{
	arena_done(&e->arena);
	arena_init(&e->arena);
	set_index_clear(&e->index);
	e->n = e->n_noops = e->n_before = e->n_after = 0;
	e->n_added = e->n_removed = e->n_held = e->n_same = 0;
}

static enum err add_row(struct effective *e, struct effective_row row, const struct set_key *key)
{
	void *v = e->v, *keys = e->keys;
	bool ok = record_grow(&v, e->n, &e->cap, sizeof *e->v);

	e->v = v;
	ok = ok && record_grow(&keys, e->n, &e->keys_cap, sizeof *e->keys);
	e->keys = keys;
	if (!ok)
		return ERR_NOMEM;
	e->v[e->n] = row;
	e->keys[e->n++] = *key;
	return ERR_OK;
}

static enum err add_noop(struct effective *e, const struct change *c, enum effective_why why)
{
	void *v = e->noop;

	if (!record_grow(&v, e->n_noops, &e->noop_cap, sizeof *e->noop))
		return ERR_NOMEM;
	e->noop = v;
	e->noop[e->n_noops++] = (struct effective_noop){c, why};
	return ERR_OK;
}

static enum err add_live(struct effective *e, const struct criterion *c, bool by_id)
{
	struct effective_row row = {.criterion = c};
	size_t found, at = e->n;
	struct set_key key, id;
	enum err err = set_key_of(&e->arena, c, &key);

	if (!err)
		err = set_index_put(&e->index, &key, at, &found);
	if (!err)
		e->n_same += found != at;
	if (!err && c->id && by_id) {
		set_key_of_id(c->id, &id);
		err = set_index_put(&e->index, &id, at, &found);
	}
	return err ? err : add_row(e, row, &key);
}

/* The criterion of a change as a row of its own; its strings are those of the change. */
static enum err add_staged(struct effective *e, const struct change *c, const struct set_key *key)
{
	struct criterion *cr = arena_alloc(&e->arena, sizeof *cr);
	struct effective_row row = {
	    .criterion = cr,
	    .change = c,
	    .state = c->kind == CHANGE_DELETE ? EFFECTIVE_REMOVED : EFFECTIVE_ADDED,
	    .held = c->held,
	};

	if (!cr)
		return ERR_NOMEM;
	change_to_criterion(c, cr);
	return add_row(e, row, key);
}

static bool find(const struct effective *e, const struct set_key *key, size_t *row)
{
	if (!set_index_get(&e->index, key, row))
		return false;
	/* the index knows the first of several equal rows: prefer one that stays */
	for (size_t i = *row; e->n_same && i < e->n; i++)
		if (e->v[i].state == EFFECTIVE_LIVE && set_key_equal(&e->keys[i], key)) {
			*row = i;
			break;
		}
	return true;
}

static enum err stage_delete(struct effective *e, const struct change *c, bool live_unknown)
{
	struct criterion cr;
	struct set_key key, id;
	size_t row = NOWHERE, found;
	enum err err;

	change_to_criterion(c, &cr);
	err = set_key_of(&e->arena, &cr, &key);
	if (err)
		return err;
	if (c->criterion_id) {
		set_key_of_id(c->criterion_id, &id);
		if (!set_index_get(&e->index, &id, &row))
			row = NOWHERE;
	} else if (!find(e, &key, &row)) {
		row = NOWHERE;
	}
	if (row == NOWHERE && live_unknown) {
		err = c->criterion_id ? set_index_put(&e->index, &id, e->n, &found) : ERR_OK;
		if (!err)
			err = set_index_put(&e->index, &key, e->n, &found);
		return err ? err : add_staged(e, c, &key);
	}
	if (row == NOWHERE)
		return add_noop(e, c, NOOP_GONE);
	if (e->v[row].state == EFFECTIVE_REMOVED)
		return add_noop(e, c, NOOP_TWICE);
	e->v[row].state = EFFECTIVE_REMOVED;
	e->v[row].change = c;
	e->v[row].held = c->held;
	return ERR_OK;
}

/* A create of what a row has already: which of the two changes, if any, still does something? */
static enum err create_again(struct effective *e, const struct change *c, size_t row, bool *add)
{
	struct effective_row *r = &e->v[row];
	const struct change *other = r->change;
	enum err err;

	*add = false;
	if (r->state == EFFECTIVE_LIVE)
		return add_noop(e, c, NOOP_THERE);
	if (r->state == EFFECTIVE_ADDED) {
		if (!r->held || c->held)
			return add_noop(e, c, NOOP_TWICE);
		r->change = c;
		r->held = false;
		return add_noop(e, other, NOOP_TWICE);
	}
	if (r->held != c->held) {
		*add = c->held;
		return c->held ? ERR_OK : add_noop(e, c, NOOP_THERE);
	}
	r->state = EFFECTIVE_LIVE;
	r->change = NULL;
	r->held = false;
	err = add_noop(e, other, NOOP_UNDONE);
	return err ? err : add_noop(e, c, NOOP_UNDONE);
}

static enum err stage_create(struct effective *e, const struct change *c)
{
	struct criterion cr;
	struct set_key key;
	size_t row;
	bool add = true;
	enum err err;

	change_to_criterion(c, &cr);
	err = set_key_of(&e->arena, &cr, &key);
	if (!err && find(e, &key, &row))
		err = create_again(e, c, row, &add);
	if (err || !add)
		return err;
	err = set_index_put(&e->index, &key, e->n, &row);
	return err ? err : add_staged(e, c, &key);
}

static enum err make_lists(struct effective *e)
{
	if (e->n > e->list_cap || !e->before) {
		size_t want = e->n ? e->n : 1;

		mem_free(e->before);
		mem_free(e->after);
		e->list_cap = 0;
		e->before = mem_array(want, sizeof *e->before);
		e->after = mem_array(want, sizeof *e->after);
		if (!e->before || !e->after)
			return ERR_NOMEM;
		e->list_cap = want;
	}
	for (size_t i = 0; i < e->n; i++) {
		const struct effective_row *r = &e->v[i];

		if (effective_is_before(r))
			e->before[e->n_before++] = r->criterion;
		if (effective_is_after(r))
			e->after[e->n_after++] = r->criterion;
		e->n_held += r->held;
		e->n_added += r->state == EFFECTIVE_ADDED && !r->held;
		e->n_removed += r->state == EFFECTIVE_REMOVED && !r->held;
	}
	return ERR_OK;
}

static bool is_of(const char *wanted, const char *line_item_id)
{
	return !wanted || (line_item_id && !strcmp(wanted, line_item_id));
}

static const struct change *change_at(const struct effective_input *in, size_t i)
{
	return in->picked ? in->picked[i] : &in->changes[i];
}

enum err effective_build(struct effective *e, const struct effective_input *in)
{
	/* Deletes are about live rows, so they come first whatever the order of staging. */
	static const enum change_kind passes[] = {CHANGE_DELETE, CHANGE_CREATE};
	enum err err = ERR_OK;
	bool by_id = in->n_changes; /* only deletes look for ids, and most sets have no changes */

	clear(e);
	for (size_t i = 0; i < in->n_live && !err; i++)
		if (!in->live[i].deleted && is_of(in->line_item_id, in->live[i].line_item_id))
			err = add_live(e, &in->live[i], by_id);
	for (size_t pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < in->n_changes && !err; i++) {
			const struct change *c = change_at(in, i);

			if (c->kind != passes[pass] || !is_of(in->line_item_id, c->line_item_id))
				continue;
			err = c->kind == CHANGE_DELETE ? stage_delete(e, c, in->live_unknown)
						       : stage_create(e, c);
		}
	return err ? err : make_lists(e);
}
