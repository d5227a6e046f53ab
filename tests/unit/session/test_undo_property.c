/* Undo and redo against a model of plain lists. A life is a seed: sixty random things that a user
 * does with the stage and with named drafts, some of them ended by a restart or by a copy of the files
 * as kill -9 would leave them. After each the session has to show what the model says: edits staged
 * together are one step, undo is per draft and without limit, a new edit ends redo, and all of it is
 * there after a restart.
 *
 * A life that fails is lived again without each of its steps in turn, as long as it still fails; what
 * is left is printed. RETICLE_SEED=N lives that one alone, RETICLE_SEEDS=N that many. */
#include "tests/unit/session/kit.h"
#include "tests/unit/session/world.h"

#include <dirent.h>
#include <sys/stat.h>
#include "session/draft.h"

/* What kill -9 leaves is what was written, synced or not: a life need not wait for a disk. */
int fsync(int fd)
{
	(void)fd;
	return 0;
}
int fdatasync(int fd)
{
	(void)fd;
	return 0;
}

enum { STEPS = 60, LIVES = 16, DRAFTS = 5, NAME = 16 };

/* --- what can be edited --- */

static const char *const words[] = {"shoes", "boots", "hats", "socks", "belts"};
enum { WORDS = 5, CREATES = 3 * WORDS, REMOVALS = 3, EDITS = CREATES + REMOVALS };
static const char *const items[] = {"li1", "li2", "li3"};

/* The n-th edit, or what takes it back. */
static struct change edit(unsigned n, bool opposite)
{
	static const struct change removals[REMOVALS] = {
	    {.line_item_id = "li1",
		.criterion_id = "c1",
		.type = TYPE_LOCATION,
		.type_name = "LOCATION",
		.value = "ca0"},
	    {.line_item_id = "li1",
		.criterion_id = "c2",
		.type = TYPE_CUSTOM_AUDIENCE,
		.type_name = "CUSTOM_AUDIENCE",
		.value = "aud1",
		.op = OP_NE},
	    {.line_item_id = "li2",
		.criterion_id = "c3",
		.type = TYPE_AGE,
		.type_name = "AGE",
		.value = "AGE_25_TO_49"},
	};
	struct change c =
	    n < CREATES ? world_create(items[n / WORDS], words[n % WORDS]) : removals[n - CREATES];

	c.kind = (n < CREATES) != opposite ? CHANGE_CREATE : CHANGE_DELETE;
	return c;
}

static unsigned edit_of(const struct change *c)
{
	for (unsigned n = 0; n < EDITS; n++) {
		struct change e = edit(n, false);

		if (e.kind == c->kind && strcmp(e.line_item_id, c->line_item_id) == 0 &&
		    strcmp(e.value, c->value) == 0)
			return n;
	}
	return EDITS;
}

/* --- the model: a draft is the list of its states --- */

struct stage { /* in the order of staging; an edit that is taken back and undone keeps its place */
	unsigned char edit[EDITS];
	bool held[EDITS];
	unsigned n;
};
struct draft {
	char name[NAME];
	struct stage states[STEPS * 2];
	unsigned n, at; /* states; the one that is shown: those behind it can be redone */
	bool deleted, emptied; /* emptied: the deletion is the last state */
};
struct model {
	struct draft drafts[DRAFTS];
	unsigned n, active;
};
static struct model model;

static struct stage *shown_of(unsigned draft)
{
	struct draft *d = &model.drafts[draft];

	return &d->states[d->at];
}

static struct stage *shown(void)
{
	return shown_of(model.active);
}

static bool same_stage(const struct stage *a, const struct stage *b)
{
	return a->n == b->n && memcmp(a->edit, b->edit, a->n) == 0 &&
	       memcmp(a->held, b->held, a->n) == 0;
}

/* A new state ends redo; what changed nothing is no step. */
static void push(struct draft *d, const struct stage *next)
{
	if (same_stage(next, &d->states[d->at]))
		return;
	d->states[++d->at] = *next;
	d->n = d->at + 1;
}

static unsigned place(const struct stage *s, unsigned e)
{
	unsigned i = 0;

	while (i < s->n && s->edit[i] != e)
		i++;
	return i;
}

static void take_off(struct stage *s, unsigned i)
{
	s->n--;
	memmove(s->edit + i, s->edit + i + 1, s->n - i);
	memmove(s->held + i, s->held + i + 1, s->n - i);
}

