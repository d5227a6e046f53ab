/* One API call on its way through the sandbox: what was asked, what will be answered.
 *
 * A handler gets a call whose signature, budget, account and parameters have been checked, runs
 * with the state locked and inside a transaction, and either writes JSON into `data` or calls
 * call_fail. A failure rolls back whatever it wrote. Strings live in the call's arena. */
#ifndef RETICLE_SANDBOX_CALL_H
#define RETICLE_SANDBOX_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/buf.h"
#include "sandbox/args.h"
#include "sandbox/json.h"
#include "sandbox/page.h"
#include "sandbox/params.h"

struct sandbox;
struct route;

#define CALL_PATH_IDS 4

struct call {
	struct sandbox *sb;
	struct arena *a;

	/* request */
	const char *method, *scheme, *host, *uri; /* uri as on the wire */
	const char *authorization; /* header, or NULL */
	const char *content_type; /* header, or NULL */
	const char *body;
	size_t body_len;
	uint32_t seq; /* number in the ledger */

	/* read from it */
	const char *path; /* decoded, without version and query */
	int version;
	const struct route *route;
	struct param path_ids[CALL_PATH_IDS];
	size_t path_id_count;
	struct params params; /* query and form */
	struct args args;
	const char *account; /* id in the path, or NULL */
	const char *user; /* signed-in user id */
	const char *nonce;

	/* answer */
	int status;
	const char *content_type_out;
	struct buf data; /* the JSON value of "data" */
	struct buf request_echo; /* "request" of a batch; empty: {"params": ...} */
	struct buf operation_errors;
	struct buf out; /* the body as it will be sent */
	struct api_error error;
	const char *data_type;
	bool paged; /* next_cursor is a key of the answer */
	const char *next_cursor;
	int64_t total; /* -1: not asked for */
	int64_t partial; /* fault: operations of a batch that are committed before it fails; -1 */
	int64_t lag_ms; /* fault: this read is that much behind */
	int64_t skew_s; /* fault: the server's clock is that far off */
	bool any_nonce; /* fault: replayed nonces pass */
	bool drop_cursor; /* fault: answer as if no cursor had been sent */
	bool committed; /* the state was changed */
	struct params headers_out;
	int64_t last_time_s; /* written last, with its text: saves formatting */
	char last_time[21];
};

void call_fail(struct call *c, int http, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* With the parameter that is to blame and its value (either may be NULL). */
void call_fail_at(struct call *c, const char *code, const char *parameter, const char *value,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
bool call_failed(const struct call *c);
const char *call_path_id(const struct call *c, const char *name); /* NULL: not in this path */
void call_header(struct call *c, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* printf into the call's arena; "" without memory */
const char *call_text(struct call *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void error_write(struct buf *out, const struct api_error *e); /* one member of "errors" */

/* Paging of a collection (reference 1.5). Begin reads count and cursor, refuses a cursor that is
 * not of this request, and makes next_cursor a key of the answer; false: the call has failed. */
bool call_page_begin(struct call *c, struct cursor *from, size_t *count);
void call_page_next(struct call *c, struct cursor from); /* there is more, beginning there */

typedef void call_fn(struct call *c);

#endif
