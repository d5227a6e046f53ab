#include "sandbox/rate.h"

#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "sandbox/route.h"
#include "sandbox/sandbox.h"

static const struct {
	const char *name;
	int64_t limit, window_s;
	enum rate_scope scope;
} buckets[] = {
#define RATE(NAME, name, limit, window, scope) {name, limit, window, RATE_##scope},
#include "sandbox/rates.def"
#undef RATE
};

/* Where the account family decides, the user family is a quota of the app that nobody reaches
 * (reference 1.8). */
#define APP_QUOTA 100000

void rates_init(struct rates *r)
{
	*r = (struct rates){0};
	for (size_t i = 0; i < BUCKET_COUNT; i++)
		r->limit[i] = buckets[i].limit;
}

void rates_reset(struct rates *r)
{
	while (r->windows) {
		struct rate_window *next = r->windows->next;

		mem_free(r->windows->key);
		mem_free(r->windows);
		r->windows = next;
	}
}

void rates_done(struct rates *r)
{
	rates_reset(r);
}

bool rates_set(struct rates *r, const char *name, int64_t limit)
{
	for (size_t i = 0; i < BUCKET_COUNT; i++) {
		if (strcmp(buckets[i].name, name) == 0) {
			r->limit[i] = limit;
			return true;
		}
	}
	return false;
}

static struct rate_window *window_of(
    struct rates *r, const char *key, int64_t now_s, int64_t length_s)
{
	struct rate_window *w = r->windows;

	while (w && strcmp(w->key, key) != 0)
		w = w->next;
	if (!w) {
		w = mem_zalloc(sizeof *w);
		if (!w)
			return NULL;
		w->key = mem_strdup(key);
		if (!w->key) {
			mem_free(w);
			return NULL;
		}
		w->start_s = now_s;
		w->next = r->windows;
		r->windows = w;
	}
	if (now_s >= w->start_s + length_s || now_s < w->start_s) {
		w->start_s = now_s;
		w->used = 0;
	}
	return w;
}

static void add_headers(
    struct call *c, const char *family, int64_t limit, int64_t used, int64_t reset_s)
{
	char name[48];

	snprintf(name, sizeof name, "x-%srate-limit-limit", family);
	call_header(c, arena_strdup(c->a, name), "%lld", (long long)limit);
	snprintf(name, sizeof name, "x-%srate-limit-remaining", family);
	call_header(
	    c, arena_strdup(c->a, name), "%lld", (long long)(used < limit ? limit - used : 0));
	snprintf(name, sizeof name, "x-%srate-limit-reset", family);
	call_header(c, arena_strdup(c->a, name), "%lld", (long long)reset_s);
}

bool rates_take(struct rates *r, struct call *c, enum rate_bucket bucket)
{
	int64_t now = sandbox_now_s(c->sb), length = buckets[bucket].window_s;
	enum rate_scope scope = buckets[bucket].scope;
	bool by_account = scope == RATE_ACCOUNT && c->account;
	const char *key =
	    call_text(c, "%s|%s|%s|%s", buckets[bucket].name, by_account ? "" : c->user,
		scope == RATE_CATEGORY ? "" : c->route->path, by_account ? c->account : "");
	struct rate_window *w = window_of(r, key, now, length);

	if (!w)
		return true;
	if (w->used < r->limit[bucket] || r->off)
		w->used++;
	else
		w->used = r->limit[bucket] + 1;
	if (by_account) {
		struct rate_window *app = window_of(r, call_text(c, "app|%s", c->user), now, 900);

		add_headers(c, "account-", r->limit[bucket], w->used, w->start_s + length);
		if (app)
			add_headers(c, "", APP_QUOTA, ++app->used, app->start_s + 900);
	} else {
		add_headers(c, "", r->limit[bucket], w->used, w->start_s + length);
	}
	if (w->used > r->limit[bucket] && !r->off) {
		call_fail(
		    c, 429, "TOO_MANY_REQUESTS", "Too many requests; try again after the reset");
		return false;
	}
	return true;
}
