#include "sandbox/catalogue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/text.h"
#include "sandbox/catalogue_make.h"

struct catalogue {
	struct catalogue_list lists[OPTION_KINDS];
	int64_t now_s;
};

struct catalogue *catalogue_new(int64_t now_s)
{
	struct catalogue *c = mem_zalloc(sizeof *c);

	if (c)
		c->now_s = now_s;
	return c;
}

void catalogue_free(struct catalogue *c)
{
	for (size_t i = 0; c && i < OPTION_KINDS; i++) {
		mem_free(c->lists[i].v);
		mem_free(c->lists[i].index);
		if (c->lists[i].begun)
			arena_done(&c->lists[i].arena);
	}
	mem_free(c);
}

static void build_index(struct catalogue_list *l)
{
	size_t cap = 16;

	while (cap < l->n * 2)
		cap *= 2;
	l->index = mem_array(cap, sizeof *l->index);
	if (!l->index)
		abort();
	l->index_cap = cap;
	for (size_t i = 0; i < l->n; i++) {
		size_t at = map_hash(l->v[i].value) & (cap - 1);

		while (l->index[at])
			at = (at + 1) & (cap - 1);
		l->index[at] = (uint32_t)i + 1;
	}
}

static void begin(struct catalogue *c, struct catalogue_list *l, enum option_kind kind)
{
	if (l->begun)
		return;
	arena_init(&l->arena);
	l->begun = true;
	catalogue_make(l, kind, c->now_s);
	build_index(l);
}

static void finish(struct catalogue_list *l, enum option_kind kind)
{
	size_t before = l->n;

	if (l->complete)
		return;
	l->complete = true;
	catalogue_make_rest(l, kind);
	if (l->n == before)
		return;
	mem_free(l->index);
	build_index(l);
}

struct option_rows catalogue_rows(struct catalogue *c, enum option_kind kind)
{
	struct catalogue_list *l = &c->lists[kind];

	begin(c, l, kind);
	finish(l, kind);
	return (struct option_rows){l->v, l->n};
}

static const struct option_row *find(const struct catalogue_list *l, const char *value)
{
	size_t at = map_hash(value) & (l->index_cap - 1);

	for (; l->index[at]; at = (at + 1) & (l->index_cap - 1))
		if (strcmp(l->v[l->index[at] - 1].value, value) == 0)
			return &l->v[l->index[at] - 1];
	return NULL;
}

const struct option_row *catalogue_find(
    struct catalogue *c, enum option_kind kind, const char *value)
{
	struct catalogue_list *l = &c->lists[kind];
	const struct option_row *row;

	begin(c, l, kind);
	row = find(l, value);
	if (row || l->complete)
		return row;
	finish(l, kind);
	return find(l, value);
}

/* The number of a show tells its market, so that one show does not make seventeen lists. */
const struct option_row *catalogue_show(struct catalogue *c, const char *value)
{
	char *end;
	unsigned long long n = strtoull(value, &end, 10);
	unsigned long long market;

	if (!*value || *end || n < SHOW_BASE)
		return NULL;
	market = (n - SHOW_BASE) / SHOW_SPAN;
	if (market >= MARKETS)
		return NULL;
	return catalogue_find(c, (enum option_kind)(OPTION_SHOW + market), value);
}

int catalogue_score(const char *folded_name, const char *folded_query)
{
	size_t query_len = strlen(folded_query), first = strcspn(folded_query, " ");
	char word[80];
	const char *at;

	if (!query_len)
		return 1;
	at = strstr(folded_name, folded_query);
	if (at == folded_name)
		return folded_name[query_len] == '\0' || folded_name[query_len] == ',' ? 6 : 5;
	if (at)
		return strchr(" -/(,", at[-1]) ? 4 : 3;
	if (first == query_len || first < 3 || first >= sizeof word)
		return 0;
	/* the real search is fuzzy: "los angeles" finds Los Gatos too (reference 5.1) */
	memcpy(word, folded_query, first);
	word[first] = '\0';
	return strncmp(folded_name, word, first) == 0 ? 2 : 0;
}
