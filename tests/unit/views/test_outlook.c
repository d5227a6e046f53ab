/* What the picker says below its list: the line item as it would be with what is chosen. */
#include "tests/unit/views/kit.h"

#include "session/reach.h"
#include "views/picker.h"

static const struct kit_option topic_rows[] = {{"a1", "NFL", "SPORTS", NULL},
    {"a2", "NBA", "SPORTS", NULL}, {"a3", "Drama", "MOVIE_GENRES", NULL}};

static int setup(void **state)
{
	static struct kit k;

	kit_init(&k, &kit_screen);
	kit_options(&k, "conversations", "", topic_rows, sizeof topic_rows / sizeof *topic_rows);
	app_push(k.app, &line_items_view, NULL, NULL, NULL);
	*state = &k;
	return 0;
}

static int teardown(void **state)
{
	kit_done(*state);
	return 0;
}

static void open_picker(struct kit *k, enum targeting_type type, size_t first, size_t n)
{
	static const char *const ids[] = {"li1", "li2", "li3"};
	struct picker_arg arg = {{ids + first, n}, type};
	struct errinfo ei = {0};

	assert_int_equal(app_push(k->app, &picker_view, &arg, NULL, &ei), ERR_OK);
	kit_turns(k);
	app_draw(k->app);
}

static void the_expression_follows_what_is_chosen(void **state)
{
	struct kit *k = *state;

	open_picker(k, TYPE_CONVERSATION, 0, 1);
	assert_sees(k, "then   topic:NFL & loc:California"); /* under the cursor */
	kit_press(k, "Down");
	assert_sees(k, "then   topic:NBA & loc:California");
	kit_press(k, "Tab Tab");
	assert_sees(k, "topic:NBA | topic:Drama");
	kit_type(k, "nothing of the kind");
	assert_sees(k, "topic:NBA | topic:Drama"); /* marks count, not what is shown */
	assert_int_equal(staging_changes(k->session)->n, 0);
}

static void the_outlook_takes_the_place_of_a_single_value(void **state)
{
	struct kit *k = *state;

	open_picker(k, TYPE_AGE, 1, 1); /* li2: 25-49 */
	kit_type(k, "25+");
	app_draw(k->app);
	assert_sees(k, "then   age:25+");
	assert_not_sees(k, "More than one age bucket");
	kit_press(k, "C-u Tab Down Tab"); /* two of them cannot both take its place */
	assert_sees(k, "! More than one age bucket");
}

static void the_outlook_names_the_problem_that_a_choice_brings(void **state)
{
	struct kit *k = *state;

	open_picker(k, TYPE_CUSTOM_AUDIENCE, 0, 1);
	kit_type(k, "loyal"); /* li1 excludes it */
	assert_sees(k, "! Included and excluded");
	kit_press(k, "C-u");
	kit_type(k, "new leads");
	assert_sees(k, "! Audience not targetable");
	kit_press(k, "Esc");
	open_picker(k, TYPE_CUSTOM_AUDIENCE, 0, 2);
	kit_type(k, "new leads");
	assert_sees(k, "! 2 of 2 line items: Audience not targetable");
	assert_not_sees(k, " then ");
	kit_press(k, "C-u");
	kit_type(k, "loyal");
	assert_sees(k, "! 1 of 2 line items: Included and excluded");
}

static void the_outlook_leaves_a_small_screen_to_the_list(void **state)
{
	struct kit *k = *state;

	assert_int_equal(app_resize(k->app, 80, 23), ERR_OK);
	open_picker(k, TYPE_CONVERSATION, 0, 1);
	assert_not_sees(k, "then ");
	assert_int_equal(app_resize(k->app, 80, 24), ERR_OK);
	app_draw(k->app);
	assert_sees(k, "then   topic:NFL & loc:California");
}

static unsigned estimates;

static struct fake_reply two_estimates(
    struct fake *f, const struct transport_request *r, unsigned nth)
{
	if (!strstr(r->url, "audience_estimate"))
		return (struct fake_reply){
		    .status = 200, .body = "{\"data\":[],\"next_cursor\":null}"};
	(void)f;
	(void)nth;
	estimates++;
	return (struct fake_reply){.status = 200,
	    .body = strstr(r->body, "\"a2\"")
			? "{\"data\":{\"audience_size\":{\"min\":2000,\"max\":4000}}}"
			: "{\"data\":{\"audience_size\":{\"min\":1000,\"max\":2000}}}"};
}

static void rest(struct kit *k)
{
	kit_turns(k);
	clock_step_ms(REACH_REST_MS);
	kit_turns(k);
	app_draw(k->app);
}

/* One request for each distinct set, however often the cursor comes by. */
static void the_reach_of_the_outlook_is_asked_when_the_user_rests(void **state)
{
	struct kit *k = *state;

	kit_connect(k, two_estimates);
	kit_turns(k);
	estimates = 0;
	open_picker(k, TYPE_CONVERSATION, 0, 1);
	rest(k);
	assert_int_equal(estimates, 1); /* as it is there is no primary criterion to estimate */
	assert_sees(k, "reach  needs a primary criterion");
	assert_sees(k, "-> 1K-2K");
	kit_press(k, "Down");
	rest(k);
	assert_int_equal(estimates, 2);
	assert_sees(k, "-> 2K-4K");
	kit_press(k, "Up");
	rest(k);
	assert_int_equal(estimates, 2);
	assert_sees(k, "-> 1K-2K");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(the_expression_follows_what_is_chosen),
	    CASE(the_outlook_takes_the_place_of_a_single_value),
	    CASE(the_outlook_names_the_problem_that_a_choice_brings),
	    CASE(the_outlook_leaves_a_small_screen_to_the_list),
	    CASE(the_reach_of_the_outlook_is_asked_when_the_user_rests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
