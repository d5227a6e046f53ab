/* reticle export, plan and drift: targeting as code. Nothing here writes to the account. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/fs.h"
#include "base/mem.h"
#include "cli/lookups.h"
#include "cli/plan_file.h"
#include "cli/plan_print.h"
#include "cli/targets.h"
#include "session/judge.h"

#define OUT_MAX (256u << 20)

/* To the standard output, or to --out whole or not at all. */
static enum err write_out(const struct cli_options *o, const struct buf *out, struct errinfo *ei)
{
	if (out->failed)
		return err_set(ei, out->failed, "the output is too large");
	if (o->out)
		return fs_write(o->out, out->p, out->len, ei);
	if (fwrite(out->p, 1, out->len, stdout) != out->len || fflush(stdout))
		return err_set(ei, ERR_IO, "the output could not be written");
	return ERR_OK;
}

/* --- export --- */

struct exported {
	struct form_line_item *items;
	size_t *from; /* first row in live; one more than there are line items */
	const char **ids;
	size_t n;
	struct criterion_set live;
};

static enum err read_export(
    struct headless *h, const struct cli_options *o, struct exported *x, struct errinfo *ei)
{
	enum err err = headless_line_items(h, o, &x->ids, &x->n, ei);
	size_t unknown;

	if (!err && x->n)
		err = headless_criteria(h, x->ids, x->n, ei);
	mem_free(x->ids); /* the set may have moved while reading */
	x->ids = NULL;
	if (!err)
		err = headless_line_items(h, o, &x->ids, &x->n, ei);
	if (err)
		return err;
	x->items = mem_array(x->n + 1, sizeof *x->items);
	x->from = mem_array(x->n + 1, sizeof *x->from);
	if (!x->items || !x->from)
		return err_set(ei, ERR_NOMEM, "no memory for the export");
	for (size_t i = 0; i < x->n && !err; i++) {
		x->from[i] = x->live.n;
		err = session_criteria(h->session, &x->ids[i], 1, &x->live, &unknown, ei);
	}
	x->from[x->n] = x->live.n;
	for (size_t i = 0; i < x->n && !err; i++)
		x->items[i] = (struct form_line_item){x->ids[i],
		    session_line_item(h->session, x->ids[i])->name, x->live.v + x->from[i],
		    x->from[i + 1] - x->from[i]};
	return err;
}

static enum err write_form(
    struct headless *h, const char *format, const struct exported *x, struct buf *out)
{
	struct expr_lookup lookup = judge_expr_lookup(h->session);
	struct form_document doc = {session_account_id(h->session), x->items, x->n, &lookup};

	if (format && strcmp(format, "csv") == 0)
		return form_csv(out, &doc, false);
	if (format && strcmp(format, "json") == 0)
		return form_creates(out, &doc);
	return form_yaml(out, &doc);
}

static enum err write_export(struct headless *h, const struct cli_options *o, struct errinfo *ei)
{
	struct exported x = {0};
	struct buf out;
	enum err err;

	criterion_set_init(&x.live);
	buf_init(&out, OUT_MAX);
	err = read_export(h, o, &x, ei);
	if (!err) {
		err = write_form(h, o->format, &x, &out);
		err = err ? err_set(ei, err, "the export is too large") : write_out(o, &out, ei);
	}
	buf_done(&out);
	mem_free(x.items);
	mem_free(x.from);
	mem_free(x.ids);
	criterion_set_done(&x.live);
	return err;
}

int cmd_export(const struct cli_options *o, int argc, char **argv)
{
	struct headless h = {0};
	struct errinfo ei = {0};
	int rc = 0;

	(void)argc;
	(void)argv;
	if (o->format && strcmp(o->format, "yaml") != 0 && strcmp(o->format, "csv") != 0 &&
	    strcmp(o->format, "json") != 0)
		return cli_usage("--format takes yaml, csv or json, not \"%s\"", o->format);
	if (headless_open(&h, o, &ei) || write_export(&h, o, &ei))
		rc = cli_fail(&ei);
	headless_close(&h);
	return rc;
}

/* --- plan and drift --- */

/* The number of a posting, as reticle journal lists it. */
static enum err read_number(const char *s, uint64_t *out, struct errinfo *ei)
{
	char *end;
	unsigned long long n = strtoull(s, &end, 10);

