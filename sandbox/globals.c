/* Reads that belong to no account, pre-roll content, app lists (reference 3, 5). */
#include <stdlib.h>
#include <string.h>
#include "sandbox/catalogue.h"
#include "sandbox/content.h"
#include "sandbox/criterion.h"
#include "sandbox/entity.h"
#include "sandbox/money.h"
#include "sandbox/route.h"
#include "sandbox/sandbox.h"

/* "A|B" as a JSON array */
static void write_names(struct buf *out, const char *key, const char *names)
{
	json_key(out, key);
	json_open(out, '[');
	for (const char *p = names; *p;) {
		char one[64];
		size_t n = strcspn(p, "|");

		memcpy(one, p, n < sizeof one ? n : sizeof one - 1);
		one[n < sizeof one ? n : sizeof one - 1] = '\0';
		json_str(out, one);
		p += n + (p[n] == '|');
	}
	json_close(out, ']');
}

/* A fixed table as a collection: rows are written by number. */
static void write_table(struct call *c, size_t rows, void (*write)(struct buf *, size_t))
{
	struct cursor from;
	size_t count, i;

	if (!call_page_begin(c, &from, &count))
		return;
	if (c->total >= 0)
		c->total = (int64_t)rows;
	json_open(&c->data, '[');
	for (i = from.a; i < rows && i < from.a + count; i++)
		write(&c->data, i);
	json_close(&c->data, ']');
	if (i < rows)
		call_page_next(c, (struct cursor){.a = i});
}

#define COUNT(x) (sizeof(x) / sizeof *(x))

static const struct {
	const char *id, *parent, *name;
} iabs[] = {
#define IAB(id, parent, name) {id, parent, name},
#include "sandbox/content.def"
};

static void write_iab(struct buf *out, size_t i)
{
	json_open(out, '{');
	json_put_str(out, "id", iabs[i].id);
	json_put_str(out, "parent_id", *iabs[i].parent ? iabs[i].parent : NULL);
	json_put_str(out, "name", iabs[i].name);
	json_close(out, '}');
}

void on_iab_categories(struct call *c)
{
	write_table(c, COUNT(iabs), write_iab);
}

static const struct {
	const char *id, *name, *iabs;
} contents[] = {
#define CONTENT(id, name, iabs) {id, name, iabs},
#include "sandbox/content.def"
};

static void write_content(struct buf *out, size_t i)
{
	json_open(out, '{');
	json_put_str(out, "id", contents[i].id);
	json_put_str(out, "name", contents[i].name);
	write_names(out, "iab_categories", contents[i].iabs);
	json_put_int(out, "publishers_in_last_thirty_days", 40 + (int64_t)i * 7);
	json_put_int(out, "videos_monetized_in_last_thirty_days", 900 + (int64_t)i * 131);
	json_close(out, '}');
}

void on_content_categories(struct call *c)
{
	write_table(c, COUNT(contents), write_content);
}

static const struct {
	const char *user_id, *name, *content, *countries;
} publishers[] = {
#define PUBLISHER(user_id, username, content, countries) {user_id, username, content, countries},
#include "sandbox/content.def"
};

static void write_publisher(struct buf *out, size_t i)
{
	json_open(out, '{');
	json_put_str(out, "user_id", publishers[i].user_id);
	json_put_str(out, "username", publishers[i].name);
	write_names(out, "content_category_ids", publishers[i].content);
	write_names(out, "monetizable_country_codes", publishers[i].countries);
	write_names(out, "promotion_eligible_country_codes", publishers[i].countries);
	json_put_bool(out, "monetization_restricted", false);
	json_close(out, '}');
}

void on_publishers(struct call *c)
{
	write_table(c, COUNT(publishers), write_publisher);
}

static const char *const businesses[] = {"Agriculture", "Automotive", "Business services",
    "Consumer packaged goods", "Dining", "Education", "Entertainment", "Financial services",
    "Government", "Health and wellness", "Home and garden", "Media", "Retail", "Technology",
    "Telecommunications", "Travel"};

static void write_business(struct buf *out, size_t i)
{
	json_open(out, '{');
	json_put_int(out, "id", (int64_t)i + 1);
	json_put_str(out, "name", businesses[i]);
	json_close(out, '}');
}

void on_business_categories(struct call *c)
{
	write_table(c, COUNT(businesses), write_business);
}

void on_bidding_rules(struct call *c)
{
	static const char *const currencies[] = {
	    "USD", "EUR", "GBP", "JPY", "CAD", "AUD", "MXN", "BRL", "INR", "KRW", "KWD"};
	const char *only = args_text(&c->args, "currency");

	json_open(&c->data, '[');
	for (size_t i = 0; i < COUNT(currencies); i++) {
		int64_t step = money_step(currencies[i]);

		if (only && strcmp(only, currencies[i]) != 0)
			continue;
		json_open(&c->data, '{');
		json_put_str(&c->data, "currency", currencies[i]);
		json_put_int(&c->data, "minimum_cpe_bid_local_micro", step);
		json_put_int(&c->data, "maximum_cpe_bid_local_micro", step * 100000);
		json_put_int(&c->data, "minimum_denomination", step);
		json_close(&c->data, '}');
	}
	json_close(&c->data, ']');
}

/* --- curated categories --- */

static const struct {
	const char *id, *name, *countries, *publishers;
} curated[] = {
#define CURATED(id, name, countries, publishers) {id, name, countries, publishers},
#include "sandbox/content.def"
};

