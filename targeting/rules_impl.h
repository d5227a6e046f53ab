/* What the rule checks share: the rows by type, and how a problem is made. A check picks rows, then
 * adds the problem; errors stick in `err`, so that checks read as the rules do. Internal. */
#ifndef RETICLE_TARGETING_RULES_IMPL_H
#define RETICLE_TARGETING_RULES_IMPL_H

#include "targeting/cell.h"
#include "targeting/rules.h"
#include "targeting/set.h"

struct rule_scratch {
	size_t start[TYPE_COUNT + 1]; /* rows of type t: order[start[t] .. start[t + 1]) */
	size_t *order;
	size_t order_cap;
	size_t *pick;
	size_t pick_cap;
	struct set_index index;
	struct buf msg;
};

struct check {
	struct problem_list *out;
	struct rule_scratch *s;
	const struct rule_ctx *ctx;
	const struct effective *e;
	struct expr_lookup os; /* OS of devices, from the catalogue */
	struct arena tmp; /* what lives no longer than the check */
	const struct change *cause; /* of the next problem, when no picked row says it */
	size_t n_pick;
	enum err err;
};

/* --- rows; "final" rows are those that the line item will have after posting */

const size_t *check_rows(const struct check *ck, enum targeting_type t, size_t *n);
size_t check_count(const struct check *ck, enum targeting_type t);
static inline const struct criterion *check_at(const struct check *ck, size_t row)
{
	return ck->e->v[row].criterion;
}
bool check_is_added(const struct check *ck, size_t row);
bool check_is_excluded(const struct check *ck, size_t row);
/* Name of the row for people, cut at 60 bytes: names of the account have no limit. */
const char *check_label(struct check *ck, size_t row);
const char *check_cut(struct check *ck, const char *text); /* any text, cut likewise */

/* --- look-ups that are safe to call without callbacks */

enum rule_found check_audience(const struct check *ck, const char *id, const struct audience **out);
enum rule_found check_campaign(const struct check *ck, const char *id, const struct campaign **out);
enum rule_found check_option(
    const struct check *ck, const struct criterion *c, const struct option **out);

/* --- problems */

void check_pick(struct check *ck, size_t row);
/* The next problem is about all rows of this type together: X judges it again whenever a staged
 * change touches the type, even one that only removes. */
void check_touched(struct check *ck, enum targeting_type t);
/* Make a problem of the picked rows; the pick is then empty. A message that is NULL becomes the
 * names of the rows. NULL without memory. */
struct problem *check_add(struct check *ck, enum rule_id rule, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Mend p by dropping these rows: added ones are taken back, live ones deleted. */
void check_fix_drop(struct check *ck, struct problem *p, const size_t *rows, size_t n);
/* Does every condition that one of these included rows belongs to keep another row? Then they may go
 * without the reach growing. */
bool check_survives(const struct check *ck, const size_t *rows, size_t n);
/* Mend p by taking back all staged removals of included rows, or everything that is staged. */
void check_fix_keep(struct check *ck, struct problem *p, bool everything);
/* Mend p by taking back its rows of type t, when all of them were added and may go. */
void check_take_back(struct check *ck, struct problem *p, enum targeting_type t);
/* "A, B and 3 more" of the picked rows, into the scratch buffer; valid until the next call. */
const char *check_names(struct check *ck);

/* --- the checks */

void check_counts(struct check *ck);
void check_single(struct check *ck);
void check_audiences(struct check *ck);
void check_engagement(struct check *ck);
void check_tv(struct check *ck);
void check_content(struct check *ck);
void check_placement(struct check *ck);
void check_devices(struct check *ck);
void check_repeats(struct check *ck);
void check_keywords(struct check *ck);
void check_locations(struct check *ck);
void check_reach(struct check *ck);
void check_item(struct check *ck);

#endif
