/* The program: finds the subcommand, reads its options, runs it. Nothing of the terminal is touched
 * before the options are known to be right. */
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include "base/buf.h"
#include "base/text.h"
#include "cli/cli.h"

struct subcommand {
	const char *name, *usage, *help;
	int (*run)(const struct cli_options *o, int argc, char **argv);
};

static const struct subcommand subcommands[] = {
#define X(name, usage, help, function) {#name, usage, help, function},
#include "cli/commands.def"
#undef X
};
#define N_SUBCOMMANDS (sizeof subcommands / sizeof *subcommands)

enum option_id {
	OPT_FIRST = 256,
#define O(id, name, argument, help) OPT_##id,
#include "cli/options.def"
#undef O
};

static const struct {
	const char *name, *argument, *help;
} option_rows[] = {
#define O(id, name, argument, help) {name, argument, help},
#include "cli/options.def"
#undef O
};

static const struct option long_options[] = {
#define O(id, name, argument, help)                                                                \
	{name, (argument)[0] ? required_argument : no_argument, NULL, OPT_##id},
#include "cli/options.def"
#undef O
    {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'V'}, {0}};

int cli_fail(const struct errinfo *ei)
{
	struct buf line;

	buf_init(&line, 16384);
	text_escape(&line, ei->msg, strlen(ei->msg));
	fprintf(stderr, "reticle: %s\n", buf_str(&line));
	if (err_hint(ei->code)[0])
		fprintf(stderr, "         %s\n", err_hint(ei->code));
	buf_done(&line);
	return err_exit_status(ei->code);
}

int cmd_help(const struct cli_options *o, int argc, char **argv)
{
	(void)o;
	(void)argc;
	(void)argv;
	printf("reticle: browse, stage, review and apply the targeting of X ad campaigns\n\n"
	       "usage: reticle [OPTIONS]            open the screen\n"
	       "       reticle COMMAND [OPTIONS]\n\ncommands:\n");
	for (size_t i = 0; i < N_SUBCOMMANDS; i++)
		printf("  %-8s %s\n           %s\n", subcommands[i].name, subcommands[i].usage,
		    subcommands[i].help);
	printf("\noptions:\n");
	for (size_t i = 0; i < sizeof option_rows / sizeof *option_rows; i++)
		printf("  --%-12s %-12s %s\n", option_rows[i].name, option_rows[i].argument,
		    option_rows[i].help);
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

static void set_option(struct cli_options *o, int id, const char *value)
{
	switch ((enum option_id)id) {
	case OPT_PROFILE:
		o->profile = value;
		break;
	case OPT_ACCOUNT:
		o->account = value;
		break;
	case OPT_READ_ONLY:
		o->read_only = true;
		break;
	case OPT_OFFLINE:
		o->offline = true;
		break;
	case OPT_THEME:
		o->theme = value;
		break;
	case OPT_COLOR:
		o->color = value;
		break;
	case OPT_ASCII:
		o->ascii = true;
		break;
	case OPT_NO_MOUSE:
		o->no_mouse = true;
		break;
	case OPT_SCRIPT:
		o->script = value;
		break;
	case OPT_SIZE:
		o->size = value;
		break;
	case OPT_CLOCK:
		o->clock = value;
		break;
	case OPT_FRESH:
		o->fresh = true;
		break;
	case OPT_LINE_ITEMS:
		o->line_items = value;
		break;
	case OPT_CRITERIA:
		o->criteria = value;
		break;
	case OPT_SEED:
		o->seed = value;
		break;
	case OPT_JSON:
		o->json = true;
		break;
	case OPT_FIRST:
		break;
	}
}

static int parse(struct cli_options *o, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "hV", long_options, NULL)) != -1) {
		if (c == '?') {
			fprintf(stderr, "reticle: see reticle --help\n");
			return 2;
		}
		if (c == 'h')
			return cmd_help(o, argc, argv) - 1;
		if (c == 'V')
			return cmd_version(o, argc, argv) - 1;
		set_option(o, c, optarg);
	}
	if (optind < argc) {
		fprintf(stderr, "reticle: unexpected \"%s\"; see reticle --help\n", argv[optind]);
		return 2;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct cli_options o = {0};
	const struct subcommand *sub = NULL;
	int rc;

	/* the only category that matters here: every other costs files to open */
	setlocale(LC_CTYPE, "");
	for (size_t i = 0; argc > 1 && i < N_SUBCOMMANDS; i++)
		if (strcmp(argv[1], subcommands[i].name) == 0)
			sub = &subcommands[i];
	if (sub && sub->run == cmd_sandbox) /* its options are its own */
		return cmd_sandbox(&o, argc - 1, argv + 1);
	if (!sub && argc > 1 && argv[1][0] != '-') {
		fprintf(
		    stderr, "reticle: there is no command \"%s\"; see reticle --help\n", argv[1]);
		return 2;
	}
	rc = parse(&o, sub ? argc - 1 : argc, sub ? argv + 1 : argv);
	if (rc)
		return rc < 0 ? 0 : rc;
	return sub ? sub->run(&o, argc - 1, argv + 1) : cmd_screen(&o);
}
