#include "tests/unit/store/edits.h"

#include "store/journal.h"
#include "store/lock.h"

/* A plan of two batches over staged edits a0 a1 | a2. */
static uint64_t changeset, batch[2], ids[3];

static void begin(void)
{
	struct change_set set;
	const struct change *ops[3];
	struct journal_batch_plan b[2] = {{ops, 2}, {ops + 2, 1}};
	struct journal_plan p = {ACCOUNT, "add 3", "d1", b, 2};

	change_set_init(&set);
	assert_int_equal(drafts_list(s, ACCOUNT, DRAFT_STAGED, &set, &ei), ERR_OK);
	assert_true(set.n >= 3);
	for (size_t i = 0; i < 3; i++)
		ops[i] = &set.v[i];
	assert_int_equal(journal_begin(s, &p, &changeset, batch, &ei), ERR_OK);
	change_set_done(&set);
}

static void plan_three(void)
{
	assert_int_equal(stage("a", 3, ids), ERR_OK);
	assert_int_equal(lock_take(s, ACCOUNT, &ei), ERR_OK);
	begin();
}

static enum err intent(uint64_t id)
{
	return journal_intent(s, id, &(struct journal_intent){"[{}]", 4, "sha", "p1,p2"}, &ei);
}

static enum err wire(uint64_t id)
{
	return journal_wire(s, id, "nonce", 1767690000, &ei);
}

static enum err end(uint64_t id, enum batch_state st)
{
	return journal_end(s, id, &(struct journal_end){.state = st, .verdict = "v"}, &ei);
}

static enum batch_state state_of(size_t i)
{
	struct journal_batch_list l;
	enum batch_state st;

	journal_batch_list_init(&l);
	assert_int_equal(journal_batches(s, changeset, &l, &ei), ERR_OK);
	assert_int_equal(l.n, 2);
	st = l.v[i].state;
	journal_batch_list_done(&l);
	return st;
}

/* Kept with the end of its batch: whole, or cut before a character that does not fit. */
static void an_answer_is_kept_up_to_its_limit(void **state)
{
	static char reply[JOURNAL_REPLY_MAX + 100];
	struct journal_batch_list b;
	struct journal_end e = {.state = BATCH_OK, .reply = reply, .reply_len = sizeof reply};

	(void)state;
	plan_three();
	memset(reply, 'x', sizeof reply);
	memcpy(reply + JOURNAL_REPLY_MAX - 1, "\xC3\xA9", 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(intent(batch[i]), ERR_OK);
		assert_int_equal(wire(batch[i]), ERR_OK);
		assert_int_equal(journal_end(s, batch[i], &e, &ei), ERR_OK);
		e.reply = "a\0\xFFz";
		e.reply_len = 4;
	}
	assert_int_equal(
	    end(batch[0], BATCH_VERIFIED), ERR_OK); /* says nothing new of the answer */
	temp_reopen();
	journal_batch_list_init(&b);
	assert_int_equal(journal_batches(s, changeset, &b, &ei), ERR_OK);
	assert_int_equal(b.v[0].reply_len, sizeof reply);
	assert_int_equal(b.v[0].reply_kept, JOURNAL_REPLY_MAX - 1);
	assert_int_equal(b.v[0].reply[JOURNAL_REPLY_MAX - 2], 'x');
	assert_int_equal(b.v[1].reply_kept, 4);
	assert_memory_equal(b.v[1].reply, "a\0\xFFz", 4);
	journal_batch_list_done(&b);
}

