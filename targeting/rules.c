#include "targeting/rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "targeting/record.h"
#include "targeting/rules_impl.h"

#define MAX_NAME_BYTES 60 /* of a name in a message */
#define MAX_NAMES 3
#define MAX_MESSAGE_BYTES 2000

#define RULE(id_, staged_, live_, fix_, title_, reason_, source_)                                  \
	[RULE_##id_] = {.id = #id_,                                                                \
	    .staged = RULE_##staged_,                                                              \
	    .live = RULE_##live_,                                                                  \
	    .fix = RULE_FIX_##fix_,                                                                \
	    .title = title_,                                                                       \
	    .reason = reason_,                                                                     \
	    .source = source_},
static const struct rule_info rules[RULE_COUNT] = {
#include "targeting/rules.def"
};
#undef RULE

const struct rule_info *rule_info(enum rule_id id)
{
	return &rules[id];
}

enum rule_id rule_by_name(const char *id)
{
	size_t i = 0;

	while (i < RULE_COUNT && strcmp(rules[i].id, id))
		i++;
	return (enum rule_id)i;
}

const char *rule_severity_name(enum rule_severity s)
{
	static const char *const names[] = {"note", "warning", "error"};

	return names[s];
}

const char *rule_fix_name(enum rule_fix f)
{
	static const char *const names[] = {"none", "drop", "take back"};

	return names[f];
}

const struct rule_unjudged *rule_unjudged(size_t *n)
{
	static const struct rule_unjudged list[] = {
#define UNJUDGED(id_, why_) {.id = #id_, .why = why_},
#include "targeting/rules_unjudged.def"
#undef UNJUDGED
	};

	*n = sizeof list / sizeof list[0];
	return list;
}

/* --- the list */

void problem_list_init(struct problem_list *p)
{
	*p = (struct problem_list){0};
	arena_init(&p->arena);
}

void problem_list_done(struct problem_list *p)
{
	if (p->scratch) {
		mem_free(p->scratch->order);
		mem_free(p->scratch->pick);
		set_index_done(&p->scratch->index);
		buf_done(&p->scratch->msg);
		mem_free(p->scratch);
	}
	arena_done(&p->arena);
	mem_free(p->v);
	problem_list_init(p);
}

void problem_list_clear(struct problem_list *p)
{
	arena_done(&p->arena);
	arena_init(&p->arena);
	p->n = 0;
	memset(p->count, 0, sizeof p->count);
}

/* --- rows */

const size_t *check_rows(const struct check *ck, enum targeting_type t, size_t *n)
{
	*n = ck->s->start[t + 1] - ck->s->start[t];
	return ck->s->order + ck->s->start[t];
}

size_t check_count(const struct check *ck, enum targeting_type t)
{
	return ck->s->start[t + 1] - ck->s->start[t];
}

bool check_is_added(const struct check *ck, size_t row)
{
	return ck->e->v[row].state == EFFECTIVE_ADDED && !ck->e->v[row].held;
}

bool check_is_excluded(const struct check *ck, size_t row)
{
	const struct criterion *c = check_at(ck, row);

	return expr_role(c->type, c->op) == EXPR_EXCLUDE;
}

static const char *full_label(const struct check *ck, size_t row)
{
	const struct criterion *c = check_at(ck, row);
	const struct audience *audience;
	const struct campaign *campaign;
	const struct option *option;
	const struct type_enum_value *v;
	const char *label = NULL;
	size_t n;

	switch (type_info(c->type)->value) {
	case VALUE_AUDIENCE:
		if (check_audience(ck, c->value, &audience) == RULE_FOUND)
			label = audience->name;
		return label ? label : c->value ? c->value : "";
	case VALUE_CAMPAIGN:
		if (check_campaign(ck, c->value, &campaign) == RULE_FOUND)
			label = campaign->name;
		break;
	case VALUE_ENUM:
		v = type_enum_values(c->type, &n);
		for (size_t i = 0; i < n && c->value; i++)
			if (!strcmp(v[i].value, c->value))
				return v[i].label;
		break;
	case VALUE_LOOKUP:
		label = c->name;
		if (!label && check_option(ck, c, &option) == RULE_FOUND)
			label = option->name;
		break;
	default:
		break;
	}
	if (!label || !*label)
		label = c->name;
	if (!label || !*label)
		label = c->value;
	return label ? label : "";
}

