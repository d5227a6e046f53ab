/* What the views of whole records share: the lines of a details page, orders of sorting, and the
 * line that says why a list could not be read. */
#ifndef RETICLE_VIEWS_DETAIL_H
#define RETICLE_VIEWS_DETAIL_H

#include <stdint.h>
#include "base/buf.h"
#include "tui/canvas.h"
#include "session/session.h"

/* "name                   value\n"; NULL and "" come out as "-" */
void detail_line(struct buf *out, const char *label, const char *value);
void detail_time(struct buf *out, const char *label, int64_t t); /* 0 is none */
void detail_money(struct buf *out, const char *label, int64_t micros, const char *currency);

/* Indent JSON text for reading. Nothing but blanks outside of strings is added or dropped, also
 * when it is not valid JSON. */
enum err detail_json(struct buf *out, const char *json);

int compare_text(const char *a, const char *b); /* ASCII case ignored; NULL counts as "" */
int compare_number(int64_t a, int64_t b);

/* A text broken at blanks into lines of `cols` cells, 3 at most, the rest is cut. */
int detail_note_lines(const char *text, int cols); /* 0 for "" */
void detail_note(struct canvas *c, int y, enum style style, const char *text);

/* Lines to leave free below a table for detail_failure: 1 when the last reading failed, else 0. */
int detail_failure_lines(const struct data_state *st);
/* "could not be read again: ..." in the last line of the canvas, when it failed. */
void detail_failure(struct canvas *c, const struct data_state *st);
/* Give the empty table its text: why there is nothing, or that it is being read. */
const char *detail_empty(const struct data_state *st, const char *none);

#endif
