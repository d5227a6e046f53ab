#include "session/past.h"

#include <stdio.h>
#include <string.h>
#include "api/scan.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "session/journal_text.h"
#include "session/staging.h"
#include "targeting/set.h"

void past_init(struct past *p)
{
	memset(p, 0, sizeof *p);
	criterion_set_init(&p->then);
}

void past_done(struct past *p)
{
	criterion_set_done(&p->then);
}

/* --- reading --- */

/* The moment after the i-th of the list, which is the one before it: newest first. */
static enum err read_next(
    struct store *s, const struct journal_moment_list *l, size_t i, struct past *out)
{
	struct criterion_set next;
	enum err err;

	if (i == 0)
		return ERR_OK;
	criterion_set_init(&next);
	err = journal_image(s, l->v[i - 1].id, &next);
	if (!err)
		err = set_equal(&out->then, &next, &out->next_same);
	if (!err)
		out->next = l->v[i - 1].at;
	criterion_set_done(&next);
	return err;
}

static enum err read_moment(struct store *s, const struct journal_moment_list *l, size_t i,
    struct past *out, struct errinfo *ei)
{
	const struct journal_moment *m = &l->v[i];
	enum err err;

	snprintf(out->line_item, sizeof out->line_item, "%s", m->line_item);
	out->taken = m->at;
	out->after = m->after;
	out->changeset = m->changeset;
	err = journal_image(s, m->id, &out->then);
	if (!err)
		err = read_next(s, l, i, out);
	return err ? err_set(ei, err, "what the journal keeps of this moment cannot be read")
		   : ERR_OK;
}

static enum err unknown_before(const struct journal_moment_list *l, struct errinfo *ei)
{
	char first[21];

	if (!l->n)
		return err_set(ei, ERR_NOTFOUND,
		    "nothing was posted to this line item from this machine: its past is not "
		    "known");
	clock_format_utc(l->v[l->n - 1].at, first);
	return err_set(ei, ERR_NOTFOUND,
	    "nothing is known of this line item before %s, its first posting", first);
}

enum err past_at(
    struct store *s, const char *line_item, int64_t when, struct past *out, struct errinfo *ei)
{
	struct journal_moment_list l;
	size_t i = 0;
	enum err err;

	journal_moment_list_init(&l);
	err = journal_moments(s, line_item, 0, &l, ei);
	while (i < l.n && l.v[i].at > when)
		i++;
	out->asked = when;
	if (!err)
		err = i < l.n ? read_moment(s, &l, i, out, ei) : unknown_before(&l, ei);
	journal_moment_list_done(&l);
	return err;
}

enum err past_of(
    struct store *s, const struct journal_moment *m, struct past *out, struct errinfo *ei)
{
	struct journal_moment_list l;
	size_t i = 0;
	enum err err;

	journal_moment_list_init(&l);
	err = journal_moments(s, m->line_item, 0, &l, ei);
	while (i < l.n && l.v[i].id != m->id)
		i++;
	out->asked = m->at;
	if (!err)
		err = i < l.n
			  ? read_moment(s, &l, i, out, ei)
			  : err_set(ei, ERR_NOTFOUND, "this moment is not in the journal any more");
	journal_moment_list_done(&l);
	return err;
}

enum err past_parse(const char *text, int64_t *when, struct errinfo *ei)
{
	/* what is left out of a time is its end: "as of that day" is after all of it */
	static const char last[] = "yyyy-mm-ddT23:59:59Z";
	size_t n = strlen(text);
	char full[sizeof last], now[21];

	if (n && text[n - 1] == 'Z')
		n--;
	memcpy(full, last, sizeof last);
	if (n == 10 || n == 16 || n == 19) {
		memcpy(full, text, n);
		if (n > 10 && full[10] == ' ')
			full[10] = 'T';
	}
	if (!clock_parse_utc(full, when))
		return err_set(ei, ERR_USAGE,
		    "a time is 2026-01-31, 2026-01-31 12:00 or 2026-01-31T12:00:00Z (UTC)");
	clock_format_utc(clock_wall_s(), now);
	/* what has begun counts as being over now: this day, this minute */
	if (*when > clock_wall_s() && memcmp(full, now, n < 19 ? n : 19) > 0)
		return err_set(ei, ERR_USAGE, "%s is still to come", full);
	if (*when > clock_wall_s())
		*when = clock_wall_s();
	return ERR_OK;
}

/* --- words --- */

void past_side(uint64_t changeset, bool after, char *out, size_t cap)
{
	snprintf(
	    out, cap, "%s posting %llu", after ? "after" : "before", (unsigned long long)changeset);
}

