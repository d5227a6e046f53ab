/* The real client against the real sandbox: start it as a child, make a client for it, run the loop
 * until something is true, look into its ledger, give it faults. */
#ifndef RETICLE_TESTS_FLOW_HARNESS_H
#define RETICLE_TESTS_FLOW_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "api/api.h"
#include "base/loop.h"

struct sandbox {
	pid_t pid;
	int out; /* its stdout */
	char url[128], consumer_key[64], consumer_secret[128], token[128], token_secret[128];
	char account_id[65];
};

/* Start $RETICLE_SANDBOX with these arguments (NULL-terminated, may be NULL) and read its first
 * line. Fails the test when that does not work. */
struct sandbox sandbox_start(const char *const *args);
void sandbox_stop(struct sandbox *s);

/* A client of the sandbox; change cfg before it is used by passing one's own. */
struct api_config sandbox_config(const struct sandbox *s);

/* How many cases of a row of the fault matrix are run: a sample, or with RETICLE_LONG all that the
 * row asks for (make sweep-faults). */
int cases_of(int sample, int all);

/* Turn the loop until *flag or for at most limit_ms of real time; returns *flag. */
bool run_until(struct loop *l, const bool *flag, int limit_ms);

/* Plain HTTP to the control endpoints, outside the client under test. The answer's body is the
 * caller's (free); the test fails unless the status is 200. */
char *control_get(const struct sandbox *s, const char *path);
char *control_post(const struct sandbox *s, const char *path, const char *json);
char *control_delete(const struct sandbox *s, const char *path);
/* Rules for the fault plan: a JSON array as in docs/sandbox.md. */
void sandbox_faults(const struct sandbox *s, const char *rules);

/* How many requests of the ledger have this method and this text in their path; NULL: any. */
unsigned ledger_count(const struct sandbox *s, const char *method, const char *path);
/* The same, committed ones only. */
unsigned ledger_committed(const struct sandbox *s, const char *method, const char *path);

#endif
