/* The review: every staged change grouped by line item, what is wrong with it, what it widens; the
 * only place that posts. After posting it shows what became of each operation. arg: NULL. */
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"
#include "tui/app.h"
#include "views/commands.h"
#include "session/draft.h"
#include "session/judge.h"
#include "views/review_view.h"
#include "views/rows.h"
#include "session/staging.h"
#include "views/views.h"

#define FRESH_S 30

enum column { COL_WHAT, COL_VALUE, COL_TYPE, COL_SIGN, COL_STATE, COL_RAW, COL_COUNT };

static const struct table_column columns[COL_COUNT] = {
    [COL_WHAT] = {"Change", 9, 9, 0, ALIGN_LEFT, CUT_END, COL_NONE},
    [COL_VALUE] = {"Value", 16, 0, 3, ALIGN_LEFT, CUT_MIDDLE, COL_SORT},
    [COL_TYPE] = {"Type", 10, 26, 1, ALIGN_LEFT, CUT_END, COL_SORT},
    [COL_SIGN] = {"Applies", 8, 8, 0, ALIGN_LEFT, CUT_END, COL_NONE},
    [COL_STATE] = {"State", 24, 0, 4, ALIGN_LEFT, CUT_END, COL_SORT},
    [COL_RAW] = {"API value", 16, 24, 0, ALIGN_LEFT, CUT_MIDDLE, COL_HIDEABLE | COL_HIDDEN},
};

/* --- rows --- */

static const struct review_row *row_at(const struct review_state *st, size_t row)
{
	return &st->model.rows[row];
}

static size_t row_count(const void *user)
{
	const struct review_state *st = user;

	return st->model.n_rows;
}

static uint64_t row_key(const void *user, size_t row)
{
	return row_at(user, row)->change->id;
}

static const char *label_of(const struct review_state *st, const struct change *c)
{
	struct criterion cr;

	if (c->name && c->name[0])
		return c->name;
	change_to_criterion(c, &cr);
	return judge_label(st->session, &cr);
}

static void row_text(const void *user, size_t row, struct buf *out)
{
	const struct review_state *st = user;
	const struct change *c = row_at(st, row)->change;
	char name[96];

	buf_addf(out, "%s %s %s %s %s", c->kind == CHANGE_CREATE ? "add" : "remove",
	    label_of(st, c), c->value, type_info(c->type)->label,
	    session_line_item_name(st->session, c->line_item_id, name, sizeof name));
}

static int row_compare(const void *user, size_t a, size_t b, int column)
{
	const struct review_state *st = user;
	const struct review_row *x = row_at(st, a), *y = row_at(st, b);

	switch ((enum column)column) {
	case COL_TYPE:
		return (int)x->change->type - (int)y->change->type;
	case COL_STATE:
		return (x->op ? (int)x->op->outcome : -1) - (y->op ? (int)y->op->outcome : -1);
	default:
		return strcasecmp(label_of(st, x->change), label_of(st, y->change));
	}
}

static uint32_t row_group(const void *user, size_t row)
{
	return row_at(user, row)->item;
}

static void group_cell(const void *user, size_t row, struct table_cell *out)
{
	const struct review_state *st = user;
	const struct review_item *it = &st->model.items[row_at(st, row)->item];
	char name[96];

	snprintf(out->scratch, sizeof out->scratch, "%.150s",
	    session_line_item_name(st->session, it->id, name, sizeof name));
	if (it->plan && it->live_known)
		snprintf(out->scratch + strlen(out->scratch),
		    sizeof out->scratch - strlen(out->scratch), "   %zu -> %zu criteria%s",
		    it->plan->widen.n_before, it->plan->widen.n_after,
		    it->plan->widen.worldwide_after            ? "   EVERYONE WORLDWIDE"
		    : widen_must_acknowledge(&it->plan->widen) ? "   WIDENS"
							       : "");
	if (it->plan && widen_must_acknowledge(&it->plan->widen))
		out->style = STYLE_DANGER;
	row_cell_text(out, out->scratch);
}

static const struct {
	const char *text;
	enum style style;
} outcomes[] = {
    [OUTCOME_PENDING] = {"waiting", STYLE_DIM},
    [OUTCOME_NOT_SENT] = {"not sent, still staged", STYLE_WARNING},
    [OUTCOME_REFUSED] = {"refused, still staged", STYLE_ERROR},
    [OUTCOME_UNKNOWN] = {"? unknown: no answer came; reading back", STYLE_DANGER},
    [OUTCOME_APPLIED] = {"applied, reading back", STYLE_NOTE},
    [OUTCOME_VERIFIED] = {"applied, seen in the account", STYLE_OK},
    [OUTCOME_ABSENT] = {"did not take effect, still staged", STYLE_WARNING},
    [OUTCOME_NOOP] = {"was so already, not sent", STYLE_DIM},
    [OUTCOME_CONFLICT] = {"changed by somebody else meanwhile, still staged", STYLE_WARNING},
};

