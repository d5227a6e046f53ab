#include "views/review_widen.h"

#include <string.h>
#include "targeting/widen.h"

static bool widens(const struct review_item *it, bool worldwide)
{
	return it->plan && it->live_known && widen_must_acknowledge(&it->plan->widen) &&
	       it->plan->widen.worldwide_after == worldwide;
}

static void find(struct widening *w, const struct review_model *m, bool worldwide)
{
	for (size_t i = 0; i < m->n_items; i++) {
		if (!widens(&m->items[i], worldwide))
			continue;
		if (w->n < WIDENING_SHOWN)
			w->v[w->n++].item = &m->items[i];
		else
			w->more++;
	}
}

void widening_find(struct widening *w, const struct review_model *m)
{
	struct reach_set sets[2 * WIDENING_SHOWN];
	char keys[2 * WIDENING_SHOWN][REACH_KEY_SIZE] = {{0}};

	*w = (struct widening){.n = 0};
	find(w, m, true); /* the worst first */
	find(w, m, false);
	for (size_t i = 0; i < w->n; i++) {
		const struct effective *e = &w->v[i].item->set;

		sets[i * 2] = (struct reach_set){e->before, e->n_before};
		sets[i * 2 + 1] = (struct reach_set){e->after, e->n_after};
	}
	if (!w->n || reach_want(m->session, sets, w->n * 2, REACH_WHEN_RESTING, keys))
		return; /* without keys there is no reach to show */
	for (size_t i = 0; i < w->n; i++)
		memcpy(w->v[i].reach, keys[i * 2], sizeof w->v[i].reach);
}

void widening_why(const struct widening *w, size_t i, const struct review_model *m, struct buf *out)
{
	const struct review_item *it = w->v[i].item;
	char name[96];

	buf_addf(out, "%s %.80s: ", it->plan->widen.worldwide_after ? "WORLDWIDE" : "WIDENS",
	    session_line_item_name(m->session, it->id, name, sizeof name));
	widen_text(out, &it->plan->widen);
}

bool widening_reach(
    const struct widening *w, size_t i, const struct review_model *m, struct buf *out)
{
	const char(*keys)[REACH_KEY_SIZE] = w->v[i].reach;
	struct reach before = reach_get(m->session, keys[0]),
		     after = reach_get(m->session, keys[1]);

	if (!keys[0][0])
		return false;
	buf_adds(out, "reach ");
	reach_line(&before, &after, strcmp(keys[0], keys[1]) == 0, out);
	return true;
}
