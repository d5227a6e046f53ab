/* A page of text to read: details, messages. */
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"
#include "tui/internal.h"

struct line {
	uint32_t from, len; /* bytes of the text */
};

struct text_state {
	char *title, *text;
	struct line *lines; /* wrapped to `cols` */
	size_t n, cap;
	int cols;
	struct list list;
};

struct text_arg {
	const char *title, *text;
};

static size_t row_count(const void *user)
{
	return ((const struct text_state *)user)->n;
}

static uint64_t row_key(const void *user, size_t row)
{
	(void)user;
	return row + 1;
}

static void row_text(const void *user, size_t row, struct buf *out)
{
	const struct text_state *s = user;

	buf_add(out, s->text + s->lines[row].from, s->lines[row].len);
}

static enum err text_open(struct view *v, const void *arg, struct errinfo *ei)
{
	struct text_state *s = view_state(v);
	const struct text_arg *a = arg;
	struct list_source src = {
	    .count = row_count, .key = row_key, .filter_text = row_text, .user = s};

	s->title = mem_strdup(a->title);
	s->text = mem_strdup(a->text);
	list_init(&s->list, &src);
	if (s->title && s->text)
		return ERR_OK;
	mem_free(s->title);
	mem_free(s->text);
	return err_set(ei, ERR_NOMEM, "opening a text");
}

static void text_done(struct view *v)
{
	struct text_state *s = view_state(v);

	list_done(&s->list);
	mem_free(s->lines);
	mem_free(s->title);
	mem_free(s->text);
}

static bool add_line(struct text_state *s, size_t from, size_t len)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 64;
		struct line *more = mem_realloc_array(s->lines, cap, sizeof *more);

		if (!more)
			return false;
		s->lines = more;
		s->cap = cap;
	}
	s->lines[s->n++] = (struct line){(uint32_t)from, (uint32_t)len};
	return true;
}

static bool wrap_line(struct text_state *s, size_t from, size_t len, int cols)
{
	struct text_iter it = text_iter(s->text + from, len);
	const unsigned char *start = it.p, *blank = NULL;
	struct glyph g;
	int cells = 0;

	for (;;) {
		const unsigned char *at = it.p;

		if (!text_next(&it, &g))
			return add_line(
			    s, (size_t)((const char *)start - s->text), (size_t)(it.p - start));
		if (cells + g.width > cols && at > start) {
			const unsigned char *end = blank ? blank : at;

			if (!add_line(
				s, (size_t)((const char *)start - s->text), (size_t)(end - start)))
				return false;
			start = blank ? blank + 1 : at;
			it.p = start;
			blank = NULL;
			cells = 0;
			continue;
		}
		if (*at == ' ' && at > start)
			blank = at;
		cells += g.width;
	}
}

static void wrap_text(struct text_state *s, int cols)
{
	size_t at = 0, all = strlen(s->text);

	s->n = 0;
	s->cols = cols;
	while (at < all) {
		size_t n = strcspn(s->text + at, "\n");

		if (!wrap_line(s, at, n, cols > 1 ? cols : 1))
			break;
		at += n + 1;
	}
	list_refresh(&s->list);
}

static void text_layout(struct view *v, int cols, int rows)
{
	struct text_state *s = view_state(v);

	if (cols - 2 != s->cols)
		wrap_text(s, cols - 2);
	list_layout(&s->list, (size_t)(rows > 0 ? rows : 1));
}

static void text_draw(const struct view *v, struct canvas *c)
{
	const struct text_state *s = view_state(v);

	for (int y = 0; y < c->area.h; y++) {
		size_t pos = s->list.top + (size_t)y, row, n;
		const char *p;
		bool header;

		if (!list_line(&s->list, pos, &row, &header))
			break;
		p = s->text + s->lines[row].from;
		n = s->lines[row].len;
		if (n > 2 && p[0] == '#' && p[1] == ' ')
			canvas_text(c, 1, y, STYLE_GROUP, p + 2, n - 2);
		else
			canvas_text(c, 1, y, STYLE_NORMAL, p, n);
		if (pos == s->list.cursor)
			canvas_overlay(c, 0, y, c->area.w, STYLE_CURSOR);
	}
}

static struct list *text_list(struct view *v)
{
	return &((struct text_state *)view_state(v))->list;
}

static void text_describe(const struct view *v, struct view_about *a)
{
	const struct text_state *s = view_state(v);

	snprintf(a->title, sizeof a->title, "%s", s->title);
	snprintf(a->position, sizeof a->position, "line %zu/%zu", list_cursor_number(&s->list),
	    list_shown(&s->list));
	a->hints = "back filter";
}

static const struct view_ops text_ops = {
    .name = "text",
    .title = "Text",
    .parent = "list",
    .state_size = sizeof(struct text_state),
    .open = text_open,
    .layout = text_layout,
    .draw = text_draw,
    .describe = text_describe,
    .list = text_list,
    .done = text_done,
};

enum err app_show_text(struct app *app, const char *title, const char *text, struct errinfo *ei)
{
	struct text_arg a = {title, text};

	return app_push(app, &text_ops, &a, NULL, ei);
}
