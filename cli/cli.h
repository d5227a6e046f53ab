/* The command line: options that every part shares, and one function per subcommand. */
#ifndef RETICLE_CLI_CLI_H
#define RETICLE_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

#define RETICLE_VERSION "0.1.0"

struct cli_options {
	const char *profile, *account, *theme, *color, *script, *size, *clock;
	const char *line_items, *criteria, *seed; /* handed to the sandbox */
	bool fresh, read_only, offline, ascii, no_mouse, json;
};

/* argv behind the subcommand. Each returns an exit status (base/errors.def). */
int cmd_screen(const struct cli_options *o);
int cmd_demo(const struct cli_options *o, int argc, char **argv);
int cmd_sandbox(const struct cli_options *o, int argc, char **argv);
int cmd_keys(const struct cli_options *o, int argc, char **argv);
int cmd_paths(const struct cli_options *o, int argc, char **argv);
int cmd_version(const struct cli_options *o, int argc, char **argv);
int cmd_help(const struct cli_options *o, int argc, char **argv);

/* Print "reticle: message" and the remedy on stderr, cleaned; returns the exit status. */
int cli_fail(const struct errinfo *ei);

#endif
