#include "cli/plan_page.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"

static int by_line_item(const void *a, const void *b)
{
	const struct change *x = *(const struct change *const *)a,
			    *y = *(const struct change *const *)b;
	int order = strcmp(x->line_item_id, y->line_item_id);

	return order ? order : (x > y) - (x < y);
}

enum err plan_page_init(struct plan_page *p, struct delta *d)
{
	p->delta = d;
	p->sorted = mem_array(d->changes.n + 1, sizeof *p->sorted);
	if (!p->sorted)
		return ERR_NOMEM;
	for (size_t i = 0; i < d->changes.n; i++)
		p->sorted[i] = &d->changes.v[i];
	qsort(p->sorted, d->changes.n, sizeof *p->sorted, by_line_item);
	return ERR_OK;
}

void plan_page_done(struct plan_page *p)
{
	mem_free(p->sorted);
	p->sorted = NULL;
}

static size_t first_of(const struct plan_page *p, const char *id)
{
	size_t low = 0, n = p->delta->changes.n;

	while (n > low) {
		size_t mid = low + (n - low) / 2;

		if (strcmp(p->sorted[mid]->line_item_id, id) < 0)
			low = mid + 1;
		else
			n = mid;
	}
	return low;
}

struct plan_page_item plan_page_item(const struct plan_page *p, size_t i)
{
	struct plan_page_item it = {.plan = &p->delta->plan.line_items[i]};
	size_t at = first_of(p, it.plan->line_item_id);

	it.changes = p->sorted + at;
	while (at + it.n < p->delta->changes.n &&
	       strcmp(it.changes[it.n]->line_item_id, it.plan->line_item_id) == 0)
		it.n++;
	return it;
}

enum err plan_page_sets(
    const struct plan_page *p, const struct plan_page_item *it, struct effective *e)
{
	struct effective_input in = {
	    .line_item_id = it->plan->line_item_id, .picked = it->changes, .n_changes = it->n};

	delta_live(p->delta, in.line_item_id, &in.live, &in.n_live);
	return effective_build(e, &in);
}
