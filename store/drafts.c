#include "store/drafts.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "store/state.h"

#define IDS_MAX (64u * 1024 * 1024)

/* What an action does to one edit, and how that is taken back. The state or flag is part of the
 * condition: an edit that a batch took meanwhile is left alone. */
static const char to_gone[] = "UPDATE change SET state=4 WHERE id=? AND draft=? AND state=0";
static const char to_staged[] = "UPDATE change SET state=0 WHERE id=? AND draft=? AND state=4";
static const char to_held[] =
    "UPDATE change SET held=1 WHERE id=? AND draft=? AND state=0 AND held=0";
static const char to_unheld[] =
    "UPDATE change SET held=0 WHERE id=? AND draft=? AND state=0 AND held=1";

struct effect {
	const char *sql, *verb; /* verb of the line in edits.log */
};

static const struct effect effects[][2] = {
    /* [kind][0]: do it again, [1]: take it back */
    [ACTION_STAGE] = {{to_staged, "back"}, {to_gone, "gone"}},
    [ACTION_UNSTAGE] = {{to_gone, "gone"}, {to_staged, "back"}},
    [ACTION_HOLD] = {{to_held, "hold"}, {to_unheld, "unhold"}},
    [ACTION_UNHOLD] = {{to_unheld, "unhold"}, {to_held, "hold"}},
    [ACTION_DELETE] = {{to_gone, "gone"}, {to_staged, "back"}},
};

/* --- actions --- */

/* What was undone can be redone only until something else is done. Its edits go for good, unless the
 * journal tells of them. */
static enum err drop_redo(struct store *s, int64_t draft, struct errinfo *ei)
{
	sqlite3_stmt *st = db_query(&s->state,
	    "SELECT ids FROM action WHERE draft=? AND undone=1 AND kind=0", BIND(INT(draft)));
	enum err err = ERR_OK, done;

	while (!err && db_row(st)) {
		const unsigned char *p = sqlite3_column_blob(st, 0);
		struct pack_reader r = {p, p + sqlite3_column_bytes(st, 0), false};
		int64_t last = 0, id;

		while (!err && ids_next(&r, &last, &id))
			err = db_run(&s->state,
			    "DELETE FROM change WHERE id=? AND state=4"
			    " AND NOT EXISTS (SELECT 1 FROM op WHERE op.change = change.id)",
			    BIND(INT(id)), ei);
	}
	done = db_done(&s->state, st, ei);
	if (!err)
		err = done;
	if (!err)
		err = db_run(&s->state, "DELETE FROM action WHERE draft=? AND undone=1",
		    BIND(INT(draft)), ei);
	return err;
}

static enum err add_action(struct store *s, int64_t draft, enum action_kind kind, const char *title,
    int64_t *id, struct errinfo *ei)
{
	enum err err = drop_redo(s, draft, ei);

	if (!err)
		err = db_run(&s->state,
		    "INSERT INTO action(draft, kind, title, at, undone, ids)"
		    " VALUES(?,?,?,?,0,x'')",
		    BIND(INT(draft), INT(kind), TEXT(title), INT(clock_wall_s())), ei);
	*id = db_last_id(&s->state);
	return err;
}

static enum err set_action_ids(
    struct store *s, int64_t action, const struct buf *ids, struct errinfo *ei)
{
	if (ids->failed)
		return err_set(ei, ids->failed, "too many edits at once");
	return db_run(&s->state, "UPDATE action SET ids=? WHERE id=?",
	    BIND(BLOB(ids->len ? ids->p : "", ids->len), INT(action)), ei);
}

/* --- staging --- */

static enum err stage_all(
    struct store *s, int64_t draft, struct change_set *v, int64_t group, struct errinfo *ei)
{
	int64_t last = 0, next = db_int(&s->state, "SELECT id FROM next_edit", NULL, NULL);
	enum err err = ERR_OK;
	struct buf ids;

	buf_init(&ids, IDS_MAX);
	for (size_t i = 0; i < v->n && !err; i++) {
		struct change *c = &v->v[i];

		c->group = (uint64_t)group;
		c->id = (uint64_t)next++;
		err = state_edit_insert(s, draft, (int64_t)c->id, c, ei);
		if (err)
			break;
		state_edit_log(&s->log, c);
		ids_add(&ids, &last, (int64_t)c->id);
	}
	if (!err)
		err = db_run(&s->state, "UPDATE next_edit SET id=?", BIND(INT(next)), ei);
	if (!err)
		err = set_action_ids(s, group, &ids, ei);
	buf_done(&ids);
	return err;
}

