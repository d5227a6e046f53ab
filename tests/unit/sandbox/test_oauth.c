/* The server's reading of OAuth 1.0a against every published vector (reference 9.1 to 9.3). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "sandbox/oauth.h"

static struct arena arena;

static int setup(void **state)
{
	(void)state;
	arena_init(&arena);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

struct vector {
	const char *method, *scheme, *host, *path;
	const char *query, *form; /* as on the wire, or NULL */
	const char *oauth; /* header parameters */
	const char *consumer_secret, *token_secret;
	const char *signature;
};

#define V1_OAUTH                                                                                   \
	"OAuth oauth_consumer_key=\"xvz1evFS4wEEPTGEFPHBog\","                                     \
	" oauth_nonce=\"kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg\","                             \
	" oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"1318622958\","                   \
	" oauth_token=\"370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb\", "                    \
	"oauth_version=\"1.0\""
#define V1_FORM "status=Hello%20Ladies%20%2B%20Gentlemen%2C%20a%20signed%20OAuth%20request%21"
#define V1_SECRETS                                                                                 \
	"kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw", "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"
#define A_OAUTH                                                                                    \
	"OAuth oauth_consumer_key=\"ck_demo\", oauth_nonce=\"abcdef0123456789\","                  \
	" oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"1700000000\","                   \
	" oauth_token=\"1234-at_demo\", oauth_version=\"1.0\""
#define A_SECRETS "cs_demo", "ats_demo"

