/* The records of the Ads API as plain data: what decoders produce, the store keeps, views show.
 *
 * Strings are exact bytes of the API (valid UTF-8), owned by the arena of the set that a record is
 * in; a record is never edited once it is in a set. NULL means that the API said null or nothing.
 * Ids are opaque text. Money is in micros (1,000,000 to the currency unit, for every currency).
 * Times are seconds since 1970 UTC, 0 when absent. Field names are those of the API. */
#ifndef RETICLE_TARGETING_MODEL_H
#define RETICLE_TARGETING_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "targeting/types.h"

#define MONEY_NONE INT64_MIN /* the API said null */

struct account {
	const char *id, *name, *timezone, *approval_status, *business_name;
	int64_t created_at, updated_at;
	bool deleted;
};

struct access { /* GET accounts/:account_id/authenticated_user_access */
	const char *user_id;
	const char *permissions; /* comma-joined, e.g. "ACCOUNT_ADMIN,TWEET_COMPOSER" */
};

struct campaign {
	const char *id, *name, *entity_status, *effective_status, *currency;
	const char *reasons_not_servable; /* comma-joined, "" when none */
	int64_t daily_budget_micro, total_budget_micro;
	int64_t created_at, updated_at;
	bool deleted, servable;
};

struct line_item {
	const char *id, *campaign_id, *name; /* name is NULL when it was never set */
	const char *objective, *product_type, *entity_status, *goal, *bid_strategy, *currency;
	const char *placements; /* comma-joined, "" when none */
	const char *audience_expansion; /* NULL when not set */
	int64_t bid_micro, daily_budget_micro, total_budget_micro;
	int64_t start_time, end_time, created_at, updated_at;
	bool deleted;
};

struct promotable_user {
	const char *id, *user_id, *promotable_user_type; /* FULL or RETWEETS_ONLY */
	bool deleted;
};

struct criterion {
	const char *id; /* NULL for one that is only staged */
	const char *line_item_id;
	const char
	    *type_name; /* exactly as the API said; `type` is TYPE_UNKNOWN when not in types.def */
	const char *value; /* text of the value; numbers keep their digits */
	const char *name, *localized_name, *location_type;
	enum targeting_type type;
	enum operator_type op; /* OP_EQ when the API left it out */
	int64_t created_at, updated_at;
	bool deleted;
};

struct audience { /* custom audience */
	const char *id, *name, *description, *audience_type, *permission_level, *owner_account_id;
	const char *reasons_not_targetable; /* comma-joined; may be "" although not targetable */
	const char *targetable_types; /* comma-joined */
	const char *raw; /* the JSON object as it came, for the details view */
	int64_t audience_size; /* -1 when null */
	int64_t created_at, updated_at;
	bool targetable, is_owner, deleted;
};

struct option { /* one row of a targeting-option look-up */
	const char *value, *name;
	const char
	    *kind; /* location_type, conversation_type, event_type, os_type, genre; or NULL */
	const char *country; /* country code or TV locale; or NULL */
	const char
	    *extra; /* manufacturer, version number, start time; IAB ids, comma-joined; or NULL */
};

/* A set of records of one kind. One arena holds the array's strings; freeing the set frees all. */
#define MODEL_SET(kind)                                                                             \
	struct kind##_set {                                                                         \
		struct arena arena;                                                                 \
		struct kind *v;                                                                     \
		size_t n, cap;                                                                      \
	};                                                                                          \
	void kind##_set_init(struct kind##_set *s);                                                 \
	void kind##_set_done(struct kind##_set *s);                                                 \
	/* A zeroed new last record, NULL without memory; pointers to records move when it grows */ \
	struct kind *kind##_set_add(struct kind##_set *s);                                          \
	/* Append a deep copy of r */                                                               \
	struct kind *kind##_set_copy(struct kind##_set *s, const struct kind *r);

MODEL_SET(account)
MODEL_SET(campaign)
MODEL_SET(line_item)
MODEL_SET(promotable_user)
MODEL_SET(criterion)
MODEL_SET(audience)
MODEL_SET(option)
#undef MODEL_SET

#endif