const char *check_cut(struct check *ck, const char *text)
{
	size_t n = strnlen(text, MAX_NAME_BYTES + 1);
	char *cut;

	if (n <= MAX_NAME_BYTES)
		return text;
	for (n = MAX_NAME_BYTES; n && ((unsigned char)text[n] & 0xc0) == 0x80;)
		n--;
	cut = arena_alloc(&ck->tmp, n + 4);
	if (!cut) {
		ck->err = ERR_NOMEM;
		return "";
	}
	memcpy(cut, text, n);
	memcpy(cut + n, "...", 3);
	return cut;
}

const char *check_label(struct check *ck, size_t row)
{
	return check_cut(ck, full_label(ck, row));
}

/* --- look-ups */

enum rule_found check_audience(const struct check *ck, const char *id, const struct audience **out)
{
	const struct rule_lookup *l = ck->ctx->lookup;

	return l && l->audience && id ? l->audience(l->user, id, out) : RULE_UNKNOWN;
}

enum rule_found check_campaign(const struct check *ck, const char *id, const struct campaign **out)
{
	const struct rule_lookup *l = ck->ctx->lookup;

	return l && l->campaign && id ? l->campaign(l->user, id, out) : RULE_UNKNOWN;
}

enum rule_found check_option(
    const struct check *ck, const struct criterion *c, const struct option **out)
{
	const struct rule_lookup *l = ck->ctx->lookup;

	return l && l->option && c->value ? l->option(l->user, c->type, c->value, out)
					  : RULE_UNKNOWN;
}

static void os_of(void *user, const struct criterion *c, char os[EXPR_OS_BYTES])
{
	const struct option *o;

	if (check_option(user, c, &o) == RULE_FOUND && o->kind)
		snprintf(os, EXPR_OS_BYTES, "%s", o->kind);
}

/* --- problems */

void check_pick(struct check *ck, size_t row)
{
	void *v = ck->s->pick;

	if (!record_grow(&v, ck->n_pick, &ck->s->pick_cap, sizeof *ck->s->pick)) {
		ck->err = ERR_NOMEM;
		return;
	}
	ck->s->pick = v;
	ck->s->pick[ck->n_pick++] = row;
}

const char *check_names(struct check *ck)
{
	struct buf *b = &ck->s->msg;
	size_t n = ck->n_pick, shown = n > MAX_NAMES ? MAX_NAMES : n;

	buf_clear(b);
	for (size_t i = 0; i < shown; i++) {
		if (i)
			buf_adds(b, i + 1 == n ? " and " : ", ");
		buf_adds(b, check_label(ck, ck->s->pick[i]));
	}
	if (n > shown)
		buf_addf(b, " and %zu more", n - shown);
	return buf_str(b);
}

/* Rows ascend, so that a view can walk them beside its own list. */
static void sort_rows(size_t *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		size_t x = v[i], j = i;

		for (; j && v[j - 1] > x; j--)
			v[j] = v[j - 1];
		v[j] = x;
	}
}

static const struct change *picked_change(const struct check *ck)
{
	for (size_t i = 0; i < ck->n_pick; i++) {
		const struct effective_row *r = &ck->e->v[ck->s->pick[i]];

		if (r->change && !r->held)
			return r->change;
	}
	return NULL;
}

void check_touched(struct check *ck, enum targeting_type t)
{
	for (size_t i = 0; i < ck->e->n && !ck->cause; i++) {
		const struct effective_row *r = &ck->e->v[i];

		if (r->change && !r->held && r->criterion->type == t)
			ck->cause = r->change;
	}
}

__attribute__((format(printf, 2, 0))) static const char *message(
    struct check *ck, const char *fmt, va_list ap)
{
	char text[MAX_MESSAGE_BYTES];

	if (!fmt)
		return arena_strdup(&ck->out->arena, check_names(ck));
	vsnprintf(text, sizeof text, fmt, ap);
	return arena_strdup(&ck->out->arena, text);
}

/* --- fixes */

