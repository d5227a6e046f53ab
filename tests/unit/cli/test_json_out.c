/* Strings of JSON output are valid whatever the bytes: cJSON reads them back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "cli/json_out.h"

static void reads_back(const char *s, const char *expected)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	cJSON *v;

	json_out_string(f, s);
	fclose(f);
	assert_true(text_is_utf8(text, n));
	for (size_t i = 0; i < n; i++)
		assert_true((unsigned char)text[i] >= 0x20);
	v = cJSON_Parse(text);
	assert_true(cJSON_IsString(v));
	assert_string_equal(v->valuestring, expected);
	cJSON_Delete(v);
	free(text);
}

static void text_comes_back_as_it_was(void **state)
{
	static const char *const texts[] = {"", "a", "\"\\\"", "tab\tnewline\nescape\x1b[31m\x7f",
	    "\xf0\x9f\xa4\x96 \xc3\xa9 \xe2\x80\xae", "/"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		reads_back(texts[i], texts[i]);
}

static void bytes_that_are_no_text_become_stand_ins(void **state)
{
	(void)state;
	reads_back("a\xff", "a\xef\xbf\xbd");
	reads_back("\xe2\x80", "\xef\xbf\xbd\xef\xbf\xbd");
	reads_back("\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd");
	reads_back("\xed\xa0\x80x", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx");
}

/* C1 begins a sequence on some terminals, the others hide what is there or turn it round. */
static void what_acts_on_a_terminal_is_escaped(void **state)
{
	static const char *const texts[] = {"\xc2\x9b"
					    "2J",
	    "\xe2\x80\xae"
	    "gpj.exe",
	    "\xd8\x9c", "\xe2\x80\xa8", "\xe2\x81\xa7", "\x1b]0;x\x07", "\x7f"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char *text = NULL;
		size_t n = 0;
		FILE *f = open_memstream(&text, &n);

		json_out_string(f, texts[i]);
		fclose(f);
		for (size_t k = 0; k < n; k++)
			assert_in_range((unsigned char)text[k], 0x20, 0x7e);
		free(text);
		reads_back(texts[i], texts[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_comes_back_as_it_was),
	    cmocka_unit_test(what_acts_on_a_terminal_is_escaped),
	    cmocka_unit_test(bytes_that_are_no_text_become_stand_ins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
