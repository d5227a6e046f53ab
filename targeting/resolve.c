#include "targeting/resolve.h"

#include <string.h>
#include <utf8proc.h>
#include "base/mem.h"
#include "targeting/record.h"

#define NONE SIZE_MAX

void resolve_index_init(struct resolve_index *x)
{
	*x = (struct resolve_index){0};
	arena_init(&x->arena);
	set_index_init(&x->by_value);
	set_index_init(&x->by_name);
	set_index_init(&x->by_part);
}

void resolve_index_done(struct resolve_index *x)
{
	set_index_done(&x->by_value);
	set_index_done(&x->by_name);
	set_index_done(&x->by_part);
	arena_done(&x->arena);
	resolve_index_init(x);
}

/* --- names as they are compared */

static bool is_ignored(utf8proc_int32_t cp)
{
	switch (utf8proc_category(cp)) {
	case UTF8PROC_CATEGORY_PC:
	case UTF8PROC_CATEGORY_PD:
	case UTF8PROC_CATEGORY_PS:
	case UTF8PROC_CATEGORY_PE:
	case UTF8PROC_CATEGORY_PI:
	case UTF8PROC_CATEGORY_PF:
	case UTF8PROC_CATEGORY_PO:
	case UTF8PROC_CATEGORY_ZS:
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CF:
		return true;
	default:
		return false;
	}
}

/* Letters and digits alone, folded and without accents, words apart by one blank; NULL without
 * memory. Text that is not UTF-8 is compared as it is. */
static const char *plain(struct arena *a, const char *s, size_t len)
{
	const utf8proc_option_t how =
	    UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK;
	const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)s;
	utf8proc_ssize_t n = utf8proc_decompose(p, (utf8proc_ssize_t)len, NULL, 0, how);
	utf8proc_int32_t *cp;
	utf8proc_ssize_t to = 0;

	if (n < 0)
		return arena_strndup(a, s, len);
	cp = arena_alloc(a, ((size_t)n + 1) * sizeof *cp);
	if (!cp || utf8proc_decompose(p, (utf8proc_ssize_t)len, cp, n, how) < 0)
		return NULL;
	for (utf8proc_ssize_t i = 0; i < n; i++) {
		if (!is_ignored(cp[i]))
			cp[to++] = cp[i];
		else if (to && cp[to - 1] != ' ')
			cp[to++] = ' ';
	}
	to -= to && cp[to - 1] == ' ';
	return utf8proc_reencode(cp, to, UTF8PROC_STABLE) < 0 ? NULL : (const char *)cp;
}

static struct set_key key_of(const char *text)
{
	struct set_key k = {
	    .line_item_id = "", .type_name = "", .type = TYPE_INTEREST, .value = text};

	set_key_rehash(&k);
	return k;
}

/* --- building */

static enum err put(struct set_index *x, const char *text, size_t row, size_t *next)
{
	struct set_key key = key_of(text);
	size_t found;
	enum err err = set_index_put(x, &key, row, &found);

	if (next)
		next[row] = NONE;
	if (err || found == row || !next)
		return err;
	/* behind the first, so that the chain costs nothing to extend; collect() sorts */
	next[row] = next[found];
	next[found] = row;
	return ERR_OK;
}

/* The part by which people call it: "Los Angeles" of "Los Angeles, CA, USA", "Cats" of "Pets/Cats". */
static const char *part_of(const char *name, size_t *n)
{
	const char *slash = strrchr(name, '/');
	size_t comma = strcspn(name, ",");

	*n = name[comma] ? comma : slash ? strlen(slash + 1) : 0;
	return name[comma] || !slash ? name : slash + 1;
}

static enum err add_option(struct resolve_index *x, size_t row)
{
	const struct option *o = &x->options[row];
	const char *name = o->name ? o->name : "";
	size_t n;
	const char *part = part_of(name, &n);
	const char *whole = plain(&x->arena, name, strlen(name));
	const char *first = plain(&x->arena, part, n);
	enum err err = ERR_OK;

	if (!whole || !first)
		return ERR_NOMEM;
	x->next_name[row] = x->next_part[row] = NONE;
	if (o->value)
		err = put(&x->by_value, o->value, row, NULL);
	if (!err && *whole)
		err = put(&x->by_name, whole, row, x->next_name);
	if (!err && *first)
		err = put(&x->by_part, first, row, x->next_part);
	return err;
}

enum err resolve_index_build(struct resolve_index *x, const struct option *options, size_t n)
{
	enum err err = ERR_OK;

