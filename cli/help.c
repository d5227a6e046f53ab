/* What is printed from the tables: help, the manual page, the completions of shells. */
#include <stdio.h>
#include <string.h>
#include "cli/cli.h"

static void print_option(const struct cli_option *opt, const char *indent)
{
	char letter[8] = "    ";

	if (opt->letter)
		snprintf(letter, sizeof letter, "-%c, ", opt->letter);
	printf("%s%s--%-11s %-11s %s\n", indent, letter, opt->name, opt->argument, opt->help);
}

static void print_options(unsigned command)
{
	const struct cli_option *opt;

	for (size_t i = 0; (opt = cli_option(i)) != NULL; i++)
		if (opt->commands & command)
			print_option(opt, "  ");
}

static int help_of(const char *name)
{
	const struct cli_command *c;

	for (size_t i = 0; (c = cli_command(i)) != NULL; i++) {
		if (strcmp(c->name, name) != 0)
			continue;
		printf("usage: reticle %s %s\n\n%s\n\n", c->name, c->usage, c->help);
		print_options(c->bit);
		printf("\nmore: docs/commands.md\n");
		return 0;
	}
	return cli_usage("there is no command \"%s\"", name);
}

int cmd_help(const struct cli_options *o, int argc, char **argv)
{
	const struct cli_command *c;

	(void)argc;
	(void)argv;
	if (o->n_operands)
		return help_of(o->operands[0]);
	printf("reticle: browse, stage, review and apply the targeting of X ad campaigns\n\n"
	       "usage: reticle [OPTIONS]            open the screen\n"
	       "       reticle COMMAND [OPTIONS]    (reticle help COMMAND for its options)\n\n"
	       "commands:\n");
	for (size_t i = 0; (c = cli_command(i)) != NULL; i++)
		printf("  %-10s %s\n%s%s%s", c->name, c->help, c->usage[0] ? "             " : "",
		    c->usage, c->usage[0] ? "\n" : "");
	printf("\noptions of the screen:\n");
	print_options(CLI_SCREEN_BIT);
	printf("\nexit status: 0 ok, 1 failed, 2 usage or terminal, 3 findings, 4 authentication, "
	       "5 conflict,\n"
	       "             6 outcome unknown, 7 rate limited, 130 interrupted\n");
	return 0;
}

int cmd_version(const struct cli_options *o, int argc, char **argv)
{
	(void)o;
	(void)argc;
	(void)argv;
	printf("reticle %s\n", RETICLE_VERSION);
	return 0;
}

/* --- manual page --- */

/* roff takes "-" for a hyphen that may be broken, and a leading "." or "'" for a request. */
static void put_roff(const char *s)
{
	for (; *s; s++) {
		if (*s == '-' || *s == '\\')
			putchar('\\');
		putchar(*s);
	}
}

static void man_options(unsigned command)
{
	const struct cli_option *opt;

	for (size_t i = 0; (opt = cli_option(i)) != NULL; i++) {
		if (!(opt->commands & command))
			continue;
		printf(".TP\n.B ");
		if (opt->letter)
			printf("\\-%c, ", opt->letter);
		printf("\\-\\-");
		put_roff(opt->name);
		if (opt->argument[0])
			printf(" \\fI%s\\fR", opt->argument);
		printf("\n");
		put_roff(opt->help);
		printf("\n");
	}
}

