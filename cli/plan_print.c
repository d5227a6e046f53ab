#include "cli/plan_print.h"

#include <string.h>
#include "base/text.h"
#include "session/judge.h"
#include "targeting/form.h"

static void escaped(struct buf *out, const char *s)
{
	text_escape(out, s, strlen(s));
}

/* --- what rules say of the set after the changes: errors end apply, so they are told here --- */

typedef void problem_fn(struct buf *out, const struct problem *p, size_t nth);

static size_t print_problems(
    struct buf *out, const struct plan_print *p, const struct plan_page_item *it, problem_fn *print)
{
	struct judge j;
	struct rule_lookup lookup;
	struct rule_ctx ctx = {.line_item = session_line_item(p->session, it->plan->line_item_id),
	    .account_id = session_account_id(p->session),
	    .lookup = &lookup};
	struct effective set;
	struct problem_list problems;
	size_t n = 0;

	judge_init(&j, p->session);
	lookup = judge_rule_lookup(&j);
	effective_init(&set);
	problem_list_init(&problems);
	ctx.set = &set;
	if (plan_page_sets(p->page, it, &set) || rules_check(&problems, &ctx))
		out->failed = ERR_NOMEM;
	for (size_t i = 0; i < problems.n && !out->failed; i++)
		if (problems.v[i].severity == RULE_ERROR)
			print(out, &problems.v[i], n++);
	problem_list_done(&problems);
	effective_done(&set);
	judge_done(&j);
	return n;
}

/* --- for people --- */

static void text_change(struct buf *out, const struct session *s, const struct change *c)
{
	struct criterion cr;
	const char *label;

	change_to_criterion(c, &cr);
	label = judge_label(s, &cr);
	buf_addf(out, "  %c %-7s %s ", c->kind == CHANGE_CREATE ? '+' : '-',
	    form_op_word(c->op) ? form_op_word(c->op) : "?", c->type_name);
	escaped(out, c->value);
	if (strcmp(label, c->value) != 0) {
		buf_adds(out, "  # ");
		escaped(out, label);
	}
	buf_addc(out, '\n');
}

static void text_problem(struct buf *out, const struct problem *p, size_t nth)
{
	(void)nth;
	buf_addf(out, "  ! refused by X: %s: ", rule_info(p->rule)->title);
	escaped(out, p->message);
	buf_addc(out, '\n');
}

static void text_reach(struct buf *out, const struct plan_reach *r, size_t i)
{
	struct buf line;

	buf_init(&line, 1024);
	reach_difference(
	    plan_reach_of(r, i, 0), plan_reach_of(r, i, 1), r->of[i][0] == r->of[i][1], &line);
	buf_adds(out, "  reach: ");
	escaped(out, buf_str(&line));
	buf_addc(out, '\n');
	buf_done(&line);
}

static void text_line_item(struct buf *out, const struct plan_print *p, size_t i)
{
	struct plan_page_item it = plan_page_item(p->page, i);
	char name[96];

	escaped(out, session_line_item_name(p->session, it.plan->line_item_id, name, sizeof name));
	buf_addf(out, " (%s)\n", it.plan->line_item_id);
	for (size_t k = 0; k < it.n; k++)
		text_change(out, p->session, it.changes[k]);
	print_problems(out, p, &it, text_problem);
	if (it.plan->widen.flags) {
		buf_adds(out, "  ! reaches more people: ");
		widen_text(out, &it.plan->widen);
		buf_addc(out, '\n');
	}
	if (p->reach)
		text_reach(out, p->reach, i);
}

void plan_print_text(struct buf *out, const struct plan_print *p)
{
	const struct delta *d = p->page->delta;

	for (size_t i = 0; i < d->plan.n_line_items; i++)
		text_line_item(out, p, i);
	if (!d->plan.n_ops)
		buf_adds(out, "nothing to change\n");
	else
		buf_addf(out, "%zu change%s on %zu line item%s in %zu batch%s\n", d->plan.n_ops,
		    d->plan.n_ops == 1 ? "" : "s", d->plan.n_line_items,
		    d->plan.n_line_items == 1 ? "" : "s", d->plan.n_batches,
		    d->plan.n_batches == 1 ? "" : "es");
	if (d->not_ours + d->moot)
		buf_addf(out,
		    "%zu operations stay: %zu never took effect or were so before, %zu were "
		    "put back already\n",
		    d->not_ours + d->moot, d->not_ours, d->moot);
	if (d->is_revert && d->plan.n_ops)
		buf_adds(out, "what was deleted is created anew: with new ids\n");
	if (plan_goes_worldwide(&d->plan))
		buf_adds(out, "a line item ends with nothing that narrows it: everyone "
			      "worldwide; apply needs --allow-worldwide\n");
}

