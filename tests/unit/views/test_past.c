/* Time travel: line items as they were at journalled moments, and the edits that bring that back. */
#include "tests/unit/views/kit.h"
#include "tests/unit/session/world.h"

#include "api/scan.h"
#include "session/past.h"
#include "session/revert.h"

#define DAY 86400

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

static void later(int64_t seconds)
{
	clock_step_ms(seconds * 1000);
}

/* The values of a set, in its order. */
static const char *values(const struct criterion_set *set)
{
	static char text[512];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < set->n; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%s%s", i ? " " : "",
		    set->v[i].op == OP_NE ? "!" : "", set->v[i].value);
	return text;
}

static const char *was(struct kit *k, const char *id, int64_t when)
{
	static char text[512];
	struct past p;
	struct errinfo ei = {0};

	past_init(&p);
	if (past_at(k->store, id, when, &p, &ei))
		snprintf(text, sizeof text, "error %.300s", ei.msg);
	else
		snprintf(text, sizeof text, "%s", values(&p.then));
	past_done(&p);
	return text;
}

static void certainty(struct kit *k, int64_t when, char out[256])
{
	struct past p;
	struct errinfo ei = {0};

	past_init(&p);
	assert_int_equal(past_at(k->store, "li1", when, &p, &ei), ERR_OK);
	past_certainty(&p, out, 256);
	past_done(&p);
}

static void every_journalled_moment_can_be_seen(void **state)
{
	struct kit *k = *state;
	int64_t first = clock_wall_s(), second;

	world_stage(k, "li1", "shoes");
	world_post_all(k);
	later(DAY);
	second = clock_wall_s();
	world_stage(k, "li1", "boots");
	world_post_all(k);
	later(DAY);
	assert_string_equal(was(k, "li1", first + DAY / 2), "ca0 !aud1 shoes");
	assert_string_equal(was(k, "li1", second + DAY / 2), "ca0 !aud1 shoes boots");
	assert_non_null(
	    strstr(was(k, "li1", first - 1), "nothing is known of this line item before"));
	assert_non_null(strstr(was(k, "li2", first), "its past is not known"));
}

static struct past_restored restore(struct kit *k, int64_t when)
{
	struct past_restored r;
	struct past p;
	struct errinfo ei = {0};

	past_init(&p);
	assert_int_equal(past_at(k->store, "li1", when, &p, &ei), ERR_OK);
	assert_int_equal(past_restore(k->session, &p, &r, &ei), ERR_OK);
	past_done(&p);
	return r;
}

static void a_state_is_restored_through_the_stage(void **state)
{
	struct kit *k = *state;
	int64_t first = clock_wall_s();

	world_stage(k, "li1", "shoes");
	world_post_all(k);
	later(DAY);
	world_stage(k, "li1", "boots");
	world_post_all(k);
	later(DAY);
	/* what is staged meanwhile goes too: it was not so then */
	world_stage(k, "li1", "hats");
	assert_int_equal(restore(k, first + DAY / 2).staged, 2);
	assert_int_equal(staging_total(k->session).creates, 0);
	assert_int_equal(staging_total(k->session).deletes, 1);
	assert_int_equal(restore(k, first + DAY / 2).staged, 0);
	world_post_all(k);
	assert_string_equal(world_live(), "li1/ca0 li1!aud1 li2/AGE_25_TO_49 li1/shoes");
	/* and forth again */
	assert_int_equal(restore(k, first + 3 * DAY / 2).staged, 1);
	world_post_all(k);
	assert_string_equal(world_live(), "li1/ca0 li1!aud1 li2/AGE_25_TO_49 li1/shoes li1/boots");
}

static void held_edits_stay_and_are_told(void **state)
{
	struct kit *k = *state;
	int64_t first = clock_wall_s();
	struct errinfo ei = {0};
	struct past_restored r;

	world_stage(k, "li1", "shoes");
	world_post_all(k);
	later(DAY);
	world_stage(k, "li1", "hats");
	assert_int_equal(
	    staging_hold(k->session, staging_changes(k->session)->v[0].id, true, &ei), ERR_OK);
	r = restore(k, first);
	assert_int_equal(r.staged, 0);
	assert_int_equal(r.held, 1);
	assert_int_equal(staging_total(k->session).creates, 1);
}

static void what_nobody_knows_is_said(void **state)
{
	struct kit *k = *state;
	int64_t first = clock_wall_s();
	char text[256];

	world_stage(k, "li1", "shoes");
	world_post_all(k);
	later(DAY);
	certainty(k, first + 60, text);
	assert_non_null(strstr(text, "after posting 1"));
	assert_non_null(strstr(text, "Nothing was kept since"));
	world_stage(k, "li1", "boots");
	world_post_all(k);
	certainty(k, first + 60, text);
	assert_non_null(strstr(text, "and the same"));
	/* somebody else, whose change is seen when it is read and not before */
	later(DAY);
	world_add("li1", "BROAD_KEYWORD", "EQ", "foreign");
	world_stage(k, "li1", "hats");
	session_fetch_criteria(k->session, &(const char *){"li1"}, 1, 0, REQ_USER);
	kit_turns(k);
	world_post_all(k);
	certainty(k, first + DAY + 60, text);
	assert_non_null(strstr(text, "and different: when in between it changed is not known"));
	assert_string_equal(was(k, "li1", first + DAY + 60), "ca0 !aud1 shoes boots");
}

