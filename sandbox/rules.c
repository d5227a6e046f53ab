#include "sandbox/rules.h"

#include <string.h>

typedef bool type_test(enum targeting_type type);

/* How a rule answers: broken or not, which types it is about, the value it stumbled over. */
struct verdict {
	bool broken;
	type_test *about;
	enum targeting_type only; /* when about is NULL */
	const char *value;
};

static size_t count(const struct rule_line *l, enum targeting_type type)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += !l->items[i].gone && l->items[i].type == type;
	return n;
}

static bool has_placement(const struct rule_line *l, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = l->placements; *p;) {
		size_t len = strcspn(p, ",");

		if (len == n && memcmp(p, name, n) == 0)
			return true;
		p += len + (p[len] == ',');
	}
	return false;
}

static bool is_audience(enum targeting_type t)
{
	return t == TYPE_CUSTOM_AUDIENCE || t == TYPE_CUSTOM_AUDIENCE_EXPANDED;
}

static bool is_show_or_place(enum targeting_type t)
{
	return t == TYPE_TV_SHOW || t == TYPE_LOCATION;
}

static bool is_device_or_platform(enum targeting_type t)
{
	return t == TYPE_DEVICE || t == TYPE_PLATFORM;
}

static bool is_engagement(enum targeting_type t)
{
	return t == TYPE_CAMPAIGN_ENGAGEMENT || t == TYPE_USER_ENGAGEMENT;
}

static bool is_engagement_or_modifier(enum targeting_type t)
{
	return is_engagement(t) || t == TYPE_ENGAGEMENT_TYPE;
}

/* "followers of, similar to followers of, interest, engager retargeting, TV": not for search */
static bool is_not_for_search(enum targeting_type t)
{
	return t == TYPE_FOLLOWERS_OF_USER || t == TYPE_SIMILAR_TO_FOLLOWERS_OF_USER ||
	       t == TYPE_INTEREST || t == TYPE_TV_SHOW || is_engagement_or_modifier(t);
}

static bool is_for_promoted_tweets(enum targeting_type t)
{
	return t == TYPE_DEVICE || t == TYPE_TV_SHOW;
}

/* The first criterion of such a type that an operation adds, else any. */
static const struct rule_item *some(const struct rule_line *l, type_test *test)
{
	const struct rule_item *found = NULL;

	for (size_t i = 0; i < l->n; i++) {
		const struct rule_item *it = &l->items[i];

		if (it->gone || !test(it->type))
			continue;
		if (!found || (found->operation < 0 && it->operation >= 0))
			found = it;
	}
	return found;
}

/* "You cannot target both": an audience that is excluded is not targeted. */
static struct verdict rule_R17(const struct rule_line *l)
{
	size_t targeted = 0;

	for (size_t i = 0; i < l->n; i++)
		targeted += !l->items[i].gone && l->items[i].type == TYPE_CUSTOM_AUDIENCE &&
			    l->items[i].op == OP_EQ;
	return (struct verdict){
	    .broken = targeted && count(l, TYPE_CUSTOM_AUDIENCE_EXPANDED), .about = is_audience};
}

static struct verdict rule_R19(const struct rule_line *l)
{
	return (struct verdict){.broken = count(l, TYPE_TV_SHOW) && !count(l, TYPE_LOCATION),
	    .about = is_show_or_place};
}

static struct verdict rule_R20(const struct rule_line *l)
{
	struct verdict v = {.about = is_show_or_place};

	for (size_t s = 0; s < l->n && !v.broken; s++) {
		const char *market;

		if (l->items[s].gone || l->items[s].type != TYPE_TV_SHOW)
			continue;
		market = l->show_country(l->user, l->items[s].value);
		for (size_t p = 0; p < l->n && market && !v.broken; p++) {
			const char *country;

			if (l->items[p].gone || l->items[p].type != TYPE_LOCATION)
				continue;
			country = l->place_country(l->user, l->items[p].value);
			v.broken = !country || strcmp(country, market) != 0;
			v.value = l->items[s].value;
		}
	}
	return v;
}

static struct verdict rule_LIMIT(const struct rule_line *l)
{
	for (int t = 1; t < TYPE_COUNT; t++) {
		enum targeting_type type = (enum targeting_type)t;
		unsigned limit = type_info(type)->limit;

		if (limit && type != TYPE_AGE && !type_is_keyword(type) && count(l, type) > limit)
			return (struct verdict){.broken = true, .only = type};
	}
	return (struct verdict){0};
}

static struct verdict rule_R23(const struct rule_line *l)
{
	return (struct verdict){.broken = count(l, TYPE_AGE) > 1, .only = TYPE_AGE};
}

