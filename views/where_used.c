/* The line items that use a value: from what was read of the account, and for custom audiences also
 * X's own answer. arg: struct where_used_arg. */
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "base/mem.h"
#include "store/snapshot.h"
#include "tui/app.h"
#include "views/commands.h"
#include "views/detail.h"
#include "views/rows.h"
#include "session/session.h"
#include "views/views.h"

enum column { COL_NAME, COL_USE, COL_STATUS, COL_CAMPAIGN, COL_SOURCE, COL_ID, COL_COUNT };

static const struct table_column columns[COL_COUNT] = {
    [COL_NAME] = {"Line item", 20, 0, 4, ALIGN_LEFT, CUT_MIDDLE, COL_SORT},
    [COL_USE] = {"Use", 10, 14, 1, ALIGN_LEFT, CUT_END, COL_SORT},
    [COL_STATUS] = {"Status", 7, 9, 0, ALIGN_LEFT, CUT_END, COL_SORT},
    [COL_CAMPAIGN] = {"Campaign", 14, 30, 2, ALIGN_LEFT, CUT_MIDDLE, COL_SORT | COL_HIDEABLE},
    [COL_SOURCE] = {"Known from", 12, 22, 1, ALIGN_LEFT, CUT_END, COL_HIDEABLE},
    [COL_ID] = {"ID", 6, 12, 0, ALIGN_LEFT, CUT_MIDDLE, COL_SORT | COL_HIDEABLE},
};

enum source { SOURCE_READ = 1u << 0, SOURCE_X = 1u << 1 };

struct row {
	const char *id, *name, *campaign; /* name, campaign: as X said, when the account has none */
	const char *use; /* literal; NULL: X does not say how */
	unsigned source;
};

struct state {
	struct session *session;
	char type_name[64], value[256], label[140];
	struct list list;
	struct table table;
	struct arena text, told_text;
	struct row *rows, *told; /* told: X's answer, merged into rows */
	size_t n_rows, cap_rows, n_told, cap_told;
	size_t n_read, n_items; /* line items whose criteria were read, of how many */
	uint64_t seen_criteria, seen_items;
	struct req_id req;
	struct errinfo ei; /* of X's answer */
	bool answered;
};

static bool is_audience(const struct state *st)
{
	return strncmp(st->type_name, "CUSTOM_AUDIENCE", 15) == 0;
}

/* --- rows --- */

static struct row *add_row(struct row **v, size_t *n, size_t *cap)
{
	if (*n == *cap) {
		size_t want = *cap ? *cap * 2 : 32;
		struct row *more = mem_realloc_array(*v, want, sizeof *more);

		if (!more)
			return NULL;
		*v = more;
		*cap = want;
	}
	(*v)[*n] = (struct row){0};
	return &(*v)[(*n)++];
}

static const char *use_word(const char *type_name, enum operator_type op)
{
	if (strstr(type_name, "EXPANDED") || strstr(type_name, "LOOKALIKE"))
		return "look-alike";
	return op == OP_NE ? "exclude" : "include";
}

static enum err add_uses(struct state *st, const char *type_name)
{
	struct use_set uses;
	enum err err;

	use_set_init(&uses);
	err = snapshot_where_used(session_store(st->session), session_account_id(st->session),
	    type_name, st->value, &uses);
	for (size_t i = 0; i < uses.n && !err; i++) {
		struct row *r = add_row(&st->rows, &st->n_rows, &st->cap_rows);

		if (!r)
			err = ERR_NOMEM;
		else
			*r = (struct row){.id = arena_strdup(&st->text, uses.v[i].line_item_id),
			    .use = use_word(type_name, uses.v[i].op),
			    .source = SOURCE_READ};
		if (r && !r->id)
			err = ERR_NOMEM;
	}
	use_set_done(&uses);
	return err;
}

/* One row for a line item that both know. */
static enum err add_told(struct state *st)
{
	size_t read = st->n_rows;

