/* Sending an answer: through libmicrohttpd when it is sound, byte by byte on the socket when the
 * fault plan wants what no HTTP library sends. */
#ifndef RETICLE_SANDBOX_REPLY_H
#define RETICLE_SANDBOX_REPLY_H

#include <stdbool.h>
#include "sandbox/call.h"
#include "sandbox/fault.h"

struct MHD_Connection;

void reply_reset(struct MHD_Connection *con); /* RST now; the caller then closes */
void reply_hang_up(struct MHD_Connection *con); /* FIN now, whatever was to be sent */
/* Fill status, headers and body of an answer that a "status" rule asks for. */
void reply_status(struct call *c, const struct fault_action *f);
void reply_too_large(struct call *c); /* 413 */
void reply_bad_fault(struct call *c); /* 400: the header X-Sandbox-Fault is not an action */
/* Faults that replace the finished answer: status after the commit, redir, deep, rl. */
void reply_bend(struct call *c, const struct fault_set *set);
/* False: the connection is to be closed (everything that had to be sent was). */
bool reply_send(struct call *c, struct MHD_Connection *con, const struct fault_set *set);

#endif
