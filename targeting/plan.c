#include "targeting/plan.h"

#include <string.h>
#include "base/mem.h"
#include "targeting/cell.h"
#include "targeting/plan_impl.h"
#include "targeting/record.h"
#include "targeting/set.h"

void plan_init(struct plan *p)
{
	*p = (struct plan){0};
	arena_init(&p->arena);
}

void plan_done(struct plan *p)
{
	arena_done(&p->arena);
	mem_free(p->batches);
	mem_free(p->line_items);
	mem_free(p->left_out);
	plan_init(p);
}

/* --- changes by line item */

struct by_line_item {
	struct arena arena;
	const struct change **changes; /* those of one line item stand together, in their order */
	size_t *start; /* n + 1 borders in changes */
	size_t n;
};

static enum err sort_by_line_item(struct by_line_item *by, const struct change_set *in)
{
	struct set_index ids;
	size_t *of = arena_alloc(&by->arena, (in->n + 1) * sizeof *of), *at;
	enum err err = of ? ERR_OK : ERR_NOMEM;

	set_index_init(&ids);
	for (size_t i = 0; i < in->n && !err; i++) {
		struct set_key key;

		set_key_of_id(in->v[i].line_item_id ? in->v[i].line_item_id : "", &key);
		err = set_index_put(&ids, &key, by->n, &of[i]);
		by->n += !err && of[i] == by->n;
	}
	set_index_done(&ids);
	by->start = arena_alloc(&by->arena, (by->n + 1) * sizeof *by->start);
	by->changes = arena_alloc(&by->arena, (in->n + 1) * sizeof *by->changes);
	at = arena_alloc(&by->arena, (by->n + 1) * sizeof *at);
	if (err || !by->start || !by->changes || !at)
		return ERR_NOMEM;
	for (size_t i = 0; i < in->n; i++)
		by->start[of[i] + 1]++;
	for (size_t i = 0; i < by->n; i++) {
		by->start[i + 1] += by->start[i];
		at[i] = by->start[i];
	}
	for (size_t i = 0; i < in->n; i++)
		by->changes[at[of[i]]++] = &in->v[i];
	return ERR_OK;
}

/* --- batches */

struct planner {
	struct plan *plan;
	const struct plan_input *in;
	size_t max_ops, first_open;
	size_t batches_cap, line_items_cap, left_cap;
	struct effective set;
	struct plan_split split;
};

static enum err new_batch(struct planner *pl)
{
	struct plan *p = pl->plan;
	struct plan_batch b = {0};
	void *v = p->batches;
	size_t room = pl->max_ops < pl->in->changes->n ? pl->max_ops : pl->in->changes->n;

	b.ops = arena_alloc(&p->arena, room * sizeof *b.ops);
	if (!b.ops || !record_grow(&v, p->n_batches, &pl->batches_cap, sizeof *p->batches))
		return ERR_NOMEM;
	p->batches = v;
	p->batches[p->n_batches++] = b;
	return ERR_OK;
}

static void put_ops(struct plan *p, size_t batch, const struct change *const *ops, size_t n)
{
	struct plan_batch *b = &p->batches[batch];

	for (size_t i = 0; i < n; i++, b->n++)
		b->ops[b->n] = (struct plan_op){.change = ops[i], .index = b->n};
	p->n_ops += n;
}

/* A line item that fits goes whole into the first batch that has room. */
static enum err put_whole(struct planner *pl, struct plan_line_item *li)
{
	struct plan *p = pl->plan;
	size_t i;

	while (pl->first_open < p->n_batches && p->batches[pl->first_open].n >= pl->max_ops)
		pl->first_open++;
	for (i = pl->first_open; i < p->n_batches; i++)
		if (p->batches[i].n + pl->split.n_ops <= pl->max_ops)
			break;
	if (i == p->n_batches && new_batch(pl))
		return ERR_NOMEM;
	put_ops(p, i, pl->split.ops, pl->split.n_ops);
	li->first_batch = li->last_batch = i;
	return ERR_OK;
}

/* The batch that switches takes the end of what narrows before it and the start of what widens
 * after it, so that counts stay within their limits wherever that is possible. */
static enum err put_split(struct planner *pl, struct plan_line_item *li)
{
	const struct plan_split *s = &pl->split;
	size_t room = pl->max_ops - s->n_switch, tail = s->n_pre < room ? s->n_pre : room;
	size_t head = s->n_post < room - tail ? s->n_post : room - tail;
	size_t at = 0, edge = s->n_pre - tail;

	li->first_batch = pl->plan->n_batches;
	while (at < s->n_ops) {
		size_t n = at < edge ? edge - at : s->n_ops - at;

		if (at == edge && edge < s->n_ops)
			n = tail + s->n_switch + head;
		if (n > pl->max_ops)
			n = pl->max_ops;
		if (new_batch(pl))
			return ERR_NOMEM;
		put_ops(pl->plan, pl->plan->n_batches - 1, s->ops + at, n);
		at += n;
	}
	li->last_batch = pl->plan->n_batches - 1;
	return ERR_OK;
}

/* --- one line item */

static enum err leave_out(struct planner *pl, const struct change *c, enum effective_why why)
{
	struct plan *p = pl->plan;
	void *v = p->left_out;

	if (!record_grow(&v, p->n_left_out, &pl->left_cap, sizeof *p->left_out))
		return ERR_NOMEM;
	p->left_out = v;
	p->left_out[p->n_left_out++] = (struct effective_noop){c, why};
	return ERR_OK;
}

static enum err leave_out_all(struct planner *pl)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < pl->set.n_noops && !err; i++)
		err = leave_out(pl, pl->set.noop[i].change, pl->set.noop[i].why);
	for (size_t i = 0; i < pl->set.n && !err; i++)
		if (pl->set.v[i].held)
			err = leave_out(pl, pl->set.v[i].change, NOOP_HELD);
	return err;
}

