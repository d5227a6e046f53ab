/* The only door to the heap. Everything that allocates goes through here, so that a test can make
 * the Nth allocation fail (mem_fail_after) and see that nothing is lost. Memory is never zeroed
 * unless the name says so. NULL means out of memory: the caller reports ERR_NOMEM. */
#ifndef RETICLE_BASE_MEM_H
#define RETICLE_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

void *mem_alloc(size_t n) __attribute__((malloc, warn_unused_result));
void *mem_zalloc(size_t n) __attribute__((malloc, warn_unused_result));
void *mem_array(size_t count, size_t size) __attribute__((warn_unused_result)); /* zeroed */
void *mem_realloc(void *p, size_t n) __attribute__((warn_unused_result));
/* Resize to count elements of size bytes; NULL on overflow or no memory, p then stays valid. */
void *mem_realloc_array(void *p, size_t count, size_t size) __attribute__((warn_unused_result));
char *mem_strdup(const char *s) __attribute__((warn_unused_result)); /* s may be NULL */
char *mem_strndup(const char *s, size_t n) __attribute__((warn_unused_result)); /* adds the NUL */
void mem_free(void *p);
/* Overwrite in a way that the compiler keeps, then free: for secrets. */
void mem_free_secret(void *p, size_t n);

/* For tests: fail the allocation after `after` more successes, and all later ones when `for_good`.
 * A negative `after` switches it off. */
void mem_fail_after(long after, int for_good);
uint64_t mem_count(void); /* allocations so far */

#endif
