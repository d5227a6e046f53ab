#include "views/resolver.h"

#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"
#include "views/commands.h"
#include "session/options.h"
#include "views/rows.h"
#include "views/views.h"

#define HEAD 2 /* lines above the table */
#define CHOICES_MAX (RESOLVE_MAX_CHOICES + 20) /* of one line: what the list had, and a search */

enum column { COL_LINE, COL_TEXT, COL_STATE, COL_NAME, COL_KIND, COL_COUNTRY, COL_HERE, COL_COUNT };

static const struct table_column columns[COL_COUNT] = {
    [COL_LINE] = {"Line", 4, 5, 0, ALIGN_RIGHT, CUT_END, COL_NONE},
    [COL_TEXT] = {"Pasted", 14, 60, 2, ALIGN_LEFT, CUT_END, COL_SORT},
    [COL_STATE] = {"", 10, 10, 0, ALIGN_LEFT, CUT_END, COL_SORT},
    [COL_NAME] = {"Stands for", 24, 0, 6, ALIGN_LEFT, CUT_END, COL_SORT},
    [COL_KIND] = {"Kind", 11, 14, 0, ALIGN_LEFT, CUT_END, COL_SORT},
    [COL_COUNTRY] = {"Country", 7, 7, 0, ALIGN_LEFT, CUT_END, COL_HIDEABLE},
    [COL_HERE] = {"Here already", 12, 14, 0, ALIGN_LEFT, CUT_END, COL_HIDEABLE},
};

struct state {
	struct picker *picker; /* of the view below, which lives longer */
	struct list list;
	struct table table;
	struct pasted pasted;
	size_t count[PASTED_STATES];
	unsigned built; /* of the picker's rows that were resolved against */
	bool all_codes; /* they had every postal code of the country */
	size_t choosing, offered; /* the line that the open choice is about; how many rows it has */
	struct errinfo ei;
};

/* --- rows --- */

static const struct pasted_line *at(const void *user, size_t row)
{
	return &((const struct state *)user)->pasted.v[row];
}

static size_t row_count(const void *user)
{
	return ((const struct state *)user)->pasted.n;
}

static uint64_t row_key(const void *user, size_t row)
{
	return at(user, row)->line;
}

static const char *state_word(enum pasted_state s)
{
	static const char *const words[PASTED_STATES] = {[PASTED_EXACT] = "= exact",
	    [PASTED_CHOSEN] = "> chosen",
	    [PASTED_OPEN] = "? choose",
	    [PASTED_UNKNOWN] = "! unknown",
	    [PASTED_SKIPPED] = "- left out"};

	return words[s];
}

/* The row to show: what is meant, or the only one that may be. */
static const struct pick_row *shown(const struct pasted_line *l)
{
	const struct pick_row *r = pasted_choice(l);

	return r ? r : l->n == 1 && !l->more ? &l->choices[0] : NULL;
}

static const char *name_text(const struct pasted_line *l, char *out, size_t cap)
{
	const struct pick_row *r = shown(l);

	if (r)
		return r->name;
	if (l->n)
		snprintf(out, cap, "%zu fit: Enter chooses", l->n + l->more);
	else
		snprintf(out, cap, "nothing here is called so");
	return out;
}

static void row_text(const void *user, size_t row, struct buf *out)
{
	const struct pasted_line *l = at(user, row);

	buf_addf(out, "%s %s", l->text, state_word(pasted_state(l)));
	for (size_t i = 0; i < l->n; i++)
		buf_addf(out, " %s", l->choices[i].name);
}

static int row_compare(const void *user, size_t a, size_t b, int column)
{
	const struct pasted_line *x = at(user, a), *y = at(user, b);
	const struct pick_row *p = shown(x), *q = shown(y);

	switch ((enum column)column) {
	case COL_STATE:
		return (int)pasted_state(x) - (int)pasted_state(y);
	case COL_NAME:
		return strcmp(p ? p->name : "", q ? q->name : "");
	case COL_KIND:
		return strcmp(p && p->kind ? p->kind : "", q && q->kind ? q->kind : "");
	default:
		return strcmp(x->text, y->text);
	}
}

