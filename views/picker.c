/* The picker's view: what is typed, the list below it, and its keys. arg: struct picker_arg. */
#include "views/picker.h"

#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"
#include "views/commands.h"
#include "views/detail.h"
#include "session/judge.h"
#include "session/options.h"
#include "views/resolver.h"
#include "views/views.h"

#define HEAD 2 /* lines above the table: where to, and the field */
#define OUTLOOK_ROWS 21 /* of a screen of 24: below that the list is worth more */

/* --- rows for the list --- */

static size_t row_count(const void *user)
{
	return ((const struct picker *)user)->rows.n;
}

static uint64_t row_key(const void *user, size_t row)
{
	const struct picker *p = user;

	return row < p->rows.n ? p->rows.v[row].key : 0;
}

static void add_word(struct buf *out, const char *word)
{
	if (!word)
		return;
	buf_adds(out, word);
	buf_addc(out, ' ');
}

/* The name first and a tab behind it: best_match relies on that. Place ids are left out, since any
 * few letters from a to f would find some. */
static void row_text(const void *user, size_t row, struct buf *out)
{
	const struct picker *p = user;
	const struct pick_row *r = &p->rows.v[row];

	buf_adds(out, r->name);
	buf_addc(out, '\t');
	add_word(out, r->country);
	add_word(out, r->extra);
	if (p->type != TYPE_LOCATION)
		buf_adds(out, r->value);
}

/* How well a row fits what was typed: 0 is best. text is folded. */
static unsigned rank(const char *text, const char *needle, size_t n)
{
	const char *at;

	if (strncmp(text, needle, n) == 0)
		return text[n] == '\t' || text[n] == ',' ? 0 : 1;
	at = strstr(text, needle);
	return at && (at[-1] == ' ' || at[-1] == '/' || at[-1] == '-') ? 2 : 3;
}

#define RANKS 4

/* Put the cursor on the row that fits best; among equals the first one. */
static void go_to_best(struct picker *p)
{
	struct buf needle;
	uint64_t best_key = 0;
	unsigned best = RANKS;
	size_t row;
	bool header;

	buf_init(&needle, 1024);
	text_fold(&needle, edit_text(&p->field), strlen(edit_text(&p->field)));
	for (size_t pos = 0; pos < p->list.n_visible && best > 0 && needle.len; pos++) {
		unsigned r;

		if (!list_line(&p->list, pos, &row, &header) || row >= p->list.n_indexed)
			break;
		r = rank(p->list.text.p + p->list.offsets[row], buf_str(&needle), needle.len);
		if (r < best) {
			best = r;
			best_key = p->rows.v[row].key;
		}
	}
	buf_done(&needle);
	if (best_key)
		list_goto_key(&p->list, best_key);
	else
		list_move(&p->list, LIST_TOP);
}

static void query_changed(struct view *v)
{
	struct picker *p = view_state(v);

	p->warned = p->told_bad = false;
	p->moved = false;
	if (!pick_is_free(p)) {
		list_set_filter(&p->list, edit_text(&p->field));
		go_to_best(p);
	}
	view_touch(v, TOUCH_ALL);
}

/* --- life --- */

static enum operator_type first_op(enum targeting_type t)
{
	for (enum operator_type op = OP_EQ; op < OP_OTHER; op++)
		if (type_allows(t, op))
			return op;
	return OP_EQ;
}

static enum err copy_ids(struct picker *p, const struct id_list *from)
{
	p->ids = arena_alloc(&p->fixed, (from->n ? from->n : 1) * sizeof *p->ids);
	if (!p->ids)
		return ERR_NOMEM;
	for (size_t i = 0; i < from->n; i++) {
		p->ids[i] = arena_strdup(&p->fixed, from->ids[i]);
		if (!p->ids[i])
			return ERR_NOMEM;
	}
	p->n_ids = from->n;
	return ERR_OK;
}

static void picker_done(struct view *v)
{
	struct picker *p = view_state(v);

	list_done(&p->list);
	edit_done(&p->field);
	pick_rows_done(&p->rows);
	pick_rows_done(&p->kept);
	pick_outlook_done(&p->outlook);
	mem_free(p->facets);
	mem_free(p->uses);
	map_done(&p->here);
	arena_done(&p->fixed);
}

