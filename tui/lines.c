/* A page on which lines are typed, or pasted by a terminal that sends a paste as keys: Enter ends a
 * line and nothing more, so that no line of a paste can run a command. */
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"
#include "tui/edit.h"
#include "tui/input.h"
#include "tui/internal.h"

#define HEAD 2 /* lines above the text */
#define GUTTER 6 /* cells of a line number and its blank */
#define LINE_BYTES 65536 /* of the line that is being edited */

struct lines_state {
	char *title;
	lines_fn *fn;
	void *user;
	struct buf text; /* finished lines, each with its newline */
	size_t n; /* of them */
	struct edit edit; /* the line behind them */
	bool answered, warned;
};

static enum err lines_open(struct view *v, const void *arg, struct errinfo *ei)
{
	struct lines_state *s = view_state(v);
	const struct lines_ask *a = arg;

	s->fn = a->fn;
	s->user = a->user;
	s->title = mem_strdup(a->title);
	buf_init(&s->text, INPUT_PASTE_MAX);
	if (s->title && edit_init(&s->edit, NULL, LINE_BYTES) == ERR_OK)
		return ERR_OK;
	mem_free(s->title);
	return err_set(ei, ERR_NOMEM, "opening the page for lines");
}

static void answer(struct view *v, bool ok)
{
	struct lines_state *s = view_state(v);

	s->answered = true;
	app_close(v);
	if (s->fn)
		s->fn(v->app, ok, buf_str(&s->text), s->text.len, s->user);
}

static void lines_done(struct view *v)
{
	struct lines_state *s = view_state(v);

	if (!s->answered && s->fn)
		s->fn(v->app, false, "", 0, s->user);
	edit_done(&s->edit);
	buf_done(&s->text);
	mem_free(s->title);
}

static size_t n_lines(const struct lines_state *s)
{
	return s->n + (s->edit.text.len > 0);
}

/* An empty line stays what it is: pastes with CR LF would else have one after each. */
static enum err end_line(struct lines_state *s, struct errinfo *ei)
{
	const struct buf *line = &s->edit.text;

	if (!line->len)
		return ERR_OK;
	if (line->len + 1 > s->text.max - s->text.len)
		return err_set(
		    ei, ERR_LIMIT, "no room for more lines: %zu bytes are taken", s->text.len);
	if (buf_add(&s->text, line->p, line->len) || buf_addc(&s->text, '\n'))
		return err_set(ei, ERR_NOMEM, "no memory for more lines");
	s->n++;
	return edit_set(&s->edit, "");
}

static size_t last_line(const struct buf *b, size_t end)
{
	while (end > 0 && b->p[end - 1] != '\n')
		end--;
	return end;
}

/* The line above is edited again. */
static void join_line(struct lines_state *s)
{
	size_t from;

	if (!s->n)
		return;
	s->text.p[--s->text.len] = '\0';
	from = last_line(&s->text, s->text.len);
	edit_insert_raw(&s->edit, s->text.p + from, s->text.len - from);
	s->text.len = from;
	s->text.p[from] = '\0';
	s->n--;
}

static enum err insert(struct lines_state *s, const char *p, size_t n, struct errinfo *ei)
{
	enum err err = ERR_OK;

	for (size_t at = 0; at < n && !err;) {
		const char *end = memchr(p + at, '\n', n - at);
		size_t len = end ? (size_t)(end - p) - at : n - at;

		err = edit_insert_raw(&s->edit, p + at, len);
		if (err)
			return err_set(ei, err,
			    "a line takes at most %d bytes; what does not fit was left out",
			    LINE_BYTES);
		if (end)
			err = end_line(s, ei);
		at += len + (end != NULL);
	}
	return err;
}

static void cancel(struct view *v)
{
	struct lines_state *s = view_state(v);

	if (!n_lines(s) || s->warned) {
		answer(v, false);
		return;
	}
	s->warned = true;
	app_message(v->app, STYLE_WARNING, "%zu line%s would be dropped: Esc again drops them",
	    n_lines(s), n_lines(s) == 1 ? "" : "s");
}

