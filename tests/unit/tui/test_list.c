#include <ctype.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "tui/filter.h"
#include "tui/list.h"
#include "tui/table.h"

/* --- a source of strings --- */

struct rows {
	const char *const *v;
	size_t n;
	size_t first; /* key of row 0: rows may move */
};

static size_t count(const void *user)
{
	return ((const struct rows *)user)->n;
}

static uint64_t key(const void *user, size_t row)
{
	return ((const struct rows *)user)->first + row + 1;
}

static void text(const void *user, size_t row, struct buf *out)
{
	buf_adds(out, ((const struct rows *)user)->v[row]);
}

static int compare(const void *user, size_t a, size_t b, int column)
{
	const struct rows *r = user;

	(void)column;
	return strcmp(r->v[a], r->v[b]);
}

static uint32_t group(const void *user, size_t row)
{
	return (uint32_t)((const struct rows *)user)->v[row][0];
}

static struct list_source source_of(struct rows *r)
{
	return (struct list_source){
	    .count = count, .key = key, .filter_text = text, .compare = compare, .user = r};
}

static bool passes(const char *expression, const char *name)
{
	struct list_filter *f;
	char folded[256];
	size_t n = strlen(name);
	bool pass;

	for (size_t i = 0; i <= n; i++)
		folded[i] = (char)tolower((unsigned char)name[i]);
	assert_int_equal(filter_parse(expression, &f), ERR_OK);
	pass = filter_match(f, folded, n);
	filter_free(f);
	return pass;
}

/* --- filter --- */

static void filter_syntax(void **state)
{
	(void)state;
	assert_true(passes("", "anything"));
	assert_true(passes("  ", "anything"));
	assert_true(passes("san fran", "San Francisco"));
	assert_false(passes("san fran", "San Jose"));
	assert_true(passes("san !jose", "San Francisco"));
	assert_false(passes("san !jose", "San Jose"));
	assert_true(passes("^san", "San Jose"));
	assert_false(passes("^jose", "San Jose"));
	assert_true(passes("jose$", "San Jose"));
	assert_true(passes("^a$", "A"));
	assert_false(passes("^a$", "AA"));
	assert_true(passes("oslo|jose", "San Jose"));
	assert_false(passes("oslo|rome", "San Jose"));
	assert_true(passes("~sjs", "San Jose"));
	assert_false(passes("~jss", "San Jose"));
	assert_true(passes("'^x", "a^x"));
	assert_true(passes("!^rome", "San Jose"));
	assert_false(passes("!rome|jose", "San Jose"));
	/* signs alone are ordinary characters */
	assert_true(passes("!", "a!"));
	assert_true(passes("|", "a|b"));
	assert_true(passes("a|", "a|b"));
	assert_false(passes("^", "ab"));
	assert_true(passes("$", "5$"));
}

static void filter_is_bounded(void **state)
{
	char long_text[LIST_FILTER_MAX + 2];
	struct list_filter *f;

	(void)state;
	memset(long_text, '!', sizeof long_text);
	long_text[LIST_FILTER_MAX] = '\0';
	assert_int_equal(filter_parse(long_text, &f), ERR_OK);
	filter_free(f);
	for (size_t i = 0; i < LIST_FILTER_MAX; i++)
		long_text[i] = i % 2 ? '|' : 'a';
	assert_int_equal(filter_parse(long_text, &f), ERR_OK);
	filter_free(f);
	long_text[LIST_FILTER_MAX] = 'x';
	long_text[LIST_FILTER_MAX + 1] = '\0';
	assert_int_equal(filter_parse(long_text, &f), ERR_LIMIT);
}

