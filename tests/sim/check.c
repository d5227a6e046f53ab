/* The invariants of reliability section 2, against the true state of the sandbox. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/clock.h"
#include "store/drafts.h"
#include "store/journal.h"
#include "tests/sim/disk.h"
#include "tests/sim/net.h"
#include "tests/sim/server.h"
#include "tests/sim/sim.h"
#include "session/applying.h"

enum { ROWS = 2048, LINES = SERVER_LINE_ITEMS, TYPES = 24 };

struct row {
	char id[16], line_item[16], type[32], op[8], value[64];
	bool deleted;
	int64_t born_ms, died_ms;
};
struct rows {
	struct row v[ROWS];
	size_t n;
};

static struct rows now_rows, start_rows, reviewed_rows;
static unsigned reviewed_foreign;

static void take_row(void *user, const struct server_row *r)
{
	struct rows *rows = user;
	struct row *out = &rows->v[rows->n];

	if (rows->n == ROWS) {
		violated("I6", "more criteria than the simulator has room for");
		return;
	}
	rows->n++;
	snprintf(out->id, sizeof out->id, "%s", r->id);
	snprintf(out->line_item, sizeof out->line_item, "%s", r->line_item_id);
	snprintf(out->type, sizeof out->type, "%s", r->type);
	snprintf(out->op, sizeof out->op, "%s", r->op);
	snprintf(out->value, sizeof out->value, "%s", r->value);
	out->deleted = r->deleted;
	out->born_ms = r->born_ms;
	out->died_ms = r->died_ms;
}

static void read_rows(struct rows *rows)
{
	rows->n = 0;
	server_rows(take_row, rows);
}

static const struct row *row_by_id(const struct rows *rows, const char *id)
{
	for (size_t i = 0; i < rows->n; i++)
		if (strcmp(rows->v[i].id, id) == 0)
			return &rows->v[i];
	return NULL;
}

static bool is_of(const struct row *r, const struct edit *e)
{
	return strcmp(r->line_item, e->line_item) == 0 && strcmp(r->type, e->type) == 0 &&
	       strcmp(r->op, e->op) == 0 && strcasecmp(r->value, e->value) == 0;
}

/* --- I1: no double --- */

/* A second living criterion of one key that only we can have made. */
static void check_doubles(void)
{
	if (server_edits())
		return; /* others may have made it: then each edit's own count is what is checked */
	for (size_t i = 0; i < now_rows.n; i++)
		for (size_t k = 0; k < i && !now_rows.v[i].deleted; k++) {
			const struct row *a = &now_rows.v[i], *b = &now_rows.v[k];

			if (!b->deleted && a->born_ms && strcmp(a->line_item, b->line_item) == 0 &&
			    strcmp(a->type, b->type) == 0 && strcmp(a->op, b->op) == 0 &&
			    strcasecmp(a->value, b->value) == 0)
				violated("I1", "%s %s %s of %s is there twice (%s and %s)", a->type,
				    a->op, a->value, a->line_item, b->id, a->id);
		}
}

/* --- I2: nothing lost --- */

static unsigned seen[EDITS], state_of[EDITS];

/* Was the effect of an edit there, made by somebody else, at any time since the review? */
static bool was_so_already(const struct edit *e)
{
	for (size_t i = 0; i < now_rows.n; i++) {
		const struct row *r = &now_rows.v[i];

		if (e->removes && strcmp(r->id, e->criterion) == 0)
			return r->deleted;
		if (!e->removes && is_of(r, e))
			return true;
	}
	return false;
}

static void read_states(struct store *s)
{
	static const char *const names[] = {"staged", "sending", "unknown", "applied", "gone"};

	memset(seen, 0, sizeof seen);
	for (size_t i = 0; i < facts.n_edits; i++)
		state_of[i] = DRAFT_GONE;
	for (int st = DRAFT_STAGED; st <= DRAFT_GONE; st++) {
		struct change_set set;
		struct errinfo ei = {0};

		change_set_init(&set);
		if (drafts_list(s, SERVER_ACCOUNT, (enum draft_state)st, &set, &ei))
			violated(
			    "I2", "the edits that are %s cannot be read: %s", names[st], ei.msg);
		for (size_t i = 0; i < set.n; i++) {
			struct edit *e = facts_edit(set.v[i].id);

			if (!e) {
				violated("I2", "edit %llu is %s and nobody staged it",
				    (unsigned long long)set.v[i].id, names[st]);
				continue;
			}
			seen[e - facts.edits]++;
			state_of[e - facts.edits] = (unsigned)st;
		}
		change_set_done(&set);
	}
}

