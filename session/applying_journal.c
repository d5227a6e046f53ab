/* The journal as the apply engine calls it: what the engine says in its words becomes one durable
 * step of the diagram in store/journal.h. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/mem.h"
#include "session/applying_int.h"

static enum err on_intent(
    void *ctx, size_t batch, const char *body, const char *sha256, const char *pre_ids)
{
	struct applying *a = ctx;
	struct journal_intent in = {body, strlen(body), sha256, pre_ids};
	enum err err =
	    journal_intent(a->session->cfg.store, a->batch_ids[batch], &in, &a->journal_ei);

	if (!err)
		a->at[batch] = BATCH_INTENT;
	return err;
}

static enum err on_sent(void *ctx, size_t batch, const char *nonce, int64_t oauth_ts)
{
	struct applying *a = ctx;
	enum err err = journal_wire(
	    a->session->cfg.store, a->batch_ids[batch], nonce, oauth_ts, &a->journal_ei);

	if (!err)
		a->at[batch] = BATCH_WIRE;
	return err;
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
	size_t present = 0, open = 0;

	for (size_t i = 0; i < e->n; i++) {
		present += op_state_of(e->ops[i].outcome) == OP_STATE_PRESENT;
		open += op_state_of(e->ops[i].outcome) == OP_STATE_OPEN;
	}
	if (open)
		return BATCH_UNKNOWN;
	/* also what X refused in words and did in part */
	if (e->partial || (e->outcome == OUTCOME_ABSENT && present))
		return BATCH_PARTIAL;
	switch (e->outcome) {
	case OUTCOME_APPLIED:
		return BATCH_OK;
	case OUTCOME_REFUSED:
	case OUTCOME_NOT_SENT: /* it left once, and that was refused: see on_end */
		return BATCH_REJECTED;
	case OUTCOME_ABSENT:
		return BATCH_ABSENT;
	default:
		return BATCH_VERIFIED;
	}
}

/* Nothing was sent: no intent, or an intent that is taken back. */
static enum err end_unsent(struct applying *a, size_t batch, const char *why)
{
	struct store *store = a->session->cfg.store;
	enum err err;

	/* without an intent its edits never left the stage */
	if (a->at[batch] == BATCH_PLANNED)
		return journal_note(store, a->batch_ids[batch], why, &a->journal_ei);
	err = journal_not_sent(store, a->batch_ids[batch], why, &a->journal_ei);
	if (!err)
		a->at[batch] = BATCH_PLANNED;
	return err;
}

static enum err journal_step(struct applying *a, size_t batch, const struct journal_end *end)
{
	enum err err = journal_end(a->session->cfg.store, a->batch_ids[batch], end, &a->journal_ei);

	if (!err)
		a->at[batch] = end->state;
	return err;
}

/* From the wire the diagram has no way to what only a reading can tell: it leads over UNKNOWN. */
static enum err over_unknown(struct applying *a, size_t batch, const struct journal_end *end)
{
	struct journal_end unknown = {.state = BATCH_UNKNOWN,
	    .http_status = end->http_status,
	    .reply = end->reply,
	    .reply_len = end->reply_len,
	    .verdict = "the answer and what is there do not agree"};

	if (a->at[batch] != BATCH_WIRE || end->state == BATCH_OK || end->state == BATCH_REJECTED ||
	    end->state == BATCH_UNKNOWN)
		return ERR_OK;
	return journal_step(a, batch, &unknown);
}

static void keep_rows(struct applying *a, size_t batch, const struct apply_end *e)
{
	for (size_t i = 0; i < e->n; i++) {
		struct applying_op *row = &a->posted->rows[a->first[batch] + i];

		row->outcome = e->ops[i].outcome;
		if (e->ops[i].ei && e->ops[i].ei->code)
			snprintf(row->why, sizeof row->why, "%.*s", (int)sizeof row->why - 1,
			    e->ops[i].ei->msg);
		else if (row->outcome == OUTCOME_NOOP)
			snprintf(row->why, sizeof row->why, "%s", APPLYING_WAS_SO);
	}
}

static enum err end_sent(
    struct applying *a, size_t batch, struct journal_end *end, const struct apply_end *e)
{
	struct journal_op_end *ops = mem_array(e->n, sizeof *ops);
	enum err err;

	if (!ops)
		return ERR_NOMEM;
	for (size_t i = 0; i < e->n; i++) {
		const struct applying_op *row = &a->posted->rows[a->first[batch] + i];
		enum op_state st = op_state_of(e->ops[i].outcome);

		/* of a partly applied batch each operation is there or is not */
		if (end->state == BATCH_PARTIAL && st == OP_STATE_REFUSED)
			st = OP_STATE_ABSENT;
		ops[i] =
		    (struct journal_op_end){e->ops[i].result_id, row->why[0] ? row->why : NULL, st};
	}
	end->ops = ops;
	err = over_unknown(a, batch, end);
	if (!err)
		err = journal_step(a, batch, end);
	mem_free(ops);
	return err;
}

static enum err on_end(void *ctx, size_t batch, const struct apply_end *e)
{
	struct applying *a = ctx;
	const char *why = e->ei ? e->ei->msg : apply_outcome_name(e->outcome);
	bool unsent = e->outcome == OUTCOME_NOT_SENT || e->outcome == OUTCOME_CONFLICT ||
		      e->outcome == OUTCOME_NOOP;
	struct journal_end end = {.state = batch_state_of(e),
	    .http_status = e->http_status ? e->http_status
			   : e->ei        ? e->ei->http
					  : 0,
	    .reply = e->reply,
	    .reply_len = e->reply_len,
	    .verdict = why,
	    .n_ops = e->n};

	keep_rows(a, batch, e);
	if (unsent && (a->at[batch] == BATCH_PLANNED || a->at[batch] == BATCH_INTENT))
		return end_unsent(a, batch, why);
	/* read back without learning more */
	if (a->at[batch] == end.state)
		return journal_note(
		    a->session->cfg.store, a->batch_ids[batch], why, &a->journal_ei);
	return end_sent(a, batch, &end, e);
}

static enum err on_note(void *ctx, size_t batch, const char *why)
{
	struct applying *a = ctx;

	return journal_note(a->session->cfg.store, a->batch_ids[batch], why, &a->journal_ei);
}

enum err applying_sign(struct applying *a, struct errinfo *ei)
{
	struct lock_holder h = lock_holder(a->session->cfg.store, a->account);
	char why[320];

	snprintf(why, sizeof why, "posted with profile %s by user %u on %s, %s, process %lld%s",
	    a->session->profile, (unsigned)getuid(), h.host, h.tty, (long long)h.pid,
	    lock_is_missing(a->session->cfg.store, a->account)
		? "; WITHOUT A LOCK (post_without_lock)"
		: "");
	return journal_note(a->session->cfg.store, a->batch_ids[0], why, ei);
}

struct apply_journal applying_journal(struct applying *a)
{
	return (struct apply_journal){a, on_intent, on_sent, on_end, on_note};
}
