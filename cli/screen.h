/* The screen and everything that it stands on, put together: configuration, store, session, app,
 * script. Used by `reticle` and by `reticle demo`, which only differ in where the API comes from. */
#ifndef RETICLE_CLI_SCREEN_H
#define RETICLE_CLI_SCREEN_H

#include "api/api.h"
#include "cli/child.h"
#include "cli/cli.h"
#include "config/config.h"
#include "config/paths.h"
#include "tui/app.h"
#include "tui/script.h"
#include "session/session.h"

struct screen {
	const struct cli_options *options;
	struct paths paths;
	struct config config;
	const struct config_profile *profile; /* NULL in the demo */
	struct loop *loop;
	struct store *store;
	struct session *session;
	struct app *app;
	struct script *script;
	struct child child; /* demo: the sandbox */
	struct child_ready ready;
	bool demo;
	bool connecting; /* the network is still to come; scripts wait */
	bool painted;
	bool told[DATA_KINDS]; /* the failure of this reading was shown */
};

/* Open the store, build session and app, open the first view. host names the realm
 * of the store, account is opened when no other is known. */
struct screen_start {
	const char *host, *api_version, *profile_name, *account;
};
enum err screen_open(struct screen *s, const struct screen_start *start, struct errinfo *ei);
enum err screen_connect(struct screen *s, const struct api_config *cfg, struct errinfo *ei);
int screen_run(struct screen *s); /* exit status */
void screen_close(struct screen *s);

#endif