static enum err lines_command(struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct lines_state *s = view_state(v);
	enum err err = ERR_OK;

	view_touch(v, TOUCH_ALL);
	if (call->cmd->id != CORE_CANCEL)
		s->warned = false;
	switch (call->cmd->id) {
	case CORE_NEWLINE:
		return end_line(s, ei);
	case CORE_TAB:
		return insert(s, "\t", 1, ei);
	case CORE_ACCEPT:
		err = end_line(s, ei);
		if (!err && !s->n)
			return err_set(ei, ERR_REFUSED, "no line is here yet");
		if (!err)
			answer(v, true);
		return err;
	case CORE_CANCEL:
		cancel(v);
		return ERR_OK;
	case CORE_DELETE_BACK:
		if (!s->edit.text.len) {
			join_line(s);
			return ERR_OK;
		}
		break;
	default:
		break;
	}
	edit_command(&s->edit, call->cmd->id);
	return ERR_OK;
}

static bool lines_event(struct view *v, const struct event *e)
{
	struct lines_state *s = view_state(v);
	struct errinfo ei = {0};
	char typed[8];

	if (e->kind == EVENT_KEY && key_is_text(e->key)) {
		if (insert(s, typed, utf8_put(e->key.code, typed), &ei))
			app_message_err(v->app, &ei);
	} else if (e->kind == EVENT_PASTE) {
		if (insert(s, e->text, e->len, &ei))
			app_message_err(v->app, &ei);
	} else {
		return false;
	}
	s->warned = false;
	return true;
}

/* --- drawing --- */

static void draw_number(struct canvas *c, int y, size_t number)
{
	char text[24];
	struct canvas_field f = {0, y, GUTTER - 1, STYLE_DIM, ALIGN_RIGHT, CUT_END};

	snprintf(text, sizeof text, "%zu", number);
	canvas_field(c, &f, text, strlen(text));
}

/* The last lines that there is room for, the edited one below them. */
static void draw_lines(const struct lines_state *s, struct canvas *c)
{
	size_t room = c->area.h > HEAD + 1 ? (size_t)(c->area.h - HEAD - 1) : 0;
	size_t shown = s->n < room ? s->n : room, end = s->text.len;
	int y = HEAD + (int)shown;

	draw_number(c, y, s->n + 1);
	for (size_t i = 0; i < shown; i++) {
		size_t from = last_line(&s->text, end - 1);
		struct canvas_field f = {GUTTER, y - 1 - (int)i, c->area.w - GUTTER - 1,
		    STYLE_NORMAL, ALIGN_LEFT, CUT_END};

		draw_number(c, f.y, s->n - i);
		canvas_field(c, &f, s->text.p + from, end - 1 - from);
		end = from;
	}
	edit_draw(&s->edit, c, GUTTER, y, c->area.w - GUTTER - 1);
}

static void lines_draw(const struct view *v, struct canvas *c)
{
	const struct lines_state *s = view_state(v);
	const char *contexts[] = {"lines", "input"};
	size_t n = n_lines(s);
	struct buf keys;
	int x;

	buf_init(&keys, 256);
	keymap_keys_of(app_keymap(v->app), contexts, 2, "accept", &keys);
	x = canvas_str(c, 1, 0, STYLE_DIM, "One thing a line; Enter ends a line.  ");
	if (n)
		canvas_strf(c, x, 0, STYLE_NORMAL, "%.*s takes the %zu line%s.",
		    (int)strcspn(buf_str(&keys), " "), buf_str(&keys), n, n == 1 ? "" : "s");
	buf_done(&keys);
	draw_lines(s, c);
}

static void lines_describe(const struct view *v, struct view_about *a)
{
	const struct lines_state *s = view_state(v);

	snprintf(a->title, sizeof a->title, "%s", s->title);
	snprintf(
	    a->position, sizeof a->position, "%zu line%s", n_lines(s), n_lines(s) == 1 ? "" : "s");
	a->hints = "accept newline cancel";
}

static const struct view_ops lines_ops = {
    .name = "lines",
    .title = "Lines to paste",
    .parent = "input",
    .commands = "accept cancel newline tab " EDIT_COMMANDS,
    .flags = VIEW_TEXT,
    .state_size = sizeof(struct lines_state),
    .open = lines_open,
    .draw = lines_draw,
    .command = lines_command,
    .event = lines_event,
    .describe = lines_describe,
    .done = lines_done,
};

enum err app_lines(struct app *app, const struct lines_ask *a, struct errinfo *ei)
{
	return app_push(app, &lines_ops, a, NULL, ei);
}
