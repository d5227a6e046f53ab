/* edits.log: the second copy of drafts and transitions, as text that a person can read and that
 * state.db can be rebuilt from. For store/ only.
 *
 * A line is `SEQ TIME VERB NAME=VALUE ... h=HASH`. Values are percent-encoded where they hold blanks,
 * '%' or anything that does not print. The hash covers the line and the hash of the line before, so
 * that a torn or altered line ends what is believed. Lines are appended and synced before the
 * transaction of state.db that they belong to commits; that transaction remembers where they end,
 * so lines behind that point belong to a transaction that did not commit. */
#ifndef RETICLE_STORE_SIDELOG_H
#define RETICLE_STORE_SIDELOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"

struct sidelog_at { /* a point between two lines */
	int64_t offset, seq; /* bytes before it, number of the last line before it (0: none) */
	uint64_t hash;
	int64_t base; /* bytes that the log began with when it was last begun anew */
};

struct sidelog {
	char path[1088];
	int fd; /* open during a transaction only; -1 */
	struct sidelog_at at;
	struct buf pending; /* lines not written yet */
	char when[21]; /* the time as text, of when_s */
	int64_t when_s;
	bool in_line;
	size_t line; /* where the line under construction begins in pending */
	enum err failed;
};

void sidelog_init(struct sidelog *l, const char *path); /* path "": everything is a no-op */
void sidelog_done(struct sidelog *l);

/* Open for appending behind `at`. Lines behind it that are whole stay, and a line that voids them is
 * added; a torn end is cut off. *fresh is set when the log begins anew, because the file is missing
 * or shorter than `at` says, or because it has grown long: the caller then writes everything that
 * matters once more. The log before stays as "PATH.old". */
enum err sidelog_open(
    struct sidelog *l, const struct sidelog_at *at, bool *fresh, struct errinfo *ei);
void sidelog_line(struct sidelog *l, const char *verb);
void sidelog_text(struct sidelog *l, const char *name, const char *value); /* NULL: left out */
void sidelog_int(struct sidelog *l, const char *name, int64_t value);
int64_t sidelog_length(const struct sidelog *l); /* with what is pending */
/* Write what is pending and sync; l->at then is behind it. */
enum err sidelog_sync(struct sidelog *l, struct errinfo *ei);
void sidelog_close(struct sidelog *l); /* drops what is pending */

/* --- reading --- */

struct sidelog_entry {
	int64_t seq;
	const char *verb;
	struct {
		const char *name, *value; /* decoded */
	} v[24];
	size_t n;
};
const char *sidelog_get(const struct sidelog_entry *e, const char *name); /* NULL: absent */
int64_t sidelog_get_int(const struct sidelog_entry *e, const char *name); /* 0: absent */

/* Believed lines of text from its start, in order; stops at the first whose hash or number is wrong
 * (that is no error), or when fn says so. `from` and `to` may be NULL. */
typedef enum err sidelog_fn(void *user, const struct sidelog_entry *e);
enum err sidelog_scan(const char *text, size_t n, const struct sidelog_at *from,
    struct sidelog_at *to, sidelog_fn *fn, void *user);

#endif
