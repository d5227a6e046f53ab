#include "tests/flow/harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "api/scan.h"
#include "base/clock.h"

enum { MAX_ARGS = 32, MAX_ANSWER = 64 * 1024 * 1024 };

/* --- the child --- */

static void copy_field(const struct json_node *o, const char *key, char *out, size_t cap)
{
	const char *s = json_string(json_get(o, key));

	if (!s)
		fail_msg("the first line of the sandbox lacks %s", key);
	snprintf(out, cap, "%s", s);
}

static void read_line(int fd, char *line, size_t cap)
{
	size_t n = 0;

	while (n + 1 < cap && read(fd, line + n, 1) == 1 && line[n] != '\n')
		n++;
	line[n] = '\0';
}

struct sandbox sandbox_start(const char *const *args)
{
	const char *program = getenv("RETICLE_SANDBOX");
	char *argv[MAX_ARGS] = {(char *)(uintptr_t)program};
	struct sandbox s = {0};
	char line[2048];
	struct json j;
	int pipes[2];

	if (!program)
		fail_msg("RETICLE_SANDBOX is not set to the sandbox program");
	for (int i = 0; args && args[i] && i + 2 < MAX_ARGS; i++)
		argv[i + 1] = (char *)(uintptr_t)args[i];
	assert_int_equal(pipe(pipes), 0);
	s.pid = fork();
	assert_true(s.pid >= 0);
	if (s.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM); /* a test that fails leaves none behind */
		dup2(pipes[1], 1);
		close(pipes[0]);
		close(pipes[1]);
		execv(program, argv);
		_exit(127);
	}
	close(pipes[1]);
	s.out = pipes[0];
	read_line(s.out, line, sizeof line);
	json_init(&j);
	if (json_parse(&j, line, strlen(line), NULL))
		fail_msg("the sandbox did not start: %s", line);
	copy_field(json_root(&j), "url", s.url, sizeof s.url);
	copy_field(json_root(&j), "consumer_key", s.consumer_key, sizeof s.consumer_key);
	copy_field(json_root(&j), "consumer_secret", s.consumer_secret, sizeof s.consumer_secret);
	copy_field(json_root(&j), "access_token", s.token, sizeof s.token);
	copy_field(json_root(&j), "access_token_secret", s.token_secret, sizeof s.token_secret);
	copy_field(json_root(&j), "account_id", s.account_id, sizeof s.account_id);
	json_done(&j);
	return s;
}

void sandbox_stop(struct sandbox *s)
{
	int status = 0;

	kill(s->pid, SIGTERM);
	waitpid(s->pid, &status, 0);
	close(s->out);
	/* under the sanitizers a finding of the sandbox must fail the test too */
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("the sandbox ended with wait status %x", (unsigned)status);
}

struct api_config sandbox_config(const struct sandbox *s)
{
	return (struct api_config){.base_url = s->url,
	    .consumer_key = s->consumer_key,
	    .consumer_secret = s->consumer_secret,
	    .token = s->token,
	    .token_secret = s->token_secret};
}

int cases_of(int sample, int all)
{
	return getenv("RETICLE_LONG") ? all : sample;
}

bool run_until(struct loop *l, const bool *flag, int limit_ms)
{
	int64_t until = clock_mono_ms() + limit_ms;

	while (!*flag && clock_mono_ms() < until)
		loop_turn(l, 50);
	return *flag;
}

/* --- control endpoints --- */

static char *exchange(const struct sandbox *s, const char *request, size_t n)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	const char *port = strrchr(s->url, ':');
	char *answer = NULL;
	size_t len = 0, cap = 0;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons((uint16_t)strtoul(port + 1, NULL, 10));
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(send(fd, request, n, MSG_NOSIGNAL), n);
	for (;;) {
		if (len + 1 >= cap)
			answer = realloc(answer, cap = cap ? cap * 2 : 65536);
		assert_non_null(answer);
		assert_true(cap <= MAX_ANSWER);
		ssize_t r = recv(fd, answer + len, cap - len - 1, 0);

		if (r <= 0)
			break;
		len += (size_t)r;
	}
	answer[len] = '\0';
	close(fd);
	if (strncmp(answer, "HTTP/1.1 200", 12) != 0 && strncmp(answer, "HTTP/1.0 200", 12) != 0)
		fail_msg("control request failed: %.*s", 300, answer);
	char *body = strstr(answer, "\r\n\r\n");

	assert_non_null(body);
	memmove(answer, body + 4, strlen(body + 4) + 1);
	return answer;
}

static char *bodyless(const struct sandbox *s, const char *method, const char *path)
{
	char request[1024];
	int n = snprintf(request, sizeof request,
	    "%s %s HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", method, path);

	return exchange(s, request, (size_t)n);
}

char *control_get(const struct sandbox *s, const char *path)
{
	return bodyless(s, "GET", path);
}

char *control_delete(const struct sandbox *s, const char *path)
{
	return bodyless(s, "DELETE", path);
}

char *control_post(const struct sandbox *s, const char *path, const char *json)
{
	size_t cap = strlen(json) + 1024;
	char *request = malloc(cap);
	int n = snprintf(request, cap,
	    "POST %s HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: "
	    "application/json\r\nContent-Length: %zu\r\n\r\n%s",
	    path, strlen(json), json);
	char *body = exchange(s, request, (size_t)n);

	free(request);
	return body;
}

void sandbox_faults(const struct sandbox *s, const char *rules)
{
	free(control_post(s, "/__sandbox/faults", rules));
}

static unsigned count(const struct sandbox *s, const char *method, const char *path, bool committed)
{
	char *text = control_get(s, "/__sandbox/ledger");
	struct json j;
	unsigned n = 0;

	json_init(&j);
	assert_int_equal(json_parse(&j, text, strlen(text), NULL), ERR_OK);
	const struct json_node *list = json_root(&j);

	if (list->type == JSON_OBJECT)
		list = json_get(list, "ledger") ? json_get(list, "ledger") : json_first(list);
	for (const struct json_node *r = json_first(list); r; r = json_after(list, r)) {
		const char *m = json_string(json_get(r, "method"));
		const char *p = json_string(json_get(r, "target"));
		const struct json_node *c = json_get(r, "committed");

		assert_non_null(m);
		assert_non_null(p);
		n += (!method || strcmp(m, method) == 0) && (!path || strstr(p, path)) &&
		     (!committed || (c && c->type == JSON_TRUE));
	}
	json_done(&j);
	free(text);
	return n;
}

unsigned ledger_count(const struct sandbox *s, const char *method, const char *path)
{
	return count(s, method, path, false);
}

unsigned ledger_committed(const struct sandbox *s, const char *method, const char *path)
{
	return count(s, method, path, true);
}
