/* The transport against a server on a raw socket that misbehaves on purpose. Tests are named after
 * the rows of the fault matrix (docs/api.md "Faults"). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "api/mutate.h"
#include "api/scan.h"
#include "base/clock.h"
#include "tests/flow/harness.h"
#include "tests/flow/listener.h"

struct outcome {
	bool done;
	unsigned sends;
	enum write_end end;
	enum answer_case kind;
	struct errinfo ei;
	/* of a read */
	enum err err;
	size_t rows;
};

static void on_read(struct req_id id, struct api_result *res, void *user)
{
	struct outcome *o = user;

	(void)id;
	o->err = res->err;
	o->ei = res->ei;
	o->rows += res->err ? 0 : res->accounts.n;
	o->done = res->last;
}

static enum err on_send(void *ctx, const char *nonce, int64_t at, struct errinfo *ei)
{
	(void)nonce, (void)at, (void)ei;
	((struct outcome *)ctx)->sends++;
	return ERR_OK;
}

static void on_written(void *ctx, enum write_end end, struct answer *an)
{
	struct outcome *o = ctx;

	o->done = true;
	o->end = end;
	o->kind = an->kind;
	o->ei = an->ei;
}

static void on_dropped(void *ctx)
{
	(void)ctx;
}

struct world {
	struct listener *server;
	struct loop *loop;
	struct api *api;
};

static struct world begin(heard_fn *fn, void *user)
{
	struct world w = {.server = listener_start(fn, user), .loop = loop_new()};
	struct api_config cfg = {.base_url = listener_url(w.server),
	    .consumer_key = "ck",
	    .consumer_secret = "cs",
	    .token = "at",
	    .token_secret = "ats",
	    .connect_timeout_s = 1,
	    .timeout_s = 1};

	w.api = api_new(w.loop, &cfg, NULL);
	assert_non_null(w.api);
	return w;
}

static void end(struct world *w)
{
	api_free(w->api);
	loop_free(w->loop);
	listener_stop(w->server);
}

static struct outcome post(struct world *w, int limit_ms)
{
	struct outcome o = {0};

	mutate_batch(w->api, &(struct mutation){.account_id = "18ce5demo01",
				 .body = "[]",
				 .ctx = &o,
				 .before_send = on_send,
				 .done = on_written,
				 .drop = on_dropped});
	assert_true(run_until(w->loop, &o.done, limit_ms));
	return o;
}

/* A read without its retries: what counts here is the first verdict. */
static struct outcome read_once(struct world *w, int limit_ms)
{
	struct outcome o = {0};

	api_accounts(
	    w->api, &(struct list_query){0}, &(struct api_call){.fn = on_read, .user = &o});
	assert_true(run_until(w->loop, &o.done, limit_ms));
	return o;
}

#define GOOD "{\"data\":[],\"next_cursor\":null}"

/* --- A2, A4, A11 --- */

static enum verdict die(int fd, const struct heard *h, void *user)
{
	if (strcmp(h->method, "GET") != 0)
		return *(enum verdict *)user;
	say_json(fd, 200, GOOD);
	return KEEP;
}

static void a2_closed_or_reset_without_an_answer(void **state)
{
	enum verdict how[] = {CLOSE, RESET};

	(void)state;
	for (int i = 0; i < 2; i++)
		for (int warm = 0; warm < 2; warm++) {
			struct world w = begin(die, &how[i]);

			if (warm)
				read_once(&w, 5000);
			struct outcome o = post(&w, 5000);

			assert_int_equal(o.end, END_UNKNOWN);
			assert_int_equal(listener_count(w.server, "POST"), 1);
			end(&w);
		}
}

static const char cut_body[] =
    "{\"data\":[{\"id\":\"c4\",\"line_item_id\":\"li1\"}],\"request\":[]}";
static char cut_answer[512];

static enum verdict cut(int fd, const struct heard *h, void *user)
{
	char part[512];

	(void)h;
	snprintf(part, sizeof part, "%.*s", *(int *)user, cut_answer);
	say(fd, part);
	return CLOSE;
}

