/* "Did you mean": the known name that is closest to a mistyped one. */
#ifndef RETICLE_CONFIG_NEAREST_H
#define RETICLE_CONFIG_NEAREST_H

#include <stddef.h>

/* Edits (insert, delete, replace, swap neighbours) from a to b, case ignored; both are looked at up
 * to 64 bytes. */
size_t nearest_distance(const char *a, const char *b);
/* The closest of n names, NULL when none is within a third of the length (at least one edit). */
const char *nearest_name(const char *name, const char *const *names, size_t n);

#endif
