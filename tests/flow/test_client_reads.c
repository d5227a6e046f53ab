/* Every read of the client against the real sandbox over HTTP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/flow/harness.h"

static struct sandbox server;
static struct loop *loop;
static struct api *api;

static int set_up(void **state)
{
	static const char *const args[] = {"--line-items", "300", "--criteria", "20", NULL};

	(void)state;
	server = sandbox_start(args);
	struct api_config cfg = sandbox_config(&server);

	cfg.raw_writes = true;
	loop = loop_new();
	api = api_new(loop, &cfg, NULL);
	return api ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	api_free(api);
	loop_free(loop);
	sandbox_stop(&server);
	return 0;
}

struct got {
	bool done;
	enum err err;
	struct errinfo ei;
	unsigned pages;
	uint64_t rows, quarantined;
	enum api_kind kind;
	struct line_item_set line_items; /* of the last page, taken */
	struct criterion_set criteria;
	struct option_set options;
	struct audience_set audiences;
	struct estimate estimate;
	char text[256];
	int status;
};

static void take(struct got *g, struct api_result *res)
{
	switch (res->kind) {
	case API_LINE_ITEMS:
		line_item_set_done(&g->line_items);
		g->line_items = res->line_items;
		line_item_set_init(&res->line_items);
		break;
	case API_CRITERIA:
		criterion_set_done(&g->criteria);
		g->criteria = res->criteria;
		criterion_set_init(&res->criteria);
		break;
	case API_OPTIONS:
		option_set_done(&g->options);
		g->options = res->options;
		option_set_init(&res->options);
		break;
	case API_AUDIENCES:
		audience_set_done(&g->audiences);
		g->audiences = res->audiences;
		audience_set_init(&res->audiences);
		break;
	case API_ACCESS:
		snprintf(g->text, sizeof g->text, "%s", res->access.access.permissions);
		break;
	case API_ESTIMATE:
		g->estimate = res->estimate;
		break;
	case API_RAW:
		g->status = res->raw.status;
		snprintf(g->text, sizeof g->text, "%.200s", res->raw.body);
		break;
	default:
		break;
	}
}

static void on_result(struct req_id id, struct api_result *res, void *user)
{
	struct got *g = user;

	(void)id;
	g->pages++;
	g->err = res->err;
	g->ei = res->ei;
	g->kind = res->kind;
	g->rows = res->total;
	g->quarantined = res->quarantined;
	g->done = res->last;
	take(g, res);
}

static void got_free(struct got *g)
{
	line_item_set_done(&g->line_items);
	criterion_set_done(&g->criteria);
	option_set_done(&g->options);
	audience_set_done(&g->audiences);
}

static void got_init(struct got *g)
{
	*g = (struct got){0};
	line_item_set_init(&g->line_items);
	criterion_set_init(&g->criteria);
	option_set_init(&g->options);
	audience_set_init(&g->audiences);
}

static void expect_ok(struct got *g)
{
	if (!run_until(loop, &g->done, 20000))
		fail_msg("no answer");
	if (g->err)
		fail_msg("%s: %s (%s)", err_name(g->err), g->ei.msg, g->ei.api_code);
	assert_int_equal(g->quarantined, 0);
}

#define CALL(g)                                                                                    \
	&(struct api_call)                                                                         \
	{                                                                                          \
		.fn = on_result, .user = (g)                                                       \
	}

static void accounts_and_access(void **state)
{
	struct got g;

	(void)state;
	got_init(&g);
	api_accounts(api, &(struct list_query){0}, CALL(&g));
	expect_ok(&g);
	assert_true(g.rows >= 3);
	g.done = false;
	api_access(api, "18ce5demo01", CALL(&g));
	expect_ok(&g);
	assert_non_null(strstr(g.text, "ACCOUNT_ADMIN"));
	got_free(&g);
}

static void entities_of_an_account(void **state)
{
	struct list_query q = {.account_id = "18ce5demo01", .with_draft = true};
	struct got g;

	(void)state;
	got_init(&g);
	api_campaigns(api, &q, CALL(&g));
	expect_ok(&g);
	assert_true(g.rows >= 5);
	g.done = false;
	api_line_items(api, &q, CALL(&g));
	expect_ok(&g);
	assert_true(g.rows >= 30);
	g.done = false;
	api_promotable_users(api, &q, CALL(&g));
	expect_ok(&g);
	assert_true(g.rows >= 1);
	got_free(&g);
}

