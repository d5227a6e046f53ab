/* The screens, one const table of functions each; views/<name>.c has the code and says what a view
 * takes as `arg` to open. Every view finds the session with view_session(). */
#ifndef RETICLE_VIEWS_VIEWS_H
#define RETICLE_VIEWS_VIEWS_H

#include "tui/app.h"
#include "tui/view.h"
#include "session/session.h"

extern const struct view_ops accounts_view; /* arg: NULL */
extern const struct view_ops campaigns_view; /* arg: NULL */
extern const struct view_ops line_items_view; /* arg: const struct line_items_arg *, or NULL */
extern const struct view_ops criteria_view; /* arg: const struct id_list * (line items) */
extern const struct view_ops audiences_view; /* arg: NULL */
extern const struct view_ops review_view; /* arg: NULL */
extern const struct view_ops where_used_view; /* arg: const struct where_used_arg * */
extern const struct view_ops picker_view; /* arg: const struct picker_arg * */
extern const struct view_ops drafts_view; /* arg: NULL */
extern const struct view_ops merge_view; /* arg: NULL */
extern const struct view_ops journal_view; /* arg: NULL */
extern const struct view_ops unknown_view; /* arg: NULL */
extern const struct view_ops moments_view; /* arg: const struct moments_arg * */
extern const struct view_ops as_of_view; /* arg: const struct as_of_arg * */
extern const struct view_ops budgets_view; /* arg: NULL */
extern const struct view_ops compare_view; /* arg: const struct id_list *, two line items */
extern const struct view_ops problems_view; /* arg: NULL */
enum reference_page { REFERENCE_RULES, REFERENCE_TYPES };
extern const struct view_ops reference_view; /* arg: const enum reference_page * */

struct line_items_arg {
	const char *campaign_id; /* only those of this campaign; NULL: all */
	const char *filter; /* NULL: none */
};

struct where_used_arg {
	const char *type_name, *value, *label;
};

struct picker_arg {
	struct id_list line_items; /* where the chosen criteria are staged */
	enum targeting_type type; /* TYPE_UNKNOWN cannot be picked */
};

struct journal_moment;
struct moments_arg { /* of a line item, or of a posting */
	const char *line_item; /* NULL: those of the posting */
	uint64_t changeset;
};

struct as_of_arg {
	const struct journal_moment *moment; /* NULL: by line item and time */
	const char *line_item;
	int64_t when; /* wall clock */
};
/* `as-of` with its argument: the line item at that time, or, without one, its known moments. */
enum err as_of_start(struct app *app, const char *line_item, const char *time, struct errinfo *ei);

/* The app's user pointer is the session. */
static inline struct session *view_session(const struct view *v)
{
	return app_user(v->app);
}

/* Ask for a targeting type (only those that may be offered), then open the picker for it. Called by
 * `add` in the line items and criteria views. The ids are copied. */
enum err picker_start(struct app *app, const struct id_list *line_items, struct errinfo *ei);
/* The same for text that was pasted into such a view: the type that its notation points to is offered
 * first, and the picker gets the text. Refused where `add` would be, with its reason. The text is
 * copied. */
enum err picker_start_pasted(struct app *app, const struct id_list *line_items,
    const struct event *paste, struct errinfo *ei);

/* A page of lines for terminals that do not say what is a paste; what was typed there reaches the view
 * that asked as a paste does. */
enum err paste_lines(struct app *app, struct errinfo *ei);

/* Tell every open view that data changed: each has this as its reaction. kinds: DATA_BITs. */
void views_changed(struct app *app, unsigned kinds);

/* Handler of CMD_APP commands and of preconditions (app_config.command and .may). */
enum err views_command(void *user, const struct command_call *call, struct errinfo *ei);
bool views_may(
    void *user, const struct command *cmd, const struct view *v, char *reason, size_t cap);
void views_status(void *user, struct status *s);

#endif
