/* The journal view: what was posted, what became of it, and the way back. */
#include "tests/unit/views/kit.h"
#include "tests/unit/session/world.h"

#include "api/scan.h"
#include "base/fs.h"
#include "session/journal_text.h"
#include "session/revert.h"

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

static struct revert_result revert(struct kit *k, uint64_t changeset)
{
	struct revert_result r;
	struct errinfo ei = {0};

	assert_int_equal(revert_stage(k->session, changeset, &r, &ei), ERR_OK);
	return r;
}

static void remove_location(struct kit *k)
{
	struct change c = {.line_item_id = "li1",
	    .criterion_id = "c1",
	    .type = TYPE_LOCATION,
	    .type_name = "LOCATION",
	    .value = "ca0",
	    .name = "California, US",
	    .kind = CHANGE_DELETE};
	struct errinfo ei = {0};
	size_t staged;

	assert_int_equal(staging_add(k->session, &c, 1, &staged, &ei), ERR_OK);
}

static void a_revert_restores_the_set_and_its_revert_the_set_after(void **state)
{
	struct kit *k = *state;
	struct revert_result r;
	uint64_t first;

	world_stage(k, "li1", "shoes");
	world_stage(k, "li2", "boots");
	remove_location(k);
	world_post_all(k);
	first = world_newest(k);
	assert_string_equal(world_live(), "li1!aud1 li2/AGE_25_TO_49 li1/shoes li2/boots");
	r = revert(k, first);
	assert_int_equal(r.staged, 3);
	world_post_all(k);
	assert_string_equal(world_live(), "li1!aud1 li2/AGE_25_TO_49 li1/ca0");
	assert_string_equal(world_batches(k), "verified");
	/* nothing is left to revert of the first */
	r = revert(k, first);
	assert_int_equal(r.staged, 0);
	assert_int_equal(r.moot, 3);
	r = revert(k, world_newest(k));
	assert_int_equal(r.staged, 3);
	world_post_all(k);
	assert_string_equal(world_live(), "li1!aud1 li2/AGE_25_TO_49 li1/shoes li2/boots");
}

/* An earlier revert made the criterion anew, with another id: taking everything back finds that. */
static void everything_taken_back_newest_first_leaves_nothing(void **state)
{
	struct kit *k = *state;
	const char *before = strdup(world_live());
	uint64_t posted[3];

	assert_non_null(before);
	world_stage(k, "li1", "shoes");
	for (size_t i = 0; i < 3; i++) {
		world_post_all(k);
		posted[i] = world_newest(k);
		if (i < 2)
			assert_int_equal(revert(k, posted[i]).staged, 1);
	}
	for (size_t i = 3; i > 0; i--) {
		assert_int_equal(revert(k, posted[i - 1]).staged, 1);
		world_post_all(k);
	}
	assert_string_equal(world_live(), before);
	free((void *)before);
}

static void what_was_so_before_is_not_reverted(void **state)
{
	struct kit *k = *state;
	struct revert_result r;

	world_stage(k, "li1", "shoes");
	world_stage(k, "li1", "boots");
	world_add("li1", "BROAD_KEYWORD", "EQ", "shoes");
	world_post_all(k);
	r = revert(k, world_newest(k));
	assert_int_equal(r.staged, 1);
	assert_int_equal(r.not_ours, 1);
	assert_string_equal(staging_changes(k->session)->v[0].value, "boots");
}

static void what_was_refused_is_not_reverted(void **state)
{
	struct kit *k = *state;
	struct revert_result r;

	world_stage(k, "li1", "shoes");
	world_stage(k, "li1", "boots");
	world.fault = FAULT_REFUSE;
	world_post_all(k);
	r = revert(k, world_newest(k));
	assert_int_equal(r.staged, 0);
	assert_int_equal(r.not_ours, 2);
}

static void a_settled_posting_can_be_reverted(void **state)
{
	struct kit *k = *state;

	world_stage(k, "li1", "shoes");
	world.fault = FAULT_DROP_AFTER;
	world_post_all(k);
	world.fault = FAULT_NONE;
	assert_int_equal(revert(k, world_newest(k)).staged, 1);
	world_post_all(k);
	assert_string_equal(world_live(), "li1/ca0 li1!aud1 li2/AGE_25_TO_49");
}

static void the_view_shows_postings_and_their_requests(void **state)
{
	struct kit *k = *state;
	struct errinfo ei = {0};

	assert_int_equal(app_resize(k->app, 150, 40), ERR_OK);
	assert_int_equal(app_push(k->app, &line_items_view, NULL, NULL, &ei), ERR_OK);
	kit_turns(k);
	kit_press(k, "7");
	assert_sees(k, "Nothing was posted");
	world_stage(k, "li1", "shoes");
	world_post_all(k);
	kit_turns(k);
	assert_sees(k, "1 change on 1 line item");
	assert_sees(k, "applied and seen");
	kit_press(k, "Enter");
	assert_sees(k, "Batch 1: applied and seen, 1 operation");
	assert_sees(k, "+ BROAD_KEYWORD shoes");
	assert_sees(k, "\"operation_type\":\"Create\"");
	assert_sees(k, "posted with profile test by user");
	kit_press(k, "q");
	kit_press(k, "V");
	assert_sees(k, "Review of staged changes");
	assert_sees(k, "gets a new id");
	assert_int_equal(staging_total(k->session).deletes, 1);
}

