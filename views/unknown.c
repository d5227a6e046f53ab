/* Changes of which nobody knows whether they took effect: what was sent, when, why that is not known, what
 * reading back showed so far and when it goes on. arg: NULL. */
#include <stdio.h>
#include <string.h>
#include "tui/app.h"
#include "session/applying.h"
#include "session/unknown_model.h"
#include "views/commands.h"
#include "views/detail.h"
#include "session/journal_text.h"
#include "views/rows.h"
#include "views/views.h"

#define PAGE_BYTES (16u << 20)
#define HEAD_BATCHES 3 /* batches that the head speaks of; each group of rows has its own line */
#define BATCH_OPS 1024 /* more than a batch can have: for the keys of rows */

enum column { COL_WHAT, COL_VALUE, COL_TYPE, COL_ITEM, COL_STATE, COL_API, COL_COUNT };

static const struct table_column columns[COL_COUNT] = {
    [COL_WHAT] = {"Change", 8, 8, 0, ALIGN_LEFT, CUT_END, COL_NONE},
    [COL_VALUE] = {"Value", 12, 40, 3, ALIGN_LEFT, CUT_END, COL_SORT},
    [COL_TYPE] = {"Type", 8, 26, 1, ALIGN_LEFT, CUT_END, COL_SORT},
    [COL_ITEM] = {"Line item", 12, 40, 2, ALIGN_LEFT, CUT_MIDDLE, COL_SORT},
    [COL_STATE] = {"Outcome", 12, 30, 2, ALIGN_LEFT, CUT_END, COL_SORT},
    [COL_API] = {"API value", 12, 24, 0, ALIGN_LEFT, CUT_MIDDLE,
	COL_SORT | COL_HIDEABLE | COL_HIDDEN},
};

struct state {
	struct session *session;
	struct list list;
	struct table table;
	struct unknown_model model;
	struct errinfo ei;
	uint64_t version; /* of the journal, when the model was built */
	int head;
};

/* --- rows --- */

static const struct unknown_row *row_at(const struct state *st, size_t row)
{
	return &st->model.rows[row];
}

static const struct change *change_at(const struct state *st, size_t row)
{
	return &row_at(st, row)->op->change;
}

static size_t row_count(const void *user)
{
	return ((const struct state *)user)->model.n_rows;
}

static uint64_t row_key(const void *user, size_t row)
{
	const struct unknown_row *r = row_at(user, row);

	return r->batch->id * BATCH_OPS + r->op->seq;
}

static const char *label_of(const struct change *c)
{
	return c->name && c->name[0] ? c->name : c->value;
}

static const char *type_of(const struct change *c)
{
	return c->type == TYPE_UNKNOWN ? c->type_name : type_info(c->type)->label;
}

static const char *item_of(const struct state *st, size_t row, char name[96])
{
	return session_line_item_name(st->session, change_at(st, row)->line_item_id, name, 96);
}

static void row_text(const void *user, size_t row, struct buf *out)
{
	const struct state *st = user;
	const struct change *c = change_at(st, row);
	char name[96];

	buf_addf(out, "%s %s %s %s %s %s", c->kind == CHANGE_CREATE ? "add" : "remove", label_of(c),
	    c->value, type_of(c), item_of(st, row, name), unknown_row_state(row_at(st, row)));
}

static int row_compare(const void *user, size_t a, size_t b, int column)
{
	const struct state *st = user;
	char x[96], y[96];

	switch ((enum column)column) {
	case COL_TYPE:
		return (int)change_at(st, a)->type - (int)change_at(st, b)->type;
	case COL_ITEM:
		return strcasecmp(item_of(st, a, x), item_of(st, b, y));
	case COL_STATE:
		return (int)row_at(st, a)->op->state - (int)row_at(st, b)->op->state;
	default:
		return strcasecmp(label_of(change_at(st, a)), label_of(change_at(st, b)));
	}
}

static uint32_t row_group(const void *user, size_t row)
{
	const struct state *st = user;

	return (uint32_t)(row_at(st, row)->batch - st->model.batches);
}

static void group_cell(const void *user, size_t row, struct table_cell *out)
{
	const struct unknown_batch *b = row_at(user, row)->batch;

	snprintf(out->scratch, sizeof out->scratch, "Batch %zu of %zu, %zu change%s",
	    b->journal->seq + 1, b->of_batches, b->ops.n, b->ops.n == 1 ? "" : "s");
	row_cell_text(out, out->scratch);
}

