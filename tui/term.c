#include "tui/term.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include "base/mem.h"
#include "tui/painter.h"

#define OUT_MAX_BYTES ((size_t)32 << 20) /* a frame of 1000 x 1000 cells, all different */
#define SEQUENCE_MAX 256

struct term {
	int in, out;
	bool own_in, own_out; /* opened by us, without blocking */
	bool left, gone, mouse, xterm_like;
	struct painter painter;
	struct buf pending;
	size_t sent; /* bytes of pending that are out */
};

/* What a crash handler may touch: prepared before, only read then. One terminal a process. */
static struct {
	volatile sig_atomic_t armed;
	int in, out;
	struct termios saved;
	char bytes[SEQUENCE_MAX];
	size_t n;
	struct sigaction old[NSIG];
} restore;

/* --- crashes --- */

static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGXCPU};

static void restore_now(void)
{
	if (!restore.armed)
		return;
	restore.armed = 0;
	/* nobody is left to be told that it failed */
	if (write(restore.out, restore.bytes, restore.n) < 0)
		restore.n = 0;
	tcsetattr(restore.in, TCSANOW, &restore.saved);
}

/* Give the terminal back, then let the signal have its old effect (a report, a core, the status):
 * a fault happens again when the handler returns, what was sent from outside is sent anew. */
static void on_crash(int sig, siginfo_t *info, void *context)
{
	(void)context;
	restore_now();
	sigaction(sig, &restore.old[sig], NULL);
	if (info->si_code <= 0 || sig == SIGABRT)
		raise(sig);
}

static void arm_crash_handlers(void)
{
	static char stack[65536]; /* a stack overflow needs another one */
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
	struct sigaction act = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	static bool armed;

	if (armed)
		return;
	armed = true;
	sigaltstack(&alternate, NULL);
	sigemptyset(&act.sa_mask);
	for (size_t i = 0; i < sizeof crash_signals / sizeof *crash_signals; i++)
		sigaction(crash_signals[i], &act, &restore.old[crash_signals[i]]);
	atexit(restore_now);
}

/* --- checks --- */

static enum err check(struct errinfo *ei)
{
	const char *name = getenv("TERM"), *why;
	char cup[16];

	if (!isatty(STDIN_FILENO))
		return err_set(ei, ERR_TERMINAL, "standard input is not a terminal");
	if (!isatty(STDOUT_FILENO))
		return err_set(ei, ERR_TERMINAL, "standard output is not a terminal");
	if (!name || !*name)
		return err_set(ei, ERR_TERMINAL, "TERM is not set");
	if (!painter_load(name, STDOUT_FILENO, &why))
		return err_set(ei, ERR_TERMINAL, "TERM is \"%.40s\": %s", name, why);
	painter_cap("cup", cup, sizeof cup);
	if (!*cup)
		return err_set(
		    ei, ERR_TERMINAL, "TERM is \"%.40s\": it cannot address the cursor", name);
	return ERR_OK;
}

/* The terminal behind fd through a descriptor of our own: not to block on writing would otherwise
 * change the descriptor that the shell uses too. */
static int reopen(int fd)
{
	char path[64];
	struct stat a, b;
	int own;

	if (ttyname_r(fd, path, sizeof path) != 0)
		return -1;
	own = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own >= 0 && (fstat(fd, &a) != 0 || fstat(own, &b) != 0 || a.st_rdev != b.st_rdev)) {
		close(own);
		return -1;
	}
	return own;
}

static bool same_terminal(void)
{
	struct stat a, b;

	return fstat(STDIN_FILENO, &a) == 0 && fstat(STDOUT_FILENO, &b) == 0 &&
	       a.st_rdev == b.st_rdev;
}

static void open_descriptors(struct term *t)
{
	t->out = reopen(STDOUT_FILENO);
	t->own_out = t->out >= 0;
	if (!t->own_out)
		t->out = STDOUT_FILENO;
	t->in = t->own_out && same_terminal() ? t->out : reopen(STDIN_FILENO);
	t->own_in = t->in >= 0 && t->in != t->out;
	if (t->in < 0)
		t->in = STDIN_FILENO;
}

/* --- entering and leaving --- */

