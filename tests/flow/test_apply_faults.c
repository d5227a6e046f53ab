/* The apply engine over real HTTP, with the sandbox's fault plan. Tests are named after the rows of
 * the fault matrix (docs/api.md "Faults"); the ledger of the sandbox is the judge. Whole batches of
 * 500: test_batch_faults.c. */
#define LINE_ITEMS "80"
#include "tests/flow/applying.h"

static void an_edit_goes_through(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	struct apply_op ops[] = {keyword(&w, 0, "\xf0\x9f\xa4\x96 & co, +boat"), removal(&w, 0, 0),
	    keyword(&w, 1, "lamp")};
	struct run r = apply_ops(&w, ops, 3);

	assert_int_equal(r.worst, OUTCOME_VERIFIED);
	assert_int_equal(posts(&w), 1);
	assert_int_equal(commits(&w), 1);
	size_t before = w.base.n;

	read_base(&w);
	assert_int_equal(w.base.n, before + 1);
	no_doubles(&w);
	end(&w);
}

static void a1_a2_answers_lost_after_the_commit(void **state)
{
	static const char *const how[] = {"drop@post-commit", "rst@post-commit"};
	int cases = cases_of(100, 1000);
	struct world w;
	unsigned n = 0;

	(void)state;
	begin(&w);
	for (int i = 0; i < cases; i++) {
		char value[32];

		if (i % 50 == 49)
			new_client(&w);
		fault(&w, RULE, how[i % 2], "");
		snprintf(value, sizeof value, "lost %d", i);
		struct apply_op op = keyword(&w, i % 2, value);
		struct run r = apply_ops(&w, &op, 1); /* the drift check warms a connection */

		assert_int_equal(r.worst, OUTCOME_VERIFIED);
		assert_int_equal(r.ops[0][0], OUTCOME_VERIFIED);
		assert_int_equal(posts(&w), ++n);
	}
	assert_int_equal(commits(&w), n);
	no_doubles(&w);
	end(&w);
}

static void a2_b8_in_every_duplicate_mode_and_with_read_lag(void **state)
{
	static const char *const modes[] = {"allow", "reject", "merge"};
	static const char *const how[] = {"drop@post-commit", "rst@post-commit"};
	static const int lags[] = {0, 2000, 10000, 45000};

	(void)state;
	for (size_t m = 0; m < 3; m++) {
		char mode[64];
		struct world w;

		begin(&w);
		snprintf(mode, sizeof mode, "{\"mode\":\"%s\"}", modes[m]);
		free(control_post(&w.server, "/__sandbox/dup", mode));
		for (size_t k = 0; k < 8; k++) {
			char rules[512], value[32];

			snprintf(rules, sizeof rules,
			    "{\"rules\":[{\"method\":\"POST\",\"path\":\"/batch/\",\"action\":"
			    "\"%s\"},{\"method\":\"GET\",\"path\":\"targeting_"
			    "criteria\","
			    "\"action\":\"lag:%d\"}]}",
			    how[k % 2], lags[k / 2]);
			sandbox_faults(&w.server, rules);
			snprintf(value, sizeof value, "lag %zu", k);
			struct apply_op op = keyword(&w, 0, value);
			struct run r = apply_ops(&w, &op, 1);

			assert_int_equal(r.worst, OUTCOME_VERIFIED);
			assert_int_equal(posts(&w), k + 1);
		}
		no_doubles(&w);
		end(&w);
	}
	free(control_post(&server, "/__sandbox/dup", "{\"mode\":\"reject\"}"));
}

static void a3_lost_before_the_commit(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	fault(&w, RULE, "drop@pre-commit", "");
	struct apply_op ops[] = {keyword(&w, 0, "never"), removal(&w, 0, 0)};
	struct run r = apply_ops(&w, ops, 2);

	assert_int_equal(r.worst, OUTCOME_ABSENT);
	assert_int_equal(r.settles, 4);
	assert_int_equal(posts(&w), 1);
	assert_int_equal(commits(&w), 0);
	/* on the user's key it is applied like any other, once */
	fault(&w, "{\"rules\":[]}");
	r = apply_ops(&w, ops, 2);
	assert_int_equal(r.worst, OUTCOME_VERIFIED);
	assert_int_equal(commits(&w), 1);
	no_doubles(&w);
	end(&w);
}

