/* Copied criteria: `copy` keeps them, `paste` proposes them for other line items. In memory only,
 * dropped with the account. */
#ifndef RETICLE_SESSION_CLIP_H
#define RETICLE_SESSION_CLIP_H

#include "targeting/model.h"
#include "session/session.h"

/* Keep copies of these in place of what was copied before; equal ones (type, operator, value) once. */
enum err clip_set(struct session *s, const struct criterion *const *v, size_t n);
/* Everything that these line items have, as staged; *unread counts those that were never read. */
enum err clip_set_line_items(
    struct session *s, const struct id_list *ids, size_t *unread, struct errinfo *ei);
const struct criterion_set *clip_get(const struct session *s); /* never NULL; may be empty */
void clip_forget(struct session *s); /* called by session.c */

#endif
