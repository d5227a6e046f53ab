/* What the screen remembers between runs: last account, sort, filters, history of prompts. Losing
 * it costs nothing but comfort, so reading never fails and writing may be ignored. */
#ifndef RETICLE_STORE_UISTATE_H
#define RETICLE_STORE_UISTATE_H

#include "base/buf.h"
#include "store/store.h"

/* Keys are names such as "last-account" or "lineitems.sort", within the realm. value NULL removes. */
enum err uistate_put(struct store *s, const char *key, const char *value, struct errinfo *ei);
/* Replaces the content of out; false (out empty) when there is none. */
bool uistate_get(struct store *s, const char *key, struct buf *out);

/* Add a line to the history of a prompt; an equal older one goes, 200 are kept. */
enum err uistate_history_add(
    struct store *s, const char *prompt, const char *line, struct errinfo *ei);
/* i = 0 is the newest; false at the end. */
bool uistate_history_get(struct store *s, const char *prompt, size_t i, struct buf *out);

#endif
