/* Settling what an earlier run left behind: by reading, never by sending. And whether the line items
 * of a posting were read since. */
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "store/lock.h"
#include "session/applying_int.h"
#include "session/staging.h"

static enum err copy_unknown(
    struct applying *a, const struct journal_batch *b, const struct journal_op_list *ops)
{
	if (applying_alloc(a, ops->n, 1))
		return ERR_NOMEM;
	for (size_t i = 0; i < ops->n; i++)
		if (!change_set_copy(&a->posted->changes, &ops->v[i].change))
			return ERR_NOMEM;
	for (size_t i = 0; i < ops->n; i++)
		applying_fill_op(a, i, 0);
	a->batches[0] = (struct apply_batch){a->ops, ops->n};
	a->batch_ids[0] = b->id;
	a->at[0] = BATCH_UNKNOWN;
	a->changeset = b->changeset;
	a->status.ops = a->posted->rows;
	a->status.n_ops = ops->n;
	a->status.n_batches = 1;
	return ERR_OK;
}

static enum err settle_batch(struct session *s, const struct journal_batch *b, struct errinfo *ei)
{
	struct applying *a = s->applying;
	struct apply_journal journal = applying_journal(a);
	struct journal_op_list ops;
	enum err err;

	journal_op_list_init(&ops);
	err = journal_ops(s->cfg.store, b->changeset, b->id, &ops, ei);
	if (!err && copy_unknown(a, b, &ops))
		err = err_set(ei, ERR_NOMEM, "no memory to settle");
	if (!err) {
		a->job = (struct apply_job){
		    .account_id = a->account, .batches = a->batches, .n_batches = 1};
		a->engine = apply_recover(s->api,
		    &(struct apply_recovery){.job = &a->job,
			.sent_at = b->wire_at,
			.age_ms = journal_sent_ago_ms(s->cfg.store, b),
			.pre_ids = b->pre_ids,
			.watch = {&journal, applying_on_event, a}},
		    ei);
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
	if (applying_busy(s)) {
		apply_read_now(s->applying->engine); /* if that is what it waits for */
		return ERR_OK;
	}
	if (applying_make(s))
		return err_set(ei, ERR_NOMEM, "no memory to settle");
	a = s->applying;
	applying_forget(a);
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
	applying_count_unknown(s);
	session_notify(s, DATA_BIT(DATA_APPLY));
	return err;
}

/* Did a run end between intent and answer? Only the newest changeset can be that far: nothing is
 * sent while an older one is open. */
static bool left_open(struct session *s)
{
	struct journal_page page = {s->account_id, 0, 1};
	struct journal_changeset_list list;
	bool open = false;

	journal_changeset_list_init(&list);
	if (!journal_changesets(s->cfg.store, &page, &list, NULL) && list.n)
		open = list.v[0].by_state[BATCH_INTENT] || list.v[0].by_state[BATCH_WIRE];
	journal_changeset_list_done(&list);
	return open;
}

/* Was anything of the changeset sent? */
static bool was_sent(struct session *s, uint64_t changeset)
{
	struct journal_batch_list list;
	bool sent = false;

	journal_batch_list_init(&list);
	if (!journal_batches(s->cfg.store, changeset, &list, NULL))
		for (size_t i = 0; i < list.n; i++)
			sent |= list.v[i].wire_at || list.v[i].end_at;
	journal_batch_list_done(&list);
	return sent;
}

/* The line items of a changeset, each once; the strings are those of ops. */
static size_t line_items_of(const struct journal_op_list *ops, const char **ids)
{
	struct map seen;
	size_t n = 0;

	map_init(&seen);
	for (size_t i = 0; i < ops->n; i++) {
		const char *id = ops->v[i].change.line_item_id;

		if (!map_get(&seen, id, NULL) && !map_put(&seen, id, 1))
			ids[n++] = id;
	}
	map_done(&seen);
	return n;
}

/* Did the readings of these line items begin after the last step of the changeset, and so long? */
static bool read_since(
    struct session *s, uint64_t changeset, const struct id_list *items, int64_t ms)
{
	struct store *store = s->cfg.store;
	struct journal_point step = journal_last_step(store, changeset);
	bool all = true;

