#include "sandbox/entity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/text.h"
#include "sandbox/sandbox.h"

static const struct {
	const char *name, *id, *missing;
} kinds[] = {
#define ENTITY(KIND, id, code) {#KIND, id, code},
#include "sandbox/entities.def"
#undef ENTITY
};

/* --- bodies --- */

static struct json *member(struct arena *a, struct json *body, const char *key)
{
	struct json **at = &body->child;
	struct json *v = arena_alloc(a, sizeof *v), *next = NULL;

	while (*at && strcmp((*at)->key, key) != 0)
		at = &(*at)->next;
	if (!v)
		abort();
	if (*at)
		next = (*at)->next;
	else
		body->n++;
	*v = (struct json){.kind = JSON_NULL, .key = key, .next = next};
	*at = v;
	return v;
}

void body_set_str(struct arena *a, struct json *body, const char *key, const char *text)
{
	struct json *v = member(a, body, key);

	v->kind = text ? JSON_STRING : JSON_NULL;
	v->text = text;
}

void body_set_int(struct arena *a, struct json *body, const char *key, int64_t n)
{
	char text[24];
	struct json *v = member(a, body, key);

	snprintf(text, sizeof text, "%lld", (long long)n);
	v->kind = JSON_NUMBER;
	v->text = arena_strdup(a, text);
}

void body_set_bool(struct arena *a, struct json *body, const char *key, bool yes)
{
	member(a, body, key)->kind = yes ? JSON_TRUE : JSON_FALSE;
}

void body_set_null(struct arena *a, struct json *body, const char *key)
{
	member(a, body, key)->kind = JSON_NULL;
}

void body_set_time(struct arena *a, struct json *body, const char *key, int64_t wall_s)
{
	char text[21];

	clock_format_utc(wall_s, text);
	body_set_str(a, body, key, arena_strdup(a, text));
}

void body_set_list(
    struct arena *a, struct json *body, const char *key, const char *const *items, size_t n)
{
	struct json *list = member(a, body, key), **tail = &list->child;

	list->kind = JSON_ARRAY;
	list->n = n;
	for (size_t i = 0; i < n; i++) {
		*tail = arena_alloc(a, sizeof **tail);
		if (!*tail)
			abort();
		**tail = (struct json){.kind = JSON_STRING, .text = items[i]};
		tail = &(*tail)->next;
	}
}

struct json *body_parse(struct arena *a, const char *text)
{
	const char *why;
	struct json *v = json_parse(a, text, strlen(text), &why);

	if (!v) {
		fprintf(stderr, "reticle-sandbox: bad template: %s: %.200s\n", why, text);
		abort();
	}
	return v;
}

bool body_has(const struct json *body, const char *key, const char *item)
{
	const struct json *list = json_get(body, key);

	for (const struct json *v = list ? list->child : NULL; v; v = v->next)
		if (v->text && strcmp(v->text, item) == 0)
			return true;
	return false;
}

static int64_t time_of(const struct json *body, const char *key)
{
	const char *s = json_text(body, key);
	int64_t t = 0;

	return s && time_parse(s, &t) ? t : 0;
}

/* --- finding --- */

bool entity_find(struct call *c, enum entity_kind kind, const char *id, struct entity *out)
{
	struct db *db = &c->sb->db;
	sqlite3_stmt *q = db_query(db,
	    "SELECT row, id, account, parent, name, status, deleted, body FROM entity"
	    " WHERE kind = ? AND id = lower(?)",
	    "it", (int64_t)kind, id);
	bool found = db_step(db, q);

	if (found) {
		*out = (struct entity){.row = sqlite3_column_int64(q, 0),
		    .id = db_column(c->a, q, 1),
		    .account = db_column(c->a, q, 2),
		    .parent = db_column(c->a, q, 3),
		    .name = db_column(c->a, q, 4),
		    .status = db_column(c->a, q, 5),
		    .deleted = sqlite3_column_int(q, 6),
		    .body = body_parse(c->a, (const char *)sqlite3_column_text(q, 7))};
	}
	sqlite3_reset(q);
	return found;
}

