/* Decoding of answers, one test for each trap of the reference's section 10 that is about reading
 * (G numbers in the names), and its literal sample documents. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/answer.h"
#include "api/decode.h"
#include "base/clock.h"

struct page {
	struct transport_reply reply;
	struct answer an;
	struct api_result res;
	enum err err;
};

static struct page *read_page(enum api_kind kind, int status, const char *body)
{
	struct page *p = calloc(1, sizeof *p);

	p->reply = (struct transport_reply){.sent = true, .status = status};
	buf_init(&p->reply.body, SCAN_MAX_BYTES);
	buf_adds(&p->reply.body, body);
	answer_init(&p->an);
	answer_read(&p->an, &p->reply);
	p->res.kind = kind;
	if (p->an.kind == ANSWER_OK)
		p->err = decode_page(&p->res, json_get(json_root(&p->an.json), "data"), &p->res.ei);
	else
		decode_init(&p->res);
	return p;
}

static void free_page(struct page *p)
{
	decode_done(&p->res);
	answer_done(&p->an);
	buf_done(&p->reply.body);
	free(p);
}

#define DATA(rows) "{\"data\":" rows ",\"next_cursor\":null}"

static void criteria_of_the_batch_sample(void **state)
{
	struct page *p = read_page(API_CRITERIA, 200,
	    "{\"data_type\":\"targeting_criterion\",\"data\":[{\"id\":\"dp1ab7\",\"line_item_id\":"
	    "\"7k2aa\",\"targeting_type\":\"LOCATION\",\"targeting_value\":\"5122804691e5fecc\","
	    "\"operator_type\":\"EQ\",\"name\":\"San Francisco-Oakland-San Jose CA, US\","
	    "\"location_type\":\"METROS\",\"created_at\":\"2026-01-06T09:00:00Z\",\"updated_at\":"
	    "\"2026-01-06T09:00:00Z\",\"deleted\":false},{\"id\":\"dp1aa0\",\"line_item_id\":"
	    "\"7k2aa\","
	    "\"targeting_type\":\"BROAD_KEYWORD\",\"targeting_value\":\"sofa\",\"operator_type\":"
	    "\"EQ\","
	    "\"name\":\"sofa\",\"created_at\":\"2026-01-01T09:00:00Z\",\"updated_at\":"
	    "\"2026-01-06T09:00:00Z\",\"deleted\":true}],\"request\":[{\"operation_type\":"
	    "\"Create\"}]}");

	(void)state;
	assert_int_equal(p->err, ERR_OK);
	assert_int_equal(p->res.criteria.n, 2);
	const struct criterion *c = p->res.criteria.v;

	assert_string_equal(c->id, "dp1ab7");
	assert_int_equal(c->type, TYPE_LOCATION);
	assert_string_equal(c->location_type, "METROS");
	assert_int_equal(c->created_at, 1767690000);
	assert_false(c->deleted);
	assert_true(c[1].deleted);
	assert_string_equal(c[1].value, "sofa");
	free_page(p);
}

static void line_item_sample(void **state)
{
	struct page *p = read_page(API_LINE_ITEMS, 200,
	    DATA("[{\"id\":\"7k2aa\",\"campaign_id\":\"c9dm0\",\"name\":\"Home buyers / Bay Area\","
		 "\"objective\":\"ENGAGEMENTS\",\"product_type\":\"PROMOTED_TWEETS\","
		 "\"placements\":["
		 "\"ALL_ON_TWITTER\",\"PUBLISHER_NETWORK\"],\"entity_status\":\"PAUSED\",\"bid_"
		 "strategy\":"
		 "\"MAX\",\"bid_amount_local_micro\":320000,\"goal\":\"ENGAGEMENT\",\"start_time\":"
		 "\"2026-01-05T00:00:00Z\",\"end_time\":null,\"daily_budget_amount_local_micro\":"
		 "null,"
		 "\"total_budget_amount_local_micro\":4000000000,\"categories\":[],\"currency\":"
		 "\"USD\","
		 "\"deleted\":false}]"));

	(void)state;
	const struct line_item *li = p->res.line_items.v;

	assert_int_equal(p->res.line_items.n, 1);
	assert_string_equal(li->placements, "ALL_ON_TWITTER,PUBLISHER_NETWORK");
	assert_int_equal(li->bid_micro, 320000);
	assert_true(li->daily_budget_micro == MONEY_NONE);
	assert_int_equal(li->total_budget_micro, 4000000000); /* above 2^31 */
	assert_int_equal(li->end_time, 0);
	assert_null(li->audience_expansion);
	free_page(p);
}

