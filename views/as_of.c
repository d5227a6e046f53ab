/* A line item as it was at a moment, beside what it is now; nothing can be edited here, `restore`
 * stages what brings it back. arg: const struct as_of_arg *. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/map.h"
#include "session/judge.h"
#include "session/past.h"
#include "tui/app.h"
#include "views/commands.h"
#include "views/detail.h"
#include "views/rows.h"
#include "views/views.h"

#define FRESH_S 30 /* as in the criteria view */

enum column { COL_SINCE, COL_SIGN, COL_VALUE, COL_TYPE, COL_RAW, COL_COUNT };

static const struct table_column columns[COL_COUNT] = {
    [COL_SINCE] = {"Since", 6, 6, 0, ALIGN_LEFT, CUT_END, COL_NONE},
    [COL_SIGN] = {"", 9, 9, 0, ALIGN_LEFT, CUT_END, COL_NONE},
    [COL_VALUE] = {"Value", 20, 0, 5, ALIGN_LEFT, CUT_MIDDLE, COL_SORT},
    [COL_TYPE] = {"Type", 14, 28, 1, ALIGN_LEFT, CUT_END, COL_SORT},
    [COL_RAW] = {"API value", 12, 24, 1, ALIGN_LEFT, CUT_MIDDLE, COL_SORT | COL_HIDEABLE},
};

struct state {
	struct session *session;
	struct list list;
	struct table table;
	struct past past;
	struct criterion_set now;
	bool now_known;
	struct past_rows rows;
	struct errinfo ei;
	uint64_t seen;
	char certainty[256];
};

/* --- rows --- */

static const struct past_row *at(const void *user, size_t row)
{
	return &((const struct state *)user)->rows.v[row];
}

static size_t row_count(const void *user)
{
	return ((const struct state *)user)->rows.n;
}

static uint64_t row_key(const void *user, size_t row)
{
	const struct past_row *r = at(user, row);
	uint64_t key = map_hash(r->criterion->type_name) * 31 + map_hash(r->criterion->value) * 7;

	key = key * 31 + (uint64_t)r->criterion->op * 4 + r->group;
	return key ? key : 1;
}

static const char *sign_word(const struct criterion *c)
{
	return c->op == OP_NE ? "- exclude" : c->op == OP_EQ ? "+ include" : op_name(c->op);
}

static const char *type_label(const struct criterion *c)
{
	return c->type ? type_info(c->type)->label : c->type_name;
}

static void row_text(const void *user, size_t row, struct buf *out)
{
	const struct state *st = user;
	const struct criterion *c = at(st, row)->criterion;

	buf_addf(
	    out, "%s %s %s %s", sign_word(c), judge_label(st->session, c), c->value, type_label(c));
}

static int row_compare(const void *user, size_t a, size_t b, int column)
{
	const struct state *st = user;
	const struct criterion *x = at(st, a)->criterion, *y = at(st, b)->criterion;

	switch ((enum column)column) {
	case COL_TYPE:
		return (int)x->type - (int)y->type;
	case COL_RAW:
		return strcmp(x->value, y->value);
	default:
		return compare_text(judge_label(st->session, x), judge_label(st->session, y));
	}
}

static uint32_t row_group(const void *user, size_t row)
{
	return at(user, row)->group;
}

static void group_cell(const void *user, size_t row, struct table_cell *out)
{
	const struct state *st = user;
	enum past_group g = at(st, row)->group;
	static const char *const words[PAST_GROUPS] = {
	    [PAST_GONE] = "There then, not now",
	    [PAST_CAME] = "Not there then, but now",
	    [PAST_SAME] = "Then and now",
	};

	snprintf(out->scratch, sizeof out->scratch, "%s (%zu)",
	    st->now_known ? words[g] : "There then; what is there now was not read",
	    st->rows.count[g]);
	row_cell_text(out, out->scratch);
}

