/* Targeting-option look-ups (locations, interests, ...) kept on disk until they are too old.
 *
 * kind is the name under /targeting_criteria/ ("locations"); scope the canonical query that was
 * asked ("" for all, "country_code=US&location_type=CITIES"). A set that is only partly fetched is
 * usable, and goes on where it stopped, even in a later run. */
#ifndef RETICLE_STORE_CATALOG_H
#define RETICLE_STORE_CATALOG_H

#include "base/buf.h"
#include "store/store.h"
#include "targeting/model.h"

struct catalog_set {
	struct option_set options; /* const for everybody; in the order of the API */
	int64_t fetched_at; /* when the fetching of it ended (or last went on) */
	bool complete;
};

struct catalog_info {
	size_t n;
	int64_t fetched_at; /* 0: nothing stored */
	bool complete;
};

/* Start to fetch. With resume an interrupted fetch of the last 24 hours goes on at f->cursor (its
 * pages are kept), else from the start. */
enum err catalog_begin(struct store *s, const char *kind, const char *scope, bool resume,
    struct store_fetch *f, struct errinfo *ei);
/* Store one page, durable as a whole. next_cursor NULL or "": it was the last page, the set is
 * complete and replaces its predecessor. ERR_CANCELLED when another terminal took this fetch over
 * or the cache was made anew: drop the fetch. */
enum err catalog_put(struct store *s, struct store_fetch *f, const struct option_set *page,
    const char *next_cursor, struct errinfo *ei);

/* Fetches of the last 24 hours that were stopped; i from 0, false: the end. */
bool catalog_stopped(struct store *s, size_t i, struct buf *kind, struct buf *scope);

/* What is stored, without loading it; fetched_at 0 when nothing. */
struct catalog_info catalog_info(struct store *s, const char *kind, const char *scope);
/* Is it complete and not older than days? */
bool catalog_is_fresh(struct store *s, const char *kind, const char *scope, int64_t days);

/* The complete set, else as far as it was fetched; NULL when nothing is stored or without memory.
 * Shared and unchanging; stays valid until catalog_release, whatever happens to the store. */
const struct catalog_set *catalog_get(
    struct store *s, const char *kind, const char *scope, struct errinfo *ei);
void catalog_release(const struct catalog_set *set); /* NULL is allowed */

/* Append the option with this value in any scope of kind to out. ERR_NOTFOUND when it is not known. */
enum err catalog_find(struct store *s, const char *kind, const char *value, struct option_set *out,
    struct errinfo *ei);

/* fetched_at of the oldest set that was given out since the store was opened; 0 when none was. */
int64_t catalog_oldest_used(const struct store *s);

#endif
