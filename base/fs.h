/* Files: directories 0700, files 0600 whatever the umask, atomic replacement, and refusals that
 * name the path and the remedy. */
#ifndef RETICLE_BASE_FS_H
#define RETICLE_BASE_FS_H

#include <stdbool.h>
#include "base/buf.h"
#include "base/err.h"

enum err fs_make_dirs(const char *path, struct errinfo *ei); /* parents too, new ones 0700 */
/* Whole file into b (within b's maximum). ERR_NOTFOUND when it does not exist. */
enum err fs_read(const char *path, struct buf *b, struct errinfo *ei);
/* The same for files that hold secrets: regular, own, not readable by others, no symlink. */
enum err fs_read_private(const char *path, struct buf *b, struct errinfo *ei);
/* Write a new file beside path, fsync, rename over it. */
enum err fs_write(const char *path, const void *p, size_t n, struct errinfo *ei);
/* "dir/name" into out; false when it does not fit. */
bool fs_join(char *out, size_t cap, const char *dir, const char *name);
/* Move a damaged file to "path.damaged-N" (N counts up); the new name is put into ei->msg. */
enum err fs_set_aside(const char *path, struct errinfo *ei);

#endif