static void a4_an_answer_cut_anywhere_is_no_answer(void **state)
{
	int n = 0;
	struct world w = begin(cut, &n);
	int whole = snprintf(cut_answer, sizeof cut_answer,
	    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
	    strlen(cut_body), cut_body);

	(void)state;
	for (n = 0; n < whole; n++) {
		struct outcome o = post(&w, 5000);

		if (o.end != END_UNKNOWN || o.kind == ANSWER_OK)
			fail_msg("%d of %d bytes were taken for an answer", n, whole);
	}
	struct outcome o = post(&w, 5000);

	assert_int_equal(o.kind, ANSWER_OK);
	assert_int_equal(listener_count(w.server, "POST"), (unsigned)whole + 1);
	end(&w);
}

static enum verdict never(int fd, const struct heard *h, void *user)
{
	(void)fd, (void)h, (void)user;
	return KEEP; /* and say nothing */
}

static void a11_an_answer_that_never_comes_times_out(void **state)
{
	struct world w = begin(never, NULL);
	int64_t t0 = clock_mono_ms();
	struct outcome o = post(&w, 5000);

	(void)state;
	assert_int_equal(o.end, END_UNKNOWN);
	assert_int_equal(o.ei.code, ERR_TIMEOUT);
	assert_in_range(clock_mono_ms() - t0, 700, 2500); /* the limit was 1 s */
	assert_int_equal(listener_count(w.server, "POST"), 1);
	end(&w);
}

static enum verdict drip(int fd, const struct heard *h, void *user)
{
	(void)h, (void)user;
	say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
	for (int i = 0; i < 100; i++) {
		if (send(fd, " ", 1, MSG_NOSIGNAL) != 1)
			break;
		usleep(50000);
	}
	return CLOSE;
}

static void a10_a_dripping_answer_ends_and_the_loop_stays_live(void **state)
{
	struct world w = begin(drip, NULL);
	struct outcome o = {0};
	int64_t t0 = clock_mono_ms(), longest = 0;

	(void)state;
	mutate_batch(w.api, &(struct mutation){.account_id = "a",
				.body = "[]",
				.ctx = &o,
				.before_send = on_send,
				.done = on_written,
				.drop = on_dropped});
	while (!o.done && clock_mono_ms() - t0 < 6000) {
		int64_t before = clock_mono_ms();

		loop_turn(w.loop, 20);
		if (clock_mono_ms() - before > longest)
			longest = clock_mono_ms() - before;
	}
	assert_true(o.done);
	assert_int_equal(o.end, END_UNKNOWN);
	assert_true(longest < 100 + 20);
	end(&w);
}

/* --- A8 --- */

static void a8_refused_connections_send_nothing(void **state)
{
	struct world w = begin(never, NULL);
	struct outcome o = {0};

	(void)state;
	listener_stop(w.server); /* its port is closed now */
	mutate_batch(w.api, &(struct mutation){.account_id = "a",
				.body = "[]",
				.ctx = &o,
				.before_send = on_send,
				.done = on_written,
				.drop = on_dropped});
	/* the backoff of five more attempts runs on the loop's clock: step it */
	for (int i = 0; i < 400 && !o.done; i++) {
		loop_turn(w.loop, 5);
		clock_step_ms(500);
	}
	assert_true(o.done);
	assert_int_equal(o.end, END_NOT_SENT);
	assert_int_equal(o.ei.code, ERR_NETWORK);
	assert_int_equal(o.sends, 0);
	assert_int_equal(api_stats(w.api).sent, 0);
	api_free(w.api);
	loop_free(w.loop);
	clock_unpin();
}

/* A listening socket whose queue is full: the kernel drops every further SYN, as a firewall does. */
struct full_queue {
	int fds[8], n;
	char url[64];
};

static bool connects_within(int fd, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int error = 0;
	socklen_t len = sizeof error;

	return poll(&p, 1, ms) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 &&
	       !error;
}

