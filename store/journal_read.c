/* The journal's reading side: for the journal view, settling and revert. */
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "store/state.h"

#define JOURNAL_LIST(kind)                                                                         \
	void journal_##kind##_list_init(struct journal_##kind##_list *l)                           \
	{                                                                                          \
		memset(l, 0, sizeof *l);                                                           \
		arena_init(&l->arena);                                                             \
	}                                                                                          \
	void journal_##kind##_list_done(struct journal_##kind##_list *l)                           \
	{                                                                                          \
		arena_done(&l->arena);                                                             \
		mem_free(l->v);                                                                    \
		journal_##kind##_list_init(l);                                                     \
	}                                                                                          \
	static struct journal_##kind *add_##kind(struct journal_##kind##_list *l)                  \
	{                                                                                          \
		if (l->n == l->cap) {                                                              \
			size_t cap = l->cap ? l->cap * 2 : 16;                                     \
			void *v = mem_realloc_array(l->v, cap, sizeof *l->v);                      \
                                                                                                   \
			if (!v)                                                                    \
				return NULL;                                                       \
			l->v = v;                                                                  \
			l->cap = cap;                                                              \
		}                                                                                  \
		memset(&l->v[l->n], 0, sizeof *l->v);                                              \
		return &l->v[l->n++];                                                              \
	}

JOURNAL_LIST(changeset)
JOURNAL_LIST(batch)
JOURNAL_LIST(op)
JOURNAL_LIST(event)
JOURNAL_LIST(moment)
#undef JOURNAL_LIST

static enum err read_result(struct store *s, enum err err, enum err done, struct errinfo *ei)
{
	if (err)
		err_set(ei, err, "the journal cannot be read");
	return state_guard(s, err ? err : done);
}

/* NULL stays "" here: the fields of a batch are shown as they are. */
static const char *text_or_empty(struct arena *arena, sqlite3_stmt *st, int i, enum err *err)
{
	const char *s = row_text(arena, st, i, err);

	return s ? s : "";
}

/* Any bytes; a NUL is put behind them. */
static const char *blob_or_empty(struct arena *arena, sqlite3_stmt *st, int i, enum err *err)
{
	const char *data = sqlite3_column_blob(st, i);
	const char *copy =
	    arena_strndup(arena, data ? data : "", (size_t)sqlite3_column_bytes(st, i));

	if (!copy)
		*err = ERR_NOMEM;
	return copy ? copy : "";
}

/* --- changesets --- */

static enum err count_states(struct store *s, struct journal_changeset *c, struct errinfo *ei)
{
	sqlite3_stmt *st = db_query(&s->state,
	    "SELECT state, count(*), sum((SELECT count(*) FROM op WHERE op.batch = batch.id))"
	    " FROM batch WHERE changeset=? GROUP BY state",
	    BIND(INT(c->id)));

	while (db_row(st)) {
		unsigned state = (unsigned)sqlite3_column_int(st, 0);
		size_t n = (size_t)sqlite3_column_int64(st, 1);

		if (state < BATCH_STATES)
			c->by_state[state] += n;
		c->batches += n;
		c->ops += (size_t)sqlite3_column_int64(st, 2);
	}
	return db_done(&s->state, st, ei);
}

enum err journal_changesets(struct store *s, const struct journal_page *p,
    struct journal_changeset_list *out, struct errinfo *ei)
{
	enum err err = ERR_OK, done;
	size_t first = out->n;
	sqlite3_stmt *st;

	if (!s->state.sql)
		return ERR_OK;
	st = db_query(&s->state,
	    "SELECT id, account, title, digest, at FROM changeset WHERE realm=? AND account=?"
	    " AND id < ? ORDER BY id DESC LIMIT ?",
	    BIND(INT(s->state_realm), TEXT(p->account),
		INT(p->before ? (int64_t)p->before : INT64_MAX),
		INT(p->max > INT64_MAX ? INT64_MAX : (int64_t)p->max)));
	while (!err && db_row(st)) {
		struct journal_changeset *c = add_changeset(out);

		if (!c) {
			err = ERR_NOMEM;
			break;
		}
		c->id = (uint64_t)sqlite3_column_int64(st, 0);
		c->account = row_text(&out->arena, st, 1, &err);
		c->title = row_text(&out->arena, st, 2, &err);
		c->digest = row_text(&out->arena, st, 3, &err);
		c->created_at = sqlite3_column_int64(st, 4);
	}
	done = db_done(&s->state, st, ei);
	for (size_t i = first; i < out->n && !err && !done; i++)
		done = count_states(s, &out->v[i], ei);
	return read_result(s, err, done, ei);
}

