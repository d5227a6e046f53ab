#include "tests/unit/targeting/kit.h"

#include "base/fs.h"
#include "base/mem.h"
#include <stdlib.h>
#include "targeting/rules.h"

/* --- an account that the rules can ask about */

static const struct audience audiences[] = {{.id = "a1",
						.name = "CRM list",
						.targetable = true,
						.audience_size = 1470,
						.owner_account_id = "me",
						.targetable_types = "CRM,EXCLUDED_CRM"},
    {.id = "a2",
	.name = "Buyers",
	.targetable = true,
	.audience_size = 9000,
	.owner_account_id = "me",
	.targetable_types = "CRM,EXCLUDED_CRM"},
    {.id = "small", .name = "VIPs", .audience_size = -1, .reasons_not_targetable = "TOO_SMALL"},
    {.id = "proc",
	.name = "New",
	.audience_size = -1,
	.reasons_not_targetable = "PROCESSING,TOO_SMALL,ODD_ONE"},
    {.id = "mute", .name = "Mute", .audience_size = -1, .reasons_not_targetable = ""},
    {.id = "del", .name = "Old", .targetable = true, .deleted = true},
    {.id = "tiny",
	.name = "Tiny",
	.targetable = true,
	.audience_size = 120,
	.targetable_types = "CRM"},
    {.id = "onlyout",
	.name = "Leavers",
	.targetable = true,
	.audience_size = 900,
	.targetable_types = "EXCLUDED_CRM"},
    {.id = "shared",
	.name = "Partner",
	.targetable = true,
	.audience_size = 9000,
	.owner_account_id = "other"}};

static const struct campaign campaigns[] = {{.id = "c1", .name = "Spring"},
    {.id = "paused",
	.name = "Summer",
	.entity_status = "PAUSED",
	.total_budget_micro = 100000000,
	.daily_budget_micro = 10000000},
    {.id = "active",
	.name = "Winter",
	.entity_status = "ACTIVE",
	.total_budget_micro = MONEY_NONE,
	.daily_budget_micro = 10000000},
    {.id = "cdel", .name = "Autumn", .deleted = true}};

static const struct promotable_user users[] = {
    {.id = "p1", .user_id = "1", .promotable_user_type = "FULL"},
    {.id = "p2", .user_id = "2", .promotable_user_type = "RETWEETS_ONLY"}};

static const struct {
	enum targeting_type type;
	struct option option;
} options[] = {{TYPE_LOCATION, {.value = "96683cc9126741d1",
				   .name = "United States",
				   .kind = "COUNTRIES",
				   .country = "US"}},
    {TYPE_LOCATION, {.value = "6416b8512febefc9",
			.name = "United Kingdom",
			.kind = "COUNTRIES",
			.country = "GB"}},
    {TYPE_LOCATION,
	{.value = "00000000000000ff", .name = "Russia", .kind = "COUNTRIES", .country = "RU"}},
    {TYPE_LOCATION, {.value = "5122804691e5fecc",
			.name = "Los Angeles CA, US",
			.kind = "METROS",
			.country = "US"}},
    {TYPE_LOCATION, {.value = "3b77caf94bfc81fe",
			.name = "Los Angeles, Los Angeles CA, CA, USA",
			.kind = "CITIES",
			.country = "US"}},
    {TYPE_LOCATION, {.value = "0000000000000a0a",
			.name = "London, England, UK",
			.kind = "CITY",
			.country = "GB"}},
    {TYPE_TV_SHOW, {.value = "1", .name = "NewsWatch", .country = "en-US"}},
    {TYPE_TV_SHOW, {.value = "2", .name = "Le Journal", .country = "fr-FR"}},
    {TYPE_PLATFORM, {.value = "0", .name = "iOS", .kind = "iOS"}},
    {TYPE_PLATFORM, {.value = "1", .name = "Android", .kind = "Android"}},
    {TYPE_DEVICE, {.value = "1q", .name = "iPhone 3GS", .kind = "iOS"}},
    {TYPE_DEVICE, {.value = "7a", .name = "Nexus", .kind = "Android"}},
    {TYPE_INTEREST, {.value = "1001", .name = "Books"}},
    {TYPE_INTEREST, {.value = "19001", .name = "Pets/Birds"}},
    {TYPE_NETWORK_OPERATOR, {.value = "2l", .name = "Advantage", .country = "US"}},
    {TYPE_NETWORK_OPERATOR, {.value = "9z", .name = "Three", .country = "GB"}},
    {TYPE_DEVICE, {.value = "8b", .name = "Curve", .kind = "BlackBerry"}},
    {TYPE_LANGUAGE, {.value = "en", .name = "English"}},
    {TYPE_EVENT, {.value = "1ex", .name = "New Year's"}},
    {TYPE_EVENT, {.value = "2ex", .name = "Easter"}}};

