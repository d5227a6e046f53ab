/* The lists of an account (campaigns, line items, audiences, ...): from the snapshot first, then
 * from the API page by page, each page into the snapshot.
 *
 * A list of more than a page that is known is not read whole again: newest change first, deleted
 * ones included, it is read back to where it was known (reference 1.5). A shorter one costs one
 * request either way, and read whole it also tells what went away without being deleted. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "store/uistate.h"
#include "session/internal.h"

#define FIRST_ROWS 200 /* enough for the tallest screen; the rest is read after the first frame */

#define PAGE_ROWS 1000 /* of every list but look-ups (reference 1.5) */
/* A change may be seen late, and long lists are not read in an instant: changes of so long before
 * the last reading are read once more. */
#define OVERLAP_S 600

struct list_ops {
	enum snapshot_kind snapshot;
	bool with_draft;
	struct req_id (*ask)(struct api *a, const struct list_query *q, const struct api_call *c);
	enum err (*put)(struct session *s, struct list_load *l, const struct api_result *res,
	    const char *next, struct errinfo *ei);
	/* NULL: the API does not say that this list can be sorted by its changes */
	enum err (*merge)(struct session *s, struct list_load *l, const struct api_result *res,
	    const char *next, struct errinfo *ei);
	int64_t (*changed_at)(const struct api_result *res, size_t i);
	enum err (*append)(struct session *s, const struct api_result *res);
	enum err (*reload)(struct session *s, size_t first); /* snapshot into memory; 0: anew */
	size_t (*page)(const struct api_result *res);
};

static const char *realm_of(const struct session *s, enum snapshot_kind kind)
{
	return kind == SNAPSHOT_ACCOUNTS ? "" : s->account_id;
}

/* Each list has the same functions over its own types. */
#define LIST_FUNCTIONS(kind, plural, member, SNAPSHOT)                                             \
	static enum err put_##plural(struct session *s, struct list_load *l,                       \
	    const struct api_result *res, const char *next, struct errinfo *ei)                    \
	{                                                                                          \
		return snapshot_put_##plural(s->cfg.store, &l->fetch, &res->plural, next, ei);     \
	}                                                                                          \
	static enum err append_##plural(struct session *s, const struct api_result *res)           \
	{                                                                                          \
		for (size_t i = 0; i < res->plural.n; i++)                                         \
			if (!kind##_set_copy(&s->member, &res->plural.v[i]))                       \
				return ERR_NOMEM;                                                  \
		return ERR_OK;                                                                     \
	}                                                                                          \
	static enum err reload_##plural(struct session *s, size_t first)                           \
	{                                                                                          \
		if (first == 0) {                                                                  \
			kind##_set_done(&s->member);                                               \
			kind##_set_init(&s->member);                                               \
		}                                                                                  \
		return snapshot_get_##plural(                                                      \
		    s->cfg.store, realm_of(s, SNAPSHOT), first, SIZE_MAX, &s->member);             \
	}                                                                                          \
	static size_t page_##plural(const struct api_result *res)                                  \
	{                                                                                          \
		return res->plural.n;                                                              \
	}

LIST_FUNCTIONS(account, accounts, accounts, SNAPSHOT_ACCOUNTS)
LIST_FUNCTIONS(campaign, campaigns, campaigns, SNAPSHOT_CAMPAIGNS)
LIST_FUNCTIONS(line_item, line_items, line_items, SNAPSHOT_LINE_ITEMS)
LIST_FUNCTIONS(audience, audiences, audiences, SNAPSHOT_AUDIENCES)
LIST_FUNCTIONS(promotable_user, promotable_users, users, SNAPSHOT_PROMOTABLE_USERS)

#define CHANGES(kind, plural)                                                                      \
	static enum err merge_##plural(struct session *s, struct list_load *l,                     \
	    const struct api_result *res, const char *next, struct errinfo *ei)                    \
	{                                                                                          \
		return snapshot_merge_##plural(s->cfg.store, &l->changes, &res->plural, next, ei); \
	}                                                                                          \
	static int64_t changed_##plural(const struct api_result *res, size_t i)                    \
	{                                                                                          \
		return res->plural.v[i].updated_at;                                                \
	}

