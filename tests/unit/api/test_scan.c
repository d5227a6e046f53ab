/* The strict scanner: what it takes, what it refuses, and two properties: whatever it takes cJSON
 * takes too and reads as the same document; no proper prefix of a document is one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/scan.h"
#include "base/clock.h"

static enum err scan(const char *text, size_t n)
{
	char *copy = malloc(n + 1);
	struct json j;

	memcpy(copy, text, n);
	copy[n] = '\0';
	json_init(&j);
	enum err e = json_parse(&j, copy, n, NULL);

	json_done(&j);
	free(copy);
	return e;
}

static void takes_rfc_8259(void **state)
{
	static const char *const good[] = {"{}", "[]", " [ ] ", "null", "true", "false", "0", "-0",
	    "1.5e-7", "1E+2", "\"\"", "\"\\u0041\\n\\\"\"", "\"\\ud83e\\udd16\"",
	    "\"\xf0\x9f\xa4\x96\"", "[1,[2,{\"a\":[]}]]", "{\"a\":1,\"b\":{\"a\":2}}",
	    "{\"\":null}", "\"\\/\"", "\t\r\n{\"a\" : [ 1 , 2 ] }\n", "\"\x7f\"",
	    "12345678901234567890123456789012"};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (scan(good[i], strlen(good[i])))
			fail_msg("refused: %s", good[i]);
}

static void refuses_what_cjson_lets_through(void **state)
{
	static const char *const bad[] = {"", " ", "\xef\xbb\xbf{}", "{} {}", "[1,]", "{\"a\":1,}",
	    "[01]", "[-01]", "[1.]", "[.5]", "[+1]", "[1e]", "[- 1]", "[0x1]", "[NaN]", "[1 2]",
	    "{\"a\" 1}", "{a:1}", "{'a':1}", "[\"\x01\"]", "[\"\n\"]", "[\"\\x\"]", "[\"\\u12\"]",
	    "[\"\\u0000\"]", "[\"\\ud800\"]", "[\"\\udc00\"]", "[\"\\ud800\\u0041\"]",
	    "[\"\\ud800\\ud800\"]", "[\"\xc0\x80\"]", "[\"\xff\"]", "[\"\xed\xa0\x80\"]",
	    "[\"\xf4\x90\x80\x80\"]", "[\"\xe2\x82\"]", "[\"\xc3\"]", "{\"a\":1,\"a\":2}",
	    "{\"a\":1,\"\\u0061\":2}", "nul", "nulll", "tru", "[true1]", "]", "}", "[}", "{]",
	    "123456789012345678901234567890123", "[1}", "{\"a\":[}]", "[,1]", "{,}", "//x\n1"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (!scan(bad[i], strlen(bad[i])))
			fail_msg("taken: %s", bad[i]);
	assert_int_not_equal(scan("[1]\0", 4), ERR_OK);
	assert_int_not_equal(scan("\"a\0b\"", 5), ERR_OK);
}

static void limits_hold_exactly(void **state)
{
	enum { BIG = SCAN_MAX_BYTES + 16 };
	char *p = malloc(BIG + 1);

	(void)state;
	memset(p, '[', SCAN_MAX_DEPTH);
	memset(p + SCAN_MAX_DEPTH, ']', SCAN_MAX_DEPTH);
	assert_int_equal(scan(p, 2 * SCAN_MAX_DEPTH), ERR_OK);
	memset(p, '[', SCAN_MAX_DEPTH + 1);
	memset(p + SCAN_MAX_DEPTH + 1, ']', SCAN_MAX_DEPTH + 1);
	assert_int_equal(scan(p, 2 * SCAN_MAX_DEPTH + 2), ERR_LIMIT);
	memset(p, 'a', BIG);
	p[0] = p[SCAN_MAX_STRING + 1] = '"';
	assert_int_equal(scan(p, SCAN_MAX_STRING + 2), ERR_OK);
	p[SCAN_MAX_STRING + 1] = 'a';
	p[SCAN_MAX_STRING + 2] = '"';
	assert_int_equal(scan(p, SCAN_MAX_STRING + 3), ERR_LIMIT);
	memset(p, ' ', BIG);
	p[0] = '1';
	assert_int_equal(scan(p, SCAN_MAX_BYTES), ERR_OK);
	assert_int_equal(scan(p, SCAN_MAX_BYTES + 1), ERR_LIMIT);
	/* the array itself is a value too */
	p[0] = '[';
	for (size_t i = 0; i < SCAN_MAX_NODES - 1; i++) {
		p[1 + 2 * i] = '1';
		p[2 + 2 * i] = ',';
	}
	p[2 * (SCAN_MAX_NODES - 1)] = ']';
	assert_int_equal(scan(p, 2 * (SCAN_MAX_NODES - 1) + 1), ERR_OK);
	p[2 * (SCAN_MAX_NODES - 1)] = ',';
	p[2 * SCAN_MAX_NODES - 1] = '1';
	p[2 * SCAN_MAX_NODES] = ']';
	assert_int_equal(scan(p, 2 * SCAN_MAX_NODES + 1), ERR_LIMIT);
	free(p);
}

