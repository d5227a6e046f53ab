/* What the tests of targeting share: a seeded generator, criteria, random sets, and a synthetic
 * population with a second, naive reading of how criteria combine (reference 4). */
#ifndef RETICLE_TESTS_TARGETING_KIT_H
#define RETICLE_TESTS_TARGETING_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "targeting/change.h"
#include "targeting/expr.h"
#include "targeting/model.h"

/* --- chance */

static uint64_t kit_state = 1;

static inline void kit_seed(uint64_t seed)
{
	kit_state = seed * 0x9e3779b97f4a7c15u + 1;
}

static inline uint64_t kit_mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9u;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static inline unsigned kit_below(unsigned n)
{
	kit_state += 0x9e3779b97f4a7c15u;
	return (unsigned)(kit_mix(kit_state) % n);
}

/* --- criteria */

static inline struct criterion kit_criterion(
    enum targeting_type t, enum operator_type op, const char *value)
{
	return (struct criterion){.line_item_id = "li1",
	    .type = t,
	    .type_name = type_info(t)->name,
	    .op = op,
	    .value = value};
}

static inline void kit_add(
    struct criterion_set *s, enum targeting_type t, enum operator_type op, const char *value)
{
	struct criterion c = kit_criterion(t, op, value);
	char id[24];

	snprintf(id, sizeof id, "cr%zu", s->n + 1);
	c.id = id;
	assert_non_null(criterion_set_copy(s, &c));
}

/* What random sets are made of: few values, so that they meet. */
struct kit_pool {
	enum targeting_type type;
	enum operator_type op;
	const char *value;
};

#define KW(v)                                                                                      \
	{TYPE_BROAD_KEYWORD, OP_EQ, v}, {TYPE_BROAD_KEYWORD, OP_NE, v},                            \
	{                                                                                          \
		TYPE_PHRASE_KEYWORD, OP_EQ, v                                                      \
	}
static const struct kit_pool kit_pool[] = {KW("tea"), KW("green tea"), KW("caf\xc3\xa9"), KW("x"),
    {TYPE_INTEREST, OP_EQ, "1001"}, {TYPE_INTEREST, OP_EQ, "19001"},
    {TYPE_INTEREST, OP_EQ, "19002"}, {TYPE_CUSTOM_AUDIENCE, OP_EQ, "a1"},
    {TYPE_CUSTOM_AUDIENCE, OP_NE, "a1"}, {TYPE_CUSTOM_AUDIENCE, OP_NE, "a2"},
    {TYPE_TV_SHOW, OP_EQ, "10027243420"}, {TYPE_CAMPAIGN_ENGAGEMENT, OP_EQ, "c1"},
    {TYPE_CAMPAIGN_ENGAGEMENT, OP_EQ, "c2"}, {TYPE_USER_ENGAGEMENT, OP_EQ, "u1"},
    {TYPE_ENGAGEMENT_TYPE, OP_EQ, "IMPRESSION"}, {TYPE_ENGAGEMENT_TYPE, OP_EQ, "VIDEO_VIEW"},
    {TYPE_LOCATION, OP_EQ, "96683cc9126741d1"}, {TYPE_LOCATION, OP_EQ, "6416b8512febefc9"},
    {TYPE_LOCATION, OP_EQ, "5122804691e5fecc"}, {TYPE_AGE, OP_EQ, "AGE_18_TO_34"},
    {TYPE_AGE, OP_EQ, "AGE_OVER_35"}, {TYPE_GENDER, OP_EQ, "1"}, {TYPE_GENDER, OP_EQ, "2"},
    {TYPE_LANGUAGE, OP_EQ, "en"}, {TYPE_LANGUAGE, OP_EQ, "ja"}, {TYPE_PLATFORM, OP_EQ, "0"},
    {TYPE_PLATFORM, OP_EQ, "1"}, {TYPE_PLATFORM, OP_EQ, "4"}, {TYPE_DEVICE, OP_EQ, "i-1q"},
    {TYPE_DEVICE, OP_EQ, "a-7"}, {TYPE_DEVICE, OP_EQ, "?-1"},
    {TYPE_PLATFORM_VERSION, OP_EQ, "i-17"}, {TYPE_PLATFORM_VERSION, OP_GTE, "i-18"},
    {TYPE_PLATFORM_VERSION, OP_EQ, "a-9"}, {TYPE_PLATFORM_VERSION, OP_EQ, "?-2"},
    {TYPE_NETWORK_ACTIVATION_DURATION, OP_LT, "6"}, {TYPE_NETWORK_ACTIVATION_DURATION, OP_GTE, "3"},
    {TYPE_WIFI_ONLY, OP_EQ, "1"}, {TYPE_IAB_CATEGORY, OP_NE, "IAB12"},
    {TYPE_NEGATIVE_PHRASE_KEYWORD, OP_EQ, "old"}, {TYPE_TAILORED_AUDIENCE, OP_EQ, "t1"}};
#undef KW
#define KIT_POOL (sizeof kit_pool / sizeof kit_pool[0])

static inline void kit_random_set(struct criterion_set *s, unsigned most)
{
	bool used[KIT_POOL] = {false};

	for (unsigned n = kit_below(most + 1); n; n--) {
		unsigned i = kit_below(KIT_POOL);

		if (!used[i])
			kit_add(s, kit_pool[i].type, kit_pool[i].op, kit_pool[i].value);
		used[i] = true;
	}
}

