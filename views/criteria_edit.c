/* What can be done to the rows of the criteria view; every edit only stages. */
#include <stdio.h>
#include "base/mem.h"
#include "targeting/expr.h"
#include "tui/table.h"
#include "views/criteria_view.h"
#include "views/staging.h"

static enum err stage(struct view *v, struct change_set *set, struct errinfo *ei)
{
	struct criteria_state *st = view_state(v);
	size_t staged;
	enum err err = staging_add(st->session, set->v, set->n, &staged, ei);

	if (!err)
		app_message(v->app, STYLE_NOTE, "%zu staged; u undoes, r reviews", staged);
	return err;
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
	if (!err && n_back) {
		err = staging_remove(st->session, back, n_back, ei);
		if (!err)
			app_message(v->app, STYLE_NOTE, "%zu staged addition%s taken back", n_back,
			    n_back == 1 ? "" : "s");
	}
	if (!err && set.n)
		err = stage(v, &set, ei);
	else if (!err && already && !n_back)
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

static void on_estimate(struct req_id id, struct api_result *res, void *user)
{
	struct view *v = user;
	struct criteria_state *st = view_state(v);
	struct criteria_reach *r =
	    req_same(id, st->reach_before.req) ? &st->reach_before : &st->reach_after;

	if (!req_same(id, r->req))
		return;
	r->req = (struct req_id){0};
	r->ei = res->ei;
	r->ei.code = res->err;
	if (!res->err)
		r->value = res->estimate;
	view_touch(v, TOUCH_ALL);
	session_notify(st->session, DATA_BIT(DATA_STATUS));
}

static bool has_primary(const struct criterion *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (expr_role(v[i]->type, v[i]->op) == EXPR_PRIMARY)
			return true;
	return false;
}

static enum err ask_reach(
    struct view *v, struct criteria_reach *r, const struct criterion *const *set, size_t n)
{
	struct criteria_state *st = view_state(v);
	struct api_call call = {
	    on_estimate, v, session_owner_of_view(st->session, v->id), REQ_USER};
	struct criterion *flat = mem_array(n, sizeof *flat);
	struct estimate_query q = {session_account_id(st->session), flat, n};

	if (!flat)
		return ERR_NOMEM;
	*r = (struct criteria_reach){.known = true};
	for (size_t i = 0; i < n; i++)
		flat[i] = *set[i];
	if (!has_primary(set, n))
		err_set(&r->ei, ERR_REFUSED,
		    "X estimates only sets with a keyword, interest, audience, follower or TV "
		    "criterion");
	else
		r->req = api_estimate(session_api(st->session), &q, &call);
	mem_free(flat);
	return ERR_OK;
}

enum err criteria_test(struct view *v, struct errinfo *ei)
{
	struct criteria_state *st = view_state(v);
	const struct effective *e = &st->model.sets[0];
	enum err err;

	if (st->model.n_ids > 1)
		return err_set(ei, ERR_REFUSED, "open a single line item to estimate its reach");
	st->reach_after = (struct criteria_reach){0};
	err = ask_reach(v, &st->reach_before, e->before, e->n_before);
	if (!err && (e->n_added || e->n_removed))
		err = ask_reach(v, &st->reach_after, e->after, e->n_after);
	session_refresh(st->session, DATA_AUDIENCES);
	view_touch(v, TOUCH_ALL);
	return err ? err_set(ei, err, "no memory to ask for the reach") : ERR_OK;
}
