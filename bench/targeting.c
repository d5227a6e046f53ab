/* How long the pure work of targeting takes: lint, find and replace, difference and plan, and the
 * expression, on accounts of the size that the goals name. Prints the best and the median of several
 * rounds; asserts nothing, since a time on a shared machine proves nothing.
 * Build and run: make VARIANT=release bench-targeting */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "targeting/expr.h"
#include "targeting/plan.h"
#include "targeting/replace.h"
#include "targeting/rules.h"

#define LINE_ITEMS 8000
#define PER_LINE_ITEM 50
#define ROUNDS 7

static void die(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

/* --- an account: line item i has rows i * 50 to i * 50 + 49 */

struct account_data {
	struct criterion_set set;
	struct {
		struct option us, gb, interest;
		struct audience audience;
	} catalogue;
};

static void add(struct criterion_set *s, const char *li, enum targeting_type t,
    enum operator_type op, const char *value)
{
	char id[32];
	struct criterion c = {.line_item_id = li,
	    .type = t,
	    .type_name = type_info(t)->name,
	    .op = op,
	    .value = value,
	    .name = value};

	snprintf(id, sizeof id, "c%zx", s->n);
	c.id = id;
	if (!criterion_set_copy(s, &c))
		die("out of memory");
}

static void fill(struct account_data *a)
{
	static const char *const words[] = {"coffee", "green tea", "sofa", "running shoes",
	    "caf\xc3\xa9", "\xf0\x9f\xa4\x96", "gift idea", "World Cup", "\xe3\x81\x8a\xe8\x8c\xb6",
	    "cheap flights"};
	char li[32], value[64];

	criterion_set_init(&a->set);
	for (size_t i = 0; i < LINE_ITEMS; i++) {
		snprintf(li, sizeof li, "li%zx", i);
		for (size_t k = 0; k < 30; k++) {
			snprintf(
			    value, sizeof value, "%s %zu", words[(i + k) % 10], (i * 7 + k) % 500);
			add(&a->set, li, k % 3 ? TYPE_BROAD_KEYWORD : TYPE_PHRASE_KEYWORD,
			    k % 10 == 9 ? OP_NE : OP_EQ, value);
		}
		for (size_t k = 0; k < 10; k++) {
			snprintf(value, sizeof value, "%zu", 1001 + (i + k * 13) % 361);
			add(&a->set, li, TYPE_INTEREST, OP_EQ, value);
		}
		for (size_t k = 0; k < 6; k++) {
			snprintf(value, sizeof value, "%016zx", (i + k) % 300);
			add(&a->set, li, TYPE_LOCATION, OP_EQ, value);
		}
		add(&a->set, li, TYPE_GENDER, OP_EQ, "2");
		add(&a->set, li, TYPE_AGE, OP_EQ, "AGE_OVER_25");
		add(&a->set, li, TYPE_LANGUAGE, OP_EQ, "en");
		add(&a->set, li, TYPE_CUSTOM_AUDIENCE, OP_EQ, i % 3 ? "crm" : "web");
	}
}

static enum rule_found find_option(
    void *user, enum targeting_type t, const char *value, const struct option **out)
{
	struct account_data *a = user;

	if (t == TYPE_LOCATION)
		*out = value[15] % 2 ? &a->catalogue.us : &a->catalogue.gb;
	else
		*out = &a->catalogue.interest;
	return RULE_FOUND;
}

static enum rule_found find_audience(void *user, const char *id, const struct audience **out)
{
	struct account_data *a = user;

	(void)id;
	*out = &a->catalogue.audience;
	return RULE_FOUND;
}

/* --- what is measured */

static size_t lint(void *user)
{
	struct account_data *a = user;
	struct rule_lookup lookup = {.user = a, .option = find_option, .audience = find_audience};
	struct effective set;
	struct problem_list problems;
	struct line_item li = {.placements = "ALL_ON_TWITTER", .objective = "REACH"};
	size_t found;

	effective_init(&set);
	problem_list_init(&problems);
	for (size_t i = 0; i < LINE_ITEMS; i++) {
		struct effective_input in = {
		    .live = a->set.v + i * PER_LINE_ITEM, .n_live = PER_LINE_ITEM};
		struct rule_ctx ctx = {.line_item = &li, .set = &set, .lookup = &lookup};

		li.id = in.live[0].line_item_id;
		if (effective_build(&set, &in) || rules_check(&problems, &ctx))
			die("lint failed");
	}
	found = problems.n;
	problem_list_done(&problems);
	effective_done(&set);
	return found;
}

static size_t replace_by(struct account_data *a, const struct replace_rule *rule)
{
	struct replace r;
	size_t n;

	if (replace_init(&r, rule, 1, NULL))
		die("bad rule");
	for (size_t i = 0; i < LINE_ITEMS; i++)
		if (replace_line_item(&r, a->set.v + i * PER_LINE_ITEM, PER_LINE_ITEM, NULL))
			die("replace failed");
	n = r.changes.n;
	replace_done(&r);
	return n;
}

static size_t replace_value(void *user)
{
	struct criterion find = {.type = TYPE_CUSTOM_AUDIENCE, .value = "crm"};
	struct criterion with = {.type = TYPE_CUSTOM_AUDIENCE, .value = "crm2"};
	struct replace_rule rule = {
	    .find = &find, .n_find = 1, .with = &with, .n_with = 1, .any_op = true};

	return replace_by(user, &rule);
}

static size_t replace_regex(void *user)
{
	struct replace_rule rule = {.pattern = "^coffee (.*)", .replacement = "espresso \\1"};

	return replace_by(user, &rule);
}

struct plan_data {
	struct criterion_set before, after;
};

/* 100,000 changes: each line item of 25 loses and gets 50 rows. */
static void fill_plan(struct plan_data *p)
{
	char li[32], value[32];

	criterion_set_init(&p->before);
	criterion_set_init(&p->after);
	for (size_t i = 0; i < 1000; i++) {
		snprintf(li, sizeof li, "li%zx", i);
		for (size_t k = 0; k < 60; k++) {
			snprintf(value, sizeof value, "word %zu", k);
			add(&p->before, li, TYPE_BROAD_KEYWORD, OP_EQ, value);
			snprintf(value, sizeof value, "word %zu", k < 10 ? k : k + 1000);
			add(&p->after, li, TYPE_BROAD_KEYWORD, OP_EQ, value);
		}
	}
}

static bool live(void *user, const char *line_item_id, const struct criterion **v, size_t *n)
{
	struct plan_data *p = user;

	*v = p->before.v + strtoul(line_item_id + 2, NULL, 16) * 60;
	*n = 60;
	return true;
}

static size_t diff_and_plan(void *user)
{
	struct plan_data *p = user;
	struct change_set changes;
	struct plan_input in = {.changes = &changes, .user = p, .live = live};
	struct plan plan;
	size_t n;

	change_set_init(&changes);
	plan_init(&plan);
	if (set_diff(&p->before, &p->after, &changes) || plan_build(&plan, &in, NULL))
		die("plan failed");
	n = plan.n_ops;
	plan_done(&plan);
	change_set_done(&changes);
	return n;
}

static size_t expression(void *user)
{
	struct criterion_set *s = user;
	static const struct criterion *v[5000];
	struct buf b;
	size_t n;

	for (size_t i = 0; i < 5000; i++)
		v[i] = &s->v[i];
	buf_init(&b, 1u << 20);
	if (expr_line(&b, v, 5000, NULL, 5))
		die("expression failed");
	n = b.len;
	buf_done(&b);
	return n;
}

static int by_time(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void measure(const char *what, size_t (*run)(void *), void *user, double goal_ms)
{
	double ms[ROUNDS];
	size_t result = 0;

	for (size_t i = 0; i < ROUNDS; i++) {
		uint64_t t0 = clock_mono_ns();

		result = run(user);
		ms[i] = (double)(clock_mono_ns() - t0) / 1e6;
	}
	qsort(ms, ROUNDS, sizeof ms[0], by_time);
	printf("%-52s %9.2f %9.2f %8.0f   %zu\n", what, ms[0], ms[ROUNDS / 2], goal_ms, result);
}

int main(void)
{
	static struct account_data a = {
	    .catalogue = {.us = {.name = "Some City, CA, USA", .kind = "CITIES", .country = "US"},
		.gb = {.name = "London, England, UK", .kind = "CITIES", .country = "GB"},
		.interest = {.name = NULL},
		.audience = {.name = "CRM", .targetable = true, .audience_size = 9000}}};
	static struct plan_data p;

	fill(&a);
	fill_plan(&p);
	printf("%-52s %9s %9s %8s   %s\n", "milliseconds", "best", "median", "goal", "result");
	measure("lint of 8,000 line items x 50 criteria", lint, &a, 500);
	measure("find and replace an audience in all of them", replace_value, &a, 500);
	measure("find and replace by regex in all keywords", replace_regex, &a, 500);
	measure("difference and plan of 100,000 changes", diff_and_plan, &p, 500);
	measure("expression of 5,000 criteria", expression, &a.set, 2);
	criterion_set_done(&a.set);
	criterion_set_done(&p.before);
	criterion_set_done(&p.after);
	return 0;
}
