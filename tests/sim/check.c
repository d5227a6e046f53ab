/* The invariants of reliability section 2, against the true state of the sandbox. */
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/clock.h"
#include "tests/sim/disk.h"
#include "tests/sim/net.h"
#include "tests/sim/screen.h"
#include "tests/sim/server.h"
#include "tests/sim/sim.h"
#include "session/applying.h"
#include "session/journal_text.h"
#include "session/staging.h"

static struct rows now_rows, start_rows;
static struct rows reviewed_rows[TERMS];
static int64_t read_at; /* server_changes() when now_rows were read; -1: not yet */
static bool
    ours[ROWS]; /* by the place in now_rows: the criteria come in the order of their making */

static void take_row(void *user, const struct server_row *r)
{
	struct rows *rows = user;
	struct row *out = &rows->v[rows->n];

	if (rows->n == ROWS) {
		violated("I6", "more criteria than the simulator has room for");
		return;
	}
	out->ours = ours[rows->n++];
	snprintf(out->id, sizeof out->id, "%s", r->id);
	snprintf(out->line_item, sizeof out->line_item, "%s", r->line_item_id);
	snprintf(out->type, sizeof out->type, "%s", r->type);
	snprintf(out->op, sizeof out->op, "%s", r->op);
	snprintf(out->value, sizeof out->value, "%s", r->value);
	out->deleted = r->deleted;
	out->born_ms = r->born_ms;
	out->died_ms = r->died_ms;
}

static void read_rows(void)
{
	if (read_at == server_changes())
		return;
	read_at = server_changes();
	now_rows.n = 0;
	server_rows(take_row, &now_rows);
}

static void copy_rows(struct rows *to, const struct rows *from)
{
	memcpy(to->v, from->v, from->n * sizeof *from->v);
	to->n = from->n;
}

const struct rows *check_account(void)
{
	read_rows();
	return &now_rows;
}

bool row_is_of(const struct row *r, const struct edit *e)
{
	return strcmp(r->line_item, e->line_item) == 0 && strcmp(r->type, e->type) == 0 &&
	       strcmp(r->op, e->op) == 0 && strcasecmp(r->value, e->value) == 0;
}

bool row_lived_since(const struct row *r, int64_t since_ms)
{
	return !r->deleted || r->died_ms >= since_ms;
}

static bool same_key(const struct row *a, const struct row *b)
{
	return strcmp(a->line_item, b->line_item) == 0 && strcmp(a->type, b->type) == 0 &&
	       strcmp(a->op, b->op) == 0 && strcasecmp(a->value, b->value) == 0;
}

/* --- I1: no double --- */

/* Two living criteria of one key, of which we made the newer, and knew the older: our own, or one of
 * the start. What others make in between may cross with ours: that is theirs. */
static void check_doubles(void)
{
	for (size_t i = 0; i < now_rows.n; i++) {
		const struct row *a = &now_rows.v[i];

		for (size_t k = 0; a->ours && !a->deleted && k < i; k++) {
			const struct row *b = &now_rows.v[k];

			if (!b->deleted && (b->ours || !b->born_ms) && same_key(a, b))
				violated("I1", "%s %s %s of %s is there twice (%s and %s)", a->type,
				    a->op, a->value, a->line_item, b->id, a->id);
		}
	}
}

/* --- REACH: never wider between two batches than at both ends --- */

/* Conditions of which one criterion at least has to hold: without any, everybody is reached. */
static const char *const conditions[] = {"LOCATION", "LANGUAGE", "AGE", "GENDER", "PLATFORM"};
enum { CONDITIONS = sizeof conditions / sizeof *conditions, PRIMARY = CONDITIONS };

static size_t condition_of(const char *type)
{
	for (size_t i = 0; i < CONDITIONS; i++)
		if (strcmp(conditions[i], type) == 0)
			return i;
	return PRIMARY; /* keywords, interests, audiences: united */
}

static size_t count_included(const struct rows *rows, const char *line_item, size_t condition)
{
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++)
		n += !rows->v[i].deleted && strcmp(rows->v[i].line_item, line_item) == 0 &&
		     strcmp(rows->v[i].op, "NE") != 0 && condition_of(rows->v[i].type) == condition;
	return n;
}

static bool has_row(const struct rows *rows, const struct row *like)
{
	for (size_t i = 0; i < rows->n; i++)
		if (!rows->v[i].deleted && same_key(&rows->v[i], like))
			return true;
	return false;
}

/* What the account will be when all of the plan is done. */
static void planned(int who, struct rows *out)
{
	const struct posting *q = &facts.postings[who];

	copy_rows(out, &reviewed_rows[who]);
	for (size_t i = 0; i < q->n_plan; i++) {
		const struct edit *e = facts_edit(q->plan[i]);

		for (size_t k = 0; e && e->removes && k < out->n; k++)
			if (strcmp(out->v[k].id, e->criterion) == 0)
				out->v[k].deleted = true;
		if (e && !e->removes && out->n < ROWS) {
			struct row *r = &out->v[out->n++];

			*r = (struct row){0};
			snprintf(r->line_item, sizeof r->line_item, "%s", e->line_item);
			snprintf(r->type, sizeof r->type, "%s", e->type);
			snprintf(r->op, sizeof r->op, "%s", e->op);
			snprintf(r->value, sizeof r->value, "%s", e->value);
		}
	}
}

