#include "tests/unit/store/edits.h"

static struct draft_step step;

static enum err undo(void)
{
	return drafts_undo(s, ACCOUNT, &step, &ei);
}

static enum err redo(void)
{
	return drafts_redo(s, ACCOUNT, &step, &ei);
}

static void staged_edits_survive_with_every_field(void **state)
{
	static const char hostile[] = "100% a=b\t\x1b[31m\n\xe2\x80\xae \xf0\x9f\xa4\x96";
	struct change_set set, got;

	(void)state;
	change_set_init(&set);
	change_set_init(&got);
	change_set_copy(&set, &(struct change){.line_item_id = "8u94t",
				  .criterion_id = "crit",
				  .type_name = "LOCATION",
				  .type = TYPE_LOCATION,
				  .value = hostile,
				  .name = "",
				  .location_type = "CITIES",
				  .note = hostile,
				  .kind = CHANGE_DELETE,
				  .op = OP_NE,
				  .held = true});
	change_set_copy(&set, &(struct change){.line_item_id = "8u94t",
				  .type_name = "SOMETHING_NEW",
				  .value = "",
				  .op = OP_OTHER});
	assert_int_equal(drafts_stage(s, ACCOUNT, &set, "x", &ei), ERR_OK);
	assert_true(set.v[0].id && set.v[1].id > set.v[0].id);
	assert_true(set.v[0].group && set.v[0].group == set.v[1].group);
	temp_reopen();
	assert_int_equal(drafts_list(s, ACCOUNT, DRAFT_STAGED, &got, &ei), ERR_OK);
	assert_int_equal(got.n, 2);
	assert_true(got.v[0].id == set.v[0].id && got.v[0].group == set.v[0].group);
	assert_string_equal(got.v[0].line_item_id, "8u94t");
	assert_string_equal(got.v[0].criterion_id, "crit");
	assert_string_equal(got.v[0].value, hostile);
	assert_string_equal(got.v[0].name, "");
	assert_string_equal(got.v[0].location_type, "CITIES");
	assert_string_equal(got.v[0].note, hostile);
	assert_int_equal(got.v[0].kind, CHANGE_DELETE);
	assert_int_equal(got.v[0].type, TYPE_LOCATION);
	assert_int_equal(got.v[0].op, OP_NE);
	assert_true(got.v[0].held);
	assert_null(got.v[1].name);
	assert_null(got.v[1].criterion_id);
	assert_int_equal(got.v[1].type, TYPE_UNKNOWN);
	assert_string_equal(got.v[1].type_name, "SOMETHING_NEW");
	assert_int_equal(got.v[1].op, OP_OTHER);
	change_set_done(&set);
	change_set_done(&got);
}

static void undo_and_redo_walk_over_every_action(void **state)
{
	uint64_t a[2], b[1];

	(void)state;
	assert_int_equal(stage("a", 2, a), ERR_OK);
	assert_int_equal(stage("b", 1, b), ERR_OK);
	assert_int_equal(hold(a[1], true), ERR_OK);
	assert_int_equal(unstage(a[0], NULL), ERR_OK);
	assert_string_equal(listed(DRAFT_STAGED), "[a1] b0");
	assert_int_equal(undo(), ERR_OK);
	assert_string_equal(step.title, "unstage 1 edit");
	assert_string_equal(listed(DRAFT_STAGED), "a0 [a1] b0");
	assert_int_equal(undo(), ERR_OK);
	assert_string_equal(listed(DRAFT_STAGED), "a0 a1 b0");
	assert_int_equal(undo(), ERR_OK);
	assert_string_equal(listed(DRAFT_STAGED), "a0 a1");
	temp_reopen();
	assert_int_equal(undo(), ERR_OK);
	assert_int_equal(step.n, 2);
	assert_string_equal(listed(DRAFT_STAGED), "");
	assert_int_equal(undo(), ERR_NOTFOUND);
	for (int i = 0; i < 4; i++)
		assert_int_equal(redo(), ERR_OK);
	assert_string_equal(listed(DRAFT_STAGED), "[a1] b0");
	assert_int_equal(redo(), ERR_NOTFOUND);
	assert_int_equal(ei.code, ERR_NOTFOUND);
}

