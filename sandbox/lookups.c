/* The twelve look-ups of targeting options (reference 5). */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/buf.h"
#include "base/text.h"
#include "sandbox/catalogue.h"
#include "sandbox/route.h"
#include "sandbox/sandbox.h"

#define DAY_S 86400

/* What to list: rows of a kind that pass every filter that is set. */
struct filter {
	enum option_kind option;
	const char *kind, *country; /* exact, but for letter case; NULL: any */
	bool unpaged; /* everything at once, and no next_cursor */
	void (*write)(struct call *c, const struct option_row *row);
};

static void put_target(struct call *c, const char *type, const struct option_row *row)
{
	json_put_str(&c->data, "targeting_type", type);
	json_put_str(&c->data, "targeting_value", row->value);
}

static const char *folded_query(struct call *c)
{
	const char *q = args_text(&c->args, "q"), *out;
	struct buf b;

	if (!q)
		return "";
	buf_init(&b, 1u << 16);
	text_fold(&b, q, strlen(q));
	out = arena_strdup(c->a, buf_str(&b));
	buf_done(&b);
	return out ? out : "";
}

struct hit {
	const struct option_row *row;
	int score;
};

static int by_score(const void *x, const void *y)
{
	const struct hit *a = x, *b = y;

	if (a->score != b->score)
		return b->score - a->score;
	return a->row < b->row ? -1 : a->row > b->row; /* as in the list, to be stable */
}

/* Every row that passes, the best answers to q first. */
static struct hit *find_hits(struct call *c, const struct filter *f, size_t *n)
{
	struct option_rows rows = catalogue_rows(c->sb->catalogue, f->option);
	const char *query = folded_query(c);
	struct hit *hits = arena_alloc(c->a, (rows.n + 1) * sizeof *hits);

	*n = 0;
	if (!hits)
		abort();
	for (size_t i = 0; i < rows.n; i++) {
		const struct option_row *row = &rows.v[i];
		int score;

		if (f->kind && (!row->kind || strcasecmp(row->kind, f->kind) != 0))
			continue;
		if (f->country && (!row->country || strcasecmp(row->country, f->country) != 0))
			continue;
		score = catalogue_score(row->folded, query);
		if (score)
			hits[(*n)++] = (struct hit){row, score};
	}
	if (*query)
		qsort(hits, *n, sizeof *hits, by_score);
	return hits;
}

static void write_hits(struct call *c, const struct filter *f, const struct hit *hits, size_t n)
{
	struct cursor from;
	size_t count, i;

	if (!call_page_begin(c, &from, &count))
		return;
	if (c->total >= 0)
		c->total = (int64_t)n;
	if (f->unpaged) {
		from.a = 0;
		count = args_find(&c->args, "count") ? count : n;
	}
	json_open(&c->data, '[');
	for (i = from.a; i < n && i < from.a + count; i++) {
		json_open(&c->data, '{');
		json_put_str(&c->data, "name", hits[i].row->name);
		f->write(c, hits[i].row);
		json_close(&c->data, '}');
	}
	json_close(&c->data, ']');
	if (f->unpaged)
		c->paged = false;
	else if (i < n)
		call_page_next(c, (struct cursor){.a = i});
}

static void list(struct call *c, const struct filter *f)
{
	size_t n;
	const struct hit *hits = find_hits(c, f, &n);

	write_hits(c, f, hits, n);
}

/* --- one a kind --- */

static void write_store_category(struct call *c, const struct option_row *row)
{
	put_target(c, "APP_STORE_CATEGORY", row);
	json_put_str(&c->data, "os_type", row->kind);
}

void on_app_store_categories(struct call *c)
{
	list(c, &(struct filter){.option = OPTION_APP_STORE_CATEGORY,
		    .kind = args_text(&c->args, "os_type"),
		    .unpaged = true,
		    .write = write_store_category});
}

