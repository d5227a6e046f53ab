/* A server on a raw socket for what no HTTP library would send: cut answers, contradictory headers,
 * connections that die at a chosen moment. It knows nothing of the client. */
#ifndef RETICLE_TESTS_FLOW_LISTENER_H
#define RETICLE_TESTS_FLOW_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

struct listener;

struct heard { /* one request, complete with its body */
	const char *method, *target; /* NUL-terminated */
	const char *text; /* head and body */
	size_t len;
	unsigned nth; /* of the listener, from 1 */
	unsigned connection; /* number of its connection, from 1 */
	unsigned on_connection; /* of its connection, from 1 */
};

enum verdict { KEEP, CLOSE, RESET };
/* Runs in a thread of the listener. Writes its answer to fd; KEEP reads the next request. */
typedef enum verdict heard_fn(int fd, const struct heard *h, void *user);

struct listener *listener_start(heard_fn *fn, void *user);
void listener_stop(struct listener *l);
int listener_port(const struct listener *l);
const char *listener_url(const struct listener *l); /* "http://127.0.0.1:PORT" */
unsigned listener_count(struct listener *l, const char *method); /* requests heard; NULL: all */
unsigned listener_connections(struct listener *l);

void say(int fd, const char *text); /* write all */
/* A whole answer with a length and JSON content type */
void say_json(int fd, int status, const char *body);

#endif
