/* Many lines pasted into the picker of a list: each stands for the row that it names. */
#include <string.h>
#include "base/text.h"
#include "views/picker.h"

#define LINE_MAX_BYTES 4096 /* longer ones name nothing here */

struct paste {
	struct map lines; /* folded line to the number of rows that it names */
	size_t n_lines, found, several;
	struct buf fold;
};

static bool is_line_end(char c)
{
	return c == '\n' || c == '\r';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static enum err add_line(struct paste *in, const char *line, size_t n)
{
	while (n && is_blank(line[0])) {
		line++;
		n--;
	}
	while (n && is_blank(line[n - 1]))
		n--;
	if (n == 0)
		return ERR_OK;
	buf_clear(&in->fold);
	if (memchr(line, '\0', n) || text_fold(&in->fold, line, n)) {
		in->n_lines++; /* no row has such a name */
		return ERR_OK;
	}
	if (map_get(&in->lines, buf_str(&in->fold), NULL))
		return ERR_OK;
	in->n_lines++;
	return map_put(&in->lines, buf_str(&in->fold), 0);
}

static enum err add_lines(struct paste *in, const char *text, size_t n)
{
	enum err err = ERR_OK;
	size_t i = 0;

	while (i < n && !err) {
		size_t from = i;

		while (i < n && !is_line_end(text[i]))
			i++;
		err = add_line(in, text + from, i - from);
		i++;
	}
	return err;
}

/* The pasted line that names this row, NULL when none does. It lives until the next call. */
static const char *line_of(struct paste *in, const struct pick_row *r, uint64_t *rows)
{
	const char *const names[] = {r->name, r->value};

	for (size_t i = 0; i < 2; i++) {
		buf_clear(&in->fold);
		if (text_fold(&in->fold, names[i], strlen(names[i])) == ERR_OK &&
		    map_get(&in->lines, buf_str(&in->fold), rows))
			return buf_str(&in->fold);
	}
	return NULL;
}

static enum err count_rows(struct paste *in, const struct pick_rows *rows)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < rows->n && !err; i++) {
		uint64_t n;
		const char *line = line_of(in, &rows->v[i], &n);

		if (!line)
			continue;
		err = map_put(&in->lines, line, n + 1);
		in->found += n == 0;
		in->several += n == 1;
	}
	return err;
}

void pick_paste_lines(struct view *v, const char *text, size_t n)
{
	struct picker *p = view_state(v);
	struct paste in = {0};
	enum err err;

	map_init(&in.lines);
	buf_init(&in.fold, LINE_MAX_BYTES);
	err = add_lines(&in, text, n);
	if (!err)
		err = count_rows(&in, &p->rows);
	for (size_t i = 0; i < p->rows.n && !err; i++) {
		uint64_t rows;

		if (line_of(&in, &p->rows.v[i], &rows) && rows == 1)
			err = list_mark(&p->list, p->rows.v[i].key, true);
	}
	if (err)
		app_message(v->app, STYLE_ERROR, "no memory for %zu pasted lines", in.n_lines);
	else
		app_message(v->app,
		    in.found - in.several == in.n_lines ? STYLE_NOTE : STYLE_WARNING,
		    "%zu of %zu lines marked; %zu not found here, %zu stand for several rows",
		    in.found - in.several, in.n_lines, in.n_lines - in.found, in.several);
	map_done(&in.lines);
	buf_done(&in.fold);
}
