/* The request engine over a transport in memory: the contract of callbacks, paging, retries row by
 * row, budgets. */
#include "tests/unit/api/fake.h"
#include <time.h>
#include "api/mutate.h"

struct got {
	unsigned calls, lasts, pages;
	uint64_t rows, total;
	enum err err;
	struct errinfo ei;
	bool done;
	struct api *cancel_in;
	char order[64];
};

static void on_page(struct req_id id, struct api_result *res, void *user)
{
	struct got *g = user;

	g->calls++;
	g->lasts += res->last;
	g->err = res->err;
	g->ei = res->ei;
	g->total = res->total;
	if (!res->err && res->kind == API_LINE_ITEMS)
		g->rows += res->line_items.n;
	if (!res->err)
		g->pages++;
	g->done = res->last;
	if (g->cancel_in) {
		assert_true(req_cancel(g->cancel_in, id));
		assert_false(req_cancel(g->cancel_in, id));
	}
}

static struct api_call call(struct got *g)
{
	return (struct api_call){.fn = on_page, .user = g};
}

static const struct list_query items = {.account_id = "acc1"};

static struct req_id ask(struct api *a, struct got *g)
{
	struct api_call c = call(g);

	return api_line_items(a, &items, &c);
}

#define EMPTY "{\"data\":[],\"next_cursor\":null}"

static struct fake_reply empty(struct fake *f, const struct transport_request *r, unsigned nth)
{
	(void)f, (void)r, (void)nth;
	return (struct fake_reply){.status = 200, .body = EMPTY};
}

static struct fake_reply slow(struct fake *f, const struct transport_request *r, unsigned nth)
{
	(void)f, (void)r, (void)nth;
	return (struct fake_reply){.status = 200, .body = EMPTY, .delay_ms = 20};
}

/* --- contract --- */

static void callbacks_never_run_inside_the_call(void **state)
{
	struct got g = {0}, bad = {0};
	struct api_call c = call(&bad);
	struct fake f;
	struct api *a = fake_api(&f, empty, NULL);

	(void)state;
	assert_int_not_equal(ask(a, &g).gen, 0);
	assert_int_equal(g.calls, 0);
	/* one that fails at once: an id that may not enter a path (B17) */
	assert_int_not_equal(
	    api_line_items(a, &(struct list_query){.account_id = "../../x"}, &c).gen, 0);
	assert_int_equal(bad.calls, 0);
	fake_run(&f, NULL, 1, 5);
	assert_int_equal(g.calls, 1);
	assert_int_equal(g.err, ERR_OK);
	assert_int_equal(bad.calls, 1);
	assert_int_equal(bad.err, ERR_REFUSED);
	assert_int_equal(f.n, 1); /* nothing was sent for it */
	fake_done(&f, a);
}

static void b17_hostile_ids_never_enter_a_path(void **state)
{
	static const char *const ids[] = {"", "a/b", "../../campaigns/9x", "%2e%2e", "a?b", "a#b",
	    "a b", "a\nb", "\xc3\xa9", ".", "..", "a.b",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL};
	struct fake f;
	struct api *a = fake_api(&f, empty, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		struct got g = {0};
		struct api_call c = call(&g);
		const char *one[] = {ids[i]};

		api_line_items(a, &(struct list_query){.account_id = ids[i]}, &c);
		api_criteria(a,
		    &(struct criteria_query){
			.account_id = "acc1", .line_item_ids = one, .n_line_items = 1},
		    &c);
		api_audience_usage(a, "acc1", ids[i], false, &c);
		fake_run(&f, NULL, 1, 3);
		assert_int_equal(g.calls, 3);
		assert_int_equal(g.err, ERR_REFUSED);
	}
	assert_int_equal(f.n, 0);
	fake_done(&f, a);
}

static void after_a_cancel_nothing_comes(void **state)
{
	struct got g = {0}, flying = {0};
	struct fake f;
	struct api *a = fake_api(&f, slow, NULL);

	(void)state;
	struct req_id id = ask(a, &g);

	assert_true(req_cancel(a, id));
	assert_false(req_cancel(a, id));
	assert_int_equal(req_state(a, id).phase, REQ_GONE);
	id = ask(a, &flying);
	loop_turn(f.loop, 0); /* it is sent */
	assert_int_equal(req_state(a, id).phase, REQ_FLYING);
	assert_true(req_cancel(a, id));
	assert_int_equal(f.aborted, 1);
	fake_run(&f, NULL, 5, 200);
	assert_int_equal(g.calls + flying.calls, 0);
	assert_int_equal(api_stats(a).in_flight, 0);
	fake_done(&f, a);
}

static void work_dies_with_its_owner(void **state)
{
	struct got g = {0}, other = {0};
	struct fake f;
	struct api *a = fake_api(&f, slow, NULL);
	struct owner_id view = api_new_owner(a);

	(void)state;
	for (int i = 0; i < 10; i++)
		api_line_items(
		    a, &items, &(struct api_call){.fn = on_page, .user = &g, .owner = view});
	ask(a, &other);
	loop_turn(f.loop, 0);
	req_cancel_owner(a, view);
	req_cancel_owner(a, (struct owner_id){0}); /* nobody: cancels nothing */
	fake_run(&f, NULL, 5, 200);
	assert_int_equal(g.calls, 0);
	assert_int_equal(other.calls, 1);
	fake_done(&f, a);
}

