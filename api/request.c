#include "api/request.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

/* --- the table of requests --- */

static void pump_soon(struct api *a, int64_t delay_ms);

int64_t api_server_now(const struct api *a)
{
	return clock_wall_s() + a->skew_s;
}

int64_t api_server_clock(const struct api *a)
{
	return clock_wall_s() + (a->has_date ? a->date_ahead_s : a->skew_s);
}

static void changed(struct api *a)
{
	if (a->on_change)
		a->on_change(a->on_change_user);
}

static struct req *find(const struct api *a, struct req_id id)
{
	struct req *r = id.gen && id.slot < a->n_slots ? a->slots[id.slot] : NULL;

	return r && r->id.gen == id.gen ? r : NULL;
}

static bool new_slot(struct api *a, uint32_t *slot)
{
	for (*slot = 0; *slot < a->n_slots; (*slot)++)
		if (!a->slots[*slot])
			return true;
	uint32_t cap = a->n_slots ? a->n_slots * 2 : 16;
	struct req **v = mem_realloc_array(a->slots, cap, sizeof *v);

	if (!v)
		return false;
	memset(v + a->n_slots, 0, (cap - a->n_slots) * sizeof *v);
	a->slots = v;
	a->n_slots = cap;
	return true;
}

static bool is_list(const struct req *r)
{
	return endpoint_info(r->spec.endpoint)->paging == PAGING_CURSOR && !r->spec.raw;
}

static bool is_write(const struct req *r)
{
	return r->spec.hooks.done || (r->spec.raw && endpoint_info(r->spec.endpoint)->write);
}

struct req_id req_submit(struct api *a, struct req_spec *s, const struct api_call *c)
{
	struct req *r = mem_zalloc(sizeof *r);
	uint32_t slot;

	if (!r || !new_slot(a, &slot)) {
		mem_free(r);
		req_spec_done(s);
		return (struct req_id){0};
	}
	*r = (struct req){.api = a, .spec = *s, .call = *c, .order = a->next_order++};
	r->id = (struct req_id){slot, ++a->next_gen};
	r->phase = REQ_QUEUED;
	r->budget = SIZE_MAX;
	if (is_list(r) && !(r->seen = id_filter_new()))
		req_spec_refuse(&r->spec, ERR_NOMEM, "out of memory");
	a->slots[slot] = r;
	pump_soon(a, 0);
	return r->id;
}

void req_free(struct req *r)
{
	struct api *a = r->api;

	if (r->flying) {
		req_land(r);
		pump_soon(a, 0); /* there is room for another */
	}
	if (r->transfer)
		a->transport.abort(a->transport.self, r->transfer);
	pages_drop(r);
	a->slots[r->id.slot] = NULL;
	if (r->spec.hooks.drop)
		r->spec.hooks.drop(r->spec.hooks.ctx);
	req_spec_done(&r->spec);
	id_filter_free(r->seen);
	mem_free(r);
}

/* --- delivery --- */

void req_deliver(struct req *r, struct api_result *res)
{
	bool last = res->last;

	if (!r->cancelled && r->call.fn) {
		r->delivering = true;
		r->call.fn(r->id, res, r->call.user);
		r->delivering = false;
	}
	if (last || r->cancelled)
		req_free(r);
}

void req_deliver_error(struct req *r, const struct errinfo *ei)
{
	struct api_result res = {.err = ei->code, .ei = *ei, .last = true, .page = r->page};

	res.total = r->total;
	res.quarantined = r->quarantined;
	req_deliver(r, &res);
}

/* --- sending --- */

static void on_reply(struct transport_reply *reply, void *user);

static enum err before_send(void *ctx, struct errinfo *ei)
{
	struct req *r = ctx;

	r->api->sent++;
	if (r->spec.hooks.before_send)
		return r->spec.hooks.before_send(
		    r->spec.hooks.ctx, r->nonce, r->oauth_timestamp, ei);
	return ERR_OK;
}

/* Parameters of this very request: those of the spec, then count and cursor. */
static size_t request_params(const struct req *r, struct api_param *extra, char count[12])
{
	const struct endpoint *ep = endpoint_info(r->spec.endpoint);
	size_t n = 0;

	if (ep->max_count && !r->spec.raw && ep->paging != PAGING_NONE) {
		snprintf(count, 12, "%u", ep->max_count);
		extra[n++] = (struct api_param){"count", count};
	}
	if (r->spec.cursor && !r->spec.raw)
		extra[n++] = (struct api_param){"cursor", r->spec.cursor};
	return n;
}

