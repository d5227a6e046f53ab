#include "store/store.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fs.h"
#include "base/mem.h"
#include "store/internal.h"
#include "store/lock.h"

/* Databases up to this size are checked whole when they are opened (under 2 ms); larger ones by
 * store_verify(), after the first picture: a start must not read what it does not show. */
#define CHECK_AT_OPEN_BYTES (2 * 1024 * 1024)

void store_say(struct store *s, const char *fmt, ...)
{
	struct buf b;
	va_list ap;
	char line[512];

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < s->n_messages; i++)
		if (strcmp(s->messages[i], line) == 0)
			return;
	if (s->n_messages == STORE_MESSAGES)
		return;
	buf_init(&b, sizeof line);
	buf_adds(&b, line);
	s->messages[s->n_messages] = buf_take(&b);
	if (s->messages[s->n_messages])
		s->n_messages++;
}

const char *store_message(const struct store *s, size_t i)
{
	return i < s->n_messages ? s->messages[i] : NULL;
}

static bool is_small(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_size <= CHECK_AT_OPEN_BYTES;
}

/* Open and, where that is cheap, check. */
static enum err open_checked(
    struct db *d, const char *path, const struct db_schema *schema, struct errinfo *ei)
{
	enum err err = db_open(d, path, schema, ei);

	if (!err && is_small(path)) {
		err = db_check(d, ei);
		if (err)
			db_close(d);
	}
	return err;
}

/* --- cache.db --- */

static enum err cache_in_memory(struct store *s, const char *why)
{
	store_say(s, "the cache is not kept: %s", why);
	return db_open(&s->cache, ":memory:", &cache_schema, NULL);
}

/* One damaged cache is kept for whoever wants to know why; older ones go. */
static void drop_old_damaged_cache(const char *path)
{
	static const char *const tails[] = {"", "-wal", "-shm"};
	char old[DB_PATH_MAX + 32];

	for (size_t i = 0; i < 3; i++) {
		snprintf(old, sizeof old, "%s.damaged-1%s", path, tails[i]);
		unlink(old);
	}
}

static enum err replace_cache(struct store *s, const char *path)
{
	char aside[DB_PATH_MAX];
	struct errinfo ei = {0};
	enum err err;

	drop_old_damaged_cache(path);
	err = db_set_aside(path, aside, &ei);
	if (!err)
		err = db_open(&s->cache, path, &cache_schema, &ei);
	if (err)
		return cache_in_memory(s, ei.msg);
	store_say(s, "cache.db was damaged; it was set aside and everything is fetched again");
	return ERR_OK;
}

static enum err open_cache(struct store *s)
{
	char path[DB_PATH_MAX];
	struct errinfo ei = {0};
	enum err err = paths_make(s->paths.cache, &ei);

	if (!err && !fs_join(path, sizeof path, s->paths.cache, "cache.db"))
		err = err_set(&ei, ERR_IO, "the path is too long");
	if (!err)
		err = open_checked(&s->cache, path, &cache_schema, &ei);
	if (err == ERR_CORRUPT)
		return replace_cache(s, path);
	return err && err != ERR_NOMEM ? cache_in_memory(s, ei.msg) : err;
}

static int64_t realm_id(struct db *d, const char *realm, enum err *err, struct errinfo *ei)
{
	bool found;
	int64_t id = db_int(d, "SELECT id FROM realm WHERE name = ?", BIND(TEXT(realm)), &found);

	*err = ERR_OK;
	if (found)
		return id;
	*err = db_run(d, "INSERT OR IGNORE INTO realm(name) VALUES(?)", BIND(TEXT(realm)), ei);
	return *err ? 0 : db_int(d, "SELECT id FROM realm WHERE name = ?", BIND(TEXT(realm)), NULL);
}

enum err cache_guard(struct store *s, enum err err)
{
	char path[DB_PATH_MAX];
	enum err bound;

