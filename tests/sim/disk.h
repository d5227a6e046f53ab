/* The disk of the simulated machine: a directory in memory (tmpfs), and a hand on every call that
 * changes a file in it. disk.c defines write(2) and its kind itself, so that SQLite's calls and the
 * store's own come through here alike.
 *
 * A terminal that is killed stops at one of its calls: from then on nothing that it does reaches a
 * file. What was written stays (kill -9), or is lost as far as it was not synced (power loss). */
#ifndef RETICLE_TESTS_SIM_DISK_H
#define RETICLE_TESTS_SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void disk_init(void); /* makes the directory and points HOME and the XDG variables into it */
void disk_done(void);
const char *disk_dir(void);
void disk_keep_template(void); /* what is there now is what disk_begin restores */
/* The template again, or an empty disk. seed: of getrandom(2), for everybody. */
void disk_begin(uint64_t seed, bool fresh);

void disk_enter(int who); /* whose calls the following are; -1: nobody's, nothing is counted */
/* `who` dies at its `after`th call from now on that changes something; its last write may be torn. */
void disk_kill_at(int who, unsigned after);
/* `who` gets `error` for `times` such calls, after the first `after`; times 0: no more. */
void disk_fail(int who, int error, unsigned after, unsigned times);
void disk_calm(void); /* nobody else dies, nothing fails any more */
bool disk_is_dead(int who);
void disk_killed(int who); /* at once */
void disk_revive(int who); /* a new process takes the place */
/* Everybody is dead and every file closed: lose some of what was not synced. How much was lost. */
size_t disk_lose_power(uint64_t seed);
void disk_lose_locks(
    void); /* the files that terminals lock are gone; who has one open keeps that */
size_t disk_errors(void); /* calls that were refused by disk_fail since disk_begin */

size_t disk_open_files(void);

/* Does one of these strings occur in any file, as it is, and when `coded` in hex or in base64? The name
 * of the file, or NULL. */
const char *disk_find(const char *const *needles, size_t n, bool coded);
/* Has the text a byte or a character that moves the cursor, starts an escape sequence or turns the
 * direction of writing (newlines apart)? The second: has the file? */
bool disk_is_hostile(const char *p, size_t n);
bool disk_hostile_byte(const char *name);

#endif
