/* What every command without a screen stands on: configuration, profile, credentials, a client with
 * its event loop, and the store for the rate budgets. */
#ifndef RETICLE_CLI_CLIENT_H
#define RETICLE_CLI_CLIENT_H

#include "api/api.h"
#include "base/buf.h"
#include "base/loop.h"
#include "cli/cli.h"
#include "config/config.h"
#include "config/paths.h"
#include "store/store.h"

struct client {
	struct paths paths;
	struct config config;
	const struct config_profile *profile;
	struct credentials cred;
	struct loop *loop;
	struct store *store; /* NULL when it cannot be used: the budgets are then not kept */
	struct api *api;
};

/* Paths, configuration and profile; nothing else is touched. After an error client_close works. */
enum err client_configure(struct client *c, const struct cli_options *o, struct errinfo *ei);
/* Credentials and the client; raw_writes as in api_config. */
enum err client_connect(struct client *c, bool raw_writes, struct errinfo *ei);
/* Saves the budgets. */
void client_close(struct client *c);

/* Part of a base URL that names the realm of the store: host and port, without the scheme. */
const char *client_realm(const char *base_url);

/* One raw call, waited for. */
struct client_reply {
	enum err err;
	struct errinfo ei;
	int status; /* 0: no answer */
	struct buf body;
	struct buf headers; /* "name: value\n" each */
	bool done; /* it came to its end; false: given up while it waited */
};
/* When the request has to wait for a rate budget longer than max_wait_ms, it is given up with
 * ERR_RATE, which names the time of the reset. */
void client_call(
    struct client *c, const struct raw_query *q, int64_t max_wait_ms, struct client_reply *r);
void client_reply_done(struct client_reply *r);

#endif
