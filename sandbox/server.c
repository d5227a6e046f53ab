#include "sandbox/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include "base/buf.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "sandbox/control.h"
#include "sandbox/dispatch.h"
#include "sandbox/mangle.h"
#include "sandbox/reply.h"
#include "sandbox/sandbox.h"
#include "sandbox/scenario.h"

#define BODY_IN_MAX (8u << 20) /* above the largest documented body, 5,000,000 bytes */

struct server {
	struct sandbox *sb;
	struct MHD_Daemon *daemon;
	uint16_t port;
	pthread_mutex_t stop_lock;
	pthread_cond_t stop_cond;
	bool stopping;
	uint64_t connections;
	struct tls tls; /* empty without TLS */
};

/* One request, from its first line to its end. */
struct exchange {
	char *uri; /* as on the wire */
	struct buf body;
	struct fault_set faults;
	uint32_t seq;
	bool begun;
	bool bad_fault; /* X-Sandbox-Fault says what is none */
};

enum outcome { GO_ON, CLOSE };

enum { LOOK_EVERY_MS = 20 };

static int64_t mono_ms(struct server *s)
{
	pthread_mutex_lock(&s->sb->lock);
	int64_t now = sandbox_mono_ms(s->sb);

	pthread_mutex_unlock(&s->sb->lock);
	return now;
}

/* False when the server stops. */
static bool pause_a_bit(struct server *s, int64_t ms)
{
	struct timespec until;
	bool stopping;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += (long)(ms < LOOK_EVERY_MS ? ms : LOOK_EVERY_MS) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&s->stop_lock);
	if (!s->stopping)
		pthread_cond_timedwait(&s->stop_cond, &s->stop_lock, &until);
	stopping = s->stopping;
	pthread_mutex_unlock(&s->stop_lock);
	return !stopping;
}

/* In the sandbox's time, which a control request may move on. */
static void pause_ms(struct server *s, int64_t ms)
{
	int64_t until = mono_ms(s) + ms, now;

	while ((now = mono_ms(s)) < until && pause_a_bit(s, until - now))
		;
}

static void note_fault(struct server *s, const struct exchange *x, const struct fault_action *f)
{
	struct ledger_row *row;

	pthread_mutex_lock(&s->sb->lock);
	row = ledger_row(&s->sb->ledger, x->seq);
	if (row)
		snprintf(row->fault, sizeof row->fault, "%s@%s", fault_verb_name(f->verb),
		    fault_phase_name(f->phase));
	pthread_mutex_unlock(&s->sb->lock);
}

static void mutate(struct server *s, const struct fault_action *f)
{
	struct arena arena;
	struct call c;

	arena_init(&arena);
	pthread_mutex_lock(&s->sb->lock);
	call_init(&c, s->sb, &arena);
	scenario_go_on(s->sb, INT64_MAX);
	db_begin(&s->sb->db);
	if (control_edit(&c, f->edit))
		db_rollback(&s->sb->db);
	else
		db_commit(&s->sb->db);
	call_done(&c);
	pthread_mutex_unlock(&s->sb->lock);
	arena_done(&arena);
}

/* What the plan does at this point of the request, apart from changing the answer. */
static enum outcome run_phase(
    struct server *s, struct exchange *x, struct MHD_Connection *con, enum fault_phase phase)
{
	for (size_t i = 0; i < x->faults.n; i++) {
		const struct fault_action *f = &x->faults.v[i];

		if (f->phase != phase)
			continue;
		note_fault(s, x, f);
		switch (f->verb) {
		case FAULT_DROP:
			return CLOSE;
		case FAULT_RST:
			reply_reset(con);
			return CLOSE;
		case FAULT_STALL:
			pause_ms(s, f->num);
			break;
		case FAULT_MUTATE:
			mutate(s, f);
			break;
		default:
			break;
		}
	}
	return GO_ON;
}

/* --- the request --- */

static void *on_uri(void *cls, const char *uri, struct MHD_Connection *con)
{
	struct exchange *x = mem_zalloc(sizeof *x);

	(void)cls;
	(void)con;
	if (!x)
		return NULL;
	x->uri = mem_strdup(uri);
	buf_init(&x->body, BODY_IN_MAX);
	return x;
}

static void on_done(
    void *cls, struct MHD_Connection *con, void **slot, enum MHD_RequestTerminationCode how)
{
	struct exchange *x = *slot;

	(void)cls;
	(void)con;
	(void)how;
	if (!x)
		return;
	mem_free(x->uri);
	buf_done(&x->body);
	mem_free(x);
	*slot = NULL;
}

/* The phase "accept": the connection stands, nothing was read yet. */
static void run_accept(struct server *s, struct MHD_Connection *con, const struct fault_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		if (set->v[i].verb == FAULT_STALL)
			pause_ms(s, set->v[i].num);
		else if (set->v[i].verb == FAULT_RST)
			reply_reset(con);
		else
			reply_hang_up(con);
	}
}

