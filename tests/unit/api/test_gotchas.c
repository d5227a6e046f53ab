/* Requests as the traps of the reference, section 10, ask for them. A test is named after its trap;
 * those about reading answers are in test_decode.c. */
#include "tests/unit/api/asking.h"

/* --- requests as the traps of reference 10 ask for them --- */

static void g12_g17_booleans_lists_and_sort_by_are_written_plainly(void **state)
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
	    "sort_by=updated_at-desc&with_deleted=true&with_draft=true&count=1000");
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

/* Answers without a usable hint when to come back: every wait is one, and none is endless. */
enum { LEAST_WAIT_MS = 50 };

struct hintless {
	struct fake_reply reply;
	int64_t at[16];
};

static struct fake_reply hintless(struct fake *f, const struct transport_request *r, unsigned nth)
{
	struct hintless *h = f->user;

	(void)r;
	if (nth <= sizeof h->at / sizeof *h->at)
		h->at[nth - 1] = clock_mono_ms();
	return h->reply;
}

static void g3_without_a_hint_every_wait_is_bounded(void **state)
{
	struct hintless all[] = {{.reply = {.status = 503, .body = API_ERROR("OVER_CAPACITY")}},
	    {.reply = {.status = 503, .body = API_ERROR("X"), .headers = {{"retry-after", "-5"}}}},
	    {.reply = {.status = 503, .body = "", .headers = {{"retry-after", "soon"}}}},
	    {.reply = {.status = 429, .body = API_ERROR("TOO_MANY_REQUESTS")}},
	    {.reply = {.status = 429,
		 .body = API_ERROR("X"),
		 .headers = {{"x-rate-limit-reset", "-1"}, {"x-rate-limit-remaining", "0"}}}}};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct got g = {0};
		struct fake f;
		struct api *a = fake_api(&f, hintless, &all[i]);

		ask(a, &g);
		fake_run(&f, &g.done, 10, 1500000);
		assert_true(g.done);
		assert_true(f.n >= 6);
		for (unsigned k = 1; k < 6; k++) {
			int64_t gap = all[i].at[k] - all[i].at[k - 1];

			assert_in_range(gap, LEAST_WAIT_MS, 16 * 60 * 1000 + 1000);
		}
		fake_done(&f, a);
	}
}

static void g15_text_is_encoded_once(void **state)
{
	struct api_param twice = {"q", "game%20of%20thrones"}, once = {"q", "game of thrones"};
	struct got g = {0};
	struct api_call c = call(&g);
	struct fake f;
	struct api *a = fake_api(&f, empty, NULL);

	(void)state;
	api_lookup(
	    a, &(struct lookup_query){.kind = "interests", .params = &once, .n_params = 1}, &c);
	fake_run(&f, NULL, 1, 5);
	assert_non_null(strstr(f.last_url, "q=game%20of%20thrones&"));
	/* what looks encoded is text like any other */
	api_lookup(
	    a, &(struct lookup_query){.kind = "interests", .params = &twice, .n_params = 1}, &c);
	fake_run(&f, NULL, 1, 5);
	assert_non_null(strstr(f.last_url, "q=game%2520of%2520thrones&"));
	expect_signed_as_sent(&f, "GET");
	fake_done(&f, a);
}

static void g31_deleted_criteria_can_be_asked_for(void **state)
{
	const char *li[] = {"li1"};
	struct criteria_query q = {
	    .account_id = "acc1", .line_item_ids = li, .n_line_items = 1, .with_deleted = true};
	struct got g = {0};
	struct api_call c = call(&g);
	struct fake f;
	struct api *a = fake_api(&f, empty, NULL);

	(void)state;
	api_criteria(a, &q, &c);
	fake_run(&f, NULL, 1, 5);
	assert_non_null(strstr(f.last_url, "with_deleted=true"));
	q.with_deleted = false;
	api_criteria(a, &q, &c);
	fake_run(&f, NULL, 1, 5);
	assert_null(strstr(f.last_url, "with_deleted"));
	fake_done(&f, a);
}

/* A comma would make two of one in a list, so no id with one is ever put there. */
static void g32_no_comma_enters_a_list(void **state)
{
	const char *li[] = {"li1,li2"};
	struct got g = {0};
	struct api_call c = call(&g);
	struct fake f;
	struct api *a = fake_api(&f, empty, NULL);

	(void)state;
	api_criteria(a,
	    &(struct criteria_query){.account_id = "acc1", .line_item_ids = li, .n_line_items = 1},
	    &c);
	api_line_items(a, &(struct list_query){.account_id = "acc1", .ids = li, .n_ids = 1}, &c);
	fake_run(&f, NULL, 1, 5);
	assert_int_equal(g.calls, 2);
	assert_int_equal(g.err, ERR_REFUSED);
	assert_int_equal(f.n, 0);
	fake_done(&f, a);
}

static void g39_parameters_have_their_present_names(void **state)
{
	static const char *const old[] = {
	    "tv_market_locale", "store=", "platform=", "line_item_id="};
	const char *li[] = {"li1"};
	struct api_param os = {"os_type", "IOS"};
	struct got g = {0};
	struct api_call c = call(&g);
	struct fake f;
	struct api *a = fake_api(&f, empty, NULL);

	(void)state;
	api_criteria(a,
	    &(struct criteria_query){.account_id = "acc1", .line_item_ids = li, .n_line_items = 1},
	    &c);
	fake_run(&f, NULL, 1, 5);
	assert_non_null(strstr(f.last_url, "line_item_ids=li1"));
	api_lookup(a,
	    &(struct lookup_query){.kind = "app_store_categories", .params = &os, .n_params = 1},
	    &c);
	fake_run(&f, NULL, 1, 5);
	assert_non_null(strstr(f.last_url, "os_type=IOS"));
	for (size_t i = 0; i < sizeof old / sizeof *old; i++)
		assert_null(strstr(f.last_url, old[i]));
	fake_done(&f, a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(g12_g17_booleans_lists_and_sort_by_are_written_plainly),
	    cmocka_unit_test(g13_g16_what_is_sent_is_what_is_signed),
	    cmocka_unit_test(g35_tv_shows_come_50_at_a_time),
	    cmocka_unit_test(g44_shared_audiences_are_asked_for),
	    cmocka_unit_test(g41_messages_are_kept_verbatim),
	    cmocka_unit_test(g3_without_a_hint_every_wait_is_bounded),
	    cmocka_unit_test(g15_text_is_encoded_once),
	    cmocka_unit_test(g31_deleted_criteria_can_be_asked_for),
	    cmocka_unit_test(g32_no_comma_enters_a_list),
	    cmocka_unit_test(g39_parameters_have_their_present_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
