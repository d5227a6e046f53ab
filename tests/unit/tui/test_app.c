#include "toy.h"

#include <unistd.h>
#include "base/clock.h"
#include "base/fs.h"

static void keys_move_the_cursor(void **state)
{
	(void)state;
	toy_start(10000, 100, 30, true);
	toy_press("j j Down");
	assert_int_equal(toy_cursor(), 3);
	toy_press("G");
	assert_int_equal(toy_cursor(), 9999);
	assert_true(toy_sees("Row 9999"));
	toy_press("gg");
	assert_int_equal(toy_cursor(), 0);
	toy_press("PgDn");
	assert_int_equal(toy_cursor(), 26); /* 30 rows less frame and header */
	toy_stop();
}

static void filter_follows_typing_and_escape_restores(void **state)
{
	(void)state;
	toy_start(10000, 100, 30, true);
	toy_press("/");
	for (const char *p = "77"; *p; p++)
		toy_press((char[]){*p, '\0'});
	assert_true(toy_sees("1/280 of 10,000"));
	toy_press("Down Down Enter");
	assert_true(toy_sees("3/280 of 10,000"));
	assert_int_equal(toy_cursor(), 277);
	toy_press("/ C-u 9 Esc");
	assert_true(toy_sees("of 10,000"));
	assert_string_equal(list_filter_text(&toy_state()->list), "77");
	toy_press("Esc");
	assert_string_equal(list_filter_text(&toy_state()->list), "");
	assert_int_equal(toy_cursor(), 277);
	toy_stop();
}

static void escape_never_quits(void **state)
{
	(void)state;
	toy_start(10, 100, 30, true);
	toy_press("Space Space");
	toy_press("/ R Enter");
	for (int i = 0; i < 10; i++)
		toy_press("Esc");
	assert_true(toy_sees("q quits"));
	assert_true(loop_turn(toy.loop, 0));
	assert_int_equal(list_marked(&toy_state()->list), 0);
	toy_press("q");
	assert_false(loop_turn(toy.loop, 0));
	toy_stop();
}

static void enter_never_confirms(void **state)
{
	(void)state;
	toy_start(10, 100, 30, true);
	app_exec(toy.app, "ask", NULL);
	assert_true(toy_sees("Post 3 changes"));
	toy_press("Enter"); /* the focus is on Cancel */
	assert_int_equal(toy.answered, 2);
	toy.answered = 0;
	app_exec(toy.app, "ask", NULL);
	toy_press("Tab Enter Enter"); /* not even with the focus on the button */
	assert_int_equal(toy.answered, 0);
	assert_true(toy_sees("Enter does not confirm"));
	toy_press("y");
	assert_int_equal(toy.answered, 1);
	toy_stop();
}

static void the_key_that_opened_a_question_does_not_answer_it(void **state)
{
	struct errinfo ei = {0};

	(void)state;
	toy_start(10, 100, 30, true);
	assert_int_equal(app_bind(toy.app, "y", "ask", "test:1", &ei), ERR_OK);
	/* the view's own family binds y already: bind it where it wins */
	assert_int_equal(keymap_bind(app_keymap(toy.app), "toy", "y", "ask", "test:2"), ERR_OK);
	toy_press("y y y y");
	assert_int_equal(toy.asked, 1);
	assert_int_equal(toy.answered, 0);
	toy_press("Y");
	assert_int_equal(toy.answered, 1);
	toy_stop();
}

static void type_ahead_does_not_answer_a_question(void **state)
{
	(void)state;
	toy_start(10, 100, 30, false); /* not pinned: the guard is on */
	app_exec(toy.app, "ask", NULL);
	toy_press("y y y");
	assert_int_equal(toy.answered, 0);
	/* a held key keeps the guard up */
	clock_step_ms(250);
	toy_press("y");
	clock_step_ms(250);
	toy_press("y");
	assert_int_equal(toy.answered, 0);
	assert_true(toy_sees("too soon"));
	clock_step_ms(301);
	toy_press("y");
	assert_int_equal(toy.answered, 1);
	clock_unpin();
	toy_stop();
}

