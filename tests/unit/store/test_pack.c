#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "store/pack.h"

static const struct criterion odd[] = {
    {.id = "1", .line_item_id = "li", .type_name = "LOCATION", .value = "", .name = NULL},
    {.id = NULL,
	.line_item_id = "li",
	.type_name = "NEW_TYPE",
	.value = "x\ty",
	.name = "",
	.localized_name = "\xf0\x9f\xa4\x96",
	.location_type = "CITIES",
	.op = OP_NE,
	.created_at = INT64_MAX,
	.updated_at = INT64_MIN},
    {.id = "3",
	.line_item_id = "li",
	.type_name = NULL,
	.value = NULL,
	.op = OP_OTHER,
	.created_at = 0,
	.updated_at = -1,
	.deleted = true},
};

/* Twice with one packer: what the first left behind must not show. */
static void write_all(
    struct buf *b, const struct pack_kind *kind, const void *const *records, size_t n)
{
	struct packer p;
	struct buf again;

	packer_init(&p);
	buf_init(&again, 1 << 20);
	assert_int_equal(pack_write(&p, kind, records, n, b), ERR_OK);
	assert_int_equal(pack_write(&p, kind, records, n, &again), ERR_OK);
	assert_int_equal(again.len, b->len);
	assert_memory_equal(again.p, b->p, b->len);
	buf_done(&again);
	packer_done(&p);
}

/* How criteria are written: as the journal does, then as the cache does. */
static const struct pack_kind *how = &pack_criterion;

static int as_near_records(void **state)
{
	(void)state;
	how = &pack_near_criterion;
	return 0;
}

static void pack_odd(struct buf *b)
{
	const void *records[] = {&odd[0], &odd[1], &odd[2]};

	buf_init(b, 1 << 20);
	write_all(b, how, records, 3);
}

static void same_text(const char *a, const char *b)
{
	if (a && b)
		assert_string_equal(a, b);
	else
		assert_true(!a && !b);
}

static void odd_records_come_back(void **state)
{
	struct criterion_set set;
	struct raw_set raw;
	struct buf b;

	(void)state;
	pack_odd(&b);
	criterion_set_init(&set);
	raw = RAW_SET(&set, &pack_criterion);
	assert_int_equal(pack_read(b.p, b.len, 0, SIZE_MAX, &raw), ERR_OK);
	set.v = raw.v;
	set.n = raw.n;
	set.cap = raw.cap;
	pack_finish_criteria(&set, 0);
	assert_int_equal(set.n, 3);
	for (size_t i = 0; i < 3; i++) {
		same_text(set.v[i].id, odd[i].id);
		same_text(set.v[i].line_item_id, odd[i].line_item_id);
		same_text(set.v[i].type_name, odd[i].type_name);
		same_text(set.v[i].value, odd[i].value);
		same_text(set.v[i].name, odd[i].name);
		same_text(set.v[i].localized_name, odd[i].localized_name);
		same_text(set.v[i].location_type, odd[i].location_type);
		assert_int_equal(set.v[i].op, odd[i].op);
		assert_true(set.v[i].created_at == odd[i].created_at);
		assert_true(set.v[i].updated_at == odd[i].updated_at);
		assert_int_equal(set.v[i].deleted, odd[i].deleted);
	}
	assert_int_equal(set.v[0].type, TYPE_LOCATION);
	assert_int_equal(set.v[1].type, TYPE_UNKNOWN);
	criterion_set_done(&set);
	buf_done(&b);
}

static void ranges_are_cut_out(void **state)
{
	static const struct {
		size_t first, max, n;
	} rows[] = {{0, 0, 0}, {0, 1, 1}, {1, 1, 1}, {2, SIZE_MAX, 1}, {3, 1, 0}, {1, 9, 2},
	    {SIZE_MAX, SIZE_MAX, 0}};
	struct buf b;

	(void)state;
	pack_odd(&b);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct criterion_set set;
		struct raw_set raw;

		criterion_set_init(&set);
		raw = RAW_SET(&set, &pack_criterion);
		assert_int_equal(pack_read(b.p, b.len, rows[i].first, rows[i].max, &raw), ERR_OK);
		set.v = raw.v;
		assert_int_equal(raw.n, rows[i].n);
		if (raw.n)
			same_text(set.v[0].id, odd[rows[i].first].id);
		criterion_set_done(&set);
	}
	buf_done(&b);
}

static enum err read_all(const char *p, size_t n)
{
	struct criterion_set set;
	struct raw_set raw;
	enum err err;

	criterion_set_init(&set);
	raw = RAW_SET(&set, &pack_criterion);
	err = pack_read(p, n, 0, SIZE_MAX, &raw);
	set.v = raw.v;
	if (err)
		assert_int_equal(raw.n, 0);
	criterion_set_done(&set);
	return err;
}

