#include "session/propose.h"

#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "targeting/effective.h"
#include "targeting/rules.h"
#include "session/judge.h"
#include "session/staging.h"

void proposals_init(struct proposals *p)
{
	*p = (struct proposals){0};
	arena_init(&p->arena);
	change_set_init(&p->changes);
}

void proposals_done(struct proposals *p)
{
	change_set_done(&p->changes);
	arena_done(&p->arena);
	mem_free(p->v);
	proposals_init(p);
}

static enum err add(
    struct proposals *p, const struct change *c, enum proposal_fate fate, const char *why)
{
	struct change *copy;
	const char *text = arena_strdup(&p->arena, why);

	if (p->n == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 64;
		struct proposal *more = mem_realloc_array(p->v, cap, sizeof *more);

		if (!more)
			return ERR_NOMEM;
		p->v = more;
		p->cap = cap;
	}
	copy = change_set_copy(&p->changes, c);
	if (!copy || !text)
		return ERR_NOMEM;
	p->v[p->n++] = (struct proposal){*copy, fate, text};
	p->count[fate]++;
	return ERR_OK;
}

/* --- one line item --- */

struct one {
	struct proposals *out;
	struct session *session;
	const char *id;
	struct criterion_set live;
	struct effective now; /* as staged */
	struct effective then; /* with what is proposed */
	struct change_set all; /* staged on it, then proposed from `first` on */
	size_t first;
};

static enum err read_one(struct one *o, bool *known, struct errinfo *ei)
{
	const struct change_set *staged = staging_changes(o->session);
	size_t unknown;
	enum err err = session_criteria(o->session, &o->id, 1, &o->live, &unknown, ei);

	*known = !err && unknown == 0;
	for (size_t i = 0; i < staged->n && *known && !err; i++)
		if (strcmp(staged->v[i].line_item_id, o->id) == 0)
			err = change_set_copy(&o->all, &staged->v[i]) ? ERR_OK : ERR_NOMEM;
	o->first = o->all.n;
	if (err || !*known)
		return err;
	return effective_build(&o->now, &(struct effective_input){.line_item_id = o->id,
					    .live = o->live.v,
					    .n_live = o->live.n,
					    .changes = o->all.v,
					    .n_changes = o->all.n});
}

static enum err add_pasted(struct one *o, const struct criterion_set *paste)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < paste->n && !err; i++) {
		struct change c;

		change_from_criterion(&c, CHANGE_CREATE, &paste->v[i]);
		c.line_item_id = o->id;
		c.criterion_id = NULL;
		c.name = judge_label(o->session, &paste->v[i]);
		err = change_set_copy(&o->all, &c) ? ERR_OK : ERR_NOMEM;
	}
	return err;
}

#define ROW_KEY_MAX 16384 /* of a row: two ids, a type and a value */

static enum err row_key(struct buf *out, const struct criterion *c, const char *line_item_id)
{
	buf_clear(out);
	buf_addf(out, "%s\n%s\n%d\n%s", line_item_id, c->type_name, (int)c->op, c->value);
	return out->failed;
}

enum err propose_scope_add(struct map *only, const struct criterion *c)
{
	struct buf key;
	enum err err;

	buf_init(&key, ROW_KEY_MAX);
	err = row_key(&key, c, c->line_item_id);
	if (!err)
		err = map_put(only, buf_str(&key), 1);
	buf_done(&key);
	return err;
}

/* Which of the rows may be touched; NULL without memory. */
static bool *select_rows(const struct one *o, const struct map *only)
{
	bool *selected = mem_array(o->now.n_after + 1, sizeof *selected);
	struct buf key;

	buf_init(&key, ROW_KEY_MAX);
	for (size_t i = 0; selected && i < o->now.n_after; i++)
		selected[i] = row_key(&key, o->now.after[i], o->id) == ERR_OK &&
			      map_get(only, buf_str(&key), NULL);
	buf_done(&key);
	return selected;
}

static enum err add_replaced(struct one *o, const struct propose_what *what, struct errinfo *ei)
{
	struct criterion *after = mem_array(o->now.n_after + 1, sizeof *after);
	bool *selected = what->only ? select_rows(o, what->only) : NULL;
	struct replace r = {0};
	enum err err =
	    after && (selected || !what->only) ? replace_init(&r, what->replace, 1, ei) : ERR_NOMEM;

