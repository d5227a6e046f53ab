/* The API's own batch request as a file of wanted targeting (reference 2.7): what it creates is
 * wanted, what it deletes is not, and what it does not name stays. */
#include <string.h>
#include "api/scan.h"
#include "base/mem.h"
#include "cli/targets.h"

/* JSON has no lines here: places are told by the number of the operation, as X does. */
static enum err wrong(struct targets *t, size_t number, const char *why)
{
	return form_add_error(&t->read, number, 0, "operation %zu: %s", number, why);
}

static bool only_has(const struct json_node *object, const char *const *names)
{
	for (const struct json_node *n = json_first(object); n; n = json_after(object, n)) {
		size_t i = 0;

		while (names[i] && strcmp(names[i], n->key) != 0)
			i++;
		if (!names[i])
			return false;
	}
	return true;
}

static enum err read_create(struct targets *t, const struct json_node *params, size_t number)
{
	static const char *const names[] = {"line_item_id", "targeting_type", "targeting_value",
	    "operator_type", "account_id", NULL};
	const struct json_node *value = json_get(params, "targeting_value");
	struct form_row row = {.line_item_id = json_string(json_get(params, "line_item_id")),
	    .type_name = json_string(json_get(params, "targeting_type")),
	    .op_name = json_string(json_get(params, "operator_type")),
	    .value = json_text(value), /* TV shows and publishers are numbers (reference G10) */
	    .line = number};

	if (!json_get(params, "operator_type"))
		row.op_name = ""; /* a missing one is EQ (reference 2.7) */
	if (!row.line_item_id || !row.type_name || !row.op_name || !row.value)
		return wrong(t, number,
		    "a create needs line_item_id, targeting_type, targeting_value, operator_type");
	if (!only_has(params, names))
		return wrong(t, number, "a create has a parameter that is not known");
	return form_add(&t->read, &row);
}

static enum err read_delete(struct targets *t, const struct json_node *params, size_t number)
{
	static const char *const names[] = {"targeting_criterion_id", "account_id", NULL};
	const char *id = json_string(json_get(params, "targeting_criterion_id"));

	if (!id || !*id || !only_has(params, names))
		return wrong(t, number, "a delete needs targeting_criterion_id, and nothing else");
	if (map_get(&t->deletes, id, NULL))
		return wrong(t, number, "the same criterion is deleted above");
	return map_put(&t->deletes, id, number);
}

static enum err read_account(struct targets *t, const struct json_node *params, size_t number)
{
	const char *account = json_string(json_get(params, "account_id"));

	if (!json_get(params, "account_id"))
		return ERR_OK;
	if (!account || (t->account[0] && strcmp(t->account, account) != 0))
		return wrong(t, number, "operations of several accounts in one file");
	t->account = arena_strdup(&t->arena, account);
	return t->account ? ERR_OK : ERR_NOMEM;
}

static enum err read_operation(struct targets *t, const struct json_node *op, size_t number)
{
	static const char *const names[] = {"operation_type", "params", NULL};
	const char *kind = json_string(json_get(op, "operation_type"));
	const struct json_node *params = json_get(op, "params");
	enum err err;

	if (op->type != JSON_OBJECT || !kind || !params || params->type != JSON_OBJECT ||
	    !only_has(op, names))
		return wrong(t, number, "an object of operation_type and params was expected");
	err = read_account(t, params, number);
	if (err)
		return err;
	if (strcmp(kind, change_kind_name(CHANGE_CREATE)) == 0)
		return read_create(t, params, number);
	if (strcmp(kind, change_kind_name(CHANGE_DELETE)) == 0)
		return read_delete(t, params, number);
	return wrong(t, number, "operation_type is Create or Delete");
}

enum err targets_batch(struct targets *t, char *text, size_t n)
{
	struct errinfo ei = {0};
	struct json j;
	size_t number = 1;
	enum err err;

	t->is_batch = true;
	json_init(&j);
	err = json_parse_file(&j, text, n, &ei);
	if (err == ERR_PROTOCOL || err == ERR_LIMIT) {
		err = form_add_error(&t->read, 1, 0, "%s", ei.msg);
	} else if (!err) {
		const struct json_node *list = json_root(&j);

		for (const struct json_node *op = json_first(list); op && !err;
		     op = json_after(list, op))
			err = read_operation(t, op, number++);
	}
	json_done(&j);
	return err;
}