/* Only as long as nobody else changes what was reviewed: the other terminal neither. */
static void check_reach(const struct post *p)
{
	static struct rows after;
	struct posting *q = &facts.postings[p->who];
	const struct rows *before = &reviewed_rows[p->who];

	if (facts.partial || server_edits() != q->foreign || facts.commits != ++q->commits)
		return;
	planned(p->who, &after);
	for (size_t i = 0; i < before->n; i++) {
		const struct row *r = &before->v[i];
		size_t c = condition_of(r->type);

		if (r->deleted)
			continue;
		if (strcmp(r->op, "NE") == 0) {
			if (has_row(&after, r) && !has_row(&now_rows, r))
				violated("REACH", "line item %s does without the exclusion %s %s",
				    r->line_item, r->type, r->value);
		} else if (count_included(&after, r->line_item, c) &&
			   !count_included(&now_rows, r->line_item, c)) {
			violated("REACH", "line item %s has no %s between two batches",
			    r->line_item, c < PRIMARY ? conditions[c] : "primary criterion");
		}
	}
}

/* --- I8: the screen --- */

enum { SHOWN = 24 };

/* What others named and what the server said is drawn, and must not act. */
static void check_screen(void)
{
	const struct term *t = &terms[0];
	const char *lines[SHOWN];
	size_t n = 0;

	if (!t->alive || t->stopped || !screen_is_on())
		return;
	lines[n++] = applying_status(t->session)->ei.msg;
	for (size_t i = 0; i < staging_changes(t->session)->n && n < SHOWN / 2; i++)
		lines[n++] = staging_changes(t->session)->v[i].value;
	for (size_t i = now_rows.n; i > 0 && n < SHOWN; i--)
		lines[n++] = now_rows.v[i - 1].value;
	screen_draw(lines, n);
	if (screen_acted_on())
		violated("I8", "the terminal was sent %s", screen_acted_on());
	if (rng_chance(&users.rng, 10))
		screen_suspend();
	if (!screen_is_on())
		violated("I4", "after a stop the program does not have its screen");
}

/* --- when --- */

void check_begin(void)
{
	read_at = -1;
	memset(ours, 0, sizeof ours);
	read_rows();
	copy_rows(&start_rows, &now_rows);
}

void check_reviewed(int who)
{
	read_rows();
	copy_rows(&reviewed_rows[who], &now_rows);
}

static void take_ours(void *user, const struct server_row *r)
{
	const int64_t *after = ((void **)user)[0];
	size_t *i = ((void **)user)[1];

	if (*i < ROWS)
		ours[(*i)++] |= r->seq > *after;
}

void check_commit(const struct post *p, int64_t after_seq)
{
	size_t i = 0;

	server_rows(take_ours, (void *[]){&after_seq, &i});
	read_at = -1;
	read_rows();
	check_doubles();
	check_reach(p);
}

void check_step(void)
{
	struct term *t = term_alive();

	if (!t || has_violation())
		return;
	read_rows();
	check_doubles();
	claims_check(t);
	check_screen();
}

/* --- at the end of a life --- */

static void check_secrets(void)
{
	static const char *const secrets[] = {
	    SERVER_CONSUMER_SECRET, SERVER_TOKEN_SECRET, SERVER_TOKEN};
	const char *file =
	    disk_find(secrets, sizeof secrets / sizeof *secrets, rng_chance(&users.rng, 10));

	if (file)
		violated("I5", "%s holds a secret", file);
}

/* The text sinks: the log that is kept beside state.db, and what `reticle journal` prints. */
static void check_text(void)
{
	struct term *t = term_alive();
	struct buf out;

	if (disk_hostile_byte("s/reticle/edits.log"))
		violated("I8", "edits.log has a control byte");
	buf_init(&out, 16u << 20);
	if (t && journal_json_all(t->store, SERVER_ACCOUNT, &out, &(struct errinfo){0}))
		violated("I2", "the journal cannot be written out");
	if (disk_is_hostile(buf_str(&out), out.len))
		violated("I8", "the journal is written out with a control byte");
	buf_done(&out);
}

void check_end(bool reverted)
{
	check_step();
	claims_check_settled();
	check_secrets();
	check_text();
	if (!reverted || server_edits())
		return;
	/* everything was taken back: the account is as it was */
	for (size_t i = 0; i < start_rows.n; i++)
		if (!has_row(&now_rows, &start_rows.v[i]))
			violated("I2", "after the revert %s %s of %s is missing",
			    start_rows.v[i].type, start_rows.v[i].value, start_rows.v[i].line_item);
	for (size_t i = 0; i < now_rows.n; i++)
		if (!now_rows.v[i].deleted && !has_row(&start_rows, &now_rows.v[i]))
			violated("I2", "after the revert %s %s of %s is left", now_rows.v[i].type,
			    now_rows.v[i].value, now_rows.v[i].line_item);
}

/* The sandbox keeps some of what it allocates for the next life; a leak of the program on a path that
 * only faults take grows with each. */
void check_gone(void)
{
	static size_t most;
	size_t now = mallinfo2().uordblks, slack = 1u << 20;

	if (disk_open_files())
		violated(
		    "I6", "%zu files are open after every terminal has ended", disk_open_files());
	if (most && now > most + slack)
		violated("I6", "the heap has grown by %zu bytes", now - most);
	if (now > most)
		most = now;
}
