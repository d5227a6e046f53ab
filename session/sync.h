/* Bringing the account up to date as a whole, and how far that is. What is under way goes on where it
 * stopped when it is begun again, in this run or in a later one. */
#ifndef RETICLE_SESSION_SYNC_H
#define RETICLE_SESSION_SYNC_H

#include "session/session.h"

/* Lists, then the criteria of line items that are new or changed since their criteria were read.
 * whole: everything, also what is known; stopped and begun again within a day it goes on. */
enum err session_sync(
    struct session *s, bool whole, enum req_priority priority, struct errinfo *ei);
bool session_syncing(const struct session *s);

struct sync_result {
	bool done;
	struct errinfo ei; /* code ERR_OK, or why not all could be read */
	size_t read; /* line items whose criteria were asked for */
	uint64_t requests;
	int64_t took_ms;
};
const struct sync_result *session_sync_result(const struct session *s); /* NULL: not ended yet */

struct sync_progress {
	bool active; /* lists or criteria are being read */
	unsigned lists; /* under way */
	size_t list_rows;
	size_t line_items, line_items_done; /* whose criteria are read */
	size_t rows; /* criteria so far */
	size_t requests, requests_left; /* for criteria; left is an estimate */
	int64_t ms_left; /* estimate with the waits for the rate limit; -1: not known yet */
};
struct sync_progress session_progress(const struct session *s);

#endif
