/* The criteria of one or several line items. arg: const struct id_list *, the line items. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "tui/app.h"
#include "views/commands.h"
#include "views/criteria_model.h"
#include "views/judge.h"
#include "views/rows.h"
#include "views/session.h"
#include "views/staging.h"
#include "views/views.h"

#define FRESH_S 30 /* a set read less than this ago is not read again on opening */
#define EXPR_MEMBERS 4 /* members of a group that the expression line spells out */
#define HEAD_MAX 7

enum column {
	COL_SIGN,
	COL_VALUE,
	COL_STATE,
	COL_ITEM,
	COL_KIND,
	COL_RAW,
	COL_UPDATED,
	COL_ID,
	COL_COUNT
};

static const struct table_column columns[COL_COUNT] = {
    [COL_SIGN] = {"", 9, 9, 0, ALIGN_LEFT, CUT_END, COL_NONE},
    [COL_VALUE] = {"Value", 20, 0, 5, ALIGN_LEFT, CUT_MIDDLE, COL_SORT},
    [COL_STATE] = {"Staged", 13, 13, 0, ALIGN_LEFT, CUT_END, COL_SORT | COL_REVERSE},
    [COL_ITEM] = {"Line item", 12, 40, 3, ALIGN_LEFT, CUT_MIDDLE, COL_SORT},
    [COL_KIND] = {"Kind", 8, 14, 0, ALIGN_LEFT, CUT_END, COL_SORT | COL_HIDEABLE},
    [COL_RAW] = {"API value", 12, 24, 1, ALIGN_LEFT, CUT_MIDDLE, COL_SORT | COL_HIDEABLE},
    [COL_UPDATED] = {"Updated", 10, 10, 0, ALIGN_LEFT, CUT_END,
	COL_SORT | COL_HIDEABLE | COL_REVERSE},
    [COL_ID] = {"ID", 8, 10, 0, ALIGN_LEFT, CUT_MIDDLE, COL_HIDEABLE},
};

struct reach { /* an estimate that was asked for with `test` */
	struct req_id req;
	struct estimate value;
	struct errinfo ei;
	bool known;
};

struct state {
	struct session *session;
	struct list list;
	struct table table;
	struct criteria_model model;
	struct errinfo error;
	uint64_t seen[DATA_KINDS];
	struct buf before, after; /* expression of the first line item as it is, and as staged */
	struct problem_list problems;
	struct reach reach_before, reach_after;
	int head; /* lines above the table */
};

/* --- rows --- */

static const struct effective_row *row_at(const struct state *st, size_t row)
{
	return criteria_model_row(&st->model, row);
}

static size_t row_count(const void *user)
{
	const struct state *st = user;

	return st->model.n_rows;
}

static uint64_t row_key(const void *user, size_t row)
{
	const struct state *st = user;

	return criteria_model_key(&st->model, row);
}

static const char *item_name(const struct state *st, size_t row, char *out, size_t cap)
{
	return session_line_item_name(
	    st->session, st->model.ids[st->model.rows[row].item], out, cap);
}

static const char *state_word(const struct effective_row *r)
{
	if (r->state == EFFECTIVE_ADDED)
		return r->held ? "+ added, held" : "+ added";
	if (r->state == EFFECTIVE_REMOVED)
		return r->held ? "- goes, held" : "- removed";
	return "";
}

static const char *sign_word(const struct criterion *c)
{
	static const char *const words[OP_COUNT] = {[OP_EQ] = "+ include",
	    [OP_NE] = "- exclude",
	    [OP_GTE] = "> at least",
	    [OP_LT] = "< under",
	    [OP_OTHER] = "? other"};

	return words[c->op];
}

static void row_text(const void *user, size_t row, struct buf *out)
{
	const struct state *st = user;
	const struct effective_row *r = row_at(st, row);
	char name[96];

	buf_addf(out, "%s %s %s %s %s %s", judge_label(st->session, r->criterion),
	    r->criterion->value, type_info(r->criterion->type)->label, r->criterion->type_name,
	    sign_word(r->criterion), state_word(r));
	if (st->model.n_ids > 1)
		buf_addf(out, " %s", item_name(st, row, name, sizeof name));
}

