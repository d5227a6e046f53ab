/* A question that only its own key answers with yes. */
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"
#include "tui/edit.h"
#include "tui/internal.h"

#define BOX_COLS 66
#define TYPED_BYTES 256

enum focus { FOCUS_CANCEL, FOCUS_FIELD, FOCUS_YES };

struct confirm_state {
	char *title, *text, *yes, *type_this;
	char yes_key;
	enum style style;
	confirm_fn *fn;
	void *user;
	struct edit edit; /* only with type_this */
	enum focus focus;
	bool answered;
	char note[160]; /* why the last key did nothing */
};

static enum err confirm_open(struct view *v, const void *arg, struct errinfo *ei)
{
	struct confirm_state *s = view_state(v);
	const struct confirm *c = arg;

	s->yes_key = c->yes_key;
	/* a held or repeated key must not answer the question that it opened */
	if (v->app->last_key.code == (uint32_t)s->yes_key && v->app->last_key.mods == MOD_NONE)
		s->yes_key = s->yes_key == 'y' ? 'Y' : 'y';
	s->title = mem_strdup(c->title);
	s->text = mem_strdup(c->text);
	s->yes = mem_strdup(c->yes);
	s->type_this = mem_strdup(c->type_this);
	s->style = c->style;
	s->user = c->user;
	s->focus = c->type_this ? FOCUS_FIELD : FOCUS_CANCEL;
	if (s->title && s->text && s->yes && (s->type_this || !c->type_this) &&
	    edit_init(&s->edit, "", TYPED_BYTES) == ERR_OK) {
		s->fn = c->fn;
		return ERR_OK;
	}
	mem_free(s->title);
	mem_free(s->text);
	mem_free(s->yes);
	mem_free(s->type_this);
	return err_set(ei, ERR_NOMEM, "opening a question");
}

static void confirm_done(struct view *v)
{
	struct confirm_state *s = view_state(v);

	if (!s->answered && s->fn)
		s->fn(v->app, false, s->user);
	edit_done(&s->edit);
	mem_free(s->title);
	mem_free(s->text);
	mem_free(s->yes);
	mem_free(s->type_this);
}

static void answer(struct view *v, bool ok)
{
	struct confirm_state *s = view_state(v);

	s->answered = true;
	app_close(v);
	if (s->fn)
		s->fn(v->app, ok, s->user);
}

static bool is_typed(const struct confirm_state *s)
{
	return !s->type_this || strcmp(edit_text(&s->edit), s->type_this) == 0;
}

static void say_how(struct confirm_state *s)
{
	if (!is_typed(s))
		snprintf(s->note, sizeof s->note, "type \"%.60s\" first, or press Esc to cancel",
		    s->type_this);
	else
		snprintf(s->note, sizeof s->note, "Enter does not confirm: press %c%s", s->yes_key,
		    s->focus == FOCUS_FIELD ? " on the button (Tab)" : "");
}

/* The next step, said where the typed text becomes what was asked for. */
static void say_next(struct confirm_state *s)
{
	if (s->type_this && is_typed(s))
		snprintf(s->note, sizeof s->note,
		    s->focus == FOCUS_FIELD ? "Enter, then %c: %.80s" : "%c: %.80s", s->yes_key,
		    s->yes);
}

static void move_focus(struct confirm_state *s, int by)
{
	int n = s->type_this ? 3 : 2, at;
	static const enum focus with_field[] = {FOCUS_FIELD, FOCUS_CANCEL, FOCUS_YES};
	static const enum focus without[] = {FOCUS_CANCEL, FOCUS_YES};
	const enum focus *order = s->type_this ? with_field : without;

	for (at = 0; at < n && order[at] != s->focus;)
		at++;
	s->focus = order[(at + n + by) % n];
}

static enum err confirm_command(struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct confirm_state *s = view_state(v);

	(void)ei;
	s->note[0] = '\0';
	view_touch(v, TOUCH_ALL);
	switch (call->cmd->id) {
	case CORE_ACCEPT:
		if (s->focus == FOCUS_CANCEL)
			answer(v, false);
		else if (s->focus == FOCUS_FIELD && is_typed(s)) {
			s->focus = FOCUS_YES;
			say_next(s);
		} else
			say_how(s);
		break;
	case CORE_CANCEL:
		answer(v, false);
		break;
	case CORE_FOCUS_NEXT:
		move_focus(s, 1);
		break;
	case CORE_FOCUS_PREVIOUS:
		move_focus(s, -1);
		break;
	default:
		/* arrows move in the field, else between the buttons */
		if (s->focus == FOCUS_FIELD)
			edit_command(&s->edit, call->cmd->id);
		else if (call->cmd->id == CORE_CHAR_LEFT)
			move_focus(s, -1);
		else if (call->cmd->id == CORE_CHAR_RIGHT)
			move_focus(s, 1);
		break;
	}
	return ERR_OK;
}

