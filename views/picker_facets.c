#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "targeting/keyword.h"
#include "session/options.h"
#include "views/picker.h"
#include "views/rows.h"
#include "session/staging.h"

static const char *const place_kinds[] = {
    "COUNTRIES", "REGIONS", "METROS", "CITIES", "POSTAL_CODES"};

#define PLACE_KINDS (sizeof place_kinds / sizeof *place_kinds)

static const enum targeting_type match_types[] = {
    TYPE_BROAD_KEYWORD, TYPE_PHRASE_KEYWORD, TYPE_EXACT_KEYWORD, TYPE_UNORDERED_KEYWORD};

static bool has_country(enum targeting_type t)
{
	return t == TYPE_LOCATION || t == TYPE_NETWORK_OPERATOR || t == TYPE_TV_SHOW;
}

static bool has_kinds(enum targeting_type t)
{
	switch (t) {
	case TYPE_LOCATION:
	case TYPE_CONVERSATION:
	case TYPE_EVENT:
	case TYPE_DEVICE:
	case TYPE_PLATFORM_VERSION:
	case TYPE_APP_STORE_CATEGORY:
	case TYPE_APP_STORE_CATEGORY_LOOKALIKE:
		return true;
	default:
		return false;
	}
}

/* --- scopes --- */

static void scope_param(struct pick_scope *s, const char *name, const char *value)
{
	s->params[s->n++] = (struct api_param){name, value};
}

static size_t place_scopes(const struct picker *p, struct pick_scope *out)
{
	size_t n = 0;

	for (size_t i = 0; i < PLACE_KINDS; i++) {
		bool postal = strcmp(place_kinds[i], "POSTAL_CODES") == 0;

		/* tens of thousands in one country: only when they are asked for */
		if (p->kind[0] ? strcmp(p->kind, place_kinds[i]) != 0 : postal && !p->postal)
			continue;
		out[n] = (struct pick_scope){0};
		scope_param(&out[n], "location_type", place_kinds[i]);
		if (i > 0)
			scope_param(&out[n], "country_code", p->country);
		n++;
	}
	return n;
}

static void search_scope(const struct picker *p, struct pick_scope *out)
{
	*out = (struct pick_scope){.search = true};
	scope_param(out, "q", p->search);
	if (p->type == TYPE_TV_SHOW)
		scope_param(out, "locale", p->country);
	else if (p->kind[0])
		scope_param(out, "location_type", p->kind);
}

static void market_scope(const struct picker *p, struct pick_scope *out)
{
	*out = (struct pick_scope){0};
	scope_param(out, "locale", p->country);
}

size_t pick_scopes(const struct picker *p, struct pick_scope out[PICK_SCOPES])
{
	size_t n = 0;

	if (p->type == TYPE_LOCATION) {
		n = place_scopes(p, out);
	} else if (p->type == TYPE_TV_SHOW) {
		market_scope(p, &out[n]);
		n += options_begun(p->session, "tv_shows", out[n].params, out[n].n);
	} else {
		out[n] = (struct pick_scope){0};
		if (p->type == TYPE_NETWORK_OPERATOR)
			scope_param(&out[n], "country_code", p->country);
		n++;
	}
	if (p->search[0])
		search_scope(p, &out[n++]);
	return n;
}

bool pick_has_all_codes(const struct picker *p)
{
	struct pick_scope scopes[PICK_SCOPES];
	size_t n = p->type == TYPE_LOCATION && p->country_known ? pick_scopes(p, scopes) : 0;

	for (size_t i = 0; i < n; i++) {
		struct data_state st;

		if (scopes[i].search || strcmp(scopes[i].params[0].value, "POSTAL_CODES") != 0)
			continue;
		st = options_state(p->session, "locations", scopes[i].params, scopes[i].n);
		return st.known && !st.loading && !st.ei.code;
	}
	return false;
}

/* --- what a type opens with --- */

static bool country_of_place(struct session *s, const char *value, char *out, size_t cap)
{
	struct option_set found;
	bool ok = false;

	option_set_init(&found);
	if (catalog_find(session_store(s), "locations", value, &found, NULL) == ERR_OK && found.n &&
	    found.v[0].country) {
		snprintf(out, cap, "%s", found.v[0].country);
		ok = out[0] != '\0';
	}
	option_set_done(&found);
	return ok;
}

#define COUNTRY_LOOKS 64 /* places whose country is looked up; of more it is not sure */

struct guess {
	struct picker *p;
	size_t looked;
	bool unsure; /* a place of another country, or of one that is not known */
};

