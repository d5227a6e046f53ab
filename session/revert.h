/* Turning what was posted into staged changes that restore what was before. They go through the
 * review, the drift check and the journal like any other; what comes back has new ids. */
#ifndef RETICLE_SESSION_REVERT_H
#define RETICLE_SESSION_REVERT_H

#include "session/session.h"

struct revert_result {
	size_t staged; /* new on the stage, or taken off it */
	size_t not_ours; /* operations that had taken effect before us, or never did */
	size_t moot; /* somebody restored it already */
};

/* The inverse of every operation of the changeset that took effect, last one first, appended to `to`;
 * nothing is staged, out->staged stays 0. What the snapshot has decides what is moot: the caller has
 * read the line items since. */
enum err revert_changes(struct session *s, uint64_t changeset, struct change_set *to,
    struct revert_result *out, struct errinfo *ei);
/* Stage the inverse of every operation of the changeset that took effect. */
enum err revert_stage(
    struct session *s, uint64_t changeset, struct revert_result *out, struct errinfo *ei);

#endif
