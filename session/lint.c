#include "session/lint.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "session/internal.h"
#include "session/judge.h"
#include "session/staging.h"

#define REST_MS 150 /* an edit is often followed by another */
#define SLICE_MS 6 /* of one turn: keys stay quick */
#define SOME_MAX 200

struct lint_item {
	char *id;
	uint64_t sign; /* of what it was judged from; 0: never */
	struct lint_row *rows;
	size_t n;
};

struct lint {
	struct session *session;
	struct map by_id;
	struct lint_item *items;
	size_t n_items, cap_items;
	struct map staged; /* line item id to a hash of what is staged on it */
	uint64_t world; /* of what all line items are judged from: audiences, campaigns, users */
	uint64_t staged_seen;
	size_t next; /* line item that is checked next, of the session's set */
	uint64_t seen[DATA_KINDS];
	bool running, asked; /* a walk over all line items is under way, begins soon */
	bool whole; /* all were asked for since anything changed */
	char (*some)[65]; /* line items that a screen shows: they come first */
	size_t n_some;
	struct timer_id timer;
	struct criterion_set live;
	struct effective set;
	struct problem_list problems;
};

static void free_rows(struct lint_item *it)
{
	for (size_t i = 0; i < it->n; i++) {
		mem_free(it->rows[i].message);
		mem_free(it->rows[i].audience);
	}
	mem_free(it->rows);
	it->rows = NULL;
	it->n = 0;
}

static struct lint *get(struct session *s)
{
	struct lint *l = s->lint;

	if (l)
		return l;
	l = mem_zalloc(sizeof *l);
	if (!l)
		return NULL;
	l->session = s;
	map_init(&l->by_id);
	map_init(&l->staged);
	criterion_set_init(&l->live);
	effective_init(&l->set);
	problem_list_init(&l->problems);
	s->lint = l;
	return l;
}

static const struct lint_item *find(const struct session *s, const char *id)
{
	uint64_t row;

	if (!s->lint || !map_get(&s->lint->by_id, id, &row))
		return NULL;
	return &s->lint->items[row];
}

static struct lint_item *find_or_add(struct lint *l, const char *id)
{
	uint64_t row;

	if (map_get(&l->by_id, id, &row))
		return &l->items[row];
	if (l->n_items == l->cap_items) {
		size_t cap = l->cap_items ? l->cap_items * 2 : 64;
		struct lint_item *more = mem_realloc_array(l->items, cap, sizeof *more);

		if (!more)
			return NULL;
		l->items = more;
		l->cap_items = cap;
	}
	l->items[l->n_items] = (struct lint_item){.id = mem_strdup(id)};
	if (!l->items[l->n_items].id)
		return NULL;
	if (map_put(&l->by_id, id, l->n_items)) {
		mem_free(l->items[l->n_items].id);
		return NULL;
	}
	return &l->items[l->n_items++];
}

/* --- what a line item is judged from --- */

static uint64_t mix(uint64_t h, uint64_t v)
{
	return (h ^ v) * 0x100000001b3u + (h >> 29);
}

static enum err hash_staged(struct lint *l)
{
	const struct change_set *staged = staging_changes(l->session);
	uint64_t generation = session_generation(l->session, DATA_STAGED) + 1;
	enum err err = ERR_OK;

	if (l->staged_seen == generation)
		return ERR_OK;
	map_done(&l->staged);
	map_init(&l->staged);
	for (size_t i = 0; i < staged->n && !err; i++) {
		const struct change *c = &staged->v[i];
		uint64_t h = 1;

		map_get(&l->staged, c->line_item_id, &h);
		err = map_put(&l->staged, c->line_item_id, mix(h, c->id * 2 + c->held));
	}
	l->staged_seen = err ? 0 : generation;
	return err;
}

static uint64_t sign_of(const struct lint *l, size_t i, const char *id)
{
	struct snapshot_count c = session_count(l->session, i);
	uint64_t staged = 0, h;

	map_get(&l->staged, id, &staged);
	h = mix(mix(mix(l->world, (uint64_t)c.fetched_at), (uint64_t)c.n), staged);
	return h ? h : 1;
}

/* --- checking --- */

static enum err judge_item(struct lint *l, struct rule_lookup *lookup, const char *id)
{
	const struct change_set *staged = staging_changes(l->session);
	struct effective_input in = {
	    .line_item_id = id, .changes = staged->v, .n_changes = staged->n};
	struct rule_ctx ctx = {.line_item = session_line_item(l->session, id),
	    .set = &l->set,
	    .lookup = lookup,
	    .account_id = session_account_id(l->session)};
	size_t unknown;
	struct errinfo ei;
	enum err err;

