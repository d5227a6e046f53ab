#include "tests/sim/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FDS = 256, FILES = 32, TEMPLATES = 16, NAME = 96, UNSYNCED = 32768 };

struct file { /* that was written to; found by its name within the directory */
	char name[NAME];
};
struct unsynced { /* a write, and what it wrote over */
	int file;
	off_t offset, size_before;
	size_t n, n_old;
	char *old;
};

static struct {
	char dir[64];
	size_t dir_len;
	int fds[FDS]; /* descriptor -> file, -1: not ours */
	struct file files[FILES];
	int n_files;
	struct {
		char name[NAME];
		char *data;
		size_t n;
	} templates[TEMPLATES];
	int n_templates;
	struct unsynced writes[UNSYNCED];
	size_t n_writes;
	uint64_t random, kernel_random;

	int who, victim, failing;
	unsigned kill_after, fail_after, fail_times;
	int fail_error;
	bool dead[8], armed;
	size_t errors;
} d = {.who = -1, .victim = -1, .failing = -1};

static void die(const char *what)
{
	fprintf(stderr, "sim: %s: %s\n", what, strerror(errno));
	abort();
}

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* --- which calls are ours --- */

/* Name within the directory, NULL for a path elsewhere. */
static const char *ours(const char *path)
{
	if (!d.dir_len || strncmp(path, d.dir, d.dir_len) != 0 || path[d.dir_len] != '/')
		return NULL;
	return path + d.dir_len + 1;
}

static int file_number(const char *name)
{
	for (int i = 0; i < d.n_files; i++)
		if (strcmp(d.files[i].name, name) == 0)
			return i;
	if (d.n_files == FILES)
		die("too many files");
	snprintf(d.files[d.n_files].name, NAME, "%s", name);
	return d.n_files++;
}

static void remember_fd(int fd, const char *path)
{
	const char *name = ours(path);

	if (fd >= 0 && fd < FDS)
		d.fds[fd] = name ? file_number(name) : -1;
}

static int file_of(int fd)
{
	return fd >= 0 && fd < FDS && d.dir_len ? d.fds[fd] : -1;
}

/* May the call go through? *torn: it is the last one of a process that is killed within it. */
static bool may_change(bool *torn)
{
	*torn = false;
	if (d.who < 0)
		return true;
	if (d.dead[d.who]) {
		errno = EIO;
		return false;
	}
	if (d.armed && d.who == d.victim && d.kill_after-- == 0) {
		d.armed = false;
		d.dead[d.who] = true;
		*torn = true;
		errno = EIO;
		return false;
	}
	if (d.fail_times && d.who == d.failing) {
		if (d.fail_after) {
			d.fail_after--;
		} else {
			d.fail_times--;
			d.errors++;
			errno = d.fail_error;
			return false;
		}
	}
	return true;
}

static void note_write(int file, int fd, off_t offset, size_t n)
{
	struct unsynced *u;
	struct stat st;
	ssize_t got;

	/* the shared index of SQLite is made anew by whoever comes first */
	if (strstr(d.files[file].name, "-shm") || syscall(SYS_fstat, fd, &st) != 0)
		return;
	if (d.n_writes == UNSYNCED)
		die("too many writes without a sync");
	u = &d.writes[d.n_writes++];
	*u = (struct unsynced){.file = file, .offset = offset, .size_before = st.st_size, .n = n};
	u->old = malloc(n ? n : 1);
	got = u->old ? syscall(SYS_pread64, fd, u->old, n, offset) : -1;
	u->n_old = got > 0 ? (size_t)got : 0;
}

static void synced(int file)
{
	size_t kept = 0;

	for (size_t i = 0; i < d.n_writes; i++) {
		if (d.writes[i].file == file)
			free(d.writes[i].old);
		else
			d.writes[kept++] = d.writes[i];
	}
	d.n_writes = kept;
}

/* --- the calls --- */

