#include "targeting/form.h"

#include <stdlib.h>
#include <string.h>
#include "base/text.h"

static const struct {
	enum operator_type op;
	const char *word;
} words[] = {{OP_EQ, "include"}, {OP_NE, "exclude"}, {OP_GTE, "at_least"}, {OP_LT, "less_than"}};
#define WORDS (sizeof words / sizeof words[0])

const char *form_op_word(enum operator_type op)
{
	for (size_t i = 0; i < WORDS; i++)
		if (words[i].op == op)
			return words[i].word;
	return NULL;
}

enum operator_type form_op_by_word(const char *word)
{
	for (size_t i = 0; i < WORDS; i++)
		if (!strcmp(words[i].word, word))
			return words[i].op;
	return OP_OTHER;
}

/* --- order: by operator, type and value, so that two exports of one state are the same file */

static int compare(const void *a, const void *b)
{
	const struct criterion *x = *(const struct criterion *const *)a;
	const struct criterion *y = *(const struct criterion *const *)b;
	int order = (int)x->op - (int)y->op;

	if (!order)
		order = (int)x->type - (int)y->type;
	if (!order)
		order = strcmp(x->type_name, y->type_name);
	return order ? order : strcmp(x->value ? x->value : "", y->value ? y->value : "");
}

struct sorted {
	const struct criterion **v; /* first the n of different keys, then what repeats one */
	size_t n, n_twice;
};

/* An account may have a criterion twice, in other letters too; a file says it once. */
static enum err split_twice(struct arena *a, struct sorted *s)
{
	const struct criterion **twice = arena_alloc(a, (s->n + 1) * sizeof *twice);
	struct set_index seen;
	size_t to = 0;
	enum err err = twice ? ERR_OK : ERR_NOMEM;

	set_index_init(&seen);
	for (size_t i = 0; i < s->n && !err; i++) {
		struct set_key key;
		size_t found;

		err = set_key_of(a, s->v[i], &key);
		if (!err)
			err = set_index_put(&seen, &key, i, &found);
		if (!err && found == i)
			s->v[to++] = s->v[i];
		else if (!err)
			twice[s->n_twice++] = s->v[i];
	}
	set_index_done(&seen);
	if (err)
		return err;
	memcpy(s->v + to, twice, s->n_twice * sizeof *twice);
	s->n = to;
	return ERR_OK;
}

static enum err sort(struct arena *a, const struct form_line_item *li, struct sorted *s)
{
	*s = (struct sorted){.v = arena_alloc(a, (li->n + 1) * sizeof *s->v)};
	if (!s->v)
		return ERR_NOMEM;
	for (size_t i = 0; i < li->n; i++)
		if (!li->v[i].deleted)
			s->v[s->n++] = &li->v[i];
	qsort(s->v, s->n, sizeof *s->v, compare);
	return split_twice(a, s);
}

static const char *label_of(const struct form_document *doc, const struct criterion *c)
{
	const struct expr_lookup *l = doc->lookup;
	const char *label = l && l->label ? l->label(l->user, c) : NULL;

	if (!label && type_info(c->type)->value != VALUE_AUDIENCE) /* G29: one name for all */
		label = c->name;
	return label ? label : "";
}

/* --- YAML */

/* A double-quoted scalar. What does not show as itself is escaped, letter by letter as it is drawn,
 * so that marks and joiners that belong to visible text stay readable. */
static enum err yaml_string(struct buf *out, const char *s)
{
	struct text_iter it = text_iter(s, strlen(s));
	struct glyph g;

	buf_addc(out, '"');
	for (const unsigned char *from = it.p; text_next(&it, &g); from = it.p) {
		if (!(g.flags & GLYPH_BADGE)) {
			if (*from == '"' || *from == '\\')
				buf_addc(out, '\\');
			buf_add(out, from, (size_t)(it.p - from));
			continue;
		}
		while (from < it.p && !out->failed) {
			unsigned cp = *from;
			size_t n = cp >= 0xf0 ? 4 : cp >= 0xe0 ? 3 : cp >= 0xc0 ? 2 : 1;

			if (n > (size_t)(it.p - from))
				n = 1;
			cp = n == 1 ? cp : cp & (0xffu >> (n + 1));
			for (size_t i = 1; i < n; i++)
				cp = cp << 6 | (from[i] & 0x3fu);
			buf_addf(out, cp < 0x10000 ? "\\u%04x" : "\\U%08x", cp);
			from += n;
		}
	}
	return buf_addc(out, '"');
}

