/* reticle export, plan, drift and apply: targeting as code. Only apply writes, from a plan file, and
 * through the same review model, journal and apply engine as the screen. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/targets.h"
#include "views/applying.h"
#include "views/judge.h"
#include "views/review_model.h"
#include "views/staging.h"

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

/* --- what would change, for people --- */

static void escaped(struct buf *out, const char *s)
{
	text_escape(out, s, strlen(s));
}

static void print_change(struct buf *out, const struct session *s, const struct change *c)
{
	struct criterion cr;
	const char *label;

	change_to_criterion(c, &cr);
	label = judge_label(s, &cr);
	buf_addf(out, "  %c %-7s %s ", c->kind == CHANGE_CREATE ? '+' : '-',
	    form_op_word(c->op) ? form_op_word(c->op) : "?", c->type_name);
	escaped(out, c->value);
	if (strcmp(label, c->value) != 0) {
		buf_adds(out, "  # ");
		escaped(out, label);
	}
	buf_addc(out, '\n');
}

/* A delta has all deletes before all creates; people read line item by line item. */
static int by_line_item(const void *a, const void *b)
{
	const struct change *x = *(const struct change *const *)a,
			    *y = *(const struct change *const *)b;
	int order = strcmp(x->line_item_id, y->line_item_id);

	return order ? order : (x > y) - (x < y);
}

static size_t first_of(const struct change *const *v, size_t n, const char *id)
{
	size_t low = 0;

	while (n > low) {
		size_t mid = low + (n - low) / 2;

		if (strcmp(v[mid]->line_item_id, id) < 0)
			low = mid + 1;
		else
			n = mid;
	}
	return low;
}

static void print_delta(struct buf *out, const struct session *s, const struct delta *d)
{
	const struct change **v = mem_array(d->changes.n + 1, sizeof *v);

	if (!v) {
		out->failed = ERR_NOMEM;
		return;
	}
	for (size_t i = 0; i < d->changes.n; i++)
		v[i] = &d->changes.v[i];
	qsort(v, d->changes.n, sizeof *v, by_line_item);
	for (size_t i = 0; i < d->plan.n_line_items; i++) {
		const struct plan_line_item *li = &d->plan.line_items[i];
		char name[96];

		escaped(out, session_line_item_name(s, li->line_item_id, name, sizeof name));
		buf_addf(out, " (%s)\n", li->line_item_id);
		for (size_t k = first_of(v, d->changes.n, li->line_item_id);
		     k < d->changes.n && !strcmp(v[k]->line_item_id, li->line_item_id); k++)
			print_change(out, s, v[k]);
		if (li->widen.flags) {
			buf_adds(out, "  ! reaches more people: ");
			widen_text(out, &li->widen);
			buf_addc(out, '\n');
		}
	}
	mem_free(v);
	if (!d->plan.n_ops)
		buf_adds(out, "nothing to change\n");
	else
		buf_addf(out, "%zu changes on %zu line items in %zu batches\n", d->plan.n_ops,
		    d->plan.n_line_items, d->plan.n_batches);
	if (plan_goes_worldwide(&d->plan))
		buf_adds(out, "a line item ends with nothing that narrows it: everyone "
			      "worldwide; apply needs --allow-worldwide\n");
}

static enum err compare(
    struct headless *h, const struct cli_options *o, struct delta *d, struct errinfo *ei)
{
	struct targets t;
	enum err err;

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

static enum err print_plan(const struct session *s, const struct delta *d, struct errinfo *ei)
{
	struct cli_options plain = {0};
	struct buf out;
	enum err err;

