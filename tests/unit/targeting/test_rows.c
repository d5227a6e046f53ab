/* Rows B18, B20 and B21 of the fault matrix: what a plan may never do. */
#include "tests/unit/targeting/kit.h"

#include "targeting/plan.h"
#include "targeting/set.h"

struct world {
	struct criterion_set live, wanted;
	struct change_set changes;
	struct plan plan;
};

static bool live(void *user, const char *line_item_id, const struct criterion **v, size_t *n)
{
	struct world *w = user;

	(void)line_item_id;
	*v = w->live.v;
	*n = w->live.n;
	return true;
}

static void world_init(struct world *w)
{
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

	return plan_build(&w->plan, &in, NULL);
}

static void stage(struct world *w, enum change_kind kind, const struct criterion *c)
{
	struct change ch;

	change_from_criterion(&ch, kind, c);
	assert_non_null(change_set_copy(&w->changes, &ch));
}

/* --- B18 */

struct widening {
	enum targeting_type type;
	enum operator_type op;
	const char *value, *beside; /* beside: another value that stays, NULL: it is the last one */
	const char *says;
};

/* Without and with something else that narrows beside it: each case is run both ways. */
static const struct widening widenings[] = {
    {TYPE_LOCATION, OP_EQ, "96683cc9126741d1", NULL, "location"},
    {TYPE_AGE, OP_EQ, "AGE_18_TO_34", NULL, "age"},
    {TYPE_GENDER, OP_EQ, "1", NULL, "gender"},
    {TYPE_LANGUAGE, OP_EQ, "en", NULL, "language"},
    {TYPE_PLATFORM, OP_EQ, "0", NULL, ""},
    {TYPE_DEVICE, OP_EQ, "i-1q", NULL, ""},
    {TYPE_PLATFORM_VERSION, OP_GTE, "i-18", NULL, ""},
    {TYPE_WIFI_ONLY, OP_EQ, "1", NULL, ""},
    {TYPE_NETWORK_OPERATOR, OP_EQ, "2l", NULL, ""},
    {TYPE_NETWORK_ACTIVATION_DURATION, OP_LT, "6", NULL, ""},
    {TYPE_IAB_CATEGORY, OP_EQ, "IAB12", NULL, ""},
    {TYPE_BROAD_KEYWORD, OP_EQ, "tea", NULL, ""},
    {TYPE_PHRASE_KEYWORD, OP_EQ, "tea", NULL, ""},
    {TYPE_EXACT_KEYWORD, OP_EQ, "tea", NULL, ""},
    {TYPE_INTEREST, OP_EQ, "1001", NULL, ""},
    {TYPE_CUSTOM_AUDIENCE, OP_EQ, "a1", NULL, ""},
    {TYPE_SIMILAR_TO_FOLLOWERS_OF_USER, OP_EQ, "14230524", NULL, ""},
    {TYPE_CONVERSATION, OP_EQ, "a1", NULL, ""},
    {TYPE_BROAD_KEYWORD, OP_NE, "scam", NULL, "exclusion"},
    {TYPE_CUSTOM_AUDIENCE, OP_NE, "a2", NULL, "exclusion"},
    {TYPE_BROAD_KEYWORD, OP_NE, "scam", "fraud", "exclusion"},
    {TYPE_CONTENT_PUBLISHER_USER, OP_NE, "1", NULL, "exclusion"},
};

/* Another condition, so that the deletion does not also make it worldwide. */
static const struct criterion *other_condition(enum targeting_type t)
{
	static struct criterion c;

	c = t == TYPE_LOCATION ? kit_criterion(TYPE_GENDER, OP_EQ, "2")
			       : kit_criterion(TYPE_LOCATION, OP_EQ, "6416b8512febefc9");
	c.id = "other";
	return &c;
}

static void expect_warning(const struct widening *d, bool with_other)
{
	struct world w;
	struct buf b;

	world_init(&w);
	buf_init(&b, 4096);
	kit_add(&w.live, d->type, d->op, d->value);
	if (d->beside)
		kit_add(&w.live, d->type, d->op, d->beside);
	if (with_other)
		assert_non_null(criterion_set_copy(&w.live, other_condition(d->type)));
	stage(&w, CHANGE_DELETE, &w.live.v[0]);
	assert_int_equal(build(&w, 0), ERR_OK);
	assert_int_equal(widen_text(&b, &w.plan.line_items[0].widen), ERR_OK);
	if (!plan_must_acknowledge(&w.plan) || !b.len || !strstr(buf_str(&b), d->says))
		fail_msg("%s %s goes%s: \"%s\"", type_info(d->type)->name, op_name(d->op),
		    with_other ? " beside another condition" : "", buf_str(&b));
	buf_done(&b);
	world_done(&w);
}

