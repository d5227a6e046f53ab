/* The sandbox over real HTTP: signatures on the wire, faults at their phases, the ledger, the data
 * file. Plain sockets, so that no HTTP library can repair what is broken on purpose. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/mem.h"
#include "sandbox/json.h"
#include "sandbox/oauth.h"
#include "sandbox/sandbox.h"
#include "sandbox/server.h"

#define A1 "/12/accounts/" DEMO_ACCOUNT
#define CREATE                                                                                     \
	A1 "/targeting_criteria?line_item_id=7k2af&targeting_type=BROAD_KEYWORD&operator_type=EQ"  \
	   "&targeting_value="

static struct sandbox sb;
static struct server *server;
static struct arena arena;
static char host[32];
static int nonce;
static const char *more_headers = ""; /* of every request, each with its CRLF */

static int open_with(const struct options *opt)
{
	struct errinfo ei;

	arena_init(&arena);
	if (sandbox_open(&sb, opt, &ei))
		return -1;
	server = server_start(&sb, 0, &ei);
	if (!server)
		return -1;
	snprintf(host, sizeof host, "127.0.0.1:%u", server_port(server));
	return 0;
}

static int open_plain(void **state)
{
	struct options opt = {.seed = 1, .no_rate_limit = true};

	(void)state;
	return open_with(&opt);
}

static int close_all(void **state)
{
	(void)state;
	server_stop(server);
	sandbox_close(&sb);
	arena_done(&arena);
	return 0;
}

struct reply {
	int status; /* 0: the connection ended without one */
	int error; /* errno of what ended it */
	char *head, *body;
	size_t body_len;
};

/* A reset at accept can arrive before connect() returns, before send() or before read(), and
 * the kernel reports it once: whoever meets it first keeps it. */
struct call {
	int fd, error;
};

static struct call dial(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(server_port(server))};
	struct call c = {socket(AF_INET, SOCK_STREAM, 0), 0};

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(c.fd, (struct sockaddr *)&to, sizeof to) != 0)
		c.error = errno;
	assert_true(c.error == 0 || c.error == ECONNRESET);
	return c;
}

/* Reads to the end of the connection: every request asks to close it. */
static struct reply receive(struct call c)
{
	struct reply r = {.error = c.error};
	struct buf all;
	char chunk[4096], *split;
	ssize_t n;

	buf_init(&all, 64 << 20);
	while ((n = read(c.fd, chunk, sizeof chunk)) > 0)
		buf_add(&all, chunk, (size_t)n);
	if (n < 0 && r.error == 0)
		r.error = errno;
	close(c.fd);
	split = all.len ? strstr(all.p, "\r\n\r\n") : NULL;
	if (split) {
		r.status = (int)strtol(all.p + 9, NULL, 10);
		r.head = arena_strndup(&arena, all.p, (size_t)(split - all.p));
		r.body_len = all.len - (size_t)(split + 4 - all.p);
		r.body = arena_strndup(&arena, split + 4, r.body_len);
	}
	buf_done(&all);
	return r;
}

struct signature {
	const char *consumer_secret, *token, *nonce;
	int64_t skew_s;
};

static const struct signature good = {DEMO_CONSUMER_SECRET, DEMO_TOKEN, NULL, 0};

