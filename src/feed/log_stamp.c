#include "config.h"

#include "feed/log_stamp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

enum { SECONDS_LEN = 19, NANO_BITS = 30, SECONDS_A_DAY = 86400 };

/* The digits of a fraction, if there is one; *ret_digits says how many. */
static uint32_t
fraction(const char *dot, uint8_t *ret_digits)
{
	uint32_t nanos = 0;
	uint8_t digits = 0;

	if (*dot == '.')
		while (digits < 9 && dot[1 + digits] >= '0' && dot[1 + digits] <= '9')
			nanos = nanos * 10 + (uint32_t)(dot[1 + digits++] - '0');
	*ret_digits = digits;
	for (uint8_t i = digits; i < 9; i++)
		nanos *= 10;
	return nanos;
}

/* Days since 1970-01-01. Source: Hinnant, "chrono-compatible low-level date algorithms". */
static int64_t
days_of(int64_t year, int64_t month, int64_t day)
{
	year -= month <= 2;
	int64_t era = year / 400, of_era = year - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* The number that `len` digits make, or -1. */
static int64_t
number(const char *digits, int len)
{
	int64_t value = 0;

	for (int i = 0; i < len; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return -1;
		value = value * 10 + digits[i] - '0';
	}
	return value;
}

/* The seconds of "2026-11-21T14:07:32", or -1. */
static int64_t
seconds_of(const char *text)
{
	int64_t year = number(text, 4), month = number(text + 5, 2), day = number(text + 8, 2);
	int64_t hour = number(text + 11, 2), minute = number(text + 14, 2);
	int64_t second = number(text + 17, 2);

	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 ||
	    hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
		return -1;
	return days_of(year, month, day) * SECONDS_A_DAY + hour * 3600 + minute * 60 + second;
}

struct log_stamp
log_stamp_pack(const char *text)
{
	return log_stamp_pack_next(text, &(struct log_second){ .text = "" });
}

static int64_t
seconds_after(const char *text, struct log_second *second)
{
	if (memcmp(text, second->text, SECONDS_LEN) != 0) {
		second->value = seconds_of(text);
		memcpy(second->text, text, SECONDS_LEN);
	}
	return second->value;
}

struct log_stamp
log_stamp_pack_next(const char *text, struct log_second *second)
{
	struct log_stamp stamp = { .digits = LOG_STAMP_NONE };
	size_t len = strlen(text);
	uint8_t digits;
	uint32_t nanos;
	int64_t seconds, ms;

	if (len < SECONDS_LEN + 1)
		return stamp;
	nanos = fraction(text + SECONDS_LEN, &digits);
	if (text[len - 1] == 'Z') {
		seconds = seconds_after(text, second);
	} else {
		/* with an offset, which is rare: the clock reads it, without what is below its grain */
		seconds = clock_parse_utc(text, &ms) < 0 ? -1 : ms / 1000;
	}
	if (seconds < 0)
		return stamp;
	stamp.instant = (uint64_t)seconds << NANO_BITS | nanos;
	stamp.digits = digits;
	return stamp;
}

char *
log_stamp_unpack(struct log_stamp stamp, char out[LOG_STAMP_MAX])
{
	time_t seconds = (time_t)(stamp.instant >> NANO_BITS);
	unsigned nanos = (unsigned)(stamp.instant & ((1u << NANO_BITS) - 1));
	struct tm tm;
	size_t at;

	out[0] = '\0';
	if (stamp.digits == LOG_STAMP_NONE || !gmtime_r(&seconds, &tm))
		return out;
	at = strftime(out, LOG_STAMP_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	if (stamp.digits) {
		snprintf(out + at, LOG_STAMP_MAX - at, ".%09u", nanos);
		at += 1 + (size_t)stamp.digits;
	}
	out[at] = 'Z';
	out[at + 1] = '\0';
	return out;
}
