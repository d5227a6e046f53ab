/* The boolean meaning of a set of criteria (reference 4), as a tree and as one line of text.
 *
 * Documented: criteria of one type are ORed; the primary types (keywords, audiences, interests,
 * followers, TV) form one union; every other type is ANDed with it. Inferred there, and followed
 * here: exclusions are subtracted last; engager retargeting filtered by engagement type is one
 * primary term; platforms and devices are ORed with each other, an OS version narrows those of
 * its own OS; network activation "less than" and "at least" form a range. */
#ifndef RETICLE_TARGETING_EXPR_H
#define RETICLE_TARGETING_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "targeting/model.h"

enum expr_role { EXPR_PRIMARY, EXPR_OTHER, EXPR_MODIFIER, EXPR_EXCLUDE };
/* What a criterion does to the reach; legacy types by what they meant. */
enum expr_role expr_role(enum targeting_type t, enum operator_type op);

enum expr_kind {
	EXPR_ALL, /* everyone worldwide */
	EXPR_ATOM, /* one criterion */
	EXPR_OR, /* children united */
	EXPR_AND, /* children intersected */
	EXPR_ENGAGED, /* children: targets (OR), engagement types (OR): engaged so with one of them */
	EXPR_MINUS, /* children: what is reached, what is subtracted (OR) */
};

struct expr {
	enum expr_kind kind;
	const struct criterion *atom; /* EXPR_ATOM; of an exclusion with its own operator */
	struct expr *child, *next; /* first child, next sibling */
	size_t n; /* number of children */
};

#define EXPR_OS_BYTES                                                                              \
	24 /* longest name of an operating system, with its NUL; longer ones are cut */

struct expr_lookup { /* each may be NULL */
	void *user;
	/* NULL: name, else value. The text lives at least until the next call of it. */
	const char *(*label)(void *user, const struct criterion *c);
	/* The operating system of a PLATFORM, DEVICE or PLATFORM_VERSION, written into os, which is ""
	 * before; left alone when it is not known. */
	void (*os)(void *user, const struct criterion *c, char os[EXPR_OS_BYTES]);
};

/* The tree of a set, in the arena; it borrows the criteria. Order within a group is kept. */
enum err expr_build(struct arena *a, const struct criterion *const *v, size_t n,
    const struct expr_lookup *lookup, struct expr **out);

/* One line for people: "(kw:nba | aud:CRM list) & loc:Canada & gender:Female - kw:tech", "everyone
 * worldwide" for the empty set. Of every group at most max_per_group members are written, the rest
 * as "+n more" (0: all). */
enum err expr_text(
    struct buf *out, const struct expr *e, const struct expr_lookup *lookup, size_t max_per_group);
/* expr_build and expr_text in one. */
enum err expr_line(struct buf *out, const struct criterion *const *v, size_t n,
    const struct expr_lookup *lookup, size_t max_per_group);

/* The exact form: types by their API names, values quoted where needed, nothing left out. Parsing
 * it gives an equal tree. */
enum err expr_exact(struct buf *out, const struct expr *e);
/* ERR_USAGE with position and expectation in ei. Criteria of the tree have no ids. */
enum err expr_parse(struct arena *a, const char *text, struct expr **out, struct errinfo *ei);
bool expr_equal(const struct expr *a, const struct expr *b);

/* The tree with one node a line, two blanks of indent a level. */
enum err expr_tree(struct buf *out, const struct expr *e, const struct expr_lookup *lookup);

/* Does it reach a person? match says whether a criterion describes the person, whatever its
 * operator; for EXPR_ENGAGED it is asked with the engagement type, else with NULL. */
typedef bool expr_match_fn(void *user, const struct criterion *c, const struct criterion *engaged);
bool expr_eval(const struct expr *e, expr_match_fn *match, void *user);

#endif
