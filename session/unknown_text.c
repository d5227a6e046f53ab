/* What is unknown, in words and as JSON. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "api/apply.h"
#include "base/clock.h"
#include "base/text.h"
#include "store/lock.h"
#include "session/applying.h"
#include "session/journal_text.h"
#include "session/unknown_model.h"

const char *unknown_row_state(const struct unknown_row *r)
{
	static const char *const ends[OP_STATES] = {
	    [OP_STATE_OPEN] = "not known",
	    [OP_STATE_PRESENT] = "took effect",
	    [OP_STATE_ABSENT] = "had no effect, staged again",
	    [OP_STATE_REFUSED] = "refused, staged again",
	};

	return unknown_row_is_open(r) ? "? unknown" : ends[r->op->state];
}

static void moment(int64_t at, char out[32])
{
	char utc[21];

	clock_format_utc(at, utc);
	snprintf(out, 32, "%.10s %.8s", utc, utc + 11);
}

void unknown_batch_text(const struct unknown_batch *b, char *out, size_t cap)
{
	char at[32] = "at an unknown time";

	if (b->journal->wire_at)
		moment(b->journal->wire_at, at);
	snprintf(out, cap, "Batch %zu of %zu was sent %s: %s", b->journal->seq + 1, b->of_batches,
	    at, b->lost && b->lost->why[0] ? b->lost->why : "no usable answer came");
}

void unknown_reading_text(const struct unknown_batch *b, char *out, size_t cap)
{
	char at[32];

	if (!b->reading) {
		snprintf(out, cap, "It was not read back yet.");
		return;
	}
	moment(b->reading->at, at);
	snprintf(out, cap, "%zu reading%s, the last %s: %s", b->readings,
	    b->readings == 1 ? "" : "s", at, b->reading->why + strlen(APPLY_READING));
}

static void text_settling(const struct applying_status *st, char *out, size_t cap)
{
	int64_t s = (st->next_read_at_ms - clock_mono_ms() + 999) / 1000;

	if (st->next_read_at_ms && s > 0)
		snprintf(
		    out, cap, "Reading %u of %u in %lld s.", st->round, st->rounds, (long long)s);
	else
		snprintf(out, cap, "Reading it back now, reading %u of %u.", st->round, st->rounds);
}

void unknown_next_text(struct session *s, char *out, size_t cap)
{
	const struct applying_status *st = applying_status(s);
	const struct errinfo *offline = session_why_offline(s);
	struct lock_holder h = lock_holder(session_store(s), session_account_id(s));

	if (applying_busy(s) && st->phase == APPLYING_SETTLING)
		text_settling(st, out, cap);
	else if (h.held && h.pid != getpid())
		snprintf(out, cap, "reticle %lld on %s reads it back.", (long long)h.pid, h.tty);
	else if (offline)
		snprintf(out, cap, "Offline: it is read back as soon as there is a connection.");
	else
		snprintf(out, cap, "What was read does not tell; it has to be read back again.");
}

/* --- reticle recover --- */

static bool batch_is_open(const struct unknown_model *m, const struct unknown_batch *b)
{
	for (size_t i = 0; i < m->n_rows; i++)
		if (m->rows[i].batch == b && unknown_row_is_open(&m->rows[i]))
			return true;
	return false;
}

void unknown_model_text(const struct unknown_model *m, struct buf *out)
{
	char text[640];

	for (size_t i = 0; i < m->n_batches; i++) {
		const struct unknown_batch *b = &m->batches[i];

		if (!batch_is_open(m, b))
			continue;
		unknown_batch_text(b, text, sizeof text);
		text_escape(out, text, strlen(text));
		unknown_reading_text(b, text, sizeof text);
		buf_adds(out, "\n  ");
		text_escape(out, text, strlen(text));
		buf_addc(out, '\n');
		for (size_t k = 0; k < m->n_rows; k++) {
			if (m->rows[k].batch != b)
				continue;
			buf_addf(out, "  %s  %s  ", unknown_row_state(&m->rows[k]),
			    m->rows[k].op->change.line_item_id);
			journal_op_text(out, &m->rows[k].op->change);
			buf_addc(out, '\n');
		}
	}
}

static void json_change(struct buf *out, const struct journal_op *op)
{
	const struct change *c = &op->change;

	buf_addf(out, "{\"operation\":\"%s\"", change_kind_name(c->kind));
	journal_member(out, "line_item_id", c->line_item_id);
	journal_member(out, "targeting_type", c->type_name);
	journal_member(out, "operator_type", op_name(c->op));
	journal_member(out, "targeting_value", c->value);
	journal_member(out, "criterion_id", c->criterion_id);
	journal_member(out, "state", op_state_name(op->state));
	buf_addc(out, '}');
}

static void json_batch(struct buf *out, const struct unknown_batch *b)
{
	buf_addf(out, "{\"changeset\":%llu,\"batch\":%zu,\"of_batches\":%zu",
	    (unsigned long long)b->changeset, b->journal->seq + 1, b->of_batches);
	journal_member_time(out, "sent_at", b->journal->wire_at);
	journal_member_time(out, "unknown_since", b->lost ? b->lost->at : 0);
	journal_member(out, "why", b->lost ? b->lost->why : NULL);
	buf_addf(out, ",\"readings\":%zu", b->readings);
	journal_member_time(out, "last_reading_at", b->reading ? b->reading->at : 0);
	journal_member(
	    out, "last_reading", b->reading ? b->reading->why + strlen(APPLY_READING) : NULL);
	buf_adds(out, ",\"changes\":[");
	for (size_t i = 0; i < b->ops.n; i++) {
		buf_adds(out, i ? "," : "");
		json_change(out, &b->ops.v[i]);
	}
	buf_adds(out, "]}");
}

void unknown_model_json(const struct unknown_model *m, struct buf *out)
{
	bool first = true;

	for (size_t i = 0; i < m->n_batches; i++) {
		if (!batch_is_open(m, &m->batches[i]))
			continue;
		buf_adds(out, first ? "" : ",");
		json_batch(out, &m->batches[i]);
		first = false;
	}
}