static const char *empty_text(const struct picker *p)
{
	switch (type_info(p->type)->value) {
	case VALUE_KEYWORD:
		return "Type a keyword and press Enter; it is listed here. Paste many lines at "
		       "once.\n"
		       "\"phrase\"  [exact]  +broad +words  -excluded\n"
		       "Enter on the empty line stages all of them.";
	case VALUE_USER_ID:
		return "Type a user id (digits) and press Enter; it is listed here. Paste many at "
		       "once.\nEnter on the empty line stages all of them.";
	case VALUE_NUMBER:
		return "Type a number of months and press Enter; it is listed here.\n"
		       "Enter on the empty line stages it.";
	case VALUE_OPAQUE:
		return "Type an id and press Enter; it is listed here. X publishes no list of "
		       "these.\n"
		       "Enter on the empty line stages all of them.";
	case VALUE_AUDIENCE:
		return "No audience of this account matches.";
	case VALUE_CAMPAIGN:
		return "No campaign of this account matches.";
	case VALUE_PROMOTABLE:
		return "No account that may be promoted here matches.";
	default:
		return p->type == TYPE_TV_SHOW
			   ? "Type the name of a show and press C-r: TV shows are searched at X."
			   : "Nothing here matches what is typed.";
	}
}

static enum err picker_open(struct view *v, const void *arg, struct errinfo *ei)
{
	const struct picker_arg *a = arg;
	struct picker *p = view_state(v);
	struct list_source src = {row_count, row_key, row_text, NULL, NULL, p};
	struct table_source cells;
	enum err err;

	if (a->type == TYPE_UNKNOWN || a->line_items.n == 0)
		return err_set(ei, ERR_REFUSED, "no line item to add to");
	p->session = view_session(v);
	p->type = a->type;
	p->op = first_op(p->type);
	p->shape = pick_shape_of(p->type);
	arena_init(&p->fixed);
	pick_rows_init(&p->rows);
	pick_rows_init(&p->kept);
	map_init(&p->here);
	pick_outlook_init(&p->outlook);
	list_init(&p->list, &src);
	cells = (struct table_source){p->shape->columns, p->shape->n, pick_cell, NULL, p};
	table_init(&p->table, &cells, &p->list);
	p->table.empty = empty_text(p);
	err = edit_init(&p->field, NULL, pick_is_free(p) ? 2048 : PICK_QUERY_MAX);
	if (!err)
		err = copy_ids(p, &a->line_items);
	if (!err)
		err = pick_here_read(p);
	judge_want_lookups(p->session, p->type);
	if (!err) {
		pick_facets_start(p);
		err = pick_rows_read(p);
	}
	if (!err)
		return ERR_OK;
	picker_done(v);
	return err_set(ei, err, "cannot open the picker: %s", err_text(err));
}

static void picker_load(struct view *v)
{
	struct picker *p = view_state(v);

	/* no age is too old: only what was never read */
	if (p->n_unread && session_api(p->session))
		session_fetch_criteria(p->session, p->ids, p->n_ids, INT64_MAX, REQ_USER);
}

/* --- keeping up with the session --- */

static bool moved(struct picker *p, enum data_kind kind)
{
	uint64_t now = session_generation(p->session, kind);
	bool other = now != p->seen[kind];

	p->seen[kind] = now;
	return other;
}

static void set_note(struct picker *p, enum style style, const char *text)
{
	p->note_style = style;
	snprintf(p->note, sizeof p->note, "%s", text);
}

static void note_search(struct picker *p)
{
	char cost[64], why[96], line[240];

	if (!pick_can_search(p, why, sizeof why) || !session_api(p->session) ||
	    edit_text(&p->field)[0] == '\0' || strcmp(edit_text(&p->field), p->search) == 0)
		return;
	pick_search_cost(p, cost, sizeof cost);
	snprintf(line, sizeof line, "C-r searches at X for \"%.80s\": costs %s",
	    edit_text(&p->field), cost);
	set_note(p, STYLE_DIM, line);
}

