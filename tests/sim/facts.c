/* What the users asked for, which requests left, and what the server did with them. */
#include <stdio.h>
#include <string.h>
#include "store/drafts.h"
#include "store/journal.h"
#include "targeting/plan.h"
#include "tests/sim/disk.h"
#include "tests/sim/net.h"
#include "tests/sim/server.h"
#include "tests/sim/sim.h"
#include "session/internal.h"
#include "session/staging.h"

enum { IDS = 8192 };

struct facts facts;
static uint16_t edit_at[IDS]; /* id -> index + 1 */

static const char *const op_names[] = {
    [OP_EQ] = "EQ", [OP_NE] = "NE", [OP_GTE] = "GTE", [OP_LT] = "LT"};

struct edit *facts_edit(uint64_t id)
{
	return id < IDS && edit_at[id] ? &facts.edits[edit_at[id] - 1] : NULL;
}

static void add_edit(const struct change *c)
{
	struct edit *e;

	if (facts.n_edits == EDITS || c->id >= IDS) {
		violated("I6", "more edits than the simulator has room for");
		return;
	}
	e = &facts.edits[facts.n_edits];
	edit_at[c->id] = (uint16_t)++facts.n_edits;
	*e = (struct edit){.id = c->id, .removes = c->kind == CHANGE_DELETE, .wanted = true};
	snprintf(e->line_item, sizeof e->line_item, "%s", c->line_item_id);
	snprintf(e->type, sizeof e->type, "%s", c->type_name);
	snprintf(e->op, sizeof e->op, "%s", op_names[c->op]);
	snprintf(e->value, sizeof e->value, "%s", c->value);
	snprintf(e->criterion, sizeof e->criterion, "%s", c->criterion_id ? c->criterion_id : "");
}

void facts_adopt(struct term *t)
{
	struct change_set set;
	struct errinfo ei = {0};
	bool staged[EDITS] = {false};

	change_set_init(&set);
	if (drafts_list(t->store, SERVER_ACCOUNT, DRAFT_STAGED, &set, &ei))
		violated("I2", "what is staged cannot be read: %s", ei.msg);
	for (size_t i = 0; i < set.n && !has_violation(); i++) {
		struct edit *e = facts_edit(set.v[i].id);

		if (!e)
			add_edit(&set.v[i]);
		e = facts_edit(set.v[i].id);
		if (e)
			staged[e - facts.edits] = true;
	}
	change_set_done(&set);
	/* of those that were staged before; what a batch has is not the user's to take off */
	change_set_init(&set);
	drafts_list(t->store, SERVER_ACCOUNT, DRAFT_GONE, &set, &ei);
	for (size_t i = 0; i < set.n; i++) {
		struct edit *e = facts_edit(set.v[i].id);

		if (e)
			e->wanted = false;
	}
	change_set_done(&set);
	for (size_t i = 0; i < facts.n_edits; i++)
		facts.edits[i].wanted |= staged[i];
}

void facts_reviewed(int who, const struct plan *p)
{
	facts.posting = who;
	facts.n_plan = 0;
	for (size_t b = 0; b < p->n_batches; b++)
		for (size_t i = 0; i < p->batches[b].n && facts.n_plan < POST_OPS * 4; i++) {
			facts.plan[facts.n_plan] = p->batches[b].ops[i].change->id;
			facts.plan_batch[facts.n_plan++] = b;
		}
}

/* --- what leaves --- */

static bool same_op(const struct server_op *o, const struct journal_op *j)
{
	const struct change *c = &j->change;

	if (o->removes)
		return c->kind == CHANGE_DELETE && o->criterion_id &&
		       strcmp(o->criterion_id, c->criterion_id) == 0;
	return c->kind == CHANGE_CREATE && o->line_item_id && o->type && o->value &&
	       strcmp(o->line_item_id, c->line_item_id) == 0 &&
	       strcmp(o->type, c->type_name) == 0 && strcmp(o->value, c->value) == 0 &&
	       (!o->op || strcmp(o->op, op_names[c->op]) == 0);
}

static bool was_reviewed(uint64_t id)
{
	for (size_t i = 0; i < facts.n_plan; i++)
		if (facts.plan[i] == id)
			return true;
	return false;
}