static void audience_sample(void **state)
{
	struct page *p = read_page(API_AUDIENCES, 200,
	    DATA("[{\"id\":\"2d9aa\",\"name\":\"loyal "
		 "customers\",\"description\":null,\"audience_type\":"
		 "\"CRM\",\"audience_size\":1470,\"targetable\":true,\"targetable_types\":[\"CRM\","
		 "\"EXCLUDED_CRM\"],\"reasons_not_targetable\":[],\"permission_level\":\"READ_"
		 "WRITE\","
		 "\"owner_account_id\":\"18ce5demo01\",\"metadata\":[{\"x\":1}],\"created_at\":"
		 "\"2026-01-08T08:19:58Z\",\"deleted\":false}]"));

	(void)state;
	const struct audience *a = p->res.audiences.v;

	assert_int_equal(a->audience_size, 1470);
	assert_true(a->targetable);
	assert_string_equal(a->targetable_types, "CRM,EXCLUDED_CRM");
	assert_string_equal(a->reasons_not_targetable, "");
	assert_null(a->description);
	assert_non_null(strstr(a->raw, "\"metadata\":[{\"x\":1}]"));
	free_page(p);
}

static void other_samples(void **state)
{
	struct page *p = read_page(API_ACCESS, 200,
	    "{\"data\":{\"user_id\":\"900000000000000001\",\"permissions\":[\"ACCOUNT_ADMIN\","
	    "\"TWEET_COMPOSER\"]},\"request\":{\"params\":{}}}");

	(void)state;
	assert_int_equal(p->err, ERR_OK);
	assert_string_equal(p->res.access.access.permissions, "ACCOUNT_ADMIN,TWEET_COMPOSER");
	free_page(p);
	p = read_page(API_ESTIMATE, 200,
	    "{\"request\":{\"params\":{\"targeting_criteria\":null}},\"data\":{\"audience_size\":{"
	    "\"min\":38200000,\"max\":42300000}}}");
	assert_int_equal(p->err, ERR_OK);
	assert_int_equal(p->res.estimate.min, 38200000);
	assert_int_equal(p->res.estimate.max, 42300000);
	free_page(p);
	p = read_page(API_ESTIMATE, 200, "{\"data\":{\"audience_size\":{\"min\":5,\"max\":4}}}");
	assert_int_equal(p->err, ERR_PROTOCOL);
	free_page(p);
	p = read_page(API_USAGES, 200,
	    DATA("[{\"campaign_id\":\"c9dm0\",\"campaign_name\":\"Furni\",\"line_items\":[{\"id\":"
		 "\"7k2aa\","
		 "\"name\":null,\"servable\":true},{\"id\":\"7k2ab\",\"name\":\"x\",\"servable\":"
		 "false}]}]"));
	assert_int_equal(p->res.usages.n, 2);
	assert_null(p->res.usages.v[0].line_item_name);
	assert_true(p->res.usages.v[0].servable);
	assert_string_equal(p->res.usages.v[1].campaign_name, "Furni");
	free_page(p);
}

