/* Loaded with LD_PRELOAD into a program under test:
 *   SWEEP_CALLS=FILE   count there (struct calls) the calls that change something outside the process
 *   SWEEP_KILL=N       kill -9 instead of the N-th of them, from 1
 *   SWEEP_TORN=1       do half of what that call was to write first
 *   SWEEP_RATE=K       time passes K times as fast
 *   SWEEP_AHEAD=NS     and is so far ahead at the start
 *   SWEEP_NO_FORK=1    no process and no thread can be made: EAGAIN
 *   SWEEP_NO_LOCKS=1   locks of open file descriptions fail with ENOLCK; =2: all file locks do
 * It sees what goes through libc's functions, as SQLite, libcurl and the program itself do. */
#include <dlfcn.h>
#include <errno.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define NS INT64_C(1000000000)
enum { CLOCKS = 12 };

static _Atomic unsigned long *calls; /* mapped from SWEEP_CALLS */
static unsigned long kill_at;
static bool torn, no_fork;
static unsigned long no_locks;
static int64_t rate = 1, ahead, since[CLOCKS];

static int64_t real_ns(clockid_t id)
{
	struct timespec t = {0};

	syscall(SYS_clock_gettime, id, &t);
	return t.tv_sec * NS + t.tv_nsec;
}

static unsigned long number(const char *name)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("SWEEP_CALLS");

	rate = (int64_t)number("SWEEP_RATE");
	rate = rate > 0 ? rate : 1;
	for (int i = 0; i < CLOCKS; i++)
		since[i] = real_ns(i);
	ahead = (int64_t)number("SWEEP_AHEAD");
	kill_at = number("SWEEP_KILL");
	torn = number("SWEEP_TORN") != 0;
	no_fork = number("SWEEP_NO_FORK") != 0;
	no_locks = number("SWEEP_NO_LOCKS");
	if (path) {
		int fd = open(path, O_RDWR | O_CLOEXEC);
		void *p =
		    fd < 0 ? MAP_FAILED
			   : mmap(NULL, sizeof *calls, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

		if (p == MAP_FAILED)
			_exit(125);
		calls = p;
		syscall(SYS_close, fd);
	}
}

/* --- calls that change something --- */

/* Count; true when this is the one to die at, and half of it is to be done first. */
static bool half(void)
{
	if (!calls || ++*calls != kill_at)
		return false;
	if (!torn)
		kill(getpid(), SIGKILL);
	return true;
}

static void die(void)
{
	kill(getpid(), SIGKILL);
}

EXPORT ssize_t write(int fd, const void *p, size_t n)
{
	if (fd > 2 && half()) {
		syscall(SYS_write, fd, p, n / 2);
		die();
	}
	return syscall(SYS_write, fd, p, n);
}

EXPORT ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	if (half()) {
		syscall(SYS_pwrite64, fd, p, n / 2, at);
		die();
	}
	return syscall(SYS_pwrite64, fd, p, n, at);
}

EXPORT ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	return pwrite64(fd, p, n, at);
}

EXPORT ssize_t sendto(
    int fd, const void *p, size_t n, int flags, __CONST_SOCKADDR_ARG to, socklen_t len)
{
	if (half()) {
		syscall(SYS_sendto, fd, p, n / 2, flags, to.__sockaddr__, len);
		die();
	}
	return syscall(SYS_sendto, fd, p, n, flags, to.__sockaddr__, len);
}

EXPORT ssize_t send(int fd, const void *p, size_t n, int flags)
{
	return sendto(fd, p, n, flags, (const struct sockaddr *)NULL, 0);
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	if (half())
		die();
	return syscall(SYS_sendmsg, fd, m, flags);
}

/* The rest is done or not done: "half" is done, and its caller never learns of it. */
#define WHOLE(type, name, args, ...)                                                               \
	EXPORT type name args                                                                      \
	{                                                                                          \
		bool last = half();                                                                \
		type result = (type)syscall(__VA_ARGS__);                                          \
                                                                                                   \
		if (last)                                                                          \
			die();                                                                     \
		return result;                                                                     \
	}
WHOLE(int, connect, (int fd, __CONST_SOCKADDR_ARG to, socklen_t n), SYS_connect, fd,
    to.__sockaddr__, n)
WHOLE(int, fsync, (int fd), SYS_fsync, fd)
WHOLE(int, fdatasync, (int fd), SYS_fdatasync, fd)
WHOLE(int, ftruncate64, (int fd, off64_t n), SYS_ftruncate, fd, n)
WHOLE(int, ftruncate, (int fd, off_t n), SYS_ftruncate, fd, n)
WHOLE(int, unlink, (const char *path), SYS_unlink, path)
WHOLE(int, unlinkat, (int dir, const char *path, int flags), SYS_unlinkat, dir, path, flags)
WHOLE(int, rename, (const char *from, const char *to), SYS_rename, from, to)
WHOLE(int, renameat, (int a, const char *from, int b, const char *to), SYS_renameat, a, from, b, to)
WHOLE(int, renameat2, (int a, const char *from, int b, const char *to, unsigned flags),
    SYS_renameat2, a, from, b, to, flags)
