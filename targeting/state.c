#include "targeting/state.h"

#include <stdlib.h>
#include <string.h>
#include "targeting/set.h"

/* Every line in one buffer, sorted through an index of where they start. */
struct lines {
	struct buf text;
	struct arena arena;
	const char **v;
	size_t n;
};

#define MAX_STATE_BYTES (256u * 1024 * 1024)

static enum err add_line(
    struct lines *l, const struct criterion *c, bool with_line_item, size_t *start)
{
	struct criterion bare = *c;
	struct set_key key;
	enum err err;

	if (!with_line_item)
		bare.line_item_id = "";
	err = set_key_of(&l->arena, &bare, &key);
	*start = l->text.len;
	if (!err)
		err = set_key_bytes(&l->text, &key);
	if (!err && with_line_item)
		err = buf_addf(&l->text, " %zu:%s %lld", strlen(c->id ? c->id : ""),
		    c->id ? c->id : "", (long long)c->updated_at);
	return err ? err : buf_add(&l->text, "\n", 2); /* the NUL ends it for strcmp */
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum err write_sorted(struct lines *l, size_t *start, bool unique, struct buf *out)
{
	l->v = arena_alloc(&l->arena, (l->n + 1) * sizeof *l->v);
	if (!l->v)
		return ERR_NOMEM;
	for (size_t i = 0; i < l->n; i++)
		l->v[i] = l->text.p + start[i];
	qsort(l->v, l->n, sizeof *l->v, compare);
	for (size_t i = 0; i < l->n; i++)
		if (!unique || !i || strcmp(l->v[i], l->v[i - 1]) != 0)
			buf_adds(out, l->v[i]);
	return out->failed;
}

static enum err write_state(
    struct buf *out, const struct criterion *const *v, size_t n, bool with_line_item)
{
	struct lines l = {0};
	size_t *start;
	enum err err = ERR_OK;

	arena_init(&l.arena);
	buf_init(&l.text, MAX_STATE_BYTES);
	start = arena_alloc(&l.arena, (n + 1) * sizeof *start);
	if (!start)
		err = ERR_NOMEM;
	for (size_t i = 0; i < n && !err; i++)
		if (!v[i]->deleted)
			err = add_line(&l, v[i], with_line_item, &start[l.n++]);
	if (!err)
		err = write_sorted(&l, start, !with_line_item, out);
	buf_done(&l.text);
	arena_done(&l.arena);
	return err;
}

enum err state_reach_bytes(struct buf *out, const struct criterion *const *v, size_t n)
{
	return write_state(out, v, n, false);
}

enum err state_account_bytes(struct buf *out, const struct criterion *v, size_t n)
{
	const struct criterion **list;
	struct arena a;
	enum err err = ERR_NOMEM;

	arena_init(&a);
	list = arena_alloc(&a, (n + 1) * sizeof *list);
	for (size_t i = 0; i < n && list; i++)
		list[i] = &v[i];
	if (list)
		err = write_state(out, list, n, true);
	arena_done(&a);
	return err;
}
