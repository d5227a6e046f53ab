/* The network fault points of the whole program: flow x request x phase x fault x duplicate mode x read
 * lag. In each the flow runs while the sandbox misbehaves; what it then claims is true, after a
 * restart every edit is in exactly one place, nothing is there twice, and the rest can be finished.
 *   net [--stride N] [--from N] [--list] [FLOW...] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "tests/sweep/scenario.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
enum { RATE = 50 };

/* What goes wrong, as rules of the sandbox have it (docs/sandbox.md); `more` is JSON. */
struct fault {
	const char *action, *more;
};

static const struct fault write_faults[] = {
    {"drop@hdr", ""},
    {"drop@body", ""},
    {"drop@pre-commit", ""},
    {"drop@post-commit", ""},
    {"drop@resp-hdr", ""},
    {"rst@hdr", ""},
    {"rst@body", ""},
    {"rst@pre-commit", ""},
    {"rst@post-commit", ""},
    {"rst@resp-hdr", ""},
    {"stall@hdr:70000", ""},
    {"stall@pre-commit:70000", ""},
    {"stall@post-commit:70000", ""},
    {"cut@resp-body:0", ""},
    {"cut@resp-body:1", ""},
    {"cut@resp-body:300", ""},
    {"status@pre-commit:429", ""},
    {"status@pre-commit:503", ""},
    {"status@post-commit:503", ""},
    {"status@pre-commit:500", ""},
    {"status@post-commit:500", ""},
    {"status@pre-commit:401",
	",\"body\":{\"errors\":[{\"code\":89,\"message\":\"Invalid or expired token.\"}]}"},
    {"status@pre-commit:403", ""},
    {"status@post-commit:502", ",\"body\":\"html\""},
    {"status@post-commit:200", ",\"body\":\"html\""},
    {"status@post-commit:200", ",\"body\":\"empty\""},
    {"partial@pre-commit:1", ""},
    {"omit@resp-hdr:0", ""},
    {"reorder@resp-hdr", ""},
    {"shape@resp-hdr", ""},
};

static const struct fault read_faults[] = {
    {"drop@hdr", ""},
    {"rst@resp-hdr", ""},
    {"stall@hdr:70000", ""},
    {"cut@resp-body:20", ""},
    {"status:429", ""},
    {"status:500", ""},
    {"status:503", ""},
    {"status:200", ",\"body\":\"html\""},
    {"omit@resp-hdr:0", ""},
    {"shape@resp-hdr", ""},
};

/* Which requests of a flow are hit, and which times. */
struct aim {
	const char *scenario, *method, *path;
	unsigned nth[3]; /* 0: no more; the first alone 0: every one, three times */
	bool all_modes; /* every duplicate mode and every lag; else one of each, in turn */
};

static const struct aim aims[] = {
    {"apply in one batch", "POST", "/batch/", {1}, true},
    {"apply in one batch", "GET", "targeting_criteria", {1, 2}, false},
    {"apply in five batches", "POST", "/batch/", {1, 3, 5}, false},
    {"apply a plan file", "POST", "/batch/", {1}, false},
    {"apply a plan file", "GET", "targeting_criteria", {1, 2}, false},
    {"revert", "POST", "/batch/", {1}, false},
    {"settle what landed", "GET", "targeting_criteria", {1}, true},
    {"settle what did not land", "GET", "targeting_criteria", {1}, false},
    {"settle what did not land", "GET", "targeting_criteria", {0}, false},
    {"sync", "GET", "line_items", {0}, false},
    {"sync", "GET", "targeting_criteria", {1}, false},
    {"sync", "GET", "campaigns", {1}, false},
    {"stage", "GET", "targeting_criteria", {0}, false},
    {"stage", "GET", "authenticated_user_access", {1}, false},
    {"look-ups", "GET", "languages", {0}, false},
    {"undo", "GET", "", {0}, false},
};

static const char *const modes[] = {"allow", "reject", "merge"};
static const unsigned lags[] = {0, 2, 10, 45};

struct points {
	struct world w;
	unsigned long stride, from, at;
	unsigned points, bad;
	bool list;
	const struct aim *aim;
	struct scenario scenario;
	struct ends ends;
};

struct point {
	const struct fault *fault;
	unsigned nth, lag;
	const char *dup;
};

static void set_rules(struct points *n, const struct point *p)
{
	char rules[1024], nth[32];
	int len;

	snprintf(nth, sizeof nth, p->nth ? "\"nth\":%u" : "\"times\":3", p->nth);
	len = snprintf(rules, sizeof rules,
	    "{\"rules\":[{\"method\":\"%s\",\"path\":\"%s\",%s,\"action\":\"%s\"%s}",
	    n->aim->method, n->aim->path, nth, p->fault->action, p->fault->more);
	if (p->lag)
		len += snprintf(rules + len, sizeof rules - (size_t)len,
		    ",{\"method\":\"GET\",\"path\":\"targeting_criteria\",\"action\":\"lag:%u\"}",
		    p->lag * 1000);
	snprintf(rules + len, sizeof rules - (size_t)len, "]}");
	sandbox_faults(&n->w.server, rules);
}