static void options_of_every_kind(void **state)
{
	struct page *p = read_page(API_OPTIONS, 200,
	    DATA("[{\"name\":\"United "
		 "States\",\"country_code\":\"US\",\"location_type\":\"COUNTRIES\","
		 "\"targeting_value\":\"96683cc9126741d1\",\"targeting_type\":\"LOCATION\"},"
		 "{\"name\":\"Jelly "
		 "Bean\",\"number\":\"4.1\",\"os_type\":\"Android\",\"targeting_value\":"
		 "\"18\"},{\"name\":\"iPhone 4\",\"manufacturer\":\"Apple\",\"platform\":\"iOS\","
		 "\"targeting_value\":\"1r\"},{\"name\":\"New Year's\",\"targeting_value\":\"1ex\","
		 "\"event_type\":\"HOLIDAY\",\"country_code\":null,\"start_time\":"
		 "\"2027-12-31T00:00:00Z\",\"reach\":{\"total_reach\":null},\"top_users\":[]},"
		 "{\"name\":\"Japan\",\"country_code\":\"JP\",\"locale\":\"ja-JP\"},"
		 "{\"name\":\"NewsWatch\",\"targeting_value\":10027243420,\"genre\":\"PAID\","
		 "\"locales\":["
		 "{\"language\":\"en\",\"country\":\"US\"}]}]"));
	const struct option *o = p->res.options.v;

	(void)state;
	assert_int_equal(p->res.options.n, 6);
	assert_string_equal(o[0].kind, "COUNTRIES");
	assert_string_equal(o[0].country, "US");
	assert_string_equal(o[1].kind, "Android");
	assert_string_equal(o[1].extra, "4.1");
	assert_string_equal(o[2].kind, "iOS");
	assert_string_equal(o[2].extra, "Apple");
	assert_string_equal(o[3].kind, "HOLIDAY");
	assert_null(o[3].country);
	assert_string_equal(o[4].value, "ja-JP");
	assert_string_equal(o[5].value, "10027243420");
	assert_string_equal(o[5].country, "en-US");
	free_page(p);
}

static void g4_html_and_empty_bodies(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum err err;
	} cases[] = {{404, "<html><body>Not \x1b[31mhere\n", ERR_NOTFOUND}, {502, "", ERR_SERVER},
	    {503, "Service Unavailable", ERR_SERVER}, {200, "<html>", ERR_PROTOCOL},
	    {204, "", ERR_PROTOCOL}, {200, "", ERR_PROTOCOL}, {403, "\xff\xfe", ERR_FORBIDDEN}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct page *p = read_page(API_ACCOUNTS, cases[i].status, cases[i].body);

		assert_int_equal(p->an.ei.code, cases[i].err);
		assert_int_equal(p->an.ei.http, cases[i].status);
		for (const char *c = p->an.ei.msg; *c; c++)
			assert_true(*c >= 0x20 && *c < 0x7f); /* never raw */
		free_page(p);
	}
}

static void g5_error_codes_are_text_or_number(void **state)
{
	struct page *p = read_page(API_ACCOUNTS, 400,
	    "{\"errors\":[{\"code\":215,\"message\":\"Bad Authentication data.\"}]}");

	(void)state;
	assert_int_equal(p->an.kind, ANSWER_AUTH);
	assert_int_equal(p->an.ei.code, ERR_AUTH);
	assert_string_equal(p->an.ei.api_code, "215");
	assert_string_equal(p->an.ei.msg, "Bad Authentication data.");
	free_page(p);
	p = read_page(API_ACCOUNTS, 403,
	    "{\"errors\":[{\"code\":\"UNAUTHORIZED_CLIENT_APPLICATION\",\"message\":\"m\"}],"
	    "\"request\":{"
	    "\"params\":{}}}");
	assert_int_equal(p->an.ei.code, ERR_FORBIDDEN);
	assert_string_equal(p->an.ei.api_code, "UNAUTHORIZED_CLIENT_APPLICATION");
	free_page(p);
	/* one error as an object, an error that is only text */
	p = read_page(API_ACCOUNTS, 400, "{\"errors\":{\"code\":\"A\",\"message\":\"m\"}}");
	assert_string_equal(p->an.ei.api_code, "A");
	free_page(p);
	p = read_page(API_ACCOUNTS, 400, "{\"errors\":[\"plain text\"]}");
	assert_string_equal(p->an.ei.msg, "plain text");
	free_page(p);
}