/* Included before excluded, otherwise by the column. */
static int row_compare(const void *user, size_t a, size_t b, int column)
{
	const struct state *st = user;
	const struct effective_row *x = row_at(st, a), *y = row_at(st, b);
	char one[96], two[96];

	switch ((enum column)column) {
	case COL_STATE:
		return (int)x->state - (int)y->state;
	case COL_ITEM:
		return strcasecmp(
		    item_name(st, a, one, sizeof one), item_name(st, b, two, sizeof two));
	case COL_KIND:
		return strcasecmp(x->criterion->location_type ? x->criterion->location_type : "",
		    y->criterion->location_type ? y->criterion->location_type : "");
	case COL_RAW:
		return strcmp(x->criterion->value, y->criterion->value);
	case COL_UPDATED:
		return (x->criterion->updated_at > y->criterion->updated_at) -
		       (x->criterion->updated_at < y->criterion->updated_at);
	default:
		return strcasecmp(
		    judge_label(st->session, x->criterion), judge_label(st->session, y->criterion));
	}
}

static uint32_t row_group(const void *user, size_t row)
{
	const struct state *st = user;
	const struct criterion *c = row_at(st, row)->criterion;

	return c->type == TYPE_UNKNOWN ? TYPE_COUNT : (uint32_t)c->type;
}

static void group_cell(const void *user, size_t row, struct table_cell *out)
{
	static const char *const classes[] = {[CLASS_PRIMARY] = "any of these groups",
	    [CLASS_OTHER] = "and",
	    [CLASS_MODIFIER] = "narrows engagement",
	    [CLASS_LEGACY] = "retired type"};
	const struct state *st = user;
	const struct criterion *c = row_at(st, row)->criterion;

	if (c->type == TYPE_UNKNOWN)
		snprintf(out->scratch, sizeof out->scratch, "%.80s (not known to this program)",
		    c->type_name);
	else
		snprintf(out->scratch, sizeof out->scratch, "%s  (%s)", type_info(c->type)->label,
		    classes[type_info(c->type)->class]);
	row_cell_text(out, out->scratch);
}

static void cell_value(
    const struct state *st, const struct effective_row *r, struct table_cell *out)
{
	const struct audience *a = type_info(r->criterion->type)->value == VALUE_AUDIENCE
				       ? session_audience(st->session, r->criterion->value)
				       : NULL;

	row_cell_text(out, judge_label(st->session, r->criterion));
	if (r->state == EFFECTIVE_ADDED)
		out->style = STYLE_ADDED;
	else if (r->state == EFFECTIVE_REMOVED)
		out->style = STYLE_REMOVED;
	else if (a && !a->targetable)
		out->style = STYLE_WARNING;
}

static void row_cell(const void *user, size_t row, int column, struct table_cell *out)
{
	const struct state *st = user;
	const struct effective_row *r = row_at(st, row);
	char text[21];

	switch ((enum column)column) {
	case COL_SIGN:
		row_cell_text(out, sign_word(r->criterion));
		out->style = r->criterion->op == OP_NE ? STYLE_EXCLUDE : STYLE_INCLUDE;
		break;
	case COL_VALUE:
		cell_value(st, r, out);
		break;
	case COL_STATE:
		row_cell_text(out, state_word(r));
		out->style = r->state == EFFECTIVE_ADDED ? STYLE_ADDED : STYLE_REMOVED;
		break;
	case COL_ITEM:
		row_cell_text(out, item_name(st, row, out->scratch, sizeof out->scratch));
		out->style = STYLE_DIM;
		break;
	case COL_KIND:
		rows_words(r->criterion->location_type, out->scratch, sizeof out->scratch);
		row_cell_text(out, out->scratch);
		out->style = STYLE_DIM;
		break;
	case COL_RAW:
		row_cell_text(out, r->criterion->value);
		out->style = STYLE_DIM;
		break;
	case COL_UPDATED:
		if (!r->criterion->updated_at)
			break;
		clock_format_utc(r->criterion->updated_at, text);
		text[10] = '\0';
		row_cell_copy(out, text);
		out->style = STYLE_DIM;
		break;
	default:
		row_cell_text(out, r->criterion->id);
		out->style = STYLE_DIM;
		break;
	}
}

/* --- building --- */

