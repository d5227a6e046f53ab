#include "session/options.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "session/internal.h"

#define PARAMS_MAX 8
#define SCOPE_MAX 4096
#define SETS_KEPT 16 /* more than a picker uses at once, so the oldest is nobody's */
#define RETRY_MS 30000 /* after a failure nothing is asked again by itself before this */

/* reference G38: required, although the documents call it optional */
#define ALL_EVENT_TYPES "CONFERENCE,HOLIDAY,MUSIC_AND_ENTERTAINMENT,OTHER,POLITICS,RECURRING,SPORTS"

struct options_entry {
	struct session *session;
	struct options_entry *next;
	struct arena arena;
	const char *kind, *scope;
	struct api_param params[PARAMS_MAX];
	size_t n_params;
	/* The one before stays until the next change: a view may still be about to look at it. */
	const struct catalog_set *set, *previous;
	size_t shown; /* rows of `set` */
	bool behind; /* the store has more than `set` */
	bool search;
	bool resumed; /* the fetch goes on where an earlier run stopped, and no page came yet */
	struct data_state state;
	struct req_id req;
	struct store_fetch fetch;
	int64_t retry_at_ms;
	uint64_t used;
};

struct options_load {
	struct options_entry *first;
	uint64_t uses;
};

static const struct harvest {
	const char *kind;
	size_t rows, page;
} harvests[] = {
#define H(kind, rows, page) {kind, rows, page},
#include "session/harvest.def"
#undef H
};

static const struct harvest *harvest_of(const char *kind)
{
	for (size_t i = 0; i < sizeof harvests / sizeof *harvests; i++)
		if (strcmp(harvests[i].kind, kind) == 0)
			return &harvests[i];
	return NULL;
}

/* --- scopes --- */

static bool has_param(const struct api_param *v, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].name, name) == 0)
			return true;
	return false;
}

/* Sorted by name, with what the API insists on; false when there are too many. */
static bool complete_params(const char *kind, const struct api_param *params, size_t n,
    struct api_param *out, size_t *n_out)
{
	size_t m = 0;

	if (n + 1 > PARAMS_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		out[m++] = params[i];
	if (strcmp(kind, "events") == 0 && !has_param(params, n, "event_types"))
		out[m++] = (struct api_param){"event_types", ALL_EVENT_TYPES};
	if (strcmp(kind, "network_operators") == 0 && !has_param(params, n, "country_code"))
		out[m++] = (struct api_param){"country_code", "US"};
	for (size_t i = 1; i < m; i++)
		for (size_t j = i; j > 0 && strcmp(out[j - 1].name, out[j].name) > 0; j--) {
			struct api_param swap = out[j];

			out[j] = out[j - 1];
			out[j - 1] = swap;
		}
	*n_out = m;
	return true;
}

static void add_value(struct buf *out, const char *s)
{
	for (; *s; s++)
		if (*s == '&' || *s == '=' || *s == '%')
			buf_addf(out, "%%%02X", (unsigned char)*s);
		else
			buf_addc(out, *s);
}

size_t options_expected(
    const char *kind, const struct api_param *params, size_t n, size_t *requests)
{
	const struct harvest *h = harvest_of(kind);
	/* a market is a part of them, and nobody counted which */
	bool all = h && !has_param(params, n, "q") &&
		   (n == 0 || (n == 1 && strcmp(params[0].name, "locale") == 0));

	*requests = all ? (h->rows + h->page - 1) / h->page : 0;
	return all ? h->rows : 0;
}

enum err options_scope(struct buf *out, const char *kind, const struct api_param *params, size_t n)
{
	struct api_param all[PARAMS_MAX];
	size_t m;

