/* Criteria of line items: read in groups of 200 line items, several groups at a time, what the user
 * waits for before what is only counted. A group that an earlier run was stopped in goes on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "store/journal.h"
#include "session/applying.h"
#include "session/internal.h"

#define REST_MS 200 /* scrolling past rows must not cost requests */
#define SLICE_MS 2 /* of writing in one turn, when no key waits */
#define PROGRESS_MS 50
#define AT_ONCE 4 /* groups that are read; more requests are not under way anyhow (api/request.h) */
#define WRITTEN_AT_ONCE 2 /* groups that are complete wait for the disk, so many at most */

static void start_next(struct session *s);
static void finish_soon(struct session *s);

/* --- jobs --- */

static void drop_pages(struct criteria_job *job)
{
	for (size_t i = 0; i < job->n_pages; i++)
		criterion_set_done(&job->pages[i]);
	job->n_pages = job->rows = 0;
}

static void free_job(struct criteria_job *job)
{
	snapshot_finish_free(job->finish);
	drop_pages(job);
	mem_free(job->pages);
	mem_free(job->versions);
	mem_free(job->ids);
	mem_free(job);
}

static struct criteria_job *new_job(struct session *s, enum req_priority priority)
{
	struct criteria_job *job = mem_zalloc(sizeof *job);

	if (!job)
		return NULL;
	job->session = s;
	job->priority = priority;
	job->ids = mem_array(CRITERIA_GROUP, sizeof *job->ids);
	job->versions = mem_array(CRITERIA_GROUP, sizeof *job->versions);
	if (job->ids && job->versions)
		return job;
	free_job(job);
	return NULL;
}

static void add_id(struct criteria_job *job, const char *id, int64_t version)
{
	snprintf(job->ids[job->n], sizeof *job->ids, "%s", id);
	job->versions[job->n++] = version;
}

static enum err add_page(struct criteria_job *job, struct criterion_set *page)
{
	struct criterion_set *more =
	    mem_realloc_array(job->pages, job->n_pages + 1, sizeof *job->pages);

	if (!more)
		return ERR_NOMEM;
	job->pages = more;
	job->rows += page->n;
	job->pages[job->n_pages++] = *page;
	criterion_set_init(page); /* ours now */
	return ERR_OK;
}

static int64_t version_of(const struct session *s, const char *id)
{
	const struct line_item *li = session_line_item(s, id);

	return li ? li->updated_at : 0;
}

/* --- into the snapshot --- */

/* The counts of these line items only: a walk over those of a large account is not for every page. */
static enum err recount(struct session *s, const char *const *ids, size_t n, struct errinfo *ei)
{
	struct line_item *items = mem_array(n, sizeof *items);
	struct snapshot_count *counts = mem_array(n, sizeof *counts);
	struct line_item_set set = {.v = items, .n = n};
	enum err err = items && counts ? ERR_OK : err_set(ei, ERR_NOMEM, "no memory for criteria");
	uint64_t row;

	for (size_t i = 0; !err && i < n; i++)
		items[i].id = ids[i];
	if (!err)
		err = snapshot_counts(s->cfg.store, s->account_id, &set, counts, ei);
	for (size_t i = 0; !err && i < n; i++)
		if (map_get(&s->line_item_rows, ids[i], &row) && row < s->n_counts)
			s->counts[row] = counts[i];
	mem_free(items);
	mem_free(counts);
	return err;
}

static void describe(const struct session *s, const struct criteria_job *job, const char **ids,
    struct snapshot_criteria *out)
{
	for (size_t i = 0; i < job->n; i++)
		ids[i] = job->ids[i];
	*out = (struct snapshot_criteria){.account = s->account_id,
	    .line_items = ids,
	    .n_line_items = job->n,
	    .criteria = job->pages,
	    .n_sets = job->n_pages,
	    .versions = job->versions};
}

/* One piece of a group that is complete; job->finish says whether it was the last. */
static enum err keep_some(struct session *s, struct criteria_job *job, struct errinfo *ei)
{
	const char *ids[CRITERIA_GROUP];
	struct journal_point at = job->group.at;
	struct snapshot_criteria c;
	enum err err;

