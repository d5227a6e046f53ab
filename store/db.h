/* SQLite as this folder uses it: opened with the pragmas that make damage an error instead of a
 * surprise, migrated in one transaction, statements prepared once, every value bound. For store/
 * only; nobody else includes sqlite3.h. */
#ifndef RETICLE_STORE_DB_H
#define RETICLE_STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

#define DB_PATH_MAX 1088

struct db_schema {
	int32_t application_id;
	const char *const *steps; /* step i brings user_version i to i + 1 */
	size_t n;
	bool durable; /* synchronous=FULL and a copy before a migration */
};

struct db {
	sqlite3 *sql; /* NULL: not open */
	char path[DB_PATH_MAX];
	const struct db_schema *schema;
	struct {
		const char *text;
		sqlite3_stmt *st;
	} cache[112];
	size_t n_cache;
	int log_frames; /* size of SQLite's write-ahead log after the last commit */
	bool damaged; /* SQLite said so: the owner of the handle must act */
	enum err failed; /* a db_int of this transaction that could not be answered */
};

/* path ":memory:" keeps all in memory. ERR_CORRUPT: damaged or not a database of ours;
 * ERR_REFUSED: of a newer version of the program; ERR_STORE: it cannot be opened. d is closed then. */
enum err db_open(
    struct db *d, const char *path, const struct db_schema *schema, struct errinfo *ei);
void db_close(struct db *d);
/* PRAGMA quick_check; ERR_CORRUPT when it finds something. */
enum err db_check(struct db *d, struct errinfo *ei);
/* Move the closed files of a database to a free name "path.damaged-N"; the log of SQLite goes with
 * it, because a new database must never meet an old one's log. to has DB_PATH_MAX bytes. */
enum err db_set_aside(const char *path, char *to, struct errinfo *ei);

enum db_value { DB_END, DB_INT, DB_TEXT, DB_BLOB };
struct db_arg {
	enum db_value kind;
	int64_t i;
	const void *p; /* NULL: SQL NULL */
	size_t n;
};
#define INT(x)                                                                                     \
	{                                                                                          \
		.kind = DB_INT, .i = (int64_t)(x)                                                  \
	}
#define TEXT(x)                                                                                    \
	{                                                                                          \
		.kind = DB_TEXT, .p = (x)                                                          \
	}
#define BLOB(x, len)                                                                               \
	{                                                                                          \
		.kind = DB_BLOB, .p = (x), .n = (len)                                              \
	}
#define BIND(...) ((const struct db_arg[]){__VA_ARGS__, {.kind = DB_END}})

/* sql is a string literal: statements are kept by its address. args may be NULL; what it points to
 * must stay until the statement is done. */
enum err db_run(struct db *d, const char *sql, const struct db_arg *args, struct errinfo *ei);
/* for (st = db_query(...); db_row(st);) ...; err = db_done(d, st, ei); db_done is always called, and
 * reports what went wrong in any of the three. A query that is not over must not be started again. */
sqlite3_stmt *db_query(struct db *d, const char *sql, const struct db_arg *args);
bool db_row(sqlite3_stmt *st);
enum err db_done(struct db *d, sqlite3_stmt *st, struct errinfo *ei);
/* First column of the first row; *found (may be NULL) tells whether there was one, else 0. When it
 * fails, the transaction that it is part of will not commit. */
int64_t db_int(struct db *d, const char *sql, const struct db_arg *args, bool *found);

/* A reader elsewhere keeps the log from being emptied and it has reached its bound. */
bool db_log_is_full(struct db *d);

int64_t db_changes(const struct db *d);
int64_t db_last_id(const struct db *d);

/* BEGIN IMMEDIATE. Of a database that is not durable it is refused while its log is full. */
enum err db_begin(struct db *d, struct errinfo *ei);
enum err db_begin_read(struct db *d, struct errinfo *ei); /* many look-ups under one lock */
/* Commit when err is ERR_OK, else roll back and return err. */
enum err db_end(struct db *d, enum err err, struct errinfo *ei);

/* The error of the last call as one of ours; marks the handle damaged when it is. */
enum err db_error(struct db *d, struct errinfo *ei);

#endif
