/* The criteria of one or several line items. arg: const struct id_list *, the line items. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "tui/app.h"
#include "views/commands.h"
#include "views/criteria_view.h"
#include "session/judge.h"
#include "views/mark.h"
#include "views/preview.h"
#include "views/rows.h"
#include "session/session.h"
#include "session/staging.h"
#include "views/views.h"
#include "views/why_small.h"

#define FRESH_S 30 /* a set read less than this ago is not read again on opening */

enum column {
	COL_SIGN,
	COL_MARK,
	COL_VALUE,
	COL_STATE,
	COL_ITEM,
	COL_KIND,
	COL_RAW,
	COL_UPDATED,
	COL_ID,
	COL_COUNT
};

static const struct table_column columns[COL_COUNT] = {
    [COL_SIGN] = {"", 9, 9, 0, ALIGN_LEFT, CUT_END, COL_NONE},
    [COL_MARK] = MARK_COLUMN,
    [COL_VALUE] = {"Value", 20, 72, 5, ALIGN_LEFT, CUT_MIDDLE, COL_SORT},
    [COL_STATE] = {"Staged", 13, 13, 0, ALIGN_LEFT, CUT_END, COL_SORT | COL_REVERSE},
    [COL_ITEM] = {"Line item", 12, 40, 3, ALIGN_LEFT, CUT_MIDDLE, COL_SORT},
    [COL_KIND] = {"Kind", 8, 14, 1, ALIGN_LEFT, CUT_END, COL_SORT | COL_HIDEABLE},
    [COL_RAW] = {"API value", 12, 24, 1, ALIGN_LEFT, CUT_MIDDLE, COL_SORT | COL_HIDEABLE},
    [COL_UPDATED] = {"Updated", 10, 10, 0, ALIGN_LEFT, CUT_END,
	COL_SORT | COL_HIDEABLE | COL_REVERSE},
    [COL_ID] = {"ID", 8, 10, 0, ALIGN_LEFT, CUT_MIDDLE, COL_HIDEABLE},
};
/* --- rows --- */
static size_t row_count(const void *user)
{
	const struct criteria_state *st = user;

	return st->model.n_rows;
}

static uint64_t row_key(const void *user, size_t row)
{
	const struct criteria_state *st = user;

	return criteria_model_key(&st->model, row);
}

static const char *item_name(const struct criteria_state *st, size_t row, char *out, size_t cap)
{
	return session_line_item_name(
	    st->session, st->model.ids[st->model.rows[row].item], out, cap);
}

static const char *state_word(const struct effective_row *r)
{
	if (r->state == EFFECTIVE_ADDED)
		return r->held ? "+ added, held" : "+ added";
	if (r->state == EFFECTIVE_REMOVED)
		return r->held ? "- goes, held" : "- removed";
	return "";
}

static const char *sign_word(const struct criterion *c)
{
	static const char *const words[OP_COUNT] = {[OP_EQ] = "+ include",
	    [OP_NE] = "- exclude",
	    [OP_GTE] = "> at least",
	    [OP_LT] = "< under",
	    [OP_OTHER] = "? other"};

	return words[c->op];
}

static void row_text(const void *user, size_t row, struct buf *out)
{
	const struct criteria_state *st = user;
	const struct effective_row *r = criteria_row_at(st, row);
	char name[96];

	buf_addf(out, "%s %s %s %s %s %s", judge_label(st->session, r->criterion),
	    r->criterion->value, type_info(r->criterion->type)->label, r->criterion->type_name,
	    sign_word(r->criterion), state_word(r));
	if (st->model.n_ids > 1)
		buf_addf(out, " %s", item_name(st, row, name, sizeof name));
}

