/* Campaigns of the account. arg: NULL. */
#include <stdio.h>
#include <string.h>
#include "tui/app.h"
#include "views/commands.h"
#include "views/detail.h"
#include "session/lint.h"
#include "views/mark.h"
#include "views/rows.h"
#include "session/session.h"
#include "views/views.h"

enum column {
	COL_NAME,
	COL_MARK,
	COL_STATUS,
	COL_RUNS,
	COL_DAILY,
	COL_TOTAL,
	COL_ITEMS,
	COL_ID,
	COL_COUNT
};

static const struct table_column columns[COL_COUNT] = {
    [COL_NAME] = {"Campaign", 20, 0, 4, ALIGN_LEFT, CUT_MIDDLE, COL_SORT},
    [COL_MARK] = MARK_COLUMN,
    [COL_STATUS] = {"Status", 7, 12, 0, ALIGN_LEFT, CUT_END, COL_SORT},
    [COL_RUNS] = {"Runs", 12, 40, 2, ALIGN_LEFT, CUT_END, COL_SORT},
    [COL_DAILY] = {"Daily", 10, 14, 0, ALIGN_RIGHT, CUT_END, COL_SORT | COL_REVERSE},
    [COL_TOTAL] = {"Total", 11, 14, 0, ALIGN_RIGHT, CUT_END, COL_SORT | COL_HIDEABLE | COL_REVERSE},
    [COL_ITEMS] = {"Items", 5, 6, 0, ALIGN_RIGHT, CUT_END, COL_SORT | COL_HIDEABLE | COL_REVERSE},
    [COL_ID] = {"ID", 6, 12, 0, ALIGN_LEFT, CUT_MIDDLE, COL_SORT | COL_HIDEABLE},
};

struct state {
	struct session *session;
	struct list list;
	struct table table;
	struct map items; /* campaign id to the number of its line items */
	struct map marks; /* campaign id to the problems of its line items */
	uint64_t seen, seen_items, seen_lint;
	char why[240]; /* the campaign under the cursor does not run */
};

static const struct campaign *campaign_at(const struct state *st, size_t row)
{
	const struct campaign_set *set = session_campaigns(st->session);
	static const struct campaign none = {.id = ""};

	return row < set->n ? &set->v[row] : &none;
}

static uint64_t items_of(const struct state *st, const char *id)
{
	uint64_t n = 0;

	map_get(&st->items, id, &n);
	return n;
}

static size_t row_count(const void *user)
{
	return session_campaigns(((const struct state *)user)->session)->n;
}

static uint64_t row_key(const void *user, size_t row)
{
	return map_hash(campaign_at(user, row)->id);
}

static const char *status_of(const struct campaign *c)
{
	return c->entity_status ? c->entity_status : c->effective_status;
}

static void row_text(const void *user, size_t row, struct buf *out)
{
	const struct campaign *c = campaign_at(user, row);

	buf_addf(out, "%s %s %s %s", c->name ? c->name : "(no name)", c->id,
	    status_of(c) ? status_of(c) : "",
	    c->reasons_not_servable ? c->reasons_not_servable : "");
}

static int row_compare(const void *user, size_t i, size_t j, int column)
{
	const struct campaign *a = campaign_at(user, i), *b = campaign_at(user, j);

	switch ((enum column)column) {
	case COL_MARK:
		return mark_compare(marks_get(&((const struct state *)user)->marks, a->id),
		    marks_get(&((const struct state *)user)->marks, b->id));
	case COL_STATUS:
		return compare_text(status_of(a), status_of(b));
	case COL_RUNS:
		return compare_number(b->servable, a->servable);
	case COL_DAILY:
		return compare_number(a->daily_budget_micro, b->daily_budget_micro);
	case COL_TOTAL:
		return compare_number(a->total_budget_micro, b->total_budget_micro);
	case COL_ITEMS:
		return compare_number(
		    (int64_t)items_of(user, a->id), (int64_t)items_of(user, b->id));
	case COL_ID:
		return compare_text(a->id, b->id);
	default:
		return compare_text(a->name, b->name);
	}
}

