/* Endpoints and their rules, asked without sockets. */
#include "kit.h"
#include "sandbox/route.h"

#define CREATE(line, type, op, value)                                                              \
	"{\"operation_type\":\"Create\",\"params\":{\"line_item_id\":\"" line                      \
	"\",\"targeting_type\":\"" type "\",\"operator_type\":\"" op                               \
	"\",\"targeting_value\":\"" value "\"}}"
#define DELETE(id)                                                                                 \
	"{\"operation_type\":\"Delete\",\"params\":{\"targeting_criterion_id\":\"" id "\"}}"

static void post_fails(
    const char *line, const char *type, const char *op, const char *value, const char *code)
{
	char uri[400];
	struct answer a;

	snprintf(uri, sizeof uri,
	    A1 "/targeting_criteria?line_item_id=%s&targeting_type=%s&operator_type=%s&"
	       "targeting_value=%s",
	    line, type, op, value);
	a = ask("POST", uri, NULL);
	assert_string_equal(code_of(a), code);
	assert_int_equal(a.committed, !*code);
}

static size_t live_criteria(const char *line)
{
	char uri[200];

	snprintf(uri, sizeof uri, A1 "/targeting_criteria?line_item_ids=%s&count=1000", line);
	return data_of(ask("GET", uri, NULL))->n;
}

static void batch_is_judged_by_its_final_state(void **state)
{
	struct answer a;

	(void)state;
	/* dp1aa7 is the AGE of 7k2aa: another one only together with its removal, in any order */
	a = ask("POST", BATCH, "[" CREATE("7k2aa", "AGE", "EQ", "AGE_OVER_35") "]");
	assert_int_equal(a.status, 400);
	assert_string_equal(code_of(a), "INVALID");
	a = ask("POST", BATCH,
	    "[" CREATE("7k2aa", "AGE", "EQ", "AGE_OVER_35") "," DELETE("dp1aa7") "]");
	assert_int_equal(a.status, 200);
	assert_int_equal(data_of(a)->n, 2);
	assert_true(json_is_true(data_of(a)->child->next, "deleted"));
	/* TV_SHOW before its LOCATION in the same batch */
	a = ask("POST", BATCH,
	    "[" CREATE("7k2aj", "TV_SHOW", "EQ", "10027243420") "," CREATE(
		"7k2aj", "LOCATION", "EQ", "96683cc9126741d1") "]");
	assert_int_equal(a.status, 200);
}

static void refused_batch_changes_nothing(void **state)
{
	size_t before = live_criteria("7k2aa");
	struct answer a = ask("POST", BATCH,
	    "[" CREATE("7k2aa", "BROAD_KEYWORD", "EQ", "new one") "," CREATE(
		"7k2aa", "AGE", "EQ", "AGE_99") "," DELETE("dp1aa1") "]");
	const struct json *errors = json_get(a.body, "operation_errors");

	(void)state;
	assert_int_equal(a.status, 400);
	assert_false(a.committed);
	assert_int_equal(data_of(a)->n, 0);
	assert_int_equal(errors->n, 3);
	assert_int_equal(errors->child->n, 0);
	assert_int_equal(errors->child->next->n, 1);
	assert_int_equal(errors->child->next->next->n, 0);
	assert_int_equal(live_criteria("7k2aa"), before);
}

static void batch_of_500_passes_and_501_does_not(void **state)
{
	struct buf b;

	(void)state;
	for (int n = 500; n <= 501; n++) {
		buf_init(&b, 1 << 20);
		for (int i = 0; i < n; i++)
			buf_addf(&b,
			    "%c{\"operation_type\":\"Create\",\"params\":{\"line_item_id\":"
			    "\"7k2af\","
			    "\"targeting_type\":\"BROAD_KEYWORD\",\"operator_type\":\"EQ\","
			    "\"targeting_value\":\"k%d %d\"}}",
			    i ? ',' : '[', n, i);
		buf_addc(&b, ']');
		assert_int_equal(ask("POST", BATCH, buf_str(&b)).status, n == 500 ? 200 : 400);
		buf_done(&b);
	}
	assert_int_equal(live_criteria("7k2af"), 502);
	assert_int_equal(ask("POST", BATCH, "[]").status, 400);
	assert_int_equal(ask("POST", BATCH, "{}").status, 400);
	assert_int_equal(ask("POST", BATCH, "[1").status, 400);
}