static const struct vector vectors[] = {
    {"POST", "https", "api.x.com", "/1.1/statuses/update.json", "include_entities=true", V1_FORM,
	V1_OAUTH, V1_SECRETS, "Ls93hJiZbQ3akF3HF3x1Bz8/zU4="},
    {"POST", "https", "api.twitter.com", "/1.1/statuses/update.json", "include_entities=true",
	V1_FORM, V1_OAUTH, V1_SECRETS, "hCtSmYh+iHYCEqBWrE7C7hYmtUk="},
    {"POST", "https", "api.twitter.com", "/1/statuses/update.json", "include_entities=true",
	V1_FORM, V1_OAUTH, V1_SECRETS, "tnnArxj06cWHq44gCs1OSKk/jLY="},
    {"post", "http", "EXAMPLE.COM:80", "/request", "b5=%3D%253D&a3=a&c%40=&a2=r%20b", "c2&a3=2+q",
	"OAuth realm=\"Example\", oauth_consumer_key=\"9djdj82h48djs9d2\","
	" oauth_token=\"kkk9d7dh3k39sjv7\", oauth_signature_method=\"HMAC-SHA1\","
	" oauth_timestamp=\"137131201\", oauth_nonce=\"7d8f3e4a\"",
	"j49sk3j29djd", "dh893hdasih9", "r6/TJjbCOr97/+UU0NsvSne7s5g="},
    {"POST", "https", "photos.example.net", "/token", NULL, NULL,
	"OAuth oauth_consumer_key=\"dpf43f3p2l4k3l03\", oauth_token=\"hh5s93j4hdidpola\","
	" oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"137131201\","
	" oauth_nonce=\"walatlh\", oauth_verifier=\"hfdp7dh39dks9884\"",
	"kd94hf93k423kf44", "hdhd0244k9j7ao03", "gKgrFCywp7rO0OXSjdot/IHF7IU="},
    {"GET", "http", "photos.example.net", "/photos", "file=vacation.jpg&size=original", NULL,
	"OAuth oauth_consumer_key=\"dpf43f3p2l4k3l03\", oauth_token=\"nnch734d00sl2jdk\","
	" oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"137131202\","
	" oauth_nonce=\"chapoH\"",
	"kd94hf93k423kf44", "pfkkdhi9sl3r4s00", "MdpQcU8iPSUjWoN/UDMsK2sui9I="},
    {"GET", "http", "photos.example.net", "/photos", "file=vacation.jpg&size=original", NULL,
	"OAuth oauth_consumer_key=\"dpf43f3p2l4k3l03\", oauth_token=\"nnch734d00sl2jdk\","
	" oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"1191242096\","
	" oauth_nonce=\"kllo9940pd9333jh\", oauth_version=\"1.0\"",
	"kd94hf93k423kf44", "pfkkdhi9sl3r4s00", "tR3+Ty81lMeYAr/Fid0kMTYa/WM="},
    {"GET", "https", "ads-api.x.com", "/12/targeting_criteria/locations",
	"location_type=CITIES&q=s%C3%A3o%20paulo", NULL, A_OAUTH, A_SECRETS,
	"ZJtW2A/nE83R12XDuHPxu/alHFA="},
    {"GET", "https", "ads-api.twitter.com", "/12/targeting_criteria/locations",
	"location_type=CITIES&q=s%C3%A3o%20paulo", NULL, A_OAUTH, A_SECRETS,
	"f3xYSgG55neZWRMBkAvQwsNvYm8="},
    {"POST", "https", "ads-api.x.com", "/12/accounts/18ce54d4x5t/targeting_criteria",
	"line_item_id=619jl&operator_type=EQ&targeting_type=BROAD_KEYWORD&"
	"targeting_value=%F0%9F%A4%96%20%26%20co%2C%20%2Bboat",
	NULL, A_OAUTH, A_SECRETS, "mNypEEk1MUqbzXtxkfEgpz72zR4="},
    {"POST", "https", "ads-api.x.com", "/12/accounts/18ce54d4x5t/targeting_criteria", NULL,
	"line_item_id=619jl&operator_type=EQ&targeting_type=BROAD_KEYWORD&"
	"targeting_value=%F0%9F%A4%96+%26+co%2C+%2Bboat",
	A_OAUTH, A_SECRETS, "mNypEEk1MUqbzXtxkfEgpz72zR4="},
    {"POST", "https", "ads-api.x.com", "/12/batch/accounts/18ce54d4x5t/targeting_criteria", NULL,
	NULL, A_OAUTH, A_SECRETS, "gdadpyJZ673PzjzsdmdkezXj03k="},
    {"GET", "https", "ads-api.x.com", "/12/accounts/18ce54d4x5t/targeting_criteria",
	"line_item_ids=8u94t%2C619jl&count=1000", NULL, A_OAUTH, A_SECRETS,
	"fu7xU9+f+a0vXPq1Ck9xxK8T8EU="},
    {"POST", "https", "api.x.com", "/oauth/request_token", NULL, NULL,
	"OAuth oauth_callback=\"oob\", oauth_consumer_key=\"ck_demo\","
	" oauth_nonce=\"abcdef0123456789\", oauth_signature_method=\"HMAC-SHA1\","
	" oauth_timestamp=\"1700000000\", oauth_version=\"1.0\"",
	"cs_demo", "", "DoutGDwbnjLdj8YO4SgbE0YZ7Jk="},
    {"PUT", "https", "ads-api.x.com", "/12/accounts/18ce54d4x5t/line_items/9cqi0",
	"end_time=&entity_status=PAUSED", NULL, A_OAUTH, A_SECRETS, "aoX94u52ZC+Z9YWnOyCHbln0BpM="},
    {"GET", "http", "127.0.0.1:8712", "/12/accounts", "count=1000", NULL, A_OAUTH, A_SECRETS,
	"2D4HeNFdLoNvzNNgP6WlqsDqGnQ="},
};

static void add(const char *text, enum plus_sign plus, struct params *out)
{
	if (text)
		assert_true(params_parse(&arena, text, strlen(text), plus, out));
}

