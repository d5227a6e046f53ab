/* Lint of the account: what is checked again when, what the view says, and fixes as staged changes. */
#include "tests/unit/views/kit.h"

#include "session/lint.h"
#include "views/mark.h"

/* li1: two age buckets, of which X takes one. */
static void two_ages(struct kit *k)
{
	static const char *const read[] = {"li1"};
	struct criterion_set set;
	struct snapshot_criteria c = {KIT_ACCOUNT, read, 1, &set, 0, NULL};
	struct errinfo ei = {0};

	criterion_set_init(&set);
	*criterion_set_add(&set) = (struct criterion){.id = "c8",
	    .line_item_id = "li1",
	    .type_name = "AGE",
	    .type = TYPE_AGE,
	    .value = "AGE_25_TO_49"};
	*criterion_set_add(&set) = (struct criterion){.id = "c9",
	    .line_item_id = "li1",
	    .type_name = "AGE",
	    .type = TYPE_AGE,
	    .value = "AGE_OVER_50"};
	assert_int_equal(snapshot_put_criteria(k->store, &c, &ei), ERR_OK);
	criterion_set_done(&set);
	assert_int_equal(lists_recount(k->session, &ei), ERR_OK);
	session_notify(k->session, DATA_BIT(DATA_CRITERIA));
}

static void stage_keyword(struct kit *k, const char *li, const char *word, enum operator_type op)
{
	struct change c = {.line_item_id = li,
	    .type_name = "BROAD_KEYWORD",
	    .type = TYPE_BROAD_KEYWORD,
	    .value = word,
	    .op = op,
	    .kind = CHANGE_CREATE};
	size_t staged;
	struct errinfo ei;

	assert_int_equal(staging_add(k->session, &c, 1, &staged, &ei), ERR_OK);
}

static void check(struct kit *k)
{
	lint_want(k->session);
	for (int i = 0; i < 100 && lint_busy(k->session); i++) {
		clock_step_ms(50);
		loop_turn(k->loop, 0);
	}
	assert_false(lint_busy(k->session));
}

static bool has(struct kit *k, const char *id, enum rule_id rule)
{
	size_t n;
	const struct lint_row *rows = lint_rows(k->session, id, &n);

	for (size_t i = 0; i < n; i++)
		if (rows[i].rule == rule)
			return true;
	return false;
}

static int setup(void **state)
{
	static struct kit k;

	kit_init(&k, &kit_screen);
	assert_int_equal(app_resize(k.app, 140, 30), ERR_OK);
	kit_turns(&k); /* the account is read to its end */
	*state = &k;
	return 0;
}

static int teardown(void **state)
{
	kit_done(*state);
	return 0;
}

static void only_what_was_read_is_judged(void **state)
{
	struct kit *k = *state;
	struct lint_counts n;

	two_ages(k);
	check(k);
	n = lint_counts(k->session);
	assert_int_equal(n.n_items, 3);
	assert_int_equal(n.n_read, 2);
	assert_int_equal(n.n_checked, 2);
	assert_true(has(k, "li1", RULE_AGE_MANY));
	assert_false(has(k, "li2", RULE_AGE_MANY));
	assert_true(mark_of_line_item(k->session, "li1") >= mark_plus(0, RULE_ERROR));
	assert_int_equal(mark_of_line_item(k->session, "li3"), 0);
	assert_int_equal(mark_of_line_item(k->session, "no such"), 0);
}

static void stage_audience(struct kit *k, const char *li, const char *id)
{
	struct change c = {.line_item_id = li,
	    .type_name = "CUSTOM_AUDIENCE",
	    .type = TYPE_CUSTOM_AUDIENCE,
	    .value = id,
	    .op = OP_EQ,
	    .kind = CHANGE_CREATE};
	size_t staged;
	struct errinfo ei;

	assert_int_equal(staging_add(k->session, &c, 1, &staged, &ei), ERR_OK);
}

