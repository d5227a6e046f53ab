/* The look-ups that judging targeting needs: what is small is fetched when it is used, and what could
 * not be judged is counted. */
#ifndef RETICLE_CLI_LOOKUPS_H
#define RETICLE_CLI_LOOKUPS_H

#include "cli/headless.h"
#include "targeting/change.h"
#include "targeting/types.h"

/* Fetch the small look-ups whose values the criteria of these line items name, unless the cache has
 * them fresh. What cannot be fetched stays unknown, which lookups_unknown tells: no error. */
void lookups_read(struct headless *h, const char *const *ids, size_t n);
/* What has to be read so that X's refusal of these changes can be foreseen from their set as a whole. */
void lookups_of_changes(struct headless *h, const struct change_set *changes);
/* Add for every type the number of criteria whose value is in none of the look-ups read so far, so
 * that neither their existence nor their place can be judged. */
enum err lookups_unknown(struct headless *h, const char *const *ids, size_t n,
    size_t count[TYPE_COUNT], struct errinfo *ei);

#endif
