#include "api/apply.h"

#include <stdio.h>
#include <string.h>
#include "api/apply_int.h"
#include "api/decode.h"
#include "api/mutate.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

static const int64_t default_delays[] = {2000, 10000, 30000, 120000};

const char *apply_outcome_name(enum apply_outcome o)
{
	static const char *const names[] = {"pending", "not sent", "refused", "unknown", "applied",
	    "verified", "absent", "no change", "conflict"};

	return names[o];
}

/* Of a batch and of the whole: the one that needs the most attention. */
static enum apply_outcome worse(enum apply_outcome a, enum apply_outcome b)
{
	static const int weight[] = {[OUTCOME_PENDING] = 0,
	    [OUTCOME_NOOP] = 1,
	    [OUTCOME_VERIFIED] = 2,
	    [OUTCOME_APPLIED] = 3,
	    [OUTCOME_NOT_SENT] = 4,
	    [OUTCOME_REFUSED] = 5,
	    [OUTCOME_ABSENT] = 6,
	    [OUTCOME_CONFLICT] = 7,
	    [OUTCOME_UNKNOWN] = 8};

	return weight[a] >= weight[b] ? a : b;
}

/* --- telling --- */

const struct apply_batch *apply_current(const struct apply *ap)
{
	return &ap->job->batches[ap->batch];
}

struct apply_event apply_event(const struct apply *ap, enum apply_event_kind kind)
{
	return (struct apply_event){
	    .kind = kind, .batch = ap->batch, .n_batches = ap->job->n_batches};
}

static void log_progress(const struct apply *ap, const struct apply_event *ev)
{
	static const char *const names[] = {[APPLY_BATCH_CHECK] = "check",
	    [APPLY_DRIFT_PASSED] = "drift_passed",
	    [APPLY_DRIFT_STOPPED] = "drift_stopped",
	    [APPLY_BATCH_SENDING] = "sending",
	    [APPLY_OP_OUTCOME] = "operation",
	    [APPLY_BATCH_OUTCOME] = "batch",
	    [APPLY_SETTLE_WAIT] = "settle_wait",
	    [APPLY_DONE] = "done"};
	bool over = ev->kind == APPLY_BATCH_OUTCOME || ev->kind == APPLY_DONE;
	bool bad = ev->kind == APPLY_DRIFT_STOPPED || (over && ev->ei);

	log_event(bad                            ? LOG_WARN
		  : ev->kind == APPLY_OP_OUTCOME ? LOG_DEBUG
						 : LOG_INFO,
	    "apply", "step=%s batch=%zu of=%zu operations=%zu outcome=\"%s\" wait_ms=%lld error=%s",
	    names[ev->kind], ev->batch + 1, ev->n_batches, apply_current(ap)->n,
	    apply_outcome_name(ev->outcome), (long long)ev->wait_ms,
	    ev->ei ? err_name(ev->ei->code) : "none");
}

void apply_tell(struct apply *ap, const struct apply_event *ev)
{
	log_progress(ap, ev);
	if (ap->fn)
		ap->fn(ap, ev, ap->user);
}

void apply_note(struct apply *ap, const char *why)
{
	if (ap->journal.event)
		ap->journal.event(ap->journal.ctx, ap->batch, why);
}

void apply_tell_drift(struct apply *ap, size_t added, size_t removed, const char *when)
{
	struct apply_event ev = apply_event(ap, APPLY_DRIFT_PASSED);
	char text[128];

	if (!added && !removed)
		return;
	snprintf(text, sizeof text, "others added %zu and removed %zu, %s", added, removed, when);
	apply_note(ap, text);
	ev.drift = (struct apply_drift){added, removed};
	apply_tell(ap, &ev);
}

