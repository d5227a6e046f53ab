#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fs.h"
#include "store/checked.h"

#define BUSY_MS 5000
/* The log of SQLite has a frame of 4 KiB a page. It is emptied from LOG_FRAMES on; when a reader
 * prevents that it may not grow past 64 MiB: new work is refused from LOG_FRAMES_MAX on, and the
 * largest single transaction (a whole account of 400,000 criteria) has 6,000. */
#define LOG_FRAMES 1000
#define LOG_FRAMES_MAX 8000

/* SQLite says "busy" of a disk that has no locks, as it does of one on which somebody has them. Tried
 * on a file of its own: closing any descriptor of the database would drop SQLite's locks. */
static bool disk_has_locks(const char *beside)
{
	struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char path[DB_PATH_MAX + 16];
	bool has;
	int fd;

	snprintf(path, sizeof path, "%s.try-XXXXXX", beside);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return true; /* not known; something else is wrong */
	has = fcntl(fd, F_SETLK, &fl) == 0 || (errno != ENOLCK && errno != EOPNOTSUPP);
	unlink(path);
	close(fd);
	return has;
}

enum err db_error(struct db *d, struct errinfo *ei)
{
	int rc = d->sql ? sqlite3_extended_errcode(d->sql) : SQLITE_NOMEM;
	const char *name = strrchr(d->path, '/');

	name = name ? name + 1 : d->path;
	switch (rc & 0xff) {
	case SQLITE_NOMEM:
		return err_set(ei, ERR_NOMEM, "out of memory");
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		d->damaged = true;
		return err_set(ei, ERR_CORRUPT, "%s is damaged", name);
	case SQLITE_IOERR:
		if (rc == SQLITE_IOERR_DATA) {
			d->damaged = true;
			return err_set(ei, ERR_CORRUPT, "%s is damaged", name);
		}
		return err_set(ei, ERR_STORE, "%s: %s", name, sqlite3_errmsg(d->sql));
	case SQLITE_FULL:
		return err_set(ei, ERR_STORE, "no space left for %s", name);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		if (!disk_has_locks(d->path))
			return err_set(ei, ERR_STORE,
			    "%s cannot be used: its disk has no file locks, which SQLite needs. "
			    "Set "
			    "XDG_STATE_HOME and XDG_CACHE_HOME to a local disk",
			    name);
		return err_set(ei, ERR_STORE, "%s is in use by another reticle", name);
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return err_set(ei, ERR_STORE, "%s cannot be written to", name);
	default:
		return err_set(
		    ei, ERR_STORE, "%s: %s", name, d->sql ? sqlite3_errmsg(d->sql) : "not open");
	}
}

/* --- statements --- */

static sqlite3_stmt *prepared(struct db *d, const char *sql)
{
	sqlite3_stmt *st = NULL;

	for (size_t i = 0; i < d->n_cache; i++)
		if (d->cache[i].text == sql)
			return d->cache[i].st;
	if (!d->sql || d->n_cache == sizeof d->cache / sizeof d->cache[0])
		return NULL;
	if (sqlite3_prepare_v3(d->sql, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL) != SQLITE_OK)
		return NULL;
	d->cache[d->n_cache].text = sql;
	d->cache[d->n_cache++].st = st;
	return st;
}

static int bind_one(sqlite3_stmt *st, int i, const struct db_arg *a)
{
	if (a->kind == DB_INT)
		return sqlite3_bind_int64(st, i, a->i);
	if (!a->p)
		return sqlite3_bind_null(st, i);
	if (a->kind == DB_TEXT)
		return sqlite3_bind_text(st, i, a->p, -1, SQLITE_STATIC);
	return sqlite3_bind_blob64(st, i, a->p, a->n, SQLITE_STATIC);
}

sqlite3_stmt *db_query(struct db *d, const char *sql, const struct db_arg *args)
{
	sqlite3_stmt *st = prepared(d, sql);

	for (int i = 0; st && args && args[i].kind != DB_END; i++)
		if (bind_one(st, i + 1, &args[i]) != SQLITE_OK) {
			sqlite3_reset(st);
			return NULL;
		}
	return st;
}

bool db_row(sqlite3_stmt *st)
{
	return st && sqlite3_step(st) == SQLITE_ROW;
}

