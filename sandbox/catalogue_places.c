/* 57,000 places: the real ones of places.def, then made-up towns and real-looking ZIP codes. */
#include <stdio.h>
#include <string.h>
#include "base/map.h"
#include "sandbox/catalogue_make.h"

#define TOWNS_TOTAL 25500
#define PLACES_TOTAL 57000

static const struct {
	const char *name, *id;
} known_ids[] = {
#define PLACE_ID(name, id) {name, id},
#include "sandbox/places.def"
};

static const struct {
	const char *abbr, *name;
	int first, last;
} states[] = {
#define STATE(abbr, name, first, last) {abbr, name, first, last},
#include "sandbox/places.def"
};
#define STATES (sizeof states / sizeof *states)

static const char *const metros[] = {
#define METRO(name) name,
#include "sandbox/places.def"
};
#define METROS (sizeof metros / sizeof *metros)

/* 16 hex digits, as every place id of the samples */
static void place_id(const char *name, const char *type, char out[17])
{
	for (size_t i = 0; i < sizeof known_ids / sizeof *known_ids; i++) {
		if (strcmp(known_ids[i].name, name) == 0) {
			snprintf(out, 17, "%s", known_ids[i].id);
			return;
		}
	}
	snprintf(
	    out, 17, "%016llx", (unsigned long long)catalogue_mix(map_hash(name) ^ map_hash(type)));
}

static void add_place(struct catalogue_list *l, const char *name, const char *country,
    const char *type, int64_t users)
{
	char id[17];

	/* the documents' ids apply to one type each, so only look them up where the type fits */
	place_id(name, type, id);
	catalogue_add(l, &(struct option_row){.value = id,
			     .name = name,
			     .kind = type,
			     .country = country,
			     .users = users * 1000});
}

static void add_regions(struct catalogue_list *l, const char *country, const char *names)
{
	char name[80];

	while (catalogue_next(&names, name, sizeof name))
		add_place(l, name, country, "REGIONS", 200 + (int64_t)(map_hash(name) % 1500));
}

static const char *country_name(const char *code)
{
#define COUNTRY(c, n, users)                                                                       \
	if (strcmp(code, c) == 0)                                                                  \
		return n;
#include "sandbox/places.def"
	return code;
}

static void add_cities(struct catalogue_list *l, const char *country, const char *names)
{
	char name[80], full[160];

	while (catalogue_next(&names, name, sizeof name)) {
		snprintf(full, sizeof full, "%s, %s", name, country_name(country));
		add_place(l, full, country, "CITIES", 30 + (int64_t)(map_hash(name) % 700));
	}
}

static void add_us_city(
    struct catalogue_list *l, const char *name, const char *state, const char *metro)
{
	char full[160];

	if (*metro)
		snprintf(full, sizeof full, "%s, %s, %s, USA", name, metro, state);
	else
		snprintf(full, sizeof full, "%s, %s, USA", name, state);
	add_place(l, full, "US", "CITIES", (int64_t)(5 + map_hash(full) % 400));
}

/* "Oakfield, IL, USA": every pair of beginning and ending once per state, until there are enough */
static void add_towns(struct catalogue_list *l)
{
	static const char *const begin[] = {"Oak", "Maple", "Cedar", "Spring", "River", "Lake",
	    "Stone", "Fair", "Green", "Clear", "High", "West", "East", "North", "South", "Mill",
	    "Pine", "Elm", "Ash", "Rock", "Silver", "Golden", "Sunny", "Bright", "Wood", "Glen"};
	static const char *const end[] = {"field", "ville", "ton", "wood", " Creek", " Springs",
	    " Heights", "dale", "brook", " Park", "view", " Valley", "port", " Hill", "land",
	    "haven", "burg", " Falls", " Grove", "mont", " City", "side"};
	size_t n_begin = sizeof begin / sizeof *begin, n_end = sizeof end / sizeof *end;

	for (size_t i = 0; l->n < TOWNS_TOTAL && i < n_begin * n_end * STATES; i++) {
		size_t s = i % STATES, pair = i / STATES;
		char name[40];

		snprintf(
		    name, sizeof name, "%s%s", begin[pair % n_begin], end[pair / n_begin % n_end]);
		add_us_city(l, name, states[s].abbr, "");
	}
}

/* "60004, IL, US": the lower codes of every three-digit prefix */
static void add_zips(struct catalogue_list *l)
{
	for (int low = 1; low < 100 && l->n < PLACES_TOTAL; low++) {
		for (size_t s = 0; s < STATES; s++) {
			for (int p = states[s].first; p <= states[s].last && l->n < PLACES_TOTAL;
			     p++) {
				char name[40];

				snprintf(
				    name, sizeof name, "%03d%02d, %s, US", p, low, states[s].abbr);
				add_place(l, name, "US", "POSTAL_CODES", 1 + (p * 7 + low) % 9);
			}
		}
	}
}

void catalogue_make_places(struct catalogue_list *l)
{
#define COUNTRY(code, name, users) add_place(l, name, code, "COUNTRIES", users);
#include "sandbox/places.def"
	for (size_t s = 0; s < STATES; s++)
		add_place(l, states[s].name, "US", "REGIONS", 300 + (int64_t)(s * 37 % 50) * 80);
#define REGIONS(country, names) add_regions(l, country, names);
#include "sandbox/places.def"
	for (size_t m = 0; m < METROS; m++) {
		char name[80];

		snprintf(name, sizeof name, "%s, US", metros[m]);
		add_place(l, name, "US", "METROS", 150 + (int64_t)(METROS - m) * 60);
	}
#define CITY(name, state, metro) add_us_city(l, name, state, metro);
#include "sandbox/places.def"
#define CITIES(country, names) add_cities(l, country, names);
#include "sandbox/places.def"
	add_place(l, "Portland, Victoria, Australia", "AU", "CITIES", 12);
}

void catalogue_make_more_places(struct catalogue_list *l)
{
	add_towns(l);
	add_zips(l);
}
