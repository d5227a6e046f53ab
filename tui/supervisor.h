/* A parent that gives the terminal back when the program is killed in a way that it cannot see
 * (kill -9, the out-of-memory killer). It does nothing else: no files, no network, no secrets, which
 * is why it forks before anything is read.
 *
 * Signals sent to the parent reach the program; when the program stops (Ctrl-Z) the parent stops
 * too, so that the shell notices; its exit status is the program's. */
#ifndef RETICLE_TUI_SUPERVISOR_H
#define RETICLE_TUI_SUPERVISOR_H

/* Returns in the child, which goes on as the program (also when no parent could be made). Without
 * a terminal on standard input and output nothing happens. farewell: a line for standard error when
 * the program was killed; in_parent (or NULL) runs once in the parent. Call before threads, signals and
 * descriptors are set up. */
void supervisor_fork(const char *farewell, void (*in_parent)(void));

#endif