static void criteria_of_many_line_items_come_in_pages(void **state)
{
	const char *ids[200];
	struct got items, g;

	(void)state;
	got_init(&items);
	got_init(&g);
	api_line_items(api, &(struct list_query){.account_id = "18ce5bulk01"}, CALL(&items));
	expect_ok(&items);
	assert_int_equal(items.rows, 300);
	for (size_t i = 0; i < 200; i++)
		ids[i] = items.line_items.v[i].id;
	api_criteria(api,
	    &(struct criteria_query){
		.account_id = "18ce5bulk01", .line_item_ids = ids, .n_line_items = 200},
	    CALL(&g));
	expect_ok(&g);
	assert_int_equal(g.rows, 200 * 20);
	assert_int_equal(g.pages, 4);
	/* 201 ids are refused before anything is sent */
	uint64_t sent = api_stats(api).sent;

	g.done = false;
	api_criteria(api,
	    &(struct criteria_query){
		.account_id = "18ce5bulk01", .line_item_ids = ids, .n_line_items = 201},
	    CALL(&g));
	run_until(loop, &g.done, 5000);
	assert_int_equal(g.err, ERR_LIMIT);
	assert_int_equal(api_stats(api).sent, sent);
	got_free(&items);
	got_free(&g);
}

static void all_twelve_look_ups(void **state)
{
	static const struct {
		const char *kind;
		struct api_param param;
		uint64_t at_least;
	} kinds[] = {{"app_store_categories", {0}, 20}, {"conversations", {0}, 41000},
	    {"devices", {0}, 355},
	    {"events",
		{"event_types",
		    "CONFERENCE,HOLIDAY,MUSIC_AND_ENTERTAINMENT,OTHER,POLITICS,RECURRING,SPORTS"},
		7},
	    {"interests", {0}, 361}, {"languages", {0}, 21},
	    {"locations", {"location_type", "COUNTRIES"}, 50},
	    {"network_operators", {"country_code", "US"}, 10}, {"platform_versions", {0}, 20},
	    {"platforms", {0}, 4}, {"tv_markets", {0}, 17}, {"tv_shows", {"locale", "en-US"}, 50}};

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct lookup_query q = {.kind = kinds[i].kind,
		    .params = &kinds[i].param,
		    .n_params = kinds[i].param.name ? 1 : 0};
		struct got g;

		if (strcmp(q.kind, "tv_shows") == 0)
			q.max_pages = 1;
		got_init(&g);
		api_lookup(api, &q, CALL(&g));
		expect_ok(&g);
		if (g.rows < kinds[i].at_least)
			fail_msg("%s: %llu rows", q.kind, (unsigned long long)g.rows);
		for (size_t k = 0; k < g.options.n; k++)
			assert_true(g.options.v[k].value && g.options.v[k].name);
		got_free(&g);
	}
}

static void searches_carry_any_text(void **state)
{
	struct api_param p[] = {{"location_type", "METROS"}, {"q", "San Francisco"}};
	struct got g;

	(void)state;
	got_init(&g);
	api_lookup(
	    api, &(struct lookup_query){.kind = "locations", .params = p, .n_params = 2}, CALL(&g));
	expect_ok(&g);
	assert_true(g.rows >= 1);
	assert_string_equal(g.options.v[0].value, "5122804691e5fecc");
	p[1].value = "s\xc3\xa3o paulo & co, +1 \xf0\x9f\xa4\x96 %20 'x'";
	g.done = false;
	api_lookup(
	    api, &(struct lookup_query){.kind = "locations", .params = p, .n_params = 2}, CALL(&g));
	expect_ok(&g); /* the signature fits: encoded once, by the one encoder */
	got_free(&g);
}

static void audiences_owned_and_shared(void **state)
{
	struct list_query q = {.account_id = "18ce5demo01"};
	struct got g;

	(void)state;
	got_init(&g);
	api_audiences(api, &q, CALL(&g));
	expect_ok(&g);
	uint64_t owned = g.rows;
	bool found = false;

	for (size_t i = 0; i < g.audiences.n; i++)
		found |= g.audiences.v[i].audience_size == 1470 && g.audiences.v[i].targetable;
	assert_true(found);
	q.permission_scope = "SHARED";
	g.done = false;
	api_audiences(api, &q, CALL(&g));
	expect_ok(&g);
	assert_true(owned >= 4 && g.rows >= 1);
	q.permission_scope = NULL;
	const char *id = g.audiences.v[0].id;
	char copy[65];

	snprintf(copy, sizeof copy, "%s", id);
	g.done = false;
	api_audience_usage(api, "18ce5demo01", copy, true, CALL(&g));
	expect_ok(&g);
	got_free(&g);
}

