#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#define MARKS_DRAWN 2 /* ncurses drops the fifth and later without notice; two are readable */
#define BAD (-1)

static bool ascii_only;

void text_set_ascii(bool ascii)
{
	ascii_only = ascii;
}

bool text_is_ascii(void)
{
	return ascii_only;
}

struct range {
	int32_t lo, hi;
};

/* Characters that take no room or reorder others: a reader cannot see that they are there.
 * utf8proc has them under several categories (Cf, Mn, Lo, So), so they are listed. */
static const struct range hidden_ranges[] = {
    {0x00AD, 0x00AD},
    {0x034F, 0x034F},
    {0x061C, 0x061C},
    {0x115F, 0x1160},
    {0x17B4, 0x17B5},
    {0x180B, 0x180F},
    {0x200B, 0x200F},
    {0x2028, 0x202E},
    {0x2060, 0x206F},
    {0x2800, 0x2800},
    {0x3164, 0x3164},
    {0xFE00, 0xFE0F},
    {0xFEFF, 0xFEFF},
    {0xFFA0, 0xFFA0},
    {0xFFF0, 0xFFFB},
    {0x1BCA0, 0x1BCA3},
    {0x1D173, 0x1D17A},
    {0xE0000, 0xE0FFF},
};

static bool is_hidden(int32_t cp)
{
	if (cp < 0xAD)
		return false;
	for (size_t i = 0; i < sizeof hidden_ranges / sizeof *hidden_ranges; i++)
		if (cp >= hidden_ranges[i].lo && cp <= hidden_ranges[i].hi)
			return true;
	return false;
}

static bool is_mark(int32_t cp)
{
	utf8proc_category_t c = utf8proc_category(cp);

	return (c == UTF8PROC_CATEGORY_MN || c == UTF8PROC_CATEGORY_ME) && !is_hidden(cp);
}

static bool is_pictograph(int32_t cp)
{
	return utf8proc_get_property(cp)->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}

static bool is_skin_tone(int32_t cp)
{
	return cp >= 0x1F3FB && cp <= 0x1F3FF;
}

static bool is_regional(int32_t cp)
{
	return cp >= 0x1F1E6 && cp <= 0x1F1FF;
}

/* Can cp stand in a cell as it is? Unassigned and private ones have no agreed width or meaning. */
static bool is_drawable(int32_t cp)
{
	if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || is_hidden(cp))
		return false;
	switch (utf8proc_category(cp)) {
	case UTF8PROC_CATEGORY_CN:
	case UTF8PROC_CATEGORY_CO:
	case UTF8PROC_CATEGORY_CS:
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return false;
	default:
		return utf8proc_charwidth(cp) > 0;
	}
}

/* One code point from p; BAD when the bytes are not UTF-8. *n: bytes of it, or of the maximal bad
 * part (what a decoder would replace by one U+FFFD). */
static int32_t decode(const unsigned char *p, const unsigned char *end, size_t *n)
{
	static const int32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char c = *p;
	size_t want = c < 0x80                ? 1
		      : c >= 0xF0 && c < 0xF5 ? 4
		      : c >= 0xE0 && c < 0xF0 ? 3
					      : 2,
	       got = 1;
	int32_t cp;

	*n = 1;
	if (c < 0x80)
		return c;
	if (c < 0xC2 || c >= 0xF5)
		return BAD;
	cp = want == 4 ? c & 0x07 : want == 3 ? c & 0x0F : c & 0x1F;
	for (; got < want && p + got < end && (p[got] & 0xC0) == 0x80; got++) {
		/* the second byte decides about overlong forms, surrogates and what is beyond U+10FFFF */
		if (got == 1 && ((c == 0xE0 && p[1] < 0xA0) || (c == 0xED && p[1] > 0x9F) ||
				    (c == 0xF0 && p[1] < 0x90) || (c == 0xF4 && p[1] > 0x8F)))
			return BAD;
		cp = (cp << 6) | (p[got] & 0x3F);
	}
	*n = got;
	if (got < want || cp < least[want])
		return BAD;
	return cp;
}

