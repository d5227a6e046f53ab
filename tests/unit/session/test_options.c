/* views/options: what is asked of X, and what is not. */
#include "tests/unit/session/kit.h"

#include "base/buf.h"

static int setup(void **state)
{
	static struct kit k;

	kit_init(&k, NULL);
	*state = &k;
	return 0;
}

static int teardown(void **state)
{
	kit_done(*state);
	return 0;
}

/* Three pages of two interests. */
static struct fake_reply three_pages(
    struct fake *f, const struct transport_request *r, unsigned nth)
{
	static char body[3][400];
	unsigned page = strstr(r->url, "cursor=c2") ? 2 : strstr(r->url, "cursor=c1") ? 1 : 0;
	static const char *const next[] = {"\"c1\"", "\"c2\"", "null"};

	(void)f;
	(void)nth;
	snprintf(body[page], sizeof body[page],
	    "{\"data\":[{\"name\":\"a%u\",\"targeting_value\":\"%u1\"},"
	    "{\"name\":\"b%u\",\"targeting_value\":\"%u2\"}],\"next_cursor\":%s}",
	    page, page, page, page, next[page]);
	return (struct fake_reply){.status = 200, .body = body[page]};
}

static void scope_is_sorted_and_unambiguous(void **state)
{
	const struct api_param p[] = {{"location_type", "CITIES"}, {"country_code", "US"}};
	const struct api_param odd[] = {{"q", "a&b=c%"}};
	struct buf out;

	(void)state;
	buf_init(&out, 1024);
	assert_int_equal(options_scope(&out, "locations", p, 2), ERR_OK);
	assert_string_equal(buf_str(&out), "country_code=US&location_type=CITIES");
	buf_clear(&out);
	assert_int_equal(options_scope(&out, "locations", odd, 1), ERR_OK);
	assert_string_equal(buf_str(&out), "q=a%26b%3Dc%25");
	buf_clear(&out);
	assert_int_equal(options_scope(&out, "interests", NULL, 0), ERR_OK);
	assert_string_equal(buf_str(&out), "");
	buf_done(&out);
}

static void g37_g38_required_params_are_added(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1024);
	assert_int_equal(options_scope(&out, "events", NULL, 0), ERR_OK);
	assert_string_equal(buf_str(&out), "event_types=CONFERENCE,HOLIDAY,MUSIC_AND_ENTERTAINMENT,"
					   "OTHER,POLITICS,RECURRING,SPORTS");
	buf_clear(&out);
	assert_int_equal(options_scope(&out, "network_operators", NULL, 0), ERR_OK);
	assert_string_equal(buf_str(&out), "country_code=US");
	buf_done(&out);
}

static void fresh_look_up_is_never_asked(void **state)
{
	struct kit *k = *state;
	const struct kit_option one[] = {{"1001", "Books", NULL, NULL}};
	const struct catalog_set *set;

	kit_options(k, "interests", "", one, 1);
	kit_connect(k, three_pages);
	set = options_get(k->session, "interests", NULL, 0);
	kit_turns(k);
	assert_non_null(set);
	assert_int_equal(set->options.n, 1);
	assert_int_equal(k->fake.n, 0);
}

static void old_look_up_is_asked_once_and_stays_usable(void **state)
{
	struct kit *k = *state;
	const struct kit_option one[] = {{"1001", "Books", NULL, NULL}};

	kit_options(k, "interests", "", one, 1);
	clock_step_ms(8LL * 86400 * 1000);
	kit_connect(k, three_pages);
	assert_int_equal(options_get(k->session, "interests", NULL, 0)->options.n, 1);
	assert_int_equal(options_get(k->session, "interests", NULL, 0)->options.n, 1);
	assert_true(options_state(k->session, "interests", NULL, 0).loading);
	assert_true(options_busy(k->session));
	kit_turns(k);
	assert_int_equal(k->fake.n, 3);
	assert_int_equal(options_get(k->session, "interests", NULL, 0)->options.n, 6);
	assert_false(options_busy(k->session));
	kit_turns(k);
	assert_int_equal(k->fake.n, 3);
}

static struct fake_reply not_found(struct fake *f, const struct transport_request *r, unsigned nth)
{
	(void)f;
	(void)r;
	(void)nth;
	return (struct fake_reply){
	    .status = 404, .body = "{\"errors\":[{\"code\":\"NOT_FOUND\",\"message\":\"gone\"}]}"};
}

static void failure_is_shown_and_not_repeated_at_once(void **state)
{
	struct kit *k = *state;
	unsigned asked;

	kit_connect(k, not_found);
	assert_null(options_get(k->session, "devices", NULL, 0));
	kit_turns(k);
	asked = k->fake.n;
	assert_int_equal(asked, 1);
	assert_int_equal(options_state(k->session, "devices", NULL, 0).ei.code, ERR_NOTFOUND);
	assert_null(options_get(k->session, "devices", NULL, 0));
	kit_turns(k);
	assert_int_equal(k->fake.n, asked);
	options_refetch(k->session, "devices", NULL, 0);
	kit_turns(k);
	assert_int_equal(k->fake.n, asked + 1);
}

