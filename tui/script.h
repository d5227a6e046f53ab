/* Scripts: keys and commands from a file, run only while nothing is loading. The format is in
 * docs/scripts.md. */
#ifndef RETICLE_TUI_SCRIPT_H
#define RETICLE_TUI_SCRIPT_H

#include "base/err.h"
#include "tui/app.h"

struct script;

/* Parse; ERR_USAGE with "name:line: ..." when a line is wrong. text is copied. */
enum err script_new(
    struct app *app, const char *text, const char *name, struct script **out, struct errinfo *ei);
/* Read it from a file ("-": standard input). */
enum err script_load(struct app *app, const char *path, struct script **out, struct errinfo *ei);
/* Start; steps run from the loop, so the script has to live until the loop has ended. At the end,
 * or at the first failing step, the app quits with 0 or 1. */
void script_start(struct script *s);
/* After the loop: code 0 when every step ran and held. A program that ended before the last step is
 * an error too. */
const struct errinfo *script_error(struct script *s);
void script_free(struct script *s);

#endif
