#include "tests/sim/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "api/scan.h"
#include "base/clock.h"
#include "base/mem.h"
#include "tests/sim/disk.h"
#include "tests/sim/sim.h"

enum fate { FATE_GOOD, FATE_UNSENT, FATE_CERTIFICATE, FATE_LOST, FATE_ANSWER_LOST };
enum stage { CONNECTING, TRAVELLING, ANSWERED };

struct line { /* what belongs to one terminal */
	int who;
	struct loop *loop;
};

struct transfer { /* the client's side; freed when it calls back or is aborted */
	struct line *line;
	struct way *way; /* NULL: nothing left */
	enum stage stage;
	int64_t due_ms, timeout_ms;
	uint64_t order;
	enum fate fate;
	enum err (*before_send)(void *ctx, struct errinfo *ei);
	void *ctx;
	bool write;
	char *method, *target, *host, *authorization, *content_type, *body;
	size_t body_len;
	struct transport_reply reply;
	transfer_fn *fn;
	void *user;
};

struct way { /* the request and its answer between the two */
	struct transfer *client; /* NULL: nobody waits */
	struct exchange *exchange; /* NULL: not there yet */
	struct server_request request;
	char *copies[6];
	int64_t due_ms;
	uint64_t order, tag;
	bool write, answer_lost;
};

enum { WAYS = 64, TRANSFERS = 64, LINES = 8 };

static struct {
	struct rng rng;
	struct net_watch watch;
	struct net_weather weather;
	struct line lines[LINES];
	struct way *ways[WAYS];
	struct transfer *transfers[TRANSFERS];
	uint64_t order, tags;
	size_t requests;
} net;

static void die(const char *what)
{
	fprintf(stderr, "sim: %s\n", what);
	abort();
}

static int64_t latency(void)
{
	return 1 + (int64_t)rng_below(&net.rng, rng_below(&net.rng, 10) ? 60 : 2000);
}

/* --- the way to the server and back --- */

static void way_free(struct way *w)
{
	uint64_t tag = w->tag;
	bool write = w->write;

	if (w->client)
		w->client->way = NULL;
	exchange_free(w->exchange);
	for (size_t i = 0; i < 6; i++)
		mem_free(w->copies[i]);
	for (size_t i = 0; i < WAYS; i++)
		if (net.ways[i] == w)
			net.ways[i] = NULL;
	mem_free(w);
	if (write && net.watch.over)
		net.watch.over(net.watch.user, tag);
}

static void way_new(struct transfer *t)
{
	struct way *w = mem_zalloc(sizeof *w);
	size_t i = 0;

	while (i < WAYS && net.ways[i])
		i++;
	if (!w || i == WAYS)
		die("too many requests");
	net.ways[i] = w;
	*w = (struct way){.client = t,
	    .due_ms = clock_mono_ms() + latency(),
	    .order = ++net.order,
	    .tag = ++net.tags,
	    .write = t->write,
	    .answer_lost = t->fate == FATE_ANSWER_LOST,
	    .copies = {t->method, t->target, t->host, t->authorization, t->content_type, t->body}};
	w->request = (struct server_request){.method = t->method,
	    .target = t->target,
	    .host = t->host,
	    .authorization = t->authorization,
	    .content_type = t->content_type,
	    .body = t->body,
	    .body_len = t->body_len,
	    .tag = w->tag};
	t->method = t->target = t->host = t->authorization = t->content_type = t->body = NULL;
	if (rng_below(&net.rng, 1000) < net.weather.late)
		w->due_ms += (int64_t)rng_below(&net.rng, NET_LATE_MS);
	t->way = w;
	net.requests++;
	if (net.watch.request)
		net.watch.request(net.watch.user, &w->request);
	if (t->fate == FATE_LOST) {
		t->way = NULL;
		w->client = NULL;
	}
	if (t->write && net.watch.sent)
		net.watch.sent(net.watch.user,
		    &(struct net_post){t->line->who, w->tag, w->request.body, w->request.body_len});
	if (t->fate == FATE_LOST)
		way_free(w);
}

static void keep_header(struct transport_reply *r, const char *name, const char *value)
{
	for (int i = 0; i < HEADER_COUNT; i++)
		if (strcasecmp(header_name((enum header_id)i), name) == 0)
			snprintf(r->headers[i], HEADER_VALUE_SIZE, "%s", value);
}