#define FIND(table, field)                                                                         \
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)                                \
		if (!strcmp(table[i].field, id)) {                                                 \
			*out = &table[i];                                                          \
			return RULE_FOUND;                                                         \
		}                                                                                  \
	return RULE_MISSING

static enum rule_found find_audience(void *user, const char *id, const struct audience **out)
{
	(void)user;
	FIND(audiences, id);
}

static enum rule_found find_campaign(void *user, const char *id, const struct campaign **out)
{
	(void)user;
	FIND(campaigns, id);
}

static enum rule_found find_user(void *user, const char *id, const struct promotable_user **out)
{
	(void)user;
	FIND(users, user_id);
}

/* Numbers are known as they come: the limits need more options than a test has. */
static enum rule_found find_option(
    void *user, enum targeting_type t, const char *value, const struct option **out)
{
	(void)user;
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if (options[i].type == t && !strcmp(options[i].option.value, value)) {
			*out = &options[i].option;
			return RULE_FOUND;
		}
	return strcmp(value, "gone") ? RULE_UNKNOWN : RULE_MISSING;
}

static enum rule_found find_contents(void *user, const struct option_set **out)
{
	static struct option all[] = {
	    {.value = "cc1", .name = "Home & lifestyle", .extra = "IAB10,IAB10-5"},
	    {.value = "cc2", .name = "Travel", .extra = "IAB20"}};
	static const struct option_set set = {.v = all, .n = sizeof all / sizeof *all};

	(void)user;
	*out = &set;
	return RULE_FOUND;
}

static const struct rule_lookup account = {.audience = find_audience,
    .campaign = find_campaign,
    .promotable = find_user,
    .option = find_option,
    .contents = find_contents};

/* --- sets in words: "TYPE=value, !TYPE=value, +TYPE=value, -TYPE=value": "+" is staged, "-" is
 * live and staged to go, "!" excludes, "<" and ">" compare. "TYPE*n" makes n values. */

struct world {
	struct criterion_set live;
	struct change_set changes;
	struct effective set;
	struct problem_list problems;
	struct line_item li;
};

static void world_init(struct world *w)
{
	*w = (struct world){.li = {.id = "li1"}};
	criterion_set_init(&w->live);
	change_set_init(&w->changes);
	effective_init(&w->set);
	problem_list_init(&w->problems);
}

static void world_done(struct world *w)
{
	criterion_set_done(&w->live);
	change_set_done(&w->changes);
	effective_done(&w->set);
	problem_list_done(&w->problems);
}

static void add_one(struct world *w, char mark, struct criterion c)
{
	struct change ch;
	char id[32];

	snprintf(id, sizeof id, "cr%zu", w->live.n + 1);
	c.id = mark == '+' ? NULL : id;
	if (mark != '+')
		assert_non_null(criterion_set_copy(&w->live, &c));
	change_from_criterion(&ch, mark == '+' ? CHANGE_CREATE : CHANGE_DELETE, &c);
	if (mark)
		assert_non_null(change_set_copy(&w->changes, &ch));
}

/* Places by short names, since place ids are 16 digits. */
static const char *place_id(const char *name)
{
	static const struct {
		const char *name, *id;
	} places[] = {{"us", "96683cc9126741d1"}, {"gb", "6416b8512febefc9"},
	    {"ru", "00000000000000ff"}, {"lam", "5122804691e5fecc"}, {"la", "3b77caf94bfc81fe"},
	    {"london", "0000000000000a0a"}};

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (!strcmp(places[i].name, name))
			return places[i].id;
	return name;
}

