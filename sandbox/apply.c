/* Operations on criteria: each checked by itself, then the state they would leave, then done. */
#include <stdlib.h>
#include <string.h>
#include "sandbox/catalogue.h"
#include "sandbox/content.h"
#include "sandbox/criterion.h"
#include "sandbox/rules.h"
#include "sandbox/sandbox.h"

/* --- one operation by itself --- */

static bool refuse(
    struct operation *op, int http, const char *code, const char *parameter, const char *message)
{
	op->error = (struct api_error){
	    .http = http, .code = code, .parameter = parameter, .message = message};
	if (strcmp(parameter, "targeting_value") == 0)
		op->error.value = op->value;
	return false;
}

static bool refuse_value(struct operation *op, const char *message)
{
	return refuse(op, 400, "INVALID_PARAMETER", "targeting_value", message);
}

/* Move the failure of a look-up in the call over to the operation. */
static bool refuse_as_call(struct call *c, struct operation *op)
{
	op->error = c->error;
	c->error = (struct api_error){0};
	return false;
}

static bool has_feature(struct call *c, const char *name)
{
	return db_number(&c->sb->db, "SELECT count(*) FROM feature WHERE account = ? AND name = ?",
		   "tt", c->account, name) > 0;
}

static bool is_digits(const char *s, size_t max)
{
	size_t n = strlen(s);

	return n >= 1 && n <= max && strspn(s, "0123456789") == n;
}

static bool check_audience(struct call *c, struct operation *op)
{
	bool excludes = op->op == OP_NE;
	struct entity e;
	bool shared;

	if (!entity_find(c, ENTITY_AUDIENCE, op->value, &e) || e.deleted)
		return refuse(op, 404, "TAILORED_AUDIENCE_NOT_FOUND", "targeting_value",
		    "The custom audience was not found");
	shared = db_number(&c->sb->db,
		     "SELECT count(*) FROM entity WHERE kind = ? AND parent = ? AND deleted = 0 AND"
		     " json_extract(body, '$.granted_account_id') = ?",
		     "itt", (int64_t)ENTITY_PERMISSION, e.id, c->account) > 0;
	if (strcmp(e.account, c->account) != 0 && !shared)
		return refuse(op, 404, "TAILORED_AUDIENCE_NOT_FOUND", "targeting_value",
		    "The custom audience was not found");
	if (!json_is_true(e.body, "targetable"))
		return refuse(op, 400, "INVALID_TAILORED_AUDIENCE_TYPE", "targeting_value",
		    "The custom audience is not targetable");
	for (const struct json *t = json_get(e.body, "targetable_types")->child; t; t = t->next)
		if ((strncmp(t->text, "EXCLUDED_", 9) == 0) == excludes)
			return true;
	return refuse(op, 400, "INVALID_TAILORED_AUDIENCE_TYPE", "targeting_value",
	    "The custom audience cannot be targeted in this way");
}

static bool check_user(struct call *c, struct operation *op)
{
	bool only_full = op->type == TYPE_FOLLOWERS_OF_USER;
	bool own =
	    db_number(&c->sb->db,
		"SELECT count(*) FROM entity WHERE kind = ? AND account = ? AND deleted = 0"
		" AND json_extract(body, '$.user_id') = ? AND (? = 0 OR"
		" json_extract(body, '$.promotable_user_type') = 'FULL')",
		"itti", (int64_t)ENTITY_PROMOTABLE, c->account, op->value, (int64_t)only_full) > 0;

	if (own)
		return true;
	if (only_full)
		return refuse(op, 400, "INVALID_USER_ID", "targeting_value",
		    "The user is not a fully promotable user of the account");
	return refuse(op, 400, "INVALID_USER", "targeting_value",
	    "The user is not a promotable user of the account");
}

