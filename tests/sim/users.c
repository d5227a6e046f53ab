/* What the users of the terminals do. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/buf.h"
#include "base/clock.h"
#include "store/journal.h"
#include "targeting/plan.h"
#include "tests/sim/disk.h"
#include "tests/sim/net.h"
#include "tests/sim/server.h"
#include "tests/sim/sim.h"
#include "tests/sim/weather.h"
#include "session/applying.h"
#include "session/draft.h"
#include "session/internal.h"
#include "session/revert.h"
#include "session/review_model.h"
#include "session/staging.h"

struct users users;

/* --- waiting --- */

static bool at_rest(void *user)
{
	(void)user;
	for (int i = 0; i < TERMS; i++)
		if (terms[i].alive && !terms[i].stopped && session_busy(terms[i].session))
			return false;
	return true;
}

bool users_rest(void)
{
	if (!terms_run(at_rest, NULL, POST_LIMIT_MS))
		violated("I6", "no end after %d minutes", POST_LIMIT_MS / MINUTE);
	return !has_violation();
}

void users_read_line_items(struct term *t)
{
	const struct line_item_set *set = session_line_items(t->session);
	const char *ids[USERS_LINE_ITEMS];

	users.n_line_items = 0;
	for (size_t i = 0; i < set->n && i < USERS_LINE_ITEMS; i++) {
		snprintf(users.line_items[i], sizeof users.line_items[i], "%s", set->v[i].id);
		ids[users.n_line_items++] = users.line_items[i];
	}
	disk_enter(t->who);
	session_fetch_criteria(t->session, ids, users.n_line_items, 0, REQ_USER);
	disk_enter(-1);
	users_rest();
}

/* --- staging --- */

static const struct {
	const char *type, *value;
	enum operator_type op;
} wishes[] = {{"BROAD_KEYWORD", "sofa", OP_EQ}, {"BROAD_KEYWORD", "lamp", OP_EQ},
    {"BROAD_KEYWORD", "oak table", OP_EQ},
    {"BROAD_KEYWORD",
	"m\xC3\xB6"
	"bel",
	OP_EQ},
    /* names from outside that would move the cursor, start a sequence, turn the writing */
    {"BROAD_KEYWORD", "rug\x1B]52;c;eA==\x07", OP_EQ},
    {"PHRASE_KEYWORD",
	"mat\xC2\x9B"
	"2J",
	OP_EQ},
    {"BROAD_KEYWORD",
	"\xE2\x80\xAE"
	"rag",
	OP_EQ},
    {"BROAD_KEYWORD", "carpet", OP_NE}, {"BROAD_KEYWORD", "used", OP_NE},
    {"PHRASE_KEYWORD", "garden chair", OP_EQ}, {"PHRASE_KEYWORD", "bed frame", OP_EQ},
    {"LANGUAGE", "es", OP_EQ}, {"LANGUAGE", "fr", OP_EQ}, {"LANGUAGE", "de", OP_EQ},
    {"LOCATION", "96683cc9126741d1", OP_EQ}, {"LOCATION", "5122804691e5fecc", OP_EQ},
    {"LOCATION", "6416b8512febefc9", OP_EQ}, {"LOCATION", "b6b8d75a320f81d9", OP_EQ},
    {"GENDER", "1", OP_EQ}, {"AGE", "AGE_25_TO_49", OP_EQ}};

static const char *some_line_item(void)
{
	return users.line_items[rng_below(&users.rng, users.n_line_items)];
}

static void wish(struct change *c)
{
	size_t i = rng_below(&users.rng, sizeof wishes / sizeof *wishes);

	*c = (struct change){.line_item_id = some_line_item(),
	    .kind = CHANGE_CREATE,
	    .type = type_by_name(wishes[i].type),
	    .type_name = wishes[i].type,
	    .value = wishes[i].value,
	    .op = wishes[i].op};
}

/* Something that is there, as the snapshot has it. False: nothing is. */
static bool unwish(struct term *t, struct criterion_set *live, struct change *c)
{
	const char *id = some_line_item();
	struct errinfo ei = {0};
	size_t unknown, from = live->n;

	session_criteria(t->session, &id, 1, live, &unknown, &ei);
	if (live->n == from)
		return false;
	change_from_criterion(
	    c, CHANGE_DELETE, &live->v[from + rng_below(&users.rng, live->n - from)]);
	return true;
}

