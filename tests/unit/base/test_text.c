#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"

/* --- what may reach a terminal: judged without the code under test */

static int32_t code_point(const unsigned char *p, size_t *n)
{
	if (p[0] < 0x80) {
		*n = 1;
		return p[0];
	}
	*n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	switch (*n) {
	case 2:
		return (p[0] & 0x1f) << 6 | (p[1] & 0x3f);
	case 3:
		return (p[0] & 0x0f) << 12 | (p[1] & 0x3f) << 6 | (p[2] & 0x3f);
	default:
		return (p[0] & 7) << 18 | (p[1] & 0x3f) << 12 | (p[2] & 0x3f) << 6 | (p[3] & 0x3f);
	}
}

static bool is_harmless(int32_t cp)
{
	static const int32_t bad[][2] = {{0, 0x1f}, {0x7f, 0x9f}, {0xad, 0xad}, {0x61c, 0x61c},
	    {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff},
	    {0xd800, 0xdfff}, {0xe000, 0xf8ff}, {0xe0000, 0xe0fff}, {0xfe00, 0xfe0f},
	    {0x3164, 0x3164}, {0x115f, 0x1160}, {0xffa0, 0xffa0}, {0x34f, 0x34f}, {0x180e, 0x180e},
	    {0x2800, 0x2800}};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (cp >= bad[i][0] && cp <= bad[i][1])
			return false;
	return true;
}

static void assert_glyph(const struct glyph *g, bool ascii)
{
	size_t at = 0;

	assert_true(g->len > 0 && g->width > 0);
	assert_int_equal(strlen(g->bytes), g->len);
	assert_true(text_is_utf8(g->bytes, g->len));
	while (at < g->len) {
		size_t n;
		int32_t cp = code_point((const unsigned char *)g->bytes + at, &n);

		assert_true(is_harmless(cp));
		assert_true(!ascii || cp < 0x7f);
		at += n;
	}
}

static void walk(const char *s, size_t n, bool ascii)
{
	struct text_iter it = text_iter(s, n);
	struct glyph g;
	size_t steps = 0;

	while (text_next(&it, &g)) {
		assert_glyph(&g, ascii);
		assert_true(++steps <= n);
	}
	assert_ptr_equal(it.p, it.end);
}

static void draw(char *out, size_t cap, const char *s, size_t n)
{
	struct text_iter it = text_iter(s, n);
	struct glyph g;
	size_t at = 0;

	out[0] = '\0';
	while (text_next(&it, &g))
		at += (size_t)snprintf(out + at, cap - at, "%s", g.bytes);
}

/* --- glyphs */

static void no_short_input_gets_through_raw(void **state)
{
	unsigned char s[3];

	(void)state;
	for (int ascii = 0; ascii < 2; ascii++) {
		text_set_ascii(ascii);
		for (unsigned i = 0; i < 0x10000; i++) {
			s[0] = (unsigned char)(i >> 8);
			s[1] = (unsigned char)i;
			walk((char *)s, 1, ascii);
			walk((char *)s, 2, ascii);
		}
		for (unsigned i = 0xe00000; i < 0xf00000; i += 3) {
			s[0] = (unsigned char)(i >> 16);
			s[1] = (unsigned char)(i >> 8);
			s[2] = (unsigned char)i;
			walk((char *)s, 3, ascii);
		}
	}
	text_set_ascii(false);
}

static void no_code_point_gets_through_raw(void **state)
{
	(void)state;
	for (int32_t cp = 0x80; cp < 0x110000; cp++) {
		unsigned char s[5] = "a";
		size_t n;

		if (cp < 0x800) {
			s[0] = (unsigned char)(0xc0 | cp >> 6);
			s[1] = (unsigned char)(0x80 | (cp & 63));
			n = 2;
		} else if (cp < 0x10000) {
			s[0] = (unsigned char)(0xe0 | cp >> 12);
			s[1] = (unsigned char)(0x80 | (cp >> 6 & 63));
			s[2] = (unsigned char)(0x80 | (cp & 63));
			n = 3;
		} else {
			s[0] = (unsigned char)(0xf0 | cp >> 18);
			s[1] = (unsigned char)(0x80 | (cp >> 12 & 63));
			s[2] = (unsigned char)(0x80 | (cp >> 6 & 63));
			s[3] = (unsigned char)(0x80 | (cp & 63));
			n = 4;
		}
		walk((char *)s, n, false);
		assert_int_equal(text_is_utf8((char *)s, n), cp < 0xd800 || cp > 0xdfff);
	}
}

