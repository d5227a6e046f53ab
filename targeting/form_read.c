#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"
#include "targeting/form.h"
#include "targeting/record.h"

void form_read_init(struct form_read *r)
{
	*r = (struct form_read){0};
	criterion_set_init(&r->rows);
	arena_init(&r->arena);
	set_index_init(&r->seen);
}

void form_read_done(struct form_read *r)
{
	criterion_set_done(&r->rows);
	arena_done(&r->arena);
	set_index_done(&r->seen);
	mem_free(r->errors);
	*r = (struct form_read){0};
}

enum err form_add_error(struct form_read *r, size_t line, size_t column, const char *fmt, ...)
{
	char text[300];
	const char *copy;
	void *v = r->errors;
	va_list ap;

	if (r->n_errors >= FORM_MAX_ERRORS)
		return ERR_OK;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	copy = arena_strdup(&r->arena, text);
	if (!copy || !record_grow(&v, r->n_errors, &r->errors_cap, sizeof *r->errors))
		return ERR_NOMEM;
	r->errors = v;
	r->errors[r->n_errors++] = (struct form_error){line, column, copy};
	return ERR_OK;
}

static bool is_id(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	return n && n <= 64 && !s[n]; /* reliability B17: what may stand in a path */
}

/* Also one that this program does not know: the account may have it (reliability B14). */
static bool is_type(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return n && n <= 64 && !s[n];
}

/* NULL, or what is wrong with the row. */
static const char *judge(const struct form_row *row, const struct criterion *c)
{
	if (!is_id(row->line_item_id))
		return "the line item id is not an id";
	if (!text_is_utf8(row->value, strlen(row->value)))
		return "the value is not UTF-8";
	if (!*row->value)
		return "the value is missing";
	if (!is_type(row->type_name))
		return "the targeting type is not one";
	if (c->op == OP_OTHER)
		return "the operator is not one of EQ, NE, GTE, LT";
	return NULL;
}

/* Legacy rows and odd operators are let through: the account may have them, and a file that was
 * exported has to read back. Whether a change may be sent is the rules' business. */
enum err form_add(struct form_read *r, const struct form_row *row)
{
	struct criterion c = {.line_item_id = row->line_item_id,
	    .type = type_by_name(row->type_name),
	    .type_name = row->type_name,
	    .op = *row->op_name ? op_by_name(row->op_name) : OP_EQ,
	    .value = row->value,
	    .name = row->name && *row->name ? row->name : NULL};
	const char *wrong = judge(row, &c);
	struct set_key key;
	struct criterion *kept;
	size_t found, at = r->rows.n;
	enum err err;

	if (wrong)
		return form_add_error(r, row->line, row->column, "%s: %.60s %.20s %.100s", wrong,
		    row->type_name, row->op_name, row->value);
	if (at >= FORM_MAX_ROWS)
		return form_add_error(r, row->line, 0, "more than %d rows", FORM_MAX_ROWS);
	kept = criterion_set_copy(&r->rows, &c);
	if (!kept)
		return ERR_NOMEM;
	err = set_key_of(&r->arena, kept, &key);
	if (!err)
		err = set_index_put(&r->seen, &key, at, &found);
	if (err || found == at)
		return err;
	r->rows.n--;
	return form_add_error(r, row->line, row->column,
	    "the same criterion stands above: %.60s %.100s", row->type_name, row->value);
}

/* --- CSV */

enum column {
	COLUMN_LINE_ITEM,
	COLUMN_TYPE,
	COLUMN_OP,
	COLUMN_VALUE,
	COLUMN_NAME,
	COLUMN_GUARDED,
	COLUMN_COUNT
};

static const char *const column_names[COLUMN_COUNT] = {
    "line_item_id", "targeting_type", "operator_type", "targeting_value", "name", "guarded"};

struct csv {
	struct form_read *r;
	const char *p, *end;
	size_t line, record_line;
	struct buf fields; /* of one record, each ended by a NUL */
	size_t start[FORM_MAX_COLUMNS];
	size_t n;
	int where[COLUMN_COUNT]; /* field number of a column, -1: not in the file */
	bool bad; /* the record is broken and was reported */
};

static enum err broken(struct csv *c, const char *why)
{
	c->bad = true;
	return form_add_error(c->r, c->line, c->n + 1, "%s", why);
}

static enum err quoted_field(struct csv *c)
{
	size_t from = c->line;

