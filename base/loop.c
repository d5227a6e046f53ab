#include "base/loop.h"

#include <errno.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define MAX_WAIT_MS 60000 /* curl_multi_poll refuses "forever" (libcurl 7.88.1) */
#define SLOW_MS 30
#define MAX_WATCHES 64
#define MAX_HOOKS 8

struct watch {
	int fd;
	short events;
	enum loop_class class;
	loop_fd_fn *fn;
	void *user;
	uint32_t gen;
};

struct timer {
	int64_t due_ms;
	uint32_t gen;
	bool used;
	loop_fn *fn;
	void *user;
};

struct hook {
	loop_fn *fn;
	void *user;
};

struct hooks {
	struct hook v[MAX_HOOKS];
	unsigned n;
};

struct loop {
	struct watch watches[MAX_WATCHES];
	unsigned n_watches;
	struct timer *timers;
	uint32_t n_timers;
	struct hook *deferred;
	size_t n_deferred, cap_deferred;
	struct hook before_wait;
	struct hooks each_turn, sweep;
	loop_wait_fn *wait;
	void *wait_ctx;
	int64_t wake_at_ms; /* 0: no wish */
	uint32_t gen;
	int status;
	bool quit;
};

static int wait_with_poll(void *ctx, struct pollfd *fds, unsigned n, int timeout_ms)
{
	(void)ctx;
	return poll(fds, n, timeout_ms);
}

struct loop *loop_new(void)
{
	struct loop *l = mem_zalloc(sizeof *l);

	if (l) {
		l->wait = wait_with_poll;
		l->gen = 1;
	}
	return l;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	mem_free(l->timers);
	mem_free(l->deferred);
	mem_free(l);
}

enum err loop_watch(
    struct loop *l, int fd, short events, enum loop_class class, loop_fd_fn *fn, void *user)
{
	for (unsigned i = 0; i < l->n_watches; i++)
		if (l->watches[i].fd == fd) {
			l->watches[i] = (struct watch){fd, events, class, fn, user, ++l->gen};
			return ERR_OK;
		}
	if (l->n_watches == MAX_WATCHES)
		return ERR_LIMIT;
	l->watches[l->n_watches++] = (struct watch){fd, events, class, fn, user, ++l->gen};
	return ERR_OK;
}

void loop_unwatch(struct loop *l, int fd)
{
	for (unsigned i = 0; i < l->n_watches; i++)
		if (l->watches[i].fd == fd) {
			l->watches[i] = l->watches[--l->n_watches];
			return;
		}
}

static struct timer *free_timer(struct loop *l)
{
	struct timer *more;
	uint32_t n = l->n_timers ? l->n_timers * 2 : 8;

	for (uint32_t i = 0; i < l->n_timers; i++)
		if (!l->timers[i].used)
			return &l->timers[i];
	more = mem_realloc_array(l->timers, n, sizeof *more);
	if (!more)
		return NULL;
	for (uint32_t i = l->n_timers; i < n; i++)
		more[i] = (struct timer){0};
	l->timers = more;
	more += l->n_timers;
	l->n_timers = n;
	return more;
}

struct timer_id loop_timer(struct loop *l, int64_t delay_ms, loop_fn *fn, void *user)
{
	struct timer *t = free_timer(l);

	if (!t)
		return (struct timer_id){0};
	*t = (struct timer){
	    clock_mono_ms() + (delay_ms > 0 ? delay_ms : 0), ++l->gen, true, fn, user};
	return (struct timer_id){(uint32_t)(t - l->timers), t->gen};
}

void loop_timer_cancel(struct loop *l, struct timer_id id)
{
	if (id.gen && id.slot < l->n_timers && l->timers[id.slot].gen == id.gen)
		l->timers[id.slot].used = false;
}

enum err loop_defer(struct loop *l, loop_fn *fn, void *user)
{
	if (l->n_deferred == l->cap_deferred) {
		size_t cap = l->cap_deferred ? l->cap_deferred * 2 : 16;
		struct hook *more = mem_realloc_array(l->deferred, cap, sizeof *more);

		if (!more)
			return ERR_NOMEM;
		l->deferred = more;
		l->cap_deferred = cap;
	}
	l->deferred[l->n_deferred++] = (struct hook){fn, user};
	return ERR_OK;
}

void loop_before_wait(struct loop *l, loop_fn *fn, void *user)
{
	l->before_wait = (struct hook){fn, user};
}

static enum err add_hook(struct hooks *h, loop_fn *fn, void *user)
{
	if (h->n == MAX_HOOKS)
		return ERR_LIMIT;
	h->v[h->n++] = (struct hook){fn, user};
	return ERR_OK;
}

enum err loop_each_turn(struct loop *l, loop_fn *fn, void *user)
{
	return add_hook(&l->each_turn, fn, user);
}

void loop_each_turn_stop(struct loop *l, loop_fn *fn, void *user)
{
	struct hooks *h = &l->each_turn;

	for (unsigned i = 0; i < h->n; i++)
		if (h->v[i].fn == fn && h->v[i].user == user) {
			h->n--;
			for (; i < h->n; i++)
				h->v[i] = h->v[i + 1];
			return;
		}
}

enum err loop_sweep(struct loop *l, loop_fn *fn, void *user)
{
	return add_hook(&l->sweep, fn, user);
}

void loop_wake_within(struct loop *l, int64_t ms)
{
	int64_t at = clock_mono_ms() + (ms > 0 ? ms : 0);

	if (l->wake_at_ms == 0 || at < l->wake_at_ms)
		l->wake_at_ms = at;
}

