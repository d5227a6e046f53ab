/* The moments of which the criteria of a line item are known, or those of one posting: Enter opens
 * the line item as it was then. arg: const struct moments_arg *. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "session/past.h"
#include "tui/app.h"
#include "views/commands.h"
#include "views/detail.h"
#include "views/rows.h"
#include "views/views.h"

enum column { COL_WHEN, COL_SIDE, COL_ITEM, COL_WHAT, COL_COUNT };

static const struct table_column columns[COL_COUNT] = {
    [COL_WHEN] = {"When (UTC)", 19, 19, 0, ALIGN_LEFT, CUT_END, COL_SORT | COL_REVERSE},
    [COL_SIDE] = {"Which", 18, 22, 0, ALIGN_LEFT, CUT_END, COL_NONE},
    [COL_ITEM] = {"Line item", 16, 0, 3, ALIGN_LEFT, CUT_MIDDLE, COL_SORT},
    [COL_WHAT] = {"Posting", 16, 0, 2, ALIGN_LEFT, CUT_END, COL_HIDEABLE},
};

struct state {
	struct session *session;
	struct list list;
	struct table table;
	struct journal_moment_list moments;
	char line_item[65]; /* "": of a posting */
	uint64_t changeset, seen_apply;
	struct errinfo ei;
};

static const struct journal_moment *at(const void *user, size_t row)
{
	return &((const struct state *)user)->moments.v[row];
}

static size_t row_count(const void *user)
{
	return ((const struct state *)user)->moments.n;
}

static uint64_t row_key(const void *user, size_t row)
{
	return at(user, row)->id;
}

static const char *name_of(const struct state *st, size_t row, char out[96])
{
	return session_line_item_name(st->session, at(st, row)->line_item, out, 96);
}

static void row_text(const void *user, size_t row, struct buf *out)
{
	const struct journal_moment *m = at(user, row);
	char when[21], side[48], name[96];

	clock_format_utc(m->at, when);
	past_side(m->changeset, m->after, side, sizeof side);
	buf_addf(
	    out, "%s %s %s %s %s", when, side, name_of(user, row, name), m->line_item, m->title);
}

static int row_compare(const void *user, size_t a, size_t b, int column)
{
	const struct journal_moment *x = at(user, a), *y = at(user, b);
	char one[96], two[96];

	if (column == COL_ITEM)
		return compare_text(name_of(user, a, one), name_of(user, b, two));
	return compare_number(x->at, y->at) ? compare_number(x->at, y->at)
					    : compare_number((int64_t)x->id, (int64_t)y->id);
}

static void row_cell(const void *user, size_t row, int column, struct table_cell *out)
{
	const struct journal_moment *m = at(user, row);
	char when[21], name[96];

	switch ((enum column)column) {
	case COL_WHEN:
		clock_format_utc(m->at, when);
		snprintf(out->scratch, sizeof out->scratch, "%.10s %.8s", when, when + 11);
		row_cell_text(out, out->scratch);
		break;
	case COL_SIDE:
		past_side(m->changeset, m->after, out->scratch, sizeof out->scratch);
		row_cell_text(out, out->scratch);
		out->style = m->after ? STYLE_NORMAL : STYLE_DIM;
		break;
	case COL_ITEM:
		row_cell_copy(out, name_of(user, row, name));
		break;
	default:
		row_cell_text(out, m->title);
		out->style = STYLE_DIM;
		break;
	}
}

static void reload(struct state *st)
{
	st->seen_apply = session_generation(st->session, DATA_APPLY);
	journal_moment_list_done(&st->moments);
	st->ei.code = ERR_OK;
	journal_moments(session_store(st->session), st->line_item[0] ? st->line_item : NULL,
	    st->changeset, &st->moments, &st->ei);
	list_refresh(&st->list);
}

static enum err moments_open(struct view *v, const void *arg, struct errinfo *ei)
{
	const struct moments_arg *a = arg;
	struct state *st = view_state(v);
	struct list_source src = {row_count, row_key, row_text, row_compare, NULL, st};
	struct table_source cells = {columns, COL_COUNT, row_cell, NULL, st};

	(void)ei;
	st->session = view_session(v);
	st->changeset = a->changeset;
	snprintf(st->line_item, sizeof st->line_item, "%s", a->line_item ? a->line_item : "");
	journal_moment_list_init(&st->moments);
	list_init(&st->list, &src);
	table_init(&st->table, &cells, &st->list);
	st->table.empty =
	    a->line_item
		? "Nothing was posted to this line item from this machine: its past is not known."
		: "This posting kept nothing: it ended before anything was sent.";
	if (a->line_item)
		st->table.hidden |= 1u << COL_ITEM;
	reload(st);
	return ERR_OK;
}

static int lines_below(const struct state *st)
{
	return st->ei.code ? 1 : 0;
}

static void moments_layout(struct view *v, int cols, int rows)
{
	struct state *st = view_state(v);

	if (session_generation(st->session, DATA_APPLY) != st->seen_apply)
		reload(st);
	table_layout(&st->table, cols, rows - lines_below(st));
}

static void moments_draw(const struct view *v, struct canvas *c)
{
	const struct state *st = view_state(v);
	int below = lines_below(st);
	struct canvas body = canvas_sub(c, (struct rect){0, 0, c->area.w, c->area.h - below});

	table_draw(&st->table, &body);
	if (below)
		canvas_text(c, 1, c->area.h - 1, STYLE_ERROR, st->ei.msg, strlen(st->ei.msg));
}

static enum err moments_command(struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct as_of_arg arg = {NULL, NULL, 0};
	size_t row;

	(void)call;
	if (!list_row(&st->list, &row))
		return err_set(ei, ERR_REFUSED, "no moment here");
	arg.moment = at(st, row);
	return app_push(v->app, &as_of_view, &arg, NULL, ei);
}

static void moments_describe(const struct view *v, struct view_about *a)
{
	const struct state *st = view_state(v);
	char name[96];

	if (st->line_item[0])
		snprintf(a->title, sizeof a->title, "Moments of %.90s",
		    session_line_item_name(st->session, st->line_item, name, sizeof name));
	else
		snprintf(a->title, sizeof a->title, "Around posting %llu",
		    (unsigned long long)st->changeset);
	snprintf(a->crumb, sizeof a->crumb, "Moments");
	table_position(&st->table, a->position, sizeof a->position);
	a->progress = -1;
	a->hints = "open filter sort";
}

static struct table *moments_table(struct view *v)
{
	struct state *st = view_state(v);

	return &st->table;
}

static void moments_done(struct view *v)
{
	struct state *st = view_state(v);

	list_done(&st->list);
	journal_moment_list_done(&st->moments);
}

const struct view_ops moments_view = {
    .name = "moments",
    .title = "Known moments",
    .parent = "table",
    .commands = "open",
    .state_size = sizeof(struct state),
    .open = moments_open,
    .layout = moments_layout,
    .draw = moments_draw,
    .command = moments_command,
    .describe = moments_describe,
    .table = moments_table,
    .done = moments_done,
};
