/* Estimates of reach: how many people a set of criteria addresses (reference 6.1). Asked of X in the
 * background once the user rests, kept by the canonical set, so that undoing an edit costs nothing
 * and two line items with one targeting ask once. Kept in memory only: an estimate is true today. */
#ifndef RETICLE_SESSION_REACH_H
#define RETICLE_SESSION_REACH_H

#include "api/api.h"
#include "base/buf.h"
#include "targeting/model.h"
#include "session/session.h"

#define REACH_KEY_SIZE 65 /* SHA-256 of the canonical set in hex */
#define REACH_REST_MS 400 /* an edit is followed by another one more often than not */
#define REACH_WORDS 200 /* room for reach_words */
#define REACH_RANGE 56 /* room for reach_range */

enum reach_state {
	REACH_NONE, /* never asked, or there is no network */
	REACH_EMPTY, /* no criterion: everybody, which X does not estimate */
	REACH_NO_PRIMARY, /* X estimates no set without a primary criterion (R61) */
	REACH_WAITING, /* asked soon, or under way; `value` holds when known_at is not 0 */
	REACH_KNOWN,
	REACH_SPARED, /* the budget that writes share is low: only asked on request */
	REACH_FAILED, /* ei says why */
};

struct reach {
	enum reach_state state;
	struct estimate value;
	int64_t at; /* when X said so; 0: never */
	size_t left_out; /* criteria with other operators than the estimate takes (EQ, NE) */
	struct errinfo ei;
};

struct reach_set {
	const struct criterion *const *v;
	size_t n;
};

enum reach_when {
	REACH_WHEN_RESTING, /* replaces what waits; background; spares the budget */
	REACH_NOW, /* the user asked: at once, also when it is known already */
	REACH_NOW_UNLESS_KNOWN, /* the user asked, but an earlier answer will do */
};

/* Ask for the reach of these sets. The criteria are copied. keys[i] is what reach_get takes; it is
 * filled whether or not there is a network. ERR_NOMEM or what the digest says. */
enum err reach_want(struct session *s, const struct reach_set *sets, size_t n, enum reach_when when,
    char (*keys)[REACH_KEY_SIZE]);
/* The key of a set, as reach_want fills it; needs no network. */
enum err reach_key(const struct reach_set *set, char key[REACH_KEY_SIZE]);
/* Would X estimate the set? REACH_WAITING when it would, else why not. */
enum reach_state reach_state_of(const struct reach_set *set);
struct reach reach_get(const struct session *s, const char *key); /* "" is never known */

/* "38.2M-42.2M"; like this */
const char *reach_range(const struct estimate *e, char out[REACH_RANGE]);
/* One of the two in words: the range, "asking...", or why not. */
void reach_words(const struct reach *r, char out[REACH_WORDS]);
/* Both with the difference: "38.2M-42.2M -> 9.1M-10.4M (-76%)". Same: one set, nothing staged. */
void reach_difference(
    const struct reach *before, const struct reach *after, bool same, struct buf *out);
/* The same with its age, and what the estimate leaves out. */
void reach_line(const struct reach *before, const struct reach *after, bool same, struct buf *out);
/* Change of the middle of the range in percent; false when it cannot be told. */
bool reach_change(const struct reach *before, const struct reach *after, long *percent);

/* parts, called by session.c */
bool reach_busy(const struct session *s);
void reach_forget(struct session *s); /* another account, or the end */

#endif
