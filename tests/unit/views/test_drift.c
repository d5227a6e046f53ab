/* What others do to the same line items between the review and the posting: rows B9 to B13 of the
 * fault matrix, on the screen. */
#include "tests/unit/views/kit.h"
#include "tests/unit/session/world.h"

#include "session/merge_model.h"

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

static void stage_age(struct kit *k, const char *value)
{
	struct change c = {.line_item_id = "li1",
	    .type = TYPE_AGE,
	    .type_name = "AGE",
	    .value = value,
	    .kind = CHANGE_CREATE};
	struct errinfo ei = {0};
	size_t staged;

	assert_int_equal(staging_add(k->session, &c, 1, &staged, &ei), ERR_OK);
}

static void stage_removal(struct kit *k, const char *id, const char *type, const char *value)
{
	struct change c = {.line_item_id = "li1",
	    .criterion_id = id,
	    .type = type_by_name(type),
	    .type_name = type,
	    .value = value,
	    .kind = CHANGE_DELETE};
	struct errinfo ei = {0};
	size_t staged;

	assert_int_equal(staging_add(k->session, &c, 1, &staged, &ei), ERR_OK);
}

/* Review, ask to post, and while the question is open somebody else is at work; then confirm. */
static void review_and_post(struct kit *k, void (*foreign)(void))
{
	kit_press(k, "r");
	world_settle(k);
	kit_turns(k);
	kit_press(k, "P");
	assert_sees(k, "Post these changes?");
	if (foreign)
		foreign();
	kit_press(k, "y");
	world_settle(k);
	kit_turns(k);
}

static void they_add_shoes(void)
{
	world_add("li1", "BROAD_KEYWORD", "EQ", "shoes");
}

static void b9_what_they_added_already_is_not_sent(void **state)
{
	struct kit *k = *state;

	world_stage(k, "li1", "shoes");
	review_and_post(k, they_add_shoes);
	assert_int_equal(world.posts, 0);
	assert_string_equal(world_live(), "li1/ca0 li1!aud1 li2/AGE_25_TO_49 li1/shoes");
	assert_sees(k, "was so already, not sent");
	assert_string_equal(world_drafts(k), "0 staged 0 sending 0 unknown");
	assert_int_equal(applying_status(k->session)->ei.code, ERR_OK);
}

static void they_remove_california(void)
{
	world.rows[0].deleted = true;
}

static void b10_what_they_removed_already_is_no_failure(void **state)
{
	struct kit *k = *state;

	world_stage(k, "li1", "shoes");
	stage_removal(k, "c1", "LOCATION", "ca0");
	kit_press(k, "r");
	world_settle(k);
	kit_turns(k);
	/* the removal of the only place is typed for */
	kit_press(k, "P");
	kit_type(k, "widen");
	they_remove_california();
	kit_press(k, "Tab Tab y");
	world_settle(k);
	assert_int_equal(world.posts, 1);
	assert_string_equal(world_live(), "li1!aud1 li2/AGE_25_TO_49 li1/shoes");
	assert_int_equal(applying_status(k->session)->by_outcome[OUTCOME_NOOP], 1);
	assert_int_equal(applying_status(k->session)->by_outcome[OUTCOME_VERIFIED], 1);
	assert_int_equal(applying_status(k->session)->ei.code, ERR_OK);
	assert_string_equal(world_drafts(k), "0 staged 0 sending 0 unknown");
}

static void they_add_hats(void)
{
	world_add("li1", "BROAD_KEYWORD", "EQ", "hats");
}

