#include "tui/list.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"
#include "tui/filter.h"
#include "tui/marks.h"

#define TEXT_MAX_BYTES ((size_t)1 << 30) /* offsets are 32 bits wide */
#define ROW_TEXT_MAX_BYTES 65536 /* a name of a megabyte is found by its beginning */

void list_init(struct list *l, const struct list_source *src)
{
	*l = (struct list){.src = *src, .sort_column = -1, .height = 1};
	buf_init(&l->text, TEXT_MAX_BYTES);
}

void list_done(struct list *l)
{
	mem_free(l->visible);
	mem_free(l->order);
	mem_free(l->offsets);
	mem_free(l->pass);
	buf_done(&l->text);
	marks_done(&l->marks);
	filter_free(l->filter);
	*l = (struct list){.sort_column = -1};
}

static uint64_t key_of(const struct list *l, size_t row)
{
	return l->src.key(l->src.user, row);
}

static enum err reserve(void **p, size_t *cap, size_t n, size_t size)
{
	size_t want = *cap ? *cap : 64;
	void *more;

	if (n <= *cap)
		return ERR_OK;
	while (want < n)
		want *= 2;
	more = mem_realloc_array(*p, want, size);
	if (!more)
		return ERR_NOMEM;
	*p = more;
	*cap = want;
	return ERR_OK;
}

/* --- filter text --- */

/* Newlines separate the rows in the arena. */
static void one_line(char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		s[i] = s[i] == '\n' ? ' ' : s[i];
}

static bool is_ascii(const char *s, size_t n)
{
	unsigned char all = 0;

	for (size_t i = 0; i < n; i++)
		all |= (unsigned char)s[i];
	return all < 0x80;
}

/* Plain loops over bytes, which the compiler turns into vector code: most names are ASCII. */
static void fold(struct buf *out, const char *s, size_t n)
{
	size_t from = out->len;

	if (!is_ascii(s, n)) {
		text_fold(out, s, n);
	} else if (buf_add(out, s, n) == ERR_OK) {
		char *p = out->p + from;

		for (size_t i = 0; i < n; i++)
			p[i] = (char)(p[i] + (p[i] >= 'A' && p[i] <= 'Z' ? 'a' - 'A' : 0));
	}
	if (!out->failed)
		one_line(out->p + from, out->len - from);
}

static enum err index_row(struct list *l, size_t row, struct buf *raw)
{
	size_t from = l->text.len;

	buf_clear(raw);
	l->src.filter_text(l->src.user, row, raw); /* too long: its beginning is kept */
	fold(&l->text, buf_str(raw), raw->len);
	buf_addc(&l->text, '\n');
	if (l->text.failed) { /* forget the half row: memory may be back for the next try */
		enum err e = l->text.failed;

		l->text.failed = ERR_OK;
		l->text.len = from;
		return e;
	}
	l->offsets[row + 1] = (uint32_t)l->text.len;
	return ERR_OK;
}

/* Fetch and fold the text of rows that are not indexed yet. */
static enum err index_rows(struct list *l)
{
	struct buf raw;
	enum err e = ERR_OK;

	if (!l->src.filter_text || l->n_indexed == l->n_known)
		return ERR_OK;
	e = reserve((void **)&l->offsets, &l->cap_offsets, l->n_known + 1, sizeof *l->offsets);
	if (e != ERR_OK)
		return e;
	if (l->n_indexed == 0) {
		l->offsets[0] = 0;
		buf_clear(&l->text);
	}
	buf_init(&raw, ROW_TEXT_MAX_BYTES);
	while (e == ERR_OK && l->n_indexed < l->n_known) {
		e = index_row(l, l->n_indexed, &raw);
		if (e == ERR_OK)
			l->n_indexed++;
	}
	buf_done(&raw);
	return e;
}

/* --- order --- */

static int compare_rows(const void *pa, const void *pb, void *ctx)
{
	const struct list *l = ctx;
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
	int c = 0;

	if (l->src.group) {
		uint32_t ga = l->src.group(l->src.user, a), gb = l->src.group(l->src.user, b);

		if (ga != gb)
			return ga < gb ? -1 : 1;
	}
	if (l->sort_column >= 0 && l->src.compare)
		c = l->src.compare(l->src.user, a, b, l->sort_column);
	if (c != 0)
		return l->sort_reverse ? -c : c;
	return a < b ? -1 : a > b;
}

static bool is_ordered(const struct list *l)
{
	return l->src.group || (l->sort_column >= 0 && l->src.compare);
}

static enum err sort_rows(struct list *l)
{
	enum err e;