static bool in_countries(const struct arg *wanted, const char *countries)
{
	for (size_t i = 0; i < wanted->n; i++)
		if (choice_has(countries, wanted->list[i]))
			return true;
	return false;
}

void on_curated_categories(struct call *c)
{
	const struct arg *countries = args_find(&c->args, "country_codes");
	const struct arg *ids = args_find(&c->args, "curated_category_ids");
	struct cursor from;
	size_t count;

	if (!call_page_begin(c, &from, &count))
		return;
	json_open(&c->data, '[');
	for (size_t i = 0; i < COUNT(curated); i++) {
		bool wanted = !ids || !ids->n;

		for (size_t k = 0; ids && k < ids->n; k++)
			wanted |= strcmp(ids->list[k], curated[i].id) == 0;
		if (!wanted || !in_countries(countries, curated[i].countries))
			continue;
		json_open(&c->data, '{');
		json_put_str(&c->data, "id", curated[i].id);
		json_put_str(&c->data, "name", curated[i].name);
		write_names(&c->data, "country_codes", curated[i].countries);
		write_names(&c->data, "publisher_user_ids", curated[i].publishers);
		json_close(&c->data, '}');
		if (c->total >= 0)
			c->total++;
	}
	json_close(&c->data, ']');
}

void on_line_curated_list(struct call *c)
{
	entity_write_list(
	    c, &(struct entity_list){.kind = ENTITY_CURATED, .parents = "line_item_ids"});
}

/* Does the line item target a country of the category? (rule R51) */
static bool targets_country(struct call *c, int64_t line_row, const char *countries)
{
	struct db *db = &c->sb->db;
	sqlite3_stmt *q = db_query(db,
	    "SELECT value FROM criterion WHERE li = ? AND type = 'LOCATION' AND deleted = 0", "i",
	    line_row);
	bool found = false;

	while (db_step(db, q)) {
		const struct option_row *row = catalogue_find(
		    c->sb->catalogue, OPTION_LOCATION, (const char *)sqlite3_column_text(q, 0));

		found |= row && strcmp(row->kind, "COUNTRIES") == 0 &&
			 choice_has(countries, row->country);
	}
	return found;
}

void on_line_curated_create(struct call *c)
{
	const char *category = args_text(&c->args, "curated_category_id");
	const char *countries = content_curated_countries(category);
	struct json *body = body_parse(c->a,
	    "{\"line_item_id\":null,\"curated_category_id\":null,\"id\":null,\"created_at\":null,"
	    "\"updated_at\":null,\"deleted\":false}");
	struct db *db = &c->sb->db;
	struct entity li;

	if (!entity_of_account(
		c, ENTITY_LINE_ITEM, args_text(&c->args, "line_item_id"), false, &li))
		return;
	if (!countries) {
		call_fail_at(c, "INVALID_PARAMETER", "curated_category_id", category,
		    "Unknown curated category");
	} else if (!targets_country(c, li.row, countries)) {
		call_fail_at(c, "INVALID_PARAMETER", "curated_category_id", category,
		    "The line item must target a country of the curated category first");
	} else if (db_number(db,
		       "SELECT (SELECT count(*) FROM entity WHERE kind = ?1 AND parent = ?2 AND"
		       " deleted = 0) + (SELECT count(*) FROM criterion WHERE li = ?3 AND deleted "
		       "= 0"
		       " AND type = 'IAB_CATEGORY')",
		       "iti", (int64_t)ENTITY_CURATED, li.id, li.row)) {
		call_fail_at(c, "INVALID_PARAMETER", "curated_category_id", category,
		    "The line item already has a curated or content category");
	}
	if (call_failed(c))
		return;
	entity_set_args(c, body);
	body_set_str(c->a, body, "id", entity_new_id(c));
	body_set_time(c->a, body, "created_at", sandbox_now_s(c->sb));
	entity_commit(c, ENTITY_CURATED, body, "CREATE");
	entity_write(c, body);
}

void on_line_curated_delete(struct call *c)
{
	entity_delete_of_path(c, ENTITY_CURATED);
}

/* --- app lists --- */

void on_app_lists(struct call *c)
{
	entity_write_list(c, &(struct entity_list){.kind = ENTITY_APP_LIST, .ids = "app_list_ids"});
}

void on_app_list_create(struct call *c)
{
	const struct arg *apps = args_find(&c->args, "app_store_identifiers");
	struct buf text;
	struct json *body;

	buf_init(&text, 1u << 20);
	json_open(&text, '{');
	json_put_str(&text, "name", args_text(&c->args, "name"));
	json_key(&text, "apps");
	json_open(&text, '[');
	for (size_t i = 0; i < apps->n; i++) {
		bool ios =
		    *apps->list[i] && strspn(apps->list[i], "0123456789") == strlen(apps->list[i]);

		json_open(&text, '{');
		json_put_str(&text, "app_store_identifier", apps->list[i]);
		json_put_str(&text, "os_type", ios ? "IOS" : "ANDROID");
		json_close(&text, '}');
	}
	json_close(&text, ']');
	json_put_bool(&text, "deleted", false);
	json_close(&text, '}');
	body = body_parse(c->a, buf_str(&text));
	buf_done(&text);
	body_set_str(c->a, body, "id", entity_new_id(c));
	body_set_time(c->a, body, "created_at", sandbox_now_s(c->sb));
	entity_commit(c, ENTITY_APP_LIST, body, "CREATE");
	entity_write(c, body);
}