void apply_set_op(struct apply *ap, size_t i, enum apply_outcome outcome, const char *result_id)
{
	struct op_state *op = &ap->ops[ap->batch][i];
	struct apply_event ev = apply_event(ap, APPLY_OP_OUTCOME);

	if (result_id && (!op->result_id || strcmp(op->result_id, result_id) != 0)) {
		mem_free(op->result_id);
		op->result_id = mem_strdup(result_id); /* NULL: the id is only for show */
	}
	op->outcome = outcome;
	ap->undone = true;
	ev.op = i;
	ev.what = &apply_current(ap)->ops[i];
	ev.outcome = outcome;
	ev.result_id = op->result_id;
	ev.ei = op->ei;
	apply_tell(ap, &ev);
}

/* Operations that are under way get the outcome; what is decided already stays. */
void apply_set_open(struct apply *ap, enum apply_outcome outcome)
{
	for (size_t i = 0; i < apply_current(ap)->n; i++) {
		enum apply_outcome o = ap->ops[ap->batch][i].outcome;

		if (o == OUTCOME_PENDING || o == OUTCOME_UNKNOWN || o == OUTCOME_APPLIED)
			apply_set_op(ap, i, outcome, NULL);
	}
}

static enum apply_outcome batch_outcome(const struct apply *ap, size_t batch, bool *partial)
{
	enum apply_outcome worst = OUTCOME_PENDING;
	bool took = false, not = false;

	for (size_t i = 0; i < ap->job->batches[batch].n; i++) {
		enum apply_outcome o = ap->ops[batch][i].outcome;

		worst = worse(o, worst);
		took |= o == OUTCOME_VERIFIED || o == OUTCOME_APPLIED;
		not |= o == OUTCOME_ABSENT || o == OUTCOME_REFUSED;
	}
	*partial = took && not ;
	return worst;
}

static const char quotes_request[] = "(not kept: it quotes how the request was signed)";

static void forget_answer(struct apply *ap)
{
	mem_free(ap->answer.body);
	ap->answer = (struct kept_answer){0};
}

/* The document dies with the callback; a refusal is journalled after a reading. Without memory the
 * journal has the status alone. */
static void keep_answer(struct apply *ap, const struct answer *an)
{
	forget_answer(ap);
	ap->answer.status = an->status;
	if (an->body_len)
		ap->answer.body = mem_strndup(an->body, an->body_len);
	ap->answer.n = ap->answer.body ? an->body_len : 0;
	/* a gateway may print the request that it did not like, signature and all */
	if (ap->answer.body && strstr(ap->answer.body, "oauth_")) {
		forget_answer(ap);
		ap->answer.status = an->status;
		ap->answer.body = mem_strdup(quotes_request);
		ap->answer.n = ap->answer.body ? strlen(quotes_request) : 0;
	}
}

/* Journal what the batch came to, then tell. */
static enum err end_batch(struct apply *ap)
{
	size_t n = apply_current(ap)->n;
	struct apply_event ev = apply_event(ap, APPLY_BATCH_OUTCOME);
	struct apply_op_end *ops = mem_array(n, sizeof *ops);
	enum err e = ops ? ERR_OK : ERR_NOMEM;

	ev.outcome = batch_outcome(ap, ap->batch, &ev.partial);
	ev.ei = ap->why.code ? &ap->why : NULL;
	if (ap->why.code && !ap->first_why.code)
		ap->first_why = ap->why;
	for (size_t i = 0; ops && i < n; i++) {
		const struct op_state *op = &ap->ops[ap->batch][i];

		ops[i] = (struct apply_op_end){op->outcome, op->result_id, op->ei};
	}
	if (!e && ap->undone && ap->journal.end)
		e = ap->journal.end(ap->journal.ctx, ap->batch,
		    &(struct apply_end){.outcome = ev.outcome,
			.ops = ops,
			.n = n,
			.ei = ev.ei,
			.partial = ev.partial,
			.http_status = ap->answer.status,
			.reply = ap->answer.body,
			.reply_len = ap->answer.n});
	mem_free(ops);
	if (ap->undone)
		forget_answer(ap);
	ap->undone = false;
	if (e && !ap->first_why.code)
		err_set(&ap->first_why, e, "the outcome of a batch could not be journalled");
	apply_tell(ap, &ev);
	return e;
}