/* A second opinion on the syntax: term by term over one string, no driver, no arena. */
static bool naive_term(const char *t, size_t n, const char *s)
{
	char term[128];
	size_t len = strlen(s);

	memcpy(term, t, n);
	term[n] = '\0';
	if (n > 1 && *term == '~') {
		for (const char *p = term + 1; *p; p++) {
			s = strchr(s, *p);
			if (!s)
				return false;
			s++;
		}
		return true;
	}
	if (n > 1 && *term == '\'')
		return strstr(s, term + 1);
	if (n > 1 && *term == '^') {
		if (n > 2 && term[n - 1] == '$') {
			term[n - 1] = '\0';
			return strcmp(s, term + 1) == 0;
		}
		return strncmp(s, term + 1, n - 1) == 0;
	}
	if (n > 1 && term[n - 1] == '$') {
		term[n - 1] = '\0';
		return len >= n - 1 && strcmp(s + len - (n - 1), term) == 0;
	}
	return strstr(s, term);
}

static bool naive(const char *expression, const char *s)
{
	char token[256];

	for (size_t len; *(expression += strspn(expression, " ")); expression += len) {
		len = strcspn(expression, " ");
		memcpy(token, expression, len);
		token[len] = '\0';
		bool negated = token[0] == '!' && token[1], hit = false;
		const char *p = token + negated;

		while (*p) {
			const char *bar = strchr(p + 1, '|');
			size_t n = bar && bar[1] ? (size_t)(bar - p) : strlen(p);

			hit = hit || naive_term(p, n, s);
			p += n;
			p += *p == '|';
		}
		if (hit == negated)
			return false;
	}
	return true;
}

static char *random_text(const char *alphabet, size_t most)
{
	size_t n = (size_t)rand() % most, letters = strlen(alphabet);
	char *s = malloc(n + 1);

	for (size_t i = 0; i < n; i++)
		s[i] = alphabet[(size_t)rand() % letters];
	s[n] = '\0';
	return s;
}

static void filter_agrees_with_a_naive_matcher(void **state)
{
	enum { ROWS = 300 };
	char *names[ROWS];
	struct rows rows = {(const char *const *)names, ROWS, 0};
	struct list_source src = source_of(&rows);
	struct list l;
	size_t hits = 0;

	(void)state;
	srand(7);
	for (size_t i = 0; i < ROWS; i++)
		names[i] = random_text("abc ", 12);
	list_init(&l, &src);
	assert_int_equal(list_refresh(&l), ERR_OK);
	for (int round = 0; round < 3000; round++) {
		char *expression = random_text("abc  !^$|~'", 9);
		size_t expected = 0, pos = 0;

		assert_int_equal(list_set_filter(&l, expression), ERR_OK);
		for (size_t i = 0; i < ROWS; i++) {
			size_t row;
			bool header;

			if (!naive(expression, names[i]))
				continue;
			expected++;
			if (!list_line(&l, pos++, &row, &header) || row != i)
				fail_msg(
				    "\"%s\" should show row %zu \"%s\"", expression, i, names[i]);
		}
		if (list_shown(&l) != expected)
			fail_msg("\"%s\": %zu rows instead of %zu", expression, list_shown(&l),
			    expected);
		hits += expected;
		free(expression);
	}
	assert_true(hits > 1000); /* the expressions were not all hopeless */
	list_done(&l);
	for (size_t i = 0; i < ROWS; i++)
		free(names[i]);
}

/* --- cursor --- */

static const char *const towns[] = {
    "Oslo", "Rome", "Bern", "Kyiv", "Lima", "Bonn", "Cork", "Baku", "Riga", "Graz"};

