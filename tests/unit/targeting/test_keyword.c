#include "tests/unit/targeting/kit.h"

#include "targeting/keyword.h"
#include "targeting/money.h"

/* --- keywords */

static void parse(struct keyword_list *k, const char *text)
{
	keyword_list_init(k);
	assert_int_equal(keyword_parse(k, text, strlen(text), TYPE_BROAD_KEYWORD, OP_EQ), ERR_OK);
}

static void assert_row(const struct keyword_list *k, size_t i, enum targeting_type t,
    enum operator_type op, const char *value)
{
	assert_true(i < k->n);
	assert_int_equal(k->v[i].type, t);
	assert_int_equal(k->v[i].op, op);
	assert_string_equal(k->v[i].value, value);
}

static void g25_the_notation_chooses_type_and_operator(void **state)
{
	struct keyword_list k;

	(void)state;
	parse(&k, "plain words\n\"a phrase\"\n[exact one]\n+boat +jet\n-minus\n-\"minus phrase\"\n"
		  "-[minus exact]\n-+must\n\xf0\x9f\xa4\x96\n#tag\n");
	assert_int_equal(k.n, 10);
	assert_int_equal(k.n_bad, 0);
	assert_row(&k, 0, TYPE_BROAD_KEYWORD, OP_EQ, "plain words");
	assert_row(&k, 1, TYPE_PHRASE_KEYWORD, OP_EQ, "a phrase");
	assert_row(&k, 2, TYPE_EXACT_KEYWORD, OP_EQ, "exact one");
	assert_row(&k, 3, TYPE_BROAD_KEYWORD, OP_EQ, "+boat +jet");
	assert_row(&k, 4, TYPE_BROAD_KEYWORD, OP_NE, "minus");
	assert_row(&k, 5, TYPE_PHRASE_KEYWORD, OP_NE, "minus phrase");
	assert_row(&k, 6, TYPE_EXACT_KEYWORD, OP_NE, "minus exact");
	assert_row(&k, 7, TYPE_BROAD_KEYWORD, OP_NE, "+must");
	assert_row(&k, 8, TYPE_BROAD_KEYWORD, OP_EQ, "\xf0\x9f\xa4\x96");
	assert_row(&k, 9, TYPE_BROAD_KEYWORD, OP_EQ, "#tag");
	assert_int_equal(k.v[9].line, 10);
	keyword_list_done(&k);
}

static void blanks_and_repeats_go(void **state)
{
	struct keyword_list k;

	(void)state;
	parse(&k, "\n  green   tea \r\n\tGreen Tea\tcoffee\n\n\"green tea\"\n");
	assert_int_equal(k.n, 3);
	assert_int_equal(k.n_duplicates, 1);
	assert_row(&k, 0, TYPE_BROAD_KEYWORD, OP_EQ, "green tea");
	assert_row(&k, 1, TYPE_BROAD_KEYWORD, OP_EQ, "coffee");
	assert_int_equal(k.v[1].line, 3);
	assert_row(&k, 2, TYPE_PHRASE_KEYWORD, OP_EQ, "green tea");
	keyword_list_done(&k);
	parse(&k, "");
	assert_int_equal(k.n + k.n_bad, 0);
	keyword_list_done(&k);
}

static void bad_lines_are_reported_with_place_and_reason(void **state)
{
	static const char *const bad[] = {"\"open", "close\"", "\"", "\"\"", "\" \"", "[open",
	    "close]", "[]", "[", "-", "- item of a list", "--two", "-\"\"", "bad \xff\xfe",
	    "esc \x1b[31m", "\x01"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct keyword_list k;
		char text[64];

		snprintf(text, sizeof text, "ok\n%s\nfine", bad[i]);
		parse(&k, text);
		if (k.n != 2 || k.n_bad != 1)
			fail_msg("%s: %zu rows, %zu bad", bad[i], k.n, k.n_bad);
		assert_int_equal(k.bad[0].line, 2);
		assert_true(strlen(k.bad[0].why) > 0);
		keyword_list_done(&k);
	}
}

static void the_longest_keyword_passes_and_one_more_byte_does_not(void **state)
{
	char text[KEYWORD_MAX_BYTES + 2];
	struct keyword_list k;

	(void)state;
	memset(text, 'a', sizeof text);
	text[KEYWORD_MAX_BYTES] = '\0';
	parse(&k, text);
	assert_int_equal(k.n, 1);
	keyword_list_done(&k);
	text[KEYWORD_MAX_BYTES] = 'a';
	text[KEYWORD_MAX_BYTES + 1] = '\0';
	parse(&k, text);
	assert_int_equal(k.n, 0);
	assert_int_equal(k.n_bad, 1);
	assert_int_equal(strlen(k.bad[0].text), 80);
	keyword_list_done(&k);
}

static void only_keyword_types_can_be_plain(void **state)
{
	struct keyword_list k;

	(void)state;
	keyword_list_init(&k);
	assert_int_equal(keyword_parse(&k, "x", 1, TYPE_LOCATION, OP_EQ), ERR_USAGE);
	assert_int_equal(keyword_parse(&k, "x", 1, TYPE_BROAD_KEYWORD, OP_LT), ERR_USAGE);
	assert_int_equal(keyword_parse(&k, "x", 1, TYPE_UNORDERED_KEYWORD, OP_NE), ERR_OK);
	assert_row(&k, 0, TYPE_UNORDERED_KEYWORD, OP_NE, "x");
	keyword_list_done(&k);
}

