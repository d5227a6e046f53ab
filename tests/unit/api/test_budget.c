/* The rate governor over a transport in memory. */
#include "tests/unit/api/asking.h"
#include "api/budget.h"

/* --- budgets --- */

static struct fake_reply counted(struct fake *f, const struct transport_request *r, unsigned nth)
{
	static char left[16], reset[24];
	int *remaining = f->user;

	(void)r, (void)nth;
	if (*remaining > 0)
		--*remaining;
	snprintf(left, sizeof left, "%d", *remaining);
	snprintf(reset, sizeof reset, "%lld", (long long)1767690000 + 60);
	return (struct fake_reply){.status = 200,
	    .body = EMPTY,
	    .headers = {{"x-rate-limit-limit", "400"}, {"x-rate-limit-remaining", left},
		{"x-rate-limit-reset", reset}, {"x-account-rate-limit-limit", NULL}}};
}

static void g52_a_wait_for_a_reset_is_shown_and_can_be_left(void **state)
{
	int remaining = 3;
	struct got g[6] = {0};
	struct req_id id[6];
	struct fake f;
	struct api *a = fake_api(&f, counted, &remaining);
	const char *li[] = {"li1"};

	(void)state;
	clock_pin(1767690000);
	for (int i = 0; i < 6; i++) {
		struct api_call c = call(&g[i]);

		id[i] = api_lookup(a, &(struct lookup_query){.kind = "languages"}, &c);
		for (int k = 0; k < 6; k++)
			loop_turn(f.loop, 0);
	}
	assert_int_equal(f.n, 3);
	assert_int_equal(req_state(a, id[4]).phase, REQ_RATE_WAIT);
	assert_true(req_state(a, id[4]).wait_ms > 50000);
	struct api_stats st = api_stats(a);

	assert_true(st.has_tightest);
	assert_string_equal(st.tightest.name, "look-ups");
	assert_int_equal(st.tightest.remaining, 0);
	assert_int_equal(st.tightest.reset_wall_s, 1767690060);
	assert_int_equal(st.waiting, 3);
	assert_true(req_cancel(a, id[5])); /* a wait can be left */
	/* another bucket is not held up */
	struct got other = {0};
	struct api_call c = call(&other);

	api_criteria(a,
	    &(struct criteria_query){.account_id = "acc1", .line_item_ids = li, .n_line_items = 1},
	    &c);
	for (int k = 0; k < 6; k++)
		loop_turn(f.loop, 0);
	assert_true(other.done);
	remaining = 100;
	fake_run(&f, &g[4].done, 1000, 61000);
	assert_true(g[3].done && g[4].done);
	assert_int_equal(g[5].calls, 0);
	fake_done(&f, a);
}

static struct fake_reply families(struct fake *f, const struct transport_request *r, unsigned nth)
{
	(void)f, (void)r, (void)nth;
	return (struct fake_reply){.status = 200,
	    .body = EMPTY,
	    .headers = {{"x-rate-limit-limit", "900000"}, {"x-rate-limit-remaining", "899999"},
		{"x-rate-limit-reset", "1767690900"}, {"x-account-rate-limit-limit", "10000"},
		{"x-account-rate-limit-remaining", "42"},
		{"x-account-rate-limit-reset", "1767690060"}}};
}

static void g2_the_account_family_counts(void **state)
{
	struct api_budget b[4];
	struct got g = {0};
	struct fake f;
	struct api *a = fake_api(&f, families, NULL);

	(void)state;
	clock_pin(1767690000);
	ask(a, &g);
	for (int k = 0; k < 10; k++)
		loop_turn(f.loop, 0);
	assert_true(g.done);
	assert_int_equal(api_budgets(a, b, 4), 1);
	assert_int_equal(b[0].remaining, 42);
	assert_int_equal(b[0].limit, 10000);
	assert_string_equal(b[0].scope, "acc1");
	fake_done(&f, a);
}

