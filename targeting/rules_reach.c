/* Rules about places, and about who is reached as a whole. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "targeting/rules_impl.h"
#include "targeting/widen.h"

/* --- a location inside another one */

enum place_rank { PLACE_POSTAL, PLACE_CITY, PLACE_METRO, PLACE_REGION, PLACE_COUNTRY, PLACE_OTHER };

/* Look-ups say CITIES, criteria say CITY (G22). */
static enum place_rank rank_of(const char *kind)
{
	static const struct {
		const char *start;
		enum place_rank rank;
	} kinds[] = {{"COUNTR", PLACE_COUNTRY}, {"REGION", PLACE_REGION}, {"METRO", PLACE_METRO},
	    {"CIT", PLACE_CITY}, {"POSTAL", PLACE_POSTAL}};

	for (size_t i = 0; kind && i < sizeof kinds / sizeof kinds[0]; i++)
		if (!strncmp(kind, kinds[i].start, strlen(kinds[i].start)))
			return kinds[i].rank;
	return PLACE_OTHER;
}

/* A place by country and one part of its name, as a key of the scratch index. */
static bool place_key(
    struct check *ck, const char *country, const char *part, size_t n, struct set_key *key)
{
	/* the type folds case and blanks as it does for keywords */
	struct criterion c = {.type = TYPE_BROAD_KEYWORD, .line_item_id = country};

	c.value = arena_strndup(&ck->tmp, part, n);
	if (!c.value || set_key_of(&ck->tmp, &c, key)) {
		ck->err = ERR_NOMEM;
		return false;
	}
	return true;
}

static const struct option *place_of(struct check *ck, size_t row)
{
	const struct option *o = NULL;

	if (check_option(ck, check_at(ck, row), &o) != RULE_FOUND || !o->country)
		return NULL;
	return o;
}

/* Countries go in with an empty part, smaller places with the first part of their name. */
static void index_places(struct check *ck, const size_t *rows, size_t n)
{
	set_index_clear(&ck->s->index);
	for (size_t i = 0; i < n && !ck->err; i++) {
		const struct option *o = place_of(ck, rows[i]);
		enum place_rank rank = o ? rank_of(o->kind) : PLACE_OTHER;
		struct set_key key;
		size_t found;

		if (rank == PLACE_OTHER || rank == PLACE_POSTAL || !o->name)
			continue;
		if (place_key(ck, o->country, o->name,
			rank == PLACE_COUNTRY ? 0 : strcspn(o->name, ","), &key) &&
		    set_index_put(&ck->s->index, &key, rows[i], &found))
			ck->err = ERR_NOMEM;
	}
}

static bool find_place(
    struct check *ck, const struct option *inner, const char *part, size_t n, size_t *row)
{
	const struct option *outer;
	struct set_key key;

	if (!place_key(ck, inner->country, part, n, &key) ||
	    !set_index_get(&ck->s->index, &key, row))
		return false;
	outer = place_of(ck, *row);
	return outer && rank_of(outer->kind) > rank_of(inner->kind);
}

/* The location that holds this one: its country for certain, a metro or region by a part of its
 * name ("City, Metro, REGION, USA", reference 5.1), which is a guess. */
static bool find_outer(struct check *ck, const struct option *inner, size_t *row, bool *guess)
{
	const char *s = inner->name ? strchr(inner->name, ',') : NULL;

	*guess = false;
	if (find_place(ck, inner, "", 0, row))
		return true;
	*guess = true;
	while (s && !ck->err) {
		size_t n;

		s += strspn(s, ", ");
		n = strcspn(s, ",");
		if (n && find_place(ck, inner, s, n, row))
			return true;
		s = s[n] ? s + n : NULL;
	}
	return false;
}

static void check_russia(struct check *ck, const size_t *rows, size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		const struct option *o = place_of(ck, rows[i]);

		if (o && !strcasecmp(o->country, "RU")) {
			check_pick(ck, rows[i]);
			found++;
		}
	}
	if (found)
		check_add(ck, RULE_RUSSIA_LANGUAGE, NULL);
}

