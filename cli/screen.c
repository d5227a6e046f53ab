#include "cli/screen.h"

#include <stdio.h>
#include <string.h>
#include "api/transport.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/text.h"
#include "store/uistate.h"
#include "session/applying.h"
#include "views/commands.h"
#include "views/views.h"

/* The hooks of the app get the session as their user; the screen is found through this. One screen
 * a process: the terminal is one, too. */
static struct screen *current;

static bool on_busy(void *user)
{
	return current->connecting || session_busy(user);
}

static void on_view_closed(void *user, uint64_t view_id)
{
	session_view_closed(user, view_id);
}

static bool on_interrupt(void *user)
{
	struct session *s = user;

	if (!applying_busy(s) || applying_status(s)->stopping)
		return false;
	applying_stop(s);
	app_message(current->app, STYLE_WARNING,
	    "stops after the batch that is under way; Ctrl-C again leaves now, its outcome is then "
	    "unknown");
	return true;
}

static void leave_confirmed(struct app *app, bool ok, void *user)
{
	(void)user;
	if (ok)
		app_quit(app, 6);
}

static bool on_may_quit(void *user)
{
	struct confirm c = {.title = "Leave while changes are being posted?",
	    .text = "The batch that is under way stays in the journal as unknown.\n"
		    "The next start reads back what happened; nothing is sent twice.",
	    .yes = "Leave",
	    .yes_key = 'y',
	    .style = STYLE_DANGER,
	    .fn = leave_confirmed};
	struct errinfo ei;

	if (!applying_busy(user))
		return true;
	if (applying_status(user)->phase == APPLYING_SETTLING) {
		c.title = "Leave while an outcome is being read back?";
		c.text =
		    "Nothing is being sent. The outcome stays unknown until it was read back;\n"
		    "the next start goes on with that, and so does reticle recover.";
	}
	return app_confirm(current->app, &c, &ei) != ERR_OK;
}

static void on_history_save(void *user, const char *name, const char *line)
{
	uistate_history_add(session_store(user), name, line, NULL);
}

static void on_history_load(void *user, const char *name, struct buf *lines)
{
	struct buf one;
	size_t n = 0;

	buf_init(&one, 4096);
	while (uistate_history_get(session_store(user), name, n, &one))
		n++;
	while (n-- > 0 && uistate_history_get(session_store(user), name, n, &one))
		buf_addf(lines, "%s\n", buf_str(&one));
	buf_done(&one);
}

/* A server on which nothing is ever served: one of this machine, or X's own sandbox. */
static bool is_sandbox(const struct config_profile *p)
{
	return p && p->base_url &&
	       (net_is_loopback(p->base_url) ||
		   strncmp(p->base_url, "https://ads-api-sandbox.", 24) == 0);
}

/* The account is named on every screen: nobody should post to the wrong one, nor take a sandbox for
 * the real thing. */
static void name_account(struct screen *s)
{
	const struct account *a = session_account(s->session);
	bool sandbox = s->demo || is_sandbox(s->profile);
	char badge[128];

	snprintf(badge, sizeof badge, "%s%.100s",
	    s->demo   ? "DEMO "
	    : sandbox ? "SANDBOX "
		      : "",
	    a && a->name ? a->name : session_account_id(s->session));
	app_set_badge(s->app, sandbox ? STYLE_BADGE_DEMO : STYLE_BADGE, badge);
}

static void on_session_change(void *user, unsigned kinds)
{
	struct screen *s = user;

	if (!s->app)
		return;
	for (int k = 0; k < DATA_KINDS; k++) {
		struct data_state st = session_state(s->session, (enum data_kind)k);

		/* a reading that failed is told once, when it failed */
		if ((kinds & DATA_BIT(k)) && st.ei.code && !s->told[k])
			app_message_err(s->app, &st.ei);
		if (kinds & DATA_BIT(k))
			s->told[k] = st.ei.code != ERR_OK;
	}
	if (kinds & DATA_BIT(DATA_ACCOUNTS))
		name_account(s);
	views_changed(s->app, kinds);
}

enum err screen_connect(struct screen *s, const struct api_config *cfg, struct errinfo *ei)
{
	enum err err = session_connect(s->session, cfg, ei);

