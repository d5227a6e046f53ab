/* The sandbox as a child process of the demo: started without a shell, told to end when our end of
 * its standard input closes (so that it never outlives us, not even after kill -9), and known by
 * the one JSON line that it prints. */
#ifndef RETICLE_CLI_CHILD_H
#define RETICLE_CLI_CHILD_H

#include <stdbool.h>
#include <sys/types.h>
#include "base/buf.h"
#include "base/err.h"

struct child {
	pid_t pid; /* 0: not running */
	int in, out; /* our ends of its stdin and stdout */
	struct buf line;
};

struct child_ready { /* strings live as long as the struct */
	char url[128], consumer_key[128], consumer_secret[128], access_token[128],
	    access_token_secret[128], account_id[65];
};

/* Path of the sandbox program: beside this program, or in ../libexec/reticle. */
enum err child_find_sandbox(char *path, size_t cap, struct errinfo *ei);
enum err child_start(struct child *c, const char *const argv[], struct errinfo *ei);
/* Read what is there; true when the line is complete and *ready is filled. ERR_PROTOCOL in ei when
 * the child ended or said something else. */
bool child_read_ready(struct child *c, struct child_ready *ready, struct errinfo *ei);
void child_stop(struct child *c); /* closes, TERM, reaps */

#endif
