/* The toolkit on a real pseudo terminal: what it leaves behind, whatever happens to it. */
#include "toy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>
#include <vterm.h>
#include "tui/supervisor.h"

#define COLS 80
#define ROWS 24
#define PATIENCE_MS 20000 /* far more than any machine needs */

/* The address sanitizer would answer these signals itself, with a report that takes locks which the
 * interrupted program may hold. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigfpe=0:handle_sigill=0";
}

/* --- the program under test --- */

enum how { ALONE, SUPERVISED, JOB, NOHUP };

static _Noreturn void run_toy(void)
{
	struct app_config cfg = {
	    .user = &toy, .mouse = true, .busy = toy_busy, .view_closed = toy_view_closed};
	struct errinfo ei = {0};
	size_t rows = 1000;
	int status;

	toy = (struct toy){.opened_row = -1};
	toy.loop = loop_new();
	if (app_new(toy.loop, &cfg, &toy.app, &ei) != ERR_OK) {
		fprintf(stderr, "toy: %s\n", ei.msg);
		loop_free(toy.loop);
		exit(err_exit_status(ei.code));
	}
	app_add_commands(toy.app, toy_commands, sizeof toy_commands / sizeof *toy_commands);
	app_push(toy.app, &toy_ops, &rows, NULL, &ei);
	status = app_run(toy.app);
	toy_stop();
	exit(status);
}

/* --- the terminal around it --- */

struct box {
	int pty;
	pid_t pid;
	VTerm *vt;
	VTermScreen *screen;
	char *raw; /* everything that was written */
	size_t n;
	struct termios before;
	bool hung;
};

static const int crash_signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* A little shell: runs the program as a job, waits for it to stop or end, and continues it when a
 * signal says so. */
static _Noreturn void be_a_shell(void)
{
	sigset_t usr1;
	int status, sig;
	char said[] = "STOPPED 0";
	pid_t job;

	signal(SIGTTOU, SIG_IGN);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	job = fork();
	if (job == 0) {
		sigprocmask(SIG_UNBLOCK, &usr1, NULL);
		setpgid(0, 0);
		tcsetpgrp(STDIN_FILENO, getpid());
		signal(SIGTTOU, SIG_DFL);
		supervisor_fork("killed\n", NULL);
		run_toy();
	}
	setpgid(job, job);
	for (;;) {
		if (waitpid(job, &status, WUNTRACED) != job)
			_exit(99);
		if (WIFEXITED(status))
			_exit(WEXITSTATUS(status));
		if (WIFSIGNALED(status))
			_exit(128 + WTERMSIG(status));
		tcsetpgrp(STDIN_FILENO, getpgrp());
		said[sizeof said - 2]++;
		if (write(STDOUT_FILENO, said, sizeof said - 1) < 0)
			_exit(98);
		sigwait(&usr1, &sig);
		tcsetpgrp(STDIN_FILENO, job);
		kill(-job, SIGCONT);
	}
}

static _Noreturn void run_as(enum how how)
{
	if (how == JOB)
		be_a_shell();
	if (how == NOHUP)
		signal(SIGHUP, SIG_IGN);
	if (how == SUPERVISED)
		supervisor_fork("killed\n", NULL);
	run_toy();
}

/* In a process of its own from the start: with a heap that holds nothing of the tests, so that what
 * the sanitizer finds at its end is its own, and without the handlers of the test library. */
static _Noreturn void start_over(enum how how)
{
	char digit[] = {(char)('0' + how), '\0'}, toy_arg[] = "--toy", self[] = "test_term";
	char *argv[] = {self, toy_arg, digit, NULL};

	for (size_t i = 0; i < sizeof crash_signals / sizeof *crash_signals; i++)
		signal(crash_signals[i], SIG_DFL);
	execv("/proc/self/exe", argv);
	_exit(97);
}

static struct box open_box(const char *term, enum how how)
{
	struct box b = {0};
	struct winsize size = {ROWS, COLS, 0, 0};
	int slave;

	assert_int_equal(openpty(&b.pty, &slave, NULL, NULL, &size), 0);
	assert_int_equal(tcgetattr(slave, &b.before), 0);
	b.pid = fork();
	assert_true(b.pid >= 0);
	if (b.pid == 0) {
		close(b.pty);
		login_tty(slave);
		if (term)
			setenv("TERM", term, 1);
		else
			unsetenv("TERM");
		setenv("LC_ALL", "C.UTF-8", 1);
		start_over(how);
	}
	close(slave);
	fcntl(b.pty, F_SETFL, O_NONBLOCK);
	b.vt = vterm_new(ROWS, COLS);
	vterm_set_utf8(b.vt, 1);
	b.screen = vterm_obtain_screen(b.vt);
	vterm_screen_enable_altscreen(b.screen, 1);
	vterm_screen_reset(b.screen, 1);
	return b;
}