static void a_fifth_is_kept_for_checks_and_another_from_the_background(void **state)
{
	static const struct {
		int64_t remaining;
		bool critical, user, background;
	} cases[] = {{0, false, false, false}, {1, true, false, false}, {80, true, false, false},
	    {81, true, true, false}, {160, true, true, false}, {161, true, true, true}};
	struct budget b = {.bucket = BUCKET_CRITERIA, .endpoint = ENDPOINT_COUNT};
	int64_t wait;

	(void)state;
	clock_pin(1767690000);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		budget_set(&b, 400, cases[i].remaining, clock_wall_s() + 60, clock_wall_s());
		b.known = true;
		assert_int_equal(budget_allows(&b, BUDGET_CRITICAL, &wait), cases[i].critical);
		assert_int_equal(budget_allows(&b, BUDGET_USER, &wait), cases[i].user);
		assert_int_equal(budget_allows(&b, BUDGET_BACKGROUND, &wait), cases[i].background);
		if (!cases[i].background)
			assert_int_equal(wait, 60000);
	}
}

static void budgets_come_back_after_a_restart(void **state)
{
	int remaining = 1000;
	struct got g = {0};
	struct api_call c = call(&g);
	struct fake f;
	struct api *a = fake_api(&f, counted, &remaining);

	(void)state;
	clock_pin(1767690000);
	assert_int_equal(api_budget_restore(a, &(struct api_budget){.name = "look-ups",
						   .known = true,
						   .limit = 400,
						   .remaining = 0,
						   .reset_wall_s = 1767690030}),
	    ERR_OK);
	api_lookup(a, &(struct lookup_query){.kind = "languages"}, &c);
	for (int k = 0; k < 10; k++)
		loop_turn(f.loop, 0);
	assert_int_equal(f.n, 0);
	struct api_budget shown[2];

	/* and are shown before anything was asked */
	assert_int_equal(api_budgets(a, shown, 2), 1);
	assert_string_equal(shown[0].name, "look-ups");
	assert_true(shown[0].known);
	assert_int_equal(shown[0].remaining, 0);
	assert_int_equal(shown[0].reset_wall_s, 1767690030);
	fake_run(&f, &g.done, 1000, 31000);
	assert_true(g.done);
	fake_done(&f, a);
}

static void an_accounts_own_budget_comes_back_as_that(void **state)
{
	int remaining = 1000;
	struct api_budget first[4], again[4];
	struct got g = {0};
	struct fake f;
	struct api *a = fake_api(&f, families, &remaining);

	(void)state;
	clock_pin(1767690000);
	ask(a, &g);
	fake_run(&f, &g.done, 1, 20);
	assert_int_equal(api_budgets(a, first, 4), 1);
	assert_string_equal(first[0].scope, "acc1");
	struct loop *l = loop_new();
	struct api *b = api_new_over(
	    l, &fake_config, (struct transport){&f, fake_submit, fake_abort, fake_free}, NULL);

	assert_int_equal(api_budget_restore(b, &first[0]), ERR_OK);
	assert_int_equal(api_budgets(b, again, 4), 1);
	assert_string_equal(again[0].scope, "acc1");
	assert_string_equal(again[0].account, "acc1");
	assert_int_equal(again[0].remaining, first[0].remaining);
	api_free(b);
	loop_free(l);
	fake_done(&f, a);
}

static struct fake_reply nowhere(struct fake *f, const struct transport_request *r, unsigned nth)
{
	(void)f, (void)r, (void)nth;
	return (struct fake_reply){.err = ERR_NETWORK, .unsent = true};
}

/* Attempts that never left this machine cost nothing. */
static void what_was_not_sent_is_not_counted(void **state)
{
	struct api_budget b[2];
	struct got g = {0};
	struct api_call c = call(&g);
	struct fake f;
	struct api *a = fake_api(&f, nowhere, NULL);

	(void)state;
	clock_pin(1767690000);
	api_budget_restore(a, &(struct api_budget){.name = "look-ups",
				  .known = true,
				  .limit = 400,
				  .remaining = 300,
				  .reset_wall_s = 1767690900});
	api_lookup(a, &(struct lookup_query){.kind = "languages"}, &c);
	fake_run(&f, &g.done, 100, 200000);
	assert_true(g.done);
	assert_int_equal(f.n, 6);
	assert_int_equal(api_budgets(a, b, 2), 1);
	assert_int_equal(b[0].remaining, 300);
	fake_done(&f, a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(g52_a_wait_for_a_reset_is_shown_and_can_be_left),
	    cmocka_unit_test(g2_the_account_family_counts),
	    cmocka_unit_test(a_fifth_is_kept_for_checks_and_another_from_the_background),
	    cmocka_unit_test(budgets_come_back_after_a_restart),
	    cmocka_unit_test(an_accounts_own_budget_comes_back_as_that),
	    cmocka_unit_test(what_was_not_sent_is_not_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
