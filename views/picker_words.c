#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "targeting/keyword.h"
#include "views/picker.h"

#define VALUE_MAX 64 /* of an id; the API's own are shorter */

static uint64_t word_key(enum targeting_type type, const char *value)
{
	struct buf key;
	uint64_t hash;

	buf_init(&key, 4096);
	buf_addf(&key, "%d\n", (int)type);
	if (type_is_keyword(type))
		text_fold(&key, value, strlen(value));
	else
		buf_adds(&key, value);
	hash = map_hash_bytes(buf_str(&key), key.len);
	buf_done(&key);
	return hash;
}

static bool is_there(const struct picker *p, uint64_t key)
{
	for (size_t i = 0; i < p->rows.n; i++)
		if (p->rows.v[i].key == key)
			return true;
	return false;
}

struct outcome { /* of what was typed or pasted */
	bool keep_bad;
	size_t added, twice, bad;
	char first_bad[160]; /* why */
};

static enum err add_row(struct picker *p, const struct keyword_row *word, struct outcome *out)
{
	uint64_t key = word_key(word->type, word->value);
	struct pick_row *row;

	if (is_there(p, key)) {
		out->twice++;
		return ERR_OK;
	}
	row = pick_rows_add(&p->rows, word->value, NULL);
	if (!row)
		return ERR_NOMEM;
	row->key = key;
	row->type = word->type;
	row->op = word->op;
	out->added++;
	return ERR_OK;
}

/* A line that is no value stays in sight, with the reason. */
static enum err add_bad(struct picker *p, const char *text, const char *why)
{
	uint64_t key = map_hash(text) ^ 1;
	struct pick_row *row;

	if (is_there(p, key))
		return ERR_OK;
	row = pick_rows_add(&p->rows, text, NULL);
	if (!row)
		return ERR_NOMEM;
	row->key = key;
	row->type = p->type;
	row->warning = arena_strdup(&p->rows.text, why);
	row->bad = true;
	return row->warning ? ERR_OK : ERR_NOMEM;
}

static enum err add_keywords(struct picker *p, const char *text, size_t n, struct outcome *out)
{
	struct keyword_list list;
	enum err err;

	keyword_list_init(&list);
	err = keyword_parse(&list, text, n, p->type, p->op);
	for (size_t i = 0; i < list.n && !err; i++)
		err = add_row(p, &list.v[i], out);
	for (size_t i = 0; i < list.n_bad && !err && out->keep_bad; i++)
		err = add_bad(p, list.bad[i].text, list.bad[i].why);
	out->twice += list.n_duplicates;
	out->bad = list.n_bad;
	if (list.n_bad)
		snprintf(out->first_bad, sizeof out->first_bad, "line %zu: %s", list.bad[0].line,
		    list.bad[0].why);
	keyword_list_done(&list);
	return err;
}

/* NULL when the value may stand for this type, else what to mend. */
static const char *value_problem(enum targeting_type t, const char *s, size_t n)
{
	enum value_kind kind = type_info(t)->value;
	bool digits = strspn(s, "0123456789") >= n;

	if (kind == VALUE_NUMBER && (!digits || n > 4))
		return "a whole number of months, such as 3";
	if (kind == VALUE_USER_ID && s[0] == '@')
		return "the numeric user id, not the handle: the Ads API has no look-up for "
		       "handles";
	if (kind == VALUE_USER_ID && (!digits || n > 20))
		return "a user id has digits only";
	if (kind == VALUE_OPAQUE)
		for (size_t i = 0; i < n; i++)
			if (!strchr(
				"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_",
				s[i]))
				return "an id has letters and digits only";
	return n > VALUE_MAX ? "too long for an id" : NULL;
}

static enum err add_value(struct picker *p, const char *s, size_t n, struct outcome *out)
{
	const char *why = value_problem(p->type, s, n);
	struct keyword_row row = {.type = p->type, .op = p->op};
	char value[VALUE_MAX + 1];