static bool read_some(struct box *b, int ms)
{
	struct pollfd p = {b->pty, POLLIN, 0};
	char bytes[8192];
	ssize_t n;

	poll(&p, 1, ms);
	n = read(b->pty, bytes, sizeof bytes);
	if (n <= 0) {
		b->hung = b->hung || (n < 0 && errno == EIO);
		return false;
	}
	b->raw = realloc(b->raw, b->n + (size_t)n + 1);
	memcpy(b->raw + b->n, bytes, (size_t)n);
	b->n += (size_t)n;
	b->raw[b->n] = '\0';
	vterm_input_write(b->vt, bytes, (size_t)n);
	return true;
}

static bool shows(struct box *b, const char *text)
{
	char screen[ROWS * 4 * COLS * 4];
	VTermRect all = {0, ROWS, 0, COLS};

	for (int y = 0; y < ROWS; y++) {
		size_t n;

		all.start_row = y;
		all.end_row = y + 1;
		n = vterm_screen_get_text(b->screen, screen, sizeof screen - 1, all);
		screen[n] = '\0';
		if (strstr(screen, text))
			return true;
	}
	return false;
}

/* What stood on the screen and how the processes stood, for who has to understand a failure. */
static void describe(struct box *b)
{
	char line[COLS * 8], path[64];

	for (int y = 0; y < ROWS; y++) {
		VTermRect row = {y, y + 1, 0, COLS};
		size_t n = vterm_screen_get_text(b->screen, line, sizeof line - 1, row);

		line[n] = '\0';
		if (n)
			print_message("%2d|%s\n", y, line);
	}
	for (pid_t p = b->pid; p < b->pid + 3; p++) { /* the shell, the supervisor, the program */
		FILE *f;

		snprintf(path, sizeof path, "/proc/%d/stat", (int)p);
		f = fopen(path, "r");
		if (f && fgets(line, 80, f))
			print_message("%s\n", line);
		if (f)
			fclose(f);
	}
}

static void wait_for(struct box *b, const char *text)
{
	int64_t end = now_ms() + PATIENCE_MS;

	while (!shows(b, text)) {
		if (now_ms() > end || b->hung) {
			describe(b);
			fail_msg("\"%s\" did not appear", text);
		}
		read_some(b, 50);
	}
}

static void type(struct box *b, const char *bytes)
{
	assert_int_equal(write(b->pty, bytes, strlen(bytes)), strlen(bytes));
}

/* Read on until the program has ended; its wait status. */
static int wait_for_end(struct box *b)
{
	int64_t end = now_ms() + PATIENCE_MS;
	int status;

	while (waitpid(b->pid, &status, WNOHANG) != b->pid) {
		if (now_ms() > end) {
			kill(b->pid, SIGKILL);
			fail_msg("the program did not end");
		}
		read_some(b, 20);
	}
	while (read_some(b, 0))
		continue;
	return status;
}

static const char *last(const struct box *b, const char *what)
{
	const char *found = NULL;

	for (const char *p = b->raw; p && (p = strstr(p, what)); p++)
		found = p;
	return found;
}

/* The modes as before, the screen left, the cursor shown, no mouse, no paste brackets. */
static void check_given_back(struct box *b)
{
	struct termios after;
	static const char *const pairs[][2] = {{"\033[?1049h", "\033[?1049l"},
	    {"\033[?2004h", "\033[?2004l"}, {"\033[?25l", "\033[?25h"},
	    {"\033[?1002;1006;1004h", "\033[?1002;1006;1004l"}, {"\033[?1h", "\033[?1l"}};

	assert_int_equal(tcgetattr(b->pty, &after), 0);
	assert_int_equal(after.c_lflag, b->before.c_lflag);
	assert_int_equal(after.c_iflag, b->before.c_iflag);
	assert_int_equal(after.c_oflag, b->before.c_oflag);
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		const char *on = last(b, pairs[i][0]), *off = last(b, pairs[i][1]);

		/* a program that was stopped early may not have come to hiding the cursor */
		if ((on || i == 0) && (!off || off < on))
			fail_msg("%s is not taken back", pairs[i][0] + 1);
	}
}

static void close_box(struct box *b)
{
	vterm_free(b->vt);
	free(b->raw);
	close(b->pty);
}

/* --- tests --- */

static void the_terminal_is_given_back_at_the_end(void **state)
{
	struct box b = open_box("xterm-256color", ALONE);

	(void)state;
	wait_for(&b, "Row 5");
	type(&b, "q");
	assert_int_equal(WEXITSTATUS(wait_for_end(&b)), 0);
	check_given_back(&b);
	close_box(&b);
}

