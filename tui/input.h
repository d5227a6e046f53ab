/* From the bytes of a terminal to events. Understands what xterm, tmux, screen, rxvt, the Linux
 * console and their kin send for keys with modifiers, bracketed paste, SGR mouse and focus reports.
 * A control sequence that it does not know (late replies to queries too) is swallowed whole, so it
 * can never turn into keystrokes. A paste is one event, never keys, cut at INPUT_PASTE_MAX. */
#ifndef RETICLE_TUI_INPUT_H
#define RETICLE_TUI_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"
#include "tui/key.h"

#define INPUT_PASTE_MAX ((size_t)1 << 20)
#define INPUT_ESC_MS 25 /* an ESC followed by nothing for so long is the key */

typedef void input_fn(const struct event *e, void *user);

struct input {
	unsigned char seq[64]; /* begun escape sequence or UTF-8 character */
	size_t n;
	bool pasting, paste_cut;
	struct buf paste;
	size_t end_seen; /* bytes of the end mark of the paste matched so far */
	bool ctrl_h_is_backspace;
	int64_t pressed_ms; /* of the last click, for double clicks */
	int pressed_x, pressed_y;
	input_fn *fn;
	void *user;
};

void input_init(struct input *in, input_fn *fn, void *user);
void input_done(struct input *in);
void input_feed(struct input *in, const char *p, size_t n);
/* Something is begun that only time can decide: call input_timeout after INPUT_ESC_MS without
 * input. */
bool input_waits(const struct input *in);
void input_timeout(struct input *in);

#endif
