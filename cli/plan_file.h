/* Plan files: JSON, read strictly. A plan is for one account on one server and API version, and for the
 * state of the line items that it was made from. */
#ifndef RETICLE_CLI_PLAN_FILE_H
#define RETICLE_CLI_PLAN_FILE_H

#include "cli/delta.h"

struct plan_file { /* what a file says; all of it belongs to the arena and the set */
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
/* "-" is the standard input. ERR_USAGE when it is no plan. plan_file_done also after an error. */
enum err plan_file_read(struct plan_file *p, const char *file, struct errinfo *ei);
void plan_file_done(struct plan_file *p);

#endif
