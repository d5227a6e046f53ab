#include "targeting/set.h"

#include <string.h>
#include <utf8proc.h>
#include "base/mem.h"

/* --- canonical values */

#define FNV_START 0xcbf29ce484222325u
#define FNV_PRIME 0x100000001b3u
/* Canonical forms are found by repeating until nothing changes; Unicode needs two rounds at most
 * (folding can undo a composition), the bound is for hostile text. */
#define MAX_ROUNDS 4

static bool is_ascii(const char *s, size_t *len)
{
	size_t i = 0;

	for (; s[i]; i++)
		if ((unsigned char)s[i] >= 0x80)
			return false;
	*len = i;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_canonical_ascii(const char *s)
{
	bool blank = true; /* so that a leading blank counts as a second one */

	for (; *s; s++) {
		if ((*s >= 'A' && *s <= 'Z') || (is_blank(*s) && (blank || *s != ' ')))
			return false;
		blank = *s == ' ';
	}
	return !blank;
}

/* Lower-case ASCII, collapse and trim blanks, in place; the rest of the bytes stays. */
static void fold_ascii(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (!is_blank(*s))
			*to++ = *s >= 'A' && *s <= 'Z' ? (char)(*s | 0x20) : *s;
		else if (s[1] && !is_blank(s[1]))
			*to++ = ' ';
	}
	*to = '\0';
}

static void trim_start(char *s)
{
	size_t skip = strspn(s, " ");

	if (skip)
		memmove(s, s + skip, strlen(s + skip) + 1);
}

/* Is it surely canonical, without asking Unicode's tables? Letters that neither fold, decompose nor
 * compose with one another: ASCII, Latin-1, kana, Han, Hangul syllables, emoji. Most text of the
 * world's keywords passes here. */
static bool is_plain(const char *text, bool keyword)
{
	const utf8proc_uint8_t *s = (const utf8proc_uint8_t *)text;
	bool blank = true;

	while (*s) {
		utf8proc_int32_t cp = *s;
		bool was_blank = blank;

		blank = cp == ' ';
		if (cp < 0x80) {
			if (keyword && ((cp >= 'A' && cp <= 'Z') || (cp >= '\t' && cp <= '\r') ||
					   (blank && was_blank)))
				return false;
			s++;
			continue;
		}
		s += utf8proc_iterate(s, 4, &cp) < 1 ? 1 : utf8proc_utf8class[*s];
		if (!((cp >= 0xe0 && cp <= 0xff) || (!keyword && cp >= 0xc0 && cp <= 0xdf) ||
			(cp >= 0x3041 && cp <= 0x3096) || (cp >= 0x30a1 && cp <= 0x30ff) ||
			(cp >= 0x4e00 && cp <= 0x9fff) || (cp >= 0xac00 && cp <= 0xd7a3) ||
			(cp >= 0x1f300 && cp <= 0x1faff)))
			return false;
	}
	return !(keyword && blank);
}

/* One round of Unicode normalisation; *out is s when s is not UTF-8. */
static enum err normalise(struct arena *a, bool keyword, const char *s, const char **out)
{
	utf8proc_option_t how = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
	utf8proc_ssize_t n, got;
	utf8proc_int32_t *cp;
	size_t bytes;

	if (keyword)
		how |= UTF8PROC_CASEFOLD;
	n = utf8proc_decompose(
	    (const utf8proc_uint8_t *)s, (utf8proc_ssize_t)strlen(s), NULL, 0, how);
	*out = s;
	if (n < 0)
		return ERR_OK;
	/* utf8proc_reencode works in place and wants room for a NUL behind the code points */
	if (__builtin_mul_overflow((size_t)n + 1, sizeof *cp, &bytes))
		return ERR_NOMEM;
	cp = arena_alloc(a, bytes);
	if (!cp)
		return ERR_NOMEM;
	n = utf8proc_decompose(
	    (const utf8proc_uint8_t *)s, (utf8proc_ssize_t)strlen(s), cp, n, how);
	for (utf8proc_ssize_t i = 0; keyword && i < n; i++)
		if (utf8proc_category(cp[i]) == UTF8PROC_CATEGORY_ZS)
			cp[i] = ' ';
	got = n < 0 ? n : utf8proc_reencode(cp, n, how);
	if (got < 0)
		return ERR_OK;
	*out = (const char *)cp;
	if (keyword) {
		fold_ascii((char *)cp);
		trim_start((char *)cp);
	}
	return ERR_OK;
}

