/* The review: every staged change grouped by line item, what is wrong with it, what it widens; the
 * only place that posts. After posting it shows what became of each operation. arg: NULL. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "tui/app.h"
#include "views/commands.h"
#include "views/detail.h"
#include "views/draft.h"
#include "views/judge.h"
#include "views/review_widen.h"
#include "views/rows.h"
#include "views/session.h"
#include "views/staging.h"
#include "views/views.h"

#define FRESH_S 30
#define POST_COLS 64 /* room in which the question before posting shows everything */
#define POST_ROWS 15
#define QUESTION_COLS 56 /* of its text, at least */
#define HEAD_PROBLEMS 3 /* problems that the head spells out; Enter shows those of a row */

enum column { COL_WHAT, COL_VALUE, COL_TYPE, COL_SIGN, COL_STATE, COL_RAW, COL_COUNT };

static const struct table_column columns[COL_COUNT] = {
    [COL_WHAT] = {"Change", 9, 9, 0, ALIGN_LEFT, CUT_END, COL_NONE},
    [COL_VALUE] = {"Value", 16, 0, 3, ALIGN_LEFT, CUT_MIDDLE, COL_SORT},
    [COL_TYPE] = {"Type", 12, 26, 1, ALIGN_LEFT, CUT_END, COL_SORT},
    [COL_SIGN] = {"Applies as", 10, 10, 0, ALIGN_LEFT, CUT_END, COL_HIDEABLE},
    [COL_STATE] = {"State", 28, 0, 4, ALIGN_LEFT, CUT_END, COL_SORT},
    [COL_RAW] = {"API value", 16, 24, 0, ALIGN_LEFT, CUT_MIDDLE, COL_HIDEABLE},
};

struct state {
	struct session *session;
	struct list list;
	struct table table;
	struct review_model model;
	uint64_t seen[DATA_KINDS];
	char posting[DIGEST_HEX_SIZE]; /* plan that the open confirmation is about */
	uint64_t agreed; /* what that plan widened when it was asked */
	struct widening widening;
	int head;
};

/* --- rows --- */

static const struct review_row *row_at(const struct state *st, size_t row)
{
	return &st->model.rows[row];
}

static size_t row_count(const void *user)
{
	const struct state *st = user;

	return st->model.n_rows;
}

static uint64_t row_key(const void *user, size_t row)
{
	return row_at(user, row)->change->id;
}

static const char *label_of(const struct state *st, const struct change *c)
{
	struct criterion cr;

	if (c->name && c->name[0])
		return c->name;
	change_to_criterion(c, &cr);
	return judge_label(st->session, &cr);
}

static void row_text(const void *user, size_t row, struct buf *out)
{
	const struct state *st = user;
	const struct change *c = row_at(st, row)->change;
	char name[96];

	buf_addf(out, "%s %s %s %s %s", c->kind == CHANGE_CREATE ? "add" : "remove",
	    label_of(st, c), c->value, type_info(c->type)->label,
	    session_line_item_name(st->session, c->line_item_id, name, sizeof name));
}

static int row_compare(const void *user, size_t a, size_t b, int column)
{
	const struct state *st = user;
	const struct review_row *x = row_at(st, a), *y = row_at(st, b);

	switch ((enum column)column) {
	case COL_TYPE:
		return (int)x->change->type - (int)y->change->type;
	case COL_STATE:
		return (x->op ? (int)x->op->outcome : -1) - (y->op ? (int)y->op->outcome : -1);
	default:
		return strcasecmp(label_of(st, x->change), label_of(st, y->change));
	}
}

static uint32_t row_group(const void *user, size_t row)
{
	return row_at(user, row)->item;
}