static void single_creates_obey_the_rules(void **state)
{
	(void)state;
	post_fails("7k2ai", "TV_SHOW", "EQ", "10027243420", "INVALID_TV_SHOW_LOCATIONS");
	post_fails("7k2ad", "LOCATION", "EQ", "6416b8512febefc9", "TV_SHOW_OUTSIDE_MARKET");
	post_fails("7k2af", "CUSTOM_AUDIENCE", "EQ", "2d9ab", "INVALID_TAILORED_AUDIENCE_TYPE");
	post_fails("7k2af", "CUSTOM_AUDIENCE", "EQ", "2d9ai", "TAILORED_AUDIENCE_NOT_FOUND");
	post_fails("7k2af", "CUSTOM_AUDIENCE", "EQ", "2d9bb", "TAILORED_AUDIENCE_NOT_FOUND");
	post_fails("7k2af", "CUSTOM_AUDIENCE", "EQ", "2d9ba", "");
	post_fails("7k2af", "CUSTOM_AUDIENCE_EXPANDED", "NE", "2d9aa", "INVALID_PARAMETER");
	post_fails("7k2af", "CUSTOM_AUDIENCE_EXPANDED", "EQ", "2d9aa", "INVALID");
	post_fails("7k2ah", "CUSTOM_AUDIENCE", "NE", "2d9aa", "");
	post_fails("7k2aa", "AGE", "EQ", "AGE_OVER_50", "INVALID");
	post_fails("7k2aa", "EXACT_KEYWORD", "EQ", "sofa", "INVALID_TARGETING_TYPE");
	post_fails("7k2ai", "EXACT_KEYWORD", "EQ", "sofa", "");
	post_fails("7k2ai", "INTEREST", "EQ", "1001", "INVALID_TARGETING_TYPE");
	post_fails("7k2ea", "DEVICE", "EQ", "1q", "INVALID_TARGETING_TYPE");
	post_fails("7k2fa", "DEVICE", "EQ", "1q", "INVALID");
	post_fails("7k2fa", "DEVICE", "EQ", "zzz", "INVALID_PARAMETER");
	post_fails("7k2af", "ENGAGEMENT_TYPE", "EQ", "IMPRESSION", "INCLUSIVE_PARAMETERS");
	post_fails("7k2af", "CAMPAIGN_ENGAGEMENT", "EQ", "c9dm2", "INCLUSIVE_PARAMETERS");
	post_fails("7k2af", "FOLLOWERS_OF_USER", "EQ", "900000000000000123", "INVALID_USER_ID");
	post_fails("7k2af", "FOLLOWERS_OF_USER", "EQ", "900000000000000001", "");
	post_fails("7k2af", "USER_ENGAGEMENT", "EQ", "12", "INVALID_USER");
	post_fails("7k2af", "APP_LIST", "EQ", "al1a", "INVALID_PARAMETER");
	post_fails("7k2af", "APP_LIST", "NE", "al1a", "");
	post_fails("7k2af", "IAB_CATEGORY", "EQ", "IAB2", "INVALID_TARGETING_TYPE");
	post_fails("7k2af", "NETWORK_ACTIVATION_DURATION", "EQ", "3", "INVALID_PARAMETER");
	post_fails("7k2af", "NETWORK_ACTIVATION_DURATION", "LT", "3", "");
	post_fails("7k2af", "TV_CHANNEL", "EQ", "1", "INVALID_TARGETING_TYPE");
	post_fails("7k2af", "BLUE", "EQ", "1", "INVALID_PARAMETER");
	post_fails("7k2af", "LOCATION", "EQ", "nowhere", "INVALID_PARAMETER");
	post_fails("7k2af", "BROAD_KEYWORD", "EQ", "a%09b", "ILLEGAL_CHARACTERS");
	post_fails("zzz", "GENDER", "EQ", "1", "LINE_ITEM_NOT_FOUND");
	post_fails("7k2ak", "GENDER", "EQ", "1", "LINE_ITEM_NOT_FOUND"); /* deleted */
	post_fails("7k3aa", "GENDER", "EQ", "1", "LINE_ITEM_NOT_FOUND"); /* another account's */
}

