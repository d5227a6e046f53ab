/* Names and values of a query string or a form body, decoded. Order and duplicates are kept. */
#ifndef RETICLE_SANDBOX_PARAMS_H
#define RETICLE_SANDBOX_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/buf.h"

struct param {
	const char *name, *value;
};

struct params {
	struct param *v;
	size_t n, cap;
};

enum plus_sign {
	PLUS_IS_SPACE, /* application/x-www-form-urlencoded */
	PLUS_IS_PLUS, /* RFC 3986 */
};

/* Decode %XX (and '+' when it is a space); NULL when a % is not followed by two hex digits, or when
 * the result would hold a NUL. */
char *percent_decode(struct arena *a, const char *s, size_t n, enum plus_sign plus);
/* RFC 3986 encoding as OAuth wants it: unreserved bytes stay, all others become %XX. */
void percent_encode(struct buf *b, const char *s);

/* Append the pairs of s ("a=b&c"); false when something cannot be decoded or memory is short. */
bool params_parse(
    struct arena *a, const char *s, size_t n, enum plus_sign plus, struct params *out);
bool params_add(struct arena *a, struct params *p, const char *name, const char *value);
const char *params_get(const struct params *p, const char *name); /* first of that name, or NULL */

#endif
