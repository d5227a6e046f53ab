#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fs.h"
#include "store/journal.h"
#include "store/state.h"

/* The lock is on a file of its own: closing any descriptor of a SQLite file would drop SQLite's. */
static enum err lock_path(struct store *s, const char *account, char *out, struct errinfo *ei)
{
	char dir[PATHS_MAX + 8], name[96];
	uint64_t h = pack_hash(0, s->realm, strlen(s->realm));
	enum err err;

	h = pack_hash(h, account, strlen(account));
	snprintf(name, sizeof name, "%.20s-%016llx.lock", account, (unsigned long long)h);
	/* ids are opaque: only what is surely a file name goes into one */
	for (char *p = name; *p; p++)
		if (!strchr(
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", *p))
			*p = '_';
	if (!fs_join(dir, sizeof dir, s->paths.state, "locks"))
		return err_set(ei, ERR_IO, "the path is too long");
	err = paths_make(dir, ei);
	if (!err && !fs_join(out, DB_PATH_MAX, dir, name))
		err = err_set(ei, ERR_IO, "the path is too long");
	return err;
}

static struct held_lock *find(const struct store *s, const char *account)
{
	for (size_t i = 0; i < STORE_LOCKS; i++)
		if (s->locks[i].fd >= 0 && strcmp(s->locks[i].account, account) == 0)
			return (struct held_lock *)(uintptr_t)&s->locks[i];
	return NULL;
}

static struct held_lock *free_slot(struct store *s)
{
	for (size_t i = 0; i < STORE_LOCKS; i++)
		if (s->locks[i].fd < 0)
			return &s->locks[i];
	return NULL;
}

bool lock_is_held(const struct store *s, const char *account)
{
	return find(s, account) != NULL;
}

int64_t lock_epoch(const struct store *s, const char *account)
{
	const struct held_lock *l = find(s, account);

	return l ? l->epoch : 0;
}

static void boot_id(char out[64])
{
	struct buf b;

	buf_init(&b, 63);
	out[0] = '\0';
	if (!fs_read("/proc/sys/kernel/random/boot_id", &b, NULL))
		snprintf(out, 64, "%.*s", (int)strcspn(buf_str(&b), "\n"), buf_str(&b));
	buf_done(&b);
}

static void terminal_name(char out[64])
{
	if (ttyname_r(STDIN_FILENO, out, 64) != 0 && ttyname_r(STDERR_FILENO, out, 64) != 0)
		snprintf(out, 64, "no terminal");
}

struct lock_holder lock_holder(struct store *s, const char *account)
{
	struct lock_holder h = {0};
	char boot[64];
	sqlite3_stmt *st;

	if (!s->state.sql)
		return h;
	boot_id(boot);
	st = db_query(&s->state,
	    "SELECT pid, epoch, since, tty, host, boot FROM lease WHERE realm=? AND account=?",
	    BIND(INT(s->state_realm), TEXT(account)));
	if (db_row(st)) {
		h.pid = sqlite3_column_int64(st, 0);
		h.epoch = sqlite3_column_int64(st, 1);
		h.since = sqlite3_column_int64(st, 2);
		snprintf(h.tty, sizeof h.tty, "%s", (const char *)sqlite3_column_text(st, 3));
		snprintf(h.host, sizeof h.host, "%s", (const char *)sqlite3_column_text(st, 4));
		h.here = strcmp((const char *)sqlite3_column_text(st, 5), boot) == 0;
	}
	db_done(&s->state, st, NULL);
	h.held = h.pid > 0 && h.here && (kill((pid_t)h.pid, 0) == 0 || errno == EPERM);
	return h;
}

/* Another process posts: which one, as far as that is known. */
static enum err say_holder(const struct lock_holder *h, struct errinfo *ei)
{
	char since[21];

	if (!h->held)
		return err_set(ei, ERR_REFUSED, "another reticle is posting to this account");
	clock_format_utc(h->since, since);
	return err_set(ei, ERR_REFUSED,
	    "reticle %lld on %s is posting to this account since %s; you can stage, and post when "
	    "it is done",
	    (long long)h->pid, h->tty, since);
}

static bool is_other(const struct lock_holder *h)
{
	return h->held && h->pid != getpid();
}

static enum err write_lease(
    struct store *s, const char *account, int64_t *epoch, struct errinfo *ei)
{
	char boot[64], host[64] = "", tty[64];
	enum err err;

	boot_id(boot);
	terminal_name(tty);
	gethostname(host, sizeof host - 1);
	err = db_run(&s->state,
	    "INSERT INTO lease(realm, account, epoch, pid, boot, host, tty, since)"
	    " VALUES(?1,?2,1,?3,?4,?5,?6,?7) ON CONFLICT(realm, account) DO UPDATE"
	    " SET epoch=epoch+1, pid=?3, boot=?4, host=?5, tty=?6, since=?7",
	    BIND(INT(s->state_realm), TEXT(account), INT(getpid()), TEXT(boot), TEXT(host),
		TEXT(tty), INT(clock_wall_s())),
	    ei);
	*epoch = db_int(&s->state, "SELECT epoch FROM lease WHERE realm=? AND account=?",
	    BIND(INT(s->state_realm), TEXT(account)), NULL);
	return err;
}

static enum err open_file(struct store *s, const char *account, int *fd, struct errinfo *ei)
{
	char path[DB_PATH_MAX];
	enum err err = lock_path(s, account, path, ei);

	if (err)
		return err;
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (*fd < 0)
		return err_set(ei, ERR_IO, "cannot open %s: %s", path, strerror(errno));
	return ERR_OK;
}

/* 0, or the errno of why not. */
static int try_lock(int fd)
{
	struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_OFD_SETLK, &fl) == 0 ? 0 : errno;
}

static bool has_no_locks(int why)
{
	return why == ENOLCK || why == EOPNOTSUPP;
}

/* A lock on *fd, or none where that is allowed (l->missing). */
static enum err open_locked(
    struct store *s, const char *account, struct held_lock *l, int *fd, struct errinfo *ei)
{
	struct lock_holder h;
	enum err err = open_file(s, account, fd, ei);
	int why;