static void many_names_are_not_quadratic(void **state)
{
	struct buf b;
	int64_t t0 = clock_mono_ms();

	(void)state;
	buf_init(&b, SCAN_MAX_BYTES);
	buf_addc(&b, '{');
	for (int i = 0; i < 190000; i++)
		buf_addf(&b, "%s\"k%d\":1", i ? "," : "", i);
	buf_addc(&b, '}');
	assert_int_equal(scan(b.p, b.len), ERR_LIMIT);
	assert_true(clock_mono_ms() - t0 < 2000);
	buf_done(&b);
}

static void numbers_keep_their_digits(void **state)
{
	char text[] =
	    "{\"a\":9007199254740993,\"b\":-9223372036854775808,\"c\":9223372036854775808,"
	    "\"d\":1.0,\"e\":\"10027243420\",\"f\":\"12x\",\"g\":null}";
	const struct json_node *o;
	struct json j;
	int64_t v = 7;

	(void)state;
	json_init(&j);
	assert_int_equal(json_parse(&j, text, sizeof text - 1, NULL), ERR_OK);
	o = json_root(&j);
	assert_string_equal(json_text(json_get(o, "a")), "9007199254740993");
	assert_true(json_int64(json_get(o, "a"), &v));
	assert_int_equal(v, 9007199254740993);
	assert_true(json_int64(json_get(o, "b"), &v));
	assert_true(v == INT64_MIN);
	assert_false(json_int64(json_get(o, "c"), &v));
	assert_false(json_int64(json_get(o, "d"), &v));
	assert_true(json_int64(json_get(o, "e"), &v));
	assert_int_equal(v, 10027243420);
	assert_false(json_int64(json_get(o, "f"), &v));
	assert_false(json_int64(json_get(o, "g"), &v));
	assert_null(json_get(o, "A")); /* names are case-sensitive */
	assert_null(json_get(json_get(o, "nothing"), "x"));
	json_done(&j);
}

/* --- random documents --- */

static uint64_t seed = 88172645463325252u;

static unsigned roll(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed % n);
}

static void random_string(struct buf *b)
{
	static const char *const parts[] = {"a", "Z9", "\\n", "\\u00e9", "\\ud83e\\udd16",
	    "\xc3\xa9", "\xf0\x9f\xa4\x96", "\\\"", "\\\\", "/", " ", "\\u200b", "\xe2\x80\xae"};

	buf_addc(b, '"');
	for (unsigned n = roll(5); n; n--)
		buf_adds(b, parts[roll(sizeof parts / sizeof *parts)]);
	buf_addc(b, '"');
}

static void random_value(struct buf *b, unsigned depth)
{
	static const char *const scalars[] = {
	    "null", "true", "false", "0", "-1", "42", "1.5", "2e3", "9007199254740993"};
	unsigned kind = depth < 4 ? roll(6) : roll(4), n = roll(4);

	if (kind < 2) {
		buf_adds(b, scalars[roll(sizeof scalars / sizeof *scalars)]);
	} else if (kind < 4) {
		random_string(b);
	} else {
		buf_addc(b, kind == 4 ? '[' : '{');
		for (unsigned i = 0; i < n; i++) {
			if (i)
				buf_adds(b, roll(2) ? "," : " ,\n");
			if (kind == 5)
				buf_addf(b, "\"k%u\":", i);
			random_value(b, depth + 1);
		}
		buf_addc(b, kind == 4 ? ']' : '}');
	}
}

static void same_as_cjson(const char *text, size_t n)
{
	char *copy = malloc(n + 1), *printed;
	struct json j;
	struct buf b;

	memcpy(copy, text, n + 1);
	json_init(&j);
	buf_init(&b, SCAN_MAX_BYTES);
	assert_int_equal(json_parse(&j, copy, n, NULL), ERR_OK);
	assert_int_equal(json_print(&b, json_root(&j)), ERR_OK);
	cJSON *theirs = cJSON_ParseWithOpts(text, NULL, true), *ours = cJSON_Parse(buf_str(&b));

	assert_non_null(theirs);
	assert_non_null(ours);
	assert_true(cJSON_Compare(theirs, ours, true));
	printed = cJSON_PrintUnformatted(theirs);
	assert_int_equal(scan(printed, strlen(printed)), ERR_OK);
	cJSON_free(printed);
	cJSON_Delete(theirs);
	cJSON_Delete(ours);
	buf_done(&b);
	json_done(&j);
	free(copy);
}

static void random_documents_read_as_cjson_reads_them(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, SCAN_MAX_BYTES);
	for (int i = 0; i < 20000; i++) {
		buf_clear(&b);
		random_value(&b, 0);
		same_as_cjson(buf_str(&b), b.len);
	}
	buf_done(&b);
}

