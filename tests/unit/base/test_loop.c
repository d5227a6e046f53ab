#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/loop.h"

/* What happened, one letter each, in order. */
static char seen[256];

static void note(char c)
{
	size_t n = strlen(seen);

	assert_true(n + 1 < sizeof seen);
	seen[n] = c;
	seen[n + 1] = '\0';
}

/* User data of a callback: it has to outlive the call that hands it over. */
static char *letter(char c)
{
	static char all[128];

	all[(unsigned char)c] = c;
	return &all[(unsigned char)c];
}

static void on_note(struct loop *l, void *user)
{
	(void)l;
	note(*(const char *)user);
}

static void on_fd(struct loop *l, int fd, short revents, void *user)
{
	(void)l;
	(void)fd;
	assert_true(revents & POLLIN);
	note(*(const char *)user);
}

/* A wait that never waits: everything is ready, the timeout is remembered. */
static int last_timeout;

static int wait_ready(void *ctx, struct pollfd *fds, unsigned n, int timeout_ms)
{
	(void)ctx;
	last_timeout = timeout_ms;
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(fds[i].revents, 0);
		fds[i].revents = fds[i].events;
	}
	return (int)n;
}

static struct loop *new_loop(void)
{
	struct loop *l = loop_new();

	assert_non_null(l);
	loop_set_wait(l, wait_ready, NULL);
	seen[0] = '\0';
	return l;
}

static void descriptors_are_served_by_class(void **state)
{
	struct loop *l = new_loop();

	(void)state;
	assert_int_equal(loop_watch(l, 10, POLLIN, LOOP_OTHER, on_fd, letter('o')), ERR_OK);
	assert_int_equal(loop_watch(l, 11, POLLIN, LOOP_NET, on_fd, letter('n')), ERR_OK);
	assert_int_equal(loop_watch(l, 12, POLLIN, LOOP_SIGNAL, on_fd, letter('s')), ERR_OK);
	assert_int_equal(loop_watch(l, 13, POLLIN, LOOP_INPUT, on_fd, letter('i')), ERR_OK);
	loop_before_wait(l, on_note, letter('d'));
	assert_int_equal(loop_each_turn(l, on_note, letter('e')), ERR_OK);
	assert_int_equal(loop_sweep(l, on_note, letter('w')), ERR_OK);
	assert_int_equal(loop_defer(l, on_note, letter('f')), ERR_OK);
	(void)loop_timer(l, 0, on_note, letter('t'));
	assert_true(loop_turn(l, 1000));
	assert_string_equal(seen, "fdsinodetw"); /* a key is drawn before the turn's other work */
	loop_unwatch(l, 11);
	loop_unwatch(l, 99);
	assert_true(loop_turn(l, 1000));
	assert_string_equal(seen, "fdsinodetwdsiodew");
	loop_free(l);
}

static void on_unwatch(struct loop *l, int fd, short revents, void *user)
{
	(void)fd;
	(void)revents;
	(void)user;
	note('u');
	loop_unwatch(l, 21);
	assert_int_equal(loop_watch(l, 22, POLLIN, LOOP_OTHER, on_fd, letter('n')), ERR_OK);
}

/* A callback may remove and replace what is ready later in the same turn. */
static void removed_and_replaced_watches_are_not_called(void **state)
{
	struct loop *l = new_loop();

	(void)state;
	assert_int_equal(loop_watch(l, 20, POLLIN, LOOP_SIGNAL, on_unwatch, NULL), ERR_OK);
	assert_int_equal(loop_watch(l, 21, POLLIN, LOOP_OTHER, on_fd, letter('x')), ERR_OK);
	assert_int_equal(loop_watch(l, 22, POLLIN, LOOP_OTHER, on_fd, letter('y')), ERR_OK);
	assert_true(loop_turn(l, 0));
	assert_string_equal(seen, "u");
	loop_free(l);
}

static void on_again(struct loop *l, void *user)
{
	note('a');
	assert_int_equal(loop_defer(l, on_again, user), ERR_OK);
}

static void what_is_deferred_meanwhile_waits_for_the_next_turn(void **state)
{
	struct loop *l = new_loop();

	(void)state;
	assert_int_equal(loop_defer(l, on_again, NULL), ERR_OK);
	for (int i = 1; i <= 3; i++) {
		assert_true(loop_turn(l, 5000));
		assert_int_equal(strlen(seen), i);
		assert_int_equal(last_timeout, 0); /* the next turn must not sleep */
	}
	loop_free(l);
}

static void on_rearm(struct loop *l, void *user)
{
	note('r');
	(void)loop_timer(l, 0, on_rearm, user);
}

static void timers_run_when_due_and_once(void **state)
{
	struct loop *l = new_loop();
	struct timer_id soon, late, none = {0};

	(void)state;
	soon = loop_timer(l, 50, on_note, letter('1'));
	late = loop_timer(l, 500, on_note, letter('2'));
	assert_true(soon.gen && late.gen);
	assert_true(loop_turn(l, 10000));
	assert_string_equal(seen, "");
	assert_in_range(last_timeout, 1, 50);
	clock_step_ms(60);
	assert_true(loop_turn(l, 10000));
	assert_string_equal(seen, "1");
	assert_true(loop_turn(l, 10000));
	assert_string_equal(seen, "1");
	assert_in_range(last_timeout, 51, 500);
	loop_timer_cancel(l, late);
	loop_timer_cancel(l, soon); /* old: ignored */
	loop_timer_cancel(l, none);
	clock_step_ms(1000);
	assert_true(loop_turn(l, 10000));
	assert_string_equal(seen, "1");
	(void)loop_timer(l, 0, on_rearm, NULL);
	assert_true(loop_turn(l, 0));
	assert_string_equal(seen, "1r");
	clock_unpin();
	loop_free(l);
}

