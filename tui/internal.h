/* What the parts of the application share. Only for app.c, stack.c, dispatch.c, core.c, frame.c,
 * messages.c, the dialogs and script.c. */
#ifndef RETICLE_TUI_INTERNAL_H
#define RETICLE_TUI_INTERNAL_H

#include "tui/app.h"
#include "tui/grid.h"
#include "tui/input.h"
#include "tui/term.h"

#define VIEW_GUARDED (1u << 8) /* drops input for the first GUARD_MS, and while it pours in */
#define VIEW_PASSES (1u << 9) /* generic list commands go to the view below */
#define GUARD_MS 300
#define BURST_MS 30 /* keys that come faster were not typed by a hand at a question */
#define WHICH_KEY_MS 400
#define MESSAGE_LEAST_MS 1500
#define MIN_COLS 40
#define MIN_ROWS 10
#define TABLES_MAX 4
#define MESSAGES_MAX 200
#define CONTEXTS_MAX 4
#define HISTORY_MAX 100
#define HISTORIES_MAX 16

struct message {
	enum style style;
	char text[256];
	int64_t wall_s;
};

struct history {
	char name[32];
	char *lines[HISTORY_MAX]; /* oldest first */
	size_t n;
};

#define HINTS_MAX 64

/* The first key of a command in a kind of view: hints are drawn in every frame. */
struct hint {
	const struct view_ops *ops;
	const struct command *cmd;
	char key[24];
};

struct app {
	struct app_config cfg;
	struct loop *loop;
	struct term *term; /* NULL: headless */
	struct input input;
	struct timer_id esc_timer;
	int signal_fd; /* -1: none */

	struct clusters clusters;
	struct grid grid;
	const struct theme *theme;
	bool color, dirty, painted, closing;
	bool unfocused; /* the terminal window has lost the focus */
	bool swallow_click;
	bool continued; /* after a suspension of our own */

	struct view *top, *dead;
	uint64_t next_id;

	struct {
		const struct command *v;
		size_t n;
	} tables[TABLES_MAX];
	size_t n_tables;
	struct keymap keymap;
	struct hint hints[HINTS_MAX];
	size_t n_hints;
	unsigned hints_generation; /* of the keymap */
	struct key_seq pending; /* begun key sequence */
	struct timer_id which_timer;
	bool which_shown;
	struct key last_key;
	int64_t dropped_ms; /* when a question dropped a key last */
	int depth; /* of app_exec inside app_exec */

	struct {
		char text[64];
		enum style style;
	} badge;
	struct message messages[MESSAGES_MAX];
	size_t n_messages; /* ever */
	bool message_shown; /* the last one is on the screen */
	int64_t message_ms; /* since when */
	struct history *histories[HISTORIES_MAX];
};

/* stack.c */
void stack_sweep(struct app *app);
void stack_close_all(struct app *app);
struct view *stack_base(const struct app *app); /* uppermost view that is no popup */

/* dispatch.c */
size_t app_contexts(const struct view *v, const char **out); /* out: CONTEXTS_MAX */
bool view_has_command(const struct view *v, const char *name);
struct list *view_list(struct view *v); /* NULL: none */
struct table *view_table(struct view *v);
void dispatch_interrupt(struct app *app);
/* May the command run in view v (may be NULL)? When not, the reason. */
bool dispatch_can(const struct app *app, const struct view *v, const struct command *cmd,
    char *reason, size_t cap);

/* core.c */
enum err core_run(struct app *app, const struct command_call *call, struct errinfo *ei);

/* frame.c */
void frame_draw(struct app *app);
/* Where the views are drawn: between title bar and hints. */
struct rect frame_body(const struct app *app);
/* A rectangle of that size in the middle of the body. */
struct rect frame_middle(int cols, int rows, int want_cols, int want_rows);

/* help.c */
enum err app_help(struct app *app, const char *text, struct errinfo *ei);
enum err app_palette(struct app *app, const char *text, struct errinfo *ei);

/* messages.c */
void messages_key(struct app *app); /* a key came: the message may go */
enum err app_messages(struct app *app, struct errinfo *ei);

/* history.c */
void history_add(struct app *app, const char *name, const char *line);
struct history *history_of(struct app *app, const char *name); /* NULL: out of memory */
void histories_free(struct app *app);

/* prompt.c: the line for the list filter */
enum err app_filter_prompt(struct app *app, struct view *v, struct errinfo *ei);

/* signals.c */
int signals_open(void); /* blocks them in this thread; -1: errno */
void signals_close(int fd);
int signals_next(int fd); /* 0: no more */

/* app.c */
void app_suspend(struct app *app);

#endif
