/* What the users do, and what befalls them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/drafts.h"
#include "store/journal.h"
#include "targeting/plan.h"
#include "tests/sim/disk.h"
#include "tests/sim/net.h"
#include "tests/sim/server.h"
#include "tests/sim/sim.h"
#include "tests/sim/weather.h"
#include "session/applying.h"
#include "session/internal.h"
#include "session/revert.h"
#include "session/review_model.h"
#include "session/staging.h"

enum { MINUTE = 60000, POST_LIMIT_MS = 240 * MINUTE, STEPS_MIN = 4, STEPS_SPREAD = 8 };

static struct rng rng;
static char line_items[SERVER_LINE_ITEMS][16];
static size_t n_line_items;
static bool healed; /* all faults have ended */

/* --- waiting --- */

static bool at_rest(void *user)
{
	(void)user;
	for (int i = 0; i < TERMS; i++)
		if (terms[i].alive && session_busy(terms[i].session))
			return false;
	return true;
}

/* Until the screens have what they asked for and nothing is posted or settled any more. */
static void rest(void)
{
	if (!terms_run(at_rest, NULL, POST_LIMIT_MS))
		violated("I6", "no end after %d minutes", POST_LIMIT_MS / MINUTE);
}

/* --- a terminal with its context --- */

static struct term *begin_call(struct term *t)
{
	disk_enter(t->who);
	return t;
}

/* Was it killed in the call? Then it is gone. */
static bool end_call(struct term *t)
{
	disk_enter(-1);
	if (!disk_is_dead(t->who))
		return true;
	trace("  terminal %d died at a call to its disk", t->who);
	term_kill(t);
	return false;
}

static struct term *some_term(void)
{
	struct term *t = &terms[rng_below(&rng, TERMS)];

	if (!t->alive)
		t = term_alive();
	if (!t) {
		t = &terms[0];
		trace("terminal 0 starts");
		if (!term_start(t))
			return NULL;
		rest();
		t = t->alive ? t : term_alive();
	}
	return t;
}

static void read_line_items(struct term *t)
{
	const struct line_item_set *set = session_line_items(t->session);
	const char *ids[SERVER_LINE_ITEMS];

	n_line_items = 0;
	for (size_t i = 0; i < set->n && i < SERVER_LINE_ITEMS; i++) {
		snprintf(line_items[n_line_items], sizeof line_items[0], "%s", set->v[i].id);
		ids[n_line_items] = line_items[n_line_items];
		n_line_items++;
	}
	disk_enter(t->who);
	session_fetch_criteria(t->session, ids, n_line_items, 0, REQ_USER);
	disk_enter(-1);
	rest();
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
    {"BROAD_KEYWORD", "carpet", OP_NE}, {"BROAD_KEYWORD", "used", OP_NE},
    {"PHRASE_KEYWORD", "garden chair", OP_EQ}, {"PHRASE_KEYWORD", "bed frame", OP_EQ},
    {"LANGUAGE", "es", OP_EQ}, {"LANGUAGE", "fr", OP_EQ}, {"LANGUAGE", "de", OP_EQ},
    {"LOCATION", "96683cc9126741d1", OP_EQ}, {"LOCATION", "5122804691e5fecc", OP_EQ},
    {"LOCATION", "6416b8512febefc9", OP_EQ}, {"LOCATION", "b6b8d75a320f81d9", OP_EQ},
    {"GENDER", "1", OP_EQ}, {"AGE", "AGE_25_TO_49", OP_EQ}};

static const char *some_line_item(void)
{
	return line_items[rng_below(&rng, n_line_items)];
}

static void wish(struct change *c)
{
	size_t i = rng_below(&rng, sizeof wishes / sizeof *wishes);

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
	change_from_criterion(c, CHANGE_DELETE, &live->v[from + rng_below(&rng, live->n - from)]);
	return true;
}

