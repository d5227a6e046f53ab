/* The ads accounts that the user can see. arg: NULL. */
#include <stdio.h>
#include <string.h>
#include "tui/app.h"
#include "views/commands.h"
#include "views/detail.h"
#include "views/rows.h"
#include "session/session.h"
#include "views/views.h"

enum column { COL_NAME, COL_ROLE, COL_STATUS, COL_TIMEZONE, COL_BUSINESS, COL_ID, COL_COUNT };

static const struct table_column columns[COL_COUNT] = {
    [COL_NAME] = {"Account", 20, 0, 4, ALIGN_LEFT, CUT_MIDDLE, COL_SORT},
    [COL_ROLE] = {"Your role", 15, 24, 1, ALIGN_LEFT, CUT_END, COL_NONE},
    [COL_STATUS] = {"Status", 9, 14, 1, ALIGN_LEFT, CUT_END, COL_SORT},
    [COL_TIMEZONE] = {"Time zone", 12, 24, 1, ALIGN_LEFT, CUT_END, COL_SORT | COL_HIDEABLE},
    [COL_BUSINESS] = {"Business", 10, 30, 1, ALIGN_LEFT, CUT_END, COL_SORT | COL_HIDEABLE},
    [COL_ID] = {"ID", 11, 16, 0, ALIGN_LEFT, CUT_MIDDLE, COL_SORT},
};

struct state {
	struct session *session;
	struct list list;
	struct table table;
	uint64_t seen;
};

static const struct account *account_at(const struct state *st, size_t row)
{
	const struct account_set *set = session_accounts(st->session);
	static const struct account none = {.id = ""};

	return row < set->n ? &set->v[row] : &none;
}

static size_t row_count(const void *user)
{
	return session_accounts(((const struct state *)user)->session)->n;
}

static uint64_t row_key(const void *user, size_t row)
{
	return map_hash(account_at(user, row)->id);
}

static void row_text(const void *user, size_t row, struct buf *out)
{
	const struct account *a = account_at(user, row);

	buf_addf(out, "%s %s %s %s", a->name ? a->name : "", a->id,
	    a->business_name ? a->business_name : "", a->timezone ? a->timezone : "");
}

static int row_compare(const void *user, size_t i, size_t j, int column)
{
	const struct account *a = account_at(user, i), *b = account_at(user, j);

	switch ((enum column)column) {
	case COL_STATUS:
		return compare_text(a->approval_status, b->approval_status);
	case COL_TIMEZONE:
		return compare_text(a->timezone, b->timezone);
	case COL_BUSINESS:
		return compare_text(a->business_name, b->business_name);
	case COL_ID:
		return compare_text(a->id, b->id);
	default:
		return compare_text(a->name, b->name);
	}
}

static void row_cell(const void *user, size_t row, int column, struct table_cell *out)
{
	const struct state *st = user;
	const struct account *a = account_at(st, row);
	bool open = strcmp(a->id, session_account_id(st->session)) == 0;

	switch ((enum column)column) {
	case COL_NAME:
		row_cell_text(out, a->name ? a->name : "(no name)");
		break;
	case COL_ROLE:
		if (open)
			snprintf(out->scratch, sizeof out->scratch, "%s%sopen now",
			    session_role(st->session), session_role(st->session)[0] ? ", " : "");
		row_cell_text(out, open ? out->scratch : "");
		out->style = STYLE_OK;
		break;
	case COL_STATUS:
		rows_words(a->approval_status, out->scratch, sizeof out->scratch);
		row_cell_text(out, out->scratch);
		if (a->approval_status && strcmp(a->approval_status, "ACCEPTED") != 0)
			out->style = STYLE_WARNING;
		break;
	case COL_TIMEZONE:
		row_cell_text(out, a->timezone);
		break;
	case COL_BUSINESS:
		row_cell_text(out, a->business_name);
		break;
	default:
		row_cell_text(out, a->id);
		out->style = STYLE_DIM;
		break;
	}
}

static enum err accounts_open(struct view *v, const void *arg, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct list_source src = {row_count, row_key, row_text, row_compare, NULL, st};
	struct table_source cells = {columns, COL_COUNT, row_cell, NULL, st};

	(void)arg;
	(void)ei;
	st->session = view_session(v);
	st->seen = session_generation(st->session, DATA_ACCOUNTS);
	list_init(&st->list, &src);
	table_init(&st->table, &cells, &st->list);
	list_refresh(&st->list);
	if (session_account_id(st->session)[0])
		list_goto_key(&st->list, map_hash(session_account_id(st->session)));
	return ERR_OK;
}

