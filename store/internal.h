/* What the modules of store/ share. Nobody else includes this. */
#ifndef RETICLE_STORE_INTERNAL_H
#define RETICLE_STORE_INTERNAL_H

#include <sys/types.h>
#include "base/buf.h"
#include "store/db.h"
#include "store/drafts.h"
#include "store/pack.h"
#include "store/sidelog.h"
#include "store/store.h"

#define STORE_MESSAGES 16
#define STORE_REALM_MAX 300
#define STORE_LOCKS 8

struct file_id {
	dev_t dev;
	ino_t ino;
};

struct held_lock {
	int fd; /* -1: free slot */
	char account[65]; /* of the bound realm */
	int64_t epoch;
	bool missing; /* the file system has no locks: this is the lease alone */
};

struct store {
	struct paths paths;
	struct db cache, state; /* state.sql is NULL when it cannot be used */
	struct sidelog log;
	struct file_id state_file; /* which file state.db was when it was opened */
	char realm[STORE_REALM_MAX]; /* "host/version"; "" before store_bind */
	int64_t cache_realm, state_realm;
	char draft[65]; /* selected draft, "" the first */
	int64_t draft_row; /* its row, so that a new name is followed; 0: not looked up */
	struct held_lock locks[STORE_LOCKS];
	struct draft_counts counted; /* of counted_draft when the version was counted_version */
	int64_t counted_draft;
	uint64_t counted_version;
	int64_t catalog_oldest;
	bool needs_acknowledgement, log_optional;
	bool may_miss_lock; /* lock_allow_missing() */
	char *messages[STORE_MESSAGES];
	size_t n_messages;
};

void store_say(struct store *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* --- cache.db --- */

/* Pass every result of a cache function through this: damage found on the way makes the cache anew,
 * so that the caller's next call works. Returns err. */
enum err cache_guard(struct store *s, enum err err);
/* ERR_STORE when store_bind was not called. */
enum err cache_ready(struct store *s, struct errinfo *ei);

#define LISTING_RESUME_S (24 * 3600) /* a stopped fetch that is older starts anew */

/* Lists of records in the cache: catalogue and snapshot are typed doors to these. */
struct listing_key {
	const char *account, *kind, *scope; /* "" where it does not apply */
};
struct listing_info {
	int64_t generation; /* 0: nothing stored */
	int64_t n, fetched_at;
	int64_t as_of; /* of the server, 0: not known */
	bool complete;
};
enum err listing_begin(struct store *s, const struct listing_key *key, bool resume,
    struct store_fetch *f, struct errinfo *ei);
enum err listing_put(struct store *s, struct store_fetch *f, const struct raw_set *page,
    const char *next_cursor, struct errinfo *ei);
enum err listing_info(struct store *s, const struct listing_key *key, struct listing_info *out);
enum err listing_read(struct store *s, const struct listing_info *info, size_t first, size_t max,
    struct raw_set *out, struct errinfo *ei);
/* Inside a transaction: these records are now the list, complete. What another terminal is fetching
 * meanwhile goes on beside it. */
enum err listing_replace(
    struct store *s, const struct listing_key *key, const struct raw_set *all, struct errinfo *ei);
/* One record of a kind (in any scope) by the value of its first field, appended to out. */
enum err listing_find(struct store *s, const struct listing_key *key, const char *value,
    struct raw_set *out, struct errinfo *ei);

/* Changes of a list (store/changes.c), behind the typed doors of snapshot.h. */
struct snapshot_changes;
enum err changes_begin(
    struct store *s, int64_t clock_skew_s, struct snapshot_changes *c, struct errinfo *ei);
enum err changes_merge(struct store *s, struct snapshot_changes *c, const struct raw_set *page,
    size_t deleted_offset, const char *next_cursor, struct errinfo *ei);

/* Criteria rows, inside a transaction (store/criteria.c). */
struct snapshot_criteria;
struct criteria_began { /* when their reading began */
	int64_t wall_s;
	struct journal_point at;
};
int64_t criteria_owner(
    struct store *s, const char *account, bool make, enum err *err, struct errinfo *ei);
/* Criteria in any order, sorted into the line items of their group; the records stay where they are. */
struct criteria_sorted {
	size_t *start; /* n_line_items + 1 offsets into records */
	const void **records; /* of the first line item, of the second, ... */
};
struct criteria_range {
	size_t first, end; /* line items */
	struct criteria_began began;
};
enum err criteria_sort(
    const struct snapshot_criteria *c, struct criteria_sorted *b, struct errinfo *ei);
void criteria_sorted_done(struct criteria_sorted *b);
/* within a transaction */
enum err criteria_put_range(struct store *s, const struct snapshot_criteria *c,
    const struct criteria_sorted *b, const struct criteria_range *range, struct errinfo *ei);

/* --- state.db --- */

/* One durable change of state.db and of the side log: state_begin, changes, lines of the log,
 * state_end. state_end writes and syncs the log, then commits; with err set it rolls back and
 * returns err. must: what is recorded has happened in the world already (an answer came), so a side
 * log that cannot be written does not undo it. */
enum err state_begin(struct store *s, bool must, struct errinfo *ei);
enum err state_end(struct store *s, enum err err, struct errinfo *ei);
/* Pass every result of a function that reads or writes state.db through this: damage found on the way
 * is mended at once (set aside, rebuilt), so that the caller's next call works. Returns err. */
enum err state_guard(struct store *s, enum err err);
/* Another terminal may have replaced a damaged state.db: go over to the new one. */
void state_follow(struct store *s);
/* Id of the draft in use for the account, made when make is set; 0: there is none. */
int64_t state_draft(
    struct store *s, const char *account, bool make, enum err *err, struct errinfo *ei);
/* Take over what edits.log has when state.db is new and empty. *edits: open edits restored. */
enum err state_rebuild(struct store *s, size_t *edits, struct errinfo *ei);

extern const struct db_schema cache_schema, state_schema;

#endif
