/* Campaigns (reference 2.3). */
#include <string.h>
#include "sandbox/batch.h"
#include "sandbox/entity.h"
#include "sandbox/money.h"
#include "sandbox/route.h"
#include "sandbox/sandbox.h"
#include "sandbox/templates.h"

#define BATCH_MAX 40
#define CAMPAIGNS_MAX 8000 /* highest of the documented limits (reference 2.9) */
#define NAME_CHARS_MAX 255

void on_campaigns_list(struct call *c)
{
	entity_write_list(c, &(struct entity_list){.kind = ENTITY_CAMPAIGN,
				 .ids = "campaign_ids",
				 .fundings = "funding_instrument_ids",
				 .name_anywhere = true,
				 .hides_drafts = true});
}

void on_campaign_one(struct call *c)
{
	struct entity e;

	if (entity_of_path(c, ENTITY_CAMPAIGN, args_true(&c->args, "with_deleted"), &e))
		entity_write(c, e.body);
}

/* What follows from the status. */
static void settle(struct call *c, struct json *body)
{
	static const char *const paused[] = {"PAUSED_BY_ADVERTISER"}, *const draft[] = {
									  "INCOMPLETE"};
	const char *status = json_text(body, "entity_status");
	bool runs = strcmp(status, "ACTIVE") == 0;

	body_set_bool(c->a, body, "servable", runs);
	body_set_str(c->a, body, "effective_status",
	    runs                            ? "RUNNING"
	    : strcmp(status, "PAUSED") == 0 ? "PAUSED"
					    : "UNKNOWN");
	body_set_list(c->a, body, "reasons_not_servable",
	    strcmp(status, "DRAFT") == 0 ? draft : paused, runs ? 0 : 1);
}

static bool is_good(struct call *c, struct json *body)
{
	const char *name = json_text(body, "name");
	const char *order = json_text(body, "purchase_order_number");

	if (!name || !*name || text_characters(name) > NAME_CHARS_MAX) {
		call_fail_at(c, "INVALID_PARAMETER", "name", NULL,
		    "The name must have between 1 and 255 characters");
		return false;
	}
	if (order && text_characters(order) > 50) {
		call_fail_at(c, "INVALID_PARAMETER", "purchase_order_number", order,
		    "purchase_order_number must have at most 50 characters");
		return false;
	}
	return money_is_whole(c, json_text(body, "currency")) &&
	       money_fits(c, body, "daily_budget_amount_local_micro", body,
		   "total_budget_amount_local_micro");
}

void on_campaign_create(struct call *c)
{
	struct json *body = body_parse(c->a, template_campaign);
	const char *funding = args_text(&c->args, "funding_instrument_id");
	struct entity fi;

	if (!entity_of_account(c, ENTITY_FUNDING, funding, false, &fi))
		return;
	if (db_number(&c->sb->db,
		"SELECT count(*) FROM entity WHERE kind = ? AND account = ? AND deleted = 0", "it",
		(int64_t)ENTITY_CAMPAIGN, c->account) >= CAMPAIGNS_MAX) {
		call_fail(c, 400, "TOO_MANY_CAMPAIGNS", "The account has too many campaigns");
		return;
	}
	body_set_str(c->a, body, "currency", json_text(fi.body, "currency"));
	entity_set_args(c, body);
	body_set_str(c->a, body, "id", entity_new_id(c));
	body_set_time(c->a, body, "created_at", sandbox_now_s(c->sb));
	if (!is_good(c, body))
		return;
	settle(c, body);
	entity_commit(c, ENTITY_CAMPAIGN, body, "CREATE");
	entity_write(c, body);
}

static void update(struct call *c, const char *status)
{
	const char *wanted = status ? status : args_text(&c->args, "entity_status");
	struct entity e;

	if (!entity_of_path(c, ENTITY_CAMPAIGN, false, &e))
		return;
	if (wanted && strcmp(wanted, "DRAFT") == 0 && strcmp(e.status, "DRAFT") != 0) {
		call_fail_at(c, "INVALID_PARAMETER", "entity_status", wanted,
		    "A campaign cannot become a draft again");
		return;
	}
	entity_set_args(c, e.body);
	if (status)
		body_set_str(c->a, e.body, "entity_status", status);
	if (!is_good(c, e.body))
		return;
	settle(c, e.body);
	entity_commit(c, ENTITY_CAMPAIGN, e.body, "UPDATE");
	entity_write(c, e.body);
}

void on_campaign_update(struct call *c)
{
	update(c, NULL);
}

void on_campaign_activate(struct call *c)
{
	update(c, "ACTIVE");
}

void on_campaign_delete(struct call *c)
{
	entity_delete_of_path(c, ENTITY_CAMPAIGN);
}

void on_campaigns_batch(struct call *c)
{
	batch_entities(c, BATCH_MAX,
	    &(struct batch_handlers){
		"campaign_id", on_campaign_create, on_campaign_update, on_campaign_delete});
}