static void guess_from(struct guess *g, enum targeting_type type, const char *value)
{
	struct picker *p = g->p;
	char country[sizeof p->country];

	if (type != TYPE_LOCATION || (g->unsure && p->country[0]) || g->looked > COUNTRY_LOOKS)
		return;
	if (g->looked++ >= COUNTRY_LOOKS ||
	    !country_of_place(p->session, value, country, sizeof country)) {
		g->unsure = true;
		return;
	}
	if (!p->country[0])
		memcpy(p->country, country, sizeof country);
	g->unsure = g->unsure || strcmp(country, p->country) != 0;
}

static void guess_from_staged(struct guess *g)
{
	const struct change_set *staged = staging_changes(g->p->session);
	struct map ids;

	map_init(&ids);
	for (size_t i = 0; i < g->p->n_ids; i++)
		g->unsure = map_put(&ids, g->p->ids[i], i) || g->unsure;
	for (size_t i = 0; i < staged->n; i++)
		if (staged->v[i].kind == CHANGE_CREATE &&
		    map_get(&ids, staged->v[i].line_item_id, NULL))
			guess_from(g, staged->v[i].type, staged->v[i].value);
	map_done(&ids);
}

/* The country that the line items target already, as far as it can be told; p->country is filled when
 * it is empty. False when it is a guess. */
static bool find_country(struct picker *p)
{
	struct criterion_set live;
	struct guess g = {.p = p};
	struct errinfo ei;
	size_t unread = 0;

	criterion_set_init(&live);
	if (session_criteria(p->session, p->ids, p->n_ids, &live, &unread, &ei) || unread)
		g.unsure = true;
	for (size_t i = 0; i < live.n; i++)
		if (!live.v[i].deleted)
			guess_from(&g, live.v[i].type, live.v[i].value);
	guess_from_staged(&g);
	criterion_set_done(&live);
	return g.looked && !g.unsure;
}

static void guess_country(struct picker *p)
{
	p->country_known = find_country(p);
	if (!p->country[0])
		snprintf(p->country, sizeof p->country, "US"); /* the largest market */
}

void pick_country_again(struct picker *p)
{
	if (p->type == TYPE_LOCATION && !p->country_known)
		p->country_known = find_country(p);
}

static const char *locale_of(const struct option *market)
{
	/* a market has a locale instead of a targeting value (reference 5) */
	return market->value && strchr(market->value, '-') ? market->value : market->country;
}

static void guess_market(struct picker *p)
{
	const struct catalog_set *markets = options_get(p->session, "tv_markets", NULL, 0);
	size_t n = strlen(p->country);

	for (size_t i = 0; markets && i < markets->options.n; i++) {
		const char *locale = locale_of(&markets->options.v[i]);
		size_t len = locale ? strlen(locale) : 0;

		if (len > n && len < sizeof p->country &&
		    strcmp(locale + len - n, p->country) == 0) {
			snprintf(p->country, sizeof p->country, "%s", locale);
			return;
		}
	}
	snprintf(p->country, sizeof p->country, "en-US");
}

void pick_facets_start(struct picker *p)
{
	if (!has_country(p->type))
		return;
	guess_country(p);
	if (p->type == TYPE_TV_SHOW)
		guess_market(p);
}

/* --- in words --- */

static const struct catalog_set *countries(const struct picker *p)
{
	const struct api_param param = {"location_type", "COUNTRIES"};

	return p->type == TYPE_TV_SHOW ? options_get(p->session, "tv_markets", NULL, 0)
				       : options_get(p->session, "locations", &param, 1);
}

static const char *country_name(const struct picker *p)
{
	const struct catalog_set *set = countries(p);

	for (size_t i = 0; set && i < set->options.n; i++) {
		const struct option *o = &set->options.v[i];
		const char *code = p->type == TYPE_TV_SHOW ? locale_of(o) : o->country;

		if (code && o->name && strcmp(code, p->country) == 0)
			return o->name;
	}
	return p->country;
}

static void kind_words(const struct picker *p, const char *kind, char *out, size_t cap)
{
	static const char *const plural[PLACE_KINDS] = {
	    "countries", "regions", "metros", "cities", "postal codes"};

	if (p->type == TYPE_LOCATION)
		for (size_t i = 0; i < PLACE_KINDS; i++)
			if (strcmp(kind, place_kinds[i]) == 0) {
				snprintf(out, cap, "%s", plural[i]);
				return;
			}
	if (p->type == TYPE_CONVERSATION || p->type == TYPE_EVENT)
		rows_words(kind, out, cap);
	else
		snprintf(out, cap, "%s", kind);
}