/* The last thing that ever happens: the callback may free ap. */
void apply_finish(struct apply *ap)
{
	struct apply_event ev;
	bool partial;

	for (size_t b = 0; b < ap->job->n_batches; b++) {
		ap->batch = b;
		for (size_t i = 0; i < ap->job->batches[b].n; i++)
			if (ap->ops[b][i].outcome == OUTCOME_PENDING)
				apply_set_op(ap, i, OUTCOME_NOT_SENT, NULL);
		ap->worst = worse(batch_outcome(ap, b, &partial), ap->worst);
	}
	ap->done = true;
	ev = apply_event(ap, APPLY_DONE);
	ev.outcome = ap->worst;
	ev.ei = ap->first_why.code ? &ap->first_why : NULL;
	apply_tell(ap, &ev);
}

/* --- the sequence --- */

static void next_batch(struct apply *ap);

/* The batch is over. A batch that did not go well ends the apply: the user decides what is next. */
void apply_after_batch(struct apply *ap, bool go_on)
{
	if (end_batch(ap) || !go_on || ap->stopping) {
		apply_finish(ap);
		return;
	}
	ap->batch++;
	next_batch(ap);
}

static void stop_here(struct apply *ap, enum apply_outcome outcome, const struct errinfo *ei)
{
	ap->why = *ei;
	apply_set_open(ap, outcome);
	apply_after_batch(ap, false);
}

static enum err remember_ids(struct apply *ap, struct buf *joined)
{
	const struct criterion_set *s = &ap->reader.criteria;
	enum err e = ERR_OK;

	map_done(&ap->pre_ids);
	map_init(&ap->pre_ids);
	for (size_t i = 0; i < s->n && !e; i++) {
		if (i)
			buf_addc(joined, ',');
		buf_adds(joined, s->v[i].id);
		e = map_put(&ap->pre_ids, s->v[i].id, !s->v[i].deleted);
	}
	return e ? e : joined->failed;
}

static enum err flight_before_send(void *ctx, const char *nonce, int64_t at, struct errinfo *ei)
{
	struct apply *ap = ((struct flight *)ctx)->ap;
	char text[96];
	enum err e = ERR_OK;

	if (!ap)
		return err_set(ei, ERR_CANCELLED, "the apply is over");
	if (ap->sent) {
		snprintf(text, sizeof text, "sent again after a refusal, nonce %s", nonce);
		apply_note(ap, text);
	}
	/* Each time: what gets lost now is settled by waits that count from now. */
	if (ap->journal.sent)
		e = ap->journal.sent(ap->journal.ctx, ap->batch, nonce, at);
	if (e)
		return err_set(ei, e, "the journal could not be written; nothing was sent");
	ap->sent = true;
	ap->sent_mono_ms = clock_mono_ms();
	log_event(
	    LOG_INFO, "apply", "step=sent batch=%zu of=%zu", ap->batch + 1, ap->job->n_batches);
	return ERR_OK;
}

static void flight_drop(void *ctx)
{
	struct flight *f = ctx;

	if (f->ap)
		f->ap->flight = NULL;
	mem_free(f);
}

static void flight_done(void *ctx, enum write_end end, struct answer *an);

static enum err send_batch(struct apply *ap, const char *body)
{
	struct apply_event ev = apply_event(ap, APPLY_BATCH_SENDING);
	struct flight *f = mem_zalloc(sizeof *f);
	struct mutation m = {.account_id = ap->job->account_id,
	    .body = body,
	    .ctx = f,
	    .before_send = flight_before_send,
	    .done = flight_done,
	    .drop = flight_drop};

	if (!f)
		return ERR_NOMEM;
	f->ap = ap;
	ap->sent = false;
	ap->flight = f;
	ap->write = mutate_batch(ap->api, &m);
	if (!ap->write.gen) {
		ap->flight = NULL;
		mem_free(f);
		return ERR_NOMEM;
	}
	apply_tell(ap, &ev);
	return ERR_OK;
}