static unsigned find_draft(const char *name)
{
	unsigned i = 0;

	while (i < model.n && strcmp(model.drafts[i].name, name))
		i++;
	return i;
}

static unsigned add_draft(const char *name)
{
	struct draft *d = &model.drafts[model.n];

	memset(d, 0, sizeof *d);
	snprintf(d->name, sizeof d->name, "%s", name);
	d->n = 1;
	return model.n++;
}

/* --- luck and what is said --- */

static uint64_t luck;
static char said[STEPS][160], fault[240];

static unsigned below(unsigned n) /* splitmix64 */
{
	uint64_t z = luck += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (unsigned)((z ^ z >> 31) % n);
}

__attribute__((format(printf, 1, 2))) static void wrong(const char *fmt, ...)
{
	va_list ap;

	if (fault[0])
		return;
	va_start(ap, fmt);
	vsnprintf(fault, sizeof fault, fmt, ap);
	va_end(ap);
}

static void expect(enum err err, enum err want, const struct errinfo *ei, const char *what)
{
	if (err != want)
		wrong("%s: error %d (%s) where %d was due", what, err, ei->msg, want);
}

/* --- steps: each does a thing to the session and to the model --- */

struct step {
	struct kit *k;
	char *say; /* 160 bytes */
};

/* Some edits at once, one or many; of those that are staged some are taken back by their opposite. */
static void stage_some(struct step *t)
{
	struct stage next = *shown();
	struct change v[EDITS];
	unsigned most = below(3) ? 3 : EDITS, n = 0;
	size_t used, staged = 0, want = 0;
	struct errinfo ei = {0};

	used = (size_t)snprintf(t->say, 160, "stage");
	for (unsigned e = below(EDITS), i = 0; i < EDITS && n < most; i++, e = (e + 7) % EDITS) {
		unsigned at = place(&next, e);
		bool back = below(2) && at < next.n, wanted = below(2);

		if (!wanted)
			continue;
		v[n++] = edit(e, back);
		used += (size_t)snprintf(t->say + used, 160 - used, " %s%u", back ? "-" : "+", e);
		want += back || at == next.n;
		if (back)
			take_off(&next, at);
		else if (at == next.n)
			next.edit[next.n] = (unsigned char)e, next.held[next.n++] = false;
	}
	expect(staging_add(t->k->session, v, n, &staged, &ei), ERR_OK, &ei, "stage");
	if (staged != want)
		wrong("%zu were staged where %zu are new", staged, want);
	push(&model.drafts[model.active], &next);
}

static void remove_some(struct step *t)
{
	const struct change_set *set = staging_changes(t->k->session);
	struct stage next = *shown();
	uint64_t ids[EDITS];
	size_t n = 0, used = (size_t)snprintf(t->say, 160, "take off");
	struct errinfo ei = {0};

	for (size_t i = set->n; i > 0; i--)
		if (!below(3)) {
			used +=
			    (size_t)snprintf(t->say + used, 160 - used, " %u", next.edit[i - 1]);
			ids[n++] = set->v[i - 1].id;
			take_off(&next, (unsigned)i - 1);
		}
	expect(staging_remove(t->k->session, ids, n, &ei), ERR_OK, &ei, "take off");
	push(&model.drafts[model.active], &next);
}

static void hold_one(struct step *t)
{
	const struct change_set *set = staging_changes(t->k->session);
	struct stage next = *shown();
	unsigned i = below(EDITS);
	bool held = below(2);
	struct errinfo ei = {0};

	if (i >= set->n)
		return;
	snprintf(t->say, 160, "%s %u", held ? "hold" : "include", next.edit[i]);
	expect(staging_hold(t->k->session, set->v[i].id, held, &ei), ERR_OK, &ei, "hold");
	next.held[i] = held;
	push(&model.drafts[model.active], &next);
}

static void undo_or_redo(struct step *t, bool redo, unsigned times)
{
	struct draft *d = &model.drafts[model.active];
	struct errinfo ei = {0};
	char what[64];

	snprintf(t->say, 160, "%s, %u times", redo ? "redo" : "undo", times);
	for (; times > 0 && !fault[0]; times--) {
		bool can = redo ? d->at + 1 < d->n : d->at > 0;

		expect(redo ? staging_redo(t->k->session, what, &ei)
			    : staging_undo(t->k->session, what, &ei),
		    can ? ERR_OK : ERR_REFUSED, &ei, redo ? "redo" : "undo");
		if (can)
			d->at += redo ? 1 : -1u;
	}
}

