#include "sandbox/db.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/text.h"

#define SCHEMA_VERSION 1
#define TEXT_OF(x) #x
#define NUMBER_TEXT(x) TEXT_OF(x)

static const char schema[] =
    "CREATE TABLE entity(row INTEGER PRIMARY KEY, kind INT NOT NULL, id TEXT NOT NULL,"
    " account TEXT NOT NULL, parent TEXT, funding TEXT, name TEXT, status TEXT,"
    " deleted INT NOT NULL, created INT, updated INT, body TEXT NOT NULL);"
    "CREATE UNIQUE INDEX entity_id ON entity(kind, id);"
    "CREATE INDEX entity_list ON entity(account, kind);"
    /* a criterion's id is its row number in base 36, so that half a million need no index on ids */
    "CREATE TABLE criterion(seq INTEGER PRIMARY KEY, li INT NOT NULL, type TEXT NOT NULL,"
    " op TEXT NOT NULL, value TEXT NOT NULL, name TEXT, place TEXT, created INT, updated INT,"
    " deleted INT NOT NULL, born_ms INT, died_ms INT);"
    "CREATE INDEX criterion_li ON criterion(li);"
    "CREATE TABLE access(user TEXT, account TEXT, permissions TEXT, PRIMARY KEY(user, account))"
    " WITHOUT ROWID;"
    "CREATE TABLE token(token TEXT PRIMARY KEY, secret TEXT, user TEXT, screen_name TEXT,"
    " state TEXT) WITHOUT ROWID;"
    "CREATE TABLE feature(account TEXT, name TEXT, PRIMARY KEY(account, name)) WITHOUT ROWID;"
    "CREATE TABLE member(audience TEXT, key TEXT, person INT, expires INT,"
    " PRIMARY KEY(audience, key)) WITHOUT ROWID;"
    /* uploads that wait for the next run of the matching (reference 7.2: every 6 to 8 hours) */
    "CREATE TABLE upload(row INTEGER PRIMARY KEY, audience TEXT, due INT, removes INT,"
    " expires INT, users TEXT, unnamed INT);"
    "CREATE INDEX upload_due ON upload(due);"
    "CREATE TABLE history(row INTEGER PRIMARY KEY, account TEXT, kind TEXT, id TEXT, at INT,"
    " user TEXT, change TEXT, before TEXT, body TEXT);"
    "CREATE INDEX history_id ON history(account, kind, id);"
    "CREATE TABLE committed(row INTEGER PRIMARY KEY, key TEXT, seq INT);"
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "PRAGMA user_version=" NUMBER_TEXT(SCHEMA_VERSION) ";";

static void die(struct db *db, const char *what)
{
	fprintf(stderr, "reticle-sandbox: %s: %s\n", what, sqlite3_errmsg(db->h));
	abort();
}

/* fold(text): for comparing names without regard to case */
static void sql_fold(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	const char *s = (const char *)sqlite3_value_text(v[0]);
	struct buf b;

	(void)n;
	if (!s) {
		sqlite3_result_null(ctx);
		return;
	}
	buf_init(&b, 1u << 24);
	if (text_fold(&b, s, strlen(s)))
		sqlite3_result_error_nomem(ctx);
	else
		sqlite3_result_text(ctx, buf_str(&b), (int)b.len, SQLITE_TRANSIENT);
	buf_done(&b);
}

enum err db_open(struct db *db, const char *path, bool *fresh, struct errinfo *ei)
{
	const char *file = path ? path : ":memory:";
	int64_t version;

