#include "cli/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/mem.h"

extern char **environ;

char **spawn_environment(void)
{
	size_t n = 0, k = 0;
	char **env;

	while (environ[n])
		n++;
	env = mem_array(n + 1, sizeof *env);
	for (size_t i = 0; env && i < n; i++)
		if (strncmp(environ[i], "RETICLE_", 8) != 0)
			env[k++] = environ[i];
	return env;
}

#define WORDS 16

/* The first program of a list with ":" between, cut into words in place. */
static size_t split(char *line, const char *url, char **argv)
{
	bool placed = false;
	size_t n = 0;

	line[strcspn(line, ":")] = '\0';
	for (char *p = line; *p && n < WORDS - 2;) {
		size_t len;

		p += strspn(p, " \t");
		len = strcspn(p, " \t");
		if (!len)
			break;
		argv[n] = p;
		p += len + (p[len] != '\0');
		argv[n][len] = '\0';
		if (n && strcmp(argv[n], "%s") == 0) {
			argv[n] = (char *)(uintptr_t)url;
			placed = true;
		}
		n++;
	}
	if (n && !placed)
		argv[n++] = (char *)(uintptr_t)url;
	argv[n] = NULL;
	return n;
}

enum err spawn_browser(const char *browser, const char *url, struct errinfo *ei)
{
	char line[1024], *argv[WORDS], **env;
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t all, none;
	pid_t pid;
	int rc;

	if (!browser || !browser[0])
		return err_set(ei, ERR_USAGE, "BROWSER is not set");
	if (snprintf(line, sizeof line, "%s", browser) >= (int)sizeof line ||
	    !split(line, url, argv))
		return err_set(ei, ERR_USAGE, "BROWSER cannot be used");
	env = spawn_environment();
	if (!env)
		return err_set(ei, ERR_NOMEM, "out of memory");
	sigfillset(&all);
	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addclosefrom_np(&fa, 3);
	rc = posix_spawnp(&pid, argv[0], &fa, &attr, argv, env);
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&attr);
	mem_free(env);
	if (rc)
		return err_set(ei, ERR_IO, "cannot run %s: %s", argv[0], strerror(rc));
	return ERR_OK;
}