static enum err sign(struct req *r, const char *url, const struct oauth_params *p, struct buf *out,
    struct errinfo *ei)
{
	enum err e = oauth_nonce(r->nonce, ei);

	if (e)
		return e;
	r->oauth_timestamp = api_server_now(r->api);
	r->signed_skew_s = r->api->skew_s;
	return oauth_header(out, &r->api->keys,
	    &(struct oauth_request){.method = endpoint_info(r->spec.endpoint)->method,
		.url = url,
		.params = p->v,
		.n_params = p->n,
		.nonce = r->nonce,
		.timestamp = r->oauth_timestamp},
	    ei);
}

/* All parameters, the request's own and those of its page. */
static enum err all_params(const struct req *r, struct oauth_params *all)
{
	struct api_param extra[2];
	char count[12];
	size_t n = request_params(r, extra, count);
	enum err e = ERR_OK;

	for (size_t i = 0; i < r->spec.params.n && !e; i++)
		e = oauth_params_add(all, r->spec.params.v[i].name, r->spec.params.v[i].value);
	for (size_t i = 0; i < n && !e; i++)
		e = oauth_params_add(all, extra[i].name, extra[i].value);
	return e;
}

static enum err start(struct req *r, struct errinfo *ei)
{
	enum { MAX_URL = 64 * 1024 };
	struct api *a = r->api;
	struct oauth_params all;
	struct buf url, full, auth, form;
	enum err e;

	oauth_params_init(&all);
	buf_init(&url, MAX_URL);
	buf_init(&full, MAX_URL);
	buf_init(&auth, MAX_URL);
	buf_init(&form, MAX_URL);
	e = all_params(r, &all);
	buf_adds(&url, a->base_url);
	buf_adds(&url, r->spec.path);
	buf_adds(&full, buf_str(&url));
	if (all.n && !r->spec.form) {
		buf_addc(&full, '?');
		oauth_query(&full, all.v, all.n);
	}
	if (r->spec.form)
		oauth_query(&form, all.v, all.n);
	if (!e)
		e = url.failed ? url.failed : full.failed ? full.failed : form.failed;
	if (e)
		err_set(ei, e, "the request is too long");
	else
		e = sign(r, buf_str(&url), &all, &auth, ei);
	if (!e) {
		const char *body = r->spec.form ? buf_str(&form) : r->spec.body;
		struct transport_request tr = {.method = endpoint_info(r->spec.endpoint)->method,
		    .url = buf_str(&full),
		    .authorization = buf_str(&auth),
		    .content_type = r->spec.form   ? "application/x-www-form-urlencoded"
				    : r->spec.body ? "application/json"
						   : NULL,
		    .body = body,
		    .body_len = body ? strlen(body) : 0,
		    .write = is_write(r),
		    .before_send = before_send,
		    .ctx = r};

		r->started_ms = clock_mono_ms();
		r->transfer = a->transport.submit(a->transport.self, &tr, on_reply, r, ei);
		e = r->transfer ? ERR_OK : ei->code;
	}
	buf_done(&form);
	buf_done(&auth);
	buf_done(&full);
	buf_done(&url);
	oauth_params_done(&all);
	return e;
}

static void count_flying(struct req *r, int by)
{
	struct api *a = r->api;
	unsigned *n = is_write(r) ? &a->flying_writes : &a->flying_reads;

	*n = (unsigned)((int)*n + by);
	if (!is_write(r) && r->call.priority == REQ_BACKGROUND)
		a->flying_background = (unsigned)((int)a->flying_background + by);
}

void req_land(struct req *r)
{
	struct budget *b = &r->api->budgets.v[r->budget];

	count_flying(r, -1);
	if (b->in_flight)
		b->in_flight--;
	r->flying = false;
}

/* --- the queue --- */

static bool has_room(const struct api *a, const struct req *r)
{
	if (is_write(r))
		return a->flying_writes == 0;
	if (r->call.priority == REQ_BACKGROUND && a->flying_background >= MAX_BACKGROUND_IN_FLIGHT)
		return false;
	return a->flying_reads < MAX_READS_IN_FLIGHT;
}

static bool goes_before(const struct req *a, const struct req *b)
{
	if (!b || a->spec.critical != b->spec.critical)
		return !b || a->spec.critical;
	if (a->call.priority != b->call.priority)
		return a->call.priority < b->call.priority;
	return a->order < b->order;
}

static void sooner(int64_t *wait_ms, int64_t other_ms)
{
	if (!*wait_ms || other_ms < *wait_ms)
		*wait_ms = other_ms;
}

