#include "targeting/widen.h"

#include <string.h>
#include "targeting/cell.h"
#include "targeting/set.h"

/* A set has few cells (one for a type, one for each OS), so they are found by looking through.
 * What does not fit is not judged; 96 is more than all types and all operating systems. */
#define MAX_CELLS 96

struct tally {
	struct cell cell;
	size_t before, after;
};

struct tallies {
	struct tally v[MAX_CELLS];
	size_t n;
	size_t devices_after; /* all CELL_DEVICE and CELL_VERSION */
};

static void count(
    struct tallies *t, const struct criterion *c, const struct widen_input *in, bool after)
{
	struct cell cell = cell_of(c, in->lookup);
	size_t i = 0;

	t->devices_after += after && (cell.kind == CELL_DEVICE || cell.kind == CELL_VERSION);
	if (cell.kind == CELL_ENGAGED)
		cell.kind = CELL_PRIMARY; /* one union */
	while (i < t->n && !cell_equal(&t->v[i].cell, &cell))
		i++;
	if (i == MAX_CELLS)
		return;
	if (i == t->n)
		t->v[t->n++] = (struct tally){.cell = cell};
	t->v[i].before += !after;
	t->v[i].after += after;
}

static bool went(const struct tally *t)
{
	return t->before && !t->after;
}

static void add_last(struct widen *w, enum targeting_type type)
{
	w->flags |= WIDEN_OTHER;
	for (size_t i = 0; i < w->n_last; i++)
		if (w->last[i] == type)
			return;
	if (w->n_last < sizeof w->last / sizeof w->last[0])
		w->last[w->n_last++] = type;
}

/* Platforms and devices are united over all systems, so one that goes widens only when it is the
 * last; a version that goes widens when its devices stay, and the other way round. */
static void judge_devices(const struct tallies *t, const struct tally *gone, struct widen *w)
{
	struct cell other = gone->cell;
	enum targeting_type type =
	    gone->cell.kind == CELL_VERSION ? TYPE_PLATFORM_VERSION : TYPE_PLATFORM;

	if (!t->devices_after) {
		add_last(w, type);
		return;
	}
	other.kind = other.kind == CELL_VERSION ? CELL_DEVICE : CELL_VERSION;
	for (size_t i = 0; i < t->n; i++)
		if (cell_equal(&t->v[i].cell, &other) && t->v[i].before && t->v[i].after)
			add_last(w, type);
}

static void judge_other(const struct tally *gone, struct widen *w)
{
	switch (gone->cell.type) {
	case TYPE_LOCATION:
		w->flags |= WIDEN_LOCATION;
		break;
	case TYPE_AGE:
		w->flags |= WIDEN_AGE;
		break;
	case TYPE_GENDER:
		w->flags |= WIDEN_GENDER;
		break;
	case TYPE_LANGUAGE:
		w->flags |= WIDEN_LANGUAGE;
		break;
	default:
		add_last(w, gone->cell.type);
	}
}

static void judge_gone(const struct tallies *t, const struct tally *gone, struct widen *w)
{
	switch (gone->cell.kind) {
	case CELL_PRIMARY:
		w->flags |= WIDEN_PRIMARY;
		break;
	case CELL_HOW:
		/* without targets left it qualifies nothing */
		for (size_t i = 0; i < t->n; i++)
			if (t->v[i].cell.kind == CELL_PRIMARY && t->v[i].after)
				w->flags |= WIDEN_ENGAGEMENT;
		break;
	case CELL_DEVICE:
	case CELL_VERSION:
		judge_devices(t, gone, w);
		break;
	case CELL_OTHER:
		judge_other(gone, w);
		break;
	default:
		break;
	}
}

static void judge_cells(const struct widen_input *in, struct widen *w)
{
	struct tallies t;

	t.n = t.devices_after = 0;
	for (size_t i = 0; i < in->n_before; i++)
		count(&t, in->before[i], in, false);
	for (size_t i = 0; i < in->n_after; i++)
		count(&t, in->after[i], in, true);
	for (size_t i = 0; i < t.n; i++)
		if (went(&t.v[i]))
			judge_gone(&t, &t.v[i], w);
}