/* Up to the length of the answer: the one that is not cut needs no settling. */
static void a4_answers_cut_after_every_byte(void **state)
{
	struct world w;
	unsigned n = 0;
	int cut = 0;
	bool whole = false;

	(void)state;
	begin(&w);
	for (; !whole && cut < 4000; cut += cases_of(29, 1)) {
		char value[32], action[32];

		if (n % 50 == 49)
			new_client(&w);
		snprintf(action, sizeof action, "cut@resp-body:%d", cut);
		fault(&w, RULE, action, "");
		snprintf(value, sizeof value, "cut %d", cut);
		struct apply_op op = keyword(&w, 0, value);
		struct run r = apply_ops(&w, &op, 1);

		assert_int_equal(r.worst, OUTCOME_VERIFIED);
		assert_int_equal(posts(&w), ++n);
		whole = r.settles == 0;
	}
	assert_true(whole && cut > 300);
	no_doubles(&w);
	end(&w);
}

static void a5_a_commit_that_comes_after_the_timeout(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	timeout_s = 1;
	new_client(&w);
	timeout_s = 30;
	fault(&w, RULE, "stall@pre-commit:20000", "");
	w.commit_at_ms = clock_mono_ms() + 20000;
	struct apply_op op = keyword(&w, 0, "late");
	struct run r = apply_ops(&w, &op, 1);

	assert_int_equal(r.worst, OUTCOME_VERIFIED);
	assert_int_equal(r.settles, 3); /* 2 and 10 s are before it, and prove nothing */
	assert_int_equal(posts(&w), 1);
	no_doubles(&w);
	end(&w);
}

static void a18_429_with_a_reset(void **state)
{
	char extra[256];
	struct world w;

	(void)state;
	begin(&w);
	snprintf(extra, sizeof extra,
	    ",\"times\":1,\"body\":{\"errors\":[{\"code\":\"TOO_MANY_REQUESTS\",\"message\":"
	    "\"wait\"}]},"
	    "\"headers\":{\"x-rate-limit-remaining\":\"0\",\"x-rate-limit-reset\":\"%lld\"}",
	    (long long)clock_wall_s() + 7);
	fault(&w, RULE, "status:429", extra);
	int64_t t0 = clock_mono_ms();
	struct apply_op op = keyword(&w, 0, "patience");
	struct run r = apply_ops(&w, &op, 1);

	assert_int_equal(r.worst, OUTCOME_VERIFIED);
	/* between the reset and two seconds after it; the second of the reset may have begun, and the
	 * steps and the machine take a little */
	assert_in_range(clock_mono_ms() - t0, 6000, 9000 + 3000);
	assert_int_equal(posts(&w), 2);
	assert_int_equal(commits(&w), 1);
	end(&w);
}

static void a21_503_storms(void **state)
{
	int seeds = cases_of(25, 1000);
	struct world w;
	unsigned told = 0;

	(void)state;
	begin(&w);
	for (int seed = 1; seed <= seeds; seed++) {
		char rules[512], value[32];

		if (seed % 50 == 49)
			new_client(&w);
		snprintf(rules, sizeof rules,
		    "{\"rules\":[{\"method\":\"POST\",\"path\":\"/batch/"
		    "\",\"action\":\"status@resp-hdr:503\","
		    "\"probability\":\"0.9\",\"seed\":%d}]}",
		    seed);
		sandbox_faults(&w.server, rules);
		snprintf(value, sizeof value, "storm %d", seed);
		struct apply_op op = keyword(&w, seed % 2, value);
		unsigned before = commits(&w);
		struct run r = apply_ops(&w, &op, 1);

		/* whatever it claims is what happened */
		if (r.worst == OUTCOME_VERIFIED)
			assert_int_equal(commits(&w), before + 1);
		else
			assert_int_equal(commits(&w), before);
		assert_true(r.worst == OUTCOME_VERIFIED || r.worst == OUTCOME_ABSENT);
		told += r.settles > 0;
		assert_int_equal(posts(&w), (unsigned)seed);
	}
	assert_true(told > 10);
	no_doubles(&w);
	end(&w);
}

static void five_batches(
    struct world *w, struct apply_op ops[5], struct apply_batch batches[5], char values[5][32])
{
	for (int i = 0; i < 5; i++) {
		snprintf(values[i], 32, "batch %d", i);
		ops[i] = keyword(w, i % 2, values[i]);
		batches[i] = (struct apply_batch){&ops[i], 1};
	}
}