/* --- batches --- */

#define BATCH_COLUMNS                                                                              \
	"b.id, b.changeset, b.seq, (SELECT count(*) FROM op WHERE op.batch = b.id), b.state,"      \
	" b.attempt, b.curl_code, b.http_status, b.epoch, b.intent_at, b.wire_at, b.end_at,"       \
	" y.data, b.body_sha256, b.nonce, b.reply_sha256, b.verdict, y.pre_ids,"                   \
	" r.size, r.data"

static enum err batch_of_row(struct journal_batch_list *out, sqlite3_stmt *st)
{
	struct journal_batch *b = add_batch(out);
	struct arena *a = &out->arena;
	enum err err = ERR_OK;
	unsigned state;

	if (!b)
		return ERR_NOMEM;
	state = (unsigned)sqlite3_column_int(st, 4);
	b->id = (uint64_t)sqlite3_column_int64(st, 0);
	b->changeset = (uint64_t)sqlite3_column_int64(st, 1);
	b->seq = (size_t)sqlite3_column_int64(st, 2);
	b->n_ops = (size_t)sqlite3_column_int64(st, 3);
	b->state = state < BATCH_STATES ? (enum batch_state)state : BATCH_UNKNOWN;
	b->attempt = sqlite3_column_int(st, 5);
	b->curl_code = sqlite3_column_int(st, 6);
	b->http_status = sqlite3_column_int(st, 7);
	b->epoch = sqlite3_column_int64(st, 8);
	b->intent_at = sqlite3_column_int64(st, 9);
	b->wire_at = sqlite3_column_int64(st, 10);
	b->end_at = sqlite3_column_int64(st, 11);
	b->body = text_or_empty(a, st, 12, &err);
	b->body_sha256 = text_or_empty(a, st, 13, &err);
	b->nonce = text_or_empty(a, st, 14, &err);
	b->reply_sha256 = text_or_empty(a, st, 15, &err);
	b->verdict = text_or_empty(a, st, 16, &err);
	b->pre_ids = text_or_empty(a, st, 17, &err);
	b->reply_len = (size_t)sqlite3_column_int64(st, 18);
	b->reply = blob_or_empty(a, st, 19, &err);
	b->reply_kept = (size_t)sqlite3_column_bytes(st, 19);
	return err;
}

static enum err read_batches(struct store *s, const char *sql, const struct db_arg *args,
    struct journal_batch_list *out, struct errinfo *ei)
{
	enum err err = ERR_OK, done;
	sqlite3_stmt *st;

	if (!s->state.sql)
		return ERR_OK;
	st = db_query(&s->state, sql, args);
	while (!err && db_row(st))
		err = batch_of_row(out, st);
	done = db_done(&s->state, st, ei);
	return read_result(s, err, done, ei);
}

enum err journal_batches(
    struct store *s, uint64_t changeset, struct journal_batch_list *out, struct errinfo *ei)
{
	return read_batches(s,
	    "SELECT " BATCH_COLUMNS " FROM batch b LEFT JOIN body y ON y.batch = b.id"
	    " LEFT JOIN reply r ON r.batch = b.id"
	    " JOIN changeset c ON c.id = b.changeset"
	    " WHERE c.id=? AND c.realm=? ORDER BY b.seq",
	    BIND(INT(changeset), INT(s->state_realm)), out, ei);
}

uint64_t journal_version(struct store *s)
{
	if (!s->state.sql)
		return 0;
	return (uint64_t)db_int(
	    &s->state, "SELECT seq FROM event ORDER BY seq DESC LIMIT 1", NULL, NULL);
}

