/* Ids of the rows of options.def, for the parser of the command line. */
#ifndef RETICLE_CLI_TABLE_H
#define RETICLE_CLI_TABLE_H

#include "cli/cli.h"

enum option_id {
#define O(id, name, letter, argument, commands, help) OPT_##id,
#include "cli/options.def"
#undef O
	OPT_COUNT
};

#endif