static void g6_attribute_or_parameter(void **state)
{
	struct page *p = read_page(API_ACCOUNTS, 400,
	    "{\"errors\":[{\"code\":\"INVALID\",\"message\":\"m\",\"attribute\":\"placements\"}]}");

	(void)state;
	assert_string_equal(p->an.ei.param, "placements");
	free_page(p);
	p = read_page(API_ACCOUNTS, 400,
	    "{\"errors\":[{\"code\":\"INVALID_PARAMETER\",\"message\":\"Expected enum, got "
	    "\\\"BLUE\\\" for "
	    "targeting_type\",\"parameter\":\"targeting_type\",\"value\":\"BLUE\",\"details\":"
	    "\"invalid "
	    "enum\"}],\"request\":{\"params\":{\"account_id\":\"18ce5demo01\"}}}");
	assert_string_equal(p->an.ei.param, "targeting_type");
	assert_string_equal(p->an.ei.msg, "Expected enum, got \"BLUE\" for targeting_type");
	free_page(p);
}

static void g7_operation_errors_fail_whatever_the_status(void **state)
{
	static const char body[] = "{\"data\":[],\"request\":[],\"operation_errors\":[[],[{"
				   "\"code\":\"INVALID\",\"message\":"
				   "\"only one age bucket\",\"attribute\":\"age\"}]]}";

	(void)state;
	for (int status = 200; status <= 400; status += 200) {
		struct page *p = read_page(API_CRITERIA, status, body);

		assert_int_equal(p->an.kind, ANSWER_REFUSED);
		assert_string_equal(p->an.ei.param, "age");
		free_page(p);
	}
	struct page *p = read_page(
	    API_CRITERIA, 200, "{\"data\":[],\"operation_errors\":[[],[]]}"); /* nothing wrong */

	assert_int_equal(p->an.kind, ANSWER_OK);
	free_page(p);
}

static void g9_data_as_object_or_array(void **state)
{
	struct page *p = read_page(API_ACCOUNTS, 200, "{\"data\":{\"id\":\"a1\",\"name\":\"n\"}}");

	(void)state;
	assert_int_equal(p->res.accounts.n, 1);
	free_page(p);
	p = read_page(API_ACCESS, 200, "{\"data\":[{\"user_id\":\"1\",\"permissions\":[]}]}");
	assert_int_equal(p->err, ERR_OK);
	free_page(p);
	p = read_page(API_ACCOUNTS, 200, "{\"data\":[]}");
	assert_int_equal(p->res.accounts.n, 0);
	assert_int_equal(p->err, ERR_OK);
	free_page(p);
	p = read_page(API_ACCOUNTS, 200, "{\"data\":\"text\"}");
	assert_int_equal(p->err, ERR_PROTOCOL);
	free_page(p);
}

#define ROW(rest) "{\"id\":\"c\",\"line_item_id\":\"l\",\"targeting_type\":" rest "}"

static void g10_numeric_values_keep_their_digits(void **state)
{
	struct page *p = read_page(API_CRITERIA, 200,
	    DATA("[" ROW("\"TV_SHOW\",\"targeting_value\":10027243420") "," ROW(
		"\"GENDER\",\"targeting_value\":1") "," ROW("\"CONTENT_PUBLISHER_USER\","
							    "\"targeting_"
							    "value\":9007199254740993") "]"));
	const struct criterion *c = p->res.criteria.v;

	(void)state;
	assert_int_equal(p->res.criteria.n, 3);
	assert_string_equal(c[0].value, "10027243420");
	assert_string_equal(c[1].value, "1");
	assert_string_equal(c[2].value, "9007199254740993");
	free_page(p);
}

