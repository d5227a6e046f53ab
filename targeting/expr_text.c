#include "targeting/expr.h"

#include <string.h>

/* --- atoms for people */

#define P(type, prefix) [TYPE_##type] = prefix,
static const char *const prefixes[TYPE_COUNT] = {
#include "targeting/prefix.def"
};
#undef P

static const char *type_prefix(const struct criterion *c)
{
	if (c->type == TYPE_UNKNOWN && c->type_name)
		return c->type_name;
	return prefixes[c->type] ? prefixes[c->type] : type_info(c->type)->label;
}

static const char *enum_label(const struct criterion *c)
{
	size_t n;
	const struct type_enum_value *v = type_enum_values(c->type, &n);

	for (size_t i = 0; i < n && c->value; i++)
		if (!strcmp(v[i].value, c->value))
			return v[i].label;
	return NULL;
}

/* The API gives audiences one fixed name for all (G29), so theirs is worth nothing. */
static const char *atom_label(const struct criterion *c, const struct expr_lookup *lookup)
{
	const char *label = lookup && lookup->label ? lookup->label(lookup->user, c) : NULL;

	if (!label)
		label = enum_label(c);
	if (!label && type_info(c->type)->value != VALUE_AUDIENCE)
		label = c->name;
	if (!label || !*label)
		label = c->value;
	return label ? label : "";
}

static const char *op_mark(enum operator_type op)
{
	switch (op) {
	case OP_GTE:
		return ">=";
	case OP_LT:
		return "<";
	case OP_OTHER:
		return "?";
	default:
		return ":";
	}
}

static enum err text_atom(
    struct buf *out, const struct criterion *c, const struct expr_lookup *lookup)
{
	return buf_addf(out, "%s%s%s", type_prefix(c), op_mark(c->op), atom_label(c, lookup));
}

/* --- one line */

struct style {
	const struct expr_lookup *lookup;
	size_t max_per_group;
	bool exact;
};

static enum err exact_atom(struct buf *out, const struct criterion *c);
static enum err line(struct buf *out, const struct expr *e, const struct style *st, bool nested);

static enum err joined(struct buf *out, const struct expr *e, const struct style *st)
{
	const char *sep = e->kind == EXPR_AND ? " & " : " | ";
	size_t max = e->kind == EXPR_OR && st->max_per_group ? st->max_per_group : SIZE_MAX;
	size_t i = 0;

	for (const struct expr *c = e->child; c; c = c->next, i++) {
		if (i == max)
			return buf_addf(out, "%s+%zu more", sep, e->n - i);
		if (i)
			buf_adds(out, sep);
		line(out, c, st, true);
	}
	return out->failed;
}

static enum err line_engaged(struct buf *out, const struct expr *e, const struct style *st)
{
	buf_adds(out, "engaged(");
	line(out, e->child, st, false);
	buf_adds(out, "; ");
	line(out, e->child->next, st, false);
	return buf_adds(out, ")");
}

static enum err line(struct buf *out, const struct expr *e, const struct style *st, bool nested)
{
	switch (e->kind) {
	case EXPR_ALL:
		return buf_adds(out, st->exact ? "everyone" : "everyone worldwide");
	case EXPR_ATOM:
		return st->exact ? exact_atom(out, e->atom) : text_atom(out, e->atom, st->lookup);
	case EXPR_ENGAGED:
		return line_engaged(out, e, st);
	case EXPR_MINUS:
		line(out, e->child, st, e->child->kind == EXPR_OR);
		buf_adds(out, " - ");
		return line(out, e->child->next, st, true);
	case EXPR_OR:
	case EXPR_AND:
		if (nested)
			buf_addc(out, '(');
		joined(out, e, st);
		return nested ? buf_addc(out, ')') : out->failed;
	}
	return out->failed;
}

enum err expr_text(
    struct buf *out, const struct expr *e, const struct expr_lookup *lookup, size_t max_per_group)
{
	struct style st = {.lookup = lookup, .max_per_group = max_per_group};

	return line(out, e, &st, false);
}

enum err expr_line(struct buf *out, const struct criterion *const *v, size_t n,
    const struct expr_lookup *lookup, size_t max_per_group)
{
	struct arena a;
	struct expr *e;
	enum err err;

	arena_init(&a);
	err = expr_build(&a, v, n, lookup, &e);
	if (!err)
		err = expr_text(out, e, lookup, max_per_group);
	arena_done(&a);
	return err;
}

/* --- the exact form */

static bool is_bare(const char *s)
{
	size_t n =
	    strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+#@-");

	return n && !s[n];
}

static enum err exact_word(struct buf *out, const char *s)
{
	if (is_bare(s))
		return buf_adds(out, s);
	buf_addc(out, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_addc(out, '\\');
		buf_addc(out, *s);
	}
	return buf_addc(out, '"');
}

static enum err exact_atom(struct buf *out, const struct criterion *c)
{
	exact_word(
	    out, c->type == TYPE_UNKNOWN && c->type_name ? c->type_name : type_info(c->type)->name);
	if (c->op != OP_EQ)
		buf_addf(out, "/%s", op_name(c->op));
	buf_addc(out, ':');
	return exact_word(out, c->value ? c->value : "");
}

enum err expr_exact(struct buf *out, const struct expr *e)
{
	struct style st = {.exact = true};

	return line(out, e, &st, false);
}

/* --- the tree */

static const char *head(const struct expr *e)
{
	switch (e->kind) {
	case EXPR_ALL:
		return "everyone worldwide";
	case EXPR_OR:
		return "any of";
	case EXPR_AND:
		return "all of";
	case EXPR_ENGAGED:
		return "engaged: with one of the first, in one of the ways of the second";
	case EXPR_MINUS:
		return "the first without the second";
	case EXPR_ATOM:
		break;
	}
	return "";
}

static enum err tree(
    struct buf *out, const struct expr *e, const struct expr_lookup *lookup, int depth)
{
	buf_addf(out, "%*s", depth * 2, "");
	if (e->kind == EXPR_ATOM)
		buf_addf(out, "%s%s %s", type_info(e->atom->type)->label, op_mark(e->atom->op),
		    atom_label(e->atom, lookup));
	else
		buf_adds(out, head(e));
	buf_addc(out, '\n');
	for (const struct expr *c = e->child; c; c = c->next)
		tree(out, c, lookup, depth + 1);
	return out->failed;
}

enum err expr_tree(struct buf *out, const struct expr *e, const struct expr_lookup *lookup)
{
	return tree(out, e, lookup, 0);
}
