#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "api/apply_int.h"
#include "base/clock.h"
#include "base/mem.h"
#include "targeting/set.h"
#include "targeting/widen.h"

/* --- settlement: what a reading says about an operation --- */

static void op_criterion(const struct apply_op *op, struct criterion *c)
{
	*c = (struct criterion){.line_item_id = op->line_item_id,
	    .type_name = op->type_name,
	    .value = op->value,
	    .type = type_by_name(op->type_name),
	    .op = op->op};
}

/* Same natural key. The server may also change the case of a value (it lowers audience ids,
 * reference 7.2): that must not make an effect look absent. */
static bool same_key(const struct criterion *a, const struct criterion *b)
{
	struct set_key x, y;
	struct arena arena;
	bool same = false;

	if (strcmp(a->line_item_id, b->line_item_id) != 0 || a->op != b->op ||
	    strcmp(a->type_name, b->type_name) != 0)
		return false;
	if (strcasecmp(a->value, b->value) == 0)
		return true;
	arena_init(&arena);
	if (!set_key_of(&arena, a, &x) && !set_key_of(&arena, b, &y))
		same = set_key_equal(&x, &y);
	arena_done(&arena);
	return same;
}

enum { CLOCK_SLACK_S = 5 };

static enum seen judge_create(
    const struct judge *j, const struct apply_op *op, const char **result_id)
{
	struct criterion want;
	enum seen seen = SEEN_ABSENT;

	op_criterion(op, &want);
	for (size_t i = 0; i < j->now->n; i++) {
		const struct criterion *c = &j->now->v[i];

		if (map_get(j->pre_ids, c->id, NULL) || !same_key(c, &want))
			continue;
		/* A live one counts whenever it was made: its effect is there, and our clock may be
		 * wrong, when it was sent or now. Taken for absent it would be made a second time. */
		if (c->deleted && c->created_at && c->created_at < j->sent_at - CLOCK_SLACK_S)
			continue; /* somebody's of before */
		seen = SEEN_PRESENT;
		*result_id = c->id;
		if (!c->deleted)
			break; /* one that was made and deleted since counts only without a live one */
	}
	return seen;
}

static enum seen judge_delete(const struct judge *j, const struct apply_op *op)
{
	for (size_t i = 0; i < j->now->n; i++)
		if (strcmp(j->now->v[i].id, op->criterion_id) == 0)
			return j->now->v[i].deleted ? SEEN_PRESENT : SEEN_ABSENT;
	return SEEN_UNCLEAR; /* neither live nor deleted: proves nothing */
}

enum seen judge_op(const struct judge *j, size_t i, const char **result_id)
{
	const struct apply_op *op = &j->batch->ops[i];

	*result_id = NULL;
	return op->kind == APPLY_CREATE ? judge_create(j, op, result_id) : judge_delete(j, op);
}

bool judge_confirms(const struct apply_op *op, const struct criterion *c)
{
	struct criterion want;

	if (op->kind == APPLY_DELETE)
		return c->deleted && strcmp(c->id, op->criterion_id) == 0;
	op_criterion(op, &want);
	return !c->deleted && same_key(c, &want);
}

/* --- drift --- */

struct side { /* live criteria of one line item, with their keys */
	const struct criterion **v;
	struct set_key *keys;
	struct set_index index;
	size_t n;
};

/* What the whole posting does to one line item. Earlier batches have done their part, so what they
 * did differs from the base too, and is nobody else's. */
struct ours {
	const struct criterion **creates;
	size_t n;
	struct set_index keys; /* of creates */
	struct map gone; /* ids of deletes */
};

struct drift_check {
	struct arena arena;
	const struct apply_job *job;
	const struct apply_batch *batch;
	struct op_state *ops;
	struct drift *out;
	const struct criterion_set *read; /* deleted ones too */
	const char *line_item;
	struct side base, theirs;
	struct ours ours;
};

static enum err side_add(struct drift_check *d, struct side *s, const struct criterion *c)
{
	size_t found;
	enum err e;

	if (c->deleted || strcmp(c->line_item_id, d->line_item) != 0)
		return ERR_OK;
	s->v[s->n] = c;
	e = set_key_of(&d->arena, c, &s->keys[s->n]);
	if (!e)
		e = set_index_put(&s->index, &s->keys[s->n], s->n, &found);
	s->n++;
	return e;
}

