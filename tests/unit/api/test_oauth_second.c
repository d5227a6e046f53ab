/* A second implementation of OAuth 1.0a signing, written for this test from RFC 5849 alone and
 * sharing nothing with api/oauth.c, signs 100,000 random requests: both must agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/oauth.h"

enum { MAX_PAIRS = 24, TEXT = 2048 };

static uint64_t seed = 0x9e3779b97f4a7c15u;

static unsigned roll(unsigned n)
{
	seed += 0x9e3779b97f4a7c15u;
	uint64_t z = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9u;

	return (unsigned)((z ^ (z >> 27)) % n);
}

/* --- the second implementation --- */

static char *second_escape(char *out, const char *in)
{
	static const char keep[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *in; in++) {
		if (strchr(keep, *in))
			*out++ = *in;
		else
			out += snprintf(out, 4, "%%%02X", (unsigned char)*in);
	}
	*out = '\0';
	return out;
}

struct second_pair {
	char k[TEXT], v[TEXT];
};

static void second_sign(const struct oauth_keys *keys, const struct oauth_request *r, char *out)
{
	static struct second_pair p[MAX_PAIRS];
	const struct second_pair *at[MAX_PAIRS];
	static char joined[MAX_PAIRS * TEXT], base[4 * MAX_PAIRS * TEXT], key[2 * TEXT];
	char stamp[32], *o;
	size_t n = 0;

#define ADD(name, value)                                                                           \
	do {                                                                                       \
		second_escape(p[n].k, name);                                                       \
		second_escape(p[n++].v, value);                                                    \
	} while (0)
	snprintf(stamp, sizeof stamp, "%lld", (long long)r->timestamp);
	for (size_t i = 0; i < r->n_params; i++)
		ADD(r->params[i].name, r->params[i].value);
	ADD("oauth_version", "1.0");
	ADD("oauth_timestamp", stamp);
	ADD("oauth_token", keys->token);
	ADD("oauth_signature_method", "HMAC-SHA1");
	ADD("oauth_nonce", r->nonce);
	ADD("oauth_consumer_key", keys->consumer_key);
#undef ADD
	for (size_t i = 0; i < n; i++) {
		size_t k = i;

		for (; k > 0; k--) {
			int c = strcmp(at[k - 1]->k, p[i].k);

			if (c < 0 || (c == 0 && strcmp(at[k - 1]->v, p[i].v) <= 0))
				break;
			at[k] = at[k - 1];
		}
		at[k] = &p[i];
	}
	o = joined;
	for (size_t i = 0; i < n; i++)
		o += snprintf(o, 2 * TEXT + 3, "%s%s=%s", i ? "&" : "", at[i]->k, at[i]->v);
	o = base + snprintf(base, 16, "%s&", r->method);
	o = second_escape(o, r->url);
	*o++ = '&';
	second_escape(o, joined);
	o = second_escape(key, keys->consumer_secret);
	*o++ = '&';
	second_escape(o, keys->token_secret);
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	HMAC(EVP_sha1(), key, (int)strlen(key), (unsigned char *)base, strlen(base), mac, &len);
	EVP_EncodeBlock((unsigned char *)out, mac, (int)len);
}

/* --- random requests --- */

static void random_text(char *out, unsigned max)
{
	static const char *const parts[] = {"a", "Z", "0", "-", ".", "_", "~", " ", "+", "%", "&",
	    "=", ",", "/", ":", "!", "*", "'", "(", ")", "\"", "\xc3\xa9", "\xe2\x98\x83",
	    "\xf0\x9f\xa4\x96", "%20", "\x7f", "\t", "[", "#", "?", "@"};

	for (unsigned n = roll(max); n; n--) {
		const char *part = parts[roll(sizeof parts / sizeof *parts)];

		memcpy(out, part, strlen(part));
		out += strlen(part);
	}
	*out = '\0';
}

static void both_implementations_agree(void **state)
{
	static const char *const methods[] = {"GET", "POST", "PUT", "DELETE"};
	static const char *const urls[] = {"https://ads-api.x.com/12/accounts",
	    "http://127.0.0.1:8712/12/batch/accounts/18ce54d4x5t/targeting_criteria",
	    "https://api.x.com/oauth/request_token", "https://h:8443/a-b_c.d/~e"};
	static char names[12][128], values[12][256], secrets[4][128];

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct api_param params[12];
		size_t n = roll(7);
		char nonce[32], ours[OAUTH_SIGNATURE_SIZE], theirs[64];

		for (size_t k = 0; k < n; k++) {
			random_text(names[k], 5);
			random_text(values[k], roll(16) ? 6 : 30);
			/* names repeat now and then, so that values decide the order */
			params[k] = (struct api_param){names[roll(4) ? k : 0], values[k]};
		}
		for (int k = 0; k < 4; k++) {
			random_text(secrets[k] + 1, 6);
			secrets[k][0] = 'x';
		}
		snprintf(nonce, sizeof nonce, "%x%x", roll(1u << 30), roll(1u << 30));
		struct oauth_keys keys = {secrets[0], secrets[1], secrets[2], secrets[3]};
		struct oauth_request r = {.method = methods[roll(4)],
		    .url = urls[roll(4)],
		    .params = params,
		    .n_params = n,
		    .nonce = nonce,
		    .timestamp = 1700000000 + (int64_t)roll(100000000)};

		assert_int_equal(oauth_sign(&keys, &r, ours, NULL), ERR_OK);
		second_sign(&keys, &r, theirs);
		if (strcmp(ours, theirs) != 0)
			fail_msg("request %d: %s and %s", i, ours, theirs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_implementations_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