static void read_row(struct world *w, const char *s)
{
	char word[300], *value = NULL;
	char mark = *s == '+' || *s == '-' ? *s++ : '\0';
	struct criterion c = {.line_item_id = "li1"};
	long n = 0;

	if (*s == '!') {
		c.op = OP_NE;
		s++;
	}
	snprintf(word, sizeof word, "%s", s);
	for (char *p = word; *p && !value; p++)
		if (strchr("=<>*", *p)) {
			c.op = *p == '<' ? OP_LT : *p == '>' ? OP_GTE : c.op;
			if (*p == '*')
				n = strtol(p + 1, NULL, 10);
			*p = '\0';
			value = p + 1;
		}
	assert_non_null(value);
	if (!n && strchr(value, '@')) { /* value@name */
		c.name = strchr(value, '@') + 1;
		*strchr(value, '@') = '\0';
	}
	c.type = type_by_name(word);
	c.type_name = word;
	c.value = c.type == TYPE_LOCATION ? place_id(value) : value;
	for (long i = 0; i < (n ? n : 1); i++) {
		char number[32];

		snprintf(
		    number, sizeof number, c.type == TYPE_LOCATION ? "%016lx" : "%ld", i + 5000);
		if (n)
			c.value = number;
		add_one(w, mark, c);
	}
}

static void check(struct world *w)
{
	struct effective_input in = {.live = w->live.v,
	    .n_live = w->live.n,
	    .changes = w->changes.v,
	    .n_changes = w->changes.n};
	struct rule_ctx ctx = {
	    .line_item = &w->li, .set = &w->set, .lookup = &account, .account_id = "me"};

	assert_int_equal(effective_build(&w->set, &in), ERR_OK);
	problem_list_clear(&w->problems);
	assert_int_equal(rules_check(&w->problems, &ctx), ERR_OK);
}

static void judge(struct world *w, const char *rows)
{
	char row[300];

	while (*rows) {
		size_t n = strcspn(rows, ";");

		snprintf(row, sizeof row, "%.*s", (int)n, rows);
		read_row(w, row);
		rows += n;
		rows += strspn(rows, "; ");
	}
	check(w);
}

static const struct problem *find(const struct world *w, enum rule_id rule)
{
	for (size_t i = 0; i < w->problems.n; i++)
		if (w->problems.v[i].rule == rule)
			return &w->problems.v[i];
	return NULL;
}

/* --- one failing and one passing set for every rule */

enum { E = RULE_ERROR, W = RULE_WARNING, N = RULE_NOTE };

static const struct fixture {
	enum rule_id rule;
	const char *bad;
	int severity;
	const char *good;
	const char *placements, *objective, *product_type;
	const char *says; /* part of the message */
} fixtures[] = {
#include "tests/unit/targeting/rules_fixtures.def"
};
#define FIXTURES (sizeof fixtures / sizeof fixtures[0])

static void setup(struct world *w, const struct fixture *f)
{
	world_init(w);
	w->li.placements = f->placements;
	w->li.objective = f->objective;
	w->li.product_type = f->product_type;
}

static void failing_fixtures_fail(void **state)
{
	(void)state;
	for (size_t i = 0; i < FIXTURES; i++) {
		const struct fixture *f = &fixtures[i];
		const struct problem *p;
		struct world w;

		if (!f->bad)
			continue;
		setup(&w, f);
		judge(&w, f->bad);
		p = find(&w, f->rule);
		if (!p)
			fail_msg("%s is silent about %s", rule_info(f->rule)->id, f->bad);
		if ((int)p->severity != f->severity)
			fail_msg("%s about %s: severity %d", rule_info(f->rule)->id, f->bad,
			    (int)p->severity);
		if (f->says && !strstr(p->message, f->says))
			fail_msg("%s about %s: %s", rule_info(f->rule)->id, f->bad, p->message);
		assert_true(strlen(p->message) > 0);
		for (size_t r = 0; r < p->n_rows; r++)
			assert_true(p->rows[r] < w.set.n && (!r || p->rows[r - 1] < p->rows[r]));
		world_done(&w);
	}
}

static void passing_fixtures_pass(void **state)
{
	(void)state;
	for (size_t i = 0; i < FIXTURES; i++) {
		const struct fixture *f = &fixtures[i];
		const struct problem *p;
		struct world w;

		if (!f->good)
			continue;
		setup(&w, f);
		judge(&w, f->good);
		p = find(&w, f->rule);
		if (p)
			fail_msg("%s about %s: %s", rule_info(f->rule)->id, f->good, p->message);
		world_done(&w);
	}
}

static void every_rule_has_both_fixtures(void **state)
{
	(void)state;
	for (int rule = 0; rule < RULE_COUNT; rule++) {
		bool bad = rule == RULE_LINE_ITEM_DELETED || rule == RULE_NOT_RUNNING ||
			   rule == RULE_OVER_BUDGET;
		bool good = bad; /* have tests of their own */

		for (size_t i = 0; i < FIXTURES; i++)
			if ((int)fixtures[i].rule == rule) {
				bad |= fixtures[i].bad != NULL;
				good |= fixtures[i].good != NULL;
			}
		if (!bad || !good)
			fail_msg("%s lacks a fixture", rule_info((enum rule_id)rule)->id);
	}
}

