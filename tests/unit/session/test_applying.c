/* Posting: what the engine meets becomes the right step of the journal, the right row of the review
 * and the right state of the draft; and nothing is lost or sent twice over a restart. */
#include "tests/unit/session/kit.h"
#include "tests/unit/session/world.h"

#include "session/draft.h"

static int setup(void **state)
{
	static struct kit k;

	kit_init(&k, NULL);
	world_init(&k);
	*state = &k;
	return 0;
}

static int teardown(void **state)
{
	kit_done(*state);
	return 0;
}

static size_t outcome(struct kit *k, enum apply_outcome o)
{
	return applying_status(k->session)->by_outcome[o];
}

static void what_is_posted_is_seen_and_leaves_the_stage(void **state)
{
	struct kit *k = *state;

	assert_int_equal(world_stage(k, "li1", "shoes"), 1);
	assert_int_equal(world_stage(k, "li2", "boots"), 1);
	world_post_all(k);
	assert_string_equal(world_live(), "li1/ca0 li1!aud1 li2/AGE_25_TO_49 li1/shoes li2/boots");
	assert_int_equal(outcome(k, OUTCOME_VERIFIED), 2);
	assert_string_equal(world_batches(k), "verified");
	assert_string_equal(world_drafts(k), "0 staged 0 sending 0 unknown");
	assert_int_equal(staging_changes(k->session)->n, 0);
	assert_int_equal(world.posts, 1);
}

static void a_refusal_is_told_at_its_row_and_all_stay_staged(void **state)
{
	struct kit *k = *state;
	struct review_model m;
	size_t refused = 0;

	world_stage(k, "li1", "shoes");
	world_stage(k, "li1", "boots");
	world.fault = FAULT_REFUSE;
	world_post_all(k);
	assert_string_equal(world_batches(k), "rejected");
	assert_string_equal(world_drafts(k), "2 staged 0 sending 0 unknown");
	review_model_init(&m, k->session);
	assert_int_equal(review_model_build(&m), ERR_OK);
	assert_int_equal(m.n_rows, 2);
	for (size_t i = 0; i < m.n_rows; i++)
		if (m.rows[i].op && m.rows[i].op->why[0]) {
			refused++;
			assert_string_equal(m.rows[i].change->value, "boots");
			assert_non_null(strstr(m.rows[i].op->why, "only one age bucket"));
		}
	assert_int_equal(refused, 1);
	/* it can be taken off the stage, and its row goes */
	assert_int_equal(
	    staging_remove(k->session, &m.rows[1].change->id, 1, &(struct errinfo){0}), ERR_OK);
	assert_int_equal(review_model_build(&m), ERR_OK);
	assert_int_equal(m.n_rows, 1);
	review_model_done(&m);
	/* and what is left can be posted */
	world.fault = FAULT_NONE;
	world_post_all(k);
	assert_string_equal(world_batches(k), "verified");
}

static void a_refusal_that_did_a_part_is_told_per_operation(void **state)
{
	struct kit *k = *state;

	world_stage(k, "li1", "shoes");
	world_stage(k, "li1", "boots");
	world.fault = FAULT_REFUSE_HALF;
	world_post_all(k);
	assert_string_equal(world_batches(k), "partial");
	assert_string_equal(world_drafts(k), "1 staged 0 sending 0 unknown");
	assert_true(applying_status(k->session)->partial);
	assert_int_equal(outcome(k, OUTCOME_VERIFIED), 1);
	assert_string_equal(staging_changes(k->session)->v[0].value, "boots");
}

static void a_lost_answer_is_unknown_and_then_read_back_as_done(void **state)
{
	struct kit *k = *state;
	struct errinfo ei = {0};

	world_stage(k, "li1", "shoes");
	world.fault = FAULT_DROP_AFTER;
	assert_int_equal(world_start(k, &ei), ERR_OK);
	for (int i = 0; i < 200 && outcome(k, OUTCOME_UNKNOWN) == 0; i++)
		loop_turn(k->loop, 0);
	assert_string_equal(world_batches(k), "unknown");
	assert_string_equal(world_drafts(k), "0 staged 0 sending 1 unknown");
	assert_int_equal(applying_status(k->session)->phase, APPLYING_SETTLING);
	world_settle(k);
	assert_string_equal(world_batches(k), "verified");
	assert_string_equal(world_drafts(k), "0 staged 0 sending 0 unknown");
	assert_int_equal(world.posts, 1);
	assert_int_equal(applying_status(k->session)->ei.code, ERR_OK);
}