static void random_mixtures_stay_harmless(void **state)
{
	static const char *const parts[] = {"a", "\xcc\x81", "\xe2\x80\xae", "\xf0\x9f\x91\xa9",
	    "\xe2\x80\x8d", "\xf0\x9f\x8f\xbd", "\xef\xb8\x8f", "\xf0\x9f\x87\xa9",
	    "\xf0\x9f\x87\xaa", "\xe6\x97\xa5", "\x1b[31m", "\n", "\xff", "\xc2", "\xe3\x82",
	    "\xd7\x90", "\xf3\xa0\x81\xa1"};
	unsigned seed = 17;

	(void)state;
	for (int round = 0; round < 100000; round++) {
		char text[128] = "";
		size_t n = 0;

		for (int k = rand_r(&seed) % 12; k; k--)
			n += (size_t)snprintf(text + n, sizeof text - n, "%s",
			    parts[(size_t)rand_r(&seed) % (sizeof parts / sizeof parts[0])]);
		walk(text, n, false);
		text_set_ascii(true);
		walk(text, n, true);
		text_set_ascii(false);
	}
}

static const struct {
	const char *in, *out;
	size_t width;
	bool deceptive;
} drawn[] = {
    {"", "", 0, false},
    {"plain ~!", "plain ~!", 8, false},
    {"caf\xc3\xa9", "caf\xc3\xa9", 4, false},
    {"e\xcc\x81", "e\xcc\x81", 1, false},
    {"\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac", 4, false},
    {"a\nb",
	"a\xe2\x90\x8a"
	"b",
	3, true},
    {"\x1b[2J", "\xe2\x90\x9b[2J", 4, true},
    {"\x7f", "\xe2\x90\xa1", 1, true},
    {"\xc2\x9b",
	"\xe2\x80\xb9"
	"9B\xe2\x80\xba",
	4, true},
    {"\xe2\x80\xae",
	"\xe2\x80\xb9"
	"202E\xe2\x80\xba",
	6, true},
    {"a\xe2\x80\x8b",
	"a\xe2\x80\xb9"
	"200B\xe2\x80\xba",
	7, true},
    {"\xff", "\xef\xbf\xbd", 1, true},
    {"\xe2\x82", "\xef\xbf\xbd", 1, true},
    {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 3, true},
    {"\xf0\x9f\xa4\x96", "\xf0\x9f\xa4\x96", 2, false},
    {"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80", "\xf0\x9f\x91\xa9\xe2\x81\xba", 3, false},
    {"\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa",
	"\xe2\x80\xb9"
	"DE\xe2\x80\xba",
	4, false},
    {"\xcc\x81", "\xe2\x97\x8c\xcc\x81", 1, true},
    {"\xee\x80\x80",
	"\xe2\x80\xb9"
	"E000\xe2\x80\xba",
	6, true},
};

static void known_cases_are_drawn_as_agreed(void **state)
{
	char out[100];

	(void)state;
	for (size_t i = 0; i < sizeof drawn / sizeof drawn[0]; i++) {
		size_t n = strlen(drawn[i].in);

		draw(out, sizeof out, drawn[i].in, n);
		assert_string_equal(out, drawn[i].out);
		if (text_width(drawn[i].in, n) != drawn[i].width)
			fail_msg("%s: width %zu", out, text_width(drawn[i].in, n));
		assert_int_equal(text_is_deceptive(drawn[i].in, n), drawn[i].deceptive);
	}
}

static void ascii_mode_names_what_it_cannot_draw(void **state)
{
	char out[100];

	(void)state;
	text_set_ascii(true);
	assert_true(text_is_ascii());
	draw(out, sizeof out, "caf\xc3\xa9\n\xff", 7);
	assert_string_equal(out, "caf\\u{E9}^J?");
	text_set_ascii(false);
}

static void a_pile_of_marks_is_one_glyph_and_linear(void **state)
{
	size_t n = 1 + 2 * 500000, steps = 0;
	char *s = malloc(n);
	struct text_iter it;
	struct glyph g;

	(void)state;
	assert_non_null(s);
	s[0] = 'z';
	for (size_t i = 1; i < n; i += 2)
		memcpy(s + i, "\xcc\x81", 2);
	it = text_iter(s, n);
	while (text_next(&it, &g)) {
		assert_glyph(&g, false);
		assert_true(g.flags & GLYPH_BADGE);
		steps++;
	}
	assert_int_equal(steps, 1);
	free(s);
}

