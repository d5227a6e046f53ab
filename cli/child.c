#include "cli/child.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/fs.h"
#include "base/mem.h"
#include "cli/spawn.h"

enum err child_find_sandbox(char *path, size_t cap, struct errinfo *ei)
{
	static const char *const places[] = {
	    "reticle-sandbox", "../libexec/reticle/reticle-sandbox"};
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	char *slash;

	if (n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
		if (slash)
			*slash = '\0';
		for (size_t i = 0; slash && i < sizeof places / sizeof *places; i++)
			if (fs_join(path, cap, self, places[i]) && access(path, X_OK) == 0)
				return ERR_OK;
	}
	return err_set(
	    ei, ERR_NOTFOUND, "reticle-sandbox is not beside reticle; run make, or make install");
}

static void set_signals(posix_spawnattr_t *attr)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setsigdefault(attr, &all);
	/* its own process group: Ctrl-C at the terminal is for the program that has the terminal */
	posix_spawnattr_setpgroup(attr, 0);
	posix_spawnattr_setflags(
	    attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

enum err child_start(struct child *c, const char *const argv[], struct errinfo *ei)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1}, rc;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	char **env = spawn_environment();

	*c = (struct child){.in = -1, .out = -1};
	buf_init(&c->line, 8192);
	if (!env || pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
		rc = env ? errno : ENOMEM;
		goto failed;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_init(&attr);
	set_signals(&attr);
	/* POSIX: argv is not changed, the prototype is older than const */
	rc = posix_spawn(&c->pid, argv[0], &actions, &attr, (char *const *)(uintptr_t)argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	if (rc == 0) {
		mem_free(env);
		close(in[0]);
		close(out[1]);
		c->in = in[1];
		c->out = out[0];
		fcntl(c->out, F_SETFL, O_NONBLOCK);
		return ERR_OK;
	}
failed:
	mem_free(env);
	for (int i = 0; i < 2; i++) {
		if (in[i] >= 0)
			close(in[i]);
		if (out[i] >= 0)
			close(out[i]);
	}
	c->pid = 0;
	return err_set(ei, ERR_IO, "cannot start %s: %s", argv[0], strerror(rc));
}

static bool take(const cJSON *object, const char *name, char *out, size_t cap)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, name);

	if (!cJSON_IsString(v) || strlen(v->valuestring) >= cap)
		return false;
	memcpy(out, v->valuestring, strlen(v->valuestring) + 1);
	return true;
}

bool child_read_ready(struct child *c, struct child_ready *ready, struct errinfo *ei)
{
	char chunk[1024];
	cJSON *object;
	ssize_t n;
	bool ok;

	ei->code = ERR_OK;
	while ((n = read(c->out, chunk, sizeof chunk)) > 0)
		buf_add(&c->line, chunk, (size_t)n);
	if (!strchr(buf_str(&c->line), '\n')) {
		if (n == 0 || c->line.failed)
			err_set(ei, ERR_PROTOCOL, "the sandbox ended before it was ready");
		return false;
	}
	object = cJSON_Parse(buf_str(&c->line));
	ok = object && take(object, "url", ready->url, sizeof ready->url) &&
	     take(object, "consumer_key", ready->consumer_key, sizeof ready->consumer_key) &&
	     take(object, "consumer_secret", ready->consumer_secret,
		 sizeof ready->consumer_secret) &&
	     take(object, "access_token", ready->access_token, sizeof ready->access_token) &&
	     take(object, "access_token_secret", ready->access_token_secret,
		 sizeof ready->access_token_secret) &&
	     take(object, "account_id", ready->account_id, sizeof ready->account_id);
	cJSON_Delete(object);
	if (!ok)
		err_set(ei, ERR_PROTOCOL, "the sandbox did not say where it listens");
	return ok;
}

void child_stop(struct child *c)
{
	if (c->in >= 0)
		close(c->in);
	if (c->out >= 0)
		close(c->out);
	if (c->pid > 0) {
		kill(c->pid, SIGTERM);
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	buf_done(&c->line);
	*c = (struct child){.in = -1, .out = -1};
}
