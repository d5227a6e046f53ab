/* Signals as readable events: blocked, and read from a signalfd in the loop. */
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "tui/internal.h"

static void fill(sigset_t *set)
{
	static const int watched[] = {
	    SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH, SIGCHLD};

	sigemptyset(set);
	for (size_t i = 0; i < sizeof watched / sizeof *watched; i++)
		sigaddset(set, watched[i]);
}

int signals_open(void)
{
	sigset_t set;

	fill(&set);
	/* a write to a terminal or socket that went away is an error, not the end */
	signal(SIGPIPE, SIG_IGN);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
		return -1;
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

void signals_close(int fd)
{
	sigset_t set;

	if (fd < 0)
		return;
	close(fd);
	/* the terminal is given back and everything is being put away: a second hang-up (the first came
	 * as a failed read) has nothing to add, and must not cut that short */
	signal(SIGHUP, SIG_IGN);
	fill(&set);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int signals_next(int fd)
{
	struct signalfd_siginfo info;

	return read(fd, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}
