#include "tests/unit/targeting/kit.h"

#include "base/mem.h"
#include "targeting/set.h"

static const char *canonical(struct arena *a, enum targeting_type t, const char *value)
{
	const char *out;

	assert_int_equal(set_canonical(a, t, value, &out), ERR_OK);
	return out;
}

static void keywords_fold_case_blanks_and_accents(void **state)
{
	struct arena a;
	/* composed and decomposed e acute, capital, Turkish dotted I, fullwidth, ideographic blank */
	static const char *const pairs[][2] = {{"  Green   TEA ", "green tea"}, {"\tx\n", "x"},
	    {"CAF\xc3\x89", "caf\xc3\xa9"}, {"cafe\xcc\x81", "caf\xc3\xa9"},
	    {"STRASSE", "stra\xc3\x9f\x65"},
	    {"a\xe3\x80\x80"
	     "B",
		"a b"},
	    {"\xf0\x9f\xa4\x96", "\xf0\x9f\xa4\x96"}, {"", ""}, {"   ", ""}};

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		assert_string_equal(canonical(&a, TYPE_BROAD_KEYWORD, pairs[i][0]),
		    canonical(&a, TYPE_BROAD_KEYWORD, pairs[i][1]));
	assert_string_equal(canonical(&a, TYPE_PHRASE_KEYWORD, " Green  TEA"), "green tea");
	assert_string_equal(canonical(&a, TYPE_INTEREST, " Green  TEA"), " Green  TEA");
	assert_string_equal(canonical(&a, TYPE_LOCATION, "e\xcc\x81"), "\xc3\xa9");
	assert_string_equal(canonical(&a, TYPE_BROAD_KEYWORD, "bad \xff UTF"), "bad \xff UTF");
	arena_done(&a);
}

static void canonical_form_is_a_fixed_point(void **state)
{
	static const uint32_t interesting[] = {'A', 'z', ' ', '\t', 0xe9, 0x301, 0x345, 0x3a3,
	    0x3c2, 0x130, 0x131, 0xdf, 0x1e9e, 0xfb01, 0x1f82, 0xac00, 0x1100, 0x1161, 0x3000, 0xa0,
	    0x200d, 0x1f3fb, 0x1f926, 0x640, 0x5d0, 0x2126, 0x212b, 0xf900, 0x1d15e, 0x300, 0x327};

	(void)state;
	kit_seed(11);
	for (int round = 0; round < 20000; round++) {
		char text[80];
		size_t n = 0;
		struct arena a;
		const char *once;

		for (unsigned k = kit_below(9); k; k--) {
			uint32_t cp =
			    interesting[kit_below(sizeof interesting / sizeof interesting[0])];

			if (cp < 0x80) {
				text[n++] = (char)cp;
			} else if (cp < 0x800) {
				text[n++] = (char)(0xc0 | cp >> 6);
				text[n++] = (char)(0x80 | (cp & 63));
			} else if (cp < 0x10000) {
				text[n++] = (char)(0xe0 | cp >> 12);
				text[n++] = (char)(0x80 | (cp >> 6 & 63));
				text[n++] = (char)(0x80 | (cp & 63));
			} else {
				text[n++] = (char)(0xf0 | cp >> 18);
				text[n++] = (char)(0x80 | (cp >> 12 & 63));
				text[n++] = (char)(0x80 | (cp >> 6 & 63));
				text[n++] = (char)(0x80 | (cp & 63));
			}
		}
		text[n] = '\0';
		arena_init(&a);
		once = canonical(&a, TYPE_BROAD_KEYWORD, text);
		assert_string_equal(canonical(&a, TYPE_BROAD_KEYWORD, once), once);
		arena_done(&a);
	}
}

static struct set_key key_of(struct arena *a, const struct criterion *c)
{
	struct set_key k;

	assert_int_equal(set_key_of(a, c, &k), ERR_OK);
	return k;
}