static void accounts_load(struct view *v)
{
	struct state *st = view_state(v);

	if (!session_state(st->session, DATA_ACCOUNTS).known)
		session_refresh(st->session, DATA_ACCOUNTS);
}

static void accounts_layout(struct view *v, int cols, int rows)
{
	struct state *st = view_state(v);
	struct data_state data = session_state(st->session, DATA_ACCOUNTS);
	uint64_t now = session_generation(st->session, DATA_ACCOUNTS);

	if (now != st->seen) {
		st->seen = now;
		list_refresh(&st->list);
	}
	st->table.empty = detail_empty(
	    &data, "These credentials see no ads account. Ask its administrator for access.");
	table_layout(&st->table, cols, rows - detail_failure_lines(&data));
}

static void accounts_draw(const struct view *v, struct canvas *c)
{
	const struct state *st = view_state(v);
	struct data_state data = session_state(st->session, DATA_ACCOUNTS);
	struct canvas body =
	    canvas_sub(c, (struct rect){0, 0, c->area.w, c->area.h - detail_failure_lines(&data)});

	table_draw(&st->table, &body);
	detail_failure(c, &data);
}

/* Views of the account that was open would show, and stage, ids that the new one does not have. */
static enum err start_over(struct app *app, struct errinfo *ei)
{
	struct view *bottom = app_top(app);

	while (bottom->below)
		bottom = bottom->below;
	app_close_to(app, bottom);
	return app_replace(app, &line_items_view, NULL, NULL, ei);
}

static enum err open_account(struct view *v, const char *account, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct view *there = app_top_kind(v->app, &line_items_view);
	char id[65];
	enum err err;

	/* opening replaces the sets that the id is in */
	snprintf(id, sizeof id, "%s", account);
	if (strcmp(id, session_account_id(st->session)) != 0 || !there) {
		err = strcmp(id, session_account_id(st->session)) != 0
			  ? session_open_account(st->session, id, ei)
			  : ERR_OK;
		return err ? err : start_over(v->app, ei);
	}
	app_close_to(v->app, there);
	return ERR_OK;
}

static enum err show_details(struct view *v, const struct account *a, struct errinfo *ei)
{
	struct buf out;
	enum err err;

	buf_init(&out, 65536);
	buf_adds(&out, "# Ads account\n");
	detail_line(&out, "name", a->name);
	detail_line(&out, "id", a->id);
	detail_line(&out, "business", a->business_name);
	detail_line(&out, "approval status", a->approval_status);
	detail_line(&out, "time zone", a->timezone);
	detail_time(&out, "created (UTC)", a->created_at);
	detail_time(&out, "updated (UTC)", a->updated_at);
	err = out.failed ? err_set(ei, out.failed, "the details are too large to show")
			 : app_show_text(v->app, "Ads account", buf_str(&out), ei);
	buf_done(&out);
	return err;
}

static enum err accounts_command(
    struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct state *st = view_state(v);
	size_t row;

	if (call->cmd->id == VIEWS_REFRESH) {
		session_refresh(st->session, DATA_ACCOUNTS);
		return ERR_OK;
	}
	if (!list_row(&st->list, &row))
		return err_set(ei, ERR_REFUSED, "no account here");
	switch (call->cmd->id) {
	case VIEWS_OPEN:
		return open_account(v, account_at(st, row)->id, ei);
	case VIEWS_DETAILS:
		return show_details(v, account_at(st, row), ei);
	default: /* copy-id */
		app_message(v->app, STYLE_NOTE, "id of this account: %s", account_at(st, row)->id);
		return ERR_OK;
	}
}

static void accounts_describe(const struct view *v, struct view_about *a)
{
	const struct state *st = view_state(v);
	struct data_state data = session_state(st->session, DATA_ACCOUNTS);

	snprintf(a->title, sizeof a->title, "Ads accounts");
	snprintf(a->crumb, sizeof a->crumb, "Accounts");
	table_position(&st->table, a->position, sizeof a->position);
	a->loading = data.loading;
	a->progress = -1;
	a->hints = "open details filter refresh";
}

static struct table *accounts_table(struct view *v)
{
	struct state *st = view_state(v);

	return &st->table;
}

static void accounts_done(struct view *v)
{
	struct state *st = view_state(v);

	list_done(&st->list);
}

const struct view_ops accounts_view = {
    .name = "accounts",
    .title = "Ads accounts",
    .parent = "table",
    .commands = "open details copy-id refresh",
    .state_size = sizeof(struct state),
    .open = accounts_open,
    .load = accounts_load,
    .layout = accounts_layout,
    .draw = accounts_draw,
    .command = accounts_command,
    .describe = accounts_describe,
    .table = accounts_table,
    .done = accounts_done,
};
