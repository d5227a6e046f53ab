/* Copy, paste, find and replace, compare, what limits the reach: previews before anything is staged. */
#include "tests/unit/views/kit.h"

#include "session/clip.h"
#include "session/propose.h"
#include "views/why_small.h"

static int setup(void **state)
{
	static struct kit k;

	kit_init(&k, &kit_screen);
	assert_int_equal(app_resize(k.app, 150, 30), ERR_OK);
	kit_turns(&k);
	*state = &k;
	return 0;
}

static int teardown(void **state)
{
	kit_done(*state);
	return 0;
}

static unsigned n_staged(struct kit *k)
{
	struct staging_count n = staging_total(k->session);

	return n.creates + n.deletes;
}

static void open_criteria(struct kit *k, const char *id)
{
	struct id_list ids = {&id, 1};
	struct errinfo ei;

	assert_int_equal(app_push(k->app, &criteria_view, &ids, NULL, &ei), ERR_OK);
	kit_turns(k);
}

static void stage_keyword(struct kit *k, const char *li, const char *word)
{
	struct change c = {.line_item_id = li,
	    .type_name = "BROAD_KEYWORD",
	    .type = TYPE_BROAD_KEYWORD,
	    .value = word,
	    .op = OP_EQ,
	    .kind = CHANGE_CREATE};
	struct errinfo ei;
	size_t staged;

	assert_int_equal(staging_add(k->session, &c, 1, &staged, &ei), ERR_OK);
}

/* --- pasting --- */

static void a_paste_is_previewed_then_staged_as_one_step(void **state)
{
	struct kit *k = *state;
	struct errinfo ei;

	open_criteria(k, "li1");
	kit_press(k, "* y q");
	assert_int_equal(clip_get(k->session)->n, 2);
	open_criteria(k, "li2");
	kit_press(k, "p");
	assert_sees(k, "Paste criteria");
	assert_sees(k, "Not a value of this type"); /* ca0 is no place */
	assert_sees(k, "1 to stage on 1 of 1 line items, 0 already there, 1 illegal there");
	assert_int_equal(n_staged(k), 0);
	kit_press(k, "Enter");
	assert_int_equal(n_staged(k), 1);
	kit_press(k, "p");
	assert_sees(k, "0 to stage on 0 of 1 line items, 1 already there");
	assert_int_not_equal(app_exec(k->app, "stage", &ei), ERR_OK);
	assert_int_equal(n_staged(k), 1);
	kit_press(k, "q u");
	assert_int_equal(n_staged(k), 0);
}

static void what_is_illegal_there_is_told_and_left_out(void **state)
{
	struct kit *k = *state;
	struct criterion age = {
	    .line_item_id = "", .type_name = "AGE", .type = TYPE_AGE, .value = "AGE_OVER_50"};
	const struct criterion *v[] = {&age};

	clip_set(k->session, v, 1);
	open_criteria(k, "li2"); /* has an age bucket */
	kit_press(k, "p");
	assert_sees(k, "1 illegal there");
	assert_sees(k, "More than one age bucket");
	kit_press(k, "Enter");
	assert_int_equal(n_staged(k), 0);
}

static void a_line_item_that_was_not_read_is_left_alone(void **state)
{
	struct kit *k = *state;
	struct criterion age = {
	    .line_item_id = "", .type_name = "AGE", .type = TYPE_AGE, .value = "AGE_OVER_50"};
	const struct criterion *v[] = {&age};

	clip_set(k->session, v, 1);
	open_criteria(k, "li3");
	kit_press(k, "p");
	assert_sees(k, "1 line items were never read");
	kit_press(k, "Enter");
	assert_int_equal(n_staged(k), 0);
}

/* --- replacing --- */