static void changes_to_a_deleted_line_item_are_refused(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.li.deleted = true;
	judge(&w, "GENDER=1; +LOCATION=us");
	assert_non_null(find(&w, RULE_LINE_ITEM_DELETED));
	assert_int_equal(find(&w, RULE_LINE_ITEM_DELETED)->severity, RULE_ERROR);
	assert_int_equal(find(&w, RULE_LINE_ITEM_DELETED)->n_unstage, 1);
	world_done(&w);
	world_init(&w);
	judge(&w, "GENDER=1; +LOCATION=us");
	assert_null(find(&w, RULE_LINE_ITEM_DELETED));
	world_done(&w);
}

/* --- the campaign */

static const struct {
	const char *campaign, *status;
	int64_t bid, daily, total;
	const char *says; /* NULL: silent */
} over[] = {{"paused", "PAUSED", 1000000, MONEY_NONE, 100000000, NULL},
    {"paused", "PAUSED", 1000000, MONEY_NONE, 100000001, "total budget"},
    {"paused", "PAUSED", 10000001, 0, 0, "bid $10.000001 is more than the campaign's daily"},
    {"active", "PAUSED", 10000000, 0, INT64_MAX, NULL},
    {"active", "PAUSED", 0, 2000000, 1000000, "daily budget $2.00 is more than its total $1.00"},
    {"cdel", "PAUSED", INT64_MAX, 0, 0, NULL}, {"nowhere", "PAUSED", INT64_MAX, 0, 0, NULL}};

static void bids_and_budgets_stay_below_their_limits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof over / sizeof over[0]; i++) {
		const struct problem *p;
		struct world w;

		world_init(&w);
		w.li.campaign_id = over[i].campaign;
		w.li.currency = "USD";
		w.li.entity_status = over[i].status;
		w.li.bid_micro = over[i].bid;
		w.li.daily_budget_micro = over[i].daily;
		w.li.total_budget_micro = over[i].total;
		judge(&w, "LOCATION=us");
		p = find(&w, RULE_OVER_BUDGET);
		if ((p != NULL) != (over[i].says != NULL) ||
		    (p && !strstr(p->message, over[i].says)))
			fail_msg("case %zu: %s", i, p ? p->message : "silent");
		world_done(&w);
	}
}

static void an_active_line_item_of_a_paused_campaign_is_told(void **state)
{
	static const struct {
		const char *campaign, *status;
		bool told;
	} cases[] = {{"paused", "ACTIVE", true}, {"paused", "PAUSED", false},
	    {"active", "ACTIVE", false}, {"c1", "ACTIVE", false}, {"cdel", "ACTIVE", false}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct world w;

		world_init(&w);
		w.li.campaign_id = cases[i].campaign;
		w.li.entity_status = cases[i].status;
		judge(&w, "LOCATION=us");
		assert_int_equal(find(&w, RULE_NOT_RUNNING) != NULL, cases[i].told);
		world_done(&w);
	}
}

/* --- what is judged and what is not */

/* Does the list of sources name the rule, and not only a longer number? */
static bool names(const char *source, const char *id)
{
	size_t n = strlen(id);

	for (const char *p = strstr(source, id); p; p = strstr(p + 1, id))
		if ((p == source || p[-1] == ' ') && (p[n] < '0' || p[n] > '9'))
			return true;
	return false;
}

static void every_rule_of_the_reference_is_judged_or_said_not_to_be(void **state)
{
	size_t n;
	const struct rule_unjudged *list = rule_unjudged(&n);

	(void)state;
	for (int r = 1; r <= 70; r++) {
		char id[16];
		bool judged = false, told = false;

		snprintf(id, sizeof id, "R%d", r);
		for (int rule = 0; rule < RULE_COUNT; rule++)
			judged |= names(rule_info((enum rule_id)rule)->source, id);
		for (size_t i = 0; i < n; i++)
			told |= !strcmp(list[i].id, id);
		if (judged == told)
			fail_msg(
			    "%s is %s", id, judged ? "judged and listed as not judged" : "neither");
	}
}

/* --- fixes */

