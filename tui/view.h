/* A view: a const table of functions plus private state of a declared size.
 *
 * Life: open (once), load (submits requests, also on refresh), then layout and draw whenever
 * something is dirty, command and event in between, done from the sweep at the end of the turn in
 * which it was closed (after app_config.view_closed ran, so no callback can arrive later). State is
 * zeroed before open. Views are on a stack; several of a kind may be open. A view never draws on
 * its own: it says what changed with view_touch. */
#ifndef RETICLE_TUI_VIEW_H
#define RETICLE_TUI_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "tui/canvas.h"
#include "tui/command.h"
#include "tui/key.h"
#include "tui/list.h"
#include "tui/table.h"

enum touch {
	TOUCH_NONE = 0,
	TOUCH_CURSOR = 1u << 0, /* cursor or marks moved */
	TOUCH_ROWS = 1u << 1, /* contents changed */
	TOUCH_FRAME = 1u << 2, /* title, position, loading, hints */
	TOUCH_ALL = 0xffu,
};

enum view_flag {
	VIEW_NONE = 0,
	VIEW_POPUP = 1u << 0, /* drawn over the view below, in the rectangle that `place` returns */
	VIEW_TEXT = 1u << 1, /* takes typed characters: keys without a binding in the view's own
				 context or parent go to `event`, never to global bindings */
};

/* What the frame shows of a view. All start empty; texts may be raw, they are cut and cleaned. */
struct view_about {
	char title[160]; /* "Line items" */
	char crumb[96]; /* short name for the path in the title bar; empty: the title */
	char position[96]; /* "3/8,000" */
	bool loading; /* requests of this view are running */
	int progress; /* per mille while loading, -1: not known */
	char progress_text[64]; /* "page 3 of 8" */
	const char *hints; /* command names for the footer, best first: "open add remove review" */
};

struct view_ops {
	const char *name; /* context of its keys: "line-items" */
	const char *title; /* for help and menus: "Line items" */
	const char *parent; /* context to fall back to: "table", "list", "input"; NULL: global */
	const char
	    *commands; /* names of the commands that `command` handles, separated by blanks */
	unsigned flags;
	size_t state_size;
	/* Set up the state; arg is whatever the opener passed. On an error the view is dropped
	 * without `done`, so open undoes what it did. */
	enum err (*open)(struct view *v, const void *arg, struct errinfo *ei);
	void (*load)(struct view *v);
	/* Before each draw: the room it has. May change state (scroll position, widths). */
	void (*layout)(struct view *v, int cols, int rows);
	/* The canvas is blank and exactly as large as layout was told. */
	void (*draw)(const struct view *v, struct canvas *c);
	/* Runs a command named in `commands`, after its preconditions held. On an error the message
	 * of ei is shown. */
	enum err (*command)(struct view *v, const struct command_call *call, struct errinfo *ei);
	/* Is this command possible right now? When not, put the reason (may be NULL: always). */
	bool (*can)(const struct view *v, const struct command *cmd, char *reason, size_t cap);
	/* Raw input: a typed character (VIEW_TEXT), a paste, the mouse. True when it was used. */
	bool (*event)(struct view *v, const struct event *e);
	void (*describe)(const struct view *v, struct view_about *a);
	/* The list or table that the generic commands (move, mark, filter, sort) act on; give
	 * `table` when there is one, its list is used. `list` for plain lists. */
	struct list *(*list)(struct view *v);
	struct table *(*table)(struct view *v);
	/* A generic command changed cursor, marks, filter or sort. */
	void (*changed)(struct view *v, unsigned touch);
	/* VIEW_POPUP: where, in a screen area of cols x rows. */
	struct rect (*place)(const struct view *v, int cols, int rows);
	void (*done)(struct view *v);
};

struct view {
	const struct view_ops *ops;
	struct app *app;
	uint64_t id; /* never reused: the owner of its requests */
	void *state;
	/* the toolkit's */
	struct view *below;
	unsigned touch;
	bool closed;
	int cols, rows;
	int64_t opened_ms;
};

void view_touch(struct view *v, unsigned what); /* draw again before the next wait */
static inline void *view_state(const struct view *v)
{
	return v->state;
}

#endif
