/* Targeting as text: what `reticle export` writes and `plan` reads. Pure: bytes in, bytes out.
 *
 * YAML is for people and git: by line item, operator and type, sorted, with the names of values in
 * comments. CSV (RFC 4180) is for spreadsheets, one criterion a row. Batch JSON is the API's own
 * form. Values are exact in all of them; names are for reading only and pass the text door. The
 * CSV reader is here; YAML and JSON are walked by whoever has the library, which hands each row to
 * form_add, so that all three are checked alike. */
#ifndef RETICLE_TARGETING_FORM_H
#define RETICLE_TARGETING_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "targeting/change.h"
#include "targeting/expr.h"
#include "targeting/model.h"
#include "targeting/set.h"

#define FORM_MAX_ERRORS 1000
#define FORM_MAX_ROWS 1000000
#define FORM_MAX_FIELD_BYTES 65536
#define FORM_MAX_COLUMNS 64

/* --- writing */

struct form_line_item {
	const char *id, *name; /* name may be NULL */
	const struct criterion *v;
	size_t n;
};

struct form_document {
	const char *account_id;
	const struct form_line_item *v;
	size_t n;
	const struct expr_lookup *lookup; /* labels of values; may be NULL */
};

/* Deleted criteria, those of unknown operator and those that repeat another one of the line item are
 * left out of all forms; in YAML the last two get a comment. */
enum err form_yaml(struct buf *out, const struct form_document *doc);
/* exact: values as they are. Otherwise what a spreadsheet would take for a formula gets an
 * apostrophe in front and the column "guarded" says so; form_csv_read takes it off again. */
enum err form_csv(struct buf *out, const struct form_document *doc, bool exact);
/* The body of a batch request (reference 2.7). */
enum err form_batch(struct buf *out, const struct change *const *v, size_t n);
/* The same for line items that have nothing yet: a create for every criterion. */
enum err form_creates(struct buf *out, const struct form_document *doc);
/* Append s as a JSON string with its quotes. s is valid UTF-8. */
enum err form_json_string(struct buf *out, const char *s);

/* The word of an operator in YAML: "include", "exclude", "at_least", "less_than"; NULL for others */
const char *form_op_word(enum operator_type op);
enum operator_type form_op_by_word(const char *word); /* OP_OTHER when there is none */

/* --- reading */

struct form_error {
	size_t line, column; /* from 1; column 0: the whole line */
	const char *text; /* what is wrong and how to mend it */
};

struct form_read {
	struct criterion_set rows; /* ids are NULL */
	struct form_error *errors;
	size_t n_errors, errors_cap; /* at most FORM_MAX_ERRORS are kept */
	struct arena arena;
	struct set_index seen;
};

struct form_row {
	const char *line_item_id, *type_name, *op_name; /* op_name as the API says; "" means EQ */
	const char *value, *name;
	size_t line, column;
};

void form_read_init(struct form_read *r);
void form_read_done(struct form_read *r);
/* Check a row and keep it; what is wrong with it goes to the errors. ERR_NOMEM only. */
enum err form_add(struct form_read *r, const struct form_row *row);
enum err form_add_error(struct form_read *r, size_t line, size_t column, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Read a whole CSV file. Nothing may be used unless n_errors is 0 or the user agreed. */
enum err form_csv_read(struct form_read *r, const char *text, size_t n);

#endif