static void a_new_action_ends_redo(void **state)
{
	(void)state;
	stage("a", 1, NULL);
	stage("b", 1, NULL);
	undo();
	stage("c", 1, NULL);
	assert_int_equal(redo(), ERR_NOTFOUND);
	assert_string_equal(listed(DRAFT_STAGED), "a0 c0");
	assert_int_equal(undo(), ERR_OK);
	assert_int_equal(undo(), ERR_OK);
	assert_int_equal(undo(), ERR_NOTFOUND);
}

static void undo_has_no_limit(void **state)
{
	(void)state;
	for (int i = 0; i < 300; i++)
		assert_int_equal(stage("x", 1, NULL), ERR_OK);
	for (int i = 0; i < 300; i++)
		assert_int_equal(undo(), ERR_OK);
	assert_string_equal(listed(DRAFT_STAGED), "");
	for (int i = 0; i < 300; i++)
		assert_int_equal(redo(), ERR_OK);
	assert_int_equal(drafts_count(s, ACCOUNT).staged, 300);
}

static void unknown_ids_change_nothing(void **state)
{
	uint64_t ids[3];
	size_t done;

	(void)state;
	stage("a", 1, ids);
	ids[1] = 999;
	ids[2] = 0;
	assert_int_equal(drafts_unstage(s, "other", ids, 3, &done, &ei), ERR_OK);
	assert_int_equal(done, 0);
	assert_int_equal(drafts_unstage(s, ACCOUNT, ids, 3, &done, &ei), ERR_OK);
	assert_int_equal(done, 1);
	assert_int_equal(drafts_unstage(s, ACCOUNT, ids, 3, &done, &ei), ERR_OK);
	assert_int_equal(done, 0);
	/* an action without effect is none: undo brings the edit back at once */
	assert_int_equal(undo(), ERR_OK);
	assert_string_equal(listed(DRAFT_STAGED), "a0");
}

static void ids_in_any_order_are_undone(void **state)
{
	uint64_t ids[4], mixed[4];

	(void)state;
	stage("a", 4, ids);
	mixed[0] = ids[3];
	mixed[1] = ids[0];
	mixed[2] = ids[2];
	mixed[3] = ids[0];
	assert_int_equal(drafts_unstage(s, ACCOUNT, mixed, 4, NULL, &ei), ERR_OK);
	assert_string_equal(listed(DRAFT_STAGED), "a1");
	assert_int_equal(undo(), ERR_OK);
	assert_int_equal(step.n, 3);
	assert_string_equal(listed(DRAFT_STAGED), "a0 a1 a2 a3");
}

static void incomplete_edits_are_refused_whole(void **state)
{
	struct change_set set;

	(void)state;
	change_set_init(&set);
	change_set_copy(
	    &set, &(struct change){.line_item_id = "l", .type_name = "AGE", .value = "1"});
	change_set_copy(
	    &set, &(struct change){.line_item_id = "l", .type_name = "AGE", .kind = CHANGE_DELETE});
	assert_int_equal(drafts_stage(s, ACCOUNT, &set, "x", &ei), ERR_USAGE);
	set.v[1].kind = CHANGE_CREATE;
	set.v[1].line_item_id = NULL;
	assert_int_equal(drafts_stage(s, ACCOUNT, &set, "x", &ei), ERR_USAGE);
	assert_string_equal(listed(DRAFT_STAGED), "");
	set.n = 0;
	assert_int_equal(drafts_stage(s, ACCOUNT, &set, "x", &ei), ERR_OK);
	assert_int_equal(undo(), ERR_NOTFOUND);
	change_set_done(&set);
}