static bool never(void *user, const char *id, enum operator_type op)
{
	(void)user;
	(void)id;
	(void)op;
	return true;
}

/* Under ASan the exact copies show any byte read too far. */
static void every_prefix_and_every_flip_is_safe(void **state)
{
	struct pack_match m = {"LOCATION", "x", never, NULL};
	struct buf b;

	(void)state;
	pack_odd(&b);
	for (size_t n = 0; n < b.len; n++) {
		char *copy = test_malloc(n ? n : 1);

		memcpy(copy, b.p, n);
		assert_int_equal(read_all(copy, n), ERR_CORRUPT);
		pack_match_criteria(copy, n, &m);
		test_free(copy);
	}
	for (size_t i = 0; i < b.len; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			char *copy = test_malloc(b.len);

			memcpy(copy, b.p, b.len);
			copy[i] = (char)(copy[i] ^ (1 << bit));
			read_all(copy, b.len);
			pack_match_criteria(copy, b.len, &m);
			test_free(copy);
		}
	buf_done(&b);
}

static void money_of_null_is_told_from_zero(void **state)
{
	struct campaign c[3] = {
	    {.id = "a", .daily_budget_micro = MONEY_NONE, .total_budget_micro = 0},
	    {.id = "b", .daily_budget_micro = INT64_MAX, .total_budget_micro = -1},
	    {.id = "c", .daily_budget_micro = INT64_MIN + 1, .total_budget_micro = 1}};
	const void *records[] = {&c[0], &c[1], &c[2]};
	struct campaign_set set;
	struct raw_set raw;
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	write_all(&b, &pack_campaign, records, 3);
	campaign_set_init(&set);
	raw = RAW_SET(&set, &pack_campaign);
	assert_int_equal(pack_read(b.p, b.len, 0, SIZE_MAX, &raw), ERR_OK);
	set.v = raw.v;
	for (size_t i = 0; i < 3; i++) {
		assert_true(set.v[i].daily_budget_micro == c[i].daily_budget_micro);
		assert_true(set.v[i].total_budget_micro == c[i].total_budget_micro);
	}
	campaign_set_done(&set);
	buf_done(&b);
}

/* More words than the packer looks for one by one. */
static void many_shared_words_come_back(void **state)
{
	struct option options[300];
	const void *records[300];
	char words[300][16];
	struct option_set set;
	struct raw_set raw;
	struct buf b;

	(void)state;
	for (size_t i = 0; i < 300; i++)
		snprintf(words[i], sizeof words[i], "w%zu", i % 150);
	for (size_t i = 0; i < 300; i++) {
		options[i] =
		    (struct option){.value = words[i], .country = words[i], .kind = words[299 - i]};
		records[i] = &options[i];
	}
	buf_init(&b, 1 << 20);
	write_all(&b, &pack_option, records, 300);
	option_set_init(&set);
	raw = RAW_SET(&set, &pack_option);
	assert_int_equal(pack_read(b.p, b.len, 0, SIZE_MAX, &raw), ERR_OK);
	set.v = raw.v;
	assert_int_equal(raw.n, 300);
	for (size_t i = 0; i < 300; i++) {
		assert_string_equal(set.v[i].country, words[i]);
		assert_string_equal(set.v[i].kind, words[299 - i]);
		assert_null(set.v[i].extra);
	}
	option_set_done(&set);
	buf_done(&b);
}

static void numbers_come_back(void **state)
{
	static const uint64_t v[] = {0, 1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX};
	struct pack_reader r;
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < 8; i++)
		pack_uint(&b, v[i]);
	r = (struct pack_reader){
	    (const unsigned char *)b.p, (const unsigned char *)b.p + b.len, false};
	for (size_t i = 0; i < 8; i++)
		assert_true(pack_get_uint(&r) == v[i]);
	assert_true(r.p == r.end && !r.bad);
	assert_int_equal(pack_get_uint(&r), 0);
	assert_true(r.bad);
	buf_done(&b);
}

static void hash_sees_each_bit(void **state)
{
	unsigned char a[40] = {0};
	uint64_t h = pack_hash(0, a, 40);

	(void)state;
	for (size_t i = 0; i < 320; i++) {
		a[i / 8] = (unsigned char)(a[i / 8] ^ (1u << i % 8));
		assert_true(pack_hash(0, a, 40) != h);
		a[i / 8] = (unsigned char)(a[i / 8] ^ (1u << i % 8));
	}
	assert_true(pack_hash(0, a, 39) != h);
	assert_true(pack_hash(1, a, 40) != h);
}