static void add_cap(char *to, size_t cap, const char *name)
{
	char s[SEQUENCE_MAX];
	size_t n = strlen(to);

	painter_cap(name, s, sizeof s);
	snprintf(to + n, cap - n, "%s", s);
}

static void add_text(char *to, size_t cap, const char *s)
{
	size_t n = strlen(to);

	snprintf(to + n, cap - n, "%s", s);
}

static const char *const mouse_on = "\033[?1002;1006;1004h";
static const char *const mouse_off = "\033[?1002;1006;1004l";

/* Terminals with one of xterm's mouse keys also know its private modes, or ignore them. */
static bool is_xterm_like(void)
{
	char s[SEQUENCE_MAX];

	painter_cap("kmous", s, sizeof s);
	if (!*s)
		painter_cap("BE", s, sizeof s);
	return *s != '\0';
}

static void make_restore(bool xterm_like)
{
	char s[SEQUENCE_MAX] = "";

	/* CAN ends a sequence that the crash may have cut in half */
	add_text(s, sizeof s, "\x18");
	if (xterm_like) {
		add_text(s, sizeof s, mouse_off);
		add_text(s, sizeof s, "\033[?2004l");
	}
	add_cap(s, sizeof s, "sgr0");
	add_cap(s, sizeof s, "op");
	add_cap(s, sizeof s, "cnorm");
	add_cap(s, sizeof s, "rmkx");
	add_cap(s, sizeof s, "rmcup");
	memcpy(restore.bytes, s, sizeof restore.bytes);
	restore.n = strlen(s);
}

static void send(struct term *t, const char *s)
{
	buf_adds(&t->pending, s);
	term_flush(t);
}

void term_enter(struct term *t)
{
	char s[SEQUENCE_MAX] = "";
	struct termios raw = restore.saved;

	raw.c_iflag &=
	    (tcflag_t) ~(BRKINT | ICRNL | INLCR | IGNCR | INPCK | ISTRIP | IXON | PARMRK);
	raw.c_oflag &= (tcflag_t)~OPOST;
	raw.c_cflag |= CS8;
	raw.c_lflag &= (tcflag_t) ~(ECHO | ECHONL | ICANON | IEXTEN | ISIG);
	/* a descriptor that blocks must not block on reading what is not there */
	raw.c_cc[VMIN] = t->own_in || t->in == t->out ? 1 : 0;
	raw.c_cc[VTIME] = 0;
	tcsetattr(t->in, TCSANOW, &raw);
	restore.armed = 1;
	t->left = false;
	add_cap(s, sizeof s, "smcup");
	add_cap(s, sizeof s, "smkx");
	add_cap(s, sizeof s, "clear");
	if (t->xterm_like) {
		add_text(s, sizeof s, "\033[?2004h");
		add_text(s, sizeof s, t->mouse ? mouse_on : "");
	}
	send(t, s);
	painter_forget(&t->painter);
}

static void on_alarm(int sig)
{
	(void)sig; /* only to interrupt the write */
}

/* The terminal gets a second to take it; one that stands still (Ctrl-S) must not hold us. */
static void write_patiently(int fd, const char *p, size_t n)
{
	struct sigaction act = {.sa_handler = on_alarm}, old;
	int flags = fcntl(fd, F_GETFL);
	ssize_t done;

	sigemptyset(&act.sa_mask);
	sigaction(SIGALRM, &act, &old);
	fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	alarm(1);
	do {
		done = write(fd, p, n);
		if (done > 0) {
			p += done;
			n -= (size_t)done;
		}
	} while (done > 0 && n > 0);
	alarm(0);
	fcntl(fd, F_SETFL, flags);
	sigaction(SIGALRM, &old, NULL);
}

void term_leave(struct term *t)
{
	if (t->left)
		return;
	t->left = true;
	term_flush(t);
	buf_clear(&t->pending);
	t->sent = 0;
	write_patiently(t->out, restore.bytes, restore.n);
	/* mouse reports on their way would be typed into the shell */
	if (t->mouse)
		tcflush(t->in, TCIFLUSH);
	tcsetattr(t->in, TCSANOW, &restore.saved);
	restore.armed = 0;
}