static bool check_place(struct call *c, struct operation *op)
{
	static const char hex[] = "0123456789abcdef";
	const struct option_row *row;

	if (strlen(op->value) != 16 || strspn(op->value, hex) != 16)
		return refuse_value(op, "Expected a place id for targeting_value");
	/* the real service knows more places than this one, so an unknown id passes; what a
	 * self-serve account may not target is refused with the words seen in the field (R45) */
	row = catalogue_find(c->sb->catalogue, OPTION_LOCATION, op->value);
	if (row && choice_has("CU|IR|KP|SY", row->country))
		return refuse_value(
		    op, call_text(c, "This account is not authorized to target '%s'", row->name));
	return true;
}

static bool check_campaign(struct call *c, struct operation *op)
{
	struct entity e;

	if (id_is_legal(op->value) && entity_of_account(c, ENTITY_CAMPAIGN, op->value, false, &e))
		return true;
	if (!call_failed(c))
		entity_fail_missing(c, ENTITY_CAMPAIGN, op->value);
	return refuse_as_call(c, op);
}

static bool check_listed(struct call *c, struct operation *op, enum option_kind kind)
{
	if (catalogue_find(c->sb->catalogue, kind, op->value))
		return true;
	return refuse_value(
	    op, call_text(c, "\"%.60s\" is not a targeting value of %s", op->value, op->type_name));
}

static bool check_fixed(struct call *c, struct operation *op)
{
	size_t n;
	const struct type_enum_value *v = type_enum_values(op->type, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].value, op->value) == 0)
			return true;
	refuse_value(
	    op, call_text(c, "Expected enum, got \"%.60s\" for targeting_value", op->value));
	op->error.details = "invalid enum";
	return false;
}

