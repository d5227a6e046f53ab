/* The transport over libcurl: one multi handle in the event loop. libcurl is loaded with the first
 * transfer; from then on the loop waits in curl_multi_poll. */
#include "api/transport.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "api/dynlib.h"
#include "api/proxy.h"
#include "api/scan.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/mem.h"

enum {
	MAX_HEADER_BYTES = 64 * 1024, /* of one answer, all header lines together */
	MAX_EXTRA_FDS = 64,
	SLICE_MS = 4, /* callbacks of one turn; the keyboard comes before the rest */
};

/* The multi handle of a loop: the loop waits in one place, so its clients share it. */
struct hub {
	struct hub *next;
	struct loop *loop;
	const struct curl_lib *lib;
	CURLM *multi;
	struct transfer *active, *finished, **finished_tail;
	unsigned users;
};
static struct hub *hubs;

struct net {
	struct loop *loop;
	struct hub *hub; /* NULL until the first transfer */
	char *ca_bundle;
	long connect_timeout_s, timeout_s;
	bool loopback; /* and plain http */
};

struct transfer {
	struct transfer *next;
	struct net *net;
	struct hub *hub;
	CURL *easy;
	struct curl_slist *lines;
	struct transport_reply reply;
	enum err (*before_send)(void *ctx, struct errinfo *ei);
	void *ctx;
	transfer_fn *fn;
	void *user;
	size_t header_bytes;
	enum err refused; /* by one of our callbacks; why is in reply.ei */
	bool finished;
	char curl_text[CURL_ERROR_SIZE];
};

const char *header_name(enum header_id id)
{
	static const char *const names[] = {
#define H(id, name) [HEADER_##id] = name,
#include "api/headers.def"
#undef H
	};
	return names[id];
}

/* --- callbacks of libcurl; none may remove a handle --- */

static size_t refuse(struct transfer *t, enum err err, const char *why)
{
	t->refused = err_set(&t->reply.ei, err, "%s", why);
	return CURL_WRITEFUNC_ERROR;
}

static size_t on_body(char *p, size_t size, size_t n, void *user)
{
	struct transfer *t = user;

	/* counted here, inflated: MAXFILESIZE does not see through gzip (libcurl 7.88.1) */
	if (buf_add(&t->reply.body, p, size * n))
		return refuse(t, t->reply.body.failed,
		    t->reply.body.failed == ERR_NOMEM ? "out of memory"
						      : "the answer is too large");
	return size * n;
}

static void keep_header(struct transfer *t, enum header_id id, const char *value, size_t n)
{
	char *out = t->reply.headers[id];
	size_t k = 0;

	for (size_t i = 0; i < n && k + 1 < HEADER_VALUE_SIZE; i++)
		out[k++] = value[i] >= 0x20 && value[i] < 0x7f ? value[i] : '?';
	out[k] = '\0';
}

/* A second length that differs, or an encoding that we did not ask for, is an attack or a broken
 * middle box; libcurl alone would take the last length and up to five chained encodings. */
static bool header_is_sane(struct transfer *t, enum header_id id, const char *value, size_t n)
{
	const char *old = t->reply.headers[HEADER_CONTENT_LENGTH];

	if (id == HEADER_CONTENT_LENGTH) {
		/* libcurl takes a length beyond 64 bits for none at all */
		if (!n || n > 15 || strspn(value, "0123456789") < n)
			return false;
		if (*old && (strlen(old) != n || memcmp(old, value, n) != 0))
			return false;
	}
	if (id == HEADER_CONTENT_ENCODING && n && !(n == 4 && strncasecmp(value, "gzip", 4) == 0) &&
	    !(n == 8 && strncasecmp(value, "identity", 8) == 0))
		return false;
	return true;
}

static size_t on_header(char *p, size_t size, size_t n, void *user)
{
	struct transfer *t = user;
	size_t len = size * n;
	const char *colon, *end = p + len;

	t->header_bytes += len;
	if (t->header_bytes > MAX_HEADER_BYTES)
		return refuse(t, ERR_LIMIT, "the header of the answer is too large");
	if (len >= 5 && memcmp(p, "HTTP/", 5) == 0) /* behind 100 Continue and the like */
		memset(t->reply.headers, 0, sizeof t->reply.headers);
	colon = memchr(p, ':', len);
	if (!colon)
		return len;
	while (end > colon && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' '))
		end--;
	const char *value = colon + 1;

	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	for (int i = 0; i < HEADER_COUNT; i++) {
		const char *name = header_name((enum header_id)i);

		if (strlen(name) != (size_t)(colon - p) || strncasecmp(name, p, strlen(name)) != 0)
			continue;
		if (!header_is_sane(t, (enum header_id)i, value, (size_t)(end - value)))
			return refuse(
			    t, ERR_PROTOCOL, "the header of the answer contradicts itself");
		keep_header(t, (enum header_id)i, value, (size_t)(end - value));
	}
	return len;
}