	s->connecting = false;
	if (err) {
		session_offline(s->session, ei);
		app_message_err(s->app, ei);
	}
	return err;
}

/* A real profile: credentials are only looked for once the first frame is on the screen. */
static void connect_profile(struct screen *s)
{
	const struct config_profile *p = s->profile;
	struct credentials cred;
	struct api_config cfg = {.base_url = p->base_url,
	    .api_version = p->api_version,
	    .consumer_key = cred.consumer_key,
	    .consumer_secret = cred.consumer_secret,
	    .token = cred.access_token,
	    .token_secret = cred.access_token_secret,
	    .ca_bundle = p->ca_bundle && p->ca_bundle[0] ? p->ca_bundle : NULL,
	    .timeout_s = (unsigned)s->config.timeout_seconds};
	struct errinfo ei = {0};

	if (s->options->offline) {
		err_set(&ei, ERR_REFUSED, "started with --offline");
		session_offline(s->session, &ei);
		s->connecting = false;
		return;
	}
	if (config_credentials(p, &cred, &ei)) {
		s->connecting = false;
		session_offline(s->session, &ei);
		app_message_err(s->app, &ei);
	} else {
		screen_connect(s, &cfg, &ei);
	}
	credentials_wipe(&cred);
	config_forget_credentials(&s->config);
}

static void on_child(struct loop *l, int fd, short revents, void *user)
{
	struct screen *s = user;
	struct api_config cfg = {.base_url = s->ready.url,
	    .consumer_key = s->ready.consumer_key,
	    .consumer_secret = s->ready.consumer_secret,
	    .token = s->ready.access_token,
	    .token_secret = s->ready.access_token_secret,
	    .timeout_s = (unsigned)s->config.timeout_seconds};
	struct errinfo ei = {0};

	(void)revents;
	if (!child_read_ready(&s->child, &s->ready, &ei) && !ei.code)
		return; /* the line is not complete yet */
	loop_unwatch(l, fd);
	if (ei.code) {
		s->connecting = false;
		session_offline(s->session, &ei);
		app_message_err(s->app, &ei);
		return;
	}
	if (!session_account_id(s->session)[0])
		session_open_account(s->session, s->ready.account_id, &ei);
	screen_connect(s, &cfg, &ei);
}

static void on_painted(void *user)
{
	struct screen *s = current;

	(void)user;
	if (s->painted)
		return;
	s->painted = true;
	if (!s->demo)
		connect_profile(s);
	else if (loop_watch(s->loop, s->child.out, POLLIN, LOOP_OTHER, on_child, s))
		s->connecting = false;
}

static bool parse_size(const char *text, int *cols, int *rows)
{
	char x, end;

	return sscanf(text, "%d%c%d%c", cols, &x, rows, &end) == 3 && x == 'x' && *cols >= 1 &&
	       *rows >= 1 && *cols <= 1000 && *rows <= 1000;
}

static enum err read_options(struct screen *s, struct app_config *cfg, struct errinfo *ei)
{
	const struct cli_options *o = s->options;
	int64_t when;

	cfg->theme = o->theme ? o->theme : s->config.theme;
	cfg->mouse = s->config.mouse && !o->no_mouse;
	cfg->ascii = o->ascii || s->config.ascii;
	cfg->headless = cfg->pinned = o->script != NULL;
	if (o->color && !style_parse_when(o->color, &cfg->color))
		return err_set(
		    ei, ERR_USAGE, "--color takes auto, always or never, not \"%s\"", o->color);
	if (o->size && !parse_size(o->size, &cfg->cols, &cfg->rows))
		return err_set(
		    ei, ERR_USAGE, "--size takes COLSxROWS, such as 80x24, not \"%s\"", o->size);
	if (o->size && !o->script)
		return err_set(ei, ERR_USAGE, "--size goes with --script");
	if (o->clock && !clock_parse_utc(o->clock, &when))
		return err_set(ei, ERR_USAGE, "--clock takes a time such as 2026-01-31T12:00:00Z");
	if (o->clock)
		clock_pin(when);
	return ERR_OK;
}

