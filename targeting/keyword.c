#include "targeting/keyword.h"

#include <string.h>
#include "base/mem.h"
#include "base/text.h"
#include "targeting/record.h"
#include "targeting/set.h"

#define SHOWN_BYTES 80

void keyword_list_init(struct keyword_list *k)
{
	*k = (struct keyword_list){0};
	arena_init(&k->arena);
}

void keyword_list_done(struct keyword_list *k)
{
	arena_done(&k->arena);
	mem_free(k->v);
	mem_free(k->bad);
	keyword_list_init(k);
}

struct span {
	const char *p;
	size_t n;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct span trim(struct span s)
{
	while (s.n && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

static bool has_control(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return true;
	return false;
}

/* Take the marks off: the quotes of a phrase, the brackets of an exact keyword. NULL, or what is
 * wrong with them. */
static const char *take_marks(struct span *s, enum targeting_type *type)
{
	char first = s->p[0], last = s->p[s->n - 1];

	if (first == '"' || last == '"') {
		if (s->n < 2 || first != last)
			return "a quote is missing";
		*type = TYPE_PHRASE_KEYWORD;
	} else if (first == '[' || last == ']') {
		if (s->n < 2 || first != '[' || last != ']')
			return "a bracket is missing";
		*type = TYPE_EXACT_KEYWORD;
	} else {
		if (first == '+')
			*type = TYPE_BROAD_KEYWORD;
		return NULL;
	}
	*s = trim((struct span){s->p + 1, s->n - 2});
	return s->n ? NULL : "there is nothing between the marks";
}

/* From a cell to the text of the keyword, its type and operator; NULL, or what is wrong. */
static const char *take_notation(struct span *s, struct keyword_row *row)
{
	const char *why;

	if (!text_is_utf8(s->p, s->n))
		return "not UTF-8";
	if (has_control(*s))
		return "it holds a control character";
	if (s->p[0] == '-') {
		row->op = OP_NE;
		s->p++;
		s->n--;
		if (!s->n)
			return "there is nothing behind the minus";
		if (s->p[0] == ' ') /* a list from a mail must not turn into exclusions */
			return "a minus excludes when the word follows at once; a list needs no "
			       "dash";
		if (s->p[0] == '-')
			return "two minus signs";
	}
	why = take_marks(s, &row->type);
	return why || s->n <= KEYWORD_MAX_BYTES ? why : "longer than 1000 bytes";
}

/* A copy with single blanks. */
static const char *collapse(struct arena *a, struct span s)
{
	char *to = arena_alloc(a, s.n + 1), *start = to;

	for (size_t i = 0; to && i < s.n; i++)
		if (s.p[i] != ' ' || (i && s.p[i - 1] != ' '))
			*to++ = s.p[i];
	return start;
}

struct parser {
	struct keyword_list *list;
	struct set_index seen;
	enum targeting_type plain;
	enum operator_type plain_op;
};

static enum err add_bad(struct keyword_list *k, struct span s, size_t line, const char *why)
{
	void *v = k->bad;
	const char *text = arena_strndup(&k->arena, s.p, s.n < SHOWN_BYTES ? s.n : SHOWN_BYTES);

	if (!text || !record_grow(&v, k->n_bad, &k->bad_cap, sizeof *k->bad))
		return ERR_NOMEM;
	k->bad = v;
	k->bad[k->n_bad++] = (struct keyword_bad){.line = line, .text = text, .why = why};
	return ERR_OK;
}

static enum err add_row(struct parser *ps, const struct keyword_row *row)
{
	struct keyword_list *k = ps->list;
	struct criterion c = {.type = row->type, .op = row->op, .value = row->value};
	struct set_key key;
	size_t found;
	void *v = k->v;
	enum err err = set_key_of(&k->arena, &c, &key);

	if (!err)
		err = set_index_put(&ps->seen, &key, k->n, &found);
	if (err)
		return err;
	if (found != k->n) {
		k->n_duplicates++;
		return ERR_OK;
	}
	if (!record_grow(&v, k->n, &k->cap, sizeof *k->v))
		return ERR_NOMEM;
	k->v = v;
	k->v[k->n++] = *row;
	return ERR_OK;
}

static enum err add_cell(struct parser *ps, struct span s, size_t line)
{
	struct keyword_row row = {.type = ps->plain, .op = ps->plain_op, .line = line};
	struct span inner = trim(s);
	const char *why;

	if (!inner.n)
		return ERR_OK;
	why = take_notation(&inner, &row);
	if (why)
		return add_bad(ps->list, trim(s), line, why);
	row.value = collapse(&ps->list->arena, inner);
	return row.value ? add_row(ps, &row) : ERR_NOMEM;
}

enum err keyword_parse(struct keyword_list *k, const char *text, size_t n,
    enum targeting_type plain, enum operator_type plain_op)
{
	struct parser ps = {.list = k, .plain = plain, .plain_op = plain_op};
	enum err err = ERR_OK;
	size_t line = 1;

	if (!type_is_keyword(plain) || !type_allows(plain, plain_op))
		return ERR_USAGE;
	set_index_init(&ps.seen);
	for (size_t at = 0; at < n && !err; line++) {
		const char *end = memchr(text + at, '\n', n - at);
		size_t stop = end ? (size_t)(end - text) : n;

		while (at < stop && !err) { /* cells of a spreadsheet have tabs between them */
			const char *tab = memchr(text + at, '\t', stop - at);
			size_t cell = tab ? (size_t)(tab - text) : stop;

			err = add_cell(&ps, (struct span){text + at, cell - at}, line);
			at = cell + 1;
		}
		at = stop + 1;
	}
	set_index_done(&ps.seen);
	return err;
}

enum err keyword_write(struct buf *out, const struct keyword_row *row)
{
	if (row->op == OP_NE)
		buf_addc(out, '-');
	switch (row->type) {
	case TYPE_PHRASE_KEYWORD:
		return buf_addf(out, "\"%s\"", row->value);
	case TYPE_EXACT_KEYWORD:
		return buf_addf(out, "[%s]", row->value);
	default:
		return buf_adds(out, row->value);
	}
}
