/* Rate budgets over restarts: what the headers of answers said is kept in the state of the realm, so
 * that a program that was started anew (or a script that calls it in a loop) does not burst. */
#ifndef RETICLE_SESSION_BUDGET_STORE_H
#define RETICLE_SESSION_BUDGET_STORE_H

#include "api/api.h"
#include "store/store.h"

/* Give the client what an earlier run learnt and what is not reset since. */
void budget_store_load(struct store *s, struct api *a);
/* Keep what the client knows now, beside what other programs kept that it never met. Writes only
 * when something differs; a failure is ignored (the next answer says it again). */
void budget_store_save(struct store *s, const struct api *a);

#endif
