#include "session/applying.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "store/drafts.h"
#include "store/lock.h"
#include "session/applying_int.h"
#include "session/draft.h"
#include "session/merge_model.h"
#include "session/staging.h"

enum err applying_make(struct session *s)
{
	if (s->applying)
		return ERR_OK;
	s->applying = mem_zalloc(sizeof *s->applying);
	if (!s->applying)
		return ERR_NOMEM;
	s->applying->session = s;
	criterion_set_init(&s->applying->live);
	map_init(&s->applying->image_due);
	return ERR_OK;
}

void applying_release(struct posted *p)
{
	if (!p || --p->holders)
		return;
	change_set_done(&p->changes);
	mem_free(p->rows);
	mem_free(p);
}

struct posted *applying_share(struct session *s)
{
	struct posted *p = s->applying ? s->applying->posted : NULL;

	if (p)
		p->holders++;
	return p;
}

void applying_forget(struct applying *a)
{
	struct map due = a->image_due;

	apply_free(a->engine);
	applying_release(a->posted);
	criterion_set_done(&a->live);
	mem_free(a->ops);
	mem_free(a->batches);
	mem_free(a->first);
	mem_free(a->batch_ids);
	mem_free(a->at);
	mem_free(a->bases);
	*a = (struct applying){.session = a->session,
	    .unknown = a->unknown,
	    .unknown_batches = a->unknown_batches,
	    .of_batches = a->of_batches,
	    .image_due = due,
	    .tick = a->tick,
	    .image_changeset = a->image_changeset};
	criterion_set_init(&a->live);
}

void applying_done(struct session *s)
{
	if (!s->applying)
		return;
	applying_forget(s->applying);
	loop_timer_cancel(s->cfg.loop, s->applying->tick);
	map_done(&s->applying->image_due);
	mem_free(s->applying);
	s->applying = NULL;
}

/* When somebody looks, not with each of the events: an operation has several, a posting 100,000 operations. */
static void count_outcomes(struct applying *a)
{
	struct applying_status *st = &a->status;

	memset(st->by_outcome, 0, sizeof st->by_outcome);
	for (size_t i = 0; i < st->n_ops; i++)
		st->by_outcome[a->posted->rows[i].outcome]++;
	a->uncounted = false;
}

