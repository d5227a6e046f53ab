/* Small things that the list views share: which ids a command acts on, and words for API enums. */
#ifndef RETICLE_VIEWS_ROWS_H
#define RETICLE_VIEWS_ROWS_H

#include <stddef.h>
#include "base/buf.h"
#include "tui/list.h"
#include "tui/table.h"
#include "views/views.h"

/* Ids of the selected rows (marked ones, else the one under the cursor), in one allocation. */
typedef const char *row_id_fn(const void *user, size_t row);
struct row_ids {
	const char **ids;
	size_t n;
};
enum err rows_selected(struct row_ids *out, const struct list *l, row_id_fn *id, const void *user);
void row_ids_done(struct row_ids *r);

/* "ALL_ON_TWITTER" as "All on twitter": underscores become blanks, only the first letter stays
 * large. Unknown values come out readable too. */
void rows_words(const char *api_enum, char *out, size_t cap);
const char *rows_place_word(const char *location_type); /* "city"; NULL when it is none */
/* Put text into the cell: copied into its scratch when it would not live long enough. */
void row_cell_copy(struct table_cell *out, const char *text);
void row_cell_text(struct table_cell *out, const char *text); /* borrowed; NULL is empty */
void row_cell_money(struct table_cell *out, int64_t micros, const char *currency);

#endif