static void a_request_that_did_nothing_is_absent_only_after_all_readings(void **state)
{
	struct kit *k = *state;
	struct errinfo ei = {0};
	int64_t began = clock_mono_ms();

	world_stage(k, "li1", "shoes");
	world.fault = FAULT_DROP_BEFORE;
	assert_int_equal(world_start(k, &ei), ERR_OK);
	world_settle(k);
	assert_true(clock_mono_ms() - began >= 120000);
	assert_string_equal(world_batches(k), "absent");
	assert_string_equal(world_drafts(k), "1 staged 0 sending 0 unknown");
	assert_int_equal(world.posts, 1);
	/* offered again by a key, never by itself */
	world.fault = FAULT_NONE;
	world_post_all(k);
	assert_string_equal(world_batches(k), "verified");
	assert_int_equal(world.posts, 2);
}

static void a_part_that_took_effect_is_frozen_and_the_rest_is_staged(void **state)
{
	struct kit *k = *state;

	world_stage(k, "li1", "shoes");
	world_stage(k, "li1", "boots");
	world.fault = FAULT_HALF;
	world_post_all(k);
	assert_string_equal(world_batches(k), "partial");
	assert_string_equal(world_drafts(k), "1 staged 0 sending 0 unknown");
	assert_string_equal(staging_changes(k->session)->v[0].value, "boots");
}

static void a_claim_that_the_account_does_not_bear_out_is_not_believed(void **state)
{
	struct kit *k = *state;

	world_stage(k, "li1", "shoes");
	world_stage(k, "li1", "boots");
	world.fault = FAULT_HALF_OK;
	world_post_all(k);
	assert_string_equal(world_batches(k), "partial");
	assert_string_equal(world_drafts(k), "1 staged 0 sending 0 unknown");
}

static void what_never_left_is_staged_as_before(void **state)
{
	struct kit *k = *state;

	world_stage(k, "li1", "shoes");
	world.fault = FAULT_UNSENT;
	world_post_all(k);
	assert_string_equal(world_batches(k), "planned");
	assert_string_equal(world_drafts(k), "1 staged 0 sending 0 unknown");
	assert_int_equal(outcome(k, OUTCOME_NOT_SENT), 1);
	assert_int_not_equal(applying_status(k->session)->ei.code, ERR_OK);
	assert_int_equal(applying_unknown(k->session), 0);
	assert_false(lock_is_held(k->store, KIT_ACCOUNT));
}

static void a_foreign_change_beside_ours_is_counted_and_left_alone(void **state)
{
	struct kit *k = *state;

	world_stage(k, "li1", "shoes");
	world_add("li1", "BROAD_KEYWORD", "EQ", "theirs");
	world_post_all(k);
	assert_int_equal(applying_status(k->session)->foreign, 1);
	assert_string_equal(world_batches(k), "verified");
	assert_non_null(strstr(world_live(), "li1/theirs li1/shoes"));
}

static void a_foreign_change_of_the_same_thing_stops_before_sending(void **state)
{
	struct kit *k = *state;
	struct change age = world_create("li1", "AGE_35_TO_49");
	struct errinfo ei = {0};
	size_t staged;

	age.type = TYPE_AGE;
	age.type_name = "AGE";
	assert_int_equal(staging_add(k->session, &age, 1, &staged, &ei), ERR_OK);
	world_add("li1", "AGE", "EQ", "AGE_13_TO_24");
	world_post_all(k);
	assert_int_equal(world.posts, 0);
	assert_int_equal(outcome(k, OUTCOME_CONFLICT), 1);
	assert_int_equal(applying_status(k->session)->ei.code, ERR_CONFLICT);
	assert_string_equal(world_batches(k), "planned");
	assert_string_equal(world_drafts(k), "1 staged 0 sending 0 unknown");
}

static void what_somebody_else_did_already_is_taken_off_the_stage(void **state)
{
	struct kit *k = *state;

	world_stage(k, "li1", "shoes");
	world_add("li1", "BROAD_KEYWORD", "EQ", "shoes");
	world_post_all(k);
	assert_int_equal(world.posts, 0);
	assert_int_equal(outcome(k, OUTCOME_NOOP), 1);
	assert_string_equal(world_drafts(k), "0 staged 0 sending 0 unknown");
}