/* The one thing most worth saying below the list. */
static void make_note(struct picker *p)
{
	char line[240];
	struct errinfo ei;
	size_t row;

	p->note[0] = '\0';
	if (pick_rows_error(p, &ei)) {
		snprintf(line, sizeof line, "the list is not complete: %.140s; %.60s", ei.msg,
		    err_hint(ei.code));
		set_note(p, STYLE_ERROR, line);
	} else if (list_row(&p->list, &row) && p->rows.v[row].warning) {
		set_note(
		    p, p->rows.v[row].bad ? STYLE_ERROR : STYLE_WARNING, p->rows.v[row].warning);
	} else if (p->n_without_location) {
		snprintf(line, sizeof line,
		    "%zu of %zu line items have no location yet: X refuses a TV show without one",
		    p->n_without_location, p->n_ids);
		set_note(p, STYLE_WARNING, line);
	} else if (pick_is_free(p) && p->rows.n) {
		snprintf(line, sizeof line,
		    "%zu to stage: Enter on the empty line; Delete takes one off the list",
		    p->rows.n - pick_words_bad(p));
		set_note(p, STYLE_DIM, line);
	} else {
		note_search(p);
	}
}

static bool has_operators(enum targeting_type t)
{
	unsigned ops = type_info(t)->ops;

	return (ops & (ops - 1)) != 0;
}

/* Only what this type has. */
static void make_hints(struct picker *p)
{
	char facets[160], why[96];

	pick_facets_text(p, facets, sizeof facets);
	snprintf(p->hints, sizeof p->hints, "take mark%s%s%s cancel paste-lines",
	    has_operators(p->type) ? " include-exclude" : "", facets[0] ? " narrow" : "",
	    pick_can_search(p, why, sizeof why) ? " search-at-x" : "");
}

static int table_rows(const struct picker *p, int rows)
{
	int others = HEAD + p->note_lines + p->outlook_lines;

	return rows > others ? rows - others : 1;
}

static void picker_layout(struct view *v, int cols, int rows)
{
	struct picker *p = view_state(v);
	bool options = moved(p, DATA_OPTIONS), status = moved(p, DATA_STATUS);
	bool criteria = moved(p, DATA_CRITERIA), staged = moved(p, DATA_STAGED);

	if (criteria || staged)
		pick_here_read(p);
	if (type_info(p->type)->value != VALUE_LOOKUP || options || status) {
		size_t before = p->rows.n;

		pick_rows_read(p);
		/* rows come in any order: until the user moves, the cursor is on the best one */
		if (!p->moved && p->rows.n != before && !pick_is_free(p))
			go_to_best(p);
	}
	make_note(p);
	p->note_lines = detail_note_lines(p->note, cols);
	if (p->note_lines == 0)
		p->note_lines = 1; /* the table does not jump when a note comes and goes */
	p->outlook_lines = rows >= OUTLOOK_ROWS ? PICK_OUTLOOK_LINES : 0;
	table_layout(&p->table, cols, table_rows(p, rows));
	if (p->outlook_lines)
		pick_outlook_read(p);
	make_hints(p);
}

/* --- drawing --- */

static const char *field_label(const struct picker *p)
{
	switch (type_info(p->type)->value) {
	case VALUE_KEYWORD:
		return "keyword: ";
	case VALUE_USER_ID:
		return "user id: ";
	case VALUE_NUMBER:
		return "months: ";
	case VALUE_OPAQUE:
		return "id: ";
	default:
		return "find: ";
	}
}

/* The first key that runs a command here, as the user has bound it. */
static const char *key_of(const struct view *v, const char *command, char *out, size_t cap)
{
	const char *contexts[] = {"picker", "input"};
	struct buf keys;

	buf_init(&keys, 256);
	keymap_keys_of(app_keymap(v->app), contexts, 2, command, &keys);
	snprintf(out, cap, "%.*s", (int)strcspn(buf_str(&keys), " "), buf_str(&keys));
	buf_done(&keys);
	return out;
}

/* "include  C-x" at the right edge; returns the column where it starts. */
static int draw_right(const struct view *v, struct canvas *c, int y, const char *command,
    const char *text, enum style style)
{
	char key[24];
	int w, x;

	key_of(v, command, key, sizeof key);
	w = (int)(text_width(text, strlen(text)) + 1 + text_width(key, strlen(key)));
	x = c->area.w - w - 1;
	if (x < 24) /* no room: what is typed is worth more */
		return c->area.w;
	x = canvas_str(c, x, y, style, text);
	canvas_str(c, x + 1, y, STYLE_KEY, key);
	return c->area.w - w - 1;
}