static void describe_set(struct state *st)
{
	struct expr_lookup lookup = judge_expr_lookup(st->session);
	const struct effective *e = &st->model.sets[0];
	struct judge j;
	struct rule_lookup rules;

	buf_clear(&st->before);
	buf_clear(&st->after);
	expr_line(&st->before, e->before, e->n_before, &lookup, EXPR_MEMBERS);
	expr_line(&st->after, e->after, e->n_after, &lookup, EXPR_MEMBERS);
	problem_list_clear(&st->problems);
	if (st->model.unknown)
		return;
	judge_init(&j, st->session);
	rules = judge_rule_lookup(&j);
	for (size_t i = 0; i < st->model.n_ids; i++) {
		struct rule_ctx ctx = {
		    .line_item = session_line_item(st->session, st->model.ids[i]),
		    .set = &st->model.sets[i],
		    .lookup = &rules,
		    .account_id = session_account_id(st->session)};

		rules_check(&st->problems, &ctx);
	}
	judge_done(&j);
}

static bool moved(struct state *st)
{
	static const enum data_kind kinds[] = {DATA_CRITERIA, DATA_STAGED, DATA_AUDIENCES,
	    DATA_CAMPAIGNS, DATA_LINE_ITEMS, DATA_USERS};
	bool any = false;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		uint64_t g = session_generation(st->session, kinds[i]);

		any |= g != st->seen[kinds[i]];
		st->seen[kinds[i]] = g;
	}
	return any;
}

static void rebuild(struct state *st)
{
	st->error.code = ERR_OK;
	criteria_model_build(&st->model, st->session, &st->error);
	describe_set(st);
	list_refresh(&st->list);
}

static enum err criteria_open(struct view *v, const void *arg, struct errinfo *ei)
{
	const struct id_list *a = arg;
	struct state *st = view_state(v);
	struct list_source src = {row_count, row_key, row_text, row_compare, row_group, st};
	struct table_source cells = {columns, COL_COUNT, row_cell, group_cell, st};

	if (!a || !a->n)
		return err_set(ei, ERR_REFUSED, "no line item was chosen");
	st->session = view_session(v);
	if (criteria_model_init(&st->model, a->ids, a->n))
		return err_set(ei, ERR_NOMEM, "no memory for the criteria");
	buf_init(&st->before, 65536);
	buf_init(&st->after, 65536);
	problem_list_init(&st->problems);
	list_init(&st->list, &src);
	table_init(&st->table, &cells, &st->list);
	if (a->n == 1)
		st->table.hidden |= 1u << COL_ITEM;
	list_set_sort(&st->list, COL_VALUE, false);
	moved(st);
	rebuild(st);
	return ERR_OK;
}

static void criteria_load(struct view *v)
{
	struct state *st = view_state(v);

	session_fetch_criteria(
	    st->session, (const char *const *)st->model.ids, st->model.n_ids, FRESH_S, REQ_USER);
}

/* --- drawing --- */

/* Text over several lines, broken at blanks. Returns how many lines it takes; draws when c is given. */
static int wrapped(struct canvas *c, struct rect r, enum style style, const char *text)
{
	int y = 0, x = 0;

	while (*text) {
		size_t n = strcspn(text, " ");
		int w = (int)text_width(text, n);

		if (x > 0 && x + 1 + w > r.w) {
			y++;
			x = 0;
		}
		if (y >= r.h)
			return r.h;
		x += x > 0;
		if (c && y == r.h - 1 && x + w > r.w - 2 && text[n])
			canvas_str(c, r.x + x, r.y + y, STYLE_DIM, text_is_ascii() ? "..." : "…");
		else if (c)
			canvas_text(c, r.x + x, r.y + y, style, text, n);
		x += w;
		text += n + (text[n] == ' ');
	}
	return y + 1;
}

static void reach_text(const struct reach *r, char *out, size_t cap)
{
	char low[32], high[32];

	if (r->req.gen)
		snprintf(out, cap, "asking X...");
	else if (r->ei.code)
		snprintf(out, cap, "not available: %.200s", r->ei.msg);
	else
		snprintf(out, cap, "%s to %s people",
		    table_number(low, (unsigned long long)r->value.min),
		    table_number(high, (unsigned long long)r->value.max));
}