static int do_open(const char *path, int flags, mode_t mode)
{
	bool torn;
	int fd;

	if (ours(path) && flags & O_CREAT && access(path, F_OK) != 0 && !may_change(&torn))
		return -1;
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
	remember_fd(fd, path);
	return fd;
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return do_open(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return do_open(path, flags, mode);
}

int close(int fd)
{
	if (fd >= 0 && fd < FDS)
		d.fds[fd] = -1;
	return (int)syscall(SYS_close, fd);
}

static ssize_t do_pwrite(int fd, const void *p, size_t n, off_t offset)
{
	int file = file_of(fd);
	bool torn;

	if (file < 0)
		return syscall(SYS_pwrite64, fd, p, n, offset);
	if (may_change(&torn)) {
		note_write(file, fd, offset, n);
		return syscall(SYS_pwrite64, fd, p, n, offset);
	}
	if (torn && n > 1) { /* the kernel writes page by page: a kill between two of them */
		size_t part = n > 4096 ? 4096 : 0;

		if (part) {
			note_write(file, fd, offset, part);
			syscall(SYS_pwrite64, fd, p, part, offset);
		}
		errno = EIO;
	}
	return -1;
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t offset)
{
	return do_pwrite(fd, p, n, offset);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t offset)
{
	return do_pwrite(fd, p, n, offset);
}

ssize_t write(int fd, const void *p, size_t n)
{
	int file = file_of(fd);
	bool torn;
	off_t at;

	if (file < 0)
		return syscall(SYS_write, fd, p, n);
	at = syscall(SYS_lseek, fd, 0, SEEK_END); /* our own files are only appended to */
	if (may_change(&torn)) {
		note_write(file, fd, at, n);
		return syscall(SYS_write, fd, p, n);
	}
	if (torn && n > 1) {
		size_t part = next_random(&d.random) % n;

		note_write(file, fd, at, part);
		syscall(SYS_write, fd, p, part);
		errno = EIO;
	}
	return -1;
}

static int do_truncate(int fd, off_t size)
{
	int file = file_of(fd);
	struct stat st;
	bool torn;

	if (file >= 0 && !may_change(&torn))
		return -1;
	if (file >= 0 && syscall(SYS_fstat, fd, &st) == 0 && st.st_size > size)
		note_write(file, fd, size, (size_t)(st.st_size - size));
	return (int)syscall(SYS_ftruncate, fd, size);
}

int ftruncate(int fd, off_t size)
{
	return do_truncate(fd, size);
}

int ftruncate64(int fd, off64_t size)
{
	return do_truncate(fd, size);
}

static int do_sync(int fd)
{
	int file = file_of(fd);
	bool torn;

	if (file < 0)
		return 0; /* a directory, or nothing of ours: memory needs no sync */
	if (!may_change(&torn))
		return -1;
	synced(file);
	return 0;
}

int fsync(int fd)
{
	return do_sync(fd);
}

int fdatasync(int fd)
{
	return do_sync(fd);
}

int rename(const char *from, const char *to)
{
	const char *a = ours(from), *b = ours(to);
	bool torn;

	if (a && !may_change(&torn))
		return -1;
	if (syscall(SYS_rename, from, to) != 0)
		return -1;
	if (a && b) { /* open descriptors and writes go with the name */
		synced(file_number(b));
		snprintf(d.files[file_number(b)].name, NAME, "%s", "");
		snprintf(d.files[file_number(a)].name, NAME, "%s", b);
	}
	return 0;
}

int unlink(const char *path)
{
	const char *name = ours(path);
	bool torn;

	if (name && !may_change(&torn))
		return -1;
	if (name)
		synced(file_number(name));
	return (int)syscall(SYS_unlink, path);
}

int mkdir(const char *path, mode_t mode)
{
	bool torn;

	if (ours(path) && access(path, F_OK) != 0 && !may_change(&torn))
		return -1;
	return (int)syscall(SYS_mkdir, path, mode);
}

ssize_t getrandom(void *p, size_t n, unsigned flags)
{
	unsigned char *out = p;

	(void)flags;
	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)next_random(&d.kernel_random);
	return (ssize_t)n;
}

/* --- who lives --- */

void disk_enter(int who)
{
	d.who = who;
}

