/* A plan on the standard output: for people, or as JSON. */
#ifndef RETICLE_CLI_PLAN_PRINT_H
#define RETICLE_CLI_PLAN_PRINT_H

#include "cli/plan_page.h"
#include "cli/plan_reach.h"

struct plan_print {
	struct session *session;
	struct plan_page *page;
	const struct plan_reach *reach; /* NULL: it was not asked for */
};

/* out->failed is set when memory ran out. */
void plan_print_text(struct buf *out, const struct plan_print *p);
void plan_print_json(struct buf *out, const struct plan_print *p);

#endif
