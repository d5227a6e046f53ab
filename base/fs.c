#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum err fs_make_dirs(const char *path, struct errinfo *ei)
{
	char part[PATH_MAX];
	size_t n = strlen(path);
	struct stat st;

	if (n == 0 || n >= sizeof part)
		return err_set(ei, ERR_IO, "path is empty or too long");
	memcpy(part, path, n + 1);
	for (char *p = part + 1;; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(part, 0700) != 0 && errno != EEXIST)
			return err_set(
			    ei, ERR_IO, "cannot make directory %s: %s", part, strerror(errno));
		*p = c;
		if (c != '\0')
			continue;
		if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) /* EEXIST was about a file */
			return err_set(ei, ERR_IO, "%s is not a directory", path);
		return ERR_OK;
	}
}

static enum err slurp(int fd, const char *path, struct buf *b, struct errinfo *ei)
{
	char chunk[16384];
	enum err err = ERR_OK;
	ssize_t n = 1;

	while (!err && n) {
		n = read(fd, chunk, sizeof chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err = err_set(ei, ERR_IO, "cannot read %s: %s", path, strerror(errno));
		else if (n > 0 && buf_add(b, chunk, (size_t)n))
			err = err_set(ei, ERR_LIMIT, "%s is larger than %zu bytes", path, b->max);
	}
	explicit_bzero(chunk, sizeof chunk); /* credentials are read by this, too */
	return err;
}

static enum err open_for_reading(const char *path, int flags, int *fd, struct errinfo *ei)
{
	/* O_NONBLOCK: opening a FIFO must not hang the program */
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags);
	if (*fd >= 0)
		return ERR_OK;
	if (errno == ENOENT)
		return err_set(ei, ERR_NOTFOUND, "%s does not exist", path);
	return err_set(ei, ERR_IO, "cannot open %s: %s", path,
	    errno == ELOOP ? "it is a symbolic link" : strerror(errno));
}

enum err fs_read(const char *path, struct buf *b, struct errinfo *ei)
{
	struct stat st;
	enum err err;
	int fd;

	err = open_for_reading(path, 0, &fd, ei);
	if (err)
		return err;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		err = err_set(ei, ERR_IO, "%s is not a regular file", path);
	else
		err = slurp(fd, path, b, ei);
	close(fd);
	return err;
}

enum err fs_read_private(const char *path, struct buf *b, struct errinfo *ei)
{
	struct stat st;
	enum err err;
	int fd;

	err = open_for_reading(path, O_NOFOLLOW, &fd, ei);
	if (err)
		return err;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		err = err_set(ei, ERR_CONFIG, "%s is not a regular file", path);
	else if (st.st_uid != geteuid())
		err = err_set(
		    ei, ERR_CONFIG, "%s holds credentials but belongs to another user", path);
	else if (st.st_mode & 077)
		err = err_set(ei, ERR_CONFIG,
		    "%s holds credentials but others can read it (mode %04o); run: chmod 600 %s",
		    path, (unsigned)(st.st_mode & 07777), path);
	else
		err = slurp(fd, path, b, ei);
	close(fd);
	return err;
}

static enum err write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return ERR_IO;
		p += w;
		n -= (size_t)w;
	}
	return fsync(fd) == 0 ? ERR_OK : ERR_IO;
}

enum err fs_write(const char *path, const void *p, size_t n, struct errinfo *ei)
{
	char tmp[PATH_MAX];
	enum err err;
	int fd;

	if (snprintf(tmp, sizeof tmp, "%s.%ld.new", path, (long)getpid()) >= (int)sizeof tmp)
		return err_set(ei, ERR_IO, "path is too long: %s", path);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_set(ei, ERR_IO, "cannot create %s: %s", tmp, strerror(errno));
	err = write_all(fd, p, n);
	if (close(fd) != 0 || err || rename(tmp, path) != 0) {
		err_set(ei, ERR_IO, "cannot write %s: %s", path, strerror(errno));
		unlink(tmp);
		return ERR_IO;
	}
	return ERR_OK;
}

bool fs_join(char *out, size_t cap, const char *dir, const char *name)
{
	int n = snprintf(out, cap, "%s/%s", dir, name);

	return n >= 0 && (size_t)n < cap;
}

enum err fs_set_aside(const char *path, struct errinfo *ei)
{
	char to[PATH_MAX];

	for (int i = 1; i < 1000; i++) {
		if (snprintf(to, sizeof to, "%s.damaged-%d", path, i) >= (int)sizeof to)
			break;
		/* link(2) refuses to replace, so two programs never overwrite each other's copy */
		if (link(path, to) == 0) {
			if (unlink(path) != 0)
				break;
			return err_set(ei, ERR_OK, "%s", to);
		}
		if (errno != EEXIST)
			break;
	}
	return err_set(ei, ERR_IO, "cannot set %s aside: %s", path, strerror(errno));
}