/* Once a guard that every key prolonged kept a whole word out, and nobody was told. */
static void a_steady_typist_gets_into_a_question(void **state)
{
	static const char *const keys[] = {"W", "O", "R", "L", "D"};

	(void)state;
	toy_start(10, 100, 30, false);
	app_exec(toy.app, "acknowledge", NULL);
	clock_step_ms(200);
	toy_press("W"); /* before the question can have been read */
	assert_true(toy_sees("too soon"));
	for (size_t i = 0; i < 5; i++) {
		clock_step_ms(150);
		toy_press(keys[i]);
	}
	toy_press("Enter y");
	assert_int_equal(toy.answered, 1);
	clock_unpin();
	toy_stop();
}

/* What pours in is no hand: however long it goes on, it answers nothing. */
static void a_burst_does_not_get_into_a_question(void **state)
{
	(void)state;
	toy_start(10, 100, 30, false);
	app_exec(toy.app, "ask", NULL);
	for (int i = 0; i < 200; i++) {
		clock_step_ms(10);
		toy_press(i % 2 ? "y" : "x");
	}
	assert_int_equal(toy.answered, 0);
	clock_step_ms(301);
	toy_press("y");
	assert_int_equal(toy.answered, 1);
	clock_unpin();
	toy_stop();
}

static void the_word_of_a_question_is_not_spoilt_by_its_yes(void **state)
{
	(void)state;
	toy_start(10, 100, 30, true);
	app_exec(toy.app, "acknowledge", NULL);
	toy_press("W O R L D y");
	assert_int_equal(toy.answered, 0);
	assert_true(toy_sees("Enter, then y"));
	toy_press("Enter y");
	assert_int_equal(toy.answered, 1);
	toy_stop();
}

static void a_danger_is_acknowledged_by_typing(void **state)
{
	(void)state;
	toy_start(10, 100, 30, true);
	app_exec(toy.app, "acknowledge", NULL);
	toy_press("y Enter Tab Tab y"); /* "y" was typed into the field */
	assert_int_equal(toy.answered, 0);
	toy_press("Tab C-u W O R L D");
	app_event(toy.app, &(struct event){.kind = EVENT_PASTE, .text = "WORLD", .len = 5});
	assert_int_equal(toy.answered, 0);
	toy_press("Enter");
	assert_int_equal(toy.answered, 0);
	toy_press("y");
	assert_int_equal(toy.answered, 1);
	toy_stop();
}

static void questions_are_answered_when_the_program_ends(void **state)
{
	(void)state;
	toy_start(10, 100, 30, true);
	app_exec(toy.app, "ask", NULL);
	toy_stop();
	assert_int_equal(toy.answered, 2);
}

static void prompts_edit_and_remember(void **state)
{
	(void)state;
	toy_start(10, 100, 30, true);
	app_exec(toy.app, "name", NULL);
	toy_press("h e l l o Left Left X C-e ! Enter");
	assert_string_equal(toy.typed, "helXlo!");
	app_exec(toy.app, "name", NULL);
	app_event(toy.app, &(struct event){.kind = EVENT_PASTE, .text = "a\nb\x1b[A\n", .len = 7});
	toy_press("Enter");
	assert_string_equal(toy.typed, "a b [A");
	app_exec(toy.app, "name", NULL);
	toy_press("d r a f t Up Up Down Down Enter");
	assert_string_equal(toy.typed, "draft");
	app_exec(toy.app, "name", NULL);
	toy_press("Up Up Up Enter");
	assert_string_equal(toy.typed, "helXlo!");
	app_exec(toy.app, "name", NULL);
	toy_press("x Esc");
	assert_string_equal(toy.typed, "cancelled:x");
	toy_stop();
}

/* What a terminal without bracketed paste sends for "Enter\r\nq\tr\nC-s..." is text and line ends: no
 * line of it is a command, and the page ends with its own key only. */
