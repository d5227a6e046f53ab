#include "api/oauth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "base/mem.h"

enum { MAX_STRING = 1024 * 1024 }; /* of a base string; queries of this API are below 16 KiB */

static bool is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

enum err oauth_encode(struct buf *out, const char *s, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < n; i++) {
		size_t run = i;

		while (i < n && is_unreserved(s[i]))
			i++;
		buf_add(out, s + run, i - run);
		if (i < n) {
			unsigned char c = (unsigned char)s[i];

			buf_add(out, (const char[]){'%', digits[c >> 4], digits[c & 15]}, 3);
		}
	}
	return out->failed;
}

static void encode_str(struct buf *out, const char *s)
{
	oauth_encode(out, s, strlen(s));
}

enum err oauth_query(struct buf *out, const struct api_param *params, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_addc(out, '&');
		encode_str(out, params[i].name);
		buf_addc(out, '=');
		encode_str(out, params[i].value);
	}
	return out->failed;
}

/* --- base string --- */

enum { OWN_PARAMS = 6 };

/* The oauth_ parameters of the request, without its signature. */
static size_t own_params(struct api_param *v, const struct oauth_keys *k,
    const struct oauth_request *r, const char *timestamp)
{
	size_t n = 0;

	v[n++] = (struct api_param){"oauth_consumer_key", k->consumer_key};
	v[n++] = (struct api_param){"oauth_nonce", r->nonce};
	v[n++] = (struct api_param){"oauth_signature_method", "HMAC-SHA1"};
	v[n++] = (struct api_param){"oauth_timestamp", timestamp};
	if (k->token)
		v[n++] = (struct api_param){"oauth_token", k->token};
	if (!r->leave_version)
		v[n++] = (struct api_param){"oauth_version", "1.0"};
	return n;
}

struct pair { /* encoded, offsets into one buffer */
	const char *name, *value;
};

static int pair_cmp(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : strcmp(x->value, y->value);
}

static enum err encode_pairs(
    struct arena *arena, struct pair *out, const struct api_param *v, size_t n)
{
	struct buf b;
	enum err e = ERR_OK;

	buf_init(&b, MAX_STRING);
	for (size_t i = 0; i < n && !e; i++) {
		buf_clear(&b);
		encode_str(&b, v[i].name);
		out[i].name = arena_strndup(arena, buf_str(&b), b.len);
		size_t name_len = b.len;

		encode_str(&b, v[i].value);
		e = b.failed;
		out[i].value = arena_strndup(arena, buf_str(&b) + name_len, b.len - name_len);
		if (!e && (!out[i].name || !out[i].value))
			e = ERR_NOMEM;
	}
	buf_done(&b);
	return e;
}

enum err oauth_param_string(
    struct buf *out, const struct oauth_keys *k, const struct oauth_request *r)
{
	struct api_param own[OWN_PARAMS];
	struct arena arena;
	char timestamp[24];
	enum err e = ERR_NOMEM;

	snprintf(timestamp, sizeof timestamp, "%lld", (long long)r->timestamp);
	arena_init(&arena);
	size_t n_own = own_params(own, k, r, timestamp), n = n_own + r->n_params + r->n_extra;
	struct pair *pairs = arena_alloc(&arena, n * sizeof *pairs);

	if (!pairs)
		goto out;
	e = encode_pairs(&arena, pairs, own, n_own);
	if (!e)
		e = encode_pairs(&arena, pairs + n_own, r->params, r->n_params);
	if (!e)
		e = encode_pairs(&arena, pairs + n_own + r->n_params, r->extra, r->n_extra);
	if (e)
		goto out;
	qsort(pairs, n, sizeof *pairs, pair_cmp);
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_addc(out, '&');
		buf_adds(out, pairs[i].name);
		buf_addc(out, '=');
		buf_adds(out, pairs[i].value);
	}
	e = out->failed;
out:
	arena_done(&arena);
	return e;
}

/* Append scheme and host in lower case, without the default port. The path stays as it is. */
static enum err base_url(struct buf *out, const char *url)
{
	const char *sep = strstr(url, "://");

	if (!sep)
		return ERR_USAGE;
	const char *host = sep + 3, *path = host + strcspn(host, "/");
	bool tls = sep - url == 5;
	const char *suffix = tls ? ":443" : ":80";
	size_t n = (size_t)(path - url), s = strlen(suffix);

	if (n > s && strncmp(path - s, suffix, s) == 0)
		n -= s;
	for (size_t i = 0; i < n; i++) {
		char c = url[i];

		buf_addc(out, c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
	}
	return buf_adds(out, *path ? path : "/");
}

enum err oauth_base_string(
    struct buf *out, const struct oauth_keys *k, const struct oauth_request *r)
{
	struct buf url, params;
	enum err e;

