/* OAuth 1.0a request signing with HMAC-SHA1 (RFC 5849; what X asks for: reference 9.1).
 *
 * There is one percent encoder for everything: the same bytes are signed and sent. Secrets stay in
 * struct oauth_keys of the caller; the signing key is wiped after use. */
#ifndef RETICLE_API_OAUTH_H
#define RETICLE_API_OAUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "api/api.h"
#include "base/buf.h"
#include "base/err.h"

struct oauth_keys {
	const char *consumer_key, *consumer_secret;
	const char *token, *token_secret; /* token NULL: not sent; secret NULL counts as empty */
};

struct oauth_request {
	const char *method; /* upper case */
	const char *url; /* scheme://host[:port]/path, without query */
	const struct api_param *params; /* decoded: query, and the form body if there is one */
	size_t n_params;
	const struct api_param
	    *extra; /* further oauth_ parameters: oauth_callback, oauth_verifier */
	size_t n_extra;
	const char *nonce;
	int64_t timestamp; /* seconds, server time */
	bool leave_version; /* do not send oauth_version (it is optional) */
};

/* Append s percent-encoded (RFC 3986 unreserved characters stay). */
enum err oauth_encode(struct buf *out, const char *s, size_t n);
/* Append "a=1&b=2" with every name and value encoded, in the given order: a query or form body. */
enum err oauth_query(struct buf *out, const struct api_param *params, size_t n);

enum err oauth_param_string(
    struct buf *out, const struct oauth_keys *k, const struct oauth_request *r);
enum err oauth_base_string(
    struct buf *out, const struct oauth_keys *k, const struct oauth_request *r);
enum { OAUTH_SIGNATURE_SIZE = 29 }; /* base64 of 20 bytes and a NUL */
enum err oauth_sign(const struct oauth_keys *k, const struct oauth_request *r,
    char out[OAUTH_SIGNATURE_SIZE], struct errinfo *ei);
/* Append the value of the Authorization header: OAuth k="v", ... */
enum err oauth_header(
    struct buf *out, const struct oauth_keys *k, const struct oauth_request *r, struct errinfo *ei);

enum { OAUTH_NONCE_SIZE = 33 };
/* 128 random bits in hex, from the kernel. */
enum err oauth_nonce(char out[OAUTH_NONCE_SIZE], struct errinfo *ei);

/* Decoded parameters of "a=1&b=%20" (query or form; + is a space there). */
struct oauth_params {
	struct arena arena;
	struct api_param *v;
	size_t n, cap;
};
void oauth_params_init(struct oauth_params *p);
void oauth_params_done(struct oauth_params *p);
enum err oauth_params_add(struct oauth_params *p, const char *name, const char *value);
/* ERR_USAGE for a cut %XX or an encoded NUL. */
enum err oauth_params_parse(struct oauth_params *p, const char *query, struct errinfo *ei);

enum { DIGEST_HEX_SIZE = 65 };
enum err digest_sha256(const void *p, size_t n, char hex[DIGEST_HEX_SIZE], struct errinfo *ei);
enum err digest_hmac_sha1(const void *key, size_t key_len, const void *p, size_t n,
    unsigned char out[20], struct errinfo *ei);
void digest_base64(const unsigned char *p, size_t n, char *out); /* 4 * ceil(n / 3) + 1 bytes */

#endif
