/* A small program for the toolkit's tests: one table of N numbered rows, headless. */
#ifndef RETICLE_TESTS_TUI_TOY_H
#define RETICLE_TESTS_TUI_TOY_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "tui/app.h"
#include "tui/script.h"

#define TOY_COMMAND_MAX 32

struct toy {
	struct loop *loop;
	struct app *app;
	bool busy, read_only;
	int closed; /* views that app_config.view_closed saw */
	int done; /* toy views whose done ran */
	int opened_row; /* last row that "open" ran on; -1: none */
	int asked, answered; /* confirmations opened, and 1 yes / 2 no for the last */
	char typed[64]; /* last text of the toy view's prompt */
	char pasted[64];
	size_t chosen;
};

struct toy_state {
	struct list list;
	struct table table;
	size_t rows;
	struct toy *toy;
};

static struct toy toy;

static size_t toy_count(const void *user)
{
	return ((const struct toy_state *)user)->rows;
}

static uint64_t toy_key(const void *user, size_t row)
{
	(void)user;
	return row * 7 + 3;
}

static void toy_text(const void *user, size_t row, struct buf *out)
{
	(void)user;
	buf_addf(out, "Row %zu group %zu", row, row % 10);
}

static int toy_compare(const void *user, size_t a, size_t b, int column)
{
	(void)user;
	if (column == 1)
		return (int)(a % 10) - (int)(b % 10);
	return a < b ? -1 : a > b;
}

static void toy_cell(const void *user, size_t row, int column, struct table_cell *out)
{
	(void)user;
	if (column == 0)
		snprintf(out->scratch, sizeof out->scratch, "Row %zu", row);
	else
		snprintf(out->scratch, sizeof out->scratch, "group %zu", row % 10);
	out->text = out->scratch;
	out->len = strlen(out->scratch);
}

static const struct table_column toy_columns[] = {
    {.title = "Name", .min = 10, .weight = 1, .flags = COL_SORT},
    {.title = "Group", .min = 10, .flags = COL_SORT | COL_HIDEABLE},
};

static enum err toy_open(struct view *v, const void *arg, struct errinfo *ei)
{
	struct toy_state *s = view_state(v);
	struct list_source src = {toy_count, toy_key, toy_text, toy_compare, NULL, s};
	struct table_source table = {toy_columns, 2, toy_cell, NULL, s};

	(void)ei;
	s->rows = arg ? *(const size_t *)arg : 10000;
	s->toy = app_user(v->app);
	list_init(&s->list, &src);
	table_init(&s->table, &table, &s->list);
	s->table.empty = "no rows";
	return list_refresh(&s->list);
}

static void toy_done(struct view *v)
{
	struct toy_state *s = view_state(v);

	s->toy->done++;
	list_done(&s->list);
}

static void toy_layout(struct view *v, int cols, int rows)
{
	table_layout(&((struct toy_state *)view_state(v))->table, cols, rows);
}

static void toy_draw(const struct view *v, struct canvas *c)
{
	table_draw(&((const struct toy_state *)view_state(v))->table, c);
}

static struct table *toy_table(struct view *v)
{
	return &((struct toy_state *)view_state(v))->table;
}

static void toy_describe(const struct view *v, struct view_about *a)
{
	const struct toy_state *s = view_state(v);

	snprintf(a->title, sizeof a->title, "Toys");
	table_position(&s->table, a->position, sizeof a->position);
	a->hints = "open filter";
}

enum {
	TOY_OPEN = COMMAND_VIEWS,
	TOY_ASK,
	TOY_ACK,
	TOY_NAME,
	TOY_PICK,
	TOY_WRITE,
	TOY_MORE,
	TOY_LINES
};

static const struct command toy_commands[] = {
    {TOY_OPEN, "open", "", CMD_NEEDS_ROW, "Toy", "open the row"},
    {TOY_ASK, "ask", "", CMD_NONE, "Toy", "ask a question"},
    {TOY_ACK, "acknowledge", "", CMD_NONE, "Toy", "ask a question that needs typing"},
    {TOY_NAME, "name", "", CMD_NONE, "Toy", "ask for a text"},
    {TOY_PICK, "pick-one", "", CMD_NONE, "Toy", "choose"},
    {TOY_WRITE, "write", "", CMD_WRITES, "Toy", "needs the right to write"},
    {TOY_MORE, "another", "", CMD_NONE, "Toy", "open another toy view"},
    {TOY_LINES, "lines", "", CMD_NONE, "Toy", "ask for lines"},
};

static void toy_on_confirm(struct app *app, bool ok, void *user)
{
	(void)app;
	((struct toy *)user)->answered = ok ? 1 : 2;
}

static void toy_on_text(struct app *app, bool ok, const char *text, void *user)
{
	(void)app;
	snprintf(
	    ((struct toy *)user)->typed, sizeof toy.typed, "%s%s", ok ? "" : "cancelled:", text);
}

static void toy_on_choice(struct app *app, bool ok, const size_t *chosen, size_t n, void *user)
{
	(void)app;
	((struct toy *)user)->chosen = ok && n ? chosen[0] : SIZE_MAX;
}

static void toy_on_lines(struct app *app, bool ok, const char *text, size_t len, void *user)
{
	(void)app;
	snprintf(((struct toy *)user)->typed, sizeof toy.typed, "%s%.*s",
	    ok ? "" : "cancelled:", (int)len, text);
}

