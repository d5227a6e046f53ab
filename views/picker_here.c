#include <string.h>
#include "base/mem.h"
#include "base/text.h"
#include "views/picker.h"
#include "session/staging.h"

/* Keywords are the same in upper and lower case (reference R30), ids are not. */
static enum err key_of(struct buf *out, enum targeting_type type, const char *value)
{
	buf_clear(out);
	buf_addf(out, "%s\n", type_info(type)->name);
	if (type_is_keyword(type))
		text_fold(out, value, strlen(value));
	else
		buf_adds(out, value);
	return out->failed;
}

#define KEY_MAX 4096

const struct pick_use *pick_here(
    const struct picker *p, enum targeting_type type, const char *value)
{
	const struct pick_use *found = NULL;
	struct buf key;
	uint64_t i;

	if (!p->n_uses)
		return NULL;
	buf_init(&key, KEY_MAX);
	if (key_of(&key, type, value) == ERR_OK && map_get(&p->here, buf_str(&key), &i))
		found = &p->uses[i];
	buf_done(&key);
	return found;
}

static struct pick_use *use_of(
    struct picker *p, enum targeting_type type, const char *value, struct buf *key)
{
	struct pick_use *more;
	uint64_t i;

	if (key_of(key, type, value))
		return NULL;
	if (map_get(&p->here, buf_str(key), &i))
		return &p->uses[i];
	if (p->n_uses == p->cap_uses) {
		size_t cap = p->cap_uses ? p->cap_uses * 2 : 64;

		more = mem_realloc_array(p->uses, cap, sizeof *more);
		if (!more)
			return NULL;
		p->uses = more;
		p->cap_uses = cap;
	}
	if (map_put(&p->here, buf_str(key), p->n_uses))
		return NULL;
	p->uses[p->n_uses] = (struct pick_use){0};
	return &p->uses[p->n_uses++];
}

static bool is_ours(const struct picker *p, const char *line_item_id)
{
	for (size_t i = 0; i < p->n_ids; i++)
		if (strcmp(p->ids[i], line_item_id) == 0)
			return true;
	return false;
}

static enum err read_staged(struct picker *p, struct buf *key)
{
	const struct change_set *set = staging_changes(p->session);

	for (size_t i = 0; i < set->n; i++) {
		const struct change *c = &set->v[i];
		struct pick_use *u;

		if (!is_ours(p, c->line_item_id))
			continue;
		u = use_of(p, c->type, c->value, key);
		if (!u)
			return ERR_NOMEM;
		if (c->kind == CHANGE_DELETE)
			u->removed++;
		else
			u->staged[c->op == OP_NE]++;
	}
	return ERR_OK;
}

enum err pick_here_read(struct picker *p)
{
	struct criterion_set live;
	struct buf key;
	struct errinfo ei;
	enum err err;

	map_done(&p->here);
	map_init(&p->here);
	p->n_uses = 0;
	criterion_set_init(&live);
	buf_init(&key, KEY_MAX);
	err = session_criteria(p->session, p->ids, p->n_ids, &live, &p->n_unread, &ei);
	for (size_t i = 0; i < live.n && !err; i++) {
		const struct criterion *c = &live.v[i];
		struct pick_use *u = c->deleted ? NULL : use_of(p, c->type, c->value, &key);

		if (u)
			u->live[c->op == OP_NE]++;
		else if (!c->deleted)
			err = ERR_NOMEM;
	}
	if (!err)
		err = read_staged(p, &key);
	p->n_without_location =
	    p->type == TYPE_TV_SHOW ? pick_without_location(p->session, p->ids, p->n_ids) : 0;
	buf_done(&key);
	criterion_set_done(&live);
	return err;
}

static bool has_location(struct session *s, const char *id, bool *unknown)
{
	const struct change_set *staged = staging_changes(s);
	struct criterion_set live;
	struct errinfo ei;
	size_t unread = 0;
	bool found = false;

	criterion_set_init(&live);
	if (session_criteria(s, &id, 1, &live, &unread, &ei))
		unread = 1;
	for (size_t i = 0; i < live.n && !found; i++)
		found = live.v[i].type == TYPE_LOCATION && !live.v[i].deleted;
	for (size_t i = 0; i < staged->n && !found; i++)
		found = staged->v[i].type == TYPE_LOCATION && staged->v[i].kind == CHANGE_CREATE &&
			strcmp(staged->v[i].line_item_id, id) == 0;
	criterion_set_done(&live);
	*unknown = unread > 0;
	return found;
}

size_t pick_without_location(struct session *s, const char *const *ids, size_t n)
{
	size_t without = 0;

	for (size_t i = 0; i < n; i++) {
		bool unknown;

		if (!has_location(s, ids[i], &unknown) && !unknown)
			without++;
	}
	return without;
}
