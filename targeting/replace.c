#include "targeting/replace.h"

#include <regex.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "targeting/keyword.h"
#include "targeting/record.h"

#define MAX_GROUPS 10

struct replace_state {
	regex_t regex;
	bool compiled;
	const char **find_values; /* canonical, parallel to rule->find */
	struct set_index there; /* keys that the line item has or gets */
	bool *hit; /* rows of the line item that are replaced */
	size_t hit_cap;
	struct arena tmp;
};

static const char *const why_text[] = {
    [REPLACE_OPERATOR] = "the new type does not take this operator",
    [REPLACE_EMPTY] = "nothing would be left of the keyword",
    [REPLACE_SPLIT] = "the pattern cuts a letter in two",
    [REPLACE_LONG] = "the new keyword is too long",
};

const char *replace_why_text(enum replace_why why)
{
	return why_text[why];
}

/* --- the rule */

/* A back-reference in the pattern makes matching exponential, so there is none. */
static bool has_back_reference(const char *pattern)
{
	for (const char *s = pattern; *s; s++)
		if (*s == '\\' && s[1]) {
			if (s[1] >= '1' && s[1] <= '9')
				return true;
			s++;
		}
	return false;
}

static enum err compile(struct replace *r, struct errinfo *ei)
{
	const char *pattern = r->rule->pattern;
	char why[160];
	int rc;

	if (strlen(pattern) > REPLACE_PATTERN_MAX)
		return err_set(
		    ei, ERR_USAGE, "pattern is longer than %d bytes", REPLACE_PATTERN_MAX);
	if (has_back_reference(pattern))
		return err_set(
		    ei, ERR_USAGE, "pattern has a back-reference; use it on the right side");
	rc = regcomp(&r->state->regex, pattern, REG_EXTENDED | REG_ICASE);
	if (rc) {
		regerror(rc, &r->state->regex, why, sizeof why);
		return err_set(ei, ERR_USAGE, "pattern %s: %s", pattern, why);
	}
	r->state->compiled = true;
	if (!r->rule->replacement)
		return err_set(ei, ERR_USAGE, "no replacement for pattern %s", pattern);
	return ERR_OK;
}

static enum err canonical_finds(struct replace *r)
{
	const struct replace_rule *rule = r->rule;
	enum err err = ERR_OK;

	r->state->find_values =
	    arena_alloc(&r->arena, (rule->n_find + 1) * sizeof *r->state->find_values);
	if (!r->state->find_values)
		return ERR_NOMEM;
	for (size_t i = 0; i < rule->n_find && !err; i++)
		err = set_canonical(
		    &r->arena, rule->find[i].type, rule->find[i].value, &r->state->find_values[i]);
	return err;
}

enum err replace_init(
    struct replace *r, const struct replace_rule *rule, uint64_t first_group, struct errinfo *ei)
{
	enum err err;

	*r = (struct replace){.rule = rule, .next_group = first_group};
	arena_init(&r->arena);
	change_set_init(&r->changes);
	r->state = mem_zalloc(sizeof *r->state);
	if (!r->state)
		return err_set(ei, ERR_NOMEM, "find and replace");
	set_index_init(&r->state->there);
	arena_init(&r->state->tmp);
	if (!rule->pattern && !rule->n_find)
		return err_set(ei, ERR_USAGE, "nothing to look for");
	err = rule->pattern ? compile(r, ei) : canonical_finds(r);
	return err;
}

void replace_done(struct replace *r)
{
	if (r->state) {
		if (r->state->compiled)
			regfree(&r->state->regex);
		set_index_done(&r->state->there);
		arena_done(&r->state->tmp);
		mem_free(r->state->hit);
		mem_free(r->state);
	}
	change_set_done(&r->changes);
	arena_done(&r->arena);
	mem_free(r->refused);
	*r = (struct replace){0};
}

/* --- finding */

static enum err matches(struct replace *r, const struct criterion *c, size_t find, bool *yes)
{
	const struct criterion *f = &r->rule->find[find];
	const char *value;
	enum err err;

	*yes = false;
	if (c->deleted || c->type != f->type || (!r->rule->any_op && c->op != f->op))
		return ERR_OK;
	if (c->type == TYPE_UNKNOWN && strcmp(c->type_name, f->type_name) != 0)
		return ERR_OK;
	err = set_canonical(&r->state->tmp, c->type, c->value, &value);
	*yes = !err && !strcmp(value, r->state->find_values[find]);
	return err;
}

