#include "sandbox/control.h"

#include <openssl/evp.h>
#include <string.h>
#include "base/clock.h"
#include "sandbox/criterion.h"
#include "sandbox/entity.h"
#include "sandbox/sandbox.h"
#include "sandbox/scenario.h"

static const char prefix[] = "/__sandbox/";

bool control_is(const char *uri)
{
	return strncmp(uri, prefix, sizeof prefix - 1) == 0;
}

static void put_hex(struct buf *out, const char *key, const unsigned char *sum, unsigned n)
{
	char text[2 * EVP_MAX_MD_SIZE + 1];
	static const char hex[] = "0123456789abcdef";

	for (unsigned i = 0; i < n; i++) {
		text[2 * i] = hex[sum[i] >> 4];
		text[2 * i + 1] = hex[sum[i] & 15];
	}
	text[2 * n] = '\0';
	json_put_str(out, key, text);
}

/* --- edits --- */

static const char *edit_create(struct call *c, const struct json *v)
{
	struct criterion_extra x = {
	    .op = json_text(v, "operator_type"), .created_s = sandbox_now_s(c->sb)};
	const char *type = json_text(v, "targeting_type"), *value = json_text(v, "targeting_value");
	const char *line = json_text(v, "line_item_id");
	struct entity li;

	if (!type || !value || !line || !entity_find(c, ENTITY_LINE_ITEM, line, &li))
		return "create needs line_item_id, targeting_type and targeting_value";
	x.op = x.op ? x.op : "EQ";
	x.born_ms = sandbox_mono_ms(c->sb);
	x.name = criterion_name(c, type_by_name(type), value, &x.place);
	criterion_insert(&c->sb->db, li.row, type, value, &x);
	return NULL;
}

static const char *edit_delete(struct call *c, const struct json *v)
{
	uint64_t seq;

	if (!v->text || !base36_read(v->text, &seq))
		return "delete needs the id of a criterion";
	criterion_remove(c, (int64_t)seq);
	return NULL;
}

/* {"kind": "line_item", "id": "7k2aa", "fields": {"entity_status": "PAUSED"}} */
static const char *edit_update(struct call *c, const struct json *v)
{
	const char *kind = json_text(v, "kind"), *id = json_text(v, "id");
	const struct json *fields = json_get(v, "fields");
	enum entity_kind k = ENTITY_LINE_ITEM;
	struct entity e;

	if (kind && strcmp(kind, "campaign") == 0)
		k = ENTITY_CAMPAIGN;
	else if (kind && strcmp(kind, "custom_audience") == 0)
		k = ENTITY_AUDIENCE;
	else if (kind && strcmp(kind, "account") == 0)
		k = ENTITY_ACCOUNT;
	if (!id || !fields || !entity_find(c, k, id, &e))
		return "update needs kind, the id of an existing entity, and fields";
	for (const struct json *f = fields->child; f; f = f->next) {
		struct buf text;

		/* copy through text: the value may belong to the fault plan */
		buf_init(&text, 1u << 20);
		json_value(&text, f);
		body_set_null(c->a, e.body, f->key);
		for (struct json *m = e.body->child; m; m = m->next) {
			struct json *next = m->next;

			if (strcmp(m->key, f->key) != 0)
				continue;
			*m = *body_parse(c->a, buf_str(&text));
			m->key = f->key;
			m->next = next;
		}
		buf_done(&text);
	}
	body_set_time(c->a, e.body, "updated_at", sandbox_now_s(c->sb));
	entity_save(&c->sb->db, k, e.account, e.body);
	return NULL;
}

static const char *edit_access(struct call *c, const struct json *v)
{
	const char *account = json_text(v, "account_id"),
		   *permissions = json_text(v, "permissions");

	if (!account || !permissions)
		return "access needs account_id and permissions";
	db_run(&c->sb->db, "INSERT OR REPLACE INTO access VALUES(?, ?, ?)", "ttt",
	    json_text(v, "user_id") ? json_text(v, "user_id") : DEMO_USER, account, permissions);
	return NULL;
}

static const char *edit_token(struct call *c, const struct json *v)
{
	const char *state = json_text(v, "state"), *token = json_text(v, "token");

	if (!state)
		return "token needs state (ACCESS or REVOKED)";
	db_run(&c->sb->db, "UPDATE token SET state = ? WHERE token = ?", "tt", state,
	    token ? token : DEMO_TOKEN);
	return NULL;
}

const char *control_edit(struct call *c, const struct json *edit)
{
	static const struct {
		const char *key;
		const char *(*run)(struct call *, const struct json *);
	} kinds[] = {{"create", edit_create}, {"delete", edit_delete}, {"update", edit_update},
	    {"access", edit_access}, {"token", edit_token}};
	const char *why = "an edit is create, delete, update, access or token";

	if (edit && edit->kind == JSON_ARRAY) {
		why = NULL;
		for (const struct json *v = edit->child; v && !why; v = v->next)
			why = control_edit(c, v);
		return why;
	}
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (json_get(edit, kinds[i].key))
			return kinds[i].run(c, json_get(edit, kinds[i].key));
	return why;
}