static void cell_state(const struct review_row *r, struct table_cell *out)
{
	if (r->op) {
		out->style = outcomes[r->op->outcome].style;
		if (r->op->why[0])
			snprintf(out->scratch, sizeof out->scratch, "%.40s: %.200s",
			    outcomes[r->op->outcome].text, r->op->why);
		row_cell_text(out, r->op->why[0] ? out->scratch : outcomes[r->op->outcome].text);
	} else if (r->change->held) {
		out->style = STYLE_DIM;
		row_cell_text(out, "held back");
	} else if (r->noop != NOOP_NONE) {
		out->style = STYLE_DIM;
		row_cell_text(out, effective_why_text(r->noop));
	} else if (r->problem) {
		out->style = r->problem->severity == RULE_ERROR     ? STYLE_ERROR
			     : r->problem->severity == RULE_WARNING ? STYLE_WARNING
								    : STYLE_NOTE;
		row_cell_text(out, rule_info(r->problem->rule)->title);
	} else {
		row_cell_text(out, "staged");
	}
}

static void row_cell(const void *user, size_t row, int column, struct table_cell *out)
{
	static const char *const signs[OP_COUNT] = {"include", "exclude", "at least", "under", "?"};
	const struct review_state *st = user;
	const struct review_row *r = row_at(st, row);
	bool add = r->change->kind == CHANGE_CREATE;

	switch ((enum column)column) {
	case COL_WHAT:
		row_cell_text(out, add ? "+ add" : "- remove");
		out->style = add ? STYLE_ADDED : STYLE_REMOVED;
		break;
	case COL_VALUE:
		row_cell_text(out, label_of(st, r->change));
		out->style = r->change->held ? STYLE_DIM : add ? STYLE_ADDED : STYLE_REMOVED;
		break;
	case COL_TYPE:
		row_cell_text(out, r->change->type == TYPE_UNKNOWN
				       ? r->change->type_name
				       : type_info(r->change->type)->label);
		break;
	case COL_SIGN:
		row_cell_text(out, signs[r->change->op]);
		out->style = r->change->op == OP_NE ? STYLE_EXCLUDE : STYLE_INCLUDE;
		break;
	case COL_STATE:
		cell_state(r, out);
		break;
	default:
		row_cell_text(out, r->change->value);
		out->style = STYLE_DIM;
		break;
	}
}

/* --- building --- */

static bool moved(struct review_state *st)
{
	static const enum data_kind kinds[] = {DATA_STAGED, DATA_CRITERIA, DATA_APPLY,
	    DATA_AUDIENCES, DATA_LINE_ITEMS, DATA_CAMPAIGNS, DATA_USERS};
	bool any = false;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		uint64_t g = session_generation(st->session, kinds[i]);

		any |= g != st->seen[kinds[i]];
		st->seen[kinds[i]] = g;
	}
	return any;
}

/* Where the changes are that somebody misses here: in another draft. */
static void explain_empty(struct review_state *st)
{
	struct draft_names d = {0};
	struct errinfo ei;
	const char *here = draft_active(st->session);

	snprintf(st->empty, sizeof st->empty,
	    "Nothing is staged. Open a line item, then a adds and d removes criteria.");
	if (drafts_names(session_store(st->session), session_account_id(st->session), &d, &ei) ==
	    ERR_OK)
		for (size_t i = 0; i < d.n; i++)
			if (d.v[i].n.staged && !d.v[i].deleted_at && strcmp(d.v[i].name, here) != 0)
				snprintf(st->empty, sizeof st->empty,
				    "Nothing is staged in draft %.64s. Draft %.64s has %zu: "
				    ":drafts "
				    "lists them, Enter there goes over to one.",
				    draft_title(here), draft_title(d.v[i].name), d.v[i].n.staged);
	draft_names_done(&d);
}

static void rebuild(struct review_state *st)
{
	review_model_build(&st->model);
	if (!st->model.n_rows)
		explain_empty(st);
	widening_find(&st->widening, &st->model);
	merge_model_build(&st->merge, &st->merge_ei);
	list_refresh(&st->list);
}

void review_follow(struct review_state *st)
{
	if (moved(st))
		rebuild(st);
	else if (st->widening.n && !st->widening.v[0].reach[0][0] && session_api(st->session))
		widening_find(&st->widening, &st->model); /* the network came after the view */
}

static enum err review_open(struct view *v, const void *arg, struct errinfo *ei)
{
	struct review_state *st = view_state(v);
	struct list_source src = {row_count, row_key, row_text, row_compare, row_group, st};
	struct table_source cells = {columns, COL_COUNT, row_cell, group_cell, st};

