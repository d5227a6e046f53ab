#include "targeting/expr.h"

#include <string.h>
#include "targeting/cell.h"

/* --- nodes */

static struct expr *node(struct arena *a, enum expr_kind kind, const struct criterion *atom)
{
	struct expr *e = arena_alloc(a, sizeof *e);

	if (e) {
		e->kind = kind;
		e->atom = atom;
	}
	return e;
}

/* Children are collected in order; a list knows its end. */
struct list {
	struct expr *first, *last;
	size_t n;
};

static void list_add(struct list *l, struct expr *e)
{
	e->next = NULL;
	if (l->last)
		l->last->next = e;
	else
		l->first = e;
	l->last = e;
	l->n++;
}

static void list_join(struct list *to, const struct list *from)
{
	if (!from->n)
		return;
	if (to->last)
		to->last->next = from->first;
	else
		to->first = from->first;
	to->last = from->last;
	to->n += from->n;
}

/* The children as one node: a single child stands for itself. */
static struct expr *close_list(struct arena *a, enum expr_kind kind, const struct list *l)
{
	struct expr *e;

	if (l->n == 1)
		return l->first;
	e = node(a, kind, NULL);
	if (e) {
		e->child = l->first;
		e->n = l->n;
	}
	return e;
}

/* --- building */

/* Atoms by cell, and within the primary union by type, so that one kind stands together. */
struct group {
	struct cell cell;
	enum targeting_type type;
	struct list atoms;
	struct group *next;
	bool done; /* is in the tree */
};

struct builder {
	struct arena *a;
	const struct expr_lookup *lookup;
	struct group *groups, **end;
};

static struct group *group_of(struct builder *b, const struct criterion *c)
{
	struct cell cell = cell_of(c, b->lookup);
	struct group *g;

	for (g = b->groups; g; g = g->next)
		if (g->type == c->type && cell_equal(&g->cell, &cell))
			return g;
	g = arena_alloc(b->a, sizeof *g);
	if (!g)
		return NULL;
	g->cell = cell;
	g->type = c->type;
	*b->end = g;
	b->end = &g->next;
	return g;
}

/* All atoms of the cells of a kind, the types in the order of types.def. */
static struct list collect(struct builder *b, enum cell_kind kind)
{
	struct list all = {0};

	for (int t = 0; t < TYPE_COUNT; t++)
		for (struct group *g = b->groups; g; g = g->next)
			if ((int)g->type == t && g->cell.kind == kind)
				list_join(&all, &g->atoms);
	return all;
}

/* The platforms, devices and versions of one OS: a version narrows the devices of its own OS. */
static enum err add_os_term(struct builder *b, const struct cell *one, struct list *terms)
{
	struct cell device = *one, version = *one;
	struct list devices = {0}, versions = {0}, both = {0};
	struct expr *d, *v, *term;

	device.kind = CELL_DEVICE;
	version.kind = CELL_VERSION;
	for (struct group *g = b->groups; g; g = g->next) {
		struct list *to = cell_equal(&g->cell, &device) ? &devices : &versions;

		if (to == &devices || cell_equal(&g->cell, &version)) {
			list_join(to, &g->atoms);
			g->done = true;
		}
	}
	if (!devices.n || !versions.n ||
	    !one->os[0]) { /* of an unknown OS nothing is known to narrow */
		list_join(terms, &devices);
		list_join(terms, &versions);
		return ERR_OK;
	}
	d = close_list(b->a, EXPR_OR, &devices);
	v = close_list(b->a, EXPR_OR, &versions);
	if (!d || !v)
		return ERR_NOMEM;
	list_add(&both, d);
	list_add(&both, v);
	term = close_list(b->a, EXPR_AND, &both);
	if (term)
		list_add(terms, term);
	return term ? ERR_OK : ERR_NOMEM;
}

static enum err add_factor(struct builder *b, struct list *factors, const struct list *members)
{
	struct expr *e;

	if (!members->n)
		return ERR_OK;
	e = close_list(b->a, EXPR_OR, members);
	if (e)
		list_add(factors, e);
	return e ? ERR_OK : ERR_NOMEM;
}

static enum err add_devices(struct builder *b, struct list *factors)
{
	struct list terms = {0};
	enum err err = ERR_OK;

	for (struct group *g = b->groups; g && !err; g = g->next)
		if (!g->done && (g->cell.kind == CELL_DEVICE || g->cell.kind == CELL_VERSION))
			err = add_os_term(b, &g->cell, &terms);
	return err ? err : add_factor(b, factors, &terms);
}

static enum err add_primary(struct builder *b, struct list *factors)
{
	struct list all = collect(b, CELL_PRIMARY), engaged = collect(b, CELL_ENGAGED);
	struct list how = collect(b, CELL_HOW), pair = {0};
	struct expr *targets, *types, *term;

