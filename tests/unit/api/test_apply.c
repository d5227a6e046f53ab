/* The apply engine against a small account in memory. Names follow the fault matrix where a row is
 * meant (A1, A3, A5, A6, B5 to B13). */
#include "tests/unit/api/account.h"

/* --- tests --- */

static void applied_and_read_back(void **state)
{
	(void)state;
	reset_world();
	struct seen s = run_ops(two_ops, 2);

	assert_int_equal(s.worst, OUTCOME_VERIFIED);
	assert_string_equal(s.steps, "intent sent applied verified");
	assert_string_equal(s.ids[0], "c4");
	assert_string_equal(s.pre_ids, "c1,c2,c3");
	assert_int_equal(w.posts, 1);
	assert_true(find_row("c1")->deleted);
}

static void a1_g51_lost_answer_after_commit_is_settled_not_resent(void **state)
{
	(void)state;
	reset_world();
	w.fault = FAULT_DROP_AFTER;
	struct seen s = run_ops(two_ops, 2);

	assert_int_equal(w.posts, 1);
	assert_string_equal(s.steps, "intent sent unknown verified");
	assert_int_equal(s.worst, OUTCOME_VERIFIED);
	assert_int_equal(s.events[APPLY_SETTLE_WAIT], 1);
	assert_string_equal(s.ids[0], "c4");
}

static void a3_lost_before_commit_is_absent_after_all_rounds(void **state)
{
	(void)state;
	reset_world();
	w.fault = FAULT_DROP_BEFORE;
	struct seen s = run_ops(two_ops, 2);

	assert_int_equal(w.posts, 1);
	assert_string_equal(s.steps, "intent sent unknown absent");
	assert_int_equal(s.worst, OUTCOME_ABSENT);
	assert_int_equal(s.events[APPLY_SETTLE_WAIT], 4);
	assert_int_equal(w.reads, 5); /* the drift check and four rounds */
}

static void a5_late_commit_is_found(void **state)
{
	(void)state;
	reset_world();
	w.fault = FAULT_LATE;
	struct seen s = run_ops(two_ops, 2);

	assert_int_equal(w.posts, 1);
	assert_int_equal(s.worst, OUTCOME_VERIFIED);
	assert_int_equal(s.events[APPLY_SETTLE_WAIT], 3);
}

static void a6_read_lag_never_gives_a_wrong_verdict(void **state)
{
	static const int64_t lags[] = {0, 2000, 10000, 45000};

	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (int lost = 0; lost < 2; lost++) {
			reset_world();
			w.lag_ms = lags[i];
			w.fault = lost ? FAULT_DROP_AFTER : FAULT_NONE;
			struct seen s = run_ops(two_ops, 2);

			assert_int_equal(s.worst, OUTCOME_VERIFIED);
			assert_int_equal(w.posts, 1);
		}
}

static void a8_what_never_left_is_not_sent(void **state)
{
	(void)state;
	reset_world();
	w.fault = FAULT_UNSENT;
	struct seen s = run_ops(two_ops, 2);

	assert_int_equal(s.worst, OUTCOME_NOT_SENT);
	assert_string_equal(s.steps, "intent not sent");
	assert_int_equal(
	    w.posts, 6); /* one attempt and five more: none of them reached the server */
	assert_int_equal(w.commits, 0);
}

static void a16_html_with_200_is_unknown(void **state)
{
	(void)state;
	reset_world();
	w.fault = FAULT_HTML;
	struct seen s = run_ops(two_ops, 2);

	assert_int_equal(w.posts, 1);
	assert_int_equal(s.worst, OUTCOME_ABSENT);
}

static void a18_429_with_a_reset_is_sent_again_after_it(void **state)
{
	(void)state;
	reset_world();
	w.fault = FAULT_429;
	struct seen s = run_ops(two_ops, 2);

	assert_int_equal(w.posts, 2);
	assert_int_equal(w.commits, 1);
	assert_int_equal(s.worst, OUTCOME_VERIFIED);
	assert_string_equal(s.steps, "intent sent sent applied verified");
}

