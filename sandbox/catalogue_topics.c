/* 41,136 conversations, events of several years, and 3,000 TV shows for each market: real examples
 * first, then names put together from words. */
#include <stdio.h>
#include <string.h>
#include "base/map.h"
#include "sandbox/catalogue_make.h"
#include "sandbox/page.h"

#define CONVERSATIONS_TOTAL 41136
#define EVENTS_TOTAL 355
#define DAY_S 86400

static const char *const adjectives[] = {"Silent", "Golden", "Hidden", "Electric", "Northern",
    "Broken", "Crimson", "Endless", "Little", "Modern", "Secret", "Velvet", "Wild", "Lucky",
    "Frozen", "Burning", "Distant", "Paper", "Midnight", "Urban", "Honest", "Perfect", "Second",
    "Royal"};
static const char *const nouns[] = {"Garden", "River", "House", "Kitchen", "Empire", "Island",
    "Mirror", "Summer", "Detective", "Harbour", "Letters", "Family", "Street", "Train", "Orchestra",
    "Station", "Valley", "Market", "Crown", "Planet", "Studio", "Bridge", "Winter", "Circus",
    "Atlas", "Lights", "Legend", "Heroes", "Doctors", "Sisters"};
static const char *const suffixes[] = {"", " Live", " UK", " Stories", " Academy", " Diaries",
    " Tonight", " Challenge", " Club", " Chronicles", " Collective", " Reborn", " & Co", " Masters",
    " Kids", " Unplugged", " Nation", " 2.0", " Express", " Society", " World", " Show", " Daily",
    " Weekly"};
#define COUNT(x) (sizeof(x) / sizeof *(x))

/* Every number below 17,280 gives another name. */
static void made_up_name(size_t i, char *out, size_t cap)
{
	size_t a = i % COUNT(adjectives), n = i / COUNT(adjectives) % COUNT(nouns);
	size_t s = i / (COUNT(adjectives) * COUNT(nouns)) % COUNT(suffixes);

	snprintf(out, cap, "%s %s%s", adjectives[a], nouns[n], suffixes[s]);
}

static void add_conversation(struct catalogue_list *l, const char *type, const char *name)
{
	char value[14];

	base36_write(361 + l->n, value); /* "a1" is the NFL, the first of SPORTS */
	catalogue_add(l, &(struct option_row){.value = value, .name = name, .kind = type});
}

static void add_conversations(struct catalogue_list *l)
{
	char name[80];

#define CONVERSATION(kind, names)                                                                  \
	for (const char *p = names; catalogue_next(&p, name, sizeof name);)                        \
		add_conversation(l, kind, name);
#include "sandbox/options.def"
}

void catalogue_make_more_topics(struct catalogue_list *l)
{
	char type[40], name[80];

	for (size_t i = 0; l->n < CONVERSATIONS_TOTAL; i++) {
		const char *types = CONVERSATION_TYPES;

		while (l->n < CONVERSATIONS_TOTAL && catalogue_next(&types, type, sizeof type)) {
			/* the same words mean another thing in each type, so begin elsewhere */
			made_up_name(i + map_hash(type) % 9000, name, sizeof name);
			add_conversation(l, type, name);
		}
	}
}

static void add_event(
    struct catalogue_list *l, const char *type, const char *name, int64_t year_start_s)
{
	uint64_t h = map_hash(name);
	int64_t day = strcmp(name, "New Year's") == 0 ? 364 : (int64_t)(h % 360);
	char value[14];

	base36_write(1833 + l->n, value); /* "1ex" is the first New Year's */
	catalogue_add(l, &(struct option_row){.value = value,
			     .name = name,
			     .kind = type,
			     .country = h % 3   ? NULL
					: h % 2 ? "US"
						: "GB",
			     .start_s = year_start_s + day * DAY_S});
}

/* Six years, of which the first has begun 300 days ago; times are always midnight UTC (reference 5.1). */
static void add_events(struct catalogue_list *l, int64_t now_s)
{
	int64_t year_s = now_s - now_s % DAY_S - 300 * DAY_S;
	char name[80];

	for (int y = 0; y < 6; y++, year_s += 365 * DAY_S) {
#define EVENTS(type, names)                                                                        \
	for (const char *p = names; l->n < EVENTS_TOTAL && catalogue_next(&p, name, sizeof name);) \
		add_event(l, type, name, year_s);
#include "sandbox/options.def"
	}
}

static void add_show(
    struct catalogue_list *l, size_t market, uint64_t number, const char *name, size_t genre)
{
	static const char *const genres[] = {"DRAMA", "COMEDY", "REALITY", "NEWS", "SPORTS", "KIDS",
	    "DOCUMENTARY", "TALK", "GAME", "PAID"};
	static const char *const locales[MARKETS] = {
#define MARKET(locale, title) locale,
#include "sandbox/options.def"
	};
	char value[24];
	int64_t users = (int64_t)(catalogue_mix(number) % 400000);

	snprintf(value, sizeof value, "%llu", (unsigned long long)number);
	catalogue_add(l, &(struct option_row){.value = value,
			     .name = name,
			     .kind = genres[genre % COUNT(genres)],
			     .country = locales[market],
			     .users = users < 1000 ? 1000 : users});
}

static void add_shows(struct catalogue_list *l, size_t market)
{
	static const char *const real[] = {"The Great British Bake Off", "Grand Designs",
	    "Fixer Upper", "Game of Thrones", "The Voice", "Top Gear", "Saturday Night Live",
	    "Doctor Who"};
	uint64_t base = SHOW_BASE + market * SHOW_SPAN;
	char name[80];

	for (size_t i = 0; i < SHOWS_PER_MARKET; i++) {
		if (i < COUNT(real))
			snprintf(name, sizeof name, "%s", real[i]);
		else
			made_up_name(i * 5 + market * 997, name, sizeof name);
		add_show(l, market, base + i, name, i);
	}
	if (market == SHOW_OF_DOCS_MARKET)
		add_show(l, market, SHOW_OF_DOCS, "NewsWatch", 9);
}

void catalogue_make_topics(struct catalogue_list *l, enum option_kind kind, int64_t now_s)
{
	if (kind == OPTION_CONVERSATION)
		add_conversations(l);
	else if (kind == OPTION_EVENT)
		add_events(l, now_s);
	else if (kind >= OPTION_SHOW && kind < OPTION_KINDS)
		add_shows(l, (size_t)(kind - OPTION_SHOW));
}
