/* What is copied for a paste, and what find and replace understands. */
#include "tests/unit/session/kit.h"

#include "session/clip.h"
#include "session/propose.h"

static int setup(void **state)
{
	static struct kit k;

	kit_init(&k, NULL);
	*state = &k;
	return 0;
}

static int teardown(void **state)
{
	kit_done(*state);
	return 0;
}

static void equal_criteria_are_copied_once(void **state)
{
	struct kit *k = *state;
	struct criterion a = {.line_item_id = "li1",
	    .type_name = "BROAD_KEYWORD",
	    .type = TYPE_BROAD_KEYWORD,
	    .value = "Tea"};
	struct criterion b = a, other = a;
	const struct criterion *v[] = {&a, &b, &other};

	b.line_item_id = "li2";
	b.value = "tea ";
	other.op = OP_NE;
	assert_int_equal(clip_set(k->session, v, 3), ERR_OK);
	assert_int_equal(clip_get(k->session)->n, 2);
	assert_int_equal(clip_set(k->session, v, 0), ERR_OK);
	assert_int_equal(clip_get(k->session)->n, 0);
}

static void line_items_are_copied_as_staged(void **state)
{
	struct kit *k = *state;
	const char *ids[] = {"li1", "li2"};
	struct id_list both = {ids, 2};
	struct change tea = {.line_item_id = "li2",
	    .type_name = "BROAD_KEYWORD",
	    .type = TYPE_BROAD_KEYWORD,
	    .value = "tea",
	    .kind = CHANGE_CREATE};
	struct errinfo ei;
	size_t unread, staged;

	assert_int_equal(staging_add(k->session, &tea, 1, &staged, &ei), ERR_OK);
	assert_int_equal(clip_set_line_items(k->session, &both, &unread, &ei), ERR_OK);
	assert_int_equal(unread, 0);
	assert_int_equal(clip_get(k->session)->n, 4);
	ids[0] = "li3";
	assert_int_equal(clip_set_line_items(k->session, &both, &unread, &ei), ERR_OK);
	assert_int_equal(unread, 1);
}

static void another_account_has_nothing_copied(void **state)
{
	struct kit *k = *state;
	struct criterion a = {
	    .line_item_id = "", .type_name = "AGE", .type = TYPE_AGE, .value = "x"};
	const struct criterion *v[] = {&a};
	struct errinfo ei;

	clip_set(k->session, v, 1);
	assert_int_equal(session_open_account(k->session, "other1", &ei), ERR_OK);
	assert_int_equal(clip_get(k->session)->n, 0);
}

static void rules_are_parsed_exactly(void **state)
{
	struct criterion copied = {
	    .line_item_id = "", .type_name = "AGE", .type = TYPE_AGE, .value = "x"};
	struct criterion_set one = {.v = &copied, .n = 1}, none = {0};
	static const char *const bad[] = {"", "->", "AGE=1", "AGE -> AGE=2", "s/x",
	    "NOPE=1 -> AGE=2", "-> AGE=2", "@ -> AGE=2", "AGE= -> "};
	struct replace_rule r;
	struct arena a;
	struct errinfo ei;

	(void)state;
	arena_init(&a);
	assert_int_equal(
	    propose_parse(&a, "  LOCATION=ca0 -AGE=\"a b\" -> +AGE=2", &none, &r, &ei), ERR_OK);
	assert_int_equal(r.n_find, 2);
	assert_int_equal(r.n_with, 1);
	assert_string_equal(r.find[1].value, "a b");
	assert_int_equal(r.find[1].op, OP_NE);
	assert_false(r.any_op); /* one of them names its operator */
	assert_int_equal(propose_parse(&a, "LOCATION=ca0 ->", &none, &r, &ei), ERR_OK);
	assert_true(r.any_op);
	assert_int_equal(r.n_with, 0);
	assert_int_equal(propose_parse(&a, "LOCATION=ca0 -> @", &one, &r, &ei), ERR_OK);
	assert_int_equal(r.n_with, 1);
	assert_string_equal(r.with[0].type_name, "AGE");
	assert_int_equal(propose_parse(&a, "s|a/b|c|", &none, &r, &ei), ERR_OK);
	assert_string_equal(r.pattern, "a/b");
	assert_string_equal(r.replacement, "c");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (propose_parse(&a, bad[i], &none, &r, &ei) != ERR_USAGE)
			fail_msg("\"%s\" was taken", bad[i]);
	arena_done(&a);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(equal_criteria_are_copied_once),
	    T(line_items_are_copied_as_staged),
	    T(another_account_has_nothing_copied),
	    cmocka_unit_test(rules_are_parsed_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