	if (err != ERR_CORRUPT && !s->cache.damaged)
		return err;
	memcpy(path, s->cache.path, sizeof path);
	db_close(&s->cache);
	if (strcmp(path, ":memory:") == 0)
		db_open(&s->cache, path, &cache_schema, NULL);
	else
		replace_cache(s, path);
	s->cache_realm = s->realm[0] ? realm_id(&s->cache, s->realm, &bound, NULL) : 0;
	return ERR_CORRUPT;
}

enum err cache_ready(struct store *s, struct errinfo *ei)
{
	if (s->cache_realm && s->cache.sql)
		return ERR_OK;
	return err_set(ei, ERR_STORE, "the cache is not open");
}

enum err store_clear_cache(struct store *s, struct errinfo *ei)
{
	static const char *const tables[] = {"DELETE FROM listing", "DELETE FROM generation",
	    "DELETE FROM chunk", "DELETE FROM record_key", "DELETE FROM access",
	    "DELETE FROM criteria", "DELETE FROM criteria_group", "DELETE FROM criteria_page"};
	enum err err = cache_ready(s, ei);

	if (!err)
		err = db_begin(&s->cache, ei);
	if (err)
		return cache_guard(s, err);
	for (size_t i = 0; i < sizeof tables / sizeof tables[0] && !err; i++)
		err = db_run(&s->cache, tables[i], NULL, ei);
	return cache_guard(s, db_end(&s->cache, err, ei));
}

/* --- state.db --- */

static void state_is_off(struct store *s, const char *why)
{
	db_close(&s->state);
	store_say(s, "nothing can be staged or posted: %s", why);
}

static struct file_id id_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return (struct file_id){0};
	return (struct file_id){st.st_dev, st.st_ino};
}

static bool same_file(struct file_id a, struct file_id b)
{
	return a.dev == b.dev && a.ino == b.ino;
}

/* The damaged file stays for whoever can read more out of it. */
static enum err replace_state(struct store *s, const char *path, struct errinfo *ei)
{
	char aside[DB_PATH_MAX];
	enum err err = db_set_aside(path, aside, ei);

	if (!err)
		err = db_open(&s->state, path, &state_schema, ei);
	if (!err) {
		s->needs_acknowledgement = true;
		store_say(s, "state.db was damaged; it was moved to %s", aside);
	}
	return err;
}

static enum err rebuild_when_new(struct store *s, struct errinfo *ei)
{
	size_t edits = 0;
	enum err err;

	err = state_rebuild(s, &edits, ei);
	if (!err && edits) {
		s->needs_acknowledgement = true;
		store_say(s, "%zu edit%s restored from edits.log; look at the review first", edits,
		    edits == 1 ? " was" : "s were");
	}
	return err;
}

/* Open what is there; `bad` is the file that is known to be damaged (0: none is). */
static enum err open_state_at(
    struct store *s, const char *path, struct file_id bad, struct errinfo *ei)
{
	struct file_id found = id_of(path);
	enum err err = ERR_CORRUPT;

	if (!bad.ino || !same_file(found, bad))
		err = open_checked(&s->state, path, &state_schema, ei);
	/* another terminal may have moved the damaged file away already */
	if (err == ERR_CORRUPT)
		err = same_file(found, id_of(path))
			  ? replace_state(s, path, ei)
			  : open_checked(&s->state, path, &state_schema, ei);
	if (!err)
		err = rebuild_when_new(s, ei);
	s->state_file = id_of(path);
	return err;
}

static enum err open_state(struct store *s, struct file_id bad)
{
	char path[DB_PATH_MAX], log[DB_PATH_MAX];
	struct errinfo ei = {0};
	enum err err = paths_make(s->paths.state, &ei);

	if (!err && (!fs_join(path, sizeof path, s->paths.state, "state.db") ||
			!fs_join(log, sizeof log, s->paths.state, "edits.log")))
		err = err_set(&ei, ERR_IO, "the path is too long");
	if (!err) {
		sidelog_done(&s->log);
		sidelog_init(&s->log, log);
		err = open_state_at(s, path, bad, &ei);
	}
	if (err == ERR_NOMEM)
		return err;
	if (err)
		state_is_off(s, ei.msg);
	return ERR_OK;
}