CHANGES(campaign, campaigns)
CHANGES(line_item, line_items)

#define ROW(snapshot, draft, plural, merge, changed)                                               \
	{                                                                                          \
		snapshot, draft, api_##plural, put_##plural, merge, changed, append_##plural,      \
		    reload_##plural, page_##plural                                                 \
	}
static const struct list_ops list_ops[DATA_KINDS] = {
    [DATA_ACCOUNTS] = ROW(SNAPSHOT_ACCOUNTS, false, accounts, NULL, NULL),
    [DATA_CAMPAIGNS] = ROW(SNAPSHOT_CAMPAIGNS, true, campaigns, merge_campaigns, changed_campaigns),
    [DATA_LINE_ITEMS] =
	ROW(SNAPSHOT_LINE_ITEMS, true, line_items, merge_line_items, changed_line_items),
    [DATA_AUDIENCES] = ROW(SNAPSHOT_AUDIENCES, false, audiences, NULL, NULL),
    [DATA_USERS] = ROW(SNAPSHOT_PROMOTABLE_USERS, false, promotable_users, NULL, NULL),
};

/* --- row numbers by id --- */

static enum err index_rows(struct session *s, enum data_kind kind)
{
	enum err err = ERR_OK;

	if (kind == DATA_CAMPAIGNS) {
		map_done(&s->campaign_rows);
		for (size_t i = 0; !err && i < s->campaigns.n; i++)
			err = map_put(&s->campaign_rows, s->campaigns.v[i].id, i);
	} else if (kind == DATA_LINE_ITEMS) {
		map_done(&s->line_item_rows);
		for (size_t i = 0; !err && i < s->line_items.n; i++)
			err = map_put(&s->line_item_rows, s->line_items.v[i].id, i);
	} else if (kind == DATA_AUDIENCES) {
		map_done(&s->audience_rows);
		for (size_t i = 0; !err && i < s->audiences.n; i++)
			err = map_put(&s->audience_rows, s->audiences.v[i].id, i);
	}
	return err;
}

enum err lists_recount(struct session *s, struct errinfo *ei)
{
	struct snapshot_count *counts =
	    mem_realloc_array(s->counts, s->line_items.n + 1, sizeof *counts);

	if (!counts)
		return err_set(ei, ERR_NOMEM, "no memory to count criteria");
	s->counts = counts;
	s->n_counts = s->line_items.n;
	return snapshot_counts(s->cfg.store, s->account_id, &s->line_items, s->counts, ei);
}

static void settle_rows(struct session *s, enum data_kind kind)
{
	struct errinfo ei = {0};

	if (index_rows(s, kind))
		err_set(&ei, ERR_NOMEM, "no memory for the index of a list");
	else if (kind == DATA_LINE_ITEMS)
		lists_recount(s, &ei);
	if (ei.code)
		s->loads[kind].state.ei = ei;
	session_notify(s, DATA_BIT(kind) | (kind == DATA_LINE_ITEMS ? DATA_BIT(DATA_CRITERIA) : 0));
}

/* --- from the API --- */

static void on_page(struct req_id id, struct api_result *res, void *user);
static void start(struct session *s, struct list_load *l, bool whole, bool resume);

/* The default scope hides audiences that others share (reference G44): two lists make one, and a
 * cursor of it says of which it is. */
static bool has_next_part(const struct list_load *l)
{
	return l->kind == DATA_AUDIENCES && l->part == 0;
}

static const char *stored_cursor(
    const struct list_load *l, const struct api_result *res, char *out, size_t cap)
{
	if (l->kind != DATA_AUDIENCES)
		return res->next_cursor;
	if (res->last && !has_next_part(l))
		return NULL;
	snprintf(out, cap, "%d%s", res->last ? 1 : l->part, res->last ? "" : res->next_cursor);
	return out;
}

