/* A whole life in one process and in virtual time: terminals (session, store, apply engine as in the
 * product), the sandbox, the network and the disk between them, all of it from one seed.
 *
 *   life.c   what the users do, and what befalls them     check.c  the invariants of reliability 2
 *   term.c   a terminal: start, turns, end, kill          facts.c  what was asked for and what came
 *   net.c    the network      disk.c  the disk            server.c the sandbox
 *
 * Invariants, as in the reliability document: I1 no double, I2 nothing lost, I3 no false claim, I5 no
 * secret byte on the disk, I6 bounded (time and requests), I7 nothing beyond the review, I8 no control
 * byte in the text log. I4 (the terminal is restored) has no terminal here: the checks on real
 * terminals have it. REACH is the promise of the plan: no state between two batches is wider than
 * both ends. */
#ifndef RETICLE_TESTS_SIM_SIM_H
#define RETICLE_TESTS_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};
static inline uint64_t rng_next(struct rng *r) /* splitmix64 */
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}
static inline uint64_t rng_below(struct rng *r, uint64_t n)
{
	return rng_next(r) % n;
}
static inline bool rng_chance(struct rng *r, unsigned percent)
{
	return rng_below(r, 100) < percent;
}

/* --- what is said of a life (main.c) --- */

void trace(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The first violation ends the life at the end of its step. */
void violated(const char *invariant, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool has_violation(void);
void trace_step(unsigned step); /* violations name it */

/* --- terminals (term.c) --- */

enum { TERMS = 2, T0_WALL = 1767690000, T0_MONO_MS = 1000000 };

struct term {
	int who;
	bool alive;
	struct loop *loop;
	struct store *store;
	struct session *session;
	int wait_ms; /* what its last turn would have waited */
};
extern struct term terms[TERMS];

struct term_options {
	int64_t batch_size;
};
void terms_begin(const struct term_options *o);
bool term_start(struct term *t); /* false: it died, or it could not open its store */
void term_end(struct term *t); /* leaves in order */
void term_kill(struct term *t);
struct term *term_alive(void); /* any, or NULL */
/* Let virtual time pass until done() or for limit_ms; false when the time was over. Terminals that
 * their disk has killed are taken away. */
bool terms_run(bool (*done)(void *user), void *user, int64_t limit_ms);
void terms_rest(int64_t ms);

/* --- what was asked for, and what became of it (facts.c) --- */

enum { EDITS = 1024, POSTS = 256, POST_OPS = 128 };

struct edit { /* an edit that was staged */
	uint64_t id; /* of the drafts */
	bool removes, wanted; /* wanted: nobody took it off the stage */
	char line_item[16], type[32], op[8], value[64], criterion[16];
	unsigned commits; /* how often the server carried it out */
};
struct post { /* a batch that left a terminal */
	uint64_t tag, batch;
	size_t n;
	uint64_t edits[POST_OPS];
	bool done[POST_OPS]; /* took effect */
	bool over; /* it can take effect no more */
};
struct facts {
	struct edit edits[EDITS];
	size_t n_edits;
	struct post posts[POSTS];
	size_t n_posts;
	bool partial; /* the server broke its own rule of atomicity */
	int posting; /* who may send: who pressed "post"; -1: nobody */
	/* the plan that was reviewed: which edits, in which batch */
	uint64_t plan[POST_OPS * 4];
	size_t plan_batch[POST_OPS * 4], n_plan;
};
extern struct facts facts;
struct change;
struct net_watch;
struct plan;

void facts_begin(void);
void facts_init(void);
struct net_watch facts_watch(void);
struct edit *facts_edit(uint64_t id); /* NULL: unknown */
/* After a user staged, unstaged, undid or redid something: what is on the stage is what they want. */
void facts_adopt(struct term *t);
void facts_reviewed(int who, const struct plan *p);

/* --- checks (check.c) --- */

void check_begin(void);
void check_reviewed(void); /* the user posts: what there is now was the review's base */
void check_commit(const struct post *p); /* right after the server changed its state */
void check_step(void); /* everything that can be seen between two steps */
/* After everything has come to rest, without faults; secrets: look for them in every file. */
void check_end(bool reverted, bool secrets);

/* --- life.c --- */

void life_init(void); /* makes the template of the disk */
void life_run(uint64_t seed);

#endif