static void cell_runs(const struct campaign *c, struct table_cell *out)
{
	char why[200];

	if (c->servable) {
		row_cell_text(out, "yes");
		out->style = STYLE_OK;
		return;
	}
	rows_words(c->reasons_not_servable, why, sizeof why);
	snprintf(out->scratch, sizeof out->scratch, why[0] ? "no: %s" : "no", why);
	row_cell_text(out, out->scratch);
	out->style = STYLE_WARNING;
}

static void row_cell(const void *user, size_t row, int column, struct table_cell *out)
{
	const struct state *st = user;
	const struct campaign *c = campaign_at(st, row);

	switch ((enum column)column) {
	case COL_NAME:
		row_cell_text(out, c->name ? c->name : "(no name)");
		break;
	case COL_MARK:
		mark_cell(marks_get(&st->marks, c->id), out);
		break;
	case COL_STATUS:
		rows_words(status_of(c), out->scratch, sizeof out->scratch);
		row_cell_text(out, out->scratch);
		out->style =
		    status_of(c) && strcmp(status_of(c), "ACTIVE") == 0 ? STYLE_OK : STYLE_NORMAL;
		break;
	case COL_RUNS:
		cell_runs(c, out);
		break;
	case COL_DAILY:
		row_cell_money(out, c->daily_budget_micro, c->currency);
		break;
	case COL_TOTAL:
		row_cell_money(out, c->total_budget_micro, c->currency);
		break;
	case COL_ITEMS:
		snprintf(out->scratch, sizeof out->scratch, "%llu",
		    (unsigned long long)items_of(st, c->id));
		row_cell_text(out, out->scratch);
		break;
	default:
		row_cell_text(out, c->id);
		out->style = STYLE_DIM;
		break;
	}
}

/* A number that could not be kept for want of memory shows as 0 until the next reading. */
static void count_items(struct state *st)
{
	const struct line_item_set *set = session_line_items(st->session);

	map_done(&st->items);
	map_init(&st->items);
	for (size_t i = 0; i < set->n; i++)
		if (set->v[i].campaign_id && map_put(&st->items, set->v[i].campaign_id,
						 items_of(st, set->v[i].campaign_id) + 1))
			return;
}

static enum err campaigns_open(struct view *v, const void *arg, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct list_source src = {row_count, row_key, row_text, row_compare, NULL, st};
	struct table_source cells = {columns, COL_COUNT, row_cell, NULL, st};

	(void)arg;
	(void)ei;
	st->session = view_session(v);
	map_init(&st->items);
	map_init(&st->marks);
	count_items(st);
	marks_by_campaign(&st->marks, st->session);
	st->seen_lint = session_generation(st->session, DATA_LINT);
	st->seen = session_generation(st->session, DATA_CAMPAIGNS);
	st->seen_items = session_generation(st->session, DATA_LINE_ITEMS);
	list_init(&st->list, &src);
	table_init(&st->table, &cells, &st->list);
	list_refresh(&st->list);
	return ERR_OK;
}

static void campaigns_load(struct view *v)
{
	struct state *st = view_state(v);

	if (!session_state(st->session, DATA_CAMPAIGNS).known)
		session_refresh(st->session, DATA_CAMPAIGNS);
}

static void say_why(struct state *st)
{
	const struct campaign *c;
	char why[200];
	size_t row;

	st->why[0] = '\0';
	if (!list_row(&st->list, &row))
		return;
	c = campaign_at(st, row);
	rows_words(c->reasons_not_servable, why, sizeof why);
	if (!c->servable && why[0])
		snprintf(st->why, sizeof st->why, "does not run: %s", why);
}

static void campaigns_layout(struct view *v, int cols, int rows)
{
	struct state *st = view_state(v);
	struct data_state data = session_state(st->session, DATA_CAMPAIGNS);
	uint64_t now = session_generation(st->session, DATA_CAMPAIGNS),
		 items = session_generation(st->session, DATA_LINE_ITEMS),
		 lint = session_generation(st->session, DATA_LINT);

	lint_want(st->session);
	if (lint != st->seen_lint || items != st->seen_items) {
		marks_by_campaign(&st->marks, st->session);
		st->seen_lint = lint;
		list_refresh(&st->list);
	}
	if (now != st->seen || items != st->seen_items) {
		count_items(st);
		st->seen = now;
		st->seen_items = items;
		list_refresh(&st->list);
	}
	st->table.empty = detail_empty(
	    &data, "No campaign here. R reads them again; :accounts changes the account.");
	table_layout(&st->table, cols, rows > 1 ? rows - 1 : 1);
	say_why(st);
}

