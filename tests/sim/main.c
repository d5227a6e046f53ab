/* sim [--seed N | --shrink N | --list FILE | --from N --seeds N] [--stop-after N]
 *
 * Lives of many seeds in a row (those of a file: the first word of each line), or one with its whole
 * trace. --shrink runs one that fails again, to see that it is the same each time, then without one
 * step after the other, and prints the trace of what is left. The last line counts; a seed that fails
 * is named with its step and invariant. */
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
#include "tests/sim/screen.h"
#include "tests/sim/server.h"
#include "tests/sim/sim.h"

static struct {
	FILE *out;
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
	fprintf(said.out, "%10.3f  ", (double)(clock_mono_ms() - T0_MONO_MS) / 1000);
	vfprintf(said.out, fmt, ap);
	fputc('\n', said.out);
	fflush(said.out);
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

struct verdict {
	char invariant[8];
	unsigned step;
};

static struct verdict live(uint64_t seed, uint64_t skip, uint64_t calm)
{
	struct verdict v;

	said.step = 0;
	said.invariant[0] = '\0';
	life_run(seed, skip, calm);
	memcpy(v.invariant, said.invariant, sizeof v.invariant);
	v.step = said.at_step;
	return v;
}

static bool run(uint64_t seed)
{
	struct verdict v = live(seed, 0, 0);

	if (v.invariant[0])
		fprintf(said.out, "seed %llu step %u: invariant %s: %s\n", (unsigned long long)seed,
		    v.step, said.invariant, said.what);
	fflush(said.out);
	return !v.invariant[0];
}

static bool same(const struct verdict *a, const struct verdict *b)
{
	return strcmp(a->invariant, b->invariant) == 0;
}

/* Leave out what it fails without, and tell what is left. */
static bool shrink(uint64_t seed)
{
	struct verdict whole = live(seed, 0, 0), v;
	uint64_t skip = 0, calm = 0;

	if (!whole.invariant[0])
		return true;
	for (unsigned again = 0; again < 3; again++) {
		v = live(seed, 0, 0);
		if (!same(&v, &whole) || v.step != whole.step)
			fprintf(said.out, "seed %llu is another one each time\n",
			    (unsigned long long)seed);
	}
	for (unsigned i = life_steps(seed); i > 0; i--) {
		v = live(seed, skip | UINT64_C(1) << (i - 1), calm);
		if (same(&v, &whole))
			skip |= UINT64_C(1) << (i - 1);
	}
	for (unsigned i = 0; i < life_steps(seed); i++) {
		v = live(seed, skip, calm | UINT64_C(1) << i);
		if (same(&v, &whole))
			calm |= UINT64_C(1) << i;
	}
	said.loud = true;
	v = live(seed, skip, calm);
	fprintf(said.out, "seed %llu, without the steps %llx, calm %llx: invariant %s: %s\n",
	    (unsigned long long)seed, (unsigned long long)skip, (unsigned long long)calm,
	    said.invariant, said.what);
	return false;
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

struct options {
	unsigned long long seed, shrink, from, seeds, stop_after;
	const char *list;
};

static bool read_options(struct options *o, int argc, char **argv)
{
	*o = (struct options){.from = 1, .seeds = 1000, .stop_after = 5};
	for (int i = 1; i + 1 < argc; i += 2) {
		unsigned long long n = strtoull(argv[i + 1], NULL, 10);

		if (strcmp(argv[i], "--seed") == 0)
			o->seed = n;
		else if (strcmp(argv[i], "--shrink") == 0)
			o->shrink = n;
		else if (strcmp(argv[i], "--seeds") == 0)
			o->seeds = n;
		else if (strcmp(argv[i], "--from") == 0)
			o->from = n;
		else if (strcmp(argv[i], "--stop-after") == 0)
			o->stop_after = n;
		else if (strcmp(argv[i], "--list") == 0)
			o->list = argv[i + 1];
		else
			return fprintf(stderr, "sim: unknown option %s\n", argv[i]), false;
	}
	return true;
}

static void run_list(const char *path, unsigned long long *seeds, unsigned long long *failed)
{
	FILE *f = fopen(path, "r");
	char line[256];

	*seeds = 0;
	if (!f) {
		fprintf(stderr, "sim: cannot read %s\n", path);
		*failed = 1;
		return;
	}
	while (fgets(line, sizeof line, f)) {
		unsigned long long s = strtoull(line, NULL, 10);

		if (!s)
			continue; /* a remark */
		(*seeds)++;
		*failed += !run(s);
	}
	fclose(f);
}

int main(int argc, char **argv)
{
	unsigned long long failed = 0;
	double begun = seconds();
	struct options o;

	if (!read_options(&o, argc, argv))
		return 2;
	/* the heap is not given back between lives */
	mallopt(M_MMAP_THRESHOLD, 64 << 20);
	mallopt(M_TRIM_THRESHOLD, 512 << 20);
	mallopt(M_TOP_PAD, 8 << 20);
	clock_freeze(T0_WALL, T0_MONO_MS);
	said.out = screen_init();
	disk_init();
	server_init();
	facts_init();
	life_init();
	if (o.seed || o.shrink) {
		said.loud = o.seed != 0;
		failed = o.seed ? !run(o.seed) : !shrink(o.shrink);
		o.seeds = 1;
	} else if (o.list) {
		run_list(o.list, &o.seeds, &failed);
	} else {
		for (unsigned long long s = o.from; s < o.from + o.seeds && failed < o.stop_after;
		     s++)
			failed += !run(s);
	}
	net_done();
	server_done();
	disk_done();
	screen_done();
	fprintf(
	    said.out, "sim: %llu seeds, %llu failed, %.1f s\n", o.seeds, failed, seconds() - begun);
	return failed != 0;
}
