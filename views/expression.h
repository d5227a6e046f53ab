/* The expression of a set on the screen: over some lines, and beside another one with what differs in
 * sight and in colour. */
#ifndef RETICLE_VIEWS_EXPRESSION_H
#define RETICLE_VIEWS_EXPRESSION_H

#include <stddef.h>
#include "tui/canvas.h"

#define EXPR_MEMBERS 4 /* members of a group that the expression line spells out */
#define EXPR_MEMBERS_DIFF 100 /* where two are compared: the common beginning is left out */

/* An expression as it is drawn: words apart by blanks, of which those from `same` to `tail` are not in
 * the other expression. `from` leaves out the beginning, which both have. */
struct expression_words {
	const char *text; /* borrowed */
	size_t from, same, tail;
	enum style style, other; /* of the common words, of the others */
};

/* How the two are drawn, each in r: where they differ, that is what must be in sight, with the last
 * common words before it. */
void expression_words(
    const char *before, const char *after, struct rect r, struct expression_words out[2]);
/* Over several lines, broken at blanks. Returns how many lines it takes; draws when c is given. */
int expression_draw(struct canvas *c, struct rect r, const struct expression_words *w);

#endif