/* OS of the pool's devices and versions: by their first letter. PLATFORM has its own. */
static inline void kit_os(void *user, const struct criterion *c, char os[EXPR_OS_BYTES])
{
	(void)user;
	if (c->type != TYPE_PLATFORM && strchr("ia", c->value[0]))
		snprintf(os, EXPR_OS_BYTES, "%s", c->value[0] == 'i' ? "iOS" : "android");
}

static const struct expr_lookup kit_lookup = {.os = kit_os};

/* --- people: whether a criterion describes somebody is a fixed coin toss */

static inline bool kit_toss(uint64_t person, const struct criterion *c, const char *how)
{
	uint64_t h = kit_mix(person + 0x51ed27u * (unsigned)c->type);

	for (const char *s = c->value; *s; s++)
		h = kit_mix(h ^ (unsigned char)*s);
	for (const char *s = how; *s; s++)
		h = kit_mix(h + (unsigned char)*s);
	return h & 1;
}

static inline bool kit_match(void *user, const struct criterion *c, const struct criterion *how)
{
	uint64_t person = *(uint64_t *)user;
	size_t n;
	const struct type_enum_value *hows = type_enum_values(TYPE_ENGAGEMENT_TYPE, &n);

	if (c->type == TYPE_NETWORK_ACTIVATION_DURATION) {
		int months = (int)(kit_mix(person) % 9), bound = c->value[0] - '0';

		return c->op == OP_LT ? months < bound : months >= bound;
	}
	if (c->type != TYPE_CAMPAIGN_ENGAGEMENT && c->type != TYPE_USER_ENGAGEMENT)
		return kit_toss(person, c, "");
	if (how)
		return kit_toss(person, c, how->value);
	for (size_t i = 0; i < n; i++)
		if (kit_toss(person, c, hows[i].value))
			return true;
	return false;
}

/* --- the naive reading: one pass over the criteria for each question */

static inline bool kit_excludes(const struct criterion *c)
{
	return c->op == OP_NE || strstr(c->type_name, "NEGATIVE") == c->type_name;
}

static inline bool kit_engaged(
    const struct criterion *const *v, size_t n, const struct criterion *c, uint64_t person)
{
	bool qualified = false;

	for (size_t i = 0; i < n; i++)
		if (v[i]->type == TYPE_ENGAGEMENT_TYPE) {
			qualified = true;
			if (kit_match(&person, c, v[i]))
				return true;
		}
	return !qualified && kit_match(&person, c, NULL);
}

static inline const char *kit_os_name(const struct criterion *c)
{
	static const char *const platform[] = {"iOS", "Android", "", "", "Desktop"};

	if (c->type == TYPE_PLATFORM)
		return platform[c->value[0] - '0'];
	return c->value[0] == 'i' ? "iOS" : c->value[0] == 'a' ? "Android" : "";
}

static inline bool kit_devices(const struct criterion *const *v, size_t n, uint64_t person)
{
	bool present = false, hit = false;

	for (size_t i = 0; i < n; i++) {
		bool version = v[i]->type == TYPE_PLATFORM_VERSION, counterpart = false,
		     other = false;

		if (!version && v[i]->type != TYPE_PLATFORM && v[i]->type != TYPE_DEVICE)
			continue;
		present = true;
		for (size_t j = 0; j < n; j++) {
			bool v2 = v[j]->type == TYPE_PLATFORM_VERSION;

			if ((!v2 && v[j]->type != TYPE_PLATFORM && v[j]->type != TYPE_DEVICE) ||
			    v2 == version || !*kit_os_name(v[i]) ||
			    strcmp(kit_os_name(v[i]), kit_os_name(v[j])) != 0)
				continue;
			counterpart = true;
			other |= kit_match(&person, v[j], NULL);
		}
		hit |= kit_match(&person, v[i], NULL) && (!counterpart || other);
	}
	return !present || hit;
}

static inline bool kit_reaches(const struct criterion *const *v, size_t n, uint64_t person)
{
	bool united = false, found = false;

	for (size_t i = 0; i < n; i++) {
		const struct criterion *c = v[i];
		enum type_class class = type_info(c->type)->class;
		bool any = false;

		if (kit_excludes(c)) {
			if (kit_match(&person, c, NULL))
				return false;
			continue;
		}
		if (class == CLASS_PRIMARY || class == CLASS_LEGACY) {
			united = true;
			found |=
			    c->type == TYPE_CAMPAIGN_ENGAGEMENT || c->type == TYPE_USER_ENGAGEMENT
				? kit_engaged(v, n, c, person)
				: kit_match(&person, c, NULL);
			continue;
		}
		if (class == CLASS_MODIFIER || c->type == TYPE_PLATFORM || c->type == TYPE_DEVICE ||
		    c->type == TYPE_PLATFORM_VERSION)
			continue;
		for (size_t j = 0; j < n; j++)
			if (v[j]->type == c->type && !kit_excludes(v[j]) &&
			    (c->type != TYPE_NETWORK_ACTIVATION_DURATION || v[j]->op == c->op))
				any |= kit_match(&person, v[j], NULL);
		if (!any)
			return false;
	}
	return (!united || found) && kit_devices(v, n, person);
}

/* Pointers to the records of a set, as expr_build wants them. */
static inline size_t kit_list(const struct criterion_set *s, const struct criterion **v)
{
	for (size_t i = 0; i < s->n; i++)
		v[i] = &s->v[i];
	return s->n;
}

#endif
