#include "tests/unit/targeting/kit.h"

#include "base/mem.h"
#include "targeting/ablate.h"
#include "targeting/widen.h"

static const char *label(void *user, const struct criterion *c)
{
	(void)user;
	if (c->type == TYPE_CUSTOM_AUDIENCE)
		return "CRM list";
	return c->type == TYPE_LOCATION && !strcmp(c->value, "us") ? "United States" : NULL;
}

static const struct expr_lookup labels = {.label = label, .os = kit_os};

static void assert_line(const struct criterion_set *s, size_t max, const char *expected)
{
	const struct criterion *v[64];
	struct buf b;

	buf_init(&b, 4096);
	assert_int_equal(expr_line(&b, v, kit_list(s, v), &labels, max), ERR_OK);
	assert_string_equal(buf_str(&b), expected);
	buf_done(&b);
}

static void g26_the_line_reads_as_the_rules_say(void **state)
{
	struct criterion_set s;

	(void)state;
	criterion_set_init(&s);
	assert_line(&s, 0, "everyone worldwide");
	kit_add(&s, TYPE_GENDER, OP_EQ, "2");
	assert_line(&s, 0, "gender:Female");
	kit_add(&s, TYPE_LOCATION, OP_EQ, "us");
	kit_add(&s, TYPE_INTEREST, OP_EQ, "1001");
	s.v[2].name = "Cars";
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_EQ, "nba");
	kit_add(&s, TYPE_CUSTOM_AUDIENCE, OP_EQ, "2d9aa");
	kit_add(&s, TYPE_LOCATION, OP_EQ, "ca");
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_NE, "tech");
	assert_line(&s, 0,
	    "(kw:nba | int:Cars | aud:CRM list) & (loc:United States | loc:ca) & gender:Female - "
	    "kw:tech");
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_NE, "pc");
	assert_line(&s, 2,
	    "(kw:nba | int:Cars | +1 more) & (loc:United States | loc:ca) & gender:Female - "
	    "(kw:tech | kw:pc)");
	criterion_set_done(&s);
}

static void g29_audiences_never_show_the_generic_name(void **state)
{
	struct criterion_set s;
	const struct criterion *v[1];
	struct buf b;

	(void)state;
	criterion_set_init(&s);
	buf_init(&b, 100);
	kit_add(&s, TYPE_CUSTOM_AUDIENCE, OP_EQ, "2d9aa");
	s.v[0].name = "Custom audience targeting";
	assert_int_equal(expr_line(&b, v, kit_list(&s, v), NULL, 0), ERR_OK);
	assert_string_equal(buf_str(&b), "aud:2d9aa");
	buf_done(&b);
	criterion_set_done(&s);
}

static void ranges_versions_and_engagement_have_their_shape(void **state)
{
	struct criterion_set s;

	(void)state;
	criterion_set_init(&s);
	kit_add(&s, TYPE_NETWORK_ACTIVATION_DURATION, OP_LT, "6");
	kit_add(&s, TYPE_NETWORK_ACTIVATION_DURATION, OP_GTE, "3");
	assert_line(&s, 0, "months<6 & months>=3");
	criterion_set_done(&s);
	kit_add(&s, TYPE_PLATFORM, OP_EQ, "0");
	kit_add(&s, TYPE_PLATFORM_VERSION, OP_GTE, "i-18");
	kit_add(&s, TYPE_DEVICE, OP_EQ, "a-7");
	assert_line(&s, 0, "(os:0 & version>=i-18) | device:a-7");
	criterion_set_done(&s);
	kit_add(&s, TYPE_ENGAGEMENT_TYPE, OP_EQ, "IMPRESSION");
	assert_line(&s, 0, "everyone worldwide");
	kit_add(&s, TYPE_CAMPAIGN_ENGAGEMENT, OP_EQ, "c1");
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_EQ, "tea");
	assert_line(&s, 0, "kw:tea | engaged(camp:c1; how:Saw the ad)");
	criterion_set_done(&s);
}

static void the_tree_names_every_level(void **state)
{
	struct criterion_set s;
	const struct criterion *v[8];
	struct expr *e;
	struct arena a;
	struct buf b;

	(void)state;
	criterion_set_init(&s);
	arena_init(&a);
	buf_init(&b, 1000);
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_EQ, "tea");
	kit_add(&s, TYPE_INTEREST, OP_EQ, "1001");
	kit_add(&s, TYPE_LOCATION, OP_EQ, "us");
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_NE, "x");
	assert_int_equal(expr_build(&a, v, kit_list(&s, v), &labels, &e), ERR_OK);
	assert_int_equal(expr_tree(&b, e, &labels), ERR_OK);
	assert_string_equal(buf_str(&b), "the first without the second\n"
					 "  all of\n"
					 "    any of\n"
					 "      Keyword (broad): tea\n"
					 "      Interest: 1001\n"
					 "    Location: United States\n"
					 "  Keyword (broad): x\n");
	buf_done(&b);
	arena_done(&a);
	criterion_set_done(&s);
}