static void on_connection(
    void *cls, struct MHD_Connection *con, void **context, enum MHD_ConnectionNotificationCode what)
{
	struct server *s = cls;
	struct fault_set set;

	if (what != MHD_CONNECTION_NOTIFY_STARTED)
		return;
	pthread_mutex_lock(&s->sb->lock);
	/* only the number is kept in the connection's context pointer */
	*context = (void *)(uintptr_t)++s->connections;
	faults_match_connection(&s->sb->faults, &set);
	pthread_mutex_unlock(&s->sb->lock);
	run_accept(s, con, &set);
}

static uint64_t connection_number(struct MHD_Connection *con)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(con, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? (uint64_t)(uintptr_t)info->socket_context : 0;
}

static const char *header(struct MHD_Connection *con, const char *name)
{
	return MHD_lookup_connection_value(con, MHD_HEADER_KIND, name);
}

static enum outcome begin(
    struct server *s, struct exchange *x, struct MHD_Connection *con, const char *method)
{
	const char *spec = header(con, "X-Sandbox-Fault");

	x->begun = true;
	if (control_is(x->uri))
		return GO_ON;
	pthread_mutex_lock(&s->sb->lock);
	x->seq = ledger_add(&s->sb->ledger, method, x->uri, connection_number(con));
	faults_match(&s->sb->faults, method, x->uri, &x->faults);
	pthread_mutex_unlock(&s->sb->lock);
	if (!spec)
		return run_phase(s, x, con, PHASE_HDR);
	pthread_mutex_lock(&s->sb->lock);
	x->bad_fault = !faults_add(&s->sb->faults, spec, &x->faults);
	pthread_mutex_unlock(&s->sb->lock);
	return run_phase(s, x, con, PHASE_HDR);
}

static void sha256_hex(const struct buf *body, char out[65])
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	out[0] = '\0';
	if (!body->len || !EVP_Digest(body->p, body->len, sum, &n, EVP_sha256(), NULL))
		return;
	for (unsigned i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", sum[i]);
}

static void fill_call(
    struct call *c, struct exchange *x, struct MHD_Connection *con, const char *method)
{
	const char *host = header(con, "Host");
	const struct fault_action *f;

	c->method = method;
	c->scheme = c->sb->opt.tls ? "https" : "http";
	c->uri = x->uri;
	c->host = host ? host : "";
	c->authorization = header(con, "Authorization");
	c->content_type = header(con, "Content-Type");
	c->body = buf_str(&x->body);
	c->body_len = x->body.len;
	c->seq = x->seq;
	if ((f = fault_find(&x->faults, FAULT_LAG)))
		c->lag_ms = f->num;
	if ((f = fault_find(&x->faults, FAULT_PARTIAL)))
		c->partial = f->num;
	if ((f = fault_find(&x->faults, FAULT_SKEW)) && f->phase != PHASE_RESP_HDR)
		c->skew_s = f->num;
	f = fault_find(&x->faults, FAULT_CURSOR);
	c->drop_cursor = f && strcmp(f->arg, "dup") == 0;
	f = fault_find(&x->faults, FAULT_NONCE);
	c->any_nonce = f && strcmp(f->arg, "off") == 0;
}

/* A "status" rule before the commit answers instead of the handler, one after it instead of the
 * handler's answer. */
static const struct fault_action *status_before(const struct exchange *x)
{
	for (size_t i = 0; i < x->faults.n; i++)
		if (x->faults.v[i].verb == FAULT_STATUS && x->faults.v[i].phase <= PHASE_PRE_COMMIT)
			return &x->faults.v[i];
	return NULL;
}

static void handle(struct server *s, struct exchange *x, struct call *c)
{
	const struct fault_action *instead = status_before(x);
	uint64_t begun_ns = clock_mono_ns();
	struct ledger_row *row;

	pthread_mutex_lock(&s->sb->lock);
	if (control_is(x->uri)) {
		control_answer(c);
	} else if (instead) {
		reply_status(c, instead);
	} else {
		api_answer(c);
		mangle(c, &x->faults);
	}
	row = ledger_row(&s->sb->ledger, x->seq);
	if (row) {
		row->committed = c->committed;
		row->handler_us = (int64_t)((clock_mono_ns() - begun_ns) / 1000);
		row->nonce = mem_strdup(c->nonce);
		sha256_hex(&x->body, row->body_sha256);
	}
	pthread_mutex_unlock(&s->sb->lock);
}

static void note_answer(struct server *s, const struct exchange *x, int status, size_t bytes)
{
	struct ledger_row *row;

	pthread_mutex_lock(&s->sb->lock);
	row = ledger_row(&s->sb->ledger, x->seq);
	if (row) {
		row->status = status;
		row->bytes = (int64_t)bytes;
	}
	pthread_mutex_unlock(&s->sb->lock);
}