	if (!complete_params(kind, params, n, all, &m))
		return ERR_LIMIT;
	for (size_t i = 0; i < m; i++) {
		buf_addf(out, "%s%s=", i ? "&" : "", all[i].name);
		add_value(out, all[i].value);
	}
	return out->failed;
}

/* --- entries --- */

static struct options_entry *find(
    const struct session *s, const char *kind, const struct api_param *params, size_t n)
{
	struct options_entry *e = s->options ? s->options->first : NULL;
	struct buf scope;

	buf_init(&scope, SCOPE_MAX);
	if (options_scope(&scope, kind, params, n))
		e = NULL;
	while (e && (strcmp(e->kind, kind) != 0 || strcmp(e->scope, buf_str(&scope)) != 0))
		e = e->next;
	buf_done(&scope);
	return e;
}

static void entry_free(struct options_entry *e)
{
	catalog_release(e->previous);
	catalog_release(e->set);
	arena_done(&e->arena);
	mem_free(e);
}

static bool entry_fill(
    struct options_entry *e, const char *kind, const struct api_param *params, size_t n)
{
	struct buf scope;
	bool ok;

	buf_init(&scope, SCOPE_MAX);
	ok = complete_params(kind, params, n, e->params, &e->n_params) &&
	     options_scope(&scope, kind, params, n) == ERR_OK;
	e->kind = ok ? arena_strdup(&e->arena, kind) : NULL;
	e->scope = ok ? arena_strdup(&e->arena, buf_str(&scope)) : NULL;
	buf_done(&scope);
	ok = e->kind && e->scope;
	for (size_t i = 0; i < e->n_params && ok; i++) {
		e->params[i].name = arena_strdup(&e->arena, e->params[i].name);
		e->params[i].value = arena_strdup(&e->arena, e->params[i].value);
		ok = e->params[i].name && e->params[i].value;
	}
	return ok;
}

static struct options_entry *entry(
    struct session *s, const char *kind, const struct api_param *params, size_t n)
{
	struct options_entry *e = find(s, kind, params, n);

