#include "views/mark.h"

#include <stdio.h>
#include "session/lint.h"
#include "views/rows.h"

#define BITS 21 /* of each severity: two million problems */
#define MOST ((1u << BITS) - 1)

static unsigned count(mark m, enum rule_severity s)
{
	return (unsigned)(m >> ((unsigned)s * BITS)) & MOST;
}

mark mark_plus(mark m, enum rule_severity s)
{
	return count(m, s) == MOST ? m : m + ((mark)1 << ((unsigned)s * BITS));
}

int mark_compare(mark a, mark b)
{
	return (a > b) - (a < b);
}

void mark_cell(mark m, struct table_cell *out)
{
	static const char *const signs[] = {
	    [RULE_NOTE] = ".", [RULE_WARNING] = "!", [RULE_ERROR] = "!!"};
	static const enum style styles[] = {
	    [RULE_NOTE] = STYLE_DIM, [RULE_WARNING] = STYLE_WARNING, [RULE_ERROR] = STYLE_ERROR};
	enum rule_severity worst = RULE_ERROR;

	if (!m)
		return;
	while (!count(m, worst))
		worst--;
	if (count(m, worst) > 1)
		snprintf(out->scratch, sizeof out->scratch, "%s%u", signs[worst], count(m, worst));
	else
		snprintf(out->scratch, sizeof out->scratch, "%s", signs[worst]);
	row_cell_text(out, out->scratch);
	out->style = styles[worst];
}

mark mark_of_line_item(const struct session *s, const char *id)
{
	size_t n;
	const struct lint_row *rows = lint_rows(s, id, &n);
	mark m = 0;

	for (size_t i = 0; i < n; i++)
		m = mark_plus(m, rows[i].severity);
	return m;
}

mark marks_get(const struct map *ids, const char *id)
{
	uint64_t m = 0;

	if (id)
		map_get(ids, id, &m);
	return m;
}

static void start(struct map *ids)
{
	map_done(ids);
	map_init(ids);
}

void marks_by_campaign(struct map *ids, const struct session *s)
{
	const struct line_item_set *items = session_line_items(s);

	start(ids);
	for (size_t i = 0; i < items->n; i++) {
		const char *campaign = items->v[i].campaign_id;
		size_t n;
		const struct lint_row *rows = lint_rows(s, items->v[i].id, &n);
		mark m = n ? marks_get(ids, campaign) : 0;

		for (size_t k = 0; k < n; k++)
			m = mark_plus(m, rows[k].severity);
		if (m && campaign && map_put(ids, campaign, m))
			return;
	}
}

void marks_by_audience(struct map *ids, const struct session *s)
{
	const struct line_item_set *items = session_line_items(s);

	start(ids);
	for (size_t i = 0; i < items->n; i++) {
		size_t n;
		const struct lint_row *rows = lint_rows(s, items->v[i].id, &n);

		for (size_t k = 0; k < n; k++)
			if (rows[k].audience &&
			    map_put(ids, rows[k].audience,
				mark_plus(marks_get(ids, rows[k].audience), rows[k].severity)))
				return;
	}
}
