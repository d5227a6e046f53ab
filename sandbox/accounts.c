/* Accounts, the signed-in user's role, and feature keys (reference 2.1, 2.2, 2.8). */
#include <string.h>
#include "sandbox/entity.h"
#include "sandbox/route.h"
#include "sandbox/sandbox.h"
#include "sandbox/templates.h"

void on_accounts_list(struct call *c)
{
	entity_write_list(
	    c, &(struct entity_list){.kind = ENTITY_ACCOUNT,
		   .ids = "account_ids",
		   .any_account = true,
		   .where = " AND id IN (SELECT account FROM access WHERE user = ?9)"});
}

void on_account_one(struct call *c)
{
	struct entity e;

	if (entity_of_path(c, ENTITY_ACCOUNT, args_true(&c->args, "with_deleted"), &e))
		entity_write(c, e.body);
}

void on_account_update(struct call *c)
{
	struct entity e;

	if (!entity_of_path(c, ENTITY_ACCOUNT, false, &e))
		return;
	entity_set_args(c, e.body);
	entity_commit(c, ENTITY_ACCOUNT, e.body, "UPDATE");
	entity_write(c, e.body);
}

/* Answers with an array of one (reference 1.4). */
void on_account_create(struct call *c)
{
	struct json *body = body_parse(c->a, template_account);
	const char *id = entity_new_id(c);

	body_set_str(c->a, body, "id", id);
	body_set_str(c->a, body, "name", "Sandbox account");
	body_set_time(c->a, body, "created_at", sandbox_now_s(c->sb));
	c->account = id;
	db_run(&c->sb->db, "INSERT INTO access VALUES(?, ?, 'ACCOUNT_ADMIN')", "tt", c->user, id);
	entity_commit(c, ENTITY_ACCOUNT, body, "CREATE");
	json_open(&c->data, '[');
	entity_write(c, body);
	json_close(&c->data, ']');
}

void on_account_delete(struct call *c)
{
	entity_delete_of_path(c, ENTITY_ACCOUNT);
}

void on_access_one(struct call *c)
{
	struct db *db = &c->sb->db;
	sqlite3_stmt *q =
	    db_query(db, "SELECT permissions FROM access WHERE user = ? AND account = ?", "tt",
		c->user, c->account);
	const char *permissions = db_step(db, q) ? db_column(c->a, q, 0) : "";

	sqlite3_reset(q);
	json_open(&c->data, '{');
	json_put_str(&c->data, "user_id", c->user);
	json_key(&c->data, "permissions");
	json_open(&c->data, '[');
	for (const char *p = permissions; *p;) {
		size_t n = strcspn(p, ",");

		json_str(&c->data, arena_strndup(c->a, p, n));
		p += n + (p[n] == ',');
	}
	json_close(&c->data, ']');
	json_close(&c->data, '}');
}

/* --- features --- */

#define FEATURE_KEYS                                                                               \
	"AGE_TARGETING|ALLOW_SKIPPABLE_VIDEOS_FOR_PREROLL_VIEWS_OBJECTIVE|AWARENESS_OBJECTIVE|"    \
	"BRAND_TPN|CHARGE_FOR_GOOD_CLICK|CONVERSATION_CARD|CONVERSATION_CARD_FOUR_OPTIONS|"        \
	"CONVERSATION_CARD_UNLOCK|CPI_CHARGING|DIRECT_MESSAGE_CARD|DR_TAP|ENGAGER_RETARGETING|"    \
	"EVENT_TARGETING|INSTALLED_APP_CATEGORY_TARGETING|MOBILE_CONVERSION_TRANSACTION_VALUE|"    \
	"OPTIMIZED_ACTION_BIDDING|REACH_AND_FREQUENCY_ANALYTICS|REACH_FREQUENCY_CAP|"              \
	"VALIDATED_AGE_TARGETING|VIDEO_VIEWS_MIDROLL_OBJECTIVE|PREROLL_VIEWS_OBJECTIVE|"           \
	"VIDEO_APP_DOWNLOAD_CARD|CITY_TARGETING|PROMOTED_MEDIA_POLLS|UNIVERSAL_LOOKALIKE|"         \
	"WEBSITE_CLICKS_CPM_BILLING|SHARE_AUDIENCE_OUTSIDE_BUSINESS|"                              \
	"OPTIMIZED_WEBSITE_CONVERSIONS|VIDEO_VIEWS_OBJECTIVE"

static void write_features(struct call *c, const struct arg *only)
{
	struct db *db = &c->sb->db;
	sqlite3_stmt *q = db_query(
	    db, "SELECT name FROM feature WHERE account = ? ORDER BY name", "t", c->account);

	json_open(&c->data, '[');
	while (db_step(db, q)) {
		const char *name = (const char *)sqlite3_column_text(q, 0);
		bool wanted = !only || !only->n;

		for (size_t i = 0; only && i < only->n; i++)
			wanted |= strcmp(only->list[i], name) == 0;
		if (wanted)
			json_str(&c->data, name);
	}
	json_close(&c->data, ']');
}

void on_features_list(struct call *c)
{
	write_features(c, args_find(&c->args, "feature_keys"));
}

static bool features_change(struct call *c, const char *sql)
{
	const struct arg *keys = args_find(&c->args, "feature_keys");

	for (size_t i = 0; i < keys->n; i++) {
		if (!choice_has(FEATURE_KEYS, keys->list[i])) {
			call_fail_at(c, "INVALID_PARAMETER", "feature_keys", keys->list[i],
			    "Expected enum, got \"%.60s\" for feature_keys", keys->list[i]);
			return false;
		}
		db_run(&c->sb->db, sql, "tt", c->account, keys->list[i]);
	}
	c->committed = true;
	return true;
}

void on_features_add(struct call *c)
{
	if (features_change(c, "INSERT OR IGNORE INTO feature VALUES(?, ?)"))
		write_features(c, NULL);
}

void on_features_remove(struct call *c)
{
	if (features_change(c, "DELETE FROM feature WHERE account = ? AND name = ?"))
		write_features(c, NULL);
}
