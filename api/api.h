/* The asynchronous client of the Ads API: typed reads for the screens, one signed raw call for
 * everything else. Writes are not here: only the apply engine (api/apply.h) sends them.
 *
 * Contract of every call below
 *  1. The callback never runs inside the submitting call, even when the call fails at once. It runs
 *     from the event loop, on the only thread.
 *  2. A list calls back once per page, `last` set on the final one; everything else once. An error
 *     is always last. After a cancel the callback does not run again, ever.
 *  3. An id with gen 0 means that nothing was submitted (out of memory); no callback follows.
 *  4. Strings handed in are copied. Strings and sets in a result die when the callback returns; to
 *     keep a set, copy the struct and initialise the one in the result anew (x_set_init).
 *  5. Cancelling may be done from any callback, also from the request's own.
 *
 * Ids that enter a path must match [0-9A-Za-z_-]{1,64}; others fail with ERR_REFUSED and nothing is
 * sent. Limits of ids per request (200) are the API's (reference 1.5) and checked here. */
#ifndef RETICLE_API_API_H
#define RETICLE_API_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "targeting/model.h"

struct loop;
struct api;

/* --- life cycle --- */

struct api_config {
	const char *base_url; /* "https://ads-api.x.com"; http only for 127.0.0.1, ::1, localhost */
	const char *api_version; /* "12"; NULL is "12" */
	const char *consumer_key, *consumer_secret, *token,
	    *token_secret; /* copied, wiped on free */
	const char *ca_bundle; /* PEM file; NULL: the system's */
	unsigned connect_timeout_s, timeout_s; /* 0: 10 and 60 */
	bool
	    raw_writes; /* let api_raw send POST, PUT and DELETE (`reticle api`); never in the UI */
};

/* NULL and ei: ERR_CONFIG for a URL or key that cannot be used. Loads no library and opens no
 * connection: libcurl and libcrypto come with the first request. */
struct api *api_new(struct loop *l, const struct api_config *cfg, struct errinfo *ei);
/* Aborts what is running without callbacks; not to be called from one. A write that was under way stays as the journal has it:
 * sent without an end, which is "unknown" at the next start. */
void api_free(struct api *a);

const char *api_version(const struct api *a);

/* --- requests --- */

struct req_id {
	uint32_t slot, gen; /* gen 0: none */
};
struct owner_id {
	uint32_t id; /* 0: nobody; such a request lives until it is done */
};
enum req_priority { REQ_USER, REQ_BACKGROUND }; /* background waits while any user request can go */

struct api_result;
typedef void req_fn(struct req_id id, struct api_result *res, void *user);

struct api_call { /* who asks, and whom to tell */
	req_fn *fn;
	void *user;
	struct owner_id owner;
	enum req_priority priority;
};

static inline bool req_same(struct req_id a, struct req_id b)
{
	return a.gen != 0 && a.slot == b.slot && a.gen == b.gen;
}
struct owner_id api_new_owner(struct api *a);
bool req_cancel(struct api *a, struct req_id id); /* false: not there any more */
void req_cancel_owner(struct api *a, struct owner_id owner);

enum req_phase {
	REQ_GONE, /* done, cancelled, never was */
	REQ_QUEUED, /* waits for its turn */
	REQ_RATE_WAIT, /* waits for the reset of its budget */
	REQ_RETRY_WAIT, /* waits before another attempt */
	REQ_FLYING,
};
struct req_state {
	enum req_phase phase;
	unsigned attempt; /* attempts so far */
	int64_t wait_ms; /* until it goes on, for a countdown; 0 when not waiting */
	const char *bucket; /* name of its rate budget */
};
struct req_state req_state(const struct api *a, struct req_id id);
/* Of an owner's requests that wait, and when none of its requests is under way: until the last of them may
 * go; else 0. */
int64_t req_owner_wait_ms(const struct api *a, struct owner_id owner);

/* --- results --- */

enum api_kind { /* which member of api_result is filled */
	API_NONE,
	API_ACCOUNTS,
	API_ACCESS,
	API_CAMPAIGNS,
	API_LINE_ITEMS,
	API_PROMOTABLE_USERS,
	API_CRITERIA,
	API_OPTIONS,
	API_AUDIENCES,
	API_USAGES,
	API_ESTIMATE,
	API_RAW,
};

struct access_result {
	struct arena arena; /* take the arena and the record together */
	struct access access;
};

struct usage { /* one line item that targets a custom audience */
	const char *campaign_id, *campaign_name, *line_item_id, *line_item_name;
	bool servable;
};
struct usage_set {
	struct arena arena;
	struct usage *v;
	size_t n, cap;
};
void usage_set_init(struct usage_set *s);
void usage_set_done(struct usage_set *s);

struct estimate { /* people */
	int64_t min, max;
};

struct raw_header {
	const char *name, *value; /* name in lower case; only those of api/headers.def */
};
struct raw_result {
	int status;
	const char *body; /* bytes as they came, NUL-terminated; may hold anything */
	size_t body_len;
	const struct raw_header *headers;
	size_t n_headers;
};

