/* What is left of X's rate limits, what was asked, and how old the look-ups are. arg: NULL. */
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "base/clock.h"
#include "store/catalog.h"
#include "tui/app.h"
#include "views/detail.h"
#include "session/options.h"
#include "views/rows.h"
#include "session/session.h"
#include "views/views.h"

enum column { COL_WHAT, COL_NOW, COL_LIMIT, COL_WHEN, COL_COUNT };

static const struct table_column columns[COL_COUNT] = {
    [COL_WHAT] = {"What", 34, 60, 3, ALIGN_LEFT, CUT_MIDDLE, COL_NONE},
    [COL_NOW] = {"Now", 10, 16, 0, ALIGN_RIGHT, CUT_END, COL_NONE},
    [COL_LIMIT] = {"Of", 6, 10, 0, ALIGN_RIGHT, CUT_END, COL_NONE},
    [COL_WHEN] = {"Reset, or read", 18, 44, 1, ALIGN_LEFT, CUT_END, COL_NONE},
};

enum section { SECTION_REQUESTS, SECTION_LIMITS, SECTION_LOOKUPS, SECTIONS };

static const char *const section_titles[SECTIONS] = {
    "Requests of this run", "Rate limits of X", "Look-ups kept on this machine"};

struct row {
	enum section section;
	char what[160], now[48], limit[32], when[80];
	enum style style;
};

#define ROWS_MAX 160
#define BUDGETS_MAX 64

struct state {
	struct session *session;
	struct list list;
	struct table table;
	struct row rows[ROWS_MAX];
	size_t n;
	struct timer_id tick; /* the countdowns move once a second */
};

/* --- rows --- */

static struct row *add(struct state *st, enum section section, const char *what)
{
	struct row *r;

	if (st->n == ROWS_MAX)
		return NULL;
	r = &st->rows[st->n++];
	*r = (struct row){.section = section};
	text_copy(r->what, sizeof r->what, what);
	return r;
}

static void add_number(struct state *st, const char *what, uint64_t n, const char *when)
{
	struct row *r = add(st, SECTION_REQUESTS, what);

	if (!r)
		return;
	table_number(r->now, n);
	snprintf(r->when, sizeof r->when, "%s", when);
}

static void add_requests(struct state *st)
{
	struct api *api = session_api(st->session);
	const struct errinfo *why = session_why_offline(st->session);
	struct api_stats s;
	struct row *r;

	if (!api) {
		r = add(st, SECTION_REQUESTS, "no connection");
		if (r)
			snprintf(r->when, sizeof r->when, "%.79s",
			    why && why->code ? why->msg : "connecting");
		return;
	}
	s = api_stats(api);
	add_number(st, "sent", s.sent, "each attempt");
	add_number(st, "in flight", s.in_flight, s.write_in_flight ? "one of them writes" : "");
	add_number(st, "queued", s.queued, "");
	add_number(st, "waiting", s.waiting, s.waiting ? "for a reset, or to try again" : "");
	add_number(st, "bytes received", s.bytes_in, "");
	if (s.clock_corrected) {
		r = add(st, SECTION_REQUESTS, "this machine's clock is off");
		if (r)
			snprintf(r->now, sizeof r->now, "%lld s", (long long)s.clock_skew_s);
	}
}

