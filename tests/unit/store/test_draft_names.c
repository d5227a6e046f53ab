/* Several drafts of one account: each keeps its own edits and its own undo, whatever is renamed,
 * copied, deleted and brought back, in this terminal or in another. */
#include "tests/unit/store/edits.h"

/* "(first)=1 spring=2 autumn! ": name=staged, "!" when deleted. */
static const char *drafts(void)
{
	static char out[1024];
	struct draft_names d;
	size_t used = 0;

	assert_int_equal(drafts_names(s, ACCOUNT, &d, &ei), ERR_OK);
	out[0] = '\0';
	for (size_t i = 0; i < d.n; i++) {
		const char *name = d.v[i].name[0] ? d.v[i].name : "(first)";

		if (d.v[i].deleted_at)
			used += (size_t)snprintf(
			    out + used, sizeof out - used, "%s%s!", i ? " " : "", name);
		else
			used += (size_t)snprintf(out + used, sizeof out - used, "%s%s=%zu",
			    i ? " " : "", name, d.v[i].n.staged);
	}
	draft_names_done(&d);
	return out;
}

static void go(const char *name)
{
	assert_int_equal(drafts_select(s, ACCOUNT, name, &ei), ERR_OK);
}

static enum err undo(void)
{
	struct draft_step step;

	return drafts_undo(s, ACCOUNT, &step, &ei);
}

static enum err redo(void)
{
	struct draft_step step;

	return drafts_redo(s, ACCOUNT, &step, &ei);
}

static void the_list_counts_and_dates_each_draft(void **state)
{
	struct draft_names d;
	uint64_t ids[3];

	(void)state;
	stage("a", 3, ids);
	hold(ids[1], true);
	clock_step_ms(60000);
	go("spring");
	clock_step_ms(60000);
	assert_int_equal(drafts_names(s, ACCOUNT, &d, &ei), ERR_OK);
	assert_int_equal(d.n, 2);
	assert_int_equal(d.v[0].n.staged, 3);
	assert_int_equal(d.v[0].n.held, 1);
	assert_int_equal(d.v[0].line_items, 1);
	assert_int_equal(d.v[0].changed_at, clock_wall_s() - 120);
	assert_int_equal(d.v[1].n.staged, 0);
	assert_int_equal(d.v[1].changed_at, clock_wall_s() - 60);
	draft_names_done(&d);
}

static void renaming_takes_edits_and_undo_along(void **state)
{
	(void)state;
	go("spring");
	stage("a", 2, NULL);
	stage("b", 1, NULL);
	assert_int_equal(drafts_rename(s, ACCOUNT, "spring", "summer", &ei), ERR_OK);
	assert_string_equal(drafts_selected(s), "summer");
	assert_string_equal(listed(DRAFT_STAGED), "a0 a1 b0");
	assert_int_equal(undo(), ERR_OK);
	assert_string_equal(drafts(), "summer=2");
	temp_reopen();
	go("summer");
	assert_int_equal(redo(), ERR_OK);
	assert_string_equal(drafts(), "summer=3");
	go("autumn");
	assert_int_equal(drafts_rename(s, ACCOUNT, "summer", "autumn", &ei), ERR_REFUSED);
	assert_int_equal(drafts_rename(s, ACCOUNT, "winter", "x", &ei), ERR_NOTFOUND);
	assert_int_equal(drafts_rename(s, ACCOUNT, "summer", "a\nb", &ei), ERR_USAGE);
	assert_int_equal(drafts_rename(s, ACCOUNT, "summer", "", &ei), ERR_USAGE);
	assert_string_equal(drafts(), "autumn=0 summer=3");
}

static void the_first_draft_can_be_put_aside_under_a_name(void **state)
{
	(void)state;
	stage("a", 2, NULL);
	assert_int_equal(drafts_rename(s, ACCOUNT, "", "later", &ei), ERR_OK);
	assert_string_equal(drafts_selected(s), "later");
	go("");
	assert_string_equal(listed(DRAFT_STAGED), "");
	stage("b", 1, NULL);
	assert_string_equal(drafts(), "(first)=1 later=2");
}

static void a_copy_is_apart_from_its_original(void **state)
{
	uint64_t ids[2];
	size_t n = 0;

	(void)state;
	stage("a", 2, ids);
	hold(ids[1], true);
	assert_int_equal(drafts_copy(s, ACCOUNT, "", "copy", &n, &ei), ERR_OK);
	assert_int_equal(n, 2);
	assert_string_equal(drafts_selected(s), "");
	unstage(ids[0], NULL);
	go("copy");
	assert_string_equal(listed(DRAFT_STAGED), "a0 [a1]");
	stage("b", 1, NULL);
	assert_string_equal(drafts(), "(first)=1 copy=3");
	assert_int_equal(undo(), ERR_OK);
	assert_int_equal(undo(), ERR_OK);
	assert_string_equal(drafts(), "(first)=1 copy=0");
	assert_int_equal(drafts_copy(s, ACCOUNT, "", "copy", NULL, &ei), ERR_REFUSED);
	assert_int_equal(drafts_copy(s, ACCOUNT, "none", "copy2", NULL, &ei), ERR_NOTFOUND);
}