static enum style state_style(const struct unknown_row *r)
{
	if (unknown_row_is_open(r))
		return STYLE_DANGER;
	return r->op->state == OP_STATE_PRESENT ? STYLE_OK : STYLE_WARNING;
}

static void row_cell(const void *user, size_t row, int column, struct table_cell *out)
{
	const struct state *st = user;
	const struct change *c = change_at(st, row);
	bool add = c->kind == CHANGE_CREATE;
	char name[96];

	switch ((enum column)column) {
	case COL_WHAT:
		out->style = add ? STYLE_ADDED : STYLE_REMOVED;
		row_cell_text(out, add ? "+ add" : "- remove");
		break;
	case COL_VALUE:
		snprintf(out->scratch, sizeof out->scratch, "%s%.200s",
		    c->op == OP_NE ? "not " : "", label_of(c));
		row_cell_text(out, out->scratch);
		break;
	case COL_TYPE:
		row_cell_text(out, type_of(c));
		break;
	case COL_ITEM:
		snprintf(out->scratch, sizeof out->scratch, "%.150s", item_of(st, row, name));
		row_cell_text(out, out->scratch);
		break;
	case COL_STATE:
		out->style = state_style(row_at(st, row));
		row_cell_text(out, unknown_row_state(row_at(st, row)));
		break;
	default:
		out->style = STYLE_DIM;
		row_cell_text(out, c->value);
		break;
	}
}

/* --- head --- */

struct head {
	struct canvas *c; /* NULL: only count lines */
	int y, w;
};

static void head_text(struct head *h, enum style style, const char *text)
{
	int w = h->w - 2, lines = detail_note_lines(text, w);

	if (h->c) {
		struct canvas body = canvas_sub(h->c, (struct rect){1, h->y, w, lines});

		detail_note(&body, 0, style, text);
	}
	h->y += lines;
}

static void head_open(const struct state *st, struct head *h)
{
	size_t n = st->model.n_open;
	char text[320];

	snprintf(text, sizeof text,
	    "%zu change%s may be in the account or not. Nothing is sent again: reading back "
	    "decides, "
	    "and until then nothing else is posted.",
	    n, n == 1 ? "" : "s");
	head_text(h, STYLE_DANGER, text);
	unknown_next_text(st->session, text, sizeof text);
	head_text(h, STYLE_NOTE, text);
}

static void head_settled(const struct state *st, struct head *h)
{
	const struct unknown_model *m = &st->model;
	char text[200];

	if (!m->n_rows)
		return;
	snprintf(text, sizeof text,
	    "Nothing is unknown any more: %zu took effect, %zu had no effect%s.", m->n_done,
	    m->n_absent,
	    m->n_absent == 1 ? " and is staged again"
	    : m->n_absent    ? " and are staged again"
			     : "");
	head_text(h, m->n_absent ? STYLE_WARNING : STYLE_OK, text);
}

static int draw_head(const struct state *st, struct canvas *c, int cols)
{
	const struct unknown_model *m = &st->model;
	struct head h = {c, 0, cols};
	char text[640];

	if (st->ei.code)
		head_text(&h, STYLE_ERROR, st->ei.msg);
	if (m->n_open)
		head_open(st, &h);
	else
		head_settled(st, &h);
	for (size_t i = 0; i < m->n_batches && i < HEAD_BATCHES; i++) {
		unknown_batch_text(&m->batches[i], text, sizeof text);
		head_text(&h, STYLE_NORMAL, text);
		unknown_reading_text(&m->batches[i], text, sizeof text);
		head_text(&h, STYLE_DIM, text);
	}
	return h.y;
}

/* --- view --- */

static void follow(struct state *st, bool first)
{
	uint64_t version = journal_version(session_store(st->session));

	if (version == st->version && !first)
		return;
	st->version = version;
	st->ei.code = ERR_OK;
	unknown_model_build(&st->model, &st->ei);
	list_refresh(&st->list);
}

static enum err unknown_open(struct view *v, const void *arg, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct list_source src = {row_count, row_key, row_text, row_compare, row_group, st};
	struct table_source cells = {columns, COL_COUNT, row_cell, group_cell, st};

	(void)arg;
	(void)ei;
	st->session = view_session(v);
	unknown_model_init(&st->model, st->session);
	list_init(&st->list, &src);
	table_init(&st->table, &cells, &st->list);
	st->table.focus = COL_VALUE;
	st->table.empty =
	    "No outcome is unknown: of everything that was posted from this machine it is "
	    "known whether it took effect.";
	follow(st, true);
	return ERR_OK;
}