static void the_good_way_ends_verified(void **state)
{
	struct journal_op_end ops[2] = {
	    {"r0", NULL, OP_STATE_PRESENT}, {"r1", NULL, OP_STATE_PRESENT}};
	struct journal_op_list l;
	struct journal_batch_list b;

	(void)state;
	plan_three();
	assert_string_equal(listed(DRAFT_STAGED), "a0 a1 a2");
	assert_int_equal(intent(batch[0]), ERR_OK);
	assert_string_equal(listed(DRAFT_SENDING), "a0 a1");
	assert_string_equal(listed(DRAFT_STAGED), "a2");
	assert_int_equal(wire(batch[0]), ERR_OK);
	clock_step_ms(5000);
	assert_int_equal(journal_end(s, batch[0],
			     &(struct journal_end){.state = BATCH_OK,
				 .http_status = 201,
				 .reply_sha256 = "rs",
				 .ops = ops,
				 .n_ops = 2},
			     &ei),
	    ERR_OK);
	assert_string_equal(listed(DRAFT_APPLIED), "a0 a1");
	assert_int_equal(end(batch[0], BATCH_VERIFIED), ERR_OK);
	temp_reopen();
	assert_int_equal(state_of(0), BATCH_VERIFIED);
	assert_int_equal(state_of(1), BATCH_PLANNED);
	assert_string_equal(listed(DRAFT_APPLIED), "a0 a1");
	journal_op_list_init(&l);
	assert_int_equal(journal_ops(s, changeset, 0, &l, &ei), ERR_OK);
	assert_int_equal(l.n, 3);
	assert_string_equal(l.v[1].result_id, "r1");
	assert_int_equal(l.v[1].state, OP_STATE_PRESENT);
	assert_string_equal(l.v[1].change.value, "a1");
	assert_true(l.v[1].change.id == ids[1]);
	assert_int_equal(l.v[2].state, OP_STATE_OPEN);
	journal_op_list_done(&l);
	journal_batch_list_init(&b);
	assert_int_equal(journal_batches(s, changeset, &b, &ei), ERR_OK);
	assert_string_equal(b.v[0].body, "[{}]");
	assert_string_equal(b.v[0].pre_ids, "p1,p2");
	assert_string_equal(b.v[0].nonce, "nonce");
	assert_string_equal(b.v[0].reply_sha256, "rs");
	assert_int_equal(b.v[0].http_status, 201);
	assert_int_equal(b.v[0].attempt, 1);
	assert_int_equal(b.v[0].n_ops, 2);
	assert_int_equal(b.v[0].wire_at, 1767690000);
	assert_int_equal(b.v[0].end_at, 1767690005);
	assert_int_equal(b.v[1].attempt, 0);
	journal_batch_list_done(&b);
}

static void a_refused_batch_leaves_everything_staged(void **state)
{
	struct journal_op_end ops[2] = {{NULL, NULL, OP_STATE_OPEN},
	    {NULL, "INVALID_PARAMETER: targeting_value", OP_STATE_REFUSED}};
	struct journal_op_list l;
	struct buf why;

	(void)state;
	plan_three();
	intent(batch[0]);
	wire(batch[0]);
	assert_int_equal(
	    journal_end(s, batch[0],
		&(struct journal_end){
		    .state = BATCH_REJECTED, .http_status = 400, .ops = ops, .n_ops = 2},
		&ei),
	    ERR_OK);
	assert_string_equal(listed(DRAFT_STAGED), "a0 a1 a2");
	journal_op_list_init(&l);
	journal_ops(s, changeset, batch[0], &l, &ei);
	assert_int_equal(l.n, 2);
	assert_int_equal(l.v[0].state, OP_STATE_ABSENT);
	assert_int_equal(l.v[1].state, OP_STATE_REFUSED);
	journal_op_list_done(&l);
	buf_init(&why, 1000);
	assert_false(journal_refusal(s, ids[0], &why));
	assert_true(journal_refusal(s, ids[1], &why));
	assert_string_equal(buf_str(&why), "INVALID_PARAMETER: targeting_value");
	buf_done(&why);
	/* and may go out in a new plan */
	begin();
	assert_int_equal(intent(batch[0]), ERR_OK);
}

static void unsent_batches_go_back_and_may_go_again(void **state)
{
	struct journal_batch_list b;

	(void)state;
	plan_three();
	intent(batch[0]);
	assert_int_equal(journal_not_sent(s, batch[0], "connection refused", &ei), ERR_OK);
	assert_string_equal(listed(DRAFT_STAGED), "a0 a1 a2");
	assert_int_equal(intent(batch[0]), ERR_OK);
	journal_batch_list_init(&b);
	journal_batches(s, changeset, &b, &ei);
	assert_int_equal(b.v[0].attempt, 2);
	journal_batch_list_done(&b);
}

