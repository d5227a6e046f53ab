/* A table over a struct list: columns, header, horizontal scrolling with the first column fixed,
 * group header lines, empty-state text. Draws only what is visible; owns no data. */
#ifndef RETICLE_TUI_TABLE_H
#define RETICLE_TUI_TABLE_H

#include "tui/canvas.h"
#include "tui/list.h"

#define TABLE_COLUMNS_MAX 24

enum table_column_flag {
	COL_NONE = 0,
	COL_SORT = 1u << 0, /* list_source.compare knows this column */
	COL_HIDEABLE = 1u << 1, /* may be switched off by the user, and is left out first when the
				   screen is too narrow */
	COL_HIDDEN = 1u << 2, /* off until switched on */
	COL_REVERSE = 1u << 3, /* first sort is descending (sizes, dates) */
};

struct table_column {
	const char *title;
	int min, max; /* width in cells; max 0: no limit */
	int weight; /* share of the room left over; 0: stays at min */
	enum canvas_align align;
	enum canvas_cut cut;
	unsigned flags;
};

struct table_cell {
	const char *text; /* points anywhere that lives until the cell is drawn, e.g. scratch */
	size_t len; /* of text */
	enum style style; /* STYLE_NORMAL unless set */
	char scratch[256]; /* the callback's own */
};

struct table_source {
	const struct table_column *columns;
	int n_columns;
	/* Fill out->text and out->len (both start empty) and out->style. Runs only while drawing,
	 * for visible cells. */
	void (*cell)(const void *user, size_t row, int column, struct table_cell *out);
	/* Text of the header line of the group that `row` belongs to; needed with list groups. */
	void (*group)(const void *user, size_t row, struct table_cell *out);
	const void *user;
};

struct table {
	struct table_source src;
	struct list *list; /* the view's */
	const char *empty; /* shown when there are no rows: what that means and the next step */
	int width[TABLE_COLUMNS_MAX]; /* from table_layout; 0: not shown */
	uint32_t hidden; /* bit per column that the user switched off */
	uint32_t squeezed; /* bit per column left out for want of room */
	int focus; /* column that sort acts on */
	bool focus_shown; /* once the user moved it */
	int cols; /* room, from table_layout */
	int first; /* first scrolled column behind the fixed one, 1 = unscrolled */
};

void table_init(struct table *t, const struct table_source *src, struct list *list);
/* Widths for `cols` cells, and list_layout for the lines below the header. From the view's
 * layout. */
void table_layout(struct table *t, int cols, int rows);
void table_draw(const struct table *t, struct canvas *c);

/* Line of the list at row y of the table's canvas (mouse); false above or below the rows. */
bool table_pos_at(const struct table *t, int y, size_t *pos);
int table_column_at(const struct table *t, int x); /* -1: none */

bool table_focus(struct table *t, int by); /* next (+1) or previous (-1) column */
bool table_scroll(struct table *t, int by); /* columns, horizontally */
enum err table_sort(struct table *t, int column); /* again: reverses; a column without COL_SORT:
						     ERR_REFUSED */
/* Column by its title (case ignored) or 1-based number; -1: none. */
int table_column_find(const struct table *t, const char *name);
/* "3/8,000", "12 of 8,000 (filter) · 2 marked": for view_about.position. */
void table_position(const struct table *t, char *out, size_t cap);
/* "8,000": digits grouped for people; out has room for 32 bytes. */
const char *table_number(char *out, unsigned long long n);

#endif