static void write_conversation(struct call *c, const struct option_row *row)
{
	put_target(c, "CONVERSATION", row);
	json_put_str(&c->data, "conversation_type", row->kind);
}

void on_conversations(struct call *c)
{
	list(c, &(struct filter){.option = OPTION_CONVERSATION,
		    .kind = args_text(&c->args, "conversation_type"),
		    .write = write_conversation});
}

static void write_device(struct call *c, const struct option_row *row)
{
	json_put_str(&c->data, "manufacturer", row->extra);
	put_target(c, "DEVICE", row);
	json_put_str(&c->data, "os_type", row->kind);
}

void on_devices(struct call *c)
{
	list(c, &(struct filter){.option = OPTION_DEVICE,
		    .kind = args_text(&c->args, "os_type"),
		    .unpaged = true,
		    .write = write_device});
}

static void write_interest(struct call *c, const struct option_row *row)
{
	put_target(c, "INTEREST", row);
}

void on_interests(struct call *c)
{
	list(c, &(struct filter){.option = OPTION_INTEREST, .write = write_interest});
}

static void write_language(struct call *c, const struct option_row *row)
{
	put_target(c, "LANGUAGE", row);
}

void on_languages(struct call *c)
{
	list(c, &(struct filter){.option = OPTION_LANGUAGE, .write = write_language});
}

static void write_location(struct call *c, const struct option_row *row)
{
	json_put_str(&c->data, "country_code", row->country);
	json_put_str(&c->data, "location_type", row->kind);
	put_target(c, "LOCATION", row);
}

void on_locations(struct call *c)
{
	list(c, &(struct filter){.option = OPTION_LOCATION,
		    .kind = args_text(&c->args, "location_type"),
		    .country = args_text(&c->args, "country_code"),
		    .write = write_location});
}

static void write_operator(struct call *c, const struct option_row *row)
{
	json_put_str(&c->data, "country_code", row->country);
	put_target(c, "NETWORK_OPERATOR", row);
}

void on_network_operators(struct call *c)
{
	const char *country = args_text(&c->args, "country_code");

	list(c, &(struct filter){.option = OPTION_NETWORK_OPERATOR,
		    .country = country ? country : "US",
		    .write = write_operator});
}

static void write_version(struct call *c, const struct option_row *row)
{
	json_put_str(&c->data, "number", row->extra);
	json_put_str(&c->data, "os_type", row->kind);
	put_target(c, "PLATFORM_VERSION", row);
}

void on_platform_versions(struct call *c)
{
	list(c, &(struct filter){.option = OPTION_PLATFORM_VERSION,
		    .kind = args_text(&c->args, "os_type"),
		    .unpaged = true,
		    .write = write_version});
}

static void write_platform(struct call *c, const struct option_row *row)
{
	const char *lang = args_text(&c->args, "lang");
	const char *name = lang ? catalogue_localized(OPTION_PLATFORM, row->value, lang) : NULL;

	if (name)
		json_put_str(&c->data, "localized_name", name);
	put_target(c, "PLATFORM", row);
}

void on_platforms(struct call *c)
{
	list(c,
	    &(struct filter){.option = OPTION_PLATFORM, .unpaged = true, .write = write_platform});
}

static void write_market(struct call *c, const struct option_row *row)
{
	json_put_str(&c->data, "country_code", row->value + 3);
	json_put_str(&c->data, "locale", row->value);
}

void on_tv_markets(struct call *c)
{
	list(c, &(struct filter){.option = OPTION_MARKET, .write = write_market});
}

static void write_show(struct call *c, const struct option_row *row)
{
	json_key(&c->data, "targeting_value");
	json_raw(&c->data, row->value, strlen(row->value));
	json_put_str(&c->data, "genre", row->kind);
	json_put_int(&c->data, "estimated_users", row->users);
	json_key(&c->data, "locales");
	json_open(&c->data, '[');
	json_open(&c->data, '{');
	json_put_str(&c->data, "language", arena_strndup(c->a, row->country, 2));
	json_put_str(&c->data, "country", row->country + 3);
	json_close(&c->data, '}');
	json_close(&c->data, ']');
}

