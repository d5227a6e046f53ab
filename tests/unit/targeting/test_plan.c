#include "tests/unit/targeting/kit.h"

#include "base/mem.h"
#include "targeting/plan.h"
#include "targeting/set.h"

/* One line item, "li1", with its live set and what is staged for it. */
struct world {
	struct criterion_set live, wanted;
	struct change_set changes;
	struct plan plan;
	bool live_known;
};

static bool live(void *user, const char *line_item_id, const struct criterion **v, size_t *n)
{
	struct world *w = user;

	if (strcmp(line_item_id, "li1") != 0) {
		*v = NULL;
		*n = 0;
		return w->live_known;
	}
	*v = w->live.v;
	*n = w->live.n;
	return w->live_known;
}

static void world_init(struct world *w)
{
	*w = (struct world){.live_known = true};
	criterion_set_init(&w->live);
	criterion_set_init(&w->wanted);
	change_set_init(&w->changes);
	plan_init(&w->plan);
}

static void world_done(struct world *w)
{
	criterion_set_done(&w->live);
	criterion_set_done(&w->wanted);
	change_set_done(&w->changes);
	plan_done(&w->plan);
}

static enum err build(struct world *w, size_t max_ops)
{
	struct plan_input in = {.changes = &w->changes,
	    .max_ops = max_ops,
	    .user = w,
	    .live = live,
	    .lookup = &kit_lookup};

	plan_done(&w->plan);
	return plan_build(&w->plan, &in, NULL);
}

static void stage(struct world *w, enum change_kind kind, const struct criterion *c)
{
	struct change ch;

	change_from_criterion(&ch, kind, c);
	assert_non_null(change_set_copy(&w->changes, &ch));
}

static void stage_new(struct world *w, enum targeting_type t, enum operator_type op, const char *v)
{
	struct criterion c = kit_criterion(t, op, v);

	stage(w, CHANGE_CREATE, &c);
}

static void an_empty_plan_has_no_batches(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	assert_int_equal(build(&w, 0), ERR_OK);
	assert_int_equal(w.plan.n_batches, 0);
	assert_false(plan_must_acknowledge(&w.plan));
	world_done(&w);
}

static void g27_an_edit_of_the_age_deletes_first_in_one_batch(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	kit_add(&w.live, TYPE_AGE, OP_EQ, "AGE_18_TO_34");
	stage_new(&w, TYPE_AGE, OP_EQ, "AGE_OVER_35");
	stage(&w, CHANGE_DELETE, &w.live.v[0]);
	assert_int_equal(build(&w, 2), ERR_OK);
	assert_int_equal(w.plan.n_batches, 1);
	assert_int_equal(w.plan.batches[0].ops[0].change->kind, CHANGE_DELETE);
	assert_int_equal(w.plan.batches[0].ops[1].change->kind, CHANGE_CREATE);
	assert_int_equal(w.plan.batches[0].ops[1].index, 1);
	assert_int_equal(w.plan.line_items[0].widen.flags, WIDEN_NONE);
	assert_false(plan_must_acknowledge(&w.plan));
	world_done(&w);
}

static void what_others_need_comes_first_and_goes_last(void **state)
{
	static const enum targeting_type order[] = {TYPE_LOCATION, TYPE_CAMPAIGN_ENGAGEMENT,
	    TYPE_GENDER, TYPE_TV_SHOW, TYPE_ENGAGEMENT_TYPE};
	struct world w;

	(void)state;
	world_init(&w);
	stage_new(&w, TYPE_TV_SHOW, OP_EQ, "10027243420");
	stage_new(&w, TYPE_ENGAGEMENT_TYPE, OP_EQ, "IMPRESSION");
	stage_new(&w, TYPE_GENDER, OP_EQ, "1");
	stage_new(&w, TYPE_LOCATION, OP_EQ, "us");
	stage_new(&w, TYPE_CAMPAIGN_ENGAGEMENT, OP_EQ, "c1");
	assert_int_equal(build(&w, 0), ERR_OK);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(w.plan.batches[0].ops[i].change->type, order[i]);
	change_set_done(&w.changes);
	for (size_t i = 0; i < 5; i++)
		kit_add(&w.live, order[i], OP_EQ, "v");
	for (size_t i = 0; i < 5; i++)
		stage(&w, CHANGE_DELETE, &w.live.v[i]);
	assert_int_equal(build(&w, 0), ERR_OK);
	assert_int_equal(w.plan.batches[0].ops[0].change->type, TYPE_TV_SHOW);
	assert_int_equal(w.plan.batches[0].ops[1].change->type, TYPE_ENGAGEMENT_TYPE);
	assert_int_equal(w.plan.batches[0].ops[2].change->type, TYPE_GENDER);
	assert_true(plan_goes_worldwide(&w.plan));
	assert_true(plan_must_acknowledge(&w.plan));
	world_done(&w);
}

