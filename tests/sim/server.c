#include "tests/sim/server.h"

#include <openssl/evp.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/clock.h"
#include "base/mem.h"
#include "sandbox/control.h"
#include "sandbox/dispatch.h"
#include "sandbox/entity.h"
#include "sandbox/mangle.h"
#include "sandbox/reply.h"
#include "sandbox/sandbox.h"
#include "sandbox/scenario.h"

enum { BODY_MAX = 8 << 20, OPS_MAX = 512 };

static struct sandbox sb;
static sqlite3 *template;
static unsigned edits; /* by others, since the world began */
static server_commit_fn *on_commit;
static void *on_commit_user;
static struct arena body_arena; /* of server_read_body */

static void die(const char *what)
{
	fprintf(stderr, "sim: %s\n", what);
	abort();
}

/* --- worlds --- */

static void copy_db(sqlite3 *to, sqlite3 *from)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");

	if (!b || sqlite3_backup_step(b, -1) != SQLITE_DONE || sqlite3_backup_finish(b))
		die("the sandbox's state cannot be copied");
}

void server_init(void)
{
	struct options opt = {
	    .seed = 1, .line_items = SERVER_LINE_ITEMS, .criteria = SERVER_CRITERIA};
	struct errinfo ei = {0};

	if (sandbox_open(&sb, &opt, &ei))
		die(ei.msg);
	scenario_go_on(&sb, INT64_MAX);
	/* what was there before the start has no time of birth, as far as a lagging read goes */
	db_run(&sb.db, "UPDATE criterion SET born_ms = 0", "");
	if (sqlite3_open(":memory:", &template))
		die("no memory");
	copy_db(template, sb.db.h);
	arena_init(&body_arena);
}

void server_done(void)
{
	arena_done(&body_arena);
	sqlite3_close(template);
	sandbox_close(&sb);
}

void server_begin(const struct server_world *w)
{
	copy_db(sb.db.h, template);
	edits = 0;
	ledger_clear(&sb.ledger);
	sb.ledger.start_ms = clock_mono_ms();
	nonces_done(&sb.nonces);
	nonces_init(&sb.nonces);
	faults_done(&sb.faults);
	faults_init(&sb.faults);
	rates_done(&sb.rates);
	rates_init(&sb.rates);
	sb.rates.off = !w->reads;
	if (w->reads) {
		rates_set(&sb.rates, "read", w->reads);
		rates_set(&sb.rates, "write", w->writes);
		rates_set(&sb.rates, "lookup", w->lookups);
	}
	sb.opt.seed = w->seed;
	sb.opt.duplicates = (enum duplicates)w->duplicates;
	sb.clock_ahead_s = w->clock_ahead_s;
	sb.life_base_s = sandbox_now_s(&sb);
	sb.life_since_ms = clock_mono_ms();
}

void server_clock_ahead(int64_t seconds)
{
	sb.clock_ahead_s = seconds;
}

/* --- faults and other users --- */

void server_faults(const char *plan)
{
	const char *why = "";

	if (!plan)
		faults_clear(&sb.faults);
	else if (!faults_load(&sb.faults, plan, strlen(plan), true, &why))
		die(why);
}

static void edit(const struct json *v)
{
	struct arena arena;
	struct call c;

	arena_init(&arena);
	call_init(&c, &sb, &arena);
	db_begin(&sb.db);
	if (!v || control_edit(&c, v))
		db_rollback(&sb.db);
	else
		db_commit(&sb.db);
	edits++;
	call_done(&c);
	arena_done(&arena);
}

unsigned server_edits(void)
{
	return edits;
}

void server_edit(const char *json)
{
	struct arena arena;
	const char *why = "";

	arena_init(&arena);
	edit(json_parse(&arena, json, strlen(json), &why));
	arena_done(&arena);
}

/* --- bodies --- */

int server_read_body(const char *body, size_t len, struct server_op *out, size_t cap)
{
	const char *why = "";
	const struct json *v;
	int n = 0;

	arena_done(&body_arena);
	arena_init(&body_arena);
	v = json_parse(&body_arena, body, len, &why);
	if (!v || v->kind != JSON_ARRAY || v->n > cap)
		return -1;
	for (const struct json *o = v->child; o; o = o->next) {
		const struct json *p = json_get(o, "params");
		const char *kind = json_text(o, "operation_type");

		out[n++] = (struct server_op){.removes = kind && strcmp(kind, "Delete") == 0,
		    .line_item_id = json_text(p, "line_item_id"),
		    .type = json_text(p, "targeting_type"),
		    .op = json_text(p, "operator_type"),
		    .value = json_text(p, "targeting_value"),
		    .criterion_id = json_text(p, "targeting_criterion_id")};
	}
	return n;
}

