/* "What limits my reach?": the set without each of its conditions, to be estimated one by one. A
 * condition is what narrows as a whole: one ANDed type, the devices, the exclusions. Without its
 * primary union a set cannot be estimated (R61), so that one is not left out. */
#ifndef RETICLE_TARGETING_ABLATE_H
#define RETICLE_TARGETING_ABLATE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/err.h"
#include "targeting/expr.h"
#include "targeting/model.h"

struct ablation_step {
	const char *label; /* for people: "Location", "Exclusions", ... */
	size_t n_without; /* criteria of the condition */
	const struct criterion *const *rest; /* what is left: estimate this */
	size_t n_rest;
};

struct ablation { /* borrows the criteria */
	struct arena arena;
	struct ablation_step *v;
	size_t n; /* also the number of estimates that it costs, beside that of the whole */
	bool has_primary; /* false: nothing can be estimated */
};

void ablation_init(struct ablation *a);
void ablation_done(struct ablation *a);
enum err ablation_build(struct ablation *a, const struct criterion *const *v, size_t n);

#endif
