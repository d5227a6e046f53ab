#include "sandbox/reply.h"

#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include "sandbox/gzip.h"
#include "sandbox/sandbox.h"

static int socket_of(struct MHD_Connection *con)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(con, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? info->connect_fd : -1;
}

void reply_reset(struct MHD_Connection *con)
{
	/* libmicrohttpd sends a FIN before it closes, so SO_LINGER would come too late; dissolving
	 * the association makes Linux send the RST at once */
	struct sockaddr none = {.sa_family = AF_UNSPEC};

	connect(socket_of(con), &none, sizeof none);
}

void reply_hang_up(struct MHD_Connection *con)
{
	shutdown(socket_of(con), SHUT_RDWR);
}

/* --- made-up answers --- */

static const char *code_of(int64_t status)
{
	static const struct {
		int status;
		const char *code;
	} codes[] = {{400, "INVALID_PARAMETER"}, {401, "UNAUTHORIZED_ACCESS"},
	    {403, "ACTION_NOT_ALLOWED"}, {404, "NOT_FOUND"}, {405, "METHOD_NOT_ALLOWED"},
	    {408, "CANCELLED_REQUEST"}, {423, "LOCK_ACQUISITION_TIMEOUT"},
	    {429, "TOO_MANY_REQUESTS"}, {500, "INTERNAL_ERROR"}, {503, "SERVICE_UNAVAILABLE"}};

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (codes[i].status == status)
			return codes[i].code;
	return status < 500 ? "INVALID" : "INTERNAL_ERROR";
}

static void write_error(struct call *c, const char *code, const char *message)
{
	struct api_error e = {.code = code, .message = message};

	json_open(&c->out, '{');
	json_key(&c->out, "errors");
	json_open(&c->out, '[');
	error_write(&c->out, &e);
	json_close(&c->out, ']');
	json_key(&c->out, "request");
	json_raw(&c->out, "{\"params\":{}}", 13);
	json_close(&c->out, '}');
}

void reply_status(struct call *c, const struct fault_action *f)
{
	const char *body = f->body ? f->body : "json";

	c->status = (int)f->num;
	buf_clear(&c->out);
	if (strcmp(body, "json") == 0) {
		write_error(c, code_of(f->num), "Injected by the fault plan");
	} else if (strcmp(body, "html") == 0) {
		c->content_type_out = "text/html; charset=utf-8";
		buf_addf(&c->out,
		    "<!DOCTYPE html><html><head><title>%d</title></head><body><h1>%d</h1>"
		    "<p>The request could not be completed.</p></body></html>",
		    c->status, c->status);
	} else if (strcmp(body, "bin") == 0) {
		c->content_type_out = "application/octet-stream";
		buf_add(&c->out, "\0\xff\x1b[31m\x80\n", 8);
	} else if (strcmp(body, "empty") != 0) {
		buf_adds(&c->out, body);
	}
	for (size_t i = 0; i < f->headers.n; i++)
		call_header(c, f->headers.v[i].name, "%s", f->headers.v[i].value);
}

void reply_too_large(struct call *c)
{
	c->status = 413;
	write_error(c, "INVALID_PARAMETER", "The request body is too large");
}

void reply_bad_fault(struct call *c)
{
	c->status = 400;
	write_error(c, "INVALID_PARAMETER", "X-Sandbox-Fault is not an action of docs/sandbox.md");
}

/* rl=none|past|huge|junk|neg|reset:+N */
static void bend_rates(struct call *c, const struct fault_action *f)
{
	int64_t now = sandbox_now_s(c->sb);
	const char *reset = NULL;
	size_t kept = 0;

	if (strcmp(f->arg, "past") == 0)
		reset = call_text(c, "%lld", (long long)now - 100);
	else if (strcmp(f->arg, "huge") == 0)
		reset = "9223372036854775808";
	else if (strcmp(f->arg, "junk") == 0)
		reset = "abc";
	else if (strcmp(f->arg, "neg") == 0)
		reset = "-1";
	else if (strncmp(f->arg, "reset:", 6) == 0)
		reset = call_text(c, "%lld", (long long)now + strtoll(f->arg + 6, NULL, 10));
	for (size_t i = 0; i < c->headers_out.n; i++)
		if (!strstr(c->headers_out.v[i].name, "rate-limit"))
			c->headers_out.v[kept++] = c->headers_out.v[i];
	c->headers_out.n = kept;
	if (!reset)
		return;
	call_header(c, "x-rate-limit-limit", "450");
	call_header(c, "x-rate-limit-remaining", "0");
	call_header(c, "x-rate-limit-reset", "%s", reset);
}

void reply_bend(struct call *c, const struct fault_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct fault_action *f = &set->v[i];

		switch (f->verb) {
		case FAULT_STATUS:
			if (f->phase > PHASE_PRE_COMMIT)
				reply_status(c, f);
			break;
		case FAULT_REDIR:
			c->status = f->num ? (int)f->num : 302;
			call_header(c, "Location", "%s", f->text ? f->text : "http://127.0.0.1:9/");
			buf_clear(&c->out);
			break;
		case FAULT_DEEP:
			buf_clear(&c->out);
			for (int64_t k = 0; k < f->num; k++)
				buf_addc(&c->out, '[');
			for (int64_t k = 0; k < f->num; k++)
				buf_addc(&c->out, ']');
			break;
		case FAULT_GZ:
			buf_clear(&c->out);
			gzip_spaces((uint64_t)(f->num > 0 ? f->num : 1) << 20, &c->out);
			call_header(c, "Content-Encoding", "gzip");
			break;
		case FAULT_RL:
			bend_rates(c, f);
			break;
		default:
			break;
		}
	}
}

