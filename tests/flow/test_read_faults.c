/* Reads over real HTTP with the sandbox's fault plan; named after the rows of the fault matrix. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "api/apply.h"
#include "base/clock.h"
#include "tests/flow/harness.h"

static struct sandbox server;

static int set_up(void **state)
{
	static const char *const args[] = {
	    "--line-items", "2500", "--criteria", "6", "--no-rate-limit", NULL};

	(void)state;
	server = sandbox_start(args);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sandbox_stop(&server);
	return 0;
}

struct world {
	struct loop *loop;
	struct api *api;
	bool done;
	enum err err;
	struct errinfo ei;
	unsigned pages;
	uint64_t rows, quarantined;
	int64_t longest_ms;
	struct criterion_set criteria;
	char (*ids)[65]; /* where those of line items go, in their order; NULL: nowhere */
	bool drops; /* criteria are only counted */
};

static void on_result(struct req_id id, struct api_result *res, void *user)
{
	struct world *w = user;

	(void)id;
	w->err = res->err;
	w->ei = res->ei;
	w->pages += !res->err;
	w->rows = res->total;
	w->quarantined = res->quarantined;
	w->done = res->last;
	for (size_t i = 0;
	     w->ids && !res->err && res->kind == API_LINE_ITEMS && i < res->line_items.n; i++)
		snprintf(w->ids[i], sizeof w->ids[i], "%s", res->line_items.v[i].id);
	for (size_t i = 0;
	     !w->drops && !res->err && res->kind == API_CRITERIA && i < res->criteria.n; i++)
		criterion_set_copy(&w->criteria, &res->criteria.v[i]);
}

static void begin(struct world *w, const char *rules)
{
	struct api_config cfg = sandbox_config(&server);

	*w = (struct world){.loop = loop_new()};
	cfg.timeout_s = 2;
	w->api = api_new(w->loop, &cfg, NULL);
	criterion_set_init(&w->criteria);
	free(control_delete(&server, "/__sandbox/ledger"));
	free(control_delete(&server, "/__sandbox/faults"));
	sandbox_faults(&server, rules);
}

static void end(struct world *w)
{
	criterion_set_done(&w->criteria);
	api_free(w->api);
	loop_free(w->loop);
	clock_unpin();
}

/* Run to the end; waits before retries are stepped over on the loop's clock. */
static void finish(struct world *w)
{
	for (int i = 0; i < 6000 && !w->done; i++) {
		uint64_t t0 = clock_mono_ns();
		int64_t took;

		loop_turn(w->loop, 10);
		took = (int64_t)((clock_mono_ns() - t0) / 1000000) - 10;
		if (took > w->longest_ms)
			w->longest_ms = took;
		if (api_stats(w->api).waiting)
			clock_step_ms(500);
	}
	assert_true(w->done);
}

static void list_items(struct world *w)
{
	api_line_items(w->api, &(struct list_query){.account_id = "18ce5bulk01"},
	    &(struct api_call){.fn = on_result, .user = w});
	finish(w);
}

static void read_criteria(struct world *w)
{
	static const char *const ids[] = {"7k2aa", "7k2ab", "7k2ae"};

	api_criteria(w->api,
	    &(struct criteria_query){
		.account_id = "18ce5demo01", .line_item_ids = ids, .n_line_items = 3},
	    &(struct api_call){.fn = on_result, .user = w});
	finish(w);
}

#define ON_ITEMS(action) "{\"rules\":[{\"path\":\"/line_items\",\"action\":\"" action "\"}]}"
#define ON_CRITERIA(action)                                                                        \
	"{\"rules\":[{\"path\":\"targeting_criteria\",\"action\":\"" action "\"}]}"

static void b1_cursors_that_repeat(void **state)
{
	static const char *const rules[] = {ON_ITEMS("cursor=loop"), ON_ITEMS("cursor=cycle")};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct world w;

		begin(&w, rules[i]);
		list_items(&w);
		assert_int_equal(w.err, ERR_PROTOCOL);
		/* three pages are there; at most two requests past the first repeat */
		assert_true(ledger_count(&server, "GET", "line_items") <= 5);
		end(&w);
	}
}

static void b2_cursors_that_change_over_the_same_rows(void **state)
{
	struct world w;

	(void)state;
	begin(&w, ON_ITEMS("cursor=dup"));
	list_items(&w);
	assert_true(w.err == ERR_PROTOCOL || w.err == ERR_INVALID);
	assert_true(ledger_count(&server, "GET", "line_items") <= 6);
	end(&w);
}

static void b4_junk_cursors(void **state)
{
	struct world w;

	(void)state;
	begin(&w, ON_ITEMS("cursor=junk"));
	list_items(&w);
	assert_int_equal(w.err, ERR_PROTOCOL);
	assert_int_equal(ledger_count(&server, "GET", "with_deleted"), 0);
	end(&w);
	begin(&w, ON_ITEMS("cursor=big")); /* 1 MB */
	list_items(&w);
	assert_int_equal(w.err, ERR_PROTOCOL);
	assert_int_equal(ledger_count(&server, "GET", "line_items"), 1);
	end(&w);
}