void entity_fail_missing(struct call *c, enum entity_kind kind, const char *id)
{
	call_fail(c, kind == ENTITY_ACCOUNT ? 403 : 404, kinds[kind].missing,
	    "%s \"%.64s\" was not found", kinds[kind].id, id);
	c->error.parameter = kinds[kind].id;
	c->error.value = id;
}

bool entity_of_account(
    struct call *c, enum entity_kind kind, const char *id, bool with_deleted, struct entity *out)
{
	if (entity_find(c, kind, id, out) && strcmp(out->account, c->account) == 0 &&
	    (with_deleted || !out->deleted))
		return true;
	entity_fail_missing(c, kind, id);
	return false;
}

bool entity_of_path(struct call *c, enum entity_kind kind, bool with_deleted, struct entity *out)
{
	return entity_of_account(c, kind, call_path_id(c, kinds[kind].id), with_deleted, out);
}

/* --- lists --- */

static const char *as_json_list(struct call *c, const struct arg *arg)
{
	struct buf b;
	const char *out;

	if (!arg || arg->cleared)
		return NULL;
	buf_init(&b, 1u << 20);
	json_open(&b, '[');
	for (size_t i = 0; i < arg->n; i++)
		json_str(&b, arg->list[i]);
	json_close(&b, ']');
	out = arena_strdup(c->a, buf_str(&b));
	buf_done(&b);
	return out;
}

static const char *folded_pattern(struct call *c, bool anywhere)
{
	const char *q = args_text(&c->args, "q"), *out;
	struct buf raw, folded;

	if (!q)
		return NULL;
	buf_init(&raw, 1u << 16);
	buf_init(&folded, 1u << 16);
	text_fold(&folded, q, strlen(q));
	if (anywhere)
		buf_addc(&raw, '%');
	for (const char *p = buf_str(&folded); *p; p++) {
		if (strchr("%_\\", *p))
			buf_addc(&raw, '\\');
		buf_addc(&raw, *p);
	}
	buf_addc(&raw, '%');
	out = arena_strdup(c->a, buf_str(&raw));
	buf_done(&raw);
	buf_done(&folded);
	return out;
}

static void add_where(struct call *c, const struct entity_list *l, struct buf *sql)
{
	buf_adds(sql, " FROM entity WHERE kind = ?1");
	if (!l->any_account)
		buf_adds(sql, " AND account = ?2");
	if (!args_true(&c->args, "with_deleted"))
		buf_adds(sql, " AND deleted = 0");
	if (l->hides_drafts && !args_true(&c->args, "with_draft"))
		buf_adds(sql, " AND status != 'DRAFT'");
	if (l->ids && args_find(&c->args, l->ids))
		buf_adds(sql, " AND id IN (SELECT lower(value) FROM json_each(?3))");
	if (l->parents && args_find(&c->args, l->parents))
		buf_adds(sql, " AND parent IN (SELECT lower(value) FROM json_each(?4))");
	if (l->fundings && args_find(&c->args, l->fundings))
		buf_adds(sql, " AND funding IN (SELECT lower(value) FROM json_each(?5))");
	if (args_text(&c->args, "q"))
		buf_adds(sql, " AND fold(name) LIKE ?6 ESCAPE '\\'");
	if (l->parent)
		buf_adds(sql, " AND parent = ?11");
	if (l->where)
		buf_adds(sql, l->where);
}

static void add_order(const struct arg *sort, struct buf *sql)
{
	buf_adds(sql, " ORDER BY ");
	for (size_t i = 0; sort && i < sort->n; i++) {
		const char *dash = strrchr(sort->list[i], '-');
		int n = (int)(dash - sort->list[i]);

		if (strncmp(sort->list[i], "name-", 5) == 0)
			buf_adds(sql, "fold(name)");
		else if (strncmp(sort->list[i], "created_at-", 11) == 0)
			buf_adds(sql, "created");
		else if (strncmp(sort->list[i], "updated_at-", 11) == 0)
			buf_adds(sql, "updated");
		else if (strncmp(sort->list[i], "deleted-", 8) == 0)
			buf_adds(sql, "deleted");
		else
			buf_addf(sql, "json_extract(body, '$.%.*s')", n, sort->list[i]);
		buf_adds(sql, strcmp(dash, "-desc") == 0 ? " DESC, " : " ASC, ");
	}
	buf_adds(sql, "row LIMIT ?7 OFFSET ?8");
}

