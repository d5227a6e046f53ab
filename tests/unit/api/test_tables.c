/* The tables of api/: what must be in them, and that they fit each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <string.h>
#include "api/answer.h"
#include "api/budget.h"
#include "api/endpoints.h"
#include "api/oauth.h"
#include "api/transport.h"
#include "targeting/types.h"

/* Every transfer, and every write, must be set up like this, whatever the table looks like later. */
static void transfers_are_set_up_safely(void **state)
{
	static const char *const wanted[] = {"ALL CURLOPT_NOSIGNAL 1L", "ALL CURLOPT_QUICK_EXIT 1L",
	    "ALL CURLOPT_FOLLOWLOCATION 0L", "ALL CURLOPT_UNRESTRICTED_AUTH 0L",
	    "ALL CURLOPT_NETRC (long)CURL_NETRC_IGNORED", "ALL CURLOPT_HTTP09_ALLOWED 0L",
	    "ALL CURLOPT_SSL_VERIFYPEER 1L", "ALL CURLOPT_SSL_VERIFYHOST 2L",
	    "ALL CURLOPT_SSLVERSION (long)CURL_SSLVERSION_TLSv1_2",
	    "ALL CURLOPT_LOW_SPEED_LIMIT 64L", "ALL CURLOPT_LOW_SPEED_TIME 30L",
	    "ALL CURLOPT_ACCEPT_ENCODING \"gzip\"", "WRITE CURLOPT_FRESH_CONNECT 1L",
	    "WRITE CURLOPT_FORBID_REUSE 1L",
	    "WRITE CURLOPT_HTTP_VERSION (long)CURL_HTTP_VERSION_1_1"};
	static const char *const table[] = {
#define O(who, kind, option, value) #who " " #option " " #value,
#include "api/curl_options.def"
#undef O
	};

	(void)state;
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		size_t k = 0;

		while (k < sizeof table / sizeof *table && strcmp(table[k], wanted[i]) != 0)
			k++;
		if (k == sizeof table / sizeof *table)
			fail_msg("not set: %s", wanted[i]);
	}
}

static void endpoints_match_their_own_paths(void **state)
{
	(void)state;
	for (int i = 0; i < ENDPOINT_COUNT; i++) {
		const struct endpoint *e = endpoint_info((enum endpoint_id)i);
		char path[256] = "";
		size_t n = 0;

		for (const char *p = e->path; *p;) {
			if (*p == ':') {
				memcpy(path + n, "18ce5", 5);
				n += 5;
				p += strcspn(p, "/");
			} else {
				path[n++] = *p++;
			}
		}
		assert_int_equal(endpoint_match(e->method, path), i);
		assert_true((strcmp(e->method, "GET") == 0) <= !e->write);
		assert_true((e->paging == PAGING_NONE) == (e->max_count == 0) ||
			    i == ENDPOINT_AUDIENCE_TARGETED); /* a cursor without a count */
	}
	assert_int_equal(endpoint_match("GET", "accounts/a/nothing"), ENDPOINT_COUNT);
	assert_int_equal(endpoint_match("PATCH", "accounts"), ENDPOINT_COUNT);
	assert_int_equal(endpoint_match("GET", "accounts/"), ENDPOINT_COUNT);
	assert_int_equal(endpoint_match("GET", "line_items/placements"), ENDPOINT_PLACEMENTS);
}

static void every_lookup_of_the_types_can_be_asked(void **state)
{
	(void)state;
	for (int t = 1; t < TYPE_COUNT; t++) {
		const char *kind = type_info((enum targeting_type)t)->lookup;

		if (*kind && endpoint_of_lookup(kind) == ENDPOINT_COUNT)
			fail_msg("no endpoint for the look-up %s", kind);
	}
	assert_int_equal(endpoint_of_lookup("nothing"), ENDPOINT_COUNT);
	assert_int_equal(endpoint_of_lookup(NULL), ENDPOINT_COUNT);
	assert_int_equal(endpoint_info(ENDPOINT_TV_SHOWS)->max_count, 50);
}

static void header_names_are_lower_case(void **state)
{
	(void)state;
	for (int i = 0; i < HEADER_COUNT; i++)
		for (const char *p = header_name((enum header_id)i); *p; p++)
			assert_false(isupper((unsigned char)*p));
}