static void stage(struct term *t)
{
	enum { MOST = 12 };
	size_t n = 1 + rng_below(&rng, rng_chance(&rng, 30) ? MOST : 3), filled = 0, staged = 0;
	struct criterion_set live[MOST];
	struct change v[MOST];
	struct errinfo ei = {0};

	for (size_t i = 0; i < n; i++) {
		criterion_set_init(&live[i]);
		if (rng_chance(&rng, 60))
			wish(&v[filled++]);
		else if (unwish(t, &live[i], &v[filled]))
			filled++;
	}
	begin_call(t);
	if (filled && staging_add(t->session, v, filled, &staged, &ei))
		trace("  refused: %s", ei.msg);
	trace("terminal %d stages %zu edits (%zu new)", t->who, filled, staged);
	for (size_t i = 0; i < filled; i++)
		trace("    %s %s %s %s of %s", v[i].kind == CHANGE_CREATE ? "add" : "remove",
		    v[i].type_name, v[i].op == OP_NE ? "NE" : "EQ", v[i].value, v[i].line_item_id);
	end_call(t);
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
	id = set->v[rng_below(&rng, set->n)].id;
	trace("terminal %d takes edit %llu off the stage", t->who, (unsigned long long)id);
	begin_call(t);
	staging_remove(t->session, &id, 1, &ei);
	end_call(t);
}

static void undo(struct term *t, bool redo)
{
	struct errinfo ei = {0};
	char what[64] = "";

	begin_call(t);
	if (redo)
		staging_redo(t->session, what, &ei);
	else
		staging_undo(t->session, what, &ei);
	trace("terminal %d %s: %s", t->who, redo ? "redo" : "undo", what[0] ? what : ei.msg);
	end_call(t);
}

/* A user's own change of the stage; what came of it is what they want, also when it was cut short. */
static void edit_stage(struct term *t)
{
	switch (rng_below(&rng, 8)) {
	case 0:
		unstage(t);
		break;
	case 1:
		undo(t, false);
		break;
	case 2:
		undo(t, true);
		break;
	default:
		stage(t);
	}
}

/* Adopting needs somebody alive: the others see what the dead one left. */
static void adopt(void)
{
	struct term *t = some_term();

	if (t)
		facts_adopt(t);
}

/* --- posting --- */

static bool is_idle(void *user)
{
	struct term *t = user;

	return !t->alive || !session_busy(t->session);
}

static void say_outcome(struct term *t)
{
	const struct applying_status *st = applying_status(t->session);

	trace("  -> worst %s, %zu of %zu batches; %s", apply_outcome_name(st->worst),
	    st->batches_done, st->n_batches, st->ei.code ? st->ei.msg : "");
}

/* What happens to the terminal while it posts. */
static void strike(struct term *t)
{
	unsigned what = (unsigned)rng_below(&rng, 100);

	if (what < 20) {
		unsigned calls = (unsigned)rng_below(&rng, rng_chance(&rng, 50) ? 12 : 80);

		trace("  it will be killed at its call %u to the disk", calls);
		disk_kill_at(t->who, calls);
	} else if (what < 35) {
		int64_t ms = (int64_t)rng_below(&rng, rng_chance(&rng, 60) ? 400 : 150000);

		terms_run(is_idle, t, ms);
		if (t->alive) {
			trace("  it is killed");
			term_kill(t);
		}
	} else if (what < 42) {
		terms_run(is_idle, t, (int64_t)rng_below(&rng, 3000));
		if (t->alive) {
			trace("  Ctrl-C");
			begin_call(t);
			applying_stop(t->session);
			end_call(t);
		}
	} else if (what < 48) {
		terms_run(is_idle, t, (int64_t)rng_below(&rng, 3000));
		if (t->alive) {
			trace("  it is left");
			term_end(t);
		}
	} else if (what < 54) {
		disk_fail(t->who, rng_chance(&rng, 50) ? ENOSPC : EIO,
		    (unsigned)rng_below(&rng, 60), 1 + (unsigned)rng_below(&rng, 4));
		trace("  its disk will fail");
	}
}

static bool start_posting(struct term *t)
{
	struct review_model m;
	struct errinfo ei = {0};
	bool started = false;

	begin_call(t);
	review_model_init(&m, t->session);
	if (review_model_build(&m)) {
		trace("terminal %d cannot review: %s", t->who, m.ei.msg);
	} else if (m.plan.n_ops) {
		struct applying_plan p = {.plan = &m.plan, .live = &m.live, .digest = m.digest};

		trace("terminal %d posts %zu operations in %zu batches", t->who, m.plan.n_ops,
		    m.plan.n_batches);
		facts_reviewed(t->who, &m.plan);
		check_reviewed();
		started = applying_start(t->session, &p, &ei) == ERR_OK;
		if (!started)
			trace("  refused: %s", ei.msg);
	}
	review_model_done(&m);
	return end_call(t) && started;
}