	if (!map_get(&l->staged, id, NULL))
		in.n_changes = 0; /* not a pass over all changes for every line item */
	criterion_set_done(&l->live);
	criterion_set_init(&l->live);
	problem_list_clear(&l->problems);
	err = session_criteria(l->session, &id, 1, &l->live, &unknown, &ei);
	in.live = l->live.v;
	in.n_live = l->live.n;
	if (!err)
		err = effective_build(&l->set, &in);
	return err ? err : rules_check(&l->problems, &ctx);
}

static const char *audience_of(const struct effective *set, const struct problem *p)
{
	for (size_t i = 0; i < p->n_rows; i++) {
		const struct criterion *c = set->v[p->rows[i]].criterion;

		if (type_info(c->type)->value == VALUE_AUDIENCE)
			return c->value;
	}
	return NULL;
}

static enum err keep(
    struct lint_item *it, const struct problem_list *p, const struct effective *set)
{
	struct lint_row *rows = mem_array(p->n, sizeof *rows);

	if (p->n && !rows)
		return ERR_NOMEM;
	free_rows(it);
	it->rows = rows;
	for (size_t i = 0; i < p->n; i++) {
		const struct problem *x = &p->v[i];
		const char *audience = audience_of(set, x);

		rows[i] = (struct lint_row){x->rule, x->severity,
		    mem_strdup(x->message ? x->message : ""),
		    audience ? mem_strdup(audience) : NULL, x->n_fix || x->n_unstage,
		    x->change != NULL};
		it->n = i + 1;
		if (!rows[i].message || (audience && !rows[i].audience)) {
			free_rows(it);
			return ERR_NOMEM;
		}
	}
	return ERR_OK;
}

static enum err check_one(struct lint *l, struct rule_lookup *lookup, size_t i)
{
	const char *id = session_line_items(l->session)->v[i].id;
	uint64_t sign = sign_of(l, i, id);
	struct lint_item *it;
	enum err err;

	if (session_count(l->session, i).n < 0)
		return ERR_OK; /* not read: nothing is known */
	it = find_or_add(l, id);
	if (!it)
		return ERR_NOMEM;
	if (it->sign == sign)
		return ERR_OK;
	err = judge_item(l, lookup, id);
	if (!err)
		err = keep(it, &l->problems, &l->set);
	it->sign = err ? 0 : sign;
	return err;
}

static void slice(struct loop *loop, void *user);

static void next_slice(struct lint *l, int64_t delay_ms)
{
	loop_timer_cancel(l->session->cfg.loop, l->timer);
	l->timer = loop_timer(l->session->cfg.loop, delay_ms, slice, l);
}

static enum err check_some(struct lint *l, struct rule_lookup *lookup)
{
	enum err err = ERR_OK;
	uint64_t row;

	while (l->n_some && !err) {
		const char *id = l->some[--l->n_some];

		if (map_get(&l->session->line_item_rows, id, &row))
			err = check_one(l, lookup, row);
	}
	return err;
}

static void slice(struct loop *loop, void *user)
{
	struct lint *l = user;
	uint64_t until = clock_mono_ns() + SLICE_MS * 1000000u;
	struct judge j;
	struct rule_lookup lookup;
	enum err err;

	(void)loop;
	l->timer = (struct timer_id){0};
	if (l->asked) {
		l->asked = false;
		l->running = true;
		l->next = 0;
	}
	err = hash_staged(l);
	judge_init(&j, l->session);
	lookup = judge_rule_lookup(&j);
	if (!err)
		err = check_some(l, &lookup);
	while (!err && l->running && clock_mono_ns() < until) {
		l->running = l->next < session_line_items(l->session)->n;
		if (l->running)
			err = check_one(l, &lookup, l->next++);
	}
	judge_done(&j);
	l->running = l->running && !err;
	if (l->running)
		next_slice(l, 0);
	else
		session_notify(l->session, DATA_BIT(DATA_LINT));
}

/* Has anything changed that line items are judged from? */
static bool look_around(struct lint *l)
{
	static const enum data_kind kinds[] = {DATA_CRITERIA, DATA_STAGED, DATA_LINE_ITEMS,
	    DATA_AUDIENCES, DATA_CAMPAIGNS, DATA_USERS, DATA_OPTIONS};
	bool changed = false;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		uint64_t g = session_generation(l->session, kinds[i]) + 1;

		if (l->seen[kinds[i]] == g)
			continue;
		l->seen[kinds[i]] = g;
		changed = true;
		if (kinds[i] != DATA_CRITERIA && kinds[i] != DATA_STAGED)
			l->world = mix(l->world, g + i);
	}
	return changed;
}

void lint_want(struct session *s)
{
	struct lint *l = get(s);

	if (!l || (!look_around(l) && l->whole))
		return;
	l->whole = l->asked = true;
	next_slice(l, REST_MS);
}

