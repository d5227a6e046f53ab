/* Reading the account as a whole: what it costs is a flow test (tests/flow/test_sync.c); here what it
 * says of itself. */
#include "tests/unit/session/kit.h"
#include "tests/unit/session/world.h"

#include "session/sync.h"

static struct fake_reply answer(struct fake *f, const struct transport_request *r, unsigned nth)
{
	if (!world.reads_fail && strstr(r->url, "/authenticated_user_access"))
		return (struct fake_reply){.status = 200,
		    .body = "{\"data\":{\"user_id\":\"1\",\"permissions\":[\"AD_MANAGER\"]},"
			    "\"request\":{\"params\":{}}}"};
	return world_answer(f, r, nth);
}

static int setup(void **state)
{
	static struct kit k;

	kit_init(&k, NULL);
	world_init(&k);
	k.fake.fn = answer;
	*state = &k;
	return 0;
}

static int teardown(void **state)
{
	kit_done(*state);
	return 0;
}

static void read_all(struct kit *k, bool whole)
{
	struct errinfo ei = {0};

	assert_int_equal(session_sync(k->session, whole, REQ_USER, &ei), ERR_OK);
	for (int i = 0; i < 4000 && session_busy(k->session); i++) {
		loop_turn(k->loop, 0);
		clock_step_ms(100);
	}
	assert_non_null(session_sync_result(k->session));
}

static void fail_to_read(struct kit *k)
{
	static const char *const ids[] = {"li1"};

	world.posts = 1;
	world.reads_fail = true;
	session_fetch_criteria(k->session, ids, 1, 0, REQ_USER);
	world_settle(k);
	world.reads_fail = false;
	assert_int_equal(session_state(k->session, DATA_CRITERIA).ei.code, ERR_NETWORK);
}

/* A reading that failed some time ago is not this one's failure: it asks, and says how that went. */
static void after_a_failure_everything_is_read(void **state)
{
	struct kit *k = *state;

	fail_to_read(k);
	read_all(k, true);
	assert_int_equal(session_sync_result(k->session)->ei.code, ERR_OK);
	assert_int_equal(session_sync_result(k->session)->read, 3);
	assert_int_equal(session_state(k->session, DATA_CRITERIA).ei.code, ERR_OK);
}

static void what_needs_no_reading_has_not_failed(void **state)
{
	struct kit *k = *state;

	read_all(k, true);
	fail_to_read(k);
	read_all(k, false);
	assert_int_equal(session_sync_result(k->session)->read, 0);
	assert_int_equal(session_sync_result(k->session)->ei.code, ERR_OK);
}

static void a_failure_of_its_own_is_told(void **state)
{
	struct kit *k = *state;

	world.posts = 1;
	world.reads_fail = true;
	read_all(k, true);
	assert_int_equal(session_sync_result(k->session)->ei.code, ERR_NETWORK);
}

/* By more than a day: then nothing that was read before can be taken for a part of this sync. */
static void a_clock_that_was_set_back_leaves_nothing_out(void **state)
{
	struct kit *k = *state;

	read_all(k, true);
	clock_freeze(clock_wall_s() - 33 * 3600, clock_mono_ms());
	read_all(k, true);
	assert_int_equal(session_sync_result(k->session)->read, 3);
	clock_freeze(clock_wall_s() + 33 * 3600, clock_mono_ms());
	read_all(k, true);
	assert_int_equal(session_sync_result(k->session)->read, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(after_a_failure_everything_is_read, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_needs_no_reading_has_not_failed, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_failure_of_its_own_is_told, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_clock_that_was_set_back_leaves_nothing_out, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