	if (!s->options)
		s->options = mem_zalloc(sizeof *s->options);
	if (e || !s->options)
		return e;
	e = mem_zalloc(sizeof *e);
	if (!e)
		return NULL;
	arena_init(&e->arena);
	e->session = s;
	e->behind = true;
	if (!entry_fill(e, kind, params, n)) {
		entry_free(e);
		return NULL;
	}
	e->search = has_param(params, n, "q");
	e->next = s->options->first;
	s->options->first = e;
	return e;
}

/* Let go of the sets that were not used for longest. What they hold stays on the disk. */
static void drop_unused(struct options_load *o)
{
	for (;;) {
		struct options_entry *oldest = NULL;
		size_t kept = 0;

		for (struct options_entry *e = o->first; e; e = e->next) {
			if (!e->set)
				continue;
			kept++;
			if (!e->state.loading && (!oldest || e->used < oldest->used))
				oldest = e;
		}
		if (kept <= SETS_KEPT || !oldest)
			return;
		catalog_release(oldest->previous);
		catalog_release(oldest->set);
		oldest->set = oldest->previous = NULL;
		oldest->behind = true;
	}
}

static void load_set(struct options_entry *e)
{
	const struct catalog_set *set;

	if (!e->behind)
		return;
	set = catalog_get(e->session->cfg.store, e->kind, e->scope, NULL);
	if (!set) /* nothing is stored, or there was no memory for it: look again next time */
		return;
	e->behind = false;
	catalog_release(e->previous);
	e->previous = e->set;
	e->set = set;
	e->shown = set->options.n;
	e->state.known = true;
	e->state.fetched_at = set->complete ? set->fetched_at : 0;
}

/* --- fetching --- */

static void on_page(struct req_id id, struct api_result *res, void *user);

static void failed(struct options_entry *e, const struct errinfo *ei)
{
	e->state.loading = false;
	e->state.ei = *ei;
	e->behind = true; /* what came so far */
	e->retry_at_ms = clock_mono_ms() + RETRY_MS;
	session_notify(e->session, DATA_BIT(DATA_OPTIONS));
}

static void start(struct options_entry *e, bool resume)
{
	struct session *s = e->session;
	struct errinfo ei = {0};
	/* a first answer is waited for; the many pages of a large one are not */
	bool large = harvest_of(e->kind) && !e->search;
	struct api_call call = session_call(s, on_page, e, large ? REQ_BACKGROUND : REQ_USER);
	struct lookup_query q = {.kind = e->kind, .params = e->params, .n_params = e->n_params};

	if (catalog_begin(s->cfg.store, e->kind, e->scope, resume && !e->search, &e->fetch, &ei)) {
		failed(e, &ei);
		return;
	}
	e->resumed = e->fetch.cursor[0] != '\0';
	q.cursor = e->resumed ? e->fetch.cursor : NULL;
	q.max_pages = e->search ? 1 : 0;
	e->req = api_lookup(s->api, &q, &call);
	if (e->req.gen == 0) {
		err_set(&ei, ERR_NOMEM, "no memory to ask for %s", e->kind);
		failed(e, &ei);
		return;
	}
	e->state.loading = true;
	e->state.rows = (size_t)e->fetch.n;
	e->state.ei = (struct errinfo){0};
	session_notify(s, DATA_BIT(DATA_OPTIONS));
}

static void on_page(struct req_id id, struct api_result *res, void *user)
{
	struct options_entry *e = user;
	struct errinfo ei = {0};
	enum err err;

	if (!req_same(id, e->req))
		return;
	if (res->err == ERR_INVALID && e->resumed) {
		start(e, false); /* the cursor of the earlier run is not accepted any more */
		return;
	}
	if (res->err) {
		failed(e, &res->ei);
		return;
	}
	e->resumed = false;
	err = catalog_put(e->session->cfg.store, &e->fetch, &res->options,
	    e->search || res->last ? NULL : res->next_cursor, &ei);
	if (err) {
		/* CANCELLED: another terminal fetches the same, or the cache was made anew */
		req_cancel(e->session->api, id);
		failed(e, &ei);
		return;
	}
	e->state.rows = (size_t)e->fetch.n;
	e->state.loading = !res->last;
	if (res->last || e->state.rows >= e->shown + e->shown / 4)
		e->behind = true;
	session_notify(e->session, DATA_BIT(DATA_OPTIONS));
}

static bool is_begun(const struct options_entry *e)
{
	return catalog_info(e->session->cfg.store, e->kind, e->scope).fetched_at != 0;
}

/* May it be asked for by itself now? */
static bool wanted(const struct options_entry *e)
{
	const struct session *s = e->session;

	if (!s->api || e->state.loading || clock_mono_ms() < e->retry_at_ms)
		return false;
	/* 10,000 requests are not made because a list is a week old */
	if (strcmp(e->kind, "tv_shows") == 0 && !e->search)
		return is_begun(e) && !catalog_info(s->cfg.store, e->kind, e->scope).complete;
	return !catalog_is_fresh(s->cfg.store, e->kind, e->scope, s->cfg.cache_days);
}

const struct catalog_set *options_get(
    struct session *s, const char *kind, const struct api_param *params, size_t n)
{
	struct options_entry *e = entry(s, kind, params, n);

	if (!e)
		return NULL;
	e->used = ++s->options->uses;
	if (wanted(e))
		start(e, true);
	load_set(e);
	drop_unused(s->options);
	return e->set;
}

const struct catalog_set *options_search(
    struct session *s, const char *kind, const struct api_param *params, size_t n)
{
	return has_param(params, n, "q") ? options_get(s, kind, params, n) : NULL;
}

void options_refetch(struct session *s, const char *kind, const struct api_param *params, size_t n)
{
	struct options_entry *e = entry(s, kind, params, n);

	if (!e || !s->api || e->state.loading)
		return;
	if (strcmp(kind, "tv_shows") == 0 && !e->search)
		return;
	start(e, false);
}

bool options_begun(struct session *s, const char *kind, const struct api_param *params, size_t n)
{
	struct options_entry *e = entry(s, kind, params, n);

	return e && (e->state.loading || is_begun(e));
}

enum err options_harvest(struct session *s, const char *kind, const struct api_param *params,
    size_t n, struct errinfo *ei)
{
	struct options_entry *e = entry(s, kind, params, n);

	if (!e)
		return err_set(ei, ERR_NOMEM, "no memory for %s", kind);
	if (!s->api)
		return err_set(ei, ERR_NETWORK, "there is no network");
	if (e->state.loading)
		return err_set(ei, ERR_REFUSED, "it is being fetched already");
	if (catalog_is_fresh(s->cfg.store, kind, e->scope, s->cfg.cache_days))
		return err_set(ei, ERR_REFUSED, "all of it is here, and not old");
	start(e, true);
	return e->state.ei.code ? err_set(ei, e->state.ei.code, "%s", e->state.ei.msg) : ERR_OK;
}

struct data_state options_state(
    struct session *s, const char *kind, const struct api_param *params, size_t n)
{
	struct options_entry *e = entry(s, kind, params, n);
	struct data_state st = {0};

