#include "session/clip.h"

#include "base/mem.h"
#include "targeting/effective.h"
#include "targeting/set.h"
#include "session/internal.h"
#include "session/staging.h"

struct clip {
	struct criterion_set set;
};

const struct criterion_set *clip_get(const struct session *s)
{
	static const struct criterion_set none;

	return s->clip ? &s->clip->set : &none;
}

void clip_forget(struct session *s)
{
	if (!s->clip)
		return;
	criterion_set_done(&s->clip->set);
	mem_free(s->clip);
	s->clip = NULL;
}

/* The line item does not count: what is copied belongs to none. */
static enum err add_once(struct criterion_set *set, struct set_index *seen, struct arena *keys,
    const struct criterion *c)
{
	struct criterion copy = *c;
	struct set_key key;
	size_t found;
	enum err err;

	copy.id = NULL;
	copy.line_item_id = "";
	if (copy.deleted)
		return ERR_OK;
	err = set_key_of(keys, &copy, &key);
	if (!err)
		err = set_index_put(seen, &key, set->n, &found);
	if (!err && found == set->n && !criterion_set_copy(set, &copy))
		err = ERR_NOMEM;
	return err;
}

enum err clip_set(struct session *s, const struct criterion *const *v, size_t n)
{
	struct clip *clip = mem_zalloc(sizeof *clip);
	struct set_index seen;
	struct arena keys;
	enum err err = clip ? ERR_OK : ERR_NOMEM;

	if (err)
		return err;
	criterion_set_init(&clip->set);
	set_index_init(&seen);
	arena_init(&keys);
	for (size_t i = 0; i < n && !err; i++)
		err = add_once(&clip->set, &seen, &keys, v[i]);
	set_index_done(&seen);
	arena_done(&keys);
	if (err) {
		criterion_set_done(&clip->set);
		mem_free(clip);
		return err;
	}
	clip_forget(s);
	s->clip = clip;
	return ERR_OK;
}

enum err clip_set_line_items(
    struct session *s, const struct id_list *ids, size_t *unread, struct errinfo *ei)
{
	const struct change_set *staged = staging_changes(s);
	struct criterion_set live, all;
	const struct criterion **v = NULL;
	enum err err = ERR_OK;

	criterion_set_init(&all);
	*unread = 0;
	for (size_t i = 0; i < ids->n && !err; i++) {
		struct effective e;
		size_t unknown;

		criterion_set_init(&live);
		effective_init(&e);
		err = session_criteria(s, &ids->ids[i], 1, &live, &unknown, ei);
		if (!err)
			err = effective_build(
			    &e, &(struct effective_input){.line_item_id = ids->ids[i],
				    .live = live.v,
				    .n_live = live.n,
				    .changes = staged->v,
				    .n_changes = staged->n});
		*unread += unknown;
		for (size_t k = 0; k < e.n_after && !err; k++)
			err = criterion_set_copy(&all, e.after[k]) ? ERR_OK : ERR_NOMEM;
		effective_done(&e);
		criterion_set_done(&live);
	}
	v = err ? NULL : mem_array(all.n + 1, sizeof *v);
	for (size_t i = 0; v && i < all.n; i++)
		v[i] = &all.v[i];
	if (!err)
		err = v ? clip_set(s, v, all.n) : ERR_NOMEM;
	mem_free(v);
	criterion_set_done(&all);
	return err ? err_set(ei, err, "no memory to copy the criteria") : ERR_OK;
}
