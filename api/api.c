#include "api/request.h"

#include <string.h>
#include <sys/random.h>
#include "api/proxy.h"
#include "api/secret.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

/* --- configuration --- */

static bool is_printable(const char *s)
{
	for (; *s; s++)
		if (*s <= 0x20 || *s > 0x7e)
			return false;
	return true;
}

/* scheme://host[:port] and nothing else; http for this machine only, before anything is signed. */
static enum err check_url(const char *url, struct errinfo *ei)
{
	bool tls = url && strncmp(url, "https://", 8) == 0;
	bool plain = url && strncmp(url, "http://", 7) == 0;
	const char *host = tls ? url + 8 : plain ? url + 7 : NULL, *path;

	if (!host || !*host || *host == '/' || !is_printable(url))
		return err_set(ei, ERR_CONFIG, "the base URL must be https://HOST");
	if (plain && !net_is_loopback(url))
		return err_set(ei, ERR_CONFIG,
		    "plain http is for this machine only; use https in the base URL");
	path = host + strcspn(host, "/");
	if (strpbrk(host, "@?#\\") || (*path && path[1]))
		return err_set(ei, ERR_CONFIG, "the base URL must have no user, path or query");
	return ERR_OK;
}

static enum err copy_secrets(struct api *a, const struct api_config *cfg, struct errinfo *ei)
{
	const char *in[4] = {
	    cfg->consumer_key, cfg->consumer_secret, cfg->token, cfg->token_secret};
	static const char *const names[4] = {
	    "consumer key", "consumer secret", "access token", "access token secret"};
	const char *out[4];
	char *p;

	for (int i = 0; i < 4; i++) {
		if (!in[i] || !*in[i] || !is_printable(in[i]))
			return err_set(ei, ERR_CONFIG, "the %s is %s", names[i],
			    in[i] && *in[i] ? "not usable" : "missing");
		a->secrets_size += strlen(in[i]) + 1;
	}
	p = a->secrets = secret_alloc(a->secrets_size);
	if (!p)
		return err_set(ei, ERR_NOMEM, "out of memory");
	for (int i = 0; i < 4; i++) {
		size_t n = strlen(in[i]) + 1;

		memcpy(p, in[i], n);
		out[i] = p;
		p += n;
	}
	a->keys = (struct oauth_keys){out[0], out[1], out[2], out[3]};
	return ERR_OK;
}

struct api *api_new_over(
    struct loop *l, const struct api_config *cfg, struct transport t, struct errinfo *ei)
{
	struct api *a = mem_zalloc(sizeof *a);
	size_t n;

	if (!a) {
		t.free(t.self);
		err_set(ei, ERR_NOMEM, "out of memory");
		return NULL;
	}
	a->loop = l;
	a->transport = t;
	a->raw_writes = cfg->raw_writes;
	if (check_url(cfg->base_url, ei) || copy_secrets(a, cfg, ei))
		goto fail;
	a->base_url = mem_strdup(cfg->base_url);
	a->version = mem_strdup(cfg->api_version ? cfg->api_version : "12");
	if (!a->base_url || !a->version) {
		err_set(ei, ERR_NOMEM, "out of memory");
		goto fail;
	}
	n = strlen(a->base_url);
	if (a->base_url[n - 1] == '/')
		a->base_url[n - 1] = '\0';
	if (!api_id_ok(a->version)) {
		err_set(ei, ERR_CONFIG, "the API version must be a number");
		goto fail;
	}
	if (loop_each_turn(l, req_turn, a)) {
		err_set(ei, ERR_LIMIT, "the event loop has no room for another client");
		goto fail;
	}
	if (getrandom(&a->random, sizeof a->random, 0) != (ssize_t)sizeof a->random || !a->random)
		a->random = 1; /* only spreads retries in time */
	return a;
fail:
	api_free(a);
	return NULL;
}

struct api *api_new(struct loop *l, const struct api_config *cfg, struct errinfo *ei)
{
	struct transport t;
	struct api *a;