static enum err add_line_item(struct planner *pl, struct plan_line_item *li)
{
	struct widen_input before_after = {
	    .before = pl->set.before,
	    .n_before = pl->set.n_before,
	    .after = pl->set.after,
	    .n_after = pl->set.n_after,
	    .lookup = pl->in->lookup,
	};
	struct plan *p = pl->plan;
	void *v = p->line_items;
	bool whole = pl->set.n_added + pl->set.n_removed <= pl->max_ops;
	enum err err;

	if (li->live_known)
		widen_judge(&before_after, &li->widen);
	li->n_creates = pl->set.n_added;
	li->n_deletes = pl->set.n_removed;
	err = plan_order(&pl->split, &pl->set, whole ? NULL : pl->in->lookup);
	if (!err && !whole && pl->split.n_switch > pl->max_ops)
		return ERR_LIMIT;
	if (!err)
		err = whole ? put_whole(pl, li) : put_split(pl, li);
	if (!err && !record_grow(&v, p->n_line_items, &pl->line_items_cap, sizeof *p->line_items))
		err = ERR_NOMEM;
	if (err)
		return err;
	p->line_items = v;
	p->line_items[p->n_line_items++] = *li;
	return ERR_OK;
}

/* Keywords that the line item has after each of its batches; all kinds count together (R28). */
static void judge_crowding(struct planner *pl, struct plan_line_item *li)
{
	size_t limit = type_info(TYPE_BROAD_KEYWORD)->limit, n = 0;

	for (size_t i = 0; i < pl->set.n_before; i++)
		n += type_is_keyword(pl->set.before[i]->type);
	for (size_t b = li->first_batch; b < li->last_batch; b++) {
		const struct plan_batch *batch = &pl->plan->batches[b];

		for (size_t i = 0; i < batch->n; i++) {
			const struct change *c = batch->ops[i].change;

			if (!type_is_keyword(c->type))
				continue;
			if (c->kind == CHANGE_CREATE)
				n++;
			else if (n)
				n--;
		}
		li->crowded |= n > limit;
	}
}

static enum err plan_one(
    struct planner *pl, const struct change *const *changes, size_t n, struct errinfo *ei)
{
	struct plan_line_item li = {
	    .line_item_id = changes[0]->line_item_id ? changes[0]->line_item_id : ""};
	struct effective_input in = {.picked = changes, .n_changes = n};
	enum err err;

	if (pl->in->live)
		li.live_known = pl->in->live(pl->in->user, li.line_item_id, &in.live, &in.n_live);
	if (!li.live_known)
		in.n_live = 0;
	in.live_unknown = !li.live_known;
	err = effective_build(&pl->set, &in);
	if (!err)
		err = leave_out_all(pl);
	if (err || !(pl->set.n_added + pl->set.n_removed))
		return err;
	err = add_line_item(pl, &li);
	if (err == ERR_LIMIT)
		return err_set(ei, err,
		    "line item %s needs %zu operations in one batch, %zu are allowed",
		    li.line_item_id, pl->split.n_switch, pl->max_ops);
	if (!err)
		judge_crowding(pl, &pl->plan->line_items[pl->plan->n_line_items - 1]);
	return err;
}

enum err plan_build(struct plan *p, const struct plan_input *in, struct errinfo *ei)
{
	struct planner pl = {.plan = p, .in = in, .max_ops = in->max_ops};
	struct by_line_item by = {0};
	enum err err;

	if (!pl.max_ops || pl.max_ops > PLAN_MAX_OPS)
		pl.max_ops = PLAN_MAX_OPS;
	effective_init(&pl.set);
	arena_init(&by.arena);
	err = sort_by_line_item(&by, in->changes);
	for (size_t i = 0; i < by.n && !err; i++)
		err = plan_one(&pl, by.changes + by.start[i], by.start[i + 1] - by.start[i], ei);
	plan_split_done(&pl.split);
	effective_done(&pl.set);
	arena_done(&by.arena);
	return err == ERR_NOMEM ? err_set(ei, err, "plan of %zu changes", in->changes->n) : err;
}

/* --- what it comes to */

enum err plan_canonical(const struct plan *p, struct buf *out)
{
	struct arena a;
	enum err err = ERR_OK;

	arena_init(&a);
	buf_adds(out, "reticle-plan 1\n");
	for (size_t b = 0; b < p->n_batches && !err; b++) {
		buf_addf(out, "batch %zu\n", p->batches[b].n);
		for (size_t i = 0; i < p->batches[b].n && !err; i++) {
			const struct change *c = p->batches[b].ops[i].change;
			const char *id = c->criterion_id ? c->criterion_id : "";
			struct criterion cr;
			struct set_key key;

			change_to_criterion(c, &cr);
			err = set_key_of(&a, &cr, &key);
			buf_addf(out, "%s %zu:%s ", change_kind_name(c->kind), strlen(id), id);
			if (!err)
				err = set_key_bytes(out, &key);
			buf_addc(out, '\n');
		}
	}
	arena_done(&a);
	return err ? err : out->failed;
}

bool plan_goes_worldwide(const struct plan *p)
{
	for (size_t i = 0; i < p->n_line_items; i++)
		if (p->line_items[i].live_known && p->line_items[i].widen.worldwide_after)
			return true;
	return false;
}

bool plan_must_acknowledge(const struct plan *p)
{
	for (size_t i = 0; i < p->n_line_items; i++)
		if (widen_must_acknowledge(&p->line_items[i].widen))
			return true;
	return plan_goes_worldwide(p);
}
