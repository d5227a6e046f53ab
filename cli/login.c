/* reticle auth login: the PIN flow, and where its keys come from. */
#include "api/login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/auth.h"
#include "cli/secret_input.h"
#include "cli/spawn.h"

struct sign_in {
	struct auth *auth;
	struct loop *loop;
	struct login *login;
	struct credentials cred;
	char url[640], screen_name[65];
	enum err err;
	struct errinfo ei;
	bool answered, asked_keys;
};

static void on_step(struct login *lg, const struct login_result *res, void *user)
{
	struct sign_in *s = user;

	(void)lg;
	s->answered = true;
	s->err = res->err;
	s->ei = res->ei;
	if (res->authorize_url)
		snprintf(s->url, sizeof s->url, "%s", res->authorize_url);
	if (!res->token)
		return;
	snprintf(s->cred.access_token, sizeof s->cred.access_token, "%s", res->token);
	snprintf(s->cred.access_token_secret, sizeof s->cred.access_token_secret, "%s",
	    res->token_secret);
	snprintf(
	    s->screen_name, sizeof s->screen_name, "%s", res->screen_name ? res->screen_name : "");
}

static enum err wait_for_step(struct sign_in *s, struct errinfo *ei)
{
	while (!s->answered && loop_turn(s->loop, 60000))
		continue;
	s->answered = false;
	if (s->err) {
		*ei = s->ei;
		ei->code = s->err;
	}
	return s->err;
}

/* Keys are one word of printable ASCII; a paste with something else in it would only fail later. */
static enum err ask_key(const char *prompt, char *out, struct errinfo *ei)
{
	if (ask_line(prompt, true, out, CREDENTIAL_MAX, ei))
		return ei->code;
	for (const char *p = out; *p; p++)
		if (*p <= ' ' || *p > '~')
			return err_set(ei, ERR_USAGE, "that is no key: it has blanks or odd bytes");
	return *out ? ERR_OK : err_set(ei, ERR_CANCELLED, "nothing was entered");
}

static enum err find_keys(struct sign_in *s, const struct config_profile *p, struct errinfo *ei)
{
	if (config_consumer(p, &s->cred, ei) == ERR_OK) {
		/* what the environment has today may be gone tomorrow */
		s->asked_keys = strcmp(s->cred.source, "environment") == 0;
		return ERR_OK;
	}
	s->asked_keys = true;
	if (ask_key("Consumer key of the developer app (not shown)", s->cred.consumer_key, ei))
		return ei->code;
	return ask_key("Consumer secret (not shown)", s->cred.consumer_secret, ei);
}

static enum err show_page(struct sign_in *s, struct errinfo *ei)
{
	printf(
	    "Open this page, allow the app, and enter the PIN that it shows:\n\n  %s\n\n", s->url);
	fflush(stdout);
	return s->auth->options->open ? spawn_browser(getenv("BROWSER"), s->url, ei) : ERR_OK;
}

static enum err exchange(struct sign_in *s, struct errinfo *ei)
{
	struct errinfo browser = {0};
	char pin[32];
	enum err err;

	err = login_start(s->login, on_step, s, ei);
	if (!err)
		err = wait_for_step(s, ei);
	if (err)
		return err_context(ei, err, "signing in");
	if (show_page(s, &browser))
		cli_fail(&browser); /* the address is on the screen: no reason to stop */
	if (ask_line("PIN", false, pin, sizeof pin, ei))
		return ei->code;
	err = login_finish(s->login, pin, on_step, s, ei);
	explicit_bzero(pin, sizeof pin);
	if (!err)
		err = wait_for_step(s, ei);
	return err ? err_context(ei, err, "exchanging the PIN") : ERR_OK;
}

enum err auth_login(struct auth *a, struct errinfo *ei)
{
	struct sign_in s = {.auth = a};
	const struct config_profile *p = auth_profile(a, true, ei);
	enum err err = p ? ERR_OK : ei->code;

	if (p && p->credentials_command)
		err = err_set(ei, ERR_REFUSED,
		    "profile \"%.64s\" gets its credentials from credentials_command, which wins "
		    "over stored ones; take that line out of config.yaml first",
		    p->name);
	if (!err)
		err = find_keys(&s, p, ei);
	if (!err) {
		s.loop = loop_new();
		s.login = s.loop ? login_new(s.loop,
				       &(struct login_config){.base_url = p->oauth_url,
					   .consumer_key = s.cred.consumer_key,
					   .consumer_secret = s.cred.consumer_secret,
					   .ca_bundle = p->ca_bundle[0] ? p->ca_bundle : NULL},
				       ei)
				 : NULL;
		err = s.login ? exchange(&s, ei) : s.loop ? ei->code : ERR_NOMEM;
	}
	if (!err && !s.asked_keys) { /* they are in the file already */
		explicit_bzero(s.cred.consumer_key, CREDENTIAL_MAX);
		explicit_bzero(s.cred.consumer_secret, CREDENTIAL_MAX);
	}
	if (!err && s.screen_name[0])
		printf("Signed in as @%s.\n", s.screen_name);
	if (!err)
		err = auth_store(a, p->name, &s.cred, ei);
	login_free(s.login);
	loop_free(s.loop);
	credentials_wipe(&s.cred);
	explicit_bzero(&s, sizeof s);
	return err;
}