static void keywords_are_replaced_by_a_pattern(void **state)
{
	struct kit *k = *state;
	struct errinfo ei;

	stage_keyword(k, "li2", "flu shot near me");
	open_criteria(k, "li2");
	assert_int_equal(app_exec(k->app, "replace s/flu shot/vaccine/", &ei), ERR_OK);
	kit_turns(k);
	assert_sees(k, "vaccine near me");
	assert_sees(k, "flu shot near me");
	kit_press(k, "Enter");
	/* the staged addition is taken back, the new one is staged in its place */
	assert_int_equal(staging_total(k->session).creates, 1);
	assert_int_equal(staging_total(k->session).deletes, 0);
	assert_string_equal(staging_changes(k->session)->v[0].value, "vaccine near me");
}

/* Marked rows, else those that pass the filter, are all that a replacement touches. */
static void only_marked_or_filtered_rows_are_replaced(void **state)
{
	struct kit *k = *state;
	struct errinfo ei;

	stage_keyword(k, "li2", "red tea");
	stage_keyword(k, "li2", "green tea");
	stage_keyword(k, "li2", "black tea");
	open_criteria(k, "li2");
	kit_press(k, "/");
	kit_type(k, "red");
	kit_press(k, "Enter Space Esc Esc"); /* neither its mark nor the filter stays */
	kit_press(k, "/");
	kit_type(k, "green");
	kit_press(k, "Enter Space");
	app_exec(k->app, "filter-clear", &ei); /* marks outlive the filter */
	assert_int_equal(app_exec(k->app, "replace s/tea/wine/", &ei), ERR_OK);
	kit_turns(k);
	assert_sees(k, "green wine");
	assert_not_sees(k, "red wine");
	assert_not_sees(k, "black wine");
	assert_sees(k, "over 1 marked row");
	kit_press(k, "q Esc Esc"); /* no marks, no filter */
	kit_press(k, "/");
	kit_type(k, "red|black tea");
	kit_press(k, "Enter");
	assert_int_equal(app_exec(k->app, "replace s/tea/milk/", &ei), ERR_OK);
	kit_turns(k);
	assert_sees(k, "over 2 filtered rows");
	assert_not_sees(k, "green milk");
	kit_press(k, "Enter");
	assert_int_equal(staging_total(k->session).creates, 3);
	kit_press(k, "#");
	assert_sees(k, "replace in ");
	kit_press(k, "Esc");
}

static void values_are_replaced_over_all_shown_line_items(void **state)
{
	struct kit *k = *state;
	struct errinfo ei;

	assert_int_equal(app_push(k->app, &line_items_view, NULL, NULL, &ei), ERR_OK);
	kit_turns(k);
	app_draw(k->app);
	assert_int_equal(
	    app_exec(k->app, "replace AGE=AGE_25_TO_49 -> AGE=AGE_OVER_50", &ei), ERR_OK);
	kit_turns(k);
	assert_sees(k, "2 to stage on 1 of 3 line items");
	kit_press(k, "Enter");
	assert_int_equal(staging_total(k->session).creates, 1);
	assert_int_equal(staging_total(k->session).deletes, 1);
	assert_int_not_equal(app_exec(k->app, "replace nonsense", &ei), ERR_OK);
}

/* --- comparing --- */

static void two_line_items_are_compared_as_staged(void **state)
{
	struct kit *k = *state;
	const char *ids[] = {"li1", "li2"};
	struct id_list both = {ids, 2}, one = {ids, 1};
	struct errinfo ei;

	stage_keyword(k, "li1", "tea");
	stage_keyword(k, "li2", "Tea");
	assert_int_equal(app_push(k->app, &compare_view, &one, NULL, &ei), ERR_REFUSED);
	assert_int_equal(app_push(k->app, &compare_view, &both, NULL, &ei), ERR_OK);
	kit_turns(k);
	assert_sees(k, "2 only in the first, 1 only in the second, 1 in both");
	assert_sees(k, "Only in Summer sale (2)");
	assert_sees(k, "In both (1)");
	kit_press(k, "* y");
	assert_int_equal(clip_get(k->session)->n, 4);
}

/* --- what limits the reach --- */

static unsigned n_estimates;