static const char *sign(const char *method, const char *uri, const struct signature *with)
{
	struct params p = {0};
	struct oauth_request req = {method, "http", host, NULL, &p};
	const char *query = strchr(uri, '?');
	char signature[OAUTH_SIGNATURE_SIZE], text[64];
	struct buf base, out;

	snprintf(text, sizeof text, "%lld", (long long)(sandbox_now_s(&sb) + with->skew_s));
	params_add(&arena, &p, "oauth_timestamp", arena_strdup(&arena, text));
	snprintf(text, sizeof text, "n%d", ++nonce);
	params_add(
	    &arena, &p, "oauth_nonce", with->nonce ? with->nonce : arena_strdup(&arena, text));
	params_add(&arena, &p, "oauth_consumer_key", DEMO_CONSUMER_KEY);
	params_add(&arena, &p, "oauth_token", with->token);
	params_add(&arena, &p, "oauth_signature_method", "HMAC-SHA1");
	params_add(&arena, &p, "oauth_version", "1.0");
	buf_init(&out, 4096);
	buf_adds(&out, "OAuth ");
	for (size_t i = 0; i < p.n; i++)
		buf_addf(&out, "%s=\"%s\", ", p.v[i].name, p.v[i].value);
	if (query)
		params_parse(&arena, query + 1, strlen(query + 1), PLUS_IS_PLUS, &p);
	req.path = arena_strndup(&arena, uri, strcspn(uri, "?"));
	buf_init(&base, 1 << 16);
	assert_true(oauth_base_string(&arena, &req, &base));
	oauth_sign(buf_str(&base), with->consumer_secret, DEMO_TOKEN_SECRET, signature);
	buf_adds(&out, "oauth_signature=\"");
	percent_encode(&out, signature);
	buf_addc(&out, '"');
	query = arena_strdup(&arena, buf_str(&out));
	buf_done(&base);
	buf_done(&out);
	return query;
}

