#include "tui/marks.h"

#include <string.h>
#include "base/mem.h"

/* Keys are often small or sequential numbers: spread them (Fibonacci hashing). */
static size_t home(const struct list_marks *m, uint64_t key)
{
	return (size_t)(key * 0x9E3779B97F4A7C15u >> 17) & (m->cap - 1);
}

static size_t slot_of(const struct list_marks *m, uint64_t key)
{
	size_t i = home(m, key);

	while (m->slots[i] && m->slots[i] != key)
		i = (i + 1) & (m->cap - 1);
	return i;
}

static enum err grow(struct list_marks *m)
{
	struct list_marks more = {.cap = m->cap ? m->cap * 2 : 64};

	more.slots = mem_array(more.cap, sizeof *more.slots);
	if (!more.slots)
		return ERR_NOMEM;
	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i])
			more.slots[slot_of(&more, m->slots[i])] = m->slots[i];
	more.count = m->count;
	mem_free(m->slots);
	*m = more;
	return ERR_OK;
}

static void remove_at(struct list_marks *m, size_t i)
{
	size_t mask = m->cap - 1, hole = i;

	for (size_t k = (i + 1) & mask; m->slots[k]; k = (k + 1) & mask) {
		size_t h = home(m, m->slots[k]);

		/* may the entry at k move to the hole without passing its home? */
		if (((k - h) & mask) >= ((k - hole) & mask)) {
			m->slots[hole] = m->slots[k];
			hole = k;
		}
	}
	m->slots[hole] = 0;
	m->count--;
}

enum err marks_set(struct list_marks *m, uint64_t key, bool on)
{
	size_t i;

	if (key == 0 || (!on && m->count == 0))
		return ERR_OK;
	if (on && (m->count + 1) * 4 > m->cap * 3) {
		enum err e = grow(m);

		if (e != ERR_OK)
			return e;
	}
	i = slot_of(m, key);
	if (on && !m->slots[i]) {
		m->slots[i] = key;
		m->count++;
	} else if (!on && m->slots[i]) {
		remove_at(m, i);
	}
	return ERR_OK;
}

bool marks_has(const struct list_marks *m, uint64_t key)
{
	return m->count && key && m->slots[slot_of(m, key)] == key;
}

void marks_clear(struct list_marks *m)
{
	if (m->count)
		memset(m->slots, 0, m->cap * sizeof *m->slots);
	m->count = 0;
}

void marks_done(struct list_marks *m)
{
	mem_free(m->slots);
	*m = (struct list_marks){0};
}
