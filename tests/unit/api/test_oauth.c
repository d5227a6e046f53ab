/* OAuth 1.0a: the published vectors of the reference (9.1 to 9.3) and the encoder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/oauth.h"

static void expect_encoded(const char *in, const char *want)
{
	struct buf b;

	buf_init(&b, 4096);
	oauth_encode(&b, in, strlen(in));
	assert_string_equal(buf_str(&b), want);
	buf_done(&b);
}

static void g14_encoder_vectors(void **state)
{
	(void)state;
	expect_encoded("Ladies + Gentlemen", "Ladies%20%2B%20Gentlemen");
	expect_encoded("An encoded string!", "An%20encoded%20string%21");
	expect_encoded("Dogs, Cats & Mice", "Dogs%2C%20Cats%20%26%20Mice");
	expect_encoded("\xe2\x98\x83", "%E2%98%83");
	expect_encoded("\xc3\xa9", "%C3%A9");
	expect_encoded("\xf0\x9f\xa4\x96", "%F0%9F%A4%96");
	expect_encoded("a*b'c(d)", "a%2Ab%27c%28d%29");
	expect_encoded("~-._", "~-._");
	expect_encoded("", "");
}

static void hex(const unsigned char *p, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", p[i]);
}

static void expect_hmac(const void *key, size_t n, const char *text, const char *want)
{
	unsigned char mac[20];
	char got[41];

	assert_int_equal(digest_hmac_sha1(key, n, text, strlen(text), mac, NULL), ERR_OK);
	hex(mac, sizeof mac, got);
	assert_string_equal(got, want);
}

static void primitive_vectors(void **state)
{
	unsigned char key[80];
	char sha[DIGEST_HEX_SIZE], b64[16];

	(void)state;
	memset(key, 0x0b, 20);
	expect_hmac(key, 20, "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00");
	expect_hmac(
	    "Jefe", 4, "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	memset(key, 0xaa, 80);
	expect_hmac(key, 80, "Test Using Larger Than Block-Size Key - Hash Key First",
	    "aa4ae5e15272d00e95705637ce8a3b55ed402112");
	digest_sha256("abc", 3, sha, NULL);
	assert_string_equal(
	    sha, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	digest_base64((const unsigned char *)"\x00\xff\x10", 3, b64);
	assert_string_equal(b64, "AP8Q");
	digest_base64((const unsigned char *)"\xff", 1, b64);
	assert_string_equal(b64, "/w==");
	digest_base64((const unsigned char *)"ab", 2, b64);
	assert_string_equal(b64, "YWI=");
	digest_base64((const unsigned char *)"", 0, b64);
	assert_string_equal(b64, "");
}

struct vector {
	const char *name, *method, *url;
	const char *query, *form; /* as they would be on the wire */
	struct oauth_keys keys;
	const char *nonce, *extra_name, *extra_value;
	int64_t timestamp;
	bool leave_version;
	const char *signature;
};

#define DEMO_KEYS                                                                                  \
	{                                                                                          \
		"ck_demo", "cs_demo", "1234-at_demo", "ats_demo"                                   \
	}
#define DEMO_NONCE "abcdef0123456789"
#define V1_KEYS                                                                                    \
	{                                                                                          \
		"xvz1evFS4wEEPTGEFPHBog", "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",           \
		    "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",                          \
		    "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"                                    \
	}
#define V1_NONCE "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"
#define V1_FORM "status=Hello%20Ladies%20%2B%20Gentlemen%2C%20a%20signed%20OAuth%20request%21"
#define ADS "https://ads-api.x.com/12/"
#define CRITERION                                                                                  \
	"line_item_id=619jl&operator_type=EQ&targeting_type=BROAD_KEYWORD&targeting_value="        \
	"%F0%9F%A4%96%20%26%20co%2C%20%2Bboat"

