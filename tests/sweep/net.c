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
	if (!n.list)
		world_done(&n.w);
	printf("%u network fault points: %u bad\n", n.points, n.bad);
	return n.bad ? 1 : 0;
}
