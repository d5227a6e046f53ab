#include <string.h>
#include "base/mem.h"
#include "targeting/record.h"
#include "targeting/set.h"

void set_merge_init(struct set_merge *m)
{
	*m = (struct set_merge){0};
	arena_init(&m->arena);
}

void set_merge_done(struct set_merge *m)
{
	arena_done(&m->arena);
	mem_free(m->v);
	set_merge_init(m);
}

enum side { BASE, THEIRS, MINE };

static enum err add_side(
    struct set_merge *m, struct set_index *x, const struct criterion_set *s, enum side side)
{
	for (size_t i = 0; i < s->n; i++) {
		struct set_key key;
		size_t row;
		void *v = m->v;
		enum err err;

		if (s->v[i].deleted)
			continue;
		err = set_key_of(&m->arena, &s->v[i], &key);
		if (!err)
			err = set_index_put(x, &key, m->n, &row);
		if (err)
			return err;
		if (row == m->n) {
			if (!record_grow(&v, m->n, &m->cap, sizeof *m->v))
				return ERR_NOMEM;
			m->v = v;
			m->v[m->n++] = (struct set_merge_row){0};
		}
		m->v[row].criterion = &s->v[i]; /* sides come in rising order of preference */
		m->v[row].in_base |= side == BASE;
		m->v[row].in_theirs |= side == THEIRS;
		m->v[row].in_mine |= side == MINE;
	}
	return ERR_OK;
}

static bool added_by_mine(const struct set_merge_row *r)
{
	return r->in_mine && !r->in_base && !r->in_theirs;
}

static bool added_by_them(const struct set_merge_row *r)
{
	return r->in_theirs && !r->in_base && !r->in_mine;
}

static void clash(struct set_merge_row *a, struct set_merge_row *b, enum set_merge_why why)
{
	a->why = b->why = why;
	a->in_result = a->in_mine;
	b->in_result = b->in_mine;
}

static enum err find_opposed(struct set_merge *m, const struct set_index *x)
{
	for (size_t i = 0; i < m->n; i++) {
		struct criterion other = *m->v[i].criterion;
		struct set_key key;
		size_t row;

		if (!added_by_mine(&m->v[i]) || (other.op != OP_EQ && other.op != OP_NE))
			continue;
		other.op = other.op == OP_EQ ? OP_NE : OP_EQ;
		if (set_key_of(&m->arena, &other, &key))
			return ERR_NOMEM;
		if (set_index_get(x, &key, &row) && added_by_them(&m->v[row]))
			clash(&m->v[i], &m->v[row], MERGE_OPPOSED);
	}
	return ERR_OK;
}

static enum err exclusive_key(struct set_merge *m, size_t i, struct set_key *key)
{
	struct criterion slot = *m->v[i].criterion;

	slot.value = "";
	slot.op = OP_EQ;
	return set_key_of(&m->arena, &slot, key);
}

static enum err find_exclusive(struct set_merge *m)
{
	struct set_index slots;
	enum err err = ERR_OK;
	struct set_key key;
	size_t row;

	set_index_init(&slots);
	for (size_t i = 0; i < m->n && !err; i++) {
		if (!added_by_mine(&m->v[i]) || type_info(m->v[i].criterion->type)->limit != 1)
			continue;
		err = exclusive_key(m, i, &key);
		if (!err)
			err = set_index_put(&slots, &key, i, &row);
	}
	for (size_t i = 0; i < m->n && !err && slots.n; i++) {
		if (!added_by_them(&m->v[i]) || type_info(m->v[i].criterion->type)->limit != 1)
			continue;
		err = exclusive_key(m, i, &key);
		if (!err && set_index_get(&slots, &key, &row))
			clash(&m->v[row], &m->v[i], MERGE_EXCLUSIVE);
	}
	set_index_done(&slots);
	return err;
}

enum err set_merge(const struct criterion_set *base, const struct criterion_set *theirs,
    const struct criterion_set *mine, struct set_merge *out)
{
	struct set_index x;
	enum err err;

	set_index_init(&x);
	out->n = out->n_conflicts = out->n_foreign = 0;
	err = add_side(out, &x, base, BASE);
	if (!err)
		err = add_side(out, &x, theirs, THEIRS);
	if (!err)
		err = add_side(out, &x, mine, MINE);
	for (size_t i = 0; i < out->n && !err; i++) {
		struct set_merge_row *r = &out->v[i];

		r->in_result = r->in_base ? r->in_theirs && r->in_mine : r->in_theirs || r->in_mine;
		if (!r->in_base && r->in_theirs && r->in_mine)
			r->why = MERGE_BOTH_ADDED;
		else if (r->in_base && !r->in_theirs && !r->in_mine)
			r->why = MERGE_BOTH_REMOVED;
		out->n_foreign += r->in_base != r->in_theirs && r->in_base == r->in_mine;
	}
	if (!err)
		err = find_exclusive(out);
	if (!err)
		err = find_opposed(out, &x);
	for (size_t i = 0; i < out->n; i++)
		out->n_conflicts +=
		    out->v[i].why == MERGE_EXCLUSIVE || out->v[i].why == MERGE_OPPOSED;
	set_index_done(&x);
	return err;
}