static const struct vector vectors[] = {
    {"V1 x.com", "POST", "https://api.x.com/1.1/statuses/update.json", "include_entities=true",
	V1_FORM, V1_KEYS, V1_NONCE, NULL, NULL, 1318622958, false, "Ls93hJiZbQ3akF3HF3x1Bz8/zU4="},
    {"V1 twitter.com 1.1", "POST", "https://api.twitter.com/1.1/statuses/update.json",
	"include_entities=true", V1_FORM, V1_KEYS, V1_NONCE, NULL, NULL, 1318622958, false,
	"hCtSmYh+iHYCEqBWrE7C7hYmtUk="},
    {"V1 twitter.com 1", "POST", "https://api.twitter.com/1/statuses/update.json",
	"include_entities=true", V1_FORM, V1_KEYS, V1_NONCE, NULL, NULL, 1318622958, false,
	"tnnArxj06cWHq44gCs1OSKk/jLY="},
    {"V2", "POST", "http://example.com/request", "b5=%3D%253D&a3=a&c%40=&a2=r%20b", "c2&a3=2+q",
	{"9djdj82h48djs9d2", "j49sk3j29djd", "kkk9d7dh3k39sjv7", "dh893hdasih9"}, "7d8f3e4a", NULL,
	NULL, 137131201, true, "r6/TJjbCOr97/+UU0NsvSne7s5g="},
    {"V3 token", "POST", "https://photos.example.net/token", "", "",
	{"dpf43f3p2l4k3l03", "kd94hf93k423kf44", "hh5s93j4hdidpola", "hdhd0244k9j7ao03"}, "walatlh",
	"oauth_verifier", "hfdp7dh39dks9884", 137131201, true, "gKgrFCywp7rO0OXSjdot/IHF7IU="},
    {"V3 resource", "GET", "http://photos.example.net/photos", "file=vacation.jpg&size=original",
	"", {"dpf43f3p2l4k3l03", "kd94hf93k423kf44", "nnch734d00sl2jdk", "pfkkdhi9sl3r4s00"},
	"chapoH", NULL, NULL, 137131202, true, "MdpQcU8iPSUjWoN/UDMsK2sui9I="},
    {"V4", "GET", "http://photos.example.net/photos", "file=vacation.jpg&size=original", "",
	{"dpf43f3p2l4k3l03", "kd94hf93k423kf44", "nnch734d00sl2jdk", "pfkkdhi9sl3r4s00"},
	"kllo9940pd9333jh", NULL, NULL, 1191242096, false, "tR3+Ty81lMeYAr/Fid0kMTYa/WM="},
    {"A1", "GET", ADS "targeting_criteria/locations", "location_type=CITIES&q=s%C3%A3o%20paulo", "",
	DEMO_KEYS, DEMO_NONCE, NULL, NULL, 1700000000, false, "ZJtW2A/nE83R12XDuHPxu/alHFA="},
    {"A1'", "GET", "https://ads-api.twitter.com/12/targeting_criteria/locations",
	"location_type=CITIES&q=s%C3%A3o%20paulo", "", DEMO_KEYS, DEMO_NONCE, NULL, NULL,
	1700000000, false, "f3xYSgG55neZWRMBkAvQwsNvYm8="},
    {"A2 query", "POST", ADS "accounts/18ce54d4x5t/targeting_criteria", CRITERION, "", DEMO_KEYS,
	DEMO_NONCE, NULL, NULL, 1700000000, false, "mNypEEk1MUqbzXtxkfEgpz72zR4="},
    {"A2 form", "POST", ADS "accounts/18ce54d4x5t/targeting_criteria", "", CRITERION, DEMO_KEYS,
	DEMO_NONCE, NULL, NULL, 1700000000, false, "mNypEEk1MUqbzXtxkfEgpz72zR4="},
    {"A3", "POST", ADS "batch/accounts/18ce54d4x5t/targeting_criteria", "", "", DEMO_KEYS,
	DEMO_NONCE, NULL, NULL, 1700000000, false, "gdadpyJZ673PzjzsdmdkezXj03k="},
    {"A4", "GET", ADS "accounts/18ce54d4x5t/targeting_criteria",
	"line_item_ids=8u94t%2C619jl&count=1000", "", DEMO_KEYS, DEMO_NONCE, NULL, NULL, 1700000000,
	false, "fu7xU9+f+a0vXPq1Ck9xxK8T8EU="},
    {"A5", "POST", "https://api.x.com/oauth/request_token", "", "",
	{"ck_demo", "cs_demo", NULL, NULL}, DEMO_NONCE, "oauth_callback", "oob", 1700000000, false,
	"DoutGDwbnjLdj8YO4SgbE0YZ7Jk="},
    {"A6", "PUT", ADS "accounts/18ce54d4x5t/line_items/9cqi0", "end_time=&entity_status=PAUSED", "",
	DEMO_KEYS, DEMO_NONCE, NULL, NULL, 1700000000, false, "aoX94u52ZC+Z9YWnOyCHbln0BpM="},
    {"A7", "GET", "http://127.0.0.1:8712/12/accounts", "count=1000", "", DEMO_KEYS, DEMO_NONCE,
	NULL, NULL, 1700000000, false, "2D4HeNFdLoNvzNNgP6WlqsDqGnQ="},
};

