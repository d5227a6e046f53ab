#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "tui/canvas.h"
#include "tui/grid.h"
#include "tui/style.h"

static struct clusters clusters;
static struct grid grid;
static struct canvas screen;

static void open_screen(int cols, int rows)
{
	clusters_init(&clusters);
	grid_init(&grid, &clusters);
	assert_int_equal(grid_resize(&grid, cols, rows), ERR_OK);
	screen = canvas_of(&grid);
}

static void close_screen(void)
{
	grid_done(&grid);
	clusters_done(&clusters);
}

static void expect_screen(const char *text)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	grid_text(&grid, &b);
	assert_string_equal(buf_str(&b), text);
	buf_done(&b);
}

/* Every wide cell has its right half, and no right half stands alone. */
static void check_cells(void)
{
	for (int y = 0; y < grid.rows; y++) {
		const struct cell *row = grid_row(&grid, y);

		for (int x = 0; x < grid.cols; x++) {
			if (row[x].width == 2)
				assert_true(x + 1 < grid.cols && row[x + 1].width == 0);
			if (row[x].width == 0)
				assert_true(x > 0 && row[x - 1].width == 2);
			assert_true(row[x].width <= 2);
		}
	}
}

static void text_is_clipped_on_all_sides(void **state)
{
	struct canvas box;

	(void)state;
	open_screen(8, 4);
	box = canvas_sub(&screen, (struct rect){2, 1, 4, 2});
	canvas_str(&box, -2, 0, STYLE_NORMAL, "abcdefgh");
	canvas_str(&box, 1, 1, STYLE_NORMAL, "ABCDEFGH");
	canvas_str(&box, 0, -1, STYLE_NORMAL, "above");
	canvas_str(&box, 0, 2, STYLE_NORMAL, "below");
	canvas_str(&box, 9, 0, STYLE_NORMAL, "right");
	expect_screen("\n  cdef\n   ABC\n\n");
	close_screen();
}

static void a_wide_character_is_never_cut_in_half(void **state)
{
	(void)state;
	open_screen(5, 3);
	canvas_str(&screen, 0, 0, STYLE_NORMAL, "\xE6\xBC\xA2\xE6\xBC\xA2\xE6\xBC\xA2");
	canvas_str(&screen, -1, 1, STYLE_NORMAL,
	    "\xE6\xBC\xA2"
	    "a");
	/* writing over one half blanks the other */
	canvas_str(&screen, 0, 2, STYLE_NORMAL, "\xE6\xBC\xA2\xE6\xBC\xA2");
	canvas_str(&screen, 1, 2, STYLE_NORMAL, "x");
	check_cells();
	expect_screen("\xE6\xBC\xA2\xE6\xBC\xA2\n a\n x\xE6\xBC\xA2\n");
	close_screen();
}

static void fields_have_exactly_their_width(void **state)
{
	struct canvas_field f = {.x = 1, .y = 0, .w = 6};

	(void)state;
	open_screen(9, 6);
	for (int y = 0; y < 6; y++)
		canvas_str(&screen, 0, y, STYLE_NORMAL, "---------");
	canvas_field(&screen, &f, "abcdef", 6);
	f.y = 1;
	canvas_field(&screen, &f, "abcdefg", 7);
	f.y = 2;
	f.cut = CUT_MIDDLE;
	canvas_field(&screen, &f, "abcdefghij", 10);
	f.y = 3;
	f.align = ALIGN_RIGHT;
	canvas_field(&screen, &f, "ab", 2);
	f.y = 4;
	canvas_field(&screen, &f, "\xE6\xBC\xA2\xE6\xBC\xA2\xE6\xBC\xA2\xE6\xBC\xA2", 12);
	f.y = 5;
	f.align = ALIGN_CENTER;
	canvas_field(&screen, &f, "ab", 2);
	check_cells();
	expect_screen("-abcdef--\n-abcde\xE2\x80\xA6--\n-abc\xE2\x80\xA6ij--\n-    ab--\n"
		      "-\xE6\xBC\xA2\xE2\x80\xA6\xE6\xBC\xA2 --\n-  ab  --\n");
	close_screen();
}

static void hostile_text_stays_in_its_row(void **state)
{
	static const char *const hostile[] = {"\x1b[2J\x1b[5;5H", "a\nb\rc\bd\te",
	    "\xE2\x80\xAEtxt",
	    "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92"
	    "\xBB",
	    "a\xCC\x81\xCC\x82\xCC\x83\xCC\x84\xCC\x85", "\xFF\xC0\x80\xED\xA0\x80",
	    "\xC2\x9B"
	    "31m"};

	(void)state;
	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
		struct buf b;

		open_screen(20, 3);
		canvas_str(&screen, 3, 1, STYLE_NORMAL, hostile[i]);
		check_cells();
		buf_init(&b, 65536);
		grid_text(&grid, &b);
		assert_true(text_is_utf8(buf_str(&b), b.len));
		assert_memory_equal(buf_str(&b), "\n   ", 4);
		assert_string_equal(buf_str(&b) + b.len - 2, "\n\n");
		for (size_t k = 0; k < b.len; k++)
			assert_true(b.p[k] == '\n' || (unsigned char)b.p[k] >= 0x20);
		assert_null(strstr(buf_str(&b), "\xC2\x9B"));
		assert_null(strstr(buf_str(&b), "\xE2\x80\xAE"));
		buf_done(&b);
		close_screen();
	}
}

