/* The journal's writing side: every function is one transaction, fenced by the epoch of the lock. */
#include "store/journal.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "store/state.h"

#define IDS_MAX (64u * 1024 * 1024)

static const char *const state_names[BATCH_STATES] = {
    [BATCH_PLANNED] = "planned",
    [BATCH_INTENT] = "intent",
    [BATCH_WIRE] = "wire",
    [BATCH_OK] = "ok",
    [BATCH_VERIFIED] = "verified",
    [BATCH_REJECTED] = "rejected",
    [BATCH_UNKNOWN] = "unknown",
    [BATCH_ABSENT] = "absent",
    [BATCH_PARTIAL] = "partial",
};

const char *batch_state_name(enum batch_state st)
{
	return (unsigned)st < BATCH_STATES ? state_names[st] : "?";
}

const char *op_state_name(enum op_state st)
{
	static const char *const names[OP_STATES] = {"open", "present", "absent", "refused"};

	return (unsigned)st < OP_STATES ? names[st] : "?";
}

/* The diagram of journal.h: bit t of row f is set when f may become t. */
#define TO(x) (1u << BATCH_##x)
static const unsigned may_become[BATCH_STATES] = {
    [BATCH_PLANNED] = TO(INTENT),
    [BATCH_INTENT] = TO(WIRE) | TO(PLANNED),
    /* again on the wire: after a refusal that proves that nothing took effect */
    [BATCH_WIRE] = TO(OK) | TO(REJECTED) | TO(UNKNOWN) | TO(WIRE),
    /* a read-back that does not show it: no claim without proof */
    [BATCH_OK] = TO(VERIFIED) | TO(UNKNOWN) | TO(PARTIAL) | TO(ABSENT),
    [BATCH_UNKNOWN] = TO(VERIFIED) | TO(ABSENT) | TO(PARTIAL),
};
#undef TO

/* --- the batch under the hand, inside a transaction --- */

struct batch_row {
	int64_t id, changeset, ops, epoch;
	enum batch_state state;
};

static enum err stale(struct errinfo *ei)
{
	return err_set(ei, ERR_CONFLICT,
	    "the lock of this account is not held any more; another terminal took over");
}

/* Read the batch and see that this store still holds the lock of its account. */
static enum err fenced(struct store *s, uint64_t batch, struct batch_row *b, struct errinfo *ei)
{
	sqlite3_stmt *st = db_query(&s->state,
	    "SELECT b.changeset, b.state, c.account, l.epoch,"
	    " (SELECT count(*) FROM op WHERE op.batch = b.id)"
	    " FROM batch b JOIN changeset c ON c.id = b.changeset"
	    " LEFT JOIN lease l ON l.realm = c.realm AND l.account = c.account"
	    " WHERE b.id=? AND c.realm=?",
	    BIND(INT(batch), INT(s->state_realm)));
	bool any = db_row(st);
	int64_t epoch = 0, mine = 0;
	enum err err;

	memset(b, 0, sizeof *b);
	if (any) {
		unsigned state = (unsigned)sqlite3_column_int(st, 1);

		b->id = (int64_t)batch;
		b->changeset = sqlite3_column_int64(st, 0);
		b->state = state < BATCH_STATES ? (enum batch_state)state : BATCH_UNKNOWN;
		mine = lock_epoch(s, (const char *)sqlite3_column_text(st, 2));
		epoch = b->epoch = sqlite3_column_int64(st, 3);
		b->ops = sqlite3_column_int64(st, 4);
	}
	err = db_done(&s->state, st, ei);
	if (!err && !any)
		err =
		    err_set(ei, ERR_NOTFOUND, "there is no batch %llu", (unsigned long long)batch);
	if (!err && (!mine || mine != epoch))
		err = stale(ei);
	return err;
}

