/* A small ads account in memory behind the fake transport, with faults, read lag and paging that
 * shifts; and a run of the apply engine over it. Include once a program. */
#ifndef RETICLE_TESTS_UNIT_API_ACCOUNT_H
#define RETICLE_TESTS_UNIT_API_ACCOUNT_H

#include "tests/unit/api/fake.h"
#include "api/apply.h"

/* --- the account --- */

enum { MAX_ROWS = 256 };

struct row {
	char id[16], li[16], type[32], op[4], value[64];
	bool deleted;
	int64_t created_at;
	int64_t visible_ms; /* read lag: reads before this do not show it */
	int64_t gone_ms; /* and do not show its deletion */
	unsigned touched; /* order of the last change */
};

enum fault {
	FAULT_NONE,
	FAULT_DROP_AFTER, /* committed, no answer */
	FAULT_DROP_BEFORE, /* not committed, no answer */
	FAULT_LATE, /* no answer; commits 20 s later */
	FAULT_UNSENT, /* never connects */
	FAULT_REFUSE, /* operation_errors for the second operation */
	FAULT_PARTIAL_200, /* says 200 for all, commits the first half */
	FAULT_PARTIAL_400, /* says operation_errors, commits the first all the same */
	FAULT_OMIT, /* committed, answers one record less */
	FAULT_REORDER, /* committed, answers in another order */
	FAULT_HTML, /* 200 with a page of HTML, not committed */
	FAULT_503, /* 503 after the commit */
	FAULT_429, /* first attempt only, with a reset in 3 s */
	FAULT_429_DROP, /* first a 429 with a reset in 200 s, then committed without an answer */
	FAULT_401, /* the token is revoked */
};

struct world {
	struct row rows[MAX_ROWS];
	size_t n;
	unsigned next_id, posts, commits, reads, touches;
	enum fault fault;
	unsigned fault_nth; /* which POST, from 1; 0: all */
	int64_t lag_ms;
	bool parent_deleted;
	char late_body[65536];
	int64_t late_at;
	bool reads_fail;
	size_t page_size; /* 0: all rows at once */
	void (*between)(void); /* runs before every read */
	void (*prepare)(struct api *); /* runs before the posting */
};

static struct world w;

static struct row *add_row(const char *li, const char *type, const char *op, const char *value)
{
	struct row *r = &w.rows[w.n++];

	*r = (struct row){.created_at = clock_wall_s(), .visible_ms = clock_mono_ms() + w.lag_ms};
	r->touched = ++w.touches;
	snprintf(r->id, sizeof r->id, "c%u", ++w.next_id);
	snprintf(r->li, sizeof r->li, "%s", li);
	snprintf(r->type, sizeof r->type, "%s", type);
	snprintf(r->op, sizeof r->op, "%s", op);
	snprintf(r->value, sizeof r->value, "%s", value);
	return r;
}

static struct row *find_row(const char *id)
{
	for (size_t i = 0; i < w.n; i++)
		if (strcmp(w.rows[i].id, id) == 0)
			return &w.rows[i];
	return NULL;
}

static void print_row(struct buf *b, const struct row *r, bool deleted)
{
	char at[21];

	clock_format_utc(r->created_at, at);
	buf_addf(b,
	    "{\"id\":\"%s\",\"line_item_id\":\"%s\",\"targeting_type\":\"%s\",\"operator_type\":\"%"
	    "s\","
	    "\"targeting_value\":\"%s\",\"name\":null,\"created_at\":\"%s\",\"updated_at\":\"%s\","
	    "\"deleted\":%s}",
	    r->id, r->li, r->type, r->op, r->value, at, at, deleted ? "true" : "false");
}

/* Do operations from..to of a body; append their records. */
static void commit(const char *body, size_t limit, struct buf *out)
{
	char *copy = strdup(body);
	struct json j;
	size_t k = 0;

	json_init(&j);
	assert_int_equal(json_parse(&j, copy, strlen(copy), NULL), ERR_OK);
	const struct json_node *root = json_root(&j);

	for (const struct json_node *o = json_first(root); o && k < limit;
	     o = json_after(root, o)) {
		const struct json_node *p = json_get(o, "params");
		const char *del = json_string(json_get(p, "targeting_criterion_id"));
		struct row *r;

		if (del) {
			r = find_row(del);
			assert_non_null(r);
			r->deleted = true;
			r->touched = ++w.touches;
			r->gone_ms = clock_mono_ms() + w.lag_ms;
		} else {
			r = add_row(json_string(json_get(p, "line_item_id")),
			    json_string(json_get(p, "targeting_type")),
			    json_string(json_get(p, "operator_type")),
			    json_string(json_get(p, "targeting_value")));
		}
		if (k++)
			buf_addc(out, ',');
		print_row(out, r, r->deleted);
	}
	w.commits++;
	json_done(&j);
	free(copy);
}