/* The waits of settling count from the sending that got lost, not from the refused one long before:
 * otherwise one early reading of a lagging server would be taken for proof. */
static void a18_what_is_lost_after_a_429_gets_its_full_time(void **state)
{
	(void)state;
	reset_world();
	w.fault = FAULT_429_DROP;
	w.lag_ms = 45000;
	struct seen s = run_ops(two_ops, 2);

	assert_int_equal(w.posts, 2);
	assert_int_equal(w.commits, 1);
	assert_int_equal(s.worst, OUTCOME_VERIFIED);
	assert_string_equal(s.steps, "intent sent sent unknown verified");
}

/* Start the batch and turn the loop until it waits for the rate limit, or is over. */
static struct apply *start_and_wait(
    struct fake *f, struct api **a, struct seen *s, int64_t *wait_ms)
{
	static const struct apply_batch batch = {two_ops, 2};
	static const struct apply_job job = {"acc1", &batch, 1, &base, 1};
	struct apply_journal j = {s, on_intent, on_sent, on_end, on_note};

	*a = fake_api(f, account, NULL);
	if (w.prepare)
		w.prepare(*a);
	struct apply *ap =
	    apply_start(*a, &job, NULL, &(struct apply_watch){&j, on_event, s}, NULL);

	for (int i = 0; i < 1000 && !s->done && !apply_waits(ap, wait_ms); i++)
		loop_turn(f->loop, 1);
	assert_false(s->done);
	return ap;
}

/* The wait can be seen, and left at once: what X refused is not sent again. */
static void a18_the_wait_for_the_reset_can_be_left(void **state)
{
	struct seen s = {0};
	struct fake f;
	struct api *a;
	int64_t ms;

	(void)state;
	reset_world();
	w.fault = FAULT_429;
	struct apply *ap = start_and_wait(&f, &a, &s, &ms);

	assert_int_equal(apply_waits(ap, &ms), APPLY_WAITS_UNSENT);
	assert_in_range(ms, 1, 4000);
	int64_t t0 = clock_mono_ms();

	apply_stop(ap);
	apply_stop(ap); /* a key that is pressed twice */
	assert_false(s.done); /* never from inside the call */
	fake_run(&f, &s.done, 1, 50);
	assert_true(s.done);
	assert_true(clock_mono_ms() - t0 < 2000);
	assert_int_equal(w.posts, 1);
	assert_int_equal(w.commits, 0);
	assert_int_equal(s.worst, OUTCOME_REFUSED);
	assert_string_equal(s.steps, "intent sent refused");
	fake_run(&f, NULL, 1000, 10); /* nor later */
	assert_int_equal(w.posts, 1);
	fake_done(&f, a);
}

static void no_batch_is_left(struct api *a)
{
	assert_int_equal(api_budget_restore(a, &(struct api_budget){.name = "writes",
						   .known = true,
						   .limit = 450,
						   .remaining = 0,
						   .reset_wall_s = clock_wall_s() + 50}),
	    ERR_OK);
}

static void a18_a_batch_that_waits_for_its_budget_was_not_sent(void **state)
{
	struct seen s = {0};
	struct fake f;
	struct api *a;
	int64_t ms;

	(void)state;
	reset_world();
	w.prepare = no_batch_is_left;
	struct apply *ap = start_and_wait(&f, &a, &s, &ms);

	assert_int_equal(apply_waits(ap, &ms), APPLY_WAITS_UNSENT);
	assert_in_range(ms, 40000, 52000);
	apply_stop(ap);
	fake_run(&f, &s.done, 1, 50);
	assert_true(s.done);
	assert_int_equal(w.posts, 0);
	assert_int_equal(s.worst, OUTCOME_NOT_SENT);
	assert_string_equal(s.steps, "intent not sent");
	fake_done(&f, a);
}

