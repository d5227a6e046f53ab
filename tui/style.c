#include "tui/style.h"

#include <stdlib.h>
#include <string.h>

/* Letters of themes.def: a wide table reads better than thirty long rows. */
enum letter { O = -1, K, R, G, Y, B, M, C, W, k, r, g, y, b, m, c, w };
enum letter_attr {
	BO = ATTR_BOLD,
	DM = ATTR_DIM,
	IT = ATTR_ITALIC,
	UL = ATTR_UNDERLINE,
	RV = ATTR_REVERSE
};

#define L(fg, bg, attr)                                                                            \
	{                                                                                          \
		fg, bg, attr                                                                       \
	}

static const struct theme themes[] = {
    {"default", "the terminal's own foreground and background",
	{
#define X(style, d, k_, l, o, h, u) [STYLE_##style] = d,
#include "tui/themes.def"
#undef X
	}},
    {"dark", "bright text on black",
	{
#define X(style, d, k_, l, o, h, u) [STYLE_##style] = k_,
#include "tui/themes.def"
#undef X
	}},
    {"light", "dark text on white",
	{
#define X(style, d, k_, l, o, h, u) [STYLE_##style] = l,
#include "tui/themes.def"
#undef X
	}},
    {"mono", "no colours: bold, underline and reverse only",
	{
#define X(style, d, k_, l, o, h, u) [STYLE_##style] = o,
#include "tui/themes.def"
#undef X
	}},
    {"high-contrast", "bright colours on black, bold",
	{
#define X(style, d, k_, l, o, h, u) [STYLE_##style] = h,
#include "tui/themes.def"
#undef X
	}},
    {"deuteranopia", "tells apart by blue and yellow, never by red and green",
	{
#define X(style, d, k_, l, o, h, u) [STYLE_##style] = u,
#include "tui/themes.def"
#undef X
	}},
};

bool style_want_color(enum color_when when, bool output_has_color)
{
	const char *s;

	if (when != COLOR_AUTO)
		return when == COLOR_ALWAYS;
	s = getenv("NO_COLOR");
	if (s && *s)
		return false;
	s = getenv("CLICOLOR_FORCE");
	if (s && *s && strcmp(s, "0") != 0)
		return true;
	s = getenv("CLICOLOR");
	if (s && strcmp(s, "0") == 0)
		return false;
	return output_has_color;
}

bool style_parse_when(const char *s, enum color_when *when)
{
	static const char *const names[] = {"auto", "always", "never"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(s, names[i]) == 0) {
			*when = (enum color_when)i;
			return true;
		}
	return false;
}

size_t theme_count(void)
{
	return sizeof themes / sizeof *themes;
}

const struct theme *theme_at(size_t i)
{
	return i < theme_count() ? &themes[i] : NULL;
}

const struct theme *theme_find(const char *name)
{
	for (size_t i = 0; i < theme_count(); i++)
		if (strcmp(themes[i].name, name) == 0)
			return &themes[i];
	return NULL;
}

struct look style_look(const struct theme *t, enum style base, enum style over, bool color)
{
	struct look a = t->looks[base];

	if (over != STYLE_NORMAL) {
		struct look o = t->looks[over];

		if (o.fg >= 0) {
			a.fg = o.fg;
			a.attr &= (uint8_t)~ATTR_DIM; /* it was the other colour that was dimmed */
		}
		if (o.bg >= 0) {
			a.bg = o.bg;
			a.attr &=
			    (uint8_t)~ATTR_REVERSE; /* or this background would be the letters' colour */
		}
		a.attr |= o.attr;
	}
	if (!color) {
		/* a look that was only a background would vanish */
		if (a.bg >= 0 && t->looks[STYLE_NORMAL].bg != a.bg)
			a.attr |= ATTR_REVERSE;
		a.fg = a.bg = -1;
	}
	return a;
}