/* Journal the intent and send. */
static void launch_batch(struct apply *ap)
{
	enum { MAX_BODY = 4 * 1024 * 1024, MAX_IDS_TEXT = 64 * 1024 * 1024 };
	char sha[DIGEST_HEX_SIZE];
	struct errinfo ei = {0};
	struct buf body, ids;
	enum err e;

	buf_init(&body, MAX_BODY);
	buf_init(&ids, MAX_IDS_TEXT);
	e = apply_body(apply_current(ap), ap->ops[ap->batch], &body);
	if (!e)
		e = remember_ids(ap, &ids);
	if (e)
		err_set(&ei, e, "the batch could not be prepared");
	else
		e = digest_sha256(body.p, body.len, sha, &ei);
	if (!e && ap->journal.intent) {
		e = ap->journal.intent(
		    ap->journal.ctx, ap->batch, buf_str(&body), sha, buf_str(&ids));
		if (e)
			err_set(&ei, e, "the journal could not be written; nothing was sent");
	}
	if (!e) {
		e = send_batch(ap, buf_str(&body));
		if (e)
			err_set(&ei, e, "the batch could not be sent");
	}
	buf_done(&ids);
	buf_done(&body);
	if (e)
		stop_here(ap, OUTCOME_NOT_SENT, &ei);
}

static bool any_pending(const struct apply *ap)
{
	for (size_t i = 0; i < apply_current(ap)->n; i++)
		if (ap->ops[ap->batch][i].outcome == OUTCOME_PENDING)
			return true;
	return false;
}

void apply_checked(struct apply *ap)
{
	struct apply_event ev = apply_event(ap, APPLY_DRIFT_STOPPED);
	struct errinfo ei = ap->reader.ei;
	struct drift d = {0};

	if (ei.code) {
		err_context(&ei, ei.code, "the line items could not be read again");
		stop_here(ap, OUTCOME_NOT_SENT, &ei);
		return;
	}
	if (judge_drift(ap->job, apply_current(ap), &ap->reader, ap->ops[ap->batch], &d)) {
		err_set(&ei, ERR_NOMEM, "out of memory");
		stop_here(ap, OUTCOME_NOT_SENT, &ei);
		return;
	}
	for (size_t i = 0; i < apply_current(ap)->n; i++)
		if (ap->ops[ap->batch][i].outcome != OUTCOME_PENDING)
			apply_set_op(ap, i, ap->ops[ap->batch][i].outcome, NULL);
	if (ap->ask_foreign && !d.conflicts && !d.moved && (d.added || d.removed))
		snprintf(d.why, sizeof d.why,
		    "somebody else added %zu and removed %zu criteria of these line items since "
		    "they were reviewed; look, then confirm again",
		    d.added, d.removed);
	if (d.why[0]) {
		err_set(&ei, ERR_CONFLICT, "%s", d.why);
		ev.ei = &ei;
		ev.drift = (struct apply_drift){d.added, d.removed};
		apply_tell(ap, &ev);
		stop_here(ap, OUTCOME_NOT_SENT, &ei);
		return;
	}
	apply_tell_drift(ap, d.added, d.removed, "before the batch");
	if (any_pending(ap))
		launch_batch(ap);
	else
		apply_after_batch(ap, true);
}

static void next_batch(struct apply *ap)
{
	struct apply_event ev;
	struct errinfo ei;

	if (ap->batch == ap->job->n_batches) {
		ap->batch--;
		apply_finish(ap);
		return;
	}
	ap->why = (struct errinfo){0};
	ap->round = 0;
	ap->sent = false;
	if (reader_target(&ap->reader, apply_current(ap))) {
		err_set(&ei, ERR_NOMEM, "out of memory");
		stop_here(ap, OUTCOME_NOT_SENT, &ei);
		return;
	}
	ev = apply_event(ap, APPLY_BATCH_CHECK);
	apply_tell(ap, &ev);
	apply_read(ap, READ_CHECK);
}

