/* The command line: options that every part shares, and one function per subcommand. */
#ifndef RETICLE_CLI_CLI_H
#define RETICLE_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/err.h"

#define RETICLE_VERSION "0.1.0"
#define CLI_PARAMS_MAX 64

struct cli_options {
	const char *command; /* its name; "screen" without one */
	const char *profile, *account, *theme, *color, *script, *size, *clock;
	const char *line_items, *criteria, *seed; /* handed to the sandbox */
	const char *body; /* api: file of the JSON body */
	const char *format, *out, *revert; /* export, plan */
	const char *as_of; /* journal */
	const char *log, *log_level; /* NULL: what the configuration says */
	const char *params[CLI_PARAMS_MAX]; /* api: NAME=VALUE; else ids of --line-item */
	size_t n_params;
	bool fresh, read_only, offline, ascii, no_mouse, json;
	bool form, include, write, wait, open, sarif, full, allow_worldwide, reach;
	char **operands;
	int n_operands;
};

struct cli_command {
	const char *name, *usage, *help;
	int (*run)(const struct cli_options *o, int argc, char **argv);
	int operands; /* at most */
	unsigned bit; /* of cli_option.commands */
};
struct cli_option {
	const char *name, *argument, *help;
	char letter; /* 0: none */
	unsigned commands;
};
#define CLI_SCREEN_BIT 1u

/* The tables; NULL behind the last. */
const struct cli_command *cli_command(size_t i);
const struct cli_option *cli_option(size_t i);

/* argv behind the subcommand. Each returns an exit status (base/errors.def). */
int cmd_screen(const struct cli_options *o);
int cmd_demo(const struct cli_options *o, int argc, char **argv);
int cmd_sandbox(const struct cli_options *o, int argc, char **argv);
int cmd_api(const struct cli_options *o, int argc, char **argv);
int cmd_auth(const struct cli_options *o, int argc, char **argv);
int cmd_doctor(const struct cli_options *o, int argc, char **argv);
int cmd_export(const struct cli_options *o, int argc, char **argv);
int cmd_plan(const struct cli_options *o, int argc, char **argv);
int cmd_drift(const struct cli_options *o, int argc, char **argv);
int cmd_apply(const struct cli_options *o, int argc, char **argv);
int cmd_lint(const struct cli_options *o, int argc, char **argv);
int cmd_sync(const struct cli_options *o, int argc, char **argv);
int cmd_journal(const struct cli_options *o, int argc, char **argv);
int cmd_recover(const struct cli_options *o, int argc, char **argv);
int cmd_keys(const struct cli_options *o, int argc, char **argv);
int cmd_paths(const struct cli_options *o, int argc, char **argv);
int cmd_completion(const struct cli_options *o, int argc, char **argv);
int cmd_man(const struct cli_options *o, int argc, char **argv);
int cmd_version(const struct cli_options *o, int argc, char **argv);
int cmd_help(const struct cli_options *o, int argc, char **argv);

/* Print "reticle: message" and the remedy on stderr, cleaned; returns the exit status. */
int cli_fail(const struct errinfo *ei);
/* "reticle: message" for wrong usage; returns 2. */
int cli_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
