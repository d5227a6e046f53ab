#include "session/journal_text.h"

#include <stdio.h>
#include <string.h>
#include "api/scan.h"
#include "base/clock.h"
#include "base/text.h"

/* What the states mean to whoever reads the journal, worst first. */
static const struct {
	enum batch_state state;
	const char *word;
} words[] = {
    {BATCH_UNKNOWN, "unknown"},
    {BATCH_WIRE, "on the wire"},
    {BATCH_PARTIAL, "in part"},
    {BATCH_REJECTED, "refused"},
    {BATCH_ABSENT, "without effect"},
    {BATCH_INTENT, "about to be sent"},
    {BATCH_PLANNED, "not sent"},
    {BATCH_OK, "applied"},
    {BATCH_VERIFIED, "applied and seen"},
};
#define WORDS (sizeof words / sizeof *words)

enum batch_state journal_verdict(const struct journal_changeset *c, char *out, size_t cap)
{
	enum batch_state worst = BATCH_STATES;
	size_t used = 0;
	bool first = true;

	out[0] = '\0';
	for (size_t i = 0; i < WORDS; i++) {
		size_t n = c->by_state[words[i].state];

		if (!n)
			continue;
		if (first)
			worst = words[i].state;
		if (used < cap && n == c->batches)
			snprintf(out + used, cap - used, "%s", words[i].word);
		else if (used < cap)
			snprintf(out + used, cap - used, "%s%zu %s", first ? "" : ", ", n,
			    words[i].word);
		used = strlen(out);
		first = false;
	}
	return worst;
}

static const char *state_word(enum batch_state st)
{
	for (size_t i = 0; i < WORDS; i++)
		if (words[i].state == st)
			return words[i].word;
	return batch_state_name(st);
}

static void clean(struct buf *out, const char *text)
{
	text_escape(out, text, strlen(text));
}

void journal_op_text(struct buf *out, const struct change *c)
{
	buf_addf(out, "%s %s ", c->kind == CHANGE_CREATE ? "+" : "-", c->type_name);
	clean(out, c->value);
	if (c->name && strcmp(c->name, c->value) != 0) {
		buf_adds(out, " \"");
		clean(out, c->name);
		buf_adds(out, "\"");
	}
	if (c->op != OP_EQ)
		buf_addf(out, " (%s)", op_name(c->op));
}

static void add_time(struct buf *out, const char *label, int64_t t)
{
	char text[21];

	if (!t)
		return;
	clock_format_utc(t, text);
	buf_addf(out, "%-14s %s\n", label, text);
}

static const char *op_word(const struct journal_op *o)
{
	switch (o->state) {
	case OP_STATE_PRESENT:
		return "done";
	case OP_STATE_ABSENT:
		return "not done";
	case OP_STATE_REFUSED:
		return "refused";
	default:
		return "open";
	}
}

static void add_ops(struct buf *out, const struct journal_op_list *ops, uint64_t batch)
{
	for (size_t i = 0; i < ops->n; i++) {
		const struct journal_op *o = &ops->v[i];

		if (o->batch != batch)
			continue;
		buf_addf(out, "  %-9s %s  ", op_word(o), o->change.line_item_id);
		journal_op_text(out, &o->change);
		if (o->result_id)
			buf_addf(out, "  -> %s", o->result_id);
		if (o->note) {
			buf_adds(out, "  ");
			clean(out, o->note);
		}
		buf_addc(out, '\n');
	}
}

static void add_reply(struct buf *out, const struct journal_batch *b)
{
	if (!b->reply_kept)
		return;
	buf_adds(out, "answer body");
	if (b->reply_kept < b->reply_len)
		buf_addf(out, " (the first %zu of %zu bytes)", b->reply_kept, b->reply_len);
	buf_addc(out, '\n');
	text_escape(out, b->reply, b->reply_kept);
	buf_addc(out, '\n');
}