/* --- answers --- */

/* Every pending operation must be confirmed, in order, by a complete record. */
static bool confirm(struct apply *ap, struct answer *an)
{
	struct api_result res = {.kind = API_CRITERIA};
	const struct apply_batch *b = apply_current(ap);
	size_t row = 0, pending = 0;
	bool good =
	    !decode_page(&res, json_get(json_root(&an->json), "data"), NULL) && !res.quarantined;

	for (size_t i = 0; i < b->n; i++) {
		if (ap->ops[ap->batch][i].outcome != OUTCOME_PENDING)
			continue;
		pending++;
		good = good && row < res.criteria.n &&
		       judge_confirms(&b->ops[i], &res.criteria.v[row]);
		row++;
	}
	good = good && pending == res.criteria.n;
	row = 0;
	for (size_t i = 0; good && i < b->n; i++)
		if (ap->ops[ap->batch][i].outcome == OUTCOME_PENDING)
			apply_set_op(ap, i, OUTCOME_APPLIED, res.criteria.v[row++].id);
	decode_done(&res);
	return good;
}

/* operation_errors is parallel to what was sent; an element is a list, empty when fine. */
static bool keep_op_errors(struct apply *ap, const struct answer *an)
{
	const struct json_node *lists =
	    an->has_json ? json_get(json_root(&an->json), "operation_errors") : NULL;
	const struct json_node *l = json_first(lists);
	bool any = false;

	for (size_t i = 0; l && i < apply_current(ap)->n; i++) {
		struct op_state *op = &ap->ops[ap->batch][i];
		const struct json_node *e = l->type == JSON_ARRAY ? json_first(l) : l;

		if (op->outcome != OUTCOME_PENDING)
			continue;
		if (!json_is_null(e) && (op->ei || (op->ei = mem_zalloc(sizeof *op->ei)))) {
			answer_error(e, an->ei.http, op->ei);
			op->ei->code = ERR_INVALID;
			any = true;
		}
		l = json_after(lists, l);
	}
	return any;
}

static void become_unknown(struct apply *ap, const struct errinfo *why)
{
	ap->why = *why;
	err_context(&ap->why, ERR_UNKNOWN, "no usable answer");
	apply_set_open(ap, OUTCOME_UNKNOWN);
	if (end_batch(ap) || ap->stopping) {
		apply_finish(ap);
		return;
	}
	ap->why = (struct errinfo){0};
	if (!apply_wait_round(ap, READ_SETTLE))
		apply_finish(ap);
}

static void answered(struct apply *ap, enum write_end end, struct answer *an)
{
	struct errinfo mismatch;

	if (an->kind == ANSWER_OK) {
		if (!confirm(ap, an)) {
			err_set(&mismatch, ERR_PROTOCOL, "the answer does not match the request");
			become_unknown(ap, &mismatch);
		} else if (end_batch(ap)) {
			apply_finish(ap);
		} else {
			apply_read(ap, READ_VERIFY);
		}
	} else if (end == END_UNKNOWN) {
		become_unknown(ap, &an->ei);
	} else if (end == END_NOT_SENT) {
		stop_here(ap, OUTCOME_NOT_SENT, &an->ei);
	} else {
		ap->why = an->ei;
		if (keep_op_errors(ap, an))
			apply_read(ap, READ_REFUSED); /* did all of it stay out, as documented? */
		else
			stop_here(ap, OUTCOME_REFUSED, &an->ei);
	}
}

static void flight_done(void *ctx, enum write_end end, struct answer *an)
{
	struct flight *f = ctx;
	struct apply *ap = f->ap;

	mem_free(f);
	if (!ap)
		return;
	ap->flight = NULL;
	keep_answer(ap, an);
	answered(ap, end, an);
}

/* --- life cycle --- */