static enum err side_fill(
    struct drift_check *d, struct side *s, const struct criterion *v, size_t n)
{
	enum err e = ERR_OK;

	set_index_init(&s->index);
	s->n = 0;
	s->v = arena_alloc(&d->arena, n * sizeof *s->v + 1);
	s->keys = arena_alloc(&d->arena, n * sizeof *s->keys + 1);
	if (!s->v || !s->keys)
		return ERR_NOMEM;
	for (size_t i = 0; i < n && !e; i++)
		e = side_add(d, s, &v[i]);
	return e;
}

static void conflict(struct drift_check *d, size_t op, const char *what)
{
	if (d->ops[op].outcome != OUTCOME_CONFLICT && !d->out->conflicts++)
		snprintf(d->out->why, sizeof d->out->why, "line item %s: %s", d->line_item, what);
	d->ops[op].outcome = OUTCOME_CONFLICT;
}

static bool is_of(const struct drift_check *d, size_t op)
{
	return strcmp(d->batch->ops[op].line_item_id, d->line_item) == 0;
}

/* A criterion never changes under its id: if this one says something else, the plan was tampered with
 * or mixed up, and what would go is not what was reviewed. One that is not shown at all proves
 * nothing: the reading may be behind what was made a moment ago, and to leave its removal out would
 * lose it. */
static void drop_done_delete(struct drift_check *d, size_t i, const struct criterion *want)
{
	const struct criterion *c = NULL;

	for (size_t k = 0; k < d->read->n && !c; k++)
		if (strcmp(d->read->v[k].id, d->batch->ops[i].criterion_id) == 0)
			c = &d->read->v[k];
	if (c && c->deleted)
		d->ops[i].outcome = OUTCOME_NOOP;
	else if (c && !same_key(c, want))
		conflict(d, i, "the criterion to remove is not the one reviewed");
}

/* Operations that came true without us are not sent. */
static enum err drop_done_ops(struct drift_check *d)
{
	for (size_t i = 0; i < d->batch->n; i++) {
		const struct apply_op *op = &d->batch->ops[i];
		struct criterion c;
		struct set_key key;
		size_t row;

		if (!is_of(d, i))
			continue;
		op_criterion(op, &c);
		if (op->kind == APPLY_DELETE) {
			drop_done_delete(d, i, &c);
			continue;
		}
		if (set_key_of(&d->arena, &c, &key))
			return ERR_NOMEM;
		if (set_index_get(&d->theirs.index, &key, &row))
			d->ops[i].outcome = OUTCOME_NOOP;
	}
	return ERR_OK;
}

/* As same_key() compares: the case of a value does not count. */
static enum err caseless_key(struct arena *a, const struct criterion *c, struct set_key *k)
{
	struct criterion low = *c;
	char *value = arena_strdup(a, c->value);

	if (!value)
		return ERR_NOMEM;
	for (char *p = value; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	low.value = value;
	return set_key_of(a, &low, k);
}

static enum err ours_add(struct drift_check *d, const struct apply_op *op)
{
	struct criterion *c;
	struct set_key key;
	size_t found;
	enum err e;

	if (op->kind == APPLY_DELETE)
		return map_put(&d->ours.gone, op->criterion_id, 1);
	c = arena_alloc(&d->arena, sizeof *c);
	if (!c)
		return ERR_NOMEM;
	op_criterion(op, c);
	e = caseless_key(&d->arena, c, &key);
	if (!e)
		e = set_index_put(&d->ours.keys, &key, d->ours.n, &found);
	d->ours.creates[d->ours.n++] = c;
	return e;
}

static size_t ops_of(const struct drift_check *d, const struct apply_batch *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += strcmp(b->ops[i].line_item_id, d->line_item) == 0;
	return n;
}

/* A line item that needs several batches has them in a row (targeting/plan.h). */
static enum err ours_fill(struct drift_check *d)
{
	size_t at = (size_t)(d->batch - d->job->batches), from = at, to = at + 1, n, total;
	enum err e = ERR_OK;

