#include "tui/painter.h"

#include <stdio.h>
#include <string.h>
#include "base/map.h"
#include "base/mem.h"
/* curses comes last: its macros are not for others */
#include <curses.h>
#include <term.h>

/* Unchanged cells between two changed ones that are cheaper to send again than to jump over. */
#define JUMP_CELLS 6
#define ERASE_CELLS 4
#define HASH_CELLS 40
#define SCROLL_ROWS 6 /* fewer changed rows are not worth a search */

_Static_assert(sizeof(struct cell) == 8, "cells are compared and hashed as eight bytes");

/* --- terminfo --- */

/* tputs writes through a function without a context. */
static struct {
	char *p;
	size_t n, cap;
} sink;

static int to_sink(int c)
{
	if (sink.n + 1 < sink.cap)
		sink.p[sink.n++] = (char)c;
	return c;
}

static void expand(const char *cap_string, char *out, size_t cap)
{
	sink.p = out;
	sink.n = 0;
	sink.cap = cap;
	if (cap_string && cap_string != (const char *)-1)
		tputs(cap_string, 1, to_sink);
	out[sink.n] = '\0';
}

static const char *lookup(const char *name)
{
	/* tigetstr wants a writable name and returns -1 for what is no string */
	char copy[16];
	const char *s;

	snprintf(copy, sizeof copy, "%s", name);
	s = tigetstr(copy);
	return s == (const char *)-1 ? NULL : s;
}

void painter_cap(const char *name, char *out, size_t cap)
{
	expand(lookup(name), out, cap);
}

bool painter_load(const char *name, int fd, const char **why)
{
	int status = 0;

	if (cur_term)
		del_curterm(cur_term);
	/* with a status to fill, setupterm reports instead of ending the program */
	if (setupterm((char *)(uintptr_t)name, fd, &status) == OK)
		return true;
	*why = status < 0 ? "the terminfo database is missing" : "no such terminal is known";
	return false;
}

static bool is_ansi(const char *s)
{
	size_t n = strlen(s);

	return n == 0 || (n > 3 && s[0] == '\033' && s[1] == '[' && s[n - 1] == 'm' &&
			     strspn(s + 2, "0123456789;") == n - 3);
}

static void load_colors(struct painter *p)
{
	const char *setaf = lookup("setaf"), *setab = lookup("setab");
	char copy[] = "colors";

	p->colors = tigetnum(copy);
	if (p->colors < 8 || !setaf || !setab)
		p->colors = 0;
	for (int i = 0; i < PAINTER_COLORS && p->colors; i++) {
		int n = i < p->colors ? i : i - 8;

		expand(tparm((char *)(uintptr_t)setaf, n, 0, 0, 0, 0, 0, 0, 0, 0), p->fg[i],
		    sizeof p->fg[i]);
		expand(tparm((char *)(uintptr_t)setab, n, 0, 0, 0, 0, 0, 0, 0, 0), p->bg[i],
		    sizeof p->bg[i]);
		p->ansi = p->ansi && is_ansi(p->fg[i]) && is_ansi(p->bg[i]);
	}
}

void painter_init(struct painter *p)
{
	char am[] = "am", xenl[] = "xenl";

	*p = (struct painter){.look = UINT32_MAX, .x = -1, .shown = -1, .ansi = true};
	grid_init(&p->sent, NULL);
	painter_cap("bold", p->bold, sizeof p->bold);
	painter_cap("dim", p->dim, sizeof p->dim);
	painter_cap("sitm", p->italic, sizeof p->italic);
	painter_cap("smul", p->underline, sizeof p->underline);
	painter_cap("rev", p->reverse, sizeof p->reverse);
	painter_cap("sgr0", p->reset, sizeof p->reset);
	p->ansi = is_ansi(p->bold) && is_ansi(p->dim) && is_ansi(p->italic) &&
		  is_ansi(p->underline) && is_ansi(p->reverse) && *p->reverse;
	load_colors(p);
	p->cup = lookup("cup");
	p->ansi_cup = p->cup && strcmp(p->cup, "\033[%i%p1%d;%p2%dH") == 0;
	p->el = lookup("el");
	p->csr = lookup("csr");
	p->indn = lookup("indn");
	p->rin = lookup("rin");
	p->cnorm = lookup("cnorm");
	p->civis = lookup("civis");
	p->skip_corner = tigetflag(am) > 0 && tigetflag(xenl) <= 0;
}

