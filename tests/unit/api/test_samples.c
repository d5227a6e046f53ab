/* The literal example bodies of the documents (tests/samples), read by the client's decoders. The
 * sandbox's answers are held against the same files by tests/check/every_endpoint.sh, so that a
 * misreading that both had in common would show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/answer.h"
#include "api/decode.h"

struct page {
	struct transport_reply reply;
	struct answer an;
	struct api_result res;
	enum err err;
};

enum { WHOLE, ROW }; /* a whole body, or one record of `data` */

static void add_file(struct buf *b, const char *name)
{
	char path[100], part[4096];
	FILE *f;
	size_t n;

	snprintf(path, sizeof path, "tests/samples/%s.json", name);
	f = fopen(path, "r");
	assert_non_null(f);
	while ((n = fread(part, 1, sizeof part, f)) > 0)
		buf_add(b, part, n);
	fclose(f);
}

static void read_sample(struct page *p, const char *name, int form, enum api_kind kind, int status)
{
	*p = (struct page){.reply = {.sent = true, .status = status}};
	buf_init(&p->reply.body, SCAN_MAX_BYTES);
	buf_adds(&p->reply.body, form == ROW ? "{\"data\":[" : "");
	add_file(&p->reply.body, name);
	buf_adds(&p->reply.body, form == ROW ? "],\"next_cursor\":null}" : "");
	answer_init(&p->an);
	answer_read(&p->an, &p->reply);
	p->res.kind = kind;
	decode_init(&p->res);
	if (p->an.kind != ANSWER_OK)
		return;
	decode_done(&p->res);
	p->err = decode_page(&p->res, json_get(json_root(&p->an.json), "data"), &p->res.ei);
}

static void free_sample(struct page *p)
{
	decode_done(&p->res);
	answer_done(&p->an);
	buf_done(&p->reply.body);
}

static void every_example_decodes_without_a_loss(void **state)
{
	static const struct {
		const char *name;
		int form;
		enum api_kind kind;
		size_t rows;
	} all[] = {{"batch", WHOLE, API_CRITERIA, 2}, {"line_item", ROW, API_LINE_ITEMS, 1},
	    {"locations", WHOLE, API_OPTIONS, 2}, {"event", ROW, API_OPTIONS, 1},
	    {"device", ROW, API_OPTIONS, 1}, {"platform_version", ROW, API_OPTIONS, 1},
	    {"tv_show", ROW, API_OPTIONS, 1}, {"audience", ROW, API_AUDIENCES, 1},
	    {"seed_criteria", WHOLE, API_CRITERIA, 1}, {"seed_criterion", WHOLE, API_CRITERIA, 1},
	    {"seed_created", WHOLE, API_CRITERIA, 1}, {"seed_batch", WHOLE, API_CRITERIA, 2},
	    {"seed_deleted", WHOLE, API_CRITERIA, 1}};
	struct page p;

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		read_sample(&p, all[i].name, all[i].form, all[i].kind, 200);
		if (p.an.kind != ANSWER_OK || p.err || p.res.quarantined ||
		    decode_rows(&p.res) != all[i].rows)
			fail_msg("%s: %d %d, %zu rows, %d left out", all[i].name, (int)p.an.kind,
			    (int)p.err, decode_rows(&p.res), (int)p.res.quarantined);
		free_sample(&p);
	}
}

static void their_values_are_read(void **state)
{
	struct page p;

	(void)state;
	read_sample(&p, "batch", WHOLE, API_CRITERIA, 200);
	assert_string_equal(p.res.criteria.v[0].id, "dp1ab7");
	assert_string_equal(p.res.criteria.v[0].name, "San Francisco-Oakland-San Jose CA, US");
	assert_string_equal(p.res.criteria.v[0].location_type, "METROS");
	assert_true(p.res.criteria.v[1].deleted);
	free_sample(&p);
	read_sample(&p, "line_item", ROW, API_LINE_ITEMS, 200);
	assert_string_equal(p.res.line_items.v[0].placements, "ALL_ON_TWITTER");
	assert_int_equal(p.res.line_items.v[0].bid_micro, 320000);
	free_sample(&p);
	read_sample(&p, "tv_show", ROW, API_OPTIONS, 200);
	assert_string_equal(p.res.options.v[0].value, "10027243420");
	free_sample(&p);
	read_sample(&p, "audience", ROW, API_AUDIENCES, 200);
	assert_int_equal(p.res.audiences.v[0].audience_size, 1470);
	free_sample(&p);
	read_sample(&p, "estimate", WHOLE, API_ESTIMATE, 200);
	assert_int_equal(p.err, ERR_OK);
	assert_int_equal(p.res.estimate.min, 38200000);
	assert_int_equal(p.res.estimate.max, 42300000);
	free_sample(&p);
}

/* The examples of the official page on targeting criteria: objects where lists are, rows without an
 * operator, a place type in the singular. */
static void the_official_examples_are_read(void **state)
{
	struct page p;

	(void)state;
	read_sample(&p, "seed_criteria", WHOLE, API_CRITERIA, 200);
	assert_string_equal(p.res.criteria.v[0].value, "249yj");
	assert_int_equal(p.res.criteria.v[0].type, TYPE_CUSTOM_AUDIENCE);
	free_sample(&p);
	read_sample(&p, "seed_criterion", WHOLE, API_CRITERIA, 200);
	assert_string_equal(p.res.criteria.v[0].value, "\xF0\x9F\xA4\x96");
	assert_int_equal(p.res.criteria.v[0].op, OP_EQ);
	free_sample(&p);
	read_sample(&p, "seed_batch", WHOLE, API_CRITERIA, 200);
	assert_string_equal(p.res.criteria.v[0].location_type, "CITY");
	assert_false(p.res.criteria.v[0].deleted);
	assert_true(p.res.criteria.v[1].deleted);
	free_sample(&p);
	read_sample(&p, "seed_deleted", WHOLE, API_CRITERIA, 200);
	assert_string_equal(p.res.criteria.v[0].id, "dpl3a6");
	assert_true(p.res.criteria.v[0].deleted);
	free_sample(&p);
}

static void their_errors_are_understood(void **state)
{
	static const struct {
		const char *name, *code, *param;
		int status;
		enum err err;
	} all[] = {{"error", "INVALID_PARAMETER", "targeting_type", 400, ERR_INVALID},
	    {"batch_error", "INVALID", "age", 400, ERR_INVALID},
	    {"batch_error", "INVALID", "age", 200, ERR_INVALID},
	    {"gateway_215", "215", "", 400, ERR_AUTH}, {"gateway_89", "89", "", 401, ERR_AUTH},
	    {"rate_limit", "TOO_MANY_REQUESTS", "", 429, ERR_RATE}};
	struct page p;

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		read_sample(&p, all[i].name, WHOLE, API_CRITERIA, all[i].status);
		assert_int_not_equal(p.an.kind, ANSWER_OK);
		assert_int_equal(p.an.ei.code, all[i].err);
		assert_string_equal(p.an.ei.api_code, all[i].code);
		assert_string_equal(p.an.ei.param, all[i].param);
		free_sample(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_example_decodes_without_a_loss),
	    cmocka_unit_test(their_values_are_read),
	    cmocka_unit_test(the_official_examples_are_read),
	    cmocka_unit_test(their_errors_are_understood),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
