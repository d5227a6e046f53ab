/* mem, buf, arena, map: what everything else stands on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"

/* --- mem */

static void the_nth_allocation_can_fail_once_or_for_good(void **state)
{
	void *p;

	(void)state;
	mem_fail_after(1, 0);
	p = mem_alloc(8);
	assert_non_null(p);
	assert_null(mem_alloc(8));
	mem_free(p);
	p = mem_alloc(8);
	assert_non_null(p);
	mem_free(p);
	mem_fail_after(0, 1);
	assert_null(mem_zalloc(8));
	assert_null(mem_array(2, 8));
	assert_null(mem_strdup("x"));
	mem_fail_after(-1, 0);
	p = mem_strndup("hello", 4);
	assert_string_equal(p, "hell");
	mem_free(p);
	assert_null(mem_strdup(NULL));
}

static void sizes_that_overflow_are_refused(void **state)
{
	(void)state;
	assert_null(mem_realloc_array(NULL, SIZE_MAX / 2, 4));
}

/* --- buf */

static void a_buffer_keeps_its_maximum_and_its_text(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 5);
	assert_string_equal(buf_str(&b), "");
	assert_int_equal(buf_adds(&b, "abc"), ERR_OK);
	assert_int_equal(buf_adds(&b, "def"), ERR_LIMIT);
	assert_string_equal(buf_str(&b), "abc");
	assert_int_equal(buf_addc(&b, 'd'), ERR_LIMIT); /* a failure sticks */
	assert_int_equal(b.failed, ERR_LIMIT);
	buf_clear(&b);
	assert_int_equal(buf_addf(&b, "%d%s", 12, "345"), ERR_OK);
	assert_string_equal(buf_str(&b), "12345");
	assert_int_equal(buf_add(&b, "", 0), ERR_OK);
	assert_int_equal(buf_addc(&b, '6'), ERR_LIMIT);
	buf_done(&b);
	buf_init(&b, 0);
	assert_int_equal(buf_adds(&b, ""), ERR_OK);
	assert_int_equal(buf_addc(&b, 'x'), ERR_LIMIT);
	buf_done(&b);
}

static void a_buffer_without_memory_is_unchanged(void **state)
{
	struct buf b;
	char big[300];

	(void)state;
	memset(big, 'x', sizeof big);
	buf_init(&b, 1000);
	assert_int_equal(buf_adds(&b, "kept"), ERR_OK);
	mem_fail_after(0, 1);
	assert_int_equal(buf_add(&b, big, sizeof big), ERR_NOMEM);
	mem_fail_after(-1, 0);
	assert_string_equal(buf_str(&b), "kept");
	buf_done(&b);
}

static void bytes_can_be_taken_with_their_zeros(void **state)
{
	struct buf b;
	char *p;

	(void)state;
	buf_init(&b, 100);
	assert_null(buf_take(&b));
	assert_int_equal(buf_add(&b, "a\0b", 3), ERR_OK);
	p = buf_take(&b);
	assert_memory_equal(p, "a\0b", 4);
	mem_free(p);
	assert_int_equal(b.len, 0);
	assert_int_equal(buf_adds(&b, "again"), ERR_OK);
	buf_done(&b);
}

/* --- arena */

static void pieces_of_an_arena_are_aligned_zeroed_and_apart(void **state)
{
	struct {
		unsigned char *p;
		size_t n;
	} piece[400];
	struct arena a;
	unsigned seed = 5;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < 400; i++) {
		static const size_t sizes[] = {0, 1, 7, 16, 100, 4096, 16384, 40000};

		piece[i].n = sizes[(size_t)rand_r(&seed) % 8];
		piece[i].p = arena_alloc(&a, piece[i].n);
		assert_non_null(piece[i].p);
		assert_int_equal((uintptr_t)piece[i].p % _Alignof(max_align_t), 0);
		for (size_t k = 0; k < piece[i].n; k++)
			assert_int_equal(piece[i].p[k], 0);
		memset(piece[i].p, (int)(i & 0xff), piece[i].n);
		if (i % 3 == 0)
			assert_string_equal(arena_strndup(&a, "odd", i % 4), i % 4 == 0   ? ""
									     : i % 4 == 1 ? "o"
									     : i % 4 == 2 ? "od"
											  : "odd");
	}
	for (size_t i = 0; i < 400; i++)
		for (size_t k = 0; k < piece[i].n; k++)
			assert_int_equal(piece[i].p[k], i & 0xff);
	assert_null(arena_strdup(&a, NULL));
	assert_null(arena_alloc(&a, SIZE_MAX));
	arena_done(&a);
	assert_int_equal(a.bytes, 0);
}

/* --- map */

static void the_map_agrees_with_a_plain_list(void **state)
{
	static uint64_t value[500];
	static bool known[500];
	struct map m;
	unsigned seed = 9;
	size_t count = 0;

	(void)state;
	map_init(&m);
	assert_false(map_get(&m, "nothing", NULL));
	for (int step = 0; step < 20000; step++) {
		size_t i = (size_t)rand_r(&seed) % 500;
		char key[32];
		uint64_t got = 0;

		snprintf(key, sizeof key, "%s%zu", i % 2 ? "id" : "", i * 31);
		assert_int_equal(map_get(&m, key, &got), known[i]);
		if (known[i])
			assert_int_equal(got, value[i]);
		value[i] = (uint64_t)step;
		count += !known[i];
		known[i] = true;
		assert_int_equal(map_put(&m, key, value[i]), ERR_OK);
		memset(key, 'x', sizeof key); /* the map has its own copy */
	}
	assert_int_equal(m.count, count);
	map_done(&m);
}

static void a_map_without_memory_keeps_what_it_has(void **state)
{
	struct map m;
	uint64_t v;

	(void)state;
	map_init(&m);
	assert_int_equal(map_put(&m, "a", 1), ERR_OK);
	mem_fail_after(0, 1);
	for (int i = 0; i < 40; i++) {
		char key[32];

		snprintf(key, sizeof key, "%0*d", 30, i);
		(void)map_put(&m, key, 7);
	}
	mem_fail_after(-1, 0);
	assert_true(map_get(&m, "a", &v));
	assert_int_equal(v, 1);
	map_done(&m);
}

static void hashes_are_those_of_fnv1a(void **state)
{
	(void)state;
	/* published test vectors of FNV-1a, 64 bits */
	assert_true(map_hash("") == 0xcbf29ce484222325u);
	assert_true(map_hash("a") == 0xaf63dc4c8601ec8cu);
	assert_true(map_hash("foobar") == 0x85944171f73967e8u);
	assert_true(map_hash_bytes("foobar", 6) == map_hash("foobar"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_nth_allocation_can_fail_once_or_for_good),
	    cmocka_unit_test(sizes_that_overflow_are_refused),
	    cmocka_unit_test(a_buffer_keeps_its_maximum_and_its_text),
	    cmocka_unit_test(a_buffer_without_memory_is_unchanged),
	    cmocka_unit_test(bytes_can_be_taken_with_their_zeros),
	    cmocka_unit_test(pieces_of_an_arena_are_aligned_zeroed_and_apart),
	    cmocka_unit_test(the_map_agrees_with_a_plain_list),
	    cmocka_unit_test(a_map_without_memory_keeps_what_it_has),
	    cmocka_unit_test(hashes_are_those_of_fnv1a),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