enum err set_canonical(struct arena *a, enum targeting_type t, const char *value, const char **out)
{
	bool keyword = type_info(t)->value == VALUE_KEYWORD;
	const char *now = value ? value : "";
	size_t len;

	*out = now;
	if (is_ascii(now, &len)) {
		char *copy;

		if (!keyword || is_canonical_ascii(now))
			return ERR_OK;
		copy = arena_strndup(a, now, len);
		if (!copy)
			return ERR_NOMEM;
		fold_ascii(copy);
		trim_start(copy);
		*out = copy;
		return ERR_OK;
	}
	if (is_plain(now, keyword))
		return ERR_OK;
	for (int i = 0; i < MAX_ROUNDS; i++) {
		enum err err = normalise(a, keyword, now, out);

		if (err || *out == now || !strcmp(*out, now))
			return err;
		now = *out;
	}
	return ERR_OK;
}

/* --- keys */

static uint64_t hash_text(uint64_t h, const char *s)
{
	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * FNV_PRIME;
	return (h ^ 0xffu) * FNV_PRIME; /* no UTF-8 text has this byte: it ends the text */
}

void set_key_rehash(struct set_key *k)
{
	uint64_t h = hash_text(FNV_START, k->value);

	h = hash_text(h, k->line_item_id);
	h = (h ^ ((unsigned)k->type * OP_COUNT + (unsigned)k->op)) * FNV_PRIME;
	if (k->type == TYPE_UNKNOWN)
		h = hash_text(h, k->type_name);
	k->hash = h ^ h >> 29;
}

enum err set_key_of(struct arena *a, const struct criterion *c, struct set_key *k)
{
	enum err err;

	*k = (struct set_key){
	    .line_item_id = c->line_item_id ? c->line_item_id : "",
	    .type_name = c->type_name ? c->type_name : type_info(c->type)->name,
	    .type = c->type,
	    .op = c->op,
	};
	err = set_canonical(a, c->type, c->value, &k->value);
	if (!err)
		set_key_rehash(k);
	return err;
}

void set_key_of_id(const char *criterion_id, struct set_key *k)
{
	/* no targeting type has this name */
	*k = (struct set_key){.line_item_id = "", .type_name = "\x01id", .value = criterion_id};
	set_key_rehash(k);
}

bool set_key_equal(const struct set_key *a, const struct set_key *b)
{
	return a->hash == b->hash && a->type == b->type && a->op == b->op &&
	       !strcmp(a->value, b->value) && !strcmp(a->line_item_id, b->line_item_id) &&
	       (a->type != TYPE_UNKNOWN || !strcmp(a->type_name, b->type_name));
}

enum err set_key_bytes(struct buf *out, const struct set_key *k)
{
	const char *name = k->type == TYPE_UNKNOWN ? k->type_name : type_info(k->type)->name;

	/* lengths before texts, so that no text can imitate the border of two */
	return buf_addf(out, "%zu:%s,%zu:%s,%s,%zu:%s", strlen(k->line_item_id), k->line_item_id,
	    strlen(name), name, op_name(k->op), strlen(k->value), k->value);
}

/* --- index */

struct set_slot {
	struct set_key key;
	size_t row;
	unsigned gen;
};

void set_index_init(struct set_index *x)
{
	*x = (struct set_index){.gen = 1};
}

void set_index_done(struct set_index *x)
{
	mem_free(x->slots);
	set_index_init(x);
}

void set_index_clear(struct set_index *x)
{
	x->n = 0;
	if (++x->gen == 0) {
		for (size_t i = 0; i < x->cap; i++)
			x->slots[i].gen = 0;
		x->gen = 1;
	}
}

/* The slot that has the key or is free for it; cap is a power of two and never full. */
static struct set_slot *slot_of(const struct set_index *x, const struct set_key *k)
{
	size_t i = (size_t)k->hash & (x->cap - 1);

	while (x->slots[i].gen == x->gen && !set_key_equal(&x->slots[i].key, k))
		i = (i + 1) & (x->cap - 1);
	return &x->slots[i];
}