void past_certainty(const struct past *p, char *out, size_t cap)
{
	char taken[21], next[21], side[48];
	int n;

	clock_format_utc(p->taken, taken);
	past_side(p->changeset, p->after, side, sizeof side);
	n = snprintf(out, cap, "%s at %s, %s. ", p->after ? "Read" : "As reviewed", taken, side);
	if (n < 0 || (size_t)n >= cap)
		return;
	if (!p->next) {
		snprintf(out + n, cap - (size_t)n,
		    "Nothing was kept since: when others changed it, if they did, is not known.");
		return;
	}
	clock_format_utc(p->next, next);
	if (p->next_same)
		snprintf(out + n, cap - (size_t)n, "Kept next at %s, and the same.", next);
	else
		snprintf(out + n, cap - (size_t)n,
		    "Kept next at %s, and different: when in between it changed is not known.",
		    next);
}

static void add_member(struct buf *out, const char *name, const char *text)
{
	buf_addf(out, ",\"%s\":", name);
	if (text)
		json_quote(out, text, strlen(text));
	else
		buf_adds(out, "null");
}

static void add_member_time(struct buf *out, const char *name, int64_t t)
{
	char text[21];

	if (t)
		clock_format_utc(t, text);
	add_member(out, name, t ? text : NULL);
}

static void list_row(struct buf *out, const struct journal_moment *m, bool json)
{
	char at[21];

	clock_format_utc(m->at, at);
	if (json) {
		buf_addf(out, "{\"changeset\":%llu,\"side\":\"%s\"",
		    (unsigned long long)m->changeset, m->after ? "after" : "before");
		add_member(out, "line_item_id", m->line_item);
		add_member(out, "at", at);
		add_member(out, "title", m->title);
		buf_adds(out, "}\n");
	} else {
		buf_addf(out, "%s  %-6s posting %-6llu ", at, m->after ? "after" : "before",
		    (unsigned long long)m->changeset);
		text_escape(out, m->title, strlen(m->title));
		buf_addc(out, '\n');
	}
}

enum err past_list_text(
    struct store *s, const char *line_item, bool json, struct buf *out, struct errinfo *ei)
{
	struct journal_moment_list l;
	enum err err;

	journal_moment_list_init(&l);
	err = journal_moments(s, line_item, 0, &l, ei);
	for (size_t i = 0; !err && i < l.n; i++)
		list_row(out, &l.v[i], json);
	if (!err && !l.n && !json)
		buf_adds(out, "nothing was posted to this line item from this machine\n");
	journal_moment_list_done(&l);
	return err;
}

static void criterion_json(struct buf *out, const struct criterion *c)
{
	buf_adds(out, "{\"id\":");
	if (c->id)
		json_quote(out, c->id, strlen(c->id));
	else
		buf_adds(out, "null");
	add_member(out, "targeting_type", c->type_name);
	add_member(out, "operator_type", op_name(c->op));
	add_member(out, "targeting_value", c->value);
	add_member(out, "name", c->name);
	buf_addc(out, '}');
}

static void past_json(const struct past *p, const char *certainty, struct buf *out)
{
	buf_adds(out, "{\"line_item_id\":");
	json_quote(out, p->line_item, strlen(p->line_item));
	add_member_time(out, "as_of", p->asked);
	add_member_time(out, "taken_at", p->taken);
	buf_addf(out, ",\"changeset\":%llu,\"side\":\"%s\"", (unsigned long long)p->changeset,
	    p->after ? "after" : "before");
	add_member_time(out, "next_at", p->next);
	buf_addf(out, ",\"next_is_the_same\":%s",
	    !p->next       ? "null"
	    : p->next_same ? "true"
			   : "false");
	add_member(out, "certainty", certainty);
	buf_adds(out, ",\"criteria\":[");
	for (size_t i = 0; i < p->then.n; i++) {
		buf_adds(out, i ? "," : "");
		criterion_json(out, &p->then.v[i]);
	}
	buf_adds(out, "]}\n");
}

enum err past_text(const struct past *p, bool json, struct buf *out, struct errinfo *ei)
{
	char certainty[256], asked[21];

	past_certainty(p, certainty, sizeof certainty);
	if (json) {
		past_json(p, certainty, out);
	} else {
		clock_format_utc(p->asked, asked);
		buf_addf(out, "line item %s as of %s: %zu criteria\n%s\n", p->line_item, asked,
		    p->then.n, certainty);
		for (size_t i = 0; i < p->then.n; i++) {
			struct change c;

			change_from_criterion(&c, CHANGE_CREATE, &p->then.v[i]);
			journal_op_text(out, &c);
			buf_addc(out, '\n');
		}
	}
	return out->failed ? err_set(ei, out->failed, "the line item is too large to print")
			   : ERR_OK;
}

