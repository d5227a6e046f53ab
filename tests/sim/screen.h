/* The screen of terminal 0: a pseudo terminal that the product's own tui/term.c takes, draws on and has
 * to give back on every way out (I4), and on which nothing from outside may act (I8). What is drawn is
 * made up here; the program's own screens are the business of tests/check and tests/screen. */
#ifndef RETICLE_TESTS_SIM_SCREEN_H
#define RETICLE_TESTS_SIM_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Standard input and output become the pseudo terminal; what is said goes to the stream returned. */
FILE *screen_init(void);
void screen_done(void);

void screen_start(bool mouse); /* the program takes the terminal */
bool screen_is_on(void);
void screen_draw(const char *const *lines, size_t n);
void screen_suspend(void); /* Ctrl-Z, or a program of the user's: left, and taken again */
void screen_end(void); /* in order */
void screen_kill(void); /* kill -9: the parent that is left gives the terminal back */

/* What is wrong, NULL: nothing. The first: the terminal is not as it was before the program took it. */
const char *screen_not_restored(void);
const char *screen_acted_on(void);

#endif