static int draw_reach(const struct state *st, struct canvas *c, int y)
{
	char before[300], after[300];
	int x;

	if (!st->reach_before.known)
		return y;
	reach_text(&st->reach_before, before, sizeof before);
	x = canvas_str(c, 1, y, STYLE_DIM, "reach ");
	x = canvas_str(c, x, y, STYLE_NORMAL, before);
	if (st->reach_after.known) {
		reach_text(&st->reach_after, after, sizeof after);
		x = canvas_str(c, x, y, STYLE_DIM, "  staged: ");
		x = canvas_str(c, x, y, STYLE_CHANGED, after);
		if (!st->reach_after.ei.code && !st->reach_before.ei.code &&
		    !st->reach_after.req.gen && !st->reach_before.req.gen &&
		    st->reach_before.value.min > 0)
			canvas_strf(c, x, y, STYLE_CHANGED, " (%+lld%%)",
			    (long long)((st->reach_after.value.min - st->reach_before.value.min) *
					100 / st->reach_before.value.min));
	}
	return y + 1;
}

static int draw_expression(const struct state *st, struct canvas *c, int y, int cols)
{
	bool differs = strcmp(buf_str(&st->before), buf_str(&st->after)) != 0;
	struct rect r = {8, y, cols - 9, 2};

	if (st->model.n_ids > 1)
		return y;
	canvas_str(c, 1, y, STYLE_DIM, "now");
	y += wrapped(c, r, STYLE_NORMAL, buf_str(&st->before));
	if (!differs)
		return y;
	r.y = y;
	canvas_str(c, 1, y, STYLE_DIM, "staged");
	return y + wrapped(c, r, STYLE_CHANGED, buf_str(&st->after));
}

static int draw_problems(const struct state *st, struct canvas *c, int y, int cols)
{
	const struct problem_list *p = &st->problems;
	struct canvas_field f = {1, y, cols - 2, STYLE_WARNING, ALIGN_LEFT, CUT_END};
	char text[400];

	if (!p->count[RULE_ERROR] && !p->count[RULE_WARNING])
		return y;
	f.style = p->count[RULE_ERROR] ? STYLE_ERROR : STYLE_WARNING;
	snprintf(text, sizeof text, "! %zu problem%s: %.340s",
	    p->count[RULE_ERROR] + p->count[RULE_WARNING],
	    p->count[RULE_ERROR] + p->count[RULE_WARNING] == 1 ? "" : "s", p->v[0].message);
	canvas_field(c, &f, text, strlen(text));
	return y + 1;
}

static int draw_head(const struct state *st, struct canvas *c, int cols)
{
	int y = draw_expression(st, c, 0, cols);

	y = draw_reach(st, c, y);
	y = draw_problems(st, c, y, cols);
	if (st->error.code) {
		canvas_strf(c, 1, y++, STYLE_ERROR, "%s", st->error.msg);
	} else if (st->model.unknown && !session_criteria_loading(st->session)) {
		canvas_strf(c, 1, y++, STYLE_WARNING,
		    "%zu of %zu line items were never read; R reads them", st->model.unknown,
		    st->model.n_ids);
	}
	return y;
}

/* Lines that the head takes, without drawing it: the table gets the rest. */
static int head_lines(const struct state *st, int cols)
{
	struct rect r = {0, 0, cols - 9, 2};
	int y = 0;

	if (st->model.n_ids == 1) {
		y += wrapped(NULL, r, STYLE_NORMAL, buf_str(&st->before));
		if (strcmp(buf_str(&st->before), buf_str(&st->after)) != 0)
			y += wrapped(NULL, r, STYLE_NORMAL, buf_str(&st->after));
	}
	y += st->reach_before.known;
	y += st->problems.count[RULE_ERROR] || st->problems.count[RULE_WARNING];
	y += st->error.code || (st->model.unknown && !session_criteria_loading(st->session));
	return y < HEAD_MAX ? y : HEAD_MAX;
}

static void criteria_layout(struct view *v, int cols, int rows)
{
	struct state *st = view_state(v);

	if (moved(st))
		rebuild(st);
	st->table.empty =
	    st->model.unknown
		? (session_criteria_loading(st->session) ? "Reading the criteria..."
							 : "Not read yet. R reads them from X.")
		: "No criteria: this targets everyone worldwide. a adds one.";
	st->head = head_lines(st, cols);
	table_layout(&st->table, cols, rows - st->head);
}