enum err draft_stage(
    struct store *s, int64_t draft, struct change_set *v, const char *title, struct errinfo *ei)
{
	int64_t group = 0;
	enum err err = add_action(s, draft, ACTION_STAGE, title, &group, ei);

	return err ? err : stage_all(s, draft, v, group, ei);
}

static enum err check_edits(const struct change_set *v, struct errinfo *ei)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct change *c = &v->v[i];

		if (!c->line_item_id || !c->line_item_id[0])
			return err_set(ei, ERR_USAGE, "an edit names no line item");
		if (c->kind == CHANGE_DELETE && !c->criterion_id)
			return err_set(ei, ERR_USAGE, "a removal names no criterion");
	}
	return ERR_OK;
}

/* Ids that were not kept are nobody's. */
static enum err end_staging(struct store *s, struct change_set *v, enum err err, struct errinfo *ei)
{
	err = state_end(s, err, ei);
	for (size_t i = 0; err && i < v->n; i++)
		v->v[i].id = v->v[i].group = 0;
	return err;
}

enum err drafts_stage(struct store *s, const char *account, struct change_set *v, const char *title,
    struct errinfo *ei)
{
	int64_t draft;
	enum err err = check_edits(v, ei);

	if (err || !v->n)
		return err;
	err = state_begin(s, false, ei);
	if (err)
		return err;
	draft = state_draft(s, account, true, &err, ei);
	if (!err) {
		state_draft_log(&s->log, s->realm, account, s->draft);
		err = draft_stage(s, draft, v, title, ei);
	}
	return end_staging(s, v, err, ei);
}

/* --- unstaging and holding --- */

static enum err apply_each(struct store *s, int64_t draft, const struct draft_bulk *b,
    struct buf *done, size_t *n, struct errinfo *ei)
{
	const struct effect *e = &effects[b->kind][0];
	enum err err = ERR_OK;
	int64_t last = 0;

	for (size_t i = 0; i < b->n && !err; i++) {
		err = db_run(&s->state, e->sql, BIND(INT(b->ids[i]), INT(draft)), ei);
		if (err || !db_changes(&s->state))
			continue;
		/* distances may be negative when the caller's ids are not sorted: they wrap, and
		 * wrap back when they are read */
		ids_add(done, &last, (int64_t)b->ids[i]);
		(*n)++;
	}
	if (!err && *n) {
		sidelog_line(&s->log, e->verb);
		ids_log(&s->log, "ids", done);
	}
	return err;
}

enum err draft_bulk(struct store *s, int64_t draft, const struct draft_bulk *b, const char *title,
    size_t *done, struct errinfo *ei)
{
	char counted[64];
	struct buf ids;
	int64_t action;
	enum err err;

	*done = 0;
	buf_init(&ids, IDS_MAX);
	err = apply_each(s, draft, b, &ids, done, ei);
	if (!err && *done) {
		snprintf(
		    counted, sizeof counted, "%s %zu edit%s", title, *done, *done == 1 ? "" : "s");
		err = add_action(
		    s, draft, b->kind, b->kind == ACTION_DELETE ? title : counted, &action, ei);
		if (!err)
			err = set_action_ids(s, action, &ids, ei);
	}
	buf_done(&ids);
	return err;
}

static enum err run_bulk(struct store *s, const char *account, const struct draft_bulk *b,
    const char *title, size_t *done, struct errinfo *ei)
{
	size_t n = 0;
	int64_t draft;
	enum err err = state_begin(s, false, ei);

	if (done)
		*done = 0;
	if (err)
		return err;
	draft = state_draft(s, account, false, &err, ei);
	if (!err && draft)
		err = draft_bulk(s, draft, b, title, &n, ei);
	err = state_end(s, err, ei);
	if (!err && done)
		*done = n;
	return err;
}

/* The action that was just made is one step of undo with the one before it. */
static enum err join_last(struct store *s, int64_t draft, struct errinfo *ei)
{
	return db_run(&s->state,
	    "UPDATE action SET joined=(SELECT max(a.id) FROM action a WHERE a.draft=action.draft"
	    " AND a.id < action.id) WHERE id=(SELECT max(id) FROM action WHERE draft=?)",
	    BIND(INT(draft)), ei);
}