static bool check_keyword(struct operation *op)
{
	for (const char *p = op->value; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return refuse(op, 400, "ILLEGAL_CHARACTERS", "targeting_value",
			    "The keyword contains illegal characters");
	return true;
}

static bool check_app_list(struct call *c, struct operation *op)
{
	struct entity e;

	if (entity_of_account(c, ENTITY_APP_LIST, op->value, false, &e))
		return true;
	return refuse_as_call(c, op);
}

static bool check_value(struct call *c, struct operation *op)
{
	switch (op->type) {
	case TYPE_BROAD_KEYWORD:
	case TYPE_PHRASE_KEYWORD:
	case TYPE_EXACT_KEYWORD:
	case TYPE_UNORDERED_KEYWORD:
		return check_keyword(op);
	case TYPE_LOCATION:
		return check_place(c, op);
	case TYPE_INTEREST:
		return check_listed(c, op, OPTION_INTEREST);
	case TYPE_CONVERSATION:
		return check_listed(c, op, OPTION_CONVERSATION);
	case TYPE_LANGUAGE:
		return check_listed(c, op, OPTION_LANGUAGE);
	case TYPE_DEVICE:
		return check_listed(c, op, OPTION_DEVICE);
	case TYPE_PLATFORM:
		return check_listed(c, op, OPTION_PLATFORM);
	case TYPE_PLATFORM_VERSION:
		return check_listed(c, op, OPTION_PLATFORM_VERSION);
	case TYPE_NETWORK_OPERATOR:
		return check_listed(c, op, OPTION_NETWORK_OPERATOR);
	case TYPE_APP_STORE_CATEGORY:
	case TYPE_APP_STORE_CATEGORY_LOOKALIKE:
		return check_listed(c, op, OPTION_APP_STORE_CATEGORY);
	case TYPE_EVENT:
		return check_listed(c, op, OPTION_EVENT);
	case TYPE_TV_SHOW:
		return catalogue_show(c->sb->catalogue, op->value) ||
		       refuse_value(op, "The TV show was not found");
	case TYPE_CUSTOM_AUDIENCE:
	case TYPE_CUSTOM_AUDIENCE_EXPANDED:
		return check_audience(c, op);
	case TYPE_CAMPAIGN_ENGAGEMENT:
	case TYPE_CAMPAIGN_ENGAGEMENT_LOOKALIKE:
		return check_campaign(c, op);
	case TYPE_FOLLOWERS_OF_USER:
	case TYPE_USER_ENGAGEMENT:
	case TYPE_USER_ENGAGEMENT_LOOKALIKE:
		return check_user(c, op);
	case TYPE_SIMILAR_TO_FOLLOWERS_OF_USER:
		return is_digits(op->value, 19) ||
		       refuse(op, 400, "INVALID_USER_ID", "targeting_value", "Expected a user id");
	case TYPE_NETWORK_ACTIVATION_DURATION:
		return (is_digits(op->value, 3) && *op->value != '0') ||
		       refuse_value(op, "Expected a number of months for targeting_value");
	case TYPE_APP_LIST:
		return check_app_list(c, op);
	case TYPE_IAB_CATEGORY:
		return content_is_iab(op->value) || refuse(op, 404, "INVALID_IAB_CATEGORY",
							"targeting_value", "Unknown IAB category");
	case TYPE_CONTENT_PUBLISHER_USER:
		return is_digits(op->value, 19) ||
		       refuse(op, 400, "INVALID_USER_ID", "targeting_value", "Expected a user id");
	case TYPE_AGE:
	case TYPE_GENDER:
	case TYPE_ENGAGEMENT_TYPE:
	case TYPE_WIFI_ONLY:
		return check_fixed(c, op);
	default:
		return true;
	}
}

/* Feature keys of reference 2.8 that guard a targeting type. */
static const char *feature_of(enum targeting_type type)
{
	switch (type) {
	case TYPE_EVENT:
		return "EVENT_TARGETING";
	case TYPE_APP_STORE_CATEGORY:
	case TYPE_APP_STORE_CATEGORY_LOOKALIKE:
		return "INSTALLED_APP_CATEGORY_TARGETING";
	case TYPE_AGE:
		return "AGE_TARGETING";
	case TYPE_CAMPAIGN_ENGAGEMENT:
	case TYPE_USER_ENGAGEMENT:
		return "ENGAGER_RETARGETING";
	default:
		return NULL;
	}
}

static bool check_type(struct call *c, struct operation *op, bool is_batch)
{
	const char *feature;

	/* one sample of the documents spells it so (reference 2.7.1) */
	if (strcmp(op->type_name, "CONTENT_PUBLISHER_ID") == 0)
		op->type_name = "CONTENT_PUBLISHER_USER";
	op->type = type_by_name(op->type_name);
	op->op = op_by_name(op->op_name);
	if (op->type == TYPE_UNKNOWN) {
		refuse(op, 400, "INVALID_PARAMETER", "targeting_type",
		    call_text(c, "Expected enum, got \"%.60s\" for targeting_type", op->type_name));
		op->error.value = op->type_name;
		op->error.details = "invalid enum";
		return false;
	}
	if (type_info(op->type)->class == CLASS_LEGACY)
		return refuse(op, 400, "INVALID_TARGETING_TYPE", "targeting_type",
		    "This targeting type is no longer supported");
	if ((op->type == TYPE_IAB_CATEGORY || op->type == TYPE_CONTENT_PUBLISHER_USER) && !is_batch)
		return refuse(op, 400, "INVALID_TARGETING_TYPE", "targeting_type",
		    "This targeting type is only accepted by the batch endpoint");
	if (op->op == OP_OTHER || !type_allows(op->type, op->op)) {
		refuse(op, 400, "INVALID_PARAMETER", "operator_type",
		    call_text(c,
			op->op == OP_OTHER ? "Expected enum, got \"%.60s\" for operator_type"
					   : "\"%.60s\" is not an operator of this targeting type",
			op->op_name));
		op->error.value = op->op_name;
		return false;
	}
	feature = feature_of(op->type);
	if (feature && !has_feature(c, feature))
		return refuse(op, 400, "FEATURE_NOT_AVAILABLE", "targeting_type",
		    call_text(c, "The account does not have the feature %s", feature));
	return true;
}

/* The documents call operator_type required, yet their own examples (and SDKs) leave it out. The
 * live API was seen to accept a LOCATION without it and to refuse a LANGUAGE (rule R2); since
 * version 8 audiences need it; where EQ is no operator of the type nothing can be assumed. */
static bool assume_operator(struct call *c, struct operation *op)
{
	enum targeting_type type = type_by_name(op->type_name);

	if (op->op_name && *op->op_name)
		return true;
	if (c->sb->opt.require_operator || type == TYPE_LANGUAGE || type == TYPE_CUSTOM_AUDIENCE ||
	    type == TYPE_CUSTOM_AUDIENCE_EXPANDED ||
	    (type != TYPE_UNKNOWN && !type_allows(type, OP_EQ)))
		return refuse(op, 400, "MISSING_PARAMETER", "operator_type",
		    "\"operator_type\" is a required parameter");
	op->op_name = "EQ";
	return true;
}

static bool check_create(struct call *c, struct operation *op, bool is_batch)
{
	static const char *const names[] = {"line_item_id", "targeting_type", "targeting_value"};
	const char *const values[] = {op->line_item_id, op->type_name, op->value};

	for (size_t i = 0; i < 3; i++)
		if (!values[i] || !*values[i])
			return refuse(op, 400, "MISSING_PARAMETER", names[i],
			    call_text(c, "\"%s\" is a required parameter", names[i]));
	if (!assume_operator(c, op))
		return false;
	if (!id_is_legal(op->line_item_id))
		return refuse(op, 404, "INVALID_ID_ILLEGAL_CHARACTERS", "line_item_id",
		    "The id contains illegal characters");
	if (!entity_of_account(c, ENTITY_LINE_ITEM, op->line_item_id, false, &op->line_item))
		return refuse_as_call(c, op);
	return check_type(c, op, is_batch) && check_value(c, op);
}

static bool check_delete(struct call *c, struct operations *ops, size_t i)
{
	struct operation *op = &ops->v[i];
	struct db *db = &c->sb->db;
	const char *line_item = NULL;
	uint64_t seq;
	sqlite3_stmt *q;

	if (!op->criterion_id || !*op->criterion_id)
		return refuse(op, 400, "MISSING_PARAMETER", "targeting_criterion_id",
		    "\"targeting_criterion_id\" is a required parameter");
	if (!id_is_legal(op->criterion_id))
		return refuse(op, 404, "INVALID_ID_ILLEGAL_CHARACTERS", "targeting_criterion_id",
		    "The id contains illegal characters");
	if (base36_read(op->criterion_id, &seq)) {
		q = db_query(db,
		    "SELECT e.id, c.type, c.op, c.value FROM criterion c JOIN entity e ON e.row = "
		    "c.li"
		    " WHERE c.seq = ? AND c.deleted = 0 AND e.account = ? AND e.deleted = 0",
		    "it", (int64_t)seq, c->account);
		if (db_step(db, q)) {
			line_item = db_column(c->a, q, 0);
			op->type_name = db_column(c->a, q, 1);
			op->op_name = db_column(c->a, q, 2);
			op->value = db_column(c->a, q, 3);
		}
		sqlite3_reset(q);
	}
	for (size_t k = 0; k < i && line_item; k++)
		if (ops->v[k].removes && ops->v[k].seq == (int64_t)seq)
			line_item = NULL;
	if (!line_item) {
		refuse(op, 404, "TARGETING_CRITERION_NOT_FOUND", "targeting_criterion_id",
		    call_text(c, "Targeting criterion \"%.64s\" was not found", op->criterion_id));
		op->error.value = op->criterion_id;
		return false;
	}
	op->line_item_id = line_item;
	op->seq = (int64_t)seq;
	op->type = type_by_name(op->type_name);
	op->op = op_by_name(op->op_name);
	return entity_find(c, ENTITY_LINE_ITEM, line_item, &op->line_item);
}

/* --- the state they would leave --- */

static const char *place_country(void *user, const char *place)
{
	struct call *c = user;
	const struct option_row *row = catalogue_find(c->sb->catalogue, OPTION_LOCATION, place);

	return row ? row->country : NULL;
}

static const char *show_country(void *user, const char *show)
{
	struct call *c = user;
	const struct option_row *row = catalogue_show(c->sb->catalogue, show);

	return row ? row->country + 3 : NULL; /* "en-US" */
}

static const char *device_os(void *user, const char *device)
{
	struct call *c = user;
	const struct option_row *row = catalogue_find(c->sb->catalogue, OPTION_DEVICE, device);

	return row ? row->kind : NULL;
}

static const char *joined(struct call *c, const struct json *list)
{
	struct buf b;
	const char *out;

	buf_init(&b, 1u << 16);
	for (const struct json *v = list ? list->child : NULL; v; v = v->next) {
		if (b.len)
			buf_addc(&b, ',');
		buf_adds(&b, v->text ? v->text : "");
	}
	out = arena_strdup(c->a, buf_str(&b));
	buf_done(&b);
	return out;
}

struct final_state {
	struct rule_item *items;
	int64_t *seqs; /* 0 for one that an operation adds */
	size_t n;
};

static struct final_state final_state_of(
    struct call *c, const struct operations *ops, const struct entity *li)
{
	struct db *db = &c->sb->db;
	size_t existing = (size_t)db_number(
	    db, "SELECT count(*) FROM criterion WHERE li = ? AND deleted = 0", "i", li->row);
	struct final_state s = {
	    .items = arena_alloc(c->a, (existing + ops->n + 1) * sizeof *s.items),
	    .seqs = arena_alloc(c->a, (existing + ops->n + 1) * sizeof *s.seqs)};
	sqlite3_stmt *q;

	if (!s.items || !s.seqs)
		abort();
	q = db_query(db, "SELECT seq, type, op, value FROM criterion WHERE li = ? AND deleted = 0",
	    "i", li->row);
	while (db_step(db, q)) {
		s.seqs[s.n] = sqlite3_column_int64(q, 0);
		s.items[s.n++] = (struct rule_item){
		    .type = type_by_name((const char *)sqlite3_column_text(q, 1)),
		    .op = op_by_name((const char *)sqlite3_column_text(q, 2)),
		    .value = db_column(c->a, q, 3),
		    .operation = -1};
	}
	for (size_t i = 0; i < ops->n; i++) {
		const struct operation *op = &ops->v[i];

		if (op->line_item.row != li->row)
			continue;
		if (!op->removes)
			s.items[s.n++] = (struct rule_item){.type = op->type,
			    .op = op->op,
			    .value = op->value,
			    .operation = (int)i};
		for (size_t k = 0; op->removes && k < existing; k++) {
			if (s.seqs[k] == op->seq) {
				s.items[k].gone = true;
				s.items[k].operation = (int)i;
			}
		}
	}
	return s;
}

/* Rule R30: the documents do not say what a duplicate does. */
static void judge_duplicates(struct call *c, struct operations *ops, struct final_state *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct rule_item *it = &s->items[i];

		for (size_t k = 0; k < i && it->operation >= 0 && !it->gone; k++) {
			const struct rule_item *old = &s->items[k];
			struct operation *op = &ops->v[it->operation];

			if (old->gone || old->type != it->type || old->op != it->op ||
			    strcmp(old->value, it->value) != 0)
				continue;
			if (c->sb->opt.duplicates == DUP_REJECT)
				refuse(op, 400, "INVALID_PARAMETER", "targeting_value",
				    "The line item already has this targeting criterion");
			else if (s->seqs[k])
				op->seq = s->seqs[k];
			else
				op->seq =
				    -1 - old->operation; /* merges with that operation's row */
			it->gone = c->sb->opt.duplicates == DUP_MERGE;
		}
	}
}