static void stage(struct term *t)
{
	enum { MOST = 12 };
	size_t n = 1 + rng_below(&users.rng, rng_chance(&users.rng, 30) ? MOST : 3), filled = 0,
	       staged = 0;
	struct criterion_set live[MOST];
	struct change v[MOST];
	struct errinfo ei = {0};

	for (size_t i = 0; i < n; i++) {
		criterion_set_init(&live[i]);
		if (rng_chance(&users.rng, 60))
			wish(&v[filled++]);
		else if (unwish(t, &live[i], &v[filled]))
			filled++;
	}
	term_begin_call(t);
	if (filled && staging_add(t->session, v, filled, &staged, &ei))
		trace("  refused: %s", ei.msg);
	trace("terminal %d stages %zu edits (%zu new)", t->who, filled, staged);
	for (size_t i = 0; i < filled; i++)
		trace("    %s %s %s %s of %s", v[i].kind == CHANGE_CREATE ? "add" : "remove",
		    v[i].type_name, v[i].op == OP_NE ? "NE" : "EQ", v[i].value, v[i].line_item_id);
	term_end_call(t);
	for (size_t i = 0; i < n; i++)
		criterion_set_done(&live[i]);
}

static void unstage(struct term *t)
{
	const struct change_set *set = staging_changes(t->session);
	struct errinfo ei = {0};
	uint64_t id;

	if (!set->n)
		return;
	id = set->v[rng_below(&users.rng, set->n)].id;
	trace("terminal %d takes edit %llu off the stage", t->who, (unsigned long long)id);
	term_begin_call(t);
	staging_remove(t->session, &id, 1, &ei);
	term_end_call(t);
}

static void undo(struct term *t, bool redo)
{
	struct errinfo ei = {0};
	char what[64] = "";

	term_begin_call(t);
	if (redo)
		staging_redo(t->session, what, &ei);
	else
		staging_undo(t->session, what, &ei);
	trace("terminal %d %s: %s", t->who, redo ? "redo" : "undo", what[0] ? what : ei.msg);
	term_end_call(t);
}

static void hold(struct term *t)
{
	const struct change_set *set = staging_changes(t->session);
	struct errinfo ei = {0};
	uint64_t id;
	bool held;

	if (!set->n)
		return;
	id = rng_below(&users.rng, set->n);
	held = !set->v[id].held;
	id = set->v[id].id;
	trace("terminal %d %s edit %llu", t->who, held ? "holds back" : "lets go",
	    (unsigned long long)id);
	term_begin_call(t);
	staging_hold(t->session, id, held, &ei);
	term_end_call(t);
}

static void change_stage(struct term *t)
{
	switch (rng_below(&users.rng, 9)) {
	case 0:
		unstage(t);
		break;
	case 1:
		undo(t, false);
		break;
	case 2:
		undo(t, true);
		break;
	case 3:
		hold(t);
		break;
	default:
		stage(t);
	}
}

/* --- drafts --- */

static const char *const draft_titles[] = {"", "b", "autumn", "\xC3\xA9t\xC3\xA9"};

static const char *some_draft(void)
{
	return draft_titles[rng_below(&users.rng, sizeof draft_titles / sizeof *draft_titles)];
}

/* The name of the draft that went, or NULL. */
static const char *change_draft(struct term *t)
{
	const char *a = some_draft(), *b = some_draft(), *dropped = NULL, *verb = "goes to";
	struct errinfo ei = {0};
	size_t n;

	term_begin_call(t);
	switch (rng_below(&users.rng, 8)) {
	case 0:
		verb = "copies";
		draft_copy(t->session, a, b, &n, &ei);
		break;
	case 1:
		verb = "renames";
		draft_rename(t->session, a, b, &ei);
		break;
	case 2:
		verb = "deletes";
		draft_delete(t->session, a, &ei);
		dropped = a;
		break;
	case 3:
		verb = "restores";
		draft_restore(t->session, a, &ei);
		break;
	default:
		draft_switch(t->session, a, &ei);
	}
	trace("terminal %d %s draft %s (%s) %s", t->who, verb, draft_title(a), draft_title(b),
	    ei.code ? ei.msg : "");
	term_end_call(t);
	return dropped && dropped[0] ? dropped : NULL;
}