	if (!is_ordered(l) || l->n_known == 0)
		return ERR_OK;
	e = reserve((void **)&l->order, &l->cap_order, l->n_known, sizeof *l->order);
	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < l->n_known; i++)
		l->order[i] = (uint32_t)i;
	qsort_r(l->order, l->n_known, sizeof *l->order, compare_rows, l);
	return ERR_OK;
}

/* --- what is visible --- */

static enum err run_filter(struct list *l)
{
	enum err e = reserve((void **)&l->pass, &l->cap_pass, l->n_known, sizeof *l->pass);

	if (e == ERR_OK && l->filter && l->src.filter_text)
		e = index_rows(l);
	if (e != ERR_OK)
		return e;
	if (l->filter && l->src.filter_text)
		filter_run(l->filter, buf_str(&l->text), l->offsets, l->n_known, l->pass);
	else if (l->n_known)
		memset(l->pass, 1, l->n_known);
	if (l->only_marked)
		for (size_t i = 0; i < l->n_known; i++)
			l->pass[i] = l->pass[i] && marks_has(&l->marks, key_of(l, i));
	return ERR_OK;
}

static bool is_row(const struct list *l, size_t pos)
{
	return pos < l->n_visible && !(l->visible[pos] & LIST_HEADER);
}

/* Nearest line that is a row, looking first in the direction `dir`. */
static size_t nearest_row(const struct list *l, size_t pos, int dir)
{
	if (l->n_rows == 0)
		return 0;
	if (pos >= l->n_visible)
		pos = l->n_visible - 1;
	for (size_t p = pos; p < l->n_visible; p += (size_t)dir) /* below 0 wraps and ends */
		if (is_row(l, p))
			return p;
	for (size_t p = pos; p < l->n_visible; p -= (size_t)dir)
		if (is_row(l, p))
			return p;
	return 0;
}

static size_t pos_of_row(const struct list *l, size_t row)
{
	size_t lo = 0, hi = l->n_visible;

	if (!is_ordered(l)) { /* ascending: no need to read them all */
		while (lo < hi) {
			size_t mid = lo + (hi - lo) / 2;

			if (l->visible[mid] < row)
				lo = mid + 1;
			else
				hi = mid;
		}
		return lo < l->n_visible && l->visible[lo] == row ? lo : l->n_visible;
	}
	while (lo < l->n_visible && l->visible[lo] != row)
		lo++;
	return lo;
}

/* Put the cursor on the row that it was on; `hint` is where that row may still be. When it is only
 * hidden the key is kept, so that it gets the cursor back with the next filter; when it is gone
 * the row at its position takes over. */
static void find_cursor(struct list *l, size_t hint)
{
	size_t row = l->n_known, pos;

	if (l->cursor_key) {
		if (hint < l->n_known && key_of(l, hint) == l->cursor_key)
			row = hint;
		else
			for (row = 0; row < l->n_known && key_of(l, row) != l->cursor_key; row++)
				continue;
	}
	pos = row < l->n_known ? pos_of_row(l, row) : l->n_visible;
	l->cursor = pos < l->n_visible ? pos : nearest_row(l, l->cursor, 1);
	if (!l->cursor_key || (row == l->n_known && l->n_rows))
		l->cursor_key = list_key(l);
}

static enum err rebuild(struct list *l)
{
	enum err e = run_filter(l);
	bool ordered = is_ordered(l);
	size_t n = 0;
	uint32_t group = 0;

	if (e == ERR_OK) /* each row may bring a header line */
		e = reserve((void **)&l->visible, &l->cap_visible,
		    l->n_known * (l->src.group ? 2 : 1), sizeof *l->visible);
	if (e != ERR_OK)
		return e;
	l->n_rows = 0;
	for (size_t i = 0; i < l->n_known; i++) {
		uint32_t row = ordered ? l->order[i] : (uint32_t)i;

		if (!l->pass[row])
			continue;
		if (l->src.group) {
			uint32_t g = l->src.group(l->src.user, row);

			if (l->n_rows == 0 || g != group)
				l->visible[n++] = row | LIST_HEADER;
			group = g;
		}
		l->visible[n++] = row;
		l->n_rows++;
	}
	l->n_visible = n;
	return ERR_OK;
}

static size_t row_under_cursor(const struct list *l)
{
	return is_row(l, l->cursor) ? l->visible[l->cursor] : SIZE_MAX;
}

enum err list_refresh(struct list *l)
{
	size_t hint = row_under_cursor(l), n = l->src.count(l->src.user);
	enum err e;

	if (n > LIST_MAX_ROWS)
		return ERR_LIMIT;
	l->n_indexed = 0;
	l->n_known = n;
	e = sort_rows(l);
	if (e == ERR_OK)
		e = rebuild(l);
	if (e != ERR_OK) { /* the old lines may name rows that are gone */
		l->n_visible = l->n_rows = 0;
		return e;
	}
	find_cursor(l, hint);
	list_layout(l, l->height);
	return ERR_OK;
}