static void ascii_mode_draws_ascii(void **state)
{
	struct buf b;

	(void)state;
	text_set_ascii(true);
	open_screen(20, 5);
	canvas_box(&screen, (struct rect){0, 0, 20, 4}, STYLE_BORDER, "caf\xC3\xA9");
	canvas_field(
	    &screen, &(struct canvas_field){.x = 1, .y = 1, .w = 8}, "\xE6\xBC\xA2longer", 9);
	buf_init(&b, 65536);
	grid_text(&grid, &b);
	for (size_t i = 0; i < b.len; i++)
		assert_true((unsigned char)b.p[i] < 0x80);
	buf_done(&b);
	close_screen();
	text_set_ascii(false);
}

/* Whatever is drawn wherever: cells stay consistent and inside. */
static void random_drawing_keeps_the_grid_sound(void **state)
{
	static const char *const pieces[] = {"a", "\xE6\xBC\xA2", "\xF0\x9F\x98\x80", "e\xCC\x81",
	    "\xE2\x80\xAE", "\n", "\xFF", " ", "\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA"};

	(void)state;
	srand(5);
	open_screen(17, 6);
	for (int i = 0; i < 20000; i++) {
		char s[256] = "";
		size_t at = 0;
		struct canvas c = canvas_sub(&screen,
		    (struct rect){rand() % 20 - 2, rand() % 8 - 1, rand() % 20, rand() % 8});

		for (int k = rand() % 12; k > 0; k--) {
			const char *p = pieces[(size_t)rand() % (sizeof pieces / sizeof *pieces)];

			memcpy(s + at, p, strlen(p));
			at += strlen(p);
		}
		switch (rand() % 5) {
		case 0:
			canvas_text(&c, rand() % 24 - 4, rand() % 8 - 1, STYLE_NORMAL, s, at);
			break;
		case 1:
			canvas_field(&c,
			    &(struct canvas_field){.x = rand() % 20 - 3,
				.y = rand() % 7,
				.w = rand() % 20,
				.align = (enum canvas_align)(rand() % 3),
				.cut = (enum canvas_cut)(rand() % 2)},
			    s, at);
			break;
		case 2:
			canvas_box(&c,
			    (struct rect){rand() % 9 - 2, rand() % 5 - 1, rand() % 20, rand() % 8},
			    STYLE_BORDER, s);
			break;
		case 3:
			canvas_overlay(
			    &c, rand() % 20 - 3, rand() % 8 - 1, rand() % 30, STYLE_CURSOR);
			break;
		default:
			canvas_fill(&c,
			    (struct rect){rand() % 9 - 2, rand() % 5 - 1, rand() % 9, rand() % 5},
			    STYLE_NORMAL);
			break;
		}
		check_cells();
	}
	close_screen();
}

/* --- styles --- */

static void every_theme_defines_every_style(void **state)
{
	(void)state;
	assert_int_equal(theme_count(), 6);
	assert_null(theme_at(6));
	assert_null(theme_find("nosuch"));
	for (size_t i = 0; i < theme_count(); i++) {
		const struct theme *t = theme_at(i);

		assert_ptr_equal(theme_find(t->name), t);
		/* without colour the cursor, an error and a danger still show */
		assert_true(style_look(t, STYLE_NORMAL, STYLE_CURSOR, false).attr);
		assert_true(style_look(t, STYLE_ERROR, STYLE_NORMAL, false).attr);
		assert_true(style_look(t, STYLE_DANGER, STYLE_NORMAL, false).attr);
		assert_int_equal(style_look(t, STYLE_DANGER, STYLE_NORMAL, false).bg, -1);
	}
	/* the default keeps the terminal's own colours */
	assert_int_equal(theme_at(0)->looks[STYLE_NORMAL].fg, -1);
	assert_int_equal(theme_at(0)->looks[STYLE_NORMAL].bg, -1);
	/* red and green never carry the difference in the deuteranopia theme */
	for (int s = 0; s < STYLE_COUNT; s++) {
		int fg = theme_find("deuteranopia")->looks[s].fg;

		assert_true(fg != 1 && fg != 2 && fg != 9 && fg != 10);
	}
}

static void the_environment_decides_about_colour(void **state)
{
	(void)state;
	unsetenv("NO_COLOR");
	unsetenv("CLICOLOR");
	unsetenv("CLICOLOR_FORCE");
	assert_true(style_want_color(COLOR_AUTO, true));
	assert_false(style_want_color(COLOR_AUTO, false));
	setenv("CLICOLOR", "0", 1);
	assert_false(style_want_color(COLOR_AUTO, true));
	setenv("CLICOLOR_FORCE", "1", 1);
	assert_true(style_want_color(COLOR_AUTO, false));
	setenv("NO_COLOR", "1", 1);
	assert_false(style_want_color(COLOR_AUTO, true));
	assert_true(style_want_color(COLOR_ALWAYS, false));
	setenv("NO_COLOR", "", 1);
	assert_true(style_want_color(COLOR_AUTO, true));
	assert_false(style_want_color(COLOR_NEVER, true));
	unsetenv("NO_COLOR");
	unsetenv("CLICOLOR");
	unsetenv("CLICOLOR_FORCE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_is_clipped_on_all_sides),
	    cmocka_unit_test(a_wide_character_is_never_cut_in_half),
	    cmocka_unit_test(fields_have_exactly_their_width),
	    cmocka_unit_test(hostile_text_stays_in_its_row),
	    cmocka_unit_test(ascii_mode_draws_ascii),
	    cmocka_unit_test(random_drawing_keeps_the_grid_sound),
	    cmocka_unit_test(every_theme_defines_every_style),
	    cmocka_unit_test(the_environment_decides_about_colour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