	describe(s, job, ids, &c);
	if (!job->finish)
		job->finish = snapshot_finish_new(&c, ei);
	if (!job->finish)
		return ERR_NOMEM;
	err = snapshot_finish_step(s->cfg.store, job->finish, &job->group, &c, ei);
	if (err || !snapshot_finish_over(job->finish))
		return err;
	applying_saw(s, ids, job->n, &at);
	return recount(s, ids, job->n, ei);
}

/* --- from the API --- */

static void take_out(struct session *s, struct criteria_job *job)
{
	struct criteria_job **at = &s->jobs;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
}

/* The job is over. */
static void end_job(struct session *s, struct criteria_job *job, const struct errinfo *why)
{
	struct data_state *state = &s->loads[DATA_CRITERIA].state;

	s->progress.done += job->n;
	s->progress.requests += job->complete;
	take_out(s, job);
	free_job(job);
	if (why->code)
		state->ei = *why;
	else
		state->fetched_at = clock_wall_s();
	state->known = true;
	state->loading = s->jobs != NULL;
	start_next(s);
	session_notify(s, DATA_BIT(DATA_CRITERIA));
}

/* The user's first. */
static struct criteria_job *complete_job(const struct session *s)
{
	struct criteria_job *best = NULL;

	for (struct criteria_job *j = s->jobs; j; j = j->next)
		if (j->complete && (!best || j->priority < best->priority))
			best = j;
	return best;
}

/* A group of 200 line items that is written at once would hold up keys. */
static void finish_some(struct loop *l, void *user)
{
	int64_t until = clock_mono_ms() + SLICE_MS;
	struct session *s = user;
	struct criteria_job *job;

	s->finishing = (struct timer_id){0};
	while ((job = complete_job(s))) {
		struct errinfo ei = {0};

		if (keep_some(s, job, &ei) && !ei.code)
			err_set(&ei, ERR_STORE, "criteria could not be kept");
		if (ei.code || snapshot_finish_over(job->finish))
			end_job(s, job, &ei);
		if (clock_mono_ms() >= until || loop_input_waits(l))
			break;
	}
	finish_soon(s);
}

static void finish_soon(struct session *s)
{
	struct criteria_job *job;

	while (!s->finishing.gen && (job = complete_job(s))) {
		struct errinfo ei;

		s->finishing = loop_timer(s->cfg.loop, 0, finish_some, s);
		if (s->finishing.gen)
			break;
		err_set(&ei, ERR_NOMEM, "no memory for criteria");
		end_job(s, job, &ei);
	}
}

static void finish(struct session *s, struct criteria_job *job, const struct errinfo *why)
{
	if (why->code) {
		end_job(s, job, why);
		return;
	}
	job->complete = true;
	finish_soon(s);
	start_next(s);
}

static void on_page(struct req_id id, struct api_result *res, void *user);

static void start(struct session *s, struct criteria_job *job)
{
	struct api_call call = session_call(s, on_page, job, job->priority);
	const char *ids[CRITERIA_GROUP];
	struct criteria_query q = {.account_id = s->account_id,
	    .line_item_ids = ids,
	    .n_line_items = job->n,
	    .cursor = job->group.cursor};

	for (size_t i = 0; i < job->n; i++)
		ids[i] = job->ids[i];
	snapshot_group_begin(s->cfg.store, &job->group);
	job->resumed = job->group.cursor[0] != '\0';
	job->req = api_criteria(s->api, &q, &call);
	if (!job->req.gen) {
		struct errinfo ei;

		err_set(&ei, ERR_NOMEM, "no memory for a request");
		finish(s, job, &ei);
	}
}

/* The cursor of an earlier run is not accepted any more. */
static void start_anew(struct session *s, struct criteria_job *job)
{
	snapshot_group_drop(s->cfg.store, &job->group);
	drop_pages(job);
	start(s, job);
}