WHOLE(int, link, (const char *from, const char *to), SYS_link, from, to)
WHOLE(int, mkdir, (const char *path, mode_t mode), SYS_mkdir, path, mode)

/* --- a disk without file locks --- */

EXPORT int fcntl64(int fd, int cmd, ...)
{
	bool own = cmd == F_SETLK || cmd == F_SETLKW, shared = cmd == F_OFD_SETLK;
	va_list ap;
	long arg;

	va_start(ap, cmd);
	arg = va_arg(ap, long);
	va_end(ap);
	if ((shared && no_locks > 0) || (own && no_locks > 1)) {
		errno = ENOLCK;
		return -1;
	}
	return (int)syscall(SYS_fcntl, fd, cmd, arg);
}

EXPORT int fcntl(int fd, int cmd, ...)
{
	va_list ap;
	long arg;

	va_start(ap, cmd);
	arg = va_arg(ap, long);
	va_end(ap);
	return fcntl64(fd, cmd, arg);
}

/* --- processes and threads --- */

/* What libc has under this name. */
static void *libc(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

EXPORT pid_t fork(void)
{
	pid_t (*f)(void);

	if (no_fork) {
		errno = EAGAIN;
		return -1;
	}
	*(void **)&f = libc("fork");
	return f();
}

#define SPAWN(name)                                                                                \
	EXPORT int name(pid_t *restrict pid, const char *restrict file,                            \
	    const posix_spawn_file_actions_t *restrict actions,                                    \
	    const posix_spawnattr_t *restrict attr, char *const argv[restrict],                    \
	    char *const envp[restrict])                                                            \
	{                                                                                          \
		int (*f)(pid_t *, const char *, const posix_spawn_file_actions_t *,                \
		    const posix_spawnattr_t *, char *const *, char *const *);                      \
                                                                                                   \
		if (no_fork)                                                                       \
			return EAGAIN;                                                             \
		*(void **)&f = libc(#name);                                                        \
		return f(pid, file, actions, attr, argv, envp);                                    \
	}
SPAWN(posix_spawn)
SPAWN(posix_spawnp)

EXPORT int pthread_create(pthread_t *restrict t, const pthread_attr_t *restrict attr,
    void *(*run)(void *), void *restrict arg)
{
	int (*f)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

	if (no_fork)
		return EAGAIN;
	*(void **)&f = libc("pthread_create");
	return f(t, attr, run, arg);
}

/* --- time --- */

static int64_t fast(clockid_t id, int64_t real)
{
	return id >= 0 && id < CLOCKS ? since[id] + ahead + (real - since[id]) * rate : real;
}

static int64_t slow(clockid_t id, int64_t seen)
{
	return since[id] + (seen - ahead - since[id]) / rate;
}

EXPORT int clock_gettime(clockid_t id, struct timespec *t)
{
	int64_t ns;

	if (syscall(SYS_clock_gettime, id, t) != 0)
		return -1;
	ns = id == CLOCK_PROCESS_CPUTIME_ID || id == CLOCK_THREAD_CPUTIME_ID
		 ? t->tv_sec * NS + t->tv_nsec
		 : fast(id, t->tv_sec * NS + t->tv_nsec);
	*t = (struct timespec){ns / NS, ns % NS};
	return 0;
}

EXPORT int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
	int64_t ns = fast(CLOCK_REALTIME, real_ns(CLOCK_REALTIME));

	(void)zone;
	*t = (struct timeval){ns / NS, ns % NS / 1000};
	return 0;
}

EXPORT time_t time(time_t *out)
{
	time_t t = fast(CLOCK_REALTIME, real_ns(CLOCK_REALTIME)) / NS;

	if (out)
		*out = t;
	return t;
}

EXPORT int poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	struct timespec t = {0};
	int64_t ns = (int64_t)timeout_ms * 1000000 / rate;

	t = (struct timespec){ns / NS, ns % NS};
	return (int)syscall(SYS_ppoll, fds, n, timeout_ms < 0 ? NULL : &t, NULL, 0);
}

EXPORT int nanosleep(const struct timespec *want, struct timespec *left)
{
	int64_t ns = (want->tv_sec * NS + want->tv_nsec) / rate;
	struct timespec t = {ns / NS, ns % NS};

	return (int)syscall(SYS_nanosleep, &t, left);
}

EXPORT int usleep(useconds_t us)
{
	return nanosleep(&(struct timespec){us / 1000000, us % 1000000 * 1000}, NULL);
}

EXPORT int pthread_cond_timedwait(
    pthread_cond_t *restrict c, pthread_mutex_t *restrict m, const struct timespec *restrict until)
{
	static int (*next)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
	int64_t ns = slow(CLOCK_REALTIME, until->tv_sec * NS + until->tv_nsec);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
	return next(c, m, &(struct timespec){ns / NS, ns % NS});
}