static void add_limit(struct state *st, const struct api_budget *b)
{
	int64_t left_s = b->reset_wall_s - clock_wall_s();
	char what[160], age[16], reset[21];
	struct row *r;

	if (!b->scope[0] || strcmp(b->scope, session_account_id(st->session)) == 0)
		snprintf(what, sizeof what, "%s%s", b->name, b->scope[0] ? ", here" : "");
	else
		snprintf(what, sizeof what, "%s, account %s", b->name, b->scope);
	r = add(st, SECTION_LIMITS, what);
	if (!r)
		return;
	if (!b->known) {
		snprintf(r->when, sizeof r->when, "X has not said yet");
		r->style = STYLE_DIM;
		return;
	}
	snprintf(r->now, sizeof r->now, "%lld left", (long long)b->remaining);
	snprintf(r->limit, sizeof r->limit, "%lld", (long long)b->limit);
	if (left_s > 0) {
		clock_format_age(left_s, age);
		clock_format_utc(b->reset_wall_s, reset);
		snprintf(r->when, sizeof r->when, "in %s (%.5s UTC)", age, reset + 11);
	} else {
		snprintf(r->when, sizeof r->when, "was reset since");
	}
	if (b->remaining * 5 < b->limit && left_s > 0)
		r->style = b->remaining == 0 ? STYLE_ERROR : STYLE_WARNING;
}

static void add_limits(struct state *st)
{
	struct api *api = session_api(st->session);
	struct api_budget all[BUDGETS_MAX];
	size_t n = api ? api_budgets(api, all, BUDGETS_MAX) : 0;

	for (size_t i = 0; i < n && i < BUDGETS_MAX; i++)
		add_limit(st, &all[i]);
}

/* "locations: US, CITIES": the values of the scope without their names. */
static void name_lookup(const char *kind, const char *scope, char *out, size_t cap)
{
	const char *sep = ": ";
	int n = snprintf(out, cap, "%s", kind);

	if (strcmp(kind, "events") == 0) /* always all kinds of them */
		return;
	while (*scope && n >= 0 && (size_t)n < cap) {
		size_t len = strcspn(scope, "&"), name = strcspn(scope, "=&");

		if (name < len)
			n += snprintf(out + n, cap - (size_t)n, "%s%.*s", sep,
			    (int)(len - name - 1), scope + name + 1);
		sep = ", ";
		scope += len + (scope[len] == '&');
	}
}

static void add_lookup(
    struct state *st, const char *kind, const char *scope, const struct data_state *now)
{
	struct store *store = session_store(st->session);
	struct catalog_info info = catalog_info(store, kind, scope);
	bool loading = now && now->loading;
	char what[160], number[32], age[16];
	struct row *r;

	if (!info.fetched_at && !loading)
		return;
	name_lookup(kind, scope, what, sizeof what);
	r = add(st, SECTION_LOOKUPS, what);
	if (!r)
		return;
	snprintf(r->now, sizeof r->now, "%s", table_number(number, loading ? now->rows : info.n));
	clock_format_age(clock_wall_s() - info.fetched_at, age);
	if (loading) {
		snprintf(r->when, sizeof r->when, "being read");
		r->style = STYLE_NOTE;
	} else if (!info.complete) {
		snprintf(r->when, sizeof r->when, "not complete; last page %s old", age);
		r->style = STYLE_WARNING;
	} else if (catalog_is_fresh(store, kind, scope, session_cache_days(st->session))) {
		snprintf(
		    r->when, sizeof r->when, "read %s%s", age, strcmp(age, "now") ? " ago" : "");
	} else {
		snprintf(r->when, sizeof r->when, "read %s ago, read again when next used", age);
		r->style = STYLE_WARNING;
	}
}

static bool was_used(const struct session *s, const char *kind, const char *scope)
{
	struct options_row used;

	for (size_t i = 0; options_at(s, i, &used); i++)
		if (strcmp(used.kind, kind) == 0 && strcmp(used.scope, scope) == 0)
			return true;
	return false;
}

/* What was used in this run, and of the other types what an earlier run left. */
static void add_lookups(struct state *st)
{
	const struct api_param countries = {"location_type", "COUNTRIES"};
	struct options_row used;
	const char *last = "";
	struct buf scope;

	for (size_t i = 0; options_at(st->session, i, &used); i++)
		add_lookup(st, used.kind, used.scope, &used.state);
	buf_init(&scope, 1024);
	for (enum targeting_type t = TYPE_UNKNOWN; t < TYPE_COUNT; t++) {
		const char *kind = type_info(t)->lookup;

		if (!kind[0] || strcmp(kind, last) == 0)
			continue;
		last = kind;
		buf_clear(&scope);
		options_scope(&scope, kind, &countries, t == TYPE_LOCATION ? 1 : 0);
		if (!was_used(st->session, kind, buf_str(&scope)))
			add_lookup(st, kind, buf_str(&scope), NULL);
	}
	buf_done(&scope);
}

