/* The terminal: raw mode, the alternate screen, painting what changed, and giving everything back
 * on every way out.
 *
 * Capabilities come from ncurses' terminfo (setupterm, tparm), so TERM decides what is sent. The
 * painting is our own: the cells that differ go out as one write without blocking, so a terminal
 * that does not read (Ctrl-S) cannot stop the program. What ncurses would do with a name from
 * outside never matters: only cells of tui/grid.h are sent. */
#ifndef RETICLE_TUI_TERM_H
#define RETICLE_TUI_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include "tui/grid.h"
#include "tui/style.h"

struct term;

/* ERR_TERMINAL, with a message that names TERM and not one byte written, when stdin or stdout is
 * no terminal or TERM is empty, unknown, or cannot address the cursor. Sets up crash handlers. */
enum err term_open(bool mouse, struct term **out, struct errinfo *ei);
void term_close(struct term *t); /* gives the terminal back */

int term_in_fd(const struct term *t);
int term_out_fd(const struct term *t);
bool term_has_color(const struct term *t);
bool term_backspace_is_ctrl_h(const struct term *t);
/* false when the size is not known; then the old one holds */
bool term_size(const struct term *t, int *cols, int *rows);

/* Send the cells in which g differs from what was sent before. When the terminal has not taken the
 * last frame yet, nothing is done and false returned: paint again after term_flush. */
bool term_paint(struct term *t, const struct grid *g, const struct theme *theme, bool color);
bool term_flush(struct term *t); /* true when everything is out */
bool term_gone(const struct term *t); /* writing failed for good: the terminal hung up */
enum err term_resize(struct term *t, struct clusters *clusters, int cols, int rows);
void term_repaint(struct term *t); /* forget what is on the screen */

void term_leave(struct term *t); /* to the shell or a child program, and back */
void term_enter(struct term *t);
bool term_is_left(const struct term *t);
void term_set_mouse(struct term *t, bool on);
bool term_has_mouse(const struct term *t);
/* For a process that never opened the terminal: undo what another one may have left behind. */
struct termios;
void term_rescue(const struct termios *saved);
/* Bytes read; 0: nothing there now; -1: hung up. */
long term_read(struct term *t, char *p, size_t n);

#endif
