/* The application: terminal, view stack, keymap, commands, frame. Knows rows and cells, not ads.
 *
 * It hangs itself into the loop: keyboard and signals as descriptors, drawing before each wait when
 * something is dirty, closed views freed in the sweep. All keys that are pending are handled before
 * one repaint. Headless (scripts, tests) it is the same without a terminal. */
#ifndef RETICLE_TUI_APP_H
#define RETICLE_TUI_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/loop.h"
#include "tui/command.h"
#include "tui/dialog.h"
#include "tui/keymap.h"
#include "tui/style.h"
#include "tui/view.h"

struct app;

#define STATUS_SEGMENTS 14
struct status {
	struct app *app; /* whose status line it is: to name keys */
	struct status_segment {
		char text[96];
		enum style style;
		bool right; /* right-aligned; those are cut last */
	} seg[STATUS_SEGMENTS];
	int n;
};
void status_add(struct status *s, bool right, enum style style, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

struct app_config {
	bool headless; /* no terminal: the grid only */
	int cols, rows; /* headless size; 0: 120x40 */
	const char *theme; /* NULL: default */
	enum color_when color;
	bool mouse;
	bool ascii; /* also set when the locale is not UTF-8 */
	bool pinned; /* scripts and tests: no 300 ms guard, no timed pop-ups, no spinner */
	void *user; /* handed to the hooks below; each may be NULL */
	/* Is anything loading? Scripts wait until not. */
	bool (*busy)(void *user);
	/* The view is closed: cancel its requests. Runs before its `done`. */
	void (*view_closed)(void *user, uint64_t view_id);
	/* Fill the status line; runs for each frame, so it only formats what is known. */
	void (*status)(void *user, struct status *s);
	/* Preconditions that the toolkit cannot know; put the reason when false. v may be NULL. */
	bool (*may)(
	    void *user, const struct command *cmd, const struct view *v, char *reason, size_t cap);
	/* Commands with CMD_APP. */
	enum err (*command)(void *user, const struct command_call *call, struct errinfo *ei);
	/* Ctrl-C with nothing open to cancel: true when something running was cancelled. */
	bool (*interrupt)(void *user);
	/* First `quit`: true to go, false when the user must be asked something first (the hook then
	 * opens it and calls app_quit itself). */
	bool (*may_quit)(void *user);
	/* The first frame is on the screen (start what is not needed to paint). */
	void (*painted)(void *user);
	/* Store and fetch histories of prompts; NULL: only in memory. load appends lines. */
	void (*history_save)(void *user, const char *name, const char *line);
	void (*history_load)(void *user, const char *name, struct buf *lines);
};

/* ERR_TERMINAL, with nothing written to the terminal, when it cannot be used. */
enum err app_new(
    struct loop *l, const struct app_config *cfg, struct app **out, struct errinfo *ei);
void app_free(struct app *app); /* closes all views, restores the terminal */
int app_run(struct app *app); /* until app_quit; the exit status. Same as loop_run. */
void app_quit(struct app *app, int status);
/* A signal asked to end (TERM, HUP) or the terminal went away: views are closed by app_free. */

/* --- commands and keys --- */
enum err app_add_commands(struct app *app, const struct command *table, size_t n);
const struct command *app_find_command(const struct app *app, const char *name);
struct keymap *app_keymap(struct app *app); /* holds the default keys after app_new */
/* Binding of the user: keys may be "KEYS" (global) or "CONTEXT KEYS". ERR_CONFIG with a message
 * that names what is wrong (unknown key, context or command). Call after app_add_commands. */
enum err app_bind(
    struct app *app, const char *keys, const char *command, const char *origin, struct errinfo *ei);
/* Names of views that no default key is bound in, so that app_bind knows them as contexts. */
enum err app_add_context(struct app *app, const char *name);
/* Run a command line as if a key were bound to it. Errors are shown, and returned. */
enum err app_exec(struct app *app, const char *line, struct errinfo *ei);
/* Can it run now, in this view? When not, the reason. */
bool app_can(const struct app *app, const struct command *cmd, char *reason, size_t cap);
/* Feed input as if it came from the terminal. */
void app_event(struct app *app, const struct event *e);
enum err app_press(struct app *app, const char *keys, struct errinfo *ei); /* "g g Down" */

/* --- views --- */
/* Open a view on top of the stack, or in place of the uppermost view (and the popups over it). out
 * may be NULL. On an error nothing has changed. */
enum err app_push(struct app *app, const struct view_ops *ops, const void *arg, struct view **out,
    struct errinfo *ei);
enum err app_replace(struct app *app, const struct view_ops *ops, const void *arg,
    struct view **out, struct errinfo *ei);
void app_close(struct view *v); /* also from inside its own functions */
void app_close_to(struct app *app, struct view *v); /* everything above v */
struct view *app_top(const struct app *app); /* NULL: none */
struct view *app_top_kind(const struct app *app, const struct view_ops *ops); /* uppermost of it */
struct view *app_view(const struct app *app, uint64_t id); /* NULL when it is closed */
void *app_user(const struct app *app); /* app_config.user */
struct loop *app_loop(const struct app *app);

/* --- frame --- */
/* Account badge, on every screen and in confirmations; NULL removes it. */
void app_set_badge(struct app *app, enum style style, const char *text);
/* One line for a few seconds (until the next key at least); also kept in the message log. */
void app_message(struct app *app, enum style style, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void app_message_err(struct app *app, const struct errinfo *ei); /* with the remedy */
void app_touch(struct app *app); /* status line or badge changed: draw the frame again */
/* Leave the screen to a child program and come back (an editor); false when headless. */
bool app_leave(struct app *app);
void app_return(struct app *app);

/* --- for scripts and tests --- */
void app_draw(struct app *app); /* now, if dirty */
bool app_is_busy(const struct app *app);
void app_screen(const struct app *app, struct buf *out); /* the screen as text, blanks trimmed */
enum err app_resize(struct app *app, int cols, int rows);

#endif