static void g11_null_names_and_sizes_are_normal(void **state)
{
	struct page *p = read_page(API_LINE_ITEMS, 200, DATA("[{\"id\":\"a\",\"name\":null}]"));

	(void)state;
	assert_int_equal(p->res.line_items.n, 1);
	assert_null(p->res.line_items.v[0].name);
	assert_true(p->res.line_items.v[0].bid_micro == MONEY_NONE);
	free_page(p);
	p = read_page(API_AUDIENCES, 200,
	    DATA(
		"[{\"id\":\"a\",\"audience_size\":null},{\"id\":\"b\",\"audience_size\":\"1470\"},{"
		"\"id\":\"c\",\"audience_size\":0},{\"id\":\"d\"}]"));
	assert_int_equal(p->res.audiences.v[0].audience_size, -1);
	assert_int_equal(p->res.audiences.v[1].audience_size, 1470);
	assert_int_equal(p->res.audiences.v[2].audience_size, 0);
	assert_int_equal(p->res.audiences.v[3].audience_size, -1);
	free_page(p);
}

static void g20_unknown_members_are_ignored(void **state)
{
	struct page *p = read_page(API_CRITERIA, 200,
	    "{\"data_type\":\"x\",\"total_count\":1,\"data\":[" ROW(
		"\"AGE\",\"targeting_value\":\"AGE_OVER_18\",\"raw_targeting_type\":7,\"raw_"
		"negated\":false,"
		"\"parent_ids\":[1,{}],\"account_id\":null") "]}");

	(void)state;
	assert_int_equal(p->res.criteria.n, 1);
	assert_int_equal(p->res.quarantined, 0);
	free_page(p);
}

static void g21_a_missing_operator_is_eq(void **state)
{
	struct page *p = read_page(API_CRITERIA, 200,
	    DATA("[" ROW("\"AGE\",\"targeting_value\":\"A\"") "," ROW(
		"\"AGE\",\"targeting_value\":"
		"\"A\",\"operator_type\":"
		"null") "," ROW("\"AGE\","
				"\"targeting_"
				"value\":"
				"\"A\","
				"\"operator_"
				"type\":"
				"\"NE\"") "," ROW("\"AGE\",\"targeting_value\":\"A\",\"operator_"
						  "type\":\"NEW_OP\"") "]"));

	(void)state;
	assert_int_equal(p->res.criteria.v[0].op, OP_EQ);
	assert_int_equal(p->res.criteria.v[1].op, OP_EQ);
	assert_int_equal(p->res.criteria.v[2].op, OP_NE);
	assert_int_equal(p->res.criteria.v[3].op, OP_OTHER);
	free_page(p);
}

static void g22_location_types_in_both_numbers(void **state)
{
	struct page *p = read_page(API_CRITERIA, 200,
	    DATA("[" ROW("\"LOCATION\",\"targeting_value\":\"a\",\"location_type\":"
			 "\"CITY\"") "," ROW("\"LOCATION\",\"targeting_value\":\"b\","
					     "\"location_type\":\"CITIES\"") "]"));

	(void)state;
	assert_string_equal(p->res.criteria.v[0].location_type, "CITY");
	assert_string_equal(p->res.criteria.v[1].location_type, "CITIES");
	free_page(p);
}

/* The documents' tutorial has the echo and the place type of version 9: neither decides anything. */
static void g23_the_echo_of_the_request_is_not_read(void **state)
{
	struct page *p = read_page(API_OPTIONS, 200,
	    "{\"request\":{\"params\":{\"location_type\":\"CITY\",\"q\":\"los "
	    "angeles\"}},\"data\":[{\"name\":\"Los Angeles\",\"location_type\":\"CITIES\","
	    "\"targeting_value\":\"3b77caf94bfc81fe\",\"targeting_type\":\"LOCATION\"}],"
	    "\"next_cursor\":null}");

	(void)state;
	assert_int_equal(p->res.options.n, 1);
	assert_string_equal(p->res.options.v[0].kind, "CITIES");
	free_page(p);
}

