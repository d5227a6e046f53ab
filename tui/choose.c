/* A list of labels to take one or several of, filtered by typing. */
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/mem.h"
#include "base/text.h"
#include "tui/edit.h"
#include "tui/internal.h"

struct choose_state {
	struct arena strings;
	char *title;
	struct choice *choices;
	size_t n;
	bool many, answered;
	choose_fn *fn;
	void *user;
	struct list list;
	struct edit edit;
	int label_width;
};

/* --- rows --- */

static size_t row_count(const void *user)
{
	return ((const struct choose_state *)user)->n;
}

static uint64_t row_key(const void *user, size_t row)
{
	(void)user;
	return row + 1;
}

static void row_text(const void *user, size_t row, struct buf *out)
{
	const struct choice *c = &((const struct choose_state *)user)->choices[row];

	buf_addf(out, "%s %s", c->label, c->detail ? c->detail : "");
}

/* --- life --- */

static enum err copy_choices(struct choose_state *s, const struct choose *c)
{
	s->title = arena_strdup(&s->strings, c->title);
	s->choices = arena_alloc(&s->strings, (c->n + 1) * sizeof *s->choices);
	if (!s->choices || !s->title)
		return ERR_NOMEM;
	for (size_t i = 0; i < c->n; i++) {
		struct choice *to = &s->choices[i];
		int w;

		*to = c->choices[i];
		to->label = arena_strdup(&s->strings, c->choices[i].label);
		to->detail = arena_strdup(&s->strings, c->choices[i].detail);
		to->off = arena_strdup(&s->strings, c->choices[i].off);
		if (!to->label || (c->choices[i].detail && !to->detail) ||
		    (c->choices[i].off && !to->off))
			return ERR_NOMEM;
		w = (int)text_width(to->label, strlen(to->label));
		s->label_width = w > s->label_width ? w : s->label_width;
	}
	s->n = c->n;
	return ERR_OK;
}

static enum err choose_open(struct view *v, const void *arg, struct errinfo *ei)
{
	struct choose_state *s = view_state(v);
	const struct choose *c = arg;
	struct list_source src = {
	    .count = row_count, .key = row_key, .filter_text = row_text, .user = s};
	enum err e;

	arena_init(&s->strings);
	list_init(&s->list, &src);
	e = copy_choices(s, c);
	if (e == ERR_OK)
		e = edit_init(&s->edit, "", LIST_FILTER_MAX);
	if (e == ERR_OK)
		e = list_refresh(&s->list);
	for (size_t i = 0; e == ERR_OK && c->many && i < c->n; i++)
		if (c->choices[i].marked)
			e = list_mark(&s->list, row_key(s, i), true);
	if (e != ERR_OK) {
		list_done(&s->list);
		edit_done(&s->edit);
		arena_done(&s->strings);
		return err_set(ei, e, "opening a choice");
	}
	list_goto_key(&s->list, c->start + 1);
	s->many = c->many;
	s->fn = c->fn;
	s->user = c->user;
	return ERR_OK;
}

static void choose_done(struct view *v)
{
	struct choose_state *s = view_state(v);

	if (!s->answered && s->fn)
		s->fn(v->app, false, NULL, 0, s->user);
	list_done(&s->list);
	edit_done(&s->edit);
	arena_done(&s->strings);
}

static void cancel(struct view *v)
{
	struct choose_state *s = view_state(v);

	s->answered = true;
	app_close(v);
	if (s->fn)
		s->fn(v->app, false, NULL, 0, s->user);
}

static enum err accept(struct view *v, struct errinfo *ei)
{
	struct choose_state *s = view_state(v);
	size_t *chosen = mem_array(s->n + 1, sizeof *chosen), n = 0, it = 0, row;

	if (!chosen)
		return err_set(ei, ERR_NOMEM, "choosing");
	/* with several, nothing marked means none of them; else the row under the cursor */
	if (!s->many) {
		if (list_row(&s->list, &row))
			chosen[n++] = row;
	} else if (list_marked(&s->list)) {
		while (list_selected(&s->list, &it, &row))
			chosen[n++] = row;
	}
	if (!s->many && (n == 0 || s->choices[chosen[0]].off)) {
		const char *why = n ? s->choices[chosen[0]].off : "nothing matches";
		enum err e = err_set(ei, ERR_REFUSED, "%s", why);

		mem_free(chosen);
		return e;
	}
	s->answered = true;
	app_close(v);
	if (s->fn)
		s->fn(v->app, true, chosen, n, s->user);
	mem_free(chosen);
	return ERR_OK;
}

static enum err mark(struct choose_state *s, struct errinfo *ei)
{
	size_t row;
	enum err e;

	if (!s->many || !list_row(&s->list, &row))
		return ERR_OK;
	if (s->choices[row].off)
		return err_set(
		    ei, ERR_REFUSED, "%s: %s", s->choices[row].label, s->choices[row].off);
	e = list_mark(&s->list, row + 1, !list_is_marked(&s->list, row + 1));
	list_move(&s->list, LIST_DOWN);
	return e;
}

