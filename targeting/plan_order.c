/* In which order the operations of one line item are safe.
 *
 * Every condition is a set of cells (cell.h), and while no cell becomes empty or stops being empty,
 * the reach grows and shrinks with its members. So: first delete what may go while something stays
 * in its cell, and create exclusions (all of it narrows: no state reaches more than the one before);
 * then, in one batch, let each cell that keeps nothing give up its last old member and get its
 * first new one; then create the rest and delete exclusions (all of it widens towards the end: no
 * state reaches more than the one after). */
#include "base/mem.h"
#include "targeting/cell.h"
#include "targeting/plan_impl.h"
#include "targeting/record.h"

void plan_split_done(struct plan_split *s)
{
	mem_free(s->ops);
	*s = (struct plan_split){0};
}

/* What others depend on comes first: TV_SHOW needs a LOCATION (R19), ENGAGEMENT_TYPE needs what it
 * qualifies (R41). */
enum { RANK_NEEDED, RANK_FREE, RANK_NEEDS, RANKS };

static int rank_of(enum targeting_type t)
{
	switch (t) {
	case TYPE_LOCATION:
	case TYPE_CAMPAIGN_ENGAGEMENT:
	case TYPE_USER_ENGAGEMENT:
		return RANK_NEEDED;
	case TYPE_TV_SHOW:
	case TYPE_ENGAGEMENT_TYPE:
		return RANK_NEEDS;
	default:
		return RANK_FREE;
	}
}

/* --- cells */

struct tally {
	struct cell cell;
	size_t kept; /* rows that are there before and after */
	bool delete_held, create_held; /* the operation of the switch is chosen */
};

struct tallies {
	struct tally *v;
	size_t n, cap;
};

static struct tally *tally_of(
    struct tallies *t, const struct criterion *c, const struct expr_lookup *lookup)
{
	struct cell cell = cell_of(c, lookup);
	void *v = t->v;

	for (size_t i = 0; i < t->n; i++)
		if (cell_equal(&t->v[i].cell, &cell))
			return &t->v[i];
	if (!record_grow(&v, t->n, &t->cap, sizeof *t->v))
		return NULL;
	t->v = v;
	t->v[t->n] = (struct tally){.cell = cell};
	return &t->v[t->n++];
}

/* --- phases */

enum phase { PHASE_NONE, PHASE_PRE, PHASE_SWITCH, PHASE_POST };

static bool is_op(const struct effective_row *r)
{
	return r->change && !r->held;
}

static enum phase phase_of(struct tally *t, const struct effective_row *r)
{
	bool goes = r->state == EFFECTIVE_REMOVED;

	if (t->cell.kind == CELL_EXCLUDE)
		return goes ? PHASE_POST : PHASE_PRE;
	if (t->kept)
		return goes ? PHASE_PRE : PHASE_POST;
	if (goes && !t->delete_held) {
		t->delete_held = true;
		return PHASE_SWITCH;
	}
	if (!goes && !t->create_held) {
		t->create_held = true;
		return PHASE_SWITCH;
	}
	return goes ? PHASE_PRE : PHASE_POST;
}

static enum err assign(struct tallies *t, const struct effective *set,
    const struct expr_lookup *lookup, unsigned char *phase)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct effective_row *r = &set->v[i];
		struct tally *cell = tally_of(t, r->criterion, lookup);

		if (!cell)
			return ERR_NOMEM;
		cell->kept += effective_is_before(r) && effective_is_after(r);
	}
	for (size_t i = 0; i < set->n; i++)
		if (is_op(&set->v[i]))
			phase[i] = (unsigned char)phase_of(
			    tally_of(t, set->v[i].criterion, lookup), &set->v[i]);
	return ERR_OK;
}

/* --- output: deletes before creates, so that counts and the one AGE bucket stay legal */

static size_t emit(
    struct plan_split *s, const struct effective *set, const unsigned char *phase, enum phase which)
{
	size_t first = s->n_ops;

	for (int kind = 0; kind < 2; kind++)
		for (int i = 0; i < RANKS; i++) {
			int rank = kind ? i : RANKS - 1 - i;

			for (size_t row = 0; row < set->n; row++) {
				const struct effective_row *r = &set->v[row];
				bool goes = r->state == EFFECTIVE_REMOVED;

				if (is_op(r) && goes == !kind &&
				    rank_of(r->criterion->type) == rank && phase[row] == which)
					s->ops[s->n_ops++] = r->change;
			}
		}
	return s->n_ops - first;
}

enum err plan_order(
    struct plan_split *s, const struct effective *set, const struct expr_lookup *lookup)
{
	struct tallies cells = {0};
	unsigned char *phase = mem_array(set->n, sizeof *phase);
	size_t n = set->n_added + set->n_removed;
	enum err err = phase ? ERR_OK : ERR_NOMEM;

	s->n_ops = s->n_pre = s->n_switch = s->n_post = 0;
	if (n > s->cap) {
		void *v = mem_realloc_array(s->ops, n, sizeof *s->ops);

		if (v) {
			s->ops = v;
			s->cap = n;
		} else {
			err = ERR_NOMEM;
		}
	}
	if (!err && lookup)
		err = assign(&cells, set, lookup, phase);
	if (!err && !lookup)
		s->n_switch = emit(s, set, phase, PHASE_NONE);
	if (!err && lookup) {
		s->n_pre = emit(s, set, phase, PHASE_PRE);
		s->n_switch = emit(s, set, phase, PHASE_SWITCH);
		s->n_post = emit(s, set, phase, PHASE_POST);
	}
	mem_free(cells.v);
	mem_free(phase);
	return err;
}
