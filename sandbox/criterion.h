/* Targeting criteria: rows, their JSON, and operations on them.
 *
 * A criterion's id is its row number in base 36. Rows are never removed (reference 1.3: soft
 * delete); a new one gets the next number. */
#ifndef RETICLE_SANDBOX_CRITERION_H
#define RETICLE_SANDBOX_CRITERION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sandbox/call.h"
#include "sandbox/entity.h"
#include "targeting/types.h"

/* One Create or Delete of a request. */
struct operation {
	bool removes;
	const char *line_item_id, *type_name, *op_name, *value; /* of a Create */
	const char *criterion_id; /* of a Delete */
	/* filled by criteria_apply */
	struct entity line_item;
	enum targeting_type type;
	enum operator_type op;
	int64_t seq; /* the row that was made or taken away */
	struct api_error error; /* code NULL: none */
};

/* What one call wants done: all of it, or nothing. */
struct operations {
	struct operation *v;
	size_t n;
	bool is_batch;
};

/* Check every operation by itself and their final state together, then apply them. False: some
 * operation has an error and nothing was changed. */
bool criteria_apply(struct call *c, struct operations *ops);

/* The columns that criterion_write wants, for a SELECT. */
#define CRITERION_COLUMNS                                                                          \
	"c.seq, c.type, c.op, c.value, c.name, c.place, c.created, c.updated, c.deleted"

/* The row that stmt stands on, as JSON. lang NULL: no localized_name. */
void criterion_write(struct call *c, sqlite3_stmt *stmt, const char *line_item_id, const char *lang,
    struct buf *out);
/* By number; false when there is none. */
bool criterion_write_seq(struct call *c, int64_t seq, const char *lang, struct buf *out);

struct criterion_extra {
	const char *op, *name, *place; /* place: location_type, NULL for other types */
	int64_t created_s, born_ms;
	int64_t seq; /* 0: the next */
};

/* Insert without any check: seeds, bulk, foreign edits. Returns the row number. */
int64_t criterion_insert(struct db *db, int64_t line_item_row, const char *type_name,
    const char *value, const struct criterion_extra *extra);
void criterion_remove(struct call *c, int64_t seq);
/* What the API shows as name (and location_type) of a value. */
const char *criterion_name(
    struct call *c, enum targeting_type type, const char *value, const char **place);

#endif