static bool fill_queue(struct full_queue *q)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t len = sizeof a;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*q = (struct full_queue){.n = 1};
	q->fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(q->fds[0], (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(q->fds[0], 0), 0);
	assert_int_equal(getsockname(q->fds[0], (struct sockaddr *)&a, &len), 0);
	snprintf(q->url, sizeof q->url, "http://127.0.0.1:%u", ntohs(a.sin_port));
	while (q->n < 8) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		q->fds[q->n++] = fd;
		(void)!connect(fd, (struct sockaddr *)&a, sizeof a);
		if (!connects_within(fd, 300))
			return true;
	}
	return false;
}

static void a8_dropped_packets_time_out_and_send_nothing(void **state)
{
	struct full_queue q;
	struct outcome o = {0};
	bool full = fill_queue(&q);
	struct api_config cfg = {.base_url = q.url,
	    .consumer_key = "ck",
	    .consumer_secret = "cs",
	    .token = "at",
	    .token_secret = "ats",
	    .connect_timeout_s = 1,
	    .timeout_s = 20};
	struct loop *l = loop_new();
	struct api *api = api_new(l, &cfg, NULL);

	(void)state;
	assert_true(full);
	int64_t t0 = clock_mono_ms(), longest = 0;

	mutate_batch(api, &(struct mutation){.account_id = "a",
			      .body = "[]",
			      .ctx = &o,
			      .before_send = on_send,
			      .done = on_written,
			      .drop = on_dropped});
	/* the first attempt in real time: it ends at the connect timeout, and the loop stays live */
	while (api_stats(api).waiting == 0 && clock_mono_ms() - t0 < 10000) {
		int64_t before = clock_mono_ms();

		loop_turn(l, 20);
		if (clock_mono_ms() - before > longest)
			longest = clock_mono_ms() - before;
	}
	assert_int_equal(api_stats(api).waiting, 1);
	assert_true(clock_mono_ms() - t0 < 5000 && longest < 500);
	/* five more, whose waits are stepped over */
	for (int i = 0; i < 6000 && !o.done; i++) {
		loop_turn(l, 5);
		if (api_stats(api).waiting)
			clock_step_ms(500);
	}
	assert_true(o.done);
	assert_int_equal(o.end, END_NOT_SENT);
	assert_int_equal(o.sends, 0);
	assert_int_equal(api_stats(api).sent, 0);
	api_free(api);
	loop_free(l);
	clock_unpin();
	for (int i = 0; i < q.n; i++)
		close(q.fds[i]);
}

/* --- A12 to A15 --- */

/* A gzip member that inflates to n bytes of zeros, made of stored-length-free deflate blocks by the
 * gzip program. */
static char *gzip_zeros(size_t n, size_t *len)
{
	char cmd[] = "/bin/sh", *bytes;
	int pipes[2];
	FILE *f;

	(void)cmd;
	assert_int_equal(pipe(pipes), 0);
	pid_t pid = fork();

	if (pid == 0) {
		char script[128];

		dup2(pipes[1], 1);
		close(pipes[0]);
		snprintf(script, sizeof script, "head -c %zu /dev/zero | gzip -9", n);
		execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(127);
	}
	close(pipes[1]);
	f = fdopen(pipes[0], "r");
	bytes = malloc(4 << 20);
	*len = fread(bytes, 1, 4 << 20, f);
	fclose(f);
	assert_true(*len > 100);
	return bytes;
}

struct bomb {
	char *bytes;
	size_t len;
};

static enum verdict explode(int fd, const struct heard *h, void *user)
{
	const struct bomb *b = user;
	char head[256];

	(void)h;
	snprintf(head, sizeof head,
	    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
	    "Content-Length: %zu\r\n\r\n",
	    b->len);
	say(fd, head);
	(void)!send(fd, b->bytes, b->len, MSG_NOSIGNAL);
	return CLOSE;
}

static void a12_a_gzip_bomb_is_stopped(void **state)
{
	struct bomb b;
	struct rusage before, after;

	(void)state;
	b.bytes = gzip_zeros(512u << 20, &b.len);
	struct world w = begin(explode, &b);

	getrusage(RUSAGE_SELF, &before);
	struct outcome o = read_once(&w, 10000);

	getrusage(RUSAGE_SELF, &after);
	assert_int_equal(o.err, ERR_LIMIT);
	assert_int_equal(listener_count(w.server, NULL), 1); /* and not asked for again */
	assert_true(after.ru_maxrss - before.ru_maxrss < 64 * 1024); /* KiB; 512 MiB were inside */
	o = post(&w, 10000);
	assert_int_equal(o.end, END_UNKNOWN);
	end(&w);
	free(b.bytes);
}