/* Mark the rows of every criterion that is looked for; *all when each of them was found. */
static enum err find_set(
    struct replace *r, const struct criterion *v, size_t n, const bool *selected, bool *all)
{
	*all = true;
	for (size_t f = 0; f < r->rule->n_find && *all; f++) {
		bool found = false;

		for (size_t i = 0; i < n; i++) {
			bool yes;
			enum err err;

			if (selected && !selected[i])
				continue;
			err = matches(r, &v[i], f, &yes);
			if (err)
				return err;
			r->state->hit[i] |= yes;
			found |= yes;
		}
		*all = found;
	}
	return ERR_OK;
}

/* --- staging */

static enum err stage(struct replace *r, enum change_kind kind, const struct criterion *c)
{
	struct change ch, *copy;

	change_from_criterion(&ch, kind, c);
	copy = change_set_copy(&r->changes, &ch);
	if (!copy)
		return ERR_NOMEM;
	copy->group = r->next_group;
	return ERR_OK;
}

static enum err refuse(struct replace *r, const struct criterion *c, enum replace_why why)
{
	void *v = r->refused;

	if (!record_grow(&v, r->n_refused, &r->refused_cap, sizeof *r->refused))
		return ERR_NOMEM;
	r->refused = v;
	r->refused[r->n_refused++] = (struct replace_refusal){c, why};
	return ERR_OK;
}

static enum err index_rows(struct replace *r, const struct criterion *v, size_t n)
{
	set_index_clear(&r->state->there);
	for (size_t i = 0; i < n; i++) {
		struct set_key key;
		size_t found;

		if (v[i].deleted || r->state->hit[i])
			continue;
		if (set_key_of(&r->state->tmp, &v[i], &key) ||
		    set_index_put(&r->state->there, &key, i, &found))
			return ERR_NOMEM;
	}
	return ERR_OK;
}

/* Create c unless the line item has it or gets it already. */
static enum err stage_create(struct replace *r, const struct criterion *c, size_t row)
{
	struct set_key key;
	size_t found;
	enum err err = set_key_of(&r->state->tmp, c, &key);

	if (!err)
		err = set_index_put(&r->state->there, &key, row, &found);
	if (err)
		return err;
	if (found != row) {
		r->n_merged++;
		return ERR_OK;
	}
	return stage(r, CHANGE_CREATE, c);
}

static struct criterion successor(const struct replace *r, const struct criterion *old, size_t i)
{
	struct criterion c = r->rule->with[i];

	c.id = NULL;
	c.line_item_id = old->line_item_id;
	if (!c.type_name)
		c.type_name = type_info(c.type)->name;
	if (r->rule->any_op && r->rule->n_find == 1 && r->rule->n_with == 1)
		c.op = old->op;
	return c;
}

static bool is_one_to_one(const struct replace_rule *rule)
{
	return rule->any_op && rule->n_find == 1 && rule->n_with == 1;
}

static enum err is_same(
    struct replace *r, const struct criterion *a, const struct criterion *b, bool *same)
{
	struct set_key ka, kb;

	if (set_key_of(&r->state->tmp, a, &ka) || set_key_of(&r->state->tmp, b, &kb))
		return ERR_NOMEM;
	*same = set_key_equal(&ka, &kb);
	return ERR_OK;
}

/* A row that was found stays when its successor is illegal or is the row itself. */
static enum err judge_row(struct replace *r, const struct criterion *old, bool *goes)
{
	*goes = true;
	r->n_rows++;
	for (size_t w = 0; w < r->rule->n_with && *goes; w++) {
		struct criterion c = successor(r, old, w);
		bool same;
		enum err err;

		if (!type_allows(c.type, c.op)) {
			*goes = false;
			return refuse(r, old, REPLACE_OPERATOR);
		}
		err = is_same(r, old, &c, &same);
		if (err)
			return err;
		*goes = !same;
	}
	return ERR_OK;
}

/* Rows that were found several times are all deleted; what replaces a set comes once. */
static enum err replace_rows(struct replace *r, const struct criterion *v, size_t n)
{
	bool one_to_one = is_one_to_one(r->rule), made = false;
	enum err err = ERR_OK;

	for (size_t i = 0; i < n && !err; i++)
		if (r->state->hit[i])
			err = judge_row(r, &v[i], &r->state->hit[i]);
	if (!err)
		err = index_rows(r, v, n);
	for (size_t i = 0; i < n && !err; i++) {
		if (!r->state->hit[i])
			continue;
		err = stage(r, CHANGE_DELETE, &v[i]);
		for (size_t w = 0; w < r->rule->n_with && !err && (one_to_one || !made); w++) {
			struct criterion c = successor(r, &v[i], w);

			err = stage_create(r, &c, n + i * r->rule->n_with + w);
		}
		made = true;
		r->next_group += one_to_one;
	}
	r->next_group += made && !one_to_one;
	return err;
}

/* --- by regular expression */

