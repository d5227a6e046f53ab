/* A set of row keys (never 0): open addressing, deletions shift back, so there are no tombstones. */
#ifndef RETICLE_TUI_MARKS_H
#define RETICLE_TUI_MARKS_H

#include "tui/list.h"

enum err marks_set(struct list_marks *m, uint64_t key, bool on);
bool marks_has(const struct list_marks *m, uint64_t key);
void marks_clear(struct list_marks *m);
void marks_done(struct list_marks *m);

#endif