/* --- JSON --- */

static void member(struct buf *out, const char *name, const char *text)
{
	buf_addf(out, "\"%s\": ", name);
	form_json_string(out, text ? text : "");
}

static void json_change(struct buf *out, const struct session *s, const struct change *c)
{
	struct criterion cr;

	change_to_criterion(c, &cr);
	buf_adds(out, "{");
	member(out, "operation_type", change_kind_name(c->kind));
	if (c->criterion_id) {
		buf_adds(out, ", ");
		member(out, "targeting_criterion_id", c->criterion_id);
	}
	buf_adds(out, ", ");
	member(out, "targeting_type", c->type_name);
	buf_adds(out, ", ");
	member(out, "operator_type", op_name(c->op));
	buf_adds(out, ", ");
	member(out, "targeting_value", c->value);
	buf_adds(out, ", ");
	member(out, "name", judge_label(s, &cr));
	buf_addc(out, '}');
}

static void json_problem(struct buf *out, const struct problem *p, size_t nth)
{
	buf_adds(out, nth ? ", {" : "{");
	member(out, "rule", rule_info(p->rule)->id);
	buf_adds(out, ", ");
	member(out, "title", rule_info(p->rule)->title);
	buf_adds(out, ", ");
	member(out, "message", p->message);
	buf_addc(out, '}');
}

/* Numbers only where X said some; else null, and why. */
static void json_estimate(struct buf *out, const char *name, const struct reach *r)
{
	char words[REACH_WORDS];

	buf_addf(out, "\"%s\": {", name);
	if (r->state == REACH_KNOWN) {
		buf_addf(out, "\"min\": %lld, \"max\": %lld, \"left_out\": %zu}",
		    (long long)r->value.min, (long long)r->value.max, r->left_out);
		return;
	}
	reach_words(r, words);
	buf_adds(out, "\"min\": null, \"max\": null, ");
	member(out, "why", words);
	buf_addc(out, '}');
}

static void json_reach(struct buf *out, const struct plan_reach *r, size_t i)
{
	const struct reach *before = plan_reach_of(r, i, 0), *after = plan_reach_of(r, i, 1);
	long percent;

	buf_adds(out, ",\n     \"reach\": {");
	json_estimate(out, "before", before);
	buf_adds(out, ", ");
	json_estimate(out, "after", after);
	if (reach_change(before, after, &percent))
		buf_addf(out, ", \"percent\": %ld", percent);
	buf_addc(out, '}');
}

static void json_line_item(struct buf *out, const struct plan_print *p, size_t i)
{
	struct plan_page_item it = plan_page_item(p->page, i);
	const struct plan_line_item *li = it.plan;
	struct buf widens;
	char name[96];

	buf_adds(out, i ? ",\n    {" : "\n    {");
	member(out, "id", li->line_item_id);
	buf_adds(out, ", ");
	member(
	    out, "name", session_line_item_name(p->session, li->line_item_id, name, sizeof name));
	buf_adds(out, ",\n     \"changes\": [");
	for (size_t k = 0; k < it.n; k++) {
		buf_adds(out, k ? ",\n       " : "\n       ");
		json_change(out, p->session, it.changes[k]);
	}
	buf_adds(out, "],\n     \"refused\": [");
	print_problems(out, p, &it, json_problem);
	buf_adds(out, "],\n     ");
	buf_init(&widens, 4096);
	widen_text(&widens, &li->widen);
	member(out, "widens", buf_str(&widens));
	buf_done(&widens);
	buf_addf(out, ", \"worldwide\": %s",
	    li->live_known && li->widen.worldwide_after ? "true" : "false");
	if (p->reach)
		json_reach(out, p->reach, i);
	buf_addc(out, '}');
}

void plan_print_json(struct buf *out, const struct plan_print *p)
{
	const struct delta *d = p->page->delta;

	buf_adds(out, "{\n  ");
	member(out, "account", session_account_id(p->session));
	buf_adds(out, ",\n  \"line_items\": [");
	for (size_t i = 0; i < d->plan.n_line_items; i++)
		json_line_item(out, p, i);
	buf_addf(out,
	    "%s],\n  \"operations\": %zu, \"batches\": %zu,\n"
	    "  \"never_took_effect\": %zu, \"put_back_already\": %zu",
	    d->plan.n_line_items ? "\n  " : "", d->plan.n_ops, d->plan.n_batches, d->not_ours,
	    d->moot);
	if (p->reach)
		buf_addf(out, ",\n  \"estimates\": {\"asked\": %zu, \"unknown\": %zu}",
		    p->reach->n_asked, p->reach->n_unknown);
	buf_adds(out, "\n}\n");
}
