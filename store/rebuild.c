/* state.db again, from edits.log: every staged edit, and every batch that may have been sent. The
 * undo stack, finished changesets and settings are not in the log, and are gone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "store/state.h"

#define LOG_MAX (256u * 1024 * 1024)

struct rebuild {
	struct store *s;
	struct errinfo *ei;
	struct {
		int64_t from, to;
	} * voided;
	size_t n_voided, cap_voided;
	int64_t draft; /* where the edits that come now belong; 0: nowhere */
	bool begun; /* the log has a whole beginning: all that was open when it began anew */
};

/* --- first walk: which lines belong to transactions that did not commit --- */

static enum err on_void(void *user, const struct sidelog_entry *e)
{
	struct rebuild *r = user;

	if (strcmp(e->verb, "begun") == 0)
		r->begun = true;
	if (strcmp(e->verb, "void") != 0)
		return ERR_OK;
	if (r->n_voided == r->cap_voided) {
		size_t cap = r->cap_voided ? r->cap_voided * 2 : 16;
		void *v = mem_realloc_array(r->voided, cap, sizeof *r->voided);

		if (!v)
			return ERR_NOMEM;
		r->voided = v;
		r->cap_voided = cap;
	}
	r->voided[r->n_voided].from = sidelog_get_int(e, "from");
	r->voided[r->n_voided++].to = sidelog_get_int(e, "to");
	return ERR_OK;
}

static bool is_voided(const struct rebuild *r, int64_t seq)
{
	for (size_t i = 0; i < r->n_voided; i++)
		if (seq >= r->voided[i].from && seq <= r->voided[i].to)
			return true;
	return false;
}

/* --- second walk --- */

static int64_t realm_of(struct rebuild *r, const struct sidelog_entry *e, enum err *err)
{
	const char *name = sidelog_get(e, "realm");
	struct db *d = &r->s->state;

	*err = ERR_OK;
	if (!name)
		return 0;
	*err = db_run(d, "INSERT OR IGNORE INTO realm(name) VALUES(?)", BIND(TEXT(name)), r->ei);
	return db_int(d, "SELECT id FROM realm WHERE name=?", BIND(TEXT(name)), NULL);
}

/* The edits behind this line belong to this draft. */
static enum err on_draft(struct rebuild *r, const struct sidelog_entry *e)
{
	const char *account = sidelog_get(e, "account"), *name = sidelog_get(e, "name");
	struct db *d = &r->s->state;
	enum err err;
	int64_t realm = realm_of(r, e, &err);

	r->draft = 0;
	if (err || !realm || !account || !name)
		return err;
	err = db_run(d, "INSERT OR IGNORE INTO draft(realm, account, name) VALUES(?,?,?)",
	    BIND(INT(realm), TEXT(account), TEXT(name)), r->ei);
	r->draft = db_int(d, "SELECT id FROM draft WHERE realm=? AND account=? AND name=?",
	    BIND(INT(realm), TEXT(account), TEXT(name)), NULL);
	return err;
}

static enum err on_rename(struct rebuild *r, const struct sidelog_entry *e)
{
	const char *account = sidelog_get(e, "account"), *name = sidelog_get(e, "name");
	const char *to = sidelog_get(e, "to");
	enum err err;
	int64_t realm = realm_of(r, e, &err);

	if (err || !realm || !account || !name || !to)
		return err;
	return db_run(&r->s->state,
	    "UPDATE OR IGNORE draft SET name=? WHERE realm=? AND account=? AND name=?",
	    BIND(TEXT(to), INT(realm), TEXT(account), TEXT(name)), r->ei);
}

static enum err on_edit(struct rebuild *r, const struct sidelog_entry *e)
{
	const char *what = sidelog_get(e, "what");
	int64_t op = sidelog_get_int(e, "op"), id = sidelog_get_int(e, "id");
	struct change c = {
	    .group = (uint64_t)sidelog_get_int(e, "group"),
	    .line_item_id = sidelog_get(e, "line_item"),
	    .criterion_id = sidelog_get(e, "criterion"),
	    .type_name = sidelog_get(e, "type"),
	    .value = sidelog_get(e, "value"),
	    .name = sidelog_get(e, "name"),
	    .location_type = sidelog_get(e, "location_type"),
	    .note = sidelog_get(e, "note"),
	    .kind = what && strcmp(what, "remove") == 0 ? CHANGE_DELETE : CHANGE_CREATE,
	    .op = op >= 0 && op < OP_COUNT ? (enum operator_type)op : OP_OTHER,
	    .held = sidelog_get_int(e, "held") != 0,
	};
	bool known;