/* Records that share much, little and nothing with those before them; their strings as long as any. */
static void near_records_come_back(void **state)
{
	static char text[3][700];
	struct criterion c[400];
	const void *records[400];
	char words[400][5][40];
	struct criterion_set set;
	struct raw_set raw;
	struct buf b;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		memset(text[i], 'a' + (int)i, sizeof text[i] - 1 - i);
	for (size_t i = 0; i < 400; i++) {
		snprintf(words[i][0], 40, "t%04zx%02zu", i / 50, i % 50);
		snprintf(words[i][1], 40, "%zu", i * 7919 % 100000);
		snprintf(words[i][2], 40, i % 3 ? "value number %zu" : "%zu of them", i * 37 % 100);
		snprintf(words[i][3], 40, "b%04zu", i / 50);
		snprintf(words[i][4], 40, "TYPE_%zu", i % 5);
		c[i] = (struct criterion){.id = words[i][0],
		    .line_item_id = words[i][3],
		    .type_name = i % 11 ? words[i][4] : NULL,
		    .value = i % 7 == 3 ? text[i % 3] : words[i][1],
		    .name = i % 4   ? words[i][2]
			    : i % 8 ? words[i][1]
				    : NULL,
		    .localized_name = i % 5 ? words[i][2] : NULL,
		    .op = i % 9 ? OP_EQ : OP_NE,
		    .created_at = 1700000000 + (int64_t)(i / 20),
		    .updated_at = i % 2 ? INT64_MIN : INT64_MAX,
		    .deleted = i % 13 == 0};
		records[i] = &c[i];
	}
	buf_init(&b, 1 << 20);
	write_all(&b, how, records, 400);
	criterion_set_init(&set);
	raw = RAW_SET(&set, &pack_criterion);
	assert_int_equal(pack_read(b.p, b.len, 0, SIZE_MAX, &raw), ERR_OK);
	set.v = raw.v;
	assert_int_equal(raw.n, 400);
	for (size_t i = 0; i < 400; i++) {
		same_text(set.v[i].id, c[i].id);
		same_text(set.v[i].line_item_id, c[i].line_item_id);
		same_text(set.v[i].type_name, c[i].type_name);
		same_text(set.v[i].value, c[i].value);
		same_text(set.v[i].name, c[i].name);
		same_text(set.v[i].localized_name, c[i].localized_name);
		assert_null(set.v[i].location_type);
		assert_int_equal(set.v[i].op, c[i].op);
		assert_true(set.v[i].created_at == c[i].created_at);
		assert_true(set.v[i].updated_at == c[i].updated_at);
		assert_int_equal(set.v[i].deleted, c[i].deleted);
	}
	criterion_set_done(&set);
	buf_done(&b);
}

struct hits {
	const struct criterion *c; /* that is looked for */
	size_t n;
};

static bool on_hit(void *user, const char *id, enum operator_type op)
{
	struct hits *h = user;

	same_text(id, h->c->id);
	assert_int_equal(op, h->c->op);
	h->n++;
	return true;
}

static void uses_are_found(void **state)
{
	static const struct criterion c[] = {
	    {.id = "c10", .type_name = "LOCATION", .value = "abc", .name = "abc", .op = OP_EQ},
	    {.id = "c11", .type_name = "LOCATION", .value = "abd", .name = "x", .op = OP_NE},
	    {.id = NULL, .type_name = "LOCATION", .value = "ab", .op = OP_NE},
	    {.id = "c12", .type_name = "LANGUAGE", .value = "abc", .localized_name = "y"},
	    {.id = "abcde", .type_name = "LOCATION", .value = "abcde", .op = OP_EQ},
	    {.id = "c14", .type_name = "LOCATION", .value = "", .op = OP_NE},
	    {.id = "c15", .type_name = "LANGUAGE", .value = "abcde", .name = "n", .deleted = true}};
	const void *records[sizeof c / sizeof *c];
	struct buf b;

	(void)state;
	for (size_t i = 0; i < sizeof c / sizeof *c; i++)
		records[i] = &c[i];
	buf_init(&b, 1 << 20);
	write_all(&b, how, records, sizeof c / sizeof *c);
	for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
		struct hits h = {.c = &c[i]};
		struct pack_match m = {c[i].type_name, c[i].value, on_hit, &h};

		assert_int_equal(pack_match_criteria(b.p, b.len, &m), ERR_OK);
		assert_int_equal(h.n, 1);
	}
	buf_done(&b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(near_records_come_back),
	    cmocka_unit_test(uses_are_found),
	    cmocka_unit_test(odd_records_come_back),
	    cmocka_unit_test(ranges_are_cut_out),
	    cmocka_unit_test(every_prefix_and_every_flip_is_safe),
	    cmocka_unit_test(money_of_null_is_told_from_zero),
	    cmocka_unit_test(many_shared_words_come_back),
	    cmocka_unit_test(numbers_come_back),
	    cmocka_unit_test(hash_sees_each_bit),
	};

	return cmocka_run_group_tests_name("as in the journal", tests, NULL, NULL) +
	       cmocka_run_group_tests_name("as in the cache", tests, as_near_records, NULL);
}
