/* Find and replace over the criteria of line items: by value, by set, or by regular expression in
 * keywords. The API has no update, so a replacement is a delete and a create with one group; what
 * would be illegal is listed, not dropped in silence. */
#ifndef RETICLE_TARGETING_REPLACE_H
#define RETICLE_TARGETING_REPLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"
#include "targeting/change.h"
#include "targeting/model.h"
#include "targeting/set.h"

#define REPLACE_PATTERN_MAX 200 /* bytes of a regular expression: nobody reads longer ones */

struct replace_rule {
	/* Look for a line item that has all of these (type, value and, unless any_op, operator); or,
	 * when pattern is set, for keywords that match. */
	const struct criterion *find;
	size_t n_find;
	/* Put these in their place; none: only delete. name and location_type go along. */
	const struct criterion *with;
	size_t n_with;
	/* Replace whatever the operator; a single one that replaces a single one then keeps it. */
	bool any_op;
	const char *pattern; /* POSIX extended, case ignored, without back-references */
	const char
	    *replacement; /* of every match; & is the match, \1 to \9 its groups, \\ \& literal */
};

enum replace_why {
	REPLACE_OPERATOR, /* the new type does not take the operator */
	REPLACE_EMPTY, /* nothing would be left of the keyword */
	REPLACE_SPLIT, /* the pattern cuts a letter in two, as it can without a UTF-8 locale */
	REPLACE_LONG, /* the new keyword is longer than this program allows */
};
const char *replace_why_text(enum replace_why why);

struct replace_refusal {
	const struct criterion *criterion; /* the row that stays as it is */
	enum replace_why why;
};

struct replace {
	struct arena arena;
	struct change_set changes; /* to be staged; group counts from first_group */
	struct replace_refusal *refused;
	size_t n_refused, refused_cap;
	size_t n_rows, n_line_items; /* rows found, line items that change */
	size_t n_merged; /* rows whose replacement was there already: only deleted */
	uint64_t next_group;
	const struct replace_rule *rule;
	struct replace_state *state;
};

/* Check the rule and compile the pattern. first_group is given to the first pair of changes. The
 * rule must outlive r. ERR_USAGE with the reason in ei. */
enum err replace_init(
    struct replace *r, const struct replace_rule *rule, uint64_t first_group, struct errinfo *ei);
void replace_done(struct replace *r);
/* Go through the criteria of one line item; selected[i] says which rows may change (NULL: all).
 * Refusals borrow from v. */
enum err replace_line_item(
    struct replace *r, const struct criterion *v, size_t n, const bool *selected);

#endif
