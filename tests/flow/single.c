#include "tests/flow/single.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "tests/flow/harness.h"

static void on_read(struct req_id id, struct api_result *res, void *user)
{
	struct single_outcome *o = user;

	(void)id;
	o->err = res->err;
	o->ei = res->ei;
	o->rows += res->err ? 0 : res->accounts.n;
	o->done = res->last;
}

static enum err on_send(void *ctx, const char *nonce, int64_t at, struct errinfo *ei)
{
	(void)nonce, (void)at, (void)ei;
	((struct single_outcome *)ctx)->sends++;
	return ERR_OK;
}

static void on_written(void *ctx, enum write_end end, struct answer *an)
{
	struct single_outcome *o = ctx;

	o->done = true;
	o->end = end;
	o->kind = an->kind;
	o->ei = an->ei;
}

static void on_dropped(void *ctx)
{
	(void)ctx;
}

struct api_config single_config(const char *base_url)
{
	return (struct api_config){.base_url = base_url,
	    .consumer_key = "ck",
	    .consumer_secret = "cs",
	    .token = "at",
	    .token_secret = "ats"};
}

struct single single_begin(heard_fn *fn, void *user, unsigned limit_s)
{
	struct single s = {.server = listener_start(fn, user), .loop = loop_new()};
	struct api_config cfg = single_config(listener_url(s.server));

	cfg.connect_timeout_s = cfg.timeout_s = limit_s;
	s.api = api_new(s.loop, &cfg, NULL);
	assert_non_null(s.api);
	return s;
}

void single_end(struct single *s)
{
	api_free(s->api);
	loop_free(s->loop);
	listener_stop(s->server);
}

void single_start_post(struct api *a, struct single_outcome *o)
{
	mutate_batch(a, &(struct mutation){.account_id = "18ce5demo01",
			    .body = "[]",
			    .ctx = o,
			    .before_send = on_send,
			    .done = on_written,
			    .drop = on_dropped});
}

struct single_outcome single_post(struct single *s, int limit_ms)
{
	struct single_outcome o = {0};

	single_start_post(s->api, &o);
	assert_true(run_until(s->loop, &o.done, limit_ms));
	return o;
}

struct single_outcome single_read(struct single *s, int limit_ms)
{
	struct single_outcome o = {0};

	api_accounts(
	    s->api, &(struct list_query){0}, &(struct api_call){.fn = on_read, .user = &o});
	assert_true(run_until(s->loop, &o.done, limit_ms));
	return o;
}

void single_rss_reset(void)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "5", 1), 1);
	close(fd);
}

long single_rss_peak_kib(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	long kib = -1;

	assert_non_null(f);
	while (fgets(line, sizeof line, f))
		if (sscanf(line, "VmHWM: %ld", &kib) == 1)
			break;
	fclose(f);
	assert_true(kib > 0);
	return kib;
}
