#include "views/preview.h"

#include <stdio.h>
#include <string.h>
#include "base/map.h"
#include "base/mem.h"
#include "session/clip.h"
#include "views/commands.h"
#include "views/detail.h"
#include "session/judge.h"
#include "session/propose.h"
#include "views/rows.h"

#define FRESH_S 30 /* as in the criteria view */
#define RULE_MAX 1000

enum column { COL_FATE, COL_WHAT, COL_VALUE, COL_TYPE, COL_ITEM, COL_WHY, COL_COUNT };

static const struct table_column columns[COL_COUNT] = {
    [COL_FATE] = {"", 9, 9, 0, ALIGN_LEFT, CUT_END, COL_SORT},
    [COL_WHAT] = {"Change", 10, 10, 0, ALIGN_LEFT, CUT_END, COL_SORT},
    [COL_VALUE] = {"Value", 18, 0, 4, ALIGN_LEFT, CUT_MIDDLE, COL_SORT},
    [COL_TYPE] = {"Type", 12, 24, 1, ALIGN_LEFT, CUT_END, COL_SORT | COL_HIDEABLE},
    [COL_ITEM] = {"Line item", 14, 40, 3, ALIGN_LEFT, CUT_MIDDLE, COL_SORT},
    [COL_WHY] = {"Why", 10, 0, 3, ALIGN_LEFT, CUT_END, COL_SORT | COL_HIDEABLE},
};

struct state {
	struct session *session;
	struct list list;
	struct table table;
	struct arena fixed; /* ids and rule */
	const char **ids;
	size_t n_ids;
	struct criterion_set paste;
	struct replace_rule rule;
	bool replaces;
	struct replace_scope *scope; /* NULL: all rows */
	struct proposals found;
	struct errinfo ei;
	uint64_t seen_criteria, seen_staged;
};

/* --- rows --- */

static const struct proposal *at(const void *user, size_t row)
{
	return &((const struct state *)user)->found.v[row];
}

static size_t row_count(const void *user)
{
	return ((const struct state *)user)->found.n;
}

static uint64_t row_key(const void *user, size_t row)
{
	const struct change *c = &at(user, row)->change;
	uint64_t key = map_hash(c->line_item_id) * 31 + map_hash(c->type_name);

	key = key * 31 + map_hash(c->value) * 7 + (uint64_t)c->op * 3 + c->kind;
	return key ? key : 1;
}

static const char *item_name(const struct state *st, size_t row, char *out, size_t cap)
{
	return session_line_item_name(st->session, at(st, row)->change.line_item_id, out, cap);
}

static const char *label(const struct state *st, size_t row)
{
	struct criterion c;

	change_to_criterion(&at(st, row)->change, &c);
	return judge_label(st->session, &c);
}

static const char *fate_word(enum proposal_fate f)
{
	static const char *const words[] = {[PROPOSAL_NEW] = "new",
	    [PROPOSAL_THERE] = "there",
	    [PROPOSAL_ILLEGAL] = "illegal",
	    [PROPOSAL_KEPT] = "kept"};

	return words[f];
}

static const char *what_word(const struct change *c)
{
	if (c->kind == CHANGE_DELETE)
		return "- remove";
	return c->op == OP_NE ? "+ exclude" : "+ include";
}

static void row_text(const void *user, size_t row, struct buf *out)
{
	const struct state *st = user;
	const struct proposal *p = at(st, row);
	char name[96];

	buf_addf(out, "%s %s %s %s %s %s %s", fate_word(p->fate), what_word(&p->change),
	    label(st, row), p->change.value, type_info(p->change.type)->label,
	    item_name(st, row, name, sizeof name), p->why);
}

static int row_compare(const void *user, size_t a, size_t b, int column)
{
	const struct state *st = user;
	const struct proposal *x = at(st, a), *y = at(st, b);
	char one[96], two[96];

	switch ((enum column)column) {
	case COL_FATE:
		return (int)x->fate - (int)y->fate;
	case COL_WHAT:
		return strcmp(what_word(&x->change), what_word(&y->change));
	case COL_TYPE:
		return (int)x->change.type - (int)y->change.type;
	case COL_ITEM:
		return compare_text(
		    item_name(st, a, one, sizeof one), item_name(st, b, two, sizeof two));
	case COL_WHY:
		return compare_text(x->why, y->why);
	default:
		return compare_text(label(st, a), label(st, b));
	}
}

