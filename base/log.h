/* The log: one event a line, key=value, printable text only, never a secret, never raw API text.
 * Values pass the display door. Off until log_open; 0600, kept in the state directory. */
#ifndef RETICLE_BASE_LOG_H
#define RETICLE_BASE_LOG_H

#include "base/err.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

enum err log_open(const char *path, enum log_level max, struct errinfo *ei);
void log_close(void);
/* event is a literal such as "request.done"; fmt yields "key=value key=value". */
void log_event(enum log_level level, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
