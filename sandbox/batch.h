/* Bodies of batch endpoints: an array of {"operation_type", "params"}, all or nothing. */
#ifndef RETICLE_SANDBOX_BATCH_H
#define RETICLE_SANDBOX_BATCH_H

#include <stddef.h>
#include "sandbox/call.h"
#include "sandbox/json.h"

/* The body as an array of 1 to max objects, echoed as the answer's "request"; NULL: the call has
 * failed. */
const struct json *batch_read(struct call *c, size_t max);
/* The errors of item i, in order of i; a code of NULL means none. */
void batch_error(struct call *c, size_t i, const struct api_error *e);
void batch_fail(struct call *c); /* after the last item: answer with operation_errors */
/* A batch of entities: each item is what the single endpoints would do, so their handlers do it;
 * id_name is the parameter that names the entity of an Update or Delete. */
struct batch_handlers {
	const char *id_name;
	call_fn *create, *update, *remove;
};
void batch_entities(struct call *c, size_t max, const struct batch_handlers *h);
/* The JSON body of an endpoint, which must be an object or array; NULL: the call has failed. */
const struct json *body_read(struct call *c, enum json_kind kind);

#endif
