/* Endpoints under /__sandbox, for tests and demos: no OAuth, never in the ledger. */
#ifndef RETICLE_SANDBOX_CONTROL_H
#define RETICLE_SANDBOX_CONTROL_H

#include <stdbool.h>
#include "sandbox/call.h"

bool control_is(const char *uri); /* does it begin with /__sandbox/ ? */
void control_answer(struct call *c); /* sb->lock is held; fills status and out */
/* Changes by "another user", without rules: one edit or an array of them. NULL, or what is wrong. */
const char *control_edit(struct call *c, const struct json *edit);

#endif
