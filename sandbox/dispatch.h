/* From a complete request to a complete answer: versions, routes, signature, budgets, account and
 * role, parameters, the handler in its transaction, the envelope. No sockets here, so that tests
 * can ask the API directly. */
#ifndef RETICLE_SANDBOX_DISPATCH_H
#define RETICLE_SANDBOX_DISPATCH_H

#include "sandbox/call.h"

/* An empty call of this request; the strings must outlive it. */
void call_init(struct call *c, struct sandbox *sb, struct arena *a);
void call_done(struct call *c);
/* sb->lock is held. Fills status, out, headers_out and committed. */
void api_answer(struct call *c);
/* The same for a caller that is already known to be `user`: tests and foreign edits. */
void api_answer_as(struct call *c, const char *user);

#endif