static const char *cursor_of(struct list_load *l, const char *stored)
{
	if (l->kind == DATA_AUDIENCES && stored[0])
		l->part = *stored++ == '1';
	return stored;
}

static void ask(struct session *s, struct list_load *l, const char *cursor)
{
	const struct list_ops *ops = &list_ops[l->kind];
	struct api_call call = session_call(s, on_page, l, REQ_USER);
	struct list_query q = {.account_id = s->account_id,
	    .cursor = cursor,
	    .with_draft = ops->with_draft,
	    .with_deleted = l->only_changes,
	    .sort_by = l->only_changes ? "updated_at-desc" : NULL};

	if (l->kind == DATA_AUDIENCES)
		q.permission_scope = l->part == 0 ? "OWNER" : "SHARED";
	l->req = ops->ask(s->api, &q, &call);
	if (!l->req.gen) {
		struct errinfo ei;

		err_set(&ei, ERR_NOMEM, "no memory for a request");
		session_set_error(s, l->kind, &ei);
	}
}

/* Line items of a campaign that went are hidden without having changed, so that reading what
 * changed does not tell: they are then read whole. */
static bool campaign_went(struct session *s, const struct campaign_set *old)
{
	for (size_t i = 0; i < old->n; i++)
		if (!map_get(&s->campaign_rows, old->v[i].id, NULL))
			return true;
	return false;
}

static enum err reload(struct session *s, struct list_load *l)
{
	struct campaign_set old = s->campaigns;
	enum err err;

	if (l->grows || (l->only_changes && !l->changes.changed))
		return ERR_OK;
	if (l->kind == DATA_CAMPAIGNS)
		campaign_set_init(&s->campaigns);
	err = list_ops[l->kind].reload(s, 0);
	settle_rows(s, l->kind);
	if (l->kind == DATA_CAMPAIGNS) {
		s->loads[DATA_LINE_ITEMS].doubtful |= !err && campaign_went(s, &old);
		campaign_set_done(&old);
	}
	return err;
}

static void finish(struct session *s, struct list_load *l)
{
	struct list_load *items = &s->loads[DATA_LINE_ITEMS];
	bool late = l->resumed && clock_wall_s() - l->fetch.began > OVERLAP_S;

	if (reload(s, l)) {
		struct errinfo ei;

		err_set(&ei, ERR_STORE, "the list was read, but the local copy cannot be");
		session_set_error(s, l->kind, &ei);
		return;
	}
	l->state.loading = false;
	l->state.known = true;
	l->state.fetched_at = clock_wall_s();
	settle_rows(s, l->kind);
	if (l->kind == DATA_LINE_ITEMS && !l->only_changes)
		l->doubtful = false;
	if (late) /* its first pages are old by now */
		start(s, l, false, true);
	else if (items->doubtful && !items->state.loading && items->only_changes)
		start(s, items, true, false);
	else if (l->kind == DATA_LINE_ITEMS)
		sync_lists_changed(s);
}

/* Is this page of changes in the order that was asked for? Else nothing follows from its end. */
static bool is_sorted(const struct list_load *l, const struct api_result *res)
{
	const struct list_ops *ops = &list_ops[l->kind];

	for (size_t i = 1; i < ops->page(res); i++)
		if (ops->changed_at(res, i) > ops->changed_at(res, i - 1))
			return false;
	return true;
}

/* One page of changes; *over: it reaches back to what is known. */
static enum err take_changes(struct session *s, struct list_load *l, const struct api_result *res,
    bool *over, struct errinfo *ei)
{
	const struct list_ops *ops = &list_ops[l->kind];
	size_t n = ops->page(res);

	*over = res->last || (n > 0 && ops->changed_at(res, n - 1) < l->changes.since - OVERLAP_S);
	return ops->merge(s, l, res, *over ? NULL : res->next_cursor, ei);
}