struct script {
	const char *name, *text;
	bool fine; /* a correct answer in an unusual form */
};

static const struct script scripts[] = {
    {"chained encodings",
	"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 0\r\n\r\n", false},
    {"unknown encoding", "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n{}",
	false},
    {"deflate was not asked for",
	"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: 2\r\n\r\n{}", false},
    {"gzip that is none",
	"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", false},
    {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 30\r\nContent-Length: 2\r\n\r\n" GOOD,
	false},
    {"negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n" GOOD, false},
    {"huge length", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n" GOOD, false},
    {"short body", "HTTP/1.1 200 OK\r\nContent-Length: 31\r\n\r\n{\"data\":[]", false},
    {"bad chunk size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" GOOD, false},
    {"huge chunk size",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n" GOOD, false},
    {"no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", false},
    {"chunk without its end",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1e\r\n" GOOD "0\r\n\r\n", false},
    {"no status line", "hello\r\n\r\n", false},
    {"http 0.9", GOOD, false},
    {"status of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 30\r\n\r\n" GOOD, false},
    {"status of words", "HTTP/1.1 OK\r\nContent-Length: 30\r\n\r\n" GOOD, false},
    {"only a head", "HTTP/1.1 200 OK\r\n", false},
    {"NUL in a header", "HTTP/1.1 200 OK\r\nA\x01: b\r\nContent-Length: 2\r\n\r\n{]", false},
    {"html", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
	false},
    {"417", "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n", false},
    {"103 first",
	"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n"
	"Content-Length: 30\r\n\r\n" GOOD,
	true},
    {"100 first", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n" GOOD,
	true},
    {"length in the interim answer",
	"HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\n"
	"Content-Length: 30\r\n\r\n" GOOD,
	true},
    {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1e\r\n" GOOD "\r\n0\r\n\r\n",
	true},
    {"until close", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" GOOD, true},
    {"same length twice",
	"HTTP/1.1 200 OK\r\nContent-Length: 30\r\nContent-Length: 30\r\n\r\n" GOOD, true},
};

static enum verdict play(int fd, const struct heard *h, void *user)
{
	(void)h;
	say(fd, (*(const struct script **)user)->text);
	return CLOSE;
}

static void a13_a15_a25_broken_answers_are_no_answers(void **state)
{
	const struct script *now = scripts;
	struct world w = begin(play, &now);

	(void)state;
	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
		unsigned before = listener_count(w.server, "POST");

		now = &scripts[i];
		struct outcome o = post(&w, 6000);

		if ((o.kind == ANSWER_OK) != now->fine || (!now->fine && o.end != END_UNKNOWN))
			fail_msg("%s: case %d, end %d", now->name, (int)o.kind, (int)o.end);
		assert_int_equal(listener_count(w.server, "POST"), before + 1);
	}
	end(&w);
}

static enum verdict many_headers(int fd, const struct heard *h, void *user)
{
	(void)h, (void)user;
	say(fd, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 1000000; i++) {
		char line[64];
		int n = snprintf(line, sizeof line, "X-%d: filler\r\n", i);

		if (send(fd, line, (size_t)n, MSG_NOSIGNAL) != n)
			break;
	}
	return CLOSE;
}

static enum verdict long_header(int fd, const struct heard *h, void *user)
{
	char part[4097];

	(void)h, (void)user;
	memset(part, 'x', 4096);
	part[4096] = '\0';
	say(fd, "HTTP/1.1 200 OK\r\nX-Long: ");
	for (int i = 0; i < 2560; i++)
		if (send(fd, part, 4096, MSG_NOSIGNAL) != 4096)
			break;
	return CLOSE;
}

static void a14_endless_headers_are_refused(void **state)
{
	heard_fn *fns[] = {many_headers, long_header};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct world w = begin(fns[i], NULL);
		int64_t t0 = clock_mono_ms();
		struct outcome o = post(&w, 5000);

		assert_int_equal(o.end, END_UNKNOWN);
		assert_true(clock_mono_ms() - t0 < 1500);
		end(&w);
	}
}

/* --- A22, A28 --- */

struct redirect {
	int status;
	char target[128];
};

static enum verdict redirect(int fd, const struct heard *h, void *user)
{
	const struct redirect *r = user;
	char text[512];

	(void)h;
	snprintf(text, sizeof text, "HTTP/1.1 %d X\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
	    r->status, r->target);
	say(fd, text);
	return KEEP;
}

static void a22_g18_redirects_are_never_followed(void **state)
{
	static const int statuses[] = {301, 302, 307, 308};
	struct listener *other = listener_start(never, NULL);

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		struct redirect r = {.status = statuses[i % 4]};

		snprintf(r.target, sizeof r.target, "%s%s", i < 4 ? listener_url(other) : "file:",
		    i < 4 ? "/12/accounts" : "///etc/passwd");
		struct world w = begin(redirect, &r);
		struct outcome o = read_once(&w, 5000);

		assert_int_equal(o.err, ERR_PROTOCOL);
		assert_int_equal(listener_count(w.server, NULL), 1);
		o = post(&w, 5000);
		assert_int_equal(o.end, END_UNKNOWN);
		end(&w);
	}
	assert_int_equal(listener_connections(other), 0);
	listener_stop(other);
}

static void a28_this_machine_is_never_reached_through_a_proxy(void **state)
{
	struct listener *proxy = listener_start(never, NULL);
	static const char *const names[] = {"ALL_PROXY", "all_proxy", "http_proxy", "HTTP_PROXY"};
	int verdict = KEEP;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		setenv(names[i], listener_url(proxy), 1);
	struct world w = begin(die, &verdict);
	struct outcome o = read_once(&w, 5000);

	assert_int_equal(o.err, ERR_OK);
	end(&w);
	for (size_t i = 0; i < 4; i++)
		unsetenv(names[i]);
	assert_int_equal(listener_connections(proxy), 0);
	listener_stop(proxy);
}

/* Any other server may be behind a proxy: it is the one that the status line names. */
static enum verdict refuse_tunnel(int fd, const struct heard *h, void *user)
{
	if (strcmp(h->method, "CONNECT") == 0 && strcmp(h->target, "ads-api.invalid:443") == 0)
		*(bool *)user = true;
	say(fd, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
	return CLOSE;
}

static void a28_a_proxy_is_named_and_is_the_one_that_is_used(void **state)
{
	bool asked = false;
	struct listener *proxy = listener_start(refuse_tunnel, &asked);
	struct api_config cfg = {.base_url = "https://ads-api.invalid",
	    .consumer_key = "ck",
	    .consumer_secret = "cs",
	    .token = "at",
	    .token_secret = "ats",
	    .connect_timeout_s = 2,
	    .timeout_s = 2};
	struct loop *l = loop_new();
	struct outcome o = {0};
	char url[100], name[80];

	(void)state;
	snprintf(name, sizeof name, "127.0.0.1:%d", listener_port(proxy));
	snprintf(url, sizeof url, "http://user:secret@%s", name);
	setenv("HTTPS_PROXY", url, 1);
	struct api *api = api_new(l, &cfg, NULL);

	assert_string_equal(api_stats(api).proxy, name);
	mutate_batch(api, &(struct mutation){.account_id = "a",
			      .body = "[]",
			      .ctx = &o,
			      .before_send = on_send,
			      .done = on_written,
			      .drop = on_dropped});
	for (int i = 0; i < 2000 && !o.done; i++) {
		loop_turn(l, 5);
		if (api_stats(api).waiting)
			clock_step_ms(500);
	}
	unsetenv("HTTPS_PROXY");
	assert_true(o.done);
	assert_true(asked);
	assert_int_equal(o.sends, 0); /* what the proxy refused was not sent */
	assert_int_equal(o.end, END_NOT_SENT);
	assert_null(strstr(o.ei.msg, "secret"));
	api_free(api);
	loop_free(l);
	clock_unpin();
	listener_stop(proxy);
}

/* --- connections --- */

static enum verdict note_connection(int fd, const struct heard *h, void *user)
{
	unsigned *last = user;

	if (strcmp(h->method, "POST") == 0 && h->on_connection != 1)
		*last = 1000000; /* a write on a used connection */
	say_json(fd, 200, GOOD);
	return KEEP;
}

static void reads_share_a_connection_and_writes_never_do(void **state)
{
	unsigned bad = 0;
	struct world w = begin(note_connection, &bad);

	(void)state;
	for (int i = 0; i < 5; i++) {
		read_once(&w, 5000);
		post(&w, 5000);
	}
	assert_int_equal(bad, 0);
	assert_int_equal(listener_connections(w.server), 1 + 5);
	end(&w);
}

static enum verdict show_head(int fd, const struct heard *h, void *user)
{
	snprintf(user, 4096, "%.*s", (int)h->len, h->text);
	say_json(fd, 200, GOOD);
	return KEEP;
}

static void requests_look_as_the_documents_say(void **state)
{
	char head[4096] = "";
	struct world w = begin(show_head, head);

	(void)state;
	read_once(&w, 5000);
	assert_int_equal(strncmp(head, "GET /12/accounts?count=1000 HTTP/1.1\r\n", 38), 0);
	assert_non_null(strstr(head, "\r\nAuthorization: OAuth oauth_consumer_key=\"ck\", "));
	assert_non_null(strstr(head, "\r\nAccept-Encoding: gzip\r\n"));
	assert_null(strstr(head, "Content-Type"));
	post(&w, 5000);
	assert_int_equal(
	    strncmp(
		head, "POST /12/batch/accounts/18ce5demo01/targeting_criteria HTTP/1.1\r\n", 65),
	    0);
	assert_non_null(strstr(head, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(head, "\r\nContent-Length: 2\r\n"));
	assert_null(strstr(head, "Expect"));
	assert_non_null(strstr(head, "\r\n\r\n[]"));
	end(&w);
}

static enum verdict shout(int fd, const struct heard *h, void *user)
{
	(void)h, (void)user;
	say(fd, "HTTP/1.1 200 OK\r\nX-RATE-LIMIT-LIMIT: 400\r\nX-Rate-Limit-Remaining: 7\r\n"
		"x-RATE-limit-RESET:  99999999999  \r\nX-API-Warn: a\x1b[31mb\r\nCONTENT-LENGTH: "
		"30\r\n\r\n" GOOD);
	return KEEP;
}

static void g19_header_names_in_any_case_values_without_controls(void **state)
{
	struct world w = begin(shout, NULL);
	struct api_budget b[2];

	(void)state;
	read_once(&w, 5000);
	assert_int_equal(api_budgets(w.api, b, 2), 1);
	assert_true(b[0].known);
	assert_int_equal(b[0].remaining, 7);
	assert_int_equal(b[0].limit, 400);
	assert_string_equal(api_stats(w.api).warning, "a?[31mb");
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a2_closed_or_reset_without_an_answer),
	    cmocka_unit_test(a4_an_answer_cut_anywhere_is_no_answer),
	    cmocka_unit_test(a8_refused_connections_send_nothing),
	    cmocka_unit_test(a8_dropped_packets_time_out_and_send_nothing),
	    cmocka_unit_test(a10_a_dripping_answer_ends_and_the_loop_stays_live),
	    cmocka_unit_test(a11_an_answer_that_never_comes_times_out),
	    cmocka_unit_test(a12_a_gzip_bomb_is_stopped),
	    cmocka_unit_test(a13_a15_a25_broken_answers_are_no_answers),
	    cmocka_unit_test(a14_endless_headers_are_refused),
	    cmocka_unit_test(a22_g18_redirects_are_never_followed),
	    cmocka_unit_test(a28_this_machine_is_never_reached_through_a_proxy),
	    cmocka_unit_test(a28_a_proxy_is_named_and_is_the_one_that_is_used),
	    cmocka_unit_test(reads_share_a_connection_and_writes_never_do),
	    cmocka_unit_test(requests_look_as_the_documents_say),
	    cmocka_unit_test(g19_header_names_in_any_case_values_without_controls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
