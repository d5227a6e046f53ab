/* The whole sandbox: its options and its state. One mutex guards everything below `lock`; the
 * server's threads hold it while a call is handled and never while they wait. */
#ifndef RETICLE_SANDBOX_SANDBOX_H
#define RETICLE_SANDBOX_SANDBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "sandbox/auth.h"
#include "sandbox/db.h"
#include "sandbox/fault.h"
#include "sandbox/ledger.h"
#include "sandbox/rate.h"
#include "sandbox/tls.h"

/* What the documents leave open: a second criterion with the same line item, type, value and
 * operator (rule R30). */
enum duplicates { DUP_REJECT, DUP_ALLOW, DUP_MERGE };

struct options {
	uint16_t port; /* 0: any free one */
	uint64_t seed;
	int64_t line_items, criteria; /* of the bulk account: line items, criteria for each */
	const char *data; /* SQLite file, NULL: in memory */
	const char *faults; /* fault plan to start with, or NULL */
	int64_t clock_s; /* wall clock at the start, 0: the real one */
	bool no_rate_limit, exit_with_stdin;
	bool require_operator; /* refuse every criterion without operator_type (rule R2) */
	enum duplicates duplicates;
	enum tls_mode tls;
	int ready_fd; /* descriptor that is told when requests are served, 0: none */
	const char *ca_file; /* where to write the certificate of the TLS listener's CA, or NULL */
};

struct sandbox {
	struct options opt;
	pthread_mutex_t lock;
	struct db db;
	struct rates rates;
	struct nonces nonces;
	struct faults faults;
	struct ledger ledger;
	struct catalogue *catalogue; /* targeting options, made on first use */
	bool *bulk_made; /* line items of the bulk account that have their criteria */
	int64_t bulk_left, bulk_next; /* how many have not; where to go on */
	int64_t clock_ahead_s; /* sandbox wall clock minus the system's */
	int64_t stepped_ms; /* by how much POST /__sandbox/clock moved all clocks on */
	/* the life cycle of audiences: its clock runs `life_rate` times as fast, from life_base on */
	int64_t life_base_s, life_since_ms;
	int64_t life_rate;
};

enum err sandbox_open(struct sandbox *sb, const struct options *opt, struct errinfo *ei);
void sandbox_close(struct sandbox *sb);

int64_t sandbox_now_s(const struct sandbox *sb); /* what the sandbox calls now */
int64_t sandbox_mono_ms(const struct sandbox *sb); /* for what takes its time: lags, stalls */
int64_t sandbox_life_s(const struct sandbox *sb); /* now, for the life cycle of audiences */

/* Demo credentials: worthless outside the sandbox, the same in every run. */
#define DEMO_CONSUMER_KEY "sandbox-consumer-key"
#define DEMO_CONSUMER_SECRET "sandbox-consumer-secret"
#define DEMO_TOKEN "900000000000000001-sandbox-access-token"
#define DEMO_TOKEN_SECRET "sandbox-access-token-secret"
#define DEMO_USER "900000000000000001"
#define DEMO_ACCOUNT "18ce5demo01"
#define HOSTILE_ACCOUNT "18ce5demo02"
#define READ_ONLY_ACCOUNT "18ce5demo03"
#define BULK_ACCOUNT "18ce5bulk01"

#endif