enum err journal_unknown(
    struct store *s, const char *account, struct journal_batch_list *out, struct errinfo *ei)
{
	return read_batches(s,
	    "SELECT " BATCH_COLUMNS " FROM batch b LEFT JOIN body y ON y.batch = b.id"
	    " LEFT JOIN reply r ON r.batch = b.id"
	    " JOIN changeset c ON c.id = b.changeset"
	    " WHERE b.state=6 AND c.realm=? AND c.account=? ORDER BY b.id",
	    BIND(INT(s->state_realm), TEXT(account)), out, ei);
}

/* The monotonic clock goes on while the machine sleeps and begins anew when it is started: then the
 * batch is older than that clock. */
int64_t journal_sent_ago_ms(struct store *s, const struct journal_batch *b)
{
	int64_t now = clock_mono_ms();
	int64_t at = db_int(&s->state,
	    "SELECT mono FROM event WHERE changeset=? AND batch=? AND to_state='wire'"
	    " ORDER BY seq DESC LIMIT 1",
	    BIND(INT(b->changeset), INT(b->id)), NULL);

	if (at <= 0)
		return 0;
	return now >= at ? now - at : now;
}

/* --- ops --- */

static enum err op_of_row(struct journal_op_list *out, sqlite3_stmt *st)
{
	struct journal_op *o = add_op(out);
	enum err err;
	unsigned state;

	if (!o)
		return ERR_NOMEM;
	err = change_of_row(&out->arena, st, &o->change);
	state = (unsigned)sqlite3_column_int(st, 14);
	o->batch = (uint64_t)sqlite3_column_int64(st, 12);
	o->seq = (size_t)sqlite3_column_int64(st, 13);
	o->state = state < OP_STATES ? (enum op_state)state : OP_STATE_OPEN;
	o->result_id = row_text(&out->arena, st, 15, &err);
	o->note = row_text(&out->arena, st, 16, &err);
	return err;
}

enum err journal_ops(struct store *s, uint64_t changeset, uint64_t batch,
    struct journal_op_list *out, struct errinfo *ei)
{
	enum err err = ERR_OK, done;
	sqlite3_stmt *st;

	if (!s->state.sql)
		return ERR_OK;
	st = db_query(&s->state,
	    "SELECT " CHANGE_COLUMNS ", o.batch, o.seq, o.state, o.result_id, o.note"
	    " FROM batch b JOIN op o ON o.batch = b.id JOIN change c ON c.id = o.change"
	    " WHERE b.changeset=?1 AND (?2 = 0 OR b.id = ?2) ORDER BY b.seq, o.seq",
	    BIND(INT(changeset), INT(batch)));
	while (!err && db_row(st))
		err = op_of_row(out, st);
	done = db_done(&s->state, st, ei);
	return read_result(s, err, done, ei);
}

bool journal_made(struct store *s, const char *criterion_id)
{
	bool found = false;

	if (s->state.sql)
		db_int(&s->state,
		    "SELECT 1 FROM op o JOIN change c ON c.id = o.change JOIN batch b ON b.id = "
		    "o.batch"
		    " JOIN changeset x ON x.id = b.changeset"
		    " WHERE o.result_id=? AND o.state=1 AND c.kind=0 AND x.realm=? LIMIT 1",
		    BIND(TEXT(criterion_id), INT(s->state_realm)), &found);
	return found;
}

bool journal_removed(struct store *s, const char *criterion_id)
{
	bool found = false;

	if (s->state.sql)
		db_int(&s->state,
		    "SELECT 1 FROM op o JOIN change c ON c.id = o.change JOIN batch b ON b.id = "
		    "o.batch"
		    " JOIN changeset x ON x.id = b.changeset"
		    " WHERE c.criterion_id=? AND o.state=1 AND c.kind=1 AND x.realm=? LIMIT 1",
		    BIND(TEXT(criterion_id), INT(s->state_realm)), &found);
	return found;
}