static void since_cell(const struct state *st, const struct past_row *r, struct table_cell *out)
{
	if (!st->now_known)
		row_cell_text(out, "?");
	else if (r->group == PAST_GONE)
		row_cell_text(out, "- gone");
	else if (r->group == PAST_CAME)
		row_cell_text(out, "+ new");
	out->style = !st->now_known          ? STYLE_DIM
		     : r->group == PAST_GONE ? STYLE_REMOVED
		     : r->group == PAST_CAME ? STYLE_ADDED
					     : STYLE_NORMAL;
}

static void row_cell(const void *user, size_t row, int column, struct table_cell *out)
{
	const struct state *st = user;
	const struct past_row *r = at(st, row);

	switch ((enum column)column) {
	case COL_SINCE:
		since_cell(st, r, out);
		break;
	case COL_SIGN:
		row_cell_text(out, sign_word(r->criterion));
		out->style = r->criterion->op == OP_NE ? STYLE_EXCLUDE : STYLE_INCLUDE;
		break;
	case COL_VALUE:
		row_cell_text(out, judge_label(st->session, r->criterion));
		break;
	case COL_TYPE:
		row_cell_text(out, type_label(r->criterion));
		out->style = STYLE_DIM;
		break;
	default:
		row_cell_text(out, r->criterion->value);
		out->style = STYLE_DIM;
		break;
	}
}

static void build(struct state *st)
{
	const char *id = st->past.line_item;
	size_t unknown = 0;
	enum err err;

	st->seen = session_generation(st->session, DATA_CRITERIA);
	past_rows_done(&st->rows);
	criterion_set_done(&st->now);
	criterion_set_init(&st->now);
	st->ei.code = ERR_OK;
	err = session_criteria(st->session, &id, 1, &st->now, &unknown, &st->ei);
	st->now_known = !err && !unknown;
	if (!err)
		err = past_compare(&st->past.then, &st->now, &st->rows);
	if (err && !st->ei.code)
		err_set(&st->ei, err, "no memory to compare");
	list_refresh(&st->list);
}

/* --- view --- */

static enum err as_of_open(struct view *v, const void *arg, struct errinfo *ei)
{
	const struct as_of_arg *a = arg;
	struct state *st = view_state(v);
	struct list_source src = {row_count, row_key, row_text, row_compare, row_group, st};
	struct table_source cells = {columns, COL_COUNT, row_cell, group_cell, st};
	enum err err;

	st->session = view_session(v);
	past_init(&st->past);
	err = a->moment ? past_of(session_store(st->session), a->moment, &st->past, ei)
			: past_at(session_store(st->session), a->line_item, a->when, &st->past, ei);
	if (err) {
		past_done(&st->past);
		return err;
	}
	criterion_set_init(&st->now);
	past_certainty(&st->past, st->certainty, sizeof st->certainty);
	list_init(&st->list, &src);
	table_init(&st->table, &cells, &st->list);
	st->table.empty = "It had no criteria then and has none now.";
	list_set_sort(&st->list, COL_TYPE, false);
	build(st);
	return ERR_OK;
}

static void as_of_load(struct view *v)
{
	struct state *st = view_state(v);
	const char *id = st->past.line_item;

	session_fetch_criteria(st->session, &id, 1, FRESH_S, REQ_USER);
}

static void as_of_layout(struct view *v, int cols, int rows)
{
	struct state *st = view_state(v);

	if (session_generation(st->session, DATA_CRITERIA) != st->seen)
		build(st);
	table_layout(&st->table, cols, rows - 1 - detail_note_lines(st->certainty, cols));
}

