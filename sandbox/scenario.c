#include "sandbox/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "sandbox/catalogue.h"
#include "sandbox/criterion.h"
#include "sandbox/dispatch.h"
#include "sandbox/entity.h"
#include "sandbox/life.h"
#include "sandbox/sandbox.h"
#include "sandbox/templates.h"

#define MICROS 1000000
#define DAY_S 86400
/* 2026-01-05T09:00:00Z: seeds are from around then, so that screens do not change with the day */
#define SEED_TIME 1767603600

struct seed {
	struct call call; /* only to find names and bodies; never answered */
	struct sandbox *sb;
	struct arena arena;
	int64_t made; /* entities so far: spreads their times */
	int64_t next_criterion;
};

static struct json *start_body(struct seed *s, const char *template, const char *id)
{
	struct json *body = body_parse(&s->arena, template);
	/* within the month before, however many there are: nothing is made in the future */
	int64_t at = SEED_TIME - 30 * DAY_S + s->made++ * 5400 % (29 * DAY_S);

	body_set_str(&s->arena, body, "id", id);
	body_set_time(&s->arena, body, "created_at", at);
	body_set_time(&s->arena, body, "updated_at", at + s->made % 7 * 3600);
	return body;
}

static void set_units(struct seed *s, struct json *body, const char *key, int64_t units)
{
	if (units)
		body_set_int(&s->arena, body, key, units * MICROS);
}

static void set_csv(struct seed *s, struct json *body, const char *key, const char *csv)
{
	const char *items[8];
	size_t n = 0;

	for (const char *p = csv; *p && n < 8;) {
		size_t len = strcspn(p, ",");

		items[n++] = arena_strndup(&s->arena, p, len);
		p += len + (p[len] == ',');
	}
	body_set_list(&s->arena, body, key, items, n);
}

static const char *joined_id(struct seed *s, const char *prefix, const char *account)
{
	char text[64];

	snprintf(text, sizeof text, "%s%s", prefix, account + strlen(account) - 2);
	return arena_strdup(&s->arena, text);
}

struct seed_account {
	const char *id, *name, *business, *timezone, *status, *permissions, *currency;
};

static void add_account(struct seed *s, const struct seed_account *a)
{
	struct db *db = &s->sb->db;
	struct json *body = start_body(s, template_account, a->id), *fi;

	body_set_str(&s->arena, body, "name", a->name);
	body_set_str(&s->arena, body, "business_name", a->business);
	body_set_str(&s->arena, body, "timezone", a->timezone);
	body_set_str(&s->arena, body, "approval_status", a->status);
	/* the first two belong together and may share audiences */
	if (strcmp(a->id, DEMO_ACCOUNT) == 0 || strcmp(a->id, HOSTILE_ACCOUNT) == 0)
		body_set_str(&s->arena, body, "business_id", "18ce5b1");
	entity_save(db, ENTITY_ACCOUNT, a->id, body);
	if (a->permissions)
		db_run(db, "INSERT INTO access VALUES(?, ?, ?)", "ttt", DEMO_USER, a->id,
		    a->permissions);
	fi = start_body(s, template_funding, joined_id(s, "lydm", a->id));
	body_set_str(&s->arena, fi, "account_id", a->id);
	body_set_str(&s->arena, fi, "currency", a->currency);
	body_set_str(&s->arena, fi, "description", "Visa ending in 4242");
	body_set_time(&s->arena, fi, "start_time", SEED_TIME - 60 * DAY_S);
	entity_save(db, ENTITY_FUNDING, a->id, fi);
}

static void add_promotable(struct seed *s, const char *account, const char *type, const char *user)
{
	struct json *body =
	    start_body(s, "{\"user_id\":null,\"promotable_user_type\":null,\"deleted\":false}",
		joined_id(s, strcmp(type, "FULL") == 0 ? "l310" : "l311", account));

	body_set_str(&s->arena, body, "user_id", user);
	body_set_str(&s->arena, body, "promotable_user_type", type);
	entity_save(&s->sb->db, ENTITY_PROMOTABLE, account, body);
}

static void add_features(struct seed *s, const char *account, const char *names)
{
	char one[64];

	while (sscanf(names, "%63[^,]", one) == 1) {
		db_run(&s->sb->db, "INSERT INTO feature VALUES(?, ?)", "tt", account, one);
		names += strlen(one);
		names += *names == ',';
	}
}

struct seed_campaign {
	const char *account, *id, *name, *status;
	int64_t daily, total;
};

