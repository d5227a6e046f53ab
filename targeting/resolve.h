/* A pasted block of places, handles, ids or names, line by line, against the options that are known.
 *
 * Only what leaves no doubt is taken by itself: a value, or a whole name that one option has. A part
 * of a name ("Los Angeles", "Springfield") is offered as a choice even when one option fits, since
 * the options at hand may not be all there are. Case, accents, punctuation and blanks do not count. */
#ifndef RETICLE_TARGETING_RESOLVE_H
#define RETICLE_TARGETING_RESOLVE_H

#include <stddef.h>
#include "base/arena.h"
#include "base/err.h"
#include "targeting/model.h"
#include "targeting/set.h"

#define RESOLVE_MAX_CHOICES 20 /* of one line; more are not a choice but a search */

enum resolve_kind {
	RESOLVE_EXACT, /* choices[0] is meant */
	RESOLVE_AMBIGUOUS, /* one or several options may be meant: choose */
	RESOLVE_UNKNOWN,
};

struct resolve_line {
	size_t line; /* from 1 */
	const char *text; /* trimmed */
	enum resolve_kind kind;
	const size_t *choices; /* into the options, in their order */
	size_t n_choices;
	size_t n_more; /* fitting options beyond RESOLVE_MAX_CHOICES */
};

struct resolve_index { /* borrows the options, which must outlive it */
	struct arena arena;
	const struct option *options;
	size_t n;
	struct set_index by_value, by_name, by_part; /* to the first row; `next` leads on */
	size_t *next_name, *next_part;
};

struct resolve_result {
	struct arena arena;
	struct resolve_line *v;
	size_t n, cap;
	size_t n_exact, n_ambiguous, n_unknown, n_duplicates;
};

void resolve_index_init(struct resolve_index *x);
void resolve_index_done(struct resolve_index *x);
enum err resolve_index_build(struct resolve_index *x, const struct option *options, size_t n);

void resolve_result_init(struct resolve_result *r);
void resolve_result_done(struct resolve_result *r);
/* Lines may end in a comma or semicolon; empty ones are passed over, repeated ones counted. */
enum err resolve_block(
    struct resolve_result *r, const struct resolve_index *x, const char *text, size_t n);

#endif