static void what_does_nothing_is_left_out_with_its_reason(void **state)
{
	static const enum effective_why expected[] = {
	    NOOP_GONE, NOOP_UNDONE, NOOP_UNDONE, NOOP_THERE, NOOP_TWICE, NOOP_HELD};
	struct criterion gone;
	struct world w;

	(void)state;
	world_init(&w);
	kit_add(&w.live, TYPE_BROAD_KEYWORD, OP_EQ, "tea");
	kit_add(&w.live, TYPE_BROAD_KEYWORD, OP_EQ, "coffee");
	gone = kit_criterion(TYPE_INTEREST, OP_EQ, "1001");
	gone.id = "crX";
	stage(&w, CHANGE_DELETE, &gone);
	stage_new(&w, TYPE_BROAD_KEYWORD, OP_EQ, "TEA");
	stage(&w, CHANGE_DELETE, &w.live.v[0]);
	stage_new(&w, TYPE_BROAD_KEYWORD, OP_EQ, " Coffee");
	stage_new(&w, TYPE_INTEREST, OP_EQ, "1002");
	stage_new(&w, TYPE_INTEREST, OP_EQ, "1002");
	stage_new(&w, TYPE_GENDER, OP_EQ, "1");
	w.changes.v[6].held = true;
	assert_int_equal(build(&w, 0), ERR_OK);
	assert_int_equal(w.plan.n_ops, 1);
	assert_string_equal(w.plan.batches[0].ops[0].change->value, "1002");
	assert_int_equal(w.plan.n_left_out, 6);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(w.plan.left_out[i].why, expected[i]);
	world_done(&w);
}

static void a_line_item_is_never_split_when_it_fits(void **state)
{
	static const size_t sizes[] = {3, 5, 1, 4, 2, 5, 1, 1};
	struct world w;
	size_t total = 0;

	(void)state;
	world_init(&w);
	for (size_t li = 0; li < sizeof sizes / sizeof sizes[0]; li++)
		for (size_t i = 0; i < sizes[li]; i++, total++) {
			struct criterion c = kit_criterion(TYPE_INTEREST, OP_EQ, "");
			char id[32], value[32];
			struct change ch;

			snprintf(id, sizeof id, "li%zu", li + 10);
			snprintf(value, sizeof value, "%zu", i);
			c.line_item_id = id;
			c.value = value;
			change_from_criterion(&ch, CHANGE_CREATE, &c);
			assert_non_null(change_set_copy(&w.changes, &ch));
		}
	assert_int_equal(build(&w, 5), ERR_OK);
	assert_int_equal(w.plan.n_ops, total);
	assert_int_equal(w.plan.n_batches, 5);
	for (size_t i = 0; i < w.plan.n_line_items; i++)
		assert_int_equal(w.plan.line_items[i].first_batch, w.plan.line_items[i].last_batch);
	for (size_t b = 0; b < w.plan.n_batches; b++) {
		assert_in_range(w.plan.batches[b].n, 1, 5);
		for (size_t i = 0; i < w.plan.batches[b].n; i++)
			assert_int_equal(w.plan.batches[b].ops[i].index, i);
	}
	world_done(&w);
}

static void batches_have_at_most_500_operations(void **state)
{
	static const size_t sizes[][3] = {
	    {1, 1, 1}, {499, 1, 499}, {500, 1, 500}, {501, 2, 1}, {1001, 3, 1}, {1500, 3, 500}};

	(void)state;
	for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
		struct world w;

		world_init(&w);
		for (size_t i = 0; i < sizes[s][0]; i++) {
			char value[32];

			snprintf(value, sizeof value, "%zu", i);
			stage_new(&w, TYPE_LOCATION, OP_EQ, value);
		}
		assert_int_equal(build(&w, 5000), ERR_OK);
		assert_int_equal(w.plan.n_batches, sizes[s][1]);
		assert_int_equal(w.plan.n_ops, sizes[s][0]);
		for (size_t b = 0; b < w.plan.n_batches; b++)
			assert_in_range(w.plan.batches[b].n, 1, 500);
		assert_int_equal(w.plan.batches[w.plan.n_batches - 1].n, sizes[s][2]);
		world_done(&w);
	}
}

static void a_switch_that_does_not_fit_is_refused_by_name(void **state)
{
	struct errinfo ei = {0};
	struct world w;
	struct plan_input in;

	(void)state;
	world_init(&w);
	kit_add(&w.live, TYPE_AGE, OP_EQ, "AGE_18_TO_34");
	stage_new(&w, TYPE_AGE, OP_EQ, "AGE_OVER_35");
	stage(&w, CHANGE_DELETE, &w.live.v[0]);
	in = (struct plan_input){.changes = &w.changes, .max_ops = 1, .user = &w, .live = live};
	assert_int_equal(plan_build(&w.plan, &in, &ei), ERR_LIMIT);
	assert_non_null(strstr(ei.msg, "li1"));
	world_done(&w);
}

