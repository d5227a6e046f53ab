/* Rows D1, D2 and D5 to D13 of the fault matrix; D3 and D4 are in test_damage.c. */
#include "tests/unit/store/edits.h"
#include "tests/unit/store/syscalls.h"

#include <dirent.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "store/catalog.h"
#include "store/journal.h"
#include "store/lock.h"
#include "store/snapshot.h"

static void forget_database(void)
{
	unlink(temp_file(temp_paths.state, "state.db"));
	unlink(temp_file(temp_paths.state, "state.db-wal"));
	unlink(temp_file(temp_paths.state, "state.db-shm"));
}

/* --- D1 --- */

enum reached { NOTHING, STAGED, PLANNED, INTENT, WIRE, DONE };

/* A whole life of one edit; says how far it got by its own account. */
static enum reached live(uint64_t *changeset, uint64_t *batch)
{
	struct change_set set;
	const struct change *op;
	struct journal_batch_plan b = {&op, 1};
	enum reached got = NOTHING;

	*changeset = *batch = 0;
	if (stage("a", 1, NULL))
		return NOTHING;
	change_set_init(&set);
	got = STAGED;
	if (lock_take(s, ACCOUNT, &ei) || drafts_list(s, ACCOUNT, DRAFT_STAGED, &set, &ei) ||
	    !set.n)
		goto out;
	op = &set.v[0];
	if (journal_begin(
		s, &(struct journal_plan){ACCOUNT, "t", "d", &b, 1}, changeset, batch, &ei))
		goto out;
	got = PLANNED;
	if (journal_intent(s, *batch, &(struct journal_intent){"b", 1, "s", "p"}, &ei))
		goto out;
	got = INTENT;
	if (journal_wire(s, *batch, "n", 1, &ei))
		goto out;
	got = WIRE;
	if (!journal_end(s, *batch, &(struct journal_end){.state = BATCH_OK}, &ei))
		got = DONE;
out:
	change_set_done(&set);
	return got;
}

static size_t count(enum draft_state st)
{
	struct change_set set;
	size_t n;

	change_set_init(&set);
	assert_int_equal(drafts_list(s, ACCOUNT, st, &set, &ei), ERR_OK);
	n = set.n;
	change_set_done(&set);
	return n;
}

/* What a new start must find when the last one got so far. */
static void check_after(enum reached got, bool from_log)
{
	size_t staged, unknown, applied;

	temp_open();
	store_acknowledge(s);
	assert_true(store_can_stage(s));
	assert_int_equal(lock_take(s, ACCOUNT, &ei), ERR_OK);
	staged = count(DRAFT_STAGED);
	unknown = count(DRAFT_UNKNOWN);
	applied = count(DRAFT_APPLIED);
	assert_int_equal(count(DRAFT_SENDING), 0);
	/* exactly one place, unless staging itself failed */
	assert_true(staged + unknown + applied == 1 || (got == NOTHING && staged <= 1));
	if (got < INTENT)
		assert_int_equal(unknown + applied, 0);
	/* an intent may have been followed by a wire mark that failed to say that it was written */
	if (got == INTENT && !from_log)
		assert_true(staged || unknown);
	if (got == WIRE)
		assert_true(unknown || applied);
	if (got == DONE)
		assert_true(applied || (from_log && unknown));
}

static size_t ended[DONE + 1]; /* how often a life got so far */

static void run_with_fault(long after, int error, bool for_good, bool from_log)
{
	uint64_t changeset, batch;
	enum reached got;

	fault_set(after, error, for_good);
	got = live(&changeset, &batch);
	ended[got]++;
	store_close(s);
	fault_clear();
	if (from_log)
		forget_database();
	check_after(got, from_log);
}

static void d1_no_step_is_claimed_that_is_not_on_disk(void **state)
{
	static const int errors[] = {ENOSPC, EIO};
	uint64_t changeset, batch;
	long calls, points = 0;

	fault_clear();
	assert_int_equal(live(&changeset, &batch), DONE);
	calls = fault.seen;
	assert_true(calls > 20);
	for (long n = 0; n <= calls; n++)
		for (int variant = 0; variant < 4; variant++, points++) {
			temp_teardown(state);
			temp_setup(state);
			run_with_fault(n, errors[variant & 1], variant & 2, false);
		}
	/* the faults have hit every step, or this proves nothing */
	for (int i = NOTHING; i <= DONE; i++)
		assert_true(ended[i] > 0);
	print_message("D1: %ld points; ended at: %zu %zu %zu %zu %zu, done %zu\n", points,
	    ended[NOTHING], ended[STAGED], ended[PLANNED], ended[INTENT], ended[WIRE], ended[DONE]);
}

