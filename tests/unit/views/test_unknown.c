/* The screen of unknown outcomes, and the same as `reticle recover` tells it. */
#include "tests/unit/views/kit.h"
#include "tests/unit/session/world.h"

#include "api/scan.h"
#include "session/unknown_model.h"

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

static void open_view(struct kit *k)
{
	struct errinfo ei = {0};

	assert_int_equal(app_push(k->app, &unknown_view, NULL, NULL, &ei), ERR_OK);
	kit_turns(k);
}

/* Posted, and the answer lost; the first reading is waited for. */
static void lose(struct kit *k, enum fault fault)
{
	struct errinfo ei = {0};

	world_stage(k, "li1", "shoes");
	world_stage(k, "li2", "boots");
	world.fault = fault;
	assert_int_equal(world_start(k, &ei), ERR_OK);
	for (int i = 0; i < 400 && applying_status(k->session)->phase != APPLYING_SETTLING; i++)
		loop_turn(k->loop, 0);
	assert_int_equal(applying_status(k->session)->phase, APPLYING_SETTLING);
	world.fault = FAULT_NONE;
}

static size_t readings(struct kit *k)
{
	struct unknown_model m;
	struct errinfo ei = {0};
	size_t n;

	unknown_model_init(&m, k->session);
	assert_int_equal(unknown_model_build(&m, &ei), ERR_OK);
	assert_int_equal(m.n_batches, 1);
	n = m.batches[0].readings;
	unknown_model_done(&m);
	return n;
}

static void nothing_is_unknown_at_first(void **state)
{
	struct kit *k = *state;

	open_view(k);
	assert_sees(k, "No outcome is unknown");
	assert_false(kit_sees(k, "batch unknown"));
}

static void it_is_told_while_it_is_settled_and_after(void **state)
{
	struct kit *k = *state;

	lose(k, FAULT_DROP_AFTER);
	open_view(k);
	assert_sees(k, "2 changes may be in the account or not");
	assert_sees(k, "Batch 1 of 1 was sent 2026-01-06 09:");
	assert_sees(k, "It was not read back yet");
	assert_sees(k, "Reading 1 of 4 in 2 s");
	assert_sees(k, "? unknown");
	assert_sees(k, "1 of 1 batch unknown: 0"); /* the status line, with the key */
	world_settle(k);
	kit_turns(k);
	assert_sees(k, "Nothing is unknown any more: 2 took effect, 0 had no effect.");
	assert_sees(k, "1 reading, the last 2026-01-06 09:");
	assert_sees(k, "2 of 2 in the account");
	assert_false(kit_sees(k, "? unknown"));
	assert_false(kit_sees(k, "batch unknown"));
	assert_int_equal(world.posts, 1);
}

static void a_key_reads_at_once(void **state)
{
	struct kit *k = *state;

	lose(k, FAULT_DROP_AFTER);
	open_view(k);
	assert_int_equal(readings(k), 0);
	kit_press(k, "c"); /* no time passes */
	assert_sees(k, "Nothing is unknown any more: 2 took effect");
	assert_string_equal(world_batches(k), "verified");
	assert_int_equal(world.posts, 1);
}

/* "Did not take effect" is only said after the last of the late readings, however often it was asked. */
static void readings_on_a_key_prove_nothing(void **state)
{
	struct kit *k = *state;
	int64_t began;

	lose(k, FAULT_DROP_BEFORE);
	open_view(k);
	began = clock_mono_ms();
	while (clock_mono_ms() - began < 115000) {
		clock_step_ms(1000);
		kit_turns(k);
		kit_press(k, "c");
		assert_string_equal(world_batches(k), "unknown");
		assert_sees(k, "2 changes may be in the account or not");
	}
	assert_true(readings(k) > 20);
	assert_sees(k, "0 of 2 in the account");
	world_settle(k);
	kit_turns(k);
	assert_true(clock_mono_ms() - began >= 119000);
	assert_sees(
	    k, "Nothing is unknown any more: 0 took effect, 2 had no effect and are staged again.");
	assert_string_equal(world_drafts(k), "2 staged 0 sending 0 unknown");
	assert_int_equal(world.posts, 1);
}

static void a_reading_that_fails_says_so(void **state)
{
	struct kit *k = *state;
	struct unknown_model m;
	struct errinfo ei = {0};
	struct json j;
	struct buf out;
	char text[4096];

	world.reads_fail = true;
	lose(k, FAULT_DROP_AFTER);
	open_view(k);
	world_settle(k);
	kit_turns(k);
	assert_sees(k, "2 changes may be in the account or not");
	assert_sees(k, "failed: ");
	assert_sees(k, "it has to be read back again");
	/* what recover --json has of it */
	unknown_model_init(&m, k->session);
	assert_int_equal(unknown_model_build(&m, &ei), ERR_OK);
	assert_int_equal(m.n_open, 2);
	buf_init(&out, sizeof text - 1);
	unknown_model_json(&m, &out);
	json_init(&j);
	memcpy(text, buf_str(&out), out.len + 1); /* parsed in place */
	assert_int_equal(json_parse(&j, text, out.len, &ei), ERR_OK);
	assert_string_equal(json_string(json_get(
				json_first(json_get(json_root(&j), "changes")), "targeting_value")),
	    "shoes");
	assert_non_null(strstr(buf_str(&out), "\"last_reading\":\"failed: "));
	json_done(&j);
	buf_clear(&out);
	unknown_model_text(&m, &out);
	assert_non_null(strstr(buf_str(&out), "? unknown  li2  + BROAD_KEYWORD boots\n"));
	buf_done(&out);
	unknown_model_done(&m);
	/* and it is read again when it is wanted */
	world.reads_fail = false;
	kit_press(k, "c");
	world_settle(k);
	kit_turns(k);
	assert_sees(k, "Nothing is unknown any more: 2 took effect");
}

static void the_row_opens_the_posting_and_the_line_item(void **state)
{
	struct kit *k = *state;

	lose(k, FAULT_DROP_AFTER);
	open_view(k);
	kit_press(k, "Enter");
	assert_sees(k, "Changeset 1: 2 changes on 2 line items");
	kit_press(k, "q");
	kit_press(k, "o");
	assert_ptr_equal(app_top(k->app)->ops, &criteria_view);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(nothing_is_unknown_at_first),
	    T(it_is_told_while_it_is_settled_and_after),
	    T(a_key_reads_at_once),
	    T(readings_on_a_key_prove_nothing),
	    T(a_reading_that_fails_says_so),
	    T(the_row_opens_the_posting_and_the_line_item),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