static int on_ready(void *user, char *ip, char *local_ip, int port, int local_port)
{
	struct transfer *t = user;

	(void)local_ip, (void)port, (void)local_port;
	/* "localhost" is a name, and a resolver may say anything */
	if (t->net->loopback && strncmp(ip, "127.", 4) != 0 && strcmp(ip, "::1") != 0) {
		refuse(t, ERR_REFUSED, "plain http is for this machine only");
		return CURL_PREREQFUNC_ABORT;
	}
	if (t->before_send) {
		t->refused = t->before_send(t->ctx, &t->reply.ei);
		t->reply.aborted = t->refused != ERR_OK;
		if (t->refused)
			return CURL_PREREQFUNC_ABORT;
	}
	t->reply.sent = true;
	return CURL_PREREQFUNC_OK;
}

/* --- transfers --- */

static void transfer_free(struct transfer *t)
{
	if (t->easy) {
		if (!t->finished)
			t->hub->lib->multi_remove_handle(t->hub->multi, t->easy);
		t->hub->lib->easy_cleanup(t->easy);
	}
	t->hub->lib->slist_free_all(t->lines);
	buf_done(&t->reply.body);
	mem_free(t);
}

static bool unlink_transfer(struct transfer **list, struct transfer *t)
{
	for (; *list; list = &(*list)->next)
		if (*list == t) {
			*list = t->next;
			return true;
		}
	return false;
}

static void reset_finished_tail(struct hub *hub)
{
	hub->finished_tail = &hub->finished;
	while (*hub->finished_tail)
		hub->finished_tail = &(*hub->finished_tail)->next;
}

static bool add_line(struct transfer *t, const char *name, const char *value)
{
	struct curl_slist *more;
	struct buf b;

	buf_init(&b, 16384);
	buf_addf(&b, "%s:%s%s", name, *value ? " " : "", value);
	more = b.failed ? NULL : t->hub->lib->slist_append(t->lines, buf_str(&b));
	if (b.p)
		explicit_bzero(b.p, b.len);
	buf_done(&b);
	if (more)
		t->lines = more;
	return more != NULL;
}

static CURLcode set_table(struct transfer *t, bool write)
{
	enum { ALL, WRITE };
	const struct curl_lib *lib = t->hub->lib;
	CURLcode c = CURLE_OK;

#define LONG(v) v
#define TEXT(v) v
#define O(who, kind, option, value)                                                                \
	if (!c && ((who) == ALL || write))                                                         \
		c = lib->easy_setopt(t->easy, option, kind(value));
#include "api/curl_options.def"
#undef O
#undef TEXT
#undef LONG
	return c;
}

static CURLcode set_callbacks(struct transfer *t)
{
	const struct curl_lib *lib = t->hub->lib;
	CURLcode c = CURLE_OK;

	c = c ? c : lib->easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	c = c ? c : lib->easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->curl_text);
	c = c ? c : lib->easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
	c = c ? c : lib->easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
	c = c ? c : lib->easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
	c = c ? c : lib->easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
	c = c ? c : lib->easy_setopt(t->easy, CURLOPT_PREREQFUNCTION, on_ready);
	c = c ? c : lib->easy_setopt(t->easy, CURLOPT_PREREQDATA, t);
	return c;
}

static CURLcode set_request(struct transfer *t, const struct transport_request *r)
{
	const struct net *net = t->net;
	const struct curl_lib *lib = t->hub->lib;
	const char *proxy = proxy_for(r->url);
	CURLcode c = CURLE_OK;

	c = c ? c : lib->easy_setopt(t->easy, CURLOPT_URL, r->url);
	c = c ? c
	      : lib->easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, net->loopback ? "http" : "https");
	c = c ? c : lib->easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT, net->connect_timeout_s);
	c = c ? c : lib->easy_setopt(t->easy, CURLOPT_TIMEOUT, net->timeout_s);
	c = c ? c : lib->easy_setopt(t->easy, CURLOPT_PROXY, proxy ? proxy : "");
	if (net->ca_bundle)
		c = c ? c : lib->easy_setopt(t->easy, CURLOPT_CAINFO, net->ca_bundle);
	c = c ? c : lib->easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, r->method);
	if (r->content_type || strcmp(r->method, "POST") == 0 || strcmp(r->method, "PUT") == 0) {
		c = c ? c : lib->easy_setopt(t->easy, CURLOPT_POST, 1L);
		c = c ? c
		      : lib->easy_setopt(
			    t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_len);
		c = c ? c
		      : lib->easy_setopt(t->easy, CURLOPT_COPYPOSTFIELDS, r->body ? r->body : "");
	}
	if (!add_line(t, "Authorization", r->authorization) || !add_line(t, "Expect", "") ||
	    !add_line(t, "Accept", "application/json") ||
	    !add_line(t, "Content-Type", r->content_type ? r->content_type : ""))
		return CURLE_OUT_OF_MEMORY;
	return c ? c : lib->easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->lines);
}