static void add_campaign(struct seed *s, const struct seed_campaign *g)
{
	struct json *body = start_body(s, template_campaign, g->id);
	bool runs = strcmp(g->status, "ACTIVE") == 0;
	struct entity fi;

	body_set_str(&s->arena, body, "name", g->name);
	body_set_str(&s->arena, body, "entity_status", g->status);
	body_set_bool(&s->arena, body, "servable", runs);
	body_set_str(&s->arena, body, "effective_status", runs ? "RUNNING" : "PAUSED");
	set_csv(s, body, "reasons_not_servable",
	    runs                              ? ""
	    : strcmp(g->status, "DRAFT") == 0 ? "INCOMPLETE"
					      : "PAUSED_BY_ADVERTISER");
	set_units(s, body, "daily_budget_amount_local_micro", g->daily);
	set_units(s, body, "total_budget_amount_local_micro", g->total);
	if (entity_find(&s->call, ENTITY_FUNDING, joined_id(s, "lydm", g->account), &fi)) {
		body_set_str(&s->arena, body, "funding_instrument_id", fi.id);
		body_set_str(&s->arena, body, "currency", json_text(fi.body, "currency"));
	}
	entity_save(&s->sb->db, ENTITY_CAMPAIGN, g->account, body);
}

struct seed_line {
	const char *campaign, *id, *name, *objective, *placements, *status, *strategy;
	int64_t bid_micro;
};

static const char *goal_of(const char *objective)
{
	if (strcmp(objective, "REACH") == 0)
		return "MAX_REACH";
	if (strcmp(objective, "VIDEO_VIEWS") == 0)
		return "VIDEO_VIEW";
	if (strcmp(objective, "WEBSITE_CLICKS") == 0)
		return "LINK_CLICKS";
	if (strcmp(objective, "FOLLOWERS") == 0)
		return "FOLLOWERS";
	return strcmp(objective, "APP_INSTALLS") == 0 ? "APP_INSTALLS" : "ENGAGEMENT";
}

static void add_line(struct seed *s, const struct seed_line *l)
{
	struct json *body = start_body(s, template_line_item, l->id);
	bool follows = strcmp(l->objective, "FOLLOWERS") == 0;
	struct entity campaign;

	if (!entity_find(&s->call, ENTITY_CAMPAIGN, l->campaign, &campaign))
		return;
	body_set_str(&s->arena, body, "campaign_id", l->campaign);
	body_set_str(&s->arena, body, "name", l->name);
	body_set_str(&s->arena, body, "objective", l->objective);
	body_set_str(&s->arena, body, "goal", goal_of(l->objective));
	body_set_str(
	    &s->arena, body, "product_type", follows ? "PROMOTED_ACCOUNT" : "PROMOTED_TWEETS");
	set_csv(s, body, "placements", l->placements);
	body_set_str(&s->arena, body, "entity_status", l->status);
	body_set_str(&s->arena, body, "bid_strategy", l->strategy);
	if (l->bid_micro)
		body_set_int(&s->arena, body, "bid_amount_local_micro", l->bid_micro);
	body_set_str(&s->arena, body, "currency", json_text(campaign.body, "currency"));
	body_set_str(&s->arena, body, "funding_instrument_id",
	    json_text(campaign.body, "funding_instrument_id"));
	body_set_time(&s->arena, body, "start_time", SEED_TIME);
	if (s->made % 3 == 0) {
		body_set_time(&s->arena, body, "end_time", SEED_TIME + 360 * DAY_S);
		set_units(s, body, "daily_budget_amount_local_micro", 20 + s->made % 9 * 15);
	}
	if (s->made % 5 == 0)
		set_units(s, body, "total_budget_amount_local_micro", 1000 + s->made % 4 * 500);
	if (strcmp(l->objective, "APP_INSTALLS") == 0)
		body_set_str(&s->arena, body, "ios_app_store_identifier", "447188370");
	if (s->made % 11 == 0)
		body_set_str(&s->arena, body, "audience_expansion", "DEFINED");
	entity_save(&s->sb->db, ENTITY_LINE_ITEM, campaign.account, body);
}

static void add_criterion(
    struct seed *s, const char *line, const char *type, const char *op, const char *value)
{
	struct criterion_extra x = {.op = op, .seq = s->next_criterion++};
	struct entity li;

	if (!entity_find(&s->call, ENTITY_LINE_ITEM, line, &li))
		return;
	x.created_s = SEED_TIME + (x.seq % 97) * 613;
	x.name = criterion_name(&s->call, type_by_name(type), value, &x.place);
	criterion_insert(&s->sb->db, li.row, type, value, &x);
}