static void a_deleted_draft_comes_back_whole(void **state)
{
	(void)state;
	stage("a", 1, NULL);
	go("spring");
	stage("b", 2, NULL);
	stage("c", 1, NULL);
	assert_int_equal(drafts_delete(s, ACCOUNT, "spring", &ei), ERR_OK);
	assert_string_equal(drafts_selected(s), "");
	assert_string_equal(drafts(), "(first)=1 spring!");
	assert_int_equal(drafts_delete(s, ACCOUNT, "spring", &ei), ERR_NOTFOUND);
	temp_reopen();
	assert_int_equal(drafts_restore(s, ACCOUNT, "spring", &ei), ERR_OK);
	assert_string_equal(drafts(), "(first)=1 spring=3");
	go("spring");
	assert_int_equal(undo(), ERR_OK);
	assert_string_equal(listed(DRAFT_STAGED), "b0 b1");
	assert_int_equal(drafts_restore(s, ACCOUNT, "spring", &ei), ERR_NOTFOUND);
	assert_int_equal(drafts_delete(s, ACCOUNT, "", &ei), ERR_REFUSED);
}

static void the_name_of_a_deleted_draft_leads_back_to_it(void **state)
{
	(void)state;
	go("spring");
	stage("b", 2, NULL);
	assert_int_equal(drafts_delete(s, ACCOUNT, "spring", &ei), ERR_OK);
	assert_int_equal(drafts_rename(s, ACCOUNT, "", "spring", &ei), ERR_NOTFOUND);
	stage("a", 1, NULL);
	assert_int_equal(drafts_rename(s, ACCOUNT, "", "spring", &ei), ERR_REFUSED);
	go("spring");
	assert_string_equal(drafts(), "(first)=1 spring=0");
	assert_int_equal(undo(), ERR_OK);
	assert_string_equal(drafts(), "(first)=1 spring=2");
}

static void what_another_terminal_does_to_the_selected_draft_is_followed(void **state)
{
	struct store *mine = s, *other;
	bool gone = true;
	uint64_t version;

	(void)state;
	go("spring");
	stage("a", 1, NULL);
	temp_open();
	other = s;
	s = mine;
	version = drafts_version(s);
	assert_int_equal(drafts_rename(other, ACCOUNT, "spring", "summer", &ei), ERR_OK);
	assert_true(drafts_version(s) != version);
	assert_int_equal(drafts_follow(s, ACCOUNT, &gone, &ei), ERR_OK);
	assert_false(gone);
	assert_string_equal(drafts_selected(s), "summer");
	assert_string_equal(listed(DRAFT_STAGED), "a0");
	version = drafts_version(s);
	assert_int_equal(drafts_delete(other, ACCOUNT, "summer", &ei), ERR_OK);
	assert_true(drafts_version(s) != version);
	/* what is staged before the deletion was seen is in a draft that is there again */
	stage("b", 1, NULL);
	assert_string_equal(drafts(), "summer=1");
	assert_int_equal(drafts_delete(other, ACCOUNT, "summer", &ei), ERR_OK);
	assert_int_equal(drafts_follow(s, ACCOUNT, &gone, &ei), ERR_OK);
	assert_true(gone);
	assert_string_equal(drafts_selected(s), "");
	store_close(other);
}

static void named_drafts_are_rebuilt_from_the_log(void **state)
{
	(void)state;
	stage("a", 1, NULL);
	go("spring");
	stage("b", 2, NULL);
	assert_int_equal(drafts_copy(s, ACCOUNT, "spring", "copy", NULL, &ei), ERR_OK);
	assert_int_equal(drafts_rename(s, ACCOUNT, "spring", "summer", &ei), ERR_OK);
	stage("c", 1, NULL);
	go("old");
	stage("d", 1, NULL);
	assert_int_equal(drafts_delete(s, ACCOUNT, "old", &ei), ERR_OK);
	store_close(s);
	assert_int_equal(unlink(temp_file(temp_paths.state, "state.db")), 0);
	unlink(temp_file(temp_paths.state, "state.db-wal"));
	unlink(temp_file(temp_paths.state, "state.db-shm"));
	temp_open();
	assert_string_equal(drafts(), "(first)=1 copy=2 old=0 summer=3");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEMP(the_list_counts_and_dates_each_draft),
	    TEMP(renaming_takes_edits_and_undo_along),
	    TEMP(the_first_draft_can_be_put_aside_under_a_name),
	    TEMP(a_copy_is_apart_from_its_original),
	    TEMP(a_deleted_draft_comes_back_whole),
	    TEMP(the_name_of_a_deleted_draft_leads_back_to_it),
	    TEMP(what_another_terminal_does_to_the_selected_draft_is_followed),
	    TEMP(named_drafts_are_rebuilt_from_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
