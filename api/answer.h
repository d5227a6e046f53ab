/* What an HTTP reply means: one of the cases of retry.def, the errors in the API's words, the parsed
 * document. The shapes are those of reference 1.4, 1.7 and of the gateway before it. */
#ifndef RETICLE_API_ANSWER_H
#define RETICLE_API_ANSWER_H

#include "api/scan.h"
#include "api/transport.h"

enum answer_case {
	ANSWER_OK,
#define R(name, reads, read_wait, writes, write_wait, end) ANSWER_##name,
#include "api/retry.def"
#undef R
	ANSWER_CASES
};

enum retry_wait { WAIT_NOW, WAIT_JITTER, WAIT_RESET, WAIT_BACKOFF };
enum write_end { END_NOT_SENT, END_REFUSED, END_UNKNOWN };

struct retry_rule {
	const char *name;
	unsigned reads, writes;
	enum retry_wait read_wait, write_wait;
	enum write_end end;
};
const struct retry_rule *retry_rule(enum answer_case c); /* not for ANSWER_OK */

struct answer {
	enum answer_case kind;
	struct errinfo ei; /* when kind is not ANSWER_OK */
	struct json json; /* nodes point into the reply's body */
	struct json_scan scan; /* of the body, while it is under way */
	bool has_json;
	int status; /* HTTP; 0: no answer */
	const char *body; /* of a write: as it came, "" when none did; dies with the callback */
	size_t body_len;
	int64_t date_s; /* server time of the reply, 0 when unknown */
	int64_t retry_after_ms; /* -1: not said */
	bool has_reset; /* 429: one of the families says when */
};

void answer_init(struct answer *an);
void answer_done(struct answer *an);
/* Decodes the body in place; the reply must outlive the answer. Never fails: what cannot be
 * understood is one of the cases. */
void answer_read(struct answer *an, struct transport_reply *r);
/* The same as work that stops half way: begin, then some (members of JSON) until it is true. */
void answer_begin(struct answer *an, struct transport_reply *r);
bool answer_read_some(struct answer *an, struct transport_reply *r, size_t members);

/* One error object of `errors` or `operation_errors` into ei (code as text, message, parameter or
 * attribute, HTTP status as given). */
void answer_error(const struct json_node *error, int http, struct errinfo *ei);

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, the one form that may be sent) */
bool answer_parse_date(const char *s, int64_t *wall_s);

#endif