static struct kit *stopping;

static void stop_now(void)
{
	applying_stop(stopping->session);
}

static void c4_stopping_finishes_the_batch_in_flight(void **state)
{
	struct kit *k = *state;
	static const char *const unread[] = {"li3"};

	session_fetch_criteria(k->session, unread, 1, 0, REQ_USER);
	kit_turns(k);
	world_small_batches(k);
	stopping = k;
	world.on_post = stop_now;
	world_post_all(k);
	assert_int_equal(world.posts, 1);
	assert_string_equal(world_batches(k), "verified planned planned");
	assert_string_equal(world_drafts(k), "2 staged 0 sending 0 unknown");
	assert_int_equal(outcome(k, OUTCOME_VERIFIED), 1);
}

/* No connection comes about: the wait for the next attempt is seen, and left. */
static void a18_a_wait_before_the_sending_can_be_left(void **state)
{
	struct kit *k = *state;
	struct errinfo ei = {0};
	int64_t ms = 0;

	world_stage(k, "li1", "shoes");
	world.fault = FAULT_UNSENT;
	assert_int_equal(applying_waits(k->session, &ms), APPLY_WAITS_NOT);
	assert_int_equal(world_start(k, &ei), ERR_OK);
	for (int i = 0; i < 200 && !applying_waits(k->session, &ms); i++)
		loop_turn(k->loop, 0);
	assert_int_equal(applying_waits(k->session, &ms), APPLY_WAITS_UNSENT);
	assert_in_range(ms, 1, 30000);
	applying_stop(k->session);
	for (int i = 0; i < 200 && applying_busy(k->session); i++)
		loop_turn(k->loop, 0);
	assert_false(applying_busy(k->session));
	assert_int_equal(applying_waits(k->session, &ms), APPLY_WAITS_NOT);
	assert_int_equal(world.posts, 1);
	assert_string_equal(world_batches(k), "planned");
	assert_string_equal(world_drafts(k), "1 staged 0 sending 0 unknown");
}

static void a_lost_answer_stops_the_batches_behind_it(void **state)
{
	struct kit *k = *state;
	static const char *const unread[] = {"li3"};

	session_fetch_criteria(k->session, unread, 1, 0, REQ_USER);
	kit_turns(k);
	world_small_batches(k);
	world.fault = FAULT_DROP_AFTER;
	world.fault_nth = 2;
	world_post_all(k);
	assert_int_equal(world.posts, 2);
	assert_string_equal(world_batches(k), "verified verified planned");
	assert_string_equal(world_drafts(k), "1 staged 0 sending 0 unknown");
}

/* Killed while the answer was awaited. */
static void after_a_kill_the_batch_on_the_wire_is_settled_by_reading(void **state)
{
	struct kit *k = *state;
	struct errinfo ei = {0};

	world_stage(k, "li1", "shoes");
	world.fault = FAULT_HANG;
	assert_int_equal(world_start(k, &ei), ERR_OK);
	for (int i = 0; i < 200 && world.posts == 0; i++)
		loop_turn(k->loop, 0);
	assert_string_equal(world_batches(k), "wire");
	world_restart(k);
	/* seen before there is a network */
	assert_string_equal(world_batches(k), "unknown");
	assert_int_equal(applying_unknown(k->session), 1);
	kit_connect(k, world_answer);
	applying_resume(k->session);
	world_settle(k);
	assert_string_equal(world_batches(k), "verified");
	assert_string_equal(world_drafts(k), "0 staged 0 sending 0 unknown");
	assert_int_equal(applying_unknown(k->session), 0);
	assert_int_equal(world.posts, 1);
}

