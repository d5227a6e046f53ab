/* The lines above the criteria: what the set means now and as staged, its reach, what is wrong. */
#include "views/criteria_view.h"

#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "targeting/rules.h"

#define EXPR_MEMBERS 4 /* members of a group that the expression line spells out */
#define HEAD_MAX 7

void criteria_describe_set(struct criteria_state *st)
{
	struct expr_lookup lookup = judge_expr_lookup(st->session);
	const struct effective *e = &st->model.sets[0];
	struct judge j;
	struct rule_lookup rules;

	buf_clear(&st->before);
	buf_clear(&st->after);
	expr_line(&st->before, e->before, e->n_before, &lookup, EXPR_MEMBERS);
	expr_line(&st->after, e->after, e->n_after, &lookup, EXPR_MEMBERS);
	problem_list_clear(&st->problems);
	if (st->model.unknown)
		return;
	judge_init(&j, st->session);
	rules = judge_rule_lookup(&j);
	for (size_t i = 0; i < st->model.n_ids; i++) {
		struct rule_ctx ctx = {
		    .line_item = session_line_item(st->session, st->model.ids[i]),
		    .set = &st->model.sets[i],
		    .lookup = &rules,
		    .account_id = session_account_id(st->session)};

		rules_check(&st->problems, &ctx);
	}
	judge_done(&j);
}

/* Text over several lines, broken at blanks. Returns how many lines it takes; draws when c is given. */
static int wrapped(struct canvas *c, struct rect r, enum style style, const char *text)
{
	int y = 0, x = 0;

	while (*text) {
		size_t n = strcspn(text, " ");
		int w = (int)text_width(text, n);

		if (x > 0 && x + 1 + w > r.w) {
			y++;
			x = 0;
		}
		if (y >= r.h)
			return r.h;
		x += x > 0;
		if (c && y == r.h - 1 && x + w > r.w - 2 && text[n])
			canvas_str(c, r.x + x, r.y + y, STYLE_DIM, text_is_ascii() ? "..." : "…");
		else if (c)
			canvas_text(c, r.x + x, r.y + y, style, text, n);
		x += w;
		text += n + (text[n] == ' ');
	}
	return y + 1;
}

static void reach_text(const struct criteria_reach *r, char *out, size_t cap)
{
	char low[32], high[32];

	if (r->req.gen)
		snprintf(out, cap, "asking X...");
	else if (r->ei.code)
		snprintf(out, cap, "not available: %.200s", r->ei.msg);
	else
		snprintf(out, cap, "%s to %s people",
		    table_number(low, (unsigned long long)r->value.min),
		    table_number(high, (unsigned long long)r->value.max));
}

static int draw_reach(const struct criteria_state *st, struct canvas *c, int y)
{
	char before[300], after[300];
	int x;

	if (!st->reach_before.known)
		return y;
	reach_text(&st->reach_before, before, sizeof before);
	x = canvas_str(c, 1, y, STYLE_DIM, "reach ");
	x = canvas_str(c, x, y, STYLE_NORMAL, before);
	if (st->reach_after.known) {
		reach_text(&st->reach_after, after, sizeof after);
		x = canvas_str(c, x, y, STYLE_DIM, "  staged: ");
		x = canvas_str(c, x, y, STYLE_CHANGED, after);
		if (!st->reach_after.ei.code && !st->reach_before.ei.code &&
		    !st->reach_after.req.gen && !st->reach_before.req.gen &&
		    st->reach_before.value.min > 0)
			canvas_strf(c, x, y, STYLE_CHANGED, " (%+lld%%)",
			    (long long)((st->reach_after.value.min - st->reach_before.value.min) *
					100 / st->reach_before.value.min));
	}
	return y + 1;
}

static int draw_expression(const struct criteria_state *st, struct canvas *c, int y, int cols)
{
	bool differs = strcmp(buf_str(&st->before), buf_str(&st->after)) != 0;
	struct rect r = {8, y, cols - 9, 2};

	if (st->model.n_ids > 1)
		return y;
	canvas_str(c, 1, y, STYLE_DIM, "now");
	y += wrapped(c, r, STYLE_NORMAL, buf_str(&st->before));
	if (!differs)
		return y;
	r.y = y;
	canvas_str(c, 1, y, STYLE_DIM, "staged");
	return y + wrapped(c, r, STYLE_CHANGED, buf_str(&st->after));
}

static int draw_problems(const struct criteria_state *st, struct canvas *c, int y, int cols)
{
	const struct problem_list *p = &st->problems;
	struct canvas_field f = {1, y, cols - 2, STYLE_WARNING, ALIGN_LEFT, CUT_END};
	size_t n = p->count[RULE_ERROR] + p->count[RULE_WARNING];
	char text[400];

	if (!n)
		return y;
	f.style = p->count[RULE_ERROR] ? STYLE_ERROR : STYLE_WARNING;
	snprintf(text, sizeof text, "! %zu problem%s: %s: %.300s", n, n == 1 ? "" : "s",
	    rule_info(p->v[0].rule)->title, p->v[0].message);
	canvas_field(c, &f, text, strlen(text));
	return y + 1;
}

void criteria_draw_head(const struct criteria_state *st, struct canvas *c, int cols)
{
	int y = draw_expression(st, c, 0, cols);

	y = draw_reach(st, c, y);
	y = draw_problems(st, c, y, cols);
	if (st->error.code) {
		canvas_strf(c, 1, y++, STYLE_ERROR, "%s", st->error.msg);
	} else if (st->model.unknown && !session_criteria_loading(st->session)) {
		canvas_strf(c, 1, y++, STYLE_WARNING,
		    "%zu of %zu line items were never read; R reads them", st->model.unknown,
		    st->model.n_ids);
	}
}

/* Lines that the head takes, without drawing it: the table gets the rest. */
int criteria_head_lines(const struct criteria_state *st, int cols)
{
	struct rect r = {0, 0, cols - 9, 2};
	int y = 0;

	if (st->model.n_ids == 1) {
		y += wrapped(NULL, r, STYLE_NORMAL, buf_str(&st->before));
		if (strcmp(buf_str(&st->before), buf_str(&st->after)) != 0)
			y += wrapped(NULL, r, STYLE_NORMAL, buf_str(&st->after));
	}
	y += st->reach_before.known;
	y += st->problems.count[RULE_ERROR] || st->problems.count[RULE_WARNING];
	y += st->error.code || (st->model.unknown && !session_criteria_loading(st->session));
	return y < HEAD_MAX ? y : HEAD_MAX;
}
