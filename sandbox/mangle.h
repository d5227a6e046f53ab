/* Faults that change a finished answer: cursors, shapes, names, order. They read the JSON body,
 * bend it, and write it again. */
#ifndef RETICLE_SANDBOX_MANGLE_H
#define RETICLE_SANDBOX_MANGLE_H

#include "sandbox/call.h"
#include "sandbox/fault.h"

/* Apply every answer-changing action of the set to c->out; sb->lock is held. */
void mangle(struct call *c, const struct fault_set *set);

#endif
