/* Find and replace, and the canonical bytes of a state. */
#include "tests/unit/targeting/kit.h"

#include "base/mem.h"
#include "targeting/replace.h"
#include "targeting/state.h"

static struct criterion crit(enum targeting_type t, enum operator_type op, const char *value)
{
	return (struct criterion){.type = t, .op = op, .value = value};
}

static void run(struct replace *r, const struct replace_rule *rule, const struct criterion_set *s)
{
	assert_int_equal(replace_init(r, rule, 10, NULL), ERR_OK);
	assert_int_equal(replace_line_item(r, s->v, s->n, NULL), ERR_OK);
}

/* "-old +new" of all changes, in order. */
static const char *summary(const struct replace *r)
{
	static char text[2000];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < r->changes.n; i++) {
		const struct change *c = &r->changes.v[i];

		n += (size_t)snprintf(text + n, sizeof text - n, "%s%c%s%s", i ? " " : "",
		    c->kind == CHANGE_DELETE ? '-' : '+', c->op == OP_NE ? "!" : "", c->value);
	}
	return text;
}

static void an_audience_is_replaced_with_its_operator_kept(void **state)
{
	struct criterion find = crit(TYPE_CUSTOM_AUDIENCE, OP_EQ, "a1");
	struct criterion with = crit(TYPE_CUSTOM_AUDIENCE, OP_EQ, "a9");
	struct replace_rule rule = {
	    .find = &find, .n_find = 1, .with = &with, .n_with = 1, .any_op = true};
	struct criterion_set s;
	struct replace r;

	(void)state;
	criterion_set_init(&s);
	kit_add(&s, TYPE_CUSTOM_AUDIENCE, OP_NE, "a1");
	kit_add(&s, TYPE_CUSTOM_AUDIENCE, OP_EQ, "a2");
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_EQ, "a1");
	run(&r, &rule, &s);
	assert_string_equal(summary(&r), "-!a1 +!a9");
	assert_string_equal(r.changes.v[0].criterion_id, "cr1");
	assert_string_equal(r.changes.v[1].line_item_id, "li1");
	assert_int_equal(r.changes.v[0].group, 10);
	assert_int_equal(r.changes.v[1].group, 10);
	assert_int_equal(r.n_rows, 1);
	assert_int_equal(r.n_line_items, 1);
	replace_done(&r);
	rule.any_op = false;
	run(&r, &rule, &s);
	assert_int_equal(r.changes.n, 0);
	assert_int_equal(r.n_line_items, 0);
	replace_done(&r);
	criterion_set_done(&s);
}

static void what_is_there_already_is_not_created_twice(void **state)
{
	struct criterion find = crit(TYPE_BROAD_KEYWORD, OP_EQ, "TEA");
	struct criterion with = crit(TYPE_BROAD_KEYWORD, OP_EQ, "Coffee");
	struct replace_rule rule = {.find = &find, .n_find = 1, .with = &with, .n_with = 1};
	struct criterion_set s;
	struct replace r;

	(void)state;
	criterion_set_init(&s);
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_EQ, "tea");
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_EQ, "coffee");
	run(&r, &rule, &s);
	assert_string_equal(summary(&r), "-tea");
	assert_int_equal(r.n_merged, 1);
	replace_done(&r);
	with.value = "Tea"; /* by itself: nothing to do */
	run(&r, &rule, &s);
	assert_int_equal(r.changes.n, 0);
	assert_int_equal(r.n_rows, 1);
	replace_done(&r);
	criterion_set_done(&s);
}

static void a_set_is_replaced_only_where_all_of_it_is(void **state)
{
	struct criterion find[] = {
	    crit(TYPE_LOCATION, OP_EQ, "us"), crit(TYPE_LOCATION, OP_EQ, "ca")};
	struct criterion with[] = {
	    crit(TYPE_LOCATION, OP_EQ, "mx"), crit(TYPE_LANGUAGE, OP_EQ, "es")};
	struct replace_rule rule = {.find = find, .n_find = 2, .with = with, .n_with = 2};
	struct criterion_set s;
	struct replace r;

	(void)state;
	criterion_set_init(&s);
	kit_add(&s, TYPE_LOCATION, OP_EQ, "us");
	kit_add(&s, TYPE_GENDER, OP_EQ, "1");
	run(&r, &rule, &s);
	assert_int_equal(r.changes.n, 0);
	replace_done(&r);
	kit_add(&s, TYPE_LOCATION, OP_EQ, "ca");
	run(&r, &rule, &s);
	assert_string_equal(summary(&r), "-us +mx +es -ca");
	for (size_t i = 0; i < r.changes.n; i++)
		assert_int_equal(r.changes.v[i].group, 10);
	replace_done(&r);
	rule.n_with = 0; /* only delete */
	run(&r, &rule, &s);
	assert_string_equal(summary(&r), "-us -ca");
	replace_done(&r);
	criterion_set_done(&s);
}

