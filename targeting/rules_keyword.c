/* Rules about keywords among each other. */
#include <string.h>
#include "targeting/rules_impl.h"

#define MAX_TOKENS 24 /* of one keyword; longer ones are not judged */

struct keyword {
	size_t row;
	const char *token[MAX_TOKENS]; /* into the canonical value */
	size_t len[MAX_TOKENS];
	size_t n;
	uint64_t bloom; /* a bit for each word: most pairs are told apart by it alone */
};

static bool same_word(const struct keyword *a, size_t i, const struct keyword *b, size_t j)
{
	return a->len[i] == b->len[j] && !memcmp(a->token[i], b->token[j], a->len[i]);
}

/* Words of a canonical keyword; a plus only says that the word stands as it is. */
static void tokenise(const char *s, struct keyword *k)
{
	k->n = 0;
	k->bloom = 0;
	while (*s && k->n < MAX_TOKENS) {
		size_t n;
		uint64_t h = 0xcbf29ce484222325u;

		s += *s == '+' && s[1] && s[1] != ' ';
		n = strcspn(s, " ");
		for (size_t i = 0; i < n; i++)
			h = (h ^ (unsigned char)s[i]) * 0x100000001b3u;
		k->token[k->n] = s;
		k->len[k->n++] = n;
		k->bloom |= UINT64_C(1) << (h >> 58);
		s += n + (s[n] == ' ');
	}
	if (*s)
		k->n = 0;
}

static bool has_all(const struct keyword *own, const struct keyword *less)
{
	for (size_t i = 0; i < less->n; i++) {
		size_t j = 0;

		while (j < own->n && !same_word(less, i, own, j))
			j++;
		if (j == own->n)
			return false;
	}
	return true;
}

static bool has_run(const struct keyword *own, const struct keyword *less)
{
	for (size_t at = 0; at + less->n <= own->n; at++) {
		size_t i = 0;

		while (i < less->n && same_word(less, i, own, at + i))
			i++;
		if (i == less->n)
			return true;
	}
	return false;
}

/* Does everything that matches the own keyword match the excluded one too? Reference 2.7.1: broad
 * and unordered want the words in any order, phrase wants them in a row, exact wants nothing
 * else. */
static bool blocks(const struct check *ck, const struct keyword *less, const struct keyword *own)
{
	enum targeting_type lt = check_at(ck, less->row)->type, ot = check_at(ck, own->row)->type;

	if (!less->n || (less->bloom & ~own->bloom))
		return false;
	switch (lt) {
	case TYPE_PHRASE_KEYWORD:
		if (less->n > 1 && ot != TYPE_PHRASE_KEYWORD && ot != TYPE_EXACT_KEYWORD)
			return false;
		return has_run(own, less);
	case TYPE_EXACT_KEYWORD:
		return ot == TYPE_EXACT_KEYWORD && own->n == less->n && has_run(own, less);
	default:
		return has_all(own, less);
	}
}

static bool is_keyword_row(const struct check *ck, size_t row, bool excluded)
{
	return type_is_keyword(check_at(ck, row)->type) && effective_is_after(&ck->e->v[row]) &&
	       check_is_excluded(ck, row) == excluded;
}

/* The same keyword with the same type is reported as included and excluded. */
static bool is_opposite(const struct check *ck, size_t a, size_t b)
{
	return check_at(ck, a)->type == check_at(ck, b)->type &&
	       !strcmp(ck->e->keys[a].value, ck->e->keys[b].value);
}

static void check_blocked(struct check *ck, struct keyword *own, size_t n_own, size_t row)
{
	struct keyword less = {.row = row};
	size_t blocked = 0, *rows;
	struct problem *p;

	tokenise(ck->e->keys[row].value, &less);
	for (size_t i = 0; i < n_own; i++)
		if (blocks(ck, &less, &own[i]) && !is_opposite(ck, row, own[i].row)) {
			check_pick(ck, own[i].row);
			blocked++;
		}
	if (!blocked)
		return;
	rows = arena_alloc(&ck->tmp, blocked * sizeof *rows);
	if (!rows) {
		ck->err = ERR_NOMEM;
		return;
	}
	memcpy(rows, ck->s->pick, blocked * sizeof *rows);
	check_pick(ck, row); /* last, so that the names begin with what is blocked */
	p = check_add(ck, RULE_NEGATIVE_BLOCKS, "excluded %s blocks %zu own: %s",
	    check_label(ck, row), blocked, check_names(ck));
	if (check_survives(ck, rows, blocked)) /* who matches them is subtracted anyway */
		check_fix_drop(ck, p, rows, blocked);
}