static void unknown_is_settled_three_ways(void **state)
{
	struct journal_op_end ops[2] = {
	    {"r0", NULL, OP_STATE_PRESENT}, {NULL, NULL, OP_STATE_ABSENT}};
	struct journal_end partial = {.state = BATCH_PARTIAL, .ops = ops, .n_ops = 2};
	static const enum batch_state outcome[] = {BATCH_VERIFIED, BATCH_ABSENT, BATCH_PARTIAL};
	static const char *const applied[] = {"a0 a1", "", "a0"};
	static const char *const staged[] = {"a2", "a0 a1 a2", "a1 a2"};

	for (size_t i = 0; i < 3; i++) {
		plan_three();
		intent(batch[0]);
		wire(batch[0]);
		assert_int_equal(end(batch[0], BATCH_UNKNOWN), ERR_OK);
		assert_string_equal(listed(DRAFT_UNKNOWN), "a0 a1");
		assert_int_equal(drafts_count(s, ACCOUNT).unknown, 2);
		if (outcome[i] == BATCH_PARTIAL)
			assert_int_equal(journal_end(s, batch[0], &partial, &ei), ERR_OK);
		else
			assert_int_equal(end(batch[0], outcome[i]), ERR_OK);
		assert_string_equal(listed(DRAFT_APPLIED), applied[i]);
		assert_string_equal(listed(DRAFT_STAGED), staged[i]);
		assert_string_equal(listed(DRAFT_UNKNOWN), "");
		temp_teardown(state);
		temp_setup(state);
	}
}

static void partial_needs_a_word_on_each_operation(void **state)
{
	struct journal_op_end ops[2] = {
	    {NULL, NULL, OP_STATE_PRESENT}, {NULL, NULL, OP_STATE_OPEN}};
	struct journal_end e = {.state = BATCH_PARTIAL, .ops = ops, .n_ops = 2};

	(void)state;
	plan_three();
	intent(batch[0]);
	wire(batch[0]);
	end(batch[0], BATCH_UNKNOWN);
	assert_int_equal(journal_end(s, batch[0], &e, &ei), ERR_USAGE);
	e.n_ops = 1;
	assert_int_equal(journal_end(s, batch[0], &e, &ei), ERR_USAGE);
	e.ops = NULL;
	assert_int_equal(journal_end(s, batch[0], &e, &ei), ERR_USAGE);
	assert_string_equal(listed(DRAFT_UNKNOWN), "a0 a1");
}

/* Every step that the diagram does not have is refused, and changes nothing. */
static void only_the_steps_of_the_diagram_are_allowed(void **state)
{
	static const char allowed[BATCH_STATES][BATCH_STATES + 1] = {
	    /* to:  P I W O V R U A X */
	    [BATCH_PLANNED] = ".#.......",
	    [BATCH_INTENT] = "#.#......",
	    [BATCH_WIRE] = "..##.##..", /* again: after a 429 or a clock that was wrong */
	    [BATCH_OK] = "....#.###",
	    [BATCH_VERIFIED] = ".........",
	    [BATCH_REJECTED] = ".........",
	    [BATCH_UNKNOWN] = "....#..##",
	    [BATCH_ABSENT] = ".........",
	    [BATCH_PARTIAL] = ".........",
	};
	struct journal_op_end ops[2] = {
	    {NULL, NULL, OP_STATE_PRESENT}, {NULL, NULL, OP_STATE_ABSENT}};

	for (unsigned from = 0; from < BATCH_STATES; from++)
		for (unsigned to = 0; to < BATCH_STATES; to++) {
			struct journal_end e = {
			    .state = (enum batch_state)to, .ops = ops, .n_ops = 2};
			enum err err;

			plan_three();
			if (from >= BATCH_INTENT)
				assert_int_equal(intent(batch[0]), ERR_OK);
			if (from >= BATCH_WIRE)
				assert_int_equal(wire(batch[0]), ERR_OK);
			if (from == BATCH_ABSENT || from == BATCH_PARTIAL)
				assert_int_equal(end(batch[0], BATCH_UNKNOWN), ERR_OK);
			if (from == BATCH_VERIFIED)
				assert_int_equal(end(batch[0], BATCH_OK), ERR_OK);
			e.state = (enum batch_state)from;
			if (from > BATCH_WIRE)
				assert_int_equal(journal_end(s, batch[0], &e, &ei), ERR_OK);
			assert_int_equal(state_of(0), from);
			e.state = (enum batch_state)to;
			if (to == BATCH_PLANNED)
				err = journal_not_sent(s, batch[0], "", &ei);
			else if (to == BATCH_INTENT)
				err = intent(batch[0]);
			else if (to == BATCH_WIRE)
				err = wire(batch[0]);
			else
				err = journal_end(s, batch[0], &e, &ei);
			if (allowed[from][to] == '#')
				assert_int_equal(err, ERR_OK);
			else
				assert_int_equal(err, ERR_CONFLICT);
			assert_int_equal(state_of(0), err ? from : to);
			temp_teardown(state);
			temp_setup(state);
		}
}