void pick_facets_text(const struct picker *p, char *out, size_t cap)
{
	char kind[64] = "all";

	out[0] = '\0';
	if (p->kind[0])
		kind_words(p, p->kind, kind, sizeof kind);
	if (p->type == TYPE_LOCATION && !p->kind[0])
		snprintf(out, cap, "countries, and places%s in %s",
		    p->postal ? " and postal codes" : "", country_name(p));
	else if (p->type == TYPE_LOCATION && strcmp(p->kind, "COUNTRIES") == 0)
		snprintf(out, cap, "countries");
	else if (has_country(p->type) && p->type != TYPE_LOCATION)
		snprintf(out, cap, "%s", country_name(p));
	else if (has_country(p->type))
		snprintf(out, cap, "%s in %s", kind, country_name(p));
	else if (has_kinds(p->type))
		snprintf(out, cap, "%s", p->kind[0] ? kind : "all kinds");
	else if (type_is_keyword(p->type))
		snprintf(out, cap, "%s", type_info(p->type)->label);
}

/* --- choosing --- */

struct facet_menu {
	struct arena text;
	struct choice *v;
	struct pick_facet *facets;
	size_t n, cap, start;
};

static enum err menu_add(
    struct facet_menu *m, const struct pick_facet *f, const char *label, const char *detail)
{
	struct pick_facet *facets;
	struct choice *v;

	if (m->n == m->cap) {
		size_t cap = m->cap ? m->cap * 2 : 64;

		v = mem_realloc_array(m->v, cap, sizeof *v);
		if (!v)
			return ERR_NOMEM;
		m->v = v;
		facets = mem_realloc_array(m->facets, cap, sizeof *facets);
		if (!facets)
			return ERR_NOMEM;
		m->facets = facets;
		m->cap = cap;
	}
	m->v[m->n] = (struct choice){
	    .label = arena_strdup(&m->text, label), .detail = arena_strdup(&m->text, detail)};
	if (!m->v[m->n].label)
		return ERR_NOMEM;
	m->facets[m->n++] = *f;
	return ERR_OK;
}

static enum err add_kind(
    struct picker *p, struct facet_menu *m, const char *kind, const char *detail)
{
	struct pick_facet f = {FACET_KIND, ""};
	char label[80];

	snprintf(f.value, sizeof f.value, "%s", kind);
	if (kind[0])
		kind_words(p, kind, label, sizeof label);
	else
		snprintf(label, sizeof label, "all kinds");
	if (strcmp(kind, p->kind) == 0)
		m->start = m->n;
	return menu_add(m, &f, label, detail);
}

/* The kinds that the look-up has, in the order in which they come, with their numbers. */
static enum err add_found_kinds(struct picker *p, struct facet_menu *m)
{
	const struct catalog_set *set = p->n_sets ? p->sets[0] : NULL;
	size_t counts[128], n = 0;
	const char *kinds[128];
	enum err err = add_kind(p, m, "", NULL);

	for (size_t i = 0; set && i < set->options.n; i++) {
		const char *kind = set->options.v[i].kind;
		size_t k = 0;

		if (!kind)
			continue;
		while (k < n && strcmp(kinds[k], kind) != 0)
			k++;
		if (k == n && n < sizeof kinds / sizeof *kinds) {
			counts[n] = 0;
			kinds[n++] = kind;
		}
		if (k < n)
			counts[k]++;
	}
	for (size_t k = 0; k < n && !err; k++) {
		char number[32];

		err = add_kind(p, m, kinds[k], table_number(number, counts[k]));
	}
	return err;
}

static enum err add_place_kinds(struct picker *p, struct facet_menu *m)
{
	enum err err = add_kind(p, m, "", NULL);

	for (size_t i = 0; i < PLACE_KINDS && !err; i++)
		err = add_kind(p, m, place_kinds[i],
		    i == PLACE_KINDS - 1 ? "many; fetched only when chosen" : NULL);
	return err;
}

static enum err add_countries(struct picker *p, struct facet_menu *m)
{
	const struct catalog_set *set = countries(p);
	enum err err = ERR_OK;

	for (size_t i = 0; set && i < set->options.n && !err; i++) {
		const struct option *o = &set->options.v[i];
		const char *code = p->type == TYPE_TV_SHOW ? locale_of(o) : o->country;
		struct pick_facet f = {FACET_COUNTRY, ""};
		char label[160];

		if (!code || strlen(code) >= sizeof p->country)
			continue;
		snprintf(f.value, sizeof f.value, "%s", code);
		snprintf(label, sizeof label, "in %.140s", o->name ? o->name : code);
		/* of the two dimensions of places the kind has the cursor */
		if (p->type != TYPE_LOCATION && strcmp(code, p->country) == 0)
			m->start = m->n;
		err = menu_add(m, &f, label, code);
	}
	return err;
}

static enum err add_matches(struct picker *p, struct facet_menu *m)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < sizeof match_types / sizeof *match_types && !err; i++) {
		struct pick_facet f = {FACET_MATCH, ""};

