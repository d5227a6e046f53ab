/* The lines above the criteria: what the set means now and as staged, its reach, what is wrong. */
#include "views/criteria_view.h"

#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"
#include "targeting/rules.h"
#include "views/expression.h"

#define HEAD_MAX 7

bool criteria_problem_has(const struct criteria_state *st, const struct problem *p, size_t row)
{
	const struct criteria_row *r = &st->model.rows[row];

	if (strcmp(st->model.ids[r->item], p->line_item_id) != 0)
		return false;
	for (size_t i = 0; i < p->n_rows; i++)
		if (p->rows[i] == r->row)
			return true;
	return false;
}

/* Problems name rows of a line item, the view has rows of all of them: by way of a table, since both
 * may be many. */
static void mark_rows(struct criteria_state *st)
{
	const struct criteria_model *m = &st->model;
	size_t *first = mem_array(m->n_ids + 1, sizeof *first), n = 0;
	mark *by_item = NULL;

	for (size_t i = 0; first && i < m->n_ids; i++) {
		first[i] = n;
		n += m->sets[i].n;
	}
	by_item = first ? mem_array(n + 1, sizeof *by_item) : NULL;
	st->marks = by_item ? mem_array(m->n_rows + 1, sizeof *st->marks) : NULL;
	for (size_t i = 0, item = 0; st->marks && i < st->problems.n; i++) {
		const struct problem *p = &st->problems.v[i];

		/* they come line item by line item */
		while (item < m->n_ids && strcmp(m->ids[item], p->line_item_id) != 0)
			item++;
		for (size_t k = 0; item < m->n_ids && k < p->n_rows; k++) {
			mark *to = &by_item[first[item] + p->rows[k]];

			*to = mark_plus(*to, p->severity);
		}
	}
	for (size_t i = 0; st->marks && i < m->n_rows; i++)
		st->marks[i] = by_item[first[m->rows[i].item] + m->rows[i].row];
	mem_free(by_item);
	mem_free(first);
}

void criteria_describe_set(struct criteria_state *st)
{
	struct expr_lookup lookup = judge_expr_lookup(st->session);
	const struct effective *e = &st->model.sets[0];
	struct judge j;
	struct rule_lookup rules;

	buf_clear(&st->before);
	buf_clear(&st->after);
	criteria_want_reach(st, REACH_WHEN_RESTING);
	expr_line(&st->before, e->before, e->n_before, &lookup, EXPR_MEMBERS);
	expr_line(&st->after, e->after, e->n_after, &lookup, EXPR_MEMBERS);
	if (strcmp(buf_str(&st->before), buf_str(&st->after)) != 0 || e->n_added || e->n_removed) {
		/* what differs is shown, and must not hide among those that are only counted */
		buf_clear(&st->before);
		buf_clear(&st->after);
		expr_line(&st->before, e->before, e->n_before, &lookup, EXPR_MEMBERS_DIFF);
		expr_line(&st->after, e->after, e->n_after, &lookup, EXPR_MEMBERS_DIFF);
	}
	problem_list_clear(&st->problems);
	mem_free(st->marks);
	st->marks = NULL;
	if (st->model.unknown)
		return;
	for (size_t i = 0; i < st->model.n_rows; i++)
		judge_want_lookups(st->session, criteria_row_at(st, i)->criterion->type);
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
	mark_rows(st);
}

/* Only of a single line item whose criteria are known: an estimate of half a set misleads. */
static bool has_reach(const struct criteria_state *st)
{
	return st->model.n_ids == 1 && !st->model.unknown && st->reach[0][0];
}

void criteria_want_reach(struct criteria_state *st, enum reach_when when)
{
	const struct effective *e = &st->model.sets[0];
	struct reach_set sets[2] = {{e->before, e->n_before}, {e->after, e->n_after}};

	if (st->model.n_ids == 1 && !st->model.unknown)
		reach_want(st->session, sets, 2, when, st->reach);
	else
		st->reach[0][0] = '\0';
}

static int draw_reach(const struct criteria_state *st, struct canvas *c, int y, int cols)
{
	bool same = strcmp(st->reach[0], st->reach[1]) == 0;
	struct reach before = reach_get(st->session, st->reach[0]),
		     after = reach_get(st->session, st->reach[1]);
	struct canvas_field f = {
	    8, y, cols - 9, same ? STYLE_NORMAL : STYLE_CHANGED, ALIGN_LEFT, CUT_END};
	struct buf line;

	if (!has_reach(st))
		return y;
	if (before.state != REACH_KNOWN && same)
		f.style = STYLE_DIM;
	buf_init(&line, 1024);
	reach_line(&before, &after, same, &line);
	canvas_str(c, 1, y, STYLE_DIM, "reach");
	canvas_field(c, &f, buf_str(&line), line.len);
	buf_done(&line);
	return y + 1;
}

static int draw_expression(const struct criteria_state *st, struct canvas *c, int y, int cols)
{
	bool differs = strcmp(buf_str(&st->before), buf_str(&st->after)) != 0;
	struct rect r = {8, y, cols - 9, 2};
	struct expression_words words[2];

	if (st->model.n_ids > 1)
		return y;
	expression_words(buf_str(&st->before), buf_str(&st->after), r, words);
	canvas_str(c, 1, y, STYLE_DIM, "now");
	y += expression_draw(c, r, &words[0]);
	if (!differs)
		return y;
	r.y = y;
	canvas_str(c, 1, y, STYLE_DIM, "staged");
	return y + expression_draw(c, r, &words[1]);
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

	y = draw_reach(st, c, y, cols);
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
	struct expression_words words[2];
	int y = 0;

	if (st->model.n_ids == 1) {
		expression_words(buf_str(&st->before), buf_str(&st->after), r, words);
		y += expression_draw(NULL, r, &words[0]);
		if (strcmp(buf_str(&st->before), buf_str(&st->after)) != 0)
			y += expression_draw(NULL, r, &words[1]);
	}
	y += has_reach(st);
	y += st->problems.count[RULE_ERROR] || st->problems.count[RULE_WARNING];
	y += st->error.code || (st->model.unknown && !session_criteria_loading(st->session));
	return y < HEAD_MAX ? y : HEAD_MAX;
}
