/* Targeting as code: a file of wanted targeting (YAML, CSV or the API's batch JSON, as `reticle export`
 * writes them), read into rows. What would have to change for it is cli/delta.h. */
#ifndef RETICLE_CLI_TARGETS_H
#define RETICLE_CLI_TARGETS_H

#include "base/map.h"
#include "targeting/form.h"

#define TARGETS_FILE_BYTES (256u << 20) /* the most that is read of any file */

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

/* A whole file, or the standard input for "-", within out's maximum (TARGETS_FILE_BYTES). */
enum err targets_slurp(const char *file, struct buf *out, struct errinfo *ei);

#endif
