/* Answers of reads are scanned and decoded in pieces: keys come between two of them, and the network
 * has the next page of criteria before this one is decoded. */
#include <poll.h>
#include <unistd.h>
#include "tests/unit/api/asking.h"

#define ROWS 1000

static int keys[2];
static unsigned served;
static bool more_keys;

static void press(void)
{
	assert_int_equal(write(keys[1], "k", 1), 1);
}

static void on_key(struct loop *l, int fd, short events, void *user)
{
	char c;

	(void)l, (void)events, (void)user;
	assert_int_equal(read(fd, &c, 1), 1);
	served++;
	if (more_keys)
		press();
}

static void watch_keys(struct fake *f, bool always)
{
	served = 0;
	more_keys = always;
	assert_int_equal(pipe(keys), 0);
	loop_watch(f->loop, keys[0], POLLIN, LOOP_INPUT, on_key, NULL);
	if (always)
		press();
}

static void done(struct fake *f, struct api *a)
{
	close(keys[0]);
	close(keys[1]);
	fake_done(f, a);
}

/* One page of ROWS criteria; the next cursor only when there is one. */
static const char *page_of(unsigned nth, bool last)
{
	static char text[ROWS * 120];
	size_t n = (size_t)snprintf(text, sizeof text, "{\"data\":[");

	for (int i = 0; i < ROWS; i++)
		n += (size_t)snprintf(text + n, sizeof text - n,
		    "%s{\"id\":\"c%u%04d\",\"line_item_id\":\"x\",\"targeting_type\":\"LOCATION\","
		    "\"targeting_value\":\"v%d\"}",
		    i ? "," : "", nth, i, i);
	snprintf(text + n, sizeof text - n, "],\"next_cursor\":%s}", last ? "null" : "\"next\"");
	return text;
}

static struct fake_reply two_pages(struct fake *f, const struct transport_request *r, unsigned nth)
{
	(void)f, (void)r;
	return (struct fake_reply){
	    .status = 200, .body = page_of(nth, nth == 2), .delay_ms = nth == 2 ? 1000 : 0};
}

static struct fake_reply no_rows(struct fake *f, const struct transport_request *r, unsigned nth)
{
	(void)f, (void)r, (void)nth;
	return (struct fake_reply){.status = 200,
	    .body = "{\"data\":7,\"next_cursor\":\"next\"}",
	    .delay_ms = nth == 2 ? 1000 : 0};
}

static void on_criteria(struct req_id id, struct api_result *res, void *user)
{
	on_page(id, res, user);
	if (!res->err)
		((struct got *)user)->rows += res->criteria.n;
}

static struct req_id ask_criteria(struct api *a, struct got *g)
{
	static const char *const ids[] = {"x"};
	struct criteria_query q = {.account_id = "acc1", .line_item_ids = ids, .n_line_items = 1};
	struct api_call c = {.fn = on_criteria, .user = g};

	return api_criteria(a, &q, &c);
}

static void keys_come_between_the_pieces_of_a_page(void **state)
{
	struct got g = {0};
	struct fake f;
	struct api *a = fake_api(&f, two_pages, NULL);
	unsigned turns = 0;

	(void)state;
	watch_keys(&f, true);
	ask_criteria(a, &g);
	while (!g.pages && turns++ < 1000) {
		unsigned before = served;

		loop_turn(f.loop, 0);
		assert_int_equal(served, before + 1); /* each turn begins with its key */
	}
	assert_int_equal(g.rows, ROWS);
	/* a piece a turn: it took that many, and no key waited for the whole page */
	assert_in_range(turns, 20, 100);
	done(&f, a);
}

static void without_keys_a_page_comes_in_one_turn(void **state)
{
	struct got g = {0};
	struct fake f;
	struct api *a = fake_api(&f, two_pages, NULL);

	(void)state;
	clock_step_ms(0); /* the clock stands still, so that the slice of a turn does not end */
	watch_keys(&f, false);
	ask_criteria(a, &g);
	for (int i = 0; i < 3; i++)
		loop_turn(f.loop, 0);
	assert_int_equal(g.pages, 1);
	done(&f, a);
}

