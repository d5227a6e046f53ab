#include "tests/flow/listener.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 4096, MAX_REQUEST = 1 << 20, MAX_METHODS = 8192 };

struct connection {
	struct listener *l;
	pthread_t thread;
	unsigned number;
	int fd;
};

struct listener {
	heard_fn *fn;
	void *user;
	pthread_t thread;
	pthread_mutex_t lock;
	struct connection connections[MAX_CONNECTIONS];
	unsigned n_connections, n_requests;
	char methods[MAX_METHODS][8];
	char url[64];
	int fd, port;
};

void say(int fd, const char *text)
{
	size_t n = strlen(text);

	while (n) {
		ssize_t w = send(fd, text, n, MSG_NOSIGNAL);

		if (w <= 0)
			return;
		text += w;
		n -= (size_t)w;
	}
}

void say_json(int fd, int status, const char *body)
{
	char head[256];

	snprintf(head, sizeof head,
	    "HTTP/1.1 %d X\r\ncontent-type: application/json;charset=utf-8\r\n"
	    "content-length: %zu\r\n\r\n",
	    status, strlen(body));
	say(fd, head);
	say(fd, body);
}

/* Bytes of the whole request at the start of buf, 0 while it is incomplete. */
static size_t request_length(const char *buf, size_t n)
{
	const char *end = memmem(buf, n, "\r\n\r\n", 4), *p = buf;
	size_t body = 0;

	if (!end)
		return 0;
	while ((p = memchr(p, '\n', (size_t)(end - p))) && ++p < end)
		if (strncasecmp(p, "content-length:", 15) == 0)
			body = strtoul(p + 15, NULL, 10);
	size_t whole = (size_t)(end - buf) + 4 + body;

	return n >= whole ? whole : 0;
}

static enum verdict hear(struct connection *c, char *text, size_t len, unsigned on_connection)
{
	struct heard h = {
	    .text = text, .len = len, .connection = c->number, .on_connection = on_connection};
	char method[8] = "", *target = NULL;
	char saved = text[len];

	text[len] = '\0';
	char *line = strndup(text, strcspn(text, "\r"));
	char *space = strchr(line, ' ');

	if (space) {
		*space = '\0';
		snprintf(method, sizeof method, "%.7s", line);
		target = space + 1;
		target[strcspn(target, " ")] = '\0';
	}
	pthread_mutex_lock(&c->l->lock);
	h.nth = ++c->l->n_requests;
	if (h.nth <= MAX_METHODS)
		memcpy(c->l->methods[h.nth - 1], method, sizeof method);
	pthread_mutex_unlock(&c->l->lock);
	h.method = method;
	h.target = target ? target : "";
	enum verdict v = c->l->fn(c->fd, &h, c->l->user);

	free(line);
	text[len] = saved;
	return v;
}

static void *serve(void *arg)
{
	struct connection *c = arg;
	char *buf = malloc(MAX_REQUEST + 1);
	size_t n = 0, len;
	unsigned count = 0;
	enum verdict v = KEEP;

	while (v == KEEP && n < MAX_REQUEST) {
		ssize_t r = recv(c->fd, buf + n, MAX_REQUEST - n, 0);

		if (r <= 0)
			break;
		n += (size_t)r;
		while (v == KEEP && (len = request_length(buf, n))) {
			v = hear(c, buf, len, ++count);
			memmove(buf, buf + len, n - len);
			n -= len;
		}
	}
	if (v == RESET)
		setsockopt(
		    c->fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
	pthread_mutex_lock(&c->l->lock);
	close(c->fd);
	c->fd = -1;
	pthread_mutex_unlock(&c->l->lock);
	free(buf);
	return NULL;
}

static void *accept_all(void *arg)
{
	struct listener *l = arg;
	int fd;

	while ((fd = accept(l->fd, NULL, NULL)) >= 0) {
		pthread_mutex_lock(&l->lock);
		if (l->n_connections == MAX_CONNECTIONS) {
			close(fd);
		} else {
			struct connection *c = &l->connections[l->n_connections++];

			*c = (struct connection){.l = l, .fd = fd, .number = l->n_connections};
			if (pthread_create(&c->thread, NULL, serve, c)) {
				close(fd);
				l->n_connections--;
			}
		}
		pthread_mutex_unlock(&l->lock);
	}
	return NULL;
}

struct listener *listener_start(heard_fn *fn, void *user)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	struct listener *l = calloc(1, sizeof *l);
	socklen_t len = sizeof a;

	l->fn = fn;
	l->user = user;
	pthread_mutex_init(&l->lock, NULL);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(l->fd, (struct sockaddr *)&a, sizeof a) || listen(l->fd, 64) ||
	    getsockname(l->fd, (struct sockaddr *)&a, &len) ||
	    pthread_create(&l->thread, NULL, accept_all, l))
		abort();
	l->port = ntohs(a.sin_port);
	snprintf(l->url, sizeof l->url, "http://127.0.0.1:%d", l->port);
	return l;
}

void listener_stop(struct listener *l)
{
	shutdown(l->fd, SHUT_RDWR);
	pthread_join(l->thread, NULL);
	close(l->fd);
	pthread_mutex_lock(&l->lock);
	for (unsigned i = 0; i < l->n_connections; i++)
		if (l->connections[i].fd >= 0)
			shutdown(l->connections[i].fd, SHUT_RDWR);
	pthread_mutex_unlock(&l->lock);
	for (unsigned i = 0; i < l->n_connections; i++)
		pthread_join(l->connections[i].thread, NULL);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

int listener_port(const struct listener *l)
{
	return l->port;
}

const char *listener_url(const struct listener *l)
{
	return l->url;
}

unsigned listener_count(struct listener *l, const char *method)
{
	unsigned n = 0;

	pthread_mutex_lock(&l->lock);
	for (unsigned i = 0; i < l->n_requests && i < MAX_METHODS; i++)
		n += !method || strcmp(l->methods[i], method) == 0;
	pthread_mutex_unlock(&l->lock);
	return n;
}

unsigned listener_connections(struct listener *l)
{
	pthread_mutex_lock(&l->lock);
	unsigned n = l->n_connections;
	pthread_mutex_unlock(&l->lock);
	return n;
}
