#include "tests/sweep/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "store/internal.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
/* RATE_LIMITED: exit status; the budgets are full again after a quarter of an hour. */
enum { FAST = 100, TRIES = 5, RATE_LIMITED = 7, QUARTER_S = 16 * 60 };

/* A word on each of the five line items. */
#define STAGE(word, staged)                                                                        \
	"*\na\ntext keyword (broad)\nEnter\npaste " word "\nEnter Enter\n:expect " staged          \
	" staged\n"
/* For a world in which some of it may be there already. */
#define STAGE_AGAIN(word)                                                                          \
	"*\na\ntext keyword (broad)\nEnter\npaste " word "\nEnter Enter\nEsc Esc Esc 2\n"
#define POST "r\nP\ny\n"
/* taking the last keyword away reaches more people, which has to be typed */
#define POST_WIDER "P\ntext widen\nTab Tab y\n"
#define SEEN ":wait 10 applied and seen\n"
#define BOTH_AGAIN STAGE_AGAIN("alpha") STAGE_AGAIN("beta")
/* An answer that is lost, and no reading back; the first of these readings looks for drift. */
#define LOSE(phase)                                                                                \
	"{\"rules\":[{\"method\":\"POST\",\"path\":\"/batch/"                                      \
	"\",\"times\":1,\"action\":\"drop@" phase                                                  \
	"\"},{\"method\":\"GET\",\"path\":\"targeting_criteria?\",\"nth\":2,\"times\":999,"        \
	"\"action\":\"status:503\"}]}"

static void must(bool ok, const struct world *w, const char *what)
{
	char command[512];

	if (ok)
		return;
	fprintf(stderr, "sweep: %s did not work\n", what);
	snprintf(command, sizeof command, "%s", world_file(w, "err.txt"));
	FILE *f = fopen(command, "r");

	while (f && fgets(command, sizeof command, f))
		fputs(command, stderr);
	exit(2);
}

/* --- where lives begin --- */

static void synced(struct world *w)
{
	must(world_run(w, &(struct run){.command = {"sync", "--full"}}) == 0, w, "sync");
}

static void staged(struct world *w)
{
	synced(w);
	must(world_script(w, STAGE("alpha", "5") STAGE("beta", "10")), w, "staging");
}

static void never_read(struct world *w)
{
	staged(w);
	remove(world_file(w, "cache/reticle/cache.db"));
	remove(world_file(w, "cache/reticle/cache.db-wal"));
	remove(world_file(w, "cache/reticle/cache.db-shm"));
}

static void lost(struct world *w, const char *rules)
{
	staged(w);
	sandbox_faults(&w->server, rules);
	/* the script ends after a minute in vain, while the outcome is not known */
	world_script(w, POST SEEN);
	must(world_census(w).unknown == 10, w, "losing an answer");
}

static void lost_after(struct world *w)
{
	lost(w, LOSE("post-commit"));
}

static void lost_before(struct world *w)
{
	lost(w, LOSE("pre-commit"));
}

static void posted(struct world *w)
{
	staged(w);
	must(world_script(w, POST SEEN), w, "posting");
}

static void without_database(struct world *w)
{
	staged(w);
	remove(world_file(w, "state/reticle/state.db"));
	remove(world_file(w, "state/reticle/state.db-wal"));
	remove(world_file(w, "state/reticle/state.db-shm"));
}

/* state.db as the version before this one left it. */
static void older(struct world *w)
{
	static const char *const way_back[] = {"ALTER TABLE draft DROP COLUMN made",
	    "ALTER TABLE draft DROP COLUMN deleted", "DROP TABLE reply",
	    "ALTER TABLE action DROP COLUMN joined", "PRAGMA user_version=1"};
	struct errinfo ei = {0};
	struct db d;

	staged(w);
	must(state_schema.n == 4, w, "the way back from a newer schema than 4: add it here;");
	must(!db_open(&d, world_file(w, "state/reticle/state.db"), &state_schema, &ei), w, ei.msg);
	for (size_t i = 0; i < COUNT(way_back); i++)
		must(!db_run(&d, way_back[i], NULL, &ei), w, ei.msg);
	db_close(&d);
}

