/* One staged edit of a line item's targeting: a criterion to create or one to delete. The API has
 * no update, so an edit of a criterion is a pair of the two with one group.
 *
 * Drafts store changes, the review shows them, the plan turns them into operations. A DELETE
 * carries the pre-image of what goes, so that it can be shown and reverted without the account. */
#ifndef RETICLE_TARGETING_CHANGE_H
#define RETICLE_TARGETING_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "targeting/model.h"

enum change_kind { CHANGE_CREATE, CHANGE_DELETE };

struct change {
	uint64_t id; /* row in the drafts; 0 when it is not stored yet */
	uint64_t group; /* edits that are undone together; 0: alone */
	const char *line_item_id;
	const char *criterion_id; /* DELETE: what goes; NULL for a CREATE */
	const char *type_name; /* as the API spells it */
	const char *value;
	const char *name; /* label for people; NULL when none is known */
	const char *location_type; /* LOCATION only; NULL otherwise */
	const char *note; /* the user's own words; NULL when none */
	enum change_kind kind;
	enum targeting_type type;
	enum operator_type op;
	bool held; /* stays staged, is left out of plans */
};

/* As MODEL_SET of model.h: the arena holds the strings, freeing the set frees all. */
struct change_set {
	struct arena arena;
	struct change *v;
	size_t n, cap;
};
void change_set_init(struct change_set *s);
void change_set_done(struct change_set *s);
struct change *change_set_add(struct change_set *s); /* zeroed, NULL without memory */
struct change *change_set_copy(struct change_set *s, const struct change *c); /* deep copy */

/* Fill c with the edit that creates or deletes this criterion. c borrows the strings of the
 * criterion: hand it to change_set_copy before the criterion goes. */
void change_from_criterion(struct change *c, enum change_kind kind, const struct criterion *cr);
/* The criterion that a change is about; borrows its strings. id is NULL for a CREATE. */
void change_to_criterion(const struct change *c, struct criterion *cr);

const char *change_kind_name(enum change_kind kind); /* "Create", "Delete", as in a batch */

#endif