static void wait_for_posting(struct term *t)
{
	if (!terms_run(is_idle, t, POST_LIMIT_MS))
		violated("I6", "a posting has no end after %d minutes", POST_LIMIT_MS / MINUTE);
	if (t->alive)
		say_outcome(t);
	/* without a fault there is no reason not to have read it back */
	if (t->alive && healed && applying_status(t->session)->worst == OUTCOME_APPLIED)
		violated("I3", "what was posted was not read back");
	disk_fail(t->who, 0, 0, 0);
	facts.posting = -1;
}

static void post(struct term *t)
{
	if (!start_posting(t)) {
		facts.posting = -1;
		return;
	}
	if (rng_chance(&rng, 60))
		strike(t);
	/* the other one tries as well, or stages */
	if (rng_chance(&rng, 25) && terms[1 - t->who].alive) {
		terms_run(is_idle, t, (int64_t)rng_below(&rng, 500));
		if (terms[1 - t->who].alive && !has_violation()) {
			edit_stage(&terms[1 - t->who]);
			adopt();
		}
	}
	wait_for_posting(t);
}

/* --- reverting --- */

static bool revert(struct term *t, uint64_t changeset)
{
	struct revert_result r = {0};
	struct errinfo ei = {0};
	enum err err;

	begin_call(t);
	err = revert_stage(t->session, changeset, &r, &ei);
	trace("terminal %d reverts posting %llu: %zu staged, %zu not ours, %zu moot %s", t->who,
	    (unsigned long long)changeset, r.staged, r.not_ours, r.moot, err ? ei.msg : "");
	return end_call(t) && !err;
}

static size_t changesets(struct term *t, uint64_t *ids, size_t cap)
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

static void revert_some(struct term *t)
{
	uint64_t ids[32];
	size_t n = changesets(t, ids, 32);

	if (n)
		revert(t, ids[rng_below(&rng, n)]);
}

/* --- the rest of a life --- */

static void befall(struct term *t)
{
	switch (rng_below(&rng, 8)) {
	case 0:
		trace("terminal %d is killed", t->who);
		term_kill(t);
		break;
	case 1:
		trace("terminal %d is left", t->who);
		term_end(t);
		break;
	case 2: {
		unsigned calls = (unsigned)rng_below(&rng, 100);

		trace("terminal %d will be killed at its call %u to the disk", t->who, calls);
		disk_kill_at(t->who, calls);
		break;
	}
	case 3: {
		size_t lost;

		for (int i = 0; i < TERMS; i++)
			if (terms[i].alive)
				term_kill(&terms[i]);
		lost = disk_lose_power(rng_next(&rng));
		trace("the power fails: %zu bytes are lost", lost);
		break;
	}
	default:
		for (int i = 0; i < TERMS; i++)
			if (!terms[i].alive) {
				trace("terminal %d starts", i);
				term_start(&terms[i]);
				break;
			}
	}
}

static void foreign_edit(void)
{
	char json[512];

	weather_edit(&rng, line_items, n_line_items, json, sizeof json);
	trace("somebody else: %s", json);
	server_edit(json);
}

static void one_step(void)
{
	struct term *t = some_term();
	unsigned what = (unsigned)rng_below(&rng, 100);

	if (!t || has_violation())
		return;
	if (what < 40) {
		edit_stage(t);
		adopt();
	} else if (what < 70) {
		weather_draw(&rng, line_items, n_line_items);
		post(t);
	} else if (what < 76) {
		revert_some(t);
		adopt();
	} else if (what < 82) {
		int64_t ms = (int64_t)rng_below(&rng, 200000);

		trace("%lld ms go by", (long long)ms);
		terms_rest(ms);
	} else if (what < 88) {
		foreign_edit();
	} else {
		befall(t);
	}
	if (!has_violation())
		rest();
}

/* Everything works again: whatever was left open has to come to a good end. */
static void heal(void)
{
	struct errinfo ei = {0};

	trace("all faults end");
	healed = true;
	weather_clear();
	disk_calm();
	terms_rest(NET_TIMEOUT_MS + NET_LATE_MS);
	if (rng_chance(&rng, 50) || !terms[0].alive) {
		for (int i = 0; i < TERMS; i++)
			if (terms[i].alive)
				term_end(&terms[i]);
		clock_step_ms(5 * MINUTE);
		net_run();
		term_start(&terms[0]);
	}
	rest();
	for (int i = 0; i < 8 && !has_violation() && applying_unknown(terms[0].session); i++) {
		disk_enter(0);
		applying_settle(terms[0].session, &ei);
		disk_enter(-1);
		rest();
	}
	check_step();
}