static void estimates_follow_the_targeting(void **state)
{
	struct criterion c[] = {{.type_name = "LOCATION", .value = "96683cc9126741d1", .op = OP_EQ},
	    {.type_name = "BROAD_KEYWORD", .value = "espresso \"to go\"", .op = OP_EQ},
	    {.type_name = "AGE", .value = "AGE_OVER_21", .op = OP_EQ}};
	struct got g;

	(void)state;
	got_init(&g);
	api_estimate(api,
	    &(struct estimate_query){.account_id = "18ce5demo01", .criteria = c, .n = 2}, CALL(&g));
	expect_ok(&g);
	int64_t wide = g.estimate.max;

	g.done = false;
	api_estimate(api,
	    &(struct estimate_query){.account_id = "18ce5demo01", .criteria = c, .n = 3}, CALL(&g));
	expect_ok(&g);
	assert_true(g.estimate.max < wide);
	got_free(&g);
}

static void refusals_are_told_in_the_apis_words(void **state)
{
	struct got g;

	(void)state;
	got_init(&g);
	api_campaigns(api, &(struct list_query){.account_id = "nosuch1"}, CALL(&g));
	run_until(loop, &g.done, 5000);
	assert_int_equal(g.err, ERR_FORBIDDEN);
	assert_string_equal(g.ei.api_code, "ACCOUNT_NOT_FOUND");
	g.done = false;
	api_lookup(api, &(struct lookup_query){.kind = "tv_shows", .max_pages = 1}, CALL(&g));
	run_until(loop, &g.done, 5000);
	assert_int_equal(g.err, ERR_INVALID);
	assert_string_equal(g.ei.param, "locale");
	got_free(&g);
}

static void wrong_secrets_are_an_authentication_error(void **state)
{
	struct api_config cfg = sandbox_config(&server);
	struct got g;

	(void)state;
	got_init(&g);
	cfg.token_secret = "wrong";
	struct api *other = api_new(loop, &cfg, NULL);

	api_accounts(other, &(struct list_query){0}, CALL(&g));
	run_until(loop, &g.done, 5000);
	assert_int_equal(g.err, ERR_AUTH);
	assert_int_equal(g.ei.http, 401);
	assert_int_equal(api_stats(other).sent, 1); /* the clock is right: nothing to try again */
	api_free(other);
	got_free(&g);
}

static void raw_calls_work_in_every_form(void **state)
{
	struct api_param p[] = {{"count", "2"}, {"sort_by", "name-asc"}};
	struct got g;

	(void)state;
	got_init(&g);
	api_raw(
	    api, &(struct raw_query){.method = "GET", .path = "/12/accounts?count=1"}, CALL(&g));
	run_until(loop, &g.done, 5000);
	assert_int_equal(g.status, 200);
	g.done = false;
	api_raw(api,
	    &(struct raw_query){
		.method = "GET", .path = "/12/accounts", .params = p, .n_params = 2},
	    CALL(&g));
	run_until(loop, &g.done, 5000);
	assert_int_equal(g.status, 200);
	g.done = false;
	api_raw(api, &(struct raw_query){.method = "GET", .path = "/12/nothing"}, CALL(&g));
	run_until(loop, &g.done, 5000);
	assert_int_equal(g.status, 404);
	assert_int_equal(g.err, ERR_NOTFOUND);
	assert_non_null(strstr(g.text, "ROUTE_NOT_FOUND"));
	/* a form body is signed with its parameters (reference 9.1, A2) */
	struct api_param keyword[] = {{"line_item_id", "nosuch"},
	    {"targeting_type", "BROAD_KEYWORD"},
	    {"targeting_value", "\xf0\x9f\xa4\x96 & co, +boat"}, {"operator_type", "EQ"}};

	g.done = false;
	api_raw(api,
	    &(struct raw_query){.method = "POST",
		.path = "/12/accounts/18ce5demo01/targeting_criteria",
		.params = keyword,
		.n_params = 4,
		.form = true},
	    CALL(&g));
	run_until(loop, &g.done, 5000);
	assert_int_equal(g.status, 404); /* LINE_ITEM_NOT_FOUND, so the signature was good */
	got_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(accounts_and_access),
	    cmocka_unit_test(entities_of_an_account),
	    cmocka_unit_test(criteria_of_many_line_items_come_in_pages),
	    cmocka_unit_test(all_twelve_look_ups),
	    cmocka_unit_test(searches_carry_any_text),
	    cmocka_unit_test(audiences_owned_and_shared),
	    cmocka_unit_test(estimates_follow_the_targeting),
	    cmocka_unit_test(refusals_are_told_in_the_apis_words),
	    cmocka_unit_test(wrong_secrets_are_an_authentication_error),
	    cmocka_unit_test(raw_calls_work_in_every_form),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