static void every_part_of_a_key_tells_criteria_apart(void **state)
{
	struct criterion base = kit_criterion(TYPE_BROAD_KEYWORD, OP_EQ, "tea"), c;
	struct set_key k, other;
	struct arena a;

	(void)state;
	arena_init(&a);
	k = key_of(&a, &base);
	c = base;
	c.id = "another id";
	c.name = "another name";
	c.value = "TEA";
	other = key_of(&a, &c);
	assert_true(set_key_equal(&k, &other));
	c.op = OP_NE;
	other = key_of(&a, &c);
	assert_false(set_key_equal(&k, &other));
	c = base;
	c.type = TYPE_PHRASE_KEYWORD;
	other = key_of(&a, &c);
	assert_false(set_key_equal(&k, &other));
	c = base;
	c.line_item_id = "li2";
	other = key_of(&a, &c);
	assert_false(set_key_equal(&k, &other));
	c = kit_criterion(TYPE_UNKNOWN, OP_EQ, "v");
	c.type_name = "NEW_A";
	k = key_of(&a, &c);
	c.type_name = "NEW_B";
	other = key_of(&a, &c);
	assert_false(set_key_equal(&k, &other));
	arena_done(&a);
}

static void key_bytes_cannot_be_imitated(void **state)
{
	struct criterion c = kit_criterion(TYPE_INTEREST, OP_EQ, "1:x,"), d = c;
	struct buf one, two;
	struct set_key k;
	struct arena a;

	(void)state;
	arena_init(&a);
	buf_init(&one, 1000);
	buf_init(&two, 1000);
	d.line_item_id = "li1,8:INTEREST,EQ,4:1";
	d.value = ":x,";
	k = key_of(&a, &c);
	assert_int_equal(set_key_bytes(&one, &k), ERR_OK);
	k = key_of(&a, &d);
	assert_int_equal(set_key_bytes(&two, &k), ERR_OK);
	assert_string_not_equal(buf_str(&one), buf_str(&two));
	assert_string_equal(buf_str(&one), "3:li1,8:INTEREST,EQ,4:1:x,");
	buf_done(&one);
	buf_done(&two);
	arena_done(&a);
}

static void index_finds_what_was_put_until_cleared(void **state)
{
	struct set_index x;
	struct arena a;
	char value[500][32];
	size_t row;

	(void)state;
	arena_init(&a);
	set_index_init(&x);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < 500; i++) {
			struct criterion c = kit_criterion(TYPE_INTEREST, OP_EQ, value[i]);
			struct set_key k;

			snprintf(value[i], sizeof value[i], "%zu", i * 7);
			k = key_of(&a, &c);
			assert_false(set_index_get(&x, &k, &row));
			assert_int_equal(set_index_put(&x, &k, i, &row), ERR_OK);
			assert_int_equal(row, i);
			assert_int_equal(set_index_put(&x, &k, i + 1000, &row), ERR_OK);
			assert_int_equal(row, i);
		}
		assert_int_equal(x.n, 500);
		set_index_clear(&x);
	}
	set_index_done(&x);
	arena_done(&a);
}

/* --- algebra against membership tables */

struct triple {
	struct criterion_set a, b, out;
	struct change_set changes;
};

static void triple_init(struct triple *t)
{
	criterion_set_init(&t->a);
	criterion_set_init(&t->b);
	criterion_set_init(&t->out);
	change_set_init(&t->changes);
}

static void triple_done(struct triple *t)
{
	criterion_set_done(&t->a);
	criterion_set_done(&t->b);
	criterion_set_done(&t->out);
	change_set_done(&t->changes);
}

/* Which of the pool's rows has the set? Written without the code under test. */
static void table_of(const struct criterion_set *s, bool has[KIT_POOL])
{
	memset(has, 0, KIT_POOL * sizeof *has);
	for (size_t i = 0; i < s->n; i++)
		for (size_t j = 0; j < KIT_POOL; j++)
			if (!s->v[i].deleted && s->v[i].type == kit_pool[j].type &&
			    s->v[i].op == kit_pool[j].op &&
			    !strcmp(s->v[i].value, kit_pool[j].value))
				has[j] = true;
}

