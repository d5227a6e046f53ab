/* What can be done to the rows of the criteria view; every edit only stages. */
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "tui/table.h"
#include "session/clip.h"
#include "views/criteria_view.h"
#include "views/preview.h"
#include "session/propose.h"
#include "session/staging.h"

static enum err stage(struct view *v, struct change_set *set, struct errinfo *ei)
{
	struct criteria_state *st = view_state(v);
	size_t staged;
	enum err err = staging_add(st->session, set->v, set->n, &staged, ei);

	if (!err)
		app_message(v->app, STYLE_NOTE, "%zu staged; u undoes, r reviews", staged);
	return err;
}

/* One step of undo. */
static enum err take_away(struct view *v, const struct staging_change *c, struct errinfo *ei)
{
	struct criteria_state *st = view_state(v);
	size_t staged;
	enum err err = staging_change(st->session, c, &staged, ei);

	if (err)
		return err;
	if (c->n_off)
		app_message(v->app, STYLE_NOTE, "%zu staged addition%s taken back", c->n_off,
		    c->n_off == 1 ? "" : "s");
	if (c->n_on)
		app_message(v->app, STYLE_NOTE, "%zu staged; u undoes, r reviews", staged);
	return ERR_OK;
}

/* Removal of the selected rows: live ones are staged, staged additions are taken back. */
enum err criteria_remove(struct view *v, struct errinfo *ei)
{
	struct criteria_state *st = view_state(v);
	struct change_set set;
	uint64_t *back = mem_array(list_selected_count(&st->list) + 1, sizeof *back);
	size_t it = 0, row, n_back = 0, already = 0;
	enum err err = back ? ERR_OK : ERR_NOMEM;

	change_set_init(&set);
	while (!err && list_selected(&st->list, &it, &row)) {
		const struct effective_row *r = criteria_row_at(st, row);
		struct change c = {0};

		if (r->state == EFFECTIVE_ADDED) {
			back[n_back++] = r->change->id;
		} else if (r->state == EFFECTIVE_REMOVED) {
			already++;
		} else {
			change_from_criterion(&c, CHANGE_DELETE, r->criterion);
			if (!c.name)
				c.name = judge_label(st->session, r->criterion);
			err = change_set_copy(&set, &c) ? ERR_OK : ERR_NOMEM;
		}
	}
	if (err)
		err_set(ei, err, "no memory to stage this; nothing was staged");
	if (!err)
		err = take_away(v, &(struct staging_change){back, n_back, set.v, set.n}, ei);
	if (!err && already && !n_back && !set.n)
		app_message(v->app, STYLE_NOTE, "already staged for removal; u undoes");
	if (!err)
		list_mark_clear(&st->list);
	change_set_done(&set);
	mem_free(back);
	return err;
}

static enum err flip_one(struct criteria_state *st, const struct effective_row *r,
    struct change_set *set, struct errinfo *ei)
{
	enum operator_type other = r->criterion->op == OP_NE ? OP_EQ : OP_NE;
	struct change del = {0}, add = {0};

	if (!type_allows(r->criterion->type, other) || r->criterion->op > OP_NE)
		return err_set(ei, ERR_REFUSED, "%s can only be %s",
		    type_info(r->criterion->type)->label, other == OP_NE ? "included" : "excluded");
	if (r->state != EFFECTIVE_LIVE)
		return err_set(
		    ei, ERR_REFUSED, "flip works on what the account has; u undoes what is staged");
	change_from_criterion(&del, CHANGE_DELETE, r->criterion);
	change_from_criterion(&add, CHANGE_CREATE, r->criterion);
	add.op = other;
	add.criterion_id = NULL;
	add.name = judge_label(st->session, r->criterion);
	if (!change_set_copy(set, &del) || !change_set_copy(set, &add))
		return err_set(ei, ERR_NOMEM, "no memory to stage this; nothing was staged");
	return ERR_OK;
}

enum err criteria_flip(struct view *v, struct errinfo *ei)
{
	struct criteria_state *st = view_state(v);
	struct change_set set;
	size_t it = 0, row;
	enum err err = ERR_OK;

	change_set_init(&set);
	while (!err && list_selected(&st->list, &it, &row))
		err = flip_one(st, criteria_row_at(st, row), &set, ei);
	if (!err)
		err = stage(v, &set, ei);
	if (!err)
		list_mark_clear(&st->list);
	change_set_done(&set);
	return err;
}

