/* The one door for writes inside api/: a prepared batch, sent at most once unless it provably did
 * not take effect. Only api/apply.c opens it (tests/check/writes.sh checks that). */
#ifndef RETICLE_API_MUTATE_H
#define RETICLE_API_MUTATE_H

#include "api/answer.h"
#include "api/api.h"

struct mutation {
	const char *account_id;
	const char *body; /* JSON array for POST /batch/accounts/:account_id/targeting_criteria */
	void *ctx;
	/* Just before the first byte of each attempt; an error aborts and nothing is sent. */
	enum err (*before_send)(
	    void *ctx, const char *nonce, int64_t oauth_timestamp, struct errinfo *ei);
	/* Once, from the loop. end is what the attempts came to when an->kind is not ANSWER_OK. The
	 * document in `an` dies when this returns. */
	void (*done)(void *ctx, enum write_end end, struct answer *an);
	void (*drop)(void *ctx); /* instead of done, when the client is freed first */
};

/* gen 0: nothing was submitted. One write is in flight at a time; others queue. */
struct req_id mutate_batch(struct api *a, const struct mutation *m);

#endif