struct seed_audience {
	const char *account, *id, *name, *type;
	int64_t size;
	bool targetable;
	const char *reasons;
};

static void add_audience(struct seed *s, const struct seed_audience *a)
{
	struct json *body = start_body(s, template_audience, a->id);
	char types[64];

	snprintf(types, sizeof types, "%s,EXCLUDED_%s", a->type, a->type);
	body_set_str(&s->arena, body, "name", a->name);
	body_set_str(&s->arena, body, "audience_type", a->type);
	set_csv(s, body, "targetable_types", types);
	body_set_str(&s->arena, body, "owner_account_id", a->account);
	body_set_bool(&s->arena, body, "targetable", a->targetable);
	set_csv(s, body, "reasons_not_targetable", a->reasons);
	if (a->size >= 0)
		body_set_int(&s->arena, body, "audience_size", a->size);
	entity_save(&s->sb->db, ENTITY_AUDIENCE, a->account, body);
	if (strstr(a->reasons, "PROCESSING"))
		life_expect(&s->call, a->id, 2400);
}

static void add_share(
    struct seed *s, const char *audience, const char *id, const char *account, const char *level)
{
	struct json *body = start_body(s,
	    "{\"custom_audience_id\":null,\"permission_level\":null,\"granted_account_id\":null,"
	    "\"deleted\":false}",
	    id);
	struct entity owner;

	if (!entity_find(&s->call, ENTITY_AUDIENCE, audience, &owner))
		return;
	body_set_str(&s->arena, body, "custom_audience_id", audience);
	body_set_str(&s->arena, body, "granted_account_id", account);
	body_set_str(&s->arena, body, "permission_level", level);
	entity_save(&s->sb->db, ENTITY_PERMISSION, owner.account, body);
}

static void mark_deleted(struct seed *s, enum entity_kind kind, const char *id)
{
	struct entity e;

	if (!entity_find(&s->call, kind, id, &e))
		return;
	body_set_bool(&s->arena, e.body, "deleted", true);
	entity_save(&s->sb->db, kind, e.account, e.body);
}

static void add_app_list(struct seed *s)
{
	struct json *body =
	    start_body(s, "{\"name\":\"Competitors\",\"apps\":[],\"deleted\":false}", "al1a");

	entity_save(&s->sb->db, ENTITY_APP_LIST, DEMO_ACCOUNT, body);
}

static void seed_start(struct seed *s, struct sandbox *sb)
{
	uint64_t first = 0;

	*s = (struct seed){.sb = sb};
	arena_init(&s->arena);
	call_init(&s->call, sb, &s->arena);
	base36_read("dp1aa0", &first); /* the first id of the documents' sample */
	s->next_criterion = (int64_t)first;
}

static void seed_end(struct seed *s)
{
	call_done(&s->call);
	arena_done(&s->arena);
}

void scenario_fill(struct sandbox *sb)
{
	static const char all_features[] =
	    "AGE_TARGETING,CITY_TARGETING,ENGAGER_RETARGETING,EVENT_TARGETING,"
	    "INSTALLED_APP_CATEGORY_TARGETING,REACH_FREQUENCY_CAP,UNIVERSAL_LOOKALIKE";
	struct seed s;

	seed_start(&s, sb);
	db_begin(&sb->db);
#define ACCOUNT(...) add_account(&s, &(struct seed_account){__VA_ARGS__});
#define CAMPAIGN(...) add_campaign(&s, &(struct seed_campaign){__VA_ARGS__});
#define LINE(...) add_line(&s, &(struct seed_line){__VA_ARGS__});
#define CRITERION(line, type, op, value) add_criterion(&s, line, type, op, value);
#define AUDIENCE(...) add_audience(&s, &(struct seed_audience){__VA_ARGS__});
#define SHARE(audience, id, account, level) add_share(&s, audience, id, account, level);
#define DELETED(kind, id) mark_deleted(&s, ENTITY_##kind, id);
#include "sandbox/scenario.def"
	add_promotable(&s, DEMO_ACCOUNT, "FULL", DEMO_USER);
	add_promotable(&s, DEMO_ACCOUNT, "RETWEETS_ONLY", "900000000000000123");
	add_promotable(&s, HOSTILE_ACCOUNT, "FULL", "900000000000000002");
	add_promotable(&s, READ_ONLY_ACCOUNT, "FULL", "900000000000000003");
	add_features(&s, DEMO_ACCOUNT, all_features);
	add_features(&s, HOSTILE_ACCOUNT, "AGE_TARGETING");
	add_features(&s, READ_ONLY_ACCOUNT, "AGE_TARGETING");
	add_app_list(&s);
	db_run(&sb->db, "INSERT INTO token VALUES(?, ?, ?, 'FurniStore', 'ACCESS')", "ttt",
	    DEMO_TOKEN, DEMO_TOKEN_SECRET, DEMO_USER);
	db_commit(&sb->db);
	seed_end(&s);
}