static struct call send_request(
    const char *method, const char *uri, const char *json, const struct signature *with)
{
	struct buf req;
	struct call c = dial();

	buf_init(&req, 1 << 20);
	buf_addf(&req, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", method, uri, host);
	if (with)
		buf_addf(&req, "Authorization: %s\r\n", sign(method, uri, with));
	if (json)
		buf_addf(&req, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
		    strlen(json));
	buf_addf(&req, "%s\r\n%s", more_headers, json ? json : "");
	if (c.error == 0 && send(c.fd, req.p, req.len, MSG_NOSIGNAL) < 0)
		c.error = errno; /* a fault has closed it already */
	buf_done(&req);
	return c;
}

static struct reply ask_with(
    const char *method, const char *uri, const char *json, const struct signature *with)
{
	return receive(send_request(method, uri, json, with));
}

static struct reply ask(const char *method, const char *uri)
{
	return ask_with(method, uri, NULL, &good);
}

static const struct json *parse(struct reply r)
{
	const char *why;

	assert_non_null(r.body);
	return json_parse(&arena, r.body, r.body_len, &why);
}

static const struct json *control(const char *method, const char *name, const char *json)
{
	char uri[100];
	struct reply r;

	snprintf(uri, sizeof uri, "/__sandbox/%s", name);
	r = ask_with(method, uri, json, NULL);
	assert_int_equal(r.status, 200);
	return parse(r);
}

static const struct json *last_row(void)
{
	const struct json *v = json_get(control("GET", "ledger", NULL), "requests")->child;

	while (v && v->next)
		v = v->next;
	assert_non_null(v);
	return v;
}

static size_t keywords_named(const char *value)
{
	struct reply r = ask("GET", A1 "/targeting_criteria?line_item_ids=7k2af");
	size_t n = 0;

	for (const struct json *v = json_get(parse(r), "data")->child; v; v = v->next)
		n += strcmp(json_text(v, "targeting_value"), value) == 0;
	return n;
}

static int64_t gateway_code(struct reply r)
{
	return json_number(json_get(parse(r), "errors")->child, "code", -1);
}

static void gateway_tells_bad_credentials_apart(void **state)
{
	struct signature s = good;
	struct reply r = ask_with("GET", A1, NULL, NULL);

	(void)state;
	assert_int_equal(r.status, 400);
	assert_int_equal(gateway_code(r), 215);
	s.consumer_secret = "wrong";
	r = ask_with("GET", A1, NULL, &s);
	assert_int_equal(r.status, 401);
	assert_int_equal(gateway_code(r), 32);
	s = good;
	s.token = "unknown";
	assert_int_equal(gateway_code(ask_with("GET", A1, NULL, &s)), 89);
	s = good;
	s.skew_s = -301;
	assert_int_equal(gateway_code(ask_with("GET", A1, NULL, &s)), 135);
	s.skew_s = 310;
	assert_int_equal(gateway_code(ask_with("GET", A1, NULL, &s)), 135);
	s = good;
	s.nonce = "once";
	assert_int_equal(ask_with("GET", A1, NULL, &s).status, 200);
	assert_int_equal(gateway_code(ask_with("GET", A1, NULL, &s)), 32);
	assert_int_equal(ask("GET", A1).status, 200);
}

static void headers_say_version_and_budgets(void **state)
{
	struct reply r = ask("GET", A1 "/line_items?count=1");

	(void)state;
	assert_non_null(strstr(r.head, "x-current-api-version: 12"));
	assert_non_null(strstr(r.head, "x-rate-limit-remaining: "));
	assert_non_null(strstr(r.head, "x-account-rate-limit-limit: 10000"));
	assert_non_null(strstr(r.head, "Date: "));
	r = ask("GET", "/12/targeting_criteria/platforms");
	assert_null(strstr(r.head, "x-account-rate-limit"));
}

static void budget_ends_with_429(void **state)
{
	(void)state;
	control("POST", "rates", "{\"global\":2}");
	assert_int_equal(ask("GET", "/12/accounts").status, 200);
	assert_int_equal(ask("GET", "/12/accounts").status, 200);
	assert_int_equal(ask("GET", "/12/accounts").status, 429);
	assert_int_equal(ask("GET", A1).status, 200);
}

static void drop_before_the_commit_leaves_nothing(void **state)
{
	struct reply r;

	(void)state;
	control(
	    "POST", "faults", "{\"method\":\"POST\",\"action\":\"drop@pre-commit\",\"times\":1}");
	r = ask("POST", CREATE "pre");
	assert_int_equal(r.status, 0);
	assert_int_equal(r.error, 0);
	assert_false(json_is_true(last_row(), "committed"));
	assert_int_equal(keywords_named("pre"), 0);
}

static void drop_after_the_commit_keeps_it(void **state)
{
	(void)state;
	control(
	    "POST", "faults", "{\"method\":\"POST\",\"action\":\"drop@post-commit\",\"times\":1}");
	assert_int_equal(ask("POST", CREATE "post").status, 0);
	assert_true(json_is_true(last_row(), "committed"));
	assert_int_equal(json_number(last_row(), "status", -1), 0);
	assert_int_equal(keywords_named("post"), 1);
}

static void reset_is_a_reset(void **state)
{
	struct reply r;

	(void)state;
	control(
	    "POST", "faults", "{\"method\":\"GET\",\"action\":\"rst@post-commit\",\"times\":1}");
	r = ask("GET", A1);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.error, ECONNRESET);
}

static void every_cut_of_an_answer_is_that_long(void **state)
{
	size_t whole = ask("GET", A1).body_len;

	(void)state;
	for (size_t n = 0; n < whole; n += 37) {
		char rule[80], want[40];
		struct reply r;

		snprintf(rule, sizeof rule, "{\"action\":\"cut:%zu\"}", n);
		control("POST", "faults", rule);
		r = ask("GET", A1);
		assert_int_equal(r.status, 200);
		assert_int_equal(r.body_len, n);
		snprintf(want, sizeof want, "Content-Length: %zu", whole);
		assert_non_null(strstr(r.head, want));
	}
}

static void status_rule_answers_instead(void **state)
{
	struct reply r;

	(void)state;
	control("POST", "faults",
	    "{\"action\":\"status=503\",\"body\":\"html\",\"headers\":{\"retry-after\":\"7\"}}");
	r = ask("POST", CREATE "never");
	assert_int_equal(r.status, 503);
	assert_non_null(strstr(r.head, "retry-after: 7"));
	assert_non_null(strstr(r.head, "text/html"));
	control("POST", "faults", "{\"action\":\"status@post-commit=500\",\"method\":\"POST\"}");
	assert_int_equal(ask("POST", CREATE "still").status, 500);
	control("DELETE", "faults", NULL);
	assert_int_equal(keywords_named("never"), 0);
	assert_int_equal(keywords_named("still"), 1);
}