/* Adopting needs somebody alive: the others see what the dead one left. */
void users_adopt(const char *dropped)
{
	struct term *t = term_alive();

	if (!t && term_start(&terms[0])) {
		t = &terms[0];
		trace("terminal 0 starts");
	}
	if (t)
		facts_adopt(t, dropped);
}

/* A user's own change of the stage; what came of it is what they want, also when it was cut short. */
void users_edit(struct term *t)
{
	const char *dropped = NULL;

	if (rng_chance(&users.rng, 20))
		dropped = change_draft(t);
	else
		change_stage(t);
	users_adopt(dropped);
}

/* --- posting --- */

bool users_idle(void *user)
{
	struct term *t = user;

	return !t->alive || !session_busy(t->session);
}

static void say_outcome(struct term *t)
{
	const struct applying_status *st = applying_status(t->session);

	trace("  -> terminal %d: worst %s, %zu of %zu batches; %s", t->who,
	    apply_outcome_name(st->worst), st->batches_done, st->n_batches,
	    st->ei.code ? st->ei.msg : "");
}

static void stop_posting(struct term *t)
{
	struct posting *q = &facts.postings[t->who];

	trace("  Ctrl-C");
	q->stopped = true;
	q->batches_at_stop = q->batches;
	term_begin_call(t);
	applying_stop(t->session);
	term_end_call(t);
}

/* The process is stopped and loses its lock: somebody cleared the directory, or the file system lost
 * it. The other terminal takes over; then the first wakes and has to see that. */
static void sleep_without_lock(struct term *t)
{
	struct term *other = &terms[1 - t->who];

	trace("  terminal %d stands still, and its lock is lost", t->who);
	t->stopped = true;
	disk_lose_locks();
	if (!other->alive && term_start(other))
		trace("  terminal %d starts", other->who);
	terms_rest((int64_t)rng_below(&users.rng, rng_chance(&users.rng, 50) ? 5000 : 300000));
	if (other->alive && !has_violation() && rng_chance(&users.rng, 60) &&
	    users_start_posting(other))
		users_wait_for_posting(other);
	trace("  terminal %d goes on", t->who);
	t->stopped = false;
}

/* A machine that comes up again may have another clock. */
void users_kill(struct term *t)
{
	trace("  it is killed");
	term_kill(t);
	if (rng_chance(&users.rng, 40)) /* as often as not by what a settlement waits, and more */
		life_set_clock(rng_chance(&users.rng, 50)
				   ? 120 + (int64_t)rng_below(&users.rng, 7200)
				   : weather_clock_jump(&users.rng));
}

void users_leave(struct term *t)
{
	trace("  it is left");
	term_end(t);
}

static void clock_is_set(struct term *t)
{
	(void)t;
	life_set_clock(weather_clock_jump(&users.rng));
}

/* What happens to the terminal while it posts, and how late at most. */
static const struct {
	unsigned weight;
	int64_t soon_ms, late_ms;
	void (*befalls)(struct term *t);
} strikes[] = {{15, 400, 150000, users_kill}, {7, 3000, 3000, stop_posting},
    {6, 3000, 3000, users_leave}, {5, 2000, 100000, sleep_without_lock},
    {7, 400, 100000, clock_is_set}};

static void strike(struct term *t)
{
	unsigned what = (unsigned)rng_below(&users.rng, 100);

	if (what < 20) {
		unsigned calls =
		    (unsigned)rng_below(&users.rng, rng_chance(&users.rng, 50) ? 12 : 80);

		trace("  it will be killed at its call %u to the disk", calls);
		disk_kill_at(t->who, calls);
		return;
	}
	if (what < 26) {
		disk_fail(t->who, rng_chance(&users.rng, 50) ? ENOSPC : EIO,
		    (unsigned)rng_below(&users.rng, 60), 1 + (unsigned)rng_below(&users.rng, 4));
		trace("  its disk will fail");
		return;
	}
	what -= 26;
	for (size_t i = 0; i < sizeof strikes / sizeof *strikes; i++) {
		if (what < strikes[i].weight) {
			int64_t most =
			    rng_chance(&users.rng, 60) ? strikes[i].soon_ms : strikes[i].late_ms;

			terms_run(users_idle, t, (int64_t)rng_below(&users.rng, (uint64_t)most));
			if (t->alive && !has_violation())
				strikes[i].befalls(t);
			return;
		}
		what -= strikes[i].weight;
	}
}

