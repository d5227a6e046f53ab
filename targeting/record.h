/* How the record sets of model.h and change.h are made: a table of the text fields of a record,
 * and from it the functions that MODEL_SET declares. Only the folder's own sources include it. */
#ifndef RETICLE_TARGETING_RECORD_H
#define RETICLE_TARGETING_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/mem.h"

/* Make room for one more element; false without memory, the array is then unchanged. */
static inline bool record_grow(void **v, size_t n, size_t *cap, size_t size)
{
	size_t want = *cap ? *cap * 2 : 16;
	void *p;

	if (n < *cap)
		return true;
	p = mem_realloc_array(*v, want, size);
	if (!p)
		return false;
	*v = p;
	*cap = want;
	return true;
}

/* Replace a text field by its copy in the arena. */
static inline bool record_own(struct arena *a, const char **field)
{
	if (!*field)
		return true;
	*field = arena_strdup(a, *field);
	return *field != NULL;
}

#define RECORD_OWN(field) &&record_own(&s->arena, &copy.field)

#define RECORD_SET(kind, FIELDS)                                                                   \
	void kind##_set_init(struct kind##_set *s)                                                 \
	{                                                                                          \
		*s = (struct kind##_set){0};                                                       \
		arena_init(&s->arena);                                                             \
	}                                                                                          \
	void kind##_set_done(struct kind##_set *s)                                                 \
	{                                                                                          \
		arena_done(&s->arena);                                                             \
		mem_free(s->v);                                                                    \
		kind##_set_init(s);                                                                \
	}                                                                                          \
	struct kind *kind##_set_add(struct kind##_set *s)                                          \
	{                                                                                          \
		void *v = s->v;                                                                    \
                                                                                                   \
		if (!record_grow(&v, s->n, &s->cap, sizeof *s->v))                                 \
			return NULL;                                                               \
		s->v = v;                                                                          \
		s->v[s->n] = (struct kind){0};                                                     \
		return &s->v[s->n++];                                                              \
	}                                                                                          \
	struct kind *kind##_set_copy(struct kind##_set *s, const struct kind *r)                   \
	{                                                                                          \
		struct kind copy = *r, *added; /* r may be in s, which may move */                 \
                                                                                                   \
		if (!(true FIELDS(RECORD_OWN)))                                                    \
			return NULL;                                                               \
		added = kind##_set_add(s);                                                         \
		if (added)                                                                         \
			*added = copy;                                                             \
		return added;                                                                      \
	}

#endif