static void add_batch(
    struct buf *out, const struct journal_batch *b, const struct journal_op_list *ops)
{
	buf_addf(out, "# Batch %zu: %s, %zu operation%s\n", b->seq + 1, state_word(b->state),
	    b->n_ops, b->n_ops == 1 ? "" : "s");
	add_time(out, "intent", b->intent_at);
	add_time(out, "sent", b->wire_at);
	add_time(out, "ended", b->end_at);
	if (b->attempt > 1)
		buf_addf(out, "%-14s %d\n", "attempts", b->attempt);
	if (b->http_status)
		buf_addf(out, "%-14s HTTP %d\n", "answer", b->http_status);
	if (b->verdict[0]) {
		buf_addf(out, "%-14s ", "verdict");
		clean(out, b->verdict);
		buf_addc(out, '\n');
	}
	if (b->nonce[0])
		buf_addf(out, "%-14s %s\n", "nonce", b->nonce);
	if (b->body_sha256[0])
		buf_addf(out, "%-14s %s\n", "body sha256", b->body_sha256);
	add_ops(out, ops, b->id);
	if (b->body[0]) {
		buf_adds(out, "request body\n");
		clean(out, b->body);
		buf_addc(out, '\n');
	}
	add_reply(out, b);
}

static void add_events(struct buf *out, const struct journal_event_list *events)
{
	char at[21];

	buf_adds(out, "# Events\n");
	for (size_t i = 0; i < events->n; i++) {
		const struct journal_event *e = &events->v[i];

		clock_format_utc(e->at, at);
		buf_addf(out, "%s  %s%s%s  ", at, e->from, e->from[0] ? " -> " : "", e->to);
		clean(out, e->why);
		buf_addc(out, '\n');
	}
}

/* One changeset with all that hangs on it. */
struct record {
	const struct journal_changeset *c;
	struct journal_batch_list batches;
	struct journal_op_list ops;
	struct journal_event_list events;
};

static enum err record_read(
    struct record *r, struct store *s, const struct journal_changeset *c, struct errinfo *ei)
{
	enum err err;

	r->c = c;
	journal_batch_list_init(&r->batches);
	journal_op_list_init(&r->ops);
	journal_event_list_init(&r->events);
	err = journal_batches(s, c->id, &r->batches, ei);
	if (!err)
		err = journal_ops(s, c->id, 0, &r->ops, ei);
	if (!err)
		err = journal_events(s, c->id, &r->events, ei);
	return err;
}

static void record_done(struct record *r)
{
	journal_batch_list_done(&r->batches);
	journal_op_list_done(&r->ops);
	journal_event_list_done(&r->events);
}

enum err journal_page_text(
    struct store *s, const struct journal_changeset *c, struct buf *out, struct errinfo *ei)
{
	struct record r;
	enum err err = record_read(&r, s, c, ei);
	char verdict[160];

	if (!err) {
		journal_verdict(c, verdict, sizeof verdict);
		buf_addf(out, "# Changeset %llu: ", (unsigned long long)c->id);
		clean(out, c->title);
		buf_addf(out, "\n%-14s %s\n", "account", c->account);
		add_time(out, "planned", c->created_at);
		buf_addf(out, "%-14s %s\n%-14s %s\n", "plan", c->digest, "came to", verdict);
		for (size_t i = 0; i < r.batches.n; i++)
			add_batch(out, &r.batches.v[i], &r.ops);
		add_events(out, &r.events);
		if (out->failed)
			err = err_set(ei, out->failed, "the changeset is too large to show");
	}
	record_done(&r);
	return err;
}

/* --- JSON lines --- */

void journal_member(struct buf *out, const char *name, const char *text)
{
	buf_addf(out, ",\"%s\":", name);
	if (text)
		json_quote(out, text, strlen(text));
	else
		buf_adds(out, "null");
}

void journal_member_time(struct buf *out, const char *name, int64_t t)
{
	char text[21];

	if (t)
		clock_format_utc(t, text);
	journal_member(out, name, t ? text : NULL);
}

static void json_ops(struct buf *out, const struct journal_op_list *ops, uint64_t batch)
{
	bool first = true;

	buf_adds(out, ",\"operations\":[");
	for (size_t i = 0; i < ops->n; i++) {
		const struct journal_op *o = &ops->v[i];

		if (o->batch != batch)
			continue;
		buf_addf(out, "%s{\"operation\":\"%s\"", first ? "" : ",",
		    change_kind_name(o->change.kind));
		first = false;
		journal_member(out, "line_item_id", o->change.line_item_id);
		journal_member(out, "targeting_type", o->change.type_name);
		journal_member(out, "operator_type", op_name(o->change.op));
		journal_member(out, "targeting_value", o->change.value);
		journal_member(out, "criterion_id", o->change.criterion_id);
		journal_member(out, "state", op_state_name(o->state));
		journal_member(out, "result_id", o->result_id);
		journal_member(out, "note", o->note);
		buf_addc(out, '}');
	}
	buf_addc(out, ']');
}