/* --- what really happened --- */

static int64_t write_live_doubles(struct call *c)
{
	struct db *db = &c->sb->db;
	sqlite3_stmt *q = db_query(db,
	    "SELECT e.id, c.type, c.op, c.value, count(*) FROM criterion c"
	    " JOIN entity e ON e.row = c.li WHERE c.deleted = 0"
	    " GROUP BY c.li, c.type, c.op, c.value HAVING count(*) > 1",
	    "");
	int64_t n = 0;

	json_key(&c->out, "live");
	json_open(&c->out, '[');
	for (; db_step(db, q); n++) {
		json_open(&c->out, '{');
		json_put_str(&c->out, "line_item_id", (const char *)sqlite3_column_text(q, 0));
		json_put_str(&c->out, "targeting_type", (const char *)sqlite3_column_text(q, 1));
		json_put_str(&c->out, "operator_type", (const char *)sqlite3_column_text(q, 2));
		json_put_str(&c->out, "targeting_value", (const char *)sqlite3_column_text(q, 3));
		json_put_int(&c->out, "times", sqlite3_column_int64(q, 4));
		json_close(&c->out, '}');
	}
	json_close(&c->out, ']');
	return n;
}

/* Writes with the same target and the same body that went through more than once. */
static int64_t write_repeated_bodies(struct call *c)
{
	const struct ledger *l = &c->sb->ledger;
	int64_t n = 0;

	json_key(&c->out, "repeated_writes");
	json_open(&c->out, '[');
	for (size_t i = 0; i < l->n; i++) {
		for (size_t k = 0; k < i && l->v[i].committed; k++) {
			if (!l->v[k].committed || strcmp(l->v[k].target, l->v[i].target) != 0 ||
			    strcmp(l->v[k].method, l->v[i].method) != 0 ||
			    strcmp(l->v[k].body_sha256, l->v[i].body_sha256) != 0)
				continue;
			json_open(&c->out, '[');
			json_int(&c->out, l->v[k].seq);
			json_int(&c->out, l->v[i].seq);
			json_close(&c->out, ']');
			n++;
			break;
		}
	}
	json_close(&c->out, ']');
	return n;
}

static void write_created_again(struct call *c)
{
	struct db *db = &c->sb->db;
	sqlite3_stmt *q = db_query(
	    db, "SELECT key, count(*) FROM committed GROUP BY key HAVING count(*) > 1", "");

	/* not doubles by themselves: a criterion may be deleted and made again */
	json_key(&c->out, "created_more_than_once");
	json_open(&c->out, '[');
	while (db_step(db, q)) {
		json_open(&c->out, '{');
		json_put_str(&c->out, "key", (const char *)sqlite3_column_text(q, 0));
		json_put_int(&c->out, "times", sqlite3_column_int64(q, 1));
		json_close(&c->out, '}');
	}
	json_close(&c->out, ']');
}

static void answer_doubles(struct call *c)
{
	int64_t n;

	json_open(&c->out, '{');
	n = write_live_doubles(c);
	n += write_repeated_bodies(c);
	write_created_again(c);
	json_put_int(&c->out, "count", n);
	json_close(&c->out, '}');
}

/* SHA-256 over the live criteria, one a line, in order: equal exactly when the targeting is. */
static void answer_state_hash(struct call *c)
{
	struct db *db = &c->sb->db;
	sqlite3_stmt *q = db_query(db,
	    "SELECT e.id || ' ' || c.type || ' ' || c.op || ' ' || c.value || char(10) AS line"
	    " FROM criterion c JOIN entity e ON e.row = c.li WHERE c.deleted = 0 AND e.deleted = 0"
	    " ORDER BY line",
	    "");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	int64_t rows = 0;

	EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
	for (; db_step(db, q); rows++)
		EVP_DigestUpdate(
		    ctx, sqlite3_column_text(q, 0), (size_t)sqlite3_column_bytes(q, 0));
	EVP_DigestFinal_ex(ctx, sum, &n);
	EVP_MD_CTX_free(ctx);
	json_open(&c->out, '{');
	put_hex(&c->out, "sha256", sum, n);
	json_put_int(&c->out, "criteria", rows);
	json_close(&c->out, '}');
}

static void answer_ledger(struct call *c)
{
	const char *after = params_get(&c->params, "after");
	int64_t seq = 0;

	if (after)
		number_parse(after, &seq);
	json_open(&c->out, '{');
	json_key(&c->out, "requests");
	ledger_write(&c->sb->ledger, (uint32_t)seq, &c->out);
	json_close(&c->out, '}');
}

/* --- settings --- */

static void fail(struct call *c, const char *why)
{
	c->status = 400;
	buf_clear(&c->out);
	json_open(&c->out, '{');
	json_put_str(&c->out, "error", why);
	json_close(&c->out, '}');
}

static void ok(struct call *c)
{
	buf_adds(&c->out, "{\"ok\":true}");
}

