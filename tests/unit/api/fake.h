/* A transport in memory for unit tests: a function answers each request; answers arrive on a later
 * turn of the loop, as they do from the network. Include once a program. */
#ifndef RETICLE_TESTS_UNIT_API_FAKE_H
#define RETICLE_TESTS_UNIT_API_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/request.h"
#include "base/clock.h"
#include "base/mem.h"

struct fake_reply {
	int status; /* 0: no complete answer, see err */
	const char *body; /* copied */
	enum err err;
	bool unsent, certificate; /* with err */
	const char *headers[8][2]; /* name, value */
	int64_t delay_ms;
};

struct fake;
/* nth counts from 1 over all requests */
typedef struct fake_reply fake_fn(struct fake *f, const struct transport_request *r, unsigned nth);

struct fake {
	struct loop *loop;
	fake_fn *fn;
	void *user;
	unsigned n, flying, max_flying, aborted;
	char last_url[8192], last_body[65536], last_auth[2048];
};

struct transfer {
	struct fake *fake;
	struct transport_reply reply;
	transfer_fn *fn;
	void *user;
	struct timer_id timer;
};

static void fake_arrive(struct loop *l, void *user)
{
	struct transfer *t = user;

	(void)l;
	t->fake->flying--;
	t->fn(&t->reply, t->user);
	buf_done(&t->reply.body);
	free(t);
}

static void fake_header(struct transport_reply *r, const char *name, const char *value)
{
	for (int i = 0; name && i < HEADER_COUNT; i++)
		if (strcmp(header_name((enum header_id)i), name) == 0)
			snprintf(r->headers[i], HEADER_VALUE_SIZE, "%s", value);
}

static struct transfer *fake_submit(
    void *self, const struct transport_request *r, transfer_fn *fn, void *user, struct errinfo *ei)
{
	struct fake *f = self;
	struct transfer *t = calloc(1, sizeof *t);

	snprintf(f->last_url, sizeof f->last_url, "%s", r->url);
	snprintf(f->last_auth, sizeof f->last_auth, "%s", r->authorization);
	snprintf(f->last_body, sizeof f->last_body, "%s", r->body ? r->body : "");
	struct fake_reply a = f->fn(f, r, ++f->n);

	*t = (struct transfer){.fake = f, .fn = fn, .user = user};
	buf_init(&t->reply.body, SCAN_MAX_BYTES);
	if (!a.unsent && r->before_send) {
		t->reply.err = r->before_send(r->ctx, &t->reply.ei);
		t->reply.aborted = t->reply.err != ERR_OK;
	}
	t->reply.sent = !a.unsent && !t->reply.aborted;
	if (a.err && !t->reply.err)
		t->reply.err = err_set(&t->reply.ei, a.err, "a fault of the test");
	t->reply.certificate = a.certificate;
	if (t->reply.sent) {
		t->reply.status = a.status;
		buf_adds(&t->reply.body, a.body ? a.body : "");
		for (int i = 0; i < 8; i++)
			fake_header(&t->reply, a.headers[i][0], a.headers[i][1]);
	}
	t->timer = loop_timer(f->loop, a.delay_ms, fake_arrive, t);
	if (!t->timer.gen) {
		err_set(ei, ERR_NOMEM, "no memory for the test's timer");
		buf_done(&t->reply.body);
		free(t);
		return NULL;
	}
	if (++f->flying > f->max_flying)
		f->max_flying = f->flying;
	return t;
}

static void fake_abort(void *self, struct transfer *t)
{
	struct fake *f = self;

	f->flying--;
	f->aborted++;
	loop_timer_cancel(f->loop, t->timer);
	buf_done(&t->reply.body);
	free(t);
}

static void fake_free(void *self)
{
	(void)self;
}

static const struct api_config fake_config = {.base_url = "https://ads-api.x.com",
    .consumer_key = "ck",
    .consumer_secret = "cs",
    .token = "at",
    .token_secret = "ats"};

__attribute__((unused)) static struct api *fake_api(struct fake *f, fake_fn *fn, void *user)
{
	struct transport t = {f, fake_submit, fake_abort, fake_free};

	*f = (struct fake){.loop = loop_new(), .fn = fn, .user = user};
	struct api *a = api_new_over(f->loop, &fake_config, t, NULL);

	assert_non_null(a);
	return a;
}

static void fake_done(struct fake *f, struct api *a)
{
	api_free(a);
	loop_free(f->loop);
	clock_unpin();
}

/* Turn until *flag or until nothing more happens for a while of virtual time. */
static void fake_run(struct fake *f, const bool *flag, int64_t step_ms, int64_t limit_ms)
{
	for (int64_t t = 0; !(flag && *flag) && t <= limit_ms; t += step_ms) {
		loop_turn(f->loop, 0);
		loop_turn(f->loop, 0);
		clock_step_ms(step_ms);
	}
}

#endif
