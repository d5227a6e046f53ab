/* The log: what its lines are made of, which files it takes, and a disk that is full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/loop.h"

#define NOW 1767690000 /* 2026-01-06T09:00:00Z */
#define FULL (5 * 1024 * 1024)

static char dir[200];

static int make_dir(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(dir, sizeof dir, "%s/reticle-log-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	clock_pin(NOW);
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	static const char *const names[] = {"log", "log.1", "link", "fifo", "plan"};
	char path[300];

	(void)state;
	log_close();
	clock_unpin();
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		(void)remove(path);
	}
	return rmdir(dir);
}

static const char *at(const char *name)
{
	static char path[4][300];
	static int next;

	next = (next + 1) % 4;
	assert_true(fs_join(path[next], sizeof path[next], dir, name));
	return path[next];
}

/* The file is exactly this, PID standing for the number of this process. */
static void assert_file(const char *name, const char *expected)
{
	struct buf b, want;
	const char *pid;

	buf_init(&b, 100000);
	buf_init(&want, 100000);
	while ((pid = strstr(expected, "PID")) != NULL) {
		buf_add(&want, expected, (size_t)(pid - expected));
		buf_addf(&want, "%ld", (long)getpid());
		expected = pid + 3;
	}
	buf_adds(&want, expected);
	assert_int_equal(fs_read_private(at(name), &b, NULL), ERR_OK);
	assert_string_equal(buf_str(&b), buf_str(&want));
	buf_done(&want);
	buf_done(&b);
}

static void lines_hold_only_printable_text(void **state)
{
	(void)state;
	log_event(LOG_ERROR, "before.open", "x=1");
	assert_int_equal(log_open(at("log"), LOG_INFO, NULL), ERR_OK);
	log_event(LOG_INFO, "request.done", "name=%s", "a\n\x1b[31m\xff\xe2\x80\xae");
	log_close();
	log_event(LOG_ERROR, "after.close", "x=1");
	assert_file("log", "2026-01-06T09:00:00Z info PID request.done "
			   "name=a\\u{a}\\u{1b}[31m\\x{ff}\\u{202e}\n");
}

static void levels_beyond_the_wished_are_left_out(void **state)
{
	static const char *const words[] = {"error", "warn", "info", "debug"};
	enum log_level level;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		assert_true(log_parse_level(words[i], &level));
		assert_int_equal(level, i);
	}
	assert_false(log_parse_level("warning", &level));
	assert_false(log_parse_level("", &level));
	assert_int_equal(log_open(at("log"), LOG_WARN, NULL), ERR_OK);
	log_event(LOG_ERROR, "a", "n=1");
	log_event(LOG_WARN, "b", "n=2");
	log_event(LOG_INFO, "c", "n=3");
	log_event(LOG_DEBUG, "d", "n=4");
	assert_file(
	    "log", "2026-01-06T09:00:00Z error PID a n=1\n2026-01-06T09:00:00Z warn PID b n=2\n");
}