void painter_done(struct painter *p)
{
	grid_done(&p->sent);
	mem_free(p->hash_new);
	mem_free(p->hash_old);
	p->hash_new = p->hash_old = NULL;
}

enum err painter_resize(struct painter *p, struct clusters *clusters, int cols, int rows)
{
	uint64_t *a = mem_array((size_t)rows, sizeof *a), *b = mem_array((size_t)rows, sizeof *b);
	enum err e = ERR_NOMEM;

	p->sent.clusters = clusters;
	if (a && b)
		e = grid_resize(&p->sent, cols, rows);
	if (e != ERR_OK) {
		mem_free(a);
		mem_free(b);
		return e;
	}
	mem_free(p->hash_new);
	mem_free(p->hash_old);
	p->hash_new = a;
	p->hash_old = b;
	p->hash_rows = rows;
	painter_forget(p);
	return ERR_OK;
}

void painter_forget(struct painter *p)
{
	grid_reset(&p->sent, CELL_UNKNOWN);
	p->x = -1;
	p->look = UINT32_MAX;
	p->shown = -1;
}

/* --- pieces of output --- */

static void send_cap(struct painter *p, const char *cap, int a, int b)
{
	char s[64];

	expand(tparm((char *)(uintptr_t)cap, a, b, 0, 0, 0, 0, 0, 0, 0), s, sizeof s);
	buf_adds(p->out, s);
}

static char *put_number(char *to, int n)
{
	char digits[8];
	size_t len = 0;

	do
		digits[len++] = (char)('0' + n % 10);
	while (n /= 10);
	while (len > 0)
		*to++ = digits[--len];
	return to;
}

static void send_position(struct painter *p, int x, int y)
{
	char s[24] = "\033[", *to = put_number(s + 2, y + 1);

	*to++ = ';';
	to = put_number(to, x + 1);
	*to++ = 'H';
	buf_add(p->out, s, (size_t)(to - s));
}

static void go(struct painter *p, int x, int y)
{
	if (p->x == x && p->y == y)
		return;
	if (p->ansi_cup) /* nearly everywhere, and tparm would be half of the painting */
		send_position(p, x, y);
	else
		send_cap(p, p->cup, y, x);
	p->x = x;
	p->y = y;
}

/* The number inside ESC [ n m, or all of the piece when the terminal is not of that kind. */
static void add_piece(struct painter *p, const char *piece)
{
	if (!p->ansi) {
		buf_adds(p->out, piece);
	} else if (*piece) {
		buf_addc(p->out, ';');
		buf_add(p->out, piece + 2, strlen(piece) - 3);
	}
}

static uint32_t look_id(const struct cell *c)
{
	return (uint32_t)c->style | (uint32_t)c->over << 8 | (uint32_t)c->flags << 16;
}

static void set_look(struct painter *p, const struct cell *c)
{
	struct look l;

	if (look_id(c) == p->look)
		return;
	p->look = look_id(c);
	l = style_look(p->theme, c->style, c->over, p->color && p->colors);
	if (c->flags & CELL_STANDIN) /* stands out on reversed rows too */
		l.attr ^= ATTR_REVERSE;
	buf_adds(p->out, p->ansi ? "\033[0" : p->reset);
	/* eight colours: the bright ones are bold */
	if (l.fg >= p->colors && l.fg >= 8)
		l.attr |= ATTR_BOLD;
	if (l.attr & ATTR_BOLD)
		add_piece(p, p->bold);
	if (l.attr & ATTR_DIM)
		add_piece(p, p->dim);
	if (l.attr & ATTR_ITALIC)
		add_piece(p, p->italic);
	if (l.attr & ATTR_UNDERLINE)
		add_piece(p, p->underline);
	if (l.attr & ATTR_REVERSE)
		add_piece(p, p->reverse);
	if (l.fg >= 0)
		add_piece(p, p->fg[l.fg]);
	if (l.bg >= 0)
		add_piece(p, p->bg[l.bg]);
	if (p->ansi)
		buf_addc(p->out, 'm');
}

