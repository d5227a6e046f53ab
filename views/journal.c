/* The journal: every posting with what became of it; Enter shows requests, answers and outcomes, V
 * stages what restores the state before. arg: NULL. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "store/journal.h"
#include "tui/app.h"
#include "session/applying.h"
#include "views/commands.h"
#include "session/journal_text.h"
#include "session/revert.h"
#include "views/rows.h"
#include "session/session.h"
#include "views/views.h"

#define PAGE_ROWS 1000 /* the newest; older ones are in the export */
#define PAGE_BYTES (16u << 20)
#define EXPORT_BYTES (256u << 20)

enum column { COL_WHEN, COL_WHAT, COL_CAME_TO, COL_PLAN, COL_COUNT };

static const struct table_column columns[COL_COUNT] = {
    [COL_WHEN] = {"When (UTC)", 16, 16, 0, ALIGN_LEFT, CUT_END, COL_SORT | COL_REVERSE},
    [COL_WHAT] = {"What", 24, 0, 3, ALIGN_LEFT, CUT_END, COL_NONE},
    [COL_CAME_TO] = {"Came to", 20, 0, 2, ALIGN_LEFT, CUT_END, COL_NONE},
    [COL_PLAN] = {"Plan", 8, 8, 0, ALIGN_LEFT, CUT_END, COL_HIDEABLE},
};

struct state {
	struct session *session;
	struct list list;
	struct table table;
	struct journal_changeset_list sets;
	struct errinfo ei;
	uint64_t seen_apply, seen_staged;
};

/* --- rows --- */

static const struct journal_changeset *set_at(const struct state *st, size_t row)
{
	return &st->sets.v[row];
}

static size_t row_count(const void *user)
{
	return ((const struct state *)user)->sets.n;
}

static uint64_t row_key(const void *user, size_t row)
{
	return set_at(user, row)->id;
}

static void row_text(const void *user, size_t row, struct buf *out)
{
	const struct journal_changeset *c = set_at(user, row);
	char at[21], verdict[160];

	clock_format_utc(c->created_at, at);
	journal_verdict(c, verdict, sizeof verdict);
	buf_addf(out, "%s %s %s %s", at, c->title, verdict, c->digest);
}

static int row_compare(const void *user, size_t a, size_t b, int column)
{
	const struct journal_changeset *x = set_at(user, a), *y = set_at(user, b);

	(void)column;
	return (x->id > y->id) - (x->id < y->id);
}

static enum style look_of(enum batch_state worst)
{
	static const enum style looks[BATCH_STATES + 1] = {
	    [BATCH_UNKNOWN] = STYLE_DANGER,
	    [BATCH_WIRE] = STYLE_DANGER,
	    [BATCH_PARTIAL] = STYLE_WARNING,
	    [BATCH_REJECTED] = STYLE_ERROR,
	    [BATCH_ABSENT] = STYLE_WARNING,
	    [BATCH_INTENT] = STYLE_NOTE,
	    [BATCH_PLANNED] = STYLE_WARNING,
	    [BATCH_OK] = STYLE_NOTE,
	    [BATCH_VERIFIED] = STYLE_OK,
	    [BATCH_STATES] = STYLE_DIM,
	};

	return looks[worst];
}

static void row_cell(const void *user, size_t row, int column, struct table_cell *out)
{
	const struct journal_changeset *c = set_at(user, row);
	char at[21];

	switch ((enum column)column) {
	case COL_WHEN:
		clock_format_utc(c->created_at, at);
		snprintf(out->scratch, sizeof out->scratch, "%.10s %.5s", at, at + 11);
		row_cell_text(out, out->scratch);
		break;
	case COL_WHAT:
		row_cell_text(out, c->title);
		break;
	case COL_CAME_TO:
		out->style = look_of(journal_verdict(c, out->scratch, sizeof out->scratch));
		row_cell_text(out, out->scratch);
		break;
	default:
		snprintf(out->scratch, sizeof out->scratch, "%.8s", c->digest);
		row_cell_text(out, out->scratch);
		out->style = STYLE_DIM;
		break;
	}
}

static bool moved(struct state *st)
{
	uint64_t apply = session_generation(st->session, DATA_APPLY);
	uint64_t staged = session_generation(st->session, DATA_STAGED);
	bool any = apply != st->seen_apply || staged != st->seen_staged;

	st->seen_apply = apply;
	st->seen_staged = staged;
	return any;
}

static void reload(struct state *st)
{
	struct journal_page page = {session_account_id(st->session), 0, PAGE_ROWS};

	journal_changeset_list_done(&st->sets);
	st->ei.code = ERR_OK;
	journal_changesets(session_store(st->session), &page, &st->sets, &st->ei);
	list_refresh(&st->list);
}

/* --- view --- */

static enum err journal_open(struct view *v, const void *arg, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct list_source src = {row_count, row_key, row_text, row_compare, NULL, st};
	struct table_source cells = {columns, COL_COUNT, row_cell, NULL, st};

	(void)arg;
	(void)ei;
	st->session = view_session(v);
	journal_changeset_list_init(&st->sets);
	list_init(&st->list, &src);
	table_init(&st->table, &cells, &st->list);
	st->table.empty = "Nothing was posted to this account from this machine yet.";
	moved(st);
	reload(st);
	return ERR_OK;
}

