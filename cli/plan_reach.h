/* What a plan does to the reach of its line items, as X estimates it (reticle plan --reach). Every
 * distinct set is asked for once, however many line items have it; what X does not estimate is not
 * asked. What cannot be known stays unknown and says why: a plan is good without it. */
#ifndef RETICLE_CLI_PLAN_REACH_H
#define RETICLE_CLI_PLAN_REACH_H

#include "base/map.h"
#include "cli/plan_page.h"
#include "session/reach.h"

struct plan_reach {
	struct reach *sets; /* the distinct ones */
	char (*keys)[REACH_KEY_SIZE]; /* of them */
	size_t n, cap;
	size_t (*of)[2]; /* per line item of the plan: its set before and after */
	struct map by_key;
	size_t n_asked; /* requests that it took */
	size_t n_unknown; /* sets that X would estimate but did not */
	struct errinfo stopped; /* why no more was asked; code ERR_OK: it was not stopped */
};

void plan_reach_init(struct plan_reach *r);
void plan_reach_done(struct plan_reach *r);
/* Ask, and wait for the answers. ERR_NOMEM only: that X does not answer is a result. */
enum err plan_reach_read(
    struct plan_reach *r, struct headless *h, struct plan_page *p, struct errinfo *ei);
/* Before (0) and after (1) of the i-th line item of the plan. */
const struct reach *plan_reach_of(const struct plan_reach *r, size_t i, int after);

#endif