static void a4_reads_that_are_cut_are_asked_again(void **state)
{
	struct world w;

	(void)state;
	begin(&w, "{\"rules\":[{\"path\":\"/"
		  "line_items\",\"action\":\"cut:1000\",\"nth\":2,\"times\":2}]}");
	list_items(&w);
	assert_int_equal(w.err, ERR_OK);
	assert_int_equal(w.rows, 2500);
	assert_int_equal(w.pages, 3);
	assert_int_equal(ledger_count(&server, "GET", "line_items"), 5);
	end(&w);
	begin(&w, ON_ITEMS("drop@resp-hdr"));
	list_items(&w);
	assert_int_equal(w.err, ERR_NETWORK);
	end(&w);
}

static void a17_html_errors(void **state)
{
	static const struct {
		const char *rules;
		enum err err;
		unsigned requests;
	} cases[] = {
	    {"{\"rules\":[{\"action\":\"status=404\",\"body\":\"html\"}]}", ERR_NOTFOUND, 1},
	    {"{\"rules\":[{\"action\":\"status=502\",\"body\":\"html\"}]}", ERR_SERVER, 6},
	    {"{\"rules\":[{\"action\":\"status=503\",\"body\":\"empty\"}]}", ERR_SERVER, 6},
	    {"{\"rules\":[{\"action\":\"status=200\",\"body\":\"html\"}]}", ERR_PROTOCOL, 4},
	    {"{\"rules\":[{\"action\":\"status=200\",\"body\":\"bin\"}]}", ERR_PROTOCOL, 4}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct world w;

		begin(&w, cases[i].rules);
		list_items(&w);
		assert_int_equal(w.err, cases[i].err);
		assert_int_equal(ledger_count(&server, "GET", "line_items"), cases[i].requests);
		for (const char *c = w.ei.msg; *c; c++)
			assert_true(*c >= 0x20 && *c < 0x7f);
		end(&w);
	}
}

static void a18_a19_429_with_and_without_a_reset(void **state)
{
	static const char *const resets[] = {"none", "past", "huge", "junk", "neg"};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		char rules[512];
		struct world w;

		snprintf(rules, sizeof rules,
		    "{\"rules\":[{\"path\":\"/line_items\",\"action\":\"status=429\",\"times\":2},"
		    "{\"path\":\"/line_items\",\"action\":\"rl=%s\",\"times\":2}]}",
		    resets[i]);
		begin(&w, rules);
		int64_t t0 = clock_mono_ms();

		list_items(&w);
		assert_int_equal(w.err, ERR_OK);
		assert_int_equal(w.rows, 2500);
		/* at most one request a second while it is refused */
		assert_true(clock_mono_ms() - t0 >= 2000);
		end(&w);
	}
}

static void a23_a_server_whose_clock_differs(void **state)
{
	struct world w;
	char clock[64];

	(void)state;
	begin(&w, "{\"rules\":[]}");
	snprintf(clock, sizeof clock, "{\"wall\":%lld}", (long long)clock_wall_s() + 7200);
	free(control_post(&server, "/__sandbox/clock", clock));
	list_items(&w);
	assert_int_equal(w.err, ERR_OK);
	assert_true(api_stats(w.api).clock_corrected);
	assert_in_range(api_stats(w.api).clock_skew_s, 7190, 7210);
	assert_int_equal(ledger_count(&server, "GET", "line_items"), 1 + 3);
	end(&w);
	snprintf(clock, sizeof clock, "{\"wall\":%lld}", (long long)clock_wall_s());
	free(control_post(&server, "/__sandbox/clock", clock));
}

static void b14_b15_b16_odd_rows(void **state)
{
	struct world plain, w;

	(void)state;
	begin(&plain, "{\"rules\":[]}");
	read_criteria(&plain);
	assert_int_equal(plain.err, ERR_OK);
	begin(&w, ON_CRITERIA("enum=NEW_X"));
	read_criteria(&w);
	assert_int_equal(w.rows, plain.rows); /* kept and shown */
	assert_string_equal(w.criteria.v[0].type_name, "NEW_X");
	assert_int_equal(w.criteria.v[0].type, TYPE_UNKNOWN);
	assert_int_equal(w.criteria.v[0].op, OP_OTHER);
	end(&w);
	begin(&w, ON_CRITERIA("extra"));
	read_criteria(&w);
	assert_int_equal(w.rows, plain.rows);
	assert_int_equal(w.quarantined, 0);
	end(&w);
	begin(&w, ON_CRITERIA("types"));
	read_criteria(&w);
	assert_int_equal(w.err, ERR_OK);
	assert_int_equal(w.quarantined, 1);
	assert_int_equal(w.rows, plain.rows - 1);
	end(&w);
	begin(&w, ON_CRITERIA("shape"));
	read_criteria(&w);
	assert_int_equal(w.err, ERR_OK);
	end(&w);
	end(&plain);
}