static struct fake_reply paged(struct fake *f, const struct transport_request *r, unsigned nth)
{
	static char body[512];

	(void)f, (void)r;
	snprintf(body, sizeof body,
	    "{\"data\":[{\"id\":\"a%u\"},{\"id\":\"b%u\"}],\"next_cursor\":%s}", nth, nth,
	    nth < 3 ? nth == 1 ? "\"c-1Z\"" : "\"c&=2/+\"" : "null");
	return (struct fake_reply){.status = 200, .body = body};
}

static void lists_call_back_once_a_page(void **state)
{
	struct got g = {0};
	struct fake f;
	struct api *a = fake_api(&f, paged, NULL);

	(void)state;
	ask(a, &g);
	fake_run(&f, NULL, 1, 30);
	assert_int_equal(g.pages, 3);
	assert_int_equal(g.lasts, 1);
	assert_int_equal(g.rows, 6);
	assert_int_equal(g.total, 6);
	assert_non_null(strstr(f.last_url, "count=1000"));
	assert_non_null(strstr(f.last_url, "cursor=c%26%3D2%2F%2B")); /* G40 */
	fake_done(&f, a);
}

static void cancelling_within_a_page_stops_the_list(void **state)
{
	struct got g = {0};
	struct fake f;
	struct api *a = fake_api(&f, paged, NULL);

	(void)state;
	g.cancel_in = a;
	ask(a, &g);
	fake_run(&f, NULL, 1, 30);
	assert_int_equal(g.calls, 1);
	assert_int_equal(f.n, 1);
	fake_done(&f, a);
}

static void max_pages_leaves_the_cursor_to_go_on(void **state)
{
	struct list_query q = items;
	struct got g = {0};
	struct api_call c = call(&g);
	struct fake f;
	struct api *a = fake_api(&f, paged, NULL);

	(void)state;
	q.max_pages = 1;
	q.cursor = "start";
	api_line_items(a, &q, &c);
	fake_run(&f, NULL, 1, 30);
	assert_int_equal(g.pages, 1);
	assert_true(g.done);
	assert_non_null(strstr(f.last_url, "cursor=start"));
	fake_done(&f, a);
}

/* --- paging that cannot loop --- */

static struct fake_reply loop_cursor(
    struct fake *f, const struct transport_request *r, unsigned nth)
{
	static char body[256];

	(void)f, (void)r;
	snprintf(body, sizeof body, "{\"data\":[{\"id\":\"a%u\"}],\"next_cursor\":\"c%u\"}", nth,
	    nth % *(unsigned *)f->user);
	return (struct fake_reply){.status = 200, .body = body};
}

static void b1_a_cursor_that_repeats_stops(void **state)
{
	(void)state;
	for (unsigned cycle = 1; cycle <= 3; cycle++) {
		struct got g = {0};
		struct fake f;
		struct api *a = fake_api(&f, loop_cursor, &cycle);

		ask(a, &g);
		fake_run(&f, NULL, 1, 50);
		assert_true(g.done);
		assert_int_equal(g.err, ERR_PROTOCOL);
		assert_true(f.n <= cycle + 2);
		fake_done(&f, a);
	}
}

static struct fake_reply dup_pages(struct fake *f, const struct transport_request *r, unsigned nth)
{
	static char body[256];

	(void)f, (void)r;
	snprintf(body, sizeof body,
	    "{\"data\":[{\"id\":\"a\"},{\"id\":\"b\"}],\"next_cursor\":\"c%u\"}", nth);
	return (struct fake_reply){.status = 200, .body = body};
}

static void b2_pages_that_repeat_their_rows_stop(void **state)
{
	struct got g = {0};
	struct fake f;
	struct api *a = fake_api(&f, dup_pages, NULL);

	(void)state;
	ask(a, &g);
	fake_run(&f, NULL, 1, 50);
	assert_int_equal(g.err, ERR_PROTOCOL);
	assert_true(f.n <= 3);
	assert_int_equal(g.rows, 2); /* no row twice */
	fake_done(&f, a);
}

static struct fake_reply junk_cursor(
    struct fake *f, const struct transport_request *r, unsigned nth)
{
	(void)r;
	return (struct fake_reply){.status = 200, .body = nth == 1 ? f->user : EMPTY};
}

static void b4_junk_cursors_are_encoded_or_refused(void **state)
{
	static const char *const bad[] = {"\\u0001x", "a\\nb", "\\u007f"};
	char *big = malloc(8192);

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char body[8400], cursor[8192];
		struct got g = {0};
		struct fake f;

		memset(big, 'x', 5000);
		big[5000] = '\0';
		snprintf(cursor, sizeof cursor, "%s", i < 3 ? bad[i] : big);
		snprintf(body, sizeof body, "{\"data\":[{\"id\":\"a\"}],\"next_cursor\":\"%s\"}",
		    cursor);
		struct api *a = fake_api(&f, junk_cursor, body);

		ask(a, &g);
		fake_run(&f, NULL, 1, 30);
		assert_int_equal(g.err, ERR_PROTOCOL);
		assert_int_equal(f.n, 1);
		fake_done(&f, a);
	}
	free(big);
	struct got g = {0};
	struct fake f;
	char good[] = "{\"data\":[{\"id\":\"a\"}],\"next_cursor\":\"1&with_deleted=true#\"}";
	struct api *a = fake_api(&f, junk_cursor, good);

	ask(a, &g);
	fake_run(&f, NULL, 1, 30);
	assert_int_equal(g.err, ERR_OK);
	assert_non_null(strstr(f.last_url, "cursor=1%26with_deleted%3Dtrue%23"));
	fake_done(&f, a);
}

