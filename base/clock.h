/* Time. Timers use the monotonic clock, what people and the API see uses the wall clock. Tests and
 * scripts pin or step both with clock_pin; nothing else in the program may ask the system. */
#ifndef RETICLE_BASE_CLOCK_H
#define RETICLE_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int64_t clock_mono_ms(void); /* CLOCK_BOOTTIME: goes on while the machine sleeps */
uint64_t clock_mono_ns(void); /* for measuring only, never pinned */
int64_t clock_wall_s(void); /* seconds since 1970, UTC */
void clock_pin(int64_t wall_s); /* wall clock stands still at this second */
/* Both clocks stand still from now on, whatever the machine does: time is virtual. */
void clock_freeze(int64_t wall_s, int64_t mono_ms);
void clock_step_ms(int64_t ms); /* move pinned monotonic and wall clocks forward */
void clock_unpin(void);

/* "2026-01-06T09:00:00Z"; out has room for 21 bytes */
void clock_format_utc(int64_t wall_s, char out[21]);
/* Parse that form; false when it is not that form or not a date. */
bool clock_parse_utc(const char *s, int64_t *wall_s);
/* Age for people: "now", "40s", "12m", "3h", "5d"; out has room for 16 bytes */
void clock_format_age(int64_t age_s, char out[16]);

#endif
