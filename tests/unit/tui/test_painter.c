/* What is painted is what is meant: random screens through the painter into a terminal emulator. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vterm.h>
#include "tui/canvas.h"
#include "tui/painter.h"

#define COLS 60
#define ROWS 20

static struct clusters clusters;
static struct grid grid;
static struct painter painter;
static VTerm *vt;
static VTermScreen *vts;
static size_t bytes;

static void open_emulator(const char *term)
{
	const char *why;

	if (!painter_load(term, STDOUT_FILENO, &why))
		fail_msg("%s: %s", term, why);
	clusters_init(&clusters);
	grid_init(&grid, &clusters);
	assert_int_equal(grid_resize(&grid, COLS, ROWS), ERR_OK);
	painter_init(&painter);
	assert_int_equal(painter_resize(&painter, &clusters, COLS, ROWS), ERR_OK);
	vt = vterm_new(ROWS, COLS);
	vterm_set_utf8(vt, 1);
	vts = vterm_obtain_screen(vt);
	vterm_screen_enable_altscreen(vts, 1);
	vterm_screen_reset(vts, 1);
}

static void close_emulator(void)
{
	vterm_free(vt);
	painter_done(&painter);
	grid_done(&grid);
	clusters_done(&clusters);
}

static void paint(bool color)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	assert_int_equal(painter_paint(&painter, &grid, theme_at(0), color, &out), ERR_OK);
	bytes = out.len;
	vterm_input_write(vt, buf_str(&out), out.len);
	buf_done(&out);
}

static bool is_reverse(const struct cell *c, bool color)
{
	return style_look(theme_at(0), c->style, c->over, color).attr & ATTR_REVERSE;
}

/* The emulator shows the same characters and reversals, and its cursor stands where it should. */
static void compare(bool color)
{
	for (int y = 0; y < ROWS; y++)
		for (int x = 0; x < COLS; x++) {
			const struct cell *c = grid_row(&grid, y) + x;
			VTermScreenCell shown;
			uint32_t ch;

			if (c->width == 0)
				continue;
			assert_int_equal(vterm_screen_get_cell(vts, (VTermPos){y, x}, &shown), 1);
			ch = shown.chars[0] ? shown.chars[0] : ' ';
			if (c->ch & CELL_CLUSTER) {
				char text[32];

				text[cell_text(&grid, c, text)] = '\0';
				assert_true(shown.chars[0] == 'e' && shown.chars[1] == 0x301);
			} else if (ch != c->ch) {
				fail_msg(
				    "row %d column %d: U+%04X instead of U+%04X", y, x, ch, c->ch);
			}
			if (!(c->flags & CELL_STANDIN))
				assert_int_equal(shown.attrs.reverse, is_reverse(c, color));
		}
}

static void draw_row(struct canvas *c, int y, unsigned n)
{
	char s[128];

	snprintf(s, sizeof s, "row %u %s %.*s", n, n % 3 ? "\xE6\xBC\xA2\xE5\xAD\x97" : "e\xCC\x81",
	    (int)(n % 40), "the quick brown fox jumps over the lazy dog");
	canvas_fill(c, (struct rect){0, y, COLS, 1}, STYLE_NORMAL);
	canvas_str(c, 0, y, n % 5 ? STYLE_NORMAL : STYLE_ERROR, s);
}

static void random_screens_arrive(const char *term, bool color)
{
	struct canvas c;
	unsigned top = 1000;

	open_emulator(term);
	c = canvas_of(&grid);
	srand(17);
	for (int i = 0; i < 1500; i++) {
		int how = rand() % 6;

		if (how == 0) { /* something else altogether */
			top = (unsigned)rand() % 5000;
			painter_forget(&painter);
		} else if (how < 4) { /* scroll */
			top += (unsigned)(rand() % 9 - 4);
		}
		grid_reset(&grid, ' ');
		for (int y = 0; y < ROWS - 2; y++)
			draw_row(&c, y + 1, top + (unsigned)y);
		canvas_overlay(&c, 0, 1 + rand() % (ROWS - 2), COLS, STYLE_CURSOR);
		canvas_strf(&c, rand() % COLS, ROWS - 1, STYLE_STATUS, "status %d", i);
		if (rand() % 2)
			canvas_cursor(&c, rand() % COLS, rand() % ROWS);
		paint(color);
		compare(color);
		if (grid.cursor_x >= 0) {
			VTermPos pos;

			vterm_state_get_cursorpos(vterm_obtain_state(vt), &pos);
			assert_int_equal(pos.row, grid.cursor_y);
			assert_int_equal(pos.col, grid.cursor_x);
		}
	}
	close_emulator();
}

static void screens_arrive_on_xterm(void **state)
{
	(void)state;
	random_screens_arrive("xterm-256color", true);
}

static void screens_arrive_on_tmux(void **state)
{
	(void)state;
	random_screens_arrive("tmux-256color", true);
}

static void screens_arrive_on_vt100_without_colour(void **state)
{
	(void)state;
	random_screens_arrive("vt100", false);
}

static void screens_arrive_on_the_linux_console(void **state)
{
	(void)state;
	random_screens_arrive("linux", true);
}

static void an_unchanged_screen_sends_nothing(void **state)
{
	struct canvas c;

	(void)state;
	open_emulator("xterm-256color");
	c = canvas_of(&grid);
	for (int y = 0; y < ROWS; y++)
		draw_row(&c, y, (unsigned)y);
	paint(true);
	assert_true(bytes > 500);
	paint(true);
	assert_int_equal(bytes, 0);
	close_emulator();
}

static void a_scrolled_row_costs_one_row(void **state)
{
	struct canvas c;

	(void)state;
	open_emulator("xterm-256color");
	c = canvas_of(&grid);
	for (int y = 0; y < ROWS; y++)
		draw_row(&c, y, 100 + (unsigned)y);
	paint(true);
	for (int y = 0; y < ROWS; y++)
		draw_row(&c, y, 101 + (unsigned)y);
	paint(true);
	compare(true);
	assert_true(bytes < 200);
	close_emulator();
}

static void unusable_terminals_are_named(void **state)
{
	const char *why = NULL;

	(void)state;
	assert_false(painter_load("no-such-terminal", STDOUT_FILENO, &why));
	assert_string_equal(why, "no such terminal is known");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(screens_arrive_on_xterm),
	    cmocka_unit_test(screens_arrive_on_tmux),
	    cmocka_unit_test(screens_arrive_on_vt100_without_colour),
	    cmocka_unit_test(screens_arrive_on_the_linux_console),
	    cmocka_unit_test(an_unchanged_screen_sends_nothing),
	    cmocka_unit_test(a_scrolled_row_costs_one_row),
	    cmocka_unit_test(unusable_terminals_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
