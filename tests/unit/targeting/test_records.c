/* Records, types, staged changes and the effective set. */
#include "tests/unit/targeting/kit.h"

#include "base/mem.h"
#include "targeting/effective.h"

/* --- types */

static void every_type_is_found_by_its_name(void **state)
{
	(void)state;
	for (int t = 1; t < TYPE_COUNT; t++) {
		const struct type_info *info = type_info((enum targeting_type)t);

		assert_int_equal(type_by_name(info->name), t);
		assert_true(strlen(info->label) > 0);
		assert_true(info->ops != 0);
	}
	assert_int_equal(type_by_name("LOCATIO"), TYPE_UNKNOWN);
	assert_int_equal(type_by_name("LOCATIONS"), TYPE_UNKNOWN);
	assert_int_equal(type_by_name("location"), TYPE_UNKNOWN);
	assert_int_equal(type_by_name(""), TYPE_UNKNOWN);
	assert_int_equal(type_by_name(NULL), TYPE_UNKNOWN);
	assert_string_equal(type_info(TYPE_COUNT)->name, "UNKNOWN");
}

static void operators_follow_the_table(void **state)
{
	(void)state;
	assert_true(type_allows(TYPE_BROAD_KEYWORD, OP_NE));
	assert_false(type_allows(TYPE_CUSTOM_AUDIENCE_EXPANDED, OP_NE));
	assert_false(type_allows(TYPE_APP_LIST, OP_EQ));
	assert_true(type_allows(TYPE_NETWORK_ACTIVATION_DURATION, OP_GTE));
	assert_false(type_allows(TYPE_LOCATION, OP_OTHER));
	assert_false(type_allows(TYPE_UNKNOWN, OP_EQ));
	assert_true(type_is_keyword(TYPE_EXACT_KEYWORD));
	assert_false(type_is_keyword(TYPE_NEGATIVE_EXACT_KEYWORD));
	for (int op = 0; op < OP_OTHER; op++)
		assert_int_equal(op_by_name(op_name((enum operator_type)op)), op);
	assert_int_equal(op_by_name("eq"), OP_OTHER);
	assert_int_equal(op_by_name(NULL), OP_OTHER);
}

static void fixed_values_have_labels(void **state)
{
	size_t n;
	const struct type_enum_value *v = type_enum_values(TYPE_AGE, &n);

	(void)state;
	assert_int_equal(n, 20);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(v[i].value, v[j].value);
	v = type_enum_values(TYPE_GENDER, &n);
	assert_int_equal(n, 2);
	assert_string_equal(v[1].label, "Female");
	assert_null(type_enum_values(TYPE_LOCATION, &n));
	assert_int_equal(n, 0);
}

/* --- records */

static void copies_outlive_what_they_were_copied_from(void **state)
{
	char name[] = "CRM list", raw[] = "{}";
	struct audience a = {.id = "2d9aa", .name = name, .raw = raw, .audience_size = 7}, *copy;
	struct audience_set s;

	(void)state;
	audience_set_init(&s);
	copy = audience_set_copy(&s, &a);
	assert_non_null(copy);
	memset(name, 'x', 4);
	memset(raw, 'x', 2);
	assert_string_equal(s.v[0].name, "CRM list");
	assert_string_equal(s.v[0].raw, "{}");
	assert_int_equal(s.v[0].audience_size, 7);
	assert_null(s.v[0].description);
	audience_set_done(&s);
	assert_int_equal(s.n, 0);
}

static void a_set_can_copy_its_own_records_while_it_grows(void **state)
{
	struct criterion_set s;

	(void)state;
	criterion_set_init(&s);
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_EQ, "tea");
	for (int i = 0; i < 100; i++)
		assert_non_null(criterion_set_copy(&s, &s.v[0]));
	assert_int_equal(s.n, 101);
	assert_string_equal(s.v[100].value, "tea");
	criterion_set_done(&s);
}

static void records_without_memory_are_not_added(void **state)
{
	struct criterion c = kit_criterion(TYPE_BROAD_KEYWORD, OP_EQ, "tea");
	struct criterion_set s;

	(void)state;
	criterion_set_init(&s);
	for (long fail = 0; fail < 2; fail++) {
		mem_fail_after(fail, 1);
		assert_null(criterion_set_copy(&s, &c));
		mem_fail_after(-1, 0);
		assert_int_equal(s.n, 0);
		criterion_set_done(&s);
	}
}

static void a_change_carries_the_whole_criterion(void **state)
{
	struct criterion c = kit_criterion(TYPE_LOCATION, OP_EQ, "us"), back;
	struct change ch;

	(void)state;
	c.id = "cr1";
	c.name = "United States";
	c.location_type = "COUNTRIES";
	change_from_criterion(&ch, CHANGE_DELETE, &c);
	assert_string_equal(ch.criterion_id, "cr1");
	change_to_criterion(&ch, &back);
	assert_string_equal(back.id, "cr1");
	assert_string_equal(back.name, "United States");
	assert_string_equal(back.location_type, "COUNTRIES");
	change_from_criterion(&ch, CHANGE_CREATE, &c);
	assert_null(ch.criterion_id);
	assert_string_equal(change_kind_name(CHANGE_CREATE), "Create");
	assert_string_equal(change_kind_name(CHANGE_DELETE), "Delete");
}

