#include "sandbox/criterion.h"

#include <string.h>
#include "base/clock.h"
#include "sandbox/catalogue.h"
#include "sandbox/content.h"
#include "sandbox/sandbox.h"

/* Types whose values the API sends as numbers (reference 2.7). */
static bool is_numeric(const char *type)
{
	return strcmp(type, "TV_SHOW") == 0 || strcmp(type, "CONTENT_PUBLISHER_USER") == 0;
}

static const char *column(sqlite3_stmt *q, int i)
{
	return (const char *)sqlite3_column_text(q, i);
}

/* A page is a thousand of these, so constant text goes out as it is, and a time that equals the
 * last one is not formatted again. */
#define PUT(out, text) buf_add((out), text, sizeof(text) - 1)

static void put_time(struct call *c, int64_t wall_s, struct buf *out)
{
	if (wall_s != c->last_time_s || !*c->last_time) {
		clock_format_utc(wall_s, c->last_time);
		c->last_time_s = wall_s;
	}
	buf_addc(out, '"');
	buf_adds(out, c->last_time);
	buf_addc(out, '"');
}

void criterion_write(
    struct call *c, sqlite3_stmt *stmt, const char *line_item_id, const char *lang, struct buf *out)
{
	const char *type = column(stmt, 1), *value = column(stmt, 3);
	const char *place = column(stmt, 5), *localized = NULL;
	char id[14];

	base36_write((uint64_t)sqlite3_column_int64(stmt, 0), id);
	if (lang && strcmp(type, "PLATFORM") == 0)
		localized = catalogue_localized(OPTION_PLATFORM, value, lang);
	json_open(out, '{');
	PUT(out, "\"line_item_id\":\"");
	buf_adds(out, line_item_id);
	PUT(out, "\",\"name\":");
	json_str(out, column(stmt, 4));
	PUT(out, ",\"id\":\"");
	buf_adds(out, id);
	PUT(out, "\",\"created_at\":");
	put_time(c, sqlite3_column_int64(stmt, 6), out);
	PUT(out, ",\"targeting_value\":");
	if (is_numeric(type))
		buf_adds(out, value);
	else
		json_str(out, value);
	PUT(out, ",\"updated_at\":");
	put_time(c, sqlite3_column_int64(stmt, 7), out);
	PUT(out, ",\"deleted\":");
	buf_adds(out, sqlite3_column_int(stmt, 8) ? "true" : "false");
	PUT(out, ",\"operator_type\":");
	json_str(out, column(stmt, 2));
	PUT(out, ",\"targeting_type\":");
	json_str(out, type);
	if (place)
		json_put_str(out, "location_type", place);
	if (localized)
		json_put_str(out, "localized_name", localized);
	json_close(out, '}');
}

bool criterion_write_seq(struct call *c, int64_t seq, const char *lang, struct buf *out)
{
	struct db *db = &c->sb->db;
	sqlite3_stmt *q = db_query(db,
	    "SELECT " CRITERION_COLUMNS ", e.id FROM criterion c JOIN entity e ON e.row = c.li"
	    " WHERE c.seq = ?",
	    "i", seq);
	bool found = db_step(db, q);

	if (found)
		criterion_write(c, q, column(q, 9), lang, out);
	sqlite3_reset(q);
	return found;
}

int64_t criterion_insert(struct db *db, int64_t line_item_row, const char *type_name,
    const char *value, const struct criterion_extra *x)
{
	db_run(db,
	    "INSERT INTO criterion(seq, li, type, op, value, name, place, created, updated, "
	    "deleted,"
	    " born_ms) VALUES(nullif(?1, 0), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, 0, ?9)",
	    "iittttt"
	    "ii",
	    x->seq, line_item_row, type_name, x->op, value, x->name, x->place, x->created_s,
	    x->born_ms);
	return sqlite3_last_insert_rowid(db->h);
}

void criterion_remove(struct call *c, int64_t seq)
{
	db_run(&c->sb->db,
	    "UPDATE criterion SET deleted = 1, updated = ?, died_ms = ? WHERE seq = ?", "iii",
	    sandbox_now_s(c->sb), sandbox_mono_ms(c->sb), seq);
}

static enum option_kind option_of(enum targeting_type type)
{
	switch (type) {
	case TYPE_LOCATION:
		return OPTION_LOCATION;
	case TYPE_CONVERSATION:
		return OPTION_CONVERSATION;
	case TYPE_INTEREST:
		return OPTION_INTEREST;
	case TYPE_DEVICE:
		return OPTION_DEVICE;
	case TYPE_LANGUAGE:
		return OPTION_LANGUAGE;
	case TYPE_PLATFORM:
		return OPTION_PLATFORM;
	case TYPE_PLATFORM_VERSION:
		return OPTION_PLATFORM_VERSION;
	case TYPE_NETWORK_OPERATOR:
		return OPTION_NETWORK_OPERATOR;
	case TYPE_APP_STORE_CATEGORY:
	case TYPE_APP_STORE_CATEGORY_LOOKALIKE:
		return OPTION_APP_STORE_CATEGORY;
	case TYPE_EVENT:
		return OPTION_EVENT;
	default:
		return OPTION_KINDS;
	}
}

const char *criterion_name(
    struct call *c, enum targeting_type type, const char *value, const char **place)
{
	enum option_kind kind = option_of(type);
	const struct option_row *row = NULL;
	struct entity e;

	*place = NULL;
	if (kind != OPTION_KINDS)
		row = catalogue_find(c->sb->catalogue, kind, value);
	else if (type == TYPE_TV_SHOW)
		row = catalogue_show(c->sb->catalogue, value);
	if (row) {
		*place = type == TYPE_LOCATION ? row->kind : NULL;
		return row->name;
	}
	switch (type) {
	case TYPE_LOCATION:
		return NULL;
	case TYPE_GENDER:
		return strcmp(value, "1") == 0 ? "Male" : "Female";
	case TYPE_CUSTOM_AUDIENCE:
	case TYPE_CUSTOM_AUDIENCE_EXPANDED:
		return "Custom audience targeting"; /* not the audience's own name: reference 2.7, G29 */
	case TYPE_CAMPAIGN_ENGAGEMENT:
	case TYPE_CAMPAIGN_ENGAGEMENT_LOOKALIKE:
		return entity_find(c, ENTITY_CAMPAIGN, value, &e) ? e.name : value;
	case TYPE_IAB_CATEGORY:
		return content_iab_name(value);
	case TYPE_CONTENT_PUBLISHER_USER:
		return content_publisher_name(value);
	default:
		return value;
	}
}