static struct fake_reply estimates(struct fake *f, const struct transport_request *r, unsigned nth)
{
	(void)f;
	(void)nth;
	if (!strstr(r->url, "audience_estimate"))
		return (struct fake_reply){
		    .status = 200, .body = "{\"data\":[],\"next_cursor\":null}"};
	n_estimates++;
	return (struct fake_reply){.status = 200,
	    .delay_ms = 2,
	    .body = strstr(r->body, "LOCATION")
			? "{\"data\":{\"audience_size\":{\"min\":1000,\"max\":1000}}}"
			: "{\"data\":{\"audience_size\":{\"min\":3000,\"max\":3000}}}"};
}

static void why_small_shows_its_cost_first_then_ranks(void **state)
{
	struct kit *k = *state;
	struct errinfo ei;

	assert_int_equal(why_small_start(k->app, "li1", &ei), ERR_REFUSED); /* no primary */
	assert_int_equal(why_small_start(k->app, "li3", &ei), ERR_REFUSED); /* not read */
	stage_keyword(k, "li1", "tea");
	n_estimates = 0;
	kit_connect(k, estimates);
	assert_int_equal(why_small_start(k->app, "li1", &ei), ERR_OK);
	kit_turns(k);
	assert_sees(k, "up to 3 estimates");
	assert_int_equal(n_estimates, 0);
	kit_press(k, "Tab");
	kit_press(k, "y");
	kit_turns(k);
	assert_int_equal(n_estimates, 3);
	assert_sees(k, "Location");
	assert_sees(k, "+200%");
	assert_sees(k, "Exclusions");
	assert_sees(k, "+0%");
}

/* --- without memory --- */

static void no_memory_stages_all_or_nothing(void **state)
{
	static const char *const ids[] = {"li1", "li2"};
	struct kit *k = *state;
	struct id_list both = {ids, 2};
	struct errinfo ei = {0};
	size_t unread;
	char what[64];

	assert_int_equal(app_push(k->app, &line_items_view, NULL, NULL, &ei), ERR_OK);
	kit_turns(k);
	stage_keyword(k, "li1", "tea");
	for (long n = 0; n < 500; n += n < 80 ? 1 : 9) {
		const struct view_ops *kinds[] = {&compare_view, &problems_view};

		mem_fail_after(n, 1);
		for (size_t i = 0; i < 2; i++) {
			app_push(k->app, kinds[i], &both, NULL, &ei);
			app_draw(k->app);
		}
		clip_set_line_items(k->session, &both, &unread, &ei);
		app_exec(k->app, "copy", &ei);
		app_exec(k->app, "replace s/tea/coffee/", &ei);
		app_draw(k->app);
		app_exec(k->app, "stage", &ei);
		mem_fail_after(-1, 0);
		app_close_to(k->app, app_top_kind(k->app, &line_items_view));
		kit_turns(k);
		assert_int_equal(staging_load(k->session, &ei), ERR_OK);
		/* one keyword is staged, before and after the replacement */
		assert_true(n_staged(k) >= 1);
		while (n_staged(k) && strcmp(staging_changes(k->session)->v[0].value, "tea") != 0)
			assert_int_equal(staging_undo(k->session, what, &ei), ERR_OK);
		assert_string_equal(staging_changes(k->session)->v[0].value, "tea");
	}
	assert_int_equal(app_exec(k->app, "replace s/tea/coffee/", &ei), ERR_OK);
	kit_press(k, "Enter");
	assert_int_equal(n_staged(k), 1);
	assert_string_equal(staging_changes(k->session)->v[0].value, "coffee");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		a_paste_is_previewed_then_staged_as_one_step, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		what_is_illegal_there_is_told_and_left_out, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_line_item_that_was_not_read_is_left_alone, setup, teardown),
	    cmocka_unit_test_setup_teardown(keywords_are_replaced_by_a_pattern, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		only_marked_or_filtered_rows_are_replaced, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		values_are_replaced_over_all_shown_line_items, setup, teardown),
	    cmocka_unit_test_setup_teardown(two_line_items_are_compared_as_staged, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		why_small_shows_its_cost_first_then_ranks, setup, teardown),
	    cmocka_unit_test_setup_teardown(no_memory_stages_all_or_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