static void judge_line_item(struct call *c, struct operations *ops, const struct entity *li)
{
	struct final_state s = final_state_of(c, ops, li);
	const char *product = json_text(li->body, "product_type");
	struct rule_finding found[16];
	struct rule_line line;
	size_t n;

	if (c->sb->opt.duplicates != DUP_ALLOW)
		judge_duplicates(c, ops, &s);
	line = (struct rule_line){.items = s.items,
	    .n = s.n,
	    .placements = joined(c, json_get(li->body, "placements")),
	    .product_type = product ? product : "",
	    .has_curated_category = db_number(&c->sb->db,
		"SELECT count(*) FROM entity WHERE kind = ? AND parent = ? AND deleted = 0", "it",
		(int64_t)ENTITY_CURATED, li->id),
	    .place_country = place_country,
	    .show_country = show_country,
	    .device_os = device_os,
	    .iab_is_covered = content_iab_is_covered,
	    .user = c};
	n = rules_judge(&line, found, sizeof found / sizeof *found);
	for (size_t i = 0; i < n; i++) {
		struct operation *op = &ops->v[found[i].operation];

		if (op->error.code)
			continue;
		refuse(op, 400, found[i].code, found[i].field, found[i].message);
		op->error.value = found[i].value;
		if (found[i].field_is_attribute) {
			op->error.attribute = op->error.parameter;
			op->error.parameter = NULL;
		}
	}
}