/* --- beside what it is now --- */

void past_rows_done(struct past_rows *r)
{
	mem_free(r->v);
	*r = (struct past_rows){0};
}

static void add_row(struct past_rows *r, const struct criterion *c, enum past_group g)
{
	r->v[r->n++] = (struct past_row){c, g};
	r->count[g]++;
}

static enum err index_all(
    struct arena *a, struct set_index *x, const struct criterion_set *set, bool *repeated)
{
	struct set_key key;
	size_t found;
	enum err err = ERR_OK;

	for (size_t i = 0; i < set->n && !err; i++) {
		err = set_key_of(a, &set->v[i], &key);
		if (!err)
			err = set_index_put(x, &key, i, &found);
		repeated[i] = !err && found != i;
	}
	return err;
}

/* Rows of a set that the other has not, once each, and those that both have where `same` is set. */
struct side {
	const struct criterion_set *set;
	const struct set_index *other;
	const bool *repeated;
	enum past_group alone;
	bool same;
};

static enum err sort_out(struct arena *a, const struct side *from, struct past_rows *out)
{
	struct set_key key;
	size_t row;

	for (size_t i = 0; i < from->set->n; i++) {
		const struct criterion *c = &from->set->v[i];

		if (from->repeated[i])
			continue;
		if (set_key_of(a, c, &key))
			return ERR_NOMEM;
		if (!set_index_get(from->other, &key, &row))
			add_row(out, c, from->alone);
		else if (from->same)
			add_row(out, c, PAST_SAME);
	}
	return ERR_OK;
}

enum err past_compare(
    const struct criterion_set *then, const struct criterion_set *now, struct past_rows *out)
{
	struct set_index in_then, in_now;
	struct arena a;
	bool *repeated = mem_array(then->n + now->n + 1, sizeof *repeated);
	enum err err;

	past_rows_done(out);
	arena_init(&a);
	set_index_init(&in_then);
	set_index_init(&in_now);
	out->v = mem_array(then->n + now->n + 1, sizeof *out->v);
	err = repeated && out->v ? ERR_OK : ERR_NOMEM;
	if (!err)
		err = index_all(&a, &in_then, then, repeated);
	if (!err)
		err = index_all(&a, &in_now, now, repeated + then->n);
	if (!err)
		err = sort_out(&a, &(struct side){then, &in_now, repeated, PAST_GONE, true}, out);
	if (!err)
		err = sort_out(
		    &a, &(struct side){now, &in_then, repeated + then->n, PAST_CAME, false}, out);
	set_index_done(&in_then);
	set_index_done(&in_now);
	arena_done(&a);
	mem_free(repeated);
	return err;
}

/* --- restoring --- */

/* What is staged on the line item. Held edits are no part of what a posting makes of it. */
static enum err staged_on(
    const struct session *s, const char *id, struct change_set *out, size_t *held)
{
	const struct change_set *all = staging_changes(s);

	*held = 0;
	for (size_t i = 0; i < all->n; i++) {
		if (strcmp(all->v[i].line_item_id, id) != 0)
			continue;
		*held += all->v[i].held;
		if (!change_set_copy(out, &all->v[i]))
			return ERR_NOMEM;
	}
	return ERR_OK;
}

enum err past_restore(
    struct session *s, const struct past *p, struct past_restored *out, struct errinfo *ei)
{
	const char *id = p->line_item;
	struct change_set staged, edits;
	struct criterion_set live, planned;
	size_t unknown = 0;
	enum err err;

	*out = (struct past_restored){0};
	change_set_init(&staged);
	change_set_init(&edits);
	criterion_set_init(&live);
	criterion_set_init(&planned);
	err = session_criteria(s, &id, 1, &live, &unknown, ei);
	if (!err && unknown)
		err = err_set(ei, ERR_REFUSED,
		    "the line item was not read yet: what there is to restore is not known");
	if (err)
		goto out;
	if (staged_on(s, id, &staged, &out->held) || set_apply(&staged, &live, &planned) ||
	    set_diff(&planned, &p->then, &edits))
		err = err_set(ei, ERR_NOMEM, "no memory to restore this; nothing was staged");
	if (!err && edits.n)
		err = staging_add(s, edits.v, edits.n, &out->staged, ei);
out:
	change_set_done(&staged);
	change_set_done(&edits);
	criterion_set_done(&live);
	criterion_set_done(&planned);
	return err;
}
