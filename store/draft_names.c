#include "store/draft_names.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/state.h"

#define NAME_MAX_BYTES 64

static enum err check_name(const char *name, struct errinfo *ei)
{
	size_t n = strlen(name);
	bool plain = n > 0 && n <= NAME_MAX_BYTES && text_is_utf8(name, n);

	for (size_t i = 0; plain && i < n; i++)
		plain = (unsigned char)name[i] >= 0x20 && name[i] != 0x7f;
	if (!plain)
		return err_set(
		    ei, ERR_USAGE, "the name of a draft has 1 to 64 bytes of printable UTF-8");
	return ERR_OK;
}

static int64_t find(struct store *s, const char *account, const char *name)
{
	return db_int(&s->state, "SELECT id FROM draft WHERE realm=? AND account=? AND name=?",
	    BIND(INT(s->state_realm), TEXT(account), TEXT(name)), NULL);
}

static size_t count_open(struct store *s, int64_t draft)
{
	return (size_t)db_int(&s->state, "SELECT count(*) FROM change WHERE draft=? AND state < 3",
	    BIND(INT(draft)), NULL);
}

/* Deleted, and nobody staged into it since. */
static bool is_deleted(struct store *s, int64_t draft)
{
	return db_int(&s->state, "SELECT deleted FROM draft WHERE id=?", BIND(INT(draft)), NULL) &&
	       !count_open(s, draft);
}

static enum err must_find(
    struct store *s, const char *account, const char *name, int64_t *id, struct errinfo *ei)
{
	*id = find(s, account, name);
	if (*id && !is_deleted(s, *id))
		return ERR_OK;
	return err_set(ei, ERR_NOTFOUND, "there is no draft \"%.64s\"", name);
}

static enum err must_be_free(
    struct store *s, const char *account, const char *name, struct errinfo *ei)
{
	int64_t id = find(s, account, name);

	if (!id)
		return ERR_OK;
	if (is_deleted(s, id))
		return err_set(ei, ERR_REFUSED,
		    "a deleted draft has the name \"%.64s\"; bring it back, or use another name",
		    name);
	return err_set(ei, ERR_REFUSED, "there is a draft \"%.64s\" already", name);
}

/* A line that changes nothing in a rebuilt state.db, so that drafts_version() moves. */
static void log_event(struct store *s, const char *verb, const char *account, const char *name)
{
	sidelog_line(&s->log, verb);
	sidelog_text(&s->log, "realm", s->realm);
	sidelog_text(&s->log, "account", account);
	sidelog_text(&s->log, "name", name);
}

size_t drafts_sending(struct store *s, const char *account)
{
	return (size_t)db_int(&s->state,
	    "SELECT count(*) FROM draft d JOIN change c ON c.draft = d.id"
	    " WHERE d.realm=? AND d.account=? AND c.state=1",
	    BIND(INT(s->state_realm), TEXT(account)), NULL);
}

/* --- selecting --- */

static enum err make_selected(struct store *s, const char *account, struct errinfo *ei)
{
	enum err err = state_begin(s, false, ei);

	if (err)
		return err;
	s->draft_row = state_draft(s, account, true, &err, ei);
	if (!err)
		state_draft_log(&s->log, s->realm, account, s->draft);
	return state_end(s, err, ei);
}

enum err drafts_select(struct store *s, const char *account, const char *name, struct errinfo *ei)
{
	char before[sizeof s->draft];
	int64_t row_before = s->draft_row;
	enum err err = name[0] ? check_name(name, ei) : ERR_OK;

	if (err)
		return err;
	memcpy(before, s->draft, sizeof before);
	snprintf(s->draft, sizeof s->draft, "%s", name);
	s->draft_row = 0;
	if (!name[0] || !s->state.sql)
		return ERR_OK;
	s->draft_row = find(s, account, name);
	if (!s->draft_row || is_deleted(s, s->draft_row))
		err = make_selected(s, account, ei);
	if (err) {
		memcpy(s->draft, before, sizeof before);
		s->draft_row = row_before;
	}
	return err;
}

const char *drafts_selected(const struct store *s)
{
	return s->draft;
}

enum err drafts_follow(struct store *s, const char *account, bool *gone, struct errinfo *ei)
{
	sqlite3_stmt *st;
	bool there = false;
	enum err err;