bool journal_refusal(struct store *s, uint64_t change, struct buf *out)
{
	sqlite3_stmt *st;
	bool any;

	if (!s->state.sql)
		return false;
	/* only the last batch of the edit counts: an older refusal may have been mended */
	st = db_query(&s->state,
	    "SELECT note, state FROM op WHERE change=? ORDER BY batch DESC LIMIT 1",
	    BIND(INT(change)));
	any = db_row(st) && sqlite3_column_int(st, 1) == OP_STATE_REFUSED &&
	      sqlite3_column_text(st, 0) != NULL;
	if (any)
		buf_adds(out, (const char *)sqlite3_column_text(st, 0));
	return !state_guard(s, db_done(&s->state, st, NULL)) && any;
}

/* --- the order of postings and of what was read --- */

static struct journal_point one_point(
    struct store *s, const char *sql, const struct db_arg *args, bool *found)
{
	struct journal_point p = {0};
	sqlite3_stmt *st;

	*found = false;
	if (!s->state.sql)
		return p;
	st = db_query(&s->state, sql, args);
	if (db_row(st)) {
		*found = true;
		p = (struct journal_point){sqlite3_column_int64(st, 0),
		    (uint64_t)sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 2)};
	}
	if (state_guard(s, db_done(&s->state, st, NULL)))
		*found = false;
	return *found ? p : (struct journal_point){0};
}

struct journal_point journal_now(struct store *s)
{
	bool found;
	struct journal_point p = one_point(
	    s, "SELECT seq, hash, mono FROM event ORDER BY seq DESC LIMIT 1", NULL, &found);

	p.mono_ms = clock_mono_ms();
	return p;
}

struct journal_point journal_last_step(struct store *s, uint64_t changeset)
{
	bool found;

	return one_point(s,
	    "SELECT seq, hash, mono FROM event WHERE changeset=? AND from_state <> to_state"
	    " ORDER BY seq DESC LIMIT 1",
	    BIND(INT(changeset)), &found);
}

bool journal_is_after(
    struct store *s, const struct journal_point *p, const struct journal_point *step)
{
	bool found;

	if (!step->seq || p->seq < step->seq)
		return false;
	one_point(s, "SELECT seq, hash, mono FROM event WHERE seq=? AND hash=?",
	    BIND(INT(p->seq), INT(p->hash)), &found);
	return found;
}

/* The time since the start goes back only when the machine was started anew: then all of it has passed
 * since. When it started anew and the time is greater all the same, the difference is still less. */
int64_t journal_ms_after(const struct journal_point *p, const struct journal_point *step)
{
	return p->mono_ms >= step->mono_ms ? p->mono_ms - step->mono_ms : p->mono_ms;
}

/* --- events --- */

static enum err event_of_row(struct journal_event_list *out, sqlite3_stmt *st)
{
	struct journal_event *e = add_event(out);
	enum err err = ERR_OK;

	if (!e)
		return ERR_NOMEM;
	e->at = sqlite3_column_int64(st, 0);
	e->batch = (uint64_t)sqlite3_column_int64(st, 1);
	e->from = text_or_empty(&out->arena, st, 2, &err);
	e->to = text_or_empty(&out->arena, st, 3, &err);
	e->why = text_or_empty(&out->arena, st, 4, &err);
	return err;
}

enum err journal_events(
    struct store *s, uint64_t changeset, struct journal_event_list *out, struct errinfo *ei)
{
	enum err err = ERR_OK, done;
	sqlite3_stmt *st;

	if (!s->state.sql)
		return ERR_OK;
	st = db_query(&s->state,
	    "SELECT at, batch, from_state, to_state, why FROM event WHERE changeset=? ORDER BY seq",
	    BIND(INT(changeset)));
	while (!err && db_row(st))
		err = event_of_row(out, st);
	done = db_done(&s->state, st, ei);
	return read_result(s, err, done, ei);
}

/* --- images --- */

static enum err image_of_row(sqlite3_stmt *st, struct criterion_set *out)
{
	const void *data = sqlite3_column_blob(st, 1);
	size_t n = (size_t)sqlite3_column_bytes(st, 1), before = out->n;
	struct raw_set raw = RAW_SET(out, &pack_criterion);
	const char *copy;
	enum err err;

	copy = arena_strndup(&out->arena, data ? data : "", n);
	if (!copy)
		return ERR_NOMEM;
	err = pack_read(copy, n, 0, SIZE_MAX, &raw);
	out->v = raw.v;
	out->n = raw.n;
	out->cap = raw.cap;
	if (!err)
		pack_finish_criteria(out, before);
	return err;
}