/* --- sending --- */

static void format_date(const struct call *c, const struct fault_set *set, char out[40])
{
	const struct fault_action *skew = fault_find(set, FAULT_SKEW);
	time_t at = (time_t)(sandbox_now_s(c->sb) + (skew ? skew->num : 0));
	struct tm tm;

	gmtime_r(&at, &tm);
	strftime(out, 40, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

static bool write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
		struct pollfd ready = {.fd = fd, .events = POLLOUT};

		if (sent > 0) {
			p += sent;
			n -= (size_t)sent;
		} else if (poll(&ready, 1, 5000) != 1 || (ready.revents & (POLLERR | POLLHUP))) {
			return false;
		}
	}
	return true;
}

/* Slices a tenth of a second apart, until the client has had enough. */
static void write_slowly(int fd, const char *p, size_t n, int64_t bytes_per_s)
{
	size_t slice = bytes_per_s >= 10 ? (size_t)bytes_per_s / 10 : 1;
	int gap_ms = bytes_per_s >= 10 ? 100 : bytes_per_s > 0 ? (int)(1000 / bytes_per_s) : 1000;

	while (n) {
		struct pollfd gone = {.fd = fd, .events = POLLRDHUP};
		size_t now = n < slice ? n : slice;

		if (!write_all(fd, p, now) || poll(&gone, 1, gap_ms) > 0)
			return;
		p += now;
		n -= now;
	}
}

static void write_head(
    struct call *c, const struct fault_set *set, struct buf *head, const char *framing)
{
	const struct fault_action *lines = fault_find(set, FAULT_HDRS);
	char date[40];

	format_date(c, set, date);
	buf_addf(head, "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: %s\r\n%s\r\n", c->status,
	    MHD_get_reason_phrase_for((unsigned)c->status), date, c->content_type_out, framing);
	for (size_t i = 0; i < c->headers_out.n; i++)
		buf_addf(head, "%s: %s\r\n", c->headers_out.v[i].name, c->headers_out.v[i].value);
	for (int64_t i = 0; lines && i < lines->num; i++)
		buf_addf(head, "X-Filler-%lld: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n", (long long)i);
	buf_adds(head, "\r\n");
}

/* What libmicrohttpd would refuse to send. */
static void send_raw(struct call *c, int fd, const struct fault_set *set)
{
	const struct fault_action *cut = fault_find(set, FAULT_CUT);
	const struct fault_action *drip = fault_find(set, FAULT_DRIP);
	const struct fault_action *raw = fault_find(set, FAULT_RAW);
	size_t n = c->out.len;
	struct buf all;
	char framing[64];

	buf_init(&all, 512u << 20);
	if (raw) {
		write_all(fd, raw->text ? raw->text : "", raw->text ? strlen(raw->text) : 0);
	} else if (fault_find(set, FAULT_CHUNK)) {
		write_head(c, set, &all, "Transfer-Encoding: chunked");
		buf_adds(&all, "5\r\n{\"dat\r\nzzz\r\na\":1}\r\n0\r\n\r\n");
		write_all(fd, buf_str(&all), all.len);
	} else {
		snprintf(framing, sizeof framing, "Content-Length: %zu", n);
		write_head(c, set, &all, framing);
		if (cut && cut->num >= 0 && (size_t)cut->num < n)
			n = (size_t)cut->num;
		buf_add(&all, buf_str(&c->out), n);
		if (drip)
			write_slowly(fd, buf_str(&all), all.len, drip->num);
		else
			write_all(fd, buf_str(&all), all.len);
	}
	buf_done(&all);
	shutdown(fd, SHUT_WR);
}

bool reply_send(struct call *c, struct MHD_Connection *con, const struct fault_set *set)
{
	static const enum fault_verb unsound[] = {
	    FAULT_CUT, FAULT_DRIP, FAULT_RAW, FAULT_CHUNK, FAULT_HDRS};
	struct MHD_Response *r;
	enum MHD_Result queued;
	size_t n = c->out.len;
	char date[40];

	for (size_t i = 0; i < sizeof unsound / sizeof *unsound; i++) {
		if (fault_find(set, unsound[i])) {
			if (!c->sb->opt.tls) /* plain bytes inside TLS would only be noise */
				send_raw(c, socket_of(con), set);
			return false;
		}
	}
	r = MHD_create_response_from_buffer(
	    n, (void *)(uintptr_t)buf_str(&c->out), MHD_RESPMEM_MUST_COPY);
	if (!r)
		return false;
	format_date(c, set, date);
	MHD_add_response_header(r, "Date", date);
	MHD_add_response_header(r, "Content-Type", c->content_type_out);
	for (size_t i = 0; i < c->headers_out.n; i++)
		MHD_add_response_header(r, c->headers_out.v[i].name, c->headers_out.v[i].value);
	queued = MHD_queue_response(con, (unsigned)c->status, r);
	MHD_destroy_response(r);
	return queued == MHD_YES;
}
