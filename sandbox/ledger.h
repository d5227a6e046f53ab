/* What really arrived: every request in order of arrival, and which of them changed the state.
 * Tests ask it instead of the client. It knows nothing of the client. */
#ifndef RETICLE_SANDBOX_LEDGER_H
#define RETICLE_SANDBOX_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"

struct ledger_row {
	uint32_t seq;
	int64_t arrival_ms; /* since the sandbox was started */
	char *method, *target; /* path and query as on the wire */
	char *nonce; /* NULL: none */
	char body_sha256[65]; /* "" without a body */
	char fault[64]; /* what the fault plan did, "" when nothing */
	int status; /* 0: no answer was sent */
	bool committed;
	int64_t bytes; /* of the answer's body */
	int64_t handler_us; /* server time from the complete request to the complete answer */
	uint64_t connection;
};

struct ledger {
	struct ledger_row *v;
	size_t n, cap;
	uint32_t first_seq; /* rows cleared so far */
	int64_t start_ms;
};

void ledger_init(struct ledger *l);
void ledger_done(struct ledger *l);
void ledger_clear(struct ledger *l); /* sequence numbers go on */
/* A new row; 0 without memory. Rows are then found by number. */
uint32_t ledger_add(struct ledger *l, const char *method, const char *target, uint64_t connection);
struct ledger_row *ledger_row(struct ledger *l, uint32_t seq); /* NULL: cleared */
void ledger_write(const struct ledger *l, uint32_t after, struct buf *out); /* JSON array */

#endif
