/* Line items (reference 2.5) and the rules on them that are not about targeting (R34, R35, R53 to
 * R58, R60). */
#include <string.h>
#include "sandbox/batch.h"
#include "sandbox/criterion.h"
#include "sandbox/entity.h"
#include "sandbox/money.h"
#include "sandbox/route.h"
#include "sandbox/sandbox.h"
#include "sandbox/templates.h"

#define BATCH_MAX 40
#define PER_CAMPAIGN_MAX 100
#define NAME_CHARS_MAX 255

void on_line_items_list(struct call *c)
{
	entity_write_list(c, &(struct entity_list){.kind = ENTITY_LINE_ITEM,
				 .ids = "line_item_ids",
				 .parents = "campaign_ids",
				 .fundings = "funding_instrument_ids",
				 .name_anywhere = true,
				 .hides_drafts = true});
}

void on_line_item_one(struct call *c)
{
	struct entity e;

	if (entity_of_path(c, ENTITY_LINE_ITEM, args_true(&c->args, "with_deleted"), &e))
		entity_write(c, e.body);
}

/* --- what a line item must be --- */

static bool text_is(const struct json *body, const char *key, const char *value)
{
	const char *s = json_text(body, key);

	return s && strcmp(s, value) == 0;
}

static bool placements_are_good(struct call *c, const struct json *body)
{
	const struct json *p = json_get(body, "placements");

	if (p->n == 1 && body_has(body, "placements", "TWITTER_PROFILE")) {
		call_fail_at(c, "INVALID_PLACEMENT_TYPE", "placements", "TWITTER_PROFILE",
		    "TWITTER_PROFILE cannot be the only placement");
		return false;
	}
	if (text_is(body, "objective", "REACH") &&
	    !body_has(body, "placements", "TWITTER_TIMELINE") &&
	    !body_has(body, "placements", "ALL_ON_TWITTER")) {
		call_fail_at(c, "INVALID_PLACEMENT_TYPE", "placements", NULL,
		    "The objective REACH needs the placement TWITTER_TIMELINE");
		return false;
	}
	if (body_has(body, "placements", "PUBLISHER_NETWORK") &&
	    (!json_text(body, "advertiser_domain") || !json_get(body, "categories")->n)) {
		call_fail_at(c, "MISSING_PARAMETER",
		    json_text(body, "advertiser_domain") ? "categories" : "advertiser_domain", NULL,
		    "PUBLISHER_NETWORK needs advertiser_domain and categories");
		return false;
	}
	return true;
}

static bool bid_is_good(struct call *c, struct json *body)
{
	const char *objective = json_text(body, "objective");
	bool automatic = text_is(body, "bid_strategy", "AUTO");

	if (text_is(body, "bid_strategy", "MAX") && choice_has("REACH|FOLLOWERS", objective)) {
		call_fail_at(c, "INVALID_PARAMETER", "bid_strategy", "MAX",
		    "The bid strategy MAX is not available for the objective %s", objective);
		return false;
	}
	if (!automatic && !json_text(body, "bid_amount_local_micro")) {
		call_fail_at(c, "MISSING_PARAMETER", "bid_amount_local_micro", NULL,
		    "\"bid_amount_local_micro\" is required with this bid strategy");
		return false;
	}
	if (automatic)
		body_set_null(c->a, body, "bid_amount_local_micro");
	return true;
}

static bool features_are_there(struct call *c, const struct json *body)
{
	static const char *const capped[] = {"frequency_cap", "duration_in_days"};

	for (size_t i = 0; i < 2; i++) {
		if (!json_text(body, capped[i]))
			continue;
		if (!db_number(&c->sb->db,
			"SELECT count(*) FROM feature WHERE account = ? AND name = "
			"'REACH_FREQUENCY_CAP'",
			"t", c->account)) {
			call_fail_at(c, "FEATURE_NOT_AVAILABLE", capped[i], NULL,
			    "The account does not have the feature REACH_FREQUENCY_CAP");
			return false;
		}
	}
	if (json_text(body, "duration_in_days") &&
	    !choice_has("1|7|30", json_text(body, "duration_in_days"))) {
		call_fail_at(c, "INVALID_PARAMETER", "duration_in_days", NULL,
		    "duration_in_days must be 1, 7 or 30");
		return false;
	}
	return true;
}

static bool budgets_fit(struct call *c, const struct json *body, const struct json *campaign)
{
	return money_is_whole(c, json_text(body, "currency")) &&
	       money_fits(c, body, "daily_budget_amount_local_micro", body,
		   "total_budget_amount_local_micro") &&
	       money_fits(c, body, "total_budget_amount_local_micro", campaign,
		   "total_budget_amount_local_micro") &&
	       money_fits(c, body, "bid_amount_local_micro", campaign,
		   "daily_budget_amount_local_micro") &&
	       money_fits(
		   c, body, "bid_amount_local_micro", campaign, "total_budget_amount_local_micro");
}

