/* Which removals let an ad reach more people than before, and are therefore named in the review.
 *
 * Criteria narrow by being there (reference 4): the last one of a condition that goes widens the
 * reach to everybody; an exclusion that goes lets its people back in. A created criterion can
 * widen too (keywords are united with interests), but that is what people ask for by adding. */
#ifndef RETICLE_TARGETING_WIDEN_H
#define RETICLE_TARGETING_WIDEN_H

#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"
#include "targeting/expr.h"
#include "targeting/model.h"

enum widen_flag {
	WIDEN_NONE = 0,
	WIDEN_LOCATION = 1u << 0, /* the last location goes: every country */
	WIDEN_AGE = 1u << 1,
	WIDEN_GENDER = 1u << 2,
	WIDEN_LANGUAGE = 1u << 3,
	WIDEN_OTHER = 1u << 4, /* the last one of another condition (device, carrier, ...) */
	WIDEN_PRIMARY = 1u << 5, /* the last keyword, interest, audience, ...: anybody */
	WIDEN_EXCLUSION = 1u << 6, /* an exclusion goes */
	WIDEN_ENGAGEMENT = 1u << 7, /* the last engagement type goes: any engagement counts */
	WIDEN_WORLD = 1u << 8, /* nothing is left that narrows: everyone worldwide */
};

struct widen {
	unsigned flags; /* enum widen_flag */
	size_t n_before, n_after;
	size_t n_exclusions_gone;
	bool worldwide_before, worldwide_after; /* no included criterion: everybody on X */
	/* types of which the last criterion goes (WIDEN_OTHER), up to four of them */
	enum targeting_type last[4];
	size_t n_last;
};

struct widen_input { /* both lists in one order; a row that stays is the same record in both */
	const struct criterion *const *before, *const *after;
	size_t n_before, n_after;
	const struct expr_lookup *lookup; /* for the OS of devices; may be NULL */
};

void widen_judge(const struct widen_input *in, struct widen *w);
/* "the last location goes: every country; 3 exclusions go"; "" when nothing widens */
enum err widen_text(struct buf *out, const struct widen *w);
/* Flags that must be acknowledged by typing before a post: the deletes that widen. */
bool widen_must_acknowledge(const struct widen *w);

#endif
