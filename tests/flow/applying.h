/* The apply engine over real HTTP, with the sandbox's fault plan: a world of two line items that no
 * other test touches, and runs of a batch over it. Waits pass in no time: the clocks of both sides are
 * moved on together. Include once a program, after LINE_ITEMS (a string: how many the account has). */
#ifndef RETICLE_TESTS_FLOW_APPLYING_H
#define RETICLE_TESTS_FLOW_APPLYING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "api/apply.h"
#include "base/clock.h"
#include "base/mem.h"
#include "tests/flow/harness.h"

#define ACCOUNT "18ce5bulk01"
enum { MAX_OPS = 500 };

struct world {
	struct sandbox server;
	struct loop *loop;
	struct api *api;
	char li[2][65];
	struct criterion_set base;
	struct apply_base bases[2];
	int64_t commit_at_ms; /* a commit that was held back is due then; 0: none is */
};

/* --- time --- */

static int64_t passed_ms; /* of all that was passed over, in every world */

/* Our wall clock goes as the machine's does, but for what was passed over. */
static void keep_time(void)
{
	clock_pin((int64_t)time(NULL) + passed_ms / 1000);
}

static void let_pass(struct world *w, int64_t ms)
{
	char step[64];

	passed_ms += ms;
	clock_step_ms(ms);
	keep_time();
	snprintf(step, sizeof step, "{\"step\":%lld}", (long long)ms);
	free(control_post(&w->server, "/__sandbox/clock", step));
	if (!w->commit_at_ms || clock_mono_ms() < w->commit_at_ms)
		return;
	w->commit_at_ms = 0;
	while (!ledger_committed(&w->server, "POST", "/batch/"))
		continue;
}

/* --- reading --- */

struct read {
	bool done;
	enum err err;
	struct criterion_set criteria;
	struct line_item_set line_items;
};

static void on_criteria(struct req_id id, struct api_result *res, void *user)
{
	struct read *r = user;

	(void)id;
	r->err = res->err;
	for (size_t i = 0; !res->err && i < res->criteria.n; i++)
		criterion_set_copy(&r->criteria, &res->criteria.v[i]);
	r->done = res->last;
}

static void on_line_items(struct req_id id, struct api_result *res, void *user)
{
	struct read *r = user;

	(void)id;
	r->err = res->err;
	for (size_t i = 0; !res->err && i < res->line_items.n; i++)
		line_item_set_copy(&r->line_items, &res->line_items.v[i]);
	r->done = res->last;
}

static void read_base(struct world *w)
{
	const char *ids[2] = {w->li[0], w->li[1]};
	struct read r = {0};

	criterion_set_init(&r.criteria);
	api_criteria(w->api,
	    &(struct criteria_query){
		.account_id = ACCOUNT, .line_item_ids = ids, .n_line_items = 2},
	    &(struct api_call){.fn = on_criteria, .user = &r});
	assert_true(run_until(w->loop, &r.done, 20000));
	assert_int_equal(r.err, ERR_OK);
	criterion_set_done(&w->base);
	w->base = r.criteria;
	/* rows of one line item follow each other only by chance: every base names all rows */
	for (int i = 0; i < 2; i++)
		w->bases[i] = (struct apply_base){
		    .line_item_id = w->li[i], .criteria = w->base.v, .n = w->base.n};
}

/* One sandbox for all tests; each gets two line items that no other test touches. */
static struct sandbox server;
static struct line_item_set items;
static size_t next_item;

static int set_up(void **state)
{
	static const char *const args[] = {
	    "--line-items", LINE_ITEMS, "--criteria", "5", "--no-rate-limit", NULL};

	(void)state;
	server = sandbox_start(args);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	line_item_set_done(&items);
	sandbox_stop(&server);
	return 0;
}

/* Of a request, in real time. Only where an answer has to be given up it is short: a busy machine may
 * take its time for a batch of 500. */
static unsigned timeout_s = 30;

/* A client and a server that have spent nothing: the server refuses nobody, but it counts, and the client
 * waits for what it is told. */
static void new_client(struct world *w)
{
	struct api_config cfg = sandbox_config(&w->server);

	cfg.timeout_s = timeout_s;
	if (w->api)
		api_free(w->api);
	free(control_post(&w->server, "/__sandbox/rates", "{}"));
	w->api = api_new(w->loop, &cfg, NULL);
	assert_non_null(w->api);
}

static void begin(struct world *w)
{
	struct read r = {0};

	*w = (struct world){.server = server, .loop = loop_new()};
	keep_time();
	new_client(w);
	criterion_set_init(&w->base);
	if (!items.n) {
		line_item_set_init(&r.line_items);
		api_line_items(w->api, &(struct list_query){.account_id = ACCOUNT},
		    &(struct api_call){.fn = on_line_items, .user = &r});
		assert_true(run_until(w->loop, &r.done, 20000));
		items = r.line_items;
	}
	assert_true(next_item + 2 <= items.n);
	for (int i = 0; i < 2; i++)
		snprintf(w->li[i], sizeof w->li[i], "%s", items.v[next_item++].id);
	free(control_delete(&server, "/__sandbox/faults"));
	free(control_delete(&server, "/__sandbox/ledger"));
	read_base(w);
}

static void end(struct world *w)
{
	criterion_set_done(&w->base);
	api_free(w->api);
	loop_free(w->loop);
	clock_unpin();
}

