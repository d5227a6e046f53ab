/* The page of keys and commands (docs/keys.md), made from the default keys and the command tables
 * so that it cannot differ from them. */
#ifndef RETICLE_TUI_KEYDOC_H
#define RETICLE_TUI_KEYDOC_H

#include "base/buf.h"
#include "tui/command.h"

struct keydoc_table {
	const struct command *v;
	size_t n;
};

/* Markdown of all default bindings by context, then the commands without a key. Commands that no
 * table has are shown as they are bound. */
enum err keydoc_write(const struct keydoc_table *tables, size_t n, struct buf *out);

#endif
