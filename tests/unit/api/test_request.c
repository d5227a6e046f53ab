/* The request engine over a transport in memory: the contract of its callbacks, who goes first,
 * what is refused before anything is sent. */
#include "tests/unit/api/asking.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(callbacks_never_run_inside_the_call),
	    cmocka_unit_test(b17_hostile_ids_never_enter_a_path),
	    cmocka_unit_test(after_a_cancel_nothing_comes),
	    cmocka_unit_test(work_dies_with_its_owner),
	    cmocka_unit_test(the_user_goes_before_background_and_four_fly),
	    cmocka_unit_test(background_alone_leaves_room_for_the_user),
	    cmocka_unit_test(f6_only_https_or_this_machine),
	    cmocka_unit_test(missing_keys_are_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
