/* What api.x.com serves beside the Ads API: the PIN flow (reference 9.4), revoking a token, and the
 * look-up of a user by name. The PIN is always the same. */
#ifndef RETICLE_SANDBOX_SIGN_IN_H
#define RETICLE_SANDBOX_SIGN_IN_H

#include <stdbool.h>
#include "sandbox/call.h"

#define SIGN_IN_PIN "1234567"

bool sign_in_is(const char *uri); /* a path under /oauth/ or /1.1/ ? */
void sign_in_answer(struct call *c);

#endif