	for (size_t i = 0; all && i < items->n; i++) {
		struct journal_point p =
		    snapshot_criteria_point(store, s->account_id, items->ids[i]);

		all = journal_is_after(store, &p, &step) && journal_ms_after(&p, &step) >= ms;
	}
	return all;
}

/* Were all line items of the changeset read since, and so long after? Else they are asked for, when
 * `ask` is set. */
static bool all_read(struct session *s, uint64_t changeset, int64_t ms, bool ask)
{
	struct journal_op_list ops;
	struct id_list items = {0};
	const char **ids = NULL;
	bool all = false;

	if (!was_sent(s, changeset))
		return true;
	journal_op_list_init(&ops);
	if (!journal_ops(s->cfg.store, changeset, 0, &ops, NULL))
		ids = mem_array(ops.n, sizeof *ids);
	if (ids) {
		items = (struct id_list){ids, line_items_of(&ops, ids)};
		all = read_since(s, changeset, &items, ms);
		if (!all && ask)
			session_fetch_criteria(s, ids, items.n, 0, REQ_USER);
	}
	mem_free(ids);
	journal_op_list_done(&ops);
	return all;
}

bool applying_read_since(struct session *s, uint64_t changeset)
{
	return all_read(s, changeset, 0, true);
}

bool applying_read_late(struct session *s, uint64_t changeset)
{
	/* the last reading of a settlement is the one that is believed (reliability 3.5) */
	enum { LATE_MS = 120000 };

	return all_read(s, changeset, LATE_MS, false);
}

/* A run that ended while it posted did not read back into the snapshot what it had posted. */
static void read_again(struct session *s)
{
	struct journal_page page = {s->account_id, 0, 1};
	struct journal_changeset_list list;

	journal_changeset_list_init(&list);
	if (!journal_changesets(s->cfg.store, &page, &list, NULL) && list.n)
		applying_read_since(s, list.v[0].id);
	journal_changeset_list_done(&list);
}

/* Taking the lock recovers what a killed run left (journal.h), without a network too; what it left
 * unknown is read back as soon as there is one, before anything else may be posted. */
static void recover(struct session *s)
{
	struct errinfo ei;

	if (lock_take(s->cfg.store, s->account_id, &ei))
		return; /* another terminal posts; it settles its own */
	lock_drop(s->cfg.store, s->account_id);
	staging_load(s, &ei);
	applying_count_unknown(s);
	if (s->applying->unknown && s->api)
		applying_settle(s, &ei);
	session_notify(s, DATA_BIT(DATA_APPLY));
}

void applying_resume(struct session *s)
{
	if (!s->account_id[0] || !store_can_stage(s->cfg.store) || applying_make(s) ||
	    applying_busy(s))
		return;
	applying_count_unknown(s);
	if (s->api)
		read_again(s);
	if (left_open(s) || s->applying->unknown)
		recover(s);
}

void applying_take_over(struct session *s)
{
	if (store_can_stage(s->cfg.store) && !applying_make(s) && !applying_busy(s) && left_open(s))
		recover(s);
}

void applying_recount(struct session *s)
{
	size_t before = s->applying ? s->applying->unknown : 0;

	if (applying_busy(s) || applying_make(s))
		return;
	applying_count_unknown(s);
	if (s->applying->unknown != before)
		session_notify(s, DATA_BIT(DATA_APPLY));
}

/* Another account: what was posted to the one before is in its journal. */
void applying_leave(struct session *s)
{
	if (!s->applying || applying_busy(s))
		return;
	applying_forget(s->applying);
	map_done(&s->applying->image_due);
	s->applying->unknown = 0;
}
