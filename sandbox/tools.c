/* Suggestions, keyword insights, account history (reference 6.2 to 6.4). */
#include <string.h>
#include "base/map.h"
#include "sandbox/catalogue.h"
#include "sandbox/entity.h"
#include "sandbox/route.h"
#include "sandbox/sandbox.h"

#define SUGGESTIONS 30
#define DAY_S 86400
#define HOUR_S 3600

static bool is_number(const char *s)
{
	return *s && strspn(s, "0123456789") == strlen(s);
}

/* --- suggestions --- */

static bool is_ignored(struct call *c, const char *value)
{
	const struct arg *ignored = args_find(&c->args, "ignored_values");

	for (size_t i = 0; ignored && i < ignored->n; i++)
		if (strcmp(ignored->list[i], value) == 0)
			return true;
	return false;
}

static const char *suggestion(struct call *c, const char *seed, bool keyword, size_t i)
{
	static const char *const around[] = {"best %s", "%s ideas", "%s near me", "cheap %s",
	    "%s online", "modern %s", "%s reviews", "vintage %s", "buy %s", "%s 2026", "small %s",
	    "%s design", "%s sale", "luxury %s", "%s delivery"};
	const char *pattern = around[i % (sizeof around / sizeof *around)];
	const char *gap = strchr(pattern, '%');

	if (!keyword)
		return call_text(c, "%llu",
		    (unsigned long long)(catalogue_mix(map_hash(seed) + i) % 2000000000u + 10000));
	return call_text(c, "%.*s%s%s", (int)(gap - pattern), pattern, seed, gap + 2);
}

void on_targeting_suggestions(struct call *c)
{
	bool keyword = strcmp(args_text(&c->args, "suggestion_type"), "KEYWORD") == 0;
	const struct arg *seeds = args_find(&c->args, "targeting_values");
	size_t count = (size_t)args_num(&c->args, "count", SUGGESTIONS), n = 0;

	for (size_t i = 0; i < seeds->n; i++) {
		if (!*seeds->list[i] || (!keyword && !is_number(seeds->list[i]))) {
			call_fail_at(c, "INVALID_PARAMETER", "targeting_values", seeds->list[i],
			    "Expected %s in targeting_values", keyword ? "keywords" : "user ids");
			return;
		}
	}
	json_open(&c->data, '[');
	for (size_t round = 0; n < count && round < 15; round++) {
		for (size_t i = 0; i < seeds->n && n < count; i++) {
			const char *value = suggestion(c, seeds->list[i], keyword, round);

			if (is_ignored(c, value))
				continue;
			json_open(&c->data, '{');
			json_put_str(&c->data, "suggestion_type", keyword ? "KEYWORD" : "USER_ID");
			json_put_str(&c->data, "suggestion_value", value);
			json_close(&c->data, '}');
			n++;
		}
	}
	json_close(&c->data, ']');
}

/* --- keyword insights --- */

static bool insights_are_good(struct call *c, int64_t start, int64_t end)
{
	const struct arg *words = args_find(&c->args, "keywords");
	const struct arg *without = args_find(&c->args, "negative_keywords");
	const char *place = args_text(&c->args, "location");
	const struct option_row *row =
	    place ? catalogue_find(c->sb->catalogue, OPTION_LOCATION, place) : NULL;

	if (words->n + (without ? without->n : 0) > 10) {
		call_fail_at(c, "INVALID_PARAMETER", "keywords", NULL,
		    "At most 10 keywords, negative ones included");
		return false;
	}
	if (end <= start || end - start > 7 * DAY_S) {
		call_fail_at(c, "INVALID_TIME_WINDOW", "end_time", NULL,
		    "The window must be longer than nothing and at most 7 days");
		return false;
	}
	if (place && (!row || strcmp(row->kind, "COUNTRIES") != 0)) {
		call_fail_at(c, "INVALID_PARAMETER", "location", place,
		    "Expected the place id of a country");
		return false;
	}
	return true;
}

