#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tui/command.h"
#include "tui/input.h"
#include "tui/key.h"
#include "tui/keymap.h"

/* --- names --- */

static const char *round_trip(const char *name)
{
	static char out[96];
	struct key_seq seq;

	return key_seq_parse(name, &seq) ? key_seq_name(&seq, out, sizeof out) : NULL;
}

static void key_names_round_trip(void **state)
{
	static const char *const same[] = {"j", "G", "?", "C-d", "M-x", "C-M-x", "S-Up", "F12",
	    "Esc", "Space", "C-Space", "Backspace", "BackTab", "PgUp", "M-Left", "\xC3\xA4", "g g",
	    "-", "C--"};

	(void)state;
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		assert_string_equal(round_trip(same[i]), same[i]);
	assert_string_equal(round_trip("gg"), "g g");
	assert_string_equal(round_trip("pageup"), "PgUp");
	assert_string_equal(round_trip("C-D"), "C-d");
	assert_string_equal(round_trip("S-Tab"), "BackTab");
	assert_string_equal(round_trip("C-x C-s"), "C-x C-s");
	assert_string_equal(round_trip("del"), "Delete");
}

static void bad_key_names_are_refused(void **state)
{
	static const char *const bad[] = {"", " ", "X-a", "C-", "C-C-a", "S-a", "abcde", "C-Nosuch",
	    "\xFF", "a\xFF", "C-ab", "\x01"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (round_trip(bad[i]))
			fail_msg("\"%s\" was taken", bad[i]);
}

/* --- keymap --- */

static const char *look(
    const struct keymap *m, const char *const *contexts, size_t n, const char *keys)
{
	const struct binding *b = NULL;
	struct key_seq seq;

	assert_true(key_seq_parse(keys, &seq));
	switch (keymap_lookup(m, contexts, n, &seq, &b)) {
	case KEYMAP_FOUND:
		return b->command;
	case KEYMAP_PREFIX:
		return "(prefix)";
	default:
		return "(none)";
	}
}

static void bindings_fall_back_to_parents(void **state)
{
	static const char *const contexts[] = {"items", "list", "global"};
	struct keymap m;
	struct buf report;

	(void)state;
	keymap_init(&m);
	buf_init(&report, 4096);
	assert_int_equal(keymap_parse(&m,
			     "# keys\n"
			     "global q back\n"
			     "  list   j   move-down  \n"
			     "list gg move-top\n"
			     "items q close now\r\n"
			     "global gs jump\n"
			     "global q quit\n"
			     "items x none\n"
			     "global x explode\n",
			     "test", &report),
	    ERR_OK);
	assert_string_equal(buf_str(&report), "");
	assert_string_equal(look(&m, contexts, 3, "q"), "close now");
	assert_string_equal(look(&m, contexts + 1, 2, "q"), "quit"); /* the later one */
	assert_string_equal(look(&m, contexts, 3, "j"), "move-down");
	assert_string_equal(look(&m, contexts, 3, "g"), "(prefix)");
	assert_string_equal(look(&m, contexts, 3, "gs"), "jump");
	assert_string_equal(look(&m, contexts, 3, "gx"), "(none)");
	assert_string_equal(look(&m, contexts, 3, "x"), "none");
	assert_string_equal(look(&m, contexts + 2, 1, "j"), "(none)");
	buf_clear(&report);
	assert_int_equal(keymap_keys_of(&m, contexts, 3, "move-top", &report), 1);
	assert_string_equal(buf_str(&report), "g g");
	buf_clear(&report);
	/* hidden by the inner binding */
	assert_int_equal(keymap_keys_of(&m, contexts, 3, "quit", &report), 0);
	buf_done(&report);
	keymap_done(&m);
}

static void bad_lines_are_named_and_skipped(void **state)
{
	struct keymap m;
	struct buf report;
	static const char *const contexts[] = {"global"};

	(void)state;
	keymap_init(&m);
	buf_init(&report, 4096);
	assert_int_equal(keymap_parse(&m,
			     "global\n"
			     "global X-q quit\n"
			     "global q\n"
			     "global Q quit\n"
			     "global g grow\n"
			     "global gg top\n",
			     "keys", &report),
	    ERR_CONFIG);
	assert_string_equal(buf_str(&report), "keys:1: expected CONTEXT KEYS COMMAND\n"
					      "keys:2: no key is called \"X-q\"\n"
					      "keys:3: no command for key q\n");
	assert_string_equal(look(&m, contexts, 1, "Q"), "quit");
	buf_clear(&report);
	assert_int_equal(keymap_conflicts(&m, &report), 1);
	assert_non_null(strstr(buf_str(&report), "keys:5: g cannot run \"grow\""));
	buf_done(&report);
	keymap_done(&m);
}

static void default_keys_are_sound(void **state)
{
	struct keymap m;
	struct buf report;

	(void)state;
	keymap_init(&m);
	buf_init(&report, 65536);
	assert_int_equal(keymap_parse(&m, keymap_default_text, "default.keys", &report), ERR_OK);
	assert_int_equal(keymap_conflicts(&m, &report), 0);
	assert_string_equal(buf_str(&report), "");
	assert_true(m.n > 100);
	for (size_t i = 0; i < m.n; i++) {
		/* Enter never confirms, Esc never quits, and no single key posts outside the review */
		if (strcmp(m.list[i].command, "quit") == 0)
			assert_true(m.list[i].seq.keys[0].code != KC_ESC);
		if (strcmp(m.list[i].command, "post") == 0)
			assert_string_equal(m.list[i].context, "review");
	}
	buf_done(&report);
	keymap_done(&m);
}

/* --- command lines --- */

static void command_lines_split_like_a_shell(void **state)
{
	struct command_call call;
	const char *name;
	char line[64] = "  filter  \"a b\"c 'd\\e' f\\ g  ", raw[64];

	(void)state;
	memcpy(raw, line, sizeof line);
	assert_int_equal(command_split(line, raw, &call, &name, NULL), ERR_OK);
	assert_string_equal(name, "filter");
	assert_int_equal(call.argc, 3);
	assert_string_equal(call.argv[0], "a bc");
	assert_string_equal(call.argv[1], "d\\e");
	assert_string_equal(call.argv[2], "f g");
	assert_string_equal(call.rest, "\"a b\"c 'd\\e' f\\ g  ");
	line[0] = '\0';
	assert_int_equal(command_split(line, line, &call, &name, NULL), ERR_OK);
	assert_string_equal(name, "");
	snprintf(line, sizeof line, "%s", "x 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7");
	memcpy(raw, line, sizeof line);
	assert_int_equal(command_split(line, raw, &call, &name, NULL), ERR_USAGE);
	snprintf(line, sizeof line, "%s", "x \\");
	memcpy(raw, line, sizeof line);
	assert_int_equal(command_split(line, raw, &call, &name, NULL), ERR_OK);
	assert_string_equal(call.argv[0], "\\");
}

/* --- bytes to events --- */

static char seen[65536];

static void collect(const struct event *e, void *user)
{
	size_t at = strlen(seen);
	char name[32];

	(void)user;
	switch (e->kind) {
	case EVENT_KEY:
		key_name(e->key, name, sizeof name);
		snprintf(seen + at, sizeof seen - at, "%s ", name);
		break;
	case EVENT_PASTE:
		snprintf(seen + at, sizeof seen - at, "[%zu%s:%.20s] ", e->len,
		    e->truncated ? "!" : "", e->text);
		break;
	case EVENT_MOUSE:
		snprintf(seen + at, sizeof seen - at, "m%d/%d@%d,%d ", (int)e->mouse.action,
		    e->mouse.button, e->mouse.x, e->mouse.y);
		break;
	case EVENT_FOCUS:
		snprintf(seen + at, sizeof seen - at, "focus%d ", e->on);
		break;
	default:
		break;
	}
}

/* All at once, and byte by byte: the same events. */
static void expect_events(const char *bytes, size_t n, const char *events)
{
	for (int slow = 0; slow < 2; slow++) {
		struct input in;

		seen[0] = '\0';
		input_init(&in, collect, NULL);
		if (slow)
			for (size_t i = 0; i < n; i++)
				input_feed(&in, bytes + i, 1);
		else
			input_feed(&in, bytes, n);
		if (input_waits(&in))
			input_timeout(&in);
		assert_false(input_waits(&in));
		assert_string_equal(seen, events);
		input_done(&in);
	}
}

#define EXPECT(bytes, events) expect_events(bytes, sizeof(bytes) - 1, events)

static void keys_are_decoded(void **state)
{
	(void)state;
	EXPECT("j\xC3\xA4\xF0\x9F\xA4\x96", "j \xC3\xA4 \xF0\x9F\xA4\x96 ");
	EXPECT("\r\t\x7f\x08\x01\x1a\0", "Enter Tab Backspace C-h C-a C-z C-Space ");
	EXPECT("\x1b[A\x1b[B\x1bOC\x1bOD\x1b[H\x1bOF", "Up Down Right Left Home End ");
	EXPECT("\x1b[1~\x1b[2~\x1b[3~\x1b[5~\x1b[6~\x1b[8~", "Home Insert Delete PgUp PgDn End ");
	EXPECT("\x1bOP\x1bOS\x1b[15~\x1b[24~\x1b[[A\x1b[[E", "F1 F4 F5 F12 F1 F5 ");
	EXPECT(
	    "\x1b[1;5C\x1b[1;2A\x1b[3;3~\x1b[Z\x1b[1;6P", "C-Right S-Up M-Delete BackTab C-S-F1 ");
	EXPECT("\x1b", "Esc ");
	EXPECT("\x1bx\x1b\xC3\xA4\x1b\x01", "M-x M-\xC3\xA4 C-M-a ");
	EXPECT("\x1b[", "M-[ ");
	EXPECT("\x1b\x1b[A", "Esc Up ");
}

static void c15_replies_and_rubbish_are_no_keys(void **state)
{
	(void)state;
	EXPECT("\x1b[?64;1;2c\x1b[>0;276;0c", ""); /* device attributes */
	EXPECT("\x1b[24;80R", ""); /* cursor position */
	EXPECT("\x1b]11;rgb:0000/0000/0000\x07", ""); /* colour, ended by BEL */
	EXPECT("\x1b]11;rgb:0000/0000/0000\x1b\\j", "j "); /* and by ST */
	EXPECT("\x1bP1$r0m\x1b\\k", "k ");
	EXPECT("\x1b[?2026;2$y\x1b[8;40;120t", "");
	EXPECT("\x1b[999~\x1b[1;1;1;1Q\x1b[M", "");
	EXPECT("\x80\xBF\xFE\xC3j", "j ");
	EXPECT("\xC2\x9B", ""); /* C1 */
}

static void the_mouse_is_decoded(void **state)
{
	(void)state;
	EXPECT("\x1b[<0;3;5M\x1b[<0;3;5m\x1b[<2;1;1M\x1b[<65;9;9M\x1b[<64;9;9M",
	    "m0/1@2,4 m2/1@2,4 m0/3@0,0 m4/1@8,8 m4/-1@8,8 ");
	EXPECT("\x1b[<0;3;5M\x1b[<0;3;5m\x1b[<0;3;5M", "m0/1@2,4 m2/1@2,4 m1/1@2,4 ");
	EXPECT("\x1b[<0;0;0M\x1b[<0;99999;1M\x1b[<-1;1;1M\x1b[<;;M", "");
	EXPECT("\x1b[I\x1b[O", "focus1 focus0 ");
}

static void c13_a_paste_is_one_text(void **state)
{
	(void)state;
	EXPECT("a\x1b[200~q\nx\x1b[A\x1b[201~b", "a [6:q\nx\x1b[A] b ");
	EXPECT("\x1b[200~\x1b[201\x1b[201~j", "[5:\x1b[201] j ");
	EXPECT("\x1b[200~\x1b[201~", "[0:] ");
}

static void c13_a_paste_is_bounded(void **state)
{
	struct input in;
	char *big = malloc(INPUT_PASTE_MAX * 3);
	char expected[64];

	(void)state;
	memset(big, 'q', INPUT_PASTE_MAX * 3);
	seen[0] = '\0';
	input_init(&in, collect, NULL);
	input_feed(&in, "\x1b[200~", 6);
	input_feed(&in, big, INPUT_PASTE_MAX * 3);
	input_feed(&in, "\x1b[201~", 6);
	snprintf(expected, sizeof expected, "[%zu!:qqqqqqqqqqqqqqqqqqqq] ", INPUT_PASTE_MAX);
	assert_string_equal(seen, expected);
	input_done(&in);
	free(big);
}

/* Any bytes in any portions: no crash, no event without input, and it always comes back. */
static void c14_random_bytes_do_no_harm(void **state)
{
	static const char *const pieces[] = {"\x1b", "[", "O", "]", "1", ";", "~", "A", "<", "M",
	    "\x07", "\\", "\xC3", "\xF0\x9F", "\x1b[200~", "\x1b[201~", "P", "?", "R", "\r"};
	struct input in;

	(void)state;
	srand(9);
	input_init(&in, collect, NULL);
	for (int i = 0; i < 300000; i++) {
		seen[0] = '\0';
		if (rand() % 4) {
			const char *p = pieces[(size_t)rand() % (sizeof pieces / sizeof *pieces)];

			input_feed(&in, p, strlen(p));
		} else {
			char c = (char)(rand() % 256);

			input_feed(&in, &c, 1);
		}
		if (rand() % 50 == 0 && input_waits(&in))
			input_timeout(&in);
	}
	if (in.pasting)
		input_feed(&in, "\x1b[201~", 6);
	input_timeout(&in);
	seen[0] = '\0';
	input_feed(&in, "j", 1);
	assert_string_equal(seen, "j ");
	input_done(&in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(key_names_round_trip),
	    cmocka_unit_test(bad_key_names_are_refused),
	    cmocka_unit_test(bindings_fall_back_to_parents),
	    cmocka_unit_test(bad_lines_are_named_and_skipped),
	    cmocka_unit_test(default_keys_are_sound),
	    cmocka_unit_test(command_lines_split_like_a_shell),
	    cmocka_unit_test(keys_are_decoded),
	    cmocka_unit_test(c15_replies_and_rubbish_are_no_keys),
	    cmocka_unit_test(the_mouse_is_decoded),
	    cmocka_unit_test(c13_a_paste_is_one_text),
	    cmocka_unit_test(c13_a_paste_is_bounded),
	    cmocka_unit_test(c14_random_bytes_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
