/* What limits the reach of a line item: the estimate without each of its conditions, as staged, the
 * one that costs most first. Opened by `why-small` after the number of requests was shown.
 * arg: const struct id_list *, one line item. */
#include "views/why_small.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "base/map.h"
#include "base/mem.h"
#include "targeting/ablate.h"
#include "views/commands.h"
#include "views/criteria_model.h"
#include "views/detail.h"
#include "session/reach.h"
#include "views/rows.h"

enum column { COL_LABEL, COL_WITHOUT, COL_REACH, COL_GAIN, COL_COUNT };

static const struct table_column columns[COL_COUNT] = {
    [COL_LABEL] = {"Without", 24, 0, 3, ALIGN_LEFT, CUT_END, COL_SORT},
    [COL_WITHOUT] = {"Criteria", 8, 8, 0, ALIGN_RIGHT, CUT_END, COL_SORT | COL_REVERSE},
    [COL_REACH] = {"Reach", 16, 40, 1, ALIGN_RIGHT, CUT_END, COL_NONE},
    [COL_GAIN] = {"More people", 12, 12, 0, ALIGN_RIGHT, CUT_END, COL_SORT | COL_REVERSE},
};

struct state {
	struct session *session;
	struct list list;
	struct table table;
	struct criteria_model model;
	struct ablation steps;
	char (*keys)[REACH_KEY_SIZE]; /* of the whole, then of each step */
	uint64_t seen_status;
};

static struct reach reach_of(const struct state *st, size_t i)
{
	return reach_get(st->session, st->keys[i]);
}

/* In percent of the whole; LONG_MIN while it cannot be told. */
static long gain_of(const struct state *st, size_t row)
{
	struct reach whole = reach_of(st, 0), without = reach_of(st, row + 1);
	long percent;

	return reach_change(&whole, &without, &percent) ? percent : LONG_MIN;
}

static size_t row_count(const void *user)
{
	return ((const struct state *)user)->steps.n;
}

static uint64_t row_key(const void *user, size_t row)
{
	(void)user;
	return row + 1;
}

static void row_text(const void *user, size_t row, struct buf *out)
{
	buf_adds(out, ((const struct state *)user)->steps.v[row].label);
}

static int row_compare(const void *user, size_t a, size_t b, int column)
{
	const struct state *st = user;

	switch ((enum column)column) {
	case COL_WITHOUT:
		return compare_number(
		    (int64_t)st->steps.v[a].n_without, (int64_t)st->steps.v[b].n_without);
	case COL_GAIN:
		return compare_number(gain_of(st, a), gain_of(st, b));
	default:
		return compare_text(st->steps.v[a].label, st->steps.v[b].label);
	}
}

static void row_cell(const void *user, size_t row, int column, struct table_cell *out)
{
	const struct state *st = user;
	struct reach r = reach_of(st, row + 1);
	char words[REACH_WORDS];
	long gain;

	switch ((enum column)column) {
	case COL_LABEL:
		row_cell_text(out, st->steps.v[row].label);
		break;
	case COL_WITHOUT:
		snprintf(out->scratch, sizeof out->scratch, "%zu", st->steps.v[row].n_without);
		row_cell_text(out, out->scratch);
		break;
	case COL_REACH:
		reach_words(&r, words);
		row_cell_copy(out, words);
		out->style = r.state == REACH_FAILED ? STYLE_ERROR : STYLE_NORMAL;
		break;
	default:
		gain = gain_of(st, row);
		if (gain == LONG_MIN)
			break;
		snprintf(out->scratch, sizeof out->scratch, "%+ld%%", gain);
		row_cell_text(out, out->scratch);
		out->style = gain > 0 ? STYLE_CHANGED : STYLE_DIM;
		break;
	}
}

/* --- view --- */

static enum err ask(struct state *st, enum reach_when when)
{
	const struct effective *e = &st->model.sets[0];
	struct reach_set *sets = mem_array(st->steps.n + 1, sizeof *sets);
	enum err err;

	if (!sets)
		return ERR_NOMEM;
	sets[0] = (struct reach_set){e->after, e->n_after};
	for (size_t i = 0; i < st->steps.n; i++)
		sets[i + 1] = (struct reach_set){st->steps.v[i].rest, st->steps.v[i].n_rest};
	err = reach_want(st->session, sets, st->steps.n + 1, when, st->keys);
	mem_free(sets);
	return err;
}

static enum err read_steps(struct state *st, struct errinfo *ei)
{
	enum err err = criteria_model_build(&st->model, st->session, ei);

	if (err)
		return err;
	if (st->model.unknown)
		return err_set(ei, ERR_REFUSED, "its criteria were not read yet; R reads them");
	err = ablation_build(&st->steps, st->model.sets[0].after, st->model.sets[0].n_after);
	if (err)
		return err_set(ei, err, "no memory for this");
	if (!st->steps.has_primary)
		return err_set(ei, ERR_REFUSED,
		    "the reach needs a primary criterion (keyword, interest, audience, followers "
		    "or TV) to be estimated");
	if (!st->steps.n)
		return err_set(ei, ERR_REFUSED, "nothing but its primary criteria limits it");
	return ERR_OK;
}

static void why_done(struct view *v)
{
	struct state *st = view_state(v);

	list_done(&st->list);
	mem_free(st->keys);
	ablation_done(&st->steps);
	criteria_model_done(&st->model);
}

