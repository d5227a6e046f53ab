/* The drafts of the account: several sets of staged changes, one of which is worked on. arg: NULL. */
#include "views/drafts.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "tui/app.h"
#include "views/commands.h"
#include "views/detail.h"
#include "session/draft.h"
#include "views/rows.h"
#include "views/views.h"

enum column { COL_NAME, COL_CHANGES, COL_ITEMS, COL_HELD, COL_AGE, COL_STATE, COL_COUNT };

static const struct table_column columns[COL_COUNT] = {
    [COL_NAME] = {"Draft", 16, 64, 3, ALIGN_LEFT, CUT_MIDDLE, COL_SORT},
    [COL_CHANGES] = {"Staged", 6, 9, 0, ALIGN_RIGHT, CUT_END, COL_SORT | COL_REVERSE},
    [COL_ITEMS] = {"Line items", 10, 10, 0, ALIGN_RIGHT, CUT_END, COL_SORT | COL_REVERSE},
    [COL_HELD] = {"Held", 5, 8, 0, ALIGN_RIGHT, CUT_END, COL_HIDEABLE},
    [COL_AGE] = {"Changed", 9, 12, 0, ALIGN_LEFT, CUT_END, COL_SORT | COL_REVERSE},
    [COL_STATE] = {"State", 18, 0, 2, ALIGN_LEFT, CUT_END, COL_NONE},
};

struct state {
	struct session *session;
	struct list list;
	struct table table;
	struct draft_names names;
	struct errinfo ei;
	uint64_t seen;
};

/* --- rows --- */

static const struct draft_name *at(const void *user, size_t row)
{
	return &((const struct state *)user)->names.v[row];
}

static size_t row_count(const void *user)
{
	return ((const struct state *)user)->names.n;
}

static uint64_t row_key(const void *user, size_t row)
{
	uint64_t key = map_hash(at(user, row)->name);

	return key ? key : 1;
}

static void row_text(const void *user, size_t row, struct buf *out)
{
	const struct draft_name *d = at(user, row);

	buf_addf(out, "%s%s", draft_title(d->name), d->deleted_at ? " deleted" : "");
}

static int row_compare(const void *user, size_t a, size_t b, int column)
{
	const struct draft_name *x = at(user, a), *y = at(user, b);

	switch ((enum column)column) {
	case COL_CHANGES:
		return compare_number((int64_t)x->n.staged, (int64_t)y->n.staged);
	case COL_ITEMS:
		return compare_number((int64_t)x->line_items, (int64_t)y->line_items);
	case COL_AGE:
		return compare_number(x->changed_at, y->changed_at);
	default:
		return compare_text(x->name, y->name);
	}
}

static bool is_active(const struct state *st, const struct draft_name *d)
{
	return !d->deleted_at && strcmp(d->name, draft_active(st->session)) == 0;
}

static void ago(int64_t at, char *out, size_t cap)
{
	char age[16];

	clock_format_age(clock_wall_s() - at, age);
	snprintf(out, cap, "%s%s", age, strcmp(age, "now") ? " ago" : "");
}

static void cell_state(const struct state *st, const struct draft_name *d, struct table_cell *out)
{
	char age[32];

	if (d->n.unknown) {
		snprintf(out->scratch, sizeof out->scratch, "%zu of unknown outcome", d->n.unknown);
		out->style = STYLE_DANGER;
	} else if (d->n.sending) {
		snprintf(out->scratch, sizeof out->scratch, "%zu being posted", d->n.sending);
		out->style = STYLE_NOTE;
	} else if (d->deleted_at) {
		ago(d->deleted_at, age, sizeof age);
		snprintf(out->scratch, sizeof out->scratch, "deleted %s", age);
		out->style = STYLE_DIM;
	} else if (is_active(st, d)) {
		snprintf(out->scratch, sizeof out->scratch, "you are here");
		out->style = STYLE_OK;
	}
	row_cell_text(out, out->scratch);
}

static void row_cell(const void *user, size_t row, int column, struct table_cell *out)
{
	const struct state *st = user;
	const struct draft_name *d = at(st, row);

	out->scratch[0] = '\0';
	switch ((enum column)column) {
	case COL_NAME:
		snprintf(out->scratch, sizeof out->scratch, "%s %s", is_active(st, d) ? "*" : " ",
		    draft_title(d->name));
		if (d->deleted_at)
			out->style = STYLE_DIM;
		break;
	case COL_CHANGES:
		snprintf(out->scratch, sizeof out->scratch, "%zu", d->n.staged);
		out->style = d->n.staged ? STYLE_CHANGED : STYLE_DIM;
		break;
	case COL_ITEMS:
		snprintf(out->scratch, sizeof out->scratch, "%zu", d->line_items);
		break;
	case COL_HELD:
		if (d->n.held)
			snprintf(out->scratch, sizeof out->scratch, "%zu", d->n.held);
		break;
	case COL_AGE:
		if (d->changed_at)
			ago(d->changed_at, out->scratch, sizeof out->scratch);
		break;
	default:
		cell_state(st, d, out);
		return;
	}
	row_cell_text(out, out->scratch);
}