static void unknown_layout(struct view *v, int cols, int rows)
{
	struct state *st = view_state(v);

	follow(st, false);
	st->head = draw_head(st, NULL, cols);
	if (st->head > rows / 2)
		st->head = rows / 2;
	table_layout(&st->table, cols, rows - st->head);
}

static void unknown_draw(const struct view *v, struct canvas *c)
{
	const struct state *st = view_state(v);
	struct canvas head = canvas_sub(c, (struct rect){0, 0, c->area.w, st->head});
	struct canvas body =
	    canvas_sub(c, (struct rect){0, st->head, c->area.w, c->area.h - st->head});

	draw_head(st, &head, c->area.w);
	table_draw(&st->table, &body);
}

/* --- commands --- */

/* The entry of the journal: request, answer if any, every step. */
static enum err show_posting(struct view *v, const struct unknown_batch *b, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct journal_page page = {session_account_id(st->session), b->changeset + 1, 1};
	struct journal_changeset_list sets;
	struct buf out;
	enum err err;

	journal_changeset_list_init(&sets);
	buf_init(&out, PAGE_BYTES);
	err = journal_changesets(session_store(st->session), &page, &sets, ei);
	if (!err && !sets.n)
		err = err_set(ei, ERR_NOTFOUND, "the journal does not have this posting");
	if (!err)
		err = journal_page_text(session_store(st->session), &sets.v[0], &out, ei);
	if (!err)
		err = app_show_text(v->app, "Posting", buf_str(&out), ei);
	buf_done(&out);
	journal_changeset_list_done(&sets);
	return err;
}

static enum err read_back(struct view *v, struct errinfo *ei)
{
	enum err err = applying_settle(view_session(v), ei);

	if (!err)
		app_message(v->app, STYLE_NOTE,
		    "reading back now; the readings that are due come all the same");
	return err;
}

static enum err open_line_item(struct view *v, size_t row, struct errinfo *ei)
{
	const char *id = change_at(view_state(v), row)->line_item_id;
	struct id_list ids = {&id, 1};

	return app_push(v->app, &criteria_view, &ids, NULL, ei);
}

static enum err unknown_command(struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct state *st = view_state(v);
	size_t row;

	if (call->cmd->id == VIEWS_SETTLE || call->cmd->id == VIEWS_REFRESH)
		return read_back(v, ei);
	if (!list_row(&st->list, &row))
		return err_set(ei, ERR_REFUSED, "no change here");
	if (call->cmd->id == VIEWS_LINE_ITEM)
		return open_line_item(v, row, ei);
	return show_posting(v, row_at(st, row)->batch, ei);
}

static bool unknown_can(const struct view *v, const struct command *cmd, char *reason, size_t cap)
{
	const struct state *st = view_state(v);

	if ((cmd->id == VIEWS_SETTLE || cmd->id == VIEWS_REFRESH) &&
	    !applying_unsettled(st->session)) {
		snprintf(reason, cap, "no outcome is unknown");
		return false;
	}
	return true;
}

static void unknown_describe(const struct view *v, struct view_about *a)
{
	const struct state *st = view_state(v);

	snprintf(a->title, sizeof a->title, "Unknown outcomes");
	snprintf(a->crumb, sizeof a->crumb, "Unknown");
	table_position(&st->table, a->position, sizeof a->position);
	a->loading = applying_busy(st->session);
	a->progress = -1;
	a->hints = "settle open line-item review journal";
}

static struct table *unknown_table(struct view *v)
{
	struct state *st = view_state(v);

	return &st->table;
}

static void unknown_done(struct view *v)
{
	struct state *st = view_state(v);

	list_done(&st->list);
	unknown_model_done(&st->model);
}

const struct view_ops unknown_view = {
    .name = "unknown",
    .title = "Unknown outcomes",
    .parent = "table",
    .commands = "open details settle refresh line-item",
    .state_size = sizeof(struct state),
    .open = unknown_open,
    .layout = unknown_layout,
    .draw = unknown_draw,
    .command = unknown_command,
    .can = unknown_can,
    .describe = unknown_describe,
    .table = unknown_table,
    .done = unknown_done,
};