void check_fix_drop(struct check *ck, struct problem *p, const size_t *rows, size_t n)
{
	struct arena *a = &ck->out->arena;
	const struct change **unstage;
	struct change *fix;

	if (!p || !n)
		return;
	unstage = arena_alloc(a, n * sizeof *unstage);
	fix = arena_alloc(a, n * sizeof *fix);
	if (!unstage || !fix) {
		ck->err = ERR_NOMEM;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const struct effective_row *r = &ck->e->v[rows[i]];

		if (r->state == EFFECTIVE_ADDED)
			unstage[p->n_unstage++] = r->change;
		else
			change_from_criterion(&fix[p->n_fix++], CHANGE_DELETE, r->criterion);
	}
	p->unstage = unstage;
	p->fix = fix;
}

bool check_survives(const struct check *ck, const size_t *rows, size_t n)
{
	for (size_t r = 0; r < n; r++) {
		struct cell cell = cell_of(check_at(ck, rows[r]), &ck->os);
		bool company = false;

		for (size_t i = 0, at = 0; i < ck->e->n && !company; i++) {
			struct cell other;

			while (at < n && rows[at] < i) /* they ascend */
				at++;
			if ((at < n && rows[at] == i) || !effective_is_after(&ck->e->v[i]))
				continue;
			other = cell_of(check_at(ck, i), &ck->os);
			company = cell_equal(&cell, &other);
		}
		if (cell.kind == CELL_EXCLUDE || !company)
			return false;
	}
	return n > 0;
}

static bool is_removed(const struct check *ck, size_t row)
{
	return ck->e->v[row].state == EFFECTIVE_REMOVED && !ck->e->v[row].held;
}

static void unstage(struct check *ck, struct problem *p, const size_t *rows, size_t n)
{
	const struct change **list = arena_alloc(&ck->out->arena, n * sizeof *list);

	if (!list) {
		ck->err = ERR_NOMEM;
		return;
	}
	for (size_t i = 0; i < n; i++)
		list[i] = ck->e->v[rows[i]].change;
	p->unstage = list;
	p->n_unstage = n;
}

void check_fix_keep(struct check *ck, struct problem *p, bool everything)
{
	size_t *rows = arena_alloc(&ck->tmp, (ck->e->n + 1) * sizeof *rows), n = 0;

	if (!rows)
		ck->err = ERR_NOMEM;
	for (size_t i = 0; i < ck->e->n && rows; i++)
		if (everything ? ck->e->v[i].change && !ck->e->v[i].held
			       : is_removed(ck, i) && !check_is_excluded(ck, i))
			rows[n++] = i;
	if (p && n)
		unstage(ck, p, rows, n);
}

static size_t count_rows(
    const struct check *ck, const struct problem *p, bool (*is)(const struct check *, size_t))
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_rows; i++)
		n += is(ck, p->rows[i]);
	return n;
}

void check_take_back(struct check *ck, struct problem *p, enum targeting_type t)
{
	size_t *rows = arena_alloc(&ck->tmp, p->n_rows * sizeof *rows), n = 0, added = 0;

	if (!rows)
		ck->err = ERR_NOMEM;
	for (size_t i = 0; i < p->n_rows && rows; i++)
		if (check_at(ck, p->rows[i])->type == t) {
			added += check_is_added(ck, p->rows[i]);
			rows[n++] = p->rows[i];
		}
	if (n && n == added && check_survives(ck, rows, n))
		check_fix_drop(ck, p, rows, n);
}

/* What mends most problems; a check that knows better says so behind it. What was added goes when
 * that is all the problem is about, what was removed comes back. */
static void usual_fix(struct check *ck, struct problem *p)
{
	enum rule_fix fix = rules[p->rule].fix;

	if (fix == RULE_FIX_NONE || !p->n_rows)
		return;
	if (fix == RULE_FIX_DROP) {
		if (p->n_rows == 1 && check_survives(ck, p->rows, 1))
			check_fix_drop(ck, p, p->rows, 1);
	} else if (count_rows(ck, p, is_removed) == p->n_rows) {
		unstage(ck, p, p->rows, p->n_rows);
	} else if (count_rows(ck, p, check_is_added) == p->n_rows &&
		   check_survives(ck, p->rows, p->n_rows)) {
		unstage(ck, p, p->rows, p->n_rows);
	}
}