struct api_result {
	enum err err; /* ERR_OK: the member of `kind` is filled */
	struct errinfo ei;
	bool last;
	unsigned page; /* of this list, from 0 */
	uint64_t total; /* good records so far, this page included */
	uint64_t
	    quarantined; /* records so far that could not be read (no usable id, wrong types) */
	const char *next_cursor; /* where the list goes on; NULL at its end and on errors */
	enum api_kind kind;
	union {
		struct account_set accounts;
		struct access_result access;
		struct campaign_set campaigns;
		struct line_item_set line_items;
		struct promotable_user_set promotable_users;
		struct criterion_set criteria;
		struct option_set options;
		struct audience_set audiences;
		struct usage_set usages;
		struct estimate estimate;
		struct raw_result raw; /* also filled for HTTP errors of api_raw, with err set */
	};
};

/* --- reads --- */

struct list_query {
	const char *account_id; /* not used by api_accounts */
	const char *const *ids; /* only these (at most 200); NULL: all */
	size_t n_ids;
	const char *sort_by; /* "updated_at-desc"; NULL: the API's order */
	const char *q; /* name search; NULL: none */
	const char *cursor; /* go on from here; NULL: from the start */
	const char *permission_scope; /* custom audiences: "OWNER" or "SHARED"; NULL: the default */
	bool with_deleted, with_draft;
	unsigned max_pages; /* stop after so many; 0: all */
};

struct criteria_query {
	const char *account_id;
	const char *const *line_item_ids; /* 1 to 200; the API insists on them */
	size_t n_line_items;
	const char *const *criterion_ids; /* at most 200; NULL: all of the line items */
	size_t n_criteria;
	const char *lang; /* adds localized_name; NULL: none */
	const char *cursor; /* go on from here; NULL: from the start */
	bool with_deleted;
};

struct api_param {
	const char *name, *value;
};

struct lookup_query {
	const char *kind; /* "locations", "interests", ...: those of api/lookups.def */
	const struct api_param *params; /* q, location_type, country_code, locale, os_type, ... */
	size_t n_params;
	const char *cursor; /* go on from here; NULL: from the start */
	unsigned max_pages; /* 0: all; searches of tv_shows should ask for 1 */
};

struct estimate_query {
	const char *account_id;
	const struct criterion *criteria; /* type_name, value and op are used; op EQ or NE */
	size_t n;
};

struct raw_query {
	const char *method; /* "GET"; others need api_config.raw_writes */
	const char *path; /* "/12/accounts"; may carry a query, which is decoded and signed */
	const struct api_param *params; /* query, or the form body when `form` */
	size_t n_params;
	const char *json; /* body; NULL: none */
	bool form;
};

struct req_id api_accounts(struct api *a, const struct list_query *q, const struct api_call *c);
struct req_id api_access(struct api *a, const char *account_id, const struct api_call *c);
struct req_id api_campaigns(struct api *a, const struct list_query *q, const struct api_call *c);
struct req_id api_line_items(struct api *a, const struct list_query *q, const struct api_call *c);
struct req_id api_promotable_users(
    struct api *a, const struct list_query *q, const struct api_call *c);
struct req_id api_criteria(struct api *a, const struct criteria_query *q, const struct api_call *c);
struct req_id api_lookup(struct api *a, const struct lookup_query *q, const struct api_call *c);
struct req_id api_audiences(struct api *a, const struct list_query *q, const struct api_call *c);
/* Line items that target an audience; with_inactive adds those that are not servable. */
struct req_id api_audience_usage(struct api *a, const char *account_id, const char *audience_id,
    bool with_inactive, const struct api_call *c);
struct req_id api_estimate(struct api *a, const struct estimate_query *q, const struct api_call *c);
struct req_id api_raw(struct api *a, const struct raw_query *q, const struct api_call *c);

/* --- what the status line shows --- */

struct api_budget {
	const char *name; /* bucket of api/buckets.def */
	char scope[65]; /* account id when the account's own budget counts; "" for the user's */
	char account[65]; /* account whose requests draw on it, "" for all; to restore it by */
	bool known; /* false: the API has said nothing yet */
	int64_t limit, remaining;
	int64_t reset_wall_s; /* server time */
};

struct api_stats {
	unsigned in_flight, queued, waiting; /* waiting: for a reset or before a retry */
	bool write_in_flight;
	uint64_t sent; /* requests that left, every attempt */
	uint64_t bytes_in; /* inflated body bytes */
	bool has_tightest; /* of the budgets that are known and not reset since */
	struct api_budget tightest;
	int64_t clock_skew_s; /* server time minus ours, as learnt after a refused signature */
	bool clock_corrected;
	char proxy[80]; /* "host:port" of the proxy that requests go through; "" when none */
	char warning[160]; /* x-api-warn: the API version is deprecated; "" when none */
};
struct api_stats api_stats(const struct api *a);
/* Every budget met so far; returns how many there are, fills at most cap. */
size_t api_budgets(const struct api *a, struct api_budget *out, size_t cap);
/* Put back what an earlier run learnt (and the store kept), so that a restart cannot burst. */
enum err api_budget_restore(struct api *a, const struct api_budget *b);
/* fn runs from the loop after anything in api_stats changed; NULL: nobody. */
void api_on_change(struct api *a, void (*fn)(void *user), void *user);

/* What the user can do about a failure: more exact than err_hint() where the API's code says more
 * (api/explain.def). Never NULL. */
const char *api_remedy(const struct errinfo *ei);

/* Is s fit to stand in a path: [0-9A-Za-z_-]{1,64}? */
bool api_id_ok(const char *s);

#endif
