/* Custom audiences, owned and shared, and whether they can be targeted. arg: NULL. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/text.h"
#include "targeting/rules.h"
#include "tui/app.h"
#include "views/commands.h"
#include "views/detail.h"
#include "session/lint.h"
#include "views/mark.h"
#include "views/rows.h"
#include "session/session.h"
#include "views/views.h"

#define WEB_MINIMUM 500 /* the web page hides smaller ones; the API targets from 100 (G43) */

enum column {
	COL_NAME,
	COL_MARK,
	COL_TYPE,
	COL_SIZE,
	COL_TARGETABLE,
	COL_PERMISSION,
	COL_OWNER,
	COL_UPDATED,
	COL_ID,
	COL_COUNT
};

static const struct table_column columns[COL_COUNT] = {
    [COL_NAME] = {"Audience", 20, 0, 3, ALIGN_LEFT, CUT_MIDDLE, COL_SORT},
    [COL_MARK] = MARK_COLUMN,
    [COL_TYPE] = {"Type", 8, 10, 0, ALIGN_LEFT, CUT_END, COL_SORT | COL_HIDEABLE},
    [COL_SIZE] = {"People", 10, 14, 0, ALIGN_RIGHT, CUT_END, COL_SORT | COL_REVERSE},
    [COL_TARGETABLE] = {"Targetable", 24, 34, 2, ALIGN_LEFT, CUT_END, COL_SORT},
    [COL_PERMISSION] = {"Permission", 10, 12, 0, ALIGN_LEFT, CUT_END, COL_SORT | COL_HIDEABLE},
    [COL_OWNER] = {"Owner", 14, 24, 2, ALIGN_LEFT, CUT_MIDDLE, COL_SORT | COL_HIDEABLE},
    [COL_UPDATED] = {"Updated", 7, 7, 0, ALIGN_RIGHT, CUT_END, COL_SORT | COL_HIDEABLE},
    [COL_ID] = {"ID", 6, 12, 0, ALIGN_LEFT, CUT_MIDDLE, COL_SORT | COL_HIDEABLE},
};

struct state {
	struct view *view;
	struct session *session;
	struct list list;
	struct table table;
	struct map marks; /* audience id to the problems that it is involved in */
	uint64_t seen, seen_lint;
	struct req_id test; /* the reading that t asked for; others are passed over */
	char why[400]; /* of the row under the cursor, for the lines below the table */
	int why_lines;
};

static const struct audience *audience_at(const struct state *st, size_t row)
{
	const struct audience_set *set = session_audiences(st->session);
	static const struct audience none = {.id = "", .audience_size = -1};

	return row < set->n ? &set->v[row] : &none;
}

/* is_owner is in old answers only; the owner's id is always there (reference 7.2) */
static bool is_own(const struct session *s, const struct audience *a)
{
	if (a->owner_account_id)
		return strcmp(a->owner_account_id, session_account_id(s)) == 0;
	return a->is_owner;
}

static void owner_text(const struct session *s, const struct audience *a, char *out, size_t cap)
{
	if (is_own(s, a))
		snprintf(out, cap, "own");
	else
		snprintf(out, cap, "shared by %s",
		    a->owner_account_id ? a->owner_account_id : "another account");
}

/* Every reason in words; also what the numbers mean that are below a limit. */
static void reasons_of(const struct audience *a, char *out, size_t cap)
{
	struct buf why;

	buf_init(&why, 4096);
	rules_audience_reasons(&why, a);
	snprintf(out, cap, "%s", buf_str(&why));
	if (a->targetable && a->audience_size >= 0 && a->audience_size < WEB_MINIMUM)
		snprintf(out, cap, "below %d people: X's web page hides it, targeting works",
		    WEB_MINIMUM);
	buf_done(&why);
}

/* --- rows --- */

static size_t row_count(const void *user)
{
	return session_audiences(((const struct state *)user)->session)->n;
}

static uint64_t row_key(const void *user, size_t row)
{
	return map_hash(audience_at(user, row)->id);
}