/* --- bulk --- */

#define BULK_FIRST_CAMPAIGN 600000000 /* ids are these numbers in base 36, counting up */
#define BULK_FIRST_LINE_ITEM 700000000
#define BULK_FIRST_CRITERION 1000000000
#define BULK_PER_CAMPAIGN 100

static const char *const places[] = {"96683cc9126741d1", "5122804691e5fecc", "6416b8512febefc9",
    "3b77caf94bfc81fe", "b6b8d75a320f81d9", "06ef846bfc783874"};
static const char *const subjects[] = {"sofa", "lamp", "kitchen", "garden chair", "bookshelf",
    "carpet", "bed frame", "m\u00F6bel", "\u30BD\u30D5\u30A1", "\U0001F6CB\uFE0F", "wall art",
    "mirror"};
static const char *const ways[] = {
    "buy", "cheap", "vintage", "modern", "used", "oak", "blue", "small", "best", "nordic"};
static const char *const objectives[] = {"ENGAGEMENTS", "REACH", "VIDEO_VIEWS", "WEBSITE_CLICKS"};
static const char *const statuses[] = {"ACTIVE", "ACTIVE", "PAUSED", "ACTIVE"};
#define COUNT(x) (sizeof(x) / sizeof *(x))

struct bulk {
	struct seed *s;
	const char *names[COUNT(places)], *types[COUNT(places)]; /* of places */
};

static uint64_t bulk_random(const struct sandbox *sb, int64_t line)
{
	return catalogue_mix(sb->opt.seed * 1000003 + (uint64_t)line);
}

/* The i-th criterion of a line item: mostly keywords, as in real accounts, and no two the same. */
static void bulk_criterion(
    struct bulk *b, int64_t line, int64_t line_row, uint64_t random, int64_t i)
{
	struct criterion_extra x = {.op = "EQ",
	    .created_s = SEED_TIME + i,
	    .seq = BULK_FIRST_CRITERION + line * b->s->sb->opt.criteria + i};
	const char *type = i % 9 == 0 ? "PHRASE_KEYWORD" : "BROAD_KEYWORD";
	const char *value;
	char text[96];

	if (i == 0) {
		size_t place = random % COUNT(places);

		type = "LOCATION";
		value = places[place];
		x.name = b->names[place];
		x.place = b->types[place];
	} else if (i == 1) {
		type = "LANGUAGE";
		value = "en";
		x.name = "English";
	} else if (i == 2) {
		type = "AGE";
		x.name = value = "AGE_OVER_21";
	} else {
		x.op = i % 13 == 0 ? "NE" : "EQ";
		snprintf(text, sizeof text, "%s %s %lld", ways[random % COUNT(ways)],
		    subjects[(random >> 8) % COUNT(subjects)], (long long)i);
		x.name = value = text;
	}
	criterion_insert(&b->s->sb->db, line_row, type, value, &x);
}

static void bulk_campaign(struct bulk *b, int64_t number)
{
	char id[14], name[64];

	base36_write((uint64_t)(BULK_FIRST_CAMPAIGN + number), id);
	snprintf(name, sizeof name, "Bulk campaign %lld", (long long)number + 1);
	add_campaign(b->s, &(struct seed_campaign){.account = BULK_ACCOUNT,
			       .id = arena_strdup(&b->s->arena, id),
			       .name = arena_strdup(&b->s->arena, name),
			       .status = "ACTIVE",
			       .daily = 100});
}