	total = ops_of(d, d->batch);
	for (; from && (n = ops_of(d, &d->job->batches[from - 1])) != 0; from--)
		total += n;
	for (; to < d->job->n_batches && (n = ops_of(d, &d->job->batches[to])) != 0; to++)
		total += n;
	set_index_init(&d->ours.keys);
	map_init(&d->ours.gone);
	d->ours.n = 0;
	d->ours.creates = arena_alloc(&d->arena, total * sizeof *d->ours.creates + 1);
	if (!d->ours.creates)
		return ERR_NOMEM;
	for (size_t b = from; b < to; b++)
		for (size_t i = 0; i < d->job->batches[b].n && !e; i++)
			if (strcmp(d->job->batches[b].ops[i].line_item_id, d->line_item) == 0)
				e = ours_add(d, &d->job->batches[b].ops[i]);
	return e;
}

/* Is this change what one of our operations did, or wanted anyway? */
static bool is_ours_too(struct drift_check *d, const struct criterion *c, bool added)
{
	struct set_key key;
	size_t row;

	if (!added)
		return c->id && map_get(&d->ours.gone, c->id, NULL);
	return !caseless_key(&d->arena, c, &key) && set_index_get(&d->ours.keys, &key, &row);
}

/* They added c: a type that allows one value, or the opposite operator, and we both touched it. */
static bool check_added(struct drift_check *d, const struct criterion *c)
{
	bool overlaps = false;

	for (size_t i = 0; i < d->batch->n; i++) {
		const struct apply_op *op = &d->batch->ops[i];
		enum targeting_type t = type_by_name(op->type_name);

		if (!is_of(d, i) || d->ops[i].outcome == OUTCOME_NOOP || op->kind != APPLY_CREATE ||
		    strcmp(op->type_name, c->type_name) != 0)
			continue;
		if (type_info(t)->limit == 1) {
			conflict(d, i, "somebody else set another value of the same type");
			overlaps = true;
		} else if (op->op != c->op && strcasecmp(op->value, c->value) == 0) {
			conflict(d, i, "somebody else gave the same value the opposite sense");
			overlaps = true;
		}
	}
	return overlaps;
}

static size_t count_type(const struct side *s, const char *type_name)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += strcmp(s->v[i]->type_name, type_name) == 0;
	return n;
}

/* They removed c and we remove of the same type: what was reviewed left something of the type, what
 * would be left now is nothing, which reaches more people than anybody agreed to. */
static bool check_removed(struct drift_check *d, const struct criterion *c)
{
	size_t ours = 0, creates = 0, last = 0, planned = 0;
	size_t base = count_type(&d->base, c->type_name);
	size_t theirs = count_type(&d->theirs, c->type_name);

	for (size_t i = 0; i < d->batch->n; i++) {
		const struct apply_op *op = &d->batch->ops[i];

		if (!is_of(d, i) || strcmp(op->type_name, c->type_name) != 0)
			continue;
		creates += op->kind == APPLY_CREATE;
		if (op->kind == APPLY_DELETE && d->ops[i].outcome != OUTCOME_NOOP) {
			ours++;
			last = i;
		}
	}
	for (size_t i = 0; i < d->base.n; i++)
		planned += strcmp(d->base.v[i]->type_name, c->type_name) == 0 && d->base.v[i]->id &&
			   map_get(&d->ours.gone, d->base.v[i]->id, NULL);
	if (!ours || creates || base <= planned || theirs > ours)
		return false;
	conflict(d, last, "somebody else removed what was to be left of the type");
	return true;
}

/* --- widening: nothing may reach more people than the review said */

struct lists {
	const struct criterion **before, **after;
	size_t n_before, n_after;
};

static enum err lists_alloc(struct drift_check *d, const struct side *s, struct lists *l)
{
	l->before = s->v;
	l->n_before = s->n;
	l->n_after = 0;
	l->after = arena_alloc(&d->arena, (s->n + d->ours.n + d->batch->n) * sizeof *l->after + 1);
	return l->after ? ERR_OK : ERR_NOMEM;
}

/* The line item of the review, before and after the whole posting. */
static enum err lists_reviewed(struct drift_check *d, struct lists *l)
{
	enum err e = lists_alloc(d, &d->base, l);

	for (size_t i = 0; i < d->base.n && !e; i++)
		if (!d->base.v[i]->id || !map_get(&d->ours.gone, d->base.v[i]->id, NULL))
			l->after[l->n_after++] = d->base.v[i];
	for (size_t i = 0; i < d->ours.n && !e; i++)
		l->after[l->n_after++] = d->ours.creates[i];
	return e;
}

static bool goes_now(const struct drift_check *d, const char *id)
{
	for (size_t i = 0; i < d->batch->n; i++)
		if (d->batch->ops[i].kind == APPLY_DELETE && d->ops[i].outcome == OUTCOME_PENDING &&
		    strcmp(d->batch->ops[i].criterion_id, id) == 0)
			return true;
	return false;
}