/* The selected rows, those that will be there after posting or are there now. */
enum err criteria_copy(struct view *v, struct errinfo *ei)
{
	struct criteria_state *st = view_state(v);
	const struct criterion **sel = mem_array(list_selected_count(&st->list) + 1, sizeof *sel);
	size_t it = 0, row, n = 0;
	enum err err = sel ? ERR_OK : ERR_NOMEM;

	while (!err && list_selected(&st->list, &it, &row))
		sel[n++] = criteria_row_at(st, row)->criterion;
	if (!err)
		err = clip_set(st->session, sel, n);
	mem_free(sel);
	if (err)
		return err_set(ei, err, "no memory to copy the criteria");
	list_mark_clear(&st->list);
	app_message(v->app, STYLE_NOTE, "%zu copied; p pastes them on other line items",
	    clip_get(st->session)->n);
	return ERR_OK;
}

static enum err add_to_scope(
    const struct criteria_state *st, struct replace_scope *scope, size_t row, size_t *n)
{
	struct criterion c = *criteria_row_at(st, row)->criterion;

	c.line_item_id = st->model.ids[st->model.rows[row].item];
	(*n)++;
	return propose_scope_add(&scope->rows, &c);
}

/* The marked rows, else those that pass the filter; *out NULL: all of them. */
static enum err rows_in_scope(const struct criteria_state *st, struct replace_scope **out)
{
	bool marked = list_marked(&st->list) > 0, header;
	struct replace_scope *scope;
	size_t it = 0, row, n = 0;
	enum err err = ERR_OK;

	*out = NULL;
	if (!marked && !*list_filter_text(&st->list))
		return ERR_OK;
	scope = replace_scope_new();
	if (!scope)
		return ERR_NOMEM;
	if (marked)
		while (!err && list_selected(&st->list, &it, &row))
			err = add_to_scope(st, scope, row, &n);
	for (size_t pos = 0; !marked && !err && list_line(&st->list, pos, &row, &header); pos++)
		if (!header)
			err = add_to_scope(st, scope, row, &n);
	snprintf(scope->words, sizeof scope->words, "%zu %s row%s", n,
	    marked ? "marked" : "filtered", n == 1 ? "" : "s");
	if (err)
		replace_scope_free(scope);
	else
		*out = scope;
	return err;
}

/* Asked with the selected rows filled in as what is looked for. */
enum err criteria_replace(struct view *v, const char *rule, struct errinfo *ei)
{
	struct criteria_state *st = view_state(v);
	struct replace_ask ask = {
	    .line_items = {(const char *const *)st->model.ids, st->model.n_ids}, .rule = rule};
	struct buf initial;
	size_t it = 0, row;
	enum err err;

	if (rows_in_scope(st, &ask.scope))
		return err_set(ei, ERR_NOMEM, "no memory for the rows to replace in");
	buf_init(&initial, 900); /* a longer one is typed, or copied and named by @ */
	while (list_selected(&st->list, &it, &row)) {
		const struct criterion *c = criteria_row_at(st, row)->criterion;
		bool blank = strchr(c->value, ' ') != NULL;

		buf_addf(&initial, "%s%s=%s%s%s ", c->op == OP_NE ? "-" : "+", c->type_name,
		    blank ? "\"" : "", c->value, blank ? "\"" : "");
	}
	buf_adds(&initial, "-> ");
	ask.initial = initial.failed ? "" : buf_str(&initial);
	err = preview_replace(v->app, &ask, ei);
	buf_done(&initial);
	return err;
}

/* Now, although it is known already; and whether the audiences can be targeted. */
enum err criteria_test(struct view *v, struct errinfo *ei)
{
	struct criteria_state *st = view_state(v);

	if (st->model.n_ids > 1)
		return err_set(ei, ERR_REFUSED, "open a single line item to estimate its reach");
	if (st->model.unknown)
		return err_set(ei, ERR_REFUSED, "its criteria were not read yet; R reads them");
	criteria_want_reach(st, REACH_NOW);
	session_refresh(st->session, DATA_AUDIENCES);
	view_touch(v, TOUCH_ALL);
	return ERR_OK;
}