static void cursor_stays_on_its_row(void **state)
{
	struct rows rows = {towns, 10, 0};
	struct list_source src = source_of(&rows);
	struct list l;
	size_t row;

	(void)state;
	list_init(&l, &src);
	list_refresh(&l);
	list_layout(&l, 4);
	list_move_by(&l, 4);
	assert_int_equal(list_key(&l), 5); /* Lima */
	list_set_sort(&l, 0, false);
	assert_int_equal(list_key(&l), 5);
	list_set_filter(&l, "i");
	assert_int_equal(list_key(&l), 5);
	list_set_filter(&l, "bo");
	list_row(&l, &row);
	assert_string_equal(towns[row], "Bonn");
	list_set_filter(&l, "");
	assert_int_equal(list_key(&l), 5); /* it was only hidden */
	list_set_sort(&l, -1, false);
	/* two rows vanish above it */
	rows = (struct rows){towns + 2, 8, 2};
	list_refresh(&l);
	assert_int_equal(list_key(&l), 5);
	/* it vanishes itself: the cursor stays near and follows its new row */
	rows = (struct rows){towns + 5, 5, 5};
	list_refresh(&l);
	assert_int_equal(list_key(&l), 8);
	rows = (struct rows){towns + 4, 6, 4};
	list_refresh(&l);
	assert_int_equal(list_key(&l), 8);
	rows.n = 0;
	list_refresh(&l);
	assert_false(list_row(&l, &row));
	assert_int_equal(list_key(&l), 0);
	assert_false(list_move(&l, LIST_DOWN));
	list_done(&l);
}

static void moves_are_bounded(void **state)
{
	struct rows rows = {towns, 10, 0};
	struct list_source src = source_of(&rows);
	struct list l;
	static const enum list_move moves[] = {LIST_UP, LIST_DOWN, LIST_PAGE_UP, LIST_PAGE_DOWN,
	    LIST_HALF_UP, LIST_HALF_DOWN, LIST_TOP, LIST_END};

	(void)state;
	srand(3);
	for (int grouped = 0; grouped < 2; grouped++) {
		src.group = grouped ? group : NULL;
		list_init(&l, &src);
		list_refresh(&l);
		for (int i = 0; i < 20000; i++) {
			size_t row;

			if (i % 50 == 0)
				list_layout(&l, (size_t)rand() % 14);
			if (i % 97 == 0)
				list_set_filter(&l, i % 2 ? "o" : "");
			if (i % 31 == 0)
				list_scroll(&l, rand() % 9 - 4);
			list_move(&l, moves[rand() % 8]);
			assert_true(list_row(&l, &row));
			assert_true(l.cursor >= l.top && l.cursor < l.top + l.height);
			assert_in_range(list_cursor_number(&l), 1, list_shown(&l));
		}
		list_move(&l, LIST_TOP);
		assert_int_equal(l.top, 0);
		assert_false(list_move(&l, LIST_UP));
		list_move(&l, LIST_END);
		assert_int_equal(list_cursor_number(&l), list_shown(&l));
		list_done(&l);
	}
}

static void groups_stand_under_headers(void **state)
{
	static const char *const names[] = {"b2", "a1", "b1", "a2", "c1"};
	struct rows rows = {names, 5, 0};
	struct list_source src = source_of(&rows);
	struct list l;
	char shown[64] = "";

	(void)state;
	src.group = group;
	list_init(&l, &src);
	list_refresh(&l);
	list_set_sort(&l, 0, true);
	for (size_t pos = 0, row; pos < l.n_visible; pos++) {
		bool header;

		list_line(&l, pos, &row, &header);
		snprintf(shown + strlen(shown), sizeof shown - strlen(shown), "%s%.*s ",
		    header ? "#" : "", header ? 1 : 2, names[row]);
	}
	assert_string_equal(shown, "#a a2 a1 #b b2 b1 #c c1 ");
	list_set_filter(&l, "1");
	assert_int_equal(list_shown(&l), 3);
	assert_int_equal(l.n_visible, 6);
	list_set_filter(&l, "a");
	assert_int_equal(l.n_visible, 3);
	list_done(&l);
}

static void rows_that_arrive_are_filtered_too(void **state)
{
	struct rows rows = {towns, 3, 0};
	struct list_source src = source_of(&rows);
	struct list l;

	(void)state;
	list_init(&l, &src);
	list_refresh(&l);
	list_set_filter(&l, "b");
	assert_int_equal(list_shown(&l), 1);
	rows.n = 10;
	assert_int_equal(list_refresh(&l), ERR_OK);
	assert_int_equal(list_shown(&l), 3); /* Bern Bonn Baku */
	list_done(&l);
}

