/* Typed reading and echo of parameters, cursors and ids. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "sandbox/args.h"
#include "sandbox/json.h"
#include "sandbox/page.h"

static struct arena arena;
static struct args args;
static struct api_error error;

static int setup(void **state)
{
	(void)state;
	arena_init(&arena);
	error = (struct api_error){0};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static bool read(const char *spec, const char *query)
{
	struct params p = {0};

	assert_true(params_parse(&arena, query, strlen(query), PLUS_IS_SPACE, &p));
	return args_read(&arena, spec, &p, &args, &error);
}

static void echo_has_types(void **state)
{
	struct buf out;

	(void)state;
	assert_true(read("line_item_ids:ids! count:count with_deleted:bool start_time:time q:str"
			 " sort_by:sort(created_at|name) unused:str",
	    "line_item_ids=7k2aa%2C7k2ab&count=2&with_deleted=true&start_time=2026-01-05&q=a%20b"
	    "&sort_by=name-desc&include_entities=true"));
	buf_init(&out, 1000);
	json_open(&out, '{');
	args_echo(&args, &out);
	json_close(&out, '}');
	assert_string_equal(buf_str(&out),
	    "{\"line_item_ids\":[\"7k2aa\",\"7k2ab\"],\"count\":2,\"with_deleted\":true,"
	    "\"start_time\":\"2026-01-05T00:00:00Z\",\"q\":\"a b\",\"sort_by\":[\"name-desc\"]}");
	buf_done(&out);
}

static void limits_of_count_hold(void **state)
{
	(void)state;
	assert_true(read("count:count", "count=1"));
	assert_true(read("count:count", "count=1000"));
	assert_false(read("count:count", "count=0"));
	assert_false(read("count:count", "count=1001"));
	assert_false(read("count:count", "count=-1"));
	assert_false(read("count:count", "count=99999999999999999999"));
	assert_false(read("count:count", "count=2x"));
	assert_true(read("count:count50", "count=50"));
	assert_false(read("count:count50", "count=51"));
	assert_string_equal(error.code, "INVALID_PARAMETER");
	assert_string_equal(error.parameter, "count");
}

static void two_hundred_ids_pass_and_one_more_does_not(void **state)
{
	char query[2000] = "ids=a";

	(void)state;
	for (int i = 1; i < 200; i++)
		snprintf(query + strlen(query), sizeof query - strlen(query), ",a%d", i);
	assert_true(read("ids:ids", query));
	assert_int_equal(args_find(&args, "ids")->n, 200);
	snprintf(query + strlen(query), sizeof query - strlen(query), ",z");
	assert_false(read("ids:ids", query));
	assert_false(read("ids:ids", "ids=a,,b"));
	assert_false(read("ids:ids", "ids=a%2Fb"));
}

static void missing_duplicate_and_wrong_values_are_named(void **state)
{
	(void)state;
	assert_false(read("a:str!", ""));
	assert_string_equal(error.code, "MISSING_PARAMETER");
	assert_false(read("a:str!", "a="));
	assert_string_equal(error.code, "MISSING_PARAMETER");
	assert_false(read("a:str", "a=1&a=2"));
	assert_string_equal(error.code, "INVALID_PARAMETER");
	assert_false(read("a:str", "a=%ff"));
	assert_string_equal(error.code, "ILLEGAL_CHARACTERS");
	assert_false(read("a:bool", "a=True"));
	assert_false(read("a:enum(ONE|TWO)", "a=ON"));
	assert_string_equal(error.details, "invalid enum");
	assert_false(read("a:enums(ONE|TWO)", "a=ONE,THREE"));
	assert_false(read("a:sort(name)", "a=name"));
	assert_false(read("a:sort(name)", "a=id-asc"));
	assert_false(read("a:money", "a=0"));
	assert_true(read("a:money", "a=9007199254740993"));
	assert_true(args_num(&args, "a", 0) == 9007199254740993);
}

static void empty_value_clears(void **state)
{
	(void)state;
	assert_true(
	    read("end_time:time entity_status:enum(PAUSED)", "end_time=&entity_status=PAUSED"));
	assert_true(args_find(&args, "end_time")->cleared);
	assert_null(args_text(&args, "end_time"));
}

static void times_come_in_all_documented_forms(void **state)
{
	static const struct {
		const char *text;
		int64_t s;
	} good[] = {{"2026-01-06T09:00:00Z", 1767690000}, {"2026-01-06T09:00:00+0100", 1767686400},
	    {"2026-01-06T09:00:00+01:00", 1767686400}, {"2026-01-06T09:00:00-08", 1767718800},
	    {"2026-01-06", 1767657600}};
	static const char *const bad[] = {"", "2026-1-6", "2026-01-06T09:00:00", "2026-13-01",
	    "2026-01-06T09:00:00+1", "2026-01-06T09:00:00+99:00", "2026-01-06 09:00:00Z", "now"};
	int64_t s;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_true(time_parse(good[i].text, &s));
		assert_true(s == good[i].s);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(time_parse(bad[i], &s));
}

static void cursors_come_back_only_to_their_request(void **state)
{
	static const uint64_t numbers[] = {0, 1, 35, 36, 1000, UINT32_MAX, INT64_MAX, UINT64_MAX};
	char text[CURSOR_SIZE];
	struct cursor at;

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		for (size_t k = 0; k < 8; k++) {
			cursor_write((struct cursor){numbers[i], numbers[k]}, 77, text);
			assert_true(cursor_read(text, 77, &at));
			assert_true(at.a == numbers[i] && at.b == numbers[k]);
			assert_false(cursor_read(text, 78, &at));
		}
	}
	text[5] = '-';
	assert_false(cursor_read(text, 77, &at));
	assert_false(cursor_read("", 77, &at));
	assert_false(cursor_read("loop", 77, &at));
}

static void base36_is_canonical(void **state)
{
	char text[14];
	uint64_t n;

	(void)state;
	base36_write(UINT64_MAX, text);
	assert_string_equal(text, "3w5e11264sgsf");
	assert_true(base36_read(text, &n) && n == UINT64_MAX);
	assert_false(base36_read("3w5e11264sgsg", &n)); /* one more than 64 bits hold */
	assert_false(base36_read("0a", &n));
	assert_false(base36_read("", &n));
	assert_false(base36_read("a_b", &n));
	assert_true(base36_read("DP1AA0", &n));
	base36_write(n, text);
	assert_string_equal(text, "dp1aa0");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {T(echo_has_types), T(limits_of_count_hold),
	    T(two_hundred_ids_pass_and_one_more_does_not),
	    T(missing_duplicate_and_wrong_values_are_named), T(empty_value_clears),
	    T(times_come_in_all_documented_forms), T(cursors_come_back_only_to_their_request),
	    T(base36_is_canonical)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
