/* Three ways: what a line item had when its changes were reviewed (base), what others made of it
 * since (theirs), what is staged (mine). Base is the image that the journal took for a posting that
 * stopped before it sent anything; theirs is the snapshot as it was read after that. Nothing of a
 * choice is kept but the staged edits that it leads to, so undo takes it back and all terminals see
 * it; a line about it goes into the journal of the stopped posting. */
#ifndef RETICLE_SESSION_MERGE_MODEL_H
#define RETICLE_SESSION_MERGE_MODEL_H

#include "targeting/set.h"
#include "session/session.h"

enum merge_state {
	MERGE_CHOOSE, /* both changed what excludes each other: nothing is posted before a choice */
	MERGE_FOREIGN, /* only they changed it; it stays as they made it */
	MERGE_SAME, /* both did the same */
	MERGE_AGAINST, /* a staged edit takes back what they did */
};

struct merge_row {
	const struct criterion *criterion;
	const struct criterion *there; /* as it is in the account now; NULL: it is not */
	bool in_base, in_theirs, in_mine;
	enum merge_state state;
	enum set_merge_why why;
	uint32_t item;
};

struct merge_item {
	const char *id;
	struct criterion_set base, theirs, mine;
	struct set_merge merge;
};

struct staged;
struct merge_model {
	struct session *session;
	uint64_t changeset; /* of the posting that stopped; 0: none did */
	struct staged *staged;
	struct arena arena;
	struct merge_item *items;
	size_t n_items;
	struct merge_row *rows;
	size_t n_rows, cap_rows, n_choose, n_foreign;
};

void merge_model_init(struct merge_model *m, struct session *s);
void merge_model_done(struct merge_model *m);
enum err merge_model_build(struct merge_model *m, struct errinfo *ei);

enum merge_choice { MERGE_MINE, MERGE_THEIRS, MERGE_BASE };
/* Stage what makes these rows (and what they conflict with) so. *n counts the edits staged and taken
 * off the stage. The model is out of date afterwards. */
enum err merge_choose(struct merge_model *m, const size_t *rows, size_t n_rows,
    enum merge_choice choice, size_t *n, struct errinfo *ei);

/* A posting of the active draft stopped, or began: called by applying.c. */
void merge_begin(struct session *s, uint64_t changeset);
void merge_end(struct session *s);

#endif
