/* The fault plan: which requests go wrong, where, and how.
 *
 * A rule matches by method, by a part of the target (path and query), and by how many matches went
 * before (nth, times, probability). A request may fire several rules; each fires at its phase. The
 * plan is set by --faults FILE or by POST /__sandbox/faults; docs/sandbox.md has the form. */
#ifndef RETICLE_SANDBOX_FAULT_H
#define RETICLE_SANDBOX_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/buf.h"
#include "sandbox/json.h"
#include "sandbox/params.h"

enum fault_phase {
	PHASE_ACCEPT, /* of a connection: no request is known yet */
	PHASE_HDR,
	PHASE_BODY,
	PHASE_PRE_COMMIT,
	PHASE_POST_COMMIT,
	PHASE_RESP_HDR,
	PHASE_RESP_BODY,
	PHASE_COUNT
};

enum fault_verb {
#define FAULT(NAME, verb, phase, help) FAULT_##NAME,
#include "sandbox/faults.def"
#undef FAULT
	FAULT_COUNT
};

struct fault_action {
	enum fault_verb verb;
	enum fault_phase phase;
	int64_t num; /* argument as a number, 0 when it is none */
	const char *arg; /* argument as text, "" when there is none */
	const char *body; /* "json", "html", "empty", "bin" or JSON text; NULL: json */
	const char *text;
	int64_t status;
	struct params headers;
	const struct json *edit;
};

struct fault_rule {
	const char *method, *path; /* NULL: any */
	const char *spec; /* the action as written */
	struct fault_action action;
	int64_t nth; /* first match that fires, counted from 1; 0: the first */
	int64_t times; /* how many fire, 0: all */
	int64_t matched, fired;
	double probability; /* 1: always */
	uint64_t random; /* state of its own generator */
};

struct faults {
	struct arena arena; /* everything that rules point to */
	struct fault_rule *rules;
	size_t n, cap;
	char first_cursor[64]; /* of "cursor=cycle": where the cycle goes back to */
};

/* What was decided for one request, in the order of the rules. */
struct fault_set {
	struct fault_action v[8];
	size_t n;
};

void faults_init(struct faults *f);
void faults_done(struct faults *f);
/* Replace or extend the plan by {"rules": [...]} or one rule; false: *why names the mistake. */
bool faults_load(struct faults *f, const char *text, size_t n, bool append, const char **why);
void faults_clear(struct faults *f);
void faults_write(const struct faults *f, struct buf *out); /* the plan with its counters */

/* Count the request against every rule. What the actions point to lives until faults_done, also
 * when the plan is replaced, so a request in flight may keep them. */
void faults_match(struct faults *f, const char *method, const char *target, struct fault_set *out);
/* The same for a new connection: only rules of the phase "accept", whose method and path say nothing. */
void faults_match_connection(struct faults *f, struct fault_set *out);
/* Add one action, written as in a rule, to what was decided for a request (the header
 * X-Sandbox-Fault). False: it is none, or there are too many. */
bool faults_add(struct faults *f, const char *spec, struct fault_set *out);
/* The set's action of that verb, or NULL. */
const struct fault_action *fault_find(const struct fault_set *s, enum fault_verb verb);
const char *fault_verb_name(enum fault_verb verb);
const char *fault_phase_name(enum fault_phase phase);

#endif
