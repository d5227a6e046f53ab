/* The one door for text from outside (names, messages, header values) on its way to people.
 *
 * The model keeps exact bytes. text_next() turns them into glyphs that can be drawn in whole cells
 * and can neither move the cursor nor hide: what could deceive (controls, bidi marks, zero width,
 * invalid UTF-8) comes out as a visible stand-in with GLYPH_BADGE. text_escape() is the reversible
 * form for logs, stderr and review lines. Width comes from utf8proc (Unicode 14 on Debian 12) and
 * never from the terminal's locale. */
#ifndef RETICLE_BASE_TEXT_H
#define RETICLE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"

enum glyph_flag {
	GLYPH_NONE = 0,
	GLYPH_BADGE = 1u << 0, /* a stand-in: draw it so that nobody takes it for the text itself */
};

struct glyph {
	char bytes[24]; /* valid printable UTF-8 (or ASCII in ASCII mode), NUL-terminated */
	uint8_t len;
	uint8_t width; /* cells: 1 or more; a stand-in such as <202E> takes several */
	uint8_t flags;
};

struct text_iter {
	const unsigned char *p, *end;
};

/* ASCII mode: every glyph is printable ASCII (locale without UTF-8, --ascii). Off at start. */
void text_set_ascii(bool ascii);
bool text_is_ascii(void);

struct text_iter text_iter(const char *s, size_t n);
/* Next glyph, false at the end. O(1) per glyph whatever the input: clusters are clamped. */
bool text_next(struct text_iter *it, struct glyph *g);

size_t text_width(const char *s, size_t n); /* cells that the glyphs take together */
/* Append s in its reversible form: printable text as is, the rest as \u{1b}, \x{ff}, and \\ . */
enum err text_escape(struct buf *out, const char *s, size_t n);
/* Does any glyph of s differ from its bytes (so that a review must show the escaped form too)? */
bool text_is_deceptive(const char *s, size_t n);
/* Copy UTF-8 text, cut before a character that does not fit whole. */
void text_copy(char *out, size_t cap, const char *text);

/* Bytes of the character at s that acts where text is printed instead of being seen there (C0, DEL, C1,
 * line separators, marks that turn the direction of writing), all below U+10000; 0: it is another, or
 * not UTF-8. */
size_t text_control(const char *s, size_t n, uint32_t *cp);

bool text_is_utf8(const char *s, size_t n); /* valid, no surrogates, no overlong forms */

/* Lower-case for searching: simple case folding, one code point at a time. */
enum err text_fold(struct buf *out, const char *s, size_t n);

#endif
