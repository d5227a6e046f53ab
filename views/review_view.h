/* The inside of the review, shared by its files: rows and view (review.c), the head above the rows
 * (review_head.c), posting (review_post.c). */
#ifndef RETICLE_VIEWS_REVIEW_VIEW_H
#define RETICLE_VIEWS_REVIEW_VIEW_H

#include "tui/app.h"
#include "session/merge_model.h"
#include "session/review_model.h"
#include "views/review_widen.h"
#include "views/views.h"

struct review_state {
	struct session *session;
	struct list list;
	struct table table;
	struct review_model model;
	struct merge_model merge; /* what others changed since a posting stopped for it */
	struct errinfo merge_ei;
	uint64_t seen[DATA_KINDS];
	char posting[DIGEST_HEX_SIZE]; /* plan that the open confirmation is about */
	uint64_t posting_live; /* and what the account had then */
	struct widening widening;
	int head;
	char empty[240]; /* what an empty review means, and the next step */
};

void review_follow(struct review_state *st); /* anew when anything changed */

/* review_head.c: draw it (c NULL: only count its lines). */
int review_head(const struct review_state *st, struct canvas *c, int cols);

/* review_post.c */
enum err review_may_post(const struct review_state *st, struct errinfo *ei);
enum err review_post(struct view *v, struct errinfo *ei); /* asks first */

#endif
