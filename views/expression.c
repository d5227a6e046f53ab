#include "views/expression.h"

#include <string.h>
#include "base/text.h"

int expression_draw(struct canvas *c, struct rect r, const struct expression_words *w)
{
	const char *more = text_is_ascii() ? "..." : "\xE2\x80\xA6", *at = w->text + w->from;
	int y = 0, x = 0;

	if (w->from) {
		x = (int)text_width(more, strlen(more));
		if (c)
			canvas_str(c, r.x, r.y, STYLE_DIM, more);
	}
	while (*at) {
		size_t n = strcspn(at, " "), offset = (size_t)(at - w->text);
		int cells = (int)text_width(at, n);
		enum style style = offset < w->same || offset >= w->tail ? w->style : w->other;

		if (x > 0 && x + 1 + cells > r.w) {
			if (c && y == r.h - 1)
				canvas_str(c, r.x + x + (x < r.w - 1), r.y + y, STYLE_DIM, more);
			y++;
			x = 0;
		}
		if (y >= r.h)
			return r.h;
		x += x > 0;
		if (y == r.h - 1 && x + cells > r.w - 2 && at[n]) {
			if (c)
				canvas_str(c, r.x + x, r.y + y, STYLE_DIM, more);
			return r.h;
		}
		if (c)
			canvas_text(c, r.x + x, r.y + y, style, at, n);
		x += cells;
		at += n + (at[n] == ' ');
	}
	return y + 1;
}

/* Bytes at the beginning that both have, up to the beginning of a word. */
static size_t common_start(const char *a, const char *b)
{
	size_t i = 0, word = 0;

	for (; a[i] && a[i] == b[i]; i++)
		if (a[i] == ' ')
			word = i + 1;
	return a[i] == b[i] ? i : word;
}

/* Bytes at the end that both have, from the beginning of a word, of at most `most`. */
static size_t common_end(const char *a, size_t n, const char *b, size_t m, size_t most)
{
	size_t i = 0, word = 0;

	while (i < most && a[n - 1 - i] == b[m - 1 - i]) {
		i++;
		if (i < n && a[n - 1 - i] == ' ')
			word = i;
	}
	return word;
}

void expression_words(const char *a, const char *b, struct rect r, struct expression_words out[2])
{
	size_t n = strlen(a), m = strlen(b), same = common_start(a, b), from = 0, tail;
	size_t most = (n < m ? n : m) - same;

	out[0] = (struct expression_words){a, 0, n, n, STYLE_NORMAL, STYLE_REMOVED};
	out[1] = (struct expression_words){b, 0, m, m, STYLE_NORMAL, STYLE_ADDED};
	if (n == m && same == n)
		return;
	tail = common_end(a, n, b, m, most);
	if ((int)text_width(a, n) > r.w * r.h - r.w / 4 ||
	    (int)text_width(b, m) > r.w * r.h - r.w / 4)
		while (from < same && (int)text_width(a + from, same - from) > r.w / 3) {
			from += strcspn(a + from, " ");
			from += a[from] == ' ';
		}
	for (int i = 0; i < 2; i++) {
		out[i].from = from;
		out[i].same = same;
		out[i].tail = (i ? m : n) - tail;
	}
}
