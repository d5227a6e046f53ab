/* One line of text being edited. Cursor movements go by what is drawn as one unit (base/text.h), so
 * half an emoji can not be left behind. */
#ifndef RETICLE_TUI_EDIT_H
#define RETICLE_TUI_EDIT_H

#include <stdbool.h>
#include "base/buf.h"
#include "tui/canvas.h"
#include "tui/command.h"
#include "tui/key.h"

struct edit {
	struct buf text;
	size_t at; /* byte offset of the cursor */
};

/* Names of the commands that edit_command handles, for view_ops.commands. */
#define EDIT_COMMANDS                                                                              \
	"char-left char-right word-left word-right line-start line-end delete-back delete-char "   \
	"delete-word delete-to-start delete-to-end"

enum err edit_init(struct edit *e, const char *initial, size_t max_bytes);
void edit_done(struct edit *e);
const char *edit_text(const struct edit *e);
enum err edit_set(struct edit *e, const char *text); /* cursor at the end */
/* Newlines and other controls of a paste become blanks. ERR_LIMIT: it does not fit, unchanged. */
enum err edit_insert(struct edit *e, const char *s, size_t n);
enum err edit_insert_raw(struct edit *e, const char *s, size_t n); /* as it is, tabs too */
enum err edit_key(struct edit *e, struct key k); /* a typed character */
/* True when the text changed or the cursor moved. id: enum core_command. */
bool edit_command(struct edit *e, int id);
/* Draw in w cells from (x, y), scrolled so that the cursor is in sight, and show the cursor. */
void edit_draw(const struct edit *e, struct canvas *c, int x, int y, int w);

#endif
