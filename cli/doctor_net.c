/* reticle doctor: everything behind the network, from the name of the host to the user's role. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "api/answer.h"
#include "api/transport.h"
#include "base/clock.h"
#include "cli/doctor.h"

#define RESOLVE_S 10
#define SKEW_FINE_S 60 /* as in the client: less is not worth a correction */
#define ACCOUNTS_MOST 20
#define CALL_WAIT_MS 2000

static void skip_all(struct doctor *d, size_t from, const char *why)
{
	static const char *const names[] = {
	    "name resolution", "connection", "TLS", "clock", "token", "API access", "account"};

	for (size_t i = from; i < sizeof names / sizeof *names; i++)
		doctor_skip(d, names[i], why);
}
enum { FROM_NAME, FROM_CONNECTION, FROM_TLS, FROM_CLOCK, FROM_TOKEN, FROM_ACCESS, FROM_ACCOUNT };

/* --- name resolution --- */

static void host_of(const char *url, char *host, size_t cap)
{
	const char *p = client_realm(url);
	bool literal = *p == '[';
	size_t n;

	p += literal;
	n = literal ? strcspn(p, "]") : strcspn(p, ":/");
	snprintf(host, cap, "%.*s", (int)(n < cap ? n : cap - 1), p);
}

/* In a thread of the resolver, so that one that hangs does not hang us. It is freed only when the
 * look-up is over: a thread that goes on would write into it. */
static int resolve(const char *host)
{
	static struct gaicb ask;
	static char name[256];
	struct gaicb *list[] = {&ask};
	struct timespec limit = {.tv_sec = RESOLVE_S};
	int rc;

	snprintf(name, sizeof name, "%s", host);
	ask = (struct gaicb){.ar_name = name};
	rc = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
	if (rc)
		return rc;
	while ((rc = gai_suspend((const struct gaicb *const *)list, 1, &limit)) == EAI_INTR)
		continue;
	if (rc == EAI_AGAIN && gai_cancel(&ask) != EAI_ALLDONE)
		return EAI_AGAIN;
	rc = gai_error(&ask);
	if (rc == 0)
		freeaddrinfo(ask.ar_result);
	return rc;
}

