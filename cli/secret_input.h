/* Asking a person (or a pipe) for something: secrets are read without echo, and never from the
 * command line. */
#ifndef RETICLE_CLI_SECRET_INPUT_H
#define RETICLE_CLI_SECRET_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"

/* Ask on the terminal, or take the next line of a standard input that is none. The line goes into
 * out without its end; the caller wipes it. ERR_USAGE at the end of the input, ERR_CANCELLED after
 * Ctrl-C, ERR_LIMIT when it is longer than cap - 1. */
enum err ask_line(const char *prompt, bool secret, char *out, size_t cap, struct errinfo *ei);

#endif