static void group_cell(const void *user, size_t row, struct table_cell *out)
{
	const struct state *st = user;
	const struct review_item *it = &st->model.items[row_at(st, row)->item];
	char name[96];

	snprintf(out->scratch, sizeof out->scratch, "%.150s",
	    session_line_item_name(st->session, it->id, name, sizeof name));
	if (it->plan && it->live_known)
		snprintf(out->scratch + strlen(out->scratch),
		    sizeof out->scratch - strlen(out->scratch), "   %zu -> %zu criteria%s",
		    it->plan->widen.n_before, it->plan->widen.n_after,
		    it->plan->widen.worldwide_after            ? "   EVERYONE WORLDWIDE"
		    : widen_must_acknowledge(&it->plan->widen) ? "   WIDENS"
							       : "");
	if (it->plan && widen_must_acknowledge(&it->plan->widen))
		out->style = STYLE_DANGER;
	row_cell_text(out, out->scratch);
}

static const struct {
	const char *text;
	enum style style;
} outcomes[] = {
    [OUTCOME_PENDING] = {"waiting", STYLE_DIM},
    [OUTCOME_NOT_SENT] = {"not sent, still staged", STYLE_WARNING},
    [OUTCOME_REFUSED] = {"refused, still staged", STYLE_ERROR},
    [OUTCOME_UNKNOWN] = {"? unknown: no answer came; reading back", STYLE_DANGER},
    [OUTCOME_APPLIED] = {"applied, reading back", STYLE_NOTE},
    [OUTCOME_VERIFIED] = {"applied, seen in the account", STYLE_OK},
    [OUTCOME_ABSENT] = {"did not take effect, still staged", STYLE_WARNING},
    [OUTCOME_NOOP] = {"was so already, not sent", STYLE_DIM},
    [OUTCOME_CONFLICT] = {"changed by somebody else meanwhile, still staged", STYLE_WARNING},
};

static void cell_state(const struct review_row *r, struct table_cell *out)
{
	if (r->op) {
		out->style = outcomes[r->op->outcome].style;
		if (r->op->why[0])
			snprintf(out->scratch, sizeof out->scratch, "%.40s: %.200s",
			    outcomes[r->op->outcome].text, r->op->why);
		row_cell_text(out, r->op->why[0] ? out->scratch : outcomes[r->op->outcome].text);
	} else if (r->change->held) {
		out->style = STYLE_DIM;
		row_cell_text(out, "held back");
	} else if (r->noop != NOOP_NONE) {
		out->style = STYLE_DIM;
		row_cell_text(out, effective_why_text(r->noop));
	} else if (r->problem) {
		out->style = r->problem->severity == RULE_ERROR     ? STYLE_ERROR
			     : r->problem->severity == RULE_WARNING ? STYLE_WARNING
								    : STYLE_NOTE;
		row_cell_text(out, rule_info(r->problem->rule)->title);
	} else {
		row_cell_text(out, "staged");
	}
}

static void row_cell(const void *user, size_t row, int column, struct table_cell *out)
{
	static const char *const signs[OP_COUNT] = {"include", "exclude", "at least", "under", "?"};
	const struct state *st = user;
	const struct review_row *r = row_at(st, row);
	bool add = r->change->kind == CHANGE_CREATE;

	switch ((enum column)column) {
	case COL_WHAT:
		row_cell_text(out, add ? "+ add" : "- remove");
		out->style = add ? STYLE_ADDED : STYLE_REMOVED;
		break;
	case COL_VALUE:
		row_cell_text(out, label_of(st, r->change));
		out->style = r->change->held ? STYLE_DIM : add ? STYLE_ADDED : STYLE_REMOVED;
		break;
	case COL_TYPE:
		row_cell_text(out, r->change->type == TYPE_UNKNOWN
				       ? r->change->type_name
				       : type_info(r->change->type)->label);
		break;
	case COL_SIGN:
		row_cell_text(out, signs[r->change->op]);
		out->style = r->change->op == OP_NE ? STYLE_EXCLUDE : STYLE_INCLUDE;
		break;
	case COL_STATE:
		cell_state(r, out);
		break;
	default:
		row_cell_text(out, r->change->value);
		out->style = STYLE_DIM;
		break;
	}
}

