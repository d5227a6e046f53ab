/* reticle auth: the stored credentials. Nothing here prints a secret. */
#include "cli/auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/fs.h"
#include "base/text.h"
#include "cli/json_out.h"
#include "cli/log_file.h"
#include "cli/twurlrc.h"
#include "config/secrets.h"

/* Names and paths come from files: what could deceive is escaped. */
static void print_text(const char *s)
{
	struct buf b;

	buf_init(&b, 16384);
	text_escape(&b, s, strlen(s));
	fputs(buf_str(&b), stdout);
	buf_done(&b);
}

const struct config_profile *auth_profile(struct auth *a, bool make, struct errinfo *ei)
{
	const struct config_profile *p = config_profile(&a->config, a->name, ei);
	const char *name = a->name ? a->name : "default";

	if (p || !make || (!a->name && a->config.n_profiles))
		return p;
	if (strlen(name) < 1 || strlen(name) > 64 || !text_is_utf8(name, strlen(name)) ||
	    text_is_deceptive(name, strlen(name))) {
		err_set(ei, ERR_USAGE, "the name of a profile has 1 to 64 bytes of plain text");
		return NULL;
	}
	p = config_add_profile(&a->config, name);
	if (!p)
		err_set(ei, ERR_NOMEM, "out of memory");
	return p;
}

static void take_if_given(char *to, const char *from)
{
	if (from[0])
		memcpy(to, from, CREDENTIAL_MAX);
}

enum err auth_store(
    struct auth *a, const char *profile, const struct credentials *cred, struct errinfo *ei)
{
	struct credentials all;
	enum err err;

	if (!a->paths.config[0])
		return err_set(ei, ERR_IO, "no directory to use: set HOME or XDG_CONFIG_HOME");
	secrets_get(a->paths.config, profile, &all);
	take_if_given(all.consumer_key, cred->consumer_key);
	take_if_given(all.consumer_secret, cred->consumer_secret);
	take_if_given(all.access_token, cred->access_token);
	take_if_given(all.access_token_secret, cred->access_token_secret);
	err = secrets_save(a->paths.config, profile, &all, ei);
	credentials_wipe(&all);
	if (!err) {
		printf("Stored in ");
		print_text(a->paths.config);
		printf("/" SECRETS_FILE " (0600) for profile ");
		print_text(profile);
		printf(".\n");
	}
	return err;
}

/* --- status --- */

static void describe(const struct auth *a, const struct config_profile *p,
    struct credentials_place *where, const char **state)
{
	config_credentials_place(&a->config, p, where);
	*state = !where->source[0] ? "none" : where->missing[0] ? "incomplete" : "complete";
	if (p->credentials_command)
		*state = "unchecked"; /* the helper is only run when they are needed */
}

static void status_text(const struct auth *a, const struct config_profile *p, bool is_default)
{
	struct credentials_place where;
	const char *state;

	describe(a, p, &where, &state);
	print_text(p->name);
	printf("%s%s\n  server       ", is_default ? " (default)" : "",
	    p->read_only ? " (read only)" : "");
	print_text(p->base_url);
	if (!where.source[0]) {
		printf("\n  credentials  none; run: reticle auth login ");
		print_text(p->name);
	} else {
		printf("\n  credentials  %s, from the %s: ", state, where.source);
		print_text(where.place);
	}
	if (where.missing[0])
		printf("\n  missing      %s", where.missing);
	putchar('\n');
}

static void status_json(
    const struct auth *a, const struct config_profile *p, bool is_default, bool first)
{
	struct credentials_place where;
	const char *state;

	describe(a, p, &where, &state);
	printf("%s\n  {\"profile\": ", first ? "" : ",");
	json_out_string(stdout, p->name);
	printf(", \"default\": %s, \"read_only\": %s, \"server\": ", is_default ? "true" : "false",
	    p->read_only ? "true" : "false");
	json_out_string(stdout, p->base_url);
	printf(", \"credentials\": \"%s\", \"source\": ", state);
	json_out_string(stdout, where.source);
	printf(", \"place\": ");
	json_out_string(stdout, where.place);
	printf(", \"missing\": ");
	json_out_string(stdout, where.missing);
	printf("}");
}

static enum err status(struct auth *a, struct errinfo *ei)
{
	const struct config_profile *chosen, *dflt;
	struct errinfo none;
	size_t shown = 0;

	chosen = a->name || !a->config.n_profiles ? config_profile(&a->config, a->name, ei) : NULL;
	if (!chosen && (a->name || !a->config.n_profiles))
		return ei->code;
	dflt = config_profile(&a->config, NULL, &none);
	if (a->options->json)
		printf("[");
	for (size_t i = 0; i < a->config.n_profiles; i++) {
		const struct config_profile *p = &a->config.profiles[i];

		if (chosen && p != chosen)
			continue;
		if (a->options->json)
			status_json(a, p, p == dflt, shown == 0);
		else
			status_text(a, p, p == dflt);
		shown++;
	}
	if (a->options->json)
		printf("\n]\n");
	return ERR_OK;
}