/* --- applying --- */

struct run {
	bool done;
	enum apply_outcome worst, ops[8][MAX_OPS];
	char codes[MAX_OPS][64];
	unsigned drift_added, drift_removed, stops, settles;
	int64_t read_at_ms; /* when the next reading of a settlement is due; 0: none is */
	bool partial;
	struct errinfo why;
};

static void on_event(struct apply *ap, const struct apply_event *ev, void *user)
{
	struct run *r = user;

	if (ev->kind == APPLY_OP_OUTCOME && ev->batch < 8 && ev->op < MAX_OPS) {
		r->ops[ev->batch][ev->op] = ev->outcome;
		snprintf(r->codes[ev->op], 64, "%s", ev->ei ? ev->ei->api_code : "");
	}
	r->stops += ev->kind == APPLY_DRIFT_STOPPED;
	if (ev->kind == APPLY_SETTLE_WAIT) {
		r->settles++;
		r->read_at_ms = clock_mono_ms() + ev->wait_ms;
	}
	r->partial |= ev->partial;
	if (ev->kind == APPLY_DRIFT_PASSED) {
		r->drift_added += (unsigned)ev->drift.added;
		r->drift_removed += (unsigned)ev->drift.removed;
	}
	if (ev->kind != APPLY_DONE)
		return;
	r->worst = ev->outcome;
	if (ev->ei)
		r->why = *ev->ei;
	r->done = true;
	apply_free(ap);
}

/* A turn of the loop; what would only be waited for is there at once. */
static void turn(struct world *w, struct run *r)
{
	struct api_stats st;
	int64_t left;

	loop_turn(w->loop, 10);
	keep_time();
	left = r->read_at_ms - clock_mono_ms();
	st = api_stats(w->api);
	if (!r->done && r->read_at_ms && left > 0)
		let_pass(w, left);
	else if (!r->done && st.waiting && !st.in_flight)
		let_pass(w, 500);
}

static struct run apply_batches(struct world *w, const struct apply_batch *b, size_t n)
{
	struct apply_job job = {ACCOUNT, b, n, w->bases, 2};
	struct run r = {0};
	struct errinfo ei = {0};

	if (!apply_start(w->api, &job, NULL, &(struct apply_watch){NULL, on_event, &r}, &ei))
		fail_msg("%s", ei.msg);
	for (int64_t until = (int64_t)time(NULL) + 60; !r.done && (int64_t)time(NULL) < until;)
		turn(w, &r);
	assert_true(r.done);
	return r;
}

__attribute__((unused)) static struct run apply_ops(
    struct world *w, const struct apply_op *ops, size_t n)
{
	return apply_batches(w, &(struct apply_batch){ops, n}, 1);
}

__attribute__((unused)) static struct apply_op keyword(
    const struct world *w, int li, const char *value)
{
	return (struct apply_op){.kind = APPLY_CREATE,
	    .line_item_id = w->li[li],
	    .type_name = "BROAD_KEYWORD",
	    .value = value,
	    .op = OP_EQ};
}

/* A delete of one of the criteria that the line item has. */
__attribute__((unused)) static struct apply_op removal(const struct world *w, int li, size_t skip)
{
	for (size_t i = 0; i < w->base.n; i++) {
		const struct criterion *c = &w->base.v[i];

		if (strcmp(c->line_item_id, w->li[li]) == 0 && type_is_keyword(c->type) && !skip--)
			return (struct apply_op){.kind = APPLY_DELETE,
			    .line_item_id = w->li[li],
			    .type_name = c->type_name,
			    .value = c->value,
			    .op = c->op,
			    .criterion_id = c->id};
	}
	fail_msg("the line item has no keyword to remove");
	return (struct apply_op){0};
}

__attribute__((unused)) static unsigned posts(const struct world *w)
{
	return ledger_count(&w->server, "POST", "/batch/");
}

__attribute__((unused)) static unsigned commits(const struct world *w)
{
	return ledger_committed(&w->server, "POST", "/batch/");
}

/* The sandbox's own search for doubles, which knows nothing of the client. */
__attribute__((unused)) static void no_doubles(const struct world *w)
{
	char *text = control_get(&w->server, "/__sandbox/doubles");

	if (!strstr(text, "\"live\":[]") || !strstr(text, "\"repeated_writes\":[]"))
		fail_msg("doubles: %s", text);
	free(text);
}

static void fault(const struct world *w, const char *fmt, ...)
    __attribute__((unused, format(printf, 2, 3)));

static void fault(const struct world *w, const char *fmt, ...)
{
	char rules[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(rules, sizeof rules, fmt, ap);
	va_end(ap);
	sandbox_faults(&w->server, rules);
}

#define RULE "{\"rules\":[{\"method\":\"POST\",\"path\":\"/batch/\",\"action\":\"%s\"%s}]}"

static void edit(const struct world *w, const char *fmt, ...)
    __attribute__((unused, format(printf, 2, 3)));

static void edit(const struct world *w, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	free(control_post(&w->server, "/__sandbox/edit", text));
}

#define CREATE                                                                                     \
	"{\"create\":{\"line_item_id\":\"%s\",\"targeting_type\":\"BROAD_KEYWORD\",\"operator_"    \
	"type\":"                                                                                  \
	"\"EQ\",\"targeting_value\":\"%s\"}}"

#endif
