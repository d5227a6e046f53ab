/* The request engine inside api/: queue, budgets, retries, paging, delivery. The typed calls
 * (calls.c) and the write door (mutate.c) fill a spec and submit it; nobody outside api/ does. */
#ifndef RETICLE_API_REQUEST_H
#define RETICLE_API_REQUEST_H

#include "api/answer.h"
#include "api/api.h"
#include "api/budget.h"
#include "api/endpoints.h"
#include "api/oauth.h"
#include "api/transport.h"
#include "base/loop.h"

enum { MAX_READS_IN_FLIGHT = 4, MAX_BACKGROUND_IN_FLIGHT = 3 };

struct write_hooks { /* of a write; see api/mutate.h */
	void *ctx;
	enum err (*before_send)(
	    void *ctx, const char *nonce, int64_t oauth_timestamp, struct errinfo *ei);
	/* Replaces the callback of the call: the whole answer, once. */
	void (*done)(void *ctx, struct answer *an, struct transport_reply *r);
	void (*drop)(void *ctx); /* instead of done, when the client is freed first */
};

struct req_spec {
	enum endpoint_id endpoint;
	enum api_kind kind;
	struct oauth_params params; /* without count and cursor; the submit takes them */
	char *path; /* "/12/..."; taken */
	char *body; /* JSON; taken; NULL: none */
	char *cursor; /* to start from; taken; NULL: none */
	char account[65];
	unsigned max_pages; /* 0: all */
	bool form; /* params are the body */
	bool critical; /* may use the reserve of its budget: drift check, settling */
	bool raw;
	/* All pages are wanted: the next one is asked for as soon as its cursor is known, not when the
	 * caller was told of this one. */
	bool ahead;
	struct write_hooks hooks; /* done set: a write */
	struct errinfo refused; /* code set: the call fails with this, without being sent */
};

/* request_spec.c */
void req_spec_init(struct req_spec *s, enum endpoint_id e, enum api_kind kind);
void req_spec_done(struct req_spec *s);
/* Build the path from the endpoint's pattern; ids fill its variables in order and are checked. */
void req_spec_path(struct req_spec *s, const struct api *a, const char *const *ids, size_t n);
void req_spec_param(struct req_spec *s, const char *name, const char *value); /* NULL: left out */
void req_spec_ids(struct req_spec *s, const char *name, const char *const *ids, size_t n);
void req_spec_refuse(struct req_spec *s, enum err err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

void req_spec_criteria(struct req_spec *s, struct api *a, const struct criteria_query *q);

/* Takes what the spec owns, always. */
struct req_id req_submit(struct api *a, struct req_spec *s, const struct api_call *c);

struct req {
	struct api *api;
	struct req_id id;
	struct req_spec spec;
	struct api_call call;
	uint64_t order; /* first come, first served */
	enum req_phase phase;
	struct transfer *transfer;
	int64_t started_ms; /* the transfer: the monotonic clock */
	int64_t wait_until_ms;
	size_t budget;
	unsigned attempts; /* in all */
	unsigned failures[ANSWER_CASES]; /* of this page */
	struct id_filter *seen; /* of a list */
	unsigned page;
	uint64_t total, quarantined;
	bool delivering, cancelled;
	bool flying; /* counts as under way: until its answer was scanned */
	char nonce[OAUTH_NONCE_SIZE];
	int64_t oauth_timestamp, signed_skew_s; /* and the correction of our clock in it */
};

struct api {
	struct loop *loop;
	struct transport transport;
	char *base_url, *version;
	char *secrets; /* the four strings, one block, wiped */
	size_t secrets_size;
	struct oauth_keys keys;
	bool raw_writes;

	struct page *pages; /* answers of reads that are not with their callers yet, oldest first */
	struct req **slots;
	uint32_t n_slots, next_gen, next_owner;
	uint64_t next_order;
	unsigned flying_reads, flying_background, flying_writes;
	bool pump_set;
	int64_t pump_at_ms;

	struct budget_table budgets;
	uint64_t sent, bytes_in;
	int64_t skew_s, skew_set_ms;
	int64_t date_ahead_s; /* the last Date of an answer minus our clock then */
	bool has_date;
	bool skewed;
	uint64_t random;
	char proxy[80]; /* for api_stats */
	char warning[160];
	void (*on_change)(void *user);
	void *on_change_user;
};

void req_turn(struct loop *l, void *user); /* hook of the loop, user is the api */
void req_free(struct req *r); /* without a callback; what is under way of it ends */

/* Between request.c and page.c. An answer takes milliseconds to scan and decode: page.c does that in
 * pieces, and leaves the rest for the next turn when a key waits. */
void page_take(struct req *r, struct transport_reply *reply); /* moves the body out of the reply */
void pages_run(struct api *a);
void pages_drop(struct req *r);
void req_land(struct req *r); /* it is not under way any more */
void req_learn(struct req *r, struct answer *an, const struct transport_reply *reply);
bool req_retry(struct req *r, const struct answer *an); /* true: it is tried again */
void req_deliver(struct req *r, struct api_result *res); /* frees r behind the last page */
void req_deliver_error(struct req *r, const struct errinfo *ei);
void req_next_page(struct req *r); /* r->spec.cursor is that of the next page: queue it */
void req_pump(struct api *a);

/* Our clock plus the learnt difference: what signatures are made with. */
int64_t api_server_now(const struct api *a);
/* What the server's clock shows, as far as its answers told: signatures bear minutes of difference
 * without a word, the times of records do not. */
int64_t api_server_clock(const struct api *a);

/* Page control (paging.c). The filter remembers what a list has brought. */
struct id_filter *id_filter_new(void);
void id_filter_free(struct id_filter *f);
/* Drop rows that earlier pages had. ERR_PROTOCOL when the list only repeats itself. */
enum err id_filter_page(struct id_filter *f, struct api_result *res, struct errinfo *ei);
/* ERR_PROTOCOL for a cursor that came before, is too long or holds control bytes. */
enum err id_filter_cursor(struct id_filter *f, const char *cursor, struct errinfo *ei);

#endif
