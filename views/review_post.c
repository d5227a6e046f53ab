/* Posting from the review: may it be, the question before it, and what the answer starts. */
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "tui/app.h"
#include "session/draft.h"
#include "views/review_view.h"
#include "views/rows.h"

#define POST_COLS 64 /* room in which the question before posting shows everything */
#define POST_ROWS 15
#define QUESTION_COLS 56 /* of its text, at least */

/* What the account had of the touched line items when it was last read. */
static uint64_t live_sum(const struct review_state *st)
{
	uint64_t sum = st->model.live.n;

	for (size_t i = 0; i < st->model.live.n; i++)
		sum += map_hash(st->model.live.v[i].id);
	return sum;
}

static void post_confirmed(struct app *app, bool ok, void *user)
{
	struct view *v = app_view(app, (uint64_t)(uintptr_t)user);
	struct applying_plan p;
	struct errinfo ei;
	struct review_state *st;

	if (!v)
		return;
	if (!ok) {
		app_message(app, STYLE_NOTE, "nothing was posted; everything is still staged");
		return;
	}
	st = view_state(v);
	review_follow(st);
	/* the confirmation was about that plan and no other, over what the account had then: another
	 * terminal may have read meanwhile that somebody removed something, so that it widens more */
	if (strcmp(st->posting, st->model.digest) != 0 || st->posting_live != live_sum(st)) {
		app_message(
		    app, STYLE_WARNING, "the plan changed while you were asked; look at it again");
		return;
	}
	p = (struct applying_plan){&st->model.plan, &st->model.live, st->model.digest, true};
	if (applying_start(st->session, &p, &ei))
		app_message_err(app, &ei);
	view_touch(v, TOUCH_ALL);
}

enum err review_may_post(const struct review_state *st, struct errinfo *ei)
{
	const struct review_model *m = &st->model;

	if (applying_status(st->session)->phase == APPLYING_RUNNING)
		return err_set(ei, ERR_REFUSED, "a posting is under way");
	if (applying_unknown(st->session))
		return err_set(ei, ERR_REFUSED,
		    "an earlier posting has an unknown outcome; c settles it first");
	if (m->ei.code) {
		*ei = m->ei;
		return m->ei.code;
	}
	if (!m->plan.n_ops)
		return err_set(ei, ERR_REFUSED, "there is nothing to post");
	if (st->merge.n_choose)
		return err_set(ei, ERR_REFUSED,
		    "others changed what you changed, too; m chooses between mine and theirs");
	if (m->unread || session_criteria_loading(st->session))
		return err_set(ei, ERR_REFUSED,
		    "the line items are still being read; without that nobody knows what this "
		    "widens");
	return ERR_OK;
}

/* state.db was damaged and rebuilt: whoever posts has to know, once. */
static enum err show_repairs(struct view *v, struct errinfo *ei)
{
	struct store *store = session_store(view_session(v));
	const char *line;
	struct buf text;
	enum err err;

	buf_init(&text, 65536);
	buf_adds(&text, "# Before you post\n");
	for (size_t i = 0; (line = store_message(store, i)) != NULL; i++)
		buf_addf(&text, "%s\n", line);
	buf_adds(&text,
	    "Look whether the staged changes are those that you expect, then press P again.\n");
	err = text.failed
		  ? err_set(ei, text.failed, "the message is too large to show")
		  : app_show_text(v->app, "The local state was repaired", buf_str(&text), ei);
	buf_done(&text);
	if (!err)
		store_acknowledge(store);
	return err;
}

/* The line items that widen, each with its reach, for the question before posting; as many as `room`
 * lines take, the rest is counted. */
