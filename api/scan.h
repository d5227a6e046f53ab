/* JSON from outside: one strict pass, then a flat array of nodes that decoders walk.
 *
 * Accepted is RFC 8259 without its traps: valid UTF-8 only, no control byte and no \u0000 in
 * strings, no lone surrogate, no duplicate key, no byte after the value, and the limits of
 * scan_limits.def. Every proper prefix of an accepted document (that is not a bare number) is
 * refused.
 *
 * Strings are decoded in place and NUL-terminated; numbers stay text, so that 64-bit ids keep every
 * digit. The text buffer is changed by json_parse and must outlive the nodes. Nothing is handed to
 * a second parser: the text that was checked is the text that is used. */
#ifndef RETICLE_API_SCAN_H
#define RETICLE_API_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"

enum scan_limit {
#define X(name, value, what) SCAN_##name = value,
#include "api/scan_limits.def"
#undef X
};

enum json_type {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json_node {
	const char *key; /* name within its object, NULL elsewhere */
	const char *text; /* strings decoded, numbers as written; NULL for the other types */
	uint32_t len; /* bytes of text; members of an array or object */
	uint32_t span; /* nodes that it takes, itself included: the next one is n + span */
	uint32_t key_len;
	enum json_type type;
};

struct json {
	struct json_node *v;
	size_t n, cap;
};

void json_init(struct json *j);
void json_done(struct json *j);
/* text[n] must be writable (a struct buf is). ERR_PROTOCOL with the byte offset, ERR_LIMIT, or
 * ERR_NOMEM; j may be used again. */
enum err json_parse(struct json *j, char *text, size_t n, struct errinfo *ei);
/* The same for a file that the user named: as strict, but a plan may be larger than an answer. */
enum err json_parse_file(struct json *j, char *text, size_t n, struct errinfo *ei);

/* The same as work that stops half way: begin, some until it says that it is over, end. The text and
 * j must stay where they are meanwhile. What is within belongs to scan.c. */
struct json_scan {
	struct json *j;
	char *start, *p, *end;
	const char *why; /* first refusal */
	enum err err;
	size_t max_nodes;
	struct json_level {
		uint32_t node;
		uint64_t seen; /* one bit per key hash: most objects need no comparison of names */
	} levels[SCAN_MAX_DEPTH];
	unsigned depth;
	bool begun;
};
void json_scan_begin(struct json_scan *s, struct json *j, char *text, size_t n);
bool json_scan_some(struct json_scan *s, size_t members); /* true: over, well or not */
enum err json_scan_end(struct json_scan *s, struct errinfo *ei);

/* Walking. NULL in, NULL out, so that chains need one check. */
const struct json_node *json_root(const struct json *j);
const struct json_node *json_get(const struct json_node *object, const char *key);
const struct json_node *json_first(const struct json_node *container);
/* The member behind `member` of the same container, NULL at its end. */
const struct json_node *json_after(
    const struct json_node *container, const struct json_node *member);

const char *json_string(const struct json_node *n); /* NULL unless a string */
const char *json_text(const struct json_node *n); /* string or number as text, else NULL */
bool json_is_null(const struct json_node *n); /* missing counts as null */
/* An integer without fraction or exponent within 64 bits, as number or as string of digits. */
bool json_int64(const struct json_node *n, int64_t *value);

/* Append the value as compact JSON. */
enum err json_print(struct buf *out, const struct json_node *n);
/* Append s as a JSON string with its quotes. Characters that act on a terminal (text_control) are
 * escaped: what is printed or exported is looked at there. */
enum err json_quote(struct buf *out, const char *s, size_t n);

#endif
