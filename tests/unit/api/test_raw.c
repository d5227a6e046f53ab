/* The raw call: bodies as they came, nothing that could go elsewhere. */
#include "tests/unit/api/asking.h"

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
	    {.method = "GET", .path = "/12/../x"},
	    {.method = "GET", .path = "/12/./accounts"},
	    {.method = "GET", .path = "/12/%2e%2e/x"},
	    {.method = "GET", .path = "/12/%2E%2E/x"},
	    {.method = "GET", .path = "/12/.%2e/x"},
	    {.method = "GET", .path = "/12//accounts"},
	    {.method = "GET", .path = "/12/accounts#x"},
	    {.method = "GET", .path = "/12/acc ounts"},
	    {.method = "GET", .path = "/12/acc\x7fount"},
	    {.method = "GET", .path = "\\\\evil\\x"},
	    {.method = "GET", .path = "@evil/12/accounts"},
	    {.method = "GET", .path = "https://ads-api.x.com/12/accounts"},
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(raw_bodies_come_as_they_were),
	    cmocka_unit_test(raw_writes_and_odd_paths_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