static const struct view_ops toy_ops;

static enum err toy_command(struct view *v, const struct command_call *call, struct errinfo *ei)
{
	static const struct choice choices[] = {
	    {.label = "apple"}, {.label = "pear"}, {.label = "plum", .off = "not ripe"}};
	struct toy_state *s = view_state(v);
	size_t row, rows = 5;

	switch (call->cmd->id) {
	case TOY_OPEN:
		if (list_row(&s->list, &row))
			s->toy->opened_row = (int)row;
		return ERR_OK;
	case TOY_ASK:
	case TOY_ACK:
		s->toy->asked++;
		return app_confirm(v->app,
		    &(struct confirm){.title = "Post",
			.text = "Post 3 changes to the account?",
			.yes = "Post",
			.yes_key = 'y',
			.type_this = call->cmd->id == TOY_ACK ? "WORLD" : NULL,
			.fn = toy_on_confirm,
			.user = s->toy},
		    ei);
	case TOY_NAME:
		return app_prompt(v->app,
		    &(struct prompt){
			.label = "name: ", .history = "names", .fn = toy_on_text, .user = s->toy},
		    ei);
	case TOY_PICK:
		return app_choose(v->app,
		    &(struct choose){.title = "Fruit",
			.choices = choices,
			.n = 3,
			.fn = toy_on_choice,
			.user = s->toy},
		    ei);
	case TOY_LINES:
		return app_lines(v->app,
		    &(struct lines_ask){.title = "Names", .fn = toy_on_lines, .user = s->toy}, ei);
	case TOY_MORE:
		return app_push(v->app, &toy_ops, &rows, NULL, ei);
	default:
		return ERR_OK;
	}
}

static bool toy_event(struct view *v, const struct event *e)
{
	struct toy_state *s = view_state(v);

	if (e->kind != EVENT_PASTE)
		return false;
	snprintf(s->toy->pasted, sizeof s->toy->pasted, "%.*s", (int)e->len, e->text);
	return true;
}

static const struct view_ops toy_ops = {
    .name = "toy",
    .title = "Toys",
    .parent = "table",
    .commands = "open ask acknowledge name pick-one write another lines",
    .state_size = sizeof(struct toy_state),
    .open = toy_open,
    .layout = toy_layout,
    .draw = toy_draw,
    .command = toy_command,
    .event = toy_event,
    .describe = toy_describe,
    .table = toy_table,
    .done = toy_done,
};

static bool toy_busy(void *user)
{
	return ((struct toy *)user)->busy;
}

static inline bool toy_may(
    void *user, const struct command *cmd, const struct view *v, char *reason, size_t cap)
{
	(void)v;
	if (!(cmd->flags & CMD_WRITES) || !((struct toy *)user)->read_only)
		return true;
	snprintf(reason, cap, "read-only: started with --read-only");
	return false;
}

static void toy_view_closed(void *user, uint64_t id)
{
	(void)id;
	((struct toy *)user)->closed++;
}

static inline void toy_status(void *user, struct status *s)
{
	(void)user;
	status_add(s, false, STYLE_NORMAL, "profile demo");
	status_add(s, true, STYLE_NORMAL, "3 staged");
}

static inline void toy_start(size_t rows, int cols, int lines, bool pinned)
{
	struct app_config cfg = {.headless = true,
	    .cols = cols,
	    .rows = lines,
	    .pinned = pinned,
	    .user = &toy,
	    .busy = toy_busy,
	    .may = toy_may,
	    .view_closed = toy_view_closed,
	    .status = toy_status};
	struct errinfo ei = {0};

	toy = (struct toy){.opened_row = -1};
	toy.loop = loop_new();
	assert_non_null(toy.loop);
	if (app_new(toy.loop, &cfg, &toy.app, &ei) != ERR_OK)
		fail_msg("%s", ei.msg);
	app_add_commands(toy.app, toy_commands, sizeof toy_commands / sizeof *toy_commands);
	assert_int_equal(app_push(toy.app, &toy_ops, &rows, NULL, &ei), ERR_OK);
}

static void toy_stop(void)
{
	app_free(toy.app);
	loop_free(toy.loop);
}

static inline void toy_press(const char *keys)
{
	struct errinfo ei = {0};

	if (app_press(toy.app, keys, &ei) != ERR_OK)
		fail_msg("%s", ei.msg);
}

static inline struct toy_state *toy_state(void)
{
	return view_state(app_top_kind(toy.app, &toy_ops));
}

static inline size_t toy_cursor(void)
{
	size_t row = SIZE_MAX;

	list_row(&toy_state()->list, &row);
	return row;
}

static inline bool toy_sees(const char *text)
{
	struct buf b;
	bool found;

	app_draw(toy.app);
	buf_init(&b, 1 << 20);
	app_screen(toy.app, &b);
	found = strstr(buf_str(&b), text) != NULL;
	buf_done(&b);
	return found;
}

/* Run a script to its end; the message of its failure, "" when it passed. */
static inline const char *toy_script(const char *text)
{
	static char msg[512];
	struct script *s;
	struct errinfo ei = {0};

	if (script_new(toy.app, text, "test", &s, &ei) != ERR_OK) {
		snprintf(msg, sizeof msg, "%s", ei.msg);
		return msg;
	}
	script_start(s);
	app_run(toy.app);
	snprintf(msg, sizeof msg, "%s", script_error(s)->msg);
	script_free(s);
	return msg;
}

#endif