	if (!r->draft || !id || !c.line_item_id || !c.type_name || !c.value)
		return ERR_OK;
	db_int(&r->s->state, "SELECT 1 FROM change WHERE id=?", BIND(INT(id)), &known);
	return known ? ERR_OK : state_edit_insert(r->s, r->draft, id, &c, r->ei);
}

static enum err set_each(struct rebuild *r, const struct sidelog_entry *e, const char *sql)
{
	const char *p = sidelog_get(e, "ids");
	struct id_range range = {0};
	enum err err = ERR_OK;
	int64_t id;

	while (p && !err && (id = ids_parse(&p, &range)) > 0)
		err = db_run(&r->s->state, sql, BIND(INT(id)), r->ei);
	return err;
}

static enum err on_plan(struct rebuild *r, const struct sidelog_entry *e)
{
	const char *p = sidelog_get(e, "ids"), *account = sidelog_get(e, "account");
	const char *title = sidelog_get(e, "title");
	int64_t batch = sidelog_get_int(e, "batch"), changeset = sidelog_get_int(e, "changeset");
	struct db *d = &r->s->state;
	struct id_range range = {0};
	enum err err;
	int64_t realm = realm_of(r, e, &err), id, seq = 0;

	if (err || !realm || !account || !batch || !changeset)
		return err;
	err = db_run(d,
	    "INSERT OR IGNORE INTO changeset(id, realm, account, title, digest, at)"
	    " VALUES(?,?,?,?,'',?)",
	    BIND(INT(changeset), INT(realm), TEXT(account), TEXT(title ? title : ""),
		INT(clock_wall_s())),
	    r->ei);
	if (!err)
		err = db_run(d,
		    "INSERT OR IGNORE INTO batch(id, changeset, seq, state, attempt, epoch)"
		    " VALUES(?,?,?,0,0,0)",
		    BIND(INT(batch), INT(changeset), INT(sidelog_get_int(e, "seq"))), r->ei);
	while (p && !err && (id = ids_parse(&p, &range)) > 0)
		err = db_run(d,
		    "INSERT OR IGNORE INTO op(batch, seq, change, state)"
		    " SELECT ?, ?, id, 0 FROM change WHERE id=?",
		    BIND(INT(batch), INT(seq++), INT(id)), r->ei);
	return err;
}

static enum err on_batch(struct rebuild *r, const struct sidelog_entry *e)
{
	const char *to = sidelog_get(e, "to"), *pre = sidelog_get(e, "pre");
	int64_t batch = sidelog_get_int(e, "batch");
	unsigned st = 0;
	enum err err;

	while (to && st < BATCH_STATES && strcmp(batch_state_name((enum batch_state)st), to) != 0)
		st++;
	if (!to || st == BATCH_STATES)
		return ERR_OK;
	err = db_run(&r->s->state,
	    "UPDATE batch SET state=?, wire_at=coalesce(nullif(?, 0), wire_at) WHERE id=?",
	    BIND(INT(st), INT(sidelog_get_int(e, "wire_at")), INT(batch)), r->ei);
	if (!err && pre)
		err = db_run(&r->s->state,
		    "INSERT OR REPLACE INTO body(batch, pre_ids, data)"
		    " SELECT id, ?, x'' FROM batch WHERE id=?",
		    BIND(TEXT(pre), INT(batch)), r->ei);
	return err ? err : batch_moves_edits(r->s, batch, (enum batch_state)st, r->ei);
}

static enum err on_op(struct rebuild *r, const struct sidelog_entry *e)
{
	return db_run(&r->s->state, "UPDATE op SET state=?, result_id=? WHERE batch=? AND seq=?",
	    BIND(INT(sidelog_get_int(e, "state")), TEXT(sidelog_get(e, "result")),
		INT(sidelog_get_int(e, "batch")), INT(sidelog_get_int(e, "seq"))),
	    r->ei);
}

static enum err on_line(void *user, const struct sidelog_entry *e)
{
	struct rebuild *r = user;
	bool voided = is_voided(r, e->seq);