/* Two keywords for each line item of an export. */
static void add_keywords(const char *csv)
{
	FILE *f = fopen(csv, "r+");
	char line[512], last[64] = "", more[1024] = "";
	size_t n = 0;

	while (f && fgets(line, sizeof line, f)) {
		line[strcspn(line, ",")] = '\0';
		if (strcmp(line, last) == 0 || strcmp(line, "line_item_id") == 0)
			continue;
		snprintf(last, sizeof last, "%.60s", line);
		n += (size_t)snprintf(more + n, sizeof more - n,
		    "%s,,BROAD_KEYWORD,EQ,alpha,,\n%s,,BROAD_KEYWORD,EQ,beta,,\n", last, last);
	}
	if (!f || fputs(more, f) < 0 || fclose(f) != 0)
		exit(2);
}

static void planned(struct world *w)
{
	synced(w);
	must(world_run(w,
		 &(struct run){.command = {"export", "--format", "csv", "--out", "wanted"}}) == 0,
	    w, "export");
	add_keywords(world_file(w, "wanted"));
	must(world_run(w, &(struct run){.command = {"plan", "wanted", "--out", PLAN}}) == 0, w,
	    "planning");
}

const struct scenario scenarios[] = {
    {.name = "stage",
	.prepare = synced,
	.life = {.script = STAGE("alpha", "5") STAGE("beta", "10")},
	.again = {.script = BOTH_AGAIN},
	.edits = 10,
	.step = 5},
    {.name = "undo",
	.prepare = synced,
	.life = {.script =
		     STAGE("alpha", "5") STAGE("beta", "10") "u u U\n:expect 5 staged\nU u U\n"
							     ":expect 10 staged\n"},
	.again = {.script = BOTH_AGAIN},
	.edits = 10,
	.step = 5},
    {.name = "review",
	.prepare = staged,
	.life =
	    {.script =
		    "r\nSpace Space\n:expect 8 changes\ngg\nSpace Space d u\n:expect 10 changes\n"},
	.again = {.script = BOTH_AGAIN},
	.edits = 10,
	.least = 9,
	.step = 1},
    {.name = "apply in one batch",
	.prepare = staged,
	.life = {.script = POST SEEN},
	.edits = 10,
	.least = 10,
	.step = 5},
    {.name = "apply in five batches",
	.prepare = staged,
	.life = {.script = POST SEEN},
	.edits = 10,
	.least = 10,
	.step = 5,
	.batch_size = 2},
    {.name = "settle what landed",
	.prepare = lost_after,
	.life = {.command = {"recover"}, .rate = FAST},
	.edits = 10,
	.least = 10,
	.step = 5},
    {.name = "settle what did not land",
	.prepare = lost_before,
	.life = {.command = {"recover"}, .rate = FAST},
	.edits = 10,
	.least = 10,
	.step = 5},
    {.name = "sync",
	.prepare = never_read,
	.life = {.command = {"sync", "--full"}},
	.edits = 10,
	.least = 10,
	.step = 5},
    {.name = "look-ups",
	.prepare = staged,
	.life = {.script = "a\ntext language\nEnter\n"},
	.edits = 10,
	.least = 10,
	.step = 5},
    {.name = "revert",
	.prepare = posted,
	.life = {.script = "7\ngg\nV V\n:wait 10 staged\n" POST_WIDER SEEN},
	.again = {.script = "7\ngg\nV V\n:wait 10 staged\n"},
	.confirm = POST_WIDER,
	.before_again = {.command = {"sync", "--full"}},
	.edits = 20,
	.least = 10,
	.step = 10},
    {.name = "recover without state.db",
	.prepare = without_database,
	.life = {.command = {"recover"}},
	.edits = 10,
	.least = 10,
	.step = 5},
    {.name = "migrate",
	.prepare = older,
	.life = {.command = {"recover"}},
	.edits = 10,
	.least = 10,
	.step = 5},
    {.name = "apply a plan file",
	.prepare = planned,
	.life = {.command = {"apply", PLAN}},
	.again = {.command = {"apply", PLAN}},
	.before_again = {.command = {"plan", "wanted", "--out", PLAN}},
	.edits = 10,
	.step = 1},
};
const size_t n_scenarios = COUNT(scenarios);

/* --- what must hold --- */

static char problem[512];

#define WRONG(...) (snprintf(problem, sizeof problem, __VA_ARGS__), problem)

struct ends scenario_begin(struct world *w, const struct scenario *s)
{
	struct ends e;
	const char *wrong;
	struct run r = s->life;
	int rc;