/* The client's call comes back after this long, unless it stops waiting before. */
static void comes_back(struct transfer *t, int64_t after_ms)
{
	t->stage = ANSWERED;
	t->due_ms = clock_mono_ms() + after_ms;
	if (t->due_ms >= t->timeout_ms) {
		t->due_ms = t->timeout_ms;
		t->reply.err = err_set(&t->reply.ei, ERR_NETWORK, "no answer in time");
	}
	loop_wake_within(t->line->loop, t->due_ms - clock_mono_ms());
}

static void take_answer(struct transfer *t, const struct server_reply *a)
{
	t->reply.status = a->status;
	for (size_t i = 0; i < a->n_headers; i++)
		keep_header(&t->reply, a->headers[i].name, a->headers[i].value);
	if (buf_add(&t->reply.body, a->body, a->len))
		t->reply.err = err_set(&t->reply.ei, ERR_LIMIT, "the answer is too large");
	else if (a->cut)
		t->reply.err = err_set(&t->reply.ei, ERR_NETWORK, "the answer was cut off");
	comes_back(t, latency() + a->slow_ms);
}

static void way_step(struct way *w)
{
	struct server_reply answer;
	int64_t wait = 0;
	enum server_step s;

	if (!w->exchange)
		w->exchange = exchange_new(&w->request);
	s = exchange_step(w->exchange, &wait, &answer);
	if (w->write && exchange_is_decided(w->exchange) && net.watch.over)
		net.watch.over(net.watch.user, w->tag);
	if (s == SERVER_WAIT) {
		w->due_ms = clock_mono_ms() + wait;
		return;
	}
	if (w->client && !w->answer_lost) {
		if (s == SERVER_ANSWERS) {
			take_answer(w->client, &answer);
		} else {
			w->client->reply.err =
			    err_set(&w->client->reply.ei, ERR_NETWORK, "the connection was closed");
			comes_back(w->client, latency());
		}
	}
	way_free(w);
}

int64_t net_next_ms(void)
{
	int64_t at = INT64_MAX;

	for (size_t i = 0; i < WAYS; i++)
		if (net.ways[i] && net.ways[i]->due_ms < at)
			at = net.ways[i]->due_ms;
	return at;
}

void net_run(void)
{
	for (;;) {
		struct way *first = NULL;

		for (size_t i = 0; i < WAYS; i++) {
			struct way *w = net.ways[i];

			if (w && w->due_ms <= clock_mono_ms() &&
			    (!first || w->due_ms < first->due_ms ||
				(w->due_ms == first->due_ms && w->order < first->order)))
				first = w;
		}
		if (!first)
			return;
		way_step(first);
	}
}

/* --- the client's side --- */

static void transfer_free(struct transfer *t)
{
	if (t->way)
		t->way->client = NULL;
	buf_done(&t->reply.body);
	mem_free(t->method);
	mem_free(t->target);
	mem_free(t->host);
	mem_free(t->authorization);
	mem_free(t->content_type);
	mem_free(t->body);
	for (size_t i = 0; i < TRANSFERS; i++)
		if (net.transfers[i] == t)
			net.transfers[i] = NULL;
	mem_free(t);
}

static void finish(struct transfer *t)
{
	struct transport_reply reply = t->reply;
	transfer_fn *fn = t->fn;
	void *user = t->user;

	buf_init(&t->reply.body, 1);
	transfer_free(t);
	fn(&reply, user);
	buf_done(&reply.body);
}

/* The connection stands: the mark of the journal is made, then the first byte leaves. */
static void connected(struct transfer *t)
{
	int who = t->line->who;

	if (t->fate == FATE_UNSENT || t->fate == FATE_CERTIFICATE) {
		t->reply.certificate = t->fate == FATE_CERTIFICATE;
		t->reply.err = err_set(&t->reply.ei, ERR_NETWORK,
		    t->reply.certificate ? "the certificate is not trusted" : "no connection");
		finish(t);
		return;
	}
	if (t->before_send && t->before_send(t->ctx, &t->reply.ei)) {
		t->reply.err = t->reply.ei.code ? t->reply.ei.code : ERR_STORE;
		t->reply.aborted = true;
		finish(t);
		return;
	}
	t->reply.sent = true;
	t->stage = TRAVELLING;
	t->due_ms = t->timeout_ms;
	if (!disk_is_dead(who))
		way_new(t);
}

