#include "cli/log_file.h"

#include <string.h>
#include "base/fs.h"
#include "base/log.h"

/* The file that the configuration names. */
static enum err place(
    char out[PATHS_MAX], const struct config *c, const struct paths *p, struct errinfo *ei)
{
	bool absolute = c->log[0] == '/';

	if (!absolute && (strchr(c->log, '/') || strcmp(c->log, "..") == 0))
		return err_set(ei, ERR_CONFIG,
		    "log is an absolute path, or the name of a file in the state directory, not "
		    "\"%.80s\"",
		    c->log);
	if (!absolute && paths_make(p->state, ei))
		return ei->code;
	if (!fs_join(out, PATHS_MAX, absolute ? "" : p->state, absolute ? c->log + 1 : c->log))
		return err_set(ei, ERR_CONFIG, "the path of the log is too long");
	return ERR_OK;
}

enum err log_file_open(
    const struct cli_options *o, const struct config *c, const struct paths *p, struct errinfo *ei)
{
	const char *word = o->log_level ? o->log_level : c->log_level;
	enum log_level level;
	char path[PATHS_MAX];
	enum err err;

	if (!log_parse_level(word, &level))
		return err_set(ei, o->log_level ? ERR_USAGE : ERR_CONFIG,
		    "%s is error, warn, info or debug, not \"%.40s\"",
		    o->log_level ? "--log-level" : "log_level", word);
	if (o->log_level && !o->log && !c->log[0])
		return err_set(ei, ERR_USAGE, "--log-level goes with --log");
	if (!o->log && !c->log[0])
		return ERR_OK;
	if (!o->log && place(path, c, p, ei))
		return ei->code;
	err = log_open(o->log ? o->log : path, level, ei);
	if (!err)
		log_event(LOG_INFO, "program.start", "version=%s command=%s", RETICLE_VERSION,
		    o->command);
	return err;
}