void server_sha256(const char *p, size_t n, char out[65])
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	EVP_Digest(p, n, sum, &len, EVP_sha256(), NULL);
	for (unsigned i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", sum[i]);
}

/* --- one request --- */

struct exchange {
	char *method, *target, *host, *authorization, *content_type, *body;
	size_t body_len;
	uint64_t tag;
	struct fault_set faults;
	enum fault_phase phase;
	size_t next; /* fault of the phase that is looked at next */
	bool answered, has_call;
	struct arena arena;
	struct call call;
	char date[40];
	uint32_t seq;
};

static char *copy(const char *s)
{
	return s ? mem_strdup(s) : NULL;
}

struct exchange *exchange_new(const struct server_request *r)
{
	struct exchange *x = mem_zalloc(sizeof *x);

	if (!x)
		die("no memory");
	*x = (struct exchange){.method = copy(r->method),
	    .target = copy(r->target),
	    .host = copy(r->host),
	    .authorization = copy(r->authorization),
	    .content_type = copy(r->content_type),
	    .body = mem_strndup(r->body ? r->body : "", r->body_len),
	    .body_len = r->body_len,
	    .tag = r->tag};
	arena_init(&x->arena);
	x->seq = ledger_add(&sb.ledger, x->method, x->target, 0);
	faults_match(&sb.faults, x->method, x->target, &x->faults);
	return x;
}

void exchange_free(struct exchange *x)
{
	if (!x)
		return;
	if (x->has_call)
		call_done(&x->call);
	arena_done(&x->arena);
	mem_free(x->method);
	mem_free(x->target);
	mem_free(x->host);
	mem_free(x->authorization);
	mem_free(x->content_type);
	mem_free(x->body);
	mem_free(x);
}

static void fill_call(struct exchange *x)
{
	struct call *c = &x->call;
	const struct fault_action *f;

	call_init(c, &sb, &x->arena);
	x->has_call = true;
	c->method = x->method;
	c->uri = x->target;
	c->scheme = "https";
	c->host = x->host;
	c->authorization = x->authorization;
	c->content_type = x->content_type;
	c->body = x->body;
	c->body_len = x->body_len;
	c->seq = x->seq;
	if ((f = fault_find(&x->faults, FAULT_LAG)))
		c->lag_ms = f->num;
	if ((f = fault_find(&x->faults, FAULT_PARTIAL)))
		c->partial = f->num;
	if ((f = fault_find(&x->faults, FAULT_SKEW)) && f->phase != PHASE_RESP_HDR)
		c->skew_s = f->num;
	f = fault_find(&x->faults, FAULT_CURSOR);
	c->drop_cursor = f && strcmp(f->arg, "dup") == 0;
}

static const struct fault_action *status_before(const struct exchange *x)
{
	for (size_t i = 0; i < x->faults.n; i++)
		if (x->faults.v[i].verb == FAULT_STATUS && x->faults.v[i].phase <= PHASE_PRE_COMMIT)
			return &x->faults.v[i];
	return NULL;
}

/* Which creates made a row: the new rows come in the order of the operations. */
static void tell_commit(struct exchange *x, int64_t last_seq)
{
	struct server_op ops[OPS_MAX];
	bool done[OPS_MAX] = {false};
	int n = server_read_body(x->body, x->body_len, ops, OPS_MAX);
	sqlite3_stmt *q = db_query(&sb.db,
	    "SELECT e.id, c.type, c.value FROM criterion c JOIN entity e ON e.row = c.li"
	    " WHERE c.seq > ? ORDER BY c.seq",
	    "i", last_seq);
	bool row = db_step(&sb.db, q);

	for (int i = 0; i < n; i++) {
		if (x->call.partial >= 0 && i >= x->call.partial)
			break;
		done[i] = ops[i].removes;
		if (ops[i].removes || !row)
			continue;
		done[i] =
		    strcmp(ops[i].line_item_id, (const char *)sqlite3_column_text(q, 0)) == 0 &&
		    strcmp(ops[i].type, (const char *)sqlite3_column_text(q, 1)) == 0 &&
		    strcasecmp(ops[i].value, (const char *)sqlite3_column_text(q, 2)) == 0;
		if (done[i])
			row = db_step(&sb.db, q);
	}
	sqlite3_reset(q);
	if (n > 0 && on_commit)
		on_commit(on_commit_user, &(struct server_commit){x->tag, done, (size_t)n,
					      x->call.partial >= 0, last_seq});
}