/* Rows as a server lists them that sorts by the time of change, newest first, and whose cursor is a
 * position: whatever changes between two pages shifts the second. Without paging the order is that
 * of their making. */
static size_t listed(const char *url, size_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < w.n; i++) {
		size_t k = n;

		if (!strstr(url, w.rows[i].li) || clock_mono_ms() < w.rows[i].visible_ms)
			continue;
		for (; w.page_size && k && w.rows[out[k - 1]].touched < w.rows[i].touched; k--)
			out[k] = out[k - 1];
		out[k] = i;
		n++;
	}
	return n;
}

static void print_criteria(struct buf *b, const char *url)
{
	const char *at = strstr(url, "cursor=");
	size_t order[MAX_ROWS], first = at ? strtoul(at + 7, NULL, 10) : 0, last, n;

	w.reads++;
	if (w.between)
		w.between();
	n = listed(url, order);
	last = w.page_size && first + w.page_size < n ? first + w.page_size : n;
	for (size_t i = first; i < last; i++) {
		const struct row *r = &w.rows[order[i]];

		if (i > first)
			buf_addc(b, ',');
		print_row(b, r, r->deleted && clock_mono_ms() >= r->gone_ms);
	}
	if (last < n)
		buf_addf(b, "],\"next_cursor\":\"%zu\"}", last);
	else
		buf_adds(b, "],\"next_cursor\":null}");
}

static const char *get_answer(const char *url)
{
	static struct buf b;
	static bool made;

	if (!made)
		buf_init(&b, 1 << 20);
	made = true;
	buf_clear(&b);
	buf_adds(&b, "{\"request\":{\"params\":{}},\"data\":[");
	if (strstr(url, "/line_items?")) {
		static const char *const all[] = {"li1", "li2"};

		for (size_t i = 0; i < 2; i++)
			buf_addf(&b, "%s{\"id\":\"%s\",\"deleted\":%s}", i ? "," : "", all[i],
			    w.parent_deleted ? "true" : "false");
		buf_adds(&b, "]}");
	} else {
		print_criteria(&b, url);
	}
	return buf_str(&b);
}

static size_t half(const char *body)
{
	size_t n = 0;

	for (const char *p = body; (p = strstr(p, "operation_type")); p++)
		n++;
	return (n + 1) / 2;
}

static struct fake_reply post_answer(const struct transport_request *r)
{
	static char text[65536];
	struct fake_reply a = {.status = 200, .body = text};
	enum fault f = !w.fault_nth || w.posts == w.fault_nth ? w.fault : FAULT_NONE;
	struct buf out;

