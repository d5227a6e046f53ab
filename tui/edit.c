#include "tui/edit.h"

#include <string.h>
#include "base/mem.h"
#include "base/text.h"
#include "tui/grid.h"

enum err edit_init(struct edit *e, const char *initial, size_t max_bytes)
{
	*e = (struct edit){0};
	buf_init(&e->text, max_bytes);
	return edit_set(e, initial ? initial : "");
}

void edit_done(struct edit *e)
{
	buf_done(&e->text);
	*e = (struct edit){0};
}

const char *edit_text(const struct edit *e)
{
	return buf_str(&e->text);
}

/* Replace bytes from..to by s. */
static enum err splice(struct edit *e, size_t from, size_t to, const char *s, size_t n)
{
	struct buf next;
	enum err err;

	buf_init(&next, e->text.max);
	buf_add(&next, buf_str(&e->text), from);
	buf_add(&next, s, n);
	err = buf_add(&next, buf_str(&e->text) + to, e->text.len - to);
	if (next.failed)
		err = next.failed;
	if (err != ERR_OK) {
		buf_done(&next);
		return err;
	}
	buf_done(&e->text);
	e->text = next;
	e->at = from + n;
	return ERR_OK;
}

enum err edit_set(struct edit *e, const char *text)
{
	return splice(e, 0, e->text.len, text, strlen(text));
}

enum err edit_insert(struct edit *e, const char *s, size_t n)
{
	struct buf clean;
	enum err err;

	buf_init(&clean, e->text.max);
	while (n > 0 && (s[n - 1] == '\n' || s[n - 1] == '\r'))
		n--;
	for (size_t i = 0; i < n; i++)
		buf_addc(&clean, (unsigned char)s[i] < 0x20 || s[i] == 0x7F ? ' ' : s[i]);
	err = clean.failed;
	if (err == ERR_OK)
		err = splice(e, e->at, e->at, buf_str(&clean), clean.len);
	buf_done(&clean);
	return err;
}

enum err edit_insert_raw(struct edit *e, const char *s, size_t n)
{
	return splice(e, e->at, e->at, s, n);
}

enum err edit_key(struct edit *e, struct key k)
{
	char s[8];

	return edit_insert(e, s, utf8_put(k.code, s));
}

static size_t next_unit(const struct edit *e, size_t at)
{
	struct text_iter it = text_iter(buf_str(&e->text) + at, e->text.len - at);
	const unsigned char *from = it.p;
	struct glyph g;

	return text_next(&it, &g) ? at + (size_t)(it.p - from) : at;
}

static size_t previous_unit(const struct edit *e, size_t at)
{
	size_t p = 0;

	for (size_t next = 0; next < at; next = next_unit(e, p))
		p = next;
	return p;
}

static size_t word_start(const struct edit *e, size_t at)
{
	const char *s = buf_str(&e->text);

	while (at > 0 && s[at - 1] == ' ')
		at--;
	while (at > 0 && s[at - 1] != ' ')
		at--;
	return at;
}

static size_t word_end(const struct edit *e, size_t at)
{
	const char *s = buf_str(&e->text);

	while (at < e->text.len && s[at] == ' ')
		at++;
	while (at < e->text.len && s[at] != ' ')
		at++;
	return at;
}

static bool move_to(struct edit *e, size_t at)
{
	bool moved = at != e->at;

	e->at = at;
	return moved;
}

static bool cut(struct edit *e, size_t from, size_t to)
{
	return from < to && splice(e, from, to, "", 0) == ERR_OK;
}

bool edit_command(struct edit *e, int id)
{
	switch (id) {
	case CORE_CHAR_LEFT:
		return move_to(e, previous_unit(e, e->at));
	case CORE_CHAR_RIGHT:
		return move_to(e, next_unit(e, e->at));
	case CORE_WORD_LEFT:
		return move_to(e, word_start(e, e->at));
	case CORE_WORD_RIGHT:
		return move_to(e, word_end(e, e->at));
	case CORE_LINE_START:
		return move_to(e, 0);
	case CORE_LINE_END:
		return move_to(e, e->text.len);
	case CORE_DELETE_BACK:
		return cut(e, previous_unit(e, e->at), e->at);
	case CORE_DELETE_CHAR:
		return cut(e, e->at, next_unit(e, e->at));
	case CORE_DELETE_WORD:
		return cut(e, word_start(e, e->at), e->at);
	case CORE_DELETE_TO_START:
		return cut(e, 0, e->at);
	case CORE_DELETE_TO_END:
		return cut(e, e->at, e->text.len);
	default:
		return false;
	}
}

void edit_draw(const struct edit *e, struct canvas *c, int x, int y, int w)
{
	const char *s = buf_str(&e->text);
	struct text_iter it = text_iter(s, e->at);
	size_t before = text_width(s, e->at), room = w > 1 ? (size_t)w : 1;
	struct canvas in = canvas_sub(c, (struct rect){x, y, w, 1});
	struct glyph g;

	/* the cursor needs a cell of its own behind the last character */
	while (before + 1 > room && text_next(&it, &g))
		before -= g.width;
	s = (const char *)it.p;
	canvas_fill(&in, (struct rect){0, 0, w, 1}, STYLE_INPUT);
	canvas_text(&in, 0, 0, STYLE_INPUT, s, (size_t)(buf_str(&e->text) + e->text.len - s));
	canvas_cursor(&in, (int)before, 0);
}