static void an_edit_goes_out_once(void **state)
{
	uint64_t first[2];

	(void)state;
	plan_three();
	memcpy(first, batch, sizeof first);
	begin();
	assert_int_equal(intent(first[0]), ERR_OK);
	assert_int_equal(intent(batch[0]), ERR_CONFLICT);
	assert_string_equal(
	    ei.msg, "2 changes of this plan went or are held back meanwhile; review again");
	assert_int_equal(intent(batch[1]), ERR_OK);
	assert_int_equal(intent(first[1]), ERR_CONFLICT);
}

static void an_undone_edit_stops_its_plan(void **state)
{
	struct change c = {.line_item_id = "li", .id = 0};
	const struct change *op = &c;
	struct journal_batch_plan b = {&op, 1};
	struct draft_step step;

	(void)state;
	plan_three();
	assert_int_equal(drafts_undo(s, ACCOUNT, &step, &ei), ERR_OK);
	assert_int_equal(intent(batch[0]), ERR_CONFLICT);
	assert_int_equal(state_of(0), BATCH_PLANNED);
	c.id = ids[0];
	assert_int_equal(journal_begin(s, &(struct journal_plan){ACCOUNT, "t", "d", &b, 1},
			     &changeset, batch, &ei),
	    ERR_CONFLICT);
	assert_int_equal(changeset, 0);
}

/* Another terminal may hold an edit back after it was reviewed here: before the plan is kept, and
 * between two of its batches. */
static void an_edit_that_is_held_back_stops_its_plan(void **state)
{
	struct draft_hold hold = {&ids[0], 1, true};

	(void)state;
	plan_three();
	hold.ids = &ids[2];
	assert_int_equal(drafts_hold(s, ACCOUNT, &hold, NULL, &ei), ERR_OK);
	assert_int_equal(intent(batch[0]), ERR_OK);
	assert_int_equal(intent(batch[1]), ERR_CONFLICT);
	assert_string_equal(
	    ei.msg, "1 change of this plan went or is held back meanwhile; review again");
	assert_int_equal(journal_not_sent(s, batch[0], "test", &ei), ERR_OK);
	{
		struct change_set set;
		const struct change *ops[1];
		struct journal_batch_plan b = {ops, 1};
		struct journal_plan p = {ACCOUNT, "add 1", "d1", &b, 1};

		change_set_init(&set);
		assert_int_equal(drafts_list(s, ACCOUNT, DRAFT_STAGED, &set, &ei), ERR_OK);
		ops[0] = &set.v[2];
		assert_true(ops[0]->held);
		assert_int_equal(journal_begin(s, &p, &changeset, batch, &ei), ERR_CONFLICT);
		ops[0] = &set.v[0];
		assert_int_equal(journal_begin(s, &p, &changeset, batch, &ei), ERR_OK);
		change_set_done(&set);
	}
}

