/* The sandbox's own JSON: strict reading, exact digits, round trips. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "sandbox/json.h"

static struct arena arena;

static int setup(void **state)
{
	(void)state;
	arena_init(&arena);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static struct json *parse(const char *s)
{
	const char *why;

	return json_parse(&arena, s, strlen(s), &why);
}

static void bad_texts_are_refused(void **state)
{
	static const char *const bad[] = {"", " ", "{", "[", "[1,]", "{\"a\":}", "{\"a\" 1}",
	    "{a:1}", "01", "1.", ".5", "1e", "-", "+1", "NaN", "tru", "\"abc", "\"\\x\"",
	    "\"\\u12\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\"", "\"\x01\"", "\"\xff\"",
	    "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "{\"a\":1,\"a\":2}", "1 2", "[1] x",
	    "\xef\xbb\xbf{}", "'a'", "{\"a\":1,}", "\"\\"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_null(parse(bad[i]));
}

static void depth_is_bounded(void **state)
{
	char text[200];

	(void)state;
	memset(text, '[', 33);
	memset(text + 33, ']', 33);
	text[66] = '\0';
	assert_null(parse(text));
	memset(text, '[', 32);
	memset(text + 32, ']', 32);
	text[64] = '\0';
	assert_non_null(parse(text));
}

static void every_prefix_of_a_text_is_refused(void **state)
{
	static const char text[] = "{\"a\":[1,-2.5e3,true,false,null,\"x\\u00e9\\n\"],\"b\":{}}";
	const char *why;

	(void)state;
	for (size_t n = 0; n < sizeof text - 1; n++)
		assert_null(json_parse(&arena, text, n, &why));
	assert_non_null(json_parse(&arena, text, sizeof text - 1, &why));
}

static void what_is_read_is_written_the_same(void **state)
{
	static const char *const texts[] = {"{\"a\":[1,-2.5e3,true,false,null],\"b\":{},\"c\":[]}",
	    "\"quote \\\" slash \\\\ tab \\u0009\"", "12345678901234567890123", "[[[]],{}]",
	    "\"\xf0\x9f\xa4\x96 \xe3\x82\xbd\"", "{\"\":\"\"}"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct json *v = parse(texts[i]);
		struct buf b;

		assert_non_null(v);
		buf_init(&b, 1000);
		json_value(&b, v);
		assert_string_equal(buf_str(&b), texts[i]);
		buf_done(&b);
	}
}

static void surrogate_pairs_become_one_character(void **state)
{
	(void)state;
	assert_string_equal(parse("\"\\ud83e\\udd16\"")->text, "\xf0\x9f\xa4\x96");
	assert_string_equal(parse("\"\\/\\b\\f\"")->text, "/\b\f");
}

static void members_are_found_by_exact_name(void **state)
{
	struct json *v = parse("{\"ID\":1,\"id\":9007199254740993,\"t\":true,\"big\":1e400}");

	(void)state;
	assert_true(json_number(v, "id", 0) == 9007199254740993);
	assert_string_equal(json_text(v, "ID"), "1");
	assert_null(json_get(v, "Id"));
	assert_null(json_text(v, "t"));
	assert_true(json_is_true(v, "t"));
	assert_true(json_number(v, "big", -7) == -7);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {T(bad_texts_are_refused), T(depth_is_bounded),
	    T(every_prefix_of_a_text_is_refused), T(what_is_read_is_written_the_same),
	    T(surrogate_pairs_become_one_character), T(members_are_found_by_exact_name)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