void disk_kill_at(int who, unsigned after)
{
	d.victim = who;
	d.kill_after = after;
	d.armed = true;
}

void disk_fail(int who, int error, unsigned after, unsigned times)
{
	d.failing = who;
	d.fail_error = error;
	d.fail_after = after;
	d.fail_times = times;
}

void disk_calm(void)
{
	d.armed = false;
	d.fail_times = 0;
}

bool disk_is_dead(int who)
{
	return d.dead[who];
}

void disk_killed(int who)
{
	d.dead[who] = true;
}

void disk_revive(int who)
{
	d.dead[who] = false;
	if (d.victim == who)
		d.armed = false;
	if (d.failing == who)
		d.fail_times = 0;
}

size_t disk_errors(void)
{
	return d.errors;
}

static void forget_writes(void)
{
	for (size_t i = 0; i < d.n_writes; i++)
		free(d.writes[i].old);
	d.n_writes = 0;
}

static void path_of(char *out, size_t cap, const char *name)
{
	snprintf(out, cap, "%s/%s", d.dir, name);
}

/* Put back what was there before a write; half of the time all of it, else as the page cache may
 * have had it written already: not at all, or the part before a sector. */
static size_t take_back(const struct unsynced *u, uint64_t *random)
{
	char path[256];
	size_t from = 0;
	int fd;

	if (next_random(random) % 4 == 0)
		return 0;
	if (next_random(random) % 3 == 0 && u->n > 512)
		from = next_random(random) % (u->n / 512) * 512;
	path_of(path, sizeof path, d.files[u->file].name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (from < u->n_old)
		syscall(SYS_pwrite64, fd, u->old + from, u->n_old - from, u->offset + (off_t)from);
	if (!from)
		syscall(SYS_ftruncate, fd, u->size_before);
	close(fd);
	return u->n - from;
}

size_t disk_lose_power(uint64_t seed)
{
	size_t lost = 0;

	disk_enter(-1);
	for (size_t i = d.n_writes; i > 0; i--)
		lost += take_back(&d.writes[i - 1], &seed);
	forget_writes();
	return lost;
}

/* --- the directory --- */

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

const char *disk_dir(void)
{
	return d.dir;
}

void disk_init(void)
{
	static const char *const names[] = {
	    "HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"};
	static const char *const parts[] = {"", "/s", "/c", "/f", "/r"};
	const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	char dir[64], path[128];

	for (int i = 0; i < FDS; i++)
		d.fds[i] = -1;
	snprintf(dir, sizeof dir, "%s/reticle-sim-XXXXXX", base);
	if (!mkdtemp(dir))
		die(dir);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s%s", dir, parts[i]);
		if (*parts[i] && mkdir(path, 0700))
			die(path);
		setenv(names[i], path, 1);
	}
	memcpy(d.dir, dir, sizeof dir);
	d.dir_len = strlen(dir);
}

void disk_done(void)
{
	d.who = -1;
	forget_writes();
	for (int i = 0; i < d.n_templates; i++)
		free(d.templates[i].data);
	nftw(d.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	d.dir_len = 0;
}

static char *slurp(const char *path, size_t *n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *data;
	ssize_t got;

	*n = 0;
	if (fd < 0 || fstat(fd, &st) != 0)
		die(path);
	data = malloc((size_t)st.st_size + 1);
	got = data ? read(fd, data, (size_t)st.st_size) : -1;
	close(fd);
	if (got < 0)
		die(path);
	*n = (size_t)got;
	return data;
}

static int keep_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)ftw;
	if (flag != FTW_F)
		return 0;
	if (d.n_templates == TEMPLATES)
		die("too many files");
	snprintf(d.templates[d.n_templates].name, NAME, "%s", ours(path));
	d.templates[d.n_templates].data = slurp(path, &d.templates[d.n_templates].n);
	d.n_templates++;
	return 0;
}

static int unlink_lock(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)ftw;
	return flag == FTW_F && strstr(path, ".lock") ? unlink(path) : 0;
}

void disk_lose_locks(void)
{
	disk_enter(-1);
	nftw(d.dir, unlink_lock, 16, FTW_PHYS);
}

