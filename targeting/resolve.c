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

/* --- "Portland, OR", "London, GB": the name by its first part, narrowed by what follows */

/* Is the piece one of the later parts of the option's name, or its country? */
static bool has_piece(struct arena *a, const struct option *o, const char *piece, enum err *err)
{
	const char *s = o->name ? strchr(o->name, ',') : NULL;
	const char *country = o->country ? plain(a, o->country, strlen(o->country)) : "";

	if (country && !strcmp(country, piece))
		return true;
	while (s && country) {
		size_t n = strcspn(++s, ",");
		const char *part = plain(a, s, n);

		if (!part)
			break;
		if (!strcmp(part, piece))
			return true;
		s = s[n] ? s + n : NULL;
	}
	if (s || !country)
		*err = ERR_NOMEM;
	return false;
}

static bool has_pieces(struct arena *a, const struct option *o, const char *line, enum err *err)
{
	for (const char *s = strchr(line, ','); s && !*err;) {
		size_t n = strcspn(++s, ",");
		const char *piece = plain(a, s, n);

		if (!piece)
			*err = ERR_NOMEM;
		else if (*piece && !has_piece(a, o, piece, err))
			return false;
		s = s[n] ? s + n : NULL;
	}
	return !*err;
}

static enum err collect_narrowed(const struct resolve_index *x, const char *line, struct choices *c)
{
	size_t row;
	struct arena a;
	struct set_key key;
	const char *first;
	enum err err = ERR_OK;

	if (!strchr(line, ','))
		return ERR_OK;
	arena_init(&a);
	first = plain(&a, line, strcspn(line, ","));
	key = key_of(first ? first : "");
	if (!first)
		err = ERR_NOMEM;
	else if (*first && set_index_get(&x->by_part, &key, &row))
		for (; row != NONE && !err; row = x->next_part[row])
			if (has_pieces(&a, &x->options[row], line, &err))
				add_choice(c, row);
	arena_done(&a);
	return err;
}

/* --- one line */

static bool is_number(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n && n <= 19 && !s[n];
}

/* X spells the kind in the plural, and old rows in the singular (reference 2.7). */
static bool is_code(const struct option *o)
{
	return o->kind && strncmp(o->kind, "POSTAL_CODE", 11) == 0;
}

static enum err find_choices(struct resolve_result *r, const struct resolve_index *x,
    struct resolve_line *l, struct choices *c)
{
	struct choices whole = {.n = 0};
	struct set_key value = key_of(l->text);
	const char *name;
	size_t row;
	enum err err;

	if (set_index_get(&x->by_value, &value, &row)) {
		add_choice(c, row);
		l->kind = RESOLVE_EXACT;
		return ERR_OK;
	}
	name = plain(&r->arena, l->text, strlen(l->text));
	if (!name)
		return ERR_NOMEM;
	collect(&x->by_name, x->next_name, name, &whole);
	*c = whole;
	collect(&x->by_part, x->next_part, name, c);
	err = collect_narrowed(x, l->text, c);
	if (c->n == 1 && (whole.n == 1 || (x->codes && is_code(&x->options[c->v[0]]))))
		l->kind = RESOLVE_EXACT;
	else if (c->n)
		l->kind = RESOLVE_AMBIGUOUS;
	else if (x->numbers && is_number(l->text))
		l->kind = RESOLVE_VALUE;
	return err;
}

static enum err judge(
    struct resolve_result *r, const struct resolve_index *x, struct resolve_line *l)
{
	struct choices c = {.n = 0};
	enum err err = find_choices(r, x, l, &c);
	size_t *kept;

	if (err)
		return err;
	kept = arena_alloc(&r->arena, (c.n + 1) * sizeof *kept);
	if (!kept)
		return ERR_NOMEM;
	memcpy(kept, c.v, c.n * sizeof *kept);
	l->choices = kept;
	l->n_choices = c.n;
	l->n_more = c.more;
	return ERR_OK;
}

/* --- the block */

struct block {
	struct resolve_result *r;
	const struct resolve_index *x;
	struct set_index seen; /* what lines said: texts, and values of options */
};

struct span {
	const char *p;
	size_t n, line;
};

/* Was this text met before? It is remembered. */
static enum err was_seen(struct block *b, const char *text, size_t line, bool *before)
{
	struct set_key key = key_of(text);
	size_t found;
	enum err err = set_index_put(&b->seen, &key, line, &found);

	*before = !err && found != line;
	return err;
}

/* Same words, or another word for the same option. */
static enum err is_repeated(struct block *b, const struct resolve_line *l, bool *before)
{
	const char *text = l->text;
	const char *words = l->kind == RESOLVE_EXACT ? b->x->options[l->choices[0]].value
						     : plain(&b->r->arena, text, strlen(text));