static bool confirm_event(struct view *v, const struct event *e)
{
	struct confirm_state *s = view_state(v);

	if (e->kind == EVENT_PASTE) /* acknowledging is typing, not pasting */
		snprintf(s->note, sizeof s->note, "pasted text is not taken here: type it");
	if (e->kind != EVENT_KEY || !key_is_text(e->key))
		return e->kind == EVENT_PASTE;
	s->note[0] = '\0';
	if (s->focus == FOCUS_FIELD) {
		/* the word is there: one more letter would only spoil it */
		if (!is_typed(s) || e->key.code != (uint32_t)s->yes_key)
			edit_key(&s->edit, e->key);
		say_next(s);
	} else if (e->key.code == (uint32_t)s->yes_key && is_typed(s) &&
		   (!s->type_this || s->focus == FOCUS_YES))
		answer(v, true);
	else
		say_how(s);
	return true;
}

/* --- drawing --- */

/* Bytes of the next line of s in w cells: broken at a blank where there is one. *skip: bytes to
 * leave out behind it. */
static size_t wrap(const char *s, int w, size_t *skip)
{
	struct text_iter it = text_iter(s, strcspn(s, "\n"));
	const unsigned char *from = it.p, *blank = NULL, *at = it.p;
	struct glyph g;
	int cells = 0;

	*skip = 0;
	while (at = it.p, text_next(&it, &g)) {
		if (cells + g.width > w) {
			const unsigned char *end = blank ? blank : at > from ? at : it.p;

			*skip = blank ? 1 : 0;
			return (size_t)(end - from);
		}
		if (*at == ' ')
			blank = at;
		cells += g.width;
	}
	*skip = *it.p == '\n';
	return (size_t)(it.p - from);
}

static int count_lines(const char *s, int w)
{
	int n = 0;

	while (*s) {
		size_t skip, len = wrap(s, w, &skip);

		s += len + skip;
		n++;
	}
	return n;
}

static struct rect confirm_place(const struct view *v, int cols, int rows)
{
	const struct confirm_state *s = view_state(v);
	int w = BOX_COLS < cols - 2 ? BOX_COLS : cols - 2;
	int lines = count_lines(s->text, w - 4) + (s->type_this ? 3 : 0);

	return frame_middle(cols, rows, w, lines + 6);
}

static int draw_button(struct canvas *c, int x, int y, bool focus, const char *label)
{
	return canvas_strf(c, x, y, focus ? STYLE_FOCUS : STYLE_BUTTON, "%s %s ", focus ? ">" : " ",
		   label) +
	       2;
}

static void confirm_draw(const struct view *v, struct canvas *c)
{
	const struct confirm_state *s = view_state(v);
	int w = c->area.w, h = c->area.h, y = 1, x;
	char yes[160];

	canvas_box(c, (struct rect){0, 0, w, h}, STYLE_BORDER, "");
	canvas_strf(c, 2, 0, s->style, " %s ", s->title);
	x = w - 4 - (int)text_width(v->app->badge.text, strlen(v->app->badge.text));
	if (*v->app->badge.text && x > 20)
		canvas_strf(c, x, 0, v->app->badge.style, " %s ", v->app->badge.text);
	for (const char *p = s->text; *p && y < h - 3;) {
		size_t skip, n = wrap(p, w - 4, &skip);

		canvas_text(c, 2, y++, STYLE_NORMAL, p, n);
		p += n + skip;
	}
	if (s->type_this) {
		canvas_strf(c, 2, h - 5, STYLE_DANGER, "Type \"%s\", then Enter:", s->type_this);
		if (s->focus == FOCUS_FIELD)
			edit_draw(&s->edit, c, 2, h - 4, w - 4);
		else
			canvas_str(c, 2, h - 4, STYLE_INPUT, edit_text(&s->edit));
	}
	canvas_str(c, 2, h - 3, STYLE_WARNING, s->note);
	snprintf(yes, sizeof yes, "%c: %s", s->yes_key, s->yes);
	x = draw_button(c, 2, h - 2, s->focus == FOCUS_CANCEL, "Cancel");
	draw_button(c, x, h - 2, s->focus == FOCUS_YES, yes);
}

static const struct view_ops confirm_ops = {
    .name = "confirm",
    .title = "Question",
    .parent = "input",
    .commands = "accept cancel focus-next focus-previous " EDIT_COMMANDS,
    .flags = VIEW_POPUP | VIEW_TEXT | VIEW_GUARDED,
    .state_size = sizeof(struct confirm_state),
    .open = confirm_open,
    .draw = confirm_draw,
    .command = confirm_command,
    .event = confirm_event,
    .place = confirm_place,
    .done = confirm_done,
};

enum err app_confirm(struct app *app, const struct confirm *c, struct errinfo *ei)
{
	return app_push(app, &confirm_ops, c, NULL, ei);
}