static void criteria_draw(const struct view *v, struct canvas *c)
{
	const struct state *st = view_state(v);
	struct canvas head = canvas_sub(c, (struct rect){0, 0, c->area.w, st->head});
	struct canvas body =
	    canvas_sub(c, (struct rect){0, st->head, c->area.w, c->area.h - st->head});

	draw_head(st, &head, c->area.w);
	table_draw(&st->table, &body);
}

/* --- commands --- */

static enum err stage(struct view *v, struct change_set *set, struct errinfo *ei)
{
	struct state *st = view_state(v);
	size_t staged;
	enum err err = staging_add(st->session, set->v, set->n, &staged, ei);

	if (!err)
		app_message(v->app, STYLE_NOTE, "%zu staged; u undoes, r reviews", staged);
	return err;
}

/* Removal of the selected rows: live ones are staged, staged additions are taken back. */
static enum err remove_rows(struct view *v, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct change_set set;
	uint64_t *back = mem_array(list_selected_count(&st->list) + 1, sizeof *back);
	size_t it = 0, row, n_back = 0, already = 0;
	enum err err = back ? ERR_OK : ERR_NOMEM;

	change_set_init(&set);
	while (!err && list_selected(&st->list, &it, &row)) {
		const struct effective_row *r = row_at(st, row);
		struct change c = {0};

		if (r->state == EFFECTIVE_ADDED) {
			back[n_back++] = r->change->id;
		} else if (r->state == EFFECTIVE_REMOVED) {
			already++;
		} else {
			change_from_criterion(&c, CHANGE_DELETE, r->criterion);
			if (!c.name)
				c.name = judge_label(st->session, r->criterion);
			err = change_set_copy(&set, &c) ? ERR_OK : ERR_NOMEM;
		}
	}
	if (err)
		err_set(ei, err, "no memory to stage this; nothing was staged");
	if (!err && n_back) {
		err = staging_remove(st->session, back, n_back, ei);
		if (!err)
			app_message(v->app, STYLE_NOTE, "%zu staged addition%s taken back", n_back,
			    n_back == 1 ? "" : "s");
	}
	if (!err && set.n)
		err = stage(v, &set, ei);
	else if (!err && already && !n_back)
		app_message(v->app, STYLE_NOTE, "already staged for removal; u undoes");
	if (!err)
		list_mark_clear(&st->list);
	change_set_done(&set);
	mem_free(back);
	return err;
}

static enum err flip_one(
    struct state *st, const struct effective_row *r, struct change_set *set, struct errinfo *ei)
{
	enum operator_type other = r->criterion->op == OP_NE ? OP_EQ : OP_NE;
	struct change del = {0}, add = {0};

	if (!type_allows(r->criterion->type, other) || r->criterion->op > OP_NE)
		return err_set(ei, ERR_REFUSED, "%s can only be %s",
		    type_info(r->criterion->type)->label, other == OP_NE ? "included" : "excluded");
	if (r->state != EFFECTIVE_LIVE)
		return err_set(
		    ei, ERR_REFUSED, "flip works on what the account has; u undoes what is staged");
	change_from_criterion(&del, CHANGE_DELETE, r->criterion);
	change_from_criterion(&add, CHANGE_CREATE, r->criterion);
	add.op = other;
	add.criterion_id = NULL;
	add.name = judge_label(st->session, r->criterion);
	if (!change_set_copy(set, &del) || !change_set_copy(set, &add))
		return err_set(ei, ERR_NOMEM, "no memory to stage this; nothing was staged");
	return ERR_OK;
}

static enum err flip_rows(struct view *v, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct change_set set;
	size_t it = 0, row;
	enum err err = ERR_OK;

	change_set_init(&set);
	while (!err && list_selected(&st->list, &it, &row))
		err = flip_one(st, row_at(st, row), &set, ei);
	if (!err)
		err = stage(v, &set, ei);
	if (!err)
		list_mark_clear(&st->list);
	change_set_done(&set);
	return err;
}

static void on_estimate(struct req_id id, struct api_result *res, void *user)
{
	struct view *v = user;
	struct state *st = view_state(v);
	struct reach *r = req_same(id, st->reach_before.req) ? &st->reach_before : &st->reach_after;

	if (!req_same(id, r->req))
		return;
	r->req = (struct req_id){0};
	r->ei = res->ei;
	r->ei.code = res->err;
	if (!res->err)
		r->value = res->estimate;
	view_touch(v, TOUCH_ALL);
	session_notify(st->session, DATA_BIT(DATA_STATUS));
}