/* --- the reversible form */

static size_t unescape(char *out, const char *s)
{
	size_t n = 0;

	while (*s) {
		if (*s != '\\') {
			out[n++] = *s++;
		} else if (s[1] == '\\') {
			out[n++] = '\\';
			s += 2;
		} else {
			char *end;
			unsigned long cp = strtoul(s + 3, &end, 16);

			assert_int_equal(s[2], '{');
			assert_int_equal(*end, '}');
			if (s[1] == 'x' || cp < 0x80) {
				out[n++] = (char)cp;
			} else if (cp < 0x800) {
				out[n++] = (char)(0xc0 | cp >> 6);
				out[n++] = (char)(0x80 | (cp & 63));
			} else if (cp < 0x10000) {
				out[n++] = (char)(0xe0 | cp >> 12);
				out[n++] = (char)(0x80 | (cp >> 6 & 63));
				out[n++] = (char)(0x80 | (cp & 63));
			} else {
				out[n++] = (char)(0xf0 | cp >> 18);
				out[n++] = (char)(0x80 | (cp >> 12 & 63));
				out[n++] = (char)(0x80 | (cp >> 6 & 63));
				out[n++] = (char)(0x80 | (cp & 63));
			}
			s = end + 1;
		}
	}
	return n;
}

static void the_escaped_form_is_printable_and_reverses(void **state)
{
	unsigned seed = 3;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		char in[12], out[200];
		size_t n = (size_t)(rand_r(&seed) % 12);
		struct buf b;

		for (size_t i = 0; i < n; i++) {
			static const unsigned char bytes[] = {0, 9, 10, 27, 'a', '\\', '{', 0x7f,
			    0x80, 0x9b, 0xad, 0xc2, 0xcc, 0x81, 0xe2, 0x80, 0xae, 0xed, 0xa0, 0xef,
			    0xbb, 0xbf, 0xf0, 0x9f, 0xa4, 0x96, 0xf3, 0xa0, 0xff};

			in[i] = (char)bytes[(size_t)rand_r(&seed) % sizeof bytes];
		}
		buf_init(&b, 4096);
		assert_int_equal(text_escape(&b, in, n), ERR_OK);
		assert_true(text_is_utf8(buf_str(&b), b.len));
		for (size_t at = 0; at < b.len;) {
			size_t step;

			assert_true(
			    is_harmless(code_point((const unsigned char *)b.p + at, &step)));
			at += step;
		}
		assert_int_equal(unescape(out, buf_str(&b)), n);
		assert_memory_equal(out, in, n);
		buf_done(&b);
	}
}

static void a_full_buffer_is_an_error(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 5);
	assert_int_equal(text_escape(&b, "\x1b\x1b", 2), ERR_LIMIT);
	buf_done(&b);
}

/* --- UTF-8 and folding */

static void only_the_shortest_forms_are_utf8(void **state)
{
	static const char *const good[] = {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
	    "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
	static const char *const bad[] = {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf",
	    "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
	    "\xf5\x80\x80\x80", "\xfe", "\xff", "a\xe2\x82", "\xe2\x28\xa1"};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(text_is_utf8(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(text_is_utf8(bad[i], strlen(bad[i])));
	assert_true(text_is_utf8("a\0b", 3));
}

static void folding_lowers_letters_and_keeps_the_rest(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_int_equal(text_fold(&b, "AbC \xc3\x89\xd0\x96 \xff 1", 13), ERR_OK);
	assert_string_equal(buf_str(&b), "abc \xc3\xa9\xd0\xb6 \xff 1");
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_short_input_gets_through_raw),
	    cmocka_unit_test(no_code_point_gets_through_raw),
	    cmocka_unit_test(random_mixtures_stay_harmless),
	    cmocka_unit_test(known_cases_are_drawn_as_agreed),
	    cmocka_unit_test(ascii_mode_names_what_it_cannot_draw),
	    cmocka_unit_test(a_pile_of_marks_is_one_glyph_and_linear),
	    cmocka_unit_test(the_escaped_form_is_printable_and_reverses),
	    cmocka_unit_test(a_full_buffer_is_an_error),
	    cmocka_unit_test(only_the_shortest_forms_are_utf8),
	    cmocka_unit_test(folding_lowers_letters_and_keeps_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
