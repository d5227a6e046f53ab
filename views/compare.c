/* Two line items side by side, as they are with what is staged: what only one of them has, and what
 * both have. arg: const struct id_list *, exactly two line items. */
#include <stdio.h>
#include <string.h>
#include "base/map.h"
#include "base/mem.h"
#include "targeting/set.h"
#include "tui/app.h"
#include "session/clip.h"
#include "views/commands.h"
#include "views/criteria_model.h"
#include "views/detail.h"
#include "session/judge.h"
#include "views/rows.h"
#include "views/views.h"

#define FRESH_S 30 /* as in the criteria view */

enum column { COL_SIGN, COL_VALUE, COL_TYPE, COL_ONE, COL_TWO, COL_RAW, COL_COUNT };

static const struct table_column columns[COL_COUNT] = {
    [COL_SIGN] = {"", 9, 9, 0, ALIGN_LEFT, CUT_END, COL_NONE},
    [COL_VALUE] = {"Value", 20, 0, 5, ALIGN_LEFT, CUT_MIDDLE, COL_SORT},
    [COL_TYPE] = {"Type", 14, 28, 1, ALIGN_LEFT, CUT_END, COL_SORT},
    [COL_ONE] = {"First", 8, 8, 0, ALIGN_LEFT, CUT_END, COL_SORT | COL_REVERSE},
    [COL_TWO] = {"Second", 8, 8, 0, ALIGN_LEFT, CUT_END, COL_SORT | COL_REVERSE},
    [COL_RAW] = {"API value", 12, 24, 1, ALIGN_LEFT, CUT_MIDDLE, COL_SORT | COL_HIDEABLE},
};

enum group { ONLY_FIRST, ONLY_SECOND, IN_BOTH };

struct row {
	const struct criterion *c; /* of the model */
	enum group group;
};

struct state {
	struct session *session;
	struct list list;
	struct table table;
	struct criteria_model model;
	struct row *rows;
	size_t n_rows, count[IN_BOTH + 1];
	struct errinfo ei;
	uint64_t seen_criteria, seen_staged;
};

/* --- rows --- */

static enum err key_in(struct arena *a, const struct criterion *c, struct set_key *key)
{
	struct criterion copy = *c;

	copy.line_item_id = ""; /* the line items differ by nature */
	return set_key_of(a, &copy, key);
}

static void add_row(struct state *st, const struct criterion *c, enum group g)
{
	st->rows[st->n_rows++] = (struct row){c, g};
	st->count[g]++;
}

static enum err match(struct state *st, struct arena *keys, struct set_index *x)
{
	const struct effective *a = &st->model.sets[0], *b = &st->model.sets[1];
	bool *met = mem_array(b->n_after + 1, sizeof *met);
	enum err err = met ? ERR_OK : ERR_NOMEM;
	struct set_key key;
	size_t found;

	for (size_t i = 0; i < b->n_after && !err; i++) {
		err = key_in(keys, b->after[i], &key);
		if (!err)
			err = set_index_put(x, &key, i, &found);
		if (!err && found != i)
			met[i] = true; /* a repeated row counts once */
	}
	for (size_t i = 0; i < a->n_after && !err; i++) {
		err = key_in(keys, a->after[i], &key);
		if (err)
			break;
		if (set_index_get(x, &key, &found)) {
			met[found] = true;
			add_row(st, a->after[i], IN_BOTH);
		} else {
			add_row(st, a->after[i], ONLY_FIRST);
		}
	}
	for (size_t i = 0; i < b->n_after && !err; i++)
		if (!met[i])
			add_row(st, b->after[i], ONLY_SECOND);
	mem_free(met);
	return err;
}

static void build(struct state *st)
{
	struct arena keys;
	struct set_index x;
	enum err err;

	arena_init(&keys);
	set_index_init(&x);
	st->ei.code = ERR_OK;
	st->n_rows = 0;
	memset(st->count, 0, sizeof st->count);
	mem_free(st->rows);
	st->rows = NULL;
	err = criteria_model_build(&st->model, st->session, &st->ei);
	if (!err)
		st->rows = mem_array(
		    st->model.sets[0].n_after + st->model.sets[1].n_after + 1, sizeof *st->rows);
	if (!err)
		err = st->rows ? match(st, &keys, &x) : ERR_NOMEM;
	if (err) {
		st->n_rows = 0;
		if (!st->ei.code)
			err_set(&st->ei, err, "no memory to compare");
	}
	set_index_done(&x);
	arena_done(&keys);
	list_refresh(&st->list);
}

