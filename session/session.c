#include "session/session.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "store/drafts.h"
#include "store/lock.h"
#include "store/uistate.h"
#include "session/applying.h"
#include "session/budget_store.h"
#include "session/clip.h"
#include "session/draft.h"
#include "session/internal.h"
#include "session/judge.h"
#include "session/lint.h"
#include "session/reach.h"
#include "session/staging.h"
#include "session/sync.h"

#define BUDGETS_EVERY_MS 2000 /* a save is a sync of the disk: not after every answer */

static void set_text(char *out, size_t cap, const char *s)
{
	snprintf(out, cap, "%s", s ? s : "");
}

struct session *session_new(const struct session_config *cfg, struct errinfo *ei)
{
	struct session *s = mem_zalloc(sizeof *s);

	if (!s) {
		err_set(ei, ERR_NOMEM, "no memory for the session");
		return NULL;
	}
	s->cfg = *cfg;
	lock_allow_missing(cfg->store, cfg->post_without_lock);
	set_text(s->profile, sizeof s->profile, cfg->profile);
	account_set_init(&s->accounts);
	campaign_set_init(&s->campaigns);
	line_item_set_init(&s->line_items);
	audience_set_init(&s->audiences);
	promotable_user_set_init(&s->users);
	arena_init(&s->access_arena);
	map_init(&s->campaign_rows);
	map_init(&s->line_item_rows);
	map_init(&s->audience_rows);
	for (int k = 0; k < DATA_KINDS; k++) {
		s->loads[k].session = s;
		s->loads[k].kind = (enum data_kind)k;
	}
	snapshot_get_accounts(cfg->store, "", 0, SIZE_MAX, &s->accounts);
	s->loads[DATA_ACCOUNTS].state.known = s->accounts.n > 0;
	s->loads[DATA_ACCOUNTS].state.fetched_at =
	    snapshot_info(cfg->store, "", SNAPSHOT_ACCOUNTS).fetched_at;
	return s;
}

/* The sandbox of the demo forgets its counters when it ends, so they are not kept either. */
static void save_budgets(struct loop *l, void *user)
{
	struct session *s = user;

	(void)l;
	s->save_budgets.gen = 0;
	if (s->api && !s->cfg.demo)
		budget_store_save(s->cfg.store, s->api);
}

/* What the parts keep of the account that is open. */
static void forget_parts(struct session *s)
{
	sync_forget(s);
	criteria_forget(s);
	lint_forget(s);
	judge_forget(s);
	clip_forget(s);
	reach_forget(s);
}

void session_free(struct session *s)
{
	if (!s)
		return;
	applying_done(s);
	forget_parts(s);
	loop_timer_cancel(s->cfg.loop, s->save_budgets);
	save_budgets(s->cfg.loop, s);
	api_free(s->api);
	options_done(s);
	staging_done(s);
	lists_done(s);
	mem_free(s->owners);
	mem_free(s);
}

/* Which account to open when nobody said: the one of the configuration, the last one, the only
 * one. */
static void choose_account(struct session *s)
{
	struct errinfo ei;
	struct buf last;

	if (s->account_id[0])
		return;
	buf_init(&last, 64);
	if (s->cfg.account && s->cfg.account[0])
		session_open_account(s, s->cfg.account, &ei);
	else if (uistate_get(s->cfg.store, LAST_ACCOUNT, &last) && last.len)
		session_open_account(s, buf_str(&last), &ei);
	else if (s->accounts.n == 1)
		session_open_account(s, s->accounts.v[0].id, &ei);
	buf_done(&last);
}

void session_start(struct session *s)
{
	choose_account(s);
	s->started = true;
}

static void on_api_change(void *user)
{
	struct session *s = user;

	if (!s->save_budgets.gen)
		s->save_budgets = loop_timer(s->cfg.loop, BUDGETS_EVERY_MS, save_budgets, s);
	applying_look(s);
	session_notify(s, DATA_BIT(DATA_STATUS));
}

static void refresh_all(struct session *s)
{
	static const enum data_kind kinds[] = {
	    DATA_ACCESS, DATA_LINE_ITEMS, DATA_CAMPAIGNS, DATA_AUDIENCES, DATA_USERS};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		session_refresh(s, kinds[i]);
}

/* The account list is a global read, five in 15 minutes (reference G1): as rarely as look-ups. */
static bool accounts_are_old(const struct session *s)
{
	return !s->loads[DATA_ACCOUNTS].state.known ||
	       clock_wall_s() - s->loads[DATA_ACCOUNTS].state.fetched_at >
		   s->cfg.cache_days * 86400;
}

