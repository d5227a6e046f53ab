/* reticle api METHOD PATH: one signed request for scripts, as users of gh api and twurl know it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"

#define BODY_MAX (8u << 20)
#define PATIENCE_MS 5000 /* a budget that is reset within this time is waited for */
#define FOREVER_MS (24 * 3600 * 1000LL)

struct request {
	struct raw_query query;
	struct api_param params[CLI_PARAMS_MAX];
	char *names[CLI_PARAMS_MAX]; /* owned; the values are behind them */
	char method[8];
	struct buf body;
};

static void request_done(struct request *r)
{
	for (size_t i = 0; i < r->query.n_params; i++)
		mem_free(r->names[i]);
	buf_done(&r->body);
}

/* A pipe is fine here, "-" is the standard input. */
static enum err read_body(const char *file, struct buf *out, struct errinfo *ei)
{
	int fd = strcmp(file, "-") == 0 ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	char chunk[16384];
	ssize_t n;

	if (fd < 0)
		return err_set(ei, ERR_USAGE, "cannot read %s: %s", file, strerror(errno));
	while ((n = read(fd, chunk, sizeof chunk)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0 && buf_add(out, chunk, (size_t)n))
			break;
	if (n < 0)
		err_set(ei, ERR_IO, "cannot read %s: %s", file, strerror(errno));
	else if (out->failed)
		err_set(ei, ERR_LIMIT, "%s is larger than %u MiB", file, BODY_MAX >> 20);
	else if (memchr(buf_str(out), '\0', out->len))
		err_set(ei, ERR_USAGE, "%s is no JSON: it holds a NUL byte", file);
	else
		ei->code = ERR_OK;
	if (fd != STDIN_FILENO)
		close(fd);
	return ei->code;
}

static enum err take_params(const struct cli_options *o, struct request *r, struct errinfo *ei)
{
	for (size_t i = 0; i < o->n_params; i++) {
		const char *eq = strchr(o->params[i], '=');
		char *name;

		if (!eq || eq == o->params[i])
			return err_set(ei, ERR_USAGE, "a parameter is NAME=VALUE, not \"%.80s\"",
			    o->params[i]);
		name = mem_strdup(o->params[i]);
		if (!name)
			return err_set(ei, ERR_NOMEM, "out of memory");
		name[eq - o->params[i]] = '\0';
		r->names[i] = name;
		r->params[i] = (struct api_param){name, name + (eq - o->params[i]) + 1};
		r->query.n_params = i + 1;
	}
	r->query.params = r->params;
	return ERR_OK;
}

static enum err build(const struct cli_options *o, struct request *r, struct errinfo *ei)
{
	static const char *const methods[] = {"GET", "POST", "PUT", "DELETE"};

	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (strcasecmp(methods[i], o->operands[0]) == 0)
			snprintf(r->method, sizeof r->method, "%s", methods[i]);
	if (!r->method[0])
		return err_set(ei, ERR_USAGE,
		    "the method is GET, POST, PUT or DELETE, not \"%.40s\"", o->operands[0]);
	r->query.method = r->method;
	r->query.path = o->operands[1];
	r->query.form = o->form;
	if (o->form && o->body)
		return err_set(ei, ERR_USAGE, "a request has one body: --form or --json");
	if (strcmp(r->method, "GET") == 0 && (o->form || o->body))
		return err_set(ei, ERR_USAGE, "a GET has no body; parameters go into the query");
	if (take_params(o, r, ei))
		return ei->code;
	if (o->body) {
		if (read_body(o->body, &r->body, ei))
			return ei->code;
		r->query.json = buf_str(&r->body);
	}
	return ERR_OK;
}

/* Bytes as they came for a pipe or a file. A terminal gets what could move its cursor or deceive as
 * visible stand-ins. */
static void print_outside(const char *p, size_t n, bool terminal)
{
	while (terminal && n) {
		const char *nl = memchr(p, '\n', n);
		size_t len = nl ? (size_t)(nl - p) : n;
		struct text_iter it = text_iter(p, len);
		struct glyph g;

		while (text_next(&it, &g))
			fwrite(g.bytes, 1, g.len, stdout);
		if (nl)
			putchar('\n');
		len += nl != NULL;
		p += len;
		n -= len;
		if (!n && !nl)
			putchar('\n');
	}
	fwrite(p, 1, n, stdout);
}

static int answer(const struct cli_options *o, struct client_reply *r)
{
	bool terminal = isatty(STDOUT_FILENO) == 1;

	if (o->include && r->status) {
		printf("HTTP/1.1 %d\n", r->status);
		print_outside(buf_str(&r->headers), r->headers.len, terminal);
		putchar('\n');
	}
	print_outside(buf_str(&r->body), r->body.len, terminal);
	if (fflush(stdout) != 0 && !r->err)
		r->err = err_set(&r->ei, ERR_IO, "cannot write the answer: %s", strerror(errno));
	r->ei.code = r->err;
	return r->err ? cli_fail(&r->ei) : 0;
}

int cmd_api(const struct cli_options *o, int argc, char **argv)
{
	struct request r = {0};
	struct client c = {0};
	struct client_reply reply;
	struct errinfo ei = {0};
	int rc;

	(void)argc;
	(void)argv;
	if (o->n_operands < 2)
		return cli_usage("api needs a method and a path, such as: api GET /12/accounts");
	buf_init(&r.body, BODY_MAX);
	if (build(o, &r, &ei) || client_configure(&c, o, &ei))
		goto failed;
	if (o->write && c.profile->read_only) {
		err_set(&ei, ERR_REFUSED, "profile \"%.64s\" is read_only", c.profile->name);
		goto failed;
	}
	if (client_connect(&c, o->write, &ei))
		goto failed;
	client_call(&c, &r.query, o->wait ? FOREVER_MS : PATIENCE_MS, &reply);
	if (reply.err == ERR_REFUSED && !reply.status && !o->write)
		err_context(
		    &reply.ei, ERR_REFUSED, "not sent (use --write to send it all the same)");
	rc = answer(o, &reply);
	client_reply_done(&reply);
	client_close(&c);
	request_done(&r);
	return rc;
failed:
	client_close(&c);
	request_done(&r);
	return cli_fail(&ei);
}