/* Places of one rank cannot hold one another, and most line items have only such. */
static bool has_two_ranks(struct check *ck, const size_t *rows, size_t n)
{
	enum place_rank first = PLACE_OTHER;

	for (size_t i = 0; i < n; i++) {
		const struct option *o = place_of(ck, rows[i]);
		enum place_rank rank = o ? rank_of(o->kind) : PLACE_OTHER;

		if (first == PLACE_OTHER)
			first = rank;
		else if (rank != PLACE_OTHER && rank != first)
			return true;
	}
	return false;
}

/* Of the targeted places: is one of them, or may one be, in this country? */
static bool may_be_targeted(struct check *ck, const size_t *rows, size_t n, const char *country)
{
	for (size_t i = 0; i < n; i++) {
		const struct option *o = place_of(ck, rows[i]);

		if (!o || !strcasecmp(o->country, country))
			return true;
	}
	return false;
}

static void check_carriers(struct check *ck, const size_t *places, size_t n_places)
{
	size_t n;
	const size_t *rows = check_rows(ck, TYPE_NETWORK_OPERATOR, &n);

	for (size_t i = 0; i < n && n_places && !ck->err; i++) {
		const struct option *o = place_of(ck, rows[i]);
		char country[8];

		if (!o)
			continue;
		/* the next look-up may take the place of this one */
		snprintf(country, sizeof country, "%s", o->country);
		if (may_be_targeted(ck, places, n_places, country))
			continue;
		check_pick(ck, rows[i]);
		check_add(
		    ck, RULE_CARRIER_OUTSIDE, "%s is in %s", check_label(ck, rows[i]), country);
	}
}

/* A behaviour is of one country, which only its retired look-up knew; so at least the places have to
 * be of one. */
static void check_behaviors(struct check *ck, const size_t *places, size_t n_places)
{
	static const enum targeting_type types[] = {TYPE_BEHAVIOR, TYPE_BEHAVIOR_EXPANDED};
	const char *first = NULL;
	bool two = false;

	if (!check_count(ck, types[0]) && !check_count(ck, types[1]))
		return;
	for (size_t i = 0; i < n_places; i++) {
		const struct option *o = place_of(ck, places[i]);

		if (o && !first)
			first = arena_strdup(&ck->tmp, o->country);
		two |= o && first && strcasecmp(o->country, first) != 0;
	}
	if (n_places && !two)
		return;
	for (size_t t = 0; t < 2; t++) {
		size_t n;
		const size_t *rows = check_rows(ck, types[t], &n);

		for (size_t i = 0; i < n; i++)
			check_pick(ck, rows[i]);
	}
	check_touched(ck, TYPE_LOCATION);
	check_add(ck, RULE_BEHAVIOR_LOCATION, "%s",
	    two ? "locations of several countries" : "no location is targeted");
}

void check_locations(struct check *ck)
{
	size_t n, outer;
	const size_t *rows = check_rows(ck, TYPE_LOCATION, &n);

	check_russia(ck, rows, n);
	check_carriers(ck, rows, n);
	check_behaviors(ck, rows, n);
	if (!has_two_ranks(ck, rows, n))
		return;
	index_places(ck, rows, n);
	for (size_t i = 0; i < n && !ck->err; i++) {
		const struct option *o = place_of(ck, rows[i]);
		struct problem *p;
		bool guess;

		if (!o || !find_outer(ck, o, &outer, &guess) || outer == rows[i])
			continue;
		check_pick(ck, outer);
		check_pick(ck, rows[i]);
		p = check_add(ck, RULE_LOCATION_INSIDE, "%s is inside %s%s",
		    check_label(ck, rows[i]), check_label(ck, outer),
		    guess ? " (judged by its name)" : "");
		check_fix_drop(ck, p, &rows[i], 1);
	}
}

/* --- reach */

