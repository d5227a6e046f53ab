/* Transactions of state.db together with edits.log, and the way back from edits.log. */
#include "store/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"

#define LOG_MAX (256u * 1024 * 1024)
#define IDS_MAX (64u * 1024 * 1024)

/* --- lists of ids --- */

enum err ids_add(struct buf *ids, int64_t *last, int64_t id)
{
	enum err err = pack_uint(ids, (uint64_t)(id - *last));

	*last = id;
	return err;
}

bool ids_next(struct pack_reader *r, int64_t *last, int64_t *id)
{
	if (r->p == r->end)
		return false;
	*last += (int64_t)pack_get_uint(r);
	*id = *last;
	return !r->bad;
}

void ids_log(struct sidelog *l, const char *name, const struct buf *ids)
{
	struct pack_reader r = {
	    (const unsigned char *)ids->p, (const unsigned char *)ids->p + ids->len, false};
	int64_t last = 0, id, from = 0, to = 0;
	struct buf text;
	bool more;

	buf_init(&text, IDS_MAX);
	do {
		more = ids_next(&r, &last, &id);
		if (more && from && id == to + 1) {
			to = id;
			continue;
		}
		if (from)
			buf_addf(&text, "%s%lld", text.len ? "," : "", (long long)from);
		if (from && to > from)
			buf_addf(&text, "-%lld", (long long)to);
		from = to = id;
	} while (more);
	if (text.failed)
		l->failed = text.failed;
	sidelog_text(l, name, buf_str(&text));
	buf_done(&text);
}

int64_t ids_parse(const char **p, struct id_range *range)
{
	char *end;

	if (!range->next) {
		if (!**p)
			return 0;
		range->next = range->stop = strtoll(*p, &end, 10);
		if (*end == '-')
			range->stop = strtoll(end + 1, &end, 10);
		*p = *end == ',' ? end + 1 : end;
		if (end == *p && *end)
			return 0; /* not a list of numbers */
	}
	if (range->next < range->stop)
		return range->next++;
	range->next = 0;
	return range->stop;
}

/* --- rows --- */

char *row_text(struct arena *arena, sqlite3_stmt *st, int column, enum err *err)
{
	const char *s = (const char *)sqlite3_column_text(st, column);
	char *copy = s ? arena_strdup(arena, s) : NULL;

	if (s && !copy)
		*err = ERR_NOMEM;
	return copy;
}

enum err change_of_row(struct arena *arena, sqlite3_stmt *st, struct change *out)
{
	enum err err = ERR_OK;

	*out = (struct change){
	    .id = (uint64_t)sqlite3_column_int64(st, 0),
	    .group = (uint64_t)sqlite3_column_int64(st, 1),
	    .line_item_id = row_text(arena, st, 2, &err),
	    .criterion_id = row_text(arena, st, 3, &err),
	    .type_name = row_text(arena, st, 4, &err),
	    .value = row_text(arena, st, 5, &err),
	    .name = row_text(arena, st, 6, &err),
	    .location_type = row_text(arena, st, 7, &err),
	    .note = row_text(arena, st, 8, &err),
	    .kind = sqlite3_column_int(st, 9) ? CHANGE_DELETE : CHANGE_CREATE,
	    .held = sqlite3_column_int(st, 11) != 0,
	};
	out->op = (enum operator_type)sqlite3_column_int(st, 10);
	if (!err && (!out->type_name || !out->line_item_id || !out->value))
		return ERR_CORRUPT;
	if (!err)
		out->type = type_by_name(out->type_name);
	return err;
}

enum err state_edits(struct store *s, int64_t draft, enum draft_state state, struct change_set *out,
    struct errinfo *ei)
{
	sqlite3_stmt *st = db_query(&s->state,
	    "SELECT " CHANGE_COLUMNS " FROM change c WHERE c.draft=? AND c.state=? ORDER BY c.id",
	    BIND(INT(draft), INT(state)));
	enum err err = ERR_OK, done;

	while (!err && db_row(st)) {
		struct change *c = change_set_add(out);

		err = c ? change_of_row(&out->arena, st, c) : ERR_NOMEM;
		if (err && c)
			out->n--;
	}
	done = db_done(&s->state, st, ei);
	return err ? err_set(ei, err, "the staged edits cannot be read") : done;
}

static const char *type_name_of(const struct change *c)
{
	return c->type_name ? c->type_name : type_info(c->type)->name;
}