/* Post what is on the stage; what X refuses is taken off. */
static void finish_stage(void)
{
	struct term *t = &terms[0];

	for (int i = 0; i < 6 && !has_violation(); i++) {
		const struct change_set *set;
		struct errinfo ei = {0};
		uint64_t id;

		if (start_posting(t))
			wait_for_posting(t);
		else
			facts.posting = -1;
		rest();
		check_step();
		set = staging_changes(t->session);
		if (!set->n)
			return;
		if (i < 2)
			continue;
		while (set->n && !has_violation()) {
			id = set->v[0].id;
			disk_enter(0);
			if (staging_remove(t->session, &id, 1, &ei)) {
				violated("I2", "edit %llu can neither be posted nor taken off: %s",
				    (unsigned long long)id, ei.msg);
				break;
			}
			disk_enter(-1);
			set = staging_changes(t->session);
		}
		facts_adopt(t);
	}
}

static bool revert_all(void)
{
	uint64_t ids[64];
	size_t n = changesets(&terms[0], ids, 64);

	/* the newest first; the postings of the reverts themselves come later and are not in the list */
	for (size_t i = 0; i < n && !has_violation(); i++) {
		for (int tries = 0; tries < 3 && !revert(&terms[0], ids[i]); tries++)
			rest();
		facts_adopt(&terms[0]);
		if (start_posting(&terms[0]))
			wait_for_posting(&terms[0]);
		facts.posting = -1;
		rest();
		check_step();
	}
	return staging_changes(terms[0].session)->n == 0;
}

static void begin(uint64_t seed)
{
	struct server_world world = {.seed = 1};
	struct term_options o;
	struct net_watch watch = facts_watch();

	rng.state = seed;
	healed = false;
	clock_freeze(T0_WALL, T0_MONO_MS);
	world.duplicates = (enum server_duplicates)rng_below(&rng, 3);
	world.clock_ahead_s = rng_chance(&rng, 15) ? (int64_t)rng_below(&rng, 7200) - 3600 : 0;
	o.batch_size = rng_chance(&rng, 30) ? 500 : 4 + (int64_t)rng_below(&rng, 12);
	server_begin(&world);
	disk_begin(rng_next(&rng), false);
	net_begin(rng_next(&rng), &watch);
	facts_begin();
	check_begin();
	weather_clear();
	terms_begin(&o);
	trace("seed %llu: duplicates %d, server clock %+lld s, batches of %lld",
	    (unsigned long long)seed, (int)world.duplicates, (long long)world.clock_ahead_s,
	    (long long)o.batch_size);
}

static void end(void)
{
	disk_enter(-1);
	for (int i = 0; i < TERMS; i++)
		if (terms[i].alive)
			term_end(&terms[i]);
	net_done();
}

void life_run(uint64_t seed)
{
	unsigned steps, step = 0;
	bool reverted = false;

	begin(seed);
	steps = STEPS_MIN + (unsigned)rng_below(&rng, STEPS_SPREAD);
	term_start(&terms[0]);
	rest();
	read_line_items(&terms[0]);
	for (; step < steps && !has_violation(); step++) {
		trace_step(step + 1);
		one_step();
		check_step();
	}
	trace_step(step + 1);
	if (!has_violation())
		heal();
	if (!has_violation())
		finish_stage();
	if (!has_violation() && rng_chance(&rng, 35))
		reverted = revert_all();
	if (!has_violation())
		check_end(reverted, rng_chance(&rng, 10));
	end();
}

void life_init(void)
{
	struct server_world world = {.seed = 1};
	struct term_options o = {500};
	struct net_watch watch = {0};

	server_begin(&world);
	net_begin(1, &watch);
	terms_begin(&o);
	term_start(&terms[0]);
	rest();
	read_line_items(&terms[0]);
	if (n_line_items != SERVER_LINE_ITEMS || has_violation()) {
		fprintf(stderr, "sim: the first terminal did not read its account\n");
		abort();
	}
	term_end(&terms[0]);
	disk_keep_template();
}