enum err db_done(struct db *d, sqlite3_stmt *st, struct errinfo *ei)
{
	enum err err = ERR_OK;

	if (!st)
		return db_error(d, ei);
	/* reset gives the error of the last step once more */
	if (sqlite3_reset(st) != SQLITE_OK)
		err = db_error(d, ei);
	sqlite3_clear_bindings(st);
	return err;
}

enum err db_run(struct db *d, const char *sql, const struct db_arg *args, struct errinfo *ei)
{
	sqlite3_stmt *st = db_query(d, sql, args);

	while (db_row(st)) {
	}
	return db_done(d, st, ei);
}

int64_t db_int(struct db *d, const char *sql, const struct db_arg *args, bool *found)
{
	sqlite3_stmt *st = db_query(d, sql, args);
	bool any = db_row(st);
	int64_t v = any ? sqlite3_column_int64(st, 0) : 0;

	enum err err = db_done(d, st, NULL);

	if (err) {
		any = false;
		d->failed = err;
	}
	if (found)
		*found = any;
	return any ? v : 0;
}

int64_t db_changes(const struct db *d)
{
	return sqlite3_changes64(d->sql);
}

int64_t db_last_id(const struct db *d)
{
	return sqlite3_last_insert_rowid(d->sql);
}

/* --- transactions --- */

/* Empty the log of SQLite as far as readers elsewhere allow, without waiting for them. */
static void checkpoint(struct db *d, int mode)
{
	int frames = 0;

	sqlite3_busy_timeout(d->sql, 0);
	if (sqlite3_wal_checkpoint_v2(d->sql, NULL, mode, &frames, NULL) == SQLITE_OK &&
	    mode == SQLITE_CHECKPOINT_RESTART)
		frames = 0;
	d->log_frames = frames < 0 ? 0 : frames;
	sqlite3_busy_timeout(d->sql, BUSY_MS);
}

static int on_commit(void *user, sqlite3 *sql, const char *name, int frames)
{
	struct db *d = user;

	(void)sql;
	(void)name;
	d->log_frames = frames;
	if (frames >= LOG_FRAMES)
		checkpoint(d, frames >= 4 * LOG_FRAMES ? SQLITE_CHECKPOINT_RESTART
						       : SQLITE_CHECKPOINT_PASSIVE);
	return SQLITE_OK;
}

bool db_log_is_full(struct db *d)
{
	if (d->log_frames >= LOG_FRAMES_MAX)
		checkpoint(d, SQLITE_CHECKPOINT_RESTART);
	return d->log_frames >= LOG_FRAMES_MAX;
}

enum err db_begin(struct db *d, struct errinfo *ei)
{
	enum err err;

	if (!d->sql)
		return db_error(d, ei);
	if (!d->schema->durable && db_log_is_full(d))
		return err_set(ei, ERR_STORE,
		    "another program reads %s and keeps its log from being emptied", d->path);
	err = db_run(d, "BEGIN IMMEDIATE", NULL, ei);
	d->failed = ERR_OK;
	return err;
}

enum err db_begin_read(struct db *d, struct errinfo *ei)
{
	d->failed = ERR_OK;
	return db_run(d, "BEGIN", NULL, ei);
}

enum err db_end(struct db *d, enum err err, struct errinfo *ei)
{
	if (!err && d->failed)
		err = err_set(ei, d->failed, "%s could not be read", d->path);
	if (!err) {
		err = db_run(d, "COMMIT", NULL, ei);
		if (!err)
			return ERR_OK;
	}
	/* some errors have rolled back already; then this does nothing */
	if (d->sql && !sqlite3_get_autocommit(d->sql))
		sqlite3_exec(d->sql, "ROLLBACK", NULL, NULL, NULL);
	return err;
}

/* --- opening --- */

static enum err pragmas(struct db *d, struct errinfo *ei)
{
	static const char text[] = "PRAGMA journal_mode=WAL;"
				   "PRAGMA foreign_keys=ON;"
				   "PRAGMA trusted_schema=OFF;"
				   "PRAGMA cell_size_check=ON;"
				   "PRAGMA journal_size_limit=4194304;"
				   "PRAGMA temp_store=MEMORY;";

	int reserved = CHECKED_BYTES;