static void draw_target(const struct view *v, struct canvas *c)
{
	const struct picker *p = view_state(v);
	struct canvas_field f = {4, 0, c->area.w - 4, STYLE_TITLE, ALIGN_LEFT, CUT_MIDDLE};
	const char *op = pick_op_word(p->type, p->op);
	enum style style = p->op == OP_NE ? STYLE_EXCLUDE : STYLE_INCLUDE;
	char name[96], many[64];
	const char *text;

	if (has_operators(p->type))
		f.w = draw_right(v, c, 0, "include-exclude", op, style) - 6;
	else if (p->op == OP_NE)
		f.w = draw_right(v, c, 0, "", "exclude only", style) - 6;
	if (p->n_ids == 1) {
		text = session_line_item_name(p->session, p->ids[0], name, sizeof name);
	} else {
		snprintf(many, sizeof many, "%zu line items", p->n_ids);
		text = many;
	}
	canvas_str(c, 0, 0, STYLE_DIM, "to ");
	f.x = 3;
	canvas_field(c, &f, text, strlen(text));
}

static void draw_field(const struct view *v, struct canvas *c)
{
	const struct picker *p = view_state(v);
	char facets[160];
	int x, end = c->area.w;

	pick_facets_text(p, facets, sizeof facets);
	if (facets[0])
		end = draw_right(v, c, 1, "narrow", facets, STYLE_DIM);
	x = canvas_str(c, 0, 1, STYLE_PROMPT, field_label(p));
	edit_draw(&p->field, c, x, 1, end - x - 2);
}

/* The table would say that Esc clears the filter; here Esc closes. */
static void draw_nothing(const struct picker *p, struct canvas *body)
{
	const char *text = edit_text(&p->field);

	if (pick_is_free(p) || list_shown(&p->list) || !text[0] || list_count(&p->list) == 0)
		return;
	canvas_fill(body, (struct rect){0, 1, body->area.w, body->area.h - 1}, STYLE_NORMAL);
	canvas_strf(body, 2, 2, STYLE_DIM, "nothing here matches \"%s\"", text);
}

static void picker_draw(const struct view *v, struct canvas *c)
{
	const struct picker *p = view_state(v);
	int rows = table_rows(p, c->area.h);
	struct canvas body;

	draw_target(v, c);
	if (c->area.h <= HEAD)
		return;
	body = canvas_sub(c, (struct rect){0, HEAD, c->area.w, rows});
	table_draw(&p->table, &body);
	draw_nothing(p, &body);
	detail_note(c, HEAD + rows, p->note_style, p->note);
	if (p->outlook_lines)
		pick_outlook_draw(p, c, c->area.h - p->outlook_lines);
	draw_field(v, c); /* last: it places the cursor */
}

/* --- commands --- */

static enum err do_pick(struct view *v, struct errinfo *ei)
{
	struct picker *p = view_state(v);
	const char *text = edit_text(&p->field);
	size_t bad = pick_is_free(p) ? pick_words_bad(p) : 0;
	char why[96];
	bool asked;
	enum err err;

	if (pick_is_free(p) && text[0]) {
		err = pick_words_add(v, text, strlen(text), false, ei);
		if (!err)
			edit_set(&p->field, "");
		return err;
	}
	if (pick_is_free(p) && p->rows.n == bad)
		return err_set(ei, ERR_REFUSED, "nothing to stage yet; type a value first");
	if (bad && !p->told_bad) {
		p->told_bad = true;
		return err_set(ei, ERR_REFUSED,
		    "%zu lines of the list are no values; Enter again stages the others", bad);
	}
	if (!pick_is_free(p) && list_selected_count(&p->list) == 0)
		return err_set(ei, ERR_REFUSED, "nothing here matches \"%.80s\"%s", text,
		    pick_can_search(p, why, sizeof why) ? "; C-r searches at X" : "");
	err = pick_single(v, &asked, ei);
	return err || asked ? err : pick_take(v, ei);
}

static void next_operator(struct picker *p)
{
	enum operator_type op = p->op;

	do
		op = op + 1 >= OP_OTHER ? OP_EQ : op + 1;
	while (!type_allows(p->type, op));
	p->op = op;
	if (pick_is_free(p))
		pick_words_apply(p);
}