static enum MHD_Result complete(
    struct server *s, struct exchange *x, struct MHD_Connection *con, const char *method)
{
	enum MHD_Result result = MHD_NO;
	struct arena arena;
	struct call c;

	arena_init(&arena);
	call_init(&c, s->sb, &arena);
	fill_call(&c, x, con, method);
	if (run_phase(s, x, con, PHASE_BODY) == CLOSE ||
	    run_phase(s, x, con, PHASE_PRE_COMMIT) == CLOSE)
		goto out;
	if (x->body.failed)
		reply_too_large(&c);
	else if (x->bad_fault)
		reply_bad_fault(&c);
	else
		handle(s, x, &c);
	if (run_phase(s, x, con, PHASE_POST_COMMIT) == CLOSE)
		goto out;
	reply_bend(&c, &x->faults);
	if (run_phase(s, x, con, PHASE_RESP_HDR) == CLOSE)
		goto out;
	note_answer(s, x, c.status, c.out.len);
	if (run_phase(s, x, con, PHASE_RESP_BODY) == GO_ON)
		result = reply_send(&c, con, &x->faults) ? MHD_YES : MHD_NO;
out:
	call_done(&c);
	arena_done(&arena);
	return result;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *con, const char *url,
    const char *method, const char *version, const char *data, size_t *size, void **slot)
{
	struct server *s = cls;
	struct exchange *x = *slot;

	(void)url;
	(void)version;
	if (!x || !x->uri)
		return MHD_NO;
	if (!x->begun)
		return begin(s, x, con, method) == GO_ON ? MHD_YES : MHD_NO;
	if (*size) {
		buf_add(
		    &x->body, data, *size); /* a failure is remembered and answered at the end */
		*size = 0;
		return MHD_YES;
	}
	return complete(s, x, con, method);
}

/* --- life --- */

/* http, or https with the certificate of s->tls */
static struct MHD_Daemon *listen_on(struct server *s, uint16_t port)
{
	struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_port = htons(port)};
	unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
			 MHD_USE_POLL | MHD_USE_SUPPRESS_DATE_NO_CLOCK;
	struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_KEY, 0, s->tls.key},
	    {MHD_OPTION_HTTPS_MEM_CERT, 0, s->tls.certificate}, {MHD_OPTION_END, 0, NULL},
	    {MHD_OPTION_END, 0, NULL}};

	if (s->tls.key)
		flags |= MHD_USE_TLS;
	else
		tls[0].option = MHD_OPTION_END;
	if (s->tls.priorities)
		tls[2] = (struct MHD_OptionItem){
		    MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)s->tls.priorities};
	/* loopback and nothing else: the sandbox has well-known credentials */
	loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return MHD_start_daemon(flags, port, NULL, NULL, on_request, s, MHD_OPTION_SOCK_ADDR,
	    (struct sockaddr *)&loopback, MHD_OPTION_URI_LOG_CALLBACK, on_uri, s,
	    MHD_OPTION_NOTIFY_COMPLETED, on_done, s, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(256 << 10), MHD_OPTION_THREAD_STACK_SIZE,
	    (size_t)(1 << 20), MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_ARRAY, tls,
	    MHD_OPTION_END);
}

static enum err make_tls(struct server *s, struct errinfo *ei)
{
	const struct options *opt = &s->sb->opt;
	enum err err = tls_make(&s->tls, opt->tls, ei);

	if (!err && opt->ca_file)
		err = fs_write(opt->ca_file, s->tls.ca, strlen(s->tls.ca), ei);
	return err;
}

static void server_free(struct server *s)
{
	pthread_cond_destroy(&s->stop_cond);
	pthread_mutex_destroy(&s->stop_lock);
	tls_done(&s->tls);
	mem_free(s);
}

struct server *server_start(struct sandbox *sb, uint16_t port, struct errinfo *ei)
{
	struct server *s = mem_zalloc(sizeof *s);
	const union MHD_DaemonInfo *info;

	if (!s) {
		err_set(ei, ERR_NOMEM, "no memory for the server");
		return NULL;
	}
	s->sb = sb;
	pthread_mutex_init(&s->stop_lock, NULL);
	pthread_cond_init(&s->stop_cond, NULL);
	if (sb->opt.tls != TLS_OFF && make_tls(s, ei)) {
		server_free(s);
		return NULL;
	}
	s->daemon = listen_on(s, port);
	if (!s->daemon) {
		err_set(ei, ERR_IO, "cannot listen on 127.0.0.1:%u: %s", port, strerror(errno));
		server_free(s);
		return NULL;
	}
	info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT);
	s->port = info ? info->port : port;
	return s;
}

uint16_t server_port(const struct server *s)
{
	return s->port;
}

void server_stop(struct server *s)
{
	pthread_mutex_lock(&s->stop_lock);
	s->stopping = true;
	pthread_cond_broadcast(&s->stop_cond);
	pthread_mutex_unlock(&s->stop_lock);
	MHD_stop_daemon(s->daemon);
	server_free(s);
}
