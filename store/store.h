/* Everything the program remembers, in SQLite:
 *   cache.db (cache directory)  catalogue and snapshot: what the API can give again. Disposable.
 *   state.db (state directory)  drafts, journal, leases, screen state. WAL, synchronous=FULL.
 *   edits.log (state directory) a second, readable, hashed copy of drafts and transitions.
 *
 * One handle, one thread. Nothing here waits for the network. A damaged cache is set aside and made
 * anew; a damaged state.db is set aside, never deleted, and rebuilt from edits.log. What happened is
 * in store_message(), one line each, for the screen.
 *
 * Rows belong to a realm (host and API version), so that a sandbox never mixes with the real API:
 * call store_bind() before anything of catalog.h, snapshot.h, drafts.h, journal.h, lock.h. */
#ifndef RETICLE_STORE_STORE_H
#define RETICLE_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "config/paths.h"

struct store;

/* NULL only without memory. When the cache directory cannot be used the cache is kept in memory;
 * when the state directory cannot be used the store is read-only for staging and applying
 * (store_can_stage is false). Both leave a message. */
struct store *store_open(const struct paths *p, struct errinfo *ei);
void store_close(struct store *s); /* NULL is allowed */

/* host such as "ads-api.x.com" or, for the demo whose port changes, "demo"; version "12". */
enum err store_bind(struct store *s, const char *host, const char *api_version, struct errinfo *ei);

bool store_can_stage(const struct store *s);
/* state.db was damaged and rebuilt: applying is refused until the user has seen the message. */
bool store_needs_acknowledgement(const struct store *s);
void store_acknowledge(struct store *s);

/* Lines for people about what the store had to do by itself; i from 0, NULL at the end. They stay
 * until the store is closed, and more may come while it is used. */
const char *store_message(const struct store *s, size_t i);

/* Forget what can be fetched again (catalogue, snapshot). */
enum err store_clear_cache(struct store *s, struct errinfo *ei);
/* Thorough check of both databases (PRAGMA quick_check), for `doctor` and before the first apply. */
enum err store_verify(struct store *s, struct errinfo *ei);

/* Where the journal was when something began: its last event, by number and by the hash of all up to it,
 * and the time since the machine started. What began before a posting and what after it is told by this
 * without the clock on the wall, which anybody may set. Plain data; all 0: not known. */
struct journal_point {
	int64_t seq;
	uint64_t hash;
	int64_t mono_ms;
};

/* A list that is being fetched page by page; plain data, nothing to free. Several may be open. While
 * a list is fetched again its old complete version stays what readers see. */
struct store_fetch {
	int64_t generation, owner;
	int64_t n; /* records stored so far */
	int64_t began; /* when the first page was asked for, by our clock */
	int64_t
	    clock_skew_s; /* set by the caller: the server's clock minus ours, 0 when not known */
	int kind; /* internal */
	char cursor[256]; /* where to go on, "" from the start */
};

#endif