static void random_blocks_parse_and_write_back_to_themselves(void **state)
{
	static const char *const parts[] = {"a", "b c", " ", "  ", "\"", "[", "]", "-", "+", "\n",
	    "\t", "\xc3\xa9", "\xf0\x9f\xa4\x96", ",", "\xff"};

	(void)state;
	kit_seed(8);
	for (int round = 0; round < 20000; round++) {
		char text[100] = "";
		size_t n = 0;
		struct keyword_list k;

		for (unsigned m = kit_below(16); m; m--)
			n += (size_t)snprintf(text + n, sizeof text - n, "%s",
			    parts[kit_below(sizeof parts / sizeof parts[0])]);
		parse(&k, text);
		for (size_t i = 0; i < k.n; i++) {
			struct keyword_list again;
			struct buf b;

			buf_init(&b, 1000);
			assert_int_equal(keyword_write(&b, &k.v[i]), ERR_OK);
			keyword_list_init(&again);
			assert_int_equal(
			    keyword_parse(&again, b.p, b.len, k.v[i].type, OP_EQ), ERR_OK);
			if (again.n != 1)
				fail_msg("%s", buf_str(&b));
			assert_row(&again, 0, k.v[i].type, k.v[i].op, k.v[i].value);
			keyword_list_done(&again);
			buf_done(&b);
		}
		keyword_list_done(&k);
	}
}

/* --- money */

static const struct {
	int64_t micros;
	const char *currency, *text;
} amounts[] = {{320000, "USD", "$0.32"}, {0, "USD", "$0.00"}, {700000000, "JPY", "¥700"},
    {1234500000, "EUR", "EUR 1,234.50"}, {1000000000000, "USD", "$1,000,000.00"},
    {325500, "USD", "$0.3255"}, {1, "USD", "$0.000001"}, {1500000, "KWD", "KWD 1.500"},
    {999999999, "USD", "$999.999999"}, {700500000, "JPY", "¥700.5"},
    {INT64_MAX, "GBP", "GBP 9,223,372,036,854.775807"}, {123000000, NULL, "123.00"},
    {123000000, "x", "123.00"}, {123000000, "\x1b[3", "123.00"}};

static void amounts_show_as_people_write_them(void **state)
{
	char out[MONEY_TEXT_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++) {
		money_format(amounts[i].micros, amounts[i].currency, out);
		assert_string_equal(out, amounts[i].text);
	}
	money_format(MONEY_NONE, "USD", out);
	assert_string_equal(out, "");
	money_format(-320000, "USD", out);
	assert_string_equal(out, "-$0.32");
	money_format(INT64_MIN + 1, "EUR", out);
	assert_string_equal(out, "-EUR 9,223,372,036,854.775807");
	assert_int_equal(money_decimals("CLP"), 0);
	assert_int_equal(money_decimals("BHD"), 3);
	assert_int_equal(money_decimals("P J"), 2);
}

static void amounts_read_back(void **state)
{
	int64_t got;

	(void)state;
	for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++) {
		assert_true(money_parse(amounts[i].text, amounts[i].currency, &got));
		assert_int_equal(got, amounts[i].micros);
	}
	assert_true(money_parse("  1234.5 ", "EUR", &got));
	assert_int_equal(got, 1234500000);
	assert_true(money_parse("EUR1", "EUR", &got) == false);
	kit_seed(6);
	for (int i = 0; i < 20000; i++) {
		static const char *const currencies[] = {"USD", "JPY", "KWD", "EUR"};
		int64_t micros =
		    (int64_t)(((uint64_t)kit_below(1u << 31) << 31 | kit_below(1u << 31)) >>
			      kit_below(60));
		const char *currency = currencies[kit_below(4)];
		char out[MONEY_TEXT_BYTES];

		money_format(micros, currency, out);
		assert_true(money_parse(out, currency, &got));
		assert_int_equal(got, micros);
	}
}

static void what_is_no_amount_is_refused(void **state)
{
	static const char *const bad[] = {"", " ", "$", "-1", "1.", ".5", "1.2345678", "1,2",
	    "12,34", "1,234,5", ",123", "1 2", "1e3", "EUR 5", "9223372036855",
	    "99999999999999999999", "0x1"};
	int64_t got = 77;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (money_parse(bad[i], "USD", &got))
			fail_msg("accepted: %s", bad[i]);
	assert_int_equal(got, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(g25_the_notation_chooses_type_and_operator),
	    cmocka_unit_test(blanks_and_repeats_go),
	    cmocka_unit_test(bad_lines_are_reported_with_place_and_reason),
	    cmocka_unit_test(the_longest_keyword_passes_and_one_more_byte_does_not),
	    cmocka_unit_test(only_keyword_types_can_be_plain),
	    cmocka_unit_test(random_blocks_parse_and_write_back_to_themselves),
	    cmocka_unit_test(amounts_show_as_people_write_them),
	    cmocka_unit_test(amounts_read_back),
	    cmocka_unit_test(what_is_no_amount_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
