#include "api/decode.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"

enum { MAX_ID = 256 };

enum field_kind { ID, TEXT, LIST, TIME, MONEY, COUNT, FLAG };

struct field {
	const char *name;
	size_t name_len;
	size_t offset;
	enum field_kind kind;
};

enum record {
	OF_account,
	OF_access,
	OF_campaign,
	OF_line_item,
	OF_promotable_user,
	OF_criterion,
	OF_audience,
	OF_option,
	OF_usage, /* has no table: its rows are lists within lists */
};

struct row {
	enum record record;
	struct field field;
};

static const struct row rows[] = {
#define F(record, member, name, kind)                                                              \
	{OF_##record, {name, sizeof(name) - 1, offsetof(struct record, member), kind}},
#include "api/fields.def"
#undef F
};

struct decoder {
	struct arena *arena;
	const struct field
	    *fields[32]; /* of one record, in the order in which the API sends them */
	size_t n;
	/* what the members of the row before were, by their place: rows of a page look alike */
	struct seen_member {
		const char *key;
		size_t len;
		const struct field *field; /* NULL: one that is not in the table */
	} seen[48];
	const struct json_node *data, *row; /* row: the next one, NULL behind the last */
	char last_time[21]; /* rows of a page often share their times */
	int64_t last_value;
	bool nomem, lacking; /* lacking: what cannot be left out is not there */
};

static void use_fields(struct decoder *d, enum record r, struct arena *arena)
{
	d->arena = arena;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].record == r && d->n < sizeof d->fields / sizeof *d->fields)
			d->fields[d->n++] = &rows[i].field;
}

/* --- fields --- */

static const char *keep(struct decoder *d, const char *s, size_t n)
{
	const char *p = arena_strndup(d->arena, s, n);

	if (!p)
		d->nomem = true;
	return p;
}

static bool put_text(struct decoder *d, const char **out, const struct json_node *v)
{
	if (*out) /* an earlier name of the same member */
		return true;
	if (json_is_null(v))
		return true;
	if (!json_text(v))
		return false;
	*out = keep(d, v->text, v->len);
	return true;
}

static bool put_list(struct decoder *d, const char **out, const struct json_node *v)
{
	struct buf b;
	bool ok = true;

	if (json_is_null(v))
		return true;
	if (v->type != JSON_ARRAY)
		return put_text(d, out, v);
	buf_init(&b, SCAN_MAX_STRING);
	for (const struct json_node *m = json_first(v); m && ok; m = json_after(v, m)) {
		ok = json_text(m) != NULL;
		if (b.len)
			buf_addc(&b, ',');
		if (ok)
			buf_add(&b, m->text, m->len);
	}
	if (b.failed)
		d->nomem = true;
	else if (ok)
		*out = keep(d, buf_str(&b), b.len);
	buf_done(&b);
	return ok;
}

static bool put_int(int64_t *out, const struct json_node *v)
{
	return json_is_null(v) || json_int64(v, out);
}

static bool put_time(struct decoder *d, int64_t *out, const struct json_node *v)
{
	if (json_is_null(v))
		return true;
	if (!json_string(v))
		return false;
	/* an instant in another form is left out: better no time than a wrong one */
	*out = 0;
	if (v->len + 1 != sizeof d->last_time)
		return true;
	if (memcmp(d->last_time, v->text, v->len) != 0) {
		if (!clock_parse_utc(v->text, &d->last_value))
			return true;
		memcpy(d->last_time, v->text, v->len);
	}
	*out = d->last_value;
	return true;
}

static bool put_flag(bool *out, const struct json_node *v)
{
	const char *s = json_string(v);

	*out = v->type == JSON_TRUE || (s && strcmp(s, "true") == 0);
	return v->type == JSON_TRUE || v->type == JSON_FALSE || v->type == JSON_NULL ||
	       (s && (strcmp(s, "true") == 0 || strcmp(s, "false") == 0));
}

static bool put_field(
    struct decoder *d, void *record, const struct field *f, const struct json_node *v)
{
	char *at = (char *)record + f->offset;

