/* One request at a time to a listener that misbehaves, and what the client says of it. */
#ifndef RETICLE_TESTS_FLOW_SINGLE_H
#define RETICLE_TESTS_FLOW_SINGLE_H

#include <stdint.h>
#include "api/mutate.h"
#include "tests/flow/listener.h"

struct single_outcome {
	bool done;
	unsigned sends; /* how often the PREREQ callback ran: requests that left */
	enum write_end end;
	enum answer_case kind;
	struct errinfo ei;
	/* of a read */
	enum err err;
	size_t rows;
};

struct single {
	struct listener *server;
	struct loop *loop;
	struct api *api;
};

/* A listener and a client of it, whose limits are limit_s seconds (0: those of the program). */
struct single single_begin(heard_fn *fn, void *user, unsigned limit_s);
void single_end(struct single *s);

/* Configuration of a client for base_url, with keys that nobody has. */
struct api_config single_config(const char *base_url);
/* Submit a write; *o is filled when it is over, and must live as long. */
void single_start_post(struct api *a, struct single_outcome *o);
/* Submit one and wait for its end, for at most limit_ms of real time. */
struct single_outcome single_post(struct single *s, int limit_ms);
/* The same for a read, with its retries. */
struct single_outcome single_read(struct single *s, int limit_ms);

/* The highest resident set of this process in KiB since single_rss_reset(). Both fail the test where
 * the kernel does not count anew. */
void single_rss_reset(void);
long single_rss_peak_kib(void);

#endif
