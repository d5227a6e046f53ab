#include "sandbox/estimate.h"

#include <stdlib.h>
#include <string.h>
#include "base/map.h"
#include "base/mem.h"

/* A share between low and high, fixed for each value. */
static double share_of(const char *value, double low, double high)
{
	return low + (high - low) * (double)(map_hash(value) % 10007) / 10007.0;
}

bool estimate_has_primary(const struct estimate *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (type_info(e->items[i].type)->class == CLASS_PRIMARY && e->items[i].op == OP_EQ)
			return true;
	return false;
}

/* Part of the world that one primary criterion reaches. */
static double primary_share(const struct estimate *e, const struct estimate_item *it)
{
	size_t words = 1;

	switch (it->type) {
	case TYPE_BROAD_KEYWORD:
	case TYPE_PHRASE_KEYWORD:
	case TYPE_EXACT_KEYWORD:
	case TYPE_UNORDERED_KEYWORD:
		for (const char *p = it->value; *p; p++)
			words += *p == ' ';
		return share_of(it->value, 0.004, 0.03) / (double)words *
		       (it->type == TYPE_BROAD_KEYWORD ? 1.0 : 0.5);
	case TYPE_CUSTOM_AUDIENCE:
		return e->audience(e->user, it->value) / ESTIMATE_WORLD;
	case TYPE_CUSTOM_AUDIENCE_EXPANDED:
		return 0.01 + 20 * e->audience(e->user, it->value) / ESTIMATE_WORLD;
	case TYPE_INTEREST:
		return share_of(it->value, 0.01, 0.08);
	case TYPE_FOLLOWERS_OF_USER:
		return share_of(it->value, 0.0001, 0.002);
	default:
		return share_of(it->value, 0.002, 0.02);
	}
}

/* Union of the primary criteria as if they were independent; 1 when there is none. */
static double primary_union(const struct estimate *e)
{
	double missed = 1;

	if (!estimate_has_primary(e))
		return 1;
	for (size_t i = 0; i < e->n; i++) {
		const struct estimate_item *it = &e->items[i];
		double share;

		if (type_info(it->type)->class != CLASS_PRIMARY || it->op != OP_EQ)
			continue;
		share = primary_share(e, it);
		missed *= 1 - (share > 0.95 ? 0.95 : share);
	}
	return 1 - missed;
}

/* What excluded criteria leave over. They are shares of the same people, so they multiply. */
static double left_over(const struct estimate *e)
{
	double left = 1;

	for (size_t i = 0; i < e->n; i++) {
		double share = e->items[i].op == OP_NE ? primary_share(e, &e->items[i]) : 0;

		left *= 1 - (share > 0.95 ? 0.95 : share);
	}
	return left;
}

struct country {
	const char *code;
	double people, all;
	bool whole;
};

/* Places unite; a place inside a targeted country adds nothing (rule R46). */
static double geography(const struct estimate *e)
{
	struct country *countries = mem_array(e->n + 1, sizeof *countries);
	double people = 0;
	size_t n = 0;

	for (size_t i = 0; countries && i < e->n; i++) {
		bool is_country;
		const char *code;
		double part, all;
		size_t k = 0;

		if (e->items[i].type != TYPE_LOCATION || e->items[i].op != OP_EQ)
			continue;
		if (!e->place(e->user, e->items[i].value, &is_country, &code, &part, &all)) {
			is_country = false;
			code = e->items[i].value; /* a place we do not know stands for itself */
			part = all = 50000;
		}
		while (k < n && strcmp(countries[k].code, code) != 0)
			k++;
		if (k == n)
			countries[n++] = (struct country){.code = code, .all = all};
		countries[k].people += part;
		countries[k].whole |= is_country;
	}
	for (size_t k = 0; k < n; k++)
		people += countries[k].whole || countries[k].people > countries[k].all
			      ? countries[k].all
			      : countries[k].people;
	mem_free(countries);
	return n ? people : ESTIMATE_WORLD;
}

/* Years of "AGE_21_TO_34" and "AGE_OVER_21" as a share of everybody. */
static double age_share(const char *bucket)
{
	static const struct {
		int from;
		double share;
	} steps[] = {
	    {13, 0.07}, {18, 0.09}, {21, 0.13}, {25, 0.31}, {35, 0.28}, {50, 0.06}, {55, 0.06}};
	const char *to = strstr(bucket, "_TO_");
	int from = (int)strtol(bucket + (to ? 4 : 9), NULL, 10);
	int until = to ? (int)strtol(to + 4, NULL, 10) : 200;
	double share = 0;

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		if (steps[i].from >= from && steps[i].from <= until)
			share += steps[i].share;
	return share;
}

static double other_share(const struct estimate_item *it)
{
	double months;

	switch (it->type) {
	case TYPE_AGE:
		return age_share(it->value);
	case TYPE_GENDER:
		return strcmp(it->value, "1") == 0 ? 0.57 : 0.43;
	case TYPE_LANGUAGE:
		return strcmp(it->value, "en") == 0 ? 0.38 : share_of(it->value, 0.01, 0.14);
	case TYPE_PLATFORM:
		return *it->value == '0' ? 0.33 : *it->value == '1' ? 0.46 : 0.07;
	case TYPE_PLATFORM_VERSION:
		return it->op == OP_GTE ? share_of(it->value, 0.2, 0.6)
					: share_of(it->value, 0.01, 0.1);
	case TYPE_DEVICE:
		return share_of(it->value, 0.001, 0.03);
	case TYPE_NETWORK_OPERATOR:
		return share_of(it->value, 0.001, 0.08);
	case TYPE_WIFI_ONLY:
		return 0.6;
	case TYPE_NETWORK_ACTIVATION_DURATION:
		months = strtod(it->value, NULL);
		return it->op == OP_LT ? months / (months + 24) : 24 / (months + 24);
	default:
		return share_of(it->value, 0.05, 0.4);
	}
}

/* Criteria of one type unite; types narrow each other. PLATFORM and DEVICE unite with each other
 * (reference section 4). The two operators of NETWORK_ACTIVATION_DURATION are a range. */
static double others(const struct estimate *e)
{
	double all = 1, sums[TYPE_COUNT + 1] = {0};

	for (size_t i = 0; i < e->n; i++) {
		const struct estimate_item *it = &e->items[i];
		enum targeting_type t = it->type == TYPE_DEVICE ? TYPE_PLATFORM : it->type;

		if (type_info(t)->class != CLASS_OTHER || t == TYPE_LOCATION || it->op == OP_NE)
			continue;
		if (t == TYPE_NETWORK_ACTIVATION_DURATION)
			all *= other_share(it);
		else
			sums[t] += other_share(it);
	}
	for (size_t t = 0; t < TYPE_COUNT; t++)
		if (sums[t] > 0 && sums[t] < 1)
			all *= sums[t];
	return all;
}

double estimate_people(const struct estimate *e)
{
	return geography(e) * others(e) * primary_union(e) * left_over(e);
}
