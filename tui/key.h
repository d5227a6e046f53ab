/* Keys as values and as names, and what arrives from the terminal.
 *
 * Names: one character as itself (j, G, ?, ä), or Up Down Left Right Home End PgUp PgDn Insert
 * Delete Backspace Tab BackTab Enter Esc Space F1..F12, each with C- M- S- in front (C-d, M-x,
 * S-Up). M-x is what the terminal sends as ESC x. */
#ifndef RETICLE_TUI_KEY_H
#define RETICLE_TUI_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key_code { /* above Unicode; a smaller code is the character itself */
	KC_NONE = 0,
	KC_FIRST = 0x110000,
#define X(id, name) KC_##id,
#include "tui/keys.def"
#undef X
	KC_LAST
};

enum key_mod { MOD_NONE = 0, MOD_SHIFT = 1u << 0, MOD_META = 1u << 1, MOD_CTRL = 1u << 2 };

struct key {
	uint32_t code;
	uint8_t mods;
};

#define KEY_SEQ_MAX 4
struct key_seq {
	struct key keys[KEY_SEQ_MAX];
	int n;
};

bool key_equal(struct key a, struct key b);
bool key_seq_begins(const struct key_seq *seq, const struct key_seq *begin);
bool key_is_text(struct key k); /* a character that can be typed into a field */
/* Name of one key into out (at least 24 bytes); returns out. */
const char *key_name(struct key k, char *out, size_t cap);
bool key_parse(const char *name, size_t n, struct key *k);
/* "gg", "g g", "C-x C-s": a word that is no key's name and has 2..KEY_SEQ_MAX characters is the
 * sequence of these characters. */
bool key_seq_parse(const char *s, struct key_seq *seq);
const char *key_seq_name(const struct key_seq *seq, char *out, size_t cap); /* "g g" */

enum event_kind {
	EVENT_NONE,
	EVENT_KEY,
	EVENT_PASTE, /* text arrived as a bracketed paste: never keys */
	EVENT_MOUSE,
	EVENT_FOCUS, /* the terminal window got (on) or lost the focus */
};

enum mouse_action { MOUSE_PRESS, MOUSE_DOUBLE, MOUSE_RELEASE, MOUSE_DRAG, MOUSE_WHEEL };

struct event {
	enum event_kind kind;
	struct key key;
	struct {
		enum mouse_action action;
		int button; /* 1 left, 2 middle, 3 right; wheel: -1 up, +1 down */
		int x, y; /* cells of the screen; of the view when handed to one */
	} mouse;
	const char *text; /* EVENT_PASTE: valid during the call */
	size_t len;
	bool truncated; /* EVENT_PASTE: longer than the cap, the rest was dropped */
	bool on; /* EVENT_FOCUS */
};

#endif