static void as_of_draw(const struct view *v, struct canvas *c)
{
	const struct state *st = view_state(v);
	int head = 1 + detail_note_lines(st->certainty, c->area.w);
	struct canvas body = canvas_sub(c, (struct rect){0, head, c->area.w, c->area.h - head});
	char when[21];

	/* the title is cut where the way here was long */
	clock_format_utc(st->past.asked, when);
	if (st->ei.code)
		canvas_strf(c, 1, 0, STYLE_ERROR, "%s", st->ei.msg);
	else if (!st->now_known)
		canvas_strf(c, 1, 0, STYLE_WARNING,
		    "%s: %zu criteria; it was never read here, R reads what it has now", when,
		    st->past.then.n);
	else
		canvas_strf(c, 1, 0, STYLE_NORMAL,
		    "%s, and since: %zu gone, %zu new, %zu the same; V brings it back", when,
		    st->rows.count[PAST_GONE], st->rows.count[PAST_CAME],
		    st->rows.count[PAST_SAME]);
	detail_note(c, 1, STYLE_DIM, st->certainty);
	table_draw(&st->table, &body);
}

/* --- commands --- */

static enum err restore(struct view *v, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct past_restored r;
	char held[64] = "";
	enum err err = past_restore(st->session, &st->past, &r, ei);

	if (err)
		return err;
	if (r.held)
		snprintf(held, sizeof held, ". %zu held change%s stay%s as %s", r.held,
		    r.held == 1 ? "" : "s", r.held == 1 ? "s" : "",
		    r.held == 1 ? "it is" : "they are");
	if (!r.staged) {
		app_message(v->app, STYLE_NOTE,
		    "nothing to restore: with what is staged it is as it was%s", held);
		return ERR_OK;
	}
	err = app_push(v->app, &review_view, NULL, NULL, ei);
	app_message(v->app, STYLE_NOTE,
	    "%zu changed on the stage, so that it becomes what it was%s. What comes back gets a "
	    "new "
	    "id and a new date",
	    r.staged, held);
	return err;
}

static enum err as_of_command(struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct state *st = view_state(v);
	const char *id = st->past.line_item;

	switch (call->cmd->id) {
	case VIEWS_RESTORE:
		return restore(v, ei);
	case VIEWS_AS_OF:
		return as_of_start(v->app, id, call->rest, ei);
	case VIEWS_OPEN:
		return app_push(v->app, &criteria_view, &(struct id_list){&id, 1}, NULL, ei);
	default: /* refresh */
		return session_fetch_criteria(st->session, &id, 1, 0, REQ_USER);
	}
}

static void as_of_describe(const struct view *v, struct view_about *a)
{
	const struct state *st = view_state(v);
	char name[96], when[21];

	clock_format_utc(st->past.asked, when);
	snprintf(a->title, sizeof a->title, "As of %s: %.80s", when,
	    session_line_item_name(st->session, st->past.line_item, name, sizeof name));
	snprintf(a->crumb, sizeof a->crumb, "As of %.16s", when);
	table_position(&st->table, a->position, sizeof a->position);
	a->loading = session_criteria_loading(st->session);
	a->progress = -1;
	a->hints = "restore as-of open filter sort";
}

static struct table *as_of_table(struct view *v)
{
	struct state *st = view_state(v);

	return &st->table;
}

static void as_of_done(struct view *v)
{
	struct state *st = view_state(v);

	list_done(&st->list);
	past_rows_done(&st->rows);
	criterion_set_done(&st->now);
	past_done(&st->past);
}

enum err as_of_start(struct app *app, const char *line_item, const char *time, struct errinfo *ei)
{
	struct moments_arg moments = {line_item, 0};
	struct as_of_arg arg = {NULL, line_item, 0};
	enum err err;

	if (!time || !time[0])
		return app_push(app, &moments_view, &moments, NULL, ei);
	err = past_parse(time, &arg.when, ei);
	return err ? err : app_push(app, &as_of_view, &arg, NULL, ei);
}

const struct view_ops as_of_view = {
    .name = "as-of",
    .title = "A line item as it was",
    .parent = "table",
    .commands = "restore as-of open refresh",
    .state_size = sizeof(struct state),
    .open = as_of_open,
    .load = as_of_load,
    .layout = as_of_layout,
    .draw = as_of_draw,
    .command = as_of_command,
    .describe = as_of_describe,
    .table = as_of_table,
    .done = as_of_done,
};