	if (!e) {
		err_set(&st.ei, ERR_NOMEM, "no memory for %s", kind);
		return st;
	}
	st = e->state;
	if (!st.known) {
		struct catalog_info info = catalog_info(s->cfg.store, kind, e->scope);

		st.known = info.fetched_at != 0;
		st.fetched_at = info.complete ? info.fetched_at : 0;
	}
	if (!s->api && !st.known && s->offline.code)
		st.ei = s->offline;
	return st;
}

bool options_at(const struct session *s, size_t i, struct options_row *out)
{
	const struct options_entry *e = s->options ? s->options->first : NULL;

	while (e && i--)
		e = e->next;
	if (e)
		*out = (struct options_row){e->kind, e->scope, e->state};
	return e != NULL;
}

/* --- parts of the session --- */

static bool read_hex(const char *p, char *out)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *a = p[0] ? strchr(digits, p[0]) : NULL,
		   *b = a && p[1] ? strchr(digits, p[1]) : NULL;

	if (b)
		*out = (char)((a - digits) << 4 | (b - digits));
	return b != NULL;
}

/* A scope as options_scope() makes them, in place; how many parameters, SIZE_MAX: not one of ours. */
static size_t read_scope(char *text, struct api_param out[PARAMS_MAX])
{
	size_t n = 0;
	char *to = text;

	for (char *p = text; *p;) {
		if (n == PARAMS_MAX)
			return SIZE_MAX;
		out[n].name = to;
		for (bool in_name = true; *p && *p != '&'; p++) {
			char c = *p;

			if (c == '=' && in_name) {
				*to++ = '\0';
				out[n].value = to;
				in_name = false;
				continue;
			}
			if (c == '%' && !read_hex(p + 1, &c))
				return SIZE_MAX;
			p += *p == '%' ? 2 : 0;
			*to++ = c;
		}
		if (!out[n++].value)
			return SIZE_MAX;
		p += *p == '&';
		*to++ = '\0';
	}
	return n;
}

void options_go_on(struct session *s)
{
	struct buf kind, scope;

	buf_init(&kind, 128);
	buf_init(&scope, SCOPE_MAX);
	for (size_t i = 0; catalog_stopped(s->cfg.store, i, &kind, &scope); i++) {
		struct api_param params[PARAMS_MAX] = {{0}};
		char *text = mem_strdup(buf_str(&scope));
		size_t n = text ? read_scope(text, params) : SIZE_MAX;

		if (n != SIZE_MAX && harvest_of(buf_str(&kind)) && !has_param(params, n, "q"))
			options_harvest(s, buf_str(&kind), params, n, NULL);
		mem_free(text);
	}
	buf_done(&kind);
	buf_done(&scope);
}

bool options_busy(const struct session *s)
{
	for (const struct options_entry *e = s->options ? s->options->first : NULL; e; e = e->next)
		if (e->state.loading && (e->search || strcmp(e->kind, "tv_shows") != 0))
			return true; /* hours of harvest are nothing to wait for */
	return false;
}

void options_forget(struct session *s)
{
	for (struct options_entry *e = s->options ? s->options->first : NULL; e; e = e->next)
		if (e->state.loading) {
			req_cancel(s->api, e->req);
			e->state.loading = false;
			e->behind = true;
		}
}

void options_done(struct session *s)
{
	struct options_entry *next;

	for (struct options_entry *e = s->options ? s->options->first : NULL; e; e = next) {
		next = e->next;
		entry_free(e);
	}
	mem_free(s->options);
	s->options = NULL;
}
