#include "tui/input.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/text.h"

#define ESC 0x1B
#define DOUBLE_CLICK_MS 400

static const char paste_end[] = "\x1B[201~";

void input_init(struct input *in, input_fn *fn, void *user)
{
	*in = (struct input){.fn = fn, .user = user};
	buf_init(&in->paste, INPUT_PASTE_MAX);
}

void input_done(struct input *in)
{
	buf_done(&in->paste);
}

static void emit_key(struct input *in, uint32_t code, unsigned mods)
{
	struct event e = {.kind = EVENT_KEY, .key = {code, (uint8_t)mods}};

	in->fn(&e, in->user);
}

/* --- one byte, or one character --- */

static void emit_control(struct input *in, unsigned char c, unsigned mods)
{
	switch (c) {
	case '\t':
		emit_key(in, KC_TAB, mods);
		break;
	case '\r':
		emit_key(in, KC_ENTER, mods);
		break;
	case ESC:
		emit_key(in, KC_ESC, mods);
		break;
	case 0x7F:
		emit_key(in, KC_BACKSPACE, mods);
		break;
	case 0x08:
		if (in->ctrl_h_is_backspace)
			emit_key(in, KC_BACKSPACE, mods);
		else
			emit_key(in, 'h', mods | MOD_CTRL);
		break;
	case 0:
		emit_key(in, ' ', mods | MOD_CTRL);
		break;
	default: /* C-a..C-z, then C-\ C-] C-^ C-_ */
		emit_key(in, c < 0x1B ? c + 'a' - 1u : c + 0x40u, mods | MOD_CTRL);
		break;
	}
}

static size_t utf8_length(unsigned char c)
{
	return c < 0x80 ? 1 : c >= 0xF0 && c < 0xF5 ? 4 : c >= 0xE0 ? 3 : c >= 0xC2 ? 2 : 0;
}

static void emit_character(struct input *in, const unsigned char *p, size_t n, unsigned mods)
{
	uint32_t cp = *p;

	if (n == 1) {
		if (cp < 0x20 || cp == 0x7F)
			emit_control(in, *p, mods);
		else
			emit_key(in, cp, mods);
		return;
	}
	if (!text_is_utf8((const char *)p, n))
		return;
	cp = *p & (0x7Fu >> n);
	for (size_t i = 1; i < n; i++)
		cp = cp << 6 | (p[i] & 0x3F);
	if (cp >= 0xA0) /* C1 controls are no keys */
		emit_key(in, cp, mods);
}

/* --- control sequences --- */

/* xterm's modifier parameter is 1 + a bit set (ctlseqs, "PC-Style Function Keys"). */
static unsigned mods_of(long parameter)
{
	unsigned bits = parameter > 0 && parameter <= 16 ? (unsigned)parameter - 1 : 0;

	return (bits & 1 ? MOD_SHIFT : 0) | (bits & 2 ? MOD_META : 0) | (bits & 4 ? MOD_CTRL : 0);
}

static uint32_t letter_key(unsigned char final)
{
	switch (final) {
	case 'A':
		return KC_UP;
	case 'B':
		return KC_DOWN;
	case 'C':
		return KC_RIGHT;
	case 'D':
		return KC_LEFT;
	case 'H':
		return KC_HOME;
	case 'F':
		return KC_END;
	case 'P':
	case 'Q':
	case 'R':
	case 'S':
		return KC_F1 + (uint32_t)(final - 'P');
	case 'Z':
		return KC_BACKTAB;
	default:
		return KC_NONE;
	}
}

/* The number before "~": VT220 and xterm. 1 and 7 are both Home, 4 and 8 both End. */
static uint32_t number_key(long n)
{
	static const uint32_t keys[] = {[1] = KC_HOME,
	    [2] = KC_INSERT,
	    [3] = KC_DELETE,
	    [4] = KC_END,
	    [5] = KC_PGUP,
	    [6] = KC_PGDN,
	    [7] = KC_HOME,
	    [8] = KC_END,
	    [11] = KC_F1,
	    [12] = KC_F2,
	    [13] = KC_F3,
	    [14] = KC_F4,
	    [15] = KC_F5,
	    [17] = KC_F6,
	    [18] = KC_F7,
	    [19] = KC_F8,
	    [20] = KC_F9,
	    [21] = KC_F10,
	    [23] = KC_F11,
	    [24] = KC_F12};

	return n > 0 && (size_t)n < sizeof keys / sizeof *keys ? keys[n] : KC_NONE;
}