void loop_set_wait(struct loop *l, loop_wait_fn *fn, void *ctx)
{
	l->wait = fn ? fn : wait_with_poll;
	l->wait_ctx = fn ? ctx : NULL;
}

static void tell_if_slow(int64_t since_ms, const char *what)
{
	int64_t took = clock_mono_ms() - since_ms;

	if (took > SLOW_MS)
		log_event(LOG_WARN, "loop.slow", "what=%s ms=%lld", what, (long long)took);
}

static void call(struct loop *l, struct hook h, const char *what)
{
	int64_t t0 = clock_mono_ms();

	h.fn(l, h.user);
	tell_if_slow(t0, what);
}

static void run_hooks(struct loop *l, const struct hooks *h, const char *what)
{
	for (unsigned i = 0; i < h->n; i++)
		call(l, h->v[i], what);
}

/* What is deferred while this runs waits for the next turn: a chain cannot starve the keyboard. */
static void run_deferred(struct loop *l)
{
	size_t n = l->n_deferred;

	for (size_t i = 0; i < n; i++)
		call(l, l->deferred[i], "deferred");
	l->n_deferred -= n;
	for (size_t i = 0; i < l->n_deferred; i++)
		l->deferred[i] = l->deferred[i + n];
}

static int timeout_ms(const struct loop *l, int max_wait_ms)
{
	int64_t now = clock_mono_ms(), at = now + max_wait_ms;

	if (l->n_deferred)
		return 0;
	if (l->wake_at_ms && l->wake_at_ms < at)
		at = l->wake_at_ms;
	for (uint32_t i = 0; i < l->n_timers; i++)
		if (l->timers[i].used && l->timers[i].due_ms < at)
			at = l->timers[i].due_ms;
	return at > now ? (int)(at - now) : 0;
}

bool loop_input_waits(const struct loop *l)
{
	struct pollfd fds[MAX_WATCHES];
	nfds_t n = 0;

	for (unsigned i = 0; i < l->n_watches; i++)
		if (l->watches[i].class <= LOOP_INPUT && l->watches[i].events & POLLIN)
			fds[n++] = (struct pollfd){.fd = l->watches[i].fd, .events = POLLIN};
	return n > 0 && poll(fds, n, 0) > 0;
}

static bool has_input(const struct pollfd *fds, const struct watch *was, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (was[i].class == LOOP_INPUT && fds[i].revents & POLLIN)
			return true;
	return false;
}

static void call_watch(struct loop *l, const struct watch *w, short revents)
{
	static const char *const what[LOOP_CLASSES] = {"signal", "input", "network", "descriptor"};
	int64_t t0 = clock_mono_ms();

	w->fn(l, w->fd, revents, w->user);
	tell_if_slow(t0, what[w->class]);
}

/* A callback may remove or replace other watches: re-check by descriptor and generation. */
static void dispatch(struct loop *l, const struct pollfd *fds, const struct watch *was, unsigned n)
{
	for (int class = 0; class < LOOP_CLASSES; class ++)
		for (unsigned i = 0; i < n; i++) {
			if ((int)was[i].class != class || !fds[i].revents)
				continue;
			for (unsigned k = 0; k < l->n_watches; k++)
				if (l->watches[k].fd == fds[i].fd &&
				    l->watches[k].gen == was[i].gen) {
					call_watch(l, &was[i], fds[i].revents);
					break;
				}
		}
}

static void run_timers(struct loop *l)
{
	int64_t now = clock_mono_ms();
	uint32_t newest = l->gen;

	for (uint32_t i = 0; i < l->n_timers; i++) {
		struct timer t = l->timers[i];

		/* a timer set by a timer waits for the next turn, even with no delay */
		if (!t.used || t.due_ms > now || (int32_t)(t.gen - newest) > 0)
			continue;
		l->timers[i].used = false;
		call(l, (struct hook){t.fn, t.user}, "timer");
	}
}

bool loop_turn(struct loop *l, int max_wait_ms)
{
	struct pollfd fds[MAX_WATCHES];
	struct watch was[MAX_WATCHES];
	unsigned n = l->n_watches;

	if (l->quit)
		return false;
	run_deferred(l);
	if (l->before_wait.fn)
		call(l, l->before_wait, "draw");
	n = l->n_watches;
	for (unsigned i = 0; i < n; i++) {
		was[i] = l->watches[i];
		/* curl_multi_poll leaves revents untouched on timeout */
		fds[i] = (struct pollfd){.fd = was[i].fd, .events = was[i].events, .revents = 0};
	}
	if (max_wait_ms > MAX_WAIT_MS || max_wait_ms < 0)
		max_wait_ms = MAX_WAIT_MS;
	if (!l->quit && l->wait(l->wait_ctx, fds, n, timeout_ms(l, max_wait_ms)) < 0 &&
	    errno != EINTR)
		log_event(LOG_ERROR, "loop.wait", "errno=%d", errno);
	l->wake_at_ms = 0;
	dispatch(l, fds, was, n);
	if (!l->quit && l->before_wait.fn && has_input(fds, was, n))
		call(l, l->before_wait,
		    "draw"); /* what a key did is seen before a page is decoded */
	run_hooks(l, &l->each_turn, "turn");
	run_timers(l);
	run_hooks(l, &l->sweep, "sweep");
	return !l->quit;
}

int loop_run(struct loop *l)
{
	while (loop_turn(l, MAX_WAIT_MS))
		continue;
	return l->status;
}

void loop_quit(struct loop *l, int status)
{
	l->quit = true;
	l->status = status;
}
