/* Targeting options (look-ups) for the picker: from the cache when fresh, fetched page by page when
 * not, usable as far as they are. No look-up is asked twice while it is fresh or under way. */
#ifndef RETICLE_VIEWS_OPTIONS_H
#define RETICLE_VIEWS_OPTIONS_H

#include "store/catalog.h"
#include "views/session.h"

/* What is there of this look-up now, and start to fetch what is missing or too old. params make the
 * scope (sorted by name by the callee). The set belongs to the session: valid until the next
 * DATA_OPTIONS change or session_free; NULL when nothing is there yet. */
const struct catalog_set *options_get(
    struct session *s, const char *kind, const struct api_param *params, size_t n);
/* Is it being fetched, how far, and what went wrong? */
struct data_state options_state(
    struct session *s, const char *kind, const struct api_param *params, size_t n);
/* One search at X (the `q` parameter): asked only on an explicit key, answered as a set of its own
 * under the scope with q; max one page of 1,000 (tv_shows: 50). */
const struct catalog_set *options_search(
    struct session *s, const char *kind, const struct api_param *params, size_t n);
/* Fetch again although it is fresh. */
void options_refetch(struct session *s, const char *kind, const struct api_param *params, size_t n);

#endif