static enum err change_in(
    struct store *s, int64_t draft, const struct draft_change *c, struct errinfo *ei)
{
	struct draft_bulk off = {c->off, c->n_off, ACTION_UNSTAGE};
	size_t done = 0;
	enum err err = draft ? draft_bulk(s, draft, &off, "unstage", &done, ei) : ERR_OK;

	if (!err && c->on->n)
		err = draft_stage(s, draft, c->on, c->title, ei);
	if (!err && c->on->n && done)
		err = join_last(s, draft, ei);
	return err;
}

enum err drafts_change(
    struct store *s, const char *account, const struct draft_change *c, struct errinfo *ei)
{
	int64_t draft;
	enum err err = check_edits(c->on, ei);

	if (!err)
		err = state_begin(s, false, ei);
	if (err)
		return err;
	draft = state_draft(s, account, c->on->n > 0, &err, ei);
	if (!err && c->on->n)
		state_draft_log(&s->log, s->realm, account, s->draft);
	if (!err)
		err = change_in(s, draft, c, ei);
	return end_staging(s, c->on, err, ei);
}

enum err drafts_unstage(struct store *s, const char *account, const uint64_t *ids, size_t n,
    size_t *done, struct errinfo *ei)
{
	return run_bulk(
	    s, account, &(struct draft_bulk){ids, n, ACTION_UNSTAGE}, "unstage", done, ei);
}

enum err drafts_hold(struct store *s, const char *account, const struct draft_hold *h, size_t *done,
    struct errinfo *ei)
{
	struct draft_bulk b = {h->ids, h->n, h->held ? ACTION_HOLD : ACTION_UNHOLD};

	return run_bulk(s, account, &b, h->held ? "hold back" : "include", done, ei);
}

/* --- undo and redo --- */

struct step { /* the action that is next */
	int64_t id, joined;
	enum action_kind kind;
	char title[160];
	struct buf ids;
};

static bool load_step(struct store *s, const char *sql, int64_t draft, struct step *a)
{
	sqlite3_stmt *st = db_query(&s->state, sql, BIND(INT(draft)));
	bool any = db_row(st);

	if (any) {
		unsigned kind = (unsigned)sqlite3_column_int(st, 1);

		a->id = sqlite3_column_int64(st, 0);
		a->kind = kind <= ACTION_DELETE ? (enum action_kind)kind : ACTION_STAGE;
		snprintf(a->title, sizeof a->title, "%s", (const char *)sqlite3_column_text(st, 2));
		a->joined = sqlite3_column_int64(st, 4);
		buf_clear(&a->ids);
		buf_add(&a->ids, sqlite3_column_blob(st, 3), (size_t)sqlite3_column_bytes(st, 3));
	}
	return !db_done(&s->state, st, NULL) && any;
}

static enum err play(
    struct store *s, int64_t draft, const struct step *a, bool back, size_t *n, struct errinfo *ei)
{
	const struct effect *e = &effects[a->kind][back];
	struct pack_reader r = {(const unsigned char *)buf_str(&a->ids),
	    (const unsigned char *)buf_str(&a->ids) + a->ids.len, false};
	int64_t last = 0, id, logged = 0;
	enum err err = ERR_OK;
	struct buf done;

	buf_init(&done, IDS_MAX);
	while (!err && ids_next(&r, &last, &id)) {
		err = db_run(&s->state, e->sql, BIND(INT(id), INT(draft)), ei);
		if (!err && db_changes(&s->state)) {
			ids_add(&done, &logged, id);
			(*n)++;
		}
	}
	if (!err && *n) {
		sidelog_line(&s->log, e->verb);
		ids_log(&s->log, "ids", &done);
	}
	buf_done(&done);
	return err;
}

/* One action; *n edits changed. */
static enum err take_step(struct store *s, int64_t draft, const struct step *a, bool back,
    struct draft_step *out, struct errinfo *ei)
{
	size_t n = 0;
	enum err err = play(s, draft, a, back, &n, ei);

	if (!err)
		err = db_run(&s->state, "UPDATE action SET undone=? WHERE id=?",
		    BIND(INT(n ? (back ? 1 : 0) : 2), INT(a->id)), ei);
	/* of what is joined the last one has the name */
	if (n && !(back && out->n))
		memcpy(out->title, a->title, sizeof out->title);
	out->n += n;
	return err;
}

