/* TLS against a real listener (openssl s_server) with a throw-away CA: verified always, 1.2 or
 * newer, and what is refused is refused with its cause before a byte of the request leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "api/mutate.h"
#include "base/clock.h"
#include "tests/flow/harness.h"

static char dir[] = "/tmp/reticle-tls-XXXXXX";

static void run(const char *script)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (chdir(dir) == 0)
			execl("/bin/sh", "sh", "-ec", script, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	if (status != 0)
		fail_msg("failed: %s", script);
}

static const char make_ca[] =
    "exec >/dev/null 2>&1\n"
    "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj "
    "/CN=test-ca\n"
    "cert() { # name, subject alternative name, days from now\n"
    "  openssl req -newkey rsa:2048 -nodes -keyout $1.key -out $1.csr -subj /CN=$1\n"
    "  printf 'subjectAltName=%s\\n' \"$2\" >$1.ext\n"
    "  openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out $1.pem"
    " -extfile $1.ext -days $3\n"
    "}\n"
    "cert good DNS:localhost,IP:127.0.0.1 2\n"
    "cert wronghost DNS:example.net 2\n"
    "cert expired DNS:localhost,IP:127.0.0.1 -1\n"
    "openssl req -x509 -newkey rsa:2048 -nodes -keyout selfsigned.key -out selfsigned.pem -days 2"
    " -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1\n"
    "mkdir -p 12\n"
    "printf 'HTTP/1.0 200 OK\\r\\nContent-Type: application/json\\r\\n\\r\\n"
    "{\"data\":[],\"next_cursor\":null}' >'12/accounts?count=1000'\n";

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	run(make_ca);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	run("rm -rf \"$PWD\"");
	return 0;
}

/* A port that was free a moment ago. */
static int free_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	close(fd);
	return ntohs(a.sin_port);
}

static void wait_for_port(int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int64_t until = clock_mono_ms() + 10000;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	while (clock_mono_ms() < until) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		int bad = connect(fd, (struct sockaddr *)&a, sizeof a);

		close(fd);
		if (!bad)
			return;
		usleep(20000);
	}
	fail_msg("openssl s_server does not listen");
}

static pid_t serve(const char *name, int port, const char *version)
{
	char accept[32], cert[64], key[64];
	pid_t pid = fork();

	snprintf(accept, sizeof accept, "127.0.0.1:%d", port);
	snprintf(cert, sizeof cert, "%s.pem", name);
	snprintf(key, sizeof key, "%s.key", name);
	if (pid == 0) {
		if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr) ||
		    chdir(dir))
			_exit(126);
		execlp("openssl", "openssl", "s_server", "-accept", accept, "-cert", cert, "-key",
		    key, "-HTTP", "-cipher", "ALL:@SECLEVEL=0", version, (char *)NULL);
		_exit(127);
	}
	wait_for_port(port);
	return pid;
}

struct outcome {
	bool done;
	enum err err;
	struct errinfo ei;
	uint64_t sent;
};

static void on_read(struct req_id id, struct api_result *res, void *user)
{
	struct outcome *o = user;

	(void)id;
	o->err = res->err;
	o->ei = res->ei;
	o->done = true;
}

static struct outcome visit(const char *name, const char *version, bool with_ca)
{
	int port = free_port();
	pid_t pid = serve(name, port, version);
	struct loop *l = loop_new();
	struct outcome o = {0};
	char url[64], ca[64];

	snprintf(url, sizeof url, "https://localhost:%d", port);
	snprintf(ca, sizeof ca, "%s/ca.pem", dir);
	struct api_config cfg = {.base_url = url,
	    .consumer_key = "ck",
	    .consumer_secret = "cs",
	    .token = "at",
	    .token_secret = "ats",
	    .ca_bundle = with_ca ? ca : NULL};
	struct api *a = api_new(l, &cfg, NULL);

	assert_non_null(a);
	api_accounts(a, &(struct list_query){0}, &(struct api_call){.fn = on_read, .user = &o});
	/* what cannot connect is tried again after waits of the loop's clock: step over them */
	for (int i = 0; i < 2000 && !o.done; i++) {
		loop_turn(l, 10);
		if (api_stats(a).waiting)
			clock_step_ms(1000);
	}
	assert_true(o.done);
	o.sent = api_stats(a).sent;
	api_free(a);
	loop_free(l);
	clock_unpin();
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return o;
}

