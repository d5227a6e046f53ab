/* Signing in with a PIN against the sandbox, beside a client on the same loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/login.h"
#include "tests/flow/harness.h"

static struct sandbox server;

static int set_up(void **state)
{
	static const char *const args[] = {"--no-rate-limit", NULL};

	(void)state;
	server = sandbox_start(args);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sandbox_stop(&server);
	return 0;
}

struct got {
	bool done;
	enum err err;
	struct errinfo ei;
	char url[512], token[256], secret[256], user[64];
};

static void keep(char *out, size_t cap, const char *s)
{
	snprintf(out, cap, "%s", s ? s : "");
}

static void on_login(struct login *lg, const struct login_result *res, void *user)
{
	struct got *g = user;

	(void)lg;
	g->err = res->err;
	g->ei = res->ei;
	keep(g->url, sizeof g->url, res->authorize_url);
	keep(g->token, sizeof g->token, res->token);
	keep(g->secret, sizeof g->secret, res->token_secret);
	keep(g->user, sizeof g->user, res->user_id);
	g->done = true;
}

static struct login *begin(struct loop *l, const char *secret)
{
	struct login *lg = login_new(l,
	    &(struct login_config){.base_url = server.url,
		.consumer_key = server.consumer_key,
		.consumer_secret = secret},
	    NULL);

	assert_non_null(lg);
	return lg;
}

static void on_read(struct req_id id, struct api_result *res, void *user)
{
	struct got *g = user;

	(void)id;
	g->err = res->err;
	g->done = res->last;
}

/* Visit the page that the user would open: it makes the PIN valid. */
static void open_page(const char *url)
{
	char *path = strstr(url, "/oauth/");

	assert_non_null(path);
	char *page = control_get(&server, path);

	assert_non_null(strstr(page, "1234567"));
	free(page);
}

static void a_pin_becomes_a_token_that_works(void **state)
{
	struct loop *l = loop_new();
	struct api_config cfg = sandbox_config(&server);
	struct api *old = api_new(l, &cfg, NULL), *a;
	struct login *lg = begin(l, server.consumer_secret);
	struct got g = {0}, read = {0};

	(void)state;
	/* a client that works beside it on the same loop */
	api_accounts(
	    old, &(struct list_query){0}, &(struct api_call){.fn = on_read, .user = &read});
	assert_int_equal(login_start(lg, on_login, &g, NULL), ERR_OK);
	assert_false(g.done);
	assert_int_equal(login_start(lg, on_login, &g, NULL), ERR_REFUSED);
	assert_true(run_until(l, &g.done, 10000));
	assert_true(run_until(l, &read.done, 10000));
	assert_int_equal(read.err, ERR_OK);
	if (g.err)
		fail_msg("%s: %s", err_name(g.err), g.ei.msg);
	assert_non_null(strstr(g.url, "/oauth/authorize?oauth_token="));
	open_page(g.url);
	g.done = false;
	assert_int_equal(login_finish(lg, "1234567", on_login, &g, NULL), ERR_OK);
	assert_true(run_until(l, &g.done, 10000));
	if (g.err)
		fail_msg("%s: %s", err_name(g.err), g.ei.msg);
	assert_true(*g.token && *g.secret && *g.user);
	login_free(lg);
	api_free(old);
	cfg.token = g.token;
	cfg.token_secret = g.secret;
	a = api_new(l, &cfg, NULL);
	read.done = false;
	api_accounts(a, &(struct list_query){0}, &(struct api_call){.fn = on_read, .user = &read});
	assert_true(run_until(l, &read.done, 10000));
	assert_int_equal(read.err, ERR_OK);
	api_free(a);
	loop_free(l);
}

static void wrong_pins_and_keys_are_refused(void **state)
{
	static const char *const pins[] = {"", "12", "12345x", "12345678901234567", " 1234567"};
	struct loop *l = loop_new();
	struct login *lg = begin(l, server.consumer_secret);
	struct got g = {0};

	(void)state;
	assert_int_equal(login_finish(lg, "1234567", on_login, &g, NULL), ERR_REFUSED);
	login_start(lg, on_login, &g, NULL);
	assert_true(run_until(l, &g.done, 10000));
	open_page(g.url);
	for (size_t i = 0; i < sizeof pins / sizeof *pins; i++)
		assert_int_equal(login_finish(lg, pins[i], on_login, &g, NULL), ERR_USAGE);
	g.done = false;
	assert_int_equal(login_finish(lg, "7654321", on_login, &g, NULL), ERR_OK);
	assert_true(run_until(l, &g.done, 10000));
	assert_int_equal(g.err, ERR_AUTH);
	login_free(lg);
	lg = begin(l, "wrong");
	g.done = false;
	login_start(lg, on_login, &g, NULL);
	assert_true(run_until(l, &g.done, 10000));
	assert_int_equal(g.err, ERR_AUTH);
	login_free(lg);
	loop_free(l);
}

static void only_https_or_this_machine(void **state)
{
	struct loop *l = loop_new();
	struct errinfo ei;

	(void)state;
	assert_null(login_new(l,
	    &(struct login_config){
		.base_url = "http://api.x.com", .consumer_key = "a", .consumer_secret = "b"},
	    &ei));
	assert_int_equal(ei.code, ERR_CONFIG);
	assert_null(login_new(l, &(struct login_config){.consumer_key = "a"}, &ei));
	loop_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_pin_becomes_a_token_that_works),
	    cmocka_unit_test(wrong_pins_and_keys_are_refused),
	    cmocka_unit_test(only_https_or_this_machine),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
