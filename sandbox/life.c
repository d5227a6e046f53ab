#include "sandbox/life.h"

#include <stdlib.h>
#include <string.h>
#include "base/map.h"
#include "sandbox/entity.h"
#include "sandbox/sandbox.h"

static void queue(struct call *c, const char *audience, const char *users, bool removes,
    int64_t expires_s, int64_t unnamed)
{
	db_run(&c->sb->db,
	    "INSERT INTO upload(audience, due, removes, expires, users, unnamed)"
	    " VALUES(?, ?, ?, ?, ?, ?)",
	    "tiiiti", audience, sandbox_life_s(c->sb) + LIFE_RUN_S, (int64_t)removes, expires_s,
	    users, unnamed);
}

void life_expect(struct call *c, const char *audience, int64_t unnamed)
{
	queue(c, audience, "[]", false, 0, unnamed);
}

void life_upload(
    struct call *c, const char *audience, const struct json *users, bool removes, int64_t expires_s)
{
	struct buf text;

	buf_init(&text, 64u << 20);
	json_value(&text, users);
	queue(c, audience, buf_str(&text), removes, expires_s, 0);
	buf_done(&text);
}

/* --- one upload --- */

static int64_t person_of(struct call *c, const char *audience, const char *key)
{
	return db_number(&c->sb->db, "SELECT person FROM member WHERE audience = ? AND key = ?",
	    "tt", audience, key);
}

/* Each key of a user object as "email:<hash>". */
static void each_key(struct call *c, const struct json *user,
    void (*run)(struct call *, const char *audience, const char *key, int64_t *person),
    const char *audience, int64_t *person)
{
	for (const struct json *list = user->child; list; list = list->next)
		for (const struct json *v = list->child; v; v = v->next)
			if (v->text)
				run(c, audience, call_text(c, "%s:%s", list->key, v->text), person);
}

static void know(struct call *c, const char *audience, const char *key, int64_t *person)
{
	if (!*person)
		*person = person_of(c, audience, key);
}

static void note_name(struct call *c, const char *audience, const char *key, int64_t *person)
{
	(void)c;
	(void)audience;
	if (!*person) /* stable, so that the same person is matched in every run */
		*person = (int64_t)(map_hash(key) >> 1);
}

static void add_key(struct call *c, const char *audience, const char *key, int64_t *person)
{
	db_run(&c->sb->db, "INSERT OR REPLACE INTO member VALUES(?, ?, ?, 0)", "tti", audience, key,
	    *person);
}

/* Whoever was uploaded with any of the keys goes, with all of his keys (reference 7.3). */
static void forget(struct call *c, const char *audience, const char *key, int64_t *person)
{
	*person = person_of(c, audience, key);
	if (*person)
		db_run(&c->sb->db, "DELETE FROM member WHERE audience = ? AND person = ?", "ti",
		    audience, *person);
}

static void take_user(
    struct call *c, const char *audience, const struct json *user, bool removes, int64_t expires_s)
{
	int64_t person = 0;

	if (removes) {
		each_key(c, user, forget, audience, &person);
		return;
	}
	each_key(c, user, know, audience, &person);
	each_key(c, user, note_name, audience, &person);
	each_key(c, user, add_key, audience, &person);
	db_run(&c->sb->db, "UPDATE member SET expires = ? WHERE audience = ? AND person = ?", "iti",
	    expires_s, audience, person);
}

/* --- what follows for the audience --- */

static const char *base_name(struct call *c, const char *audience)
{
	return call_text(c, "base %s", audience);
}

/* The size that a seeded audience had before anything was uploaded to it. */
static int64_t base_size(struct call *c, const struct entity *e, int64_t unnamed)
{
	struct db *db = &c->sb->db;
	const char *name = base_name(c, e->id);
	int64_t base = db_number(
	    db, "SELECT coalesce((SELECT value FROM meta WHERE name = ?), -1)", "t", name);

	if (base < 0)
		base = json_number(e->body, "audience_size", 0);
	base += unnamed * LIFE_MATCH_PERCENT / 100;
	db_run(db, "INSERT OR REPLACE INTO meta VALUES(?, ?)", "ti", name, base);
	return base;
}

static int64_t matched(struct call *c, const char *audience)
{
	struct db *db = &c->sb->db;

	return db_number(db,
	    "SELECT count(DISTINCT person) FROM member WHERE audience = ? AND"
	    " (expires = 0 OR expires > ?) AND person % 100 < ?",
	    "tii", audience, sandbox_life_s(c->sb), (int64_t)LIFE_MATCH_PERCENT);
}

static void settle(struct call *c, const char *audience, int64_t unnamed)
{
	static const char *const small[] = {"TOO_SMALL"};
	enum entity_kind kind = ENTITY_AUDIENCE;
	const char *size_key = "audience_size";
	struct entity e;
	int64_t size;
	bool enough;

	if (!entity_find(c, kind, audience, &e)) {
		kind = ENTITY_DO_NOT_REACH;
		size_key = "list_size";
		if (!entity_find(c, kind, audience, &e))
			return;
	}
	size = base_size(c, &e, unnamed) + matched(c, audience);
	enough = size >= LIFE_TARGETABLE_MIN;
	body_set_bool(c->a, e.body, "targetable", enough);
	body_set_list(c->a, e.body, "reasons_not_targetable", small, enough ? 0 : 1);
	if (enough)
		body_set_int(c->a, e.body, size_key, size);
	else
		body_set_null(c->a, e.body, size_key);
	body_set_time(c->a, e.body, "updated_at", sandbox_now_s(c->sb));
	entity_save(&c->sb->db, kind, e.account, e.body);
}

static bool run_one(struct call *c)
{
	struct db *db = &c->sb->db;
	sqlite3_stmt *q = db_query(db,
	    "SELECT row, audience, removes, expires, users, unnamed FROM upload WHERE due <= ?"
	    " ORDER BY due, row LIMIT 1",
	    "i", sandbox_life_s(c->sb));
	int64_t row, expires, unnamed;
	const struct json *users;
	const char *audience;
	bool removes;

	if (!db_step(db, q))
		return false;
	row = sqlite3_column_int64(q, 0);
	audience = db_column(c->a, q, 1);
	removes = sqlite3_column_int(q, 2);
	expires = sqlite3_column_int64(q, 3);
	users = body_parse(c->a, db_column(c->a, q, 4));
	unnamed = sqlite3_column_int64(q, 5);
	sqlite3_reset(q);
	for (const struct json *u = users->child; u; u = u->next)
		take_user(c, audience, u, removes, expires);
	settle(c, audience, unnamed);
	db_run(db, "DELETE FROM upload WHERE row = ?", "i", row);
	return true;
}

void life_process(struct call *c)
{
	struct db *db = &c->sb->db;

	if (!db_number(
		db, "SELECT count(*) FROM upload WHERE due <= ?", "i", sandbox_life_s(c->sb)))
		return;
	db_begin(db);
	while (run_one(c))
		;
	db_commit(db);
}