static void lines_end_with_their_own_key(void **state)
{
	(void)state;
	toy_start(10, 100, 30, true);
	app_exec(toy.app, "lines", NULL);
	toy_press("o n e Enter C-j Q Tab q Enter Enter");
	assert_true(toy_sees("   1 one"));
	assert_true(toy_sees("2 lines"));
	assert_string_equal(toy.typed, "");
	toy_press("Backspace Backspace x Enter l a s t");
	assert_true(toy_sees("C-s takes the 3 lines"));
	toy_press("C-s");
	assert_string_equal(toy.typed, "one\nQ\tx\nlast\n");
	assert_true(toy_sees("Toys"));
	toy_stop();
}

static void lines_are_not_dropped_by_one_key(void **state)
{
	(void)state;
	toy_start(10, 100, 30, true);
	app_exec(toy.app, "lines", NULL);
	toy_press("C-s");
	assert_true(toy_sees("no line is here yet"));
	app_event(
	    toy.app, &(struct event){.kind = EVENT_PASTE, .text = "a\nb\x1b[A\n\nc", .len = 9});
	toy_press("Esc");
	assert_true(toy_sees("3 lines would be dropped"));
	toy_press("d Esc"); /* typing goes on: asked anew */
	assert_string_equal(toy.typed, "");
	toy_press("C-d");
	assert_string_equal(toy.typed, "a\nb\x1b[A\ncd\n");
	app_exec(toy.app, "lines", NULL);
	toy_press("z Esc Esc");
	assert_string_equal(toy.typed, "cancelled:");
	app_exec(toy.app, "lines", NULL);
	toy_press("Esc"); /* nothing to lose */
	assert_true(toy_sees("Toys"));
	toy_stop();
}

static void choices_filter_and_say_why_not(void **state)
{
	(void)state;
	toy_start(10, 100, 30, true);
	toy.chosen = 77;
	app_exec(toy.app, "pick-one", NULL);
	toy_press("p l u Enter"); /* before any repaint */
	assert_true(toy_sees("not ripe"));
	assert_int_equal(toy.chosen, 77);
	toy_press("C-u p e a Enter");
	assert_int_equal(toy.chosen, 1);
	toy_stop();
}

static void a_refused_command_says_why(void **state)
{
	struct errinfo ei = {0};

	(void)state;
	toy_start(10, 100, 30, true);
	toy.read_only = true;
	assert_int_equal(app_exec(toy.app, "write", &ei), ERR_REFUSED);
	assert_string_equal(ei.msg, "write: read-only: started with --read-only");
	assert_true(toy_sees("read-only: started with --read-only"));
	assert_int_equal(app_exec(toy.app, "nosuch", &ei), ERR_USAGE);
	assert_int_equal(app_exec(toy.app, "screen", &ei), ERR_USAGE);
	assert_int_equal(app_exec(toy.app, "echo \"open", &ei), ERR_USAGE);
	toy_stop();
	toy_start(0, 100, 30, true);
	assert_int_equal(app_exec(toy.app, "open", &ei), ERR_REFUSED);
	assert_string_equal(ei.msg, "open: there is no row to act on");
	assert_true(toy_sees("no rows"));
	toy_stop();
}

static void help_shows_the_real_bindings_and_runs_them(void **state)
{
	struct errinfo ei = {0};

	(void)state;
	toy_start(10, 120, 40, true);
	toy.read_only = true;
	assert_int_equal(app_bind(toy.app, "M-w", "write", "test:1", &ei), ERR_OK);
	toy_press("?");
	assert_true(toy_sees("Keys: Toys"));
	toy_press("w r i t e");
	assert_true(toy_sees("M-w"));
	assert_true(toy_sees("read-only: started with --read-only"));
	toy_press("C-u @ g");
	assert_true(toy_sees("g g"));
	assert_true(toy_sees("move-top"));
	toy_press("C-u m o v e - e n d Enter");
	assert_int_equal(toy_cursor(), 9);
	toy_stop();
}

static void the_palette_takes_arguments(void **state)
{
	(void)state;
	toy_start(10, 120, 40, true);
	toy_press(": f i l t e r Space 7 Enter");
	assert_string_equal(list_filter_text(&toy_state()->list), "7");
	toy_press("Esc : a n o t h Enter");
	assert_int_equal(toy_state()->rows, 5);
	toy_press(": n o s u c h Enter");
	assert_true(toy_sees("no command is called"));
	toy_press("Esc q");
	assert_int_equal(toy_state()->rows, 10);
	toy_stop();
}