	*gone = false;
	if (!s->draft[0] || !s->state.sql)
		return ERR_OK;
	st = db_query(&s->state, "SELECT name FROM draft WHERE id=? AND realm=? AND account=?",
	    BIND(INT(s->draft_row), INT(s->state_realm), TEXT(account)));
	if (db_row(st)) {
		snprintf(s->draft, sizeof s->draft, "%s", (const char *)sqlite3_column_text(st, 0));
		there = true;
	}
	err = db_done(&s->state, st, ei);
	if (err)
		return state_guard(s, err);
	/* a rebuilt state.db has other row numbers */
	if (!there && (s->draft_row = find(s, account, s->draft)) != 0)
		there = true;
	*gone = !there || is_deleted(s, s->draft_row);
	return *gone ? drafts_select(s, account, "", ei) : ERR_OK;
}

/* --- listing --- */

void draft_names_done(struct draft_names *d)
{
	arena_done(&d->arena);
	mem_free(d->v);
	memset(d, 0, sizeof *d);
}

static enum err add_name(struct draft_names *d, sqlite3_stmt *st)
{
	enum err err = ERR_OK;

	if (d->n == d->cap) {
		size_t cap = d->cap ? d->cap * 2 : 8;
		void *v = mem_realloc_array(d->v, cap, sizeof *d->v);

		if (!v)
			return ERR_NOMEM;
		d->v = v;
		d->cap = cap;
	}
	d->v[d->n++] = (struct draft_name){
	    .name = row_text(&d->arena, st, 0, &err),
	    .changed_at = sqlite3_column_int64(st, 1),
	    .deleted_at = sqlite3_column_int64(st, 2),
	    .n = {.staged = (size_t)sqlite3_column_int64(st, 3),
		.held = (size_t)sqlite3_column_int64(st, 4),
		.sending = (size_t)sqlite3_column_int64(st, 5),
		.unknown = (size_t)sqlite3_column_int64(st, 6)},
	    .line_items = (size_t)sqlite3_column_int64(st, 7),
	};
	return err;
}

enum err drafts_names(
    struct store *s, const char *account, struct draft_names *d, struct errinfo *ei)
{
	enum err err = ERR_OK, done;
	sqlite3_stmt *st;

	memset(d, 0, sizeof *d);
	arena_init(&d->arena);
	if (!s->state.sql)
		return ERR_OK;
	st = db_query(&s->state,
	    "SELECT d.name, coalesce((SELECT max(at) FROM action a WHERE a.draft = d.id), d.made),"
	    " CASE WHEN count(c.id) THEN 0 ELSE d.deleted END AS gone,"
	    " sum(c.state IS 0), sum(c.state IS 0 AND c.held), sum(c.state IS 1),"
	    " sum(c.state IS 2), count(DISTINCT CASE WHEN c.state = 0 THEN c.line_item END)"
	    " FROM draft d LEFT JOIN change c ON c.draft = d.id AND c.state < 3"
	    " WHERE d.realm=? AND d.account=? GROUP BY d.id ORDER BY gone, d.name",
	    BIND(INT(s->state_realm), TEXT(account)));
	while (!err && db_row(st))
		err = add_name(d, st);
	done = db_done(&s->state, st, ei);
	if (err)
		err_set(ei, err, "out of memory");
	return state_guard(s, err ? err : done);
}

/* --- renaming, copying, deleting --- */

enum err drafts_rename(
    struct store *s, const char *account, const char *from, const char *to, struct errinfo *ei)
{
	int64_t id;
	enum err err = check_name(to, ei);

	if (!err)
		err = state_begin(s, false, ei);
	if (err)
		return err;
	err = must_find(s, account, from, &id, ei);
	if (!err)
		err = must_be_free(s, account, to, ei);
	if (!err)
		err = db_run(
		    &s->state, "UPDATE draft SET name=? WHERE id=?", BIND(TEXT(to), INT(id)), ei);
	if (!err) {
		log_event(s, "rename", account, from);
		sidelog_text(&s->log, "to", to);
	}
	err = state_end(s, err, ei);
	if (!err && strcmp(s->draft, from) == 0) {
		snprintf(s->draft, sizeof s->draft, "%s", to);
		s->draft_row = id;
	}
	return err;
}

static enum err copy_into(struct store *s, const char *account, const char *to, const char *title,
    struct change_set *set, struct errinfo *ei)
{
	char selected[sizeof s->draft];
	int64_t draft;
	enum err err;

	memcpy(selected, s->draft, sizeof selected);
	snprintf(s->draft, sizeof s->draft, "%s", to);
	draft = state_draft(s, account, true, &err, ei);
	memcpy(s->draft, selected, sizeof selected);
	state_draft_log(&s->log, s->realm, account, to);
	return err || !set->n ? err : draft_stage(s, draft, set, title, ei);
}