int cmd_man(const struct cli_options *o, int argc, char **argv)
{
	const struct cli_command *c;

	(void)o;
	(void)argc;
	(void)argv;
	printf(".TH RETICLE 1 \"\" \"reticle " RETICLE_VERSION "\"\n"
	       ".SH NAME\nreticle \\- targeting of X ad campaigns in the terminal\n"
	       ".SH SYNOPSIS\n.B reticle\n[\\fIoptions\\fR]\n.br\n"
	       ".B reticle\n\\fIcommand\\fR [\\fIoptions\\fR]\n"
	       ".SH DESCRIPTION\nBrowses the line items of an ads account and their targeting "
	       "criteria, stages\nchanges, reviews them and posts them as atomic batches. In the "
	       "screen,\n.B ?\nshows every key.\n.SH OPTIONS\n");
	man_options(CLI_SCREEN_BIT);
	printf(".SH COMMANDS\n");
	for (size_t i = 0; (c = cli_command(i)) != NULL; i++) {
		printf(".SS ");
		put_roff(c->name);
		printf(" ");
		put_roff(c->usage);
		printf("\n");
		put_roff(c->help);
		printf(".\n");
		man_options(c->bit);
	}
	printf(".SH EXIT STATUS\n0 ok, 1 failed, 2 usage or terminal, 3 findings, 4 "
	       "authentication, 5 conflict,\n6 outcome unknown, 7 rate limited, 130 interrupted.\n"
	       ".SH FILES\n.I $XDG_CONFIG_HOME/reticle/config.yaml\nsettings;\n"
	       ".I credentials.yaml\nbeside it: what\n.B reticle auth\nkeeps.\n");
	return 0;
}

/* --- completion --- */

static void list_commands(const char *between)
{
	const struct cli_command *c;

	for (size_t i = 0; (c = cli_command(i)) != NULL; i++)
		printf("%s%s", i ? between : "", c->name);
}

static void list_options(unsigned command)
{
	const struct cli_option *opt;

	for (size_t i = 0; (opt = cli_option(i)) != NULL; i++)
		if (opt->commands & command)
			printf(" --%s", opt->name);
}

static void bash(void)
{
	const struct cli_command *c;

	printf("_reticle() {\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} words=\n"
	       "\tcase ${COMP_WORDS[1]} in\n");
	for (size_t i = 0; (c = cli_command(i)) != NULL; i++) {
		printf("\t%s) words=\"", c->name);
		list_options(c->bit);
		if (c->run == cmd_auth)
			printf(" login status switch logout import");
		else if (c->run == cmd_api)
			printf(" GET POST PUT DELETE");
		else if (c->run == cmd_completion)
			printf(" bash zsh fish");
		printf("\" ;;\n");
	}
	printf("\t*) words=\"");
	list_commands(" ");
	list_options(CLI_SCREEN_BIT);
	printf("\" ;;\n\tesac\n"
	       "\t[ \"$COMP_CWORD\" = 1 ] && words=\"");
	list_commands(" ");
	list_options(CLI_SCREEN_BIT);
	printf("\"\n"
	       "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	       "\t[ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$cur\"))\n"
	       "}\ncomplete -F _reticle reticle\n");
}

static void fish(void)
{
	const struct cli_command *c;
	const struct cli_option *opt;

	for (size_t i = 0; (c = cli_command(i)) != NULL; i++)
		printf("complete -c reticle -n __fish_use_subcommand -a %s -d '%s'\n", c->name,
		    c->help);
	for (size_t i = 0; (opt = cli_option(i)) != NULL; i++) {
		const char *more = opt->argument[0] ? " -r" : "";

		if (opt->commands & CLI_SCREEN_BIT)
			printf("complete -c reticle -n __fish_use_subcommand -l %s%s -d '%s'\n",
			    opt->name, more, opt->help);
		for (size_t k = 0; (c = cli_command(k)) != NULL; k++)
			if (opt->commands & c->bit)
				printf("complete -c reticle -n '__fish_seen_subcommand_from %s' -l "
				       "%s%s -d '%s'\n",
				    c->name, opt->name, more, opt->help);
	}
}

int cmd_completion(const struct cli_options *o, int argc, char **argv)
{
	const char *shell = o->n_operands ? o->operands[0] : "";

	(void)argc;
	(void)argv;
	if (strcmp(shell, "bash") == 0) {
		bash();
	} else if (strcmp(shell, "zsh") == 0) {
		printf("#compdef reticle\nautoload -U +X bashcompinit && bashcompinit\n");
		bash();
	} else if (strcmp(shell, "fish") == 0) {
		fish();
	} else {
		return cli_usage("completion needs bash, zsh or fish");
	}
	return 0;
}