/* --- the effective set */

struct world {
	struct criterion_set live;
	struct change_set changes;
	struct effective e;
};

static void world_init(struct world *w)
{
	criterion_set_init(&w->live);
	change_set_init(&w->changes);
	effective_init(&w->e);
}

static void world_done(struct world *w)
{
	criterion_set_done(&w->live);
	change_set_done(&w->changes);
	effective_done(&w->e);
}

static void stage(struct world *w, enum change_kind kind, struct criterion c, bool held)
{
	struct change ch;

	change_from_criterion(&ch, kind, &c);
	ch.held = held;
	ch.id = w->changes.n + 1;
	assert_non_null(change_set_copy(&w->changes, &ch));
}

static void build(struct world *w, bool live_unknown)
{
	struct effective_input in = {.line_item_id = "li1",
	    .live = w->live.v,
	    .n_live = w->live.n,
	    .changes = w->changes.v,
	    .n_changes = w->changes.n,
	    .live_unknown = live_unknown};

	assert_int_equal(effective_build(&w->e, &in), ERR_OK);
}

static void rows_show_what_stays_goes_and_comes(void **state)
{
	struct criterion other = kit_criterion(TYPE_GENDER, OP_EQ, "1");
	struct world w;

	(void)state;
	world_init(&w);
	kit_add(&w.live, TYPE_BROAD_KEYWORD, OP_EQ, "tea");
	kit_add(&w.live, TYPE_LOCATION, OP_EQ, "us");
	kit_add(&w.live, TYPE_LOCATION, OP_EQ, "gone before");
	w.live.v[2].deleted = true;
	stage(&w, CHANGE_DELETE, w.live.v[1], false);
	stage(&w, CHANGE_CREATE, kit_criterion(TYPE_LOCATION, OP_EQ, "ca"), false);
	other.line_item_id = "li2";
	stage(&w, CHANGE_CREATE, other, false);
	build(&w, false);
	assert_int_equal(w.e.n, 3);
	assert_int_equal(w.e.v[0].state, EFFECTIVE_LIVE);
	assert_int_equal(w.e.v[1].state, EFFECTIVE_REMOVED);
	assert_int_equal(w.e.v[2].state, EFFECTIVE_ADDED);
	assert_int_equal(w.e.v[1].change->id, 1);
	assert_int_equal(w.e.v[2].change->id, 2);
	assert_int_equal(w.e.n_before, 2);
	assert_int_equal(w.e.n_after, 2);
	assert_string_equal(w.e.after[1]->value, "ca");
	assert_int_equal(w.e.n_added, 1);
	assert_int_equal(w.e.n_removed, 1);
	assert_int_equal(w.e.n_noops, 0);
	world_done(&w);
}

static void adding_and_removing_one_key_changes_nothing(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	kit_add(&w.live, TYPE_BROAD_KEYWORD, OP_EQ, "tea");
	stage(&w, CHANGE_CREATE, kit_criterion(TYPE_BROAD_KEYWORD, OP_EQ, "TEA"), false);
	stage(&w, CHANGE_DELETE, w.live.v[0], false);
	build(&w, false);
	assert_int_equal(w.e.n, 1);
	assert_int_equal(w.e.v[0].state, EFFECTIVE_LIVE);
	assert_int_equal(w.e.n_noops, 2);
	assert_int_equal(w.e.noop[0].why, NOOP_UNDONE);
	assert_string_equal(effective_why_text(NOOP_UNDONE), "added and removed again");
	world_done(&w);
}

static void held_changes_are_shown_but_not_counted(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	kit_add(&w.live, TYPE_LOCATION, OP_EQ, "us");
	stage(&w, CHANGE_DELETE, w.live.v[0], true);
	stage(&w, CHANGE_CREATE, kit_criterion(TYPE_LOCATION, OP_EQ, "ca"), true);
	build(&w, false);
	assert_int_equal(w.e.n, 2);
	assert_int_equal(w.e.v[0].state, EFFECTIVE_REMOVED);
	assert_true(w.e.v[0].held && w.e.v[1].held);
	assert_int_equal(w.e.n_after, 1);
	assert_ptr_equal(w.e.after[0], &w.live.v[0]);
	assert_int_equal(w.e.n_held, 2);
	assert_int_equal(w.e.n_added + w.e.n_removed, 0);
	world_done(&w);
}

/* A removal that is held leaves the row, so adding it again is pointless; the other way round the
 * removal stands and the addition waits. */
