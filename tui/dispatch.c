/* From events to commands: key sequences, the one dispatcher, its preconditions. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "tui/internal.h"

#define DEPTH_MAX 8 /* a key bound to "type" that presses itself */

bool view_has_command(const struct view *v, const char *name)
{
	const char *p = v->ops->commands;
	size_t n = strlen(name);

	while (p && *p) {
		size_t len = strcspn(p, " ");

		if (len == n && memcmp(p, name, n) == 0)
			return true;
		p += len;
		p += strspn(p, " ");
	}
	return false;
}

struct table *view_table(struct view *v)
{
	return v->ops->table ? v->ops->table(v) : NULL;
}

struct list *view_list(struct view *v)
{
	struct table *t = view_table(v);

	return t ? t->list : v->ops->list ? v->ops->list(v) : NULL;
}

size_t app_contexts(const struct view *v, const char **out)
{
	size_t n = 0;

	if (v) {
		out[n++] = v->ops->name;
		if (v->ops->parent)
			out[n++] = v->ops->parent;
		if (v->ops->parent && strcmp(v->ops->parent, "table") == 0)
			out[n++] = "list";
		if (v->ops->flags & VIEW_TEXT)
			return n;
	}
	out[n++] = "global";
	return n;
}

/* --- commands --- */

enum err app_add_commands(struct app *app, const struct command *table, size_t n)
{
	if (app->n_tables == TABLES_MAX)
		return ERR_LIMIT;
	app->tables[app->n_tables].v = table;
	app->tables[app->n_tables++].n = n;
	return ERR_OK;
}

const struct command *app_find_command(const struct app *app, const char *name)
{
	for (size_t t = 0; t < app->n_tables; t++)
		for (size_t i = 0; i < app->tables[t].n; i++)
			if (strcmp(app->tables[t].v[i].name, name) == 0)
				return &app->tables[t].v[i];
	return NULL;
}

/* The view whose list a generic command acts on. */
static struct view *list_view(const struct view *v)
{
	while (v && v->ops->flags & VIEW_PASSES)
		v = v->below;
	return (struct view *)(uintptr_t)v;
}

static bool list_holds(const struct view *top, const struct command *cmd, char *reason, size_t cap)
{
	struct view *v = list_view(top);
	struct list *l = v ? view_list(v) : NULL;

	if (cmd->flags & CMD_NEEDS_TABLE && (!v || !view_table(v)))
		snprintf(reason, cap, "there are no columns here");
	else if (cmd->flags & (CMD_NEEDS_LIST | CMD_NEEDS_ROW) && !l)
		snprintf(reason, cap, "there is no list here");
	else if (cmd->flags & CMD_NEEDS_ROW && list_selected_count(l) == 0)
		snprintf(reason, cap, "there is no row to act on");
	else
		return true;
	return false;
}

bool dispatch_can(const struct app *app, const struct view *v, const struct command *cmd,
    char *reason, size_t cap)
{
	bool own = v && view_has_command(v, cmd->name);

	*reason = '\0';
	if (!own && !(cmd->flags & (CMD_APP | CMD_CORE))) {
		snprintf(reason, cap, "not in this view");
		return false;
	}
	if (!list_holds(v, cmd, reason, cap))
		return false;
	if (app->cfg.may && !app->cfg.may(app->cfg.user, cmd, v, reason, cap))
		return false;
	return !own || !v->ops->can || v->ops->can(v, cmd, reason, cap);
}

bool app_can(const struct app *app, const struct command *cmd, char *reason, size_t cap)
{
	return dispatch_can(app, app->top, cmd, reason, cap);
}

/* A range that is still open is meant by what the view does next. */
static enum err end_range(struct view *v)
{
	struct list *l = v ? view_list(v) : NULL;

	return l ? list_range_end(l) : ERR_OK;
}

static enum err run(struct app *app, struct command_call *call, struct errinfo *ei)
{
	const struct command *cmd = call->cmd;
	char reason[160];
	enum err e;