static void take_fix(struct world *w, const struct problem *p)
{
	struct change_set next;

	change_set_init(&next);
	for (size_t i = 0; i < w->changes.n; i++) {
		bool back = false;

		for (size_t j = 0; j < p->n_unstage; j++)
			back |= p->unstage[j] == &w->changes.v[i];
		if (!back)
			assert_non_null(change_set_copy(&next, &w->changes.v[i]));
	}
	for (size_t i = 0; i < p->n_fix; i++)
		assert_non_null(change_set_copy(&next, &p->fix[i]));
	change_set_done(&w->changes);
	w->changes = next;
}

/* What these are about is never created, so it narrowed nothing. */
static bool is_void(enum rule_id rule)
{
	return rule == RULE_LOOKALIKE_EXCLUDED || rule == RULE_OPERATOR ||
	       rule == RULE_TYPE_RETIRED || rule == RULE_TYPE_UNKNOWN ||
	       rule == RULE_APP_LIST_INCLUDED || rule == RULE_PUBLISHER_INCLUDED ||
	       rule == RULE_ENGAGEMENT_TYPE_ALONE;
}

static void a_fix_mends_its_problem_and_never_widens(void **state)
{
	bool fixed[RULE_COUNT] = {false};

	(void)state;
	for (size_t i = 0; i < FIXTURES; i++) {
		const struct fixture *f = &fixtures[i];
		const struct criterion *v[4096];
		const struct problem *p;
		bool before[64];
		uint64_t people;
		struct world w;

		if (!f->bad)
			continue;
		setup(&w, f);
		judge(&w, f->bad);
		p = find(&w, f->rule);
		if (!p || p->n_fix + p->n_unstage == 0) {
			world_done(&w);
			continue;
		}
		fixed[f->rule] = true;
		memcpy(v, w.set.after, w.set.n_after * sizeof *v);
		people = w.set.n_after > 300 ? 2 : 64; /* the naive reading is quadratic */
		for (uint64_t person = 0; person < people; person++)
			before[person] = kit_reaches(v, w.set.n_after, kit_mix(person));
		take_fix(&w, p);
		check(&w);
		if (find(&w, f->rule))
			fail_msg("%s comes back for %s", rule_info(f->rule)->id, f->bad);
		for (uint64_t person = 0; person < people; person++)
			if (!is_void(f->rule) && !before[person] &&
			    kit_reaches(w.set.after, w.set.n_after, kit_mix(person)))
				fail_msg("the fix of %s widens %s", rule_info(f->rule)->id, f->bad);
		world_done(&w);
	}
	fixed[RULE_LINE_ITEM_DELETED] = true; /* has a test of its own */
	for (int rule = 0; rule < RULE_COUNT; rule++) {
		const struct rule_info *info = rule_info((enum rule_id)rule);

		if (fixed[rule] != (info->fix != RULE_FIX_NONE))
			fail_msg("%s: the table says %s", info->id, rule_fix_name(info->fix));
	}
}

/* --- the rest */

static void problems_come_worst_first_and_are_counted(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	judge(&w,
	    "INTEREST=1001; +BROAD_KEYWORD=x; AGE=AGE_OVER_13; +AGE=AGE_OVER_35; INTEREST=gone");
	assert_true(w.problems.n >= 4);
	for (size_t i = 1; i < w.problems.n; i++)
		assert_true(w.problems.v[i - 1].severity >= w.problems.v[i].severity);
	assert_int_equal(w.problems.count[RULE_ERROR] + w.problems.count[RULE_WARNING] +
			     w.problems.count[RULE_NOTE],
	    w.problems.n);
	assert_int_equal(w.problems.v[0].rule, RULE_AGE_MANY);
	assert_non_null(w.problems.v[0].change);
	assert_string_equal(w.problems.v[0].line_item_id, "li1");
	world_done(&w);
}

static void without_look_ups_nothing_is_guessed(void **state)
{
	struct rule_ctx ctx;
	struct world w;

	(void)state;
	world_init(&w);
	judge(&w,
	    "CUSTOM_AUDIENCE=nobody; INTEREST=gone; FOLLOWERS_OF_USER=9; CAMPAIGN_ENGAGEMENT=zz; "
	    "ENGAGEMENT_TYPE=IMPRESSION; LOCATION=us; LOCATION=la; TV_SHOW=2; PLATFORM=0; "
	    "DEVICE=1q");
	problem_list_clear(&w.problems);
	ctx = (struct rule_ctx){.set = &w.set};
	assert_int_equal(rules_check(&w.problems, &ctx), ERR_OK);
	assert_int_equal(w.problems.n, 0);
	world_done(&w);
}

