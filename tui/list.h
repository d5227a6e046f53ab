/* A list of rows: cursor, marks, filter, sort. Views embed one; it knows nothing of what rows mean.
 *
 * The rows belong to the view and are reached through struct list_source by their source number
 * 0..count-1. The list keeps an array of what is visible (after filter and sort, in groups when the
 * source has them). A "position" is an index into that array, a "row" is a source number, a "key"
 * is the identity of a row that survives a refresh (never 0). Cursor and marks follow the key:
 * whatever the source does, the cursor stays on the same thing, or near where it was.
 *
 * Filter text is fetched once per generation of the data, folded to lower case and kept in one
 * arena, so that a keystroke is one pass over memory. Filter syntax: blank-separated tokens that
 * must all match; `!x` must not; `'x` or `x` substring; `^x` prefix, `x$` suffix of the row's text;
 * `a|b` either; `~x` letters in order (fuzzy). Upper and lower case are the same. */
#ifndef RETICLE_TUI_LIST_H
#define RETICLE_TUI_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"

struct list_source {
	size_t (*count)(const void *user);
	uint64_t (*key)(const void *user, size_t row);
	/* Append what a filter should find. May be NULL: then nothing can be filtered. Newlines
	 * count as blanks. */
	void (*filter_text)(const void *user, size_t row, struct buf *out);
	/* Order of rows a and b by that column (table column number). May be NULL: no sorting. */
	int (*compare)(const void *user, size_t a, size_t b, int column);
	/* Group that a row belongs to: groups are shown in ascending order, each under a header
	 * line. May be NULL: no groups. */
	uint32_t (*group)(const void *user, size_t row);
	const void *user;
};

struct list_filter;

struct list {
	struct list_source src;
	/* what is visible: source rows, header lines have LIST_HEADER set on the first row of
	 * their group */
	uint32_t *visible;
	size_t n_visible, cap_visible; /* lines, headers included */
	size_t n_rows; /* lines that are rows */
	size_t n_known; /* rows of the source when last read */
	size_t cursor, top; /* positions */
	size_t height; /* lines on the screen, from list_layout */
	uint64_t cursor_key;
	struct list_marks {
		uint64_t *slots; /* open addressing; 0 is free */
		size_t cap, count;
	} marks;
	bool only_marked;
	uint64_t range_anchor; /* key where a range mark started; 0: none */
	struct list_filter *filter; /* NULL: everything passes */
	int sort_column; /* -1: the source's order */
	bool sort_reverse;
	/* folded filter text of all rows, '\n' behind each; offsets[n_indexed] is the end */
	struct buf text;
	uint32_t *offsets;
	size_t n_indexed, cap_offsets;
	uint32_t *order; /* all rows, sorted; unused while unsorted and without groups */
	size_t cap_order;
	uint8_t *pass; /* scratch of a filter run, one byte a row */
	size_t cap_pass;
};

#define LIST_HEADER 0x80000000u /* bit in list.visible: a group's header line */
#define LIST_MAX_ROWS 0x7fffffffu

enum list_move {
	LIST_UP,
	LIST_DOWN,
	LIST_PAGE_UP,
	LIST_PAGE_DOWN,
	LIST_HALF_UP,
	LIST_HALF_DOWN,
	LIST_TOP,
	LIST_END,
};

void list_init(struct list *l, const struct list_source *src); /* the source struct is copied */
void list_done(struct list *l);

/* The rows changed in any way: read them anew, keep cursor (by key), marks, filter and sort. */
enum err list_refresh(struct list *l);
/* Keep the cursor inside `height` lines; call from the view's layout. */
void list_layout(struct list *l, size_t height);

/* --- queries --- */
size_t list_count(const struct list *l); /* rows of the source */
size_t list_shown(const struct list *l); /* rows that pass filter and marks */
bool list_row(const struct list *l, size_t *row); /* row under the cursor; false: none */
uint64_t list_key(const struct list *l); /* its key, 0: none */
size_t list_cursor_number(const struct list *l); /* 1-based number of that row among the shown */
bool list_line(
    const struct list *l, size_t pos, size_t *row, bool *header); /* line at a position */

/* --- moving --- */
bool list_move(struct list *l, enum list_move how); /* false when nothing moved */
bool list_move_by(struct list *l, long rows);
bool list_goto_key(struct list *l, uint64_t key); /* false when it is not shown */
bool list_goto_pos(struct list *l, size_t pos); /* nearest row to that position */
void list_scroll(struct list *l, long lines); /* wheel: move the window, cursor follows */

/* --- filter and sort --- */
/* Empty or NULL shows all. ERR_LIMIT when longer than LIST_FILTER_MAX; the old filter is kept. */
#define LIST_FILTER_MAX 256
enum err list_set_filter(struct list *l, const char *text);
const char *list_filter_text(const struct list *l); /* as given; "" when none */
enum err list_set_sort(struct list *l, int column, bool reverse); /* -1: source order */

/* --- marks: independent of the filter --- */
enum err list_mark(struct list *l, uint64_t key, bool on);
bool list_is_marked(const struct list *l, uint64_t key);
size_t list_marked(const struct list *l);
enum err list_mark_shown(struct list *l); /* all rows that pass the filter */
enum err list_mark_invert(struct list *l); /* of the shown rows */
enum err list_mark_range(struct list *l); /* first call sets the anchor, second marks up to here */
/* The visible positions of an open range, both included; false when none is open, or its start is
 * hidden. */
bool list_range(const struct list *l, size_t *from, size_t *to);
enum err list_range_end(struct list *l); /* mark an open range, if any */
enum err list_range_toggle(struct list *l); /* the same, or unmark it when all of it was marked */
void list_range_drop(struct list *l); /* no range any more; marks stay */
void list_mark_clear(struct list *l); /* also forgets the range's anchor */
enum err list_show_marked(struct list *l, bool only);
/* Walk what a command acts on: the marked rows (also those that the filter hides), or the row under
 * the cursor when none is marked. Start with *it = 0; false at the end. */
bool list_selected(const struct list *l, size_t *it, size_t *row);
size_t list_selected_count(const struct list *l);

#endif