	if (!how.n || !engaged.n) { /* an engagement type without anything to engage with is idle */
		list_join(&all, &engaged);
		return add_factor(b, factors, &all);
	}
	targets = close_list(b->a, EXPR_OR, &engaged);
	types = close_list(b->a, EXPR_OR, &how);
	term = node(b->a, EXPR_ENGAGED, NULL);
	if (!targets || !types || !term)
		return ERR_NOMEM;
	list_add(&pair, targets);
	list_add(&pair, types);
	term->child = pair.first;
	term->n = pair.n;
	list_add(&all, term);
	return add_factor(b, factors, &all);
}

static enum err add_others(struct builder *b, struct list *factors)
{
	enum err err = ERR_OK;

	for (int t = 0; t < TYPE_COUNT && !err; t++)
		for (struct group *g = b->groups; g && !err; g = g->next)
			if ((int)g->type == t && g->cell.kind == CELL_OTHER)
				err = add_factor(b, factors, &g->atoms);
	return err;
}

enum err expr_build(struct arena *a, const struct criterion *const *v, size_t n,
    const struct expr_lookup *lookup, struct expr **out)
{
	struct builder b = {.a = a, .lookup = lookup};
	struct list factors = {0}, excluded = {0}, minus = {0};
	struct expr *base, *less;
	enum err err;

	b.end = &b.groups;
	for (size_t i = 0; i < n; i++) {
		struct group *g = group_of(&b, v[i]);
		struct expr *e = node(a, EXPR_ATOM, v[i]);

		if (!g || !e)
			return ERR_NOMEM;
		list_add(&g->atoms, e);
	}
	err = add_primary(&b, &factors);
	if (!err)
		err = add_others(&b, &factors);
	if (!err)
		err = add_devices(&b, &factors);
	if (err)
		return err;
	base = factors.n ? close_list(a, EXPR_AND, &factors) : node(a, EXPR_ALL, NULL);
	excluded = collect(&b, CELL_EXCLUDE);
	if (!base || !excluded.n) {
		*out = base;
		return base ? ERR_OK : ERR_NOMEM;
	}
	less = close_list(a, EXPR_OR, &excluded);
	if (!less)
		return ERR_NOMEM;
	list_add(&minus, base);
	list_add(&minus, less);
	*out = close_list(a, EXPR_MINUS, &minus);
	return *out ? ERR_OK : ERR_NOMEM;
}

/* --- meaning */

static bool any(const struct expr *e, expr_match_fn *match, void *user)
{
	for (const struct expr *c = e->child; c; c = c->next)
		if (expr_eval(c, match, user))
			return true;
	return false;
}

static bool all(const struct expr *e, expr_match_fn *match, void *user)
{
	for (const struct expr *c = e->child; c; c = c->next)
		if (!expr_eval(c, match, user))
			return false;
	return true;
}

static const struct expr *members(const struct expr *e)
{
	return e->kind == EXPR_OR ? e->child : e;
}

static const struct expr *member_next(const struct expr *group, const struct expr *m)
{
	return group->kind == EXPR_OR ? m->next : NULL;
}

static bool engaged(const struct expr *e, expr_match_fn *match, void *user)
{
	const struct expr *targets = e->child, *types = e->child->next;

	for (const struct expr *t = members(targets); t; t = member_next(targets, t))
		for (const struct expr *h = members(types); h; h = member_next(types, h))
			if (match(user, t->atom, h->atom))
				return true;
	return false;
}

bool expr_eval(const struct expr *e, expr_match_fn *match, void *user)
{
	switch (e->kind) {
	case EXPR_ALL:
		return true;
	case EXPR_ATOM:
		return match(user, e->atom, NULL);
	case EXPR_OR:
		return any(e, match, user);
	case EXPR_AND:
		return all(e, match, user);
	case EXPR_ENGAGED:
		return engaged(e, match, user);
	case EXPR_MINUS:
		return expr_eval(e->child, match, user) && !expr_eval(e->child->next, match, user);
	}
	return false;
}

static bool same_text(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

bool expr_equal(const struct expr *a, const struct expr *b)
{
	const struct expr *x = a->child, *y = b->child;

	if (a->kind != b->kind || a->n != b->n)
		return false;
	if (a->kind == EXPR_ATOM)
		return a->atom->type == b->atom->type && a->atom->op == b->atom->op &&
		       same_text(a->atom->value, b->atom->value) &&
		       (a->atom->type != TYPE_UNKNOWN ||
			   same_text(a->atom->type_name, b->atom->type_name));
	for (; x && y; x = x->next, y = y->next)
		if (!expr_equal(x, y))
			return false;
	return !x && !y;
}
