/* The transport against a server on a raw socket that misbehaves on purpose: connections that die,
 * hang or never come about. Tests are named after the rows of the fault matrix (docs/api.md
 * "Faults"); test_answer_faults.c has the answers that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "tests/flow/harness.h"
#include "tests/flow/single.h"

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
			struct single w = single_begin(die, &how[i], 1);

			if (warm)
				single_read(&w, 5000);
			struct single_outcome o = single_post(&w, 5000);

			assert_int_equal(o.end, END_UNKNOWN);
			assert_int_equal(listener_count(w.server, "POST"), 1);
			single_end(&w);
		}
}

/* An answer of more than 4,000 bytes: a record of 64 with a name that fills it. */
static char cut_answer[8192];

static int make_cut_answer(void)
{
	char body[7168];
	int n = snprintf(body, sizeof body, "{\"data\":[");

	for (int i = 0; i < 32; i++)
		n += snprintf(body + n, sizeof body - (size_t)n,
		    "%s{\"id\":\"c%d\",\"line_item_id\":\"li1\",\"targeting_type\":\"BROAD_"
		    "KEYWORD\","
		    "\"operator_type\":\"EQ\",\"targeting_value\":\"a value "
		    "%d\",\"deleted\":false}",
		    i ? "," : "", i, i);
	n += snprintf(body + n, sizeof body - (size_t)n, "],\"request\":[]}");
	return snprintf(cut_answer, sizeof cut_answer,
	    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", n,
	    body);
}

static enum verdict cut(int fd, const struct heard *h, void *user)
{
	char part[sizeof cut_answer];

	(void)h;
	snprintf(part, sizeof part, "%.*s", *(int *)user, cut_answer);
	say(fd, part);
	return CLOSE;
}

/* Every offset with RETICLE_LONG; else every one of the head and of the last bytes, and one in 13. A
 * listener for each thousand: every write is a connection of its own. */
static void a4_an_answer_cut_anywhere_is_no_answer(void **state)
{
	int whole = make_cut_answer(), step = cases_of(13, 1), n = 0;

	(void)state;
	assert_true(whole >= 4000);
	while (n <= whole) {
		struct single w = single_begin(cut, &n, 5);
		unsigned asked = 0;

		for (; n <= whole && asked < 1000; n += n < 120 || n > whole - 40 ? 1 : step) {
			struct single_outcome o = single_post(&w, 20000);

			if ((o.kind == ANSWER_OK) != (n == whole) ||
			    (n < whole && o.end != END_UNKNOWN))
				fail_msg("%d of %d bytes were taken for %d", n, whole, (int)o.kind);
			assert_int_equal(listener_count(w.server, "POST"), ++asked);
		}
		single_end(&w);
	}
}

static enum verdict never(int fd, const struct heard *h, void *user)
{
	(void)fd, (void)h, (void)user;
	return KEEP; /* and say nothing */
}

/* The program's own limits with RETICLE_LONG, else of one second. */
static void a11_an_answer_that_never_comes_times_out(void **state)
{
	int limit_s = cases_of(1, 60);
	struct single w = single_begin(never, NULL, cases_of(1, 0) ? 1 : 0);
	int64_t t0 = clock_mono_ms();
	struct single_outcome o = single_post(&w, 1000 * limit_s + 5000);
	int64_t took = clock_mono_ms() - t0;

	(void)state;
	assert_int_equal(o.end, END_UNKNOWN);
	assert_int_equal(o.ei.code, ERR_TIMEOUT);
	/* a busy machine may be late; the limit itself is one second wide */
	assert_true(took <= 1000 * limit_s + 1000 + cases_of(1500, 0));
	assert_true(took >= cases_of(700, 0));
	if (limit_s == 60)
		print_message("A11: ended after %lld ms\n", (long long)took);
	assert_int_equal(listener_count(w.server, "POST"), 1);
	single_end(&w);
}

/* One byte every 50 ms, one a second with RETICLE_LONG: for longer than the client has patience. */
static enum verdict drip(int fd, const struct heard *h, void *user)
{
	(void)h, (void)user;
	say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
	for (int i = 0; i < 100; i++) {
		if (send(fd, " ", 1, MSG_NOSIGNAL) != 1)
			break;
		usleep((useconds_t)cases_of(50000, 999999));
	}
	return CLOSE;
}

static void a10_a_dripping_answer_ends_and_the_loop_stays_live(void **state)
{
	int limit_s = cases_of(1, 30);
	struct single w = single_begin(drip, NULL, cases_of(1, 0) ? 1 : 0);
	struct single_outcome o = {0};
	int64_t t0 = clock_mono_ms(), longest = 0, took;

	(void)state;
	single_start_post(w.api, &o);
	while (!o.done && clock_mono_ms() - t0 < 1000 * limit_s + 5000) {
		int64_t before = clock_mono_ms();

		loop_turn(w.loop, 20);
		if (clock_mono_ms() - before > longest)
			longest = clock_mono_ms() - before;
	}
	took = clock_mono_ms() - t0;
	if (limit_s == 30)
		print_message("A10: ended after %lld ms, longest turn %lld ms\n", (long long)took,
		    (long long)longest);
	assert_true(o.done);
	assert_int_equal(o.end, END_UNKNOWN);
	assert_true(took <= 1000 * limit_s + 1000 + cases_of(1500, 0));
	assert_true(longest < 100 + 20);
	single_end(&w);
}