void session_take_api(struct session *s, struct api *api)
{
	s->api = api;
	s->offline.code = ERR_OK;
	s->owner = api_new_owner(s->api);
	if (!s->cfg.demo)
		budget_store_load(s->cfg.store, s->api);
	api_on_change(s->api, on_api_change, s);
	if (accounts_are_old(s))
		session_refresh(s, DATA_ACCOUNTS);
	if (s->account_id[0] && !s->cfg.lazy)
		refresh_all(s);
	applying_resume(s);
	if (s->cfg.follow)
		options_go_on(s);
	session_notify(s, DATA_BIT(DATA_STATUS));
}

enum err session_connect(struct session *s, const struct api_config *cfg, struct errinfo *ei)
{
	struct api *api = api_new(s->cfg.loop, cfg, ei);

	if (!api)
		return ei ? ei->code : ERR_CONFIG;
	session_take_api(s, api);
	return ERR_OK;
}

void session_offline(struct session *s, const struct errinfo *why)
{
	s->offline = *why;
	session_notify(s, DATA_BIT(DATA_STATUS));
}

const struct errinfo *session_why_offline(const struct session *s)
{
	return s->api ? NULL : &s->offline;
}

struct api *session_api(const struct session *s)
{
	return s->api;
}

struct store *session_store(const struct session *s)
{
	return s->cfg.store;
}

struct loop *session_loop(const struct session *s)
{
	return s->cfg.loop;
}

const char *session_profile(const struct session *s)
{
	return s->profile;
}

int64_t session_batch_size(const struct session *s)
{
	return s->cfg.batch_size;
}

int64_t session_cache_days(const struct session *s)
{
	return s->cfg.cache_days;
}

bool session_busy(const struct session *s)
{
	for (int k = 0; k < DATA_KINDS; k++)
		if (s->loads[k].state.loading)
			return true;
	return s->jobs || session_syncing(s) || s->want_timer.gen || s->opening.gen || s->pending ||
	       options_busy(s) || applying_busy(s) || reach_busy(s) || lint_busy(s);
}

struct owner_id session_owner_of_view(struct session *s, uint64_t view_id)
{
	struct view_owner *more;

	for (size_t i = 0; i < s->n_owners; i++)
		if (s->owners[i].view_id == view_id)
			return s->owners[i].owner;
	if (!s->api)
		return (struct owner_id){0};
	if (s->n_owners == s->cap_owners) {
		size_t cap = s->cap_owners ? s->cap_owners * 2 : 8;

		more = mem_realloc_array(s->owners, cap, sizeof *more);
		if (!more)
			return s->owner;
		s->owners = more;
		s->cap_owners = cap;
	}
	s->owners[s->n_owners] = (struct view_owner){view_id, api_new_owner(s->api)};
	return s->owners[s->n_owners++].owner;
}

void session_view_closed(struct session *s, uint64_t view_id)
{
	for (size_t i = 0; i < s->n_owners; i++)
		if (s->owners[i].view_id == view_id) {
			req_cancel_owner(s->api, s->owners[i].owner);
			s->owners[i] = s->owners[--s->n_owners];
			return;
		}
}

static void tell(struct loop *l, void *user)
{
	struct session *s = user;
	unsigned kinds = s->pending;

	(void)l;
	s->telling = false;
	s->pending = 0;
	sync_step(s);
	if (s->cfg.change)
		s->cfg.change(s->cfg.user, kinds);
}

void session_notify(struct session *s, unsigned kinds)
{
	for (int k = 0; k < DATA_KINDS; k++)
		if (kinds & DATA_BIT(k))
			s->loads[k].generation++;
	s->pending |= kinds;
	if (!s->telling)
		s->telling = loop_defer(s->cfg.loop, tell, s) == ERR_OK;
}

void session_set_error(struct session *s, enum data_kind kind, const struct errinfo *ei)
{
	s->loads[kind].state.loading = false;
	s->loads[kind].state.ei = *ei;
	session_notify(s, DATA_BIT(kind));
}

struct api_call session_call(struct session *s, req_fn *fn, void *user, enum req_priority p)
{
	return (struct api_call){fn, user, s->owner, p};
}

/* --- the account --- */

const char *session_account_id(const struct session *s)
{
	return s->account_id;
}