static bool is_good(struct call *c, struct json *body)
{
	const char *name = json_text(body, "name"), *start = json_text(body, "start_time");
	const char *end = json_text(body, "end_time"), *goal = json_text(body, "goal");
	struct entity campaign;

	if (name && text_characters(name) > NAME_CHARS_MAX) {
		call_fail_at(c, "INVALID_PARAMETER", "name", NULL,
		    "The name must have between 1 and 255 characters");
		return false;
	}
	if (start && end && strcmp(end, start) <= 0) {
		call_fail_at(c, "INVALID_TIME_WINDOW", "end_time", end,
		    "end_time must be later than start_time");
		return false;
	}
	if (goal && strcmp(goal, "WEBSITE_CONVERSIONS") == 0 &&
	    !json_text(body, "primary_web_event_tag")) {
		call_fail_at(c, "MISSING_PARAMETER", "primary_web_event_tag", NULL,
		    "The goal WEBSITE_CONVERSIONS needs primary_web_event_tag");
		return false;
	}
	if (choice_has("APP_ENGAGEMENTS|APP_INSTALLS", json_text(body, "objective")) &&
	    !json_text(body, "ios_app_store_identifier") &&
	    !json_text(body, "android_app_store_identifier")) {
		call_fail_at(c, "MISSING_PARAMETER", "ios_app_store_identifier", NULL,
		    "App objectives need ios_app_store_identifier or android_app_store_identifier");
		return false;
	}
	return entity_of_account(
		   c, ENTITY_CAMPAIGN, json_text(body, "campaign_id"), false, &campaign) &&
	       placements_are_good(c, body) && bid_is_good(c, body) &&
	       features_are_there(c, body) && budgets_fit(c, body, campaign.body);
}

/* --- making and changing --- */

static const struct {
	const char *objective, *goal, *pay_by;
} defaults[] = {
    {"APP_ENGAGEMENTS", "APP_CLICKS", "APP_CLICK"},
    {"APP_INSTALLS", "APP_INSTALLS", "IMPRESSION"},
    {"ENGAGEMENTS", "ENGAGEMENT", "ENGAGEMENT"},
    {"FOLLOWERS", "FOLLOWERS", "FOLLOW"},
    {"PREROLL_VIEWS", "PREROLL", "VIEW"},
    {"REACH", "MAX_REACH", "IMPRESSION"},
    {"VIDEO_VIEWS", "VIDEO_VIEW", "VIEW"},
    {"WEBSITE_CLICKS", "LINK_CLICKS", "LINK_CLICK"},
};

static void set_defaults(struct call *c, struct json *body)
{
	for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) {
		if (!text_is(body, "objective", defaults[i].objective))
			continue;
		if (!args_text(&c->args, "goal"))
			body_set_str(c->a, body, "goal", defaults[i].goal);
		if (!args_text(&c->args, "pay_by"))
			body_set_str(c->a, body, "pay_by", defaults[i].pay_by);
	}
	/* seen in the documents: a MEDIA create comes back as PROMOTED_TWEETS */
	if (text_is(body, "product_type", "MEDIA"))
		body_set_str(c->a, body, "product_type", "PROMOTED_TWEETS");
}

/* All line items of a campaign share objective and product (R53), and there are at most 100. */
static bool siblings_fit(struct call *c, const struct json *body, const char *campaign)
{
	struct db *db = &c->sb->db;
	int64_t all = db_number(db,
	    "SELECT count(*) FROM entity WHERE kind = ? AND parent = ? AND deleted = 0", "it",
	    (int64_t)ENTITY_LINE_ITEM, campaign);
	int64_t same = db_number(db,
	    "SELECT count(*) FROM entity WHERE kind = ? AND parent = ? AND deleted = 0 AND"
	    " json_extract(body, '$.objective') = ? AND json_extract(body, '$.product_type') = ?",
	    "ittt", (int64_t)ENTITY_LINE_ITEM, campaign, json_text(body, "objective"),
	    json_text(body, "product_type"));

	if (all >= PER_CAMPAIGN_MAX) {
		call_fail(c, 400, "TOO_MANY_LINE_ITEMS", "The campaign has too many line items");
		return false;
	}
	if (all != same) {
		call_fail_at(c, "INVALID_PARAMETER", "objective", json_text(body, "objective"),
		    "All line items of a campaign must share objective and product_type");
		return false;
	}
	return true;
}

/* An app store identifier brings the platform with it (R58). */
static void add_platforms(struct call *c, const struct json *body)
{
	static const char *const keys[] = {
	    "ios_app_store_identifier", "android_app_store_identifier"};
	static const char *const platforms[] = {"0", "1"};
	struct entity li;

	if (!entity_find(c, ENTITY_LINE_ITEM, json_text(body, "id"), &li))
		return;
	for (size_t i = 0; i < 2; i++) {
		struct criterion_extra x = {.op = "EQ",
		    .created_s = sandbox_now_s(c->sb),
		    .born_ms = sandbox_mono_ms(c->sb)};
		bool there = db_number(&c->sb->db,
		    "SELECT count(*) FROM criterion WHERE li = ? AND type = 'PLATFORM' AND value = "
		    "?"
		    " AND deleted = 0",
		    "it", li.row, platforms[i]);

		if (!json_text(body, keys[i]) || there)
			continue;
		x.name = criterion_name(c, TYPE_PLATFORM, platforms[i], &x.place);
		criterion_insert(&c->sb->db, li.row, "PLATFORM", platforms[i], &x);
	}
}