	if (why && !out->bad++)
		snprintf(out->first_bad, sizeof out->first_bad, "%s", why);
	if (why && !out->keep_bad)
		return ERR_OK;
	if (n > VALUE_MAX)
		n = VALUE_MAX;
	memcpy(value, s, n);
	value[n] = '\0';
	row.value = value;
	return why ? add_bad(p, value, why) : add_row(p, &row, out);
}

/* Ids may be separated by anything that is not part of one. */
static enum err add_values(struct picker *p, const char *text, size_t n, struct outcome *out)
{
	static const char separators[] = " \t\r\n,;";
	enum err err = ERR_OK;
	size_t i = 0;

	while (i < n && !err) {
		size_t from;

		while (i < n && strchr(separators, text[i]))
			i++;
		from = i;
		while (i < n && text[i] && !strchr(separators, text[i]))
			i++;
		if (i > from)
			err = add_value(p, text + from, i - from, out);
		else if (i < n)
			i++; /* a NUL byte */
	}
	return err;
}

static void tell(struct view *v, const struct outcome *o)
{
	struct picker *p = view_state(v);
	unsigned limit = type_info(p->type)->limit;
	char twice[48] = "";

	if (o->twice)
		snprintf(twice, sizeof twice, "; %zu in the list already", o->twice);
	if (o->bad)
		app_message(v->app, STYLE_WARNING, "%zu added%s; %zu not: %s", o->added, twice,
		    o->bad, o->first_bad);
	else if (o->added > 1 || o->twice)
		app_message(v->app, STYLE_NOTE, "%zu added%s", o->added, twice);
	if (limit && p->rows.n - pick_words_bad(p) > limit)
		app_message(v->app, STYLE_WARNING, "%zu in the list; a line item takes %u",
		    p->rows.n - pick_words_bad(p), limit);
}

size_t pick_words_bad(const struct picker *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->rows.n; i++)
		n += p->rows.v[i].bad;
	return n;
}

enum err pick_words_add(
    struct view *v, const char *text, size_t n, bool keep_bad, struct errinfo *ei)
{
	struct picker *p = view_state(v);
	struct outcome out = {.keep_bad = keep_bad};
	enum err err = type_is_keyword(p->type) ? add_keywords(p, text, n, &out)
						: add_values(p, text, n, &out);

	list_refresh(&p->list);
	if (err)
		return err_set(ei, err, "no memory for the pasted lines");
	list_move(&p->list, LIST_END);
	tell(v, &out);
	if (out.bad && !out.added && !out.twice && !keep_bad)
		return err_set(ei, ERR_USAGE, "%s", out.first_bad);
	return ERR_OK;
}

void pick_words_remove(struct picker *p)
{
	bool marked = list_marked(&p->list) > 0;
	uint64_t key = list_key(&p->list);
	size_t n = 0;

	for (size_t i = 0; i < p->rows.n; i++) {
		bool goes =
		    marked ? list_is_marked(&p->list, p->rows.v[i].key) : p->rows.v[i].key == key;

		if (!goes)
			p->rows.v[n++] = p->rows.v[i];
	}
	p->rows.n = n;
	list_mark_clear(&p->list);
	list_refresh(&p->list);
}

void pick_words_apply(struct picker *p)
{
	if (list_marked(&p->list) == 0)
		return;
	for (size_t i = 0; i < p->rows.n; i++) {
		struct pick_row *r = &p->rows.v[i];
		uint64_t key = word_key(p->type, r->value);

		if (!list_is_marked(&p->list, r->key) || r->bad)
			continue;
		r->op = p->op;
		if (key == r->key)
			continue;
		if (is_there(p, key)) /* it would be the same row twice */
			continue;
		list_mark(&p->list, r->key, false);
		r->key = key;
		r->type = p->type;
		list_mark(&p->list, key, true);
	}
	list_refresh(&p->list);
}
