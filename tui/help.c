/* Help and palette: the same list of commands, seen from the keys and from the names.
 *
 * Help shows what the keys of this place do, grouped; commands that cannot run here are greyed with
 * the reason. The palette shows every command and runs what is chosen, or what was typed when it
 * has arguments. Both filter while typing; `@x` in help finds what key x does. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/mem.h"
#include "base/text.h"
#include "tui/edit.h"
#include "tui/internal.h"

#define KEYS_WIDTH 18
#define NAME_WIDTH 18
#define LINE_BYTES 1024

struct help_row {
	const struct command *cmd;
	const char *line; /* what it runs: the name, with arguments of a binding */
	const char *keys; /* "j  Down" */
	const char *off; /* why it cannot run; NULL: it can */
	uint32_t group; /* number of its group's first command */
};

struct help_state {
	struct arena strings;
	struct help_row *rows;
	size_t n, cap;
	bool palette, changed;
	struct list list;
	struct edit edit;
	char title[96];
	char typed[LIST_FILTER_MAX + 1]; /* what the palette's rows are ranked by */
};

struct help_arg {
	bool palette;
	const char *text;
};

/* --- rows --- */

static size_t row_count(const void *user)
{
	return ((const struct help_state *)user)->n;
}

static uint64_t row_key(const void *user, size_t row)
{
	(void)user;
	return row + 1;
}

static void row_text(const void *user, size_t row, struct buf *out)
{
	const struct help_row *r = &((const struct help_state *)user)->rows[row];

	buf_addf(out, "%s %s %s @%s", r->line, r->cmd->help, r->cmd->group, r->keys);
	for (const char *p = strstr(r->keys, "  "); p; p = strstr(p + 2, "  "))
		buf_addf(out, " @%.*s", (int)strcspn(p + 2, " "), p + 2);
}

static uint32_t row_group(const void *user, size_t row)
{
	return ((const struct help_state *)user)->rows[row].group;
}

/* How well the name fits what was typed, 0 is best: all of it, its beginning, the beginning of one of
 * its words, some part; last comes what only the help text mentions. */
static int rank(const struct help_row *r, const char *typed)
{
	const char *name = r->cmd->name, *at = strstr(name, typed);
	size_t n = strlen(typed);
	int fit = 4;

	if (at == name)
		fit = name[n] ? 1 : 0;
	else if (at)
		fit = at[-1] == '-' ? 2 : 3;
	return fit * 2 + (r->off != NULL);
}

/* The order of the palette, for any column. */
static int row_compare(const void *user, size_t a, size_t b, int column)
{
	const struct help_state *s = user;

	(void)column;
	return s->typed[0] ? rank(&s->rows[a], s->typed) - rank(&s->rows[b], s->typed) : 0;
}

static bool add_row(
    struct help_state *s, struct view *v, const struct command *cmd, const char *line)
{
	const char *contexts[CONTEXTS_MAX];
	size_t n = app_contexts(v->below, contexts);
	struct help_row *r;
	struct buf keys;
	char reason[160];

	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 128;
		struct help_row *more = mem_realloc_array(s->rows, cap, sizeof *more);

		if (!more)
			return false;
		s->rows = more;
		s->cap = cap;
	}
	r = &s->rows[s->n];
	*r = (struct help_row){.cmd = cmd, .line = arena_strdup(&s->strings, line)};
	buf_init(&keys, 256);
	keymap_keys_of(&v->app->keymap, contexts, n, line, &keys);
	r->keys = arena_strdup(&s->strings, buf_str(&keys));
	buf_done(&keys);
	if (!dispatch_can(v->app, v->below, cmd, reason, sizeof reason))
		r->off = arena_strdup(&s->strings, reason);
	if (!r->line || !r->keys)
		return false;
	s->n++;
	return true;
}

/* Groups appear in the order of their first command. */
static void number_groups(struct help_state *s)
{
	for (size_t i = 0; i < s->n; i++) {
		size_t k = 0;

		while (strcmp(s->rows[k].cmd->group, s->rows[i].cmd->group) != 0)
			k++;
		s->rows[i].group = (uint32_t)k;
	}
}

/* Bindings with arguments ("filter marked") are rows of their own. */
static bool add_bindings_with_arguments(
    struct help_state *s, struct view *v, const struct command *cmd)
{
	const char *contexts[CONTEXTS_MAX];
	size_t n = app_contexts(v->below, contexts), len = strlen(cmd->name);

	for (size_t i = 0; i < v->app->keymap.n; i++) {
		const struct binding *b = &v->app->keymap.list[i], *real;
		bool seen = false;

		if (strncmp(b->command, cmd->name, len) != 0 || b->command[len] != ' ' ||
		    keymap_lookup(&v->app->keymap, contexts, n, &b->seq, &real) != KEYMAP_FOUND ||
		    real != b)
			continue;
		for (size_t k = 0; k < s->n && !seen; k++)
			seen = strcmp(s->rows[k].line, b->command) == 0;
		if (!seen && !add_row(s, v, cmd, b->command))
			return false;
	}
	return true;
}