enum err journal_event_add(struct store *s, const struct event *e, struct errinfo *ei)
{
	int64_t before =
	    db_int(&s->state, "SELECT hash FROM event ORDER BY seq DESC LIMIT 1", NULL, NULL);
	int64_t now = clock_wall_s(), mono = clock_mono_ms();
	char line[1024];
	uint64_t h;
	int n = snprintf(line, sizeof line, "%lld %lld %lld %s %s %s", (long long)now,
	    (long long)e->changeset, (long long)e->batch, e->from, e->to, e->why);

	h = pack_hash((uint64_t)before, line, (size_t)n < sizeof line ? (size_t)n : sizeof line);
	return db_run(&s->state,
	    "INSERT INTO event(at, mono, changeset, batch, from_state, to_state, why, prev_hash,"
	    " hash) VALUES(?,?,?,?,?,?,?,?,?)",
	    BIND(INT(now), INT(mono), INT(e->changeset), INT(e->batch), TEXT(e->from), TEXT(e->to),
		TEXT(e->why), INT(before), INT(h)),
	    ei);
}

/* --- edits follow their batch --- */

/* Where the edits of a batch are while it is in a state; of a partial one those that are present
 * are applied. */
static const enum draft_state follows[BATCH_STATES] = {
    [BATCH_PLANNED] = DRAFT_STAGED,
    [BATCH_INTENT] = DRAFT_SENDING,
    [BATCH_WIRE] = DRAFT_SENDING,
    [BATCH_OK] = DRAFT_APPLIED,
    [BATCH_VERIFIED] = DRAFT_APPLIED,
    [BATCH_REJECTED] = DRAFT_STAGED,
    [BATCH_UNKNOWN] = DRAFT_UNKNOWN,
    [BATCH_ABSENT] = DRAFT_STAGED,
    [BATCH_PARTIAL] = DRAFT_STAGED,
};

enum err batch_moves_edits(struct store *s, int64_t batch, enum batch_state st, struct errinfo *ei)
{
	static const char all[] = "UPDATE change SET state=?1 WHERE state<>4 AND id IN"
				  " (SELECT change FROM op WHERE batch=?2)";
	static const char some[] = "UPDATE change SET state=?1 WHERE state<>4 AND id IN"
				   " (SELECT change FROM op WHERE batch=?2 AND state=?3)";
	enum err err = db_run(&s->state, all, BIND(INT(follows[st]), INT(batch)), ei);

	if (!err && st == BATCH_PARTIAL)
		err = db_run(&s->state, some,
		    BIND(INT(DRAFT_APPLIED), INT(batch), INT(OP_STATE_PRESENT)), ei);
	return err;
}

static enum err move_batch(struct store *s, const struct batch_row *b, enum batch_state to,
    const char *why, struct errinfo *ei)
{
	enum err err;

	if (!(may_become[b->state] & 1u << to))
		return err_set(ei, ERR_CONFLICT, "a batch that is %s cannot become %s",
		    batch_state_name(b->state), batch_state_name(to));
	err =
	    db_run(&s->state, "UPDATE batch SET state=? WHERE id=?", BIND(INT(to), INT(b->id)), ei);
	if (!err && (follows[to] != follows[b->state] || to == BATCH_PARTIAL))
		err = batch_moves_edits(s, b->id, to, ei);
	if (!err)
		err = journal_event_add(s,
		    &(struct event){
			b->changeset, b->id, batch_state_name(b->state), batch_state_name(to), why},
		    ei);
	sidelog_line(&s->log, "batch");
	sidelog_int(&s->log, "batch", b->id);
	sidelog_text(&s->log, "to", batch_state_name(to));
	if (why[0])
		sidelog_text(&s->log, "why", why);
	return err;
}

/* --- planning --- */

static enum err add_op(
    struct store *s, int64_t batch, size_t seq, const struct change *c, struct errinfo *ei)
{
	enum err err = db_run(&s->state,
	    "INSERT INTO op(batch, seq, change, state) SELECT ?, ?, id, 0 FROM change"
	    " WHERE id=? AND state=0 AND held=0",
	    BIND(INT(batch), INT(seq), INT(c->id)), ei);

