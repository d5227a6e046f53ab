#include "sandbox/mangle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sandbox/entity.h"
#include "sandbox/sandbox.h"

static struct json *find(struct json *obj, const char *key)
{
	for (struct json *m = obj && obj->kind == JSON_OBJECT ? obj->child : NULL; m; m = m->next)
		if (strcmp(m->key, key) == 0)
			return m;
	return NULL;
}

static struct json *first_row(struct json *root)
{
	struct json *data = find(root, "data");

	return data && data->kind == JSON_ARRAY ? data->child : data;
}

static void set_text(struct json *v, const char *text)
{
	v->kind = JSON_STRING;
	v->text = text;
	v->child = NULL;
}

/* --- one a verb --- */

static void omit(struct json *root, int64_t i)
{
	struct json *data = find(root, "data");
	struct json **at = data ? &data->child : NULL;

	while (at && *at && i-- > 0)
		at = &(*at)->next;
	if (at && *at)
		*at = (*at)->next;
}

/* The row after this page is in no page: the cursor goes over it. */
static void skip_row(struct json *root, const struct json *next)
{
	const struct json *data = find(root, "data");

	if (next->text && data && data->n > 1)
		omit(root, (int64_t)data->n - 1);
}

static void bend_cursor(struct call *c, struct json *root, const struct fault_action *f)
{
	struct json *next = find(root, "next_cursor");
	const char *sent = params_get(&c->params, "cursor");
	char *first = c->sb->faults.first_cursor;
	char *junk;

	if (!next)
		return;
	if (!*first && next->text)
		snprintf(first, sizeof c->sb->faults.first_cursor, "%s", next->text);
	if (strcmp(f->arg, "loop") == 0) {
		set_text(next, sent ? sent : *first ? first : "loop");
	} else if (strcmp(f->arg, "cycle") == 0) {
		if (!next->text)
			set_text(next, *first ? first : "cycle");
	} else if (strcmp(f->arg, "dup") == 0) {
		set_text(next, call_text(c, "dup%u", (unsigned)c->seq));
	} else if (strcmp(f->arg, "skip") == 0) {
		skip_row(root, next);
	} else if (strcmp(f->arg, "big") == 0) {
		junk = arena_alloc(c->a, (1u << 20) + 1);
		if (junk)
			memset(junk, 'x', 1u << 20);
		set_text(next, junk ? junk : "");
	} else {
		set_text(next, f->text ? f->text : "&with_deleted=true\n\033[31m%zz");
	}
}

static void each_name(struct json *v, const char *text)
{
	for (struct json *m = v->child; m; m = m->next) {
		if (m->key && strcmp(m->key, "name") == 0 && v->kind == JSON_OBJECT)
			set_text(m, text);
		else
			each_name(m, text);
	}
}

static void make_big(struct call *c, struct json *root, const struct fault_action *f)
{
	size_t n = f->num > 0 && f->num < 1 << 26 ? (size_t)f->num : 1;
	char *text = arena_alloc(c->a, n + 1);
	struct json *data = find(root, "data");

	if (!text || !data)
		return;
	memset(text, 'n', n);
	each_name(data, text);
}

static void bend_enum(struct json *row, const struct fault_action *f)
{
	static const char *const keys[] = {
	    "targeting_type", "operator_type", "entity_status", "objective", "audience_type"};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (find(row, keys[i]))
			set_text(find(row, keys[i]), *f->arg ? f->arg : "BRAND_NEW");
}

static void bend_types(struct call *c, struct json *row)
{
	struct json *id = find(row, "id"), *name = find(row, "name"),
		    *deleted = find(row, "deleted");

	if (id)
		*id = (struct json){.kind = JSON_NULL, .key = "id", .next = id->next};
	if (name)
		*name = (struct json){.kind = JSON_NUMBER,
		    .text = "12345678901234567890",
		    .key = "name",
		    .next = name->next};
	if (deleted)
		set_text(deleted, "no");
	body_set_list(c->a, row, "created_at", NULL, 0);
}

static void bend_shape(struct call *c, struct json *root)
{
	struct json *data = find(root, "data");

	if (!data)
		return;
	if (data->kind == JSON_ARRAY && data->child) {
		data->kind = JSON_OBJECT;
		data->child = data->child->child;
	} else if (data->kind == JSON_OBJECT) {
		struct json *inner = arena_alloc(c->a, sizeof *inner);

		if (!inner)
			return;
		*inner = (struct json){.kind = JSON_OBJECT, .child = data->child, .n = data->n};
		data->kind = JSON_ARRAY;
		data->child = inner;
		data->n = 1;
	}
}

static void add_extra(struct call *c, struct json *root)
{
	struct json *data = find(root, "data");

	for (struct json *row = data ? data->child : NULL; row; row = row->next) {
		if (row->kind != JSON_OBJECT)
			continue;
		body_set_str(c->a, row, "raw_targeting_type", json_text(row, "targeting_type"));
		body_set_str(c->a, row, "raw_targeting_value", json_text(row, "targeting_value"));
		body_set_bool(c->a, row, "raw_negated", false);
		body_set_list(c->a, row, "raw_categories", NULL, 0);
	}
}

static void reverse(struct json *root)
{
	struct json *data = find(root, "data"), *turned = NULL;

	if (!data || data->kind != JSON_ARRAY)
		return;
	while (data->child) {
		struct json *v = data->child;

		data->child = v->next;
		v->next = turned;
		turned = v;
	}
	data->child = turned;
}

static void bend(struct call *c, struct json *root, const struct fault_action *f)
{
	struct json *row = first_row(root), *data = find(root, "data");

	switch (f->verb) {
	case FAULT_CURSOR:
		bend_cursor(c, root, f);
		break;
	case FAULT_BIG:
		make_big(c, root, f);
		break;
	case FAULT_NAMES:
		if (data)
			each_name(data, f->text ? f->text : f->arg);
		break;
	case FAULT_ENUM:
		if (row)
			bend_enum(row, f);
		break;
	case FAULT_TYPES:
		if (row && row->kind == JSON_OBJECT)
			bend_types(c, row);
		break;
	case FAULT_SHAPE:
		bend_shape(c, root);
		break;
	case FAULT_EXTRA:
		add_extra(c, root);
		break;
	case FAULT_REORDER:
		reverse(root);
		break;
	case FAULT_OMIT:
		omit(root, f->num);
		break;
	default:
		break;
	}
}

void mangle(struct call *c, const struct fault_set *set)
{
	const char *why;
	struct json *root = NULL;

	for (size_t i = 0; i < set->n; i++) {
		enum fault_verb v = set->v[i].verb;

		if (v != FAULT_CURSOR && v != FAULT_BIG && v != FAULT_NAMES && v != FAULT_ENUM &&
		    v != FAULT_TYPES && v != FAULT_SHAPE && v != FAULT_EXTRA &&
		    v != FAULT_REORDER && v != FAULT_OMIT)
			continue;
		if (!root)
			root = json_parse(c->a, buf_str(&c->out), c->out.len, &why);
		if (!root)
			return;
		bend(c, root, &set->v[i]);
	}
	if (!root)
		return;
	buf_clear(&c->out);
	json_value(&c->out, root);
}