static bool judge(struct call *c, struct operations *ops)
{
	bool ok = true;

	for (size_t i = 0; i < ops->n; i++) {
		bool first = true;

		for (size_t k = 0; k < i; k++)
			first &= ops->v[k].line_item.row != ops->v[i].line_item.row;
		if (first && ops->v[i].line_item.row)
			judge_line_item(c, ops, &ops->v[i].line_item);
	}
	for (size_t i = 0; i < ops->n; i++)
		ok &= !ops->v[i].error.code;
	return ok;
}

/* --- doing it --- */

static void add_history(struct call *c, const struct operation *op)
{
	struct buf body;
	char id[14];

	buf_init(&body, 1u << 20);
	criterion_write_seq(c, op->seq, NULL, &body);
	base36_write((uint64_t)op->seq, id);
	db_run(&c->sb->db,
	    "INSERT INTO history(account, kind, id, at, user, change, body)"
	    " VALUES(?, 'TARGETING_CRITERIA', ?, ?, ?, ?, ?)",
	    "ttittt", c->account, id, sandbox_now_s(c->sb), c->user,
	    op->removes ? "DELETE" : "CREATE", buf_str(&body));
	buf_done(&body);
}

/* What the doubles oracle counts: one row for every Create that went through. */
static void add_committed(struct call *c, const struct operation *op)
{
	db_run(&c->sb->db, "INSERT INTO committed(key, seq) VALUES(?, ?)", "ti",
	    call_text(c, "%s %s %s %s", op->line_item_id, op->type_name, op->op_name, op->value),
	    (int64_t)c->seq);
}