static void add_widening(const struct review_state *st, int room, char *text, size_t cap)
{
	const struct widening *w = &st->widening;
	size_t len = strlen(text), i;
	struct buf out, one;

	buf_init(&out, 4096);
	buf_init(&one, 2048);
	for (i = 0; i < w->n; i++) {
		buf_clear(&one);
		widening_why(w, i, &st->model, &one);
		room -= (int)(one.len / QUESTION_COLS) + 2; /* the words, and the reach */
		if (room < 0)
			break;
		buf_addf(&out, "\n%s\n  ", buf_str(&one));
		widening_reach(w, i, &st->model, &out);
	}
	if (w->n - i + w->more)
		buf_addf(&out, "\n%s%zu%s; the review names them.",
		    i ? "And " : "WIDENS: ", w->n - i + w->more,
		    i ? " more" : " of the line items");
	snprintf(text + len, cap - len, "%s", buf_str(&out));
	buf_done(&one);
	buf_done(&out);
}

/* What whoever posts has to know: account, counts, what is risky about it. */
static void add_question(const struct review_state *st, int rows, char *out, size_t cap)
{
	const struct plan *p = &st->model.plan;
	const struct account *acct = session_account(st->session);
	const char *draft = draft_active(st->session);
	char theirs[128] = "", lock[320];

	if (st->merge.n_foreign)
		snprintf(theirs, sizeof theirs,
		    "\n%zu change%s by others since you confirmed last; you post on top of that.",
		    st->merge.n_foreign, st->merge.n_foreign == 1 ? "" : "s");
	applying_lock_text(st->session, lock, sizeof lock);
	snprintf(out, cap,
	    "%s%.64s%s%zu change%s on %zu line item%s of %.80s (%s).\nPlan %.8s, %zu "
	    "batch%s.%s%s%s%s%s",
	    draft[0] ? "Draft " : "", draft, draft[0] ? ": " : "", p->n_ops,
	    p->n_ops == 1 ? "" : "s", p->n_line_items, p->n_line_items == 1 ? "" : "s",
	    acct && acct->name ? acct->name : "account", session_account_id(st->session),
	    st->model.digest, p->n_batches, p->n_batches == 1 ? "" : "es",
	    st->model.problems.count[RULE_ERROR] ? "\nX will probably refuse this: see the errors "
						   "above. A refused batch changes nothing."
						 : "",
	    theirs, lock[0] ? "\n" : "", lock,
	    plan_goes_worldwide(p)
		? "\nA line item ends with NO targeting: its ads go to EVERYONE, worldwide."
	    : plan_must_acknowledge(p) ? "\nA removal lets ads reach more people than now."
				       : "");
	if (lock[0])
		rows -= (int)(strlen(lock) / QUESTION_COLS) + 2;
	add_widening(st, rows - POST_ROWS, out, cap);
}

enum err review_post(struct view *v, struct errinfo *ei)
{
	struct review_state *st = view_state(v);
	const struct plan *p = &st->model.plan;
	bool ack = plan_must_acknowledge(p);
	char text[2800], yes[64];
	struct confirm c = {.title = "Post these changes?",
	    .text = text,
	    .yes = yes,
	    .yes_key = 'y',
	    .type_this = plan_goes_worldwide(p) ? "worldwide"
			 : ack                  ? "widen"
						: NULL,
	    .style = ack ? STYLE_DANGER : STYLE_WARNING,
	    .fn = post_confirmed,
	    .user = (void *)(uintptr_t)v->id};
	enum err err = review_may_post(st, ei);

	if (err)
		return err;
	if (store_needs_acknowledgement(session_store(st->session)))
		return show_repairs(v, ei);
	/* what is acknowledged must be readable: account, counts, what widens */
	if (v->cols < POST_COLS || v->rows < POST_ROWS)
		return err_set(ei, ERR_REFUSED, "make the window at least %dx%d to post", POST_COLS,
		    POST_ROWS + 3);
	snprintf(st->posting, sizeof st->posting, "%s", st->model.digest);
	st->posting_live = live_sum(st);
	snprintf(yes, sizeof yes, "Post %zu change%s", p->n_ops, p->n_ops == 1 ? "" : "s");
	add_question(st, v->rows, text, sizeof text);
	return app_confirm(v->app, &c, ei);
}