enum err pick_search(struct view *v, const char *text, struct errinfo *ei)
{
	struct picker *p = view_state(v);
	char cost[64];
	size_t n_read;
	enum err err;

	text += strspn(text, " ");
	if (!text[0])
		return err_set(ei, ERR_REFUSED, "type what to search for first");
	err = pick_rows_keep(p);
	if (!err) {
		pick_search_cost(p, cost, sizeof cost);
		snprintf(p->search, sizeof p->search, "%s", text);
		err = pick_rows_read(p);
	}
	if (err)
		return err_set(ei, err, "no memory to search");
	if (pick_rows_loading(p, &n_read))
		app_message(
		    v->app, STYLE_NOTE, "searching at X for \"%.80s\": costs %s", text, cost);
	else
		app_message(v->app, STYLE_NOTE,
		    "\"%.80s\" was searched before and the answer is fresh: nothing was asked",
		    text);
	return ERR_OK;
}

static enum err do_search(struct view *v, struct errinfo *ei)
{
	struct picker *p = view_state(v);
	enum err err = pick_search(v, edit_text(&p->field), ei);

	if (!err)
		go_to_best(p);
	return err;
}

static void do_cancel(struct view *v)
{
	struct picker *p = view_state(v);
	size_t n = pick_is_free(p) ? p->rows.n : list_marked(&p->list);

	if (n && !p->warned) {
		p->warned = true;
		app_message(v->app, STYLE_WARNING,
		    "%zu %s not staged yet: Enter stages, Esc again drops", n,
		    n == 1 ? "value is" : "values are");
		return;
	}
	app_close(v);
}

static enum err picker_command(struct view *v, const struct command_call *call, struct errinfo *ei)
{
	struct picker *p = view_state(v);
	int id = call->cmd->id;

	if (id != CORE_CANCEL)
		p->warned = false;
	if (id != VIEWS_PICK)
		p->told_bad = false;
	view_touch(v, TOUCH_ALL);
	switch (id) {
	case VIEWS_PICK:
	case CORE_ACCEPT:
		return do_pick(v, ei);
	case VIEWS_PICK_OPERATOR:
		next_operator(p);
		return ERR_OK;
	case VIEWS_PASTE_LINES:
		return paste_lines(v->app, ei);
	case VIEWS_PICK_FACET:
		return pick_facets_choose(v, ei);
	case VIEWS_PICK_SEARCH:
		return do_search(v, ei);
	case VIEWS_PICK_HARVEST:
		return pick_harvest(v, ei);
	case VIEWS_REFRESH:
		pick_rows_again(p);
		return ERR_OK;
	case CORE_CANCEL:
		do_cancel(v);
		return ERR_OK;
	case CORE_DELETE_CHAR:
		if (pick_is_free(p) && !edit_text(&p->field)[0]) {
			pick_words_remove(p);
			return ERR_OK;
		}
		break;
	default:
		break;
	}
	if (edit_command(&p->field, id))
		query_changed(v);
	return ERR_OK;
}

static bool picker_can(const struct view *v, const struct command *cmd, char *reason, size_t cap)
{
	const struct picker *p = view_state(v);

	switch (cmd->id) {
	case VIEWS_PICK_OPERATOR:
		if (has_operators(p->type))
			return true;
		snprintf(reason, cap,
		    p->op == OP_NE ? "X lets %s be excluded only"
				   : "X documents no excluding for %s, so it can only be included",
		    type_info(p->type)->label);
		return false;
	case VIEWS_PICK_SEARCH:
		return pick_can_search(p, reason, cap);
	case VIEWS_PICK_HARVEST:
		if (p->type == TYPE_TV_SHOW)
			return true;
		snprintf(
		    reason, cap, "the list comes by itself; only TV shows have to be asked for");
		return false;
	default:
		return true;
	}
}

/* --- typed characters, paste, mouse --- */

/* Several lines; a line end behind the only one does not count. */
static bool has_lines(const struct event *e)
{
	bool ended = false;

	for (size_t i = 0; i < e->len; i++) {
		if (e->text[i] == '\n' || e->text[i] == '\r')
			ended = true;
		else if (ended && e->text[i] != ' ' && e->text[i] != '\t')
			return true;
	}
	return false;
}