static void g47_is_owner_or_owner_account(void **state)
{
	struct page *p = read_page(API_AUDIENCES, 200,
	    DATA("[{\"id\":\"a\",\"is_owner\":true},{\"id\":\"b\",\"owner_account_id\":\"x\"}]"));

	(void)state;
	assert_true(p->res.audiences.v[0].is_owner);
	assert_null(p->res.audiences.v[0].owner_account_id);
	assert_string_equal(p->res.audiences.v[1].owner_account_id, "x");
	free_page(p);
}

static void b14_unknown_types_are_kept(void **state)
{
	struct page *p =
	    read_page(API_CRITERIA, 200, DATA("[" ROW("\"NEW_X\",\"targeting_value\":\"v\"") "]"));

	(void)state;
	assert_int_equal(p->res.criteria.n, 1);
	assert_int_equal(p->res.criteria.v[0].type, TYPE_UNKNOWN);
	assert_string_equal(p->res.criteria.v[0].type_name, "NEW_X");
	free_page(p);
}

static void b16_bad_rows_are_counted_and_the_rest_stays(void **state)
{
	char *big = malloc(12000), *body = malloc(16000);

	(void)state;
	memset(big, 'x', 10000);
	big[10000] = '\0';
	snprintf(body, 16000,
	    DATA("[{\"id\":\"good\"},{\"name\":\"no "
		 "id\"},{\"id\":\"%s\"},7,null,[],{\"id\":{}},{\"id\":"
		 "\"t\",\"name\":[1]},{\"id\":\"m\",\"bid_amount_local_micro\":1.5},{\"id\":\"d\","
		 "\"deleted\":"
		 "3},{\"id\":\"\"},{\"id\":\"good2\"}]"),
	    big);
	struct page *p = read_page(API_LINE_ITEMS, 200, body);

	assert_int_equal(p->err, ERR_OK);
	assert_int_equal(p->res.line_items.n, 2);
	assert_int_equal(p->res.quarantined, 10);
	assert_string_equal(p->res.line_items.v[1].id, "good2");
	free_page(p);
	free(big);
	free(body);
}

static void dates_of_rfc_9110(void **state)
{
	static const char *const bad[] = {"", "Sunday, 06-Nov-94 08:49:37 GMT",
	    "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 UTC",
	    "Sun, 06 Xxx 1994 08:49:37 GMT", "Sun, 36 Nov 1994 08:49:37 GMT",
	    "Sun, 06 anF 1994 08:49:37 GMT", "Sun, 06 Nov 1994 28:49:37 GMT"};
	int64_t t;

	(void)state;
	assert_true(answer_parse_date("Sun, 06 Nov 1994 08:49:37 GMT", &t));
	assert_int_equal(t, 784111777);
	assert_true(answer_parse_date("Thu, 01 Jan 1970 00:00:00 GMT", &t));
	assert_int_equal(t, 0);
	assert_true(answer_parse_date("Thu, 29 Feb 2024 23:59:59 GMT", &t));
	assert_int_equal(t, 1709251199);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(answer_parse_date(bad[i], &t));
}