/* The line item as it is, before and after this batch. */
static enum err lists_now(struct drift_check *d, struct lists *l)
{
	enum err e = lists_alloc(d, &d->theirs, l);

	for (size_t i = 0; i < d->theirs.n && !e; i++)
		if (!goes_now(d, d->theirs.v[i]->id))
			l->after[l->n_after++] = d->theirs.v[i];
	for (size_t i = 0; i < d->batch->n && !e; i++) {
		const struct apply_op *op = &d->batch->ops[i];
		struct criterion *c;

		if (!is_of(d, i) || op->kind == APPLY_DELETE ||
		    d->ops[i].outcome != OUTCOME_PENDING)
			continue;
		c = arena_alloc(&d->arena, sizeof *c);
		if (!c)
			return ERR_NOMEM;
		op_criterion(op, c);
		l->after[l->n_after++] = c;
	}
	return e;
}

static void judge_lists(const struct lists *l, struct widen *w)
{
	struct widen_input in = {.before = (const struct criterion *const *)l->before,
	    .after = (const struct criterion *const *)l->after,
	    .n_before = l->n_before,
	    .n_after = l->n_after};

	widen_judge(&in, w);
}

/* Leave in `now` what the review did not say. */
static void subtract(struct widen *now, const struct widen *reviewed)
{
	size_t n = 0;

	for (size_t i = 0; i < now->n_last; i++) {
		bool said = false;

		for (size_t k = 0; k < reviewed->n_last && !said; k++)
			said = reviewed->last[k] == now->last[i];
		if (!said)
			now->last[n++] = now->last[i];
	}
	now->n_last = n;
	now->flags &= ~(reviewed->flags & ~(unsigned)WIDEN_OTHER);
	if (!n)
		now->flags &= ~(unsigned)WIDEN_OTHER;
	if (!(now->flags & WIDEN_EXCLUSION))
		now->n_exclusions_gone = 0;
}

/* They removed something, and so our removals let more people in than anybody agreed to: the last
 * keyword may have become the last of all that the ad is about. */
static enum err check_widening(struct drift_check *d)
{
	struct lists reviewed, now;
	struct widen was, is;
	struct buf why;
	enum err e = lists_reviewed(d, &reviewed);

	if (!e)
		e = lists_now(d, &now);
	if (e)
		return e;
	judge_lists(&reviewed, &was);
	judge_lists(&now, &is);
	subtract(&is, &was);
	if (!is.flags)
		return ERR_OK;
	buf_init(&why, sizeof d->out->why);
	buf_adds(&why, "after what somebody else removed, ");
	widen_text(&why, &is);
	for (size_t i = 0; i < d->batch->n; i++)
		if (is_of(d, i) && d->batch->ops[i].kind == APPLY_DELETE &&
		    d->ops[i].outcome == OUTCOME_PENDING)
			conflict(d, i, buf_str(&why));
	buf_done(&why);
	return ERR_OK;
}

static enum err compare_sides(struct drift_check *d)
{
	size_t row, removed = 0;

	for (size_t i = 0; i < d->theirs.n; i++)
		if (!set_index_get(&d->base.index, &d->theirs.keys[i], &row) &&
		    !is_ours_too(d, d->theirs.v[i], true) && !check_added(d, d->theirs.v[i]))
			d->out->added++;
	for (size_t i = 0; i < d->base.n; i++)
		if (!set_index_get(&d->theirs.index, &d->base.keys[i], &row) &&
		    !is_ours_too(d, d->base.v[i], false)) {
			removed++;
			d->out->removed += !check_removed(d, d->base.v[i]);
		}
	return removed ? check_widening(d) : ERR_OK;
}

static enum err check_line_item(
    struct drift_check *d, const struct apply_base *base, const struct reader *rd)
{
	enum err e = ours_fill(d);

	set_index_init(&d->base.index);
	set_index_init(&d->theirs.index);
	if (!e)
		e = side_fill(d, &d->base, base ? base->criteria : NULL, base ? base->n : 0);
	if (!e)
		e = side_fill(d, &d->theirs, rd->criteria.v, rd->criteria.n);
	if (!e)
		e = drop_done_ops(d);
	if (!e && base)
		e = compare_sides(d);
	set_index_done(&d->base.index);
	set_index_done(&d->theirs.index);
	set_index_done(&d->ours.keys);
	map_done(&d->ours.gone);
	return e;
}