static void here_cell(const struct state *st, const struct pick_row *r, struct table_cell *out)
{
	const struct pick_use *u = pick_here(st->picker, st->picker->type, r->value);

	if (!u)
		return;
	out->style = STYLE_DIM;
	if (u->staged[0] || u->staged[1])
		row_cell_text(out, "staged");
	else if (u->live[0] + u->live[1] >= st->picker->n_ids)
		row_cell_text(out, u->live[1] ? "excluded" : "included");
	else
		row_cell_text(out, "on some");
}

static void row_cell(const void *user, size_t row, int column, struct table_cell *out)
{
	static const enum style styles[PASTED_STATES] = {[PASTED_EXACT] = STYLE_OK,
	    [PASTED_CHOSEN] = STYLE_OK,
	    [PASTED_OPEN] = STYLE_WARNING,
	    [PASTED_UNKNOWN] = STYLE_ERROR,
	    [PASTED_SKIPPED] = STYLE_DIM};
	const struct state *st = user;
	const struct pasted_line *l = at(user, row);
	const struct pick_row *r = shown(l);
	enum pasted_state s = pasted_state(l);

	switch ((enum column)column) {
	case COL_LINE:
		snprintf(out->scratch, sizeof out->scratch, "%zu", l->line);
		row_cell_text(out, out->scratch);
		out->style = STYLE_DIM;
		break;
	case COL_TEXT:
		row_cell_text(out, l->text);
		break;
	case COL_STATE:
		row_cell_text(out, state_word(s));
		out->style = styles[s];
		break;
	case COL_NAME:
		row_cell_text(out, name_text(l, out->scratch, sizeof out->scratch));
		out->style = !r ? styles[s] : s == PASTED_OPEN ? STYLE_WARNING : STYLE_NORMAL;
		break;
	case COL_KIND:
		pick_kind_cell(r ? r->kind : NULL, out);
		break;
	case COL_COUNTRY:
		row_cell_text(out, r ? r->country : NULL);
		break;
	default:
		if (r)
			here_cell(st, r, out);
		break;
	}
	if (s == PASTED_SKIPPED)
		out->style = STYLE_DIM;
}

/* --- view --- */

static void recount(struct state *st)
{
	pasted_count(&st->pasted, st->count);
	list_refresh(&st->list);
}

/* Resolve against the rows that the picker has by now. */
static void resolve(struct state *st, const char *text, size_t len)
{
	struct pasted_rows from = {.rows = &st->picker->rows};
	enum err err;

	pick_country_again(st->picker);
	from.all_codes = pick_has_all_codes(st->picker);
	err = pasted_read(&st->pasted, text, len, &from);
	st->built = st->picker->built;
	st->all_codes = from.all_codes;
	st->ei.code = ERR_OK;
	if (err)
		err_set(&st->ei, err, "no memory to look the pasted lines up");
	recount(st);
}

/* Postal codes are too many to be looked up for every paste; here some were pasted. */
static void look_up_codes(struct state *st)
{
	struct picker *p = st->picker;
	const struct pasted *lines = &st->pasted;

	if (p->type != TYPE_LOCATION || p->kind[0] || p->postal)
		return;
	for (size_t i = 0; i < lines->n && !p->postal; i++)
		p->postal =
		    !lines->v[i].n && resolve_has_codes(lines->v[i].text, strlen(lines->v[i].text));
	if (!p->postal)
		return;
	pick_rows_read(p);
	resolve(st, lines->text, lines->len);
}