/* The echo of locale is an object, unlike what was sent (reference 5.1). */
static void echo_locale(struct call *c, const char *locale)
{
	struct args others = {0};

	for (size_t i = 0; i < c->args.n; i++)
		if (strcmp(c->args.v[i].name, "locale") != 0)
			others.v[others.n++] = c->args.v[i];
	json_open(&c->request_echo, '{');
	json_key(&c->request_echo, "params");
	json_open(&c->request_echo, '{');
	json_key(&c->request_echo, "locale");
	json_open(&c->request_echo, '{');
	json_put_str(&c->request_echo, "countryCode", locale + 3);
	json_put_str(&c->request_echo, "languageCode", arena_strndup(c->a, locale, 2));
	json_close(&c->request_echo, '}');
	args_echo(&others, &c->request_echo);
	json_close(&c->request_echo, '}');
	json_close(&c->request_echo, '}');
}

void on_tv_shows(struct call *c)
{
	const char *locale = args_text(&c->args, "locale");
	int market = catalogue_market(locale);

	if (market < 0) {
		call_fail_at(c, "INVALID_PARAMETER", "locale", locale,
		    "Expected a locale of tv_markets, got \"%.20s\"", locale);
		return;
	}
	echo_locale(c, locale);
	list(c, &(struct filter){
		    .option = (enum option_kind)(OPTION_SHOW + market), .write = write_show});
}

/* --- events --- */

static void write_empty(struct buf *out, const char *key, char bracket)
{
	json_key(out, key);
	json_open(out, bracket);
	json_close(out, bracket == '[' ? ']' : '}');
}

static void write_event(struct call *c, const struct option_row *row)
{
	struct buf *out = &c->data;

	json_put_str(out, "targeting_value", row->value);
	json_put_str(out, "event_type", row->kind);
	json_put_bool(out, "is_global", !row->country);
	json_put_str(out, "country_code", row->country);
	json_put_time(out, "start_time", row->start_s);
	json_put_time(out, "end_time", row->start_s + 2 * DAY_S);
	json_key(out, "reach");
	json_open(out, '{');
	json_key(out, "total_reach");
	json_null(out);
	json_close(out, '}');
	write_empty(out, "top_users", '[');
	write_empty(out, "top_tweets", '[');
	write_empty(out, "top_hashtags", '[');
	write_empty(out, "gender_breakdown_percentage", '{');
	write_empty(out, "device_breakdown_percentage", '{');
	write_empty(out, "country_breakdown_percentage", '{');
}

static bool list_has(const struct arg *arg, const char *s)
{
	for (size_t i = 0; i < arg->n; i++)
		if (strcasecmp(arg->list[i], s) == 0)
			return true;
	return false;
}

void on_events(struct call *c)
{
	struct filter f = {.option = OPTION_EVENT, .write = write_event};
	const struct arg *types = args_find(&c->args, "event_types");
	const struct arg *countries = args_find(&c->args, "country_codes");
	int64_t start = args_num(&c->args, "start_time", sandbox_now_s(c->sb));
	int64_t end = args_num(&c->args, "end_time", INT64_MAX);
	size_t n, kept = 0;
	struct hit *hits = find_hits(c, &f, &n);

	for (size_t i = 0; i < n; i++) {
		const struct option_row *row = hits[i].row;
		bool here = !countries || !countries->n || !row->country ||
			    list_has(countries, row->country);

		if (here && list_has(types, row->kind) && row->start_s + 2 * DAY_S > start &&
		    row->start_s < end)
			hits[kept++] = hits[i];
	}
	c->data_type = "events";
	write_hits(c, &f, hits, kept);
}
