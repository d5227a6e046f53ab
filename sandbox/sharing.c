/* Sharing audiences with other accounts (reference 7.4), and flexible audiences (7.5). */
#include <ctype.h>
#include <string.h>
#include "sandbox/batch.h"
#include "sandbox/entity.h"
#include "sandbox/route.h"
#include "sandbox/sandbox.h"
#include "sandbox/templates.h"

#define FLEXIBLE_BATCH_MAX 10
#define LEAVES_MAX 10

/* Only the owner sees and changes who may use an audience (rule R69). */
static bool find_owned(struct call *c, struct entity *out)
{
	const char *id = call_path_id(c, "custom_audience_id");

	if (entity_find(c, ENTITY_AUDIENCE, id, out) && !out->deleted &&
	    strcmp(out->account, c->account) != 0) {
		call_fail(
		    c, 403, "ACTION_NOT_ALLOWED", "Only the owner of an audience may share it");
		return false;
	}
	return entity_of_path(c, ENTITY_AUDIENCE, false, out);
}

void on_permissions_list(struct call *c)
{
	struct entity e;

	if (find_owned(c, &e))
		entity_write_list(c, &(struct entity_list){.kind = ENTITY_PERMISSION,
					 .ids = "custom_audience_permission_ids",
					 .fundings = "granted_account_ids",
					 .parent = e.id});
}

static bool may_share_with(struct call *c, const char *granted)
{
	struct entity own, other;
	const char *a, *b;

	if (!entity_find(c, ENTITY_ACCOUNT, granted, &other) || other.deleted) {
		call_fail_at(c, "INVALID_PARAMETER", "granted_account_id", granted,
		    "Account \"%.64s\" was not found", granted);
		return false;
	}
	if (!entity_find(c, ENTITY_ACCOUNT, c->account, &own))
		return false;
	a = json_text(own.body, "business_id");
	b = json_text(other.body, "business_id");
	if (a && b && strcmp(a, b) == 0)
		return true;
	if (db_number(&c->sb->db,
		"SELECT count(*) FROM feature WHERE account = ? AND"
		" name = 'SHARE_AUDIENCE_OUTSIDE_BUSINESS'",
		"t", c->account))
		return true;
	call_fail(c, 403, "ACTION_NOT_ALLOWED",
	    "Audiences may only be shared with accounts of the same business");
	return false;
}

/* Granting again changes the level. */
void on_permission_create(struct call *c)
{
	static const char template[] =
	    "{\"custom_audience_id\":null,\"permission_level\":null,\"id\":null,\"created_at\":"
	    "null,"
	    "\"granted_account_id\":null,\"updated_at\":null,\"deleted\":false}";
	struct db *db = &c->sb->db;
	struct json *body = body_parse(c->a, template);
	const char *granted = args_text(&c->args, "granted_account_id"), *old_id = NULL;
	struct entity e, old;
	sqlite3_stmt *q;

	if (!find_owned(c, &e) || !may_share_with(c, granted))
		return;
	q = db_query(db,
	    "SELECT id FROM entity WHERE kind = ? AND parent = ? AND funding = ? AND deleted = 0",
	    "itt", (int64_t)ENTITY_PERMISSION, e.id, granted);
	if (db_step(db, q))
		old_id = db_column(c->a, q, 0);
	sqlite3_reset(q);
	if (old_id && entity_find(c, ENTITY_PERMISSION, old_id, &old)) {
		body = old.body;
	} else {
		body_set_str(c->a, body, "id", entity_new_id(c));
		body_set_str(c->a, body, "custom_audience_id", e.id);
		body_set_time(c->a, body, "created_at", sandbox_now_s(c->sb));
	}
	entity_set_args(c, body);
	entity_commit(c, ENTITY_PERMISSION, body, old_id ? "UPDATE" : "CREATE");
	entity_write(c, body);
}

void on_permission_delete(struct call *c)
{
	struct entity e, p;

	if (!find_owned(c, &e) || !entity_of_path(c, ENTITY_PERMISSION, false, &p))
		return;
	if (strcmp(p.parent, e.id) != 0)
		entity_fail_missing(c, ENTITY_PERMISSION, p.id);
	else
		entity_delete_of_path(c, ENTITY_PERMISSION);
}

