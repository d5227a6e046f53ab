/* Styles: what a cell means, and the themes that turn meanings into colours and attributes.
 *
 * Views name a meaning (STYLE_ADDED), never a colour. Themes are defined with the 16 ANSI colours
 * so that they hold on every terminal; the default theme keeps the terminal's own foreground and
 * background. Whether colour is used at all is decided in one place, style_want_color, for the
 * screen and the command line alike. */
#ifndef RETICLE_TUI_STYLE_H
#define RETICLE_TUI_STYLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum style {
#define X(name, purpose) STYLE_##name,
#include "tui/styles.def"
#undef X
	STYLE_COUNT
};

enum style_attr {
	ATTR_NONE = 0,
	ATTR_BOLD = 1u << 0,
	ATTR_DIM = 1u << 1,
	ATTR_ITALIC = 1u << 2,
	ATTR_UNDERLINE = 1u << 3,
	ATTR_REVERSE = 1u << 4,
};

/* Colours 0..15 are ANSI; -1 is the terminal's own. */
struct look {
	int8_t fg, bg;
	uint8_t attr;
};

struct theme {
	const char *name;
	const char *about;
	struct look looks[STYLE_COUNT];
};

enum color_when { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* --color beats NO_COLOR (set and not empty), which beats CLICOLOR_FORCE, which beats CLICOLOR=0
 * (https://no-color.org, https://bixense.com/clicolors); otherwise what the output can do. */
bool style_want_color(enum color_when when, bool output_has_color);
bool style_parse_when(const char *s, enum color_when *when); /* auto, always, never */

size_t theme_count(void);
const struct theme *theme_at(size_t i); /* 0 is the default theme */
const struct theme *theme_find(const char *name); /* NULL when there is none of that name */

/* Lay the look of `over` over that of `base` (STYLE_NORMAL lays nothing over). Without colour the
 * colours are dropped and the attributes kept. */
struct look style_look(const struct theme *t, enum style base, enum style over, bool color);

#endif