	w->batch_size = s->batch_size ? s->batch_size : 100;
	world_begin(w, NULL);
	e.base = world_truth(w);
	s->prepare(w);
	world_save(w, s->name);
	world_begin(w, s->name);
	r.count = true;
	rc = world_run(w, &r);
	must(rc == 0, w, s->name);
	e.calls = w->calls;
	e.end.sha256[0] = '\0';
	wrong = scenario_check(w, s, &e);
	if (!wrong)
		wrong = scenario_finish(w, s, &e);
	if (wrong) {
		fprintf(stderr, "sweep: %s, undisturbed: %s\n", s->name, wrong);
		exit(2);
	}
	e.end = world_truth(w);
	return e;
}

const struct scenario *scenario_named(const char *name)
{
	for (size_t i = 0; i < n_scenarios; i++)
		if (strcmp(scenarios[i].name, name) == 0)
			return &scenarios[i];
	fprintf(stderr, "sweep: no scenario is called %s\n", name);
	exit(2);
}

const char *scenario_claims(struct world *w, const struct ends *ends)
{
	struct census c = world_census(w);
	struct truth t = world_truth(w);
	long changed = (long)t.criteria - (long)ends->base.criteria;
	long claimed = (long)c.creates - (long)c.deletes, open = (long)(c.sending + c.unknown);

	if (world_doubles(w))
		return WRONG("a double");
	if (labs(changed - claimed) > open)
		return WRONG("%zu created and %zu deleted, it claims, %ld open, but %u became %u",
		    c.creates, c.deletes, open, ends->base.criteria, t.criteria);
	return NULL;
}

const char *scenario_check(struct world *w, const struct scenario *s, const struct ends *ends)
{
	struct run recover = {.command = {"recover", "--json"}, .rate = FAST};
	int rc = world_run(w, &recover);
	struct census c;
	struct truth t;
	size_t n;

	if (rc == RATE_LIMITED) {
		world_later(w, QUARTER_S);
		rc = world_run(w, &recover);
	}
	if (rc != 0)
		return WRONG("recover ended with %d", rc);
	c = world_census(w);
	t = world_truth(w);
	n = c.staged + c.applied;
	if (c.sending || c.unknown)
		return WRONG("%zu sending, %zu unknown after recovering", c.sending, c.unknown);
	if (c.twice)
		return WRONG("in two places: %s", c.what);
	if (n < s->least || n > s->edits || n % s->step)
		return WRONG("%zu staged and %zu applied are not %zu to %zu", c.staged, c.applied,
		    s->least, s->edits);
	if (t.criteria != ends->base.criteria + c.creates - c.deletes)
		return WRONG(
		    "%zu created and %zu deleted, says the program, but %u criteria became %u",
		    c.creates, c.deletes, ends->base.criteria, t.criteria);
	if (world_doubles(w))
		return WRONG("a double");
	return NULL;
}

static const char *step(
    struct world *w, const struct scenario *s, const struct ends *ends, const struct census *c)
{
	char script[256];

	if (c->held) {
		/* what was held back is not posted: begin again */
		world_script(w, "r\n*\nd\n");
		world_run(w, &s->again);
	} else if (c->staged) {
		snprintf(script, sizeof script, "r\n%s:wait nothing staged\n",
		    s->confirm ? s->confirm : "P\ny\n");
		/* what it came to is looked at, not what it said */
		world_script(w, script);
	} else if (s->again.script || s->again.command[0]) {
		if (s->before_again.command[0])
			world_run(w, &s->before_again);
		if (world_run(w, &s->again) == RATE_LIMITED)
			world_later(w, QUARTER_S);
	} else {
		return WRONG("nothing is staged, and only %zu are applied", c->applied);
	}
	return scenario_check(w, s, ends);
}

const char *scenario_finish(struct world *w, const struct scenario *s, const struct ends *ends)
{
	struct census c = world_census(w);
	const char *wrong = NULL;
	struct truth t;

	for (int try = 0; try < TRIES && !wrong && (c.staged || c.applied < s->edits); try++) {
		if (try > 1) /* a budget that was spent is full again */
			world_later(w, QUARTER_S);
		wrong = step(w, s, ends, &c);
		c = world_census(w);
	}
	if (wrong)
		return wrong;
	t = world_truth(w);
	if (c.staged || c.applied != s->edits)
		return WRONG("not finished: %zu staged, %zu applied", c.staged, c.applied);
	if (ends->end.sha256[0] && strcmp(t.sha256, ends->end.sha256) != 0)
		return WRONG("the account is not what was planned");
	return NULL;
}