/* --- the line item itself, and its campaign --- */

static const struct line_item *item_of(const struct reader *rd, const char *id)
{
	for (size_t i = 0; i < rd->items.n; i++)
		if (strcmp(rd->items.v[i].id, id) == 0)
			return &rd->items.v[i];
	return NULL;
}

static const struct campaign *campaign_of(const struct reader *rd, const struct line_item *li)
{
	for (size_t i = 0; li->campaign_id && i < rd->campaigns.n; i++)
		if (strcmp(rd->campaigns.v[i].id, li->campaign_id) == 0)
			return &rd->campaigns.v[i];
	return NULL;
}

const char *apply_line_item_state(const struct line_item *li)
{
	if (li->end_time && li->end_time <= clock_wall_s())
		return "ENDED";
	return li->entity_status ? li->entity_status : "";
}

static void moved(struct drift_check *d, const char *what, const char *was, const char *is)
{
	if (!was || !is || !is[0] || strcmp(was, is) == 0)
		return;
	if (!d->out->moved++ && !d->out->conflicts)
		snprintf(d->out->why, sizeof d->out->why,
		    "line item %s: %s %s since it was reviewed, it was %s", d->line_item, what, is,
		    was);
}

/* Nothing is ever sent to what was deleted. What was paused or ended takes targeting all the same
 * (reference 3): it is told, and may be confirmed. */
static void check_parent(
    struct drift_check *d, const struct apply_base *base, const struct reader *rd)
{
	const struct line_item *li = item_of(rd, d->line_item);
	const struct campaign *c = li ? campaign_of(rd, li) : NULL;
	const char *why = !li || li->deleted ? "the line item was deleted"
			  : c && c->deleted  ? "its campaign was deleted"
					     : NULL;

	if (!rd->want_parents)
		return;
	for (size_t i = 0; why && i < d->batch->n; i++)
		if (is_of(d, i))
			conflict(d, i, why);
	if (why || !base)
		return;
	moved(d, "it is", base->line_item_state, apply_line_item_state(li));
	if (c)
		moved(d, "its campaign is", base->campaign_state, c->entity_status);
}

enum err judge_drift(const struct apply_job *job, const struct apply_batch *batch,
    const struct reader *rd, struct op_state *ops, struct drift *out)
{
	struct drift_check d = {
	    .job = job, .batch = batch, .ops = ops, .out = out, .read = &rd->criteria};
	enum err e = ERR_OK;

	*out = (struct drift){0};
	for (size_t k = 0; k < rd->n_line_items && !e; k++) {
		const struct apply_base *base = NULL;

		d.line_item = rd->line_items[k];
		for (size_t i = 0; i < job->n_base && !base; i++)
			if (strcmp(job->base[i].line_item_id, d.line_item) == 0)
				base = &job->base[i];
		arena_init(&d.arena);
		e = check_line_item(&d, base, rd);
		arena_done(&d.arena);
		check_parent(&d, base, rd);
	}
	return e;
}

/* --- the body --- */

static void quoted(struct buf *out, const char *before, const char *s)
{
	buf_adds(out, before);
	json_quote(out, s, strlen(s));
}

enum err apply_body(const struct apply_batch *batch, const struct op_state *ops, struct buf *out)
{
	bool comma = false;

	buf_addc(out, '[');
	for (size_t i = 0; i < batch->n; i++) {
		const struct apply_op *op = &batch->ops[i];

		if (ops[i].outcome != OUTCOME_PENDING)
			continue;
		if (comma)
			buf_addc(out, ',');
		comma = true;
		if (op->kind == APPLY_DELETE) {
			quoted(out,
			    "{\"operation_type\":\"Delete\",\"params\":{\"targeting_criterion_"
			    "id\":",
			    op->criterion_id);
		} else {
			quoted(out, "{\"operation_type\":\"Create\",\"params\":{\"line_item_id\":",
			    op->line_item_id);
			quoted(out, ",\"targeting_type\":", op->type_name);
			buf_addf(out, ",\"operator_type\":\"%s\"", op_name(op->op));
			quoted(out, ",\"targeting_value\":", op->value);
		}
		buf_adds(out, "}}");
	}
	buf_addc(out, ']');
	return out->failed;
}
