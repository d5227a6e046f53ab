/* Problem marks of a row in a list: how many problems of which severity, as one number that orders
 * rows by their worst ones, and as a sign that needs no colour: "!!" errors, "!" warnings, "." notes,
 * with their number when there are several. */
#ifndef RETICLE_VIEWS_MARK_H
#define RETICLE_VIEWS_MARK_H

#include <stdint.h>
#include "base/map.h"
#include "targeting/rules.h"
#include "tui/table.h"
#include "session/session.h"

typedef uint64_t mark; /* 0: no problem is known; larger is worse */

#define MARK_COLUMN                                                                                \
	{                                                                                          \
		"!", 4, 4, 0, ALIGN_LEFT, CUT_END, COL_SORT | COL_HIDEABLE | COL_REVERSE           \
	}

mark mark_plus(mark m, enum rule_severity s);
void mark_cell(mark m, struct table_cell *out);
int mark_compare(mark a, mark b);

mark mark_of_line_item(const struct session *s, const char *id);
/* Of all problems that lint knows, by the campaign of the line item, or by the audience that is
 * involved. ids: to the marks. Without memory some are missing until the next time. */
void marks_by_campaign(struct map *ids, const struct session *s);
void marks_by_audience(struct map *ids, const struct session *s);
mark marks_get(const struct map *ids, const char *id);

#endif
