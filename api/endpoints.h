/* The tables endpoints.def, buckets.def and lookups.def as data. */
#ifndef RETICLE_API_ENDPOINTS_H
#define RETICLE_API_ENDPOINTS_H

#include <stdbool.h>
#include <stddef.h>

enum bucket_id {
#define B(id, name, shared, scope, limit, window, reserve) BUCKET_##id,
#include "api/buckets.def"
#undef B
	BUCKET_COUNT
};

struct bucket_info {
	const char *name;
	bool per_endpoint, per_account;
	int limit, window_s, reserve_percent;
};
const struct bucket_info *bucket_info(enum bucket_id b);

enum endpoint_id {
#define E(id, method, path, bucket, paging, most, effect) ENDPOINT_##id,
#include "api/endpoints.def"
#undef E
	ENDPOINT_COUNT
};

enum paging { PAGING_NONE, PAGING_COUNT, PAGING_CURSOR };

struct endpoint {
	const char *method, *path; /* path without "/12/" */
	enum bucket_id bucket;
	enum paging paging;
	unsigned max_count; /* 0: no count parameter */
	bool write;
};
const struct endpoint *endpoint_info(enum endpoint_id id);

/* The endpoint of a method and a path such as "accounts/18ce5/line_items" (no version, no query);
 * ENDPOINT_COUNT when none fits. Paths without variables win over paths with. */
enum endpoint_id endpoint_match(const char *method, const char *path);
/* The endpoint of a look-up kind; ENDPOINT_COUNT when there is none. */
enum endpoint_id endpoint_of_lookup(const char *kind);

#endif
