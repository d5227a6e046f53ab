/* Where the program keeps its files, after the XDG Base Directory specification 0.8: only absolute
 * values of XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_CACHE_HOME and XDG_RUNTIME_DIR count, anything
 * else falls back to the default under HOME. New directories are 0700.
 *
 * An instance ("demo") has a state, cache and runtime of its own; the configuration is shared, so
 * that the user's keys and theme hold there too. */
#ifndef RETICLE_CONFIG_PATHS_H
#define RETICLE_CONFIG_PATHS_H

#include "base/err.h"

#define PATHS_MAX 1024

/* "" means that there is no such place (HOME is missing): the feature is then off, not an error. */
struct paths {
	char config[PATHS_MAX]; /* DIR/reticle: config.yaml */
	char state[PATHS_MAX]; /* DIR/reticle[/INSTANCE]: state.db, edits.log, log */
	char cache[PATHS_MAX]; /* DIR/reticle[/INSTANCE]: cache.db; may be deleted at any time */
	char runtime[PATHS_MAX]; /* DIR/reticle[/INSTANCE], or a 0700 directory under TMPDIR */
};

/* Work the paths out without touching the disk. instance may be NULL; it is [a-z0-9-]{1,32}, else
 * ERR_USAGE. */
enum err paths_init(struct paths *p, const char *instance, struct errinfo *ei);
/* Make one of the four directories; ERR_IO when it is "" or cannot be made, with the reason. */
enum err paths_make(const char *dir, struct errinfo *ei);

#endif
