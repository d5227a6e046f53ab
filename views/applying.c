#include "views/applying.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "store/drafts.h"
#include "store/journal.h"
#include "store/lock.h"
#include "views/internal.h"
#include "views/staging.h"

struct applying {
	struct session *session;
	struct applying_status status;
	struct change_set changes; /* what is posted, in the order of the operations */
	struct applying_op *rows;
	struct apply_op *ops;
	struct apply_batch *batches;
	size_t *first; /* per batch: its first row */
	uint64_t *batch_ids; /* of the journal */
	uint64_t changeset;
	struct criterion_set live;
	struct apply_base *bases;
	struct apply_job job; /* the engine keeps a pointer to it */
	struct apply *engine;
	char account[65];
	struct errinfo journal_ei; /* why the journal failed; the engine only knows that it did */
	size_t unknown; /* operations of unknown outcome in the journal */
	bool intended; /* the batch that is under way has an intent */
};

static enum err make(struct session *s)
{
	if (s->applying)
		return ERR_OK;
	s->applying = mem_zalloc(sizeof *s->applying);
	if (!s->applying)
		return ERR_NOMEM;
	s->applying->session = s;
	change_set_init(&s->applying->changes);
	criterion_set_init(&s->applying->live);
	return ERR_OK;
}

static void forget(struct applying *a)
{
	apply_free(a->engine);
	change_set_done(&a->changes);
	criterion_set_done(&a->live);
	mem_free(a->rows);
	mem_free(a->ops);
	mem_free(a->batches);
	mem_free(a->first);
	mem_free(a->batch_ids);
	mem_free(a->bases);
	*a = (struct applying){.session = a->session, .unknown = a->unknown};
	change_set_init(&a->changes);
	criterion_set_init(&a->live);
}

void applying_done(struct session *s)
{
	if (!s->applying)
		return;
	forget(s->applying);
	mem_free(s->applying);
	s->applying = NULL;
}

const struct applying_status *applying_status(const struct session *s)
{
	static const struct applying_status idle;

	return s->applying ? &s->applying->status : &idle;
}

bool applying_busy(const struct session *s)
{
	return s->applying && s->applying->engine && !apply_is_done(s->applying->engine);
}

size_t applying_unknown(const struct session *s)
{
	return s->applying && !applying_busy(s) ? s->applying->unknown : 0;
}

void applying_stop(struct session *s)
{
	if (!applying_busy(s))
		return;
	apply_stop(s->applying->engine);
	s->applying->status.stopping = true;
	session_notify(s, DATA_BIT(DATA_APPLY));
}

/* --- the journal, as the engine calls it --- */

static enum err on_intent(
    void *ctx, size_t batch, const char *body, const char *sha256, const char *pre_ids)
{
	struct applying *a = ctx;
	struct journal_intent in = {body, strlen(body), sha256, pre_ids};

	enum err err =
	    journal_intent(a->session->cfg.store, a->batch_ids[batch], &in, &a->journal_ei);

	a->intended = !err;
	return err;
}

static enum err on_sent(void *ctx, size_t batch, const char *nonce, int64_t oauth_ts)
{
	struct applying *a = ctx;

	return journal_wire(
	    a->session->cfg.store, a->batch_ids[batch], nonce, oauth_ts, &a->journal_ei);
}

static enum op_state op_state_of(enum apply_outcome o)
{
	switch (o) {
	case OUTCOME_APPLIED:
	case OUTCOME_VERIFIED:
	case OUTCOME_NOOP:
		return OP_STATE_PRESENT;
	case OUTCOME_ABSENT:
	case OUTCOME_NOT_SENT:
		return OP_STATE_ABSENT;
	case OUTCOME_REFUSED:
	case OUTCOME_CONFLICT:
		return OP_STATE_REFUSED;
	default:
		return OP_STATE_OPEN;
	}
}

/* The journal's word for what a whole batch came to. */
static enum batch_state batch_state_of(const struct apply_end *e)
{
	size_t present = 0, absent = 0;