static void b18_deletes_that_widen_need_a_typed_word(void **state)
{
	size_t cases = 0;

	(void)state;
	for (size_t i = 0; i < sizeof widenings / sizeof *widenings; i++)
		for (int other = 0; other < 2; other++, cases++)
			expect_warning(&widenings[i], other != 0);
	assert_true(cases >= 40);
}

/* One of two places, one of two keywords: fewer people, so no word is asked for. */
static void b18_deletes_that_narrow_need_none(void **state)
{
	static const struct widening narrowing[] = {
	    {TYPE_LOCATION, OP_EQ, "96683cc9126741d1", "6416b8512febefc9", ""},
	    {TYPE_BROAD_KEYWORD, OP_EQ, "tea", "coffee", ""},
	    {TYPE_LANGUAGE, OP_EQ, "en", "ja", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof narrowing / sizeof *narrowing; i++) {
		const struct widening *d = &narrowing[i];
		struct world w;

		world_init(&w);
		kit_add(&w.live, d->type, d->op, d->value);
		kit_add(&w.live, d->type, d->op, d->beside);
		stage(&w, CHANGE_DELETE, &w.live.v[0]);
		assert_int_equal(build(&w, 0), ERR_OK);
		assert_false(plan_must_acknowledge(&w.plan));
		world_done(&w);
	}
}

/* --- B20: what the API asks of the state after every batch, read on its own */

struct state {
	int tv, places, engaged, hows, ages;
};

static void count(struct state *s, enum targeting_type t, int by)
{
	s->tv += t == TYPE_TV_SHOW ? by : 0;
	s->places += t == TYPE_LOCATION ? by : 0;
	s->engaged += t == TYPE_CAMPAIGN_ENGAGEMENT || t == TYPE_USER_ENGAGEMENT ? by : 0;
	s->hows += t == TYPE_ENGAGEMENT_TYPE ? by : 0;
	s->ages += t == TYPE_AGE ? by : 0;
}

static struct state state_of(const struct criterion_set *set)
{
	struct state s = {0};

	for (size_t i = 0; i < set->n; i++)
		count(&s, set->v[i].type, 1);
	return s;
}

static bool whole(const struct state *s)
{
	return (!s->tv || s->places) && !s->engaged == !s->hows && s->ages <= 1;
}

/* Does a later operation of the batch create one of these again? An exchange of the last location
 * is a delete and a create in one batch, whose end is what counts. */
static bool comes_again(const struct plan_batch *b, size_t i, bool engagement)
{
	while (++i < b->n) {
		const struct change *c = b->ops[i].change;

		if (c->kind == CHANGE_CREATE && (engagement ? c->type == TYPE_CAMPAIGN_ENGAGEMENT ||
								  c->type == TYPE_USER_ENGAGEMENT
							    : c->type == TYPE_LOCATION))
			return true;
	}
	return false;
}

/* The state after operation i, read one after the other: what is needed is created before and
 * deleted after what needs it, and the old age goes before the new one comes. */
static bool in_order(const struct state *s, const struct plan_batch *b, size_t i)
{
	const struct change *c = b->ops[i].change;
	bool creates = c->kind == CHANGE_CREATE;

	if (s->ages > 1)
		return false;
	if (s->tv && !s->places &&
	    ((creates && c->type == TYPE_TV_SHOW) || !comes_again(b, i, false)))
		return false;
	return !s->hows || s->engaged ||
	       (!(creates && c->type == TYPE_ENGAGEMENT_TYPE) && comes_again(b, i, true));
}

static void legal_set(struct criterion_set *out)
{
	struct criterion_set s;
	struct state st;
	bool age = false;

	criterion_set_init(&s);
	kit_random_set(&s, 24);
	st = state_of(&s);
	for (size_t i = 0; i < s.n; i++) {
		enum targeting_type t = s.v[i].type;

		if ((t == TYPE_AGE && age) || (t == TYPE_TV_SHOW && !st.places) ||
		    (t == TYPE_ENGAGEMENT_TYPE && !st.engaged) ||
		    ((t == TYPE_CAMPAIGN_ENGAGEMENT || t == TYPE_USER_ENGAGEMENT) && !st.hows))
			continue;
		age |= t == TYPE_AGE;
		assert_non_null(criterion_set_copy(out, &s.v[i]));
	}
	criterion_set_done(&s);
}

/* Returns how many operations were about types that depend on others. */
static size_t walk(struct world *w, unsigned round)
{
	struct state s = state_of(&w->live);
	size_t dependent = 0;

	for (size_t b = 0; b < w->plan.n_batches; b++) {
		const struct plan_batch *batch = &w->plan.batches[b];

		for (size_t i = 0; i < batch->n; i++) {
			const struct change *c = batch->ops[i].change;

			count(&s, c->type, c->kind == CHANGE_CREATE ? 1 : -1);
			dependent += c->type == TYPE_TV_SHOW || c->type == TYPE_ENGAGEMENT_TYPE ||
				     c->type == TYPE_AGE;
			if (!in_order(&s, batch, i))
				fail_msg("round %u: batch %zu, operation %zu comes too early",
				    round, b + 1, i + 1);
		}
		if (!whole(&s))
			fail_msg(
			    "round %u: batch %zu ends in a state that X refuses", round, b + 1);
	}
	return dependent;
}

static void b20_dependent_operations_keep_their_order(void **state)
{
	size_t planned = 0, several = 0, dependent = 0;

	(void)state;
	kit_seed(20);
	for (unsigned round = 0; round < 10000; round++) {
		struct world w;

		world_init(&w);
		legal_set(&w.live);
		legal_set(&w.wanted);
		assert_int_equal(set_diff(&w.live, &w.wanted, &w.changes), ERR_OK);
		if (build(&w, kit_below(2) ? 0 : 6 + kit_below(8)) == ERR_OK) {
			planned++;
			several += w.plan.n_batches > 1;
			dependent += walk(&w, round);
		}
		world_done(&w);
	}
	if (planned < 8000 || several < 1000 || dependent < 5000)
		fail_msg("%zu plans, %zu of several batches, %zu dependent operations", planned,
		    several, dependent);
}

/* --- B21 */

/* Edits of a few keys, back and forth: what is sent is what the last word on each key says. */
static void b21_edits_of_one_key_collapse_to_their_net_effect(void **state)
{
	static const char *const keys[] = {"tea", "coffee", "milk", "juice"};
	size_t undone = 0;

	(void)state;
	kit_seed(21);
	for (unsigned round = 0; round < 10000; round++) {
		bool there[4], want[4];
		struct world w;

		world_init(&w);
		for (size_t k = 0; k < 4; k++) {
			there[k] = want[k] = kit_below(2);
			if (there[k])
				kit_add(&w.live, TYPE_BROAD_KEYWORD, OP_EQ, keys[k]);
		}
		for (size_t row = 0, k = 0; k < 4; k++) {
			struct criterion c = kit_criterion(TYPE_BROAD_KEYWORD, OP_EQ, keys[k]);

			c.id = there[k] ? w.live.v[row++].id : NULL;
			/* the key added and removed, or removed and added, in one change set */
			if (!kit_below(2)) {
				stage(&w, there[k] ? CHANGE_DELETE : CHANGE_CREATE, &c);
				want[k] = !there[k];
			}
			if (there[k] && !want[k] && kit_below(2)) {
				c.id = NULL;
				stage(&w, CHANGE_CREATE, &c);
				want[k] = true;
			}
		}
		assert_int_equal(build(&w, 0), ERR_OK);
		size_t expected = 0;

		for (size_t k = 0; k < 4; k++)
			expected += there[k] != want[k];
		if (w.plan.n_ops != expected)
			fail_msg("round %u: %zu operations, the net effect has %zu", round,
			    w.plan.n_ops, expected);
		/* what is not sent is listed with its reason, which the review shows */
		assert_int_equal(w.plan.n_left_out + w.plan.n_ops, w.changes.n);
		undone += w.plan.n_left_out;
		world_done(&w);
	}
	assert_true(undone > 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(b18_deletes_that_widen_need_a_typed_word),
	    cmocka_unit_test(b18_deletes_that_narrow_need_none),
	    cmocka_unit_test(b20_dependent_operations_keep_their_order),
	    cmocka_unit_test(b21_edits_of_one_key_collapse_to_their_net_effect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