static void d1_the_side_log_alone_tells_no_less(void **state)
{
	uint64_t changeset, batch;
	long calls;

	fault_clear();
	assert_int_equal(live(&changeset, &batch), DONE);
	calls = fault.seen;
	for (long n = 0; n <= calls; n++) {
		temp_teardown(state);
		temp_setup(state);
		run_with_fault(n, ENOSPC, true, true);
	}
}

static void d1_outcome_is_kept_when_the_side_log_is_full(void **state)
{
	struct change_set set;
	const struct change *op;
	struct journal_batch_plan b = {&op, 1};
	uint64_t changeset, batch;
	char *log = temp_file(temp_paths.state, "edits.log");

	(void)state;
	assert_int_equal(stage("a", 1, NULL), ERR_OK);
	assert_int_equal(lock_take(s, ACCOUNT, &ei), ERR_OK);
	change_set_init(&set);
	drafts_list(s, ACCOUNT, DRAFT_STAGED, &set, &ei);
	op = &set.v[0];
	journal_begin(s, &(struct journal_plan){ACCOUNT, "t", "d", &b, 1}, &changeset, &batch, &ei);
	journal_intent(s, batch, &(struct journal_intent){"b", 1, "s", "p"}, &ei);
	assert_int_equal(journal_wire(s, batch, "n", 1, &ei), ERR_OK);
	change_set_done(&set);
	/* a directory in its place: it cannot be opened for writing */
	assert_int_equal(rename(log, temp_file(temp_top, "moved")), 0);
	assert_int_equal(mkdir(log, 0700), 0);
	assert_int_equal(stage("b", 1, NULL), ERR_STORE);
	assert_int_equal(
	    journal_end(s, batch, &(struct journal_end){.state = BATCH_OK}, &ei), ERR_OK);
	assert_int_equal(count(DRAFT_APPLIED), 1);
}

/* --- D2 --- */

static void d2_a_failed_sync_is_no_commit(void **state)
{
	(void)state;
	assert_int_equal(stage("a", 1, NULL), ERR_OK);
	for (long n = 0; n < 2; n++) {
		fault.syncs_only = true;
		fault_set(n, EIO, false);
		assert_int_equal(stage("b", 1, NULL), ERR_STORE);
		fault_clear();
		assert_string_equal(listed(DRAFT_STAGED), "a0");
	}
	assert_int_equal(stage("c", 1, NULL), ERR_OK);
	temp_reopen();
	assert_string_equal(listed(DRAFT_STAGED), "a0 c0");
	store_close(s);
	forget_database();
	temp_open();
	assert_string_equal(listed(DRAFT_STAGED), "a0 c0");
}

/* --- D5 --- */

static void d5_log_is_believed_up_to_the_cut(void **state)
{
	char *log = temp_file(temp_paths.state, "edits.log");
	char copy[1200];
	struct stat st;
	size_t before = 0, n;

	(void)state;
	snprintf(copy, sizeof copy, "%s", log);
	for (int i = 0; i < 4; i++)
		assert_int_equal(stage("v", 1, NULL), ERR_OK);
	assert_int_equal(stat(copy, &st), 0);
	store_close(s);
	/* cut at every byte, from the whole file down to nothing */
	for (off_t size = st.st_size; size >= 0; size--) {
		assert_int_equal(truncate(copy, size), 0);
		forget_database();
		temp_open();
		n = drafts_count(s, ACCOUNT).staged;
		assert_true(size == st.st_size ? n == 4 : n <= before);
		assert_true(n * (size_t)st.st_size / 4 <= (size_t)size);
		assert_true(size == st.st_size || before - n <= 1);
		before = n;
		store_close(s);
	}
	assert_int_equal(before, 0);
	temp_open();
}

