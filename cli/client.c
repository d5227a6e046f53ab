#include "cli/client.h"

#include <string.h>
#include "base/clock.h"
#include "cli/log_file.h"
#include "session/budget_store.h"

#define BODY_MAX (64u << 20)
#define LOOK_EVERY_MS 100 /* how often a waiting request is looked at */

const char *client_realm(const char *base_url)
{
	const char *host = strstr(base_url, "://");

	return host ? host + 3 : base_url;
}

enum err client_configure(struct client *c, const struct cli_options *o, struct errinfo *ei)
{
	config_init(&c->config);
	if (paths_init(&c->paths, NULL, ei) || config_load(&c->config, c->paths.config, ei) ||
	    log_file_open(o, &c->config, &c->paths, ei))
		return ei->code;
	c->profile = config_profile(&c->config, o->profile, ei);
	return c->profile ? ERR_OK : ei->code;
}

static void open_store(struct client *c)
{
	struct errinfo ei;

	c->store = store_open(&c->paths, &ei);
	if (c->store && store_bind(c->store, client_realm(c->profile->base_url),
			    c->profile->api_version, &ei)) {
		store_close(c->store);
		c->store = NULL;
	}
}

enum err client_connect(struct client *c, bool raw_writes, struct errinfo *ei)
{
	const struct config_profile *p = c->profile;
	struct api_config cfg = {.base_url = p->base_url,
	    .api_version = p->api_version,
	    .consumer_key = c->cred.consumer_key,
	    .consumer_secret = c->cred.consumer_secret,
	    .token = c->cred.access_token,
	    .token_secret = c->cred.access_token_secret,
	    .ca_bundle = p->ca_bundle && p->ca_bundle[0] ? p->ca_bundle : NULL,
	    .timeout_s = (unsigned)c->config.timeout_seconds,
	    .raw_writes = raw_writes};

	c->loop = loop_new();
	if (!c->loop)
		return err_set(ei, ERR_NOMEM, "no memory to start");
	if (config_credentials(p, &c->cred, ei))
		return ei->code;
	c->api = api_new(c->loop, &cfg, ei);
	credentials_wipe(&c->cred);
	config_forget_credentials(&c->config);
	if (!c->api)
		return ei->code;
	open_store(c);
	if (c->store)
		budget_store_load(c->store, c->api);
	return ERR_OK;
}

void client_close(struct client *c)
{
	if (c->store && c->api)
		budget_store_save(c->store, c->api);
	api_free(c->api);
	store_close(c->store);
	loop_free(c->loop);
	config_done(&c->config);
}

/* --- one call --- */

struct call {
	struct client *client;
	struct client_reply *reply;
	struct req_id id;
	int64_t max_wait_ms;
	struct timer_id timer;
	bool over;
};

static void on_answer(struct req_id id, struct api_result *res, void *user)
{
	struct call *call = user;
	struct client_reply *r = call->reply;

	(void)id;
	r->done = true;
	r->err = res->err;
	r->ei = res->ei;
	if (res->kind == API_RAW) {
		r->status = res->raw.status;
		if (buf_add(&r->body, res->raw.body, res->raw.body_len))
			r->err = err_set(&r->ei, r->body.failed, "no memory for the answer");
		for (size_t i = 0; i < res->raw.n_headers; i++)
			buf_addf(&r->headers, "%s: %s\n", res->raw.headers[i].name,
			    res->raw.headers[i].value);
	}
	call->over = true;
}

static void look(struct loop *l, void *user)
{
	struct call *call = user;
	struct req_state st = req_state(call->client->api, call->id);
	char when[21];

	if (st.phase == REQ_RATE_WAIT && st.wait_ms > call->max_wait_ms) {
		req_cancel(call->client->api, call->id);
		clock_format_utc(clock_wall_s() + (st.wait_ms + 999) / 1000, when);
		call->reply->err = err_set(&call->reply->ei, ERR_RATE,
		    "the budget of %s is used up until %s (%lld s)",
		    st.bucket ? st.bucket : "this endpoint", when,
		    (long long)(st.wait_ms + 999) / 1000);
		call->over = true;
		return;
	}
	call->timer = loop_timer(l, LOOK_EVERY_MS, look, call);
}

void client_call(
    struct client *c, const struct raw_query *q, int64_t max_wait_ms, struct client_reply *r)
{
	struct call call = {.client = c, .reply = r, .max_wait_ms = max_wait_ms};

	*r = (struct client_reply){0};
	buf_init(&r->body, BODY_MAX);
	buf_init(&r->headers, 64u << 10);
	call.id = api_raw(c->api, q, &(struct api_call){.fn = on_answer, .user = &call});
	if (!call.id.gen) {
		r->err = err_set(&r->ei, ERR_NOMEM, "out of memory");
		return;
	}
	call.timer = loop_timer(c->loop, LOOK_EVERY_MS, look, &call);
	while (!call.over && loop_turn(c->loop, 60000))
		continue;
	loop_timer_cancel(c->loop, call.timer);
}

void client_reply_done(struct client_reply *r)
{
	buf_done(&r->body);
	buf_done(&r->headers);
}
