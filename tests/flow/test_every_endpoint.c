/* Every row of api/endpoints.def against the sandbox: the route exists there, the verb is right, the
 * signature fits, and the answer is one that the client understands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/endpoints.h"
#include "api/scan.h"
#include "tests/flow/harness.h"

struct got {
	bool done;
	enum err err;
	struct errinfo ei;
	int status;
	char body[400];
	bool json;
};

static void on_raw(struct req_id id, struct api_result *res, void *user)
{
	struct got *g = user;
	struct json j;

	(void)id;
	*g = (struct got){.done = true, .err = res->err, .ei = res->ei};
	if (res->kind != API_RAW)
		return;
	g->status = res->raw.status;
	snprintf(g->body, sizeof g->body, "%.350s", res->raw.body);
	char *copy = strdup(res->raw.body);

	json_init(&j);
	g->json = !json_parse(&j, copy, res->raw.body_len, NULL);
	json_done(&j);
	free(copy);
}

/* The path of a row with ids of the seed scenario; writes get ids that do not exist, except for the
 * account, so that nothing of the scenario is lost. */
static void fill(const struct endpoint *e, char *out, size_t cap)
{
	static const struct {
		const char *name, *read, *write;
	} ids[] = {{":account_id", "18ce5demo01", "18ce5demo01"}, {":campaign_id", "c9dm0", "zzzz"},
	    {":line_item_id", "7k2aa", "zzzz"}, {":custom_audience_id", "2d9aa", "zzzz"}};
	size_t n = (size_t)snprintf(out, cap, "/12/");

	for (const char *p = e->path; *p && n + 80 < cap;) {
		if (*p != ':') {
			out[n++] = *p++;
			continue;
		}
		size_t len = strcspn(p, "/"), i = 0;

		while (i < 4 && (strlen(ids[i].name) != len || strncmp(ids[i].name, p, len) != 0))
			i++;
		n += (size_t)snprintf(out + n, cap - n, "%s",
		    i == 4     ? "zzzz"
		    : e->write ? ids[i].write
			       : ids[i].read);
		p += len;
	}
	out[n] = '\0';
}

static void every_route_is_there_and_answers(void **state)
{
	static const char *const args[] = {"--no-rate-limit", NULL};
	struct sandbox s = sandbox_start(args);
	struct api_config cfg = sandbox_config(&s);
	struct loop *l = loop_new();
	unsigned good = 0, missing = 0;

	(void)state;
	cfg.raw_writes = true;
	struct api *a = api_new(l, &cfg, NULL);

	for (int i = 0; i < ENDPOINT_COUNT; i++) {
		const struct endpoint *e = endpoint_info((enum endpoint_id)i);
		char path[256];
		struct got g = {0};

		if (!*e->path || i == ENDPOINT_ACCOUNT_DELETE)
			continue;
		fill(e, path, sizeof path);
		struct raw_query q = {.method = e->method, .path = path};

		if (strstr(path, "/batch/") || strstr(path, "/users"))
			q.json = "[]";
		else if (i == ENDPOINT_ESTIMATE)
			q.json = "{}";
		api_raw(a, &q, &(struct api_call){.fn = on_raw, .user = &g});
		assert_true(run_until(l, &g.done, 20000));
		bool routed = g.status != 405 && strcmp(g.ei.api_code, "ROUTE_NOT_FOUND") != 0 &&
			      g.status != 401 && strcmp(g.ei.api_code, "215") != 0;

		if (!routed || !g.json || g.status == 0 || g.status >= 500) {
			print_message("%s %s: %d %s\n", e->method, path, g.status, g.body);
			missing++;
		}
		good += g.status == 200 || g.status == 201;
	}
	assert_int_equal(missing, 0);
	assert_true(good >= 30);
	api_free(a);
	loop_free(l);
	sandbox_stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_route_is_there_and_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
