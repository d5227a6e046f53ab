#include "store/sidelog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/pack.h"

#define LOG_MAX (256u * 1024 * 1024)
#define FLUSH_BYTES (1u * 1024 * 1024)
/* A log is begun anew when it is this long and mostly history. */
#ifdef RETICLE_TESTABLE
#define ROTATE_BYTES (64 * 1024)
#else
#define ROTATE_BYTES (16 * 1024 * 1024)
#endif
#define HASH_DIGITS 16
#define HASH_TAIL (3 + HASH_DIGITS) /* " h=" and the digits */

void sidelog_init(struct sidelog *l, const char *path)
{
	memset(l, 0, sizeof *l);
	l->fd = -1;
	snprintf(l->path, sizeof l->path, "%s", path);
	buf_init(&l->pending, LOG_MAX);
}

void sidelog_done(struct sidelog *l)
{
	sidelog_close(l);
	buf_done(&l->pending);
}

/* --- writing --- */

static const char hex[] = "0123456789abcdef";

static void put_int(struct buf *b, int64_t v)
{
	char d[24];
	size_t i = sizeof d;
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do
		d[--i] = (char)('0' + u % 10);
	while (u /= 10);
	if (v < 0)
		d[--i] = '-';
	buf_add(b, d + i, sizeof d - i);
}

/* Text stays readable; what would break the line or deceive a reader is encoded. */
static void put_value(struct buf *b, const char *s)
{
	size_t n = strlen(s), from = 0;
	bool high = false;

	for (size_t i = 0; i < n && !high; i++)
		high = (unsigned char)s[i] >= 0x80;
	if (high)
		high = text_is_deceptive(s, n);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c > ' ' && c != '%' && c != 0x7f && (c < 0x80 || !high))
			continue;
		buf_add(b, s + from, i - from);
		buf_add(b, (const char[]){'%', hex[c >> 4], hex[c & 15]}, 3);
		from = i + 1;
	}
	buf_add(b, s + from, n - from);
}

static void put_hash(struct buf *b, uint64_t h)
{
	char d[HASH_DIGITS];

	for (int i = HASH_DIGITS - 1; i >= 0; i--, h >>= 4)
		d[i] = hex[h & 15];
	buf_add(b, d, sizeof d);
}

static enum err write_pending(struct sidelog *l)
{
	const char *p = l->pending.p;
	size_t n = l->pending.len;

	if (l->pending.failed)
		return l->pending.failed;
	while (n > 0) {
		ssize_t w = write(l->fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return ERR_IO;
		p += w;
		n -= (size_t)w;
	}
	l->at.offset += (int64_t)l->pending.len;
	buf_clear(&l->pending);
	return ERR_OK;
}

static void end_line(struct sidelog *l)
{
	uint64_t h;

	if (!l->in_line)
		return;
	l->in_line = false;
	if (l->pending.failed)
		return;
	h = pack_hash(l->at.hash, l->pending.p + l->line, l->pending.len - l->line);
	buf_add(&l->pending, " h=", 3);
	put_hash(&l->pending, h);
	buf_addc(&l->pending, '\n');
	l->at.hash = h;
	l->at.seq++;
	if (l->pending.len >= FLUSH_BYTES && !l->failed)
		l->failed = write_pending(l);
}

void sidelog_line(struct sidelog *l, const char *verb)
{
	int64_t now = clock_wall_s();

	if (l->fd < 0)
		return;
	end_line(l);
	l->in_line = true;
	l->line = l->pending.len;
	if (now != l->when_s || !l->when[0]) {
		clock_format_utc(now, l->when);
		l->when_s = now;
	}
	put_int(&l->pending, l->at.seq + 1);
	buf_addc(&l->pending, ' ');
	buf_adds(&l->pending, l->when);
	buf_addc(&l->pending, ' ');
	buf_adds(&l->pending, verb);
}

void sidelog_text(struct sidelog *l, const char *name, const char *value)
{
	if (l->fd < 0 || !value)
		return;
	buf_addc(&l->pending, ' ');
	buf_adds(&l->pending, name);
	buf_addc(&l->pending, '=');
	put_value(&l->pending, value);
}

void sidelog_int(struct sidelog *l, const char *name, int64_t value)
{
	if (l->fd < 0)
		return;
	buf_addc(&l->pending, ' ');
	buf_adds(&l->pending, name);
	buf_addc(&l->pending, '=');
	put_int(&l->pending, value);
}

int64_t sidelog_length(const struct sidelog *l)
{
	return l->at.offset + (int64_t)l->pending.len;
}

enum err sidelog_sync(struct sidelog *l, struct errinfo *ei)
{
	enum err err;

