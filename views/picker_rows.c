#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "targeting/rules.h"
#include "session/options.h"
#include "views/picker.h"
#include "views/rows.h"

void pick_rows_init(struct pick_rows *r)
{
	*r = (struct pick_rows){0};
	arena_init(&r->text);
}

void pick_rows_done(struct pick_rows *r)
{
	arena_done(&r->text);
	mem_free(r->v);
	pick_rows_init(r);
}

void pick_rows_clear(struct pick_rows *r)
{
	arena_done(&r->text);
	arena_init(&r->text);
	r->n = 0;
}

static struct pick_row *new_row(struct pick_rows *r)
{
	if (r->n == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 64;
		struct pick_row *v = mem_realloc_array(r->v, cap, sizeof *v);

		if (!v)
			return NULL;
		r->v = v;
		r->cap = cap;
	}
	r->v[r->n] = (struct pick_row){0};
	return &r->v[r->n++];
}

struct pick_row *pick_rows_add(struct pick_rows *r, const char *value, const char *name)
{
	const char *v = arena_strdup(&r->text, value);
	const char *n = arena_strdup(&r->text, name ? name : value);
	struct pick_row *row = v && n ? new_row(r) : NULL;

	if (row) {
		row->value = v;
		row->name = n;
		row->key = map_hash(v);
	}
	return row;
}

/* --- look-ups --- */

static bool is_shown(const struct picker *p, const struct option *o)
{
	/* places are asked for by kind, so that everything in their scopes is wanted */
	return !p->kind[0] || p->type == TYPE_LOCATION ||
	       (o->kind && strcmp(o->kind, p->kind) == 0);
}

static enum err add_options(
    struct picker *p, const struct option_set *set, struct map *present, bool once)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct option *o = &set->v[i];
		struct pick_row *row;

		if (!o->value || !is_shown(p, o) || (once && map_get(present, o->value, NULL)))
			continue;
		row = new_row(&p->rows);
		if (!row)
			return ERR_NOMEM;
		*row = (struct pick_row){.value = o->value,
		    .name = o->name ? o->name : o->value,
		    .kind = o->kind,
		    .country = o->country,
		    .extra = o->extra,
		    .key = map_hash(o->value),
		    .type = p->type};
	}
	return ERR_OK;
}

static enum err index_rows(const struct pick_rows *r, struct map *present)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < r->n && !err; i++)
		err = map_put(present, r->v[i].value, i);
	return err;
}

/* Marked rows of other facets come last, so that they can be seen, unmarked and taken. */
static enum err add_kept(struct picker *p, struct map *present)
{
	for (size_t i = 0; i < p->kept.n; i++) {
		const struct pick_row *k = &p->kept.v[i];
		struct pick_row *row;

		if (map_get(present, k->value, NULL) || !list_is_marked(&p->list, k->key))
			continue;
		row = new_row(&p->rows);
		if (!row)
			return ERR_NOMEM;
		*row = *k;
	}
	return ERR_OK;
}

static enum err build_options(struct picker *p, const struct pick_scope *scopes)
{
	struct map present;
	enum err err = ERR_OK;

	map_init(&present);
	pick_rows_clear(&p->rows);
	for (size_t i = 0; i < p->n_sets && !err; i++) {
		if (scopes[i].search)
			err = index_rows(&p->rows, &present);
		if (p->sets[i] && !err)
			err = add_options(p, &p->sets[i]->options, &present, scopes[i].search);
	}
	if (p->kept.n && !err)
		err = index_rows(&p->rows, &present);
	if (!err)
		err = add_kept(p, &present);
	map_done(&present);
	return err;
}

static enum err read_options(struct picker *p, bool *changed)
{
	const char *lookup = type_info(p->type)->lookup;
	struct pick_scope scopes[PICK_SCOPES];
	size_t n = pick_scopes(p, scopes);
	enum err err = ERR_OK;

	*changed = n != p->n_sets;
	for (size_t i = 0; i < n; i++) {
		const struct catalog_set *set =
		    scopes[i].search
			? options_search(p->session, lookup, scopes[i].params, scopes[i].n)
			: options_get(p->session, lookup, scopes[i].params, scopes[i].n);

		*changed = *changed || set != p->sets[i];
		p->sets[i] = set;
	}
	p->n_sets = n;
	if (*changed)
		err = build_options(p, scopes);
	return err;
}

