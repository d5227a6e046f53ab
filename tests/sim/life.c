/* A life, step by step: what the users do, what befalls them, and how it all ends well. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "store/draft_names.h"
#include "tests/sim/disk.h"
#include "tests/sim/net.h"
#include "tests/sim/server.h"
#include "tests/sim/sim.h"
#include "tests/sim/weather.h"
#include "session/applying.h"
#include "session/draft.h"
#include "session/internal.h"
#include "session/staging.h"

enum { STEPS_MIN = 4, STEPS_SPREAD = 8, SOUND_CLOCK_S = 47 * 3600, REQUESTS_A_STEP = 4000 };
enum purpose { PURPOSE_WORLD, PURPOSE_END, PURPOSE_STEP }; /* and one for each step */

static int64_t clock_ahead_s; /* of the server, before ours */

void life_set_clock(int64_t by_s)
{
	trace("the wall clock is set by %+lld s", (long long)by_s);
	clock_freeze(clock_wall_s() + by_s, clock_mono_ms());
	clock_ahead_s -= by_s;
	server_clock_ahead(clock_ahead_s);
}

static struct term *some_term(void)
{
	struct term *t = &terms[rng_below(&users.rng, TERMS)];

	if (!t->alive)
		t = term_alive();
	if (!t) {
		t = &terms[0];
		trace("terminal 0 starts");
		if (!term_start(t))
			return NULL;
		users_rest();
		t = t->alive ? t : term_alive();
	}
	return t;
}

/* --- what befalls them --- */

static void lose_power(void)
{
	for (int i = 0; i < TERMS; i++)
		if (terms[i].alive)
			term_kill(&terms[i]);
	trace("the power fails: %zu bytes are lost", disk_lose_power(rng_next(&users.rng)));
}

