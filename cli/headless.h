/* The session without a screen, for commands that judge or change targeting: what it reads goes
 * through the store as it does on the screen, and everything is read anew from X first. */
#ifndef RETICLE_CLI_HEADLESS_H
#define RETICLE_CLI_HEADLESS_H

#include "cli/client.h"
#include "session/session.h"

struct headless {
	struct client client; /* configuration, store, loop; its api stays NULL */
	struct session *session;
	/* set before headless_open, or not */
	bool lazy; /* the lists are not read at once */
	void (*tick)(struct headless *h, void *user); /* while it waits, after each turn */
	void *user;
};

/* Configuration, store, session and network, and the lists of the account, read to their end. After
 * an error headless_close works. */
enum err headless_open(struct headless *h, const struct cli_options *o, struct errinfo *ei);
/* Until nothing is loading. ERR_RATE when only the reset of a rate limit would end it. */
enum err headless_wait(struct headless *h, struct errinfo *ei);
/* Ids of the line items that --line-item names, or of all; each has to exist. The array is the
 * caller's (mem_free), the ids live until the next turn of the loop. */
enum err headless_line_items(struct headless *h, const struct cli_options *o, const char ***ids,
    size_t *n, struct errinfo *ei);
/* Read the criteria of these line items from X, all of them. */
enum err headless_criteria(
    struct headless *h, const char *const *ids, size_t n, struct errinfo *ei);
void headless_close(struct headless *h);

#endif
