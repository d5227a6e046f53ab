/* What the line item would be with what is chosen in the picker, before it is staged: expression, reach and
 * the problem that the choice brings. */
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"
#include "session/judge.h"
#include "session/staging.h"
#include "targeting/effective.h"
#include "views/expression.h"
#include "views/picker.h"

#define ROWS_MAX 1000 /* chosen values that are looked at; of more nothing is said */
#define ITEMS_MAX 20 /* line items whose problems are judged with each movement */
#define LABEL 8 /* cells before the text */

void pick_outlook_init(struct pick_outlook *o)
{
	buf_init(&o->before, 1u << 20);
	buf_init(&o->after, 1u << 20);
}

void pick_outlook_done(struct pick_outlook *o)
{
	buf_done(&o->before);
	buf_done(&o->after);
}

static void clear(struct pick_outlook *o)
{
	buf_clear(&o->before);
	buf_clear(&o->after);
	o->reach[0][0] = o->reach[1][0] = '\0';
	o->n_items = 0;
	o->problem[0] = o->title[0] = '\0';
	o->shown = false;
}

/* --- what is chosen --- */

struct chosen {
	const struct pick_row **v;
	size_t n;
	bool many; /* more than are looked at */
};

static enum err add_chosen(struct chosen *c, const struct pick_row *r)
{
	if (c->n == ROWS_MAX)
		c->many = true;
	else if (!r->bad)
		c->v[c->n++] = r;
	return ERR_OK;
}

static enum err find_chosen(const struct picker *p, struct chosen *c)
{
	size_t it = 0, row;

	*c = (struct chosen){.v = mem_array(ROWS_MAX, sizeof *c->v)};
	if (!c->v)
		return ERR_NOMEM;
	if (pick_is_free(p))
		for (size_t i = 0; i < p->rows.n && !c->many; i++)
			add_chosen(c, &p->rows.v[i]);
	else
		while (!c->many && list_selected(&p->list, &it, &row))
			add_chosen(c, &p->rows.v[row]);
	return ERR_OK;
}

/* What the outlook depends on; 0 when there is none. */
static uint64_t signature(const struct picker *p, const struct chosen *c)
{
	static const enum data_kind kinds[] = {DATA_CRITERIA, DATA_STAGED, DATA_LINE_ITEMS,
	    DATA_AUDIENCES, DATA_CAMPAIGNS, DATA_USERS, DATA_OPTIONS};
	uint64_t hash = 1;

	if (!c->n || c->many || p->n_ids > ITEMS_MAX || p->n_unread)
		return 0;
	for (size_t i = 0; i < c->n; i++)
		hash = hash * 31 + c->v[i]->key * 8 + (uint64_t)c->v[i]->op;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		hash = hash * 31 + session_generation(p->session, kinds[i]);
	return hash * 8 + (uint64_t)p->op + 1;
}

/* --- one line item --- */

struct outlook {
	struct picker *picker;
	const char *id;
	struct criterion_set live;
	struct pick_others
	    others; /* of a type that fits once: what the choice takes the place of */
	struct change *created; /* of the chosen rows */
	const struct change **staged, **then; /* before and with the choice */
	size_t n_staged, n_then;
	struct effective now, after;
};

static void outlook_init(struct outlook *k, struct picker *p, const char *id)
{
	*k = (struct outlook){.picker = p, .id = id};
	criterion_set_init(&k->live);
	pick_others_init(&k->others);
	effective_init(&k->now);
	effective_init(&k->after);
}

static void outlook_done(struct outlook *k)
{
	effective_done(&k->after);
	effective_done(&k->now);
	mem_free(k->then);
	mem_free(k->staged);
	mem_free(k->created);
	pick_others_done(&k->others);
	criterion_set_done(&k->live);
}

static bool goes_off(const struct outlook *k, const struct change *c)
{
	for (size_t i = 0; i < k->others.n_staged; i++)
		if (k->others.staged[i] == c->id)
			return true;
	return false;
}

static enum err list_changes(struct outlook *k, const struct chosen *c)
{
	const struct change_set *all = staging_changes(k->picker->session);
	size_t most = all->n + c->n + k->others.live.n + 1;