static void check_negatives(struct check *ck)
{
	size_t n_own = 0, n_less = 0, at = 0;
	struct keyword *own;
	struct arena a;

	for (size_t i = 0; i < ck->e->n; i++) {
		n_own += is_keyword_row(ck, i, false);
		n_less += is_keyword_row(ck, i, true);
	}
	if (!n_own || !n_less)
		return;
	arena_init(&a);
	own = arena_alloc(&a, n_own * sizeof *own);
	if (!own)
		ck->err = ERR_NOMEM;
	for (size_t i = 0; i < ck->e->n && own; i++)
		if (is_keyword_row(ck, i, false)) {
			own[at].row = i;
			tokenise(ck->e->keys[i].value, &own[at++]);
		}
	for (size_t i = 0; i < ck->e->n && own && !ck->err; i++)
		if (is_keyword_row(ck, i, true))
			check_blocked(ck, own, n_own, i);
	arena_done(&a);
}

/* --- one keyword in several match types */

static int breadth(enum targeting_type t)
{
	switch (t) {
	case TYPE_BROAD_KEYWORD:
		return 3;
	case TYPE_UNORDERED_KEYWORD:
		return 2;
	case TYPE_PHRASE_KEYWORD:
		return 1;
	default:
		return 0;
	}
}

/* The words alone, so that "+boat +jet" and "boat jet" meet. */
static const char *without_plus(struct check *ck, const char *value)
{
	char *copy, *to;

	if (!strchr(value, '+'))
		return value;
	copy = to = arena_strdup(&ck->tmp, value);
	if (!copy) {
		ck->err = ERR_NOMEM;
		return value;
	}
	for (const char *s = copy; *s; s++)
		if (*s != '+' || (s > copy && s[-1] != ' ') || !s[1] || s[1] == ' ')
			*to++ = *s;
	*to = '\0';
	return copy;
}

static void check_match_types(struct check *ck)
{
	set_index_clear(&ck->s->index);
	for (size_t row = 0; row < ck->e->n && !ck->err; row++) {
		const struct criterion *c = check_at(ck, row);
		struct set_key key = ck->e->keys[row];
		struct problem *p;
		size_t first, narrow;

		if (!type_is_keyword(c->type) || !effective_is_after(&ck->e->v[row]))
			continue;
		key.type = TYPE_BROAD_KEYWORD;
		key.value = without_plus(ck, key.value);
		set_key_rehash(&key);
		if (set_index_put(&ck->s->index, &key, row, &first)) {
			ck->err = ERR_NOMEM;
			return;
		}
		if (first == row || check_at(ck, first)->type == c->type)
			continue;
		narrow = breadth(c->type) < breadth(check_at(ck, first)->type) ? row : first;
		check_pick(ck, first);
		check_pick(ck, row);
		p = check_add(ck, RULE_KEYWORD_TWO_TYPES, "%s: %s and %s", check_label(ck, row),
		    type_info(check_at(ck, first)->type)->label, type_info(c->type)->label);
		check_fix_drop(ck, p, &narrow, 1);
	}
}

/* --- words that find the same people (F8) */

static bool is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool ends_with(const char *word, size_t n, const char *end)
{
	size_t m = strlen(end);

	return n > m && !memcmp(word + n - m, end, m);
}

/* Length of the singular of an English word by its ending, n when it has none; *y: "ies" was "y". */
static size_t singular(const char *word, size_t n, bool *y)
{
	*y = n > 4 && ends_with(word, n, "ies");
	if (*y)
		return n - 3;
	if (n < 4 || !is_letter(word[n - 2]) || ends_with(word, n, "ss") ||
	    ends_with(word, n, "us") || ends_with(word, n, "is") || word[n - 1] != 's')
		return n;
	if (ends_with(word, n, "sses") || ends_with(word, n, "xes") || ends_with(word, n, "ches") ||
	    ends_with(word, n, "shes"))
		return n - 2;
	return n - 1;
}

/* A keyword with its last word in the singular; NULL when that is the same. */
static const char *singular_of(struct check *ck, const char *value)
{
	const char *space = strrchr(value, ' '), *word = space ? space + 1 : value;
	size_t n = strlen(word), head = (size_t)(word - value), keep;
	char *copy;
	bool y;

	keep = singular(word, n, &y);
	if (keep == n)
		return NULL;
	copy = arena_alloc(&ck->tmp, head + keep + 2);
	if (!copy) {
		ck->err = ERR_NOMEM;
		return NULL;
	}
	memcpy(copy, value, head + keep);
	if (y)
		copy[head + keep] = 'y';
	return copy;
}