/* --- flexible audiences --- */

struct segments {
	struct call *c;
	size_t leaves;
	double people; /* of the smallest leaf, for the size */
};

static const char *text_or(const struct json *v, const char *key, const char *dflt)
{
	const char *s = json_text(v, key);

	return s ? s : dflt;
}

static bool check_leaf(struct segments *s, const struct json *v)
{
	struct call *c = s->c;
	const char *id = json_text(v, "custom_audience_id");
	const char *days = json_text(v, "lookback_window");
	const char *how = json_text(v, "frequency_comparator");
	struct entity e;
	double size;

	if (!id || !entity_of_account(c, ENTITY_AUDIENCE, id, false, &e)) {
		if (!call_failed(c))
			call_fail_at(c, "MISSING_PARAMETER", "custom_audience_id", NULL,
			    "\"custom_audience_id\" is a required parameter");
		return false;
	}
	if (days && !choice_has("1|7|14|30", days)) {
		call_fail_at(c, "INVALID_PARAMETER", "lookback_window", days,
		    "lookback_window must be 1, 7, 14 or 30");
		return false;
	}
	if (how && !choice_has("NUM_GTE|NUM_GT|NUM_EQ|NUM_LTE|NUM_LT", how)) {
		call_fail_at(c, "INVALID_PARAMETER", "frequency_comparator", how,
		    "Expected enum, got \"%.40s\" for frequency_comparator", how);
		return false;
	}
	size = (double)json_number(e.body, "audience_size", 0);
	if (!s->leaves || size < s->people)
		s->people = size;
	if (++s->leaves > LEAVES_MAX) {
		call_fail_at(c, "INVALID_PARAMETER", "segments", NULL,
		    "A flexible audience may combine at most %d audiences", LEAVES_MAX);
		return false;
	}
	return true;
}