	for (size_t i = 0; i < st->n_told; i++) {
		struct row *r;
		bool both = false;

		for (size_t k = 0; k < read; k++)
			if (strcmp(st->rows[k].id, st->told[i].id) == 0) {
				st->rows[k].source |= SOURCE_X;
				both = true;
			}
		if (both)
			continue;
		r = add_row(&st->rows, &st->n_rows, &st->cap_rows);
		if (!r)
			return ERR_NOMEM;
		*r = st->told[i];
	}
	return ERR_OK;
}

static void count_read(struct state *st)
{
	st->n_items = session_line_items(st->session)->n;
	st->n_read = 0;
	for (size_t i = 0; i < st->n_items; i++)
		st->n_read += session_count(st->session, i).n >= 0;
}

static void build(struct state *st)
{
	enum err err;

	arena_done(&st->text);
	arena_init(&st->text);
	st->n_rows = 0;
	err = add_uses(st, st->type_name);
	if (!err && is_audience(st))
		err = add_uses(st, type_info(strcmp(st->type_name, "CUSTOM_AUDIENCE") == 0
						 ? TYPE_CUSTOM_AUDIENCE_EXPANDED
						 : TYPE_CUSTOM_AUDIENCE)
				       ->name);
	if (!err)
		err = add_told(st);
	if (err)
		err_set(&st->ei, err, "the uses of %.60s could not be read", st->label);
	count_read(st);
	list_refresh(&st->list);
}

static const struct row *row_at(const struct state *st, size_t row)
{
	static const struct row none = {.id = ""};

	return row < st->n_rows ? &st->rows[row] : &none;
}

static size_t row_count(const void *user)
{
	return ((const struct state *)user)->n_rows;
}

static const char *row_id(const void *user, size_t row)
{
	return row_at(user, row)->id;
}

/* A line item may use an audience and its look-alike. */
static uint64_t row_key(const void *user, size_t row)
{
	const struct row *r = row_at(user, row);

	return map_hash(r->id) ^ (r->use ? map_hash(r->use) : 0);
}

static const char *name_of(const struct state *st, const struct row *r)
{
	const struct line_item *li = session_line_item(st->session, r->id);

	if (li && li->name)
		return li->name;
	return r->name ? r->name : "(no name)";
}

static const char *campaign_of(const struct state *st, const struct row *r)
{
	const struct line_item *li = session_line_item(st->session, r->id);
	const struct campaign *c = li ? session_campaign(st->session, li->campaign_id) : NULL;

	if (c && c->name)
		return c->name;
	return r->campaign ? r->campaign : "";
}

static void row_text(const void *user, size_t row, struct buf *out)
{
	const struct state *st = user;
	const struct row *r = row_at(st, row);

	buf_addf(
	    out, "%s %s %s %s", name_of(st, r), r->id, r->use ? r->use : "", campaign_of(st, r));
}

static const char *status_of(const struct state *st, const struct row *r)
{
	const struct line_item *li = session_line_item(st->session, r->id);

	return li ? li->entity_status : NULL;
}

static int row_compare(const void *user, size_t i, size_t j, int column)
{
	const struct state *st = user;
	const struct row *a = row_at(st, i), *b = row_at(st, j);

	switch ((enum column)column) {
	case COL_USE:
		return compare_text(a->use, b->use);
	case COL_STATUS:
		return compare_text(status_of(st, a), status_of(st, b));
	case COL_CAMPAIGN:
		return compare_text(campaign_of(st, a), campaign_of(st, b));
	case COL_ID:
		return compare_text(a->id, b->id);
	default:
		return compare_text(name_of(st, a), name_of(st, b));
	}
}