/* Also one that was there before, and lines go to its end. */
static void a_log_is_private_whatever_the_umask(void **state)
{
	mode_t old = umask(0);
	struct stat st;

	(void)state;
	assert_int_equal(log_open(at("log"), LOG_INFO, NULL), ERR_OK);
	umask(old);
	assert_int_equal(stat(at("log"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	log_event(LOG_INFO, "one", "n=1");
	log_close();
	assert_int_equal(chmod(at("log"), 0644), 0);
	assert_int_equal(log_open(at("log"), LOG_INFO, NULL), ERR_OK);
	log_event(LOG_INFO, "two", "n=2");
	assert_file("log",
	    "2026-01-06T09:00:00Z info PID one n=1\n2026-01-06T09:00:00Z info PID two n=2\n");
}

static void refused(const char *name, enum err code, const char *why)
{
	struct errinfo ei = {0};

	assert_int_equal(log_open(at(name), LOG_INFO, &ei), code);
	assert_non_null(strstr(ei.msg, why));
	assert_non_null(strstr(ei.msg, at(name)));
	log_event(LOG_ERROR, "nowhere", "x=1");
}

static void links_pipes_and_other_files_are_refused(void **state)
{
	static const char plan[] = "reticle: 1\nline_items: []\n# nothing of ours ends up here\n";

	(void)state;
	assert_int_equal(fs_write(at("plan"), plan, sizeof plan - 1, NULL), ERR_OK);
	assert_int_equal(symlink(at("log"), at("link")), 0);
	assert_int_equal(mkfifo(at("fifo"), 0600), 0);
	refused("link", ERR_REFUSED, "symbolic link");
	refused("plan", ERR_REFUSED, "something else");
	refused("fifo", ERR_REFUSED, "no regular file");
	refused("none/log", ERR_IO, "No such file");
	assert_int_equal(access(at("log"), F_OK), -1);
	assert_file("plan", plan);
	assert_int_equal(log_open(dir, LOG_INFO, NULL), ERR_IO);
}

/* A limit on the size of files is as good as a full disk: a write is cut, the next fails. */
static void a_full_disk_loses_lines_and_says_how_many(void **state)
{
	static const char one[] = "2026-01-06T09:00:00Z info 1 one n=1\n";
	struct rlimit old, now;
	struct buf want;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(fs_write(at("log"), one, sizeof one - 1, NULL), ERR_OK);
	assert_int_equal(log_open(at("log"), LOG_INFO, NULL), ERR_OK);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	now = old;
	now.rlim_cur = sizeof one - 1 + 10;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
	log_event(LOG_INFO, "two", "n=2"); /* ten bytes fit */
	log_event(LOG_INFO, "three", "n=3"); /* none */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	log_event(LOG_INFO, "four", "n=4");
	log_event(LOG_INFO, "five", "n=5");
	buf_init(&want, 1000);
	buf_addf(&want, "%s2026-01-06\n2026-01-06T09:00:00Z warn PID log.lost lines=2\n", one);
	buf_adds(&want, "2026-01-06T09:00:00Z info PID four n=4\n");
	buf_adds(&want, "2026-01-06T09:00:00Z info PID five n=5\n");
	assert_file("log", buf_str(&want));
	buf_done(&want);
}

/* Half a line alone would make the file unusable for the next start. */
static void a_disk_that_is_full_at_once_leaves_an_empty_log(void **state)
{
	struct rlimit old, now;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(log_open(at("log"), LOG_INFO, NULL), ERR_OK);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	now = old;
	now.rlim_cur = 10;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
	log_event(LOG_INFO, "one", "n=1");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_file("log", "");
	assert_int_equal(log_open(at("log"), LOG_INFO, NULL), ERR_OK);
	log_event(LOG_INFO, "two", "n=2");
	assert_file("log", "2026-01-06T09:00:00Z info PID two n=2\n");
}

static off_t size_of(const char *name)
{
	struct stat st;

	assert_int_equal(stat(at(name), &st), 0);
	return st.st_size;
}

static void a_full_log_begins_anew_beside_the_old(void **state)
{
	(void)state;
	assert_int_equal(log_open(at("log"), LOG_INFO, NULL), ERR_OK);
	log_event(LOG_INFO, "one", "n=1");
	assert_int_equal(truncate(at("log"), FULL), 0);
	log_event(LOG_INFO, "two", "n=2"); /* while it is written to */
	assert_file("log", "2026-01-06T09:00:00Z info PID two n=2\n");
	assert_int_equal(size_of("log.1"), FULL);
	assert_int_equal(truncate(at("log"), FULL + 1), 0);
	assert_int_equal(log_open(at("log"), LOG_INFO, NULL), ERR_OK); /* and at a start */
	assert_int_equal(size_of("log"), 0);
	assert_int_equal(size_of("log.1"), FULL + 1);
}

/* Another process made the full file the old one: what it has begun is not moved away as well. */
static void a_log_that_another_process_rolled_is_kept(void **state)
{
	static const char theirs[] = "2026-01-06T09:00:00Z info 1 theirs n=1\n";

	(void)state;
	assert_int_equal(log_open(at("log"), LOG_INFO, NULL), ERR_OK);
	log_event(LOG_INFO, "one", "n=1");
	assert_int_equal(truncate(at("log"), FULL), 0);
	assert_int_equal(rename(at("log"), at("log.1")), 0);
	assert_int_equal(fs_write(at("log"), theirs, sizeof theirs - 1, NULL), ERR_OK);
	log_event(LOG_INFO, "two", "n=2");
	assert_int_equal(size_of("log.1"), FULL);
	assert_file("log", "2026-01-06T09:00:00Z info 1 theirs n=1\n"
			   "2026-01-06T09:00:00Z info PID two n=2\n");
}

static void take_ms(struct loop *l, void *user)
{
	(void)l;
	clock_step_ms(*(const int *)user);
}

static void take_31_ms(struct loop *l, int fd, short revents, void *user)
{
	char c;

	(void)l;
	(void)revents;
	(void)user;
	assert_int_equal(read(fd, &c, 1), 1);
	clock_step_ms(31);
}

static void handlers_over_30_ms_are_told(void **state)
{
	int fds[2], fast = 30, slow = 31;
	struct loop *l = loop_new();

	(void)state;
	clock_freeze(NOW, 1000);
	assert_int_equal(log_open(at("log"), LOG_INFO, NULL), ERR_OK);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(loop_watch(l, fds[0], POLLIN, LOOP_INPUT, take_31_ms, NULL), ERR_OK);
	assert_int_equal(loop_defer(l, take_ms, &fast), ERR_OK);
	assert_int_equal(loop_defer(l, take_ms, &slow), ERR_OK);
	assert_int_equal(write(fds[1], "x", 1), 1);
	loop_turn(l, 0);
	assert_file("log", "2026-01-06T09:00:00Z warn PID loop.slow what=deferred ms=31\n"
			   "2026-01-06T09:00:00Z warn PID loop.slow what=input ms=31\n");
	loop_free(l);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
	    TEST(lines_hold_only_printable_text),
	    TEST(levels_beyond_the_wished_are_left_out),
	    TEST(a_log_is_private_whatever_the_umask),
	    TEST(links_pipes_and_other_files_are_refused),
	    TEST(a_full_disk_loses_lines_and_says_how_many),
	    TEST(a_disk_that_is_full_at_once_leaves_an_empty_log),
	    TEST(a_full_log_begins_anew_beside_the_old),
	    TEST(a_log_that_another_process_rolled_is_kept),
	    TEST(handlers_over_30_ms_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