static void illegal_results_are_listed_and_the_row_stays(void **state)
{
	struct criterion find = crit(TYPE_CUSTOM_AUDIENCE, OP_EQ, "a1");
	struct criterion with = crit(TYPE_CUSTOM_AUDIENCE_EXPANDED, OP_EQ, "a1");
	struct replace_rule rule = {
	    .find = &find, .n_find = 1, .with = &with, .n_with = 1, .any_op = true};
	struct criterion_set s;
	struct replace r;

	(void)state;
	criterion_set_init(&s);
	kit_add(&s, TYPE_CUSTOM_AUDIENCE, OP_NE, "a1");
	kit_add(&s, TYPE_CUSTOM_AUDIENCE, OP_EQ, "a1");
	run(&r, &rule, &s);
	assert_string_equal(summary(&r), "-a1 +a1");
	assert_int_equal(r.n_refused, 1);
	assert_ptr_equal(r.refused[0].criterion, &s.v[0]);
	assert_int_equal(r.refused[0].why, REPLACE_OPERATOR);
	assert_true(strlen(replace_why_text(REPLACE_OPERATOR)) > 0);
	replace_done(&r);
	criterion_set_done(&s);
}

static void keywords_are_rewritten_by_pattern(void **state)
{
	static const struct {
		const char *pattern, *replacement, *from, *to;
	} cases[] = {{"2025", "2026", "sale 2025", "-sale 2025 +sale 2026"},
	    {"^(.*) shoes$", "\\1 boots", "Running Shoes", "-Running Shoes +Running boots"},
	    {"a", "<&>", "banana", "-banana +b<a>n<a>n<a>"}, {"x*", "-", "abc", "-abc +-a-b-c-"},
	    {"^a", "b", "aaa", "-aaa +baa"},
	    {"e\xcc\x81|\xc3\xa9", "e", "caf\xc3\xa9", "-caf\xc3\xa9 +cafe"},
	    {"tea", "T\\&E\\\\A", "tea", "-tea +T&E\\A"}, {"TEA", "tea", "Tea", ""},
	    {"zzz", "y", "tea", ""}, {"x*", "", "\xe3\x81\x82", ""}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct replace_rule rule = {
		    .pattern = cases[i].pattern, .replacement = cases[i].replacement};
		struct criterion_set s;
		struct replace r;

		criterion_set_init(&s);
		kit_add(&s, TYPE_PHRASE_KEYWORD, OP_EQ, cases[i].from);
		kit_add(&s, TYPE_INTEREST, OP_EQ, cases[i].from);
		run(&r, &rule, &s);
		assert_string_equal(summary(&r), cases[i].to);
		replace_done(&r);
		criterion_set_done(&s);
	}
}

/* "tea" becomes what "coffee" was while "coffee" becomes something else: neither is lost. */
static void keywords_may_take_each_others_place(void **state)
{
	struct replace_rule rule = {.pattern = "^a?b", .replacement = "a&"};
	struct criterion_set s;
	struct replace r;

	(void)state;
	criterion_set_init(&s);
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_EQ, "b");
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_EQ, "ab");
	run(&r, &rule, &s);
	assert_string_equal(summary(&r), "-b +ab -ab +aab");
	assert_int_equal(r.n_merged, 0);
	assert_int_equal(r.changes.v[3].group, 11);
	replace_done(&r);
	criterion_set_done(&s);
}