static void g30_operator_may_be_left_out_where_the_live_api_takes_it(void **state)
{
	(void)state;
	assert_int_equal(
	    ask("POST",
		A1 "/targeting_criteria?line_item_id=7k2af&targeting_type=BROAD_KEYWORD"
		   "&targeting_value=technology",
		NULL)
		.status,
	    200);
	assert_string_equal(
	    code_of(ask("POST",
		A1
		"/targeting_criteria?line_item_id=7k2af&targeting_type=LANGUAGE&targeting_value=en",
		NULL)),
	    "MISSING_PARAMETER");
	kit_sb.opt.require_operator = true;
	assert_string_equal(
	    code_of(ask("POST",
		A1 "/targeting_criteria?line_item_id=7k2af&targeting_type=GENDER&targeting_value=1",
		NULL)),
	    "MISSING_PARAMETER");
}

static void the_three_answers_to_a_duplicate(void **state)
{
	static const char uri[] = A1 "/targeting_criteria?line_item_id=7k2af&targeting_type=GENDER"
				     "&operator_type=EQ&targeting_value=2";
	struct answer first = ask("POST", uri, NULL), again;
	const char *id = json_text(data_of(first), "id");

	(void)state;
	again = ask("POST", uri, NULL);
	assert_string_equal(code_of(again), "INVALID_PARAMETER");
	kit_sb.opt.duplicates = DUP_MERGE;
	again = ask("POST", uri, NULL);
	assert_string_equal(json_text(data_of(again), "id"), id);
	assert_false(again.committed);
	kit_sb.opt.duplicates = DUP_ALLOW;
	again = ask("POST",
	    A1 "/targeting_criteria?line_item_id=7k2af&targeting_type=BROAD_KEYWORD"
	       "&operator_type=EQ&targeting_value=x",
	    NULL);
	id = json_text(data_of(again), "id");
	again = ask("POST",
	    A1 "/targeting_criteria?line_item_id=7k2af&targeting_type=BROAD_KEYWORD"
	       "&operator_type=EQ&targeting_value=x",
	    NULL);
	assert_string_not_equal(json_text(data_of(again), "id"), id);
	assert_true(json_number(ask("GET", "/__sandbox/doubles", NULL).body, "count", 0) == 1);
}

static void deleting_is_soft_and_final(void **state)
{
	(void)state;
	assert_true(
	    json_is_true(data_of(ask("DELETE", A1 "/targeting_criteria/dp1aa1", NULL)), "deleted"));
	assert_string_equal(code_of(ask("DELETE", A1 "/targeting_criteria/dp1aa1", NULL)),
	    "TARGETING_CRITERION_NOT_FOUND");
	assert_int_equal(ask("GET", A1 "/targeting_criteria/dp1aa1", NULL).status, 404);
	assert_int_equal(
	    ask("GET", A1 "/targeting_criteria/dp1aa1?with_deleted=true", NULL).status, 200);
	/* children of a deleted line item are hidden, not deleted */
	assert_int_equal(
	    data_of(ask("GET", A1 "/targeting_criteria?line_item_ids=7k2ak", NULL))->n, 0);
	assert_false(json_is_true(
	    data_of(
		ask("GET", A1 "/targeting_criteria?line_item_ids=7k2ak&with_deleted=true", NULL))
		->child,
	    "deleted"));
}

/* Walks a collection with pages of `count`, returns how many rows there were and folds their ids. */
static size_t walk(const char *uri, int count, uint64_t *fold)
{
	const char *cursor = NULL;
	size_t rows = 0;

	*fold = 0;
	for (int page = 0; page < 2000; page++) {
		char full[500];
		struct answer a;

		snprintf(full, sizeof full, "%s&count=%d%s%s", uri, count, cursor ? "&cursor=" : "",
		    cursor ? cursor : "");
		a = ask("GET", full, NULL);
		assert_int_equal(a.status, 200);
		for (const struct json *v = data_of(a)->child; v; v = v->next, rows++) {
			const char *id = json_text(v, "id");

			for (const char *p = id ? id : json_text(v, "targeting_value"); *p; p++)
				*fold = *fold * 31 + (unsigned char)*p;
		}
		cursor = json_text(a.body, "next_cursor");
		if (!cursor)
			return rows;
	}
	fail_msg("the pages of %s do not end", uri);
	return 0;
}

