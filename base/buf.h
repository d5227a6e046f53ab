/* A growable byte buffer that cannot be made without a maximum. Always NUL-terminated behind its
 * length, so buf.p can be handed to anything that wants a C string. After a failed append the
 * buffer is unchanged and remembers the error in `failed`, so a chain of appends may be checked
 * once at its end. */
#ifndef RETICLE_BASE_BUF_H
#define RETICLE_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"

struct buf {
	char *p;
	size_t len, cap, max;
	enum err failed; /* ERR_NOMEM or ERR_LIMIT of the first append that did not fit */
};

void buf_init(struct buf *b, size_t max_bytes);
void buf_done(struct buf *b);
void buf_clear(struct buf *b); /* length 0, failure forgotten, memory kept */
enum err buf_add(struct buf *b, const void *p, size_t n);
enum err buf_adds(struct buf *b, const char *s);
enum err buf_addc(struct buf *b, char c);
enum err buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *buf_str(const struct buf *b); /* never NULL */
char *buf_take(struct buf *b); /* the bytes become the caller's (mem_free); NULL when empty */

#endif
