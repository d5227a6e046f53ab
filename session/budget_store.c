#include "session/budget_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "store/uistate.h"

/* One line each: name TAB scope TAB account TAB limit TAB remaining TAB reset. The name is of our own
 * tables, the ids have no blanks. */
#define KEY "budgets"
#define MOST 256
#define TEXT_MAX (64u * 1024)

struct line {
	struct api_budget b;
	char name[64];
};

static bool take_field(const char **p, char *out, size_t cap, char end)
{
	const char *stop = strchr(*p, end);

	if (!stop || (size_t)(stop - *p) >= cap || memchr(*p, '\n', (size_t)(stop - *p)))
		return false;
	memcpy(out, *p, (size_t)(stop - *p));
	out[stop - *p] = '\0';
	*p = stop + 1;
	return true;
}

static bool take_number(const char **p, char end, int64_t *out)
{
	char text[24], *rest;

	if (!take_field(p, text, sizeof text, end))
		return false;
	*out = strtoll(text, &rest, 10);
	return text[0] && !*rest && *out >= 0;
}

/* Next line that can be read; lines that cannot are skipped. */
static bool next_line(const char **p, struct line *l)
{
	while (**p) {
		const char *at = *p, *end = strchr(at, '\n');

		*l = (struct line){0};
		*p = end ? end + 1 : at + strlen(at);
		if (end && take_field(&at, l->name, sizeof l->name, '\t') &&
		    take_field(&at, l->b.scope, sizeof l->b.scope, '\t') &&
		    take_field(&at, l->b.account, sizeof l->b.account, '\t') &&
		    take_number(&at, '\t', &l->b.limit) &&
		    take_number(&at, '\t', &l->b.remaining) &&
		    take_number(&at, '\n', &l->b.reset_wall_s)) {
			l->b.name = l->name;
			l->b.known = true;
			return true;
		}
	}
	return false;
}

void budget_store_load(struct store *s, struct api *a)
{
	struct buf text;
	const char *p;
	struct line l;

	buf_init(&text, TEXT_MAX);
	if (uistate_get(s, KEY, &text)) {
		p = buf_str(&text);
		while (next_line(&p, &l))
			api_budget_restore(a, &l.b);
	}
	buf_done(&text);
}

static void put(struct buf *out, const struct api_budget *b)
{
	buf_addf(out, "%s\t%s\t%s\t%lld\t%lld\t%lld\n", b->name, b->scope, b->account,
	    (long long)b->limit, (long long)b->remaining, (long long)b->reset_wall_s);
}

static bool has(const struct api_budget *v, size_t n, const struct api_budget *b)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].known && strcmp(v[i].name, b->name) == 0 &&
		    strcmp(v[i].account, b->account) == 0)
			return true;
	return false;
}

void budget_store_save(struct store *s, const struct api *a)
{
	struct api_budget *v = mem_array(MOST, sizeof *v);
	size_t n = v ? api_budgets(a, v, MOST) : 0;
	struct buf old, text;
	const char *p;
	struct line l;

	if (n > MOST)
		n = MOST;
	buf_init(&old, TEXT_MAX);
	buf_init(&text, TEXT_MAX);
	uistate_get(s, KEY, &old);
	for (size_t i = 0; i < n; i++)
		if (v[i].known)
			put(&text, &v[i]);
	p = buf_str(&old);
	while (next_line(&p, &l))
		if (l.b.reset_wall_s > clock_wall_s() && !has(v, n, &l.b))
			put(&text, &l.b);
	if (v && !text.failed && strcmp(buf_str(&old), buf_str(&text)) != 0)
		uistate_put(s, KEY, text.len ? buf_str(&text) : NULL, NULL);
	buf_done(&text);
	buf_done(&old);
	mem_free(v);
}
