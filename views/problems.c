/* Problems of the account: what lint finds in every line item whose criteria were read, with what
 * is staged. arg: NULL. */
#include <stdio.h>
#include <string.h>
#include "base/map.h"
#include "base/mem.h"
#include "tui/app.h"
#include "views/commands.h"
#include "views/detail.h"
#include "session/lint.h"
#include "views/rows.h"
#include "views/views.h"

enum column { COL_SEVERITY, COL_ITEM, COL_TITLE, COL_MESSAGE, COL_FIX, COL_RULE, COL_COUNT };

static const struct table_column columns[COL_COUNT] = {
    [COL_SEVERITY] = {"", 7, 7, 0, ALIGN_LEFT, CUT_END, COL_SORT | COL_REVERSE},
    [COL_ITEM] = {"Line item", 18, 40, 3, ALIGN_LEFT, CUT_MIDDLE, COL_SORT},
    [COL_TITLE] = {"Problem", 22, 44, 3, ALIGN_LEFT, CUT_END, COL_SORT},
    [COL_MESSAGE] = {"What", 12, 0, 4, ALIGN_LEFT, CUT_END, COL_SORT | COL_HIDEABLE},
    [COL_FIX] = {"Fix", 3, 3, 0, ALIGN_LEFT, CUT_END, COL_SORT | COL_REVERSE},
    [COL_RULE] = {"Rule", 12, 24, 0, ALIGN_LEFT, CUT_END, COL_SORT | COL_HIDEABLE | COL_HIDDEN},
};

struct row {
	uint32_t item; /* of the session's line items */
	uint32_t at; /* among its problems */
};

struct state {
	struct session *session;
	struct list list;
	struct table table;
	struct row *rows;
	size_t n_rows, cap_rows;
	struct lint_counts counts;
	uint64_t seen_lint, seen_items;
	bool no_memory;
	char empty[256];
};

/* --- rows --- */

static const struct line_item *item_at(const struct state *st, size_t row)
{
	return &session_line_items(st->session)->v[st->rows[row].item];
}

/* Rows are valid until the next change of line items or lint, and are then built anew before they
 * are drawn; a command in between must not fall on its face. */
static const struct lint_row *problem_at(const struct state *st, size_t row)
{
	static const struct lint_row none = {.message = (char *)""};
	const struct lint_row *v;
	size_t n;

	if (row >= st->n_rows || st->rows[row].item >= session_line_items(st->session)->n)
		return &none;
	v = lint_rows(st->session, item_at(st, row)->id, &n);
	return st->rows[row].at < n ? &v[st->rows[row].at] : &none;
}

static bool add_row(struct state *st, size_t item, size_t at)
{
	if (st->n_rows == st->cap_rows) {
		size_t cap = st->cap_rows ? st->cap_rows * 2 : 256;
		struct row *more = mem_realloc_array(st->rows, cap, sizeof *more);

		if (!more)
			return false;
		st->rows = more;
		st->cap_rows = cap;
	}
	st->rows[st->n_rows++] = (struct row){(uint32_t)item, (uint32_t)at};
	return true;
}

static void build(struct state *st)
{
	const struct line_item_set *items = session_line_items(st->session);

	st->n_rows = 0;
	st->no_memory = false;
	for (size_t i = 0; i < items->n; i++) {
		size_t n;

		lint_rows(st->session, items->v[i].id, &n);
		for (size_t k = 0; k < n && !st->no_memory; k++)
			st->no_memory = !add_row(st, i, k);
	}
	st->counts = lint_counts(st->session);
	list_refresh(&st->list);
}

static size_t row_count(const void *user)
{
	return ((const struct state *)user)->n_rows;
}

static uint64_t row_key(const void *user, size_t row)
{
	const struct state *st = user;
	const struct lint_row *p = problem_at(st, row);
	uint64_t key = map_hash(item_at(st, row)->id) * 31 + map_hash(p->message) * 7 + p->rule;

	return key ? key : 1;
}

static const char *item_name(const struct state *st, size_t row, char *out, size_t cap)
{
	return session_line_item_name(st->session, item_at(st, row)->id, out, cap);
}