static int64_t prepared_ms, last_read_ms;

static void note_read(void)
{
	last_read_ms = clock_mono_ms();
}

static void only_the_reserve_is_left(struct api *a)
{
	prepared_ms = clock_mono_ms();
	assert_int_equal(api_budget_restore(a, &(struct api_budget){.name = "criteria reads",
						   .account = "acc1",
						   .known = true,
						   .limit = 400,
						   .remaining = 80,
						   .reset_wall_s = clock_wall_s() + 500}),
	    ERR_OK);
}

/* A fifth of the budget is kept for the check before a posting and for reading it back. */
static void the_reserve_checks_and_reads_back(void **state)
{
	(void)state;
	reset_world();
	w.prepare = only_the_reserve_is_left;
	w.between = note_read;
	struct seen s = run_ops(two_ops, 2);

	assert_int_equal(s.worst, OUTCOME_VERIFIED);
	assert_in_range(last_read_ms - prepared_ms, 0, 100000); /* it did not wait for the reset */
}

static void a21_503_after_commit_is_settled(void **state)
{
	(void)state;
	reset_world();
	w.fault = FAULT_503;
	struct seen s = run_ops(two_ops, 2);

	assert_int_equal(w.posts, 1);
	assert_int_equal(s.worst, OUTCOME_VERIFIED);
}

static void a24_revoked_token_stops_and_the_rest_is_not_sent(void **state)
{
	static const struct apply_op second = {.kind = APPLY_CREATE,
	    .line_item_id = "li2",
	    .type_name = "BROAD_KEYWORD",
	    .value = "table",
	    .op = OP_EQ};
	struct apply_batch batches[] = {{two_ops, 2}, {&second, 1}, {&second, 1}};
	struct apply_job job = {"acc1", batches, 3, &base, 1};

	(void)state;
	reset_world();
	w.fault = FAULT_401;
	w.fault_nth = 2;
	struct seen s = run_job(&job, (struct seen){0});

	assert_int_equal(w.posts, 2);
	assert_int_equal(s.ops[0], OUTCOME_VERIFIED);
	assert_int_equal(s.worst, OUTCOME_REFUSED);
	assert_int_equal(s.why.code, ERR_AUTH);
	assert_string_equal(s.steps, "intent sent applied verified intent sent refused");
}

static void b5_g8_a_refused_batch_is_refused_whole_and_mapped(void **state)
{
	(void)state;
	reset_world();
	w.fault = FAULT_REFUSE;
	struct seen s = run_ops(two_ops, 2);

	assert_int_equal(s.worst, OUTCOME_REFUSED);
	assert_int_equal(s.ops[0], OUTCOME_REFUSED);
	assert_int_equal(s.ops[1], OUTCOME_REFUSED);
	assert_string_equal(s.ei[0], "");
	assert_string_equal(s.ei[1], "INVALID");
	assert_string_equal(s.param[1], "age");
	assert_false(s.partial);
	assert_int_equal(w.commits, 0);
}

static void b6_partial_commit_is_shown_per_operation(void **state)
{
	(void)state;
	reset_world();
	w.fault = FAULT_PARTIAL_200;
	struct seen s = run_ops(two_ops, 2);

	assert_true(s.partial);
	assert_int_equal(s.ops[0], OUTCOME_VERIFIED);
	assert_int_equal(s.ops[1], OUTCOME_ABSENT);
	assert_int_equal(w.posts, 1);
	reset_world();
	w.fault = FAULT_PARTIAL_400;
	s = run_ops(two_ops, 2);
	assert_true(s.partial);
	assert_int_equal(s.ops[0], OUTCOME_VERIFIED);
	assert_int_equal(s.ops[1], OUTCOME_REFUSED);
}