	buf_init(&url, MAX_STRING);
	buf_init(&params, MAX_STRING);
	e = base_url(&url, r->url);
	if (!e)
		e = oauth_param_string(&params, k, r);
	if (!e) {
		buf_adds(out, r->method);
		buf_addc(out, '&');
		oauth_encode(out, buf_str(&url), url.len);
		buf_addc(out, '&');
		e = oauth_encode(out, buf_str(&params), params.len);
	}
	buf_done(&params);
	buf_done(&url);
	return e;
}

/* "enc(consumer secret)&enc(token secret)" in memory of its own size: a buffer that grows would
 * leave pieces of it behind. */
static char *signing_key(const struct oauth_keys *k, size_t *len)
{
	const char *secrets[2] = {k->consumer_secret, k->token_secret ? k->token_secret : ""};
	size_t size = 3 * (strlen(secrets[0]) + strlen(secrets[1])) + 2;
	char *key = mem_alloc(size), *o = key;

	for (int i = 0; key && i < 2; i++) {
		for (const char *p = secrets[i]; *p; p++) {
			if (is_unreserved(*p))
				*o++ = *p;
			else
				o += snprintf(o, 4, "%%%02X", (unsigned)(unsigned char)*p);
		}
		if (i == 0)
			*o++ = '&';
	}
	*len = (size_t)(o - key);
	return key;
}

enum err oauth_sign(const struct oauth_keys *k, const struct oauth_request *r,
    char out[OAUTH_SIGNATURE_SIZE], struct errinfo *ei)
{
	unsigned char mac[20];
	struct buf base;
	size_t len = 0;
	char *key = signing_key(k, &len);
	enum err e = key ? ERR_OK : ERR_NOMEM;

	out[0] = '\0';
	buf_init(&base, MAX_STRING);
	if (!e)
		e = oauth_base_string(&base, k, r);
	if (e)
		err_set(ei, e, "the request cannot be signed");
	else
		e = digest_hmac_sha1(key, len, base.p, base.len, mac, ei);
	if (!e)
		digest_base64(mac, sizeof mac, out);
	mem_free_secret(key, len);
	buf_done(&base);
	return e;
}

enum err oauth_header(
    struct buf *out, const struct oauth_keys *k, const struct oauth_request *r, struct errinfo *ei)
{
	struct api_param own[OWN_PARAMS];
	char timestamp[24], signature[OAUTH_SIGNATURE_SIZE];
	enum err e = oauth_sign(k, r, signature, ei);

	if (e)
		return e;
	snprintf(timestamp, sizeof timestamp, "%lld", (long long)r->timestamp);
	size_t n = own_params(own, k, r, timestamp);

	buf_adds(out, "OAuth ");
	for (size_t i = 0; i < n + r->n_extra; i++) {
		const struct api_param *p = i < n ? &own[i] : &r->extra[i - n];

		encode_str(out, p->name);
		buf_adds(out, "=\"");
		encode_str(out, p->value);
		buf_adds(out, "\", ");
	}
	buf_adds(out, "oauth_signature=\"");
	encode_str(out, signature);
	buf_addc(out, '"');
	return out->failed ? err_set(ei, out->failed, "the request cannot be signed") : ERR_OK;
}

enum err oauth_nonce(char out[OAUTH_NONCE_SIZE], struct errinfo *ei)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char raw[(OAUTH_NONCE_SIZE - 1) / 2];

	out[0] = '\0';
	if (getrandom(raw, sizeof raw, 0) != (ssize_t)sizeof raw)
		return err_set(ei, ERR_IO, "the kernel gave no random bytes");
	for (size_t i = 0; i < sizeof raw; i++) {
		out[2 * i] = digits[raw[i] >> 4];
		out[2 * i + 1] = digits[raw[i] & 15];
	}
	out[OAUTH_NONCE_SIZE - 1] = '\0';
	return ERR_OK;
}

/* --- decoding --- */

void oauth_params_init(struct oauth_params *p)
{
	*p = (struct oauth_params){0};
	arena_init(&p->arena);
}

void oauth_params_done(struct oauth_params *p)
{
	arena_done(&p->arena);
	mem_free(p->v);
	*p = (struct oauth_params){0};
}

static enum err push(struct oauth_params *p, const char *name, const char *value)
{
	if (!name || !value)
		return ERR_NOMEM;
	if (p->n == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 8;
		struct api_param *v = mem_realloc_array(p->v, cap, sizeof *v);

		if (!v)
			return ERR_NOMEM;
		p->v = v;
		p->cap = cap;
	}
	p->v[p->n++] = (struct api_param){name, value};
	return ERR_OK;
}

enum err oauth_params_add(struct oauth_params *p, const char *name, const char *value)
{
	return push(p, arena_strdup(&p->arena, name), arena_strdup(&p->arena, value));
}

static int hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* NULL: no memory, or *bad is set. */
static char *decode(struct arena *a, const char *s, size_t n, bool *bad)
{
	char *out = arena_strndup(a, s, n), *o = out;

	for (size_t i = 0; out && i < n; i++) {
		if (s[i] == '+') {
			*o++ = ' ';
		} else if (s[i] == '%') {
			int hi = i + 1 < n ? hex_value(s[i + 1]) : -1;
			int lo = i + 2 < n ? hex_value(s[i + 2]) : -1;

			if (hi < 0 || lo < 0 || (hi == 0 && lo == 0)) {
				*bad = true;
				return NULL;
			}
			*o++ = (char)(hi << 4 | lo);
			i += 2;
		} else {
			*o++ = s[i];
		}
	}
	if (out)
		*o = '\0';
	return out;
}

enum err oauth_params_parse(struct oauth_params *p, const char *query, struct errinfo *ei)
{
	while (*query) {
		size_t n = strcspn(query, "&"), name_len = strcspn(query, "=&");
		size_t value_at = name_len < n ? name_len + 1 : n;
		bool bad = false;

		if (n) {
			char *name = decode(&p->arena, query, name_len, &bad);
			char *value = decode(&p->arena, query + value_at, n - value_at, &bad);

			if (bad)
				return err_set(ei, ERR_USAGE,
				    "bad percent escape in the query; write %%25 for %%");
			if (push(p, name, value))
				return err_set(ei, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
		}
		query += n + (query[n] == '&');
	}
	return ERR_OK;
}