/* --- A8 --- */

static void a8_refused_connections_send_nothing(void **state)
{
	struct single w = single_begin(never, NULL, 1);
	struct single_outcome o = {0};

	(void)state;
	listener_stop(w.server); /* its port is closed now */
	single_start_post(w.api, &o);
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

/* One write to a server that cannot be reached: six attempts, nothing sent, the loop stays live. The first
 * attempt takes its real time. */
static void send_in_vain(const char *url, enum err why)
{
	struct single_outcome o = {0};
	struct api_config cfg = single_config(url);
	struct loop *l = loop_new();
	int64_t t0 = clock_mono_ms(), longest = 0;

	cfg.connect_timeout_s = 1;
	cfg.timeout_s = 20;
	struct api *api = api_new(l, &cfg, NULL);

	single_start_post(api, &o);
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
	assert_int_equal(o.ei.code, why);
	assert_int_equal(o.sends, 0);
	assert_int_equal(api_stats(api).sent, 0);
	api_free(api);
	loop_free(l);
	clock_unpin();
}

static void a8_dropped_packets_time_out_and_send_nothing(void **state)
{
	struct full_queue q;

	(void)state;
	assert_true(fill_queue(&q));
	send_in_vain(q.url, ERR_TIMEOUT);
	for (int i = 0; i < q.n; i++)
		close(q.fds[i]);
}

static bool ip(const char *const argv[])
{
	int status = -1;
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* A network of its own for this program from here on: the last test. Packets to 192.0.2.0/24 vanish,
 * 198.51.100.0/24 is unreachable, and there is no way to anything else. */
static bool own_network(void)
{
	static const char *const up[] = {"ip", "link", "set", "lo", "up", NULL},
				 *const gone[] = {"ip", "route", "add", "192.0.2.0/24", "dev", "lo",
				     NULL},
				 *const nowhere[] = {
				     "ip", "route", "add", "unreachable", "198.51.100.0/24", NULL};

	return (unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0) &&
	       ip(up) && ip(gone) && ip(nowhere);
}

static void a8_unreachable_and_dropped_in_a_network_of_its_own(void **state)
{
	(void)state;
	if (!own_network()) {
		print_message("A8: skipped, no network namespace may be made here\n");
		skip();
	}
	send_in_vain("https://192.0.2.5", ERR_TIMEOUT); /* no answer to any SYN */
	send_in_vain("https://198.51.100.5", ERR_NETWORK); /* no route to host */
	send_in_vain("https://203.0.113.5", ERR_NETWORK); /* network is unreachable */
}

/* --- A28 --- */

static void a28_this_machine_is_never_reached_through_a_proxy(void **state)
{
	struct listener *proxy = listener_start(never, NULL);
	static const char *const names[] = {"ALL_PROXY", "all_proxy", "http_proxy", "HTTP_PROXY"};
	int verdict = KEEP;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		setenv(names[i], listener_url(proxy), 1);
	struct single w = single_begin(die, &verdict, 1);
	struct single_outcome o = single_read(&w, 5000);

	assert_int_equal(o.err, ERR_OK);
	single_end(&w);
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
	struct api_config cfg = single_config("https://ads-api.invalid");
	struct loop *l = loop_new();
	struct single_outcome o = {0};
	char url[100], name[80];

	(void)state;
	cfg.connect_timeout_s = cfg.timeout_s = 2;
	snprintf(name, sizeof name, "127.0.0.1:%d", listener_port(proxy));
	snprintf(url, sizeof url, "http://user:secret@%s", name);
	setenv("HTTPS_PROXY", url, 1);
	struct api *api = api_new(l, &cfg, NULL);

	assert_string_equal(api_stats(api).proxy, name);
	single_start_post(api, &o);
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
	struct single w = single_begin(note_connection, &bad, 1);

	(void)state;
	for (int i = 0; i < 5; i++) {
		single_read(&w, 5000);
		single_post(&w, 5000);
	}
	assert_int_equal(bad, 0);
	assert_int_equal(listener_connections(w.server), 1 + 5);
	single_end(&w);
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
	    cmocka_unit_test(a28_this_machine_is_never_reached_through_a_proxy),
	    cmocka_unit_test(a28_a_proxy_is_named_and_is_the_one_that_is_used),
	    cmocka_unit_test(reads_share_a_connection_and_writes_never_do),
	    cmocka_unit_test(a8_unreachable_and_dropped_in_a_network_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
