/* The tables of knowledge as pages that can be filtered: every rule, every targeting type. arg: const
 * enum reference_page *. */
#include <stdio.h>
#include <string.h>
#include "targeting/rules.h"
#include "tui/app.h"
#include "views/commands.h"
#include "views/detail.h"
#include "views/rows.h"
#include "views/views.h"

struct page {
	const char *title, *crumb;
	const struct table_column *columns;
	int n_columns;
	size_t (*count)(void);
	void (*cell)(size_t row, int column, struct table_cell *out); /* all columns have text */
	void (*about)(size_t row, struct buf *out); /* below the table, one paragraph */
	void (*details)(size_t row, struct buf *out);
};

struct state {
	const struct page *page;
	struct list list;
	struct table table;
	char about[400];
	int about_lines;
};

/* --- rules --- */

enum rule_column { RULE_COL_TITLE, RULE_COL_STAGED, RULE_COL_LIVE, RULE_COL_ID, RULE_COLS };

static const struct table_column rule_columns[RULE_COLS] = {
    [RULE_COL_TITLE] = {"Rule", 30, 0, 4, ALIGN_LEFT, CUT_END, COL_SORT},
    [RULE_COL_STAGED] = {"Staged", 7, 7, 0, ALIGN_LEFT, CUT_END, COL_SORT},
    [RULE_COL_LIVE] = {"At X", 7, 7, 0, ALIGN_LEFT, CUT_END, COL_SORT},
    [RULE_COL_ID] = {"Id", 18, 30, 1, ALIGN_LEFT, CUT_END, COL_SORT},
};

static size_t rule_count(void)
{
	return RULE_COUNT;
}

static void severity_cell(enum rule_severity s, struct table_cell *out)
{
	static const enum style styles[] = {
	    [RULE_NOTE] = STYLE_DIM, [RULE_WARNING] = STYLE_WARNING, [RULE_ERROR] = STYLE_ERROR};

	row_cell_text(out, rule_severity_name(s));
	out->style = styles[s];
}

static void rule_cell(size_t row, int column, struct table_cell *out)
{
	const struct rule_info *r = rule_info((enum rule_id)row);

	switch ((enum rule_column)column) {
	case RULE_COL_TITLE:
		row_cell_text(out, r->title);
		break;
	case RULE_COL_STAGED:
		severity_cell(r->staged, out);
		break;
	case RULE_COL_LIVE:
		severity_cell(r->live, out);
		break;
	default:
		row_cell_text(out, r->id);
		out->style = STYLE_DIM;
		break;
	}
}

static void rule_about(size_t row, struct buf *out)
{
	buf_adds(out, rule_info((enum rule_id)row)->reason);
}

static void rule_details(size_t row, struct buf *out)
{
	const struct rule_info *r = rule_info((enum rule_id)row);

	buf_addf(out, "# %s\n%s\n", r->title, r->reason);
	detail_line(out, "id", r->id);
	detail_line(out, "of a staged change", rule_severity_name(r->staged));
	detail_line(out, "already at X", rule_severity_name(r->live));
	detail_line(out, "source", r->source);
	buf_adds(out, "\nAn error is what X refuses, a warning wastes money or does not do what it "
		      "seems to, a note is worth knowing.\n");
}

static const struct page rules_page = {"Rules that lint knows", "Rules", rule_columns, RULE_COLS,
    rule_count, rule_cell, rule_about, rule_details};

/* --- types --- */

enum type_column {
	TYPE_COL_LABEL,
	TYPE_COL_CLASS,
	TYPE_COL_OPS,
	TYPE_COL_LIMIT,
	TYPE_COL_NAME,
	TYPE_COL_LOOKUP,
	TYPE_COLS
};