/* The operations of the body are those of the batch, in its order; some may be left out. */
static void name_ops(
    struct post *p, const struct server_op *ops, size_t n, const struct journal_op_list *journal)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		while (k < journal->n && !same_op(&ops[i], &journal->v[k]))
			k++;
		if (k == journal->n) {
			violated(
			    "I7", "operation %zu of the body is not in the journal's batch", i);
			return;
		}
		p->edits[p->n++] = journal->v[k++].change.id;
		if (!was_reviewed(p->edits[p->n - 1]))
			violated("I7", "edit %llu was sent and not reviewed",
			    (unsigned long long)p->edits[p->n - 1]);
	}
}

/* The batch that the journal says is on the wire. */
static bool find_batch(struct store *s, struct journal_batch_list *batches, size_t *at)
{
	struct journal_page page = {SERVER_ACCOUNT, 0, 1};
	struct journal_changeset_list sets;
	bool found = false;

	journal_changeset_list_init(&sets);
	if (!journal_changesets(s, &page, &sets, NULL) && sets.n &&
	    !journal_batches(s, sets.v[0].id, batches, NULL))
		for (size_t i = 0; i < batches->n && !found; i++)
			if (batches->v[i].state == BATCH_WIRE) {
				*at = i;
				found = true;
			}
	journal_changeset_list_done(&sets);
	return found;
}

static void on_sent(void *user, const struct net_post *sent)
{
	static struct server_op ops[POST_OPS];
	struct store *store = terms[sent->who].store;
	struct journal_batch_list batches;
	struct journal_op_list journal;
	struct post *p = &facts.posts[facts.n_posts];
	char sha[65];
	size_t at = 0;
	int n = server_read_body(sent->body, sent->len, ops, POST_OPS);

	(void)user;
	trace("  terminal %d sends a batch of %d operations (#%llu)", sent->who, n,
	    (unsigned long long)sent->tag);
	if (facts.n_posts == POSTS || n < 0) {
		violated("I6", "too many batches, or one that cannot be read");
		return;
	}
	facts.n_posts++;
	*p = (struct post){.tag = sent->tag};
	if (facts.posting != sent->who)
		violated("I7", "a batch was sent and nobody had pressed \"post\"");
	journal_batch_list_init(&batches);
	journal_op_list_init(&journal);
	if (!find_batch(store, &batches, &at)) {
		violated("I3", "a batch left and the journal has none on the wire");
	} else {
		p->batch = batches.v[at].id;
		server_sha256(sent->body, sent->len, sha);
		if (strcmp(sha, batches.v[at].body_sha256) != 0)
			violated("I7", "the body that left is not the one of the journal");
		if (!journal_ops(store, batches.v[at].changeset, p->batch, &journal, NULL))
			name_ops(p, ops, (size_t)n, &journal);
	}
	journal_op_list_done(&journal);
	journal_batch_list_done(&batches);
}

static struct post *post_of(uint64_t tag)
{
	for (size_t i = facts.n_posts; i > 0; i--)
		if (facts.posts[i - 1].tag == tag)
			return &facts.posts[i - 1];
	return NULL;
}

static void on_over(void *user, uint64_t tag)
{
	struct post *p = post_of(tag);

	(void)user;
	if (p)
		p->over = true;
}

static void on_commit(void *user, uint64_t tag, const bool *done, size_t n, bool partial)
{
	struct post *p = post_of(tag);
	size_t took = 0;

	(void)user;
	facts.partial |= partial;
	if (!p)
		return;
	for (size_t i = 0; i < n && i < p->n; i++) {
		struct edit *e = facts_edit(p->edits[i]);

		p->done[i] = done[i];
		took += done[i];
		if (e && done[i] && ++e->commits > 1)
			violated("I1", "edit %llu took effect %u times", (unsigned long long)e->id,
			    e->commits);
	}
	trace("  the server commits %zu of %zu operations of #%llu", took, n,
	    (unsigned long long)tag);
	check_commit(p);
}

void facts_init(void)
{
	server_on_commit(on_commit, NULL);
}

void facts_begin(void)
{
	memset(&facts, 0, sizeof facts);
	memset(edit_at, 0, sizeof edit_at);
	facts.posting = -1;
}

struct net_watch facts_watch(void)
{
	return (struct net_watch){on_sent, on_over, NULL};
}
