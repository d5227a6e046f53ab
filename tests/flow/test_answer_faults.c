/* Answers that are none, or not for us: bombs, endless headers, contradictory lengths, redirects.
 * Tests are named after the rows of the fault matrix (docs/api.md "Faults"). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
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

/* What the answer may cost over the 8 MiB that a body may have, in KiB: the sanitizer keeps what was
 * freed, so that each size of the growing buffer counts. */
#ifdef __SANITIZE_ADDRESS__
enum { BOMB_KIB = 64 << 10 };
#else
enum { BOMB_KIB = 16 << 10 };
#endif

static void a12_a_gzip_bomb_is_stopped(void **state)
{
	struct bomb b;

	(void)state;
	b.bytes = gzip_zeros(512u << 20, &b.len);
	struct single w = single_begin(explode, &b, 5);

	single_read(&w, 10000); /* what is loaded with the first request is not the bomb's */
	single_rss_reset();
	long before = single_rss_peak_kib();
	int64_t t0 = clock_mono_ms();
	struct single_outcome o = single_read(&w, 10000);
	int64_t took = clock_mono_ms() - t0;
	long grown = single_rss_peak_kib() - before;

	print_message("A12: %lld ms, %ld KiB\n", (long long)took, grown);
	assert_int_equal(o.err, ERR_LIMIT);
	assert_int_equal(listener_count(w.server, NULL), 2); /* and not asked for again */
	assert_true(grown <= BOMB_KIB); /* 512 MiB were inside */
	assert_true(took <= cases_of(2000, 100)); /* of which the machine may take most */
	o = single_post(&w, 10000);
	assert_int_equal(o.end, END_UNKNOWN);
	single_end(&w);
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
    {"length of words", "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n" GOOD, false},
    {"length with a tail", "HTTP/1.1 200 OK\r\nContent-Length: 30x\r\n\r\n" GOOD, false},
    {"two lengths in one line", "HTTP/1.1 200 OK\r\nContent-Length: 2, 30\r\n\r\n" GOOD, false},
    {"length too small", "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n" GOOD, false},
    {"length and chunks",
	"HTTP/1.1 200 OK\r\nContent-Length: 30\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
	false},
    {"negative chunk size",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n" GOOD "\r\n0\r\n\r\n", false},
    {"chunk size of none",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n" GOOD "\r\n0\r\n\r\n", false},
    {"chunk larger than the rest",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n" GOOD, false},
    {"chunk smaller than its text",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n" GOOD "\r\n0\r\n\r\n", false},
    {"only a last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false},
    {"unknown transfer encoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: rot13\r\n\r\n" GOOD,
	false},
    {"nothing at all", "", false},
    {"an empty line", "\r\n\r\n", false},
    {"only a status", "HTTP/1.1 200", false},
    {"an interim answer alone", "HTTP/1.1 103 Early Hints\r\n\r\n", false},
    {"an empty body", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false},
    {"status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 30\r\n\r\n" GOOD, false},
    {"two documents", "HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n" GOOD GOOD, false},
    {"an encoding of words",
	"HTTP/1.1 200 OK\r\nContent-Encoding: gzip;q=1\r\nContent-Length: 30\r\n\r\n" GOOD, false},
    {"no end of the interim answer",
	"HTTP/1.1 100 Continue\r\nX: y\r\nHTTP/1.1 200 OK\r\nContent-Length: 30\r\n", false},
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
	unsigned broken = 0;
	struct single w = single_begin(play, &now, 1);

	(void)state;
	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
		unsigned before = listener_count(w.server, "POST");

		now = &scripts[i];
		struct single_outcome o = single_post(&w, 6000);

		if ((o.kind == ANSWER_OK) != now->fine || (!now->fine && o.end != END_UNKNOWN))
			fail_msg("%s: case %d, end %d", now->name, (int)o.kind, (int)o.end);
		assert_int_equal(listener_count(w.server, "POST"), before + 1);
		broken += !now->fine;
	}
	assert_true(broken >= 40);
	single_end(&w);
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
		struct single w = single_begin(fns[i], NULL, 5);

		single_post(
		    &w, 10000); /* what is loaded with the first request is not the answer's */
		single_rss_reset();
		long before = single_rss_peak_kib();
		int64_t t0 = clock_mono_ms();
		struct single_outcome o = single_post(&w, 10000);
		int64_t took = clock_mono_ms() - t0;
		long grown = single_rss_peak_kib() - before;

		print_message("A14: %lld ms, %ld KiB\n", (long long)took, grown);
		assert_int_equal(o.end, END_UNKNOWN);
		assert_true(took <= cases_of(2000, 1000)); /* the limit was 5 s */
		assert_true(grown <= 2048);
		single_end(&w);
	}
}

/* --- A22 --- */

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

static enum verdict never(int fd, const struct heard *h, void *user)
{
	(void)fd, (void)h, (void)user;
	return KEEP; /* and say nothing */
}

/* To another port, host, scheme or none of the network: with each status. */
static void a22_g18_redirects_are_never_followed(void **state)
{
	static const int statuses[] = {301, 302, 307, 308};
	static const char *const before_port[] = {"http://127.0.0.1:", "http://localhost:",
	    "https://127.0.0.1:", "//127.0.0.1:", "file:///etc/passwd#", "/12/other#"};
	struct listener *other = listener_start(never, NULL);

	(void)state;
	for (size_t i = 0; i < 4 * sizeof before_port / sizeof *before_port; i++) {
		struct redirect r = {.status = statuses[i % 4]};

		snprintf(r.target, sizeof r.target, "%s%d/12/accounts", before_port[i / 4],
		    listener_port(other));
		struct single w = single_begin(redirect, &r, 1);
		struct single_outcome o = single_read(&w, 5000);

		assert_int_equal(o.err, ERR_PROTOCOL);
		assert_int_equal(listener_count(w.server, NULL), 1);
		o = single_post(&w, 5000);
		assert_int_equal(o.end, END_UNKNOWN);
		assert_int_equal(listener_count(w.server, NULL), 2);
		single_end(&w);
	}
	assert_int_equal(listener_connections(other), 0);
	listener_stop(other);
}

/* --- what is sent, what is taken --- */

static enum verdict show_head(int fd, const struct heard *h, void *user)
{
	snprintf(user, 4096, "%.*s", (int)h->len, h->text);
	say_json(fd, 200, GOOD);
	return KEEP;
}

static void requests_look_as_the_documents_say(void **state)
{
	char head[4096] = "";
	struct single w = single_begin(show_head, head, 1);

	(void)state;
	single_read(&w, 5000);
	assert_int_equal(strncmp(head, "GET /12/accounts?count=1000 HTTP/1.1\r\n", 38), 0);
	assert_non_null(strstr(head, "\r\nAuthorization: OAuth oauth_consumer_key=\"ck\", "));
	assert_non_null(strstr(head, "\r\nAccept-Encoding: gzip\r\n"));
	assert_null(strstr(head, "Content-Type"));
	single_post(&w, 5000);
	assert_int_equal(
	    strncmp(
		head, "POST /12/batch/accounts/18ce5demo01/targeting_criteria HTTP/1.1\r\n", 65),
	    0);
	assert_non_null(strstr(head, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(head, "\r\nContent-Length: 2\r\n"));
	assert_null(strstr(head, "Expect"));
	assert_non_null(strstr(head, "\r\n\r\n[]"));
	single_end(&w);
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
	struct single w = single_begin(shout, NULL, 1);
	struct api_budget b[2];

	(void)state;
	single_read(&w, 5000);
	assert_int_equal(api_budgets(w.api, b, 2), 1);
	assert_true(b[0].known);
	assert_int_equal(b[0].remaining, 7);
	assert_int_equal(b[0].limit, 400);
	assert_string_equal(api_stats(w.api).warning, "a?[31mb");
	single_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a12_a_gzip_bomb_is_stopped),
	    cmocka_unit_test(a13_a15_a25_broken_answers_are_no_answers),
	    cmocka_unit_test(a14_endless_headers_are_refused),
	    cmocka_unit_test(a22_g18_redirects_are_never_followed),
	    cmocka_unit_test(requests_look_as_the_documents_say),
	    cmocka_unit_test(g19_header_names_in_any_case_values_without_controls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