	if (!words && l->kind != RESOLVE_EXACT)
		return ERR_NOMEM;
	return was_seen(b, words && *words ? words : text, b->r->n + 1, before);
}

static enum err add_line(struct block *b, const struct span *s)
{
	struct resolve_result *r = b->r;
	struct resolve_line l = {.line = s->line, .kind = RESOLVE_UNKNOWN};
	bool legible = s->n <= RESOLVE_MAX_BYTES && !memchr(s->p, '\0', s->n), before = false;
	void *v = r->v;
	enum err err = ERR_OK;

	l.text =
	    arena_strndup(&r->arena, s->p, s->n < RESOLVE_MAX_BYTES ? s->n : RESOLVE_MAX_BYTES);
	if (!l.text)
		return ERR_NOMEM;
	if (legible)
		err = judge(r, b->x, &l);
	if (!err && legible)
		err = is_repeated(b, &l, &before);
	if (err)
		return err;
	if (before) {
		r->n_duplicates++;
		return ERR_OK;
	}
	if (!record_grow(&v, r->n, &r->cap, sizeof *r->v))
		return ERR_NOMEM;
	r->v = v;
	r->n_exact += l.kind == RESOLVE_EXACT;
	r->n_ambiguous += l.kind == RESOLVE_AMBIGUOUS;
	r->n_unknown += l.kind == RESOLVE_UNKNOWN;
	r->n_value += l.kind == RESOLVE_VALUE;
	r->v[r->n++] = l;
	return ERR_OK;
}

static bool is_border(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == ',' || c == ';';
}

static bool is_separator(char c)
{
	return c == '\t' || c == ',' || c == ';';
}

static struct span trim(struct span s)
{
	while (s.n && is_border(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && is_border(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* The next piece of a list, trimmed; at moves behind it. */
static struct span next_piece(const struct span *s, size_t *at)
{
	size_t from = *at;

	while (*at < s->n && !is_separator(s->p[*at]))
		++*at;
	return trim((struct span){s->p + from, (*at)++ - from, s->line});
}

static bool is_number_or_handle(const struct span *s)
{
	bool handle = s->p[0] == '@';

	for (size_t i = handle; i < s->n; i++) {
		char c = s->p[i];

		if ((c < '0' || c > '9') &&
		    !(handle && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_')))
			return false;
	}
	return s->n > handle;
}

static bool is_list(const struct span *s)
{
	size_t n = 0;

	for (size_t at = 0; at < s->n;) {
		struct span piece = next_piece(s, &at);

		if (piece.n && !is_number_or_handle(&piece))
			return false;
		n += piece.n > 0;
	}
	return n > 1;
}

static enum err add_lines(struct block *b, const struct span *s)
{
	enum err err = ERR_OK;

	if (!s->n)
		return ERR_OK;
	if (!is_list(s))
		return add_line(b, s);
	for (size_t at = 0; at < s->n && !err;) {
		struct span piece = next_piece(s, &at);

		if (piece.n)
			err = add_line(b, &piece);
	}
	return err;
}

/* 3 to 10 letters, digits, blanks and hyphens; a digit among them; no more than three letters in a row,
 * as words have them. */
static bool has_form_of_code(const struct span *s)
{
	size_t digits = 0, letters = 0;

	for (size_t i = 0; i < s->n; i++) {
		char c = s->p[i];
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

		letters = letter ? letters + 1 : 0;
		digits += c >= '0' && c <= '9';
		if (letters > 3 || (!letter && c != ' ' && c != '-' && (c < '0' || c > '9')))
			return false;
	}
	return s->n >= 3 && s->n <= 10 && digits;
}

bool resolve_has_codes(const char *text, size_t n)
{
	for (size_t at = 0; at < n;) {
		struct span s = {text + at, 0, 0};

		while (at + s.n < n && !is_separator(s.p[s.n]) && s.p[s.n] != '\n')
			s.n++;
		at += s.n + 1;
		s = trim(s);
		if (has_form_of_code(&s))
			return true;
	}
	return false;
}

enum err resolve_block(
    struct resolve_result *r, const struct resolve_index *x, const char *text, size_t n)
{
	struct block b = {.r = r, .x = x};
	enum err err = ERR_OK;
	size_t line = 1;

	set_index_init(&b.seen);
	for (size_t at = 0; at < n && !err; line++) {
		const char *end = memchr(text + at, '\n', n - at);
		size_t stop = end ? (size_t)(end - text) : n;
		struct span s = trim((struct span){text + at, stop - at, line});

		at = stop + 1;
		err = add_lines(&b, &s);
	}
	set_index_done(&b.seen);
	return err;
}