static void row_cell(const void *user, size_t row, int column, struct table_cell *out)
{
	static const enum style styles[] = {[PROPOSAL_NEW] = STYLE_OK,
	    [PROPOSAL_THERE] = STYLE_DIM,
	    [PROPOSAL_ILLEGAL] = STYLE_ERROR,
	    [PROPOSAL_KEPT] = STYLE_WARNING};
	const struct state *st = user;
	const struct proposal *p = at(st, row);

	switch ((enum column)column) {
	case COL_FATE:
		row_cell_text(out, fate_word(p->fate));
		out->style = styles[p->fate];
		break;
	case COL_WHAT:
		row_cell_text(out, what_word(&p->change));
		out->style = p->change.kind == CHANGE_DELETE ? STYLE_REMOVED : STYLE_ADDED;
		break;
	case COL_VALUE:
		row_cell_text(out, label(st, row));
		break;
	case COL_TYPE:
		row_cell_text(out, type_info(p->change.type)->label);
		out->style = STYLE_DIM;
		break;
	case COL_ITEM:
		row_cell_text(out, item_name(st, row, out->scratch, sizeof out->scratch));
		break;
	default:
		row_cell_text(out, p->why);
		out->style = styles[p->fate];
		break;
	}
	if (p->fate == PROPOSAL_THERE)
		out->style = STYLE_DIM;
}

/* --- view --- */

static void build(struct state *st)
{
	struct propose_what what = {st->replaces ? NULL : &st->paste,
	    st->replaces ? &st->rule : NULL, st->scope ? &st->scope->rows : NULL};

	st->ei.code = ERR_OK;
	propose(&st->found, st->session, st->ids, st->n_ids, &what, &st->ei);
	list_refresh(&st->list);
}

static enum err copy_arg(struct state *st, const struct preview_arg *a, struct errinfo *ei)
{
	const char *rule = a->rule ? arena_strdup(&st->fixed, a->rule) : "";
	bool ok = rule != NULL;

	st->ids = arena_alloc(&st->fixed, (a->line_items.n + 1) * sizeof *st->ids);
	st->replaces = a->rule != NULL;
	ok = ok && st->ids;
	for (size_t i = 0; ok && i < a->line_items.n; i++, st->n_ids++)
		ok = (st->ids[i] = arena_strdup(&st->fixed, a->line_items.ids[i])) != NULL;
	/* what was copied is copied again: the rule may point into it */
	for (size_t i = 0; ok && i < clip_get(st->session)->n; i++)
		ok = criterion_set_copy(&st->paste, &clip_get(st->session)->v[i]) != NULL;
	if (!ok)
		return err_set(ei, ERR_NOMEM, "no memory for the preview");
	return a->rule ? propose_parse(&st->fixed, rule, &st->paste, &st->rule, ei) : ERR_OK;
}

static void preview_done(struct view *v)
{
	struct state *st = view_state(v);

	list_done(&st->list);
	proposals_done(&st->found);
	criterion_set_done(&st->paste);
	replace_scope_free(st->scope);
	arena_done(&st->fixed);
}

static enum err preview_open(struct view *v, const void *arg, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct list_source src = {row_count, row_key, row_text, row_compare, NULL, st};
	struct table_source cells = {columns, COL_COUNT, row_cell, NULL, st};
	enum err err;

	st->session = view_session(v);
	arena_init(&st->fixed);
	criterion_set_init(&st->paste);
	proposals_init(&st->found);
	list_init(&st->list, &src);
	table_init(&st->table, &cells, &st->list);
	st->scope = ((const struct preview_arg *)arg)->scope;
	err = copy_arg(st, arg, ei);
	if (!err) {
		build(st);
		err = st->ei.code;
		*ei = err ? st->ei : *ei;
	}
	if (err) {
		st->scope = NULL; /* it stays the caller's */
		preview_done(v);
	}
	st->seen_criteria = session_generation(st->session, DATA_CRITERIA);
	st->seen_staged = session_generation(st->session, DATA_STAGED);
	return err;
}

