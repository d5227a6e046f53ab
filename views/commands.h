/* The command table of the views (commands.def) as ids; registered with app_add_commands. */
#ifndef RETICLE_VIEWS_COMMANDS_H
#define RETICLE_VIEWS_COMMANDS_H

#include <stddef.h>
#include "tui/command.h"

enum view_command {
	VIEW_COMMAND_FIRST = COMMAND_VIEWS - 1,
#define X(id, name, args, flags, group, help) VIEWS_##id,
#include "views/commands.def"
#undef X
	VIEW_COMMAND_END
};

#define VIEW_COMMANDS ((size_t)(VIEW_COMMAND_END - COMMAND_VIEWS))
extern const struct command view_commands[];

#endif
