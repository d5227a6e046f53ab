/* Rules about audiences and about people who engaged. */
#include <string.h>
#include "targeting/rules_impl.h"

/* --- reasons in words */

static const struct {
	const char *api, *text;
} reasons[] = {
    {"TOO_SMALL", "too small: at least 100 matched users active in the last 90 days are needed"},
    {"PROCESSING", "processing: batches run every 6 to 8 hours"},
};

static void add_reason(struct buf *out, const char *s, size_t n)
{
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (strlen(reasons[i].api) == n && !memcmp(reasons[i].api, s, n)) {
			buf_adds(out, reasons[i].text);
			return;
		}
	buf_adds(out, "X says ");
	buf_add(out, s, n);
}

enum err rules_audience_reasons(struct buf *out, const struct audience *a)
{
	const char *s = a->reasons_not_targetable ? a->reasons_not_targetable : "";
	const char *sep = "";

	if (a->deleted)
		return buf_adds(out, "deleted");
	if (a->targetable)
		return out->failed;
	if (!*s) /* seen in a documented sample: do not infer one (reference 7.2) */
		return buf_adds(out, "not targetable; X gives no reason");
	while (*s) {
		size_t n = strcspn(s, ",");

		buf_adds(out, sep);
		add_reason(out, s, n);
		sep = "; ";
		s += n + (s[n] == ',');
	}
	return out->failed;
}

/* --- one audience */

/* Is there a targetable type for this use? The API lists them in pairs, such as CRM and
 * EXCLUDED_CRM. */
static bool may_be_used(const struct audience *a, bool excluded)
{
	const char *s = a->targetable_types ? a->targetable_types : "";

	if (!*s)
		return true;
	while (*s) {
		size_t n = strcspn(s, ",");

		if (excluded == (n > 9 && !memcmp(s, "EXCLUDED_", 9)))
			return true;
		s += n + (s[n] == ',');
	}
	return false;
}

static void judge_state(struct check *ck, size_t row, const struct audience *a)
{
	const char *name = check_label(ck, row);
	bool excluded = check_is_excluded(ck, row);
	char text[300];
	struct buf why;

	if (!a->targetable) {
		buf_init(&why, sizeof text - 1);
		rules_audience_reasons(&why, a);
		check_pick(ck, row);
		check_add(ck, RULE_AUDIENCE_NOT_TARGETABLE, "%s: %s", name, buf_str(&why));
		buf_done(&why);
	} else if (!may_be_used(a, excluded)) {
		check_pick(ck, row);
		check_add(ck, RULE_AUDIENCE_TYPE, "%s: usable as %s", name, a->targetable_types);
	} else if (a->audience_size >= 0 && a->audience_size < 500) {
		check_pick(ck, row);
		check_add(
		    ck, RULE_AUDIENCE_SMALL, "%s: %lld people", name, (long long)a->audience_size);
	}
	if (a->owner_account_id && ck->ctx->account_id &&
	    strcmp(a->owner_account_id, ck->ctx->account_id) != 0) {
		check_pick(ck, row);
		check_add(ck, RULE_AUDIENCE_SHARED, "%s: owned by account %s", name,
		    check_cut(ck, a->owner_account_id));
	}
}

static void judge_audience(struct check *ck, size_t row)
{
	const struct criterion *c = check_at(ck, row);
	const struct audience *a = NULL;
	enum rule_found found = check_audience(ck, c->value, &a);

	if (found == RULE_MISSING || (found == RULE_FOUND && a->deleted)) {
		check_pick(ck, row);
		check_add(ck, RULE_AUDIENCE_GONE, "%s: %s", check_label(ck, row),
		    found == RULE_FOUND ? "deleted" : "not among the account's audiences");
	} else if (found == RULE_FOUND) {
		judge_state(ck, row, a);
	}
}

static void check_lookalikes(struct check *ck)
{
	size_t n, m;
	const size_t *like = check_rows(ck, TYPE_CUSTOM_AUDIENCE_EXPANDED, &n);
	const size_t *plain = check_rows(ck, TYPE_CUSTOM_AUDIENCE, &m);
	bool targeted_like = false, targeted_plain = false;
	struct problem *p;

	for (size_t i = 0; i < n; i++) {
		if (!check_is_excluded(ck, like[i])) {
			targeted_like = true;
			continue;
		}
		check_pick(ck, like[i]);
		p = check_add(ck, RULE_LOOKALIKE_EXCLUDED, NULL);
		if (check_is_added(ck, like[i]))
			check_fix_drop(ck, p, &like[i], 1);
	}
	for (size_t i = 0; i < m; i++)
		targeted_plain |= !check_is_excluded(ck, plain[i]);
	if (!targeted_like || !targeted_plain)
		return;
	for (size_t i = 0; i < m; i++)
		if (!check_is_excluded(ck, plain[i]))
			check_pick(ck, plain[i]);
	for (size_t i = 0; i < n; i++)
		if (!check_is_excluded(ck, like[i]))
			check_pick(ck, like[i]);
	check_touched(ck, TYPE_CUSTOM_AUDIENCE);
	check_touched(ck, TYPE_CUSTOM_AUDIENCE_EXPANDED);
	p = check_add(
	    ck, RULE_LOOKALIKE_WITH_AUDIENCE, "audience and look-alike: %s", check_names(ck));
	if (p && !p->n_unstage)
		check_take_back(ck, p, TYPE_CUSTOM_AUDIENCE_EXPANDED);
	if (p && !p->n_unstage)
		check_take_back(ck, p, TYPE_CUSTOM_AUDIENCE);
}

