/* JSON for the sandbox: a strict reader that keeps the digits of numbers, and a writer that needs
 * no bookkeeping for commas.
 *
 * Written apart from the client's JSON code on purpose: a misreading shared by both would hide
 * itself. The reader refuses what RFC 8259 refuses, and duplicate keys, "\u0000" and depth over 32
 * besides. Values live in the caller's arena. */
#ifndef RETICLE_SANDBOX_JSON_H
#define RETICLE_SANDBOX_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/buf.h"

enum json_kind {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json {
	enum json_kind kind;
	const char *key; /* inside an object, else NULL */
	const char *text; /* STRING: decoded; NUMBER: its digits as sent; else NULL */
	struct json *child, *next;
	size_t n; /* ARRAY, OBJECT: members */
};

/* NULL when s is not one JSON text; *why then says what is wrong (a literal). */
struct json *json_parse(struct arena *a, const char *s, size_t n, const char **why);
const struct json *json_get(const struct json *obj, const char *key); /* NULL: none, or no object */
/* Text of a string or number member, NULL for anything else. */
const char *json_text(const struct json *obj, const char *key);
/* Whole number member within 64 bits; dflt when there is none. */
int64_t json_number(const struct json *obj, const char *key, int64_t dflt);
bool json_is_true(const struct json *obj, const char *key);

/* Writing: each call puts the comma that is due before itself. NULL strings become null. */
void json_open(struct buf *b, char bracket); /* '{' or '[' */
void json_close(struct buf *b, char bracket);
void json_key(struct buf *b, const char *key);
void json_str(struct buf *b, const char *s);
void json_int(struct buf *b, int64_t n);
void json_bool(struct buf *b, bool yes);
void json_null(struct buf *b);
void json_raw(struct buf *b, const char *text, size_t n); /* a value that is JSON already */
void json_time(struct buf *b, int64_t wall_s); /* ISO text in UTC; 0 becomes null */
void json_value(struct buf *b, const struct json *v);

/* key and value together */
void json_put_str(struct buf *b, const char *key, const char *s);
void json_put_int(struct buf *b, const char *key, int64_t n);
void json_put_bool(struct buf *b, const char *key, bool yes);
void json_put_time(struct buf *b, const char *key, int64_t wall_s);

#endif