static void row_text(const void *user, size_t row, struct buf *out)
{
	const struct state *st = user;
	const struct lint_row *p = problem_at(st, row);
	char name[96];

	buf_addf(out, "%s %s %s %s %s %s%s%s", rule_severity_name(p->severity),
	    item_name(st, row, name, sizeof name), item_at(st, row)->id, rule_info(p->rule)->title,
	    p->message, rule_info(p->rule)->id, p->fixable ? " fix" : "",
	    p->staged ? " staged" : "");
}

static int row_compare(const void *user, size_t a, size_t b, int column)
{
	const struct state *st = user;
	const struct lint_row *x = problem_at(st, a), *y = problem_at(st, b);
	char one[96], two[96];

	switch ((enum column)column) {
	case COL_SEVERITY:
		return (int)x->severity - (int)y->severity;
	case COL_ITEM:
		return compare_text(
		    item_name(st, a, one, sizeof one), item_name(st, b, two, sizeof two));
	case COL_TITLE:
		return compare_text(rule_info(x->rule)->title, rule_info(y->rule)->title);
	case COL_MESSAGE:
		return compare_text(x->message, y->message);
	case COL_FIX:
		return (int)x->fixable - (int)y->fixable;
	default:
		return compare_text(rule_info(x->rule)->id, rule_info(y->rule)->id);
	}
}

static void row_cell(const void *user, size_t row, int column, struct table_cell *out)
{
	static const enum style styles[] = {STYLE_DIM, STYLE_WARNING, STYLE_ERROR};
	const struct state *st = user;
	const struct lint_row *p = problem_at(st, row);

	switch ((enum column)column) {
	case COL_SEVERITY:
		row_cell_text(out, rule_severity_name(p->severity));
		out->style = styles[p->severity];
		break;
	case COL_ITEM:
		row_cell_text(out, item_name(st, row, out->scratch, sizeof out->scratch));
		break;
	case COL_TITLE:
		row_cell_text(out, rule_info(p->rule)->title);
		break;
	case COL_MESSAGE:
		row_cell_text(out, p->message);
		out->style = p->staged ? STYLE_CHANGED : STYLE_DIM;
		break;
	case COL_FIX:
		row_cell_text(out, p->fixable ? "yes" : "");
		out->style = STYLE_OK;
		break;
	default:
		row_cell_text(out, rule_info(p->rule)->id);
		out->style = STYLE_DIM;
		break;
	}
}

/* --- view --- */

static enum err problems_open(struct view *v, const void *arg, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct list_source src = {row_count, row_key, row_text, row_compare, NULL, st};
	struct table_source cells = {columns, COL_COUNT, row_cell, NULL, st};

	(void)arg;
	(void)ei;
	st->session = view_session(v);
	list_init(&st->list, &src);
	table_init(&st->table, &cells, &st->list);
	list_set_sort(&st->list, COL_SEVERITY, true);
	lint_want(st->session);
	build(st);
	return ERR_OK;
}

static const char *empty_text(struct state *st)
{
	struct data_state items = session_state(st->session, DATA_LINE_ITEMS);

	if (!st->counts.n_items && items.loading)
		return "Reading the line items from X...";
	if (!st->counts.n_items && items.ei.code) {
		snprintf(st->empty, sizeof st->empty,
		    "The line items could not be read: %.180s; R tries again.", items.ei.msg);
		return st->empty;
	}
	if (st->counts.running)
		return "Checking the line items...";
	if (!st->counts.n_items)
		return "No line items were read yet.";
	if (st->counts.n_read < st->counts.n_items)
		return "No problem in what was read so far. R reads the other line items.";
	return "No problem found in any line item.";
}

static void problems_layout(struct view *v, int cols, int rows)
{
	struct state *st = view_state(v);
	uint64_t lint = session_generation(st->session, DATA_LINT),
		 items = session_generation(st->session, DATA_LINE_ITEMS);

	/* while thousands are being read, they are checked once at the end */
	if (!session_criteria_loading(st->session))
		lint_want(st->session);
	if (lint != st->seen_lint || items != st->seen_items) {
		st->seen_lint = lint;
		st->seen_items = items;
		build(st);
	}
	st->counts = lint_counts(st->session);
	st->table.empty = empty_text(st);
	table_layout(&st->table, cols, rows - 1);
}