/* --- building --- */

static bool moved(struct state *st)
{
	static const enum data_kind kinds[] = {DATA_STAGED, DATA_CRITERIA, DATA_APPLY,
	    DATA_AUDIENCES, DATA_LINE_ITEMS, DATA_CAMPAIGNS, DATA_USERS};
	bool any = false;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		uint64_t g = session_generation(st->session, kinds[i]);

		any |= g != st->seen[kinds[i]];
		st->seen[kinds[i]] = g;
	}
	return any;
}

static void rebuild(struct state *st)
{
	review_model_build(&st->model);
	widening_find(&st->widening, &st->model);
	list_refresh(&st->list);
}

static enum err review_open(struct view *v, const void *arg, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct list_source src = {row_count, row_key, row_text, row_compare, row_group, st};
	struct table_source cells = {columns, COL_COUNT, row_cell, group_cell, st};

	(void)arg;
	(void)ei;
	st->session = view_session(v);
	review_model_init(&st->model, st->session);
	list_init(&st->list, &src);
	table_init(&st->table, &cells, &st->list);
	st->table.focus = COL_VALUE; /* the signs before it have no order */
	st->table.empty =
	    "Nothing is staged. Open a line item, then a adds and d removes criteria.";
	moved(st);
	rebuild(st);
	return ERR_OK;
}

/* What is judged must be what the account has: read the touched line items again. */
static void review_load(struct view *v)
{
	struct state *st = view_state(v);
	const char **ids = review_model_ids(&st->model);

	if (ids && st->model.n_items)
		session_fetch_criteria(st->session, ids, st->model.n_items, FRESH_S, REQ_USER);
	mem_free(ids);
}

/* --- the head: what will happen, in words --- */

struct head {
	struct canvas *c; /* NULL: only count lines */
	int y, w;
};

static void head_line(struct head *h, enum style style, const char *text)
{
	struct canvas_field f = {1, h->y, h->w - 2, style, ALIGN_LEFT, CUT_END};

	if (h->c)
		canvas_field(h->c, &f, text, strlen(text));
	h->y++;
}

/* Over several lines: what must not be cut. */
static void head_text(struct head *h, enum style style, const char *text)
{
	int w = h->w - 2, lines = detail_note_lines(text, w);

	if (h->c) {
		struct canvas body = canvas_sub(h->c, (struct rect){1, h->y, w, lines});

		detail_note(&body, 0, style, text);
	}
	h->y += lines;
}

static void head_plan(const struct state *st, struct head *h)
{
	const struct plan *p = &st->model.plan;
	const char *draft = draft_active(st->session);
	char text[320];

	if (!p->n_ops) {
		if (st->model.n_rows && applying_status(st->session)->phase == APPLYING_IDLE)
			head_line(h, STYLE_DIM, "Nothing here would be sent.");
		return;
	}
	snprintf(text, sizeof text,
	    "%s%s%s%zu change%s on %zu line item%s of %s, in %zu batch%s, each posted as a whole "
	    "or not at all. Plan %.8s. P posts.",
	    draft[0] ? "Draft " : "", draft, draft[0] ? ": " : "", p->n_ops,
	    p->n_ops == 1 ? "" : "s", p->n_line_items, p->n_line_items == 1 ? "" : "s",
	    session_account_id(st->session), p->n_batches, p->n_batches == 1 ? "" : "es",
	    st->model.digest);
	head_text(h, STYLE_NORMAL, text);
}

