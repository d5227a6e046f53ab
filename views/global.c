/* What holds in every view: commands that go somewhere, preconditions about ads, the status line. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "store/catalog.h"
#include "tui/app.h"
#include "session/applying.h"
#include "views/commands.h"
#include "session/draft.h"
#include "views/drafts.h"
#include "session/session.h"
#include "session/staging.h"
#include "session/sync.h"
#include "views/views.h"

/* Down to the view of that kind when one is open, else a new one on top. */
static enum err go(struct app *app, const struct view_ops *ops, const void *arg, struct errinfo *ei)
{
	struct view *there = arg ? NULL : app_top_kind(app, ops);

	if (there) {
		app_close_to(app, there);
		return ERR_OK;
	}
	return app_push(app, ops, arg, NULL, ei);
}

/* Another account: nothing of the old one may stay open, or edits could go to foreign ids. */
static enum err start_over(struct app *app, struct errinfo *ei)
{
	struct view *bottom = app_top(app);

	while (bottom && bottom->below)
		bottom = bottom->below;
	if (bottom)
		app_close_to(app, bottom);
	return bottom ? app_replace(app, &line_items_view, NULL, NULL, ei)
		      : app_push(app, &line_items_view, NULL, NULL, ei);
}

static enum err undo(struct app *app, struct session *s, bool again, struct errinfo *ei)
{
	char what[64];
	enum err err = again ? staging_redo(s, what, ei) : staging_undo(s, what, ei);

	if (!err)
		app_message(app, STYLE_NOTE, "%s: %s", again ? "staged again" : "undone", what);
	return err;
}

static enum err sync_all(
    struct app *app, struct session *s, const struct command_call *call, struct errinfo *ei)
{
	bool whole = call->argc && strcmp(call->argv[0], "whole") == 0;
	enum err err;

	if (call->argc && !whole)
		return err_set(ei, ERR_USAGE, "sync takes \"whole\", or nothing");
	err = session_sync(s, whole, REQ_BACKGROUND, ei);
	if (!err)
		app_message(app, STYLE_NOTE,
		    "reading %s in the background; what you look at comes first",
		    whole ? "everything" : "what is new or changed");
	return err;
}

enum err views_command(void *user, const struct command_call *call, struct errinfo *ei)
{
	struct session *s = user;
	struct app *app = call->view->app;
	struct line_items_arg items = {NULL, call->rest};
	enum err err;

	switch (call->cmd->id) {
	case VIEWS_ACCOUNTS:
		return go(app, &accounts_view, NULL, ei);
	case VIEWS_CAMPAIGNS:
		return go(app, &campaigns_view, NULL, ei);
	case VIEWS_LINE_ITEMS:
		return go(app, &line_items_view, call->argc ? &items : NULL, ei);
	case VIEWS_AUDIENCES:
		return go(app, &audiences_view, NULL, ei);
	case VIEWS_REVIEW:
		return go(app, &review_view, NULL, ei);
	case VIEWS_PROBLEMS:
		return go(app, &problems_view, NULL, ei);
	case VIEWS_JOURNAL:
		return go(app, &journal_view, NULL, ei);
	case VIEWS_UNKNOWN:
		return go(app, &unknown_view, NULL, ei);
	case VIEWS_MERGE:
		return go(app, &merge_view, NULL, ei);
	case VIEWS_DRAFTS:
		return go(app, &drafts_view, NULL, ei);
	case VIEWS_DRAFT:
		if (!call->argc)
			return go(app, &drafts_view, NULL, ei);
		return drafts_run(app, call, draft_active(s), ei);
	case VIEWS_DRAFT_NEW:
	case VIEWS_DRAFT_RENAME:
	case VIEWS_DRAFT_COPY:
	case VIEWS_DRAFT_DELETE:
	case VIEWS_DRAFT_RESTORE:
		return drafts_run(app, call, draft_active(s), ei);
	case VIEWS_RULES:
		return go(app, &reference_view, &(enum reference_page){REFERENCE_RULES}, ei);
	case VIEWS_TYPES:
		return go(app, &reference_view, &(enum reference_page){REFERENCE_TYPES}, ei);
	case VIEWS_BUDGETS:
		return go(app, &budgets_view, NULL, ei);
	case VIEWS_ACCOUNT:
		err = session_open_account(s, call->argv[0], ei);
		return err ? err : start_over(app, ei);
	case VIEWS_SYNC:
		return sync_all(app, s, call, ei);
	case VIEWS_UNDO:
		return undo(app, s, false, ei);
	case VIEWS_REDO:
		return undo(app, s, true, ei);
	default:
		return err_set(ei, ERR_USAGE, "%s has no meaning here", call->cmd->name);
	}
}

bool views_may(
    void *user, const struct command *cmd, const struct view *v, char *reason, size_t cap)
{
	const struct session *s = user;
	const struct errinfo *why;

	(void)v;
	if ((cmd->flags & CMD_NEEDS_ACCOUNT) && !session_account_id(s)[0]) {
		snprintf(reason, cap, "no account is open; choose one in the accounts view");
		return false;
	}
	if ((cmd->flags & CMD_WRITES) && !session_may_edit(s, reason, cap))
		return false;
	if ((cmd->flags & CMD_NEEDS_NETWORK) && !session_api(s)) {
		why = session_why_offline(s);
		snprintf(reason, cap, "no connection: %s",
		    why && why->code ? why->msg : "the server is still starting");
		return false;
	}
	return true;
}

