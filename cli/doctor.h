/* The lines of `reticle doctor`: what was looked at, what was found, what to do. A fault shows in
 * one line: what cannot be looked at because of it says so and is a warning. */
#ifndef RETICLE_CLI_DOCTOR_H
#define RETICLE_CLI_DOCTOR_H

#include "cli/client.h"

enum finding { FINDING_OK, FINDING_WARN, FINDING_FAIL };

struct doctor_line {
	enum finding finding;
	char name[96], detail[640], remedy[256];
};
struct doctor {
	const struct cli_options *options;
	struct client client;
	struct doctor_line lines[64];
	size_t n;
	bool configured, clock_off, has_credentials;
};

void doctor_add(struct doctor *d, enum finding f, const char *name, const char *remedy,
    const char *detail, ...) __attribute__((format(printf, 5, 6)));
/* A line that could not be looked at. */
void doctor_skip(struct doctor *d, const char *name, const char *why);

/* Name resolution, connection, TLS, clock, token, access, accounts. */
void doctor_network(struct doctor *d);

#endif
