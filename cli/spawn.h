/* What every child of this program gets: an environment without a variable of ours (credentials may
 * be in them), default signals, no inherited descriptors. */
#ifndef RETICLE_CLI_SPAWN_H
#define RETICLE_CLI_SPAWN_H

#include <stdbool.h>
#include "base/err.h"

/* Our environment without RETICLE_*; the array is the caller's (mem_free), the strings are not. NULL
 * without memory. */
char **spawn_environment(void);

/* Start $BROWSER (words, no shell; "%s" stands for the address, else it comes last) and leave it. */
enum err spawn_browser(const char *browser, const char *url, struct errinfo *ei);

#endif
