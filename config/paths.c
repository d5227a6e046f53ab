#include "config/paths.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fs.h"

#define PROGRAM "reticle"
#define INSTANCE_MAX 32

static bool instance_is_valid(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && n <= INSTANCE_MAX && s[n] == '\0';
}

/* The specification: "all paths must be absolute; if a relative path is found, ignore it". */
static const char *absolute_env(const char *name)
{
	const char *s = getenv(name);

	return s && s[0] == '/' ? s : NULL;
}

/* "$VAR/reticle" or "$HOME/REST/reticle" (then "/INSTANCE"); "" when there is neither or it is too
 * long to be used. */
static void place(char out[PATHS_MAX], const char *var, const char *rest, const char *instance)
{
	const char *base = absolute_env(var), *home = absolute_env("HOME");
	int n = -1;

	if (base)
		n = snprintf(out, PATHS_MAX, "%s/%s%s%s", base, PROGRAM, instance ? "/" : "",
		    instance ? instance : "");
	else if (home)
		n = snprintf(out, PATHS_MAX, "%s/%s/%s%s%s", home, rest, PROGRAM,
		    instance ? "/" : "", instance ? instance : "");
	if (n < 0 || n >= PATHS_MAX)
		out[0] = '\0';
}

static void place_runtime(char out[PATHS_MAX], const char *instance)
{
	const char *base = absolute_env("XDG_RUNTIME_DIR"), *tmp = absolute_env("TMPDIR");
	const char *sep = instance ? "/" : "";
	int n;

	if (!instance)
		instance = "";
	if (base)
		n = snprintf(out, PATHS_MAX, "%s/%s%s%s", base, PROGRAM, sep, instance);
	else
		n = snprintf(out, PATHS_MAX, "%s/%s-%lu%s%s", tmp ? tmp : "/tmp", PROGRAM,
		    (unsigned long)geteuid(), sep, instance);
	if (n < 0 || n >= PATHS_MAX)
		out[0] = '\0';
}

enum err paths_init(struct paths *p, const char *instance, struct errinfo *ei)
{
	memset(p, 0, sizeof *p);
	if (instance && !instance_is_valid(instance))
		return err_set(ei, ERR_USAGE,
		    "instance \"%.40s\" is not 1 to %d of the characters a-z 0-9 -", instance,
		    INSTANCE_MAX);
	place(p->config, "XDG_CONFIG_HOME", ".config", NULL);
	place(p->state, "XDG_STATE_HOME", ".local/state", instance);
	place(p->cache, "XDG_CACHE_HOME", ".cache", instance);
	place_runtime(p->runtime, instance);
	return ERR_OK;
}

enum err paths_make(const char *dir, struct errinfo *ei)
{
	struct stat st;
	enum err err;

	if (!dir[0])
		return err_set(
		    ei, ERR_IO, "no directory to use: set HOME (or XDG_STATE_HOME and the like)");
	err = fs_make_dirs(dir, ei);
	if (err)
		return err;
	/* somebody else's directory under /tmp must not receive our files */
	if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode))
		return err_set(ei, ERR_IO, "%s is not a directory", dir);
	if (st.st_uid != geteuid())
		return err_set(ei, ERR_IO, "%s belongs to another user", dir);
	if (access(dir, W_OK | X_OK) != 0)
		return err_set(ei, ERR_IO, "%s cannot be written to", dir);
	return ERR_OK;
}
