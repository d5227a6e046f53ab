#include "cli/plan_file.h"

#include <stdio.h>
#include <string.h>
#include "api/scan.h"
#include "cli/targets.h"

void plan_file_server(const struct headless *h, char out[PLAN_SERVER_BYTES])
{
	const struct config_profile *p = h->client.profile;

	snprintf(out, PLAN_SERVER_BYTES, "%s/%s", client_realm(p->base_url), p->api_version);
}

static void member(struct buf *out, const char *name, const char *text, const char *end)
{
	form_json_string(out, name);
	buf_adds(out, ": ");
	form_json_string(out, text);
	buf_adds(out, end);
}

enum err plan_file_write(
    struct buf *out, const char *server, const char *account, const struct delta *d)
{
	const struct change_set *set = &d->changes;

	buf_adds(out, "{\n  \"reticle_plan\": 1,\n  ");
	member(out, "server", server, ",\n  ");
	member(out, "account", account, ",\n  ");
	member(out, "state", d->state, ",\n  \"changes\": [");
	for (size_t i = 0; i < set->n; i++) {
		const struct change *c = &set->v[i];

		buf_adds(out, i ? ",\n    {" : "\n    {");
		member(out, "operation", change_kind_name(c->kind), ", ");
		member(out, "line_item", c->line_item_id, ", ");
		member(out, "type", c->type_name, ", ");
		member(out, "operator", op_name(c->op), ", ");
		member(out, "value", c->value, "");
		if (c->criterion_id) {
			buf_adds(out, ", ");
			member(out, "id", c->criterion_id, "");
		}
		if (c->name) {
			buf_adds(out, ", ");
			member(out, "name", c->name, "");
		}
		buf_addc(out, '}');
	}
	return buf_adds(out, set->n ? "\n  ]\n}\n" : "]\n}\n");
}

static enum err read_change(struct plan_file *p, const struct json_node *n, struct errinfo *ei)
{
	const char *operation = json_string(json_get(n, "operation")),
		   *op = json_string(json_get(n, "operator"));
	struct change c = {.line_item_id = json_string(json_get(n, "line_item")),
	    .criterion_id = json_string(json_get(n, "id")),
	    .type_name = json_string(json_get(n, "type")),
	    .value = json_string(json_get(n, "value")),
	    .name = json_string(json_get(n, "name"))};
	bool is_delete = operation && !strcmp(operation, change_kind_name(CHANGE_DELETE));

	c.kind = is_delete ? CHANGE_DELETE : CHANGE_CREATE;
	if (!operation || (!is_delete && strcmp(operation, change_kind_name(CHANGE_CREATE)) != 0) ||
	    !c.line_item_id || !c.type_name || !c.value || !op || op_by_name(op) == OP_OTHER ||
	    is_delete != (c.criterion_id != NULL))
		return err_set(
		    ei, ERR_USAGE, "change %zu of the plan is not one", p->changes.n + 1);
	c.type = type_by_name(c.type_name);
	c.op = op_by_name(op);
	return change_set_copy(&p->changes, &c) ? ERR_OK
						: err_set(ei, ERR_NOMEM, "no memory for the plan");
}

static enum err read_plan(struct plan_file *p, const struct json_node *root, struct errinfo *ei)
{
	const struct json_node *list = json_get(root, "changes");
	const char *server = json_string(json_get(root, "server")),
		   *account = json_string(json_get(root, "account")),
		   *state = json_string(json_get(root, "state"));
	int64_t version;
	enum err err = ERR_OK;

	if (!json_int64(json_get(root, "reticle_plan"), &version) || version != 1 || !server ||
	    !account || !state || !list)
		return err_set(ei, ERR_USAGE, "this is no plan file; reticle plan --out makes one");
	p->server = arena_strdup(&p->arena, server);
	p->account = arena_strdup(&p->arena, account);
	p->state = arena_strdup(&p->arena, state);
	if (!p->server || !p->account || !p->state)
		return err_set(ei, ERR_NOMEM, "no memory for the plan");
	for (const struct json_node *n = json_first(list); n && !err; n = json_after(list, n))
		err = read_change(p, n, ei);
	return err;
}

enum err plan_file_read(struct plan_file *p, const char *file, struct errinfo *ei)
{
	struct buf text;
	struct json j;
	enum err err;

	*p = (struct plan_file){0};
	arena_init(&p->arena);
	change_set_init(&p->changes);
	buf_init(&text, TARGETS_FILE_BYTES);
	json_init(&j);
	err = targets_slurp(file, &text, ei);
	if (!err && !text.len)
		err = err_set(ei, ERR_USAGE, "%s is empty", file);
	if (!err)
		err = json_parse_file(&j, text.p, text.len, ei);
	if (err == ERR_PROTOCOL)
		ei->code = err = ERR_USAGE;
	if (!err)
		err = read_plan(p, json_root(&j), ei);
	json_done(&j);
	buf_done(&text);
	return err;
}

void plan_file_done(struct plan_file *p)
{
	change_set_done(&p->changes);
	arena_done(&p->arena);
}
