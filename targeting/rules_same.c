/* Rules about what repeats or contradicts itself. */
#include <string.h>
#include "targeting/rules_impl.h"

/* --- duplicates */

/* The row that has this key first and that the line item will have; itself when it is the first. */
static size_t first_of(const struct check *ck, size_t row)
{
	size_t first;

	if (set_index_get(&ck->e->index, &ck->e->keys[row], &first) && first < row &&
	    effective_is_after(&ck->e->v[first]))
		return first;
	return row;
}

static void check_duplicates(struct check *ck)
{
	for (size_t row = 0; row < ck->e->n && ck->e->n_same && !ck->err; row++) {
		size_t first = effective_is_after(&ck->e->v[row]) ? first_of(ck, row) : row;
		struct problem *p;

		if (first == row)
			continue;
		check_pick(ck, first);
		check_pick(ck, row);
		p = check_add(ck, RULE_DUPLICATE, "%s: %s twice",
		    type_info(check_at(ck, row)->type)->label, check_label(ck, row));
		check_fix_drop(ck, p, &row, 1);
	}
}

/* Staged creates that have no row because they would repeat one. */
static void check_noops(struct check *ck)
{
	for (size_t i = 0; i < ck->e->n_noops && !ck->err; i++) {
		const struct effective_noop *noop = &ck->e->noop[i];
		const struct change **unstage;
		struct problem *p;

		if (noop->change->kind != CHANGE_CREATE ||
		    (noop->why != NOOP_THERE && noop->why != NOOP_TWICE))
			continue;
		unstage = arena_alloc(&ck->out->arena, sizeof *unstage);
		ck->cause = noop->change;
		p = check_add(ck, RULE_DUPLICATE, "%s: %s is %s",
		    type_info(noop->change->type)->label,
		    check_cut(ck, noop->change->name ? noop->change->name : noop->change->value),
		    effective_why_text(noop->why));
		if (!unstage || !p) {
			ck->err = ERR_NOMEM;
			return;
		}
		*unstage = noop->change;
		p->unstage = unstage;
		p->n_unstage = 1;
	}
}

/* --- included and excluded */

/* May the row go without its condition becoming empty, which would widen the reach? */
static bool has_company(const struct check *ck, size_t row)
{
	struct cell cell = cell_of(check_at(ck, row), &ck->os);

	for (size_t i = 0; i < ck->e->n; i++) {
		struct cell other;

		if (i == row || !effective_is_after(&ck->e->v[i]))
			continue;
		other = cell_of(check_at(ck, i), &ck->os);
		if (cell_equal(&cell, &other))
			return true;
	}
	return false;
}

static void check_opposites(struct check *ck)
{
	for (size_t row = 0; row < ck->e->n && !ck->err; row++) {
		struct set_key key = ck->e->keys[row];
		struct problem *p;
		size_t other;

		if (key.op != OP_NE || !effective_is_after(&ck->e->v[row]))
			continue;
		key.op = OP_EQ;
		set_key_rehash(&key);
		if (!set_index_get(&ck->e->index, &key, &other) ||
		    !effective_is_after(&ck->e->v[other]))
			continue;
		check_pick(ck, other);
		check_pick(ck, row);
		p = check_add(ck, RULE_INCLUDED_AND_EXCLUDED, "%s: %s", type_info(key.type)->label,
		    check_label(ck, row));
		if (has_company(ck, other))
			check_fix_drop(ck, p, &other, 1);
	}
}

void check_repeats(struct check *ck)
{
	check_duplicates(ck);
	check_noops(ck);
	check_opposites(ck);
}

/* --- keywords */

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
	size_t blocked = 0;

	tokenise(ck->e->keys[row].value, &less);
	for (size_t i = 0; i < n_own; i++)
		if (blocks(ck, &less, &own[i]) && !is_opposite(ck, row, own[i].row)) {
			check_pick(ck, own[i].row);
			blocked++;
		}
	if (!blocked)
		return;
	check_pick(ck, row); /* last, so that the names begin with what is blocked */
	check_add(ck, RULE_NEGATIVE_BLOCKS, "excluded %s blocks %zu own: %s", check_label(ck, row),
	    blocked, check_names(ck));
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

void check_keywords(struct check *ck)
{
	check_negatives(ck);
	check_match_types(ck);
}