static void handle(struct exchange *x)
{
	const struct fault_action *instead = status_before(x);
	int64_t last = db_number(&sb.db, "SELECT max(seq) FROM criterion", "");

	fill_call(x);
	if (instead) {
		reply_status(&x->call, instead);
		return;
	}
	api_answer(&x->call);
	/* a batch that only merges changes nothing, and says that it is done */
	if (strcmp(x->method, "GET") != 0 && x->call.committed)
		tell_commit(x, last);
	mangle(&x->call, &x->faults);
}

static enum server_step run_phase(struct exchange *x, int64_t *wait_ms)
{
	while (x->next < x->faults.n) {
		const struct fault_action *f = &x->faults.v[x->next++];

		if (f->phase != x->phase)
			continue;
		if (f->verb == FAULT_DROP || f->verb == FAULT_RST)
			return SERVER_CLOSED;
		if (f->verb == FAULT_MUTATE)
			edit(f->edit);
		if (f->verb == FAULT_STALL && f->num > 0) {
			*wait_ms = f->num;
			return SERVER_WAIT;
		}
	}
	return SERVER_ANSWERS;
}

static void put_header(struct server_reply *r, const char *name, const char *value)
{
	if (r->n_headers < sizeof r->headers / sizeof *r->headers)
		r->headers[r->n_headers++] = (struct server_header){name, value};
}

static void fill_reply(struct exchange *x, struct server_reply *r)
{
	const struct fault_action *cut = fault_find(&x->faults, FAULT_CUT);
	const struct fault_action *drip = fault_find(&x->faults, FAULT_DRIP);
	const struct fault_action *skew = fault_find(&x->faults, FAULT_SKEW);
	time_t at = (time_t)(sandbox_now_s(&sb) + (skew ? skew->num : 0));
	struct tm tm;

	*r = (struct server_reply){
	    .status = x->call.status, .body = buf_str(&x->call.out), .len = x->call.out.len};
	gmtime_r(&at, &tm);
	strftime(x->date, sizeof x->date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	put_header(r, "date", x->date);
	put_header(r, "content-type", x->call.content_type_out);
	for (size_t i = 0; i < x->call.headers_out.n; i++)
		put_header(r, x->call.headers_out.v[i].name, x->call.headers_out.v[i].value);
	if (cut && cut->num >= 0 && (size_t)cut->num < r->len) {
		r->len = (size_t)cut->num;
		r->cut = true;
	}
	if (fault_find(&x->faults, FAULT_CHUNK) || fault_find(&x->faults, FAULT_RAW)) {
		r->len = r->len < 5 ? r->len : 5;
		r->cut = true;
	}
	if (drip && drip->num > 0)
		r->slow_ms = (int64_t)r->len * 1000 / drip->num;
}

bool exchange_is_decided(const struct exchange *x)
{
	return x->answered;
}

enum server_step exchange_step(struct exchange *x, int64_t *wait_ms, struct server_reply *out)
{
	for (; x->phase < PHASE_COUNT; x->phase++, x->next = 0) {
		enum server_step s;

		/* the state of the account changes between these two */
		if (x->phase == PHASE_POST_COMMIT && !x->answered) {
			x->answered = true;
			handle(x);
		}
		if (x->phase == PHASE_RESP_HDR && x->next == 0)
			reply_bend(&x->call, &x->faults);
		s = run_phase(x, wait_ms);
		if (s != SERVER_ANSWERS)
			return s;
	}
	fill_reply(x, out);
	return SERVER_ANSWERS;
}

/* --- the truth --- */

void server_on_commit(server_commit_fn *fn, void *user)
{
	on_commit = fn;
	on_commit_user = user;
}

int64_t server_changes(void)
{
	return sqlite3_total_changes64(sb.db.h);
}

void server_rows(server_row_fn *fn, void *user)
{
	sqlite3_stmt *q = db_query(&sb.db,
	    "SELECT c.seq, e.id, c.type, c.op, c.value, c.deleted, c.born_ms, c.died_ms"
	    " FROM criterion c JOIN entity e ON e.row = c.li"
	    " WHERE e.account = '" SERVER_ACCOUNT "' ORDER BY c.seq",
	    "");

	while (db_step(&sb.db, q)) {
		struct server_row r = {.line_item_id = (const char *)sqlite3_column_text(q, 1),
		    .type = (const char *)sqlite3_column_text(q, 2),
		    .op = (const char *)sqlite3_column_text(q, 3),
		    .value = (const char *)sqlite3_column_text(q, 4),
		    .deleted = sqlite3_column_int(q, 5) != 0,
		    .born_ms = sqlite3_column_int64(q, 6),
		    .died_ms = sqlite3_column_int64(q, 7)};

		r.seq = sqlite3_column_int64(q, 0);
		base36_write((uint64_t)r.seq, r.id);
		fn(user, &r);
	}
}