static enum err resolver_open(struct view *v, const void *arg, struct errinfo *ei)
{
	const struct resolver_arg *a = arg;
	struct state *st = view_state(v);
	struct list_source src = {row_count, row_key, row_text, row_compare, NULL, st};
	struct table_source cells = {columns, COL_COUNT, row_cell, NULL, st};
	struct view *below = app_top_kind(v->app, &picker_view);

	if (!below)
		return err_set(ei, ERR_REFUSED, "lines can be pasted into the picker only");
	st->picker = view_state(below);
	pasted_init(&st->pasted);
	list_init(&st->list, &src);
	table_init(&st->table, &cells, &st->list);
	st->table.empty = "Nothing was pasted.";
	resolve(st, a->text, a->len);
	if (!st->ei.code)
		look_up_codes(st);
	if (!st->ei.code)
		return ERR_OK;
	*ei = st->ei;
	list_done(&st->list);
	pasted_done(&st->pasted);
	return ei->code;
}

static void resolver_done(struct view *v)
{
	struct state *st = view_state(v);

	list_done(&st->list);
	pasted_done(&st->pasted);
}

static void resolver_layout(struct view *v, int cols, int rows)
{
	struct state *st = view_state(v);

	pick_rows_read(st->picker);
	if (st->picker->built != st->built || pick_has_all_codes(st->picker) != st->all_codes)
		resolve(st, st->pasted.text, st->pasted.len);
	table_layout(&st->table, cols, rows - HEAD);
}

static size_t n_open(const struct state *st)
{
	return st->count[PASTED_OPEN] + st->count[PASTED_UNKNOWN];
}

static size_t n_taken(const struct state *st)
{
	return st->count[PASTED_EXACT] + st->count[PASTED_CHOSEN];
}

static void draw_counts(const struct state *st, struct canvas *c)
{
	const struct picker *p = st->picker;
	int x =
	    canvas_strf(c, 1, 0, STYLE_OK, "%zu to %s", n_taken(st), pick_op_word(p->type, p->op));

	x = canvas_strf(
	    c, x, 0, STYLE_DIM, " on %zu line item%s", p->n_ids, p->n_ids == 1 ? "" : "s");
	if (st->count[PASTED_OPEN])
		x = canvas_strf(c, x, 0, STYLE_WARNING, ", %zu to choose", st->count[PASTED_OPEN]);
	if (st->count[PASTED_UNKNOWN])
		x = canvas_strf(c, x, 0, STYLE_ERROR, ", %zu unknown", st->count[PASTED_UNKNOWN]);
	if (st->count[PASTED_SKIPPED])
		x = canvas_strf(c, x, 0, STYLE_DIM, ", %zu left out", st->count[PASTED_SKIPPED]);
	if (st->pasted.n_duplicates)
		canvas_strf(c, x, 0, STYLE_DIM, ", %zu pasted twice", st->pasted.n_duplicates);
}

/* The keys are below; what was searched is not. */
static void draw_advice(const struct state *st, struct canvas *c)
{
	struct canvas_field f = {1, 1, c->area.w - 2, STYLE_DIM, ALIGN_LEFT, CUT_END};
	char among[160], line[320];
	const char *text = line, *staged = "Nothing is staged yet.";
	size_t n_read, n;
	bool loading;

	pick_facets_text(st->picker, among, sizeof among);
	loading = pick_rows_loading(st->picker, &n_read);
	snprintf(line, sizeof line, "%s%s%s", among[0] ? "Looked up in " : "", among,
	    !among[0] ? ""
	    : loading ? ", as far as read.  "
		      : ".  ");
	n = strlen(line);
	if ((int)(text_width(line, n) + text_width(staged, strlen(staged))) <= f.w)
		snprintf(line + n, sizeof line - n, "%s", staged);
	if (st->ei.code) {
		text = st->ei.msg;
		f.style = STYLE_ERROR;
	}
	canvas_field(c, &f, text, strlen(text));
}