/* --- drafts --- */

static const char *some_name(void)
{
	static const char *const names[] = {"", "spring", "test", "big"};

	return names[below(4)];
}

/* To one that is there, to a new one, or to one that was deleted: it is there again, and undo brings
 * back what the deletion took off its stage. */
static void switch_draft(struct step *t)
{
	const char *name = some_name();
	unsigned i = find_draft(name);
	struct errinfo ei = {0};

	if (i == model.n && model.n == DRAFTS)
		return;
	snprintf(t->say, 160, "work on draft \"%s\"", name);
	expect(draft_switch(t->k->session, name, &ei), ERR_OK, &ei, "switch");
	model.active = i == model.n ? add_draft(name) : i;
	model.drafts[model.active].deleted = false;
}

static void rename_draft(struct step *t)
{
	const char *from = some_name(), *to = some_name();
	unsigned f = find_draft(from);
	bool there = f < model.n && !model.drafts[f].deleted;
	bool is_free = to[0] && find_draft(to) == model.n;
	struct errinfo ei = {0};

	/* the row of the default draft is made with its first edit; one that was renamed leaves a new one */
	if (!from[0] && (model.drafts[f].n == 1 || model.n == DRAFTS))
		return;
	snprintf(t->say, 160, "rename \"%s\" to \"%s\"", from, to);
	expect(draft_rename(t->k->session, from, to, &ei),
	    !to[0]     ? ERR_USAGE
	    : !there   ? ERR_NOTFOUND
	    : !is_free ? ERR_REFUSED
		       : ERR_OK,
	    &ei, "rename");
	if (!there || !is_free)
		return;
	snprintf(model.drafts[f].name, NAME, "%s", to);
	if (!from[0])
		add_draft("");
}

static void copy_draft(struct step *t)
{
	const char *from = some_name(), *to = some_name();
	unsigned f = find_draft(from), i;
	struct errinfo ei = {0};
	size_t n = 0;

	if (!to[0] || find_draft(to) < model.n || model.n == DRAFTS || f == model.n ||
	    model.drafts[f].deleted || (!from[0] && model.drafts[f].n == 1))
		return;
	snprintf(t->say, 160, "copy \"%s\" to \"%s\"", from, to);
	expect(draft_copy(t->k->session, from, to, &n, &ei), ERR_OK, &ei, "copy");
	i = add_draft(to);
	push(&model.drafts[i], &model.drafts[f].states[model.drafts[f].at]);
	model.active = i;
	if (n != shown()->n)
		wrong("%zu edits were copied, and there are %u", n, shown()->n);
}

static void delete_draft(struct step *t)
{
	const char *name = some_name();
	unsigned i = find_draft(name);
	struct errinfo ei = {0};

	if (!name[0] || i == model.n || model.drafts[i].deleted)
		return;
	snprintf(t->say, 160, "delete \"%s\"", name);
	expect(draft_delete(t->k->session, name, &ei), ERR_OK, &ei, "delete");
	model.drafts[i].deleted = true;
	model.drafts[i].emptied = shown_of(i)->n > 0;
	push(&model.drafts[i], &(struct stage){.n = 0});
	if (i == model.active)
		model.active = find_draft("");
}

/* The deletion never was: nothing of it is left to undo or to redo. */
static void restore_draft(struct step *t)
{
	const char *name = some_name();
	unsigned i = find_draft(name);
	struct draft *d = &model.drafts[i];
	struct errinfo ei = {0};

	if (i == model.n || !d->deleted)
		return;
	snprintf(t->say, 160, "bring back \"%s\"", name);
	expect(draft_restore(t->k->session, name, &ei), ERR_OK, &ei, "bring back");
	d->deleted = false;
	if (d->emptied)
		d->n = d->at--;
}

/* --- restarts --- */

static struct {
	bool there;
	char dir[80];
	struct model model;
} copy;

static void copy_file(const char *from, const char *to)
{
	char buf[65536];
	size_t n;
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");

	assert_true(in && out);
	while ((n = fread(buf, 1, sizeof buf, in)) > 0)
		assert_int_equal(fwrite(buf, 1, n, out), n);
	fclose(in);
	assert_int_equal(fclose(out), 0);
}