/* The default draft is listed before anything was staged in it, too. */
static enum err add_default(struct draft_names *d)
{
	struct draft_name *v = d->v;

	for (size_t i = 0; i < d->n; i++)
		if (!d->v[i].name[0])
			return ERR_OK;
	if (d->n == d->cap) {
		v = mem_realloc_array(d->v, d->cap + 8, sizeof *v);
		if (!v)
			return ERR_NOMEM;
		d->cap += 8;
		d->v = v;
	}
	memmove(v + 1, v, d->n++ * sizeof *v);
	v[0] = (struct draft_name){.name = ""};
	return ERR_OK;
}

static void reload(struct state *st)
{
	st->seen = session_generation(st->session, DATA_STAGED);
	draft_names_done(&st->names);
	st->ei.code = ERR_OK;
	if (!drafts_names(
		session_store(st->session), session_account_id(st->session), &st->names, &st->ei) &&
	    add_default(&st->names))
		err_set(&st->ei, ERR_NOMEM, "no memory for the list of drafts");
	list_refresh(&st->list);
}

/* --- what can be done with a draft, from here and from the palette --- */

enum asked { ASK_NEW, ASK_RENAME, ASK_COPY };

static enum err answer(
    struct app *app, enum asked what, const char *from, const char *to, struct errinfo *ei)
{
	struct session *s = app_user(app);
	size_t n = 0;
	enum err err;

	if (what == ASK_RENAME) {
		err = draft_rename(s, from, to, ei);
		if (!err)
			app_message(
			    app, STYLE_NOTE, "draft %s has the name %s now", draft_title(from), to);
		return err;
	}
	err = what == ASK_COPY ? draft_copy(s, from, to, &n, ei)
			       : draft_switch(s, draft_name_of(to), ei);
	if (err)
		return err;
	if (what == ASK_COPY)
		app_message(app, STYLE_NOTE, "draft %s has the %zu change%s of %s; you are on it",
		    to, n, n == 1 ? "" : "s", draft_title(from));
	else
		app_message(app, STYLE_NOTE, "you are on draft %s: %zu staged",
		    draft_title(draft_active(s)),
		    drafts_count(session_store(s), session_account_id(s)).staged);
	return ERR_OK;
}

struct question {
	enum asked what;
	char from[65];
};

static void on_name(struct app *app, bool ok, const char *text, void *user)
{
	struct question *q = user;
	struct errinfo ei = {0};

	if (ok && answer(app, q->what, q->from, text, &ei))
		app_message_err(app, &ei);
	mem_free(q);
}

static enum err ask(struct app *app, enum asked what, const char *from, struct errinfo *ei)
{
	static const char *const labels[] = {
	    "name of the new draft: ", "new name: ", "name of the copy: "};
	struct question *q = mem_zalloc(sizeof *q);
	struct prompt p = {.label = labels[what],
	    .initial = what == ASK_RENAME ? from : NULL,
	    .max_bytes = 64,
	    .fn = on_name,
	    .user = q};
	enum err err;

	if (!q)
		return err_set(ei, ERR_NOMEM, "no memory to ask for a name");
	q->what = what;
	snprintf(q->from, sizeof q->from, "%s", from);
	err = app_prompt(app, &p, ei);
	if (err)
		mem_free(q);
	return err;
}

static enum err remove_draft(struct app *app, const char *name, struct errinfo *ei)
{
	struct session *s = app_user(app);
	char copy[65]; /* the row goes with the deletion */
	enum err err;

	snprintf(copy, sizeof copy, "%s", name);
	err = draft_delete(s, copy, ei);
	if (!err)
		app_message(app, STYLE_NOTE,
		    "draft %s is deleted; :draft-restore brings it back with its changes", copy);
	return err;
}

static enum err last_deleted(struct session *s, char out[65], struct errinfo *ei)
{
	struct draft_names d;
	int64_t at = 0;
	enum err err = drafts_names(session_store(s), session_account_id(s), &d, ei);

	out[0] = '\0';
	for (size_t i = 0; !err && i < d.n; i++)
		if (d.v[i].deleted_at > at) {
			at = d.v[i].deleted_at;
			snprintf(out, 65, "%s", d.v[i].name);
		}
	draft_names_done(&d);
	return err || out[0] ? err : err_set(ei, ERR_REFUSED, "no draft was deleted");
}