	if (l->fd < 0)
		return ERR_OK;
	end_line(l);
	err = l->failed ? l->failed : write_pending(l);
	/* after a failed sync nothing is known of what reached the disk: no second try */
	if (!err && fdatasync(l->fd) != 0)
		err = ERR_IO;
	if (err == ERR_NOMEM)
		return err_set(ei, err, "out of memory");
	if (err)
		return err_set(ei, ERR_STORE, "cannot write %s: %s", l->path, strerror(errno));
	return ERR_OK;
}

void sidelog_close(struct sidelog *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	l->in_line = false;
	l->failed = ERR_OK;
	buf_clear(&l->pending);
}

/* --- opening --- */

static enum err read_tail(struct sidelog *l, int64_t offset, int64_t size, struct buf *out)
{
	char chunk[16384];

	while (offset < size) {
		ssize_t n = pread(l->fd, chunk, sizeof chunk, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || buf_add(out, chunk, (size_t)n))
			return ERR_IO;
		offset += n;
	}
	return ERR_OK;
}

/* Lines behind `at`: cut a torn end off, void the rest. */
static enum err take_over_tail(struct sidelog *l, int64_t size)
{
	struct sidelog_at from = l->at, to = l->at;
	struct buf tail;
	enum err err;

	buf_init(&tail, LOG_MAX);
	err = read_tail(l, from.offset, size, &tail);
	if (!err)
		sidelog_scan(buf_str(&tail), tail.len, &from, &to, NULL, NULL);
	buf_done(&tail);
	if (!err && to.offset < size && ftruncate(l->fd, to.offset) != 0)
		err = ERR_IO;
	if (err)
		return err;
	l->at = to;
	if (to.seq > from.seq) {
		sidelog_line(l, "void");
		sidelog_int(l, "from", from.seq + 1);
		sidelog_int(l, "to", to.seq);
	}
	return ERR_OK;
}

static enum err start_anew(struct sidelog *l)
{
	char old[sizeof l->path + 8];

	/* what is there cannot be continued, and may be all that is left of something: keep it */
	snprintf(old, sizeof old, "%s.old", l->path);
	close(l->fd);
	if (rename(l->path, old) != 0) {
		l->fd = -1;
		return ERR_IO;
	}
	l->fd = open(l->path, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	l->at.offset = 0;
	l->at.hash = 0;
	l->at.base = 0;
	return l->fd < 0 ? ERR_IO : ERR_OK;
}

/* The name of a new file is durable only when its directory was synced. */
static enum err sync_directory(const char *path)
{
	char dir[sizeof((struct sidelog *)0)->path];
	char *slash;
	int fd, rc;

	snprintf(dir, sizeof dir, "%s", path);
	slash = strrchr(dir, '/');
	if (!slash)
		return ERR_OK;
	*slash = '\0';
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ERR_IO;
	rc = fsync(fd);
	close(fd);
	return rc == 0 ? ERR_OK : ERR_IO;
}

static enum err open_file(struct sidelog *l, struct stat *st)
{
	l->fd =
	    open(l->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (l->fd < 0 || fstat(l->fd, st) != 0)
		return ERR_IO;
	if (!S_ISREG(st->st_mode)) {
		errno = EINVAL;
		return ERR_IO;
	}
	return ERR_OK;
}

/* The program ended after the old log was moved away and before the database knew of the new one:
 * the old one is whole, and goes on. */
static enum err undo_interrupted_rotation(
    struct sidelog *l, const struct sidelog_at *at, struct stat *st)
{
	char old[sizeof l->path + 8];
	struct stat was;

	snprintf(old, sizeof old, "%s.old", l->path);
	if (lstat(old, &was) != 0 || !S_ISREG(was.st_mode) || was.st_size < at->offset)
		return ERR_OK;
	close(l->fd);
	l->fd = -1;
	if (rename(old, l->path) != 0)
		return ERR_IO;
	return open_file(l, st);
}

enum err sidelog_open(
    struct sidelog *l, const struct sidelog_at *at, bool *fresh, struct errinfo *ei)
{
	struct stat st;
	enum err err = ERR_OK;

