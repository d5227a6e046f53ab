#include "sandbox/catalogue_make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "sandbox/page.h"

uint64_t catalogue_mix(uint64_t n)
{
	n += 0x9e3779b97f4a7c15u;
	n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9u;
	n = (n ^ n >> 27) * 0x94d049bb133111ebu;
	return n ^ n >> 31;
}

bool catalogue_next(const char **names, char *out, size_t cap)
{
	size_t n = strcspn(*names, "|");

	if (!**names)
		return false;
	snprintf(out, cap, "%.*s", (int)n, *names);
	*names += n + ((*names)[n] == '|');
	return true;
}

static const char *fold_copy(struct arena *a, const char *name)
{
	size_t n = strlen(name);
	struct buf b;
	const char *out;

	for (size_t i = 0; i <= n; i++) {
		if (i == n) { /* ASCII only: most of 57,000 names, and much faster */
			char *copy = arena_strndup(a, name, n);

			for (char *p = copy; p && *p; p++)
				*p = (char)(*p >= 'A' && *p <= 'Z' ? *p | 0x20 : *p);
			return copy;
		}
		if ((unsigned char)name[i] >= 0x80)
			break;
	}
	buf_init(&b, 1u << 16);
	text_fold(&b, name, n);
	out = arena_strdup(a, buf_str(&b));
	buf_done(&b);
	return out;
}

void catalogue_add(struct catalogue_list *l, const struct option_row *row)
{
	struct option_row *r;

	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 64;
		struct option_row *v = mem_realloc_array(l->v, cap, sizeof *v);

		if (!v)
			abort();
		l->v = v;
		l->cap = cap;
	}
	r = &l->v[l->n++];
	*r = *row;
	r->value = arena_strdup(&l->arena, row->value);
	r->name = arena_strdup(&l->arena, row->name);
	r->folded = fold_copy(&l->arena, row->name);
	r->kind = arena_strdup(&l->arena, row->kind);
	r->country = arena_strdup(&l->arena, row->country);
	r->extra = arena_strdup(&l->arena, row->extra);
	if (!r->value || !r->name || !r->folded)
		abort();
}

static void add_base36(struct catalogue_list *l, uint64_t n, struct option_row row)
{
	char value[14];

	base36_write(n, value);
	row.value = value;
	catalogue_add(l, &row);
}

/* --- the small lists --- */

static void add_interests(
    struct catalogue_list *l, int number, const char *category, const char *names)
{
	char one[80], name[160], value[16];

	for (int i = 1; catalogue_next(&names, one, sizeof one); i++) {
		snprintf(name, sizeof name, "%s/%s", category, one);
		snprintf(value, sizeof value, "%d", number * 1000 + i);
		catalogue_add(l, &(struct option_row){.value = value, .name = name});
	}
}

/* "1q" (62) is the iPhone 3GS, which is the first of the table */
static void add_devices(
    struct catalogue_list *l, const char *maker, const char *os, const char *names)
{
	char name[80];

	while (catalogue_next(&names, name, sizeof name))
		add_base36(
		    l, 62 + l->n, (struct option_row){.name = name, .kind = os, .extra = maker});
}

/* "17" (43) is Ice Cream Sandwich, the fifth of the table; iOS and others follow */
static void add_versions(struct catalogue_list *l, const char *os, const char *names)
{
	char both[80];

	while (catalogue_next(&names, both, sizeof both)) {
		char *space = strchr(both, ' ');

		*space = '\0';
		add_base36(l, 39 + l->n,
		    (struct option_row){.name = space + 1, .kind = os, .extra = both});
	}
}

static void add_operators(struct catalogue_list *l, const char *country, const char *names)
{
	/* of the US operators in the documents */
	static const struct {
		const char *name, *value;
	} known[] = {{"Advantage", "2l"}, {"Aeris", "1b"}, {"Airadigm", "2t"},
	    {"Airlink PCS", "14"}, {"Airpeak", "1i"}};
	char name[80];

	while (catalogue_next(&names, name, sizeof name)) {
		struct option_row row = {.name = name, .country = country};

		for (size_t i = 0; i < sizeof known / sizeof *known; i++)
			if (strcmp(country, "US") == 0 && strcmp(known[i].name, name) == 0)
				row.value = known[i].value;
		if (row.value)
			catalogue_add(l, &row);
		else
			add_base36(l, 36 * 4 + l->n, row);
	}
}