static void every_page_size_walks_the_same_rows(void **state)
{
	static const char *const uris[] = {A1 "/line_items?with_draft=true",
	    A1 "/line_items?sort_by=name-desc", A1 "/campaigns?with_deleted=true",
	    A1 "/targeting_criteria?line_item_ids=7k2ae,7k2aa,7k2ab,7k2aj",
	    A1 "/targeting_criteria?line_item_ids=7k2ae,7k2aa&sort_by=updated_at-desc",
	    "/12/targeting_criteria/languages?q="};
	static const int sizes[] = {1, 2, 7, 1000};

	(void)state;
	for (size_t u = 0; u < sizeof uris / sizeof *uris; u++) {
		uint64_t all, part;
		size_t n = walk(uris[u], 200, &all);

		assert_true(n > 5);
		for (size_t i = 0; i < 4; i++) {
			assert_int_equal(walk(uris[u], sizes[i], &part), n);
			assert_true(part == all);
		}
	}
}

static void cursor_of_another_list_is_refused(void **state)
{
	struct answer a = ask("GET", A1 "/line_items?count=1", NULL);
	char uri[200];

	(void)state;
	snprintf(
	    uri, sizeof uri, A1 "/campaigns?count=1&cursor=%s", json_text(a.body, "next_cursor"));
	assert_string_equal(code_of(ask("GET", uri, NULL)), "INVALID_PARAMETER");
	assert_string_equal(
	    code_of(ask("GET", A1 "/line_items?cursor=x&with_total_count=true", NULL)),
	    "EXCLUSIVE_PARAMETERS");
	a = ask("GET", A1 "/line_items?count=1&with_total_count=true", NULL);
	assert_int_equal(json_number(a.body, "total_count", 0),
	    data_of(ask("GET", A1 "/line_items?count=1000", NULL))->n);
	assert_null(json_get(ask("GET", A1 "/line_items?count=1", NULL).body, "total_count"));
}

static void filters_of_lists(void **state)
{
	(void)state;
	assert_int_equal(
	    data_of(ask("GET", A1 "/line_items?line_item_ids=7k2aa,7k2ab,zzz", NULL))->n, 2);
	assert_int_equal(data_of(ask("GET", A1 "/line_items?campaign_ids=c9dm2", NULL))->n, 6);
	assert_int_equal(data_of(ask("GET", A1 "/line_items?q=HOME%20BUYERS", NULL))->n, 2);
	assert_int_equal(data_of(ask("GET", A1 "/line_items?q=%25", NULL))->n, 0);
	assert_int_equal(data_of(ask("GET", "/12/accounts?q=fur", NULL))->n, 1);
	assert_int_equal(data_of(ask("GET", "/12/accounts", NULL))->n, 3);
	assert_int_equal(
	    data_of(ask("GET", A1 "/custom_audiences?permission_scope=SHARED", NULL))->n, 1);
	assert_int_equal(
	    data_of(ask("GET", "/12/targeting_criteria/events?event_types=HOLIDAY&count=3", NULL))
		->n,
	    3);
}

static void paths_roles_and_ids(void **state)
{
	(void)state;
	assert_int_equal(ask("PUT", A1 "/targeting_criteria", NULL).status, 405);
	assert_int_equal(ask("GET", "/12/behaviors", NULL).status, 404);
	assert_int_equal(ask("GET", "/10/accounts", NULL).status, 404);
	assert_int_equal(ask("GET",
			     "/11"
			     "/accounts",
			     NULL)
			     .status,
	    200);
	assert_string_equal(
	    code_of(ask("GET", "/12/accounts/18ce5demo04", NULL)), "ACCOUNT_NOT_FOUND");
	assert_int_equal(ask("GET", "/12/accounts/18ce5demo04", NULL).status, 403);
	assert_string_equal(
	    code_of(ask("GET", A1 "/line_items/7k2%2e", NULL)), "INVALID_ID_ILLEGAL_CHARACTERS");
	assert_string_equal(
	    code_of(ask("POST",
		A1
		"/targeting_criteria?line_item_id=7k2%20a&targeting_type=GENDER&targeting_value=1"
		"&operator_type=EQ",
		NULL)),
	    "INVALID_ID_ILLEGAL_CHARACTERS");
	assert_string_equal(code_of(ask("POST",
				"/12/accounts/18ce5demo03/targeting_criteria?line_item_id=7k4aa"
				"&targeting_type=GENDER&targeting_value=1&operator_type=EQ",
				NULL)),
	    "ACTION_NOT_ALLOWED");
	assert_int_equal(ask("GET", "/12/accounts/18ce5demo03/line_items", NULL).status, 200);
	ask("POST", "/__sandbox/edit",
	    "{\"access\":{\"account_id\":\"18ce5demo03\",\"permissions\":\"ANALYST\"}}");
	assert_int_equal(ask("GET", "/12/accounts/18ce5demo03/line_items", NULL).status, 403);
}

