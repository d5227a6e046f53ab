/* Several drafts on the screen: which one is worked on is always said, each keeps its own changes and
 * its own undo, nothing of one is posted with another, and all of it survives a kill. */
#include "tests/unit/views/kit.h"
#include "tests/unit/session/world.h"

#include "session/draft.h"

static int setup(void **state)
{
	static struct kit k;
	struct errinfo ei = {0};

	kit_init(&k, &kit_screen);
	world_init(&k);
	assert_int_equal(app_push(k.app, &line_items_view, NULL, NULL, &ei), ERR_OK);
	assert_int_equal(app_resize(k.app, 140, 30), ERR_OK);
	kit_turns(&k);
	*state = &k;
	return 0;
}

static int teardown(void **state)
{
	kit_done(*state);
	return 0;
}

static void run(struct kit *k, const char *line)
{
	struct errinfo ei = {0};

	if (app_exec(k->app, line, &ei))
		fail_msg("%s: %s", line, ei.msg);
	kit_turns(k);
}

static void refused(struct kit *k, const char *line, const char *why)
{
	struct errinfo ei = {0};

	if (!app_exec(k->app, line, &ei))
		fail_msg("%s was not refused", line);
	if (!strstr(ei.msg, why))
		fail_msg("%s: %s", line, ei.msg);
}

static void the_active_draft_is_in_the_status_line_when_it_is_not_the_default(void **state)
{
	struct kit *k = *state;

	assert_not_sees(k, "draft ");
	world_stage(k, "li1", "shoes");
	run(k, "draft spring");
	assert_sees(k, "draft spring");
	assert_sees(k, "nothing staged");
	world_stage(k, "li1", "boots");
	kit_turns(k);
	assert_sees(k, "1 staged");
	run(k, "draft default");
	assert_not_sees(k, "draft spring  ");
	assert_string_equal(draft_active(k->session), "");
	assert_string_equal(staging_changes(k->session)->v[0].value, "shoes");
}

static void the_list_leads_to_each_draft(void **state)
{
	struct kit *k = *state;

	world_stage(k, "li1", "shoes");
	world_stage(k, "li2", "shoes");
	run(k, "drafts");
	assert_sees(k, "* default");
	assert_sees(k, "you are here");
	kit_press(k, "a");
	assert_sees(k, "name of the new draft");
	kit_type(k, "spring");
	kit_press(k, "Enter");
	assert_sees(k, "* spring");
	assert_string_equal(draft_active(k->session), "spring");
	kit_press(k, "gg");
	kit_press(k, "Enter");
	assert_string_equal(draft_active(k->session), "");
	assert_sees(k, "you are on draft default: 2 staged");
}

static void a_draft_is_renamed_copied_deleted_and_brought_back(void **state)
{
	struct kit *k = *state;

	world_stage(k, "li1", "shoes");
	run(k, "draft-copy spring");
	assert_sees(k, "draft spring has the 1 change of default; you are on it");
	run(k, "draft-rename summer");
	assert_sees(k, "draft summer");
	world_stage(k, "li1", "boots");
	run(k, "drafts");
	kit_press(k, "G");
	kit_press(k, "d");
	assert_sees(k, "deleted now");
	assert_string_equal(draft_active(k->session), "");
	assert_int_equal(staging_changes(k->session)->n, 1);
	kit_press(k, "u");
	assert_sees(k, "draft summer is back");
	run(k, "draft summer");
	assert_int_equal(staging_changes(k->session)->n, 2);
	refused(k, "draft-rename default", "name of the first one");
	run(k, "draft default");
	refused(k, "draft-delete default", "always there");
	kit_press(k, "q");
	refused(k, "draft-copy summer", "already");
	refused(k, "draft-restore", "no draft was deleted");
}

static void undo_and_redo_belong_to_the_draft(void **state)
{
	struct kit *k = *state;

	world_stage(k, "li1", "shoes");
	run(k, "draft spring");
	world_stage(k, "li1", "boots");
	run(k, "undo");
	assert_int_equal(staging_changes(k->session)->n, 0);
	refused(k, "undo", "nothing to undo");
	run(k, "draft default");
	assert_int_equal(staging_changes(k->session)->n, 1);
	run(k, "draft spring");
	run(k, "redo");
	assert_string_equal(staging_changes(k->session)->v[0].value, "boots");
}

