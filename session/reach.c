#include "session/reach.h"

#include <stdio.h>
#include <string.h>
#include "api/oauth.h"
#include "base/clock.h"
#include "base/mem.h"
#include "targeting/expr.h"
#include "targeting/state.h"
#include "base/text.h"
#include "session/internal.h"

#define SET_BYTES_MAX (64u << 20)
#define KEEP 512 /* estimates that are remembered; the oldest go first */
#define FRESH_S 900 /* older ones are asked again when the set is looked at */
#define SPARE_PERCENT 20 /* of the write budget is left to posting */

struct entry {
	struct entry *next; /* newest first */
	struct session *session;
	char key[REACH_KEY_SIZE];
	struct reach r;
	struct criterion_set set; /* while it waits or is asked */
	struct req_id req;
	bool waits; /* for the timer */
};

struct reaches {
	struct entry *first;
	size_t n;
	struct timer_id timer;
};

static struct entry *find(const struct session *s, const char *key)
{
	struct entry *e = s->reaches ? s->reaches->first : NULL;

	while (e && strcmp(e->key, key) != 0)
		e = e->next;
	return e;
}

static void free_entry(struct entry *e)
{
	criterion_set_done(&e->set);
	mem_free(e);
}

/* The oldest that nobody waits for goes. */
static void make_room(struct reaches *r)
{
	struct entry **oldest = NULL, *gone;

	if (r->n < KEEP)
		return;
	for (struct entry **at = &r->first; *at; at = &(*at)->next)
		if (!(*at)->waits && !(*at)->req.gen)
			oldest = at;
	if (!oldest)
		return;
	gone = *oldest;
	*oldest = gone->next;
	r->n--;
	free_entry(gone);
}

static struct entry *add(struct session *s, const char *key)
{
	struct entry *e = mem_zalloc(sizeof *e);

	if (!e)
		return NULL;
	make_room(s->reaches);
	e->session = s;
	snprintf(e->key, sizeof e->key, "%s", key);
	criterion_set_init(&e->set);
	e->next = s->reaches->first;
	s->reaches->first = e;
	s->reaches->n++;
	return e;
}

static void on_estimate(struct req_id id, struct api_result *res, void *user)
{
	struct entry *e = user;

	if (!req_same(id, e->req))
		return;
	e->req = (struct req_id){0};
	criterion_set_done(&e->set);
	criterion_set_init(&e->set);
	e->r.ei = res->ei;
	e->r.ei.code = res->err;
	e->r.state = res->err ? REACH_FAILED : REACH_KNOWN;
	if (!res->err) {
		e->r.value = res->estimate;
		e->r.at = clock_wall_s();
	}
	session_notify(e->session, DATA_BIT(DATA_STATUS));
}

static void ask(struct entry *e, enum req_priority priority)
{
	struct session *s = e->session;
	struct api_call call = session_call(s, on_estimate, e, priority);
	struct estimate_query q = {s->account_id, e->set.v, e->set.n};

	e->waits = false;
	e->r.state = REACH_WAITING;
	e->req = api_estimate(s->api, &q, &call);
	if (e->req.gen)
		return;
	e->r.state = REACH_FAILED;
	err_set(&e->r.ei, ERR_NOMEM, "no memory for a request");
}

/* Estimates probably share the budget of writes (reference 6.1): posting comes first. */
static bool budget_is_low(const struct session *s)
{
	struct api_budget b[32];
	size_t n = api_budgets(s->api, b, sizeof b / sizeof *b);

	for (size_t i = 0; i < n && i < sizeof b / sizeof *b; i++)
		if (strcmp(b[i].name, "writes") == 0 && b[i].known &&
		    b[i].reset_wall_s > clock_wall_s() &&
		    b[i].remaining * 100 < b[i].limit * SPARE_PERCENT)
			return true;
	return false;
}

static void on_rest(struct loop *l, void *user)
{
	struct session *s = user;
	bool low = budget_is_low(s);

	(void)l;
	s->reaches->timer = (struct timer_id){0};
	for (struct entry *e = s->reaches->first; e; e = e->next) {
		if (!e->waits)
			continue;
		if (!low) {
			ask(e, REQ_BACKGROUND);
			continue;
		}
		e->waits = false;
		e->r.state = e->r.at ? REACH_KNOWN : REACH_SPARED;
	}
	session_notify(s, DATA_BIT(DATA_STATUS));
}