enum err journal_image_at(
    struct store *s, const char *line_item, int64_t when, struct criterion_set *out, int64_t *at)
{
	enum err err, done;
	sqlite3_stmt *st;

	if (!s->state.sql)
		return ERR_NOTFOUND;
	st = db_query(&s->state,
	    "SELECT at, data FROM image WHERE realm=? AND line_item=? AND at <= ?"
	    " ORDER BY at DESC, id DESC LIMIT 1",
	    BIND(INT(s->state_realm), TEXT(line_item), INT(when)));
	err = db_row(st) ? image_of_row(st, out) : ERR_NOTFOUND;
	if (!err && at)
		*at = sqlite3_column_int64(st, 0);
	done = db_done(&s->state, st, NULL);
	return state_guard(s, err ? err : done);
}

enum err journal_image_of(
    struct store *s, const struct journal_image *which, struct criterion_set *out, int64_t *at)
{
	enum err err, done;
	sqlite3_stmt *st;

	if (!s->state.sql)
		return ERR_NOTFOUND;
	st = db_query(&s->state,
	    "SELECT at, data FROM image WHERE changeset=? AND line_item=? AND after=?"
	    " ORDER BY id DESC LIMIT 1",
	    BIND(INT(which->changeset), TEXT(which->line_item), INT(which->after)));
	err = db_row(st) ? image_of_row(st, out) : ERR_NOTFOUND;
	if (!err && at)
		*at = sqlite3_column_int64(st, 0);
	done = db_done(&s->state, st, NULL);
	return state_guard(s, err ? err : done);
}

enum err journal_image(struct store *s, uint64_t moment, struct criterion_set *out)
{
	enum err err, done;
	sqlite3_stmt *st;

	if (!s->state.sql)
		return ERR_NOTFOUND;
	st = db_query(&s->state, "SELECT at, data FROM image WHERE id=? AND realm=?",
	    BIND(INT(moment), INT(s->state_realm)));
	err = db_row(st) ? image_of_row(st, out) : ERR_NOTFOUND;
	done = db_done(&s->state, st, NULL);
	return state_guard(s, err ? err : done);
}

static enum err moment_of_row(struct journal_moment_list *out, sqlite3_stmt *st)
{
	struct journal_moment *m = add_moment(out);
	enum err err = ERR_OK;

	if (!m)
		return ERR_NOMEM;
	m->id = (uint64_t)sqlite3_column_int64(st, 0);
	m->changeset = (uint64_t)sqlite3_column_int64(st, 1);
	m->at = sqlite3_column_int64(st, 2);
	m->line_item = text_or_empty(&out->arena, st, 3, &err);
	m->title = text_or_empty(&out->arena, st, 4, &err);
	m->after = sqlite3_column_int(st, 5) != 0;
	return err;
}

/* Of several images of one side of a posting the last counts, as in journal_image_of: max() makes
 * SQLite take the other columns from its row. */
#define MOMENTS                                                                                    \
	"SELECT max(i.id), i.changeset, i.at, i.line_item, c.title, i.after"                       \
	" FROM image i JOIN changeset c ON c.id = i.changeset WHERE i.realm=?1"

enum err journal_moments(struct store *s, const char *line_item, uint64_t changeset,
    struct journal_moment_list *out, struct errinfo *ei)
{
	enum err err = ERR_OK, done;
	sqlite3_stmt *st;

	if (!s->state.sql)
		return ERR_OK;
	st = line_item ? db_query(&s->state,
			     MOMENTS " AND i.line_item=?2 GROUP BY i.changeset, i.after"
				     " ORDER BY i.at DESC, 1 DESC",
			     BIND(INT(s->state_realm), TEXT(line_item)))
		       : db_query(&s->state,
			     MOMENTS " AND i.changeset=?2 GROUP BY i.line_item, i.after"
				     " ORDER BY i.line_item, i.after",
			     BIND(INT(s->state_realm), INT(changeset)));
	while (!err && db_row(st))
		err = moment_of_row(out, st);
	done = db_done(&s->state, st, ei);
	return read_result(s, err, done, ei);
}
