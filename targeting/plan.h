/* A plan: the smallest list of creates and deletes that does what is staged, in batches.
 *
 * Batches are atomic (reference 2.7), so a line item is kept whole in one of them. One that needs
 * more operations than a batch may have is narrowed first, switched in one batch and widened last,
 * so that no state in between reaches anybody whom neither the state before nor the state after
 * reaches. Nothing here sends or hashes; the apply engine does. */
#ifndef RETICLE_TARGETING_PLAN_H
#define RETICLE_TARGETING_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "targeting/change.h"
#include "targeting/effective.h"
#include "targeting/model.h"
#include "targeting/widen.h"

#define PLAN_MAX_OPS 500 /* operations of one batch (reference 2.7, R10) */

struct plan_op {
	const struct change *change;
	size_t index; /* in the batch, from 0: operation_errors of the API have the same order */
};

struct plan_batch {
	struct plan_op *ops;
	size_t n;
};

struct plan_line_item {
	const char *line_item_id;
	bool live_known; /* false: the live set was not at hand, so `widen` is not judged */
	size_t n_creates, n_deletes;
	size_t first_batch, last_batch; /* one and the same unless it had to be split */
	/* A state between two batches has more keywords than a line item may have, so the API will
	 * refuse it: exclusions cannot be exchanged faster without reaching people in between. */
	bool crowded;
	struct widen widen; /* counts before and after, worldwide, what widens */
};

struct plan {
	struct arena arena;
	struct plan_batch *batches;
	size_t n_batches;
	struct plan_line_item *line_items; /* in the order of their first change */
	size_t n_line_items;
	struct effective_noop *left_out; /* changes that are not sent, each with its reason */
	size_t n_left_out;
	size_t n_ops;
};

struct plan_input {
	const struct change_set *changes;
	size_t max_ops; /* per batch; 0 means PLAN_MAX_OPS, more than that is cut to it */
	void *user;
	/* The live criteria of a line item, valid until plan_done; false when they are not known.
	 * May be NULL: then nothing is known. */
	bool (*live)(void *user, const char *line_item_id, const struct criterion **v, size_t *n);
	/* of it only the OS of devices is asked; may be NULL */
	const struct expr_lookup *lookup;
};

void plan_init(struct plan *p);
void plan_done(struct plan *p);
/* Ops point to the changes of the input, which must outlive the plan. ERR_NOMEM, or ERR_LIMIT when
 * max_ops is too small to switch a line item over in one batch. */
enum err plan_build(struct plan *p, const struct plan_input *in, struct errinfo *ei);

/* Canonical bytes of what the plan does: equal for plans that send the same operations to the same
 * account in the same batches. The caller hashes them. */
enum err plan_canonical(const struct plan *p, struct buf *out);
/* Does any line item need an acknowledgement by typing (it ends worldwide, or a delete widens)? */
bool plan_must_acknowledge(const struct plan *p);
bool plan_goes_worldwide(const struct plan *p); /* some line item ends with nothing that narrows */

#endif