enum reach_state reach_state_of(const struct reach_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (expr_role(set->v[i]->type, set->v[i]->op) == EXPR_PRIMARY)
			return REACH_WAITING;
	return set->n ? REACH_NO_PRIMARY : REACH_EMPTY;
}

static enum err keep_set(struct entry *e, const struct reach_set *set)
{
	criterion_set_done(&e->set);
	criterion_set_init(&e->set);
	e->r.left_out = 0;
	for (size_t i = 0; i < set->n; i++) {
		if (set->v[i]->op != OP_EQ && set->v[i]->op != OP_NE)
			e->r.left_out++;
		else if (!criterion_set_copy(&e->set, set->v[i]))
			return ERR_NOMEM;
	}
	return ERR_OK;
}

/* A later wish replaces those that still wait for the user to rest. */
static void drop_waiting(struct reaches *r)
{
	for (struct entry *e = r->first; e; e = e->next)
		if (e->waits) {
			e->waits = false;
			e->r.state = e->r.at ? REACH_KNOWN : REACH_NONE;
		}
}

static enum err want_one(
    struct session *s, const struct reach_set *set, enum reach_when when, const char *key)
{
	struct entry *e = find(s, key);
	bool fresh = e && e->r.state == REACH_KNOWN && clock_wall_s() - e->r.at < FRESH_S;

	if (!e)
		e = add(s, key);
	if (!e)
		return ERR_NOMEM;
	if (e->req.gen || (fresh && when != REACH_NOW) ||
	    (e->r.state == REACH_FAILED && when == REACH_WHEN_RESTING))
		return ERR_OK; /* a refusal is not asked again by itself */
	e->r.state = reach_state_of(set);
	if (e->r.state != REACH_WAITING)
		return ERR_OK;
	if (keep_set(e, set)) {
		e->r.state = REACH_NONE;
		return ERR_NOMEM;
	}
	if (when == REACH_WHEN_RESTING)
		e->waits = true;
	else
		ask(e, REQ_USER);
	return ERR_OK;
}

static enum err make(struct session *s)
{
	if (!s->reaches)
		s->reaches = mem_zalloc(sizeof *s->reaches);
	return s->reaches ? ERR_OK : ERR_NOMEM;
}

enum err reach_key(const struct reach_set *set, char key[REACH_KEY_SIZE])
{
	struct buf bytes;
	struct errinfo ei;
	enum err err;

	buf_init(&bytes, SET_BYTES_MAX);
	err = state_reach_bytes(&bytes, set->v, set->n);
	if (!err)
		err = digest_sha256(bytes.p, bytes.len, key, &ei);
	buf_done(&bytes);
	return err;
}

enum err reach_want(struct session *s, const struct reach_set *sets, size_t n, enum reach_when when,
    char (*keys)[REACH_KEY_SIZE])
{
	enum err err = make(s);
	bool waits = false;

	for (size_t i = 0; i < n; i++)
		keys[i][0] = '\0';
	/* without a network nothing is asked; and libcrypto stays unloaded until then */
	if (err || !s->api)
		return err;
	if (when == REACH_WHEN_RESTING)
		drop_waiting(s->reaches);
	for (size_t i = 0; i < n && !err; i++) {
		err = reach_key(&sets[i], keys[i]);
		if (!err)
			err = want_one(s, &sets[i], when, keys[i]);
	}
	for (const struct entry *e = s->reaches->first; e; e = e->next)
		waits = waits || e->waits;
	loop_timer_cancel(s->cfg.loop, s->reaches->timer);
	s->reaches->timer = (struct timer_id){0};
	if (waits)
		s->reaches->timer = loop_timer(s->cfg.loop, REACH_REST_MS, on_rest, s);
	return err;
}

struct reach reach_get(const struct session *s, const char *key)
{
	const struct entry *e = key[0] ? find(s, key) : NULL;

	return e ? e->r : (struct reach){0};
}

bool reach_busy(const struct session *s)
{
	const struct entry *e = s->reaches ? s->reaches->first : NULL;

	while (e && !e->req.gen)
		e = e->next;
	return e || (s->reaches && s->reaches->timer.gen);
}

void reach_forget(struct session *s)
{
	if (!s->reaches)
		return;
	loop_timer_cancel(s->cfg.loop, s->reaches->timer);
	while (s->reaches->first) {
		struct entry *e = s->reaches->first;

		s->reaches->first = e->next;
		if (s->api && e->req.gen)
			req_cancel(s->api, e->req);
		free_entry(e);
	}
	mem_free(s->reaches);
	s->reaches = NULL;
}