static void lookups_have_their_documented_values(void **state)
{
	static const struct {
		const char *uri, *name, *value;
	} known[] = {{"locations?q=san%20francisco-oak", "San Francisco-Oakland-San Jose CA, US",
			 "5122804691e5fecc"},
	    {"locations?q=los%20angeles&location_type=CITIES",
		"Los Angeles, Los Angeles CA, CA, USA", "3b77caf94bfc81fe"},
	    {"interests?q=dogs", "Pets/Dogs", "19003"},
	    {"devices?q=iphone%203gs", "iPhone 3GS", "1q"},
	    {"app_store_categories?q=games%3A%20music&os_type=IOS", "Games: Music", "qouq"},
	    {"tv_shows?locale=en-US&q=newswatch", "NewsWatch", "10027243420"},
	    {"network_operators?q=aeris", "Aeris", "1b"},
	    {"platform_versions?q=ice%20cream", "Ice Cream Sandwich", "17"},
	    {"conversations?conversation_type=SPORTS&count=1", "NFL", "a1"}};

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		char uri[200];
		const struct json *row;

		snprintf(uri, sizeof uri, "/12/targeting_criteria/%s", known[i].uri);
		row = data_of(ask("GET", uri, NULL))->child;
		assert_non_null(row);
		assert_string_equal(json_text(row, "name"), known[i].name);
		assert_string_equal(json_text(row, "targeting_value"), known[i].value);
	}
}

static void volumes_are_those_of_the_one_real_sync(void **state)
{
	static const struct {
		const char *kind;
		size_t rows;
	} known[] = {{"interests?count=1000", 361}, {"devices?count=1000", 355},
	    {"languages?count=1000", 21}, {"platform_versions?", 38}, {"app_store_categories?", 84},
	    {"platforms?", 5}, {"tv_markets?", 17}};
	uint64_t fold;

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		char uri[200];

		snprintf(uri, sizeof uri, "/12/targeting_criteria/%s", known[i].kind);
		assert_int_equal(data_of(ask("GET", uri, NULL))->n, known[i].rows);
	}
	assert_int_equal(walk("/12/targeting_criteria/locations?q=", 1000, &fold), 57000);
	assert_int_equal(walk("/12/targeting_criteria/conversations?lang=en", 1000, &fold), 41136);
}

static void g28_an_app_line_item_gets_its_platform(void **state)
{
	struct answer a = ask("POST",
	    A1 "/line_items?campaign_id=c9dm5&objective=APP_INSTALLS&product_type=PROMOTED_TWEETS"
	       "&placements=ALL_ON_TWITTER&start_time=2026-01-05&bid_strategy=AUTO"
	       "&android_app_store_identifier=com.furni",
	    NULL);
	char uri[200];
	const struct json *rows;

	(void)state;
	assert_int_equal(a.status, 200);
	snprintf(uri, sizeof uri, A1 "/targeting_criteria?line_item_ids=%s",
	    json_text(data_of(a), "id"));
	rows = data_of(ask("GET", uri, NULL));
	assert_int_equal(rows->n, 1);
	assert_string_equal(json_text(rows->child, "targeting_type"), "PLATFORM");
	assert_string_equal(json_text(rows->child, "targeting_value"), "1");
}

