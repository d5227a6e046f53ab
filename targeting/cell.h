/* The smallest parts of a condition: a cell is what has to keep at least one criterion for the
 * expression to keep its shape. Shared by expression, widening and plan, so that the three cannot
 * disagree. Internal to the folder. */
#ifndef RETICLE_TARGETING_CELL_H
#define RETICLE_TARGETING_CELL_H

#include <stdbool.h>
#include "targeting/expr.h"

enum cell_kind {
	CELL_EXCLUDE,
	CELL_PRIMARY, /* everything that is united, but for the next one */
	CELL_ENGAGED, /* CAMPAIGN_ENGAGEMENT and USER_ENGAGEMENT: what ENGAGEMENT_TYPE qualifies */
	CELL_HOW, /* ENGAGEMENT_TYPE */
	CELL_DEVICE, /* PLATFORM and DEVICE of one OS */
	CELL_VERSION, /* PLATFORM_VERSION of one OS */
	CELL_OTHER, /* any other type that is ANDed; a range has one for each end */
};

struct cell {
	enum cell_kind kind;
	enum targeting_type type; /* CELL_OTHER */
	enum operator_type op; /* CELL_OTHER: differs only for ranges */
	char os[EXPR_OS_BYTES]; /* CELL_DEVICE, CELL_VERSION; "" when it is not known */
	const char *name; /* of an unknown type, of the criterion; else "" */
};

struct cell cell_of(const struct criterion *c, const struct expr_lookup *lookup);
bool cell_equal(const struct cell *a, const struct cell *b);

#endif