static bool is_exclusion(const struct criterion *c)
{
	return expr_role(c->type, c->op) == EXPR_EXCLUDE;
}

/* Does the set still exclude it under another id? Without memory the answer is the cautious one. */
static bool still_excluded(const struct widen_input *in, const struct criterion *c)
{
	struct set_key want, key;
	struct arena a;
	bool found = false;

	arena_init(&a);
	if (!set_key_of(&a, c, &want))
		for (size_t i = 0; i < in->n_after && !found; i++)
			found = in->after[i]->type == c->type && in->after[i]->op == c->op &&
				!set_key_of(&a, in->after[i], &key) && set_key_equal(&want, &key);
	arena_done(&a);
	return found;
}

/* Both lists are in the order of the rows, so one pass over the two finds what is missing. */
static size_t exclusions_gone(const struct widen_input *in)
{
	size_t gone = 0, j = 0;

	for (size_t i = 0; i < in->n_before; i++) {
		if (j < in->n_after && in->after[j] == in->before[i])
			j++;
		else if (is_exclusion(in->before[i]))
			gone += !still_excluded(in, in->before[i]);
	}
	return gone;
}

static size_t count_narrowing(const struct criterion *const *v, size_t n)
{
	size_t narrowing = 0;

	for (size_t i = 0; i < n; i++) {
		enum expr_role role = expr_role(v[i]->type, v[i]->op);

		narrowing += role == EXPR_PRIMARY || role == EXPR_OTHER;
	}
	return narrowing;
}

/* Nothing goes when every row from before is still there, in its place. */
static bool is_kept(const struct widen_input *in)
{
	return in->n_before <= in->n_after &&
	       (!in->n_before || !memcmp(in->before, in->after, in->n_before * sizeof *in->before));
}

void widen_judge(const struct widen_input *in, struct widen *w)
{
	*w = (struct widen){.n_before = in->n_before, .n_after = in->n_after};
	w->worldwide_before = !count_narrowing(in->before, in->n_before);
	w->worldwide_after = !count_narrowing(in->after, in->n_after);
	if (is_kept(in))
		return;
	judge_cells(in, w);
	w->n_exclusions_gone = exclusions_gone(in);
	if (w->n_exclusions_gone)
		w->flags |= WIDEN_EXCLUSION;
	if (w->worldwide_after && !w->worldwide_before)
		w->flags |= WIDEN_WORLD;
}

bool widen_must_acknowledge(const struct widen *w)
{
	return w->flags != WIDEN_NONE;
}

static const struct {
	unsigned flag;
	const char *text;
} texts[] = {
    {WIDEN_WORLD, "nothing is left that narrows: everyone worldwide"},
    {WIDEN_LOCATION, "the last location goes: every country"},
    {WIDEN_AGE, "the age goes: all ages"},
    {WIDEN_GENDER, "the gender goes: everybody"},
    {WIDEN_LANGUAGE, "the last language goes: all languages"},
    {WIDEN_PRIMARY, "the last keyword, interest or audience goes: no subject any more"},
    {WIDEN_ENGAGEMENT, "the last engagement type goes: any engagement counts"},
};

enum err widen_text(struct buf *out, const struct widen *w)
{
	const char *sep = "";

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (!(w->flags & texts[i].flag))
			continue;
		buf_addf(out, "%s%s", sep, texts[i].text);
		sep = "; ";
	}
	for (size_t i = 0; i < w->n_last; i++) {
		buf_addf(out, "%sthe last of %s goes", sep, type_info(w->last[i])->label);
		sep = "; ";
	}
	if (w->n_exclusions_gone)
		buf_addf(out,
		    w->n_exclusions_gone == 1 ? "%s%zu exclusion goes" : "%s%zu exclusions go", sep,
		    w->n_exclusions_gone);
	return out->failed;
}