void list_layout(struct list *l, size_t height)
{
	size_t last;

	l->height = height ? height : 1;
	last = l->n_visible > l->height ? l->n_visible - l->height : 0;
	if (l->top > last)
		l->top = last;
	if (l->cursor < l->top)
		l->top = l->cursor;
	/* the header above the first row of a group comes along */
	if (l->top > 0 && l->top == l->cursor && !is_row(l, l->top - 1))
		l->top--;
	if (l->cursor >= l->top + l->height)
		l->top = l->cursor - l->height + 1;
}

/* --- queries --- */

size_t list_count(const struct list *l)
{
	return l->n_known;
}

size_t list_shown(const struct list *l)
{
	return l->n_rows;
}

bool list_row(const struct list *l, size_t *row)
{
	if (!is_row(l, l->cursor))
		return false;
	*row = l->visible[l->cursor];
	return true;
}

uint64_t list_key(const struct list *l)
{
	size_t row;

	return list_row(l, &row) ? key_of(l, row) : 0;
}

size_t list_cursor_number(const struct list *l)
{
	size_t n = 0;

	if (!is_row(l, l->cursor))
		return 0;
	if (!l->src.group)
		return l->cursor + 1;
	for (size_t i = 0; i <= l->cursor; i++)
		n += is_row(l, i);
	return n;
}

bool list_line(const struct list *l, size_t pos, size_t *row, bool *header)
{
	if (pos >= l->n_visible)
		return false;
	*row = l->visible[pos] & ~LIST_HEADER;
	*header = l->visible[pos] & LIST_HEADER;
	return true;
}

/* --- moving --- */

static bool go(struct list *l, size_t pos, int dir)
{
	size_t old = l->cursor;

	if (l->n_rows == 0)
		return false;
	l->cursor = nearest_row(l, pos, dir);
	l->cursor_key = list_key(l);
	list_layout(l, l->height);
	return l->cursor != old;
}

bool list_move_by(struct list *l, long rows)
{
	size_t to = l->cursor;

	if (rows < 0)
		to = to > (size_t)-rows ? to - (size_t)-rows : 0;
	else
		to = l->n_visible - to > (size_t)rows ? to + (size_t)rows : l->n_visible;
	return go(l, to, rows < 0 ? -1 : 1);
}

bool list_move(struct list *l, enum list_move how)
{
	long page = (long)l->height, half = page / 2 > 0 ? page / 2 : 1;

	switch (how) {
	case LIST_UP:
		return list_move_by(l, -1);
	case LIST_DOWN:
		return list_move_by(l, 1);
	case LIST_PAGE_UP:
	case LIST_PAGE_DOWN:
	case LIST_HALF_UP:
	case LIST_HALF_DOWN:
		break;
	case LIST_TOP:
		return go(l, 0, 1);
	case LIST_END:
		return go(l, l->n_visible, -1);
	}
	page = how == LIST_PAGE_UP || how == LIST_PAGE_DOWN ? page : half;
	if (how == LIST_PAGE_UP || how == LIST_HALF_UP)
		page = -page;
	/* the window moves with the cursor, so that the eye finds the row again */
	if (page < 0)
		l->top = l->top > (size_t)-page ? l->top - (size_t)-page : 0;
	else
		l->top += (size_t)page;
	return list_move_by(l, page);
}

bool list_goto_key(struct list *l, uint64_t key)
{
	for (size_t i = 0; key && i < l->n_visible; i++)
		if (is_row(l, i) && key_of(l, l->visible[i]) == key) {
			go(l, i, 1);
			return true;
		}
	return false;
}

bool list_goto_pos(struct list *l, size_t pos)
{
	return go(l, pos, 1);
}

void list_scroll(struct list *l, long lines)
{
	size_t last = l->n_visible > l->height ? l->n_visible - l->height : 0, top = l->top;

	if (lines < 0)
		top = top > (size_t)-lines ? top - (size_t)-lines : 0;
	else
		top = top + (size_t)lines < last ? top + (size_t)lines : last;
	l->top = top;
	if (l->cursor < top)
		go(l, top, 1);
	else if (l->cursor >= top + l->height)
		go(l, top + l->height - 1, -1);
}

/* --- filter and sort --- */

enum err list_set_filter(struct list *l, const char *text)
{
	struct list_filter *f, *old = l->filter;
	size_t hint = row_under_cursor(l);
	enum err e = filter_parse(text, &f);

	if (e != ERR_OK)
		return e;
	l->filter = f;
	e = rebuild(l);
	if (e != ERR_OK) {
		l->filter = old;
		filter_free(f);
		return e;
	}
	filter_free(old);
	l->cursor = 0; /* when the row under the cursor does not match: the best is the first */
	find_cursor(l, hint);
	list_layout(l, l->height);
	return ERR_OK;
}