static void b11_their_other_edits_are_shown_and_confirmed_anew(void **state)
{
	struct kit *k = *state;

	world_stage(k, "li1", "shoes");
	review_and_post(k, they_add_hats);
	assert_int_equal(world.posts, 0);
	assert_string_equal(world_drafts(k), "1 staged 0 sending 0 unknown");
	assert_sees(k, "1 change by others since the posting was confirmed");
	kit_press(k, "m");
	assert_sees(k, "hats");
	assert_sees(k, "theirs: stays");
	assert_sees(k, "Nothing is left to choose");
	kit_press(k, "q");
	kit_press(k, "P");
	assert_sees(k, "1 change by others since you confirmed last");
	kit_press(k, "Esc");
	assert_int_equal(world.posts, 0);
	kit_press(k, "P");
	kit_press(k, "y");
	world_settle(k);
	assert_int_equal(world.posts, 1);
	assert_string_equal(world_live(), "li1/ca0 li1!aud1 li2/AGE_25_TO_49 li1/hats li1/shoes");
	kit_turns(k);
	assert_not_sees(k, "by others since");
}

static void they_set_an_age(void)
{
	world_add("li1", "AGE", "EQ", "AGE_13_TO_24");
}

static void conflict_about_age(struct kit *k)
{
	stage_age(k, "AGE_35_TO_49");
	world_stage(k, "li2", "boots");
	review_and_post(k, they_set_an_age);
	assert_int_equal(world.posts, 0);
	assert_sees(k, "m chooses, mine or theirs");
	/* P is refused until there is a choice */
	kit_press(k, "P");
	assert_sees(k, "m chooses between mine and theirs");
	kit_press(k, "m");
	assert_sees(k, "2 to choose");
	assert_sees(k, "CHOOSE");
}

static void b11_of_two_ages_mine_replaces_theirs(void **state)
{
	struct kit *k = *state;

	conflict_about_age(k);
	kit_press(k, "m");
	assert_sees(k, "mine: theirs is removed");
	assert_sees(k, "Nothing is left to choose");
	assert_int_equal(staging_total(k->session).deletes, 1);
	review_and_post(k, NULL);
	assert_int_equal(world.posts, 1);
	assert_string_equal(
	    world_live(), "li1/ca0 li1!aud1 li2/AGE_25_TO_49 li1/AGE_35_TO_49 li2/boots");
}

static void b11_of_two_ages_theirs_stays(void **state)
{
	struct kit *k = *state;

	conflict_about_age(k);
	kit_press(k, "t");
	assert_sees(k, "Nothing is left to choose");
	assert_int_equal(staging_changes(k->session)->n, 1);
	review_and_post(k, NULL);
	assert_string_equal(
	    world_live(), "li1/ca0 li1!aud1 li2/AGE_25_TO_49 li1/AGE_13_TO_24 li2/boots");
}

static void b11_of_two_ages_both_are_dropped(void **state)
{
	struct kit *k = *state;

	conflict_about_age(k);
	kit_press(k, "b");
	assert_int_equal(staging_total(k->session).deletes, 1);
	assert_int_equal(staging_total(k->session).creates, 1);
	kit_press(k, "r");
	world_settle(k);
	kit_turns(k);
	kit_press(k, "P");
	kit_type(k, "widen");
	kit_press(k, "Tab Tab y");
	world_settle(k);
	assert_string_equal(world_live(), "li1/ca0 li1!aud1 li2/AGE_25_TO_49 li2/boots");
}

static void they_exclude_shoes_and_add_hats(void)
{
	world_add("li1", "BROAD_KEYWORD", "NE", "shoes");
	they_add_hats();
}

static void b11_the_opposite_sense_is_chosen_for_all_marked(void **state)
{
	struct kit *k = *state;

	world_stage(k, "li1", "shoes");
	review_and_post(k, they_exclude_shoes_and_add_hats);
	assert_int_equal(world.posts, 0);
	kit_press(k, "m");
	assert_sees(k, "2 to choose");
	kit_press(k, "*");
	kit_press(k, "m");
	assert_sees(k, "Nothing is left to choose");
	/* hats, which only they touched, goes too: that is what all means */
	assert_int_equal(staging_total(k->session).deletes, 2);
	/* and undo takes the choice back */
	kit_press(k, "u");
	assert_sees(k, "2 to choose");
	kit_press(k, "U");
	kit_press(k, "r");
	world_settle(k);
	kit_turns(k);
	kit_press(k, "P");
	kit_type(k, "widen");
	kit_press(k, "Tab Tab y");
	world_settle(k);
	assert_string_equal(world_live(), "li1/ca0 li1!aud1 li2/AGE_25_TO_49 li1/shoes");
}