static enum err why_open(struct view *v, const void *arg, struct errinfo *ei)
{
	const struct id_list *a = arg;
	struct state *st = view_state(v);
	struct list_source src = {row_count, row_key, row_text, row_compare, NULL, st};
	struct table_source cells = {columns, COL_COUNT, row_cell, NULL, st};
	enum err err;

	st->session = view_session(v);
	ablation_init(&st->steps);
	if (criteria_model_init(&st->model, a->ids, a->n))
		return err_set(ei, ERR_NOMEM, "no memory for this");
	list_init(&st->list, &src);
	table_init(&st->table, &cells, &st->list);
	err = read_steps(st, ei);
	if (!err)
		st->keys = mem_array(st->steps.n + 1, sizeof *st->keys);
	if (!err && (!st->keys || ask(st, REACH_NOW_UNLESS_KNOWN)))
		err = err_set(ei, ERR_NOMEM, "no memory for this");
	if (err) {
		why_done(v);
		return err;
	}
	list_set_sort(&st->list, COL_GAIN, true);
	list_refresh(&st->list);
	return ERR_OK;
}

static void why_layout(struct view *v, int cols, int rows)
{
	struct state *st = view_state(v);
	uint64_t status = session_generation(st->session, DATA_STATUS);

	if (status != st->seen_status) { /* an answer came: rank anew */
		st->seen_status = status;
		list_refresh(&st->list);
	}
	table_layout(&st->table, cols, rows - 2);
}

static void why_draw(const struct view *v, struct canvas *c)
{
	const struct state *st = view_state(v);
	struct reach whole = reach_of(st, 0);
	struct canvas body = canvas_sub(c, (struct rect){0, 2, c->area.w, c->area.h - 2});
	char words[REACH_WORDS];
	int x = canvas_str(c, 1, 0, STYLE_DIM, "reach as staged  ");

	reach_words(&whole, words);
	canvas_str(c, x, 0, STYLE_NORMAL, words);
	canvas_str(c, 1, 1, STYLE_DIM,
	    "How many more people it would reach without each condition; estimates of X.");
	table_draw(&st->table, &body);
}

static enum err why_command(struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct state *st = view_state(v);

	(void)call; /* refresh */
	return ask(st, REACH_NOW) ? err_set(ei, ERR_NOMEM, "no memory to ask again") : ERR_OK;
}

static void why_describe(const struct view *v, struct view_about *a)
{
	const struct state *st = view_state(v);
	char name[96];
	size_t known = 0;

	for (size_t i = 0; i <= st->steps.n; i++)
		known += reach_of(st, i).state != REACH_WAITING;
	snprintf(a->title, sizeof a->title, "What limits the reach of %.110s",
	    session_line_item_name(st->session, st->model.ids[0], name, sizeof name));
	snprintf(a->crumb, sizeof a->crumb, "Why small");
	table_position(&st->table, a->position, sizeof a->position);
	a->loading = known <= st->steps.n;
	a->progress = (int)(known * 1000 / (st->steps.n + 1));
	snprintf(a->progress_text, sizeof a->progress_text, "%zu of %zu", known, st->steps.n + 1);
	a->hints = "sort refresh back";
}

static struct table *why_table(struct view *v)
{
	struct state *st = view_state(v);

	return &st->table;
}

static const struct view_ops why_small_view = {
    .name = "why-small",
    .title = "What limits the reach",
    .parent = "table",
    .commands = "refresh",
    .state_size = sizeof(struct state),
    .open = why_open,
    .layout = why_layout,
    .draw = why_draw,
    .command = why_command,
    .describe = why_describe,
    .table = why_table,
    .done = why_done,
};

/* --- the question before --- */

static void on_answer(struct app *app, bool ok, void *user)
{
	char *id = user;
	const char *ids[] = {id};
	struct id_list arg = {ids, 1};
	struct errinfo ei;

	if (ok && app_push(app, &why_small_view, &arg, NULL, &ei))
		app_message_err(app, &ei);
	mem_free(id);
}

/* How many estimates it costs, or why it cannot be done. */
static enum err cost_of(struct session *s, const char *id, size_t *n, struct errinfo *ei)
{
	struct state st = {.session = s};
	enum err err;

	ablation_init(&st.steps);
	if (criteria_model_init(&st.model, &id, 1))
		return err_set(ei, ERR_NOMEM, "no memory for this");
	err = read_steps(&st, ei);
	*n = st.steps.n + 1;
	ablation_done(&st.steps);
	criteria_model_done(&st.model);
	return err;
}

enum err why_small_start(struct app *app, const char *line_item_id, struct errinfo *ei)
{
	char text[300], *id;
	struct confirm c = {.title = "What limits the reach?",
	    .text = text,
	    .yes = "Ask X",
	    .yes_key = 'y',
	    .style = STYLE_NORMAL,
	    .fn = on_answer};
	size_t n = 0;
	enum err err = cost_of(app_user(app), line_item_id, &n, ei);

	if (err)
		return err;
	snprintf(text, sizeof text,
	    "This asks X for up to %zu estimates: of the set as staged, and without each of its "
	    "%zu conditions. They probably count against the budget of writes (450 a minute). "
	    "Nothing is changed.",
	    n, n - 1);
	id = mem_strdup(line_item_id);
	if (!id)
		return err_set(ei, ERR_NOMEM, "no memory to ask");
	c.user = id;
	err = app_confirm(app, &c, ei);
	if (err)
		mem_free(id);
	return err;
}