static void c4_c5_the_terminal_is_given_back_on_signals(void **state)
{
	static const struct {
		int sig, status;
	} cases[] = {{SIGINT, 130}, {SIGTERM, 143}, {SIGHUP, 129}, {SIGQUIT, 131}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct box b = open_box("xterm-256color", ALONE);
		int status;

		wait_for(&b, "Row 5");
		kill(b.pid, cases[i].sig);
		status = wait_for_end(&b);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), cases[i].status);
		check_given_back(&b);
		close_box(&b);
	}
}

static void c3_the_terminal_is_given_back_on_crashes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof crash_signals / sizeof *crash_signals; i++) {
		struct box b = open_box("xterm-256color", ALONE);
		int status;

		wait_for(&b, "Row 5");
		kill(b.pid, crash_signals[i]);
		status = wait_for_end(&b);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), crash_signals[i]);
		check_given_back(&b);
		close_box(&b);
	}
}

static void c2_the_supervisor_gives_it_back_after_a_kill(void **state)
{
	struct box b = open_box("xterm-256color", SUPERVISED);
	char command[64], line[32] = "";
	FILE *f;
	pid_t ui;
	int status;

	(void)state;
	wait_for(&b, "Row 5");
	snprintf(command, sizeof command, "/proc/%d/task/%d/children", b.pid, b.pid);
	f = fopen(command, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof line, f));
	fclose(f);
	ui = (pid_t)strtol(line, NULL, 10);
	assert_true(ui > 1);
	kill(ui, SIGKILL);
	status = wait_for_end(&b);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	check_given_back(&b);
	assert_non_null(strstr(b.raw, "killed"));
	close_box(&b);
	/* and hands signals and the exit status through */
	b = open_box("xterm-256color", SUPERVISED);
	wait_for(&b, "Row 5");
	kill(b.pid, SIGTERM);
	assert_int_equal(WEXITSTATUS(wait_for_end(&b)), 143);
	check_given_back(&b);
	close_box(&b);
}

static void c6_suspending_gives_the_terminal_to_the_shell(void **state)
{
	struct box b = open_box("xterm-256color", JOB);

	(void)state;
	wait_for(&b, "Row 5");
	for (int i = 1; i <= 3; i++) {
		char said[32];

		type(&b, "\x1a");
		snprintf(said, sizeof said, "STOPPED %d", i);
		wait_for(&b, said);
		check_given_back(&b);
		kill(b.pid, SIGUSR1);
		wait_for(&b, "Row 5");
	}
	type(&b, "q");
	assert_int_equal(WEXITSTATUS(wait_for_end(&b)), 0);
	check_given_back(&b);
	close_box(&b);
}

/* Also when nobody is told by a signal: reading says it. */
static void c7_a_hang_up_ends_the_program(void **state)
{
	static const enum how how[] = {ALONE, NOHUP, SUPERVISED};

	(void)state;
	for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
		struct box b = open_box("xterm-256color", how[i]);
		int64_t end = now_ms() + PATIENCE_MS;
		int status;

		wait_for(&b, "Row 5");
		close(b.pty);
		while (waitpid(b.pid, &status, WNOHANG) != b.pid) {
			if (now_ms() > end) {
				kill(b.pid, SIGKILL);
				fail_msg("still running");
			}
			poll(NULL, 0, 10);
		}
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 129);
		vterm_free(b.vt);
		free(b.raw);
	}
}

static void c8_a_terminal_that_does_not_read_cannot_hold_the_program(void **state)
{
	struct box b = open_box("xterm-256color", ALONE);
	int64_t end = now_ms() + PATIENCE_MS;
	int status;

	(void)state;
	wait_for(&b, "Row 5");
	/* whole pages, until nothing more fits into the pty; nobody reads */
	for (int i = 0; i < 400; i++) {
		ssize_t n = write(b.pty, "\x1b[6~\x1b[5~\x1b[6~", 12);

		poll(NULL, 0, 1);
		if (n < 0)
			break;
	}
	kill(b.pid, SIGTERM);
	while (waitpid(b.pid, &status, WNOHANG) != b.pid) {
		if (now_ms() > end) {
			kill(b.pid, SIGKILL);
			fail_msg("held by its terminal");
		}
		poll(NULL, 0, 10);
	}
	assert_int_equal(WEXITSTATUS(status), 143);
	close_box(&b);
}

/* Read without looking at it: frames of any size are not for this terminal. */
static size_t drain(struct box *b, int ms)
{
	struct pollfd p = {b->pty, POLLIN, 0};
	char bytes[65536];
	size_t all = 0;
	ssize_t n;

	poll(&p, 1, ms);
	while ((n = read(b->pty, bytes, sizeof bytes)) > 0)
		all += (size_t)n;
	return all;
}