static void a24_a_token_revoked_midway(void **state)
{
	struct apply_op ops[5];
	struct apply_batch batches[5];
	char values[5][32];
	struct world w;

	(void)state;
	begin(&w);
	five_batches(&w, ops, batches, values);
	fault(&w, RULE, "status:401",
	    ",\"nth\":3,\"body\":{\"errors\":[{\"code\":89,\"message\":\"Invalid or expired "
	    "token.\"}]}");
	struct run r = apply_batches(&w, batches, 5);

	assert_int_equal(r.ops[0][0], OUTCOME_VERIFIED);
	assert_int_equal(r.ops[1][0], OUTCOME_VERIFIED);
	assert_int_equal(r.ops[2][0], OUTCOME_REFUSED);
	assert_int_equal(r.ops[3][0], OUTCOME_NOT_SENT);
	assert_int_equal(r.ops[4][0], OUTCOME_NOT_SENT);
	assert_int_equal(r.why.code, ERR_AUTH);
	assert_int_equal(commits(&w), 2);
	end(&w);
}

static void a27_a_connection_dies_between_batches(void **state)
{
	struct apply_op ops[5];
	struct apply_batch batches[5];
	char values[5][32];
	struct world w;

	(void)state;
	begin(&w);
	five_batches(&w, ops, batches, values);
	fault(&w, RULE, "drop@post-commit", ",\"nth\":3");
	struct run r = apply_batches(&w, batches, 5);

	assert_int_equal(r.ops[2][0], OUTCOME_VERIFIED); /* settled */
	assert_int_equal(r.ops[3][0], OUTCOME_NOT_SENT);
	assert_int_equal(posts(&w), 3);
	r = apply_batches(&w, batches + 3, 2); /* the user's key */
	assert_int_equal(r.worst, OUTCOME_VERIFIED);
	assert_int_equal(commits(&w), 5);
	no_doubles(&w);
	end(&w);
}

static void b7_answers_that_do_not_match(void **state)
{
	static const char *const actions[] = {"reorder@resp-hdr", "omit@resp-hdr:1"};
	struct world w;

	(void)state;
	begin(&w);
	for (int i = 0; i < 2; i++) {
		char a[32], b[32];

		snprintf(a, sizeof a, "first %d", i);
		snprintf(b, sizeof b, "second %d", i);
		struct apply_op ops[] = {keyword(&w, 0, a), keyword(&w, 0, b)};

		fault(&w, RULE, actions[i], "");
		struct run r = apply_ops(&w, ops, 2);

		assert_int_equal(r.worst, OUTCOME_VERIFIED);
		assert_int_equal(r.settles, 1); /* it was unknown first */
	}
	no_doubles(&w);
	end(&w);
}

static void b9_b10_others_did_it_already(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	struct apply_op ops[] = {keyword(&w, 0, "theirs"), removal(&w, 0, 0)};

	edit(&w, CREATE, w.li[0], "theirs");
	edit(&w, "{\"delete\":\"%s\"}", ops[1].criterion_id);
	struct run r = apply_ops(&w, ops, 2);

	assert_int_equal(r.worst, OUTCOME_NOOP);
	assert_int_equal(r.ops[0][0], OUTCOME_NOOP);
	assert_int_equal(r.ops[0][1], OUTCOME_NOOP);
	assert_int_equal(posts(&w), 0);
	end(&w);
}

static void b11_others_edited_the_same_line_item(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	edit(&w, CREATE, w.li[0], "something else");
	struct apply_op op = keyword(&w, 0, "mine");
	struct run r = apply_ops(&w, &op, 1);

	assert_int_equal(r.worst, OUTCOME_VERIFIED); /* disjoint: shown and passed */
	assert_int_equal(r.drift_added, 1);
	edit(&w, CREATE, w.li[0], "clash");
	op = keyword(&w, 0, "clash");
	op.op = OP_NE;
	r = apply_ops(&w, &op, 1);
	assert_int_equal(r.worst, OUTCOME_CONFLICT);
	assert_int_equal(r.stops, 1);
	assert_int_equal(posts(&w), 1);
	end(&w);
}