static void the_export_is_one_json_object_a_line(void **state)
{
	struct kit *k = *state;
	struct errinfo ei = {0};
	char path[128], line[256];
	struct buf out;
	size_t lines = 0;

	world_stage(k, "li1", "shoes");
	world_post_all(k);
	world_stage(k, "li2", "boots");
	world_post_all(k);
	snprintf(path, sizeof path, "%s/journal.jsonl", k->dir);
	assert_int_equal(app_push(k->app, &journal_view, NULL, NULL, &ei), ERR_OK);
	snprintf(line, sizeof line, "export-journal %s", path);
	assert_int_equal(app_exec(k->app, line, &ei), ERR_OK);
	buf_init(&out, 1 << 20);
	assert_int_equal(fs_read(path, &out, &ei), ERR_OK);
	for (char *p = out.p, *end; (end = strchr(p, '\n')) != NULL; p = end + 1) {
		struct json j;

		*end = '\0';
		json_init(&j);
		assert_int_equal(json_parse(&j, p, (size_t)(end - p), &ei), ERR_OK);
		assert_string_equal(json_string(json_get(json_root(&j), "account")), KIT_ACCOUNT);
		assert_non_null(json_first(json_get(json_root(&j), "batches")));
		json_done(&j);
		lines++;
	}
	assert_int_equal(lines, 2);
	buf_done(&out);
}

static const char *export(struct kit *k)
{
	static char text[400000];
	struct errinfo ei = {0};
	struct buf out;

	buf_init(&out, sizeof text - 1);
	assert_int_equal(journal_json_all(k->store, KIT_ACCOUNT, &out, &ei), ERR_OK);
	snprintf(text, sizeof text, "%s", buf_str(&out));
	buf_done(&out);
	return text;
}

static void the_answer_is_kept_as_it_came(void **state)
{
	struct kit *k = *state;
	struct errinfo ei = {0};

	world_stage(k, "li1", "shoes");
	world_post_all(k);
	assert_non_null(strstr(export(k), "\"http_status\":20"));
	assert_non_null(strstr(export(k), "\"reply_escaped\":false,\"reply\":\"{\\\""));
	assert_int_equal(app_resize(k->app, 150, 60), ERR_OK);
	assert_int_equal(app_push(k->app, &journal_view, NULL, NULL, &ei), ERR_OK);
	kit_press(k, "Enter");
	assert_sees(k, "HTTP 20");
	assert_sees(k, "answer body");
}

static void a_refusal_keeps_its_answer_too(void **state)
{
	struct kit *k = *state;

	world_stage(k, "li1", "shoes");
	world.fault = FAULT_REFUSE;
	world_post_all(k);
	assert_non_null(strstr(export(k), "\"http_status\":400"));
	assert_non_null(strstr(export(k), "operation_errors"));
	assert_null(strstr(export(k), "\"reply\":null"));
}

static void the_verdict_names_what_needs_attention_first(void **state)
{
	struct journal_changeset c = {.batches = 3};
	char text[160];

	(void)state;
	c.by_state[BATCH_VERIFIED] = 3;
	assert_int_equal(journal_verdict(&c, text, sizeof text), BATCH_VERIFIED);
	assert_string_equal(text, "applied and seen");
	c.by_state[BATCH_VERIFIED] = 1;
	c.by_state[BATCH_UNKNOWN] = 1;
	c.by_state[BATCH_PLANNED] = 1;
	assert_int_equal(journal_verdict(&c, text, sizeof text), BATCH_UNKNOWN);
	assert_string_equal(text, "1 unknown, 1 not sent, 1 applied and seen");
	assert_int_equal(journal_verdict(&c, text, 8), BATCH_UNKNOWN);
	assert_string_equal(text, "1 unkno");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_revert_restores_the_set_and_its_revert_the_set_after),
	    T(everything_taken_back_newest_first_leaves_nothing),
	    T(what_was_so_before_is_not_reverted),
	    T(what_was_refused_is_not_reverted),
	    T(a_settled_posting_can_be_reverted),
	    T(the_view_shows_postings_and_their_requests),
	    T(the_export_is_one_json_object_a_line),
	    T(the_answer_is_kept_as_it_came),
	    T(a_refusal_keeps_its_answer_too),
	    cmocka_unit_test(the_verdict_names_what_needs_attention_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