	for (size_t i = 0; i < e->n; i++) {
		enum op_state st = op_state_of(e->ops[i].outcome);

		present += st == OP_STATE_PRESENT;
		absent += st == OP_STATE_ABSENT;
	}
	switch (e->outcome) {
	case OUTCOME_APPLIED:
		return BATCH_OK;
	case OUTCOME_REFUSED:
		return BATCH_REJECTED;
	case OUTCOME_UNKNOWN:
	case OUTCOME_PENDING:
		return BATCH_UNKNOWN;
	default:
		return e->partial || (present && absent) ? BATCH_PARTIAL
		       : absent                          ? BATCH_ABSENT
							 : BATCH_VERIFIED;
	}
}

static enum err end_unsent(struct applying *a, size_t batch, const struct apply_end *e)
{
	const char *why = e->ei ? e->ei->msg : apply_outcome_name(e->outcome);
	struct store *store = a->session->cfg.store;

	/* without an intent its edits never left the stage */
	if (!a->intended)
		return journal_note(store, a->batch_ids[batch], why, &a->journal_ei);
	return journal_not_sent(store, a->batch_ids[batch], why, &a->journal_ei);
}

static enum err on_end(void *ctx, size_t batch, const struct apply_end *e)
{
	struct applying *a = ctx;
	struct journal_op_end *ops;
	struct journal_end end = {.state = batch_state_of(e),
	    .http_status = e->ei ? e->ei->http : 0,
	    .verdict = e->ei ? e->ei->msg : apply_outcome_name(e->outcome),
	    .n_ops = e->n};
	enum err err;

	for (size_t i = 0; i < e->n; i++) {
		struct applying_op *row = &a->rows[a->first[batch] + i];

		row->outcome = e->ops[i].outcome;
		if (e->ops[i].ei && e->ops[i].ei->code)
			snprintf(row->why, sizeof row->why, "%.*s", (int)sizeof row->why - 1,
			    e->ops[i].ei->msg);
	}
	if (e->outcome == OUTCOME_NOT_SENT || e->outcome == OUTCOME_CONFLICT ||
	    e->outcome == OUTCOME_NOOP)
		return end_unsent(a, batch, e);
	ops = mem_array(e->n, sizeof *ops);
	if (!ops)
		return ERR_NOMEM;
	for (size_t i = 0; i < e->n; i++) {
		struct applying_op *row = &a->rows[a->first[batch] + i];

		ops[i] = (struct journal_op_end){e->ops[i].result_id, row->why[0] ? row->why : NULL,
		    op_state_of(e->ops[i].outcome)};
	}
	end.ops = ops;
	err = journal_end(a->session->cfg.store, a->batch_ids[batch], &end, &a->journal_ei);
	mem_free(ops);
	return err;
}

static enum err on_note(void *ctx, size_t batch, const char *why)
{
	struct applying *a = ctx;

	return journal_note(a->session->cfg.store, a->batch_ids[batch], why, &a->journal_ei);
}

static struct apply_journal journal_of(struct applying *a)
{
	return (struct apply_journal){a, on_intent, on_sent, on_end, on_note};
}

/* --- what the engine tells --- */

static void count_outcomes(struct applying *a)
{
	struct applying_status *st = &a->status;

	memset(st->by_outcome, 0, sizeof st->by_outcome);
	for (size_t i = 0; i < st->n_ops; i++)
		st->by_outcome[a->rows[i].outcome]++;
}

static void count_unknown(struct session *s)
{
	struct journal_batch_list list;

	journal_batch_list_init(&list);
	s->applying->unknown = 0;
	if (s->account_id[0] && journal_unknown(s->cfg.store, s->account_id, &list, NULL) == ERR_OK)
		for (size_t i = 0; i < list.n; i++)
			s->applying->unknown += list.v[i].n_ops;
	journal_batch_list_done(&list);
}

