/* What the account knows, for the pure code of targeting/: names of values, audiences, campaigns,
 * options. Used by the criteria view and by the review. */
#ifndef RETICLE_SESSION_JUDGE_H
#define RETICLE_SESSION_JUDGE_H

#include "base/arena.h"
#include "base/map.h"
#include "targeting/expr.h"
#include "targeting/rules.h"
#include "session/session.h"

/* Name of a criterion's value for people: the audience's or campaign's own name, the label of a
 * fixed choice, else what the API calls it, else the value. Never NULL; borrowed. */
const char *judge_label(const struct session *s, const struct criterion *c);
/* For expr_line and plans: names, and the OS of devices as far as the look-ups are cached. */
struct expr_lookup judge_expr_lookup(struct session *s);
void judge_forget(struct session *s); /* called by session.c */
/* For rules_check. What was looked up in the catalogue is kept, and stays where it is, until
 * judge_done: one for a whole check. */
struct judge {
	struct session *session;
	struct arena found; /* struct option, and their strings */
	struct map
	    known; /* "KIND:VALUE" to the address of its option, or to what is known instead */
	const struct catalog_set *contents; /* content categories; NULL: not asked for yet */
};
void judge_init(struct judge *j, struct session *s);
void judge_done(struct judge *j);
struct rule_lookup judge_rule_lookup(struct judge *j);
/* Fetch, unless the cache has it, what rules about a whole set need when a criterion of this type is in
 * it: a judge only looks at what is there. */
void judge_want_lookups(struct session *s, enum targeting_type t);

#endif