void term_rescue(const struct termios *saved)
{
	const char *name = getenv("TERM"), *why;

	if (name && painter_load(name, STDOUT_FILENO, &why)) {
		make_restore(is_xterm_like());
		write_patiently(STDOUT_FILENO, restore.bytes, restore.n);
	}
	tcsetattr(STDIN_FILENO, TCSANOW, saved);
}

bool term_is_left(const struct term *t)
{
	return t->left;
}

/* --- life --- */

enum err term_open(bool mouse, struct term **out, struct errinfo *ei)
{
	enum err e = check(ei);
	struct term *t;

	*out = NULL;
	if (e != ERR_OK)
		return e;
	t = mem_zalloc(sizeof *t);
	if (!t)
		return err_set(ei, ERR_NOMEM, "opening the terminal");
	buf_init(&t->pending, OUT_MAX_BYTES);
	open_descriptors(t);
	if (tcgetattr(t->in, &restore.saved) != 0) {
		e = err_set(ei, ERR_TERMINAL, "the terminal's settings cannot be read: %s",
		    strerror(errno));
		t->left = true;
		term_close(t);
		return e;
	}
	painter_init(&t->painter);
	t->xterm_like = is_xterm_like();
	t->mouse = mouse && t->xterm_like;
	restore.in = t->in;
	restore.out = t->out;
	make_restore(t->xterm_like);
	arm_crash_handlers();
	term_enter(t);
	*out = t;
	return ERR_OK;
}

void term_close(struct term *t)
{
	if (!t)
		return;
	if (!t->gone)
		term_leave(t);
	restore.armed = 0;
	painter_done(&t->painter);
	buf_done(&t->pending);
	if (t->own_in)
		close(t->in);
	if (t->own_out)
		close(t->out);
	mem_free(t);
}

/* --- queries --- */

int term_in_fd(const struct term *t)
{
	return t->in;
}

int term_out_fd(const struct term *t)
{
	return t->out;
}

bool term_has_color(const struct term *t)
{
	return t->painter.colors >= 8;
}

bool term_backspace_is_ctrl_h(const struct term *t)
{
	char s[16];

	(void)t;
	painter_cap("kbs", s, sizeof s);
	return strcmp(s, "\b") == 0;
}

bool term_size(const struct term *t, int *cols, int *rows)
{
	struct winsize size = {0};

	if (ioctl(t->out, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
		return false;
	*cols = size.ws_col;
	*rows = size.ws_row;
	return true;
}

bool term_gone(const struct term *t)
{
	return t->gone;
}

bool term_has_mouse(const struct term *t)
{
	return t->mouse;
}

void term_set_mouse(struct term *t, bool on)
{
	if (!t->xterm_like || on == t->mouse)
		return;
	t->mouse = on;
	send(t, on ? mouse_on : mouse_off);
}

/* --- input and output --- */

long term_read(struct term *t, char *p, size_t n)
{
	ssize_t got;

	do
		got = read(t->in, p, n);
	while (got < 0 && errno == EINTR);
	if (got > 0)
		return got;
	if (got < 0 && errno == EAGAIN)
		return 0;
	/* a terminal without VMIN reads nothing as 0; poll tells a hang-up then */
	if (got == 0 && !t->own_in && t->in != t->out)
		return 0;
	t->gone = true;
	return -1;
}

bool term_flush(struct term *t)
{
	while (t->sent < t->pending.len) {
		ssize_t n = write(t->out, t->pending.p + t->sent, t->pending.len - t->sent);

		if (n > 0)
			t->sent += (size_t)n;
		else if (n < 0 && errno == EINTR)
			continue;
		else if (n < 0 && errno == EAGAIN)
			return false;
		else {
			t->gone = true;
			break;
		}
	}
	buf_clear(&t->pending);
	t->sent = 0;
	return true;
}

bool term_paint(struct term *t, const struct grid *g, const struct theme *theme, bool color)
{
	if (t->left || t->gone || !term_flush(t))
		return false;
	if (painter_paint(&t->painter, g, theme, color, &t->pending) != ERR_OK) {
		buf_clear(&t->pending);
		return false;
	}
	term_flush(t);
	return true;
}

enum err term_resize(struct term *t, struct clusters *clusters, int cols, int rows)
{
	return painter_resize(&t->painter, clusters, cols, rows);
}

void term_repaint(struct term *t)
{
	painter_forget(&t->painter);
}
