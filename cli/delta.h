/* What would have to change in the account: for what a file says, or to undo a posting. Reads the touched
 * line items over the network; the changes and their plan belong to the delta and go with it. */
#ifndef RETICLE_CLI_DELTA_H
#define RETICLE_CLI_DELTA_H

#include "api/oauth.h"
#include "cli/headless.h"
#include "cli/targets.h"
#include "targeting/plan.h"

struct delta { /* from what the account has to what a file says */
	struct criterion_set live, wanted; /* of the line items of the file */
	struct change_set changes;
	struct plan plan;
	struct map rows; /* line item id to its first row in live */
	char state[DIGEST_HEX_SIZE]; /* of the line items that would change */
	bool is_revert;
	/* of a revert: operations that leave nothing to undo (session/revert.h) */
	size_t not_ours, moot;
};

void delta_init(struct delta *d);
void delta_done(struct delta *d);
enum err delta_build(
    struct delta *d, struct headless *h, const struct targets *t, struct errinfo *ei);
/* From what the account has to what it had before a posting. ERR_USAGE when there is no such one. */
enum err delta_revert(struct delta *d, struct headless *h, uint64_t changeset, struct errinfo *ei);
/* The changes from d->live to what t says, both read already. ERR_NOMEM only. */
enum err delta_compare(struct delta *d, const struct targets *t);
enum err delta_of_batch(struct delta *d, const struct targets *t); /* that of a batch */
/* The live rows of a line item; false when it is not one of the delta. user is the delta. */
bool delta_live(void *user, const char *id, const struct criterion **v, size_t *n);
/* Digest of the live criteria of these line items, as the plan file carries it. */
enum err delta_state(struct session *s, const char *const *ids, size_t n,
    char digest[DIGEST_HEX_SIZE], struct errinfo *ei);

#endif