static const struct table_column type_columns[TYPE_COLS] = {
    [TYPE_COL_LABEL] = {"Targeting type", 24, 34, 2, ALIGN_LEFT, CUT_END, COL_SORT},
    [TYPE_COL_CLASS] = {"Class", 8, 8, 0, ALIGN_LEFT, CUT_END, COL_SORT},
    [TYPE_COL_OPS] = {"Operators", 9, 9, 0, ALIGN_LEFT, CUT_END, COL_SORT},
    [TYPE_COL_LIMIT] = {"Most", 5, 5, 0, ALIGN_RIGHT, CUT_END, COL_NONE},
    [TYPE_COL_NAME] = {"API name", 16, 36, 2, ALIGN_LEFT, CUT_END, COL_SORT},
    [TYPE_COL_LOOKUP] = {"Look-up", 9, 22, 1, ALIGN_LEFT, CUT_END, COL_SORT | COL_HIDEABLE},
};

static const char *const class_names[] = {[CLASS_PRIMARY] = "primary",
    [CLASS_OTHER] = "other",
    [CLASS_MODIFIER] = "modifier",
    [CLASS_LEGACY] = "legacy"};
static const char *const class_words[] = {
    [CLASS_PRIMARY] = "Types of this class are united: who fits any of them is reached.",
    [CLASS_OTHER] = "One of its values has to hold, and with it every other type of this class.",
    [CLASS_MODIFIER] = "It narrows what a companion criterion means and is none of its own.",
    [CLASS_LEGACY] = "Retired: shown where a line item still has it, never offered."};

static enum targeting_type type_at(size_t row)
{
	return (enum targeting_type)(row + 1); /* without TYPE_UNKNOWN */
}

static size_t type_count(void)
{
	return TYPE_COUNT - 1;
}

static void ops_text(enum targeting_type t, struct table_cell *out)
{
	size_t n = 0;

	for (enum operator_type op = OP_EQ; op < OP_OTHER; op++)
		if (type_allows(t, op))
			n += (size_t)snprintf(out->scratch + n, sizeof out->scratch - n, "%s%s",
			    n ? " " : "", op_name(op));
	row_cell_text(out, out->scratch);
}

static void type_cell(size_t row, int column, struct table_cell *out)
{
	const struct type_info *t = type_info(type_at(row));

	switch ((enum type_column)column) {
	case TYPE_COL_LABEL:
		row_cell_text(out, t->label);
		break;
	case TYPE_COL_CLASS:
		row_cell_text(out, class_names[t->class]);
		break;
	case TYPE_COL_OPS:
		ops_text(type_at(row), out);
		break;
	case TYPE_COL_LIMIT:
		snprintf(out->scratch, sizeof out->scratch, t->limit ? "%u" : "-", t->limit);
		row_cell_text(out, out->scratch);
		break;
	case TYPE_COL_NAME:
		row_cell_text(out, t->name);
		out->style = STYLE_DIM;
		break;
	default:
		row_cell_text(out, t->lookup);
		out->style = STYLE_DIM;
		break;
	}
}

static void type_about(size_t row, struct buf *out)
{
	buf_adds(out, class_words[type_info(type_at(row))->class]);
}

static void type_details(size_t row, struct buf *out)
{
	const struct type_info *t = type_info(type_at(row));
	struct table_cell cell;
	size_t n;
	const struct type_enum_value *v = type_enum_values(type_at(row), &n);

	buf_addf(out, "# %s\n%s\n", t->label, class_words[t->class]);
	detail_line(out, "API name", t->name);
	detail_line(out, "class", class_names[t->class]);
	ops_text(type_at(row), &cell);
	detail_line(out, "operators", cell.scratch);
	type_cell(row, TYPE_COL_LIMIT, &cell);
	detail_line(out, "most on a line item", t->limit ? cell.scratch : "none documented");
	detail_line(out, "look-up", t->lookup);
	if (n)
		buf_adds(out, "# Values\n");
	for (size_t i = 0; i < n; i++)
		detail_line(out, v[i].value, v[i].label);
}

static const struct page types_page = {"Targeting types", "Types", type_columns, TYPE_COLS,
    type_count, type_cell, type_about, type_details};

/* --- the view --- */

static size_t row_count(const void *user)
{
	return ((const struct state *)user)->page->count();
}