/* --- switch, logout, import --- */

static enum err switch_to(struct auth *a, struct errinfo *ei)
{
	const struct config_profile *p;

	if (!a->name)
		return err_set(ei, ERR_USAGE, "which profile? reticle auth status lists them");
	p = config_profile(&a->config, a->name, ei);
	if (!p || secrets_set_default(a->paths.config, p->name, ei))
		return ei->code;
	printf("Profile ");
	print_text(p->name);
	printf(" is used from now on when none is named.\n");
	return ERR_OK;
}

static enum err logout(struct auth *a, struct errinfo *ei)
{
	const struct config_profile *p = auth_profile(a, false, ei);
	struct credentials_place where;
	struct credentials cred;
	enum err err;

	if (!p)
		return ei->code;
	if (!secrets_get(a->paths.config, p->name, &cred) || !cred.access_token[0]) {
		credentials_wipe(&cred);
		config_credentials_place(&a->config, p, &where);
		return err_set(ei, ERR_REFUSED, "profile \"%.64s\" has no stored token%s%s%s%s",
		    p->name, where.source[0] ? "; its credentials come from the " : "",
		    where.source, where.source[0] ? ", which reticle does not change: " : "",
		    where.place);
	}
	explicit_bzero(cred.access_token, sizeof cred.access_token);
	explicit_bzero(cred.access_token_secret, sizeof cred.access_token_secret);
	err = secrets_save(a->paths.config, p->name, &cred, ei);
	if (!err)
		printf("The access token of profile ");
	if (!err)
		print_text(p->name);
	if (!err)
		printf(" was removed here.%s\nIt stays valid on X until you revoke it there: "
		       "Settings, Security, Apps and sessions.\n",
		    cred.consumer_key[0] ? " The key of the app was kept." : "");
	credentials_wipe(&cred);
	return err;
}

static enum err import_text(struct auth *a, const struct buf *text, struct errinfo *ei)
{
	const struct twurl_entry *e = NULL;
	struct twurl t;
	enum err err = twurl_parse(&t, buf_str(text), text->len, ei);

	if (!err)
		e = twurl_choose(
		    &t, a->options->n_operands > 1 ? a->options->operands[1] : NULL, ei);
	if (e && (!e->cred.consumer_key[0] || !e->cred.consumer_secret[0] ||
		     !e->cred.access_token[0] || !e->cred.access_token_secret[0]))
		err = err_set(
		    ei, ERR_CONFIG, ".twurlrc: user %s lacks one of the four keys", e->username);
	else if (!err)
		err = e ? auth_store(a, a->options->profile ? a->options->profile : e->username,
			      &e->cred, ei)
			: ei->code;
	twurl_done(&t);
	return err;
}

enum err auth_import(struct auth *a, struct errinfo *ei)
{
	const char *home = getenv("HOME");
	char path[PATHS_MAX];
	struct buf text;
	enum err err;

	if (!home || home[0] != '/' || !fs_join(path, sizeof path, home, ".twurlrc"))
		return err_set(ei, ERR_CONFIG, "HOME is not set, so there is no ~/.twurlrc");
	buf_init(&text, 64u << 10);
	err = fs_read_private(path, &text, ei);
	if (!err)
		err = import_text(a, &text, ei);
	if (text.p)
		explicit_bzero(text.p, text.cap);
	buf_done(&text);
	return err;
}

int cmd_auth(const struct cli_options *o, int argc, char **argv)
{
	static const struct {
		const char *name;
		enum err (*run)(struct auth *a, struct errinfo *ei);
	} parts[] = {{"login", auth_login}, {"status", status}, {"switch", switch_to},
	    {"logout", logout}, {"import", auth_import}};
	const char *what = o->n_operands ? o->operands[0] : "";
	struct auth a = {.options = o};
	struct errinfo ei = {0};
	enum err err = ERR_USAGE;

	(void)argc;
	(void)argv;
	a.name = o->n_operands > 1 ? o->operands[1] : o->profile;
	config_init(&a.config);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (strcmp(parts[i].name, what) != 0)
			continue;
		err = paths_init(&a.paths, NULL, &ei);
		if (!err)
			err = config_load(&a.config, a.paths.config, &ei);
		if (!err)
			err = log_file_open(o, &a.config, &a.paths, &ei);
		if (!err)
			err = parts[i].run(&a, &ei);
		config_done(&a.config);
		return err ? cli_fail(&ei) : 0;
	}
	config_done(&a.config);
	return cli_usage("auth needs login, status, switch, logout or import");
}