void on_keyword_insights(struct call *c)
{
	const struct arg *words = args_find(&c->args, "keywords");
	bool by_day = strcmp(args_text(&c->args, "granularity"), "DAY") == 0;
	int64_t start = args_num(&c->args, "start_time", 0);
	int64_t end = args_num(&c->args, "end_time", sandbox_now_s(c->sb));

	if (!insights_are_good(c, start, end))
		return;
	json_open(&c->data, '{');
	json_key(&c->data, "related_keywords");
	json_open(&c->data, '[');
	for (size_t i = 0; i < SUGGESTIONS; i++)
		json_str(&c->data, suggestion(c, words->list[i % words->n], true, i));
	json_close(&c->data, ']');
	json_key(&c->data, "tweet_volume");
	json_open(&c->data, '[');
	for (int64_t at = start; at < end; at += by_day ? DAY_S : HOUR_S) {
		int64_t volume = 0;

		for (size_t i = 0; i < words->n; i++)
			volume += (int64_t)(catalogue_mix(map_hash(words->list[i]) + (uint64_t)at) %
					    (by_day ? 48000 : 2000));
		json_int(&c->data, volume);
	}
	json_close(&c->data, ']');
	json_close(&c->data, '}');
}

/* --- history --- */

/* Members that differ between two states, as {"member": [before, after]}; the real layout is not
 * documented. */
static void write_changes(struct call *c, const char *before, const char *after)
{
	const struct json *a = before ? body_parse(c->a, before) : NULL;
	const struct json *b = body_parse(c->a, after);

	json_key(&c->data, "changes");
	json_open(&c->data, '{');
	for (const struct json *m = a ? b->child : NULL; m; m = m->next) {
		const struct json *old = json_get(a, m->key);
		struct buf x, y;

		buf_init(&x, 1u << 20);
		buf_init(&y, 1u << 20);
		json_value(&y, m);
		if (old)
			json_value(&x, old);
		if (old && strcmp(buf_str(&x), buf_str(&y)) != 0 &&
		    strcmp(m->key, "updated_at") != 0) {
			json_key(&c->data, m->key);
			json_open(&c->data, '[');
			json_raw(&c->data, x.p, x.len);
			json_raw(&c->data, y.p, y.len);
			json_close(&c->data, ']');
		}
		buf_done(&x);
		buf_done(&y);
	}
	json_close(&c->data, '}');
}

static void write_history(struct call *c, sqlite3_stmt *q)
{
	struct buf *out = &c->data;

	json_open(out, '{');
	json_put_str(out, "change_type", (const char *)sqlite3_column_text(q, 1));
	json_put_time(out, "change_time", sqlite3_column_int64(q, 2));
	json_put_str(out, "entity", args_text(&c->args, "entity_type"));
	json_put_str(out, "entity_id", (const char *)sqlite3_column_text(q, 3));
	json_key(out, "change_by");
	json_open(out, '{');
	json_put_str(out, "user_id", (const char *)sqlite3_column_text(q, 4));
	json_put_str(out, "platform", "API_OTHER");
	json_close(out, '}');
	write_changes(
	    c, (const char *)sqlite3_column_text(q, 5), (const char *)sqlite3_column_text(q, 6));
	json_key(out, "entity_data");
	json_raw(out, (const char *)sqlite3_column_text(q, 6), (size_t)sqlite3_column_bytes(q, 6));
	json_close(out, '}');
}

void on_account_history(struct call *c)
{
	struct db *db = &c->sb->db;
	int64_t start = args_num(&c->args, "start_time", 0),
		end = args_num(&c->args, "end_time", 0);
	struct cursor from;
	size_t count, n = 0;
	int64_t last = 0;
	sqlite3_stmt *q;

	if (start % HOUR_S || end % HOUR_S) {
		call_fail_at(c, "INVALID_PARAMETER", start % HOUR_S ? "start_time" : "end_time",
		    NULL, "Times must be whole hours");
		return;
	}
	if (!call_page_begin(c, &from, &count))
		return;
	q = db_query(db,
	    "SELECT row, change, at, id, user, before, body FROM history WHERE account = ?1 AND"
	    " kind = ?2 AND id = lower(?3) AND at >= ?4 AND at < ?5 AND row > ?6 AND"
	    " (?7 IS NULL OR user = ?7) ORDER BY row",
	    "tttiiit", c->account, args_text(&c->args, "entity_type"),
	    args_text(&c->args, "entity_id"), start, end, (int64_t)from.a,
	    args_text(&c->args, "user_id"));
	json_open(&c->data, '[');
	while (db_step(db, q)) {
		if (n++ == count) {
			call_page_next(c, (struct cursor){.a = (uint64_t)last});
			sqlite3_reset(q);
			break;
		}
		last = sqlite3_column_int64(q, 0);
		write_history(c, q);
	}
	json_close(&c->data, ']');
}