static void accounts_hosts_and_drafts_are_apart(void **state)
{
	struct draft_names names;

	(void)state;
	stage("a", 1, NULL);
	assert_int_equal(drafts_count(s, "other").staged, 0);
	assert_int_equal(store_bind(s, "demo", "12", &ei), ERR_OK);
	assert_string_equal(listed(DRAFT_STAGED), "");
	assert_int_equal(store_bind(s, "ads-api.x.com", "12", &ei), ERR_OK);
	assert_string_equal(listed(DRAFT_STAGED), "a0");
	assert_int_equal(drafts_select(s, ACCOUNT, "spring", &ei), ERR_OK);
	assert_string_equal(listed(DRAFT_STAGED), "");
	stage("b", 2, NULL);
	assert_int_equal(undo(), ERR_OK);
	assert_int_equal(undo(), ERR_NOTFOUND);
	assert_int_equal(redo(), ERR_OK);
	assert_int_equal(drafts_names(s, ACCOUNT, &names, &ei), ERR_OK);
	assert_int_equal(names.n, 2);
	assert_string_equal(names.v[0].name, "");
	assert_int_equal(names.v[0].n.staged, 1);
	assert_string_equal(names.v[1].name, "spring");
	assert_int_equal(names.v[1].n.staged, 2);
	draft_names_done(&names);
	assert_int_equal(drafts_select(s, ACCOUNT, "", &ei), ERR_OK);
	assert_string_equal(listed(DRAFT_STAGED), "a0");
	assert_int_equal(drafts_select(s, ACCOUNT, "\xff", &ei), ERR_USAGE);
	assert_string_equal(drafts_selected(s), "");
}

static void counts_follow_every_change(void **state)
{
	uint64_t a[3], version;

	(void)state;
	assert_int_equal(drafts_count(s, ACCOUNT).staged, 0);
	stage("a", 3, a);
	assert_int_equal(drafts_count(s, ACCOUNT).staged, 3);
	assert_int_equal(drafts_count(s, ACCOUNT).held, 0);
	hold(a[0], true);
	assert_int_equal(drafts_count(s, ACCOUNT).held, 1);
	version = drafts_version(s);
	unstage(a[0], NULL);
	assert_true(drafts_version(s) != version);
	assert_int_equal(drafts_count(s, ACCOUNT).staged, 2);
	assert_int_equal(drafts_count(s, ACCOUNT).held, 0);
	undo();
	assert_int_equal(drafts_count(s, ACCOUNT).held, 1);
}

static void two_terminals_stage_at_once(void **state)
{
	struct store *first = s, *second;

	(void)state;
	stage("a", 1, NULL);
	temp_open();
	second = s;
	for (int i = 0; i < 20; i++) {
		s = i % 2 ? first : second;
		assert_int_equal(stage(i % 2 ? "f" : "s", 1, NULL), ERR_OK);
	}
	s = first;
	assert_int_equal(drafts_count(s, ACCOUNT).staged, 21);
	s = second;
	assert_int_equal(drafts_count(s, ACCOUNT).staged, 21);
	store_close(second);
	s = first;
	/* the readable copy has them all, too */
	unlink(temp_file(temp_paths.state, "state.db"));
	unlink(temp_file(temp_paths.state, "state.db-wal"));
	unlink(temp_file(temp_paths.state, "state.db-shm"));
	temp_reopen();
	assert_int_equal(drafts_count(s, ACCOUNT).staged, 21);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEMP(staged_edits_survive_with_every_field),
	    TEMP(undo_and_redo_walk_over_every_action),
	    TEMP(a_new_action_ends_redo),
	    TEMP(undo_has_no_limit),
	    TEMP(unknown_ids_change_nothing),
	    TEMP(ids_in_any_order_are_undone),
	    TEMP(incomplete_edits_are_refused_whole),
	    TEMP(accounts_hosts_and_drafts_are_apart),
	    TEMP(counts_follow_every_change),
	    TEMP(two_terminals_stage_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