/* Included before excluded, otherwise by the column. */
static int row_compare(const void *user, size_t a, size_t b, int column)
{
	const struct criteria_state *st = user;
	const struct effective_row *x = criteria_row_at(st, a), *y = criteria_row_at(st, b);
	char one[96], two[96];

	switch ((enum column)column) {
	case COL_MARK:
		return mark_compare(criteria_mark(st, a), criteria_mark(st, b));
	case COL_STATE:
		return (int)x->state - (int)y->state;
	case COL_ITEM:
		return strcasecmp(
		    item_name(st, a, one, sizeof one), item_name(st, b, two, sizeof two));
	case COL_KIND:
		return strcasecmp(x->criterion->location_type ? x->criterion->location_type : "",
		    y->criterion->location_type ? y->criterion->location_type : "");
	case COL_RAW:
		return strcmp(x->criterion->value, y->criterion->value);
	case COL_UPDATED:
		return (x->criterion->updated_at > y->criterion->updated_at) -
		       (x->criterion->updated_at < y->criterion->updated_at);
	default:
		return strcasecmp(
		    judge_label(st->session, x->criterion), judge_label(st->session, y->criterion));
	}
}

static uint32_t row_group(const void *user, size_t row)
{
	const struct criteria_state *st = user;
	const struct criterion *c = criteria_row_at(st, row)->criterion;

	return c->type == TYPE_UNKNOWN ? TYPE_COUNT : (uint32_t)c->type;
}

static void group_cell(const void *user, size_t row, struct table_cell *out)
{
	static const char *const classes[] = {
	    [CLASS_PRIMARY] = "any one of these, or of another such group, is enough",
	    [CLASS_OTHER] = "required: one of these",
	    [CLASS_MODIFIER] = "narrows who counts as engaged",
	    [CLASS_LEGACY] = "retired type"};
	const struct criteria_state *st = user;
	const struct criterion *c = criteria_row_at(st, row)->criterion;

	if (c->type == TYPE_UNKNOWN)
		snprintf(out->scratch, sizeof out->scratch, "%.80s (not known to this program)",
		    c->type_name);
	else
		snprintf(out->scratch, sizeof out->scratch, "%s   %s", type_info(c->type)->label,
		    st->model.has_include[c->type]   ? classes[type_info(c->type)->class]
		    : st->model.has_exclude[c->type] ? "none of these"
						     : "all removed");
	row_cell_text(out, out->scratch);
}

static void cell_kind(const char *location_type, struct table_cell *out)
{
	const char *word = rows_place_word(location_type);

	if (!word)
		rows_words(location_type, out->scratch, sizeof out->scratch);
	row_cell_text(out, word ? word : out->scratch);
	out->style = STYLE_DIM;
}

static void cell_value(
    const struct criteria_state *st, const struct effective_row *r, struct table_cell *out)
{
	const struct audience *a = type_info(r->criterion->type)->value == VALUE_AUDIENCE
				       ? session_audience(st->session, r->criterion->value)
				       : NULL;

	row_cell_text(out, judge_label(st->session, r->criterion));
	if (r->state == EFFECTIVE_ADDED)
		out->style = STYLE_ADDED;
	else if (r->state == EFFECTIVE_REMOVED)
		out->style = STYLE_REMOVED;
	else if (a && !a->targetable)
		out->style = STYLE_WARNING;
}

static void row_cell(const void *user, size_t row, int column, struct table_cell *out)
{
	const struct criteria_state *st = user;
	const struct effective_row *r = criteria_row_at(st, row);
	char text[21];

	switch ((enum column)column) {
	case COL_SIGN:
		row_cell_text(out, sign_word(r->criterion));
		out->style = r->criterion->op == OP_NE ? STYLE_EXCLUDE : STYLE_INCLUDE;
		break;
	case COL_MARK:
		mark_cell(criteria_mark(st, row), out);
		break;
	case COL_VALUE:
		cell_value(st, r, out);
		break;
	case COL_STATE:
		row_cell_text(out, state_word(r));
		out->style = r->state == EFFECTIVE_ADDED ? STYLE_ADDED : STYLE_REMOVED;
		break;
	case COL_ITEM:
		row_cell_text(out, item_name(st, row, out->scratch, sizeof out->scratch));
		out->style = STYLE_DIM;
		break;
	case COL_KIND:
		cell_kind(r->criterion->location_type, out);
		break;
	case COL_RAW:
		row_cell_text(out, r->criterion->value);
		out->style = STYLE_DIM;
		break;
	case COL_UPDATED:
		if (!r->criterion->updated_at)
			break;
		clock_format_utc(r->criterion->updated_at, text);
		text[10] = '\0';
		row_cell_copy(out, text);
		out->style = STYLE_DIM;
		break;
	default:
		row_cell_text(out, r->criterion->id);
		out->style = STYLE_DIM;
		break;
	}
}

