/* The table of endpoints (routes.def) and how a path finds its row. */
#ifndef RETICLE_SANDBOX_ROUTE_H
#define RETICLE_SANDBOX_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include "sandbox/call.h"
#include "sandbox/rate.h"

enum route_access {
	ACCESS_OPEN,
	ACCESS_SEE,
	ACCESS_VIEW,
	ACCESS_EDIT,
	ACCESS_ADMIN,
	ACCESS_AUDIENCE
};

enum route_body { BODY_FORM, BODY_JSON };

struct route {
	const char *method, *path;
	call_fn *handler;
	enum rate_bucket bucket;
	enum route_access access;
	enum route_body body;
	const char *spec;
};

#define ROUTE(method, path, handler, bucket, access, body, spec) call_fn on_##handler;
#include "sandbox/routes.def"
#undef ROUTE

enum route_match { ROUTE_FOUND, ROUTE_NONE, ROUTE_OTHER_METHOD };

/* Finds the row of method and c->path, and fills c->route and c->path_ids. */
enum route_match route_find(struct call *c);
size_t route_count(void);
const struct route *route_at(size_t i);

#endif