	*db = (struct db){0};
	/* counting every allocation costs a tenth of filling the bulk account; refused, without harm,
	 * when SQLite is already in use */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	/* no threads inside SQLite: the server runs one handler at a time */
	if (sqlite3_open_v2(file, &db->h,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL))
		return err_set(ei, ERR_IO, "%s: %s", file, sqlite3_errmsg(db->h));
	sqlite3_busy_timeout(db->h, 2000);
	sqlite3_create_function(
	    db->h, "fold", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, sql_fold, NULL, NULL);
	if (sqlite3_exec(db->h,
		path ? "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
		     : "PRAGMA journal_mode=MEMORY; PRAGMA cache_size=-4000;",
		NULL, NULL, NULL))
		return err_set(ei, ERR_IO, "%s: %s", file, sqlite3_errmsg(db->h));
	version = db_number(db, "PRAGMA user_version", "");
	*fresh = version == 0;
	if (version == 0 && sqlite3_exec(db->h, schema, NULL, NULL, NULL))
		return err_set(ei, ERR_IO, "%s: %s", file, sqlite3_errmsg(db->h));
	if (version != 0 && version != SCHEMA_VERSION)
		return err_set(ei, ERR_IO,
		    "%s was written by another version of the sandbox; remove it", file);
	return ERR_OK;
}

void db_close(struct db *db)
{
	for (unsigned i = 0; i < db->cached; i++)
		sqlite3_finalize(db->cache[i].stmt);
	sqlite3_close(db->h);
	*db = (struct db){0};
}

sqlite3_stmt *db_prepare(struct db *db, const char *sql)
{
	sqlite3_stmt *stmt;

	if (sqlite3_prepare_v2(db->h, sql, -1, &stmt, NULL))
		die(db, sql);
	return stmt;
}

static sqlite3_stmt *cached(struct db *db, const char *sql)
{
	for (unsigned i = 0; i < db->cached; i++) {
		if (db->cache[i].sql == sql || strcmp(db->cache[i].sql, sql) == 0) {
			sqlite3_reset(db->cache[i].stmt);
			return db->cache[i].stmt;
		}
	}
	if (db->cached == sizeof db->cache / sizeof *db->cache) {
		fprintf(stderr, "reticle-sandbox: statement cache too small\n");
		abort();
	}
	db->cache[db->cached] = (struct db_stmt){sql, db_prepare(db, sql)};
	return db->cache[db->cached++].stmt;
}

static sqlite3_stmt *bind(struct db *db, const char *sql, const char *kinds, va_list ap)
{
	sqlite3_stmt *stmt = cached(db, sql);

	for (int i = 1; *kinds; kinds++, i++) {
		if (*kinds == 'i')
			sqlite3_bind_int64(stmt, i, va_arg(ap, int64_t));
		else
			sqlite3_bind_text(stmt, i, va_arg(ap, const char *), -1, SQLITE_STATIC);
	}
	return stmt;
}

sqlite3_stmt *db_query(struct db *db, const char *sql, const char *kinds, ...)
{
	sqlite3_stmt *stmt;
	va_list ap;

	va_start(ap, kinds);
	stmt = bind(db, sql, kinds, ap);
	va_end(ap);
	return stmt;
}

bool db_step(struct db *db, sqlite3_stmt *stmt)
{
	int rc = sqlite3_step(stmt);

	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		die(db, sqlite3_sql(stmt));
	if (rc == SQLITE_DONE)
		sqlite3_reset(stmt);
	return rc == SQLITE_ROW;
}

void db_run(struct db *db, const char *sql, const char *kinds, ...)
{
	sqlite3_stmt *stmt;
	va_list ap;

	va_start(ap, kinds);
	stmt = bind(db, sql, kinds, ap);
	va_end(ap);
	while (db_step(db, stmt))
		;
}

int64_t db_number(struct db *db, const char *sql, const char *kinds, ...)
{
	sqlite3_stmt *stmt;
	int64_t n = 0;
	va_list ap;

	va_start(ap, kinds);
	stmt = bind(db, sql, kinds, ap);
	va_end(ap);
	if (db_step(db, stmt))
		n = sqlite3_column_int64(stmt, 0);
	sqlite3_reset(stmt);
	return n;
}

const char *db_column(struct arena *a, sqlite3_stmt *stmt, int column)
{
	return arena_strdup(a, (const char *)sqlite3_column_text(stmt, column));
}

void db_begin(struct db *db)
{
	db_run(db, "BEGIN IMMEDIATE", "");
}

void db_commit(struct db *db)
{
	db_run(db, "COMMIT", "");
}

void db_rollback(struct db *db)
{
	db_run(db, "ROLLBACK", "");
}