	for (size_t i = 0; i < o->now.n_after && !err; i++) {
		after[i] = *o->now.after[i];
		after[i].line_item_id = o->id;
	}
	if (!err)
		err = replace_line_item(&r, after, o->now.n_after, selected);
	for (size_t i = 0; i < r.n_refused && !err; i++) {
		struct change c;

		change_from_criterion(&c, CHANGE_DELETE, r.refused[i].criterion);
		err = add(o->out, &c, PROPOSAL_KEPT, replace_why_text(r.refused[i].why));
	}
	for (size_t i = 0; i < r.changes.n && !err; i++) {
		struct criterion about;

		change_to_criterion(&r.changes.v[i], &about);
		if (r.changes.v[i].kind == CHANGE_CREATE && !r.changes.v[i].name)
			r.changes.v[i].name = judge_label(o->session, &about);
		err = change_set_copy(&o->all, &r.changes.v[i]) ? ERR_OK : ERR_NOMEM;
	}
	replace_done(&r);
	mem_free(selected);
	mem_free(after);
	return err;
}

static const struct problem *refusal_of(
    const struct one *o, const struct problem_list *problems, const struct change *c)
{
	for (size_t i = 0; i < problems->n; i++) {
		const struct problem *p = &problems->v[i];

		if (p->severity != RULE_ERROR)
			continue;
		if (p->change == c)
			return p;
		for (size_t k = 0; k < p->n_rows; k++)
			if (o->then.v[p->rows[k]].change == c)
				return p;
	}
	return NULL;
}

static const struct effective_noop *noop_of(const struct effective *e, const struct change *c)
{
	for (size_t i = 0; i < e->n_noops; i++)
		if (e->noop[i].change == c)
			return &e->noop[i];
	return NULL;
}

static enum err add_fates(struct one *o, const struct problem_list *problems)
{
	size_t before = o->out->count[PROPOSAL_NEW];
	enum err err = ERR_OK;
	char why[400];

	for (size_t i = o->first; i < o->all.n && !err; i++) {
		const struct change *c = &o->all.v[i];
		const struct effective_noop *noop = noop_of(&o->then, c);
		const struct problem *p =
		    c->kind == CHANGE_CREATE ? refusal_of(o, problems, c) : NULL;

		/* a removal without an id takes a staged addition back */
		if (noop && noop->why != NOOP_UNDONE &&
		    (c->kind == CHANGE_CREATE || c->criterion_id)) {
			err = add(o->out, c, PROPOSAL_THERE, effective_why_text(noop->why));
		} else if (p) {
			snprintf(why, sizeof why, "%s: %.250s", rule_info(p->rule)->title,
			    p->message ? p->message : "");
			err = add(o->out, c, PROPOSAL_ILLEGAL, why);
		} else {
			err = add(o->out, c, PROPOSAL_NEW, "");
		}
	}
	o->out->n_items += o->out->count[PROPOSAL_NEW] > before;
	return err;
}

static enum err judge_one(struct one *o)
{
	struct problem_list problems;
	struct judge j;
	struct rule_lookup lookup;
	struct rule_ctx ctx = {.line_item = session_line_item(o->session, o->id),
	    .set = &o->then,
	    .lookup = &lookup,
	    .account_id = session_account_id(o->session)};
	enum err err = effective_build(&o->then, &(struct effective_input){.line_item_id = o->id,
						     .live = o->live.v,
						     .n_live = o->live.n,
						     .changes = o->all.v,
						     .n_changes = o->all.n});

	problem_list_init(&problems);
	judge_init(&j, o->session);
	lookup = judge_rule_lookup(&j);
	if (!err)
		err = rules_check(&problems, &ctx);
	if (!err)
		err = add_fates(o, &problems);
	judge_done(&j);
	problem_list_done(&problems);
	return err;
}

static enum err propose_one(struct proposals *p, struct session *s, const char *id,
    const struct propose_what *what, struct errinfo *ei)
{
	struct one o = {.out = p, .session = s, .id = id};
	bool known;
	enum err err;

	criterion_set_init(&o.live);
	change_set_init(&o.all);
	effective_init(&o.now);
	effective_init(&o.then);
	err = read_one(&o, &known, ei);
	if (!err && !known)
		p->n_unread++;
	if (!err && known)
		err = what->paste ? add_pasted(&o, what->paste) : add_replaced(&o, what, ei);
	if (!err && o.all.n > o.first)
		err = judge_one(&o);
	effective_done(&o.then);
	effective_done(&o.now);
	change_set_done(&o.all);
	criterion_set_done(&o.live);
	return err;
}

enum err propose(struct proposals *p, struct session *s, const char *const *ids, size_t n,
    const struct propose_what *what, struct errinfo *ei)
{
	enum err err = ERR_OK;

	proposals_done(p);
	ei->code = ERR_OK;
	for (size_t i = 0; i < n && !err; i++)
		err = propose_one(p, s, ids[i], what, ei);
	if (!err) /* that something was never read is no failure here */
		ei->code = ERR_OK;
	else if (!ei->code)
		err_set(ei, err, "no memory for the preview");
	return err;
}

