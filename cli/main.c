/* The program: finds the subcommand, reads its options, runs it. Nothing of the terminal is touched
 * before the options are known to be right. */
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include "base/log.h"
#include "cli/table.h"
#include "config/config.h"
#include "tui/supervisor.h"

#define FAREWELL                                                                                   \
	"reticle was killed. What was staged is safe; the next start goes on with it, and reads "  \
	"back what was being posted.\n"
#define LONG_BASE 256 /* getopt's value of the option with id 0 */

static void set_text(struct cli_options *o, enum option_id id, const char *value)
{
	struct {
		enum option_id id;
		const char **at;
	} const texts[] = {{OPT_PROFILE, &o->profile}, {OPT_ACCOUNT, &o->account},
	    {OPT_THEME, &o->theme}, {OPT_COLOR, &o->color}, {OPT_SCRIPT, &o->script},
	    {OPT_SIZE, &o->size}, {OPT_CLOCK, &o->clock}, {OPT_LINE_ITEMS, &o->line_items},
	    {OPT_CRITERIA, &o->criteria}, {OPT_SEED, &o->seed}, {OPT_BODY, &o->body},
	    {OPT_FORMAT, &o->format}, {OPT_OUT, &o->out}, {OPT_REVERT, &o->revert},
	    {OPT_AS_OF, &o->as_of}, {OPT_LOG, &o->log}, {OPT_LOG_LEVEL, &o->log_level}};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i].id == id)
			*texts[i].at = value;
}

static void set_flag(struct cli_options *o, enum option_id id)
{
	struct {
		enum option_id id;
		bool *at;
	} const flags[] = {{OPT_READ_ONLY, &o->read_only}, {OPT_OFFLINE, &o->offline},
	    {OPT_ASCII, &o->ascii}, {OPT_NO_MOUSE, &o->no_mouse}, {OPT_FRESH, &o->fresh},
	    {OPT_FORM, &o->form}, {OPT_INCLUDE, &o->include}, {OPT_WRITE, &o->write},
	    {OPT_WAIT, &o->wait}, {OPT_OPEN, &o->open}, {OPT_SARIF, &o->sarif},
	    {OPT_JSON, &o->json}, {OPT_FULL, &o->full}, {OPT_ALLOW_WORLDWIDE, &o->allow_worldwide},
	    {OPT_REACH, &o->reach}};

	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (flags[i].id == id)
			*flags[i].at = true;
}

/* What getopt needs to know of one command's options. */
struct option_set {
	struct option rows[OPT_COUNT + 3];
	char letters[2 * OPT_COUNT + 8];
};

static void collect_options(struct option_set *set, unsigned command)
{
	const struct cli_option *opt;
	char *letter = set->letters;
	size_t n = 0;

	*letter++ = 'h';
	*letter++ = 'V';
	for (size_t i = 0; (opt = cli_option(i)) != NULL; i++) {
		bool argument = opt->argument[0] != '\0';

		if (!(opt->commands & command))
			continue;
		set->rows[n++] = (struct option){opt->name,
		    argument ? required_argument : no_argument, NULL, LONG_BASE + (int)i};
		if (opt->letter) {
			*letter++ = opt->letter;
			if (argument)
				*letter++ = ':';
		}
	}
	*letter = '\0';
	set->rows[n++] = (struct option){"help", no_argument, NULL, 'h'};
	set->rows[n++] = (struct option){"version", no_argument, NULL, 'V'};
	set->rows[n] = (struct option){0};
}

static int option_of_letter(int letter, unsigned command)
{
	const struct cli_option *opt;

	for (size_t i = 0; (opt = cli_option(i)) != NULL; i++)
		if (opt->letter == letter && (opt->commands & command))
			return (int)i;
	return -1;
}

/* Exit status, or -1 to go on. */
static int parse(struct cli_options *o, const struct cli_command *sub, int argc, char **argv)
{
	unsigned command = sub ? sub->bit : CLI_SCREEN_BIT;
	struct option_set set;
	int c;

	collect_options(&set, command);
	while ((c = getopt_long(argc, argv, set.letters, set.rows, NULL)) != -1) {
		int id = c >= LONG_BASE ? c - LONG_BASE : option_of_letter(c, command);

		if (c == 'h') {
			o->operands = sub ? (char *[]){argv[0]} : NULL;
			o->n_operands = sub != NULL;
			return cmd_help(o, argc, argv);
		}
		if (c == 'V')
			return cmd_version(o, argc, argv);
		if (c == '?' || id < 0) {
			fprintf(stderr, "reticle: see reticle --help\n");
			return 2;
		}
		if (id == OPT_PARAM || id == OPT_LINE_ITEM) {
			if (o->n_params == CLI_PARAMS_MAX)
				return cli_usage("more than %d of that option", CLI_PARAMS_MAX);
			o->params[o->n_params++] = optarg;
		}
		set_text(o, (enum option_id)id, optarg);
		set_flag(o, (enum option_id)id);
	}
	o->operands = argv + optind;
	o->n_operands = argc - optind;
	if (o->n_operands > (sub ? sub->operands : 0))
		return cli_usage("unexpected \"%s\"", argv[argc - 1]);
	return -1;
}

/* No core with secrets in it, no debugger of the same user. Not in the build of the tests: its leak
 * checker attaches to the process. */
static void keep_memory_private(void)
{
#ifndef RETICLE_TESTABLE
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
#endif
}

int main(int argc, char **argv)
{
	struct cli_options o = {0};
	const struct cli_command *sub = NULL, *c;
	int rc;

	/* the only category that matters here: every other costs files to open */
	setlocale(LC_CTYPE, "");
	for (size_t i = 0; argc > 1 && (c = cli_command(i)) != NULL; i++)
		if (strcmp(argv[1], c->name) == 0)
			sub = c;
	if (sub && sub->run == cmd_sandbox) /* its options are its own */
		return cmd_sandbox(&o, argc - 1, argv + 1);
	if (!sub && argc > 1 && argv[1][0] != '-')
		return cli_usage("there is no command \"%s\"", argv[1]);
	o.command = sub ? sub->name : "screen";
	keep_memory_private();
	rc = parse(&o, sub, sub ? argc - 1 : argc, sub ? argv + 1 : argv);
	if (rc >= 0)
		return rc;
	/* before anything is read: the parent must hold no secret, nor those of its environment */
	if ((!sub || sub->run == cmd_demo) && !o.script)
		supervisor_fork(FAREWELL, credentials_leave_environment);
	rc = sub ? sub->run(&o, argc - 1, argv + 1) : cmd_screen(&o);
	log_event(LOG_INFO, "program.end", "status=%d", rc);
	log_close();
	return rc;
}