static struct verdict rule_R28(const struct rule_line *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += !l->items[i].gone && type_is_keyword(l->items[i].type);
	return (struct verdict){
	    .broken = n > type_info(TYPE_BROAD_KEYWORD)->limit, .about = type_is_keyword};
}

static struct verdict rule_R31(const struct rule_line *l)
{
	bool only_search = strcmp(l->placements, "TWITTER_SEARCH") == 0;

	return (struct verdict){
	    .broken = !only_search && count(l, TYPE_EXACT_KEYWORD), .only = TYPE_EXACT_KEYWORD};
}

static struct verdict rule_R32(const struct rule_line *l)
{
	const struct rule_item *it = some(l, is_not_for_search);

	return (struct verdict){.broken = it && has_placement(l, "TWITTER_SEARCH"),
	    .about = is_not_for_search,
	    .value = it ? it->value : NULL};
}

static struct verdict rule_R37(const struct rule_line *l)
{
	const struct rule_item *it = some(l, is_for_promoted_tweets);

	return (struct verdict){.broken = it && strcmp(l->product_type, "PROMOTED_ACCOUNT") == 0,
	    .about = is_for_promoted_tweets,
	    .value = it ? it->value : NULL};
}

static const char *platform_of(const char *os)
{
	static const struct {
		const char *os, *platform;
	} table[] = {{"iOS", "0"}, {"Android", "1"}, {"BlackBerry", "2"}};

	for (size_t i = 0; os && i < sizeof table / sizeof *table; i++)
		if (strcmp(table[i].os, os) == 0)
			return table[i].platform;
	return "";
}

static struct verdict rule_R38(const struct rule_line *l)
{
	struct verdict v = {.about = is_device_or_platform};

	for (size_t d = 0; d < l->n && !v.broken; d++) {
		const char *platform;

		if (l->items[d].gone || l->items[d].type != TYPE_DEVICE)
			continue;
		platform = platform_of(l->device_os(l->user, l->items[d].value));
		for (size_t p = 0; p < l->n && !v.broken; p++)
			v.broken = !l->items[p].gone && l->items[p].type == TYPE_PLATFORM &&
				   strcmp(l->items[p].value, platform) == 0;
		v.value = l->items[d].value;
	}
	return v;
}

static struct verdict rule_R41(const struct rule_line *l)
{
	bool engaged = some(l, is_engagement) != NULL;

	return (struct verdict){.broken = engaged != (count(l, TYPE_ENGAGEMENT_TYPE) > 0),
	    .about = is_engagement_or_modifier};
}

static struct verdict rule_R49(const struct rule_line *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct rule_item *it = &l->items[i];

		if (!it->gone && it->type == TYPE_IAB_CATEGORY && it->op == OP_EQ &&
		    !l->iab_is_covered(l->user, l, it->value))
			return (struct verdict){
			    .broken = true, .only = TYPE_IAB_CATEGORY, .value = it->value};
	}
	return (struct verdict){0};
}

static struct verdict rule_R50(const struct rule_line *l)
{
	return (struct verdict){.broken = l->has_curated_category && count(l, TYPE_IAB_CATEGORY),
	    .only = TYPE_IAB_CATEGORY};
}

static struct verdict rule_R52(const struct rule_line *l)
{
	return (struct verdict){
	    .broken = l->has_curated_category && count(l, TYPE_CONTENT_PUBLISHER_USER) > 5,
	    .only = TYPE_CONTENT_PUBLISHER_USER};
}

static const struct {
	const char *id, *code, *field, *message;
	bool field_is_attribute;
	struct verdict (*judge)(const struct rule_line *);
} rules[] = {
#define RULE(id, code, field, attribute, message) {#id, code, field, message, attribute, rule_##id},
#include "sandbox/rules.def"
#undef RULE
};

/* The last operation that touched what the rule is about; -1: none did. */
static int charge(const struct rule_line *l, const struct verdict *v, const char **value)
{
	int last = -1;

	for (size_t i = 0; i < l->n; i++) {
		const struct rule_item *it = &l->items[i];
		bool about = v->about ? v->about(it->type) : it->type == v->only;

		if (about && it->operation > last) {
			last = it->operation;
			*value = it->value;
		}
	}
	return last;
}

size_t rules_judge(const struct rule_line *line, struct rule_finding *out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < sizeof rules / sizeof *rules && n < max; i++) {
		struct verdict v = rules[i].judge(line);
		const char *value = NULL;
		int operation = v.broken ? charge(line, &v, &value) : -1;

		if (operation < 0)
			continue;
		out[n++] = (struct rule_finding){.id = rules[i].id,
		    .code = rules[i].code,
		    .field = rules[i].field,
		    .message = rules[i].message,
		    .field_is_attribute = rules[i].field_is_attribute,
		    .operation = operation,
		    .value = v.value ? v.value : value};
	}
	return n;
}
