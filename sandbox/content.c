#include "sandbox/content.h"

#include <string.h>
#include "sandbox/args.h"
#include "sandbox/rules.h"

static const struct {
	const char *id, *parent, *name;
} iabs[] = {
#define IAB(id, parent, name) {id, parent, name},
#include "sandbox/content.def"
};

static const struct {
	const char *id, *name, *iabs;
} contents[] = {
#define CONTENT(id, name, iabs) {id, name, iabs},
#include "sandbox/content.def"
};

static const struct {
	const char *user_id, *name;
} publishers[] = {
#define PUBLISHER(user_id, username, content, countries) {user_id, username},
#include "sandbox/content.def"
};

static const struct {
	const char *id, *countries;
} curated[] = {
#define CURATED(id, name, countries, publishers) {id, countries},
#include "sandbox/content.def"
};

#define COUNT(x) (sizeof(x) / sizeof *(x))

const char *content_iab_name(const char *id)
{
	for (size_t i = 0; i < COUNT(iabs); i++)
		if (strcmp(iabs[i].id, id) == 0)
			return iabs[i].name;
	return NULL;
}

bool content_is_iab(const char *id)
{
	return content_iab_name(id) != NULL;
}

const char *content_curated_countries(const char *id)
{
	for (size_t i = 0; i < COUNT(curated); i++)
		if (strcmp(curated[i].id, id) == 0)
			return curated[i].countries;
	return NULL;
}

const char *content_publisher_name(const char *user_id)
{
	for (size_t i = 0; i < COUNT(publishers); i++)
		if (strcmp(publishers[i].user_id, user_id) == 0)
			return publishers[i].name;
	return NULL;
}

static bool line_has(const struct rule_line *line, const char *iab, size_t len)
{
	for (size_t i = 0; i < line->n; i++) {
		const struct rule_item *it = &line->items[i];

		if (!it->gone && it->type == TYPE_IAB_CATEGORY && it->op == OP_EQ &&
		    strlen(it->value) == len && memcmp(it->value, iab, len) == 0)
			return true;
	}
	return false;
}

bool content_iab_is_covered(void *user, const struct rule_line *line, const char *iab)
{
	(void)user;
	for (size_t i = 0; i < COUNT(contents); i++) {
		bool all = choice_has(contents[i].iabs, iab);

		for (const char *p = contents[i].iabs; all && *p;) {
			size_t len = strcspn(p, "|");

			all = line_has(line, p, len);
			p += len + (p[len] == '|');
		}
		if (all)
			return true;
	}
	return false;
}
