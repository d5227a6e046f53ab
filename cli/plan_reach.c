#include "cli/plan_reach.h"

#include <string.h>
#include "base/mem.h"
#include "targeting/record.h"

#define AT_ONCE 100 /* sets that are asked for before the answers are waited for */

void plan_reach_init(struct plan_reach *r)
{
	*r = (struct plan_reach){0};
	map_init(&r->by_key);
}

void plan_reach_done(struct plan_reach *r)
{
	mem_free(r->sets);
	mem_free(r->keys);
	mem_free(r->of);
	map_done(&r->by_key);
}

const struct reach *plan_reach_of(const struct plan_reach *r, size_t i, int after)
{
	return &r->sets[r->of[i][after]];
}

static bool grow(struct plan_reach *r)
{
	size_t cap = r->cap;
	void *sets = r->sets, *keys = r->keys;

	if (r->n < r->cap)
		return true;
	if (!record_grow(&sets, r->n, &cap, sizeof *r->sets))
		return false;
	r->sets = sets;
	keys = mem_realloc_array(keys, cap, sizeof *r->keys);
	if (!keys)
		return false;
	r->keys = keys;
	r->cap = cap;
	return true;
}

/* Failures that every further request would meet too. */
static bool is_hopeless(enum err code)
{
	return code == ERR_NETWORK || code == ERR_TLS || code == ERR_TIMEOUT || code == ERR_AUTH ||
	       code == ERR_FORBIDDEN || code == ERR_RATE;
}

static void give_up(struct plan_reach *r, struct reach *set)
{
	set->state = REACH_FAILED;
	set->ei = r->stopped;
}

/* Wait for what was asked since `from` and take the answers. */
static void collect(struct plan_reach *r, struct headless *h, size_t from)
{
	struct errinfo ei = {0};

	if (!r->stopped.code && headless_wait(h, &ei))
		r->stopped = ei;
	for (size_t i = from; i < r->n; i++) {
		struct reach *set = &r->sets[i];

		if (set->state == REACH_WAITING)
			*set = reach_get(h->session, r->keys[i]);
		if (set->state == REACH_FAILED && is_hopeless(set->ei.code) && !r->stopped.code)
			r->stopped = set->ei;
		if (set->state == REACH_WAITING)
			give_up(r, set);
		r->n_unknown += set->state == REACH_FAILED;
	}
}

/* A set that was not met before: ask for it, unless asking has become useless. */
static enum err add_set(
    struct plan_reach *r, struct headless *h, const struct reach_set *set, const char *key)
{
	char(*into)[REACH_KEY_SIZE];
	enum err err;

	if (!grow(r))
		return ERR_NOMEM;
	into = &r->keys[r->n];
	err = map_put(&r->by_key, key, r->n);
	if (!err && !r->stopped.code)
		err = reach_want(h->session, set, 1, REACH_NOW_UNLESS_KNOWN, into);
	if (err)
		return err;
	r->sets[r->n] = reach_get(h->session, *into);
	if (r->stopped.code) {
		memcpy(*into, key, sizeof *into);
		r->sets[r->n] = (struct reach){.state = reach_state_of(set)};
		if (r->sets[r->n].state == REACH_WAITING)
			give_up(r, &r->sets[r->n]);
	}
	r->n_asked += r->sets[r->n].state == REACH_WAITING;
	r->n++;
	return ERR_OK;
}

static enum err add_line_item(
    struct plan_reach *r, struct headless *h, const struct effective *e, size_t (*of)[2])
{
	struct reach_set sets[2] = {{e->before, e->n_before}, {e->after, e->n_after}};
	enum err err = ERR_OK;

	for (int i = 0; i < 2 && !err; i++) {
		char key[REACH_KEY_SIZE];
		uint64_t at = r->n;

		err = reach_key(&sets[i], key);
		if (!err && !map_get(&r->by_key, key, &at))
			err = add_set(r, h, &sets[i], key);
		(*of)[i] = at;
	}
	return err;
}

enum err plan_reach_read(
    struct plan_reach *r, struct headless *h, struct plan_page *p, struct errinfo *ei)
{
	size_t n = p->delta->plan.n_line_items, from = 0;
	struct effective e;
	enum err err;

	r->of = mem_array(n + 1, sizeof *r->of);
	err = r->of ? ERR_OK : ERR_NOMEM;
	effective_init(&e);
	for (size_t i = 0; i < n && !err; i++) {
		struct plan_page_item it = plan_page_item(p, i);

		err = plan_page_sets(p, &it, &e);
		if (!err)
			err = add_line_item(r, h, &e, &r->of[i]);
		if (!err && r->n - from >= AT_ONCE) {
			collect(r, h, from);
			from = r->n;
		}
	}
	effective_done(&e);
	if (!err && r->n > from)
		collect(r, h, from);
	return err ? err_set(ei, err, "no memory for the reach") : ERR_OK;
}
