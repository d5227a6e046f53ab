#include "api/endpoints.h"

#include <string.h>

const struct bucket_info *bucket_info(enum bucket_id b)
{
	enum { CATEGORY, ENDPOINT };
	enum { USER, ACCOUNT };
	static const struct bucket_info rows[] = {
#define B(id, name, shared, scope, limit, window, reserve)                                         \
	[BUCKET_##id] = {name, (shared) == ENDPOINT, (scope) == ACCOUNT, limit, window, reserve},
#include "api/buckets.def"
#undef B
	};
	return &rows[b];
}

const struct endpoint *endpoint_info(enum endpoint_id id)
{
	enum { READ, WRITE };
	static const struct endpoint rows[] = {
#define E(id, method, path, bucket, paging, most, effect)                                          \
	[ENDPOINT_##id] = {method, path, BUCKET_##bucket, PAGING_##paging, most, (effect) == WRITE},
#include "api/endpoints.def"
#undef E
	};
	return &rows[id];
}

/* 0: no match; 1: with variables; 2: literally */
static int fits(const char *pattern, const char *path)
{
	int kind = 2;

	while (*pattern) {
		if (*pattern == ':') {
			size_t n = strcspn(path, "/");

			if (!n)
				return 0;
			kind = 1;
			pattern += strcspn(pattern, "/");
			path += n;
		} else if (*pattern++ != *path++) {
			return 0;
		}
	}
	return *path ? 0 : kind;
}

enum endpoint_id endpoint_match(const char *method, const char *path)
{
	enum endpoint_id found = ENDPOINT_COUNT;

	for (int i = 0; i < ENDPOINT_COUNT; i++) {
		const struct endpoint *e = endpoint_info((enum endpoint_id)i);
		int kind = strcmp(e->method, method) == 0 ? fits(e->path, path) : 0;

		if (kind == 2)
			return (enum endpoint_id)i;
		if (kind == 1 && found == ENDPOINT_COUNT)
			found = (enum endpoint_id)i;
	}
	return found;
}

enum endpoint_id endpoint_of_lookup(const char *kind)
{
	static const struct {
		const char *kind;
		enum endpoint_id endpoint;
	} rows[] = {
#define L(kind, endpoint) {kind, ENDPOINT_##endpoint},
#include "api/lookups.def"
#undef L
	};

	for (size_t i = 0; kind && i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].kind, kind) == 0)
			return rows[i].endpoint;
	return ENDPOINT_COUNT;
}