static enum err check_job(const struct apply_job *job, struct errinfo *ei)
{
	if (!api_id_ok(job->account_id))
		return err_set(ei, ERR_REFUSED, "the account id may not be used in a request");
	if (!job->n_batches)
		return err_set(ei, ERR_USAGE, "there is nothing to apply");
	for (size_t b = 0; b < job->n_batches; b++) {
		const struct apply_batch *batch = &job->batches[b];

		if (!batch->n || batch->n > 500)
			return err_set(ei, ERR_LIMIT,
			    "a batch of %zu operations; 1 to 500 are allowed", batch->n);
		for (size_t i = 0; i < batch->n; i++) {
			const struct apply_op *op = &batch->ops[i];
			bool ok = api_id_ok(op->line_item_id) && op->type_name && op->value &&
				  op->op < OP_OTHER;

			if (op->kind == APPLY_DELETE)
				ok = api_id_ok(op->line_item_id) && api_id_ok(op->criterion_id) &&
				     op->type_name && op->value;
			if (!ok)
				return err_set(ei, ERR_REFUSED,
				    "operation %zu of batch %zu cannot be sent as it is", i + 1,
				    b + 1);
		}
	}
	return ERR_OK;
}

static void begin(struct loop *l, void *user)
{
	struct apply *ap = user;

	(void)l;
	ap->waiting = false;
	ap->started = true;
	if (ap->stopping) {
		apply_finish(ap);
	} else if (ap->recovering) {
		apply_set_open(ap, OUTCOME_UNKNOWN);
		if (reader_target(&ap->reader, apply_current(ap)) ||
		    !apply_wait_round(ap, READ_SETTLE))
			apply_finish(ap);
	} else {
		next_batch(ap);
	}
}

static struct apply *apply_new(
    struct api *a, const struct apply_job *job, const struct apply_options *opt, struct errinfo *ei)
{
	const int64_t *delays = opt && opt->n_settle ? opt->settle_ms : default_delays;
	unsigned n = opt && opt->n_settle ? opt->n_settle : 4;
	struct apply *ap;

	if (check_job(job, ei))
		return NULL;
	ap = mem_zalloc(sizeof *ap);
	if (!ap)
		goto nomem;
	ap->api = a;
	ap->job = job;
	ap->ask_foreign = opt && opt->ask_foreign;
	ap->n_delays = n < 8 ? n : 8;
	memcpy(ap->delays, delays, ap->n_delays * sizeof *delays);
	map_init(&ap->pre_ids);
	reader_init(&ap->reader, a, job->account_id);
	ap->reader.done = apply_on_read;
	ap->reader.user = ap;
	ap->ops = mem_array(job->n_batches, sizeof *ap->ops);
	for (size_t b = 0; ap->ops && b < job->n_batches; b++)
		if (!(ap->ops[b] = mem_array(job->batches[b].n, sizeof **ap->ops)))
			goto nomem;
	if (ap->ops)
		return ap;
nomem:
	apply_free(ap);
	err_set(ei, ERR_NOMEM, "out of memory");
	return NULL;
}

static struct apply *start(struct apply *ap, const struct apply_watch *watch, struct errinfo *ei)
{
	if (watch->journal)
		ap->journal = *watch->journal;
	ap->fn = watch->fn;
	ap->user = watch->user;
	ap->timer = loop_timer(ap->api->loop, 0, begin, ap);
	ap->waiting = true;
	if (ap->timer.gen)
		return ap;
	apply_free(ap);
	err_set(ei, ERR_NOMEM, "out of memory");
	return NULL;
}

struct apply *apply_start(struct api *a, const struct apply_job *job,
    const struct apply_options *opt, const struct apply_watch *watch, struct errinfo *ei)
{
	struct apply *ap = apply_new(a, job, opt, ei);

	return ap ? start(ap, watch, ei) : NULL;
}

static enum err take_ids(struct map *m, const char *joined)
{
	char id[65];
	enum err e = ERR_OK;

	while (*joined && !e) {
		size_t n = strcspn(joined, ",");

		if (n && n < sizeof id) {
			memcpy(id, joined, n);
			id[n] = '\0';
			e = map_put(m, id, 0); /* which were live is not known any more */
		}
		joined += n + (joined[n] == ',');
	}
	return e;
}