/* The account moved: what is on the screen has to be read again, and the drafts changed. */
static void finish(struct applying *a)
{
	struct session *s = a->session;
	const char **ids = mem_array(a->status.n_ops, sizeof *ids);
	struct errinfo ei;

	for (size_t i = 0; ids && i < a->status.n_ops; i++)
		ids[i] = a->rows[i].change->line_item_id;
	if (ids)
		session_fetch_criteria(s, ids, a->status.n_ops, 0, REQ_USER);
	mem_free(ids);
	a->status.phase = APPLYING_DONE;
	count_unknown(s);
	staging_load(s, &ei);
	lock_drop(s->cfg.store, a->account);
}

static void on_event(struct apply *ap, const struct apply_event *ev, void *user)
{
	struct applying *a = user;
	struct applying_status *st = &a->status;

	(void)ap;
	st->batch = ev->batch;
	st->partial |= ev->partial;
	switch (ev->kind) {
	case APPLY_BATCH_CHECK:
		a->intended = false;
		st->phase = APPLYING_RUNNING;
		break;
	case APPLY_BATCH_SENDING:
		st->phase = APPLYING_RUNNING;
		break;
	case APPLY_DRIFT_PASSED:
	case APPLY_DRIFT_STOPPED:
		st->foreign += ev->drift.added + ev->drift.removed;
		break;
	case APPLY_OP_OUTCOME: {
		struct applying_op *row = &a->rows[a->first[ev->batch] + ev->op];

		row->outcome = ev->outcome;
		if (ev->ei && ev->ei->code)
			snprintf(row->why, sizeof row->why, "%.*s", (int)sizeof row->why - 1,
			    ev->ei->msg);
		break;
	}
	case APPLY_BATCH_OUTCOME:
		st->batches_done = ev->batch + 1;
		if (ev->outcome == OUTCOME_UNKNOWN)
			st->phase = APPLYING_SETTLING;
		break;
	case APPLY_SETTLE_WAIT:
		st->phase = APPLYING_SETTLING;
		st->round = ev->round;
		st->rounds = ev->rounds;
		st->next_read_at_ms = clock_mono_ms() + ev->wait_ms;
		break;
	case APPLY_DONE:
		st->worst = ev->outcome;
		if (ev->ei && ev->ei->code)
			st->ei = *ev->ei;
		if (a->journal_ei.code)
			st->ei = a->journal_ei;
		finish(a);
		break;
	}
	count_outcomes(a);
	session_notify(a->session, DATA_BIT(DATA_APPLY));
}

/* --- starting --- */

static enum err alloc_job(struct applying *a, size_t n_ops, size_t n_batches)
{
	a->rows = mem_array(n_ops, sizeof *a->rows);
	a->ops = mem_array(n_ops, sizeof *a->ops);
	a->batches = mem_array(n_batches, sizeof *a->batches);
	a->first = mem_array(n_batches, sizeof *a->first);
	a->batch_ids = mem_array(n_batches, sizeof *a->batch_ids);
	return a->rows && a->ops && a->batches && a->first && a->batch_ids ? ERR_OK : ERR_NOMEM;
}

static void fill_op(struct applying *a, size_t i, size_t batch)
{
	const struct change *c = &a->changes.v[i];

	a->rows[i] = (struct applying_op){.change = c, .batch = batch};
	a->ops[i] = (struct apply_op){.change_id = c->id,
	    .kind = c->kind == CHANGE_CREATE ? APPLY_CREATE : APPLY_DELETE,
	    .line_item_id = c->line_item_id,
	    .type_name = c->type_name,
	    .value = c->value,
	    .op = c->op,
	    .criterion_id = c->criterion_id};
}

static enum err copy_plan(struct applying *a, const struct plan *p)
{
	size_t n = 0;