static bool on_paste(struct view *v, const struct event *e)
{
	struct picker *p = view_state(v);
	struct errinfo ei = {0};

	if (has_lines(e) && pick_is_free(p)) {
		if (pick_words_add(v, e->text, e->len, true, &ei))
			app_message_err(v->app, &ei);
	} else if (has_lines(e)) {
		if (app_push(
			v->app, &resolver_view, &(struct resolver_arg){e->text, e->len}, NULL, &ei))
			app_message_err(v->app, &ei);
	} else if (edit_insert(&p->field, e->text, e->len)) {
		app_message(v->app, STYLE_WARNING, "the pasted text is too long for this line");
	} else {
		query_changed(v);
	}
	return true;
}

static bool on_mouse(struct view *v, const struct event *e)
{
	struct picker *p = view_state(v);
	struct errinfo ei = {0};
	size_t pos;

	if (e->mouse.action == MOUSE_WHEEL) {
		list_scroll(&p->list, 3L * e->mouse.button);
		return true;
	}
	if (!table_pos_at(&p->table, e->mouse.y - HEAD, &pos))
		return false;
	list_goto_pos(&p->list, pos);
	p->moved = true;
	if (e->mouse.action == MOUSE_DOUBLE && !pick_is_free(p) && pick_take(v, &ei))
		app_message_err(v->app, &ei);
	return true;
}

static bool picker_event(struct view *v, const struct event *e)
{
	struct picker *p = view_state(v);

	switch (e->kind) {
	case EVENT_KEY:
		if (!key_is_text(e->key) || edit_key(&p->field, e->key))
			return false;
		query_changed(v);
		return true;
	case EVENT_PASTE:
		return on_paste(v, e);
	case EVENT_MOUSE:
		return on_mouse(v, e);
	default:
		return false;
	}
}

/* --- frame --- */

/* "12,300 of ~57,000 so far": of the lists whose size somebody counted */
static void so_far(const struct picker *p, const char *n_read, char *out, size_t cap)
{
	struct pick_scope scopes[PICK_SCOPES];
	size_t n = pick_scopes(p, scopes), requests, rows = 0;
	char number[32];

	for (size_t i = 0; i < n && type_info(p->type)->value == VALUE_LOOKUP; i++)
		rows += options_expected(
		    type_info(p->type)->lookup, scopes[i].params, scopes[i].n, &requests);
	if (rows && p->type != TYPE_TV_SHOW)
		snprintf(out, cap, "%s of ~%s so far", n_read,
		    table_number(number, (rows + 500) / 1000 * 1000));
	else
		snprintf(out, cap, "%s so far", n_read);
}

static void picker_describe(const struct view *v, struct view_about *a)
{
	const struct picker *p = view_state(v);
	size_t n_read;

	snprintf(a->title, sizeof a->title, "Add: %s", type_info(p->type)->label);
	snprintf(a->crumb, sizeof a->crumb, "Add");
	table_position(&p->table, a->position, sizeof a->position);
	a->loading = pick_rows_loading(p, &n_read);
	a->progress = -1;
	if (a->loading) {
		char number[32];

		so_far(p, table_number(number, n_read), a->progress_text, sizeof a->progress_text);
	}
	a->hints = p->hints;
}

static void picker_changed(struct view *v, unsigned touch)
{
	struct picker *p = view_state(v);

	(void)touch;
	p->moved = true;
	p->warned = false;
}

static struct table *picker_table(struct view *v)
{
	struct picker *p = view_state(v);

	return &p->table;
}

const struct view_ops picker_view = {
    .name = "picker",
    .title = "Add targeting",
    .parent = "input",
    .commands = "take include-exclude narrow paste-lines search-at-x harvest refresh accept "
		"cancel " EDIT_COMMANDS,
    .flags = VIEW_TEXT,
    .state_size = sizeof(struct picker),
    .open = picker_open,
    .load = picker_load,
    .layout = picker_layout,
    .draw = picker_draw,
    .command = picker_command,
    .can = picker_can,
    .event = picker_event,
    .describe = picker_describe,
    .changed = picker_changed,
    .table = picker_table,
    .done = picker_done,
};
