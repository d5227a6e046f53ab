/* Memory for secrets: pages of their own, never swapped, in no core, empty in a child. */
#ifndef RETICLE_API_SECRET_H
#define RETICLE_API_SECRET_H

#include <stddef.h>

/* Zeroed; NULL without memory. The limit on locked memory (RLIMIT_MEMLOCK) may be too small: then
 * the pages are as good as the system allows, and the log says so. */
void *secret_alloc(size_t n);
void secret_free(void *p, size_t n); /* wiped; n as it was asked for, p may be NULL */

#endif