enum err state_edit_insert(
    struct store *s, int64_t draft, int64_t id, const struct change *c, struct errinfo *ei)
{
	return db_run(&s->state,
	    "INSERT INTO change(id, draft, state, held, grp, kind, op, line_item,"
	    " type_name, value, criterion_id, name, location_type, note)"
	    " VALUES(?,?,0,?,?,?,?,?,?,?,?,?,?,?)",
	    BIND(INT(id), INT(draft), INT(c->held), INT(c->group), INT(c->kind == CHANGE_DELETE),
		INT(c->op), TEXT(c->line_item_id), TEXT(type_name_of(c)),
		TEXT(c->value ? c->value : ""), TEXT(c->criterion_id), TEXT(c->name),
		TEXT(c->location_type), TEXT(c->note)),
	    ei);
}

void state_draft_log(struct sidelog *l, const char *realm, const char *account, const char *draft)
{
	sidelog_line(l, "draft");
	sidelog_text(l, "realm", realm);
	sidelog_text(l, "account", account);
	sidelog_text(l, "name", draft);
}

void state_edit_log(struct sidelog *l, const struct change *c)
{
	sidelog_line(l, "edit");
	sidelog_int(l, "id", (int64_t)c->id);
	sidelog_text(l, "what", c->kind == CHANGE_DELETE ? "remove" : "add");
	sidelog_text(l, "line_item", c->line_item_id);
	sidelog_text(l, "type", type_name_of(c));
	sidelog_int(l, "op", c->op);
	sidelog_text(l, "value", c->value ? c->value : "");
	sidelog_text(l, "name", c->name);
	sidelog_text(l, "criterion", c->criterion_id);
	sidelog_text(l, "location_type", c->location_type);
	sidelog_text(l, "note", c->note);
	sidelog_int(l, "group", (int64_t)c->group);
	if (c->held)
		sidelog_int(l, "held", 1);
}

/* --- transactions --- */

static enum err read_log_end(struct store *s, struct sidelog_at *at, struct errinfo *ei)
{
	sqlite3_stmt *st =
	    db_query(&s->state, "SELECT offset, seq, hash, base FROM log_end WHERE id = 1", NULL);
	bool any = db_row(st);
	enum err err;

	if (any)
		*at = (struct sidelog_at){sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1),
		    (uint64_t)sqlite3_column_int64(st, 2), sqlite3_column_int64(st, 3)};
	err = db_done(&s->state, st, ei);
	if (err)
		return err;
	return any ? ERR_OK : err_set(ei, ERR_CORRUPT, "state.db is damaged");
}

static enum err write_log_end(struct store *s, struct errinfo *ei)
{
	return db_run(&s->state, "UPDATE log_end SET offset=?, seq=?, hash=?, base=? WHERE id=1",
	    BIND(INT(s->log.at.offset), INT(s->log.at.seq), INT(s->log.at.hash),
		INT(s->log.at.base)),
	    ei);
}

enum err state_begin(struct store *s, bool must, struct errinfo *ei)
{
	struct sidelog_at at;
	bool fresh = false;
	enum err err;

	state_follow(s);
	if (!s->state.sql)
		return err_set(
		    ei, ERR_STORE, "edits cannot be kept on this machine now; see the messages");
	if (!must && db_log_is_full(&s->state))
		return err_set(ei, ERR_STORE,
		    "another program reads state.db and keeps its log from being emptied");
	err = db_begin(&s->state, ei);
	if (err)
		return state_guard(s, err);
	s->log_optional = must;
	err = read_log_end(s, &at, ei);
	if (!err && sidelog_open(&s->log, &at, &fresh, ei) && !must)
		err = ERR_STORE;
	if (!err && fresh)
		err = state_dump(s, ei);
	if (err)
		err = state_end(s, err, NULL);
	return err;
}

enum err state_end(struct store *s, enum err err, struct errinfo *ei)
{
	bool wrote = false;

	if (!err && s->log.fd >= 0) {
		err = sidelog_sync(&s->log, ei);
		wrote = !err;
		if (err && s->log_optional) {
			store_say(s, "edits.log cannot be written; the journal goes on without it");
			err = ERR_OK;
		}
	}
	if (!err && wrote)
		err = write_log_end(s, ei);
	err = db_end(&s->state, err, ei);
	sidelog_close(&s->log);
	return state_guard(s, err);
}

int64_t state_draft(
    struct store *s, const char *account, bool make, enum err *err, struct errinfo *ei)
{
	static const char find[] = "SELECT id FROM draft WHERE realm=? AND account=? AND name=?";
	bool found;
	int64_t id = db_int(
	    &s->state, find, BIND(INT(s->state_realm), TEXT(account), TEXT(s->draft)), &found);