static void emit_mouse(struct input *in, const char *p, bool press)
{
	struct event e = {.kind = EVENT_MOUSE};
	char *end;
	long b = strtol(p, &end, 10), x = *end == ';' ? strtol(end + 1, &end, 10) : 0,
	     y = *end == ';' ? strtol(end + 1, &end, 10) : 0;
	int64_t now = clock_mono_ms();

	if (x < 1 || y < 1 || x > 10000 || y > 10000 || b < 0)
		return;
	e.mouse.x = (int)x - 1;
	e.mouse.y = (int)y - 1;
	e.mouse.button = (int)(b & 3) + 1;
	if (b & 64) {
		if (!press || (b & 3) > 1)
			return;
		e.mouse.action = MOUSE_WHEEL;
		e.mouse.button = b & 1 ? 1 : -1;
	} else if (b & 32) {
		e.mouse.action = MOUSE_DRAG;
	} else if (!press) {
		e.mouse.action = MOUSE_RELEASE;
	} else if (e.mouse.button == 1 && now - in->pressed_ms < DOUBLE_CLICK_MS &&
		   e.mouse.x == in->pressed_x && e.mouse.y == in->pressed_y) {
		e.mouse.action = MOUSE_DOUBLE;
		in->pressed_ms = 0;
	} else {
		e.mouse.action = MOUSE_PRESS;
		in->pressed_ms = now;
		in->pressed_x = e.mouse.x;
		in->pressed_y = e.mouse.y;
	}
	in->fn(&e, in->user);
}

/* A complete CSI sequence of in->n bytes. Whatever is not recognised is a reply or a key of a newer
 * terminal: dropped. */
static void on_csi(struct input *in)
{
	const char *p = (const char *)in->seq + 2;
	unsigned char final = in->seq[in->n - 1];
	char *end;
	long first, second = 0;
	uint32_t code;

	in->seq[in->n] = '\0';
	if (*p == '<' && (final == 'M' || final == 'm')) {
		emit_mouse(in, p + 1, final == 'M');
		return;
	}
	if (in->n == 3 && (final == 'I' || final == 'O')) {
		in->fn(&(struct event){.kind = EVENT_FOCUS, .on = final == 'I'}, in->user);
		return;
	}
	if (*p == '?' || *p == '>' || *p == '=' || *p == '<')
		return;
	first = strtol(p, &end, 10);
	if (*end == ';')
		second = strtol(end + 1, &end, 10);
	if (final == '~' && first == 200) {
		in->pasting = true;
		in->paste_cut = false;
		in->end_seen = 0;
		buf_clear(&in->paste);
		return;
	}
	/* CSI R with two numbers is a cursor report, not F3 */
	if (final == 'R' && first != 1 && first != 0)
		return;
	code = final == '~' ? number_key(first) : letter_key(final);
	if (code == KC_NONE || *end != (char) final)
		return;
	emit_key(in, code, mods_of(second));
}

static bool is_string_start(unsigned char c)
{
	return c == ']' || c == 'P' || c == '_' || c == '^' || c == 'X';
}

/* in->seq begins with ESC and has at least two bytes. True when it is complete (and was used). */
static bool take_escape(struct input *in)
{
	unsigned char c = in->seq[1], last = in->seq[in->n - 1];

	if (c == '[') {
		if (in->n == 2)
			return false;
		if (in->seq[2] == '[') { /* the Linux console's F1..F5: ESC [ [ A */
			if (in->n < 4)
				return false;
			if (last >= 'A' && last <= 'E')
				emit_key(in, KC_F1 + (uint32_t)(last - 'A'), MOD_NONE);
			return true;
		}
		if (last == ESC) { /* broken off: begin anew with this one */
			in->seq[0] = ESC;
			in->n = 1;
			return false;
		}
		if (last < 0x40 || last > 0x7E)
			return false;
		on_csi(in);
		return true;
	}
	if (c == 'O') {
		uint32_t code;

		if (in->n == 2)
			return false;
		code = last == 'M' ? KC_ENTER : letter_key(last); /* M: the keypad's */
		if (code != KC_NONE && last != 'Z')
			emit_key(in, code, MOD_NONE);
		return true;
	}
	if (is_string_start(c)) { /* up to BEL or ESC \ */
		if (last == 0x07 || (last == '\\' && in->n > 2 && in->seq[in->n - 2] == ESC))
			return true;
		if (in->n > 4) { /* only the last byte matters for the end */
			in->seq[2] = in->seq[in->n - 1];
			in->n = 3;
		}
		return false;
	}
	return false;
}

