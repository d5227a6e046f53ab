/* POST audience_estimate (reference 6.1). */
#include <stdlib.h>
#include <string.h>
#include "sandbox/batch.h"
#include "sandbox/catalogue.h"
#include "sandbox/entity.h"
#include "sandbox/estimate.h"
#include "sandbox/route.h"
#include "sandbox/sandbox.h"

static bool place(void *user, const char *id, bool *is_country, const char **country,
    double *people, double *country_people)
{
	struct call *c = user;
	struct option_rows all = catalogue_rows(c->sb->catalogue, OPTION_LOCATION);
	const struct option_row *row = catalogue_find(c->sb->catalogue, OPTION_LOCATION, id);

	if (!row)
		return false;
	*is_country = strcmp(row->kind, "COUNTRIES") == 0;
	*country = row->country;
	*people = *country_people = (double)row->users;
	for (size_t i = 0; i < all.n && strcmp(all.v[i].kind, "COUNTRIES") == 0; i++)
		if (strcmp(all.v[i].country, row->country) == 0)
			*country_people = (double)all.v[i].users;
	return true;
}

static double audience(void *user, const char *id)
{
	struct entity e;

	return entity_find(user, ENTITY_AUDIENCE, id, &e)
		   ? (double)json_number(e.body, "audience_size", 0)
		   : 0;
}

/* request.params.targeting_criteria is null whatever was sent (reference 6.1). */
static void echo(struct call *c)
{
	json_open(&c->request_echo, '{');
	json_key(&c->request_echo, "params");
	json_open(&c->request_echo, '{');
	json_put_str(&c->request_echo, "targeting_criteria", NULL);
	json_put_str(&c->request_echo, "account_id", c->account);
	json_close(&c->request_echo, '}');
	json_close(&c->request_echo, '}');
}

static bool read_item(struct call *c, const struct json *v, struct estimate_item *out)
{
	const char *type = json_text(v, "targeting_type"), *op = json_text(v, "operator_type");
	const char *value = json_text(v, "targeting_value");

	if (!type || !value) {
		call_fail_at(c, "MISSING_PARAMETER", type ? "targeting_value" : "targeting_type",
		    NULL, "\"%s\" is a required parameter",
		    type ? "targeting_value" : "targeting_type");
		return false;
	}
	*out = (struct estimate_item){
	    .type = type_by_name(type), .op = op ? op_by_name(op) : OP_EQ, .value = value};
	if (out->type == TYPE_UNKNOWN) {
		call_fail_at(c, "INVALID_PARAMETER", "targeting_type", type,
		    "Expected enum, got \"%.60s\" for targeting_type", type);
		return false;
	}
	if (out->op == OP_OTHER) {
		call_fail_at(c, "INVALID_PARAMETER", "operator_type", op,
		    "Expected enum, got \"%.60s\" for operator_type", op);
		return false;
	}
	return true;
}

void on_audience_estimate(struct call *c)
{
	const struct json *body = body_read(c, JSON_OBJECT);
	const struct json *list = json_get(body, "targeting_criteria");
	struct estimate e = {.place = place, .audience = audience, .user = c};
	struct estimate_item *items;
	int64_t people;

	if (!body)
		return;
	echo(c);
	if (!list || list->kind != JSON_ARRAY || !list->n) {
		call_fail_at(c, "MISSING_PARAMETER", "targeting_criteria", NULL,
		    "\"targeting_criteria\" is a required parameter");
		return;
	}
	items = arena_alloc(c->a, list->n * sizeof *items);
	if (!items)
		abort();
	e.items = items;
	for (const struct json *v = list->child; v; v = v->next)
		if (!read_item(c, v, &items[e.n++]))
			return;
	if (!estimate_has_primary(&e)) {
		call_fail_at(c, "INVALID_PARAMETER", "targeting_criteria", NULL,
		    "At least one primary targeting criterion is required");
		return;
	}
	people = (int64_t)estimate_people(&e);
	json_open(&c->data, '{');
	json_key(&c->data, "audience_size");
	json_open(&c->data, '{');
	json_put_int(&c->data, "min", people * 95 / 100 / 100 * 100);
	json_put_int(&c->data, "max", (people * 105 / 100 + 99) / 100 * 100);
	json_close(&c->data, '}');
	json_close(&c->data, '}');
}