static void b7_an_answer_that_does_not_match_is_no_answer(void **state)
{
	static const enum fault faults[] = {FAULT_OMIT, FAULT_REORDER};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		reset_world();
		w.fault = faults[i];
		struct seen s = run_ops(two_ops, 2);

		assert_string_equal(s.steps, "intent sent unknown verified");
		assert_int_equal(w.posts, 1);
	}
}

static void b9_what_others_added_is_not_sent(void **state)
{
	(void)state;
	reset_world();
	add_row("li1", "BROAD_KEYWORD", "EQ", "SOFA"); /* the same keyword to the API */
	struct seen s = run_ops(two_ops, 2);

	assert_int_equal(s.ops[0], OUTCOME_NOOP);
	assert_int_equal(s.ops[1], OUTCOME_VERIFIED);
	assert_int_equal(s.events[APPLY_DRIFT_PASSED], 0);
	reset_world();
	add_row("li1", "BROAD_KEYWORD", "EQ", "sofa");
	s = run_ops(two_ops, 1);
	assert_int_equal(w.posts, 0); /* nothing left to send */
	assert_int_equal(s.worst, OUTCOME_NOOP);
}

static void b10_what_others_deleted_is_already_gone(void **state)
{
	(void)state;
	reset_world();
	find_row("c1")->deleted = true;
	struct seen s = run_ops(two_ops, 2);

	assert_int_equal(s.ops[0], OUTCOME_VERIFIED);
	assert_int_equal(s.ops[1], OUTCOME_NOOP);
	assert_int_equal(s.worst, OUTCOME_VERIFIED);
}

/* A reading may be behind the account. Only one that shows it deleted makes a removal needless. */
static void b10_what_a_late_reading_does_not_show_is_not_gone(void **state)
{
	(void)state;
	reset_world();
	find_row("c1")->visible_ms = clock_mono_ms() + 1000000;
	struct seen s = run_ops(two_ops, 2);

	assert_int_equal(w.posts, 1);
	assert_true(find_row("c1")->deleted);
	assert_int_not_equal(s.ops[1], OUTCOME_NOOP);
}

static void disjoint_drift_is_shown_and_passes(void **state)
{
	(void)state;
	reset_world();
	add_row("li1", "BROAD_KEYWORD", "EQ", "lamp");
	find_row("c3")->deleted = true;
	struct seen s = run_ops(two_ops, 2);

	assert_int_equal(s.events[APPLY_DRIFT_PASSED], 1);
	assert_int_equal(s.drift.added, 1);
	assert_int_equal(s.drift.removed, 1);
	assert_int_equal(s.worst, OUTCOME_VERIFIED);
}

static void b11_overlapping_drift_stops_before_sending(void **state)
{
	static const struct apply_op age = {.kind = APPLY_CREATE,
	    .line_item_id = "li1",
	    .type_name = "AGE",
	    .value = "AGE_OVER_21",
	    .op = OP_EQ};
	static const struct apply_op not_sofa = {.kind = APPLY_CREATE,
	    .line_item_id = "li1",
	    .type_name = "BROAD_KEYWORD",
	    .value = "sofa",
	    .op = OP_NE};
	struct seen s;

	(void)state;
	reset_world();
	add_row("li1", "AGE", "EQ", "AGE_OVER_18");
	s = run_ops(&age, 1);
	assert_int_equal(s.events[APPLY_DRIFT_STOPPED], 1);
	assert_int_equal(s.worst, OUTCOME_CONFLICT);
	assert_int_equal(s.why.code, ERR_CONFLICT);
	assert_int_equal(w.posts, 0);
	reset_world();
	add_row("li1", "BROAD_KEYWORD", "EQ", "sofa");
	s = run_ops(&not_sofa, 1);
	assert_int_equal(s.worst, OUTCOME_CONFLICT);
	assert_int_equal(w.posts, 0);
}

/* The review saw two languages and one go; meanwhile somebody removed the other: sending would
 * reach speakers of every language. */