static void problems_draw(const struct view *v, struct canvas *c)
{
	const struct state *st = view_state(v);
	const struct lint_counts *n = &st->counts;
	struct canvas body = canvas_sub(c, (struct rect){0, 0, c->area.w, c->area.h - 1});
	int y = c->area.h - 1, x;
	char a[32], b[32];

	table_draw(&st->table, &body);
	x = canvas_strf(c, 0, y, STYLE_DIM, "%zu error%s, %zu warning%s, %zu note%s in ",
	    n->by_severity[RULE_ERROR], n->by_severity[RULE_ERROR] == 1 ? "" : "s",
	    n->by_severity[RULE_WARNING], n->by_severity[RULE_WARNING] == 1 ? "" : "s",
	    n->by_severity[RULE_NOTE], n->by_severity[RULE_NOTE] == 1 ? "" : "s");
	x = canvas_strf(c, x, y, STYLE_DIM, "%s of %s line items", table_number(a, n->n_checked),
	    table_number(b, n->n_items));
	if (st->no_memory)
		canvas_str(c, x, y, STYLE_ERROR, "; no memory to list them all");
	else if (n->n_read < n->n_items)
		canvas_strf(c, x, y, STYLE_NOTE, "; %s not read yet, R reads %s",
		    table_number(a, n->n_items - n->n_read),
		    n->n_items - n->n_read == 1 ? "it" : "them");
}

/* --- commands --- */

static enum err read_the_rest(struct state *st)
{
	const struct line_item_set *set = session_line_items(st->session);
	const char **ids;
	enum err err;

	if (session_state(st->session, DATA_LINE_ITEMS).ei.code) {
		session_refresh(st->session, DATA_LINE_ITEMS);
		return ERR_OK;
	}
	ids = mem_array(set->n + 1, sizeof *ids);
	if (!ids)
		return ERR_NOMEM;
	for (size_t i = 0; i < set->n; i++)
		ids[i] = set->v[i].id;
	/* those never read; when all were, all of them again */
	err = session_fetch_criteria(st->session, ids, set->n,
	    st->counts.n_read < st->counts.n_items ? INT64_MAX : 0, REQ_USER);
	mem_free(ids);
	lint_again(st->session);
	return err;
}

static enum err explain(struct view *v, struct errinfo *ei)
{
	struct state *st = view_state(v);
	const struct rule_info *rule;
	const struct lint_row *p;
	char name[96];
	struct buf out;
	size_t row;
	enum err err;

	if (!list_row(&st->list, &row))
		return err_set(ei, ERR_REFUSED, "no problem here");
	p = problem_at(st, row);
	rule = rule_info(p->rule);
	buf_init(&out, 1 << 20);
	buf_addf(
	    &out, "# %s: %s\n%s\n\n", rule_severity_name(p->severity), rule->title, rule->reason);
	detail_line(&out, "line item", item_name(st, row, name, sizeof name));
	detail_line(&out, "id", item_at(st, row)->id);
	detail_line(&out, "what", p->message);
	detail_line(&out, "caused by", p->staged ? "a staged change" : "what the account has");
	detail_line(&out, "rule", rule->id);
	detail_line(&out, "source", rule->source);
	buf_addf(&out, "\n# What to do\n%s\n",
	    p->fixable ? "a stages what mends it; you see it in the review before anything is sent."
		       : "Only you can decide; o opens the line item.");
	err = out.failed ? err_set(ei, out.failed, "the explanation is too large to show")
			 : app_show_text(v->app, "Problem", buf_str(&out), ei);
	buf_done(&out);
	return err;
}

struct target { /* copies: staging a fix builds the rows anew */
	char *id, *message;
	enum rule_id rule;
};

static void free_targets(struct target *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		mem_free(v[i].id);
		mem_free(v[i].message);
	}
	mem_free(v);
}

static size_t take_targets(struct state *st, struct target *v, enum err *err)
{
	size_t it = 0, row, n = 0;

	while (list_selected(&st->list, &it, &row)) {
		const struct lint_row *p = problem_at(st, row);

		v[n] = (struct target){
		    mem_strdup(item_at(st, row)->id), mem_strdup(p->message), p->rule};
		if (!v[n].id || !v[n].message)
			*err = ERR_NOMEM;
		n++;
	}
	return n;
}