static void load(const struct vector *v, struct oauth_params *p, struct oauth_request *r,
    struct api_param *extra)
{
	oauth_params_init(p);
	assert_int_equal(oauth_params_parse(p, v->query, NULL), ERR_OK);
	assert_int_equal(oauth_params_parse(p, v->form, NULL), ERR_OK);
	*extra = (struct api_param){v->extra_name, v->extra_value};
	*r = (struct oauth_request){.method = v->method,
	    .url = v->url,
	    .params = p->v,
	    .n_params = p->n,
	    .extra = extra,
	    .n_extra = v->extra_name ? 1 : 0,
	    .nonce = v->nonce,
	    .timestamp = v->timestamp,
	    .leave_version = v->leave_version};
}

static void published_signatures(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		char got[OAUTH_SIGNATURE_SIZE];
		struct oauth_request r;
		struct oauth_params p;
		struct api_param extra;

		load(&vectors[i], &p, &r, &extra);
		assert_int_equal(oauth_sign(&vectors[i].keys, &r, got, NULL), ERR_OK);
		if (strcmp(got, vectors[i].signature) != 0)
			fail_msg(
			    "%s: %s instead of %s", vectors[i].name, got, vectors[i].signature);
		oauth_params_done(&p);
	}
}

static void published_strings(void **state)
{
	struct oauth_request r;
	struct oauth_params p;
	struct api_param extra;
	struct buf b;

	(void)state;
	buf_init(&b, 8192);
	load(&vectors[0], &p, &r, &extra);
	oauth_param_string(&b, &vectors[0].keys, &r);
	assert_string_equal(buf_str(&b),
	    "include_entities=true&oauth_consumer_key=xvz1evFS4wEEPTGEFPHBog&oauth_nonce="
	    "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg&oauth_signature_method=HMAC-SHA1&oauth_"
	    "timestamp=1318622958&oauth_token=370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb&"
	    "oauth_version=1.0&status=Hello%20Ladies%20%2B%20Gentlemen%2C%20a%20signed%20OAuth%"
	    "20request%21");
	oauth_params_done(&p);
	buf_clear(&b);
	load(&vectors[3], &p, &r, &extra);
	oauth_base_string(&b, &vectors[3].keys, &r);
	assert_string_equal(buf_str(&b),
	    "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%"
	    "253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%"
	    "3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_"
	    "token%3Dkkk9d7dh3k39sjv7");
	oauth_params_done(&p);
	buf_clear(&b);
	load(&vectors[9], &p, &r, &extra);
	oauth_base_string(&b, &vectors[9].keys, &r);
	assert_string_equal(buf_str(&b),
	    "POST&https%3A%2F%2Fads-api.x.com%2F12%2Faccounts%2F18ce54d4x5t%2Ftargeting_criteria&"
	    "line_item_id%3D619jl%26oauth_consumer_key%3Dck_demo%26oauth_nonce%3Dabcdef0123456789%"
	    "26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1700000000%26oauth_token%"
	    "3D1234-at_demo%26oauth_version%3D1.0%26operator_type%3DEQ%26targeting_type%3DBROAD_"
	    "KEYWORD%26targeting_value%3D%25F0%259F%25A4%2596%2520%2526%2520co%252C%2520%252Bboat");
	oauth_params_done(&p);
	buf_done(&b);
}

