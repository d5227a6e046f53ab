/* What a line item will have: its live criteria together with the staged changes.
 *
 * Rows are what the criteria view shows and what rules, expression and plan judge. A staged change
 * that would change nothing gets no row; it is listed as a no-op with its reason. Everything
 * borrows from the input, which must outlive the result. */
#ifndef RETICLE_TARGETING_EFFECTIVE_H
#define RETICLE_TARGETING_EFFECTIVE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/err.h"
#include "targeting/change.h"
#include "targeting/model.h"
#include "targeting/set.h"

enum effective_state { EFFECTIVE_LIVE, EFFECTIVE_ADDED, EFFECTIVE_REMOVED };

struct effective_row {
	const struct criterion *criterion;
	const struct change *change; /* NULL when LIVE */
	enum effective_state state;
	bool held; /* the change is held: posting leaves the row as it is */
};

enum effective_why {
	NOOP_NONE,
	NOOP_THERE, /* CREATE of what the line item has already */
	NOOP_GONE, /* DELETE of what is gone already */
	NOOP_TWICE, /* the same change is staged before this one */
	NOOP_UNDONE, /* a CREATE and a DELETE of one key: together they change nothing */
	NOOP_HELD, /* held by the user: only plans use this */
};
const char *effective_why_text(enum effective_why why); /* for people, lower case */

struct effective_noop {
	const struct change *change;
	enum effective_why why;
};

struct effective {
	struct arena arena;
	struct effective_row *v; /* live rows in their order, then added ones */
	size_t n, cap;
	struct effective_noop *noop;
	size_t n_noops, noop_cap;
	const struct criterion **before,
	    **after; /* sets before and after posting what is not held */
	size_t n_before, n_after;
	size_t n_added, n_removed, n_held; /* held ones are in n_held only */
	struct set_key *keys; /* of the rows, parallel to v */
	struct set_index index; /* of the rows: by key, and by criterion id */
	size_t keys_cap, list_cap;
	size_t n_same; /* live rows that repeat the key of an earlier one */
};

struct effective_input {
	const char *line_item_id; /* changes of other line items are passed over; NULL: take all */
	const struct criterion *live;
	size_t n_live;
	const struct change *changes;
	const struct change *const *picked; /* instead of changes, when not NULL */
	size_t n_changes;
	/* The live set is not at hand: deletes then get a row from their pre-image. */
	bool live_unknown;
};

void effective_init(struct effective *e);
void effective_done(struct effective *e);
/* May be called again on the same e, which then keeps its memory. ERR_NOMEM only. */
enum err effective_build(struct effective *e, const struct effective_input *in);

bool effective_is_before(const struct effective_row *r); /* the account has it now */
bool effective_is_after(const struct effective_row *r); /* it will have it after posting */

#endif
