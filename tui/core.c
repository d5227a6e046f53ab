/* What the generic commands do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/fs.h"
#include "tui/internal.h"

typedef enum err core_fn(struct app *app, const struct command_call *call, struct errinfo *ei);

/* The view that moves, marks and filters act on: below an input line that passes them on. */
static struct view *target(struct app *app)
{
	struct view *v = app->top;

	while (v && v->ops->flags & VIEW_PASSES)
		v = v->below;
	return v;
}

static void changed(struct view *v, unsigned what)
{
	view_touch(v, what);
	if (v->ops->changed)
		v->ops->changed(v, what);
}

/* --- move and mark --- */

static enum err run_move(struct app *app, const struct command_call *call, struct errinfo *ei)
{
	static const enum list_move how[] = {
	    [CORE_MOVE_UP] = LIST_UP,
	    [CORE_MOVE_DOWN] = LIST_DOWN,
	    [CORE_PAGE_UP] = LIST_PAGE_UP,
	    [CORE_PAGE_DOWN] = LIST_PAGE_DOWN,
	    [CORE_HALF_UP] = LIST_HALF_UP,
	    [CORE_HALF_DOWN] = LIST_HALF_DOWN,
	    [CORE_MOVE_TOP] = LIST_TOP,
	    [CORE_MOVE_END] = LIST_END,
	};
	struct view *v = target(app);

	(void)ei;
	if (list_move(view_list(v), how[call->cmd->id]))
		changed(v, TOUCH_CURSOR);
	return ERR_OK;
}

static enum err run_column(struct app *app, const struct command_call *call, struct errinfo *ei)
{
	struct view *v = target(app);
	struct table *t = view_table(v);

	(void)ei;
	switch (call->cmd->id) {
	case CORE_COLUMN_LEFT:
		table_focus(t, -1);
		break;
	case CORE_COLUMN_RIGHT:
		table_focus(t, 1);
		break;
	case CORE_SCROLL_LEFT:
		table_scroll(t, -1);
		break;
	default:
		table_scroll(t, 1);
		break;
	}
	changed(v, TOUCH_ROWS);
	return ERR_OK;
}

static enum err run_mark(struct app *app, const struct command_call *call, struct errinfo *ei)
{
	struct view *v = target(app);
	struct list *l = view_list(v);
	uint64_t key = list_key(l);
	enum err e = ERR_OK;

	(void)ei;
	switch (call->cmd->id) {
	case CORE_MARK:
	case CORE_MARK_UP:
		if (l->range_anchor) { /* it is about the range, as every other key */
			e = list_range_toggle(l);
			break;
		}
		e = list_mark(l, key, !list_is_marked(l, key));
		list_move(l, call->cmd->id == CORE_MARK ? LIST_DOWN : LIST_UP);
		break;
	case CORE_MARK_ALL:
		e = list_mark_shown(l);
		break;
	case CORE_MARK_INVERT:
		e = list_mark_invert(l);
		break;
	case CORE_MARK_RANGE:
		e = list_mark_range(l);
		if (l->range_anchor)
			app_message(app, STYLE_NOTE,
			    "range begun: move, then press a key for all of it; this one again "
			    "marks it, Esc drops it");
		break;
	case CORE_MARK_CLEAR:
		list_mark_clear(l);
		break;
	default:
		if (!l->only_marked && list_marked(l) == 0)
			return err_set(ei, ERR_REFUSED, "nothing is marked");
		e = list_show_marked(l, !l->only_marked);
		break;
	}
	changed(v, TOUCH_ROWS);
	return e;
}

/* --- find --- */

static enum err run_filter(struct app *app, const struct command_call *call, struct errinfo *ei)
{
	struct view *v = target(app);
	enum err e;

	if (call->cmd->id == CORE_FILTER && call->argc == 0)
		return app_filter_prompt(app, v, ei);
	e = list_set_filter(view_list(v), call->cmd->id == CORE_FILTER ? call->rest : "");
	if (e == ERR_LIMIT)
		return err_set(ei, e, "the filter is longer than %d bytes", LIST_FILTER_MAX);
	changed(v, TOUCH_ROWS);
	return e;
}

static enum err run_sort(struct app *app, const struct command_call *call, struct errinfo *ei)
{
	struct view *v = target(app);
	struct table *t = view_table(v);
	int column = t->focus;
	enum err e;

	if (call->cmd->id == CORE_SORT_DEFAULT) {
		e = list_set_sort(t->list, -1, false);
		changed(v, TOUCH_ROWS);
		return e;
	}
	if (call->argc > 0)
		column = table_column_find(t, call->rest);
	if (column < 0)
		return err_set(ei, ERR_USAGE, "no column is called \"%s\"", call->rest);
	e = table_sort(t, column);
	if (e == ERR_REFUSED)
		return err_set(ei, e, "cannot sort by %s", t->src.columns[column].title);
	changed(v, TOUCH_ROWS);
	return e;
}