static void an_old_id_does_not_cancel_its_successor(void **state)
{
	struct loop *l = new_loop();
	struct timer_id first = loop_timer(l, 0, on_note, letter('1'));

	(void)state;
	assert_true(loop_turn(l, 0));
	(void)loop_timer(l, 0, on_note, letter('2'));
	loop_timer_cancel(l, first);
	assert_true(loop_turn(l, 0));
	assert_string_equal(seen, "12");
	loop_free(l);
}

static void many_timers_all_run(void **state)
{
	struct loop *l = new_loop();

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_true(loop_timer(l, i % 7, on_note, letter('m')).gen != 0);
	clock_step_ms(10);
	assert_true(loop_turn(l, 0));
	assert_int_equal(strlen(seen), 100);
	clock_unpin();
	loop_free(l);
}

static void a_wish_shortens_one_wait(void **state)
{
	struct loop *l = new_loop();

	(void)state;
	loop_wake_within(l, 700);
	loop_wake_within(l, 300);
	loop_wake_within(l, 900);
	assert_true(loop_turn(l, 10000));
	assert_in_range(last_timeout, 250, 300);
	assert_true(loop_turn(l, 10000));
	assert_in_range(last_timeout, 9000, 10000);
	assert_true(loop_turn(l, -1));
	assert_in_range(last_timeout, 59000, 60000);
	loop_free(l);
}

static void on_quit(struct loop *l, void *user)
{
	(void)user;
	loop_quit(l, 7);
}

static void quitting_ends_the_run_with_its_status(void **state)
{
	struct loop *l = new_loop();

	(void)state;
	assert_int_equal(loop_defer(l, on_quit, NULL), ERR_OK);
	assert_int_equal(loop_run(l), 7);
	assert_false(loop_turn(l, 0));
	loop_free(l);
}

static void on_byte(struct loop *l, int fd, short revents, void *user)
{
	char c;

	(void)l;
	(void)user;
	assert_true(revents & POLLIN);
	assert_int_equal(read(fd, &c, 1), 1);
	note(c);
}

static void poll_reports_a_pipe(void **state)
{
	struct loop *l = new_loop();
	int fds[2];

	(void)state;
	loop_set_wait(l, NULL, NULL);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(loop_watch(l, fds[0], POLLIN, LOOP_OTHER, on_byte, NULL), ERR_OK);
	assert_true(loop_turn(l, 0));
	assert_string_equal(seen, "");
	assert_int_equal(write(fds[1], "z", 1), 1);
	assert_true(loop_turn(l, 60000));
	assert_string_equal(seen, "z");
	close(fds[0]);
	close(fds[1]);
	loop_free(l);
}

static void a_key_that_waits_is_seen_without_reading_it(void **state)
{
	struct loop *l = new_loop();
	int key[2], other[2];

	(void)state;
	loop_set_wait(l, NULL, NULL);
	assert_int_equal(pipe(key), 0);
	assert_int_equal(pipe(other), 0);
	assert_false(loop_input_waits(l));
	loop_watch(l, key[0], POLLIN, LOOP_INPUT, on_byte, NULL);
	loop_watch(l, other[0], POLLIN, LOOP_OTHER, on_byte, NULL);
	assert_int_equal(write(other[1], "o", 1), 1);
	assert_false(loop_input_waits(l));
	assert_int_equal(write(key[1], "k", 1), 1);
	assert_true(loop_input_waits(l));
	assert_true(loop_input_waits(l));
	assert_true(loop_turn(l, 60000));
	assert_string_equal(seen, "ko");
	assert_false(loop_input_waits(l));
	for (int i = 0; i < 2; i++) {
		close(key[i]);
		close(other[i]);
	}
	loop_free(l);
}

static void limits_are_errors(void **state)
{
	struct loop *l = new_loop();
	enum err err = ERR_OK;

	(void)state;
	for (int fd = 100; fd < 300 && !err; fd++)
		err = loop_watch(l, fd, POLLIN, LOOP_OTHER, on_fd, letter('x'));
	assert_int_equal(err, ERR_LIMIT);
	assert_int_equal(
	    loop_watch(l, 100, POLLIN, LOOP_NET, on_fd, letter('x')), ERR_OK); /* replaces */
	err = ERR_OK;
	for (int i = 0; i < 100 && !err; i++)
		err = loop_sweep(l, on_note, letter('x'));
	assert_int_equal(err, ERR_LIMIT);
	loop_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(descriptors_are_served_by_class),
	    cmocka_unit_test(removed_and_replaced_watches_are_not_called),
	    cmocka_unit_test(what_is_deferred_meanwhile_waits_for_the_next_turn),
	    cmocka_unit_test(timers_run_when_due_and_once),
	    cmocka_unit_test(an_old_id_does_not_cancel_its_successor),
	    cmocka_unit_test(many_timers_all_run),
	    cmocka_unit_test(a_wish_shortens_one_wait),
	    cmocka_unit_test(quitting_ends_the_run_with_its_status),
	    cmocka_unit_test(poll_reports_a_pipe),
	    cmocka_unit_test(a_key_that_waits_is_seen_without_reading_it),
	    cmocka_unit_test(limits_are_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
