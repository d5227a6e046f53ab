/* Criteria of line items: read in groups of 200 line items, one group after another, what the user
 * waits for before what is only counted. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "views/applying.h"
#include "views/internal.h"

#define REST_MS 200 /* scrolling past rows must not cost requests */

static void start_next(struct session *s);

static void free_job(struct criteria_job *job)
{
	criterion_set_done(&job->got);
	mem_free(job->ids);
	mem_free(job);
}

static enum err keep(struct session *s, struct criteria_job *job, struct errinfo *ei)
{
	const char **ids = mem_array(job->n, sizeof *ids);
	struct snapshot_criteria c = {s->account_id, ids, job->n, &job->got};
	enum err err;

	if (!ids)
		return err_set(ei, ERR_NOMEM, "no memory for criteria");
	for (size_t i = 0; i < job->n; i++)
		ids[i] = job->ids[i];
	err = snapshot_put_criteria(s->cfg.store, &c, ei);
	if (!err)
		applying_saw(s, ids, job->n);
	mem_free(ids);
	if (!err)
		err = lists_recount(s, ei);
	return err;
}

static void finish(struct session *s, const struct errinfo *why)
{
	struct criteria_job *job = s->jobs;
	struct data_state *state = &s->loads[DATA_CRITERIA].state;
	struct errinfo ei = *why;

	if (!ei.code)
		keep(s, job, &ei);
	s->jobs = job->next;
	free_job(job);
	state->ei = ei;
	state->known = true;
	state->loading = s->jobs != NULL;
	if (!ei.code)
		state->fetched_at = clock_wall_s();
	if (s->jobs)
		start_next(s);
	session_notify(s, DATA_BIT(DATA_CRITERIA));
}

static void on_page(struct req_id id, struct api_result *res, void *user)
{
	struct criteria_job *job = user;
	struct session *s = job->session;
	struct errinfo ei = {0};

	if (s->jobs != job || !req_same(id, job->req))
		return;
	if (res->err) {
		finish(s, &res->ei);
		return;
	}
	for (size_t i = 0; i < res->criteria.n && !ei.code; i++)
		if (!criterion_set_copy(&job->got, &res->criteria.v[i]))
			err_set(&ei, ERR_NOMEM, "no memory for criteria");
	s->loads[DATA_CRITERIA].state.rows += res->criteria.n;
	if (ei.code)
		req_cancel(s->api, id);
	if (ei.code || res->last)
		finish(s, &ei);
}

static void start_next(struct session *s)
{
	struct criteria_job *job = s->jobs;
	struct api_call call = session_call(s, on_page, job, job->priority);
	const char *ids[CRITERIA_GROUP];
	struct criteria_query q = {
	    .account_id = s->account_id, .line_item_ids = ids, .n_line_items = job->n};

	for (size_t i = 0; i < job->n; i++)
		ids[i] = job->ids[i];
	job->req = api_criteria(s->api, &q, &call);
	if (!job->req.gen) {
		struct errinfo ei;

		err_set(&ei, ERR_NOMEM, "no memory for a request");
		finish(s, &ei);
	}
}

/* Background jobs wait at the end, the user's go behind the one that is under way. */
static void enqueue(struct session *s, struct criteria_job *job)
{
	struct criteria_job **at = &s->jobs;

	while (*at &&
	       (job->priority == REQ_BACKGROUND || at == &s->jobs || (*at)->priority == REQ_USER))
		at = &(*at)->next;
	job->next = *at;
	*at = job;
	s->loads[DATA_CRITERIA].state.loading = true;
	if (s->jobs == job)
		start_next(s);
}

static bool is_wanted(struct session *s, const char *id, int64_t max_age_s)
{
	uint64_t row;

	for (const struct criteria_job *job = s->jobs; job; job = job->next)
		for (size_t i = 0; i < job->n; i++)
			if (strcmp(job->ids[i], id) == 0)
				return false;
	if (!max_age_s || !map_get(&s->line_item_rows, id, &row) || row >= s->n_counts)
		return true;
	return s->counts[row].n < 0 || clock_wall_s() - s->counts[row].fetched_at >= max_age_s;
}

enum err session_fetch_criteria(struct session *s, const char *const *ids, size_t n,
    int64_t max_age_s, enum req_priority priority)
{
	struct criteria_job *job = NULL;

	if (!s->api)
		return ERR_NETWORK;
	if (!s->jobs)
		s->loads[DATA_CRITERIA].state.rows = 0;
	for (size_t i = 0; i < n; i++) {
		if (!is_wanted(s, ids[i], max_age_s))
			continue;
		if (!job) {
			job = mem_zalloc(sizeof *job);
			if (job)
				job->ids = mem_array(CRITERIA_GROUP, sizeof *job->ids);
			if (!job || !job->ids) {
				mem_free(job);
				return ERR_NOMEM;
			}
			job->session = s;
			job->priority = priority;
			criterion_set_init(&job->got);
		}
		snprintf(job->ids[job->n++], sizeof *job->ids, "%s", ids[i]);
		if (job->n == CRITERIA_GROUP) {
			enqueue(s, job);
			job = NULL;
		}
	}
	if (job)
		enqueue(s, job);
	session_notify(s, DATA_BIT(DATA_STATUS));
	return ERR_OK;
}

static void ask_for_wanted(struct loop *l, void *user)
{
	struct session *s = user;
	const char *ids[CRITERIA_GROUP];

	(void)l;
	s->want_timer = (struct timer_id){0};
	for (size_t i = 0; i < s->n_want; i++)
		ids[i] = s->want[i];
	session_fetch_criteria(s, ids, s->n_want, INT64_MAX, REQ_BACKGROUND);
	s->n_want = 0;
	session_notify(s, DATA_BIT(DATA_STATUS));
}

void session_want_criteria(struct session *s, const char *const *ids, size_t n)
{
	if (!s->api || s->jobs || n == 0)
		return;
	if (!s->want)
		s->want = mem_array(CRITERIA_GROUP, sizeof *s->want);
	if (!s->want)
		return; /* the counts stay unknown: a comfort, not a promise */
	s->n_want = n < CRITERIA_GROUP ? n : CRITERIA_GROUP;
	for (size_t i = 0; i < s->n_want; i++)
		snprintf(s->want[i], sizeof *s->want, "%s", ids[i]);
	loop_timer_cancel(s->cfg.loop, s->want_timer);
	s->want_timer = loop_timer(s->cfg.loop, REST_MS, ask_for_wanted, s);
}

bool session_criteria_loading(const struct session *s)
{
	return s->jobs != NULL;
}

void criteria_forget(struct session *s)
{
	loop_timer_cancel(s->cfg.loop, s->want_timer);
	s->want_timer = (struct timer_id){0};
	mem_free(s->want);
	s->want = NULL;
	s->n_want = 0;
	while (s->jobs) {
		struct criteria_job *job = s->jobs;

		if (job->req.gen && s->api)
			req_cancel(s->api, job->req);
		s->jobs = job->next;
		free_job(job);
	}
	s->loads[DATA_CRITERIA].state = (struct data_state){0};
}

enum err session_criteria(struct session *s, const char *const *ids, size_t n,
    struct criterion_set *out, size_t *unknown, struct errinfo *ei)
{
	*unknown = 0;
	for (size_t i = 0; i < n; i++) {
		enum err err = snapshot_get_criteria(s->cfg.store, s->account_id, ids[i], out, ei);

		if (err == ERR_NOTFOUND)
			(*unknown)++;
		else if (err)
			return err;
	}
	return ERR_OK;
}
