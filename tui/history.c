/* What was typed into prompts, by the name of the history; kept by the hooks of the program. */
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "tui/internal.h"

static void push(struct history *h, const char *s, size_t n)
{
	char *line;

	if (n == 0 || !(line = mem_strndup(s, n)))
		return;
	for (size_t i = 0; i < h->n; i++) /* an entry moves to the end instead of standing twice */
		if (strcmp(h->lines[i], line) == 0) {
			mem_free(h->lines[i]);
			memmove(h->lines + i, h->lines + i + 1, (h->n - i - 1) * sizeof *h->lines);
			h->n--;
			break;
		}
	if (h->n == HISTORY_MAX) {
		mem_free(h->lines[0]);
		memmove(h->lines, h->lines + 1, (h->n - 1) * sizeof *h->lines);
		h->n--;
	}
	h->lines[h->n++] = line;
}

static void load(struct app *app, struct history *h)
{
	struct buf lines;

	if (!app->cfg.history_load)
		return;
	buf_init(&lines, (size_t)1 << 20);
	app->cfg.history_load(app->cfg.user, h->name, &lines);
	for (const char *p = buf_str(&lines); *p;) {
		size_t n = strcspn(p, "\n");

		push(h, p, n);
		p += n + (p[n] == '\n');
	}
	buf_done(&lines);
}

struct history *history_of(struct app *app, const char *name)
{
	struct history *h;
	size_t i = 0;

	for (; i < HISTORIES_MAX && app->histories[i]; i++)
		if (strcmp(app->histories[i]->name, name) == 0)
			return app->histories[i];
	if (i == HISTORIES_MAX || !(h = mem_zalloc(sizeof *h)))
		return NULL;
	snprintf(h->name, sizeof h->name, "%s", name);
	app->histories[i] = h;
	load(app, h);
	return h;
}

void history_add(struct app *app, const char *name, const char *line)
{
	struct history *h = history_of(app, name);

	if (!h || !*line)
		return;
	push(h, line, strlen(line));
	if (app->cfg.history_save)
		app->cfg.history_save(app->cfg.user, name, line);
}

void histories_free(struct app *app)
{
	for (size_t i = 0; i < HISTORIES_MAX && app->histories[i]; i++) {
		for (size_t k = 0; k < app->histories[i]->n; k++)
			mem_free(app->histories[i]->lines[k]);
		mem_free(app->histories[i]);
		app->histories[i] = NULL;
	}
}
