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
#include "base/fs.h"
#include "base/text.h"

#define LOG_MAX_BYTES (5 * 1024 * 1024)
#define LOG_LINE_MAX 2048

static struct {
	int fd;
	enum log_level max;
} sink = {.fd = -1};

static void rotate(const char *path)
{
	struct stat st;
	char old[4096];

	if (stat(path, &st) != 0 || st.st_size < LOG_MAX_BYTES)
		return;
	if (snprintf(old, sizeof old, "%s.1", path) < (int)sizeof old)
		rename(path, old);
}

enum err log_open(const char *path, enum log_level max, struct errinfo *ei)
{
	int fd;

	rotate(path);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_set(ei, ERR_IO, "log %s: %s", path, strerror(errno));
	log_close();
	sink.fd = fd;
	sink.max = max;
	return ERR_OK;
}

void log_close(void)
{
	if (sink.fd >= 0)
		close(sink.fd);
	sink.fd = -1;
}

void log_event(enum log_level level, const char *event, const char *fmt, ...)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};
	char raw[LOG_LINE_MAX], when[21];
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
	clock_format_utc(clock_wall_s(), when);
	buf_init(&line, LOG_LINE_MAX * 8);
	buf_addf(&line, "%s %s %s ", when, names[level], event);
	text_escape(&line, raw, strlen(raw));
	buf_addc(&line, '\n');
	/* one write a line, so that two processes never mix theirs; a failing log stops nothing */
	if (!line.failed && write(sink.fd, line.p, line.len) < 0)
		sink.max = LOG_ERROR;
	buf_done(&line);
}