const struct account *session_account(const struct session *s)
{
	for (size_t i = 0; i < s->accounts.n; i++)
		if (strcmp(s->accounts.v[i].id, s->account_id) == 0)
			return &s->accounts.v[i];
	return NULL;
}

enum err session_open_account(struct session *s, const char *id, struct errinfo *ei)
{
	enum err err;

	if (!api_id_ok(id))
		return err_set(ei, ERR_REFUSED, "\"%s\" is not an account id", id);
	if (applying_busy(s))
		return err_set(ei, ERR_REFUSED, "changes are being posted; wait for the end");
	if (s->api) {
		req_cancel_owner(s->api, s->owner);
		s->owner = api_new_owner(s->api);
	}
	forget_parts(s);
	options_forget(s);
	applying_leave(s);
	lists_forget(s);
	set_text(s->account_id, sizeof s->account_id, id);
	s->remember = s->started;
	draft_resume(s);
	err = lists_load_snapshot(s, ei);
	if (!err)
		err = staging_load(s, ei);
	if (s->api)
		refresh_all(s);
	applying_resume(s);
	session_notify(s, ~0u);
	return err;
}

static bool has_permission(const struct session *s, const char *name)
{
	const char *p = s->access.permissions;
	size_t n = strlen(name);

	for (; p && *p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (strncmp(p, name, n) == 0 && (p[n] == ',' || p[n] == '\0'))
			return true;
	return false;
}

bool session_may_edit(const struct session *s, char *reason, size_t cap)
{
	if (s->cfg.read_only) {
		snprintf(reason, cap,
		    "this session is read-only (--read-only, or read_only in the profile)");
		return false;
	}
	if (!store_can_stage(s->cfg.store)) {
		snprintf(
		    reason, cap, "the state directory cannot be written, so an edit could be lost");
		return false;
	}
	if (s->access.permissions && !has_permission(s, "ACCOUNT_ADMIN") &&
	    !has_permission(s, "AD_MANAGER")) {
		snprintf(reason, cap,
		    "your role here (%s) may look, not change; ask for Ad manager",
		    session_role(s));
		return false;
	}
	return true;
}

const char *session_role(const struct session *s)
{
	static const struct {
		const char *permission, *role;
	} roles[] = {
	    {"ACCOUNT_ADMIN", "admin"},
	    {"AD_MANAGER", "ad manager"},
	    {"CREATIVE_MANAGER", "creative manager"},
	    {"CAMPAIGN_ANALYST", "analyst"},
	    {"ANALYST", "organic analyst"},
	    {"PARTNER_AUDIENCE_MANAGER", "audience partner"},
	};

	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
		if (has_permission(s, roles[i].permission))
			return roles[i].role;
	return s->access.permissions ? "no role" : "";
}

/* --- what was read --- */

const struct account_set *session_accounts(const struct session *s)
{
	return &s->accounts;
}

const struct campaign_set *session_campaigns(const struct session *s)
{
	return &s->campaigns;
}

const struct line_item_set *session_line_items(const struct session *s)
{
	return &s->line_items;
}

const struct audience_set *session_audiences(const struct session *s)
{
	return &s->audiences;
}

const struct promotable_user_set *session_users(const struct session *s)
{
	return &s->users;
}

struct data_state session_state(const struct session *s, enum data_kind kind)
{
	return s->loads[kind].state;
}

uint64_t session_generation(const struct session *s, enum data_kind kind)
{
	return s->loads[kind].generation;
}

const struct campaign *session_campaign(const struct session *s, const char *id)
{
	uint64_t row;

	return id && map_get(&s->campaign_rows, id, &row) ? &s->campaigns.v[row] : NULL;
}

const struct line_item *session_line_item(const struct session *s, const char *id)
{
	uint64_t row;

	return id && map_get(&s->line_item_rows, id, &row) ? &s->line_items.v[row] : NULL;
}

const struct audience *session_audience(const struct session *s, const char *id)
{
	uint64_t row;

	return id && map_get(&s->audience_rows, id, &row) ? &s->audiences.v[row] : NULL;
}

const char *session_line_item_name(const struct session *s, const char *id, char *out, size_t cap)
{
	const struct line_item *li = session_line_item(s, id);

	if (li && li->name)
		return li->name;
	snprintf(out, cap, li ? "(no name) %s" : "line item %s", id);
	return out;
}

struct snapshot_count session_count(const struct session *s, size_t i)
{
	return i < s->n_counts ? s->counts[i] : (struct snapshot_count){.n = -1};
}