/* 10,000 sets, each judged over 64 people. */
static void expression_equals_brute_force(void **state)
{
	(void)state;
	kit_seed(42);
	for (int round = 0; round < 10000; round++) {
		const struct criterion *v[KIT_POOL];
		struct criterion_set s;
		struct arena a;
		struct expr *e;
		size_t n;

		criterion_set_init(&s);
		arena_init(&a);
		kit_random_set(&s, 14);
		n = kit_list(&s, v);
		assert_int_equal(expr_build(&a, v, n, &kit_lookup, &e), ERR_OK);
		for (uint64_t p = 0; p < 64; p++) {
			uint64_t person = kit_mix(p + (uint64_t)round * 1000);

			assert_int_equal(
			    expr_eval(e, kit_match, &person), kit_reaches(v, n, person));
		}
		arena_done(&a);
		criterion_set_done(&s);
	}
}

static void exact_form_round_trips(void **state)
{
	(void)state;
	kit_seed(7);
	for (int round = 0; round < 10000; round++) {
		const struct criterion *v[KIT_POOL + 2];
		struct criterion_set s;
		struct expr *e, *again;
		struct errinfo ei = {0};
		struct arena a;
		struct buf b;

		criterion_set_init(&s);
		arena_init(&a);
		buf_init(&b, 65536);
		kit_random_set(&s, 20);
		if (round % 3 == 0) {
			kit_add(&s, TYPE_BROAD_KEYWORD, OP_EQ,
			    "a \"quoted\" \\ (x | y) & - z; engaged(");
			kit_add(&s, TYPE_UNKNOWN, OP_OTHER, "\xf0\x9f\xa4\x96\n");
			s.v[s.n - 1].type_name = round % 2 ? "NEW TYPE:" : "everyone";
		}
		assert_int_equal(expr_build(&a, v, kit_list(&s, v), &kit_lookup, &e), ERR_OK);
		assert_int_equal(expr_exact(&b, e), ERR_OK);
		if (expr_parse(&a, buf_str(&b), &again, &ei))
			fail_msg("%s: %s", buf_str(&b), ei.msg);
		if (!expr_equal(e, again))
			fail_msg("%s", buf_str(&b));
		buf_done(&b);
		arena_done(&a);
		criterion_set_done(&s);
	}
}

static void bad_expressions_are_refused_with_a_place(void **state)
{
	static const char *const bad[] = {"", "(", ")", "GENDER", "GENDER:", "GENDER:1 |",
	    "GENDER:1 | AGE:2 & AGE:3", "(GENDER:1", "GENDER:1)", "GENDER:\"1", "engaged(A:1)",
	    "engaged(A:1; (B:1 & C:2))", "everyone - ", "GENDER:1 GENDER:2", "GENDER/:1",
	    "a:1 - b:2 - c:3"};
	struct errinfo ei;
	struct expr *e;
	struct arena a;
	char deep[200];

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		ei = (struct errinfo){0};
		if (expr_parse(&a, bad[i], &e, &ei) != ERR_USAGE)
			fail_msg("accepted: %s", bad[i]);
		assert_non_null(strstr(ei.msg, "byte"));
	}
	memset(deep, '(', sizeof deep - 1);
	deep[sizeof deep - 1] = '\0';
	assert_int_equal(expr_parse(&a, deep, &e, &ei), ERR_USAGE);
	arena_done(&a);
}

static void random_text_never_breaks_the_parser(void **state)
{
	static const char *const parts[] = {"(", ")", "|", "&", "-", ";", ":", "/NE", "engaged(",
	    "everyone", "GENDER:1", "BROAD_KEYWORD:", "\"a\"", "\"", "\\", " ", "\xff", "x"};

	(void)state;
	kit_seed(13);
	for (int round = 0; round < 50000; round++) {
		char text[128] = "";
		size_t n = 0;
		struct expr *e;
		struct arena a;
		uint64_t person = 4;

		for (unsigned k = kit_below(12); k; k--)
			n += (size_t)snprintf(text + n, sizeof text - n, "%s",
			    parts[kit_below(sizeof parts / sizeof parts[0])]);
		arena_init(&a);
		if (!expr_parse(&a, text, &e, NULL)) {
			struct buf b;

			buf_init(&b, 1000);
			assert_int_equal(expr_exact(&b, e), ERR_OK);
			(void)expr_eval(e, kit_match, &person);
			buf_done(&b);
		}
		arena_done(&a);
	}
}

