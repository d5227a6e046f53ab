/* sim [--seed N] [--seeds N] [--from N] [--budget SECONDS]
 *
 * Lives of many seeds in a row, or one with its whole trace. The last line counts; a seed that fails is
 * named with its step and invariant, and is run again to print its trace. */
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/buf.h"
#include "base/clock.h"
#include "tests/sim/disk.h"
#include "tests/sim/net.h"
#include "tests/sim/server.h"
#include "tests/sim/sim.h"

static struct {
	bool loud;
	unsigned step;
	char invariant[8], what[400];
	unsigned at_step;
} said;

void trace(const char *fmt, ...)
{
	va_list ap;

	if (!said.loud)
		return;
	va_start(ap, fmt);
	printf("%10.3f  ", (double)(clock_mono_ms() - T0_MONO_MS) / 1000);
	vprintf(fmt, ap);
	putchar('\n');
	fflush(stdout);
	va_end(ap);
}

void trace_step(unsigned step)
{
	said.step = step;
}

void violated(const char *invariant, const char *fmt, ...)
{
	va_list ap;

	if (said.invariant[0])
		return;
	snprintf(said.invariant, sizeof said.invariant, "%s", invariant);
	said.at_step = said.step;
	va_start(ap, fmt);
	vsnprintf(said.what, sizeof said.what, fmt, ap);
	va_end(ap);
	trace("VIOLATED %s: %s", invariant, said.what);
}

bool has_violation(void)
{
	return said.invariant[0] != '\0';
}

static bool run(uint64_t seed, bool loud)
{
	said.loud = loud;
	said.step = 0;
	said.invariant[0] = '\0';
	life_run(seed);
	if (has_violation())
		printf("seed %llu step %u: invariant %s: %s\n", (unsigned long long)seed,
		    said.at_step, said.invariant, said.what);
	fflush(stdout);
	return !has_violation();
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	unsigned long long seed = 0, from = 1, seeds = 1000, failed = 0, stop_after = 5;
	double begun = seconds();

	for (int i = 1; i + 1 < argc; i += 2) {
		unsigned long long n = strtoull(argv[i + 1], NULL, 10);

		if (strcmp(argv[i], "--seed") == 0)
			seed = n;
		else if (strcmp(argv[i], "--seeds") == 0)
			seeds = n;
		else if (strcmp(argv[i], "--from") == 0)
			from = n;
		else if (strcmp(argv[i], "--stop-after") == 0)
			stop_after = n;
		else
			return fprintf(stderr, "sim: unknown option %s\n", argv[i]), 2;
	}
	/* the heap is not given back between lives */
	mallopt(M_MMAP_THRESHOLD, 64 << 20);
	mallopt(M_TRIM_THRESHOLD, 512 << 20);
	mallopt(M_TOP_PAD, 8 << 20);
	clock_freeze(T0_WALL, T0_MONO_MS);
	disk_init();
	server_init();
	facts_init();
	life_init();
	if (seed) {
		failed = !run(seed, true);
		seeds = 1;
	}
	for (unsigned long long s = from; !seed && s < from + seeds && failed < stop_after; s++)
		failed += !run(s, false);
	net_done();
	server_done();
	disk_done();
	printf("sim: %llu seeds, %llu failed, %.1f s\n", seeds, failed, seconds() - begun);
	return failed != 0;
}
