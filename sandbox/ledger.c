#include "sandbox/ledger.h"

#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "sandbox/json.h"

void ledger_init(struct ledger *l)
{
	*l = (struct ledger){.start_ms = clock_mono_ms()};
}

static void free_rows(struct ledger *l)
{
	for (size_t i = 0; i < l->n; i++) {
		mem_free(l->v[i].method);
		mem_free(l->v[i].target);
		mem_free(l->v[i].nonce);
	}
}

void ledger_done(struct ledger *l)
{
	free_rows(l);
	mem_free(l->v);
	*l = (struct ledger){0};
}

void ledger_clear(struct ledger *l)
{
	free_rows(l);
	l->first_seq += (uint32_t)l->n;
	l->n = 0;
}

uint32_t ledger_add(struct ledger *l, const char *method, const char *target, uint64_t connection)
{
	struct ledger_row *row;

	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 64;
		struct ledger_row *v = mem_realloc_array(l->v, cap, sizeof *v);

		if (!v)
			return 0;
		l->v = v;
		l->cap = cap;
	}
	row = &l->v[l->n];
	*row = (struct ledger_row){.seq = l->first_seq + (uint32_t)l->n + 1,
	    .arrival_ms = clock_mono_ms() - l->start_ms,
	    .method = mem_strdup(method),
	    .target = mem_strdup(target),
	    .connection = connection};
	l->n++;
	return row->seq;
}

struct ledger_row *ledger_row(struct ledger *l, uint32_t seq)
{
	if (seq <= l->first_seq || seq > l->first_seq + l->n)
		return NULL;
	return &l->v[seq - l->first_seq - 1];
}

void ledger_write(const struct ledger *l, uint32_t after, struct buf *out)
{
	json_open(out, '[');
	for (size_t i = 0; i < l->n; i++) {
		const struct ledger_row *r = &l->v[i];

		if (r->seq <= after)
			continue;
		json_open(out, '{');
		json_put_int(out, "seq", r->seq);
		json_put_int(out, "ms", r->arrival_ms);
		json_put_str(out, "method", r->method);
		json_put_str(out, "target", r->target);
		json_put_str(out, "nonce", r->nonce);
		json_put_str(out, "body_sha256", *r->body_sha256 ? r->body_sha256 : NULL);
		json_put_bool(out, "committed", r->committed);
		json_put_int(out, "status", r->status);
		json_put_int(out, "bytes", r->bytes);
		json_put_int(out, "handler_us", r->handler_us);
		json_put_int(out, "connection", (int64_t)r->connection);
		json_put_str(out, "fault", *r->fault ? r->fault : NULL);
		json_close(out, '}');
	}
	json_close(out, ']');
}
