/* The commands about drafts, for the drafts view (the draft of the row) and for the palette (the
 * active one). */
#ifndef RETICLE_VIEWS_DRAFTS_H
#define RETICLE_VIEWS_DRAFTS_H

#include "tui/command.h"

enum err drafts_run(
    struct app *app, const struct command_call *call, const char *of, struct errinfo *ei);

#endif