bool users_start_posting(struct term *t)
{
	struct review_model m;
	struct errinfo ei = {0};
	bool started = false;

	term_begin_call(t);
	review_model_init(&m, t->session);
	if (review_model_build(&m)) {
		trace("terminal %d cannot review: %s", t->who, m.ei.msg);
	} else if (m.plan.n_ops) {
		struct applying_plan p = {.plan = &m.plan,
		    .live = &m.live,
		    .digest = m.digest,
		    .ask_foreign = rng_chance(&users.rng, 20)};

		trace("terminal %d posts %zu operations in %zu batches", t->who, m.plan.n_ops,
		    m.plan.n_batches);
		facts_reviewed(t->who, &p);
		check_reviewed(t->who);
		started = applying_start(t->session, &p, &ei) == ERR_OK;
		if (!started)
			trace("  refused: %s", ei.msg);
	}
	review_model_done(&m);
	started = term_end_call(t) && started;
	facts.postings[t->who].on = started;
	return started;
}

void users_wait_for_posting(struct term *t)
{
	if (!terms_run(users_idle, t, POST_LIMIT_MS))
		violated("I6", "a posting has no end after %d minutes", POST_LIMIT_MS / MINUTE);
	if (t->alive && !has_violation()) {
		say_outcome(t);
		claims_check_screen(t);
	}
	/* without a fault there is no reason not to have read it back */
	if (t->alive && users.healed && applying_status(t->session)->worst == OUTCOME_APPLIED)
		violated("I3", "what was posted was not read back");
	disk_fail(t->who, 0, 0, 0);
	facts.postings[t->who].on = false;
}

void users_post(struct term *t)
{
	struct term *other = &terms[1 - t->who];

	if (!users_start_posting(t))
		return;
	if (rng_chance(&users.rng, 60))
		strike(t);
	/* the other one stages meanwhile */
	if (rng_chance(&users.rng, 25) && other->alive) {
		terms_run(users_idle, t, (int64_t)rng_below(&users.rng, 500));
		if (other->alive && !has_violation())
			users_edit(other);
	}
	users_wait_for_posting(t);
}

void users_post_both(void)
{
	struct term *a = &terms[rng_below(&users.rng, TERMS)], *b = &terms[1 - a->who];
	bool first, second;

	for (int i = 0; i < TERMS; i++)
		if (!terms[i].alive && term_start(&terms[i]))
			trace("terminal %d starts", i);
	if (!users_rest() || !a->alive || !b->alive)
		return;
	first = users_start_posting(a);
	if (rng_chance(&users.rng, 50)) /* else in the same turn */
		terms_rest((int64_t)rng_below(&users.rng, rng_chance(&users.rng, 50) ? 100 : 5000));
	second = b->alive && !has_violation() && users_start_posting(b);
	if (first && rng_chance(&users.rng, 40))
		strike(a);
	if (first)
		users_wait_for_posting(a);
	if (second)
		users_wait_for_posting(b);
}

/* --- reverting --- */

bool users_revert(struct term *t, uint64_t changeset)
{
	struct revert_result r = {0};
	struct errinfo ei = {0};
	enum err err;

	term_begin_call(t);
	err = revert_stage(t->session, changeset, &r, &ei);
	trace("terminal %d reverts posting %llu: %zu staged, %zu not ours, %zu moot %s", t->who,
	    (unsigned long long)changeset, r.staged, r.not_ours, r.moot, err ? ei.msg : "");
	return term_end_call(t) && !err;
}

size_t users_changesets(struct term *t, uint64_t *ids, size_t cap)
{
	struct journal_page page = {SERVER_ACCOUNT, 0, cap};
	struct journal_changeset_list sets;
	size_t n = 0;

	journal_changeset_list_init(&sets);
	disk_enter(t->who);
	journal_changesets(t->store, &page, &sets, NULL);
	disk_enter(-1);
	for (size_t i = 0; i < sets.n && n < cap; i++)
		ids[n++] = sets.v[i].id;
	journal_changeset_list_done(&sets);
	return n;
}

void users_revert_some(struct term *t)
{
	uint64_t ids[32];
	size_t n = users_changesets(t, ids, 32);

	if (n)
		users_revert(t, ids[rng_below(&users.rng, n)]);
	users_adopt(NULL);
}
