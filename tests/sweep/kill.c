/* Row C1 of the fault matrix for the whole program: kill -9 at every call that changes something
 * (writing, syncing, renaming, removing, connecting, sending), whole and half done, in every scenario;
 * then a restart, after which every edit is in exactly one place, what is claimed is what the
 * sandbox has, nothing is there twice, and what is left can be finished.
 *   kill [--stride N] [--from N] [--halves 1|2|3] [SCENARIO...]       by default every call of every scenario */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "tests/sweep/scenario.h"

struct sweep {
	struct world w;
	unsigned long stride, from;
	unsigned points, bad, halves; /* bit 0: before the call, bit 1: half done */
};

/* One point; false when the life had ended before. */
static bool point(struct sweep *k, const struct scenario *s, const struct ends *ends, struct run r)
{
	const char *wrong;

	world_begin(&k->w, s->name);
	if (world_run(&k->w, &r) != RUN_KILLED)
		return false;
	wrong = scenario_check(&k->w, s, ends);
	if (!wrong)
		wrong = scenario_finish(&k->w, s, ends);
	k->points++;
	if (wrong) {
		k->bad++;
		printf("  %s, killed at call %lu%s: %s\n", s->name, r.kill_at,
		    r.torn ? " half done" : "", wrong);
	}
	return true;
}

static void sweep(struct sweep *k, const struct scenario *s)
{
	int64_t began = clock_mono_ms();
	struct ends ends = scenario_begin(&k->w, s);
	unsigned points = k->points, bad = k->bad;
	struct run r = s->life;

	for (r.kill_at = k->from; r.kill_at <= ends.calls; r.kill_at += k->stride)
		for (int torn = 0; torn < 2; torn++)
			if (k->halves & (1u << torn)) {
				r.torn = torn;
				point(k, s, &ends, r);
			}
	printf("%-26s %5lu calls %5u points %3u bad %5lld s\n", s->name, ends.calls,
	    k->points - points, k->bad - bad, (long long)(clock_mono_ms() - began) / 1000);
	fflush(stdout);
}

static bool wanted(const struct scenario *s, int argc, char **argv)
{
	bool any = false;

	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-') {
			i++;
			continue;
		}
		any = true;
		if (strcmp(argv[i], s->name) == 0)
			return true;
	}
	return !any;
}

int main(int argc, char **argv)
{
	struct sweep k = {.stride = 1, .from = 1, .halves = 3};

	for (int i = 1; i + 1 < argc; i++) {
		if (strcmp(argv[i], "--stride") == 0)
			k.stride = strtoul(argv[i + 1], NULL, 10);
		if (strcmp(argv[i], "--from") == 0)
			k.from = strtoul(argv[i + 1], NULL, 10);
		if (strcmp(argv[i], "--halves") == 0)
			k.halves = (unsigned)strtoul(argv[i + 1], NULL, 10);
	}
	if (!k.stride || !k.from || !getenv("SWEEP_PRELOAD") || !getenv("RETICLE")) {
		fprintf(stderr, "kill: run it by make sweep\n");
		return 2;
	}
	world_init(&k.w);
	for (size_t i = 0; i < n_scenarios; i++)
		if (wanted(&scenarios[i], argc, argv))
			sweep(&k, &scenarios[i]);
	world_done(&k.w);
	printf("kill -9 at %u points: %u bad\n", k.points, k.bad);
	return k.bad ? 1 : 0;
}
