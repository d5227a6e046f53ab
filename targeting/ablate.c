#include "targeting/ablate.h"

#include <string.h>
#include "targeting/cell.h"

void ablation_init(struct ablation *a)
{
	*a = (struct ablation){0};
	arena_init(&a->arena);
}

void ablation_done(struct ablation *a)
{
	arena_done(&a->arena);
	ablation_init(a);
}

/* The condition that a criterion belongs to, by its name; NULL for the primary union. */
static const char *condition_of(const struct criterion *c)
{
	switch (cell_of(c, NULL).kind) {
	case CELL_EXCLUDE:
		return "Exclusions";
	case CELL_DEVICE:
	case CELL_VERSION:
		return "Devices and platforms";
	case CELL_OTHER:
		return c->type == TYPE_UNKNOWN && c->type_name ? c->type_name
							       : type_info(c->type)->label;
	default:
		return NULL;
	}
}

static enum err add_step(
    struct ablation *a, const char *label, const struct criterion *const *v, size_t n)
{
	const struct criterion **rest = arena_alloc(&a->arena, (n + 1) * sizeof *rest);
	struct ablation_step step = {.label = label, .rest = rest};

	if (!rest)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		const char *of = condition_of(v[i]);

		if (of && !strcmp(of, label))
			step.n_without++;
		else
			rest[step.n_rest++] = v[i];
	}
	a->v[a->n++] = step;
	return ERR_OK;
}

enum err ablation_build(struct ablation *a, const struct criterion *const *v, size_t n)
{
	enum err err = ERR_OK;

	ablation_done(a);
	a->v = arena_alloc(&a->arena, (n + 1) * sizeof *a->v);
	if (!a->v)
		return ERR_NOMEM;
	for (size_t i = 0; i < n && !err; i++) {
		const char *label = condition_of(v[i]);
		size_t k = 0;

		a->has_primary |= expr_role(v[i]->type, v[i]->op) == EXPR_PRIMARY;
		if (!label)
			continue;
		while (k < a->n && strcmp(a->v[k].label, label) != 0)
			k++;
		if (k == a->n)
			err = add_step(a, label, v, n);
	}
	return err;
}
