#include <string.h>
#include "targeting/expr.h"

#define MAX_DEPTH 16 /* of parentheses; what expr_exact writes needs three */

struct parser {
	struct arena *a;
	const char *start, *p;
	int depth;
	struct errinfo *ei;
};

static enum err fail(struct parser *ps, const char *expected)
{
	return err_set(ps->ei, ERR_USAGE, "expression, byte %zu: %s expected",
	    (size_t)(ps->p - ps->start) + 1, expected);
}

static void blanks(struct parser *ps)
{
	ps->p += strspn(ps->p, " \t\n");
}

static bool take(struct parser *ps, char c)
{
	blanks(ps);
	if (*ps->p != c)
		return false;
	ps->p++;
	return true;
}

static enum err quoted(struct parser *ps, const char **out)
{
	const char *p = ps->p + 1;
	size_t n = 0;
	char *s;

	for (; *p && *p != '"'; p++, n++)
		if (*p == '\\' && p[1])
			p++;
	if (*p != '"')
		return fail(ps, "closing quote");
	s = arena_alloc(ps->a, n + 1);
	if (!s)
		return ERR_NOMEM;
	*out = s;
	for (p = ps->p + 1; *p != '"'; p++) {
		if (*p == '\\')
			p++;
		*s++ = *p;
	}
	ps->p = p + 1;
	return ERR_OK;
}

/* A type or a value: bare, or between quotes. */
static enum err word(struct parser *ps, const char **out)
{
	size_t n;
	char *s;

	blanks(ps);
	if (*ps->p == '"')
		return quoted(ps, out);
	n = strcspn(ps->p, " \t\n()|&;:/\"\\");
	if (!n)
		return fail(ps, "word");
	s = arena_strndup(ps->a, ps->p, n);
	*out = s;
	ps->p += n;
	return s ? ERR_OK : ERR_NOMEM;
}

static struct expr *new_node(struct parser *ps, enum expr_kind kind)
{
	struct expr *e = arena_alloc(ps->a, sizeof *e);

	if (e)
		e->kind = kind;
	return e;
}

static enum err atom(struct parser *ps, const char *name, struct expr **out)
{
	struct criterion *c = arena_alloc(ps->a, sizeof *c);
	const char *op;
	enum err err;

	*out = new_node(ps, EXPR_ATOM);
	if (!c || !*out)
		return ERR_NOMEM;
	(*out)->atom = c;
	c->type = type_by_name(name);
	c->type_name = name;
	if (*ps->p == '/') {
		ps->p++;
		err = word(ps, &op);
		if (err)
			return err;
		c->op = op_by_name(op);
	}
	if (*ps->p != ':')
		return fail(ps, "':' and a value");
	ps->p++;
	return word(ps, &c->value);
}

static enum err list(struct parser *ps, struct expr **out);

static enum err pair(struct parser *ps, struct expr **out)
{
	struct expr *e = new_node(ps, EXPR_ENGAGED);
	enum err err;

	if (!e)
		return ERR_NOMEM;
	err = list(ps, &e->child);
	if (!err && !take(ps, ';'))
		return fail(ps, "';'");
	if (!err)
		err = list(ps, &e->child->next);
	if (!err && !take(ps, ')'))
		return fail(ps, "')'");
	e->n = 2;
	*out = e;
	return err;
}

static enum err term(struct parser *ps, struct expr **out)
{
	const char *name;
	enum err err;

	if (take(ps, '(')) {
		if (++ps->depth > MAX_DEPTH)
			return fail(ps, "fewer parentheses");
		err = list(ps, out);
		ps->depth--;
		return err || take(ps, ')') ? err : fail(ps, "')'");
	}
	err = word(ps, &name);
	if (err)
		return err;
	if (*ps->p == '(' && !strcmp(name, "engaged")) {
		ps->p++;
		return pair(ps, out);
	}
	if (*ps->p != ':' && *ps->p != '/' && !strcmp(name, "everyone")) {
		*out = new_node(ps, EXPR_ALL);
		return *out ? ERR_OK : ERR_NOMEM;
	}
	return atom(ps, name, out);
}

/* Terms joined by one operator: mixing needs parentheses, so that nobody has to know precedence. */
static enum err list(struct parser *ps, struct expr **out)
{
	struct expr *e, **end;
	enum err err = term(ps, out);
	char op;

	blanks(ps);
	op = *ps->p;
	if (err || (op != '|' && op != '&'))
		return err;
	e = new_node(ps, op == '|' ? EXPR_OR : EXPR_AND);
	if (!e)
		return ERR_NOMEM;
	e->child = *out;
	e->n = 1;
	end = &e->child->next;
	while (!err && take(ps, op)) {
		err = term(ps, end);
		if (!err)
			end = &(*end)->next;
		e->n++;
	}
	*out = e;
	blanks(ps);
	if (!err && (*ps->p == '|' || *ps->p == '&'))
		return fail(ps, "parentheses where | and & meet");
	return err;
}

/* What an ENGAGED node holds has to be what expr_build puts there: the evaluation relies on it. */
static bool is_well_formed(const struct expr *e)
{
	for (const struct expr *c = e->child; c; c = c->next) {
		if (e->kind == EXPR_ENGAGED && c->kind != EXPR_ATOM && c->kind != EXPR_OR)
			return false;
		for (const struct expr *g = c->child; g && e->kind == EXPR_ENGAGED; g = g->next)
			if (g->kind != EXPR_ATOM)
				return false;
		if (!is_well_formed(c))
			return false;
	}
	return true;
}

enum err expr_parse(struct arena *a, const char *text, struct expr **out, struct errinfo *ei)
{
	struct parser ps = {.a = a, .start = text, .p = text, .ei = ei};
	enum err err = list(&ps, out);

	if (!err && take(&ps, '-')) {
		struct expr *minus = new_node(&ps, EXPR_MINUS);

		if (!minus)
			return ERR_NOMEM;
		minus->child = *out;
		minus->n = 2;
		err = list(&ps, &minus->child->next);
		*out = minus;
	}
	blanks(&ps);
	if (!err && *ps.p)
		return fail(&ps, "end");
	if (!err && !is_well_formed(*out))
		return fail(&ps, "criteria within engaged(...)");
	return err == ERR_NOMEM ? err_set(ei, ERR_NOMEM, "expression too large") : err;
}