	sqlite3_busy_timeout(d->sql, BUSY_MS);
	/* counts for a database that is made now */
	sqlite3_file_control(d->sql, NULL, SQLITE_FCNTL_RESERVE_BYTES, &reserved);
	sqlite3_db_config(d->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
	sqlite3_db_config(d->sql, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, (int *)NULL);
	/* a file from elsewhere must not bring code: triggers and views are not used here */
	sqlite3_db_config(d->sql, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)NULL);
	sqlite3_db_config(d->sql, SQLITE_DBCONFIG_ENABLE_VIEW, 0, (int *)NULL);
	if (sqlite3_exec(d->sql, text, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(d->sql,
		d->schema->durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL", NULL,
		NULL, NULL) != SQLITE_OK)
		return db_error(d, ei);
	sqlite3_wal_hook(d->sql, on_commit, d);
	return ERR_OK;
}

static int64_t pragma_int(struct db *d, const char *sql, enum err *err, struct errinfo *ei)
{
	sqlite3_stmt *st = NULL;
	int64_t v = 0;

	*err = ERR_OK;
	if (sqlite3_prepare_v2(d->sql, sql, -1, &st, NULL) != SQLITE_OK)
		*err = db_error(d, ei);
	else if (sqlite3_step(st) == SQLITE_ROW)
		v = sqlite3_column_int64(st, 0);
	if (sqlite3_finalize(st) != SQLITE_OK && !*err)
		*err = db_error(d, ei);
	return v;
}

/* SQLite makes files by the umask; ours are 0600 whatever it is. */
static enum err make_private(const char *path, struct errinfo *ei)
{
	struct stat st;
	int fd;

	/* An existing file is not opened here: closing it would drop the locks that another handle
	 * of this process has on it (POSIX lock rules). */
	if (lstat(path, &st) == 0) {
		if (!S_ISREG(st.st_mode))
			return err_set(ei, ERR_STORE, "%s is not a regular file", path);
		if (st.st_mode & 077 && chmod(path, 0600) != 0)
			return err_set(
			    ei, ERR_STORE, "%s is open to others: %s", path, strerror(errno));
		return ERR_OK;
	}
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 && errno != EEXIST) /* another program was faster */
		return err_set(ei, ERR_STORE, "cannot make %s: %s", path, strerror(errno));
	if (fd >= 0) {
		fchmod(fd, 0600);
		close(fd);
	}
	return ERR_OK;
}

/* A copy before the first step, so that a version that goes wrong can be gone back on. */
static enum err copy_before_migration(struct db *d, int64_t version, struct errinfo *ei)
{
	char to[DB_PATH_MAX + 32];
	sqlite3_stmt *st = NULL;
	enum err err = ERR_OK;

	snprintf(to, sizeof to, "%s.version-%lld", d->path, (long long)version);
	/* VACUUM INTO takes only an empty file; an older copy is of a try that failed */
	unlink(to);
	err = make_private(to, ei);
	if (err)
		return err;
	if (sqlite3_prepare_v2(d->sql, "VACUUM INTO ?", -1, &st, NULL) != SQLITE_OK ||
	    sqlite3_bind_text(st, 1, to, -1, SQLITE_STATIC) != SQLITE_OK ||
	    sqlite3_step(st) != SQLITE_DONE)
		err = db_error(d, ei);
	sqlite3_finalize(st);
	return err;
}

static enum err run_steps(struct db *d, int64_t version, struct errinfo *ei)
{
	char text[64];

	for (size_t i = (size_t)version; i < d->schema->n; i++)
		if (sqlite3_exec(d->sql, d->schema->steps[i], NULL, NULL, NULL) != SQLITE_OK)
			return db_error(d, ei);
	snprintf(text, sizeof text, "PRAGMA user_version=%zu", d->schema->n);
	if (sqlite3_exec(d->sql, text, NULL, NULL, NULL) != SQLITE_OK)
		return db_error(d, ei);
	snprintf(text, sizeof text, "PRAGMA application_id=%d", d->schema->application_id);
	return sqlite3_exec(d->sql, text, NULL, NULL, NULL) == SQLITE_OK ? ERR_OK : db_error(d, ei);
}

/* Is what is there ours, and of which version? */
static enum err judge(struct db *d, int64_t *version, struct errinfo *ei)
{
	enum err err;
	int64_t id = pragma_int(d, "PRAGMA application_id", &err, ei), pages = 0;
	int reserved = -1;

