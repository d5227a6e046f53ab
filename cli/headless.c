#include "cli/headless.h"

#include <string.h>
#include "base/clock.h"
#include "base/mem.h"

#define PATIENCE_MS 5000 /* a request that nothing but a reset of a rate limit will free */
#define TURN_MS 200

static enum err open_session(struct headless *h, const struct cli_options *o, struct errinfo *ei)
{
	struct client *c = &h->client;
	struct session_config cfg = {.profile = c->profile->name,
	    .account = o->account ? o->account : c->profile->account,
	    .cache_days = c->config.cache_days,
	    .batch_size = c->config.batch_size,
	    .post_without_lock = c->config.post_without_lock,
	    .read_only = c->profile->read_only,
	    .lazy = h->lazy};
	struct api_config net = {.base_url = c->profile->base_url,
	    .api_version = c->profile->api_version,
	    .consumer_key = c->cred.consumer_key,
	    .consumer_secret = c->cred.consumer_secret,
	    .token = c->cred.access_token,
	    .token_secret = c->cred.access_token_secret,
	    .ca_bundle =
		c->profile->ca_bundle && c->profile->ca_bundle[0] ? c->profile->ca_bundle : NULL,
	    .timeout_s = (unsigned)c->config.timeout_seconds};

	if (cfg.account && cfg.account[0] && !api_id_ok(cfg.account))
		return err_set(ei, ERR_USAGE, "\"%.80s\" is not an account id", cfg.account);
	cfg.loop = c->loop;
	cfg.store = c->store;
	h->session = session_new(&cfg, ei);
	if (!h->session)
		return ei->code;
	session_start(h->session);
	if (!session_account_id(h->session)[0])
		return err_set(
		    ei, ERR_USAGE, "which ads account? name it with --account, or in the profile");
	return session_connect(h->session, &net, ei);
}

enum err headless_open(struct headless *h, const struct cli_options *o, struct errinfo *ei)
{
	static const enum data_kind needed[] = {
	    DATA_LINE_ITEMS, DATA_ACCESS, DATA_CAMPAIGNS, DATA_AUDIENCES, DATA_USERS};
	struct client *c = &h->client;
	enum err err = client_configure(c, o, ei);

	if (err)
		return err;
	c->loop = loop_new();
	if (!c->loop)
		return err_set(ei, ERR_NOMEM, "no memory to start");
	c->store = store_open(&c->paths, ei);
	if (!c->store)
		return ei->code;
	err = store_bind(c->store, client_realm(c->profile->base_url), c->profile->api_version, ei);
	if (!err)
		err = config_credentials(c->profile, &c->cred, ei);
	if (!err)
		err = open_session(h, o, ei);
	credentials_wipe(&c->cred);
	config_forget_credentials(&c->config);
	if (!err)
		err = headless_wait(h, ei);
	for (size_t i = 0; !err && i < sizeof needed / sizeof *needed; i++) {
		struct data_state st = session_state(h->session, needed[i]);

		if (st.ei.code) {
			*ei = st.ei;
			err = st.ei.code;
		}
	}
	return err;
}

/* Waiting requests and none that moves: a rate limit is used up. */
static bool stands_still(const struct headless *h)
{
	struct api_stats st = api_stats(session_api(h->session));

	return st.waiting && st.waiting >= st.in_flight + st.queued;
}

enum err headless_wait(struct headless *h, struct errinfo *ei)
{
	int64_t still_since = 0;

	/* what was asked for before the first turn is told in that turn */
	do {
		loop_turn(h->client.loop, TURN_MS);
		if (h->tick)
			h->tick(h, h->user);
		if (!stands_still(h))
			still_since = 0;
		else if (!still_since)
			still_since = clock_mono_ms();
		else if (clock_mono_ms() - still_since > PATIENCE_MS)
			return err_set(
			    ei, ERR_RATE, "a rate limit is used up; nothing more can be read now");
	} while (session_busy(h->session));
	return ERR_OK;
}

static bool has_id(const char *const *ids, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(ids[i], id) == 0)
			return true;
	return false;
}

enum err headless_line_items(struct headless *h, const struct cli_options *o, const char ***ids,
    size_t *n, struct errinfo *ei)
{
	const struct line_item_set *set = session_line_items(h->session);

	size_t asked = o->n_params ? o->n_params : set->n;

	*n = 0;
	*ids = mem_array(asked + 1, sizeof **ids);
	if (!*ids)
		return err_set(ei, ERR_NOMEM, "no memory for the line items");
	for (size_t i = 0; i < asked; i++) {
		const struct line_item *li =
		    o->n_params ? session_line_item(h->session, o->params[i]) : &set->v[i];

		if (!li) {
			mem_free(*ids);
			*ids = NULL;
			*n = 0;
			return err_set(ei, ERR_USAGE, "there is no line item \"%s\" in account %s",
			    o->params[i], session_account_id(h->session));
		}
		if (!o->n_params || !has_id(*ids, *n, li->id))
			(*ids)[(*n)++] = li->id;
	}
	return ERR_OK;
}

enum err headless_criteria(struct headless *h, const char *const *ids, size_t n, struct errinfo *ei)
{
	enum err err = session_fetch_criteria(h->session, ids, n, 0, REQ_USER);

	if (err)
		return err_set(ei, err, "the criteria cannot be asked for");
	err = headless_wait(h, ei);
	if (!err && session_state(h->session, DATA_CRITERIA).ei.code) {
		*ei = session_state(h->session, DATA_CRITERIA).ei;
		err = ei->code;
	}
	return err;
}

void headless_close(struct headless *h)
{
	session_free(h->session);
	client_close(&h->client);
}
