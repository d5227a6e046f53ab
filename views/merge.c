/* What others changed under the staged changes, three ways, and the choice per criterion. arg: NULL. */
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "tui/app.h"
#include "views/commands.h"
#include "views/detail.h"
#include "session/judge.h"
#include "session/merge_model.h"
#include "views/rows.h"
#include "views/views.h"

enum column { COL_VALUE, COL_TYPE, COL_BASE, COL_MINE, COL_THEIRS, COL_STATE, COL_COUNT };

static const struct table_column columns[COL_COUNT] = {
    [COL_VALUE] = {"Value", 14, 0, 3, ALIGN_LEFT, CUT_MIDDLE, COL_SORT},
    [COL_TYPE] = {"Type", 8, 24, 1, ALIGN_LEFT, CUT_END, COL_SORT | COL_HIDEABLE},
    [COL_BASE] = {"Before", 7, 7, 0, ALIGN_LEFT, CUT_END, COL_NONE},
    [COL_MINE] = {"Mine", 7, 7, 0, ALIGN_LEFT, CUT_END, COL_NONE},
    [COL_THEIRS] = {"Theirs", 7, 7, 0, ALIGN_LEFT, CUT_END, COL_NONE},
    [COL_STATE] = {"What will be", 26, 0, 3, ALIGN_LEFT, CUT_END, COL_SORT},
};

struct state {
	struct session *session;
	struct list list;
	struct table table;
	struct merge_model model;
	struct errinfo ei;
	uint64_t seen[DATA_KINDS];
};

/* --- rows --- */

static const struct merge_row *at(const void *user, size_t row)
{
	return &((const struct state *)user)->model.rows[row];
}

static size_t row_count(const void *user)
{
	return ((const struct state *)user)->model.n_rows;
}

static uint64_t row_key(const void *user, size_t row)
{
	const struct criterion *c = at(user, row)->criterion;
	uint64_t key = map_hash(c->line_item_id);

	key = key * 31 + map_hash(c->type_name);
	key = key * 31 + map_hash(c->value);
	key = key * 31 + (uint64_t)c->op;
	return key ? key : 1;
}

static const char *type_label(const struct criterion *c)
{
	return c->type == TYPE_UNKNOWN ? c->type_name : type_info(c->type)->label;
}

static void row_text(const void *user, size_t row, struct buf *out)
{
	const struct state *st = user;
	const struct criterion *c = at(st, row)->criterion;

	buf_addf(out, "%s %s %s", judge_label(st->session, c), c->value, type_label(c));
}

static int row_compare(const void *user, size_t a, size_t b, int column)
{
	const struct state *st = user;
	const struct merge_row *x = at(st, a), *y = at(st, b);

	switch ((enum column)column) {
	case COL_TYPE:
		return (int)x->criterion->type - (int)y->criterion->type;
	case COL_STATE:
		return (int)x->state - (int)y->state;
	default:
		return compare_text(
		    judge_label(st->session, x->criterion), judge_label(st->session, y->criterion));
	}
}

static uint32_t row_group(const void *user, size_t row)
{
	return at(user, row)->item;
}

static void group_cell(const void *user, size_t row, struct table_cell *out)
{
	const struct state *st = user;
	char name[96];

	row_cell_copy(out, session_line_item_name(st->session,
			       st->model.items[at(st, row)->item].id, name, sizeof name));
}

static const char *presence(const struct merge_row *r, bool in)
{
	return !in ? "-" : r->criterion->op == OP_NE ? "exclude" : "include";
}

static void cell_state(const struct merge_row *r, struct table_cell *out)
{
	switch (r->state) {
	case MERGE_CHOOSE:
		row_cell_text(out, "CHOOSE: m mine, t theirs, b as before");
		out->style = STYLE_DANGER;
		break;
	case MERGE_FOREIGN:
		row_cell_text(out, r->in_theirs ? "theirs: stays" : "theirs: stays removed");
		out->style = STYLE_NOTE;
		break;
	case MERGE_SAME:
		row_cell_text(out, "both did it: not sent again");
		out->style = STYLE_DIM;
		break;
	default:
		row_cell_text(out, r->in_theirs ? "mine: theirs is removed" : "mine: put back");
		out->style = STYLE_CHANGED;
		break;
	}
}

static void row_cell(const void *user, size_t row, int column, struct table_cell *out)
{
	const struct state *st = user;
	const struct merge_row *r = at(st, row);

	switch ((enum column)column) {
	case COL_VALUE:
		row_cell_text(out, judge_label(st->session, r->criterion));
		break;
	case COL_TYPE:
		row_cell_text(out, type_label(r->criterion));
		out->style = STYLE_DIM;
		break;
	case COL_BASE:
		row_cell_text(out, presence(r, r->in_base));
		break;
	case COL_MINE:
		row_cell_text(out, presence(r, r->in_mine));
		break;
	case COL_THEIRS:
		row_cell_text(out, presence(r, r->in_theirs));
		break;
	default:
		cell_state(r, out);
		break;
	}
}

