/* The server's typed reading of a request's parameters, from the spec text of its route.
 *
 * A spec is "name:kind name:kind! ...", where '!' means required and kind is one of
 *   str id ids list user_ids count count50 count30 cursor bool int money time
 *   enum(A|B) enums(A|B) sort(attribute|attribute)
 * The same reading is what request.params echoes (reference 1.4): lists become arrays, numbers
 * numbers, times UTC. Unknown parameters are ignored, duplicates refused. Pure: no clock, no
 * database; everything lives in the caller's arena. */
#ifndef RETICLE_SANDBOX_ARGS_H
#define RETICLE_SANDBOX_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/buf.h"
#include "sandbox/params.h"

#define ARGS_MAX 32
#define ARGS_IDS_MAX 200 /* ids in one list, reference 1.5 */

struct arg {
	const char *name;
	char kind[12];
	const char *choices; /* "A|B)" of enum, enums and sort, or NULL */
	bool required, given;
	bool cleared; /* given with an empty value */
	const char *text; /* value as sent, decoded */
	int64_t num; /* int, money, count, bool, time (seconds) */
	const char **list;
	size_t n;
};

struct args {
	struct arg v[ARGS_MAX];
	size_t n;
};

/* One error of the API's envelope (reference 1.7). Strings live in the call's arena. */
struct api_error {
	int http;
	const char *code, *message, *parameter, *attribute, *value, *details;
};

/* False: *e says what is wrong. */
bool args_read(struct arena *a, const char *spec, const struct params *p, struct args *out,
    struct api_error *e);
void args_echo(const struct args *args, struct buf *out); /* members of request.params */

/* NULL when the parameter is not in the spec or was not given. */
const struct arg *args_find(const struct args *args, const char *name);
const char *args_text(const struct args *args, const char *name); /* NULL: not given or empty */
int64_t args_num(const struct args *args, const char *name, int64_t dflt);
bool args_true(const struct args *args, const char *name);

size_t text_characters(const char *utf8); /* what the documents' limits of names count */
bool id_is_legal(const char *s); /* 1 to 64 of [0-9A-Za-z] */
/* Times that requests may carry (reference 1.6); date only means midnight UTC. */
bool time_parse(const char *s, int64_t *wall_s);
bool number_parse(const char *s, int64_t *n); /* the whole text, decimal, within 64 bits */
/* Is s one of "A|B|C", a text that ends at NUL or ')'? */
bool choice_has(const char *choices, const char *s);

#endif