/* --- retry.def, row by row --- */

#define API_ERROR(code) "{\"errors\":[{\"code\":\"" code "\",\"message\":\"m\"}]}"

struct retry_case {
	const char *name;
	struct fake_reply reply;
	unsigned reads, writes; /* requests in all, the first included */
	enum err err;
	enum write_end end;
};

static const struct retry_case retry_cases[] = {
    {"UNSENT", {.err = ERR_NETWORK, .unsent = true}, 6, 6, ERR_NETWORK, END_NOT_SENT},
    {"CERTIFICATE", {.err = ERR_TLS, .unsent = true, .certificate = true}, 1, 1, ERR_TLS,
	END_NOT_SENT},
    {"BROKEN", {.err = ERR_TIMEOUT}, 4, 1, ERR_TIMEOUT, END_UNKNOWN},
    {"BROKEN json", {.status = 200, .body = "{\"data\":["}, 4, 1, ERR_PROTOCOL, END_UNKNOWN},
    {"BROKEN html", {.status = 200, .body = "<html>"}, 4, 1, ERR_PROTOCOL, END_UNKNOWN},
    {"BROKEN no data", {.status = 200, .body = "{}"}, 4, 1, ERR_PROTOCOL, END_UNKNOWN},
    {"OVERSIZED", {.err = ERR_LIMIT}, 1, 1, ERR_LIMIT, END_UNKNOWN},
    {"400", {.status = 400, .body = API_ERROR("INVALID_PARAMETER")}, 1, 1, ERR_INVALID,
	END_REFUSED},
    {"403", {.status = 403, .body = API_ERROR("ACCOUNT_NOT_FOUND")}, 1, 1, ERR_FORBIDDEN,
	END_REFUSED},
    {"404", {.status = 404, .body = API_ERROR("NOT_FOUND")}, 1, 1, ERR_NOTFOUND, END_REFUSED},
    {"404 html", {.status = 404, .body = "<html>"}, 1, 1, ERR_NOTFOUND, END_REFUSED},
    {"405", {.status = 405, .body = API_ERROR("METHOD_NOT_ALLOWED")}, 1, 1, ERR_INVALID,
	END_REFUSED},
    {"422", {.status = 422, .body = API_ERROR("INVALID")}, 1, 1, ERR_INVALID, END_REFUSED},
    {"401", {.status = 401, .body = API_ERROR("UNAUTHORIZED_ACCESS")}, 1, 1, ERR_AUTH, END_REFUSED},
    {"400/215", {.status = 400, .body = "{\"errors\":[{\"code\":215,\"message\":\"m\"}]}"}, 1, 1,
	ERR_AUTH, END_REFUSED},
    {"408", {.status = 408, .body = API_ERROR("CANCELLED_REQUEST")}, 6, 1, ERR_TIMEOUT,
	END_UNKNOWN},
    {"500", {.status = 500, .body = API_ERROR("INTERNAL_ERROR")}, 6, 1, ERR_SERVER, END_UNKNOWN},
    {"502 html", {.status = 502, .body = "<html>"}, 6, 1, ERR_SERVER, END_UNKNOWN},
    {"503", {.status = 503, .body = API_ERROR("OVER_CAPACITY")}, 6, 1, ERR_SERVER, END_UNKNOWN},
    {"503 retry-after", {.status = 503, .body = API_ERROR("X"), .headers = {{"retry-after", "2"}}},
	6, 1, ERR_SERVER, END_UNKNOWN},
    {"204", {.status = 204, .body = ""}, 6, 1, ERR_PROTOCOL, END_UNKNOWN},
    {"202", {.status = 202, .body = "{\"data\":[]}"}, 6, 1, ERR_PROTOCOL, END_UNKNOWN},
    {"400 html", {.status = 400, .body = "<html>"}, 6, 1, ERR_INVALID, END_UNKNOWN},
    {"301", {.status = 301, .body = "", .headers = {{"location", "http://evil/"}}}, 1, 1,
	ERR_PROTOCOL, END_UNKNOWN},
    {"308", {.status = 308, .body = API_ERROR("X")}, 1, 1, ERR_PROTOCOL, END_UNKNOWN},
    {"423", {.status = 423, .body = API_ERROR("LOCK_ACQUISITION_TIMEOUT")}, 6, 1, ERR_SERVER,
	END_UNKNOWN},
    {"429 bare", {.status = 429, .body = API_ERROR("TOO_MANY_REQUESTS")}, 11, 1, ERR_RATE,
	END_UNKNOWN},
    {"429 html", {.status = 429, .body = "<html>", .headers = {{"x-rate-limit-reset", "5"}}}, 11, 1,
	ERR_RATE, END_UNKNOWN},
    {"429 past reset",
	{.status = 429, .body = API_ERROR("X"), .headers = {{"x-rate-limit-reset", "5"}}}, 11, 11,
	ERR_RATE, END_REFUSED},
    {"429 huge reset",
	{.status = 429,
	    .body = API_ERROR("X"),
	    .headers = {{"x-rate-limit-reset", "9223372036854775808"}}},
	11, 1, ERR_RATE, END_UNKNOWN},
    {"429 junk reset",
	{.status = 429, .body = API_ERROR("X"), .headers = {{"x-rate-limit-reset", "abc"}}}, 11, 1,
	ERR_RATE, END_UNKNOWN},
    {"429 negative reset",
	{.status = 429, .body = API_ERROR("X"), .headers = {{"x-rate-limit-reset", "-1"}}}, 11, 1,
	ERR_RATE, END_UNKNOWN},
};