static void b12_a_change_between_check_and_commit_is_reported(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	for (int i = 0; i < 5; i++) {
		char value[32], extra[512];

		snprintf(extra, sizeof extra,
		    ",\"edit\":{\"create\":{\"line_item_id\":\"%s\",\"targeting_type\":\"BROAD_"
		    "KEYWORD\","
		    "\"operator_type\":\"EQ\",\"targeting_value\":\"race %d\"}}",
		    w.li[0], i);
		fault(&w, RULE, "mutate@pre-commit", extra);
		snprintf(value, sizeof value, "mine %d", i);
		read_base(&w);
		struct apply_op op = keyword(&w, 0, value);
		struct run r = apply_ops(&w, &op, 1);

		assert_int_equal(r.worst, OUTCOME_VERIFIED);
		assert_int_equal(r.drift_added, 1);
	}
	end(&w);
}

static void b13_the_line_item_was_deleted(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	edit(&w,
	    "{\"update\":{\"kind\":\"line_item\",\"id\":\"%s\",\"fields\":{\"deleted\":true}}}",
	    w.li[0]);
	struct apply_op op = keyword(&w, 0, "orphan");
	struct run r = apply_ops(&w, &op, 1);

	assert_int_equal(r.worst, OUTCOME_CONFLICT);
	assert_int_equal(posts(&w), 0);
	end(&w);
}

/* What was there before is there afterwards, if only as deleted: a reading without it is not whole, and
 * nothing is concluded from what else it does not show. */
static void b7_a_reading_that_lacks_rows_proves_nothing(void **state)
{
	static const char *const how[] = {"shape@resp-hdr", "omit@resp-hdr:0"};
	struct world w;

	(void)state;
	begin(&w);
	for (size_t i = 0; i < 2; i++) {
		char value[32];

		fault(&w,
		    "{\"rules\":[{\"method\":\"POST\",\"path\":\"/batch/\",\"action\":\"drop@pre-"
		    "commit\"},{\"method\":\"GET\",\"path\":\"with_deleted=true&count\",\"nth\":2,"
		    "\"times\":99,\"action\":\"%s\"}]}",
		    how[i]);
		snprintf(value, sizeof value, "half seen %zu", i);
		struct apply_op op = keyword(&w, 0, value);
		struct run r = apply_ops(&w, &op, 1);

		assert_int_equal(r.worst, OUTCOME_UNKNOWN);
		assert_int_equal(posts(&w), i + 1);
	}
	end(&w);
}

/* Our clock is ahead of the server's by less than what a signature is refused for: what was made then
 * seems to be from before it was asked for. Taken for absent it would be made again. */
static void c17_a_clock_that_is_ahead_does_not_hide_what_landed(void **state)
{
	static const int ahead_s[] = {6, 30, 120, 0};
	char clock[64], value[32];
	struct world w;

	(void)state;
	begin(&w);
	for (size_t i = 0; i < 4; i++) {
		snprintf(
		    clock, sizeof clock, "{\"wall\":%lld}", (long long)clock_wall_s() - ahead_s[i]);
		free(control_post(&w.server, "/__sandbox/clock", clock));
		fault(&w, RULE, "drop@post-commit", "");
		snprintf(value, sizeof value, "ahead %d", ahead_s[i]);
		struct apply_op op = keyword(&w, 0, value);
		struct run r = apply_ops(&w, &op, 1);

		assert_int_equal(r.worst, OUTCOME_VERIFIED);
		assert_int_equal(posts(&w), i + 1);
	}
	no_doubles(&w);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_edit_goes_through),
	    cmocka_unit_test(a1_a2_answers_lost_after_the_commit),
	    cmocka_unit_test(a2_b8_in_every_duplicate_mode_and_with_read_lag),
	    cmocka_unit_test(a3_lost_before_the_commit),
	    cmocka_unit_test(a4_answers_cut_after_every_byte),
	    cmocka_unit_test(a5_a_commit_that_comes_after_the_timeout),
	    cmocka_unit_test(a18_429_with_a_reset),
	    cmocka_unit_test(a21_503_storms),
	    cmocka_unit_test(a24_a_token_revoked_midway),
	    cmocka_unit_test(a27_a_connection_dies_between_batches),
	    cmocka_unit_test(b7_answers_that_do_not_match),
	    cmocka_unit_test(b9_b10_others_did_it_already),
	    cmocka_unit_test(b11_others_edited_the_same_line_item),
	    cmocka_unit_test(b12_a_change_between_check_and_commit_is_reported),
	    cmocka_unit_test(b13_the_line_item_was_deleted),
	    cmocka_unit_test(b7_a_reading_that_lacks_rows_proves_nothing),
	    cmocka_unit_test(c17_a_clock_that_is_ahead_does_not_hide_what_landed),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