		snprintf(f.value, sizeof f.value, "%s", type_info(match_types[i])->name);
		if (match_types[i] == p->type)
			m->start = m->n;
		err = menu_add(m, &f, type_info(match_types[i])->label,
		    match_types[i] == TYPE_UNORDERED_KEYWORD ? "deprecated by X"
		    : match_types[i] == TYPE_EXACT_KEYWORD   ? "search placement only"
							     : NULL);
	}
	return err;
}

static void facet_chosen(struct app *app, bool ok, const size_t *chosen, size_t n, void *user)
{
	struct view *v = app_view(app, (uintptr_t)user);
	const struct pick_facet *f;
	struct picker *p;

	if (!ok || n == 0 || !v)
		return;
	p = view_state(v);
	if (chosen[0] >= p->n_facets)
		return;
	f = &p->facets[chosen[0]];
	if (f->kind == FACET_MATCH) {
		p->type = type_by_name(f->value);
		pick_words_apply(p);
	} else {
		if (pick_rows_keep(p)) {
			app_message(
			    app, STYLE_ERROR, "no memory to keep the marked rows; nothing changed");
			return;
		}
		if (f->kind == FACET_KIND) {
			snprintf(p->kind, sizeof p->kind, "%s", f->value);
		} else {
			snprintf(p->country, sizeof p->country, "%.15s", f->value);
			p->country_known = true;
		}
		if (p->type == TYPE_LOCATION && f->kind == FACET_COUNTRY &&
		    strcmp(p->kind, "COUNTRIES") == 0)
			p->kind[0] = '\0'; /* a country says nothing about the list of countries */
		p->search[0] = '\0';
		p->moved = false;
		pick_rows_read(p);
	}
	view_touch(v, TOUCH_ALL);
}

enum err pick_facets_choose(struct view *v, struct errinfo *ei)
{
	struct picker *p = view_state(v);
	struct facet_menu m = {0};
	struct choose c = {.title = "Narrow the list", .fn = facet_chosen};
	enum err err = ERR_OK;

	arena_init(&m.text);
	if (type_is_keyword(p->type))
		err = add_matches(p, &m);
	else if (p->type == TYPE_LOCATION)
		err = add_place_kinds(p, &m);
	else if (has_kinds(p->type))
		err = add_found_kinds(p, &m);
	if (!err && has_country(p->type))
		err = add_countries(p, &m);
	if (err) {
		err_set(ei, err, "no memory for the list of kinds");
	} else if (m.n == 0) {
		err = err_set(ei, ERR_REFUSED,
		    has_country(p->type) ? "the list of countries is not here yet"
					 : "there is nothing to narrow down for %s",
		    type_info(p->type)->label);
	} else {
		mem_free(p->facets);
		p->facets = m.facets;
		p->n_facets = m.n;
		m.facets = NULL;
		if (type_is_keyword(p->type))
			c.title = "Match type";
		c.choices = m.v;
		c.n = m.n;
		c.start = m.start;
		c.user = (void *)(uintptr_t)v->id;
		err = app_choose(v->app, &c, ei);
	}
	mem_free(m.facets);
	mem_free(m.v);
	arena_done(&m.text);
	return err;
}

/* --- all shows of a market --- */

enum err pick_harvest(struct view *v, struct errinfo *ei)
{
	struct picker *p = view_state(v);
	struct pick_scope scope;
	size_t rows, requests;
	enum err err;

	market_scope(p, &scope);
	rows = options_expected("tv_shows", scope.params, scope.n, &requests);
	err = options_harvest(p->session, "tv_shows", scope.params, scope.n, ei);
	if (!err)
		app_message(v->app, STYLE_NOTE,
		    "all TV shows of %s come in the background: up to %zu in %zu requests; it goes "
		    "on "
		    "in the next run",
		    p->country, rows, requests);
	return err;
}

/* --- search at X --- */

bool pick_can_search(const struct picker *p, char *reason, size_t cap)
{
	if (p->type == TYPE_LOCATION || p->type == TYPE_TV_SHOW)
		return true;
	if (type_info(p->type)->value != VALUE_LOOKUP)
		snprintf(reason, cap, "%s is not something that X can be searched for",
		    type_info(p->type)->label);
	else
		snprintf(reason, cap, "the whole list is here, X has no more; type to filter it");
	return false;
}

void pick_search_cost(const struct picker *p, char *out, size_t cap)
{
	const char *bucket = p->type == TYPE_TV_SHOW ? "tv_shows" : "look-ups";
	struct api *api = session_api(p->session);
	struct api_budget all[64];
	size_t n = api ? api_budgets(api, all, sizeof all / sizeof *all) : 0;

	snprintf(out, cap, "1 request");
	for (size_t i = 0; i < n && i < sizeof all / sizeof *all; i++)
		if (strcmp(all[i].name, bucket) == 0 && all[i].known) {
			snprintf(
			    out, cap, "1 of the %lld requests left", (long long)all[i].remaining);
			return;
		}
}