/* --- building --- */
static bool moved(struct criteria_state *st)
{
	static const enum data_kind kinds[] = {DATA_CRITERIA, DATA_STAGED, DATA_AUDIENCES,
	    DATA_CAMPAIGNS, DATA_LINE_ITEMS, DATA_USERS};
	bool any = false;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		uint64_t g = session_generation(st->session, kinds[i]);

		any |= g != st->seen[kinds[i]];
		st->seen[kinds[i]] = g;
	}
	return any;
}

static void rebuild(struct criteria_state *st)
{
	int64_t began = clock_mono_ms();

	st->stale = false;
	st->error.code = ERR_OK;
	criteria_model_build(&st->model, st->session, &st->error);
	criteria_describe_set(st);
	list_refresh(&st->list);
	st->rebuilt_ms = clock_mono_ms();
	st->rebuild_cost_ms = st->rebuilt_ms - began;
}

/* While thousands of line items are being read each page changes something: building all rows anew
 * for each would cost more than the reading. A tenth of the time at most goes into it. */
static void rebuild_when_due(struct criteria_state *st)
{
	bool loading = session_criteria_loading(st->session);

	st->stale |= moved(st);
	if (st->stale && (!loading || clock_mono_ms() - st->rebuilt_ms >= st->rebuild_cost_ms * 10))
		rebuild(st);
}

static enum err criteria_open(struct view *v, const void *arg, struct errinfo *ei)
{
	const struct id_list *a = arg;
	struct criteria_state *st = view_state(v);
	struct list_source src = {row_count, row_key, row_text, row_compare, row_group, st};
	struct table_source cells = {columns, COL_COUNT, row_cell, group_cell, st};

	if (!a || !a->n)
		return err_set(ei, ERR_REFUSED, "no line item was chosen");
	st->session = view_session(v);
	if (criteria_model_init(&st->model, a->ids, a->n))
		return err_set(ei, ERR_NOMEM, "no memory for the criteria");
	buf_init(&st->before, 65536);
	buf_init(&st->after, 65536);
	problem_list_init(&st->problems);
	list_init(&st->list, &src);
	table_init(&st->table, &cells, &st->list);
	st->table.focus = COL_VALUE; /* the signs before it have no order */
	if (a->n == 1)
		st->table.hidden |= 1u << COL_ITEM;
	list_set_sort(&st->list, COL_VALUE, false);
	moved(st);
	rebuild(st);
	return ERR_OK;
}

static void criteria_load(struct view *v)
{
	struct criteria_state *st = view_state(v);

	session_fetch_criteria(
	    st->session, (const char *const *)st->model.ids, st->model.n_ids, FRESH_S, REQ_USER);
}
static void criteria_layout(struct view *v, int cols, int rows)
{
	struct criteria_state *st = view_state(v);

	rebuild_when_due(st);
	if (!st->reach[0][0] && session_api(st->session)) /* the network came after the view */
		criteria_want_reach(st, REACH_WHEN_RESTING);
	st->table.empty =
	    st->model.unknown
		? (session_criteria_loading(st->session) ? "Reading the criteria..."
							 : "Not read yet. R reads them from X.")
		: "No criteria: this targets everyone worldwide. a adds one.";
	st->head = criteria_head_lines(st, cols);
	table_layout(&st->table, cols, rows - st->head);
}

static void criteria_draw(const struct view *v, struct canvas *c)
{
	const struct criteria_state *st = view_state(v);
	struct canvas head = canvas_sub(c, (struct rect){0, 0, c->area.w, st->head});
	struct canvas body =
	    canvas_sub(c, (struct rect){0, st->head, c->area.w, c->area.h - st->head});

	criteria_draw_head(st, &head, c->area.w);
	table_draw(&st->table, &body);
}
/* --- commands --- */

static enum err go_change(struct view *v, bool forward, struct errinfo *ei)
{
	struct criteria_state *st = view_state(v);
	size_t pos = st->list.cursor, n = st->list.n_visible, row;
	bool header;