/* The bytes as they came where they are text, else in the reversible form of reviews and logs. */
static void json_reply(struct buf *out, const struct journal_batch *b)
{
	bool text = text_is_utf8(b->reply, b->reply_kept);
	struct buf escaped;

	buf_addf(out,
	    ",\"reply_bytes\":%zu,\"reply_kept_bytes\":%zu,\"reply_escaped\":%s,\"reply\":",
	    b->reply_len, b->reply_kept, text ? "false" : "true");
	if (!b->reply_kept) {
		buf_adds(out, "null");
	} else if (text) {
		json_quote(out, b->reply, b->reply_kept);
	} else {
		buf_init(&escaped, 16 * JOURNAL_REPLY_MAX);
		if (text_escape(&escaped, b->reply, b->reply_kept) ||
		    json_quote(out, buf_str(&escaped), escaped.len))
			out->failed = ERR_NOMEM;
		buf_done(&escaped);
	}
}

static void json_batch(
    struct buf *out, const struct journal_batch *b, const struct journal_op_list *ops)
{
	buf_addf(out, "{\"seq\":%zu", b->seq);
	journal_member(out, "state", batch_state_name(b->state));
	buf_addf(out, ",\"attempt\":%d,\"epoch\":%lld,\"http_status\":%d", b->attempt,
	    (long long)b->epoch, b->http_status);
	journal_member_time(out, "intent_at", b->intent_at);
	journal_member_time(out, "sent_at", b->wire_at);
	journal_member_time(out, "ended_at", b->end_at);
	journal_member(out, "verdict", b->verdict);
	journal_member(out, "nonce", b->nonce);
	journal_member(out, "body_sha256", b->body_sha256);
	journal_member(out, "body", b->body);
	json_reply(out, b);
	json_ops(out, ops, b->id);
	buf_addc(out, '}');
}

enum err journal_json_line(
    struct store *s, const struct journal_changeset *c, struct buf *out, struct errinfo *ei)
{
	struct record r;
	enum err err = record_read(&r, s, c, ei);

	if (!err) {
		buf_addf(out, "{\"changeset\":%llu", (unsigned long long)c->id);
		journal_member(out, "account", c->account);
		journal_member(out, "title", c->title);
		journal_member(out, "plan_sha256", c->digest);
		journal_member_time(out, "planned_at", c->created_at);
		buf_adds(out, ",\"batches\":[");
		for (size_t i = 0; i < r.batches.n; i++) {
			buf_adds(out, i ? "," : "");
			json_batch(out, &r.batches.v[i], &r.ops);
		}
		buf_adds(out, "],\"events\":[");
		for (size_t i = 0; i < r.events.n; i++) {
			const struct journal_event *e = &r.events.v[i];

			buf_addf(
			    out, "%s{\"batch\":%llu", i ? "," : "", (unsigned long long)e->batch);
			journal_member_time(out, "at", e->at);
			journal_member(out, "from", e->from);
			journal_member(out, "to", e->to);
			journal_member(out, "why", e->why);
			buf_addc(out, '}');
		}
		buf_adds(out, "]}\n");
		if (out->failed)
			err = err_set(ei, out->failed, "the journal is too large to export");
	}
	record_done(&r);
	return err;
}

enum err journal_json_all(struct store *s, const char *account, struct buf *out, struct errinfo *ei)
{
	struct journal_page page = {account, 0, SIZE_MAX};
	struct journal_changeset_list list;
	enum err err;

	journal_changeset_list_init(&list);
	err = journal_changesets(s, &page, &list, ei);
	for (size_t i = list.n; !err && i > 0; i--)
		err = journal_json_line(s, &list.v[i - 1], out, ei);
	journal_changeset_list_done(&list);
	return err;
}
