/* Rules about TV markets, placements and devices. */
#include <string.h>
#include <strings.h>
#include "targeting/rules_impl.h"

/* --- TV */

/* Market "en-US": its country; NULL when the catalogue does not know the show. Two markets share a
 * country, so only the country can be judged (reference 5.1). */
static const char *market_country(struct check *ck, size_t row)
{
	const struct option *o = NULL;
	const char *dash;

	if (check_option(ck, check_at(ck, row), &o) != RULE_FOUND || !o->country)
		return NULL;
	dash = strchr(o->country, '-');
	return dash ? dash + 1 : o->country;
}

static const char *location_country(struct check *ck, size_t row)
{
	const struct option *o = NULL;

	return check_option(ck, check_at(ck, row), &o) == RULE_FOUND ? o->country : NULL;
}

static bool was_judged(struct check *ck, const size_t *shows, size_t i, const char *country)
{
	for (size_t j = 0; j < i; j++) {
		const char *other = market_country(ck, shows[j]);

		if (other && !strcasecmp(other, country))
			return true;
	}
	return false;
}

static void check_market(struct check *ck, const size_t *shows, size_t n_shows, size_t i)
{
	const char *country = market_country(ck, shows[i]);
	size_t n, outside = 0;
	const char *names;
	struct problem *p;
	const size_t *places = check_rows(ck, TYPE_LOCATION, &n);

	if (!country || was_judged(ck, shows, i, country))
		return;
	for (size_t j = 0; j < n; j++) {
		const char *of = location_country(ck, places[j]);

		if (of && strcasecmp(of, country) != 0) {
			check_pick(ck, places[j]);
			outside++;
		}
	}
	if (!outside)
		return;
	names = arena_strdup(&ck->tmp, check_names(ck)); /* of the places alone */
	for (size_t j = i; j < n_shows; j++) {
		const char *other = market_country(ck, shows[j]);

		if (other && !strcasecmp(other, country))
			check_pick(ck, shows[j]);
	}
	check_touched(ck, TYPE_LOCATION);
	check_touched(ck, TYPE_TV_SHOW);
	p = check_add(ck, RULE_TV_OUTSIDE_MARKET, "%s: outside the market of %s (%s)",
	    names ? names : "", check_label(ck, shows[i]), check_cut(ck, country));
	if (p && !p->n_unstage)
		check_take_back(ck, p, TYPE_LOCATION);
	if (p && !p->n_unstage)
		check_take_back(ck, p, TYPE_TV_SHOW);
}

/* The locations that are staged to go stay. */
static void keep_locations(struct check *ck, struct problem *p)
{
	const struct change **list = arena_alloc(&ck->out->arena, (ck->e->n + 1) * sizeof *list);
	size_t n = 0;

	if (!list)
		ck->err = ERR_NOMEM;
	for (size_t i = 0; i < ck->e->n && list; i++) {
		const struct effective_row *r = &ck->e->v[i];

		if (r->criterion->type == TYPE_LOCATION && r->state == EFFECTIVE_REMOVED &&
		    !r->held)
			list[n++] = r->change;
	}
	p->unstage = list;
	p->n_unstage = list ? n : 0;
}

void check_tv(struct check *ck)
{
	struct problem *p;
	size_t n;
	const size_t *shows = check_rows(ck, TYPE_TV_SHOW, &n);

	if (!n)
		return;
	if (!check_count(ck, TYPE_LOCATION)) {
		for (size_t i = 0; i < n; i++)
			check_pick(ck, shows[i]);
		check_touched(ck, TYPE_LOCATION);
		check_touched(ck, TYPE_TV_SHOW);
		p = check_add(ck, RULE_TV_NO_LOCATION, NULL);
		if (p && !p->n_unstage)
			keep_locations(ck, p);
		return;
	}
	for (size_t i = 0; i < n && !ck->err; i++)
		check_market(ck, shows, n, i);
}

/* --- placement */

static bool has_placement(const char *placements, const char *name)
{
	size_t len = strlen(name);

	for (const char *s = placements; *s;) {
		size_t n = strcspn(s, ",");

		if (n == len && !memcmp(s, name, n))
			return true;
		s += n + (s[n] == ',');
	}
	return false;
}

/* Reference 3, "allowed types by placement": not in search. */
static bool is_for_timeline(enum targeting_type t)
{
	switch (t) {
	case TYPE_FOLLOWERS_OF_USER:
	case TYPE_SIMILAR_TO_FOLLOWERS_OF_USER:
	case TYPE_INTEREST:
	case TYPE_CAMPAIGN_ENGAGEMENT:
	case TYPE_CAMPAIGN_ENGAGEMENT_LOOKALIKE:
	case TYPE_USER_ENGAGEMENT:
	case TYPE_USER_ENGAGEMENT_LOOKALIKE:
	case TYPE_ENGAGEMENT_TYPE:
	case TYPE_TV_SHOW:
		return true;
	default:
		return false;
	}
}

