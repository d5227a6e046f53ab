#include "tui/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/text.h"

#define GUTTER 2 /* sign of a mark and a blank */
#define GAP 2 /* between columns */

void table_init(struct table *t, const struct table_source *src, struct list *list)
{
	*t = (struct table){.src = *src, .list = list, .first = 1};
	if (t->src.n_columns > TABLE_COLUMNS_MAX)
		t->src.n_columns = TABLE_COLUMNS_MAX;
	for (int i = 0; i < t->src.n_columns; i++)
		if (t->src.columns[i].flags & COL_HIDDEN)
			t->hidden |= 1u << i;
}

static bool is_off(const struct table *t, int i)
{
	return (t->hidden | t->squeezed) >> i & 1;
}

static int least_width(const struct table *t)
{
	int w = GUTTER - GAP;

	for (int i = 0; i < t->src.n_columns; i++)
		if (!is_off(t, i))
			w += t->src.columns[i].min + GAP;
	return w;
}

/* Share what is left by weight; a column that reached its maximum leaves its share to the rest. */
static void share(struct table *t, int room)
{
	bool again = true;

	while (room > 0 && again) {
		int weights = 0, left = room;

		again = false;
		for (int i = 0; i < t->src.n_columns; i++) {
			const struct table_column *c = &t->src.columns[i];

			if (t->width[i] && (c->max == 0 || t->width[i] < c->max))
				weights += c->weight;
		}
		for (int i = 0; i < t->src.n_columns && weights > 0 && left > 0; i++) {
			const struct table_column *c = &t->src.columns[i];
			int add = room * c->weight / weights;

			if (!t->width[i] || c->weight == 0)
				continue;
			add = add < 1 ? 1 : add > left ? left : add;
			if (c->max && t->width[i] + add > c->max)
				add = c->max - t->width[i];
			t->width[i] += add;
			left -= add;
			again = again || add > 0;
		}
		room = left;
	}
}

void table_layout(struct table *t, int cols, int rows)
{
	t->cols = cols;
	t->squeezed = 0;
	for (int i = t->src.n_columns - 1; i > 0 && least_width(t) > cols; i--)
		if (t->src.columns[i].flags & COL_HIDEABLE)
			t->squeezed |= 1u << i;
	for (int i = 0; i < t->src.n_columns; i++)
		t->width[i] = is_off(t, i) ? 0 : t->src.columns[i].min;
	share(t, cols - 1 - least_width(t)); /* the last cell is the scroll bar's */
	list_layout(t->list, rows > 1 ? (size_t)rows - 1 : 1);
}

/* Next column to draw and where; false behind the last. The first one is fixed, then come those
 * from t->first on. */
static bool next_column(const struct table *t, int *i, int *x)
{
	int at = *i;

	*x = at < 0 ? GUTTER : *x + t->width[at] + GAP;
	do {
		at++;
		if (at == 1 && t->first > 1)
			at = t->first;
	} while (at < t->src.n_columns && t->width[at] == 0);
	*i = at;
	return at < t->src.n_columns && *x < t->cols;
}

static void draw_header(const struct table *t, struct canvas *c)
{
	int i = -1, x = 0;

	canvas_fill(c, (struct rect){0, 0, c->area.w, 1}, STYLE_HEADER);
	while (next_column(t, &i, &x)) {
		const struct table_column *col = &t->src.columns[i];
		bool sorted = t->list->sort_column == i, focus = t->focus_shown && t->focus == i;
		const char *arrow = text_is_ascii()         ? (t->list->sort_reverse ? "v" : "^")
				    : t->list->sort_reverse ? "\xE2\x96\xBC"
							    : "\xE2\x96\xB2";
		struct canvas_field f = {x, 0, t->width[i], STYLE_HEADER, col->align, CUT_END};
		char title[96];

		if (focus)
			f.style = STYLE_FOCUS;
		if (x + f.w > c->area.w)
			f.w = c->area.w - x;
		snprintf(title, sizeof title, "%s%s", col->title, sorted ? arrow : "");
		canvas_field(c, &f, title, strlen(title));
	}
	if (t->first > 1)
		canvas_str(c, 0, 0, STYLE_KEY, "<");
	if (i < t->src.n_columns)
		canvas_str(c, c->area.w - 1, 0, STYLE_KEY, ">");
}