static void on_columns(struct app *app, bool ok, const size_t *chosen, size_t n, void *user)
{
	struct view *v = app_view(app, (uint64_t)(uintptr_t)user);
	struct table *t = v ? view_table(v) : NULL;
	uint32_t shown = 1; /* the first column stays */

	if (!ok || !t)
		return;
	for (size_t i = 0; i < n; i++)
		shown |= 1u << chosen[i];
	t->hidden = ~shown & ((1u << t->src.n_columns) - 1);
	t->first = 1;
	changed(v, TOUCH_ROWS);
}

static enum err run_columns(struct app *app, const struct command_call *call, struct errinfo *ei)
{
	struct view *v = target(app);
	struct table *t = view_table(v);
	struct choice choices[TABLE_COLUMNS_MAX];

	(void)call;
	for (int i = 0; i < t->src.n_columns; i++) {
		bool fixed = i == 0 || !(t->src.columns[i].flags & (COL_HIDEABLE | COL_HIDDEN));

		choices[i] = (struct choice){.label = t->src.columns[i].title,
		    .detail = t->squeezed >> i & 1 ? "no room on this screen" : "",
		    .off = fixed ? "always shown" : NULL,
		    .marked = !(t->hidden >> i & 1)};
	}
	return app_choose(app,
	    &(struct choose){.title = "Columns: Space switches, Enter takes",
		.choices = choices,
		.n = (size_t)t->src.n_columns,
		.many = true,
		.fn = on_columns,
		/* an id fits a pointer: both have 64 bits, and ids count up from 1 */
		.user = (void *)(uintptr_t)v->id},
	    ei);
}

/* --- program --- */

static enum err run_back(struct app *app, const struct command_call *call, struct errinfo *ei)
{
	struct view *v = app->top;

	(void)call;
	(void)ei;
	if (v && v->below)
		app_close(v);
	else if (!app->cfg.may_quit || app->cfg.may_quit(app->cfg.user))
		app_quit(app, 0);
	return ERR_OK;
}

static enum err run_quit(struct app *app, const struct command_call *call, struct errinfo *ei)
{
	(void)call;
	(void)ei;
	if (!app->cfg.may_quit || app->cfg.may_quit(app->cfg.user))
		app_quit(app, 0);
	return ERR_OK;
}

static enum err run_escape(struct app *app, const struct command_call *call, struct errinfo *ei)
{
	struct view *v = app->top;
	struct list *l = v ? view_list(v) : NULL;

	(void)call;
	(void)ei;
	if (!v)
		return ERR_OK;
	if (v->ops->flags & VIEW_POPUP) {
		app_close(v);
	} else if (l && l->range_anchor) { /* marks that were there before stay */
		list_range_drop(l);
		changed(v, TOUCH_ROWS);
	} else if (l && (list_marked(l) || l->only_marked)) {
		list_mark_clear(l);
		changed(v, TOUCH_ROWS);
	} else if (l && *list_filter_text(l)) {
		enum err e = list_set_filter(l, "");

		changed(v, TOUCH_ROWS);
		return e;
	} else if (v->below) {
		app_close(v);
	} else {
		app_message(app, STYLE_NOTE, "q quits");
	}
	return ERR_OK;
}

static enum err run_interrupt(struct app *app, const struct command_call *call, struct errinfo *ei)
{
	(void)call;
	(void)ei;
	dispatch_interrupt(app);
	return ERR_OK;
}

static enum err run_help(struct app *app, const struct command_call *call, struct errinfo *ei)
{
	const struct command *topic = call->argc == 1 ? app_find_command(app, call->argv[0]) : NULL;

	if (call->cmd->id == CORE_PALETTE)
		return app_palette(app, call->rest, ei);
	if (topic && topic->flags & CMD_TOPIC)
		return app_exec(app, topic->name, ei);
	return app_help(app, strcmp(call->rest, "keys") == 0 ? "" : call->rest, ei);
}

static enum err run_messages(struct app *app, const struct command_call *call, struct errinfo *ei)
{
	(void)call;
	return app_messages(app, ei);
}

static enum err run_redraw(struct app *app, const struct command_call *call, struct errinfo *ei)
{
	(void)call;
	(void)ei;
	if (app->term)
		term_repaint(app->term);
	app->dirty = true;
	return ERR_OK;
}

static enum err run_suspend(struct app *app, const struct command_call *call, struct errinfo *ei)
{
	(void)call;
	if (!app->term)
		return err_set(ei, ERR_REFUSED, "suspend: there is no terminal");
	app_suspend(app);
	return ERR_OK;
}

static enum err run_resize(struct app *app, const struct command_call *call, struct errinfo *ei)
{
	int cols, rows;
	char rest;

	if (app->term)
		return err_set(ei, ERR_REFUSED, "resize: the terminal has its own size");
	if (sscanf(call->argv[0], "%4dx%4d%c", &cols, &rows, &rest) != 2)
		return err_set(ei, ERR_USAGE, "resize: expected COLSxROWS, such as 120x40");
	return app_resize(app, cols, rows);
}

static enum err run_mouse(struct app *app, const struct command_call *call, struct errinfo *ei)
{
	bool on;

