/* Accounts, funding instruments, campaigns, line items, audiences and the like: kept as the JSON
 * object that the API shows, with the columns that lists filter and sort by beside it. The columns
 * are always derived from the object, in entity_save. */
#ifndef RETICLE_SANDBOX_ENTITY_H
#define RETICLE_SANDBOX_ENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include "sandbox/call.h"
#include "sandbox/db.h"
#include "sandbox/json.h"

enum entity_kind {
#define ENTITY(KIND, id, code) ENTITY_##KIND,
#include "sandbox/entities.def"
#undef ENTITY
	ENTITY_KINDS
};

struct entity {
	int64_t row;
	const char *id, *account, *parent, *name, *status;
	bool deleted;
	struct json *body; /* the caller may change it and save it */
};

/* How a collection is listed. Argument names are those of the route; NULL: no such filter. */
struct entity_list {
	enum entity_kind kind;
	const char *ids, *parents, *fundings;
	bool name_anywhere; /* q matches inside the name, not only at its start */
	bool hides_drafts;
	const char *parent; /* only children of this id, or NULL */
	bool any_account;
	/* SQL, or NULL; ?9 is the signed-in user, ?10 the account of the path */
	const char *where; /* further condition, beginning with " AND " */
	const char *shown; /* expression for the object, instead of "body" */
};

/* Any account's, deleted ones too; false: no such row. */
bool entity_find(struct call *c, enum entity_kind kind, const char *id, struct entity *out);
/* One of the path's account that may be seen; false: the call has failed with the kind's code. */
bool entity_of_path(struct call *c, enum entity_kind kind, bool with_deleted, struct entity *out);
/* The same by an id from elsewhere. */
bool entity_of_account(
    struct call *c, enum entity_kind kind, const char *id, bool with_deleted, struct entity *out);
void entity_fail_missing(struct call *c, enum entity_kind kind, const char *id);

void entity_write_list(struct call *c, const struct entity_list *list); /* into c->data */
void entity_write(struct call *c, const struct json *body); /* into c->data */

/* Insert, or replace the row with the body's id. */
void entity_save(
    struct db *db, enum entity_kind kind, const char *account, const struct json *body);
/* A new id that no entity has had. */
const char *entity_new_id(struct call *c);
/* A change by the call: updated_at, history, c->committed. change is CREATE, UPDATE or DELETE. */
void entity_commit(struct call *c, enum entity_kind kind, struct json *body, const char *change);
/* Copy every argument that was given into the body, under its own name; cleared ones become null. */
void entity_set_args(struct call *c, struct json *body);
void entity_delete_of_path(struct call *c, enum entity_kind kind);

/* Members of a body. Setters replace or append; text must outlive the body. */
void body_set_str(struct arena *a, struct json *body, const char *key, const char *text);
void body_set_int(struct arena *a, struct json *body, const char *key, int64_t n);
void body_set_bool(struct arena *a, struct json *body, const char *key, bool yes);
void body_set_null(struct arena *a, struct json *body, const char *key);
void body_set_time(struct arena *a, struct json *body, const char *key, int64_t wall_s);
void body_set_list(
    struct arena *a, struct json *body, const char *key, const char *const *items, size_t n);
/* A body from JSON text, which must be good; for templates. */
struct json *body_parse(struct arena *a, const char *text);
/* Does the list member hold that string? */
bool body_has(const struct json *body, const char *key, const char *item);

#endif
