/* Live reach: what is asked, when, and how it is said. */
#include "tests/unit/session/kit.h"

#include "session/reach.h"

static struct criterion keyword = {.type_name = "BROAD_KEYWORD",
    .type = TYPE_BROAD_KEYWORD,
    .value = "espresso",
    .op = OP_EQ,
    .line_item_id = "li1"};
static struct criterion place = {
    .type_name = "LOCATION", .type = TYPE_LOCATION, .value = "ca0", .line_item_id = "li1"};
static struct criterion months = {.type_name = "NETWORK_ACTIVATION_DURATION",
    .type = TYPE_NETWORK_ACTIVATION_DURATION,
    .value = "3",
    .op = OP_LT,
    .line_item_id = "li1"};

static int setup(void **state)
{
	static struct kit k;

	kit_init(&k, NULL);
	*state = &k;
	return 0;
}

static int teardown(void **state)
{
	kit_done(*state);
	return 0;
}

static unsigned n_estimates;
static int64_t answer_min, answer_max;
static int refuse;
static bool low_budget;

static struct fake_reply answer(struct fake *f, const struct transport_request *r, unsigned nth)
{
	static char body[200], reset[24];
	struct fake_reply reply = {.status = 200, .body = body, .delay_ms = 5};

	(void)f;
	(void)nth;
	if (!strstr(r->url, "audience_estimate"))
		return (struct fake_reply){
		    .status = 200, .body = "{\"data\":[],\"next_cursor\":null}"};
	n_estimates++;
	assert_null(strstr(r->body, "\"LT\"")); /* only EQ and NE exist there */
	snprintf(body, sizeof body, "{\"data\":{\"audience_size\":{\"min\":%lld,\"max\":%lld}}}",
	    (long long)answer_min, (long long)answer_max);
	if (low_budget) {
		snprintf(reset, sizeof reset, "%lld", (long long)clock_wall_s() + 60);
		reply.headers[0][0] = "x-rate-limit-limit";
		reply.headers[0][1] = "450";
		reply.headers[1][0] = "x-rate-limit-remaining";
		reply.headers[1][1] = "20";
		reply.headers[2][0] = "x-rate-limit-reset";
		reply.headers[2][1] = reset;
	}
	if (refuse) {
		reply.status = refuse;
		reply.body = "{\"errors\":[{\"code\":\"INVALID_PARAMETER\",\"message\":\"no such "
			     "place\",\"parameter\":\"targeting_value\"}]}";
	}
	return reply;
}

static void connect(struct kit *k)
{
	n_estimates = 0;
	refuse = 0;
	low_budget = false;
	answer_min = 38200000;
	answer_max = 42249000;
	kit_connect(k, answer);
}

static void rest(struct kit *k)
{
	clock_step_ms(REACH_REST_MS);
	kit_turns(k);
	kit_turns(k);
}

static struct reach want(struct kit *k, const struct criterion *const *v, size_t n,
    enum reach_when when, char (*key)[REACH_KEY_SIZE])
{
	struct reach_set set = {v, n};

	assert_int_equal(reach_want(k->session, &set, 1, when, key), ERR_OK);
	return reach_get(k->session, *key);
}

static void a_burst_of_edits_asks_once(void **state)
{
	struct kit *k = *state;
	const struct criterion *one[] = {&keyword}, *two[] = {&keyword, &place};
	char a[1][REACH_KEY_SIZE], b[1][REACH_KEY_SIZE];

	connect(k);
	assert_int_equal(want(k, one, 1, REACH_WHEN_RESTING, a).state, REACH_WAITING);
	assert_true(session_busy(k->session)); /* scripts wait for it */
	assert_int_equal(want(k, two, 2, REACH_WHEN_RESTING, b).state, REACH_WAITING);
	assert_int_equal(n_estimates, 0);
	rest(k);
	assert_int_equal(n_estimates, 1);
	assert_int_equal(reach_get(k->session, b[0]).state, REACH_KNOWN);
	assert_int_equal(reach_get(k->session, b[0]).value.min, 38200000);
	assert_int_equal(reach_get(k->session, a[0]).state, REACH_NONE);
	assert_false(session_busy(k->session));
}

static void the_same_set_in_any_order_is_asked_once(void **state)
{
	struct kit *k = *state;
	const struct criterion *ab[] = {&keyword, &place}, *ba[] = {&place, &keyword, &place};
	char a[1][REACH_KEY_SIZE], b[1][REACH_KEY_SIZE];

	connect(k);
	want(k, ab, 2, REACH_WHEN_RESTING, a);
	rest(k);
	want(k, ba, 3, REACH_WHEN_RESTING, b);
	rest(k);
	assert_string_equal(a[0], b[0]);
	assert_int_equal(n_estimates, 1);
	want(k, ba, 3, REACH_NOW, b); /* the user insists */
	rest(k);
	assert_int_equal(n_estimates, 2);
}

static void sets_without_a_primary_are_not_asked(void **state)
{
	struct kit *k = *state;
	const struct criterion *v[] = {&place};
	char key[1][REACH_KEY_SIZE], words[REACH_WORDS];
	struct reach r;

	connect(k);
	r = want(k, v, 1, REACH_NOW, key);
	assert_int_equal(r.state, REACH_NO_PRIMARY);
	reach_words(&r, words);
	assert_non_null(strstr(words, "needs a primary criterion"));
	r = want(k, v, 0, REACH_NOW, key);
	assert_int_equal(r.state, REACH_EMPTY);
	rest(k);
	assert_int_equal(n_estimates, 0);
}