static void one_held_half_of_an_edit_keeps_the_other_honest(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	kit_add(&w.live, TYPE_LOCATION, OP_EQ, "us");
	stage(&w, CHANGE_DELETE, w.live.v[0], true);
	stage(&w, CHANGE_CREATE, w.live.v[0], false);
	build(&w, false);
	assert_int_equal(w.e.n_noops, 1);
	assert_int_equal(w.e.noop[0].why, NOOP_THERE);
	change_set_done(&w.changes);
	stage(&w, CHANGE_DELETE, w.live.v[0], false);
	stage(&w, CHANGE_CREATE, w.live.v[0], true);
	build(&w, false);
	assert_int_equal(w.e.n, 2);
	assert_int_equal(w.e.n_after, 0);
	assert_int_equal(w.e.n_noops, 0);
	change_set_done(&w.changes);
	stage(&w, CHANGE_CREATE, kit_criterion(TYPE_LOCATION, OP_EQ, "ca"), true);
	stage(&w, CHANGE_CREATE, kit_criterion(TYPE_LOCATION, OP_EQ, "ca"), false);
	build(&w, false);
	assert_int_equal(w.e.n_added, 1);
	assert_int_equal(w.e.noop[0].change->id, 1);
	world_done(&w);
}

static void of_two_equal_rows_one_can_go(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	kit_add(&w.live, TYPE_BROAD_KEYWORD, OP_EQ, "tea");
	kit_add(&w.live, TYPE_BROAD_KEYWORD, OP_EQ, "Tea");
	stage(&w, CHANGE_DELETE, w.live.v[0], false);
	stage(&w, CHANGE_CREATE, kit_criterion(TYPE_BROAD_KEYWORD, OP_EQ, "tea"), false);
	build(&w, false);
	assert_int_equal(w.e.n_after, 1);
	assert_int_equal(w.e.n_noops, 1);
	assert_int_equal(w.e.noop[0].why, NOOP_THERE);
	world_done(&w);
}

static void deletes_of_an_unread_line_item_show_their_pre_image(void **state)
{
	struct criterion c = kit_criterion(TYPE_LOCATION, OP_EQ, "us");
	struct world w;

	(void)state;
	world_init(&w);
	c.id = "cr7";
	c.name = "United States";
	stage(&w, CHANGE_DELETE, c, false);
	stage(&w, CHANGE_DELETE, c, false);
	build(&w, false);
	assert_int_equal(w.e.n, 0);
	assert_int_equal(w.e.n_noops, 2);
	assert_int_equal(w.e.noop[0].why, NOOP_GONE);
	build(&w, true);
	assert_int_equal(w.e.n, 1);
	assert_string_equal(w.e.v[0].criterion->name, "United States");
	assert_int_equal(w.e.n_noops, 1);
	assert_int_equal(w.e.noop[0].why, NOOP_TWICE);
	world_done(&w);
}

/* What it will have equals set_apply, for random sets and any order of staging. */
static void after_equals_the_applied_set(void **state)
{
	(void)state;
	kit_seed(21);
	for (int round = 0; round < 5000; round++) {
		struct criterion_set wanted, applied, after;
		struct change_set diff;
		struct world w;
		bool equal;

		world_init(&w);
		criterion_set_init(&wanted);
		criterion_set_init(&applied);
		criterion_set_init(&after);
		change_set_init(&diff);
		kit_random_set(&w.live, 12);
		kit_random_set(&wanted, 12);
		assert_int_equal(set_diff(&w.live, &wanted, &diff), ERR_OK);
		for (size_t i = diff.n; i--;)
			assert_non_null(change_set_copy(&w.changes, &diff.v[i]));
		build(&w, false);
		for (size_t i = 0; i < w.e.n_after; i++)
			assert_non_null(criterion_set_copy(&after, w.e.after[i]));
		assert_int_equal(set_apply(&diff, &w.live, &applied), ERR_OK);
		assert_int_equal(set_equal(&after, &applied, &equal), ERR_OK);
		assert_true(equal);
		assert_int_equal(w.e.n_added + w.e.n_removed, diff.n);
		change_set_done(&diff);
		criterion_set_done(&wanted);
		criterion_set_done(&applied);
		criterion_set_done(&after);
		world_done(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_type_is_found_by_its_name),
	    cmocka_unit_test(operators_follow_the_table),
	    cmocka_unit_test(fixed_values_have_labels),
	    cmocka_unit_test(copies_outlive_what_they_were_copied_from),
	    cmocka_unit_test(a_set_can_copy_its_own_records_while_it_grows),
	    cmocka_unit_test(records_without_memory_are_not_added),
	    cmocka_unit_test(a_change_carries_the_whole_criterion),
	    cmocka_unit_test(rows_show_what_stays_goes_and_comes),
	    cmocka_unit_test(adding_and_removing_one_key_changes_nothing),
	    cmocka_unit_test(held_changes_are_shown_but_not_counted),
	    cmocka_unit_test(one_held_half_of_an_edit_keeps_the_other_honest),
	    cmocka_unit_test(of_two_equal_rows_one_can_go),
	    cmocka_unit_test(deletes_of_an_unread_line_item_show_their_pre_image),
	    cmocka_unit_test(after_equals_the_applied_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