static bool has_primary(const struct criterion *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (expr_role(v[i]->type, v[i]->op) == EXPR_PRIMARY)
			return true;
	return false;
}

static enum err ask_reach(
    struct view *v, struct reach *r, const struct criterion *const *set, size_t n)
{
	struct state *st = view_state(v);
	struct api_call call = {
	    on_estimate, v, session_owner_of_view(st->session, v->id), REQ_USER};
	struct criterion *flat = mem_array(n, sizeof *flat);
	struct estimate_query q = {session_account_id(st->session), flat, n};

	if (!flat)
		return ERR_NOMEM;
	*r = (struct reach){.known = true};
	for (size_t i = 0; i < n; i++)
		flat[i] = *set[i];
	if (!has_primary(set, n))
		err_set(&r->ei, ERR_REFUSED,
		    "X estimates only sets with a keyword, interest, audience, follower or TV "
		    "criterion");
	else
		r->req = api_estimate(session_api(st->session), &q, &call);
	mem_free(flat);
	return ERR_OK;
}

static enum err test_reach(struct view *v, struct errinfo *ei)
{
	struct state *st = view_state(v);
	const struct effective *e = &st->model.sets[0];
	enum err err;

	if (st->model.n_ids > 1)
		return err_set(ei, ERR_REFUSED, "open a single line item to estimate its reach");
	st->reach_after = (struct reach){0};
	err = ask_reach(v, &st->reach_before, e->before, e->n_before);
	if (!err && (e->n_added || e->n_removed))
		err = ask_reach(v, &st->reach_after, e->after, e->n_after);
	session_refresh(st->session, DATA_AUDIENCES);
	view_touch(v, TOUCH_ALL);
	return err ? err_set(ei, err, "no memory to ask for the reach") : ERR_OK;
}

static enum err go_change(struct view *v, bool forward, struct errinfo *ei)
{
	struct state *st = view_state(v);
	size_t pos = st->list.cursor, n = st->list.n_visible, row;
	bool header;

	for (size_t step = 1; step <= n; step++) {
		size_t at = forward ? (pos + step) % n : (pos + n - step % n) % n;

		if (list_line(&st->list, at, &row, &header) && !header &&
		    row_at(st, row)->state != EFFECTIVE_LIVE) {
			list_goto_pos(&st->list, at);
			view_touch(v, TOUCH_ALL);
			return ERR_OK;
		}
	}
	return err_set(ei, ERR_REFUSED, "nothing is staged here");
}

static enum err show_details(struct view *v, struct errinfo *ei)
{
	struct state *st = view_state(v);
	const struct effective_row *r;
	char name[96], when[21] = "-";
	struct buf out;
	size_t row;
	enum err err;

	if (!list_row(&st->list, &row))
		return err_set(ei, ERR_REFUSED, "no criterion here");
	r = row_at(st, row);
	if (r->criterion->updated_at)
		clock_format_utc(r->criterion->updated_at, when);
	buf_init(&out, 65536);
	buf_addf(&out,
	    "# Targeting criterion\nvalue        %s\nAPI value    %s\ntype         %s (%s)\n"
	    "operator     %s\nline item    %s\nid           %s\nupdated      %s\n",
	    judge_label(st->session, r->criterion), r->criterion->value,
	    type_info(r->criterion->type)->label, r->criterion->type_name,
	    op_name(r->criterion->op), item_name(st, row, name, sizeof name),
	    r->criterion->id ? r->criterion->id : "(staged, has no id yet)", when);
	if (text_is_deceptive(r->criterion->value, strlen(r->criterion->value))) {
		buf_adds(&out, "exact bytes  ");
		text_escape(&out, r->criterion->value, strlen(r->criterion->value));
		buf_addc(&out, '\n');
	}
	buf_adds(&out, "# Problems of the line item\n");
	for (size_t i = 0; i < st->problems.n; i++)
		buf_addf(&out, "%s: %s\n    %s\n", rule_severity_name(st->problems.v[i].severity),
		    st->problems.v[i].message, rule_info(st->problems.v[i].rule)->reason);
	if (!st->problems.n)
		buf_adds(&out, "none found\n");
	err = out.failed ? err_set(ei, out.failed, "the details are too large to show")
			 : app_show_text(v->app, "Criterion", buf_str(&out), ei);
	buf_done(&out);
	return err;
}