/* At once and not in the layout: what was typed decides what a key behind it takes, also when both
 * came before a repaint. */
static void follow_typing(struct choose_state *s)
{
	list_set_filter(&s->list, edit_text(&s->edit));
	list_move(&s->list, LIST_TOP);
}

static enum err choose_command(struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct choose_state *s = view_state(v);

	view_touch(v, TOUCH_ALL);
	switch (call->cmd->id) {
	case CORE_ACCEPT:
		return accept(v, ei);
	case CORE_CANCEL:
		cancel(v);
		return ERR_OK;
	case CORE_MARK:
		return mark(s, ei);
	default:
		if (edit_command(&s->edit, call->cmd->id))
			follow_typing(s);
		return ERR_OK;
	}
}

static bool choose_event(struct view *v, const struct event *e)
{
	struct choose_state *s = view_state(v);

	if (e->kind == EVENT_KEY && s->many && e->key.code == ' ' && e->key.mods == MOD_NONE) {
		struct errinfo ei = {0};

		if (mark(s, &ei) != ERR_OK)
			app_message_err(v->app, &ei);
		return true;
	}
	if (e->kind == EVENT_KEY && key_is_text(e->key))
		edit_key(&s->edit, e->key);
	else if (e->kind == EVENT_PASTE)
		edit_insert(&s->edit, e->text, e->len);
	else
		return false;
	follow_typing(s);
	return true;
}

static struct list *choose_list(struct view *v)
{
	return &((struct choose_state *)view_state(v))->list;
}

/* --- drawing --- */

static struct rect choose_place(const struct view *v, int cols, int rows)
{
	const struct choose_state *s = view_state(v);

	return frame_middle(cols, rows, 76, (int)(s->n < 1000 ? s->n : 1000) + 4);
}

static void choose_layout(struct view *v, int cols, int rows)
{
	struct choose_state *s = view_state(v);

	(void)cols;
	list_layout(&s->list, rows > 4 ? (size_t)rows - 3 : 1);
}

static void draw_choice(const struct choose_state *s, struct canvas *c, int y, size_t row)
{
	const struct choice *ch = &s->choices[row];
	enum style style = ch->off ? STYLE_DISABLED : ch->style;
	const char *detail = ch->off ? ch->off : ch->detail ? ch->detail : "";
	int x = 2, most = c->area.w / 2, w = s->label_width < most ? s->label_width : most;

	if (s->many)
		x = canvas_strf(
		    c, x, y, STYLE_KEY, "[%s] ", list_is_marked(&s->list, row + 1) ? "x" : " ");
	if (!*detail)
		w = c->area.w - x - 2;
	canvas_field(c,
	    &(struct canvas_field){.x = x, .y = y, .w = w, .style = style, .cut = CUT_MIDDLE},
	    ch->label, strlen(ch->label));
	if (*detail)
		canvas_field(c,
		    &(struct canvas_field){.x = x + w + 2,
			.y = y,
			.w = c->area.w - x - w - 4,
			.style = ch->off ? STYLE_DISABLED : STYLE_DIM},
		    detail, strlen(detail));
}

static void choose_draw(const struct view *v, struct canvas *c)
{
	const struct choose_state *s = view_state(v);
	int w = c->area.w, h = c->area.h, x;

	canvas_box(c, (struct rect){0, 0, w, h}, STYLE_BORDER, s->title);
	x = canvas_str(c, 2, 1, STYLE_PROMPT, "find: ");
	edit_draw(&s->edit, c, x, 1, w - x - 2);
	for (int y = 2; y < h - 1; y++) {
		size_t pos = s->list.top + (size_t)(y - 2), row;
		bool header;

		if (!list_line(&s->list, pos, &row, &header))
			break;
		draw_choice(s, c, y, row);
		if (pos == s->list.cursor)
			canvas_overlay(c, 1, y, w - 2, STYLE_CURSOR);
	}
	if (list_shown(&s->list) == 0)
		canvas_str(c, 2, 2, STYLE_DIM, "nothing matches");
}

static const struct view_ops choose_ops = {
    .name = "choose",
    .title = "Choice",
    .parent = "input",
    .commands = "accept cancel mark " EDIT_COMMANDS,
    .flags = VIEW_POPUP | VIEW_TEXT,
    .state_size = sizeof(struct choose_state),
    .open = choose_open,
    .layout = choose_layout,
    .draw = choose_draw,
    .command = choose_command,
    .event = choose_event,
    .list = choose_list,
    .place = choose_place,
    .done = choose_done,
};

enum err app_choose(struct app *app, const struct choose *c, struct errinfo *ei)
{
	return app_push(app, &choose_ops, c, NULL, ei);
}