static void head_widening(const struct state *st, struct head *h)
{
	const struct widening *w = &st->widening;
	struct buf line;

	buf_init(&line, 2048);
	for (size_t i = 0; i < w->n; i++) {
		buf_clear(&line);
		widening_why(w, i, &st->model, &line);
		head_text(h, STYLE_DANGER, buf_str(&line));
		buf_clear(&line);
		buf_adds(&line, "       ");
		if (widening_reach(w, i, &st->model, &line))
			head_line(h, STYLE_WARNING, buf_str(&line));
	}
	if (w->more) {
		buf_clear(&line);
		buf_addf(&line, "%zu more line item%s widen%s: see WIDENS at their names below",
		    w->more, w->more == 1 ? "" : "s", w->more == 1 ? "s" : "");
		head_line(h, STYLE_DANGER, buf_str(&line));
	}
	buf_done(&line);
}

static void head_problems(const struct state *st, struct head *h)
{
	const struct problem_list *p = &st->model.problems;
	char text[400], name[96];
	size_t shown = 0;

	for (int severity = RULE_ERROR; severity >= RULE_WARNING; severity--)
		for (size_t i = 0; i < p->n && shown < HEAD_PROBLEMS; i++) {
			if ((int)p->v[i].severity != severity)
				continue;
			snprintf(text, sizeof text, "%s on %.60s: %s: %.240s",
			    rule_severity_name(p->v[i].severity),
			    session_line_item_name(
				st->session, p->v[i].line_item_id, name, sizeof name),
			    rule_info(p->v[i].rule)->title, p->v[i].message);
			head_line(h, severity == RULE_ERROR ? STYLE_ERROR : STYLE_WARNING, text);
			shown++;
		}
	if (p->count[RULE_ERROR] + p->count[RULE_WARNING] > shown) {
		snprintf(text, sizeof text, "more problems: %zu; Enter shows those of a row",
		    p->count[RULE_ERROR] + p->count[RULE_WARNING] - shown);
		head_line(h, STYLE_DIM, text);
	}
}

static void head_outcome(const struct state *st, struct head *h)
{
	const struct applying_status *a = applying_status(st->session);
	size_t unknown = applying_unknown(st->session);
	char text[256];

	if (a->phase == APPLYING_RUNNING) {
		snprintf(text, sizeof text, "Posting batch %zu of %zu%s", a->batch + 1,
		    a->n_batches, a->stopping ? "; stops after it" : "; p stops after it");
		head_line(h, STYLE_NOTE, text);
	} else if (a->phase == APPLYING_SETTLING) {
		snprintf(text, sizeof text,
		    "No answer came. Reading back what happened, reading %u of %u; nothing is sent "
		    "again.",
		    a->round, a->rounds);
		head_line(h, STYLE_DANGER, text);
	} else if (a->phase == APPLYING_DONE) {
		snprintf(text, sizeof text,
		    "%zu applied and seen, %zu applied, %zu refused, %zu not sent, %zu unknown%s",
		    a->by_outcome[OUTCOME_VERIFIED], a->by_outcome[OUTCOME_APPLIED],
		    a->by_outcome[OUTCOME_REFUSED],
		    a->by_outcome[OUTCOME_NOT_SENT] + a->by_outcome[OUTCOME_ABSENT] +
			a->by_outcome[OUTCOME_CONFLICT],
		    a->by_outcome[OUTCOME_UNKNOWN],
		    a->partial ? "; PART of a batch took effect" : "");
		head_line(h, a->worst == OUTCOME_VERIFIED ? STYLE_OK : STYLE_WARNING, text);
		if (a->ei.code)
			head_line(h, STYLE_ERROR, a->ei.msg);
	} else if (unknown) {
		snprintf(text, sizeof text,
		    "%zu operation%s of an earlier run have an unknown outcome; c reads back what "
		    "happened",
		    unknown, unknown == 1 ? "" : "s");
		head_line(h, STYLE_DANGER, text);
	}
	if (a->foreign) {
		snprintf(text, sizeof text,
		    "%zu change%s by somebody else on these line items, left alone", a->foreign,
		    a->foreign == 1 ? "" : "s");
		head_line(h, STYLE_NOTE, text);
	}
}

