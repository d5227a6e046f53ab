/* clock, err, fs: what touches the system. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"

/* --- a directory of our own */

static char dir[200];

static int make_dir(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(dir, sizeof dir, "%s/reticle-base-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	static const char *const names[] = {
	    "a/b/c", "a/b", "a", "f", "f.damaged-1", "f.damaged-2", "link", "fifo"};
	char path[300];

	(void)state;
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

/* --- clock */

static void dates_round_trip(void **state)
{
	static const int64_t times[] = {
	    0, 1, 86399, 951782400, 1767690000, 4102444799, -1, 253402300799};
	char text[21];
	int64_t back;

	(void)state;
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		clock_format_utc(times[i], text);
		assert_true(clock_parse_utc(text, &back));
		assert_int_equal(back, times[i]);
	}
	clock_format_utc(1767690000, text);
	assert_string_equal(text, "2026-01-06T09:00:00Z");
	clock_format_utc(INT64_MAX, text);
	assert_int_equal(strlen(text), 20);
}

static void what_is_no_date_is_refused(void **state)
{
	static const char *const bad[] = {"", "2026-01-06", "2026-01-06T09:00:00",
	    "2026-02-31T00:00:00Z", "2025-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
	    "2026-00-01T00:00:00Z", "2026-01-06T24:00:00Z", "2026-01-06T09:60:00Z",
	    "2026-01-06T09:00:00z", "2026-01-06 09:00:00Z", "+026-01-06T09:00:00Z",
	    "2026-01-06T09:00:00ZZ"};
	int64_t t = 5;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (clock_parse_utc(bad[i], &t))
			fail_msg("accepted: %s", bad[i]);
	assert_int_equal(t, 5);
	assert_true(clock_parse_utc("2024-02-29T00:00:00Z", &t));
}

static void a_pinned_clock_stands_until_stepped(void **state)
{
	int64_t mono;

	(void)state;
	clock_pin(1000);
	assert_int_equal(clock_wall_s(), 1000);
	mono = clock_mono_ms();
	clock_step_ms(5000);
	assert_int_equal(clock_wall_s(), 1005);
	assert_true(clock_mono_ms() - mono >= 5000);
	for (int i = 0; i < 10; i++) /* steps of less than a second add up */
		clock_step_ms(100);
	assert_int_equal(clock_wall_s(), 1006);
	clock_unpin();
	assert_true(clock_wall_s() > 1700000000);
	assert_true(clock_mono_ns() > 0);
}

static void ages_are_short(void **state)
{
	static const struct {
		int64_t age;
		const char *text;
	} ages[] = {{-5, "now"}, {0, "now"}, {40, "40s"}, {60 * 12, "12m"}, {3 * 3600, "3h"},
	    {5 * 86400, "5d"}, {INT64_MAX, "999999d"}};
	char out[16];

	(void)state;
	for (size_t i = 0; i < sizeof ages / sizeof ages[0]; i++) {
		clock_format_age(ages[i].age, out);
		assert_string_equal(out, ages[i].text);
	}
}

/* --- errors */

static void context_stands_before_the_message(void **state)
{
	struct errinfo ei = {0};
	char big[600];

	(void)state;
	assert_int_equal(err_set(NULL, ERR_IO, "x"), ERR_IO);
	assert_int_equal(err_set(&ei, ERR_NETWORK, "refused by %s", "host"), ERR_NETWORK);
	assert_int_equal(err_context(&ei, ERR_NETWORK, "page %d", 3), ERR_NETWORK);
	assert_string_equal(ei.msg, "page 3: refused by host");
	assert_int_equal(ei.code, ERR_NETWORK);
	memset(big, 'b', sizeof big);
	big[599] = '\0';
	assert_int_equal(err_set(&ei, ERR_IO, "%s", big), ERR_IO);
	assert_int_equal(strlen(ei.msg), sizeof ei.msg - 1);
	(void)err_context(&ei, ERR_IO, "more");
	assert_int_equal(strncmp(ei.msg, "more: bbb", 9), 0);
	(void)err_context(&ei, ERR_IO, "%s", big);
	assert_int_equal(strlen(ei.msg), sizeof ei.msg - 1);
}

static void every_error_has_its_words(void **state)
{
	(void)state;
	for (int e = 0; e < ERR_COUNT; e++) {
		assert_true(strlen(err_name((enum err)e)) > 0);
		assert_true(strlen(err_text((enum err)e)) > 0);
		/* what is refused says in its message what to do */
		assert_true(e == ERR_OK || e == ERR_REFUSED || strlen(err_hint((enum err)e)) > 0);
		assert_true(e == ERR_OK || err_exit_status((enum err)e) > 0);
	}
	assert_int_equal(err_exit_status(ERR_OK), 0);
	assert_int_equal(err_exit_status(ERR_AUTH), 4);
	assert_int_equal(err_exit_status(ERR_CONFLICT), 5);
	assert_int_equal(err_exit_status(ERR_UNKNOWN), 6);
	assert_int_equal(err_exit_status(ERR_RATE), 7);
}

