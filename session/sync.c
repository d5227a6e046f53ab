/* Bringing the whole account up to date: the lists, then the criteria of the line items that are new
 * or changed (all of them, when asked so), and how far that is. */
#include "session/sync.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "store/uistate.h"
#include "session/internal.h"

#define RESUME_S (24 * 3600)
#define PAGE_ROWS 1000
#define WHOLE_KEY "whole-sync" /* since when all is read again; kept until that has ended */

enum sync_phase { SYNC_IDLE, SYNC_LISTS, SYNC_CRITERIA };

struct sync {
	enum sync_phase phase;
	bool whole;
	int64_t since; /* whole: what was read before is due */
	enum req_priority priority;
	int64_t began_ms;
	uint64_t sent_before;
	struct sync_result result;
};

static const enum data_kind lists[] = {
    DATA_ACCESS, DATA_LINE_ITEMS, DATA_CAMPAIGNS, DATA_AUDIENCES, DATA_USERS};
#define N_LISTS (sizeof lists / sizeof *lists)

/* --- what is due --- */

/* X does not say that a criterion changed its line item, so that criteria of line items that did not
 * change may still be others now: only reading all of them tells. */
static bool has_changed(const struct line_item *li, const struct snapshot_count *n)
{
	return n->version ? n->version != li->updated_at : li->updated_at >= n->fetched_at;
}

/* A time that lies more than a sync can take behind `since` is of a clock that was set back. */
static bool was_read_since(const struct snapshot_count *n, int64_t since)
{
	return n->fetched_at >= since && n->fetched_at < since + RESUME_S;
}

static bool is_due(const struct session *s, const struct sync *y, size_t i)
{
	struct snapshot_count n = session_count(s, i);

	if (n.n < 0 || (y && y->whole && !was_read_since(&n, y->since)))
		return true;
	return has_changed(&s->line_items.v[i], &n);
}

static enum err read_criteria(struct session *s, struct sync *y)
{
	const char **ids = mem_array(s->line_items.n + 1, sizeof *ids);
	struct criteria_wish w = {.ids = ids, .priority = y->priority};
	enum err err;

	if (!ids)
		return ERR_NOMEM;
	for (size_t i = 0; i < s->line_items.n; i++)
		if (is_due(s, y, i))
			ids[w.n++] = s->line_items.v[i].id;
	y->result.read = w.n;
	w.read_at = y->whole ? y->since : 0;
	w.resume_since = y->whole ? y->since : clock_wall_s() - RESUME_S;
	err = w.n ? criteria_fetch(s, &w) : ERR_OK;
	mem_free(ids);
	return err;
}

void sync_lists_changed(struct session *s)
{
	const char **ids;
	struct criteria_wish w = {.priority = REQ_BACKGROUND};

	if (!s->cfg.follow || (s->sync && s->sync->phase))
		return;
	ids = mem_array(s->line_items.n + 1, sizeof *ids);
	for (size_t i = 0; ids && i < s->line_items.n; i++)
		if (session_count(s, i).n >= 0 && is_due(s, NULL, i))
			ids[w.n++] = s->line_items.v[i].id;
	w.ids = ids;
	if (w.n)
		criteria_fetch(s, &w);
	mem_free(ids);
}

/* --- all of it, also over several runs --- */

static void key_of(const struct session *s, char *out, size_t cap)
{
	snprintf(out, cap, WHOLE_KEY " %s", s->account_id);
}

/* Later than any criteria that are there, so that what is read from now on can be told from them. */
static int64_t begin_whole(struct session *s, bool *goes_on)
{
	int64_t since = clock_wall_s(), earlier = 0;
	char key[100], text[24];
	struct buf b;

	key_of(s, key, sizeof key);
	buf_init(&b, 64);
	if (uistate_get(s->cfg.store, key, &b))
		earlier = strtoll(buf_str(&b), NULL, 10);
	buf_done(&b);
	*goes_on = earlier > since - RESUME_S && earlier <= since + RESUME_S;
	if (*goes_on)
		return earlier;
	for (size_t i = 0; i < s->n_counts; i++)
		if (was_read_since(&s->counts[i], since))
			since = s->counts[i].fetched_at + 1;
	snprintf(text, sizeof text, "%lld", (long long)since);
	uistate_put(s->cfg.store, key, text, NULL);
	return since;
}

static void end_whole(struct session *s)
{
	char key[100];

	key_of(s, key, sizeof key);
	uistate_put(s->cfg.store, key, NULL, NULL);
}

/* --- steps --- */

static bool lists_loading(const struct session *s)
{
	for (size_t i = 0; i < N_LISTS; i++)
		if (s->loads[lists[i]].state.loading)
			return true;
	return false;
}

static const struct errinfo *failed_list(const struct session *s)
{
	for (size_t i = 0; i < N_LISTS; i++)
		if (s->loads[lists[i]].state.ei.code)
			return &s->loads[lists[i]].state.ei;
	return NULL;
}

/* Criteria count when the sync asked for some: an earlier reading that failed is not its failure. */
static const struct errinfo *failure(const struct session *s)
{
	const struct errinfo *criteria = &s->loads[DATA_CRITERIA].state.ei;
	const struct errinfo *list = failed_list(s);

	return list ? list : s->sync->result.read && criteria->code ? criteria : NULL;
}