	if (check_url(cfg->base_url, ei) || net_transport(&t, l, cfg, ei))
		return NULL;
	a = api_new_over(l, cfg, t, ei);
	if (a && proxy_for(cfg->base_url))
		proxy_name(proxy_for(cfg->base_url), a->proxy, sizeof a->proxy);
	return a;
}

void api_free(struct api *a)
{
	if (!a)
		return;
	for (uint32_t i = 0; i < a->n_slots; i++)
		if (a->slots[i])
			req_free(a->slots[i]);
	loop_each_turn_stop(a->loop, req_turn, a);
	a->transport.free(a->transport.self);
	mem_free(a->slots);
	budget_table_done(&a->budgets);
	secret_free(a->secrets, a->secrets_size);
	mem_free(a->base_url);
	mem_free(a->version);
	mem_free(a);
}

const char *api_version(const struct api *a)
{
	return a->version;
}

struct owner_id api_new_owner(struct api *a)
{
	return (struct owner_id){++a->next_owner};
}

void api_on_change(struct api *a, void (*fn)(void *user), void *user)
{
	a->on_change = fn;
	a->on_change_user = user;
}

/* --- statistics --- */

static struct api_budget show_budget(const struct budget *b)
{
	struct api_budget out = {.name = budget_name(b), .limit = b->limit};

	out.known = budget_is_current(b);
	out.remaining = out.known ? b->remaining : b->limit;
	out.reset_wall_s = out.known ? b->reset_s : 0;
	memcpy(out.account, b->account, sizeof out.account);
	if (b->account_family)
		memcpy(out.scope, b->account, sizeof out.scope);
	return out;
}

struct api_stats api_stats(const struct api *a)
{
	struct api_stats st = {.in_flight = a->flying_reads + a->flying_writes,
	    .write_in_flight = a->flying_writes > 0,
	    .sent = a->sent,
	    .bytes_in = a->bytes_in,
	    .clock_skew_s = a->skew_s,
	    .clock_corrected = a->skewed};

	memcpy(st.proxy, a->proxy, sizeof st.proxy);
	memcpy(st.warning, a->warning, sizeof st.warning);
	for (uint32_t i = 0; i < a->n_slots; i++) {
		const struct req *r = a->slots[i];

		st.queued += r && r->phase == REQ_QUEUED;
		st.waiting += r && (r->phase == REQ_RATE_WAIT || r->phase == REQ_RETRY_WAIT);
	}
	for (size_t i = 0; i < a->budgets.n; i++) {
		struct api_budget b = show_budget(&a->budgets.v[i]);

		/* tightest: the smallest part left */
		if (b.known && (!st.has_tightest || b.remaining * st.tightest.limit <
							st.tightest.remaining * b.limit)) {
			st.tightest = b;
			st.has_tightest = true;
		}
	}
	return st;
}

size_t api_budgets(const struct api *a, struct api_budget *out, size_t cap)
{
	for (size_t i = 0; i < a->budgets.n && i < cap; i++)
		out[i] = show_budget(&a->budgets.v[i]);
	return a->budgets.n;
}

enum err api_budget_restore(struct api *a, const struct api_budget *b)
{
	const char *account = b->account[0] ? b->account : b->scope;

	for (int e = 0; e < ENDPOINT_COUNT; e++) {
		enum bucket_id bucket = endpoint_info((enum endpoint_id)e)->bucket;
		struct budget named = {.bucket = bucket,
		    .endpoint =
			bucket_info(bucket)->per_endpoint ? (enum endpoint_id)e : ENDPOINT_COUNT};
		size_t i;

		if (strcmp(budget_name(&named), b->name) != 0)
			continue;
		i = budget_find(&a->budgets, (enum endpoint_id)e, account);
		if (i == SIZE_MAX)
			return ERR_NOMEM;
		a->budgets.v[i].account_family = b->scope[0] != '\0';
		if (b->known && b->reset_wall_s > api_server_now(a))
			budget_set(&a->budgets.v[i], b->limit, b->remaining, b->reset_wall_s,
			    api_server_now(a));
		return ERR_OK;
	}
	return ERR_NOTFOUND;
}
