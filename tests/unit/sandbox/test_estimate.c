/* The reach moves as the boolean semantics say (reference section 4). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "sandbox/estimate.h"

/* "US" has 100 million people, "CA" is a part of it with 12, "GB" has 20. */
static bool place(
    void *user, const char *id, bool *is_country, const char **country, double *people, double *all)
{
	(void)user;
	if (strcmp(id, "GB") != 0 && strcmp(id, "US") != 0 && strcmp(id, "CA") != 0)
		return false;
	*is_country = strcmp(id, "CA") != 0;
	*country = strcmp(id, "GB") == 0 ? "GB" : "US";
	*all = strcmp(id, "GB") == 0 ? 20e6 : 100e6;
	*people = strcmp(id, "CA") == 0 ? 12e6 : *all;
	return true;
}

static double audience(void *user, const char *id)
{
	(void)user;
	return strcmp(id, "crm") == 0 ? 2000 : 0;
}

static double reach(const struct estimate_item *items, size_t n)
{
	struct estimate e = {.items = items, .n = n, .place = place, .audience = audience};

	return estimate_people(&e);
}

#define REACH(...)                                                                                 \
	reach((const struct estimate_item[]){__VA_ARGS__},                                         \
	    sizeof((const struct estimate_item[]){__VA_ARGS__}) / sizeof(struct estimate_item))
#define C(type, op, value)                                                                         \
	{                                                                                          \
		TYPE_##type, OP_##op, value                                                        \
	}

static void nothing_is_the_world(void **state)
{
	(void)state;
	assert_true(reach(NULL, 0) == ESTIMATE_WORLD);
}

static void primary_criteria_widen(void **state)
{
	double one = REACH(C(BROAD_KEYWORD, EQ, "sofa"));
	double two = REACH(C(BROAD_KEYWORD, EQ, "sofa"), C(INTEREST, EQ, "1001"));

	(void)state;
	assert_true(one < ESTIMATE_WORLD);
	assert_true(two > one);
	assert_true(two < one + REACH(C(INTEREST, EQ, "1001")));
}

static void other_criteria_narrow(void **state)
{
	double base = REACH(C(BROAD_KEYWORD, EQ, "sofa"), C(LOCATION, EQ, "US"));
	double men = REACH(C(BROAD_KEYWORD, EQ, "sofa"), C(LOCATION, EQ, "US"), C(GENDER, EQ, "1"));
	double aged = REACH(C(BROAD_KEYWORD, EQ, "sofa"), C(LOCATION, EQ, "US"), C(GENDER, EQ, "1"),
	    C(AGE, EQ, "AGE_25_TO_49"));

	(void)state;
	assert_true(men < base);
	assert_true(aged < men);
}

static void places_unite_and_parts_add_nothing(void **state)
{
	double us = REACH(C(LOCATION, EQ, "US")), gb = REACH(C(LOCATION, EQ, "GB"));

	(void)state;
	assert_true(REACH(C(LOCATION, EQ, "US"), C(LOCATION, EQ, "GB")) == us + gb);
	assert_true(REACH(C(LOCATION, EQ, "US"), C(LOCATION, EQ, "CA")) == us);
	assert_true(REACH(C(LOCATION, EQ, "CA")) < us);
}

static void exclusions_never_widen(void **state)
{
	double with = REACH(C(BROAD_KEYWORD, EQ, "sofa"));
	double without = REACH(C(BROAD_KEYWORD, EQ, "sofa"), C(BROAD_KEYWORD, NE, "free"));

	(void)state;
	assert_true(without < with);
	assert_true(REACH(C(CUSTOM_AUDIENCE, NE, "crm")) < ESTIMATE_WORLD);
}

static void wider_age_buckets_reach_more(void **state)
{
	(void)state;
	assert_true(REACH(C(AGE, EQ, "AGE_18_TO_34")) < REACH(C(AGE, EQ, "AGE_18_TO_49")));
	assert_true(REACH(C(AGE, EQ, "AGE_18_TO_54")) < REACH(C(AGE, EQ, "AGE_OVER_18")));
	assert_true(REACH(C(AGE, EQ, "AGE_OVER_18")) < REACH(C(AGE, EQ, "AGE_OVER_13")));
	assert_true(REACH(C(AGE, EQ, "AGE_OVER_13")) <= ESTIMATE_WORLD);
}

static void audience_alone_reaches_its_members(void **state)
{
	double n = REACH(C(CUSTOM_AUDIENCE, EQ, "crm"));

	(void)state;
	assert_true(n > 1999 && n < 2001);
}

static void only_included_primary_types_count_as_primary(void **state)
{
	static const struct estimate_item place_only[] = {C(LOCATION, EQ, "US")};
	static const struct estimate_item excluded[] = {C(BROAD_KEYWORD, NE, "x")};
	static const struct estimate_item good[] = {C(LOCATION, EQ, "US"), C(EVENT, EQ, "1ex")};

	(void)state;
	assert_false(estimate_has_primary(&(struct estimate){.items = place_only, .n = 1}));
	assert_false(estimate_has_primary(&(struct estimate){.items = excluded, .n = 1}));
	assert_true(estimate_has_primary(&(struct estimate){.items = good, .n = 2}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_the_world),
	    cmocka_unit_test(primary_criteria_widen), cmocka_unit_test(other_criteria_narrow),
	    cmocka_unit_test(places_unite_and_parts_add_nothing),
	    cmocka_unit_test(exclusions_never_widen),
	    cmocka_unit_test(wider_age_buckets_reach_more),
	    cmocka_unit_test(audience_alone_reaches_its_members),
	    cmocka_unit_test(only_included_primary_types_count_as_primary)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