/* --- words --- */

/* Three digits are all that an estimate is good for. */
static int number(char *out, size_t cap, int64_t v)
{
	static const struct {
		int64_t unit;
		char letter;
	} units[] = {{1000000000, 'B'}, {1000000, 'M'}, {1000, 'K'}};

	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		int64_t tenths = v / (units[i].unit / 10);

		if (v < units[i].unit)
			continue;
		if (tenths >= 1000 || tenths % 10 == 0)
			return snprintf(
			    out, cap, "%lld%c", (long long)(tenths / 10), units[i].letter);
		return snprintf(out, cap, "%lld.%lld%c", (long long)(tenths / 10),
		    (long long)(tenths % 10), units[i].letter);
	}
	return snprintf(out, cap, "%lld", (long long)v);
}

const char *reach_range(const struct estimate *e, char out[REACH_RANGE])
{
	char low[24], high[24];

	number(low, sizeof low, e->min);
	number(high, sizeof high, e->max);
	snprintf(out, REACH_RANGE, "%s-%s", low, high);
	return out;
}

void reach_words(const struct reach *r, char out[REACH_WORDS])
{
	static const char *const words[] = {[REACH_NONE] = "not asked yet",
	    [REACH_EMPTY] = "everyone on X",
	    [REACH_NO_PRIMARY] =
		"needs a primary criterion: keyword, interest, audience, follower, TV",
	    [REACH_WAITING] = "asking X...",
	    [REACH_KNOWN] = "",
	    [REACH_SPARED] = "not asked, to save the budget of writes; t asks",
	    [REACH_FAILED] = ""};
	char range[REACH_RANGE];

	if (r->state == REACH_FAILED)
		text_copy(out + snprintf(out, REACH_WORDS, "not available: "), REACH_WORDS - 15,
		    r->ei.msg);
	else if (r->at && (r->state == REACH_KNOWN || r->state == REACH_WAITING))
		snprintf(out, REACH_WORDS, "%s", reach_range(&r->value, range));
	else
		snprintf(out, REACH_WORDS, "%s", words[r->state]);
}

bool reach_change(const struct reach *before, const struct reach *after, long *percent)
{
	double was = (double)before->value.min + (double)before->value.max;
	double will = (double)after->value.min + (double)after->value.max;

	if (!before->at || !after->at || before->state != REACH_KNOWN ||
	    after->state != REACH_KNOWN || was <= 0)
		return false;
	will = (will / was - 1) * 100;
	if (will > 999999)
		will = 999999;
	*percent = (long)(will < 0 ? will - 0.5 : will + 0.5);
	return true;
}

static void add_age(const struct reach *r, struct buf *out)
{
	char age[16];

	if (!r->at)
		return;
	clock_format_age(clock_wall_s() - r->at, age);
	if (strcmp(age, "now") == 0)
		buf_adds(out, "  just now");
	else
		buf_addf(out, "  %s old", age);
}

static void add_left_out(
    const struct reach *before, const struct reach *after, bool same, struct buf *out)
{
	size_t n = same || before->left_out > after->left_out ? before->left_out : after->left_out;

	if (n && (before->at || (!same && after->at)))
		buf_addf(out, "  without %zu condition%s that X does not estimate", n,
		    n == 1 ? "" : "s");
}

static void add_difference(
    const struct reach *before, const struct reach *after, bool same, struct buf *out)
{
	char a[REACH_WORDS], b[REACH_WORDS];
	long percent;

	reach_words(before, a);
	buf_adds(out, a);
	if (same)
		return;
	reach_words(after, b);
	if (strcmp(a, b) != 0 || before->state == REACH_KNOWN)
		buf_addf(out, " -> %s", b);
	if (reach_change(before, after, &percent))
		buf_addf(out, " (%+ld%%)", percent);
}

void reach_difference(
    const struct reach *before, const struct reach *after, bool same, struct buf *out)
{
	add_difference(before, after, same, out);
	add_left_out(before, after, same, out);
}

void reach_line(const struct reach *before, const struct reach *after, bool same, struct buf *out)
{
	const struct reach *older = !same && after->at && after->at < before->at ? after : before;

	add_difference(before, after, same, out);
	add_age(older, out);
	add_left_out(before, after, same, out);
}
