/* Errors: one enum for the whole program, and an optional record with what is known of one failure.
 *
 * Fallible functions return `enum err` (0 is success) and fill `struct errinfo` when the caller
 * passes one. Each layer that knows more adds one line of context with err_context(); only the
 * edges (status line, stderr) turn an error into text. Nothing here allocates. */
#ifndef RETICLE_BASE_ERR_H
#define RETICLE_BASE_ERR_H

enum err {
	ERR_OK = 0,
#define X(name, text, hint, status) ERR_##name,
#include "base/errors.def"
#undef X
	ERR_COUNT
};

struct errinfo {
	enum err code;
	int http; /* HTTP status, 0 when there was no answer */
	char api_code[64]; /* code of the API, such as MISSING_PARAMETER or 215; "" when none */
	char param[64]; /* parameter or attribute that the API named; "" when none */
	char msg[512]; /* what failed, in lower case, without a full stop; bounded, may be cut */
};

/* Fill ei (may be NULL) and return code, so that a caller can `return err_set(...)`. */
enum err err_set(struct errinfo *ei, enum err code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Put "context: " before the message; ei may be NULL. Returns ei's code, or code when ei is NULL. */
enum err err_context(struct errinfo *ei, enum err code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

const char *err_name(enum err code); /* "NETWORK" */
const char *err_text(enum err code); /* one phrase, lower case */
const char *err_hint(enum err code); /* the remedy */
int err_exit_status(enum err code); /* exit status that belongs to the code */

#endif
