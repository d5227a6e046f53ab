/* A plan line item by line item, as people and scripts read it: its changes together (a delta has all
 * deletes before all creates), and what the line item has before and after them. */
#ifndef RETICLE_CLI_PLAN_PAGE_H
#define RETICLE_CLI_PLAN_PAGE_H

#include "cli/delta.h"
#include "targeting/effective.h"

struct plan_page { /* borrows the delta, which must outlive it */
	struct delta *delta;
	const struct change **sorted; /* by line item, in the order of the delta within one */
};

struct plan_page_item {
	const struct plan_line_item *plan;
	const struct change *const *changes;
	size_t n;
};

enum err plan_page_init(struct plan_page *p, struct delta *d); /* ERR_NOMEM only */
void plan_page_done(struct plan_page *p);
/* The i-th line item of the plan. */
struct plan_page_item plan_page_item(const struct plan_page *p, size_t i);
/* What it has before and after; e as of effective_init. ERR_NOMEM only. */
enum err plan_page_sets(
    const struct plan_page *p, const struct plan_page_item *it, struct effective *e);

#endif
