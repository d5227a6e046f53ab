/* A pasted block of keywords, one a line or a cell, in the notation of the field:
 *   word word       plain: the match type that the caller chose
 *   "word word"     phrase
 *   [word word]     exact
 *   +word +word     broad, each word as it stands (the API expands broad words without a plus)
 *   -word           excluded; -"phrase" and -[exact] too
 * Rows are trimmed, have single spaces and are free of duplicates; bad lines are reported. */
#ifndef RETICLE_TARGETING_KEYWORD_H
#define RETICLE_TARGETING_KEYWORD_H

#include <stddef.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "targeting/types.h"

#define KEYWORD_MAX_BYTES 1000 /* ours: the API documents no limit, and refuses by itself */

struct keyword_row {
	const char *value; /* valid UTF-8 without controls */
	enum targeting_type type;
	enum operator_type op;
	size_t line; /* from 1 */
};

struct keyword_bad {
	size_t line;
	const char *text; /* the line as pasted, cut at 80 bytes; may be invalid UTF-8 */
	const char *why; /* literal: what to mend */
};

struct keyword_list {
	struct arena arena;
	struct keyword_row *v;
	size_t n, cap;
	struct keyword_bad *bad;
	size_t n_bad, bad_cap;
	size_t n_duplicates; /* rows that were pasted again and are left out */
};

void keyword_list_init(struct keyword_list *k);
void keyword_list_done(struct keyword_list *k);
/* Parse n bytes; plain rows get this type and operator. Empty lines are passed over. ERR_NOMEM, or
 * ERR_USAGE when plain is not a keyword type. */
enum err keyword_parse(struct keyword_list *k, const char *text, size_t n,
    enum targeting_type plain, enum operator_type plain_op);
/* A row of keyword_parse in its notation; parsed with the row's own type as the plain one and EQ it
 * gives the same row again. */
enum err keyword_write(struct buf *out, const struct keyword_row *row);

#endif
