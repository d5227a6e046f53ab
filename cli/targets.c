#include "cli/targets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/text.h"

#define ERRORS_SHOWN 20

void targets_init(struct targets *t)
{
	*t = (struct targets){.account = ""};
	form_read_init(&t->read);
	arena_init(&t->arena);
	map_init(&t->known);
	map_init(&t->deletes);
}

void targets_done(struct targets *t)
{
	form_read_done(&t->read);
	arena_done(&t->arena);
	mem_free(t->ids);
	map_done(&t->known);
	map_done(&t->deletes);
}

enum err targets_add_id(struct targets *t, const char *id)
{
	const char *copy;

	if (map_get(&t->known, id, NULL))
		return ERR_OK;
	if (t->n_ids == t->cap_ids) {
		size_t cap = t->cap_ids ? t->cap_ids * 2 : 64;
		const char **more = mem_realloc_array(t->ids, cap, sizeof *more);

		if (!more)
			return ERR_NOMEM;
		t->ids = more;
		t->cap_ids = cap;
	}
	copy = arena_strdup(&t->arena, id);
	if (!copy || map_put(&t->known, id, t->n_ids))
		return ERR_NOMEM;
	t->ids[t->n_ids++] = copy;
	return ERR_OK;
}

enum err targets_slurp(const char *file, struct buf *out, struct errinfo *ei)
{
	int fd = strcmp(file, "-") == 0 ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	char chunk[16384];
	ssize_t n;

	if (fd < 0)
		return err_set(ei, ERR_USAGE, "cannot read %s: %s", file, strerror(errno));
	while ((n = read(fd, chunk, sizeof chunk)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0 && buf_add(out, chunk, (size_t)n))
			break;
	ei->code = ERR_OK;
	if (n < 0)
		err_set(ei, ERR_IO, "cannot read %s: %s", file, strerror(errno));
	else if (out->failed)
		err_set(
		    ei, out->failed, "%s is larger than %u MiB", file, TARGETS_FILE_BYTES >> 20);
	if (fd != STDIN_FILENO)
		close(fd);
	return ei->code;
}

static void print_errors(const struct form_read *r, const char *file)
{
	struct buf line;

	buf_init(&line, 1 << 16);
	for (size_t i = 0; i < r->n_errors && i < ERRORS_SHOWN; i++) {
		const struct form_error *e = &r->errors[i];

		buf_clear(&line);
		text_escape(&line, e->text, strlen(e->text));
		fprintf(stderr, "%s:%zu:%zu: %s\n", file, e->line, e->column, buf_str(&line));
	}
	buf_done(&line);
}

enum err targets_parse(struct targets *t, const char *file, struct buf *text, struct errinfo *ei)
{
	static const char csv_head[] = "line_item_id";
	const char *p = buf_str(text);
	enum err err;

	if (strncmp(p, "\xEF\xBB\xBF", 3) == 0) /* as spreadsheets write it */
		p += 3;
	if (strncmp(p, csv_head, sizeof csv_head - 1) == 0)
		err = form_csv_read(&t->read, buf_str(text), text->len);
	else if (p[strspn(p, " \t\r\n")] == '[')
		err = targets_batch(t, text->p + (p - text->p), text->len - (size_t)(p - text->p));
	else
		err = targets_yaml(t, buf_str(text), text->len);
	for (size_t i = 0; i < t->read.rows.n && !err; i++)
		err = targets_add_id(t, t->read.rows.v[i].line_item_id);
	return err ? err_set(ei, err, "%s could not be read", file) : ERR_OK;
}

enum err targets_read(struct targets *t, const char *file, struct errinfo *ei)
{
	struct buf text;
	enum err err;

	buf_init(&text, TARGETS_FILE_BYTES);
	err = targets_slurp(file, &text, ei);
	if (!err)
		err = targets_parse(t, file, &text, ei);
	buf_done(&text);
	if (err || !t->read.n_errors)
		return err;
	print_errors(&t->read, file);
	return err_set(
	    ei, ERR_USAGE, "%s has %zu errors; nothing was done", file, t->read.n_errors);
}
