/* The sandbox inside the simulator: requests are answered without sockets, in steps of virtual time,
 * with the fault plan of the sandbox itself (docs/sandbox.md), and its true state can be asked.
 *
 * server.c is the only file here that sees the sandbox's headers. It is linked with the sandbox into
 * one object of which only these names are visible: the two programs have functions of the same
 * names, and must go on sharing no code. */
#ifndef RETICLE_TESTS_SIM_SERVER_H
#define RETICLE_TESTS_SIM_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERVER_ACCOUNT "18ce5bulk01"
#define SERVER_LINE_ITEMS 6
#define SERVER_CRITERIA 9 /* of each line item at the start */
#define SERVER_CONSUMER_KEY "sandbox-consumer-key"
#define SERVER_CONSUMER_SECRET "sandbox-consumer-secret"
#define SERVER_TOKEN "900000000000000001-sandbox-access-token"
#define SERVER_TOKEN_SECRET "sandbox-access-token-secret"

enum server_duplicates { SERVER_REJECTS, SERVER_ALLOWS, SERVER_MERGES };

struct server_world {
	uint64_t seed;
	enum server_duplicates duplicates;
	int64_t clock_ahead_s; /* server's wall clock minus ours */
	int64_t reads, writes, lookups; /* of its rate limits, a window; 0: none is ever refused */
};

/* Once a process. The clock must be frozen at the moment at which every world begins. */
void server_init(void);
void server_done(void);
void server_begin(const struct server_world *w); /* as new, without faults */

/* --- faults and other users --- */

void server_faults(const char *plan); /* added to the plan; NULL: none from now on */
void server_edit(const char *json); /* another user makes an edit of POST /__sandbox/edit */
unsigned server_edits(void); /* how many there were, those of the plan too */
void server_clock_ahead(int64_t seconds);

/* --- one request --- */

struct server_request { /* copied */
	const char *method, *target, *host, *authorization, *content_type, *body;
	size_t body_len;
	uint64_t tag; /* given back with what it commits */
};

struct server_header {
	const char *name, *value;
};
struct server_reply { /* lives until exchange_free */
	int status;
	struct server_header headers[32];
	size_t n_headers;
	const char *body;
	size_t len; /* bytes that come */
	bool cut; /* the connection ends before the body does, or what comes is not HTTP */
	int64_t slow_ms; /* how long the body takes */
};

struct exchange;
enum server_step { SERVER_WAIT, SERVER_CLOSED, SERVER_ANSWERS };
struct exchange *exchange_new(const struct server_request *r);
void exchange_free(struct exchange *x);
/* Was it handled? Then it can change nothing any more, however long the answer takes. */
bool exchange_is_decided(const struct exchange *x);
/* Go on until the answer, the end of the connection, or a wait of *wait_ms. */
enum server_step exchange_step(struct exchange *x, int64_t *wait_ms, struct server_reply *out);

/* --- the truth --- */

/* Which operations of a batch (by their place in the body) took effect; a create that merged with
 * what was there did not. Runs inside exchange_step. */
struct server_commit {
	uint64_t tag;
	const bool *done;
	size_t n;
	bool partial;
	int64_t after_seq; /* rows that it made have greater ones */
};
typedef void server_commit_fn(void *user, const struct server_commit *c);
void server_on_commit(server_commit_fn *fn, void *user);

struct server_row {
	char id[16];
	int64_t seq;
	const char *line_item_id, *type, *op, *value;
	bool deleted;
	int64_t born_ms, died_ms; /* virtual time; 0: it was there at the start, it lives */
};
/* Every criterion that ever was in the account, in the order of their making. */
typedef void server_row_fn(void *user, const struct server_row *row);
void server_rows(server_row_fn *fn, void *user);
int64_t server_changes(void); /* the rows are the same as long as this is */

struct server_op { /* of the body of a batch */
	bool removes;
	const char *line_item_id, *type, *op, *value, *criterion_id; /* NULL: not said */
};
/* Read a body as the server reads it; how many operations it has, -1 when it is no batch. The strings
 * live until the next call. */
int server_read_body(const char *body, size_t len, struct server_op *out, size_t cap);

void server_sha256(const char *p, size_t n, char out[65]);

#endif