struct text_iter text_iter(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)(s ? s : "");

	return (struct text_iter){p, p + (s ? n : 0)};
}

static void put(struct glyph *g, const char *s, uint8_t width, uint8_t flags)
{
	size_t n = strlen(s);

	memcpy(g->bytes, s, n + 1);
	g->len = (uint8_t)n;
	g->width = width;
	g->flags = flags;
}

/* A code point by its number: \u{1B} in ASCII, else in angle quotes, which take one cell each. */
static void put_number(struct glyph *g, int32_t cp)
{
	int n;

	if (ascii_only)
		n = snprintf(g->bytes, sizeof g->bytes, "\\u{%X}", (unsigned)cp);
	else
		n = snprintf(
		    g->bytes, sizeof g->bytes, "\xE2\x80\xB9%02X\xE2\x80\xBA", (unsigned)cp);
	g->len = (uint8_t)n;
	g->width = (uint8_t)(ascii_only ? n : n - 4);
	g->flags = GLYPH_BADGE;
}

static void put_stand_in(struct glyph *g, int32_t cp)
{
	if (cp == BAD)
		put(g, ascii_only ? "?" : "\xEF\xBF\xBD", 1, GLYPH_BADGE);
	else if (ascii_only && cp >= 0x80)
		put_number(g, cp);
	else if (ascii_only)
		put(g, (char[]){'^', (char)(cp ^ 0x40), '\0'}, 2, GLYPH_BADGE);
	else if (cp < 0x20 || cp == 0x7F)
		put(g, (char[]){'\xE2', '\x90', (char)(0x80 + (cp == 0x7F ? 0x21 : cp)), '\0'}, 1,
		    GLYPH_BADGE);
	else
		put_number(g, cp);
}

static void append(struct glyph *g, const unsigned char *p, size_t n)
{
	memcpy(g->bytes + g->len, p, n);
	g->len = (uint8_t)(g->len + n);
	g->bytes[g->len] = '\0';
}

/* What follows a base character in its cluster. Two marks are drawn, emoji sequences are reduced to
 * their first emoji with a small plus (terminals disagree about the width of the rest). */
static const unsigned char *cluster(
    struct glyph *g, const unsigned char *p, const unsigned char *end, int32_t base)
{
	bool picture = is_pictograph(base), more_emoji = false, cut = false;
	unsigned marks = 0;

	while (p < end && *p >= 0x80) {
		size_t n, m;
		int32_t cp = decode(p, end, &n);

		if (cp == BAD)
			break;
		if (is_mark(cp)) {
			if (marks++ < MARKS_DRAWN)
				append(g, p, n);
			else
				cut = true;
		} else if (picture && cp == 0xFE0F) {
			; /* asks for the emoji form, which is what is drawn */
		} else if (picture && is_skin_tone(cp)) {
			more_emoji = true;
		} else if (picture && cp == 0x200D && p + n < end &&
			   is_pictograph(decode(p + n, end, &m))) {
			more_emoji = true;
			n += m;
		} else {
			break;
		}
		p += n;
	}
	if (cut || more_emoji) {
		append(g, (const unsigned char *)"\xE2\x81\xBA", 3); /* superscript plus */
		g->width++;
	}
	if (cut)
		g->flags |= GLYPH_BADGE;
	return p;
}

