#include "views/commands.h"

const struct command view_commands[] = {
#define X(id, name, args, flags, group, help) {VIEWS_##id, name, args, flags, group, help},
#include "views/commands.def"
#undef X
};
