/* Filter expressions: parsed once, run over folded text. Pure. Syntax in tui/list.h. */
#ifndef RETICLE_TUI_FILTER_H
#define RETICLE_TUI_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

struct list_filter;

/* NULL in *out when the text holds no token (everything passes). */
enum err filter_parse(const char *text, struct list_filter **out);
void filter_free(struct list_filter *f);
const char *filter_text(const struct list_filter *f); /* as given */
bool filter_match(const struct list_filter *f, const char *text, size_t n);
/* Rows i of n, each text[offsets[i]..offsets[i+1]-1) with '\n' behind it: set pass[i] to 0 or 1.
 * One pass over memory for the rarest-looking token, the others only where that one hit. */
void filter_run(const struct list_filter *f, const char *text, const uint32_t *offsets, size_t n,
    uint8_t *pass);

#endif