static bool is_marked(const struct list *l, size_t row)
{
	return list_is_marked(l, l->src.key(l->src.user, row));
}

static void draw_row(const struct table *t, struct canvas *c, int y, size_t row, bool marked)
{
	int i = -1, x = 0;

	if (marked)
		canvas_str(c, 0, y, STYLE_MARK, text_is_ascii() ? "*" : "\xE2\x97\x8F");
	while (next_column(t, &i, &x)) {
		const struct table_column *col = &t->src.columns[i];
		struct table_cell cell; /* the scratch stays as it is: zeroing it costs more */
		struct canvas_field f = {x, y, t->width[i], STYLE_NORMAL, col->align, col->cut};

		cell.text = "";
		cell.len = 0;
		cell.style = STYLE_NORMAL;
		t->src.cell(t->src.user, row, i, &cell);
		f.style = cell.style;
		if (x + f.w > c->area.w - 1)
			f.w = c->area.w - 1 - x;
		if (cell.len)
			canvas_field(c, &f, cell.text, cell.len);
	}
	if (marked)
		canvas_overlay(c, 0, y, c->area.w - 1, STYLE_MARK);
}

static void draw_group(const struct table *t, struct canvas *c, int y, size_t row)
{
	struct table_cell cell = {.text = "", .style = STYLE_GROUP};

	if (!t->src.group)
		return;
	t->src.group(t->src.user, row, &cell);
	canvas_field(c,
	    &(struct canvas_field){.x = 0, .y = y, .w = c->area.w - 1, .style = cell.style},
	    cell.text, cell.len);
}

/* A bar in the last column shows which part of the lines is on the screen. */
static void draw_scroll(const struct table *t, struct canvas *c)
{
	size_t n = t->list->n_visible, h = (size_t)(c->area.h - 1), size, from;

	if (c->area.h < 3 || n <= h)
		return;
	size = h * h / n;
	if (size == 0)
		size = 1;
	from = t->list->top * (h - size) / (n - h);
	for (size_t i = 0; i < h; i++) {
		bool on = i >= from && i < from + size;
		const char *sign = text_is_ascii() ? (on ? "#" : "|")
				   : on            ? "\xE2\x94\x83"
						   : "\xE2\x94\x82";

		canvas_str(c, c->area.w - 1, 1 + (int)i, STYLE_BORDER, sign);
	}
}

static void draw_empty(const struct table *t, struct canvas *c)
{
	char text[400];
	const char *s = t->empty ? t->empty : "nothing here", *filter = list_filter_text(t->list);

	if (list_count(t->list) > 0) {
		if (t->list->only_marked)
			snprintf(text, sizeof text, "no marked row passes; & shows all rows again");
		else
			snprintf(text, sizeof text,
			    "nothing matches \"%s\"; Esc clears the filter%s", filter,
			    strstr(filter, " | ") ? "\na bar between blanks is a word of its own: "
						    "a|b, without them, is either of two"
						  : "");
		s = text;
	}
	for (int y = 2; *s && y < c->area.h; y++) {
		size_t n = strcspn(s, "\n");

		canvas_field(c,
		    &(struct canvas_field){
			.x = GUTTER, .y = y, .w = c->area.w - GUTTER, .style = STYLE_DIM},
		    s, n);
		s += n + (s[n] == '\n');
	}
}