/* Do all terminals agree about the width? Not for emoji and clusters: the position behind them is
 * stated anew, so that a disagreement cannot move the rest of the row. */
static bool is_width_sure(const struct cell *c)
{
	return c->ch < 0x2600 || (c->ch >= 0x2E80 && c->ch < 0xFE00 && c->width == 2) ||
	       (c->ch >= 0xFF00 && c->ch < 0xFFF0);
}

static void send_cell(struct painter *p, const struct grid *g, const struct cell *c)
{
	char s[32];
	size_t n;

	set_look(p, c);
	n = cell_text(g, c, s);
	buf_add(p->out, s, n);
	p->x += c->width;
	/* behind the last column the cursor is wherever the terminal likes */
	if (p->x >= g->cols || !is_width_sure(c))
		p->x = -1;
}

/* --- rows --- */

static bool cell_equal(const struct cell *a, const struct cell *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

static bool is_changed(const struct painter *p, const struct grid *g, int y)
{
	return memcmp(grid_row(g, y), grid_row(&p->sent, y), (size_t)g->cols * sizeof(struct cell));
}

static bool is_plain_blank(const struct painter *p, const struct cell *c)
{
	return c->ch == ' ' && c->style == STYLE_NORMAL && c->over == STYLE_NORMAL && !c->flags &&
	       (p->theme->looks[STYLE_NORMAL].bg < 0 || !p->color);
}

/* Cells behind which the row is blank, so that "erase to the end" can take them. */
static int blank_from(const struct painter *p, const struct cell *row, int cols)
{
	int x = cols;

	while (x > 0 && is_plain_blank(p, &row[x - 1]))
		x--;
	return x;
}

static void paint_row(struct painter *p, const struct grid *g, int y)
{
	const struct cell *now = grid_row(g, y);
	struct cell *old = grid_row(&p->sent, y);
	int cols = g->cols, end = cols, blank;

	if (!is_changed(p, g, y))
		return;
	while (end > 0 && cell_equal(&now[end - 1], &old[end - 1]))
		end--;
	if (p->skip_corner && y == g->rows - 1 && end == cols)
		end--;
	blank = p->el ? blank_from(p, now, cols) : cols;
	if (end - blank < ERASE_CELLS)
		blank = cols;
	for (int x = 0; x < end && x < blank; x++) {
		if (cell_equal(&now[x], &old[x]))
			continue;
		if (now[x].width == 0 && x > 0) /* the left half brings it along */
			x--;
		/* a short gap is cheaper to send than to jump */
		if (p->y == y && p->x >= 0 && p->x < x && x - p->x < JUMP_CELLS &&
		    now[p->x].width > 0)
			x = p->x;
		go(p, x, y);
		send_cell(p, g, &now[x]);
		if (now[x].width == 2)
			x++;
	}
	if (end > blank) {
		go(p, blank, y);
		set_look(p, &now[blank]);
		send_cap(p, p->el, 0, 0);
	}
	memcpy(old, now, (size_t)cols * sizeof *now);
}

/* --- scrolling --- */

/* Of the beginning of the row, where names stand: a wrong guess costs bytes, never correctness,
 * because what was moved is compared cell by cell afterwards. */
static uint64_t hash_row(const struct grid *g, int y)
{
	const struct cell *row = grid_row(g, y);
	int n = g->cols < HASH_CELLS ? g->cols : HASH_CELLS;
	uint64_t h = 0;

	for (int x = 0; x < n; x++) {
		uint64_t word;

		memcpy(&word, &row[x], sizeof word);
		h = (h ^ word) * 0x9E3779B97F4A7C15u;
		h ^= h >> 29;
	}
	return h;
}

/* The longest run of changed rows that now stand `shift` rows higher (positive) or lower. */
static int best_run(const struct painter *p, int rows, int shift, int *from)
{
	int best = 0, run = 0;

	for (int y = 0; y < rows; y++) {
		int was = y + shift;
		bool moved = was >= 0 && was < rows && p->hash_new[y] == p->hash_old[was] &&
			     p->hash_new[y] != p->hash_old[y];

		run = moved ? run + 1 : 0;
		if (run > best) {
			best = run;
			*from = y - run + 1;
		}
	}
	return best;
}

/* Move rows top..bottom up by n (down when negative) in the terminal and in `sent`. */
static void shift_rows(struct painter *p, int top, int bottom, int n)
{
	struct grid *s = &p->sent;
	int height = bottom - top + 1, by = n > 0 ? n : -n;
	size_t bytes = (size_t)(height - by) * (size_t)s->cols * sizeof(struct cell);

	buf_adds(p->out, p->reset);
	p->look = UINT32_MAX;
	send_cap(p, p->csr, top, bottom);
	p->x = -1; /* setting the region homes the cursor */
	go(p, 0, n > 0 ? bottom : top);
	send_cap(p, n > 0 ? p->indn : p->rin, by, 0);
	send_cap(p, p->csr, 0, s->rows - 1);
	p->x = -1;
	if (n > 0)
		memmove(grid_row(s, top), grid_row(s, top + by), bytes);
	else
		memmove(grid_row(s, top + by), grid_row(s, top), bytes);
	for (int y = 0; y < by; y++) {
		struct cell *row = grid_row(s, n > 0 ? bottom - y : top + y);

		for (int x = 0; x < s->cols; x++)
			row[x] = (struct cell){.ch = CELL_UNKNOWN, .width = 1};
	}
}

/* When most of the screen only moved, let the terminal move it. */
static void try_scroll(struct painter *p, const struct grid *g)
{
	int rows = g->rows, changed = 0, best = 0, best_shift = 0, best_from = 0;

	if (!p->csr || !p->indn || !p->rin || p->hash_rows != rows)
		return;
	for (int y = 0; y < rows; y++)
		changed += is_changed(p, g, y);
	if (changed < SCROLL_ROWS)
		return;
	for (int y = 0; y < rows; y++) {
		p->hash_new[y] = hash_row(g, y);
		p->hash_old[y] = hash_row(&p->sent, y);
	}
	for (int shift = -rows / 2; shift <= rows / 2; shift++) {
		int from = 0, n = shift ? best_run(p, rows, shift, &from) : 0;

		if (n > best) {
			best = n;
			best_shift = shift;
			best_from = from;
		}
	}
	if (best * 2 < changed || best < 4)
		return;
	if (best_shift > 0)
		shift_rows(p, best_from, best_from + best + best_shift - 1, best_shift);
	else
		shift_rows(p, best_from + best_shift, best_from + best - 1, best_shift);
}

static void place_cursor(struct painter *p, const struct grid *g)
{
	int show = g->cursor_x >= 0;

	if (show)
		go(p, g->cursor_x, g->cursor_y);
	if (show != p->shown && p->civis && p->cnorm)
		send_cap(p, show ? p->cnorm : p->civis, 0, 0);
	p->shown = show;
}

enum err painter_paint(
    struct painter *p, const struct grid *g, const struct theme *theme, bool color, struct buf *out)
{
	if (g->cols != p->sent.cols || g->rows != p->sent.rows)
		return ERR_LIMIT;
	p->out = out;
	p->theme = theme;
	p->color = color;
	try_scroll(p, g);
	for (int y = 0; y < g->rows; y++)
		paint_row(p, g, y);
	place_cursor(p, g);
	if (out->failed)
		painter_forget(p);
	return out->failed;
}