static enum err open_where_used(struct view *v, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct where_used_arg arg;
	size_t row;

	if (!list_row(&st->list, &row))
		return err_set(ei, ERR_REFUSED, "no criterion here");
	arg = (struct where_used_arg){row_at(st, row)->criterion->type_name,
	    row_at(st, row)->criterion->value,
	    judge_label(st->session, row_at(st, row)->criterion)};
	return app_push(v->app, &where_used_view, &arg, NULL, ei);
}

static enum err criteria_command(
    struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct id_list ids = {(const char *const *)st->model.ids, st->model.n_ids};
	size_t row;

	switch (call->cmd->id) {
	case VIEWS_ADD:
		return picker_start(v->app, &ids, ei);
	case VIEWS_REMOVE:
		return remove_rows(v, ei);
	case VIEWS_FLIP:
		return flip_rows(v, ei);
	case VIEWS_TEST:
		return test_reach(v, ei);
	case VIEWS_NEXT_CHANGE:
	case VIEWS_PREVIOUS_CHANGE:
		return go_change(v, call->cmd->id == VIEWS_NEXT_CHANGE, ei);
	case VIEWS_OPEN:
	case VIEWS_DETAILS:
		return show_details(v, ei);
	case VIEWS_WHERE_USED:
		return open_where_used(v, ei);
	case VIEWS_COPY_ID:
		if (list_row(&st->list, &row) && row_at(st, row)->criterion->id)
			app_message(v->app, STYLE_NOTE, "id of this criterion: %s",
			    row_at(st, row)->criterion->id);
		return ERR_OK;
	default: /* refresh */
		return session_fetch_criteria(st->session, ids.ids, ids.n, 0, REQ_USER);
	}
}

/* `test` asks about the set as a whole, so it has no need of a row. */
static bool criteria_can(const struct view *v, const struct command *cmd, char *reason, size_t cap)
{
	const struct state *st = view_state(v);

	if (cmd->id == VIEWS_TEST && st->model.n_ids > 1) {
		snprintf(reason, cap, "open a single line item to estimate its reach");
		return false;
	}
	return true;
}

static void criteria_describe(const struct view *v, struct view_about *a)
{
	const struct state *st = view_state(v);
	char name[96];

	if (st->model.n_ids == 1)
		snprintf(a->title, sizeof a->title, "%.150s",
		    session_line_item_name(st->session, st->model.ids[0], name, sizeof name));
	else
		snprintf(a->title, sizeof a->title, "Criteria of %zu line items", st->model.n_ids);
	snprintf(a->crumb, sizeof a->crumb, "Criteria");
	table_position(&st->table, a->position, sizeof a->position);
	a->loading = session_criteria_loading(st->session);
	a->progress = -1;
	if (a->loading)
		snprintf(a->progress_text, sizeof a->progress_text, "%zu read",
		    session_state(st->session, DATA_CRITERIA).rows);
	a->hints = "add remove flip undo test review";
}

static struct list *criteria_list(struct view *v)
{
	struct state *st = view_state(v);

	return &st->list;
}

static struct table *criteria_table(struct view *v)
{
	struct state *st = view_state(v);

	return &st->table;
}

static void criteria_done(struct view *v)
{
	struct state *st = view_state(v);

	problem_list_done(&st->problems);
	buf_done(&st->before);
	buf_done(&st->after);
	list_done(&st->list);
	criteria_model_done(&st->model);
}

const struct view_ops criteria_view = {
    .name = "criteria",
    .title = "Targeting criteria",
    .parent = "table",
    .commands =
	"add remove flip test next-change previous-change open details where-used copy-id refresh",
    .state_size = sizeof(struct state),
    .open = criteria_open,
    .load = criteria_load,
    .layout = criteria_layout,
    .draw = criteria_draw,
    .command = criteria_command,
    .can = criteria_can,
    .describe = criteria_describe,
    .list = criteria_list,
    .table = criteria_table,
    .done = criteria_done,
};