static void times_are_read_as_people_write_them(void **state)
{
	static const struct {
		const char *text;
		int64_t when;
	} cases[] = {
	    {"2026-01-05T08:00:00Z", KIT_NOW - DAY - 3600},
	    {"2026-01-05 08:00:01", KIT_NOW - DAY - 3599},
	    {"2026-01-05 08:00", KIT_NOW - DAY - 3600 + 59},
	    {"2026-01-05", KIT_NOW - 9 * 3600 - 1},
	    {"2026-01-06", KIT_NOW}, /* today is over now */
	    {"2026-01-06 09:00", KIT_NOW},
	};
	static const char *const wrong[] = {"", "yesterday", "2026-02-30", "2026-01-05 25:00",
	    "2026-01-07", "2026-01-06 09:01", "2026-01-05 0800", "2026-01-05T08:00:00+01:00"};
	struct errinfo ei;
	int64_t when;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(past_parse(cases[i].text, &when, &ei), ERR_OK);
		assert_int_equal(when, cases[i].when);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (past_parse(wrong[i], &when, &ei) != ERR_USAGE)
			fail_msg("\"%s\" was taken for a time", wrong[i]);
}

static void the_text_and_the_json_say_the_same(void **state)
{
	struct kit *k = *state;
	struct past p;
	struct errinfo ei = {0};
	struct buf out;
	struct json j;

	world_stage(k, "li1", "shoes");
	world_post_all(k);
	past_init(&p);
	assert_int_equal(past_at(k->store, "li1", clock_wall_s(), &p, &ei), ERR_OK);
	buf_init(&out, 1 << 20);
	assert_int_equal(past_text(&p, false, &out, &ei), ERR_OK);
	assert_non_null(strstr(buf_str(&out), "3 criteria"));
	assert_non_null(strstr(buf_str(&out), "+ LOCATION ca0"));
	assert_non_null(strstr(buf_str(&out), "CUSTOM_AUDIENCE aud1 (NE)"));
	buf_clear(&out);
	assert_int_equal(past_text(&p, true, &out, &ei), ERR_OK);
	json_init(&j);
	assert_int_equal(json_parse(&j, out.p, out.len - 1, &ei), ERR_OK);
	assert_string_equal(json_string(json_get(json_root(&j), "side")), "after");
	assert_string_equal(json_string(json_get(json_first(json_get(json_root(&j), "criteria")),
				"targeting_value")),
	    "ca0");
	json_done(&j);
	buf_clear(&out);
	assert_int_equal(past_list_text(k->store, "li1", false, &out, &ei), ERR_OK);
	assert_non_null(strstr(buf_str(&out), "after  posting 1"));
	assert_non_null(strstr(buf_str(&out), "before posting 1"));
	past_done(&p);
	buf_done(&out);
}

static void the_screens_lead_from_a_posting_to_the_stage(void **state)
{
	struct kit *k = *state;
	struct errinfo ei = {0};

	assert_int_equal(app_push(k->app, &line_items_view, NULL, NULL, &ei), ERR_OK);
	kit_turns(k);
	world_stage(k, "li1", "shoes");
	world_post_all(k);
	later(DAY);
	kit_press(k, "7");
	kit_press(k, "t");
	assert_sees(k, "Around posting 1");
	assert_sees(k, "before posting 1");
	kit_press(k, "gg");
	kit_press(k, "Enter");
	assert_sees(k, "As of 2026-01-06");
	assert_sees(k, "As reviewed at");
	assert_sees(k, "Not there then, but now (1)");
	assert_sees(k, "+ new");
	assert_sees(k, "0 gone, 1 new, 2 the same");
	kit_press(k, "V");
	assert_sees(k, "Review of staged changes");
	assert_int_equal(staging_total(k->session).deletes, 1);
	kit_press(k, "u");
	kit_press(k, "2");
	assert_int_equal(app_exec(k->app, "as-of", &ei), ERR_OK);
	kit_turns(k);
	assert_sees(k, "Moments of");
	kit_press(k, "q");
	assert_int_not_equal(app_exec(k->app, "as-of 2020-01-01", &ei), ERR_OK);
	assert_sees(k, "nothing is known of this line item before");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(every_journalled_moment_can_be_seen),
	    T(a_state_is_restored_through_the_stage),
	    T(held_edits_stay_and_are_told),
	    T(what_nobody_knows_is_said),
	    T(times_are_read_as_people_write_them),
	    T(the_text_and_the_json_say_the_same),
	    T(the_screens_lead_from_a_posting_to_the_stage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