static void check_lost(struct store *s)
{
	read_states(s);
	for (size_t i = 0; i < facts.n_edits && !has_violation(); i++) {
		struct edit *e = &facts.edits[i];

		if (!seen[i] && !e->wanted)
			continue; /* undone, and the next action took the way to redo it */
		if (seen[i] != 1)
			violated(
			    "I2", "edit %llu is in %u states", (unsigned long long)e->id, seen[i]);
		else if (e->wanted && state_of[i] == DRAFT_GONE && !was_so_already(e))
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

/* --- I3: no false claim --- */

static bool in_flight(uint64_t edit, uint64_t batch)
{
	for (size_t i = 0; i < facts.n_posts; i++) {
		const struct post *p = &facts.posts[i];

		for (size_t k = 0; !p->over && k < p->n; k++)
			if ((edit && p->edits[k] == edit) || (batch && p->batch == batch))
				return true;
	}
	return false;
}

static bool committed_by(uint64_t batch, uint64_t edit)
{
	for (size_t i = 0; i < facts.n_posts; i++)
		for (size_t k = 0; facts.posts[i].batch == batch && k < facts.posts[i].n; k++)
			if (facts.posts[i].edits[k] == edit && facts.posts[i].done[k])
				return true;
	return false;
}

/* What the stage says of an edit: it is not in the account, and nothing of it is on its way. */
static void check_stage(void)
{
	for (size_t i = 0; i < facts.n_edits && !has_violation(); i++) {
		const struct edit *e = &facts.edits[i];

		if (state_of[i] != DRAFT_STAGED && state_of[i] != DRAFT_GONE)
			continue;
		if (e->commits)
			violated("I3", "edit %llu (%s %s %s) is %s, and the server carried it out",
			    (unsigned long long)e->id, e->removes ? "remove" : "add", e->type,
			    e->value, state_of[i] == DRAFT_STAGED ? "staged" : "gone");
		else if (in_flight(e->id, 0))
			violated("I3", "edit %llu is staged, and may still take effect",
			    (unsigned long long)e->id);
	}
}

static bool effect_is_there(const struct edit *e, const char *result_id)
{
	const struct row *r = row_by_id(&now_rows, e->removes ? e->criterion : result_id);

	if (e->removes)
		return r && r->deleted;
	return r && is_of(r, e);
}

static void check_op(const struct journal_batch *b, const struct journal_op *o)
{
	const struct edit *e = facts_edit(o->change.id);
	bool was_so = o->note && strcmp(o->note, APPLYING_WAS_SO) == 0;

	if (!e) {
		violated("I2", "the journal has edit %llu, which nobody staged",
		    (unsigned long long)o->change.id);
	} else if (o->state == OP_STATE_PRESENT && !was_so && (e->removes || o->result_id) &&
		   !effect_is_there(e, o->result_id)) {
		violated("I3", "edit %llu is claimed (batch %s), and is not in the account",
		    (unsigned long long)e->id, batch_state_name(b->state));
	} else if (o->state == OP_STATE_PRESENT && was_so && !was_so_already(e)) {
		violated(
		    "I3", "edit %llu \"was so already\", and was not", (unsigned long long)e->id);
	} else if ((o->state == OP_STATE_ABSENT || o->state == OP_STATE_REFUSED) &&
		   committed_by(b->id, e->id)) {
		violated("I3", "edit %llu is denied (batch %s), and the server carried it out",
		    (unsigned long long)e->id, batch_state_name(b->state));
	}
}

static void check_journal(struct store *s)
{
	struct journal_page page = {SERVER_ACCOUNT, 0, 64};
	struct journal_changeset_list sets;
	struct errinfo ei = {0};

	journal_changeset_list_init(&sets);
	if (journal_changesets(s, &page, &sets, &ei))
		violated("I2", "the journal cannot be read: %s", ei.msg);
	for (size_t i = 0; i < sets.n && !has_violation(); i++) {
		struct journal_batch_list batches;
		struct journal_op_list ops;

		journal_batch_list_init(&batches);
		journal_op_list_init(&ops);
		journal_batches(s, sets.v[i].id, &batches, &ei);
		journal_ops(s, sets.v[i].id, 0, &ops, &ei);
		for (size_t k = 0; k < ops.n; k++)
			for (size_t b = 0; b < batches.n; b++)
				if (batches.v[b].id == ops.v[k].batch)
					check_op(&batches.v[b], &ops.v[k]);
		for (size_t b = 0; b < batches.n; b++)
			if (batches.v[b].state != BATCH_WIRE &&
			    batches.v[b].state != BATCH_UNKNOWN && batches.v[b].state != BATCH_OK &&
			    batches.v[b].state != BATCH_VERIFIED && in_flight(0, batches.v[b].id))
				violated("I3", "batch %llu is %s, and may still take effect",
				    (unsigned long long)batches.v[b].id,
				    batch_state_name(batches.v[b].state));
		journal_op_list_done(&ops);
		journal_batch_list_done(&batches);
	}
	journal_changeset_list_done(&sets);
}

/* --- REACH: never wider between two batches than at both ends --- */

/* Conditions of which one criterion at least has to hold: without any, everybody is reached. */
static const char *const conditions[] = {"LOCATION", "LANGUAGE", "AGE", "GENDER", "PLATFORM"};
enum { CONDITIONS = sizeof conditions / sizeof *conditions, PRIMARY = CONDITIONS };

static size_t condition_of(const char *type)
{
	for (size_t i = 0; i < CONDITIONS; i++)
		if (strcmp(conditions[i], type) == 0)
			return i;
	return PRIMARY; /* keywords, interests, audiences: united */
}

static size_t count_included(const struct rows *rows, const char *line_item, size_t condition)
{
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++)
		n += !rows->v[i].deleted && strcmp(rows->v[i].line_item, line_item) == 0 &&
		     strcmp(rows->v[i].op, "NE") != 0 && condition_of(rows->v[i].type) == condition;
	return n;
}

static bool has_row(const struct rows *rows, const struct row *like)
{
	for (size_t i = 0; i < rows->n; i++)
		if (!rows->v[i].deleted && strcmp(rows->v[i].line_item, like->line_item) == 0 &&
		    strcmp(rows->v[i].type, like->type) == 0 &&
		    strcmp(rows->v[i].op, like->op) == 0 &&
		    strcasecmp(rows->v[i].value, like->value) == 0)
			return true;
	return false;
}

/* What the account will be when all of the plan is done. */
static void planned(struct rows *out)
{
	*out = reviewed_rows;
	for (size_t i = 0; i < facts.n_plan; i++) {
		const struct edit *e = facts_edit(facts.plan[i]);

		for (size_t k = 0; e && e->removes && k < out->n; k++)
			if (strcmp(out->v[k].id, e->criterion) == 0)
				out->v[k].deleted = true;
		if (e && !e->removes && out->n < ROWS) {
			struct row *r = &out->v[out->n++];

			*r = (struct row){0};
			snprintf(r->line_item, sizeof r->line_item, "%s", e->line_item);
			snprintf(r->type, sizeof r->type, "%s", e->type);
			snprintf(r->op, sizeof r->op, "%s", e->op);
			snprintf(r->value, sizeof r->value, "%s", e->value);
		}
	}
}

static void check_reach(void)
{
	static struct rows after;

	if (facts.partial || server_edits() != reviewed_foreign)
		return;
	planned(&after);
	for (size_t i = 0; i < reviewed_rows.n; i++) {
		const struct row *r = &reviewed_rows.v[i];
		size_t c = condition_of(r->type);

		if (r->deleted)
			continue;
		if (strcmp(r->op, "NE") == 0) {
			if (has_row(&after, r) && !has_row(&now_rows, r))
				violated("REACH", "line item %s does without the exclusion %s %s",
				    r->line_item, r->type, r->value);
		} else if (count_included(&after, r->line_item, c) &&
			   !count_included(&now_rows, r->line_item, c)) {
			violated("REACH", "line item %s has no %s between two batches",
			    r->line_item, c < PRIMARY ? conditions[c] : "primary criterion");
		}
	}
}

/* --- when --- */

void check_begin(void)
{
	read_rows(&start_rows);
	reviewed_rows.n = 0;
}

void check_reviewed(void)
{
	read_rows(&reviewed_rows);
	reviewed_foreign = server_edits();
}

void check_commit(const struct post *p)
{
	(void)p;
	read_rows(&now_rows);
	check_doubles();
	check_reach();
}

void check_step(void)
{
	struct term *t = term_alive();

	if (!t || has_violation())
		return;
	read_rows(&now_rows);
	check_doubles();
	check_lost(t->store);
	check_stage();
	check_journal(t->store);
}

/* --- at the end of a life --- */

static void check_secrets(void)
{
	static const char *const secrets[] = {
	    SERVER_CONSUMER_SECRET, SERVER_TOKEN_SECRET, SERVER_TOKEN};

	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
		const char *file = disk_find(secrets[i], strlen(secrets[i]));

		if (file)
			violated("I5", "%s holds a secret", file);
	}
}

