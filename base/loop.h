/* The one event loop of the program. Only base/loop.c waits.
 *
 * One turn: run what was deferred for the next turn, compute the timeout, call the `before_wait`
 * hook (which draws), wait, then dispatch ready descriptors in class order (signals, input,
 * network, other), draw what a key changed, drive the network, due timers, and last the sweep
 * functions. Keyboard before network keeps the latency flat under load; the sweep comes last so that
 * no callee frees its caller.
 *
 * The wait is injected: poll(2) until the network is loaded, curl_multi_poll afterwards (it waits
 * for curl's sockets too), a fake in tests. */
#ifndef RETICLE_BASE_LOOP_H
#define RETICLE_BASE_LOOP_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

struct loop;

enum loop_class { LOOP_SIGNAL, LOOP_INPUT, LOOP_NET, LOOP_OTHER, LOOP_CLASSES };

struct timer_id {
	uint32_t slot, gen; /* gen 0: none */
};

typedef void loop_fn(struct loop *l, void *user);
typedef void loop_fd_fn(struct loop *l, int fd, short revents, void *user);
/* Wait until one of fds is ready or timeout_ms passed (never negative, at most 60 s); fill
 * revents. Returns the number of ready descriptors, 0 on timeout or when woken, -1 on error. */
typedef int loop_wait_fn(void *ctx, struct pollfd *fds, unsigned n, int timeout_ms);

struct loop *loop_new(void);
void loop_free(struct loop *l);

enum err loop_watch(
    struct loop *l, int fd, short events, enum loop_class class, loop_fd_fn *fn, void *user);
void loop_unwatch(struct loop *l, int fd);

/* fn runs once, delay_ms from now. gen 0 means out of memory. */
struct timer_id loop_timer(struct loop *l, int64_t delay_ms, loop_fn *fn, void *user);
void loop_timer_cancel(struct loop *l, struct timer_id id); /* an old id is ignored */

/* fn runs at the start of the next turn, with no wait before it. */
enum err loop_defer(struct loop *l, loop_fn *fn, void *user);
/* Hooks that run in every turn, in the order in which they were added. */
/* Draw: before every wait, and behind a key before the network gets its turn. */
void loop_before_wait(struct loop *l, loop_fn *fn, void *user);
enum err loop_each_turn(
    struct loop *l, loop_fn *fn, void *user); /* after descriptors: drive curl */
/* Take a hook of loop_each_turn out again; not from within a hook. */
void loop_each_turn_stop(struct loop *l, loop_fn *fn, void *user);
enum err loop_sweep(struct loop *l, loop_fn *fn, void *user); /* end of the turn */
/* Whoever drives work without a descriptor of its own (curl) may shorten the next wait. */
void loop_wake_within(struct loop *l, int64_t ms);
/* Is there a key or a signal that the next turn would begin with? Whoever has several pieces of work
 * in one turn asks between them, and leaves the rest for later. */
bool loop_input_waits(const struct loop *l);
void loop_set_wait(struct loop *l, loop_wait_fn *fn, void *ctx); /* NULL: back to poll(2) */

int loop_run(struct loop *l); /* until loop_quit; returns its status */
void loop_quit(struct loop *l, int status);
bool loop_turn(struct loop *l, int max_wait_ms); /* one turn; false after loop_quit */

#endif