	/* transitions stand even when their transaction did not: they are about the world */
	if (strcmp(e->verb, "batch") == 0)
		return on_batch(r, e);
	if (strcmp(e->verb, "op") == 0)
		return on_op(r, e);
	if (voided)
		return ERR_OK;
	if (strcmp(e->verb, "draft") == 0)
		return on_draft(r, e);
	if (strcmp(e->verb, "rename") == 0)
		return on_rename(r, e);
	if (strcmp(e->verb, "edit") == 0)
		return on_edit(r, e);
	if (strcmp(e->verb, "gone") == 0)
		return set_each(r, e, "UPDATE change SET state=4 WHERE id=? AND state=0");
	if (strcmp(e->verb, "back") == 0)
		return set_each(r, e, "UPDATE change SET state=0 WHERE id=? AND state=4");
	if (strcmp(e->verb, "hold") == 0)
		return set_each(r, e, "UPDATE change SET held=1 WHERE id=?");
	if (strcmp(e->verb, "unhold") == 0)
		return set_each(r, e, "UPDATE change SET held=0 WHERE id=?");
	if (strcmp(e->verb, "plan") == 0)
		return on_plan(r, e);
	return ERR_OK; /* "void", "begun", and verbs of a newer version */
}

/* The steps of the postings are not in the log. That they were before now is all that is known. */
static enum err note_postings(struct rebuild *r)
{
	struct db *d = &r->s->state;
	sqlite3_stmt *st = db_query(d, "SELECT id FROM changeset ORDER BY id", NULL);
	enum err err = ERR_OK, done;

	while (!err && db_row(st))
		err = journal_event_add(r->s,
		    &(struct event){sqlite3_column_int64(st, 0), 0, "", "rebuilt",
			"state.db was made again from edits.log"},
		    r->ei);
	done = db_done(d, st, r->ei);
	return err ? err : done;
}

static enum err replay(struct rebuild *r, const struct buf *text)
{
	struct sidelog_at end = {0};
	struct db *d = &r->s->state;
	enum err err = sidelog_scan(buf_str(text), text->len, NULL, &end, on_line, r);

	if (!err)
		err = db_run(d,
		    "UPDATE next_edit SET id = max(id, (SELECT coalesce(max(id), 0) + 1 FROM "
		    "change))",
		    NULL, r->ei);
	if (!err)
		err = db_run(d, "UPDATE log_end SET offset=?, seq=?, hash=?, base=0 WHERE id=1",
		    BIND(INT(end.offset), INT(end.seq), INT(end.hash)), r->ei);
	return err ? err : note_postings(r);
}

static enum err read_log(struct rebuild *r, struct buf *text)
{
	enum err err;

	buf_clear(text);
	r->n_voided = 0;
	r->begun = false;
	err = fs_read(r->s->log.path, text, r->ei);
	if (err == ERR_NOTFOUND)
		err = ERR_OK; /* a first start */
	if (!err)
		err = sidelog_scan(buf_str(text), text->len, NULL, NULL, on_void, r);
	return err;
}

/* The program ended while a log was begun anew, and then the database went, too: the log before
 * that is the one to believe. */
static bool take_old_log(struct rebuild *r)
{
	char old[DB_PATH_MAX + 8];

	if (r->begun)
		return false;
	snprintf(old, sizeof old, "%s.old", r->s->log.path);
	return rename(old, r->s->log.path) == 0;
}

static enum err rebuild_in(struct rebuild *r)
{
	struct buf text;
	enum err err;

	buf_init(&text, LOG_MAX);
	err = read_log(r, &text);
	if (!err && take_old_log(r))
		err = read_log(r, &text);
	if (!err)
		err = replay(r, &text);
	buf_done(&text);
	mem_free(r->voided);
	return err;
}

static bool is_new(struct store *s)
{
	return db_int(&s->state, "SELECT base FROM log_end WHERE id = 1", NULL, NULL) < 0;
}

enum err state_rebuild(struct store *s, size_t *edits, struct errinfo *ei)
{
	struct rebuild r = {.s = s, .ei = ei};
	enum err err;

	*edits = 0;
	if (!is_new(s))
		return ERR_OK;
	err = db_begin(&s->state, ei);
	if (err)
		return err;
	/* asked again now that nobody else can: another terminal may have been faster */
	if (is_new(s))
		err = rebuild_in(&r);
	err = db_end(&s->state, err, ei);
	if (!err)
		*edits = (size_t)db_int(
		    &s->state, "SELECT count(*) FROM change WHERE state < 3", NULL, NULL);
	return err;
}