/* Actions that have no effect any more (all of it was posted) are passed over and forgotten. */
enum err draft_step(
    struct store *s, int64_t draft, bool back, struct draft_step *out, struct errinfo *ei)
{
	const char *next =
	    back ? "SELECT id, kind, title, ids, joined FROM action WHERE draft=? AND undone=0"
		   " ORDER BY id DESC LIMIT 1"
		 : "SELECT id, kind, title, ids, joined FROM action WHERE draft=? AND undone=1"
		   " ORDER BY id LIMIT 1";
	struct step a = {0};
	int64_t id = 0, joined = 0; /* of the action before in this loop */
	enum err err = ERR_OK;

	buf_init(&a.ids, IDS_MAX);
	out->n = 0;
	while (!err && draft && load_step(s, next, draft, &a)) {
		bool same = back ? a.id == joined : id && a.joined == id;

		if (out->n && !same)
			break; /* the next step */
		id = a.id;
		joined = a.joined;
		err = take_step(s, draft, &a, back, out, ei);
	}
	if (!err && !out->n)
		err = err_set(ei, ERR_NOTFOUND, "nothing to %s", back ? "undo" : "redo");
	buf_done(&a.ids);
	return err;
}

static enum err undo_or_redo(
    struct store *s, const char *account, bool back, struct draft_step *step, struct errinfo *ei)
{
	int64_t draft;
	enum err err = state_begin(s, false, ei);

	memset(step, 0, sizeof *step);
	if (err)
		return err;
	draft = state_draft(s, account, false, &err, ei);
	if (!err)
		err = draft_step(s, draft, back, step, ei);
	return state_end(s, err, ei);
}

enum err drafts_undo(
    struct store *s, const char *account, struct draft_step *step, struct errinfo *ei)
{
	return undo_or_redo(s, account, true, step, ei);
}

enum err drafts_redo(
    struct store *s, const char *account, struct draft_step *step, struct errinfo *ei)
{
	return undo_or_redo(s, account, false, step, ei);
}

/* --- reading --- */

enum err drafts_list(struct store *s, const char *account, enum draft_state state,
    struct change_set *out, struct errinfo *ei)
{
	enum err err;
	int64_t draft;

	if (!s->state.sql)
		return ERR_OK; /* nothing can be staged, so nothing is */
	draft = state_draft(s, account, false, &err, ei);
	if (err || !draft)
		return state_guard(s, err);
	return state_guard(s, state_edits(s, draft, state, out, ei));
}

uint64_t drafts_version(struct store *s)
{
	if (!s->state.sql)
		return 0;
	return (uint64_t)db_int(&s->state, "SELECT seq FROM log_end WHERE id=1", NULL, NULL);
}

static void add_count(struct draft_counts *n, sqlite3_stmt *st)
{
	size_t count = (size_t)sqlite3_column_int64(st, 1);

	switch (sqlite3_column_int(st, 0)) {
	case DRAFT_STAGED:
		n->staged = count;
		n->held = (size_t)sqlite3_column_int64(st, 2);
		break;
	case DRAFT_SENDING:
		n->sending = count;
		break;
	default:
		n->unknown = count;
	}
}

struct draft_counts drafts_count_all(struct store *s, const char *account)
{
	struct draft_counts n = {0};
	sqlite3_stmt *st;

	if (!s->state.sql)
		return n;
	st = db_query(&s->state,
	    "SELECT c.state, count(*), sum(c.held) FROM draft d JOIN change c ON c.draft = d.id"
	    " WHERE d.realm=? AND d.account=? AND c.state < 3 GROUP BY c.state",
	    BIND(INT(s->state_realm), TEXT(account)));
	while (db_row(st))
		add_count(&n, st);
	if (state_guard(s, db_done(&s->state, st, NULL)))
		return (struct draft_counts){0};
	return n;
}

struct draft_counts drafts_count(struct store *s, const char *account)
{
	struct draft_counts n = {0};
	int64_t draft;
	enum err err;
	sqlite3_stmt *st;

	if (!s->state.sql)
		return n;
	draft = state_draft(s, account, false, &err, NULL);
	if (err || !draft)
		return n;
	/* asked for with every picture: counted again only when something changed */
	if (s->counted_draft == draft && s->counted_version == drafts_version(s))
		return s->counted;
	s->counted_version = drafts_version(s);
	st = db_query(&s->state,
	    "SELECT state, count(*), sum(held) FROM change WHERE draft=? AND state < 3"
	    " GROUP BY state",
	    BIND(INT(draft)));
	while (db_row(st))
		add_count(&n, st);
	if (state_guard(s, db_done(&s->state, st, NULL)))
		return (struct draft_counts){0};
	s->counted = n;
	s->counted_draft = draft;
	return n;
}
