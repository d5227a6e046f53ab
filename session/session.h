/* The session: the account that is open, what was read of it, what is staged on it, and who is
 * told when any of that changes. Views read from it and ask it to fetch; they never call the API
 * for lists themselves, so that two views never ask for the same thing twice.
 *
 * Everything read goes through the store first: what is on the screen is what is on the disk. The
 * network may be absent (offline, sandbox not up yet): the session then shows the snapshot.
 * Pointers to sets and records are valid until the next turn of the event loop; views keep ids. */
#ifndef RETICLE_SESSION_SESSION_H
#define RETICLE_SESSION_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "api/api.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/map.h"
#include "config/config.h"
#include "store/snapshot.h"
#include "store/store.h"
#include "targeting/change.h"
#include "targeting/model.h"

struct session;

struct id_list { /* copied by whoever keeps it */
	const char *const *ids;
	size_t n;
};

enum data_kind {
	DATA_ACCOUNTS,
	DATA_ACCESS,
	DATA_CAMPAIGNS,
	DATA_LINE_ITEMS,
	DATA_AUDIENCES,
	DATA_USERS, /* promotable users */
	DATA_CRITERIA, /* of any line item, and their counts */
	DATA_OPTIONS, /* targeting options */
	DATA_STAGED,
	DATA_APPLY, /* an apply made progress */
	DATA_LINT, /* problems of the account */
	DATA_STATUS, /* connection, budgets */
	DATA_KINDS
};
#define DATA_BIT(kind) (1u << (kind))

struct data_state {
	bool loading;
	bool known; /* read at least once, now or in an earlier run */
	size_t rows; /* received so far while loading */
	int64_t fetched_at; /* when the complete list was read; 0: never */
	struct errinfo ei; /* code ERR_OK, or why the last reading failed (older rows are kept) */
};

typedef void session_change_fn(void *user, unsigned kinds); /* DATA_BITs; from the loop */

struct session_config {
	struct loop *loop;
	struct store *store;
	const char *profile; /* its name, for the status line */
	const char *account; /* id to open; "" : the last one used, else the only one */
	int64_t cache_days;
	int64_t batch_size;
	bool demo;
	bool post_without_lock; /* where the disk has no locks: lock_allow_missing() */
	bool resume_draft; /* open the draft that was last worked on; else the default one */
	bool read_only; /* started with --read-only, or the profile says so */
	bool follow; /* read criteria again, in the background, of line items that changed */
	bool lazy; /* lists are not read by session_connect, but when they are asked for */
	session_change_fn *change; /* may be NULL */
	void *user;
};

struct session *session_new(const struct session_config *cfg, struct errinfo *ei);
void session_free(struct session *s);
/* Open the account that the configuration, the last run or its being the only one suggests. */
void session_start(struct session *s);
/* Give it the network; it then brings what is on the screen up to date. Called once. */
enum err session_connect(struct session *s, const struct api_config *cfg, struct errinfo *ei);
/* The network cannot be had: why (shown in the status line). */
void session_offline(struct session *s, const struct errinfo *why);

/* Why there is no network; code ERR_OK while it is still coming. NULL when there is one. */
const struct errinfo *session_why_offline(const struct session *s);

struct api *session_api(const struct session *s); /* NULL while offline */
struct store *session_store(const struct session *s);
struct loop *session_loop(const struct session *s);
const char *session_profile(const struct session *s);
int64_t session_batch_size(const struct session *s);
int64_t session_cache_days(const struct session *s);
bool session_busy(const struct session *s); /* anything loading or being applied */
/* Requests of a view die with it. */
struct owner_id session_owner_of_view(struct session *s, uint64_t view_id);
void session_view_closed(struct session *s, uint64_t view_id);
void session_notify(struct session *s, unsigned kinds); /* tells the change function, this turn */

/* --- the account --- */

const char *session_account_id(const struct session *s); /* "" when none is open */
const struct account *session_account(const struct session *s); /* NULL when none or not known */
enum err session_open_account(struct session *s, const char *id, struct errinfo *ei);
/* May this user change targeting here? When not, why (role, read-only, no account). */
bool session_may_edit(const struct session *s, char *reason, size_t cap);
/* "admin", "ad manager", "analyst (read-only)", "" while not known */
const char *session_role(const struct session *s);

/* --- what was read --- */

const struct account_set *session_accounts(const struct session *s);
const struct campaign_set *session_campaigns(const struct session *s);
const struct line_item_set *session_line_items(const struct session *s);
const struct audience_set *session_audiences(const struct session *s);
const struct promotable_user_set *session_users(const struct session *s);
struct data_state session_state(const struct session *s, enum data_kind kind);
uint64_t session_generation(const struct session *s, enum data_kind kind); /* grows on change */

/* NULL when not known. */
const struct campaign *session_campaign(const struct session *s, const char *id);
const struct line_item *session_line_item(const struct session *s, const char *id);
const struct audience *session_audience(const struct session *s, const char *id);
/* Its name, or a stand-in from its id ("line item 7k2aa"); out is used for that. */
const char *session_line_item_name(const struct session *s, const char *id, char *out, size_t cap);
/* Criteria of the i-th line item; n is -1 while not known. */
struct snapshot_count session_count(const struct session *s, size_t i);

/* Read again from the API: DATA_ACCOUNTS .. DATA_USERS. Nothing happens while it is loading. */
void session_refresh(struct session *s, enum data_kind kind);
/* The same, but all of it also where reading what changed would do. */
void session_refresh_whole(struct session *s, enum data_kind kind);

/* --- criteria --- */

/* Append what the snapshot has of these line items. *unknown counts those never read. */
enum err session_criteria(struct session *s, const char *const *ids, size_t n,
    struct criterion_set *out, size_t *unknown, struct errinfo *ei);
/* Read those again that are older than max_age_s (0: all). Answered by DATA_CRITERIA. */
enum err session_fetch_criteria(struct session *s, const char *const *ids, size_t n,
    int64_t max_age_s, enum req_priority priority);
/* A screen shows these line items and would like to know how many criteria they have: those never
 * read are asked for once the user rests, in the background, but before what else is read there. A
 * later wish replaces an earlier. */
void session_want_criteria(struct session *s, const char *const *ids, size_t n);
bool session_criteria_loading(const struct session *s);

/* --- targeting options: see session/options.h; staged changes: session/staging.h --- */

#endif