static int draw_head(const struct state *st, struct canvas *c, int cols)
{
	struct head h = {c, 0, cols};
	char text[160];

	head_outcome(st, &h);
	if (st->model.ei.code)
		head_line(&h, STYLE_ERROR, st->model.ei.msg);
	head_plan(st, &h);
	if (st->model.unread) {
		snprintf(text, sizeof text,
		    session_criteria_loading(st->session)
			? "reading the criteria of %zu line items..."
			: "%zu line items were never read, so what this widens is not known; R "
			  "reads them",
		    st->model.unread);
		head_line(&h, STYLE_WARNING, text);
	}
	head_widening(st, &h);
	head_problems(st, &h);
	return h.y;
}

static void review_layout(struct view *v, int cols, int rows)
{
	struct state *st = view_state(v);

	if (moved(st))
		rebuild(st);
	else if (st->widening.n && !st->widening.v[0].reach[0][0] && session_api(st->session))
		widening_find(&st->widening, &st->model); /* the network came after the view */
	st->head = draw_head(st, NULL, cols);
	if (st->head > rows / 2)
		st->head = rows / 2;
	table_layout(&st->table, cols, rows - st->head);
}

static void review_draw(const struct view *v, struct canvas *c)
{
	const struct state *st = view_state(v);
	struct canvas head = canvas_sub(c, (struct rect){0, 0, c->area.w, st->head});
	struct canvas body =
	    canvas_sub(c, (struct rect){0, st->head, c->area.w, c->area.h - st->head});

	draw_head(st, &head, c->area.w);
	table_draw(&st->table, &body);
}

/* --- posting --- */

/* A fingerprint of what the plan widens: what was acknowledged. */
static uint64_t widening(const struct plan *p)
{
	uint64_t h = 1;

	for (size_t i = 0; i < p->n_line_items; i++) {
		const struct widen *w = &p->line_items[i].widen;

		h = h * 1099511628211u + w->flags * 2 + w->worldwide_after;
		h = h * 1099511628211u + w->n_exclusions_gone;
		for (size_t k = 0; k < w->n_last; k++)
			h = h * 1099511628211u + (uint64_t)w->last[k];
	}
	return h;
}

static void post_confirmed(struct app *app, bool ok, void *user)
{
	struct view *v = app_view(app, (uint64_t)(uintptr_t)user);
	struct applying_plan p;
	struct errinfo ei;
	struct state *st;

	if (!v || !ok)
		return;
	st = view_state(v);
	if (moved(st))
		rebuild(st);
	/* the confirmation was about that plan and no other, and the plan may widen more by now:
	 * another terminal read that somebody removed something */
	if (strcmp(st->posting, st->model.digest) != 0 || widening(&st->model.plan) != st->agreed) {
		app_message(
		    app, STYLE_WARNING, "the plan changed while you were asked; look at it again");
		return;
	}
	p = (struct applying_plan){&st->model.plan, &st->model.live, st->model.digest};
	if (applying_start(st->session, &p, &ei))
		app_message_err(app, &ei);
	view_touch(v, TOUCH_ALL);
}

static enum err may_post(const struct state *st, struct errinfo *ei)
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
static void add_widening(const struct state *st, int room, char *text, size_t cap)
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

static enum err post(struct view *v, struct errinfo *ei)
{
	struct state *st = view_state(v);
	const struct plan *p = &st->model.plan;
	const struct account *acct = session_account(st->session);
	const char *draft = draft_active(st->session);
	bool world = plan_goes_worldwide(p), ack = plan_must_acknowledge(p);
	char text[2400], yes[64];
	struct confirm c = {.title = "Post these changes?",
	    .text = text,
	    .yes = yes,
	    .yes_key = 'y',
	    .type_this = world ? "worldwide"
			 : ack ? "widen"
			       : NULL,
	    .style = ack ? STYLE_DANGER : STYLE_WARNING,
	    .fn = post_confirmed,
	    .user = (void *)(uintptr_t)v->id};
	enum err err = may_post(st, ei);