/* Hundreds of pages a second do not want a frame each; the end of a job is always told. */
static void tell_progress(struct session *s)
{
	if (clock_mono_ms() < s->told_ms + PROGRESS_MS)
		return;
	s->told_ms = clock_mono_ms();
	session_notify(s, DATA_BIT(DATA_STATUS));
}

static enum err take_page(
    struct session *s, struct criteria_job *job, struct api_result *res, struct errinfo *ei)
{
	const char *ids[CRITERIA_GROUP];
	struct snapshot_criteria c;
	enum err err;

	s->progress.requests += !res->last; /* the last one counts once all is written */
	s->progress.rows += res->criteria.n;
	s->loads[DATA_CRITERIA].state.rows += res->criteria.n;
	if (add_page(job, &res->criteria))
		return err_set(ei, ERR_NOMEM, "no memory for criteria");
	if (res->last)
		return ERR_OK;
	describe(s, job, ids, &c);
	err = snapshot_group_keep(
	    s->cfg.store, &job->group, &c, &job->pages[job->n_pages - 1], res->next_cursor, ei);
	tell_progress(s);
	return err;
}

static void on_page(struct req_id id, struct api_result *res, void *user)
{
	struct criteria_job *job = user;
	struct session *s = job->session;
	struct errinfo ei = {0};

	if (!req_same(id, job->req))
		return;
	if (res->err == ERR_INVALID && job->resumed && res->page == 0) {
		start_anew(s, job);
		return;
	}
	if (res->err) {
		finish(s, job, &res->ei);
		return;
	}
	take_page(s, job, res, &ei);
	if (ei.code)
		req_cancel(s->api, id);
	if (ei.code || res->last)
		finish(s, job, &ei);
}

/* Groups that are complete do not hold up the network, unless the disk is that much slower. */
static void start_next(struct session *s)
{
	struct criteria_job *job = s->jobs, *next;
	size_t reading = 0, complete = 0;

	/* those that are begun are at the head */
	for (; job && reading < AT_ONCE; job = next) {
		next = job->next;
		if (job->complete && ++complete == WRITTEN_AT_ONCE)
			return;
		if (job->complete)
			continue;
		reading++;
		if (!job->req.gen)
			start(s, job);
	}
}

static void expect(struct session *s, struct criteria_job *job)
{
	uint64_t row;

	for (size_t i = 0; i < job->n; i++) {
		bool known = map_get(&s->line_item_rows, job->ids[i], &row) && row < s->n_counts &&
			     s->counts[row].n >= 0;

		if (known)
			job->known_rows += (size_t)s->counts[row].n;
		else
			job->unknown++;
	}
}

/* Background jobs wait at the end, the user's go behind those that are under way. What the user
 * waits for does not wait for jobs in the background. */
static void enqueue(struct session *s, struct criteria_job *job)
{
	struct criteria_job **at = &s->jobs;

	while (*at &&
	       (job->priority == REQ_BACKGROUND || (*at)->req.gen || (*at)->priority == REQ_USER))
		at = &(*at)->next;
	job->next = *at;
	*at = job;
	expect(s, job);
	s->loads[DATA_CRITERIA].state.loading = true;
	s->progress.line_items += job->n;
}

/* --- what is asked for --- */

enum { ID_WAITS = 1, ID_COMES }; /* in a job that is not begun, in one that is */

struct asking {
	struct session *s;
	const struct criteria_wish *w;
	struct map ids; /* that are in jobs */
	struct criteria_job *job; /* being filled */
};

/* Who asks for what there is now is not answered by a reading that began before the last posting. */
static bool is_behind(const struct criteria_job *job, const struct journal_point *now)
{
	return job->req.gen && job->group.at.seq < now->seq;
}

static enum err index_jobs(struct asking *a)
{
	struct journal_point now = journal_now(a->s->cfg.store);
	enum err err = ERR_OK;

