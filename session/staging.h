/* Staged changes of the open account: edits go to the drafts (durable before these functions
 * return), and come back as rows that a screen shows beside what is live. */
#ifndef RETICLE_SESSION_STAGING_H
#define RETICLE_SESSION_STAGING_H

#include "targeting/change.h"
#include "session/session.h"

/* Read the stage again from the drafts: another terminal may have changed it. It is followed anyway,
 * with a delay. */
enum err staging_load(struct session *s, struct errinfo *ei);
/* All staged changes, oldest first; held ones too. */
const struct change_set *staging_changes(const struct session *s);
/* A screen that keeps pointers into the set shares it: it stays as it is until it is released,
 * whatever is staged meanwhile. NULL while nothing was read; releasing NULL is allowed. */
struct staged;
struct staged *staging_share(struct session *s);
void staging_release(struct staged *set);
/* Of one line item: how many creates and deletes. */
struct staging_count {
	unsigned creates, deletes;
};
struct staging_count staging_count(const struct session *s, const char *line_item_id);
struct staging_count staging_total(const struct session *s);

/* Stage these as one group (undone together). Refused in a read-only session. Changes that undo a
 * staged one take it back instead (removing a staged addition unstages it). *staged: how many were
 * new, the rest was there already. */
enum err staging_add(
    struct session *s, const struct change *changes, size_t n, size_t *staged, struct errinfo *ei);
/* The same, and edits (by their ids) are taken off the stage before: together one step of undo. What is
 * taken off so is not in *staged. */
struct staging_change {
	const uint64_t *off;
	size_t n_off;
	const struct change *on;
	size_t n_on;
};
enum err staging_change(
    struct session *s, const struct staging_change *c, size_t *staged, struct errinfo *ei);
/* The group of what the last staging_add of this session staged, 0 when that was nothing: everything
 * else on the stage is somebody else's, or older. */
uint64_t staging_last_group(const struct session *s);
/* Take changes (by their ids) off the stage, as one group. */
enum err staging_remove(struct session *s, const uint64_t *ids, size_t n, struct errinfo *ei);
enum err staging_hold(struct session *s, uint64_t id, bool held, struct errinfo *ei);
/* ERR_NOTFOUND when there is nothing to undo or redo; *what (64 bytes) says what was done. */
enum err staging_undo(struct session *s, char what[64], struct errinfo *ei);
enum err staging_redo(struct session *s, char what[64], struct errinfo *ei);

#endif