static void row_cell(const void *user, size_t row, int column, struct table_cell *out)
{
	const struct state *st = user;
	const struct row *r = row_at(st, row);

	switch ((enum column)column) {
	case COL_NAME:
		row_cell_text(out, name_of(st, r));
		break;
	case COL_USE:
		row_cell_text(out, r->use ? r->use : "not read yet");
		out->style = !r->use                          ? STYLE_DIM
			     : strcmp(r->use, "exclude") == 0 ? STYLE_EXCLUDE
							      : STYLE_INCLUDE;
		break;
	case COL_STATUS:
		rows_words(status_of(st, r), out->scratch, sizeof out->scratch);
		row_cell_text(out, out->scratch);
		break;
	case COL_CAMPAIGN:
		row_cell_text(out, campaign_of(st, r));
		out->style = STYLE_DIM;
		break;
	case COL_SOURCE:
		row_cell_text(out, r->source == SOURCE_READ ? "its criteria"
				   : r->source == SOURCE_X  ? "X's answer"
							    : "criteria and X");
		out->style = STYLE_DIM;
		break;
	default:
		row_cell_text(out, r->id);
		out->style = STYLE_DIM;
		break;
	}
}

/* --- X's own answer --- */

static void on_usage(struct req_id id, struct api_result *res, void *user)
{
	struct view *v = user;
	struct state *st = view_state(v);

	if (!req_same(id, st->req))
		return;
	if (res->last)
		st->req = (struct req_id){0};
	st->ei = res->ei;
	for (size_t i = 0; !res->err && i < res->usages.n; i++) {
		const struct usage *u = &res->usages.v[i];
		struct row *r =
		    u->line_item_id ? add_row(&st->told, &st->n_told, &st->cap_told) : NULL;

		if (!r)
			continue;
		*r = (struct row){.id = arena_strdup(&st->told_text, u->line_item_id),
		    .name = arena_strdup(&st->told_text, u->line_item_name),
		    .campaign = arena_strdup(&st->told_text, u->campaign_name),
		    .source = SOURCE_X};
		if (!r->id)
			st->n_told--;
	}
	st->answered = st->answered || (res->last && !res->err);
	build(st);
	view_touch(v, TOUCH_ALL);
}

static void ask_x(struct view *v)
{
	struct state *st = view_state(v);
	struct api *api = session_api(st->session);
	struct api_call call = {on_usage, v, {0}, REQ_USER};

	if (!api || !is_audience(st) || st->req.gen)
		return;
	call.owner = session_owner_of_view(st->session, v->id);
	st->n_told = 0;
	arena_done(&st->told_text);
	arena_init(&st->told_text);
	st->req = api_audience_usage(api, session_account_id(st->session), st->value, true, &call);
	build(st);
}

/* Those line items that were never read: their criteria may hold the value too. */
static void read_the_rest(struct state *st)
{
	const struct line_item_set *set = session_line_items(st->session);
	const char **ids = mem_array(set->n + 1, sizeof *ids);

	if (!ids)
		return;
	for (size_t i = 0; i < set->n; i++)
		ids[i] = set->v[i].id;
	session_fetch_criteria(st->session, ids, set->n, INT64_MAX, REQ_USER);
	mem_free(ids);
}

/* --- view --- */

static enum err where_used_open(struct view *v, const void *arg, struct errinfo *ei)
{
	const struct where_used_arg *a = arg;
	struct state *st = view_state(v);
	struct list_source src = {row_count, row_key, row_text, row_compare, NULL, st};
	struct table_source cells = {columns, COL_COUNT, row_cell, NULL, st};

	(void)ei;
	st->session = view_session(v);
	snprintf(st->type_name, sizeof st->type_name, "%s", a->type_name);
	snprintf(st->value, sizeof st->value, "%s", a->value);
	text_copy(st->label, sizeof st->label, a->label ? a->label : a->value);
	arena_init(&st->text);
	arena_init(&st->told_text);
	list_init(&st->list, &src);
	table_init(&st->table, &cells, &st->list);
	st->seen_criteria = session_generation(st->session, DATA_CRITERIA);
	st->seen_items = session_generation(st->session, DATA_LINE_ITEMS);
	build(st);
	return ERR_OK;
}