/* As in other programs: v, move, act. The rows between show that they are meant. */
static void an_open_range_is_what_the_next_key_is_about(void **state)
{
	(void)state;
	toy_start(10, 120, 40, true);
	toy_press("j v j j");
	assert_true(toy_sees("4/10 \xC2\xB7 3 marked"));
	toy_press("k");
	assert_true(toy_sees("3/10 \xC2\xB7 2 marked"));
	assert_int_equal(list_marked(&toy_state()->list), 0); /* until something is done with it */
	toy_press("Enter");
	assert_int_equal(list_marked(&toy_state()->list), 2);
	toy_press("G");
	assert_int_equal(list_marked(&toy_state()->list), 2);
	toy_press("v Esc k k Enter"); /* the range is dropped, what was marked stays */
	assert_int_equal(list_marked(&toy_state()->list), 2);
	toy_stop();
}

/* Esc takes back the range alone; Space is about all of it, as in other programs with ranges. */
static void a_range_is_dropped_without_the_marks(void **state)
{
	struct list *l;

	(void)state;
	toy_start(10, 120, 40, true);
	l = &toy_state()->list;
	toy_press("Space Space"); /* two marks above */
	toy_press("j v j j");
	assert_true(toy_sees("5 marked"));
	toy_press("Esc");
	assert_int_equal(list_marked(l), 2);
	assert_true(toy_sees("2 marked"));
	toy_press("v k k Space"); /* upwards */
	assert_int_equal(list_marked(l), 5);
	toy_press("v G v"); /* to the end, and this key again */
	assert_int_equal(list_marked(l), 9);
	assert_true(toy_sees("Toys"));
	toy_press("v gg Space"); /* not all of it was marked: now it is */
	assert_int_equal(list_marked(l), 10);
	toy_press("v j Space"); /* all of it was marked: now none is */
	assert_int_equal(list_marked(l), 8);
	toy_press("Esc");
	assert_int_equal(list_marked(l), 0);
	toy_stop();
}

/* A row of help that needs an argument turns help, which is grouped, into the palette. */
static void help_asks_for_the_argument_of_a_row(void **state)
{
	(void)state;
	toy_start(10, 120, 40, true);
	toy_press("F1 ) Enter");
	assert_true(toy_sees(":resize "));
	toy_press("Esc F1 ) Enter C-u a n o t h Enter");
	assert_int_equal(toy_state()->rows, 5);
	toy_stop();
}

static void the_palette_lists_names_before_mentions(void **state)
{
	struct buf screen;
	const char *name, *longer, *mention;

	(void)state;
	toy_start(10, 120, 40, true);
	toy_press(": F i l t e r");
	app_draw(toy.app);
	buf_init(&screen, 1 << 20);
	app_screen(toy.app, &screen);
	name = strstr(buf_str(&screen), " filter  ");
	longer = strstr(buf_str(&screen), "filter-clear");
	mention = strstr(buf_str(&screen), "mark-all"); /* earlier in the table */
	assert_non_null(name);
	assert_non_null(mention);
	assert_true(name < longer && longer < mention);
	buf_done(&screen);
	toy_stop();
}

static void closed_views_are_swept_after_the_turn(void **state)
{
	(void)state;
	toy_start(10, 100, 30, true);
	app_exec(toy.app, "another", NULL);
	toy_press("q");
	assert_int_equal(toy.done, 0);
	loop_turn(toy.loop, 0);
	assert_int_equal(toy.done, 1);
	assert_int_equal(toy.closed, 1);
	toy_stop();
	assert_int_equal(toy.done, 2);
	assert_int_equal(toy.closed, 2);
}

static void c9_a_small_window_keeps_the_state(void **state)
{
	(void)state;
	toy_start(1000, 100, 30, true);
	toy_press("j j Space");
	app_resize(toy.app, 39, 9);
	assert_true(toy_sees("window too small"));
	toy_press("j j d Enter"); /* what cannot be seen is not changed */
	assert_int_equal(toy_cursor(), 3);
	for (int cols = 1; cols < 130; cols += 7)
		for (int rows = 1; rows < 50; rows += 3) {
			app_resize(toy.app, cols, rows);
			app_draw(toy.app);
		}
	app_resize(toy.app, 100, 30);
	assert_true(toy_sees("Row 3"));
	assert_int_equal(list_marked(&toy_state()->list), 1);
	toy_stop();
}

