/* Questions: confirm, prompt, choose, lines. Each is a view on the stack with a callback, never a second
 * event loop.
 *
 * Callbacks run after the dialog was taken off the stack, exactly once: with the answer, or with
 * `ok` false when it was cancelled, or when the program closes it. The view that asked may be gone
 * by then: keep its id in `user` and look it up with app_view. */
#ifndef RETICLE_TUI_DIALOG_H
#define RETICLE_TUI_DIALOG_H

#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"
#include "base/err.h"
#include "tui/key.h"
#include "tui/style.h"

struct app;

/* --- confirm: Cancel has the focus and Enter means it; input of the first 300 ms is dropped --- */
typedef void confirm_fn(struct app *app, bool ok, void *user);
struct confirm {
	const char *title;
	const char *text; /* lines; names the account and the counts */
	const char *yes; /* label of the button: "Post 3 changes" */
	char yes_key; /* key that confirms, never Enter, Esc, Space or the key that opened
				 the dialog */
	const char *type_this; /* when set: this text has to be typed first; yes_key then acts only
				  when it was, through the focused button */
	enum style style; /* of the title: STYLE_DANGER, STYLE_WARNING, STYLE_NORMAL */
	confirm_fn *fn;
	void *user;
};
enum err app_confirm(struct app *app, const struct confirm *c, struct errinfo *ei);

/* --- prompt: one line of text at the bottom --- */
typedef void prompt_fn(struct app *app, bool ok, const char *text, void *user);
/* Text changed while typing (filter as you type). */
typedef void prompt_change_fn(struct app *app, const char *text, void *user);
/* Append candidates for the word before the cursor, one a line. */
typedef void prompt_complete_fn(struct app *app, const char *text, struct buf *out, void *user);
struct prompt {
	const char *label; /* "filter: " */
	const char *initial; /* may be NULL */
	const char *history; /* name of the history it uses ("filter"); NULL: none */
	size_t max_bytes; /* 0: 1024 */
	bool passes_moves; /* keys that move go to the list below */
	prompt_fn *fn;
	prompt_change_fn *change; /* may be NULL */
	prompt_complete_fn *complete; /* may be NULL */
	void *user;
};
enum err app_prompt(struct app *app, const struct prompt *p, struct errinfo *ei);

/* --- choose: a list of labels, filtered by typing --- */
struct choice {
	const char *label;
	const char *detail; /* second column, may be NULL */
	const char *off; /* why it cannot be chosen; NULL: it can */
	enum style style;
	bool marked; /* with `many`: chosen at the start */
};
/* chosen: indexes into the choices, n of them (0 when cancelled). */
typedef void choose_fn(struct app *app, bool ok, const size_t *chosen, size_t n, void *user);
struct choose {
	const char *title;
	const struct choice *choices; /* copied */
	size_t n;
	size_t start; /* index under the cursor */
	bool many; /* Space marks, Enter takes the marked ones (or the current) */
	choose_fn *fn;
	void *user;
};
enum err app_choose(struct app *app, const struct choose *c, struct errinfo *ei);

/* --- lines: a page of lines, typed, pasted, or pasted by a terminal that sends a paste as keys --- */
/* Each line ends in a newline, none is empty. The text is valid during the call. */
typedef void lines_fn(struct app *app, bool ok, const char *text, size_t len, void *user);
struct lines_ask {
	const char *title; /* copied */
	lines_fn *fn;
	void *user;
};
enum err app_lines(struct app *app, const struct lines_ask *a, struct errinfo *ei);

/* --- text: read a page of text (details, errors) --- */
/* Lines of text with scrolling; a line that starts with "# " is a heading. */
enum err app_show_text(struct app *app, const char *title, const char *text, struct errinfo *ei);

#endif