	if (*s < '0' || *s > '9' || *end || !n || n > INT64_MAX)
		return err_set(ei, ERR_USAGE,
		    "--revert takes the number of a posting, as reticle journal lists it");
	*out = n;
	return ERR_OK;
}

static enum err compare_revert(
    struct headless *h, const struct cli_options *o, struct delta *d, struct errinfo *ei)
{
	uint64_t changeset = 0;
	enum err err = read_number(o->revert, &changeset, ei);

	if (!err)
		err = headless_open(h, o, ei);
	return err ? err : delta_revert(d, h, changeset, ei);
}

static enum err compare(
    struct headless *h, const struct cli_options *o, struct delta *d, struct errinfo *ei)
{
	struct targets t;
	enum err err;

	if (o->revert)
		return compare_revert(h, o, d, ei);
	targets_init(&t);
	err = targets_read(&t, o->operands[0], ei);
	if (!err)
		err = headless_open(h, o, ei);
	if (!err && t.account[0] && strcmp(t.account, session_account_id(h->session)) != 0)
		err = err_set(ei, ERR_USAGE, "the file is about account %.64s, not %s", t.account,
		    session_account_id(h->session));
	if (!err)
		err = delta_build(d, h, &t, ei);
	targets_done(&t);
	return err;
}

/* Told on stderr: a count that is wanted is in the JSON too. */
static void tell_reach(const struct plan_reach *r)
{
	fprintf(stderr, "%zu estimates asked of X", r->n_asked);
	if (r->n_unknown)
		fprintf(stderr, ", %zu could not be had", r->n_unknown);
	fputc('\n', stderr);
}

static enum err write_plan(
    const struct cli_options *o, const struct plan_print *print, struct errinfo *ei)
{
	struct cli_options plain = {0};
	struct buf out;
	enum err err;

	buf_init(&out, OUT_MAX);
	if (o->json)
		plan_print_json(&out, print);
	else
		plan_print_text(&out, print);
	err = write_out(&plain, &out, ei);
	buf_done(&out);
	return err;
}

static enum err print_plan(
    struct headless *h, const struct cli_options *o, struct delta *d, struct errinfo *ei)
{
	struct plan_page page = {0};
	struct plan_reach reach;
	struct plan_print print = {.session = h->session, .page = &page};
	enum err err;

	plan_reach_init(&reach);
	lookups_of_changes(h, &d->changes);
	err = plan_page_init(&page, d);
	if (err)
		err_set(ei, err, "no memory for the plan");
	if (!err && o->reach) {
		err = plan_reach_read(&reach, h, &page, ei);
		print.reach = &reach;
	}
	if (!err)
		err = write_plan(o, &print, ei);
	if (!err && o->reach)
		tell_reach(&reach);
	plan_reach_done(&reach);
	plan_page_done(&page);
	return err;
}

static enum err save_plan(const struct cli_options *o, const struct headless *h,
    const struct delta *d, struct errinfo *ei)
{
	char server[PLAN_SERVER_BYTES];
	struct buf out;
	enum err err;

	plan_file_server(h, server);
	buf_init(&out, OUT_MAX);
	plan_file_write(&out, server, session_account_id(h->session), d);
	err = write_out(o, &out, ei);
	buf_done(&out);
	return err;
}

static int compare_and_print(const struct cli_options *o, int found)
{
	struct headless h = {0};
	struct delta d;
	struct errinfo ei = {0};
	int rc;

	if (o->revert ? o->n_operands != 0 : o->n_operands != 1)
		return cli_usage(
		    o->revert ? "a plan is made from a file or by --revert, not from both"
			      : "which file? reticle export makes one; - is the standard input");
	delta_init(&d);
	if (compare(&h, o, &d, &ei) || print_plan(&h, o, &d, &ei) ||
	    (o->out && save_plan(o, &h, &d, &ei)))
		rc = cli_fail(&ei);
	else
		rc = d.plan.n_ops ? found : 0;
	delta_done(&d);
	headless_close(&h);
	return rc;
}

int cmd_plan(const struct cli_options *o, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return compare_and_print(o, 0);
}

int cmd_drift(const struct cli_options *o, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return compare_and_print(o, 3);
}