	if (!err && db_changes(&s->state) != 1)
		err = err_set(ei, ERR_CONFLICT,
		    "a change of line item %.64s is not staged any more, or is held back; review "
		    "again",
		    c->line_item_id);
	return err;
}

static void log_plan(
    struct store *s, const struct journal_plan *p, size_t i, int64_t changeset, int64_t batch)
{
	const struct journal_batch_plan *b = &p->batches[i];
	struct buf ids;

	buf_init(&ids, IDS_MAX);
	for (size_t k = 0; k < b->n; k++)
		buf_addf(&ids, "%s%llu", k ? "," : "", (unsigned long long)b->ops[k]->id);
	sidelog_line(&s->log, "plan");
	sidelog_int(&s->log, "batch", batch);
	sidelog_int(&s->log, "changeset", changeset);
	sidelog_int(&s->log, "seq", (int64_t)i);
	sidelog_text(&s->log, "realm", s->realm);
	sidelog_text(&s->log, "account", p->account);
	sidelog_text(&s->log, "title", p->title);
	sidelog_text(&s->log, "ids", buf_str(&ids));
	buf_done(&ids);
}

static enum err add_batch(struct store *s, const struct journal_plan *p, size_t i,
    int64_t changeset, uint64_t *id, struct errinfo *ei)
{
	const struct journal_batch_plan *b = &p->batches[i];
	enum err err = db_run(&s->state,
	    "INSERT INTO batch(changeset, seq, state, attempt, epoch) VALUES(?,?,0,0,?)",
	    BIND(INT(changeset), INT(i), INT(lock_epoch(s, p->account))), ei);

	*id = (uint64_t)db_last_id(&s->state);
	for (size_t k = 0; k < b->n && !err; k++)
		err = add_op(s, (int64_t)*id, k, b->ops[k], ei);
	if (!err)
		log_plan(s, p, i, changeset, (int64_t)*id);
	return err;
}

static enum err check_lock(struct store *s, const char *account, struct errinfo *ei)
{
	int64_t mine = lock_epoch(s, account);
	int64_t epoch = db_int(&s->state, "SELECT epoch FROM lease WHERE realm=? AND account=?",
	    BIND(INT(s->state_realm), TEXT(account)), NULL);

	return mine && mine == epoch ? ERR_OK : stale(ei);
}

enum err journal_begin(struct store *s, const struct journal_plan *p, uint64_t *changeset,
    uint64_t *batch_ids, struct errinfo *ei)
{
	int64_t id = 0;
	enum err err = state_begin(s, false, ei);

	if (err)
		return err;
	err = check_lock(s, p->account, ei);
	if (!err)
		err = db_run(&s->state,
		    "INSERT INTO changeset(realm, account, title, digest, at) VALUES(?,?,?,?,?)",
		    BIND(INT(s->state_realm), TEXT(p->account), TEXT(p->title), TEXT(p->digest),
			INT(clock_wall_s())),
		    ei);
	if (!err)
		id = db_last_id(&s->state);
	for (size_t i = 0; i < p->n && !err; i++)
		err = add_batch(s, p, i, id, &batch_ids[i], ei);
	if (!err)
		err = journal_event_add(s, &(struct event){id, 0, "", "planned", p->title}, ei);
	err = state_end(s, err, ei);
	*changeset = err ? 0 : (uint64_t)id;
	return err;
}

/* --- sending --- */

/* All edits of the batch must still be staged: another terminal may have undone some, or hold them
 * back. */
static enum err all_staged(struct store *s, const struct batch_row *b, struct errinfo *ei)
{
	int64_t n = db_int(&s->state,
	    "SELECT count(*) FROM op JOIN change c ON c.id = op.change"
	    " WHERE op.batch=? AND c.state=0 AND c.held=0",
	    BIND(INT(b->id)), NULL);

	if (n == b->ops)
		return ERR_OK;
	return err_set(ei, ERR_CONFLICT,
	    "%lld change%s of this plan went or %s held back meanwhile; review again",
	    (long long)(b->ops - n), b->ops - n == 1 ? "" : "s", b->ops - n == 1 ? "is" : "are");
}