static void row_text(const void *user, size_t row, struct buf *out)
{
	const struct audience *a = audience_at(user, row);

	buf_addf(out, "%s %s %s %s %s", a->name ? a->name : "", a->id,
	    a->audience_type ? a->audience_type : "", a->targetable ? "yes" : "no",
	    a->reasons_not_targetable ? a->reasons_not_targetable : "");
}

static int row_compare(const void *user, size_t i, size_t j, int column)
{
	const struct audience *a = audience_at(user, i), *b = audience_at(user, j);

	switch ((enum column)column) {
	case COL_MARK:
		return mark_compare(marks_get(&((const struct state *)user)->marks, a->id),
		    marks_get(&((const struct state *)user)->marks, b->id));
	case COL_TYPE:
		return compare_text(a->audience_type, b->audience_type);
	case COL_SIZE:
		return compare_number(a->audience_size, b->audience_size);
	case COL_TARGETABLE:
		return compare_number(b->targetable, a->targetable);
	case COL_PERMISSION:
		return compare_text(a->permission_level, b->permission_level);
	case COL_OWNER:
		return compare_text(a->owner_account_id, b->owner_account_id);
	case COL_UPDATED:
		return compare_number(b->updated_at, a->updated_at);
	case COL_ID:
		return compare_text(a->id, b->id);
	default:
		return compare_text(a->name, b->name);
	}
}

static void cell_targetable(const struct audience *a, struct table_cell *out)
{
	const char *yes = text_is_ascii() ? "+ yes" : "\xE2\x9C\x93 yes";
	const char *no = text_is_ascii() ? "x no" : "\xE2\x9C\x97 no";
	char why[120];

	if (a->targetable) {
		out->style = STYLE_OK;
		row_cell_text(out, yes);
		return;
	}
	out->style = STYLE_WARNING;
	rows_words(a->reasons_not_targetable, why, sizeof why);
	why[0] = (char)tolower((unsigned char)why[0]);
	snprintf(out->scratch, sizeof out->scratch, "%s: %s", no, why[0] ? why : "no reason given");
	row_cell_text(out, out->scratch);
}

static void cell_size(const struct audience *a, struct table_cell *out)
{
	if (a->audience_size < 0) {
		row_cell_text(out, "not known");
		out->style = STYLE_DIM;
		return;
	}
	row_cell_text(out, table_number(out->scratch, (unsigned long long)a->audience_size));
}

static void row_cell(const void *user, size_t row, int column, struct table_cell *out)
{
	const struct state *st = user;
	const struct audience *a = audience_at(st, row);

	switch ((enum column)column) {
	case COL_NAME:
		row_cell_text(out, a->name ? a->name : "(no name)");
		break;
	case COL_MARK:
		mark_cell(marks_get(&st->marks, a->id), out);
		break;
	case COL_TYPE:
		row_cell_text(out, a->audience_type);
		break;
	case COL_SIZE:
		cell_size(a, out);
		break;
	case COL_TARGETABLE:
		cell_targetable(a, out);
		break;
	case COL_PERMISSION:
		rows_words(a->permission_level, out->scratch, sizeof out->scratch);
		row_cell_text(out, out->scratch);
		break;
	case COL_OWNER:
		owner_text(st->session, a, out->scratch, sizeof out->scratch);
		row_cell_text(out, out->scratch);
		break;
	case COL_UPDATED:
		if (a->updated_at)
			clock_format_age(clock_wall_s() - a->updated_at, out->scratch);
		row_cell_text(out, a->updated_at ? out->scratch : "");
		break;
	default:
		row_cell_text(out, a->id);
		out->style = STYLE_DIM;
		break;
	}
}

/* --- view --- */

static enum err audiences_open(struct view *v, const void *arg, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct list_source src = {row_count, row_key, row_text, row_compare, NULL, st};
	struct table_source cells = {columns, COL_COUNT, row_cell, NULL, st};

	(void)arg;
	(void)ei;
	st->view = v;
	st->session = view_session(v);
	st->seen = session_generation(st->session, DATA_AUDIENCES);
	st->seen_lint = session_generation(st->session, DATA_LINT);
	map_init(&st->marks);
	marks_by_audience(&st->marks, st->session);
	list_init(&st->list, &src);
	table_init(&st->table, &cells, &st->list);
	list_refresh(&st->list);
	return ERR_OK;
}

