/* Staging: what is asked for twice is staged once, the opposite takes back, and another terminal's
 * edits appear. */
#include "tests/unit/session/kit.h"
#include "tests/unit/session/world.h"

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

static size_t add(struct kit *k, const struct change *v, size_t n)
{
	struct errinfo ei = {0};
	size_t staged = 99;

	assert_int_equal(staging_add(k->session, v, n, &staged, &ei), ERR_OK);
	return staged;
}

static struct change removal(const char *id, const char *value)
{
	struct change c = world_create("li1", value);

	c.kind = CHANGE_DELETE;
	c.criterion_id = id;
	return c;
}

static void the_same_twice_is_staged_once(void **state)
{
	struct kit *k = *state;
	struct change twice[3] = {world_create("li1", "shoes"), world_create("li2", "shoes"),
	    world_create("li1", " SHOES ")};

	assert_int_equal(add(k, twice, 3), 2);
	assert_int_equal(add(k, twice, 3), 0);
	assert_int_equal(staging_total(k->session).creates, 2);
	assert_int_equal(staging_count(k->session, "li1").creates, 1);
	assert_int_equal(staging_count(k->session, "li9").creates, 0);
}

static void what_is_live_is_not_added_again(void **state)
{
	struct kit *k = *state;
	struct change c = {.line_item_id = "li1",
	    .type = TYPE_LOCATION,
	    .type_name = "LOCATION",
	    .value = "ca0",
	    .kind = CHANGE_CREATE};

	assert_int_equal(add(k, &c, 1), 0);
}

static void the_opposite_takes_back(void **state)
{
	struct kit *k = *state;
	struct change c = world_create("li1", "shoes"), d = c;

	d.kind = CHANGE_DELETE;
	assert_int_equal(add(k, &c, 1), 1);
	assert_int_equal(add(k, &d, 1), 1);
	assert_int_equal(staging_changes(k->session)->n, 0);
}

/* A double of the same criterion: each has its own id, and each can go. */
static void two_of_a_kind_are_removed_each(void **state)
{
	struct kit *k = *state;
	struct change both[2] = {removal("d1", "shoes"), removal("d2", "shoes")};

	assert_int_equal(add(k, both, 2), 2);
	assert_int_equal(add(k, both, 2), 0);
	assert_int_equal(staging_total(k->session).deletes, 2);
}

static void undo_and_redo_go_all_the_way(void **state)
{
	struct kit *k = *state;
	struct errinfo ei = {0};
	char what[64], value[16];

	for (int i = 0; i < 40; i++) {
		snprintf(value, sizeof value, "w%d", i);
		world_stage(k, "li1", value);
	}
	for (int i = 40; i > 0; i--) {
		assert_int_equal(staging_changes(k->session)->n, i);
		assert_int_equal(staging_undo(k->session, what, &ei), ERR_OK);
	}
	assert_int_not_equal(staging_undo(k->session, what, &ei), ERR_OK);
	world_restart(k);
	for (int i = 0; i < 40; i++)
		assert_int_equal(staging_redo(k->session, what, &ei), ERR_OK);
	assert_int_not_equal(staging_redo(k->session, what, &ei), ERR_OK);
	assert_int_equal(staging_changes(k->session)->n, 40);
}

/* Taking off, taking back by the opposite, and staging: one step, which undo names as a whole. */
static void what_goes_and_what_comes_is_one_step(void **state)
{
	struct kit *k = *state;
	struct change on[2] = {world_create("li1", "boots"), world_create("li2", "hats")};
	struct errinfo ei = {0};
	struct staging_change c = {.on = on, .n_on = 2};
	char what[64];
	size_t staged;
	uint64_t id;

	world_stage(k, "li1", "shoes");
	world_stage(k, "li1", "boots");
	id = staging_changes(k->session)->v[0].id;
	on[0].kind = CHANGE_DELETE;
	c.off = &id;
	c.n_off = 1;
	assert_int_equal(staging_change(k->session, &c, &staged, &ei), ERR_OK);
	assert_int_equal(staged, 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(staging_changes(k->session)->n, 1);
		assert_string_equal(staging_changes(k->session)->v[0].value, "hats");
		assert_int_equal(staging_undo(k->session, what, &ei), ERR_OK);
		assert_string_equal(what, "change 3 criteria");
		assert_int_equal(staging_changes(k->session)->n, 2);
		assert_int_equal(staging_redo(k->session, what, &ei), ERR_OK);
		assert_string_equal(what, "change 3 criteria");
	}
}

static void a_shared_set_stays_while_it_is_held(void **state)
{
	struct kit *k = *state;
	struct staged *held;
	const struct change *c;

	assert_int_equal(world_stage(k, "li1", "shoes"), 1);
	held = staging_share(k->session);
	c = &staging_changes(k->session)->v[0];
	world_stage(k, "li1", "boots");
	assert_string_equal(c->value, "shoes");
	staging_release(held);
}

static void stage_elsewhere(struct change c)
{
	struct errinfo ei = {0};
	struct change_set set;
	struct store *other;
	struct paths p;

	assert_int_equal(paths_init(&p, "test", &ei), ERR_OK);
	other = store_open(&p, &ei);
	assert_int_equal(store_bind(other, "demo", "12", &ei), ERR_OK);
	change_set_init(&set);
	assert_non_null(change_set_copy(&set, &c));
	assert_int_equal(drafts_stage(other, KIT_ACCOUNT, &set, "theirs", &ei), ERR_OK);
	change_set_done(&set);
	store_close(other);
}

/* Before the stage was followed: the same removal is not staged a second time. */
static void what_another_terminal_just_staged_counts(void **state)
{
	struct kit *k = *state;
	struct change c = removal("d1", "shoes");

	kit_turns(k);
	stage_elsewhere(c);
	assert_int_equal(staging_changes(k->session)->n, 0);
	assert_int_equal(add(k, &c, 1), 0);
	assert_int_equal(staging_total(k->session).deletes, 1);
}

static void what_another_terminal_stages_appears(void **state)
{
	struct kit *k = *state;

	kit_turns(k);
	stage_elsewhere(world_create("li2", "theirs"));
	assert_int_equal(staging_changes(k->session)->n, 0);
	for (int i = 0; i < 30; i++) {
		loop_turn(k->loop, 0);
		clock_step_ms(100);
	}
	assert_int_equal(staging_changes(k->session)->n, 1);
	assert_string_equal(staging_changes(k->session)->v[0].value, "theirs");
}

static void a_read_only_session_stages_nothing(void **state)
{
	struct kit *k = *state;
	struct change c = world_create("li1", "shoes");
	struct errinfo ei = {0};
	size_t staged;

	k->session->cfg.read_only = true;
	assert_int_equal(staging_add(k->session, &c, 1, &staged, &ei), ERR_REFUSED);
	assert_int_equal(staged, 0);
	assert_int_equal(drafts_count(k->store, KIT_ACCOUNT).staged, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(the_same_twice_is_staged_once),
	    T(what_is_live_is_not_added_again),
	    T(the_opposite_takes_back),
	    T(two_of_a_kind_are_removed_each),
	    T(undo_and_redo_go_all_the_way),
	    T(what_goes_and_what_comes_is_one_step),
	    T(a_shared_set_stays_while_it_is_held),
	    T(what_another_terminal_stages_appears),
	    T(what_another_terminal_just_staged_counts),
	    T(a_read_only_session_stages_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