	for (const struct criteria_job *job = a->s->jobs; job && !err; job = job->next) {
		if (!a->w->max_age_s && is_behind(job, &now))
			continue;
		for (size_t i = 0; i < job->n && !err; i++)
			err = map_put(&a->ids, job->ids[i], job->req.gen ? ID_COMES : ID_WAITS);
	}
	return err;
}

/* The line item leaves the job in which it waits: it is asked for now. */
static void hurry(struct session *s, const char *id)
{
	for (struct criteria_job *job = s->jobs; job; job = job->next)
		for (size_t i = 0; i < job->n && !job->req.gen && !job->group.id; i++)
			if (strcmp(job->ids[i], id) == 0) {
				job->n--;
				memmove(job->ids + i, job->ids + i + 1,
				    (job->n - i) * sizeof *job->ids);
				memmove(job->versions + i, job->versions + i + 1,
				    (job->n - i) * sizeof *job->versions);
				s->progress.line_items--;
				if (job->n == 0) {
					take_out(s, job);
					free_job(job);
				}
				return;
			}
}

static bool is_old(const struct session *s, const char *id, int64_t max_age_s)
{
	enum { DAY_S = 24 * 3600 };
	uint64_t row;
	int64_t age;

	if (!max_age_s || !map_get(&s->line_item_rows, id, &row) || row >= s->n_counts)
		return true;
	age = clock_wall_s() - s->counts[row].fetched_at;
	/* from tomorrow: the clock was set back, and nobody knows how old it is */
	return s->counts[row].n < 0 || age < -DAY_S || age >= max_age_s;
}

static bool is_wanted(struct asking *a, const char *id)
{
	uint64_t where = 0;

	if (!is_old(a->s, id, a->w->max_age_s))
		return false;
	if (map_get(&a->ids, id, &where) && (where == ID_COMES || a->w->priority == REQ_BACKGROUND))
		return false;
	if (where == ID_WAITS)
		hurry(a->s, id);
	return true;
}

static enum err ask_for(struct asking *a, const char *id)
{
	if (!is_wanted(a, id))
		return ERR_OK;
	if (!a->job)
		a->job = new_job(a->s, a->w->priority);
	if (!a->job || map_put(&a->ids, id, ID_COMES))
		return ERR_NOMEM;
	add_id(a->job, id, version_of(a->s, id));
	a->job->group.began = a->w->read_at > clock_wall_s() ? a->w->read_at : 0;
	if (a->job->n == CRITERIA_GROUP) {
		enqueue(a->s, a->job);
		a->job = NULL;
	}
	return ERR_OK;
}

/* --- groups that an earlier run was stopped in --- */

/* "id=version,id=version" into the job; false when it is not one of ours. */
static bool read_names(struct criteria_job *job, const char *p)
{
	while (*p && job->n < CRITERIA_GROUP) {
		size_t n = strcspn(p, "=");
		char id[65], *end;

		if (p[n] != '=' || n >= sizeof id)
			return false;
		snprintf(id, sizeof id, "%.*s", (int)n, p);
		add_id(job, id, strtoll(p + n + 1, &end, 10));
		p = *end == ',' ? end + 1 : end;
	}
	return job->n > 0 && !*p;
}

/* Did the run that was stopped write this line item already, as part of the group? */
static bool was_written(const struct session *s, const char *id, const struct snapshot_group *g)
{
	uint64_t row;

	return map_get(&s->line_item_rows, id, &row) && row < s->n_counts &&
	       s->counts[row].n >= 0 && s->counts[row].fetched_at == g->began;
}

/* Is all of the group that is not there yet asked for, and nothing of it under way? */
static bool fits(const struct asking *a, const struct criteria_job *job,
    const struct snapshot_group *g, const struct map *asked)
{
	for (size_t i = 0; i < job->n; i++) {
		const char *id = job->ids[i];

		if (map_get(&a->ids, id, NULL))
			return false;
		if (!map_get(asked, id, NULL) && !was_written(a->s, id, g))
			return false;
	}
	return true;
}

static enum err go_on_with(
    struct asking *a, const struct snapshot_group *g, const char *names, const struct map *asked)
{
	struct criteria_job *job = new_job(a->s, a->w->priority);
	struct criterion_set kept;
	enum err err = job ? ERR_OK : ERR_NOMEM;

