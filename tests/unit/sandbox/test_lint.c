/* Lint and server hold each other: what lint calls an error for a staged change the sandbox refuses,
 * and the other way round, for 10,000 random line items and batches.
 *
 * Left out because a client cannot know it: account features, curated categories
 * (R50 to R52), places that an account may not target (R45). An excluded audience beside a look-alike
 * is accepted by both: the documents forbid to target both (R17), and what is excluded is not
 * targeted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "sandbox/content.h"
#include "sandbox/rules.h"
#include "targeting/rules.h"

#define US "96683cc9126741d1"
#define GB "6416b8512febefc9"

static const struct value {
	enum targeting_type type;
	enum operator_type op;
	const char *value;
} pool[] = {{TYPE_BROAD_KEYWORD, OP_EQ, "tea"}, {TYPE_EXACT_KEYWORD, OP_EQ, "tea"},
    {TYPE_PHRASE_KEYWORD, OP_NE, "x"}, {TYPE_LOCATION, OP_EQ, US}, {TYPE_LOCATION, OP_EQ, GB},
    {TYPE_AGE, OP_EQ, "AGE_18_TO_34"}, {TYPE_AGE, OP_EQ, "AGE_OVER_35"}, {TYPE_GENDER, OP_EQ, "1"},
    {TYPE_GENDER, OP_EQ, "2"}, {TYPE_EVENT, OP_EQ, "e1"}, {TYPE_EVENT, OP_EQ, "e2"},
    {TYPE_TV_SHOW, OP_EQ, "1"}, {TYPE_TV_SHOW, OP_EQ, "2"}, {TYPE_CUSTOM_AUDIENCE, OP_EQ, "a1"},
    {TYPE_CUSTOM_AUDIENCE, OP_NE, "a1"}, {TYPE_CUSTOM_AUDIENCE_EXPANDED, OP_EQ, "a1"},
    {TYPE_CAMPAIGN_ENGAGEMENT, OP_EQ, "c1"}, {TYPE_USER_ENGAGEMENT, OP_EQ, "1"},
    {TYPE_ENGAGEMENT_TYPE, OP_EQ, "IMPRESSION"}, {TYPE_ENGAGEMENT_TYPE, OP_EQ, "VIDEO_VIEW"},
    {TYPE_PLATFORM, OP_EQ, "0"}, {TYPE_PLATFORM, OP_EQ, "4"}, {TYPE_DEVICE, OP_EQ, "i1"},
    {TYPE_DEVICE, OP_EQ, "a1"}, {TYPE_WIFI_ONLY, OP_EQ, "1"}, {TYPE_INTEREST, OP_EQ, "1001"},
    {TYPE_SIMILAR_TO_FOLLOWERS_OF_USER, OP_EQ, "5"}, {TYPE_FOLLOWERS_OF_USER, OP_EQ, "1"},
    {TYPE_LANGUAGE, OP_EQ, "en"}, {TYPE_NETWORK_ACTIVATION_DURATION, OP_LT, "6"},
    {TYPE_CUSTOM_AUDIENCE, OP_NE, "a2"}, {TYPE_NETWORK_OPERATOR, OP_EQ, "2l"},
    {TYPE_BROAD_KEYWORD, OP_EQ, "teas"}, {TYPE_BROAD_KEYWORD, OP_EQ, "a%20b"},
    {TYPE_BROAD_KEYWORD, OP_NE, "tea"}, {TYPE_PLATFORM_VERSION, OP_GTE, "17"},
    {TYPE_CAMPAIGN_ENGAGEMENT, OP_EQ, "c2"}, {TYPE_CUSTOM_AUDIENCE_EXPANDED, OP_EQ, "a2"},
    {TYPE_IAB_CATEGORY, OP_EQ, "IAB10"}, {TYPE_IAB_CATEGORY, OP_EQ, "IAB10-5"},
    {TYPE_IAB_CATEGORY, OP_EQ, "IAB10-7"}, {TYPE_IAB_CATEGORY, OP_EQ, "IAB20"},
    {TYPE_IAB_CATEGORY, OP_NE, "IAB20"}};
#define POOL (sizeof pool / sizeof pool[0])
#define MANY 210 /* numbered rows that bring a round to a limit */
#define ROWS (POOL + MANY)

static uint64_t chance;

static unsigned below(unsigned n)
{
	chance = chance * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((chance >> 33) % n);
}

/* --- what values mean, once for both */

static const char *place_country(void *user, const char *place)
{
	(void)user;
	return !strcmp(place, US) ? "US" : !strcmp(place, GB) ? "GB" : "US";
}

static const char *show_country(void *user, const char *show)
{
	(void)user;
	return *show == '1' ? "US" : "GB";
}

static const char *device_os(void *user, const char *device)
{
	(void)user;
	return *device == 'i' ? "iOS" : "Android";
}

static enum rule_found find_option(
    void *user, enum targeting_type t, const char *value, const struct option **out)
{
	static struct option o;

	(void)user;
	o = (struct option){.value = value};
	switch (t) {
	case TYPE_LOCATION:
		o.country = place_country(NULL, value);
		break;
	case TYPE_TV_SHOW:
		o.country = *value == '1' ? "en-US" : "en-GB";
		break;
	case TYPE_DEVICE:
		o.kind = device_os(NULL, value);
		break;
	default:
		return RULE_UNKNOWN;
	}
	*out = &o;
	return RULE_FOUND;
}

/* Content categories as the client reads them; the sandbox has its own table of the same. */
static enum rule_found find_contents(void *user, const struct option_set **out)
{
	static struct option all[] = {
	    {.value = "cc5", .name = "Home & lifestyle", .extra = "IAB10,IAB10-5,IAB10-7"},
	    {.value = "cc9", .name = "Travel", .extra = "IAB20"}};
	static const struct option_set set = {.v = all, .n = sizeof all / sizeof *all};