static void resolver_draw(const struct view *v, struct canvas *c)
{
	const struct state *st = view_state(v);
	struct canvas body = canvas_sub(c, (struct rect){0, HEAD, c->area.w, c->area.h - HEAD});

	draw_counts(st, c);
	draw_advice(st, c);
	table_draw(&st->table, &body);
}

/* --- commands --- */

/* After a decision: to the next line that needs one. */
static void go_on(struct state *st)
{
	size_t n = st->list.n_visible, from = st->list.cursor, row;
	bool header;

	for (size_t i = 1; i <= n; i++) {
		size_t pos = (from + i) % n;
		enum pasted_state s;

		if (!list_line(&st->list, pos, &row, &header))
			return;
		s = pasted_state(&st->pasted.v[row]);
		if (s == PASTED_OPEN || s == PASTED_UNKNOWN) {
			list_goto_pos(&st->list, pos);
			return;
		}
	}
}

static void chosen(struct app *app, bool ok, const size_t *which, size_t n, void *user)
{
	struct view *v = app_view(app, (uintptr_t)user);
	struct state *st = v ? view_state(v) : NULL;
	struct pasted_line *l = NULL;

	for (size_t i = 0; st && i < st->pasted.n; i++)
		if (st->pasted.v[i].line == st->choosing)
			l = &st->pasted.v[i];
	if (!ok || !n || !l)
		return;
	/* choices only grow at their end, so that the number still means the same row */
	l->skipped = which[0] >= st->offered;
	if (!l->skipped) {
		l->chosen = which[0];
		l->by_hand = true;
	}
	recount(st);
	go_on(st);
	view_touch(v, TOUCH_ALL);
}

static void choice_detail(const struct pick_row *r, char *out, size_t cap)
{
	const char *word = rows_place_word(r->kind);

	snprintf(out, cap, "%s%s%s  %s",
	    word      ? word
	    : r->kind ? r->kind
		      : "",
	    r->country ? "  " : "", r->country ? r->country : "", r->value);
}

static enum err choose(struct view *v, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct choice choices[CHOICES_MAX + 1] = {0};
	char details[CHOICES_MAX][80], title[120];
	struct choose ask = {.title = title, .choices = choices, .fn = chosen};
	const struct pasted_line *l;
	size_t row;

	if (!list_row(&st->list, &row))
		return err_set(ei, ERR_REFUSED, "no line here");
	l = at(st, row);
	if (!l->n)
		return err_set(ei, ERR_REFUSED,
		    "nothing here is called \"%.60s\"; C-r searches at X, F2 looks among others, "
		    "d leaves it out",
		    l->text);
	for (; ask.n < l->n && ask.n < CHOICES_MAX; ask.n++) {
		choice_detail(&l->choices[ask.n], details[ask.n], sizeof details[ask.n]);
		choices[ask.n] =
		    (struct choice){.label = l->choices[ask.n].name, .detail = details[ask.n]};
	}
	st->offered = ask.n;
	choices[ask.n++] = (struct choice){.label = "none of these: leave the line out"};
	ask.start = l->chosen == PASTED_NONE ? 0 : l->chosen;
	st->choosing = l->line;
	ask.user = (void *)(uintptr_t)v->id;
	snprintf(title, sizeof title, "Line %zu: %.80s", l->line, l->text);
	if (l->more)
		app_message(v->app, STYLE_NOTE, "%zu more fit; C-r searches at X", l->more);
	return app_choose(v->app, &ask, ei);
}

static void skip(struct state *st)
{
	size_t it = 0, row;
	bool all = true;

	while (list_selected(&st->list, &it, &row))
		all = all && at(st, row)->skipped;
	it = 0;
	while (list_selected(&st->list, &it, &row))
		st->pasted.v[row].skipped = !all;
	recount(st);
	if (!list_marked(&st->list))
		list_move(&st->list, LIST_DOWN);
}

static enum err stage(struct view *v, struct errinfo *ei)
{
	struct state *st = view_state(v);
	const struct pick_row **rows = mem_array(st->pasted.n + 1, sizeof *rows);
	size_t n = 0, staged = 0;
	enum err err;