static bool check_name(struct doctor *d)
{
	char host[256];
	int rc;

	host_of(d->client.profile->base_url, host, sizeof host);
	rc = resolve(host);
	if (rc == 0) {
		doctor_add(d, FINDING_OK, "name resolution", NULL, "%s", host);
		return true;
	}
	doctor_add(d, FINDING_FAIL, "name resolution",
	    "check base_url of the profile, the network and /etc/resolv.conf", "%s: %s", host,
	    rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
	skip_all(d, FROM_CONNECTION, "the host is not known");
	return false;
}

/* --- one unsigned request: connection, certificate, clock --- */

struct probe {
	bool over, certificate;
	enum err err;
	struct errinfo ei;
	int status;
	char date[HEADER_VALUE_SIZE];
	int64_t at_s;
};

static void on_probe(struct transport_reply *reply, void *user)
{
	struct probe *p = user;

	p->over = true;
	p->err = reply->err;
	p->ei = reply->ei;
	p->status = reply->status;
	p->certificate = reply->certificate || reply->err == ERR_TLS;
	p->at_s = clock_wall_s();
	memcpy(p->date, reply->headers[HEADER_DATE], sizeof p->date);
}

static void send_probe(struct doctor *d, struct probe *p)
{
	const struct config_profile *prof = d->client.profile;
	struct api_config cfg = {.base_url = prof->base_url,
	    .ca_bundle = prof->ca_bundle[0] ? prof->ca_bundle : NULL,
	    .connect_timeout_s = 10,
	    .timeout_s = 20};
	struct transport t;
	char url[700];

	p->err = net_transport(&t, d->client.loop, &cfg, &p->ei);
	if (p->err)
		return;
	snprintf(url, sizeof url, "%s/%s/accounts", prof->base_url, prof->api_version);
	if (t.submit(t.self,
		&(struct transport_request){.method = "GET", .url = url, .authorization = ""},
		on_probe, p, &p->ei))
		while (!p->over && loop_turn(d->client.loop, 60000))
			continue;
	else
		p->err = p->ei.code;
	t.free(t.self);
}

static void check_clock(struct doctor *d, const struct probe *p)
{
	int64_t server, off;

	if (!answer_parse_date(p->date, &server)) {
		doctor_add(
		    d, FINDING_WARN, "clock", NULL, "the server does not say what time it is");
		return;
	}
	off = p->at_s - server;
	d->clock_off = off > SKEW_FINE_S || off < -SKEW_FINE_S;
	if (d->clock_off)
		doctor_add(d, FINDING_FAIL, "clock",
		    "set it by network time: sudo timedatectl set-ntp true",
		    "this machine is %lld s %s the server; signatures are only good for minutes",
		    (long long)llabs(off), off > 0 ? "ahead of" : "behind");
	else
		doctor_add(
		    d, FINDING_OK, "clock", NULL, "%lld s from the server", (long long)llabs(off));
}

static bool check_connection(struct doctor *d)
{
	const struct config_profile *prof = d->client.profile;
	struct probe p = {0};
	bool plain = strncmp(prof->base_url, "http://", 7) == 0;

	send_probe(d, &p);
	if (p.err && !p.certificate) {
		doctor_add(d, FINDING_FAIL, "connection",
		    "check base_url of the profile, the network, the proxy and the firewall", "%s",
		    p.ei.msg);
		skip_all(d, FROM_TLS, "there is no connection");
		return false;
	}
	doctor_add(d, FINDING_OK, "connection", NULL, "%s", prof->base_url);
	if (p.certificate) {
		doctor_add(d, FINDING_FAIL, "TLS",
		    "check base_url and the clock; for a company's proxy that you trust, set "
		    "ca_bundle of the profile to its certificate",
		    "%s", p.ei.msg);
		skip_all(d, FROM_CLOCK, "the server cannot be trusted");
		return false;
	}
	doctor_add(d, FINDING_OK, "TLS", NULL, "%s",
	    plain                ? "none: plain http within this machine"
	    : prof->ca_bundle[0] ? "certificate accepted, with the ca_bundle of the profile"
				 : "certificate accepted");
	check_clock(d, &p);
	return true;
}

/* --- token, access, accounts --- */

static const cJSON *data_of(const cJSON *root)
{
	return cJSON_GetObjectItemCaseSensitive(root, "data");
}

static void get(struct doctor *d, const char *path, struct client_reply *r)
{
	struct raw_query q = {.method = "GET", .path = path};

	client_call(&d->client, &q, CALL_WAIT_MS, r);
	if (!r->err && r->body.len && buf_str(&r->body)[0] != '{')
		r->err = err_set(&r->ei, ERR_PROTOCOL, "the answer is no JSON: is base_url right?");
	r->ei.code = r->err;
}

/* Refusals that no other account would mend. */
static bool is_about_the_app(const struct errinfo *ei)
{
	static const char *const codes[] = {"UNAUTHORIZED_CLIENT_APPLICATION",
	    "INSUFFICIENT_USER_AUTHORIZED_PERMISSION", "READONLY_CLIENT_APPLICATION",
	    "CURRENT_USER_SUSPENDED"};

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (ei->http == 403 && strcmp(ei->api_code, codes[i]) == 0)
			return true;
	return false;
}

/* The first signed answer settles token and access. True when accounts can be looked at. */
static bool judge_token(struct doctor *d, const struct client_reply *r)
{
	const char *code = r->ei.api_code;

	if (r->err == ERR_AUTH && d->clock_off) {
		skip_all(d, FROM_TOKEN, "the clock must be right first");
		return false;
	}
	if (r->err == ERR_RATE) {
		doctor_add(d, FINDING_WARN, "token", "run the doctor again after the reset", "%s",
		    r->ei.msg);
		skip_all(d, FROM_ACCESS, "the rate limit is reached");
		return false;
	}
	if (r->err == ERR_AUTH || (r->err && r->err != ERR_FORBIDDEN && r->err != ERR_NOTFOUND)) {
		doctor_add(d, FINDING_FAIL, "token", api_remedy(&r->ei), "HTTP %d%s%s: %s",
		    r->status, code[0] ? " " : "", code, r->ei.msg);
		skip_all(d, FROM_ACCESS, "the token was not accepted");
		return false;
	}
	doctor_add(d, FINDING_OK, "token", NULL, "accepted");
	if (is_about_the_app(&r->ei)) {
		doctor_add(d, FINDING_FAIL, "API access", api_remedy(&r->ei), "HTTP 403 %s: %s",
		    code, r->ei.msg);
		skip_all(d, FROM_ACCOUNT, "the app has no access to the API");
		return false;
	}
	doctor_add(d, FINDING_OK, "API access", NULL, "the app may use the Ads API");
	return true;
}

static bool has_permission(const cJSON *list, const char *name)
{
	const cJSON *p;

	cJSON_ArrayForEach(
	    p, list) if (cJSON_IsString(p) && strcmp(p->valuestring, name) == 0) return true;
	return false;
}

static void judge_role(struct doctor *d, const char *line, const cJSON *permissions, bool chosen)
{
	static const struct {
		const char *name, *words;
		bool edit, look;
	} roles[] = {
#define R(name, words, edit, look) {name, words, edit, look},
#include "cli/roles.def"
#undef R
	};
	const char *role = "none that reticle knows";
	bool edit = false, look = false;

	for (size_t i = sizeof roles / sizeof *roles; i-- > 0;)
		if (has_permission(permissions, roles[i].name)) {
			role = roles[i].words;
			edit = edit || roles[i].edit;
			look = look || roles[i].look;
		}
	if (edit)
		doctor_add(d, FINDING_OK, line, NULL, "role %s: may change targeting", role);
	else if (look && d->client.profile->read_only)
		doctor_add(d, FINDING_OK, line, NULL,
		    "role %s: may look; the profile is read_only, so that is enough", role);
	else
		doctor_add(d, chosen ? FINDING_FAIL : FINDING_WARN, line,
		    look ? "ask the account's administrator for the role Ad manager, or set "
			   "read_only: true in the profile"
			 : "ask the account's administrator for the role Ad manager",
		    "role %s: may %s", role,
		    look ? "look, not change targeting" : "not see campaigns");
}

static void judge_account(
    struct doctor *d, const char *id, const struct client_reply *r, bool chosen)
{
	cJSON *root = r->err ? NULL : cJSON_ParseWithLength(buf_str(&r->body), r->body.len);
	const cJSON *permissions = cJSON_GetObjectItemCaseSensitive(data_of(root), "permissions");
	char line[96];

	snprintf(line, sizeof line, "account %.64s", id);
	if (r->err)
		doctor_add(d, chosen ? FINDING_FAIL : FINDING_WARN, line, api_remedy(&r->ei),
		    "HTTP %d%s%s: %s", r->status, r->ei.api_code[0] ? " " : "", r->ei.api_code,
		    r->ei.msg);
	else if (!cJSON_IsArray(permissions))
		doctor_add(d, FINDING_WARN, line, NULL, "the API does not name the user's role");
	else
		judge_role(d, line, permissions, chosen);
	cJSON_Delete(root);
}

static void ask_access(struct doctor *d, const char *id, struct client_reply *r)
{
	char path[160];

	snprintf(path, sizeof path, "/%.8s/accounts/%.64s/authenticated_user_access",
	    d->client.profile->api_version, id);
	get(d, path, r);
}

static void check_chosen(struct doctor *d, const char *id)
{
	struct client_reply r;

	if (!api_id_ok(id)) {
		doctor_add(d, FINDING_FAIL, "account", "mend account of the profile",
		    "\"%.64s\" is no account id", id);
		return;
	}
	ask_access(d, id, &r);
	if (judge_token(d, &r))
		judge_account(d, id, &r, true);
	client_reply_done(&r);
}

/* No account is named: all that the user sees. Costs one of the five reads of the list that the API
 * allows in 15 minutes. */
static void check_every_account(struct doctor *d)
{
	struct client_reply list, r;
	char path[64];
	const cJSON *a, *id;
	cJSON *root = NULL;
	size_t n = 0;

	snprintf(path, sizeof path, "/%.8s/accounts", d->client.profile->api_version);
	get(d, path, &list);
	if (judge_token(d, &list) && !list.err)
		root = cJSON_ParseWithLength(buf_str(&list.body), list.body.len);
	cJSON_ArrayForEach(a, data_of(root))
	{
		id = cJSON_GetObjectItemCaseSensitive(a, "id");
		if (!cJSON_IsString(id) || !api_id_ok(id->valuestring) || n++ >= ACCOUNTS_MOST)
			continue;
		ask_access(d, id->valuestring, &r);
		judge_account(d, id->valuestring, &r, false);
		client_reply_done(&r);
	}
	if (root && n == 0)
		doctor_add(d, FINDING_FAIL, "account",
		    "ask an administrator to add the user to an ads account",
		    "this user sees no ads account");
	cJSON_Delete(root);
	client_reply_done(&list);
}

void doctor_network(struct doctor *d)
{
	const struct config_profile *p = d->client.profile;
	const char *account;
	struct api_stats stats;

	if (!p || !d->client.loop) {
		skip_all(d, FROM_NAME, "there is no usable profile");
		return;
	}
	if (!check_name(d) || !check_connection(d))
		return;
	if (!d->has_credentials) {
		skip_all(d, FROM_TOKEN, "there are no credentials");
		return;
	}
	account = d->options->account ? d->options->account : p->account;
	if (account[0])
		check_chosen(d, account);
	else
		check_every_account(d);
	stats = api_stats(d->client.api);
	if (stats.warning[0])
		doctor_add(d, FINDING_WARN, "API version", "set api_version of the profile", "%s",
		    stats.warning);
	if (stats.has_tightest && stats.tightest.remaining == 0)
		doctor_add(d, FINDING_WARN, "rate budgets", "wait for the reset",
		    "%s: nothing left until the reset", stats.tightest.name);
}
