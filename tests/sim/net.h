/* The network between the terminals and the sandbox, in virtual time: connections that fail, requests
 * and answers that take their time, are lost or come after everybody stopped waiting. */
#ifndef RETICLE_TESTS_SIM_NET_H
#define RETICLE_TESTS_SIM_NET_H

#include "api/transport.h"
#include "base/loop.h"
#include "tests/sim/server.h"

struct net_weather { /* of a thousand requests */
	unsigned unsent; /* no connection is made */
	unsigned certificate; /* the certificate is refused */
	unsigned lost; /* the request leaves and never arrives */
	unsigned late; /* arrives up to NET_LATE_MS later */
	unsigned answer_lost; /* the answer never arrives */
};

enum {
	NET_TIMEOUT_MS = 60000, /* as api_config's default */
	NET_LATE_MS = 50000, /* with the largest lag below the last settling reading, 120 s */
	NET_HOST_SIZE = 64
};

/* What happens to a write; runs in the terminal's turn, `sent` after the journal's mark was made. */
struct net_post {
	int who;
	uint64_t tag;
	const char *body;
	size_t len;
};
struct net_watch {
	void (*sent)(void *user, const struct net_post *p);
	void (*over)(void *user, uint64_t tag); /* it can take effect no more */
	void (*request)(void *user, const struct server_request *r); /* any, as it leaves */
	void *user;
};

void net_begin(uint64_t seed, const struct net_watch *w);
void net_seed(uint64_t seed); /* of what is drawn from now on */
void net_done(void); /* forgets everything that is under way */
void net_weather(const struct net_weather *w); /* NULL: fair */
/* A transport for terminal `who`, whose loop is l. */
struct transport net_transport_for(int who, struct loop *l);
void net_killed(int who); /* what it had sent goes on without it */
/* When the next thing happens on the server's side (virtual, INT64_MAX: never); do what is due. */
int64_t net_next_ms(void);
void net_run(void);
bool net_is_sending(uint64_t tag); /* can that write still take effect? */
size_t net_requests(void); /* that left, since net_begin */

#endif