/* A lock that was taken in another file is worth nothing. */
static void forget_locks(struct store *s)
{
	for (size_t i = 0; i < STORE_LOCKS; i++)
		if (s->locks[i].fd >= 0) {
			close(s->locks[i].fd);
			s->locks[i].fd = -1;
		}
}

static void reopen_state(struct store *s, struct file_id bad)
{
	enum err err;

	db_close(&s->state);
	forget_locks(s);
	s->state_realm = 0;
	s->counted_draft = 0;
	if (open_state(s, bad))
		state_is_off(s, "out of memory");
	if (s->state.sql && s->realm[0])
		s->state_realm = realm_id(&s->state, s->realm, &err, NULL);
}

enum err state_guard(struct store *s, enum err err)
{
	if (!s->state.sql || !s->state.damaged)
		return err;
	reopen_state(s, s->state_file);
	return ERR_CORRUPT;
}

void state_follow(struct store *s)
{
	if (s->state.sql && !same_file(id_of(s->state.path), s->state_file))
		reopen_state(s, (struct file_id){0});
}

/* --- life --- */

struct store *store_open(const struct paths *p, struct errinfo *ei)
{
	struct store *s = mem_zalloc(sizeof *s);

	if (!s) {
		err_set(ei, ERR_NOMEM, "out of memory");
		return NULL;
	}
	/* its statistics take a lock with every allocation; refused, without harm, when SQLite runs */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	s->paths = *p;
	sidelog_init(&s->log, "");
	for (size_t i = 0; i < STORE_LOCKS; i++)
		s->locks[i].fd = -1;
	if (open_cache(s) || open_state(s, (struct file_id){0})) {
		err_set(ei, ERR_NOMEM, "out of memory while opening the local databases");
		store_close(s);
		return NULL;
	}
	return s;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < STORE_LOCKS; i++)
		if (s->locks[i].fd >= 0)
			lock_drop(s, s->locks[i].account);
	db_close(&s->cache);
	db_close(&s->state);
	sidelog_done(&s->log);
	for (size_t i = 0; i < s->n_messages; i++)
		mem_free(s->messages[i]);
	mem_free(s);
}

enum err store_bind(struct store *s, const char *host, const char *api_version, struct errinfo *ei)
{
	char realm[STORE_REALM_MAX];
	int n = snprintf(realm, sizeof realm, "%s/%s", host, api_version);
	enum err err;

	if (!host[0] || n < 0 || (size_t)n >= sizeof realm)
		return err_set(ei, ERR_USAGE, "not a host name: %.80s", host);
	for (size_t i = 0; i < STORE_LOCKS; i++)
		if (s->locks[i].fd >= 0)
			lock_drop(s, s->locks[i].account);
	memcpy(s->realm, realm, sizeof realm);
	s->draft[0] = '\0';
	s->cache_realm = realm_id(&s->cache, realm, &err, ei);
	/* damage is mended on the way, and the realm is then known to the new file */
	err = cache_guard(s, err);
	if (err && !s->cache_realm)
		return err;
	if (!s->state.sql)
		return ERR_OK;
	s->state_realm = realm_id(&s->state, realm, &err, ei);
	err = state_guard(s, err);
	return err && s->state.sql && !s->state_realm ? err : ERR_OK;
}

bool store_can_stage(const struct store *s)
{
	return s->state.sql != NULL;
}

bool store_needs_acknowledgement(const struct store *s)
{
	return s->needs_acknowledgement;
}

void store_acknowledge(struct store *s)
{
	s->needs_acknowledgement = false;
}

enum err store_verify(struct store *s, struct errinfo *ei)
{
	if (s->cache.sql)
		cache_guard(s, db_check(&s->cache, NULL));
	if (!s->state.sql)
		return err_set(ei, ERR_STORE, "state.db is not open");
	return state_guard(s, db_check(&s->state, ei));
}
