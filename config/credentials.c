#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/loop.h"
#include "base/mem.h"

#define HELPER_MS 10000
#define HELPER_BYTES 4096

struct part {
	const char *name, *env;
	size_t offset;
};

static const struct part parts[] = {
    {"consumer_key", "RETICLE_CONSUMER_KEY", offsetof(struct credentials, consumer_key)},
    {"consumer_secret", "RETICLE_CONSUMER_SECRET", offsetof(struct credentials, consumer_secret)},
    {"access_token", "RETICLE_ACCESS_TOKEN", offsetof(struct credentials, access_token)},
    {"access_token_secret", "RETICLE_ACCESS_TOKEN_SECRET",
	offsetof(struct credentials, access_token_secret)},
};
#define PARTS (sizeof parts / sizeof parts[0])

static char *part_of(struct credentials *c, size_t i)
{
	return (char *)c + parts[i].offset;
}

void credentials_wipe(struct credentials *c)
{
	explicit_bzero(c, sizeof *c);
}

/* "consumer_key, access_token" of those that are missing; false when none is. */
static bool list_missing(struct credentials *c, char *out, size_t cap)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < PARTS; i++) {
		if (part_of(c, i)[0])
			continue;
		used += (size_t)snprintf(
		    out + used, cap - used, "%s%s", used ? ", " : "", parts[i].name);
	}
	return used > 0;
}

static enum err complete(struct credentials *c, const char *source, struct errinfo *ei)
{
	char missing[128];

	if (list_missing(c, missing, sizeof missing)) {
		credentials_wipe(c);
		return err_set(ei, ERR_AUTH, "credentials from the %s lack %s", source, missing);
	}
	snprintf(c->source, sizeof c->source, "%s", source);
	return ERR_OK;
}

/* --- environment --- */

static enum err take_part(struct credentials *c, size_t i, const char *s, size_t n)
{
	if (n == 0 || n >= CREDENTIAL_MAX)
		return ERR_AUTH;
	for (size_t k = 0; k < n; k++)
		if (s[k] <= ' ' || s[k] > '~')
			return ERR_AUTH;
	memcpy(part_of(c, i), s, n);
	part_of(c, i)[n] = '\0';
	return ERR_OK;
}

/* Take them and leave no copy that a child or a core could inherit. */
static enum err take_environment(struct credentials *c, bool *any, struct errinfo *ei)
{
	enum err err = ERR_OK;

	*any = false;
	for (size_t i = 0; i < PARTS; i++) {
		char *s = getenv(parts[i].env);

		if (!s || !s[0])
			continue;
		*any = true;
		if (take_part(c, i, s, strlen(s)))
			err = err_set(ei, ERR_AUTH,
			    "%s is too long or has spaces or control characters", parts[i].env);
		explicit_bzero(s, strlen(s));
		unsetenv(parts[i].env);
	}
	return err;
}

void credentials_leave_environment(void)
{
	struct credentials c = {0};
	bool any;

	(void)take_environment(&c, &any, NULL);
	credentials_wipe(&c);
}

static enum err from_environment(struct credentials *c, bool *any, struct errinfo *ei)
{
	enum err err = take_environment(c, any, ei);

	return err || !*any ? err : complete(c, "environment", ei);
}

/* --- helper command --- */

struct helper {
	struct loop *loop;
	pid_t pid;
	int out, pidfd;
	int status;
	bool ended, closed;
	struct buf text;
};

static void helper_stop_when_over(struct helper *h)
{
	if (h->ended && h->closed)
		loop_quit(h->loop, 0);
}

static void on_output(struct loop *l, int fd, short revents, void *user)
{
	struct helper *h = user;
	char chunk[512];
	ssize_t n = read(fd, chunk, sizeof chunk);

	(void)revents;
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0)
		buf_add(&h->text, chunk, (size_t)n);
	explicit_bzero(chunk, sizeof chunk);
	if (n > 0 && !h->text.failed)
		return;
	loop_unwatch(l, fd);
	h->closed = true;
	helper_stop_when_over(h);
}

static void on_exit_of_helper(struct loop *l, int fd, short revents, void *user)
{
	struct helper *h = user;

	(void)revents;
	loop_unwatch(l, fd);
	h->ended = true;
	waitpid(h->pid, &h->status, 0);
	h->pid = -1;
	helper_stop_when_over(h);
}

