/* Lint of the account: what is wrong with every line item whose criteria were read, with what is
 * staged on it. Checked a little at a time between the turns of the loop, and again only where
 * something changed; the problems view, the marks of the line items and `reticle lint` share it. */
#ifndef RETICLE_SESSION_LINT_H
#define RETICLE_SESSION_LINT_H

#include "targeting/rules.h"
#include "session/session.h"

struct lint_row { /* one problem; lives until the next DATA_LINT change */
	enum rule_id rule;
	enum rule_severity severity;
	char *message; /* raw text of the account */
	char *audience; /* id of the first audience that is involved; NULL: none */
	bool fixable;
	bool staged; /* a staged change is involved */
};

struct lint_counts {
	size_t n_items; /* line items of the account */
	size_t n_read; /* those whose criteria are known */
	size_t n_checked;
	size_t by_severity[RULE_ERROR + 1];
	bool running;
};

/* Check what changed since the last time, soon; answered by DATA_LINT. Cheap when nothing did. */
void lint_want(struct session *s);
/* Only these, which a screen shows (at most 200): for marks. */
void lint_want_some(struct session *s, const char *const *ids, size_t n);
void lint_again(struct session *s); /* as if everything had changed */
/* Problems of a line item, worst first; NULL when it was not checked. */
const struct lint_row *lint_rows(const struct session *s, const char *line_item_id, size_t *n);
struct lint_counts lint_counts(const struct session *s);

struct lint_at { /* which problem, also after the rows were checked anew */
	const char *line_item_id, *message;
	enum rule_id rule;
};
/* Stage what mends it. ERR_REFUSED when there is no mechanical fix, ERR_NOTFOUND when the problem is
 * gone. *staged, *unstaged: how many changes came and went. */
enum err lint_fix(struct session *s, const struct lint_at *at, size_t *staged, size_t *unstaged,
    struct errinfo *ei);

/* parts, called by session.c */
bool lint_busy(const struct session *s);
void lint_forget(struct session *s);

#endif
