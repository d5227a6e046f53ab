#include "tui/key.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/text.h"
#include "tui/grid.h"

struct key_label {
	uint32_t code;
	const char *name;
};

/* The first name of a code is the one that is shown. */
static const struct key_label labels[] = {
#define X(id, name) {KC_##id, name},
#include "tui/keys.def"
#undef X
    {' ', "Space"},
    {KC_PGUP, "PageUp"},
    {KC_PGDN, "PageDown"},
    {KC_DELETE, "Del"},
    {KC_INSERT, "Ins"},
    {KC_ENTER, "Return"},
    {KC_ESC, "Escape"},
};

#define N_LABELS (sizeof labels / sizeof *labels)

bool key_equal(struct key a, struct key b)
{
	return a.code == b.code && a.mods == b.mods;
}

bool key_seq_begins(const struct key_seq *seq, const struct key_seq *begin)
{
	for (int i = 0; i < begin->n; i++)
		if (i == seq->n || !key_equal(seq->keys[i], begin->keys[i]))
			return false;
	return true;
}

bool key_is_text(struct key k)
{
	return k.mods == MOD_NONE && k.code >= ' ' && k.code < KC_FIRST && k.code != 0x7F &&
	       !(k.code >= 0x80 && k.code < 0xA0);
}

const char *key_name(struct key k, char *out, size_t cap)
{
	char ch[8] = "";
	const char *name = NULL;

	for (size_t i = 0; i < N_LABELS && !name; i++)
		if (labels[i].code == k.code)
			name = labels[i].name;
	if (!name) {
		if (k.code > 0 && k.code < KC_FIRST)
			ch[utf8_put(k.code, ch)] = '\0';
		name = ch;
	}
	snprintf(out, cap, "%s%s%s%s", k.mods & MOD_CTRL ? "C-" : "", k.mods & MOD_META ? "M-" : "",
	    k.mods & MOD_SHIFT ? "S-" : "", name);
	return out;
}

/* One UTF-8 character that fills all of s; 0 when it is not that. */
static uint32_t whole_character(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t len = n == 0 ? 0 : *p < 0x80 ? 1 : *p < 0xE0 ? 2 : *p < 0xF0 ? 3 : 4;
	uint32_t cp;

	if (len != n || !text_is_utf8(s, n))
		return 0;
	if (n == 1)
		return *p;
	cp = *p & (0x7Fu >> n);
	for (size_t i = 1; i < n; i++)
		cp = cp << 6 | (p[i] & 0x3F);
	return cp;
}

bool key_parse(const char *name, size_t n, struct key *k)
{
	*k = (struct key){0};
	while (n > 2 && name[1] == '-') {
		uint8_t mod = *name == 'C'   ? MOD_CTRL
			      : *name == 'M' ? MOD_META
			      : *name == 'S' ? MOD_SHIFT
					     : MOD_NONE;

		if (mod == MOD_NONE || k->mods & mod)
			return false;
		k->mods |= mod;
		name += 2;
		n -= 2;
	}
	for (size_t i = 0; i < N_LABELS && k->code == 0; i++)
		if (strlen(labels[i].name) == n && strncasecmp(labels[i].name, name, n) == 0)
			k->code = labels[i].code;
	if (k->code == 0)
		k->code = whole_character(name, n);
	/* a terminal sends the same byte for C-a and C-A */
	if (k->mods & MOD_CTRL && k->code >= 'A' && k->code <= 'Z')
		k->code += 'a' - 'A';
	if (k->code == KC_TAB && k->mods & MOD_SHIFT) {
		k->code = KC_BACKTAB;
		k->mods &= (uint8_t)~MOD_SHIFT;
	}
	/* a shifted character is the character that it gives */
	if (k->mods & MOD_SHIFT && k->code < KC_FIRST)
		return false;
	return k->code > ' ' || k->code == ' ';
}

static bool add_characters(const char *s, size_t n, struct key_seq *seq)
{
	while (n > 0) {
		unsigned char c = (unsigned char)*s;
		size_t len = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
		struct key k = {0};

		if (len > n || seq->n == KEY_SEQ_MAX)
			return false;
		k.code = whole_character(s, len);
		if (!key_is_text(k))
			return false;
		seq->keys[seq->n++] = k;
		s += len;
		n -= len;
	}
	return true;
}

bool key_seq_parse(const char *s, struct key_seq *seq)
{
	*seq = (struct key_seq){0};
	for (;;) {
		size_t n;

		s += strspn(s, " \t");
		n = strcspn(s, " \t");
		if (n == 0)
			return seq->n > 0;
		if (seq->n == KEY_SEQ_MAX)
			return false;
		if (key_parse(s, n, &seq->keys[seq->n]))
			seq->n++;
		else if ((n > 1 && s[1] == '-') || !add_characters(s, n, seq))
			return false;
		s += n;
	}
}

const char *key_seq_name(const struct key_seq *seq, char *out, size_t cap)
{
	size_t at = 0;

	*out = '\0';
	for (int i = 0; i < seq->n && at < cap; i++) {
		char name[24];
		int n = snprintf(out + at, cap - at, "%s%s", i ? " " : "",
		    key_name(seq->keys[i], name, sizeof name));

		at += n > 0 ? (size_t)n : 0;
	}
	return out;
}