static enum err restore_draft(struct app *app, const char *given, struct errinfo *ei)
{
	struct session *s = app_user(app);
	char name[65];
	enum err err = ERR_OK;

	snprintf(name, sizeof name, "%s", given);
	if (!name[0])
		err = last_deleted(s, name, ei);
	if (!err)
		err = draft_restore(s, name, ei);
	if (!err)
		app_message(app, STYLE_NOTE, "draft %s is back with its changes", name);
	return err;
}

enum err drafts_run(
    struct app *app, const struct command_call *call, const char *of, struct errinfo *ei)
{
	const char *given = call->rest ? call->rest : "";
	char name[65]; /* `of` may be the active draft's, which changes */

	snprintf(name, sizeof name, "%s", of);

	switch (call->cmd->id) {
	case VIEWS_DRAFT:
	case VIEWS_DRAFT_NEW:
		return given[0] ? answer(app, ASK_NEW, name, given, ei)
				: ask(app, ASK_NEW, name, ei);
	case VIEWS_DRAFT_RENAME:
		return given[0] ? answer(app, ASK_RENAME, name, given, ei)
				: ask(app, ASK_RENAME, name, ei);
	case VIEWS_DRAFT_COPY:
		return given[0] ? answer(app, ASK_COPY, name, given, ei)
				: ask(app, ASK_COPY, name, ei);
	case VIEWS_DRAFT_DELETE:
		return remove_draft(app, given[0] ? draft_name_of(given) : name, ei);
	default: /* draft-restore */
		return restore_draft(app, given, ei);
	}
}

/* --- view --- */

static enum err drafts_open(struct view *v, const void *arg, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct list_source src = {row_count, row_key, row_text, row_compare, NULL, st};
	struct table_source cells = {columns, COL_COUNT, row_cell, NULL, st};

	(void)arg;
	(void)ei;
	st->session = view_session(v);
	list_init(&st->list, &src);
	table_init(&st->table, &cells, &st->list);
	reload(st);
	list_goto_key(&st->list, map_hash(draft_active(st->session)));
	return ERR_OK;
}

static void drafts_layout(struct view *v, int cols, int rows)
{
	struct state *st = view_state(v);

	if (session_generation(st->session, DATA_STAGED) != st->seen)
		reload(st);
	table_layout(&st->table, cols, rows - (st->ei.code ? 1 : 0));
}

static void drafts_draw(const struct view *v, struct canvas *c)
{
	const struct state *st = view_state(v);
	int below = st->ei.code ? 1 : 0;
	struct canvas body = canvas_sub(c, (struct rect){0, 0, c->area.w, c->area.h - below});

	table_draw(&st->table, &body);
	if (below)
		canvas_text(c, 1, c->area.h - 1, STYLE_ERROR, st->ei.msg, strlen(st->ei.msg));
}

static enum err open_draft(struct view *v, const struct draft_name *d, struct errinfo *ei)
{
	char name[65]; /* the list is read anew */
	enum err err = ERR_OK;

	snprintf(name, sizeof name, "%s", d->name);
	if (d->deleted_at)
		err = draft_restore(view_session(v), name, ei);
	return err ? err : answer(v->app, ASK_NEW, "", draft_title(name), ei);
}

static enum err drafts_command(struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct state *st = view_state(v);
	size_t row;

	if (call->cmd->id == VIEWS_UNDO)
		return restore_draft(v->app, "", ei);
	if (!list_row(&st->list, &row))
		return err_set(ei, ERR_REFUSED, "no draft here");
	if (call->cmd->id == VIEWS_OPEN)
		return open_draft(v, at(st, row), ei);
	return drafts_run(v->app, call, at(st, row)->name, ei);
}

static void drafts_describe(const struct view *v, struct view_about *a)
{
	const struct state *st = view_state(v);

	snprintf(a->title, sizeof a->title, "Drafts");
	snprintf(a->crumb, sizeof a->crumb, "Drafts");
	table_position(&st->table, a->position, sizeof a->position);
	a->progress = -1;
	a->hints = "open draft-new draft-rename draft-copy draft-delete undo review";
}

static struct table *drafts_table(struct view *v)
{
	struct state *st = view_state(v);

	return &st->table;
}

static void drafts_done(struct view *v)
{
	struct state *st = view_state(v);

	list_done(&st->list);
	draft_names_done(&st->names);
}

const struct view_ops drafts_view = {
    .name = "drafts",
    .title = "Drafts",
    .parent = "table",
    .commands = "open draft-new draft-rename draft-copy draft-delete undo",
    .state_size = sizeof(struct state),
    .open = drafts_open,
    .layout = drafts_layout,
    .draw = drafts_draw,
    .command = drafts_command,
    .describe = drafts_describe,
    .table = drafts_table,
    .done = drafts_done,
};
