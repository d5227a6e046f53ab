#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include "api/request.h"
#include "base/clock.h"
#include "base/loop.h"
#include "config/paths.h"
#include "store/store.h"
#include "tests/sim/disk.h"
#include "tests/sim/net.h"
#include "tests/sim/screen.h"
#include "tests/sim/server.h"
#include "session/applying.h"
#include "session/internal.h"

struct term terms[TERMS];
static struct term_options options;

static int no_wait(void *ctx, struct pollfd *fds, unsigned n, int timeout_ms)
{
	struct term *t = ctx;

	(void)fds, (void)n;
	t->wait_ms = timeout_ms;
	return 0;
}

void terms_begin(const struct term_options *o)
{
	options = *o;
	for (int i = 0; i < TERMS; i++)
		terms[i] = (struct term){.who = i};
}

static struct api *connect_to_server(struct term *t)
{
	struct api_config cfg = {.base_url = "https://ads-api.x.com",
	    .consumer_key = SERVER_CONSUMER_KEY,
	    .consumer_secret = SERVER_CONSUMER_SECRET,
	    .token = SERVER_TOKEN,
	    .token_secret = SERVER_TOKEN_SECRET};
	struct errinfo ei = {0};

	return api_new_over(t->loop, &cfg, net_transport_for(t->who, t->loop), &ei);
}

static void abandon(struct term *t)
{
	session_free(t->session);
	store_close(t->store);
	loop_free(t->loop);
	t->session = NULL;
	t->store = NULL;
	t->loop = NULL;
	t->alive = t->stopped = false;
}

bool term_start(struct term *t)
{
	struct session_config cfg = {.profile = "sim",
	    .account = SERVER_ACCOUNT,
	    .cache_days = 7,
	    .batch_size = options.batch_size,
	    .follow = options.follow,
	    .resume_draft = true};
	struct errinfo ei = {0};
	struct paths p;
	struct api *api;

	disk_revive(t->who);
	disk_enter(t->who);
	t->loop = loop_new();
	loop_set_wait(t->loop, no_wait, t);
	if (paths_init(&p, NULL, &ei))
		abort();
	t->store = store_open(&p, &ei);
	if (!t->store || store_bind(t->store, "ads-api.x.com", "12", &ei))
		trace("  terminal %d: %s", t->who, ei.msg);
	for (size_t i = 0; t->store && store_message(t->store, i); i++)
		trace("  terminal %d says: %s", t->who, store_message(t->store, i));
	cfg.loop = t->loop;
	cfg.store = t->store;
	t->session = session_new(&cfg, &ei);
	if (!t->session)
		abort();
	session_start(t->session);
	api = connect_to_server(t);
	session_take_api(t->session, api);
	t->alive = true;
	t->wait_ms = 0;
	if (t->who == 0 && options.screen)
		screen_start(clock_mono_ms() % 2);
	disk_enter(-1);
	if (disk_is_dead(t->who)) {
		term_kill(t);
		return false;
	}
	return true;
}

/* Terminal 0 has a screen: was it given back? */
static void check_screen(const struct term *t)
{
	const char *left = t->who == 0 ? screen_not_restored() : NULL;

	if (left)
		violated("I4", "%s was not given back", left);
}

void term_end(struct term *t)
{
	disk_enter(t->who);
	abandon(t);
	disk_enter(-1);
	if (t->who == 0)
		screen_end();
	check_screen(t);
}

void term_kill(struct term *t)
{
	if (t->who == 0)
		screen_kill();
	check_screen(t);
	disk_killed(t->who);
	disk_enter(t->who);
	abandon(t);
	disk_enter(-1);
}

void term_begin_call(struct term *t)
{
	disk_enter(t->who);
}

bool term_end_call(struct term *t)
{
	disk_enter(-1);
	if (!disk_is_dead(t->who))
		return true;
	trace("  terminal %d died at a call to its disk", t->who);
	term_kill(t);
	return false;
}

struct term *term_alive(void)
{
	for (int i = 0; i < TERMS; i++)
		if (terms[i].alive && !terms[i].stopped)
			return &terms[i];
	return NULL;
}

/* One turn of everybody; how long nothing would happen then. */
static int64_t turn(void)
{
	int64_t wait = INT64_MAX, next = net_next_ms();

	for (int i = 0; i < TERMS; i++) {
		struct term *t = &terms[i];

		if (!t->alive || t->stopped)
			continue;
		disk_enter(i);
		loop_turn(t->loop, 60000);
		disk_enter(-1);
		if (disk_is_dead(i)) {
			trace("  terminal %d died at a call to its disk", i);
			term_kill(t);
			wait = 0;
		} else if (t->wait_ms < wait) {
			wait = t->wait_ms;
		}
	}
	if (next != INT64_MAX && next - clock_mono_ms() < wait)
		wait = next - clock_mono_ms();
	return wait > 0 ? wait : 0;
}

bool terms_run(bool (*done)(void *user), void *user, int64_t limit_ms)
{
	int64_t end = clock_mono_ms() + limit_ms;
	unsigned idle = 0;

	while (!(done && done(user))) {
		int64_t wait = turn();

		if (has_violation())
			return true;
		if (wait && clock_mono_ms() >= end)
			return !done;
		if (!wait && ++idle > 20000) {
			violated("I6", "the loop turns for ever without waiting");
			return true;
		}
		if (!wait)
			continue;
		idle = 0;
		if (wait > end - clock_mono_ms())
			wait = end - clock_mono_ms();
		clock_step_ms(wait);
		net_run();
	}
	return true;
}

void terms_rest(int64_t ms)
{
	terms_run(NULL, NULL, ms);
}