static uint64_t row_key(const void *user, size_t row)
{
	(void)user;
	return row + 1;
}

static void row_text(const void *user, size_t row, struct buf *out)
{
	const struct page *p = ((const struct state *)user)->page;

	for (int i = 0; i < p->n_columns; i++) {
		struct table_cell cell = {.text = ""};

		p->cell(row, i, &cell);
		buf_add(out, cell.text, cell.len);
		buf_addc(out, ' ');
	}
	p->about(row, out);
}

static int row_compare(const void *user, size_t a, size_t b, int column)
{
	const struct page *p = ((const struct state *)user)->page;
	struct table_cell x = {.text = ""}, y = {.text = ""};

	p->cell(a, column, &x);
	p->cell(b, column, &y);
	return compare_text(x.text, y.text);
}

static void row_cell(const void *user, size_t row, int column, struct table_cell *out)
{
	((const struct state *)user)->page->cell(row, column, out);
}

static enum err reference_open(struct view *v, const void *arg, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct list_source src = {row_count, row_key, row_text, row_compare, NULL, st};
	struct table_source cells;

	(void)ei;
	st->page = *(const enum reference_page *)arg == REFERENCE_RULES ? &rules_page : &types_page;
	cells = (struct table_source){st->page->columns, st->page->n_columns, row_cell, NULL, st};
	list_init(&st->list, &src);
	table_init(&st->table, &cells, &st->list);
	st->table.empty = "Nothing here.";
	list_refresh(&st->list);
	return ERR_OK;
}

static void reference_layout(struct view *v, int cols, int rows)
{
	struct state *st = view_state(v);
	struct buf about;
	size_t row;

	st->about[0] = '\0';
	if (list_row(&st->list, &row)) {
		buf_init(&about, sizeof st->about);
		st->page->about(row, &about);
		snprintf(st->about, sizeof st->about, "%s", buf_str(&about));
		buf_done(&about);
	}
	st->about_lines = detail_note_lines(st->about, cols);
	if (st->about_lines < 2)
		st->about_lines = 2; /* the table does not jump from row to row */
	table_layout(&st->table, cols, rows > st->about_lines ? rows - st->about_lines : 1);
}

static void reference_draw(const struct view *v, struct canvas *c)
{
	const struct state *st = view_state(v);
	int rows = c->area.h - st->about_lines;
	struct canvas body = canvas_sub(c, (struct rect){0, 0, c->area.w, rows});

	table_draw(&st->table, &body);
	detail_note(c, rows, STYLE_NOTE, st->about);
}

static enum err reference_command(
    struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct buf text;
	size_t row;
	enum err err;

	(void)call;
	if (!list_row(&st->list, &row))
		return err_set(ei, ERR_REFUSED, "nothing here");
	buf_init(&text, 65536);
	st->page->details(row, &text);
	err = text.failed ? err_set(ei, text.failed, "no memory for the details")
			  : app_show_text(v->app, st->page->crumb, buf_str(&text), ei);
	buf_done(&text);
	return err;
}

static void reference_describe(const struct view *v, struct view_about *a)
{
	const struct state *st = view_state(v);

	snprintf(a->title, sizeof a->title, "%s", st->page->title);
	snprintf(a->crumb, sizeof a->crumb, "%s", st->page->crumb);
	table_position(&st->table, a->position, sizeof a->position);
	a->progress = -1;
	a->hints = "filter details sort back";
}

static struct table *reference_table(struct view *v)
{
	struct state *st = view_state(v);

	return &st->table;
}

static void reference_done(struct view *v)
{
	struct state *st = view_state(v);

	list_done(&st->list);
}

const struct view_ops reference_view = {
    .name = "reference",
    .title = "Rules and types",
    .parent = "table",
    .commands = "open details",
    .state_size = sizeof(struct state),
    .open = reference_open,
    .layout = reference_layout,
    .draw = reference_draw,
    .command = reference_command,
    .describe = reference_describe,
    .table = reference_table,
    .done = reference_done,
};