/* The times of a page are those of base/clock, for every day of many years. */
static void dates_agree_with_the_clock(void **state)
{
	static const char months[][4] = {
	    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

	(void)state;
	for (int64_t day = 0; day < 50000; day += 3) {
		char iso[21], http[64];
		int64_t t;

		clock_format_utc(day * 86400 + 3661, iso);
		snprintf(http, sizeof http, "Xxx, %.2s %s %.4s %.8s GMT", iso + 8,
		    months[(iso[5] - '0') * 10 + (iso[6] - '0') - 1], iso, iso + 11);
		assert_true(answer_parse_date(http, &t));
		assert_int_equal(t, day * 86400 + 3661);
	}
}

static void long_messages_are_cut_between_characters(void **state)
{
	char body[4096] = "{\"errors\":[{\"code\":\"X\",\"message\":\"";
	size_t n = strlen(body);

	(void)state;
	for (int i = 0; i < 400; i++, n += 3)
		memcpy(body + n, "\xe2\x82\xac", 4);
	snprintf(body + n, sizeof body - n, "\"}]}");
	struct page *p = read_page(API_ACCOUNTS, 400, body);
	size_t len = strlen(p->an.ei.msg);

	assert_true(len < sizeof p->an.ei.msg && len % 3 == 0 && len > 500);
	free_page(p);
}

static const char *remedy(int status, const char *code)
{
	static struct page *last;
	char body[256];

	if (last)
		free_page(last);
	last = NULL;
	if (!code)
		return NULL;
	snprintf(body, sizeof body, "{\"errors\":[{\"code\":%s,\"message\":\"m\"}]}", code);
	last = read_page(API_ACCOUNTS, status, body);
	return api_remedy(&last->an.ei);
}

static void g48_g49_g50_refusals_have_their_own_remedy(void **state)
{
	(void)state;
	assert_non_null(strstr(remedy(403, "\"UNAUTHORIZED_CLIENT_APPLICATION\""), "apply for it"));
	assert_non_null(
	    strstr(remedy(403, "\"INSUFFICIENT_USER_AUTHORIZED_PERMISSION\""), "new access token"));
	assert_non_null(strstr(remedy(401, "\"UNAUTHORIZED_ACCESS\""), "app's permissions"));
	assert_non_null(strstr(remedy(401, "89"), "revoked"));
	assert_non_null(strstr(remedy(401, "135"), "clock"));
	assert_non_null(strstr(remedy(400, "215"), "four keys"));
	assert_non_null(strstr(remedy(403, "\"SOMETHING_NEW\""), "role"));
	/* what has no row of its own gets the hint of its kind */
	assert_string_equal(remedy(500, "\"INTERNAL_ERROR\""), err_hint(ERR_SERVER));
	remedy(0, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(criteria_of_the_batch_sample),
	    cmocka_unit_test(line_item_sample),
	    cmocka_unit_test(audience_sample),
	    cmocka_unit_test(other_samples),
	    cmocka_unit_test(options_of_every_kind),
	    cmocka_unit_test(g4_html_and_empty_bodies),
	    cmocka_unit_test(g5_error_codes_are_text_or_number),
	    cmocka_unit_test(g6_attribute_or_parameter),
	    cmocka_unit_test(g7_operation_errors_fail_whatever_the_status),
	    cmocka_unit_test(g9_data_as_object_or_array),
	    cmocka_unit_test(g10_numeric_values_keep_their_digits),
	    cmocka_unit_test(g11_null_names_and_sizes_are_normal),
	    cmocka_unit_test(g20_unknown_members_are_ignored),
	    cmocka_unit_test(g21_a_missing_operator_is_eq),
	    cmocka_unit_test(g22_location_types_in_both_numbers),
	    cmocka_unit_test(g23_the_echo_of_the_request_is_not_read),
	    cmocka_unit_test(g47_is_owner_or_owner_account),
	    cmocka_unit_test(b14_unknown_types_are_kept),
	    cmocka_unit_test(b16_bad_rows_are_counted_and_the_rest_stays),
	    cmocka_unit_test(dates_of_rfc_9110),
	    cmocka_unit_test(dates_agree_with_the_clock),
	    cmocka_unit_test(long_messages_are_cut_between_characters),
	    cmocka_unit_test(g48_g49_g50_refusals_have_their_own_remedy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