/* A request for the route with ids of the scenario and values for what it requires. */
static void example_of(const struct route *r, char *out, size_t cap)
{
	static const char *const ids[][2] = {{":account_id", DEMO_ACCOUNT},
	    {":campaign_id", "c9dm0"}, {":line_item_id", "7k2aa"},
	    {":funding_instrument_id", "lydm01"}, {":promotable_user_id", "l31001"},
	    {":targeting_criterion_id", "dp1aa0"}, {":custom_audience_id", "2d9aa"}};
	static const char *const values[][2] = {{"line_item_ids", "7k2aa"},
	    {"event_types", "SPORTS"}, {"locale", "en-US"}, {"suggestion_type", "KEYWORD"},
	    {"targeting_values", "sofa"}, {"granularity", "DAY"}, {"keywords", "sofa"},
	    {"start_time", "2026-01-01"}, {"end_time", "2026-01-03"}, {"entity_type", "CAMPAIGN"},
	    {"entity_id", "c9dm0"}, {"country_codes", "US"}};
	size_t n = (size_t)snprintf(out, cap, "/12");

	for (const char *p = r->path; *p;) {
		size_t len = strcspn(p + 1, "/");

		for (size_t i = 0; p[1] == ':' && i < sizeof ids / sizeof *ids; i++)
			if (strlen(ids[i][0]) == len && memcmp(ids[i][0], p + 1, len) == 0)
				n += (size_t)snprintf(out + n, cap - n, "/%s", ids[i][1]);
		if (p[1] != ':')
			n += (size_t)snprintf(out + n, cap - n, "%.*s", (int)len + 1, p);
		p += len + 1;
	}
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		const char *at = strstr(r->spec, values[i][0]);
		const char *end = at ? at + strcspn(at, " !") : "";

		/* an end comes with every start, also where it is optional */
		if (*end == '!' || (*end && strcmp(values[i][0], "end_time") == 0))
			n += (size_t)snprintf(out + n, cap - n, "%c%s=%s",
			    strchr(out, '?') ? '&' : '?', values[i][0], values[i][1]);
	}
}

static void every_read_endpoint_answers(void **state)
{
	size_t reads = 0;

	(void)state;
	for (size_t i = 0; i < route_count(); i++) {
		const struct route *r = route_at(i);
		char uri[400];
		struct answer a;

		if (strcmp(r->method, "GET") != 0)
			continue;
		example_of(r, uri, sizeof uri);
		a = ask("GET", uri, NULL);
		if (a.status != 200)
			fail_msg("GET %s: %s", uri, a.text);
		assert_non_null(data_of(a));
		assert_non_null(json_get(json_get(a.body, "request"), "params"));
		reads++;
	}
	assert_true(reads > 40);
}

static void foreign_edits_pass_by_the_rules(void **state)
{
	size_t before = live_criteria("7k2aa");

	(void)state;
	assert_int_equal(
	    ask("POST", "/__sandbox/edit",
		"[{\"create\":{\"line_item_id\":\"7k2aa\",\"targeting_type\":\"NEW_KIND\","
		"\"targeting_value\":\"x\"}},{\"delete\":\"dp1aa0\"},{\"update\":{\"kind\":"
		"\"line_item\",\"id\":\"7k2aa\",\"fields\":{\"name\":\"theirs\"}}}]")
		.status,
	    200);
	assert_int_equal(live_criteria("7k2aa"), before);
	assert_string_equal(
	    json_text(data_of(ask("GET", A1 "/line_items/7k2aa", NULL)), "name"), "theirs");
	assert_int_equal(ask("POST", "/__sandbox/edit", "{\"create\":{}}").status, 400);
}

static void partial_fault_keeps_what_it_should_not(void **state)
{
	size_t before = live_criteria("7k2af");
	struct answer a = ask_full("POST", BATCH,
	    "[" CREATE("7k2af", "BROAD_KEYWORD", "EQ", "p1") "," CREATE("7k2af", "BROAD_KEYWORD",
		"EQ", "p2") "," CREATE("7k2af", "BROAD_KEYWORD", "EQ", "p3") "]",
	    2);

	(void)state;
	assert_int_equal(a.status, 500);
	assert_true(a.committed);
	assert_int_equal(live_criteria("7k2af"), before + 2);
}

static const char *bulk_hash(bool read_first)
{
	struct options opt = {.seed = 5, .no_rate_limit = true, .line_items = 230, .criteria = 7};
	struct errinfo ei;
	const char *hash;
	const struct json *rows;

	kit_close(NULL);
	arena_init(&kit_arena);
	assert_int_equal(sandbox_open(&kit_sb, &opt, &ei), ERR_OK);
	rows = data_of(ask("GET", "/12/accounts/" BULK_ACCOUNT "/line_items?count=1000", NULL));
	assert_int_equal(rows->n, 230);
	for (const struct json *v = rows->child; v && read_first; v = v->next) {
		char uri[200];

		if (json_text(v, "id")[5] % 3 != 0)
			continue;
		snprintf(uri, sizeof uri,
		    "/12/accounts/" BULK_ACCOUNT "/targeting_criteria?line_item_ids=%s",
		    json_text(v, "id"));
		assert_int_equal(data_of(ask("GET", uri, NULL))->n, 7);
	}
	assert_true(kit_sb.bulk_left > 0);
	/* a new criterion comes after all of them */
	post_fails("7k2af", "GENDER", "EQ", "1", "");
	assert_true(kit_sb.bulk_left == 0);
	hash = json_text(ask("GET", "/__sandbox/state_hash", NULL).body, "sha256");
	assert_true(json_number(ask("GET", "/__sandbox/doubles", NULL).body, "count", -1) == 0);
	return hash;
}