	*fresh = false;
	if (!l->path[0])
		return ERR_OK;
	sidelog_close(l);
	l->at = *at;
	err = open_file(l, &st);
	if (!err && st.st_size < at->offset) {
		err = undo_interrupted_rotation(l, at, &st);
		*fresh = st.st_size < at->offset;
	}
	if (!err && !*fresh && st.st_size > at->offset)
		err = take_over_tail(l, st.st_size);
	if (!err && at->offset > ROTATE_BYTES && at->offset > 4 * at->base)
		*fresh = true;
	if (!err && *fresh)
		err = start_anew(l);
	if (!err && l->at.offset == 0)
		err = sync_directory(l->path);
	if (err) {
		err = err_set(ei, ERR_STORE, "cannot write %s: %s", l->path, strerror(errno));
		sidelog_close(l);
	}
	return err;
}

/* --- reading --- */

const char *sidelog_get(const struct sidelog_entry *e, const char *name)
{
	for (size_t i = 0; i < e->n; i++)
		if (strcmp(e->v[i].name, name) == 0)
			return e->v[i].value;
	return NULL;
}

int64_t sidelog_get_int(const struct sidelog_entry *e, const char *name)
{
	const char *s = sidelog_get(e, name);

	return s ? strtoll(s, NULL, 10) : 0;
}

static int digit(char c)
{
	const char *p = c ? strchr(hex, c) : NULL;

	return p ? (int)(p - hex) : -1;
}

static void decode(char *s)
{
	char *to = s;

	while (*s) {
		int a = *s == '%' ? digit(s[1]) : -1, b = a >= 0 ? digit(s[2]) : -1;

		if (b >= 0) {
			*to++ = (char)(a << 4 | b);
			s += 3;
		} else
			*to++ = *s++;
	}
	*to = '\0';
}

/* Check the tail " h=HASH" of the line p[0..n) against the chain; the new hash comes out. */
static bool line_is_whole(const char *p, size_t n, uint64_t before, uint64_t *hash)
{
	uint64_t said = 0;

	if (n < HASH_TAIL || memcmp(p + n - HASH_TAIL, " h=", 3) != 0)
		return false;
	for (size_t i = n - HASH_DIGITS; i < n; i++) {
		int d = digit(p[i]);

		if (d < 0)
			return false;
		said = said << 4 | (uint64_t)d;
	}
	*hash = pack_hash(before, p, n - HASH_TAIL);
	return *hash == said;
}

/* Split a line in place. */
static void split(char *line, struct sidelog_entry *e)
{
	char *save = line, *word;

	e->seq = strtoll(line, NULL, 10);
	e->verb = "";
	e->n = 0;
	for (size_t i = 0; (word = strsep(&save, " ")) != NULL; i++) {
		char *eq = strchr(word, '=');

		if (i == 2)
			e->verb = word;
		if (i < 3 || !eq || e->n == sizeof e->v / sizeof e->v[0])
			continue;
		*eq = '\0';
		decode(eq + 1);
		e->v[e->n].name = word;
		e->v[e->n++].value = eq + 1;
	}
}

enum err sidelog_scan(const char *text, size_t n, const struct sidelog_at *from,
    struct sidelog_at *to, sidelog_fn *fn, void *user)
{
	struct sidelog_at at = from ? *from : (struct sidelog_at){0};
	bool first = !from || !from->offset;
	enum err err = ERR_OK;

	while (n > 0 && !err) {
		const char *nl = memchr(text, '\n', n);
		size_t len = nl ? (size_t)(nl - text) : n;
		int64_t seq = strtoll(text, NULL, 10);
		struct sidelog_entry e;
		uint64_t hash;
		char *line;

		/* a log may begin with any number (it was begun anew), then they count up */
		if (!nl || !line_is_whole(text, len, at.hash, &hash) ||
		    (!first && seq != at.seq + 1))
			break;
		first = false;
		if (fn) {
			line = mem_strndup(text, len - HASH_TAIL);
			if (!line)
				return ERR_NOMEM;
			split(line, &e);
			err = fn(user, &e);
			mem_free(line);
		}
		at.hash = hash;
		at.seq = seq;
		at.offset += (int64_t)len + 1;
		text += len + 1;
		n -= len + 1;
	}
	if (to)
		*to = at;
	return err;
}
