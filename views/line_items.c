/* Line items of the account, or of one campaign. arg: struct line_items_arg, or NULL. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "tui/app.h"
#include "views/commands.h"
#include "views/detail.h"
#include "session/clip.h"
#include "session/lint.h"
#include "views/mark.h"
#include "views/preview.h"
#include "views/rows.h"
#include "session/session.h"
#include "session/staging.h"
#include "views/views.h"
#include "views/why_small.h"

enum column {
	COL_NAME,
	COL_MARK,
	COL_STATUS,
	COL_OBJECTIVE,
	COL_CRITERIA,
	COL_STAGED,
	COL_BID,
	COL_DAILY,
	COL_PLACEMENTS,
	COL_CAMPAIGN,
	COL_TOTAL,
	COL_ID,
	COL_COUNT
};

static const struct table_column columns[COL_COUNT] = {
    [COL_NAME] = {"Name", 32, 0, 4, ALIGN_LEFT, CUT_MIDDLE, COL_SORT},
    [COL_MARK] = MARK_COLUMN,
    [COL_STATUS] = {"Status", 7, 9, 0, ALIGN_LEFT, CUT_END, COL_SORT},
    [COL_OBJECTIVE] = {"Objective", 14, 16, 0, ALIGN_LEFT, CUT_END, COL_SORT | COL_HIDEABLE},
    [COL_CRITERIA] = {"Criteria", 8, 8, 0, ALIGN_RIGHT, CUT_END, COL_SORT | COL_REVERSE},
    [COL_STAGED] = {"Staged", 7, 9, 0, ALIGN_LEFT, CUT_END, COL_SORT | COL_REVERSE},
    [COL_BID] = {"Bid", 9, 12, 0, ALIGN_RIGHT, CUT_END, COL_SORT | COL_HIDEABLE | COL_REVERSE},
    [COL_DAILY] = {"Daily", 10, 14, 0, ALIGN_RIGHT, CUT_END, COL_SORT | COL_HIDEABLE | COL_REVERSE},
    [COL_PLACEMENTS] = {"Placements", 14, 26, 2, ALIGN_LEFT, CUT_END, COL_SORT | COL_HIDEABLE},
    [COL_CAMPAIGN] = {"Campaign", 14, 30, 2, ALIGN_LEFT, CUT_MIDDLE, COL_SORT | COL_HIDEABLE},
    [COL_TOTAL] = {"Total", 11, 14, 0, ALIGN_RIGHT, CUT_END, COL_SORT | COL_HIDEABLE | COL_REVERSE},
    [COL_ID] = {"ID", 6, 12, 0, ALIGN_LEFT, CUT_MIDDLE, COL_SORT | COL_HIDEABLE},
};

struct state {
	struct session *session;
	struct list list;
	struct table table;
	char empty[256];
	char *campaign_id; /* NULL: all */
	uint32_t *rows; /* of the session's set; NULL: all of them in their order */
	size_t n_rows;
	uint64_t seen_items, seen_campaigns;
};

static const struct line_item *item_at(const struct state *st, size_t row)
{
	return &session_line_items(st->session)->v[st->rows ? st->rows[row] : row];
}

static size_t index_of(const struct state *st, size_t row)
{
	return st->rows ? st->rows[row] : row;
}

/* --- rows --- */

static size_t row_count(const void *user)
{
	const struct state *st = user;

	return st->rows ? st->n_rows : session_line_items(st->session)->n;
}

static uint64_t row_key(const void *user, size_t row)
{
	return map_hash(item_at(user, row)->id);
}

static const char *row_id(const void *user, size_t row)
{
	return item_at(user, row)->id;
}

static const char *campaign_name(const struct state *st, const struct line_item *li)
{
	const struct campaign *c = session_campaign(st->session, li->campaign_id);

	return c && c->name ? c->name : li->campaign_id ? li->campaign_id : "";
}

static void row_text(const void *user, size_t row, struct buf *out)
{
	const struct state *st = user;
	const struct line_item *li = item_at(st, row);

	buf_addf(out, "%s %s %s %s %s %s", li->name ? li->name : "(no name)", li->id,
	    li->entity_status ? li->entity_status : "", li->objective ? li->objective : "",
	    li->placements ? li->placements : "", campaign_name(st, li));
}