static const struct row *at(const void *user, size_t row)
{
	return &((const struct state *)user)->rows[row];
}

static size_t row_count(const void *user)
{
	return ((const struct state *)user)->n_rows;
}

static uint64_t row_key(const void *user, size_t row)
{
	const struct row *r = at(user, row);
	uint64_t key = map_hash(r->c->type_name) * 31 + map_hash(r->c->value) * 7;

	key = key * 31 + (uint64_t)r->c->op * 4 + r->group;
	return key ? key : 1;
}

static const char *sign_word(const struct criterion *c)
{
	return c->op == OP_NE ? "- exclude" : c->op == OP_EQ ? "+ include" : op_name(c->op);
}

static void row_text(const void *user, size_t row, struct buf *out)
{
	const struct state *st = user;
	const struct row *r = at(st, row);

	buf_addf(out, "%s %s %s %s", sign_word(r->c), judge_label(st->session, r->c), r->c->value,
	    type_info(r->c->type)->label);
}

static int row_compare(const void *user, size_t a, size_t b, int column)
{
	const struct state *st = user;
	const struct row *x = at(st, a), *y = at(st, b);

	switch ((enum column)column) {
	case COL_TYPE:
		return (int)x->c->type - (int)y->c->type;
	case COL_ONE:
		return (x->group != ONLY_SECOND) - (y->group != ONLY_SECOND);
	case COL_TWO:
		return (x->group != ONLY_FIRST) - (y->group != ONLY_FIRST);
	case COL_RAW:
		return strcmp(x->c->value, y->c->value);
	default:
		return compare_text(judge_label(st->session, x->c), judge_label(st->session, y->c));
	}
}

static uint32_t row_group(const void *user, size_t row)
{
	return at(user, row)->group;
}

static void group_cell(const void *user, size_t row, struct table_cell *out)
{
	const struct state *st = user;
	enum group g = at(st, row)->group;
	char name[96];

	if (g == IN_BOTH)
		snprintf(out->scratch, sizeof out->scratch, "In both (%zu)", st->count[g]);
	else
		snprintf(out->scratch, sizeof out->scratch, "Only in %.180s (%zu)",
		    session_line_item_name(st->session, st->model.ids[g], name, sizeof name),
		    st->count[g]);
	row_cell_text(out, out->scratch);
}

static void row_cell(const void *user, size_t row, int column, struct table_cell *out)
{
	const struct state *st = user;
	const struct row *r = at(st, row);

	switch ((enum column)column) {
	case COL_SIGN:
		row_cell_text(out, sign_word(r->c));
		out->style = r->c->op == OP_NE ? STYLE_EXCLUDE : STYLE_INCLUDE;
		break;
	case COL_VALUE:
		row_cell_text(out, judge_label(st->session, r->c));
		break;
	case COL_TYPE:
		row_cell_text(out, r->c->type ? type_info(r->c->type)->label : r->c->type_name);
		out->style = STYLE_DIM;
		break;
	case COL_ONE:
		row_cell_text(out, r->group != ONLY_SECOND ? "yes" : "-");
		break;
	case COL_TWO:
		row_cell_text(out, r->group != ONLY_FIRST ? "yes" : "-");
		break;
	default:
		row_cell_text(out, r->c->value);
		out->style = STYLE_DIM;
		break;
	}
}

/* --- view --- */

static enum err compare_open(struct view *v, const void *arg, struct errinfo *ei)
{
	const struct id_list *a = arg;
	struct state *st = view_state(v);
	struct list_source src = {row_count, row_key, row_text, row_compare, row_group, st};
	struct table_source cells = {columns, COL_COUNT, row_cell, group_cell, st};

	if (a->n != 2)
		return err_set(
		    ei, ERR_REFUSED, "mark exactly two line items (Space), then D compares them");
	st->session = view_session(v);
	if (criteria_model_init(&st->model, a->ids, a->n))
		return err_set(ei, ERR_NOMEM, "no memory to compare");
	list_init(&st->list, &src);
	table_init(&st->table, &cells, &st->list);
	list_set_sort(&st->list, COL_TYPE, false);
	build(st);
	st->seen_criteria = session_generation(st->session, DATA_CRITERIA);
	st->seen_staged = session_generation(st->session, DATA_STAGED);
	return ERR_OK;
}

