/* What the review shows: the staged changes as a plan, what is wrong with it, what it widens, and
 * the outcome of what was posted. Built anew when anything of it changed. */
#ifndef RETICLE_SESSION_REVIEW_MODEL_H
#define RETICLE_SESSION_REVIEW_MODEL_H

#include "api/oauth.h"
#include "targeting/effective.h"
#include "targeting/plan.h"
#include "targeting/rules.h"
#include "session/applying.h"
#include "session/session.h"

struct review_row {
	const struct change *change;
	const struct applying_op *op; /* NULL: only staged */
	const struct problem *problem; /* worst one that involves the change; NULL: none */
	enum effective_why noop; /* why the plan leaves it out */
	uint32_t item; /* index into items */
	bool staged; /* still on the stage: can be held back or taken off it */
};

struct review_item { /* a touched line item */
	const char *id;
	const struct plan_line_item *plan; /* NULL: nothing of it will be sent */
	struct effective set;
	size_t live_from, live_to;
	bool live_known;
};

struct review_model {
	struct session *session;
	struct criterion_set live;
	struct staged *staged; /* what the rows point into */
	struct posted *posted;
	struct review_item *items;
	size_t n_items;
	struct map item_rows;
	struct plan plan;
	struct problem_list problems;
	struct review_row *rows;
	size_t n_rows;
	bool past; /* something was staged since the last posting: what that one did is history */
	size_t unread; /* line items whose criteria were never read */
	char digest[DIGEST_HEX_SIZE]; /* of the plan; "" when there is none */
	struct errinfo ei;
};

void review_model_init(struct review_model *m, struct session *s);
void review_model_done(struct review_model *m);
enum err review_model_build(struct review_model *m);
/* Ids of the touched line items; the array is the caller's (mem_free), the strings are not. */
const char **review_model_ids(const struct review_model *m);

#endif
