#include "sandbox/route.h"

#include <string.h>
#include "sandbox/catalogue.h"

static const struct route routes[] = {
#define ROUTE(method, path, handler, bucket, access, body, spec)                                   \
	{#method, path, on_##handler, BUCKET_##bucket, ACCESS_##access, BODY_##body, spec},
#include "sandbox/routes.def"
#undef ROUTE
};

size_t route_count(void)
{
	return sizeof routes / sizeof *routes;
}

const struct route *route_at(size_t i)
{
	return &routes[i];
}

/* Match one path against a pattern, remembering what the ":name" segments took. */
static bool path_fits(struct call *c, const char *pattern)
{
	const char *path = c->path;

	c->path_id_count = 0;
	while (*pattern && *path) {
		size_t want = strcspn(pattern + 1, "/"), got = strcspn(path + 1, "/");

		if (pattern[1] == ':') {
			if (!got || c->path_id_count == CALL_PATH_IDS)
				return false;
			c->path_ids[c->path_id_count].name =
			    arena_strndup(c->a, pattern + 2, want - 1);
			c->path_ids[c->path_id_count++].value = arena_strndup(c->a, path + 1, got);
		} else if (want != got || memcmp(pattern, path, want + 1) != 0) {
			return false;
		}
		pattern += want + 1;
		path += got + 1;
	}
	return !*pattern && !*path;
}

/* A literal segment wins over a ":name": "line_items/placements" is no line item. Patterns with
 * more literal segments sort first in that sense, so the best is the one with fewest ids. */
enum route_match route_find(struct call *c)
{
	enum route_match best = ROUTE_NONE;
	const struct route *found = NULL;
	size_t fewest = CALL_PATH_IDS + 1;

	for (size_t i = 0; i < route_count(); i++) {
		if (!path_fits(c, routes[i].path))
			continue;
		if (c->path_id_count > fewest)
			continue;
		if (c->path_id_count < fewest) {
			found = NULL;
			fewest = c->path_id_count;
		}
		if (strcmp(routes[i].method, c->method) == 0)
			found = &routes[i];
		best = found ? ROUTE_FOUND : ROUTE_OTHER_METHOD;
	}
	c->route = found;
	if (found)
		path_fits(c, found->path);
	return best;
}
