/* reticle-sandbox: a local Ads API for demos, tests and benchmarks. */
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "base/buf.h"
#include "sandbox/args.h"
#include "sandbox/json.h"
#include "sandbox/sandbox.h"
#include "sandbox/scenario.h"
#include "sandbox/server.h"

static const char usage[] =
    "usage: reticle-sandbox [options]\n"
    "  --port N           listen on 127.0.0.1:N (default: any free port)\n"
    "  --seed N           another bulk account of the same size\n"
    "  --line-items N     line items of the bulk account 18ce5bulk01 (default 0)\n"
    "  --criteria N       criteria of each of them (default 0)\n"
    "  --data FILE        keep the state in this SQLite file\n"
    "  --faults FILE      start with this fault plan\n"
    "  --clock EPOCH      start with this time, in seconds since 1970\n"
    "  --dup MODE         duplicate criteria: reject (default), allow, merge\n"
    "  --require-operator refuse criteria without operator_type, whatever their type\n"
    "  --no-rate-limit    count requests, refuse none\n"
    "  --rate NAME=N      limit of one rate bucket (write, users, core, read, lookup, tv,\n"
    "                     keywords, global, total)\n"
    "  --tls MODE         serve https: good, expired, wronghost, selfsigned, old (TLS 1.1)\n"
    "  --ca-file FILE     write the certificate to trust for that into FILE\n"
    "  --ready-fd N       write the port to this descriptor and close it, once requests are "
    "served\n"
    "  --exit-with-stdin  end when standard input ends\n"
    "Prints one line of JSON with the URL and the credentials, then serves until SIGTERM.\n";

struct rate_option {
	char name[32];
	int64_t limit;
};

struct command_line {
	struct options opt;
	struct rate_option rates[BUCKET_COUNT];
	size_t n_rates;
};

static int bad(const char *option, const char *value)
{
	fprintf(stderr, "reticle-sandbox: --%s: cannot use \"%s\"\n%s", option, value, usage);
	return 2;
}

static bool read_rate(struct command_line *cl, const char *text)
{
	const char *eq = strchr(text, '=');
	struct rate_option *r = &cl->rates[cl->n_rates];

	if (!eq || cl->n_rates == BUCKET_COUNT || (size_t)(eq - text) >= sizeof r->name)
		return false;
	snprintf(r->name, sizeof r->name, "%.*s", (int)(eq - text), text);
	if (!number_parse(eq + 1, &r->limit) || r->limit < 0)
		return false;
	cl->n_rates++;
	return true;
}

static bool read_option(struct command_line *cl, const char *name, const char *value)
{
	struct options *o = &cl->opt;
	int64_t n = 0;
	bool is_number = value && number_parse(value, &n) && n >= 0;

	if (strcmp(name, "port") == 0) {
		o->port = (uint16_t)n;
		return is_number && n <= 65535;
	}
	if (strcmp(name, "seed") == 0)
		o->seed = (uint64_t)n;
	else if (strcmp(name, "line-items") == 0)
		o->line_items = n;
	else if (strcmp(name, "criteria") == 0)
		o->criteria = n;
	else if (strcmp(name, "clock") == 0)
		o->clock_s = n;
	else if (strcmp(name, "ready-fd") == 0)
		return is_number && n > 2 && n < 1024 && (o->ready_fd = (int)n) > 0;
	else
		is_number = true;
	if (strcmp(name, "data") == 0)
		o->data = value;
	else if (strcmp(name, "faults") == 0)
		o->faults = value;
	else if (strcmp(name, "no-rate-limit") == 0)
		o->no_rate_limit = true;
	else if (strcmp(name, "require-operator") == 0)
		o->require_operator = true;
	else if (strcmp(name, "exit-with-stdin") == 0)
		o->exit_with_stdin = true;
	else if (strcmp(name, "rate") == 0)
		return read_rate(cl, value);
	else if (strcmp(name, "dup") == 0)
		o->duplicates = strcmp(value, "allow") == 0   ? DUP_ALLOW
				: strcmp(value, "merge") == 0 ? DUP_MERGE
							      : DUP_REJECT;
	else if (strcmp(name, "ca-file") == 0)
		o->ca_file = value;
	else if (strcmp(name, "tls") == 0)
		return tls_mode_by_name(value, &o->tls);
	if (strcmp(name, "dup") == 0 && !choice_has("allow|merge|reject", value))
		return false;
	return is_number;
}