void check_audiences(struct check *ck)
{
	static const enum targeting_type kinds[] = {
	    TYPE_CUSTOM_AUDIENCE, TYPE_CUSTOM_AUDIENCE_EXPANDED};

	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
		size_t n;
		const size_t *rows = check_rows(ck, kinds[k], &n);

		for (size_t i = 0; i < n && !ck->err; i++)
			judge_audience(ck, rows[i]);
	}
	check_lookalikes(ck);
}

/* --- engagement */

static void touch_engagement(struct check *ck)
{
	check_touched(ck, TYPE_ENGAGEMENT_TYPE);
	check_touched(ck, TYPE_CAMPAIGN_ENGAGEMENT);
	check_touched(ck, TYPE_USER_ENGAGEMENT);
}

static void check_companions(struct check *ck)
{
	size_t n_how, n_camp, n_user;
	const size_t *how = check_rows(ck, TYPE_ENGAGEMENT_TYPE, &n_how);
	const size_t *camp = check_rows(ck, TYPE_CAMPAIGN_ENGAGEMENT, &n_camp);
	const size_t *user = check_rows(ck, TYPE_USER_ENGAGEMENT, &n_user);
	struct problem *p;

	if (n_how && !n_camp && !n_user) {
		for (size_t i = 0; i < n_how; i++)
			check_pick(ck, how[i]);
		touch_engagement(ck);
		p = check_add(ck, RULE_ENGAGEMENT_TYPE_ALONE, NULL);
		check_fix_drop(ck, p, how, n_how);
	}
	if (n_how || !(n_camp + n_user))
		return;
	for (size_t i = 0; i < n_camp; i++)
		check_pick(ck, camp[i]);
	for (size_t i = 0; i < n_user; i++)
		check_pick(ck, user[i]);
	touch_engagement(ck);
	check_add(ck, RULE_ENGAGEMENT_NO_TYPE, NULL);
}

static void check_campaigns(struct check *ck, enum targeting_type t)
{
	size_t n;
	const size_t *rows = check_rows(ck, t, &n);

	for (size_t i = 0; i < n; i++) {
		const struct campaign *c = NULL;
		enum rule_found found = check_campaign(ck, check_at(ck, rows[i])->value, &c);

		if (found == RULE_MISSING || (found == RULE_FOUND && c->deleted)) {
			check_pick(ck, rows[i]);
			check_add(ck, RULE_CAMPAIGN_GONE, NULL);
		}
	}
}

/* Users that the account may promote: fully for followers, at all for engagers. */
static void check_users(struct check *ck, enum targeting_type t, enum rule_id rule)
{
	const struct rule_lookup *l = ck->ctx->lookup;
	size_t n;
	const size_t *rows = check_rows(ck, t, &n);

	for (size_t i = 0; i < n && l && l->promotable; i++) {
		const char *id = check_at(ck, rows[i])->value;
		const struct promotable_user *u = NULL;
		enum rule_found found = id ? l->promotable(l->user, id, &u) : RULE_UNKNOWN;
		bool full = found == RULE_FOUND && u->promotable_user_type &&
			    !strcmp(u->promotable_user_type, "FULL");

		if (found == RULE_UNKNOWN)
			continue;
		if (found == RULE_FOUND && !u->deleted && (full || rule == RULE_ENGAGED_NOT_OWN))
			continue;
		check_pick(ck, rows[i]);
		check_add(ck, rule, NULL);
	}
}

void check_engagement(struct check *ck)
{
	check_companions(ck);
	check_campaigns(ck, TYPE_CAMPAIGN_ENGAGEMENT);
	check_campaigns(ck, TYPE_CAMPAIGN_ENGAGEMENT_LOOKALIKE);
	check_users(ck, TYPE_FOLLOWERS_OF_USER, RULE_FOLLOWERS_NOT_OWN);
	check_users(ck, TYPE_USER_ENGAGEMENT, RULE_ENGAGED_NOT_OWN);
	check_users(ck, TYPE_USER_ENGAGEMENT_LOOKALIKE, RULE_ENGAGED_NOT_OWN);
}