static void check_plurals(struct check *ck)
{
	size_t n;
	const size_t *rows = check_rows(ck, TYPE_BROAD_KEYWORD, &n);

	for (size_t i = 0; i < n && !ck->err; i++) {
		struct set_key key = ck->e->keys[rows[i]];
		struct problem *p;
		size_t one;

		key.value = strchr(key.value, '+') ? NULL : singular_of(ck, key.value);
		if (!key.value)
			continue;
		set_key_rehash(&key);
		if (!set_index_get(&ck->e->index, &key, &one) ||
		    !effective_is_after(&ck->e->v[one]))
			continue;
		check_pick(ck, one);
		check_pick(ck, rows[i]);
		p = check_add(ck, RULE_KEYWORD_PLURAL, "%s and %s (judged by the ending)",
		    check_label(ck, one), check_label(ck, rows[i]));
		if (!check_is_excluded(ck, rows[i]))
			check_fix_drop(ck, p, &rows[i], 1);
	}
}

/* Skin tones (U+1F3FB to U+1F3FF) and the sign that asks for an emoji (U+FE0F) make variants. */
static size_t variant_bytes(const char *s)
{
	if (!strncmp(s, "\xf0\x9f\x8f", 3) && (unsigned char)s[3] >= 0xbb)
		return 4;
	return strncmp(s, "\xef\xb8\x8f", 3) ? 0 : 3;
}

/* The keyword without the signs of variants; NULL when it has none, or consists of them. */
static const char *plain_emoji(struct check *ck, const char *value)
{
	const char *s = value;
	char *copy, *to;

	while (*s && !variant_bytes(s))
		s++;
	if (!*s)
		return NULL;
	copy = to = arena_strdup(&ck->tmp, value);
	if (!copy) {
		ck->err = ERR_NOMEM;
		return NULL;
	}
	for (s = value; *s;) {
		size_t skip = variant_bytes(s);

		if (skip)
			s += skip;
		else
			*to++ = *s++;
	}
	*to = '\0';
	return *copy ? copy : NULL;
}

/* Of the same type and operator: the plain one, or another variant that came before. */
static void check_emoji(struct check *ck)
{
	set_index_clear(&ck->s->index);
	for (size_t row = 0; row < ck->e->n && !ck->err; row++) {
		struct set_key key = ck->e->keys[row];
		struct problem *p;
		size_t first = row;

		if (!type_is_keyword(check_at(ck, row)->type) ||
		    !effective_is_after(&ck->e->v[row]))
			continue;
		key.value = plain_emoji(ck, key.value);
		if (!key.value)
			continue;
		set_key_rehash(&key);
		if ((!set_index_get(&ck->e->index, &key, &first) ||
			!effective_is_after(&ck->e->v[first])) &&
		    set_index_put(&ck->s->index, &key, row, &first))
			ck->err = ERR_NOMEM;
		if (first == row || ck->err)
			continue;
		check_pick(ck, first);
		check_pick(ck, row);
		p = check_add(ck, RULE_KEYWORD_EMOJI, "%s", check_names(ck));
		if (!check_is_excluded(ck, row))
			check_fix_drop(ck, p, &row, 1);
	}
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

/* "game%20of%20thrones", "game+of+thrones": seen in real accounts (reference G15, G16). */
static bool looks_encoded(const char *s)
{
	const char *plus = strchr(s, '+');

	for (const char *p = strchr(s, '%'); p; p = strchr(p + 1, '%'))
		if (is_hex(p[1]) && is_hex(p[2]))
			return true;
	return plus && plus > s && is_letter(plus[-1]) && is_letter(plus[1]) && !strchr(s, ' ');
}

static void check_encoded(struct check *ck)
{
	for (size_t row = 0; row < ck->e->n && !ck->err; row++)
		if (type_is_keyword(check_at(ck, row)->type) &&
		    effective_is_after(&ck->e->v[row]) && looks_encoded(ck->e->keys[row].value)) {
			check_pick(ck, row);
			check_add(ck, RULE_KEYWORD_ENCODED, NULL);
		}
}

void check_keywords(struct check *ck)
{
	check_negatives(ck);
	check_match_types(ck);
	check_plurals(ck);
	check_emoji(ck);
	check_encoded(ck);
}
