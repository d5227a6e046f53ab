#include "sandbox/batch.h"

#include <string.h>
#include <strings.h>
#include "sandbox/route.h"

const struct json *body_read(struct call *c, enum json_kind kind)
{
	static const char wanted[] = "application/json";
	const char *why = NULL;
	const struct json *body;

	if (!c->content_type || strncasecmp(c->content_type, wanted, sizeof wanted - 1) != 0) {
		call_fail(c, 400, "INVALID_PARAMETER",
		    "Expected a JSON body with Content-Type: application/json");
		return NULL;
	}
	body = json_parse(c->a, c->body, c->body_len, &why);
	if (!body) {
		call_fail(c, 400, "INVALID_PARAMETER", "Invalid JSON in the request body: %s", why);
		return NULL;
	}
	if (body->kind != kind) {
		call_fail(c, 400, "INVALID_PARAMETER", "Expected %s in the request body",
		    kind == JSON_ARRAY ? "a JSON array" : "a JSON object");
		return NULL;
	}
	return body;
}

/* The item as it came, with the account of the path put into its params. */
static void echo_item(struct call *c, const struct json *item)
{
	struct buf *out = &c->request_echo;

	if (item->kind != JSON_OBJECT) {
		json_value(out, item);
		return;
	}
	json_open(out, '{');
	for (const struct json *m = item->child; m; m = m->next) {
		json_key(out, m->key);
		if (strcmp(m->key, "params") != 0 || m->kind != JSON_OBJECT) {
			json_value(out, m);
			continue;
		}
		json_open(out, '{');
		for (size_t i = 0; i < c->path_id_count; i++)
			if (!json_get(m, c->path_ids[i].name))
				json_put_str(out, c->path_ids[i].name, c->path_ids[i].value);
		for (const struct json *p = m->child; p; p = p->next) {
			if (strcmp(p->key, "users") == 0)
				continue; /* who was uploaded is not told again (reference 7.6) */
			json_key(out, p->key);
			json_value(out, p);
		}
		json_close(out, '}');
	}
	json_close(out, '}');
}

const struct json *batch_read(struct call *c, size_t max)
{
	const struct json *body = body_read(c, JSON_ARRAY);

	if (!body)
		return NULL;
	if (!body->n || body->n > max) {
		call_fail(c, 400, "INVALID_PARAMETER",
		    "The batch must contain between 1 and %zu operations, got %zu", max, body->n);
		return NULL;
	}
	json_open(&c->request_echo, '[');
	for (const struct json *v = body->child; v; v = v->next)
		echo_item(c, v);
	json_close(&c->request_echo, ']');
	return body;
}

void batch_error(struct call *c, size_t i, const struct api_error *e)
{
	if (i == 0)
		json_open(&c->operation_errors, '[');
	json_open(&c->operation_errors, '[');
	if (e->code)
		error_write(&c->operation_errors, e);
	json_close(&c->operation_errors, ']');
}

void batch_fail(struct call *c)
{
	json_close(&c->operation_errors, ']');
	call_fail(c, 400, "INVALID_PARAMETER", "operations of the batch were refused");
}

/* --- entities --- */

static const char *spec_of(call_fn *handler)
{
	for (size_t i = 0; i < route_count(); i++)
		if (route_at(i)->handler == handler)
			return route_at(i)->spec;
	return "";
}

/* JSON members as the parameters that the single endpoint would have got. */
static const char *as_parameter(struct call *c, const struct json *v)
{
	struct buf b;
	const char *out;

	switch (v->kind) {
	case JSON_NULL:
		return "";
	case JSON_TRUE:
		return "true";
	case JSON_FALSE:
		return "false";
	case JSON_ARRAY:
		buf_init(&b, 1u << 20);
		for (const struct json *m = v->child; m; m = m->next) {
			if (b.len)
				buf_addc(&b, ',');
			buf_adds(&b, m->text ? m->text : "");
		}
		out = arena_strdup(c->a, buf_str(&b));
		buf_done(&b);
		return out ? out : "";
	case JSON_OBJECT:
		return "{}";
	default:
		return v->text;
	}
}

static void run_item(struct call *c, const struct json *item, const struct batch_handlers *h)
{
	const char *kind = json_text(item, "operation_type");
	const struct json *given = json_get(item, "params");
	const char *id = json_text(given, h->id_name);
	struct params params = {0};
	call_fn *handler = NULL;

	if (kind && strcmp(kind, "Create") == 0)
		handler = h->create;
	else if (kind && strcmp(kind, "Update") == 0)
		handler = h->update;
	else if (kind && strcmp(kind, "Delete") == 0)
		handler = h->remove;
	if (!handler) {
		call_fail_at(c, kind ? "INVALID_PARAMETER" : "MISSING_PARAMETER", "operation_type",
		    kind, "operation_type must be \"Create\", \"Update\" or \"Delete\"");
		return;
	}
	for (const struct json *m = given ? given->child : NULL; m; m = m->next)
		if (m->key)
			params_add(c->a, &params, m->key, as_parameter(c, m));
	if (handler != h->create) {
		if (!id || !id_is_legal(id)) {
			call_fail_at(c, id ? "INVALID_ID_ILLEGAL_CHARACTERS" : "MISSING_PARAMETER",
			    h->id_name, id,
			    id ? "\"%s\" has illegal characters" : "\"%s\" is a required parameter",
			    h->id_name);
			return;
		}
		c->path_ids[c->path_id_count++] = (struct param){h->id_name, id};
	}
	if (args_read(c->a, spec_of(handler), &params, &c->args, &c->error))
		handler(c);
}

void batch_entities(struct call *c, size_t max, const struct batch_handlers *h)
{
	const struct json *body = batch_read(c, max);
	size_t ids = c->path_id_count, i = 0;
	bool failed = false;

	if (!body)
		return;
	json_open(&c->data, '[');
	for (const struct json *item = body->child; item; item = item->next, i++) {
		run_item(c, item, h);
		failed |= call_failed(c);
		batch_error(c, i, &c->error);
		c->error = (struct api_error){0};
		c->path_id_count = ids;
	}
	json_close(&c->data, ']');
	c->args.n = 0;
	if (failed)
		batch_fail(c);
}
