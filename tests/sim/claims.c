/* What the program says of the edits (drafts, journal, screen), against what the sandbox did: I2,
 * nothing is lost, and I3, nothing is claimed that is not so. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "store/drafts.h"
#include "store/journal.h"
#include "tests/sim/server.h"
#include "tests/sim/sim.h"
#include "tests/sim/weather.h"
#include "session/applying.h"
#include "session/internal.h"

static unsigned seen[EDITS], state_of[EDITS];
static bool present[EDITS]; /* the journal has an operation of it that took effect */

/* --- what was so --- */

/* The moment that the oldest reading of its posting can have shown. */
static int64_t window_of(const struct edit *e)
{
	return e->posted_ms - WEATHER_LAG_MS;
}

/* Was its effect there at any moment that its posting can have seen, and made by whomever? */
static bool was_so(const struct edit *e)
{
	const struct rows *rows = check_account();

	for (size_t i = 0; i < rows->n; i++) {
		const struct row *r = &rows->v[i];

		if (e->removes && strcmp(r->id, e->criterion) == 0)
			return r->deleted;
		if (!e->removes && row_is_of(r, e) && row_lived_since(r, window_of(e)))
			return true;
	}
	return false;
}

/* --- I2 --- */

static const char *const names[] = {"staged", "being sent", "unknown", "applied", "gone"};

static void see_state(void *user, const char *draft, unsigned state, const struct change *c)
{
	struct edit *e = facts_edit(c->id);

	(void)user, (void)draft;
	if (!e) {
		violated("I2", "edit %llu is %s and nobody staged it", (unsigned long long)c->id,
		    names[state]);
		return;
	}
	seen[e - facts.edits]++;
	state_of[e - facts.edits] = state;
	if (state == DRAFT_STAGED && c->held != e->held)
		violated("I2", "edit %llu is held back %s", (unsigned long long)e->id,
		    e->held ? "no more" : "and nobody did that");
}

static void read_states(struct term *t)
{
	memset(seen, 0, sizeof seen);
	for (size_t i = 0; i < facts.n_edits; i++)
		state_of[i] = DRAFT_GONE;
	facts_each(t, see_state, NULL);
}

static void check_lost(void)
{
	for (size_t i = 0; i < facts.n_edits && !has_violation(); i++) {
		struct edit *e = &facts.edits[i];

		if (!seen[i] && !e->wanted)
			continue; /* undone, and the next action took the way to redo it */
		if (seen[i] != 1)
			violated(
			    "I2", "edit %llu is in %u states", (unsigned long long)e->id, seen[i]);
		else if (e->wanted && state_of[i] == DRAFT_GONE && !was_so(e))
			violated("I2", "edit %llu (%s %s %s) went, and is not in the account",
			    (unsigned long long)e->id, e->removes ? "remove" : "add", e->type,
			    e->value);
		else if (!e->wanted && state_of[i] == DRAFT_STAGED)
			violated("I2", "edit %llu was taken off the stage and is back",
			    (unsigned long long)e->id);
		if (e->wanted && state_of[i] == DRAFT_GONE)
			e->wanted = false; /* it was so already */
	}
}

/* --- I3 --- */

/* What the drafts say of an edit: on the stage or gone, it is not in the account and nothing of it is
 * on its way; applied, the journal has the operation that did it. */
static void check_drafts(void)
{
	for (size_t i = 0; i < facts.n_edits && !has_violation(); i++) {
		const struct edit *e = &facts.edits[i];

		if (seen[i] && state_of[i] == DRAFT_APPLIED && !present[i])
			violated("I3", "edit %llu is applied, and the journal does not know of it",
			    (unsigned long long)e->id);
		if ((state_of[i] != DRAFT_STAGED && state_of[i] != DRAFT_GONE) || e->dropped)
			continue;
		if (e->commits)
			violated("I3", "edit %llu (%s %s %s) is %s, and the server carried it out",
			    (unsigned long long)e->id, e->removes ? "remove" : "add", e->type,
			    e->value, names[state_of[i]]);
		else if (facts_in_flight(e->id, 0))
			violated("I3", "edit %llu is %s, and may still take effect",
			    (unsigned long long)e->id, names[state_of[i]]);
	}
}

/* Is what is claimed there, or was it when it was claimed? result_id: the criterion that it made, by
 * the program's account. */
static bool is_done(const struct edit *e, const char *result_id)
{
	const struct rows *rows = check_account();

	if (e->commits && (e->removes || !result_id))
		return true;
	for (size_t i = 0; i < rows->n; i++) {
		const struct row *r = &rows->v[i];

		if (e->removes && strcmp(r->id, e->criterion) == 0)
			return r->deleted;
		/* not an older one of the key that had gone before */
		if (!e->removes && (!result_id || strcmp(r->id, result_id) == 0) &&
		    row_is_of(r, e) && row_lived_since(r, window_of(e)))
			return true;
	}
	return false;
}