static void status_network(const struct session *s, struct status *st)
{
	const struct errinfo *why = session_why_offline(s);
	struct api_stats stats;
	char reset[21];

	if (why) {
		status_add(st, false, why->code ? STYLE_WARNING : STYLE_STATUS, "%s",
		    why->code ? "offline" : "connecting");
		return;
	}
	stats = api_stats(session_api(s));
	if (stats.in_flight || stats.queued)
		status_add(st, false, STYLE_NOTE, "%u in flight%s", stats.in_flight + stats.queued,
		    stats.waiting ? ", waiting" : "");
	else if (session_state(s, DATA_LINE_ITEMS).ei.code == ERR_NETWORK)
		status_add(st, false, STYLE_WARNING, "no connection");
	else
		status_add(st, false, STYLE_STATUS, "idle");
	if (stats.has_tightest) {
		clock_format_utc(stats.tightest.reset_wall_s, reset);
		status_add(st, false,
		    stats.tightest.remaining * 5 < stats.tightest.limit ? STYLE_WARNING
									: STYLE_STATUS,
		    "%s %lld/%lld until %.5sZ", stats.tightest.name,
		    (long long)stats.tightest.remaining, (long long)stats.tightest.limit,
		    reset + 11);
	}
	if (stats.clock_corrected)
		status_add(st, false, STYLE_WARNING, "clock is off by %llds",
		    (long long)stats.clock_skew_s);
	if (stats.proxy[0])
		status_add(st, false, STYLE_WARNING, "through proxy %s", stats.proxy);
	if (stats.warning[0])
		status_add(st, false, STYLE_WARNING, "%.80s", stats.warning);
}

/* More than a request or two is something to wait for: say how far it is. */
static void status_sync(const struct session *s, struct status *st)
{
	struct sync_progress p = session_progress(s);
	char left[16] = "";

	if (p.requests + p.requests_left > 1) {
		clock_format_age((p.ms_left + 999) / 1000, left);
		status_add(st, false, STYLE_NOTE,
		    "sync %zu/%zu line items, %zu rows, %zu of ~%zu requests, %s left",
		    p.line_items_done, p.line_items, p.rows, p.requests,
		    p.requests + p.requests_left,
		    p.ms_left < 0         ? "?"
		    : strcmp(left, "now") ? left
					  : "seconds");
	} else if (p.list_rows > 0) {
		status_add(st, false, STYLE_NOTE, "sync %zu rows of lists", p.list_rows);
	}
}

static void status_age(const struct session *s, struct status *st)
{
	struct data_state items = session_state(s, DATA_LINE_ITEMS);
	int64_t options = catalog_oldest_used(session_store(s));
	char age[16];

	if (items.fetched_at) {
		clock_format_age(clock_wall_s() - items.fetched_at, age);
		status_add(
		    st, true, STYLE_STATUS, "read %s%s", age, strcmp(age, "now") ? " ago" : "");
	}
	if (options) {
		clock_format_age(clock_wall_s() - options, age);
		status_add(
		    st, true, STYLE_STATUS, "look-ups %s%s", age, strcmp(age, "now") ? " old" : "");
	}
}

/* The last segment is the last one to be cut. */
static void status_unknown(const struct session *s, struct status *st)
{
	const char *const contexts[] = {"global"};
	char text[64];
	struct buf keys;

	applying_unknown_text(s, text, sizeof text);
	if (!text[0])
		return;
	buf_init(&keys, 256);
	keymap_keys_of(app_keymap(st->app), contexts, 1, "unknown", &keys);
	status_add(st, true, STYLE_DANGER, "%s%s%.*s", text, keys.len ? ": " : "",
	    (int)strcspn(buf_str(&keys), " "), buf_str(&keys));
	buf_done(&keys);
}

void views_status(void *user, struct status *st)
{
	const struct session *s = user;
	const struct account *a = session_account(s);
	struct staging_count n = staging_total(s);
	char why[160];

	status_add(st, false, STYLE_STATUS, "%s", session_profile(s));
	if (session_account_id(s)[0])
		status_add(
		    st, false, STYLE_STATUS, "%s", a && a->name ? a->name : session_account_id(s));
	if (session_role(s)[0])
		status_add(st, false, STYLE_STATUS, "%s", session_role(s));
	if (!session_may_edit(s, why, sizeof why))
		status_add(st, false, STYLE_WARNING, "read-only");
	status_network(s, st);
	status_sync(s, st);
	status_age(s, st);
	if (draft_active(s)[0])
		status_add(st, true, STYLE_NOTE, "draft %.64s", draft_active(s));
	if (n.creates + n.deletes)
		status_add(st, true, STYLE_CHANGED, "%u staged", n.creates + n.deletes);
	else if (store_can_stage(session_store(s)))
		status_add(st, true, STYLE_STATUS, "nothing staged");
	else /* edits.log may well have some */
		status_add(st, true, STYLE_WARNING, "what is staged is not known");
	status_unknown(s, st);
}

void views_changed(struct app *app, unsigned kinds)
{
	char notice[160];

	if (draft_notice(app_user(app), notice))
		app_message(app, STYLE_WARNING, "%s", notice);
	(void)kinds; /* each view compares the generations of what it shows, in its layout */
	for (struct view *v = app_top(app); v; v = v->below)
		view_touch(v, TOUCH_ALL);
	app_touch(app);
}