static void the_choice_outlives_the_program_and_is_in_the_journal(void **state)
{
	struct kit *k = *state;
	struct errinfo ei = {0};

	conflict_about_age(k);
	world_restart(k);
	kit_connect(k, world_answer);
	assert_int_equal(app_resize(k->app, 140, 40), ERR_OK);
	assert_int_equal(app_push(k->app, &line_items_view, NULL, NULL, &ei), ERR_OK);
	assert_int_equal(app_exec(k->app, "merge", &ei), ERR_OK);
	kit_turns(k);
	assert_sees(k, "2 to choose");
	kit_press(k, "t");
	kit_press(k, "7");
	kit_press(k, "Enter");
	kit_press(k, "G");
	assert_sees(k, "chose theirs of line item li1: + AGE AGE_13_TO_24");
}

static void b12_a_change_between_the_check_and_the_request_is_reported(void **state)
{
	struct kit *k = *state;

	world.on_post = they_add_hats;
	world_stage(k, "li1", "shoes");
	review_and_post(k, NULL);
	assert_int_equal(world.posts, 1);
	assert_int_equal(applying_status(k->session)->foreign, 1);
	assert_sees(k, "1 change by somebody else on these line items, left alone");
	assert_sees(k, "applied, seen in the account");
}

static void they_delete_the_line_item(void)
{
	world.item_deleted = true;
}

static void they_delete_the_campaign(void)
{
	world.campaign_deleted = true;
}

static void they_pause_the_line_item(void)
{
	world.item_status = "PAUSED";
}

static void they_pause_the_campaign(void)
{
	world.campaign_status = "PAUSED";
}

static void b13_nothing_is_sent_to_what_was_deleted(void **state)
{
	struct kit *k = *state;

	world_stage(k, "li1", "shoes");
	review_and_post(k, they_delete_the_line_item);
	assert_int_equal(world.posts, 0);
	assert_sees(k, "the line item was deleted");
	/* however often it is confirmed */
	review_and_post(k, NULL);
	assert_int_equal(world.posts, 0);
	world.item_deleted = false;
	review_and_post(k, they_delete_the_campaign);
	assert_int_equal(world.posts, 0);
	assert_sees(k, "its campaign was deleted");
	assert_string_equal(world_drafts(k), "1 staged 0 sending 0 unknown");
}

static void b13_what_was_paused_is_told_and_confirmed_anew(void **state)
{
	struct kit *k = *state;

	world_stage(k, "li1", "shoes");
	review_and_post(k, they_pause_the_line_item);
	assert_int_equal(world.posts, 0);
	assert_sees(k, "it is PAUSED since it was reviewed, it was ACTIVE");
	review_and_post(k, they_pause_the_campaign);
	assert_int_equal(world.posts, 0);
	assert_sees(k, "its campaign is PAUSED since it was reviewed");
	review_and_post(k, NULL);
	assert_int_equal(world.posts, 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    T(b9_what_they_added_already_is_not_sent),
	    T(b10_what_they_removed_already_is_no_failure),
	    T(b11_their_other_edits_are_shown_and_confirmed_anew),
	    T(b11_of_two_ages_mine_replaces_theirs),
	    T(b11_of_two_ages_theirs_stays),
	    T(b11_of_two_ages_both_are_dropped),
	    T(b11_the_opposite_sense_is_chosen_for_all_marked),
	    T(the_choice_outlives_the_program_and_is_in_the_journal),
	    T(b12_a_change_between_the_check_and_the_request_is_reported),
	    T(b13_nothing_is_sent_to_what_was_deleted),
	    T(b13_what_was_paused_is_told_and_confirmed_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