	if (err)
		return err;
	if (store_needs_acknowledgement(session_store(st->session)))
		return show_repairs(v, ei);
	/* what is acknowledged must be readable: account, counts, what widens */
	if (v->cols < POST_COLS || v->rows < POST_ROWS)
		return err_set(ei, ERR_REFUSED, "make the window at least %dx%d to post", POST_COLS,
		    POST_ROWS + 3);
	snprintf(st->posting, sizeof st->posting, "%s", st->model.digest);
	st->agreed = widening(p);
	snprintf(yes, sizeof yes, "Post %zu change%s", p->n_ops, p->n_ops == 1 ? "" : "s");
	snprintf(text, sizeof text,
	    "%s%.64s%s%zu change%s on %zu line item%s of %.80s (%s).\nPlan %.8s, %zu "
	    "batch%s.%s%s",
	    draft[0] ? "Draft " : "", draft, draft[0] ? ": " : "", p->n_ops,
	    p->n_ops == 1 ? "" : "s", p->n_line_items, p->n_line_items == 1 ? "" : "s",
	    acct && acct->name ? acct->name : "account", session_account_id(st->session),
	    st->model.digest, p->n_batches, p->n_batches == 1 ? "" : "es",
	    st->model.problems.count[RULE_ERROR] ? "\nX will probably refuse this: see the errors "
						   "above. A refused batch changes nothing."
						 : "",
	    world ? "\nA line item ends with NO targeting: its ads go to EVERYONE, worldwide."
	    : ack ? "\nA removal lets ads reach more people than now."
		  : "");
	add_widening(st, v->rows - POST_ROWS, text, sizeof text);
	return app_confirm(v->app, &c, ei);
}

/* --- other commands --- */

static enum err unstage(struct view *v, struct errinfo *ei)
{
	struct state *st = view_state(v);
	uint64_t *ids = mem_array(list_selected_count(&st->list) + 1, sizeof *ids);
	size_t it = 0, row, n = 0;
	enum err err;

	if (!ids)
		return err_set(ei, ERR_NOMEM, "no memory to unstage");
	while (list_selected(&st->list, &it, &row))
		ids[n++] = row_at(st, row)->change->id;
	err = staging_remove(st->session, ids, n, ei);
	mem_free(ids);
	if (!err) {
		list_mark_clear(&st->list);
		app_message(v->app, STYLE_NOTE, "%zu taken off the stage; u brings %s back", n,
		    n == 1 ? "it" : "them");
	}
	return err;
}

static enum err hold(struct view *v, struct errinfo *ei)
{
	struct state *st = view_state(v);
	const struct change *c;
	size_t row;
	enum err err;

	if (!list_row(&st->list, &row))
		return err_set(ei, ERR_REFUSED, "no change here");
	c = row_at(st, row)->change;
	err = staging_hold(st->session, c->id, !c->held, ei);
	if (!err)
		list_move(&st->list, LIST_DOWN);
	return err;
}

static enum err show_details(struct view *v, struct errinfo *ei)
{
	struct state *st = view_state(v);
	const struct review_row *r;
	struct expr_lookup lookup = judge_expr_lookup(st->session);
	const struct effective *e;
	struct buf out;
	char name[96];
	size_t row;
	enum err err;