static enum err expand(struct buf *out, const char *how, const char *s, const regmatch_t *m)
{
	for (; *how; how++) {
		size_t g = how[0] == '&' ? 0 : MAX_GROUPS;

		if (how[0] == '\\' && how[1]) {
			how++;
			g = how[0] >= '1' && how[0] <= '9' ? (size_t)(how[0] - '0') : MAX_GROUPS;
		}
		if (g == MAX_GROUPS)
			buf_addc(out, *how);
		else if (m[g].rm_so >= 0)
			buf_add(out, s + m[g].rm_so, (size_t)(m[g].rm_eo - m[g].rm_so));
	}
	return out->failed;
}

/* Every match from left to right; an empty match moves on by one byte of ASCII or one letter. */
static enum err substitute(struct replace *r, const char *s, struct buf *out, bool *found)
{
	regmatch_t m[MAX_GROUPS];
	int flags = 0;

	*found = false;
	while (!out->failed && !regexec(&r->state->regex, s, MAX_GROUPS, m, flags)) {
		size_t step = (size_t)m[0].rm_eo;

		*found = true;
		buf_add(out, s, (size_t)m[0].rm_so);
		expand(out, r->rule->replacement, s, m);
		s += step;
		flags = REG_NOTBOL;
		if (m[0].rm_so != m[0].rm_eo)
			continue;
		if (!*s)
			return out->failed;
		do
			buf_addc(out, *s++);
		while (((unsigned char)*s & 0xc0) == 0x80);
	}
	return buf_adds(out, s);
}

/* What becomes of one keyword; *next is NULL when it stays. */
static enum err rewrite(struct replace *r, const struct criterion *old, const char **next)
{
	struct criterion c = *old;
	bool found = false, same = false;
	struct buf out;
	enum err err;

	*next = NULL;
	buf_init(&out, KEYWORD_MAX_BYTES);
	err = substitute(r, old->value ? old->value : "", &out, &found);
	c.value = err ? NULL : arena_strndup(&r->state->tmp, buf_str(&out), out.len);
	buf_done(&out);
	if (err == ERR_LIMIT)
		return refuse(r, old, REPLACE_LONG);
	if (err || !c.value)
		return ERR_NOMEM;
	if (!found)
		return ERR_OK;
	r->n_rows++;
	if (!c.value[strspn(c.value, " ")])
		return refuse(r, old, REPLACE_EMPTY);
	if (!text_is_utf8(c.value, strlen(c.value)))
		return refuse(r, old, REPLACE_SPLIT);
	err = is_same(r, old, &c, &same);
	*next = same ? NULL : c.value;
	return err;
}

/* All rows are judged before any is staged: one keyword may turn into another that goes itself. */
static enum err replace_keywords(
    struct replace *r, const struct criterion *v, size_t n, const bool *selected)
{
	const char **next = NULL;
	enum err err = ERR_OK;

	for (size_t i = 0; i < n && !err; i++) {
		if (v[i].deleted || !type_is_keyword(v[i].type) || (selected && !selected[i]))
			continue;
		if (regexec(&r->state->regex, v[i].value ? v[i].value : "", 0, NULL, 0))
			continue;
		if (!next)
			next = arena_alloc(&r->state->tmp, n * sizeof *next);
		err = next ? rewrite(r, &v[i], &next[i]) : ERR_NOMEM;
		r->state->hit[i] = !err && next[i];
	}
	if (!next || err)
		return err;
	err = index_rows(r, v, n);
	for (size_t i = 0; i < n && !err; i++) {
		struct criterion c = v[i];

		if (!next[i])
			continue;
		c.value = c.name = next[i];
		err = stage(r, CHANGE_DELETE, &v[i]);
		if (!err)
			err = stage_create(r, &c, n + i);
		r->next_group++;
	}
	return err;
}

enum err replace_line_item(
    struct replace *r, const struct criterion *v, size_t n, const bool *selected)
{
	size_t before = r->changes.n;
	bool all = true;
	enum err err = ERR_OK;

	if (n > r->state->hit_cap) {
		void *p = mem_realloc_array(r->state->hit, n, sizeof *r->state->hit);

		if (!p)
			return ERR_NOMEM;
		r->state->hit = p;
		r->state->hit_cap = n;
	}
	if (n)
		memset(r->state->hit, 0, n * sizeof *r->state->hit);
	if (r->rule->pattern) {
		err = replace_keywords(r, v, n, selected);
	} else {
		err = find_set(r, v, n, selected, &all);
		if (!err && all)
			err = replace_rows(r, v, n);
	}
	r->n_line_items += r->changes.n != before;
	arena_done(&r->state->tmp);
	arena_init(&r->state->tmp);
	return err;
}