/* Names go behind a "#": on one line, with nothing in them that could end it. */
static enum err yaml_comment(struct buf *out, const char *s)
{
	buf_adds(out, "  # ");
	return text_escape(out, s, strlen(s));
}

static enum err yaml_row(struct buf *out, const struct form_document *doc,
    const struct criterion *c, const struct criterion *before)
{
	const char *label = label_of(doc, c), *value = c->value ? c->value : "";

	if (!before || before->op != c->op)
		buf_addf(out, "    %s:\n", form_op_word(c->op));
	if (!before || before->op != c->op || strcmp(before->type_name, c->type_name) != 0) {
		buf_adds(out, "      ");
		if (c->type == TYPE_UNKNOWN)
			yaml_string(out, c->type_name);
		else
			buf_adds(out, c->type_name);
		buf_adds(out, ":\n");
	}
	buf_adds(out, "        - ");
	yaml_string(out, value);
	if (*label && strcmp(label, value) != 0)
		yaml_comment(out, label);
	return buf_addc(out, '\n');
}

static enum err yaml_left_out(struct buf *out, const char *why, const struct criterion *c)
{
	buf_addf(
	    out, "    # left out, %s: %s", why, form_op_word(c->op) ? form_op_word(c->op) : "?");
	yaml_comment(out, c->type_name);
	yaml_comment(out, c->value ? c->value : "");
	return buf_addc(out, '\n');
}

static enum err yaml_line_item(
    struct buf *out, const struct form_document *doc, const struct form_line_item *li)
{
	const struct criterion *before = NULL;
	struct sorted s;
	struct arena a;
	enum err err;

	arena_init(&a);
	err = sort(&a, li, &s);
	buf_adds(out, "  - id: ");
	yaml_string(out, li->id);
	if (li->name && *li->name)
		yaml_comment(out, li->name);
	buf_addc(out, '\n');
	for (size_t i = 0; i < s.n && !err; i++) {
		if (s.v[i]->op == OP_OTHER) {
			err = yaml_left_out(out, "its operator is not known", s.v[i]);
			continue;
		}
		err = yaml_row(out, doc, s.v[i], before);
		before = s.v[i];
	}
	for (size_t i = s.n; i < s.n + s.n_twice && !err; i++)
		err = yaml_left_out(out, "the account has it twice", s.v[i]);
	arena_done(&a);
	return err;
}

enum err form_yaml(struct buf *out, const struct form_document *doc)
{
	enum err err;

	buf_adds(out,
	    "# Targeting by line item. Edit it, then see what would change: reticle plan FILE\n"
	    "reticle: 1\naccount: ");
	err = yaml_string(out, doc->account_id);
	buf_adds(out, doc->n ? "\nline_items:\n" : "\nline_items: []\n");
	for (size_t i = 0; i < doc->n && !err; i++)
		err = yaml_line_item(out, doc, &doc->v[i]);
	return err ? err : out->failed;
}

/* --- CSV */

/* What Excel and its kin run as a formula when a cell begins with it. */
static bool is_formula(const char *s)
{
	return *s && strchr("=+-@\t\r", *s);
}

static enum err csv_field(struct buf *out, const char *s, bool guard)
{
	bool quote = strpbrk(s, ",\"\r\n") || *s == ' ' || (*s && s[strlen(s) - 1] == ' ');

	if (!quote)
		return buf_addf(out, "%s%s", guard ? "'" : "", s);
	buf_adds(out, guard ? "\"'" : "\"");
	for (; *s; s++) {
		if (*s == '"')
			buf_addc(out, '"');
		buf_addc(out, *s);
	}
	return buf_addc(out, '"');
}

/* A name in its printable form. */
static enum err csv_name(struct buf *out, const char *s, bool guard)
{
	struct buf b;
	enum err err;