static enum err index_grow(struct set_index *x)
{
	struct set_index bigger = {.cap = x->cap ? x->cap * 2 : 64, .gen = 1, .n = x->n};

	bigger.slots = mem_array(bigger.cap, sizeof *bigger.slots);
	if (!bigger.slots)
		return ERR_NOMEM;
	for (size_t i = 0; i < x->cap; i++) {
		struct set_slot *to;

		if (x->slots[i].gen != x->gen)
			continue;
		to = slot_of(&bigger, &x->slots[i].key);
		*to = x->slots[i];
		to->gen = bigger.gen;
	}
	mem_free(x->slots);
	*x = bigger;
	return ERR_OK;
}

enum err set_index_put(struct set_index *x, const struct set_key *k, size_t row, size_t *found)
{
	struct set_slot *s;

	if ((x->n + 1) * 4 > x->cap * 3 && index_grow(x))
		return ERR_NOMEM;
	s = slot_of(x, k);
	if (s->gen != x->gen) {
		*s = (struct set_slot){.key = *k, .row = row, .gen = x->gen};
		x->n++;
	}
	*found = s->row;
	return ERR_OK;
}

bool set_index_get(const struct set_index *x, const struct set_key *k, size_t *row)
{
	const struct set_slot *s = x->n ? slot_of(x, k) : NULL;

	if (!s || s->gen != x->gen)
		return false;
	*row = s->row;
	return true;
}

/* --- algebra */

/* Keys of one set with their index; the first row of a key stands for all that have it. */
struct keyed {
	struct arena arena;
	struct set_index index;
};

static void keyed_init(struct keyed *k)
{
	arena_init(&k->arena);
	set_index_init(&k->index);
}

static void keyed_done(struct keyed *k)
{
	set_index_done(&k->index);
	arena_done(&k->arena);
}

static enum err keyed_put(struct keyed *k, const struct criterion *c, size_t row, bool *first)
{
	struct set_key key;
	size_t found;
	enum err err = set_key_of(&k->arena, c, &key);

	if (!err)
		err = set_index_put(&k->index, &key, row, &found);
	if (!err)
		*first = found == row;
	return err;
}

static enum err keyed_has(struct keyed *k, const struct criterion *c, bool *has)
{
	struct set_key key;
	size_t row;
	enum err err = set_key_of(&k->arena, c, &key);

	*has = !err && set_index_get(&k->index, &key, &row);
	return err;
}

static enum err keyed_all(struct keyed *k, const struct criterion_set *s)
{
	bool first;
	enum err err = ERR_OK;

	for (size_t i = 0; i < s->n && !err; i++)
		if (!s->v[i].deleted)
			err = keyed_put(k, &s->v[i], i, &first);
	return err;
}

/* Copy those rows of s to out that are not in `seen` yet and of which `other` says `want`. */
static enum err copy_rows(struct keyed *seen, const struct criterion_set *s, struct keyed *other,
    bool want, struct criterion_set *out)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct criterion *c = &s->v[i];
		size_t at = seen->index.n;
		bool has = want, first;
		enum err err = ERR_OK;

		if (c->deleted)
			continue;
		if (other)
			err = keyed_has(other, c, &has);
		if (!err && has == want)
			err = keyed_put(seen, c, at, &first);
		if (err)
			return err;
		if (has == want && first && !criterion_set_copy(out, c))
			return ERR_NOMEM;
	}
	return ERR_OK;
}

enum err set_equal(const struct criterion_set *a, const struct criterion_set *b, bool *equal)
{
	struct keyed ka, kb;
	enum err err;

	keyed_init(&ka);
	keyed_init(&kb);
	err = keyed_all(&ka, a);
	if (!err)
		err = keyed_all(&kb, b);
	*equal = !err && ka.index.n == kb.index.n;
	for (size_t i = 0; i < a->n && *equal && !err; i++)
		if (!a->v[i].deleted)
			err = keyed_has(&kb, &a->v[i], equal);
	keyed_done(&ka);
	keyed_done(&kb);
	return err;
}

enum err set_union(
    const struct criterion_set *a, const struct criterion_set *b, struct criterion_set *out)
{
	struct keyed seen;
	enum err err;

	keyed_init(&seen);
	err = copy_rows(&seen, a, NULL, true, out);
	if (!err)
		err = copy_rows(&seen, b, NULL, true, out);
	keyed_done(&seen);
	return err;
}