void disk_keep_template(void)
{
	nftw(d.dir, keep_one, 16, FTW_PHYS);
}

static int unlink_file(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)ftw;
	return flag == FTW_F ? unlink(path) : 0;
}

void disk_begin(uint64_t seed, bool fresh)
{
	char path[256];

	disk_enter(-1);
	forget_writes();
	nftw(d.dir, unlink_file, 16, FTW_PHYS);
	d.n_files = 0;
	d.random = d.kernel_random = seed;
	memset(d.dead, 0, sizeof d.dead);
	d.armed = false;
	d.fail_times = 0;
	d.errors = 0;
	for (int i = 0; !fresh && i < d.n_templates; i++) {
		int fd;

		path_of(path, sizeof path, d.templates[i].name);
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (fd < 0 || write(fd, d.templates[i].data, d.templates[i].n) < 0)
			die(path);
		close(fd);
	}
	forget_writes();
}

/* --- looking for bytes --- */

size_t disk_open_files(void)
{
	size_t n = 0;

	for (int i = 0; i < FDS; i++)
		n += d.fds[i] >= 0;
	return n;
}

enum { NEEDLES = 16, NEEDLE = 160 };

static struct {
	char needles[NEEDLES][NEEDLE];
	size_t n;
	char found[256];
} search;

static int look_in(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	size_t n;
	char *data;

	(void)st, (void)ftw;
	if (flag != FTW_F)
		return 0;
	data = slurp(path, &n);
	for (size_t i = 0; i < search.n && !search.found[0]; i++)
		if (memmem(data, n, search.needles[i], strlen(search.needles[i])))
			snprintf(search.found, sizeof search.found, "%s", ours(path));
	free(data);
	return search.found[0] != '\0';
}

static void hex_of(const char *s, char out[NEEDLE])
{
	for (size_t i = 0; s[i] && 2 * i + 2 < NEEDLE; i++)
		snprintf(out + 2 * i, 3, "%02x", (unsigned char)s[i]);
}

/* What every base64 text of it has, if it begins at a multiple of three bytes. */
static void base64_of(const char *s, char out[NEEDLE])
{
	static const char set[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)s;
	size_t n = strlen(s) / 3 * 3, k = 0;

	for (size_t i = 0; i < n && k + 5 < NEEDLE; i += 3) {
		unsigned v = (unsigned)p[i] << 16 | (unsigned)p[i + 1] << 8 | p[i + 2];

		for (int shift = 18; shift >= 0; shift -= 6)
			out[k++] = set[v >> shift & 63];
	}
	out[k] = '\0';
}

const char *disk_find(const char *const *needles, size_t n, bool coded)
{
	search.n = 0;
	search.found[0] = '\0';
	for (size_t i = 0; i < n && search.n + 3 <= NEEDLES; i++) {
		snprintf(search.needles[search.n++], NEEDLE, "%s", needles[i]);
		if (!coded)
			continue;
		hex_of(needles[i], search.needles[search.n++]);
		base64_of(needles[i], search.needles[search.n++]);
	}
	nftw(d.dir, look_in, 16, FTW_PHYS);
	return search.found[0] ? search.found : NULL;
}

bool disk_is_hostile(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i],
			      next = (unsigned char)(i + 1 < n ? p[i + 1] : 0);

		if ((c < ' ' && c != '\n') || c == 0x7f)
			return true;
		if (c == 0xC2 && next >= 0x80 && next < 0xA0) /* C1 */
			return true;
		if (c == 0xE2 && next == 0x80 && i + 2 < n && (unsigned char)p[i + 2] >= 0xAA &&
		    (unsigned char)p[i + 2] <= 0xAE) /* U+202A to U+202E */
			return true;
	}
	return false;
}

bool disk_hostile_byte(const char *name)
{
	char path[256], *data;
	size_t n;
	bool any;

	path_of(path, sizeof path, name);
	if (access(path, F_OK) != 0)
		return false;
	data = slurp(path, &n);
	any = disk_is_hostile(data, n);
	free(data);
	return any;
}
