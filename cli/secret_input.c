#include "cli/secret_input.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define KEY_INTERRUPT 3
#define KEY_END 4
#define KEY_ERASE 0x7f

/* --- a signal while the echo is off must not leave it off --- */

static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
enum { ENDS = sizeof ends / sizeof *ends };
static struct termios as_before; /* read by the handler; set before it is installed */

/* Only calls that POSIX allows in a handler; then the signal does what it would have done. */
static void on_end(int sig)
{
	tcsetattr(STDIN_FILENO, TCSANOW, &as_before);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void guard_echo(const struct termios *shown, struct sigaction old[ENDS])
{
	struct sigaction sa = {.sa_handler = on_end, .sa_flags = SA_NODEFER};

	as_before = *shown;
	for (int i = 0; i < ENDS; i++)
		sigaction(ends[i], &sa, &old[i]);
}

static void unguard_echo(const struct sigaction old[ENDS])
{
	for (int i = 0; i < ENDS; i++)
		sigaction(ends[i], &old[i], NULL);
}

/* --- asking --- */

/* Byte by byte: what follows the line belongs to the next question. keys: the terminal hands over
 * every key as it is. */
static enum err read_line(bool keys, char *out, size_t cap, struct errinfo *ei)
{
	size_t n = 0;
	ssize_t got;
	char c;

	while ((got = read(STDIN_FILENO, &c, 1)) == 1 || (got < 0 && errno == EINTR)) {
		if (got < 0)
			continue;
		if (c == '\n')
			break;
		if (keys && (c == KEY_INTERRUPT || c == KEY_END))
			return err_set(ei, ERR_CANCELLED, "stopped; nothing was changed");
		if (keys && (c == KEY_ERASE || c == '\b')) {
			n -= n > 0;
			continue;
		}
		if (n + 1 >= cap)
			return err_set(ei, ERR_LIMIT, "the line is longer than %zu bytes", cap - 1);
		if (c != '\r')
			out[n++] = c;
	}
	out[n] = '\0';
	if (got != 1 && n == 0)
		return err_set(ei, ERR_USAGE, "the input ended before everything was said");
	return ERR_OK;
}

enum err ask_line(const char *prompt, bool secret, char *out, size_t cap, struct errinfo *ei)
{
	struct sigaction old[ENDS];
	struct termios shown, hidden;
	bool terminal = isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &shown) == 0;
	enum err err;

	if (terminal)
		fprintf(stderr, "%s: ", prompt);
	if (terminal && secret) {
		hidden = shown;
		/* no signals from the keyboard either: they would end us with the echo off */
		hidden.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
		hidden.c_cc[VMIN] = 1;
		hidden.c_cc[VTIME] = 0;
		guard_echo(&shown, old);
		/* FLUSH: what was typed before the echo went off is dropped, not taken */
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	}
	err = read_line(terminal && secret, out, cap, ei);
	if (terminal && secret) {
		tcsetattr(STDIN_FILENO, TCSANOW, &shown);
		unguard_echo(old);
		fputc('\n', stderr);
	}
	if (err)
		explicit_bzero(out, cap);
	return err;
}