static void a_configured_ca_is_trusted(void **state)
{
	struct outcome o = visit("good", "-tls1_3", true);

	(void)state;
	if (o.err)
		fail_msg("%s: %s", err_name(o.err), o.ei.msg);
	assert_int_equal(o.sent, 1);
	o = visit("good", "-tls1_2", true);
	assert_int_equal(o.err, ERR_OK);
}

static void expect_refused(const char *name, const char *version, bool with_ca, const char *cause)
{
	struct outcome o = visit(name, version, with_ca);

	assert_int_equal(o.err, ERR_TLS);
	if (!strstr(o.ei.msg, cause))
		fail_msg("%s: the message is: %s", name, o.ei.msg);
	assert_int_equal(o.sent, 0); /* PREREQ never ran: no byte of a request left */
}

static void a9_bad_certificates_are_refused_with_their_cause(void **state)
{
	(void)state;
	expect_refused("expired", "-tls1_2", true, "expired");
	expect_refused("wronghost", "-tls1_2", true, "localhost");
	expect_refused("selfsigned", "-tls1_2", true, "self-signed");
	expect_refused("good", "-tls1_2", false, "certificate");
}

static void a9_old_versions_are_refused(void **state)
{
	(void)state;
	expect_refused("good", "-tls1_1", true, "version");
	expect_refused("good", "-tls1", true, "version");
}

static void the_environment_cannot_log_keys(void **state)
{
	char path[128];
	struct stat st;

	(void)state;
	snprintf(path, sizeof path, "%s/keys.log", dir);
	setenv("SSLKEYLOGFILE", path, 1);
	assert_int_equal(visit("good", "-tls1_2", true).err, ERR_OK);
	unsetenv("SSLKEYLOGFILE");
	assert_int_not_equal(stat(path, &st), 0);
}

struct wrote {
	bool done;
	enum write_end end;
};

static void on_written(void *ctx, enum write_end end, struct answer *an)
{
	(void)an;
	*(struct wrote *)ctx = (struct wrote){true, end};
}

static void on_dropped(void *ctx)
{
	(void)ctx;
}

/* A server that would rather speak HTTP/2: it prints what was agreed on. */
static pid_t serve_alpn(int port)
{
	char accept[32];
	pid_t pid = fork();

	snprintf(accept, sizeof accept, "127.0.0.1:%d", port);
	if (pid == 0) {
		int pipes[2];

		/* s_server ends when its input does */
		if (chdir(dir) || pipe(pipes) || dup2(pipes[0], 0) < 0 ||
		    !freopen("alpn.log", "w", stdout) || !freopen("/dev/null", "w", stderr))
			_exit(126);
		execlp("openssl", "openssl", "s_server", "-accept", accept, "-cert", "good.pem",
		    "-key", "good.key", "-alpn", "h2,http/1.1", (char *)NULL);
		_exit(127);
	}
	wait_for_port(port);
	return pid;
}

static void a26_writes_never_speak_http_2(void **state)
{
	int port = free_port();
	pid_t pid = serve_alpn(port);
	struct loop *l = loop_new();
	struct wrote w = {0};
	char url[64], path[96], text[8192] = "";

	(void)state;
	snprintf(url, sizeof url, "https://localhost:%d", port);
	snprintf(path, sizeof path, "%s/ca.pem", dir);
	struct api_config cfg = {.base_url = url,
	    .consumer_key = "ck",
	    .consumer_secret = "cs",
	    .token = "at",
	    .token_secret = "ats",
	    .ca_bundle = path,
	    .timeout_s = 2};
	struct api *a = api_new(l, &cfg, NULL);

	mutate_batch(a, &(struct mutation){.account_id = "a",
			    .body = "[]",
			    .ctx = &w,
			    .done = on_written,
			    .drop = on_dropped});
	assert_true(run_until(l, &w.done, 10000));
	assert_int_equal(w.end, END_UNKNOWN); /* it was sent, and nobody answered */
	api_free(a);
	loop_free(l);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	snprintf(path, sizeof path, "%s/alpn.log", dir);
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	size_t n = fread(text, 1, sizeof text - 1, f);

	text[n] = '\0';
	fclose(f);
	if (!strstr(text, "ALPN protocols selected: http/1.1") || !strstr(text, "HTTP/1.1\r\n"))
		fail_msg("the server says: %s", text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    /* first: libcurl looks at the environment once */
	    cmocka_unit_test(the_environment_cannot_log_keys),
	    cmocka_unit_test(a_configured_ca_is_trusted),
	    cmocka_unit_test(a9_bad_certificates_are_refused_with_their_cause),
	    cmocka_unit_test(a9_old_versions_are_refused),
	    cmocka_unit_test(a26_writes_never_speak_http_2),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