	*err = ERR_OK;
	/* staged into what another terminal deleted meanwhile: it is there again */
	if (found && make)
		*err = db_run(&s->state, "UPDATE draft SET deleted=0 WHERE id=? AND deleted<>0",
		    BIND(INT(id)), ei);
	if (found || !make)
		return id;
	if (!s->state_realm) {
		*err = err_set(ei, ERR_STORE, "no account is open");
		return 0;
	}
	*err = db_run(&s->state, "INSERT INTO draft(realm, account, name, made) VALUES(?,?,?,?)",
	    BIND(INT(s->state_realm), TEXT(account), TEXT(s->draft), INT(clock_wall_s())), ei);
	return db_last_id(&s->state);
}

/* --- writing a log anew --- */

static enum err dump_edits(struct store *s, struct errinfo *ei)
{
	sqlite3_stmt *st = db_query(&s->state,
	    "SELECT " CHANGE_COLUMNS ", d.id, r.name, d.account, d.name FROM draft d"
	    " JOIN realm r ON r.id = d.realm JOIN change c ON c.draft = d.id"
	    " WHERE c.state < 3 ORDER BY d.id, c.id",
	    NULL);
	enum err err = ERR_OK, done;
	int64_t last = 0;

	while (!err && db_row(st)) {
		struct arena arena;
		struct change c;

		if (sqlite3_column_int64(st, 12) != last)
			state_draft_log(&s->log, (const char *)sqlite3_column_text(st, 13),
			    (const char *)sqlite3_column_text(st, 14),
			    (const char *)sqlite3_column_text(st, 15));
		last = sqlite3_column_int64(st, 12);
		arena_init(&arena);
		err = change_of_row(&arena, st, &c);
		if (!err)
			state_edit_log(&s->log, &c);
		arena_done(&arena);
	}
	done = db_done(&s->state, st, ei);
	return err ? err_set(ei, err, "edits.log cannot be begun anew") : done;
}

static enum err ids_of_batch(struct store *s, int64_t batch, struct buf *text, struct errinfo *ei)
{
	sqlite3_stmt *st = db_query(
	    &s->state, "SELECT change FROM op WHERE batch=? ORDER BY seq", BIND(INT(batch)));

	while (db_row(st))
		buf_addf(
		    text, "%s%lld", text->len ? "," : "", (long long)sqlite3_column_int64(st, 0));
	return db_done(&s->state, st, ei);
}

static enum err dump_batches(struct store *s, struct errinfo *ei)
{
	sqlite3_stmt *st = db_query(&s->state,
	    "SELECT b.id, b.changeset, b.state, b.seq, r.name, c.account, c.title, y.pre_ids,"
	    " b.wire_at FROM batch b JOIN changeset c ON c.id = b.changeset"
	    " JOIN realm r ON r.id = c.realm LEFT JOIN body y ON y.batch = b.id WHERE b.state IN "
	    "(1, 2, 3, 6) ORDER BY b.id",
	    NULL);
	enum err err = ERR_OK, done;

	while (!err && db_row(st)) {
		enum batch_state state = (enum batch_state)sqlite3_column_int(st, 2);
		struct buf ids;

		buf_init(&ids, IDS_MAX);
		err = ids_of_batch(s, sqlite3_column_int64(st, 0), &ids, ei);
		sidelog_line(&s->log, "plan");
		sidelog_int(&s->log, "batch", sqlite3_column_int64(st, 0));
		sidelog_int(&s->log, "changeset", sqlite3_column_int64(st, 1));
		sidelog_int(&s->log, "seq", sqlite3_column_int64(st, 3));
		sidelog_text(&s->log, "realm", (const char *)sqlite3_column_text(st, 4));
		sidelog_text(&s->log, "account", (const char *)sqlite3_column_text(st, 5));
		sidelog_text(&s->log, "title", (const char *)sqlite3_column_text(st, 6));
		sidelog_text(&s->log, "ids", buf_str(&ids));
		sidelog_line(&s->log, "batch");
		sidelog_int(&s->log, "batch", sqlite3_column_int64(st, 0));
		sidelog_text(&s->log, "to", batch_state_name(state));
		sidelog_text(&s->log, "pre", (const char *)sqlite3_column_text(st, 7));
		sidelog_int(&s->log, "wire_at", sqlite3_column_int64(st, 8));
		buf_done(&ids);
	}
	done = db_done(&s->state, st, ei);
	return err ? err : done;
}

enum err state_dump(struct store *s, struct errinfo *ei)
{
	enum err err = dump_edits(s, ei);

	if (!err)
		err = dump_batches(s, ei);
	sidelog_line(&s->log, "begun");
	s->log.at.base = sidelog_length(&s->log);
	return err;
}
