/* Bindings: (context, key sequence) to a command line.
 *
 * A context is the name of a view, of a family (list, table, input) or `global`; a view names its
 * parent (view_ops.parent), and what a context does not bind is looked up in its parent, at last in
 * `global`. Default keys are text (config/default.keys, compiled in) read by the same parser as
 * the user's: a later binding of the same context and keys replaces the earlier one, the command
 * `none` disables it. */
#ifndef RETICLE_TUI_KEYMAP_H
#define RETICLE_TUI_KEYMAP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "tui/key.h"

struct binding {
	const char *context;
	struct key_seq seq;
	const char *command; /* command line */
	const char *origin; /* "default:12", "config.yaml:7" */
};

#define KEYMAP_CONTEXTS_MAX 64

struct keymap {
	struct binding *list;
	size_t n, cap;
	/* each context's name once: bindings are compared by this pointer */
	const char *contexts[KEYMAP_CONTEXTS_MAX];
	size_t n_contexts;
	unsigned generation; /* counts changes */
	struct arena strings;
};

enum keymap_match { KEYMAP_NONE, KEYMAP_PREFIX, KEYMAP_FOUND };

void keymap_init(struct keymap *m);
void keymap_done(struct keymap *m);
/* Lines `CONTEXT KEYS COMMAND [ARGS]`, `#` comments. Bad lines are reported into `report` (one line
 * each, "origin:line: what") and skipped; returns ERR_CONFIG when there was one. */
enum err keymap_parse(struct keymap *m, const char *text, const char *origin, struct buf *report);
enum err keymap_bind(struct keymap *m, const char *context, const char *keys, const char *command,
    const char *origin);
enum err keymap_add_context(struct keymap *m, const char *name); /* known without a binding */
bool keymap_has_context(const struct keymap *m, const char *name);
/* contexts: innermost first, n of them. */
enum keymap_match keymap_lookup(const struct keymap *m, const char *const *contexts, size_t n,
    const struct key_seq *seq, const struct binding **out);
/* Keys that run exactly this command line in these contexts, in order of preference, "j Down".
 * Bindings that an inner context hides are left out. Returns how many were found. */
size_t keymap_keys_of(const struct keymap *m, const char *const *contexts, size_t n,
    const char *command, struct buf *out);
/* Conflicts: a sequence that another one of the same context is a prefix of can never be typed.
 * One line each into report; returns their number. */
size_t keymap_conflicts(const struct keymap *m, struct buf *report);
/* The compiled-in config/default.keys. */
extern const char keymap_default_text[];

#endif