/* Every file of the state directory, as it is now; those of `to` that are not in `from` go. */
static void copy_state(const char *from, const char *to)
{
	char a[400], b[400];
	struct dirent *e;
	DIR *d = opendir(to);

	while (d && (e = readdir(d))) {
		snprintf(b, sizeof b, "%s/%s", to, e->d_name);
		if (e->d_name[0] != '.')
			remove(b);
	}
	if (d)
		closedir(d);
	mkdir(to, 0700);
	assert_non_null(d = opendir(from));
	while ((e = readdir(d))) {
		struct stat st;

		snprintf(a, sizeof a, "%s/%s", from, e->d_name);
		snprintf(b, sizeof b, "%s/%s", to, e->d_name);
		if (!stat(a, &st) && S_ISREG(st.st_mode))
			copy_file(a, b);
	}
	closedir(d);
	snprintf(b, sizeof b, "%s/state.db", to);
	assert_int_equal(access(b, F_OK), 0);
}

static const char *state_dir(const struct kit *k)
{
	static char out[128];

	snprintf(out, sizeof out, "%s/.local/state/reticle/test", k->dir);
	return out;
}

static void keep_a_copy(struct step *t)
{
	snprintf(t->say, 160, "the files are copied");
	snprintf(copy.dir, sizeof copy.dir, "%s/kept", t->k->dir);
	copy_state(state_dir(t->k), copy.dir);
	copy.model = model;
	copy.there = true;
}

/* What the files were when they were copied is what a run finds that was killed then. */
static void die_there(struct step *t)
{
	if (!copy.there)
		return;
	snprintf(t->say, 160, "killed when the files were copied");
	kit_stop(t->k);
	copy_state(copy.dir, state_dir(t->k));
	world_begin_again(t->k);
	model = copy.model;
}

static void restart(struct step *t)
{
	snprintf(t->say, 160, "restart");
	world_restart(t->k);
}

static void one_step(struct step *t)
{
	unsigned what = below(100);

	if (what < 34)
		stage_some(t);
	else if (what < 42)
		remove_some(t);
	else if (what < 48)
		hold_one(t);
	else if (what < 66)
		undo_or_redo(t, false, 1 + below(below(4) ? 3 : STEPS));
	else if (what < 78)
		undo_or_redo(t, true, 1 + below(below(4) ? 3 : STEPS));
	else if (what < 84)
		switch_draft(t);
	else if (what < 87)
		rename_draft(t);
	else if (what < 90)
		copy_draft(t);
	else if (what < 92)
		delete_draft(t);
	else if (what < 94)
		restore_draft(t);
	else if (what < 96)
		keep_a_copy(t);
	else if (what < 98)
		die_there(t);
	else
		restart(t);
}

/* --- the comparison --- */

static void compare_stage(const struct change_set *set, const struct draft *d)
{
	const struct stage *want = &d->states[d->at];

	if (set->n != want->n)
		wrong("draft \"%s\" has %zu edits, not %u", d->name, set->n, want->n);
	for (size_t i = 0; i < set->n && !fault[0]; i++)
		if (edit_of(&set->v[i]) != want->edit[i] || set->v[i].held != want->held[i])
			wrong("edit %zu of draft \"%s\" is %u%s, not %u%s", i, d->name,
			    edit_of(&set->v[i]), set->v[i].held ? " held" : "", want->edit[i],
			    want->held[i] ? " held" : "");
}

static const struct draft_name *listed(const struct draft_names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->v[i].name, name) == 0)
			return &names->v[i];
	return NULL;
}

/* The list of drafts; the default one may be missing as long as nothing was done in it. */
static void compare_drafts(struct kit *k)
{
	struct draft_names names;
	struct errinfo ei = {0};

	expect(drafts_names(k->store, KIT_ACCOUNT, &names, &ei), ERR_OK, &ei, "list of drafts");
	for (unsigned i = 0; i < model.n; i++) {
		const struct draft *d = &model.drafts[i];
		const struct draft_name *got = listed(&names, d->name);
		size_t want = d->states[d->at].n;

		if (!got && (d->name[0] || want))
			wrong("draft \"%s\" is lost", d->name);
		else if (got && (got->n.staged != want || !!got->deleted_at != d->deleted))
			wrong("draft \"%s\" is listed with %zu edits%s, not with %zu%s", d->name,
			    got->n.staged, got->deleted_at ? " as deleted" : "", want,
			    d->deleted ? " as deleted" : "");
	}
	draft_names_done(&names);
}

