/* Lives of the program that the sweeps end or disturb, how each is finished afterwards, and what must
 * hold in between: every edit in exactly one place, and what is claimed is what the sandbox has. */
#ifndef RETICLE_TESTS_SWEEP_SCENARIO_H
#define RETICLE_TESTS_SWEEP_SCENARIO_H

#include "tests/sweep/world.h"

struct scenario {
	const char *name;
	void (*prepare)(struct world *w); /* from an empty world to where the life begins */
	struct run life; /* what is killed or disturbed */
	struct run again; /* when edits of the plan are missing: makes them once more, */
	struct run before_again; /* after this */
	size_t edits; /* staged or applied when all is done */
	size_t least; /* of them there already when the life begins */
	size_t step; /* they come and go so many at a time */
	int batch_size; /* 0: all in one */
	const char *confirm; /* keys that post; NULL: "P", "y" */
};

extern const struct scenario scenarios[];
extern const size_t n_scenarios;
const struct scenario *scenario_named(const char *name);

#define PLAN "plan"

/* Prepare it and save the world as a template of that name; end it once without a fault. The truth is
 * that of the account before anything was posted (base) and after all is done (end). */
struct ends {
	struct truth base, end;
	unsigned long calls; /* of the undisturbed life */
};
struct ends scenario_begin(struct world *w, const struct scenario *s);

/* As the program left it, before any restart: what it says is applied is there, and nothing is there
 * that it says is staged. */
const char *scenario_claims(struct world *w, const struct ends *ends);
/* After a restart: recover, then look. NULL when all is well, else what is wrong. */
const char *scenario_check(struct world *w, const struct scenario *s, const struct ends *ends);
/* Do what is left to do; then the account must be as it is after an undisturbed life. */
const char *scenario_finish(struct world *w, const struct scenario *s, const struct ends *ends);

#endif