static void every_proper_prefix_is_refused(void **state)
{
	unsigned long prefixes = 0;
	struct buf b;

	(void)state;
	buf_init(&b, SCAN_MAX_BYTES);
	for (int i = 0; prefixes < 500000; i++) {
		buf_clear(&b);
		/* a bare number has prefixes that are numbers: answers are objects */
		buf_adds(&b, "{\"data\":");
		random_value(&b, 1);
		buf_addc(&b, '}');
		for (size_t n = 0; n < b.len; n++, prefixes++)
			if (!scan(b.p, n))
				fail_msg("prefix of %zu bytes taken: %s", n, b.p);
	}
	buf_done(&b);
}

/* Every byte of a document changed to every other: accepted only when cJSON accepts it as well. */
static void what_is_taken_cjson_takes_too(void **state)
{
	static const char doc[] = "{\"a\":[1,\"x\\u00e9\xc3\xa9\",null],\"b\":{\"c\":-1.5e3}}";
	char text[sizeof doc];

	(void)state;
	for (size_t i = 0; i < sizeof doc - 1; i++)
		for (int c = 1; c < 256; c++) {
			memcpy(text, doc, sizeof doc);
			text[i] = (char)c;
			if (scan(text, sizeof doc - 1))
				continue;
			cJSON *theirs = cJSON_ParseWithOpts(text, NULL, true);

			if (!theirs)
				fail_msg("byte %zu as %02x is taken by us alone", i, (unsigned)c);
			cJSON_Delete(theirs);
		}
}

static void all_short_utf8_sequences(void **state)
{
	unsigned long taken = 0;
	char text[] = "\"???\"";

	(void)state;
	/* every two-byte and a sample of three-byte strings: taken are exactly the valid ones */
	for (unsigned a = 0x80; a < 0x100; a++)
		for (unsigned c = 0x20; c < 0x100; c++) {
			if (c == '"' || c == '\\')
				continue;
			text[1] = (char)a;
			text[2] = (char)c;
			text[3] = '"';
			taken += scan(text, 4) == ERR_OK;
		}
	assert_int_equal(taken, 1920); /* U+0080 to U+07FF */
	taken = 0;
	for (unsigned a = 0xe0; a < 0xf0; a++)
		for (unsigned b = 0x80; b < 0xc0; b++)
			for (unsigned c = 0x70; c < 0xd0; c++) {
				text[1] = (char)a;
				text[2] = (char)b;
				text[3] = (char)c;
				text[4] = '"';
				taken += scan(text, 5) == ERR_OK;
			}
	assert_int_equal(taken, 0x10000 - 0x800 - 2048); /* U+0800 to U+FFFF without surrogates */
}

/* What is written out is looked at on a terminal: nothing in it may act there, and it still says the
 * same. */
static void quoted_text_acts_on_no_terminal(void **state)
{
	static const char text[] = "a\x1b]0;x\x07"
				   "b\xc2\x9b"
				   "2J\xc2\xa0\xe2\x80\xaeg\xe2\x80\xa8"
				   "\xe2\x81\xa6\xd8\x9c\xc3\xa9\xf0\x9f\xa4\x96\x7f\xc2";
	struct buf b;
	struct json j;
	char *whole;

	(void)state;
	buf_init(&b, 4096);
	assert_int_equal(json_quote(&b, text, sizeof text - 1), ERR_OK);
	assert_string_equal(buf_str(&b),
	    "\"a\\u001b]0;"
	    "x\\u0007b\\u009b2J\xc2\xa0\\u202eg\\u2028\\u2066\\u061c\xc3\xa9\xf0\x9f\xa4\x96"
	    "\\u007f\xc2\"");
	buf_clear(&b);
	json_quote(&b, text, sizeof text - 2); /* without the half character */
	whole = strdup(buf_str(&b));
	json_init(&j);
	assert_int_equal(json_parse(&j, whole, b.len, NULL), ERR_OK);
	assert_int_equal(strlen(json_string(json_root(&j))), sizeof text - 2);
	assert_memory_equal(json_string(json_root(&j)), text, sizeof text - 2);
	json_done(&j);
	free(whole);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_rfc_8259),
	    cmocka_unit_test(refuses_what_cjson_lets_through),
	    cmocka_unit_test(limits_hold_exactly),
	    cmocka_unit_test(many_names_are_not_quadratic),
	    cmocka_unit_test(numbers_keep_their_digits),
	    cmocka_unit_test(random_documents_read_as_cjson_reads_them),
	    cmocka_unit_test(every_proper_prefix_is_refused),
	    cmocka_unit_test(what_is_taken_cjson_takes_too),
	    cmocka_unit_test(quoted_text_acts_on_no_terminal),
	    cmocka_unit_test(all_short_utf8_sequences),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