	criterion_set_init(&kept);
	if (err || !read_names(job, names) || !fits(a, job, g, asked) ||
	    snapshot_group_load(a->s->cfg.store, g, &kept, NULL)) {
		criterion_set_done(&kept);
		if (job)
			free_job(job);
		return err;
	}
	job->group = *g;
	err = add_page(job, &kept);
	for (size_t i = 0; i < job->n && !err; i++)
		err = map_put(&a->ids, job->ids[i], ID_COMES);
	if (err)
		free_job(job);
	else
		enqueue(a->s, job);
	return err;
}

static enum err go_on(struct asking *a)
{
	struct store *store = a->s->cfg.store;
	struct snapshot_group g;
	struct buf names;
	struct map asked;
	enum err err = ERR_OK;

	if (!a->w->resume_since)
		return ERR_OK;
	map_init(&asked);
	buf_init(&names, 1024 * 1024);
	for (size_t i = 0; i < a->w->n && !err; i++)
		err = map_put(&asked, a->w->ids[i], i);
	for (size_t i = 0; !err && snapshot_group_at(store, a->s->account_id, i, &g, &names); i++)
		if (g.began >= a->w->resume_since)
			err = go_on_with(a, &g, buf_str(&names), &asked);
	buf_done(&names);
	map_done(&asked);
	return err;
}

enum err criteria_fetch(struct session *s, const struct criteria_wish *w)
{
	struct asking a = {.s = s, .w = w};
	enum err err;

	if (!s->api)
		return ERR_NETWORK;
	if (!s->jobs) {
		s->progress = (struct criteria_progress){.began_ms = clock_mono_ms()};
		s->loads[DATA_CRITERIA].state.rows = 0;
		s->loads[DATA_CRITERIA].state.ei.code = ERR_OK;
	}
	map_init(&a.ids);
	err = index_jobs(&a);
	if (!err)
		err = go_on(&a);
	for (size_t i = 0; i < w->n && !err; i++)
		err = ask_for(&a, w->ids[i]);
	if (a.job)
		enqueue(s, a.job);
	map_done(&a.ids);
	start_next(s);
	session_notify(s, DATA_BIT(DATA_STATUS));
	return err;
}

enum err session_fetch_criteria(struct session *s, const char *const *ids, size_t n,
    int64_t max_age_s, enum req_priority priority)
{
	return criteria_fetch(
	    s, &(struct criteria_wish){
		   .ids = ids, .n = n, .max_age_s = max_age_s, .priority = priority});
}

static void ask_for_wanted(struct loop *l, void *user)
{
	struct session *s = user;
	const char *ids[CRITERIA_GROUP];

	(void)l;
	s->want_timer = (struct timer_id){0};
	for (size_t i = 0; i < s->n_want; i++)
		ids[i] = s->want[i];
	/* what is looked at goes before what is read in the background */
	session_fetch_criteria(s, ids, s->n_want, INT64_MAX, s->jobs ? REQ_USER : REQ_BACKGROUND);
	session_notify(s, DATA_BIT(DATA_STATUS));
}

static bool is_same_wish(const struct session *s, const char *const *ids, size_t n)
{
	if (n != s->n_want)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(s->want[i], ids[i]) != 0)
			return false;
	return true;
}

void session_want_criteria(struct session *s, const char *const *ids, size_t n)
{
	if (!s->api || n == 0)
		return;
	if (n > CRITERIA_GROUP)
		n = CRITERIA_GROUP;
	if (s->jobs && is_same_wish(s, ids, n))
		return; /* it is on its way */
	if (!s->want)
		s->want = mem_array(CRITERIA_GROUP, sizeof *s->want);
	if (!s->want)
		return; /* the counts stay unknown: a comfort, not a promise */
	s->n_want = n;
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
	loop_timer_cancel(s->cfg.loop, s->finishing);
	s->finishing = (struct timer_id){0};
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
