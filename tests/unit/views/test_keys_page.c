/* docs/keys.md against the default keys and all command tables. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "base/fs.h"
#include "tui/keydoc.h"
#include "tui/keymap.h"
#include "views/commands.h"

static void the_page_of_keys_is_up_to_date(void **state)
{
	static const char path[] = "docs/keys.md"; /* tests run from the top of the tree */
	struct keydoc_table tables[] = {
	    {core_commands, CORE_COUNT}, {view_commands, VIEW_COMMANDS}};
	struct buf made, found;

	(void)state;
	buf_init(&made, 1u << 20);
	buf_init(&found, 1u << 20);
	assert_int_equal(keydoc_write(tables, 2, &made), ERR_OK);
	if (getenv("RETICLE_GEN"))
		assert_int_equal(fs_write(path, made.p, made.len, NULL), ERR_OK);
	assert_int_equal(fs_read(path, &found, NULL), ERR_OK);
	if (strcmp(buf_str(&made), buf_str(&found)) != 0)
		fail_msg("%s differs from the tables: run this test with RETICLE_GEN=1", path);
	buf_done(&made);
	buf_done(&found);
}

static void every_default_key_runs_a_command(void **state)
{
	struct keymap m;
	struct buf report;

	(void)state;
	keymap_init(&m);
	buf_init(&report, 65536);
	assert_int_equal(keymap_parse(&m, keymap_default_text, "default.keys", &report), ERR_OK);
	for (size_t i = 0; i < m.n; i++) {
		const char *line = m.list[i].command;
		size_t n = strcspn(line, " ");
		bool known = false;

		for (size_t k = 0; k < CORE_COUNT; k++)
			known = known || (strlen(core_commands[k].name) == n &&
					     memcmp(core_commands[k].name, line, n) == 0);
		for (size_t k = 0; k < VIEW_COMMANDS; k++)
			known = known || (strlen(view_commands[k].name) == n &&
					     memcmp(view_commands[k].name, line, n) == 0);
		if (!known)
			fail_msg("%s binds \"%s\", which is no command", m.list[i].origin, line);
	}
	buf_done(&report);
	keymap_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_page_of_keys_is_up_to_date),
	    cmocka_unit_test(every_default_key_runs_a_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