static void filter_text_with_newlines_stays_one_row(void **state)
{
	static const char *const names[] = {"a\nb", "b\n\n", "\xFF\xFE\nc"};
	struct rows rows = {names, 3, 0};
	struct list_source src = source_of(&rows);
	struct list l;

	(void)state;
	list_init(&l, &src);
	list_refresh(&l);
	list_set_filter(&l, "b");
	assert_int_equal(list_shown(&l), 2);
	list_set_filter(&l, "c$");
	assert_int_equal(list_shown(&l), 1);
	list_done(&l);
}

/* --- marks --- */

static void marks_are_a_set(void **state)
{
	enum { KEYS = 500 };
	bool model[KEYS] = {false};
	struct rows rows = {towns, 0, 0};
	struct list_source src = source_of(&rows);
	struct list l;
	size_t n = 0;

	(void)state;
	srand(11);
	list_init(&l, &src);
	for (int i = 0; i < 50000; i++) {
		size_t k = (size_t)rand() % KEYS;
		bool on = rand() % 3 > 0;

		assert_int_equal(list_mark(&l, k * 64 + 1, on), ERR_OK);
		n += (size_t)(on && !model[k]);
		n -= (size_t)(!on && model[k]);
		model[k] = on;
		assert_int_equal(list_marked(&l), n);
	}
	for (size_t k = 0; k < KEYS; k++)
		assert_int_equal(list_is_marked(&l, k * 64 + 1), model[k]);
	list_mark_clear(&l);
	assert_int_equal(list_marked(&l), 0);
	list_done(&l);
}

static void marks_do_not_depend_on_the_filter(void **state)
{
	struct rows rows = {towns, 10, 0};
	struct list_source src = source_of(&rows);
	struct list l;
	size_t it = 0, row, n = 0;

	(void)state;
	list_init(&l, &src);
	list_refresh(&l);
	list_set_filter(&l, "^b");
	list_mark_shown(&l);
	list_set_filter(&l, "riga");
	assert_int_equal(list_selected_count(&l), 3);
	while (list_selected(&l, &it, &row)) {
		assert_int_equal(towns[row][0], 'B');
		n++;
	}
	assert_int_equal(n, 3);
	list_set_filter(&l, "");
	list_show_marked(&l, true);
	assert_int_equal(list_shown(&l), 3);
	list_mark_invert(&l);
	assert_int_equal(list_marked(&l), 0);
	list_mark_clear(&l);
	assert_int_equal(list_shown(&l), 10); /* nothing marked: all again */
	/* without marks a command acts on the row under the cursor */
	it = 0;
	assert_true(list_selected(&l, &it, &row));
	assert_false(list_selected(&l, &it, &row));
	list_done(&l);
}

static void ranges_mark_both_ways(void **state)
{
	struct rows rows = {towns, 10, 0};
	struct list_source src = source_of(&rows);
	struct list l;

	(void)state;
	list_init(&l, &src);
	list_refresh(&l);
	list_move_by(&l, 6);
	list_mark_range(&l);
	list_move_by(&l, -3);
	list_mark_range(&l);
	assert_int_equal(list_marked(&l), 4);
	/* an anchor that the filter hides starts anew */
	list_mark_clear(&l);
	list_mark_range(&l);
	list_set_filter(&l, "graz");
	list_mark_range(&l);
	assert_int_equal(list_marked(&l), 0);
	list_mark_range(&l);
	assert_int_equal(list_marked(&l), 1);
	list_done(&l);
}