	if (!app->term)
		return err_set(ei, ERR_REFUSED, "mouse: there is no terminal");
	on = call->argc == 0 ? !term_has_mouse(app->term) : strcmp(call->argv[0], "on") == 0;
	if (call->argc > 0 && !on && strcmp(call->argv[0], "off") != 0)
		return err_set(ei, ERR_USAGE, "mouse: expected on or off");
	term_set_mouse(app->term, on);
	app_message(app, STYLE_NOTE,
	    on ? "mouse on: hold Shift to select text" : "mouse off: the terminal selects text");
	return ERR_OK;
}

static enum err set_theme(struct app *app, const char *name, struct errinfo *ei)
{
	const struct theme *t = theme_find(name);

	if (!t)
		return err_set(ei, ERR_USAGE, "no theme is called \"%s\"", name);
	app->theme = t;
	if (app->term)
		term_repaint(app->term);
	app->dirty = true;
	return ERR_OK;
}

static void on_theme(struct app *app, bool ok, const size_t *chosen, size_t n, void *user)
{
	(void)user;
	if (ok && n == 1)
		set_theme(app, theme_at(chosen[0])->name, NULL);
}

static enum err run_theme(struct app *app, const struct command_call *call, struct errinfo *ei)
{
	struct choice choices[16] = {0};
	size_t n = theme_count() < 16 ? theme_count() : 16, now = 0;

	if (call->argc > 0)
		return set_theme(app, call->argv[0], ei);
	for (size_t i = 0; i < n; i++) {
		choices[i].label = theme_at(i)->name;
		choices[i].detail = theme_at(i)->about;
		if (theme_at(i) == app->theme)
			now = i;
	}
	return app_choose(app,
	    &(struct choose){
		.title = "Theme", .choices = choices, .n = n, .start = now, .fn = on_theme},
	    ei);
}

static enum err run_screen(struct app *app, const struct command_call *call, struct errinfo *ei)
{
	struct buf text;
	enum err e;

	app_draw(app);
	buf_init(&text, (size_t)8 << 20);
	app_screen(app, &text);
	e = text.failed ? err_set(ei, text.failed, "screen")
			: fs_write(call->rest, buf_str(&text), text.len, ei);
	buf_done(&text);
	return e;
}

static enum err run_keys(struct app *app, const struct command_call *call, struct errinfo *ei)
{
	return app_press(app, call->rest, ei);
}

static enum err run_echo(struct app *app, const struct command_call *call, struct errinfo *ei)
{
	(void)ei;
	app_message(app, STYLE_NOTE, "%s", call->rest);
	return ERR_OK;
}

static enum err run_none(struct app *app, const struct command_call *call, struct errinfo *ei)
{
	(void)app;
	(void)call;
	(void)ei;
	return ERR_OK;
}

static core_fn *const handlers[CORE_COUNT] = {
    [CORE_MOVE_UP] = run_move,
    [CORE_MOVE_DOWN] = run_move,
    [CORE_PAGE_UP] = run_move,
    [CORE_PAGE_DOWN] = run_move,
    [CORE_HALF_UP] = run_move,
    [CORE_HALF_DOWN] = run_move,
    [CORE_MOVE_TOP] = run_move,
    [CORE_MOVE_END] = run_move,
    [CORE_COLUMN_LEFT] = run_column,
    [CORE_COLUMN_RIGHT] = run_column,
    [CORE_SCROLL_LEFT] = run_column,
    [CORE_SCROLL_RIGHT] = run_column,
    [CORE_MARK] = run_mark,
    [CORE_MARK_UP] = run_mark,
    [CORE_MARK_ALL] = run_mark,
    [CORE_MARK_INVERT] = run_mark,
    [CORE_MARK_RANGE] = run_mark,
    [CORE_MARK_CLEAR] = run_mark,
    [CORE_MARK_ONLY] = run_mark,
    [CORE_FILTER] = run_filter,
    [CORE_FILTER_CLEAR] = run_filter,
    [CORE_SORT] = run_sort,
    [CORE_SORT_DEFAULT] = run_sort,
    [CORE_COLUMNS] = run_columns,
    [CORE_BACK] = run_back,
    [CORE_ESCAPE] = run_escape,
    [CORE_INTERRUPT] = run_interrupt,
    [CORE_QUIT] = run_quit,
    [CORE_HELP] = run_help,
    [CORE_PALETTE] = run_help,
    [CORE_MESSAGES] = run_messages,
    [CORE_REDRAW] = run_redraw,
    [CORE_SUSPEND] = run_suspend,
    [CORE_RESIZE] = run_resize,
    [CORE_MOUSE] = run_mouse,
    [CORE_THEME] = run_theme,
    [CORE_SCREEN] = run_screen,
    [CORE_KEYS] = run_keys,
    [CORE_ECHO] = run_echo,
    [CORE_NONE] = run_none,
};

enum err core_run(struct app *app, const struct command_call *call, struct errinfo *ei)
{
	int id = call->cmd->id;

	if (id < 0 || id >= CORE_COUNT || !handlers[id])
		return err_set(ei, ERR_REFUSED, "%s: not in this view", call->cmd->name);
	return handlers[id](app, call, ei);
}