enum err proposals_stage(
    const struct proposals *p, struct session *s, size_t *staged, struct errinfo *ei)
{
	struct change *v = mem_array(p->n + 1, sizeof *v);
	size_t n = 0;
	enum err err;

	*staged = 0;
	if (!v)
		return err_set(ei, ERR_NOMEM, "no memory to stage this; nothing was staged");
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].fate == PROPOSAL_NEW)
			v[n++] = p->v[i].change;
	err = n ? staging_add(s, v, n, staged, ei)
		: err_set(ei, ERR_REFUSED, "nothing of this can be staged");
	mem_free(v);
	return err;
}

/* --- a rule as text --- */

static enum err parse_pattern(
    struct arena *a, const char *text, struct replace_rule *out, struct errinfo *ei)
{
	char sep = text[1];
	const char *first = text + 2, *second = strchr(first, sep), *end;

	end = second ? strchr(second + 1, sep) : NULL;
	if (!second)
		return err_set(
		    ei, ERR_USAGE, "s%cPATTERN%cREPLACEMENT%c was expected", sep, sep, sep);
	if (!end)
		end = second + strlen(second);
	out->pattern = arena_strndup(a, first, (size_t)(second - first));
	out->replacement = arena_strndup(a, second + 1, (size_t)(end - second - 1));
	return out->pattern && out->replacement
		   ? ERR_OK
		   : err_set(ei, ERR_NOMEM, "no memory for the pattern");
}

static enum err parse_criterion(struct arena *a, const char *word, size_t n, struct criterion *out,
    bool *any_op, struct errinfo *ei)
{
	char *copy = arena_strndup(a, word, n), *value;

	if (!copy)
		return err_set(ei, ERR_NOMEM, "no memory for the rule");
	*any_op = copy[0] != '+' && copy[0] != '-';
	*out = (struct criterion){.line_item_id = "", .op = copy[0] == '-' ? OP_NE : OP_EQ};
	out->type_name = copy + !*any_op;
	value = strchr(copy, '=');
	if (value) {
		*value++ = '\0';
		out->value = value;
	}
	out->type = type_by_name(out->type_name);
	if (!value || !value[0])
		return err_set(ei, ERR_USAGE, "\"%.60s\": TYPE=VALUE was expected", out->type_name);
	if (out->type == TYPE_UNKNOWN)
		return err_set(ei, ERR_USAGE, "\"%.60s\" is no targeting type", out->type_name);
	return ERR_OK;
}

/* Words are separated by blanks; a value with blanks stands in double quotes: TYPE="a b". */
static size_t word_length(const char *p)
{
	size_t n = 0;
	bool quoted = false;

	for (; p[n] && (quoted || p[n] != ' '); n++)
		quoted ^= p[n] == '"';
	return n;
}

static size_t unquote(char *out, const char *p, size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (p[i] != '"')
			out[k++] = p[i];
	out[k] = '\0';
	return k;
}

enum err propose_parse(struct arena *a, const char *text, const struct criterion_set *copied,
    struct replace_rule *out, struct errinfo *ei)
{
	size_t room = strlen(text) / 2 + copied->n * 4 + 4, n = 0, n_find = 0;
	struct criterion *v;
	bool arrow = false, any_op = false, all_any = true;
	char *word;

	*out = (struct replace_rule){0};
	text += strspn(text, " ");
	if (text[0] == 's' && text[1] && strchr("/|,:!", text[1]))
		return parse_pattern(a, text, out, ei);
	v = arena_alloc(a, room * sizeof *v);
	word = arena_alloc(a, strlen(text) + 1);
	if (!v || !word)
		return err_set(ei, ERR_NOMEM, "no memory for the rule");
	for (size_t len; *text; text += len, text += strspn(text, " ")) {
		len = word_length(text);
		if (len == 2 && text[0] == '-' && text[1] == '>' && !arrow) {
			arrow = true;
			n_find = n;
		} else if (len == 1 && text[0] == '@') {
			for (size_t i = 0; i < copied->n && n < room; i++)
				v[n++] = copied->v[i];
			all_any = arrow ? all_any : false;
		} else {
			size_t k = unquote(word, text, len);

			if (n == room || parse_criterion(a, word, k, &v[n++], &any_op, ei))
				return n == room ? err_set(ei, ERR_USAGE, "too many criteria")
						 : ei->code;
			all_any = arrow ? all_any : all_any && any_op;
		}
	}
	if (!arrow || !n_find)
		return err_set(ei, ERR_USAGE,
		    "TYPE=VALUE -> TYPE=VALUE, or s/PATTERN/REPLACEMENT/ for keywords");
	out->find = v;
	out->n_find = n_find;
	out->with = v + n_find;
	out->n_with = n - n_find;
	out->any_op = all_any;
	return ERR_OK;
}
