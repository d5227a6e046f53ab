#include "api/login.h"

#include <stdio.h>
#include <string.h>
#include "api/answer.h"
#include "api/oauth.h"
#include "api/transport.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"

enum { KEY_SIZE = 256 };
static const char default_url[] = "https://api.x.com";

struct login {
	struct transport transport;
	struct transfer *transfer;
	char base_url[KEY_SIZE], consumer_key[KEY_SIZE], consumer_secret[KEY_SIZE];
	char token[KEY_SIZE], token_secret[KEY_SIZE]; /* of the request, then of the user */
	char authorize_url[2 * KEY_SIZE];
	bool exchanging; /* the second step */
	login_fn *fn;
	void *user;
};

static bool copy(char out[KEY_SIZE], const char *s)
{
	size_t n = s ? strlen(s) : 0;

	if (!n || n >= KEY_SIZE)
		return false;
	memcpy(out, s, n + 1);
	return true;
}

struct login *login_new(struct loop *l, const struct login_config *cfg, struct errinfo *ei)
{
	const char *url = cfg->base_url ? cfg->base_url : default_url;
	struct api_config net = {.base_url = url, .ca_bundle = cfg->ca_bundle};
	struct login *lg;

	if (strncmp(url, "https://", 8) != 0 &&
	    (strncmp(url, "http://", 7) != 0 || !net_is_loopback(url))) {
		err_set(ei, ERR_CONFIG, "the address for signing in must be https://HOST");
		return NULL;
	}
	lg = mem_zalloc(sizeof *lg);
	if (!lg) {
		err_set(ei, ERR_NOMEM, "out of memory");
		return NULL;
	}
	if (!copy(lg->base_url, url) || !copy(lg->consumer_key, cfg->consumer_key) ||
	    !copy(lg->consumer_secret, cfg->consumer_secret)) {
		err_set(ei, ERR_CONFIG, "the consumer key or secret is missing");
	} else if (!net_transport(&lg->transport, l, &net, ei)) {
		return lg;
	}
	mem_free_secret(lg, sizeof *lg);
	return NULL;
}

void login_free(struct login *lg)
{
	if (!lg)
		return;
	if (lg->transfer)
		lg->transport.abort(lg->transport.self, lg->transfer);
	lg->transport.free(lg->transport.self);
	mem_free_secret(lg, sizeof *lg);
}

/* Values are wiped behind use: the answer holds the secrets of the token. */
static const char *value_of(const struct oauth_params *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->v[i].name, name) == 0)
			return p->v[i].value;
	return NULL;
}

static void tell(struct login *lg, struct login_result *res)
{
	if (res->err)
		res->ei.code = res->err;
	lg->fn(lg, res, lg->user);
}

/* The body is a form here, not JSON. The tokens replace those of the step before. */
static void take_tokens(struct login *lg, const char *body, struct login_result *res)
{
	static const char odd[] = "the answer to the sign-in is not what the documents say";
	struct oauth_params p;
	const char *confirmed;

	oauth_params_init(&p);
	res->err = oauth_params_parse(&p, body, &res->ei);
	confirmed = value_of(&p, "oauth_callback_confirmed");
	if (!res->err && (!copy(lg->token, value_of(&p, "oauth_token")) ||
			     !copy(lg->token_secret, value_of(&p, "oauth_token_secret")) ||
			     (!lg->exchanging && (!confirmed || strcmp(confirmed, "true") != 0))))
		res->err = err_set(&res->ei, ERR_PROTOCOL, odd);
	if (res->err) {
		err_set(&res->ei, ERR_PROTOCOL, odd);
		res->err = ERR_PROTOCOL;
	} else if (lg->exchanging) {
		res->token = lg->token;
		res->token_secret = lg->token_secret;
		res->user_id = value_of(&p, "user_id");
		res->screen_name = value_of(&p, "screen_name");
	} else {
		struct buf b;

		buf_init(&b, sizeof lg->authorize_url - 1);
		buf_addf(&b, "%s/oauth/authorize?oauth_token=", lg->base_url);
		oauth_encode(&b, lg->token, strlen(lg->token));
		res->err = b.failed;
		memcpy(lg->authorize_url, buf_str(&b), b.len + 1);
		buf_done(&b);
		res->authorize_url = lg->authorize_url;
	}
	tell(lg, res);
	for (size_t i = 0; i < p.n; i++)
		explicit_bzero((char *)(uintptr_t)p.v[i].value, strlen(p.v[i].value));
	oauth_params_done(&p);
}

static void on_reply(struct transport_reply *reply, void *user)
{
	struct login *lg = user;
	struct login_result res = {0};
	struct answer an;

	lg->transfer = NULL;
	log_event(LOG_INFO, "login.answer", "step=%s status=%d curl=%d",
	    lg->exchanging ? "access_token" : "request_token", reply->status, reply->curl_code);
	if (!reply->err && reply->status == 200) {
		take_tokens(lg, buf_str(&reply->body), &res);
		if (reply->body.p)
			explicit_bzero(reply->body.p, reply->body.cap);
		return;
	}
	answer_init(&an);
	answer_read(&an, reply);
	res.ei = an.ei;
	res.err = an.ei.code ? an.ei.code : ERR_PROTOCOL;
	tell(lg, &res);
	answer_done(&an);
}

static enum err post(
    struct login *lg, const char *path, const struct api_param *extra, struct errinfo *ei)
{
	struct oauth_keys keys = {lg->consumer_key, lg->consumer_secret,
	    lg->exchanging ? lg->token : NULL, lg->exchanging ? lg->token_secret : NULL};
	char nonce[OAUTH_NONCE_SIZE];
	struct buf url, auth;
	enum err e = oauth_nonce(nonce, ei);

	buf_init(&url, 1024);
	buf_init(&auth, 4096);
	buf_addf(&url, "%s%s", lg->base_url, path);
	if (!e)
		e = oauth_header(&auth, &keys,
		    &(struct oauth_request){.method = "POST",
			.url = buf_str(&url),
			.extra = extra,
			.n_extra = 1,
			.nonce = nonce,
			.timestamp = clock_wall_s()},
		    ei);
	if (!e) {
		lg->transfer = lg->transport.submit(lg->transport.self,
		    &(struct transport_request){.method = "POST",
			.url = buf_str(&url),
			.authorization = buf_str(&auth),
			.write = true},
		    on_reply, lg, ei);
		e = lg->transfer ? ERR_OK : ERR_NETWORK;
	}
	buf_done(&auth);
	buf_done(&url);
	return e;
}

enum err login_start(struct login *lg, login_fn *fn, void *user, struct errinfo *ei)
{
	if (lg->transfer)
		return err_set(ei, ERR_REFUSED, "signing in is under way already");
	lg->exchanging = false;
	lg->fn = fn;
	lg->user = user;
	return post(lg, "/oauth/request_token", &(struct api_param){"oauth_callback", "oob"}, ei);
}

enum err login_finish(
    struct login *lg, const char *pin, login_fn *fn, void *user, struct errinfo *ei)
{
	size_t n = strspn(pin, "0123456789");

	if (pin[n] || n < 4 || n > 16)
		return err_set(ei, ERR_USAGE, "the PIN is the number that the page shows");
	if (lg->transfer || !lg->token[0])
		return err_set(ei, ERR_REFUSED, "start signing in first");
	lg->exchanging = true;
	lg->fn = fn;
	lg->user = user;
	return post(lg, "/oauth/access_token", &(struct api_param){"oauth_verifier", pin}, ei);
}
