#include "sandbox/oauth.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool oauth_parse_header(struct arena *a, const char *value, struct params *out)
{
	if (strncasecmp(value, "OAuth", 5) != 0 || !isspace((unsigned char)value[5]))
		return false;
	for (const char *p = value + 5;;) {
		size_t name_len, value_len;
		const char *name;
		char *key, *val;

		p += strspn(p, " \t,");
		if (!*p)
			return true;
		name = p;
		name_len = strcspn(p, "=, \t");
		p += name_len;
		if (*p++ != '=' || *p++ != '"')
			return false;
		value_len = strcspn(p, "\"");
		if (p[value_len] != '"')
			return false;
		key = percent_decode(a, name, name_len, PLUS_IS_PLUS);
		val = percent_decode(a, p, value_len, PLUS_IS_PLUS);
		if (!key || !val)
			return false;
		if (strcasecmp(key, "realm") != 0 && !params_add(a, out, key, val))
			return false;
		p += value_len + 1;
	}
}

static int by_encoded_pair(const void *x, const void *y)
{
	const struct param *a = x, *b = y;
	int c = strcmp(a->name, b->name);

	return c ? c : strcmp(a->value, b->value);
}

static const char *encoded(struct arena *a, const char *s)
{
	struct buf b;
	const char *out;

	buf_init(&b, 3 * strlen(s) + 1);
	percent_encode(&b, s);
	out = b.failed ? NULL : arena_strdup(a, buf_str(&b));
	buf_done(&b);
	return out;
}

/* Sorted by encoded name, then encoded value, as RFC 5849 3.4.1.3.2 has it. */
static bool add_params(struct arena *a, const struct params *p, struct buf *out)
{
	struct param *sorted = arena_alloc(a, (p->n + 1) * sizeof *sorted);
	struct buf joined;
	bool ok;

	if (!sorted)
		return false;
	for (size_t i = 0; i < p->n; i++) {
		sorted[i].name = encoded(a, p->v[i].name);
		sorted[i].value = encoded(a, p->v[i].value);
		if (!sorted[i].name || !sorted[i].value)
			return false;
	}
	qsort(sorted, p->n, sizeof *sorted, by_encoded_pair);
	buf_init(&joined, 64u << 20);
	for (size_t i = 0; i < p->n; i++) {
		if (i)
			buf_addc(&joined, '&');
		buf_adds(&joined, sorted[i].name);
		buf_addc(&joined, '=');
		buf_adds(&joined, sorted[i].value);
	}
	ok = !joined.failed;
	percent_encode(out, buf_str(&joined));
	buf_done(&joined);
	return ok;
}

static void add_base_url(const struct oauth_request *req, struct buf *out)
{
	const char *dflt = strcmp(req->scheme, "https") == 0 ? ":443" : ":80";
	size_t n = strlen(req->host), d = strlen(dflt);
	struct buf url;

	if (n > d && strcmp(req->host + n - d, dflt) == 0)
		n -= d;
	buf_init(&url, 1u << 20);
	buf_adds(&url, req->scheme);
	buf_adds(&url, "://");
	for (size_t i = 0; i < n; i++)
		buf_addc(&url, (char)tolower((unsigned char)req->host[i]));
	buf_adds(&url, req->path);
	percent_encode(out, buf_str(&url));
	buf_done(&url);
}

bool oauth_base_string(struct arena *a, const struct oauth_request *req, struct buf *out)
{
	for (const char *m = req->method; *m; m++)
		buf_addc(out, (char)toupper((unsigned char)*m));
	buf_addc(out, '&');
	add_base_url(req, out);
	buf_addc(out, '&');
	return add_params(a, req->params, out) && !out->failed;
}

void oauth_sign(const char *base_string, const char *consumer_secret, const char *token_secret,
    char out[OAUTH_SIGNATURE_SIZE])
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	struct buf key;

	buf_init(&key, 1u << 16);
	percent_encode(&key, consumer_secret);
	buf_addc(&key, '&');
	percent_encode(&key, token_secret);
	HMAC(EVP_sha1(), buf_str(&key), (int)key.len, (const unsigned char *)base_string,
	    strlen(base_string), mac, &len);
	EVP_EncodeBlock((unsigned char *)out, mac, 20);
	buf_done(&key);
}

bool oauth_same(const char *a, const char *b)
{
	size_t n = strlen(a);

	return n == strlen(b) && CRYPTO_memcmp(a, b, n) == 0;
}