	(void)user;
	*out = &set;
	return RULE_FOUND;
}

/* --- one round */

struct row {
	struct value v;
	char text[24], id[16];
	enum { KEPT, REMOVED, ADDED } fate;
};

struct round {
	struct row rows[ROWS];
	size_t n;
	struct line_item li;
};

static void add(struct round *r, struct value v, size_t number)
{
	struct row *row = &r->rows[r->n];

	row->v = v;
	if (!v.value) {
		snprintf(row->text, sizeof row->text, v.type == TYPE_LOCATION ? "%016zx" : "%zu",
		    number + 2000);
		row->v.value = row->text;
	}
	snprintf(row->id, sizeof row->id, "cr%x", (unsigned)r->n & 0xffff);
	row->fate = below(3) ? (below(2) ? KEPT : ADDED) : REMOVED;
	r->n++;
}

static void make(struct round *r)
{
	static const char *const placements[] = {"ALL_ON_TWITTER", "TWITTER_SEARCH",
	    "TWITTER_TIMELINE", "TWITTER_SEARCH,TWITTER_TIMELINE"};
	static const enum targeting_type numbered[] = {
	    TYPE_INTEREST, TYPE_SIMILAR_TO_FOLLOWERS_OF_USER, TYPE_FOLLOWERS_OF_USER};
	bool used[POOL] = {false};

	r->n = 0;
	r->li = (struct line_item){.id = "li1",
	    .placements = placements[below(4)],
	    .product_type = below(4) ? "PROMOTED_TWEETS" : "PROMOTED_ACCOUNT"};
	for (unsigned n = below(9); n; n--) {
		unsigned i = below(POOL);

		if (!used[i])
			add(r, pool[i], 0);
		used[i] = true;
	}
	if (below(8) == 0) {
		struct value v = {.type = numbered[below(3)]};

		for (size_t n = 140 + below(20), i = 0; i < n; i++)
			add(r, v, i);
	}
}

static bool sandbox_refuses(const struct round *r)
{
	static struct rule_item items[ROWS];
	struct rule_line line = {.items = items,
	    .n = r->n,
	    .placements = r->li.placements,
	    .product_type = r->li.product_type,
	    .place_country = place_country,
	    .show_country = show_country,
	    .device_os = device_os,
	    .iab_is_covered = content_iab_is_covered};
	struct rule_finding found[8];
	int operation = 0;

	for (size_t i = 0; i < r->n; i++)
		items[i] = (struct rule_item){.type = r->rows[i].v.type,
		    .op = r->rows[i].v.op,
		    .value = r->rows[i].v.value,
		    .operation = r->rows[i].fate == KEPT ? -1 : operation++,
		    .gone = r->rows[i].fate == REMOVED};
	return rules_judge(&line, found, 8) > 0;
}

static const char *lint_error(const struct round *r)
{
	static struct criterion live[ROWS];
	static struct change changes[ROWS];
	struct rule_lookup lookup = {.option = find_option, .contents = find_contents};
	struct effective_input in = {.live = live, .changes = changes};
	struct effective set;
	struct problem_list problems;
	struct rule_ctx ctx = {.line_item = &r->li, .set = &set, .lookup = &lookup};
	const char *rule = NULL;

	for (size_t i = 0; i < r->n; i++) {
		const struct row *row = &r->rows[i];
		struct criterion c = {.line_item_id = "li1",
		    .id = row->id,
		    .type = row->v.type,
		    .type_name = type_info(row->v.type)->name,
		    .op = row->v.op,
		    .value = row->v.value};

		if (row->fate != ADDED)
			live[in.n_live++] = c;
		if (row->fate != KEPT)
			change_from_criterion(&changes[in.n_changes++],
			    row->fate == ADDED ? CHANGE_CREATE : CHANGE_DELETE, &c);
	}
	effective_init(&set);
	problem_list_init(&problems);
	assert_int_equal(effective_build(&set, &in), ERR_OK);
	assert_int_equal(rules_check(&problems, &ctx), ERR_OK);
	for (size_t i = 0; i < problems.n && !rule; i++)
		if (problems.v[i].severity == RULE_ERROR && problems.v[i].change)
			rule = rule_info(problems.v[i].rule)->id;
	problem_list_done(&problems);
	effective_done(&set);
	return rule;
}

static void describe(const struct round *r, char *out, size_t cap)
{
	size_t n = (size_t)snprintf(out, cap, "%s %s:", r->li.placements, r->li.product_type);

	for (size_t i = 0; i < r->n && i < 12 && n < cap; i++)
		n += (size_t)snprintf(out + n, cap - n, " %c%s%s=%s",
		    r->rows[i].fate == ADDED     ? '+'
		    : r->rows[i].fate == REMOVED ? '-'
						 : ' ',
		    r->rows[i].v.op == OP_NE ? "!" : "", type_info(r->rows[i].v.type)->name,
		    r->rows[i].v.value);
}

static void lint_and_server_agree(void **state)
{
	static struct round r;
	size_t refused = 0;

	(void)state;
	chance = 20260106;
	for (int round = 0; round < 10000; round++) {
		const char *rule;
		bool refuses;

		make(&r);
		refuses = sandbox_refuses(&r);
		rule = lint_error(&r);
		refused += refuses;
		if (refuses != (rule != NULL)) {
			char text[1000];

			describe(&r, text, sizeof text);
			fail_msg("sandbox %s, lint says %s: %s", refuses ? "refuses" : "accepts",
			    rule ? rule : "nothing", text);
		}
	}
	assert_in_range(refused, 2000, 9000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(lint_and_server_agree)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
