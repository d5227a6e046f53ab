/* What the users asked for, which requests left, and what the server did with them. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "store/draft_names.h"
#include "store/internal.h"
#include "store/journal.h"
#include "targeting/plan.h"
#include "tests/sim/disk.h"
#include "tests/sim/net.h"
#include "tests/sim/server.h"
#include "tests/sim/sim.h"
#include "session/applying.h"

enum { IDS = 8192 };

struct facts facts;
static uint16_t edit_at[IDS]; /* id -> index + 1 */

static const char *const op_names[] = {
    [OP_EQ] = "EQ", [OP_NE] = "NE", [OP_GTE] = "GTE", [OP_LT] = "LT"};

struct edit *facts_edit(uint64_t id)
{
	return id < IDS && edit_at[id] ? &facts.edits[edit_at[id] - 1] : NULL;
}

static void add_edit(const char *draft, const struct change *c)
{
	struct edit *e;

	if (facts.n_edits == EDITS || c->id >= IDS) {
		violated("I6", "more edits than the simulator has room for");
		return;
	}
	e = &facts.edits[facts.n_edits];
	edit_at[c->id] = (uint16_t)++facts.n_edits;
	*e = (struct edit){.id = c->id, .removes = c->kind == CHANGE_DELETE};
	snprintf(e->draft, sizeof e->draft, "%s", draft);
	snprintf(e->line_item, sizeof e->line_item, "%s", c->line_item_id);
	snprintf(e->type, sizeof e->type, "%s", c->type_name);
	snprintf(e->op, sizeof e->op, "%s", op_names[c->op]);
	snprintf(e->value, sizeof e->value, "%s", c->value);
	snprintf(e->criterion, sizeof e->criterion, "%s", c->criterion_id ? c->criterion_id : "");
}

static void each_of_draft(struct term *t, const char *draft, facts_draft_fn *fn, void *user)
{
	for (unsigned state = DRAFT_STAGED; state <= DRAFT_GONE; state++) {
		struct change_set set;
		struct errinfo ei = {0};

		change_set_init(&set);
		if (drafts_list(t->store, SERVER_ACCOUNT, (enum draft_state)state, &set, &ei))
			violated("I2", "the edits of a draft cannot be read: %s", ei.msg);
		for (size_t i = 0; i < set.n; i++)
			fn(user, draft, state, &set.v[i]);
		change_set_done(&set);
	}
}

/* The selection of the terminal is put back as it was, not selected again: that would make a draft
 * anew which another terminal has just given another name. */
void facts_each(struct term *t, facts_draft_fn *fn, void *user)
{
	struct store *s = t->store;
	struct draft_names names = {0};
	struct errinfo ei = {0};
	char selected[sizeof s->draft];
	int64_t row = s->draft_row;

	memcpy(selected, s->draft, sizeof selected);
	if (drafts_names(s, SERVER_ACCOUNT, &names, &ei))
		violated("I2", "the drafts cannot be read: %s", ei.msg);
	if (!names.n)
		each_of_draft(t, "", fn, user);
	for (size_t i = 0; i < names.n; i++)
		if (!names.v[i].deleted_at &&
		    !drafts_select(s, SERVER_ACCOUNT, names.v[i].name, &ei))
			each_of_draft(t, names.v[i].name, fn, user);
	memcpy(s->draft, selected, sizeof selected);
	s->draft_row = row;
	draft_names_done(&names);
}

/* What is staged is what they want; what went from the stage is not any more. What a batch has is not
 * the user's to take off. */
static void adopt(void *user, const char *draft, unsigned state, const struct change *c)
{
	struct edit *e = facts_edit(c->id);

	(void)user;
	if (!e && state == DRAFT_STAGED)
		add_edit(draft, c);
	e = facts_edit(c->id);
	if (!e)
		return;
	snprintf(e->draft, sizeof e->draft, "%s", draft);
	e->dropped = false;
	if (state == DRAFT_GONE)
		e->wanted = false;
	if (state != DRAFT_STAGED)
		return;
	e->wanted = true;
	e->found_so = false;
	e->held = c->held;
}

void facts_adopt(struct term *t, const char *dropped)
{
	for (size_t i = 0; dropped && i < facts.n_edits; i++) {
		struct edit *e = &facts.edits[i];

		if (strcmp(e->draft, dropped) == 0) {
			e->dropped = true;
			e->wanted = false;
		}
	}
	facts_each(t, adopt, NULL);
}

void facts_reviewed(int who, const struct applying_plan *p)
{
	struct posting *q = &facts.postings[who];

	*q = (struct posting){.on = true, .foreign = server_edits(), .commits = facts.commits};
	snprintf(q->digest, sizeof q->digest, "%s", p->digest);
	for (size_t b = 0; b < p->plan->n_batches; b++)
		for (size_t i = 0; i < p->plan->batches[b].n && q->n_plan < PLAN_OPS; i++) {
			struct edit *e = facts_edit(p->plan->batches[b].ops[i].change->id);

			q->plan[q->n_plan++] = p->plan->batches[b].ops[i].change->id;
			if (e)
				e->posted_ms = clock_mono_ms();
		}
}

bool facts_in_flight(uint64_t edit, uint64_t batch)
{
	for (size_t i = 0; i < facts.n_posts; i++) {
		const struct post *p = &facts.posts[i];

		if (p->over)
			continue;
		if (!edit && !batch)
			return true;
		for (size_t k = 0; k < p->n; k++)
			if ((edit && p->edits[k] == edit) || (batch && p->batch == batch))
				return true;
	}
	return false;
}

