/* options.def as data. For config/ only; others use config.h. */
#ifndef RETICLE_CONFIG_OPTIONS_H
#define RETICLE_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include "config/config.h"

bool option_find(enum config_scope scope, const char *name, enum config_option *out);
/* The names of one scope; returns how many. */
size_t option_names(enum config_scope scope, const char *out[CONFIG_OPT_COUNT]);
/* Where the value lives in struct config, struct config_profile, or (SECRET) struct credentials. */
size_t option_offset(enum config_option o);

#endif
