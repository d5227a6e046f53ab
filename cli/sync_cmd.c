/* reticle sync: bring the copy of an account on this machine up to date. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "cli/headless.h"
#include "targeting/form.h"

struct synced {
	size_t line_items, read, criteria;
	uint64_t requests;
	int64_t took_ms;
};

/* A line item whose criteria were read after its last change may still have other criteria now:
 * X does not say that a criterion changed its line item. What was never read, and what changed
 * since, comes first; --full reads all. */
static bool is_due(struct session *s, size_t i, bool full)
{
	const struct line_item *li = &session_line_items(s)->v[i];
	struct snapshot_count n = session_count(s, i);

	return full || n.n < 0 || li->updated_at >= n.fetched_at;
}

static enum err read_criteria(struct headless *h, bool full, struct synced *out, struct errinfo *ei)
{
	const struct line_item_set *items = session_line_items(h->session);
	const char **ids = mem_array(items->n, sizeof *ids);
	size_t n = 0;
	enum err err = ERR_OK;

	if (!ids)
		return err_set(ei, ERR_NOMEM, "no memory for the line items");
	for (size_t i = 0; i < items->n; i++)
		if (is_due(h->session, i, full))
			ids[n++] = items->v[i].id;
	out->read = n;
	if (n)
		err = headless_criteria(h, ids, n, ei);
	mem_free(ids);
	return err;
}

static void print(const struct cli_options *o, const char *account, const struct synced *r)
{
	struct buf out;

	buf_init(&out, 4096);
	if (o->json) {
		buf_adds(&out, "{\"account\":");
		form_json_string(&out, account);
		buf_addf(&out,
		    ",\"line_items\":%zu,\"criteria_read_of\":%zu,\"criteria\":%zu,"
		    "\"requests\":%llu,\"milliseconds\":%lld}\n",
		    r->line_items, r->read, r->criteria, (unsigned long long)r->requests,
		    (long long)r->took_ms);
	} else {
		buf_addf(&out,
		    "%zu line items with %zu criteria; criteria of %zu read again, %llu requests, "
		    "%lld ms\n",
		    r->line_items, r->criteria, r->read, (unsigned long long)r->requests,
		    (long long)r->took_ms);
	}
	fputs(buf_str(&out), stdout);
	buf_done(&out);
}

int cmd_sync(const struct cli_options *o, int argc, char **argv)
{
	struct headless h = {0};
	struct synced r = {0};
	struct errinfo ei = {0};
	int64_t began = clock_mono_ms();
	int rc = 0;

	(void)argc;
	(void)argv;
	if (headless_open(&h, o, &ei) || read_criteria(&h, o->full, &r, &ei)) {
		rc = cli_fail(&ei);
	} else {
		r.line_items = session_line_items(h.session)->n;
		for (size_t i = 0; i < r.line_items; i++) {
			struct snapshot_count n = session_count(h.session, i);

			r.criteria += n.n > 0 ? (size_t)n.n : 0;
		}
		r.requests = api_stats(session_api(h.session)).sent;
		r.took_ms = clock_mono_ms() - began;
		print(o, session_account_id(h.session), &r);
	}
	headless_close(&h);
	return rc;
}