	(void)arg;
	(void)ei;
	st->session = view_session(v);
	review_model_init(&st->model, st->session);
	merge_model_init(&st->merge, st->session);
	list_init(&st->list, &src);
	table_init(&st->table, &cells, &st->list);
	st->table.focus = COL_VALUE; /* the signs before it have no order */
	st->table.empty = st->empty;
	moved(st);
	rebuild(st);
	return ERR_OK;
}

/* What is judged must be what the account has: read the touched line items again. */
static void review_load(struct view *v)
{
	struct review_state *st = view_state(v);
	const char **ids = review_model_ids(&st->model);

	if (ids && st->model.n_items)
		session_fetch_criteria(st->session, ids, st->model.n_items, FRESH_S, REQ_USER);
	mem_free(ids);
}

/* --- view --- */

static void review_layout(struct view *v, int cols, int rows)
{
	struct review_state *st = view_state(v);

	review_follow(st);
	st->head = review_head(st, NULL, cols);
	if (st->head > rows / 2)
		st->head = rows / 2;
	table_layout(&st->table, cols, rows - st->head);
}

static void review_draw(const struct view *v, struct canvas *c)
{
	const struct review_state *st = view_state(v);
	struct canvas head = canvas_sub(c, (struct rect){0, 0, c->area.w, st->head});
	struct canvas body =
	    canvas_sub(c, (struct rect){0, st->head, c->area.w, c->area.h - st->head});

	review_head(st, &head, c->area.w);
	table_draw(&st->table, &body);
}

/* --- other commands --- */

static enum err unstage(struct view *v, struct errinfo *ei)
{
	struct review_state *st = view_state(v);
	uint64_t *ids = mem_array(list_selected_count(&st->list) + 1, sizeof *ids);
	size_t it = 0, row, n = 0;
	enum err err;

	if (!ids)
		return err_set(ei, ERR_NOMEM, "no memory to unstage");
	while (list_selected(&st->list, &it, &row))
		if (row_at(st, row)->staged)
			ids[n++] = row_at(st, row)->change->id;
	err = staging_remove(st->session, ids, n, ei);
	mem_free(ids);
	if (!err) {
		list_mark_clear(&st->list);
		app_message(v->app, STYLE_NOTE, "%zu taken off the stage; u brings %s back", n,
		    n == 1 ? "it" : "them");
	}
	return err;
}

static enum err hold(struct view *v, struct errinfo *ei)
{
	struct review_state *st = view_state(v);
	const struct change *c;
	size_t row;
	enum err err;

	if (!list_row(&st->list, &row))
		return err_set(ei, ERR_REFUSED, "no change here");
	c = row_at(st, row)->change;
	if (!row_at(st, row)->staged)
		return err_set(ei, ERR_REFUSED, "it is not staged any more");
	err = staging_hold(st->session, c->id, !c->held, ei);
	if (!err)
		list_move(&st->list, LIST_DOWN);
	return err;
}

static void add_problems(const struct review_state *st, const struct review_row *r, struct buf *out)
{
	const struct problem_list *p = &st->model.problems;
	bool any = false;

	for (size_t i = 0; i < p->n; i++) {
		if (strcmp(p->v[i].line_item_id, r->change->line_item_id) != 0)
			continue;
		buf_addf(out, "%s%s: %s: %s\n    %s\n",
		    any ? "" : "\n# Problems of the line item\n",
		    rule_severity_name(p->v[i].severity), rule_info(p->v[i].rule)->title,
		    p->v[i].message, rule_info(p->v[i].rule)->reason);
		any = true;
	}
}

static enum err show_details(struct view *v, struct errinfo *ei)
{
	struct review_state *st = view_state(v);
	const struct review_row *r;
	struct expr_lookup lookup = judge_expr_lookup(st->session);
	const struct effective *e;
	struct buf out;
	char name[96];
	size_t row;
	enum err err;

	if (!list_row(&st->list, &row))
		return err_set(ei, ERR_REFUSED, "no change here");
	r = row_at(st, row);
	e = &st->model.items[r->item].set;
	buf_init(&out, 1 << 20);
	buf_addf(&out, "# %s\nvalue        %s\nexact value  ",
	    r->change->kind == CHANGE_CREATE ? "Add" : "Remove", label_of(st, r->change));
	text_escape(&out, r->change->value, strlen(r->change->value));
	buf_addf(&out,
	    "\ntype         %s\noperator     %s\ncriterion    %s\nline item    %s\n# %s\n",
	    r->change->type_name, op_name(r->change->op),
	    r->change->criterion_id ? r->change->criterion_id
	    : r->staged             ? "(gets its id from X)"
				    : "(posted: the journal has its id)",
	    session_line_item_name(st->session, r->change->line_item_id, name, sizeof name),
	    r->staged ? "Before" : "The line item now");
	expr_line(&out, e->before, e->n_before, &lookup, 0);
	if (r->staged) {
		buf_adds(&out, "\n# After\n");
		expr_line(&out, e->after, e->n_after, &lookup, 0);
	}
	add_problems(st, r, &out);
	if (r->op)
		buf_addf(&out, "\n# What became of it\n%s%s%s\n", outcomes[r->op->outcome].text,
		    r->op->why[0] ? ": " : "", r->op->why);
	err = out.failed ? err_set(ei, out.failed, "the details are too large to show")
			 : app_show_text(v->app, "Change", buf_str(&out), ei);
	buf_done(&out);
	return err;
}

