/* A7: name resolution that fails or hangs must not freeze the loop, and nothing is sent. The
 * resolver here is our own getaddrinfo, which libcurl's resolver thread finds before libc's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netdb.h>
#include <stdatomic.h>
#include <unistd.h>
#include "api/mutate.h"
#include "base/clock.h"
#include "tests/flow/harness.h"

static atomic_int asked, hanging, left;
static unsigned hang_s; /* 8 with RETICLE_LONG, as the row has it */

int getaddrinfo(
    const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	(void)name, (void)service, (void)hints, (void)out;
	atomic_fetch_add(&asked, 1);
	if (atomic_load(&hanging))
		sleep(hang_s);
	atomic_fetch_add(&left, 1);
	return EAI_NONAME;
}

struct outcome {
	bool done;
	enum write_end end;
	enum err err;
};

static void on_written(void *ctx, enum write_end end, struct answer *an)
{
	*(struct outcome *)ctx = (struct outcome){true, end, an->ei.code};
}

static void on_dropped(void *ctx)
{
	(void)ctx;
}

static void on_read(struct req_id id, struct api_result *res, void *user)
{
	(void)id;
	*(struct outcome *)user = (struct outcome){.done = true, .err = res->err};
}

static const struct api_config config = {.base_url = "https://ads.invalid",
    .consumer_key = "ck",
    .consumer_secret = "cs",
    .token = "at",
    .token_secret = "ats",
    .connect_timeout_s = 1};

static void resolve(bool hang, int attempts)
{
	struct loop *l = loop_new();
	struct api *a = api_new(l, &config, NULL);
	struct outcome wrote = {0}, read = {0};
	int64_t longest = 0, t0 = clock_mono_ms();

	atomic_store(&asked, 0);
	atomic_store(&left, 0);
	atomic_store(&hanging, hang);
	mutate_batch(a, &(struct mutation){.account_id = "a",
			    .body = "[]",
			    .ctx = &wrote,
			    .done = on_written,
			    .drop = on_dropped});
	api_accounts(a, &(struct list_query){0}, &(struct api_call){.fn = on_read, .user = &read});
	while (!(wrote.done && read.done) && atomic_load(&asked) <= attempts &&
	       clock_mono_ms() - t0 < 900000) {
		uint64_t before = clock_mono_ns();

		loop_turn(l, 20);
		int64_t took = (int64_t)((clock_mono_ns() - before) / 1000000);

		if (took > longest)
			longest = took;
		if (api_stats(a).waiting == 2)
			clock_step_ms(1000); /* the waits between attempts */
	}
	assert_true(longest <= 120); /* 20 ms of waiting, 100 ms of work at most */
	assert_int_equal(api_stats(a).sent, 0);
	if (!hang) {
		assert_true(wrote.done && read.done);
		assert_int_equal(wrote.end, END_NOT_SENT);
		assert_int_equal(wrote.err, ERR_NETWORK);
		assert_int_equal(read.err, ERR_NETWORK);
		assert_int_equal(atomic_load(&asked), 12);
	}
	uint64_t before = clock_mono_ns();

	api_free(a); /* does not wait for the resolver either */
	assert_true((clock_mono_ns() - before) / 1000000 < 200);
	loop_free(l);
	clock_unpin();
	/* let the resolver's threads end before the program does */
	for (int i = 0; i < 1000 && atomic_load(&left) < atomic_load(&asked); i++)
		usleep(20000);
	usleep(50000);
}

static void a7_a_failing_resolver_is_reported(void **state)
{
	(void)state;
	resolve(false, 100);
}

static void a7_a_hung_resolver_does_not_freeze_the_loop(void **state)
{
	(void)state;
	hang_s = (unsigned)cases_of(3, 8);
	resolve(true, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a7_a_failing_resolver_is_reported),
	    cmocka_unit_test(a7_a_hung_resolver_does_not_freeze_the_loop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
