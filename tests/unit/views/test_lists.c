/* Accounts, campaigns, audiences, where used, limits: what they show and what their keys do. */
#include "tests/unit/views/kit.h"

#include "base/text.h"
#include "views/detail.h"

static void open_view(struct kit *k, const struct view_ops *ops, const void *arg)
{
	struct errinfo ei = {0};

	assert_int_equal(app_push(k->app, ops, arg, NULL, &ei), ERR_OK);
	kit_turns(k);
}

static int setup(void **state)
{
	static struct kit k;

	kit_init(&k, &kit_screen);
	assert_int_equal(app_resize(k.app, 150, 30), ERR_OK);
	open_view(&k, &line_items_view, NULL);
	*state = &k;
	return 0;
}

static int teardown(void **state)
{
	kit_done(*state);
	return 0;
}

/* --- text --- */

/* The same bytes but for blanks outside of strings. */
static bool same_but_blanks(const char *a, const char *b)
{
	bool in_string = false;

	for (;;) {
		while (!in_string && *a && strchr(" \n\t\r", *a))
			a++;
		while (!in_string && *b && strchr(" \n\t\r", *b))
			b++;
		if (*a != *b)
			return false;
		if (!*a)
			return true;
		if (*a == '\\' && in_string && a[1]) {
			if (a[1] != b[1])
				return false;
			a++;
			b++;
		} else if (*a == '"') {
			in_string = !in_string;
		}
		a++;
		b++;
	}
}

static void indenting_json_changes_nothing_but_blanks(void **state)
{
	static const char *const cases[] = {"", "{}", "[]", "{\"a\":[]}",
	    "{ \"a\" : 1 , \"b\":[1,2]}", "{\"s\":\"x, {y} \\\" [z]: \\\\\"}", "\"open", "\"open\\",
	    "}}}}", "[[[[", "{\"a\":\"b\"", "nonsense here"};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf out;

		buf_init(&out, 65536);
		assert_int_equal(detail_json(&out, cases[i]), ERR_OK);
		if (!same_but_blanks(cases[i], buf_str(&out)))
			fail_msg("%s became %s", cases[i], buf_str(&out));
		buf_done(&out);
	}
}

static void indenting_json_gives_each_member_a_line(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	detail_json(&out, "{\"a\":1,\"b\":[true,{}],\"c\":[]}");
	assert_string_equal(
	    buf_str(&out), "{\n  \"a\": 1,\n  \"b\": [\n    true,\n    {}\n  ],\n  \"c\": []\n}");
	buf_done(&out);
}

static void copies_are_cut_between_characters(void **state)
{
	char out[6];

	(void)state;
	text_copy(out, sizeof out, "abc\xF0\x9F\xA4\x96");
	assert_string_equal(out, "abc");
	text_copy(out, sizeof out, "abcde");
	assert_string_equal(out, "abcde");
	text_copy(out, sizeof out, "");
	assert_string_equal(out, "");
}

static void notes_are_broken_at_blanks(void **state)
{
	(void)state;
	assert_int_equal(detail_note_lines("", 10), 0);
	assert_int_equal(detail_note_lines("one two", 10), 1);
	assert_int_equal(detail_note_lines("one two", 7), 1);
	assert_int_equal(detail_note_lines("one two", 6), 2);
	assert_int_equal(detail_note_lines("abcdefghij", 4), 3);
	assert_int_equal(detail_note_lines("a b c d e f g h", 1), 3); /* never more */
	assert_int_equal(
	    detail_note_lines("\xE4\xB8\xAD\xE6\x96\x87", 1), 1); /* wider than a line */
	assert_int_equal(detail_note_lines("x", 0), 0);
}

/* --- campaigns --- */

static void campaigns_show_money_and_why_they_do_not_run(void **state)
{
	struct kit *k = *state;

	open_view(k, &campaigns_view, NULL);
	assert_sees(k, "Brand");
	assert_sees(k, "\xC2\xA5"
		       "700");
	assert_sees(k, "no: Paused by advertiser");
	kit_press(k, "Enter");
	assert_sees(k, "Line items of Brand");
	assert_sees(k, "Summer sale");
}

/* --- audiences --- */

static void audiences_give_each_reason_in_words(void **state)
{
	struct kit *k = *state;

	open_view(k, &audiences_view, NULL);
	assert_sees(k, "yes");
	assert_sees(k, "1,470");
	assert_sees(k, "shared by other1");
	kit_press(k, "j");
	assert_sees(k, "batches run every 6 to 8 hours");
	assert_sees(k, "at least 100 matched users active in the last 90 days");
	kit_press(k, "j");
	assert_sees(k, "gives no reason");
}