const struct applying_status *applying_status(const struct session *s)
{
	static const struct applying_status idle;

	if (s->applying && s->applying->uncounted)
		count_outcomes(s->applying);
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

/* --- waits that somebody watches --- */

enum { TICK_MS = 1000 };

enum apply_wait applying_waits(const struct session *s, int64_t *ms)
{
	*ms = 0;
	return applying_busy(s) ? apply_waits(s->applying->engine, ms) : APPLY_WAITS_NOT;
}

static void on_tick(struct loop *l, void *user)
{
	struct session *s = user;

	(void)l;
	s->applying->tick.gen = 0;
	session_notify(s, DATA_BIT(DATA_APPLY));
	applying_look(s);
}

void applying_look(struct session *s)
{
	bool settles = applying_busy(s) && s->applying->status.phase == APPLYING_SETTLING;
	int64_t ms;

	/* without memory for a timer the seconds are not counted, that is all */
	if (s->applying && !s->applying->tick.gen && (settles || applying_waits(s, &ms)))
		s->applying->tick = loop_timer(s->cfg.loop, TICK_MS, on_tick, s);
}

void applying_lock_text(struct session *s, char *out, size_t cap)
{
	struct lock_holder h;
	char since[21];
	size_t len;

	out[0] = '\0';
	if (!s->account_id[0] || !lock_is_missing(s->cfg.store, s->account_id))
		return;
	snprintf(out, cap,
	    "NO LOCK: the disk of the state directory has none, and post_without_lock is set. "
	    "Nothing keeps another machine from posting at the same time.");
	h = lock_holder(s->cfg.store, s->account_id);
	len = strlen(out);
	if (h.pid <= 0 || h.held || h.here)
		return;
	clock_format_utc(h.since, since);
	snprintf(out + len, cap - len,
	    " reticle %lld on %s began to post at %s; that it ended is not known here.",
	    (long long)h.pid, h.host, since);
}

/* --- what the engine tells --- */

void applying_count_unknown(struct session *s)
{
	struct journal_batch_list list, all;

	journal_batch_list_init(&list);
	journal_batch_list_init(&all);
	s->applying->unknown = 0;
	if (s->account_id[0] && journal_unknown(s->cfg.store, s->account_id, &list, NULL) == ERR_OK)
		for (size_t i = 0; i < list.n; i++)
			s->applying->unknown += list.v[i].n_ops;
	if (list.n)
		journal_batches(s->cfg.store, list.v[0].changeset, &all, NULL);
	s->applying->unknown_batches = list.n;
	s->applying->of_batches = all.n > list.n ? all.n : list.n;
	journal_batch_list_done(&all);
	journal_batch_list_done(&list);
}

size_t applying_unsettled(const struct session *s)
{
	return s->applying ? s->applying->unknown : 0;
}

void applying_unknown_text(const struct session *s, char *out, size_t cap)
{
	const struct applying *a = s->applying;

	out[0] = '\0';
	if (applying_unsettled(s))
		snprintf(out, cap, "%zu of %zu batch%s unknown", a->unknown_batches, a->of_batches,
		    a->of_batches == 1 ? "" : "es");
}

/* The line items of the posting, each once. */
static size_t touched(const struct applying *a, const char **ids)
{
	struct map seen;
	size_t n = 0;

	map_init(&seen);
	for (size_t i = 0; i < a->status.n_ops; i++) {
		const char *id = a->posted->rows[i].change->line_item_id;

		if (!map_get(&seen, id, NULL) && !map_put(&seen, id, 1))
			ids[n++] = id;
	}
	map_done(&seen);
	return n;
}

/* What the drift check found done already was never sent: nothing is left of it to stage. */
static void unstage_done(struct applying *a)
{
	uint64_t *ids = mem_array(a->status.n_ops, sizeof *ids);
	size_t n = 0;
	struct errinfo ei;

	for (size_t i = 0; ids && i < a->status.n_ops; i++)
		if (a->posted->rows[i].outcome == OUTCOME_NOOP &&
		    a->at[a->posted->rows[i].batch] == BATCH_PLANNED)
			ids[n++] = a->posted->rows[i].change->id;
	if (n)
		drafts_unstage(a->session->cfg.store, a->account, ids, n, NULL, &ei);
	mem_free(ids);
}

/* The account moved: what is on the screen has to be read again, and the drafts changed. */
static void finish(struct applying *a)
{
	const struct applying_status *st = &a->status;
	struct session *s = a->session;
	const char **ids = mem_array(st->n_ops, sizeof *ids);
	struct errinfo ei;

	unstage_done(a);
	if (st->drifted)
		merge_begin(s, a->changeset);
	if (ids) {
		size_t n = touched(a, ids);

		applying_images_due(a, ids, n);
		session_fetch_criteria(s, ids, n, 0, REQ_USER);
	}
	if (st->drifted && s->api) { /* a line item or a campaign may be what moved */
		session_refresh(s, DATA_LINE_ITEMS);
		session_refresh(s, DATA_CAMPAIGNS);
	}
	mem_free(ids);
	a->status.phase = APPLYING_DONE;
	applying_count_unknown(s);
	staging_load(s, &ei);
	lock_drop(s->cfg.store, a->account);
}

void applying_on_event(struct apply *ap, const struct apply_event *ev, void *user)
{
	struct applying *a = user;
	struct applying_status *st = &a->status;

	(void)ap;
	st->batch = ev->batch;
	st->partial |= ev->partial;
	switch (ev->kind) {
	case APPLY_BATCH_CHECK:
	case APPLY_BATCH_SENDING:
		st->phase = APPLYING_RUNNING;
		break;
	case APPLY_DRIFT_STOPPED:
		st->drifted = true;
		/* fall through */
	case APPLY_DRIFT_PASSED:
		st->foreign += ev->drift.added + ev->drift.removed;
		break;
	case APPLY_OP_OUTCOME: {
		struct applying_op *row = &a->posted->rows[a->first[ev->batch] + ev->op];

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
		applying_count_unknown(a->session);
		st->phase = APPLYING_SETTLING;
		st->round = ev->round;
		st->rounds = ev->rounds;
		st->next_read_at_ms = clock_mono_ms() + ev->wait_ms;
		break;
	case APPLY_DONE:
		st->worst = ev->outcome;
		/* an answer that was lost on the way to a good end is no failure any more */
		if (ev->ei && ev->ei->code && ev->outcome != OUTCOME_VERIFIED)
			st->ei = *ev->ei;
		if (a->journal_ei.code)
			st->ei = a->journal_ei;
		finish(a);
		break;
	}
	a->uncounted = true;
	session_notify(a->session, DATA_BIT(DATA_APPLY));
	applying_look(a->session);
}

/* --- starting --- */

enum err applying_alloc(struct applying *a, size_t n_ops, size_t n_batches)
{
	a->posted = mem_zalloc(sizeof *a->posted);
	if (!a->posted)
		return ERR_NOMEM;
	a->posted->holders = 1;
	change_set_init(&a->posted->changes);
	a->posted->rows = mem_array(n_ops, sizeof *a->posted->rows);
	a->ops = mem_array(n_ops, sizeof *a->ops);
	a->batches = mem_array(n_batches, sizeof *a->batches);
	a->first = mem_array(n_batches, sizeof *a->first);
	a->batch_ids = mem_array(n_batches, sizeof *a->batch_ids);
	a->at = mem_array(n_batches, sizeof *a->at);
	return a->posted->rows && a->ops && a->batches && a->first && a->batch_ids && a->at
		   ? ERR_OK
		   : ERR_NOMEM;
}

void applying_fill_op(struct applying *a, size_t i, size_t batch)
{
	const struct change *c = &a->posted->changes.v[i];

	a->posted->rows[i] = (struct applying_op){.change = c, .batch = batch};
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

	if (applying_alloc(a, p->n_ops, p->n_batches))
		return ERR_NOMEM;
	for (size_t b = 0; b < p->n_batches; b++)
		for (size_t i = 0; i < p->batches[b].n; i++)
			if (!change_set_copy(&a->posted->changes, p->batches[b].ops[i].change))
				return ERR_NOMEM;
	/* only now: the array of changes moves while it grows */
	for (size_t b = 0; b < p->n_batches; b++) {
		a->first[b] = n;
		a->batches[b] = (struct apply_batch){a->ops + n, p->batches[b].n};
		for (size_t i = 0; i < p->batches[b].n; i++)
			applying_fill_op(a, n++, b);
	}
	a->status.ops = a->posted->rows;
	a->status.n_ops = n;
	a->status.n_batches = p->n_batches;
	return ERR_OK;
}

/* Which rows of `live` belong to which line item, as runs: order[from[i]] .. order[from[i + 1]]. */
static enum err sort_live(
    const struct applying_plan *p, const struct map *index, size_t *order, size_t *from)
{
	size_t n = p->plan->n_line_items;
	size_t *next = mem_array(n + 1, sizeof *next);
	uint64_t i;

	if (!next)
		return ERR_NOMEM;
	for (size_t k = 0; k < p->live->n; k++)
		if (map_get(index, p->live->v[k].line_item_id, &i))
			from[i + 1]++;
	for (size_t k = 0; k < n; k++)
		from[k + 1] += from[k];
	memcpy(next, from, (n + 1) * sizeof *next);
	for (size_t k = 0; k < p->live->n; k++)
		if (map_get(index, p->live->v[k].line_item_id, &i))
			order[next[i]++] = k;
	mem_free(next);
	return ERR_OK;
}

/* What the line item and its campaign were when it was reviewed, as far as that is known. The lists
 * of the session may be read anew meanwhile. */
static enum err keep_state(struct applying *a, struct apply_base *base)
{
	const struct session *s = a->session;
	const struct line_item *li = session_line_item(s, base->line_item_id);
	const struct campaign *c = li ? session_campaign(s, li->campaign_id) : NULL;
	struct arena *keep = &a->live.arena;

	if (li && !(base->line_item_state = arena_strdup(keep, apply_line_item_state(li))))
		return ERR_NOMEM;
	if (c && c->entity_status && !(base->campaign_state = arena_strdup(keep, c->entity_status)))
		return ERR_NOMEM;
	return ERR_OK;
}

static enum err fill_bases(struct applying *a, const struct applying_plan *p,
    const struct map *index, size_t *order, size_t *from)
{
	enum err err = sort_live(p, index, order, from);
	uint64_t i;

	for (size_t k = 0; !err && k < from[a->job.n_base]; k++)
		if (!criterion_set_copy(&a->live, &p->live->v[order[k]]))
			err = ERR_NOMEM;
	/* only now: the array moves while it grows */
	for (size_t k = 0; !err && k < a->job.n_base; k++)
		a->bases[k] = (struct apply_base){
		    .criteria = a->live.v + from[k], .n = from[k + 1] - from[k]};
	for (size_t k = 0; !err && k < a->status.n_ops; k++) {
		const char *id = a->posted->rows[k].change->line_item_id;

		if (map_get(index, id, &i))
			a->bases[i].line_item_id = id;
	}
	for (size_t k = 0; !err && k < a->job.n_base; k++)
		err = keep_state(a, &a->bases[k]);
	return err;
}

/* The live sets at review time, one run of criteria per touched line item. */
static enum err copy_base(struct applying *a, const struct applying_plan *p)
{
	size_t n = p->plan->n_line_items;
	size_t *order = mem_array(p->live->n, sizeof *order),
	       *from = mem_array(n + 1, sizeof *from);
	struct map index;
	enum err err = ERR_OK;

	map_init(&index);
	a->job.n_base = n;
	a->bases = mem_array(n, sizeof *a->bases);
	if (!a->bases || !order || !from)
		err = ERR_NOMEM;
	for (size_t i = 0; i < n && !err; i++)
		err = map_put(&index, p->plan->line_items[i].line_item_id, i);
	if (!err)
		err = fill_bases(a, p, &index, order, from);
	map_done(&index);
	mem_free(order);
	mem_free(from);
	return err;
}

static enum err begin_journal(struct applying *a, const struct applying_plan *p, struct errinfo *ei)
{
	struct journal_batch_plan *batches = mem_array(p->plan->n_batches, sizeof *batches);
	const struct change **ops = mem_array(a->status.n_ops, sizeof *ops);
	struct journal_plan plan = {a->account, "post", p->digest, batches, p->plan->n_batches};
	char title[160];
	const char *draft = draft_active(a->session);
	enum err err =
	    batches && ops ? ERR_OK : err_set(ei, ERR_NOMEM, "no memory for the journal");

	snprintf(title, sizeof title, "%zu change%s on %zu line item%s%s%s", p->plan->n_ops,
	    p->plan->n_ops == 1 ? "" : "s", p->plan->n_line_items,
	    p->plan->n_line_items == 1 ? "" : "s", draft[0] ? ", draft " : "", draft);
	plan.title = title;
	for (size_t i = 0; !err && i < a->status.n_ops; i++)
		ops[i] = a->posted->rows[i].change;
	for (size_t b = 0; !err && b < p->plan->n_batches; b++)
		batches[b] = (struct journal_batch_plan){ops + a->first[b], a->batches[b].n};
	if (!err)
		err = journal_begin(a->session->cfg.store, &plan, &a->changeset, a->batch_ids, ei);
	mem_free(batches);
	mem_free(ops);
	return err;
}

/* Taking the lock recovers what a killed run left; it has to be settled before anything is sent. */
static enum err lock_settled(struct applying *a, struct errinfo *ei)
{
	enum err err = lock_take(a->session->cfg.store, a->account, ei);

	if (err)
		return err;
	applying_count_unknown(a->session);
	if (!a->unknown)
		return ERR_OK;
	return err_set(ei, ERR_REFUSED,
	    "an earlier posting has an unknown outcome; it has to be settled first");
}

static enum err start_engine(struct applying *a, const struct applying_plan *p, struct errinfo *ei)
{
	struct apply_options opt = {.ask_foreign = p->ask_foreign};
	struct apply_journal journal = applying_journal(a);
	struct apply_watch watch = {&journal, applying_on_event, a};
	enum err err = begin_journal(a, p, ei);

	if (!err)
		err = applying_sign(a, ei);
	if (!err)
		err = applying_images_before(a, ei);
	if (err)
		return err;
	a->job.account_id = a->account;
	a->job.batches = a->batches;
	a->job.n_batches = a->status.n_batches;
	a->job.base = a->bases;
	a->engine = apply_start(a->session->api, &a->job, &opt, &watch, ei);
	return a->engine ? ERR_OK : ei->code;
}

enum err applying_start(struct session *s, const struct applying_plan *p, struct errinfo *ei)
{
	struct applying *a;
	enum err err;

	if (!s->api)
		return err_set(ei, ERR_NETWORK, "there is no connection to the API");
	if (applying_busy(s))
		return err_set(ei, ERR_REFUSED, "a posting is under way");
	if (applying_make(s))
		return err_set(ei, ERR_NOMEM, "no memory to post; nothing was sent");
	a = s->applying;
	applying_forget(a);
	snprintf(a->account, sizeof a->account, "%s", s->account_id);
	if (copy_plan(a, p->plan) || copy_base(a, p))
		err = err_set(ei, ERR_NOMEM, "no memory to post; nothing was sent");
	else
		err = lock_settled(a, ei);
	if (!err)
		err = start_engine(a, p, ei);
	if (err) {
		lock_drop(s->cfg.store, a->account);
		applying_forget(a);
	} else {
		a->status.phase = APPLYING_RUNNING;
		merge_end(s);
	}
	session_notify(s, DATA_BIT(DATA_APPLY));
	return err;
}
