/* What is wrong with the targeting of a line item, in words for an advertiser (rules.def).
 *
 * Pure: what has to be known about the account is asked through callbacks, each of which may say
 * that it does not know; a rule that cannot be judged stays silent rather than guess. */
#ifndef RETICLE_TARGETING_RULES_H
#define RETICLE_TARGETING_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "targeting/change.h"
#include "targeting/effective.h"
#include "targeting/model.h"

enum rule_id {
#define RULE(id, staged, live, fix, title, reason, source) RULE_##id,
#include "targeting/rules.def"
#undef RULE
	RULE_COUNT
};

enum rule_severity { RULE_NOTE, RULE_WARNING, RULE_ERROR };

enum rule_fix { RULE_FIX_NONE, RULE_FIX_DROP, RULE_FIX_BACK }; /* as rules.def says */

struct rule_info {
	const char *id; /* "AGE_MANY" */
	enum rule_severity staged, live;
	enum rule_fix fix;
	const char *title, *reason, *source;
};

const struct rule_info *rule_info(enum rule_id id);
enum rule_id rule_by_name(const char *id); /* RULE_COUNT when there is none */
const char *rule_severity_name(enum rule_severity s); /* "note", "warning", "error" */
const char *rule_fix_name(enum rule_fix f); /* "none", "drop", "take back" */

struct rule_unjudged { /* of R1 to R70: what no rule of rules.def judges */
	const char *id; /* "R6" */
	const char *why;
};
const struct rule_unjudged *rule_unjudged(size_t *n);

enum rule_found {
	RULE_UNKNOWN, /* not loaded: do not judge */
	RULE_FOUND,
	RULE_MISSING, /* known not to exist */
};

/* The account as far as it is known; a callback that is NULL means RULE_UNKNOWN. What it hands out
 * has to live until rules_check returns. */
struct rule_lookup {
	void *user;
	enum rule_found (*audience)(void *user, const char *id, const struct audience **out);
	enum rule_found (*campaign)(void *user, const char *id, const struct campaign **out);
	/* A promotable user by the user id that targeting names */
	enum rule_found (*promotable)(
	    void *user, const char *user_id, const struct promotable_user **out);
	/* A row of the catalogue. LOCATION: country is a country code, kind a location_type; TV_SHOW:
	 * country is the market's locale ("en-US"); PLATFORM, DEVICE, PLATFORM_VERSION: kind is the
	 * OS. */
	enum rule_found (*option)(
	    void *user, enum targeting_type t, const char *value, const struct option **out);
	/* All content categories, each with its IAB ids in `extra`; FOUND or UNKNOWN. */
	enum rule_found (*contents)(void *user, const struct option_set **out);
};

struct rule_ctx {
	const struct line_item *line_item; /* NULL: placement rules stay silent */
	const struct effective *set;
	const struct rule_lookup *lookup; /* may be NULL */
	const char *account_id; /* to tell shared audiences; may be NULL */
};

struct problem {
	enum rule_id rule;
	enum rule_severity severity;
	const char *message; /* names the rows; raw text of the account, for the display door */
	const char *line_item_id;
	const size_t *rows; /* into the effective rows; ascending; none for the set as a whole */
	size_t n_rows;
	const struct change *change; /* a staged change that is involved; NULL when none is */
	/* What mends it, where that is mechanical: staged changes to take back and changes to stage,
	 * reviewed like any other. A fix never widens the reach of what is staged, except where X
	 * would refuse what narrowed it. */
	const struct change *const *unstage;
	const struct change *fix;
	size_t n_unstage, n_fix;
};

struct problem_list {
	struct arena arena;
	struct problem *v;
	size_t n, cap;
	size_t count[RULE_ERROR + 1]; /* by severity */
	struct rule_scratch *scratch; /* memory that is used again from line item to line item */
};

void problem_list_init(struct problem_list *p);
void problem_list_done(struct problem_list *p);
void problem_list_clear(struct problem_list *p); /* no problems, memory kept */
/* Append the problems of one line item, worst first. The problems borrow from the effective set
 * and what it borrows from. ERR_NOMEM only. */
enum err rules_check(struct problem_list *out, const struct rule_ctx *ctx);

/* Why an audience cannot be targeted, in words, from reasons_not_targetable; also for the audience
 * views. "" when it is targetable. */
enum err rules_audience_reasons(struct buf *out, const struct audience *a);

/* docs/rules.md: every rule of the table, in Markdown. */
enum err rules_document(struct buf *out);

#endif