static void befall(struct term *t)
{
	switch (rng_below(&users.rng, 9)) {
	case 0:
		trace("terminal %d is killed", t->who);
		term_kill(t);
		break;
	case 1:
		trace("terminal %d is left", t->who);
		term_end(t);
		break;
	case 2: {
		unsigned calls = (unsigned)rng_below(&users.rng, 100);

		trace("terminal %d will be killed at its call %u to the disk", t->who, calls);
		disk_kill_at(t->who, calls);
		break;
	}
	case 3:
		lose_power();
		break;
	case 4:
		life_set_clock(weather_clock_jump(&users.rng));
		break;
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

	weather_edit(&users.rng, users.line_items, users.n_line_items, json, sizeof json);
	trace("somebody else: %s", json);
	server_edit(json);
}

static void time_goes_by(void)
{
	int64_t ms = (int64_t)rng_below(&users.rng, 200000);

	trace("%lld ms go by", (long long)ms);
	terms_rest(ms);
}

static void one_step(bool calm)
{
	struct term *t = some_term();
	unsigned what = (unsigned)rng_below(&users.rng, 100);

	if (!t || has_violation())
		return;
	if (what >= 38 && what < 74 && !calm)
		weather_draw(&users.rng, users.line_items, users.n_line_items);
	if (what < 38)
		users_edit(t);
	else if (what < 62)
		users_post(t);
	else if (what < 68)
		users_post_both();
	else if (what < 71)
		reading_sync(t);
	else if (what < 72 && rng_chance(&users.rng, 25)) /* sixty pages: dear */
		reading_harvest(t);
	else if (what < 78)
		users_revert_some(t);
	else if (what < 83)
		time_goes_by();
	else if (what < 88)
		foreign_edit();
	else
		befall(t);
	if (!has_violation())
		users_rest();
}

/* --- a good end --- */

/* Everything works again: whatever was left open has to come to a good end. */
static void heal(void)
{
	struct errinfo ei = {0};

	trace("all faults end");
	users.healed = true;
	weather_clear();
	disk_calm();
	/* further off than that no client can sign a request, and says so */
	if (clock_ahead_s > SOUND_CLOCK_S || clock_ahead_s < -SOUND_CLOCK_S)
		life_set_clock(clock_ahead_s);
	terms_rest(NET_TIMEOUT_MS + NET_LATE_MS);
	if (rng_chance(&users.rng, 50) || !terms[0].alive) {
		for (int i = 0; i < TERMS; i++)
			if (terms[i].alive)
				term_end(&terms[i]);
		clock_step_ms(5 * MINUTE);
		net_run();
		term_start(&terms[0]);
	}
	users_rest();
	for (int i = 0; i < 8 && !has_violation() && applying_unknown(terms[0].session); i++) {
		disk_enter(0);
		applying_settle(terms[0].session, &ei);
		disk_enter(-1);
		users_rest();
	}
	check_step();
}

/* Nothing is held back any more, and what X refuses is taken off. */
static void let_go(struct term *t)
{
	const struct change_set *set = staging_changes(t->session);
	struct errinfo ei = {0};

	for (size_t i = 0; i < set->n && !has_violation(); i++) {
		if (!set->v[i].held)
			continue;
		if (staging_hold(t->session, set->v[i].id, false, &ei))
			violated("I2", "a held edit cannot be let go: %s", ei.msg);
		set = staging_changes(t->session);
	}
}

static void take_off(struct term *t)
{
	const struct change_set *set = staging_changes(t->session);
	struct errinfo ei = {0};

	while (set->n && !has_violation()) {
		uint64_t id = set->v[0].id;

		if (staging_remove(t->session, &id, 1, &ei))
			violated("I2", "edit %llu can neither be posted nor taken off: %s",
			    (unsigned long long)id, ei.msg);
		set = staging_changes(t->session);
	}
}

static void finish_draft(struct term *t)
{
	for (int i = 0; i < 6 && !has_violation(); i++) {
		disk_enter(t->who);
		let_go(t);
		disk_enter(-1);
		facts_adopt(t, NULL);
		if (users_start_posting(t))
			users_wait_for_posting(t);
		users_rest();
		check_step();
		if (!staging_changes(t->session)->n)
			return;
		if (i < 2)
			continue;
		disk_enter(t->who);
		take_off(t);
		disk_enter(-1);
		facts_adopt(t, NULL);
	}
}

/* Post what is on the stage, of every draft. */
static void finish_stage(struct term *t)
{
	struct draft_names names = {0};
	struct errinfo ei = {0};

	if (drafts_names(t->store, SERVER_ACCOUNT, &names, &ei))
		violated("I2", "the drafts cannot be read: %s", ei.msg);
	finish_draft(t);
	for (size_t i = 0; i < names.n && !has_violation(); i++) {
		if (names.v[i].deleted_at || strcmp(names.v[i].name, draft_active(t->session)) == 0)
			continue;
		disk_enter(t->who);
		if (draft_switch(t->session, names.v[i].name, &ei))
			violated("I2", "a draft cannot be worked on: %s", ei.msg);
		disk_enter(-1);
		trace("terminal %d goes to draft %s", t->who, draft_title(names.v[i].name));
		finish_draft(t);
	}
	draft_names_done(&names);
}

/* False: not all of it could be taken back. */
static bool revert_all(struct term *t)
{
	uint64_t ids[64];
	size_t n = users_changesets(t, ids, 64);
	bool all = true;

	/* the newest first; the postings of the reverts themselves come later and are not in the list */
	for (size_t i = 0; i < n && !has_violation(); i++) {
		bool done = false;

		for (int tries = 0; tries < 3 && !done; tries++) {
			done = users_revert(t, ids[i]);
			users_rest();
		}
		if (!done && !has_violation())
			violated("I6", "posting %llu cannot be taken back, long after all faults",
			    (unsigned long long)ids[i]);
		all = all && done;
		facts_adopt(t, NULL);
		if (users_start_posting(t))
			users_wait_for_posting(t);
		users_rest();
		check_step();
	}
	return all && !staging_changes(t->session)->n;
}

/* --- */

static void draw_world(struct rng *r, struct server_world *w, struct term_options *o)
{
	*w = (struct server_world){.seed = 1};
	w->duplicates = (enum server_duplicates)rng_below(r, 3);
	w->clock_ahead_s = rng_chance(r, 15) ? (int64_t)rng_below(r, 7200) - 3600 : 0;
	o->batch_size = rng_chance(r, 30) ? 500 : 4 + (int64_t)rng_below(r, 12);
	o->follow = rng_chance(r, 50);
	o->screen = rng_chance(r, 20);
	if (rng_chance(r, 15)) {
		w->reads = 10 + (int64_t)rng_below(r, 60);
		w->writes = 1 + (int64_t)rng_below(r, 6);
		w->lookups = 4 + (int64_t)rng_below(r, 30);
	}
}

static void begin(uint64_t seed)
{
	struct rng r = rng_for(seed, PURPOSE_WORLD);
	struct server_world world;
	struct term_options o;
	struct net_watch watch = facts_watch();

	users.healed = users.harvests = false;
	clock_freeze(T0_WALL, T0_MONO_MS);
	draw_world(&r, &world, &o);
	clock_ahead_s = world.clock_ahead_s;
	server_begin(&world);
	disk_begin(rng_next(&r), false);
	net_begin(rng_next(&r), &watch);
	facts_begin();
	check_begin();
	weather_clear();
	terms_begin(&o);
	trace("seed %llu: duplicates %d, server clock %+lld s, batches of %lld, %lld reads",
	    (unsigned long long)seed, (int)world.duplicates, (long long)world.clock_ahead_s,
	    (long long)o.batch_size, (long long)world.reads);
}

static void end(void)
{
	disk_enter(-1);
	for (int i = 0; i < TERMS; i++)
		if (terms[i].alive)
			term_end(&terms[i]);
	net_done();
	check_gone();
}

static void step(uint64_t seed, unsigned i, bool skip, bool calm)
{
	size_t requests = net_requests();

	trace_step(i + 1);
	users.rng = rng_for(seed, PURPOSE_STEP + i);
	net_seed(rng_next(&users.rng));
	if (skip)
		return;
	one_step(calm);
	check_step();
	if (net_requests() - requests > REQUESTS_A_STEP)
		violated("I6", "%zu requests in one step", net_requests() - requests);
}

unsigned life_steps(uint64_t seed)
{
	struct rng r = rng_for(seed, PURPOSE_END);

	return STEPS_MIN + (unsigned)rng_below(&r, STEPS_SPREAD);
}

void life_run(uint64_t seed, uint64_t skip, uint64_t calm)
{
	unsigned steps = life_steps(seed);
	bool reverted = false;

	begin(seed);
	term_start(&terms[0]);
	users_rest();
	users_read_line_items(&terms[0]);
	for (unsigned i = 0; i < steps && !has_violation(); i++)
		step(seed, i, skip >> i & 1, calm >> i & 1);
	trace_step(steps + 1);
	users.rng = rng_for(seed, PURPOSE_END);
	net_seed(rng_next(&users.rng));
	if (!has_violation())
		heal();
	if (!has_violation())
		finish_stage(&terms[0]);
	if (!has_violation() && rng_chance(&users.rng, 35))
		reverted = revert_all(&terms[0]);
	if (!has_violation() && rng_chance(&users.rng, 8))
		reading_check_account(&terms[0]);
	if (!has_violation() && users.harvests)
		reading_check_harvest(&terms[0]);
	if (!has_violation() && terms[1].alive)
		terms_rest(2000); /* each sees within a second or so what the other did */
	if (!has_violation())
		check_end(reverted);
	end();
}

void life_init(void)
{
	struct server_world world = {.seed = 1};
	struct term_options o = {.batch_size = 500};
	struct net_watch watch = {0};

	server_begin(&world);
	net_begin(1, &watch);
	terms_begin(&o);
	term_start(&terms[0]);
	users_rest();
	users_read_line_items(&terms[0]);
	if (users.n_line_items != SERVER_LINE_ITEMS || has_violation()) {
		fprintf(stderr, "sim: the first terminal did not read its account\n");
		abort();
	}
	term_end(&terms[0]);
	disk_keep_template();
	term_start(&terms[0]);
	reading_learn(&terms[0]);
	term_end(&terms[0]);
}
