/* The log of `--log FILE`: one event a line, "TIME LEVEL PID EVENT key=value ...", for whoever has to
 * find out why something failed or was slow.
 *
 * Off until log_open. Values are numbers, words of our own tables and names of endpoints: never a
 * secret, a parameter, or text of the API; whatever gets in all the same passes the display door. The
 * file is regular, our own and 0600; at 5 MiB it becomes FILE.1, and FILE begins anew. Several
 * processes may write to one file. A log that cannot be written stops nothing: the lines are lost,
 * and the first that can be written again says how many. */
#ifndef RETICLE_BASE_LOG_H
#define RETICLE_BASE_LOG_H

#include <stdbool.h>
#include "base/err.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* "error", "warn", "info", "debug"; false for any other word. */
bool log_parse_level(const char *name, enum log_level *out);

/* Events up to max go to the end of path from now on. ERR_IO when it cannot be opened; ERR_REFUSED for
 * a link, what is no regular file of our own, or a file that holds something else than a log. */
enum err log_open(const char *path, enum log_level max, struct errinfo *ei);
void log_close(void);
/* event is a literal such as "request.done"; fmt yields "key=value key=value". */
void log_event(enum log_level level, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
