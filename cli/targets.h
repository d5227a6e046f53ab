/* Targeting as code: a file of wanted targeting (YAML, CSV or the API's batch JSON, as `reticle export`
 * writes them), what would have to change for it, and plan files. */
#ifndef RETICLE_CLI_TARGETS_H
#define RETICLE_CLI_TARGETS_H

#include "api/oauth.h"
#include "base/map.h"
#include "cli/headless.h"
#include "targeting/form.h"
#include "targeting/plan.h"

struct targets { /* what a file says */
	struct form_read read;
	struct arena arena;
	const char *account; /* "" when the file names none */
	const char **ids; /* line items of the file, those without criteria too */
	size_t n_ids, cap_ids;
	struct map known; /* the ids */
	bool is_batch; /* what the file does not name stays as it is */
	struct map deletes; /* of a batch: criterion ids, to the number of the operation */
};

void targets_init(struct targets *t);
void targets_done(struct targets *t);
/* "-" is the standard input. What is wrong with the file is printed with its lines: ERR_USAGE. */
enum err targets_read(struct targets *t, const char *file, struct errinfo *ei);
enum err targets_add_id(struct targets *t, const char *id); /* once */
/* The same from memory, which JSON is decoded in. Errors stay in t->read; file is only their name. */
enum err targets_parse(struct targets *t, const char *file, struct buf *text, struct errinfo *ei);
/* YAML events, a batch into rows; errors go to t->read. */
enum err targets_yaml(struct targets *t, const char *text, size_t n);
enum err targets_batch(struct targets *t, char *text, size_t n);

struct delta { /* from what the account has to what a file says */
	struct criterion_set live, wanted; /* of the line items of the file */
	struct change_set changes;
	struct plan plan;
	struct map rows; /* line item id to its first row in live */
	char state[DIGEST_HEX_SIZE]; /* of the line items that would change */
	bool is_revert;
	size_t not_ours,
	    moot; /* of a revert: operations that leave nothing to undo (views/revert.h) */
};

void delta_init(struct delta *d);
void delta_done(struct delta *d);
enum err delta_build(
    struct delta *d, struct headless *h, const struct targets *t, struct errinfo *ei);
/* From what the account has to what it had before a posting. ERR_USAGE when there is no such one. */
enum err delta_revert(struct delta *d, struct headless *h, uint64_t changeset, struct errinfo *ei);
/* The changes from d->live to what t says, both read already. ERR_NOMEM only. */
enum err delta_compare(struct delta *d, const struct targets *t);
enum err delta_of_batch(struct delta *d, const struct targets *t); /* that of a batch */
/* The live rows of a line item; false when it is not one of the delta. user is the delta. */
bool delta_live(void *user, const char *id, const struct criterion **v, size_t *n);
/* Digest of the live criteria of these line items, as the plan file carries it. */
enum err delta_state(struct session *s, const char *const *ids, size_t n,
    char digest[DIGEST_HEX_SIZE], struct errinfo *ei);

/* Plan files: JSON, read strictly. A plan is for one account on one server and API version. */
struct plan_file {
	const char *server; /* "ads-api.x.com/12" */
	const char *account, *state;
	struct change_set changes;
	struct arena arena;
};
/* Host and API version, as drafts and journal are bound to. */
#define PLAN_SERVER_BYTES 300
void plan_file_server(const struct headless *h, char out[PLAN_SERVER_BYTES]);
enum err plan_file_write(
    struct buf *out, const char *server, const char *account, const struct delta *d);
enum err plan_file_read(struct plan_file *p, const char *file, struct errinfo *ei);
void plan_file_done(struct plan_file *p);

/* A whole file, or the standard input for "-"; at most 256 MiB. */
enum err targets_slurp(const char *file, struct buf *out, struct errinfo *ei);

#endif
