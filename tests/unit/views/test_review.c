/* Posting as the screens show it: the status line over restarts, and a review whose rows go while keys
 * are on their way. */
#include "tests/unit/views/kit.h"
#include "tests/unit/session/world.h"

static int setup(void **state)
{
	static struct kit k;

	kit_init(&k, &kit_screen);
	world_init(&k);
	*state = &k;
	return 0;
}

static int teardown(void **state)
{
	kit_done(*state);
	return 0;
}

/* Whoever starts the program is told until reading has settled it. */
static void an_unknown_batch_is_in_the_status_line_at_every_start(void **state)
{
	struct kit *k = *state;
	static const char *const unread[] = {"li3"};
	struct errinfo ei = {0};

	session_fetch_criteria(k->session, unread, 1, 0, REQ_USER);
	kit_turns(k);
	world_small_batches(k);
	world.fault = FAULT_HANG;
	assert_int_equal(world_start(k, &ei), ERR_OK);
	for (int i = 0; i < 200 && world.posts == 0; i++)
		loop_turn(k->loop, 0);
	for (int start = 0; start < 2; start++) {
		world_restart(k);
		assert_int_equal(app_push(k->app, &line_items_view, NULL, NULL, &ei), ERR_OK);
		assert_sees(k, "1 of 3 batches unknown");
	}
	kit_connect(k, world_answer);
	applying_resume(k->session);
	world_settle(k);
	kit_turns(k);
	assert_not_sees(k, "batches unknown");
	assert_int_equal(world.posts, 1);
}

/* Keys that come in one burst find the rows of the picture before them. */
static void keys_between_two_pictures_meet_whole_rows(void **state)
{
	struct kit *k = *state;
	struct errinfo ei = {0};

	world_stage(k, "li1", "shoes");
	assert_int_equal(app_push(k->app, &review_view, NULL, NULL, &ei), ERR_OK);
	kit_turns(k);
	app_draw(k->app);
	app_exec(k->app, "undo", &ei);
	app_exec(k->app, "mark-all", &ei);
	app_exec(k->app, "open", &ei);
	app_draw(k->app);
	kit_turns(k);
}

/* What was posted is no staged change any more: it cannot be taken off the stage, and the review of
 * what is staged next does not repeat it. */
static void a_result_is_not_taken_for_something_staged(void **state)
{
	struct kit *k = *state;
	struct errinfo ei = {0};

	world_stage(k, "li1", "shoes");
	assert_int_equal(app_push(k->app, &review_view, NULL, NULL, &ei), ERR_OK);
	assert_sees(k, "Review of staged changes");
	world_post_all(k);
	kit_turns(k);
	assert_sees(k, "What was posted");
	assert_sees(k, "1 applied and seen");
	assert_not_sees(k, "0 refused");
	kit_press(k, "d");
	assert_sees(k, "it was posted");
	assert_not_sees(k, "taken off");
	kit_press(k, "Space");
	assert_sees(k, "it was posted");
	kit_press(k, "Enter");
	assert_sees(k, "The line item now");
	assert_sees(k, "applied, seen in the account");
	assert_not_sees(k, "gets its id");
	kit_press(k, "q");
	world_stage(k, "li2", "boots");
	kit_turns(k);
	assert_sees(k, "Review of staged changes");
	assert_sees(k, "boots");
	assert_not_sees(k, "shoes");
	assert_not_sees(k, "applied and seen");
}

static void a_cancelled_posting_says_that_nothing_was_posted(void **state)
{
	struct kit *k = *state;
	struct errinfo ei = {0};

	world_stage(k, "li1", "shoes");
	assert_int_equal(app_push(k->app, &review_view, NULL, NULL, &ei), ERR_OK);
	kit_turns(k);
	kit_press(k, "P");
	assert_sees(k, "Post these changes?");
	kit_press(k, "Enter");
	assert_sees(k, "nothing was posted");
	assert_int_equal(world.posts, 0);
}

/* P is learnt in the review and tried where the changes were made. */
static void a_key_of_another_place_names_it(void **state)
{
	struct kit *k = *state;
	struct errinfo ei = {0};

	assert_int_equal(app_push(k->app, &line_items_view, NULL, NULL, &ei), ERR_OK);
	kit_turns(k);
	kit_press(k, "P");
	assert_sees(k, "P does nothing here, only in review");
	kit_press(k, "F9");
	assert_sees(k, "F9 does nothing here; ?");
}

static void a_group_of_exclusions_is_not_said_to_be_required(void **state)
{
	static const char *const li1 = "li1";
	struct kit *k = *state;
	struct id_list ids = {&li1, 1};
	struct errinfo ei = {0};

	assert_int_equal(app_push(k->app, &criteria_view, &ids, NULL, &ei), ERR_OK);
	kit_turns(k);
	assert_sees(k, "Custom audience   none of these");
	assert_sees(k, "Location   required");
}

/* However long the way was, the name of the place stays whole. */
static void the_place_is_named_in_full_behind_a_long_way(void **state)
{
	static const char *const way[] = {
	    "audiences", "review", "problems", "journal", "campaigns", "budgets"};
	struct kit *k = *state;
	struct errinfo ei = {0};

	assert_int_equal(app_resize(k->app, 80, 24), ERR_OK);
	assert_int_equal(app_push(k->app, &line_items_view, NULL, NULL, &ei), ERR_OK);
	for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
		assert_int_equal(app_exec(k->app, way[i], &ei), ERR_OK);
		kit_turns(k);
	}
	assert_sees(k, "Campaigns \xE2\x80\xBA Requests and limits ");
	assert_not_sees(k, "Line items \xE2\x80\xBA");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(an_unknown_batch_is_in_the_status_line_at_every_start),
	    T(keys_between_two_pictures_meet_whole_rows),
	    T(a_result_is_not_taken_for_something_staged),
	    T(a_cancelled_posting_says_that_nothing_was_posted),
	    T(a_key_of_another_place_names_it),
	    T(a_group_of_exclusions_is_not_said_to_be_required),
	    T(the_place_is_named_in_full_behind_a_long_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
