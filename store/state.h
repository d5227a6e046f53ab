/* What drafts, journal and the rebuilding of state.db share. For store/ only. */
#ifndef RETICLE_STORE_STATE_H
#define RETICLE_STORE_STATE_H

#include "store/drafts.h"
#include "store/internal.h"
#include "store/journal.h"

/* Ids as a blob of varints (action.ids), and as the text "1-5,9" (edits.log). */
enum err ids_add(struct buf *ids, int64_t *last, int64_t id); /* ascending; *last 0 at first */
bool ids_next(struct pack_reader *r, int64_t *last, int64_t *id);
void ids_log(struct sidelog *l, const char *name, const struct buf *ids);
/* Next id of the text at *p, 0 at the end. range: state between calls, zeroed at first. */
struct id_range {
	int64_t next, stop;
};
int64_t ids_parse(const char **p, struct id_range *range);

/* The columns that change_of_row() reads, in this order, from 0. */
#define CHANGE_COLUMNS                                                                             \
	"c.id, c.grp, c.line_item, c.criterion_id, c.type_name, c.value, c.name,"                  \
	" c.location_type, c.note, c.kind, c.op, c.held"
enum err change_of_row(struct arena *arena, sqlite3_stmt *st, struct change *out);
/* Append the edits of a draft that are in this state, oldest first. */
enum err state_edits(struct store *s, int64_t draft, enum draft_state state, struct change_set *out,
    struct errinfo *ei);

/* A line "draft" in edits.log says where the edits behind it belong, until the next one. */
void state_draft_log(struct sidelog *l, const char *realm, const char *account, const char *draft);
/* One line "edit", enough to make the row again. */
void state_edit_log(struct sidelog *l, const struct change *c);
enum err state_edit_insert(
    struct store *s, int64_t draft, int64_t id, const struct change *c, struct errinfo *ei);

/* --- what drafts.c does inside a transaction, for draft_names.c --- */

enum action_kind { ACTION_STAGE, ACTION_UNSTAGE, ACTION_HOLD, ACTION_UNHOLD, ACTION_DELETE };

struct draft_bulk { /* one action on edits that are there */
	const uint64_t *ids;
	size_t n;
	enum action_kind kind; /* not ACTION_STAGE */
};
/* As one action. title is followed by the count of edits, except of ACTION_DELETE. */
enum err draft_bulk(struct store *s, int64_t draft, const struct draft_bulk *b, const char *title,
    size_t *done, struct errinfo *ei);
/* The line of edits.log that names the draft (state_draft_log) comes before. */
enum err draft_stage(
    struct store *s, int64_t draft, struct change_set *v, const char *title, struct errinfo *ei);
/* Undo (back) or redo the next action; ERR_NOTFOUND. */
enum err draft_step(
    struct store *s, int64_t draft, bool back, struct draft_step *out, struct errinfo *ei);

/* Put the edits of a batch into a state, whatever they are in now, save GONE. Used by the journal
 * and by the rebuilding. */
enum err batch_moves_edits(struct store *s, int64_t batch, enum batch_state st, struct errinfo *ei);

/* A line of the journal's chain, inside a transaction. */
struct event {
	int64_t changeset, batch; /* batch 0: of the changeset */
	const char *from, *to, *why;
};
enum err journal_event_add(struct store *s, const struct event *e, struct errinfo *ei);

/* Epoch with which this store holds the lock of the account; 0: it does not. */
int64_t lock_epoch(const struct store *s, const char *account);

char *row_text(struct arena *arena, sqlite3_stmt *st, int column, enum err *err);

/* Called when edits.log has to begin anew: write everything that is not settled. */
enum err state_dump(struct store *s, struct errinfo *ei);

#endif
