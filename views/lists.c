/* The lists of an account (campaigns, line items, audiences, ...): from the snapshot first, then
 * from the API page by page, each page into the snapshot. */
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "store/uistate.h"
#include "views/internal.h"

#define FIRST_ROWS 200 /* enough for the tallest screen; the rest is read after the first frame */

struct list_ops {
	enum snapshot_kind snapshot;
	struct req_id (*ask)(struct session *s, int part, const struct api_call *c);
	enum err (*put)(struct session *s, struct list_load *l, const struct api_result *res,
	    const char *next, struct errinfo *ei);
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

static struct req_id ask_accounts(struct session *s, int part, const struct api_call *c)
{
	struct list_query q = {0};

	(void)part;
	return api_accounts(s->api, &q, c);
}

static struct req_id ask_campaigns(struct session *s, int part, const struct api_call *c)
{
	struct list_query q = {.account_id = s->account_id, .with_draft = true};

	(void)part;
	return api_campaigns(s->api, &q, c);
}

static struct req_id ask_line_items(struct session *s, int part, const struct api_call *c)
{
	struct list_query q = {.account_id = s->account_id, .with_draft = true};

	(void)part;
	return api_line_items(s->api, &q, c);
}

/* The default scope hides audiences that others share (reference G44): two lists make one. */
static struct req_id ask_audiences(struct session *s, int part, const struct api_call *c)
{
	struct list_query q = {
	    .account_id = s->account_id, .permission_scope = part == 0 ? "OWNER" : "SHARED"};

	return api_audiences(s->api, &q, c);
}

static struct req_id ask_users(struct session *s, int part, const struct api_call *c)
{
	struct list_query q = {.account_id = s->account_id};

	(void)part;
	return api_promotable_users(s->api, &q, c);
}

#define ROW(snapshot, ask, plural)                                                                 \
	{                                                                                          \
		snapshot, ask, put_##plural, append_##plural, reload_##plural, page_##plural       \
	}
static const struct list_ops list_ops[DATA_KINDS] = {
    [DATA_ACCOUNTS] = ROW(SNAPSHOT_ACCOUNTS, ask_accounts, accounts),
    [DATA_CAMPAIGNS] = ROW(SNAPSHOT_CAMPAIGNS, ask_campaigns, campaigns),
    [DATA_LINE_ITEMS] = ROW(SNAPSHOT_LINE_ITEMS, ask_line_items, line_items),
    [DATA_AUDIENCES] = ROW(SNAPSHOT_AUDIENCES, ask_audiences, audiences),
    [DATA_USERS] = ROW(SNAPSHOT_PROMOTABLE_USERS, ask_users, promotable_users),
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

static void ask(struct session *s, struct list_load *l)
{
	struct api_call call = session_call(s, on_page, l, REQ_USER);

	l->req = list_ops[l->kind].ask(s, l->part, &call);
	if (!l->req.gen) {
		struct errinfo ei;

		err_set(&ei, ERR_NOMEM, "no memory for a request");
		session_set_error(s, l->kind, &ei);
	}
}

static void finish(struct session *s, struct list_load *l)
{
	const struct list_ops *ops = &list_ops[l->kind];

	if (!l->grows && ops->reload(s, 0)) {
		struct errinfo ei;

		err_set(&ei, ERR_STORE, "the list was read, but the local copy cannot be");
		session_set_error(s, l->kind, &ei);
		return;
	}
	l->state.loading = false;
	l->state.known = true;
	l->state.fetched_at = clock_wall_s();
	settle_rows(s, l->kind);
}

static void on_page(struct req_id id, struct api_result *res, void *user)
{
	struct list_load *l = user;
	struct session *s = l->session;
	const struct list_ops *ops = &list_ops[l->kind];
	bool last_part = l->kind != DATA_AUDIENCES || l->part == 1;
	const char *next = res->last ? (last_part ? NULL : "SHARED") : res->next_cursor;
	struct errinfo ei = {0};

	if (!req_same(id, l->req))
		return;
	if (res->err) {
		session_set_error(s, l->kind, &res->ei);
		return;
	}
	l->state.rows += ops->page(res);
	if (ops->put(s, l, res, next, &ei) || (l->grows && ops->append(s, res))) {
		if (!ei.code)
			err_set(&ei, ERR_NOMEM, "no memory for the list");
		req_cancel(s->api, id);
		session_set_error(s, l->kind, &ei);
		return;
	}
	if (!res->last) {
		if (l->grows)
			settle_rows(s, l->kind);
		session_notify(s, DATA_BIT(l->kind));
	} else if (last_part) {
		finish(s, l);
	} else {
		l->part = 1;
		ask(s, l);
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

void session_refresh(struct session *s, enum data_kind kind)
{
	struct list_load *l = &s->loads[kind];
	struct errinfo ei = {0};

	if (!s->api || l->state.loading || (kind != DATA_ACCOUNTS && !s->account_id[0]))
		return;
	l->state.loading = true;
	l->state.rows = 0;
	l->state.ei.code = ERR_OK;
	l->part = 0;
	if (kind == DATA_ACCESS) {
		struct api_call call = session_call(s, on_access, l, REQ_USER);

		l->req = api_access(s->api, s->account_id, &call);
		l->state.loading = l->req.gen != 0;
	} else if (snapshot_begin(s->cfg.store, realm_of(s, list_ops[kind].snapshot),
		       list_ops[kind].snapshot, false, &l->fetch, &ei)) {
		session_set_error(s, kind, &ei);
	} else {
		l->grows = !l->state.known;
		if (l->grows) /* what an interrupted reading left behind */
			list_ops[kind].reload(s, 0);
		ask(s, l);
	}
	session_notify(s, DATA_BIT(kind));
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
