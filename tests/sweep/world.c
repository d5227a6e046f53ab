#include "tests/sweep/world.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "cli/client.h"
#include "store/drafts.h"
#include "store/store.h"

enum { PATH = 256, LIMIT_S = 240 };

static void give_up(const char *what)
{
	fprintf(stderr, "sweep: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* --- files --- */

const char *world_file(const struct world *w, const char *name)
{
	static char path[4][PATH];
	static int i;

	i = (i + 1) % 4;
	snprintf(path[i], PATH, "%s/live%s%s", w->top, *name ? "/" : "", name);
	return path[i];
}

static char *slurp(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	char *p;

	if (!f || fstat(fileno(f), &st) != 0) {
		if (f)
			fclose(f);
		return NULL;
	}
	p = malloc((size_t)st.st_size + 1);
	if (!p)
		give_up("memory");
	*n = fread(p, 1, (size_t)st.st_size, f);
	p[*n] = '\0';
	fclose(f);
	return p;
}

static void spill(const char *path, const char *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		give_up(path);
	close(fd);
}

char *world_text(const struct world *w, const char *file)
{
	size_t n;

	return slurp(world_file(w, file), &n);
}

bool world_has(const struct world *w, const char *file, const char *text)
{
	size_t n;
	char *p = slurp(world_file(w, file), &n);
	bool has = p && strstr(p, text);

	free(p);
	return has;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *f)
{
	(void)st;
	(void)kind;
	(void)f;
	return remove(path);
}

static void remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* nftw has no argument for its function */
static const char *copy_from, *copy_to;

static int copy_one(const char *path, const struct stat *st, int kind, struct FTW *f)
{
	char to[PATH * 2];
	size_t n;
	char *p;

	(void)f;
	snprintf(to, sizeof to, "%s%s", copy_to, path + strlen(copy_from));
	if (kind == FTW_D)
		return mkdir(to, st->st_mode & 0777) == 0 || errno == EEXIST ? 0 : -1;
	p = slurp(path, &n);
	if (!p)
		return -1;
	spill(to, p, n);
	free(p);
	return 0;
}

static void copy_tree(const char *from, const char *to)
{
	copy_from = from;
	copy_to = to;
	if (nftw(from, copy_one, 16, FTW_PHYS) != 0)
		give_up(from);
}

/* --- the world --- */

static int64_t wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct world *open_world;

/* However the sweep ends, no sandbox and no files stay behind. */
static void leave(void)
{
	if (open_world)
		world_done(open_world);
}

void world_init(struct world *w)
{
	open_world = w;
	atexit(leave);
	snprintf(w->top, sizeof w->top, "%s/reticle-sweep-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(w->top))
		give_up(w->top);
	snprintf(w->port, sizeof w->port, "0");
	w->rate = 20;
	w->began_ns = wall_ns();
	w->batch_size = 100;
	setenv("TZ", "UTC", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	/* the preloaded file stands before the sanitizer's, and leaks do not matter to who is killed */
	setenv("ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0", 1);
}

static void serve_no_more(struct world *w)
{
	if (w->serving)
		sandbox_stop(&w->server);
	w->serving = false;
}

void world_done(struct world *w)
{
	open_world = NULL;
	serve_no_more(w);
	remove_tree(w->top);
}

static void set_number(const char *name, int64_t v)
{
	char text[32];

	snprintf(text, sizeof text, "%" PRId64, v);
	if (v)
		setenv(name, text, 1);
	else
		unsetenv(name);
}

/* A program that starts now sees the time that the world has come to. */
static void preload(struct world *w, const struct run *r)
{
	set_number("SWEEP_RATE", r && r->rate ? r->rate : w->rate);
	set_number("SWEEP_AHEAD", (wall_ns() - w->began_ns) * (w->rate - 1));
	set_number("SWEEP_KILL", r ? (int64_t)r->kill_at : 0);
	set_number("SWEEP_TORN", r && r->torn);
	unsetenv("SWEEP_CALLS");
	if (r && (r->count || r->kill_at))
		setenv("SWEEP_CALLS", world_file(w, "calls"), 1);
	setenv("LD_PRELOAD", getenv("SWEEP_PRELOAD"), 1);
}

static void serve(struct world *w)
{
	const char *const args[] = {"--port", w->port, "--line-items", "5", "--criteria", "3",
	    "--no-rate-limit", "--dup", w->dup ? w->dup : "allow", "--data",
	    world_file(w, "data.db"), NULL};
	char config[1024];
	int n;

	preload(w, NULL);
	w->server = sandbox_start(args);
	unsetenv("LD_PRELOAD");
	w->serving = true;
	snprintf(w->port, sizeof w->port, "%s", strrchr(w->server.url, ':') + 1);
	n = snprintf(config, sizeof config,
	    "profiles:\n  check:\n    base_url: %s\n    oauth_url: %s\n    account: " WORLD_ACCOUNT
	    "\n    consumer_key: %s\n    consumer_secret: %s\n    access_token: %s\n"
	    "    access_token_secret: %s\nbatch_size: %d\n",
	    w->server.url, w->server.url, w->server.consumer_key, w->server.consumer_secret,
	    w->server.token, w->server.token_secret, w->batch_size);
	spill(world_file(w, "config/reticle/config.yaml"), config, (size_t)n);
}

void world_begin(struct world *w, const char *name)
{
	static const char *const dirs[] = {"", "config", "config/reticle", "state", "cache"};
	static const char *const homes[] = {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"};
	static const char *const home_dirs[] = {"config", "state", "cache"};

	serve_no_more(w);
	remove_tree(world_file(w, ""));
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
		mkdir(world_file(w, dirs[i]), 0700);
	for (size_t i = 0; i < 3; i++)
		setenv(homes[i], world_file(w, home_dirs[i]), 1);
	if (name) {
		char from[PATH];

		snprintf(from, sizeof from, "%s/%s", w->top, name);
		copy_tree(from, world_file(w, ""));
	}
	serve(w);
}

void world_save(struct world *w, const char *name)
{
	char to[PATH];

	serve_no_more(w);
	snprintf(to, sizeof to, "%s/%s", w->top, name);
	remove_tree(to);
	mkdir(to, 0700);
	copy_tree(world_file(w, ""), to);
}

/* --- running the program --- */

static void exec_program(struct world *w, const struct run *r)
{
	const char *program = getenv("RETICLE");
	const char *argv[10] = {program};
	int fd, n = 1;

	if (r->script) {
		static const char *const screen[] = {"--script", "keys", "--size", "100x30"};

		for (; n <= 4; n++)
			argv[n] = screen[n - 1];
	} else {
		for (; n <= 6 && r->command[n - 1]; n++)
			argv[n] = r->command[n - 1];
	}
	if (chdir(world_file(w, "")) != 0)
		_exit(126);
	fd = open(r->input ? "input" : "/dev/null", O_RDONLY);
	dup2(fd, 0);
	dup2(open("out.txt", O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
	dup2(open("err.txt", O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
	for (fd = 3; fd < 32; fd++)
		close(fd);
	preload(w, r);
	alarm(LIMIT_S);
	execv(program, (char *const *)(uintptr_t)argv);
	_exit(127);
}

/* The counter's file is shared with the program, so that it can be read after a kill. */
static _Atomic unsigned long *counter(struct world *w)
{
	int fd = open(world_file(w, "calls"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	void *p;

	if (fd < 0 || ftruncate(fd, sizeof(unsigned long)) != 0)
		give_up("calls");
	p = mmap(NULL, sizeof(unsigned long), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		give_up("calls");
	close(fd);
	return p;
}

int world_run(struct world *w, const struct run *r)
{
	_Atomic unsigned long *n = counter(w);
	int status = 0;
	pid_t pid;

	if (r->script)
		spill(world_file(w, "keys"), r->script, strlen(r->script));
	if (r->input)
		spill(world_file(w, "input"), r->input, strlen(r->input));
	pid = fork();
	if (pid == 0)
		exec_program(w, r);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		give_up("the program");
	w->calls = *n;
	munmap((void *)(uintptr_t)n, sizeof *n);
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	if (WTERMSIG(status) == SIGKILL)
		return RUN_KILLED;
	fprintf(stderr, "sweep: the program ended with signal %d\n", WTERMSIG(status));
	exit(2);
}

bool world_script(struct world *w, const char *script)
{
	return world_run(w, &(struct run){.script = script}) == 0;
}

void world_later(struct world *w, int seconds)
{
	char clock[64];
	int64_t now;

	w->began_ns -= (int64_t)seconds * 1000000000 / (w->rate - 1);
	now = wall_ns() + (wall_ns() - w->began_ns) * (w->rate - 1);
	snprintf(clock, sizeof clock, "{\"wall\":%" PRId64 "}", now / 1000000000);
	free(control_post(&w->server, "/__sandbox/clock", clock));
}

/* --- looking --- */

struct keys {
	char (*v)[160];
	size_t n;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static size_t list(struct store *s, enum draft_state state, struct keys *k, struct census *out)
{
	struct change_set set;
	struct errinfo ei = {0};
	size_t n;

	change_set_init(&set);
	if (drafts_list(s, WORLD_ACCOUNT, state, &set, &ei)) {
		fprintf(stderr, "sweep: %s\n", ei.msg);
		exit(2);
	}
	n = set.n;
	k->v = realloc(k->v, (k->n + n + 1) * sizeof *k->v);
	if (!k->v)
		give_up("memory");
	for (size_t i = 0; i < n; i++) {
		const struct change *c = &set.v[i];

		snprintf(k->v[k->n++], sizeof *k->v, "%d %.40s %.40s %d %.60s", c->kind,
		    c->line_item_id, c->type_name, c->op, c->value);
		out->held += c->held;
		if (state == DRAFT_APPLIED)
			*(c->kind == CHANGE_CREATE ? &out->creates : &out->deletes) += 1;
	}
	change_set_done(&set);
	return n;
}

struct census world_census(struct world *w)
{
	struct paths paths = {0};
	struct errinfo ei = {0};
	struct census out = {0};
	struct keys k = {0};
	struct store *s;

	if (paths_init(&paths, NULL, &ei) || !(s = store_open(&paths, &ei)) ||
	    store_bind(s, client_realm(w->server.url), "12", &ei)) {
		fprintf(stderr, "sweep: %s\n", ei.msg);
		exit(2);
	}
	out.staged = list(s, DRAFT_STAGED, &k, &out);
	out.sending = list(s, DRAFT_SENDING, &k, &out);
	out.unknown = list(s, DRAFT_UNKNOWN, &k, &out);
	out.applied = list(s, DRAFT_APPLIED, &k, &out);
	store_close(s);
	qsort(k.v, k.n, sizeof *k.v, by_text);
	for (size_t i = 1; i < k.n; i++)
		if (strcmp(k.v[i - 1], k.v[i]) == 0) {
			out.twice = true;
			snprintf(out.what, sizeof out.what, "%s", k.v[i]);
		}
	free(k.v);
	return out;
}

static const char *after(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	if (!at) {
		fprintf(stderr, "sweep: the sandbox says %s\n", text);
		exit(2);
	}
	return at + strlen(name);
}

unsigned world_doubles(struct world *w)
{
	char *text = control_get(&w->server, "/__sandbox/doubles");
	unsigned n = (unsigned)strtoul(after(text, "\"count\":"), NULL, 10);

	free(text);
	return n;
}

struct truth world_truth(struct world *w)
{
	char *text = control_get(&w->server, "/__sandbox/state_hash");
	struct truth t;

	snprintf(t.sha256, sizeof t.sha256, "%.64s", after(text, "\"sha256\":\""));
	t.criteria = (unsigned)strtoul(after(text, "\"criteria\":"), NULL, 10);
	free(text);
	return t;
}
