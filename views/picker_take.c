#include <string.h>
#include "base/mem.h"
#include "views/picker.h"
#include "session/staging.h"

#define CHANGES_MAX 20000 /* ours: a mistaken "all" over many line items */

struct taken {
	/* all changes of a line item together: staging_add reads it once then */
	struct change *v;
	size_t cap; /* rows times line items */
	size_t rows, warnings;
	const char *warning;
};

struct change pick_change(const struct picker *p, const struct pick_row *r, const char *id)
{
	return (struct change){.kind = CHANGE_CREATE,
	    .line_item_id = id,
	    .type = r->type,
	    .type_name = type_info(r->type)->name,
	    .value = r->value,
	    .name = r->name,
	    .location_type = r->type == TYPE_LOCATION ? r->kind : NULL,
	    .op = pick_is_free(p) ? r->op : p->op};
}

static enum err take_row(const struct picker *p, struct taken *t, const struct pick_row *r)
{
	if (r->warning) {
		t->warnings++;
		t->warning = r->warning;
	}
	if (t->rows == t->cap / p->n_ids)
		return ERR_LIMIT;
	for (size_t i = 0; i < p->n_ids; i++) {
		size_t at = i * (t->cap / p->n_ids) + t->rows;

		t->v[at] = pick_change(p, r, p->ids[i]);
	}
	t->rows++;
	return ERR_OK;
}

static enum err collect(const struct picker *p, const struct pick_row *const *rows, size_t n,
    struct taken *t, struct errinfo *ei)
{
	enum err err = ERR_OK;

	if (n == 0)
		return err_set(ei, ERR_REFUSED, "nothing is chosen");
	if (n > CHANGES_MAX / p->n_ids)
		return err_set(ei, ERR_LIMIT,
		    "%zu values on %zu line items are more than %d changes at once; narrow the "
		    "list",
		    n, p->n_ids, CHANGES_MAX);
	t->cap = n * p->n_ids;
	t->v = mem_array(t->cap, sizeof *t->v);
	if (!t->v)
		return err_set(ei, ERR_NOMEM, "no memory to stage %zu values", n);
	for (size_t i = 0; i < n && !err; i++)
		err = take_row(p, t, rows[i]);
	return err ? err_set(ei, err, "the list changed meanwhile; try again") : ERR_OK;
}

/* How many of the line items have another value of a type that fits once. */
static size_t crowded(const struct picker *p, const struct taken *t)
{
	const struct change_set *staged = staging_changes(p->session);
	struct criterion_set live;
	struct errinfo ei;
	size_t unread, n = 0;

	if (type_info(p->type)->limit != 1)
		return 0;
	if (t->rows > 1)
		return p->n_ids;
	for (size_t i = 0; i < p->n_ids; i++) {
		int left = 0;

		criterion_set_init(&live);
		session_criteria(p->session, &p->ids[i], 1, &live, &unread, &ei);
		for (size_t k = 0; k < live.n; k++)
			left += live.v[k].type == p->type;
		for (size_t k = 0; k < staged->n; k++)
			if (staged->v[k].type == p->type &&
			    strcmp(staged->v[k].line_item_id, p->ids[i]) == 0)
				left += staged->v[k].kind == CHANGE_CREATE ? 1 : -1;
		criterion_set_done(&live);
		n += left > 1;
	}
	return n;
}

static void tell(struct app *app, const struct picker *p, const struct taken *t, size_t staged)
{
	size_t full = crowded(p, t);

	if (t->warnings)
		app_message(app, STYLE_WARNING,
		    "staged %zu %s on %zu line item%s; X will probably refuse %zu: %s", staged,
		    staged == 1 ? "criterion" : "criteria", p->n_ids, p->n_ids == 1 ? "" : "s",
		    t->warnings, t->warning);
	else if (full)
		app_message(app, STYLE_WARNING,
		    "staged %zu %s; one %s fits on a line item, and %zu now %s more: r reviews",
		    staged, staged == 1 ? "criterion" : "criteria", type_info(p->type)->label, full,
		    full == 1 ? "has" : "have");
	else
		app_message(app, STYLE_OK, "staged %zu %s on %zu line item%s; u undoes, r reviews",
		    staged, staged == 1 ? "criterion" : "criteria", p->n_ids,
		    p->n_ids == 1 ? "" : "s");
}

enum err pick_stage(struct app *app, struct picker *p, const struct pick_row *const *rows, size_t n,
    size_t *staged, struct errinfo *ei)
{
	struct taken t = {0};
	enum err err = collect(p, rows, n, &t, ei);

	*staged = 0;
	if (!err)
		err = staging_add(p->session, t.v, t.cap, staged, ei);
	if (!err && *staged == 0)
		app_message(app, STYLE_NOTE, "%s there already; nothing was staged",
		    t.rows == 1 ? "this is" : "all of this is");
	if (!err && *staged > 0)
		tell(app, p, &t, *staged);
	mem_free(t.v);
	return err;
}

enum err pick_take(struct view *v, struct errinfo *ei)
{
	struct picker *p = view_state(v);
	size_t n = 0, it = 0, row, staged,
	       most = pick_is_free(p) ? p->rows.n : list_selected_count(&p->list);
	const struct pick_row **rows = mem_array(most + 1, sizeof *rows);
	enum err err;

	if (!rows)
		return err_set(ei, ERR_NOMEM, "no memory to stage %zu values", most);
	if (pick_is_free(p))
		for (size_t i = 0; i < most; i++) {
			if (!p->rows.v[i].bad)
				rows[n++] = &p->rows.v[i];
		}
	else
		while (n < most && list_selected(&p->list, &it, &row))
			rows[n++] = &p->rows.v[row];
	err = pick_stage(v->app, p, rows, n, &staged, ei);
	if (!err && staged)
		app_close(v);
	mem_free(rows);
	return err;
}