static enum err take_page(struct session *s, struct list_load *l, const struct api_result *res,
    bool *over, struct errinfo *ei)
{
	const struct list_ops *ops = &list_ops[l->kind];
	char next[300];
	enum err err;

	*over = res->last && !has_next_part(l);
	l->fetch.clock_skew_s = api_stats(s->api).clock_skew_s;
	err = ops->put(s, l, res, stored_cursor(l, res, next, sizeof next), ei);
	return err || !l->grows ? err : ops->append(s, res);
}

static void on_page(struct req_id id, struct api_result *res, void *user)
{
	struct list_load *l = user;
	struct session *s = l->session;
	struct errinfo ei = {0};
	bool over;

	if (!req_same(id, l->req))
		return;
	if (res->err == ERR_INVALID && l->resumed && res->page == 0) {
		start(s, l, !l->only_changes, false); /* the cursor is not accepted any more */
		return;
	}
	if (res->err) {
		session_set_error(s, l->kind, &res->ei);
		return;
	}
	if (l->only_changes && !is_sorted(l, res)) {
		req_cancel(s->api, id);
		start(s, l, true, false);
		return;
	}
	l->state.rows += list_ops[l->kind].page(res);
	if (l->only_changes ? take_changes(s, l, res, &over, &ei)
			    : take_page(s, l, res, &over, &ei)) {
		if (!ei.code)
			err_set(&ei, ERR_NOMEM, "no memory for the list");
		req_cancel(s->api, id);
		session_set_error(s, l->kind, &ei);
		return;
	}
	if (over) {
		req_cancel(s->api, id); /* the rest of it is known */
		finish(s, l);
	} else if (!res->last) {
		if (l->grows)
			settle_rows(s, l->kind);
		session_notify(s, DATA_BIT(l->kind));
	} else {
		l->part = 1;
		ask(s, l, NULL);
	}
}

static void on_access(struct req_id id, struct api_result *res, void *user)
{
	struct list_load *l = user;
	struct session *s = l->session;

	if (!req_same(id, l->req))
		return;
	if (res->err) {
		session_set_error(s, DATA_ACCESS, &res->ei);
		return;
	}
	arena_done(&s->access_arena);
	s->access_arena = res->access.arena;
	s->access = res->access.access;
	arena_init(&res->access.arena);
	snapshot_put_access(s->cfg.store, s->account_id, &s->access, NULL);
	l->state = (struct data_state){.known = true, .fetched_at = clock_wall_s()};
	if (s->remember)
		uistate_put(s->cfg.store, LAST_ACCOUNT, s->account_id, NULL);
	session_notify(s, DATA_BIT(DATA_ACCESS));
}

/* whole: read all of it. resume: go on where an earlier reading stopped. */
static enum err begin(
    struct session *s, struct list_load *l, bool whole, bool resume, struct errinfo *ei)
{
	const struct list_ops *ops = &list_ops[l->kind];
	const char *realm = realm_of(s, ops->snapshot);

	l->only_changes = !whole && ops->merge &&
			  snapshot_info(s->cfg.store, realm, ops->snapshot).n >= PAGE_ROWS &&
			  !snapshot_changes_begin(s->cfg.store, realm, ops->snapshot,
			      api_stats(s->api).clock_skew_s, &l->changes, NULL);
	if (!l->only_changes)
		return snapshot_begin(s->cfg.store, realm, ops->snapshot, resume, &l->fetch, ei);
	l->fetch = (struct store_fetch){.began = l->changes.began};
	if (!resume)
		l->changes.cursor[0] = '\0';
	return ERR_OK;
}

static void start(struct session *s, struct list_load *l, bool whole, bool resume)
{
	struct errinfo ei = {0};
	const char *cursor;

	l->state.loading = true;
	l->state.ei.code = ERR_OK;
	l->part = 0;
	if (begin(s, l, whole, resume, &ei)) {
		session_set_error(s, l->kind, &ei);
		return;
	}
	cursor = cursor_of(l, l->only_changes ? l->changes.cursor : l->fetch.cursor);
	l->resumed = l->only_changes ? l->changes.cursor[0] : l->fetch.cursor[0];
	l->state.rows = l->only_changes ? 0 : (size_t)l->fetch.n;
	l->grows = !l->state.known;
	if (l->grows) /* what an interrupted reading left behind */
		list_ops[l->kind].reload(s, 0);
	ask(s, l, cursor);
	session_notify(s, DATA_BIT(l->kind));
}