static void bulk_account_is_the_same_in_whatever_order_it_is_made(void **state)
{
	char plain[65];

	(void)state;
	snprintf(plain, sizeof plain, "%s", bulk_hash(false));
	assert_string_equal(bulk_hash(true), plain);
}

static void state_hash_follows_the_targeting_only(void **state)
{
	const char *start = json_text(ask("GET", "/__sandbox/state_hash", NULL).body, "sha256");
	const char *other;
	struct answer a;
	char uri[200];

	(void)state;
	a = ask("POST",
	    A1 "/targeting_criteria?line_item_id=7k2af&targeting_type=GENDER&operator_type=EQ"
	       "&targeting_value=1",
	    NULL);
	other = json_text(ask("GET", "/__sandbox/state_hash", NULL).body, "sha256");
	assert_string_not_equal(start, other);
	snprintf(uri, sizeof uri, A1 "/targeting_criteria/%s", json_text(data_of(a), "id"));
	ask("DELETE", uri, NULL);
	assert_string_equal(
	    start, json_text(ask("GET", "/__sandbox/state_hash", NULL).body, "sha256"));
}

/* What the walk of an independent client over the documents found to be missing once. */
static void parameters_have_the_documented_limits(void **state)
{
#define LINE                                                                                       \
	"/line_items?campaign_id=c9dm0&objective=ENGAGEMENTS&product_type=PROMOTED_TWEETS"         \
	"&placements=ALL_ON_TWITTER&bid_strategy=AUTO&entity_status=PAUSED"
	static const char *const bad[] = {LINE "&start_time=2027-01-05&goal=WIN",
	    LINE "&start_time=2027-01-05&pay_by=GOLD", LINE, /* no start_time */
	    LINE "&start_time=2027-01-05&name=", "/campaigns?funding_instrument_id=lydm01&name=",
	    "/custom_audiences?name="};
	char uri[1600], name[256 * 2 + 1];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < 256; i++)
		n += (size_t)snprintf(name + n, sizeof name - n, "%s", "\xC3\xA9"); /* 512 bytes */
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		bool named = strcmp(bad[i] + strlen(bad[i]) - 5, "name=") == 0;

		snprintf(uri, sizeof uri, A1 "%s%s", bad[i], named ? name : "");
		assert_int_equal(ask("POST", uri, NULL).status, 400);
		if (!named)
			continue;
		snprintf(uri, sizeof uri, A1 "%s%s", bad[i], name + 2); /* 255 characters */
		assert_int_equal(ask("POST", uri, NULL).status, 200);
	}
	snprintf(uri, sizeof uri, A1 "/custom_audiences?q=%s", name);
	assert_string_equal(code_of(ask("GET", uri, NULL)), "INVALID_PARAMETER");
	snprintf(uri, sizeof uri, A1 "/custom_audiences?q=%s", name + 2);
	assert_int_equal(ask("GET", uri, NULL).status, 200);
#undef LINE
}

static void r50_a_curated_category_excludes_content_categories(void **state)
{
	struct answer a = ask("GET", A1 "/curated_categories?country_codes=US", NULL);
	const char *curated = json_text(data_of(a)->child, "id");
	struct buf b;
	char uri[200];

	(void)state;
	assert_int_equal(
	    ask("POST", BATCH, "[" CREATE("7k2ca", "LOCATION", "EQ", "96683cc9126741d1") "]")
		.status,
	    200);
	snprintf(uri, sizeof uri,
	    A1 "/line_item_curated_categories?line_item_id=7k2ca&curated_category_id=%s", curated);
	assert_int_equal(ask("POST", uri, NULL).status, 200);
	/* a whole content category: R49 has nothing against it */
	a = ask("GET", "/12/content_categories", NULL);
	buf_init(&b, 4096);
	for (const struct json *v = json_get(data_of(a)->child, "iab_categories")->child; v;
	     v = v->next)
		buf_addf(&b,
		    "%s{\"operation_type\":\"Create\",\"params\":{\"line_item_id\":\"7k2ca\","
		    "\"targeting_type\":\"IAB_CATEGORY\",\"operator_type\":\"EQ\","
		    "\"targeting_value\":\"%s\"}}",
		    b.len ? "," : "[", v->text);
	buf_adds(&b, "]");
	a = ask("POST", BATCH, buf_str(&b));
	buf_done(&b);
	assert_int_equal(a.status, 400);
	assert_non_null(strstr(a.text, "either a curated category or content categories"));
}

