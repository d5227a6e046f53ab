/* Time travel: the targeting of a line item as of a moment of the journal, beside what it is now, and
 * the edits that bring it back. Known are the moments of postings from this machine only: as a line
 * item was reviewed before one, as it was read after it. What others did between two such moments is
 * seen by the second, without its time; everything here says so. */
#ifndef RETICLE_SESSION_PAST_H
#define RETICLE_SESSION_PAST_H

#include "base/buf.h"
#include "session/session.h"
#include "store/journal.h"

struct past {
	char line_item[65];
	int64_t asked; /* the time that was asked for; that of the moment when one was chosen */
	int64_t taken; /* when what is shown was taken, at or before `asked` */
	int64_t next; /* when the next image was taken; 0: there is none */
	bool next_same; /* and it has the same criteria */
	bool after; /* read after the posting; else reviewed before it */
	uint64_t changeset;
	struct criterion_set then;
};

void past_init(struct past *p);
void past_done(struct past *p);
/* As of a wall-clock time. ERR_NOTFOUND says which moment is the first that is known. */
enum err past_at(
    struct store *s, const char *line_item, int64_t when, struct past *out, struct errinfo *ei);
/* A moment as journal_moments lists it. */
enum err past_of(
    struct store *s, const struct journal_moment *m, struct past *out, struct errinfo *ei);

/* "2026-01-31T12:00:00Z", "2026-01-31 12:00", "2026-01-31" (its last second); UTC. ERR_USAGE, also
 * for a time that is still to come. */
enum err past_parse(const char *text, int64_t *when, struct errinfo *ei);

/* "before posting 3", "after posting 3" */
void past_side(uint64_t changeset, bool after, char *out, size_t cap);
/* Where this comes from and what nobody knows about it, a sentence or two. */
void past_certainty(const struct past *p, char *out, size_t cap);

/* For reticle journal --line-item: the moments, newest first; the criteria of one. */
enum err past_list_text(
    struct store *s, const char *line_item, bool json, struct buf *out, struct errinfo *ei);
enum err past_text(const struct past *p, bool json, struct buf *out, struct errinfo *ei);

/* --- beside what it is now, as far as it was read --- */

enum past_group { PAST_GONE, PAST_CAME, PAST_SAME, PAST_GROUPS };
struct past_row {
	const struct criterion *criterion; /* of `then`; of `now` when it came since */
	enum past_group group;
};
struct past_rows {
	struct past_row *v;
	size_t n, count[PAST_GROUPS];
};
void past_rows_done(struct past_rows *r);
enum err past_compare(
    const struct criterion_set *then, const struct criterion_set *now, struct past_rows *out);

struct past_restored {
	size_t staged; /* edits put on the stage or taken off it */
	size_t held; /* held edits of the line item, which stay as they are */
};
/* Stage what makes the line item, together with what is staged on it, what it was. ERR_REFUSED when
 * it was never read. */
enum err past_restore(
    struct session *s, const struct past *p, struct past_restored *out, struct errinfo *ei);

#endif
