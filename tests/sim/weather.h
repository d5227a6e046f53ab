/* Faults drawn at random, in the words of the sandbox's fault plan and of the network. */
#ifndef RETICLE_TESTS_SIM_WEATHER_H
#define RETICLE_TESTS_SIM_WEATHER_H

#include <stddef.h>
#include "tests/sim/sim.h"

enum { WEATHER_LAG_MS = 45000 }; /* a reading is never further behind */

/* For the next posting: perhaps nothing, perhaps a good deal. Replaces what was before. */
void weather_draw(struct rng *r, char (*line_items)[16], size_t n);
void weather_clear(void);
/* An edit by somebody else, as JSON. */
void weather_edit(struct rng *r, char (*line_items)[16], size_t n, char *out, size_t cap);

/* By how many seconds somebody sets the wall clock. */
int64_t weather_clock_jump(struct rng *r);

#endif