static void d5_staging_goes_on_behind_a_torn_line(void **state)
{
	FILE *f;

	(void)state;
	stage("a", 1, NULL);
	store_close(s);
	f = fopen(temp_file(temp_paths.state, "edits.log"), "a");
	fputs("2 2026-01-06T09:00:00Z edit id=7 what=add li", f);
	fclose(f);
	temp_open();
	assert_int_equal(stage("b", 1, NULL), ERR_OK);
	store_close(s);
	forget_database();
	temp_open();
	assert_string_equal(listed(DRAFT_STAGED), "a0 b0");
}

static void d5_a_changed_line_ends_what_is_believed(void **state)
{
	FILE *f;
	char text[8192];
	size_t n;
	char *at;

	(void)state;
	for (int i = 0; i < 3; i++)
		stage(i == 0 ? "a" : i == 1 ? "b" : "c", 1, NULL);
	store_close(s);
	f = fopen(temp_file(temp_paths.state, "edits.log"), "r+");
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	at = strstr(text, "value=b0");
	assert_non_null(at);
	fseek(f, at - text + 6, SEEK_SET);
	fputc('B', f);
	fclose(f);
	forget_database();
	temp_open();
	assert_string_equal(listed(DRAFT_STAGED), "a0");
}

static void d5_a_log_that_vanished_is_begun_anew(void **state)
{
	uint64_t id;

	(void)state;
	stage("a", 2, &(uint64_t[2]){0}[0]);
	stage("b", 1, &id);
	hold(id, true);
	unlink(temp_file(temp_paths.state, "edits.log"));
	assert_int_equal(stage("c", 1, NULL), ERR_OK);
	store_close(s);
	forget_database();
	temp_open();
	assert_string_equal(listed(DRAFT_STAGED), "a0 a1 [b0] c0");
}

/* A log that is mostly history is begun anew (from 64 KiB on in test builds), and nothing open is
 * lost: not then, not when the program ends in the middle of it, not when the database goes after. */
static void d5_a_long_log_is_begun_anew(void **state)
{
	char log[1200], old[1300];
	struct stat st;
	off_t last = 0;
	uint64_t id;
	int turns = 0;

	(void)state;
	snprintf(log, sizeof log, "%s", temp_file(temp_paths.state, "edits.log"));
	snprintf(old, sizeof old, "%s.old", log);
	stage("keep", 3, NULL);
	for (; turns < 1000; turns++) {
		assert_int_equal(stage("v", 1, &id), ERR_OK);
		assert_int_equal(unstage(id, NULL), ERR_OK);
		assert_int_equal(stat(log, &st), 0);
		if (st.st_size < last)
			break;
		last = st.st_size;
	}
	assert_true(turns < 1000);
	assert_true(last > 60000 && st.st_size < 2000);
	assert_int_equal(stat(old, &st), 0);
	assert_true(st.st_size >= last);
	store_close(s);
	forget_database();
	temp_open();
	assert_string_equal(listed(DRAFT_STAGED), "keep0 keep1 keep2");
}

static void d5_an_interrupted_new_beginning_is_undone(void **state)
{
	char log[1200], old[1300];
	FILE *f;

	(void)state;
	snprintf(log, sizeof log, "%s", temp_file(temp_paths.state, "edits.log"));
	snprintf(old, sizeof old, "%s.old", log);
	stage("a", 2, NULL);
	assert_int_equal(rename(log, old), 0);
	f = fopen(log, "w");
	fputs("3 2026-01-06T09:00:00Z edit id=1 wh", f);
	fclose(f);
	assert_int_equal(stage("b", 1, NULL), ERR_OK);
	assert_int_not_equal(access(old, F_OK), 0);
	store_close(s);
	forget_database();
	temp_open();
	assert_string_equal(listed(DRAFT_STAGED), "a0 a1 b0");
}

/* --- D6 to D9: the lock --- */

static void d6_only_one_terminal_may_apply(void **state)
{
	struct store *first = s, *second;

	(void)state;
	temp_open();
	second = s;
	assert_int_equal(lock_take(first, ACCOUNT, &ei), ERR_OK);
	assert_int_equal(lock_take(first, ACCOUNT, &ei), ERR_OK);
	assert_int_equal(lock_take(second, ACCOUNT, &ei), ERR_REFUSED);
	assert_non_null(strstr(ei.msg, "is posting to this account"));
	assert_int_equal(lock_holder(second, ACCOUNT).pid, getpid());
	assert_true(lock_holder(second, ACCOUNT).held);
	assert_int_equal(lock_take(second, "other", &ei), ERR_OK);
	s = second;
	assert_int_equal(stage("b", 1, NULL), ERR_OK);
	lock_drop(first, ACCOUNT);
	assert_false(lock_holder(second, ACCOUNT).held);
	assert_int_equal(lock_take(second, ACCOUNT, &ei), ERR_OK);
	assert_false(lock_is_held(first, ACCOUNT));
	store_close(first);
}

