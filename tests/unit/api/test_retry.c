/* What is asked again, row by row of retry.def, for reads and for writes; storms and clocks. */
#include "tests/unit/api/asking.h"
#include <time.h>
#include "api/mutate.h"

/* --- retry.def, row by row --- */

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
	assert_true(f.n <= 12);
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
	    {1767690000 - 2 * 86400 + 60, 2, true, ""},
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

/* Four fly when the first answer tells the time: each of them is signed anew, once. */
static void a23_what_was_signed_before_the_correction_is_signed_anew(void **state)
{
	struct clock_case ahead = {.server = 1767690000 + 7200};
	struct got g[MAX_READS_IN_FLIGHT] = {0};
	struct fake f;
	struct api *a = fake_api(&f, skewed, &ahead);

	(void)state;
	clock_pin(1767690000);
	for (int i = 0; i < MAX_READS_IN_FLIGHT; i++)
		ask(a, &g[i]);
	for (int k = 0; k < 40; k++)
		loop_turn(f.loop, 0);
	for (int i = 0; i < MAX_READS_IN_FLIGHT; i++) {
		assert_true(g[i].done);
		assert_int_equal(g[i].err, ERR_OK);
	}
	assert_int_equal(f.max_flying, MAX_READS_IN_FLIGHT);
	assert_int_equal(f.n, 2 * MAX_READS_IN_FLIGHT);
	fake_done(&f, a);
}

static struct fake_reply revoked_and_late(
    struct fake *f, const struct transport_request *r, unsigned nth)
{
	struct fake_reply a = skewed(f, r, nth);

	a.status = 401;
	a.body = "{\"errors\":[{\"code\":89,\"message\":\"Invalid or expired token.\"}]}";
	return a;
}

/* And never a third time, whatever the reason. */
static void a23_no_third_try(void **state)
{
	struct clock_case ahead = {.server = 1767690000 + 7200};
	struct got g[MAX_READS_IN_FLIGHT] = {0};
	struct fake f;
	struct api *a = fake_api(&f, revoked_and_late, &ahead);

	(void)state;
	clock_pin(1767690000);
	for (int i = 0; i < MAX_READS_IN_FLIGHT; i++)
		ask(a, &g[i]);
	for (int k = 0; k < 40; k++)
		loop_turn(f.loop, 0);
	for (int i = 0; i < MAX_READS_IN_FLIGHT; i++)
		assert_int_equal(g[i].err, ERR_AUTH);
	assert_int_equal(f.n, 2 * MAX_READS_IN_FLIGHT);
	fake_done(&f, a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_follow_the_retry_table),
	    cmocka_unit_test(writes_follow_the_retry_table),
	    cmocka_unit_test(a20_a_429_storm_costs_few_requests),
	    cmocka_unit_test(a23_a_skewed_clock_is_corrected_once),
	    cmocka_unit_test(a23_what_was_signed_before_the_correction_is_signed_anew),
	    cmocka_unit_test(a23_no_third_try),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