static void unknown_live_sets_still_make_a_plan(void **state)
{
	struct criterion c = kit_criterion(TYPE_LOCATION, OP_EQ, "us");
	struct world w;

	(void)state;
	world_init(&w);
	w.live_known = false;
	c.id = "cr9";
	stage(&w, CHANGE_DELETE, &c);
	stage_new(&w, TYPE_LOCATION, OP_EQ, "ca");
	assert_int_equal(build(&w, 0), ERR_OK);
	assert_int_equal(w.plan.n_ops, 2);
	assert_int_equal(w.plan.n_left_out, 0);
	assert_false(w.plan.line_items[0].live_known);
	world_done(&w);
}

static void exchanging_a_full_list_of_exclusions_is_told(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	for (size_t i = 0; i < 1000; i++) {
		char value[32];

		snprintf(value, sizeof value, "old%zu", i);
		kit_add(&w.live, TYPE_BROAD_KEYWORD, OP_NE, value);
		snprintf(value, sizeof value, "new%zu", i);
		stage_new(&w, TYPE_BROAD_KEYWORD, OP_NE, value);
	}
	for (size_t i = 0; i < 1000; i++)
		stage(&w, CHANGE_DELETE, &w.live.v[i]);
	assert_int_equal(build(&w, 0), ERR_OK);
	assert_true(w.plan.line_items[0].crowded);
	world_done(&w);
}

/* Keywords may be exchanged in full, 1,000 for 1,000, without ever having more than that. */
static void exchanging_a_full_list_of_keywords_stays_legal(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	for (size_t i = 0; i < 1000; i++) {
		char value[32];

		snprintf(value, sizeof value, "old%zu", i);
		kit_add(&w.live, TYPE_BROAD_KEYWORD, OP_EQ, value);
		snprintf(value, sizeof value, "new%zu", i);
		stage_new(&w, TYPE_BROAD_KEYWORD, i % 2 ? OP_NE : OP_EQ, value);
	}
	for (size_t i = 0; i < 1000; i++)
		stage(&w, CHANGE_DELETE, &w.live.v[i]);
	assert_int_equal(build(&w, 0), ERR_OK);
	assert_false(w.plan.line_items[0].crowded);
	assert_int_equal(w.plan.n_ops, 2000);
	world_done(&w);
}

/* --- the model checker: evaluate the set after every prefix of batches */

#define PEOPLE 48

static void reach_of(const struct criterion_set *s, uint64_t salt, bool reached[PEOPLE])
{
	const struct criterion *v[2 * KIT_POOL];
	size_t n = kit_list(s, v);

	for (uint64_t p = 0; p < PEOPLE; p++)
		reached[p] = kit_reaches(v, n, kit_mix(p + salt));
}

static bool is_within(const bool inner[PEOPLE], const bool outer[PEOPLE])
{
	for (size_t p = 0; p < PEOPLE; p++)
		if (inner[p] && !outer[p])
			return false;
	return true;
}

/* The account after one more batch, by rules of its own: ids go, created rows get new ids. */
static void post(struct criterion_set *s, const struct plan_batch *b)
{
	struct criterion_set next;

	criterion_set_init(&next);
	for (size_t i = 0; i < s->n; i++) {
		bool gone = false;

		for (size_t j = 0; j < b->n; j++)
			gone |= b->ops[j].change->kind == CHANGE_DELETE &&
				!strcmp(b->ops[j].change->criterion_id, s->v[i].id);
		if (!gone)
			assert_non_null(criterion_set_copy(&next, &s->v[i]));
	}
	for (size_t j = 0; j < b->n; j++) {
		const struct change *c = b->ops[j].change;
		struct criterion made;

		if (c->kind != CHANGE_CREATE)
			continue;
		change_to_criterion(c, &made);
		made.id = "new";
		assert_non_null(criterion_set_copy(&next, &made));
	}
	criterion_set_done(s);
	*s = next;
}

static size_t count(const struct criterion_set *s, enum targeting_type t)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->v[i].type == t;
	return n;
}

static bool depends_well(const struct criterion_set *s)
{
	size_t engaged = count(s, TYPE_CAMPAIGN_ENGAGEMENT) + count(s, TYPE_USER_ENGAGEMENT);

	return (!count(s, TYPE_TV_SHOW) || count(s, TYPE_LOCATION)) &&
	       !engaged == !count(s, TYPE_ENGAGEMENT_TYPE) && count(s, TYPE_AGE) <= 1;
}

