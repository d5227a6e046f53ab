/* Rules about the line item itself and its campaign. */
#include <string.h>
#include "targeting/money.h"
#include "targeting/rules_impl.h"

static void check_deleted(struct check *ck, const struct line_item *li)
{
	struct problem *p;

	if (!li->deleted)
		return;
	for (size_t i = 0; i < ck->e->n && !ck->cause; i++)
		if (!ck->e->v[i].held)
			ck->cause = ck->e->v[i].change;
	p = check_add(ck, RULE_LINE_ITEM_DELETED, "%s",
	    ck->cause ? "changes are staged for a deleted line item" : "the line item is deleted");
	check_fix_keep(ck, p, true);
}

static bool is(const char *status, const char *name)
{
	return status && !strcmp(status, name);
}

static void check_running(struct check *ck, const struct line_item *li, const struct campaign *c)
{
	if (is(li->entity_status, "ACTIVE") && c->entity_status && !is(c->entity_status, "ACTIVE"))
		check_add(ck, RULE_NOT_RUNNING, "the line item is active, its campaign %s is %s",
		    check_cut(ck, c->name ? c->name : c->id), check_cut(ck, c->entity_status));
}

/* Amounts that are not set are null or nothing (model.h). */
static void check_amount(struct check *ck, const struct line_item *li, const char *what,
    const int64_t amount[2], const char *of)
{
	char part[MONEY_TEXT_BYTES], whole[MONEY_TEXT_BYTES];

	if (amount[0] <= 0 || amount[1] <= 0 || amount[0] <= amount[1])
		return;
	money_format(amount[0], li->currency, part);
	money_format(amount[1], li->currency, whole);
	check_add(ck, RULE_OVER_BUDGET, "%s %s is more than %s %s", what, part, of, whole);
}

static void check_budget(struct check *ck, const struct line_item *li, const struct campaign *c)
{
	const struct {
		const char *what, *of;
		int64_t amount[2];
	} pairs[] = {{"total budget", "the campaign's total",
			 {li->total_budget_micro, c->total_budget_micro}},
	    {"daily budget", "its total", {li->daily_budget_micro, li->total_budget_micro}},
	    {"bid", "the campaign's daily budget", {li->bid_micro, c->daily_budget_micro}},
	    {"bid", "the campaign's total budget", {li->bid_micro, c->total_budget_micro}}};

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0] && !ck->err; i++)
		check_amount(ck, li, pairs[i].what, pairs[i].amount, pairs[i].of);
}

void check_item(struct check *ck)
{
	const struct line_item *li = ck->ctx->line_item;
	const struct campaign *c = NULL;

	if (!li)
		return;
	check_deleted(ck, li);
	if (li->deleted || check_campaign(ck, li->campaign_id, &c) != RULE_FOUND || c->deleted)
		return;
	check_running(ck, li, c);
	check_budget(ck, li, c);
}
