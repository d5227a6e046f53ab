/* Asking a client over the transport in memory, and counting what comes back. Include once a
 * program. */
#ifndef RETICLE_TESTS_UNIT_API_ASKING_H
#define RETICLE_TESTS_UNIT_API_ASKING_H

#include "tests/unit/api/fake.h"

struct got {
	unsigned calls, lasts, pages;
	uint64_t rows, total;
	enum err err;
	struct errinfo ei;
	bool done;
	struct api *cancel_in;
	char order[64];
};

__attribute__((unused)) static void on_page(struct req_id id, struct api_result *res, void *user)
{
	struct got *g = user;

	g->calls++;
	g->lasts += res->last;
	g->err = res->err;
	g->ei = res->ei;
	g->total = res->total;
	if (!res->err && res->kind == API_LINE_ITEMS)
		g->rows += res->line_items.n;
	if (!res->err)
		g->pages++;
	g->done = res->last;
	if (g->cancel_in) {
		assert_true(req_cancel(g->cancel_in, id));
		assert_false(req_cancel(g->cancel_in, id));
	}
}

__attribute__((unused)) static struct api_call call(struct got *g)
{
	return (struct api_call){.fn = on_page, .user = g};
}

__attribute__((unused)) static const struct list_query items = {.account_id = "acc1"};

__attribute__((unused)) static struct req_id ask(struct api *a, struct got *g)
{
	struct api_call c = call(g);

	return api_line_items(a, &items, &c);
}

#define EMPTY "{\"data\":[],\"next_cursor\":null}"

__attribute__((unused)) static struct fake_reply empty(
    struct fake *f, const struct transport_request *r, unsigned nth)
{
	(void)f, (void)r, (void)nth;
	return (struct fake_reply){.status = 200, .body = EMPTY};
}

__attribute__((unused)) static struct fake_reply slow(
    struct fake *f, const struct transport_request *r, unsigned nth)
{
	(void)f, (void)r, (void)nth;
	return (struct fake_reply){.status = 200, .body = EMPTY, .delay_ms = 20};
}

#define API_ERROR(code) "{\"errors\":[{\"code\":\"" code "\",\"message\":\"m\"}]}"

#endif
