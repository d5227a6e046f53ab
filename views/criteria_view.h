/* The inside of the criteria view, shared by its three files: rows and view (criteria.c), the head
 * above the rows (criteria_head.c), edits and tests (criteria_edit.c). */
#ifndef RETICLE_VIEWS_CRITERIA_VIEW_H
#define RETICLE_VIEWS_CRITERIA_VIEW_H

#include "tui/app.h"
#include "views/criteria_model.h"
#include "session/judge.h"
#include "views/mark.h"
#include "session/reach.h"
#include "session/session.h"
#include "views/views.h"

struct criteria_state {
	struct session *session;
	struct list list;
	struct table table;
	struct criteria_model model;
	struct errinfo error;
	uint64_t seen[DATA_KINDS];
	struct buf before, after; /* expression of the first line item as it is, and as staged */
	struct problem_list problems;
	mark *marks; /* per row of the model; NULL: none, or no memory for them */
	char reach[2][REACH_KEY_SIZE]; /* of the single line item: as it is, as staged */
	bool stale; /* something changed since the rows were built */
	int64_t rebuilt_ms, rebuild_cost_ms;
	int head; /* lines above the table */
};

static inline const struct effective_row *criteria_row_at(
    const struct criteria_state *st, size_t row)
{
	return criteria_model_row(&st->model, row);
}

/* criteria_head.c */
static inline mark criteria_mark(const struct criteria_state *st, size_t row)
{
	return st->marks ? st->marks[row] : 0;
}
bool criteria_problem_has(const struct criteria_state *st, const struct problem *p, size_t row);
void criteria_describe_set(struct criteria_state *st); /* expression and problems, anew */
void criteria_want_reach(struct criteria_state *st, enum reach_when when);
int criteria_head_lines(const struct criteria_state *st, int cols);
void criteria_draw_head(const struct criteria_state *st, struct canvas *c, int cols);

/* criteria_edit.c */
enum err criteria_remove(struct view *v, struct errinfo *ei);
enum err criteria_flip(struct view *v, struct errinfo *ei);
enum err criteria_copy(struct view *v, struct errinfo *ei);
enum err criteria_replace(struct view *v, const char *rule, struct errinfo *ei);
enum err criteria_test(struct view *v, struct errinfo *ei);

#endif
