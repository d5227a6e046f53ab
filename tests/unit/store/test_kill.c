/* Row C1 of the fault matrix, as far as the store goes: the process is killed at every call that
 * changes a file, in each scenario; the next start finds every edit that was reported as staged, in
 * exactly one state, and the files whole. */
#include "tests/unit/store/edits.h"
#include "tests/unit/store/syscalls.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include "store/catalog.h"
#include "store/journal.h"
#include "store/lock.h"
#include "store/snapshot.h"

/* What the killed process had reported, in memory shared with the test. */
static struct report {
	long calls; /* made by the whole scenario */
	int step; /* of the scenario, finished */
	uint64_t ids[8]; /* edits */
} * report;

typedef void scenario_fn(void);
typedef void check_fn(void);

/* --- scenarios; each counts its finished steps --- */

static void stage_and_undo(void)
{
	struct draft_step st;

	if (!stage("a", 2, report->ids))
		report->step = 1;
	if (!hold(report->ids[0], true))
		report->step = 2;
	if (!unstage(report->ids[1], NULL))
		report->step = 3;
	if (!drafts_undo(s, ACCOUNT, &st, &ei))
		report->step = 4;
	if (!drafts_undo(s, ACCOUNT, &st, &ei))
		report->step = 5;
	if (!drafts_redo(s, ACCOUNT, &st, &ei))
		report->step = 6;
}

/* After step n the list is wants[n]; the step that was under way may have happened or not. */
static void check_stage_and_undo(void)
{
	static const char *const wants[] = {
	    "", "a0 a1", "[a0] a1", "[a0]", "[a0] a1", "a0 a1", "[a0] a1", "[a0] a1"};
	const char *got = listed(DRAFT_STAGED);

	if (strcmp(got, wants[report->step]) != 0 && strcmp(got, wants[report->step + 1]) != 0)
		fail_msg("after step %d: \"%s\"", report->step, got);
}

static void post_one(enum batch_state end)
{
	struct change_set set;
	const struct change *op;
	struct journal_batch_plan b = {&op, 1};
	uint64_t changeset, batch;

	if (stage("a", 1, NULL))
		return;
	report->step = 1;
	change_set_init(&set);
	if (lock_take(s, ACCOUNT, &ei) || drafts_list(s, ACCOUNT, DRAFT_STAGED, &set, &ei))
		return;
	op = &set.v[0];
	if (journal_begin(
		s, &(struct journal_plan){ACCOUNT, "t", "d", &b, 1}, &changeset, &batch, &ei) ||
	    journal_intent(s, batch, &(struct journal_intent){"b", 1, "s", "p"}, &ei))
		return;
	report->step = 2;
	if (journal_wire(s, batch, "n", 1, &ei))
		return;
	report->step = 3;
	if (journal_end(s, batch, &(struct journal_end){.state = end}, &ei))
		return;
	report->step = 4;
	change_set_done(&set);
}

static void apply(void)
{
	post_one(BATCH_OK);
}

static void refuse(void)
{
	post_one(BATCH_REJECTED);
}

static void settle(void)
{
	struct journal_batch_list l;

	post_one(BATCH_UNKNOWN);
	journal_batch_list_init(&l);
	if (report->step == 4 && !journal_unknown(s, ACCOUNT, &l, &ei) && l.n == 1 &&
	    !journal_end(s, l.v[0].id, &(struct journal_end){.state = BATCH_ABSENT}, &ei))
		report->step = 5;
	journal_batch_list_done(&l);
}

static void check_one_place(void)
{
	size_t staged, unknown, applied;

	assert_int_equal(lock_take(s, ACCOUNT, &ei), ERR_OK);
	staged = strlen(listed(DRAFT_STAGED)) / 2;
	unknown = strlen(listed(DRAFT_UNKNOWN)) / 2;
	applied = strlen(listed(DRAFT_APPLIED)) / 2;
	assert_string_equal(listed(DRAFT_SENDING), "");
	assert_true(staged + unknown + applied == 1 || (!report->step && !unknown && !applied));
	/* what was not yet marked as sent is not in doubt, and what was is never offered again */
	if (report->step < 2)
		assert_int_equal(unknown + applied, 0);
}

static void check_apply(void)
{
	check_one_place();
	if (report->step == 3)
		assert_string_equal(listed(DRAFT_STAGED), "");
	if (report->step == 4)
		assert_string_equal(listed(DRAFT_APPLIED), "a0");
}

static void check_refuse(void)
{
	check_one_place();
	assert_string_equal(listed(DRAFT_APPLIED), "");
	if (report->step == 4)
		assert_string_equal(listed(DRAFT_STAGED), "a0");
}