static void c13_a_paste_is_never_keys(void **state)
{
	(void)state;
	toy_start(10, 100, 30, true);
	app_event(toy.app, &(struct event){.kind = EVENT_PASTE, .text = "qjj", .len = 3});
	assert_string_equal(toy.pasted, "qjj");
	assert_int_equal(toy_cursor(), 0);
	assert_true(loop_turn(toy.loop, 0));
	toy_stop();
}

static void the_mouse_scrolls_sorts_and_opens(void **state)
{
	struct event e = {.kind = EVENT_MOUSE};

	(void)state;
	toy_start(1000, 100, 30, true);
	app_draw(toy.app);
	e.mouse.action = MOUSE_PRESS;
	e.mouse.button = 1;
	e.mouse.x = 5;
	e.mouse.y = 6; /* title bar, header, then rows 0.. */
	app_event(toy.app, &e);
	assert_int_equal(toy_cursor(), 4);
	e.mouse.action = MOUSE_DOUBLE;
	app_event(toy.app, &e);
	assert_int_equal(toy.opened_row, 4);
	e.mouse.action = MOUSE_WHEEL;
	e.mouse.button = 1;
	app_event(toy.app, &e);
	assert_int_equal(toy_state()->list.top, 3);
	e.mouse.action = MOUSE_PRESS;
	e.mouse.y = 1;
	app_event(toy.app, &e);
	assert_int_equal(toy_state()->list.sort_column, 0);
	/* the click that brings the window to the front does nothing else */
	app_event(toy.app, &(struct event){.kind = EVENT_FOCUS, .on = false});
	app_event(toy.app, &(struct event){.kind = EVENT_FOCUS, .on = true});
	app_event(toy.app, &e);
	assert_false(toy_state()->list.sort_reverse);
	toy_stop();
}

static void columns_can_be_switched_off(void **state)
{
	(void)state;
	toy_start(10, 100, 30, true);
	assert_true(toy_sees("group 3"));
	toy_press("C Down Space Enter");
	assert_false(toy_sees("group 3"));
	toy_press("C Down Space Enter");
	assert_true(toy_sees("group 3"));
	toy_stop();
}

static void the_frame_names_the_account_everywhere(void **state)
{
	(void)state;
	toy_start(10, 100, 30, true);
	app_set_badge(toy.app, STYLE_BADGE_DEMO, "DEMO acme");
	assert_true(toy_sees(" DEMO acme  Toys"));
	assert_true(toy_sees("profile demo"));
	assert_true(toy_sees("3 staged"));
	assert_true(toy_sees("Enter open  / filter  ? help  : palette"));
	app_exec(toy.app, "ask", NULL);
	assert_true(toy_sees("DEMO acme"));
	toy_stop();
}

/* --- scripts --- */

static void a_script_runs_keys_and_commands(void **state)
{
	char path[] = "/tmp/reticle-test-XXXXXX", command[128];
	int fd = mkstemp(path);
	struct buf screen;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	toy_start(10000, 60, 12, true);
	snprintf(command, sizeof command,
	    "# a comment\n"
	    "j j Down\n"
	    ":expect Row 3\n"
	    ":filter 4999\n"
	    "  :expect 1/1 of 10,000\n"
	    ":reject Row 3\n"
	    ":screen %s\n",
	    path);
	assert_string_equal(toy_script(command), "");
	buf_init(&screen, 65536);
	assert_int_equal(fs_read(path, &screen, NULL), ERR_OK);
	assert_string_equal(buf_str(&screen),
	    " Toys                                1/1 of 10,000 filtered\n"
	    "  Name                                           Group\n"
	    "  Row 4999                                       group 9\n"
	    "\n\n\n\n\n\n\n"
	    " Enter open  / filter  ? help  : palette\n"
	    " profile demo                                      3 staged\n");
	buf_done(&screen);
	unlink(path);
	toy_stop();
}

