#include "base/map.h"

#include <string.h>
#include "base/mem.h"

struct map_slot {
	const char *key; /* NULL: free */
	uint64_t hash, value;
};

void map_init(struct map *m)
{
	*m = (struct map){0};
	arena_init(&m->keys);
}

void map_done(struct map *m)
{
	mem_free(m->slots);
	arena_done(&m->keys);
	*m = (struct map){0};
}

uint64_t map_hash_bytes(const void *p, size_t n)
{
	const unsigned char *s = p;
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ s[i]) * 1099511628211u;
	return h;
}

uint64_t map_hash(const char *key)
{
	return map_hash_bytes(key, strlen(key));
}

static struct map_slot *find(const struct map *m, const char *key, uint64_t hash)
{
	size_t i = (size_t)hash & (m->cap - 1);

	while (m->slots[i].key && (m->slots[i].hash != hash || strcmp(m->slots[i].key, key) != 0))
		i = (i + 1) & (m->cap - 1);
	return &m->slots[i];
}

static enum err grow(struct map *m)
{
	struct map next = *m;

	next.cap = m->cap ? m->cap * 2 : 16;
	next.slots = mem_array(next.cap, sizeof *next.slots);
	if (!next.slots)
		return ERR_NOMEM;
	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i].key)
			*find(&next, m->slots[i].key, m->slots[i].hash) = m->slots[i];
	mem_free(m->slots);
	m->slots = next.slots;
	m->cap = next.cap;
	return ERR_OK;
}

enum err map_put(struct map *m, const char *key, uint64_t value)
{
	uint64_t hash = map_hash(key);
	struct map_slot *s;

	if (m->count * 4 >= m->cap * 3) {
		enum err err = grow(m);

		if (err)
			return err;
	}
	s = find(m, key, hash);
	if (!s->key) {
		const char *copy = arena_strdup(&m->keys, key);

		if (!copy)
			return ERR_NOMEM;
		s->key = copy;
		s->hash = hash;
		m->count++;
	}
	s->value = value;
	return ERR_OK;
}

bool map_get(const struct map *m, const char *key, uint64_t *value)
{
	const struct map_slot *s;

	if (!m->count)
		return false;
	s = find(m, key, map_hash(key));
	if (!s->key)
		return false;
	if (value)
		*value = s->value;
	return true;
}
