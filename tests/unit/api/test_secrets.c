/* F11: after a request the signing key is nowhere in memory, and after api_free neither are the
 * secrets. All writable memory of this process is searched. */
#include "tests/unit/api/fake.h"
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECRET_LEN = 150 };

/* The secrets are made from a seed when they are needed, so that the search does not find its own
 * needle: it is kept with every bit turned. */
static void make_secret(char *out, unsigned n)
{
	for (int i = 0; i < SECRET_LEN; i++) {
		n = n * 1103515245u + 12345u;
		out[i] = (char)('a' + n / 65536u % 26u);
	}
	out[SECRET_LEN] = '\0';
}

static void hide(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (char)~p[i];
}

/* How often the hidden needle stands in writable memory. */
static unsigned search(const char *hidden, size_t n)
{
	enum { CHUNK = 1 << 20 };
	FILE *maps = fopen("/proc/self/maps", "r"), *mem = fopen("/proc/self/mem", "rb");
	char *chunk = malloc(CHUNK), line[512];
	unsigned hits = 0;

	assert_non_null(maps);
	assert_non_null(mem);
	setvbuf(mem, NULL, _IONBF, 0);
	while (fgets(line, sizeof line, maps)) {
		unsigned long from, to;
		char mode[8];

		if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) != 3 || mode[1] != 'w' ||
		    to - from >
			(1ul << 30)) /* the shadow of the sanitizers is huge and holds no text */
			continue;
		for (unsigned long at = from; at < to; at += CHUNK - 512) {
			size_t want = to - at < CHUNK ? to - at : CHUNK, got;

			if (fseek(mem, (long)at, SEEK_SET))
				break;
			got = fread(chunk, 1, want, mem);
			hide(chunk, got);
			for (const char *p = chunk;
			     (p = memmem(p, got - (size_t)(p - chunk), hidden, n)); p++) {
				/* our own copy, and the chunk's */
				if ((const char *)(at + (unsigned long)(p - chunk)) != hidden)
					hits++;
			}
			memset(chunk, 0, got);
			if (want < CHUNK)
				break;
		}
	}
	free(chunk);
	fclose(mem);
	fclose(maps);
	return hits;
}

static struct fake_reply empty(struct fake *f, const struct transport_request *r, unsigned nth)
{
	(void)f, (void)r, (void)nth;
	return (struct fake_reply){.status = 200, .body = "{\"data\":[],\"next_cursor\":null}"};
}

static void on_done(struct req_id id, struct api_result *res, void *user)
{
	(void)id, (void)res;
	*(bool *)user = true;
}

static void f11_keys_do_not_stay_in_memory(void **state)
{
	char *secret = malloc(SECRET_LEN + 1), *token_secret = malloc(SECRET_LEN + 1);
	char *joined = malloc(2 * SECRET_LEN + 2);
	struct api_config cfg = fake_config;
	struct fake f = {.fn = empty};
	bool done = false;

	(void)state;
	make_secret(secret, 1);
	make_secret(token_secret, 2);
	f.loop = loop_new();
	cfg.consumer_secret = secret;
	cfg.token_secret = token_secret;
	struct api *a = api_new_over(
	    f.loop, &cfg, (struct transport){&f, fake_submit, fake_abort, fake_free}, NULL);

	assert_non_null(a);
	for (int i = 0; i < 5; i++) {
		done = false;
		api_accounts(
		    a, &(struct list_query){0}, &(struct api_call){.fn = on_done, .user = &done});
		fake_run(&f, &done, 1, 50);
		assert_true(done);
	}
	hide(secret, SECRET_LEN);
	hide(token_secret, SECRET_LEN);
	memcpy(joined, secret, SECRET_LEN);
	joined[SECRET_LEN] = (char)~'&';
	memcpy(joined + SECRET_LEN + 1, token_secret, SECRET_LEN);
	assert_int_equal(search(secret, SECRET_LEN), 1); /* the client's own: the search works */
	assert_int_equal(search(joined, 2 * SECRET_LEN + 1), 0);
	/* not even a part of the key: its seam of 16 characters */
	assert_int_equal(search(joined + SECRET_LEN - 8, 16), 0);
	fake_done(&f, a);
	assert_int_equal(search(secret, SECRET_LEN), 0);
	assert_int_equal(search(token_secret, SECRET_LEN), 0);
	free(joined);
	free(token_secret);
	free(secret);
}

/* The flags of the mapping that holds p, as the kernel lists them: "rd wr lo dd wf". */
static void flags_of(const void *p, char *out, size_t cap)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long from = 0, to = 0, at = (unsigned long)p;
	char line[512];

	assert_non_null(f);
	*out = '\0';
	while (fgets(line, sizeof line, f) && !*out) {
		unsigned long a, b;

		if (sscanf(line, "%lx-%lx ", &a, &b) == 2) {
			from = a;
			to = b;
		} else if (strncmp(line, "VmFlags:", 8) == 0 && at >= from && at < to) {
			snprintf(out, cap, "%.150s", line + 8);
		}
	}
	fclose(f);
}

static bool all_zero(const char *p, size_t n)
{
	while (n && !*p) {
		p++;
		n--;
	}
	return n == 0;
}

/* Reliability 3.14: not swapped, in no core, not in a child. */
static void secrets_live_in_memory_of_their_own(void **state)
{
	struct fake f;
	struct api *a = fake_api(&f, empty, NULL);
	struct rlimit locked;
	char flags[200];
	int status = 0;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &locked), 0);
	flags_of(a->secrets, flags, sizeof flags);
	assert_non_null(strstr(flags, " dd"));
	assert_non_null(strstr(flags, " wf"));
	if (locked.rlim_cur >= 65536)
		assert_non_null(strstr(flags, " lo"));
	assert_false(all_zero(a->secrets, a->secrets_size));
	pid_t child = fork();

	if (child == 0)
		_exit(all_zero(a->secrets, a->secrets_size) ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	fake_done(&f, a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(f11_keys_do_not_stay_in_memory),
	    cmocka_unit_test(secrets_live_in_memory_of_their_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
