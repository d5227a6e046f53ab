/* JSON on the way to stdout. */
#ifndef RETICLE_CLI_JSON_OUT_H
#define RETICLE_CLI_JSON_OUT_H

#include <stdio.h>

/* A quoted string of valid JSON whatever the bytes: what acts on a terminal (text_control) as \uXXXX, each byte that is not UTF-8
 * as U+FFFD. */
void json_out_string(FILE *f, const char *s);

#endif
