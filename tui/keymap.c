#include "tui/keymap.h"

#include <string.h>
#include "base/mem.h"

/* ISO C promises 4095 bytes for a literal; both compilers that build this take far more. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverlength-strings"
const char keymap_default_text[] =
#include "default_keys.inc"
    ;
#pragma GCC diagnostic pop

void keymap_init(struct keymap *m)
{
	*m = (struct keymap){0};
	arena_init(&m->strings);
}

void keymap_done(struct keymap *m)
{
	mem_free(m->list);
	arena_done(&m->strings);
	*m = (struct keymap){0};
}

static bool seq_same(const struct key_seq *a, const struct key_seq *b)
{
	return a->n == b->n && key_seq_begins(a, b);
}

/* The one copy of a context's name; NULL: nothing is bound in it. */
static const char *context_of(const struct keymap *m, const char *name)
{
	for (size_t i = 0; i < m->n_contexts; i++)
		if (strcmp(m->contexts[i], name) == 0)
			return m->contexts[i];
	return NULL;
}

static const char *add_context(struct keymap *m, const char *name)
{
	const char *known = context_of(m, name);

	if (!known && m->n_contexts < KEYMAP_CONTEXTS_MAX) {
		known = arena_strdup(&m->strings, name);
		if (known)
			m->contexts[m->n_contexts++] = known;
	}
	return known;
}

enum err keymap_add_context(struct keymap *m, const char *name)
{
	return add_context(m, name) ? ERR_OK : ERR_NOMEM;
}

bool keymap_has_context(const struct keymap *m, const char *name)
{
	return context_of(m, name) != NULL;
}

static struct binding *find(const struct keymap *m, const char *context, const struct key_seq *seq)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->list[i].context == context && seq_same(&m->list[i].seq, seq))
			return &m->list[i];
	return NULL;
}

enum err keymap_bind(struct keymap *m, const char *context, const char *keys, const char *command,
    const char *origin)
{
	struct binding b = {0}, *old;

	if (!key_seq_parse(keys, &b.seq))
		return ERR_CONFIG;
	b.context = add_context(m, context);
	b.command = arena_strdup(&m->strings, command);
	b.origin = arena_strdup(&m->strings, origin);
	if (!b.context || !b.command || !b.origin)
		return ERR_NOMEM;
	m->generation++;
	old = find(m, b.context, &b.seq);
	if (old) {
		*old = b;
		return ERR_OK;
	}
	if (m->n == m->cap) {
		size_t cap = m->cap ? m->cap * 2 : 128;
		struct binding *more = mem_realloc_array(m->list, cap, sizeof *more);

		if (!more)
			return ERR_NOMEM;
		m->list = more;
		m->cap = cap;
	}
	m->list[m->n++] = b;
	return ERR_OK;
}

/* Next word of *s into out; false when there is none or it is too long. */
static bool word(const char **s, const char *end, char *out, size_t cap)
{
	const char *p = *s;
	size_t n = 0;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (p < end && *p != ' ' && *p != '\t' && n + 1 < cap)
		out[n++] = *p++;
	out[n] = '\0';
	*s = p;
	return n > 0 && (p == end || *p == ' ' || *p == '\t');
}

static enum err parse_line(
    struct keymap *m, const char *line, const char *end, const char *origin, struct buf *report)
{
	char context[48], keys[48], command[512];
	size_t n;
	enum err e;

	if (!word(&line, end, context, sizeof context) || !word(&line, end, keys, sizeof keys)) {
		buf_addf(report, "%s: expected CONTEXT KEYS COMMAND\n", origin);
		return ERR_CONFIG;
	}
	while (line < end && (*line == ' ' || *line == '\t'))
		line++;
	while (end > line && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
		end--;
	n = (size_t)(end - line);
	if (n == 0 || n >= sizeof command) {
		buf_addf(report, "%s: %s for key %s\n", origin,
		    n == 0 ? "no command" : "too long a command", keys);
		return ERR_CONFIG;
	}
	memcpy(command, line, n);
	command[n] = '\0';
	e = keymap_bind(m, context, keys, command, origin);
	if (e == ERR_CONFIG)
		buf_addf(report, "%s: no key is called \"%s\"\n", origin, keys);
	return e;
}

enum err keymap_parse(struct keymap *m, const char *text, const char *origin, struct buf *report)
{
	enum err worst = ERR_OK;
	unsigned number = 0;
	char at[96];
	struct buf where;

	buf_init(&where, sizeof at);
	for (const char *p = text; *p;) {
		const char *end = p + strcspn(p, "\n"), *s = p;
		enum err e = ERR_OK;

		number++;
		while (s < end && (*s == ' ' || *s == '\t'))
			s++;
		if (s < end && *s != '#' && *s != '\r') {
			buf_clear(&where);
			buf_addf(&where, "%s:%u", origin, number);
			e = parse_line(m, s, end, buf_str(&where), report);
		}
		if (e == ERR_NOMEM) {
			worst = e;
			break;
		}
		if (e != ERR_OK)
			worst = e;
		p = *end ? end + 1 : end;
	}
	buf_done(&where);
	return worst;
}

enum keymap_match keymap_lookup(const struct keymap *m, const char *const *contexts, size_t n,
    const struct key_seq *seq, const struct binding **out)
{
	bool prefix = false;

	for (size_t c = 0; c < n; c++) {
		const char *context = context_of(m, contexts[c]);

		for (size_t i = 0; context && i < m->n; i++) {
			const struct binding *b = &m->list[i];

			if (b->context != context || !key_seq_begins(&b->seq, seq))
				continue;
			if (b->seq.n > seq->n) {
				prefix = true;
			} else if (!prefix) {
				*out = b;
				return KEYMAP_FOUND;
			}
		}
	}
	return prefix ? KEYMAP_PREFIX : KEYMAP_NONE;
}

size_t keymap_keys_of(const struct keymap *m, const char *const *contexts, size_t n,
    const char *command, struct buf *out)
{
	size_t found = 0;

	for (size_t c = 0; c < n; c++) {
		const char *context = context_of(m, contexts[c]);

		for (size_t i = 0; context && i < m->n; i++) {
			const struct binding *b = &m->list[i], *real;
			char name[96];

			if (b->context != context || strcmp(b->command, command) != 0)
				continue;
			if (keymap_lookup(m, contexts, n, &b->seq, &real) != KEYMAP_FOUND ||
			    real != b)
				continue;
			key_seq_name(&b->seq, name, sizeof name);
			buf_addf(out, "%s%s", found++ ? "  " : "", name);
		}
	}
	return found;
}

size_t keymap_conflicts(const struct keymap *m, struct buf *report)
{
	size_t found = 0;

	for (size_t i = 0; i < m->n; i++)
		for (size_t k = 0; k < m->n; k++) {
			const struct binding *a = &m->list[i], *b = &m->list[k];
			char short_name[96], long_name[96];

			if (i == k || a->seq.n >= b->seq.n || a->context != b->context ||
			    !key_seq_begins(&b->seq, &a->seq) || strcmp(a->command, "none") == 0)
				continue;
			found++;
			buf_addf(report, "%s: %s cannot run \"%s\" in %s: it begins %s (%s)\n",
			    a->origin, key_seq_name(&a->seq, short_name, sizeof short_name),
			    a->command, a->context,
			    key_seq_name(&b->seq, long_name, sizeof long_name), b->origin);
		}
	return found;
}