static void undo_passes_over_what_was_posted(void **state)
{
	struct draft_step step;

	(void)state;
	stage("z", 1, NULL);
	assert_int_equal(drafts_undo(s, ACCOUNT, &step, &ei), ERR_OK);
	assert_int_equal(drafts_redo(s, ACCOUNT, &step, &ei), ERR_OK);
	assert_int_equal(stage("a", 2, ids), ERR_OK);
	assert_int_equal(lock_take(s, ACCOUNT, &ei), ERR_OK);
	begin(); /* z0 a0 | a1 */
	intent(batch[0]);
	wire(batch[0]);
	end(batch[0], BATCH_OK);
	assert_int_equal(drafts_undo(s, ACCOUNT, &step, &ei), ERR_OK);
	assert_int_equal(step.n, 1);
	assert_string_equal(listed(DRAFT_STAGED), "");
	assert_int_equal(drafts_undo(s, ACCOUNT, &step, &ei), ERR_NOTFOUND);
	assert_string_equal(listed(DRAFT_APPLIED), "z0 a0");
	assert_int_equal(drafts_redo(s, ACCOUNT, &step, &ei), ERR_OK);
	assert_string_equal(listed(DRAFT_STAGED), "a1");
}

/* C1, D7: what the next start makes of every state that the program can die in. */
/* By the clock that nobody can set; after a start of the machine that clock is all that is sure. */
static void c17_how_long_ago_it_was_sent_is_never_too_much(void **state)
{
	struct journal_batch_list l;

	(void)state;
	clock_freeze(1767690000, 500000);
	plan_three();
	journal_batch_list_init(&l);
	assert_int_equal(journal_batches(s, changeset, &l, &ei), ERR_OK);
	assert_int_equal(journal_sent_ago_ms(s, &l.v[0]), 0);
	assert_int_equal(intent(batch[0]), ERR_OK);
	assert_int_equal(wire(batch[0]), ERR_OK);
	clock_step_ms(7000);
	assert_int_equal(wire(batch[0]), ERR_OK); /* once more, after a refusal: that counts */
	clock_freeze(1767690000 + 3600, 510000); /* three seconds, and a clock that was set */
	assert_int_equal(journal_sent_ago_ms(s, &l.v[0]), 3000);
	clock_freeze(1767690000 + 3600, 20000); /* the machine is on for twenty seconds */
	assert_int_equal(journal_sent_ago_ms(s, &l.v[0]), 20000);
	assert_int_equal(journal_sent_ago_ms(s, &l.v[1]), 0);
	journal_batch_list_done(&l);
}

static void recovery_by_state(void **state)
{
	struct journal_batch_list l;
	size_t unknown;

	(void)state;
	plan_three();
	intent(batch[0]);
	temp_reopen();
	assert_int_equal(lock_take(s, ACCOUNT, &ei), ERR_OK);
	assert_int_equal(state_of(0), BATCH_PLANNED);
	assert_string_equal(listed(DRAFT_STAGED), "a0 a1 a2");
	intent(batch[0]);
	wire(batch[0]);
	temp_reopen();
	assert_string_equal(listed(DRAFT_SENDING), "a0 a1");
	assert_int_equal(lock_take(s, ACCOUNT, &ei), ERR_OK);
	assert_int_equal(state_of(0), BATCH_UNKNOWN);
	assert_string_equal(listed(DRAFT_UNKNOWN), "a0 a1");
	assert_int_equal(journal_recover(s, ACCOUNT, &unknown, &ei), ERR_OK);
	assert_int_equal(unknown, 1);
	journal_batch_list_init(&l);
	assert_int_equal(journal_unknown(s, ACCOUNT, &l, &ei), ERR_OK);
	assert_int_equal(l.n, 1);
	assert_true(l.v[0].id == batch[0]);
	assert_int_equal(l.v[0].wire_at, 1767690000);
	journal_batch_list_done(&l);
}

static void nothing_moves_without_the_lock(void **state)
{
	(void)state;
	plan_three();
	lock_drop(s, ACCOUNT);
	assert_int_equal(intent(batch[0]), ERR_CONFLICT);
	assert_int_equal(lock_take(s, ACCOUNT, &ei), ERR_OK);
	assert_int_equal(intent(batch[0]), ERR_OK);
	lock_drop(s, ACCOUNT);
	assert_int_equal(wire(batch[0]), ERR_CONFLICT);
	assert_int_equal(journal_not_sent(s, batch[0], "", &ei), ERR_CONFLICT);
	assert_int_equal(state_of(0), BATCH_INTENT);
}