static void every_list_marks_its_rows(void **state)
{
	struct kit *k = *state;
	struct errinfo ei = {0};
	const char *ids[] = {"li2", "li1"};
	struct id_list both = {ids, 2};

	two_ages(k);
	stage_audience(k, "li2", "aud2");
	check(k);
	assert_int_equal(app_push(k->app, &campaigns_view, NULL, NULL, &ei), ERR_OK);
	check(k);
	assert_sees(k, "Brand  "); /* its line items have errors: two ages, the audience */
	assert_sees(k, " !!");
	assert_int_equal(app_push(k->app, &audiences_view, NULL, NULL, &ei), ERR_OK);
	check(k);
	assert_sees(k, " !!"); /* the one that is used; the others have no mark */
	assert_int_equal(app_push(k->app, &criteria_view, &both, NULL, &ei), ERR_OK);
	kit_turns(k);
	assert_sees(k, "!!    25-49"); /* both buckets */
	assert_sees(k, "!!    50+");
	assert_sees(k, "!!    new leads");
	kit_press(k, "/");
	kit_type(k, "50+");
	kit_press(k, "Enter i");
	assert_sees(k, "Problems of this criterion");
	assert_sees(k, "Other problems here");
}

static void marks_order_by_the_worst(void **state)
{
	mark one_error = mark_plus(0, RULE_ERROR), warnings = 0;
	struct table_cell cell = {.text = ""};

	(void)state;
	for (int i = 0; i < 300; i++)
		warnings = mark_plus(warnings, RULE_WARNING);
	assert_int_equal(mark_compare(one_error, warnings), 1);
	assert_int_equal(mark_compare(mark_plus(0, RULE_NOTE), 0), 1);
	mark_cell(warnings, &cell);
	assert_string_equal(cell.text, "!300");
	mark_cell(mark_plus(warnings, RULE_ERROR), &cell);
	assert_string_equal(cell.text, "!!");
	for (unsigned i = 0; i < 3000000; i++) /* never runs over into the next severity */
		warnings = mark_plus(warnings, RULE_WARNING);
	assert_int_equal(mark_compare(one_error, warnings), 1);
}

static void staged_changes_are_judged_with_it(void **state)
{
	struct kit *k = *state;
	char what[64];
	struct errinfo ei;

	check(k);
	assert_false(has(k, "li2", RULE_INCLUDED_AND_EXCLUDED));
	stage_keyword(k, "li2", "tea", OP_EQ);
	stage_keyword(k, "li2", "tea", OP_NE);
	check(k);
	assert_true(has(k, "li2", RULE_INCLUDED_AND_EXCLUDED));
	assert_int_equal(staging_undo(k->session, what, &ei), ERR_OK);
	check(k);
	assert_false(has(k, "li2", RULE_INCLUDED_AND_EXCLUDED));
}

static void nothing_is_checked_twice_without_a_change(void **state)
{
	struct kit *k = *state;

	check(k);
	lint_want(k->session);
	assert_false(lint_busy(k->session));
	lint_want_some(k->session, (const char *const[]){"li1", "li3", "nobody"}, 3);
	assert_false(lint_busy(k->session));
}

static void a_screen_may_ask_for_some_first(void **state)
{
	struct kit *k = *state;

	two_ages(k);
	lint_want_some(k->session, (const char *const[]){"li1"}, 1);
	assert_true(lint_busy(k->session));
	kit_turns(k);
	assert_true(mark_of_line_item(k->session, "li1") != 0);
	assert_int_equal(lint_counts(k->session).n_checked, 1);
	check(k);
	assert_int_equal(lint_counts(k->session).n_checked, 2);
}

static void open_problems(struct kit *k)
{
	struct errinfo ei;

	assert_int_equal(app_push(k->app, &problems_view, NULL, NULL, &ei), ERR_OK);
	check(k);
	kit_turns(k);
}

static void the_view_lists_explains_and_says_what_was_not_read(void **state)
{
	struct kit *k = *state;

	two_ages(k);
	open_problems(k);
	assert_sees(k, "error");
	assert_sees(k, "Summer sale");
	assert_sees(k, "More than one age bucket");
	assert_sees(k, "2 of 3 line items; 1 not read yet, R reads it");
	kit_press(k, "Enter");
	assert_sees(k, "A line item can have one age bucket");
	assert_sees(k, "R23");
	kit_press(k, "q o");
	assert_sees(k, "Summer sale");
	assert_sees(k, "API value");
}