/* --- fixed values --- */

static enum err read_enum(struct picker *p)
{
	size_t n;
	const struct type_enum_value *v = type_enum_values(p->type, &n);

	pick_rows_clear(&p->rows);
	for (size_t i = 0; i < n; i++) {
		struct pick_row *row = pick_rows_add(&p->rows, v[i].value, v[i].label);

		if (!row)
			return ERR_NOMEM;
		row->type = p->type;
	}
	return ERR_OK;
}

/* --- what the account owns --- */

static enum err add_audience(struct picker *p, const struct audience *a)
{
	struct pick_row *row = pick_rows_add(&p->rows, a->id, a->name);
	char size[32];
	struct buf why;

	if (!row)
		return ERR_NOMEM;
	row->type = p->type;
	row->kind = arena_strdup(&p->rows.text, a->audience_type);
	row->extra = arena_strdup(&p->rows.text,
	    a->audience_size < 0 ? "not known"
				 : table_number(size, (unsigned long long)a->audience_size));
	if (a->targetable)
		return ERR_OK;
	buf_init(&why, 2048);
	rules_audience_reasons(&why, a);
	row->warning = arena_strdup(&p->rows.text, buf_str(&why));
	buf_done(&why);
	return row->warning ? ERR_OK : ERR_NOMEM;
}

static enum err read_audiences(struct picker *p)
{
	const struct audience_set *set = session_audiences(p->session);
	enum err err = ERR_OK;

	pick_rows_clear(&p->rows);
	for (size_t i = 0; i < set->n && !err; i++)
		if (!set->v[i].deleted)
			err = add_audience(p, &set->v[i]);
	return err;
}

static enum err read_campaigns(struct picker *p)
{
	const struct campaign_set *set = session_campaigns(p->session);

	pick_rows_clear(&p->rows);
	for (size_t i = 0; i < set->n; i++) {
		struct pick_row *row;

		if (set->v[i].deleted)
			continue;
		row = pick_rows_add(&p->rows, set->v[i].id, set->v[i].name);
		if (!row)
			return ERR_NOMEM;
		row->type = p->type;
		row->kind = arena_strdup(&p->rows.text, set->v[i].entity_status);
	}
	return ERR_OK;
}

static enum err read_users(struct picker *p)
{
	const struct promotable_user_set *set = session_users(p->session);

	pick_rows_clear(&p->rows);
	for (size_t i = 0; i < set->n; i++) {
		const struct promotable_user *u = &set->v[i];
		struct pick_row *row;
		char name[96];
		bool full = u->promotable_user_type && strcmp(u->promotable_user_type, "FULL") == 0;

		if (u->deleted || !u->user_id)
			continue;
		snprintf(name, sizeof name, full ? "your account, user %s" : "user %s", u->user_id);
		row = pick_rows_add(&p->rows, u->user_id, name);
		if (!row)
			return ERR_NOMEM;
		row->type = p->type;
		row->kind = full ? "full" : "retweets only";
		if (!full && p->type == TYPE_FOLLOWERS_OF_USER)
			row->warning = "followers can be targeted only for an account that you may "
				       "promote fully";
	}
	return ERR_OK;
}

static enum data_kind own_kind(enum targeting_type t)
{
	switch (type_info(t)->value) {
	case VALUE_AUDIENCE:
		return DATA_AUDIENCES;
	case VALUE_CAMPAIGN:
		return DATA_CAMPAIGNS;
	default:
		return DATA_USERS;
	}
}

static enum err read_own(struct picker *p, bool *changed)
{
	enum data_kind kind = own_kind(p->type);
	uint64_t now = session_generation(p->session, kind);
	enum err err;

	*changed = p->rows.n == 0 || now != p->seen[kind];
	if (!*changed)
		return ERR_OK;
	switch (kind) {
	case DATA_AUDIENCES:
		err = read_audiences(p);
		break;
	case DATA_CAMPAIGNS:
		err = read_campaigns(p);
		break;
	default:
		err = read_users(p);
		break;
	}
	if (!err)
		p->seen[kind] = now;
	return err;
}