/* Ids come back in lower case however they were sent (reference 7.5). */
static const char *lower(struct call *c, const char *id)
{
	char *out = id ? arena_strdup(c->a, id) : NULL;

	for (char *p = out; p && *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return out;
}

/* Check a node and write it with every default filled in (reference 7.5). */
static bool write_node(struct segments *s, const struct json *v, struct buf *out)
{
	const struct json *children = json_get(v, "child_segments");
	const char *op = json_text(v, "boolean_operator"), *id = json_text(v, "custom_audience_id");
	bool has_children = children && children->n;

	if (has_children && (!op || !choice_has("AND|OR", op))) {
		call_fail_at(s->c, "MISSING_PARAMETER", "boolean_operator", op,
		    "boolean_operator must be AND or OR where there are child_segments");
		return false;
	}
	if (!has_children && !check_leaf(s, v))
		return false;
	json_open(out, '{');
	json_put_str(out, "boolean_operator", op);
	json_put_str(out, "custom_audience_id", lower(s->c, id));
	if (!has_children) {
		json_put_int(out, "frequency", json_number(v, "frequency", 1));
		json_put_str(
		    out, "frequency_comparator", text_or(v, "frequency_comparator", "NUM_GTE"));
		json_put_int(out, "lookback_window", json_number(v, "lookback_window", 30));
		/* the documents say true, their sample shows false where it was left out */
		json_put_bool(out, "negate", json_is_true(v, "negate"));
	}
	json_key(out, "child_segments");
	json_open(out, '[');
	for (const struct json *k = has_children ? children->child : NULL; k; k = k->next)
		if (!write_node(s, k, out))
			return false;
	json_close(out, ']');
	json_close(out, '}');
	return true;
}

static void write_metadata(struct call *c, const struct json *body, const char *segments)
{
	struct buf *out = &c->data;

	json_open(out, '{');
	for (const struct json *m = body->child; m; m = m->next) {
		json_key(out, m->key);
		json_value(out, m);
	}
	json_key(out, "metadata");
	json_open(out, '[');
	json_open(out, '{');
	json_put_str(out, "custom_audience_id", json_text(body, "id"));
	json_put_str(out, "account_id", c->account);
	json_put_str(out, "name", json_text(body, "name"));
	json_put_str(out, "audience_source", "FLEXIBLE_AUDIENCE");
	json_put_str(out, "upload_status", "UPLOADED");
	json_key(out, "segments");
	json_raw(out, segments, strlen(segments));
	json_close(out, '}');
	json_close(out, ']');
	json_close(out, '}');
}

static void create_flexible(struct call *c, const struct json *params)
{
	static const char *const types[] = {"FLEXIBLE", "EXCLUDED_FLEXIBLE"};
	const char *name = json_text(params, "name"), *type = json_text(params, "audience_type");
	const struct json *segments = json_get(params, "segments");
	struct json *body = body_parse(c->a, template_audience);
	struct segments s = {.c = c};
	struct buf text;

	if (!name || !*name || !type || !segments) {
		const char *what = !name || !*name ? "name" : !type ? "audience_type" : "segments";

		call_fail_at(
		    c, "MISSING_PARAMETER", what, NULL, "\"%s\" is a required parameter", what);
		return;
	}
	if (!choice_has("FLEXIBLE|MOBILE_AUDIENCE", type)) {
		call_fail_at(c, "INVALID_PARAMETER", "audience_type", type,
		    "Expected enum, got \"%.40s\" for audience_type", type);
		return;
	}
	buf_init(&text, 1u << 20);
	if (write_node(&s, segments, &text)) {
		body_set_str(c->a, body, "id", entity_new_id(c));
		body_set_str(c->a, body, "name", name);
		body_set_str(c->a, body, "audience_type", "FLEXIBLE");
		body_set_list(c->a, body, "targetable_types", types, 2);
		body_set_str(c->a, body, "owner_account_id", c->account);
		body_set_time(c->a, body, "created_at", sandbox_now_s(c->sb));
		body_set_bool(c->a, body, "targetable", s.people >= 100);
		body_set_list(c->a, body, "reasons_not_targetable",
		    (const char *const[]){"TOO_SMALL"}, s.people >= 100 ? 0 : 1);
		if (s.people >= 100)
			body_set_int(c->a, body, "audience_size", (int64_t)s.people);
		entity_commit(c, ENTITY_AUDIENCE, body, "CREATE");
		write_metadata(c, body, buf_str(&text));
	}
	buf_done(&text);
}

static void delete_flexible(struct call *c, const struct json *params)
{
	const char *id = json_text(params, "custom_audience_id");
	struct entity e;

	if (!id || !entity_of_account(c, ENTITY_AUDIENCE, id, false, &e)) {
		if (!call_failed(c))
			call_fail_at(c, "MISSING_PARAMETER", "custom_audience_id", NULL,
			    "\"custom_audience_id\" is a required parameter");
		return;
	}
	body_set_bool(c->a, e.body, "deleted", true);
	entity_commit(c, ENTITY_AUDIENCE, e.body, "DELETE");
	entity_write(c, e.body);
}

void on_audiences_batch(struct call *c)
{
	const struct json *body = batch_read(c, FLEXIBLE_BATCH_MAX);
	bool failed = false;
	size_t i = 0;

	if (!body)
		return;
	json_open(&c->data, '[');
	for (const struct json *item = body->child; item; item = item->next) {
		const char *kind = json_text(item, "operation_type");

		if (kind && strcmp(kind, "Create") == 0)
			create_flexible(c, json_get(item, "params"));
		else if (kind && strcmp(kind, "Delete") == 0)
			delete_flexible(c, json_get(item, "params"));
		else if (kind && strcmp(kind, "Update") == 0)
			call_fail_at(c, "INVALID_PARAMETER", "operation_type", kind,
			    "A flexible audience cannot be changed");
		else
			call_fail_at(c, "INVALID_PARAMETER", "operation_type", kind,
			    "operation_type must be \"Create\", \"Update\" or \"Delete\"");
		failed |= call_failed(c);
		batch_error(c, i++, &c->error);
		c->error = (struct api_error){0};
	}
	json_close(&c->data, ']');
	if (failed)
		batch_fail(c);
}
