/* What would change for a batch: it names what to make and what to remove, and the rest stays. */
#include "base/mem.h"
#include "cli/delta.h"

struct batch {
	struct delta *d;
	const struct targets *t;
	struct set_index live; /* first row of every key */
	struct arena arena;
	bool *stays; /* a row of live that the batch creates again: nothing changes */
};

static enum err index_live(struct batch *b)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < b->d->live.n && !err; i++) {
		struct set_key key;
		size_t found;

		if (b->d->live.v[i].deleted)
			continue;
		err = set_key_of(&b->arena, &b->d->live.v[i], &key);
		if (!err)
			err = set_index_put(&b->live, &key, i, &found);
	}
	return err;
}

static enum err add(struct delta *d, enum change_kind kind, const struct criterion *c)
{
	struct change change;

	change_from_criterion(&change, kind, c);
	return change_set_copy(&d->changes, &change) ? ERR_OK : ERR_NOMEM;
}

/* The creates of what is not there; what is there is marked. */
static enum err add_creates(struct batch *b, struct change_set *creates)
{
	const struct criterion_set *rows = &b->t->read.rows;
	enum err err = ERR_OK;

	for (size_t i = 0; i < rows->n && !err; i++) {
		struct set_key key;
		struct change c;
		size_t row;

		err = set_key_of(&b->arena, &rows->v[i], &key);
		if (!err && set_index_get(&b->live, &key, &row)) {
			b->stays[row] = true;
			continue;
		}
		change_from_criterion(&c, CHANGE_CREATE, &rows->v[i]);
		if (!err && !change_set_copy(creates, &c))
			err = ERR_NOMEM;
	}
	return err;
}

static enum err add_deletes(struct batch *b)
{
	const struct criterion_set *live = &b->d->live;
	enum err err = ERR_OK;

	for (size_t i = 0; i < live->n && !err; i++)
		if (!live->v[i].deleted && !b->stays[i] &&
		    map_get(&b->t->deletes, live->v[i].id, NULL))
			err = add(b->d, CHANGE_DELETE, &live->v[i]);
	return err;
}

enum err delta_of_batch(struct delta *d, const struct targets *t)
{
	struct batch b = {.d = d, .t = t, .stays = mem_array(d->live.n + 1, sizeof(bool))};
	struct change_set creates;
	enum err err = b.stays ? ERR_OK : ERR_NOMEM;

	arena_init(&b.arena);
	set_index_init(&b.live);
	change_set_init(&creates);
	if (!err)
		err = index_live(&b);
	if (!err)
		err = add_creates(&b, &creates);
	if (!err)
		err = add_deletes(&b);
	for (size_t i = 0; i < creates.n && !err; i++)
		err = change_set_copy(&d->changes, &creates.v[i]) ? ERR_OK : ERR_NOMEM;
	change_set_done(&creates);
	set_index_done(&b.live);
	arena_done(&b.arena);
	mem_free(b.stays);
	return err;
}