static void algebra_equals_membership_tables(void **state)
{
	(void)state;
	kit_seed(5);
	for (int round = 0; round < 3000; round++) {
		bool a[KIT_POOL], b[KIT_POOL], got[KIT_POOL], equal, same = true;
		struct triple t;

		triple_init(&t);
		kit_random_set(&t.a, 12);
		kit_random_set(&t.b, 12);
		table_of(&t.a, a);
		table_of(&t.b, b);
		assert_int_equal(set_union(&t.a, &t.b, &t.out), ERR_OK);
		table_of(&t.out, got);
		for (size_t i = 0; i < KIT_POOL; i++)
			assert_int_equal(got[i], a[i] || b[i]);
		criterion_set_done(&t.out);
		assert_int_equal(set_minus(&t.a, &t.b, &t.out), ERR_OK);
		table_of(&t.out, got);
		for (size_t i = 0; i < KIT_POOL; i++)
			assert_int_equal(got[i], a[i] && !b[i]);
		criterion_set_done(&t.out);
		assert_int_equal(set_common(&t.a, &t.b, &t.out), ERR_OK);
		table_of(&t.out, got);
		for (size_t i = 0; i < KIT_POOL; i++) {
			assert_int_equal(got[i], a[i] && b[i]);
			same = same && a[i] == b[i];
		}
		assert_int_equal(set_equal(&t.a, &t.b, &equal), ERR_OK);
		assert_int_equal(equal, same);
		triple_done(&t);
	}
}

static void applying_a_difference_gives_the_other_set(void **state)
{
	(void)state;
	kit_seed(1);
	for (int round = 0; round < 100000; round++) {
		bool a[KIT_POOL], b[KIT_POOL], equal;
		size_t least = 0;
		struct triple t;

		triple_init(&t);
		kit_random_set(&t.a, 7);
		kit_random_set(&t.b, 7);
		table_of(&t.a, a);
		table_of(&t.b, b);
		for (size_t i = 0; i < KIT_POOL; i++)
			least += a[i] != b[i];
		assert_int_equal(set_diff(&t.a, &t.b, &t.changes), ERR_OK);
		assert_int_equal(t.changes.n, least);
		assert_int_equal(set_apply(&t.changes, &t.a, &t.out), ERR_OK);
		assert_int_equal(set_equal(&t.out, &t.b, &equal), ERR_OK);
		assert_true(equal);
		triple_done(&t);
	}
}

static void rows_that_repeat_are_deleted_together(void **state)
{
	struct triple t;
	bool equal;

	(void)state;
	triple_init(&t);
	kit_add(&t.a, TYPE_BROAD_KEYWORD, OP_EQ, "tea");
	kit_add(&t.a, TYPE_BROAD_KEYWORD, OP_EQ, "TEA");
	kit_add(&t.a, TYPE_BROAD_KEYWORD, OP_EQ, "x");
	kit_add(&t.b, TYPE_BROAD_KEYWORD, OP_EQ, "x");
	assert_int_equal(set_diff(&t.a, &t.b, &t.changes), ERR_OK);
	assert_int_equal(t.changes.n, 2);
	assert_int_equal(set_apply(&t.changes, &t.a, &t.out), ERR_OK);
	assert_int_equal(t.out.n, 1);
	assert_int_equal(set_equal(&t.out, &t.b, &equal), ERR_OK);
	assert_true(equal);
	triple_done(&t);
}

static void deleted_rows_and_held_changes_do_not_count(void **state)
{
	struct triple t;
	bool equal;

	(void)state;
	triple_init(&t);
	kit_add(&t.a, TYPE_BROAD_KEYWORD, OP_EQ, "tea");
	t.a.v[0].deleted = true;
	assert_int_equal(set_equal(&t.a, &t.b, &equal), ERR_OK);
	assert_true(equal);
	t.a.v[0].deleted = false;
	assert_int_equal(set_diff(&t.a, &t.b, &t.changes), ERR_OK);
	t.changes.v[0].held = true;
	assert_int_equal(set_apply(&t.changes, &t.a, &t.out), ERR_OK);
	assert_int_equal(t.out.n, 1);
	triple_done(&t);
}

/* --- merge */