	if (!rows)
		return err_set(ei, ERR_NOMEM, "no memory to stage the lines");
	for (size_t i = 0; i < st->pasted.n; i++) {
		const struct pick_row *r = pasted_choice(&st->pasted.v[i]);

		if (r)
			rows[n++] = r;
	}
	err = pick_stage(v->app, st->picker, rows, n, &staged, ei);
	mem_free(rows);
	if (!err)
		app_close_to(v->app, app_top_kind(v->app, &picker_view)->below);
	return err;
}

static enum err search(struct view *v, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct view *picker = app_top_kind(v->app, &picker_view);
	size_t row;

	if (!list_row(&st->list, &row))
		return err_set(ei, ERR_REFUSED, "no line here");
	return pick_search(picker, at(st, row)->text, ei);
}

static enum err resolver_command(
    struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct state *st = view_state(v);
	enum err err = ERR_OK;

	view_touch(v, TOUCH_ALL);
	switch (call->cmd->id) {
	case VIEWS_CHOOSE:
		return choose(v, ei);
	case VIEWS_CHOOSE_ONLY:
		app_message(v->app, STYLE_NOTE, "%zu taken: the only thing that fits",
		    pasted_choose_only(&st->pasted));
		break;
	case VIEWS_SKIP:
		skip(st);
		return ERR_OK;
	case VIEWS_SKIP_UNKNOWN:
		app_message(v->app, STYLE_NOTE, "%zu unknown lines left out",
		    pasted_skip_unknown(&st->pasted));
		break;
	case VIEWS_STAGE:
		return stage(v, ei);
	case VIEWS_PICK_FACET:
		return pick_facets_choose(app_top_kind(v->app, &picker_view), ei);
	default:
		err = search(v, ei);
		break;
	}
	recount(st);
	return err;
}

static bool resolver_can(const struct view *v, const struct command *cmd, char *reason, size_t cap)
{
	const struct state *st = view_state(v);
	size_t n_read;

	switch (cmd->id) {
	case VIEWS_STAGE:
		if (pick_rows_loading(st->picker, &n_read))
			snprintf(reason, cap, "the list is still being read, other rows may fit");
		else if (n_open(st))
			snprintf(reason, cap, "%zu to choose and %zu unknown are not decided yet",
			    st->count[PASTED_OPEN], st->count[PASTED_UNKNOWN]);
		else if (!n_taken(st))
			snprintf(reason, cap, "every line is left out");
		else
			return true;
		return false;
	case VIEWS_PICK_SEARCH:
		return pick_can_search(st->picker, reason, cap);
	default:
		return true;
	}
}

static void resolver_describe(const struct view *v, struct view_about *a)
{
	const struct state *st = view_state(v);
	size_t n_read;

	snprintf(a->title, sizeof a->title, "Pasted lines: %s", type_info(st->picker->type)->label);
	snprintf(a->crumb, sizeof a->crumb, "Pasted");
	table_position(&st->table, a->position, sizeof a->position);
	a->loading = pick_rows_loading(st->picker, &n_read);
	a->progress = -1;
	a->hints = n_open(st) ? "choose skip skip-unknown choose-only narrow search-at-x back"
			      : "stage choose skip back";
}

static struct table *resolver_table(struct view *v)
{
	struct state *st = view_state(v);

	return &st->table;
}

const struct view_ops resolver_view = {
    .name = "resolver",
    .title = "Pasted lines",
    .parent = "table",
    .commands = "choose choose-only skip skip-unknown stage narrow search-at-x",
    .state_size = sizeof(struct state),
    .open = resolver_open,
    .layout = resolver_layout,
    .draw = resolver_draw,
    .command = resolver_command,
    .can = resolver_can,
    .describe = resolver_describe,
    .table = resolver_table,
    .done = resolver_done,
};