struct apply *apply_recover(struct api *a, const struct apply_recovery *r, struct errinfo *ei)
{
	int64_t wall_ms = (clock_wall_s() - r->sent_at) * 1000;
	struct apply *ap;

	if (r->job->n_batches != 1) {
		err_set(ei, ERR_USAGE, "batches are settled one at a time");
		return NULL;
	}
	ap = apply_new(a, r->job, r->opt, ei);
	if (!ap)
		return NULL;
	if (take_ids(&ap->pre_ids, r->pre_ids)) {
		apply_free(ap);
		err_set(ei, ERR_NOMEM, "out of memory");
		return NULL;
	}
	ap->recovering = true;
	ap->sent = true;
	ap->sent_mono_ms = clock_mono_ms() - r->age_ms;
	ap->sent_earlier_ms = wall_ms > r->age_ms ? wall_ms - r->age_ms : 0;
	return start(ap, &r->watch, ei);
}

enum apply_wait apply_waits(const struct apply *ap, int64_t *ms)
{
	*ms = ap->flight ? req_state(ap->api, ap->write).wait_ms
			 : req_owner_wait_ms(ap->api, ap->reader.owner);
	if (!*ms)
		return APPLY_WAITS_NOT;
	return ap->flight || ap->reading == READ_CHECK ? APPLY_WAITS_UNSENT : APPLY_WAITS_TO_READ;
}

/* The batch waited to be sent, the first time or once more. */
static void stopped_unsent(struct loop *l, void *user)
{
	struct apply *ap = user;
	struct errinfo ei = {0};

	(void)l;
	ap->waiting = false;
	if (ap->sent) {
		err_set(&ei, ERR_RATE,
		    "X refused it for its rate limit, and it was stopped before it was sent again");
		stop_here(ap, OUTCOME_REFUSED, &ei);
		return;
	}
	err_set(&ei, ERR_CANCELLED, "stopped while it waited to be sent");
	stop_here(ap, OUTCOME_NOT_SENT, &ei);
}

/* What waits before the sending is called back. False: nothing does, or it is under way. */
static bool call_back(struct apply *ap)
{
	int64_t ms;

	if (apply_waits(ap, &ms) == APPLY_WAITS_UNSENT) {
		if (ap->flight)
			req_cancel(ap->api, ap->write); /* its flight is dropped */
		else
			reader_cancel(&ap->reader);
		return true;
	}
	return false;
}

void apply_stop(struct apply *ap)
{
	loop_fn *next = ap->started ? apply_round_due : begin;

	if (ap->called_back)
		return;
	ap->stopping = true;
	if (ap->waiting) {
		loop_timer_cancel(ap->api->loop, ap->timer);
	} else {
		ap->called_back = call_back(ap);
		if (!ap->called_back)
			return;
		next = stopped_unsent;
	}
	ap->waiting = true;
	ap->timer = loop_timer(ap->api->loop, 0, next, ap);
}

bool apply_is_done(const struct apply *ap)
{
	return ap->done;
}

enum apply_outcome apply_outcome(const struct apply *ap, size_t batch, size_t op)
{
	return ap->ops[batch][op].outcome;
}

void apply_free(struct apply *ap)
{
	if (!ap)
		return;
	if (ap->flight)
		ap->flight->ap = NULL;
	loop_timer_cancel(ap->api->loop, ap->timer);
	reader_done(&ap->reader);
	map_done(&ap->pre_ids);
	for (size_t b = 0; ap->ops && b < ap->job->n_batches; b++) {
		for (size_t i = 0; ap->ops[b] && i < ap->job->batches[b].n; i++) {
			mem_free(ap->ops[b][i].result_id);
			mem_free(ap->ops[b][i].ei);
		}
		mem_free(ap->ops[b]);
	}
	mem_free(ap->ops);
	forget_answer(ap);
	mem_free(ap);
}