static void on_timeout(struct loop *l, void *user)
{
	(void)user;
	loop_quit(l, 1);
}

/* The child's environment: ours without any variable of ours. */
static char **scrubbed_environment(void)
{
	size_t n = 0, k = 0;
	char **env;

	while (environ[n])
		n++;
	env = mem_array(n + 1, sizeof *env);
	for (size_t i = 0; env && i < n; i++)
		if (strncmp(environ[i], "RETICLE_", 8) != 0)
			env[k++] = environ[i];
	return env;
}

static int spawn(struct helper *h, const char *const *argv, int write_end)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t all, none;
	char **env = scrubbed_environment();
	int rc;

	if (!env)
		return ENOMEM;
	sigfillset(&all);
	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&fa, write_end, 1);
	posix_spawn_file_actions_addclosefrom_np(&fa, 3);
	/* argv is const because nobody changes it; posix_spawn promises not to */
	rc = posix_spawnp(&h->pid, argv[0], &fa, &attr, (char **)(uintptr_t)argv, env);
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&attr);
	mem_free(env);
	return rc;
}

static enum err start_helper(struct helper *h, const char *const *argv, struct errinfo *ei)
{
	int fds[2], rc;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return err_set(ei, ERR_IO, "cannot make a pipe: %s", strerror(errno));
	rc = spawn(h, argv, fds[1]);
	close(fds[1]);
	h->out = fds[0];
	if (rc) {
		h->pid = -1;
		return err_set(
		    ei, ERR_AUTH, "cannot run credentials_command %s: %s", argv[0], strerror(rc));
	}
	h->pidfd = pidfd_open(h->pid, 0);
	if (h->pidfd < 0 ||
	    loop_watch(h->loop, h->out, POLLIN, LOOP_OTHER, on_output, h) != ERR_OK ||
	    loop_watch(h->loop, h->pidfd, POLLIN, LOOP_OTHER, on_exit_of_helper, h) != ERR_OK ||
	    !loop_timer(h->loop, HELPER_MS, on_timeout, h).gen)
		return err_set(ei, ERR_NOMEM, "cannot watch credentials_command");
	return ERR_OK;
}

/* Lines of "name: value" or "name=value", in any order; names that we do not know are an error. */
static enum err parse_line(struct credentials *c, const char *line, size_t n, struct errinfo *ei)
{
	for (size_t i = 0; i < PARTS; i++) {
		size_t len = strlen(parts[i].name);
		const char *v = line + len, *end = line + n;

		if (n <= len || memcmp(line, parts[i].name, len) != 0)
			continue;
		while (v < end && *v == ' ')
			v++;
		if (v == end || (*v != '=' && *v != ':'))
			continue;
		v++;
		while (v < end && *v == ' ')
			v++;
		while (end > v && (end[-1] == ' ' || end[-1] == '\r'))
			end--;
		if (take_part(c, i, v, (size_t)(end - v)))
			return err_set(ei, ERR_AUTH,
			    "credentials_command printed a %s that is empty, too long or not text",
			    parts[i].name);
		return ERR_OK;
	}
	return err_set(ei, ERR_AUTH,
	    "credentials_command printed a line that is not \"consumer_key: ...\" or the like");
}

static enum err parse_output(struct credentials *c, const struct buf *text, struct errinfo *ei)
{
	const char *p = buf_str(text), *end = p + text->len;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *stop = nl ? nl : end;

		if (stop > p && !(stop == p + 1 && *p == '\r')) {
			enum err err = parse_line(c, p, (size_t)(stop - p), ei);

			if (err)
				return err;
		}
		p = nl ? nl + 1 : end;
	}
	return complete(c, "helper command", ei);
}