static void default_ports_go_and_hosts_are_lower_case(void **state)
{
	static const char *const same[] = {
	    "https://ADS-API.x.com:443/12/targeting_criteria/locations",
	    "HTTPS://ads-api.X.com/12/targeting_criteria/locations"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char got[OAUTH_SIGNATURE_SIZE];
		struct vector v = vectors[7];
		struct oauth_request r;
		struct oauth_params p;
		struct api_param extra;

		v.url = same[i];
		load(&v, &p, &r, &extra);
		oauth_sign(&v.keys, &r, got, NULL);
		assert_string_equal(got, v.signature);
		oauth_params_done(&p);
	}
}

static void header_quotes_encoded_values(void **state)
{
	struct oauth_request r;
	struct oauth_params p;
	struct api_param extra;
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	load(&vectors[0], &p, &r, &extra);
	assert_int_equal(oauth_header(&b, &vectors[0].keys, &r, NULL), ERR_OK);
	assert_int_equal(strncmp(buf_str(&b), "OAuth oauth_consumer_key=\"", 26), 0);
	assert_non_null(
	    strstr(buf_str(&b), "oauth_signature=\"Ls93hJiZbQ3akF3HF3x1Bz8%2FzU4%3D\""));
	assert_null(strstr(buf_str(&b), "kAcSOq")); /* secrets stay here */
	assert_null(strstr(buf_str(&b), "LswwdoUa"));
	buf_done(&b);
	oauth_params_done(&p);
}

static void nonces_do_not_repeat(void **state)
{
	enum { N = 20000 };
	char(*v)[OAUTH_NONCE_SIZE] = calloc(N, sizeof *v);

	(void)state;
	for (int i = 0; i < N; i++) {
		assert_int_equal(oauth_nonce(v[i], NULL), ERR_OK);
		assert_int_equal(strspn(v[i], "0123456789abcdef"), OAUTH_NONCE_SIZE - 1);
	}
	qsort(v, N, sizeof *v, (int (*)(const void *, const void *))strcmp);
	for (int i = 1; i < N; i++)
		assert_string_not_equal(v[i - 1], v[i]);
	free(v);
}

static void broken_escapes_are_refused(void **state)
{
	static const char *const bad[] = {"a=%", "a=%2", "a=%zz", "%2", "a=%00", "a=%4g"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct oauth_params p;

		oauth_params_init(&p);
		assert_int_equal(oauth_params_parse(&p, bad[i], NULL), ERR_USAGE);
		oauth_params_done(&p);
	}
}

static void encoding_round_trips(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed < 2000; seed++) {
		char raw[40];
		size_t n = seed % 39;
		struct oauth_params p;
		struct buf b;

		for (size_t i = 0; i < n; i++)
			raw[i] = (char)(1 + (seed * 2654435761u >> (i % 24)) % 255);
		raw[n] = '\0';
		buf_init(&b, 4096);
		oauth_query(&b, &(struct api_param){"k", raw}, 1);
		oauth_params_init(&p);
		assert_int_equal(oauth_params_parse(&p, buf_str(&b), NULL), ERR_OK);
		assert_string_equal(p.v[0].value, raw);
		oauth_params_done(&p);
		buf_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(g14_encoder_vectors),
	    cmocka_unit_test(primitive_vectors),
	    cmocka_unit_test(published_signatures),
	    cmocka_unit_test(published_strings),
	    cmocka_unit_test(default_ports_go_and_hosts_are_lower_case),
	    cmocka_unit_test(header_quotes_encoded_values),
	    cmocka_unit_test(nonces_do_not_repeat),
	    cmocka_unit_test(broken_escapes_are_refused),
	    cmocka_unit_test(encoding_round_trips),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