/* A second terminal of the kit's account, as far as its journal: it sends, and dies. */
static void another_terminal_dies_while_it_posts(void)
{
	struct paths p;
	struct errinfo ei = {0};
	struct store *other;
	struct change_set set;
	struct change c = world_create("li1", "shoes");
	const struct change *op;
	struct journal_batch_plan b = {&op, 1};
	struct journal_plan plan = {KIT_ACCOUNT, "t", "d", &b, 1};
	uint64_t changeset, batch;

	assert_int_equal(paths_init(&p, "test", &ei), ERR_OK);
	other = store_open(&p, &ei);
	assert_int_equal(store_bind(other, "demo", "12", &ei), ERR_OK);
	change_set_init(&set);
	assert_non_null(change_set_copy(&set, &c));
	assert_int_equal(drafts_stage(other, KIT_ACCOUNT, &set, "t", &ei), ERR_OK);
	op = &set.v[0];
	assert_int_equal(lock_take(other, KIT_ACCOUNT, &ei), ERR_OK);
	assert_int_equal(journal_begin(other, &plan, &changeset, &batch, &ei), ERR_OK);
	assert_int_equal(
	    journal_intent(other, batch, &(struct journal_intent){"[]", 2, "s", ""}, &ei), ERR_OK);
	assert_int_equal(journal_wire(other, batch, "n", 1, &ei), ERR_OK);
	change_set_done(&set);
	store_close(other);
}

/* The simulator: seed 1012203 of its time. Whatever draft is worked on here, the account is the same. */
static void what_a_dead_terminal_sent_from_another_draft_is_taken_over(void **state)
{
	struct kit *k = *state;
	struct errinfo ei = {0};

	assert_int_equal(draft_switch(k->session, "autumn", &ei), ERR_OK);
	another_terminal_dies_while_it_posts();
	assert_string_equal(world_batches(k), "wire");
	for (int i = 0; i < 8; i++) {
		clock_step_ms(500);
		loop_turn(k->loop, 0);
	}
	assert_string_equal(world_batches(k), "unknown");
	world_settle(k);
	assert_string_equal(world_batches(k), "absent");
	assert_int_equal(draft_switch(k->session, "", &ei), ERR_OK);
	assert_string_equal(world_drafts(k), "1 staged 0 sending 0 unknown");
}

static void nothing_is_posted_over_an_unknown_outcome(void **state)
{
	struct kit *k = *state;
	struct errinfo ei = {0};

	world_stage(k, "li1", "shoes");
	world.fault = FAULT_DROP_AFTER;
	world.reads_fail = true;
	world_post_all(k);
	assert_string_equal(world_batches(k), "unknown");
	assert_int_equal(applying_unknown(k->session), 1);
	assert_null(strstr(applying_status(k->session)->ei.msg, "cannot become"));
	world_stage(k, "li2", "boots");
	world.fault = FAULT_NONE;
	world.reads_fail = false;
	assert_int_equal(world_start(k, &ei), ERR_REFUSED);
	assert_int_equal(world.posts, 1);
	assert_false(lock_is_held(k->store, KIT_ACCOUNT));
	/* a second settlement finds it; one that cannot read says so and changes nothing */
	world.reads_fail = true;
	assert_int_equal(applying_settle(k->session, &ei), ERR_OK);
	world_settle(k);
	assert_string_equal(world_batches(k), "unknown");
	assert_null(strstr(applying_status(k->session)->ei.msg, "cannot become"));
	world.reads_fail = false;
	assert_int_equal(applying_settle(k->session, &ei), ERR_OK);
	world_settle(k);
	assert_string_equal(world_batches(k), "verified");
	world_post_all(k);
	assert_int_equal(world.posts, 2);
}

static void five_seconds_pass(void)
{
	clock_step_ms(5000);
}

static void the_journal_keeps_the_set_before_and_after(void **state)
{
	struct kit *k = *state;
	struct criterion_set set;
	int64_t before = clock_wall_s(), at = 0;

	clock_step_ms(1000);
	world_stage(k, "li1", "shoes");
	world.on_post = five_seconds_pass;
	world_post_all(k);
	criterion_set_init(&set);
	assert_int_equal(journal_image_at(k->store, "li1", before, &set, &at), ERR_NOTFOUND);
	assert_int_equal(journal_image_at(k->store, "li1", before + 1, &set, &at), ERR_OK);
	assert_int_equal(set.n, 2);
	criterion_set_done(&set);
	criterion_set_init(&set);
	assert_int_equal(journal_image_at(k->store, "li1", INT32_MAX, &set, &at), ERR_OK);
	assert_int_equal(set.n, 3);
	assert_string_equal(set.v[2].value, "shoes");
	assert_int_equal(journal_image_at(k->store, "li2", INT32_MAX, &set, &at), ERR_NOTFOUND);
	criterion_set_done(&set);
}

