/* What a paste or a find and replace would do to line items: every change that it proposes, with
 * what becomes of it. Nothing is staged by this. */
#ifndef RETICLE_SESSION_PROPOSE_H
#define RETICLE_SESSION_PROPOSE_H

#include "base/map.h"
#include "targeting/change.h"
#include "targeting/replace.h"
#include "session/session.h"

enum proposal_fate {
	PROPOSAL_NEW, /* will be staged */
	PROPOSAL_THERE, /* the line item has it already, or it is staged already */
	PROPOSAL_ILLEGAL, /* X would refuse it there: `why` names the rule */
	PROPOSAL_KEPT, /* found, but cannot be replaced: stays as it is */
};

struct proposal {
	struct change change; /* borrows from the proposals */
	enum proposal_fate fate;
	const char *why; /* "" for new ones */
};

struct proposals {
	struct arena arena;
	struct change_set changes;
	struct proposal *v;
	size_t n, cap;
	size_t count[PROPOSAL_KEPT + 1];
	size_t n_items; /* line items that would change */
	size_t n_unread; /* line items whose criteria are not known: nothing is proposed for them */
};

struct propose_what { /* one of the first two */
	const struct criterion_set *paste;
	const struct replace_rule *replace;
	const struct map
	    *only; /* rows that a replacement may touch (propose_scope_add); NULL: all */
};

enum err propose_scope_add(struct map *only, const struct criterion *c);

void proposals_init(struct proposals *p);
void proposals_done(struct proposals *p);
/* Build anew for these line items. */
enum err propose(struct proposals *p, struct session *s, const char *const *ids, size_t n,
    const struct propose_what *what, struct errinfo *ei);
/* Stage the new ones as one step. */
enum err proposals_stage(
    const struct proposals *p, struct session *s, size_t *staged, struct errinfo *ei);

/* A rule as text: "s/PATTERN/REPLACEMENT/" for keywords, or "TYPE=VALUE... -> TYPE=VALUE..." with
 * + or - in front of a type for included or excluded only; nothing behind the arrow removes; @ stands
 * for what was copied. Strings go to the arena. ERR_USAGE with what was expected. */
enum err propose_parse(struct arena *a, const char *text, const struct criterion_set *copied,
    struct replace_rule *out, struct errinfo *ei);

#endif