	for (size_t step = 1; step <= n; step++) {
		size_t at = forward ? (pos + step) % n : (pos + n - step % n) % n;

		if (list_line(&st->list, at, &row, &header) && !header &&
		    criteria_row_at(st, row)->state != EFFECTIVE_LIVE) {
			list_goto_pos(&st->list, at);
			view_touch(v, TOUCH_ALL);
			return ERR_OK;
		}
	}
	return err_set(ei, ERR_REFUSED, "nothing is staged here");
}

/* Those that this row is part of, or the others. */
static void add_problems(struct buf *out, const struct criteria_state *st, size_t row, bool own)
{
	size_t n = 0;

	buf_adds(out, own ? "# Problems of this criterion\n" : "# Other problems here\n");
	for (size_t i = 0; i < st->problems.n; i++) {
		const struct problem *p = &st->problems.v[i];

		if (criteria_problem_has(st, p, row) != own)
			continue;
		n++;
		buf_addf(out, "%s: %s: %s\n    %s\n", rule_severity_name(p->severity),
		    rule_info(p->rule)->title, p->message, rule_info(p->rule)->reason);
	}
	if (!n)
		buf_adds(out, "none found\n");
}

static enum err show_details(struct view *v, struct errinfo *ei)
{
	struct criteria_state *st = view_state(v);
	const struct effective_row *r;
	char name[96], when[21] = "-";
	struct buf out;
	size_t row;
	enum err err;

	if (!list_row(&st->list, &row))
		return err_set(ei, ERR_REFUSED, "no criterion here");
	r = criteria_row_at(st, row);
	if (r->criterion->updated_at)
		clock_format_utc(r->criterion->updated_at, when);
	buf_init(&out, 65536);
	buf_addf(&out,
	    "# Targeting criterion\nvalue        %s\nAPI value    %s\ntype         %s (%s)\n"
	    "operator     %s\nline item    %s\nid           %s\nupdated      %s\n",
	    judge_label(st->session, r->criterion), r->criterion->value,
	    type_info(r->criterion->type)->label, r->criterion->type_name,
	    op_name(r->criterion->op), item_name(st, row, name, sizeof name),
	    r->criterion->id ? r->criterion->id : "(staged, has no id yet)", when);
	if (text_is_deceptive(r->criterion->value, strlen(r->criterion->value))) {
		buf_adds(&out, "exact bytes  ");
		text_escape(&out, r->criterion->value, strlen(r->criterion->value));
		buf_addc(&out, '\n');
	}
	add_problems(&out, st, row, true);
	add_problems(&out, st, row, false);
	err = out.failed ? err_set(ei, out.failed, "the details are too large to show")
			 : app_show_text(v->app, "Criterion", buf_str(&out), ei);
	buf_done(&out);
	return err;
}

static enum err open_where_used(struct view *v, struct errinfo *ei)
{
	struct criteria_state *st = view_state(v);
	struct where_used_arg arg;
	size_t row;

	if (!list_row(&st->list, &row))
		return err_set(ei, ERR_REFUSED, "no criterion here");
	arg = (struct where_used_arg){criteria_row_at(st, row)->criterion->type_name,
	    criteria_row_at(st, row)->criterion->value,
	    judge_label(st->session, criteria_row_at(st, row)->criterion)};
	return app_push(v->app, &where_used_view, &arg, NULL, ei);
}

/* The line item of the row, where there are several. */
static enum err open_as_of(struct view *v, const char *time, struct errinfo *ei)
{
	struct criteria_state *st = view_state(v);
	size_t item = 0, row;

	if (st->model.n_ids > 1) {
		if (!list_row(&st->list, &row))
			return err_set(ei, ERR_REFUSED, "no line item here");
		item = st->model.rows[row].item;
	}
	return as_of_start(v->app, st->model.ids[item], time, ei);
}

