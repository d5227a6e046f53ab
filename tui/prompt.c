/* One line of input at the bottom of the screen. */
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"
#include "tui/edit.h"
#include "tui/internal.h"

#define DEFAULT_BYTES 1024
#define CANDIDATES_BYTES 65536

struct prompt_state {
	struct prompt p; /* strings replaced by the copies below */
	char *label, *history;
	struct edit edit;
	char *draft; /* what was typed before going back in the history */
	size_t back; /* 0: the draft, 1: the newest entry, ... */
	bool answered, changed;
	struct buf candidates; /* of the last completion, shown until the next key */
};

static const struct view_ops prompt_ops, filter_ops;

static enum err prompt_open(struct view *v, const void *arg, struct errinfo *ei)
{
	struct prompt_state *s = view_state(v);
	enum err e;

	s->p = *(const struct prompt *)arg;
	s->label = mem_strdup(s->p.label);
	s->history = mem_strdup(s->p.history);
	buf_init(&s->candidates, CANDIDATES_BYTES);
	e = edit_init(&s->edit, s->p.initial, s->p.max_bytes ? s->p.max_bytes : DEFAULT_BYTES);
	if (e == ERR_OK && (!s->label || (s->p.history && !s->history)))
		e = ERR_NOMEM;
	if (e == ERR_OK)
		return ERR_OK;
	edit_done(&s->edit);
	mem_free(s->label);
	mem_free(s->history);
	return err_set(ei, e, "opening an input line");
}

static void prompt_done(struct view *v)
{
	struct prompt_state *s = view_state(v);

	if (!s->answered && s->p.fn)
		s->p.fn(v->app, false, edit_text(&s->edit), s->p.user);
	edit_done(&s->edit);
	buf_done(&s->candidates);
	mem_free(s->label);
	mem_free(s->history);
	mem_free(s->draft);
}

static void tell_change(struct view *v)
{
	struct prompt_state *s = view_state(v);

	if (!s->changed)
		return;
	s->changed = false;
	if (s->p.change)
		s->p.change(v->app, edit_text(&s->edit), s->p.user);
}

static void answer(struct view *v, bool ok)
{
	struct prompt_state *s = view_state(v);

	if (ok)
		tell_change(v);
	/* what was typed comes back from the history, even when it was cancelled */
	if (s->history)
		history_add(v->app, s->history, edit_text(&s->edit));
	s->answered = true;
	app_close(v);
	if (s->p.fn)
		s->p.fn(v->app, ok, edit_text(&s->edit), s->p.user);
}

static void travel(struct view *v, int by)
{
	struct prompt_state *s = view_state(v);
	struct history *h = s->history ? history_of(v->app, s->history) : NULL;
	size_t to = s->back + (size_t)by; /* below 0 wraps, and is refused */

	if (!h || to > h->n)
		return;
	if (s->back == 0) {
		mem_free(s->draft);
		s->draft = mem_strdup(edit_text(&s->edit));
	}
	s->back = to;
	edit_set(&s->edit, to == 0 ? (s->draft ? s->draft : "") : h->lines[h->n - to]);
	s->changed = true;
}

/* --- completion --- */

static size_t common_prefix(const char *lines)
{
	size_t n = strcspn(lines, "\n");

	for (const char *p = lines; *p;) {
		size_t same = 0, len = strcspn(p, "\n");

		while (same < n && same < len && p[same] == lines[same])
			same++;
		n = same;
		p += len + (p[len] == '\n');
	}
	return n;
}

static void complete(struct view *v)
{
	struct prompt_state *s = view_state(v);
	size_t from = s->edit.at, n;
	struct buf word;
	const char *text = edit_text(&s->edit);

	if (!s->p.complete)
		return;
	buf_init(&word, CANDIDATES_BYTES);
	buf_add(&word, text, s->edit.at);
	buf_clear(&s->candidates);
	s->p.complete(v->app, buf_str(&word), &s->candidates, s->p.user);
	while (from > 0 && text[from - 1] != ' ')
		from--;
	n = common_prefix(buf_str(&s->candidates));
	if (n > s->edit.at - from) {
		while (s->edit.at > from && edit_command(&s->edit, CORE_DELETE_BACK))
			continue;
		edit_insert(&s->edit, buf_str(&s->candidates), n);
		s->changed = true;
	}
	/* one candidate says nothing more */
	if (buf_str(&s->candidates)[n] == '\n' && !buf_str(&s->candidates)[n + 1])
		buf_clear(&s->candidates);
	buf_done(&word);
}

/* --- view --- */

