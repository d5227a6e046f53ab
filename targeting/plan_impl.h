/* The order of the operations of one line item. Internal: what plan.c asks of plan_order.c. */
#ifndef RETICLE_TARGETING_PLAN_IMPL_H
#define RETICLE_TARGETING_PLAN_IMPL_H

#include "targeting/effective.h"
#include "targeting/expr.h"

struct plan_split {
	const struct change **ops; /* n_pre, then n_switch, then n_post of them */
	size_t n_ops, cap;
	size_t n_pre; /* narrow what there is: every prefix reaches no more than before */
	size_t n_switch; /* have to be in one batch */
	size_t n_post; /* widen to what is wanted: every prefix reaches no more than after */
};

/* The operations of the set in a good order. Without lookup for one batch (deletes, then creates,
 * what depends on another criterion after it, or before it when it goes); with it for several. */
enum err plan_order(
    struct plan_split *s, const struct effective *set, const struct expr_lookup *lookup);
void plan_split_done(struct plan_split *s);

#endif