	switch (f->kind) {
	case ID:
		return v->len > 0 && v->len <= MAX_ID && put_text(d, (const char **)(void *)at, v);
	case TEXT:
		return put_text(d, (const char **)(void *)at, v);
	case LIST:
		return put_list(d, (const char **)(void *)at, v);
	case TIME:
		return put_time(d, (int64_t *)(void *)at, v);
	case MONEY:
	case COUNT:
		return put_int((int64_t *)(void *)at, v);
	case FLAG:
		return put_flag((bool *)(void *)at, v);
	}
	return false;
}

/* The field of a member, the `place`-th of its row; NULL: none. */
static const struct field *field_of(struct decoder *d, const struct json_node *m, size_t place)
{
	struct seen_member other,
	    *seen = place < sizeof d->seen / sizeof *d->seen ? &d->seen[place] : &other;

	if (seen != &other && seen->key && seen->len == m->key_len &&
	    memcmp(seen->key, m->key, m->key_len) == 0)
		return seen->field;
	*seen = (struct seen_member){m->key, m->key_len, NULL};
	for (size_t k = 0; k < d->n && !seen->field; k++)
		if (d->fields[k]->name_len == m->key_len &&
		    memcmp(d->fields[k]->name, m->key, m->key_len) == 0)
			seen->field = d->fields[k];
	return seen->field;
}

/* Fill a zeroed record. false: the row cannot be used. */
static bool put_record(struct decoder *d, void *record, const struct json_node *object)
{
	size_t place = 0;

	if (object->type != JSON_OBJECT)
		return false;
	for (size_t i = 0; i < d->n; i++) {
		int64_t *number = (int64_t *)(void *)((char *)record + d->fields[i]->offset);

		if (d->fields[i]->kind == MONEY)
			*number = MONEY_NONE;
		else if (d->fields[i]->kind == COUNT)
			*number = -1;
	}
	for (const struct json_node *m = json_first(object); m; m = json_after(object, m)) {
		const struct field *f = field_of(d, m, place++);

		if (f && !put_field(d, record, f, m))
			return false;
	}
	for (size_t i = 0; i < d->n; i++)
		if (d->fields[i]->kind == ID &&
		    !*(const char **)(void *)((char *)record + d->fields[i]->offset))
			return false;
	return true;
}

/* --- what the table cannot say --- */

static bool finish_criterion(struct criterion *c, const struct json_node *object)
{
	const struct json_node *op = json_get(object, "operator_type");

	if (!c->value)
		return false;
	c->type = type_by_name(c->type_name);
	c->op = json_string(op) ? op_by_name(op->text) : OP_EQ;
	return json_is_null(op) || json_string(op);
}

static bool finish_audience(struct decoder *d, struct audience *a, const struct json_node *object)
{
	struct buf b;

	buf_init(&b, SCAN_MAX_STRING);
	if (json_print(&b, object))
		d->nomem = b.failed == ERR_NOMEM;
	else
		a->raw = keep(d, buf_str(&b), b.len);
	buf_done(&b);
	return true;
}

/* TV markets have a locale instead of a value, content categories an id; TV shows name their markets in a
 * list. */
static bool finish_option(struct decoder *d, struct option *o, const struct json_node *object)
{
	const struct json_node *market = json_first(json_get(object, "locales"));
	const char *locale = json_string(json_get(object, "locale"));
	const char *language = json_string(json_get(market, "language"));
	const char *country = json_string(json_get(market, "country"));
	char text[32];

	if (!o->value && !locale && json_get(object, "iab_categories"))
		locale = json_string(json_get(object, "id"));
	if (!o->value && locale)
		o->value = keep(d, locale, strlen(locale));
	if (!o->country && language && country) {
		int n = snprintf(text, sizeof text, "%s-%s", language, country);

		if (n > 0 && (size_t)n < sizeof text)
			o->country = keep(d, text, (size_t)n);
	}
	return o->value != NULL;
}

/* --- sets --- */

static const struct json_node *first_row(const struct json_node *data)
{
	return data->type == JSON_ARRAY ? json_first(data) : data;
}

static const struct json_node *next_row(const struct json_node *data, const struct json_node *row)
{
	return data->type == JSON_ARRAY ? json_after(data, row) : NULL;
}