bool facts_committed(uint64_t batch, int who, uint64_t edit)
{
	for (size_t i = 0; i < facts.n_posts; i++) {
		const struct post *p = &facts.posts[i];

		if ((batch && p->batch != batch) || (who >= 0 && p->who != who))
			continue;
		for (size_t k = 0; k < p->n; k++)
			if (p->edits[k] == edit && p->done[k])
				return true;
	}
	return false;
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

static bool was_reviewed(const struct posting *q, uint64_t id)
{
	for (size_t i = 0; i < q->n_plan; i++)
		if (q->plan[i] == id)
			return true;
	return false;
}

/* Is it what the user staged, as it was when they staged it? */
static bool is_as_staged(const struct server_op *o, const struct edit *e)
{
	if (o->removes)
		return e->removes && strcmp(o->criterion_id, e->criterion) == 0;
	return !e->removes && strcmp(o->line_item_id, e->line_item) == 0 &&
	       strcmp(o->type, e->type) == 0 && strcmp(o->value, e->value) == 0 &&
	       strcmp(o->op ? o->op : "EQ", e->op) == 0;
}

/* The operations of the body are those of the batch, in its order; some may be left out. */
static void name_ops(
    struct post *p, const struct server_op *ops, size_t n, const struct journal_op_list *journal)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		const struct edit *e;

		while (k < journal->n && !same_op(&ops[i], &journal->v[k]))
			k++;
		if (k == journal->n) {
			violated(
			    "I7", "operation %zu of the body is not in the journal's batch", i);
			return;
		}
		p->edits[p->n++] = journal->v[k++].change.id;
		e = facts_edit(p->edits[p->n - 1]);
		if (!was_reviewed(&facts.postings[p->who], p->edits[p->n - 1]))
			violated("I7", "edit %llu was sent and not reviewed",
			    (unsigned long long)p->edits[p->n - 1]);
		else if (e && e->held)
			violated(
			    "I7", "edit %llu was held back, and sent", (unsigned long long)e->id);
		else if (!e || !is_as_staged(&ops[i], e))
			violated("I7", "edit %llu was sent otherwise than it was staged",
			    (unsigned long long)p->edits[p->n - 1]);
	}
}

/* The batch that the journal says is on the wire, of the plan that was reviewed. */
static bool find_batch(
    struct store *s, const char *digest, struct journal_batch_list *batches, size_t *at)
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
	if (found && strcmp(sets.v[0].digest, digest) != 0)
		violated("I7", "what is posted is not the plan that was reviewed");
	journal_changeset_list_done(&sets);
	return found;
}

/* A user who stopped it gets no more than the batch that was under way. */
static void count_batch(struct posting *q, uint64_t batch)
{
	if (batch != q->last_batch)
		q->batches++;
	q->last_batch = batch;
	if (q->stopped && q->batches > q->batches_at_stop + 1)
		violated("I7", "another batch was sent after the posting had been stopped");
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
	if (!facts.postings[sent->who].on)
		violated("I7", "a batch was sent and nobody had pressed \"post\"");
	if (facts_in_flight(0, 0))
		violated("I1", "a batch was sent while another may still take effect");
	facts.n_posts++;
	*p = (struct post){.tag = sent->tag, .who = sent->who};
	journal_batch_list_init(&batches);
	journal_op_list_init(&journal);
	if (!find_batch(store, facts.postings[sent->who].digest, &batches, &at)) {
		violated("I3", "a batch left and the journal has none on the wire");
	} else {
		p->batch = batches.v[at].id;
		count_batch(&facts.postings[sent->who], p->batch);
		server_sha256(sent->body, sent->len, sha);
		if (strcmp(sha, batches.v[at].body_sha256) != 0)
			violated("I7", "the body that left is not the one of the journal");
		if (!journal_ops(store, batches.v[at].changeset, p->batch, &journal, NULL))
			name_ops(p, ops, (size_t)n, &journal);
	}
	journal_op_list_done(&journal);
	journal_batch_list_done(&batches);
}

/* The secrets sign a request and are no part of it; what names us is in its header alone. */
static void on_request(void *user, const struct server_request *r)
{
	static const char *const secrets[] = {SERVER_CONSUMER_SECRET, SERVER_TOKEN_SECRET};

	(void)user;
	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
		if (strstr(r->target, secrets[i]) || strstr(r->authorization, secrets[i]) ||
		    strstr(r->body, secrets[i]))
			violated("I5", "a request has a secret in it");
	if (strstr(r->target, "oauth_token") || strstr(r->target, SERVER_TOKEN) ||
	    strstr(r->body, SERVER_TOKEN))
		violated("I5", "a request has the token outside of its header");
	if (strcmp(r->host, "ads-api.x.com") != 0)
		violated("I5", "a request was signed for %s", r->host);
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

static void on_commit(void *user, const struct server_commit *c)
{
	struct post *p = post_of(c->tag);
	size_t took = 0;

	(void)user;
	facts.partial |= c->partial;
	facts.commits++;
	if (!p)
		return;
	for (size_t i = 0; i < c->n && i < p->n; i++) {
		struct edit *e = facts_edit(p->edits[i]);

		p->done[i] = c->done[i];
		took += c->done[i];
		if (e && c->done[i] && ++e->commits > 1)
			violated("I1", "edit %llu took effect %u times", (unsigned long long)e->id,
			    e->commits);
	}
	trace("  the server commits %zu of %zu operations of #%llu", took, c->n,
	    (unsigned long long)c->tag);
	check_commit(p, c->after_seq);
}

void facts_init(void)
{
	server_on_commit(on_commit, NULL);
}

void facts_begin(void)
{
	memset(&facts, 0, sizeof facts);
	memset(edit_at, 0, sizeof edit_at);
}

struct net_watch facts_watch(void)
{
	return (struct net_watch){on_sent, on_over, on_request, NULL};
}
