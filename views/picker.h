/* The picker: choose values of one targeting type and stage them on line items. What its sources
 * (picker_*.c) share; other views need only picker_start and picker_view of views.h.
 *
 * There are two ways to choose. From a list: rows come from look-ups, fixed values or the account's
 * own audiences, campaigns and users, and the typed text filters them. Free: what is typed or pasted
 * becomes rows, which are staged together. */
#ifndef RETICLE_VIEWS_PICKER_H
#define RETICLE_VIEWS_PICKER_H

#include "base/arena.h"
#include "base/map.h"
#include "store/catalog.h"
#include "targeting/types.h"
#include "tui/app.h"
#include "tui/edit.h"
#include "tui/list.h"
#include "tui/table.h"

#include "session/reach.h"
#include "session/session.h"
#include "targeting/rules.h"

#define PICK_SCOPES 6 /* look-ups that one list is made of, a search at X included */
#define PICK_QUERY_MAX 240 /* below LIST_FILTER_MAX */

enum pick_role {
	PICK_NAME,
	PICK_KIND, /* API enum in words */
	PICK_RAW_KIND, /* as X spells it: an operating system */
	PICK_COUNTRY,
	PICK_EXTRA,
	PICK_USABLE, /* yes, or no with the reason below the list */
	PICK_MATCH, /* of a keyword */
	PICK_USE, /* include or exclude, of a typed row */
	PICK_ID,
	PICK_HERE, /* what the line items have of it already */
};

struct pick_shape { /* columns of a type */
	const struct table_column *columns;
	const enum pick_role *roles;
	int n;
};

struct pick_row {
	const char *value, *name, *kind, *country, *extra;
	const char
	    *warning; /* why X will probably refuse it, or why it is bad; NULL: nothing known */
	uint64_t key;
	enum targeting_type type; /* of a typed keyword; else that of the picker */
	enum operator_type op;
	bool bad; /* a pasted line that is no value: shown with the reason, never staged */
};

struct pick_rows {
	struct arena text; /* of rows whose strings are copies */
	struct pick_row *v;
	size_t n, cap;
};

enum pick_facet_kind { FACET_KIND, FACET_COUNTRY, FACET_MATCH };

struct pick_facet { /* one choice behind F2 */
	enum pick_facet_kind kind;
	char value[64]; /* "" is all */
};

struct pick_use { /* how many of the line items have a value; [1] is excluded */
	unsigned live[2], staged[2], removed;
};

/* The line item as it would be with what is chosen (picker_outlook.c). */
struct pick_outlook {
	uint64_t about; /* what it was made for; 0: nothing */
	bool shown;
	struct buf before,
	    after; /* expressions: as staged, and with the choice; of one line item */
	char reach[2][REACH_KEY_SIZE]; /* of the same */
	/* the worst problem that the choice brings; title "": none */
	char title[96], problem[256];
	enum rule_severity severity;
	size_t n_items; /* line items where it brings an error or a warning */
};

struct picker {
	struct session *session;
	struct arena fixed; /* the ids */
	const char **ids; /* line items */
	size_t n_ids;
	enum targeting_type type;
	enum operator_type op; /* of what is taken next */
	const struct pick_shape *shape;
	struct edit field;
	struct list list;
	struct table table;
	struct pick_rows rows;
	unsigned built; /* counts the readings that changed the rows */
	struct pick_rows kept; /* marked rows of other facets, shown behind the rows */
	char kind[64], country[16]; /* facets; "" is all */
	/* The country is not a guess: the user chose it, or all places that the line items have are
	 * in it. */
	bool country_known;
	bool
	    postal; /* with all kinds: the postal codes of the country too, since some were pasted */
	char search[PICK_QUERY_MAX + 1]; /* searched at X; "" when nothing was */
	const struct catalog_set *sets[PICK_SCOPES]; /* the rows borrow from these */
	size_t n_sets;
	struct pick_facet *facets;
	size_t n_facets;
	struct map here; /* "TYPE\nvalue" to an index of uses */
	struct pick_use *uses;
	size_t n_uses, cap_uses;
	size_t n_without_location; /* line items that have none, not even staged */
	size_t n_unread; /* line items whose criteria are not known */
	uint64_t seen[DATA_KINDS]; /* generations */
	bool moved; /* the user chose the row under the cursor: rows that arrive leave it there */
	bool warned; /* Esc was pressed once although something would be lost */
	bool told_bad; /* Enter was pressed once although bad lines would be left out */
	char note[400]; /* below the list */
	int note_lines;
	struct pick_outlook outlook;
	int outlook_lines; /* below the note; 0 on a small screen */
	enum style note_style;
	char hints[96];
};

static inline bool pick_is_free(const struct picker *p)
{
	enum value_kind k = type_info(p->type)->value;

	return k == VALUE_KEYWORD || k == VALUE_USER_ID || k == VALUE_NUMBER || k == VALUE_OPAQUE;
}

/* --- picker.c --- */

/* Search at X for the text, once, and read the rows anew. */
/* Fetch every TV show of the market, in the background. */
enum err pick_harvest(struct view *v, struct errinfo *ei);
enum err pick_search(struct view *v, const char *text, struct errinfo *ei);

