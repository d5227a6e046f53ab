/* OAuth 1.0a (RFC 5849) as a server checks it: pure functions, no state, no clock.
 *
 * Written from the RFC and from the API's authentication pages, apart from the client's signer, so
 * that a mistake of one is found by the other. */
#ifndef RETICLE_SANDBOX_OAUTH_H
#define RETICLE_SANDBOX_OAUTH_H

#include <stdbool.h>
#include "base/arena.h"
#include "base/buf.h"
#include "sandbox/params.h"

#define OAUTH_SIGNATURE_SIZE 29 /* base64 of 20 bytes, and a NUL */

struct oauth_request {
	const char *method;
	const char *scheme, *host; /* host as in the Host header, port included */
	const char *path; /* as on the wire, without the query */
	const struct params *params; /* decoded: oauth_* without the signature, query, form */
};

/* The pairs of an "Authorization: OAuth ..." value, without realm; false when it is not that form. */
bool oauth_parse_header(struct arena *a, const char *value, struct params *out);
/* Signature base string, RFC 5849 3.4.1; a port other than 80 (443 for https) stays. */
bool oauth_base_string(struct arena *a, const struct oauth_request *req, struct buf *out);
void oauth_sign(const char *base_string, const char *consumer_secret, const char *token_secret,
    char out[OAUTH_SIGNATURE_SIZE]);
/* Equality in time that depends only on the lengths. */
bool oauth_same(const char *a, const char *b);

#endif
