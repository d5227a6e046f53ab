#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>
#include "base/mem.h"

#ifndef ARENA_BLOCK
#define ARENA_BLOCK 16384u
#endif

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	alignas(max_align_t) unsigned char data[];
};

void arena_init(struct arena *a)
{
	*a = (struct arena){0};
}

void arena_done(struct arena *a)
{
	struct arena_block *b = a->head;

	while (b) {
		struct arena_block *next = b->next;

		mem_free(b);
		b = next;
	}
	*a = (struct arena){0};
}

static void *take(struct arena *a, size_t n, size_t align)
{
	struct arena_block *b = a->head;
	size_t at = b ? (b->used + align - 1) & ~(align - 1) : 0;

	if (!b || at > b->size || n > b->size - at) {
		size_t size = n > ARENA_BLOCK / 4 ? n : ARENA_BLOCK;
		struct arena_block *fresh;

		if (n > SIZE_MAX - sizeof *b - align)
			return NULL;
		fresh = mem_alloc(sizeof *fresh + size);
		if (!fresh)
			return NULL;
		fresh->used = 0;
		fresh->size = size;
		/* a block made for one large piece goes behind the current one, which has room left */
		if (b && size != ARENA_BLOCK) {
			fresh->next = b->next;
			b->next = fresh;
		} else {
			fresh->next = b;
			a->head = fresh;
		}
		b = fresh;
		at = 0;
	}
	b->used = at + n;
	a->bytes += n;
	return b->data + at;
}

void *arena_alloc(struct arena *a, size_t n)
{
	void *p = take(a, n, alignof(max_align_t));

	if (p)
		memset(p, 0, n);
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *p = take(a, n + 1, 1);

	if (!p)
		return NULL;
	memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return s ? arena_strndup(a, s, strlen(s)) : NULL;
}