	k->staged = mem_array(most, sizeof *k->staged);
	k->then = mem_array(most, sizeof *k->then);
	k->created = mem_array(c->n + 1, sizeof *k->created);
	if (!k->staged || !k->then || !k->created)
		return ERR_NOMEM;
	for (size_t i = 0; i < all->n; i++) {
		const struct change *ch = &all->v[i];

		if (strcmp(ch->line_item_id, k->id) != 0)
			continue;
		k->staged[k->n_staged++] = ch;
		if (!goes_off(k, ch))
			k->then[k->n_then++] = ch;
	}
	for (size_t i = 0; i < k->others.live.n; i++)
		k->then[k->n_then++] = &k->others.live.v[i];
	for (size_t i = 0; i < c->n; i++) {
		k->created[i] = pick_change(k->picker, c->v[i], k->id);
		k->then[k->n_then++] = &k->created[i];
	}
	return ERR_OK;
}

static enum err build(struct outlook *k, const struct chosen *c)
{
	struct effective_input in = {.line_item_id = k->id};
	struct errinfo ei;
	size_t unknown;
	enum err err = session_criteria(k->picker->session, &k->id, 1, &k->live, &unknown, &ei);

	if (!err && type_info(k->picker->type)->limit == 1 && c->n == 1)
		err = pick_others_of(k->picker, k->id, c->v[0], &k->others);
	if (!err)
		err = list_changes(k, c);
	in.live = k->live.v;
	in.n_live = k->live.n;
	in.picked = k->staged;
	in.n_changes = k->n_staged;
	if (!err)
		err = effective_build(&k->now, &in);
	in.picked = k->then;
	in.n_changes = k->n_then;
	return err ? err : effective_build(&k->after, &in);
}

/* --- what is said of it --- */

static bool is_chosen(const struct outlook *k, const struct change *c)
{
	for (size_t i = k->n_staged - k->others.n_staged; c && i < k->n_then; i++)
		if (k->then[i] == c)
			return true;
	return false;
}

/* Does the problem come with the choice? The line item may have others already. */
static bool is_brought(const struct outlook *k, const struct problem *pr)
{
	bool brought = is_chosen(k, pr->change);

	for (size_t i = 0; i < pr->n_rows && !brought; i++)
		brought = is_chosen(k, k->after.v[pr->rows[i]].change);
	return brought;
}

static enum err judge_outlook(struct pick_outlook *o, const struct outlook *k)
{
	struct session *s = k->picker->session;
	struct judge j;
	struct rule_lookup lookup;
	struct problem_list list;
	struct rule_ctx ctx = {.line_item = session_line_item(s, k->id),
	    .set = &k->after,
	    .lookup = &lookup,
	    .account_id = session_account_id(s)};
	enum err err;

	judge_init(&j, s);
	lookup = judge_rule_lookup(&j);
	problem_list_init(&list);
	err = rules_check(&list, &ctx);
	for (size_t i = 0; i < list.n && !err; i++) {
		const struct problem *pr = &list.v[i];

		if (!is_brought(k, pr))
			continue;
		o->n_items += pr->severity >= RULE_WARNING;
		if (!o->title[0] || pr->severity > o->severity) {
			o->severity = pr->severity;
			snprintf(o->title, sizeof o->title, "%s", rule_info(pr->rule)->title);
			text_copy(o->problem, sizeof o->problem, pr->message);
		}
		break; /* the worst comes first */
	}
	problem_list_done(&list);
	judge_done(&j);
	return err;
}

static enum err describe(struct pick_outlook *o, const struct outlook *k)
{
	struct session *s = k->picker->session;
	struct expr_lookup lookup = judge_expr_lookup(s);
	const struct effective *a = &k->now, *b = &k->after;
	/* the first is what the view below shows: this wish takes the place of its own */
	struct reach_set sets[3] = {
	    {a->before, a->n_before}, {a->after, a->n_after}, {b->after, b->n_after}};
	char keys[3][REACH_KEY_SIZE];
	enum err err = expr_line(&o->before, a->after, a->n_after, &lookup, EXPR_MEMBERS_DIFF);

