#include "tui/canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>
#include "base/text.h"
#include "tui/grid.h"

/* Above this a middle cut would have to read everything behind the screen's edge in each frame. */
#define MIDDLE_MAX_BYTES 4096

struct canvas canvas_of(struct grid *g)
{
	return (struct canvas){g, {0, 0, g->cols, g->rows}};
}

static struct rect intersect(struct rect a, struct rect b)
{
	int x0 = a.x > b.x ? a.x : b.x, y0 = a.y > b.y ? a.y : b.y;
	int x1 = a.x + a.w < b.x + b.w ? a.x + a.w : b.x + b.w;
	int y1 = a.y + a.h < b.y + b.h ? a.y + a.h : b.y + b.h;

	return (struct rect){x0, y0, x1 > x0 ? x1 - x0 : 0, y1 > y0 ? y1 - y0 : 0};
}

struct canvas canvas_sub(const struct canvas *c, struct rect r)
{
	r.x += c->area.x;
	r.y += c->area.y;
	return (struct canvas){c->grid, intersect(c->area, r)};
}

void canvas_clear(struct canvas *c, enum style style)
{
	canvas_fill(c, (struct rect){0, 0, c->area.w, c->area.h}, style);
}

void canvas_fill(struct canvas *c, struct rect r, enum style style)
{
	struct canvas s = canvas_sub(c, r);
	struct cell blank = {.ch = ' ', .style = (uint8_t)style, .width = 1};

	for (int y = s.area.y; s.area.w > 0 && y < s.area.y + s.area.h; y++) {
		struct cell *row = grid_row(s.grid, y);

		/* wide characters can only be cut at the two ends */
		grid_put(s.grid, s.area.x, y, blank);
		grid_put(s.grid, s.area.x + s.area.w - 1, y, blank);
		for (int x = 1; x < s.area.w - 1; x++)
			row[s.area.x + x] = blank;
	}
}

/* One character of w cells at column x of the canvas; what is outside is not drawn, half a wide
 * character becomes a blank. */
static void put(struct canvas *c, int x, int y, struct cell cell)
{
	int w = cell.width;

	if (y < 0 || y >= c->area.h || x >= c->area.w || x + w <= 0)
		return;
	if (x >= 0 && x + w <= c->area.w) {
		grid_put(c->grid, c->area.x + x, c->area.y + y, cell);
		return;
	}
	cell.ch = ' ';
	cell.width = 1;
	for (int i = x; i < x + w; i++)
		if (i >= 0 && i < c->area.w)
			grid_put(c->grid, c->area.x + i, c->area.y + y, cell);
}

/* A glyph may be several characters (a stand-in such as <202E>): one per cell, marks with the
 * character that they follow. Its bytes are valid UTF-8, which base/text.h promises. */
static void put_glyph(struct canvas *c, int x, int y, enum style style, const struct glyph *g)
{
	struct cell cell = {
	    .style = (uint8_t)style, .flags = g->flags & GLYPH_BADGE ? CELL_STANDIN : CELL_NONE};
	const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)g->bytes, *end = p + g->len;

	while (p < end) {
		const utf8proc_uint8_t *from = p;
		utf8proc_int32_t cp, next;
		int w;

		p += utf8proc_iterate(p, end - p, &cp);
		w = utf8proc_charwidth(cp);
		cell.ch = (uint32_t)cp;
		while (p < end) {
			utf8proc_ssize_t n = utf8proc_iterate(p, end - p, &next);

			if (utf8proc_charwidth(next) > 0)
				break;
			p += n;
			cell.ch = CELL_CLUSTER;
		}
		if (cell.ch == CELL_CLUSTER)
			cell.ch = grid_cluster(c->grid, (const char *)from, (size_t)(p - from));
		cell.width = w == 2 ? 2 : 1;
		put(c, x, y, cell);
		x += cell.width;
	}
}

int canvas_text(struct canvas *c, int x, int y, enum style style, const char *s, size_t n)
{
	struct text_iter it = text_iter(s, n);
	struct glyph g;
	bool row_inside = y >= 0 && y < c->area.h;

	while (x < c->area.w && it.p < it.end) {
		/* most of what is drawn is ASCII */
		if (row_inside && x >= 0 && *it.p >= 0x20 && *it.p < 0x7F &&
		    (it.p + 1 == it.end || it.p[1] < 0x80)) {
			grid_put(c->grid, c->area.x + x++, c->area.y + y,
			    (struct cell){.ch = *it.p++, .style = (uint8_t)style, .width = 1});
			continue;
		}
		if (!text_next(&it, &g))
			break;
		put_glyph(c, x, y, style, &g);
		x += g.width;
	}
	return x < c->area.w ? x : c->area.w;
}

int canvas_str(struct canvas *c, int x, int y, enum style style, const char *s)
{
	return s ? canvas_text(c, x, y, style, s, strlen(s)) : x;
}