/* --- conditions left out, and what widens */

static void every_condition_is_left_out_once(void **state)
{
	struct criterion_set s;
	const struct criterion *v[16];
	struct ablation a;

	(void)state;
	criterion_set_init(&s);
	ablation_init(&a);
	assert_int_equal(ablation_build(&a, v, 0), ERR_OK);
	assert_int_equal(a.n, 0);
	assert_false(a.has_primary);
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_EQ, "tea");
	kit_add(&s, TYPE_LOCATION, OP_EQ, "us");
	kit_add(&s, TYPE_LOCATION, OP_EQ, "ca");
	kit_add(&s, TYPE_PLATFORM, OP_EQ, "0");
	kit_add(&s, TYPE_PLATFORM_VERSION, OP_EQ, "17");
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_NE, "x");
	assert_int_equal(ablation_build(&a, v, kit_list(&s, v)), ERR_OK);
	assert_true(a.has_primary);
	assert_int_equal(a.n, 3);
	assert_string_equal(a.v[0].label, "Location");
	assert_int_equal(a.v[0].n_without, 2);
	assert_int_equal(a.v[0].n_rest, 4);
	assert_string_equal(a.v[1].label, "Devices and platforms");
	assert_int_equal(a.v[1].n_rest, 4);
	assert_string_equal(a.v[2].label, "Exclusions");
	assert_ptr_equal(a.v[2].rest[0], &s.v[0]);
	ablation_done(&a);
	criterion_set_done(&s);
}

/* Removing rows at random: whoever is newly reached must have been announced by a flag. */
static void nobody_is_reached_anew_without_a_flag(void **state)
{
	size_t wider = 0, silent = 0;

	(void)state;
	kit_seed(64);
	for (int round = 0; round < 10000; round++) {
		const struct criterion *before[KIT_POOL], *after[KIT_POOL];
		struct widen_input in = {.before = before, .after = after, .lookup = &kit_lookup};
		struct criterion_set s;
		struct widen w;
		bool newly = false;
		struct buf b;

		criterion_set_init(&s);
		buf_init(&b, 4096);
		kit_random_set(&s, 14);
		in.n_before = kit_list(&s, before);
		for (size_t i = 0; i < s.n; i++)
			if (kit_below(3))
				after[in.n_after++] = before[i];
		widen_judge(&in, &w);
		for (uint64_t p = 0; p < 64; p++) {
			uint64_t person = kit_mix(p * 7919 + (uint64_t)round);

			newly |= !kit_reaches(before, in.n_before, person) &&
				 kit_reaches(after, in.n_after, person);
		}
		if (newly && !w.flags)
			fail_msg("round %d: wider without a flag", round);
		assert_int_equal(widen_text(&b, &w), ERR_OK);
		assert_int_equal(b.len > 0, w.flags != WIDEN_NONE);
		assert_int_equal(widen_must_acknowledge(&w), w.flags != WIDEN_NONE);
		wider += newly;
		silent += !w.flags;
		buf_done(&b);
		criterion_set_done(&s);
	}
	assert_true(wider > 2000 && silent > 500);
}

static void no_memory_is_an_error(void **state)
{
	struct criterion_set s;
	const struct criterion *v[64];
	size_t n;

	(void)state;
	kit_seed(2);
	criterion_set_init(&s);
	kit_random_set(&s, 40);
	n = kit_list(&s, v);
	for (long fail = 0; fail < 20; fail++) {
		struct buf b;
		enum err err;

		buf_init(&b, 4096);
		mem_fail_after(fail, 1);
		err = expr_line(&b, v, n, &kit_lookup, 0);
		mem_fail_after(-1, 0);
		assert_true(err == ERR_OK || err == ERR_NOMEM);
		buf_done(&b);
	}
	criterion_set_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(g26_the_line_reads_as_the_rules_say),
	    cmocka_unit_test(g29_audiences_never_show_the_generic_name),
	    cmocka_unit_test(ranges_versions_and_engagement_have_their_shape),
	    cmocka_unit_test(the_tree_names_every_level),
	    cmocka_unit_test(expression_equals_brute_force),
	    cmocka_unit_test(exact_form_round_trips),
	    cmocka_unit_test(bad_expressions_are_refused_with_a_place),
	    cmocka_unit_test(random_text_never_breaks_the_parser),
	    cmocka_unit_test(every_condition_is_left_out_once),
	    cmocka_unit_test(nobody_is_reached_anew_without_a_flag),
	    cmocka_unit_test(no_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