static enum err intent_in(
    struct store *s, uint64_t batch, const struct journal_intent *in, struct errinfo *ei)
{
	struct batch_row b;
	enum err err = fenced(s, batch, &b, ei);

	if (!err)
		err = all_staged(s, &b, ei);
	if (!err)
		err = move_batch(s, &b, BATCH_INTENT, "", ei);
	if (err)
		return err;
	sidelog_text(&s->log, "sha256", in->body_sha256);
	sidelog_text(&s->log, "pre", in->pre_ids);
	err = db_run(&s->state, "INSERT OR REPLACE INTO body(batch, pre_ids, data) VALUES(?,?,?)",
	    BIND(INT(batch), TEXT(in->pre_ids), BLOB(in->n ? in->body : "", in->n)), ei);
	if (err)
		return err;
	return db_run(&s->state,
	    "UPDATE batch SET attempt=attempt+1, epoch=?, body_sha256=?, intent_at=?,"
	    " wire_at=NULL, end_at=NULL WHERE id=?",
	    BIND(INT(b.epoch), TEXT(in->body_sha256), INT(clock_wall_s()), INT(batch)), ei);
}

enum err journal_intent(
    struct store *s, uint64_t batch, const struct journal_intent *in, struct errinfo *ei)
{
	enum err err = state_begin(s, false, ei);

	return err ? err : state_end(s, intent_in(s, batch, in, ei), ei);
}

static enum err wire_in(
    struct store *s, uint64_t batch, const char *nonce, int64_t oauth_ts, struct errinfo *ei)
{
	struct batch_row b;
	int64_t now = clock_wall_s();
	enum err err = fenced(s, batch, &b, ei);

	if (!err)
		err = move_batch(s, &b, BATCH_WIRE, "", ei);
	sidelog_int(&s->log, "wire_at", now);
	if (!err)
		err =
		    db_run(&s->state, "UPDATE batch SET nonce=?, oauth_ts=?, wire_at=? WHERE id=?",
			BIND(TEXT(nonce), INT(oauth_ts), INT(now), INT(batch)), ei);
	return err;
}

enum err journal_wire(
    struct store *s, uint64_t batch, const char *nonce, int64_t oauth_ts, struct errinfo *ei)
{
	enum err err = state_begin(s, false, ei);

	return err ? err : state_end(s, wire_in(s, batch, nonce, oauth_ts, ei), ei);
}

enum err journal_not_sent(struct store *s, uint64_t batch, const char *why, struct errinfo *ei)
{
	struct batch_row b;
	enum err err = state_begin(s, true, ei);

	if (err)
		return err;
	err = fenced(s, batch, &b, ei);
	if (!err)
		err = move_batch(s, &b, BATCH_PLANNED, why, ei);
	return state_end(s, err, ei);
}

/* --- outcomes --- */

static enum err set_op(struct store *s, const struct batch_row *b, size_t seq,
    const struct journal_op_end *o, struct errinfo *ei)
{
	enum err err = db_run(&s->state,
	    "UPDATE op SET state=iif(?1 = 0, state, ?1), result_id=coalesce(?2, result_id),"
	    " note=coalesce(?3, note) WHERE batch=?4 AND seq=?5",
	    BIND(INT(o->state), TEXT(o->result_id), TEXT(o->note), INT(b->id), INT(seq)), ei);

	if (!err && db_changes(&s->state) != 1)
		err = err_set(ei, ERR_NOTFOUND, "the batch has no operation %zu", seq);
	sidelog_line(&s->log, "op");
	sidelog_int(&s->log, "batch", b->id);
	sidelog_int(&s->log, "seq", (int64_t)seq);
	sidelog_int(&s->log, "state", o->state);
	sidelog_text(&s->log, "result", o->result_id);
	return err;
}

/* What the end of the batch says of the ops that nobody spoke of. */
static enum err settle_open_ops(
    struct store *s, const struct batch_row *b, enum batch_state to, struct errinfo *ei)
{
	enum op_state st = OP_STATE_OPEN;

