/* Choosing the targeting type, before the picker opens. */
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "store/uistate.h"
#include "session/options.h"
#include "views/picker.h"
#include "views/views.h"

static const struct offered {
	enum targeting_type type;
	const char *about;
} offered[] = {
#define X(type, about) {TYPE_##type, about},
#include "views/picker_types.def"
#undef X
};

#define OFFERED (sizeof offered / sizeof *offered)
#define LAST_TYPE "picker.type"

/* --- what is possible --- */

static bool own_things_can(struct session *s, enum targeting_type t, char *reason, size_t cap)
{
	struct data_state st;
	const char *what;
	size_t n;

	switch (type_info(t)->value) {
	case VALUE_AUDIENCE:
		st = session_state(s, DATA_AUDIENCES);
		n = session_audiences(s)->n;
		what = "custom audience";
		break;
	case VALUE_CAMPAIGN:
		st = session_state(s, DATA_CAMPAIGNS);
		n = session_campaigns(s)->n;
		what = "campaign";
		break;
	default:
		st = session_state(s, DATA_USERS);
		n = session_users(s)->n;
		what = "promotable account";
		break;
	}
	if (n || st.loading || (!st.known && session_api(s)))
		return true;
	if (st.known)
		snprintf(reason, cap, "this account has no %s", what);
	else
		snprintf(reason, cap, "offline, and the list was never read");
	return false;
}

static bool lookup_can(struct session *s, enum targeting_type t, char *reason, size_t cap)
{
	const struct api_param countries = {"location_type", "COUNTRIES"};
	struct data_state st;

	if (session_api(s))
		return true;
	st = options_state(s, type_info(t)->lookup, &countries, t == TYPE_LOCATION ? 1 : 0);
	if (st.known)
		return true;
	snprintf(reason, cap,
	    t == TYPE_TV_SHOW ? "offline; TV shows are searched at X"
			      : "offline, and the list was never read");
	return false;
}

bool pick_can_start(struct session *s, enum targeting_type t, char *reason, size_t cap)
{
	switch (type_info(t)->value) {
	case VALUE_LOOKUP:
		return lookup_can(s, t, reason, cap);
	case VALUE_AUDIENCE:
	case VALUE_CAMPAIGN:
	case VALUE_PROMOTABLE:
		return own_things_can(s, t, reason, cap);
	default:
		return true;
	}
}

/* --- the question --- */

struct question { /* waits for the answer; freed in the callback, which runs exactly once */
	struct arena arena;
	const char **ids;
	size_t n;
	const char *pasted; /* for the picker; NULL: nothing */
	size_t pasted_len;
};

static void question_free(struct question *q)
{
	if (!q)
		return;
	arena_done(&q->arena);
	mem_free(q);
}

static struct question *question_new(const struct id_list *from, const struct event *paste)
{
	struct question *q = mem_zalloc(sizeof *q);

	if (!q)
		return NULL;
	arena_init(&q->arena);
	q->ids = arena_alloc(&q->arena, from->n * sizeof *q->ids);
	for (q->n = 0; q->ids && q->n < from->n; q->n++) {
		q->ids[q->n] = arena_strdup(&q->arena, from->ids[q->n]);
		if (!q->ids[q->n])
			q->ids = NULL;
	}
	if (paste && paste->len) {
		q->pasted = arena_strndup(&q->arena, paste->text, paste->len);
		q->pasted_len = paste->len;
	}
	if (q->ids && (q->pasted || !q->pasted_len))
		return q;
	question_free(q);
	return NULL;
}

static void type_chosen(struct app *app, bool ok, const size_t *chosen, size_t n, void *user)
{
	struct question *q = user;
	struct errinfo ei = {0};

	if (ok && n && chosen[0] < OFFERED) {
		const struct offered *o = &offered[chosen[0]];
		struct picker_arg arg = {{q->ids, q->n}, o->type};

		uistate_put(
		    session_store(app_user(app)), LAST_TYPE, type_info(o->type)->name, NULL);
		if (app_push(app, &picker_view, &arg, NULL, &ei))
			app_message_err(app, &ei);
		else if (q->pasted)
			app_event(
			    app, &(struct event){
				     .kind = EVENT_PASTE, .text = q->pasted, .len = q->pasted_len});
	}
	question_free(q);
}