static void merge_keeps_what_both_want(void **state)
{
	(void)state;
	kit_seed(3);
	for (int round = 0; round < 100000; round++) {
		bool base[KIT_POOL], theirs[KIT_POOL], mine[KIT_POOL];
		struct criterion_set s[3];
		struct set_merge m;
		size_t foreign = 0, conflicts = 0;

		for (int i = 0; i < 3; i++) {
			criterion_set_init(&s[i]);
			kit_random_set(&s[i], 6);
		}
		table_of(&s[0], base);
		table_of(&s[1], theirs);
		table_of(&s[2], mine);
		set_merge_init(&m);
		assert_int_equal(set_merge(&s[0], &s[1], &s[2], &m), ERR_OK);
		for (size_t i = 0; i < m.n; i++) {
			const struct set_merge_row *r = &m.v[i];
			bool clash = r->why == MERGE_EXCLUSIVE || r->why == MERGE_OPPOSED;
			size_t j = 0;

			while (kit_pool[j].type != r->criterion->type ||
			       kit_pool[j].op != r->criterion->op ||
			       strcmp(kit_pool[j].value, r->criterion->value) != 0)
				j++;
			assert_int_equal(r->in_base, base[j]);
			assert_int_equal(r->in_theirs, theirs[j]);
			assert_int_equal(r->in_mine, mine[j]);
			conflicts += clash;
			foreign += theirs[j] != base[j] && mine[j] == base[j];
			if (clash)
				assert_true(
				    !base[j] && theirs[j] != mine[j] && r->in_result == mine[j]);
			else
				assert_int_equal(r->in_result,
				    base[j] ? theirs[j] && mine[j] : theirs[j] || mine[j]);
			base[j] = theirs[j] = mine[j] = false;
		}
		for (size_t j = 0; j < KIT_POOL; j++)
			assert_false(base[j] || theirs[j] || mine[j]);
		assert_int_equal(m.n_foreign, foreign);
		assert_int_equal(m.n_conflicts, conflicts);
		set_merge_done(&m);
		for (int i = 0; i < 3; i++)
			criterion_set_done(&s[i]);
	}
}

static void merge_asks_when_both_chose_another_age(void **state)
{
	struct criterion_set base, theirs, mine;
	struct set_merge m;

	(void)state;
	criterion_set_init(&base);
	criterion_set_init(&theirs);
	criterion_set_init(&mine);
	set_merge_init(&m);
	kit_add(&base, TYPE_AGE, OP_EQ, "AGE_18_TO_34");
	kit_add(&theirs, TYPE_AGE, OP_EQ, "AGE_OVER_35");
	kit_add(&mine, TYPE_AGE, OP_EQ, "AGE_OVER_50");
	kit_add(&theirs, TYPE_BROAD_KEYWORD, OP_EQ, "tea");
	kit_add(&mine, TYPE_BROAD_KEYWORD, OP_NE, "Tea");
	assert_int_equal(set_merge(&base, &theirs, &mine, &m), ERR_OK);
	assert_int_equal(m.n_conflicts, 4);
	for (size_t i = 0; i < m.n; i++)
		assert_int_equal(m.v[i].in_result, m.v[i].in_mine);
	set_merge_done(&m);
	criterion_set_done(&base);
	criterion_set_done(&theirs);
	criterion_set_done(&mine);
}

static void no_memory_is_an_error_and_loses_nothing(void **state)
{
	struct triple t;

	(void)state;
	kit_seed(9);
	triple_init(&t);
	kit_random_set(&t.a, 30);
	kit_random_set(&t.b, 30);
	for (long fail = 0; fail < 60; fail++) {
		struct set_merge m;
		enum err err;

		set_merge_init(&m);
		mem_fail_after(fail, 0);
		err = set_diff(&t.a, &t.b, &t.changes);
		if (!err)
			err = set_apply(&t.changes, &t.a, &t.out);
		if (!err)
			err = set_merge(&t.a, &t.b, &t.out, &m);
		mem_fail_after(-1, 0);
		assert_true(err == ERR_OK || err == ERR_NOMEM);
		set_merge_done(&m);
		change_set_done(&t.changes);
		criterion_set_done(&t.out);
	}
	triple_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keywords_fold_case_blanks_and_accents),
	    cmocka_unit_test(canonical_form_is_a_fixed_point),
	    cmocka_unit_test(every_part_of_a_key_tells_criteria_apart),
	    cmocka_unit_test(key_bytes_cannot_be_imitated),
	    cmocka_unit_test(index_finds_what_was_put_until_cleared),
	    cmocka_unit_test(algebra_equals_membership_tables),
	    cmocka_unit_test(applying_a_difference_gives_the_other_set),
	    cmocka_unit_test(rows_that_repeat_are_deleted_together),
	    cmocka_unit_test(deleted_rows_and_held_changes_do_not_count),
	    cmocka_unit_test(merge_keeps_what_both_want),
	    cmocka_unit_test(merge_asks_when_both_chose_another_age),
	    cmocka_unit_test(no_memory_is_an_error_and_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
