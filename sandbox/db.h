/* The sandbox's state in SQLite: in memory, or in a file that survives a restart.
 *
 * Statements are prepared once and kept, found by the address of their SQL literal. A failing
 * statement is a bug or a full disk; both end the process with one line, since a server that
 * answers from half a state would make tests lie. */
#ifndef RETICLE_SANDBOX_DB_H
#define RETICLE_SANDBOX_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"

struct db {
	sqlite3 *h;
	struct db_stmt {
		const char *sql;
		sqlite3_stmt *stmt;
	} cache[160];
	unsigned cached;
};

/* path NULL: in memory. *fresh tells whether the scenario still has to be put in. */
enum err db_open(struct db *db, const char *path, bool *fresh, struct errinfo *ei);
void db_close(struct db *db);

/* A statement, reset, with parameters bound from kinds: 't' const char * (NULL is null),
 * 'i' int64_t. sql must be a literal; texts must stay until the last row was stepped. */
sqlite3_stmt *db_query(struct db *db, const char *sql, const char *kinds, ...);
bool db_step(struct db *db, sqlite3_stmt *stmt); /* true: a row is there */
void db_run(struct db *db, const char *sql, const char *kinds, ...); /* no rows wanted */
/* A statement built at run time; the caller finalizes it. */
sqlite3_stmt *db_prepare(struct db *db, const char *sql);
int64_t db_number(
    struct db *db, const char *sql, const char *kinds, ...); /* first column, 0: no row */
const char *db_column(struct arena *a, sqlite3_stmt *stmt, int column); /* copy; NULL is null */

void db_begin(struct db *db);
void db_commit(struct db *db);
void db_rollback(struct db *db);

#endif