static enum err run_helper(struct helper *h, struct credentials *c, struct errinfo *ei)
{
	if (loop_run(h->loop) != 0)
		return err_set(
		    ei, ERR_AUTH, "credentials_command did not end within %d s", HELPER_MS / 1000);
	if (h->text.failed)
		return err_set(
		    ei, ERR_AUTH, "credentials_command printed more than %d bytes", HELPER_BYTES);
	if (!WIFEXITED(h->status) || WEXITSTATUS(h->status) != 0)
		return err_set(ei, ERR_AUTH, "credentials_command failed (%s %d)",
		    WIFEXITED(h->status) ? "status" : "signal",
		    WIFEXITED(h->status) ? WEXITSTATUS(h->status) : WTERMSIG(h->status));
	return parse_output(c, &h->text, ei);
}

static enum err from_helper(const char *const *argv, struct credentials *c, struct errinfo *ei)
{
	struct helper h = {.pid = -1, .out = -1, .pidfd = -1};
	enum err err;

	buf_init(&h.text, HELPER_BYTES);
	h.loop = loop_new();
	err = h.loop ? start_helper(&h, argv, ei) : err_set(ei, ERR_NOMEM, "out of memory");
	if (!err)
		err = run_helper(&h, c, ei);
	if (h.pid > 0) {
		kill(h.pid, SIGKILL);
		waitpid(h.pid, NULL, 0);
	}
	loop_free(h.loop);
	if (h.out >= 0)
		close(h.out);
	if (h.pidfd >= 0)
		close(h.pidfd);
	if (h.text.p)
		explicit_bzero(h.text.p, h.text.cap);
	buf_done(&h.text);
	return err;
}

enum err config_credentials(
    const struct config_profile *p, struct credentials *out, struct errinfo *ei)
{
	enum err err;
	bool any;

	memset(out, 0, sizeof *out);
	if (p->credentials_command)
		err = from_helper(p->credentials_command, out, ei);
	else {
		err = from_environment(out, &any, ei);
		if (!err && !any && p->file_credentials) {
			*out = *p->file_credentials;
			err = complete(out, "file", ei);
		} else if (!err && !any)
			err = err_set(ei, ERR_AUTH,
			    "no credentials for profile \"%.64s\": run reticle auth login, or set "
			    "RETICLE_CONSUMER_KEY and its three companions",
			    p->name);
	}
	if (err)
		credentials_wipe(out);
	return err;
}

enum err config_consumer(
    const struct config_profile *p, struct credentials *out, struct errinfo *ei)
{
	enum err err;
	bool any;

	memset(out, 0, sizeof *out);
	err = take_environment(out, &any, ei);
	snprintf(out->source, sizeof out->source, "environment");
	if (!err && !out->consumer_key[0] && p->file_credentials) {
		*out = *p->file_credentials;
		snprintf(out->source, sizeof out->source, "file");
	}
	explicit_bzero(out->access_token, sizeof out->access_token);
	explicit_bzero(out->access_token_secret, sizeof out->access_token_secret);
	if (!err && (!out->consumer_key[0] || !out->consumer_secret[0]))
		err = err_set(
		    ei, ERR_AUTH, "no consumer key and secret for profile \"%.64s\"", p->name);
	if (err)
		credentials_wipe(out);
	return err;
}

static bool environment_has(struct credentials_place *out)
{
	size_t used = 0;
	bool any = false;

	for (size_t i = 0; i < PARTS; i++) {
		const char *s = getenv(parts[i].env);

		any = any || (s && s[0]);
		if (!s || !s[0])
			used += (size_t)snprintf(out->missing + used, sizeof out->missing - used,
			    "%s%s", used ? ", " : "", parts[i].name);
	}
	return any;
}

void config_credentials_place(
    const struct config *c, const struct config_profile *p, struct credentials_place *out)
{
	*out = (struct credentials_place){0};
	if (p->credentials_command) {
		snprintf(out->source, sizeof out->source, "helper command");
		snprintf(out->place, sizeof out->place, "%s", p->credentials_command[0]);
		return;
	}
	if (environment_has(out)) {
		snprintf(out->source, sizeof out->source, "environment");
		snprintf(out->place, sizeof out->place, "RETICLE_CONSUMER_KEY and companions");
		return;
	}
	if (p->file_credentials) {
		list_missing(p->file_credentials, out->missing, sizeof out->missing);
		snprintf(out->source, sizeof out->source, "file");
		snprintf(out->place, sizeof out->place, "%s",
		    p->secrets_file ? p->secrets_file : c->file);
	}
}
