/* docs/exit-codes.md against base/errors.def: what a script may rely on. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "base/fs.h"

static const struct {
	int status;
	const char *meaning;
} statuses[] = {
    {0, "done"},
    {1, "failed, or refused"},
    {2, "wrong usage, configuration or terminal"},
    {3, "findings: problems of `lint`, a difference of `drift`, a failed line of `doctor`"},
    {4, "authentication or access"},
    {5, "the account changed under the plan"},
    {6, "the outcome of a write is unknown until it is settled"},
    {7, "rate limited"},
    {130, "interrupted or cancelled"},
};

static const struct {
	const char *text, *hint;
	int status;
} errors[] = {
#define X(name, text, hint, status) {text, hint, status},
#include "base/errors.def"
#undef X
};

static void write_page(struct buf *out)
{
	buf_adds(out, "# Exit statuses\n\nMade from `base/errors.def`; a test compares them.\n\n"
		      "| status | meaning |\n|---|---|\n");
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
		buf_addf(out, "| %d | %s |\n", statuses[i].status, statuses[i].meaning);
	buf_adds(out, "\n| error | status | what helps |\n|---|---|---|\n");
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
		buf_addf(
		    out, "| %s | %d | %s |\n", errors[i].text, errors[i].status, errors[i].hint);
}

static void the_page_of_exit_statuses_is_up_to_date(void **state)
{
	static const char path[] = "docs/exit-codes.md"; /* tests run from the top of the tree */
	struct buf made, found;

	(void)state;
	buf_init(&made, 1u << 16);
	buf_init(&found, 1u << 16);
	write_page(&made);
	if (getenv("RETICLE_GEN"))
		assert_int_equal(fs_write(path, made.p, made.len, NULL), ERR_OK);
	assert_int_equal(fs_read(path, &found, NULL), ERR_OK);
	if (strcmp(buf_str(&made), buf_str(&found)) != 0)
		fail_msg("%s differs from errors.def: run this test with RETICLE_GEN=1", path);
	buf_done(&made);
	buf_done(&found);
}

static void every_error_ends_with_a_status_that_is_documented(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		bool known = false;

		for (size_t k = 1; k < sizeof statuses / sizeof *statuses; k++)
			known = known || statuses[k].status == errors[i].status;
		if (!known)
			fail_msg("\"%s\" ends with %d", errors[i].text, errors[i].status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_page_of_exit_statuses_is_up_to_date),
	    cmocka_unit_test(every_error_ends_with_a_status_that_is_documented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