static void g35_tv_shows_are_only_searched(void **state)
{
	struct kit *k = *state;
	const struct api_param locale[] = {{"locale", "en-US"}};
	const struct api_param search[] = {{"locale", "en-US"}, {"q", "news"}};

	kit_connect(k, three_pages);
	assert_null(options_get(k->session, "tv_shows", locale, 1));
	options_refetch(k->session, "tv_shows", locale, 1);
	kit_turns(k);
	assert_int_equal(k->fake.n, 0);
	options_search(k->session, "tv_shows", search, 2);
	kit_turns(k);
	assert_int_equal(k->fake.n, 1); /* one page, although the answer has a cursor */
	assert_int_equal(options_search(k->session, "tv_shows", search, 2)->options.n, 2);
	kit_turns(k);
	assert_int_equal(k->fake.n, 1);
}

/* Answers three pages; a session that ends in between goes on in the next run, by itself. */
static void a_harvest_goes_on_in_the_next_run(void **state)
{
	struct kit *k = *state;
	const struct api_param locale[] = {{"locale", "en-US"}};
	const struct catalog_set *set;
	struct buf kind, scope;
	struct errinfo ei;

	kit_connect(k, three_pages);
	assert_false(options_begun(k->session, "tv_shows", locale, 1));
	assert_int_equal(options_harvest(k->session, "tv_shows", locale, 1, &ei), ERR_OK);
	assert_int_equal(options_harvest(k->session, "tv_shows", locale, 1, &ei), ERR_REFUSED);
	assert_false(options_busy(k->session));
	while (k->fake.n < 2)
		loop_turn(k->loop, 10);
	options_forget(k->session);
	kit_turns(k);
	assert_int_equal(k->fake.n, 2);
	buf_init(&kind, 100);
	buf_init(&scope, 100);
	assert_true(catalog_stopped(k->store, 0, &kind, &scope));
	assert_string_equal(buf_str(&kind), "tv_shows");
	assert_string_equal(buf_str(&scope), "locale=en-US");
	assert_false(catalog_stopped(k->store, 1, &kind, &scope));
	buf_done(&kind);
	buf_done(&scope);
	set = options_get(k->session, "tv_shows", locale, 1); /* usable as far as it is */
	assert_in_range(set->options.n, 2, 4);
	options_forget(k->session);
	options_go_on(k->session);
	kit_turns(k);
	assert_non_null(strstr(k->fake.last_url, "cursor=c2"));
	assert_int_equal(options_get(k->session, "tv_shows", locale, 1)->options.n, 6);
	assert_int_equal(options_harvest(k->session, "tv_shows", locale, 1, &ei), ERR_REFUSED);
}

static void offline_gives_the_reason(void **state)
{
	struct kit *k = *state;
	struct errinfo why = {.code = ERR_NETWORK, .msg = "no route"};

	session_offline(k->session, &why);
	assert_null(options_get(k->session, "languages", NULL, 0));
	assert_int_equal(options_state(k->session, "languages", NULL, 0).ei.code, ERR_NETWORK);
}

static void many_sets_do_not_pile_up(void **state)
{
	struct kit *k = *state;
	const struct kit_option one[] = {{"1", "x", NULL, NULL}};
	char country[3] = "AA", scope[64];
	size_t loaded = 0;
	struct options_row row;

	for (int i = 0; i < 40; i++) {
		struct api_param p = {"country_code", country};

		country[0] = (char)('A' + i / 26);
		country[1] = (char)('A' + i % 26);
		snprintf(scope, sizeof scope, "country_code=%s", country);
		kit_options(k, "network_operators", scope, one, 1);
		assert_non_null(options_get(k->session, "network_operators", &p, 1));
	}
	while (options_at(k->session, loaded, &row))
		loaded++;
	assert_int_equal(loaded, 40);
	country[0] = 'A';
	country[1] = 'A';
	assert_non_null(options_get(
	    k->session, "network_operators", &(struct api_param){"country_code", country}, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(scope_is_sorted_and_unambiguous),
	    cmocka_unit_test(g37_g38_required_params_are_added),
	    cmocka_unit_test_setup_teardown(fresh_look_up_is_never_asked, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		old_look_up_is_asked_once_and_stays_usable, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		failure_is_shown_and_not_repeated_at_once, setup, teardown),
	    cmocka_unit_test_setup_teardown(g35_tv_shows_are_only_searched, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_harvest_goes_on_in_the_next_run, setup, teardown),
	    cmocka_unit_test_setup_teardown(offline_gives_the_reason, setup, teardown),
	    cmocka_unit_test_setup_teardown(many_sets_do_not_pile_up, setup, teardown),
	};

	return cmocka_run_group_tests_name("views/options", tests, NULL, NULL);
}
