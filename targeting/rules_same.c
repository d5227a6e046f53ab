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
		if (check_survives(ck, &other, 1))
			check_fix_drop(ck, p, &other, 1);
	}
}

void check_repeats(struct check *ck)
{
	check_duplicates(ck);
	check_noops(ck);
	check_opposites(ck);
}