static void write_sql(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(temp_file(temp_paths.state, "state.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_busy_timeout(db, 60000), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* Between the lock and the row that says whose it is lies a moment; before it the row may name one
 * that was killed long ago. */
static void d6_a_holder_is_named_only_when_it_is_that_one(void **state)
{
	struct store *first = s;

	(void)state;
	temp_open();
	assert_int_equal(lock_take(first, ACCOUNT, &ei), ERR_OK);
	write_sql("UPDATE lease SET pid=2147483647, tty='/dev/old'");
	assert_int_equal(lock_take(s, ACCOUNT, &ei), ERR_REFUSED);
	assert_null(strstr(ei.msg, "/dev/old"));
	assert_non_null(strstr(ei.msg, "another reticle is posting to this account"));
	store_close(first);
}

static int child_of(void (*fn)(void *), void *arg)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		fn(arg);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* What the racers share. */
struct race {
	_Atomic int inside, overlaps, taken, refused;
};

enum { RACES = 1000 };

static void race(void *arg)
{
	struct race *r = arg;

	temp_open();
	while (r->taken < RACES) {
		if (lock_take(s, ACCOUNT, &ei)) {
			r->refused++;
			sched_yield();
			continue;
		}
		r->taken++;
		if (++r->inside > 1)
			r->overlaps++;
		sched_yield();
		r->inside--;
		lock_drop(s, ACCOUNT);
	}
	store_close(s);
}

static void d6_in_a_thousand_races_never_two_hold_it(void **state)
{
	struct race *r =
	    mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid[2];
	int status;

	(void)state;
	assert_true(r != MAP_FAILED);
	store_close(s);
	s = NULL;
	for (int i = 0; i < 2; i++) {
		pid[i] = fork();
		if (pid[i] == 0) {
			race(r);
			_exit(0);
		}
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_int_equal(status, 0);
	}
	assert_true(r->taken >= RACES);
	assert_true(r->refused > 0); /* they did meet */
	assert_int_equal(r->overlaps, 0);
	print_message("D6: taken %d times, refused %d times\n", r->taken, r->refused);
	munmap(r, sizeof *r);
	temp_open();
}

static void apply_and_die(void *arg)
{
	uint64_t changeset, batch;

	(void)arg;
	/* a handle of its own: SQLite must not be used across a fork (row D11) */
	temp_open();
	live(&changeset, &batch);
	kill(getpid(), SIGKILL);
}

static void d7_lock_falls_with_its_holder(void **state)
{
	(void)state;
	store_close(s);
	assert_int_equal(child_of(apply_and_die, NULL), SIGKILL);
	temp_open();
	assert_false(lock_holder(s, ACCOUNT).held);
	assert_true(lock_holder(s, ACCOUNT).pid > 0);
	assert_int_equal(lock_take(s, ACCOUNT, &ei), ERR_OK);
	assert_int_equal(lock_holder(s, ACCOUNT).epoch, 2);
}

static int lock_error;

int fcntl64(int fd, int cmd, ...);
int fcntl64(int fd, int cmd, ...)
{
	va_list ap;
	long arg;

	va_start(ap, cmd);
	arg = va_arg(ap, long);
	va_end(ap);
	if (cmd == F_OFD_SETLK && lock_error) {
		errno = lock_error;
		return -1;
	}
	return (int)syscall(SYS_fcntl, fd, cmd, arg);
}

int fcntl(int fd, int cmd, ...);
int fcntl(int fd, int cmd, ...)
{
	va_list ap;
	long arg;

	va_start(ap, cmd);
	arg = va_arg(ap, long);
	va_end(ap);
	return fcntl64(fd, cmd, arg);
}

static void d8_without_locks_nothing_is_posted(void **state)
{
	(void)state;
	lock_error = ENOLCK;
	assert_int_equal(lock_take(s, ACCOUNT, &ei), ERR_REFUSED);
	lock_error = 0;
	assert_non_null(strstr(ei.msg, "has no file locks"));
	assert_non_null(strstr(ei.msg, "XDG_STATE_HOME"));
	assert_false(lock_is_held(s, ACCOUNT));
	assert_int_equal(stage("a", 1, NULL), ERR_OK);
}

static void d8_only_a_missing_lock_is_blamed_on_the_disk(void **state)
{
	static const int others[] = {EINVAL, EIO, EINTR, EBADF};

	(void)state;
	lock_allow_missing(s, true);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		lock_error = others[i];
		assert_int_equal(lock_take(s, ACCOUNT, &ei), ERR_REFUSED);
		assert_false(lock_is_missing(s, ACCOUNT));
		lock_error = 0;
		assert_null(strstr(ei.msg, "has no file locks"));
		assert_non_null(strstr(ei.msg, strerror(others[i])));
		assert_false(lock_is_held(s, ACCOUNT));
	}
}

static void d8_allowed_without_locks_takes_the_lease_alone(void **state)
{
	static const int missing[] = {ENOLCK, EOPNOTSUPP};

	(void)state;
	assert_false(lock_is_missing(s, ACCOUNT));
	for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
		lock_error = missing[i];
		assert_false(lock_is_missing(s, ACCOUNT)); /* it is only looked for when allowed */
		lock_allow_missing(s, true);
		assert_true(lock_is_missing(s, ACCOUNT));
		assert_int_equal(lock_take(s, ACCOUNT, &ei), ERR_OK);
		assert_true(lock_is_held(s, ACCOUNT));
		assert_true(lock_is_missing(s, ACCOUNT));
		assert_true(lock_holder(s, ACCOUNT).held);
		assert_int_equal(lock_holder(s, ACCOUNT).epoch, (int64_t)i + 1);
		lock_drop(s, ACCOUNT);
		lock_error = 0;
		assert_false(lock_is_missing(s, ACCOUNT));
		lock_allow_missing(s, false);
	}
}

/* Another process takes it, says so, and lives until it is killed. */
static pid_t hold_elsewhere(int error, bool allowed)
{
	int said[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(said), 0);
	pid = fork();
	if (pid == 0) {
		temp_open();
		lock_error = error;
		lock_allow_missing(s, allowed);
		if (lock_take(s, ACCOUNT, &ei) || write(said[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	close(said[1]);
	assert_int_equal(read(said[0], &byte, 1), 1);
	close(said[0]);
	return pid;
}

static void d8_never_beside_one_that_posts(void **state)
{
	static const int errors[] = {0, ENOLCK}; /* it has a lock, as other mounts may; or none */
	int status;
	pid_t pid;

	(void)state;
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		store_close(s); /* SQLite must not be used across a fork (row D11) */
		s = NULL;
		pid = hold_elsewhere(errors[i], errors[i] != 0);
		temp_open();
		lock_allow_missing(s, true);
		lock_error = ENOLCK;
		assert_int_equal(lock_take(s, ACCOUNT, &ei), ERR_REFUSED);
		assert_non_null(strstr(ei.msg, "is posting to this account since"));
		assert_false(lock_is_held(s, ACCOUNT));
		/* a dead one is no hindrance, as it is none with locks */
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(lock_take(s, ACCOUNT, &ei), ERR_OK);
		lock_drop(s, ACCOUNT);
		lock_error = 0;
	}
}

static void take_lease(void *arg)
{
	(void)arg;
	temp_open();
	if (lock_take(s, ACCOUNT, &ei))
		_exit(1);
	store_close(s);
}

static void d9_a_holder_that_slept_writes_nothing(void **state)
{
	struct change_set set;
	const struct change *op;
	struct journal_batch_plan b = {&op, 1};
	uint64_t changeset, batch;
	struct dirent *e;
	DIR *d;

	(void)state;
	stage("a", 1, NULL);
	assert_int_equal(lock_take(s, ACCOUNT, &ei), ERR_OK);
	change_set_init(&set);
	drafts_list(s, ACCOUNT, DRAFT_STAGED, &set, &ei);
	op = &set.v[0];
	assert_int_equal(journal_begin(s, &(struct journal_plan){ACCOUNT, "t", "d", &b, 1},
			     &changeset, &batch, &ei),
	    ERR_OK);
	change_set_done(&set);
	/* the lock file goes (a cleaner of old files): another terminal then gets a lock too */
	d = opendir(temp_file(temp_paths.state, "locks"));
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	assert_int_equal(child_of(take_lease, NULL), 0);
	assert_true(lock_is_held(s, ACCOUNT));
	assert_int_equal(
	    journal_intent(s, batch, &(struct journal_intent){"b", 1, "s", ""}, &ei), ERR_CONFLICT);
	assert_non_null(strstr(ei.msg, "took over"));
	assert_string_equal(listed(DRAFT_STAGED), "a0");
}

/* --- D10 --- */

static void edit_version(const char *path, const char *sql)
{
	sqlite3 *db;

	/* as another version of the program would: with the checksums of pages */
	assert_int_equal(
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "reticle"),
	    SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void d10_newer_files_are_left_alone(void **state)
{
	char *path = temp_file(temp_paths.state, "state.db");
	char *cache = temp_file(temp_paths.cache, "cache.db");
	struct store_fetch f;

	(void)state;
	stage("a", 1, NULL);
	store_close(s);
	edit_version(path, "PRAGMA user_version=99");
	edit_version(cache, "PRAGMA user_version=99");
	temp_open();
	assert_false(store_can_stage(s));
	assert_int_equal(stage("b", 1, NULL), ERR_STORE);
	assert_non_null(store_message(s, 0));
	assert_non_null(strstr(store_message(s, 1), "newer version"));
	/* the cache works from memory */
	assert_int_equal(catalog_begin(s, "x", "", true, &f, &ei), ERR_OK);
	store_close(s);
	edit_version(path, "PRAGMA user_version=4");
	edit_version(cache, "PRAGMA user_version=1");
	temp_open();
	assert_string_equal(listed(DRAFT_STAGED), "a0");
}

/* What each step of the schema added is taken away again: a file as that version left it. */
static void d10_older_files_are_brought_forward(void **state)
{
	char *path = temp_file(temp_paths.state, "state.db");
	struct draft_names d;
	struct stat copy;

	(void)state;
	stage("a", 2, NULL);
	store_close(s);
	edit_version(path, "ALTER TABLE draft DROP COLUMN made;"
			   "ALTER TABLE draft DROP COLUMN deleted; DROP TABLE reply;"
			   "ALTER TABLE action DROP COLUMN joined; PRAGMA user_version=1");
	temp_open();
	assert_string_equal(listed(DRAFT_STAGED), "a0 a1");
	assert_int_equal(drafts_names(s, ACCOUNT, &d, &ei), ERR_OK);
	assert_int_equal(d.n, 1);
	assert_int_equal(d.v[0].deleted_at, 0);
	draft_names_done(&d);
	store_close(s);
	edit_version(path, "DROP TABLE reply; ALTER TABLE action DROP COLUMN joined;"
			   "PRAGMA user_version=2");
	temp_open();
	assert_string_equal(listed(DRAFT_STAGED), "a0 a1");
	store_close(s);
	edit_version(path, "ALTER TABLE action DROP COLUMN joined; PRAGMA user_version=3");
	temp_open();
	assert_string_equal(listed(DRAFT_STAGED), "a0 a1");
	assert_int_equal(drafts_undo(s, ACCOUNT, &(struct draft_step){0}, &ei), ERR_OK);
	assert_string_equal(listed(DRAFT_STAGED), "");
	temp_reopen();
	assert_int_equal(drafts_redo(s, ACCOUNT, &(struct draft_step){0}, &ei), ERR_OK);
	assert_int_equal(stat(temp_file(temp_paths.state, "state.db.version-2"), &copy), 0);
	assert_int_equal(stat(temp_file(temp_paths.state, "state.db.version-1"), &copy), 0);
	assert_int_equal(copy.st_mode & 0777, 0600);
}

/* What was read stays; of when it was read in the order of the journal nothing is known. */
static void d10_an_older_cache_is_brought_forward(void **state)
{
	char *cache = temp_file(temp_paths.cache, "cache.db");
	const char *const asked[] = {"li1"};
	struct criterion_set set;
	struct snapshot_criteria c = {ACCOUNT, asked, 1, &set, 0, NULL};

	(void)state;
	criterion_set_init(&set);
	*criterion_set_add(&set) = (struct criterion){
	    .id = "c1", .line_item_id = "li1", .type_name = "AGE", .value = "AGE_25_TO_49"};
	assert_int_equal(snapshot_put_criteria(s, &c, &ei), ERR_OK);
	assert_true(snapshot_criteria_point(s, ACCOUNT, "li1").mono_ms > 0);
	criterion_set_done(&set);
	store_close(s);
	edit_version(cache,
	    "ALTER TABLE criteria DROP COLUMN at_seq;"
	    "ALTER TABLE criteria DROP COLUMN at_hash;"
	    "ALTER TABLE criteria DROP COLUMN at_mono;"
	    "ALTER TABLE criteria_group DROP COLUMN at_seq;"
	    "ALTER TABLE criteria_group DROP COLUMN at_hash;"
	    "ALTER TABLE criteria_group DROP COLUMN at_mono; PRAGMA user_version=3");
	temp_open();
	criterion_set_init(&set);
	assert_int_equal(snapshot_get_criteria(s, ACCOUNT, "li1", &set, &ei), ERR_OK);
	assert_int_equal(set.n, 1);
	assert_int_equal(snapshot_criteria_point(s, ACCOUNT, "li1").mono_ms, 0);
	criterion_set_done(&set);
}

static void d10_a_foreign_database_is_not_ours(void **state)
{
	char *path = temp_file(temp_paths.state, "state.db");

	(void)state;
	stage("a", 1, NULL);
	store_close(s);
	forget_database();
	edit_version(path, "CREATE TABLE recipes(x); PRAGMA user_version=1");
	temp_open();
	/* moved away, and the edits are back from the log */
	assert_string_equal(listed(DRAFT_STAGED), "a0");
	assert_true(store_needs_acknowledgement(s));
	assert_int_equal(access(temp_file(temp_paths.state, "state.db.damaged-1"), F_OK), 0);
	assert_int_equal(lock_take(s, ACCOUNT, &ei), ERR_REFUSED);
	store_acknowledge(s);
	assert_int_equal(lock_take(s, ACCOUNT, &ei), ERR_OK);
}

/* --- D11 --- */

static void d11_no_descriptor_reaches_a_child(void **state)
{
	struct dirent *e;
	DIR *d;
	int n = 0;

	(void)state;
	stage("a", 1, NULL);
	lock_take(s, ACCOUNT, &ei);
	d = opendir("/proc/self/fd");
	while ((e = readdir(d)) != NULL) {
		int fd = (int)strtol(e->d_name, NULL, 10);
		char to[300], name[64];
		ssize_t len;

		snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
		len = readlink(name, to, sizeof to - 1);
		if (len < 0 || fd < 3)
			continue;
		to[len] = '\0';
		if (!strstr(to, temp_top))
			continue;
		n++;
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	}
	closedir(d);
	assert_true(n >= 3);
}

/* --- D12 --- */

static void d12_log_of_sqlite_stays_bounded(void **state)
{
	struct option_set page;
	struct store_fetch f;
	struct stat st;
	char *wal = temp_file(temp_paths.cache, "cache.db-wal");
	char wal_path[1200], text[2000];
	sqlite3 *reader;
	off_t most = 0;
	enum err err = ERR_OK;
	long rounds = 0;

	(void)state;
	snprintf(wal_path, sizeof wal_path, "%s", wal);
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	option_set_init(&page);
	for (int i = 0; i < 500; i++)
		option_set_copy(&page, &(struct option){.value = text, .name = text});
	/* a reader that never ends keeps SQLite from emptying the log */
	assert_int_equal(sqlite3_open(temp_file(temp_paths.cache, "cache.db"), &reader), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM chunk", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(catalog_begin(s, "x", "", false, &f, &ei), ERR_OK);
	for (; rounds < 100 && !err; rounds++) {
		err = catalog_put(s, &f, &page, "more", &ei);
		assert_int_equal(stat(wal_path, &st), 0);
		if (st.st_size > most)
			most = st.st_size;
	}
	assert_int_equal(err, ERR_STORE);
	assert_true(rounds > 5);
	assert_true(most <= 64 * 1024 * 1024);
	assert_int_equal(stage("a", 1, NULL), ERR_OK);
	sqlite3_close(reader);
	assert_int_equal(catalog_put(s, &f, &page, NULL, &ei), ERR_OK);
	option_set_done(&page);
}

/* --- D13 --- */

static void check_read_only(void)
{
	struct store_fetch f;
	struct change_set set;

	s = store_open(&temp_paths, &ei);
	assert_non_null(s);
	assert_int_equal(store_bind(s, "h", "12", &ei), ERR_OK);
	assert_false(store_can_stage(s));
	assert_int_equal(stage("a", 1, NULL), ERR_STORE);
	assert_int_equal(lock_take(s, ACCOUNT, &ei), ERR_STORE);
	change_set_init(&set);
	assert_int_equal(drafts_list(s, ACCOUNT, DRAFT_STAGED, &set, &ei), ERR_OK);
	assert_int_equal(drafts_count(s, ACCOUNT).staged, 0);
	assert_int_equal(drafts_version(s), 0);
	assert_non_null(store_message(s, 0));
	assert_int_equal(catalog_begin(s, "x", "", true, &f, &ei), ERR_OK);
	change_set_done(&set);
}

static void d13_without_a_home_everything_is_read_only(void **state)
{
	(void)state;
	store_close(s);
	temp_paths.state[0] = temp_paths.cache[0] = '\0';
	check_read_only();
}

static void d13_a_file_in_the_way_of_the_directories(void **state)
{
	FILE *f;

	(void)state;
	store_close(s);
	f = fopen(temp_file(temp_top, "file"), "w");
	fclose(f);
	snprintf(temp_paths.state, PATHS_MAX, "%s/file/state", temp_top);
	snprintf(temp_paths.cache, PATHS_MAX, "%s/file", temp_top);
	check_read_only();
}

static void d13_a_directory_in_the_way_of_the_files(void **state)
{
	(void)state;
	store_close(s);
	forget_database();
	unlink(temp_file(temp_paths.cache, "cache.db"));
	assert_int_equal(mkdir(temp_file(temp_paths.state, "state.db"), 0700), 0);
	assert_int_equal(mkdir(temp_file(temp_paths.cache, "cache.db"), 0700), 0);
	check_read_only();
}

static void d13_a_full_disk_at_the_start(void **state)
{
	(void)state;
	store_close(s);
	forget_database();
	unlink(temp_file(temp_paths.cache, "cache.db"));
	fault_set(0, ENOSPC, true);
	check_read_only();
	fault_clear();
}

static void d13_a_symbolic_link_is_not_followed(void **state)
{
	(void)state;
	store_close(s);
	forget_database();
	assert_int_equal(symlink("/etc/passwd", temp_file(temp_paths.state, "state.db")), 0);
	check_read_only();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEMP(d1_no_step_is_claimed_that_is_not_on_disk),
	    TEMP(d1_the_side_log_alone_tells_no_less),
	    TEMP(d1_outcome_is_kept_when_the_side_log_is_full),
	    TEMP(d2_a_failed_sync_is_no_commit),
	    TEMP(d5_log_is_believed_up_to_the_cut),
	    TEMP(d5_staging_goes_on_behind_a_torn_line),
	    TEMP(d5_a_changed_line_ends_what_is_believed),
	    TEMP(d5_a_log_that_vanished_is_begun_anew),
	    TEMP(d5_a_long_log_is_begun_anew),
	    TEMP(d5_an_interrupted_new_beginning_is_undone),
	    TEMP(d6_only_one_terminal_may_apply),
	    TEMP(d6_a_holder_is_named_only_when_it_is_that_one),
	    TEMP(d6_in_a_thousand_races_never_two_hold_it),
	    TEMP(d7_lock_falls_with_its_holder),
	    TEMP(d8_without_locks_nothing_is_posted),
	    TEMP(d8_only_a_missing_lock_is_blamed_on_the_disk),
	    TEMP(d8_allowed_without_locks_takes_the_lease_alone),
	    TEMP(d8_never_beside_one_that_posts),
	    TEMP(d9_a_holder_that_slept_writes_nothing),
	    TEMP(d10_newer_files_are_left_alone),
	    TEMP(d10_older_files_are_brought_forward),
	    TEMP(d10_an_older_cache_is_brought_forward),
	    TEMP(d10_a_foreign_database_is_not_ours),
	    TEMP(d11_no_descriptor_reaches_a_child),
	    TEMP(d12_log_of_sqlite_stays_bounded),
	    TEMP(d13_without_a_home_everything_is_read_only),
	    TEMP(d13_a_file_in_the_way_of_the_directories),
	    TEMP(d13_a_directory_in_the_way_of_the_files),
	    TEMP(d13_a_full_disk_at_the_start),
	    TEMP(d13_a_symbolic_link_is_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