static unsigned staged_of(const struct state *st, const struct line_item *li)
{
	struct staging_count n = staging_count(st->session, li->id);

	return n.creates + n.deletes;
}

static int row_compare(const void *user, size_t a, size_t b, int column)
{
	const struct state *st = user;
	const struct line_item *x = item_at(st, a), *y = item_at(st, b);

	switch ((enum column)column) {
	case COL_NAME:
		return compare_text(x->name, y->name);
	case COL_MARK:
		return mark_compare(
		    mark_of_line_item(st->session, x->id), mark_of_line_item(st->session, y->id));
	case COL_STATUS:
		return compare_text(x->entity_status, y->entity_status);
	case COL_OBJECTIVE:
		return compare_text(x->objective, y->objective);
	case COL_CRITERIA:
		return compare_number(session_count(st->session, index_of(st, a)).n,
		    session_count(st->session, index_of(st, b)).n);
	case COL_STAGED:
		return compare_number(staged_of(st, x), staged_of(st, y));
	case COL_BID:
		return compare_number(x->bid_micro, y->bid_micro);
	case COL_DAILY:
		return compare_number(x->daily_budget_micro, y->daily_budget_micro);
	case COL_TOTAL:
		return compare_number(x->total_budget_micro, y->total_budget_micro);
	case COL_PLACEMENTS:
		return compare_text(x->placements, y->placements);
	case COL_CAMPAIGN:
		return compare_text(campaign_name(st, x), campaign_name(st, y));
	default:
		return compare_text(x->id, y->id);
	}
}

static enum style status_style(const char *status)
{
	if (status && strcmp(status, "ACTIVE") == 0)
		return STYLE_OK;
	return status && strcmp(status, "PAUSED") == 0 ? STYLE_NORMAL : STYLE_DIM;
}

static void cell_words(struct table_cell *out, const char *api_enum)
{
	rows_words(api_enum, out->scratch, sizeof out->scratch);
	row_cell_text(out, out->scratch);
}

static void cell_staged(const struct state *st, const struct line_item *li, struct table_cell *out)
{
	struct staging_count n = staging_count(st->session, li->id);

	if (!n.creates && !n.deletes)
		return;
	out->style = n.deletes ? (n.creates ? STYLE_CHANGED : STYLE_REMOVED) : STYLE_ADDED;
	if (n.creates && n.deletes)
		snprintf(out->scratch, sizeof out->scratch, "+%u -%u", n.creates, n.deletes);
	else
		snprintf(out->scratch, sizeof out->scratch, n.creates ? "+%u" : "-%u",
		    n.creates + n.deletes);
	row_cell_text(out, out->scratch);
}

static void cell_criteria(const struct state *st, size_t row, struct table_cell *out)
{
	struct snapshot_count c = session_count(st->session, index_of(st, row));

	if (c.n < 0) {
		out->style = STYLE_DIM;
		row_cell_text(out, "?");
		return;
	}
	if (c.n == 0)
		out->style = STYLE_WARNING; /* targets everyone worldwide */
	snprintf(out->scratch, sizeof out->scratch, c.n ? "%d" : "none!", (int)c.n);
	row_cell_text(out, out->scratch);
}

static void row_cell(const void *user, size_t row, int column, struct table_cell *out)
{
	const struct state *st = user;
	const struct line_item *li = item_at(st, row);

	switch ((enum column)column) {
	case COL_NAME:
		row_cell_text(out, li->name ? li->name : "(no name)");
		if (!li->name)
			out->style = STYLE_DIM;
		break;
	case COL_MARK:
		mark_cell(mark_of_line_item(st->session, li->id), out);
		break;
	case COL_STATUS:
		cell_words(out, li->entity_status);
		out->style = status_style(li->entity_status);
		break;
	case COL_OBJECTIVE:
		cell_words(out, li->objective);
		break;
	case COL_CRITERIA:
		cell_criteria(st, row, out);
		break;
	case COL_STAGED:
		cell_staged(st, li, out);
		break;
	case COL_BID:
		if (li->bid_strategy && strcmp(li->bid_strategy, "AUTO") == 0)
			row_cell_text(out, "auto");
		else
			row_cell_money(out, li->bid_micro, li->currency);
		break;
	case COL_DAILY:
		row_cell_money(out, li->daily_budget_micro, li->currency);
		break;
	case COL_TOTAL:
		row_cell_money(out, li->total_budget_micro, li->currency);
		break;
	case COL_PLACEMENTS:
		cell_words(out, li->placements);
		break;
	case COL_CAMPAIGN:
		row_cell_text(out, campaign_name(st, li));
		out->style = STYLE_DIM;
		break;
	default:
		row_cell_text(out, li->id);
		out->style = STYLE_DIM;
		break;
	}
}

