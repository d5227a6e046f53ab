/* Funding instruments and promotable users (reference 2.4, 2.6, 2.8). */
#include "sandbox/entity.h"
#include "sandbox/route.h"
#include "sandbox/sandbox.h"
#include "sandbox/templates.h"

void on_funding_list(struct call *c)
{
	entity_write_list(
	    c, &(struct entity_list){.kind = ENTITY_FUNDING, .ids = "funding_instrument_ids"});
}

void on_funding_one(struct call *c)
{
	struct entity e;

	if (entity_of_path(c, ENTITY_FUNDING, args_true(&c->args, "with_deleted"), &e))
		entity_write(c, e.body);
}

void on_funding_create(struct call *c)
{
	struct json *body = body_parse(c->a, template_funding);

	entity_set_args(c, body);
	body_set_str(c->a, body, "id", entity_new_id(c));
	body_set_str(c->a, body, "account_id", c->account);
	body_set_time(c->a, body, "created_at", sandbox_now_s(c->sb));
	entity_commit(c, ENTITY_FUNDING, body, "CREATE");
	entity_write(c, body);
}

void on_funding_delete(struct call *c)
{
	static const char *const reasons[] = {"DELETED"};
	struct entity e;

	if (!entity_of_path(c, ENTITY_FUNDING, false, &e))
		return;
	body_set_bool(c->a, e.body, "deleted", true);
	body_set_bool(c->a, e.body, "able_to_fund", false);
	body_set_list(c->a, e.body, "reasons_not_able_to_fund", reasons, 1);
	entity_commit(c, ENTITY_FUNDING, e.body, "DELETE");
	entity_write(c, e.body);
}

void on_promotable_list(struct call *c)
{
	entity_write_list(
	    c, &(struct entity_list){.kind = ENTITY_PROMOTABLE, .ids = "promotable_user_ids"});
}

void on_promotable_one(struct call *c)
{
	struct entity e;

	if (entity_of_path(c, ENTITY_PROMOTABLE, args_true(&c->args, "with_deleted"), &e))
		entity_write(c, e.body);
}
