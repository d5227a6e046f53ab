/* Commands: everything that can be done has a name, and runs through one dispatcher whether it came
 * from a key, the palette, a script or a test.
 *
 * The generic ones are in tui/commands.def; views bring their own table (same columns) with
 * app_add_commands. Preconditions are flags of the row and are checked before a handler runs, so
 * handlers start with their happy path, and help and palette can say why a command is off. */
#ifndef RETICLE_TUI_COMMAND_H
#define RETICLE_TUI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"

struct app;
struct view;

enum command_flag {
	CMD_NONE = 0,
	/* checked by the toolkit */
	CMD_NEEDS_LIST = 1u << 0, /* the view has a list */
	CMD_NEEDS_ROW = 1u << 1, /* ... and a row under the cursor or marks */
	CMD_NEEDS_TABLE = 1u << 2, /* ... with columns */
	CMD_NEEDS_ARG = 1u << 3, /* at least one argument */
	/* checked by app_config.may */
	CMD_NEEDS_ACCOUNT = 1u << 4,
	CMD_NEEDS_NETWORK = 1u << 5,
	CMD_WRITES = 1u << 6, /* stages or posts: refused in a read-only session */
	/* who handles it */
	CMD_APP = 1u << 8, /* app_config.command, whatever view is open */
	CMD_CORE = 1u << 9, /* the toolkit itself; a view may take it over by naming it */
	CMD_TOPIC = 1u << 11, /* a page of knowledge: `help NAME` opens it too */
	CMD_HIDDEN = 1u << 10, /* works, but help and palette leave it out (steps of moving) */
};

struct command {
	int id; /* below COMMAND_VIEWS: the toolkit's */
	const char *name; /* "move-down" */
	const char *args; /* usage, "" when it takes none: "FILE", "[TEXT]" */
	unsigned flags;
	const char *group; /* heading in help */
	const char *help; /* one line, no full stop */
};

#define COMMAND_VIEWS 1000 /* first id of commands that the views bring */

enum core_command {
#define X(id, name, args, flags, group, help) CORE_##id,
#include "tui/commands.def"
#undef X
	CORE_COUNT
};

#define COMMAND_ARGS_MAX 16

struct command_call {
	const struct command *cmd;
	int argc; /* arguments, without the name */
	const char *argv[COMMAND_ARGS_MAX];
	const char *rest; /* everything behind the name, as typed, without outer blanks */
	struct view *view; /* the view it is meant for */
};

extern const struct command core_commands[CORE_COUNT];

/* Split a command line in place: words are separated by blanks, "..." and '...' keep blanks,
 * a backslash takes the next character as it is. `rest` needs the untouched line: pass a copy in
 * `line`, the original in `raw`. ERR_USAGE with a message on open quotes or too many words. */
enum err command_split(
    char *line, const char *raw, struct command_call *call, const char **name, struct errinfo *ei);

#endif