static struct fake_reply same(struct fake *f, const struct transport_request *r, unsigned nth)
{
	(void)r, (void)nth;
	return ((const struct retry_case *)f->user)->reply;
}

static void reads_follow_the_retry_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof retry_cases / sizeof *retry_cases; i++) {
		const struct retry_case *c = &retry_cases[i];
		struct got g = {0};
		struct fake f;
		struct api *a = fake_api(&f, same, (void *)(uintptr_t)c);

		ask(a, &g);
		fake_run(&f, &g.done, 100, 1200000);
		if (!g.done || g.err != c->err || f.n != c->reads)
			fail_msg("%s: %u requests, %s instead of %u, %s", c->name, f.n,
			    err_name(g.err), c->reads, err_name(c->err));
		assert_int_equal(g.calls, 1);
		fake_done(&f, a);
	}
}

struct wrote {
	bool done;
	enum write_end end;
	enum answer_case kind;
};

static void on_written(void *ctx, enum write_end end, struct answer *an)
{
	*(struct wrote *)ctx = (struct wrote){true, end, an->kind};
}

static void on_dropped(void *ctx)
{
	(void)ctx;
}

static void writes_follow_the_retry_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof retry_cases / sizeof *retry_cases; i++) {
		const struct retry_case *c = &retry_cases[i];
		struct wrote w = {0};
		struct fake f;
		struct api *a = fake_api(&f, same, (void *)(uintptr_t)c);

		mutate_batch(a, &(struct mutation){.account_id = "acc1",
				    .body = "[]",
				    .ctx = &w,
				    .done = on_written,
				    .drop = on_dropped});
		fake_run(&f, &w.done, 100, 1200000);
		if (!w.done || w.end != c->end || f.n != c->writes)
			fail_msg("%s: %u requests, end %d instead of %u, end %d", c->name, f.n,
			    (int)w.end, c->writes, (int)c->end);
		fake_done(&f, a);
	}
}

static struct fake_reply storm(struct fake *f, const struct transport_request *r, unsigned nth)
{
	(void)f, (void)r, (void)nth;
	return (struct fake_reply){.status = 429, .body = API_ERROR("TOO_MANY_REQUESTS")};
}

static void a20_a_429_storm_costs_few_requests(void **state)
{
	struct got g[20] = {0};
	struct fake f;
	struct api *a = fake_api(&f, storm, NULL);

	(void)state;
	for (int i = 0; i < 20; i++)
		ask(a, &g[i]);
	fake_run(&f, NULL, 250, 600000);
	assert_true(f.n <= 12 + MAX_READS_IN_FLIGHT);
	fake_done(&f, a);
}

/* --- clock --- */

struct clock_case {
	int64_t server;
	unsigned requests;
	bool ok;
	const char *code;
};

static struct fake_reply skewed(struct fake *f, const struct transport_request *r, unsigned nth)
{
	static char date[64];
	const struct clock_case *c = f->user;
	const char *at = strstr(r->authorization, "oauth_timestamp=\"");
	long long stamp = strtoll(at + 17, NULL, 10), off = stamp - (long long)c->server;
	time_t t = (time_t)c->server;
	struct tm tm;

	(void)nth;
	gmtime_r(&t, &tm);
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	if (off > -300 && off < 300)
		return (struct fake_reply){
		    .status = 200, .body = EMPTY, .headers = {{"date", date}}};
	return (struct fake_reply){.status = 401,
	    .body = "{\"errors\":[{\"code\":135,\"message\":\"Timestamp out of bounds.\"}]}",
	    .headers = {{"date", date}}};
}