/* body is used again for the next one, which replaces every member that is set here. */
static void bulk_line_item(struct bulk *b, struct json *body, int64_t number, uint64_t random)
{
	struct sandbox *sb = b->s->sb;
	struct arena *a = &b->s->arena;
	char campaign[14], id[14], name[160];

	base36_write((uint64_t)(BULK_FIRST_CAMPAIGN + number / BULK_PER_CAMPAIGN), campaign);
	base36_write((uint64_t)(BULK_FIRST_LINE_ITEM + number), id);
	snprintf(name, sizeof name, "%s %s, %s %lld%s", ways[(random >> 4) % COUNT(ways)],
	    subjects[(random >> 16) % COUNT(subjects)], random & 1 ? "US" : "GB",
	    (long long)number + 1,
	    random % 17 == 0 ? " \u2014 with a longer name, \u00E9\u00E8\u00EA and \u6F22\u5B57"
			     : "");
	body_set_str(a, body, "id", id);
	body_set_str(a, body, "campaign_id", campaign);
	body_set_str(a, body, "name", random % 31 == 0 ? NULL : name);
	body_set_str(a, body, "objective",
	    objectives[(uint64_t)(number / BULK_PER_CAMPAIGN) % COUNT(objectives)]);
	body_set_str(a, body, "entity_status", statuses[random % COUNT(statuses)]);
	body_set_int(
	    a, body, "daily_budget_amount_local_micro", (int64_t)(5 + random % 90) * MICROS);
	entity_save(&sb->db, ENTITY_LINE_ITEM, BULK_ACCOUNT, body);
}

void scenario_begin_bulk(struct sandbox *sb)
{
	static const char *const placement[] = {"ALL_ON_TWITTER"};
	struct bulk b;
	struct seed s;
	struct json *body;

	seed_start(&s, sb);
	b = (struct bulk){.s = &s};
	db_begin(&sb->db);
	add_account(&s, &(struct seed_account){BULK_ACCOUNT, "Bulk account", NULL,
			    "America/New_York", "ACCEPTED", "ACCOUNT_ADMIN", "USD"});
	add_promotable(&s, BULK_ACCOUNT, "FULL", DEMO_USER);
	add_features(&s, BULK_ACCOUNT, "AGE_TARGETING,ENGAGER_RETARGETING,EVENT_TARGETING");
	body = start_body(&s, template_line_item, "");
	body_set_list(&s.arena, body, "placements", placement, 1);
	for (int64_t n = 0; n < sb->opt.line_items; n++) {
		if (n % BULK_PER_CAMPAIGN == 0)
			bulk_campaign(&b, n / BULK_PER_CAMPAIGN);
		bulk_line_item(&b, body, n, bulk_random(sb, n));
	}
	sb->bulk_made = mem_array((size_t)sb->opt.line_items, sizeof *sb->bulk_made);
	if (!sb->bulk_made)
		abort();
	sb->bulk_left = sb->opt.line_items;
	db_commit(&sb->db);
	seed_end(&s);
}

/* Opens and closes the work on line items; the loops are the callers'. */
static void bulk_start(struct sandbox *sb, struct seed *s, struct bulk *b)
{
	seed_start(s, sb);
	*b = (struct bulk){.s = s};
	for (size_t i = 0; i < COUNT(places); i++)
		b->names[i] = criterion_name(&s->call, TYPE_LOCATION, places[i], &b->types[i]);
	db_begin(&sb->db);
}

static void bulk_end(struct sandbox *sb, struct seed *s)
{
	db_commit(&sb->db);
	seed_end(s);
}

static void bulk_criteria_of(struct bulk *b, int64_t n)
{
	struct sandbox *sb = b->s->sb;
	char id[14];
	int64_t row;

	if (sb->bulk_made[n])
		return;
	sb->bulk_made[n] = true;
	sb->bulk_left--;
	base36_write((uint64_t)(BULK_FIRST_LINE_ITEM + n), id);
	row = db_number(&sb->db, "SELECT row FROM entity WHERE kind = ? AND id = ?", "it",
	    (int64_t)ENTITY_LINE_ITEM, id);
	for (int64_t i = 0; i < sb->opt.criteria; i++)
		bulk_criterion(b, n, row, bulk_random(sb, n), i);
}

void scenario_go_on(struct sandbox *sb, int64_t line_items)
{
	struct bulk b;
	struct seed s;

	if (!sb->bulk_left)
		return;
	bulk_start(sb, &s, &b);
	for (; line_items > 0 && sb->bulk_next < sb->opt.line_items; line_items--)
		bulk_criteria_of(&b, sb->bulk_next++);
	bulk_end(sb, &s);
}

void scenario_need(struct sandbox *sb, const char *const *ids, size_t count)
{
	struct bulk b;
	struct seed s;

	if (!sb->bulk_left)
		return;
	bulk_start(sb, &s, &b);
	for (size_t i = 0; i < count; i++) {
		uint64_t n;

		if (base36_read(ids[i], &n) && n >= BULK_FIRST_LINE_ITEM &&
		    n < BULK_FIRST_LINE_ITEM + (uint64_t)sb->opt.line_items)
			bulk_criteria_of(&b, (int64_t)(n - BULK_FIRST_LINE_ITEM));
	}
	bulk_end(sb, &s);
}