static void published_vectors_have_their_signatures(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		const struct vector *v = &vectors[i];
		struct params all = {0};
		struct oauth_request req = {v->method, v->scheme, v->host, v->path, &all};
		char signature[OAUTH_SIGNATURE_SIZE];
		struct buf base;

		assert_true(oauth_parse_header(&arena, v->oauth, &all));
		add(v->query, PLUS_IS_PLUS, &all);
		add(v->form, PLUS_IS_SPACE, &all);
		buf_init(&base, 1 << 20);
		assert_true(oauth_base_string(&arena, &req, &base));
		oauth_sign(buf_str(&base), v->consumer_secret, v->token_secret, signature);
		assert_string_equal(signature, v->signature);
		buf_done(&base);
	}
}

static void base_string_is_the_one_of_the_rfc(void **state)
{
	struct params all = {0};
	struct oauth_request req = {"POST", "http", "example.com", "/request", &all};
	struct buf base;

	(void)state;
	assert_true(oauth_parse_header(&arena, vectors[3].oauth, &all));
	add(vectors[3].query, PLUS_IS_PLUS, &all);
	add(vectors[3].form, PLUS_IS_SPACE, &all);
	buf_init(&base, 4096);
	assert_true(oauth_base_string(&arena, &req, &base));
	assert_string_equal(buf_str(&base),
	    "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26"
	    "b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26"
	    "oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26"
	    "oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7");
	buf_done(&base);
}

static void encoder_escapes_all_but_unreserved_bytes(void **state)
{
	static const char *const pairs[][2] = {{"Ladies + Gentlemen", "Ladies%20%2B%20Gentlemen"},
	    {"An encoded string!", "An%20encoded%20string%21"},
	    {"Dogs, Cats & Mice", "Dogs%2C%20Cats%20%26%20Mice"}, {"\xe2\x98\x83", "%E2%98%83"},
	    {"\xc3\xa9", "%C3%A9"}, {"\xf0\x9f\xa4\x96", "%F0%9F%A4%96"},
	    {"a*b'c(d)", "a%2Ab%27c%28d%29"}, {"~-._", "~-._"}, {"", ""}};

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct buf b;

		buf_init(&b, 1000);
		percent_encode(&b, pairs[i][0]);
		assert_string_equal(buf_str(&b), pairs[i][1]);
		buf_done(&b);
	}
}

static void decoder_refuses_half_escapes_and_nul(void **state)
{
	static const char *const bad[] = {"%", "%4", "a%zz", "%0", "%00", "abc%e"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_null(percent_decode(&arena, bad[i], strlen(bad[i]), PLUS_IS_PLUS));
	assert_string_equal(percent_decode(&arena, "a+b%2Bc", 7, PLUS_IS_SPACE), "a b+c");
	assert_string_equal(percent_decode(&arena, "a+b%2bc", 7, PLUS_IS_PLUS), "a+b+c");
	assert_string_equal(percent_decode(&arena, "%41", 3, PLUS_IS_PLUS), "A");
}

static void headers_that_are_not_oauth_are_refused(void **state)
{
	static const char *const bad[] = {"", "Bearer abc", "OAuth", "OAuthx a=\"b\"", "OAuth a=b",
	    "OAuth a=\"b", "OAuth a", "OAuth a=\"%zz\"", "Basic b2F1dGg="};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct params p = {0};

		assert_false(oauth_parse_header(&arena, bad[i], &p));
	}
}

static void header_keeps_pairs_and_drops_realm(void **state)
{
	struct params p = {0};

	(void)state;
	assert_true(oauth_parse_header(&arena, "oauth realm=\"x\",a=\"1%202\" ,\tb=\"\"", &p));
	assert_int_equal(p.n, 2);
	assert_string_equal(params_get(&p, "a"), "1 2");
	assert_string_equal(params_get(&p, "b"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		published_vectors_have_their_signatures, setup, teardown),
	    cmocka_unit_test_setup_teardown(base_string_is_the_one_of_the_rfc, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		encoder_escapes_all_but_unreserved_bytes, setup, teardown),
	    cmocka_unit_test_setup_teardown(decoder_refuses_half_escapes_and_nul, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		headers_that_are_not_oauth_are_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(header_keeps_pairs_and_drops_realm, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