static void campaigns_draw(const struct view *v, struct canvas *c)
{
	const struct state *st = view_state(v);
	struct data_state data = session_state(st->session, DATA_CAMPAIGNS);
	struct canvas body = canvas_sub(c, (struct rect){0, 0, c->area.w, c->area.h - 1});
	struct canvas_field f = {0, c->area.h - 1, c->area.w, STYLE_WARNING, ALIGN_LEFT, CUT_END};

	table_draw(&st->table, &body);
	if (data.ei.code)
		detail_failure(c, &data);
	else
		canvas_field(c, &f, st->why, strlen(st->why));
}

static enum err show_details(struct view *v, const struct campaign *c, struct errinfo *ei)
{
	struct buf out;
	enum err err;

	buf_init(&out, 65536);
	buf_adds(&out, "# Campaign\n");
	detail_line(&out, "name", c->name);
	detail_line(&out, "id", c->id);
	detail_line(&out, "status", c->entity_status);
	detail_line(&out, "effective status", c->effective_status);
	detail_line(&out, "runs", c->servable ? "yes" : "no");
	detail_line(&out, "reasons not to run", c->reasons_not_servable);
	buf_adds(&out, "# Money\n");
	detail_money(&out, "daily budget", c->daily_budget_micro, c->currency);
	detail_money(&out, "total budget", c->total_budget_micro, c->currency);
	detail_line(&out, "currency", c->currency);
	buf_adds(&out, "# Times (UTC)\n");
	detail_time(&out, "created", c->created_at);
	detail_time(&out, "updated", c->updated_at);
	err = out.failed ? err_set(ei, out.failed, "the details are too large to show")
			 : app_show_text(v->app, "Campaign", buf_str(&out), ei);
	buf_done(&out);
	return err;
}

static enum err campaigns_command(
    struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct line_items_arg arg = {NULL, NULL};
	size_t row;

	if (call->cmd->id == VIEWS_REFRESH) {
		session_refresh(st->session, DATA_CAMPAIGNS);
		return ERR_OK;
	}
	if (!list_row(&st->list, &row))
		return err_set(ei, ERR_REFUSED, "no campaign here");
	switch (call->cmd->id) {
	case VIEWS_OPEN:
		arg.campaign_id = campaign_at(st, row)->id;
		return app_push(v->app, &line_items_view, &arg, NULL, ei);
	case VIEWS_DETAILS:
		return show_details(v, campaign_at(st, row), ei);
	default: /* copy-id */
		app_message(
		    v->app, STYLE_NOTE, "id of this campaign: %s", campaign_at(st, row)->id);
		return ERR_OK;
	}
}

static void campaigns_describe(const struct view *v, struct view_about *a)
{
	const struct state *st = view_state(v);
	struct data_state data = session_state(st->session, DATA_CAMPAIGNS);

	snprintf(a->title, sizeof a->title, "Campaigns");
	snprintf(a->crumb, sizeof a->crumb, "Campaigns");
	table_position(&st->table, a->position, sizeof a->position);
	a->loading = data.loading;
	a->progress = -1;
	if (data.loading)
		snprintf(a->progress_text, sizeof a->progress_text, "%zu read", data.rows);
	a->hints = "open details filter sort refresh";
}

static struct table *campaigns_table(struct view *v)
{
	struct state *st = view_state(v);

	return &st->table;
}

static void campaigns_done(struct view *v)
{
	struct state *st = view_state(v);

	list_done(&st->list);
	map_done(&st->items);
	map_done(&st->marks);
}

const struct view_ops campaigns_view = {
    .name = "campaigns",
    .title = "Campaigns",
    .parent = "table",
    .commands = "open details copy-id refresh",
    .state_size = sizeof(struct state),
    .open = campaigns_open,
    .load = campaigns_load,
    .layout = campaigns_layout,
    .draw = campaigns_draw,
    .command = campaigns_command,
    .describe = campaigns_describe,
    .table = campaigns_table,
    .done = campaigns_done,
};
