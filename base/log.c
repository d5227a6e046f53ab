#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"

#define LOG_MAX_BYTES (5 * 1024 * 1024)
#define LOG_LINE_MAX 2048
#define LOG_PATH_MAX 4096

static const char *const level_names[] = {"error", "warn", "info", "debug"};

static struct {
	int fd; /* -1: off */
	enum log_level max;
	char path[LOG_PATH_MAX];
	unsigned long lost; /* lines, since the last that was written whole */
	bool torn; /* the last write ended within a line */
} sink = {.fd = -1};

bool log_parse_level(const char *name, enum log_level *out)
{
	for (int i = LOG_ERROR; i <= LOG_DEBUG; i++)
		if (strcmp(level_names[i], name) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	return false;
}

/* Does the file begin as a log does? Nobody's plan should get lines at its end because it was named
 * by mistake. */
static bool begins_like_a_log(int fd)
{
	char head[33] = "";
	ssize_t n = pread(fd, head, sizeof head - 1, 0);
	char level[8];
	int64_t when;

	if (n == 0)
		return true;
	if (n < 27 || head[20] != ' ')
		return false;
	head[20] = '\0';
	return clock_parse_utc(head, &when) && sscanf(head + 21, "%7[a-z] ", level) == 1 &&
	       log_parse_level(level, &(enum log_level){LOG_ERROR});
}

static enum err check(int fd, const char *path, struct errinfo *ei)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return err_set(ei, ERR_IO, "log %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(ei, ERR_REFUSED, "log %s: it is no regular file", path);
	if (st.st_uid != geteuid())
		return err_set(ei, ERR_REFUSED, "log %s: the file is not your own", path);
	if (!begins_like_a_log(fd))
		return err_set(
		    ei, ERR_REFUSED, "log %s: the file holds something else; name another", path);
	if ((st.st_mode & 077) && fchmod(fd, 0600) != 0)
		return err_set(ei, ERR_IO, "log %s: %s", path, strerror(errno));
	return ERR_OK;
}

static enum err open_file(const char *path, int *out, struct errinfo *ei)
{
	/* not blocking: the open of a device may wait */
	int flags = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
	int fd = open(path, flags, 0600);
	enum err err;

	if (fd < 0 && errno == ELOOP)
		return err_set(ei, ERR_REFUSED, "log %s: it is a symbolic link", path);
	if (fd < 0)
		return err_set(ei, ERR_IO, "log %s: %s", path, strerror(errno));
	err = check(fd, path, ei);
	if (err)
		close(fd);
	else
		*out = fd;
	return err;
}

/* Begin anew once the file is full. Another process may have done so already: then only ours moves on
 * to the new file. A log that cannot be rolled ends, or it would have no maximum. */
static void roll(void)
{
	struct stat ours, named;
	char old[LOG_PATH_MAX + 2];

	if (fstat(sink.fd, &ours) != 0 || ours.st_size < LOG_MAX_BYTES)
		return;
	snprintf(old, sizeof old, "%s.1", sink.path);
	if (lstat(sink.path, &named) == 0 && named.st_ino == ours.st_ino &&
	    named.st_dev == ours.st_dev && rename(sink.path, old) != 0) {
		log_close();
		return;
	}
	close(sink.fd);
	if (open_file(sink.path, &sink.fd, NULL))
		sink.fd = -1;
}

enum err log_open(const char *path, enum log_level max, struct errinfo *ei)
{
	enum err err;
	int fd;

	if (strlen(path) >= sizeof sink.path)
		return err_set(ei, ERR_IO, "log: the path is too long");
	err = open_file(path, &fd, ei);
	if (err)
		return err;
	log_close();
	sink.fd = fd;
	sink.max = max;
	memcpy(sink.path, path, strlen(path) + 1);
	roll();
	if (sink.fd < 0)
		return err_set(
		    ei, ERR_IO, "log %s: it is full, and cannot become %s.1", path, path);
	return ERR_OK;
}

void log_close(void)
{
	if (sink.fd >= 0)
		close(sink.fd);
	sink.fd = -1;
	sink.lost = 0;
	sink.torn = false;
}

static void add_head(struct buf *line, enum log_level level, const char *event)
{
	char when[21];

	clock_format_utc(clock_wall_s(), when);
	buf_addf(line, "%s %s %ld %s ", when, level_names[level], (long)getpid(), event);
}

/* One write, so that two processes never mix their lines. */
static void put(const struct buf *line)
{
	ssize_t n = write(sink.fd, line->p, line->len);
	struct stat st;

	if (n == (ssize_t)line->len) {
		sink.lost = 0;
		sink.torn = false;
		return;
	}
	sink.lost++;
	if (n <= 0)
		return;
	/* half a line alone would not be known as a log by the next start */
	sink.torn = fstat(sink.fd, &st) != 0 || st.st_size != n || ftruncate(sink.fd, 0) != 0;
}

void log_event(enum log_level level, const char *event, const char *fmt, ...)
{
	char raw[LOG_LINE_MAX];
	struct buf line;
	va_list ap;
	int n;

	if (sink.fd < 0 || level > sink.max)
		return;
	va_start(ap, fmt);
	n = vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	buf_init(&line, LOG_LINE_MAX * 8);
	if (sink.torn)
		buf_addc(&line, '\n');
	if (sink.lost) {
		add_head(&line, LOG_WARN, "log.lost");
		buf_addf(&line, "lines=%lu\n", sink.lost);
	}
	add_head(&line, level, event);
	text_escape(&line, raw, strlen(raw));
	buf_addc(&line, '\n');
	roll();
	if (sink.fd >= 0 && !line.failed)
		put(&line);
	buf_done(&line);
}