static sqlite3_stmt *list_query(struct call *c, const struct entity_list *l, const char *sql)
{
	const char *text[] = {c->account,
	    as_json_list(c, l->ids ? args_find(&c->args, l->ids) : NULL),
	    as_json_list(c, l->parents ? args_find(&c->args, l->parents) : NULL),
	    as_json_list(c, l->fundings ? args_find(&c->args, l->fundings) : NULL),
	    folded_pattern(c, l->name_anywhere)};
	sqlite3_stmt *q = db_prepare(&c->sb->db, sql);

	sqlite3_bind_int64(q, 1, (int64_t)l->kind);
	for (int i = 0; i < 5; i++)
		sqlite3_bind_text(q, 2 + i, text[i], -1, SQLITE_STATIC);
	sqlite3_bind_text(q, 9, c->user, -1, SQLITE_STATIC);
	sqlite3_bind_text(q, 10, c->account, -1, SQLITE_STATIC);
	sqlite3_bind_text(q, 11, l->parent, -1, SQLITE_STATIC);
	return q;
}

/* Lists are ordered by row unless sorted. A cursor is the last row seen, so that inserts and
 * deletes between pages cannot shift it; of a sorted list it is the number of rows seen. */
void entity_write_list(struct call *c, const struct entity_list *l)
{
	const struct arg *sort = args_find(&c->args, "sort_by");
	struct cursor from;
	size_t count, n = 0;
	sqlite3_stmt *q;
	struct buf sql;
	int64_t last = 0;

	if (!call_page_begin(c, &from, &count))
		return;
	buf_init(&sql, 1u << 16);
	if (c->total >= 0) {
		buf_adds(&sql, "SELECT count(*)");
		add_where(c, l, &sql);
		q = list_query(c, l, buf_str(&sql));
		db_step(&c->sb->db, q);
		c->total = sqlite3_column_int64(q, 0);
		sqlite3_finalize(q);
		buf_clear(&sql);
	}
	buf_addf(&sql, "SELECT row, %s", l->shown ? l->shown : "body");
	add_where(c, l, &sql);
	buf_addf(&sql, " AND row > %lld", (long long)(sort ? 0 : from.a));
	add_order(sort, &sql);
	q = list_query(c, l, buf_str(&sql));
	sqlite3_bind_int64(q, 7, (int64_t)count + 1);
	sqlite3_bind_int64(q, 8, sort ? (int64_t)from.a : 0);
	json_open(&c->data, '[');
	while (db_step(&c->sb->db, q)) {
		if (n++ == count) {
			last = sort ? (int64_t)(from.a + count) : last;
			call_page_next(c, (struct cursor){.a = (uint64_t)last});
			break;
		}
		last = sqlite3_column_int64(q, 0);
		json_raw(&c->data, (const char *)sqlite3_column_text(q, 1),
		    (size_t)sqlite3_column_bytes(q, 1));
	}
	json_close(&c->data, ']');
	sqlite3_finalize(q);
	buf_done(&sql);
}

void entity_write(struct call *c, const struct json *body)
{
	json_value(&c->data, body);
}

/* --- changing --- */

static const char *parent_of(enum entity_kind kind, const struct json *body)
{
	switch (kind) {
	case ENTITY_LINE_ITEM:
		return json_text(body, "campaign_id");
	case ENTITY_PERMISSION:
		return json_text(body, "custom_audience_id");
	case ENTITY_CURATED:
		return json_text(body, "line_item_id");
	default:
		return NULL;
	}
}