/* --- the loop --- */

static int hub_wait(void *ctx, struct pollfd *fds, unsigned n, int timeout_ms)
{
	struct hub *hub = ctx;
	struct curl_waitfd extra[MAX_EXTRA_FDS];

	if (n > MAX_EXTRA_FDS)
		n = MAX_EXTRA_FDS;
	for (unsigned i = 0; i < n; i++) {
		extra[i] = (struct curl_waitfd){.fd = fds[i].fd};
		extra[i].events = (short)((fds[i].events & POLLIN ? CURL_WAIT_POLLIN : 0) |
					  (fds[i].events & POLLOUT ? CURL_WAIT_POLLOUT : 0));
	}
	hub->lib->multi_poll(hub->multi, extra, n, timeout_ms, NULL);
	/* libcurl reports neither hang-up nor error of our descriptors: ask the kernel itself */
	return n ? poll(fds, n, 0) : 0;
}

static enum err curl_error(CURLcode c)
{
	switch (c) {
	case CURLE_OUT_OF_MEMORY:
		return ERR_NOMEM;
	case CURLE_OPERATION_TIMEDOUT:
		return ERR_TIMEOUT;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CIPHER:
		return ERR_TLS;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
		return ERR_NETWORK;
	default:
		return ERR_PROTOCOL;
	}
}

static void finish(struct transfer *t, CURLcode c)
{
	const struct curl_lib *lib = t->hub->lib;
	struct transport_reply *r = &t->reply;
	long status = 0;

	lib->multi_remove_handle(t->hub->multi, t->easy);
	t->finished = true;
	lib->easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	r->status = (int)status;
	r->curl_code = (int)c;
	r->certificate = c == CURLE_PEER_FAILED_VERIFICATION || c == CURLE_SSL_CACERT_BADFILE ||
			 c == CURLE_SSL_ISSUER_ERROR;
	if (t->refused)
		r->err = t->refused;
	else if (c)
		r->err = err_set(&r->ei, curl_error(c), "%s",
		    t->curl_text[0] ? t->curl_text : lib->easy_strerror(c));
	r->ei.http = r->status;
	*t->hub->finished_tail = t;
	t->next = NULL;
	t->hub->finished_tail = &t->next;
}

/* Drain first, call back afterwards: a callback may submit and abort as it likes. A page takes a
 * millisecond or two: between two of them a key comes first. */
static void hub_drive(struct loop *l, void *user)
{
	struct hub *hub = user;
	struct transfer *t;
	int64_t until;
	CURLMsg *m;
	int left;

	if (hub->active) {
		hub->lib->multi_perform(hub->multi, &left);
		while ((m = hub->lib->multi_info_read(hub->multi, &left))) {
			char *p = NULL;
			CURLcode code = m->data.result;

			if (m->msg != CURLMSG_DONE)
				continue;
			hub->lib->easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &p);
			t = (struct transfer *)(void *)p;
			unlink_transfer(&hub->active, t);
			finish(t, code);
		}
	}
	until = clock_mono_ms() + SLICE_MS;
	while ((t = hub->finished)) {
		hub->finished = t->next;
		if (!hub->finished)
			hub->finished_tail = &hub->finished;
		t->fn(&t->reply, t->user);
		transfer_free(t);
		if (clock_mono_ms() > until || loop_input_waits(l))
			break;
	}
	if (hub->finished)
		loop_wake_within(l, 0);
}

static struct hub *hub_find(const struct loop *l)
{
	struct hub *h = hubs;

	while (h && h->loop != l)
		h = h->next;
	return h;
}

static void hub_free(struct hub *hub)
{
	struct hub **at = &hubs;

	while (*at && *at != hub)
		at = &(*at)->next;
	if (*at)
		*at = hub->next;
	loop_each_turn_stop(hub->loop, hub_drive, hub);
	loop_set_wait(hub->loop, NULL, NULL);
	if (hub->multi)
		hub->lib->multi_cleanup(hub->multi);
	mem_free(hub);
}

static struct hub *hub_new(struct loop *l, struct errinfo *ei)
{
	const struct curl_lib *lib = curl_lib_get(ei);
	struct hub *hub = lib ? mem_zalloc(sizeof *hub) : NULL;

