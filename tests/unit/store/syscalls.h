/* Failing system calls of this process: the program's definitions win over libc's, for the archives
 * and for the shared libsqlite3 alike. Include from one test program only. */
#ifndef RETICLE_TESTS_UNIT_STORE_SYSCALLS_H
#define RETICLE_TESTS_UNIT_STORE_SYSCALLS_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
	long after; /* fail the call after this many more; negative: never */
	bool for_good; /* and all later ones */
	int error;
	long seen; /* calls so far */
	bool syncs_only;
} fault = {.after = -1};

static bool faulty(bool sync)
{
	if (fault.syncs_only && !sync)
		return false;
	fault.seen++;
	if (fault.after < 0)
		return false;
	if (fault.after > 0) {
		fault.after--;
		return false;
	}
	if (!fault.error)
		kill(getpid(), SIGKILL);
	if (!fault.for_good)
		fault.after = -1;
	errno = fault.error;
	return true;
}

static void fault_set(long after, int error, bool for_good)
{
	fault.after = after;
	fault.error = error;
	fault.for_good = for_good;
}

__attribute__((unused)) static void fault_clear(void)
{
	fault.after = -1;
	fault.syncs_only = false;
	fault.seen = 0;
}

ssize_t write(int fd, const void *p, size_t n);
ssize_t write(int fd, const void *p, size_t n)
{
	if (fd > 2 && faulty(false))
		return -1;
	return (ssize_t)syscall(SYS_write, fd, p, n);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at);
ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	if (faulty(false))
		return -1;
	return (ssize_t)syscall(SYS_pwrite64, fd, p, n, at);
}

int fdatasync(int fd);
int fdatasync(int fd)
{
	if (faulty(true))
		return -1;
	return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd);
int fsync(int fd)
{
	if (faulty(true))
		return -1;
	return (int)syscall(SYS_fsync, fd);
}

int ftruncate64(int fd, off64_t n);
int ftruncate64(int fd, off64_t n)
{
	if (faulty(false))
		return -1;
	return (int)syscall(SYS_ftruncate, fd, n);
}

int ftruncate(int fd, off_t n);
int ftruncate(int fd, off_t n)
{
	return ftruncate64(fd, n);
}

int unlink(const char *path);
int unlink(const char *path)
{
	if (faulty(false))
		return -1;
	return (int)syscall(SYS_unlink, path);
}

int rename(const char *from, const char *to);
int rename(const char *from, const char *to)
{
	if (faulty(false))
		return -1;
	return (int)syscall(SYS_rename, from, to);
}

#endif