static void nth_and_times_choose_the_match(void **state)
{
	(void)state;
	control("POST", "faults", "{\"action\":\"status=500\",\"nth\":2}");
	assert_int_equal(ask("GET", A1).status, 200);
	assert_int_equal(ask("GET", A1).status, 500);
	assert_int_equal(ask("GET", A1).status, 200);
	control("POST", "faults", "{\"action\":\"status=500\",\"times\":2,\"path\":\"campaigns\"}");
	assert_int_equal(ask("GET", A1).status, 200);
	assert_int_equal(ask("GET", A1 "/campaigns").status, 500);
	assert_int_equal(ask("GET", A1 "/campaigns").status, 500);
	assert_int_equal(ask("GET", A1 "/campaigns").status, 200);
}

static void bad_rules_are_refused(void **state)
{
	static const char *const bad[] = {"", "{}", "{\"action\":\"explode\"}",
	    "{\"action\":\"drop@never\"}", "{\"action\":\"status=99\"}", "{\"rules\":[1]}"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(ask_with("POST", "/__sandbox/faults", bad[i], NULL).status, 400);
}

static void cursor_loop_never_ends(void **state)
{
	char uri[200];
	const char *cursor;
	struct reply r;

	(void)state;
	control("POST", "faults", "{\"action\":\"cursor=loop\"}");
	r = ask("GET", A1 "/line_items?count=10");
	cursor = json_text(parse(r), "next_cursor");
	snprintf(uri, sizeof uri, A1 "/line_items?count=10&cursor=%s", cursor);
	for (int i = 0; i < 5; i++) {
		r = ask("GET", uri);
		assert_string_equal(json_text(parse(r), "next_cursor"), cursor);
	}
}

static void cursor_skip_leaves_rows_out(void **state)
{
	const char *cursor = "";
	size_t rows = 0, pages = 0, whole;
	char uri[200];
	struct reply r = ask("GET", A1 "/line_items?count=1000");

	(void)state;
	whole = json_get(parse(r), "data")->n;
	control("POST", "faults", "{\"action\":\"cursor=skip\"}");
	while (cursor) {
		snprintf(uri, sizeof uri, A1 "/line_items?count=10%s%s", *cursor ? "&cursor=" : "",
		    cursor);
		const struct json *page = parse(ask("GET", uri));

		rows += json_get(page, "data")->n;
		cursor = json_text(page, "next_cursor");
		pages++;
	}
	assert_true(pages >= 3);
	assert_int_equal(rows, whole - (pages - 1));
}

static void header_bends_its_own_request_only(void **state)
{
	(void)state;
	more_headers = "X-Sandbox-Fault: status@body:503\r\n";
	assert_int_equal(ask("GET", A1 "/campaigns").status, 503);
	assert_string_equal(json_text(last_row(), "fault"), "status@body");
	more_headers = "X-Sandbox-Fault: drop@pre-commit\r\n";
	assert_int_equal(ask("GET", A1 "/campaigns").status, 0);
	more_headers = "X-Sandbox-Fault: explode\r\n";
	assert_int_equal(ask("GET", A1 "/campaigns").status, 400);
	more_headers = "X-Sandbox-Fault: drop@accept\r\n"; /* too late for that */
	assert_int_equal(ask("GET", A1 "/campaigns").status, 400);
	more_headers = "";
	assert_int_equal(ask("GET", A1 "/campaigns").status, 200);
}

static void accept_is_before_any_request(void **state)
{
	(void)state;
	control("POST", "faults", "{\"action\":\"drop@accept\",\"times\":1}");
	assert_int_equal(ask("GET", A1 "/campaigns").status, 0);
	assert_int_equal(ask("GET", A1 "/campaigns").status, 200);
	assert_int_equal(
	    json_get(control("GET", "ledger", NULL), "requests")->n, 1); /* only the second */
	control("POST", "faults", "{\"action\":\"rst@accept\",\"times\":1}");
	struct reply r = ask("GET", A1 "/campaigns");

	assert_int_equal(r.status, 0);
	assert_int_equal(r.error, ECONNRESET);
	assert_int_equal(
	    ask_with("POST", "/__sandbox/faults", "{\"action\":\"status@accept=500\"}", NULL)
		.status,
	    400);
}

static void nonces_may_be_let_through(void **state)
{
	const struct signature again = {DEMO_CONSUMER_SECRET, DEMO_TOKEN, "again", 0};

	(void)state;
	assert_int_equal(ask_with("GET", A1 "/campaigns", NULL, &again).status, 200);
	assert_int_equal(ask_with("GET", A1 "/campaigns", NULL, &again).status, 401);
	control("POST", "faults", "{\"action\":\"nonce=off\"}");
	assert_int_equal(ask_with("GET", A1 "/campaigns", NULL, &again).status, 200);
}

static int64_t fired(void)
{
	return json_number(json_get(control("GET", "faults", NULL), "rules")->child, "fired", 0);
}

/* The stalled request waits for the end of the server; others are answered meanwhile. */
static void stall_holds_one_request_only(void **state)
{
	struct call held;

	(void)state;
	control(
	    "POST", "faults", "{\"path\":\"campaigns\",\"action\":\"stall@pre-commit:600000\"}");
	held = send_request("GET", A1 "/campaigns", NULL, &good);
	while (!fired())
		;
	assert_int_equal(ask("GET", A1 "/line_items?count=1").status, 200);
	assert_int_equal(json_number(last_row(), "status", -1), 200);
	server_stop(server);
	receive(held); /* ends, whatever it brings */
	server = server_start(&sb, 0, NULL);
	assert_non_null(server);
}

static void raw_bytes_go_out_as_they_are(void **state)
{
	struct reply r;

	(void)state;
	control("POST", "faults",
	    "{\"action\":\"raw\",\"text\":\"HTTP/1.1 200 OK\\r\\nContent-Length: 1\\r\\n"
	    "Content-Length: 2\\r\\n\\r\\nab\"}");
	r = ask("GET", A1);
	assert_string_equal(r.body, "ab");
	control("POST", "faults", "{\"action\":\"chunk\"}");
	assert_non_null(strstr(ask("GET", A1).body, "\r\nzzz\r\n"));
	control("POST", "faults", "{\"action\":\"hdrs=200\"}");
	assert_non_null(strstr(ask("GET", A1).head, "X-Filler-199: "));
}

static void skewed_clock_shows_in_date_and_verdict(void **state)
{
	struct signature s = good;

	(void)state;
	control("POST", "faults", "{\"action\":\"skew=600\"}");
	assert_int_equal(gateway_code(ask("GET", A1)), 135);
	s.skew_s = 600;
	assert_int_equal(ask_with("GET", A1, NULL, &s).status, 200);
	control("POST", "faults", "{\"action\":\"skew@resp-hdr:600\"}");
	assert_int_equal(ask("GET", A1).status, 200);
}

static void ledger_counts_every_request(void **state)
{
	const struct json *row;

	(void)state;
	control("DELETE", "ledger", NULL);
	ask_with("POST", "/12/batch/accounts/" DEMO_ACCOUNT "/targeting_criteria", "[]", &good);
	row = last_row();
	/* sha256 of "[]" */
	assert_string_equal(json_text(row, "body_sha256"),
	    "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945");
	assert_int_equal(json_number(row, "status", 0), 400);
	assert_string_equal(json_text(row, "method"), "POST");
	assert_int_equal(json_get(control("GET", "ledger", NULL), "requests")->n, 1);
}

static void data_file_survives_a_restart(void **state)
{
	char path[] = "/tmp/sandbox-test-XXXXXX", side[64];
	struct options opt = {.seed = 1, .no_rate_limit = true, .data = path};
	int fd = mkstemp(path);
	const char *hash;

	(void)state;
	close(fd);
	unlink(path);
	assert_int_equal(open_with(&opt), 0);
	assert_int_equal(ask("POST", CREATE "kept").status, 200);
	hash = mem_strdup(json_text(control("GET", "state_hash", NULL), "sha256"));
	close_all(NULL);
	assert_int_equal(open_with(&opt), 0);
	assert_int_equal(keywords_named("kept"), 1);
	assert_string_equal(json_text(control("GET", "state_hash", NULL), "sha256"), hash);
	mem_free((void *)(uintptr_t)hash);
	close_all(NULL);
	unlink(path);
	snprintf(side, sizeof side, "%s-wal", path);
	unlink(side);
	snprintf(side, sizeof side, "%s-shm", path);
	unlink(side);
}

static void audience_lives_through_an_upload(void **state)
{
	struct reply r = ask("POST", A1 "/custom_audiences?name=fresh");
	const char *id = json_text(json_get(parse(r), "data"), "id");
	char uri[200], one[200];
	struct buf body;

	(void)state;
	buf_init(&body, 1 << 20);
	buf_adds(&body, "[{\"operation_type\":\"Update\",\"params\":{\"users\":[");
	for (int i = 0; i < 400; i++)
		buf_addf(&body, "%s{\"email\":[\"%064x\"],\"partner_user_id\":[\"p%d\"]}",
		    i ? "," : "", i, i);
	buf_adds(&body, "]}}]");
	snprintf(uri, sizeof uri, A1 "/custom_audiences/%s/users", id);
	snprintf(one, sizeof one, A1 "/custom_audiences/%s", id);
	r = ask_with("POST", uri, buf_str(&body), &good);
	buf_done(&body);
	assert_int_equal(r.status, 200);
	assert_int_equal(json_number(json_get(parse(r), "data"), "success_count", 0), 400);
	control("POST", "clock", "{\"advance\":25100}");
	assert_false(json_is_true(json_get(parse(ask("GET", one)), "data"), "targetable"));
	control("POST", "clock", "{\"advance\":200}");
	r = ask("GET", one);
	assert_true(json_is_true(json_get(parse(r), "data"), "targetable"));
	assert_in_range(json_number(json_get(parse(r), "data"), "audience_size", 0), 150, 350);
	r = ask_with("POST", uri,
	    "[{\"operation_type\":\"Update\",\"params\":{\"users\":[{\"email\":[\"ABC\"]}]}}]",
	    &good);
	assert_int_equal(r.status, 400);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, open_plain, close_all)
	const struct CMUnitTest tests[] = {T(gateway_tells_bad_credentials_apart),
	    T(headers_say_version_and_budgets), T(budget_ends_with_429),
	    T(drop_before_the_commit_leaves_nothing), T(drop_after_the_commit_keeps_it),
	    T(reset_is_a_reset), T(every_cut_of_an_answer_is_that_long),
	    T(status_rule_answers_instead), T(nth_and_times_choose_the_match),
	    T(bad_rules_are_refused), T(cursor_loop_never_ends), T(cursor_skip_leaves_rows_out),
	    T(header_bends_its_own_request_only), T(accept_is_before_any_request),
	    T(nonces_may_be_let_through), T(stall_holds_one_request_only),
	    T(raw_bytes_go_out_as_they_are), T(skewed_clock_shows_in_date_and_verdict),
	    T(ledger_counts_every_request), cmocka_unit_test(data_file_survives_a_restart),
	    T(audience_lives_through_an_upload)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