/* Any size, those of the row among them; each is one that the program may or may not come to see. */
static void resize_storm(struct box *b, int n)
{
	static const struct winsize named[] = {
	    {1, 1, 0, 0}, {0, 0, 0, 0}, {300, 500, 0, 0}, {1000, 1000, 0, 0}};

	size_t drawn = 0, more;

	srand(23);
	for (int i = 0; i < n; i++) {
		struct winsize any = i % 50 < 4 ? named[i % 50]
						: (struct winsize){(unsigned short)(rand() % 300),
						      (unsigned short)(rand() % 500), 0, 0};
		int status;

		ioctl(b->pty, TIOCSWINSZ, &any);
		drawn +=
		    drain(b, 2); /* long enough that it draws most of them, too short for all */
		if (waitpid(b->pid, &status, WNOHANG) == b->pid)
			fail_msg("ended with %x at size %d of %dx%d", (unsigned)status, i,
			    any.ws_col, any.ws_row);
	}
	while ((more = drain(b, 200)) > 0)
		drawn += more;
	print_message("C9: %d sizes, %zu bytes drawn\n", n, drawn);
}

static void c9_a_resize_is_followed(void **state)
{
	struct box b = open_box("xterm-256color", ALONE);
	struct winsize small = {8, 30, 0, 0}, size = {ROWS, COLS, 0, 0};

	(void)state;
	wait_for(&b, "Row 5");
	ioctl(b.pty, TIOCSWINSZ, &small);
	wait_for(&b, "window too small");
	resize_storm(&b, getenv("RETICLE_LONG") ? 10000 : 500);
	ioctl(b.pty, TIOCSWINSZ, &size);
	type(&b, "\x0c"); /* redraw */
	wait_for(&b, "Row 18");
	type(&b, "q");
	assert_int_equal(WEXITSTATUS(wait_for_end(&b)), 0);
	check_given_back(&b);
	close_box(&b);
}

static void keys_paste_and_escape_arrive(void **state)
{
	struct box b = open_box("xterm-256color", ALONE);

	(void)state;
	wait_for(&b, "Row 5");
	type(&b, "\x1b[B\x1b[B\x1b[B");
	wait_for(&b, "4/1,000");
	/* the sorting key, and a paste full of keys that quit */
	type(&b, "\x1b[200~qqq\x1b[201~j");
	wait_for(&b, "5/1,000");
	type(&b, "/99");
	wait_for(&b, "filter: 99");
	type(&b, "\x1b"); /* alone: Esc, after a moment */
	wait_for(&b, "5/1,000");
	type(&b, "q");
	assert_int_equal(WEXITSTATUS(wait_for_end(&b)), 0);
	close_box(&b);
}

static void c11_an_unusable_terminal_is_refused(void **state)
{
	static const char *const names[] = {NULL, "", "dumb", "no-such-terminal"};
	static const char *const said[] = {"TERM is not set", "TERM is not set", "TERM is \"dumb\"",
	    "TERM is \"no-such-terminal\""};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct box b = open_box(names[i], ALONE);
		int status = wait_for_end(&b);

		assert_int_equal(WEXITSTATUS(status), 2);
		assert_non_null(b.raw);
		assert_non_null(strstr(b.raw, said[i]));
		assert_null(memchr(b.raw, 0x1B, b.n));
		close_box(&b);
	}
}

static void c10_what_is_no_terminal_is_refused(void **state)
{
	int out[2], status;
	char said[512] = "";
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(out), 0);
	pid = fork();
	if (pid == 0) {
		int in = open("/dev/null", O_RDWR);

		setenv("TERM", "xterm", 1);
		dup2(in, STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		dup2(out[1], STDERR_FILENO);
		close(out[0]);
		start_over(ALONE);
	}
	close(out[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 2);
	assert_true(read(out[0], said, sizeof said - 1) > 0);
	assert_non_null(strstr(said, "is not a terminal"));
	assert_null(strchr(said, 0x1B));
	close(out[0]);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_terminal_is_given_back_at_the_end),
	    cmocka_unit_test(c4_c5_the_terminal_is_given_back_on_signals),
	    cmocka_unit_test(c3_the_terminal_is_given_back_on_crashes),
	    cmocka_unit_test(c2_the_supervisor_gives_it_back_after_a_kill),
	    cmocka_unit_test(c6_suspending_gives_the_terminal_to_the_shell),
	    cmocka_unit_test(c7_a_hang_up_ends_the_program),
	    cmocka_unit_test(c8_a_terminal_that_does_not_read_cannot_hold_the_program),
	    cmocka_unit_test(c9_a_resize_is_followed),
	    cmocka_unit_test(keys_paste_and_escape_arrive),
	    cmocka_unit_test(c11_an_unusable_terminal_is_refused),
	    cmocka_unit_test(c10_what_is_no_terminal_is_refused),
	};

	if (argc == 3 && strcmp(argv[1], "--toy") == 0)
		run_as((enum how)(argv[2][0] - '0'));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
