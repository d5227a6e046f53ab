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

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(an_unknown_batch_is_in_the_status_line_at_every_start),
	    T(keys_between_two_pictures_meet_whole_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