static void a_script_fails_with_its_line(void **state)
{
	(void)state;
	toy_start(10, 60, 12, true);
	assert_string_equal(
	    toy_script("j\n:expect Nothing\n"), "test:2: not on the screen: Nothing");
	toy_stop();
	toy_start(10, 60, 12, true);
	assert_string_equal(
	    toy_script("j\n\n:nosuch\n"), "test:3: no command is called \"nosuch\"");
	toy_stop();
	toy_start(10, 60, 12, true);
	assert_string_equal(toy_script("j\nNosuchkey\n"), "test:2: no key is called \"Nosuchkey\"");
	toy_stop();
	toy_start(10, 60, 12, true);
	assert_string_equal(toy_script("q\nj\n"), "test:2: the program ended before: j");
	toy_stop();
	toy_start(10, 60, 12, true);
	assert_string_equal(toy_script(":try nosuch\n:expect no command\n"), "");
	toy_stop();
}

static void on_ready(struct loop *l, void *user)
{
	(void)l;
	((struct toy *)user)->busy = false;
	app_exec(((struct toy *)user)->app, "filter 7", NULL);
}

static void a_script_waits_while_something_is_loading(void **state)
{
	(void)state;
	toy_start(10, 60, 12, true);
	toy.busy = true;
	loop_timer(toy.loop, 30, on_ready, &toy);
	/* nothing was pressed before the filter was set */
	assert_string_equal(toy_script("Enter\n"), "");
	assert_int_equal(toy.opened_row, 7);
	toy_stop();
}

static void a_script_waits_for_a_text(void **state)
{
	(void)state;
	toy_start(10, 60, 12, true);
	loop_timer(toy.loop, 30, on_ready, &toy);
	assert_string_equal(toy_script(":wait 1/1 of 10\n"), "");
	toy_stop();
}

static void a_script_types_and_pastes(void **state)
{
	(void)state;
	toy_start(10, 60, 12, true);
	assert_string_equal(toy_script(":name\ntext j k \xC3\xA4\nEnter\npaste a\\nb\n"), "");
	assert_string_equal(toy.typed, "j k \xC3\xA4");
	assert_string_equal(toy.pasted, "a\nb");
	toy_stop();
}

static void a_begun_sequence_shows_what_may_follow(void **state)
{
	struct errinfo ei = {0};

	(void)state;
	toy_start(10, 80, 20, false); /* not pinned: pop-ups come after a moment */
	assert_int_equal(app_bind(toy.app, "toy gx", "echo hello", "test:1", &ei), ERR_CONFIG);
	assert_int_equal(app_add_context(toy.app, "toy"), ERR_OK);
	assert_int_equal(app_bind(toy.app, "toy gx", "echo hello", "test:1", &ei), ERR_OK);
	toy_press("g");
	assert_true(toy_sees("g ..."));
	assert_false(toy_sees("echo hello"));
	clock_step_ms(401);
	loop_turn(toy.loop, 0);
	assert_true(toy_sees("echo hello"));
	assert_true(toy_sees("move-top"));
	toy_press("Esc");
	assert_false(toy_sees("move-top"));
	toy_press("g x");
	assert_true(toy_sees("hello"));
	clock_unpin();
	toy_stop();
}

static void users_bindings_are_checked(void **state)
{
	struct errinfo ei = {0};

	(void)state;
	toy_start(10, 60, 12, true);
	assert_int_equal(app_bind(toy.app, "C-t", "filter 7", "config:3", &ei), ERR_OK);
	toy_press("C-t");
	assert_string_equal(list_filter_text(&toy_state()->list), "7");
	assert_int_equal(app_bind(toy.app, "j", "<none>", "config:4", &ei), ERR_OK);
	toy_press("j"); /* the list's own binding still holds */
	assert_int_equal(app_bind(toy.app, "list j", "<none>", "config:5", &ei), ERR_OK);
	toy_press("Esc j");
	assert_int_equal(toy_cursor(), 7);
	assert_int_equal(app_bind(toy.app, "Hyper-x", "quit", "config:6", &ei), ERR_CONFIG);
	assert_non_null(strstr(ei.msg, "config:6"));
	assert_int_equal(app_bind(toy.app, "go x", "quit", "config:7", &ei), ERR_OK);
	assert_int_equal(app_bind(toy.app, "moonlight x", "quit", "config:8", &ei), ERR_CONFIG);
	assert_int_equal(app_bind(toy.app, "x", "fly", "config:9", &ei), ERR_CONFIG);
	assert_string_equal(ei.msg, "config:9: no command is called \"fly\"");
	toy_stop();
}