static enum err bind_keys(struct screen *s, struct errinfo *ei)
{
	/* views in which no default key is bound are contexts for the user's keys all the same */
	static const struct view_ops *const views[] = {&accounts_view, &campaigns_view,
	    &line_items_view, &criteria_view, &audiences_view, &review_view, &where_used_view,
	    &picker_view, &budgets_view, &moments_view};

	for (size_t i = 0; i < sizeof views / sizeof *views; i++)
		if (app_add_context(s->app, views[i]->name))
			return err_set(ei, ERR_NOMEM, "no memory for the keys");
	for (size_t i = 0; i < s->config.n_keys; i++) {
		const struct config_key *k = &s->config.keys[i];
		char origin[32];

		snprintf(origin, sizeof origin, "config.yaml:%zu", k->line);
		if (app_bind(s->app, k->key, k->command ? k->command : "none", origin, ei))
			return ei->code;
	}
	return ERR_OK;
}

static enum err open_app(struct screen *s, struct errinfo *ei)
{
	struct app_config cfg = {.user = s->session,
	    .busy = on_busy,
	    .view_closed = on_view_closed,
	    .status = views_status,
	    .may = views_may,
	    .command = views_command,
	    .interrupt = on_interrupt,
	    .may_quit = on_may_quit,
	    .painted = on_painted,
	    .history_save = on_history_save,
	    .history_load = on_history_load};
	enum err err = read_options(s, &cfg, ei);

	if (!err)
		err = app_new(s->loop, &cfg, &s->app, ei);
	if (!err)
		err = app_add_commands(s->app, view_commands, VIEW_COMMANDS);
	if (!err)
		err = bind_keys(s, ei);
	if (!err && s->options->script) {
		err = script_load(s->app, s->options->script, &s->script, ei);
		if (!err)
			script_start(s->script);
	}
	return err;
}

static void tell_store_messages(struct screen *s)
{
	const char *text;

	for (size_t i = 0; (text = store_message(s->store, i)) != NULL; i++)
		app_message(s->app, STYLE_WARNING, "%s", text);
}

enum err screen_open(struct screen *s, const struct screen_start *start, struct errinfo *ei)
{
	struct session_config cfg = {
	    .profile = start->profile_name, .account = start->account, .resume_draft = true};
	enum err err;

	current = s;
	s->connecting = true;
	s->loop = loop_new();
	if (!s->loop)
		return err_set(ei, ERR_NOMEM, "no memory to start");
	s->store = store_open(&s->paths, ei);
	if (!s->store)
		return ei->code;
	err = store_bind(s->store, start->host, start->api_version, ei);
	if (err)
		return err;
	cfg.loop = s->loop;
	cfg.store = s->store;
	cfg.cache_days = s->config.cache_days;
	cfg.batch_size = s->config.batch_size;
	cfg.post_without_lock = s->config.post_without_lock;
	cfg.demo = s->demo;
	cfg.follow = true;
	cfg.read_only = s->options->read_only || (s->profile && s->profile->read_only);
	cfg.change = on_session_change;
	cfg.user = s;
	s->session = session_new(&cfg, ei);
	if (!s->session)
		return ei->code;
	session_start(s->session);
	err = open_app(s, ei);
	if (err)
		return err;
	name_account(s);
	tell_store_messages(s);
	err = app_push(s->app,
	    s->demo || session_account_id(s->session)[0] ? &line_items_view : &accounts_view, NULL,
	    NULL, ei);
	/* what the last run left open comes first */
	if (!err && applying_unsettled(s->session))
		err = app_push(s->app, &unknown_view, NULL, NULL, ei);
	return err;
}

int screen_run(struct screen *s)
{
	const struct errinfo *failed;
	int rc = app_run(s->app);

	failed = s->script ? script_error(s->script) : NULL;
	if (failed && failed->code) {
		cli_fail(failed);
		return 1;
	}
	return rc == 0 && applying_unknown(s->session) ? 6 : rc;
}

void screen_close(struct screen *s)
{
	script_free(s->script);
	app_free(s->app);
	s->app = NULL;
	session_free(s->session);
	store_close(s->store);
	loop_free(s->loop);
	config_done(&s->config);
	if (s->demo)
		child_stop(&s->child);
}