	if (!list_row(&st->list, &row))
		return err_set(ei, ERR_REFUSED, "no change here");
	r = row_at(st, row);
	e = &st->model.items[r->item].set;
	buf_init(&out, 1 << 20);
	buf_addf(&out, "# %s\nvalue        %s\nexact value  ",
	    r->change->kind == CHANGE_CREATE ? "Add" : "Remove", label_of(st, r->change));
	text_escape(&out, r->change->value, strlen(r->change->value));
	buf_addf(&out,
	    "\ntype         %s\noperator     %s\ncriterion    %s\nline item    %s\n# Before\n",
	    r->change->type_name, op_name(r->change->op),
	    r->change->criterion_id ? r->change->criterion_id : "(gets its id from X)",
	    session_line_item_name(st->session, r->change->line_item_id, name, sizeof name));
	expr_line(&out, e->before, e->n_before, &lookup, 0);
	buf_adds(&out, "\n# After\n");
	expr_line(&out, e->after, e->n_after, &lookup, 0);
	buf_adds(&out, "\n# Problems of the line item\n");
	for (size_t i = 0; i < st->model.problems.n; i++)
		if (strcmp(st->model.problems.v[i].line_item_id, r->change->line_item_id) == 0)
			buf_addf(&out, "%s: %s: %s\n    %s\n",
			    rule_severity_name(st->model.problems.v[i].severity),
			    rule_info(st->model.problems.v[i].rule)->title,
			    st->model.problems.v[i].message,
			    rule_info(st->model.problems.v[i].rule)->reason);
	if (r->op && r->op->why[0])
		buf_addf(&out, "# What X said\n%s\n", r->op->why);
	err = out.failed ? err_set(ei, out.failed, "the details are too large to show")
			 : app_show_text(v->app, "Change", buf_str(&out), ei);
	buf_done(&out);
	return err;
}

static enum err review_command(struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct state *st = view_state(v);

	switch (call->cmd->id) {
	case VIEWS_POST:
		return post(v, ei);
	case VIEWS_UNSTAGE:
	case VIEWS_REMOVE:
		return unstage(v, ei);
	case VIEWS_HOLD:
		return hold(v, ei);
	case VIEWS_PAUSE:
		applying_stop(st->session);
		return ERR_OK;
	case VIEWS_SETTLE:
		return applying_settle(st->session, ei);
	case VIEWS_REFRESH: {
		const char **ids = review_model_ids(&st->model);

		if (ids && st->model.n_items)
			session_fetch_criteria(st->session, ids, st->model.n_items, 0, REQ_USER);
		mem_free(ids);
		return ERR_OK;
	}
	default:
		return show_details(v, ei);
	}
}

static bool review_can(const struct view *v, const struct command *cmd, char *reason, size_t cap)
{
	const struct state *st = view_state(v);
	struct errinfo ei;

	if (cmd->id == VIEWS_POST && may_post(st, &ei)) {
		snprintf(reason, cap, "%s", ei.msg);
		return false;
	}
	if (cmd->id == VIEWS_SETTLE && !applying_unknown(st->session)) {
		snprintf(reason, cap, "no outcome is unknown");
		return false;
	}
	if (cmd->id == VIEWS_PAUSE && applying_status(st->session)->phase != APPLYING_RUNNING) {
		snprintf(reason, cap, "nothing is being posted");
		return false;
	}
	return true;
}

static void review_describe(const struct view *v, struct view_about *a)
{
	const struct state *st = view_state(v);

	snprintf(a->title, sizeof a->title, "Review of staged changes");
	snprintf(a->crumb, sizeof a->crumb, "Review");
	table_position(&st->table, a->position, sizeof a->position);
	a->loading = session_criteria_loading(st->session) || applying_busy(st->session);
	a->progress = -1;
	a->hints = "post hold unstage open undo";
}

static struct list *review_list(struct view *v)
{
	struct state *st = view_state(v);

	return &st->list;
}

static struct table *review_table(struct view *v)
{
	struct state *st = view_state(v);

	return &st->table;
}

static void review_done(struct view *v)
{
	struct state *st = view_state(v);

	list_done(&st->list);
	review_model_done(&st->model);
}

const struct view_ops review_view = {
    .name = "review",
    .title = "Review",
    .parent = "table",
    .commands = "post unstage remove hold pause settle refresh open details",
    .state_size = sizeof(struct state),
    .open = review_open,
    .load = review_load,
    .layout = review_layout,
    .draw = review_draw,
    .command = review_command,
    .can = review_can,
    .describe = review_describe,
    .list = review_list,
    .table = review_table,
    .done = review_done,
};
