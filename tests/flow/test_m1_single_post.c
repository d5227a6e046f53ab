/* The first test of the suite: a write is sent once.
 *
 * libcurl by itself sends a POST again, without telling, when a reused connection turns out to be
 * dead after the request was written. The server here takes a GET, keeps the connection, takes the
 * POST and closes without an answer: to the server the POST is done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <curl/curl.h>
#include <string.h>
#include "api/mutate.h"
#include "base/clock.h"
#include "base/loop.h"
#include "tests/flow/listener.h"

static enum verdict swallow_posts(int fd, const struct heard *h, void *user)
{
	(void)user;
	if (strcmp(h->method, "GET") != 0)
		return CLOSE;
	say_json(fd, 200, "{\"data\":[],\"next_cursor\":null}");
	return KEEP;
}

struct outcome {
	unsigned calls, sends;
	enum write_end end;
	enum answer_case kind;
};

static void read_done(struct req_id id, struct api_result *res, void *user)
{
	(void)id;
	assert_int_equal(res->err, ERR_OK);
	*(bool *)user = true;
}

static enum err write_sent(void *ctx, const char *nonce, int64_t at, struct errinfo *ei)
{
	struct outcome *o = ctx;

	(void)nonce, (void)at, (void)ei;
	o->sends++;
	return ERR_OK;
}

static void write_done(void *ctx, enum write_end end, struct answer *an)
{
	struct outcome *o = ctx;

	o->calls++;
	o->end = end;
	o->kind = an->kind;
}

static void write_dropped(void *ctx)
{
	(void)ctx;
}

static void run_until(struct loop *l, const bool *done, const unsigned *count)
{
	int64_t until = clock_mono_ms() + 10000;

	while (!(done && *done) && !(count && *count) && clock_mono_ms() < until)
		loop_turn(l, 50);
}

static const struct api_config config = {
    .consumer_key = "ck", .consumer_secret = "cs", .token = "at", .token_secret = "ats"};

static void post_on_a_warm_connection_is_sent_once(void **state)
{
	struct listener *s = listener_start(swallow_posts, NULL);
	struct api_config cfg = config;
	struct loop *l = loop_new();
	struct outcome o = {0};
	bool read = false;

	(void)state;
	cfg.base_url = listener_url(s);
	struct api *a = api_new(l, &cfg, NULL);

	assert_non_null(a);
	api_accounts(
	    a, &(struct list_query){0}, &(struct api_call){.fn = read_done, .user = &read});
	run_until(l, &read, NULL);
	assert_true(read);
	mutate_batch(a, &(struct mutation){.account_id = "18ce5demo01",
			    .body = "[]",
			    .ctx = &o,
			    .before_send = write_sent,
			    .done = write_done,
			    .drop = write_dropped});
	run_until(l, NULL, &o.calls);
	/* a double would come right after the first: give it time to show */
	for (int i = 0; i < 20; i++)
		loop_turn(l, 10);
	assert_int_equal(o.calls, 1);
	assert_int_equal(o.sends, 1);
	assert_int_equal(o.kind, ANSWER_BROKEN);
	assert_int_equal(o.end, END_UNKNOWN);
	assert_int_equal(listener_count(s, "GET"), 1);
	assert_int_equal(listener_count(s, "POST"), 1);
	api_free(a);
	loop_free(l);
	listener_stop(s);
}

static size_t drop(char *p, size_t size, size_t n, void *user)
{
	(void)p, (void)user;
	return size * n;
}

/* So that the test above can fail: the same with libcurl's defaults arrives twice. */
static void default_libcurl_sends_it_twice(void **state)
{
	struct listener *s = listener_start(swallow_posts, NULL);
	CURL *easy = curl_easy_init();

	(void)state;
	curl_easy_setopt(easy, CURLOPT_URL, listener_url(s));
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
	assert_int_equal(curl_easy_perform(easy), CURLE_OK);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "[]");
	assert_int_equal(curl_easy_perform(easy), CURLE_GOT_NOTHING);
	curl_easy_cleanup(easy);
	assert_int_equal(listener_count(s, "POST"), 2);
	listener_stop(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(post_on_a_warm_connection_is_sent_once),
	    cmocka_unit_test(default_libcurl_sends_it_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