	buf_init(&out, OUT_MAX);
	print_delta(&out, s, d);
	err = write_out(&plain, &out, ei);
	buf_done(&out);
	return err;
}

/* Host and API version, as drafts and journal are bound to. */
static void server_of(const struct headless *h, char *out, size_t cap)
{
	const struct config_profile *p = h->client.profile;

	snprintf(out, cap, "%s/%s", client_realm(p->base_url), p->api_version);
}

static enum err save_plan(const struct cli_options *o, const struct headless *h,
    const struct delta *d, struct errinfo *ei)
{
	char server[300];
	struct buf out;
	enum err err;

	server_of(h, server, sizeof server);
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

	if (o->n_operands != 1)
		return cli_usage("which file? reticle export makes one; - is the standard input");
	delta_init(&d);
	if (compare(&h, o, &d, &ei) || print_plan(h.session, &d, &ei) ||
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

/* --- apply --- */

/* The plan's line items are read again; anything that moved since then ends it. */
static enum err check_state(struct headless *h, const struct plan_file *p, struct errinfo *ei)
{
	const char **ids = mem_array(p->changes.n + 1, sizeof *ids);
	char state[DIGEST_HEX_SIZE] = "";
	struct map seen;
	size_t n = 0;
	enum err err = ids ? ERR_OK : err_set(ei, ERR_NOMEM, "no memory for the plan");

	map_init(&seen);
	for (size_t i = 0; i < p->changes.n && !err; i++) {
		const char *id = p->changes.v[i].line_item_id;

		if (map_get(&seen, id, NULL))
			continue;
		err = map_put(&seen, id, 1);
		ids[n++] = id;
		if (!session_line_item(h->session, id))
			err = err_set(ei, ERR_CONFLICT, "line item %.64s is gone", id);
	}
	if (!err)
		err = headless_criteria(h, ids, n, ei);
	if (!err)
		err = delta_state(h->session, ids, n, state, ei);
	if (!err && strcmp(state, p->state) != 0)
		err = err_set(ei, ERR_CONFLICT,
		    "the account changed since the plan was made; make the plan again");
	map_done(&seen);
	mem_free(ids);
	return err;
}

static enum err check_review(
    const struct review_model *m, const struct cli_options *o, struct errinfo *ei)
{
	for (size_t i = 0; i < m->problems.n; i++) {
		const struct problem *p = &m->problems.v[i];

		if (p->severity == RULE_ERROR)
			return err_set(ei, ERR_REFUSED, "line item %.64s: %s: %.300s",
			    p->line_item_id, rule_info(p->rule)->title,
			    p->message ? p->message : "");
	}
	if (plan_goes_worldwide(&m->plan) && !o->allow_worldwide)
		return err_set(ei, ERR_REFUSED,
		    "a line item would end with nothing that narrows it: everyone worldwide; "
		    "--allow-worldwide says that this is meant");
	return ERR_OK;
}

/* What was not applied does not stay staged behind the user's back; the plan file has it still. What
 * another terminal staged meanwhile stays. */
static void unstage_rest(struct session *s)
{
	const struct change_set *set = staging_changes(s);
	uint64_t *ids = mem_array(set->n + 1, sizeof *ids);
	uint64_t group = staging_last_group(s);
	size_t n = 0;
	struct errinfo ei;

	for (size_t i = 0; ids && group && i < set->n; i++)
		if (set->v[i].group == group)
			ids[n++] = set->v[i].id;
	if (ids && n && staging_remove(s, ids, n, &ei))
		cli_fail(&ei);
	mem_free(ids);
}

/* The stage is shared by every terminal of this machine: it has to hold this plan and nothing else,
 * or what nobody reviewed would be posted with it. */
static enum err check_alone(const struct session *s, size_t staged, struct errinfo *ei)
{
	const struct change_set *set = staging_changes(s);
	uint64_t group = staging_last_group(s);
	size_t ours = 0;

	for (size_t i = 0; i < set->n; i++)
		ours += group && set->v[i].group == group;
	if (ours == set->n && ours == staged)
		return ERR_OK;
	return err_set(ei, ERR_REFUSED,
	    "another terminal staged on this account meanwhile; post or drop that first. Nothing "
	    "was sent");
}

static void wait_applied(struct headless *h)
{
	while (applying_busy(h->session))
		loop_turn(h->client.loop, 100);
}

static enum err post(
    struct headless *h, const struct cli_options *o, size_t staged, struct errinfo *ei)
{
	struct review_model m;
	enum err err;

	review_model_init(&m, h->session);
	err = review_model_build(&m);
	if (err)
		*ei = m.ei;
	else
		err = check_alone(h->session, staged, ei);
	if (!err)
		err = check_review(&m, o, ei);
	if (!err && m.plan.n_ops) {
		struct applying_plan job = {&m.plan, &m.live, m.digest};

		err = applying_start(h->session, &job, ei);
		if (!err)
			wait_applied(h);
	}
	review_model_done(&m);
	return err;
}

static int tell_outcome(struct session *s)
{
	const struct applying_status *st = applying_status(s);
	struct errinfo ei = st->ei;

	for (size_t i = 0; i <= OUTCOME_CONFLICT; i++)
		if (st->by_outcome[i])
			printf("%zu %s\n", st->by_outcome[i],
			    apply_outcome_name((enum apply_outcome)i));
	if (st->worst == OUTCOME_UNKNOWN) {
		err_set(&ei, ERR_UNKNOWN,
		    "a batch was not answered; reticle recover reads back what happened");
		return cli_fail(&ei);
	}
	if (st->worst == OUTCOME_CONFLICT && !ei.code)
		err_set(&ei, ERR_CONFLICT, "somebody else changed the same criteria");
	if (st->worst == OUTCOME_REFUSED && !ei.code)
		err_set(&ei, ERR_INVALID, "X refused a batch; nothing of it was applied");
	return ei.code ? cli_fail(&ei) : 0;
}

static enum err check_stage(struct session *s, struct errinfo *ei)
{
	enum err err = staging_load(s, ei);

	if (!err && staging_changes(s)->n)
		err = err_set(ei, ERR_REFUSED,
		    "%zu changes are staged on this account; post or drop them first",
		    staging_changes(s)->n);
	return err;
}

static enum err apply(
    struct headless *h, const struct cli_options *o, const struct plan_file *p, struct errinfo *ei)
{
	char server[300];
	size_t staged;
	enum err err = headless_open(h, o, ei);

	if (err)
		return err;
	server_of(h, server, sizeof server);
	if (strcmp(p->server, server) != 0)
		return err_set(ei, ERR_REFUSED,
		    "the plan was made for %.128s, this profile uses %.128s", p->server, server);
	if (strcmp(p->account, session_account_id(h->session)) != 0)
		return err_set(ei, ERR_USAGE, "the plan is about account %.64s, not %s", p->account,
		    session_account_id(h->session));
	err = check_stage(h->session, ei);
	if (!err)
		err = check_state(h, p, ei);
	if (!err) /* again: that took its time */
		err = check_stage(h->session, ei);
	if (!err)
		err = staging_add(h->session, p->changes.v, p->changes.n, &staged, ei);
	if (err)
		return err;
	err = post(h, o, staged, ei);
	unstage_rest(h->session);
	return err;
}

int cmd_apply(const struct cli_options *o, int argc, char **argv)
{
	struct headless h = {0};
	struct plan_file p;
	struct errinfo ei = {0};
	int rc;

	(void)argc;
	(void)argv;
	if (o->n_operands != 1)
		return cli_usage("which plan file? reticle plan FILE --out PLAN makes one");
	if (plan_file_read(&p, o->operands[0], &ei)) {
		rc = cli_fail(&ei);
	} else if (!p.changes.n) {
		puts("nothing to change");
		rc = 0;
	} else {
		rc = apply(&h, o, &p, &ei) ? cli_fail(&ei) : tell_outcome(h.session);
		headless_close(&h);
	}
	plan_file_done(&p);
	return rc;
}
