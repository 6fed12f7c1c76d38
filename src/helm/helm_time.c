#include "config.h"

#include "helm/helm_time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "+0100" or, for a colon, "+01:00" of an offset in seconds. */
static void
format_offset(long offset, const char *colon, char out[16])
{
	long minutes = labs(offset) / 60;

	snprintf(out, 16, "%c%02d%s%02d", offset < 0 ? '-' : '+', (int)(minutes / 60 % 100), colon,
		 (int)(minutes % 60));
}

/* ".123456789" without zeros at its end; "" for none. */
static void
format_fraction(long ns, char out[16])
{
	size_t len;

	out[0] = '\0';
	if (ns == 0)
		return;
	snprintf(out, 16, ".%09ld", ns % 1000000000);
	len = strlen(out);
	while (out[len - 1] == '0')
		out[--len] = '\0';
}

char *
helm_time_now(char out[HELM_TIME_MAX])
{
	struct timespec now;
	struct tm tm;
	char date[32], fraction[16], offset[16] = "Z";

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	format_fraction(now.tv_nsec, fraction);
	if (tm.tm_gmtoff != 0)
		format_offset(tm.tm_gmtoff, ":", offset);
	snprintf(out, HELM_TIME_MAX, "%s%s%s", date, fraction, offset);
	return out;
}

/* Reads a stamp: its wall clock time, its fraction as text, its offset. */
static int
read_stamp(const char *stamp, struct tm *tm, char fraction[16], long *ret_offset)
{
	const char *rest = strptime(stamp, "%Y-%m-%dT%H:%M:%S", tm);
	int hours = 0, minutes = 0;
	size_t len;

	if (!rest)
		return -1;
	len = *rest == '.' ? 1 + strspn(rest + 1, "0123456789") : 0;
	snprintf(fraction, 16, "%.*s", (int)len, rest);
	rest += len;
	if (*rest != 'Z' && sscanf(rest + (*rest != '\0'), "%2d:%2d", &hours, &minutes) != 2)
		return -1;
	*ret_offset = (*rest == '-' ? -1L : 1L) * (hours * 3600L + minutes * 60L);
	return 0;
}

char *
helm_time_ansic(const char *stamp, char out[HELM_TIME_MAX])
{
	struct tm tm = { 0 };
	char fraction[16];
	long offset;

	if (read_stamp(stamp, &tm, fraction, &offset) < 0)
		snprintf(out, HELM_TIME_MAX, "%.40s", stamp);
	else
		strftime(out, HELM_TIME_MAX, "%a %b %e %H:%M:%S %Y", &tm);
	return out;
}

/* The zone's name where it is the one that holds here at that time, else the offset again. */
static void
zone_name(struct tm tm, long offset, const char *numbers, char out[16])
{
	tm.tm_isdst = -1;
	mktime(&tm);
	if (offset == 0)
		snprintf(out, 16, "UTC");
	else if (tm.tm_gmtoff == offset && tm.tm_zone)
		snprintf(out, 16, "%.15s", tm.tm_zone);
	else
		snprintf(out, 16, "%s", numbers);
}

char *
helm_time_string(const char *stamp, char out[HELM_TIME_MAX])
{
	struct tm tm = { 0 };
	char date[24], fraction[16], numbers[16], zone[16];
	long offset;

	if (read_stamp(stamp, &tm, fraction, &offset) < 0) {
		snprintf(out, HELM_TIME_MAX, "%.40s", stamp);
		return out;
	}
	strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
	format_offset(offset, "", numbers);
	zone_name(tm, offset, numbers, zone);
	snprintf(out, HELM_TIME_MAX, "%s%s %s %s", date, fraction, numbers, zone);
	return out;
}