static const struct json *read_body(struct call *c)
{
	const char *why = NULL;
	const struct json *v = json_parse(c->a, c->body, c->body_len, &why);

	if (!v)
		fail(c, why);
	return v;
}

static void set_faults(struct call *c)
{
	const char *append = params_get(&c->params, "append"), *why = NULL;

	if (!faults_load(&c->sb->faults, c->body, c->body_len, append != NULL, &why))
		fail(c, why);
	else
		faults_write(&c->sb->faults, &c->out);
}

static void answer_faults(struct call *c)
{
	faults_write(&c->sb->faults, &c->out);
}

static void clear_faults(struct call *c)
{
	faults_clear(&c->sb->faults);
	ok(c);
}

static void clear_ledger(struct call *c)
{
	ledger_clear(&c->sb->ledger);
	ok(c);
}

/* {"advance": seconds} moves the life cycle of audiences on, {"rate": n} makes its clock run n times
 * as fast, {"wall": seconds since 1970} sets the clock of the whole sandbox, {"step": ms} lets that time
 * pass at once: for lags and stalls, too. */
static void set_clock(struct call *c)
{
	struct sandbox *sb = c->sb;
	const struct json *v = read_body(c);

	if (!v)
		return;
	sb->life_base_s = sandbox_life_s(sb) + json_number(v, "advance", 0);
	sb->life_since_ms = sandbox_mono_ms(sb);
	sb->life_rate = json_number(v, "rate", sb->life_rate);
	sb->stepped_ms += json_number(v, "step", 0);
	if (json_get(v, "wall"))
		sb->clock_ahead_s =
		    json_number(v, "wall", 0) - clock_wall_s() - sb->stepped_ms / 1000;
	json_open(&c->out, '{');
	json_put_time(&c->out, "now", sandbox_now_s(sb));
	json_put_time(&c->out, "life", sandbox_life_s(sb));
	json_put_int(&c->out, "rate", sb->life_rate);
	json_close(&c->out, '}');
}

static void make_edit(struct call *c)
{
	const struct json *v = read_body(c);
	const char *why;

	if (!v)
		return;
	db_begin(&c->sb->db);
	why = control_edit(c, v);
	if (why) {
		db_rollback(&c->sb->db);
		fail(c, why);
	} else {
		db_commit(&c->sb->db);
		ok(c);
	}
}

/* {"name": limit}; every budget starts afresh */
static void set_rates(struct call *c)
{
	const struct json *v = read_body(c);

	for (const struct json *m = v ? v->child : NULL; m; m = m->next) {
		if (!m->key || !rates_set(&c->sb->rates, m->key, json_number(v, m->key, 0))) {
			fail(c, "no such rate bucket");
			return;
		}
	}
	if (!v)
		return;
	rates_reset(&c->sb->rates);
	c->sb->rates.off = false;
	ok(c);
}

/* "reject", "allow" or "merge" as {"mode": ...} */
static void set_duplicates(struct call *c)
{
	const struct json *v = read_body(c);
	const char *mode = json_text(v, "mode");

	if (!v)
		return;
	if (mode && strcmp(mode, "reject") == 0)
		c->sb->opt.duplicates = DUP_REJECT;
	else if (mode && strcmp(mode, "allow") == 0)
		c->sb->opt.duplicates = DUP_ALLOW;
	else if (mode && strcmp(mode, "merge") == 0)
		c->sb->opt.duplicates = DUP_MERGE;
	else
		fail(c, "mode is reject, allow or merge");
	if (!c->out.len)
		ok(c);
}

void control_answer(struct call *c)
{
	static const struct {
		const char *method, *name;
		call_fn *run;
		bool whole; /* looks at or changes criteria, so the bulk account must be complete */
	} table[] = {{"GET", "ledger", answer_ledger, false},
	    {"DELETE", "ledger", clear_ledger, false}, {"GET", "doubles", answer_doubles, true},
	    {"GET", "state_hash", answer_state_hash, true}, {"GET", "faults", answer_faults, false},
	    {"POST", "faults", set_faults, false}, {"DELETE", "faults", clear_faults, false},
	    {"POST", "clock", set_clock, false}, {"POST", "edit", make_edit, true},
	    {"GET", "ready", ok, true}, {"POST", "rates", set_rates, false},
	    {"POST", "dup", set_duplicates, false}};
	const char *name = c->uri + sizeof prefix - 1, *query = strchr(c->uri, '?');
	size_t n = strcspn(name, "?");

	if (query)
		params_parse(c->a, query + 1, strlen(query + 1), PLUS_IS_SPACE, &c->params);
	c->status = 200;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (strcmp(table[i].method, c->method) == 0 && strlen(table[i].name) == n &&
		    memcmp(table[i].name, name, n) == 0) {
			if (table[i].whole)
				scenario_go_on(c->sb, INT64_MAX);
			table[i].run(c);
			return;
		}
	}
	fail(c, "no such control endpoint");
	c->status = 404;
}