int canvas_strf(struct canvas *c, int x, int y, enum style style, const char *fmt, ...)
{
	char s[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(s, sizeof s, fmt, ap);
	va_end(ap);
	if (n < 0)
		return x;
	return canvas_text(c, x, y, style, s, (size_t)n < sizeof s ? (size_t)n : sizeof s - 1);
}

/* Bytes of s that fit into w cells, and the cells that they take. */
static size_t fit(const char *s, size_t n, int w, int *cells)
{
	struct text_iter it = text_iter(s, n);
	const unsigned char *from = it.p;
	struct glyph g;

	*cells = 0;
	while (*cells <= w) {
		const unsigned char *at = it.p;

		if (!text_next(&it, &g))
			return n;
		if (*cells + g.width > w)
			return (size_t)(at - from);
		*cells += g.width;
	}
	return n;
}

/* Bytes to skip so that at most w cells are left. */
static size_t skip(const char *s, size_t n, int w, int *cells)
{
	struct text_iter it = text_iter(s, n);
	const unsigned char *from = it.p;
	struct glyph g;
	int left = (int)text_width(s, n);

	while (left > w && text_next(&it, &g))
		left -= g.width;
	*cells = left;
	return (size_t)(it.p - from);
}

/* Text that is too wide for w cells, with an ellipsis; returns the column behind it. */
static int draw_cut(struct canvas *in, int x, const struct canvas_field *f, const char *s, size_t n)
{
	const char *dots = text_is_ascii() ? "~" : "\xE2\x80\xA6";
	int cells, tail_cells;
	size_t head;

	if (f->cut == CUT_END || n > MIDDLE_MAX_BYTES || f->w < 5) {
		head = fit(s, n, f->w - 1, &cells);
		x = canvas_text(in, x, 0, f->style, s, head);
		return canvas_str(in, x, 0, f->style, dots);
	}
	head = fit(s, n, f->w / 2, &cells);
	x = canvas_text(in, x, 0, f->style, s, head);
	x = canvas_str(in, x, 0, f->style, dots);
	head = skip(s, n, f->w - 1 - cells, &tail_cells);
	return canvas_text(in, x, 0, f->style, s + head, n - head);
}

void canvas_field(struct canvas *c, const struct canvas_field *f, const char *s, size_t n)
{
	struct canvas in = canvas_sub(c, (struct rect){f->x, f->y, f->w, 1});
	int cells, x = f->x < 0 ? f->x : 0; /* cut on the left: the columns stay where they are */
	int end = x + f->w;

	if (in.area.w <= 0 || in.area.h <= 0)
		return;
	if (fit(s, n, f->w, &cells) == n) {
		int from = x + (f->align == ALIGN_RIGHT       ? f->w - cells
				   : f->align == ALIGN_CENTER ? (f->w - cells) / 2
							      : 0);

		canvas_fill(&in, (struct rect){x, 0, from - x, 1}, f->style);
		x = canvas_text(&in, from, 0, f->style, s, n);
	} else {
		x = draw_cut(&in, x, f, s, n);
	}
	canvas_fill(&in, (struct rect){x, 0, end - x, 1}, f->style);
}

/* --- lines and boxes --- */

struct box_signs {
	const char *h, *v, *tl, *tr, *bl, *br;
};

static const struct box_signs *box_signs(void)
{
	static const struct box_signs unicode = {"\xE2\x94\x80", "\xE2\x94\x82", "\xE2\x94\x8C",
	    "\xE2\x94\x90", "\xE2\x94\x94", "\xE2\x94\x98"};
	static const struct box_signs ascii = {"-", "|", "+", "+", "+", "+"};

	return text_is_ascii() ? &ascii : &unicode;
}

void canvas_hline(struct canvas *c, int x, int y, int w, enum style style)
{
	for (int i = 0; i < w; i++)
		canvas_str(c, x + i, y, style, box_signs()->h);
}

void canvas_vline(struct canvas *c, int x, int y, int h, enum style style)
{
	for (int i = 0; i < h; i++)
		canvas_str(c, x, y + i, style, box_signs()->v);
}

void canvas_box(struct canvas *c, struct rect r, enum style style, const char *title)
{
	const struct box_signs *b = box_signs();
	int right = r.x + r.w - 1, bottom = r.y + r.h - 1;

	if (r.w < 2 || r.h < 2)
		return;
	canvas_hline(c, r.x + 1, r.y, r.w - 2, style);
	canvas_hline(c, r.x + 1, bottom, r.w - 2, style);
	canvas_vline(c, r.x, r.y + 1, r.h - 2, style);
	canvas_vline(c, right, r.y + 1, r.h - 2, style);
	canvas_str(c, r.x, r.y, style, b->tl);
	canvas_str(c, right, r.y, style, b->tr);
	canvas_str(c, r.x, bottom, style, b->bl);
	canvas_str(c, right, bottom, style, b->br);
	if (title && *title && r.w > 6) {
		struct canvas edge = canvas_sub(c, (struct rect){r.x + 2, r.y, r.w - 4, 1});
		int cells;
		size_t n = fit(title, strlen(title), r.w - 6, &cells);

		canvas_str(&edge, 0, 0, style, " ");
		canvas_text(&edge, 1, 0, STYLE_TITLE, title, n);
		canvas_str(&edge, 1 + cells, 0, style, " ");
	}
}

void canvas_overlay(struct canvas *c, int x, int y, int w, enum style over)
{
	struct canvas s = canvas_sub(c, (struct rect){x, y, w, 1});

	for (int i = 0; i < s.area.w && s.area.h > 0; i++)
		grid_row(s.grid, s.area.y)[s.area.x + i].over = (uint8_t)over;
}

void canvas_cursor(struct canvas *c, int x, int y)
{
	if (x < 0 || y < 0 || x >= c->area.w || y >= c->area.h)
		return;
	c->grid->cursor_x = c->area.x + x;
	c->grid->cursor_y = c->area.y + y;
}
