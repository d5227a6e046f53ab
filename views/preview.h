/* The preview of a paste or a find and replace: what it would do to which line item, before anything
 * is staged. */
#ifndef RETICLE_VIEWS_PREVIEW_H
#define RETICLE_VIEWS_PREVIEW_H

#include "base/map.h"
#include "targeting/replace.h"
#include "views/views.h"

/* Rows that a replacement may touch: the marked ones, or those that pass the filter. */
struct replace_scope {
	struct map rows; /* of propose_scope_add */
	char words[64]; /* "3 marked rows" */
};
struct replace_scope *replace_scope_new(void); /* NULL without memory */
void replace_scope_free(struct replace_scope *s); /* NULL is fine */

struct preview_arg { /* copied, the rule too */
	struct id_list line_items;
	const struct criterion_set *paste; /* one of the two */
	const char *rule; /* text for propose_parse */
	struct replace_scope *scope; /* taken when the view opens; NULL: all rows */
};
extern const struct view_ops preview_view; /* arg: const struct preview_arg * */

/* The `paste` command for these line items: opens the preview of what was copied. */
enum err preview_paste(struct app *app, const struct id_list *ids, struct errinfo *ei);
/* The `replace` command: with a rule (may be NULL: asked for, starting with `initial`). */
struct replace_ask {
	struct id_list line_items;
	const char *rule, *initial;
	struct replace_scope *scope; /* taken, also on an error; NULL: all rows */
};
enum err preview_replace(struct app *app, const struct replace_ask *ask, struct errinfo *ei);

#endif