static void preview_load(struct view *v)
{
	struct state *st = view_state(v);

	session_fetch_criteria(st->session, st->ids, st->n_ids, FRESH_S, REQ_USER);
}

static void preview_layout(struct view *v, int cols, int rows)
{
	struct state *st = view_state(v);
	uint64_t criteria = session_generation(st->session, DATA_CRITERIA),
		 staged = session_generation(st->session, DATA_STAGED);

	if (criteria != st->seen_criteria || staged != st->seen_staged) {
		st->seen_criteria = criteria;
		st->seen_staged = staged;
		build(st);
	}
	st->table.empty = st->found.n_unread ? "Reading the criteria of the line items..."
			  : st->replaces     ? "Nothing there that the rule looks for."
					     : "Nothing was copied.";
	table_layout(&st->table, cols, rows - 2);
}

static void preview_draw(const struct view *v, struct canvas *c)
{
	const struct state *st = view_state(v);
	const struct proposals *p = &st->found;
	struct canvas body = canvas_sub(c, (struct rect){0, 2, c->area.w, c->area.h - 2});
	int x;

	x = canvas_strf(c, 1, 0, STYLE_OK, "%zu to stage", p->count[PROPOSAL_NEW]);
	x = canvas_strf(c, x, 0, STYLE_DIM, " on %zu of %zu line items", p->n_items, st->n_ids);
	x = canvas_strf(c, x, 0, STYLE_DIM, ", %zu already there", p->count[PROPOSAL_THERE]);
	if (p->count[PROPOSAL_ILLEGAL])
		x = canvas_strf(
		    c, x, 0, STYLE_ERROR, ", %zu illegal there", p->count[PROPOSAL_ILLEGAL]);
	if (p->count[PROPOSAL_KEPT])
		canvas_strf(
		    c, x, 0, STYLE_WARNING, ", %zu stay as they are", p->count[PROPOSAL_KEPT]);
	if (st->ei.code)
		canvas_strf(c, 1, 1, STYLE_ERROR, "%s", st->ei.msg);
	else if (p->n_unread)
		canvas_strf(c, 1, 1, STYLE_WARNING,
		    "%zu line items were never read and would be left alone; R reads them",
		    p->n_unread);
	else
		canvas_strf(c, 1, 1, STYLE_DIM,
		    "A preview%s%s: nothing is staged yet. Enter stages what is new, q leaves.",
		    st->scope ? " over " : "", st->scope ? st->scope->words : "");
	table_draw(&st->table, &body);
}

static enum err stage(struct view *v, struct errinfo *ei)
{
	struct state *st = view_state(v);
	size_t staged;
	enum err err = proposals_stage(&st->found, st->session, &staged, ei);

	if (err)
		return err;
	app_message(v->app, STYLE_NOTE, "%zu staged; u undoes, r reviews", staged);
	app_close(v);
	return ERR_OK;
}

static enum err preview_command(struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct state *st = view_state(v);

	if (call->cmd->id == VIEWS_STAGE)
		return stage(v, ei);
	return session_fetch_criteria(st->session, st->ids, st->n_ids, 0, REQ_USER);
}

static void preview_describe(const struct view *v, struct view_about *a)
{
	const struct state *st = view_state(v);

	snprintf(a->title, sizeof a->title, st->replaces ? "Find and replace" : "Paste criteria");
	snprintf(a->crumb, sizeof a->crumb, st->replaces ? "Replace" : "Paste");
	table_position(&st->table, a->position, sizeof a->position);
	a->loading = session_criteria_loading(st->session);
	a->progress = -1;
	a->hints = "stage filter sort back";
}

static struct table *preview_table(struct view *v)
{
	struct state *st = view_state(v);

	return &st->table;
}