static void audience_details_hold_the_raw_fields(void **state)
{
	struct kit *k = *state;

	open_view(k, &audiences_view, NULL);
	kit_press(k, "i");
	assert_sees(k, "As X sent it");
	assert_sees(k, "\"c\": \"x,{\\\"y\"");
}

static struct fake_reply audience_now(
    struct fake *f, const struct transport_request *r, unsigned nth)
{
	(void)f;
	(void)nth;
	if (strstr(r->url, "custom_audience_ids=aud2")) {
		assert_non_null(strstr(r->url, "permission_scope=SHARED"));
		return (struct fake_reply){.status = 200,
		    .delay_ms = 5,
		    .body =
			"{\"data\":[{\"id\":\"aud2\",\"name\":\"new leads\",\"targetable\":true,"
			"\"audience_size\":120,\"reasons_not_targetable\":[]}],"
			"\"next_cursor\":null}"};
	}
	return (struct fake_reply){.status = 200, .body = "{\"data\":[],\"next_cursor\":null}"};
}

static void test_asks_x_and_tells_the_answer(void **state)
{
	struct kit *k = *state;

	kit_connect(k, audience_now);
	open_view(k, &audiences_view, NULL);
	kit_press(k, "j t");
	for (int i = 0; i < 50 && !kit_sees(k, "new leads: targetable now"); i++) {
		loop_turn(k->loop, 0);
		clock_step_ms(10);
	}
	assert_sees(k, "new leads: targetable now");
	assert_sees(k, "below 500 people");
}

static void closing_the_view_drops_the_question(void **state)
{
	struct kit *k = *state;

	kit_connect(k, audience_now);
	open_view(k, &audiences_view, NULL);
	app_draw(k->app);
	app_press(k->app, "j t q", NULL);
	kit_turns(k);
	kit_turns(k);
	assert_not_sees(k, "targetable now");
}

/* --- where used --- */

static void where_used_lists_line_items_and_says_what_was_read(void **state)
{
	struct kit *k = *state;

	open_view(k, &audiences_view, NULL);
	kit_press(k, "w");
	assert_sees(k, "Where used: loyal customers");
	assert_sees(k, "Summer sale");
	assert_sees(k, "exclude");
	assert_sees(k, "criteria of 2 of 3 line items were read; R reads the rest");
	kit_press(k, "Enter");
	assert_not_sees(k, "Where used: loyal");
}

static struct fake_reply usages(struct fake *f, const struct transport_request *r, unsigned nth)
{
	(void)f;
	(void)nth;
	if (strstr(r->url, "/targeted"))
		return (struct fake_reply){.status = 200,
		    .body = "{\"data\":[{\"campaign_id\":\"camp9\",\"campaign_name\":\"Other\","
			    "\"line_items\":[{\"id\":\"li1\",\"name\":\"Summer "
			    "sale\",\"servable\":true},"
			    "{\"id\":\"li9\",\"name\":null,\"servable\":false}]}],\"next_cursor\":"
			    "null}"};
	return (struct fake_reply){.status = 200, .body = "{\"data\":[],\"next_cursor\":null}"};
}

static void where_used_merges_the_answer_of_x(void **state)
{
	struct kit *k = *state;

	kit_connect(k, usages);
	open_view(k, &audiences_view, NULL);
	kit_press(k, "w");
	for (int i = 0; i < 50 && !kit_sees(k, "li9"); i++) {
		loop_turn(k->loop, 0);
		clock_step_ms(10);
	}
	assert_sees(k, "li9");
	assert_sees(k, "criteria and X"); /* li1: one row, known from both */
	assert_sees(k, "X's answer");
	assert_sees(k, "1/2");
	assert_sees(k, "X was asked as well");
}

/* --- accounts --- */

static void kit_accounts(struct kit *k)
{
	struct account_set set;
	struct store_fetch f;
	struct errinfo ei = {0};

	account_set_init(&set);
	*account_set_add(&set) = (struct account){.id = KIT_ACCOUNT,
	    .name = "Demo",
	    .timezone = "Europe/Berlin",
	    .approval_status = "ACCEPTED"};
	*account_set_add(&set) =
	    (struct account){.id = "other1", .name = "Second", .approval_status = "REJECTED"};
	assert_int_equal(snapshot_begin(k->store, "", SNAPSHOT_ACCOUNTS, false, &f, &ei), ERR_OK);
	assert_int_equal(snapshot_put_accounts(k->store, &f, &set, NULL, &ei), ERR_OK);
	account_set_done(&set);
	account_set_done(&k->session->accounts);
	account_set_init(&k->session->accounts);
	snapshot_get_accounts(k->store, "", 0, SIZE_MAX, &k->session->accounts);
}