/* ESC and a character that begins nothing: Meta. */
static bool take_meta(struct input *in)
{
	unsigned char c = in->seq[1];
	size_t want = utf8_length(c);

	if (c == ESC) { /* two presses of Esc, or Meta with a sequence: the first stands alone */
		emit_key(in, KC_ESC, MOD_NONE);
		in->n = 1;
		return false;
	}
	if (want == 0)
		return true;
	if (in->n < want + 1)
		return false;
	emit_character(in, in->seq + 1, want, MOD_META);
	return true;
}

/* --- paste --- */

/* Terminals send the newlines of a paste as the Enter key would: CR, some CR LF. */
static void newlines(struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++) {
		if (b->p[i] == '\r' && i + 1 < b->len && b->p[i + 1] == '\n')
			continue;
		b->p[n++] = b->p[i] == '\r' ? '\n' : b->p[i];
	}
	if (b->len)
		b->p[b->len = n] = '\0';
}

static void finish_paste(struct input *in)
{
	in->pasting = false;
	newlines(&in->paste);
	in->fn(&(struct event){.kind = EVENT_PASTE,
		   .text = buf_str(&in->paste),
		   .len = in->paste.len,
		   .truncated = in->paste_cut},
	    in->user);
	buf_clear(&in->paste);
}

static void paste_bytes(struct input *in, const char *p, size_t n)
{
	size_t room = INPUT_PASTE_MAX - in->paste.len;

	if (n > room) {
		in->paste_cut = true;
		n = room;
	}
	if (n && buf_add(&in->paste, p, n) != ERR_OK)
		in->paste_cut = true;
}

/* Returns the bytes used; the rest comes behind the paste. */
static size_t feed_paste(struct input *in, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] == paste_end[in->end_seen]) {
			if (++in->end_seen == sizeof paste_end - 1) {
				finish_paste(in);
				return i + 1;
			}
			continue;
		}
		paste_bytes(in, paste_end, in->end_seen);
		in->end_seen = p[i] == ESC;
		if (!in->end_seen)
			paste_bytes(in, p + i, 1);
	}
	return n;
}

/* --- bytes --- */

static void feed_byte(struct input *in, unsigned char c)
{
	if (in->n + 1 >= sizeof in->seq) { /* no terminal sends that */
		in->n = 0;
		return;
	}
	in->seq[in->n++] = c;
	if (in->seq[0] != ESC) {
		size_t want = utf8_length(in->seq[0]);

		if (in->n > 1 && (c & 0xC0) != 0x80) { /* the character before broke off */
			in->n = 0;
			feed_byte(in, c);
			return;
		}
		if (want == 0 || in->n == want) {
			size_t n = in->n;

			in->n = 0;
			if (want)
				emit_character(in, in->seq, n, MOD_NONE);
		}
		return;
	}
	if (in->n == 1)
		return;
	if (in->seq[1] == '[' || in->seq[1] == 'O' || is_string_start(in->seq[1]) ? take_escape(in)
										  : take_meta(in))
		in->n = 0;
}

void input_feed(struct input *in, const char *p, size_t n)
{
	size_t i = 0;

	while (i < n) {
		if (in->pasting)
			i += feed_paste(in, p + i, n - i);
		else
			feed_byte(in, (unsigned char)p[i++]);
	}
}

bool input_waits(const struct input *in)
{
	return in->n > 0 && !in->pasting;
}

void input_timeout(struct input *in)
{
	size_t n = in->n;

	in->n = 0;
	if (n == 1 && in->seq[0] == ESC)
		emit_key(in, KC_ESC, MOD_NONE);
	else if (n == 2 && in->seq[0] == ESC) /* Alt with [, O, ], P, ... */
		emit_character(in, in->seq + 1, 1, MOD_META);
	/* anything longer broke off on the line: dropped */
}
