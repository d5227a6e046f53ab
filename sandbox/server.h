/* The HTTP side: libmicrohttpd on 127.0.0.1, one thread for each connection, so that a fault can
 * stall one request while others are answered. Handlers run one at a time under sb->lock. */
#ifndef RETICLE_SANDBOX_SERVER_H
#define RETICLE_SANDBOX_SERVER_H

#include <stdint.h>
#include "base/err.h"

struct sandbox;
struct server;

/* Listens from now on. port 0 takes a free one. */
struct server *server_start(struct sandbox *sb, uint16_t port, struct errinfo *ei);
uint16_t server_port(const struct server *s);
void server_stop(struct server *s); /* wakes stalled requests, waits for all threads, frees */

#endif
