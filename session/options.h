/* Targeting options (look-ups) for the picker: from the cache when fresh, fetched page by page when
 * not, usable as far as they are. No look-up is asked twice while it is fresh or under way.
 *
 * Parameters that the API insists on are added when they are missing: all seven event_types of
 * events (reference G38), country_code=US of network_operators (G37).
 *
 * Large look-ups (harvest.def) are harvested: in the background, behind what the user waits for and
 * within a smaller share of the rate limit, and an interrupted harvest goes on by itself in the next
 * run. tv_shows (half a million rows, G35) are harvested only on options_harvest, else searched. */
#ifndef RETICLE_SESSION_OPTIONS_H
#define RETICLE_SESSION_OPTIONS_H

#include "base/buf.h"
#include "store/catalog.h"
#include "session/session.h"

/* What is there of this look-up now, and start to fetch what is missing or too old. params make the
 * scope (sorted by name by the callee). The set belongs to the session: valid until the next
 * DATA_OPTIONS change or session_free; NULL when nothing is there yet. While a large set arrives it
 * is handed out anew each time that it has grown by a quarter, and when it is complete. */
const struct catalog_set *options_get(
    struct session *s, const char *kind, const struct api_param *params, size_t n);
/* Is it being fetched, how far, and what went wrong? */
struct data_state options_state(
    struct session *s, const char *kind, const struct api_param *params, size_t n);
/* One search at X (the `q` parameter): asked only on an explicit key, answered as a set of its own
 * under the scope with q; max one page of 1,000 (tv_shows: 50). */
const struct catalog_set *options_search(
    struct session *s, const char *kind, const struct api_param *params, size_t n);
/* Fetch all of a look-up that is not fetched by itself (tv_shows of a market). ERR_REFUSED when there
 * is nothing to do. */
enum err options_harvest(struct session *s, const char *kind, const struct api_param *params,
    size_t n, struct errinfo *ei);
/* Was it begun, so that some of it is there? */
bool options_begun(struct session *s, const char *kind, const struct api_param *params, size_t n);
/* How many rows it had when it was counted last, 0 when nobody did; *requests that all of it costs. */
size_t options_expected(
    const char *kind, const struct api_param *params, size_t n, size_t *requests);
/* Fetch again although it is fresh. */
void options_refetch(struct session *s, const char *kind, const struct api_param *params, size_t n);

/* The scope of these parameters as the catalogue knows it ("country_code=US&location_type=CITIES"),
 * with the parameters that are added by themselves. ERR_LIMIT when there are too many. */
enum err options_scope(struct buf *out, const char *kind, const struct api_param *params, size_t n);

struct options_row { /* a look-up that was used in this run */
	const char *kind, *scope;
	struct data_state state;
};
bool options_at(const struct session *s, size_t i, struct options_row *out); /* false: the end */

#endif
