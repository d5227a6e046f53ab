#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config/nearest.h"
#include "config/paths.h"

static struct paths p;
static struct errinfo ei;

static int setup(void **state)
{
	(void)state;
	setenv("HOME", "/home/ann", 1);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("XDG_STATE_HOME");
	unsetenv("XDG_CACHE_HOME");
	unsetenv("XDG_RUNTIME_DIR");
	unsetenv("TMPDIR");
	return 0;
}

static void defaults_are_under_home(void **state)
{
	(void)state;
	assert_int_equal(paths_init(&p, NULL, &ei), ERR_OK);
	assert_string_equal(p.config, "/home/ann/.config/reticle");
	assert_string_equal(p.state, "/home/ann/.local/state/reticle");
	assert_string_equal(p.cache, "/home/ann/.cache/reticle");
	assert_memory_equal(p.runtime, "/tmp/reticle-", 13);
}

static void absolute_variables_win_and_relative_ones_are_ignored(void **state)
{
	(void)state;
	setenv("XDG_STATE_HOME", "/s", 1);
	setenv("XDG_CACHE_HOME", "relative", 1);
	setenv("XDG_CONFIG_HOME", "", 1);
	setenv("XDG_RUNTIME_DIR", "/run/user/1", 1);
	assert_int_equal(paths_init(&p, "demo", &ei), ERR_OK);
	assert_string_equal(p.state, "/s/reticle/demo");
	assert_string_equal(p.cache, "/home/ann/.cache/reticle/demo");
	assert_string_equal(p.config, "/home/ann/.config/reticle");
	assert_string_equal(p.runtime, "/run/user/1/reticle/demo");
}

static void without_home_there_is_no_place(void **state)
{
	static char longest[PATHS_MAX + 2];

	(void)state;
	unsetenv("HOME");
	assert_int_equal(paths_init(&p, NULL, &ei), ERR_OK);
	assert_string_equal(p.state, "");
	assert_int_equal(paths_make(p.state, &ei), ERR_IO);
	assert_non_null(strstr(ei.msg, "HOME"));
	memset(longest, 'x', sizeof longest - 1);
	longest[0] = '/';
	setenv("HOME", longest, 1);
	assert_int_equal(paths_init(&p, NULL, &ei), ERR_OK);
	assert_string_equal(p.cache, "");
}

static void instance_names_are_checked(void **state)
{
	static const char *const bad[] = {
	    "", "..", "a/b", "Demo", "a b", "123456789012345678901234567890123"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(paths_init(&p, bad[i], &ei), ERR_USAGE);
	assert_int_equal(paths_init(&p, "12345678901234567890123456789012", &ei), ERR_OK);
}

static void new_directories_are_private(void **state)
{
	char top[] = "/tmp/reticle-paths-XXXXXX", dir[64], file[96];
	struct stat st;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(top));
	snprintf(dir, sizeof dir, "%s/a/b", top);
	umask(0);
	assert_int_equal(paths_make(dir, &ei), ERR_OK);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	snprintf(file, sizeof file, "%s/f", dir);
	f = fopen(file, "w");
	assert_non_null(f);
	fclose(f);
	assert_int_equal(paths_make(file, &ei), ERR_IO);
	unlink(file);
	rmdir(dir);
	snprintf(dir, sizeof dir, "%s/a", top);
	rmdir(dir);
	rmdir(top);
}

static void distance_counts_edits(void **state)
{
	static const struct {
		const char *a, *b;
		size_t d;
	} rows[] = {{"", "", 0}, {"a", "", 1}, {"", "abc", 3}, {"theme", "them", 1},
	    {"form", "from", 1}, {"kitten", "sitting", 3}, {"THEME", "theme", 0}, {"ca", "abc", 3}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(nearest_distance(rows[i].a, rows[i].b), rows[i].d);
		assert_int_equal(nearest_distance(rows[i].b, rows[i].a), rows[i].d);
	}
}

static void nearest_keeps_silent_when_nothing_is_near(void **state)
{
	static const char *const names[] = {"theme", "mouse", "ascii"};

	(void)state;
	assert_string_equal(nearest_name("tehme", names, 3), "theme");
	assert_string_equal(nearest_name("mose", names, 3), "mouse");
	assert_null(nearest_name("zzz", names, 3));
	assert_null(nearest_name("", names, 3));
	assert_null(nearest_name("theme", names, 0));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(defaults_are_under_home, setup),
	    cmocka_unit_test_setup(absolute_variables_win_and_relative_ones_are_ignored, setup),
	    cmocka_unit_test_setup(without_home_there_is_no_place, setup),
	    cmocka_unit_test_setup(instance_names_are_checked, setup),
	    cmocka_unit_test_setup(new_directories_are_private, setup),
	    cmocka_unit_test(distance_counts_edits),
	    cmocka_unit_test(nearest_keeps_silent_when_nothing_is_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