	if (!hub) {
		if (lib)
			err_set(ei, ERR_NOMEM, "out of memory");
		return NULL;
	}
	hub->loop = l;
	hub->lib = lib;
	hub->finished_tail = &hub->finished;
	hub->multi = lib->multi_init();
	if (!hub->multi || loop_each_turn(l, hub_drive, hub)) {
		err_set(ei, ERR_NOMEM, "the network cannot be started");
		hub_free(hub);
		return NULL;
	}
	lib->multi_setopt(hub->multi, CURLMOPT_MAXCONNECTS, 8L);
	loop_set_wait(l, hub_wait, hub);
	hub->next = hubs;
	hubs = hub;
	return hub;
}

static enum err net_start(struct net *net, struct errinfo *ei)
{
	if (net->hub)
		return ERR_OK;
	net->hub = hub_find(net->loop);
	if (!net->hub)
		net->hub = hub_new(net->loop, ei);
	if (!net->hub)
		return ERR_CONFIG;
	net->hub->users++;
	return ERR_OK;
}

/* --- the transport --- */

static struct transfer *net_submit(
    void *self, const struct transport_request *r, transfer_fn *fn, void *user, struct errinfo *ei)
{
	struct net *net = self;
	struct transfer *t;
	CURLcode c = CURLE_OUT_OF_MEMORY;

	if (net_start(net, ei))
		return NULL;
	t = mem_zalloc(sizeof *t);
	if (!t) {
		err_set(ei, ERR_NOMEM, "out of memory");
		return NULL;
	}
	t->net = net;
	t->hub = net->hub;
	t->fn = fn;
	t->user = user;
	t->before_send = r->before_send;
	t->ctx = r->ctx;
	t->finished = true; /* not in the multi handle yet */
	buf_init(&t->reply.body, SCAN_MAX_BYTES);
	t->easy = net->hub->lib->easy_init();
	if (t->easy)
		c = set_table(t, r->write);
	c = c ? c : set_callbacks(t);
	c = c ? c : set_request(t, r);
	if (c || net->hub->lib->multi_add_handle(net->hub->multi, t->easy)) {
		err_set(ei, c == CURLE_OUT_OF_MEMORY ? ERR_NOMEM : ERR_CONFIG,
		    "the request cannot be set up: %s", net->hub->lib->easy_strerror(c));
		transfer_free(t);
		return NULL;
	}
	t->finished = false;
	t->next = net->hub->active;
	net->hub->active = t;
	return t;
}

static void net_abort(void *self, struct transfer *t)
{
	struct hub *hub = t->hub;

	(void)self;
	if (!unlink_transfer(&hub->active, t) && unlink_transfer(&hub->finished, t))
		reset_finished_tail(hub);
	transfer_free(t);
}

static struct transfer *of_net(struct transfer *list, const struct net *net)
{
	while (list && list->net != net)
		list = list->next;
	return list;
}

static void net_free(void *self)
{
	struct net *net = self;
	struct transfer *t;

	if (net->hub) {
		while ((t = of_net(net->hub->active, net)) || (t = of_net(net->hub->finished, net)))
			net_abort(net, t);
		if (--net->hub->users == 0)
			hub_free(net->hub);
	}
	mem_free(net->ca_bundle);
	mem_free(net);
}

bool net_is_loopback(const char *url)
{
	const char *sep = strstr(url, "://"), *host = sep ? sep + 3 : url;
	unsigned char a4[4];
	char name[64];
	size_t n;

	if (*host == '[')
		return strncmp(host, "[::1]", 5) == 0 &&
		       (host[5] == ':' || host[5] == '/' || !host[5]);
	n = strcspn(host, ":/?#@");
	if (n >= sizeof name || host[n] == '@')
		return false;
	memcpy(name, host, n);
	name[n] = '\0';
	return strcasecmp(name, "localhost") == 0 ||
	       (inet_pton(AF_INET, name, a4) == 1 && a4[0] == 127);
}

enum err net_transport(
    struct transport *t, struct loop *l, const struct api_config *cfg, struct errinfo *ei)
{
	struct net *net = mem_zalloc(sizeof *net);

	if (!net)
		return err_set(ei, ERR_NOMEM, "out of memory");
	net->loop = l;
	net->connect_timeout_s = cfg->connect_timeout_s ? (long)cfg->connect_timeout_s : 10;
	net->timeout_s = cfg->timeout_s ? (long)cfg->timeout_s : 60;
	net->loopback = strncmp(cfg->base_url, "http://", 7) == 0;
	if (cfg->ca_bundle && !(net->ca_bundle = mem_strdup(cfg->ca_bundle))) {
		mem_free(net);
		return err_set(ei, ERR_NOMEM, "out of memory");
	}
	*t = (struct transport){net, net_submit, net_abort, net_free};
	return ERR_OK;
}
