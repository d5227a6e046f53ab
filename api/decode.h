/* From the nodes of an answer to typed records. Tolerant where the API is known to vary (reference
 * 1.4, 10), strict where a wrong record would mislead: a row without a usable id or with a field of
 * an impossible type is left out and counted, the rest of the page stays. */
#ifndef RETICLE_API_DECODE_H
#define RETICLE_API_DECODE_H

#include "api/api.h"
#include "api/scan.h"

/* Fill the member of res->kind from the `data` of an answer, which may be an array or one object.
 * res->kind is set by the caller, its member is not initialised yet. Adds to res->quarantined.
 * ERR_PROTOCOL when data is neither, ERR_NOMEM; the member is then empty and initialised. */
enum err decode_page(struct api_result *res, const struct json_node *data, struct errinfo *ei);

/* The same as work that stops half way: begin, some rows until it is true, end (which frees). res and
 * data stay where they are meanwhile. */
struct decoder;
struct decoder *decode_begin(
    struct api_result *res, const struct json_node *data, struct errinfo *ei); /* NULL: ei */
bool decode_some(struct decoder *d, struct api_result *res, size_t rows);
enum err decode_end(struct decoder *d, struct errinfo *ei); /* NULL is fine: ERR_OK */

void decode_init(struct api_result *res); /* initialise the member of res->kind */
void decode_done(struct api_result *res); /* free it */
size_t decode_rows(const struct api_result *res); /* records on the page */
/* What tells row i from the others of a list, for finding repeated rows. NULL: nothing. */
const char *decode_row_key(const struct api_result *res, size_t i);
/* Keep only the rows for which keep[i] is set. */
void decode_filter(struct api_result *res, const bool *keep);

#endif
