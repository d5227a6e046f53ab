#include <string.h>
#include "base/mem.h"
#include "views/resolver.h"

void pasted_init(struct pasted *p)
{
	*p = (struct pasted){0};
	arena_init(&p->arena);
}

void pasted_done(struct pasted *p)
{
	arena_done(&p->arena);
	pasted_init(p);
}

enum pasted_state pasted_state(const struct pasted_line *l)
{
	if (l->skipped)
		return PASTED_SKIPPED;
	if (l->chosen != PASTED_NONE)
		return l->by_hand ? PASTED_CHOSEN : PASTED_EXACT;
	return l->n ? PASTED_OPEN : PASTED_UNKNOWN;
}

const struct pick_row *pasted_choice(const struct pasted_line *l)
{
	return l->skipped || l->chosen == PASTED_NONE ? NULL : &l->choices[l->chosen];
}

void pasted_count(const struct pasted *p, size_t count[PASTED_STATES])
{
	memset(count, 0, PASTED_STATES * sizeof *count);
	for (size_t i = 0; i < p->n; i++)
		count[pasted_state(&p->v[i])]++;
}

size_t pasted_choose_only(struct pasted *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		struct pasted_line *l = &p->v[i];

		if (pasted_state(l) != PASTED_OPEN || l->n != 1 || l->more)
			continue;
		l->chosen = 0;
		l->by_hand = true;
		n++;
	}
	return n;
}

size_t pasted_skip_unknown(struct pasted *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		if (pasted_state(&p->v[i]) == PASTED_UNKNOWN) {
			p->v[i].skipped = true;
			n++;
		}
	return n;
}

/* --- reading --- */

struct reading {
	struct pasted to;
	struct option *options; /* the rows as resolve.h wants them; borrows their strings */
	struct resolve_index index;
	struct resolve_result found;
};

static enum err index_rows(struct reading *r, const struct pasted_rows *from)
{
	const struct pick_rows *rows = from->rows;
	enum err err;

	r->options = mem_array(rows->n + 1, sizeof *r->options);
	if (!r->options)
		return ERR_NOMEM;
	for (size_t i = 0; i < rows->n; i++)
		r->options[i] = (struct option){.value = rows->v[i].value,
		    .name = rows->v[i].name,
		    .kind = rows->v[i].kind,
		    .country = rows->v[i].country};
	err = resolve_index_build(&r->index, r->options, rows->n);
	r->index.codes = from->all_codes;
	return err;
}

static bool copy_row(struct arena *a, struct pick_row *to, const struct pick_row *from)
{
	*to = *from;
	to->value = arena_strdup(a, from->value);
	to->name = arena_strdup(a, from->name);
	to->kind = arena_strdup(a, from->kind);
	to->country = arena_strdup(a, from->country);
	to->extra = arena_strdup(a, from->extra);
	to->warning = arena_strdup(a, from->warning);
	return to->value && to->name && (to->kind || !from->kind) &&
	       (to->country || !from->country) && (to->extra || !from->extra) &&
	       (to->warning || !from->warning);
}

static size_t choice_of(const struct pick_row *choices, size_t n, const char *value)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(choices[i].value, value) == 0)
			return i;
	return PASTED_NONE;
}

/* What fitted before comes first, so that a choice keeps its place. */
static enum err copy_choices(struct reading *r, struct pasted_line *to,
    const struct pasted_line *before, const struct resolve_line *now, const struct pick_rows *rows)
{
	size_t old = before ? before->n : 0;
	struct pick_row *v = arena_alloc(&r->to.arena, (old + now->n_choices + 1) * sizeof *v);

	if (!v)
		return ERR_NOMEM;
	to->choices = v;
	for (size_t i = 0; i < old; i++)
		if (!copy_row(&r->to.arena, &v[to->n++], &before->choices[i]))
			return ERR_NOMEM;
	for (size_t i = 0; i < now->n_choices; i++) {
		const struct pick_row *row = &rows->v[now->choices[i]];

		if (choice_of(v, to->n, row->value) == PASTED_NONE &&
		    !copy_row(&r->to.arena, &v[to->n++], row))
			return ERR_NOMEM;
	}
	return ERR_OK;
}

static bool was_exact(const struct pasted_line *before)
{
	return !before || before->n == 0 || before->kind == RESOLVE_EXACT;
}

static enum err add_line(struct reading *r, const struct pasted_line *before,
    const struct resolve_line *now, const struct pick_rows *rows)
{
	struct pasted_line *to = &r->to.v[r->to.n];
	enum err err;

	*to = (struct pasted_line){.line = now->line,
	    .text = arena_strdup(&r->to.arena, now->text),
	    .more = now->n_more,
	    .chosen = PASTED_NONE};
	if (!to->text)
		return ERR_NOMEM;
	err = copy_choices(r, to, before, now, rows);
	if (err)
		return err;
	if (before) {
		to->skipped = before->skipped && (before->n || !to->n);
		to->more += before->more > now->n_more ? before->more - now->n_more : 0;
	}
	if (!to->n)
		to->kind = RESOLVE_UNKNOWN;
	else if (to->n == 1 &&
		 (now->kind == RESOLVE_EXACT || (!now->n_choices && was_exact(before))))
		to->kind = RESOLVE_EXACT;
	else
		to->kind = RESOLVE_AMBIGUOUS;
	if (before && before->by_hand && before->chosen != PASTED_NONE) {
		to->chosen = before->chosen;
		to->by_hand = true;
	} else if (to->kind == RESOLVE_EXACT) {
		to->chosen = 0;
	}
	r->to.n++;
	return ERR_OK;
}

static const struct pasted_line *line_before(const struct pasted *p, size_t line)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].line == line)
			return &p->v[i];
	return NULL;
}

/* Lines come in the order of their numbers in both readings; one that turned out to say what an
 * earlier one says is missing in the later reading. */
static enum err add_lines(
    struct reading *r, const struct pasted *before, const struct pick_rows *rows)
{
	enum err err = ERR_OK;

	r->to.v = arena_alloc(&r->to.arena, (r->found.n + 1) * sizeof *r->to.v);
	if (!r->to.v)
		return ERR_NOMEM;
	for (size_t i = 0; i < r->found.n && !err; i++) {
		const struct resolve_line *now = &r->found.v[i];
		const struct pasted_line *old = i < before->n && before->v[i].line == now->line
						    ? &before->v[i]
						    : line_before(before, now->line);

		err = add_line(r, old, now, rows);
	}
	r->to.n_duplicates = r->found.n_duplicates;
	return err;
}

enum err pasted_read(struct pasted *p, const char *text, size_t len, const struct pasted_rows *from)
{
	struct reading r = {.options = NULL};
	enum err err;

	pasted_init(&r.to);
	resolve_index_init(&r.index);
	resolve_result_init(&r.found);
	r.to.text = arena_strndup(&r.to.arena, text, len);
	r.to.len = len;
	err = r.to.text ? index_rows(&r, from) : ERR_NOMEM;
	if (!err)
		err = resolve_block(&r.found, &r.index, text, len);
	if (!err)
		err = add_lines(&r, p, from->rows);
	if (err) {
		pasted_done(&r.to);
	} else {
		arena_done(&p->arena);
		*p = r.to;
	}
	resolve_result_done(&r.found);
	resolve_index_done(&r.index);
	mem_free(r.options);
	return err;
}