static enum err collect(struct help_state *s, struct view *v)
{
	struct app *app = v->app;

	/* commands of the views first: they are what this place is about */
	for (size_t t = app->n_tables; t-- > 0;)
		for (size_t i = 0; i < app->tables[t].n; i++) {
			const struct command *cmd = &app->tables[t].v[i];

			if (cmd->flags & CMD_HIDDEN || strcmp(cmd->group, "Input") == 0)
				continue;
			if (!add_row(s, v, cmd, cmd->name) ||
			    !add_bindings_with_arguments(s, v, cmd))
				return ERR_NOMEM;
			/* help is about keys: what has none and does not belong here is left out */
			if (!s->palette && !*s->rows[s->n - 1].keys && s->rows[s->n - 1].off)
				s->n--;
		}
	number_groups(s);
	return ERR_OK;
}

/* --- life --- */

static enum err help_open(struct view *v, const void *arg, struct errinfo *ei)
{
	struct help_state *s = view_state(v);
	const struct help_arg *a = arg;
	struct list_source src = {
	    .count = row_count, .key = row_key, .filter_text = row_text, .user = s};
	enum err e;

	/* the view that it is about; the stack links it only after open */
	v->below = v->app->top;
	s->palette = a->palette;
	snprintf(s->title, sizeof s->title, "%s%s", a->palette ? "Commands" : "Keys: ",
	    a->palette || !v->below ? "" : v->below->ops->title);
	arena_init(&s->strings);
	if (!s->palette)
		src.group = row_group;
	src.compare = row_compare;
	list_init(&s->list, &src);
	e = edit_init(&s->edit, a->text, LIST_FILTER_MAX);
	if (e == ERR_OK)
		e = collect(s, v);
	if (e == ERR_OK)
		e = list_refresh(&s->list);
	s->changed = true;
	if (e == ERR_OK)
		return ERR_OK;
	list_done(&s->list);
	edit_done(&s->edit);
	arena_done(&s->strings);
	mem_free(s->rows);
	return err_set(ei, e, "opening help");
}

static void help_done(struct view *v)
{
	struct help_state *s = view_state(v);

	list_done(&s->list);
	edit_done(&s->edit);
	arena_done(&s->strings);
	mem_free(s->rows);
}

/* --- running --- */

/* "name argument" is run as typed; a name alone, or a part of one, takes the row. */
static bool is_full_line(const struct app *app, const char *text)
{
	char name[64];
	size_t n = strcspn(text, " ");

	if (!text[n] || n >= sizeof name)
		return false;
	memcpy(name, text, n);
	name[n] = '\0';
	return app_find_command(app, name) != NULL;
}