static enum budget_use use_of(const struct req *r)
{
	if (r->spec.critical)
		return BUDGET_CRITICAL;
	return r->call.priority == REQ_BACKGROUND ? BUDGET_BACKGROUND : BUDGET_USER;
}

/* The pattern of the path: no id, no parameter. */
static const char *log_name(const struct req *r)
{
	const char *path = endpoint_info(r->spec.endpoint)->path;

	return *path ? path : "other";
}

/* The next request that may go now; *wait_ms is when the first of those that may not should be
 * looked at again. */
static struct req *next_request(struct api *a, int64_t *wait_ms)
{
	struct req *best = NULL;
	int64_t wait;

	for (uint32_t i = 0; i < a->n_slots; i++) {
		struct req *r = a->slots[i];

		if (!r || r->phase == REQ_FLYING || r->phase == REQ_GONE || r->delivering)
			continue;
		if (r->phase == REQ_RETRY_WAIT && r->wait_until_ms > clock_mono_ms()) {
			sooner(wait_ms, r->wait_until_ms - clock_mono_ms());
			continue;
		}
		if (r->spec.refused.code)
			return r;
		r->budget = budget_find(&a->budgets, r->spec.endpoint, r->spec.account);
		wait = 1000;
		if (r->budget == SIZE_MAX ||
		    !budget_allows(&a->budgets.v[r->budget], use_of(r), &wait)) {
			if (r->phase != REQ_RATE_WAIT)
				log_event(LOG_INFO, "request.wait", "endpoint=%s wait_ms=%lld",
				    log_name(r), (long long)wait);
			r->phase = REQ_RATE_WAIT;
			r->wait_until_ms = clock_mono_ms() + wait;
			sooner(wait_ms, wait);
			continue;
		}
		r->phase = REQ_QUEUED;
		if (has_room(a, r) && goes_before(r, best))
			best = r;
	}
	return best;
}

static void finish_write(struct req *r, struct answer *an, struct transport_reply *reply)
{
	struct write_hooks hooks = r->spec.hooks;

	r->spec.hooks = (struct write_hooks){0};
	req_free(r);
	hooks.done(hooks.ctx, an, reply);
}

static void launch(struct req *r)
{
	struct api *a = r->api;
	struct errinfo ei = r->spec.refused;

	if (!ei.code) {
		r->attempts++;
		r->phase = REQ_FLYING;
		if (!start(r, &ei)) {
			budget_sent(&a->budgets.v[r->budget]);
			count_flying(r, 1);
			r->flying = true;
			return;
		}
	}
	r->phase = REQ_GONE;
	if (r->spec.hooks.done) {
		struct transport_reply reply = {.err = ei.code, .ei = ei};
		struct answer an;

		answer_init(&an);
		answer_read(&an, &reply);
		finish_write(r, &an, &reply);
		answer_done(&an);
		return;
	}
	req_deliver_error(r, &ei);
}

/* Runs in every turn of the loop. There is no timer to fail: a request that was accepted comes to
 * its end even without memory. */
void req_turn(struct loop *l, void *user)
{
	struct api *a = user;
	int64_t wait_ms = 0;
	struct req *r;

	if (a->pump_set && clock_mono_ms() >= a->pump_at_ms) {
		a->pump_set = false;
		while ((r = next_request(a, &wait_ms)))
			launch(r);
		if (wait_ms)
			pump_soon(a, wait_ms);
		changed(a);
	}
	pages_run(a);
	if (a->pump_set)
		loop_wake_within(l, a->pump_at_ms - clock_mono_ms());
}

static void pump_soon(struct api *a, int64_t delay_ms)
{
	int64_t at = clock_mono_ms() + delay_ms;

	if (!a->pump_set || at < a->pump_at_ms)
		a->pump_at_ms = at;
	a->pump_set = true;
	loop_wake_within(a->loop, a->pump_at_ms - clock_mono_ms());
}

void req_pump(struct api *a)
{
	pump_soon(a, 0);
}

/* --- retries --- */

static uint64_t random_next(struct api *a)
{
	a->random ^= a->random << 13;
	a->random ^= a->random >> 7;
	a->random ^= a->random << 17;
	return a->random;
}

/* Full jitter: anything up to 0.25 s, 0.5 s, 1 s ... 30 s; at least 50 ms, or it were no wait. */
static int64_t jitter_ms(struct api *a, unsigned failures)
{
	int64_t top = (int64_t)250 << (failures < 8 ? failures : 7);

	if (top > 30000)
		top = 30000;
	return 50 + (int64_t)(random_next(a) % (uint64_t)top);
}