static void audiences_load(struct view *v)
{
	struct state *st = view_state(v);

	if (!session_state(st->session, DATA_AUDIENCES).known)
		session_refresh(st->session, DATA_AUDIENCES);
}

static void audiences_layout(struct view *v, int cols, int rows)
{
	struct state *st = view_state(v);
	struct data_state data = session_state(st->session, DATA_AUDIENCES);
	uint64_t now = session_generation(st->session, DATA_AUDIENCES);
	uint64_t lint = session_generation(st->session, DATA_LINT);
	size_t row;

	lint_want(st->session);
	if (now != st->seen || lint != st->seen_lint) {
		marks_by_audience(&st->marks, st->session);
		st->seen_lint = lint;
		st->seen = now;
		list_refresh(&st->list);
	}
	st->table.empty = detail_empty(
	    &data, "This account has no custom audience. They are made at ads.x.com or by API.");
	st->why[0] = '\0';
	if (list_row(&st->list, &row))
		reasons_of(audience_at(st, row), st->why, sizeof st->why);
	st->why_lines = data.ei.code ? 1 : detail_note_lines(st->why, cols);
	if (st->why_lines == 0)
		st->why_lines = 1; /* the table does not jump from row to row */
	table_layout(&st->table, cols, rows > st->why_lines ? rows - st->why_lines : 1);
}

static void audiences_draw(const struct view *v, struct canvas *c)
{
	const struct state *st = view_state(v);
	struct data_state data = session_state(st->session, DATA_AUDIENCES);
	int rows = c->area.h - st->why_lines;
	struct canvas body = canvas_sub(c, (struct rect){0, 0, c->area.w, rows});

	table_draw(&st->table, &body);
	if (data.ei.code)
		detail_failure(c, &data);
	else
		detail_note(c, rows, STYLE_WARNING, st->why);
}

/* --- details --- */

static enum err show_details(struct view *v, const struct audience *a, struct errinfo *ei)
{
	const struct session *s = view_session(v);
	char text[400], number[32];
	struct buf out;
	enum err err;

	buf_init(&out, (size_t)1 << 20);
	buf_adds(&out, "# Custom audience\n");
	detail_line(&out, "name", a->name);
	detail_line(&out, "id", a->id);
	detail_line(&out, "description", a->description);
	detail_line(&out, "type", a->audience_type);
	detail_line(&out, "people",
	    a->audience_size < 0 ? "not known"
				 : table_number(number, (unsigned long long)a->audience_size));
	detail_line(&out, "targetable", a->targetable ? "yes" : "no");
	reasons_of(a, text, sizeof text);
	detail_line(&out, a->targetable ? "note" : "why not", text);
	detail_line(&out, "usable as", a->targetable_types);
	detail_line(&out, "permission", a->permission_level);
	owner_text(s, a, text, sizeof text);
	detail_line(&out, "owner", text);
	detail_line(&out, "owner's account id", a->owner_account_id);
	detail_time(&out, "created (UTC)", a->created_at);
	detail_time(&out, "updated (UTC)", a->updated_at);
	buf_adds(&out, "# As X sent it\n");
	if (a->raw)
		detail_json(&out, a->raw);
	err = out.failed ? err_set(ei, out.failed, "the details are too large to show")
			 : app_show_text(v->app, "Custom audience", buf_str(&out), ei);
	buf_done(&out);
	return err;
}

/* --- test: ask X now --- */

static void tell_answer(struct state *st, const struct audience *now)
{
	const struct audience *shown = session_audience(st->session, now->id);
	const char *name = now->name ? now->name : now->id;
	char why[400];

	reasons_of(now, why, sizeof why);
	if (now->targetable)
		app_message(st->view->app, STYLE_OK, "%s: targetable now%s%s", name,
		    why[0] ? "; " : "", why);
	else
		app_message(st->view->app, STYLE_WARNING, "%s: not targetable now; %s", name, why);
	if (shown &&
	    (shown->targetable != now->targetable || shown->audience_size != now->audience_size))
		session_refresh(st->session, DATA_AUDIENCES);
}

