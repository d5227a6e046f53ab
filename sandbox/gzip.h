/* A gzip stream of many spaces in few bytes (1 to 1032), without a compression library: what a
 * client must not inflate without a limit (reliability A12). */
#ifndef RETICLE_SANDBOX_GZIP_H
#define RETICLE_SANDBOX_GZIP_H

#include <stdint.h>
#include "base/buf.h"

/* Appends the stream; it inflates to a little less than `bytes` spaces, at least one. */
void gzip_spaces(uint64_t bytes, struct buf *out);

#endif