static void compare_load(struct view *v)
{
	struct state *st = view_state(v);

	session_fetch_criteria(
	    st->session, (const char *const *)st->model.ids, st->model.n_ids, FRESH_S, REQ_USER);
}

static void compare_layout(struct view *v, int cols, int rows)
{
	struct state *st = view_state(v);
	uint64_t criteria = session_generation(st->session, DATA_CRITERIA),
		 staged = session_generation(st->session, DATA_STAGED);

	if (criteria != st->seen_criteria || staged != st->seen_staged) {
		st->seen_criteria = criteria;
		st->seen_staged = staged;
		build(st);
	}
	st->table.empty = st->model.unknown ? "Not read yet. R reads the criteria from X."
					    : "Neither has any criterion.";
	table_layout(&st->table, cols, rows - 1);
}

static void compare_draw(const struct view *v, struct canvas *c)
{
	const struct state *st = view_state(v);
	struct canvas body = canvas_sub(c, (struct rect){0, 1, c->area.w, c->area.h - 1});

	if (st->ei.code)
		canvas_strf(c, 1, 0, STYLE_ERROR, "%s", st->ei.msg);
	else if (st->model.unknown)
		canvas_strf(c, 1, 0, STYLE_WARNING, "%zu of the two were never read; R reads them",
		    st->model.unknown);
	else
		canvas_strf(c, 1, 0, STYLE_DIM,
		    "%zu only in the first, %zu only in the second, %zu in both; y copies the "
		    "marked rows",
		    st->count[ONLY_FIRST], st->count[ONLY_SECOND], st->count[IN_BOTH]);
	table_draw(&st->table, &body);
}

static enum err copy_rows(struct view *v, struct errinfo *ei)
{
	struct state *st = view_state(v);
	const struct criterion **sel = mem_array(list_selected_count(&st->list) + 1, sizeof *sel);
	size_t it = 0, row, n = 0;
	enum err err = sel ? ERR_OK : ERR_NOMEM;

	while (!err && list_selected(&st->list, &it, &row))
		sel[n++] = at(st, row)->c;
	if (!err)
		err = clip_set(st->session, sel, n);
	mem_free(sel);
	if (err)
		return err_set(ei, err, "no memory to copy the criteria");
	app_message(v->app, STYLE_NOTE, "%zu copied; p pastes them on other line items",
	    clip_get(st->session)->n);
	return ERR_OK;
}

static enum err compare_command(struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct id_list both = {(const char *const *)st->model.ids, st->model.n_ids};

	switch (call->cmd->id) {
	case VIEWS_COPY:
		return copy_rows(v, ei);
	case VIEWS_OPEN:
		return app_push(v->app, &criteria_view, &both, NULL, ei);
	default: /* refresh */
		return session_fetch_criteria(st->session, both.ids, both.n, 0, REQ_USER);
	}
}

static void compare_describe(const struct view *v, struct view_about *a)
{
	const struct state *st = view_state(v);
	char one[96], two[96];

	snprintf(a->title, sizeof a->title, "%.70s / %.70s",
	    session_line_item_name(st->session, st->model.ids[0], one, sizeof one),
	    session_line_item_name(st->session, st->model.ids[1], two, sizeof two));
	snprintf(a->crumb, sizeof a->crumb, "Compare");
	table_position(&st->table, a->position, sizeof a->position);
	a->loading = session_criteria_loading(st->session);
	a->progress = -1;
	a->hints = "copy open filter sort refresh";
}

static struct table *compare_table(struct view *v)
{
	struct state *st = view_state(v);

	return &st->table;
}

static void compare_done(struct view *v)
{
	struct state *st = view_state(v);

	list_done(&st->list);
	mem_free(st->rows);
	criteria_model_done(&st->model);
}

const struct view_ops compare_view = {
    .name = "compare",
    .title = "Two line items compared",
    .parent = "table",
    .commands = "copy open refresh",
    .state_size = sizeof(struct state),
    .open = compare_open,
    .load = compare_load,
    .layout = compare_layout,
    .draw = compare_draw,
    .command = compare_command,
    .describe = compare_describe,
    .table = compare_table,
    .done = compare_done,
};