static void on_test(struct req_id id, struct api_result *res, void *user)
{
	struct state *st = user;

	if (!req_same(id, st->test))
		return;
	if (res->last)
		st->test = (struct req_id){0};
	if (res->err)
		app_message_err(st->view->app, &res->ei);
	else if (res->audiences.n)
		tell_answer(st, &res->audiences.v[0]);
	else if (res->last && res->total == 0)
		app_message(st->view->app, STYLE_WARNING,
		    "X does not know this audience any more: it was deleted or is no longer "
		    "shared");
	view_touch(st->view, TOUCH_ALL);
}

static enum err test_now(struct view *v, const struct audience *a, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct session *s = st->session;
	struct list_query q = {.account_id = session_account_id(s),
	    .ids = &a->id,
	    .n_ids = 1,
	    .permission_scope = is_own(s, a) ? "OWNER" : "SHARED"};
	struct api_call call = {on_test, st, session_owner_of_view(s, v->id), REQ_USER};

	req_cancel(session_api(s), st->test);
	st->test = api_audiences(session_api(s), &q, &call);
	if (!st->test.gen)
		return err_set(ei, ERR_NOMEM, "no memory to ask X");
	return ERR_OK;
}

static enum err where_used(struct view *v, const struct audience *a, struct errinfo *ei)
{
	struct where_used_arg arg = {
	    type_info(TYPE_CUSTOM_AUDIENCE)->name, a->id, a->name ? a->name : a->id};

	return app_push(v->app, &where_used_view, &arg, NULL, ei);
}

static enum err audiences_command(
    struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct state *st = view_state(v);
	const struct audience *a;
	size_t row;

	if (call->cmd->id == VIEWS_REFRESH) {
		session_refresh(st->session, DATA_AUDIENCES);
		return ERR_OK;
	}
	if (!list_row(&st->list, &row))
		return err_set(ei, ERR_REFUSED, "no audience here");
	a = audience_at(st, row);
	switch (call->cmd->id) {
	case VIEWS_TEST:
		return test_now(v, a, ei);
	case VIEWS_WHERE_USED:
		return where_used(v, a, ei);
	case VIEWS_COPY_ID:
		app_message(v->app, STYLE_NOTE, "id of this audience: %s", a->id);
		return ERR_OK;
	default: /* open, details */
		return show_details(v, a, ei);
	}
}

static void audiences_describe(const struct view *v, struct view_about *a)
{
	const struct state *st = view_state(v);
	struct data_state data = session_state(st->session, DATA_AUDIENCES);

	snprintf(a->title, sizeof a->title, "Custom audiences");
	snprintf(a->crumb, sizeof a->crumb, "Audiences");
	table_position(&st->table, a->position, sizeof a->position);
	a->loading = data.loading || st->test.gen != 0;
	a->progress = -1;
	if (data.loading)
		snprintf(a->progress_text, sizeof a->progress_text, "%zu read", data.rows);
	else if (st->test.gen)
		snprintf(a->progress_text, sizeof a->progress_text, "asking X");
	a->hints = "details where-used test filter sort refresh";
}

static struct table *audiences_table(struct view *v)
{
	struct state *st = view_state(v);

	return &st->table;
}

static void audiences_done(struct view *v)
{
	struct state *st = view_state(v);

	list_done(&st->list);
	map_done(&st->marks);
}

const struct view_ops audiences_view = {
    .name = "audiences",
    .title = "Custom audiences",
    .parent = "table",
    .commands = "open details where-used test copy-id refresh",
    .state_size = sizeof(struct state),
    .open = audiences_open,
    .load = audiences_load,
    .layout = audiences_layout,
    .draw = audiences_draw,
    .command = audiences_command,
    .describe = audiences_describe,
    .table = audiences_table,
    .done = audiences_done,
};
