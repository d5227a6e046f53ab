/* How many requests a sync costs, counted at the server, and that one which was stopped goes on:
 * killed behind every page, the second run reads what the first had not, and both copies are equal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/mem.h"
#include "config/paths.h"
#include "tests/flow/harness.h"
#include "session/internal.h"
#include "session/sync.h"

#define ACCOUNT "18ce5bulk01"
#define LINE_ITEMS 1010
#define CRITERIA 11
#define GROUP 200
#define PAGE 1000

static struct sandbox server;
static char home[64];

/* --- a client with a store of its own --- */

struct client {
	struct loop *loop;
	struct store *store;
	struct session *session;
};

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void forget_home(void)
{
	if (home[0])
		nftw(home, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	home[0] = '\0';
}

static void new_home(void)
{
	forget_home();
	snprintf(home, sizeof home, "/tmp/reticle-sync-XXXXXX");
	assert_non_null(mkdtemp(home));
	setenv("HOME", home, 1);
	setenv("XDG_RUNTIME_DIR", home, 1);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("XDG_STATE_HOME");
	unsetenv("XDG_CACHE_HOME");
}

static struct client client_open(void)
{
	struct client c = {.loop = loop_new()};
	struct api_config net = sandbox_config(&server);
	struct session_config cfg = {
	    .loop = c.loop, .account = ACCOUNT, .cache_days = 7, .batch_size = 500, .lazy = true};
	struct errinfo ei = {0};
	struct paths p;

	assert_int_equal(paths_init(&p, "test", &ei), ERR_OK);
	c.store = store_open(&p, &ei);
	assert_non_null(c.store);
	assert_int_equal(store_bind(c.store, "sandbox", "12", &ei), ERR_OK);
	cfg.store = c.store;
	c.session = session_new(&cfg, &ei);
	assert_non_null(c.session);
	session_start(c.session);
	assert_int_equal(session_connect(c.session, &net, &ei), ERR_OK);
	return c;
}

static void client_close(struct client *c)
{
	session_free(c->session);
	store_close(c->store);
	loop_free(c->loop);
}

static size_t pages_stored(const struct session *s, size_t *of_lists)
{
	size_t rows = s->loads[DATA_LINE_ITEMS].state.rows;

	*of_lists = rows ? (rows + PAGE - 1) / PAGE : 0;
	return s->progress.requests;
}

static void run_sync(struct client *c, bool whole)
{
	int64_t until = clock_mono_ms() + 120000;

	assert_int_equal(session_sync(c->session, whole, REQ_USER, NULL), ERR_OK);
	while (session_busy(c->session)) {
		loop_turn(c->loop, 50);
		assert_true(clock_mono_ms() < until);
	}
	assert_non_null(session_sync_result(c->session));
	assert_int_equal(session_sync_result(c->session)->ei.code, ERR_OK);
}

/* A digest of all that the snapshot has: line items in their order, criteria in theirs. */
static uint64_t digest(const struct client *c)
{
	const struct line_item_set *items = session_line_items(c->session);
	struct criterion_set set;
	uint64_t h = items->n;

	for (size_t i = 0; i < items->n; i++) {
		criterion_set_init(&set);
		h = h * 1099511628211u ^ map_hash(items->v[i].id);
		h = h * 1099511628211u ^ (uint64_t)items->v[i].updated_at;
		assert_int_equal(
		    snapshot_get_criteria(c->store, ACCOUNT, items->v[i].id, &set, NULL), ERR_OK);
		for (size_t k = 0; k < set.n; k++) {
			h = h * 1099511628211u ^ map_hash(set.v[k].id);
			h = h * 1099511628211u ^ map_hash(set.v[k].value);
		}
		criterion_set_done(&set);
	}
	return h;
}

static unsigned requests(const char *path)
{
	return ledger_count(&server, "GET", path);
}

static void forget_requests(void)
{
	free(control_delete(&server, "/__sandbox/ledger"));
}

static uint64_t sync_once(bool whole)
{
	struct client c = client_open();
	uint64_t h;

	run_sync(&c, whole);
	h = digest(&c);
	client_close(&c);
	return h;
}

/* What the API allows at the least: 1,000 rows a page, 200 line items a request of criteria. */
static unsigned least_criteria_pages(const struct client *c)
{
	const struct line_item_set *items = session_line_items(c->session);
	unsigned n = 0;

	for (size_t i = 0; i < items->n; i += GROUP) {
		unsigned rows = 0;

		for (size_t k = i; k < i + GROUP && k < items->n; k++)
			rows += (unsigned)session_count(c->session, k).n;
		n += rows > PAGE ? (rows + PAGE - 1) / PAGE : 1;
	}
	return n;
}

/* --- P7 --- */

#define LIST_KINDS 6u /* access, campaigns, line items, owned and shared audiences, users */

static void a_sync_costs_no_request_too_many(void **state)
{
	const unsigned item_pages = (LINE_ITEMS + PAGE - 1) / PAGE;
	struct client c;
	char id[65], edit[256];
	uint64_t before, after;

	(void)state;
	new_home();
	forget_requests();
	c = client_open();
	run_sync(&c, false);
	assert_int_equal(session_line_items(c.session)->n, LINE_ITEMS);
	assert_true(least_criteria_pages(&c) > 2 * LINE_ITEMS / GROUP);
	assert_int_equal(requests("/targeting_criteria?"), least_criteria_pages(&c));
	assert_int_equal(requests("/line_items?"), item_pages);
	assert_int_equal(
	    requests("?"), 1 + LIST_KINDS - 1 + item_pages - 1 + least_criteria_pages(&c));
	snprintf(id, sizeof id, "%s", session_line_items(c.session)->v[700].id);
	client_close(&c);

	/* nothing changed: a page of each list */
	forget_requests();
	before = sync_once(false);
	assert_int_equal(requests(NULL), LIST_KINDS);
	assert_int_equal(requests("sort_by=updated_at-desc"), 1);

	/* one line item did: one request more */
	snprintf(edit, sizeof edit,
	    "{\"update\":{\"kind\":\"line_item\",\"id\":\"%s\",\"fields\":{\"name\":\"other\"}}}",
	    id);
	free(control_post(&server, "/__sandbox/edit", edit));
	forget_requests();
	after = sync_once(false);
	assert_int_not_equal(before, after);
	assert_int_equal(requests(NULL), LIST_KINDS + 1);
	forget_requests();
	assert_int_equal(sync_once(false), after);
	assert_int_equal(requests(NULL), LIST_KINDS);

	/* one was deleted: no request more, and it goes */
	snprintf(edit, sizeof edit,
	    "{\"update\":{\"kind\":\"line_item\",\"id\":\"%s\",\"fields\":{\"deleted\":true}}}",
	    id);
	free(control_post(&server, "/__sandbox/edit", edit));
	forget_requests();
	c = client_open();
	run_sync(&c, false);
	assert_int_equal(session_line_items(c.session)->n, LINE_ITEMS - 1);
	assert_null(session_line_item(c.session, id));
	client_close(&c);
	assert_int_equal(requests(NULL), LIST_KINDS);
}

/* --- stopped and begun again --- */

static void ignore_key(struct loop *l, int fd, short events, void *user)
{
	(void)l, (void)fd, (void)events, (void)user;
}

struct stored { /* what the run that was killed had on disk */
	size_t lists, criteria;
};

/* Runs in a child of its own: sync, and die as soon as so many pages are stored. */
static void sync_until(size_t pages, bool whole, struct stored *out)
{
	struct client c = client_open();

	session_sync(c.session, whole, REQ_USER, NULL);
	while (session_busy(c.session)) {
		loop_turn(c.loop, 50);
		out->criteria = pages_stored(c.session, &out->lists);
		if (out->lists + out->criteria >= pages)
			kill(getpid(), SIGKILL);
	}
	_exit(0);
}

/* A key that nobody reads: what can stop half way does so in every turn. */
static void hold_a_key(struct loop *l)
{
	int key[2];

	assert_int_equal(pipe(key), 0);
	assert_int_equal(write(key[1], "k", 1), 1);
	loop_watch(l, key[0], POLLIN, LOOP_INPUT, ignore_key, NULL);
}

/* The first line item of the group that is written in part, NULL: none is. */
static const char *written_in_part(const struct session *s)
{
	for (const struct criteria_job *job = s->jobs; job; job = job->next)
		if (job->finish && !snapshot_finish_over(job->finish))
			return job->ids[0];
	return NULL;
}

/* The same, to die between two pieces of the nth group that is complete. */
static void sync_into_group(size_t nth, bool whole, struct stored *out)
{
	struct client c = client_open();
	char last[65] = "";

	hold_a_key(c.loop);
	session_sync(c.session, whole, REQ_USER, NULL);
	while (session_busy(c.session)) {
		const char *group;

		loop_turn(c.loop, 50);
		group = written_in_part(c.session);
		out->criteria = pages_stored(c.session, &out->lists);
		if (!group || strcmp(group, last) == 0)
			continue;
		if (nth-- == 0)
			kill(getpid(), SIGKILL);
		snprintf(last, sizeof last, "%s", group);
	}
	_exit(0);
}

typedef void dying_fn(size_t when, bool whole, struct stored *out);

static struct stored killed_at(dying_fn *run, size_t when, bool whole)
{
	struct stored *out =
	    mmap(NULL, sizeof *out, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct stored got;
	int status;
	pid_t pid;

	assert_true(out != MAP_FAILED);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		run(when, whole, out);
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	got = *out;
	munmap(out, sizeof *out);
	return got;
}

static void goes_on_behind_pages(bool whole, size_t stride)
{
	const unsigned item_pages = (LINE_ITEMS + PAGE - 2) / PAGE; /* one was deleted before */
	uint64_t want;
	unsigned least;

	new_home();
	want = sync_once(false);
	forget_requests();
	if (!whole)
		new_home();
	assert_true(sync_once(whole) == want);
	least = requests("/targeting_criteria?");
	for (size_t page = 1; page < item_pages + least; page += stride) {
		struct stored first;
		unsigned items;

		new_home();
		if (whole)
			sync_once(false);
		first = killed_at(sync_until, page, whole);
		forget_requests();
		assert_true(sync_once(whole) == want);
		items = requests("/line_items?");
		/* a list that was complete is brought up to date with one page */
		if (first.lists < item_pages)
			assert_int_equal(items, item_pages - first.lists);
		else
			/* (times are kept in seconds: of a whole reading in the very second in
			 * which the one before ended, the list is read once more) */
			assert_true(items == 1 || (whole && items == item_pages));
		if (requests("/targeting_criteria?") != least - first.criteria)
			fail_msg("killed with %zu of %u pages of criteria, %u more were read",
			    first.criteria, least, requests("/targeting_criteria?"));
	}
}

static void a_killed_sync_goes_on_behind_every_page(void **state)
{
	(void)state;
	goes_on_behind_pages(false, 1);
}

static void a_killed_reading_of_everything_goes_on(void **state)
{
	(void)state;
	goes_on_behind_pages(true, 7);
}

/* A group that is complete is written in pieces. Between two of them it is not there yet: its last page
 * is read again, the others are not, and what was written is not taken for more than it is. */
static void goes_on_within_a_group(bool whole)
{
	uint64_t want;
	unsigned least;

	new_home();
	want = sync_once(false);
	forget_requests();
	if (!whole)
		new_home();
	assert_true(sync_once(whole) == want);
	least = requests("/targeting_criteria?");
	for (size_t nth = 0; nth < LINE_ITEMS / GROUP; nth++) {
		struct snapshot_group left;
		struct stored first;
		struct client c;
		struct buf names;

		new_home();
		if (whole)
			sync_once(false);
		first = killed_at(sync_into_group, nth, whole);
		forget_requests();
		c = client_open();
		run_sync(&c, whole);
		assert_true(digest(&c) == want);
		buf_init(&names, 65536);
		assert_false(snapshot_group_at(c.store, ACCOUNT, 0, &left, &names));
		buf_done(&names);
		client_close(&c);
		if (requests("/targeting_criteria?") != least - first.criteria)
			fail_msg("killed within group %zu with %zu of %u pages, %u more were read",
			    nth, first.criteria, least, requests("/targeting_criteria?"));
	}
}

static void a_sync_that_was_killed_while_it_wrote_a_group_goes_on(void **state)
{
	(void)state;
	goes_on_within_a_group(false);
}

static void a_reading_of_everything_that_was_killed_while_it_wrote_goes_on(void **state)
{
	(void)state;
	goes_on_within_a_group(true);
}

static int set_up(void **state)
{
	static const char *const args[] = {
	    "--line-items", "1010", "--criteria", "11", "--no-rate-limit", NULL};

	(void)state;
	server = sandbox_start(args);
	free(control_get(&server, "/__sandbox/ready"));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	forget_home();
	sandbox_stop(&server);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_sync_costs_no_request_too_many),
	    cmocka_unit_test(a_killed_sync_goes_on_behind_every_page),
	    cmocka_unit_test(a_killed_reading_of_everything_goes_on),
	    cmocka_unit_test(a_sync_that_was_killed_while_it_wrote_a_group_goes_on),
	    cmocka_unit_test(a_reading_of_everything_that_was_killed_while_it_wrote_goes_on),
	};

	return cmocka_run_group_tests_name("sync", tests, set_up, tear_down);
}