static size_t offered_at(enum targeting_type t)
{
	size_t at = 0;

	while (at < OFFERED && offered[at].type != t)
		at++;
	return at < OFFERED ? at : 0;
}

static bool starts_with(const struct event *paste, const char *any)
{
	size_t at = 0;

	while (at < paste->len && strchr(" \t\r\n", paste->text[at]))
		at++;
	return at < paste->len && paste->text[at] && strchr(any, paste->text[at]);
}

static size_t last_choice(struct session *s)
{
	struct buf name;
	size_t at = 0;

	buf_init(&name, 64);
	if (uistate_get(session_store(s), LAST_TYPE, &name))
		for (size_t i = 0; i < OFFERED; i++)
			if (strcmp(type_info(offered[i].type)->name, buf_str(&name)) == 0)
				at = i;
	buf_done(&name);
	return at;
}

static enum err ask_type(struct app *app, const struct id_list *line_items,
    const struct event *paste, struct errinfo *ei)
{
	struct session *s = app_user(app);
	struct choice choices[OFFERED] = {0};
	char reasons[OFFERED][96];
	struct choose c = {.title = "Add targeting: which kind?",
	    .choices = choices,
	    .n = OFFERED,
	    .start = last_choice(s),
	    .fn = type_chosen};
	size_t without;

	if (line_items->n == 0)
		return err_set(ei, ERR_REFUSED, "no line item is chosen");
	if (paste) {
		c.title = "The pasted text: which kind?";
		if (starts_with(paste, "\"[+-"))
			c.start = offered_at(TYPE_BROAD_KEYWORD);
		else if (starts_with(paste, "@"))
			c.start = offered_at(TYPE_FOLLOWERS_OF_USER);
	}
	without = pick_without_location(s, line_items->ids, line_items->n);
	for (size_t i = 0; i < OFFERED; i++) {
		const struct offered *o = &offered[i];

		choices[i].label = type_info(o->type)->label;
		choices[i].detail = o->about;
		if (!pick_can_start(s, o->type, reasons[i], sizeof reasons[i])) {
			choices[i].off = reasons[i];
		} else if (o->type == TYPE_TV_SHOW && without) {
			snprintf(reasons[i], sizeof reasons[i],
			    "needs a location (%zu of %zu lack one)", without, line_items->n);
			choices[i].off = reasons[i];
		}
	}
	c.user = question_new(line_items, paste);
	if (!c.user)
		return err_set(ei, ERR_NOMEM, "no memory to add criteria");
	if (app_choose(app, &c, ei)) {
		question_free(c.user);
		return ei ? ei->code : ERR_NOMEM;
	}
	return ERR_OK;
}

enum err picker_start(struct app *app, const struct id_list *line_items, struct errinfo *ei)
{
	return ask_type(app, line_items, NULL, ei);
}

enum err picker_start_pasted(struct app *app, const struct id_list *line_items,
    const struct event *paste, struct errinfo *ei)
{
	const struct command *add = app_find_command(app, "add");
	char reason[160];

	if (!add || !app_can(app, add, reason, sizeof reason))
		return err_set(ei, ERR_REFUSED, "add: %s", add ? reason : "not available");
	return ask_type(app, line_items, paste, ei);
}

/* --- lines by hand --- */

static void lines_typed(struct app *app, bool ok, const char *text, size_t len, void *user)
{
	(void)user;
	if (ok)
		app_event(app, &(struct event){.kind = EVENT_PASTE, .text = text, .len = len});
}

enum err paste_lines(struct app *app, struct errinfo *ei)
{
	return app_lines(
	    app, &(struct lines_ask){.title = "Lines to paste", .fn = lines_typed}, ei);
}