	if (alloc_job(a, p->n_ops, p->n_batches))
		return ERR_NOMEM;
	for (size_t b = 0; b < p->n_batches; b++)
		for (size_t i = 0; i < p->batches[b].n; i++)
			if (!change_set_copy(&a->changes, p->batches[b].ops[i].change))
				return ERR_NOMEM;
	/* only now: the array of changes moves while it grows */
	for (size_t b = 0; b < p->n_batches; b++) {
		a->first[b] = n;
		a->batches[b] = (struct apply_batch){a->ops + n, p->batches[b].n};
		for (size_t i = 0; i < p->batches[b].n; i++)
			fill_op(a, n++, b);
	}
	a->status.ops = a->rows;
	a->status.n_ops = n;
	a->status.n_batches = p->n_batches;
	return ERR_OK;
}

/* The live sets at review time, one run of criteria per touched line item. */
static enum err copy_base(struct applying *a, const struct applying_plan *p, size_t *n_bases)
{
	size_t n = 0;

	*n_bases = p->plan->n_line_items;
	a->bases = mem_array(*n_bases, sizeof *a->bases);
	if (!a->bases)
		return ERR_NOMEM;
	for (size_t i = 0; i < *n_bases; i++)
		for (size_t k = 0; k < p->live->n; k++)
			if (strcmp(p->live->v[k].line_item_id,
				p->plan->line_items[i].line_item_id) == 0 &&
			    !criterion_set_copy(&a->live, &p->live->v[k]))
				return ERR_NOMEM;
	for (size_t i = 0; i < *n_bases; i++) {
		size_t from = n;
		const char *id = p->plan->line_items[i].line_item_id;

		while (n < a->live.n && strcmp(a->live.v[n].line_item_id, id) == 0)
			n++;
		for (size_t k = 0; k < a->status.n_ops; k++)
			if (strcmp(a->rows[k].change->line_item_id, id) == 0)
				id = a->rows[k].change->line_item_id;
		a->bases[i] = (struct apply_base){id, a->live.v + from, n - from};
	}
	return ERR_OK;
}

static enum err begin_journal(struct applying *a, const struct applying_plan *p, struct errinfo *ei)
{
	struct journal_batch_plan *batches = mem_array(p->plan->n_batches, sizeof *batches);
	const struct change **ops = mem_array(a->status.n_ops, sizeof *ops);
	struct journal_plan plan = {a->account, "post", p->digest, batches, p->plan->n_batches};
	char title[64];
	enum err err =
	    batches && ops ? ERR_OK : err_set(ei, ERR_NOMEM, "no memory for the journal");

	snprintf(title, sizeof title, "%zu changes on %zu line items", p->plan->n_ops,
	    p->plan->n_line_items);
	plan.title = title;
	for (size_t i = 0; !err && i < a->status.n_ops; i++)
		ops[i] = a->rows[i].change;
	for (size_t b = 0; !err && b < p->plan->n_batches; b++)
		batches[b] = (struct journal_batch_plan){ops + a->first[b], a->batches[b].n};
	if (!err)
		err = journal_begin(a->session->cfg.store, &plan, &a->changeset, a->batch_ids, ei);
	mem_free(batches);
	mem_free(ops);
	return err;
}

enum err applying_start(struct session *s, const struct applying_plan *p, struct errinfo *ei)
{
	struct apply_journal journal;
	struct applying *a;
	enum err err;

	if (!s->api)
		return err_set(ei, ERR_NETWORK, "there is no connection to the API");
	if (applying_busy(s))
		return err_set(ei, ERR_REFUSED, "a posting is under way");
	if (make(s))
		return err_set(ei, ERR_NOMEM, "no memory to post; nothing was sent");
	a = s->applying;
	forget(a);
	snprintf(a->account, sizeof a->account, "%s", s->account_id);
	if (copy_plan(a, p->plan) || copy_base(a, p, &a->job.n_base)) {
		forget(a);
		return err_set(ei, ERR_NOMEM, "no memory to post; nothing was sent");
	}
	err = lock_take(s->cfg.store, a->account, ei);
	if (!err)
		err = begin_journal(a, p, ei);
	if (!err) {
		a->job.account_id = a->account;
		a->job.batches = a->batches;
		a->job.n_batches = a->status.n_batches;
		a->job.base = a->bases;
		journal = journal_of(a);
		a->engine = apply_start(s->api, &a->job, &journal, NULL, on_event, a, ei);
		err = a->engine ? ERR_OK : ei->code;
	}
	if (err) {
		lock_drop(s->cfg.store, a->account);
		forget(a);
		return err;
	}
	a->status.phase = APPLYING_RUNNING;
	session_notify(s, DATA_BIT(DATA_APPLY));
	return ERR_OK;
}

