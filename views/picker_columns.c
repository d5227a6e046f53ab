#include <stdio.h>
#include <string.h>
#include "views/picker.h"
#include "views/rows.h"

#define NAME(title, min)                                                                           \
	{                                                                                          \
		title, min, 90, 4, ALIGN_LEFT, CUT_MIDDLE, COL_NONE                                \
	}
#define ID(min)                                                                                    \
	{                                                                                          \
		"ID", min, 24, 0, ALIGN_LEFT, CUT_MIDDLE, COL_HIDEABLE                             \
	}
#define HERE                                                                                       \
	{                                                                                          \
		"Here already", 13, 18, 1, ALIGN_LEFT, CUT_END, COL_NONE                           \
	}
#define WORD(title, min, max, flags)                                                               \
	{                                                                                          \
		title, min, max, (max) > (min), ALIGN_LEFT, CUT_END, flags                         \
	}
#define SHAPE(name)                                                                                \
	static const struct pick_shape name = {                                                    \
	    name##_columns, name##_roles, (int)(sizeof name##_roles / sizeof *name##_roles)}

static const struct table_column place_columns[] = {NAME("Place", 34),
    WORD("Kind", 11, 11, COL_NONE), WORD("Country", 7, 7, COL_NONE), ID(16), HERE};
static const enum pick_role place_roles[] = {
    PICK_NAME, PICK_KIND, PICK_COUNTRY, PICK_ID, PICK_HERE};
SHAPE(place);

static const struct table_column topic_columns[] = {
    NAME("Name", 24), WORD("Kind", 12, 24, COL_NONE), ID(6), HERE};
static const enum pick_role topic_roles[] = {PICK_NAME, PICK_KIND, PICK_ID, PICK_HERE};
SHAPE(topic);

static const struct table_column plain_columns[] = {NAME("Name", 24), ID(6), HERE};
static const enum pick_role plain_roles[] = {PICK_NAME, PICK_ID, PICK_HERE};
SHAPE(plain);

static const struct table_column device_columns[] = {NAME("Device", 24),
    WORD("Maker", 8, 18, COL_HIDEABLE), WORD("System", 7, 12, COL_NONE), ID(4), HERE};
static const enum pick_role device_roles[] = {
    PICK_NAME, PICK_EXTRA, PICK_RAW_KIND, PICK_ID, PICK_HERE};
SHAPE(device);

static const struct table_column version_columns[] = {NAME("Name", 24),
    WORD("Version", 7, 10, COL_NONE), WORD("System", 7, 12, COL_NONE), ID(4), HERE};
static const enum pick_role version_roles[] = {
    PICK_NAME, PICK_EXTRA, PICK_RAW_KIND, PICK_ID, PICK_HERE};
SHAPE(version);

static const struct table_column app_columns[] = {
    NAME("Category", 24), WORD("System", 7, 12, COL_NONE), ID(6), HERE};
static const enum pick_role app_roles[] = {PICK_NAME, PICK_RAW_KIND, PICK_ID, PICK_HERE};
SHAPE(app);

static const struct table_column carrier_columns[] = {
    NAME("Carrier", 24), WORD("Country", 7, 7, COL_NONE), ID(4), HERE};
static const enum pick_role carrier_roles[] = {PICK_NAME, PICK_COUNTRY, PICK_ID, PICK_HERE};
SHAPE(carrier);

static const struct table_column event_columns[] = {NAME("Event", 24),
    WORD("Kind", 10, 24, COL_NONE), WORD("Country", 7, 7, COL_NONE),
    WORD("Starts", 10, 10, COL_NONE), ID(5), HERE};
static const enum pick_role event_roles[] = {
    PICK_NAME, PICK_KIND, PICK_COUNTRY, PICK_EXTRA, PICK_ID, PICK_HERE};
SHAPE(event);

static const struct table_column show_columns[] = {
    NAME("Show", 24), WORD("Genre", 8, 20, COL_NONE), ID(11), HERE};
static const enum pick_role show_roles[] = {PICK_NAME, PICK_KIND, PICK_ID, PICK_HERE};
SHAPE(show);

static const struct table_column audience_columns[] = {NAME("Audience", 24),
    WORD("Type", 8, 10, COL_HIDEABLE), {"People", 9, 13, 0, ALIGN_RIGHT, CUT_END, COL_NONE},
    WORD("Targetable", 10, 10, COL_NONE), ID(5), HERE};
static const enum pick_role audience_roles[] = {
    PICK_NAME, PICK_RAW_KIND, PICK_EXTRA, PICK_USABLE, PICK_ID, PICK_HERE};
SHAPE(audience);

static const struct table_column own_columns[] = {
    NAME("Name", 24), WORD("Status", 8, 14, COL_NONE), ID(6), HERE};
static const enum pick_role own_roles[] = {PICK_NAME, PICK_KIND, PICK_ID, PICK_HERE};
SHAPE(own);

static const struct table_column keyword_columns[] = {
    NAME("Keyword", 24), WORD("Match", 9, 9, COL_NONE), WORD("Use", 8, 8, COL_NONE), HERE};
static const enum pick_role keyword_roles[] = {PICK_NAME, PICK_MATCH, PICK_USE, PICK_HERE};
SHAPE(keyword);

static const struct table_column value_columns[] = {
    NAME("Value", 24), WORD("Use", 8, 12, COL_NONE), HERE};
static const enum pick_role value_roles[] = {PICK_NAME, PICK_USE, PICK_HERE};
SHAPE(value);

/* What X calls a fixed choice says no more than its label. */
static const struct table_column choice_columns[] = {NAME("Choice", 24), HERE};
static const enum pick_role choice_roles[] = {PICK_NAME, PICK_HERE};
SHAPE(choice);

const struct pick_shape *pick_shape_of(enum targeting_type t)
{
	switch (t) {
	case TYPE_LOCATION:
		return &place;
	case TYPE_CONVERSATION:
		return &topic;
	case TYPE_DEVICE:
		return &device;
	case TYPE_PLATFORM_VERSION:
		return &version;
	case TYPE_APP_STORE_CATEGORY:
	case TYPE_APP_STORE_CATEGORY_LOOKALIKE:
		return &app;
	case TYPE_NETWORK_OPERATOR:
		return &carrier;
	case TYPE_EVENT:
		return &event;
	case TYPE_TV_SHOW:
		return &show;
	default:
		break;
	}
	switch (type_info(t)->value) {
	case VALUE_AUDIENCE:
		return &audience;
	case VALUE_CAMPAIGN:
	case VALUE_PROMOTABLE:
		return &own;
	case VALUE_ENUM:
		return &choice;
	case VALUE_KEYWORD:
		return &keyword;
	case VALUE_USER_ID:
	case VALUE_NUMBER:
	case VALUE_OPAQUE:
		return &value;
	default:
		return &plain;
	}
}

const char *pick_op_word(enum targeting_type t, enum operator_type op)
{
	if (t == TYPE_PLATFORM_VERSION)
		return op == OP_GTE ? "this and newer" : "this version only";
	switch (op) {
	case OP_NE:
		return "exclude";
	case OP_GTE:
		return "at least";
	case OP_LT:
		return "less than";
	default:
		return "include";
	}
}

static const char *match_word(enum targeting_type t)
{
	switch (t) {
	case TYPE_PHRASE_KEYWORD:
		return "phrase";
	case TYPE_EXACT_KEYWORD:
		return "exact";
	case TYPE_UNORDERED_KEYWORD:
		return "unordered";
	default:
		return "broad";
	}
}

void pick_kind_cell(const char *kind, struct table_cell *out)
{
	const char *place_word = rows_place_word(kind);

	if (place_word) {
		row_cell_text(out, place_word);
		return;
	}
	rows_words(kind ? kind : "", out->scratch, sizeof out->scratch);
	row_cell_text(out, out->scratch);
}

static void cell_here(const struct picker *p, const struct pick_use *u, struct table_cell *out)
{
	unsigned live;

	if (!u)
		return;
	live = u->live[0] + u->live[1];
	if (u->staged[0] || u->staged[1]) {
		out->style = STYLE_ADDED;
		row_cell_text(out, u->staged[1] ? "+ exclude" : "+ staged");
	} else if (u->removed) {
		out->style = STYLE_REMOVED;
		row_cell_text(out, "- removal");
	} else if (live >= p->n_ids) {
		out->style = STYLE_DIM;
		row_cell_text(out, u->live[1] ? "excluded" : "included");
	} else if (live) {
		out->style = STYLE_DIM;
		snprintf(out->scratch, sizeof out->scratch, "%s %u of %zu",
		    u->live[1] ? "excl." : "in", live, p->n_ids);
		row_cell_text(out, out->scratch);
	}
}

static enum style name_style(
    const struct picker *p, const struct pick_row *r, const struct pick_use *u)
{
	if (u && (u->live[0] + u->live[1] >= p->n_ids || u->staged[0] || u->staged[1]))
		return STYLE_DIM;
	return r->bad ? STYLE_ERROR : r->warning ? STYLE_WARNING : STYLE_NORMAL;
}

#define DATE_BYTES 10 /* "2027-12-31" */

void pick_cell(const void *user, size_t row, int column, struct table_cell *out)
{
	const struct picker *p = user;
	const struct pick_row *r = &p->rows.v[row];
	const struct pick_use *u = pick_here(p, r->type, r->value);

	switch (p->shape->roles[column]) {
	case PICK_NAME:
		row_cell_text(out, r->name);
		out->style = name_style(p, r, u);
		break;
	case PICK_KIND:
		pick_kind_cell(r->kind, out);
		break;
	case PICK_RAW_KIND:
		row_cell_text(out, r->kind);
		break;
	case PICK_COUNTRY:
		row_cell_text(out, r->country);
		break;
	case PICK_EXTRA:
		row_cell_text(out, r->extra);
		if (p->type == TYPE_EVENT && out->len > DATE_BYTES)
			out->len = DATE_BYTES; /* events begin at midnight UTC (reference 5.1) */
		break;
	case PICK_USABLE:
		row_cell_text(out, r->warning ? "no" : "yes");
		out->style = r->warning ? STYLE_WARNING : STYLE_OK;
		break;
	case PICK_MATCH:
		row_cell_text(out, r->bad ? "-" : match_word(r->type));
		break;
	case PICK_USE:
		row_cell_text(out, r->bad ? "! no" : pick_op_word(r->type, r->op));
		out->style = r->bad ? STYLE_ERROR : r->op == OP_NE ? STYLE_EXCLUDE : STYLE_INCLUDE;
		break;
	case PICK_ID:
		row_cell_text(out, r->value);
		out->style = STYLE_DIM;
		break;
	case PICK_HERE:
		cell_here(p, u, out);
		break;
	}
}