static void refresh(struct session *s, enum data_kind kind, bool whole)
{
	struct list_load *l = &s->loads[kind];

	if (!s->api || l->state.loading || (kind != DATA_ACCOUNTS && !s->account_id[0]))
		return;
	if (kind == DATA_ACCESS) {
		struct api_call call = session_call(s, on_access, l, REQ_USER);

		l->state.ei.code = ERR_OK;
		l->req = api_access(s->api, s->account_id, &call);
		l->state.loading = l->req.gen != 0;
		session_notify(s, DATA_BIT(kind));
		return;
	}
	start(s, l, whole, true);
}

void session_refresh(struct session *s, enum data_kind kind)
{
	refresh(s, kind, false);
}

void session_refresh_whole(struct session *s, enum data_kind kind)
{
	refresh(s, kind, true);
}

/* --- from the snapshot --- */

static void load_rest(struct loop *loop, void *user)
{
	static const enum data_kind kinds[] = {DATA_CAMPAIGNS, DATA_AUDIENCES, DATA_USERS};
	struct session *s = user;

	(void)loop;
	s->opening = (struct timer_id){0};
	if (s->line_items.n == FIRST_ROWS)
		list_ops[DATA_LINE_ITEMS].reload(s, FIRST_ROWS);
	settle_rows(s, DATA_LINE_ITEMS);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		list_ops[kinds[i]].reload(s, 0);
		settle_rows(s, kinds[i]);
	}
}

void lists_load_rest(struct session *s)
{
	if (!s->opening.gen)
		return;
	loop_timer_cancel(s->cfg.loop, s->opening);
	load_rest(s->cfg.loop, s);
}

enum err lists_load_snapshot(struct session *s, struct errinfo *ei)
{
	enum err err =
	    snapshot_get_line_items(s->cfg.store, s->account_id, 0, FIRST_ROWS, &s->line_items);

	for (int k = DATA_ACCESS; k <= DATA_USERS; k++) {
		struct snapshot_info info;

		if (k == DATA_ACCESS)
			continue;
		info = snapshot_info(s->cfg.store, s->account_id, list_ops[k].snapshot);
		s->loads[k].state.known = info.complete;
		s->loads[k].state.fetched_at = info.fetched_at;
	}
	snapshot_get_access(s->cfg.store, s->account_id, &s->access_arena, &s->access);
	if (err == ERR_NOTFOUND)
		err = ERR_OK;
	else if (err)
		err_set(ei, err, "the local copy of the account cannot be read");
	/* a timer, not a deferred call: those run before the frame that must not wait for this */
	s->opening = loop_timer(s->cfg.loop, 0, load_rest, s);
	if (!s->opening.gen)
		err = err_set(ei, ERR_NOMEM, "no memory to open the account");
	return err;
}

void lists_forget(struct session *s)
{
	loop_timer_cancel(s->cfg.loop, s->opening);
	s->opening = (struct timer_id){0};
	for (int k = DATA_ACCESS; k <= DATA_USERS; k++) {
		s->loads[k].state = (struct data_state){0};
		s->loads[k].req = (struct req_id){0};
	}
	campaign_set_done(&s->campaigns);
	line_item_set_done(&s->line_items);
	audience_set_done(&s->audiences);
	promotable_user_set_done(&s->users);
	arena_done(&s->access_arena);
	s->access = (struct access){0};
	map_done(&s->campaign_rows);
	map_done(&s->line_item_rows);
	map_done(&s->audience_rows);
	s->n_counts = 0;
}

void lists_done(struct session *s)
{
	lists_forget(s);
	account_set_done(&s->accounts);
	mem_free(s->counts);
}