static void name(const struct points *n, const struct point *p, char out[256])
{
	snprintf(out, 256, "%s: %s %s #%u %s%.20s, dup=%s, lag=%u", n->scenario.name,
	    n->aim->method, n->aim->path, p->nth, p->fault->action, p->fault->more, p->dup, p->lag);
}

static void try_point(struct points *n, const struct point *p)
{
	const char *wrong;
	char what[256];

	if (n->at++ % n->stride != n->from)
		return;
	n->points++;
	name(n, p, what);
	if (n->list) {
		puts(what);
		return;
	}
	n->w.dup = p->dup;
	world_begin(&n->w, n->scenario.name);
	set_rules(n, p);
	world_run(&n->w, &n->scenario.life);
	wrong = scenario_claims(&n->w, &n->ends);
	free(control_delete(&n->w.server, "/__sandbox/faults"));
	if (!wrong)
		wrong = scenario_check(&n->w, &n->scenario, &n->ends);
	if (!wrong)
		wrong = scenario_finish(&n->w, &n->scenario, &n->ends);
	if (wrong) {
		n->bad++;
		printf("  %s: %s\n", what, wrong);
		fflush(stdout);
	}
}

static void every_mode(struct points *n, const struct fault *f, unsigned nth)
{
	static unsigned turn;

	if (!n->aim->all_modes) {
		turn++;
		try_point(n,
		    &(struct point){f, nth, lags[turn % COUNT(lags)], modes[turn % COUNT(modes)]});
		return;
	}
	for (size_t m = 0; m < COUNT(modes); m++)
		for (size_t k = 0; k < COUNT(lags); k++)
			try_point(n, &(struct point){f, nth, lags[k], modes[m]});
}

static void run_aim(struct points *n)
{
	bool writes = strcmp(n->aim->method, "POST") == 0;
	const struct fault *faults = writes ? write_faults : read_faults;
	size_t count = writes ? COUNT(write_faults) : COUNT(read_faults);
	unsigned points = n->points, bad = n->bad;
	int64_t began = clock_mono_ms();

	n->scenario = *scenario_named(n->aim->scenario);
	n->scenario.step = 1; /* a batch may take effect in part, a list may lack a row */
	if (!n->list) {
		n->w.dup = NULL;
		n->ends = scenario_begin(&n->w, &n->scenario);
	}
	for (size_t i = 0; i < COUNT(n->aim->nth) && (i == 0 || n->aim->nth[i]); i++)
		for (size_t f = 0; f < count; f++)
			every_mode(n, &faults[f], n->aim->nth[i]);
	if (n->list)
		return;
	printf("%-26s %4s %-26s %4u points %3u bad %5lld s\n", n->scenario.name, n->aim->method,
	    n->aim->path, n->points - points, n->bad - bad,
	    (long long)(clock_mono_ms() - began) / 1000);
	fflush(stdout);
}

/* --- signing in: not a scenario of edits, but it must leave them alone --- */

#define SIGN_IN "sign in"
#define KEPT "config/reticle/credentials.yaml"

static const struct fault sign_in_faults[] = {
    {"drop@hdr", ""},
    {"drop@post-commit", ""},
    {"rst@hdr", ""},
    {"rst@post-commit", ""},
    {"stall@hdr:70000", ""},
    {"stall@post-commit:70000", ""},
    {"cut@resp-body:0", ""},
    {"cut@resp-body:20", ""},
    {"status@hdr:429", ""},
    {"status@hdr:401", ""},
    {"status@hdr:500", ""},
    {"status@hdr:503", ",\"body\":\"html\""},
    {"status@hdr:200", ",\"body\":\"html\""},
    {"status@hdr:200", ",\"body\":\"empty\""},
};

static const struct run login = {.command = {"auth", "login"}, .input = "1234567\n"};

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* What was kept, against what the program said of it. */
static const char *sign_in_claims(struct points *n, int rc, const char *before, const char *now)
{
	static const struct run use = {.command = {"api", "GET", "/12/accounts"}};

	if (world_has(&n->w, "out.txt", n->w.server.consumer_secret) ||
	    world_has(&n->w, "err.txt", n->w.server.consumer_secret))
		return "a secret was printed";
	if (ledger_count(&n->w.server, "POST", "/oauth/access_token") > 1)
		return "the PIN was sent more than once";
	if (rc != 0 && !same(before, now))
		return "it failed, and changed what is kept";
	if (rc != 0 && !world_has(&n->w, "err.txt", "signing in") &&
	    !world_has(&n->w, "err.txt", "exchanging the PIN"))
		return "it failed without saying where";
	if (rc == 0 && (!now || !world_has(&n->w, "out.txt", "Signed in")))
		return "it ended well without having signed in";
	free(control_delete(&n->w.server, "/__sandbox/faults"));
	if (world_run(&n->w, &use) != 0)
		return "what is kept does not work";
	return NULL;
}