static enum err fix(struct view *v, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct target *t = mem_array(list_selected_count(&st->list) + 1, sizeof *t);
	size_t n, fixed = 0, skipped = 0, staged, unstaged;
	enum err err = ERR_OK;

	if (!t)
		return err_set(ei, ERR_NOMEM, "no memory to stage this; nothing was staged");
	n = take_targets(st, t, &err);
	if (err)
		err_set(ei, err, "no memory to stage this; nothing was staged");
	for (size_t i = 0; i < n && !err; i++) {
		struct lint_at at = {t[i].id, t[i].message, t[i].rule};

		err = lint_fix(st->session, &at, &staged, &unstaged, ei);
		if (!err)
			fixed++;
		else if (n > 1 && (err == ERR_REFUSED || err == ERR_NOTFOUND)) {
			skipped++; /* another fix may have mended it too */
			err = ERR_OK;
		}
	}
	if (!err) {
		list_mark_clear(&st->list);
		if (!skipped)
			app_message(v->app, STYLE_NOTE, "%zu mended; u undoes, r reviews", fixed);
		else if (fixed)
			app_message(v->app, STYLE_NOTE,
			    "%zu mended, the other %zu only you can decide; u undoes, r reviews",
			    fixed, skipped);
		else
			app_message(v->app, STYLE_NOTE,
			    "only you can decide how to mend these; o opens their line items");
		lint_want(st->session);
	}
	free_targets(t, n);
	return err;
}

static enum err open_item(struct view *v, struct errinfo *ei)
{
	struct state *st = view_state(v);
	const char *id;
	struct id_list arg = {&id, 1};
	size_t row;

	if (!list_row(&st->list, &row))
		return err_set(ei, ERR_REFUSED, "no problem here");
	id = item_at(st, row)->id;
	return app_push(v->app, &criteria_view, &arg, NULL, ei);
}

static enum err problems_command(
    struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct state *st = view_state(v);
	size_t row;

	switch (call->cmd->id) {
	case VIEWS_OPEN:
	case VIEWS_DETAILS:
		return explain(v, ei);
	case VIEWS_FIX:
		return fix(v, ei);
	case VIEWS_LINE_ITEM:
		return open_item(v, ei);
	case VIEWS_COPY_ID:
		if (list_row(&st->list, &row))
			app_message(
			    v->app, STYLE_NOTE, "id of this line item: %s", item_at(st, row)->id);
		return ERR_OK;
	default: /* refresh */
		return read_the_rest(st);
	}
}

static bool problems_can(const struct view *v, const struct command *cmd, char *reason, size_t cap)
{
	const struct state *st = view_state(v);
	size_t row;

	/* of several, those that can be mended are */
	if (cmd->id == VIEWS_FIX && !list_marked(&st->list) && !st->list.range_anchor &&
	    list_row(&st->list, &row) && !problem_at(st, row)->fixable) {
		snprintf(
		    reason, cap, "only you can decide how to mend this; o opens the line item");
		return false;
	}
	return true;
}

static void problems_describe(const struct view *v, struct view_about *a)
{
	const struct state *st = view_state(v);

	snprintf(a->title, sizeof a->title, "Problems");
	table_position(&st->table, a->position, sizeof a->position);
	a->loading = st->counts.running || session_criteria_loading(st->session);
	a->progress = -1;
	if (session_criteria_loading(st->session))
		snprintf(a->progress_text, sizeof a->progress_text, "reading criteria");
	else if (a->loading)
		snprintf(a->progress_text, sizeof a->progress_text, "checking");
	a->hints = "open fix line-item filter sort refresh";
}

static struct table *problems_table(struct view *v)
{
	struct state *st = view_state(v);

	return &st->table;
}

static void problems_done(struct view *v)
{
	struct state *st = view_state(v);

	list_done(&st->list);
	mem_free(st->rows);
}

const struct view_ops problems_view = {
    .name = "problems",
    .title = "Problems",
    .parent = "table",
    .commands = "open details fix line-item copy-id refresh",
    .state_size = sizeof(struct state),
    .open = problems_open,
    .layout = problems_layout,
    .draw = problems_draw,
    .command = problems_command,
    .can = problems_can,
    .describe = problems_describe,
    .table = problems_table,
    .done = problems_done,
};
