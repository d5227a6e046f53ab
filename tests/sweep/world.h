/* The whole program in a small world of its own: directories, a sandbox with its state in a file, a
 * clock that may run fast. A world can be saved as a template and begun from it any number of times. */
#ifndef RETICLE_TESTS_SWEEP_WORLD_H
#define RETICLE_TESTS_SWEEP_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "tests/flow/harness.h"

#define WORLD_ACCOUNT "18ce5bulk01"

struct world {
	char top[64]; /* top/live is the world, top/NAME its templates */
	struct sandbox server;
	bool serving;
	char port[8]; /* stays the same: the program's files are bound to it */
	int batch_size;
	int rate; /* how fast time passes for the sandbox, and for the program unless it says else */
	int64_t began_ns; /* when it began to; it never goes back, templates are of the past */
	unsigned long calls; /* of the last run that counted */
	const char *dup; /* mode of the sandbox; NULL: allow, so that a double shows */
};

void world_init(struct world *w);
void world_done(struct world *w);

/* Begin: empty, or as it was saved under this name. A sandbox runs then. */
void world_begin(struct world *w, const char *name);
/* The sandbox is stopped, and the world kept under this name. */
void world_save(struct world *w, const char *name);

struct run {
	const char *script; /* keys for the screen; NULL: the command */
	const char *command[6]; /* arguments of a command without the screen */
	const char *input; /* what it reads on standard input; NULL: nothing */
	int rate; /* 0: that of the world */
	bool count; /* the calls that change something: world.calls */
	unsigned long kill_at; /* kill -9 at that call; 0: not */
	bool torn; /* after half of what it was to write */
};

enum { RUN_KILLED = -9 };
/* Its exit status, or RUN_KILLED. Output and errors are in live/out.txt and live/err.txt. A program
 * that does not end is the end of the sweep. */
int world_run(struct world *w, const struct run *r);
/* As world_run for a script that has to go through; false otherwise. */
bool world_script(struct world *w, const char *script);

/* Where every edit of the account is, as the store of the program has it. */
struct census {
	size_t staged, sending, unknown, applied;
	size_t held; /* of the staged ones */
	size_t creates, deletes; /* applied ones */
	bool twice; /* an edit in more than one state, or more than once in one */
	char what[160]; /* which */
};
struct census world_census(struct world *w);

/* Time passes, for the sandbox and for programs that start from now on. */
void world_later(struct world *w, int seconds);

/* Of the sandbox, which knows nothing of the program. */
unsigned world_doubles(struct world *w);
struct truth {
	char sha256[65];
	unsigned criteria;
};
struct truth world_truth(struct world *w);

/* Path of a file in the world; valid until the fourth call after it. */
const char *world_file(const struct world *w, const char *name);
bool world_has(const struct world *w, const char *file, const char *text);
/* The whole file, the caller's to free; NULL when there is none. */
char *world_text(const struct world *w, const char *file);

#endif
