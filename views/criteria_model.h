/* The rows of the criteria view: live criteria of one or several line items together with what is
 * staged on them, in the order of the types. Built anew when anything of it changed. */
#ifndef RETICLE_VIEWS_CRITERIA_MODEL_H
#define RETICLE_VIEWS_CRITERIA_MODEL_H

#include "targeting/effective.h"
#include "session/session.h"

struct criteria_row {
	uint32_t item; /* index into ids */
	uint32_t row; /* index into the effective rows of that line item */
};

struct criteria_model {
	char **ids;
	size_t n_ids;
	struct criterion_set live;
	struct staged *staged; /* what the rows point into */
	size_t *live_end; /* per line item: end of its rows in live */
	bool *live_known; /* per line item: its criteria were read at least once */
	struct effective *sets; /* per line item */
	struct criteria_row *rows;
	size_t n_rows, cap_rows;
	size_t unknown; /* line items whose criteria were never read */
	size_t n_added, n_removed;
	bool has_include[TYPE_COUNT], has_exclude[TYPE_COUNT]; /* as staged */
};

enum err criteria_model_init(struct criteria_model *m, const char *const *ids, size_t n);
void criteria_model_done(struct criteria_model *m);
enum err criteria_model_build(struct criteria_model *m, struct session *s, struct errinfo *ei);
const struct effective_row *criteria_model_row(const struct criteria_model *m, size_t row);
uint64_t criteria_model_key(const struct criteria_model *m, size_t row); /* survives a rebuild */

#endif