static void running_out_of_memory_opens_nothing(void **state)
{
	static const char *const lines[] = {"ask", "name", "pick-one", "help", "palette",
	    "messages", "filter", "filter 7", "columns", "lines"};

	(void)state;
	toy_start(100, 100, 30, true);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		for (long n = 0;; n++) {
			struct view *before = app_top(toy.app);
			struct errinfo ei = {0};
			enum err e;

			mem_fail_after(n, 1);
			e = app_exec(toy.app, lines[i], &ei);
			app_draw(toy.app);
			mem_fail_after(-1, 0);
			if (e != ERR_OK) {
				assert_int_equal(e, ERR_NOMEM);
				assert_ptr_equal(app_top(toy.app), before);
			}
			app_close_to(toy.app, app_top_kind(toy.app, &toy_ops));
			loop_turn(toy.loop, 0);
			if (e == ERR_OK && n > 40)
				break;
		}
	assert_true(toy_sees("Toys"));
	toy_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_move_the_cursor),
	    cmocka_unit_test(filter_follows_typing_and_escape_restores),
	    cmocka_unit_test(escape_never_quits),
	    cmocka_unit_test(enter_never_confirms),
	    cmocka_unit_test(the_key_that_opened_a_question_does_not_answer_it),
	    cmocka_unit_test(type_ahead_does_not_answer_a_question),
	    cmocka_unit_test(a_steady_typist_gets_into_a_question),
	    cmocka_unit_test(a_burst_does_not_get_into_a_question),
	    cmocka_unit_test(the_word_of_a_question_is_not_spoilt_by_its_yes),
	    cmocka_unit_test(a_danger_is_acknowledged_by_typing),
	    cmocka_unit_test(questions_are_answered_when_the_program_ends),
	    cmocka_unit_test(prompts_edit_and_remember),
	    cmocka_unit_test(lines_end_with_their_own_key),
	    cmocka_unit_test(lines_are_not_dropped_by_one_key),
	    cmocka_unit_test(choices_filter_and_say_why_not),
	    cmocka_unit_test(a_refused_command_says_why),
	    cmocka_unit_test(help_shows_the_real_bindings_and_runs_them),
	    cmocka_unit_test(the_palette_takes_arguments),
	    cmocka_unit_test(an_open_range_is_what_the_next_key_is_about),
	    cmocka_unit_test(a_range_is_dropped_without_the_marks),
	    cmocka_unit_test(help_asks_for_the_argument_of_a_row),
	    cmocka_unit_test(the_palette_lists_names_before_mentions),
	    cmocka_unit_test(closed_views_are_swept_after_the_turn),
	    cmocka_unit_test(c9_a_small_window_keeps_the_state),
	    cmocka_unit_test(c13_a_paste_is_never_keys),
	    cmocka_unit_test(the_mouse_scrolls_sorts_and_opens),
	    cmocka_unit_test(columns_can_be_switched_off),
	    cmocka_unit_test(the_frame_names_the_account_everywhere),
	    cmocka_unit_test(a_script_runs_keys_and_commands),
	    cmocka_unit_test(a_script_fails_with_its_line),
	    cmocka_unit_test(a_script_waits_while_something_is_loading),
	    cmocka_unit_test(a_script_waits_for_a_text),
	    cmocka_unit_test(a_script_types_and_pastes),
	    cmocka_unit_test(a_begun_sequence_shows_what_may_follow),
	    cmocka_unit_test(users_bindings_are_checked),
	    cmocka_unit_test(running_out_of_memory_opens_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
