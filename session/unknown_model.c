#include "session/unknown_model.h"

#include <string.h>
#include "api/apply.h"
#include "base/mem.h"

void unknown_model_init(struct unknown_model *m, struct session *s)
{
	*m = (struct unknown_model){.session = s};
}

static void batch_done(struct unknown_batch *b)
{
	journal_batch_list_done(&b->siblings);
	journal_op_list_done(&b->ops);
	journal_event_list_done(&b->events);
}

void unknown_model_done(struct unknown_model *m)
{
	for (size_t i = 0; i < m->n_batches; i++)
		batch_done(&m->batches[i]);
	mem_free(m->batches);
	mem_free(m->rows);
	unknown_model_init(m, m->session);
}

/* --- building --- */

static bool has(const struct unknown_model *m, uint64_t batch)
{
	for (size_t i = 0; i < m->n_batches; i++)
		if (m->batches[i].id == batch)
			return true;
	return false;
}

/* Those of `old`, then those that are unknown now. */
static enum err find_batches(
    struct unknown_model *m, const struct unknown_model *old, struct errinfo *ei)
{
	struct session *s = m->session;
	struct journal_batch_list now;
	enum err err;

	journal_batch_list_init(&now);
	err = journal_unknown(session_store(s), session_account_id(s), &now, ei);
	if (!err) {
		m->batches = mem_array(old->n_batches + now.n, sizeof *m->batches);
		if (!m->batches)
			err = err_set(ei, ERR_NOMEM, "no memory for what is unknown");
	}
	for (size_t i = 0; !err && i < old->n_batches; i++)
		m->batches[m->n_batches++] = (struct unknown_batch){
		    .id = old->batches[i].id, .changeset = old->batches[i].changeset};
	for (size_t i = 0; !err && i < now.n; i++)
		if (!has(m, now.v[i].id))
			m->batches[m->n_batches++] = (struct unknown_batch){
			    .id = now.v[i].id, .changeset = now.v[i].changeset};
	for (size_t i = 0; i < m->n_batches; i++) {
		journal_batch_list_init(&m->batches[i].siblings);
		journal_op_list_init(&m->batches[i].ops);
		journal_event_list_init(&m->batches[i].events);
	}
	journal_batch_list_done(&now);
	return err;
}

static void look_at_events(struct unknown_batch *b)
{
	static const char unknown[] = "unknown";

	for (size_t i = 0; i < b->events.n; i++) {
		const struct journal_event *e = &b->events.v[i];

		if (e->batch != b->id)
			continue;
		if (strcmp(e->to, unknown) == 0 && strcmp(e->from, unknown) != 0) {
			b->lost = e;
		} else if (strncmp(e->why, APPLY_READING, strlen(APPLY_READING)) == 0) {
			b->reading = e;
			b->readings++;
		}
	}
}

static enum err fill(struct store *store, struct unknown_batch *b, struct errinfo *ei)
{
	enum err err = journal_batches(store, b->changeset, &b->siblings, ei);

	if (!err)
		err = journal_ops(store, b->changeset, b->id, &b->ops, ei);
	if (!err)
		err = journal_events(store, b->changeset, &b->events, ei);
	if (err)
		return err;
	b->of_batches = b->siblings.n;
	for (size_t i = 0; i < b->siblings.n; i++)
		if (b->siblings.v[i].id == b->id)
			b->journal = &b->siblings.v[i];
	look_at_events(b);
	return b->journal ? ERR_OK : err_set(ei, ERR_NOTFOUND, "the journal lost a batch");
}

bool unknown_row_is_open(const struct unknown_row *r)
{
	return r->op->state == OP_STATE_OPEN && r->batch->journal->state == BATCH_UNKNOWN;
}

static enum err make_rows(struct unknown_model *m, struct errinfo *ei)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_batches; i++)
		n += m->batches[i].ops.n;
	m->rows = mem_array(n, sizeof *m->rows);
	if (!m->rows)
		return err_set(ei, ERR_NOMEM, "no memory for what is unknown");
	for (size_t i = 0; i < m->n_batches; i++)
		for (size_t k = 0; k < m->batches[i].ops.n; k++) {
			struct unknown_row *r = &m->rows[m->n_rows++];

			*r = (struct unknown_row){&m->batches[i], &m->batches[i].ops.v[k]};
			m->n_open += unknown_row_is_open(r);
			m->n_done += r->op->state == OP_STATE_PRESENT;
			m->n_absent += r->op->state == OP_STATE_ABSENT;
		}
	return ERR_OK;
}

enum err unknown_model_build(struct unknown_model *m, struct errinfo *ei)
{
	struct unknown_model next;
	enum err err;

	unknown_model_init(&next, m->session);
	err = find_batches(&next, m, ei);
	for (size_t i = 0; !err && i < next.n_batches; i++)
		err = fill(session_store(m->session), &next.batches[i], ei);
	if (!err)
		err = make_rows(&next, ei);
	if (err) {
		unknown_model_done(&next);
		return err;
	}
	unknown_model_done(m);
	*m = next;
	return ERR_OK;
}