	if (!err)
		err = expr_line(&o->after, b->after, b->n_after, &lookup, EXPR_MEMBERS_DIFF);
	if (!err)
		err = reach_want(s, sets, 3, REACH_WHEN_RESTING, keys);
	if (!err)
		memcpy(o->reach, keys[1], sizeof o->reach);
	return err;
}

void pick_outlook_read(struct picker *p)
{
	struct pick_outlook *o = &p->outlook;
	struct chosen c;
	uint64_t about;
	enum err err = find_chosen(p, &c);

	about = err ? 0 : signature(p, &c);
	if (about == o->about && about) {
		mem_free(c.v);
		return;
	}
	clear(o);
	o->about = about;
	for (size_t i = 0; i < p->n_ids && about && !err; i++) {
		struct outlook k;

		outlook_init(&k, p, p->ids[i]);
		err = build(&k, &c);
		if (!err)
			err = judge_outlook(o, &k);
		if (!err && p->n_ids == 1)
			err = describe(o, &k);
		outlook_done(&k);
	}
	o->shown = about && !err;
	mem_free(c.v);
}

/* --- drawing --- */

static int draw_reach(const struct picker *p, struct canvas *c, int y)
{
	const struct pick_outlook *o = &p->outlook;
	struct reach before = reach_get(p->session, o->reach[0]),
		     after = reach_get(p->session, o->reach[1]);
	bool same = strcmp(o->reach[0], o->reach[1]) == 0;
	struct canvas_field f = {
	    LABEL, y, c->area.w - LABEL - 1, STYLE_NORMAL, ALIGN_LEFT, CUT_END};
	struct buf line;
	int w;

	if (after.state != REACH_KNOWN)
		f.style = STYLE_DIM;
	buf_init(&line, 1024);
	reach_difference(&before, &after, same, &line);
	canvas_str(c, 1, y, STYLE_DIM, "reach");
	canvas_field(c, &f, buf_str(&line), line.len);
	w = (int)text_width(buf_str(&line), line.len);
	buf_done(&line);
	return LABEL + w;
}

/* With its message where it has the line for itself, its title alone behind the reach. */
static void draw_problem(const struct picker *p, struct canvas *c, int x, int y)
{
	const struct pick_outlook *o = &p->outlook;
	enum style style = o->severity == RULE_ERROR     ? STYLE_ERROR
			   : o->severity == RULE_WARNING ? STYLE_WARNING
							 : STYLE_DIM;
	char text[400], many[48] = "";
	struct canvas_field f = {x, y, c->area.w - x - 1, style, ALIGN_LEFT, CUT_END};

	if (p->n_ids > 1)
		snprintf(many, sizeof many, "%zu of %zu line items: ", o->n_items, p->n_ids);
	snprintf(text, sizeof text, "%s%s%s%s%.250s", o->severity > RULE_NOTE ? "! " : "", many,
	    o->title, x <= LABEL && o->problem[0] ? ": " : "", x <= LABEL ? o->problem : "");
	canvas_field(c, &f, text, strlen(text));
}

void pick_outlook_draw(const struct picker *p, struct canvas *c, int y)
{
	const struct pick_outlook *o = &p->outlook;
	struct rect r = {LABEL, y, c->area.w - LABEL - 1, 1};
	struct expression_words words[2];
	int title = 2 + (int)text_width(o->title, strlen(o->title)), end = 0;
	bool told = o->title[0] && (o->severity > RULE_NOTE || p->n_ids == 1);

	if (!o->shown)
		return;
	if (p->n_ids == 1) {
		expression_words(buf_str(&o->before), buf_str(&o->after), r, words);
		canvas_str(c, 1, y, STYLE_DIM, "then");
		expression_draw(c, r, &words[1]);
	}
	y++;
	if (p->n_ids == 1 && o->reach[1][0])
		end = draw_reach(p, c, y);
	if (!told)
		return;
	if (end && end + 2 + title < c->area.w) {
		draw_problem(p, c, end + 2, y);
	} else if (o->severity > RULE_NOTE || !end) {
		canvas_fill(c, (struct rect){0, y, c->area.w, 1}, STYLE_NORMAL);
		draw_problem(p, c, 1, y);
	}
}
