/* Memory that lives and dies together: a page of records, the strings of a list.
 * Pointers stay valid until arena_done; nothing is freed one by one. */
#ifndef RETICLE_BASE_ARENA_H
#define RETICLE_BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *head;
	size_t bytes; /* handed out so far */
};

void arena_init(struct arena *a);
void arena_done(struct arena *a);
void *arena_alloc(struct arena *a, size_t n); /* aligned for any type, zeroed; NULL: no memory */
char *arena_strndup(struct arena *a, const char *s, size_t n); /* adds a NUL */
char *arena_strdup(struct arena *a, const char *s); /* NULL stays NULL */

#endif
