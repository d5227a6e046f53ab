/* The cells of a screen. Canvases draw into the app's grid, the terminal paints the cells in which
 * it differs from the grid that it painted before, scripts write it as text.
 *
 * A cell holds one character, or, where combining marks follow it, the number of a string in
 * struct clusters, which both grids share so that cells can be compared as plain numbers. */
#ifndef RETICLE_TUI_GRID_H
#define RETICLE_TUI_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"

#define CELL_CLUSTER 0x80000000u /* bit in cell.ch: the rest is a cluster's number */
#define CELL_UNKNOWN 0x7fffffffu /* nothing is known of what the terminal shows here */

enum cell_flag {
	CELL_NONE = 0,
	CELL_STANDIN = 1u << 0, /* a stand-in of base/text.h: shown so that it is not mistaken */
};

struct cell {
	uint32_t ch;
	uint8_t style, over; /* enum style */
	uint8_t width; /* 1 or 2; 0: the right half of the cell before */
	uint8_t flags;
};

struct clusters {
	struct map index;
	const char **text;
	size_t n, cap;
};

struct grid {
	int cols, rows;
	struct cell *cells;
	struct clusters *clusters; /* shared, not owned */
	int cursor_x, cursor_y; /* -1: hidden */
};

void clusters_init(struct clusters *c);
void clusters_done(struct clusters *c);
void clusters_clear(struct clusters *c); /* all grids that use it must be reset too */

void grid_init(struct grid *g, struct clusters *clusters);
void grid_done(struct grid *g);
enum err grid_resize(struct grid *g, int cols, int rows); /* contents are lost */
void grid_reset(struct grid *g, uint32_t ch); /* all cells: blank, or CELL_UNKNOWN */

/* One character or cluster of `width` cells at (x, y), which must be inside. Halves of wide
 * characters that it cuts become blanks. */
void grid_put(struct grid *g, int x, int y, struct cell cell);
/* Number for the UTF-8 bytes of a cluster; '?' when out of memory. */
uint32_t grid_cluster(struct grid *g, const char *s, size_t n);

static inline struct cell *grid_row(const struct grid *g, int y)
{
	return g->cells + (size_t)y * (size_t)g->cols;
}

/* UTF-8 of a cell into out (at least 32 bytes); its length. */
size_t cell_text(const struct grid *g, const struct cell *cell, char *out);
/* The screen as text: a line a row, trailing blanks trimmed, every line ended. */
void grid_text(const struct grid *g, struct buf *out);
size_t utf8_put(uint32_t cp, char *out); /* 1..4 bytes, no NUL */

#endif
