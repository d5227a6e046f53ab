#include "sandbox/auth.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/map.h"
#include "base/mem.h"
#include "sandbox/call.h"
#include "sandbox/oauth.h"
#include "sandbox/sandbox.h"

#define CHAINS 4096
#define NONCE_KEPT_S (2 * AUTH_SKEW_S)

struct nonce {
	struct nonce *next;
	int64_t at_s;
	char key[];
};

void nonces_init(struct nonces *n)
{
	*n = (struct nonces){.chains = mem_array(CHAINS, sizeof(struct nonce *))};
}

static void prune(struct nonces *n, int64_t before_s)
{
	for (size_t i = 0; n->chains && i < CHAINS; i++) {
		struct nonce **at = &n->chains[i];

		while (*at) {
			struct nonce *old = *at;

			if (old->at_s >= before_s) {
				at = &old->next;
				continue;
			}
			*at = old->next;
			mem_free(old);
		}
	}
}

void nonces_done(struct nonces *n)
{
	prune(n, INT64_MAX);
	mem_free(n->chains);
	n->chains = NULL;
}

bool nonces_take(struct nonces *n, const char *token, const char *nonce, int64_t now_s)
{
	size_t token_len = strlen(token), nonce_len = strlen(nonce);
	struct nonce *one = mem_alloc(sizeof *one + token_len + nonce_len + 2);
	struct nonce **chain;

	if (!one || !n->chains) {
		mem_free(one);
		return false;
	}
	memcpy(one->key, token, token_len);
	one->key[token_len] = '\n'; /* cannot be part of a token */
	memcpy(one->key + token_len + 1, nonce, nonce_len + 1);
	if (now_s - n->pruned_s > NONCE_KEPT_S) {
		prune(n, now_s - NONCE_KEPT_S);
		n->pruned_s = now_s;
	}
	chain = &n->chains[map_hash(one->key) % CHAINS];
	for (struct nonce *o = *chain; o; o = o->next) {
		if (strcmp(o->key, one->key) == 0) {
			mem_free(one);
			return false;
		}
	}
	one->at_s = now_s;
	one->next = *chain;
	*chain = one;
	return true;
}

void auth_refuse(struct call *c, int http, int code, const char *message)
{
	c->status = http;
	buf_clear(&c->out);
	json_open(&c->out, '{');
	json_key(&c->out, "errors");
	json_open(&c->out, '[');
	json_open(&c->out, '{');
	json_put_int(&c->out, "code", code);
	json_put_str(&c->out, "message", message);
	json_close(&c->out, '}');
	json_close(&c->out, ']');
	json_close(&c->out, '}');
}

static bool is_form(const struct call *c)
{
	static const char form[] = "application/x-www-form-urlencoded";

	return c->content_type && strncasecmp(c->content_type, form, sizeof form - 1) == 0;
}

static bool read_params(struct call *c, enum plus_sign plus)
{
	const char *query = strchr(c->uri, '?');

	c->params = (struct params){0};
	if (query && !params_parse(c->a, query + 1, strlen(query + 1), plus, &c->params))
		return false;
	return !is_form(c) || params_parse(c->a, c->body, c->body_len, plus, &c->params);
}

static bool signature_fits(
    struct call *c, const struct params *oauth, const char *secret, const char *token_secret)
{
	struct oauth_request req = {.method = c->method, .scheme = c->scheme, .host = c->host};
	struct params all = {0};
	char made[OAUTH_SIGNATURE_SIZE];
	struct buf base;
	bool ok;

	for (size_t i = 0; i < oauth->n; i++)
		if (strcmp(oauth->v[i].name, "oauth_signature") != 0)
			params_add(c->a, &all, oauth->v[i].name, oauth->v[i].value);
	for (size_t i = 0; i < c->params.n; i++)
		if (strncmp(c->params.v[i].name, "oauth_", 6) != 0)
			params_add(c->a, &all, c->params.v[i].name, c->params.v[i].value);
	req.path = arena_strndup(c->a, c->uri, strcspn(c->uri, "?"));
	req.params = &all;
	buf_init(&base, 64u << 20);
	ok = req.path && oauth_base_string(c->a, &req, &base);
	if (ok) {
		oauth_sign(buf_str(&base), secret, token_secret, made);
		ok = oauth_same(made, params_get(oauth, "oauth_signature"));
	}
	buf_done(&base);
	return ok;
}