/* --- view --- */

static enum err select_rows(struct state *st)
{
	const struct line_item_set *items = session_line_items(st->session);
	uint32_t *rows;

	if (!st->campaign_id)
		return ERR_OK;
	rows = mem_realloc_array(st->rows, items->n + 1, sizeof *rows);
	if (!rows)
		return ERR_NOMEM;
	st->rows = rows;
	st->n_rows = 0;
	for (size_t i = 0; i < items->n; i++)
		if (items->v[i].campaign_id &&
		    strcmp(items->v[i].campaign_id, st->campaign_id) == 0)
			rows[st->n_rows++] = (uint32_t)i;
	return ERR_OK;
}

static enum err line_items_open(struct view *v, const void *arg, struct errinfo *ei)
{
	const struct line_items_arg *a = arg;
	struct state *st = view_state(v);
	struct list_source src = {row_count, row_key, row_text, row_compare, NULL, st};
	struct table_source cells = {columns, COL_COUNT, row_cell, NULL, st};

	st->session = view_session(v);
	if (a && a->campaign_id) {
		st->campaign_id = mem_strdup(a->campaign_id);
		if (!st->campaign_id || select_rows(st)) {
			mem_free(st->campaign_id);
			return err_set(ei, ERR_NOMEM, "no memory for line items");
		}
	}
	list_init(&st->list, &src);
	table_init(&st->table, &cells, &st->list);
	list_refresh(&st->list);
	if (a && a->filter)
		list_set_filter(&st->list, a->filter);
	st->seen_items = session_generation(st->session, DATA_LINE_ITEMS);
	st->seen_campaigns = session_generation(st->session, DATA_CAMPAIGNS);
	return ERR_OK;
}

static void line_items_load(struct view *v)
{
	struct state *st = view_state(v);

	if (!session_state(st->session, DATA_LINE_ITEMS).known)
		session_refresh(st->session, DATA_LINE_ITEMS);
}

/* Criteria of what is on the screen are counted and checked in the background. A request may name
 * 200 line items, so the rows that follow come with it. */
static void want_counts(struct state *st)
{
	const char *ids[200], *shown[200];
	size_t n = 0, n_shown = 0, row, end = st->list.top + st->list.height;
	bool header;

	if (session_state(st->session, DATA_LINE_ITEMS).loading)
		return;
	for (size_t pos = st->list.top; n < 200 && list_line(&st->list, pos, &row, &header);
	     pos++) {
		if (pos >= end && n == 0)
			break;
		if (header)
			continue;
		if (pos < end && n_shown < 200)
			shown[n_shown++] = item_at(st, row)->id;
		if (session_count(st->session, index_of(st, row)).n < 0)
			ids[n++] = item_at(st, row)->id;
	}
	session_want_criteria(st->session, ids, n);
	lint_want_some(st->session, shown, n_shown);
}

static const char *empty_text(struct state *st)
{
	struct data_state s = session_state(st->session, DATA_LINE_ITEMS);

	if (s.loading)
		return "Reading the line items from X...";
	if (s.ei.code) {
		snprintf(st->empty, sizeof st->empty, "Could not be read: %.180s; R tries again.",
		    s.ei.msg);
		return st->empty;
	}
	if (!session_api(st->session) && !s.known)
		return "Nothing was read yet, and there is no connection.";
	return "No line items here. R reads the account again; :accounts shows the others.";
}

static void line_items_layout(struct view *v, int cols, int rows)
{
	struct state *st = view_state(v);
	uint64_t items = session_generation(st->session, DATA_LINE_ITEMS),
		 campaigns = session_generation(st->session, DATA_CAMPAIGNS);

	if (items != st->seen_items || campaigns != st->seen_campaigns) {
		st->seen_items = items;
		st->seen_campaigns = campaigns;
		select_rows(st);
		list_refresh(&st->list);
	}
	st->table.empty = empty_text(st);
	table_layout(&st->table, cols, rows);
	want_counts(st);
}

