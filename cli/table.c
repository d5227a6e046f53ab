#include "cli/table.h"

enum command_id {
	COMMAND_screen,
#define X(name, usage, help, function, operands) COMMAND_##name,
#include "cli/commands.def"
#undef X
};

enum {
	IN_screen = CLI_SCREEN_BIT,
#define X(name, usage, help, function, operands) IN_##name = 1 << COMMAND_##name,
#include "cli/commands.def"
#undef X
	IN_LOGGED = IN_screen | IN_demo | IN_api | IN_auth | IN_doctor | IN_lint | IN_sync |
		    IN_journal | IN_recover | IN_export | IN_plan | IN_apply | IN_drift,
};

const struct cli_command *cli_command(size_t i)
{
	static const struct cli_command rows[] = {
#define X(name, usage, help, function, operands)                                                   \
	{#name, usage, help, function, operands, IN_##name},
#include "cli/commands.def"
#undef X
	};

	return i < sizeof rows / sizeof *rows ? &rows[i] : NULL;
}

const struct cli_option *cli_option(size_t i)
{
	static const struct cli_option rows[] = {
#define O(id, name, letter, argument, commands, help) {name, argument, help, letter, commands},
#include "cli/options.def"
#undef O
	};

	return i < sizeof rows / sizeof *rows ? &rows[i] : NULL;
}
