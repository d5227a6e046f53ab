/* The preview of a paste or a find and replace: what it would do to which line item, before anything
 * is staged. */
#ifndef RETICLE_VIEWS_PREVIEW_H
#define RETICLE_VIEWS_PREVIEW_H

#include "targeting/replace.h"
#include "views/views.h"

struct preview_arg { /* copied, the rule too */
	struct id_list line_items;
	const struct criterion_set *paste; /* one of the two */
	const char *rule; /* text for propose_parse */
};
extern const struct view_ops preview_view; /* arg: const struct preview_arg * */

/* The `paste` command for these line items: opens the preview of what was copied. */
enum err preview_paste(struct app *app, const struct id_list *ids, struct errinfo *ei);
/* The `replace` command: with a rule (may be NULL: asked for, starting with `initial`). */
struct replace_ask {
	struct id_list line_items;
	const char *rule, *initial;
};
enum err preview_replace(struct app *app, const struct replace_ask *ask, struct errinfo *ei);

#endif