static void opening_an_account_leaves_no_view_of_the_old_one(void **state)
{
	struct kit *k = *state;
	const char *id = "li1";
	struct id_list ids = {&id, 1};

	kit_accounts(k);
	open_view(k, &criteria_view, &ids);
	open_view(k, &accounts_view, NULL);
	assert_sees(k, "open now");
	assert_sees(k, "Rejected");
	kit_press(k, "j Enter");
	assert_string_equal(session_account_id(k->session), "other1");
	assert_null(app_top_kind(k->app, &criteria_view));
	assert_ptr_equal(app_top(k->app)->ops, &line_items_view);
	assert_null(app_top(k->app)->below);
	assert_not_sees(k, "Summer sale");
}

static void opening_the_open_account_goes_back_to_its_line_items(void **state)
{
	struct kit *k = *state;

	kit_accounts(k);
	open_view(k, &accounts_view, NULL);
	kit_press(k, "Enter");
	assert_ptr_equal(app_top(k->app)->ops, &line_items_view);
	assert_sees(k, "Summer sale");
}

/* --- limits --- */

static struct fake_reply with_limits(
    struct fake *f, const struct transport_request *r, unsigned nth)
{
	static char reset[24];

	(void)f;
	(void)r;
	(void)nth;
	snprintf(reset, sizeof reset, "%lld", (long long)clock_wall_s() + 600);
	return (struct fake_reply){.status = 200,
	    .body = "{\"data\":[],\"next_cursor\":null}",
	    .headers = {{"x-rate-limit-limit", "400"}, {"x-rate-limit-remaining", "12"},
		{"x-rate-limit-reset", reset}}};
}

static void limits_show_what_is_left_and_when_it_resets(void **state)
{
	struct kit *k = *state;

	kit_connect(k, with_limits);
	options_get(k->session, "interests", NULL, 0);
	kit_turns(k);
	open_view(k, &budgets_view, NULL);
	assert_sees(k, "12 left");
	assert_sees(k, "400");
	assert_sees(k, "Reset, or read");
	assert_sees(k, "interests");
	assert_sees(k, "read now");
}

static void limits_say_when_there_is_no_connection(void **state)
{
	struct kit *k = *state;
	struct errinfo why = {.code = ERR_NETWORK, .msg = "no route to the server"};

	session_offline(k->session, &why);
	open_view(k, &budgets_view, NULL);
	assert_sees(k, "no connection");
	assert_sees(k, "no route to the server");
}

static void small_and_large_screens_are_drawn(void **state)
{
	struct kit *k = *state;
	static const int sizes[][2] = {{200, 60}, {80, 24}, {40, 10}};
	struct where_used_arg arg = {"CUSTOM_AUDIENCE", "aud1", "x"};

	kit_accounts(k);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		assert_int_equal(app_resize(k->app, sizes[i][0], sizes[i][1]), ERR_OK);
		open_view(k, &accounts_view, NULL);
		app_draw(k->app);
		open_view(k, &campaigns_view, NULL);
		app_draw(k->app);
		open_view(k, &audiences_view, NULL);
		app_draw(k->app);
		open_view(k, &where_used_view, &arg);
		app_draw(k->app);
		open_view(k, &budgets_view, NULL);
		app_draw(k->app);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(indenting_json_changes_nothing_but_blanks),
	    cmocka_unit_test(indenting_json_gives_each_member_a_line),
	    cmocka_unit_test(copies_are_cut_between_characters),
	    cmocka_unit_test(notes_are_broken_at_blanks),
	    CASE(campaigns_show_money_and_why_they_do_not_run),
	    CASE(audiences_give_each_reason_in_words),
	    CASE(audience_details_hold_the_raw_fields),
	    CASE(test_asks_x_and_tells_the_answer),
	    CASE(closing_the_view_drops_the_question),
	    CASE(where_used_lists_line_items_and_says_what_was_read),
	    CASE(where_used_merges_the_answer_of_x),
	    CASE(opening_an_account_leaves_no_view_of_the_old_one),
	    CASE(opening_the_open_account_goes_back_to_its_line_items),
	    CASE(limits_show_what_is_left_and_when_it_resets),
	    CASE(limits_say_when_there_is_no_connection),
	    CASE(small_and_large_screens_are_drawn),
	};

	return cmocka_run_group_tests_name("views/lists", tests, NULL, NULL);
}