static void a23_a_skewed_clock_is_corrected_once(void **state)
{
	static const struct clock_case cases[] = {
	    {1767690000 + 600, 2, true, ""},
	    {1767690000 - 600, 2, true, ""},
	    {1767690000 + 2 * 86400 - 60, 2, true, ""},
	    {0, 1, false, "135"}, /* a server that believes in 1970 */
	    {253370764800, 1, false, "135"}, /* year 9999 */
	    {1767690000 + 3 * 86400, 1, false, "135"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct got g = {0};
		struct fake f;
		struct api *a = fake_api(&f, skewed, (void *)(uintptr_t)&cases[i]);

		clock_pin(1767690000);
		ask(a, &g);
		for (int k = 0; k < 20; k++)
			loop_turn(f.loop, 0);
		assert_true(g.done);
		assert_int_equal(f.n, cases[i].requests);
		assert_int_equal(g.err, cases[i].ok ? ERR_OK : ERR_AUTH);
		assert_int_equal(api_stats(a).clock_corrected, cases[i].ok);
		assert_string_equal(g.ei.api_code, cases[i].code);
		fake_done(&f, a);
	}
}

/* --- budgets --- */

static struct fake_reply counted(struct fake *f, const struct transport_request *r, unsigned nth)
{
	static char left[16], reset[24];
	int *remaining = f->user;

	(void)r, (void)nth;
	if (*remaining > 0)
		--*remaining;
	snprintf(left, sizeof left, "%d", *remaining);
	snprintf(reset, sizeof reset, "%lld", (long long)1767690000 + 60);
	return (struct fake_reply){.status = 200,
	    .body = EMPTY,
	    .headers = {{"x-rate-limit-limit", "400"}, {"x-rate-limit-remaining", left},
		{"x-rate-limit-reset", reset}, {"x-account-rate-limit-limit", NULL}}};
}

static void requests_wait_for_the_reset_of_their_budget(void **state)
{
	int remaining = 3;
	struct got g[6] = {0};
	struct req_id id[6];
	struct fake f;
	struct api *a = fake_api(&f, counted, &remaining);
	const char *li[] = {"li1"};

	(void)state;
	clock_pin(1767690000);
	for (int i = 0; i < 6; i++) {
		struct api_call c = call(&g[i]);

		id[i] = api_lookup(a, &(struct lookup_query){.kind = "languages"}, &c);
		for (int k = 0; k < 6; k++)
			loop_turn(f.loop, 0);
	}
	assert_int_equal(f.n, 3);
	assert_int_equal(req_state(a, id[4]).phase, REQ_RATE_WAIT);
	assert_true(req_state(a, id[4]).wait_ms > 50000);
	struct api_stats st = api_stats(a);

	assert_true(st.has_tightest);
	assert_string_equal(st.tightest.name, "look-ups");
	assert_int_equal(st.tightest.remaining, 0);
	assert_int_equal(st.tightest.reset_wall_s, 1767690060);
	assert_int_equal(st.waiting, 3);
	assert_true(req_cancel(a, id[5])); /* a wait can be left */
	/* another bucket is not held up */
	struct got other = {0};
	struct api_call c = call(&other);

	api_criteria(a,
	    &(struct criteria_query){.account_id = "acc1", .line_item_ids = li, .n_line_items = 1},
	    &c);
	for (int k = 0; k < 6; k++)
		loop_turn(f.loop, 0);
	assert_true(other.done);
	remaining = 100;
	fake_run(&f, &g[4].done, 1000, 61000);
	assert_true(g[3].done && g[4].done);
	assert_int_equal(g[5].calls, 0);
	fake_done(&f, a);
}

static struct fake_reply families(struct fake *f, const struct transport_request *r, unsigned nth)
{
	(void)f, (void)r, (void)nth;
	return (struct fake_reply){.status = 200,
	    .body = EMPTY,
	    .headers = {{"x-rate-limit-limit", "900000"}, {"x-rate-limit-remaining", "899999"},
		{"x-rate-limit-reset", "1767690900"}, {"x-account-rate-limit-limit", "10000"},
		{"x-account-rate-limit-remaining", "42"},
		{"x-account-rate-limit-reset", "1767690060"}}};
}

static void g2_the_account_family_counts(void **state)
{
	struct api_budget b[4];
	struct got g = {0};
	struct fake f;
	struct api *a = fake_api(&f, families, NULL);

	(void)state;
	clock_pin(1767690000);
	ask(a, &g);
	for (int k = 0; k < 10; k++)
		loop_turn(f.loop, 0);
	assert_true(g.done);
	assert_int_equal(api_budgets(a, b, 4), 1);
	assert_int_equal(b[0].remaining, 42);
	assert_int_equal(b[0].limit, 10000);
	assert_string_equal(b[0].scope, "acc1");
	fake_done(&f, a);
}

static char order[64];

static void on_order(struct req_id id, struct api_result *res, void *user)
{
	size_t n = strlen(order);

	(void)id, (void)res;
	order[n] = *(const char *)user;
}

static void the_user_goes_before_background_and_four_fly(void **state)
{
	struct fake f;
	struct api *a = fake_api(&f, slow, NULL);

	(void)state;
	memset(order, 0, sizeof order);
	for (int i = 0; i < 10; i++)
		api_line_items(a, &items,
		    &(struct api_call){.fn = on_order,
			.user = (void *)(uintptr_t) "b",
			.priority = REQ_BACKGROUND});
	for (int i = 0; i < 6; i++)
		api_line_items(
		    a, &items, &(struct api_call){.fn = on_order, .user = (void *)(uintptr_t) "u"});
	fake_run(&f, NULL, 5, 1000);
	assert_int_equal(strlen(order), 16);
	assert_int_equal(strncmp(order, "uuuu", 4), 0);
	assert_int_equal(f.max_flying, MAX_READS_IN_FLIGHT);
	fake_done(&f, a);
}

static void background_alone_leaves_room_for_the_user(void **state)
{
	struct fake f;
	struct api *a = fake_api(&f, slow, NULL);

	(void)state;
	memset(order, 0, sizeof order);
	for (int i = 0; i < 10; i++)
		api_line_items(a, &items,
		    &(struct api_call){.fn = on_order,
			.user = (void *)(uintptr_t) "b",
			.priority = REQ_BACKGROUND});
	fake_run(&f, NULL, 5, 1000);
	assert_int_equal(f.max_flying, MAX_BACKGROUND_IN_FLIGHT);
	fake_done(&f, a);
}

static void budgets_come_back_after_a_restart(void **state)
{
	int remaining = 1000;
	struct got g = {0};
	struct api_call c = call(&g);
	struct fake f;
	struct api *a = fake_api(&f, counted, &remaining);

	(void)state;
	clock_pin(1767690000);
	assert_int_equal(api_budget_restore(a, &(struct api_budget){.name = "look-ups",
						   .known = true,
						   .limit = 400,
						   .remaining = 0,
						   .reset_wall_s = 1767690030}),
	    ERR_OK);
	api_lookup(a, &(struct lookup_query){.kind = "languages"}, &c);
	for (int k = 0; k < 10; k++)
		loop_turn(f.loop, 0);
	assert_int_equal(f.n, 0);
	fake_run(&f, &g.done, 1000, 31000);
	assert_true(g.done);
	fake_done(&f, a);
}

/* --- the raw call --- */

static struct fake_reply teapot(struct fake *f, const struct transport_request *r, unsigned nth)
{
	(void)f, (void)r, (void)nth;
	return (struct fake_reply){.status = 404,
	    .body = "{\"errors\": [ {\"code\":\"ROUTE_NOT_FOUND\",\"message\":\"\\u00e9\"} ]}",
	    .headers = {{"content-type", "application/json"}}};
}

static void on_raw(struct req_id id, struct api_result *res, void *user)
{
	struct got *g = user;

	(void)id;
	g->calls++;
	g->err = res->err;
	g->ei = res->ei;
	if (res->kind != API_RAW)
		return;
	assert_int_equal(res->raw.status, 404);
	assert_string_equal(res->raw.body,
	    "{\"errors\": [ {\"code\":\"ROUTE_NOT_FOUND\",\"message\":\"\\u00e9\"} ]}");
	assert_int_equal(res->raw.n_headers, 1);
	assert_string_equal(res->raw.headers[0].name, "content-type");
	g->pages++;
}

static void raw_bodies_come_as_they_were(void **state)
{
	struct got g = {0};
	struct api_call c = {.fn = on_raw, .user = &g};
	struct fake f;
	struct api *a = fake_api(&f, teapot, NULL);

	(void)state;
	api_raw(a, &(struct raw_query){.method = "GET", .path = "/12/x?b=%C3%A9&a=1+2"}, &c);
	fake_run(&f, NULL, 1, 5);
	assert_int_equal(g.pages, 1);
	assert_int_equal(g.err, ERR_NOTFOUND);
	assert_string_equal(g.ei.api_code, "ROUTE_NOT_FOUND");
	assert_string_equal(f.last_url, "https://ads-api.x.com/12/x?b=%C3%A9&a=1%202");
	fake_done(&f, a);
}

static void raw_writes_and_odd_paths_are_refused(void **state)
{
	static const struct raw_query bad[] = {
	    {.method = "POST", .path = "/12/accounts"},
	    {.method = "DELETE", .path = "/12/accounts/a/line_items/b"},
	    {.method = "PATCH", .path = "/12/accounts"},
	    {.method = "GET", .path = "http://evil/12/accounts"},
	    {.method = "GET", .path = "/12/../../x"},
	    {.method = "GET", .path = "//evil/x"},
	    {.method = "GET", .path = "/12/acc%2f"},
	    {.method = "GET", .path = "/12/accounts\r\nx: y"},
	    {.method = "GET", .path = "/12/accounts?a=%zz"},
	    {.method = "GET", .path = ""},
	};
	struct fake f;
	struct api *a = fake_api(&f, teapot, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct got g = {0};
		struct api_call c = {.fn = on_raw, .user = &g};

		api_raw(a, &bad[i], &c);
		fake_run(&f, NULL, 1, 3);
		assert_int_equal(g.calls, 1);
		assert_int_not_equal(g.err, ERR_OK);
	}
	assert_int_equal(f.n, 0);
	fake_done(&f, a);
}

/* --- requests as the traps of reference 10 ask for them --- */

static void g12_booleans_and_lists_are_written_plainly(void **state)
{
	const char *ids[] = {"a1", "b2", "c3"};
	struct list_query q = {.account_id = "acc1",
	    .ids = ids,
	    .n_ids = 3,
	    .sort_by = "updated_at-desc",
	    .with_deleted = true,
	    .with_draft = true};
	struct got g = {0};
	struct api_call c = call(&g);
	struct fake f;
	struct api *a = fake_api(&f, empty, NULL);

	(void)state;
	api_line_items(a, &q, &c);
	fake_run(&f, NULL, 1, 5);
	assert_string_equal(f.last_url,
	    "https://ads-api.x.com/12/accounts/acc1/line_items?line_item_ids=a1%2Cb2%2Cc3&"
	    "sort_by=updated_at-desc&with_deleted=true&with_draft=true&count=1000"); /* G17 too */
	fake_done(&f, a);
}

/* Take the request apart again and sign what arrived: the signature must be the one it carries. */
static void expect_signed_as_sent(const struct fake *f, const char *method)
{
	const char *query = strchr(f->last_url, '?');
	char url[512], nonce[64] = "", signature[OAUTH_SIGNATURE_SIZE], want[64];
	const char *at = strstr(f->last_auth, "oauth_nonce=\"");
	struct oauth_keys keys = {"ck", "cs", "at", "ats"};
	struct oauth_params p;
	struct buf b;

	snprintf(url, sizeof url, "%.*s", (int)strcspn(f->last_url, "?"), f->last_url);
	sscanf(at + 13, "%40[0-9a-f]", nonce);
	at = strstr(f->last_auth, "oauth_timestamp=\"");
	oauth_params_init(&p);
	assert_int_equal(oauth_params_parse(&p, query ? query + 1 : "", NULL), ERR_OK);
	oauth_sign(&keys,
	    &(struct oauth_request){.method = method,
		.url = url,
		.params = p.v,
		.n_params = p.n,
		.nonce = nonce,
		.timestamp = strtoll(at + 17, NULL, 10)},
	    signature, NULL);
	buf_init(&b, 256);
	oauth_encode(&b, signature, strlen(signature));
	snprintf(want, sizeof want, "oauth_signature=\"%s\"", buf_str(&b));
	assert_non_null(strstr(f->last_auth, want));
	buf_done(&b);
	oauth_params_done(&p);
}

static void g13_g16_what_is_sent_is_what_is_signed(void **state)
{
	struct api_param p[] = {{"q", "S\xc3\xa3o Paulo + \xf0\x9f\xa4\x96 & co, 100%!*'()"},
	    {"location_type", "CITIES"}};
	struct got g = {0};
	struct api_call c = call(&g);
	struct fake f;
	struct api *a = fake_api(&f, empty, NULL);

	(void)state;
	api_lookup(a, &(struct lookup_query){.kind = "locations", .params = p, .n_params = 2}, &c);
	fake_run(&f, NULL, 1, 5);
	assert_non_null(strstr(f.last_url,
	    "?q=S%C3%A3o%20Paulo%20%2B%20%F0%9F%A4%96%20%26%20co%2C%20100%25%21%2A%27%28%29&"));
	expect_signed_as_sent(&f, "GET");
	/* a JSON body is no part of the signature */
	struct criterion cr = {.type_name = "LOCATION", .value = "96683cc9126741d1", .op = OP_EQ};

	api_estimate(
	    a, &(struct estimate_query){.account_id = "acc1", .criteria = &cr, .n = 1}, &c);
	fake_run(&f, NULL, 1, 5);
	assert_string_equal(f.last_body,
	    "{\"targeting_criteria\":[{\"targeting_type\":\"LOCATION\",\"targeting_value\":"
	    "\"96683cc9126741d1\",\"operator_type\":\"EQ\"}]}");
	expect_signed_as_sent(&f, "POST");
	fake_done(&f, a);
}

static void g35_tv_shows_come_50_at_a_time(void **state)
{
	struct api_param locale = {"locale", "en-US"};
	struct got g = {0};
	struct api_call c = call(&g);
	struct fake f;
	struct api *a = fake_api(&f, empty, NULL);

	(void)state;
	api_lookup(
	    a, &(struct lookup_query){.kind = "tv_shows", .params = &locale, .n_params = 1}, &c);
	fake_run(&f, NULL, 1, 5);
	assert_string_equal(f.last_url,
	    "https://ads-api.x.com/12/targeting_criteria/tv_shows?locale=en-US&count=50");
	api_lookup(a, &(struct lookup_query){.kind = "platform_versions"}, &c);
	fake_run(&f, NULL, 1, 5);
	assert_string_equal(/* takes no count */
	    f.last_url, "https://ads-api.x.com/12/targeting_criteria/platform_versions");
	fake_done(&f, a);
}

static void g44_shared_audiences_are_asked_for(void **state)
{
	struct list_query q = {.account_id = "acc1", .permission_scope = "SHARED"};
	struct got g = {0};
	struct api_call c = call(&g);
	struct fake f;
	struct api *a = fake_api(&f, empty, NULL);

	(void)state;
	api_audiences(a, &q, &c);
	fake_run(&f, NULL, 1, 5);
	assert_non_null(strstr(f.last_url, "permission_scope=SHARED"));
	fake_done(&f, a);
}

static struct fake_reply barred(struct fake *f, const struct transport_request *r, unsigned nth)
{
	(void)f, (void)r, (void)nth;
	return (struct fake_reply){.status = 400,
	    .body =
		"{\"errors\":[{\"code\":\"INVALID_PARAMETER\",\"message\":\"Account may not target "
		"\\u00d6sterreich\",\"parameter\":\"targeting_value\"}]}"};
}

static void g41_messages_are_kept_verbatim(void **state)
{
	struct got g = {0};
	struct fake f;
	struct api *a = fake_api(&f, barred, NULL);

	(void)state;
	ask(a, &g);
	fake_run(&f, NULL, 1, 5);
	assert_string_equal(g.ei.msg, "Account may not target \xc3\x96sterreich");
	assert_string_equal(g.ei.param, "targeting_value");
	fake_done(&f, a);
}

/* --- set-up --- */

static void f6_only_https_or_this_machine(void **state)
{
	static const char *const bad[] = {"http://ads-api.x.com", "ftp://x", "ads-api.x.com", "",
	    "https://", "http://127.0.0.1.evil.com", "http://127.0.0.1@evil.com",
	    "http://localhost.evil.com", "https://a@b.com", "https://x.com/path", "https://x.com?x",
	    "http://[::2]:80", "http://10.0.0.1", "http://127.1.evil", "https://x y", NULL};
	static const char *const good[] = {"https://ads-api.x.com", "https://ads-api.x.com/",
	    "http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:80", "http://127.8.9.1"};
	struct loop *l = loop_new();

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct api_config cfg = fake_config;
		struct errinfo ei = {0};

		cfg.base_url = bad[i];
		if (api_new(l, &cfg, &ei))
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(ei.code, ERR_CONFIG);
	}
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct api_config cfg = fake_config;

		cfg.base_url = good[i];
		struct api *a = api_new(l, &cfg, NULL);

		if (!a)
			fail_msg("refused: %s", good[i]);
		api_free(a);
	}
	loop_free(l);
}