static void changesets_are_listed_newest_first(void **state)
{
	struct journal_changeset_list l;
	struct journal_event_list ev;

	(void)state;
	plan_three();
	begin();
	begin();
	intent(batch[0]);
	journal_note(s, batch[0], "2 foreign changes, disjoint", &ei);
	journal_changeset_list_init(&l);
	assert_int_equal(
	    journal_changesets(s, &(struct journal_page){ACCOUNT, 0, 2}, &l, &ei), ERR_OK);
	assert_int_equal(l.n, 2);
	assert_true(l.v[0].id > l.v[1].id);
	assert_int_equal(l.v[0].batches, 2);
	assert_int_equal(l.v[0].ops, 3);
	assert_int_equal(l.v[0].by_state[BATCH_INTENT], 1);
	assert_int_equal(l.v[0].by_state[BATCH_PLANNED], 1);
	assert_string_equal(l.v[0].title, "add 3");
	assert_int_equal(
	    journal_changesets(s, &(struct journal_page){ACCOUNT, l.v[1].id, 9}, &l, &ei), ERR_OK);
	assert_int_equal(l.n, 3);
	assert_int_equal(
	    journal_changesets(s, &(struct journal_page){"other", 0, 9}, &l, &ei), ERR_OK);
	assert_int_equal(l.n, 3);
	journal_event_list_init(&ev);
	assert_int_equal(journal_events(s, changeset, &ev, &ei), ERR_OK);
	assert_int_equal(ev.n, 3);
	assert_string_equal(ev.v[1].to, "intent");
	assert_string_equal(ev.v[2].why, "2 foreign changes, disjoint");
	journal_event_list_done(&ev);
	journal_changeset_list_done(&l);
}

static void images_are_found_by_time(void **state)
{
	struct criterion_set set, got;
	int64_t at;

	(void)state;
	plan_three();
	criterion_set_init(&set);
	criterion_set_init(&got);
	assert_int_equal(journal_image_at(s, "li", INT64_MAX, &got, NULL), ERR_NOTFOUND);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(journal_put_images(s,
				     &(struct journal_image){changeset, "li", &set, i > 0}, 1, &ei),
		    ERR_OK);
		clock_step_ms(10000);
		criterion_set_copy(
		    &set, &(struct criterion){.id = "c", .type_name = "AGE", .value = "1"});
	}
	assert_int_equal(journal_image_at(s, "li", 1767689999, &got, &at), ERR_NOTFOUND);
	assert_int_equal(journal_image_at(s, "li", 1767690009, &got, &at), ERR_OK);
	assert_int_equal(at, 1767690000);
	assert_int_equal(got.n, 0);
	assert_int_equal(journal_image_at(s, "li", 1767690010, &got, &at), ERR_OK);
	assert_int_equal(got.n, 1);
	assert_int_equal(got.v[0].type, TYPE_AGE);
	assert_int_equal(journal_image_at(s, "li", INT64_MAX, &got, &at), ERR_OK);
	assert_int_equal(got.n, 3);
	assert_int_equal(journal_image_at(s, "other", INT64_MAX, &got, &at), ERR_NOTFOUND);
	criterion_set_done(&set);
	criterion_set_done(&got);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEMP(the_good_way_ends_verified),
	    TEMP(an_answer_is_kept_up_to_its_limit),
	    TEMP(a_refused_batch_leaves_everything_staged),
	    TEMP(unsent_batches_go_back_and_may_go_again),
	    TEMP(unknown_is_settled_three_ways),
	    TEMP(partial_needs_a_word_on_each_operation),
	    TEMP(only_the_steps_of_the_diagram_are_allowed),
	    TEMP(an_edit_goes_out_once),
	    TEMP(an_undone_edit_stops_its_plan),
	    TEMP(an_edit_that_is_held_back_stops_its_plan),
	    TEMP(undo_passes_over_what_was_posted),
	    TEMP(c17_how_long_ago_it_was_sent_is_never_too_much),
	    TEMP(recovery_by_state),
	    TEMP(nothing_moves_without_the_lock),
	    TEMP(changesets_are_listed_newest_first),
	    TEMP(images_are_found_by_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