	if (!dispatch_can(app, call->view, cmd, reason, sizeof reason))
		return err_set(ei, ERR_REFUSED, "%s: %s", cmd->name, reason);
	if (cmd->flags & CMD_NEEDS_ARG && call->argc == 0)
		return err_set(ei, ERR_USAGE, "usage: %s %s", cmd->name, cmd->args);
	if (call->view && view_has_command(call->view, cmd->name) && call->view->ops->command) {
		e = cmd->flags & CMD_CORE ? ERR_OK : end_range(call->view);
		if (e == ERR_OK)
			e = call->view->ops->command(call->view, call, ei);
	} else if (cmd->flags & CMD_APP) {
		e = app->cfg.command ? app->cfg.command(app->cfg.user, call, ei)
				     : err_set(ei, ERR_REFUSED, "%s: not available", cmd->name);
	} else {
		e = core_run(app, call, ei);
	}
	if (e != ERR_OK && ei->code == ERR_OK)
		err_set(ei, e, "%s: %s", cmd->name, err_text(e));
	return e;
}

static enum err exec(struct app *app, const char *line, struct errinfo *ei)
{
	struct command_call call = {.view = app->top};
	char *copy = mem_strdup(line);
	const char *name;
	enum err e;

	if (!copy)
		return err_set(ei, ERR_NOMEM, "running a command");
	e = command_split(copy, line, &call, &name, ei);
	if (e == ERR_OK && *name) {
		call.cmd = app_find_command(app, name);
		e = call.cmd ? run(app, &call, ei)
			     : err_set(ei, ERR_USAGE, "no command is called \"%s\"", name);
	}
	mem_free(copy);
	return e;
}

enum err app_exec(struct app *app, const char *line, struct errinfo *ei)
{
	struct errinfo local, *to = ei ? ei : &local;
	enum err e;

	*to = (struct errinfo){0};
	if (app->depth == DEPTH_MAX)
		return err_set(to, ERR_LIMIT, "a key runs itself: %s", line);
	app->depth++;
	e = exec(app, line, to);
	app->depth--;
	if (e != ERR_OK && app->depth == 0)
		app_message_err(app, to);
	app->dirty = true;
	return e;
}

/* --- keys --- */

static void on_which_key(struct loop *l, void *user)
{
	struct app *app = user;

	(void)l;
	app->which_timer = (struct timer_id){0};
	if (app->pending.n) {
		app->which_shown = true;
		app->dirty = true;
	}
}

static void begin_sequence(struct app *app, const struct key_seq *seq)
{
	app->pending = *seq;
	app->dirty = true;
	loop_timer_cancel(app->loop, app->which_timer);
	if (!app->cfg.pinned)
		app->which_timer = loop_timer(app->loop, WHICH_KEY_MS, on_which_key, app);
}

static void end_sequence(struct app *app)
{
	app->dirty = app->dirty || app->pending.n;
	app->pending.n = 0;
	app->which_shown = false;
	loop_timer_cancel(app->loop, app->which_timer);
}

/* Type-ahead and key repeat must not answer a question that was not read yet. A held key and a burst
 * keep the guard up, a hand that types on does not: it would never get a letter into a question. */
static bool is_guarded(struct app *app, struct view *v, struct key key)
{
	int64_t now = clock_mono_ms();

	if (!v || app->cfg.pinned || !(v->ops->flags & VIEW_GUARDED) ||
	    now - v->opened_ms >= GUARD_MS)
		return false;
	if (key_equal(key, app->last_key) || now - app->dropped_ms < BURST_MS)
		v->opened_ms = now;
	app->last_key = key;
	app->dropped_ms = now;
	app_message(app, STYLE_DIM, "too soon: a question takes no key in its first 0.3 s");
	return true;
}

static bool is_too_small(const struct app *app)
{
	return app->grid.cols < MIN_COLS || app->grid.rows < MIN_ROWS;
}

/* Where else the keys do something: ", only in review", "" when nowhere. A key that was learnt in one
 * place is tried in another. */