static void line_items_draw(const struct view *v, struct canvas *c)
{
	const struct state *st = view_state(v);

	table_draw(&st->table, c);
}

static enum err open_criteria(struct view *v, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct row_ids sel;
	struct id_list arg;
	enum err err = rows_selected(&sel, &st->list, row_id, st);

	if (err)
		return err_set(ei, err, "no memory to open the line items");
	arg = (struct id_list){sel.ids, sel.n};
	err = app_push(v->app, &criteria_view, &arg, NULL, ei);
	row_ids_done(&sel);
	return err;
}

static enum err add_criteria(struct view *v, const struct event *paste, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct row_ids sel;
	struct id_list arg;
	enum err err = rows_selected(&sel, &st->list, row_id, st);

	if (err)
		return err_set(ei, err, "no memory to add criteria");
	arg = (struct id_list){sel.ids, sel.n};
	if (!sel.n)
		err = err_set(ei, ERR_REFUSED, "no line item here");
	else if (paste)
		err = picker_start_pasted(v->app, &arg, paste, ei);
	else
		err = picker_start(v->app, &arg, ei);
	row_ids_done(&sel);
	return err;
}

static bool line_items_event(struct view *v, const struct event *e)
{
	struct errinfo ei = {0};

	if (e->kind != EVENT_PASTE)
		return false;
	if (add_criteria(v, e, &ei))
		app_message_err(v->app, &ei);
	return true;
}

static enum err show_details(struct view *v, struct errinfo *ei)
{
	struct state *st = view_state(v);
	const struct line_item *li;
	struct buf out;
	size_t row;
	enum err err;

	if (!list_row(&st->list, &row))
		return err_set(ei, ERR_REFUSED, "no line item here");
	li = item_at(st, row);
	buf_init(&out, 65536);
	buf_adds(&out, "# Line item\n");
	detail_line(&out, "name", li->name ? li->name : "(no name)");
	detail_line(&out, "id", li->id);
	detail_line(&out, "campaign", campaign_name(st, li));
	detail_line(&out, "campaign id", li->campaign_id);
	detail_line(&out, "status", li->entity_status);
	detail_line(&out, "objective", li->objective);
	detail_line(&out, "goal", li->goal);
	detail_line(&out, "product type", li->product_type);
	detail_line(&out, "placements", li->placements);
	detail_line(&out, "audience expansion", li->audience_expansion);
	buf_adds(&out, "# Money\n");
	detail_line(&out, "bid strategy", li->bid_strategy);
	detail_money(&out, "bid", li->bid_micro, li->currency);
	detail_money(&out, "daily budget", li->daily_budget_micro, li->currency);
	detail_money(&out, "total budget", li->total_budget_micro, li->currency);
	buf_adds(&out, "# Times (UTC)\n");
	detail_time(&out, "starts", li->start_time);
	detail_time(&out, "ends", li->end_time);
	detail_time(&out, "created", li->created_at);
	detail_time(&out, "updated", li->updated_at);
	err = out.failed ? err_set(ei, out.failed, "the details are too large to show")
			 : app_show_text(v->app, "Line item", buf_str(&out), ei);
	buf_done(&out);
	return err;
}

static enum err copy_criteria(struct view *v, const struct id_list *ids, struct errinfo *ei)
{
	struct state *st = view_state(v);
	size_t unread;
	enum err err = clip_set_line_items(st->session, ids, &unread, ei);

	if (err)
		return err;
	if (unread)
		return err_set(
		    ei, ERR_REFUSED, "the criteria of %zu of them were not read yet", unread);
	app_message(v->app, STYLE_NOTE, "%zu criteria copied; p pastes them on other line items",
	    clip_get(st->session)->n);
	return ERR_OK;
}

/* `replace` without marks means what the filter shows, not the one row under the cursor. */
static enum err take_ids(struct state *st, bool shown, struct row_ids *out)
{
	size_t row, n = 0;
	bool header;

	if (!shown || list_marked(&st->list))
		return rows_selected(out, &st->list, row_id, st);
	out->ids = mem_array(st->list.n_visible + 1, sizeof *out->ids);
	for (size_t pos = 0; out->ids && pos < st->list.n_visible; pos++)
		if (list_line(&st->list, pos, &row, &header) && !header)
			out->ids[n++] = row_id(st, row);
	out->n = n;
	return out->ids ? ERR_OK : ERR_NOMEM;
}

