#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static struct {
	bool pinned;
	bool frozen; /* the monotonic clock too */
	int64_t wall_ms;
	int64_t mono_ms;
} pin;

static int64_t read_ms(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_mono_ms(void)
{
	/* a pinned wall clock does not stop timers: scripts pin it so that screens can be compared */
	return pin.frozen ? pin.mono_ms : read_ms(CLOCK_BOOTTIME) + pin.mono_ms;
}

uint64_t clock_mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

int64_t clock_wall_s(void)
{
	return pin.pinned ? pin.wall_ms / 1000 : read_ms(CLOCK_REALTIME) / 1000;
}

void clock_pin(int64_t wall_s)
{
	pin.pinned = true;
	pin.wall_ms = wall_s * 1000;
}

void clock_freeze(int64_t wall_s, int64_t mono_ms)
{
	clock_pin(wall_s);
	pin.frozen = true;
	pin.mono_ms = mono_ms;
}

void clock_step_ms(int64_t ms)
{
	pin.mono_ms += ms;
	pin.wall_ms += ms;
}

void clock_unpin(void)
{
	pin.pinned = pin.frozen = false;
	pin.mono_ms = 0;
}

void clock_format_utc(int64_t wall_s, char out[21])
{
	time_t t = (time_t)wall_s;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || tm.tm_year < -1900 || tm.tm_year > 8099 ||
	    !strftime(out, 21, "%Y-%m-%dT%H:%M:%SZ", &tm))
		memcpy(out, "0000-00-00T00:00:00Z", 21);
}

bool clock_parse_utc(const char *s, int64_t *wall_s)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
	struct tm tm = {0}, back;
	int v[6] = {0}, part = 0;
	time_t t;

	if (strlen(s) != sizeof form - 1)
		return false;
	for (size_t i = 0; form[i]; i++) {
		if (form[i] == 'd') {
			if (s[i] < '0' || s[i] > '9')
				return false;
			v[part] = v[part] * 10 + (s[i] - '0');
		} else {
			if (s[i] != form[i])
				return false;
			part += part < 5;
		}
	}
	tm.tm_year = v[0] - 1900;
	tm.tm_mon = v[1] - 1;
	tm.tm_mday = v[2];
	tm.tm_hour = v[3];
	tm.tm_min = v[4];
	tm.tm_sec = v[5];
	t = timegm(&tm);
	/* timegm mends the 31st of February silently: what it mended was not a date */
	if (!gmtime_r(&t, &back) || back.tm_mday != v[2] || back.tm_mon != v[1] - 1 ||
	    back.tm_hour != v[3] || back.tm_min != v[4])
		return false;
	*wall_s = (int64_t)t;
	return true;
}

void clock_format_age(int64_t age_s, char out[16])
{
	if (age_s < 10)
		snprintf(out, 16, "now");
	else if (age_s < 120)
		snprintf(out, 16, "%ds", (int)age_s);
	else if (age_s < 7200)
		snprintf(out, 16, "%dm", (int)(age_s / 60));
	else if (age_s < 172800)
		snprintf(out, 16, "%dh", (int)(age_s / 3600));
	else
		snprintf(out, 16, "%dd", age_s < 86400000000 ? (int)(age_s / 86400) : 999999);
}
