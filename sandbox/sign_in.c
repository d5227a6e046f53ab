#include "sandbox/sign_in.h"

#include <string.h>
#include "base/map.h"
#include "sandbox/auth.h"
#include "sandbox/catalogue.h"
#include "sandbox/sandbox.h"

bool sign_in_is(const char *uri)
{
	return strncmp(uri, "/oauth/", 7) == 0 || strncmp(uri, "/1.1/", 5) == 0;
}

static void answer_text(struct call *c, int status, const char *type, const char *text)
{
	c->status = status;
	c->content_type_out = type;
	buf_clear(&c->out);
	buf_adds(&c->out, text);
}

/* Letters that look random and are the same in every run: the n-th token of this sandbox. */
static const char *make_secret(struct call *c, const char *what, int64_t n)
{
	uint64_t a = catalogue_mix(c->sb->opt.seed + map_hash(what) + (uint64_t)n);

	return call_text(
	    c, "%016llx%016llx", (unsigned long long)a, (unsigned long long)catalogue_mix(a));
}

static int64_t next_token(struct call *c)
{
	return db_number(&c->sb->db, "SELECT count(*) FROM token", "");
}

/* Answers of this flow are form-encoded, not JSON. */
static void request_token(struct call *c)
{
	struct params oauth;
	const char *token, *secret;
	int64_t n = next_token(c);

	if (!auth_check_with(c, TOKEN_NONE, &oauth))
		return;
	if (!params_get(&oauth, "oauth_callback") && !params_get(&c->params, "oauth_callback")) {
		auth_refuse(c, 400, 215, "Bad Authentication data.");
		return;
	}
	token = make_secret(c, "request token", n);
	secret = make_secret(c, "request secret", n);
	db_run(&c->sb->db, "INSERT INTO token VALUES(?, ?, ?, 'FurniStore', 'REQUEST')", "ttt",
	    token, secret, DEMO_USER);
	answer_text(c, 200, "application/x-www-form-urlencoded",
	    call_text(c, "oauth_token=%s&oauth_token_secret=%s&oauth_callback_confirmed=true",
		token, secret));
}

static void authorize(struct call *c)
{
	const char *query = strchr(c->uri, '?'), *token;

	if (query)
		params_parse(c->a, query + 1, strlen(query + 1), PLUS_IS_SPACE, &c->params);
	token = params_get(&c->params, "oauth_token");
	if (!token ||
	    !db_number(&c->sb->db,
		"SELECT count(*) FROM token WHERE token = ? AND state = 'REQUEST'", "t", token)) {
		answer_text(c, 403, "text/html; charset=utf-8",
		    "<!DOCTYPE html><title>Whoa there!</title><p>The request token for this page is"
		    " invalid. It may have already been used, or expired because it is too "
		    "old.</p>");
		return;
	}
	answer_text(c, 200, "text/html; charset=utf-8",
	    "<!DOCTYPE html><title>Authorize the sandbox</title><p>Enter this PIN to complete the"
	    " authorization:</p><p><kbd><code>" SIGN_IN_PIN "</code></kbd></p>");
}

static void access_token(struct call *c)
{
	struct params oauth;
	const char *verifier, *token, *secret;
	int64_t n = next_token(c);

	if (!auth_check_with(c, TOKEN_REQUEST, &oauth))
		return;
	verifier = params_get(&oauth, "oauth_verifier");
	if (!verifier)
		verifier = params_get(&c->params, "oauth_verifier");
	if (!verifier || strcmp(verifier, SIGN_IN_PIN) != 0) {
		answer_text(c, 401, "text/html; charset=utf-8",
		    "Error processing your OAuth request: Invalid oauth_verifier parameter");
		return;
	}
	token = call_text(c, "%s-%s", DEMO_USER, make_secret(c, "access token", n));
	secret = make_secret(c, "access secret", n);
	db_run(&c->sb->db, "UPDATE token SET state = 'USED' WHERE token = ?", "t",
	    params_get(&oauth, "oauth_token"));
	db_run(&c->sb->db, "INSERT INTO token VALUES(?, ?, ?, 'FurniStore', 'ACCESS')", "ttt",
	    token, secret, c->user);
	answer_text(c, 200, "application/x-www-form-urlencoded",
	    call_text(c, "oauth_token=%s&oauth_token_secret=%s&user_id=%s&screen_name=FurniStore",
		token, secret, c->user));
}

static void invalidate(struct call *c)
{
	struct params oauth;
	const char *token;

	if (!auth_check_with(c, TOKEN_ACCESS, &oauth))
		return;
	token = params_get(&oauth, "oauth_token");
	db_run(&c->sb->db, "UPDATE token SET state = 'REVOKED' WHERE token = ?", "t", token);
	c->status = 200;
	json_open(&c->out, '{');
	json_put_str(&c->out, "access_token", token);
	json_close(&c->out, '}');
}

/* Ids are made from the name, but for the sandbox's own user. */
static void show_user(struct call *c)
{
	struct params oauth;
	const char *name, *id;

	if (!auth_check_with(c, TOKEN_ACCESS, &oauth))
		return;
	name = params_get(&c->params, "screen_name");
	if (!name || !*name) {
		auth_refuse(c, 404, 50, "User not found.");
		return;
	}
	name += *name == '@';
	id = strcmp(name, "FurniStore") == 0
		 ? DEMO_USER
		 : call_text(c, "%llu", (unsigned long long)(map_hash(name) % 3000000000u + 12));
	c->status = 200;
	json_open(&c->out, '{');
	json_key(&c->out, "id");
	json_raw(&c->out, id, strlen(id));
	json_put_str(&c->out, "id_str", id);
	json_put_str(&c->out, "screen_name", name);
	json_put_str(&c->out, "name", name);
	json_close(&c->out, '}');
}

void sign_in_answer(struct call *c)
{
	static const struct {
		const char *method, *path;
		call_fn *run;
	} table[] = {{"POST", "/oauth/request_token", request_token},
	    {"GET", "/oauth/authorize", authorize}, {"POST", "/oauth/access_token", access_token},
	    {"POST", "/1.1/oauth/invalidate_token.json", invalidate},
	    {"GET", "/1.1/users/show.json", show_user}};
	size_t n = strcspn(c->uri, "?");

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (strcmp(table[i].method, c->method) == 0 && strlen(table[i].path) == n &&
		    memcmp(table[i].path, c->uri, n) == 0) {
			table[i].run(c);
			return;
		}
	}
	auth_refuse(c, 404, 34, "Sorry, that page does not exist.");
}