static const char *elsewhere(
    const struct keymap *m, const struct key_seq *seq, char *out, size_t cap)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < m->n && len < cap; i++) {
		const struct binding *b = &m->list[i];

		if (b->seq.n == seq->n && key_seq_begins(&b->seq, seq) &&
		    strcmp(b->command, "none") != 0 && strcmp(b->context, "input") != 0)
			len += (size_t)snprintf(
			    out + len, cap - len, "%s %s", len ? "," : ", only in", b->context);
	}
	return out;
}

static void unbound(struct app *app, const struct event *e)
{
	struct view *v = app->top;
	struct key_seq seq = app->pending;
	char name[96], where[96];

	if (seq.n == 0 && v && v->ops->event && v->ops->event(v, e)) {
		app->dirty = true;
		return;
	}
	end_sequence(app);
	if (seq.n && e->key.code == KC_ESC)
		return;
	if (v && v->ops->flags & VIEW_TEXT)
		return;
	seq.keys[seq.n++] = e->key;
	app_message(app, STYLE_DIM, "%s does nothing here%s; ? shows the keys",
	    key_seq_name(&seq, name, sizeof name),
	    elsewhere(&app->keymap, &seq, where, sizeof where));
}

static void on_key(struct app *app, const struct event *e)
{
	const char *contexts[CONTEXTS_MAX];
	const struct binding *b = NULL;
	struct view *v = app->top;
	struct key_seq seq = app->pending;
	bool global_only = is_too_small(app);
	size_t n;

	if (is_guarded(app, v, e->key))
		return;
	messages_key(app);
	n = app_contexts(global_only ? NULL : v, contexts);
	seq.keys[seq.n++] = e->key;
	switch (keymap_lookup(&app->keymap, contexts, n, &seq, &b)) {
	case KEYMAP_PREFIX:
		begin_sequence(app, &seq);
		return;
	case KEYMAP_FOUND:
		end_sequence(app);
		/* what cannot be seen must not be changed */
		if (global_only && strcmp(b->command, "quit") != 0 &&
		    strcmp(b->command, "interrupt") != 0)
			return;
		app->last_key = e->key;
		app_exec(app, b->command, NULL);
		return;
	case KEYMAP_NONE:
		break;
	}
	if (!global_only)
		unbound(app, e);
}

/* --- mouse --- */

static void on_list_click(struct app *app, struct view *v, const struct event *e)
{
	struct table *t = view_table(v);
	struct list *l = view_list(v);
	size_t pos;

	if (e->mouse.action == MOUSE_WHEEL) {
		list_scroll(l, 3L * e->mouse.button);
		view_touch(v, TOUCH_CURSOR);
	} else if (t && e->mouse.y == 0 && e->mouse.action == MOUSE_PRESS) {
		int column = table_column_at(t, e->mouse.x);

		if (column >= 0 && table_sort(t, column) == ERR_OK)
			view_touch(v, TOUCH_ROWS);
	} else if (t && table_pos_at(t, e->mouse.y, &pos)) {
		list_goto_pos(l, pos);
		view_touch(v, TOUCH_CURSOR);
		if (e->mouse.action == MOUSE_DOUBLE)
			app_press(app, "Enter", NULL);
		else if (e->mouse.action == MOUSE_PRESS && e->mouse.button == 3)
			app_press(app, "m", NULL);
	} else {
		return;
	}
	if (v->ops->changed)
		v->ops->changed(v, TOUCH_CURSOR);
}

static void on_mouse(struct app *app, const struct event *e)
{
	struct view *v = app->top;
	struct event at = *e;
	struct rect body = frame_body(app);

	if (e->mouse.action == MOUSE_PRESS && app->swallow_click) {
		app->swallow_click = false; /* the click that brought the window to the front */
		return;
	}
	if (!v || is_guarded(app, v, (struct key){0}) || is_too_small(app))
		return;
	if (v->ops->flags & VIEW_POPUP && v->ops->place)
		body = v->ops->place(v, app->grid.cols, app->grid.rows);
	at.mouse.x -= body.x;
	at.mouse.y -= body.y;
	if (at.mouse.x < 0 || at.mouse.y < 0 || at.mouse.x >= body.w || at.mouse.y >= body.h)
		return;
	if (v->ops->event && v->ops->event(v, &at))
		view_touch(v, TOUCH_ALL);
	else if (view_list(v))
		on_list_click(app, v, &at);
}