static void b11_a_delete_that_became_the_last_of_its_type_stops(void **state)
{
	(void)state;
	reset_world();
	add_row("li1", "LANGUAGE", "EQ", "es");
	base_rows[3] = (struct criterion){.id = w.rows[3].id,
	    .line_item_id = "li1",
	    .type_name = "LANGUAGE",
	    .type = type_by_name("LANGUAGE"),
	    .value = "es"};
	base.n = 4;
	find_row("c4")->deleted = true;
	struct seen s = run_ops(two_ops, 2);

	assert_int_equal(s.worst, OUTCOME_CONFLICT);
	assert_int_equal(s.ops[0], OUTCOME_NOT_SENT);
	assert_int_equal(s.ops[1], OUTCOME_CONFLICT);
	assert_int_equal(w.posts, 0);
}

static void add_base(const char *id, const char *type, const char *value)
{
	base_rows[base.n++] = (struct criterion){.id = id,
	    .line_item_id = "li1",
	    .type_name = type,
	    .type = type_by_name(type),
	    .value = value,
	    .op = OP_EQ};
}

/* The review saw a keyword stay when the interest goes; meanwhile somebody removed the keyword: no
 * subject would be left, and nobody agreed to that. */
static void b11_a_delete_that_became_the_last_subject_stops(void **state)
{
	static const struct apply_op interest = {.kind = APPLY_DELETE,
	    .line_item_id = "li1",
	    .type_name = "INTEREST",
	    .value = "1001",
	    .op = OP_EQ,
	    .criterion_id = "c4"};

	(void)state;
	reset_world();
	add_row("li1", "INTEREST", "EQ", "1001");
	add_base("c4", "INTEREST", "1001");
	struct seen s = run_ops(&interest, 1);

	assert_int_equal(s.worst, OUTCOME_VERIFIED); /* undisturbed it goes */
	reset_world();
	add_row("li1", "INTEREST", "EQ", "1001");
	add_base("c4", "INTEREST", "1001");
	find_row("c3")->deleted = true;
	s = run_ops(&interest, 1);
	assert_int_equal(s.worst, OUTCOME_CONFLICT);
	assert_non_null(strstr(s.why.msg, "no subject any more"));
	assert_int_equal(w.posts, 0);
}

/* The review saw a location stay; meanwhile somebody removed it: everyone worldwide. */
static void b11_a_delete_that_became_worldwide_stops(void **state)
{
	static const struct apply_op ops[] = {
	    {.kind = APPLY_DELETE,
		.line_item_id = "li1",
		.type_name = "BROAD_KEYWORD",
		.value = "chair",
		.op = OP_EQ,
		.criterion_id = "c3"},
	    {.kind = APPLY_DELETE,
		.line_item_id = "li1",
		.type_name = "LANGUAGE",
		.value = "en",
		.op = OP_EQ,
		.criterion_id = "c1"},
	};

	(void)state;
	reset_world();
	find_row("c2")->deleted = true;
	struct seen s = run_ops(ops, 2);

	assert_int_equal(s.worst, OUTCOME_CONFLICT);
	assert_non_null(strstr(s.why.msg, "everyone worldwide"));
	assert_int_equal(w.posts, 0);
}

/* A plan whose ids were mixed up: it says the keyword, and its id is that of the location. */
static void b11_a_delete_that_names_another_criterion_stops(void **state)
{
	static const struct apply_op mixed = {.kind = APPLY_DELETE,
	    .line_item_id = "li1",
	    .type_name = "BROAD_KEYWORD",
	    .value = "chair",
	    .op = OP_EQ,
	    .criterion_id = "c2"};

	(void)state;
	reset_world();
	struct seen s = run_ops(&mixed, 1);

	assert_int_equal(s.worst, OUTCOME_CONFLICT);
	assert_int_equal(w.posts, 0);
}