/* What lists filter by as "funding". */
static const char *funding_of(enum entity_kind kind, const struct json *body)
{
	return json_text(
	    body, kind == ENTITY_PERMISSION ? "granted_account_id" : "funding_instrument_id");
}

void entity_save(struct db *db, enum entity_kind kind, const char *account, const struct json *body)
{
	const char *id = json_text(body, "id");
	struct buf text;

	buf_init(&text, 64u << 20);
	json_value(&text, body);
	db_run(db,
	    "INSERT INTO entity(kind, id, account, parent, funding, name, status, deleted, created,"
	    " updated, body) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
	    " ON CONFLICT(kind, id) DO UPDATE SET account = ?3, parent = ?4, funding = ?5, name = "
	    "?6,"
	    " status = ?7, deleted = ?8, created = ?9, updated = ?10, body = ?11",
	    "itttttt"
	    "iii"
	    "t",
	    (int64_t)kind, id, account, parent_of(kind, body), funding_of(kind, body),
	    json_text(body, "name"), json_text(body, "entity_status"),
	    (int64_t)json_is_true(body, "deleted"), time_of(body, "created_at"),
	    time_of(body, "updated_at"), buf_str(&text));
	buf_done(&text);
}

const char *entity_new_id(struct call *c)
{
	char id[14];
	int64_t n;

	db_run(&c->sb->db,
	    "INSERT INTO meta VALUES('next_id', 500000000) ON CONFLICT(name) DO UPDATE"
	    " SET value = value + 1",
	    "");
	n = db_number(&c->sb->db, "SELECT value FROM meta WHERE name = 'next_id'", "");
	base36_write((uint64_t)n, id);
	return arena_strdup(c->a, id);
}

static void add_history(
    struct call *c, enum entity_kind kind, const struct json *body, const char *change)
{
	const char *id = json_text(body, "id");
	struct buf text;
	struct entity before;
	const char *old = NULL;

	buf_init(&text, 64u << 20);
	if (entity_find(c, kind, id, &before)) {
		json_value(&text, before.body);
		old = arena_strdup(c->a, buf_str(&text));
		buf_clear(&text);
	}
	json_value(&text, body);
	db_run(&c->sb->db,
	    "INSERT INTO history(account, kind, id, at, user, change, before, body)"
	    " VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
	    "tttitttt", c->account, kinds[kind].name, id, sandbox_now_s(c->sb), c->user, change,
	    old, buf_str(&text));
	buf_done(&text);
}

void entity_commit(struct call *c, enum entity_kind kind, struct json *body, const char *change)
{
	body_set_time(c->a, body, "updated_at", sandbox_now_s(c->sb));
	add_history(c, kind, body, change);
	entity_save(&c->sb->db, kind, c->account, body);
	c->committed = true;
}

void entity_set_args(struct call *c, struct json *body)
{
	for (size_t i = 0; i < c->args.n; i++) {
		const struct arg *arg = &c->args.v[i];

		if (!arg->given)
			continue;
		if (strcmp(arg->kind, "list") == 0 || strcmp(arg->kind, "enums") == 0)
			body_set_list(c->a, body, arg->name, arg->list, arg->cleared ? 0 : arg->n);
		else if (arg->cleared)
			body_set_null(c->a, body, arg->name);
		else if (strcmp(arg->kind, "int") == 0 || strcmp(arg->kind, "money") == 0)
			body_set_int(c->a, body, arg->name, arg->num);
		else if (strcmp(arg->kind, "bool") == 0)
			body_set_bool(c->a, body, arg->name, arg->num);
		else if (strcmp(arg->kind, "time") == 0)
			body_set_time(c->a, body, arg->name, arg->num);
		else
			body_set_str(c->a, body, arg->name, arg->text);
	}
}

void entity_delete_of_path(struct call *c, enum entity_kind kind)
{
	struct entity e;

	if (!entity_of_path(c, kind, false, &e))
		return;
	body_set_bool(c->a, e.body, "deleted", true);
	entity_commit(c, kind, e.body, "DELETE");
	entity_write(c, e.body);
}