	for (c->p++; c->p < c->end; c->p++) {
		if (*c->p == '"') {
			if (c->p + 1 == c->end || c->p[1] != '"') {
				c->p++;
				return ERR_OK;
			}
			c->p++;
		}
		c->line += *c->p == '\n';
		if (buf_addc(&c->fields, *c->p))
			return ERR_LIMIT;
	}
	c->line = from;
	return broken(c, "a quote is opened and not closed");
}

static enum err plain_field(struct csv *c)
{
	for (; c->p < c->end && *c->p != ',' && *c->p != '\n' && *c->p != '\r'; c->p++) {
		if (*c->p == '"' && !c->bad) {
			enum err err = broken(c, "a quote inside a field without quotes");

			if (err)
				return err;
		}
		if (buf_addc(&c->fields, *c->p))
			return ERR_LIMIT;
	}
	return ERR_OK;
}

/* One record into fields; c->n is their number. What is broken is reported and read to its end. */
static enum err read_record(struct csv *c)
{
	enum err err = ERR_OK;

	buf_clear(&c->fields);
	c->n = 0;
	c->bad = false;
	c->record_line = c->line;
	while (!err) {
		if (c->n == FORM_MAX_COLUMNS)
			return ERR_LIMIT;
		c->start[c->n] = c->fields.len;
		err = c->p < c->end && *c->p == '"' ? quoted_field(c) : ERR_OK;
		if (!err && c->p < c->end && *c->p != ',' && *c->p != '\n' && *c->p != '\r' &&
		    c->fields.len > c->start[c->n] && !c->bad)
			err = broken(c, "text behind the closing quote");
		if (!err)
			err = plain_field(c);
		if (!err)
			err = buf_addc(&c->fields, '\0');
		c->n++;
		if (err || c->p == c->end || *c->p != ',')
			break;
		c->p++;
	}
	if (c->p < c->end && *c->p == '\r')
		c->p++;
	if (c->p < c->end && *c->p == '\n')
		c->p++;
	c->line++;
	return err;
}

static const char *field(const struct csv *c, enum column column)
{
	int at = c->where[column];

	return at >= 0 && (size_t)at < c->n ? c->fields.p + c->start[at] : "";
}

static enum err read_header(struct csv *c)
{
	enum err err = read_record(c);

	for (int i = 0; i < COLUMN_COUNT; i++) {
		c->where[i] = -1;
		for (size_t k = 0; k < c->n && !err; k++)
			if (!strcmp(c->fields.p + c->start[k], column_names[i]))
				c->where[i] = (int)k;
		if (!err && c->where[i] < 0 && i < COLUMN_NAME && i != COLUMN_OP)
			err = form_add_error(c->r, 1, 0,
			    "the column %s is missing from the first line", column_names[i]);
	}
	return err;
}

static enum err take_record(struct csv *c)
{
	const char *value = field(c, COLUMN_VALUE);
	struct form_row row = {.line_item_id = field(c, COLUMN_LINE_ITEM),
	    .type_name = field(c, COLUMN_TYPE),
	    .op_name = field(c, COLUMN_OP),
	    .value = value,
	    .name = field(c, COLUMN_NAME),
	    .line = c->record_line,
	    .column = c->where[COLUMN_VALUE] >= 0 ? (size_t)c->where[COLUMN_VALUE] + 1 : 0};

	if (c->bad || (c->n == 1 && !c->fields.p[0])) /* an empty line */
		return ERR_OK;
	if (!strcmp(field(c, COLUMN_GUARDED), "value") && *value == '\'')
		row.value++;
	return form_add(c->r, &row);
}

enum err form_csv_read(struct form_read *r, const char *text, size_t n)
{
	struct csv c = {.r = r, .p = text, .end = text + n, .line = 1};
	enum err err;

	if (n >= 2 && (!memcmp(text, "\xff\xfe", 2) || !memcmp(text, "\xfe\xff", 2)))
		return form_add_error(r, 1, 0, "the file is UTF-16; save it as UTF-8");
	if (n && memchr(text, '\0', n))
		return form_add_error(r, 1, 0, "the file holds zero bytes; it is not a CSV file");
	if (n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		c.p += 3;
	buf_init(&c.fields, FORM_MAX_FIELD_BYTES);
	err = read_header(&c);
	while (!err && c.p < c.end && !(r->n_errors && c.line == 2)) {
		err = read_record(&c);
		if (!err)
			err = take_record(&c);
	}
	buf_done(&c.fields);
	return err == ERR_LIMIT ? form_add_error(r, c.line, 0, "the line is too long") : err;
}
