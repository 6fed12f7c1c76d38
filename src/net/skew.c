#include "config.h"

#include "net/skew.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void
skew_add(struct skew *skew, int64_t sent_ms, int64_t received_ms, int64_t stamp_ms,
	 int64_t resolution_ms)
{
	int64_t low_ms = stamp_ms - received_ms;
	int64_t high_ms = stamp_ms + resolution_ms - sent_ms;

	if (!skew->known || low_ms > skew->high_ms || high_ms < skew->low_ms) {
		*skew = (struct skew){ low_ms, high_ms, true };
		return;
	}
	if (low_ms > skew->low_ms)
		skew->low_ms = low_ms;
	if (high_ms < skew->high_ms)
		skew->high_ms = high_ms;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT"; strptime(3) would want the names of the locale. */
static bool
parse_date(const char *text, int64_t *ret_ms)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm = { .tm_isdst = 0 };
	char month[4];
	int used = 0;

	if (sscanf(text, "%*3s, %2d %3s %4d %2d:%2d:%2d GMT%n", &tm.tm_mday, month, &tm.tm_year,
		   &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &used) != 6 ||
	    used == 0)
		return false;
	const char *at = strstr(months, month);
	if (!at || strlen(month) != 3 || (at - months) % 3 != 0)
		return false;
	tm.tm_mon = (int)(at - months) / 3;
	tm.tm_year -= 1900;
	*ret_ms = (int64_t)timegm(&tm) * 1000;
	return true;
}

void
skew_add_date(struct skew *skew, int64_t sent_ms, int64_t received_ms, const char *date)
{
	int64_t stamp_ms;

	if (date && parse_date(date, &stamp_ms))
		skew_add(skew, sent_ms, received_ms, stamp_ms, 1000);
}

int64_t
skew_ms(const struct skew *skew)
{
	if (!skew->known || (skew->low_ms <= 0 && skew->high_ms >= 0))
		return 0;
	return skew->low_ms > 0 ? skew->low_ms : skew->high_ms;
}