static enum err prompt_command(struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct prompt_state *s = view_state(v);
	size_t len = s->edit.text.len;

	(void)ei;
	buf_clear(&s->candidates);
	view_touch(v, TOUCH_ALL);
	switch (call->cmd->id) {
	case CORE_ACCEPT:
		answer(v, true);
		break;
	case CORE_CANCEL:
		answer(v, false);
		break;
	case CORE_COMPLETE:
		complete(v);
		break;
	case CORE_HISTORY_PREVIOUS:
		travel(v, 1);
		break;
	case CORE_HISTORY_NEXT:
		travel(v, -1);
		break;
	default:
		if (call->cmd->id == CORE_DELETE_BACK && len == 0)
			answer(v, false); /* as in less and vim: deleting the prompt leaves it */
		else if (edit_command(&s->edit, call->cmd->id))
			s->changed = s->changed || len != s->edit.text.len;
		break;
	}
	return ERR_OK;
}

static bool prompt_event(struct view *v, const struct event *e)
{
	struct prompt_state *s = view_state(v);
	enum err err;

	if (e->kind == EVENT_KEY && key_is_text(e->key))
		err = edit_key(&s->edit, e->key);
	else if (e->kind == EVENT_PASTE)
		err = edit_insert(&s->edit, e->text, e->len);
	else
		return false;
	buf_clear(&s->candidates);
	if (err == ERR_OK)
		s->changed = true;
	else
		buf_adds(&s->candidates, "(no room for more)\n");
	return true;
}

/* Before each draw: many keys in one burst are one change. */
static void prompt_layout(struct view *v, int cols, int rows)
{
	(void)cols;
	(void)rows;
	tell_change(v);
}

static void prompt_draw(const struct view *v, struct canvas *c)
{
	const struct prompt_state *s = view_state(v);
	int x = canvas_str(c, 1, 0, STYLE_PROMPT, s->label), w = c->area.w - x - 1;
	const char *list = buf_str(&s->candidates);

	if (*list && w > 40) {
		int from = x + w / 2;

		for (const char *p = list; *p && from < c->area.w - 1;) {
			size_t n = strcspn(p, "\n");

			from = canvas_text(c, from, 0, STYLE_DIM, p, n) + 2;
			p += n + (p[n] == '\n');
		}
		w /= 2;
	}
	edit_draw(&s->edit, c, x, 0, w - 1);
}

static struct rect prompt_place(const struct view *v, int cols, int rows)
{
	(void)v;
	return (struct rect){0, rows - 2, cols, 1};
}

#define PROMPT_COMMANDS "accept cancel complete history-previous history-next " EDIT_COMMANDS

static const struct view_ops prompt_ops = {
    .name = "prompt",
    .title = "Input line",
    .parent = "input",
    .commands = PROMPT_COMMANDS,
    .flags = VIEW_POPUP | VIEW_TEXT,
    .state_size = sizeof(struct prompt_state),
    .open = prompt_open,
    .layout = prompt_layout,
    .draw = prompt_draw,
    .command = prompt_command,
    .event = prompt_event,
    .place = prompt_place,
    .done = prompt_done,
};

static const struct view_ops filter_ops = {
    .name = "filter",
    .title = "Filter line",
    .parent = "input",
    .commands = PROMPT_COMMANDS,
    .flags = VIEW_POPUP | VIEW_TEXT | VIEW_PASSES,
    .state_size = sizeof(struct prompt_state),
    .open = prompt_open,
    .layout = prompt_layout,
    .draw = prompt_draw,
    .command = prompt_command,
    .event = prompt_event,
    .place = prompt_place,
    .done = prompt_done,
};

enum err app_prompt(struct app *app, const struct prompt *p, struct errinfo *ei)
{
	return app_push(app, p->passes_moves ? &filter_ops : &prompt_ops, p, NULL, ei);
}

/* --- the filter of a list --- */

struct filter_question {
	uint64_t view_id;
	char before[LIST_FILTER_MAX + 1];
};

static void set_filter(struct app *app, uint64_t view_id, const char *text)
{
	struct view *v = app_view(app, view_id);
	struct list *l = v ? view_list(v) : NULL;

	if (!l || list_set_filter(l, text) != ERR_OK)
		return;
	view_touch(v, TOUCH_ROWS);
	if (v->ops->changed)
		v->ops->changed(v, TOUCH_ROWS);
}

static void on_filter_change(struct app *app, const char *text, void *user)
{
	set_filter(app, ((struct filter_question *)user)->view_id, text);
}

static void on_filter(struct app *app, bool ok, const char *text, void *user)
{
	struct filter_question *q = user;

	set_filter(app, q->view_id, ok ? text : q->before);
	mem_free(q);
}

enum err app_filter_prompt(struct app *app, struct view *v, struct errinfo *ei)
{
	struct filter_question *q = mem_zalloc(sizeof *q);
	enum err e;

	if (!q)
		return err_set(ei, ERR_NOMEM, "filter");
	q->view_id = v->id;
	snprintf(q->before, sizeof q->before, "%s", list_filter_text(view_list(v)));
	e = app_prompt(app,
	    &(struct prompt){.label = "filter: ",
		.initial = q->before,
		.history = "filter",
		.max_bytes = LIST_FILTER_MAX,
		.passes_moves = true,
		.fn = on_filter,
		.change = on_filter_change,
		.user = q},
	    ei);
	if (e != ERR_OK)
		mem_free(q);
	return e;
}
