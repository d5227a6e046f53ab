#include "cli/lookups.h"

#include <string.h>
#include "session/judge.h"
#include "session/options.h"

/* One or two requests each (reference 5). Places below countries, topics, events and TV shows are too
 * many to be fetched for a lint; the picker leaves in the cache what was looked at. */
static const struct {
	enum targeting_type type;
	const char *kind;
	struct api_param param; /* name NULL: none */
} small[] = {{TYPE_INTEREST, "interests", {NULL, NULL}}, {TYPE_LANGUAGE, "languages", {NULL, NULL}},
    {TYPE_PLATFORM, "platforms", {NULL, NULL}},
    {TYPE_PLATFORM_VERSION, "platform_versions", {NULL, NULL}},
    {TYPE_DEVICE, "devices", {NULL, NULL}},
    {TYPE_APP_STORE_CATEGORY, "app_store_categories", {NULL, NULL}},
    {TYPE_NETWORK_OPERATOR, "network_operators", {"country_code", "US"}},
    {TYPE_IAB_CATEGORY, "content_categories", {NULL, NULL}},
    {TYPE_LOCATION, "locations", {"location_type", "COUNTRIES"}}};

typedef void criterion_fn(const struct criterion *c, void *user);

static enum err each_criterion(struct headless *h, const char *const *ids, size_t n,
    criterion_fn *fn, void *user, struct errinfo *ei)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < n && !err; i++) {
		struct criterion_set live;
		size_t unknown;

		criterion_set_init(&live);
		err = session_criteria(h->session, &ids[i], 1, &live, &unknown, ei);
		for (size_t k = 0; k < live.n && !err; k++)
			if (!live.v[k].deleted)
				fn(&live.v[k], user);
		criterion_set_done(&live);
	}
	return err;
}

static void note_type(const struct criterion *c, void *user)
{
	bool *used = user;

	used[c->type] = true;
}

void lookups_read(struct headless *h, const char *const *ids, size_t n)
{
	bool used[TYPE_COUNT] = {false};
	struct errinfo ei;

	if (each_criterion(h, ids, n, note_type, used, &ei))
		return;
	for (size_t i = 0; i < sizeof small / sizeof *small; i++)
		if (used[small[i].type])
			options_get(h->session, small[i].kind, &small[i].param,
			    small[i].param.name ? 1 : 0);
	headless_wait(h, &ei);
}

void lookups_of_changes(struct headless *h, const struct change_set *changes)
{
	struct errinfo ei;
	size_t i = 0;

	while (i < changes->n && changes->v[i].type != TYPE_IAB_CATEGORY)
		i++;
	if (i == changes->n)
		return;
	options_get(h->session, "content_categories", NULL, 0);
	headless_wait(h, &ei);
}

struct count {
	struct rule_lookup lookup;
	size_t *of;
};

static void count_unknown(const struct criterion *c, void *user)
{
	struct count *k = user;
	const struct option *o;

	if (type_info(c->type)->value == VALUE_LOOKUP &&
	    type_info(c->type)->class != CLASS_LEGACY && c->value &&
	    k->lookup.option(k->lookup.user, c->type, c->value, &o) == RULE_UNKNOWN)
		k->of[c->type]++;
}

enum err lookups_unknown(struct headless *h, const char *const *ids, size_t n,
    size_t count[TYPE_COUNT], struct errinfo *ei)
{
	struct judge j;
	struct count k;
	enum err err;

	judge_init(&j, h->session);
	k = (struct count){judge_rule_lookup(&j), count};
	err = each_criterion(h, ids, n, count_unknown, &k, ei);
	judge_done(&j);
	return err;
}