/* What an earlier batch of the same posting did is not somebody else's. */
static void b12_our_own_earlier_batch_is_no_drift(void **state)
{
	static const struct apply_op lamp = {.kind = APPLY_CREATE,
	    .line_item_id = "li1",
	    .type_name = "BROAD_KEYWORD",
	    .value = "lamp",
	    .op = OP_EQ};
	struct apply_batch batches[] = {{two_ops, 2}, {&lamp, 1}};
	struct apply_job job = {"acc1", batches, 2, &base, 1};

	(void)state;
	reset_world();
	struct seen s = run_job(&job, (struct seen){0});

	assert_int_equal(s.worst, OUTCOME_VERIFIED);
	assert_int_equal(w.posts, 2);
	assert_int_equal(s.events[APPLY_DRIFT_PASSED], 0);
}

static void b13_deleted_parent_stops(void **state)
{
	(void)state;
	reset_world();
	w.parent_deleted = true;
	struct seen s = run_ops(two_ops, 2);

	assert_int_equal(s.worst, OUTCOME_CONFLICT);
	assert_int_equal(w.posts, 0);
}

static void a_journal_that_cannot_write_sends_nothing(void **state)
{
	struct apply_batch batch = {two_ops, 2};
	struct apply_job job = {"acc1", &batch, 1, &base, 1};

	(void)state;
	reset_world();
	struct seen s = run_job(&job, (struct seen){.refuse_sent = true});

	assert_int_equal(s.worst, OUTCOME_NOT_SENT);
	assert_string_equal(s.steps, "intent sent not sent");
	assert_int_equal(s.why.code, ERR_STORE);
}

static void a_lost_answer_and_a_dead_network_stay_unknown(void **state)
{
	(void)state;
	reset_world();
	w.fault = FAULT_DROP_AFTER;
	w.reads_fail = true;
	struct seen s = run_ops(two_ops, 2);

	assert_int_equal(s.worst, OUTCOME_UNKNOWN);
	assert_int_equal(s.ops[0], OUTCOME_UNKNOWN);
	assert_string_equal(s.steps, "intent sent unknown");
	assert_int_equal(s.why.code, ERR_UNKNOWN);
}

/* What the account had before with the same key is not taken for our own. */
static void an_older_twin_is_not_our_create(void **state)
{
	(void)state;
	reset_world();
	add_row("li1", "BROAD_KEYWORD", "EQ", "sofa")->deleted = true;
	w.fault = FAULT_DROP_BEFORE;
	struct seen s = run_ops(two_ops, 1);

	assert_int_equal(s.worst, OUTCOME_ABSENT);
}

/* age_s: by the wall clock, which somebody may have set; sure_s: by the one that nobody can. */
static void recover_set(
    enum fault fault, const int64_t age_sure_s[2], enum apply_outcome want, unsigned rounds)
{
	struct apply_batch batch = {two_ops, 2};
	struct apply_job job = {"acc1", &batch, 1, NULL, 0};
	struct seen s = {0};
	struct fake f;
	struct api *a;
	struct buf out;

	reset_world();
	if (fault == FAULT_DROP_AFTER) {
		buf_init(&out, 65536);
		commit("[{\"operation_type\":\"Create\",\"params\":{\"line_item_id\":\"li1\","
		       "\"targeting_type\":\"BROAD_KEYWORD\",\"operator_type\":\"EQ\","
		       "\"targeting_value\":\"sofa\"}},{\"operation_type\":\"Delete\",\"params\":{"
		       "\"targeting_criterion_id\":\"c1\"}}]",
		    SIZE_MAX, &out);
		buf_done(&out);
	}
	a = fake_api(&f, account, NULL);
	clock_pin(1767690000 + age_sure_s[0]);
	struct apply_journal j = {&s, on_intent, on_sent, on_end, on_note};

	assert_non_null(apply_recover(a,
	    &(struct apply_recovery){
		&job, 1767690000, age_sure_s[1] * 1000, "c1,c2,c3", NULL, {&j, on_event, &s}},
	    NULL));
	fake_run(&f, &s.done, 500, 200000);
	assert_int_equal(s.worst, want);
	assert_int_equal(s.events[APPLY_SETTLE_WAIT], rounds);
	assert_int_equal(w.posts, 0);
	fake_done(&f, a);
}