	if (to == BATCH_OK || to == BATCH_VERIFIED)
		st = OP_STATE_PRESENT;
	else if (to == BATCH_REJECTED || to == BATCH_ABSENT)
		st = OP_STATE_ABSENT; /* a batch is atomic: those without an error were not done */
	if (st == OP_STATE_OPEN)
		return ERR_OK;
	return db_run(&s->state, "UPDATE op SET state=? WHERE batch=? AND state=0",
	    BIND(INT(st), INT(b->id)), ei);
}

static enum err check_end(
    const struct batch_row *b, const struct journal_end *end, struct errinfo *ei)
{
	if (end->ops && (int64_t)end->n_ops != b->ops)
		return err_set(ei, ERR_USAGE, "the batch has %lld operations, not %zu",
		    (long long)b->ops, end->n_ops);
	if (end->state == BATCH_PLANNED || end->state == BATCH_INTENT || end->state == BATCH_WIRE)
		return err_set(
		    ei, ERR_CONFLICT, "\"%s\" is not an outcome", batch_state_name(end->state));
	return ERR_OK;
}

/* Whoever says "partly" must say of each operation what became of it, here or before. */
static enum err check_partial(struct store *s, const struct batch_row *b, struct errinfo *ei)
{
	if (db_int(&s->state, "SELECT count(*) FROM op WHERE batch=? AND state NOT IN (1, 2)",
		BIND(INT(b->id)), NULL) == 0)
		return ERR_OK;
	return err_set(ei, ERR_USAGE, "of a partly applied batch each operation must be known");
}

/* In the transaction of the end: the answer and what it meant are known together or not at all. */
static enum err put_reply(
    struct store *s, uint64_t batch, const struct journal_end *end, struct errinfo *ei)
{
	size_t kept = end->reply_len < JOURNAL_REPLY_MAX ? end->reply_len : JOURNAL_REPLY_MAX;

	if (!end->reply || !end->reply_len)
		return ERR_OK;
	while (kept && kept < end->reply_len && ((unsigned char)end->reply[kept] & 0xC0) == 0x80)
		kept--; /* not through a character */
	return db_run(&s->state, "INSERT OR REPLACE INTO reply(batch, size, data) VALUES(?,?,?)",
	    BIND(INT(batch), INT(end->reply_len), BLOB(end->reply, kept)), ei);
}

static enum err end_in(
    struct store *s, uint64_t batch, const struct journal_end *end, struct errinfo *ei)
{
	const char *verdict = end->verdict ? end->verdict : "";
	struct batch_row b;
	enum err err = fenced(s, batch, &b, ei);

	if (!err)
		err = check_end(&b, end, ei);
	for (size_t i = 0; i < (end->ops ? end->n_ops : 0) && !err; i++)
		err = set_op(s, &b, i, &end->ops[i], ei);
	if (!err && end->state == BATCH_PARTIAL)
		err = check_partial(s, &b, ei);
	if (!err)
		err = settle_open_ops(s, &b, end->state, ei);
	if (!err)
		err = move_batch(s, &b, end->state, verdict, ei);
	if (!err)
		err = put_reply(s, batch, end, ei);
	if (err)
		return err;
	return db_run(&s->state,
	    "UPDATE batch SET end_at=?, curl_code=?, http_status=coalesce(nullif(?, 0),"
	    " http_status), reply_sha256=coalesce(?, reply_sha256), verdict=coalesce(?, verdict)"
	    " WHERE id=?",
	    BIND(INT(clock_wall_s()), INT(end->curl_code), INT(end->http_status),
		TEXT(end->reply_sha256), TEXT(end->verdict), INT(batch)),
	    ei);
}

enum err journal_end(
    struct store *s, uint64_t batch, const struct journal_end *end, struct errinfo *ei)
{
	enum err err = state_begin(s, true, ei);

	return err ? err : state_end(s, end_in(s, batch, end, ei), ei);
}