	buf_init(&out, sizeof text);
	if (f == FAULT_429 && w.posts > 1)
		f = FAULT_NONE;
	if (f == FAULT_429_DROP && w.posts > 1)
		f = FAULT_DROP_AFTER;
	if (f == FAULT_DROP_AFTER || f == FAULT_503 || f == FAULT_NONE || f == FAULT_OMIT ||
	    f == FAULT_REORDER)
		commit(r->body, SIZE_MAX, &out);
	if (f == FAULT_PARTIAL_200) {
		struct buf rest;

		buf_init(&rest, sizeof text);
		commit(r->body, half(r->body), &out);
		struct world saved = w;
		buf_addc(&rest, ' ');
		buf_clear(&rest);
		commit(r->body, SIZE_MAX, &rest); /* what it pretends */
		w = saved;
		buf_clear(&out);
		buf_adds(&out, buf_str(&rest));
		buf_done(&rest);
	}
	snprintf(text, sizeof text, "{\"data\":[%s],\"request\":[]}", buf_str(&out));
	if (f == FAULT_OMIT)
		snprintf(text, sizeof text, "{\"data\":[],\"request\":[]}");
	if (f == FAULT_REORDER) {
		const char *second = strstr(buf_str(&out), ",{");

		assert_non_null(second);
		snprintf(text, sizeof text, "{\"data\":[%s,%.*s]}", second + 1,
		    (int)(second - buf_str(&out)), buf_str(&out));
	}
	if (f == FAULT_DROP_AFTER || f == FAULT_DROP_BEFORE || f == FAULT_LATE) {
		a.err = ERR_NETWORK;
		a.status = 0;
	}
	if (f == FAULT_LATE) {
		snprintf(w.late_body, sizeof w.late_body, "%s", r->body);
		w.late_at = clock_mono_ms() + 20000;
	}
	if (f == FAULT_UNSENT) {
		a.err = ERR_NETWORK;
		a.unsent = true;
	}
	if (f == FAULT_REFUSE || f == FAULT_PARTIAL_400) {
		a.status = 400;
		if (f == FAULT_PARTIAL_400)
			commit(r->body, 1, &out);
		snprintf(text, sizeof text,
		    "{\"data\":[],\"operation_errors\":[[],[{\"code\":\"INVALID\",\"message\":"
		    "\"only "
		    "one age bucket\",\"attribute\":\"age\"}]]}");
	}
	if (f == FAULT_HTML)
		snprintf(text, sizeof text, "<html>log in to the airport</html>");
	if (f == FAULT_503)
		a.status = 503;
	if (f == FAULT_429 || f == FAULT_429_DROP) {
		static char reset[24];

		snprintf(reset, sizeof reset, "%lld",
		    (long long)clock_wall_s() + (f == FAULT_429 ? 3 : 200));
		a.status = 429;
		snprintf(text, sizeof text,
		    "{\"errors\":[{\"code\":\"TOO_MANY_REQUESTS\",\"message\":\"slow down\"}]}");
		a.headers[0][0] = "x-rate-limit-reset";
		a.headers[0][1] = reset;
		a.headers[1][0] = "x-rate-limit-remaining";
		a.headers[1][1] = "0";
	}
	if (f == FAULT_401) {
		a.status = 401;
		snprintf(text, sizeof text,
		    "{\"errors\":[{\"code\":89,\"message\":\"Invalid or expired token.\"}]}");
	}
	buf_done(&out);
	return a;
}

/* The account itself must not run out of memory when a test makes an allocation fail. */
static long fail_left = -1;
static uint64_t fail_mark;

static void fail_after(long n)
{
	fail_left = n;
	fail_mark = mem_count();
	mem_fail_after(n, 0);
}

static void fail_pause(void)
{
	if (fail_left < 0)
		return;
	fail_left -= (long)(mem_count() - fail_mark); /* below 0: it has failed already */
	mem_fail_after(-1, 0);
}

static void fail_resume(void)
{
	if (fail_left >= 0)
		fail_after(fail_left);
}

static struct fake_reply answer(const struct transport_request *r)
{
	if (w.late_at && clock_mono_ms() >= w.late_at) {
		struct buf out;

		buf_init(&out, 65536);
		commit(w.late_body, SIZE_MAX, &out);
		buf_done(&out);
		w.late_at = 0;
	}
	if (strcmp(r->method, "POST") == 0) {
		w.posts++;
		return post_answer(r);
	}
	if (w.reads_fail && w.posts)
		return (struct fake_reply){.err = ERR_NETWORK, .unsent = true};
	return (struct fake_reply){.status = 200, .body = get_answer(r->url)};
}

static struct fake_reply account(struct fake *f, const struct transport_request *r, unsigned nth)
{
	struct fake_reply a;

	(void)f, (void)nth;
	fail_pause();
	a = answer(r);
	fail_resume();
	return a;
}

/* --- the run --- */

struct seen {
	enum apply_outcome worst, ops[8];
	char ids[8][16], ei[8][64], param[8][64];
	unsigned events[APPLY_DONE + 1];
	struct apply_drift drift;
	bool done, partial;
	struct errinfo why;
	char steps[512]; /* of the journal, in order */
	char pre_ids[256];
	bool refuse_sent;
	struct apply *stop;
};