	resolve_index_done(x);
	x->options = options;
	x->n = n;
	x->next_name = arena_alloc(&x->arena, (n + 1) * sizeof *x->next_name);
	x->next_part = arena_alloc(&x->arena, (n + 1) * sizeof *x->next_part);
	if (!x->next_name || !x->next_part)
		return ERR_NOMEM;
	for (size_t i = 0; i < n && !err; i++)
		err = add_option(x, i);
	return err;
}

/* --- resolving */

void resolve_result_init(struct resolve_result *r)
{
	*r = (struct resolve_result){0};
	arena_init(&r->arena);
}

void resolve_result_done(struct resolve_result *r)
{
	arena_done(&r->arena);
	mem_free(r->v);
	resolve_result_init(r);
}

struct choices {
	size_t v[RESOLVE_MAX_CHOICES];
	size_t n, more;
};

/* Keep the lowest rows, in order and once. */
static void add_choice(struct choices *c, size_t row)
{
	size_t at = 0;

	while (at < c->n && c->v[at] < row)
		at++;
	if (at < c->n && c->v[at] == row)
		return;
	if (c->n == RESOLVE_MAX_CHOICES) {
		c->more++;
		if (at == c->n)
			return;
		c->n--;
	}
	memmove(c->v + at + 1, c->v + at, (c->n - at) * sizeof *c->v);
	c->v[at] = row;
	c->n++;
}

static void collect(
    const struct set_index *x, const size_t *next, const char *text, struct choices *c)
{
	struct set_key key = key_of(text);
	size_t row;

	if (!*text || !set_index_get(x, &key, &row))
		return;
	for (; row != NONE; row = next[row])
		add_choice(c, row);
}

static enum err judge(
    struct resolve_result *r, const struct resolve_index *x, struct resolve_line *l)
{
	struct choices c = {.n = 0}, whole = {.n = 0};
	struct set_key value = key_of(l->text);
	const char *name;
	size_t *kept, row;

	if (set_index_get(&x->by_value, &value, &row)) {
		add_choice(&c, row);
		l->kind = RESOLVE_EXACT;
	} else {
		name = plain(&r->arena, l->text, strlen(l->text));
		if (!name)
			return ERR_NOMEM;
		collect(&x->by_name, x->next_name, name, &whole);
		c = whole;
		collect(&x->by_part, x->next_part, name, &c);
		l->kind = !c.n                       ? RESOLVE_UNKNOWN
			  : whole.n == 1 && c.n == 1 ? RESOLVE_EXACT
						     : RESOLVE_AMBIGUOUS;
	}
	kept = arena_alloc(&r->arena, (c.n + 1) * sizeof *kept);
	if (!kept)
		return ERR_NOMEM;
	memcpy(kept, c.v, c.n * sizeof *kept);
	l->choices = kept;
	l->n_choices = c.n;
	l->n_more = c.more;
	return ERR_OK;
}

static bool is_border(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == ',' || c == ';';
}

struct span {
	const char *p;
	size_t n, line;
};

static enum err add_line(struct resolve_result *r, const struct resolve_index *x,
    struct set_index *seen, const struct span *s)
{
	struct resolve_line l = {.line = s->line, .text = arena_strndup(&r->arena, s->p, s->n)};
	void *v = r->v;
	struct set_key key;
	size_t found;
	enum err err;

	if (!l.text)
		return ERR_NOMEM;
	key = key_of(l.text);
	err = set_index_put(seen, &key, l.line, &found);
	if (err)
		return err;
	if (found != l.line) {
		r->n_duplicates++;
		return ERR_OK;
	}
	if (!record_grow(&v, r->n, &r->cap, sizeof *r->v))
		return ERR_NOMEM;
	r->v = v;
	err = judge(r, x, &l);
	r->n_exact += l.kind == RESOLVE_EXACT;
	r->n_ambiguous += l.kind == RESOLVE_AMBIGUOUS;
	r->n_unknown += l.kind == RESOLVE_UNKNOWN;
	r->v[r->n++] = l;
	return err;
}

enum err resolve_block(
    struct resolve_result *r, const struct resolve_index *x, const char *text, size_t n)
{
	struct set_index seen;
	enum err err = ERR_OK;
	size_t line = 1;

	set_index_init(&seen);
	for (size_t at = 0; at < n && !err; line++) {
		const char *end = memchr(text + at, '\n', n - at);
		size_t stop = end ? (size_t)(end - text) : n, from = at, to = stop;

		while (from < to && is_border(text[from]))
			from++;
		while (to > from && is_border(text[to - 1]))
			to--;
		at = stop + 1;
		if (from < to)
			err = add_line(r, x, &seen, &(struct span){text + from, to - from, line});
	}
	set_index_done(&seen);
	return err;
}