/* --- view --- */

static void rebuild(struct state *st)
{
	st->ei.code = ERR_OK;
	merge_model_build(&st->model, &st->ei);
	list_refresh(&st->list);
}

static bool moved(struct state *st)
{
	static const enum data_kind kinds[] = {DATA_STAGED, DATA_CRITERIA, DATA_APPLY};
	bool any = false;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		uint64_t g = session_generation(st->session, kinds[i]);

		any |= g != st->seen[kinds[i]];
		st->seen[kinds[i]] = g;
	}
	return any;
}

static enum err merge_open(struct view *v, const void *arg, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct list_source src = {row_count, row_key, row_text, row_compare, row_group, st};
	struct table_source cells = {columns, COL_COUNT, row_cell, group_cell, st};

	(void)arg;
	(void)ei;
	st->session = view_session(v);
	merge_model_init(&st->model, st->session);
	list_init(&st->list, &src);
	table_init(&st->table, &cells, &st->list);
	st->table.empty =
	    "Nobody else changed what is staged here, as far as the last posting saw. "
	    "r goes back to the review.";
	moved(st);
	rebuild(st);
	return ERR_OK;
}

static void merge_layout(struct view *v, int cols, int rows)
{
	struct state *st = view_state(v);

	if (moved(st))
		rebuild(st);
	table_layout(&st->table, cols, rows - 1);
}

static void merge_draw(const struct view *v, struct canvas *c)
{
	const struct state *st = view_state(v);
	const struct merge_model *m = &st->model;
	struct canvas body = canvas_sub(c, (struct rect){0, 1, c->area.w, c->area.h - 1});

	if (st->ei.code)
		canvas_strf(c, 1, 0, STYLE_ERROR, "%s", st->ei.msg);
	else if (m->n_choose)
		canvas_strf(c, 1, 0, STYLE_DANGER,
		    "%zu to choose. m keeps mine, t takes theirs, b as before; Space marks, * all.",
		    m->n_choose);
	else
		canvas_strf(c, 1, 0, STYLE_DIM,
		    "Nothing is left to choose. The review posts with what others changed.");
	table_draw(&st->table, &body);
}

static enum err choose(struct view *v, enum merge_choice choice, struct errinfo *ei)
{
	static const char *const words[] = {"mine", "theirs", "as before both"};
	struct state *st = view_state(v);
	size_t *rows = mem_array(list_selected_count(&st->list) + 1, sizeof *rows);
	size_t it = 0, row, n = 0, edits = 0;
	enum err err;

	if (!rows)
		return err_set(ei, ERR_NOMEM, "no memory to choose");
	while (list_selected(&st->list, &it, &row))
		rows[n++] = row;
	err = merge_choose(&st->model, rows, n, choice, &edits, ei);
	mem_free(rows);
	rebuild(st);
	if (err)
		return err;
	list_mark_clear(&st->list);
	app_message(v->app, STYLE_NOTE,
	    edits ? "%s: %zu edits staged or taken off the stage; u takes it back"
		  : "%s: it is so already",
	    words[choice], edits);
	return ERR_OK;
}

static enum err merge_command(struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct state *st = view_state(v);
	const struct merge_model *m = &st->model;
	const char **ids;

	switch (call->cmd->id) {
	case VIEWS_KEEP_MINE:
		return choose(v, MERGE_MINE, ei);
	case VIEWS_TAKE_THEIRS:
		return choose(v, MERGE_THEIRS, ei);
	case VIEWS_AS_BEFORE:
		return choose(v, MERGE_BASE, ei);
	default: /* refresh */
		ids = mem_array(m->n_items, sizeof *ids);
		for (size_t i = 0; ids && i < m->n_items; i++)
			ids[i] = m->items[i].id;
		if (ids && m->n_items)
			session_fetch_criteria(st->session, ids, m->n_items, 0, REQ_USER);
		mem_free(ids);
		return ERR_OK;
	}
}

static void merge_describe(const struct view *v, struct view_about *a)
{
	const struct state *st = view_state(v);

	snprintf(a->title, sizeof a->title, "Changed by others meanwhile");
	snprintf(a->crumb, sizeof a->crumb, "Meanwhile");
	table_position(&st->table, a->position, sizeof a->position);
	a->loading = session_criteria_loading(st->session);
	a->progress = -1;
	a->hints = "keep-mine take-theirs as-before mark undo review";
}

static struct table *merge_table(struct view *v)
{
	struct state *st = view_state(v);

	return &st->table;
}

static void merge_done(struct view *v)
{
	struct state *st = view_state(v);

	list_done(&st->list);
	merge_model_done(&st->model);
}

const struct view_ops merge_view = {
    .name = "merge",
    .title = "Changed by others",
    .parent = "table",
    .commands = "keep-mine take-theirs as-before refresh",
    .state_size = sizeof(struct state),
    .open = merge_open,
    .layout = merge_layout,
    .draw = merge_draw,
    .command = merge_command,
    .describe = merge_describe,
    .table = merge_table,
    .done = merge_done,
};
