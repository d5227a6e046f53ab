/* Lists of several pages over a transport in memory: a callback for each, and no way to loop. */
#include "tests/unit/api/asking.h"

static struct fake_reply paged(struct fake *f, const struct transport_request *r, unsigned nth)
{
	static char body[512];

	(void)f, (void)r;
	snprintf(body, sizeof body,
	    "{\"data\":[{\"id\":\"a%u\"},{\"id\":\"b%u\"}],\"next_cursor\":%s}", nth, nth,
	    nth < 3 ? nth == 1 ? "\"c-1Z\"" : "\"c&=2/+\"" : "null");
	return (struct fake_reply){.status = 200, .body = body};
}

static void g40_lists_call_back_once_a_page_and_encode_cursors(void **state)
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
	assert_non_null(strstr(f.last_url, "cursor=c%26%3D2%2F%2B"));
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
	    cmocka_unit_test(g40_lists_call_back_once_a_page_and_encode_cursors),
	    cmocka_unit_test(cancelling_within_a_page_stops_the_list),
	    cmocka_unit_test(max_pages_leaves_the_cursor_to_go_on),
	    cmocka_unit_test(b1_a_cursor_that_repeats_stops),
	    cmocka_unit_test(b2_pages_that_repeat_their_rows_stop),
	    cmocka_unit_test(b4_junk_cursors_are_encoded_or_refused),
	    cmocka_unit_test(every_allocation_may_fail_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
