#include "views/detail.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/clock.h"
#include "base/text.h"
#include "targeting/money.h"

void detail_line(struct buf *out, const char *label, const char *value)
{
	buf_addf(out, "%-22s %s\n", label, value && value[0] ? value : "-");
}

void detail_time(struct buf *out, const char *label, int64_t t)
{
	char text[21] = "";

	if (t)
		clock_format_utc(t, text);
	detail_line(out, label, text);
}

void detail_money(struct buf *out, const char *label, int64_t micros, const char *currency)
{
	char text[MONEY_TEXT_BYTES];

	money_format(micros, currency, text);
	detail_line(out, label, text);
}

static void new_line(struct buf *out, int depth)
{
	buf_addf(out, "\n%*s", depth * 2, "");
}

#define JSON_DEPTH_MAX 40 /* deeper than the API's records go; from there on no more indenting */

/* Copy a string with its quotes; returns what is behind it. */
static const char *copy_string(struct buf *out, const char *p)
{
	const char *from = p++;

	while (*p && *p != '"')
		p += p[0] == '\\' && p[1] ? 2 : 1;
	p += *p == '"';
	buf_add(out, from, (size_t)(p - from));
	return p;
}

enum err detail_json(struct buf *out, const char *json)
{
	int depth = 0;

	for (const char *p = json; *p && !out->failed;) {
		char c = *p;

		if (c == '"') {
			p = copy_string(out, p);
			continue;
		}
		p++;
		if (strchr(" \t\r\n", c))
			continue;
		if ((c == '}' || c == ']') && depth > 0)
			depth--;
		if ((c == '}' || c == ']') && p >= json + 2 && p[-2] != '{' && p[-2] != '[')
			new_line(out, depth);
		buf_addc(out, c);
		if (c == ':')
			buf_addc(out, ' ');
		if ((c == '{' || c == '[') && depth < JSON_DEPTH_MAX)
			depth++;
		if (c == ',' || ((c == '{' || c == '[') && *p != '}' && *p != ']'))
			new_line(out, depth);
	}
	return out->failed;
}

int compare_text(const char *a, const char *b)
{
	return strcasecmp(a ? a : "", b ? b : "");
}

int compare_number(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

#define NOTE_LINES 3

/* Bytes of the first line of text, and in *next where the following one starts. */
static size_t first_line(const char *text, int cols, const char **next)
{
	struct text_iter it = text_iter(text, strlen(text));
	const char *at = text, *blank = NULL;
	struct glyph g;
	int w = 0;

	while (text_next(&it, &g)) {
		if (w + g.width > cols) {
			*next = blank ? blank + 1 : at;
			return (size_t)((blank ? blank : at) - text);
		}
		if (*at == ' ')
			blank = at;
		w += g.width;
		at = (const char *)it.p;
	}
	*next = at;
	return (size_t)(at - text);
}

int detail_note_lines(const char *text, int cols)
{
	int n = 0;

	while (*text && n < NOTE_LINES && cols > 0) {
		const char *next;

		first_line(text, cols, &next);
		n++;
		if (next == text) /* a glyph wider than the line */
			break;
		text = next;
	}
	return n;
}

void detail_note(struct canvas *c, int y, enum style style, const char *text)
{
	int n = detail_note_lines(text, c->area.w);

	for (int i = 0; i < n; i++) {
		struct canvas_field f = {0, y + i, c->area.w, style, ALIGN_LEFT, CUT_END};
		const char *next;
		size_t len = first_line(text, c->area.w, &next);

		canvas_field(c, &f, text, i == NOTE_LINES - 1 ? strlen(text) : len);
		text = next;
	}
}

int detail_failure_lines(const struct data_state *st)
{
	return st->ei.code ? 1 : 0;
}

void detail_failure(struct canvas *c, const struct data_state *st)
{
	if (st->ei.code)
		canvas_strf(c, 0, c->area.h - 1, STYLE_ERROR, "could not be read%s: %s; %s",
		    st->known ? " again" : "", st->ei.msg, err_hint(st->ei.code));
}

const char *detail_empty(const struct data_state *st, const char *none)
{
	if (st->loading)
		return "Reading ...";
	return st->ei.code && !st->known ? "Nothing was read yet. R tries again." : none;
}