	if (!err)
		*version = pragma_int(d, "PRAGMA user_version", &err, ei);
	if (!err)
		pages = pragma_int(d, "SELECT count(*) FROM sqlite_schema", &err, ei);
	if (err)
		return err;
	if (pages == 0 && id == 0 && *version == 0)
		return ERR_OK; /* new */
	/* SQLITE_FCNTL_RESERVE_BYTES with -1 asks: without ours the pages were not checked, and what
	 * the header says is worth nothing */
	if (strcmp(d->path, ":memory:") != 0 &&
	    sqlite3_file_control(d->sql, NULL, SQLITE_FCNTL_RESERVE_BYTES, &reserved) ==
		SQLITE_OK &&
	    reserved != CHECKED_BYTES)
		return err_set(ei, ERR_CORRUPT, "%s is not a database of reticle", d->path);
	if (id != d->schema->application_id || *version < 1)
		return err_set(ei, ERR_CORRUPT, "%s is not a database of reticle", d->path);
	if ((size_t)*version > d->schema->n)
		return err_set(ei, ERR_REFUSED,
		    "%s was written by a newer version of reticle; update, or move it away",
		    d->path);
	return ERR_OK;
}

static enum err migrate(struct db *d, struct errinfo *ei)
{
	int64_t version = 0;
	enum err err = judge(d, &version, ei);

	if (err || (size_t)version == d->schema->n)
		return err;
	if (version > 0 && d->schema->durable)
		err = copy_before_migration(d, version, ei);
	if (!err)
		err = db_begin(d, ei);
	if (err)
		return err;
	/* another program may have migrated while this one waited for the lock */
	err = judge(d, &version, ei);
	if (!err && (size_t)version < d->schema->n)
		err = run_steps(d, version, ei);
	return db_end(d, err, ei);
}

enum err db_open(struct db *d, const char *path, const struct db_schema *schema, struct errinfo *ei)
{
	bool memory = strcmp(path, ":memory:") == 0;
	enum err err = ERR_OK;

	memset(d, 0, sizeof *d);
	d->schema = schema;
	if (snprintf(d->path, sizeof d->path, "%s", path) >= (int)sizeof d->path)
		return err_set(ei, ERR_STORE, "path is too long: %.80s", path);
	if (!memory)
		err = make_private(path, ei);
	if (err)
		return err;
	if (sqlite3_open_v2(path, &d->sql,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
		    SQLITE_OPEN_EXRESCODE,
		checked_register() ? CHECKED_VFS : NULL) != SQLITE_OK)
		err = db_error(d, ei);
	if (!err)
		err = pragmas(d, ei);
	if (!err)
		err = migrate(d, ei);
	if (err)
		db_close(d);
	return err;
}

void db_close(struct db *d)
{
	for (size_t i = 0; i < d->n_cache; i++)
		sqlite3_finalize(d->cache[i].st);
	d->n_cache = 0;
	sqlite3_close(d->sql);
	d->sql = NULL;
}

enum err db_check(struct db *d, struct errinfo *ei)
{
	sqlite3_stmt *st = db_query(d, "PRAGMA quick_check(1)", NULL);
	bool ok = db_row(st) && strcmp((const char *)sqlite3_column_text(st, 0), "ok") == 0;
	enum err err = db_done(d, st, ei);

	if (err || ok)
		return err;
	d->damaged = true;
	return err_set(ei, ERR_CORRUPT, "%s is damaged", d->path);
}

enum err db_set_aside(const char *path, char *to, struct errinfo *ei)
{
	static const char *const tails[] = {"-wal", "-shm"};
	char from[DB_PATH_MAX + 8], aside[DB_PATH_MAX + 8];
	struct errinfo moved = {0};
	enum err err = fs_set_aside(path, &moved);

	if (err) {
		if (ei)
			*ei = moved;
		return err;
	}
	snprintf(to, DB_PATH_MAX, "%s", moved.msg);
	for (size_t i = 0; i < 2; i++) {
		snprintf(from, sizeof from, "%s%s", path, tails[i]);
		snprintf(aside, sizeof aside, "%s%s", to, tails[i]);
		if (rename(from, aside) != 0 && errno != ENOENT)
			return err_set(
			    ei, ERR_IO, "cannot move %s away: %s", from, strerror(errno));
	}
	return ERR_OK;
}
