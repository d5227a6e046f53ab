/* Checks on money that campaigns and line items share. */
#ifndef RETICLE_SANDBOX_MONEY_H
#define RETICLE_SANDBOX_MONEY_H

#include <stdbool.h>
#include "sandbox/call.h"

/* Smallest step of a currency in micros: a cent, a yen, a fils (reference 1.6). */
int64_t money_step(const char *currency);
/* Every money argument of the call must be whole steps (rule R60); false: the call has failed. */
bool money_is_whole(struct call *c, const char *currency);
/* The first must not exceed the second, both members of `body` or of two bodies (rule R54). */
bool money_fits(struct call *c, const struct json *small, const char *small_key,
    const struct json *big, const char *big_key);

#endif