static void on_turn(struct loop *l, void *user)
{
	struct line *line = user;
	int64_t now = clock_mono_ms(), next = INT64_MAX;

	for (;;) {
		struct transfer *first = NULL;

		for (size_t i = 0; i < TRANSFERS; i++) {
			struct transfer *t = net.transfers[i];

			if (!t || t->line != line)
				continue;
			if (t->due_ms <= now && (!first || t->order < first->order))
				first = t;
		}
		if (!first)
			break;
		if (first->stage == CONNECTING) {
			connected(first);
		} else {
			if (first->stage == TRAVELLING)
				first->reply.err =
				    err_set(&first->reply.ei, ERR_NETWORK, "no answer in time");
			finish(first);
		}
	}
	for (size_t i = 0; i < TRANSFERS; i++)
		if (net.transfers[i] && net.transfers[i]->line == line &&
		    net.transfers[i]->due_ms < next)
			next = net.transfers[i]->due_ms;
	if (next != INT64_MAX)
		loop_wake_within(l, next - now);
}

static enum fate draw_fate(void)
{
	const struct net_weather *w = &net.weather;
	unsigned x = (unsigned)rng_below(&net.rng, 1000);

	if (x < w->unsent)
		return FATE_UNSENT;
	x -= w->unsent;
	if (x < w->certificate)
		return FATE_CERTIFICATE;
	x -= w->certificate;
	if (x < w->lost)
		return FATE_LOST;
	x -= w->lost;
	return x < w->answer_lost ? FATE_ANSWER_LOST : FATE_GOOD;
}

static char *copy(const char *s)
{
	return s ? mem_strdup(s) : NULL;
}

static struct transfer *submit(
    void *self, const struct transport_request *r, transfer_fn *fn, void *user, struct errinfo *ei)
{
	struct line *line = self;
	struct transfer *t = mem_zalloc(sizeof *t);
	const char *host = strstr(r->url, "://") + 3, *path = strchr(host, '/');
	size_t i = 0;

	(void)ei;
	while (i < TRANSFERS && net.transfers[i])
		i++;
	if (!t || i == TRANSFERS)
		die("too many transfers");
	net.transfers[i] = t;
	*t = (struct transfer){.line = line,
	    .due_ms = clock_mono_ms() + latency(),
	    .timeout_ms = clock_mono_ms() + NET_TIMEOUT_MS,
	    .order = ++net.order,
	    .fate = draw_fate(),
	    .before_send = r->before_send,
	    .ctx = r->ctx,
	    .write = r->write,
	    .method = copy(r->method),
	    .target = copy(path),
	    .host = mem_strndup(host, (size_t)(path - host)),
	    .authorization = copy(r->authorization),
	    .content_type = copy(r->content_type),
	    .body = mem_strndup(r->body ? r->body : "", r->body_len),
	    .body_len = r->body_len,
	    .fn = fn,
	    .user = user};
	buf_init(&t->reply.body, SCAN_MAX_BYTES);
	loop_wake_within(line->loop, t->due_ms - clock_mono_ms());
	return t;
}

static void abort_transfer(void *self, struct transfer *t)
{
	(void)self;
	transfer_free(t);
}

static void line_free(void *self)
{
	struct line *line = self;

	loop_each_turn_stop(line->loop, on_turn, line);
	line->loop = NULL;
}

struct transport net_transport_for(int who, struct loop *l)
{
	struct line *line = &net.lines[who];

	*line = (struct line){who, l};
	if (loop_each_turn(l, on_turn, line))
		die("no room for a hook");
	return (struct transport){line, submit, abort_transfer, line_free};
}

void net_killed(int who)
{
	for (size_t i = 0; i < TRANSFERS; i++)
		if (net.transfers[i] && net.transfers[i]->line == &net.lines[who])
			transfer_free(net.transfers[i]);
}

void net_begin(uint64_t seed, const struct net_watch *w)
{
	net_done();
	net.rng.state = seed;
	net.watch = *w;
	net.weather = (struct net_weather){0};
	net.order = net.tags = 0;
	net.requests = 0;
}

void net_seed(uint64_t seed)
{
	net.rng.state = seed;
}

void net_done(void)
{
	net.watch = (struct net_watch){0};
	for (size_t i = 0; i < TRANSFERS; i++)
		if (net.transfers[i])
			transfer_free(net.transfers[i]);
	for (size_t i = 0; i < WAYS; i++)
		if (net.ways[i])
			way_free(net.ways[i]);
}

void net_weather(const struct net_weather *w)
{
	net.weather = w ? *w : (struct net_weather){0};
}

bool net_is_sending(uint64_t tag)
{
	for (size_t i = 0; i < WAYS; i++)
		if (net.ways[i] && net.ways[i]->tag == tag)
			return true;
	return false;
}

size_t net_requests(void)
{
	return net.requests;
}
