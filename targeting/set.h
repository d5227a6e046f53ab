/* Sets of criteria: when two criteria are the same, and the algebra that follows from it.
 *
 * The natural key of a criterion is line item, targeting type, operator and canonical value. The
 * canonical value is NFC; of keywords it is also case-folded, trimmed and has single spaces, since
 * keywords match that way. The API has no such notion: it is what makes an edit, a merge and the
 * settlement of a lost answer well defined. Criteria marked deleted are in no set. */
#ifndef RETICLE_TARGETING_SET_H
#define RETICLE_TARGETING_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/buf.h"
#include "targeting/change.h"
#include "targeting/model.h"

/* --- keys */

struct set_key {
	const char *line_item_id, *type_name;
	const char
	    *value; /* canonical; the criterion's own bytes when they are canonical already */
	enum targeting_type type;
	enum operator_type op;
	uint64_t hash;
};

/* Fill k; it borrows from c and, where the value has to change, from the arena. ERR_NOMEM only. */
enum err set_key_of(struct arena *a, const struct criterion *c, struct set_key *k);
/* After changing parts of a key by hand (value has to stay canonical). */
void set_key_rehash(struct set_key *k);
bool set_key_equal(const struct set_key *a, const struct set_key *b);
/* The canonical form of a value alone: canonical(canonical(x)) == canonical(x). Invalid UTF-8 is
 * left as it is. */
enum err set_canonical(struct arena *a, enum targeting_type t, const char *value, const char **out);
/* A criterion id as a key, so that one index serves both; equal to no key of a criterion. */
void set_key_of_id(const char *criterion_id, struct set_key *k);
/* The key as bytes, for digests and for the journal: no two different keys give the same bytes. */
enum err set_key_bytes(struct buf *out, const struct set_key *k);

/* --- hash index of keys: key -> row number of the first criterion that has it */

struct set_index {
	struct set_slot *slots;
	size_t n, cap;
	unsigned gen; /* slots of another generation are empty: clearing costs nothing */
};

void set_index_init(struct set_index *x);
void set_index_done(struct set_index *x);
void set_index_clear(struct set_index *x); /* empty, memory kept */
/* Put k -> row. When the key is there already nothing changes and *found is its row, else
 * *found == row. The key's strings must outlive the index. */
enum err set_index_put(struct set_index *x, const struct set_key *k, size_t row, size_t *found);
bool set_index_get(const struct set_index *x, const struct set_key *k, size_t *row);

/* --- algebra; rows that one set has twice count once. Results hold deep copies. */

enum err set_equal(const struct criterion_set *a, const struct criterion_set *b, bool *equal);
enum err set_union(
    const struct criterion_set *a, const struct criterion_set *b, struct criterion_set *out);
enum err set_minus(const struct criterion_set *a, const struct criterion_set *b,
    struct criterion_set *out); /* in a, not in b */
enum err set_common(
    const struct criterion_set *a, const struct criterion_set *b, struct criterion_set *out);

/* The least changes that make a to b: deletes of every row of a whose key b lacks (all of them when
 * a has it twice), then creates of what a lacks. apply(diff(a, b), a) equals b. */
enum err set_diff(
    const struct criterion_set *a, const struct criterion_set *b, struct change_set *out);
/* a after the changes. A delete finds its row by criterion id, or all rows by key if it has none;
 * what is already gone or already there is passed over, and so are held changes. Deletes are about
 * rows of a, whatever their place among the changes. Created rows have no id. */
enum err set_apply(
    const struct change_set *changes, const struct criterion_set *a, struct criterion_set *out);

/* --- three-way merge */

enum set_merge_why {
	MERGE_CLEAN, /* at most one side touched it, or both did the same */
	MERGE_BOTH_ADDED, /* both added: sent once */
	MERGE_BOTH_REMOVED,
	MERGE_EXCLUSIVE, /* each side chose another value of a type of which one is allowed */
	MERGE_OPPOSED, /* one side includes what the other excludes */
};

struct set_merge_row {
	const struct criterion *criterion; /* of mine, else of theirs, else of base */
	bool in_base, in_theirs, in_mine;
	bool in_result; /* as both sides wanted; for a conflict: what mine says */
	enum set_merge_why why;
};

struct set_merge { /* rows borrow from the three sets */
	struct arena arena;
	struct set_merge_row *v;
	size_t n, cap;
	size_t n_conflicts; /* rows that are MERGE_EXCLUSIVE or MERGE_OPPOSED: ask the user */
	size_t n_foreign; /* rows that only they changed */
};

void set_merge_init(struct set_merge *m);
void set_merge_done(struct set_merge *m);
/* The rule: a key of base stays when both kept it; a new key comes when either added it. */
enum err set_merge(const struct criterion_set *base, const struct criterion_set *theirs,
    const struct criterion_set *mine, struct set_merge *out);

#endif