static void pick_removed(struct check *ck, unsigned flag, const struct widen *w)
{
	for (size_t i = 0; i < ck->e->n; i++) {
		const struct effective_row *r = &ck->e->v[i];
		enum targeting_type t = r->criterion->type;
		enum cell_kind kind;
		bool pick = false;

		if (r->state != EFFECTIVE_REMOVED || r->held)
			continue;
		kind = cell_of(r->criterion, &ck->os).kind;
		switch (flag) {
		case WIDEN_LOCATION:
			pick = t == TYPE_LOCATION;
			break;
		case WIDEN_AGE:
			pick = t == TYPE_AGE;
			break;
		case WIDEN_GENDER:
			pick = t == TYPE_GENDER;
			break;
		case WIDEN_LANGUAGE:
			pick = t == TYPE_LANGUAGE;
			break;
		case WIDEN_PRIMARY:
			pick = kind == CELL_PRIMARY || kind == CELL_ENGAGED;
			break;
		case WIDEN_EXCLUSION:
			pick = kind == CELL_EXCLUDE;
			break;
		case WIDEN_ENGAGEMENT:
			pick = kind == CELL_HOW;
			break;
		default:
			for (size_t j = 0; j < w->n_last; j++)
				pick |= t == w->last[j] ||
					(w->last[j] == TYPE_PLATFORM && kind == CELL_DEVICE);
		}
		if (pick && (flag == WIDEN_EXCLUSION || kind != CELL_EXCLUDE))
			check_pick(ck, i);
	}
}

static void check_widening(struct check *ck, const struct widen *w)
{
	static const struct {
		unsigned flag;
		enum rule_id rule;
	} rules[] = {{WIDEN_LOCATION, RULE_WIDENS_LOCATION}, {WIDEN_AGE, RULE_WIDENS_AGE},
	    {WIDEN_GENDER, RULE_WIDENS_GENDER}, {WIDEN_LANGUAGE, RULE_WIDENS_LANGUAGE},
	    {WIDEN_OTHER, RULE_WIDENS_OTHER}, {WIDEN_PRIMARY, RULE_WIDENS_PRIMARY},
	    {WIDEN_EXCLUSION, RULE_WIDENS_EXCLUSION}, {WIDEN_ENGAGEMENT, RULE_WIDENS_ENGAGEMENT}};

	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (w->flags & rules[i].flag) {
			pick_removed(ck, rules[i].flag, w);
			check_add(ck, rules[i].rule, NULL);
		}
}

static bool is_union_cell(enum cell_kind kind)
{
	return kind == CELL_PRIMARY || kind == CELL_ENGAGED;
}

/* People expect a second keyword or interest to narrow; it adds. */
static void check_union(struct check *ck)
{
	size_t had = 0, added = 0;

	if (!ck->e->n_added)
		return;
	for (size_t i = 0; i < ck->e->n; i++) {
		const struct effective_row *r = &ck->e->v[i];

		if (!effective_is_after(r) || !is_union_cell(cell_of(r->criterion, &ck->os).kind))
			continue;
		had += r->state != EFFECTIVE_ADDED;
		added += r->state == EFFECTIVE_ADDED;
	}
	if (!had || !added)
		return;
	for (size_t i = 0; i < ck->e->n; i++)
		if (check_is_added(ck, i) && is_union_cell(cell_of(check_at(ck, i), &ck->os).kind))
			check_pick(ck, i);
	check_add(ck, RULE_ADDS_TO_UNION, NULL);
}

static const struct change *first_change(const struct check *ck)
{
	for (size_t i = 0; i < ck->e->n; i++)
		if (ck->e->v[i].change && !ck->e->v[i].held)
			return ck->e->v[i].change;
	return NULL;
}

void check_reach(struct check *ck)
{
	struct widen_input in = {
	    .before = ck->e->before,
	    .n_before = ck->e->n_before,
	    .after = ck->e->after,
	    .n_after = ck->e->n_after,
	    .lookup = &ck->os,
	};
	struct widen w;

	widen_judge(&in, &w);
	check_widening(ck, &w);
	check_union(ck);
	if (w.worldwide_after) {
		struct problem *p;

		ck->cause = w.worldwide_before ? NULL : first_change(ck);
		p = check_add(ck, RULE_WORLDWIDE, "%s",
		    ck->e->n_after ? "nothing included is left, only exclusions"
				   : "no criterion is left");
		if (!w.worldwide_before)
			check_fix_keep(ck, p, false);
		return;
	}
	if (!check_count(ck, TYPE_LOCATION))
		check_add(ck, RULE_NO_LOCATION, "no location is targeted");
}