/* Try the request again if its row of retry.def has attempts left. */
bool req_retry(struct req *r, const struct answer *an)
{
	const struct retry_rule *rule = retry_rule(an->kind);
	enum retry_wait wait = is_write(r) ? rule->write_wait : rule->read_wait;
	unsigned left = is_write(r) ? rule->writes : rule->reads;
	int64_t ms = 0;

	if (r->failures[an->kind]++ >= left)
		return false;
	if (wait == WAIT_JITTER)
		ms = an->retry_after_ms > 0 ? an->retry_after_ms
					    : jitter_ms(r->api, r->failures[an->kind] - 1);
	log_event(LOG_INFO, "request.retry", "case=%s attempts=%u wait_ms=%lld", rule->name,
	    r->attempts, (long long)ms);
	if (wait == WAIT_RESET || wait == WAIT_BACKOFF || wait == WAIT_NOW) {
		r->phase = REQ_QUEUED; /* the budget says when */
		pump_soon(r->api, 0);
		return true;
	}
	r->phase = REQ_RETRY_WAIT;
	r->wait_until_ms = clock_mono_ms() + ms;
	pump_soon(r->api, ms);
	return true;
}

/* --- answers --- */

enum { MAX_SKEW_S = 48 * 3600, MIN_SKEW_S = 60, SKEW_EVERY_MS = 60000 };

/* A refused signature with a server time that is far from ours: take over its time, try once. What was
 * signed before that and is refused after it only has to be signed anew. */
static void learn_clock(const struct req *r, struct answer *an)
{
	struct api *a = r->api;
	int64_t skew = an->date_s - clock_wall_s(), change = skew - a->skew_s;
	bool named = strcmp(an->ei.api_code, "135") == 0;

	if (an->kind != ANSWER_AUTH || !an->date_s)
		return;
	if (change < 0)
		change = -change;
	if (r->signed_skew_s != a->skew_s && change < MIN_SKEW_S) {
		an->kind = ANSWER_CLOCK;
		return;
	}
	if (change < (named ? 2 : MIN_SKEW_S) || skew > MAX_SKEW_S || skew < -MAX_SKEW_S)
		return;
	if (a->skewed && clock_mono_ms() - a->skew_set_ms < SKEW_EVERY_MS)
		return;
	a->skew_s = skew;
	a->skewed = true;
	a->skew_set_ms = clock_mono_ms();
	an->kind = ANSWER_CLOCK;
	log_event(LOG_WARN, "clock.corrected", "skew_s=%lld", (long long)skew);
}

static void learn_headers(
    struct req *r, const struct answer *an, const struct transport_reply *reply)
{
	struct api *a = r->api;
	struct budget *b = &a->budgets.v[r->budget];

	if (!reply->sent)
		budget_unsent(b);
	if (reply->err && !reply->status)
		return;
	if (an->date_s) {
		a->date_ahead_s = an->date_s - clock_wall_s();
		a->has_date = true;
	}
	budget_learn(b, reply, api_server_now(a));
	if (reply->status == 429)
		budget_refused(b, reply, an->retry_after_ms, api_server_now(a));
	if (*reply->headers[HEADER_API_WARN])
		snprintf(a->warning, sizeof a->warning, "%s", reply->headers[HEADER_API_WARN]);
	a->bytes_in += reply->body.len;
}

