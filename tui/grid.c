#include "tui/grid.h"

#include <string.h>
#include "base/mem.h"

void clusters_init(struct clusters *c)
{
	*c = (struct clusters){0};
	map_init(&c->index);
}

void clusters_done(struct clusters *c)
{
	map_done(&c->index);
	mem_free(c->text);
	*c = (struct clusters){0};
}

void clusters_clear(struct clusters *c)
{
	clusters_done(c);
	clusters_init(c);
}

void grid_init(struct grid *g, struct clusters *clusters)
{
	*g = (struct grid){.clusters = clusters, .cursor_x = -1, .cursor_y = -1};
}

void grid_done(struct grid *g)
{
	mem_free(g->cells);
	g->cells = NULL;
	g->cols = g->rows = 0;
}

enum err grid_resize(struct grid *g, int cols, int rows)
{
	struct cell *cells = mem_array((size_t)cols * (size_t)rows + 1, sizeof *cells);

	if (!cells)
		return ERR_NOMEM;
	mem_free(g->cells);
	g->cells = cells;
	g->cols = cols;
	g->rows = rows;
	grid_reset(g, ' ');
	return ERR_OK;
}

void grid_reset(struct grid *g, uint32_t ch)
{
	size_t n = (size_t)g->cols * (size_t)g->rows;
	struct cell blank = {.ch = ch, .width = 1};

	for (size_t i = 0; i < n; i++)
		g->cells[i] = blank;
	g->cursor_x = g->cursor_y = -1;
}

static void blank(struct cell *c)
{
	c->ch = ' ';
	c->width = 1;
	c->flags = CELL_NONE;
}

void grid_put(struct grid *g, int x, int y, struct cell cell)
{
	struct cell *row = grid_row(g, y), *at = row + x;
	int end = x + cell.width;

	if (at->width == 0 && x > 0)
		blank(at - 1);
	if (end < g->cols && row[end].width == 0)
		blank(row + end);
	*at = cell;
	if (cell.width == 2) {
		at[1] = cell;
		at[1].ch = 0;
		at[1].width = 0;
	}
}

uint32_t grid_cluster(struct grid *g, const char *s, size_t n)
{
	struct clusters *c = g->clusters;
	char key[32];
	uint64_t number;

	if (n >= sizeof key)
		return '?';
	memcpy(key, s, n);
	key[n] = '\0';
	if (map_get(&c->index, key, &number))
		return CELL_CLUSTER | (uint32_t)number;
	if (c->n == c->cap) {
		size_t cap = c->cap ? c->cap * 2 : 64;
		const char **more = mem_realloc_array(c->text, cap, sizeof *more);

		if (!more)
			return '?';
		c->text = more;
		c->cap = cap;
	}
	c->text[c->n] = arena_strdup(&c->index.keys, key);
	if (!c->text[c->n] || map_put(&c->index, key, c->n) != ERR_OK)
		return '?';
	return CELL_CLUSTER | (uint32_t)c->n++;
}

size_t utf8_put(uint32_t cp, char *out)
{
	unsigned char *o = (unsigned char *)out;

	if (cp < 0x80) {
		o[0] = (unsigned char)cp;
		return 1;
	}
	if (cp < 0x800) {
		o[0] = (unsigned char)(0xC0 | cp >> 6);
		o[1] = (unsigned char)(0x80 | (cp & 0x3F));
		return 2;
	}
	if (cp < 0x10000) {
		o[0] = (unsigned char)(0xE0 | cp >> 12);
		o[1] = (unsigned char)(0x80 | (cp >> 6 & 0x3F));
		o[2] = (unsigned char)(0x80 | (cp & 0x3F));
		return 3;
	}
	o[0] = (unsigned char)(0xF0 | cp >> 18);
	o[1] = (unsigned char)(0x80 | (cp >> 12 & 0x3F));
	o[2] = (unsigned char)(0x80 | (cp >> 6 & 0x3F));
	o[3] = (unsigned char)(0x80 | (cp & 0x3F));
	return 4;
}

size_t cell_text(const struct grid *g, const struct cell *cell, char *out)
{
	if (cell->width == 0)
		return 0;
	if (cell->ch == CELL_UNKNOWN) {
		*out = ' ';
		return 1;
	}
	if (cell->ch & CELL_CLUSTER) {
		uint32_t i = cell->ch & ~CELL_CLUSTER;
		size_t n;

		if (i >= g->clusters->n) {
			*out = '?';
			return 1;
		}
		n = strlen(g->clusters->text[i]);
		memcpy(out, g->clusters->text[i], n);
		return n;
	}
	return utf8_put(cell->ch, out);
}

void grid_text(const struct grid *g, struct buf *out)
{
	for (int y = 0; y < g->rows; y++) {
		const struct cell *row = grid_row(g, y);
		int end = g->cols;

		while (end > 0 && row[end - 1].ch == ' ')
			end--;
		for (int x = 0; x < end; x++) {
			char s[32];
			size_t n = cell_text(g, &row[x], s);

			buf_add(out, s, n);
		}
		buf_addc(out, '\n');
	}
}