enum err pick_rows_read(struct picker *p)
{
	bool changed = false;
	enum err err = ERR_OK;

	if (pick_is_free(p))
		return ERR_OK;
	switch (type_info(p->type)->value) {
	case VALUE_LOOKUP:
		err = read_options(p, &changed);
		break;
	case VALUE_ENUM:
		changed = p->rows.n == 0;
		err = changed ? read_enum(p) : ERR_OK;
		break;
	default:
		err = read_own(p, &changed);
		break;
	}
	if (changed && !err)
		err = list_refresh(&p->list);
	p->built += changed;
	if (err) { /* half a list is none: all of it is read again with the next change */
		pick_rows_clear(&p->rows);
		list_refresh(&p->list); /* of no rows: needs no memory */
		p->n_sets = 0;
	}
	return err;
}

/* --- state --- */

bool pick_rows_loading(const struct picker *p, size_t *n_read)
{
	struct pick_scope scopes[PICK_SCOPES];
	bool loading = false;
	size_t n;

	*n_read = 0;
	if (type_info(p->type)->value != VALUE_LOOKUP) {
		struct data_state st = session_state(p->session, own_kind(p->type));

		*n_read = st.rows;
		return !pick_is_free(p) && type_info(p->type)->value != VALUE_ENUM && st.loading;
	}
	n = pick_scopes(p, scopes);
	for (size_t i = 0; i < n; i++) {
		struct data_state st = options_state(
		    p->session, type_info(p->type)->lookup, scopes[i].params, scopes[i].n);

		loading = loading || st.loading;
		*n_read += st.loading ? st.rows : p->sets[i] ? p->sets[i]->options.n : 0;
	}
	return loading;
}

bool pick_rows_error(const struct picker *p, struct errinfo *ei)
{
	struct pick_scope scopes[PICK_SCOPES];
	size_t n;

	if (pick_is_free(p) || type_info(p->type)->value == VALUE_ENUM)
		return false;
	if (type_info(p->type)->value != VALUE_LOOKUP) {
		*ei = session_state(p->session, own_kind(p->type)).ei;
		return ei->code != ERR_OK;
	}
	n = pick_scopes(p, scopes);
	for (size_t i = 0; i < n; i++) {
		*ei = options_state(
		    p->session, type_info(p->type)->lookup, scopes[i].params, scopes[i].n)
			  .ei;
		if (ei->code)
			return true;
	}
	return false;
}

void pick_rows_again(struct picker *p)
{
	struct pick_scope scopes[PICK_SCOPES];
	size_t n;

	switch (type_info(p->type)->value) {
	case VALUE_LOOKUP:
		n = pick_scopes(p, scopes);
		for (size_t i = 0; i < n; i++)
			options_refetch(
			    p->session, type_info(p->type)->lookup, scopes[i].params, scopes[i].n);
		break;
	case VALUE_AUDIENCE:
	case VALUE_CAMPAIGN:
	case VALUE_PROMOTABLE:
		session_refresh(p->session, own_kind(p->type));
		break;
	default:
		break;
	}
}

static enum err keep_row(struct picker *p, const struct pick_row *r)
{
	struct pick_row *k = pick_rows_add(&p->kept, r->value, r->name);

	if (!k)
		return ERR_NOMEM;
	k->kind = arena_strdup(&p->kept.text, r->kind);
	k->country = arena_strdup(&p->kept.text, r->country);
	k->extra = arena_strdup(&p->kept.text, r->extra);
	k->type = r->type;
	return ERR_OK;
}

enum err pick_rows_keep(struct picker *p)
{
	struct map there;
	enum err err;

	map_init(&there);
	err = index_rows(&p->kept, &there);
	for (size_t i = 0; i < p->rows.n && !err; i++)
		if (list_is_marked(&p->list, p->rows.v[i].key) &&
		    !map_get(&there, p->rows.v[i].value, NULL))
			err = keep_row(p, &p->rows.v[i]);
	map_done(&there);
	p->n_sets = 0; /* the rows are made anew with the next reading */
	return err;
}
