#include "views/rows.h"

#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "targeting/money.h"

enum err rows_selected(struct row_ids *out, const struct list *l, row_id_fn *id, const void *user)
{
	size_t it = 0, row;

	out->n = 0;
	out->ids = mem_array(list_selected_count(l) + 1, sizeof *out->ids);
	if (!out->ids)
		return ERR_NOMEM;
	while (list_selected(l, &it, &row))
		out->ids[out->n++] = id(user, row);
	return ERR_OK;
}

void row_ids_done(struct row_ids *r)
{
	mem_free(r->ids);
	*r = (struct row_ids){0};
}

void rows_words(const char *api_enum, char *out, size_t cap)
{
	size_t n = 0;

	for (const char *p = api_enum ? api_enum : ""; *p && n + 2 < cap; p++) {
		char c = *p;

		if (c == '_')
			c = ' ';
		else if (n > 0 && c >= 'A' && c <= 'Z')
			c = (char)(c + 32);
		out[n++] = c;
		if (c == ',')
			out[n++] = ' ';
	}
	out[n] = '\0';
}

void row_cell_copy(struct table_cell *out, const char *text)
{
	snprintf(out->scratch, sizeof out->scratch, "%s", text);
	row_cell_text(out, out->scratch);
}

void row_cell_text(struct table_cell *out, const char *text)
{
	out->text = text ? text : "";
	out->len = strlen(out->text);
}

void row_cell_money(struct table_cell *out, int64_t micros, const char *currency)
{
	char text[MONEY_TEXT_BYTES];

	money_format(micros, currency, text);
	row_cell_copy(out, text);
}

const char *rows_place_word(const char *location_type)
{
	static const struct {
		const char *api, *word;
	} words[] = {/* the API says it in the plural when asked, in the singular on some rows */
	    {"COUNTRIES", "country"}, {"COUNTRY", "country"}, {"REGIONS", "region"},
	    {"REGION", "region"}, {"METROS", "metro"}, {"METRO", "metro"}, {"CITIES", "city"},
	    {"CITY", "city"}, {"POSTAL_CODES", "postal code"}, {"POSTAL_CODE", "postal code"}};

	for (size_t i = 0; location_type && i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i].api, location_type) == 0)
			return words[i].word;
	return NULL;
}