static void b23_a_retired_version(void **state)
{
	struct world w;

	(void)state;
	begin(&w, "{\"rules\":[{\"path\":\"/12/\",\"action\":\"status=404\",\"body\":\"json\","
		  "\"headers\":{\"x-api-warn\":\"version 12 is retired\"}}]}");
	list_items(&w);
	assert_int_equal(w.err, ERR_NOTFOUND);
	assert_string_equal(api_stats(w.api).warning, "version 12 is retired");
	end(&w);
}

static void b24_huge_pages_stay_live(void **state)
{
	struct rusage before, after;
	struct world w;

	(void)state;
	getrusage(RUSAGE_SELF, &before);
	begin(&w, ON_ITEMS("big=4096"));
	list_items(&w);
	getrusage(RUSAGE_SELF, &after);
	assert_int_equal(w.err, ERR_OK);
	assert_int_equal(w.rows, 2500);
	/* a thousand names of 4 KB a page; the sanitizers make all of it slower and larger */
	assert_true(w.longest_ms < 1000);
	assert_true(after.ru_maxrss - before.ru_maxrss < 256 * 1024);
	end(&w);
}

/* 200 line items of 1,000 criteria each in the full run, a page of 1,000 in one turn of the loop. */
static void b24_many_pages_of_a_thousand_stay_live(void **state)
{
	int n = cases_of(6, 200);
	char items[16], ids[200][65];
	const char *const args[] = {
	    "--line-items", items, "--criteria", "1000", "--no-rate-limit", NULL};
	const char *wanted[200];
	struct rusage before, after;
	struct sandbox small = server;
	struct world w;

	(void)state;
	snprintf(items, sizeof items, "%d", n);
	server = sandbox_start(args);
	free(control_get(&server, "/__sandbox/ready"));
	begin(&w, "{\"rules\":[]}");
	w.ids = ids;
	api_line_items(w.api, &(struct list_query){.account_id = "18ce5bulk01"},
	    &(struct api_call){.fn = on_result, .user = &w});
	finish(&w);
	assert_int_equal(w.rows, n);
	for (int i = 0; i < n; i++)
		wanted[i] = ids[i];
	w.done = false;
	w.longest_ms = 0;
	w.pages = 0;
	w.drops = true;
	getrusage(RUSAGE_SELF, &before);
	api_criteria(w.api,
	    &(struct criteria_query){
		.account_id = "18ce5bulk01", .line_item_ids = wanted, .n_line_items = (size_t)n},
	    &(struct api_call){.fn = on_result, .user = &w});
	finish(&w);
	getrusage(RUSAGE_SELF, &after);
	assert_int_equal(w.err, ERR_OK);
	assert_int_equal(w.rows, n * 1000);
	assert_true(w.pages >= (unsigned)n);
	assert_true(after.ru_maxrss - before.ru_maxrss < 256 * 1024);
	assert_true(
	    w.longest_ms < 1000); /* as above: the sanitizers, and whatever else runs here */
	print_message("B24: %d criteria in %u pages, longest turn %lld ms, %ld KiB more\n",
	    n * 1000, w.pages, (long long)w.longest_ms, after.ru_maxrss - before.ru_maxrss);
	end(&w);
	sandbox_stop(&server);
	server = small;
}

static void a10_a_drip_ends(void **state)
{
	struct world w;
	int64_t t0 = clock_mono_ms();

	(void)state;
	begin(&w, "{\"rules\":[{\"path\":\"/line_items\",\"action\":\"drip=200\",\"times\":1}]}");
	list_items(&w);
	assert_int_equal(w.err, ERR_OK); /* the second attempt */
	assert_true(clock_mono_ms() - t0 < 10000);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(b1_cursors_that_repeat),
	    cmocka_unit_test(b2_cursors_that_change_over_the_same_rows),
	    cmocka_unit_test(b4_junk_cursors),
	    cmocka_unit_test(a4_reads_that_are_cut_are_asked_again),
	    cmocka_unit_test(a10_a_drip_ends),
	    cmocka_unit_test(a17_html_errors),
	    cmocka_unit_test(a18_a19_429_with_and_without_a_reset),
	    cmocka_unit_test(a23_a_server_whose_clock_differs),
	    cmocka_unit_test(b14_b15_b16_odd_rows),
	    cmocka_unit_test(b23_a_retired_version),
	    cmocka_unit_test(b24_huge_pages_stay_live),
	    cmocka_unit_test(b24_many_pages_of_a_thousand_stay_live),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
