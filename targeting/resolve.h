/* A pasted block of places, handles, ids or names, line by line, against the options that are known.
 * (Keywords have a notation of their own: keyword.h.)
 *
 * Only what leaves no doubt is taken by itself: a value, or a whole name that one option has. A part
 * of a name ("Los Angeles", "60004", "Portland, OR", "London, GB") is offered as a choice even when
 * one option fits, since the options at hand may not be all there are; a postal code is taken when the
 * caller says that all of its country are at hand (index.codes). Case, accents, punctuation
 * (the @ of a handle too) and blanks do not count. A line is one thing, since names hold commas; only
 * numbers and @handles may stand several in a line, with commas, semicolons or tabs between them. */
#ifndef RETICLE_TARGETING_RESOLVE_H
#define RETICLE_TARGETING_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/err.h"
#include "targeting/model.h"
#include "targeting/set.h"

#define RESOLVE_MAX_CHOICES 100 /* of one line; more are not a choice but a search */
#define RESOLVE_MAX_BYTES 4096 /* of one line; longer ones are unknown */

enum resolve_kind {
	RESOLVE_EXACT, /* choices[0] is meant */
	RESOLVE_AMBIGUOUS, /* one or several options may be meant: choose */
	RESOLVE_UNKNOWN,
	RESOLVE_VALUE, /* no option has it, but `text` is a value by its form (index.numbers) */
};

struct resolve_line {
	size_t line; /* from 1 */
	const char *text; /* trimmed; raw, may be invalid UTF-8; cut when it was too long */
	enum resolve_kind kind;
	const size_t *choices; /* into the options, in their order */
	size_t n_choices;
	size_t n_more; /* fitting options beyond RESOLVE_MAX_CHOICES */
};

struct resolve_index { /* borrows the options, which must outlive it */
	struct arena arena;
	bool numbers; /* the caller sets it after building: 1 to 19 digits are a value (user ids) */
	/* The caller sets it after building: every postal code of the one country that can be meant is
	 * among the options, so that one that stands for a single option leaves no doubt. */
	bool codes;
	const struct option *options;
	size_t n;
	struct set_index by_value, by_name, by_part; /* to the first row; `next` leads on */
	size_t *next_name, *next_part;
};

struct resolve_result {
	struct arena arena;
	struct resolve_line *v;
	size_t n, cap;
	size_t n_exact, n_ambiguous, n_unknown, n_value;
	size_t n_duplicates; /* lines that say what an earlier one said; they are left out */
};

void resolve_index_init(struct resolve_index *x);
void resolve_index_done(struct resolve_index *x);
enum err resolve_index_build(struct resolve_index *x, const struct option *options, size_t n);

/* Is there a line that has the form of a postal code ("60004", "SW1A 1AA", "1012 AB")? Some of them are
 * other things: it says only that postal codes are worth looking up. */
bool resolve_has_codes(const char *text, size_t n);

void resolve_result_init(struct resolve_result *r);
void resolve_result_done(struct resolve_result *r);
/* Lines may end in a comma or semicolon; empty ones are passed over, repeated ones counted, also
 * when they say it in other words (an id and its name). ERR_NOMEM only. */
enum err resolve_block(
    struct resolve_result *r, const struct resolve_index *x, const char *text, size_t n);

#endif