static enum err with_selected(struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct row_ids sel;
	struct id_list ids;
	struct replace_ask ask = {.rule = call->rest, .initial = ""};
	enum err err = take_ids(st, call->cmd->id == VIEWS_REPLACE, &sel);

	if (err)
		return err_set(ei, err, "no memory for the line items");
	ids = (struct id_list){sel.ids, sel.n};
	ask.line_items = ids;
	if (call->cmd->id == VIEWS_COPY)
		err = copy_criteria(v, &ids, ei);
	else if (call->cmd->id == VIEWS_PASTE)
		err = preview_paste(v->app, &ids, ei);
	else if (call->cmd->id == VIEWS_REPLACE)
		err = preview_replace(v->app, &ask, ei);
	else if (call->cmd->id == VIEWS_COMPARE)
		err = app_push(v->app, &compare_view, &ids, NULL, ei);
	else if (ids.n != 1)
		err = err_set(ei, ERR_REFUSED, "choose a single line item");
	else if (call->cmd->id == VIEWS_AS_OF)
		err = as_of_start(v->app, ids.ids[0], call->rest, ei);
	else
		err = why_small_start(v->app, ids.ids[0], ei);
	row_ids_done(&sel);
	return err;
}

static enum err line_items_command(
    struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct state *st = view_state(v);
	size_t row;

	switch (call->cmd->id) {
	case VIEWS_OPEN:
		return open_criteria(v, ei);
	case VIEWS_PASTE_LINES:
		return paste_lines(v->app, ei);
	case VIEWS_ADD:
		return add_criteria(v, NULL, ei);
	case VIEWS_COPY:
	case VIEWS_PASTE:
	case VIEWS_COMPARE:
	case VIEWS_REPLACE:
	case VIEWS_WHY_SMALL:
	case VIEWS_AS_OF:
		return with_selected(v, call, ei);
	case VIEWS_DETAILS:
		return show_details(v, ei);
	case VIEWS_COPY_ID:
		if (list_row(&st->list, &row))
			app_message(
			    v->app, STYLE_NOTE, "id of this line item: %s", row_id(st, row));
		return ERR_OK;
	default: /* refresh */
		session_refresh(st->session, DATA_LINE_ITEMS);
		session_refresh(st->session, DATA_CAMPAIGNS);
		return ERR_OK;
	}
}

static void line_items_describe(const struct view *v, struct view_about *a)
{
	const struct state *st = view_state(v);
	struct data_state s = session_state(st->session, DATA_LINE_ITEMS);
	const struct campaign *c = session_campaign(st->session, st->campaign_id);

	if (st->campaign_id)
		snprintf(a->title, sizeof a->title, "Line items of %.120s",
		    c && c->name ? c->name : st->campaign_id);
	else
		snprintf(a->title, sizeof a->title, "Line items");
	snprintf(a->crumb, sizeof a->crumb, "Line items");
	table_position(&st->table, a->position, sizeof a->position);
	a->loading = s.loading || session_criteria_loading(st->session);
	a->progress = -1;
	if (s.loading)
		snprintf(a->progress_text, sizeof a->progress_text, "%zu read", s.rows);
	else if (a->loading)
		snprintf(a->progress_text, sizeof a->progress_text, "counting criteria");
	a->hints = "open add mark filter review problems";
}

static struct list *line_items_list(struct view *v)
{
	struct state *st = view_state(v);

	return &st->list;
}

static struct table *line_items_table(struct view *v)
{
	struct state *st = view_state(v);

	return &st->table;
}

static void line_items_done(struct view *v)
{
	struct state *st = view_state(v);

	list_done(&st->list);
	mem_free(st->rows);
	mem_free(st->campaign_id);
}

const struct view_ops line_items_view = {
    .name = "line-items",
    .title = "Line items",
    .parent = "table",
    .commands =
	"open add paste-lines copy paste replace compare why-small as-of details copy-id refresh",
    .state_size = sizeof(struct state),
    .open = line_items_open,
    .load = line_items_load,
    .layout = line_items_layout,
    .draw = line_items_draw,
    .command = line_items_command,
    .event = line_items_event,
    .describe = line_items_describe,
    .list = line_items_list,
    .table = line_items_table,
    .done = line_items_done,
};
