/* reticle sync: bring the copy of an account on this machine up to date. */
#include <stdio.h>
#include <unistd.h>
#include "base/clock.h"
#include "cli/headless.h"
#include "targeting/form.h"
#include "session/sync.h"

#define EVERY_MS 200 /* progress for people and programs, not for every answer */

struct reporter {
	const struct cli_options *options;
	bool tty; /* stderr can take a line that is written over */
	int64_t told_ms;
	size_t told; /* requests and rows when it was told last */
};

static void tell_json(const struct sync_progress *p)
{
	printf("{\"event\":\"progress\",\"lists_loading\":%u,\"rows\":%zu,\"line_items_done\":%zu,"
	       "\"line_items_total\":%zu,\"requests_done\":%zu,\"requests_left\":%zu,",
	    p->lists, p->list_rows + p->rows, p->line_items_done, p->line_items, p->requests,
	    p->requests_left);
	if (p->ms_left >= 0)
		printf("\"milliseconds_left\":%lld}\n", (long long)p->ms_left);
	else
		printf("\"milliseconds_left\":null}\n");
	fflush(stdout);
}

static void tell_line(const struct sync_progress *p)
{
	char left[32] = "";

	if (p->ms_left >= 0)
		snprintf(left, sizeof left, ", %lld s left", (long long)(p->ms_left + 999) / 1000);
	if (p->line_items)
		fprintf(stderr,
		    "\r%zu of %zu line items, %zu criteria, %zu requests, about %zu more%s\x1b[K",
		    p->line_items_done, p->line_items, p->rows, p->requests, p->requests_left,
		    left);
	else
		fprintf(stderr, "\rreading lists: %zu rows\x1b[K", p->list_rows);
}

static void on_tick(struct headless *h, void *user)
{
	struct reporter *r = user;
	struct sync_progress p;
	size_t moved;

	if (clock_mono_ms() - r->told_ms < EVERY_MS)
		return;
	p = session_progress(h->session);
	moved = 1 + p.list_rows + p.rows + p.requests + p.line_items_done;
	if (!p.active || moved == r->told)
		return;
	r->told = moved;
	r->told_ms = clock_mono_ms();
	if (r->options->json)
		tell_json(&p);
	else if (r->tty)
		tell_line(&p);
}

static void print(const struct cli_options *o, struct headless *h, const struct sync_result *r)
{
	const struct session *s = h->session;
	size_t n = session_line_items(s)->n, criteria = 0;
	struct buf out;

	for (size_t i = 0; i < n; i++) {
		struct snapshot_count c = session_count(s, i);

		criteria += c.n > 0 ? (size_t)c.n : 0;
	}
	buf_init(&out, 4096);
	if (o->json) {
		buf_adds(&out, "{\"event\":\"done\",\"account\":");
		form_json_string(&out, session_account_id(s));
		buf_addf(&out,
		    ",\"line_items\":%zu,\"criteria_read_of\":%zu,\"criteria\":%zu,"
		    "\"requests\":%llu,\"milliseconds\":%lld}\n",
		    n, r->read, criteria, (unsigned long long)r->requests, (long long)r->took_ms);
	} else {
		buf_addf(&out,
		    "%zu line items with %zu criteria; criteria of %zu read again, %llu requests, "
		    "%lld ms\n",
		    n, criteria, r->read, (unsigned long long)r->requests, (long long)r->took_ms);
	}
	fputs(buf_str(&out), stdout);
	buf_done(&out);
}

static enum err run(
    struct headless *h, const struct cli_options *o, struct sync_result *r, struct errinfo *ei)
{
	enum err err = headless_open(h, o, ei);

	if (!err)
		err = session_sync(h->session, o->full, REQ_USER, ei);
	if (!err)
		err = headless_wait(h, ei);
	if (err)
		return err;
	*r = *session_sync_result(h->session);
	if (r->ei.code)
		*ei = r->ei;
	return r->ei.code;
}

int cmd_sync(const struct cli_options *o, int argc, char **argv)
{
	struct reporter reporter = {.options = o, .tty = isatty(2) && !o->json};
	struct headless h = {.lazy = true, .tick = on_tick, .user = &reporter};
	struct sync_result r = {0};
	struct errinfo ei = {0};
	enum err err;
	int rc = 0;

	(void)argc;
	(void)argv;
	err = run(&h, o, &r, &ei);
	if (reporter.tty && reporter.told)
		fputs("\r\x1b[K", stderr);
	if (err)
		rc = cli_fail(&ei);
	else
		print(o, &h, &r);
	headless_close(&h);
	return rc;
}