static void on_paste(struct app *app, const struct event *e)
{
	struct view *v = app->top;

	if (is_guarded(app, v, (struct key){0}))
		return;
	if (e->truncated)
		app_message(app, STYLE_WARNING, "the pasted text was cut at %zu bytes", e->len);
	if (v && v->ops->event && end_range(v) == ERR_OK && v->ops->event(v, e))
		view_touch(v, TOUCH_ALL);
	else
		app_message(app, STYLE_NOTE, "pasted text is not used here");
}

void app_event(struct app *app, const struct event *e)
{
	switch (e->kind) {
	case EVENT_KEY:
		on_key(app, e);
		break;
	case EVENT_PASTE:
		on_paste(app, e);
		break;
	case EVENT_MOUSE:
		on_mouse(app, e);
		break;
	case EVENT_FOCUS:
		app->swallow_click = e->on && app->unfocused;
		app->unfocused = !e->on;
		break;
	case EVENT_NONE:
		break;
	}
}

enum err app_press(struct app *app, const char *keys, struct errinfo *ei)
{
	struct key_seq seq;
	const char *p = keys;

	/* longer than one sequence: word by word */
	while (*(p += strspn(p, " \t"))) {
		size_t n = strcspn(p, " \t");
		char word[64];

		if (n >= sizeof word)
			return err_set(ei, ERR_USAGE, "no key is called \"%.*s\"", 40, p);
		memcpy(word, p, n);
		word[n] = '\0';
		if (!key_seq_parse(word, &seq))
			return err_set(ei, ERR_USAGE, "no key is called \"%s\"", word);
		for (int i = 0; i < seq.n; i++)
			app_event(app, &(struct event){.kind = EVENT_KEY, .key = seq.keys[i]});
		p += n;
	}
	return ERR_OK;
}

void dispatch_interrupt(struct app *app)
{
	struct view *v = app->top;

	if (app->pending.n)
		end_sequence(app);
	else if (v && v->ops->flags & VIEW_POPUP)
		app_close(v);
	else if (!app->cfg.interrupt || !app->cfg.interrupt(app->cfg.user))
		app_quit(app, err_exit_status(ERR_CANCELLED));
}

/* --- bindings of the user --- */

enum err app_add_context(struct app *app, const char *name)
{
	return keymap_add_context(&app->keymap, name);
}

enum err app_bind(
    struct app *app, const char *keys, const char *command, const char *origin, struct errinfo *ei)
{
	char context[48] = "global", name[64];
	size_t n = strcspn(keys, " \t"), len;
	struct key_seq seq;
	enum err e;

	if (keys[n] && n < sizeof context) {
		char first[48];

		memcpy(first, keys, n);
		first[n] = '\0';
		if (keymap_has_context(&app->keymap, first)) {
			memcpy(context, first, n + 1);
			keys += n;
		} else if (!key_seq_parse(first, &seq)) {
			return err_set(
			    ei, ERR_CONFIG, "%s: no view or key is called \"%s\"", origin, first);
		}
	}
	if (!key_seq_parse(keys, &seq))
		return err_set(ei, ERR_CONFIG, "%s: no key is called \"%s\"", origin, keys);
	if (strcmp(command, "<none>") == 0)
		command = "none";
	len = strcspn(command, " \t");
	if (len >= sizeof name)
		len = sizeof name - 1;
	memcpy(name, command, len);
	name[len] = '\0';
	if (!app_find_command(app, name))
		return err_set(ei, ERR_CONFIG, "%s: no command is called \"%s\"", origin, name);
	e = keymap_bind(&app->keymap, context, keys, command, origin);
	return e == ERR_OK ? e : err_set(ei, e, "%s: cannot bind %s", origin, keys);
}