/* A '+' in a query means a space to form decoders and a plus to RFC 3986. The reading that the
 * client signed is the one that is used; both are tried only when there is a '+'. */
static bool check_signature(
    struct call *c, const struct params *oauth, const char *secret, const char *token_secret)
{
	bool plus = strchr(c->uri, '+') || (is_form(c) && memchr(c->body, '+', c->body_len));

	if (read_params(c, PLUS_IS_SPACE) && signature_fits(c, oauth, secret, token_secret))
		return true;
	return plus && read_params(c, PLUS_IS_PLUS) &&
	       signature_fits(c, oauth, secret, token_secret);
}

/* The oauth_* parameters from the header, else from query and form (RFC 5849 3.5). */
static bool collect(struct call *c, struct params *oauth)
{
	static const char *const needed[] = {"oauth_consumer_key", "oauth_nonce", "oauth_timestamp",
	    "oauth_signature", "oauth_signature_method"};

	if (!read_params(c, PLUS_IS_SPACE) && !read_params(c, PLUS_IS_PLUS))
		return false;
	if (c->authorization) {
		if (!oauth_parse_header(c->a, c->authorization, oauth))
			return false;
	} else {
		for (size_t i = 0; i < c->params.n; i++)
			if (strncmp(c->params.v[i].name, "oauth_", 6) == 0)
				params_add(c->a, oauth, c->params.v[i].name, c->params.v[i].value);
	}
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
		size_t seen = 0;

		for (size_t k = 0; k < oauth->n; k++)
			seen += strcmp(oauth->v[k].name, needed[i]) == 0;
		if (seen != 1 || !*params_get(oauth, needed[i]))
			return false;
	}
	return true;
}

static bool find_token(struct call *c, const char *token, enum auth_token kind, const char **secret)
{
	struct db *db = &c->sb->db;
	sqlite3_stmt *q =
	    db_query(db, "SELECT secret, user FROM token WHERE token = ? AND state = ?", "tt",
		token, kind == TOKEN_ACCESS ? "ACCESS" : "REQUEST");
	bool found = db_step(db, q);

	if (found) {
		*secret = db_column(c->a, q, 0);
		c->user = db_column(c->a, q, 1);
	}
	sqlite3_reset(q);
	return found;
}

bool auth_check_with(struct call *c, enum auth_token kind, struct params *oauth)
{
	const char *token, *version, *secret = "";
	int64_t now = sandbox_now_s(c->sb) + c->skew_s, at;

	*oauth = (struct params){0};
	if (!collect(c, oauth) || !number_parse(params_get(oauth, "oauth_timestamp"), &at)) {
		auth_refuse(c, 400, 215, "Bad Authentication data.");
		return false;
	}
	c->nonce = params_get(oauth, "oauth_nonce");
	token = params_get(oauth, "oauth_token");
	version = params_get(oauth, "oauth_version");
	if (strcmp(params_get(oauth, "oauth_consumer_key"), DEMO_CONSUMER_KEY) != 0 ||
	    strcmp(params_get(oauth, "oauth_signature_method"), "HMAC-SHA1") != 0 ||
	    (version && strcmp(version, "1.0") != 0)) {
		auth_refuse(c, 401, 32, "Could not authenticate you.");
		return false;
	}
	if (kind != TOKEN_NONE && (!token || !find_token(c, token, kind, &secret))) {
		auth_refuse(c, 401, 89, "Invalid or expired token.");
		return false;
	}
	if (at < now - AUTH_SKEW_S || at > now + AUTH_SKEW_S) {
		auth_refuse(c, 401, 135, "Timestamp out of bounds.");
		return false;
	}
	if (!check_signature(c, oauth, DEMO_CONSUMER_SECRET, secret) ||
	    (!nonces_take(&c->sb->nonces, token ? token : "", c->nonce, now) && !c->any_nonce)) {
		auth_refuse(c, 401, 32, "Could not authenticate you.");
		return false;
	}
	return true;
}

bool auth_check(struct call *c)
{
	struct params oauth;

	return auth_check_with(c, TOKEN_ACCESS, &oauth);
}