/* --- picker_rows.c: where the rows come from --- */

void pick_rows_init(struct pick_rows *r);
void pick_rows_done(struct pick_rows *r);
void pick_rows_clear(struct pick_rows *r);
/* A zeroed last row with copies of value and name, NULL without memory. */
struct pick_row *pick_rows_add(struct pick_rows *r, const char *value, const char *name);
/* Ask for what is missing and read the rows anew when anything of it changed. */
enum err pick_rows_read(struct picker *p);
bool pick_rows_loading(const struct picker *p, size_t *n_read);
/* Why the list is not complete, as the first error of its look-ups; false when there is none. */
bool pick_rows_error(const struct picker *p, struct errinfo *ei);
void pick_rows_again(struct picker *p); /* read from X again */
/* Marked rows are copied to `kept` before the rows change, so that other facets do not lose them. */
enum err pick_rows_keep(struct picker *p);

/* --- picker_here.c: what the line items have already --- */

enum err pick_here_read(struct picker *p);
/* NULL: nothing. */
const struct pick_use *pick_here(
    const struct picker *p, enum targeting_type type, const char *value);
/* Of these line items: how many have no LOCATION, neither live nor staged; those not read yet do
 * not count. */
size_t pick_without_location(struct session *s, const char *const *ids, size_t n);

/* --- picker_columns.c --- */

const struct pick_shape *pick_shape_of(enum targeting_type t);
void pick_cell(const void *user, size_t row, int column, struct table_cell *out);
void pick_kind_cell(const char *kind, struct table_cell *out); /* in words; NULL is empty */
const char *pick_op_word(enum targeting_type t, enum operator_type op); /* "include" */

/* --- picker_facets.c --- */

void pick_facets_start(struct picker *p); /* what the type opens with */
enum err pick_facets_choose(struct view *v, struct errinfo *ei);
/* The look-ups that say where the line items' places are may have come only now. */
void pick_country_again(struct picker *p);
/* Every postal code of the country is among the rows, and the country is no guess. */
bool pick_has_all_codes(const struct picker *p);
/* "all kinds, United States"; "" when the type has no facets */
void pick_facets_text(const struct picker *p, char *out, size_t cap);
/* Scopes of the list under the present facets: n of them, the search last. */
struct pick_scope {
	struct api_param params[3];
	size_t n;
	bool search;
};
size_t pick_scopes(const struct picker *p, struct pick_scope out[PICK_SCOPES]);
/* Can this type be searched at X? When not, why. */
bool pick_can_search(const struct picker *p, char *reason, size_t cap);
/* "1 request, 388 of 400 left"; what is known of the budget. */
void pick_search_cost(const struct picker *p, char *out, size_t cap);

/* --- picker_words.c: typed values --- */

/* Take the text (one or many lines) as rows. Bad lines are told, and with `keep_bad` listed. */
enum err pick_words_add(
    struct view *v, const char *text, size_t n, bool keep_bad, struct errinfo *ei);
size_t pick_words_bad(const struct picker *p);
void pick_words_remove(struct picker *p); /* the marked ones, else the one under the cursor */
/* Marked rows get the picker's match type and operator. */
void pick_words_apply(struct picker *p);

/* --- picker_take.c --- */

/* What taking the row stages on a line item; borrows their strings. */
struct change pick_change(const struct picker *p, const struct pick_row *r, const char *id);

/* Stage these rows on every line item and say so; *staged: 0 when all of it was there already. */
enum err pick_stage(struct app *app, struct picker *p, const struct pick_row *const *rows, size_t n,
    size_t *staged, struct errinfo *ei);
/* Stage the selected rows (free: all rows) on every line item; closes the view when something was
 * staged. */
enum err pick_take(struct view *v, struct errinfo *ei);

/* --- picker_single.c --- */

/* Of a type of which a line item takes one: what a row would take the place of. */
struct pick_others {
	struct change_set live; /* as the removals that would be staged */
	uint64_t *staged; /* ids of staged additions that would be taken back */
	size_t n_staged;
	size_t n_items;
	const char *name; /* of the first one; borrowed from live or from the stage */
};
void pick_others_init(struct pick_others *o);
void pick_others_done(struct pick_others *o);
/* Add what this line item has. ERR_NOMEM, or why its criteria cannot be read. */
enum err pick_others_of(
    struct picker *p, const char *id, const struct pick_row *row, struct pick_others *o);

/* Of a type of which a line item takes one: when a line item has another value, ask whether the chosen
 * one is put in its place; the answer stages. *asked: false when there is nothing to ask. */
enum err pick_single(struct view *v, bool *asked, struct errinfo *ei);

/* --- picker_outlook.c --- */

#define PICK_OUTLOOK_LINES 2
void pick_outlook_init(struct pick_outlook *o);
void pick_outlook_done(struct pick_outlook *o);
/* Anew, when the choice or what it is about changed; asks for the reach once the user rests. */
void pick_outlook_read(struct picker *p);
void pick_outlook_draw(const struct picker *p, struct canvas *c, int y);

/* --- picker_start.c --- */

/* Can this type be picked now for these line items? When not, why. */
bool pick_can_start(struct session *s, enum targeting_type t, char *reason, size_t cap);

#endif