static enum err criteria_command(
    struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct criteria_state *st = view_state(v);
	struct id_list ids = {(const char *const *)st->model.ids, st->model.n_ids};
	size_t row;

	switch (call->cmd->id) {
	case VIEWS_PASTE_LINES:
		return paste_lines(v->app, ei);
	case VIEWS_ADD:
		return picker_start(v->app, &ids, ei);
	case VIEWS_REMOVE:
		return criteria_remove(v, ei);
	case VIEWS_FLIP:
		return criteria_flip(v, ei);
	case VIEWS_TEST:
		return criteria_test(v, ei);
	case VIEWS_COPY:
		return criteria_copy(v, ei);
	case VIEWS_PASTE:
		return preview_paste(v->app, &ids, ei);
	case VIEWS_REPLACE:
		return criteria_replace(v, call->rest, ei);
	case VIEWS_COMPARE:
		return app_push(v->app, &compare_view, &ids, NULL, ei);
	case VIEWS_AS_OF:
		return open_as_of(v, call->rest, ei);
	case VIEWS_WHY_SMALL:
		return why_small_start(v->app, ids.ids[0], ei);
	case VIEWS_NEXT_CHANGE:
	case VIEWS_PREVIOUS_CHANGE:
		return go_change(v, call->cmd->id == VIEWS_NEXT_CHANGE, ei);
	case VIEWS_OPEN:
	case VIEWS_DETAILS:
		return show_details(v, ei);
	case VIEWS_WHERE_USED:
		return open_where_used(v, ei);
	case VIEWS_COPY_ID:
		if (list_row(&st->list, &row) && criteria_row_at(st, row)->criterion->id)
			app_message(v->app, STYLE_NOTE, "id of this criterion: %s",
			    criteria_row_at(st, row)->criterion->id);
		return ERR_OK;
	default: /* refresh */
		return session_fetch_criteria(st->session, ids.ids, ids.n, 0, REQ_USER);
	}
}

static bool criteria_event(struct view *v, const struct event *e)
{
	struct criteria_state *st = view_state(v);
	struct id_list ids = {(const char *const *)st->model.ids, st->model.n_ids};
	struct errinfo ei = {0};

	if (e->kind != EVENT_PASTE)
		return false;
	if (picker_start_pasted(v->app, &ids, e, &ei))
		app_message_err(v->app, &ei);
	return true;
}

/* `test` asks about the set as a whole, so it has no need of a row. */
static bool criteria_can(const struct view *v, const struct command *cmd, char *reason, size_t cap)
{
	const struct criteria_state *st = view_state(v);

	if ((cmd->id == VIEWS_TEST || cmd->id == VIEWS_WHY_SMALL) && st->model.n_ids > 1) {
		snprintf(reason, cap, "open a single line item to estimate its reach");
		return false;
	}
	return true;
}

static void criteria_describe(const struct view *v, struct view_about *a)
{
	const struct criteria_state *st = view_state(v);
	char name[96];

	if (st->model.n_ids == 1)
		snprintf(a->title, sizeof a->title, "%.150s",
		    session_line_item_name(st->session, st->model.ids[0], name, sizeof name));
	else
		snprintf(a->title, sizeof a->title, "Criteria of %zu line items", st->model.n_ids);
	snprintf(a->crumb, sizeof a->crumb, "Criteria");
	table_position(&st->table, a->position, sizeof a->position);
	a->loading = session_criteria_loading(st->session);
	a->progress = -1;
	if (a->loading)
		snprintf(a->progress_text, sizeof a->progress_text, "%zu read",
		    session_state(st->session, DATA_CRITERIA).rows);
	a->hints = "add remove flip undo copy review test";
}

static struct list *criteria_list(struct view *v)
{
	struct criteria_state *st = view_state(v);

	return &st->list;
}

static struct table *criteria_table(struct view *v)
{
	struct criteria_state *st = view_state(v);

	return &st->table;
}

static void criteria_done(struct view *v)
{
	struct criteria_state *st = view_state(v);

	problem_list_done(&st->problems);
	mem_free(st->marks);
	buf_done(&st->before);
	buf_done(&st->after);
	list_done(&st->list);
	criteria_model_done(&st->model);
}

const struct view_ops criteria_view = {
    .name = "criteria",
    .title = "Targeting criteria",
    .parent = "table",
    .commands =
	"add paste-lines remove flip test copy paste replace compare why-small as-of next-change "
	"previous-change open details where-used copy-id refresh",
    .state_size = sizeof(struct criteria_state),
    .open = criteria_open,
    .load = criteria_load,
    .layout = criteria_layout,
    .draw = criteria_draw,
    .command = criteria_command,
    .can = criteria_can,
    .event = criteria_event,
    .describe = criteria_describe,
    .list = criteria_list,
    .table = criteria_table,
    .done = criteria_done,
};
