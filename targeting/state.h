/* Canonical bytes of what there is, for digests: of the criteria of a line item as a set, whatever
 * their order. Two uses: a plan file names the state that it was made from (with ids and times, so
 * that any foreign edit shows), and an estimate is cached under the set that it is about (keys
 * only). The caller hashes. */
#ifndef RETICLE_TARGETING_STATE_H
#define RETICLE_TARGETING_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"
#include "targeting/model.h"

/* Sorted keys, one a line, without duplicates and without the line item. */
enum err state_reach_bytes(struct buf *out, const struct criterion *const *v, size_t n);
/* Sorted lines of key, criterion id and time of the last change; deleted rows are left out. */
enum err state_account_bytes(struct buf *out, const struct criterion *v, size_t n);

#endif