/* The key says why it does nothing, and the explanation what to do instead; marked with others it is
 * passed over. */
static void the_view_says_why_there_is_no_fix(void **state)
{
	struct kit *k = *state;

	two_ages(k);
	open_problems(k);
	kit_press(k, "/");
	kit_type(k, "every country");
	kit_press(k, "Enter");
	assert_sees(k, "Every country");
	kit_press(k, "a");
	assert_sees(k, "only you can decide how to mend this; o opens the line item");
	assert_int_equal(staging_total(k->session).deletes, 0);
	kit_press(k, "Enter");
	assert_sees(k, "Without a location the budget is spent in every country");
	assert_sees(k, "Only you can decide; o opens the line item.");
	assert_sees(k, "what the account has");
	kit_press(k, "q Esc"); /* the filter goes */
	kit_press(k, "* a");
	assert_sees(k, "only you can decide how to mend these");
	assert_int_equal(staging_total(k->session).deletes, 0);
}

static void a_fix_is_a_staged_change(void **state)
{
	struct kit *k = *state;
	size_t staged, unstaged;
	struct lint_at at = {"li2", "", RULE_INCLUDED_AND_EXCLUDED};
	const struct lint_row *rows;
	size_t n;
	struct errinfo ei;

	stage_keyword(k, "li2", "tea", OP_EQ);
	stage_keyword(k, "li2", "Tea ", OP_EQ); /* the same after folding: sent once */
	stage_keyword(k, "li2", "tea", OP_NE);
	check(k);
	rows = lint_rows(k->session, "li2", &n);
	for (size_t i = 0; i < n; i++) {
		struct lint_at one = {"li2", rows[i].message, rows[i].rule};

		if (!rows[i].fixable)
			continue;
		assert_int_equal(lint_fix(k->session, &one, &staged, &unstaged, &ei), ERR_OK);
		assert_true(staged + unstaged > 0);
		break;
	}
	assert_int_equal(lint_fix(k->session, &at, &staged, &unstaged, &ei), ERR_NOTFOUND);
}

static void what_has_no_fix_says_so(void **state)
{
	struct kit *k = *state;
	size_t n, staged, unstaged;
	const struct lint_row *rows;
	struct errinfo ei;
	bool met = false;

	check(k); /* li2: an age, no location */
	rows = lint_rows(k->session, "li2", &n);
	for (size_t i = 0; i < n; i++) {
		struct lint_at at = {"li2", rows[i].message, rows[i].rule};

		if (rows[i].fixable)
			continue;
		met = true;
		assert_int_equal(lint_fix(k->session, &at, &staged, &unstaged, &ei), ERR_REFUSED);
	}
	assert_true(met);
	assert_int_equal(staging_total(k->session).creates + staging_total(k->session).deletes, 0);
}

static void line_items_are_marked(void **state)
{
	struct kit *k = *state;
	struct errinfo ei;

	two_ages(k);
	assert_int_equal(app_push(k->app, &line_items_view, NULL, NULL, &ei), ERR_OK);
	app_draw(k->app);
	kit_turns(k);
	check(k);
	assert_sees(k, "!!");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(only_what_was_read_is_judged, setup, teardown),
	    cmocka_unit_test_setup_teardown(every_list_marks_its_rows, setup, teardown),
	    cmocka_unit_test(marks_order_by_the_worst),
	    cmocka_unit_test_setup_teardown(staged_changes_are_judged_with_it, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		nothing_is_checked_twice_without_a_change, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_screen_may_ask_for_some_first, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		the_view_lists_explains_and_says_what_was_not_read, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_view_says_why_there_is_no_fix, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_fix_is_a_staged_change, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_has_no_fix_says_so, setup, teardown),
	    cmocka_unit_test_setup_teardown(line_items_are_marked, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
