/* One HTTP exchange: what the request layer needs from below. net.c does it with libcurl; tests
 * do it in memory, so that thousands of cases run in a second. */
#ifndef RETICLE_API_TRANSPORT_H
#define RETICLE_API_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include "api/api.h"
#include "base/buf.h"
#include "base/err.h"

enum header_id {
#define H(id, name) HEADER_##id,
#include "api/headers.def"
#undef H
	HEADER_COUNT
};
const char *header_name(enum header_id id);
enum { HEADER_VALUE_SIZE = 160 };

struct transport_request { /* borrowed during submit only, but for `ctx` */
	const char *method, *url, *authorization;
	const char *content_type; /* NULL: no body */
	const char *body;
	size_t body_len;
	bool write; /* fresh connection that is never reused: it must not be sent twice */
	/* Runs when the connection stands and just before the first byte is sent; an error aborts and
	 * proves that nothing was sent. NULL: nothing to do. */
	enum err (*before_send)(void *ctx, struct errinfo *ei);
	void *ctx;
};

struct transport_reply {
	enum err err; /* not ERR_OK: there is no complete answer, whatever else is filled */
	struct errinfo ei;
	bool sent; /* false: proven that no byte of the request left */
	bool aborted; /* before_send refused */
	bool certificate; /* the server's certificate was refused */
	int curl_code; /* 0 in memory */
	int status; /* HTTP */
	char headers[HEADER_COUNT][HEADER_VALUE_SIZE]; /* "" when absent; printable ASCII only */
	struct buf body; /* inflated */
};

struct transfer;
/* Runs from the loop, once, never inside submit; the reply is its to change, not to keep. */
typedef void transfer_fn(struct transport_reply *reply, void *user);

struct transport {
	void *self;
	/* NULL and ei when nothing could be started */
	struct transfer *(*submit)(void *self, const struct transport_request *r, transfer_fn *fn,
	    void *user, struct errinfo *ei);
	void (*abort)(void *self, struct transfer *t); /* its callback will not run */
	void (*free)(void *self);
};

/* libcurl in the loop l. Nothing is loaded before the first submit. base_url decides which
 * protocol is spoken at all. */
enum err net_transport(
    struct transport *t, struct loop *l, const struct api_config *cfg, struct errinfo *ei);
/* May plain http be used with this URL: is its host a loopback address? */
bool net_is_loopback(const char *url);

/* As api_new, over another transport, which it takes (also on failure). */
struct api *api_new_over(
    struct loop *l, const struct api_config *cfg, struct transport t, struct errinfo *ei);

#endif