static void each_line_item_is_read_once_after_posting(void **state)
{
	struct kit *k = *state;
	const char *p;
	unsigned n = 0;

	for (int i = 0; i < 30; i++) {
		char value[16];

		snprintf(value, sizeof value, "w%d", i);
		world_stage(k, "li1", value);
	}
	world_post_all(k);
	for (p = k->fake.last_url; (p = strstr(p, "li1")); p++)
		n++;
	assert_int_equal(n, 1);
}

static void a_second_terminal_is_told_who_posts(void **state)
{
	struct kit *k = *state;
	struct errinfo ei = {0};
	struct store *other;
	struct paths p;

	assert_int_equal(paths_init(&p, "test", &ei), ERR_OK);
	other = store_open(&p, &ei);
	assert_int_equal(store_bind(other, "demo", "12", &ei), ERR_OK);
	assert_int_equal(lock_take(other, KIT_ACCOUNT, &ei), ERR_OK);
	world_stage(k, "li1", "shoes");
	assert_int_equal(world_start(k, &ei), ERR_REFUSED);
	assert_non_null(strstr(ei.msg, "is posting to this account since 2026-01-06T09:"));
	assert_int_equal(world.posts, 0);
	assert_string_equal(world_drafts(k), "1 staged 0 sending 0 unknown");
	store_close(other);
	world_post_all(k);
	assert_int_equal(world.posts, 1);
}

/* --- another terminal that ends in the middle --- */

static struct store *other_terminal(void)
{
	struct errinfo ei = {0};
	struct store *other;
	struct paths p;

	assert_int_equal(paths_init(&p, "test", &ei), ERR_OK);
	other = store_open(&p, &ei);
	assert_int_equal(store_bind(other, "demo", "12", &ei), ERR_OK);
	return other;
}

/* It stages "theirs" on li2 and sends it; the answer is under way. */
static uint64_t other_sends(struct store *other)
{
	struct change c = world_create("li2", "theirs");
	const struct change *op;
	struct journal_batch_plan batch = {&op, 1};
	struct journal_plan plan = {KIT_ACCOUNT, "theirs", "", &batch, 1};
	struct errinfo ei = {0};
	struct change_set set;
	uint64_t changeset, id;

	change_set_init(&set);
	assert_non_null(change_set_copy(&set, &c));
	assert_int_equal(drafts_stage(other, KIT_ACCOUNT, &set, "theirs", &ei), ERR_OK);
	op = &set.v[0];
	assert_int_equal(lock_take(other, KIT_ACCOUNT, &ei), ERR_OK);
	assert_int_equal(journal_begin(other, &plan, &changeset, &id, &ei), ERR_OK);
	assert_int_equal(
	    journal_intent(other, id, &(struct journal_intent){"[]", 2, "", "c3"}, &ei), ERR_OK);
	assert_int_equal(journal_wire(other, id, "n", clock_wall_s(), &ei), ERR_OK);
	change_set_done(&set);
	return id;
}

static void two_seconds_pass(struct kit *k)
{
	for (int i = 0; i < 20; i++) {
		loop_turn(k->loop, 0);
		clock_step_ms(100);
	}
}

/* As long as it is there, what it is sending is its own; then this one finds out what became of it. */
static void what_a_dead_terminal_was_sending_is_settled_here(void **state)
{
	struct kit *k = *state;
	struct store *other = other_terminal();

	kit_turns(k);
	other_sends(other);
	two_seconds_pass(k);
	assert_string_equal(world_drafts(k), "0 staged 1 sending 0 unknown");
	assert_string_equal(world_batches(k), "wire");
	assert_int_equal(applying_unknown(k->session), 0);
	world_add("li2", "BROAD_KEYWORD", "EQ", "theirs");
	store_close(other);
	two_seconds_pass(k);
	world_settle(k);
	assert_string_equal(world_batches(k), "verified");
	assert_string_equal(world_drafts(k), "0 staged 0 sending 0 unknown");
	assert_int_equal(world.posts, 0);
}