const struct view_ops preview_view = {
    .name = "preview",
    .title = "Preview of a paste or a replacement",
    .parent = "table",
    .commands = "stage refresh",
    .state_size = sizeof(struct state),
    .open = preview_open,
    .load = preview_load,
    .layout = preview_layout,
    .draw = preview_draw,
    .command = preview_command,
    .describe = preview_describe,
    .table = preview_table,
    .done = preview_done,
};

/* --- how it is opened --- */

enum err preview_paste(struct app *app, const struct id_list *ids, struct errinfo *ei)
{
	const struct criterion_set *copied = clip_get(app_user(app));
	struct preview_arg arg = {*ids, copied, NULL, NULL};

	if (!copied->n)
		return err_set(ei, ERR_REFUSED, "nothing was copied; y copies criteria");
	if (!ids->n)
		return err_set(ei, ERR_REFUSED, "no line item here");
	return app_push(app, &preview_view, &arg, NULL, ei);
}

struct asked { /* lives until the prompt answers */
	struct arena arena;
	struct id_list ids;
	struct replace_scope *scope;
};

static void free_asked(struct asked *a)
{
	replace_scope_free(a->scope);
	arena_done(&a->arena);
	mem_free(a);
}

static void on_rule(struct app *app, bool ok, const char *text, void *user)
{
	struct asked *a = user;
	struct preview_arg arg = {a->ids, NULL, text, a->scope};
	struct errinfo ei;

	if (ok && text[0]) {
		if (app_push(app, &preview_view, &arg, NULL, &ei))
			app_message_err(app, &ei);
		else
			a->scope = NULL; /* the view's */
	}
	free_asked(a);
}

struct replace_scope *replace_scope_new(void)
{
	struct replace_scope *s = mem_zalloc(sizeof *s);

	if (s)
		map_init(&s->rows);
	return s;
}

void replace_scope_free(struct replace_scope *s)
{
	if (s)
		map_done(&s->rows);
	mem_free(s);
}

static struct asked *keep_asked(const struct replace_ask *ask)
{
	struct asked *a = mem_zalloc(sizeof *a);
	const char **ids;

	if (!a)
		return NULL;
	arena_init(&a->arena);
	ids = arena_alloc(&a->arena, ask->line_items.n * sizeof *ids);
	for (size_t i = 0; ids && i < ask->line_items.n; i++) {
		ids[i] = arena_strdup(&a->arena, ask->line_items.ids[i]);
		if (!ids[i])
			ids = NULL;
	}
	a->ids = (struct id_list){ids, ask->line_items.n};
	if (ids)
		return a;
	free_asked(a);
	return NULL;
}

static enum err ask_for_rule(struct app *app, const struct replace_ask *ask, struct errinfo *ei)
{
	struct asked *a = keep_asked(ask);
	bool blank = !ask->initial || !ask->initial[0];
	char label[160];
	struct prompt p = {.label = label,
	    .initial = ask->initial,
	    .history = "replace",
	    .max_bytes = RULE_MAX,
	    .fn = on_rule,
	    .user = a};

	if (!a) {
		replace_scope_free(ask->scope);
		return err_set(ei, ERR_NOMEM, "no memory to ask");
	}
	a->scope = ask->scope;
	snprintf(label, sizeof label, "replace%s%s%s: ", ask->scope ? " in " : "",
	    ask->scope ? ask->scope->words : "",
	    blank ? " (s/OLD/NEW/ or TYPE=VALUE -> TYPE=VALUE)" : "");
	if (app_prompt(app, &p, ei)) {
		free_asked(a);
		return ei->code;
	}
	return ERR_OK;
}

enum err preview_replace(struct app *app, const struct replace_ask *ask, struct errinfo *ei)
{
	struct preview_arg arg = {ask->line_items, NULL, ask->rule, ask->scope};
	enum err err;

	if (!ask->line_items.n) {
		replace_scope_free(ask->scope);
		return err_set(ei, ERR_REFUSED, "no line item here");
	}
	if (!ask->rule || !ask->rule[0])
		return ask_for_rule(app, ask, ei);
	err = app_push(app, &preview_view, &arg, NULL, ei);
	if (err)
		replace_scope_free(ask->scope);
	return err;
}
