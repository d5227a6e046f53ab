/* Custom audiences: lists, objects, who uses them (reference 7.1, 7.2). */
#include <string.h>
#include "sandbox/entity.h"
#include "sandbox/life.h"
#include "sandbox/route.h"
#include "sandbox/sandbox.h"
#include "sandbox/templates.h"

#define NAME_CHARS_MAX 255 /* of a search for names too */
/* Audiences that another account shares with the account of the path. */
#define GRANT                                                                                      \
	"FROM entity p WHERE p.kind = 6 AND p.deleted = 0 AND"                                     \
	" json_extract(p.body, '$.granted_account_id') = ?10"

void on_audiences_list(struct call *c)
{
	const char *scope = args_text(&c->args, "permission_scope"), *q = args_text(&c->args, "q");
	struct entity_list list = {.kind = ENTITY_AUDIENCE, .ids = "custom_audience_ids"};

	if (q && text_characters(q) > NAME_CHARS_MAX) {
		call_fail_at(
		    c, "INVALID_PARAMETER", "q", NULL, "q must have between 1 and 255 characters");
		return;
	}
	if (scope && strcmp(scope, "SHARED") == 0) {
		list.any_account = true;
		list.where = " AND id IN (SELECT p.parent " GRANT ")";
		list.shown = "json_set(body, '$.permission_level', (SELECT json_extract(p.body,"
			     " '$.permission_level') " GRANT " AND p.parent = entity.id))";
	}
	entity_write_list(c, &list);
}

/* Own, or shared with the account. */
static bool find_visible(struct call *c, bool with_deleted, struct entity *out)
{
	const char *id = call_path_id(c, "custom_audience_id");
	struct db *db = &c->sb->db;
	sqlite3_stmt *q;

	if (entity_find(c, ENTITY_AUDIENCE, id, out) && strcmp(out->account, c->account) != 0 &&
	    !out->deleted) {
		q = db_query(db,
		    "SELECT json_extract(body, '$.permission_level') FROM entity WHERE kind = ? AND"
		    " deleted = 0 AND parent = ? AND json_extract(body, '$.granted_account_id') = "
		    "?",
		    "itt", (int64_t)ENTITY_PERMISSION, out->id, c->account);
		if (db_step(db, q)) {
			body_set_str(c->a, out->body, "permission_level", db_column(c->a, q, 0));
			sqlite3_reset(q);
			return true;
		}
	}
	return entity_of_path(c, ENTITY_AUDIENCE, with_deleted, out);
}

void on_audience_one(struct call *c)
{
	struct entity e;

	if (find_visible(c, args_true(&c->args, "with_deleted"), &e))
		entity_write(c, e.body);
}

/* Names are unique within an account (rule R65). */
static bool name_is_free(struct call *c, const char *name, const char *own_id)
{
	if (text_characters(name) > NAME_CHARS_MAX) {
		call_fail_at(c, "INVALID_PARAMETER", "name", NULL,
		    "The name must have between 1 and 255 characters");
		return false;
	}
	if (!db_number(&c->sb->db,
		"SELECT count(*) FROM entity WHERE kind = ? AND account = ? AND deleted = 0 AND"
		" fold(name) = fold(?) AND id != ?",
		"ittt", (int64_t)ENTITY_AUDIENCE, c->account, name, own_id))
		return true;
	call_fail_at(c, "INVALID_PARAMETER", "name", name,
	    "A custom audience with this name already exists");
	return false;
}

void on_audience_create(struct call *c)
{
	struct json *body = body_parse(c->a, template_audience);

	if (!name_is_free(c, args_text(&c->args, "name"), ""))
		return;
	entity_set_args(c, body);
	body_set_str(c->a, body, "id", entity_new_id(c));
	body_set_str(c->a, body, "owner_account_id", c->account);
	body_set_time(c->a, body, "created_at", sandbox_now_s(c->sb));
	entity_commit(c, ENTITY_AUDIENCE, body, "CREATE");
	life_expect(c, json_text(body, "id"), 0);
	entity_write(c, body);
}

void on_audience_update(struct call *c)
{
	const char *name = args_text(&c->args, "name");
	struct entity e;

	if (!entity_of_path(c, ENTITY_AUDIENCE, false, &e) ||
	    (name && !name_is_free(c, name, e.id)))
		return;
	entity_set_args(c, e.body);
	if (!json_text(e.body, "name"))
		body_set_str(c->a, e.body, "name", e.name);
	entity_commit(c, ENTITY_AUDIENCE, e.body, "UPDATE");
	entity_write(c, e.body);
}

void on_audience_delete(struct call *c)
{
	entity_delete_of_path(c, ENTITY_AUDIENCE);
}

/* --- who uses it --- */

/* Line items of the account with a live criterion on the audience, grouped by campaign. A line item
 * is servable when it and its campaign are active. */
static const char targeted_sql[] =
    "SELECT g.row, g.id, g.name, e.id, e.name,"
    " e.status = 'ACTIVE' AND g.status = 'ACTIVE' AND g.deleted = 0 AS servable"
    " FROM entity e JOIN entity g ON g.kind = 2 AND g.id = e.parent"
    " WHERE e.kind = 3 AND e.account = ?1 AND e.deleted = 0 AND g.row > ?3 AND (servable OR ?4)"
    " AND EXISTS(SELECT 1 FROM criterion c WHERE c.li = e.row AND c.deleted = 0 AND c.value = ?2"
    " AND c.type IN ('CUSTOM_AUDIENCE', 'CUSTOM_AUDIENCE_EXPANDED'))"
    " ORDER BY g.row, e.row";

static void write_targeted(struct call *c, sqlite3_stmt *q, size_t count)
{
	struct buf *out = &c->data;
	int64_t campaign = 0;
	size_t n = 0;

	json_open(out, '[');
	while (db_step(&c->sb->db, q)) {
		if (sqlite3_column_int64(q, 0) != campaign) {
			if (campaign) {
				json_close(out, ']');
				json_close(out, '}');
			}
			if (n++ == count) {
				call_page_next(c, (struct cursor){.a = (uint64_t)campaign});
				campaign = 0;
				sqlite3_reset(q);
				break;
			}
			campaign = sqlite3_column_int64(q, 0);
			json_open(out, '{');
			json_put_str(out, "campaign_id", (const char *)sqlite3_column_text(q, 1));
			json_put_str(out, "campaign_name", (const char *)sqlite3_column_text(q, 2));
			json_key(out, "line_items");
			json_open(out, '[');
		}
		json_open(out, '{');
		json_put_str(out, "id", (const char *)sqlite3_column_text(q, 3));
		json_put_str(out, "name", (const char *)sqlite3_column_text(q, 4));
		json_put_bool(out, "servable", sqlite3_column_int(q, 5));
		json_close(out, '}');
	}
	if (campaign) {
		json_close(out, ']');
		json_close(out, '}');
	}
	json_close(out, ']');
}

void on_audience_targeted(struct call *c)
{
	bool all = args_find(&c->args, "with_active") && !args_true(&c->args, "with_active");
	struct cursor from;
	struct entity e;
	size_t count;

	if (!find_visible(c, false, &e) || !call_page_begin(c, &from, &count))
		return;
	write_targeted(c,
	    db_query(
		&c->sb->db, targeted_sql, "ttii", c->account, e.id, (int64_t)from.a, (int64_t)all),
	    count);
}