/* An edit of our own reads the drafts as well, and so the change of the journal is no news any more. */
static void an_edit_does_not_hide_that_anothers_posting_is_unknown(void **state)
{
	struct kit *k = *state;
	struct journal_end end = {.state = BATCH_UNKNOWN, .verdict = "no answer"};
	struct store *other = other_terminal();
	struct errinfo ei = {0};

	kit_turns(k);
	assert_int_equal(journal_end(other, other_sends(other), &end, &ei), ERR_OK);
	world_stage(k, "li1", "shoes");
	two_seconds_pass(k);
	assert_int_equal(applying_unknown(k->session), 1);
	store_close(other);
}

/* --- readings that prove nothing --- */

static void hide_the_first(void)
{
	world.rows[0].hidden = true;
}

/* What was there before is there afterwards, if only as deleted. A reading without it is not whole, and
 * what else it lacks may be there. */
static void a_reading_that_lacks_rows_proves_no_absence(void **state)
{
	struct kit *k = *state;
	struct errinfo ei = {0};

	world_stage(k, "li1", "shoes");
	world.fault = FAULT_DROP_BEFORE;
	world.on_post = hide_the_first;
	world_post_all(k);
	assert_string_equal(world_batches(k), "unknown");
	assert_string_equal(world_drafts(k), "0 staged 0 sending 1 unknown");
	world.rows[0].hidden = false;
	assert_int_equal(applying_settle(k->session, &ei), ERR_OK);
	world_settle(k);
	assert_string_equal(world_batches(k), "absent");
	assert_string_equal(world_drafts(k), "1 staged 0 sending 0 unknown");
	assert_int_equal(world.posts, 1);
}

static void the_server_is_a_minute_behind(void)
{
	world.rows[world.n - 1].created_at -= 60;
}

/* It landed, and seems to be from before it was asked for. Taken for absent it would be made again. */
static void a_clock_that_is_ahead_hides_nothing_that_landed(void **state)
{
	struct kit *k = *state;

	world_stage(k, "li1", "shoes");
	world.fault = FAULT_DROP_AFTER;
	world.on_post = the_server_is_a_minute_behind;
	world_post_all(k);
	assert_string_equal(world_batches(k), "verified");
	assert_string_equal(world_drafts(k), "0 staged 0 sending 0 unknown");
	assert_int_equal(world.posts, 1);
}

static void another_account_does_not_show_what_was_posted_to_this_one(void **state)
{
	struct kit *k = *state;
	struct errinfo ei = {0};

	world_stage(k, "li1", "shoes");
	world_post_all(k);
	assert_int_equal(applying_status(k->session)->n_ops, 1);
	assert_int_equal(session_open_account(k->session, "other1", &ei), ERR_OK);
	assert_int_equal(applying_status(k->session)->n_ops, 0);
	kit_turns(k);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(what_is_posted_is_seen_and_leaves_the_stage),
	    T(a_refusal_is_told_at_its_row_and_all_stay_staged),
	    T(a_refusal_that_did_a_part_is_told_per_operation),
	    T(a_lost_answer_is_unknown_and_then_read_back_as_done),
	    T(a_request_that_did_nothing_is_absent_only_after_all_readings),
	    T(a_part_that_took_effect_is_frozen_and_the_rest_is_staged),
	    T(a_claim_that_the_account_does_not_bear_out_is_not_believed),
	    T(what_never_left_is_staged_as_before),
	    T(a_foreign_change_beside_ours_is_counted_and_left_alone),
	    T(a_foreign_change_of_the_same_thing_stops_before_sending),
	    T(what_somebody_else_did_already_is_taken_off_the_stage),
	    T(c4_stopping_finishes_the_batch_in_flight),
	    T(a18_a_wait_before_the_sending_can_be_left),
	    T(a_lost_answer_stops_the_batches_behind_it),
	    T(after_a_kill_the_batch_on_the_wire_is_settled_by_reading),
	    T(what_a_dead_terminal_sent_from_another_draft_is_taken_over),
	    T(nothing_is_posted_over_an_unknown_outcome),
	    T(the_journal_keeps_the_set_before_and_after),
	    T(each_line_item_is_read_once_after_posting),
	    T(a_second_terminal_is_told_who_posts),
	    T(what_a_dead_terminal_was_sending_is_settled_here),
	    T(an_edit_does_not_hide_that_anothers_posting_is_unknown),
	    T(a_reading_that_lacks_rows_proves_no_absence),
	    T(a_clock_that_is_ahead_hides_nothing_that_landed),
	    T(another_account_does_not_show_what_was_posted_to_this_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
