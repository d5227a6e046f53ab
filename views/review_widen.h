/* The line items of a plan that reach more people because something is removed: why, in words, and
 * the estimate before and after. They must be acknowledged by typing before a post. */
#ifndef RETICLE_VIEWS_REVIEW_WIDEN_H
#define RETICLE_VIEWS_REVIEW_WIDEN_H

#include "session/reach.h"
#include "session/review_model.h"

#define WIDENING_SHOWN 3 /* each costs two estimates, unless they are known */

struct widening {
	struct {
		const struct review_item *item; /* of the model */
		char reach[2][REACH_KEY_SIZE]; /* before, after */
	} v[WIDENING_SHOWN];
	size_t n;
	size_t more; /* line items beyond those */
};

/* Anew from the model; the reach is asked for in the background, as far as the budget allows. */
void widening_find(struct widening *w, const struct review_model *m);
/* "WIDENS Summer sale: the last location goes: every country" */
void widening_why(
    const struct widening *w, size_t i, const struct review_model *m, struct buf *out);
/* "reach 9.1M-10.4M -> 38.2M-42.2M (+322%)  just now"; in words when X does not estimate it. False:
 * nothing can be said, there is no network. */
bool widening_reach(
    const struct widening *w, size_t i, const struct review_model *m, struct buf *out);

#endif