static enum err review_command(struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct review_state *st = view_state(v);

	switch (call->cmd->id) {
	case VIEWS_POST:
		return review_post(v, ei);
	case VIEWS_UNSTAGE:
	case VIEWS_REMOVE:
		return unstage(v, ei);
	case VIEWS_HOLD:
		return hold(v, ei);
	case VIEWS_PAUSE:
		applying_stop(st->session);
		return ERR_OK;
	case VIEWS_SETTLE:
		return applying_settle(st->session, ei);
	case VIEWS_REFRESH: {
		const char **ids = review_model_ids(&st->model);

		if (ids && st->model.n_items)
			session_fetch_criteria(st->session, ids, st->model.n_items, 0, REQ_USER);
		mem_free(ids);
		return ERR_OK;
	}
	default:
		return show_details(v, ei);
	}
}

/* What was posted is off the stage: only a revert takes it back. */
static bool is_any_staged(const struct review_state *st)
{
	size_t it = 0, row;

	while (list_selected(&st->list, &it, &row))
		if (row_at(st, row)->staged)
			return true;
	return list_shown(&st->list) == 0;
}

static bool review_can(const struct view *v, const struct command *cmd, char *reason, size_t cap)
{
	const struct review_state *st = view_state(v);
	struct errinfo ei;

	if ((cmd->id == VIEWS_UNSTAGE || cmd->id == VIEWS_REMOVE || cmd->id == VIEWS_HOLD) &&
	    !is_any_staged(st)) {
		snprintf(reason, cap,
		    "it was posted and is not staged any more; V in the journal takes it back");
		return false;
	}

	if (cmd->id == VIEWS_POST && review_may_post(st, &ei)) {
		snprintf(reason, cap, "%s", ei.msg);
		return false;
	}
	if (cmd->id == VIEWS_SETTLE && !applying_unsettled(st->session)) {
		snprintf(reason, cap, "no outcome is unknown");
		return false;
	}
	if (cmd->id == VIEWS_PAUSE && applying_status(st->session)->phase != APPLYING_RUNNING) {
		snprintf(reason, cap, "nothing is being posted");
		return false;
	}
	return true;
}

/* Nothing left to post: the rows tell what became of the last posting. */
static bool is_result(const struct review_state *st)
{
	for (size_t i = 0; i < st->model.n_rows; i++)
		if (st->model.rows[i].staged)
			return false;
	return st->model.n_rows && applying_status(st->session)->phase == APPLYING_DONE;
}

static void review_describe(const struct view *v, struct view_about *a)
{
	const struct review_state *st = view_state(v);

	snprintf(a->title, sizeof a->title, "%s",
	    is_result(st) ? "What was posted" : "Review of staged changes");
	snprintf(a->crumb, sizeof a->crumb, "Review");
	table_position(&st->table, a->position, sizeof a->position);
	a->loading = session_criteria_loading(st->session) || applying_busy(st->session);
	a->progress = -1;
	a->hints = st->merge.n_rows ? "merge post hold unstage open undo"
		   : is_result(st)  ? "open journal line-items back"
				    : "post hold unstage open undo";
}

static struct list *review_list(struct view *v)
{
	struct review_state *st = view_state(v);

	return &st->list;
}

static struct table *review_table(struct view *v)
{
	struct review_state *st = view_state(v);

	return &st->table;
}

static void review_done(struct view *v)
{
	struct review_state *st = view_state(v);

	list_done(&st->list);
	review_model_done(&st->model);
	merge_model_done(&st->merge);
}

const struct view_ops review_view = {
    .name = "review",
    .title = "Review",
    .parent = "table",
    .commands = "post unstage remove hold pause settle refresh open details",
    .state_size = sizeof(struct review_state),
    .open = review_open,
    .load = review_load,
    .layout = review_layout,
    .draw = review_draw,
    .command = review_command,
    .can = review_can,
    .describe = review_describe,
    .list = review_list,
    .table = review_table,
    .done = review_done,
};
