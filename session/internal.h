/* What the parts of the session share. Views include session.h and the headers of the parts. */
#ifndef RETICLE_SESSION_INTERNAL_H
#define RETICLE_SESSION_INTERNAL_H

#include "session/session.h"

/* One list of the account: where it stands, and the fetch that is under way. */
struct list_load {
	struct session *session;
	enum data_kind kind;
	struct data_state state;
	uint64_t generation;
	struct req_id req;
	struct store_fetch fetch;
	struct snapshot_changes changes; /* instead of fetch */
	bool only_changes; /* it is brought up to date, not read whole */
	bool resumed; /* it goes on where an earlier run stopped */
	bool doubtful; /* reading what changed is not enough (line items) */
	bool grows; /* nothing older to show: the rows appear as they come */
	int part; /* audiences: 0 owned, 1 shared */
};

#define LAST_ACCOUNT "last-account" /* key of the ui state */
#define CRITERIA_GROUP 200 /* line items in one request (reference 1.5) */

struct criteria_job {
	struct session *session;
	char (*ids)[65];
	int64_t *versions; /* updated_at of the line items as known when they were asked for */
	size_t n;
	struct criterion_set *pages;
	size_t n_pages, rows;
	size_t known_rows, unknown; /* what was known when it was asked for: for the time left */
	struct snapshot_group group;
	bool complete; /* all pages are here and go into the snapshot, piece by piece: */
	struct snapshot_finish *finish;
	bool resumed; /* goes on where an earlier run stopped, and no page came yet */
	struct req_id req; /* gen 0: not begun */
	enum req_priority priority;
	struct criteria_job *next;
};

/* How far the reading of criteria is, since it was last at rest. */
struct criteria_progress {
	size_t line_items, done; /* asked for, arrived */
	size_t requests, rows;
	int64_t began_ms;
};

struct view_owner {
	uint64_t view_id;
	struct owner_id owner;
};

struct options_load; /* session/options.c */
struct staging; /* session/staging.c */
struct reaches; /* session/reach.c */
struct lint; /* session/lint.c */
struct clip; /* session/clip.c */
struct judge_os; /* session/judge.c */
struct sync; /* session/sync.c */

struct session {
	struct session_config cfg;
	char profile[65];
	struct api *api;
	struct errinfo
	    offline; /* why there is no network; code ERR_OK: not tried yet, or there is */
	char account_id[65];
	struct account_set accounts;
	struct campaign_set campaigns;
	struct line_item_set line_items;
	struct audience_set audiences;
	struct promotable_user_set users;
	struct arena access_arena;
	struct access access;
	struct snapshot_count *counts; /* as many as line_items.n */
	size_t n_counts;
	struct map campaign_rows, line_item_rows, audience_rows;
	struct list_load loads[DATA_KINDS];
	struct criteria_job *jobs; /* the first few are under way */
	struct criteria_progress progress;
	int64_t told_ms; /* when the progress of criteria was last told */
	struct timer_id finishing; /* the next piece of a group that is complete */
	struct sync *sync; /* session/sync.c */
	struct owner_id owner;
	struct view_owner *owners;
	size_t n_owners, cap_owners;
	struct options_load *options;
	struct staging *staging;
	struct applying *applying;
	struct reaches *reaches;
	struct lint *lint;
	struct clip *clip;
	struct judge_os *judge_os;
	/* counts that a screen wishes for, asked when the user rests */
	struct timer_id want_timer;
	char (*want)[65];
	size_t n_want;
	struct timer_id save_budgets;
	/* an account that was chosen in the program is opened again next time, once X let us in; one
	 * that an option named is not */
	bool started, remember;
	char draft_notice[160]; /* see draft_notice() */
	struct timer_id opening; /* the rest of the snapshot is still to be read */
	unsigned pending; /* DATA_BITs to tell of at the start of the next turn */
	bool telling;
};

struct api_call session_call(struct session *s, req_fn *fn, void *user, enum req_priority p);
void session_set_error(struct session *s, enum data_kind kind, const struct errinfo *ei);

/* What session_connect does with the client that it makes; the session owns it from then on. */
void session_take_api(struct session *s, struct api *api);

/* parts, called by session.c */
enum err lists_load_snapshot(struct session *s, struct errinfo *ei);
void lists_load_rest(struct session *s); /* now, not after the first frame */
void lists_forget(struct session *s);
void lists_done(struct session *s);
enum err lists_recount(struct session *s, struct errinfo *ei);
void criteria_forget(struct session *s);
struct criteria_wish {
	const char *const *ids;
	size_t n;
	int64_t max_age_s; /* those younger are not read again; 0: all are */
	int64_t resume_since; /* groups that an earlier run began then or later go on; 0: none */
	int64_t read_at; /* what is read counts as read then, when that is later than now */
	enum req_priority priority;
};
enum err criteria_fetch(struct session *s, const struct criteria_wish *w);
void sync_lists_changed(struct session *s); /* the line items were read */
void sync_forget(struct session *s);
void sync_step(struct session *s); /* something came to its end: is the sync at its own? */
void options_forget(struct session *s); /* running fetches end; what is stored stays */
void options_go_on(struct session *s); /* harvests that an earlier run was stopped in */
void options_done(struct session *s);
void staging_done(struct session *s);
bool options_busy(const struct session *s);

#endif