static enum err select_rows(const struct criterion_set *a, const struct criterion_set *b, bool want,
    struct criterion_set *out)
{
	struct keyed seen, kb;
	enum err err;

	keyed_init(&seen);
	keyed_init(&kb);
	err = keyed_all(&kb, b);
	if (!err)
		err = copy_rows(&seen, a, &kb, want, out);
	keyed_done(&seen);
	keyed_done(&kb);
	return err;
}

enum err set_minus(
    const struct criterion_set *a, const struct criterion_set *b, struct criterion_set *out)
{
	return select_rows(a, b, false, out);
}

enum err set_common(
    const struct criterion_set *a, const struct criterion_set *b, struct criterion_set *out)
{
	return select_rows(a, b, true, out);
}

enum err set_diff(
    const struct criterion_set *a, const struct criterion_set *b, struct change_set *out)
{
	struct keyed ka, kb;
	enum err err;
	bool has, first;

	keyed_init(&ka);
	keyed_init(&kb);
	err = keyed_all(&kb, b);
	for (size_t i = 0; i < a->n && !err; i++) {
		struct change c;

		if (a->v[i].deleted)
			continue;
		err = keyed_put(&ka, &a->v[i], i, &first);
		if (!err)
			err = keyed_has(&kb, &a->v[i], &has);
		change_from_criterion(&c, CHANGE_DELETE, &a->v[i]);
		if (!err && !has && !change_set_copy(out, &c))
			err = ERR_NOMEM;
	}
	for (size_t i = 0; i < b->n && !err; i++) {
		struct change c;

		if (b->v[i].deleted)
			continue;
		err = keyed_put(&ka, &b->v[i], a->n + i, &first);
		change_from_criterion(&c, CHANGE_CREATE, &b->v[i]);
		if (!err && first && !change_set_copy(out, &c))
			err = ERR_NOMEM;
	}
	keyed_done(&ka);
	keyed_done(&kb);
	return err;
}

static enum err put_id(struct set_index *x, const char *criterion_id)
{
	struct set_key key;
	size_t found;

	set_key_of_id(criterion_id, &key);
	return set_index_put(x, &key, 0, &found);
}

static bool has_id(const struct set_index *x, const char *criterion_id)
{
	struct set_key key;
	size_t row;

	set_key_of_id(criterion_id, &key);
	return set_index_get(x, &key, &row);
}

/* What the deletes are about: criterion ids, and keys of those that have no id. */
static enum err collect_gone(struct keyed *gone, const struct change_set *changes)
{
	enum err err = ERR_OK;
	bool first;

	for (size_t i = 0; i < changes->n && !err; i++) {
		struct criterion c;

		if (changes->v[i].kind != CHANGE_DELETE || changes->v[i].held)
			continue;
		change_to_criterion(&changes->v[i], &c);
		err = c.id ? put_id(&gone->index, c.id) : keyed_put(gone, &c, i, &first);
	}
	return err;
}

enum err set_apply(
    const struct change_set *changes, const struct criterion_set *a, struct criterion_set *out)
{
	struct keyed gone, have;
	bool first, has;
	enum err err;

	keyed_init(&gone);
	keyed_init(&have);
	err = collect_gone(&gone, changes);
	for (size_t i = 0; i < a->n && !err; i++) {
		const struct criterion *c = &a->v[i];

		if (c->deleted || (c->id && has_id(&gone.index, c->id)))
			continue;
		err = keyed_has(&gone, c, &has);
		if (err || has)
			continue;
		err = keyed_put(&have, c, i, &first);
		if (!err && !criterion_set_copy(out, c))
			err = ERR_NOMEM;
	}
	for (size_t i = 0; i < changes->n && !err; i++) {
		struct criterion c;

		if (changes->v[i].kind != CHANGE_CREATE || changes->v[i].held)
			continue;
		change_to_criterion(&changes->v[i], &c);
		err = keyed_put(&have, &c, a->n + i, &first);
		if (!err && first && !criterion_set_copy(out, &c))
			err = ERR_NOMEM;
	}
	keyed_done(&gone);
	keyed_done(&have);
	return err;
}