static void where_used_layout(struct view *v, int cols, int rows)
{
	struct state *st = view_state(v);
	uint64_t criteria = session_generation(st->session, DATA_CRITERIA),
		 items = session_generation(st->session, DATA_LINE_ITEMS);

	if (criteria != st->seen_criteria || items != st->seen_items) {
		st->seen_criteria = criteria;
		st->seen_items = items;
		build(st);
	}
	st->table.empty =
	    st->n_read < st->n_items
		? "Nothing that was read so far uses it. R reads the other line items."
		: "No line item uses it.";
	table_layout(&st->table, cols, rows - 1);
}

static void where_used_draw(const struct view *v, struct canvas *c)
{
	const struct state *st = view_state(v);
	struct canvas body = canvas_sub(c, (struct rect){0, 0, c->area.w, c->area.h - 1});
	int y = c->area.h - 1, x;
	char read[32], items[32];

	table_draw(&st->table, &body);
	x = canvas_strf(c, 0, y, st->n_read < st->n_items ? STYLE_NOTE : STYLE_DIM,
	    "criteria of %s of %s line items were read%s", table_number(read, st->n_read),
	    table_number(items, st->n_items), st->n_read < st->n_items ? "; R reads the rest" : "");
	if (st->ei.code)
		canvas_strf(c, x, y, STYLE_ERROR, "; X did not answer: %s", st->ei.msg);
	else if (st->answered)
		canvas_str(c, x, y, STYLE_DIM, "; X was asked as well");
}

static enum err open_criteria(struct view *v, struct errinfo *ei)
{
	struct state *st = view_state(v);
	struct row_ids sel;
	struct id_list arg;
	enum err err = rows_selected(&sel, &st->list, row_id, st);
	size_t n = 0;

	if (err)
		return err_set(ei, err, "no memory to open the line items");
	for (size_t i = 0; i < sel.n; i++) { /* a line item may have two rows */
		bool twice = false;

		for (size_t k = 0; k < n; k++)
			twice = twice || strcmp(sel.ids[k], sel.ids[i]) == 0;
		if (!twice)
			sel.ids[n++] = sel.ids[i];
	}
	arg = (struct id_list){sel.ids, n};
	err = app_push(v->app, &criteria_view, &arg, NULL, ei);
	row_ids_done(&sel);
	return err;
}

static enum err where_used_command(
    struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct state *st = view_state(v);
	size_t row;

	switch (call->cmd->id) {
	case VIEWS_OPEN:
		return open_criteria(v, ei);
	case VIEWS_COPY_ID:
		if (list_row(&st->list, &row))
			app_message(
			    v->app, STYLE_NOTE, "id of this line item: %s", row_id(st, row));
		return ERR_OK;
	default: /* refresh */
		read_the_rest(st);
		ask_x(v);
		return ERR_OK;
	}
}

static void where_used_describe(const struct view *v, struct view_about *a)
{
	const struct state *st = view_state(v);

	snprintf(a->title, sizeof a->title, "Where used: %.140s", st->label);
	snprintf(a->crumb, sizeof a->crumb, "Where used");
	table_position(&st->table, a->position, sizeof a->position);
	a->loading = st->req.gen || session_criteria_loading(st->session);
	a->progress = -1;
	if (a->loading)
		snprintf(a->progress_text, sizeof a->progress_text,
		    st->req.gen ? "asking X" : "reading criteria");
	a->hints = "open filter sort refresh";
}

static struct table *where_used_table(struct view *v)
{
	struct state *st = view_state(v);

	return &st->table;
}

static void where_used_done(struct view *v)
{
	struct state *st = view_state(v);

	list_done(&st->list);
	arena_done(&st->text);
	arena_done(&st->told_text);
	mem_free(st->rows);
	mem_free(st->told);
}

const struct view_ops where_used_view = {
    .name = "where-used",
    .title = "Where used",
    .parent = "table",
    .commands = "open copy-id refresh",
    .state_size = sizeof(struct state),
    .open = where_used_open,
    .load = ask_x,
    .layout = where_used_layout,
    .draw = where_used_draw,
    .command = where_used_command,
    .describe = where_used_describe,
    .table = where_used_table,
    .done = where_used_done,
};