bool text_next(struct text_iter *it, struct glyph *g)
{
	const unsigned char *p = it->p;
	int32_t cp, second;
	size_t n, m;

	if (p >= it->end)
		return false;
	if (*p >= 0x20 && *p < 0x7F && (p + 1 == it->end || p[1] < 0x80)) {
		g->bytes[0] = (char)*p;
		g->bytes[1] = '\0';
		g->len = g->width = 1;
		g->flags = GLYPH_NONE;
		it->p = p + 1;
		return true;
	}
	cp = decode(p, it->end, &n);
	if (ascii_only || cp == BAD) {
		if (cp >= 0x20 && cp < 0x7F)
			put(g, (char[]){(char)cp, '\0'}, 1, GLYPH_NONE);
		else
			put_stand_in(g, cp);
		it->p = p + n;
		return true;
	}
	if (is_mark(cp)) { /* a mark without a base sits on a dotted circle */
		put(g, "\xE2\x97\x8C", 1, GLYPH_BADGE);
		append(g, p, n);
		it->p = p + n;
		return true;
	}
	if (is_regional(cp) && p + n < it->end &&
	    is_regional(second = decode(p + n, it->end, &m))) {
		char flag[] =
		    "\xE2\x80\xB9..\xE2\x80\xBA"; /* a flag as its letters: widths differ */

		flag[3] = (char)('A' + (cp - 0x1F1E6));
		flag[4] = (char)('A' + (second - 0x1F1E6));
		put(g, flag, 4, GLYPH_NONE);
		it->p = p + n + m;
		return true;
	}
	if (!is_drawable(cp)) {
		put_stand_in(g, cp);
		it->p = p + n;
		return true;
	}
	g->len = g->flags = 0;
	append(g, p, n);
	g->width = (uint8_t)utf8proc_charwidth(cp);
	it->p = cluster(g, p + n, it->end, cp);
	return true;
}

size_t text_width(const char *s, size_t n)
{
	struct text_iter it = text_iter(s, n);
	struct glyph g;
	size_t width = 0;

	while (text_next(&it, &g))
		width += g.width;
	return width;
}

bool text_is_deceptive(const char *s, size_t n)
{
	struct text_iter it = text_iter(s, n);
	struct glyph g;

	while (text_next(&it, &g))
		if (g.flags & GLYPH_BADGE)
			return true;
	return false;
}

enum err text_escape(struct buf *out, const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + n;
	unsigned marks = 0;

	while (p < end) {
		size_t len;
		int32_t cp = decode(p, end, &len);
		bool mark = cp >= 0x80 && is_mark(cp);

		marks = mark ? marks + 1 : 0;
		if (cp == BAD)
			for (size_t i = 0; i < len; i++)
				buf_addf(out, "\\x{%02x}", p[i]);
		else if (cp == '\\')
			buf_adds(out, "\\\\");
		else if ((cp >= 0x20 && cp < 0x7F) ||
			 (cp >= 0x80 && !ascii_only &&
			     (mark ? marks <= MARKS_DRAWN : is_drawable(cp))))
			buf_add(out, p, len);
		else
			buf_addf(out, "\\u{%x}", (unsigned)cp);
		p += len;
	}
	return out->failed;
}

static bool acts(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xA0) || cp == 0x061C || cp == 0x200E ||
	       cp == 0x200F || (cp >= 0x2028 && cp <= 0x202E) || (cp >= 0x2066 && cp <= 0x2069);
}

size_t text_control(const char *s, size_t n, uint32_t *cp)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t len = !n ? 0 : p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : 0;

	if (!len || len > n || (len > 1 && !text_is_utf8(s, len)))
		return 0;
	*cp = len == 1 ? p[0] : p[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++)
		*cp = *cp << 6 | (p[i] & 0x3fu);
	return acts(*cp) ? len : 0;
}

bool text_is_utf8(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + n;

	while (p < end) {
		size_t len;

		if (decode(p, end, &len) == BAD)
			return false;
		p += len;
	}
	return true;
}

enum err text_fold(struct buf *out, const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + n;

	while (p < end) {
		utf8proc_uint8_t enc[4];
		size_t len;
		int32_t cp = decode(p, end, &len);

		if (cp >= 0 && cp < 0x80) {
			buf_addc(out, (char)(cp >= 'A' && cp <= 'Z' ? cp + 32 : cp));
		} else if (cp == BAD) {
			buf_add(out, p, len);
		} else {
			int32_t low = utf8proc_tolower(cp);

			buf_add(out, enc, (size_t)utf8proc_encode_char(low, enc));
		}
		p += len;
	}
	return out->failed;
}

void text_copy(char *out, size_t cap, const char *text)
{
	size_t n = strlen(text);

	if (n >= cap) {
		n = cap - 1;
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(out, text, n);
	out[n] = '\0';
}