static int lines_below(const struct state *st)
{
	return st->ei.code ? 1 : 0;
}

static void journal_layout(struct view *v, int cols, int rows)
{
	struct state *st = view_state(v);

	if (moved(st))
		reload(st);
	table_layout(&st->table, cols, rows - lines_below(st));
}

static void journal_draw(const struct view *v, struct canvas *c)
{
	const struct state *st = view_state(v);
	int below = lines_below(st);
	struct canvas body = canvas_sub(c, (struct rect){0, 0, c->area.w, c->area.h - below});

	table_draw(&st->table, &body);
	if (below)
		canvas_text(c, 1, c->area.h - 1, STYLE_ERROR, st->ei.msg, strlen(st->ei.msg));
}

/* --- commands --- */

static enum err show(struct view *v, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct buf out;
	size_t row;
	enum err err;

	if (!list_row(&st->list, &row))
		return err_set(ei, ERR_REFUSED, "no posting here");
	buf_init(&out, PAGE_BYTES);
	err = journal_page_text(session_store(st->session), set_at(st, row), &out, ei);
	if (!err)
		err = app_show_text(v->app, "Posting", buf_str(&out), ei);
	buf_done(&out);
	return err;
}

static enum err revert(struct view *v, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct revert_result r;
	size_t row;
	enum err err;

	if (!list_row(&st->list, &row))
		return err_set(ei, ERR_REFUSED, "no posting here");
	err = revert_stage(st->session, set_at(st, row)->id, &r, ei);
	if (err)
		return err;
	if (!r.staged) {
		app_message(v->app, STYLE_NOTE,
		    "nothing to restore: %zu are restored already, %zu did not come from here",
		    r.moot, r.not_ours);
		return ERR_OK;
	}
	err = app_push(v->app, &review_view, NULL, NULL, ei);
	app_message(v->app, STYLE_NOTE,
	    "%zu staged that restore what was before. What comes back gets a new id and a new "
	    "date; what was delivered in between is not undone",
	    r.staged);
	return err;
}

/* The line items of the posting, as they were before and after it. */
static enum err show_moments(struct view *v, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct moments_arg arg = {NULL, 0};
	size_t row;

	if (!list_row(&st->list, &row))
		return err_set(ei, ERR_REFUSED, "no posting here");
	arg.changeset = set_at(st, row)->id;
	return app_push(v->app, &moments_view, &arg, NULL, ei);
}

static enum err export_to(struct view *v, const char *path, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct buf out;
	enum err err;

	buf_init(&out, EXPORT_BYTES);
	err =
	    journal_json_all(session_store(st->session), session_account_id(st->session), &out, ei);
	if (!err)
		err = fs_write(path, out.p ? out.p : "", out.len, ei);
	if (!err)
		app_message(v->app, STYLE_NOTE, "journal written to %.200s", path);
	buf_done(&out);
	return err;
}

static enum err journal_command(struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct state *st = view_state(v);

	switch (call->cmd->id) {
	case VIEWS_REVERT:
		return revert(v, ei);
	case VIEWS_EXPORT_JOURNAL:
		return export_to(v, call->argv[0], ei);
	case VIEWS_AS_OF:
		return show_moments(v, ei);
	case VIEWS_SETTLE:
		return applying_settle(st->session, ei);
	default:
		return show(v, ei);
	}
}

static bool journal_can(const struct view *v, const struct command *cmd, char *reason, size_t cap)
{
	const struct state *st = view_state(v);

	if (cmd->id == VIEWS_SETTLE && !applying_unsettled(st->session)) {
		snprintf(reason, cap, "no outcome is unknown");
		return false;
	}
	return true;
}

static void journal_describe(const struct view *v, struct view_about *a)
{
	const struct state *st = view_state(v);

	snprintf(a->title, sizeof a->title, "Journal of what was posted");
	snprintf(a->crumb, sizeof a->crumb, "Journal");
	table_position(&st->table, a->position, sizeof a->position);
	a->loading = applying_busy(st->session);
	a->progress = -1;
	a->hints = "open revert as-of settle filter";
}

static struct table *journal_table(struct view *v)
{
	struct state *st = view_state(v);

	return &st->table;
}

static void journal_done(struct view *v)
{
	struct state *st = view_state(v);

	list_done(&st->list);
	journal_changeset_list_done(&st->sets);
}

const struct view_ops journal_view = {
    .name = "journal",
    .title = "Journal",
    .parent = "table",
    .commands = "open details revert as-of settle export-journal",
    .state_size = sizeof(struct state),
    .open = journal_open,
    .layout = journal_layout,
    .draw = journal_draw,
    .command = journal_command,
    .can = journal_can,
    .describe = journal_describe,
    .table = journal_table,
    .done = journal_done,
};