static void check_so_already(struct edit *e)
{
	if (e->found_so)
		return; /* whoever changed it since changed nothing about that */
	if (!was_so(e))
		violated(
		    "I3", "edit %llu \"was so already\", and was not", (unsigned long long)e->id);
	e->found_so = true;
}

static void check_op(const struct journal_batch *b, const struct journal_op *o)
{
	struct edit *e = facts_edit(o->change.id);

	if (!e) {
		violated("I2", "the journal has edit %llu, which nobody staged",
		    (unsigned long long)o->change.id);
		return;
	}
	present[e - facts.edits] |= o->state == OP_STATE_PRESENT;
	if (o->state == OP_STATE_PRESENT && o->note && strcmp(o->note, APPLYING_WAS_SO) == 0)
		check_so_already(e);
	else if (o->state == OP_STATE_PRESENT && !is_done(e, o->result_id))
		violated("I3", "edit %llu is claimed (batch %s), and is not in the account",
		    (unsigned long long)e->id, batch_state_name(b->state));
	else if ((o->state == OP_STATE_ABSENT || o->state == OP_STATE_REFUSED) &&
		 facts_committed(b->id, -1, e->id))
		violated("I3", "edit %llu is denied (batch %s), and the server carried it out",
		    (unsigned long long)e->id, batch_state_name(b->state));
}

static void check_batch(const struct journal_batch *b)
{
	bool open = b->state == BATCH_WIRE || b->state == BATCH_UNKNOWN || b->state == BATCH_OK ||
		    b->state == BATCH_VERIFIED;

	if (!open && facts_in_flight(0, b->id))
		violated("I3", "batch %llu is %s, and may still take effect",
		    (unsigned long long)b->id, batch_state_name(b->state));
}

static void check_changeset(struct store *s, uint64_t changeset)
{
	struct journal_batch_list batches;
	struct journal_op_list ops;
	struct errinfo ei = {0};

	journal_batch_list_init(&batches);
	journal_op_list_init(&ops);
	if (journal_batches(s, changeset, &batches, &ei) || journal_ops(s, changeset, 0, &ops, &ei))
		violated("I2", "the journal cannot be read: %s", ei.msg);
	for (size_t k = 0; k < ops.n; k++)
		for (size_t b = 0; b < batches.n; b++)
			if (batches.v[b].id == ops.v[k].batch)
				check_op(&batches.v[b], &ops.v[k]);
	for (size_t b = 0; b < batches.n; b++)
		check_batch(&batches.v[b]);
	journal_op_list_done(&ops);
	journal_batch_list_done(&batches);
}

static void check_journal(struct store *s)
{
	struct journal_page page = {SERVER_ACCOUNT, 0, 64};
	struct journal_changeset_list sets;
	struct errinfo ei = {0};

	memset(present, 0, sizeof present);
	journal_changeset_list_init(&sets);
	if (journal_changesets(s, &page, &sets, &ei))
		violated("I2", "the journal cannot be read: %s", ei.msg);
	for (size_t i = 0; i < sets.n && !has_violation(); i++)
		check_changeset(s, sets.v[i].id);
	journal_changeset_list_done(&sets);
}

void claims_check(struct term *t)
{
	read_states(t);
	check_lost();
	check_journal(t->store);
	check_drafts();
}

/* --- the screen --- */

void claims_check_screen(struct term *t)
{
	const struct applying_status *st = applying_status(t->session);

	for (size_t i = 0; i < st->n_ops && !has_violation(); i++) {
		const struct edit *e = facts_edit(st->ops[i].change->id);
		enum apply_outcome o = st->ops[i].outcome;
		bool done = o == OUTCOME_APPLIED || o == OUTCOME_VERIFIED;
		bool open = o == OUTCOME_UNKNOWN || o == OUTCOME_PENDING;

		if (!e)
			violated("I2", "the screen has an edit that nobody staged");
		else if (done && !is_done(e, NULL))
			violated("I3", "the screen says that edit %llu is %s, and it is not there",
			    (unsigned long long)e->id, apply_outcome_name(o));
		else if (!done && !open && facts_committed(0, t->who, e->id))
			violated("I3", "the screen says \"%s\" of edit %llu, which took effect",
			    apply_outcome_name(o), (unsigned long long)e->id);
	}
}

static bool has_unknown(struct store *s)
{
	struct journal_batch_list list;
	bool any;

	journal_batch_list_init(&list);
	any = !journal_unknown(s, SERVER_ACCOUNT, &list, NULL) && list.n > 0;
	journal_batch_list_done(&list);
	return any;
}

void claims_check_settled(void)
{
	for (int i = 0; i < TERMS; i++)
		if (terms[i].alive &&
		    has_unknown(terms[i].store) != (applying_unknown(terms[i].session) > 0))
			violated("I3", "terminal %d is wrong about what is unknown", i);
	for (size_t i = 0; i < facts.n_edits; i++)
		if (seen[i] && (state_of[i] == DRAFT_SENDING || state_of[i] == DRAFT_UNKNOWN))
			violated("I2", "edit %llu is still %s, long after all faults",
			    (unsigned long long)facts.edits[i].id, names[state_of[i]]);
}
