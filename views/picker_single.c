/* Types of which a line item takes one (an age bucket, an event): a second value is refused by X, so
 * that taking one offers to put it in the place of the first. */
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "session/judge.h"
#include "views/picker.h"
#include "session/staging.h"

static bool is_going(const struct change_set *staged, const struct criterion *c)
{
	for (size_t i = 0; i < staged->n; i++)
		if (staged->v[i].kind == CHANGE_DELETE && staged->v[i].criterion_id && c->id &&
		    strcmp(staged->v[i].criterion_id, c->id) == 0)
			return true;
	return false;
}

static enum err add_live(
    struct picker *p, const char *id, const struct pick_row *row, struct pick_others *o)
{
	const struct change_set *staged = staging_changes(p->session);
	struct criterion_set live;
	struct errinfo ei;
	size_t unread;
	enum err err;

	criterion_set_init(&live);
	err = session_criteria(p->session, &id, 1, &live, &unread, &ei);
	for (size_t i = 0; i < live.n && !err; i++) {
		const struct criterion *c = &live.v[i];
		struct change del = {0};

		if (c->type != p->type || c->deleted || strcmp(c->value, row->value) == 0 ||
		    is_going(staged, c))
			continue;
		change_from_criterion(&del, CHANGE_DELETE, c);
		del.name = judge_label(p->session, c);
		err = change_set_copy(&o->live, &del) ? ERR_OK : ERR_NOMEM;
	}
	criterion_set_done(&live);
	return err;
}

static void add_staged(
    const struct picker *p, const char *id, const struct pick_row *row, struct pick_others *o)
{
	const struct change_set *staged = staging_changes(p->session);

	for (size_t i = 0; i < staged->n; i++) {
		const struct change *c = &staged->v[i];

		if (c->type != p->type || c->kind != CHANGE_CREATE ||
		    strcmp(c->line_item_id, id) != 0 || strcmp(c->value, row->value) == 0)
			continue;
		if (!o->name)
			o->name = c->name;
		o->staged[o->n_staged++] = c->id;
	}
}

void pick_others_init(struct pick_others *o)
{
	*o = (struct pick_others){.n_items = 0};
	change_set_init(&o->live);
}

void pick_others_done(struct pick_others *o)
{
	change_set_done(&o->live);
	mem_free(o->staged);
}

enum err pick_others_of(
    struct picker *p, const char *id, const struct pick_row *row, struct pick_others *o)
{
	size_t before = o->live.n + o->n_staged;
	enum err err;

	if (!o->staged)
		o->staged = mem_array(staging_changes(p->session)->n + 1, sizeof *o->staged);
	if (!o->staged)
		return ERR_NOMEM;
	err = add_live(p, id, row, o);
	add_staged(p, id, row, o);
	o->n_items += o->live.n + o->n_staged > before;
	return err;
}

static enum err find_others(struct picker *p, const struct pick_row *row, struct pick_others *o)
{
	enum err err = ERR_OK;

	pick_others_init(o);
	for (size_t i = 0; i < p->n_ids && !err; i++)
		err = pick_others_of(p, p->ids[i], row, o);
	if (o->live.n)
		o->name = o->live.v[0].name;
	return err;
}

/* --- the question --- */

static const struct pick_row *only_row(const struct picker *p)
{
	size_t it = 0, row;

	if (pick_is_free(p) || type_info(p->type)->limit != 1 ||
	    list_selected_count(&p->list) != 1 || !list_selected(&p->list, &it, &row))
		return NULL;
	return &p->rows.v[row];
}

/* The removals, and the value on every line item, and what was staged before goes: one step. */
static enum err put_in_place(struct view *v, struct errinfo *ei)
{
	struct picker *p = view_state(v);
	const struct pick_row *row = only_row(p);
	struct pick_others o;
	size_t staged = 0;
	enum err err;

	if (!row)
		return err_set(ei, ERR_CONFLICT, "the list changed meanwhile; try again");
	err = find_others(p, row, &o);
	for (size_t i = 0; i < p->n_ids && !err; i++) {
		struct change c = {.kind = CHANGE_CREATE,
		    .line_item_id = p->ids[i],
		    .type = p->type,
		    .type_name = type_info(p->type)->name,
		    .value = row->value,
		    .name = row->name,
		    .op = p->op};

		err = change_set_copy(&o.live, &c) ? ERR_OK : ERR_NOMEM;
	}
	if (err)
		err_set(ei, err, "no memory to stage this; nothing was staged");
	if (!err)
		err = staging_change(p->session,
		    &(struct staging_change){o.staged, o.n_staged, o.live.v, o.live.n}, &staged,
		    ei);
	if (!err) {
		app_message(v->app, STYLE_OK,
		    "%s in place of what was there on %zu line item%s; u "
		    "undoes, r reviews",
		    row->name, o.n_items, o.n_items == 1 ? "" : "s");
		app_close(v);
	}
	pick_others_done(&o);
	return err;
}

enum answer { ANSWER_REPLACE, ANSWER_BESIDE };

static void answered(struct app *app, bool ok, const size_t *chosen, size_t n, void *user)
{
	struct view *v = app_view(app, (uintptr_t)user);
	struct errinfo ei = {0};
	enum err err;

	if (!ok || !n || !v)
		return;
	err = chosen[0] == ANSWER_REPLACE ? put_in_place(v, &ei) : pick_take(v, &ei);
	if (err)
		app_message_err(app, &ei);
}

enum err pick_single(struct view *v, bool *asked, struct errinfo *ei)
{
	struct picker *p = view_state(v);
	const struct pick_row *row = only_row(p);
	char title[96], replace[200], beside[160];
	struct choice choices[] = {
	    [ANSWER_REPLACE] = {.label = replace}, [ANSWER_BESIDE] = {.label = beside}};
	struct choose ask = {.title = title,
	    .choices = choices,
	    .n = sizeof choices / sizeof *choices,
	    .fn = answered,
	    .user = (void *)(uintptr_t)v->id};
	struct pick_others o;
	enum err err;

	*asked = false;
	if (!row)
		return ERR_OK;
	err = find_others(p, row, &o);
	if (!err && o.n_items) {
		size_t gone = o.live.n + o.n_staged;

		snprintf(
		    title, sizeof title, "A line item takes one %s", type_info(p->type)->label);
		if (gone == 1)
			snprintf(replace, sizeof replace, "put %.60s in the place of %.60s",
			    row->name, o.name ? o.name : "what is there");
		else
			snprintf(replace, sizeof replace,
			    "put %.60s in the place of what %zu line items have", row->name,
			    o.n_items);
		snprintf(beside, sizeof beside, "add %.60s beside it: X refuses two", row->name);
		*asked = true;
		err = app_choose(v->app, &ask, ei);
	} else if (err) {
		err_set(ei, err, "no memory to look what is there");
	}
	pick_others_done(&o);
	return err;
}