static void on_event(struct apply *ap, const struct apply_event *ev, void *user)
{
	struct seen *s = user;

	s->events[ev->kind]++;
	if (ev->kind == APPLY_OP_OUTCOME && ev->batch == 0) {
		s->ops[ev->op] = ev->outcome;
		snprintf(s->ids[ev->op], 16, "%s", ev->result_id ? ev->result_id : "");
		snprintf(s->ei[ev->op], 64, "%s", ev->ei ? ev->ei->api_code : "");
		snprintf(s->param[ev->op], 64, "%s", ev->ei ? ev->ei->param : "");
	}
	if (ev->kind == APPLY_DRIFT_PASSED)
		s->drift = ev->drift;
	if (ev->kind == APPLY_BATCH_OUTCOME)
		s->partial |= ev->partial;
	if (ev->kind != APPLY_DONE)
		return;
	s->worst = ev->outcome;
	if (ev->ei)
		s->why = *ev->ei;
	s->done = true;
	apply_free(ap); /* allowed here */
}

static void step(struct seen *s, const char *what)
{
	size_t n = strlen(s->steps);

	snprintf(s->steps + n, sizeof s->steps - n, "%s%s", n ? " " : "", what);
}

static enum err on_intent(
    void *ctx, size_t batch, const char *body, const char *sha, const char *pre_ids)
{
	struct seen *s = ctx;
	char want[DIGEST_HEX_SIZE];

	(void)batch;
	digest_sha256(body, strlen(body), want, NULL);
	assert_string_equal(sha, want);
	snprintf(s->pre_ids, sizeof s->pre_ids, "%s", pre_ids);
	step(s, "intent");
	return ERR_OK;
}

static enum err on_sent(void *ctx, size_t batch, const char *nonce, int64_t at)
{
	struct seen *s = ctx;

	(void)batch, (void)at;
	assert_int_equal(strlen(nonce), 32);
	step(s, "sent");
	return s->refuse_sent ? ERR_STORE : ERR_OK;
}

static enum err on_end(void *ctx, size_t batch, const struct apply_end *end)
{
	(void)batch;
	step(ctx, apply_outcome_name(end->outcome));
	return ERR_OK;
}

static enum err on_note(void *ctx, size_t batch, const char *why)
{
	(void)ctx, (void)batch, (void)why;
	return ERR_OK;
}

static const struct apply_op two_ops[] = {
    {.change_id = 1,
	.kind = APPLY_CREATE,
	.line_item_id = "li1",
	.type_name = "BROAD_KEYWORD",
	.value = "sofa",
	.op = OP_EQ},
    {.change_id = 2,
	.kind = APPLY_DELETE,
	.line_item_id = "li1",
	.type_name = "LANGUAGE",
	.value = "en",
	.op = OP_EQ,
	.criterion_id = "c1"},
};

static struct criterion base_rows[8];
static struct apply_base base = {.line_item_id = "li1", .criteria = base_rows};

/* An account with one language, one location, one keyword; what the review saw is the same. */
static void reset_world(void)
{
	clock_pin(1767690000);
	w = (struct world){0};
	add_row("li1", "LANGUAGE", "EQ", "en");
	add_row("li1", "LOCATION", "EQ", "us");
	add_row("li1", "BROAD_KEYWORD", "EQ", "chair");
	for (size_t i = 0; i < 3; i++)
		base_rows[i] = (struct criterion){.id = w.rows[i].id,
		    .line_item_id = "li1",
		    .type_name = w.rows[i].type,
		    .type = type_by_name(w.rows[i].type),
		    .value = w.rows[i].value,
		    .op = OP_EQ};
	base.n = 3;
}

static struct seen run_job(const struct apply_job *job, struct seen s)
{
	struct fake f;
	struct api *a = fake_api(&f, account, NULL);
	struct apply_journal j = {&s, on_intent, on_sent, on_end, on_note};
	struct apply *ap;

	clock_pin(1767690000);
	if (w.prepare)
		w.prepare(a);
	ap = apply_start(a, job, NULL, &(struct apply_watch){&j, on_event, &s}, NULL);
	assert_non_null(ap);
	assert_int_equal(s.events[APPLY_BATCH_CHECK], 0); /* not from inside the call */
	fake_run(&f, &s.done, 1000, 600000);
	assert_true(s.done);
	fake_done(&f, a);
	return s;
}

static struct seen run_ops(const struct apply_op *ops, size_t n)
{
	struct apply_batch batch = {ops, n};
	struct apply_job job = {"acc1", &batch, 1, &base, 1};

	return run_job(&job, (struct seen){0});
}

#endif