static void end(struct session *s, struct sync *y, const struct errinfo *why)
{
	y->phase = SYNC_IDLE;
	y->result.done = true;
	y->result.ei = why ? *why : (struct errinfo){0};
	y->result.took_ms = clock_mono_ms() - y->began_ms;
	y->result.requests = api_stats(s->api).sent - y->sent_before;
	if (y->whole && !why)
		end_whole(s);
	session_notify(s, DATA_BIT(DATA_STATUS));
}

void sync_step(struct session *s)
{
	struct sync *y = s->sync;
	struct errinfo ei = {0};
	enum err err;

	if (!y || !s->api)
		return;
	if (y->phase == SYNC_LISTS && !lists_loading(s)) {
		y->phase = SYNC_CRITERIA;
		err = failed_list(s) ? ERR_OK : read_criteria(s, y);
		if (err) {
			err_set(&ei, err, "the criteria cannot be asked for");
			end(s, y, &ei);
			return;
		}
	}
	if (y->phase == SYNC_CRITERIA && !s->jobs)
		end(s, y, failure(s));
}

enum err session_sync(struct session *s, bool whole, enum req_priority priority, struct errinfo *ei)
{
	struct sync *y = s->sync;
	bool goes_on = false;

	if (!s->api)
		return err_set(ei, ERR_NETWORK, "there is no network");
	if (!s->account_id[0])
		return err_set(ei, ERR_REFUSED, "no account is open");
	if (y && y->phase)
		return err_set(ei, ERR_REFUSED, "it is being read already");
	if (!y)
		y = s->sync = mem_zalloc(sizeof *y);
	if (!y)
		return err_set(ei, ERR_NOMEM, "out of memory");
	*y = (struct sync){.phase = SYNC_LISTS,
	    .whole = whole,
	    .priority = priority,
	    .began_ms = clock_mono_ms(),
	    .sent_before = api_stats(s->api).sent};
	lists_load_rest(s);
	if (whole)
		y->since = begin_whole(s, &goes_on);
	for (size_t i = 0; i < N_LISTS; i++)
		if (whole && (!goes_on || s->loads[lists[i]].state.fetched_at < y->since))
			session_refresh_whole(s, lists[i]);
		else
			session_refresh(s, lists[i]);
	session_notify(s, DATA_BIT(DATA_STATUS));
	return ERR_OK;
}

const struct sync_result *session_sync_result(const struct session *s)
{
	return s->sync && s->sync->result.done ? &s->sync->result : NULL;
}

bool session_syncing(const struct session *s)
{
	return s->sync && s->sync->phase;
}

void sync_forget(struct session *s)
{
	mem_free(s->sync);
	s->sync = NULL;
}

/* --- how far it is --- */

/* Pages that a group still has: by what was known of its line items, else by the others' average. */
static size_t pages_left(const struct criteria_job *job, double average)
{
	double rows = (double)job->known_rows + (double)job->unknown * average - (double)job->rows;

	return rows > PAGE_ROWS ? (size_t)((rows + PAGE_ROWS - 1) / PAGE_ROWS) : 1;
}

static double average_criteria(const struct session *s)
{
	double rows = 0, line_items = 0;

	for (size_t i = 0; i < s->n_counts; i++)
		if (s->counts[i].n >= 0) {
			rows += s->counts[i].n;
			line_items++;
		}
	return line_items > 0 ? rows / line_items : 1;
}

/* Until the budget of criteria has let so many requests through. */
static int64_t budget_wait_ms(const struct session *s, size_t requests)
{
	struct api_budget b[64];
	size_t n = api_budgets(s->api, b, sizeof b / sizeof *b);
	int64_t now = clock_wall_s() + api_stats(s->api).clock_skew_s;

	for (size_t i = 0; i < n && i < sizeof b / sizeof *b; i++) {
		int64_t may, left;

		if (strcmp(b[i].name, "criteria reads") != 0 || !b[i].known || b[i].limit < 5 ||
		    strcmp(b[i].account, s->account_id) != 0)
			continue;
		may = b[i].limit - b[i].limit / 5; /* the rest is kept for settling */
		left = (int64_t)requests - (b[i].remaining - b[i].limit / 5);
		if (left <= 0)
			return 0;
		return (b[i].reset_wall_s - now + (left - 1) / may * 900) * 1000;
	}
	return 0;
}

struct sync_progress session_progress(const struct session *s)
{
	struct sync_progress p = {.ms_left = -1,
	    .line_items = s->progress.line_items,
	    .line_items_done = s->progress.done,
	    .rows = s->progress.rows,
	    .requests = s->progress.requests};
	double average = 0;
	int64_t took;

	p.active = s->jobs != NULL;
	for (int k = DATA_ACCOUNTS; k <= DATA_USERS; k++)
		if (s->loads[k].state.loading) {
			p.active = true;
			p.lists++;
			p.list_rows += s->loads[k].state.rows;
		}
	if (!s->jobs || !s->api)
		return p;
	average = average_criteria(s);
	for (const struct criteria_job *job = s->jobs; job; job = job->next)
		p.requests_left += pages_left(job, average);
	took = clock_mono_ms() - s->progress.began_ms;
	if (p.requests) {
		int64_t wait = budget_wait_ms(s, p.requests_left);

		p.ms_left = took * (int64_t)p.requests_left / (int64_t)p.requests;
		if (wait > p.ms_left)
			p.ms_left = wait;
	}
	return p;
}
