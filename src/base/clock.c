#include "config.h"

#include "base/clock.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

static int64_t
read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
clock_mono_ms(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t
clock_wall_ms(void)
{
	return read_clock(CLOCK_REALTIME);
}

static struct tm
utc_of(int64_t wall_ms)
{
	time_t seconds = (time_t)(wall_ms / 1000 - (wall_ms % 1000 < 0));
	struct tm tm;

	gmtime_r(&seconds, &tm);
	return tm;
}

char *
clock_format_utc(int64_t wall_ms, char out[CLOCK_STAMP_MAX])
{
	struct tm tm = utc_of(wall_ms);
	int millis = (int)(((wall_ms % 1000) + 1000) % 1000);
	size_t used = strftime(out, CLOCK_STAMP_MAX, "%Y-%m-%dT%H:%M:%S", &tm);

	snprintf(out + used, CLOCK_STAMP_MAX - used, ".%03dZ", millis);
	return out;
}

char *
clock_format_hms(int64_t wall_ms, char out[CLOCK_STAMP_MAX])
{
	struct tm tm = utc_of(wall_ms);

	strftime(out, CLOCK_STAMP_MAX, "%H:%M:%SZ", &tm);
	return out;
}

/* Whether a text begins with a shape, in which 0 stands for any digit. */
static bool
has_shape(const char *text, const char *shape)
{
	for (; *shape; shape++, text++)
		if (*shape == '0' ? !isdigit((unsigned char)*text) : *shape != *text)
			return false;
	return true;
}

/* ".118", to the millisecond; *at moves behind it. */
static int64_t
parse_fraction(const char **at)
{
	int64_t millis = 0, scale = 100;

	if (!has_shape(*at, ".0"))
		return 0;
	for (++*at; isdigit((unsigned char)**at); ++*at, scale /= 10)
		millis += (**at - '0') * scale;
	return millis;
}

/* "Z" or "+02:00" up to the end of the text. */
static int
parse_offset(const char *at, int64_t *ret_offset_ms)
{
	int hours, minutes;

	*ret_offset_ms = 0;
	if (strcmp(at, "Z") == 0)
		return 0;
	if ((*at != '+' && *at != '-') || !has_shape(at + 1, "00:00") || at[6])
		return -1;
	hours = (at[1] - '0') * 10 + at[2] - '0';
	minutes = (at[4] - '0') * 10 + at[5] - '0';
	if (hours > 23 || minutes > 59)
		return -1;
	*ret_offset_ms = (hours * 60 + minutes) * MINUTE_MS * (*at == '-' ? -1 : 1);
	return 0;
}

int
clock_parse_utc(const char *text, int64_t *ret_wall_ms)
{
	struct tm tm = { 0 }, date;
	int64_t millis, offset_ms;
	const char *at;

	if (!has_shape(text, "0000-00-00T00:00:00"))
		return -1;
	at = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!at)
		return -1;
	millis = parse_fraction(&at);
	if (parse_offset(at, &offset_ms) < 0)
		return -1;
	date = tm;
	date.tm_sec = 0; /* not the 60th of a leap second, which rolls over */
	timegm(&date);
	if (date.tm_mday != tm.tm_mday) /* 30 February */
		return -1;
	*ret_wall_ms = (int64_t)timegm(&tm) * 1000 + millis - offset_ms;
	return 0;
}

static const struct {
	const char *name;
	int64_t ms;
} units[] = {
	{ "d", DAY_MS }, { "h", HOUR_MS }, { "m", MINUTE_MS }, { "s", SECOND_MS }, { "ms", 1 },
};