static const char *sign_in(struct points *n, const char *path, const struct fault *f, bool again)
{
	struct census c;
	const char *wrong;
	char rules[512], *before, *now;
	int rc;

	world_begin(&n->w, SIGN_IN);
	if (again && world_run(&n->w, &login) != 0)
		return "signing in undisturbed did not work";
	before = world_text(&n->w, KEPT);
	snprintf(rules, sizeof rules,
	    "{\"rules\":[{\"path\":\"%s\",\"times\":9,\"action\":\"%s\"%s}]}", path, f->action,
	    f->more);
	free(control_delete(&n->w.server, "/__sandbox/ledger"));
	sandbox_faults(&n->w.server, rules);
	rc = world_run(&n->w, &login);
	now = world_text(&n->w, KEPT);
	wrong = sign_in_claims(n, rc, before, now);
	free(before);
	free(now);
	if (!wrong && world_run(&n->w, &login) != 0)
		wrong = "it does not work afterwards";
	c = world_census(&n->w);
	if (!wrong &&
	    (c.staged != n->scenario.edits || c.sending || c.unknown || c.applied || c.twice))
		wrong = "the staged edits are not what they were";
	return wrong;
}

static void sign_in_point(struct points *n, const char *path, const struct fault *f, bool again)
{
	const char *wrong;

	if (n->at++ % n->stride != n->from)
		return;
	n->points++;
	if (n->list) {
		printf(
		    "%s%s: %s %s%.20s\n", SIGN_IN, again ? " again" : "", path, f->action, f->more);
		return;
	}
	wrong = sign_in(n, path, f, again);
	if (!wrong)
		return;
	n->bad++;
	printf("  %s%s: %s %s%.20s: %s\n", SIGN_IN, again ? " again" : "", path, f->action, f->more,
	    wrong);
}

static void run_sign_in(struct points *n)
{
	static const char *const paths[] = {"/oauth/request_token", "/oauth/access_token"};
	unsigned points = n->points, bad = n->bad;
	int64_t began = clock_mono_ms();

	n->scenario = *scenario_named("apply in one batch"); /* for what is staged before it */
	if (!n->list) {
		n->w.dup = NULL;
		n->w.batch_size = 100;
		world_begin(&n->w, NULL);
		n->scenario.prepare(&n->w);
		world_save(&n->w, SIGN_IN);
	}
	for (size_t i = 0; i < COUNT(paths); i++)
		for (size_t f = 0; f < COUNT(sign_in_faults); f++)
			for (int again = 0; again < 2; again++)
				sign_in_point(n, paths[i], &sign_in_faults[f], again);
	if (n->list)
		return;
	printf("%-26s %4s %-26s %4u points %3u bad %5lld s\n", SIGN_IN, "POST", "/oauth/",
	    n->points - points, n->bad - bad, (long long)(clock_mono_ms() - began) / 1000);
	fflush(stdout);
}

static bool wanted(const char *flow, int argc, char **argv, int first)
{
	for (int i = first; i < argc; i++)
		if (strcmp(argv[i], flow) == 0)
			return true;
	return first >= argc;
}

int main(int argc, char **argv)
{
	struct points n = {.stride = 1};
	int first = 1;

	for (; first < argc && argv[first][0] == '-'; first++) {
		n.list |= strcmp(argv[first], "--list") == 0;
		if (strcmp(argv[first], "--stride") == 0 && first + 1 < argc)
			n.stride = strtoul(argv[++first], NULL, 10);
		else if (strcmp(argv[first], "--from") == 0 && first + 1 < argc)
			n.from = strtoul(argv[++first], NULL, 10);
	}
	if (!n.stride || (!n.list && (!getenv("SWEEP_PRELOAD") || !getenv("RETICLE")))) {
		fprintf(stderr, "net: run it by make sweep-net\n");
		return 2;
	}
	if (!n.list) {
		world_init(&n.w);
		n.w.rate = RATE;
	}
	for (size_t i = 0; i < COUNT(aims); i++)
		if (wanted(aims[i].scenario, argc, argv, first)) {
			n.aim = &aims[i];
			run_aim(&n);
		}
	if (wanted(SIGN_IN, argc, argv, first))
		run_sign_in(&n);
	if (!n.list)
		world_done(&n.w);
	printf("%u network fault points: %u bad\n", n.points, n.bad);
	return n.bad ? 1 : 0;
}