static size_t check_states(struct world *w, uint64_t salt)
{
	bool before[PEOPLE], after[PEOPLE], now[PEOPLE];
	bool legal = depends_well(&w->live) && depends_well(&w->wanted), equal;
	struct criterion_set s;

	criterion_set_init(&s);
	for (size_t i = 0; i < w->live.n; i++)
		assert_non_null(criterion_set_copy(&s, &w->live.v[i]));
	reach_of(&w->live, salt, before);
	reach_of(&w->wanted, salt, after);
	for (size_t b = 0; b < w->plan.n_batches; b++) {
		post(&s, &w->plan.batches[b]);
		reach_of(&s, salt, now);
		if (!is_within(now, before) && !is_within(now, after))
			fail_msg("salt %llu: wider after batch %zu of %zu",
			    (unsigned long long)salt, b + 1, w->plan.n_batches);
		if (legal)
			assert_true(depends_well(&s));
	}
	assert_int_equal(set_equal(&s, &w->wanted, &equal), ERR_OK);
	assert_true(equal);
	criterion_set_done(&s);
	return w->plan.n_batches;
}

static void no_state_in_between_is_wider_than_both_ends(void **state)
{
	size_t several = 0, refused = 0;

	(void)state;
	kit_seed(77);
	for (uint64_t round = 0; round < 10000; round++) {
		size_t max_ops = 4 + kit_below(8);
		struct world w;
		enum err err;

		world_init(&w);
		kit_random_set(&w.live, 20);
		kit_random_set(&w.wanted, 20);
		assert_int_equal(set_diff(&w.live, &w.wanted, &w.changes), ERR_OK);
		err = build(&w, max_ops);
		if (err == ERR_LIMIT) {
			refused++;
		} else {
			assert_int_equal(err, ERR_OK);
			assert_int_equal(w.plan.n_ops, w.changes.n);
			for (size_t b = 0; b < w.plan.n_batches; b++)
				assert_in_range(w.plan.batches[b].n, 1, max_ops);
			several += check_states(&w, round * 1000) > 1;
		}
		world_done(&w);
	}
	if (several < 3000 || refused > 5000)
		fail_msg("%zu of several batches, %zu refused", several, refused);
}

static void the_digest_text_depends_on_every_operation(void **state)
{
	struct world w;
	struct buf one, two;

	(void)state;
	world_init(&w);
	buf_init(&one, 4096);
	buf_init(&two, 4096);
	stage_new(&w, TYPE_BROAD_KEYWORD, OP_EQ, "Tea");
	stage_new(&w, TYPE_GENDER, OP_EQ, "1");
	assert_int_equal(build(&w, 0), ERR_OK);
	assert_int_equal(plan_canonical(&w.plan, &one), ERR_OK);
	assert_string_equal(buf_str(&one), "reticle-plan 1\nbatch 2\n"
					   "Create 0: 3:li1,13:BROAD_KEYWORD,EQ,3:tea\n"
					   "Create 0: 3:li1,6:GENDER,EQ,1:1\n");
	w.changes.v[1].value = "2";
	assert_int_equal(plan_canonical(&w.plan, &two), ERR_OK);
	assert_string_not_equal(buf_str(&one), buf_str(&two));
	buf_done(&one);
	buf_done(&two);
	world_done(&w);
}

static void no_memory_is_an_error_and_leaks_nothing(void **state)
{
	struct world w;

	(void)state;
	kit_seed(4);
	world_init(&w);
	kit_random_set(&w.live, 40);
	kit_random_set(&w.wanted, 40);
	assert_int_equal(set_diff(&w.live, &w.wanted, &w.changes), ERR_OK);
	for (long fail = 0; fail < 60; fail++) {
		enum err err;

		mem_fail_after(fail, 0);
		err = build(&w, 6);
		mem_fail_after(-1, 0);
		assert_true(err == ERR_OK || err == ERR_NOMEM || err == ERR_LIMIT);
	}
	world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_plan_has_no_batches),
	    cmocka_unit_test(g27_an_edit_of_the_age_deletes_first_in_one_batch),
	    cmocka_unit_test(what_others_need_comes_first_and_goes_last),
	    cmocka_unit_test(what_does_nothing_is_left_out_with_its_reason),
	    cmocka_unit_test(a_line_item_is_never_split_when_it_fits),
	    cmocka_unit_test(batches_have_at_most_500_operations),
	    cmocka_unit_test(a_switch_that_does_not_fit_is_refused_by_name),
	    cmocka_unit_test(unknown_live_sets_still_make_a_plan),
	    cmocka_unit_test(exchanging_a_full_list_of_exclusions_is_told),
	    cmocka_unit_test(exchanging_a_full_list_of_keywords_stays_legal),
	    cmocka_unit_test(no_state_in_between_is_wider_than_both_ends),
	    cmocka_unit_test(the_digest_text_depends_on_every_operation),
	    cmocka_unit_test(no_memory_is_an_error_and_leaks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
