/* Where the log goes: --log and --log-level, else log and log_level of config.yaml, else nowhere. */
#ifndef RETICLE_CLI_LOG_FILE_H
#define RETICLE_CLI_LOG_FILE_H

#include "cli/cli.h"
#include "config/config.h"
#include "config/paths.h"

/* Begin the log, if one is wished for. A name of the configuration without a slash is a file in the
 * state directory, which is made. ERR_USAGE or ERR_CONFIG for what cannot be meant; the errors of
 * log_open. main closes the log. */
enum err log_file_open(
    const struct cli_options *o, const struct config *c, const struct paths *p, struct errinfo *ei);

#endif