#define DECODE_SET(record, member, finish)                                                         \
	static void decode_##record(struct decoder *d, struct api_result *res, size_t rows_left)   \
	{                                                                                          \
		struct record##_set *s = &res->member;                                             \
                                                                                                   \
		for (; d->row && rows_left; rows_left--, d->row = next_row(d->data, d->row)) {     \
			const struct json_node *o = d->row;                                        \
			struct record *r = record##_set_add(s);                                    \
                                                                                                   \
			if (!r)                                                                    \
				d->nomem = true;                                                   \
			if (d->nomem)                                                              \
				return;                                                            \
			if (!put_record(d, r, o) || !(finish)) {                                   \
				s->n--;                                                            \
				res->quarantined++;                                                \
			}                                                                          \
		}                                                                                  \
	}

DECODE_SET(account, accounts, true)
DECODE_SET(campaign, campaigns, true)
DECODE_SET(line_item, line_items, true)
DECODE_SET(promotable_user, promotable_users, true)
DECODE_SET(criterion, criteria, finish_criterion(r, o))
DECODE_SET(audience, audiences, finish_audience(d, r, o))
DECODE_SET(option, options, finish_option(d, r, o))

/* One usage for each line item of each campaign. */
static void decode_usage(struct decoder *d, struct api_result *res, size_t rows_left)
{
	struct usage_set *s = &res->usages;

	for (; d->row && rows_left && !d->nomem; rows_left--, d->row = next_row(d->data, d->row)) {
		const struct json_node *o = d->row;
		const struct json_node *list = json_get(o, "line_items");
		struct usage campaign = {0};

		if (!put_text(d, &campaign.campaign_id, json_get(o, "campaign_id")) ||
		    !put_text(d, &campaign.campaign_name, json_get(o, "campaign_name")))
			res->quarantined++;
		for (const struct json_node *m = json_first(list); m; m = json_after(list, m)) {
			struct usage u = campaign;
			const struct json_node *servable = json_get(m, "servable");

			if (!put_text(d, &u.line_item_id, json_get(m, "id")) || !u.line_item_id ||
			    !put_text(d, &u.line_item_name, json_get(m, "name"))) {
				res->quarantined++;
				continue;
			}
			u.servable = servable && servable->type == JSON_TRUE;
			if (s->n == s->cap) {
				size_t cap = s->cap ? s->cap * 2 : 16;
				struct usage *v = mem_realloc_array(s->v, cap, sizeof *v);

				if (!v) {
					d->nomem = true;
					return;
				}
				s->v = v;
				s->cap = cap;
			}
			s->v[s->n++] = u;
		}
	}
}

static bool decode_estimate(struct api_result *res, const struct json_node *data)
{
	const struct json_node *size = json_get(first_row(data), "audience_size");

	return json_int64(json_get(size, "min"), &res->estimate.min) &&
	       json_int64(json_get(size, "max"), &res->estimate.max) && res->estimate.min >= 0 &&
	       res->estimate.max >= res->estimate.min;
}

static bool decode_access(struct decoder *d, struct api_result *res, const struct json_node *data)
{
	const struct json_node *o = first_row(data);

	return o && put_record(d, &res->access.access, o) && res->access.access.permissions;
}

/* --- pages of any kind --- */

void usage_set_init(struct usage_set *s)
{
	*s = (struct usage_set){0};
	arena_init(&s->arena);
}

void usage_set_done(struct usage_set *s)
{
	arena_done(&s->arena);
	mem_free(s->v);
	*s = (struct usage_set){0};
}

/* The kinds that are sets: S(KIND, record, member, row key) */
#define SETS                                                                                       \
	S(ACCOUNTS, account, accounts, id)                                                         \
	S(CAMPAIGNS, campaign, campaigns, id)                                                      \
	S(LINE_ITEMS, line_item, line_items, id)                                                   \
	S(PROMOTABLE_USERS, promotable_user, promotable_users, id)                                 \
	S(CRITERIA, criterion, criteria, id)                                                       \
	S(OPTIONS, option, options, value)                                                         \
	S(AUDIENCES, audience, audiences, id)                                                      \
	S(USAGES, usage, usages, line_item_id)

