#include "tui/supervisor.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include "tui/term.h"

/* End as the program ended, so that the shell sees the same. */
static _Noreturn void die_of(int sig)
{
	struct rlimit none = {0, 0};
	sigset_t set;

	setrlimit(RLIMIT_CORE, &none); /* the core that matters is the program's */
	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(sig);
	_exit(128 + sig);
}

/* Stop as the program did, so that the shell sees a stopped job. */
static void stop_too(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	signal(SIGTSTP, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(SIGTSTP);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void on_child(pid_t child, const struct termios *saved, const char *farewell)
{
	bool stopped = false;
	int status;

	while (waitpid(child, &status, WNOHANG | WUNTRACED | WCONTINUED) == child) {
		if (WIFSTOPPED(status)) {
			stop_too();
			stopped = true;
		} else if (WIFCONTINUED(status)) {
			stopped = false;
		} else if (WIFEXITED(status)) {
			_exit(WEXITSTATUS(status));
		} else if (WIFSIGNALED(status)) {
			term_rescue(saved);
			/* nothing is left to do when that fails */
			if (write(STDERR_FILENO, farewell, strlen(farewell)) < 0)
				_exit(128 + WTERMSIG(status));
			die_of(WTERMSIG(status));
		}
	}
	/* A shell continues the whole job. One signal more, sent late, could undo the next Ctrl-Z: it is
	 * only for a program that was not continued with us. */
	if (stopped)
		kill(child, SIGCONT);
}

static _Noreturn void supervise(
    pid_t child, const sigset_t *set, const struct termios *saved, const char *farewell)
{
	for (;;) {
		siginfo_t info;
		int sig = sigwaitinfo(set, &info);

		if (sig == SIGCHLD)
			on_child(child, saved, farewell);
		else if (sig > 0 && info.si_code <= 0) /* the terminal's own reach the child too */
			kill(child, sig);
	}
}

void supervisor_fork(const char *farewell, void (*in_parent)(void))
{
	static const int watched[] = {
	    SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGUSR1, SIGUSR2};
	struct termios saved;
	sigset_t set, old;
	pid_t parent = getpid(), child;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &saved) != 0)
		return;
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof watched / sizeof *watched; i++)
		sigaddset(&set, watched[i]);
	sigprocmask(SIG_BLOCK, &set, &old);
	child = fork();
	if (child > 0) {
		if (in_parent)
			in_parent();
		supervise(child, &set, &saved, farewell);
	}
	if (child == 0) {
		/* the other way round: killed parent, program ends in order */
		prctl(PR_SET_PDEATHSIG, SIGHUP);
		if (getppid() != parent)
			raise(SIGHUP);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
}
