/* Many lines pasted into the picker of a list: what each stands for, in a table of its own, before
 * anything is staged. A line is exact, ambiguous (the user chooses) or unknown (the user skips it);
 * none is dropped without a word. */
#ifndef RETICLE_VIEWS_RESOLVER_H
#define RETICLE_VIEWS_RESOLVER_H

#include "targeting/resolve.h"
#include "views/picker.h"

#define PASTED_NONE SIZE_MAX

struct pasted_line {
	size_t line; /* from 1 */
	const char *text;
	enum resolve_kind kind;
	const struct pick_row *choices; /* copies */
	size_t n, more; /* more: fitting rows that are not among the choices */
	size_t chosen; /* into choices; PASTED_NONE: not decided */
	bool by_hand; /* the user chose; else it was exact */
	bool skipped;
};

enum pasted_state { PASTED_EXACT, PASTED_CHOSEN, PASTED_OPEN, PASTED_UNKNOWN, PASTED_SKIPPED };
#define PASTED_STATES 5

struct pasted {
	struct arena arena;
	const char *text;
	size_t len;
	struct pasted_line *v;
	size_t n, n_duplicates;
};

void pasted_init(struct pasted *p);
void pasted_done(struct pasted *p);
/* Resolve the block (copied) against these rows. Read again with other rows (another kind of place, a
 * search at X, a page more): what was decided stays, what fitted before stays among the choices. On
 * an error nothing changed. */
struct pasted_rows {
	const struct pick_rows *rows;
	bool all_codes; /* as resolve_index.codes */
};
enum err pasted_read(
    struct pasted *p, const char *text, size_t len, const struct pasted_rows *from);
enum pasted_state pasted_state(const struct pasted_line *l);
const struct pick_row *pasted_choice(const struct pasted_line *l); /* NULL: none, or skipped */
/* Decide every open line that one row alone fits; how many. */
size_t pasted_choose_only(struct pasted *p);
size_t pasted_skip_unknown(struct pasted *p);
void pasted_count(const struct pasted *p, size_t count[PASTED_STATES]);

/* The view. arg: const struct resolver_arg *; the picker must be the view below. */
struct resolver_arg {
	const char *text;
	size_t len;
};
extern const struct view_ops resolver_view;

#endif