void decode_init(struct api_result *res)
{
	switch (res->kind) {
#define S(KIND, record, member, key)                                                               \
	case API_##KIND:                                                                           \
		record##_set_init(&res->member);                                                   \
		break;
		SETS
#undef S
		    case API_ACCESS : res->access = (struct access_result){0};
		arena_init(&res->access.arena);
		break;
	case API_ESTIMATE:
		res->estimate = (struct estimate){0};
		break;
	default:
		break;
	}
}

/* What is no list is decoded here; of a list, where its first row is. */
static void begin(struct decoder *d, struct api_result *res, const struct json_node *data)
{
	d->data = data;
	switch (res->kind) {
#define S(KIND, record, member, key)                                                               \
	case API_##KIND:                                                                           \
		use_fields(d, OF_##record, &res->member.arena);                                    \
		d->row = first_row(data);                                                          \
		break;
		SETS
#undef S
		    case API_ACCESS : use_fields(d, OF_access, &res->access.arena);
		d->lacking = !decode_access(d, res, data);
		break;
	case API_ESTIMATE:
		d->lacking = !decode_estimate(res, data);
		break;
	case API_NONE:
	case API_RAW:
		break;
	}
}

bool decode_some(struct decoder *d, struct api_result *res, size_t rows_left)
{
	switch (res->kind) {
#define S(KIND, record, member, key)                                                               \
	case API_##KIND:                                                                           \
		decode_##record(d, res, rows_left);                                                \
		break;
		SETS
#undef S
		    default : break;
	}
	return !d->row || d->nomem;
}

static enum err end(const struct decoder *d, struct errinfo *ei)
{
	if (d->lacking)
		return err_set(ei, ERR_PROTOCOL, "the answer lacks what it should hold");
	return d->nomem ? err_set(ei, ERR_NOMEM, "out of memory") : ERR_OK;
}

static enum err check_data(const struct json_node *data, struct errinfo *ei)
{
	if (!data || (data->type != JSON_ARRAY && data->type != JSON_OBJECT))
		return err_set(ei, ERR_PROTOCOL, "the data of the answer is no list and no object");
	return ERR_OK;
}

enum err decode_page(struct api_result *res, const struct json_node *data, struct errinfo *ei)
{
	struct decoder d = {0};

	decode_init(res);
	if (check_data(data, ei))
		return ERR_PROTOCOL;
	begin(&d, res, data);
	decode_some(&d, res, SIZE_MAX);
	return end(&d, ei);
}

struct decoder *decode_begin(
    struct api_result *res, const struct json_node *data, struct errinfo *ei)
{
	struct decoder *d;

	decode_init(res);
	if (check_data(data, ei))
		return NULL;
	d = mem_zalloc(sizeof *d);
	if (d)
		begin(d, res, data);
	else
		err_set(ei, ERR_NOMEM, "out of memory");
	return d;
}

enum err decode_end(struct decoder *d, struct errinfo *ei)
{
	enum err err = d ? end(d, ei) : ERR_OK;

	mem_free(d);
	return err;
}

void decode_done(struct api_result *res)
{
	switch (res->kind) {
#define S(KIND, record, member, key)                                                               \
	case API_##KIND:                                                                           \
		record##_set_done(&res->member);                                                   \
		break;
		SETS
#undef S
		    case API_ACCESS : arena_done(&res->access.arena);
		break;
	default:
		break;
	}
}

size_t decode_rows(const struct api_result *res)
{
	switch (res->kind) {
#define S(KIND, record, member, key)                                                               \
	case API_##KIND:                                                                           \
		return res->member.n;
		SETS
#undef S
		    default : return 0;
	}
}

const char *decode_row_key(const struct api_result *res, size_t i)
{
	switch (res->kind) {
#define S(KIND, record, member, key)                                                               \
	case API_##KIND:                                                                           \
		return res->member.v[i].key;
		SETS
#undef S
		    default : return NULL;
	}
}

void decode_filter(struct api_result *res, const bool *keep_row)
{
	size_t n = 0;

	switch (res->kind) {
#define S(KIND, record, member, key)                                                               \
	case API_##KIND:                                                                           \
		for (size_t i = 0; i < res->member.n; i++)                                         \
			if (keep_row[i])                                                           \
				res->member.v[n++] = res->member.v[i];                             \
		res->member.n = n;                                                                 \
		break;
		SETS
#undef S
		    default : break;
	}
}
