/* Hash map from a byte string to a number: ids to row numbers. Keys are copied. */
#ifndef RETICLE_BASE_MAP_H
#define RETICLE_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"

struct map {
	struct map_slot *slots;
	size_t count, cap;
	struct arena keys;
};

void map_init(struct map *m);
void map_done(struct map *m);
enum err map_put(struct map *m, const char *key, uint64_t value); /* replaces */
bool map_get(const struct map *m, const char *key, uint64_t *value); /* value may be NULL */
uint64_t map_hash(const char *key); /* stable 64-bit hash (FNV-1a), for row keys */
uint64_t map_hash_bytes(const void *p, size_t n);

#endif