/* --- settling what an earlier run left behind --- */

static enum err copy_unknown(
    struct applying *a, const struct journal_batch *b, const struct journal_op_list *ops)
{
	if (alloc_job(a, ops->n, 1))
		return ERR_NOMEM;
	for (size_t i = 0; i < ops->n; i++)
		if (!change_set_copy(&a->changes, &ops->v[i].change))
			return ERR_NOMEM;
	for (size_t i = 0; i < ops->n; i++)
		fill_op(a, i, 0);
	a->batches[0] = (struct apply_batch){a->ops, ops->n};
	a->batch_ids[0] = b->id;
	a->changeset = b->changeset;
	a->status.ops = a->rows;
	a->status.n_ops = ops->n;
	a->status.n_batches = 1;
	return ERR_OK;
}

static enum err settle_batch(struct session *s, const struct journal_batch *b, struct errinfo *ei)
{
	struct applying *a = s->applying;
	struct apply_journal journal = journal_of(a);
	struct journal_op_list ops;
	enum err err;

	journal_op_list_init(&ops);
	err = journal_ops(s->cfg.store, b->changeset, b->id, &ops, ei);
	if (!err && copy_unknown(a, b, &ops))
		err = err_set(ei, ERR_NOMEM, "no memory to settle");
	if (!err) {
		a->job = (struct apply_job){
		    .account_id = a->account, .batches = a->batches, .n_batches = 1};
		a->engine = apply_recover(
		    s->api, &a->job, b->wire_at, b->pre_ids, &journal, NULL, on_event, a, ei);
		err = a->engine ? ERR_OK : ei->code;
	}
	journal_op_list_done(&ops);
	return err;
}

enum err applying_settle(struct session *s, struct errinfo *ei)
{
	struct journal_batch_list list;
	struct applying *a;
	enum err err;

	if (!s->api)
		return err_set(ei, ERR_NETWORK, "there is no connection to the API");
	if (applying_busy(s))
		return ERR_OK;
	if (make(s))
		return err_set(ei, ERR_NOMEM, "no memory to settle");
	a = s->applying;
	forget(a);
	snprintf(a->account, sizeof a->account, "%s", s->account_id);
	journal_batch_list_init(&list);
	err = lock_take(s->cfg.store, a->account, ei);
	if (!err)
		err = journal_unknown(s->cfg.store, a->account, &list, ei);
	if (!err && list.n) {
		err = settle_batch(s, &list.v[0], ei);
		a->status.phase = err ? APPLYING_IDLE : APPLYING_SETTLING;
	}
	if (err || !list.n)
		lock_drop(s->cfg.store, a->account);
	journal_batch_list_done(&list);
	count_unknown(s);
	session_notify(s, DATA_BIT(DATA_APPLY));
	return err;
}

/* Taking the lock recovers what a killed run left (journal.h); what it left unknown is read back
 * at once, before anything else may be posted. */
void applying_resume(struct session *s)
{
	struct errinfo ei;

	if (!s->account_id[0] || !store_can_stage(s->cfg.store) || make(s) || applying_busy(s))
		return;
	if (lock_take(s->cfg.store, s->account_id, &ei))
		return; /* another terminal posts; it settles its own */
	lock_drop(s->cfg.store, s->account_id);
	staging_load(s, &ei);
	count_unknown(s);
	if (s->applying->unknown && s->api)
		applying_settle(s, &ei);
}
