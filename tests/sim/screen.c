#include "tests/sim/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include "base/err.h"
#include "tui/canvas.h"
#include "tui/grid.h"
#include "tui/style.h"
#include "tui/term.h"

enum { COLS = 80, LINES = 24, MODES = 8 };

/* Private modes that the program switches on; all of them off again is "restored". */
static const int watched[MODES] = {1, 25, 1002, 1004, 1006, 1049, 2004, 1000};

static struct {
	int pty;
	struct termios before;
	struct term *term;
	struct grid grid;
	struct clusters clusters;
	bool on[MODES]; /* 25 the other way round: hidden */
	const char *acted;
	/* the sequence that is being read */
	char seq[64];
	size_t n;
	bool in_seq;
	unsigned char last[2];
} sc;

static void die(const char *what)
{
	fprintf(stderr, "sim: %s: %s\n", what, strerror(errno));
	abort();
}

/* --- what a terminal makes of the bytes --- */

static void set_modes(bool on)
{
	for (char *p = sc.seq + 2; *p; p++) {
		int mode = (int)strtol(p, &p, 10);

		for (int i = 0; i < MODES; i++)
			if (watched[i] == mode)
				sc.on[i] = on != (mode == 25);
		if (*p != ';')
			return;
	}
}

static void take_sequence(unsigned char c)
{
	if (sc.n + 1 == sizeof sc.seq) {
		sc.acted = "a control sequence without an end";
		sc.in_seq = false;
		return;
	}
	sc.seq[sc.n++] = (char)c;
	sc.seq[sc.n] = '\0';
	if (sc.n == 1 && strchr("]PX^_", c)) /* titles, the clipboard, device strings */
		sc.acted = "a string sequence, which the program never sends";
	if (sc.n == 1 ? c == '[' || c == '(' : sc.seq[0] == '[' && (c < 0x40 || c > 0x7e))
		return;
	if (sc.seq[0] == '[' && sc.seq[1] == '?' && (c == 'h' || c == 'l'))
		set_modes(c == 'h');
	sc.in_seq = false;
}

static void take(unsigned char c)
{
	if (c == 0x18) { /* CAN: whatever was begun is over */
		sc.in_seq = false;
	} else if (sc.in_seq) {
		take_sequence(c);
	} else if (c == 0x1b) {
		sc.in_seq = true;
		sc.n = 0;
	} else if ((c < ' ' && !strchr("\r\n\b\x0e\x0f", c)) || c == 0 || c == 0x7f) {
		sc.acted = "a control byte";
	} else if (sc.last[1] == 0xC2 && c >= 0x80 && c < 0xA0) {
		sc.acted = "a C1 control";
	} else if (sc.last[0] == 0xE2 && sc.last[1] == 0x80 && c >= 0xAA && c <= 0xAE) {
		sc.acted = "a mark that turns the direction of writing";
	}
	sc.last[0] = sc.last[1];
	sc.last[1] = c;
}

static void drain(void)
{
	unsigned char bytes[4096];
	ssize_t n;

	while ((n = read(sc.pty, bytes, sizeof bytes)) > 0)
		for (ssize_t i = 0; i < n; i++)
			take(bytes[i]);
}

/* --- the program's side --- */

FILE *screen_init(void)
{
	struct winsize size = {.ws_row = LINES, .ws_col = COLS};
	int keep = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3), tty = -1;
	FILE *out;

	fflush(stdout);
	if (keep < 0 || openpty(&sc.pty, &tty, NULL, NULL, &size))
		die("no pseudo terminal");
	if (dup2(tty, STDIN_FILENO) < 0 || dup2(tty, STDOUT_FILENO) < 0)
		die("no pseudo terminal");
	close(tty);
	fcntl(sc.pty, F_SETFL, O_NONBLOCK);
	fcntl(sc.pty, F_SETFD, FD_CLOEXEC);
	if (tcgetattr(STDIN_FILENO, &sc.before))
		die("the pseudo terminal");
	setenv("TERM", "xterm-256color", 1);
	clusters_init(&sc.clusters);
	grid_init(&sc.grid, &sc.clusters);
	if (grid_resize(&sc.grid, COLS, LINES))
		die("no memory");
	out = fdopen(keep, "w");
	if (!out)
		die("standard output");
	return out;
}

void screen_done(void)
{
	screen_end();
	grid_done(&sc.grid);
	clusters_done(&sc.clusters);
	close(sc.pty);
}

void screen_start(bool mouse)
{
	struct errinfo ei = {0};

	if (sc.term)
		return;
	if (term_open(mouse, &sc.term, &ei) || term_resize(sc.term, &sc.clusters, COLS, LINES))
		die(ei.msg);
	drain();
}

bool screen_is_on(void)
{
	return sc.on[5];
}

void screen_draw(const char *const *lines, size_t n)
{
	struct canvas c = canvas_of(&sc.grid);

	if (!sc.term)
		return;
	canvas_clear(&c, STYLE_NORMAL);
	for (size_t i = 0; i < n && i < LINES; i++)
		canvas_str(&c, 0, (int)i, STYLE_NORMAL, lines[i]);
	term_paint(sc.term, &sc.grid, theme_at(0), true);
	for (int i = 0; i < 8; i++) {
		drain();
		if (term_flush(sc.term))
			break;
	}
	drain();
}

void screen_suspend(void)
{
	if (!sc.term)
		return;
	term_leave(sc.term);
	drain();
	if (!screen_not_restored())
		term_enter(sc.term);
	drain();
}

void screen_end(void)
{
	if (!sc.term)
		return;
	drain();
	term_close(sc.term);
	sc.term = NULL;
	drain();
}

void screen_kill(void)
{
	if (!sc.term)
		return;
	drain();
	term_rescue(&sc.before);
	drain();
	if (screen_not_restored())
		return;
	term_close(sc.term); /* only its memory: a process that is dead has none */
	sc.term = NULL;
	drain();
}

/* --- what is found --- */

const char *screen_not_restored(void)
{
	struct termios now;

	if (tcgetattr(STDIN_FILENO, &now) || now.c_lflag != sc.before.c_lflag ||
	    now.c_iflag != sc.before.c_iflag || now.c_oflag != sc.before.c_oflag ||
	    now.c_cflag != sc.before.c_cflag)
		return "the terminal's settings";
	for (int i = 0; i < MODES; i++)
		if (sc.on[i])
			return watched[i] == 25     ? "the cursor"
			       : watched[i] == 1049 ? "the screen of before"
			       : watched[i] == 2004 ? "the brackets around what is pasted"
			       : watched[i] == 1    ? "the keys of the cursor"
						    : "the mouse";
	return sc.in_seq ? "a sequence that was cut in two" : NULL;
}

const char *screen_acted_on(void)
{
	return sc.acted;
}