/* "qov2" is iOS Music, "qouq" iOS Games: Music (reference 5.1) */
static void add_store(struct catalogue_list *l, const char *os, const char *names)
{
	uint64_t music, games;
	char name[80];

	base36_read("qov2", &music);
	base36_read("qouq", &games);
	while (catalogue_next(&names, name, sizeof name)) {
		uint64_t n = l->n == 0 ? music : l->n == 1 ? games : music + l->n;

		add_base36(l, n, (struct option_row){.name = name, .kind = os});
	}
}

static void add_markets(struct catalogue_list *l)
{
#define MARKET(locale, title)                                                                      \
	catalogue_add(l, &(struct option_row){.value = locale, .name = title, .country = locale});
#include "sandbox/options.def"
}

int catalogue_market(const char *locale)
{
	static const char *const locales[MARKETS] = {
#define MARKET(locale, title) locale,
#include "sandbox/options.def"
	};

	for (int i = 0; i < MARKETS; i++)
		if (strlen(locale) == 5 && memcmp(locale, locales[i], 2) == 0 &&
		    memcmp(locale + 3, locales[i] + 3, 2) == 0 && strchr("-_", locale[2]))
			return i;
	return -1;
}

const char *catalogue_localized(enum option_kind kind, const char *value, const char *lang)
{
	static const struct {
		const char *value, *de, *fr, *es;
	} platforms[] = {
#define PLATFORM(id, title, de, fr, es) {id, de, fr, es},
#include "sandbox/options.def"
	};

	for (size_t i = 0; kind == OPTION_PLATFORM && i < sizeof platforms / sizeof *platforms;
	     i++) {
		if (strcmp(platforms[i].value, value) != 0)
			continue;
		if (strncmp(lang, "de", 2) == 0)
			return platforms[i].de;
		if (strncmp(lang, "fr", 2) == 0)
			return platforms[i].fr;
		if (strncmp(lang, "es", 2) == 0)
			return platforms[i].es;
	}
	return NULL;
}

void catalogue_make(struct catalogue_list *l, enum option_kind kind, int64_t now_s)
{
	switch (kind) {
	case OPTION_LOCATION:
		catalogue_make_places(l);
		break;
	case OPTION_INTEREST:
#define INTERESTS(number, category, names) add_interests(l, number, category, names);
#include "sandbox/options.def"
		break;
	case OPTION_DEVICE:
#define DEVICES(manufacturer, os, names) add_devices(l, manufacturer, os, names);
#include "sandbox/options.def"
		break;
	case OPTION_LANGUAGE:
#define LANGUAGE(code, title, permille)                                                            \
	catalogue_add(l, &(struct option_row){.value = code, .name = title, .users = permille});
#include "sandbox/options.def"
		break;
	case OPTION_PLATFORM:
#define PLATFORM(id, title, de, fr, es)                                                            \
	catalogue_add(l, &(struct option_row){.value = id, .name = title});
#include "sandbox/options.def"
		break;
	case OPTION_PLATFORM_VERSION:
#define VERSIONS(os, names) add_versions(l, os, names);
#include "sandbox/options.def"
		break;
	case OPTION_NETWORK_OPERATOR:
#define OPERATORS(country, names) add_operators(l, country, names);
#include "sandbox/options.def"
		break;
	case OPTION_APP_STORE_CATEGORY:
#define STORE(os, names) add_store(l, os, names);
#include "sandbox/options.def"
		break;
	case OPTION_MARKET:
		add_markets(l);
		break;
	default:
		catalogue_make_topics(l, kind, now_s);
		break;
	}
}

void catalogue_make_rest(struct catalogue_list *l, enum option_kind kind)
{
	if (kind == OPTION_LOCATION)
		catalogue_make_more_places(l);
	else if (kind == OPTION_CONVERSATION)
		catalogue_make_more_topics(l);
}