int
duration_parse(const char *text, int64_t *ret_ms, struct err *e)
{
	const char *at = text;
	int64_t total = 0, last_unit = INT64_MAX;

	if (strcmp(text, "0") == 0) {
		*ret_ms = 0;
		return 0;
	}
	do {
		char *end;
		long long number;
		size_t letters, i;

		if (!isdigit((unsigned char)*at))
			goto wrong;
		number = strtoll(at, &end, 10);
		letters = strspn(end, "dhms");
		for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if (strlen(units[i].name) == letters &&
			    strncmp(units[i].name, end, letters) == 0)
				break;
		if (i == sizeof(units) / sizeof(units[0]) || units[i].ms >= last_unit ||
		    number > 3650 * DAY_MS / units[i].ms)
			goto wrong;
		total += number * units[i].ms;
		last_unit = units[i].ms;
		at = end + letters;
	} while (*at);
	*ret_ms = total;
	return 0;
wrong:
	return err_set(e, ERR_SPEC,
		       "\"%s\" is no duration: write a whole number and a unit, "
		       "as in 90s, 5m, 1h30m or 250ms",
		       text);
}

/* "190s", at most 21 bytes; returns its end. A list of 13,000 pods has as many ages: snprintf() would be felt. */
static char *
put_part(char *out, int64_t number, char unit)
{
	char digits[20];
	size_t count = 0;

	do
		digits[count++] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	while (count > 0)
		*out++ = digits[--count];
	*out++ = unit;
	return out;
}

/* "3m10s", without the smaller part where it is zero; neither is negative. */
static char *
two_parts(char *out, int64_t big, char big_unit, int64_t small, char small_unit)
{
	char *end = put_part(out, big, big_unit);

	if (small)
		end = put_part(end, small, small_unit);
	*end = '\0';
	return out;
}

char *
duration_format(int64_t ms, char out[CLOCK_STAMP_MAX])
{
	size_t used = 0;

	if (ms <= 0)
		return two_parts(out, 0, 's', 0, 's');
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (ms / units[i].ms == 0)
			continue;
		used += (size_t)snprintf(out + used, CLOCK_STAMP_MAX - used, "%lld%s",
					 (long long)(ms / units[i].ms), units[i].name);
		ms %= units[i].ms;
	}
	return out;
}

char *
duration_format_brief(int64_t ms, char out[CLOCK_STAMP_MAX])
{
	long long tenths = (long long)ms / 100 % 10;

	if (ms < SECOND_MS || ms >= 10 * SECOND_MS)
		return duration_format(ms < SECOND_MS ? ms : ms / SECOND_MS * SECOND_MS, out);
	if (tenths == 0)
		return two_parts(out, ms / SECOND_MS, 's', 0, 's');
	snprintf(out, CLOCK_STAMP_MAX, "%lld.%llds", (long long)(ms / SECOND_MS), tenths);
	return out;
}

char *
duration_format_clock(int64_t ms, char out[CLOCK_STAMP_MAX])
{
	bool negative = ms <= -SECOND_MS;
	long long seconds = (long long)(ms / SECOND_MS) * (ms < 0 ? -1 : 1);

	snprintf(out, CLOCK_STAMP_MAX, "%s%lld:%02lld:%02lld", negative ? "-" : "", seconds / 3600,
		 seconds / 60 % 60, seconds % 60);
	return out;
}

char *
duration_format_human(int64_t ms, char out[CLOCK_STAMP_MAX])
{
	int64_t seconds = ms / SECOND_MS, minutes = ms / MINUTE_MS, hours = ms / HOUR_MS;

	if (seconds < -1)
		snprintf(out, CLOCK_STAMP_MAX, "<invalid>");
	else if (seconds < 0)
		two_parts(out, 0, 's', 0, 's');
	else if (seconds < 120)
		two_parts(out, seconds, 's', 0, 's');
	else if (minutes < 10)
		two_parts(out, minutes, 'm', seconds % 60, 's');
	else if (minutes < 180)
		two_parts(out, minutes, 'm', 0, 's');
	else if (hours < 8)
		two_parts(out, hours, 'h', minutes % 60, 'm');
	else if (hours < 48)
		two_parts(out, hours, 'h', 0, 'm');
	else if (hours < 192)
		two_parts(out, hours / 24, 'd', hours % 24, 'h');
	else if (hours < 24 * 365 * 2)
		two_parts(out, hours / 24, 'd', 0, 'h');
	else if (hours < 24 * 365 * 8)
		two_parts(out, hours / 24 / 365, 'y', hours / 24 % 365, 'd');
	else
		two_parts(out, hours / 24 / 365, 'y', 0, 'd');
	return out;
}
