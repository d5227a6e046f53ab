/* Reading the account and the look-ups, cut short, gone on with, and complete in the end. */
#include <string.h>
#include "store/catalog.h"
#include "tests/sim/disk.h"
#include "tests/sim/sim.h"
#include "session/internal.h"
#include "session/options.h"
#include "session/sync.h"

#define MARKET_SCOPE "locale=en-US"
static const struct api_param market = {"locale", "en-US"};
static size_t market_rows; /* that a reading without faults has */

/* What cuts a reading short. */
static void interrupt(struct term *t)
{
	int64_t most = rng_chance(&users.rng, 50) ? 300 : 20000;

	if (rng_chance(&users.rng, 30)) {
		disk_kill_at(t->who, (unsigned)rng_below(&users.rng, 40));
	} else if (rng_chance(&users.rng, 60)) {
		terms_run(users_idle, t, (int64_t)rng_below(&users.rng, (uint64_t)most));
		if (t->alive && !has_violation() && rng_chance(&users.rng, 50))
			users_kill(t);
		else if (t->alive && !has_violation())
			users_leave(t);
	}
}

void reading_sync(struct term *t)
{
	bool whole = rng_chance(&users.rng, 70);
	struct errinfo ei = {0};

	trace("terminal %d reads %s", t->who, whole ? "everything anew" : "what changed");
	term_begin_call(t);
	session_sync(t->session, whole, REQ_BACKGROUND, &ei);
	if (term_end_call(t))
		interrupt(t);
}

void reading_harvest(struct term *t)
{
	struct errinfo ei = {0};

	trace("terminal %d fetches the TV shows of a market", t->who);
	users.harvests = true;
	term_begin_call(t);
	options_harvest(t->session, "tv_shows", &market, 1, &ei);
	if (!term_end_call(t))
		return;
	/* it goes on behind everything else; now and then it has some time */
	terms_rest((int64_t)rng_below(&users.rng, 6000));
	if (t->alive && !has_violation())
		interrupt(t);
}

/* --- complete in the end --- */

static void sync_whole(struct term *t)
{
	struct errinfo ei = {0};

	trace("everything is read anew");
	disk_enter(t->who);
	if (session_sync(t->session, true, REQ_USER, &ei))
		violated("I6", "the account cannot be read: %s", ei.msg);
	disk_enter(-1);
	users_rest();
	if (!has_violation() &&
	    (!session_sync_result(t->session) || session_sync_result(t->session)->ei.code))
		violated("I6", "the account was not read to its end");
}

/* After everything was read anew, without faults, the snapshot is the account. Twice: the first goes
 * on with one that was stopped, and keeps what that had read. */
void reading_check_account(struct term *t)
{
	const struct rows *rows = check_account();
	struct criterion_set set;
	struct errinfo ei = {0};
	size_t live = 0;

	sync_whole(t);
	if (!has_violation())
		sync_whole(t);
	if (has_violation())
		return;
	criterion_set_init(&set);
	for (size_t i = 0; i < users.n_line_items; i++) {
		const char *id = users.line_items[i];
		size_t unknown, n = 0, from = set.n;

		if (session_criteria(t->session, &id, 1, &set, &unknown, &ei) || unknown)
			violated("I3", "line item %s was not read", id);
		for (size_t k = 0; k < rows->n; k++)
			n += !rows->v[k].deleted && strcmp(rows->v[k].line_item, id) == 0;
		if (set.n - from != n)
			violated("I3", "line item %s has %zu criteria, and %zu are shown", id, n,
			    set.n - from);
	}
	for (size_t k = 0; k < rows->n; k++)
		for (size_t i = 0; i < set.n && !rows->v[k].deleted; i++)
			live += strcmp(set.v[i].id, rows->v[k].id) == 0;
	if (live != set.n)
		violated("I3", "%zu of the criteria that are shown are not there", set.n - live);
	criterion_set_done(&set);
}

static bool is_fetched(void *user)
{
	struct term *t = user;

	return !options_state(t->session, "tv_shows", &market, 1).loading;
}

static size_t fetch_market(struct term *t)
{
	const struct catalog_set *set;
	struct errinfo ei = {0};
	size_t n = 0;

	for (int i = 0; i < 3 && !n && !has_violation(); i++) {
		term_begin_call(t);
		options_harvest(t->session, "tv_shows", &market, 1, &ei);
		term_end_call(t);
		terms_rest(40000); /* after a failure it is not asked again by itself before 30 s */
		if (!has_violation() && !terms_run(is_fetched, t, POST_LIMIT_MS))
			violated("I6", "the look-up has no end");
		set = catalog_get(t->store, "tv_shows", MARKET_SCOPE, &ei);
		if (set && set->complete)
			n = set->options.n;
		catalog_release(set);
	}
	return n;
}

/* However often it was stopped: every row once. */
void reading_check_harvest(struct term *t)
{
	size_t n = fetch_market(t);

	trace("the look-up has %zu of %zu rows", n, market_rows);
	if (!has_violation() && n != market_rows)
		violated("I3", "the look-up has %zu rows, and is said to be complete with %zu",
		    market_rows, n);
}

void reading_learn(struct term *t)
{
	market_rows = fetch_market(t);
}