static void compare(struct kit *k)
{
	if (strcmp(draft_active(k->session), model.drafts[model.active].name) != 0)
		wrong("draft \"%s\" is worked on, not \"%s\"", draft_active(k->session),
		    model.drafts[model.active].name);
	compare_stage(staging_changes(k->session), &model.drafts[model.active]);
	compare_drafts(k);
}

/* At the end the undo of every draft is followed to its first state. */
static void undo_everything(struct kit *k)
{
	struct step t = {k, said[0]};
	struct errinfo ei = {0};

	for (unsigned i = 0; i < model.n && !fault[0]; i++) {
		expect(draft_switch(k->session, model.drafts[i].name, &ei), ERR_OK, &ei, "switch");
		model.active = i;
		model.drafts[i].deleted = false;
		compare(k);
		while (!fault[0] && model.drafts[i].at > 0) {
			undo_or_redo(&t, false, 1);
			compare(k);
		}
		undo_or_redo(&t, false, 1); /* there is nothing left */
	}
}

/* Or state.db is lost: what is staged comes back from edits.log, its undo does not. */
static void lose_the_database(struct kit *k)
{
	static const char *const files[] = {"state.db", "state.db-wal", "state.db-shm"};
	struct errinfo ei = {0};
	char path[160];

	kit_stop(k);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s", state_dir(k), files[i]);
		remove(path);
	}
	world_begin_again(k);
	for (unsigned i = 0; i < model.n && !fault[0]; i++) {
		if (!shown_of(i)->n)
			continue;
		expect(draft_switch(k->session, model.drafts[i].name, &ei), ERR_OK, &ei, "switch");
		compare_stage(staging_changes(k->session), &model.drafts[i]);
	}
}

/* --- a life --- */

/* False when it fails; `fault` says how, *last at which step. */
static bool live(uint64_t seed, const bool *left_out, unsigned *last)
{
	struct kit k;
	struct step t = {.k = &k};

	kit_init(&k, NULL);
	memset(&model, 0, sizeof model);
	add_draft("");
	copy.there = false;
	fault[0] = '\0';
	for (*last = 0; *last < STEPS && !fault[0]; ++*last) {
		t.say = said[*last];
		t.say[0] = '\0';
		if (left_out[*last])
			continue;
		luck = seed * STEPS + *last;
		one_step(&t);
		compare(&k);
	}
	if (!fault[0] && seed % 4)
		undo_everything(&k);
	else if (!fault[0])
		lose_the_database(&k);
	kit_done(&k);
	return !fault[0];
}

/* The steps without which it fails as well are left out, and the rest is printed. */
static void report(uint64_t seed)
{
	bool left_out[STEPS] = {false}, fewer = true;
	unsigned last, at;

	live(seed, left_out, &last);
	while (fewer) {
		fewer = false;
		for (unsigned i = last; i > 0; i--) {
			if (left_out[i - 1])
				continue;
			left_out[i - 1] = true;
			left_out[i - 1] = !live(seed, left_out, &at) && at <= last;
			fewer |= left_out[i - 1];
		}
	}
	live(seed, left_out, &last);
	for (unsigned i = 0; i < last; i++)
		if (!left_out[i] && said[i][0])
			print_message("  %2u  %s\n", i + 1, said[i]);
	print_message("seed %llu: %s (RETICLE_SEED=%llu lives it again)\n",
	    (unsigned long long)seed, fault, (unsigned long long)seed);
}

static void undo_is_what_the_model_says(void **state)
{
	const char *only = getenv("RETICLE_SEED"), *many = getenv("RETICLE_SEEDS");
	uint64_t from = only ? strtoull(only, NULL, 10) : 1;
	uint64_t n = only ? 1 : many ? strtoull(many, NULL, 10) : LIVES;
	static const bool none[STEPS];
	unsigned last;

	(void)state;
	for (uint64_t seed = from; seed < from + n; seed++)
		if (!live(seed, none, &last)) {
			report(seed);
			fail();
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(undo_is_what_the_model_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
