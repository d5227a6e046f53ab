/* The head of the review: what will happen, in words. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/text.h"
#include "tui/app.h"
#include "session/draft.h"
#include "views/detail.h"
#include "session/judge.h"
#include "views/review_view.h"

#define HEAD_PROBLEMS 3 /* problems that the head spells out; Enter shows those of a row */

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

static void head_plan(const struct review_state *st, struct head *h)
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

static void head_widening(const struct review_state *st, struct head *h)
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

static void head_problems(const struct review_state *st, struct head *h)
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

/* "45 s", "2:05 min": rounded up, so that it is never there before the countdown ends. */
static void countdown(int64_t ms, char *out, size_t cap)
{
	long long s = (ms + 999) / 1000;

	if (s < 60)
		snprintf(out, cap, "%lld s", s);
	else
		snprintf(out, cap, "%lld:%02lld min", s / 60, s % 60);
}

static void next_reading(const struct applying_status *a, char *out, size_t cap)
{
	int64_t left = a->next_read_at_ms - clock_mono_ms();
	char in[40];

	out[0] = '\0';
	countdown(left, in, sizeof in);
	if (a->next_read_at_ms && left > 0)
		snprintf(out, cap, " in %s", in);
}

static void head_running(const struct review_state *st, struct head *h)
{
	const struct applying_status *a = applying_status(st->session);
	char text[240], in[40];
	int64_t ms;
	enum apply_wait waits = applying_waits(st->session, &ms);

	countdown(ms, in, sizeof in);
	if (waits == APPLY_WAITS_UNSENT)
		snprintf(text, sizeof text,
		    "Posting batch %zu of %zu waits for X's rate limit or the network, goes on in "
		    "%s; "
		    "p stops now, nothing of the batch has taken effect",
		    a->batch + 1, a->n_batches, in);
	else if (waits == APPLY_WAITS_TO_READ)
		snprintf(text, sizeof text,
		    "Batch %zu of %zu was sent; reading it back waits for X's rate limit or the "
		    "network, goes on in %s",
		    a->batch + 1, a->n_batches, in);
	else
		snprintf(text, sizeof text, "Posting batch %zu of %zu%s", a->batch + 1,
		    a->n_batches, a->stopping ? "; stops after it" : "; p stops after it");
	head_text(h, waits ? STYLE_WARNING : STYLE_NOTE, text);
}

/* How many of each; what nobody met is not spoken of. */
static void outcome_counts(const struct applying_status *a, char *out, size_t cap)
{
	const struct {
		size_t n;
		const char *words;
	} parts[] = {{a->by_outcome[OUTCOME_VERIFIED], "applied and seen"},
	    {a->by_outcome[OUTCOME_APPLIED], "applied"},
	    {a->by_outcome[OUTCOME_NOOP], "so already"},
	    {a->by_outcome[OUTCOME_REFUSED], "refused"},
	    {a->by_outcome[OUTCOME_NOT_SENT] + a->by_outcome[OUTCOME_ABSENT] +
		    a->by_outcome[OUTCOME_CONFLICT],
		"not sent"},
	    {a->by_outcome[OUTCOME_UNKNOWN], "unknown"}};
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (parts[i].n && len < cap)
			len += (size_t)snprintf(out + len, cap - len, "%s%zu %s", len ? ", " : "",
			    parts[i].n, parts[i].words);
}

static bool went_well(const struct applying_status *a)
{
	return a->by_outcome[OUTCOME_VERIFIED] + a->by_outcome[OUTCOME_NOOP] == a->n_ops &&
	       !a->ei.code && !a->partial;
}

static void head_outcome(const struct review_state *st, struct head *h)
{
	const struct applying_status *a = applying_status(st->session);
	size_t unknown = applying_unknown(st->session);
	char text[256], when[48];

	if (a->phase == APPLYING_RUNNING) {
		head_running(st, h);
	} else if (a->phase == APPLYING_SETTLING) {
		next_reading(a, when, sizeof when);
		snprintf(text, sizeof text,
		    "No answer came. Reading back what happened, reading %u of %u%s; nothing is "
		    "sent again.",
		    a->round, a->rounds, when);
		head_line(h, STYLE_DANGER, text);
	} else if (a->phase == APPLYING_DONE && !(st->model.past && went_well(a))) {
		outcome_counts(a, text, sizeof text - 40);
		if (a->partial)
			snprintf(text + strlen(text), 40, "; PART of a batch took effect");
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

/* What others changed since a posting stopped for it. */
static void head_merge(const struct review_state *st, struct head *h)
{
	const struct merge_model *m = &st->merge;
	char text[200];

	if (st->merge_ei.code)
		head_line(h, STYLE_ERROR, st->merge_ei.msg);
	if (!m->n_rows)
		return;
	if (m->n_choose)
		snprintf(text, sizeof text,
		    "%zu of the changes by others exclude%s what you staged: m chooses, mine or "
		    "theirs, before anything is posted.",
		    m->n_choose, m->n_choose == 1 ? "s" : "");
	else
		snprintf(text, sizeof text,
		    "%zu change%s by others since the posting was confirmed: m shows %s. P asks "
		    "again.",
		    m->n_foreign, m->n_foreign == 1 ? "" : "s", m->n_foreign == 1 ? "it" : "them");
	head_line(h, m->n_choose ? STYLE_DANGER : STYLE_WARNING, text);
}

int review_head(const struct review_state *st, struct canvas *c, int cols)
{
	struct head h = {c, 0, cols};
	char text[160];

	head_outcome(st, &h);
	if (st->model.ei.code)
		head_line(&h, STYLE_ERROR, st->model.ei.msg);
	head_merge(st, &h);
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
