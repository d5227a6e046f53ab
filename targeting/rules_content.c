/* Rules about the content before which an ad runs: IAB categories go by whole content categories. */
#include <string.h>
#include "targeting/rules_impl.h"

/* Rows that target an IAB category, and the content categories. */
struct content {
	struct check *ck;
	const size_t *rows;
	size_t n;
	const struct option_set *all;
};

static bool has_row(const struct content *c, const char *iab, size_t len)
{
	for (size_t i = 0; i < c->n; i++) {
		const char *value = check_at(c->ck, c->rows[i])->value;

		if (!check_is_excluded(c->ck, c->rows[i]) && strlen(value) == len &&
		    memcmp(value, iab, len) == 0)
			return true;
	}
	return false;
}

/* The first IAB id of the category that no row has; its length 0 when all are there. */
static size_t missing(const struct content *c, const char *iabs, const char **which)
{
	for (const char *p = iabs; *p;) {
		size_t len = strcspn(p, ",");

		if (!has_row(c, p, len)) {
			*which = p;
			return len;
		}
		p += len + (p[len] == ',');
	}
	return 0;
}

static bool holds(const char *iabs, const char *iab)
{
	size_t n = strlen(iab);

	for (const char *p = iabs; *p;) {
		size_t len = strcspn(p, ",");

		if (len == n && memcmp(p, iab, n) == 0)
			return true;
		p += len + (p[len] == ',');
	}
	return false;
}

/* Is a content category that holds the id there as a whole? Else *part is one that is not. */
static bool is_covered(const struct content *c, const char *iab, const struct option **part)
{
	*part = NULL;
	for (size_t i = 0; i < c->all->n; i++) {
		const struct option *o = &c->all->v[i];
		const char *which;

		if (!o->extra || !holds(o->extra, iab))
			continue;
		if (!missing(c, o->extra, &which))
			return true;
		if (!*part)
			*part = o;
	}
	return false;
}

static void add_problem(const struct content *c, size_t row, const struct option *part)
{
	struct check *ck = c->ck;
	const char *which;
	size_t len = part ? missing(c, part->extra, &which) : 0;

	if (part)
		check_add(ck, RULE_CONTENT_PARTIAL, "%s is a part of %s, which has %.*s too",
		    check_label(ck, row), check_cut(ck, part->name ? part->name : part->value),
		    (int)(len < 32 ? len : 32), which);
	else
		check_add(
		    ck, RULE_CONTENT_PARTIAL, "%s is in no content category", check_label(ck, row));
}

void check_content(struct check *ck)
{
	const struct rule_lookup *l = ck->ctx->lookup;
	struct content c = {.ck = ck};

	c.rows = check_rows(ck, TYPE_IAB_CATEGORY, &c.n);
	if (!c.n || !l || !l->contents || l->contents(l->user, &c.all) != RULE_FOUND)
		return;
	for (size_t i = 0; i < c.n && !ck->err; i++) {
		const char *value = check_at(ck, c.rows[i])->value;
		const struct option *part;

		if (check_is_excluded(ck, c.rows[i]) || is_covered(&c, value, &part))
			continue;
		check_pick(ck, c.rows[i]);
		check_touched(ck, TYPE_IAB_CATEGORY);
		add_problem(&c, c.rows[i], part);
	}
}