static void the_next_page_is_asked_for_before_this_one_is_decoded(void **state)
{
	struct got g = {0};
	struct fake f;
	struct api *a = fake_api(&f, two_pages, NULL);

	(void)state;
	watch_keys(&f, true);
	ask_criteria(a, &g);
	for (int i = 0; f.n < 2 && i < 1000; i++)
		loop_turn(f.loop, 0);
	assert_int_equal(f.n, 2);
	assert_int_equal(g.calls, 0);
	assert_non_null(strstr(f.last_url, "cursor=next"));
	more_keys = false;
	fake_run(&f, &g.done, 10, 3000);
	assert_int_equal(g.pages, 2);
	assert_int_equal(g.lasts, 1);
	assert_int_equal(g.rows, 2 * ROWS);
	assert_int_equal(f.n, 2);
	done(&f, a);
}

/* Lists that may end early (what changed since a moment) spend no request before that is known. */
static void lists_do_not_ask_ahead(void **state)
{
	struct got g = {0};
	struct fake f;
	struct api *a = fake_api(&f, two_pages, NULL);

	(void)state;
	watch_keys(&f, true);
	ask(a, &g);
	for (int i = 0; !g.calls && i < 1000; i++) {
		assert_in_range(f.n, 0, 1);
		loop_turn(f.loop, 0);
	}
	assert_int_equal(g.calls, 1);
	done(&f, a);
}

static void a_cancelled_page_never_arrives(void **state)
{
	(void)state;
	for (int after = 1; after < 25; after += 6) {
		struct got g = {0};
		struct fake f;
		struct api *a = fake_api(&f, two_pages, NULL);
		struct req_id id;

		watch_keys(&f, true);
		id = ask_criteria(a, &g);
		for (int i = 0; i < after; i++)
			loop_turn(f.loop, 0);
		assert_int_equal(g.calls, 0);
		assert_true(req_cancel(a, id));
		more_keys = false;
		fake_run(&f, NULL, 100, 3000);
		assert_int_equal(g.calls, 0);
		assert_int_equal(api_stats(a).in_flight, 0);
		assert_int_equal(f.flying, 0);
		done(&f, a);
	}
}

static void a_page_that_cannot_be_used_ends_what_was_asked_ahead(void **state)
{
	struct got g = {0};
	struct fake f;
	struct api *a = fake_api(&f, no_rows, NULL);

	(void)state;
	watch_keys(&f, true);
	ask_criteria(a, &g);
	for (int i = 0; f.n < 2 && i < 1000; i++)
		loop_turn(f.loop, 0);
	more_keys = false;
	fake_run(&f, NULL, 100, 3000);
	assert_int_equal(g.calls, 1);
	assert_int_equal(g.lasts, 1);
	assert_int_equal(g.err, ERR_PROTOCOL);
	assert_int_equal(f.aborted, 1);
	assert_int_equal(api_stats(a).in_flight, 0);
	done(&f, a);
}

/* The client goes while a page is half decoded: under ASan this finds what is not freed. */
static void the_client_may_end_between_two_pieces(void **state)
{
	(void)state;
	for (int after = 1; after < 25; after += 3) {
		struct got g = {0};
		struct fake f;
		struct api *a = fake_api(&f, two_pages, NULL);

		watch_keys(&f, true);
		ask_criteria(a, &g);
		for (int i = 0; i < after; i++)
			loop_turn(f.loop, 0);
		done(&f, a);
		assert_int_equal(g.calls, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_come_between_the_pieces_of_a_page),
	    cmocka_unit_test(without_keys_a_page_comes_in_one_turn),
	    cmocka_unit_test(the_next_page_is_asked_for_before_this_one_is_decoded),
	    cmocka_unit_test(lists_do_not_ask_ahead),
	    cmocka_unit_test(a_cancelled_page_never_arrives),
	    cmocka_unit_test(a_page_that_cannot_be_used_ends_what_was_asked_ahead),
	    cmocka_unit_test(the_client_may_end_between_two_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
