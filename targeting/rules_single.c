/* Rules about counts and about one criterion by itself. */
#include <string.h>
#include "targeting/rules_impl.h"

/* --- counts */

/* Two where one is meant: the one that was added last stays, since it is what the user wants now. */
static void check_single_choice(struct check *ck, enum rule_id rule, enum targeting_type t)
{
	size_t n;
	const size_t *rows = check_rows(ck, t, &n);
	struct problem *p;

	if (n <= 1)
		return;
	for (size_t i = 0; i < n; i++)
		check_pick(ck, rows[i]);
	check_touched(ck, t);
	p = check_add(ck, rule, "%s: %s", type_info(t)->label, check_names(ck));
	if (check_is_added(ck, rows[n - 1]))
		check_fix_drop(ck, p, rows, n - 1);
}

/* The rows that are too many: added ones come after live ones, so they are blamed first. */
static void check_limit(
    struct check *ck, enum rule_id rule, enum targeting_type t, const char *what)
{
	size_t n, limit = type_info(t)->limit;
	const size_t *rows = check_rows(ck, t, &n);

	if (!limit || n <= limit)
		return;
	for (size_t i = limit; i < n; i++)
		check_pick(ck, rows[i]);
	check_touched(ck, t);
	check_add(ck, rule, "%zu %s of %zu allowed", n, what, limit);
}

static void check_keyword_count(struct check *ck)
{
	static const enum targeting_type kinds[] = {
	    TYPE_BROAD_KEYWORD, TYPE_PHRASE_KEYWORD, TYPE_EXACT_KEYWORD, TYPE_UNORDERED_KEYWORD};
	size_t total = 0, limit = type_info(TYPE_BROAD_KEYWORD)->limit;

	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
		total += check_count(ck, kinds[k]);
	if (total <= limit)
		return;
	for (size_t row = ck->e->n, over = total - limit; row-- && over;)
		if (type_is_keyword(check_at(ck, row)->type) &&
		    effective_is_after(&ck->e->v[row])) {
			check_pick(ck, row);
			over--;
		}
	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
		check_touched(ck, kinds[k]);
	check_add(ck, RULE_KEYWORDS_MANY, "%zu keywords of %zu allowed", total, limit);
}

struct ages {
	int from, to;
};

/* "AGE_13_TO_24", "AGE_OVER_50" */
static bool age_range(const char *value, struct ages *a)
{
	const char *p = value ? value : "";
	bool over = !strncmp(p, "AGE_OVER_", 9);
	int v[2] = {0, 999};

	if (!over && strncmp(p, "AGE_", 4) != 0)
		return false;
	p += over ? 9 : 4;
	for (int i = 0; i < (over ? 1 : 2); i++) {
		if (i && strncmp(p, "_TO_", 4) != 0)
			return false;
		p += i ? 4 : 0;
		if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
			return false;
		v[i] = (p[0] - '0') * 10 + p[1] - '0';
		p += 2;
	}
	*a = (struct ages){v[0], v[1]};
	return !*p;
}

/* Which bucket should stay? The one that was added last, since it is what the user wants now; of
 * live ones the one that covers all others; n when there is none. */
static size_t age_to_keep(const struct check *ck, const size_t *rows, size_t n)
{
	struct ages a, b;

	if (check_is_added(ck, rows[n - 1]))
		return n - 1;
	for (size_t i = 0; i < n; i++) {
		size_t covered = 0;

		for (size_t j = 0; j < n; j++)
			covered += age_range(check_at(ck, rows[i])->value, &a) &&
				   age_range(check_at(ck, rows[j])->value, &b) &&
				   a.from <= b.from && a.to >= b.to;
		if (covered == n)
			return i;
	}
	return n;
}

static void check_age_count(struct check *ck)
{
	size_t n, keep, n_drop = 0, *drop;
	const size_t *rows = check_rows(ck, TYPE_AGE, &n);
	struct problem *p;

	if (n <= 1)
		return;
	keep = age_to_keep(ck, rows, n);
	drop = arena_alloc(&ck->tmp, n * sizeof *drop);
	if (!drop) {
		ck->err = ERR_NOMEM;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		check_pick(ck, rows[i]);
		if (i != keep && keep < n)
			drop[n_drop++] = rows[i];
	}
	check_touched(ck, TYPE_AGE);
	p = check_add(ck, RULE_AGE_MANY, "%s: %zu buckets of one allowed", check_names(ck), n);
	check_fix_drop(ck, p, drop, n_drop);
}

void check_counts(struct check *ck)
{
	check_age_count(ck);
	check_single_choice(ck, RULE_EVENT_MANY, TYPE_EVENT);
	check_keyword_count(ck);
	check_limit(ck, RULE_INTERESTS_MANY, TYPE_INTEREST, "interests");
	check_limit(ck, RULE_SIMILAR_MANY, TYPE_SIMILAR_TO_FOLLOWERS_OF_USER, "look-alike handles");
	check_limit(ck, RULE_LOCATIONS_MANY, TYPE_LOCATION, "locations");
	check_limit(ck, RULE_PUBLISHERS_MANY, TYPE_CONTENT_PUBLISHER_USER, "publishers");
	check_limit(ck, RULE_FOLLOWERS_MANY, TYPE_FOLLOWERS_OF_USER, "accounts");
	check_single_choice(ck, RULE_ONLY_ONE, TYPE_GENDER);
	check_single_choice(ck, RULE_ONLY_ONE, TYPE_WIFI_ONLY);
}

