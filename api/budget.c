#include "api/budget.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"

enum { MIN_RESET_S = 1, MAX_RESET_S = 16 * 60 }; /* the longest window is 15 minutes */
enum { MIN_RESERVE = 20 };

void budget_table_done(struct budget_table *t)
{
	mem_free(t->v);
	*t = (struct budget_table){0};
}

size_t budget_find(struct budget_table *t, enum endpoint_id e, const char *account)
{
	const struct endpoint *ep = endpoint_info(e);
	const struct bucket_info *info = bucket_info(ep->bucket);
	enum endpoint_id own = info->per_endpoint ? e : ENDPOINT_COUNT;

	if (!info->per_account)
		account = "";
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].bucket == ep->bucket && t->v[i].endpoint == own &&
		    strcmp(t->v[i].account, account) == 0)
			return i;
	if (t->n == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 8;
		struct budget *v = mem_realloc_array(t->v, cap, sizeof *v);

		if (!v)
			return SIZE_MAX;
		t->v = v;
		t->cap = cap;
	}
	t->v[t->n] = (struct budget){.bucket = ep->bucket, .endpoint = own, .limit = info->limit};
	snprintf(t->v[t->n].account, sizeof t->v[t->n].account, "%s", account);
	return t->n++;
}

static int64_t reserve_of(const struct budget *b)
{
	int percent = bucket_info(b->bucket)->reserve_percent;
	int64_t reserve = b->limit * percent / 100;

	if (!percent)
		return 0;
	if (reserve < MIN_RESERVE)
		reserve = MIN_RESERVE;
	return reserve < b->limit / 2 ? reserve : b->limit / 2;
}

bool budget_is_current(const struct budget *b)
{
	return b->known && clock_mono_ms() < b->reset_ms;
}

static int64_t kept_from(const struct budget *b, enum budget_use use)
{
	if (use == BUDGET_CRITICAL)
		return 0;
	return reserve_of(b) + (use == BUDGET_BACKGROUND ? b->limit / 5 : 0);
}

bool budget_allows(const struct budget *b, enum budget_use use, int64_t *wait_ms)
{
	int64_t now = clock_mono_ms();

	*wait_ms = 0;
	if (b->blocked_until_ms > now) {
		*wait_ms = b->blocked_until_ms - now;
		return false;
	}
	if (b->refusals &&
	    b->in_flight) { /* after a refusal one request finds out for the others */
		*wait_ms = 1000;
		return false;
	}
	if (!budget_is_current(b) || b->remaining > kept_from(b, use))
		return true;
	*wait_ms = b->reset_ms - now;
	return false;
}

void budget_sent(struct budget *b)
{
	b->in_flight++;
	if (b->remaining > 0)
		b->remaining--;
}

void budget_unsent(struct budget *b)
{
	if (b->remaining < b->limit)
		b->remaining++;
}

static bool integer(const char *s, int64_t *out)
{
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	long long v = strtoll(s, &end, 10);

	if (errno || *end)
		return false;
	*out = v;
	return true;
}

struct family {
	enum header_id limit, remaining, reset;
};
static const struct family account_family = {
    HEADER_ACCOUNT_LIMIT, HEADER_ACCOUNT_REMAINING, HEADER_ACCOUNT_RESET};
static const struct family user_family = {
    HEADER_USER_LIMIT, HEADER_USER_REMAINING, HEADER_USER_RESET};

static const struct family *family_of(const struct transport_reply *r)
{
	return *r->headers[HEADER_ACCOUNT_REMAINING] || *r->headers[HEADER_ACCOUNT_RESET]
		   ? &account_family
		   : &user_family;
}

/* Seconds until the reset, within what a window can be. */
static int64_t clamp_wait(int64_t reset_s, int64_t now_s)
{
	if (reset_s < now_s + MIN_RESET_S)
		return MIN_RESET_S;
	return reset_s > now_s + MAX_RESET_S ? MAX_RESET_S : reset_s - now_s;
}

void budget_set(
    struct budget *b, int64_t limit, int64_t remaining, int64_t reset_s, int64_t server_now_s)
{
	int64_t wait = clamp_wait(reset_s, server_now_s);

	if (limit > 0)
		b->limit = limit;
	b->remaining = remaining > 0 ? remaining : 0;
	b->reset_s = server_now_s + wait;
	b->reset_ms = clock_mono_ms() + wait * 1000;
	b->known = true;
}

void budget_learn(struct budget *b, const struct transport_reply *r, int64_t server_now_s)
{
	const struct family *f = family_of(r);
	int64_t limit = 0, remaining, reset;

	if (r->status != 429)
		b->refusals = 0;
	if (!integer(r->headers[f->remaining], &remaining) ||
	    !integer(r->headers[f->reset], &reset))
		return;
	integer(r->headers[f->limit], &limit);
	/* those still under way may not have been counted by the server yet */
	budget_set(b, limit, remaining - b->in_flight, reset, server_now_s);
	b->account_family = f == &account_family;
}

void budget_refused(
    struct budget *b, const struct transport_reply *r, int64_t retry_after_ms, int64_t server_now_s)
{
	int64_t reset, wait_ms = (int64_t)1000 << (b->refusals < 8 ? b->refusals : 8);

	if (integer(r->headers[family_of(r)->reset], &reset))
		wait_ms = clamp_wait(reset, server_now_s) * 1000;
	else if (retry_after_ms >= 0)
		wait_ms = retry_after_ms > 1000 ? retry_after_ms : 1000;
	b->refusals++;
	b->remaining = 0;
	if (b->blocked_until_ms < clock_mono_ms() + wait_ms)
		b->blocked_until_ms = clock_mono_ms() + wait_ms;
}

const char *budget_name(const struct budget *b)
{
	const char *path, *name;

	if (b->endpoint == ENDPOINT_COUNT)
		return bucket_info(b->bucket)->name;
	path = endpoint_info(b->endpoint)->path;
	name = strrchr(path, '/');
	return name && name[1] != ':' ? name + 1 : path;
}