static void missing_keys_are_named(void **state)
{
	struct loop *l = loop_new();
	struct api_config cfg = fake_config;
	struct errinfo ei;

	(void)state;
	cfg.token = "";
	assert_null(api_new(l, &cfg, &ei));
	assert_string_equal(ei.msg, "the access token is missing");
	cfg = fake_config;
	cfg.consumer_secret = "with space";
	assert_null(api_new(l, &cfg, &ei));
	assert_null(strstr(ei.msg, "with space")); /* a secret is in no message */
	loop_free(l);
}

static void every_allocation_may_fail_once(void **state)
{
	unsigned long points = 0;

	(void)state;
	for (long n = 0;; n++) {
		struct got g = {0};
		struct fake f;
		struct api *a = fake_api(&f, paged, NULL);

		mem_fail_after(n, 0);
		struct req_id id = ask(a, &g);

		fake_run(&f, NULL, 10, 3000);
		mem_fail_after(-1, 0);
		/* either nothing was submitted, or the callback came to an end, once */
		if (id.gen == 0 ? g.calls != 0 : g.lasts != 1)
			fail_msg("allocation %ld: %u calls, %u last", n, g.calls, g.lasts);
		fake_done(&f, a);
		points++;
		if (g.pages == 3 && g.err == ERR_OK && n > 200)
			break;
	}
	assert_true(points > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(callbacks_never_run_inside_the_call),
	    cmocka_unit_test(b17_hostile_ids_never_enter_a_path),
	    cmocka_unit_test(after_a_cancel_nothing_comes),
	    cmocka_unit_test(work_dies_with_its_owner),
	    cmocka_unit_test(lists_call_back_once_a_page),
	    cmocka_unit_test(cancelling_within_a_page_stops_the_list),
	    cmocka_unit_test(max_pages_leaves_the_cursor_to_go_on),
	    cmocka_unit_test(b1_a_cursor_that_repeats_stops),
	    cmocka_unit_test(b2_pages_that_repeat_their_rows_stop),
	    cmocka_unit_test(b4_junk_cursors_are_encoded_or_refused),
	    cmocka_unit_test(reads_follow_the_retry_table),
	    cmocka_unit_test(writes_follow_the_retry_table),
	    cmocka_unit_test(a20_a_429_storm_costs_few_requests),
	    cmocka_unit_test(a23_a_skewed_clock_is_corrected_once),
	    cmocka_unit_test(requests_wait_for_the_reset_of_their_budget),
	    cmocka_unit_test(g2_the_account_family_counts),
	    cmocka_unit_test(the_user_goes_before_background_and_four_fly),
	    cmocka_unit_test(background_alone_leaves_room_for_the_user),
	    cmocka_unit_test(budgets_come_back_after_a_restart),
	    cmocka_unit_test(raw_bodies_come_as_they_were),
	    cmocka_unit_test(raw_writes_and_odd_paths_are_refused),
	    cmocka_unit_test(g12_booleans_and_lists_are_written_plainly),
	    cmocka_unit_test(g13_g16_what_is_sent_is_what_is_signed),
	    cmocka_unit_test(g35_tv_shows_come_50_at_a_time),
	    cmocka_unit_test(g44_shared_audiences_are_asked_for),
	    cmocka_unit_test(g41_messages_are_kept_verbatim),
	    cmocka_unit_test(f6_only_https_or_this_machine),
	    cmocka_unit_test(missing_keys_are_named),
	    cmocka_unit_test(every_allocation_may_fail_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