/* Of the API's words a code alone, when it looks like one. */
static void log_answer(
    const struct req *r, const struct answer *an, const struct transport_reply *reply, size_t bytes)
{
	const char *code = an->ei.api_code;
	bool ok = an->kind == ANSWER_OK;
	bool is_code = *code && !code[strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")];

	log_event(ok ? LOG_INFO : LOG_WARN, "request.done",
	    "method=%s endpoint=%s page=%u attempts=%u status=%d ms=%lld bytes=%zu curl=%d "
	    "error=%s code=%s",
	    endpoint_info(r->spec.endpoint)->method, log_name(r), r->page, r->attempts,
	    reply->status, (long long)(clock_mono_ms() - r->started_ms), bytes, reply->curl_code,
	    ok ? "none" : err_name(an->ei.code), !ok && is_code ? code : "none");
}

void req_learn(struct req *r, struct answer *an, const struct transport_reply *reply)
{
	learn_clock(r, an);
	learn_headers(r, an, reply);
	log_answer(r, an, reply, reply->body.len);
}

void req_next_page(struct req *r)
{
	r->page++;
	memset(r->failures, 0, sizeof r->failures);
	r->phase = REQ_QUEUED;
	pump_soon(r->api, 0);
}

static void finish_raw(
    struct req *r, struct answer *an, struct transport_reply *reply, const char *body, size_t len)
{
	struct raw_header headers[HEADER_COUNT];
	struct api_result res = {.kind = API_RAW, .last = true};
	size_t n = 0;

	for (int i = 0; i < HEADER_COUNT; i++)
		if (*reply->headers[i])
			headers[n++] =
			    (struct raw_header){header_name((enum header_id)i), reply->headers[i]};
	/* a body that is no JSON of this API is the caller's business as long as it is complete */
	if (an->kind != ANSWER_OK && !(an->kind == ANSWER_BROKEN && !reply->err)) {
		res.err = an->ei.code;
		res.ei = an->ei;
		if (is_write(r) && retry_rule(an->kind)->end == END_UNKNOWN)
			res.err = err_context(&res.ei, ERR_UNKNOWN, "outcome unknown");
	}
	res.raw = (struct raw_result){.status = reply->status,
	    .body = body,
	    .body_len = len,
	    .headers = headers,
	    .n_headers = n};
	req_deliver(r, &res);
}

/* A write, or a raw call: its answer is small, and who asked wants the very bytes. */
static void on_raw_reply(struct req *r, struct transport_reply *reply)
{
	/* scanning decodes in place; a raw call hands out, and the journal keeps, the bytes as they came */
	size_t raw_len = reply->body.len;
	char *raw_body = mem_strndup(buf_str(&reply->body), raw_len);
	const char *body = raw_body ? raw_body : "";
	struct answer an;

	raw_len = raw_body ? raw_len : 0;
	req_land(r);
	answer_init(&an);
	answer_read(&an, reply);
	an.status = reply->status;
	an.body = body;
	an.body_len = raw_len;
	req_learn(r, &an, reply);
	if (an.kind == ANSWER_OK || r->cancelled || !req_retry(r, &an)) {
		if (r->cancelled)
			req_free(r);
		else if (r->spec.hooks.done)
			finish_write(r, &an, reply);
		else
			finish_raw(r, &an, reply, body, raw_len);
	}
	mem_free(raw_body);
	answer_done(&an);
}

static void on_reply(struct transport_reply *reply, void *user)
{
	struct req *r = user;
	struct api *a = r->api;

	r->transfer = NULL;
	if (r->spec.raw || r->spec.hooks.done)
		on_raw_reply(r, reply);
	else
		page_take(r, reply);
	pump_soon(a, 0);
}

/* --- cancelling --- */

static void cancel(struct req *r)
{
	r->cancelled = true;
	if (!r->delivering) /* else req_deliver() frees it */
		req_free(r);
}

bool req_cancel(struct api *a, struct req_id id)
{
	struct req *r = find(a, id);

	if (!r || r->cancelled)
		return false;
	if (is_write(r) && r->transfer)
		r->call.fn = NULL; /* only detached: what was sent cannot be called back */
	else
		cancel(r);
	return true;
}

void req_cancel_owner(struct api *a, struct owner_id owner)
{
	for (uint32_t i = 0; owner.id && i < a->n_slots; i++)
		if (a->slots[i] && a->slots[i]->call.owner.id == owner.id)
			req_cancel(a, a->slots[i]->id);
}

struct req_state req_state(const struct api *a, struct req_id id)
{
	const struct req *r = find(a, id);
	struct req_state st = {.phase = REQ_GONE};

	if (!r || r->cancelled)
		return st;
	st.phase = r->phase;
	st.attempt = r->attempts;
	st.bucket = bucket_info(endpoint_info(r->spec.endpoint)->bucket)->name;
	if (r->phase == REQ_RATE_WAIT || r->phase == REQ_RETRY_WAIT)
		st.wait_ms = r->wait_until_ms - clock_mono_ms();
	if (st.wait_ms < 0)
		st.wait_ms = 0;
	return st;
}

int64_t req_owner_wait_ms(const struct api *a, struct owner_id owner)
{
	int64_t longest = 0;

	for (uint32_t i = 0; owner.id && i < a->n_slots; i++) {
		const struct req *r = a->slots[i];
		struct req_state st;

		if (!r || r->call.owner.id != owner.id)
			continue;
		st = req_state(a, r->id);
		if (st.phase == REQ_FLYING)
			return 0;
		if (st.wait_ms > longest)
			longest = st.wait_ms;
	}
	return longest;
}