const char *list_filter_text(const struct list *l)
{
	return filter_text(l->filter);
}

enum err list_set_sort(struct list *l, int column, bool reverse)
{
	int old_column = l->sort_column;
	bool old_reverse = l->sort_reverse;
	size_t hint = row_under_cursor(l);
	enum err e;

	if (column >= 0 && !l->src.compare)
		return ERR_REFUSED;
	l->sort_column = column;
	l->sort_reverse = reverse;
	e = sort_rows(l);
	if (e == ERR_OK)
		e = rebuild(l);
	if (e != ERR_OK) {
		l->sort_column = old_column;
		l->sort_reverse = old_reverse;
		return e;
	}
	find_cursor(l, hint);
	list_layout(l, l->height);
	return ERR_OK;
}

/* --- marks --- */

enum err list_mark(struct list *l, uint64_t key, bool on)
{
	return marks_set(&l->marks, key, on);
}

bool list_is_marked(const struct list *l, uint64_t key)
{
	return marks_has(&l->marks, key);
}

size_t list_marked(const struct list *l)
{
	return l->marks.count;
}

enum err list_mark_shown(struct list *l)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < l->n_visible; i++)
		if (is_row(l, i))
			e = marks_set(&l->marks, key_of(l, l->visible[i]), true);
	return e;
}

enum err list_mark_invert(struct list *l)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < l->n_visible; i++)
		if (is_row(l, i)) {
			uint64_t key = key_of(l, l->visible[i]);

			e = marks_set(&l->marks, key, !marks_has(&l->marks, key));
		}
	return e;
}

bool list_range(const struct list *l, size_t *from, size_t *to)
{
	size_t at = 0;

	if (!l->range_anchor || !is_row(l, l->cursor))
		return false;
	while (
	    at < l->n_visible && !(is_row(l, at) && key_of(l, l->visible[at]) == l->range_anchor))
		at++;
	if (at == l->n_visible) /* the filter hides it */
		return false;
	*from = at < l->cursor ? at : l->cursor;
	*to = at < l->cursor ? l->cursor : at;
	return true;
}

enum err list_range_end(struct list *l)
{
	size_t from, to;
	enum err e = ERR_OK;

	if (list_range(l, &from, &to))
		for (size_t i = from; e == ERR_OK && i <= to; i++)
			if (is_row(l, i))
				e = marks_set(&l->marks, key_of(l, l->visible[i]), true);
	l->range_anchor = 0;
	return e;
}

enum err list_mark_range(struct list *l)
{
	size_t from, to;

	if (!is_row(l, l->cursor))
		return ERR_OK;
	if (list_range(l, &from, &to))
		return list_range_end(l);
	l->range_anchor = list_key(l); /* none, or the filter hides it: start here */
	return ERR_OK;
}

void list_range_drop(struct list *l)
{
	l->range_anchor = 0;
}

enum err list_range_toggle(struct list *l)
{
	size_t from, to;
	bool all = true;
	enum err e = ERR_OK;

	if (!list_range(l, &from, &to))
		return list_range_end(l);
	for (size_t i = from; i <= to; i++)
		all = all && (!is_row(l, i) || marks_has(&l->marks, key_of(l, l->visible[i])));
	for (size_t i = from; all && e == ERR_OK && i <= to; i++)
		if (is_row(l, i))
			e = marks_set(&l->marks, key_of(l, l->visible[i]), false);
	if (!all)
		return list_range_end(l);
	l->range_anchor = 0;
	return e;
}

void list_mark_clear(struct list *l)
{
	marks_clear(&l->marks);
	l->range_anchor = 0;
	if (l->only_marked)
		list_show_marked(l, false);
}

enum err list_show_marked(struct list *l, bool only)
{
	bool old = l->only_marked;
	size_t hint = row_under_cursor(l);
	enum err e;

	l->only_marked = only;
	e = rebuild(l);
	if (e != ERR_OK) {
		l->only_marked = old;
		return e;
	}
	find_cursor(l, hint);
	list_layout(l, l->height);
	return ERR_OK;
}

bool list_selected(const struct list *l, size_t *it, size_t *row)
{
	if (l->marks.count == 0) {
		if (*it != 0)
			return false;
		*it = 1;
		return list_row(l, row);
	}
	for (; *it < l->n_known; (*it)++)
		if (marks_has(&l->marks, key_of(l, *it))) {
			*row = (*it)++;
			return true;
		}
	return false;
}

size_t list_selected_count(const struct list *l)
{
	size_t it = 0, row, n = 0;

	if (l->marks.count == 0)
		return is_row(l, l->cursor);
	while (list_selected(l, &it, &row))
		n++;
	return n;
}