struct problem *check_add(struct check *ck, enum rule_id rule, const char *fmt, ...)
{
	struct problem_list *out = ck->out;
	const struct change *picked = picked_change(ck), *change = picked ? picked : ck->cause;
	struct problem p = {.rule = rule, .change = change, .n_rows = ck->n_pick};
	size_t *rows = arena_alloc(&out->arena, (ck->n_pick + 1) * sizeof *rows);
	void *v = out->v;
	va_list ap;

	p.severity = change ? rules[rule].staged : rules[rule].live;
	va_start(ap, fmt);
	p.message = message(ck, fmt, ap);
	va_end(ap);
	if (!rows || !p.message || !record_grow(&v, out->n, &out->cap, sizeof *out->v)) {
		ck->err = ERR_NOMEM;
		return NULL;
	}
	out->v = v;
	if (ck->n_pick)
		memcpy(rows, ck->s->pick, ck->n_pick * sizeof *rows);
	sort_rows(rows, ck->n_pick);
	p.rows = rows;
	if (ck->ctx->line_item)
		p.line_item_id = ck->ctx->line_item->id;
	else if (ck->e->n)
		p.line_item_id = ck->e->v[0].criterion->line_item_id;
	ck->n_pick = 0;
	ck->cause = NULL;
	out->count[p.severity]++;
	out->v[out->n] = p;
	usual_fix(ck, &out->v[out->n]);
	return &out->v[out->n++];
}

/* --- one line item */

/* A counting sort of the final rows by type: each check then looks only at what it is about. */
static enum err sort_by_type(struct rule_scratch *s, const struct effective *e)
{
	size_t at[TYPE_COUNT] = {0};

	if (e->n > s->order_cap || !s->order) {
		void *v = mem_realloc_array(s->order, e->n + 1, sizeof *s->order);

		if (!v)
			return ERR_NOMEM;
		s->order = v;
		s->order_cap = e->n;
	}
	for (size_t i = 0; i < e->n; i++)
		at[e->v[i].criterion->type] += effective_is_after(&e->v[i]);
	s->start[0] = 0;
	for (size_t t = 0; t < TYPE_COUNT; t++) {
		s->start[t + 1] = s->start[t] + at[t];
		at[t] = s->start[t];
	}
	for (size_t i = 0; i < e->n; i++)
		if (effective_is_after(&e->v[i]))
			s->order[at[e->v[i].criterion->type]++] = i;
	return ERR_OK;
}

static enum err get_scratch(struct problem_list *out)
{
	if (out->scratch)
		return ERR_OK;
	out->scratch = mem_zalloc(sizeof *out->scratch);
	if (!out->scratch)
		return ERR_NOMEM;
	set_index_init(&out->scratch->index);
	buf_init(&out->scratch->msg, MAX_MESSAGE_BYTES);
	return ERR_OK;
}

/* Worst first, otherwise in the order in which the checks ran. */
static enum err sort_problems(struct problem *v, size_t n)
{
	struct problem *copy;
	size_t to = 0;

	copy = mem_array(n, sizeof *copy);
	if (!copy)
		return ERR_NOMEM;
	memcpy(copy, v, n * sizeof *v);
	for (int s = RULE_ERROR; s >= RULE_NOTE; s--)
		for (size_t i = 0; i < n; i++)
			if ((int)copy[i].severity == s)
				v[to++] = copy[i];
	mem_free(copy);
	return ERR_OK;
}

enum err rules_check(struct problem_list *out, const struct rule_ctx *ctx)
{
	static void (*const checks[])(struct check *) = {check_item, check_counts, check_single,
	    check_audiences, check_engagement, check_tv, check_content, check_placement,
	    check_devices, check_repeats, check_keywords, check_locations, check_reach};
	struct check ck = {.out = out, .ctx = ctx, .e = ctx->set};
	size_t first = out->n;

	ck.err = get_scratch(out);
	if (ck.err)
		return ck.err;
	ck.s = out->scratch;
	arena_init(&ck.tmp);
	ck.os = (struct expr_lookup){.user = &ck, .os = os_of};
	ck.err = sort_by_type(ck.s, ctx->set);
	for (size_t i = 0; i < sizeof checks / sizeof checks[0] && !ck.err; i++)
		checks[i](&ck);
	arena_done(&ck.tmp);
	if (ck.err || out->n - first < 2)
		return ck.err;
	return sort_problems(out->v + first, out->n - first);
}