void lint_want_some(struct session *s, const char *const *ids, size_t n)
{
	struct lint *l = get(s);
	uint64_t row;

	if (l && !l->some)
		l->some = mem_array(SOME_MAX, sizeof *l->some);
	if (!l || !l->some)
		return; /* no marks: a comfort, not a promise */
	if (look_around(l))
		l->whole = false;
	if (hash_staged(l))
		return;
	l->n_some = 0;
	for (size_t i = 0; i < n && l->n_some < SOME_MAX; i++) {
		const struct lint_item *it = find(s, ids[i]);

		if (!map_get(&s->line_item_rows, ids[i], &row) || session_count(s, row).n < 0 ||
		    (it && it->sign == sign_of(l, row, ids[i])))
			continue;
		snprintf(l->some[l->n_some++], sizeof *l->some, "%s", ids[i]);
	}
	if (l->n_some)
		next_slice(l, REST_MS);
}

void lint_again(struct session *s)
{
	struct lint *l = get(s);

	if (!l)
		return;
	l->world = mix(l->world, 77);
	l->whole = l->asked = true;
	next_slice(l, 0);
}

const struct lint_row *lint_rows(const struct session *s, const char *line_item_id, size_t *n)
{
	const struct lint_item *it = find(s, line_item_id);

	*n = it && it->sign ? it->n : 0;
	return *n ? it->rows : NULL;
}

struct lint_counts lint_counts(const struct session *s)
{
	const struct line_item_set *items = session_line_items(s);
	struct lint_counts c = {.n_items = items->n};

	c.running = lint_busy(s);
	for (size_t i = 0; i < items->n; i++) {
		const struct lint_item *it = find(s, items->v[i].id);

		c.n_read += session_count(s, i).n >= 0;
		if (!it || !it->sign)
			continue;
		c.n_checked++;
		for (size_t k = 0; k < it->n; k++)
			c.by_severity[it->rows[k].severity]++;
	}
	return c;
}

/* --- fixing --- */

static const struct problem *same_problem(const struct lint *l, const struct lint_at *at)
{
	for (size_t i = 0; i < l->problems.n; i++)
		if (l->problems.v[i].rule == at->rule &&
		    strcmp(l->problems.v[i].message, at->message) == 0)
			return &l->problems.v[i];
	return NULL;
}

static enum err stage_fix(struct session *s, const struct problem *p, size_t *staged,
    size_t *unstaged, struct errinfo *ei)
{
	uint64_t *ids = mem_array(p->n_unstage + 1, sizeof *ids);
	struct change_set set;
	enum err err = ids ? ERR_OK : ERR_NOMEM;

	change_set_init(&set);
	for (size_t i = 0; i < p->n_fix && !err; i++)
		err = change_set_copy(&set, &p->fix[i]) ? ERR_OK : ERR_NOMEM;
	for (size_t i = 0; i < p->n_unstage && !err; i++)
		ids[i] = p->unstage[i]->id;
	*unstaged = p->n_unstage;
	if (err)
		err_set(ei, err, "no memory to stage this; nothing was staged");
	if (!err)
		err = staging_change(
		    s, &(struct staging_change){ids, *unstaged, set.v, set.n}, staged, ei);
	change_set_done(&set);
	mem_free(ids);
	return err;
}

enum err lint_fix(struct session *s, const struct lint_at *at, size_t *staged, size_t *unstaged,
    struct errinfo *ei)
{
	struct lint *l = get(s);
	const struct problem *p;
	struct judge j;
	struct rule_lookup lookup;
	enum err err;

	*staged = *unstaged = 0;
	if (!l || hash_staged(l))
		return err_set(ei, ERR_NOMEM, "no memory to check the line item");
	judge_init(&j, s);
	lookup = judge_rule_lookup(&j);
	err = judge_item(l, &lookup, at->line_item_id);
	p = err ? NULL : same_problem(l, at);
	if (err)
		err_set(ei, err, "the line item could not be checked again");
	else if (!p)
		err = err_set(ei, ERR_NOTFOUND, "this problem is gone already");
	else if (!p->n_fix && !p->n_unstage)
		err = err_set(
		    ei, ERR_REFUSED, "only you can decide how to mend this; o opens the line item");
	else
		err = stage_fix(s, p, staged, unstaged, ei);
	judge_done(&j);
	return err;
}

bool lint_busy(const struct session *s)
{
	return s->lint && (s->lint->timer.gen || s->lint->running);
}

void lint_forget(struct session *s)
{
	struct lint *l = s->lint;

	if (!l)
		return;
	loop_timer_cancel(s->cfg.loop, l->timer);
	for (size_t i = 0; i < l->n_items; i++) {
		free_rows(&l->items[i]);
		mem_free(l->items[i].id);
	}
	mem_free(l->items);
	mem_free(l->some);
	map_done(&l->by_id);
	map_done(&l->staged);
	criterion_set_done(&l->live);
	effective_done(&l->set);
	problem_list_done(&l->problems);
	mem_free(l);
	s->lint = NULL;
}
