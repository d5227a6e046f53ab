/* The targeting options: what the look-ups list, and what a criterion's value is called.
 *
 * Each list is made when it is first asked for, from the tables places.def and options.def and a
 * fixed recipe, so that a start costs nothing and every sandbox has the same options. Rows are
 * ordered by their number in the list; TV shows have one list per market. */
#ifndef RETICLE_SANDBOX_CATALOGUE_H
#define RETICLE_SANDBOX_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONVERSATION_TYPES                                                                         \
	"ACTORS|ATHLETES|BOOK_GENRES|BOOKS|BRAND_CATEGORIES|BRANDS|CELEBRITIES|COACHES|"           \
	"DIGITAL_CREATORS|ENTERTAINMENT_BRANDS|ENTERTAINMENT_PERSONALITIES|FICTIONAL_CHARACTERS|"  \
	"JOURNALISTS|LIFESTYLES|MOVIE_GENRES|MOVIES|MUSIC_GENRES|MUSICIANS|NEWS_STORIES|NEWS|"     \
	"PERSONS|PLACES|PODCASTS|POLITICAL_AFFILIATIONS|POLITICIANS|PRODUCTS|RADIO_STATIONS|"      \
	"SPORTS_LEAGUES|SPORTS_PERSONALITIES|SPORTS_TEAMS|SPORTS|TRENDS|TV_SHOWS|"                 \
	"VIDEO_GAME_PLATFORMS|VIDEO_GAME_PUBLISHERS|VIDEO_GAMES"

#define MARKETS 17

enum option_kind {
	OPTION_LOCATION,
	OPTION_CONVERSATION,
	OPTION_INTEREST,
	OPTION_DEVICE,
	OPTION_LANGUAGE,
	OPTION_PLATFORM,
	OPTION_PLATFORM_VERSION,
	OPTION_NETWORK_OPERATOR,
	OPTION_APP_STORE_CATEGORY,
	OPTION_EVENT,
	OPTION_MARKET,
	OPTION_SHOW, /* OPTION_SHOW + i: shows of the i-th market */
	OPTION_KINDS = OPTION_SHOW + MARKETS
};

struct option_row {
	const char *value, *name;
	const char *folded; /* name in lower case, for searching */
	const char
	    *kind; /* location_type, conversation_type, event_type, os_type, genre; or NULL */
	const char *country; /* country code, TV locale, or NULL */
	const char *extra; /* manufacturer, version number; or NULL */
	int64_t users; /* LOCATION: made-up audience; SHOW: estimated_users */
	int64_t start_s; /* EVENT; the end is two days later */
};

struct option_rows {
	const struct option_row *v;
	size_t n;
};

struct catalogue;

struct catalogue *catalogue_new(int64_t now_s); /* events are laid out around that time */
void catalogue_free(struct catalogue *c);
struct option_rows catalogue_rows(struct catalogue *c, enum option_kind kind);
/* The row of that value, NULL when there is none. Rows may move when another is looked up: copy what
 * is kept (the strings stay). */
const struct option_row *catalogue_find(
    struct catalogue *c, enum option_kind kind, const char *value);
/* A TV show of any market. */
const struct option_row *catalogue_show(struct catalogue *c, const char *value);
int catalogue_market(const char *locale); /* its number, -1: unknown; "en-US" or "en_US" */
/* Words of platform names in another language, NULL when there is none. */
const char *catalogue_localized(enum option_kind kind, const char *value, const char *lang);
/* How well a folded name answers a folded query: 0 not at all, higher is better. */
int catalogue_score(const char *folded_name, const char *folded_query);
uint64_t catalogue_mix(uint64_t n); /* a fixed scrambling of numbers (splitmix64) */

#endif
