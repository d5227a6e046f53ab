#include "tui/keydoc.h"

#include <string.h>
#include "tui/keymap.h"

static const char intro[] =
    "# Keys and commands\n\n"
    "This page is made from `config/default.keys` and the command tables; a test compares it.\n\n"
    "`?` in the program shows the keys of the place where you are, with the reason when a command "
    "is\n"
    "off; `:` runs any command by name. A key is looked up in the context of the view first, then "
    "in\n"
    "its family (`table`, then `list`; or `input`), then in `global`. Your own keys go into\n"
    "`config.yaml`:\n\n"
    "```yaml\n"
    "keys:\n"
    "  C-t: filter marked       # everywhere\n"
    "  criteria X: remove       # in one view\n"
    "  list v: <none>           # off\n"
    "```\n\n"
    "Key names: a character stands for itself; `Up Down Left Right Home End PgUp PgDn Insert "
    "Delete\n"
    "Backspace Tab BackTab Enter Esc Space F1`..`F12`; `C-` Ctrl, `M-` Alt, `S-` Shift in front. "
    "`gg`\n"
    "is `g` twice, `C-x C-s` one after the other.\n";

static const struct command *find(const struct keydoc_table *tables, size_t n, const char *line)
{
	size_t len = strcspn(line, " ");

	for (size_t t = 0; t < n; t++)
		for (size_t i = 0; i < tables[t].n; i++)
			if (strlen(tables[t].v[i].name) == len &&
			    memcmp(tables[t].v[i].name, line, len) == 0)
				return &tables[t].v[i];
	return NULL;
}

/* Text inside a table of Markdown: the bar would end the cell. */
static void add_cell(struct buf *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '|' || *s == '<' || *s == '*')
			buf_addc(out, '\\');
		buf_addc(out, *s);
	}
}

static void add_code(struct buf *out, const char *s)
{
	buf_adds(out, "`");
	for (; *s; s++) {
		if (*s == '|')
			buf_addc(out, '\\');
		buf_addc(out, *s);
	}
	buf_adds(out, "`");
}

/* All keys of one command line in a context, in one row: at its first binding. */
static void add_binding(
    const struct keymap *m, size_t at, const struct keydoc_table *tables, size_t n, struct buf *out)
{
	const struct binding *b = &m->list[at];
	const struct command *cmd = find(tables, n, b->command);
	char name[96];

	for (size_t i = 0; i < at; i++)
		if (m->list[i].context == b->context && strcmp(m->list[i].command, b->command) == 0)
			return;
	buf_adds(out, "| ");
	for (size_t i = at; i < m->n; i++)
		if (m->list[i].context == b->context &&
		    strcmp(m->list[i].command, b->command) == 0) {
			if (i > at)
				buf_addc(out, ' ');
			add_code(out, key_seq_name(&m->list[i].seq, name, sizeof name));
		}
	buf_adds(out, " | ");
	add_code(out, b->command);
	buf_adds(out, " | ");
	add_cell(out, cmd ? cmd->help : "");
	buf_adds(out, " |\n");
}

static bool has_key(const struct keymap *m, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < m->n; i++)
		if (strncmp(m->list[i].command, name, len) == 0 &&
		    (m->list[i].command[len] == '\0' || m->list[i].command[len] == ' '))
			return true;
	return false;
}

static void add_unbound(
    const struct keymap *m, const struct keydoc_table *tables, size_t n, struct buf *out)
{
	buf_adds(out, "\n## Commands without a key\n\n| command | what it does |\n|---|---|\n");
	for (size_t t = 0; t < n; t++)
		for (size_t i = 0; i < tables[t].n; i++) {
			const struct command *c = &tables[t].v[i];

			if (has_key(m, c->name) || c->flags & CMD_HIDDEN)
				continue;
			buf_adds(out, "| ");
			add_code(out, c->name);
			if (*c->args) {
				buf_addc(out, ' ');
				add_code(out, c->args);
			}
			buf_adds(out, " | ");
			add_cell(out, c->help);
			buf_adds(out, " |\n");
		}
}

enum err keydoc_write(const struct keydoc_table *tables, size_t n, struct buf *out)
{
	struct keymap m;
	enum err e;

	keymap_init(&m);
	e = keymap_parse(&m, keymap_default_text, "default.keys", out);
	buf_adds(out, intro);
	for (size_t c = 0; e == ERR_OK && c < m.n_contexts; c++) {
		buf_addf(out, "\n## %s\n\n| keys | command | what it does |\n|---|---|---|\n",
		    m.contexts[c]);
		for (size_t i = 0; i < m.n; i++)
			if (m.list[i].context == m.contexts[c])
				add_binding(&m, i, tables, n, out);
	}
	add_unbound(&m, tables, n, out);
	keymap_done(&m);
	return e == ERR_OK ? out->failed : e;
}