/* While arguments are typed the list keeps showing the command. */
static void apply_filter(struct help_state *s, const struct app *app)
{
	snprintf(s->typed, sizeof s->typed, "%s", edit_text(&s->edit));
	if (s->palette && is_full_line(app, s->typed))
		s->typed[strcspn(s->typed, " ")] = '\0';
	for (char *p = s->typed; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	list_set_filter(&s->list, s->typed);
	if (s->palette)
		list_set_sort(&s->list, 0, false);
	list_goto_pos(&s->list, 0);
}

/* Typing only notes that it happened, so that a burst filters once; whatever looks at the list
 * settles it first. */
static void settle(struct view *v)
{
	struct help_state *s = view_state(v);

	if (s->changed)
		apply_filter(s, v->app);
	s->changed = false;
}

static enum err accept(struct view *v, struct errinfo *ei)
{
	struct help_state *s = view_state(v);
	const struct help_row *r;
	struct app *app = v->app;
	char line[LINE_BYTES];
	size_t row;

	snprintf(line, sizeof line, "%s", edit_text(&s->edit));
	if (!s->palette || !is_full_line(app, line)) {
		if (!list_row(&s->list, &row))
			return err_set(ei, ERR_USAGE, "no command is called \"%s\"", line);
		r = &s->rows[row];
		if (r->off)
			return err_set(ei, ERR_REFUSED, "%s: %s", r->cmd->name, r->off);
		if (r->cmd->flags & CMD_NEEDS_ARG && strcmp(r->line, r->cmd->name) == 0) {
			snprintf(line, sizeof line, "%s ", r->cmd->name);
			s->palette = true; /* its argument comes next */
			s->changed = true;
			return edit_set(&s->edit, line);
		}
		snprintf(line, sizeof line, "%s", r->line);
	}
	if (s->palette)
		history_add(app, "commands", line);
	app_close(v);
	return app_exec(app, line, ei);
}

static enum err help_command(struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct help_state *s = view_state(v);
	size_t row;

	settle(v);
	view_touch(v, TOUCH_ALL);
	switch (call->cmd->id) {
	case CORE_ACCEPT:
		return accept(v, ei);
	case CORE_CANCEL:
		app_close(v);
		return ERR_OK;
	case CORE_COMPLETE:
		if (list_row(&s->list, &row)) {
			char line[LINE_BYTES];

			snprintf(line, sizeof line, "%s ", s->rows[row].line);
			s->changed = true;
			return edit_set(&s->edit, line);
		}
		return ERR_OK;
	default:
		s->changed = edit_command(&s->edit, call->cmd->id) || s->changed;
		return ERR_OK;
	}
}

static bool help_event(struct view *v, const struct event *e)
{
	struct help_state *s = view_state(v);

	if (e->kind == EVENT_KEY && key_is_text(e->key))
		s->changed = edit_key(&s->edit, e->key) == ERR_OK || s->changed;
	else if (e->kind == EVENT_PASTE)
		s->changed = edit_insert(&s->edit, e->text, e->len) == ERR_OK || s->changed;
	else
		return false;
	return true;
}

static struct list *help_list(struct view *v)
{
	settle(v);
	return &((struct help_state *)view_state(v))->list;
}

static void help_layout(struct view *v, int cols, int rows)
{
	struct help_state *s = view_state(v);

	(void)cols;
	settle(v);
	list_layout(&s->list, rows > 4 ? (size_t)rows - 3 : 1);
}

/* --- drawing --- */

static struct rect help_place(const struct view *v, int cols, int rows)
{
	(void)v;
	return frame_middle(cols, rows, 100, rows);
}

static void draw_row(const struct help_state *s, struct canvas *c, int y, size_t row)
{
	const struct help_row *r = &s->rows[row];
	struct canvas_field f = {.x = 2, .y = y, .w = KEYS_WIDTH, .style = STYLE_KEY};
	char text[512];

	if (r->off)
		f.style = STYLE_DISABLED;
	canvas_field(c, &f, r->keys, strlen(r->keys));
	f.x += KEYS_WIDTH + 1;
	f.w = NAME_WIDTH;
	if (!r->off)
		f.style = STYLE_NORMAL;
	canvas_field(c, &f, r->line, strlen(r->line));
	f.x += NAME_WIDTH + 1;
	f.w = c->area.w - f.x - 2;
	if (!r->off)
		f.style = STYLE_DIM;
	snprintf(text, sizeof text, "%s%s%s%s%s", r->cmd->help, *r->cmd->args ? "  " : "",
	    r->cmd->args, r->off ? ": " : "", r->off ? r->off : "");
	if (r->off) /* the reason is what one wants to know */
		snprintf(text, sizeof text, "%s (%s)", r->off, r->cmd->help);
	canvas_field(c, &f, text, strlen(text));
}

static void help_draw(const struct view *v, struct canvas *c)
{
	const struct help_state *s = view_state(v);
	int w = c->area.w, h = c->area.h, x;

	canvas_box(c, (struct rect){0, 0, w, h}, STYLE_BORDER, s->title);
	x = canvas_str(c, 2, 1, STYLE_PROMPT, s->palette ? ":" : "find: ");
	edit_draw(&s->edit, c, x, 1, w - x - 2);
	for (int y = 2; y < h - 1; y++) {
		size_t pos = s->list.top + (size_t)(y - 2), row;
		bool header;

		if (!list_line(&s->list, pos, &row, &header))
			break;
		if (header) {
			canvas_str(c, 2, y, STYLE_GROUP, s->rows[row].cmd->group);
			continue;
		}
		draw_row(s, c, y, row);
		if (pos == s->list.cursor)
			canvas_overlay(c, 1, y, w - 2, STYLE_CURSOR);
	}
	if (list_shown(&s->list) == 0)
		canvas_str(c, 2, 2, STYLE_DIM, "no command matches");
}

static void help_describe(const struct view *v, struct view_about *a)
{
	(void)v;
	a->hints = "accept cancel";
}

static const struct view_ops help_ops = {
    .name = "help",
    .title = "Help",
    .parent = "input",
    .commands = "accept cancel complete " EDIT_COMMANDS,
    .flags = VIEW_POPUP | VIEW_TEXT,
    .state_size = sizeof(struct help_state),
    .open = help_open,
    .layout = help_layout,
    .draw = help_draw,
    .command = help_command,
    .event = help_event,
    .describe = help_describe,
    .list = help_list,
    .place = help_place,
    .done = help_done,
};

enum err app_help(struct app *app, const char *text, struct errinfo *ei)
{
	return app_push(app, &help_ops, &(struct help_arg){false, text}, NULL, ei);
}

enum err app_palette(struct app *app, const char *text, struct errinfo *ei)
{
	return app_push(app, &help_ops, &(struct help_arg){true, text}, NULL, ei);
}
