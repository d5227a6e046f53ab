/* Which of the account's named drafts is worked on. Each has its own edits and its own undo; all of
 * them share the account, the lock and the journal. */
#ifndef RETICLE_SESSION_DRAFT_H
#define RETICLE_SESSION_DRAFT_H

#include "store/draft_names.h"
#include "session/session.h"

#define DRAFT_DEFAULT "default" /* what people call the one whose name is "" */

/* The draft that edits go to; "" is the default one. */
const char *draft_active(const struct session *s);
const char *draft_title(const char *name); /* for people: DRAFT_DEFAULT for "" */
const char *draft_name_of(const char *typed); /* the other way: "" for DRAFT_DEFAULT */

/* Work on this one; it is made when there is none of the name. Refused while something is posted,
 * as are renaming and deleting: a posting belongs to the draft that it was started from. */
enum err draft_switch(struct session *s, const char *name, struct errinfo *ei);
enum err draft_rename(struct session *s, const char *from, const char *to, struct errinfo *ei);
/* A new draft with the edits of `from`, and work on that. *n counts its edits. */
enum err draft_copy(
    struct session *s, const char *from, const char *to, size_t *n, struct errinfo *ei);
enum err draft_delete(struct session *s, const char *name, struct errinfo *ei);
enum err draft_restore(struct session *s, const char *name, struct errinfo *ei);

/* What another terminal did to the active draft, once; false when there is nothing to tell. */
bool draft_notice(struct session *s, char out[160]);

/* parts, called by the session */
void draft_resume(struct session *s); /* the one that was active when the account was last open */
void draft_follow(struct session *s); /* another terminal changed something */

#endif
