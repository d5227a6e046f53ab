/* The criteria of line items on the screen. */
#include "tests/unit/views/kit.h"

#include "session/reach.h"

static int setup(void **state)
{
	static struct kit k;

	kit_init(&k, &kit_screen);
	assert_int_equal(app_resize(k.app, 120, 30), ERR_OK);
	*state = &k;
	return 0;
}

static int teardown(void **state)
{
	kit_done(*state);
	return 0;
}

static struct fake_reply estimates(struct fake *f, const struct transport_request *r, unsigned nth)
{
	(void)f;
	(void)nth;
	return (struct fake_reply){.status = 200,
	    .delay_ms = 5,
	    .body = strstr(r->url, "audience_estimate")
			? "{\"data\":{\"audience_size\":{\"min\":38200000,\"max\":42249000}}}"
			: "{\"data\":[],\"next_cursor\":null}"};
}

static void the_criteria_view_shows_the_reach_as_staged(void **state)
{
	struct kit *k = *state;
	const char *id = "li1";
	struct id_list ids = {&id, 1};
	struct change c = {.line_item_id = "li1",
	    .type_name = "BROAD_KEYWORD",
	    .type = TYPE_BROAD_KEYWORD,
	    .value = "espresso",
	    .kind = CHANGE_CREATE};
	size_t staged;
	struct errinfo ei;

	kit_connect(k, estimates);
	assert_int_equal(staging_add(k->session, &c, 1, &staged, &ei), ERR_OK);
	assert_int_equal(app_push(k->app, &criteria_view, &ids, NULL, &ei), ERR_OK);
	assert_int_equal(session_fetch_criteria(k->session, &id, 1, INT64_MAX, REQ_USER), ERR_OK);
	app_draw(k->app);
	clock_step_ms(REACH_REST_MS);
	kit_turns(k);
	kit_turns(k);
	assert_sees(k, "reach");
	assert_sees(k, "-> 38.2M-42.2M");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(the_criteria_view_shows_the_reach_as_staged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