static void failed_allocations_keep_the_list(void **state)
{
	struct rows rows = {towns, 10, 0};
	struct list_source src = source_of(&rows);

	(void)state;
	for (long n = 0; n < 60; n++) {
		struct list l;
		enum err e;
		size_t row;
		bool header;

		list_init(&l, &src);
		mem_fail_after(n, 1);
		e = list_refresh(&l);
		if (e == ERR_OK)
			e = list_set_filter(&l, "b");
		if (e == ERR_OK)
			e = list_set_sort(&l, 0, true);
		if (e == ERR_OK)
			e = list_mark_shown(&l);
		for (size_t pos = 0; list_line(&l, pos, &row, &header); pos++)
			assert_true(row < 10);
		mem_fail_after(-1, 0);
		assert_true(e == ERR_OK || e == ERR_NOMEM);
		assert_int_equal(list_refresh(&l), ERR_OK);
		assert_int_equal(list_set_filter(&l, "b"), ERR_OK);
		assert_int_equal(list_shown(&l), 3);
		list_done(&l);
		if (e == ERR_OK)
			return;
	}
	fail_msg("never enough memory");
}

/* --- table --- */

static void cell(const void *user, size_t row, int column, struct table_cell *out)
{
	(void)column;
	out->text = ((const struct rows *)user)->v[row];
	out->len = strlen(out->text);
}

static void widths_share_the_room(void **state)
{
	static const struct table_column columns[] = {
	    {.title = "a", .min = 10, .weight = 2},
	    {.title = "b", .min = 10, .max = 12, .weight = 1, .flags = COL_HIDEABLE},
	    {.title = "c", .min = 5, .flags = COL_HIDEABLE | COL_SORT},
	};
	struct rows rows = {towns, 10, 0};
	struct list_source src = source_of(&rows);
	struct table_source table = {columns, 3, cell, NULL, &rows};
	struct table t;
	struct list l;

	(void)state;
	list_init(&l, &src);
	list_refresh(&l);
	table_init(&t, &table, &l);
	table_layout(&t, 100, 20);
	assert_int_equal(t.width[1], 12);
	assert_int_equal(t.width[2], 5);
	/* gutter 2, two gaps of 2, the scroll bar's column */
	assert_int_equal(t.width[0], 100 - 2 - 4 - 1 - 12 - 5);
	table_layout(&t, 26, 20); /* the last hideable one goes first */
	assert_int_equal(t.width[2], 0);
	assert_true(t.width[1] >= 10);
	table_layout(&t, 15, 20);
	assert_int_equal(t.width[1], 0);
	table_layout(&t, 1, 1);
	assert_int_equal(table_sort(&t, 0), ERR_REFUSED);
	assert_int_equal(table_sort(&t, 2), ERR_OK);
	assert_int_equal(table_sort(&t, 2), ERR_OK);
	assert_true(l.sort_reverse);
	assert_int_equal(table_column_find(&t, "B"), 1);
	assert_int_equal(table_column_find(&t, "3"), 2);
	assert_int_equal(table_column_find(&t, "4"), -1);
	list_done(&l);
}

static void numbers_are_grouped(void **state)
{
	char out[32];

	(void)state;
	assert_string_equal(table_number(out, 0), "0");
	assert_string_equal(table_number(out, 999), "999");
	assert_string_equal(table_number(out, 1000), "1,000");
	assert_string_equal(table_number(out, 18446744073709551615u), "18,446,744,073,709,551,615");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(filter_syntax),
	    cmocka_unit_test(filter_is_bounded),
	    cmocka_unit_test(filter_agrees_with_a_naive_matcher),
	    cmocka_unit_test(cursor_stays_on_its_row),
	    cmocka_unit_test(moves_are_bounded),
	    cmocka_unit_test(groups_stand_under_headers),
	    cmocka_unit_test(rows_that_arrive_are_filtered_too),
	    cmocka_unit_test(filter_text_with_newlines_stays_one_row),
	    cmocka_unit_test(marks_are_a_set),
	    cmocka_unit_test(marks_do_not_depend_on_the_filter),
	    cmocka_unit_test(ranges_mark_both_ways),
	    cmocka_unit_test(failed_allocations_keep_the_list),
	    cmocka_unit_test(widths_share_the_room),
	    cmocka_unit_test(numbers_are_grouped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