void table_draw(const struct table *t, struct canvas *c)
{
	const struct list *l = t->list;
	size_t from = 0, to = 0;
	bool ranged = list_range(l, &from, &to);

	draw_header(t, c);
	if (list_shown(l) == 0)
		draw_empty(t, c);
	for (int y = 1; y < c->area.h; y++) {
		size_t pos = l->top + (size_t)(y - 1), row;
		bool header;

		if (!list_line(l, pos, &row, &header))
			break;
		if (header)
			draw_group(t, c, y, row);
		else
			draw_row(t, c, y, row,
			    is_marked(l, row) || (ranged && pos >= from && pos <= to));
		if (pos == l->cursor)
			canvas_overlay(c, 0, y, c->area.w, STYLE_CURSOR);
	}
	draw_scroll(t, c);
}

bool table_pos_at(const struct table *t, int y, size_t *pos)
{
	size_t row;
	bool header;

	if (y < 1)
		return false;
	*pos = t->list->top + (size_t)(y - 1);
	return list_line(t->list, *pos, &row, &header) && !header;
}

int table_column_at(const struct table *t, int x)
{
	int i = -1, at = 0;

	while (next_column(t, &i, &at))
		if (x >= at && x < at + t->width[i] + GAP)
			return i;
	return -1;
}

/* Is column i drawn in full, or at least from its beginning? */
static bool in_sight(const struct table *t, int column)
{
	int i = -1, x = 0;

	while (next_column(t, &i, &x))
		if (i == column)
			return column == 0 || x + t->width[i] <= t->cols;
	return false;
}

bool table_focus(struct table *t, int by)
{
	int to = t->focus;

	t->focus_shown = true;
	do
		to += by;
	while (to >= 0 && to < t->src.n_columns && t->width[to] == 0);
	if (to < 0 || to >= t->src.n_columns)
		return false;
	t->focus = to;
	if (to > 0 && to < t->first)
		t->first = to;
	while (!in_sight(t, to) && t->first < to)
		t->first++;
	return true;
}

bool table_scroll(struct table *t, int by)
{
	int to = t->first;

	do
		to += by;
	while (to > 1 && to < t->src.n_columns && t->width[to] == 0);
	if (to < 1 || to >= t->src.n_columns)
		return false;
	if (by > 0 && in_sight(t, t->src.n_columns - 1))
		return false;
	t->first = to;
	return true;
}

enum err table_sort(struct table *t, int column)
{
	bool reverse;

	if (column < 0 || column >= t->src.n_columns || !(t->src.columns[column].flags & COL_SORT))
		return ERR_REFUSED;
	reverse = t->src.columns[column].flags & COL_REVERSE;
	if (t->list->sort_column == column)
		reverse = !t->list->sort_reverse;
	return list_set_sort(t->list, column, reverse);
}

int table_column_find(const struct table *t, const char *name)
{
	char *end;
	long n = strtol(name, &end, 10);

	if (*name && *end == '\0')
		return n >= 1 && n <= t->src.n_columns ? (int)n - 1 : -1;
	for (int i = 0; i < t->src.n_columns; i++)
		if (strcasecmp(t->src.columns[i].title, name) == 0)
			return i;
	return -1;
}

const char *table_number(char *out, unsigned long long n)
{
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%llu", n), at = 0;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = '\0';
	return out;
}

/* Those of a range that is still open too. */
static size_t marked_count(const struct list *l)
{
	size_t n = list_marked(l), from, to, row;
	bool header;

	if (list_range(l, &from, &to))
		for (size_t i = from; i <= to; i++)
			n += list_line(l, i, &row, &header) && !header && !is_marked(l, row);
	return n;
}

void table_position(const struct table *t, char *out, size_t cap)
{
	const struct list *l = t->list;
	char at[32], shown[32], all[32], marks[48] = "";

	table_number(at, list_cursor_number(l));
	table_number(shown, list_shown(l));
	table_number(all, list_count(l));
	if (list_marked(l) || l->range_anchor) {
		char n[32];

		snprintf(marks, sizeof marks, " %s %s marked", text_is_ascii() ? "-" : "\xC2\xB7",
		    table_number(n, marked_count(l)));
	}
	if (list_shown(l) == list_count(l))
		snprintf(out, cap, "%s/%s%s", at, all, marks);
	else
		snprintf(out, cap, "%s/%s of %s%s", at, shown, all, marks);
}
