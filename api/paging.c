/* Lists end: a cursor that comes twice, pages that bring nothing new, and cursors that are not
 * cursors are noticed here (docs/api.md "Paging"). */
#include "api/request.h"

#include <string.h>
#include "api/decode.h"
#include "base/map.h"
#include "base/mem.h"

enum {
	MAX_CURSOR = 4096,
	MAX_STALE_PAGES = 2, /* with rows, none of them new */
	MAX_EMPTY_PAGES = 10, /* in a row: a server may filter behind its paging */
};

struct hash_set {
	uint64_t *v; /* 0: free */
	size_t n, cap;
};

struct id_filter {
	struct hash_set ids, cursors;
	unsigned stale, empty;
};

struct id_filter *id_filter_new(void)
{
	return mem_zalloc(sizeof(struct id_filter));
}

void id_filter_free(struct id_filter *f)
{
	if (!f)
		return;
	mem_free(f->ids.v);
	mem_free(f->cursors.v);
	mem_free(f);
}

static bool place(uint64_t *v, size_t cap, uint64_t h)
{
	size_t i = (size_t)(h & (cap - 1));

	for (; v[i]; i = (i + 1) & (cap - 1))
		if (v[i] == h)
			return false;
	v[i] = h;
	return true;
}

/* Put a string's hash. 64 bits: two of a million ids are alike once in 37 million lists. */
static enum err put(struct hash_set *s, const char *key, bool *is_new)
{
	uint64_t h = map_hash(key) | 1;

	if (s->n * 2 >= s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 64;
		uint64_t *v = mem_array(cap, sizeof *v);

		if (!v)
			return ERR_NOMEM;
		for (size_t i = 0; i < s->cap; i++)
			if (s->v[i])
				place(v, cap, s->v[i]);
		mem_free(s->v);
		s->v = v;
		s->cap = cap;
	}
	*is_new = place(s->v, s->cap, h);
	s->n += *is_new;
	return ERR_OK;
}

enum err id_filter_page(struct id_filter *f, struct api_result *res, struct errinfo *ei)
{
	size_t rows = decode_rows(res), n_new = 0;
	bool *keep = mem_array(rows, sizeof *keep);
	enum err e = keep ? ERR_OK : ERR_NOMEM;

	for (size_t i = 0; i < rows && !e; i++) {
		const char *key = decode_row_key(res, i);

		keep[i] = true;
		if (key)
			e = put(&f->ids, key, &keep[i]);
		n_new += keep[i];
	}
	if (!e && n_new < rows)
		decode_filter(res, keep);
	mem_free(keep);
	if (e)
		return err_set(ei, e, "out of memory");
	f->empty = rows ? 0 : f->empty + 1;
	f->stale = rows && !n_new ? f->stale + 1 : 0;
	if (f->stale >= MAX_STALE_PAGES)
		return err_set(ei, ERR_PROTOCOL, "the list repeats its records; refresh");
	if (f->empty >= MAX_EMPTY_PAGES)
		return err_set(ei, ERR_PROTOCOL, "the list goes on without records; refresh");
	return ERR_OK;
}

enum err id_filter_cursor(struct id_filter *f, const char *cursor, struct errinfo *ei)
{
	bool is_new = true;

	if (strlen(cursor) > MAX_CURSOR)
		return err_set(ei, ERR_PROTOCOL, "the server sent a cursor of %zu bytes; refresh",
		    strlen(cursor));
	for (const char *p = cursor; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return err_set(
			    ei, ERR_PROTOCOL, "the server sent a cursor with control bytes");
	if (put(&f->cursors, cursor, &is_new))
		return err_set(ei, ERR_NOMEM, "out of memory");
	if (!is_new)
		return err_set(ei, ERR_PROTOCOL, "the server sent the same cursor twice; refresh");
	return ERR_OK;
}