static bool targets_keywords(const struct check *ck)
{
	for (size_t i = 0; i < ck->e->n; i++)
		if (type_is_keyword(check_at(ck, i)->type) && effective_is_after(&ck->e->v[i]) &&
		    !check_is_excluded(ck, i))
			return true;
	return false;
}

static void check_line_item_placements(struct check *ck, const char *p)
{
	const struct line_item *li = ck->ctx->line_item;

	if (!strcmp(p, "TWITTER_PROFILE"))
		check_add(ck, RULE_PROFILE_ALONE, "profiles are its only placement");
	if (li->objective && !strcmp(li->objective, "REACH") &&
	    !has_placement(p, "TWITTER_TIMELINE") && !has_placement(p, "ALL_ON_TWITTER"))
		check_add(ck, RULE_REACH_NO_TIMELINE, "placements: %s", check_cut(ck, p));
	if (!strcmp(p, "TWITTER_SEARCH") && !targets_keywords(ck))
		check_add(ck, RULE_SEARCH_NO_KEYWORD, "search is its only placement");
}

/* One problem for each type: X judges them together, so a change of any of them counts. */
static void check_search(struct check *ck)
{
	for (int t = 0; t < TYPE_COUNT && !ck->err; t++) {
		size_t n;
		const size_t *rows = check_rows(ck, (enum targeting_type)t, &n);

		if (!n || !is_for_timeline((enum targeting_type)t))
			continue;
		for (size_t i = 0; i < n; i++)
			check_pick(ck, rows[i]);
		for (int other = 0; other < TYPE_COUNT; other++)
			if (is_for_timeline((enum targeting_type)other))
				check_touched(ck, (enum targeting_type)other);
		check_add(ck, RULE_TYPE_PLACEMENT, "%s: %s",
		    type_info((enum targeting_type)t)->label, check_names(ck));
	}
}

static void check_product(struct check *ck)
{
	static const enum targeting_type types[] = {TYPE_DEVICE, TYPE_TV_SHOW};
	const struct line_item *li = ck->ctx->line_item;

	if (!li || !li->product_type || strcmp(li->product_type, "PROMOTED_ACCOUNT") != 0)
		return;
	for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
		size_t n;
		const size_t *rows = check_rows(ck, types[t], &n);

		if (!n)
			continue;
		for (size_t i = 0; i < n; i++)
			check_pick(ck, rows[i]);
		check_touched(ck, TYPE_DEVICE);
		check_touched(ck, TYPE_TV_SHOW);
		check_add(
		    ck, RULE_PRODUCT_TYPE, "%s: %s", type_info(types[t])->label, check_names(ck));
	}
}

void check_placement(struct check *ck)
{
	const struct line_item *li = ck->ctx->line_item;
	const char *p = li && li->placements ? li->placements : "";
	size_t n;
	const size_t *rows;

	check_product(ck);
	if (!*p)
		return;
	check_line_item_placements(ck, p);
	rows = check_rows(ck, TYPE_EXACT_KEYWORD, &n);
	if (n && strcmp(p, "TWITTER_SEARCH") != 0) {
		for (size_t i = 0; i < n; i++)
			check_pick(ck, rows[i]);
		check_touched(ck, TYPE_EXACT_KEYWORD);
		check_add(ck, RULE_EXACT_PLACEMENT, "%s (placements: %s)", check_names(ck),
		    check_cut(ck, p));
	}
	if (has_placement(p, "TWITTER_SEARCH"))
		check_search(ck);
}

/* --- devices */

void check_devices(struct check *ck)
{
	size_t n_platforms, n_devices, n_drop;
	const size_t *platforms = check_rows(ck, TYPE_PLATFORM, &n_platforms);
	const size_t *devices = check_rows(ck, TYPE_DEVICE, &n_devices);

	for (size_t i = 0; i < n_platforms && n_devices && !ck->err; i++) {
		struct cell platform = cell_of(check_at(ck, platforms[i]), &ck->os);
		size_t *drop = arena_alloc(&ck->tmp, n_devices * sizeof *drop);
		struct problem *p;

		if (!drop) {
			ck->err = ERR_NOMEM;
			return;
		}
		n_drop = 0;
		for (size_t j = 0; j < n_devices && platform.os[0]; j++) {
			struct cell device = cell_of(check_at(ck, devices[j]), &ck->os);

			if (cell_equal(&platform, &device))
				drop[n_drop++] = devices[j];
		}
		if (!n_drop)
			continue;
		for (size_t j = 0; j < n_drop; j++)
			check_pick(ck, drop[j]);
		check_pick(ck, platforms[i]);
		check_touched(ck, TYPE_DEVICE);
		check_touched(ck, TYPE_PLATFORM);
		p = check_add(ck, RULE_DEVICE_ON_PLATFORM, "%s with %s",
		    check_label(ck, platforms[i]), check_label(ck, drop[0]));
		check_fix_drop(ck, p, drop, n_drop);
	}
}