static void held_changes_are_judged_as_not_there(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	judge(&w, "AGE=AGE_18_TO_34; +AGE=AGE_OVER_35");
	w.changes.v[0].held = true;
	check(&w);
	assert_null(find(&w, RULE_AGE_MANY));
	world_done(&w);
}

static void long_names_are_cut_at_whole_letters(void **state)
{
	struct criterion c = kit_criterion(TYPE_BEHAVIOR, OP_EQ, "b");
	char name[200] = "";
	struct world w;
	const struct problem *p;

	(void)state;
	for (int i = 0; i < 50; i++)
		memcpy(name + i * 3, "\xe3\x81\x82", 4);
	world_init(&w);
	c.name = name;
	add_one(&w, '\0', c);
	check(&w);
	p = find(&w, RULE_TYPE_RETIRED);
	assert_non_null(p);
	assert_string_equal(strstr(p->message, "\x82...") + 1, "...");
	assert_true(strlen(p->message) < 120);
	world_done(&w);
}

static void no_memory_is_an_error_and_leaks_nothing(void **state)
{
	(void)state;
	for (long fail = 0; fail < 80; fail++) {
		struct rule_ctx ctx;
		struct world w;
		enum err err;

		world_init(&w);
		judge(&w,
		    "AGE=AGE_18_TO_34; +AGE=AGE_OVER_35; BROAD_KEYWORD=+a +b; PHRASE_KEYWORD=a b; "
		    "!BROAD_KEYWORD=a; LOCATION=us; LOCATION=la; +TV_SHOW=2; "
		    "CUSTOM_AUDIENCE=small");
		problem_list_done(&w.problems);
		ctx = (struct rule_ctx){.line_item = &w.li, .set = &w.set, .lookup = &account};
		mem_fail_after(fail, 0);
		err = rules_check(&w.problems, &ctx);
		mem_fail_after(-1, 0);
		assert_true(err == ERR_OK || err == ERR_NOMEM);
		world_done(&w);
	}
}

static void the_page_of_rules_is_up_to_date(void **state)
{
	static const char path[] = "docs/rules.md"; /* tests run from the top of the tree */
	struct buf made, found;

	(void)state;
	buf_init(&made, 1u << 20);
	buf_init(&found, 1u << 20);
	assert_int_equal(rules_document(&made), ERR_OK);
	if (getenv("RETICLE_GEN"))
		assert_int_equal(fs_write(path, made.p, made.len, NULL), ERR_OK);
	assert_int_equal(fs_read(path, &found, NULL), ERR_OK);
	if (strcmp(buf_str(&made), buf_str(&found)) != 0)
		fail_msg("%s differs from rules.def: run this test with RETICLE_GEN=1", path);
	buf_done(&made);
	buf_done(&found);
}

static void rules_are_found_by_name_and_complete(void **state)
{
	(void)state;
	for (int i = 0; i < RULE_COUNT; i++) {
		const struct rule_info *info = rule_info((enum rule_id)i);

		assert_int_equal(rule_by_name(info->id), i);
		assert_true(strlen(info->title) && strlen(info->source));
		assert_int_equal(info->reason[strlen(info->reason) - 1], '.');
	}
	assert_int_equal(rule_by_name("NO_SUCH"), RULE_COUNT);
	assert_string_equal(rule_severity_name(RULE_WARNING), "warning");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(failing_fixtures_fail),
	    cmocka_unit_test(passing_fixtures_pass),
	    cmocka_unit_test(every_rule_has_both_fixtures),
	    cmocka_unit_test(changes_to_a_deleted_line_item_are_refused),
	    cmocka_unit_test(bids_and_budgets_stay_below_their_limits),
	    cmocka_unit_test(an_active_line_item_of_a_paused_campaign_is_told),
	    cmocka_unit_test(every_rule_of_the_reference_is_judged_or_said_not_to_be),
	    cmocka_unit_test(a_fix_mends_its_problem_and_never_widens),
	    cmocka_unit_test(problems_come_worst_first_and_are_counted),
	    cmocka_unit_test(without_look_ups_nothing_is_guessed),
	    cmocka_unit_test(held_changes_are_judged_as_not_there),
	    cmocka_unit_test(long_names_are_cut_at_whole_letters),
	    cmocka_unit_test(no_memory_is_an_error_and_leaks_nothing),
	    cmocka_unit_test(the_page_of_rules_is_up_to_date),
	    cmocka_unit_test(rules_are_found_by_name_and_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