/* Reference 7.5 and 7.6: ids come back in lower case; whoever was uploaded does not come back. */
static void answers_to_uploads_and_segments_are_as_documented(void **state)
{
	struct answer a = ask("POST", "/12/batch/accounts/" DEMO_ACCOUNT "/custom_audiences",
	    "[{\"operation_type\":\"Create\",\"params\":{\"name\":\"both\",\"audience_type\":"
	    "\"FLEXIBLE\",\"segments\":{\"boolean_operator\":\"OR\",\"child_segments\":["
	    "{\"custom_audience_id\":\"2D9AA\",\"child_segments\":[]}]}}}]");
	char uri[200];

	(void)state;
	assert_int_equal(a.status, 200);
	assert_non_null(strstr(strstr(a.text, "\"metadata\""), "\"custom_audience_id\":\"2d9aa\""));
	a = ask("POST", A1 "/do_not_reach_lists", NULL);
	assert_int_equal(a.status, 200);
	snprintf(uri, sizeof uri, "/12/batch/accounts/" DEMO_ACCOUNT "/do_not_reach_lists/%s/users",
	    json_text(data_of(a), "id"));
	a = ask("POST", uri,
	    "[{\"operation_type\":\"Update\",\"params\":{\"expires_at\":\"2026-12-31T00:00:00Z\","
	    "\"users\":[{\"email\":["
	    "\"4798B8BBDCF6F2A52E527F46A3D7A7C9AEFB541AFDA03AF79C74809ECC6376F3\"]}]}}]");
	assert_int_equal(a.status, 200);
	assert_non_null(strstr(a.text, "\"expires_at\":\"2026-12-31T00:00:00Z\""));
	assert_null(strstr(a.text, "\"users\""));
	assert_null(strstr(a.text, "4798"));
}

/* The counts are those of the users that were sent, whatever they matched. */
static void g45_the_counts_are_those_that_were_sent(void **state)
{
	static const char one[] =
	    "{\"operation_type\":\"Update\",\"params\":{\"users\":[{\"email\":["
	    "\"4798b8bbdcf6f2a52e527f46a3d7a7c9aefb541afda03af79c74809ecc6376f3\"]}]}}";
	struct answer a;
	struct buf b;

	(void)state;
	for (int n = 1; n <= 3; n++) {
		buf_init(&b, 4096);
		for (int i = 0; i < n; i++)
			buf_addf(&b, "%s%s", i ? "," : "[", one);
		buf_adds(&b, "]");
		a = ask("POST", A1 "/custom_audiences/2d9aa/users", buf_str(&b));
		assert_int_equal(a.status, 200);
		assert_int_equal(json_number(data_of(a), "success_count", -1), n);
		assert_int_equal(json_number(data_of(a), "total_count", -1), n);
		buf_done(&b);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, kit_open, kit_close)
	const struct CMUnitTest tests[] = {T(batch_is_judged_by_its_final_state),
	    T(parameters_have_the_documented_limits),
	    T(r50_a_curated_category_excludes_content_categories),
	    T(answers_to_uploads_and_segments_are_as_documented),
	    T(g45_the_counts_are_those_that_were_sent), T(refused_batch_changes_nothing),
	    T(batch_of_500_passes_and_501_does_not), T(single_creates_obey_the_rules),
	    T(g30_operator_may_be_left_out_where_the_live_api_takes_it),
	    T(the_three_answers_to_a_duplicate), T(deleting_is_soft_and_final),
	    T(every_page_size_walks_the_same_rows), T(cursor_of_another_list_is_refused),
	    T(filters_of_lists), T(paths_roles_and_ids), T(lookups_have_their_documented_values),
	    T(volumes_are_those_of_the_one_real_sync), T(g28_an_app_line_item_gets_its_platform),
	    T(every_read_endpoint_answers), T(foreign_edits_pass_by_the_rules),
	    T(partial_fault_keeps_what_it_should_not),
	    T(bulk_account_is_the_same_in_whatever_order_it_is_made),
	    T(state_hash_follows_the_targeting_only)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
