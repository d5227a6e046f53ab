/* Drawing into cells, clipped.
 *
 * A canvas is a small value: a window onto the grid of the screen. Coordinates are relative to it,
 * nothing can be drawn outside it, and every text passes base/text.h, so no name from the API can
 * move the cursor, hide or overlap a neighbour. A wide glyph that would cross the right edge is not
 * drawn in half: its first cell becomes a blank. The terminal sees nothing of this until the app
 * paints the cells that differ from what was painted before. */
#ifndef RETICLE_TUI_CANVAS_H
#define RETICLE_TUI_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include "tui/style.h"

struct grid;

struct rect {
	int x, y, w, h;
};

struct canvas {
	struct grid *grid;
	struct rect area; /* in cells of the screen */
};

enum canvas_align { ALIGN_LEFT, ALIGN_RIGHT, ALIGN_CENTER };
enum canvas_cut { CUT_END, CUT_MIDDLE }; /* where the ellipsis goes when text is too wide */

struct canvas canvas_of(struct grid *g); /* the whole screen */
struct canvas canvas_sub(const struct canvas *c, struct rect r); /* clipped to c */

void canvas_clear(struct canvas *c, enum style style);
void canvas_fill(struct canvas *c, struct rect r, enum style style); /* blanks */

/* Draw from column x on, cut at the right edge without an ellipsis. Returns the column behind the
 * last cell drawn. x may be negative or behind the edge. */
int canvas_text(struct canvas *c, int x, int y, enum style style, const char *s, size_t n);
int canvas_str(struct canvas *c, int x, int y, enum style style, const char *s);
int canvas_strf(struct canvas *c, int x, int y, enum style style, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

struct canvas_field {
	int x, y, w;
	enum style style;
	enum canvas_align align;
	enum canvas_cut cut;
};
/* Draw in exactly f->w cells: padded with blanks, or cut with a visible ellipsis. */
void canvas_field(struct canvas *c, const struct canvas_field *f, const char *s, size_t n);

void canvas_hline(struct canvas *c, int x, int y, int w, enum style style);
void canvas_vline(struct canvas *c, int x, int y, int h, enum style style);
/* A box around r (its border cells belong to r), with an optional title in the upper edge. */
void canvas_box(struct canvas *c, struct rect r, enum style style, const char *title);

/* Lay a style (cursor row, mark) over cells that are already drawn. */
void canvas_overlay(struct canvas *c, int x, int y, int w, enum style over);
/* Show the terminal's cursor here (an input field); without a call it stays hidden. */
void canvas_cursor(struct canvas *c, int x, int y);

#endif