enum err journal_note(struct store *s, uint64_t batch, const char *why, struct errinfo *ei)
{
	struct batch_row b;
	enum err err = state_begin(s, true, ei);

	if (err)
		return err;
	err = fenced(s, batch, &b, ei);
	if (!err) {
		const char *st = batch_state_name(b.state);

		err = journal_event_add(s, &(struct event){b.changeset, b.id, st, st, why}, ei);
	}
	return state_end(s, err, ei);
}

/* --- images --- */

static enum err pack_image(struct buf *b, const struct criterion_set *set)
{
	const void **records = mem_array(set->n, sizeof *records);
	struct packer packer;
	enum err err;

	if (!records)
		return ERR_NOMEM;
	for (size_t i = 0; i < set->n; i++)
		records[i] = &set->v[i];
	packer_init(&packer);
	err = pack_write(&packer, &pack_criterion, records, set->n, b);
	packer_done(&packer);
	mem_free(records);
	return err;
}

static enum err put_image(
    struct store *s, const struct journal_image *im, struct buf *b, struct errinfo *ei)
{
	enum err err;

	buf_clear(b);
	err = pack_image(b, im->criteria);
	if (err)
		return err_set(
		    ei, err, "the criteria of line item %.64s are too large", im->line_item);
	return db_run(&s->state,
	    "INSERT INTO image(changeset, realm, line_item, after, at, data)"
	    " VALUES(?,?,?,?,?,?)",
	    BIND(INT(im->changeset), INT(s->state_realm), TEXT(im->line_item), INT(im->after),
		INT(clock_wall_s()), BLOB(b->p, b->len)),
	    ei);
}

enum err journal_put_images(
    struct store *s, const struct journal_image *v, size_t n, struct errinfo *ei)
{
	struct buf b;
	enum err err = state_begin(s, true, ei);

	if (err)
		return err;
	buf_init(&b, PACK_BYTES);
	for (size_t i = 0; i < n && !err; i++)
		err = put_image(s, &v[i], &b, ei);
	buf_done(&b);
	return state_end(s, err, ei);
}

/* --- recovery --- */

/* One batch of the account in that state; 0: none. */
static uint64_t next_in(struct store *s, const char *account, enum batch_state st)
{
	return (uint64_t)db_int(&s->state,
	    "SELECT b.id FROM batch b JOIN changeset c ON c.id = b.changeset"
	    " WHERE b.state=? AND c.realm=? AND c.account=? ORDER BY b.id LIMIT 1",
	    BIND(INT(st), INT(s->state_realm), TEXT(account)), NULL);
}

static enum err move_all(struct store *s, const char *account, enum batch_state from,
    enum batch_state to, struct errinfo *ei)
{
	enum err err = ERR_OK;
	struct batch_row b;
	uint64_t id;

	while (!err && (id = next_in(s, account, from)) != 0) {
		err = fenced(s, id, &b, ei);
		if (!err)
			err = move_batch(s, &b, to,
			    to == BATCH_UNKNOWN ? "the program ended before the answer"
						: "the program ended before it was sent",
			    ei);
	}
	return err;
}

enum err journal_recover(struct store *s, const char *account, size_t *unknown, struct errinfo *ei)
{
	enum err err;

	*unknown = 0;
	if (!s->state.sql)
		return ERR_OK;
	if (next_in(s, account, BATCH_INTENT) || next_in(s, account, BATCH_WIRE)) {
		err = state_begin(s, false, ei);
		if (err)
			return err;
		err = move_all(s, account, BATCH_INTENT, BATCH_PLANNED, ei);
		if (!err)
			err = move_all(s, account, BATCH_WIRE, BATCH_UNKNOWN, ei);
		err = state_end(s, err, ei);
		if (err)
			return err;
	}
	*unknown = (size_t)db_int(&s->state,
	    "SELECT count(*) FROM batch b JOIN changeset c ON c.id = b.changeset"
	    " WHERE b.state=6 AND c.realm=? AND c.account=?",
	    BIND(INT(s->state_realm), TEXT(account)), NULL);
	return ERR_OK;
}