/* A write may only be repeated where its row proves that it did not take effect. */
static void only_proven_writes_are_repeated(void **state)
{
	(void)state;
	for (int c = ANSWER_OK + 1; c < ANSWER_CASES; c++) {
		const struct retry_rule *r = retry_rule((enum answer_case)c);

		if (r->writes)
			assert_int_not_equal(r->end, END_UNKNOWN);
	}
	assert_int_equal(retry_rule(ANSWER_BROKEN)->writes, 0);
	assert_int_equal(retry_rule(ANSWER_UNAVAILABLE)->writes, 0);
}

static void budgets_are_shared_as_published(void **state)
{
	struct budget_table t = {0};
	size_t a = budget_find(&t, ENDPOINT_LINE_ITEMS, "acc1");

	(void)state;
	assert_int_equal(budget_find(&t, ENDPOINT_LINE_ITEMS, "acc1"), a);
	assert_int_not_equal(budget_find(&t, ENDPOINT_LINE_ITEMS, "acc2"), a);
	assert_int_not_equal(budget_find(&t, ENDPOINT_CAMPAIGNS, "acc1"), a);
	a = budget_find(&t, ENDPOINT_LOCATIONS, "");
	assert_int_equal(budget_find(&t, ENDPOINT_INTERESTS, ""), a);
	assert_int_not_equal(budget_find(&t, ENDPOINT_TV_SHOWS, ""), a);
	a = budget_find(&t, ENDPOINT_CRITERIA_BATCH, "acc1");
	assert_int_equal(budget_find(&t, ENDPOINT_CAMPAIGN_PUT, "acc2"), a);
	assert_string_equal(budget_name(&t.v[a]), "writes");
	budget_table_done(&t);
}

static void a_reserve_is_kept_for_settling(void **state)
{
	struct budget_table t = {0};
	size_t i = budget_find(&t, ENDPOINT_CRITERIA, "acc1");
	struct budget *b = &t.v[i];
	int64_t wait;

	(void)state;
	budget_set(b, 400, 81, 1000, 500);
	assert_true(budget_allows(b, BUDGET_USER, &wait));
	assert_false(budget_allows(b, BUDGET_BACKGROUND, &wait));
	budget_set(b, 400, 161, 1000, 500);
	assert_true(budget_allows(b, BUDGET_BACKGROUND, &wait));
	budget_set(b, 400, 80, 1000, 500);
	assert_false(budget_allows(b, BUDGET_USER, &wait));
	assert_true(wait > 400000);
	assert_true(budget_allows(b, BUDGET_CRITICAL, &wait));
	budget_set(b, 400, 0, 1000, 500);
	assert_false(budget_allows(b, BUDGET_CRITICAL, &wait));
	budget_set(b, 400, 0, 1, 500); /* a reset in the past is one second from now */
	assert_false(budget_allows(b, BUDGET_CRITICAL, &wait));
	assert_in_range(wait, 1, 1000);
	budget_set(b, 400, 0, INT64_MAX, 500);
	assert_false(budget_allows(b, BUDGET_CRITICAL, &wait));
	assert_in_range(wait, 1, 16 * 60 * 1000);
	budget_table_done(&t);
}

static void g24_criteria_are_never_put(void **state)
{
	(void)state;
	for (int i = 0; i < ENDPOINT_COUNT; i++) {
		const struct endpoint *e = endpoint_info((enum endpoint_id)i);

		if (strstr(e->path, "targeting_criteria"))
			assert_string_not_equal(e->method, "PUT");
	}
}

static void g46_what_version_4_removed_is_not_called(void **state)
{
	static const char *const gone[] = {"tailored", "global_opt_out", "ton/", "reach_estimate",
	    "audience_summary", "behaviors"};

	(void)state;
	for (int i = 0; i < ENDPOINT_COUNT; i++)
		for (size_t k = 0; k < sizeof gone / sizeof *gone; k++)
			assert_null(strstr(endpoint_info((enum endpoint_id)i)->path, gone[k]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(g24_criteria_are_never_put),
	    cmocka_unit_test(g46_what_version_4_removed_is_not_called),
	    cmocka_unit_test(transfers_are_set_up_safely),
	    cmocka_unit_test(endpoints_match_their_own_paths),
	    cmocka_unit_test(every_lookup_of_the_types_can_be_asked),
	    cmocka_unit_test(header_names_are_lower_case),
	    cmocka_unit_test(only_proven_writes_are_repeated),
	    cmocka_unit_test(budgets_are_shared_as_published),
	    cmocka_unit_test(a_reserve_is_kept_for_settling),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