static void recover(enum fault fault, int64_t age_s, enum apply_outcome want, unsigned rounds)
{
	recover_set(fault, (int64_t[]){age_s, age_s}, want, rounds);
}

/* A clock that was set forward since does not make the wait shorter in which the batch may still take
 * effect, nor one that was set back longer than it has to be. */
static void c17_a_clock_that_was_set_does_not_settle(void **state)
{
	(void)state;
	recover_set(FAULT_DROP_BEFORE, (int64_t[]){3600, 15}, OUTCOME_ABSENT, 3);
	recover_set(FAULT_DROP_BEFORE, (int64_t[]){3650 * 86400, 0}, OUTCOME_ABSENT, 4);
	recover_set(FAULT_DROP_BEFORE, (int64_t[]){-3600, 3600}, OUTCOME_ABSENT, 1);
	recover_set(FAULT_DROP_AFTER, (int64_t[]){3600, 3}, OUTCOME_VERIFIED, 1);
}

static void a_batch_of_an_earlier_run_is_settled_by_reading(void **state)
{
	(void)state;
	recover(FAULT_DROP_AFTER, 3600, OUTCOME_VERIFIED, 1);
	recover(FAULT_DROP_BEFORE, 3600, OUTCOME_ABSENT, 1);
	recover(FAULT_DROP_BEFORE, 5, OUTCOME_ABSENT, 4);
	recover(FAULT_DROP_AFTER, 0, OUTCOME_VERIFIED, 1);
}

static void freeing_midway_leaves_nothing_behind(void **state)
{
	struct apply_batch batch = {two_ops, 2};
	struct apply_job job = {"acc1", &batch, 1, &base, 1};

	(void)state;
	for (int turns = 0; turns < 12; turns++) {
		struct seen s = {0};
		struct fake f;

		reset_world();
		w.fault = FAULT_DROP_AFTER;
		struct api *a = fake_api(&f, account, NULL);
		struct apply *ap =
		    apply_start(a, &job, NULL, &(struct apply_watch){NULL, on_event, &s}, NULL);

		for (int i = 0; i < turns; i++)
			loop_turn(f.loop, 0);
		assert_false(s.done);
		apply_free(ap);
		loop_turn(f.loop, 0);
		loop_turn(f.loop, 0);
		assert_true(w.posts <= 1);
		fake_done(&f, a);
	}
}

static void stopping_while_settling_leaves_it_unknown(void **state)
{
	struct apply_batch batch = {two_ops, 2};
	struct apply_job job = {"acc1", &batch, 1, &base, 1};
	struct seen s = {0};
	struct fake f;

	(void)state;
	reset_world();
	w.fault = FAULT_DROP_BEFORE;
	struct api *a = fake_api(&f, account, NULL);
	struct apply *ap =
	    apply_start(a, &job, NULL, &(struct apply_watch){NULL, on_event, &s}, NULL);

	while (!s.events[APPLY_SETTLE_WAIT])
		loop_turn(f.loop, 0);
	apply_stop(ap);
	fake_run(&f, &s.done, 1, 50);
	assert_true(s.done);
	assert_int_equal(s.worst, OUTCOME_UNKNOWN);
	fake_done(&f, a);
}