static void empty_and_endless_results_are_refused(void **state)
{
	struct replace_rule rule = {.pattern = "tea", .replacement = " "};
	struct criterion_set s;
	struct replace r;
	char big[600];

	(void)state;
	criterion_set_init(&s);
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_EQ, "tea");
	run(&r, &rule, &s);
	assert_int_equal(r.changes.n, 0);
	assert_int_equal(r.refused[0].why, REPLACE_EMPTY);
	replace_done(&r);
	memset(big, 'a', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_EQ, big);
	rule = (struct replace_rule){.pattern = "a", .replacement = "aa"};
	run(&r, &rule, &s);
	assert_int_equal(r.n_refused, 1);
	assert_int_equal(r.refused[0].why, REPLACE_LONG);
	assert_string_equal(summary(&r), "-tea +teaa");
	replace_done(&r);
	criterion_set_done(&s);
}

/* Without a UTF-8 locale the C library matches bytes. */
static void a_pattern_never_splits_a_letter(void **state)
{
	struct replace_rule rule = {.pattern = "caf.", .replacement = "x"};
	struct criterion_set s;
	struct replace r;

	(void)state;
	criterion_set_init(&s);
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_EQ, "caf\xc3\xa9");
	run(&r, &rule, &s);
	assert_int_equal(r.changes.n, 0);
	assert_int_equal(r.refused[0].why, REPLACE_SPLIT);
	replace_done(&r);
	criterion_set_done(&s);
}

static void only_selected_rows_change(void **state)
{
	struct replace_rule rule = {.pattern = "a", .replacement = "b"};
	static const bool selected[] = {false, true};
	struct criterion_set s;
	struct replace r;

	(void)state;
	criterion_set_init(&s);
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_EQ, "a1");
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_EQ, "a2");
	assert_int_equal(replace_init(&r, &rule, 1, NULL), ERR_OK);
	assert_int_equal(replace_line_item(&r, s.v, s.n, selected), ERR_OK);
	assert_string_equal(summary(&r), "-a2 +b2");
	replace_done(&r);
	criterion_set_done(&s);
}

static void bad_rules_are_refused_with_the_reason(void **state)
{
	static const struct replace_rule bad[] = {{.pattern = NULL},
	    {.pattern = "(", .replacement = "x"}, {.pattern = "(a)\\1", .replacement = "x"},
	    {.pattern = "a"}};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct errinfo ei = {0};
		struct replace r;

		assert_int_equal(replace_init(&r, &bad[i], 1, &ei), ERR_USAGE);
		assert_true(strlen(ei.msg) > 0);
		replace_done(&r);
	}
}

/* For random sets: applying the changes gives what a naive rewriting of the list gives. */
static void replacing_equals_the_naive_script(void **state)
{
	(void)state;
	kit_seed(31);
	for (int round = 0; round < 5000; round++) {
		const struct kit_pool *from = &kit_pool[kit_below(KIT_POOL)],
				      *to = &kit_pool[kit_below(KIT_POOL)];
		struct criterion find = crit(from->type, from->op, from->value);
		struct criterion with = crit(to->type, to->op, to->value);
		struct replace_rule rule = {.find = &find, .n_find = 1, .with = &with, .n_with = 1};
		struct criterion_set s, naive, got;
		struct replace r;
		bool equal;

		criterion_set_init(&s);
		criterion_set_init(&naive);
		criterion_set_init(&got);
		kit_random_set(&s, 12);
		run(&r, &rule, &s);
		for (size_t i = 0; i < s.n; i++) {
			bool hit = s.v[i].type == from->type && s.v[i].op == from->op &&
				   !strcmp(s.v[i].value, from->value) &&
				   type_allows(to->type, to->op);

			kit_add(&naive, hit ? to->type : s.v[i].type, hit ? to->op : s.v[i].op,
			    hit ? to->value : s.v[i].value);
		}
		assert_int_equal(set_apply(&r.changes, &s, &got), ERR_OK);
		assert_int_equal(set_equal(&got, &naive, &equal), ERR_OK);
		assert_true(equal);
		replace_done(&r);
		criterion_set_done(&s);
		criterion_set_done(&naive);
		criterion_set_done(&got);
	}
}