enum err drafts_copy(struct store *s, const char *account, const char *from, const char *to,
    size_t *n, struct errinfo *ei)
{
	char title[96];
	struct change_set set;
	int64_t id;
	enum err err = check_name(to, ei);

	if (n)
		*n = 0;
	if (!err)
		err = state_begin(s, false, ei);
	if (err)
		return err;
	change_set_init(&set);
	err = must_find(s, account, from, &id, ei);
	if (!err)
		err = must_be_free(s, account, to, ei);
	if (!err)
		err = state_edits(s, id, DRAFT_STAGED, &set, ei);
	snprintf(title, sizeof title, "copy of draft %.64s", from[0] ? from : "(first)");
	if (!err)
		err = copy_into(s, account, to, title, &set, ei);
	err = state_end(s, err, ei);
	if (!err && n)
		*n = set.n;
	change_set_done(&set);
	return err;
}

static enum err unstage_all(
    struct store *s, int64_t draft, const char *name, size_t n, struct errinfo *ei)
{
	uint64_t *ids = mem_array(n, sizeof *ids);
	char title[96];
	size_t done = 0;
	sqlite3_stmt *st;
	enum err err;

	if (!ids)
		return err_set(ei, ERR_NOMEM, "no memory to delete the draft");
	st = db_query(&s->state, "SELECT id FROM change WHERE draft=? AND state=0 ORDER BY id",
	    BIND(INT(draft)));
	while (done < n && db_row(st))
		ids[done++] = (uint64_t)sqlite3_column_int64(st, 0);
	err = db_done(&s->state, st, ei);
	snprintf(title, sizeof title, "delete draft %.64s", name);
	if (!err)
		err = draft_bulk(
		    s, draft, &(struct draft_bulk){ids, done, ACTION_DELETE}, title, &done, ei);
	mem_free(ids);
	return err;
}

static enum err delete_row(
    struct store *s, const char *account, const char *name, int64_t id, struct errinfo *ei)
{
	size_t open = count_open(s, id);
	size_t staged = (size_t)db_int(&s->state,
	    "SELECT count(*) FROM change WHERE draft=? AND state=0", BIND(INT(id)), NULL);
	enum err err = ERR_OK;

	if (open != staged)
		return err_set(ei, ERR_REFUSED,
		    "%zu edits of this draft are being posted or have an unknown outcome",
		    open - staged);
	log_event(s, "deleted", account, name);
	if (staged)
		err = unstage_all(s, id, name, staged, ei);
	return err ? err
		   : db_run(&s->state, "UPDATE draft SET deleted=? WHERE id=?",
			 BIND(INT(clock_wall_s()), INT(id)), ei);
}

enum err drafts_delete(struct store *s, const char *account, const char *name, struct errinfo *ei)
{
	int64_t id;
	enum err err;

	if (!name[0])
		return err_set(ei, ERR_REFUSED, "the default draft is always there");
	err = state_begin(s, false, ei);
	if (err)
		return err;
	err = must_find(s, account, name, &id, ei);
	if (!err)
		err = delete_row(s, account, name, id, ei);
	err = state_end(s, err, ei);
	if (!err && strcmp(s->draft, name) == 0)
		err = drafts_select(s, account, "", ei);
	return err;
}

/* Its last action is the deletion, unless it was empty. It is taken back and forgotten: redo must not
 * empty the draft. */
static enum err restore_row(struct store *s, int64_t id, struct errinfo *ei)
{
	struct draft_step step = {0};
	bool any;
	int64_t kind = db_int(&s->state,
	    "SELECT kind FROM action WHERE draft=? AND undone=0 ORDER BY id DESC LIMIT 1",
	    BIND(INT(id)), &any);
	enum err err = ERR_OK;

	if (any && kind == ACTION_DELETE)
		err = draft_step(s, id, true, &step, ei);
	if (!err)
		err = db_run(&s->state, "DELETE FROM action WHERE draft=? AND kind=? AND undone=1",
		    BIND(INT(id), INT(ACTION_DELETE)), ei);
	return err ? err
		   : db_run(&s->state, "UPDATE draft SET deleted=0 WHERE id=?", BIND(INT(id)), ei);
}

enum err drafts_restore(struct store *s, const char *account, const char *name, struct errinfo *ei)
{
	int64_t id;
	enum err err = state_begin(s, false, ei);

	if (err)
		return err;
	id = find(s, account, name);
	if (!id || !is_deleted(s, id))
		err = err_set(ei, ERR_NOTFOUND, "no draft \"%.64s\" was deleted", name);
	if (!err) {
		log_event(s, "restored", account, name);
		err = restore_row(s, id, ei);
	}
	return state_end(s, err, ei);
}