static void jobs_that_cannot_be_sent_are_refused(void **state)
{
	struct apply_op op = two_ops[0];
	struct apply_batch batch = {&op, 1};
	struct apply_job job = {"acc1", &batch, 1, NULL, 0};
	struct errinfo ei;
	struct fake f;
	struct api *a = fake_api(&f, account, NULL);

	(void)state;
	job.n_batches = 0;
	assert_null(apply_start(a, &job, NULL, &(struct apply_watch){NULL, on_event, NULL}, &ei));
	assert_int_equal(ei.code, ERR_USAGE);
	job.n_batches = 1;
	batch.n = 501;
	assert_null(apply_start(a, &job, NULL, &(struct apply_watch){NULL, on_event, NULL}, &ei));
	assert_int_equal(ei.code, ERR_LIMIT);
	batch.n = 1;
	op.line_item_id = "../accounts/x";
	assert_null(apply_start(a, &job, NULL, &(struct apply_watch){NULL, on_event, NULL}, &ei));
	assert_int_equal(ei.code, ERR_REFUSED);
	op = two_ops[1];
	op.criterion_id = "a/b";
	assert_null(apply_start(a, &job, NULL, &(struct apply_watch){NULL, on_event, NULL}, &ei));
	op = two_ops[0];
	op.op = OP_OTHER;
	assert_null(apply_start(a, &job, NULL, &(struct apply_watch){NULL, on_event, NULL}, &ei));
	fake_done(&f, a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(applied_and_read_back),
	    cmocka_unit_test(a1_g51_lost_answer_after_commit_is_settled_not_resent),
	    cmocka_unit_test(a3_lost_before_commit_is_absent_after_all_rounds),
	    cmocka_unit_test(a5_late_commit_is_found),
	    cmocka_unit_test(a6_read_lag_never_gives_a_wrong_verdict),
	    cmocka_unit_test(a8_what_never_left_is_not_sent),
	    cmocka_unit_test(a16_html_with_200_is_unknown),
	    cmocka_unit_test(a18_429_with_a_reset_is_sent_again_after_it),
	    cmocka_unit_test(a18_what_is_lost_after_a_429_gets_its_full_time),
	    cmocka_unit_test(a18_the_wait_for_the_reset_can_be_left),
	    cmocka_unit_test(a18_a_batch_that_waits_for_its_budget_was_not_sent),
	    cmocka_unit_test(the_reserve_checks_and_reads_back),
	    cmocka_unit_test(a21_503_after_commit_is_settled),
	    cmocka_unit_test(a24_revoked_token_stops_and_the_rest_is_not_sent),
	    cmocka_unit_test(b5_g8_a_refused_batch_is_refused_whole_and_mapped),
	    cmocka_unit_test(b6_partial_commit_is_shown_per_operation),
	    cmocka_unit_test(b7_an_answer_that_does_not_match_is_no_answer),
	    cmocka_unit_test(b9_what_others_added_is_not_sent),
	    cmocka_unit_test(b10_what_others_deleted_is_already_gone),
	    cmocka_unit_test(b10_what_a_late_reading_does_not_show_is_not_gone),
	    cmocka_unit_test(disjoint_drift_is_shown_and_passes),
	    cmocka_unit_test(b11_overlapping_drift_stops_before_sending),
	    cmocka_unit_test(b11_a_delete_that_became_the_last_of_its_type_stops),
	    cmocka_unit_test(b11_a_delete_that_became_the_last_subject_stops),
	    cmocka_unit_test(b11_a_delete_that_became_worldwide_stops),
	    cmocka_unit_test(b11_a_delete_that_names_another_criterion_stops),
	    cmocka_unit_test(b12_our_own_earlier_batch_is_no_drift),
	    cmocka_unit_test(b13_deleted_parent_stops),
	    cmocka_unit_test(a_journal_that_cannot_write_sends_nothing),
	    cmocka_unit_test(a_lost_answer_and_a_dead_network_stay_unknown),
	    cmocka_unit_test(an_older_twin_is_not_our_create),
	    cmocka_unit_test(a_batch_of_an_earlier_run_is_settled_by_reading),
	    cmocka_unit_test(c17_a_clock_that_was_set_does_not_settle),
	    cmocka_unit_test(freeing_midway_leaves_nothing_behind),
	    cmocka_unit_test(stopping_while_settling_leaves_it_unknown),
	    cmocka_unit_test(jobs_that_cannot_be_sent_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