static void only_the_active_draft_is_posted(void **state)
{
	struct kit *k = *state;

	world_stage(k, "li1", "shoes");
	run(k, "draft spring");
	world_stage(k, "li2", "boots");
	run(k, "review");
	assert_sees(k, "Draft spring: 1 change on 1 line item");
	world_post_all(k);
	assert_string_equal(world_live(), "li1/ca0 li1!aud1 li2/AGE_25_TO_49 li2/boots");
	run(k, "journal");
	assert_sees(k, "1 change on 1 line item, draft spring");
	run(k, "draft default");
	assert_int_equal(staging_changes(k->session)->n, 1);
	/* and its review tells nothing of the posting of the other */
	run(k, "review");
	assert_not_sees(k, "applied and seen");
}

static void an_empty_review_tells_where_the_changes_are(void **state)
{
	struct kit *k = *state;

	run(k, "review");
	assert_sees(k, "Open a line item");
	world_stage(k, "li1", "shoes");
	run(k, "draft spring");
	run(k, "review");
	assert_sees(k, "Nothing is staged in draft spring. Draft default has 1");
}

static void a_kill_leaves_you_where_you_were(void **state)
{
	struct kit *k = *state;

	world_stage(k, "li1", "shoes");
	run(k, "draft spring");
	world_stage(k, "li1", "boots");
	world_restart(k);
	assert_string_equal(draft_active(k->session), "spring");
	assert_string_equal(staging_changes(k->session)->v[0].value, "boots");
	assert_int_equal(draft_delete(k->session, "spring", &(struct errinfo){0}), ERR_OK);
	world_restart(k);
	assert_string_equal(draft_active(k->session), "");
}

static void what_another_terminal_does_to_drafts_is_seen(void **state)
{
	struct kit *k = *state;
	struct errinfo ei = {0};
	struct store *other;
	struct paths p;

	run(k, "draft spring");
	world_stage(k, "li1", "boots");
	run(k, "drafts");
	assert_int_equal(paths_init(&p, "test", &ei), ERR_OK);
	other = store_open(&p, &ei);
	assert_int_equal(store_bind(other, "demo", "12", &ei), ERR_OK);
	assert_int_equal(drafts_select(other, KIT_ACCOUNT, "theirs", &ei), ERR_OK);
	clock_step_ms(2000);
	kit_turns(k);
	assert_sees(k, "theirs");
	assert_int_equal(drafts_rename(other, KIT_ACCOUNT, "spring", "summer", &ei), ERR_OK);
	clock_step_ms(2000);
	kit_turns(k);
	assert_sees(k, "draft spring has the name summer now");
	assert_string_equal(draft_active(k->session), "summer");
	assert_int_equal(drafts_delete(other, KIT_ACCOUNT, "summer", &ei), ERR_OK);
	clock_step_ms(2000);
	kit_turns(k);
	assert_sees(k, "draft summer was deleted in another terminal");
	assert_string_equal(draft_active(k->session), "");
	store_close(other);
}

static void a_posting_keeps_its_draft(void **state)
{
	struct kit *k = *state;
	struct errinfo ei = {0};

	run(k, "draft spring");
	world_stage(k, "li1", "boots");
	assert_int_equal(world_start(k, &ei), ERR_OK);
	refused(k, "draft default", "being posted");
	refused(k, "draft-delete", "being posted");
	world_settle(k);
	run(k, "draft default");
}

static void a_read_only_session_looks_at_drafts_and_makes_none(void **state)
{
	struct kit *k = *state;

	run(k, "draft spring");
	run(k, "draft default");
	k->session->cfg.read_only = true;
	run(k, "draft spring");
	refused(k, "draft autumn", "read-only");
	refused(k, "draft-copy x", "read-only");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    T(the_active_draft_is_in_the_status_line_when_it_is_not_the_default),
	    T(the_list_leads_to_each_draft),
	    T(a_draft_is_renamed_copied_deleted_and_brought_back),
	    T(undo_and_redo_belong_to_the_draft),
	    T(only_the_active_draft_is_posted),
	    T(an_empty_review_tells_where_the_changes_are),
	    T(a_kill_leaves_you_where_you_were),
	    T(what_another_terminal_does_to_drafts_is_seen),
	    T(a_posting_keeps_its_draft),
	    T(a_read_only_session_looks_at_drafts_and_makes_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