static void conditions_that_cannot_be_estimated_are_told(void **state)
{
	struct kit *k = *state;
	const struct criterion *v[] = {&keyword, &months};
	char key[1][REACH_KEY_SIZE];
	struct reach r;
	struct buf line;

	connect(k);
	want(k, v, 2, REACH_NOW, key);
	rest(k);
	r = reach_get(k->session, key[0]);
	assert_int_equal(r.left_out, 1);
	buf_init(&line, 1000);
	reach_line(&r, &r, true, &line);
	assert_string_equal(
	    buf_str(&line), "38.2M-42.2M  just now  without 1 condition that X does not estimate");
	buf_done(&line);
}

static void a_low_budget_is_left_to_posting(void **state)
{
	struct kit *k = *state;
	const struct criterion *one[] = {&keyword}, *two[] = {&keyword, &place};
	char a[1][REACH_KEY_SIZE], b[1][REACH_KEY_SIZE];

	connect(k);
	low_budget = true;
	want(k, one, 1, REACH_WHEN_RESTING, a);
	rest(k);
	want(k, two, 2, REACH_WHEN_RESTING, b);
	rest(k);
	assert_int_equal(n_estimates, 1);
	assert_int_equal(reach_get(k->session, b[0]).state, REACH_SPARED);
	want(k, two, 2, REACH_NOW, b);
	rest(k);
	assert_int_equal(n_estimates, 2);
	assert_int_equal(reach_get(k->session, b[0]).state, REACH_KNOWN);
}

static void a_refusal_is_told_and_not_asked_again(void **state)
{
	struct kit *k = *state;
	const struct criterion *one[] = {&keyword};
	char key[1][REACH_KEY_SIZE], words[REACH_WORDS];
	struct reach r;

	connect(k);
	refuse = 400;
	want(k, one, 1, REACH_WHEN_RESTING, key);
	rest(k);
	r = reach_get(k->session, key[0]);
	assert_int_equal(r.state, REACH_FAILED);
	reach_words(&r, words);
	assert_non_null(strstr(words, "not available: "));
	assert_non_null(strstr(words, "no such place"));
	want(k, one, 1, REACH_WHEN_RESTING, key);
	rest(k);
	assert_int_equal(n_estimates, 1);
}

static void nothing_is_asked_offline(void **state)
{
	struct kit *k = *state;
	const struct criterion *one[] = {&keyword};
	char key[1][REACH_KEY_SIZE];

	kit_turns(k);
	assert_int_equal(want(k, one, 1, REACH_NOW, key).state, REACH_NONE);
	assert_string_equal(key[0], "");
	assert_false(session_busy(k->session));
}

static void ranges_have_three_digits(void **state)
{
	static const struct {
		int64_t min, max;
		const char *text;
	} cases[] = {{0, 0, "0-0"}, {999, 1000, "999-1K"}, {1049, 1050, "1K-1K"},
	    {9100000, 10400000, "9.1M-10.4M"}, {99949999, 100000000, "99.9M-100M"},
	    {123456789, 999999999, "123M-999M"}, {1000000000, 4200000000, "1B-4.2B"}};
	char out[REACH_RANGE];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(
		    reach_range(&(struct estimate){cases[i].min, cases[i].max}, out),
		    cases[i].text);
}

static void the_line_shows_both_and_the_difference(void **state)
{
	struct reach before = {
	    .state = REACH_KNOWN, .value = {38200000, 42200000}, .at = KIT_NOW - 180};
	struct reach after = {.state = REACH_KNOWN, .value = {9100000, 10400000}, .at = KIT_NOW};
	struct reach none = {.state = REACH_NO_PRIMARY};
	struct buf line;
	long percent;

	(void)state;
	buf_init(&line, 1000);
	reach_line(&before, &after, false, &line);
	assert_string_equal(buf_str(&line), "38.2M-42.2M -> 9.1M-10.4M (-76%)  3m old");
	buf_clear(&line);
	reach_line(&before, &none, false, &line);
	assert_memory_equal(buf_str(&line), "38.2M-42.2M -> needs a primary", 30);
	assert_false(reach_change(&before, &none, &percent));
	buf_clear(&line);
	reach_line(&none, &none, false, &line);
	assert_null(strstr(buf_str(&line), "->")); /* not said twice */
	buf_done(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_burst_of_edits_asks_once, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		the_same_set_in_any_order_is_asked_once, setup, teardown),
	    cmocka_unit_test_setup_teardown(sets_without_a_primary_are_not_asked, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		conditions_that_cannot_be_estimated_are_told, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_low_budget_is_left_to_posting, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_refusal_is_told_and_not_asked_again, setup, teardown),
	    cmocka_unit_test_setup_teardown(nothing_is_asked_offline, setup, teardown),
	    cmocka_unit_test(ranges_have_three_digits),
	    cmocka_unit_test_setup_teardown(
		the_line_shows_both_and_the_difference, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