void on_line_item_create(struct call *c)
{
	struct json *body = body_parse(c->a, template_line_item);
	const char *campaign_id = args_text(&c->args, "campaign_id");
	struct entity campaign;

	if (!entity_of_account(c, ENTITY_CAMPAIGN, campaign_id, false, &campaign))
		return;
	if (!args_text(&c->args, "start_time")) { /* but not with a PUT (reference 2.5) */
		call_fail_at(c, "MISSING_PARAMETER", "start_time", NULL,
		    "\"start_time\" is a required parameter");
		return;
	}
	entity_set_args(c, body);
	set_defaults(c, body);
	body_set_str(c->a, body, "id", entity_new_id(c));
	body_set_str(c->a, body, "campaign_id", campaign.id);
	body_set_str(c->a, body, "currency", json_text(campaign.body, "currency"));
	body_set_str(
	    c->a, body, "funding_instrument_id", json_text(campaign.body, "funding_instrument_id"));
	body_set_time(c->a, body, "created_at", sandbox_now_s(c->sb));
	if (!siblings_fit(c, body, campaign.id) || !is_good(c, body))
		return;
	entity_commit(c, ENTITY_LINE_ITEM, body, "CREATE");
	add_platforms(c, body);
	entity_write(c, body);
}

static void update(struct call *c, const char *status)
{
	const char *wanted = status ? status : args_text(&c->args, "entity_status");
	struct entity e;

	if (!entity_of_path(c, ENTITY_LINE_ITEM, false, &e))
		return;
	if (wanted && strcmp(wanted, "DRAFT") == 0 && strcmp(e.status, "DRAFT") != 0) {
		call_fail_at(c, "INVALID_PARAMETER", "entity_status", wanted,
		    "A line item cannot become a draft again");
		return;
	}
	entity_set_args(c, e.body);
	if (status)
		body_set_str(c->a, e.body, "entity_status", status);
	if (!is_good(c, e.body))
		return;
	entity_commit(c, ENTITY_LINE_ITEM, e.body, "UPDATE");
	add_platforms(c, e.body);
	entity_write(c, e.body);
}

void on_line_item_update(struct call *c)
{
	update(c, NULL);
}

void on_line_item_activate(struct call *c)
{
	update(c, "ACTIVE");
}

void on_line_item_delete(struct call *c)
{
	entity_delete_of_path(c, ENTITY_LINE_ITEM);
}

void on_line_items_batch(struct call *c)
{
	batch_entities(c, BATCH_MAX,
	    &(struct batch_handlers){
		"line_item_id", on_line_item_create, on_line_item_update, on_line_item_delete});
}

/* --- placements --- */

static const struct {
	const char *product;
	const char *sets[12]; /* each a comma-joined legal combination */
} products[] = {
    {"PROMOTED_ACCOUNT", {"ALL_ON_TWITTER", "TWITTER_TIMELINE"}},
    {"PROMOTED_TWEETS",
	{"ALL_ON_TWITTER", "ALL_ON_TWITTER,PUBLISHER_NETWORK", "PUBLISHER_NETWORK",
	    "PUBLISHER_NETWORK,TWITTER_SEARCH", "PUBLISHER_NETWORK,TWITTER_TIMELINE",
	    "TWITTER_SEARCH", "TWITTER_SEARCH,TWITTER_TIMELINE", "TWITTER_PROFILE,TWITTER_TIMELINE",
	    "TWITTER_TIMELINE"}},
};

static void write_set(struct call *c, const char *set)
{
	json_open(&c->data, '[');
	for (const char *p = set; *p;) {
		size_t n = strcspn(p, ",");

		json_str(&c->data, arena_strndup(c->a, p, n));
		p += n + (p[n] == ',');
	}
	json_close(&c->data, ']');
}

void on_placements(struct call *c)
{
	const char *only = args_text(&c->args, "product_type");

	json_open(&c->data, '[');
	for (size_t i = 0; i < sizeof products / sizeof *products; i++) {
		if (only && strcmp(only, products[i].product) != 0)
			continue;
		json_open(&c->data, '{');
		json_put_str(&c->data, "product_type", products[i].product);
		json_key(&c->data, "placements");
		json_open(&c->data, '[');
		for (size_t k = 0; products[i].sets[k]; k++)
			write_set(c, products[i].sets[k]);
		json_close(&c->data, ']');
		json_close(&c->data, '}');
	}
	json_close(&c->data, ']');
}
