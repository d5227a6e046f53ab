/* The YAML of `reticle export` read back: events only, and nothing but the shape that is written, so
 * that neither aliases nor depth can cost anything. */
#include <string.h>
#include <yaml.h>
#include "cli/targets.h"

struct reader {
	struct targets *t;
	yaml_parser_t parser;
	yaml_event_t ev;
	enum err err; /* of memory */
	bool bad; /* the file is broken: stop */
};

static void wrong(struct reader *r, const char *expected)
{
	r->bad = true;
	if (!r->err)
		r->err = form_add_error(&r->t->read, r->ev.start_mark.line + 1,
		    r->ev.start_mark.column + 1, "%s", expected);
}

static bool next(struct reader *r)
{
	yaml_event_delete(&r->ev);
	if (r->bad || r->err)
		return false;
	if (!yaml_parser_parse(&r->parser, &r->ev)) {
		memset(&r->ev, 0, sizeof r->ev);
		r->ev.start_mark = r->parser.problem_mark;
		wrong(r, r->parser.problem ? r->parser.problem : "not YAML");
		return false;
	}
	if (r->ev.type == YAML_ALIAS_EVENT) {
		wrong(r, "aliases are not read");
		return false;
	}
	return true;
}

static const char *scalar(struct reader *r)
{
	const char *s = (const char *)r->ev.data.scalar.value;

	if (r->ev.type != YAML_SCALAR_EVENT) {
		wrong(r, "a text was expected here");
		return "";
	}
	if (strlen(s) != r->ev.data.scalar.length) {
		wrong(r, "a text with a NUL in it");
		return "";
	}
	return s;
}

static bool begins(struct reader *r, yaml_event_type_t type, const char *expected)
{
	if (!next(r))
		return false;
	if (r->ev.type != type)
		wrong(r, expected);
	return !r->bad;
}

/* Is there another key or member? False at the end of the container. */
static bool more(struct reader *r, yaml_event_type_t end)
{
	return next(r) && r->ev.type != end;
}

static const char *keep(struct reader *r, const char *s)
{
	const char *copy = arena_strdup(&r->t->arena, s);

	if (!copy)
		r->err = ERR_NOMEM;
	return copy ? copy : "";
}

static void read_values(struct reader *r, struct form_row *row)
{
	if (!begins(r, YAML_SEQUENCE_START_EVENT, "a list of values was expected"))
		return;
	while (more(r, YAML_SEQUENCE_END_EVENT)) {
		row->value = scalar(r);
		row->line = r->ev.start_mark.line + 1;
		row->column = r->ev.start_mark.column + 1;
		if (!r->bad)
			r->err = form_add(&r->t->read, row);
	}
}

static void read_types(struct reader *r, struct form_row *row)
{
	if (!begins(r, YAML_MAPPING_START_EVENT, "targeting types were expected here"))
		return;
	while (more(r, YAML_MAPPING_END_EVENT)) {
		row->type_name = keep(r, scalar(r));
		if (!r->bad)
			read_values(r, row);
	}
}

static void read_line_item(struct reader *r)
{
	struct form_row row = {.line_item_id = ""};

	if (r->ev.type != YAML_MAPPING_START_EVENT) {
		wrong(r, "a line item begins with \"id:\"");
		return;
	}
	while (more(r, YAML_MAPPING_END_EVENT)) {
		const char *key = scalar(r);
		enum operator_type op = form_op_by_word(key);

		if (r->bad)
			return;
		if (strcmp(key, "id") == 0 && !row.line_item_id[0]) {
			if (next(r))
				row.line_item_id = keep(r, scalar(r));
			if (!r->bad && map_get(&r->t->known, row.line_item_id, NULL))
				wrong(r, "this line item stands above");
			if (!r->bad && !r->err)
				r->err = targets_add_id(r->t, row.line_item_id);
		} else if (op != OP_OTHER && row.line_item_id[0]) {
			row.op_name = op_name(op);
			read_types(r, &row);
		} else {
			wrong(r, op != OP_OTHER
				     ? "\"id:\" has to come first"
				     : "id, include, exclude, at_least or less_than was expected");
		}
	}
	if (!row.line_item_id[0] && !r->bad)
		wrong(r, "a line item without id");
}

static void read_items(struct reader *r)
{
	if (!begins(r, YAML_SEQUENCE_START_EVENT, "a list of line items was expected"))
		return;
	while (more(r, YAML_SEQUENCE_END_EVENT))
		read_line_item(r);
}

static void read_root(struct reader *r)
{
	static const char *const keys[] = {"line_items", "account", "reticle"};
	bool seen[3] = {false, false, false};

	while (more(r, YAML_MAPPING_END_EVENT)) {
		const char *key = scalar(r);
		size_t k = 0;

		while (k < 3 && strcmp(key, keys[k]) != 0)
			k++;
		if (r->bad)
			return;
		if (k == 3) {
			wrong(r, "reticle, account or line_items was expected");
		} else if (seen[k]) {
			wrong(r, "this key stands above");
		} else if (k == 0) {
			read_items(r);
		} else if (next(r)) {
			const char *value = scalar(r);

			if (k == 1)
				r->t->account = keep(r, value);
			else if (strcmp(value, "1") != 0)
				wrong(r, "only version 1 of this file is known");
		}
		if (k < 3)
			seen[k] = true;
	}
}

/* What stands behind the document would be left out without a word. */
static void read_end(struct reader *r)
{
	if (begins(r, YAML_DOCUMENT_END_EVENT, "the end of the document was expected"))
		begins(r, YAML_STREAM_END_EVENT, "only one document is read");
}

enum err targets_yaml(struct targets *t, const char *text, size_t n)
{
	struct reader r = {.t = t};

	if (!yaml_parser_initialize(&r.parser))
		return ERR_NOMEM;
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, n);
	if (begins(&r, YAML_STREAM_START_EVENT, "not YAML") &&
	    begins(&r, YAML_DOCUMENT_START_EVENT, "the file is empty") &&
	    begins(&r, YAML_MAPPING_START_EVENT, "account and line_items were expected"))
		read_root(&r);
	read_end(&r);
	yaml_event_delete(&r.ev);
	yaml_parser_delete(&r.parser);
	return r.err;
}
