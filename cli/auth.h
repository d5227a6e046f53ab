/* The parts of `reticle auth`, one function each; auth.c chooses. */
#ifndef RETICLE_CLI_AUTH_H
#define RETICLE_CLI_AUTH_H

#include "cli/client.h"

struct auth {
	const struct cli_options *options;
	struct paths paths;
	struct config config;
	const char *name; /* of the profile that was asked for; NULL: the default one */
};

enum err auth_login(struct auth *a, struct errinfo *ei);
enum err auth_import(struct auth *a, struct errinfo *ei);

/* The profile that the command is about. When it is not configured and make is set, one with
 * the default settings is used (named "default" when no name was given). */
const struct config_profile *auth_profile(struct auth *a, bool make, struct errinfo *ei);
/* Put what is not empty into credentials.yaml, beside what is there, and say so. */
enum err auth_store(
    struct auth *a, const char *profile, const struct credentials *cred, struct errinfo *ei);

#endif
