/* Batches of 500 operations over real HTTP: refused because of one, committed in part. Named after the
 * rows of the fault matrix; each case with RETICLE_LONG, else a sample. */
#define LINE_ITEMS "1200"
#include "tests/flow/applying.h"

static struct apply_op many[MAX_OPS];
static char many_values[MAX_OPS][32];

/* A full run takes long: how far it is. */
static void progress(const char *row, int at)
{
	if (cases_of(0, 1) && at % 100 == 0)
		print_message("%s: %d\n", row, at);
}

static void make_many(const struct world *w)
{
	for (int i = 0; i < MAX_OPS; i++) {
		snprintf(many_values[i], 32, "keyword %d", i);
		many[i] = keyword(w, i % 2, many_values[i]);
	}
}

/* The error of each operation is shown at that one and at no other; nothing is committed. */
static void b5_refused_operations_are_mapped(void **state)
{
	static struct run r;
	int mapped = 0, asked = 0;
	struct world w;

	(void)state;
	begin(&w);
	for (int bad = 0; bad < MAX_OPS; bad += cases_of(71, 1)) {
		if (asked % 50 == 49)
			new_client(&w);
		make_many(&w);
		many[bad].type_name = "GENDER"; /* and its value is no gender */
		r = apply_ops(&w, many, MAX_OPS);
		assert_int_equal(r.worst, OUTCOME_REFUSED);
		assert_false(r.partial);
		for (int i = 0; i < MAX_OPS; i++) {
			assert_int_equal(r.codes[i][0] != '\0', i == bad);
			assert_int_equal(r.ops[0][i], OUTCOME_REFUSED);
		}
		assert_int_equal(posts(&w), ++asked);
		progress("B5", ++mapped);
	}
	assert_int_equal(commits(&w), 0);
	print_message("B5: %d of %d batches refused and mapped\n", mapped, asked);
	end(&w);
}

/* The server breaks its own rule and commits the first k. */
static void b6_a_batch_that_commits_in_part(void **state)
{
	static struct run r;
	int cases = 0;

	(void)state;
	for (int k = 1; k < MAX_OPS; k += cases_of(83, 1)) {
		char action[32];
		struct world w;

		begin(&w);
		make_many(&w);
		snprintf(action, sizeof action, "partial@pre-commit:%d", k);
		fault(&w, RULE, action, "");
		r = apply_ops(&w, many, MAX_OPS);
		assert_true(r.partial);
		for (int i = 0; i < MAX_OPS; i++)
			if (r.ops[0][i] != (i < k ? OUTCOME_VERIFIED : OUTCOME_ABSENT))
				fail_msg("%d committed: operation %d is %s", k, i,
				    apply_outcome_name(r.ops[0][i]));
		assert_int_equal(posts(&w), 1);
		if (k % 50 == 1)
			no_doubles(&w);
		end(&w);
		progress("B6", ++cases);
	}
	print_message("B6: %d partial commits classified per operation\n", cases);
}

static void b19_exactly_500_operations(void **state)
{
	static struct run r;
	struct world w;

	(void)state;
	begin(&w);
	make_many(&w);
	r = apply_ops(&w, many, MAX_OPS);
	if (r.worst != OUTCOME_VERIFIED)
		fail_msg("%s: %s", apply_outcome_name(r.worst), r.why.msg);
	assert_int_equal(commits(&w), 1);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(b5_refused_operations_are_mapped),
	    cmocka_unit_test(b6_a_batch_that_commits_in_part),
	    cmocka_unit_test(b19_exactly_500_operations),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