/* 0: go on; else the exit status, plus one */
static int read_command_line(int argc, char **argv, struct command_line *cl)
{
	static const struct option longs[] = {{"port", 1, NULL, 0}, {"seed", 1, NULL, 0},
	    {"line-items", 1, NULL, 0}, {"criteria", 1, NULL, 0}, {"data", 1, NULL, 0},
	    {"faults", 1, NULL, 0}, {"clock", 1, NULL, 0}, {"dup", 1, NULL, 0},
	    {"no-rate-limit", 0, NULL, 0}, {"require-operator", 0, NULL, 0}, {"rate", 1, NULL, 0},
	    {"exit-with-stdin", 0, NULL, 0}, {"tls", 1, NULL, 0}, {"ca-file", 1, NULL, 0},
	    {"ready-fd", 1, NULL, 0}, {"help", 0, NULL, 0}, {NULL, 0, NULL, 0}};
	int at, c;

	while ((c = getopt_long(argc, argv, "", longs, &at)) != -1) {
		if (c == '?') {
			fputs(usage, stderr);
			return 3;
		}
		if (strcmp(longs[at].name, "help") == 0) {
			fputs(usage, stdout);
			return 1;
		}
		if (!read_option(cl, longs[at].name, optarg))
			return bad(longs[at].name, optarg) + 1;
	}
	if (optind < argc) {
		fprintf(stderr, "reticle-sandbox: unexpected \"%s\"\n%s", argv[optind], usage);
		return 3;
	}
	return 0;
}

static void print_access(const struct sandbox *sb, uint16_t port)
{
	char url[40];
	struct buf b;

	snprintf(url, sizeof url, "%s://127.0.0.1:%u", sb->opt.tls ? "https" : "http", port);
	buf_init(&b, 4096);
	json_open(&b, '{');
	json_put_str(&b, "url", url);
	json_put_str(&b, "consumer_key", DEMO_CONSUMER_KEY);
	json_put_str(&b, "consumer_secret", DEMO_CONSUMER_SECRET);
	json_put_str(&b, "access_token", DEMO_TOKEN);
	json_put_str(&b, "access_token_secret", DEMO_TOKEN_SECRET);
	json_put_str(&b, "account_id", DEMO_ACCOUNT);
	if (sb->opt.line_items)
		json_put_str(&b, "bulk_account_id", BULK_ACCOUNT);
	json_close(&b, '}');
	puts(buf_str(&b));
	fflush(stdout);
	buf_done(&b);
}

/* For a parent that waits without polling: the port in decimal, a newline, the end. */
static void tell_ready(int fd, uint16_t port)
{
	dprintf(fd, "%u\n", port);
	close(fd);
}

/* Some more of the bulk account; requests come in between. Returns whether there is more to do. */
static bool go_on(struct sandbox *sb)
{
	bool more;

	pthread_mutex_lock(&sb->lock);
	scenario_go_on(sb, 10); /* about a millisecond */
	more = sb->bulk_left > 0;
	pthread_mutex_unlock(&sb->lock);
	return more;
}

/* Until SIGTERM or SIGINT, or the end of standard input when that is asked for. */
static void wait_for_end(struct sandbox *sb, int signals)
{
	struct pollfd fds[] = {{.fd = signals, .events = POLLIN},
	    {.fd = sb->opt.exit_with_stdin ? 0 : -1, .events = POLLIN}};
	char ignored[256];

	for (;;) {
		if (poll(fds, 2, go_on(sb) ? 1 : -1) <= 0)
			continue;
		if (fds[0].revents)
			return;
		if (fds[1].revents && read(0, ignored, sizeof ignored) <= 0)
			return;
	}
}

int main(int argc, char **argv)
{
	struct command_line cl = {.opt = {.seed = 1}};
	struct errinfo ei = {0};
	struct sandbox sb;
	struct server *server;
	sigset_t ends;
	int signals, status = read_command_line(argc, argv, &cl);

	if (status)
		return status - 1;
	/* before any thread exists, so that all of them leave these signals to the descriptor */
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN);
	signals = signalfd(-1, &ends, SFD_CLOEXEC);
	if (sandbox_open(&sb, &cl.opt, &ei)) {
		fprintf(stderr, "reticle-sandbox: %s\n", ei.msg);
		return 1;
	}
	for (size_t i = 0; i < cl.n_rates; i++)
		if (!rates_set(&sb.rates, cl.rates[i].name, cl.rates[i].limit))
			return bad("rate", cl.rates[i].name);
	server = server_start(&sb, cl.opt.port, &ei);
	if (!server) {
		fprintf(stderr, "reticle-sandbox: %s\n", ei.msg);
		return 1;
	}
	print_access(&sb, server_port(server));
	if (cl.opt.ready_fd)
		tell_ready(cl.opt.ready_fd, server_port(server));
	wait_for_end(&sb, signals);
	server_stop(server);
	sandbox_close(&sb);
	close(signals);
	return 0;
}