/* --- one criterion */

static bool is_listed(const struct criterion *c)
{
	size_t n;
	const struct type_enum_value *v = type_enum_values(c->type, &n);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(v[i].value, c->value))
			return true;
	return false;
}

static bool is_months(const char *value)
{
	size_t n = strspn(value, "0123456789");

	return n && n <= 3 && !value[n] && value[0] != '0';
}

static bool is_number(const char *value, const char *digits, size_t least, size_t most)
{
	size_t n = strspn(value, digits);

	return n >= least && n <= most && !value[n];
}

static bool has_form(const struct criterion *c)
{
	switch (type_info(c->type)->value) {
	case VALUE_KEYWORD:
		for (const char *s = c->value; *s; s++)
			if ((unsigned char)*s < 0x20 || *s == 0x7f)
				return false;
		return true;
	case VALUE_USER_ID:
	case VALUE_PROMOTABLE:
		return is_number(c->value, "0123456789", 1, 19);
	default:
		return c->type != TYPE_LOCATION || is_number(c->value, "0123456789abcdef", 16, 16);
	}
}

static void check_operator(struct check *ck, size_t row, const struct criterion *c)
{
	struct problem *p;
	enum rule_id rule = RULE_OPERATOR;

	if (type_allows(c->type, c->op))
		return;
	if (c->type == TYPE_APP_LIST)
		rule = RULE_APP_LIST_INCLUDED;
	else if (c->type == TYPE_CONTENT_PUBLISHER_USER)
		rule = RULE_PUBLISHER_INCLUDED;
	else if (c->type == TYPE_CUSTOM_AUDIENCE_EXPANDED && c->op == OP_NE)
		return; /* check_audiences says it better */
	check_pick(ck, row);
	p = check_add(ck, rule, "%s with operator %s: %s", type_info(c->type)->label,
	    op_name(c->op), check_names(ck));
	if (check_is_added(ck, row))
		check_fix_drop(ck, p, &row, 1);
}

static void check_value(struct check *ck, size_t row, const struct criterion *c)
{
	const struct type_info *info = type_info(c->type);

	if (!c->value || !*c->value) {
		check_pick(ck, row);
		check_add(ck, RULE_VALUE_EMPTY, "%s without a value", info->label);
		return;
	}
	if (!has_form(c)) {
		check_pick(ck, row);
		check_add(ck, RULE_VALUE_FORM, "%s: %s", info->label, check_names(ck));
	}
	if (info->value == VALUE_ENUM && !is_listed(c)) {
		check_pick(ck, row);
		check_add(ck, RULE_VALUE_NOT_LISTED, "%s: %s", info->label, check_names(ck));
	}
	if (c->type == TYPE_NETWORK_ACTIVATION_DURATION && !is_months(c->value)) {
		check_pick(ck, row);
		check_add(ck, RULE_DURATION_NOT_MONTHS, NULL);
	}
	if (c->type == TYPE_AGE && !strcmp(c->value, "AGE_OVER_13")) {
		check_pick(ck, row);
		check_add(ck, RULE_ALL_AGES, NULL);
	} else if (c->type == TYPE_AGE && !strncmp(c->value, "AGE_13_", 7)) {
		check_pick(ck, row);
		check_add(ck, RULE_TEEN_AGES, NULL);
	}
}

static void check_known(struct check *ck, size_t row, const struct criterion *c)
{
	bool unknown = c->type == TYPE_UNKNOWN;
	struct problem *p;

	if (!unknown && type_info(c->type)->class != CLASS_LEGACY)
		return;
	check_pick(ck, row);
	p = check_add(ck, unknown ? RULE_TYPE_UNKNOWN : RULE_TYPE_RETIRED, "%s: %s",
	    unknown && c->type_name ? c->type_name : type_info(c->type)->label, check_names(ck));
	if (check_is_added(ck, row))
		check_fix_drop(ck, p, &row, 1);
}

static void check_offered(struct check *ck, size_t row, const struct criterion *c)
{
	const struct option *o = NULL;

	if (type_info(c->type)->value != VALUE_LOOKUP)
		return;
	switch (check_option(ck, c, &o)) {
	case RULE_MISSING:
		check_pick(ck, row);
		check_add(ck, c->type == TYPE_LOCATION ? RULE_PLACE_UNKNOWN : RULE_OPTION_GONE,
		    "%s: %s", type_info(c->type)->label, check_names(ck));
		break;
	case RULE_FOUND:
		if (!o->name || !c->name || check_is_added(ck, row) || !strcmp(o->name, c->name))
			break;
		check_pick(ck, row);
		check_add(ck, RULE_OPTION_RENAMED, "%s is now %s", check_names(ck),
		    check_cut(ck, o->name));
		break;
	default:
		break;
	}
}

void check_single(struct check *ck)
{
	for (size_t row = 0; row < ck->e->n && !ck->err; row++) {
		const struct criterion *c = check_at(ck, row);

		if (!effective_is_after(&ck->e->v[row]))
			continue;
		check_known(ck, row, c);
		check_value(ck, row, c);
		if (c->type != TYPE_UNKNOWN && type_info(c->type)->class != CLASS_LEGACY) {
			check_operator(ck, row, c);
			check_offered(ck, row, c);
		}
	}
}