static void check_settled(void)
{
	for (size_t i = 0; i < facts.n_edits; i++) {
		if (state_of[i] == DRAFT_SENDING || state_of[i] == DRAFT_UNKNOWN)
			violated("I2", "edit %llu is still %s, long after all faults",
			    (unsigned long long)facts.edits[i].id,
			    state_of[i] == DRAFT_SENDING ? "being sent" : "unknown");
	}
}

void check_end(bool reverted, bool secrets)
{
	check_step();
	check_settled();
	if (secrets)
		check_secrets();
	if (disk_control_byte("s/reticle/edits.log"))
		violated("I8", "edits.log has a control byte");
	if (!reverted || server_edits())
		return;
	/* everything was taken back: the account is as it was */
	for (size_t i = 0; i < start_rows.n; i++)
		if (!has_row(&now_rows, &start_rows.v[i]))
			violated("I2", "after the revert %s %s of %s is missing",
			    start_rows.v[i].type, start_rows.v[i].value, start_rows.v[i].line_item);
	for (size_t i = 0; i < now_rows.n; i++)
		if (!now_rows.v[i].deleted && !has_row(&start_rows, &now_rows.v[i]))
			violated("I2", "after the revert %s %s of %s is left", now_rows.v[i].type,
			    now_rows.v[i].value, now_rows.v[i].line_item);
}
