/* Inside the catalogue: how each list is made. Only catalogue*.c include this. */
#ifndef RETICLE_SANDBOX_CATALOGUE_MAKE_H
#define RETICLE_SANDBOX_CATALOGUE_MAKE_H

#include "base/arena.h"
#include "sandbox/catalogue.h"

/* Numbers of TV shows: market i has SHOW_BASE + i * SHOW_SPAN and up. The span is such that
 * "NewsWatch" of the documents (reference 5.1) falls into en-US, the fifth market. */
#define SHOW_BASE 10000000000ull
#define SHOW_SPAN 6000000ull
#define SHOW_OF_DOCS 10027243420ull
#define SHOW_OF_DOCS_MARKET 4
#define SHOWS_PER_MARKET 3000

struct catalogue_list {
	struct arena arena;
	struct option_row *v;
	size_t n, cap;
	uint32_t *index; /* open addressing: row number + 1 by hash of the value */
	size_t index_cap;
	bool begun, complete; /* real rows are there; made-up rows too */
};

/* The rows that matter by themselves, and then those that only make up the volume: most values that
 * are looked up are among the first thousand, so a start need not make a hundred thousand. */
void catalogue_make(struct catalogue_list *l, enum option_kind kind, int64_t now_s);
void catalogue_make_rest(struct catalogue_list *l, enum option_kind kind);
void catalogue_make_places(struct catalogue_list *l);
void catalogue_make_more_places(struct catalogue_list *l);
void catalogue_make_topics(struct catalogue_list *l, enum option_kind kind, int64_t now_s);
void catalogue_make_more_topics(struct catalogue_list *l);

/* Append a row; strings are copied, the folded name is made. */
void catalogue_add(struct catalogue_list *l, const struct option_row *row);
/* The next of "A|B|C" into out; false at the end. */
bool catalogue_next(const char **names, char *out, size_t cap);

#endif
