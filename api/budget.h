/* The rate governor: what each budget still allows, learnt from the headers of answers (account
 * family before user family, reference 1.8). Resets are kept twice: in server time for people, and on
 * the monotonic clock for waiting, which no jump of the wall clock can disturb. */
#ifndef RETICLE_API_BUDGET_H
#define RETICLE_API_BUDGET_H

#include <stdint.h>
#include "api/endpoints.h"
#include "api/transport.h"

struct budget {
	enum bucket_id bucket;
	enum endpoint_id endpoint; /* ENDPOINT_COUNT when the whole category shares it */
	char account[65]; /* "" when it is the user's */
	bool known, account_family;
	int64_t limit, remaining, reset_s;
	int64_t reset_ms,
	    blocked_until_ms; /* monotonic; after 429 nothing goes before the second */
	unsigned refusals; /* 429 in a row */
	unsigned in_flight;
};

struct budget_table {
	struct budget *v;
	size_t n, cap;
};

void budget_table_done(struct budget_table *t);
/* Index of the budget that a request to this endpoint draws on; SIZE_MAX without memory. account
 * may be "". */
size_t budget_find(struct budget_table *t, enum endpoint_id e, const char *account);
enum budget_use {
	BUDGET_USER,
	BUDGET_CRITICAL, /* drift check, settling: may use the reserve */
	BUDGET_BACKGROUND, /* leaves a fifth more of the limit to what a user waits for */
};
/* May a request go now? Otherwise *wait_ms is when to ask again. */
bool budget_allows(const struct budget *b, enum budget_use use, int64_t *wait_ms);
void budget_sent(struct budget *b);
void budget_unsent(struct budget *b); /* it never left: what budget_sent took comes back */
/* Headers of an answer; strict integers, anything else is as if it were not there. */
void budget_learn(struct budget *b, const struct transport_reply *r, int64_t server_now_s);
/* An answer 429: nothing goes until the reset, or for 1 s, 2 s, 4 s... when it named none. */
void budget_refused(struct budget *b, const struct transport_reply *r, int64_t retry_after_ms,
    int64_t server_now_s);
bool budget_is_current(const struct budget *b); /* its window still runs, remaining counts */
void budget_set(
    struct budget *b, int64_t limit, int64_t remaining, int64_t reset_s, int64_t server_now_s);
/* Name for people: the bucket's, with the endpoint when it has a budget of its own. */
const char *budget_name(const struct budget *b);

#endif