static void perform(struct call *c, struct operations *ops, size_t i)
{
	struct operation *op = &ops->v[i];
	struct criterion_extra extra = {.op = op->op_name,
	    .created_s = sandbox_now_s(c->sb),
	    .born_ms = sandbox_mono_ms(c->sb)};

	if (op->removes) {
		criterion_remove(c, op->seq);
	} else if (op->seq) { /* a duplicate that is merged into what is there */
		if (op->seq < 0)
			op->seq = ops->v[-1 - op->seq].seq;
		return;
	} else {
		extra.name = criterion_name(c, op->type, op->value, &extra.place);
		op->seq = criterion_insert(
		    &c->sb->db, op->line_item.row, op->type_name, op->value, &extra);
		add_committed(c, op);
	}
	add_history(c, op);
	c->committed = true;
}

bool criteria_apply(struct call *c, struct operations *ops)
{
	bool ok = true;

	for (size_t i = 0; i < ops->n; i++) {
		struct operation *op = &ops->v[i];

		if (op->error.code)
			ok = false;
		else
			ok &= op->removes ? check_delete(c, ops, i)
					  : check_create(c, op, ops->is_batch);
	}
	if (!ok || !judge(c, ops))
		return false;
	for (size_t i = 0; i < ops->n; i++) {
		if (c->partial >= 0 && (int64_t)i >= c->partial)
			break;
		perform(c, ops, i);
	}
	return true;
}