static void check_settle(void)
{
	check_one_place();
	assert_string_equal(listed(DRAFT_APPLIED), "");
	if (report->step == 3)
		assert_string_equal(listed(DRAFT_UNKNOWN), "a0");
	if (report->step == 5)
		assert_string_equal(listed(DRAFT_STAGED), "a0");
}

static void fetch(void)
{
	struct option_set page;
	struct store_fetch f;

	option_set_init(&page);
	for (int i = 0; i < 600; i++)
		option_set_copy(&page, &(struct option){.value = "v", .name = "n"});
	if (stage("a", 1, NULL) || catalog_begin(s, "locations", "", true, &f, &ei))
		return;
	report->step = 1;
	for (int i = 0; i < 3; i++)
		if (!catalog_put(s, &f, &page, i < 2 ? "next" : NULL, &ei))
			report->step++;
	if (!catalog_begin(s, "locations", "", false, &f, &ei) &&
	    !catalog_put(s, &f, &page, NULL, &ei))
		report->step++;
	option_set_done(&page);
}

static void check_fetch(void)
{
	/* after step n, and when the step under way has happened */
	static const size_t wants[] = {0, 0, 600, 1200, 1800, 600, 600};
	const struct catalog_set *set = catalog_get(s, "locations", "", &ei);
	size_t n = set ? set->options.n : 0;

	if (n != wants[report->step] && n != wants[report->step + 1])
		fail_msg("after step %d: %zu options", report->step, n);
	assert_true(!set || set->complete == (n == 1800 || (report->step >= 4 && n == 600)));
	catalog_release(set);
	assert_true(!report->step || strcmp(listed(DRAFT_STAGED), "a0") == 0);
}

/* A log long enough to be begun anew within the scenario. */
static void rotate(void)
{
	if (stage("a", 2, NULL))
		return;
	report->step = 1;
	for (int i = 0; i < 24; i++)
		stage(i % 2 ? "pad" : "wad", 20, NULL);
}

static void check_rotate(void)
{
	const char *got = listed(DRAFT_STAGED);

	assert_true(!report->step || strncmp(got, "a0 a1", 5) == 0);
}

/* --- killing --- */

static void child(scenario_fn *scenario, long at)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		fault_clear();
		fault_set(at, 0, false);
		temp_open();
		scenario();
		store_close(s);
		report->calls = fault.seen;
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) ? WEXITSTATUS(status) == 0 : WTERMSIG(status) == SIGKILL);
}

static void forget_database(void)
{
	static const char *const names[] = {"state.db", "state.db-wal", "state.db-shm"};

	for (size_t i = 0; i < 3; i++)
		unlink(temp_file(temp_paths.state, names[i]));
}

/* The check after a restart, and again when nothing is left but the side log. */
static void check_twice(check_fn *check)
{
	temp_open();
	check();
	assert_int_equal(store_verify(s, &ei), ERR_OK);
	store_close(s);
	forget_database();
	temp_open();
	store_acknowledge(s);
	check();
	store_close(s);
}

static void sweep(void **state, const char *name, scenario_fn *scenario, check_fn *check)
{
	const char *text = getenv("RETICLE_KILL_STEP");
	long calls, points = 0, step = text ? strtol(text, NULL, 10) : 0;

	store_close(s);
	child(scenario, -1);
	calls = report->calls;
	assert_true(calls > 20);
	if (step <= 0)
		step = calls / 40 + 1;
	for (long at = 0; at < calls; at += step, points++) {
		temp_open();
		temp_teardown(state);
		temp_setup(state);
		store_close(s);
		memset(report, 0, sizeof *report);
		child(scenario, at);
		check_twice(check);
	}
	print_message("C1 %s: killed at %ld of %ld calls\n", name, points, calls);
	temp_open();
}

static void c1_staging_and_undo(void **state)
{
	sweep(state, "stage, undo", stage_and_undo, check_stage_and_undo);
}

static void c1_apply(void **state)
{
	sweep(state, "apply", apply, check_apply);
}

static void c1_refused_apply(void **state)
{
	sweep(state, "refuse", refuse, check_refuse);
}

static void c1_settlement(void **state)
{
	sweep(state, "settle", settle, check_settle);
}

static void c1_fetching(void **state)
{
	sweep(state, "fetch", fetch, check_fetch);
}

static void c1_new_side_log(void **state)
{
	sweep(state, "new side log", rotate, check_rotate);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEMP(c1_staging_and_undo),
	    TEMP(c1_apply),
	    TEMP(c1_refused_apply),
	    TEMP(c1_settlement),
	    TEMP(c1_fetching),
	    TEMP(c1_new_side_log),
	};

	report =
	    mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (report == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