/* --- files */

static void files_are_replaced_whole_and_private(void **state)
{
	struct stat st;
	struct buf b;
	mode_t old = umask(0);

	(void)state;
	buf_init(&b, 100);
	assert_int_equal(fs_read(at("f"), &b, NULL), ERR_NOTFOUND);
	assert_int_equal(fs_write(at("f"), "one", 3, NULL), ERR_OK);
	assert_int_equal(fs_write(at("f"), "a\0b", 3, NULL), ERR_OK);
	assert_int_equal(fs_read_private(at("f"), &b, NULL), ERR_OK);
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.p, "a\0b", 3);
	assert_int_equal(stat(at("f"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	umask(old);
	buf_done(&b);
	buf_init(&b, 2);
	assert_int_equal(fs_read(at("f"), &b, NULL), ERR_LIMIT);
	buf_done(&b);
	assert_int_equal(fs_write(at("no/such/dir/f"), "x", 1, NULL), ERR_IO);
}

static void secrets_are_read_only_from_private_files(void **state)
{
	struct errinfo ei = {0};
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_int_equal(fs_write(at("f"), "key", 3, NULL), ERR_OK);
	assert_int_equal(chmod(at("f"), 0640), 0);
	assert_int_equal(fs_read_private(at("f"), &b, &ei), ERR_CONFIG);
	assert_non_null(strstr(ei.msg, "chmod 600"));
	assert_int_equal(chmod(at("f"), 0600), 0);
	assert_int_equal(symlink(at("f"), at("link")), 0);
	assert_int_equal(fs_read_private(at("link"), &b, &ei), ERR_IO);
	assert_non_null(strstr(ei.msg, "symbolic link"));
	assert_int_equal(fs_read(at("link"), &b, NULL), ERR_OK);
	assert_int_equal(fs_read_private(dir, &b, NULL), ERR_CONFIG);
	assert_int_equal(mkfifo(at("fifo"), 0600), 0);
	assert_int_equal(fs_read_private(at("fifo"), &b, NULL), ERR_CONFIG); /* does not hang */
	assert_int_equal(b.len, 3);
	buf_done(&b);
}

static void directories_are_made_with_their_parents(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(fs_make_dirs(at("a/b/c"), NULL), ERR_OK);
	assert_int_equal(fs_make_dirs(at("a/b/c"), NULL), ERR_OK);
	assert_int_equal(stat(at("a/b"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(fs_make_dirs("", NULL), ERR_IO);
	assert_int_equal(fs_write(at("f"), "x", 1, NULL), ERR_OK);
	assert_int_equal(fs_make_dirs(at("f/g"), NULL), ERR_IO);
	assert_int_equal(fs_make_dirs(at("f"), NULL), ERR_IO);
}

static void damaged_files_are_kept_under_new_names(void **state)
{
	struct errinfo ei = {0};
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	for (int i = 1; i <= 2; i++) {
		char name[32];

		assert_int_equal(fs_write(at("f"), i == 1 ? "1" : "2", 1, NULL), ERR_OK);
		assert_int_equal(fs_set_aside(at("f"), &ei), ERR_OK);
		snprintf(name, sizeof name, "f.damaged-%d", i);
		assert_string_equal(ei.msg, at(name));
		assert_int_equal(fs_read(at("f"), &b, NULL), ERR_NOTFOUND);
		assert_int_equal(fs_read(at(name), &b, NULL), ERR_OK);
	}
	assert_string_equal(buf_str(&b), "12");
	assert_int_equal(fs_set_aside(at("f"), &ei), ERR_IO);
	buf_done(&b);
}

static void joined_paths_fit_or_fail(void **state)
{
	char out[6];

	(void)state;
	assert_true(fs_join(out, sizeof out, "ab", "cd"));
	assert_string_equal(out, "ab/cd");
	assert_false(fs_join(out, sizeof out, "ab", "cde"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
	    TEST(dates_round_trip),
	    TEST(what_is_no_date_is_refused),
	    TEST(a_pinned_clock_stands_until_stepped),
	    TEST(ages_are_short),
	    TEST(context_stands_before_the_message),
	    TEST(every_error_has_its_words),
	    TEST(files_are_replaced_whole_and_private),
	    TEST(secrets_are_read_only_from_private_files),
	    TEST(directories_are_made_with_their_parents),
	    TEST(damaged_files_are_kept_under_new_names),
	    TEST(joined_paths_fit_or_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