	if (err)
		return err;
	why = try_lock(*fd);
	l->missing = has_no_locks(why) && s->may_miss_lock;
	h = lock_holder(s, account);
	if (why == EAGAIN || why == EACCES || (l->missing && is_other(&h)))
		return say_holder(&h, ei);
	if (!why || l->missing)
		return ERR_OK;
	if (!has_no_locks(why))
		return err_set(
		    ei, ERR_REFUSED, "the lock of the account cannot be taken: %s", strerror(why));
	return err_set(ei, ERR_REFUSED,
	    "the state directory has no file locks (%s), so posting is refused: another terminal "
	    "could post at the same time. Set XDG_STATE_HOME to a local disk, or see "
	    "post_without_lock in docs/configuration.md",
	    strerror(why));
}

void lock_allow_missing(struct store *s, bool allow)
{
	s->may_miss_lock = allow;
}

bool lock_is_missing(struct store *s, const char *account)
{
	const struct held_lock *l = find(s, account);
	bool missing, in_turn;
	int fd;

	if (l || !s->may_miss_lock)
		return l && l->missing;
	if (!s->state.sql || !s->state_realm || !account[0] || open_file(s, account, &fd, NULL))
		return false;
	/* as a transaction of its own: nobody may meet this lock, and find no name to it */
	in_turn = state_begin(s, false, NULL) == ERR_OK;
	missing = has_no_locks(try_lock(fd));
	close(fd);
	if (in_turn)
		state_end(s, ERR_OK, NULL);
	return missing;
}

/* The lock and the row that says whose it is, as one transaction: whoever is refused has waited for it,
 * and reads the name of the one who was faster. Without a lock the row is all there is. */
static enum err take(
    struct store *s, const char *account, struct held_lock *l, int *fd, struct errinfo *ei)
{
	enum err err = state_begin(s, false, ei);

	if (err)
		return err;
	err = open_locked(s, account, l, fd, ei);
	if (!err)
		err = write_lease(s, account, &l->epoch, ei);
	err = state_end(s, err, ei);
	if (err && *fd >= 0)
		close(*fd);
	return err;
}

enum err lock_take(struct store *s, const char *account, struct errinfo *ei)
{
	struct held_lock *l = find(s, account);
	size_t unknown;
	int fd = -1;
	enum err err;

	if (l)
		return ERR_OK;
	l = free_slot(s);
	if (!s->state.sql || !s->state_realm)
		return err_set(ei, ERR_STORE, "posting is off: state.db cannot be used");
	if (s->needs_acknowledgement)
		return err_set(ei, ERR_REFUSED,
		    "edits were restored after damage; look at the review and confirm it first");
	if (!l || !account[0] || strlen(account) >= sizeof l->account)
		return err_set(ei, ERR_USAGE, "not an account to post to");
	err = take(s, account, l, &fd, ei);
	if (err)
		return err;
	l->fd = fd;
	snprintf(l->account, sizeof l->account, "%s", account);
	err = journal_recover(s, account, &unknown, ei);
	if (err)
		lock_drop(s, account);
	return err;
}

void lock_drop(struct store *s, const char *account)
{
	struct held_lock *l = find(s, account);
	bool in_turn;

	if (!l)
		return;
	in_turn = s->state.sql && db_begin(&s->state, NULL) == ERR_OK;
	/* only for people: the lock itself falls with the descriptor */
	db_run(&s->state, "UPDATE lease SET pid=0 WHERE realm=? AND account=? AND epoch=?",
	    BIND(INT(s->state_realm), TEXT(account), INT(l->epoch)), NULL);
	close(l->fd);
	if (in_turn)
		db_end(&s->state, ERR_OK, NULL);
	l->fd = -1;
	l->epoch = 0;
	l->account[0] = '\0';
}