static void no_memory_is_an_error_and_leaks_nothing(void **state)
{
	struct criterion find = crit(TYPE_BROAD_KEYWORD, OP_EQ, "Tea");
	struct criterion with = crit(TYPE_BROAD_KEYWORD, OP_EQ, "X");
	const struct replace_rule rules[] = {
	    {.find = &find, .n_find = 1, .with = &with, .n_with = 1},
	    {.pattern = "e", .replacement = "\xc3\x89"}};
	struct criterion_set s;

	(void)state;
	kit_seed(1);
	criterion_set_init(&s);
	kit_random_set(&s, 40);
	for (long fail = 0; fail < 40; fail++) {
		struct replace r;
		enum err err;

		mem_fail_after(fail / 2, 0);
		err = replace_init(&r, &rules[fail % 2], 1, NULL);
		if (!err)
			err = replace_line_item(&r, s.v, s.n, NULL);
		mem_fail_after(-1, 0);
		assert_true(err == ERR_OK || err == ERR_NOMEM);
		replace_done(&r);
	}
	criterion_set_done(&s);
}

/* --- state */

static void reach_bytes_know_neither_order_nor_spelling(void **state)
{
	struct criterion_set a, b;
	const struct criterion *v[8];
	struct buf one, two;

	(void)state;
	criterion_set_init(&a);
	criterion_set_init(&b);
	buf_init(&one, 4096);
	buf_init(&two, 4096);
	kit_add(&a, TYPE_BROAD_KEYWORD, OP_EQ, "tea");
	kit_add(&a, TYPE_GENDER, OP_EQ, "1");
	kit_add(&b, TYPE_GENDER, OP_EQ, "1");
	kit_add(&b, TYPE_BROAD_KEYWORD, OP_EQ, " TEA");
	kit_add(&b, TYPE_BROAD_KEYWORD, OP_EQ, "tea");
	b.v[0].line_item_id = "other";
	assert_int_equal(state_reach_bytes(&one, v, kit_list(&a, v)), ERR_OK);
	assert_int_equal(state_reach_bytes(&two, v, kit_list(&b, v)), ERR_OK);
	assert_string_equal(buf_str(&one), buf_str(&two));
	assert_string_equal(buf_str(&one), "0:,13:BROAD_KEYWORD,EQ,3:tea\n0:,6:GENDER,EQ,1:1\n");
	buf_done(&one);
	buf_done(&two);
	criterion_set_done(&a);
	criterion_set_done(&b);
}

static void account_bytes_change_with_ids_and_times_only(void **state)
{
	struct criterion_set a;
	struct buf b[4];

	(void)state;
	criterion_set_init(&a);
	for (int i = 0; i < 4; i++)
		buf_init(&b[i], 4096);
	kit_add(&a, TYPE_BROAD_KEYWORD, OP_EQ, "tea");
	kit_add(&a, TYPE_GENDER, OP_EQ, "1");
	assert_int_equal(state_account_bytes(&b[0], a.v, a.n), ERR_OK);
	a.v[0].name = "another name";
	assert_int_equal(state_account_bytes(&b[1], a.v, a.n), ERR_OK);
	a.v[0].updated_at = 5;
	assert_int_equal(state_account_bytes(&b[2], a.v, a.n), ERR_OK);
	a.v[0].deleted = true;
	assert_int_equal(state_account_bytes(&b[3], a.v, a.n), ERR_OK);
	assert_string_equal(buf_str(&b[0]), buf_str(&b[1]));
	assert_string_not_equal(buf_str(&b[1]), buf_str(&b[2]));
	assert_string_equal(buf_str(&b[3]), "3:li1,6:GENDER,EQ,1:1 3:cr2 0\n");
	for (int i = 0; i < 4; i++)
		buf_done(&b[i]);
	criterion_set_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_audience_is_replaced_with_its_operator_kept),
	    cmocka_unit_test(what_is_there_already_is_not_created_twice),
	    cmocka_unit_test(a_set_is_replaced_only_where_all_of_it_is),
	    cmocka_unit_test(illegal_results_are_listed_and_the_row_stays),
	    cmocka_unit_test(keywords_are_rewritten_by_pattern),
	    cmocka_unit_test(keywords_may_take_each_others_place),
	    cmocka_unit_test(empty_and_endless_results_are_refused),
	    cmocka_unit_test(a_pattern_never_splits_a_letter),
	    cmocka_unit_test(only_selected_rows_change),
	    cmocka_unit_test(bad_rules_are_refused_with_the_reason),
	    cmocka_unit_test(replacing_equals_the_naive_script),
	    cmocka_unit_test(no_memory_is_an_error_and_leaks_nothing),
	    cmocka_unit_test(reach_bytes_know_neither_order_nor_spelling),
	    cmocka_unit_test(account_bytes_change_with_ids_and_times_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