	buf_init(&b, FORM_MAX_FIELD_BYTES * 8);
	err = text_escape(&b, s, strlen(s));
	if (!err)
		err = csv_field(out, buf_str(&b), guard);
	buf_done(&b);
	return err;
}

static enum err csv_row(struct buf *out, const struct form_document *doc,
    const struct form_line_item *li, const struct criterion *c, bool exact)
{
	const char *value = c->value ? c->value : "", *name = label_of(doc, c);
	const char *li_name = li->name ? li->name : "";
	bool guard_value = !exact && is_formula(value), guard_name = !exact && is_formula(name);
	bool guard_li = !exact && is_formula(li_name);

	csv_field(out, li->id, false);
	buf_addc(out, ',');
	csv_name(out, li_name, guard_li);
	buf_addc(out, ',');
	csv_field(out, c->type_name, false);
	buf_addf(out, ",%s,", op_name(c->op));
	csv_field(out, value, guard_value);
	buf_addc(out, ',');
	csv_name(out, name, guard_name);
	return buf_addf(out, ",%s\r\n", guard_value ? "value" : "");
}

enum err form_csv(struct buf *out, const struct form_document *doc, bool exact)
{
	enum err err = buf_adds(out,
	    "line_item_id,line_item_name,targeting_type,operator_type,targeting_value,name,"
	    "guarded\r\n");

	for (size_t i = 0; i < doc->n && !err; i++) {
		struct sorted s;
		struct arena a;

		arena_init(&a);
		err = sort(&a, &doc->v[i], &s);
		for (size_t k = 0; k < s.n && !err; k++)
			if (s.v[k]->op != OP_OTHER)
				err = csv_row(out, doc, &doc->v[i], s.v[k], exact);
		arena_done(&a);
	}
	return err;
}

/* --- batch JSON */

enum err form_json_string(struct buf *out, const char *s)
{
	buf_addc(out, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_addf(out, "\\%c", *s);
		else if ((unsigned char)*s < 0x20 || *s == 0x7f)
			buf_addf(out, "\\u%04x", (unsigned char)*s);
		else
			buf_addc(out, *s);
	}
	return buf_addc(out, '"');
}

static void json_member(struct buf *out, const char *name, const char *value, bool first)
{
	buf_addf(out, "%s\"%s\":", first ? "" : ",", name);
	form_json_string(out, value ? value : "");
}

static void json_create(struct buf *out, const struct change *c)
{
	json_member(out, "line_item_id", c->line_item_id, true);
	json_member(out, "targeting_type", c->type_name, false);
	json_member(out, "targeting_value", c->value, false);
	json_member(out, "operator_type", op_name(c->op), false);
}

static void json_operation(struct buf *out, const struct change *c, bool first)
{
	buf_addf(out, "%s\n {\"operation_type\":\"%s\",\"params\":{", first ? "" : ",",
	    change_kind_name(c->kind));
	if (c->kind == CHANGE_DELETE)
		json_member(out, "targeting_criterion_id", c->criterion_id, true);
	else
		json_create(out, c);
	buf_adds(out, "}}");
}

enum err form_batch(struct buf *out, const struct change *const *v, size_t n)
{
	buf_adds(out, "[");
	for (size_t i = 0; i < n && !out->failed; i++)
		json_operation(out, v[i], i == 0);
	return buf_adds(out, n ? "\n]\n" : "]\n");
}

enum err form_creates(struct buf *out, const struct form_document *doc)
{
	bool first = true;
	enum err err = buf_adds(out, "[");

	for (size_t i = 0; i < doc->n && !err; i++) {
		struct sorted s;
		struct arena a;

		arena_init(&a);
		err = sort(&a, &doc->v[i], &s);
		for (size_t k = 0; k < s.n && !err; k++) {
			struct change c;

			if (s.v[k]->op == OP_OTHER)
				continue;
			change_from_criterion(&c, CHANGE_CREATE, s.v[k]);
			json_operation(out, &c, first);
			err = out->failed;
			first = false;
		}
		arena_done(&a);
	}
	return err ? err : buf_adds(out, first ? "]\n" : "\n]\n");
}
