/* The traps of the reference's section 10 that are about targeting. A test is named after its trap;
 * others of them are in test_keyword.c, test_plan.c and test_expr.c. */
#include "tests/unit/targeting/kit.h"

#include "targeting/form.h"
#include "targeting/keyword.h"
#include "targeting/rules.h"

static void parse_one(const char *text, struct keyword_list *k)
{
	keyword_list_init(k);
	assert_int_equal(keyword_parse(k, text, strlen(text), TYPE_BROAD_KEYWORD, OP_EQ), ERR_OK);
}

static void assert_kept(const char *text)
{
	struct keyword_list k;

	parse_one(text, &k);
	if (k.n != 1 || strcmp(k.v[0].value, text) != 0)
		fail_msg("\"%s\" became %zu rows, \"%s\"", text, k.n, k.n ? k.v[0].value : "");
	keyword_list_done(&k);
}

static const char *body_of(
    struct buf *b, enum targeting_type t, enum operator_type op, const char *value)
{
	struct criterion c = kit_criterion(t, op, value);
	const struct change *v;
	struct change ch;

	buf_clear(b);
	change_from_criterion(&ch, CHANGE_CREATE, &c);
	v = &ch;
	assert_int_equal(form_batch(b, &v, 1), ERR_OK);
	return buf_str(b);
}

static void g21_g30_every_create_names_its_operator(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	for (int t = 0; t < TYPE_COUNT; t++)
		for (int op = 0; op < OP_OTHER; op++)
			if (type_allows((enum targeting_type)t, (enum operator_type)op)) {
				char want[60];

				snprintf(want, sizeof want, "\"operator_type\":\"%s\"",
				    op_name((enum operator_type)op));
				assert_non_null(strstr(body_of(&b, (enum targeting_type)t,
							   (enum operator_type)op, "v"),
				    want));
			}
	buf_done(&b);
}

/* Exclusion is the positive type with NE: the NEGATIVE_ and EXCLUDED_ types are old rows only. */
static void g25_negative_types_are_shown_and_never_made(void **state)
{
	size_t old = 0;

	(void)state;
	for (int t = 0; t < TYPE_COUNT; t++) {
		const struct type_info *i = type_info((enum targeting_type)t);

		if (!strstr(i->name, "NEGATIVE") && !strstr(i->name, "EXCLUDE"))
			continue;
		old++;
		assert_int_equal(i->class, CLASS_LEGACY);
	}
	assert_true(old >= 5);
}

static void g32_a_comma_in_a_keyword_goes_through(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	assert_kept("sofa, bed");
	assert_non_null(strstr(body_of(&b, TYPE_BROAD_KEYWORD, OP_EQ, "sofa, bed"),
	    "\"targeting_value\":\"sofa, bed\""));
	buf_done(&b);
}

static void g33_emoji_keywords_keep_their_code_points(void **state)
{
	static const char *const all[] = {"\xf0\x9f\xa4\x96", "\xf0\x9f\x91\x8b\xf0\x9f\x8f\xbd",
	    "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", "\xe2\x9d\xa4\xef\xb8\x8f",
	    "\xf0\x9f\x87\xac\xf0\x9f\x87\xa7"};
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		assert_kept(all[i]);
		assert_non_null(strstr(body_of(&b, TYPE_BROAD_KEYWORD, OP_EQ, all[i]), all[i]));
	}
	buf_done(&b);
}

/* Neither length nor characters are documented: what is no control character is the server's. */
static void g34_odd_characters_are_left_to_the_server(void **state)
{
	char letters[281];

	(void)state;
	for (const char *c = "!#$%&'()*,./:;<=>?@\\^_`{|}~"; *c; c++) {
		char word[8];

		snprintf(word, sizeof word, "a%cb", *c);
		assert_kept(word);
	}
	memset(letters, 'x', 280);
	letters[280] = '\0';
	assert_kept(letters);
}

static void g42_an_untargetable_audience_says_why_and_how_long(void **state)
{
	struct audience a = {.id = "a1", .audience_size = -1};
	struct buf b;

	(void)state;
	buf_init(&b, 1024);
	a.reasons_not_targetable = "PROCESSING,TOO_SMALL";
	assert_int_equal(rules_audience_reasons(&b, &a), ERR_OK);
	assert_non_null(strstr(buf_str(&b), "6 to 8 hours"));
	assert_non_null(strstr(buf_str(&b), "100 matched users"));
	buf_clear(&b);
	a.reasons_not_targetable = "SOMETHING_NEW";
	assert_int_equal(rules_audience_reasons(&b, &a), ERR_OK);
	assert_string_equal(buf_str(&b), "X says SOMETHING_NEW");
	buf_clear(&b);
	a.reasons_not_targetable = ""; /* one sample of the documents */
	assert_int_equal(rules_audience_reasons(&b, &a), ERR_OK);
	assert_string_equal(buf_str(&b), "not targetable; X gives no reason");
	buf_done(&b);
}

static enum rule_found one_audience(void *user, const char *id, const struct audience **out)
{
	(void)id;
	*out = user;
	return RULE_FOUND;
}

/* Of 100 and of 500 people: from the first on it can be targeted, below the second the web page
 * hides it. */
static void g43_both_minimums_of_an_audience_are_told(void **state)
{
	struct audience a = {.id = "a1", .audience_size = 150, .targetable = true};
	struct rule_lookup lookup = {.user = &a, .audience = one_audience};
	struct line_item li = {.id = "li1"};
	struct rule_ctx ctx = {.line_item = &li, .lookup = &lookup};
	struct criterion_set live;
	struct effective_input in;
	struct effective set;
	struct problem_list p;
	const int64_t sizes[] = {150, 499, 500};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		a.audience_size = sizes[i];
		criterion_set_init(&live);
		effective_init(&set);
		problem_list_init(&p);
		kit_add(&live, TYPE_CUSTOM_AUDIENCE, OP_EQ, "a1");
		in = (struct effective_input){
		    .line_item_id = "li1", .live = live.v, .n_live = live.n};
		assert_int_equal(effective_build(&set, &in), ERR_OK);
		ctx.set = &set;
		assert_int_equal(rules_check(&p, &ctx), ERR_OK);
		size_t small = 0;

		for (size_t k = 0; k < p.n; k++)
			small += p.v[k].rule == RULE_AUDIENCE_SMALL;
		assert_int_equal(small, sizes[i] < 500);
		problem_list_done(&p);
		effective_done(&set);
		criterion_set_done(&live);
	}
	assert_non_null(strstr(rule_info(RULE_AUDIENCE_SMALL)->reason, "100"));
	assert_non_null(strstr(rule_info(RULE_AUDIENCE_SMALL)->reason, "500"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(g21_g30_every_create_names_its_operator),
	    cmocka_unit_test(g25_negative_types_are_shown_and_never_made),
	    cmocka_unit_test(g32_a_comma_in_a_keyword_goes_through),
	    cmocka_unit_test(g33_emoji_keywords_keep_their_code_points),
	    cmocka_unit_test(g34_odd_characters_are_left_to_the_server),
	    cmocka_unit_test(g42_an_untargetable_audience_says_why_and_how_long),
	    cmocka_unit_test(g43_both_minimums_of_an_audience_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
