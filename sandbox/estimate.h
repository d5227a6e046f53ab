/* How many people a set of criteria reaches, by the formula of docs/sandbox.md: made up, but it
 * moves as the boolean semantics of reference section 4 say. Pure. */
#ifndef RETICLE_SANDBOX_ESTIMATE_H
#define RETICLE_SANDBOX_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "targeting/types.h"

#define ESTIMATE_WORLD 560000000.0 /* people, when nothing narrows it */

struct estimate_item {
	enum targeting_type type;
	enum operator_type op;
	const char *value;
};

/* What the catalogue knows of a place; false: nothing. */
typedef bool estimate_place_fn(void *user, const char *place, bool *is_country,
    const char **country, double *people, double *country_people);
/* Members of an audience, 0 when not known. */
typedef double estimate_audience_fn(void *user, const char *audience);

struct estimate {
	const struct estimate_item *items;
	size_t n;
	estimate_place_fn *place;
	estimate_audience_fn *audience;
	void *user;
};

bool estimate_has_primary(const struct estimate *e); /* rule R61 */
double estimate_people(const struct estimate *e);

#endif