static void build(struct state *st)
{
	st->n = 0;
	add_requests(st);
	add_limits(st);
	add_lookups(st);
	list_refresh(&st->list);
}

static size_t row_count(const void *user)
{
	return ((const struct state *)user)->n;
}

static uint64_t row_key(const void *user, size_t row)
{
	const struct row *r = &((const struct state *)user)->rows[row];

	return map_hash(r->what) + (uint64_t)r->section;
}

static void row_text(const void *user, size_t row, struct buf *out)
{
	const struct row *r = &((const struct state *)user)->rows[row];

	buf_addf(out, "%s %s", r->what, r->when);
}

static uint32_t row_group(const void *user, size_t row)
{
	return (uint32_t)((const struct state *)user)->rows[row].section;
}

static void row_cell(const void *user, size_t row, int column, struct table_cell *out)
{
	const struct row *r = &((const struct state *)user)->rows[row];

	out->style = r->style;
	switch ((enum column)column) {
	case COL_WHAT:
		row_cell_text(out, r->what);
		break;
	case COL_NOW:
		row_cell_text(out, r->now);
		break;
	case COL_LIMIT:
		row_cell_text(out, r->limit);
		break;
	default:
		row_cell_text(out, r->when);
		break;
	}
}

static void group_cell(const void *user, size_t row, struct table_cell *out)
{
	row_cell_text(out, section_titles[((const struct state *)user)->rows[row].section]);
}

/* --- view --- */

static void on_tick(struct loop *l, void *user)
{
	struct view *v = user;
	struct state *st = view_state(v);

	view_touch(v, TOUCH_ROWS);
	st->tick = loop_timer(l, 1000, on_tick, v);
}

static enum err budgets_open(struct view *v, const void *arg, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct list_source src = {row_count, row_key, row_text, NULL, row_group, st};
	struct table_source cells = {columns, COL_COUNT, row_cell, group_cell, st};

	(void)arg;
	(void)ei;
	st->session = view_session(v);
	list_init(&st->list, &src);
	table_init(&st->table, &cells, &st->list);
	st->table.empty = "Nothing was asked and nothing is kept yet.";
	st->tick = loop_timer(session_loop(st->session), 1000, on_tick, v);
	return ERR_OK;
}

static void budgets_layout(struct view *v, int cols, int rows)
{
	struct state *st = view_state(v);

	build(st);
	table_layout(&st->table, cols, rows);
}

static void budgets_draw(const struct view *v, struct canvas *c)
{
	const struct state *st = view_state(v);

	table_draw(&st->table, c);
}

static void budgets_describe(const struct view *v, struct view_about *a)
{
	const struct state *st = view_state(v);

	snprintf(a->title, sizeof a->title, "Requests and limits");
	snprintf(a->crumb, sizeof a->crumb, "Limits");
	table_position(&st->table, a->position, sizeof a->position);
	a->progress = -1;
	a->hints = "filter back";
}

static struct table *budgets_table(struct view *v)
{
	struct state *st = view_state(v);

	return &st->table;
}

static void budgets_done(struct view *v)
{
	struct state *st = view_state(v);

	loop_timer_cancel(session_loop(st->session), st->tick);
	list_done(&st->list);
}

const struct view_ops budgets_view = {
    .name = "budgets",
    .title = "Requests and limits",
    .parent = "table",
    .state_size = sizeof(struct state),
    .open = budgets_open,
    .layout = budgets_layout,
    .draw = budgets_draw,
    .describe = budgets_describe,
    .table = budgets_table,
    .done = budgets_done,
};
