/* Rate limits: fixed windows per bucket, user and endpoint or account, with both families of
 * headers (reference 1.8). */
#ifndef RETICLE_SANDBOX_RATE_H
#define RETICLE_SANDBOX_RATE_H

#include <stdbool.h>
#include <stdint.h>

enum rate_scope { RATE_CATEGORY, RATE_ENDPOINT, RATE_ACCOUNT };

enum rate_bucket {
#define RATE(NAME, name, limit, window, scope) BUCKET_##NAME,
#include "sandbox/rates.def"
#undef RATE
	BUCKET_COUNT
};

struct call;

struct rate_window {
	char *key;
	int64_t start_s, used;
	struct rate_window *next;
};

struct rates {
	int64_t limit[BUCKET_COUNT];
	struct rate_window *windows;
	bool off; /* count and report, never refuse */
};

void rates_init(struct rates *r);
void rates_done(struct rates *r);
bool rates_set(struct rates *r, const char *name, int64_t limit); /* false: no such bucket */
void rates_reset(struct rates *r); /* forget what was used */
/* Count the call and add its rate headers. False: answered with 429. */
bool rates_take(struct rates *r, struct call *c, enum rate_bucket bucket);

#endif
