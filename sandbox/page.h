/* Cursors: opaque to the client, bound to the request that made them.
 *
 * A cursor carries two numbers (where the next page begins) and a tag of the request it belongs to,
 * so that one taken from another list is refused instead of answering something odd. */
#ifndef RETICLE_SANDBOX_PAGE_H
#define RETICLE_SANDBOX_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CURSOR_SIZE 40

struct cursor {
	uint64_t a, b;
};

void cursor_write(struct cursor at, uint32_t tag, char out[CURSOR_SIZE]);
bool cursor_read(const char *text, uint32_t tag, struct cursor *at); /* false: not one of ours */

/* Base-36 as the ids of the API have it: lower case, no leading zeros. */
void base36_write(uint64_t n, char out[14]);
bool base36_read(const char *s, uint64_t *n); /* only what base36_write makes; either case */

#endif
