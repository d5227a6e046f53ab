/* A store in a directory of its own that goes with the test. */
#ifndef RETICLE_TESTS_UNIT_STORE_TEMP_H
#define RETICLE_TESTS_UNIT_STORE_TEMP_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fs.h"
#include "store/store.h"

static struct paths temp_paths;
static char temp_top[64];
static struct store *s;
static struct errinfo ei;

__attribute__((unused)) static void temp_open(void)
{
	s = store_open(&temp_paths, &ei);
	assert_non_null(s);
	assert_int_equal(store_bind(s, "ads-api.x.com", "12", &ei), ERR_OK);
}

__attribute__((unused)) static void temp_reopen(void)
{
	store_close(s);
	temp_open();
}

__attribute__((unused)) static char *temp_file(const char *dir, const char *name)
{
	static char path[4][1200];
	static int i;

	i = (i + 1) % 4;
	assert_true(fs_join(path[i], sizeof path[i], dir, name));
	return path[i];
}

static int temp_setup(void **state)
{
	(void)state;
	memset(&ei, 0, sizeof ei);
	/* in memory where that exists: the tests sync thousands of times */
	snprintf(temp_top, sizeof temp_top, "%s/reticle-store-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(temp_top))
		return -1;
	memset(&temp_paths, 0, sizeof temp_paths);
	snprintf(temp_paths.state, PATHS_MAX, "%s/state", temp_top);
	snprintf(temp_paths.cache, PATHS_MAX, "%s/cache", temp_top);
	clock_pin(1767690000); /* 2026-01-06T09:00:00Z */
	temp_open();
	return 0;
}

static int temp_remove(const char *path, const struct stat *st, int kind, struct FTW *f)
{
	(void)st;
	(void)kind;
	(void)f;
	return remove(path);
}

static int temp_teardown(void **state)
{
	(void)state;
	store_close(s);
	s = NULL;
	clock_unpin();
	return nftw(temp_top, temp_remove, 16, FTW_DEPTH | FTW_PHYS);
}

#define TEMP(f) cmocka_unit_test_setup_teardown(f, temp_setup, temp_teardown)

#endif
