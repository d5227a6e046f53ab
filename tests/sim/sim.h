/* A whole life in one process and in virtual time: terminals (session, store, apply engine as in the
 * product), the sandbox, the network and the disk between them, all of it from one seed.
 *
 *   life.c   a life, step by step               users.c  what the users do
 *   check.c  the invariants of reliability 2    claims.c what the program says, against the truth
 *   facts.c  what was asked for and what came   term.c   a terminal: start, turns, end, kill
 *   reading.c  the account and the look-ups      screen.c the terminal's own terminal
 *   net.c    the network      disk.c  the disk   server.c the sandbox
 *
 * What each invariant means here, and what of its text is not looked at, is in docs/journal.md. REACH
 * is the promise of the plan: no state between two batches is wider than both ends. */
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

/* A generator of its own for each purpose, so that one that draws more does not change the others. */
static inline struct rng rng_for(uint64_t seed, uint64_t purpose)
{
	struct rng r = {seed * 0x2545f4914f6cdd1du ^ purpose * 0x9e3779b97f4a7c15u};

	rng_next(&r);
	return r;
}

/* --- what is said of a life (main.c) --- */

void trace(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The first violation ends the life at the end of its step. */
void violated(const char *invariant, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool has_violation(void);
void trace_step(unsigned step); /* violations name it */

/* --- terminals (term.c) --- */

enum { TERMS = 2, MINUTE = 60000, T0_WALL = 1767690000, T0_MONO_MS = 1000000 };

struct term {
	int who;
	bool alive, stopped; /* stopped: alive, and gets no turns (SIGSTOP, a laptop that sleeps) */
	struct loop *loop;
	struct store *store;
	struct session *session;
	int wait_ms; /* what its last turn would have waited */
};
extern struct term terms[TERMS];

struct term_options {
	int64_t batch_size;
	bool follow, screen; /* screen: terminal 0 has one */
};
void terms_begin(const struct term_options *o);
bool term_start(struct term *t); /* false: it died, or it could not open its store */
void term_end(struct term *t); /* leaves in order */
void term_kill(struct term *t);
struct term *term_alive(void); /* any that is not stopped, or NULL */
/* Let virtual time pass until done() or for limit_ms; false when the time was over. Terminals that
 * their disk has killed are taken away. */
bool terms_run(bool (*done)(void *user), void *user, int64_t limit_ms);
void terms_rest(int64_t ms);
/* What is called for a terminal counts as its own work on the disk. */
void term_begin_call(struct term *t);
bool term_end_call(struct term *t); /* false: it was killed within; it is gone then */

/* --- what was asked for, and what became of it (facts.c) --- */

enum { EDITS = 1024, POSTS = 256, POST_OPS = 128, PLAN_OPS = 4 * POST_OPS, DRAFTS = 6 };

struct edit { /* an edit that was staged */
	uint64_t id; /* of the drafts */
	bool removes, wanted, held; /* wanted: nobody took it off the stage */
	bool dropped; /* its draft was deleted: nobody lists what that has */
	bool found_so; /* it went because the account was so already, and that was true */
	char draft[16], line_item[16], type[32], op[8], value[64], criterion[16];
	unsigned commits; /* how often the server carried it out */
	int64_t posted_ms; /* when a posting that has it last began; 0: never */
};
struct post { /* a batch that left a terminal */
	uint64_t tag, batch;
	int who;
	size_t n;
	uint64_t edits[POST_OPS];
	bool done[POST_OPS]; /* took effect */
	bool over; /* it can take effect no more */
};
struct posting { /* what the user of a terminal confirmed */
	bool on; /* they pressed "post", and it has not come to its end */
	bool stopped; /* they pressed Ctrl-C since */
	unsigned batches, batches_at_stop; /* that were sent */
	uint64_t plan[PLAN_OPS], last_batch;
	size_t n_plan;
	char digest[65];
	unsigned foreign, commits; /* others' edits, and batches of ours, when it was reviewed */
};
struct facts {
	struct edit edits[EDITS];
	size_t n_edits;
	struct post posts[POSTS];
	size_t n_posts;
	unsigned commits; /* batches that changed the account */
	bool partial; /* the server broke its own rule of atomicity */
	struct posting postings[TERMS];
};
extern struct facts facts;
struct change;
struct net_watch;
struct applying_plan;

void facts_begin(void);
void facts_init(void);
struct net_watch facts_watch(void);
struct edit *facts_edit(uint64_t id); /* NULL: unknown */
/* After a user staged, unstaged, held, undid or redid something: what is on the stage is what they
 * want. dropped: the draft that was deleted, NULL: none. */
void facts_adopt(struct term *t, const char *dropped);
void facts_reviewed(int who, const struct applying_plan *p);
bool facts_in_flight(uint64_t edit, uint64_t batch); /* 0: any; may it still take effect? */
bool facts_committed(uint64_t batch, int who, uint64_t edit); /* batch 0: any; who -1: anybody */
/* The edits of every draft that is there, with their state (enum draft_state). */
typedef void facts_draft_fn(void *user, const char *draft, unsigned state, const struct change *c);
void facts_each(struct term *t, facts_draft_fn *fn, void *user);

/* --- checks --- */

enum { ROWS = 2048 };
struct row { /* a criterion as the sandbox has it */
	char id[16], line_item[16], type[32], op[8], value[64];
	bool deleted, ours;
	int64_t born_ms, died_ms;
};
struct rows {
	struct row v[ROWS];
	size_t n;
};

/* check.c */
void check_begin(void);
void check_reviewed(int who); /* the user posts: what there is now was the review's base */
void check_commit(const struct post *p, int64_t after_seq); /* right after the server's change */
void check_step(void); /* everything that can be seen between two steps */
/* After everything has come to rest, without faults. */
void check_end(bool reverted);
void check_gone(void); /* every terminal has ended: what they leave behind */
const struct rows *check_account(void); /* the account now */
bool row_is_of(const struct row *r, const struct edit *e);
bool row_lived_since(const struct row *r, int64_t since_ms);

/* claims.c */
void claims_check(struct term *t); /* journal and drafts, as t reads them */
void claims_check_screen(struct term *t); /* its posting has just come to its end */
void claims_check_settled(void);

/* --- users.c --- */

enum { USERS_LINE_ITEMS = 8, POST_LIMIT_MS = 240 * MINUTE };
struct users {
	struct rng rng;
	char line_items[USERS_LINE_ITEMS][16];
	size_t n_line_items;
	bool healed; /* all faults have ended */
	bool harvests; /* somebody fetches the look-up */
};
extern struct users users;

bool users_rest(void); /* until the screens have what they asked for and nothing is posted */
void users_read_line_items(struct term *t);
void users_edit(struct term *t); /* the stage, or which draft is on it */
void users_adopt(const char *dropped);
void users_post(struct term *t);
void users_post_both(void); /* both press "post" at the same moment */
bool users_start_posting(struct term *t);
void users_wait_for_posting(struct term *t);
bool users_revert(struct term *t, uint64_t changeset);
void users_revert_some(struct term *t);
size_t users_changesets(struct term *t, uint64_t *ids, size_t cap); /* newest first */
bool users_idle(void *user); /* a terminal that is gone, or does nothing */
void users_kill(struct term *t); /* what befalls a terminal in the middle of something */
void users_leave(struct term *t);

/* --- reading.c --- */

void reading_sync(struct term *t); /* begin to read the account, and perhaps end in the middle */
void reading_harvest(struct term *t); /* the same with a look-up of many pages */
void reading_check_account(struct term *t);
void reading_check_harvest(struct term *t);
void reading_learn(struct term *t); /* what a look-up has, once a process */

/* --- life.c --- */

void life_init(void); /* makes the template of the disk */
/* Without the steps whose bit is set in skip, and with fair weather where its bit is set in calm. */
void life_run(uint64_t seed, uint64_t skip, uint64_t calm);
unsigned life_steps(uint64_t seed);
/* The wall clock of the machine is set; the server's goes on as it was. */
void life_set_clock(int64_t by_s);

#endif
